! Without stat an error ends the program, with its message.
program test_stop
  use dicod
  implicit none
  real(real64) :: x(20, 1) = 0, d(3, 1, 1) = 1, z(18, 1)
  call solve(x, d, z, reg=-1.0_real64)
  print '(a)', 'not reached'
end program
