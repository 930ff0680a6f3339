! A communicator of the module mpi: an integer.
program test_mpi_integer
  use mpi
  use dicod
  use dicod_mpi
  implicit none
  type(dicod_context) :: context
  integer :: ierror, n_ranks
  real(real64) :: x(30, 1) = 0, d(4, 1, 1) = 1, z(27, 1)
  call MPI_Init(ierror)
  call MPI_Comm_size(MPI_COMM_WORLD, n_ranks, ierror)
  call create_context(context, MPI_COMM_WORLD)
  if (context%n_ranks() /= n_ranks) error stop 'ranks'
  x(10:13, 1) = 5
  call solve(x, d, z, context=context)
  if (maxloc(z(:, 1), 1) /= 10) error stop 'z'
  call context%free()
  call MPI_Finalize(ierror)
end program
