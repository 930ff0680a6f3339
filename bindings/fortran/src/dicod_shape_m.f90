! What calls have in common: shapes, where arrays lie, the options that were given. Axes are reversed here: Fortran's first
! is C's last.
module dicod_shape_m
  use, intrinsic :: iso_fortran_env, only: int32, int64, real32, real64
  use dicod_c
  use dicod_error_m
  use dicod_context_m
  use dicod_options_m
  implicit none
  private
  public :: valid_shape, valid_block
  public :: geometry, view, described, call_state
  public :: dicod_description, describe_handle, describe_atoms, geometry_of
  !@each kinds
  public :: view_{n}
  !@end

  ! What x, d and z have in common, in the order of C.
  type :: geometry
    integer(int64) :: n_axes = 0, n_signals = 1, n_channels = 1, n_atoms = 1
    integer(int64) :: signal(3) = 1, atom(3) = 1, valid(3) = 1
    integer(int64) :: element_type = DICOD_F64
  end type

  ! What a learner or an encoder holds, shapes in Fortran's order. kind is real64 or real32; n_coded: signals that z is of;
  ! iterations: of a learner so far; bytes: what it holds on this rank, about.
  type :: dicod_description
    integer :: kind = real64
    integer(int64) :: n_axes = 0, n_signals = 0, n_channels = 0, n_atoms = 0, n_coded = 0, iterations = 0, bytes = 0
    integer(int64), allocatable :: signal_shape(:), atom_shape(:), valid_shape(:)
    ! Of each atom by itself, in its column.
    integer(int64), allocatable :: atom_shapes(:, :)
  end type

  ! Where the elements of an array lie, strides in bytes.
  type :: view
    integer(c_intptr_t) :: base = 0
    integer :: rank = 0
    integer(int64) :: extent(5) = 1, stride(5) = 0
  end type

  ! An array as dicod.h describes it.
  type :: described
    type(dicod_array) :: array
    integer(int64) :: global(3) = 1, offset(3) = 0, local(3) = 1, strides(3) = 1
    type(c_ptr), allocatable :: channels(:)
  contains
    procedure :: input
  end type

  ! One call: what was found out about its arguments, and the first error. Once there is one the rest does nothing.
  type :: call_state
    type(geometry) :: g
    integer(int32) :: status = DICOD_OK
    character(:), allocatable :: text
    type(c_ptr) :: context = c_null_ptr, options = c_null_ptr
    type(dicod_options) :: one
    ! On more ranks than one.
    logical :: shared = .false.
    ! The shapes of atoms by themselves, in the order of C.
    integer(int64), allocatable :: atom_shapes(:)
    ! Numbers of axes that x and z were given with.
    integer :: rank_x = 0, rank_z = 0
  contains
    procedure :: choose_context
    procedure :: choose_options
    procedure :: measure
    procedure :: measure_d
    procedure :: find_valid
    procedure :: check_z
    procedure :: domain
    procedure :: own_shapes
    procedure :: ready
    procedure :: same_d
    procedure :: same_factors
    procedure :: compare
    procedure :: lay_out
    procedure :: problem
    procedure :: proceed
    procedure :: pointer
    procedure :: finish
    procedure :: report
  end type

  ! valid_shape(signal_shape, atom_shape, periodic): the shape of z, axes only.
  interface valid_shape
    module procedure valid_shape_int64, valid_shape_int32
  end interface

  ! Where the address of an empty array points.
  real(real64), target, save :: nowhere(1) = 0

