! What the Fortran tests share: checks that count, random numbers, the reference in C.
module checks
  use, intrinsic :: iso_fortran_env, only: int32, int64, real32, real64
  use, intrinsic :: iso_c_binding
  use dicod, only: dicod_info
  implicit none
  integer :: n_checks = 0, n_failures = 0
  logical :: seen(200) = .false.

  ! What callbacks are given.
  type :: counters
    integer :: n(3) = 0
  end type

  ! reference.c
  interface
    function reference_solve(options, n_axes, signal, n_signals, n_channels, n_atoms, atom, x, d, z, info) bind(c)
      import
      character(kind=c_char), intent(in) :: options(*)
      integer(c_int64_t), value :: n_axes, n_signals, n_channels, n_atoms
      integer(c_int64_t), intent(in) :: signal(*), atom(*)
      real(c_double), intent(in) :: x(*), d(*)
      real(c_double), intent(inout) :: z(*)
      type(dicod_info), intent(inout), optional :: info
      integer(c_int32_t) :: reference_solve
    end function
    function reference_learn(options, n_axes, signal, n_signals, n_channels, n_atoms, atom, x, d, z) bind(c)
      import
      character(kind=c_char), intent(in) :: options(*)
      integer(c_int64_t), value :: n_axes, n_signals, n_channels, n_atoms
      integer(c_int64_t), intent(in) :: signal(*), atom(*)
      real(c_double), intent(in) :: x(*)
      real(c_double), intent(inout) :: d(*)
      real(c_double), intent(inout), optional :: z(*)
      integer(c_int32_t) :: reference_learn
    end function
    function reference_solve_f32(options, n_axes, signal, n_signals, n_channels, n_atoms, atom, x, d, z, info) bind(c)
      import
      character(kind=c_char), intent(in) :: options(*)
      integer(c_int64_t), value :: n_axes, n_signals, n_channels, n_atoms
      integer(c_int64_t), intent(in) :: signal(*), atom(*)
      real(c_float), intent(in) :: x(*), d(*)
      real(c_float), intent(inout) :: z(*)
      type(dicod_info), intent(inout), optional :: info
      integer(c_int32_t) :: reference_solve_f32
    end function
    function reference_learn_f32(options, n_axes, signal, n_signals, n_channels, n_atoms, atom, x, d, z) bind(c)
      import
      character(kind=c_char), intent(in) :: options(*)
      integer(c_int64_t), value :: n_axes, n_signals, n_channels, n_atoms
      integer(c_int64_t), intent(in) :: signal(*), atom(*)
      real(c_float), intent(in) :: x(*)
      real(c_float), intent(inout) :: d(*)
      real(c_float), intent(inout), optional :: z(*)
      integer(c_int32_t) :: reference_learn_f32
    end function
  end interface

contains

  subroutine check(holds, what)
    logical, intent(in) :: holds
    character(*), intent(in) :: what
    n_checks = n_checks + 1
    if (holds) return
    n_failures = n_failures + 1
    print '(2a)', 'failed: ', what
  end subroutine

  ! An error of this status whose message names text. It is remembered which were seen.
  subroutine fails(stat, errmsg, wanted, text)
    integer(int32), intent(in) :: stat, wanted
    character(*), intent(in) :: errmsg, text
    seen(-wanted) = .true.
    call check(stat == wanted .and. index(errmsg, text) > 0, text)
    if (stat /= wanted .or. index(errmsg, text) == 0) print '(a,2i5,2a)', '  status ', stat, wanted, ': ', trim(errmsg)
  end subroutine

  ! Uniform in -1 to 1, always the same.
  subroutine fill(values, n, seed)
    integer, intent(in) :: n, seed
    real(real64), intent(out) :: values(n)
    integer(int64) :: state
    integer :: i
    state = seed
    do i = 1, n
      state = modulo(state*1103515245_int64 + 12345_int64, 2147483648_int64)
      values(i) = real(state, real64)/1073741824.0_real64 - 1
    end do
  end subroutine

  subroutine fill32(values, n, seed)
    integer, intent(in) :: n, seed
    real(real32), intent(out) :: values(n)
    real(real64) :: wide(n)
    call fill(wide, n, seed)
    values = real(wide, real32)
  end subroutine

  logical function same(a, b, n)
    integer, intent(in) :: n
    real(real64), intent(in) :: a(n), b(n)
    integer :: i
    same = all([(transfer(a(i), 0_int64) == transfer(b(i), 0_int64), i=1, n)])
  end function

  logical function same32(a, b, n)
    integer, intent(in) :: n
    real(real32), intent(in) :: a(n), b(n)
    integer :: i
    same32 = all([(transfer(a(i), 0_int32) == transfer(b(i), 0_int32), i=1, n)])
  end function

  subroutine finish(name)
    character(*), intent(in) :: name
    print '(2a,i0,a,i0,a)', name, ': ', n_checks, ' checks, ', n_failures, ' failures'
    if (n_failures > 0) error stop 1
  end subroutine
end module
