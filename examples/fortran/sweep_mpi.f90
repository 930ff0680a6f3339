! The sweep of sweep_problem.f90 on all ranks: mpirun -n 4 sweep_mpi
program sweep_mpi
  use mpi_f08
  use dicod
  use dicod_mpi
  use sweep_problem
  implicit none
  type(dicod_context) :: context
  call MPI_Init()
  call create_context(context, MPI_COMM_WORLD)
  call tabulate(context)
  call context%free()
  call MPI_Finalize()
end program
