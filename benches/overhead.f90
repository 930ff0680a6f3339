! What a call from Fortran costs beside the same call from C (make bench-calls): the least of many short runs, so that a busy
! machine does not count. Ends with an error above 5 us.
program overhead
  use, intrinsic :: iso_c_binding, only: c_double, c_int64_t, c_loc
  use dicod
  use dicod_c, only: dicod_encoder_get_lambda
  implicit none
  interface
    function seconds_in_c(signal, atom, x, d, z, reg, calls) bind(c)
      import :: c_double, c_int64_t
      integer(c_int64_t), value :: signal, atom, calls
      real(c_double), value :: reg
      real(c_double), intent(in) :: x(*), d(*)
      real(c_double), intent(inout) :: z(*)
      real(c_double) :: seconds_in_c
    end function
  end interface
  real(real64), target :: x(8, 1) = 0, d(3, 1, 1) = 1, z(6, 1), lambda(1)
  type(dicod_options) :: options
  type(dicod_encoder) :: encoder
  real(real64) :: in_c, as_variable, one_by_one, raw, wrapped
  integer, parameter :: calls = 20
  integer :: i, repeat
  integer(int32) :: status
  x(3:5, 1) = 1
  call options%set('reg', 0.5_real64)
  call encoder%create(d, [8_int64], reg=0.5_real64)
  call encoder%solve(x)
  in_c = huge(1.0_real64)
  as_variable = in_c
  one_by_one = as_variable
  raw = as_variable
  wrapped = as_variable
  do repeat = 1, 500
    in_c = min(in_c, seconds_in_c(8_int64, 3_int64, x, d, z, 0.5_real64, int(calls, int64)))
    as_variable = min(as_variable, seconds(1))
    one_by_one = min(one_by_one, seconds(2))
    raw = min(raw, seconds(3))
    wrapped = min(wrapped, seconds(4))
  end do
  print '(a,f7.3)', 'solve, eight elements, from C:        us', 1e6_real64*in_c
  print '(a,f7.3)', 'from Fortran, options as a variable: + us', 1e6_real64*(as_variable - in_c)
  print '(a,f7.3)', 'from Fortran, options one by one:    + us', 1e6_real64*(one_by_one - in_c)
  print '(a,f7.3)', 'encoder%get_lambda beside C:         + us', 1e6_real64*(wrapped - raw)
  if (max(as_variable - in_c, one_by_one - in_c, wrapped - raw) > 5e-6_real64) error stop 'a call costs more than 5 us'

contains

  function seconds(what)
    integer, intent(in) :: what
    real(real64) :: seconds
    integer(int64) :: begin, end, rate
    call system_clock(begin, rate)
    do i = 1, calls
      select case (what)
      case (1)
        call solve(x, d, z, options=options)
      case (2)
        call solve(x, d, z, reg=0.5_real64)
      case (3)
        status = dicod_encoder_get_lambda(encoder%handle, 1_int64, c_loc(lambda))
      case (4)
        call encoder%get_lambda(lambda)
      end select
    end do
    call system_clock(end)
    seconds = real(end - begin, real64)/real(rate, real64)/calls
  end function
end program
