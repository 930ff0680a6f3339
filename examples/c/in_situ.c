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
#include "picture.h"
#include "support.h"

#include <dicod_mpi.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GHOST = 1, L = 13, K = 7, STEPS_PER_CALL = 500 };

/* ---- the simulation: nothing here knows of the library ---- */

typedef struct {
    MPI_Comm comm; /* Cartesian, periodic */
    int rank, n_ranks;
    int neighbours[4]; /* up, down, left, right */
    int64_t global[2], offset[2], shape[2], width;
    double *u, *v, *u_next, *v_next; /* (shape[0] + 2) x (shape[1] + 2) */
    MPI_Datatype column;
} simulation;

static double *cell(const simulation *s, double *field, int64_t i, int64_t j)
{
    return field + (i + GHOST) * s->width + j + GHOST;
}

static double random_number(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (double)(*state >> 33) / 2147483648.0;
}

static void start(simulation *s, int64_t size)
{
    int dims[2] = {0, 0}, periods[2] = {1, 1}, at[2];
    MPI_Comm_size(MPI_COMM_WORLD, &s->n_ranks);
    MPI_Dims_create(s->n_ranks, 2, dims);
    MPI_Cart_create(MPI_COMM_WORLD, 2, dims, periods, 1, &s->comm);
    MPI_Comm_rank(s->comm, &s->rank);
    MPI_Cart_coords(s->comm, s->rank, 2, at);
    MPI_Cart_shift(s->comm, 0, 1, &s->neighbours[0], &s->neighbours[1]);
    MPI_Cart_shift(s->comm, 1, 1, &s->neighbours[2], &s->neighbours[3]);
    for (int a = 0; a < 2; a++) {
        s->global[a] = size;
        s->offset[a] = size * at[a] / dims[a];
        s->shape[a] = size * (at[a] + 1) / dims[a] - s->offset[a];
    }
    s->width = s->shape[1] + 2 * GHOST;
    const size_t cells = (size_t)((s->shape[0] + 2 * GHOST) * s->width);
    s->u = allocate(cells, sizeof(double));
    s->v = allocate(cells, sizeof(double));
    s->u_next = allocate(cells, sizeof(double));
    s->v_next = allocate(cells, sizeof(double));
    MPI_Type_vector((int)s->shape[0] + 2 * GHOST, 1, (int)s->width, MPI_DOUBLE, &s->column);
    MPI_Type_commit(&s->column);
    for (size_t i = 0; i < cells; i++) s->u[i] = 1;
    /* seeds: the same squares on every rank, each draws its part */
    uint64_t state = 4;
    for (int64_t n = 0; n < size * size / 1500; n++) {
        const int64_t row = (int64_t)(random_number(&state) * (double)size);
        const int64_t column = (int64_t)(random_number(&state) * (double)size);
        for (int64_t k = 0; k < 36; k++) {
            const int64_t i = (row + k / 6) % size - s->offset[0], j = (column + k % 6) % size - s->offset[1];
            if (i < 0 || i >= s->shape[0] || j < 0 || j >= s->shape[1]) continue;
            *cell(s, s->u, i, j) = 0.5;
            *cell(s, s->v, i, j) = 0.25;
        }
    }
}

static void exchange_ghosts(const simulation *s, double *f)
{
    const int64_t n = s->shape[0], m = s->shape[1], w = s->width;
    const int row = (int)w;
    MPI_Sendrecv(f + GHOST, 1, s->column, s->neighbours[2], 0, f + GHOST + m, 1, s->column, s->neighbours[3], 0, s->comm,
                 MPI_STATUS_IGNORE);
    MPI_Sendrecv(f + m, 1, s->column, s->neighbours[3], 1, f, 1, s->column, s->neighbours[2], 1, s->comm,
                 MPI_STATUS_IGNORE);
    MPI_Sendrecv(f + GHOST * w, row, MPI_DOUBLE, s->neighbours[0], 2, f + (GHOST + n) * w, row, MPI_DOUBLE,
                 s->neighbours[1], 2, s->comm, MPI_STATUS_IGNORE);
    MPI_Sendrecv(f + n * w, row, MPI_DOUBLE, s->neighbours[1], 3, f, row, MPI_DOUBLE, s->neighbours[0], 3, s->comm,
                 MPI_STATUS_IGNORE);
}

