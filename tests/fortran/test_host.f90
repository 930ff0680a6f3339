! The floating-point environment is the program's: it may trap (-ffpe-trap=invalid,zero,overflow), nothing is raised in it,
! so that STOP has no note, and callbacks run in it. Tasks in threads have the main thread's stack.
module host_m
  use dicod
  use, intrinsic :: ieee_exceptions
  implicit none
  logical :: halts(3), seen = .false., differs = .false.
contains
  subroutine look()
    logical :: now(3)
    call ieee_get_halting_mode(ieee_usual, now)
    if (any(now .neqv. halts)) differs = .true.
    seen = .true.
  end subroutine
  subroutine watch(progress, stop, user)
    type(dicod_progress), intent(in) :: progress
    logical, intent(inout) :: stop
    class(*), intent(inout), optional :: user
    call look()
    stop = progress%sweeps < 0
    if (present(user)) differs = .true.
  end subroutine
  ! The array is on the stack: -fstack-arrays.
  recursive subroutine work(task, input, output, code, user)
    type(parmap_task), intent(in) :: task
    real(real64), intent(in) :: input(:)
    real(real64), intent(inout) :: output(:)
    integer(int32), intent(inout) :: code
    class(*), intent(inout), optional :: user
    real(real64) :: a(nint(input(1)))
    a = input(1)
    a(size(a)/2) = -1
    output = sum(a)
    call look()
    if (task%cancelled() .or. present(user)) code = 1
  end subroutine
end module
program test_host
  use host_m
  implicit none
  integer, parameter :: n_values = 300000
  real(real64) :: x(400, 1), zero(400, 1) = 0, d(8, 1, 2), z(393, 2), inputs(1, 20) = n_values, outputs(1, 20)
  type(dicod_context) :: context
  type(parmap) :: map
  integer(int32) :: status
  logical :: raised(5)
  integer :: n_threads, i
  do i = 1, 400
    x(i, 1) = mod(i*7919, 1000)/500.0_real64 - 1
  end do
  d(:, 1, 1) = [(i - 3.5_real64, i = 1, 8)]
  d(:, 1, 2) = [(mod(i, 2)*1.7_real64 - 0.7_real64, i = 1, 8)]
  call ieee_get_halting_mode(ieee_usual, halts)
  do n_threads = 1, 3, 2
    call context%create(n_threads)
    call context%set_progress(watch)
    call ieee_set_flag(ieee_all, .false.)
    call solve(x, d, z, context=context, progress_interval=0.0_real64)
    call solve(zero, d, z, context=context)
    call solve(x, d, z, context=context, reg=0.0_real64, reg_scale='absolute', max_iter=20_int64, stat=status)
    call solve(x, d, z, context=context, reg=-1.0_real64, stat=status)
    if (status /= DICOD_ERROR_INVALID_ARGUMENT) error stop 'a wrong argument was taken'
    call map%create(context)
    call map%run(work, inputs, outputs)
    if (any(outputs /= n_values*real(n_values - 1, real64) - 1)) error stop 'wrong results'
    call ieee_get_flag(ieee_all, raised)
    if (any(raised(1:3))) error stop 'something was raised'
    call map%free()
    call context%free()
  end do
  if (.not. seen .or. differs) error stop 'callbacks were not in the program''s environment'
  print '(a)', 'host: right'
  stop
end program
