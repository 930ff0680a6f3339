/* A sweep over the parameters of the Gray-Scott reaction, over the ranks of a communicator: each simulation is one task,
 * and two ranks work on it together, each on half of the domain. Draws the patterns as a grid.
 *
 *   mpirun -n RANKS parmap_sweep OUTPUT_DIRECTORY [STEPS]
 */
#include "picture.h"
#include "support.h"

#include <dicod_mpi.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = 96, FEEDS = 4, KILLS = 5, TASKS = FEEDS * KILLS };

typedef struct {
    double feed, kill;
} parameters;

/* One simulation: the ranks of the team have equal parts of the rows, and exchange the rows at the edges. */
static int32_t simulate(void *userdata, const parmap_task *task, const void *input, void *output)
{
    const long *steps = userdata;
    const parameters *p = input;
    const double diffusion[2] = {0.16, 0.08};
    MPI_Comm team;
    int me, n;
    if (parmap_task_get_comm(task, &team)) return 1;
    MPI_Comm_rank(team, &me);
    MPI_Comm_size(team, &n);
    if (SIDE % n) {
        parmap_task_explain(task, "the rows cannot be shared out equally");
        return 2;
    }
    int rows = SIDE / n, row = SIDE, up = (me + n - 1) % n, down = (me + 1) % n;
    size_t field = (size_t)(rows + 2) * SIDE;
    double *u[2] = {allocate(field, sizeof(double)), allocate(field, sizeof(double))};
    double *v[2] = {allocate(field, sizeof(double)), allocate(field, sizeof(double))};
    for (int i = 1; i <= rows; i++)
        for (int j = 0; j < SIDE; j++) {
            int y = me * rows + i - 1, spot = abs(y - SIDE / 2) < 8 && abs(j - SIDE / 2) < 8;
            double ripple = 0.02 * sin(0.7 * y) * cos(1.1 * j);
            u[0][i * SIDE + j] = spot ? 0.5 : 1;
            v[0][i * SIDE + j] = spot ? 0.25 + ripple : 0;
        }
    int code = 0;
    for (long step = 0; step < *steps; step++) {
        double *a = u[step % 2], *b = v[step % 2], *c = u[1 - step % 2], *d = v[1 - step % 2];
        double *both[2] = {a, b};
        for (int f = 0; f < 2; f++) {
            double *x = both[f];
            MPI_Sendrecv(x + row, row, MPI_DOUBLE, up, f, x + (rows + 1) * row, row, MPI_DOUBLE, down, f, team, MPI_STATUS_IGNORE);
            MPI_Sendrecv(x + rows * row, row, MPI_DOUBLE, down, f + 2, x, row, MPI_DOUBLE, up, f + 2, team, MPI_STATUS_IGNORE);
        }
        for (int i = 1; i <= rows; i++)
            for (int j = 0; j < SIDE; j++) {
                int at = i * SIDE + j, left = i * SIDE + (j + SIDE - 1) % SIDE, right = i * SIDE + (j + 1) % SIDE;
                double uvv = a[at] * b[at] * b[at];
                c[at] = a[at] + diffusion[0] * (a[at - row] + a[at + row] + a[left] + a[right] - 4 * a[at]) - uvv + p->feed * (1 - a[at]);
                d[at] =
                    b[at] + diffusion[1] * (b[at - row] + b[at + row] + b[left] + b[right] - 4 * b[at]) + uvv - (p->feed + p->kill) * b[at];
            }
    }
    if (!isfinite(v[*steps % 2][row])) code = 3;
    MPI_Gather(v[*steps % 2] + row, rows * row, MPI_DOUBLE, output, rows * row, MPI_DOUBLE, 0, team);
    for (int f = 0; f < 2; f++) free(u[f]), free(v[f]);
    return code;
}

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    if (argc < 2 || argc > 3) fail("usage: %s OUTPUT_DIRECTORY [STEPS]", argv[0]);
    long steps = argc == 3 ? strtol(argv[2], NULL, 10) : 4000;
    if (steps < 1) fail("STEPS = %s is not allowed: it must be at least 1", argv[2]);

    parameters points[TASKS];
    for (int i = 0; i < TASKS; i++) {
        points[i].feed = 0.022 + 0.032 * (i / KILLS) / (FEEDS - 1);
        points[i].kill = 0.051 + 0.014 * (i % KILLS) / (KILLS - 1);
    }
    dicod_context *context = NULL;
    dicod_parmap *map = NULL;
    parmap_report report = PARMAP_REPORT_INIT;
    int32_t rank, n_ranks, status[TASKS];
    CHECK(dicod_context_create_mpi(MPI_COMM_WORLD, 1, &context));
    CHECK(dicod_context_get_ranks(context, &rank, &n_ranks));
    CHECK(parmap_create(context, &map));
    if (n_ranks > 1) CHECK(parmap_set_integer(map, "ranks_per_task", 2));
    CHECK(parmap_set_string(map, "errors", "continue"));
    char title[] = "simulations";
    CHECK(parmap_set_progress(map, parmap_progress_bar, title));
    double *fields = rank == 0 ? allocate((size_t)TASKS * SIDE * SIDE, sizeof *fields) : NULL;
    CHECK(parmap_run(map, TASKS, simulate, &steps, points, sizeof *points, 0, fields, SIDE * SIDE * (int64_t)sizeof *fields, 0, status,
                     &report));

    if (rank == 0) {
        picture parts[TASKS];
        printf("%d simulations of %d x %d cells, %ld steps, on %d ranks, %d for each: %.2f s\n\n%9s", TASKS, SIDE, SIDE, steps,
               (int)n_ranks, n_ranks > 1 ? 2 : 1, report.seconds, "feed\\kill");
        for (int i = 0; i < KILLS; i++) printf(" %8.4f", points[i].kill);
        for (int i = 0; i < TASKS; i++) {
            const double *v = fields + (size_t)i * SIDE * SIDE;
            double covered = 0;
            for (int k = 0; k < SIDE * SIDE; k++) covered += v[k] > 0.1;
            if (i % KILLS == 0) printf("\n%9.4f", points[i].feed);
            if (status[i]) printf(" %8s", "failed");
            else printf(" %6.1f %%", 100 * covered / (SIDE * SIDE));
            picture small = picture_of_values(v, SIDE, SIDE, 0, 0.4);
            parts[i] = picture_scaled(&small, 2);
            picture_free(&small);
        }
        picture mosaic = picture_mosaic(parts, TASKS, KILLS, 6, grey(1));
        char *path = join_path(argv[1], "parmap_sweep.png");
        picture_write(&mosaic, path);
        printf("  of the domain covered\n\npicture: %s\n", path);
        for (int i = 0; i < TASKS; i++) picture_free(&parts[i]);
        picture_free(&mosaic);
        free(path);
    }
    free(fields);
    parmap_free(&map);
    CHECK(dicod_context_free(&context));
    MPI_Finalize();
    return EXIT_SUCCESS;
}
