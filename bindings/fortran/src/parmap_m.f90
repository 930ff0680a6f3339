! A map over the ranks and threads of a context. Everything is collective unless it says otherwise.
module parmap_m
  use, intrinsic :: iso_fortran_env, only: int8, int32, int64, real32, real64
  use dicod_c
  use dicod_error_m
  use dicod_context_m
  use parmap_task_m
  use parmap_callback_m
  use parmap_reduce_m
  implicit none
  private
  public :: parmap, parmap_pull, report_message, report_text

  type, extends(library_handle) :: parmap
    logical :: collective = .false.
    type(progress_box), pointer, private :: box => null()
    type(registered), pointer, private :: names => null()
    character(kind=c_char), pointer, private :: title(:) => null()
  contains
    procedure :: create => map_create
    procedure :: free => map_free
    procedure :: set => map_set
    procedure :: set_text => map_set_text
    procedure, private :: map_get_real, map_get_real32, map_get_integer, map_get_int32, map_get_flag, map_get_string
    generic :: get => map_get_real, map_get_real32, map_get_integer, map_get_int32, map_get_flag, map_get_string
    procedure :: set_progress => map_set_progress
    procedure :: show_progress => map_show_progress
    procedure :: cancel => map_cancel
    !@each bytes
    procedure, private :: map_run_{n}, map_reduce_{n}, map_reduce_state_{n}, map_register_{n}, map_call_{n}
    ! call m%run(work, inputs, outputs), of any of these kinds, and work with it
    generic :: run => map_run_{n}
    generic :: reduce => map_reduce_{n}, map_reduce_state_{n}
    ! Rank 0 calls by name what every rank has registered.
    generic :: register => map_register_{n}
    generic :: call => map_call_{n}
    procedure, private :: share_{n}, call_share_{n}
    ! call m%share(values): for parmap_task%shared()
    generic :: share => share_{n}
    generic :: call_share => call_share_{n}
    !@end
    procedure :: stream => map_stream
    procedure :: unfinished => map_unfinished
    procedure :: open => map_open
    procedure, private :: map_register, map_register_item
    generic :: register => map_register, map_register_item
    procedure :: serve => map_serve
    procedure :: release => map_release
    procedure :: call_stream => map_call_stream
    final :: map_final
  end type

  ! Tasks that threads of the program's pull. To be closed: by nobody else, because that is collective.
  type, extends(library_handle) :: parmap_pull
  contains
    procedure :: next => pull_next
    procedure :: done => pull_done
    procedure :: cancelled => pull_cancelled
    procedure :: key => pull_key
    procedure :: close => pull_close
  end type

  ! What was registered lives as long as the map.
  type :: registered
    character(:), allocatable :: name
    logical :: is_item = .false.
    type(map_box) :: map
    type(stream_box) :: item
    type(registered), pointer :: next => null()
  end type

