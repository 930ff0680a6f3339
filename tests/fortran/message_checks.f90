! Messages say axes in Fortran's order, count from 1 and name what there is in Fortran; kinds that are not those of the library
! are taken where it is clear what is meant.
module message_checks
  use checks
  use dicod
  implicit none
  private
  public :: check_messages
  integer, parameter :: wp = real64

contains

  subroutine check_messages()
    call indices()
    call options_and_names()
    call numbers()
    call every_kind()
  end subroutine

  ! The message is this, and last_error() has it, too.
  subroutine says(stat, errmsg, text)
    integer(int32), intent(in) :: stat
    character(*), intent(in) :: errmsg, text
    call check(stat < 0 .and. errmsg == text .and. last_error() == trim(errmsg), text)
    if (errmsg /= text .or. last_error() /= trim(errmsg)) print '(4a)', '  ', trim(errmsg), ' | ', last_error()
  end subroutine

  function nan() result(value)
    use, intrinsic :: ieee_arithmetic, only: ieee_value, ieee_quiet_nan
    real(wp) :: value
    value = ieee_value(1.0_wp, ieee_quiet_nan)
  end function

  subroutine indices()
    real(wp) :: x(16, 14, 2, 1), d(3, 4, 2, 3), z(14, 11, 3, 1), line(40), atoms(5, 1, 2), code(36, 2)
    type(dicod_encoder) :: e
    integer(int32) :: stat
    character(400) :: errmsg
    call fill(x, size(x), 1)
    call fill(d, size(d), 2)
    call fill(line, size(line), 3)
    call fill(atoms, size(atoms), 4)
    errmsg = ''
    x(5, 3, 2, 1) = nan()
    call solve(x, d, z, stat=stat, errmsg=errmsg)
    call says(stat, errmsg, 'x(5, 3, 2, 1) must be a finite number, is NaN')
    call solve(x(:, :, :, 1), d, z(:, :, :, 1), stat=stat, errmsg=errmsg)
    call says(stat, errmsg, 'x(5, 3, 2) must be a finite number, is NaN')
    call e%create(d, [16, 14])
    call e%solve(x(:, :, :, 1), stat=stat, errmsg=errmsg)
    call says(stat, errmsg, 'x(5, 3, 2) must be a finite number, is NaN')
    z = 0
    z(2, 11, 3, 1) = nan()
    call e%set_z(z(:, :, :, 1), stat=stat, errmsg=errmsg)
    call says(stat, errmsg, 'z(2, 11, 3) must be a finite number, is NaN')
    d(1, 4, 2, 3) = nan()
    call e%set_dictionary(d, stat, errmsg)
    call says(stat, errmsg, 'd(1, 4, 2, 3) must be a finite number, is NaN')
    line(7) = nan()
    call solve(line, atoms, code, stat=stat, errmsg=errmsg)
    call says(stat, errmsg, 'x(7) must be a finite number, is NaN')
    line(7) = 0
    code = 0
    code(30, 2) = -1
    call solve(line, atoms, code, positive=.true., warm_start=.true., stat=stat, errmsg=errmsg)
    call says(stat, errmsg, 'z(30, 2) must be at least 0 with option "positive", is -1')
  end subroutine

  subroutine options_and_names()
    real(wp) :: x(16, 14, 2), d(3, 4, 2, 3), z(14, 11, 3)
    type(dicod_options) :: o
    type(dicod_encoder) :: e
    integer(int32) :: stat
    character(400) :: errmsg
    call fill(x, size(x), 1)
    call fill(d, size(d), 2)
    errmsg = ''
    call e%create(d, [2, 14], stat=stat, errmsg=errmsg)
    call says(stat, errmsg, 'the shape of an atom must be lengths from 1 to those of the signal, (2, 14), is (3, 4)')
    call e%create(d, [16, 14], tile_shape=[4, 0], stat=stat, errmsg=errmsg)
    call says(stat, errmsg, 'option "tile_shape(2)" must be at least 1, is 0')
    call e%create(d, [16, 14], reg_per_atom=[1, 2, -3], stat=stat, errmsg=errmsg)
    call says(stat, errmsg, 'option "reg_per_atom(3)" must be at least 0, is -3')
    call e%create(d, [16, 14], periodic=.true., stat=stat, errmsg=errmsg)
    call says(stat, errmsg, 'option "periodic" must be a list of 2, one value per axis, is a list of 1')
    call o%set('seed', 1.5_wp, stat, errmsg)
    call says(stat, errmsg, 'option "seed" must be an integer, is the real number 1.5')
    call o%set('lamda', 0.1, stat, errmsg)
    call says(stat, errmsg, 'there is no option "lamda"; did you mean "reg"?')
    call o%set('n_jobs', 4, stat, errmsg)
    call says(stat, errmsg, 'there is no option "n_jobs": threads are the context''s: call context%create(n_threads=n)')
    call e%create(d, [16, 14])
    call e%solve(x, offset=[0, 1], stat=stat, errmsg=errmsg)
    call says(stat, errmsg, 'the shape of x must be from 0 to what is left of (16, 14) from offset (0, 1) on, is (16, 14)')
    ! What the modules find out themselves.
    call solve(x, d, z(:, :, :2), stat=stat, errmsg=errmsg)
    call says(stat, errmsg, 'z has the shape (14, 11, 2), for these signals and atoms it is (14, 11, 3, 1) (axes, atom, signal)')
  end subroutine

  subroutine numbers()
    type(segmentation) :: s
    type(option_description) :: one
    type(parmap) :: map
    real(wp) :: inputs(1, 6), outputs(1, 6)
    integer(int64), allocatable :: list(:)
    integer(int64) :: b(2, 2)
    integer(int32) :: stat
    character(400) :: errmsg
    errmsg = ''
    call s%create(full_shape=[20, 30], n_segments=[3, 4])
    b = s%bounds(13, stat=stat, errmsg=errmsg)
    call says(stat, errmsg, 'segment must be from 1 to 12, is 13')
    list = s%touched([1, 1], [0, -1], stat, errmsg)
    call says(stat, errmsg, 'radius(2) must be at least 0, is -1')
    call s%create(full_shape=[20, 30], n_segments=[3, 31], stat=stat, errmsg=errmsg)
    call says(stat, errmsg, 'n_segments(2) must be from 1 to 30, the size of the domain on that axis, is 31')
    call describe_option(0, one, stat, errmsg)
    call check(stat < 0 .and. index(errmsg, 'index must be from 1 to ') == 1 .and. index(errmsg, ', is 0') > 0, 'describe_option')
    call map%create()
    inputs = 1
    inputs(1, 4) = -1
    call map%run(fails_below_0, inputs, outputs, stat=stat, errmsg=errmsg)
    call says(stat, errmsg, 'task 4 failed with code 7 on rank 0, worker 0: negative')
    call check(b(1, 1) >= 0 .and. size(list) >= 0, 'outputs')
  end subroutine

  recursive subroutine fails_below_0(task, input, output, code, user)
    type(parmap_task), intent(in) :: task
    real(wp), intent(in) :: input(:)
    real(wp), intent(inout) :: output(:)
    integer(int32), intent(inout) :: code
    class(*), intent(inout), optional :: user
    output = input
    if (input(1) >= 0 .and. .not. present(user)) return
    code = 7
    call task%explain('negative')
  end subroutine

  ! Integers, reals and flags of other kinds, and scalars for lists of one, give what those of the library give.
  subroutine every_kind()
    real(wp) :: line(50), atoms(5, 1, 2), z(50, 2), wanted(50, 2), code(46, 2), wanted_code(46, 2)
    integer :: small(1), first(1), count_1
    integer(int64) :: wide(1)
    integer, allocatable :: tiles(:)
    logical, allocatable :: flags(:)
    logical :: flag
    real(real32) :: tol
    type(dicod_encoder) :: e
    type(dicod_options) :: o
    call fill(line, size(line), 5)
    call fill(atoms, size(atoms), 6)
    call solve(line, atoms, wanted, reg=0.25_wp, tol=0.5_wp**20, max_iter=100_int64, periodic=[.true.], tile_shape=[16_int64])
    call solve(line, atoms, z, reg=0.25, tol=0.5**20, max_iter=100, periodic=.true., tile_shape=16)
    call check(same(z, wanted, size(z)), 'default kinds')
    call solve(line, atoms, z, reg=0.25, tol=0.5**20, max_iter=100_2, periodic=.true._c_bool, tile_shape=[16_1])
    call check(same(z, wanted, size(z)), 'small kinds')
    call solve(line, atoms, wanted_code, reg_per_atom=[1.0_wp, 2.0_wp], reg_scale='absolute')
    call solve(line, atoms, code, reg_per_atom=[1, 2], reg_scale='absolute')
    call check(same(code, wanted_code, size(code)), 'whole numbers for reals')
    call e%create(atoms, 50, 1)
    call e%solve(line, offset=0)
    call e%get_z(code, offset=[0])
    call solve(line, atoms, wanted_code)
    call check(same(code, wanted_code, size(code)), 'a scalar shape')
    call e%region(first, small)
    call e%region(wide, wide)
    call check(first(1) == 0 .and. small(1) == 46 .and. wide(1) == 46, 'region')
    small = valid_shape([50], [5], periodic=.true.)
    call check(small(1) == 50, 'valid_shape')
    call valid_block(50, 5, 40, 10, first, small)
    call check(first(1) == 40 .and. small(1) == 6, 'valid_block')
    call o%set('max_iter', 7)
    call o%set('positive', .true.)
    call o%set('tol', 0.5)
    call o%set('tile_shape', [4, 5])
    call o%set('periodic', [.false., .true.])
    call o%set('reg', 1)
    call o%get('max_iter', count_1)
    call o%get('positive', flag)
    call o%get('tol', tol)
    call o%get('tile_shape', tiles)
    call o%get('periodic', flags)
    call check(count_1 == 7 .and. flag .and. tol >= 0.5 .and. tol <= 0.5, 'get, scalars')
    call check(all(tiles == [4, 5]) .and. all(flags .eqv. [.false., .true.]), 'get, lists')
  end subroutine
end module
