/*
 * What the module dicod_mpi calls, over the MPI that this file is compiled with: the static functions of dicod_mpi_inline.h under names
 * that can be linked. Only where there is no libdicod_mpi of that MPI.
 */
#ifndef DICOD_MPI_INLINE
#define DICOD_MPI_INLINE
#endif
#define dicod_context_create_mpi_f dicod_inline_context_create_mpi_f
#define parmap_task_get_comm_f dicod_inline_task_get_comm_f
#define dicod_mpi_library dicod_inline_mpi_library
#include "dicod_mpi.h"
#undef dicod_context_create_mpi_f
#undef parmap_task_get_comm_f
#undef dicod_mpi_library

dicod_status dicod_context_create_mpi_f(MPI_Fint comm, int32_t n_threads, dicod_context **context);
dicod_status parmap_task_get_comm_f(const parmap_task *task, MPI_Fint *comm);
const char *dicod_mpi_library(void);

dicod_status dicod_context_create_mpi_f(MPI_Fint comm, int32_t n_threads, dicod_context **context)
{
    return dicod_inline_context_create_mpi_f(comm, n_threads, context);
}

dicod_status parmap_task_get_comm_f(const parmap_task *task, MPI_Fint *comm)
{
    return dicod_inline_task_get_comm_f(task, comm);
}

const char *dicod_mpi_library(void)
{
    return dicod_inline_mpi_library();
}
