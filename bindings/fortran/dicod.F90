! libdicod for Fortran: convolutional sparse coding, dictionary learning, segmentation, parallel map.
!
!   use dicod
!   call solve(x, d, z, reg=0.1_real64)
!
! Arrays are in Fortran's natural order: signals x(nx, ny, channel, signal), dictionaries d(lx, ly, channel, atom),
! activations z(vx, vy, atom, signal), with one to three axes in front; the axis of signals may be left out where there is
! one, that of channels of x as well. Shapes, offsets and lists "per axis" go in the same order. Positions and numbers of
! atoms, signals, segments and tasks count from 1; an offset is the number of elements before.
!
! Every procedure takes stat (a dicod_status: 0, positive for a valid result that ended early, negative for an error) and
! errmsg. Without stat an error stops the program with its message. last_error() has the whole of a long message of the
! library's.
!
! Variables of the types here free what they hold when they go out of scope, unless that would be collective: what was made
! over a communicator has to be freed by %free(), by all ranks, before MPI_Finalize. They cannot be copied.
!
! Procedures that a map calls in several threads have to be recursive: gfortran's others may keep variables between calls.
!
! The constants, structs and functions of dicod.h come along: module dicod_c.
module dicod
  use, intrinsic :: iso_fortran_env, only: int32, int64, real32, real64
  use dicod_c
  implicit none
  public

  ! One task, as its procedure sees it.
  type :: parmap_task
    type(c_ptr) :: handle = c_null_ptr
  contains
    procedure :: index => task_index
    procedure :: attempt => task_attempt
    procedure :: rank => task_rank
    procedure :: worker => task_worker
    procedure :: cancelled => task_cancelled
    procedure :: uniform => task_uniform
    procedure :: key => task_key
    procedure :: explain => task_explain
  end type

  ! Told of a log message; user is what was given to set_log.
  abstract interface
    subroutine log_procedure(level, message, user)
      import :: int32
      integer(int32), intent(in) :: level
      character(*), intent(in) :: message
      class(*), intent(inout), optional :: user
    end subroutine
    ! Told how a solve gets on; setting stop to .true. ends it with DICOD_CANCELLED.
    subroutine progress_procedure(progress, stop, user)
      import :: dicod_progress
      type(dicod_progress), intent(in) :: progress
      logical, intent(inout) :: stop
      class(*), intent(inout), optional :: user
    end subroutine
    ! Told of each outer iteration of learning.
    subroutine learn_procedure(step, stop, user)
      import :: dicod_learn_step
      type(dicod_learn_step), intent(in) :: step
      logical, intent(inout) :: stop
      class(*), intent(inout), optional :: user
    end subroutine
    ! Told how a map gets on.
    subroutine map_progress_procedure(progress, stop, user)
      import :: parmap_progress
      type(parmap_progress), intent(in) :: progress
      logical, intent(inout) :: stop
      class(*), intent(inout), optional :: user
    end subroutine
    ! One task of a map: output is zero at first; a positive code says that it failed. With more threads than one it is
    ! called by several at a time.
    subroutine map_procedure(task, input, output, code, user)
      import :: parmap_task, real64, int32
      type(parmap_task), intent(in) :: task
      real(real64), intent(in) :: input(:)
      real(real64), intent(inout) :: output(:)
      integer(int32), intent(inout) :: code
      class(*), intent(inout), optional :: user
    end subroutine
    ! One task of a reduction: changes state.
    subroutine reduce_procedure(task, input, state, code, user)
      import :: parmap_task, real64, int32
      type(parmap_task), intent(in) :: task
      real(real64), intent(in) :: input(:)
      real(real64), intent(inout) :: state(:)
      integer(int32), intent(inout) :: code
      class(*), intent(inout), optional :: user
    end subroutine
    ! Joins the state of later tasks, from, into another.
    subroutine join_procedure(into, from, user)
      import :: real64
      real(real64), intent(inout) :: into(:)
      real(real64), intent(in) :: from(:)
      class(*), intent(inout), optional :: user
    end subroutine
  end interface

  ! The procedures of a context. Encoders made with it need them as long as they live.
  type :: callback_box
    integer :: users = 1
    procedure(log_procedure), pointer, nopass :: log => null()
    class(*), pointer :: log_user => null()
    procedure(progress_procedure), pointer, nopass :: progress => null()
    class(*), pointer :: progress_user => null()
  end type

  type :: learn_box
    procedure(learn_procedure), pointer, nopass :: each => null()
    class(*), pointer :: user => null()
  end type

  type :: map_box
    procedure(map_procedure), pointer, nopass :: work => null()
    procedure(reduce_procedure), pointer, nopass :: change => null()
    procedure(join_procedure), pointer, nopass :: join => null()
    class(*), pointer :: user => null()
    integer(int64) :: n_in = 0, n_out = 0
  end type

  type :: map_progress_box
    procedure(map_progress_procedure), pointer, nopass :: progress => null()
    class(*), pointer :: user => null()
  end type

  ! Threads, ranks and callbacks. dicod_mpi has create_context() for the ranks of a communicator.
  type :: dicod_context
    type(c_ptr) :: handle = c_null_ptr
    logical :: collective = .false.
    type(callback_box), pointer :: box => null()
  contains
    procedure :: create => context_create
    procedure :: free => context_free
    procedure :: rank => context_rank
    procedure :: n_ranks => context_n_ranks
    procedure :: n_threads => context_n_threads
    procedure :: set_log => context_set_log
    procedure :: set_progress => context_set_progress
    procedure, private :: context_no_copy
    generic :: assignment(=) => context_no_copy
    final :: context_final
  end type

  ! Options by key: call o%set('reg', 0.2_real64). All keys are in dicod.h; the procedures below also take them one by one.
  type :: dicod_options
    type(c_ptr) :: handle = c_null_ptr
  contains
    procedure, private :: options_set_real, options_set_reals, options_set_integer, options_set_integers
    procedure, private :: options_set_int32, options_set_int32s, options_set_flag, options_set_flags, options_set_string
    generic :: set => options_set_real, options_set_reals, options_set_integer, options_set_integers, &
      options_set_int32, options_set_int32s, options_set_flag, options_set_flags, options_set_string
    procedure, private :: options_get_real, options_get_reals, options_get_integer, options_get_integers
    procedure, private :: options_get_string
    generic :: get => options_get_real, options_get_reals, options_get_integer, options_get_integers, options_get_string
    procedure :: free => options_free
    procedure, private :: options_no_copy
    generic :: assignment(=) => options_no_copy
    final :: options_final
  end type

  ! Activations that are not zero: value(i) is z(position(1, i), ..., atom(i), signal(i)).
  type :: dicod_sparse
    integer(int64) :: count = 0
    integer(int64), allocatable :: signal(:), atom(:), position(:, :)
    real(real64), allocatable :: value(:)
  end type

  ! What x, d and z have in common, in the order of C.
  type :: geometry
    integer(int64) :: n_axes = 0, n_signals = 1, n_channels = 1, n_atoms = 1
    integer(int64) :: signal(3) = 1, atom(3) = 1, valid(3) = 1
    integer(int64) :: element_type = DICOD_F64
  end type

  ! Where the elements of an array lie, strides in bytes.
  type :: view
    integer(c_intptr_t) :: base = 0
    integer :: rank = 0
    integer(int64) :: extent(5) = 1, stride(5) = 0
  end type

  type :: described
    type(dicod_array) :: array
    integer(int64) :: global(3) = 1, offset(3) = 0, local(3) = 1, strides(3) = 1
    type(c_ptr), allocatable :: channels(:)
  end type

  ! A dictionary bound to a domain. x and z may be blocks, sections, have ghost layers around: nothing is copied.
  type :: dicod_encoder
    type(c_ptr) :: handle = c_null_ptr
    logical :: collective = .false.
    type(callback_box), pointer :: box => null()
    type(geometry) :: g
  contains
