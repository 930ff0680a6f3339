/* What an empty task costs, beside a ping-pong of the same ranks: make bench-map, or
 *
 *   mpiexec -n 2 bench-map
 *
 * A limit for tasks on another rank is made of the ping-pong right before it; of many short pairs the median counts, so
 * that other work on the machine does not. Then what part of a core a rank takes that waits for a call. Ends with 1 if a
 * median is above its limit, or the part above 1 %.
 */
#define _DEFAULT_SOURCE
#include <dicod_mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { PAIRS = 101, PINGS = 200 };

static int rank, n_ranks, failed;

static int32_t nothing(void *userdata, const parmap_task *task, const void *input, void *output)
{
    (void)userdata, (void)task, (void)input, (void)output;
    return 0;
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values)
{
    qsort(values, PAIRS, sizeof *values, ascending);
    return values[PAIRS / 2];
}

/* Microseconds there and back between ranks 0 and 1. */
static double round_trip(void)
{
    char byte = 0;
    double start = MPI_Wtime();
    for (int i = 0; i < PINGS && rank < 2; i++) {
        if (rank == 1) MPI_Recv(&byte, 1, MPI_BYTE, 0, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        MPI_Send(&byte, 1, MPI_BYTE, 1 - rank, 0, MPI_COMM_WORLD);
        if (rank == 0) MPI_Recv(&byte, 1, MPI_BYTE, 1, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    }
    return 1e6 * (MPI_Wtime() - start) / PINGS;
}

/* Microseconds per task, n of them at a time, on other ranks or on the threads of this one. A limit below 0: three round
 * trips and 2 us. */
static void row(const char *name, int n_threads, const char *schedule, int64_t chunk, int64_t n, double limit)
{
    const int over_ranks = n_threads == 0;
    double costs[PAIRS], trips[PAIRS], shares[PAIRS];
    dicod_context *context = NULL;
    dicod_parmap *map = NULL;
    if (over_ranks ? n_ranks < 2 : rank > 0) return;
    if (dicod_context_create_mpi(over_ranks ? MPI_COMM_WORLD : MPI_COMM_SELF, over_ranks ? 1 : n_threads, &context) ||
        parmap_create(context, &map) || parmap_set_integer(map, "chunk", chunk) || parmap_set_integer(map, "root_works", !over_ranks) ||
        parmap_set_string(map, "schedule", schedule))
        exit(1);
    for (int i = 0; i < PAIRS; i++) {
        trips[i] = over_ranks ? round_trip() : 0;
        double start = MPI_Wtime();
        if (parmap_run(map, n, nothing, NULL, NULL, 0, 0, NULL, 0, 0, NULL, NULL)) exit(1);
        costs[i] = 1e6 * (MPI_Wtime() - start) / (double)n;
        shares[i] = costs[i] / (limit < 0 ? 3 * trips[i] + 2 : limit);
    }
    parmap_free(&map);
    dicod_context_free(&context);
    if (rank > 0) return;
    const double share = median(shares), trip = median(trips), cost = median(costs);
    printf("| %-34s | %7.3f | %7.3f | %7.3f | %5.2f |\n", name, trip, cost, limit < 0 ? 3 * trip + 2 : limit, share);
    failed |= share > 1;
}

enum { LARGE = 256 << 20, ITEMS = 3 };

/* GB/s of inputs of 256 MiB that go to rank 1, by MPI_Send and as those of tasks: the faster of two rounds each. */
static void large(void)
{
    dicod_context *context = NULL;
    dicod_parmap *map = NULL;
    double sent = 1e9, mapped = 1e9;
    char *bytes = rank < 2 ? malloc((size_t)LARGE * (rank == 0 ? ITEMS : 1)) : NULL;
    if (rank < 2 && !bytes) exit(1);
    if (rank < 2) memset(bytes, 1, (size_t)LARGE * (rank == 0 ? ITEMS : 1));
    if (dicod_context_create_mpi(MPI_COMM_WORLD, 1, &context) || parmap_create(context, &map) || parmap_set_integer(map, "chunk", 1) ||
        parmap_set_integer(map, "root_works", 0))
        exit(1);
    for (int round = 0; round < 2; round++) {
        MPI_Barrier(MPI_COMM_WORLD);
        double start = MPI_Wtime();
        for (int i = 0; i < ITEMS && rank < 2; i++) {
            if (rank == 0) MPI_Send(bytes + (size_t)i * LARGE, LARGE, MPI_BYTE, 1, 0, MPI_COMM_WORLD);
            if (rank == 1) MPI_Recv(bytes, LARGE, MPI_BYTE, 0, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        }
        MPI_Barrier(MPI_COMM_WORLD);
        const double between = MPI_Wtime();
        if (parmap_run(map, ITEMS, nothing, NULL, rank == 0 ? bytes : NULL, LARGE, 0, NULL, 0, 0, NULL, NULL)) exit(1);
        const double end = MPI_Wtime();
        if (between - start < sent) sent = between - start;
        if (end - between < mapped) mapped = end - between;
    }
    parmap_free(&map);
    dicod_context_free(&context);
    free(bytes);
    const double all = 1e-9 * LARGE * ITEMS;
    if (rank == 0) printf("\nInputs of 256 MiB: %.2f GB/s, MPI_Send %.2f GB/s: %.2f of it.\n", all / mapped, all / sent, sent / mapped);
}

static double processor_seconds(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + 1e-6 * (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static void idle(void)
{
    dicod_context *context = NULL;
    dicod_parmap *map = NULL;
    if (dicod_context_create_mpi(MPI_COMM_WORLD, 1, &context) || parmap_create(context, &map)) exit(1);
    const double start = MPI_Wtime(), before = processor_seconds();
    if (rank == 0) nanosleep(&(struct timespec){4, 0}, NULL);
    if (rank == 0 ? parmap_release(map) : parmap_serve(map)) exit(1);
    double part = (processor_seconds() - before) / (MPI_Wtime() - start), most = 0;
    MPI_Reduce(&part, &most, 1, MPI_DOUBLE, MPI_MAX, 0, MPI_COMM_WORLD);
    parmap_free(&map);
    dicod_context_free(&context);
    if (rank == 0) printf("\nWaiting for a call, a rank takes at most %.2f %% of a core.\n", 100 * most);
    failed |= most > 0.01;
}

int main(int argc, char **argv)
{
    int provided;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &n_ranks);
    if (rank == 0) {
        printf("| empty tasks                        | ping-pong us | us per task | limit | share of the limit |\n");
        printf("| --- | --: | --: | --: | --: |\n");
    }
    row("on other ranks, dynamic, chunk 1", 0, "dynamic", 1, 1000, -1);
    row("on other ranks, automatic chunks", 0, "dynamic", 0, 200000, 0.5);
    row("one thread, chunk 1", 1, "dynamic", 1, 1000, 1);
    row("one thread, automatic chunks", 1, "dynamic", 0, 10000, 0.5);
    row("two threads, dynamic, chunk 1", 2, "dynamic", 1, 1000, 1);
    row("two threads, automatic chunks", 2, "dynamic", 0, 10000, 0.5);
    row("two threads, block", 2, "block", 0, 10000, 1);
    if (n_ranks > 1) large();
    if (n_ranks > 1) idle();
    /* The others leave rank 0 the machine. */
    for (int other = 1; rank == 0 && other < n_ranks; other++) MPI_Send(&failed, 1, MPI_INT, other, 1, MPI_COMM_WORLD);
    for (int there = rank == 0; !there; nanosleep(&(struct timespec){0, 1000000}, NULL))
        MPI_Iprobe(0, 1, MPI_COMM_WORLD, &there, MPI_STATUS_IGNORE);
    if (rank > 0) MPI_Recv(&failed, 1, MPI_INT, 0, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    MPI_Finalize();
    return failed;
}