static void time_step(simulation *s)
{
    const double feed = 0.0367, kill = 0.0649, du = 0.16, dv = 0.08;
    exchange_ghosts(s, s->u);
    exchange_ghosts(s, s->v);
    for (int64_t i = 0; i < s->shape[0]; i++) {
        const double *u = cell(s, s->u, i, 0), *v = cell(s, s->v, i, 0);
        double *to_u = cell(s, s->u_next, i, 0), *to_v = cell(s, s->v_next, i, 0);
        const int64_t w = s->width;
        for (int64_t j = 0; j < s->shape[1]; j++) {
            const double reaction = u[j] * v[j] * v[j];
            to_u[j] = u[j] + du * (u[j - 1] + u[j + 1] + u[j - w] + u[j + w] - 4 * u[j]) - reaction + feed * (1 - u[j]);
            to_v[j] = v[j] + dv * (v[j - 1] + v[j + 1] + v[j - w] + v[j + w] - 4 * v[j]) + reaction - (feed + kill) * v[j];
        }
    }
    double *swap = s->u;
    s->u = s->u_next, s->u_next = swap;
    swap = s->v;
    s->v = s->v_next, s->v_next = swap;
}

static void stop(simulation *s)
{
    free(s->u), free(s->v), free(s->u_next), free(s->v_next);
    MPI_Type_free(&s->column);
    MPI_Comm_free(&s->comm);
}

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

static void gather_field(simulation *s, double *all)
{
    const int64_t mine[4] = {s->offset[0], s->offset[1], s->shape[0], s->shape[1]};
    double *block = allocate((size_t)(s->shape[0] * s->shape[1]), sizeof(double));
    for (int64_t i = 0; i < s->shape[0]; i++)
        memcpy(block + i * s->shape[1], cell(s, s->v, i, 0), (size_t)s->shape[1] * sizeof(double));
    if (s->rank) {
        MPI_Send(mine, 4, MPI_INT64_T, 0, 10, s->comm);
        MPI_Send(block, (int)(mine[2] * mine[3]), MPI_DOUBLE, 0, 11, s->comm);
        free(block);
        return;
    }
    for (int rank = 0; rank < s->n_ranks; rank++) {
        int64_t at[4];
        memcpy(at, mine, sizeof at);
        if (rank) {
            MPI_Recv(at, 4, MPI_INT64_T, rank, 10, s->comm, MPI_STATUS_IGNORE);
            free(block);
            block = allocate((size_t)(at[2] * at[3]), sizeof(double));
            MPI_Recv(block, (int)(at[2] * at[3]), MPI_DOUBLE, rank, 11, s->comm, MPI_STATUS_IGNORE);
        }
        for (int64_t i = 0; i < at[2]; i++)
            memcpy(all + (at[0] + i) * s->global[1] + at[1], block + i * at[3], (size_t)at[3] * sizeof(double));
    }
    free(block);
}