#include "dicod_encoder_bindings.inc"
    procedure :: clear_z => encoder_clear_z
    procedure :: get_sparse => encoder_get_sparse
    procedure :: region => encoder_region
    procedure :: valid_shape => encoder_valid_shape
    procedure :: get_lambda => encoder_get_lambda
    procedure :: free => encoder_free
    procedure, private :: encoder_no_copy
    generic :: assignment(=) => encoder_no_copy
    final :: encoder_final
  end type

  ! Learning step by step.
  type :: dicod_learner
    type(c_ptr) :: handle = c_null_ptr
    logical :: collective = .false.
    type(callback_box), pointer :: box => null()
    type(geometry) :: g
  contains
#include "dicod_learner_bindings.inc"
    procedure :: get_lambda => learner_get_lambda
    procedure :: save => learner_save
    procedure :: free => learner_free
    procedure, private :: learner_no_copy
    generic :: assignment(=) => learner_no_copy
    final :: learner_final
  end type

  ! A regular grid of segments over a box. Bounds are b(2, axis): first and last position.
  type :: segmentation
    type(c_ptr) :: handle = c_null_ptr
    integer :: n_axes = 0
  contains
    procedure :: create => segments_create
    procedure :: free => segments_free
    procedure :: n_segments => segments_n_segments
    procedure :: per_axis => segments_per_axis
    procedure :: n_active => segments_n_active
    procedure :: bounds => segments_bounds
    procedure :: padding => segments_padding
    procedure :: find => segments_find
    procedure :: touched => segments_touched
    procedure :: touched_overlap => segments_touched_overlap
    procedure :: to_global => segments_to_global
    procedure :: to_local => segments_to_local
    procedure :: contains_point => segments_contains_point
    procedure :: contains_area => segments_contains_area
    procedure :: next => segments_next
    procedure :: is_active => segments_is_active
    procedure :: set_active => segments_set_active
    procedure :: check_inactive => segments_check_inactive
    procedure, private :: segments_no_copy
    generic :: assignment(=) => segments_no_copy
    final :: segments_final
  end type

  ! A map over the ranks and threads of a context.
  type :: parmap
    type(c_ptr) :: handle = c_null_ptr
    logical :: collective = .false.
    type(map_progress_box), pointer :: box => null()
  contains
    procedure :: create => map_create
    procedure :: free => map_free
    procedure, private :: map_set_integer, map_set_int32, map_set_real, map_set_string, map_set_flag
    generic :: set => map_set_integer, map_set_int32, map_set_real, map_set_string, map_set_flag
    procedure :: set_progress => map_set_progress
    procedure :: cancel => map_cancel
    procedure :: run => map_run
    procedure :: reduce => map_reduce
    procedure :: unfinished => map_unfinished
    procedure, private :: map_no_copy
    generic :: assignment(=) => map_no_copy
    final :: map_final
  end type

#include "dicod_interfaces.inc"
  ! valid_shape(signal_shape, atom_shape, periodic): the shape of z, axes only.
  interface valid_shape
    module procedure valid_shape_int64, valid_shape_int32
  end interface

  private :: callback_box, learn_box, map_box, map_progress_box, geometry, view, described
  private :: to_c, text_of, reverse, per_axis_key, chosen_context, choose
  private :: measure, measure_d, find_valid, domain, same_d, ready, fitting, check_z, lay_out, address
  private :: view_r64, view_r32, hold, let_go
  private :: log_trampoline, progress_trampoline, learn_trampoline, map_progress_trampoline, work_trampoline
  private :: reduce_fork, reduce_work, reduce_pack, reduce_unpack, reduce_join, reduce_free
  private :: valid_shape_int64, valid_shape_int32

  ! Where the address of an empty array points.
  real(real64), target, private, save :: nowhere(1) = 0

