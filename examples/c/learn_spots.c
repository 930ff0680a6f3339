/*
 * What a running simulation is made of, learned while it runs.
 *
 * The simulation of in_situ.c, spread over the ranks of its communicator. Every few hundred time steps the learner
 * gets the field as it lies in memory and does one iteration: it keeps statistics of all fields so far, older ones count
 * less. Nothing is gathered until, at the end, rank 0 asks for what the patterns say, and draws.
 *
 *   mpirun -n 2 learn_spots OUTPUT_DIRECTORY [SIZE [CALLS]]
 *
 * Writes spots-atoms.png (the learned atoms; the field; what they say the field is) and spots-objective.png, the objective
 * as a share of ½|x|² after each half-step.
 */
#include "gray_scott.h"
#include "history.h"
#include "picture.h"
#include "support.h"

#include <dicod_mpi.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { L = 11, K = 4, STEPS_PER_CALL = 250, FIRST_CALL = 3000 };

static void draw(const double *d, const double *field, const double *model, int size, const char *directory)
{
    const int factor = size <= 400 ? 2 : 1, gap = 8;
    double high = 0;
    for (int i = 0; i < size * size; i++) high = fmax(high, field[i]);
    picture parts[2], atoms[K];
    for (int i = 0; i < 2; i++) {
        picture small = picture_of_values(i ? model : field, size, size, 0, high);
        parts[i] = picture_scaled(&small, factor);
        picture_free(&small);
    }
    for (int k = 0; k < K; k++) {
        double most = 1e-12;
        for (int i = 0; i < L * L; i++) most = fmax(most, fabs(d[k * L * L + i]));
        picture small = picture_of_values(d + k * L * L, L, L, -0.2 * most, most);
        atoms[k] = picture_scaled(&small, (parts[0].height - (K - 1) * gap) / (K * L));
        picture_free(&small);
    }
    picture fields = picture_mosaic(parts, 2, 2, gap, grey(1)), column = picture_mosaic(atoms, K, 1, gap, grey(1));
    picture all = picture_create(fields.width + column.width, fields.height, grey(1));
    picture_paste(&all, &column, 0, (fields.height - column.height) / 2);
    picture_paste(&all, &fields, column.width, 0);
    char *path = join_path(directory, "spots-atoms.png");
    picture_write(&all, path);
    printf("wrote %s (%d x %d): learned atoms, the field, what they say the field is\n", path, all.width, all.height);
    free(path);
    for (int i = 0; i < 2; i++) picture_free(&parts[i]);
    for (int k = 0; k < K; k++) picture_free(&atoms[k]);
    picture_free(&fields);
    picture_free(&column);
    picture_free(&all);
}

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    const int64_t size = argc > 2 ? atoll(argv[2]) : 256;
    const int calls = argc > 3 ? atoi(argv[3]) : 16;
    if (argc < 2 || argc > 4 || size < 2 * L || calls < 1) fail("usage: %s OUTPUT_DIRECTORY [SIZE [CALLS]]", argv[0]);
    simulation s;
    simulation_start(&s, size);

    /* Once: a context on the simulation's communicator, a learner for the whole domain. */
    dicod_context *context = NULL;
    dicod_options *options = NULL;
    dicod_learner *learner = NULL;
    CHECK(dicod_options_create(&options));
    CHECK(dicod_options_parse(options,
                              "reg=0.1 tol=1e-2 periodic=1,1 positive=1 learn_init=greedy-patches "
                              "learn_online=1 learn_window=1 learn_forgetting=0.5"));
    CHECK(dicod_context_create_mpi(s.comm, 1, &context));
    const dicod_problem problem = DICOD_PROBLEM_2D(size, size, K, L, L);
    CHECK(dicod_learner_create(context, options, &problem, NULL, &learner));

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

    if (s.rank == 0) {
        printf("learn_spots: %lld x %lld cells on %d ranks, %d atoms of %d x %d\n", (long long)size, (long long)size, s.n_ranks, K, L, L);
        printf("%10s %13s %13s %13s %10s %12s\n", "time step", "s / call", "share after z", "share after d", "non-zeros", "drawn anew");
    }
    history h = {0};
    int time = 0;
    for (int call = 0; call < calls; call++) {
        for (int until = FIRST_CALL + call * STEPS_PER_CALL; time < until; time++) simulation_step(&s);
        first = simulation_cell(&s, s.v, 0, 0);
        dicod_learn_step step = DICOD_LEARN_STEP_INIT;
        const double begin = MPI_Wtime();
        CHECK(dicod_learner_step(learner, &x, &step));
        const double seconds = MPI_Wtime() - begin;
        /* There are more and more spots: what counts is the share of the field that is not said yet. */
        double energy = 0;
        for (int64_t i = 0; i < s.shape[0]; i++)
            for (int64_t j = 0; j < s.shape[1]; j++) energy += pow(*simulation_cell(&s, s.v, i, j), 2) / 2;
        MPI_Allreduce(MPI_IN_PLACE, &energy, 1, MPI_DOUBLE, MPI_SUM, s.comm);
        step.objective_z /= energy;
        step.objective_d /= energy;
        history_add(&h, &step);
        int64_t nonzeros = 0;
        for (int k = 0; k < K; k++) nonzeros += step.nonzeros[k];
        if (s.rank == 0)
            printf("%10d %13.2e %13.4f %13.4f %10lld %12lld\n", time, seconds, step.objective_z, step.objective_d, (long long)nonzeros,
                   (long long)step.redrawn);
    }
    dicod_info info = DICOD_INFO_INIT;
    CHECK(dicod_learner_encode(learner, &x, &info));

    /* Rank 0 asks for what the patterns say the field is and for what they leave of it, the others for nothing. */
    double d[K * L * L];
    CHECK(dicod_learner_get_dictionary(learner, K * L * L, d));
    const int64_t nothing[2] = {0, 0};
    const size_t cells = s.rank ? 0 : (size_t)(size * size);
    double *field = allocate(cells + 1, sizeof(double)), *model = allocate(cells + 1, sizeof(double));
    void *to = model;
    dicod_array everything = DICOD_ARRAY_INIT;
    everything.n_axes = 2;
    everything.global_shape = s.global;
    everything.local_shape = s.rank ? nothing : s.global;
    everything.n_channels = 1;
    everything.channels = &to;
    CHECK(dicod_learner_reconstruct(learner, &everything));
    to = field;
    CHECK(dicod_learner_residual(learner, &x, &everything));
    if (s.rank == 0) {
        double energy = 0, rest = 0;
        for (size_t i = 0; i < cells; i++) {
            rest += field[i] * field[i];
            field[i] += model[i];
            energy += field[i] * field[i];
        }
        printf("%lld activations say the field to %.1f dB\n", (long long)info.nonzeros, 10 * log10(energy / rest));
        draw(d, field, model, (int)size, argv[1]);
        history_write(&h, argv[1], "spots-objective.png");
    }
    free(model), free(field);

    dicod_learner_free(&learner);
    CHECK(dicod_context_free(&context));
    dicod_options_free(&options);
    simulation_stop(&s);
    MPI_Finalize();
    return EXIT_SUCCESS;
}
