! The sweep of sweep_problem.f90 on all cores.
program sweep
  use dicod
  use sweep_problem
  implicit none
  type(dicod_context) :: context
  call context%create(n_threads=-1)
  call tabulate(context)
end program
