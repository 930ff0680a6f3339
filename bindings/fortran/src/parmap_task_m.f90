! What the procedures of a map are given: the task, bytes to read, bytes to write.
module parmap_task_m
  use, intrinsic :: iso_fortran_env, only: int8, int32, int64, real32, real64
  use dicod_c
  use dicod_error_m
  use dicod_context_m
  implicit none
  private
  public :: parmap_task, parmap_data, parmap_buffer
  public :: data_at

  ! One task, valid while its procedure runs.
  type :: parmap_task
    type(c_ptr) :: handle = c_null_ptr
  contains
    procedure :: index => task_index
    procedure :: attempt => task_attempt
    procedure :: rank => task_rank
    procedure :: worker => task_worker
    procedure :: cancelled => task_cancelled
    procedure, private :: task_uniform, task_uniform_r32
    generic :: uniform => task_uniform, task_uniform_r32
    procedure :: key => task_key
    procedure :: explain => task_explain
    procedure :: shared => task_shared
    procedure :: get_context => task_get_context
  end type

  ! Bytes to read, one value or array after the other, in the order in which they were appended.
  type :: parmap_data
    private
    type(c_ptr) :: first = c_null_ptr
    integer(int64) :: n = 0, at = 0
  contains
    procedure :: left => data_left
    !@each bytes
    procedure, private :: get_one_{n}, get_{n}, point_{n}
    ! call data%get(value), of any of these kinds: the next value, or as many as an array has
    generic :: get => get_one_{n}, get_{n}
    ! call data%point(values): a pointer to all that is left, where it lies
    generic :: point => point_{n}
    !@end
    procedure, private :: get_text
    generic :: get => get_text
  end type

  ! Bytes that a procedure writes; empty at first.
  type :: parmap_buffer
    type(c_ptr) :: handle = c_null_ptr
  contains
    !@each bytes
    procedure, private :: append_one_{n}, append_{n}, resize_{n}
    ! call buffer%append(value), or an array
    generic :: append => append_one_{n}, append_{n}
    ! call buffer%resize(values, n): the buffer is these n values from now on, new ones are zero
    generic :: resize => resize_{n}
    !@end
    procedure, private :: append_text
    generic :: append => append_text
  end type

