// dicod_mpi.h in C++17, and the handle twins.
#include "dicod_mpi.h"

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    dicod_context *context = nullptr;
    int32_t rank = -1, n_ranks = -1, wrong = 0;
    wrong += dicod_context_create_mpi_f(MPI_Comm_c2f(MPI_COMM_WORLD), 1, &context) != DICOD_OK;
    wrong += dicod_context_get_ranks(context, &rank, &n_ranks) != DICOD_OK;
    int world_rank, world_size;
    MPI_Comm_rank(MPI_COMM_WORLD, &world_rank);
    MPI_Comm_size(MPI_COMM_WORLD, &world_size);
    wrong += rank != world_rank || n_ranks != world_size;
    wrong += dicod_mpi_library()[0] == '\0';
    wrong += dicod_context_free(&context) != DICOD_OK;
    MPI_Finalize();
    return wrong;
}
