! What a newcomer writes: a signal that holds a pattern twice.
program encode
  use dicod
  implicit none
  real(real64) :: x(64) = 0, d(3, 1, 1), z(62, 1)
  d(:, 1, 1) = [1, 2, 1]
  x(21:23) = 3*d(:, 1, 1)
  x(51:53) = -2*d(:, 1, 1)
  call solve(x, d, z)
  print '(a,f0.1,a,f0.1)', 'z(21) = ', z(21, 1), ', z(51) = ', z(51, 1)
  if (abs(z(21, 1) - 2.7_real64) > 1e-6_real64 .or. count(abs(z) > 0) /= 2) error stop 'not what was expected'
end program