contains

  ! --- errors and text ------------------------------------------------------------------------------------------------

  ! The whole message of the last error that the library reported in this thread.
  recursive function last_error() result(message)
    character(:), allocatable :: message
    character(kind=c_char), allocatable, target :: buffer(:)
    integer(int64), target :: needed
    integer(int32) :: status
    needed = 1
    status = dicod_last_error(c_null_ptr, 0_int64, c_loc(needed))
    allocate (buffer(max(needed, 1_int64)))
    buffer = c_null_char
    status = dicod_last_error(c_loc(buffer), size(buffer, kind=int64), c_loc(needed))
    message = text_from_c(c_loc(buffer))
    if (status < 0) message = 'unknown error'
  end function

  ! Short text for a status.
  recursive function status_text(status) result(text)
    integer(int32), intent(in) :: status
    character(:), allocatable :: text
    text = text_from_c(dicod_strerror(status))
  end function

  ! Version of the library.
  recursive function library_version() result(text)
    character(:), allocatable :: text
    text = text_from_c(dicod_version())
  end function

  recursive subroutine report_status(status, stat, errmsg, text)
    integer(int32), intent(in) :: status
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    character(*), intent(in), optional :: text
    character(:), allocatable :: message
    if (present(stat)) stat = status
    if (status >= 0) return
    message = ''
    if (present(text)) message = text
    if (message == '') message = last_error()
    if (present(errmsg)) errmsg = message
    if (.not. present(stat)) error stop 'dicod: '//message
  end subroutine

  recursive function to_c(text) result(chars)
    character(*), intent(in) :: text
    character(kind=c_char), allocatable :: chars(:)
    integer :: i, n
    n = len_trim(text)
    allocate (chars(n + 1))
    do i = 1, n
      chars(i) = text(i:i)
    end do
    chars(n + 1) = c_null_char
  end function

  recursive function text_from_c(pointer) result(text)
    type(c_ptr), intent(in) :: pointer
    character(:), allocatable :: text
    character(kind=c_char), pointer :: chars(:)
    integer :: i, n
    if (.not. c_associated(pointer)) then
      text = ''
      return
    end if
    call c_f_pointer(pointer, chars, [huge(n)])
    n = 0
    do while (chars(n + 1) /= c_null_char)
      n = n + 1
    end do
    allocate (character(n) :: text)
    do i = 1, n
      text(i:i) = chars(i)
    end do
  end function

  ! "(3, 4)"
  recursive function text_of(numbers) result(text)
    integer(int64), intent(in) :: numbers(:)
    character(:), allocatable :: text
    character(24) :: one
    integer :: i
    text = '('
    do i = 1, size(numbers)
      write (one, '(i0)') numbers(i)
      if (i > 1) text = text//', '
      text = text//trim(one)
    end do
    text = text//')'
  end function

  pure recursive function reverse(numbers) result(reversed)
    integer(int64), intent(in) :: numbers(:)
    integer(int64) :: reversed(size(numbers))
    reversed = numbers(size(numbers):1:-1)
  end function

  pure recursive function address(pointer) result(number)
    type(c_ptr), intent(in) :: pointer
    integer(c_intptr_t) :: number
    number = transfer(pointer, number)
  end function

  ! --- context --------------------------------------------------------------------------------------------------------

  ! n_threads: from 1 (default); -1: as many as there are cores; -2: one fewer.
  recursive subroutine context_create(self, n_threads, stat, errmsg)
    class(dicod_context), intent(inout) :: self
    integer, intent(in), optional :: n_threads
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int32) :: status, threads
    type(c_ptr) :: handle
    threads = 1
    if (present(n_threads)) threads = int(n_threads, int32)
    handle = c_null_ptr
    status = dicod_context_create(threads, handle)
    if (status >= 0) call context_adopt(self, handle, .false.)
    call report_status(status, stat, errmsg)
  end subroutine

  ! Takes over a handle of dicod.h's, in the place of the one that it has.
  recursive subroutine context_adopt(self, handle, collective)
    class(dicod_context), intent(inout) :: self
    type(c_ptr), intent(in) :: handle
    logical, intent(in) :: collective
    integer(int32) :: ignored
    if (c_associated(self%handle) .and. .not. self%collective) call context_free(self, ignored)
    self%handle = handle
    self%collective = collective
    allocate (self%box)
  end subroutine

  ! Collective if the context is on a communicator.
  recursive subroutine context_free(self, stat, errmsg)
    class(dicod_context), intent(inout) :: self
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int32) :: status
    status = dicod_context_free(self%handle)
    call let_go(self%box)
    call report_status(status, stat, errmsg)
  end subroutine

  recursive subroutine hold(box)
    type(callback_box), pointer, intent(in) :: box
    if (associated(box)) box%users = box%users + 1
  end subroutine

  recursive subroutine let_go(box)
    type(callback_box), pointer, intent(inout) :: box
    if (.not. associated(box)) return
    box%users = box%users - 1
    if (box%users == 0) deallocate (box)
    nullify (box)
  end subroutine

  recursive subroutine context_final(self)
    type(dicod_context), intent(inout) :: self
    integer(int32) :: ignored
    if (.not. self%collective) ignored = dicod_context_free(self%handle)
    if (.not. self%collective) call let_go(self%box)
  end subroutine

  recursive subroutine context_no_copy(to, from)
    class(dicod_context), intent(inout) :: to
    type(dicod_context), intent(in) :: from
    error stop 'dicod: a dicod_context cannot be copied'
    if (c_associated(from%handle)) to%handle = c_null_ptr ! never reached
  end subroutine

  recursive function context_rank(self) result(rank)
    class(dicod_context), intent(in) :: self
    integer(int32), target :: rank
    rank = 0
    call report_status(dicod_context_ranks(self%handle, c_loc(rank), c_null_ptr))
  end function

  recursive function context_n_ranks(self) result(n)
    class(dicod_context), intent(in) :: self
    integer(int32), target :: n
    n = 1
    call report_status(dicod_context_ranks(self%handle, c_null_ptr, c_loc(n)))
  end function

  recursive function context_n_threads(self) result(n)
    class(dicod_context), intent(in) :: self
    integer(int32), target :: n
    n = 1
    call report_status(dicod_context_threads(self%handle, c_loc(n)))
  end function

  ! Without log: to nobody. user has to live as long as the context and its encoders.
  recursive subroutine context_set_log(self, log, user, stat, errmsg)
    class(dicod_context), intent(inout) :: self
    procedure(log_procedure), optional :: log
    class(*), intent(in), target, optional :: user
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int32) :: status
    type(c_funptr) :: trampoline
    if (.not. c_associated(self%handle)) then
      call report_status(DICOD_ERROR_NULL_POINTER, stat, errmsg, 'context was not created')
      return
    end if
    trampoline = c_null_funptr
    nullify (self%box%log, self%box%log_user)
    if (present(log)) then
      trampoline = c_funloc(log_trampoline)
      self%box%log => log
      if (present(user)) self%box%log_user => user
    end if
    status = dicod_context_set_log(self%handle, trampoline, c_loc(self%box))
    call report_status(status, stat, errmsg)
  end subroutine

  recursive subroutine context_set_progress(self, progress, user, stat, errmsg)
    class(dicod_context), intent(inout) :: self
    procedure(progress_procedure), optional :: progress
    class(*), intent(in), target, optional :: user
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int32) :: status
    type(c_funptr) :: trampoline
    if (.not. c_associated(self%handle)) then
      call report_status(DICOD_ERROR_NULL_POINTER, stat, errmsg, 'context was not created')
      return
    end if
    trampoline = c_null_funptr
    nullify (self%box%progress, self%box%progress_user)
    if (present(progress)) then
      trampoline = c_funloc(progress_trampoline)
      self%box%progress => progress
      if (present(user)) self%box%progress_user => user
    end if
    status = dicod_context_set_progress(self%handle, trampoline, c_loc(self%box))
    call report_status(status, stat, errmsg)
  end subroutine

  recursive subroutine log_trampoline(userdata, level, message) bind(c, name='')
    type(c_ptr), value :: userdata
    integer(c_int32_t), value :: level
    type(c_ptr), value :: message
    type(callback_box), pointer :: box
    call c_f_pointer(userdata, box)
    if (associated(box%log_user)) then
      call box%log(level, text_from_c(message), box%log_user)
    else
      call box%log(level, text_from_c(message))
    end if
  end subroutine

  recursive function progress_trampoline(userdata, progress) bind(c, name='') result(code)
    type(c_ptr), value :: userdata
    type(dicod_progress), intent(in) :: progress
    integer(c_int32_t) :: code
    type(callback_box), pointer :: box
    logical :: stop
    call c_f_pointer(userdata, box)
    stop = .false.
    if (associated(box%progress_user)) then
      call box%progress(progress, stop, box%progress_user)
    else
      call box%progress(progress, stop)
    end if
    code = merge(1_int32, 0_int32, stop)
  end function

  ! Handle of an optional context; a variable that was never created is an error, not the default.
  recursive subroutine chosen_context(handle, context, status, text)
    type(c_ptr), intent(out) :: handle
    type(dicod_context), intent(in), optional :: context
    integer(int32), intent(inout) :: status
    character(:), allocatable, intent(inout) :: text
    handle = c_null_ptr
    if (.not. present(context)) return
    handle = context%handle
    if (c_associated(handle)) return
    status = DICOD_ERROR_NULL_POINTER
    text = 'context was not created'
  end subroutine

  ! --- options --------------------------------------------------------------------------------------------------------

  ! Lists of this key have an entry per axis.
  pure recursive function per_axis_key(key) result(is)
    character(*), intent(in) :: key
    logical :: is
    is = key == 'periodic' .or. key == 'tile_shape'
  end function

  recursive subroutine options_make(self, status)
    class(dicod_options), intent(inout) :: self
    integer(int32), intent(out) :: status
    status = DICOD_OK
    if (.not. c_associated(self%handle)) status = dicod_options_create(self%handle)
  end subroutine

  recursive subroutine options_set_real(self, key, value, stat, errmsg)
    class(dicod_options), intent(inout) :: self
    character(*), intent(in) :: key
    real(real64), intent(in) :: value
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    character(kind=c_char), allocatable, target :: name(:)
    integer(int32) :: status
    allocate (name, source=to_c(key))
    call options_make(self, status)
    if (status == DICOD_OK) status = dicod_options_set_real(self%handle, c_loc(name), value)
    call report_status(status, stat, errmsg)
  end subroutine

  recursive subroutine options_set_reals(self, key, value, stat, errmsg)
    class(dicod_options), intent(inout) :: self
    character(*), intent(in) :: key
    real(real64), intent(in) :: value(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    character(kind=c_char), allocatable, target :: name(:)
    real(real64), allocatable, target :: values(:)
    integer(int32) :: status
    allocate (name, source=to_c(key))
    values = [value, 0.0_real64]
    call options_make(self, status)
    if (status == DICOD_OK) status = dicod_options_set_reals(self%handle, c_loc(name), size(value, kind=int64), c_loc(values))
    call report_status(status, stat, errmsg)
  end subroutine

  recursive subroutine options_set_integer(self, key, value, stat, errmsg)
    class(dicod_options), intent(inout) :: self
    character(*), intent(in) :: key
    integer(int64), intent(in) :: value
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    character(kind=c_char), allocatable, target :: name(:)
    integer(int32) :: status
    allocate (name, source=to_c(key))
    call options_make(self, status)
    if (status == DICOD_OK) status = dicod_options_set_integer(self%handle, c_loc(name), value)
    call report_status(status, stat, errmsg)
  end subroutine

  recursive subroutine options_set_integers(self, key, value, stat, errmsg)
    class(dicod_options), intent(inout) :: self
    character(*), intent(in) :: key
    integer(int64), intent(in) :: value(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    character(kind=c_char), allocatable, target :: name(:)
    integer(int64), allocatable, target :: values(:)
    integer(int32) :: status
    allocate (name, source=to_c(key))
    if (per_axis_key(key)) then
      values = [reverse(value), 0_int64]
    else
      values = [value, 0_int64]
    end if
    call options_make(self, status)
    if (status == DICOD_OK) status = dicod_options_set_integers(self%handle, c_loc(name), size(value, kind=int64), c_loc(values))
    call report_status(status, stat, errmsg)
  end subroutine

  recursive subroutine options_set_int32(self, key, value, stat, errmsg)
    class(dicod_options), intent(inout) :: self
    character(*), intent(in) :: key
    integer(int32), intent(in) :: value
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call options_set_integer(self, key, int(value, int64), stat, errmsg)
  end subroutine

  recursive subroutine options_set_int32s(self, key, value, stat, errmsg)
    class(dicod_options), intent(inout) :: self
    character(*), intent(in) :: key
    integer(int32), intent(in) :: value(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call options_set_integers(self, key, int(value, int64), stat, errmsg)
  end subroutine

  recursive subroutine options_set_flag(self, key, value, stat, errmsg)
    class(dicod_options), intent(inout) :: self
    character(*), intent(in) :: key
    logical, intent(in) :: value
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call options_set_integer(self, key, merge(1_int64, 0_int64, value), stat, errmsg)
  end subroutine

  recursive subroutine options_set_flags(self, key, value, stat, errmsg)
    class(dicod_options), intent(inout) :: self
    character(*), intent(in) :: key
    logical, intent(in) :: value(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call options_set_integers(self, key, merge(1_int64, 0_int64, value), stat, errmsg)
  end subroutine

  recursive subroutine options_set_string(self, key, value, stat, errmsg)
    class(dicod_options), intent(inout) :: self
    character(*), intent(in) :: key, value
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    character(kind=c_char), allocatable, target :: name(:), word(:)
    integer(int32) :: status
    allocate (name, source=to_c(key))
    allocate (word, source=to_c(value))
    call options_make(self, status)
    if (status == DICOD_OK) status = dicod_options_set_string(self%handle, c_loc(name), c_loc(word))
    call report_status(status, stat, errmsg)
  end subroutine

  recursive subroutine options_get_real(self, key, value, stat, errmsg)
    class(dicod_options), intent(in) :: self
    character(*), intent(in) :: key
    real(real64), intent(inout) :: value
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    character(kind=c_char), allocatable, target :: name(:)
    real(real64), target :: found
    integer(int32) :: status
    allocate (name, source=to_c(key))
    found = value
    status = dicod_options_get_real(self%handle, c_loc(name), c_loc(found))
    value = found
    call report_status(status, stat, errmsg)
  end subroutine

  recursive subroutine options_get_reals(self, key, value, stat, errmsg)
    class(dicod_options), intent(in) :: self
    character(*), intent(in) :: key
    real(real64), allocatable, intent(inout) :: value(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    character(kind=c_char), allocatable, target :: name(:)
    real(real64), allocatable, target :: found(:)
    integer(int64), target :: n
    integer(int32) :: status
    allocate (name, source=to_c(key))
    n = 0
    status = dicod_options_get_reals(self%handle, c_loc(name), 0_int64, c_null_ptr, c_loc(n))
    allocate (found(n + 1))
    if (status >= 0) status = dicod_options_get_reals(self%handle, c_loc(name), n + 1, c_loc(found), c_loc(n))
    if (status >= 0) value = found(:n)
    call report_status(status, stat, errmsg)
  end subroutine

  recursive subroutine options_get_integer(self, key, value, stat, errmsg)
    class(dicod_options), intent(in) :: self
    character(*), intent(in) :: key
    integer(int64), intent(inout) :: value
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    character(kind=c_char), allocatable, target :: name(:)
    integer(int64), target :: found
    integer(int32) :: status
    allocate (name, source=to_c(key))
    found = value
    status = dicod_options_get_integer(self%handle, c_loc(name), c_loc(found))
    value = found
    call report_status(status, stat, errmsg)
  end subroutine

  recursive subroutine options_get_integers(self, key, value, stat, errmsg)
    class(dicod_options), intent(in) :: self
    character(*), intent(in) :: key
    integer(int64), allocatable, intent(inout) :: value(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    character(kind=c_char), allocatable, target :: name(:)
    integer(int64), allocatable, target :: found(:)
    integer(int64), target :: n
    integer(int32) :: status
    allocate (name, source=to_c(key))
    n = 0
    status = dicod_options_get_integers(self%handle, c_loc(name), 0_int64, c_null_ptr, c_loc(n))
    allocate (found(n + 1))
    if (status >= 0) status = dicod_options_get_integers(self%handle, c_loc(name), n + 1, c_loc(found), c_loc(n))
    if (status >= 0) value = found(:n)
    if (status >= 0 .and. per_axis_key(key)) value = reverse(value)
    call report_status(status, stat, errmsg)
  end subroutine

  recursive subroutine options_get_string(self, key, value, stat, errmsg)
    class(dicod_options), intent(in) :: self
    character(*), intent(in) :: key
    character(:), allocatable, intent(inout) :: value
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    character(kind=c_char), allocatable, target :: name(:), word(:)
    integer(int64), target :: needed
    integer(int32) :: status
    allocate (name, source=to_c(key))
    needed = 0
    status = dicod_options_get_string(self%handle, c_loc(name), 0_int64, c_null_ptr, c_loc(needed))
    allocate (word(needed + 1))
    word = c_null_char
    if (status >= 0) status = dicod_options_get_string(self%handle, c_loc(name), needed + 1, c_loc(word), c_loc(needed))
    if (status >= 0) value = text_from_c(c_loc(word))
    call report_status(status, stat, errmsg)
  end subroutine

  recursive subroutine options_free(self)
    class(dicod_options), intent(inout) :: self
    call dicod_options_free(self%handle)
  end subroutine

  recursive subroutine options_final(self)
    type(dicod_options), intent(inout) :: self
    call dicod_options_free(self%handle)
  end subroutine

  recursive subroutine options_no_copy(to, from)
    class(dicod_options), intent(inout) :: to
    type(dicod_options), intent(in) :: from
    error stop 'dicod: dicod_options cannot be copied'
    if (c_associated(from%handle)) to%handle = c_null_ptr ! never reached
  end subroutine

  ! The options that a call was given: a variable with them, or one by one.
  recursive subroutine choose(handle, one, options, &
#include "dicod_option_names.inc"
      status, text)
    type(c_ptr), intent(out) :: handle
    type(dicod_options), intent(inout) :: one
    type(dicod_options), intent(in), optional :: options
#include "dicod_option_declarations.inc"
    integer(int32), intent(inout) :: status
    character(:), allocatable, intent(inout) :: text
    integer(int32) :: one_stat
    character(1) :: one_text
    handle = c_null_ptr
    if (status < 0) return
    one_stat = 0
    one_text = ''
    call apply()
    if (one_stat < 0) then
      status = one_stat
      text = last_error()
      return
    end if
    handle = one%handle
    if (.not. present(options)) return
    if (c_associated(handle)) then
      status = DICOD_ERROR_INVALID_ARGUMENT
      text = 'options are given both as a variable and one by one: set all of them in the variable'
    else
      handle = options%handle
    end if
  contains
    recursive subroutine apply()
#include "dicod_option_apply.inc"
    end subroutine
  end subroutine

  ! --- shapes ---------------------------------------------------------------------------------------------------------

  ! Shapes of x and d, as Fortran has them.
  recursive subroutine measure(name, shape_x, shape_d, g, status, text)
    character(*), intent(in) :: name
    integer(int64), intent(in) :: shape_x(:), shape_d(:)
    type(geometry), intent(inout) :: g
    integer(int32), intent(inout) :: status
    character(:), allocatable, intent(inout) :: text
    integer :: n
    if (status < 0) return
    call measure_d(shape_d, g, status, text)
    if (status < 0) return
    n = int(g%n_axes)
    if (size(shape_x) < n .or. size(shape_x) > n + 2) then
      status = DICOD_ERROR_INVALID_SHAPE
      text = name//' has the shape '//text_of(shape_x)//': with d of shape '//text_of(shape_d)// &
        ' there are its axes, then channel and signal, in all'//text_of(int([n, n + 1, n + 2], int64))//' axes'
      return
    end if
    g%signal(:n) = reverse(shape_x(:n))
    g%n_signals = 1
    if (size(shape_x) == n + 2) g%n_signals = shape_x(n + 2)
    if (size(shape_x) > n) then
      if (shape_x(n + 1) == g%n_channels) return
    else if (g%n_channels == 1) then
      return
    end if
    status = DICOD_ERROR_INVALID_SHAPE
    text = 'channels of '//name//' and d differ: '//name//' has the shape '//text_of(shape_x)//', d has '//text_of(shape_d)
  end subroutine

  recursive subroutine measure_d(shape_d, g, status, text)
    integer(int64), intent(in) :: shape_d(:)
    type(geometry), intent(inout) :: g
    integer(int32), intent(inout) :: status
    character(:), allocatable, intent(inout) :: text
    integer :: n
    n = size(shape_d) - 2
    if (n < 1 .or. n > 3) then
      status = DICOD_ERROR_INVALID_SHAPE
      text = 'd has the shape '//text_of(shape_d)//': it has one to three axes, then channel and atom'
      return
    end if
    g%n_axes = n
    g%atom(:n) = reverse(shape_d(:n))
    g%n_channels = shape_d(n + 1)
    g%n_atoms = shape_d(n + 2)
  end subroutine

  recursive subroutine find_valid(options, g, status)
    type(c_ptr), intent(in) :: options
    type(geometry), intent(inout) :: g
    integer(int32), intent(inout) :: status
    integer(int64), target :: signal(3), atom(3), valid(3)
    if (status < 0) return
    signal = g%signal
    atom = g%atom
    status = dicod_valid_shape(options, g%n_axes, c_loc(signal), c_loc(atom), c_loc(valid))
    if (status == DICOD_OK) g%valid = valid
  end subroutine

  recursive subroutine check_z(shape_z, options, g, status, text)
    integer(int64), intent(in) :: shape_z(:)
    type(c_ptr), intent(in) :: options
    type(geometry), intent(inout) :: g
    integer(int32), intent(inout) :: status
    character(:), allocatable, intent(inout) :: text
    integer(int64), allocatable :: wanted(:)
    if (status < 0) return
    call find_valid(options, g, status)
    if (status < 0) return
    wanted = [reverse(g%valid(:g%n_axes)), g%n_atoms, g%n_signals]
    if (size(shape_z) == size(wanted)) then
      if (all(shape_z == wanted)) return
    else if (g%n_signals == 1 .and. size(shape_z) == size(wanted) - 1) then
      if (all(shape_z == wanted(:size(wanted) - 1))) return
    end if
    status = DICOD_ERROR_INVALID_SHAPE
    text = 'z has the shape '//text_of(shape_z)//', for these signals and atoms it is '//text_of(wanted)// &
      ' (axes, atom, signal)'
  end subroutine

  recursive function valid_shape_int64(signal_shape, atom_shape, periodic, stat, errmsg) result(shape)
    integer(int64), intent(in) :: signal_shape(:), atom_shape(:)
    logical, intent(in), optional :: periodic(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int64) :: shape(size(signal_shape))
    type(dicod_options) :: options
    integer(int64), allocatable, target :: signal(:), atom(:), valid(:)
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
      signal = [reverse(signal_shape), 1_int64]
      atom = [reverse(atom_shape), 1_int64]
      allocate (valid(size(signal)))
      status = dicod_valid_shape(options%handle, size(signal_shape, kind=int64), c_loc(signal), c_loc(atom), c_loc(valid))
      if (status == DICOD_OK) shape = reverse(valid(:size(shape)))
    end if
    call report_status(status, stat, errmsg)
  end function

  recursive function valid_shape_int32(signal_shape, atom_shape, periodic, stat, errmsg) result(shape)
    integer(int32), intent(in) :: signal_shape(:), atom_shape(:)
    logical, intent(in), optional :: periodic(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int32) :: shape(size(signal_shape))
    shape = int(valid_shape_int64(int(signal_shape, int64), int(atom_shape, int64), periodic, stat, errmsg), int32)
  end function

  ! The activations that go with a block of a signal: call valid_block(signal_shape, atom_shape, offset, local_shape,
  ! valid_offset, valid_local_shape, periodic).
  recursive subroutine valid_block(signal_shape, atom_shape, offset, local_shape, valid_offset, valid_local_shape, &
      periodic, stat, errmsg)
    integer(int64), intent(in) :: signal_shape(:), atom_shape(:), offset(:), local_shape(:)
    integer(int64), intent(out) :: valid_offset(:), valid_local_shape(:)
    logical, intent(in), optional :: periodic(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(dicod_options) :: options
    integer(int64), allocatable, target :: lists(:, :)
    integer(int32) :: status
    integer :: n
    n = size(signal_shape)
    valid_offset = 0
    valid_local_shape = 0
    if (any([size(atom_shape), size(offset), size(local_shape), size(valid_offset), size(valid_local_shape)] /= n)) then
      call report_status(DICOD_ERROR_INVALID_SHAPE, stat, errmsg, 'all arguments need one value per axis')
      return
    end if
    allocate (lists(n + 1, 6), source=0_int64)
    lists(:n, 1) = reverse(signal_shape)
    lists(:n, 2) = reverse(atom_shape)
    lists(:n, 3) = reverse(offset)
    lists(:n, 4) = reverse(local_shape)
    status = DICOD_OK
    if (present(periodic)) call options%set('periodic', periodic, status)
    if (status == DICOD_OK) status = dicod_valid_block(options%handle, int(n, int64), c_loc(lists(1, 1)), c_loc(lists(1, 2)), &
      c_loc(lists(1, 3)), c_loc(lists(1, 4)), c_loc(lists(1, 5)), c_loc(lists(1, 6)))
    valid_offset = reverse(lists(:n, 5))
    valid_local_shape = reverse(lists(:n, 6))
    call report_status(status, stat, errmsg)
  end subroutine

  ! A dictionary of this shape on a domain.
  recursive subroutine domain(shape_d, signal_shape, n_signals, element_type, g, status, text)
    integer(int64), intent(in) :: shape_d(:), signal_shape(:), element_type
    integer(int64), intent(in), optional :: n_signals
    type(geometry), intent(inout) :: g
    integer(int32), intent(inout) :: status
    character(:), allocatable, intent(inout) :: text
    if (status < 0) return
    call measure_d(shape_d, g, status, text)
    if (status < 0) return
    if (size(signal_shape) /= g%n_axes) then
      status = DICOD_ERROR_INVALID_SHAPE
      text = 'signal_shape '//text_of(signal_shape)//' does not go with d of shape '//text_of(shape_d)// &
        ': d has its axes, then channel and atom'
      return
    end if
    g%signal(:g%n_axes) = reverse(signal_shape)
    if (present(n_signals)) g%n_signals = n_signals
    g%element_type = element_type
  end subroutine

  ! Another dictionary has to have the same shape.
  recursive subroutine same_d(shape_d, g, status, text)
    integer(int64), intent(in) :: shape_d(:)
    type(geometry), intent(in) :: g
    integer(int32), intent(out) :: status
    character(:), allocatable, intent(inout) :: text
    integer(int64), allocatable :: wanted(:)
    status = DICOD_OK
    allocate (character(0) :: text)
    wanted = [reverse(g%atom(:g%n_axes)), g%n_channels, g%n_atoms]
    if (size(shape_d) /= size(wanted)) then
      status = DICOD_ERROR_INVALID_SHAPE
    else if (any(shape_d /= wanted)) then
      status = DICOD_ERROR_INVALID_SHAPE
    end if
    if (status < 0) text = 'd has the shape '//text_of(shape_d)//', it was created with '//text_of(wanted)
  end subroutine

  recursive subroutine ready(handle, g, element_type, name, status, text)
    type(c_ptr), intent(in) :: handle
    type(geometry), intent(in) :: g
    integer(int64), intent(in) :: element_type
    character(*), intent(in) :: name
    integer(int32), intent(out) :: status
    character(:), allocatable, intent(inout) :: text
    status = DICOD_OK
    allocate (character(0) :: text)
    if (.not. c_associated(handle)) then
      status = DICOD_ERROR_NULL_POINTER
      text = name//' was not created'
    else if (g%element_type /= element_type) then
      status = DICOD_ERROR_INVALID_ARGUMENT
      text = 'the array is of real('//merge('real64', 'real32', element_type == DICOD_F64)//'), the '//name//' of the other kind'
    end if
  end subroutine

  ! Describes a block of signals (per_signal channels) or activations (per_signal atoms) where it lies.
  recursive subroutine lay_out(name, v, g, per_signal, global, offset, a, status, text)
    character(*), intent(in) :: name
    type(view), intent(in) :: v
    type(geometry), intent(in) :: g
    integer(int64), intent(in) :: per_signal, global(:)
    integer(int64), intent(in), optional :: offset(:)
    type(described), intent(inout), target :: a
    integer(int32), intent(inout) :: status
    character(:), allocatable, intent(inout) :: text
    integer :: n
    integer(int64) :: bytes, c, s
    integer(c_intptr_t) :: at
    if (status < 0) return
    n = int(g%n_axes)
    bytes = g%element_type/8
    status = DICOD_ERROR_INVALID_SHAPE
    if (v%rank < n .or. v%rank > n + 2 .or. (v%rank == n .and. per_signal*g%n_signals /= 1) &
      .or. (v%rank > n .and. v%extent(min(n + 1, 5)) /= per_signal) &
      .or. (v%rank > n .and. merge(v%extent(min(n + 2, 5)), 1_int64, v%rank > n + 1) /= g%n_signals)) then
      text = name//' has the shape '//text_of(v%extent(:v%rank))//': behind its axes '// &
        text_of([per_signal, g%n_signals])//' are wanted'
      return
    end if
    if (present(offset)) then
      if (size(offset) /= n) then
        text = 'offset '//text_of(offset)//' needs one value per axis'
        return
      end if
    end if
    if (any(modulo(v%stride(:v%rank), bytes) /= 0)) then
      status = DICOD_ERROR_INVALID_ARGUMENT
      text = name//': distances between its elements are no multiples of their size'
      return
    end if
    status = DICOD_OK
    a%global(:n) = global(:n)
    a%local(:n) = reverse(v%extent(:n))
    a%strides(:n) = reverse(v%stride(:n))/bytes
    a%offset = 0
    if (present(offset)) a%offset(:n) = reverse(offset)
    allocate (a%channels(per_signal*g%n_signals))
    if (any(v%extent(:v%rank) == 0)) then
      a%local = 0
      a%strides = 1
      a%channels = c_loc(nowhere)
    else
      do s = 0, g%n_signals - 1
        do c = 0, per_signal - 1
          at = v%base
          if (v%rank > n) at = at + c*v%stride(n + 1)
          if (v%rank > n + 1) at = at + s*v%stride(n + 2)
          a%channels(s*per_signal + c + 1) = transfer(at, c_null_ptr)
        end do
      end do
    end if
    a%array%element_type = g%element_type
    a%array%n_axes = g%n_axes
    a%array%global_shape = c_loc(a%global)
    a%array%offset = c_loc(a%offset)
    a%array%local_shape = c_loc(a%local)
    a%array%strides = c_loc(a%strides)
    a%array%n_channels = per_signal*g%n_signals
    a%array%channels = c_loc(a%channels)
  end subroutine

  ! --- encoder: what does not depend on the element type --------------------------------------------------------------

  recursive subroutine encoder_adopt(self, handle, g, context)
    class(dicod_encoder), intent(inout) :: self
    type(c_ptr), intent(in) :: handle
    type(geometry), intent(in) :: g
    type(dicod_context), intent(in), optional :: context
    if (.not. self%collective) call encoder_free(self)
    self%handle = handle
    self%g = g
    self%collective = .false.
    if (present(context)) then
      self%collective = context%collective
      self%box => context%box
      call hold(self%box)
    end if
  end subroutine

  ! Collective where the context was freed before and is on a communicator.
  recursive subroutine encoder_free(self)
    class(dicod_encoder), intent(inout) :: self
    call dicod_encoder_free(self%handle)
    call let_go(self%box)
  end subroutine

  recursive subroutine encoder_final(self)
    type(dicod_encoder), intent(inout) :: self
    if (self%collective) return
    call dicod_encoder_free(self%handle)
    call let_go(self%box)
  end subroutine

  recursive subroutine encoder_no_copy(to, from)
    class(dicod_encoder), intent(inout) :: to
    type(dicod_encoder), intent(in) :: from
    error stop 'dicod: a dicod_encoder cannot be copied'
    if (c_associated(from%handle)) to%handle = c_null_ptr ! never reached
  end subroutine

  recursive subroutine encoder_clear_z(self, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call report_status(dicod_encoder_clear_z(self%handle), stat, errmsg)
  end subroutine

  ! Shape of the activations, axes only.
  recursive function encoder_valid_shape(self) result(shape)
    class(dicod_encoder), intent(in) :: self
    integer(int64) :: shape(self%g%n_axes)
    shape = reverse(self%g%valid(:self%g%n_axes))
  end function

  ! The activations on this rank that are not zero; with offset and local_shape those in a block (collective then).
  recursive subroutine encoder_get_sparse(self, sparse, offset, local_shape, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    type(dicod_sparse), intent(inout) :: sparse
    integer(int64), intent(in), optional :: offset(:), local_shape(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int64), allocatable, target :: signal(:), atom(:), position(:, :)
    real(real64), allocatable, target :: value(:)
    integer(int64), target :: first(3), local(3), count
    integer(int32) :: status
    integer :: n
    n = int(self%g%n_axes)
    if (present(offset) .neqv. present(local_shape)) then
      call report_status(DICOD_ERROR_INVALID_ARGUMENT, stat, errmsg, 'offset and local_shape go together')
      return
    end if
    if (present(offset) .and. n > 0) then
      if (size(offset) /= n .or. size(local_shape) /= n) then
        call report_status(DICOD_ERROR_INVALID_SHAPE, stat, errmsg, 'offset '//text_of(offset)//' and local_shape '// &
          text_of(local_shape)//' need one value per axis')
        return
      end if
      first(:n) = reverse(offset)
      local(:n) = reverse(local_shape)
    end if
    count = 0
    if (present(offset)) then
      status = dicod_encoder_get_sparse_block(self%handle, c_loc(first), c_loc(local), 0_int64, c_null_ptr, c_null_ptr, &
        c_null_ptr, c_null_ptr, c_loc(count))
    else
      status = dicod_encoder_get_sparse(self%handle, 0_int64, c_null_ptr, c_null_ptr, c_null_ptr, c_null_ptr, c_loc(count))
    end if
    if (status >= 0) then
      allocate (signal(count + 1), atom(count + 1), position(n, count + 1), value(count + 1))
      if (present(offset)) then
        status = dicod_encoder_get_sparse_block(self%handle, c_loc(first), c_loc(local), count + 1, c_loc(signal), c_loc(atom), &
          c_loc(position), c_loc(value), c_loc(count))
      else
        status = dicod_encoder_get_sparse(self%handle, count + 1, c_loc(signal), c_loc(atom), c_loc(position), c_loc(value), &
          c_loc(count))
      end if
    end if
    if (status >= 0) then
      sparse%count = count
      sparse%signal = signal(:count) + 1
      sparse%atom = atom(:count) + 1
      sparse%position = position(n:1:-1, :count) + 1
      sparse%value = value(:count)
    end if
    call report_status(status, stat, errmsg)
  end subroutine

  ! The part of the valid domain whose activations are on this rank.
  recursive subroutine encoder_region(self, offset, local_shape, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    integer(int64), intent(out) :: offset(:), local_shape(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int64), target :: first(3), local(3)
    integer(int32) :: status
    integer :: n
    n = int(self%g%n_axes)
    offset = 0
    local_shape = 0
    if (size(offset) /= n .or. size(local_shape) /= n) then
      call report_status(DICOD_ERROR_INVALID_SHAPE, stat, errmsg, 'offset and local_shape need one value per axis of the encoder')
      return
    end if
    status = dicod_encoder_region(self%handle, c_loc(first), c_loc(local))
    if (status >= 0) then
      offset = reverse(first(:n))
      local_shape = reverse(local(:n))
    end if
    call report_status(status, stat, errmsg)
  end subroutine

  recursive subroutine encoder_get_lambda(self, lambda, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real64), intent(out) :: lambda(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    real(real64), target :: found(size(lambda) + 1)
    integer(int32) :: status
    found = 0
    status = dicod_encoder_get_lambda(self%handle, size(lambda, kind=int64), c_loc(found))
    lambda = found(:size(lambda))
    call report_status(status, stat, errmsg)
  end subroutine

  ! --- learner: what does not depend on the element type --------------------------------------------------------------

  recursive subroutine learner_adopt(self, handle, g, context)
    class(dicod_learner), intent(inout) :: self
    type(c_ptr), intent(in) :: handle
    type(geometry), intent(in) :: g
    type(dicod_context), intent(in), optional :: context
    if (.not. self%collective) call learner_free(self)
    self%handle = handle
    self%g = g
    self%collective = .false.
    if (present(context)) then
      self%collective = context%collective
      self%box => context%box
      call hold(self%box)
    end if
  end subroutine

  recursive subroutine learner_free(self)
    class(dicod_learner), intent(inout) :: self
    call dicod_learner_free(self%handle)
    call let_go(self%box)
  end subroutine

  recursive subroutine learner_final(self)
    type(dicod_learner), intent(inout) :: self
    if (self%collective) return
    call dicod_learner_free(self%handle)
    call let_go(self%box)
  end subroutine

  recursive subroutine learner_no_copy(to, from)
    class(dicod_learner), intent(inout) :: to
    type(dicod_learner), intent(in) :: from
    error stop 'dicod: a dicod_learner cannot be copied'
    if (c_associated(from%handle)) to%handle = c_null_ptr ! never reached
  end subroutine

  recursive subroutine learner_get_lambda(self, lambda, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real64), intent(out) :: lambda(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    real(real64), target :: found(size(lambda) + 1)
    integer(int32) :: status
    found = 0
    status = dicod_learner_get_lambda(self%handle, size(lambda, kind=int64), c_loc(found))
    lambda = found(:size(lambda))
    call report_status(status, stat, errmsg)
  end subroutine

  ! Writes a checkpoint: the file is whole at any time. Collective.
  recursive subroutine learner_save(self, path, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    character(*), intent(in) :: path
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    character(kind=c_char), allocatable, target :: name(:)
    allocate (name, source=to_c(path))
    call report_status(dicod_learner_save_file(self%handle, c_loc(name)), stat, errmsg)
  end subroutine

  recursive function learn_trampoline(userdata, step) bind(c, name='') result(code)
    type(c_ptr), value :: userdata
    type(dicod_learn_step), intent(in) :: step
    integer(c_int32_t) :: code
    type(learn_box), pointer :: box
    logical :: stop
    call c_f_pointer(userdata, box)
    stop = .false.
    if (associated(box%user)) then
      call box%each(step, stop, box%user)
    else
      call box%each(step, stop)
    end if
    code = merge(1_int32, 0_int32, stop)
  end function

  ! Numbers of z that are not zero, per atom, of a step that a procedure is told of.
  recursive function step_nonzeros(step) result(nonzeros)
    type(dicod_learn_step), intent(in) :: step
    integer(int64), allocatable :: nonzeros(:)
    integer(int64), pointer :: found(:)
    allocate (nonzeros(0))
    if (.not. c_associated(step%nonzeros)) return
    call c_f_pointer(step%nonzeros, found, [step%n_atoms])
    nonzeros = found
  end function

  ! --- segmentation and parallel map ----------------------------------------------------------------------------------

#include "dicod_segmentation.inc"
#include "dicod_parmap.inc"

  ! --- what depends on the element type -------------------------------------------------------------------------------

#define KIND real64
#define ELEMENT DICOD_F64
#define P(name) name/**/_r64
#define C(name) name
#include "dicod_kind.inc"
#undef KIND
#undef ELEMENT
#undef P
#undef C
#define KIND real32
#define ELEMENT DICOD_F32
#define P(name) name/**/_r32
#define C(name) name/**/_f32
#include "dicod_kind.inc"

  ! --- one procedure for each rank and type ----------------------------------------------------------------------------

#include "dicod_ranks.inc"

end module