contains

  ! Number of the task, from 1.
  recursive function task_index(self) result(index)
    class(parmap_task), intent(in) :: self
    integer(int64) :: index
    index = parmap_task_get_index(self%handle) + 1
  end function

  ! Which attempt this is, from 1.
  recursive function task_attempt(self) result(attempt)
    class(parmap_task), intent(in) :: self
    integer(int64), target :: attempt
    integer(int32) :: ignored
    attempt = 0
    ignored = parmap_task_get_place(self%handle, c_null_ptr, c_loc(attempt), c_null_ptr, c_null_ptr)
    attempt = attempt + 1
  end function

  ! The rank that it runs on, as MPI counts.
  recursive function task_rank(self) result(rank)
    class(parmap_task), intent(in) :: self
    integer(int32), target :: rank
    integer(int32) :: ignored
    rank = 0
    ignored = parmap_task_get_place(self%handle, c_null_ptr, c_null_ptr, c_loc(rank), c_null_ptr)
  end function

  ! The worker there, from 1.
  recursive function task_worker(self) result(worker)
    class(parmap_task), intent(in) :: self
    integer(int32), target :: worker
    integer(int32) :: ignored
    worker = 0
    ignored = parmap_task_get_place(self%handle, c_null_ptr, c_null_ptr, c_null_ptr, c_loc(worker))
    worker = worker + 1
  end function

  ! Whether the task should end early.
  recursive function task_cancelled(self) result(cancelled)
    class(parmap_task), intent(in) :: self
    logical :: cancelled
    cancelled = parmap_cancelled(self%handle) /= 0
  end function

  ! A random number that depends on the setting "seed" and the index alone.
  recursive function task_key(self) result(key)
    class(parmap_task), intent(in) :: self
    integer(int64), target :: key
    integer(int32) :: ignored
    key = 0
    ignored = parmap_task_get_key(self%handle, c_loc(key))
  end function

  ! The next random numbers of the task, uniform in [0, 1).
  recursive subroutine task_uniform(self, values)
    class(parmap_task), intent(in) :: self
    real(real64), intent(out), target, contiguous :: values(:)
    integer(int32) :: ignored
    values = 0
    ignored = parmap_task_uniform(self%handle, size(values, kind=int64), c_loc(values))
  end subroutine

  ! The same numbers, rounded down to this kind: one of them would round to 1.
  recursive subroutine task_uniform_r32(self, values)
    class(parmap_task), intent(in) :: self
    real(real32), intent(out) :: values(:)
    real(real64) :: wide(1)
    integer :: i
    do i = 1, size(values)
      call task_uniform(self, wide)
      values(i) = min(real(wide(1), real32), nearest(1.0_real32, -1.0_real32))
    end do
  end subroutine

  ! Says why the task fails.
  recursive subroutine task_explain(self, message)
    class(parmap_task), intent(in) :: self
    character(*), intent(in) :: message
    character(kind=c_char), allocatable, target :: text(:)
    integer(int32) :: ignored
    allocate (text, source=to_c(message))
    ignored = parmap_task_explain(self%handle, c_loc(text))
  end subroutine

  ! The data that share() has given to all tasks; none if there are none.
  recursive function task_shared(self) result(data)
    class(parmap_task), intent(in) :: self
    type(parmap_data) :: data
    type(c_ptr), target :: first
    integer(int64), target :: n
    first = c_null_ptr
    n = 0
    if (parmap_task_get_shared(self%handle, first, c_loc(n)) >= 0) data = data_at(first, n)
  end function

  ! A context on the ranks that work on the task together (setting "ranks_per_task"). To be freed before the procedure
  ! returns.
  recursive subroutine task_get_context(self, context, stat, errmsg)
    class(parmap_task), intent(in) :: self
    type(dicod_context), intent(inout) :: context
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(c_ptr) :: handle
    integer(int32) :: status
    if (taken(context, stat, errmsg)) return
    handle = c_null_ptr
    status = parmap_task_get_context(self%handle, handle)
    if (status >= 0) then
      call context_adopt(context, handle, .false.)
      context%collective = context%n_ranks() > 1
    end if
    call report_status(status, stat, errmsg)
  end subroutine

  recursive function data_at(first, n) result(data)
    type(c_ptr), intent(in) :: first
    integer(int64), intent(in) :: n
    type(parmap_data) :: data
    data%first = first
    data%n = n
  end function

  ! Bytes that were not read yet.
  pure recursive function data_left(self) result(n)
    class(parmap_data), intent(in) :: self
    integer(int64) :: n
    n = self%n - self%at
  end function

  ! The next n bytes.
  recursive subroutine take(self, n, bytes, status, text)
    class(parmap_data), intent(inout) :: self
    integer(int64), intent(in) :: n
    integer(int8), pointer, intent(out) :: bytes(:)
    integer(int32), intent(out) :: status
    character(:), allocatable, intent(out) :: text
    integer(int8), pointer :: all(:)
    integer(int8), target, save :: none(1) = 0
    status = DICOD_OK
    bytes => none(:0)
    if (n > self%left()) then
      status = DICOD_ERROR_OUT_OF_RANGE
      text = 'bytes asked for, left, and in all: '//text_of([n, self%left(), self%n])
    else if (n > 0) then
      call c_f_pointer(self%first, all, [self%n])
      bytes => all(self%at + 1:self%at + n)
      self%at = self%at + n
    end if
  end subroutine

  recursive subroutine get_text(self, value, stat, errmsg)
    class(parmap_data), intent(inout) :: self
    character(*), intent(inout) :: value
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int8), pointer :: bytes(:)
    character(:), allocatable :: text
    integer(int32) :: status
    call take(self, len(value, int64), bytes, status, text)
    if (status >= 0) value = transfer(bytes, value)
    call report_status(status, stat, errmsg, text)
  end subroutine

  recursive subroutine append_text(self, value, stat, errmsg)
    class(parmap_buffer), intent(inout) :: self
    character(*), intent(in), target :: value
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call report_status(parmap_buffer_append(self%handle, c_loc(value), len(value, int64)), stat, errmsg)
  end subroutine

  !@each bytes
  recursive subroutine get_one_{n}(self, value, stat, errmsg)
    class(parmap_data), intent(inout) :: self
    {kind}, intent(inout) :: value
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int8), pointer :: bytes(:)
    character(:), allocatable :: text
    integer(int32) :: status
    call take(self, storage_size(value, int64)/8, bytes, status, text)
    if (status >= 0) value = transfer(bytes, value)
    call report_status(status, stat, errmsg, text)
  end subroutine

  recursive subroutine get_{n}(self, value, stat, errmsg)
    class(parmap_data), intent(inout) :: self
    {kind}, intent(inout) :: value(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int8), pointer :: bytes(:)
    character(:), allocatable :: text
    integer(int32) :: status
    call take(self, size(value, kind=int64)*(storage_size(value, int64)/8), bytes, status, text)
    if (status >= 0) value = transfer(bytes, value, size(value))
    call report_status(status, stat, errmsg, text)
  end subroutine

  recursive subroutine point_{n}(self, values, stat, errmsg)
    class(parmap_data), intent(inout) :: self
    {kind}, pointer, intent(out) :: values(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int8), pointer :: bytes(:)
    character(:), allocatable :: text
    integer(int32) :: status
    integer(int64) :: one
    {kind}, target, save :: none(1) = 0
    one = storage_size(none, int64)/8
    values => none(:0)
    status = DICOD_OK
    allocate (character(0) :: text)
    if (modulo(self%left(), one) /= 0 .or. modulo(self%at, one) /= 0) then
      status = DICOD_ERROR_INVALID_ARGUMENT
      text = 'bytes left and read before are no multiples of the size of a value: '//text_of([self%left(), self%at, one])
    else if (self%left() > 0) then
      call take(self, self%left(), bytes, status, text)
      call c_f_pointer(c_loc(bytes), values, [size(bytes, kind=int64)/one])
    end if
    call report_status(status, stat, errmsg, text)
  end subroutine

  recursive subroutine append_one_{n}(self, value, stat, errmsg)
    class(parmap_buffer), intent(inout) :: self
    {kind}, intent(in), target :: value
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call report_status(parmap_buffer_append(self%handle, c_loc(value), storage_size(value, int64)/8), stat, errmsg)
  end subroutine

  recursive subroutine append_{n}(self, value, stat, errmsg)
    class(parmap_buffer), intent(inout) :: self
    {kind}, intent(in), target, contiguous :: value(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call report_status(parmap_buffer_append(self%handle, c_loc(value), size(value, kind=int64)*(storage_size(value, int64)/8)), &
      stat, errmsg)
  end subroutine

  recursive subroutine resize_{n}(self, values, n, stat, errmsg)
    class(parmap_buffer), intent(inout) :: self
    {kind}, pointer, intent(out) :: values(:)
    class(*), intent(in) :: n
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    {kind}, target, save :: none(1) = 0
    type(c_ptr) :: first
    integer(int32) :: status
    values => none(:0)
    first = c_null_ptr
    status = parmap_buffer_resize(self%handle, whole(n)*(storage_size(none, int64)/8), first)
    if (status >= 0 .and. whole(n) > 0) call c_f_pointer(first, values, [whole(n)])
    call report_status(status, stat, errmsg)
  end subroutine

  !@end
end module
