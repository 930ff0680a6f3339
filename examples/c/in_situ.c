/*
 * Patterns in a running simulation, found where it runs.
 *
 * Gray-Scott reaction-diffusion on a periodic grid, spread over the ranks of a Cartesian communicator, each with its
 * block and a ghost layer. Every few hundred time steps the program hands its communicator's encoder the field as it
 * lies in memory, and gets back where patterns from a small dictionary fire: nothing is gathered, and each call starts
 * from the last one's result. At the end rank 0 asks for everything and draws it.
 *
 *   mpirun -n 2 in_situ OUTPUT_DIRECTORY [SIZE [CALLS]]
 */
#include "gray_scott.h"
#include "picture.h"
#include "support.h"

#include <dicod_mpi.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { L = 13, K = 7, STEPS_PER_CALL = 500 };

/* ---- the dictionary: round spots of several sizes, and spots that are about to divide ---- */

static void make_dictionary(double *d)
{
    for (int k = 0; k < K; k++) {
        double *atom = d + k * L * L, norm = 0;
        const double angle = (k - 3) * acos(-1) / 4, along = k < 3 ? 0 : 1;
        for (int i = 0; i < L; i++)
            for (int j = 0; j < L; j++) {
                const double y = i - L / 2, x = j - L / 2, radius = k < 3 ? 1.6 + 0.6 * k : 1.8;
                const double a = x * cos(angle) + y * sin(angle), b = -x * sin(angle) + y * cos(angle);
                const double stretched = radius * (1 + 0.7 * along);
                atom[i * L + j] = exp(-(a * a / (stretched * stretched) + b * b / (radius * radius)) / 2);
                norm += atom[i * L + j] * atom[i * L + j];
            }
        for (int i = 0; i < L * L; i++) atom[i] /= sqrt(norm);
    }
}

/* ---- pictures, on rank 0 ---- */

