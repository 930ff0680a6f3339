#include "gray_scott.h"
#include "support.h"

#include <stdlib.h>

enum { GHOST = 1 };

double *simulation_cell(const simulation *s, double *field, int64_t i, int64_t j)
{
    return field + (i + GHOST) * s->width + j + GHOST;
}

static double random_number(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (double)(*state >> 33) / 2147483648.0;
}

void simulation_start(simulation *s, int64_t size)
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
            *simulation_cell(s, s->u, i, j) = 0.5;
            *simulation_cell(s, s->v, i, j) = 0.25;
        }
    }
}

static void exchange_ghosts(const simulation *s, double *f)
{
    const int64_t n = s->shape[0], m = s->shape[1], w = s->width;
    const int row = (int)w;
    MPI_Sendrecv(f + GHOST, 1, s->column, s->neighbours[2], 0, f + GHOST + m, 1, s->column, s->neighbours[3], 0, s->comm,
                 MPI_STATUS_IGNORE);
    MPI_Sendrecv(f + m, 1, s->column, s->neighbours[3], 1, f, 1, s->column, s->neighbours[2], 1, s->comm, MPI_STATUS_IGNORE);
    MPI_Sendrecv(f + GHOST * w, row, MPI_DOUBLE, s->neighbours[0], 2, f + (GHOST + n) * w, row, MPI_DOUBLE, s->neighbours[1], 2, s->comm,
                 MPI_STATUS_IGNORE);
    MPI_Sendrecv(f + n * w, row, MPI_DOUBLE, s->neighbours[1], 3, f, row, MPI_DOUBLE, s->neighbours[0], 3, s->comm, MPI_STATUS_IGNORE);
}

void simulation_step(simulation *s)
{
    const double feed = 0.0367, kill = 0.0649, du = 0.16, dv = 0.08;
    exchange_ghosts(s, s->u);
    exchange_ghosts(s, s->v);
    for (int64_t i = 0; i < s->shape[0]; i++) {
        const double *u = simulation_cell(s, s->u, i, 0), *v = simulation_cell(s, s->v, i, 0);
        double *to_u = simulation_cell(s, s->u_next, i, 0), *to_v = simulation_cell(s, s->v_next, i, 0);
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

void simulation_stop(simulation *s)
{
    free(s->u), free(s->v), free(s->u_next), free(s->v_next);
    MPI_Type_free(&s->column);
    MPI_Comm_free(&s->comm);
}