contains

  recursive subroutine describe_handle(info, description)
    type(dicod_handle_info), intent(in) :: info
    type(dicod_description), intent(inout) :: description
    description%kind = merge(real64, real32, info%element_type == DICOD_F64)
    description%n_axes = info%n_axes
    description%n_signals = info%n_signals
    description%n_channels = info%n_channels
    description%n_atoms = info%n_atoms
    description%n_coded = info%n_coded
    description%iterations = info%iterations
    description%bytes = info%bytes
    description%signal_shape = reverse(info%signal_shape(:info%n_axes))
    description%atom_shape = reverse(info%atom_shape(:info%n_axes))
    description%valid_shape = reverse(info%valid_shape(:info%n_axes))
  end subroutine

  ! The shapes that atoms have by themselves, as C tells them.
  recursive subroutine describe_atoms(shapes, description)
    integer(int64), intent(in) :: shapes(:)
    type(dicod_description), intent(inout) :: description
    integer :: n
    n = int(description%n_axes)
    description%atom_shapes = reshape(shapes, [n, size(shapes)/n])
    description%atom_shapes = description%atom_shapes(n:1:-1, :)
  end subroutine

  recursive function geometry_of(info) result(g)
    type(dicod_handle_info), intent(in) :: info
    type(geometry) :: g
    g%n_axes = info%n_axes
    g%n_signals = info%n_signals
    g%n_channels = info%n_channels
    g%n_atoms = info%n_atoms
    g%signal = max(info%signal_shape(:3), 1_int64)
    g%atom = max(info%atom_shape(:3), 1_int64)
    g%valid = max(info%valid_shape(:3), 1_int64)
    g%element_type = info%element_type
  end function

  ! A variable that was never created is an error, not the default.
  recursive subroutine choose_context(c, context)
    class(call_state), intent(inout) :: c
    type(dicod_context), intent(in), optional :: context
    if (.not. present(context)) return
    c%context = context%handle
    c%shared = context%collective
    if (c_associated(c%context)) return
    c%status = DICOD_ERROR_NULL_POINTER
    c%text = 'context was not created'
  end subroutine

  ! The options that a call was given: a variable with them, or one by one.
  recursive subroutine choose_options(c, options, &
      !@option_names_last
    class(call_state), intent(inout) :: c
    type(dicod_options), intent(in), optional :: options
    !@option_declarations
    integer(int32) :: stat
    character(1) :: errmsg
    if (c%status < 0) return
    stat = DICOD_OK
    errmsg = ''
    call apply()
    c%status = stat
    if (c%status < 0) then
      c%text = last_error()
      return
    end if
    c%options = c%one%handle
    if (.not. present(options)) return
    if (c_associated(c%options)) then
      c%status = DICOD_ERROR_INVALID_ARGUMENT
      c%text = 'options are given both as a variable and one by one: set all of them in the variable'
    else
      c%options = options%handle
    end if
  contains
    recursive subroutine apply()
      !@option_apply
    end subroutine
  end subroutine

  ! Shapes of x and d, as Fortran has them.
  recursive subroutine measure(c, name, shape_x, shape_d)
    class(call_state), intent(inout) :: c
    character(*), intent(in) :: name
    integer(int64), intent(in) :: shape_x(:), shape_d(:)
    integer :: n
    call c%measure_d(shape_d)
    if (c%status < 0) return
    c%rank_x = size(shape_x)
    n = int(c%g%n_axes)
    if (size(shape_x) < n .or. size(shape_x) > n + 2) then
      c%status = DICOD_ERROR_INVALID_SHAPE
      c%text = name//' has the shape '//text_of(shape_x)//': with d of shape '//text_of(shape_d)// &
        ' there are its axes, then channel and signal, in all'//text_of(int([n, n + 1, n + 2], int64))//' axes'
      return
    end if
    c%g%signal(:n) = reverse(shape_x(:n))
    c%g%n_signals = 1
    if (size(shape_x) == n + 2) c%g%n_signals = shape_x(n + 2)
    if (size(shape_x) > n) then
      if (shape_x(n + 1) == c%g%n_channels) return
    else if (c%g%n_channels == 1) then
      return
    end if
    c%status = DICOD_ERROR_INVALID_SHAPE
    c%text = 'channels of '//name//' and d differ: '//name//' has the shape '//text_of(shape_x)//', d has '//text_of(shape_d)
  end subroutine

  recursive subroutine measure_d(c, shape_d)
    class(call_state), intent(inout) :: c
    integer(int64), intent(in) :: shape_d(:)
    integer :: n
    if (c%status < 0) return
    n = size(shape_d) - 2
    if (n < 1 .or. n > 3) then
      c%status = DICOD_ERROR_INVALID_SHAPE
      c%text = 'd has the shape '//text_of(shape_d)//': it has one to three axes, then channel and atom'
      return
    end if
    c%g%n_axes = n
    c%g%atom(:n) = reverse(shape_d(:n))
    c%g%n_channels = shape_d(n + 1)
    c%g%n_atoms = shape_d(n + 2)
  end subroutine

  recursive subroutine find_valid(c)
    class(call_state), intent(inout) :: c
    integer(int64), target :: valid(3)
    if (c%status < 0) return
    valid = c%g%valid
    c%status = dicod_valid_shape(c%options, c%problem(), c_loc(valid))
    if (c%status < 0) then
      c%text = last_error()
    else
      c%g%valid = valid
    end if
  end subroutine

  recursive subroutine check_z(c, shape_z)
    class(call_state), intent(inout) :: c
    integer(int64), intent(in) :: shape_z(:)
    integer(int64), allocatable :: wanted(:)
    if (c%status < 0) return
    c%rank_z = size(shape_z)
    call c%find_valid()
    if (c%status < 0) return
    wanted = [reverse(c%g%valid(:c%g%n_axes)), c%g%n_atoms, c%g%n_signals]
    if (size(shape_z) == size(wanted)) then
      if (all(shape_z == wanted)) return
    else if (c%g%n_signals == 1 .and. size(shape_z) == size(wanted) - 1) then
      if (all(shape_z == wanted(:size(wanted) - 1))) return
    end if
    c%status = DICOD_ERROR_INVALID_SHAPE
    c%text = 'z has the shape '//text_of(shape_z)//', for these signals and atoms it is '//text_of(wanted)// &
      ' (axes, atom, signal)'
  end subroutine

  ! A dictionary of this shape on a domain; options say which axes are periodic.
  recursive subroutine domain(c, shape_d, signal_shape, n_signals, element_type)
    class(call_state), intent(inout) :: c
    integer(int64), intent(in) :: shape_d(:), element_type
    class(*), intent(in) :: signal_shape(..)
    class(*), intent(in), optional :: n_signals
    integer(int64), allocatable :: axes(:)
    call c%measure_d(shape_d)
    if (c%status < 0) return
    axes = wholes(signal_shape)
    if (size(axes) /= c%g%n_axes) then
      c%status = DICOD_ERROR_INVALID_SHAPE
      c%text = 'signal_shape '//text_of(axes)//' does not go with d of shape '//text_of(shape_d)// &
        ': d has its axes, then channel and atom'
      return
    end if
    c%g%signal(:c%g%n_axes) = reverse(axes)
    if (present(n_signals)) c%g%n_signals = whole(n_signals)
    c%g%element_type = element_type
    call c%find_valid()
  end subroutine

  ! The shapes that atoms have by themselves: a column for each atom, or with one axis a length for each.
  recursive subroutine own_shapes(c, atom_shapes)
    class(call_state), intent(inout) :: c
    class(*), intent(in), optional :: atom_shapes(..)
    integer :: n, k
    if (c%status < 0 .or. .not. present(atom_shapes)) return
    n = int(c%g%n_axes)
    c%atom_shapes = wholes(atom_shapes)
    if (size(c%atom_shapes, kind=int64) /= n*c%g%n_atoms) then
      c%status = DICOD_ERROR_INVALID_SHAPE
      c%text = 'atom_shapes has '//text_of([size(c%atom_shapes, kind=int64)])//' values: whole numbers of shape '// &
        text_of([int(n, int64), c%g%n_atoms])//' are wanted, a column for each atom'
      return
    end if
    do k = 1, size(c%atom_shapes), n
      c%atom_shapes(k:k + n - 1) = reverse(c%atom_shapes(k:k + n - 1))
    end do
  end subroutine

  ! The handle of an encoder or learner that is used, and the kind of the array that it is given.
  recursive subroutine ready(c, handle, g, element_type, name, collective)
    class(call_state), intent(inout) :: c
    type(c_ptr), intent(in) :: handle
    type(geometry), intent(in) :: g
    integer(int64), intent(in) :: element_type
    character(*), intent(in) :: name
    logical, intent(in) :: collective
    c%g = g
    c%shared = collective
    if (.not. c_associated(handle)) then
      c%status = DICOD_ERROR_NULL_POINTER
      c%text = name//' was not created'
    else if (g%element_type /= element_type) then
      c%status = DICOD_ERROR_INVALID_ARGUMENT
      c%text = 'the array is of real('//merge('real64', 'real32', element_type == DICOD_F64)//'), the '//name//' of the other kind'
    end if
  end subroutine

  ! Another dictionary has to have the same shape.
  recursive subroutine same_d(c, shape_d, g)
    class(call_state), intent(inout) :: c
    integer(int64), intent(in) :: shape_d(:)
    type(geometry), intent(in) :: g
    call c%compare('d', shape_d, [reverse(g%atom(:g%n_axes)), g%n_channels, g%n_atoms])
  end subroutine

  ! As same_d, for factors u(channel, atom) and v(axes, atom).
  recursive subroutine same_factors(c, shape_u, shape_v, g)
    class(call_state), intent(inout) :: c
    integer(int64), intent(in) :: shape_u(:), shape_v(:)
    type(geometry), intent(in) :: g
    call c%compare('u', shape_u, [g%n_channels, g%n_atoms])
    call c%compare('v', shape_v, [reverse(g%atom(:g%n_axes)), g%n_atoms])
  end subroutine

  recursive subroutine compare(c, name, found, wanted)
    class(call_state), intent(inout) :: c
    character(*), intent(in) :: name
    integer(int64), intent(in) :: found(:), wanted(:)
    if (c%status < 0) return
    if (size(found) == size(wanted)) then
      if (all(found == wanted)) return
    end if
    c%status = DICOD_ERROR_INVALID_SHAPE
    c%text = name//' has the shape '//text_of(found)//', wanted is '//text_of(wanted)
  end subroutine

  ! Describes a block of signals (per_signal channels) or activations (per_signal atoms) where it lies.
  recursive subroutine lay_out(c, name, v, per_signal, global, offset, a)
    class(call_state), intent(inout) :: c
    character(*), intent(in) :: name
    type(view), intent(in) :: v
    integer(int64), intent(in) :: per_signal, global(:)
    class(*), intent(in), optional :: offset(..)
    type(described), intent(inout), target :: a
    integer(int64), allocatable :: first(:)
    integer :: n
    integer(int64) :: bytes, channel, s
    integer(c_intptr_t) :: at
    if (c%status < 0) return
    if (name == 'x' .or. name == 'weights') c%rank_x = v%rank
    if (name == 'z' .or. name == 'penalties') c%rank_z = v%rank
    n = int(c%g%n_axes)
    bytes = c%g%element_type/8
    c%status = DICOD_ERROR_INVALID_SHAPE
    if (v%rank < n .or. v%rank > n + 2 .or. (v%rank == n .and. per_signal*c%g%n_signals /= 1) &
      .or. (v%rank > n .and. v%extent(min(n + 1, 5)) /= per_signal) &
      .or. (v%rank > n .and. merge(v%extent(min(n + 2, 5)), 1_int64, v%rank > n + 1) /= c%g%n_signals)) then
      c%text = name//' has the shape '//text_of(v%extent(:v%rank))//': behind its axes '// &
        text_of([per_signal, c%g%n_signals])//' are wanted'
      return
    end if
    allocate (first(n), source=0_int64)
    if (present(offset)) then
      first = wholes(offset)
      if (size(first) /= n) then
        c%text = 'offset '//text_of(first)//' needs one value per axis'
        return
      end if
    end if
    if (any(modulo(v%stride(:v%rank), bytes) /= 0)) then
      c%status = DICOD_ERROR_INVALID_ARGUMENT
      c%text = name//': distances between its elements are no multiples of their size'
      return
    end if
    c%status = DICOD_OK
    a%global(:n) = global(:n)
    a%local(:n) = reverse(v%extent(:n))
    a%strides(:n) = reverse(v%stride(:n))/bytes
    a%offset = 0
    a%offset(:n) = reverse(first)
    allocate (a%channels(per_signal*c%g%n_signals))
    if (any(v%extent(:v%rank) == 0)) then
      a%local = 0
      a%strides = 1
      a%channels = c_loc(nowhere)
    else
      do s = 0, c%g%n_signals - 1
        do channel = 0, per_signal - 1
          at = v%base
          if (v%rank > n) at = at + channel*v%stride(n + 1)
          if (v%rank > n + 1) at = at + s*v%stride(n + 2)
          a%channels(s*per_signal + channel + 1) = transfer(at, c_null_ptr)
        end do
      end do
    end if
    a%array%element_type = c%g%element_type
    a%array%n_axes = c%g%n_axes
    a%array%global_shape = c_loc(a%global)
    a%array%offset = c_loc(a%offset)
    a%array%local_shape = c_loc(a%local)
    a%array%strides = c_loc(a%strides)
    a%array%n_channels = per_signal*c%g%n_signals
    a%array%channels = c_loc(a%channels)
  end subroutine

  ! An array that is only read.
  recursive function input(a)
    class(described), intent(in) :: a
    type(dicod_const_array) :: input
    input%element_type = a%array%element_type
    input%n_axes = a%array%n_axes
    input%global_shape = a%array%global_shape
    input%offset = a%array%offset
    input%local_shape = a%array%local_shape
    input%strides = a%array%strides
    input%n_channels = a%array%n_channels
    input%channels = a%array%channels
  end function

  ! As C has it.
  recursive function problem(c)
    class(call_state), intent(in), target :: c
    type(dicod_problem) :: problem
    problem%n_axes = c%g%n_axes
    problem%signal_shape(:3) = c%g%signal
    problem%atom_shape(:3) = c%g%atom
    problem%n_atoms = c%g%n_atoms
    problem%n_channels = c%g%n_channels
    problem%n_signals = c%g%n_signals
    if (allocated(c%atom_shapes)) problem%atom_shapes = c_loc(c%atom_shapes)
  end function

  ! Whether the library is to be called. If an argument is wrong on this rank alone the others wait for it there: the library
  ! is called without axes, and tells them why.
  recursive function proceed(c)
    class(call_state), intent(inout) :: c
    logical :: proceed
    proceed = c%status >= 0 .or. c%shared
    if (c%status >= 0) return
    c%g%n_axes = -1
    if (c%shared) call refuse_next(c%status, c%text)
  end function

  ! For the same purpose: none if there was an error.
  recursive function pointer(c, there)
    class(call_state), intent(in) :: c
    type(c_ptr), intent(in) :: there
    type(c_ptr) :: pointer
    pointer = c_null_ptr
    if (c%status >= 0) pointer = there
  end function

  recursive subroutine finish(c, status)
    class(call_state), intent(inout) :: c
    integer(int32), intent(in) :: status
    c%status = status
  end subroutine

  recursive subroutine report(c, stat, errmsg)
    class(call_state), intent(in) :: c
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    character(:), allocatable :: text
    if (c%status >= 0) then
      call report_status(c%status, stat)
      return
    end if
    text = ''
    if (allocated(c%text)) text = c%text
    if (text == '') text = own_axes(own_axes(own_axes(own_axes(last_error(), 'weights', c%rank_x), 'penalties', c%rank_z), &
      'x', c%rank_x), 'z', c%rank_z)
    call report_status(c%status, stat, errmsg, text)
  end subroutine

  ! Shape of the activations, axes only: T - L + 1 along an axis, or T where it is periodic. Local.
  recursive function valid_shape_int64(signal_shape, atom_shape, periodic, stat, errmsg) result(shape)
    integer(int64), intent(in) :: signal_shape(:), atom_shape(:)
    class(*), intent(in), optional :: periodic(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int64) :: shape(size(signal_shape))
    type(dicod_options) :: options
    type(dicod_problem) :: problem
    integer(int64), target :: valid(4)
    integer(int32) :: status
    shape = 0
    if (size(atom_shape) /= size(signal_shape)) then
      call report_status(DICOD_ERROR_INVALID_SHAPE, stat, errmsg, 'signal_shape '//text_of(signal_shape)//' and atom_shape '// &
        text_of(atom_shape)//' have different numbers of axes')
      return
    end if
    status = DICOD_OK
    if (present(periodic)) call options%set('periodic', periodic, status)
    if (status == DICOD_OK) then
      problem = problem_of(signal_shape, atom_shape)
      status = dicod_valid_shape(options%handle, problem, c_loc(valid))
      if (status == DICOD_OK) shape = reverse(valid(:size(shape)))
    end if
    call report_status(status, stat, errmsg)
  end function

  ! With more axes than there can be, too: the library says so.
  recursive function problem_of(signal_shape, atom_shape) result(problem)
    integer(int64), intent(in) :: signal_shape(:), atom_shape(:)
    type(dicod_problem) :: problem
    integer :: n
    problem%n_axes = size(signal_shape)
    n = min(size(signal_shape), 4)
    problem%signal_shape(:n) = reverse(signal_shape(:n))
    problem%atom_shape(:n) = reverse(atom_shape(:n))
    problem%n_atoms = 1
  end function

  recursive function valid_shape_int32(signal_shape, atom_shape, periodic, stat, errmsg) result(shape)
    integer(int32), intent(in) :: signal_shape(:), atom_shape(:)
    class(*), intent(in), optional :: periodic(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int32) :: shape(size(signal_shape))
    shape = int(valid_shape_int64(int(signal_shape, int64), int(atom_shape, int64), periodic, stat, errmsg), int32)
  end function

  ! The activations that go with a block of a signal: call valid_block(signal_shape, atom_shape, offset, local_shape,
  ! valid_offset, valid_local_shape, periodic).
  recursive subroutine valid_block(signal_shape, atom_shape, offset, local_shape, valid_offset, valid_local_shape, &
      periodic, stat, errmsg)
    class(*), intent(in) :: signal_shape(..), atom_shape(..), offset(..), local_shape(..)
    class(*), intent(inout) :: valid_offset(:), valid_local_shape(:)
    class(*), intent(in), optional :: periodic(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(dicod_options) :: options
    integer(int64), allocatable, target :: lists(:, :)
    integer(int32) :: status
    integer :: n
    n = size(wholes(signal_shape))
    if (any([size(wholes(atom_shape)), size(wholes(offset)), size(wholes(local_shape)), size(valid_offset), &
      size(valid_local_shape)] /= n)) then
      call report_status(DICOD_ERROR_INVALID_SHAPE, stat, errmsg, 'all arguments need one value per axis')
      return
    end if
    allocate (lists(n + 1, 4), source=0_int64)
    lists(:n, 1) = reverse(wholes(offset))
    lists(:n, 2) = reverse(wholes(local_shape))
    status = DICOD_OK
    if (present(periodic)) call options%set('periodic', periodic, status)
    if (status == DICOD_OK) status = dicod_valid_block(options%handle, problem_of(wholes(signal_shape), wholes(atom_shape)), &
      c_loc(lists(1, 1)), c_loc(lists(1, 2)), c_loc(lists(1, 3)), c_loc(lists(1, 4)))
    if (status >= 0) then
      call give(reverse(lists(:n, 3)), valid_offset, 'valid_offset', status)
      call give(reverse(lists(:n, 4)), valid_local_shape, 'valid_local_shape', status)
    end if
    call report_status(status, stat, errmsg)
  end subroutine

  !@each kinds
  ! Where the elements of an array lie.
  recursive function view_{n}(x) result(v)
    real({kind}), intent(in), target :: x(..)
    type(view) :: v
    integer(int64) :: n(5)
    n = 0
    v%rank = rank(x)
    n(:v%rank) = shape(x, int64)
    v%extent = n
    if (any(n(:v%rank) == 0)) return
    select rank (x)
    rank (1)
      v%base = address(c_loc(x(1)))
      if (n(1) > 1) v%stride(1) = address(c_loc(x(2))) - v%base
    rank (2)
      v%base = address(c_loc(x(1, 1)))
      if (n(1) > 1) v%stride(1) = address(c_loc(x(2, 1))) - v%base
      if (n(2) > 1) v%stride(2) = address(c_loc(x(1, 2))) - v%base
    rank (3)
      v%base = address(c_loc(x(1, 1, 1)))
      if (n(1) > 1) v%stride(1) = address(c_loc(x(2, 1, 1))) - v%base
      if (n(2) > 1) v%stride(2) = address(c_loc(x(1, 2, 1))) - v%base
      if (n(3) > 1) v%stride(3) = address(c_loc(x(1, 1, 2))) - v%base
    rank (4)
      v%base = address(c_loc(x(1, 1, 1, 1)))
      if (n(1) > 1) v%stride(1) = address(c_loc(x(2, 1, 1, 1))) - v%base
      if (n(2) > 1) v%stride(2) = address(c_loc(x(1, 2, 1, 1))) - v%base
      if (n(3) > 1) v%stride(3) = address(c_loc(x(1, 1, 2, 1))) - v%base
      if (n(4) > 1) v%stride(4) = address(c_loc(x(1, 1, 1, 2))) - v%base
    rank (5)
      v%base = address(c_loc(x(1, 1, 1, 1, 1)))
      if (n(1) > 1) v%stride(1) = address(c_loc(x(2, 1, 1, 1, 1))) - v%base
      if (n(2) > 1) v%stride(2) = address(c_loc(x(1, 2, 1, 1, 1))) - v%base
      if (n(3) > 1) v%stride(3) = address(c_loc(x(1, 1, 2, 1, 1))) - v%base
      if (n(4) > 1) v%stride(4) = address(c_loc(x(1, 1, 1, 2, 1))) - v%base
      if (n(5) > 1) v%stride(5) = address(c_loc(x(1, 1, 1, 1, 2))) - v%base
    end select
    ! An axis of one element may have any stride, but those of an array without gaps tell arrays apart from rubbish.
    where (v%stride == 0) v%stride = {element}/8
  end function

  !@end
end module
