/*
 * What a solve costs on several ranks: a line per run, see `make bench-ranks`.
 *
 *   mpirun -n N ranks strong SIZE    SIZE x SIZE in all
 *   mpirun -n N ranks weak SIDE      SIDE x SIDE on each rank
 *
 * The field is planted: atoms at random places, and noise. K=10 atoms of 12 x 12, lambda = 0.3 lambda_max, relative tol
 * 1e-2, not periodic. Medians of five solves; messages and bytes are those of the rank that has most.
 */
#include <dicod_mpi.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { K = 10, L = 12, RUNS = 5 };

static void ok(dicod_status status)
{
    char message[400];
    if (status == DICOD_OK) return;
    dicod_last_error(message, sizeof message, NULL);
    fprintf(stderr, "%s\n", message);
    MPI_Abort(MPI_COMM_WORLD, 1);
}

static double uniform(uint64_t i)
{
    i = (i ^ (i >> 30)) * 0xbf58476d1ce4e5b9u;
    i = (i ^ (i >> 27)) * 0x94d049bb133111ebu;
    return (double)((i ^ (i >> 31)) >> 11) / 9007199254740992.0;
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    int rank, n_ranks, dims[2] = {0, 0};
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &n_ranks);
    if (argc != 3) return 1;
    const int weak = strcmp(argv[1], "weak") == 0;
    MPI_Dims_create(n_ranks, 2, dims);
    const int64_t n = atoll(argv[2]), at[2] = {rank / dims[1], rank % dims[1]}, atom[2] = {L, L};
    int64_t global[2], offset[2], shape[2];
    for (int a = 0; a < 2; a++) {
        global[a] = weak ? n * dims[a] : n;
        offset[a] = global[a] * at[a] / dims[a];
        shape[a] = global[a] * (at[a] + 1) / dims[a] - offset[a];
    }
    static double d[K * L * L];
    for (int k = 0; k < K; k++) {
        double norm = 0;
        for (int i = 0; i < L * L; i++) {
            const double y = i / L - 5.5, x = i % L - 5.5, turn = 0.3 * k;
            const double phase = (0.35 + 0.09 * k) * (x * cos(turn) + y * sin(turn));
            d[k * L * L + i] = exp(-(x * x + y * y) / 14) * cos(phase);
            norm += d[k * L * L + i] * d[k * L * L + i];
        }
        for (int i = 0; i < L * L; i++) d[k * L * L + i] /= sqrt(norm);
    }
    double *x = calloc((size_t)(shape[0] * shape[1]), sizeof *x);
    for (int64_t i = -L; i < shape[0]; i++)
        for (int64_t j = -L; j < shape[1]; j++) {
            const uint64_t place = (uint64_t)((i + offset[0] + L) * (global[1] + L) + j + offset[1] + L) * 4;
            if (i >= 0 && j >= 0) x[i * shape[1] + j] += 0.1 * (uniform(place) - 0.5);
            if (uniform(place + 1) > 0.004) continue;
            const int k = (int)(K * uniform(place + 2));
            for (int64_t s = 0; s < L * L; s++) {
                const int64_t y = i + s / L, z = j + s % L;
                if (y >= 0 && y < shape[0] && z >= 0 && z < shape[1]) x[y * shape[1] + z] += (1 + uniform(place + 3)) * d[k * L * L + s];
            }
        }

    dicod_context *context = NULL;
    dicod_options *options = NULL;
    dicod_encoder *encoder = NULL;
    ok(dicod_options_create(&options));
    ok(dicod_options_set_real(options, "reg", 0.3));
    ok(dicod_options_set_real(options, "tol", 1e-2));
    ok(dicod_context_create_mpi(MPI_COMM_WORLD, 1, &context));
    ok(dicod_encoder_create(context, options, 2, global, 1, 1, K, atom, d, &encoder));
    void *channel = x;
    dicod_array array = DICOD_ARRAY_INIT;
    array.n_axes = 2;
    array.global_shape = global;
    array.offset = offset;
    array.local_shape = shape;
    array.n_channels = 1;
    array.channels = &channel;
    dicod_info info = DICOD_INFO_INIT;
    double seconds[RUNS], descend[RUNS];
    for (int run = 0; run < RUNS; run++) {
        MPI_Barrier(MPI_COMM_WORLD);
        const double begin = MPI_Wtime();
        ok(dicod_encoder_solve(encoder, &array, &info));
        seconds[run] = MPI_Wtime() - begin;
        descend[run] = info.seconds_descend;
    }
    qsort(seconds, RUNS, sizeof *seconds, by_size);
    qsort(descend, RUNS, sizeof *descend, by_size);
    int64_t mine[3] = {info.messages, info.bytes_sent, info.bytes}, most[3];
    MPI_Reduce(mine, most, 3, MPI_INT64_T, MPI_MAX, 0, MPI_COMM_WORLD);
    if (rank == 0)
        printf("| %s %lld² | %d | %lld | %lld | %.3f | %.3f | %lld | %.1f | %.2f | %.17g |\n", argv[1], (long long)n, n_ranks,
               (long long)info.steps, (long long)info.sweeps, seconds[RUNS / 2], descend[RUNS / 2], (long long)most[0],
               (double)most[1] / 1e3, (double)most[2] / 1e6, info.objective);
    dicod_encoder_free(&encoder);
    dicod_options_free(&options);
    dicod_context_free(&context);
    free(x);
    MPI_Finalize();
    return 0;
}
