/* The smallest program that links to libdicod_mpi. */
#include <dicod_mpi.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    dicod_context *context = NULL;
    int32_t rank, n_ranks;
    int failed = dicod_context_create_mpi(MPI_COMM_WORLD, 1, &context) != DICOD_OK;
    failed |= dicod_context_get_ranks(context, &rank, &n_ranks) != DICOD_OK;
    printf("rank %d of %d, %s\n", (int)rank, (int)n_ranks, dicod_mpi_library());
    failed |= dicod_context_free(&context) != DICOD_OK;
    MPI_Finalize();
    return failed;
}
