/* A running simulation, as other people write them: nothing here knows of the library.
 *
 * Gray-Scott reaction-diffusion on a periodic grid, spread over the ranks of a Cartesian communicator, each with its
 * block and a ghost layer. Spots of v grow and divide. */
#ifndef GRAY_SCOTT_H
#define GRAY_SCOTT_H

#include <mpi.h>
#include <stdint.h>

typedef struct {
    MPI_Comm comm; /* Cartesian, periodic */
    int rank, n_ranks;
    int neighbours[4]; /* up, down, left, right */
    int64_t global[2], offset[2], shape[2], width;
    double *u, *v, *u_next, *v_next; /* (shape[0] + 2) x (shape[1] + 2) */
    MPI_Datatype column;
} simulation;

/* Collective: size x size cells on all ranks, seeded the same on any number of them. */
void simulation_start(simulation *s, int64_t size);
void simulation_stop(simulation *s);

/* Collective: one time step. */
void simulation_step(simulation *s);

/* The place of cell (i, j) of this rank's block in one of its fields. */
double *simulation_cell(const simulation *s, double *field, int64_t i, int64_t j);

#endif