static void draw(const simulation *s, const double *field, const double *model, int64_t n, const int64_t *atom,
                 const int64_t (*position)[2], const double *value, const char *directory)
{
    const int size = (int)s->global[0], factor = size <= 400 ? 2 : 1;
    double high = 0, strongest = 0;
    for (int64_t i = 0; i < s->global[0] * s->global[1]; i++) high = fmax(high, field[i]);
    for (int64_t i = 0; i < n; i++) strongest = fmax(strongest, value[i]);
    picture parts[3], shown[3] = {picture_of_values(field, size, size, 0, high), picture_of_values(field, size, size, 0, 3 * high),
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
    start(&s, size);

    /* Once: a context on the simulation's communicator, an encoder for the whole domain. */
    static double d[K * L * L];
    const int64_t atom_shape[2] = {L, L}, periodic[2] = {1, 1};
    dicod_context *context = NULL;
    dicod_options *options = NULL;
    dicod_encoder *encoder = NULL;
    make_dictionary(d);
    CHECK(dicod_options_create(&options));
    CHECK(dicod_options_set_integers(options, "periodic", 2, periodic));
    CHECK(dicod_options_set_integer(options, "positive", 1));
    CHECK(dicod_options_set_integer(options, "warm_start", 1));
    CHECK(dicod_options_set_real(options, "reg", 0.25));
    CHECK(dicod_options_set_real(options, "tol", 1e-3));
    CHECK(dicod_context_create_mpi(s.comm, 1, &context));
    CHECK(dicod_encoder_create(context, options, 2, s.global, 1, 1, K, atom_shape, d, &encoder));

    if (s.rank == 0) {
        printf("in_situ: %lld x %lld cells on %d ranks, %d atoms of %d x %d\n", (long long)size, (long long)size, s.n_ranks, K, L, L);
        printf("%10s %13s %13s %10s %10s %13s %13s %12s\n", "time step", "s / time step", "s / call", "steps", "non-zeros", "objective",
               "gap/objective", "kB sent");
    }
    dicod_info info = DICOD_INFO_INIT;
    for (int call = 0; call < calls; call++) {
        double begin = MPI_Wtime();
        for (int i = 0; i < STEPS_PER_CALL; i++) time_step(&s);
        const double stepping = (MPI_Wtime() - begin) / STEPS_PER_CALL;

        /* Each time: the field where it lies, ghost layers stepped over by the strides. */
        const int64_t strides[2] = {s.width, 1};
        void *first = cell(&s, s.v, 0, 0);
        dicod_array x = DICOD_ARRAY_INIT;
        x.n_axes = 2;
        x.global_shape = s.global;
        x.offset = s.offset;
        x.local_shape = s.shape;
        x.strides = strides;
        x.n_channels = 1;
        x.channels = &first;
        begin = MPI_Wtime();
        CHECK(dicod_encoder_solve(encoder, &x, &info));
        if (s.rank == 0)
            printf("%10d %13.2e %13.2e %10lld %10lld %13.6f %13.2e %12.1f\n", (call + 1) * STEPS_PER_CALL, stepping, MPI_Wtime() - begin,
                   (long long)info.steps, (long long)info.nonzeros, info.objective, info.duality_gap / info.objective,
                   (double)info.bytes_sent / 1e3);
    }

    /* Rank 0 asks for all activations, the others for none. */
    int64_t none[2] = {0, 0}, *whole = s.rank ? none : s.global, n = 0;
    CHECK(dicod_encoder_get_sparse_block(encoder, none, whole, 0, NULL, NULL, NULL, NULL, &n));
    int64_t *atom = allocate((size_t)n, sizeof *atom), (*position)[2] = allocate((size_t)n, sizeof *position);
    double *value = allocate((size_t)n, sizeof *value);
    CHECK(dicod_encoder_get_sparse_block(encoder, none, whole, n, NULL, atom, &position[0][0], value, &n));
    const size_t cells = s.rank ? 1 : (size_t)(size * size);
    double *field = allocate(cells, sizeof(double)), *model = allocate(cells, sizeof(double));
    gather_field(&s, field);
    if (s.rank == 0) {
        for (int64_t m = 0; m < n; m++)
            for (int64_t i = 0; i < L * L; i++) {
                const int64_t row = (position[m][0] + i / L) % size, column = (position[m][1] + i % L) % size;
                model[row * size + column] += value[m] * d[atom[m] * L * L + i];
            }
        double energy = 0, rest = 0;
        for (size_t i = 0; i < cells; i++) energy += field[i] * field[i], rest += (field[i] - model[i]) * (field[i] - model[i]);
        printf("%lld activations say the field to %.1f dB; ½|x - model|² is %.6f by hand, %.6f by the library\n", (long long)n,
               10 * log10(energy / rest), rest / 2, info.data_term);
        draw(&s, field, model, n, atom, (const int64_t(*)[2])position, value, argv[1]);
    }
    free(atom), free(position), free(value), free(field), free(model);

    dicod_encoder_free(&encoder);
    CHECK(dicod_context_free(&context));
    dicod_options_free(&options);
    stop(&s);
    MPI_Finalize();
    return EXIT_SUCCESS;
}
