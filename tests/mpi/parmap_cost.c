/* What an empty task costs: beside a ping-pong of the same ranks, measured in the same run.
 *
 *   mpirun -n 2 parmap_cost [check]
 *
 * With `check` it fails unless one worker with chunk 1 needs at most three round trips and 2 us per task, and automatic
 * chunks at most 0.5 us.
 */
#include <dicod_mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PINGS = 20000, TASKS = 20000, MANY = 5000000 };

static int rank, n_ranks;

static int32_t nothing(void *userdata, const parmap_task *task, const void *input, void *output)
{
    (void)userdata, (void)task, (void)input, (void)output;
    return 0;
}

/* Microseconds per task. */
static double cost(int n_threads, int root_works, const char *schedule, int64_t chunk, int64_t n, MPI_Comm comm)
{
    dicod_context *context = NULL;
    parmap *map = NULL;
    if (dicod_context_create_mpi(comm, n_threads, &context) || parmap_create(context, &map)) exit(1);
    parmap_set_integer(map, "chunk", chunk);
    parmap_set_integer(map, "root_works", root_works);
    parmap_set_string(map, "schedule", schedule);
    double best = 1e9;
    for (int i = 0; i < 3; i++) {
        double start = MPI_Wtime();
        if (parmap_run(map, n, nothing, NULL, NULL, 0, 0, NULL, 0, 0, NULL, NULL)) exit(1);
        double us = 1e6 * (MPI_Wtime() - start) / (double)n;
        if (us < best) best = us;
    }
    parmap_free(&map);
    dicod_context_free(&context);
    return best;
}

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &n_ranks);
    char byte = 0;
    double trip = 1e9, chunk_1 = 0, automatic = 0;
    for (int round = 0; round < 3 && n_ranks > 1; round++) {
        MPI_Barrier(MPI_COMM_WORLD);
        double start = MPI_Wtime();
        for (int i = 0; i < PINGS && rank < 2; i++) {
            if (rank == 1) MPI_Recv(&byte, 1, MPI_BYTE, 0, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
            MPI_Send(&byte, 1, MPI_BYTE, 1 - rank, 0, MPI_COMM_WORLD);
            if (rank == 0) MPI_Recv(&byte, 1, MPI_BYTE, 1, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        }
        double us = 1e6 * (MPI_Wtime() - start) / PINGS;
        if (us < trip) trip = us;
    }
    if (n_ranks > 1) {
        chunk_1 = cost(1, 0, "dynamic", 1, TASKS, MPI_COMM_WORLD);
        automatic = cost(1, 0, "dynamic", 0, MANY, MPI_COMM_WORLD);
    }
    if (rank == 0) {
        if (n_ranks > 1) {
            printf("ping-pong, there and back        %8.3f us\n", trip);
            printf("other ranks, chunk 1             %8.3f us per task: %.2f round trips\n", chunk_1, chunk_1 / trip);
            printf("other ranks, automatic chunks    %8.3f us per task\n", automatic);
        }
        printf("serial, chunk 1                  %8.3f us per task\n", cost(1, 1, "dynamic", 1, MANY, MPI_COMM_SELF));
        printf("serial, automatic chunks         %8.3f us per task\n", cost(1, 1, "dynamic", 0, MANY, MPI_COMM_SELF));
        printf("two threads, chunk 1             %8.3f us per task\n", cost(2, 1, "dynamic", 1, MANY, MPI_COMM_SELF));
        printf("two threads, automatic chunks    %8.3f us per task\n", cost(2, 1, "dynamic", 0, MANY, MPI_COMM_SELF));
        printf("two threads, block, automatic    %8.3f us per task\n", cost(2, 1, "block", 0, MANY, MPI_COMM_SELF));
    }
    MPI_Barrier(MPI_COMM_WORLD);
    MPI_Finalize();
    int check = argc > 1 && strcmp(argv[1], "check") == 0 && n_ranks > 1 && rank == 0;
    return check && (chunk_1 > 3 * trip + 2 || automatic > 0.5);
}