contains

  ! Local. Without a context: this process alone, one thread.
  recursive subroutine map_create(self, context, stat, errmsg)
    class(parmap), intent(inout) :: self
    type(dicod_context), intent(in), optional :: context
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(c_ptr) :: on, handle
    character(:), allocatable :: text
    integer(int32) :: status
    status = DICOD_OK
    handle = c_null_ptr
    on = c_null_ptr
    if (present(context)) then
      on = context%handle
      if (.not. c_associated(on)) then
        status = DICOD_ERROR_NULL_POINTER
        text = 'context was not created'
      end if
    end if
    if (status >= 0) status = parmap_create(on, handle)
    if (status >= 0) then
      call map_free(self)
      self%handle = handle
      self%collective = .false.
      if (present(context)) self%collective = context%collective
      allocate (self%box)
    end if
    call report_status(status, stat, errmsg, text)
  end subroutine

  ! Collective where the context was freed before and is on a communicator.
  recursive subroutine map_free(self)
    class(parmap), intent(inout) :: self
    type(registered), pointer :: next
    integer(int32) :: ignored
    ignored = parmap_free(self%handle)
    if (associated(self%box)) deallocate (self%box)
    if (associated(self%title)) deallocate (self%title)
    do while (associated(self%names))
      next => self%names%next
      deallocate (self%names)
      self%names => next
    end do
  end subroutine

  impure elemental recursive subroutine map_final(self)
    type(parmap), intent(inout) :: self
    if (.not. self%collective) call map_free(self)
  end subroutine

  ! A number of any kind, a flag or a word. A whole number stands for a real one, too.
  recursive subroutine map_set(self, key, value, stat, errmsg)
    class(parmap), intent(inout) :: self
    character(*), intent(in) :: key
    class(*), intent(in) :: value
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(plain) :: v
    character(kind=c_char), allocatable, target :: name(:), word(:)
    integer(int32) :: status
    allocate (name, source=to_c(key))
    v = plain_of(value)
    select case (v%base)
    case ('string')
      allocate (word, source=to_c(v%word))
      status = parmap_set_string(self%handle, c_loc(name), c_loc(word))
    case ('real')
      status = parmap_set_real(self%handle, c_loc(name), v%reals(1))
    case ('integer', 'logical')
      if (any(trim(key) == [character(17) :: 'deadline', 'grace', 'progress_interval'])) then
        status = parmap_set_real(self%handle, c_loc(name), real(v%integers(1), real64))
      else
        status = parmap_set_integer(self%handle, c_loc(name), v%integers(1))
      end if
    case default
      call report_status(DICOD_ERROR_INVALID_ARGUMENT, stat, errmsg, &
        'setting "'//trim(key)//'" must be a number, a flag or a word, is of another type')
      return
    end select
    call report_status(status, stat, errmsg)
  end subroutine

  ! A setting of any type from text, as in C.
  recursive subroutine map_set_text(self, key, text, stat, errmsg)
    class(parmap), intent(inout) :: self
    character(*), intent(in) :: key, text
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    character(kind=c_char), allocatable, target :: name(:), value(:)
    allocate (name, source=to_c(key))
    allocate (value, source=to_c(text))
    call report_status(parmap_set(self%handle, c_loc(name), c_loc(value)), stat, errmsg)
  end subroutine

  ! The value that a setting has: a number, flag or word, of the type of the setting and any kind. Local.
  recursive subroutine map_get_real(self, key, value, stat, errmsg)
    class(parmap), intent(in) :: self
    character(*), intent(in) :: key
    real(real64), intent(inout) :: value
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    character(kind=c_char), allocatable, target :: name(:)
    real(real64), target :: found
    integer(int32) :: status
    allocate (name, source=to_c(key))
    found = value
    status = parmap_get_real(self%handle, c_loc(name), c_loc(found))
    value = found
    call report_status(status, stat, errmsg)
  end subroutine

  recursive subroutine map_get_real32(self, key, value, stat, errmsg)
    class(parmap), intent(in) :: self
    character(*), intent(in) :: key
    real(real32), intent(inout) :: value
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    real(real64) :: found
    integer(int32) :: status
    found = 0
    call map_get_real(self, key, found, status)
    if (status >= 0) value = real(found, real32)
    call report_status(status, stat, errmsg)
  end subroutine

  recursive subroutine map_get_integer(self, key, value, stat, errmsg)
    class(parmap), intent(in) :: self
    character(*), intent(in) :: key
    integer(int64), intent(inout) :: value
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    character(kind=c_char), allocatable, target :: name(:)
    integer(int64), target :: found
    integer(int32) :: status
    allocate (name, source=to_c(key))
    found = value
    status = parmap_get_integer(self%handle, c_loc(name), c_loc(found))
    value = found
    call report_status(status, stat, errmsg)
  end subroutine

  recursive subroutine map_get_int32(self, key, value, stat, errmsg)
    class(parmap), intent(in) :: self
    character(*), intent(in) :: key
    integer(int32), intent(inout) :: value
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int64) :: found
    integer(int32) :: status
    found = 0
    call map_get_integer(self, key, found, status)
    if (status >= 0) value = int(found, int32)
    call report_status(status, stat, errmsg)
  end subroutine

  recursive subroutine map_get_flag(self, key, value, stat, errmsg)
    class(parmap), intent(in) :: self
    character(*), intent(in) :: key
    logical, intent(inout) :: value
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int64) :: found
    integer(int32) :: status
    found = 0
    call map_get_integer(self, key, found, status)
    if (status >= 0) value = found /= 0
    call report_status(status, stat, errmsg)
  end subroutine

  recursive subroutine map_get_string(self, key, value, stat, errmsg)
    class(parmap), intent(in) :: self
    character(*), intent(in) :: key
    character(:), allocatable, intent(inout) :: value
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    character(kind=c_char), allocatable, target :: name(:), word(:)
    integer(int64), target :: needed
    integer(int32) :: status
    allocate (name, source=to_c(key))
    needed = 0
    status = parmap_get_string(self%handle, c_loc(name), 0_int64, c_null_ptr, c_loc(needed))
    allocate (word(needed + 1))
    word = c_null_char
    if (status >= 0) status = parmap_get_string(self%handle, c_loc(name), needed + 1, c_loc(word), c_loc(needed))
    if (status >= 0) value = text_from_c(c_loc(word))
    call report_status(status, stat, errmsg)
  end subroutine

  ! Without progress: nobody is told. user has to live as long as the map.
  recursive subroutine map_set_progress(self, progress, user, stat, errmsg)
    class(parmap), intent(inout) :: self
    procedure(map_progress_procedure), optional :: progress
    class(*), intent(in), target, optional :: user
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(c_funptr) :: trampoline
    if (.not. associated(self%box)) then
      call report_status(DICOD_ERROR_NULL_POINTER, stat, errmsg, 'map was not created')
      return
    end if
    trampoline = c_null_funptr
    nullify (self%box%progress, self%box%user)
    if (present(progress)) then
      trampoline = c_funloc(progress_trampoline)
      self%box%progress => progress
      if (present(user)) self%box%user => user
    end if
    call report_status(parmap_set_progress(self%handle, trampoline, c_loc(self%box)), stat, errmsg)
  end subroutine

  ! A bar on stderr, under this title.
  recursive subroutine map_show_progress(self, title, stat, errmsg)
    class(parmap), intent(inout) :: self
    character(*), intent(in) :: title
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    if (associated(self%title)) deallocate (self%title)
    allocate (self%title, source=to_c(title))
    call report_status(parmap_set_progress(self%handle, c_funloc(parmap_progress_bar), c_loc(self%title)), stat, errmsg)
  end subroutine

  ! Local. Asks the run that is in progress to end.
  recursive subroutine map_cancel(self)
    class(parmap), intent(in) :: self
    call parmap_cancel(self%handle)
  end subroutine

  !@each bytes
  ! Task i reads inputs(:, i) and writes outputs(:, i). Both have the same shape on every rank; inputs count on rank 0,
  ! outputs are written on each. statuses(i): 0, the code of the task, or a negative status. Collective.
  recursive subroutine map_run_{n}(self, work, inputs, outputs, statuses, user, report, stat, errmsg)
    class(parmap), intent(inout) :: self
    procedure(map_procedure{of}) :: work
    {kind}, intent(in), target, contiguous :: inputs(:, :)
    {kind}, intent(inout), target, contiguous :: outputs(:, :)
    integer(int32), intent(inout), target, contiguous, optional :: statuses(:)
    class(*), intent(in), target, optional :: user
    type(parmap_report), intent(inout), optional :: report
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(map_box), target :: box
    character(:), allocatable :: text
    integer(int64) :: n_tasks, one
    integer(int32) :: status
    text = per_task(shape(inputs, int64), shape(outputs, int64), statuses)
    n_tasks = size(inputs, 2, int64)
    status = DICOD_ERROR_INVALID_SHAPE
    if (text /= '') n_tasks = -1
    one = storage_size(inputs, int64)/8
    box%work_{n} => work
    box%n_in = size(inputs, 1, int64)
    box%n_out = size(outputs, 1, int64)
    if (present(user)) box%user => user
    ! The other ranks learn of it.
    if (text /= '' .and. self%collective) call refuse_next(status, text)
    if (text == '') status = parmap_run(self%handle, n_tasks, c_funloc(work_trampoline_{n}), &
      c_loc(box), c_loc(inputs), one*box%n_in, 0_int64, c_loc(outputs), one*box%n_out, 0_int64, address_of(statuses), report)
    call report_status(status, stat, errmsg, text)
  end subroutine

  !@end
  ! What is wrong with the shapes, if anything.
  recursive function per_task(shape_in, shape_out, statuses) result(text)
    integer(int64), intent(in) :: shape_in(2), shape_out(2)
    integer(int32), intent(in), optional :: statuses(:)
    character(:), allocatable :: text
    logical :: fits
    fits = shape_in(2) == shape_out(2)
    if (present(statuses)) fits = fits .and. size(statuses) == shape_out(2)
    allocate (character(0) :: text)
    if (.not. fits) text = 'inputs '//text_of(shape_in)//', outputs '//text_of(shape_out)// &
      ' and statuses need one column or value per task'
  end function

  recursive function address_of(statuses) result(first)
    integer(int32), intent(in), target, contiguous, optional :: statuses(:)
    type(c_ptr) :: first
    first = c_null_ptr
    if (present(statuses)) first = c_loc(statuses)
  end function

  !@each bytes
  ! Task i reads inputs(:, i) and changes a copy of state, as it is at the call; copies are joined in the order of their
  ! tasks, and state is set to the outcome on every rank. join: adds, unless it is given. Collective.
  recursive subroutine map_reduce_{n}(self, work, inputs, state, join, user, report, stat, errmsg)
    class(parmap), intent(inout) :: self
    procedure(reduce_procedure{of}) :: work
    {kind}, intent(in), target, contiguous :: inputs(:, :)
    {kind}, intent(inout) :: state(:)
    procedure(join_procedure{of}), optional :: join
    class(*), intent(in), target, optional :: user
    type(parmap_report), intent(inout), optional :: report
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(numbers_{n}), target :: its
    its%values = state
    its%work => work
    if (present(join)) its%join => join
    if (present(user)) its%user => user
    call map_reduce_state_{n}(self, numbers_work_{n}, inputs, its, numbers_join_{n}, numbers_pack_{n}, numbers_unpack_{n}, &
      report, stat, errmsg)
    state = its%values
  end subroutine

  ! The same for a state of any type. pack and unpack are what it takes to send it to another rank.
  recursive subroutine map_reduce_state_{n}(self, work, inputs, state, join, pack, unpack, report, stat, errmsg)
    class(parmap), intent(inout) :: self
    procedure(state_input_procedure{of}) :: work
    {kind}, intent(in), target, contiguous :: inputs(:, :)
    class(*), intent(inout), target :: state
    procedure(state_join_procedure) :: join
    procedure(state_pack_procedure) :: pack
    procedure(state_unpack_procedure) :: unpack
    type(parmap_report), intent(inout), optional :: report
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(reduce_box), target :: box
    type(state_box), target :: its
    box%work_{n} => work
    box%join => join
    box%pack => pack
    box%unpack => unpack
    box%n_in = size(inputs, 1, int64)
    its%state => state
    call report_status(parmap_reduce(self%handle, size(inputs, 2, int64), reducer_of(box), c_loc(inputs), &
      box%n_in*(storage_size(inputs, int64)/8), 0_int64, c_loc(its), report), stat, errmsg)
  end subroutine

  !@end
  ! Runs work for each item of produce, on rank 0, and gives the results to consume there. Other ranks need neither.
  recursive subroutine map_stream(self, work, produce, consume, user, report, stat, errmsg)
    class(parmap), intent(inout) :: self
    procedure(item_procedure) :: work
    procedure(produce_procedure), optional :: produce
    procedure(consume_procedure), optional :: consume
    class(*), intent(in), target, optional :: user
    type(parmap_report), intent(inout), optional :: report
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(stream_box), target :: box
    type(c_funptr) :: producer, consumer
    box%work => work
    call ends_of(box, produce, consume, user, producer, consumer)
    call report_status(parmap_stream(self%handle, producer, c_funloc(item_trampoline), consumer, c_loc(box), report), stat, errmsg)
  end subroutine

  ! Local. Tasks without a result in the last run: ranges(1, i) to ranges(2, i).
  recursive function map_unfinished(self, stat, errmsg) result(ranges)
    class(parmap), intent(in) :: self
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int64), allocatable :: ranges(:, :)
    integer(int64), allocatable, target :: first(:), last(:)
    integer(int64), target :: n
    integer(int32) :: status
    n = 0
    status = parmap_get_unfinished(self%handle, 0_int64, c_null_ptr, c_null_ptr, c_loc(n))
    allocate (first(n + 1), last(n + 1), ranges(2, n))
    if (status >= 0) status = parmap_get_unfinished(self%handle, n + 1, c_loc(first), c_loc(last), c_loc(n))
    if (status >= 0) then
      ranges(1, :) = first(:n) + 1
      ranges(2, :) = last(:n)
    end if
    call report_status(status, stat, errmsg)
  end function

  ! What a failing task of a report said.
  recursive function report_message(report) result(text)
    type(parmap_report), intent(in) :: report
    character(:), allocatable :: text
    integer :: i
    allocate (character(0) :: text)
    do i = 1, size(report%failure_message)
      if (report%failure_message(i) == c_null_char) exit
      text = text//report%failure_message(i)
    end do
  end function

  ! What came of a run, as text for people: one line. It counts tasks from 1, as messages do; report%failure_index
  ! counts from 0, as in C, with -1 for none.
  recursive function report_text(report) result(text)
    type(parmap_report), intent(in) :: report
    character(:), allocatable :: text
    character(kind=c_char), allocatable, target :: buffer(:)
    integer(int64), target :: needed
    type(parmap_report) :: shown
    needed = 1
    shown = report
    if (shown%failure_index >= 0) shown%failure_index = shown%failure_index + 1
    call report_status(parmap_report_text(shown, 0_int64, c_null_ptr, c_loc(needed)))
    allocate (buffer(needed))
    call report_status(parmap_report_text(shown, needed, c_loc(buffer), c_loc(needed)))
    text = text_from_c(c_loc(buffer))
  end function

  ! Begins to give out tasks to threads of the program's, on each rank its own portion.
  recursive subroutine map_open(self, n_tasks, pull, stat, errmsg)
    class(parmap), intent(inout) :: self
    class(*), intent(in) :: n_tasks
    type(parmap_pull), intent(inout) :: pull
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call report_status(parmap_open(self%handle, whole(n_tasks), pull%handle), stat, errmsg)
  end subroutine

  ! Local, as all but close. The next task; 0: there are no more.
  recursive function pull_next(self, stat, errmsg) result(index)
    class(parmap_pull), intent(in) :: self
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int64), target :: index
    index = -1
    call report_status(parmap_next(self%handle, c_loc(index)), stat, errmsg)
    index = index + 1
  end function

  ! A task is done; code: positive if it failed, then because of message.
  recursive subroutine pull_done(self, index, code, message, stat, errmsg)
    class(parmap_pull), intent(in) :: self
    class(*), intent(in) :: index
    integer(int32), intent(in), optional :: code
    character(*), intent(in), optional :: message
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    character(kind=c_char), allocatable, target :: text(:)
    integer(int32) :: result_
    allocate (text(1), source=c_null_char)
    if (present(message)) text = to_c(message)
    result_ = 0
    if (present(code)) result_ = code
    call report_status(parmap_done(self%handle, whole(index) - 1, result_, c_loc(text)), stat, errmsg)
  end subroutine

  ! Whether the task need not be finished.
  recursive function pull_cancelled(self, index) result(cancelled)
    class(parmap_pull), intent(in) :: self
    class(*), intent(in) :: index
    logical :: cancelled
    cancelled = parmap_pull_cancelled(self%handle, whole(index) - 1) /= 0
  end function

  ! As parmap_task%key().
  recursive function pull_key(self, index, stat, errmsg) result(key)
    class(parmap_pull), intent(in) :: self
    class(*), intent(in) :: index
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int64), target :: key
    key = 0
    call report_status(parmap_pull_get_key(self%handle, whole(index) - 1, c_loc(key)), stat, errmsg)
  end function

  ! Ends the pull, on all ranks.
  recursive subroutine pull_close(self, report, stat, errmsg)
    class(parmap_pull), intent(inout) :: self
    type(parmap_report), intent(inout), optional :: report
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call report_status(parmap_close(self%handle, report), stat, errmsg)
  end subroutine

  ! Local. A name for a procedure whose tasks have n_in numbers of real64 each, and give n_out: on every rank its own, of these
  ! sizes, which are of kind int64: others could be mistaken for stat.
  recursive subroutine map_register(self, name, work, n_in, n_out, user, stat, errmsg)
    class(parmap), intent(inout) :: self
    character(*), intent(in) :: name
    procedure(map_procedure) :: work
    integer(int64), intent(in) :: n_in, n_out
    class(*), intent(in), target, optional :: user
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call remember(self, name, .false.)
    self%names%map%work_r64 => work
    call register_last(self, n_in, n_out, c_funloc(work_trampoline_r64), user, stat, errmsg)
  end subroutine

  !@each bytes
  ! Local. The same for any kind: input and output are columns like those of its tasks, whatever is in them.
  recursive subroutine map_register_{n}(self, name, work, input, output, user, stat, errmsg)
    class(parmap), intent(inout) :: self
    character(*), intent(in) :: name
    procedure(map_procedure{of}) :: work
    {kind}, intent(in) :: input(:), output(:)
    class(*), intent(in), target, optional :: user
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call remember(self, name, .false.)
    self%names%map%work_{n} => work
    call register_last(self, size(input, kind=int64), size(output, kind=int64), c_funloc(work_trampoline_{n}), user, stat, errmsg)
  end subroutine

  !@end
  ! Tells the library of what was remembered last.
  recursive subroutine register_last(self, n_in, n_out, trampoline, user, stat, errmsg)
    class(parmap), intent(inout) :: self
    integer(int64), intent(in) :: n_in, n_out
    type(c_funptr), value :: trampoline ! by reference gfortran puts an address among constants, where there may be none
    class(*), intent(in), target, optional :: user
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    character(kind=c_char), allocatable, target :: text(:)
    self%names%map%n_in = n_in
    self%names%map%n_out = n_out
    if (present(user)) self%names%map%user => user
    allocate (text, source=to_c(self%names%name))
    call report_status(parmap_register(self%handle, c_loc(text), trampoline, c_loc(self%names%map)), stat, errmsg)
  end subroutine

  ! Local. The same for the items of call_stream.
  recursive subroutine map_register_item(self, name, work, user, stat, errmsg)
    class(parmap), intent(inout) :: self
    character(*), intent(in) :: name
    procedure(item_procedure) :: work
    class(*), intent(in), target, optional :: user
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    character(kind=c_char), allocatable, target :: text(:)
    call remember(self, name, .true.)
    self%names%item%work => work
    if (present(user)) self%names%item%user => user
    allocate (text, source=to_c(name))
    call report_status(parmap_register_item(self%handle, c_loc(text), c_funloc(item_trampoline), c_loc(self%names%item)), &
      stat, errmsg)
  end subroutine

  recursive subroutine remember(self, name, is_item)
    class(parmap), intent(inout) :: self
    character(*), intent(in) :: name
    logical, intent(in) :: is_item
    type(registered), pointer :: one
    allocate (one)
    one%name = trim(name)
    one%is_item = is_item
    one%next => self%names
    self%names => one
  end subroutine

  ! On ranks other than 0: does what rank 0 calls, until it calls release.
  recursive subroutine map_serve(self, stat, errmsg)
    class(parmap), intent(inout) :: self
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call report_status(parmap_serve(self%handle), stat, errmsg)
  end subroutine

  ! Ends the ranks that serve; on rank 0.
  recursive subroutine map_release(self, stat, errmsg)
    class(parmap), intent(inout) :: self
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call report_status(parmap_release(self%handle), stat, errmsg)
  end subroutine

  !@each bytes
  ! On rank 0, while the others serve: as run.
  recursive subroutine map_call_{n}(self, name, inputs, outputs, statuses, report, stat, errmsg)
    class(parmap), intent(inout) :: self
    character(*), intent(in) :: name
    {kind}, intent(in), target, contiguous :: inputs(:, :)
    {kind}, intent(inout), target, contiguous :: outputs(:, :)
    integer(int32), intent(inout), target, contiguous, optional :: statuses(:)
    type(parmap_report), intent(inout), optional :: report
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    character(kind=c_char), allocatable, target :: text(:)
    type(registered), pointer :: one
    integer(int64) :: n_in, n_out
    if (per_task(shape(inputs, int64), shape(outputs, int64), statuses) /= '') then
      call report_status(DICOD_ERROR_INVALID_SHAPE, stat, errmsg, per_task(shape(inputs, int64), shape(outputs, int64), statuses))
      return
    end if
    one => self%names
    do while (associated(one))
      if (one%name == name .and. .not. one%is_item) exit
      one => one%next
    end do
    if (associated(one)) then
      if (.not. associated(one%map%work_{n})) then
        call report_status(DICOD_ERROR_INVALID_ARGUMENT, stat, errmsg, 'inputs and outputs are of {kind}: '//trim(name)// &
          ' was registered with columns of another kind')
        return
      end if
      if (any([one%map%n_in, one%map%n_out] /= [size(inputs, 1, int64), size(outputs, 1, int64)])) then
        call report_status(DICOD_ERROR_INVALID_SHAPE, stat, errmsg, 'inputs '//text_of(shape(inputs, int64))//' and outputs '// &
          text_of(shape(outputs, int64))//': '//trim(name)//' was registered with columns of '// &
          text_of([one%map%n_in, one%map%n_out]))
        return
      end if
    end if
    n_in = size(inputs, 1, int64)*(storage_size(inputs, int64)/8)
    n_out = size(outputs, 1, int64)*(storage_size(outputs, int64)/8)
    allocate (text, source=to_c(name))
    call report_status(parmap_call(self%handle, c_loc(text), size(inputs, 2, int64), c_loc(inputs), n_in, 0_int64, &
      c_loc(outputs), n_out, 0_int64, address_of(statuses), report), stat, errmsg)
  end subroutine

  !@end
  ! On rank 0, while the others serve: as stream.
  recursive subroutine map_call_stream(self, name, produce, consume, user, report, stat, errmsg)
    class(parmap), intent(inout) :: self
    character(*), intent(in) :: name
    procedure(produce_procedure) :: produce
    procedure(consume_procedure) :: consume
    class(*), intent(in), target, optional :: user
    type(parmap_report), intent(inout), optional :: report
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    character(kind=c_char), allocatable, target :: text(:)
    type(stream_box), target :: box
    type(c_funptr) :: producer, consumer
    call ends_of(box, produce, consume, user, producer, consumer)
    allocate (text, source=to_c(name))
    call report_status(parmap_call_stream(self%handle, c_loc(text), producer, consumer, c_loc(box), report), stat, errmsg)
  end subroutine

  !@each bytes
  ! Gives values of rank 0 to all tasks of later runs, on every rank.
  recursive subroutine share_{n}(self, values, stat, errmsg)
    class(parmap), intent(inout) :: self
    {kind}, intent(in), target, contiguous :: values(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call report_status(parmap_share(self%handle, c_loc(values), size(values, kind=int64)*(storage_size(values, int64)/8)), &
      stat, errmsg)
  end subroutine

  ! On rank 0, while the others serve: as share.
  recursive subroutine call_share_{n}(self, values, stat, errmsg)
    class(parmap), intent(inout) :: self
    {kind}, intent(in), target, contiguous :: values(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call report_status(parmap_call_share(self%handle, c_loc(values), size(values, kind=int64)*(storage_size(values, int64)/8)), &
      stat, errmsg)
  end subroutine

  !@end
end module
