! Blocks with ghost layers, every second element, reversed axes: an encoder and a learner read and write them where they lie.
program test_in_place
  use dicod
  implicit none
  integer, parameter :: wp = real64
  real(wp) :: x(0:17, 0:15, 2), every_second(32, 28, 2), d(3, 4, 2, 3), z(0:15, 0:12, 3), again(3, 14, 11), learnt(3, 4, 2, 3)
  type(dicod_encoder) :: encoder
  type(dicod_learner) :: learner
  integer :: i, j, k

  x = -99
  do k = 1, 2
    do j = 1, 14
      do i = 1, 16
        x(i, j, k) = modulo(i*i + 7*j + 3*i*j*k, 17) - 8
      end do
    end do
  end do
  do k = 1, 3
    d(:, :, :, k) = reshape([(modulo(i*(k + 2), 11) - 5.0_wp, i=1, 24)], [3, 4, 2])
  end do
  do k = 1, 2
    do j = 1, 14
      do i = 1, 16
        every_second(2*i, 2*j, k) = x(17 - i, j, k)
      end do
    end do
  end do
  call encoder%create(d, [16_int64, 14_int64])
  call encoder%solve(x(1:16, 1:14, :))
  z = -7
  call encoder%get_z(z(1:14, 1:11, :))
  if (any(abs(z(0, :, :) + 7) > 0) .or. any(abs(z(15, :, :) + 7) > 0) .or. any(abs(z(:, 0, :) + 7) > 0) &
    .or. any(abs(z(:, 12, :) + 7) > 0)) error stop 'a ghost was written'
  if (.not. any(abs(z(1:14, 1:11, :)) > 0)) error stop 'nothing was found'
  call encoder%clear_z()
  call encoder%solve(every_second(32:2:-2, 2:28:2, :))
  do k = 1, 3
    call encoder%get_z(z(1:14, 1:11, :))
    again(k, :, :) = z(1:14, 1:11, k)
  end do
  call encoder%clear_z()
  call encoder%solve(x(1:16, 1:14, :))
  call encoder%get_z(z(1:14, 1:11, 3:1:-1))
  do k = 1, 3
    if (any(abs(again(k, :, :) - z(1:14, 1:11, 4 - k)) > 0)) error stop 'sections differ'
  end do
  call learner%create(d, [16_int64, 14_int64], learn_max_iter=2_int64)
  call learner%step(x(1:16, 1:14, :))
  call learner%get_dictionary(learnt)
  call learner%get_z(z(1:14, 1:11, :))
  if (any(abs(z(0, :, :) + 7) > 0)) error stop 'a ghost was written'
  print '(a)', 'in place'
end program
