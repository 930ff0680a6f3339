/*
 * Seconds per empty task of a parallel map, handed over one by one (chunk 1): a number, the median of five runs.
 *
 *   mpirun -n RANKS tasks TASKS THREADS ROOT_WORKS
 *
 * With ROOT_WORKS 0 rank 0 only hands out, as the main program of a Python pool does.
 */
#include <dicod_mpi.h>
#include <stdio.h>
#include <stdlib.h>

enum { RUNS = 5 };

static void ok(dicod_status status)
{
    char message[400];
    if (status == DICOD_OK) return;
    dicod_last_error(message, sizeof message, NULL);
    fprintf(stderr, "%s\n", message);
    MPI_Abort(MPI_COMM_WORLD, 1);
}

static int32_t nothing(void *userdata, const parmap_task *task, const void *input, void *output)
{
    (void)userdata, (void)task, (void)input, (void)output;
    return 0;
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    int rank;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    if (argc != 4) return 1;
    const int64_t n_tasks = atoll(argv[1]);
    dicod_context *context = NULL;
    parmap *map = NULL;
    ok(dicod_context_create_mpi(MPI_COMM_WORLD, atoi(argv[2]), &context));
    ok(parmap_create(context, &map));
    ok(parmap_set_integer(map, "chunk", 1));
    ok(parmap_set_integer(map, "root_works", atoi(argv[3])));
    double seconds[RUNS];
    for (int run = 0; run < RUNS; run++) {
        const double begin = MPI_Wtime();
        ok(parmap_run(map, n_tasks, nothing, NULL, NULL, 0, 0, NULL, 0, 0, NULL, NULL));
        seconds[run] = MPI_Wtime() - begin;
    }
    qsort(seconds, RUNS, sizeof *seconds, by_size);
    if (rank == 0) printf("%.9g\n", seconds[RUNS / 2] / (double)n_tasks);
    parmap_free(&map);
    dicod_context_free(&context);
    MPI_Finalize();
    return 0;
}