static void draw(const simulation *s, const double *field, const double *model, int64_t n, const int64_t *atom,
                 const int64_t (*position)[2], const double *value, const char *directory)
{
    const int size = (int)s->global[0], factor = size <= 400 ? 2 : 1;
    double high = 0, strongest = 0;
    for (int64_t i = 0; i < s->global[0] * s->global[1]; i++) high = fmax(high, field[i]);
    for (int64_t i = 0; i < n; i++) strongest = fmax(strongest, value[i]);
    picture parts[3],
        shown[3] = {picture_of_values(field, size, size, 0, high), picture_of_values(field, size, size, 0, 3 * high),
                    picture_of_values(model, size, size, 0, high)};
    for (int i = 0; i < 3; i++) {
        parts[i] = picture_scaled(&shown[i], factor);
        picture_free(&shown[i]);
    }
    for (int64_t i = 0; i < n; i++)
        picture_dot(&parts[1], factor * (double)((position[i][1] + L / 2) % size), factor * (double)((position[i][0] + L / 2) % size),
                    factor * (0.5 + 2.5 * value[i] / strongest), distinct_colour((int)atom[i]));
    picture all = picture_mosaic(parts, 3, 3, 8, grey(1));
    char *path = join_path(directory, "in-situ.png");
    picture_write(&all, path);
    printf("wrote %s (%d x %d): the field, where patterns fire, what they say the field is\n", path, all.width, all.height);
    free(path);
    for (int i = 0; i < 3; i++) picture_free(&parts[i]);
    picture_free(&all);
}

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    const int64_t size = argc > 2 ? atoll(argv[2]) : 256;
    const int calls = argc > 3 ? atoi(argv[3]) : 12;
    if (argc < 2 || argc > 4 || size < 2 * L || calls < 1) fail("usage: %s OUTPUT_DIRECTORY [SIZE [CALLS]]", argv[0]);
    simulation s;
    simulation_start(&s, size);

    /* Once: a context on the simulation's communicator, an encoder for the whole domain. */
    static double d[K * L * L];
    dicod_context *context = NULL;
    dicod_options *options = NULL;
    dicod_encoder *encoder = NULL;
    make_dictionary(d);
    CHECK(dicod_options_create(&options));
    CHECK(dicod_options_parse(options, "reg=0.25 tol=1e-3 periodic=1,1 positive=1 warm_start=1"));
    CHECK(dicod_context_create_mpi(s.comm, 1, &context));
    const dicod_problem problem = DICOD_PROBLEM_2D(size, size, K, L, L);
    CHECK(dicod_encoder_create(context, options, &problem, d, &encoder));

    if (s.rank == 0) {
        printf("in_situ: %lld x %lld cells on %d ranks, %d atoms of %d x %d\n", (long long)size, (long long)size, s.n_ranks, K, L, L);
        printf("%10s %13s %13s %10s %10s %13s %13s %12s\n", "time step", "s / time step", "s / call", "steps", "non-zeros", "objective",
               "gap/objective", "kB sent");
    }
    /* Each time: the field where it lies, ghost layers stepped over by the strides. */
    const int64_t strides[2] = {s.width, 1};
    const void *first = NULL;
    dicod_const_array x = DICOD_CONST_ARRAY_INIT;
    x.n_axes = 2;
    x.global_shape = s.global;
    x.offset = s.offset;
    x.local_shape = s.shape;
    x.strides = strides;
    x.n_channels = 1;
    x.channels = &first;
    dicod_info info = DICOD_INFO_INIT;
    for (int call = 0; call < calls; call++) {
        double begin = MPI_Wtime();
        for (int i = 0; i < STEPS_PER_CALL; i++) simulation_step(&s);
        const double stepping = (MPI_Wtime() - begin) / STEPS_PER_CALL;

        first = simulation_cell(&s, s.v, 0, 0);
        begin = MPI_Wtime();
        CHECK(dicod_encoder_solve(encoder, &x, &info));
        if (s.rank == 0)
            printf("%10d %13.2e %13.2e %10lld %10lld %13.6f %13.2e %12.1f\n", (call + 1) * STEPS_PER_CALL, stepping, MPI_Wtime() - begin,
                   (long long)info.steps, (long long)info.nonzeros, info.objective, info.duality_gap / info.objective,
                   (double)info.bytes_sent / 1e3);
    }

    /* Rank 0 asks for everything, the others for nothing: activations, what they say the field is, and what they leave of it. */
    int64_t none[2] = {0, 0}, *whole = s.rank ? none : s.global, n = 0;
    CHECK(dicod_encoder_get_sparse_block(encoder, none, whole, 0, NULL, NULL, NULL, NULL, &n));
    int64_t *atom = allocate((size_t)n, sizeof *atom), (*position)[2] = allocate((size_t)n, sizeof *position);
    double *value = allocate((size_t)n, sizeof *value);
    CHECK(dicod_encoder_get_sparse_block(encoder, none, whole, n, NULL, atom, &position[0][0], value, &n));
    const size_t cells = s.rank ? 0 : (size_t)(size * size);
    double *field = allocate(cells + 1, sizeof(double)), *model = allocate(cells + 1, sizeof(double)), data_term = 0, objective = 0;
    void *to = model;
    dicod_array everything = DICOD_ARRAY_INIT;
    everything.n_axes = 2;
    everything.global_shape = s.global;
    everything.local_shape = whole;
    everything.n_channels = 1;
    everything.channels = &to;
    CHECK(dicod_encoder_reconstruct(encoder, &everything));
    to = field;
    CHECK(dicod_encoder_residual(encoder, &x, &everything));
    CHECK(dicod_encoder_objective(encoder, &x, &objective, &data_term));
    if (s.rank == 0) {
        double energy = 0, rest = 0;
        for (size_t i = 0; i < cells; i++) {
            rest += field[i] * field[i];
            field[i] += model[i];
            energy += field[i] * field[i];
        }
        printf("%lld activations say the field to %.1f dB; ½|x - model|² is %.6f by hand, %.6f by the library\n", (long long)n,
               10 * log10(energy / rest), rest / 2, data_term);
        draw(&s, field, model, n, atom, (const int64_t(*)[2])position, value, argv[1]);
    }
    free(atom), free(position), free(value), free(field), free(model);

    dicod_encoder_free(&encoder);
    CHECK(dicod_context_free(&context));
    dicod_options_free(&options);
    simulation_stop(&s);
    MPI_Finalize();
    return EXIT_SUCCESS;
}
