/*
 * What a solve costs on several ranks: a line per run, see `make bench-ranks`.
 *
 *   mpirun -n N ranks strong SIZE [SCHEDULE [TRACES]]    SIZE x SIZE in all
 *   mpirun -n N ranks weak SIDE                          SIDE x SIDE on each rank
 *   mpirun -n N ranks image FILE.pgm [SCHEDULE [TRACES]] a photograph
 *
 * The field of the first two is planted: atoms at random places, and noise. K=10 atoms of 12 x 12, lambda = 0.3
 * lambda_max, relative tol 1e-2, not periodic. For a photograph K=5 patches of it of 8 x 8, lambda = 0.1 lambda_max.
 * Medians of five solves; messages and bytes are those of the rank that has most. `end` is the time from the last step
 * on any rank to the last rank's knowing that all is done, `reduction` that of one MPI_Allreduce, both in microseconds.
 *
 * TRACES: a directory where each rank leaves the trace of each run, for replay.rs.
 */
#include <dicod_mpi.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_ATOMS = 10, MOST_LENGTH = 12, RUNS = 5, REDUCTIONS = 200 };

static void ok(dicod_status status)
{
    char message[400];
    if (status == DICOD_OK) return;
    dicod_last_error(sizeof message, message, NULL);
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

static double median(double *values)
{
    qsort(values, RUNS, sizeof *values, by_size);
    return values[RUNS / 2];
}

/* the grey values of a binary PGM, in 0..1 */
static double *read_image(const char *name, int64_t shape[2])
{
    FILE *file = fopen(name, "rb");
    int width, height, most;
    if (!file || fscanf(file, "P5 %d %d %d", &width, &height, &most) != 3 || most > 255) {
        fprintf(stderr, "%s is not a PGM file of bytes\n", name);
        MPI_Abort(MPI_COMM_WORLD, 1);
        return NULL;
    }
    fgetc(file);
    shape[0] = height;
    shape[1] = width;
    double *image = malloc((size_t)(shape[0] * shape[1]) * sizeof *image);
    for (int64_t i = 0; i < shape[0] * shape[1]; i++) image[i] = fgetc(file) / (double)most;
    fclose(file);
    return image;
}

/* ends of the last visit that made a step, and of the descent */
static int32_t note_ends(void *userdata, const dicod_span *span)
{
    double *ends = userdata;
    const double end = span->start + span->seconds;
    if (span->activity == DICOD_SPAN_VISIT && span->steps > 0 && end > ends[0]) ends[0] = end;
    if (span->activity == DICOD_SPAN_DESCEND) ends[1] = end;
    return 0;
}

static void write_trace(dicod_encoder *encoder, const char *name)
{
    int64_t needed;
    ok(dicod_encoder_get_trace_json(encoder, 0, NULL, &needed));
    char *json = malloc((size_t)needed);
    ok(dicod_encoder_get_trace_json(encoder, needed, json, &needed));
    FILE *file = fopen(name, "w");
    if (!file || fputs(json, file) < 0 || fclose(file) != 0) {
        fprintf(stderr, "cannot write %s\n", name);
        MPI_Abort(MPI_COMM_WORLD, 1);
    }
    free(json);
}

int main(int argc, char **argv)
{
    int rank, n_ranks, dims[2] = {0, 0};
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &n_ranks);
    if (argc < 3) return 1;
    const int weak = strcmp(argv[1], "weak") == 0, photograph = strcmp(argv[1], "image") == 0;
    const char *schedule = argc > 3 ? argv[3] : "coloured", *traces = argc > 4 ? argv[4] : NULL;
    const int64_t K = photograph ? 5 : 10, L = photograph ? 8 : 12;
    MPI_Dims_create(n_ranks, 2, dims);
    const int64_t n = photograph ? 0 : atoll(argv[2]), at[2] = {rank / dims[1], rank % dims[1]};
    int64_t global[2], offset[2], shape[2];
    double *image = photograph ? read_image(argv[2], global) : NULL;
    for (int a = 0; a < 2; a++) {
        if (!photograph) global[a] = weak ? n * dims[a] : n;
        offset[a] = global[a] * at[a] / dims[a];
        shape[a] = global[a] * (at[a] + 1) / dims[a] - offset[a];
    }
    static double d[MOST_ATOMS * MOST_LENGTH * MOST_LENGTH];
    for (int64_t k = 0; k < K; k++) {
        double norm = 0, mean = 0;
        const int64_t corner[2] = {(int64_t)(uniform(2 * k + 7) * (global[0] - L)), (int64_t)(uniform(2 * k + 8) * (global[1] - L))};
        for (int64_t i = 0; i < L * L; i++) {
            const double y = i / L - 5.5, x = i % L - 5.5, turn = 0.3 * k;
            const double phase = (0.35 + 0.09 * k) * (x * cos(turn) + y * sin(turn));
            d[k * L * L + i] =
                photograph ? image[(corner[0] + i / L) * global[1] + corner[1] + i % L] : exp(-(x * x + y * y) / 14) * cos(phase);
            mean += d[k * L * L + i] / (L * L);
        }
        for (int64_t i = 0; i < L * L; i++) {
            if (photograph && k) d[k * L * L + i] -= mean; /* the first one may be grey */
            norm += d[k * L * L + i] * d[k * L * L + i];
        }
        for (int64_t i = 0; i < L * L; i++) d[k * L * L + i] /= sqrt(norm);
    }
    double *x = calloc((size_t)(shape[0] * shape[1]), sizeof *x);
    for (int64_t i = -L; i < shape[0]; i++)
        for (int64_t j = -L; j < shape[1]; j++) {
            if (photograph) {
                if (i >= 0 && j >= 0) x[i * shape[1] + j] = image[(i + offset[0]) * global[1] + j + offset[1]];
                continue;
            }
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
    ok(dicod_options_set_real(options, "reg", photograph ? 0.1 : 0.3));
    ok(dicod_options_set_real(options, "tol", 1e-2));
    ok(dicod_options_set_string(options, "schedule", schedule));
    ok(dicod_options_set_integer(options, "trace", 1));
    ok(dicod_context_create_mpi(MPI_COMM_WORLD, 1, &context));
    const dicod_problem problem = DICOD_PROBLEM_2D(global[0], global[1], K, L, L);
    ok(dicod_encoder_create(context, options, &problem, d, &encoder));
    const void *channel = x;
    dicod_const_array array = DICOD_CONST_ARRAY_INIT;
    array.n_axes = 2;
    array.global_shape = global;
    array.offset = offset;
    array.local_shape = shape;
    array.n_channels = 1;
    array.channels = &channel;
    dicod_info info = DICOD_INFO_INIT;
    double seconds[RUNS], descend[RUNS], tail[RUNS], reduction[RUNS];
    for (int run = 0; run < RUNS; run++) {
        double ends[2] = {0, 0}, last[2];
        int64_t sum[6] = {0}, sums[6];
        MPI_Barrier(MPI_COMM_WORLD);
        double begin = MPI_Wtime();
        ok(dicod_encoder_solve(encoder, &array, &info));
        seconds[run] = MPI_Wtime() - begin;
        descend[run] = info.seconds_descend;
        ok(dicod_encoder_get_trace(encoder, note_ends, ends));
        MPI_Allreduce(ends, last, 2, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
        tail[run] = last[1] - last[0];
        begin = MPI_Wtime();
        for (int i = 0; i < REDUCTIONS; i++) MPI_Allreduce(sum, sums, 6, MPI_INT64_T, MPI_SUM, MPI_COMM_WORLD);
        reduction[run] = (MPI_Wtime() - begin) / REDUCTIONS;
        if (traces) {
            char name[400];
            const char *problem = photograph ? "photograph" : argv[2];
            snprintf(name, sizeof name, "%s/%s-%s-%d-%d-%d.json", traces, problem, schedule, n_ranks, rank, run);
            write_trace(encoder, name);
        }
    }
    int64_t mine[3] = {info.messages, info.bytes_sent, info.bytes}, most[3];
    MPI_Reduce(mine, most, 3, MPI_INT64_T, MPI_MAX, 0, MPI_COMM_WORLD);
    if (rank == 0)
        printf("| %s %lld² | %d | %lld | %lld | %.3f | %.3f | %.0f | %.1f | %lld | %.1f | %.2f | %.17g |\n", argv[1],
               (long long)(weak ? n : global[1]), n_ranks, (long long)info.steps, (long long)info.sweeps, median(seconds), median(descend),
               1e6 * median(tail), 1e6 * median(reduction), (long long)most[0], (double)most[1] / 1e3, (double)most[2] / 1e6,
               info.objective);
    dicod_encoder_free(&encoder);
    dicod_options_free(&options);
    dicod_context_free(&context);
    free(x);
    free(image);
    MPI_Finalize();
    return 0;
}
