! Threads, ranks and callbacks.
module dicod_context_m
  use, intrinsic :: iso_fortran_env, only: int32, int64
  use dicod_c
  use dicod_error_m
  implicit none
  private
  public :: dicod_context, log_procedure, progress_procedure
  public :: callback_box, context_adopt, taken, hold, let_go

  abstract interface
    ! Told of a log message; user is what was given to set_log.
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
  end interface

  ! The procedures of a context. Encoders made with it need them as long as they live.
  type :: callback_box
    integer :: users = 1
    procedure(log_procedure), pointer, nopass :: log => null()
    class(*), pointer :: log_user => null()
    procedure(progress_procedure), pointer, nopass :: progress => null()
    class(*), pointer :: progress_user => null()
    ! Of the library's own callbacks.
    integer(int32) :: level = DICOD_LOG_INFO
    character(kind=c_char), allocatable :: title(:)
  end type

  ! dicod_mpi has create_context() for the ranks of a communicator.
  type, extends(library_handle) :: dicod_context
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
    procedure :: log_to_stderr => context_log_to_stderr
    procedure :: show_progress => context_show_progress
    procedure :: cancel => context_cancel
    procedure :: set_cancel_flag => context_set_cancel_flag
    final :: context_final
  end type

contains

  ! n_threads: from 1 (default); -1: as many as there are cores; -2: one fewer.
  recursive subroutine context_create(self, n_threads, stat, errmsg)
    class(dicod_context), intent(inout) :: self
    integer, intent(in), optional :: n_threads
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int32) :: status, threads
    type(c_ptr) :: handle
    if (taken(self, stat, errmsg)) return
    threads = 1
    if (present(n_threads)) threads = int(n_threads, int32)
    handle = c_null_ptr
    status = dicod_context_create(threads, handle)
    if (status >= 0) call context_adopt(self, handle, .false.)
    call report_status(status, stat, errmsg)
  end subroutine

  ! A variable whose context is on a communicator is freed by all ranks of that one, not by making another.
  recursive function taken(self, stat, errmsg)
    class(dicod_context), intent(in) :: self
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    logical :: taken
    taken = c_associated(self%handle) .and. self%collective
    if (taken) call report_status(DICOD_ERROR_INVALID_STATE, stat, errmsg, &
      'the variable holds a context on a communicator: %free() it before')
  end function

  ! Takes over a handle of dicod.h's, in the place of the one that it has.
  recursive subroutine context_adopt(self, handle, collective)
    class(dicod_context), intent(inout) :: self
    type(c_ptr), intent(in) :: handle
    logical, intent(in) :: collective
    integer(int32) :: ignored
    if (c_associated(self%handle)) call context_free(self, ignored)
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
    ! After MPI_Finalize nothing is left to free: no reason to stop.
    if (status == DICOD_ERROR_INVALID_STATE .and. .not. present(stat)) return
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

  impure elemental recursive subroutine context_final(self)
    type(dicod_context), intent(inout) :: self
    integer(int32) :: ignored
    if (.not. self%collective) ignored = dicod_context_free(self%handle)
    if (.not. self%collective) call let_go(self%box)
  end subroutine

  ! Rank of this process in the context, from 0 as MPI counts. Local.
  recursive function context_rank(self) result(rank)
    class(dicod_context), intent(in) :: self
    integer(int32), target :: rank
    rank = 0
    call report_status(dicod_context_get_ranks(self%handle, c_loc(rank), c_null_ptr))
  end function

  ! Number of ranks of the context. Local.
  recursive function context_n_ranks(self) result(n)
    class(dicod_context), intent(in) :: self
    integer(int32), target :: n
    n = 1
    call report_status(dicod_context_get_ranks(self%handle, c_null_ptr, c_loc(n)))
  end function

  ! Threads that calls with the context may use. Local.
  recursive function context_n_threads(self) result(n)
    class(dicod_context), intent(in) :: self
    integer(int32), target :: n
    n = 1
    call report_status(dicod_context_get_threads(self%handle, c_loc(n)))
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

  ! Without progress: nobody is told. user has to live as long as the context and its encoders.
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

  ! Messages up to this level (default DICOD_LOG_INFO) go to stderr. Over several ranks, on one of them.
  recursive subroutine context_log_to_stderr(self, level, stat, errmsg)
    class(dicod_context), intent(inout) :: self
    integer(int32), intent(in), optional :: level
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    if (.not. c_associated(self%handle)) then
      call report_status(DICOD_ERROR_NULL_POINTER, stat, errmsg, 'context was not created')
      return
    end if
    if (present(level)) self%box%level = level
    call report_status(dicod_context_set_log(self%handle, c_funloc(dicod_log_stderr), c_loc(self%box%level)), stat, errmsg)
  end subroutine

  ! How solves get on is shown on stderr, under this title. Over several ranks, on one of them.
  recursive subroutine context_show_progress(self, title, stat, errmsg)
    class(dicod_context), intent(inout) :: self
    character(*), intent(in) :: title
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int32) :: status
    if (.not. c_associated(self%handle)) then
      call report_status(DICOD_ERROR_NULL_POINTER, stat, errmsg, 'context was not created')
      return
    end if
    self%box%title = to_c(title)
    status = dicod_context_set_progress(self%handle, c_funloc(dicod_progress_bar), c_loc(self%box%title))
    call report_status(status, stat, errmsg)
  end subroutine

  ! Ends the solve or the learning that runs with the context, on all ranks, with a result that is valid as far as it goes.
  ! Tells whether one does. From other threads, callbacks and signal handlers.
  recursive function context_cancel(self) result(reached)
    class(dicod_context), intent(in) :: self
    logical :: reached
    reached = dicod_cancel(self%handle) /= 0
  end function

  ! A flag that cancels calls with the context for as long as it is not 0; without one: none. In the program it is volatile (not
  ! here: flang 19 cannot compile such arguments).
  recursive subroutine context_set_cancel_flag(self, flag, stat, errmsg)
    class(dicod_context), intent(inout) :: self
    integer(c_int32_t), target, optional :: flag
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(c_ptr) :: at
    at = c_null_ptr
    if (present(flag)) at = c_loc(flag)
    call report_status(dicod_context_set_cancel_flag(self%handle, at), stat, errmsg)
  end subroutine

  recursive subroutine log_trampoline(userdata, level, message) bind(c, name='')
    type(c_ptr), value :: userdata
    integer(c_int32_t), value :: level
    type(c_ptr), value :: message
    type(callback_box), pointer :: box
    call c_f_pointer(userdata, box)
    call box%log(level, text_from_c(message), box%log_user)
  end subroutine

  recursive function progress_trampoline(userdata, progress) bind(c, name='') result(code)
    type(c_ptr), value :: userdata
    type(dicod_progress), intent(in) :: progress
    integer(c_int32_t) :: code
    type(callback_box), pointer :: box
    logical :: stop
    call c_f_pointer(userdata, box)
    stop = .false.
    call box%progress(progress, stop, box%progress_user)
    code = merge(1_int32, 0_int32, stop)
  end function
end module
