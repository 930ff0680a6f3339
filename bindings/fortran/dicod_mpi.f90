! Generated from bindings/fortran/src by tools (make header): change it there.

! The C functions of include/dicod_mpi.h. Generated from src/ffi by tools (make header): change it there.
module dicod_mpi_c
  use, intrinsic :: iso_c_binding
  implicit none
  public

  interface
    function dicod_context_create_mpi_f(comm, n_threads, context) bind(c, &
        name='dicod_context_create_mpi_f') result(outcome)
      import
      integer(c_int), value :: comm
      integer(c_int32_t), value :: n_threads
      type(c_ptr), intent(inout), optional :: context
      integer(c_int32_t) :: outcome
    end function
    function parmap_task_get_comm_f(task, comm) bind(c, name='parmap_task_get_comm_f') result(outcome)
      import
      type(c_ptr), value :: task
      type(c_ptr), value :: comm
      integer(c_int32_t) :: outcome
    end function
    function dicod_mpi_library() bind(c, name='dicod_mpi_library') result(outcome)
      import
      type(c_ptr) :: outcome
    end function
  end interface
end module

! Contexts on the ranks of a communicator: of mpi_f08, or an integer of mpi and mpif.h.
!
!   use mpi_f08
!   use dicod
!   use dicod_mpi
!   call create_context(context, MPI_COMM_WORLD)
!
! What is made with such a context is collective and has to be freed, by %free(), before MPI_Finalize: context, encoders,
! learners, maps.
module dicod_mpi
  use, intrinsic :: iso_fortran_env, only: int32
  use, intrinsic :: iso_c_binding, only: c_ptr, c_null_ptr, c_int, c_loc
  use mpi_f08, only: MPI_Comm
  use dicod_error_m, only: report_status, text_from_c
  use dicod_context_m, only: dicod_context, context_adopt, taken
  use parmap_task_m, only: parmap_task
  use dicod_mpi_c
  implicit none
  private
  public :: create_context, get_task_comm, mpi_library

  ! call create_context(context, comm, n_threads): collective over comm.
  interface create_context
    module procedure create_f08, create_integer
  end interface

  ! call get_task_comm(task, comm): the communicator of the ranks that work on a task together. It is the library's, for
  ! messages of the task while it runs, and must not be freed; for calls of the library there is task%get_context().
  interface get_task_comm
    module procedure task_comm_f08, task_comm_integer
  end interface

contains

  ! A context on the ranks of a communicator, which the library duplicates. Collective.
  subroutine create_f08(context, comm, n_threads, stat, errmsg)
    type(dicod_context), intent(inout) :: context
    type(MPI_Comm), intent(in) :: comm
    integer, intent(in), optional :: n_threads
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call create_integer(context, comm%MPI_VAL, n_threads, stat, errmsg)
  end subroutine

  subroutine create_integer(context, comm, n_threads, stat, errmsg)
    type(dicod_context), intent(inout) :: context
    integer, intent(in) :: comm
    integer, intent(in), optional :: n_threads
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(c_ptr) :: handle
    integer(int32) :: status, threads
    handle = c_null_ptr
    if (taken(context, stat, errmsg)) then
      ! Perhaps on this rank alone: the others are told.
      status = dicod_context_create_mpi_f(int(comm, c_int), 0_int32, handle)
      return
    end if
    threads = 1
    if (present(n_threads)) threads = int(n_threads, int32)
    status = dicod_context_create_mpi_f(int(comm, c_int), threads, handle)
    if (status >= 0) call context_adopt(context, handle, .true.)
    call report_status(status, stat, errmsg)
  end subroutine

  ! The communicator of the ranks that work on a task together.
  recursive subroutine task_comm_f08(task, comm, stat, errmsg)
    type(parmap_task), intent(in) :: task
    type(MPI_Comm), intent(inout) :: comm
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call task_comm_integer(task, comm%MPI_VAL, stat, errmsg)
  end subroutine

  recursive subroutine task_comm_integer(task, comm, stat, errmsg)
    type(parmap_task), intent(in) :: task
    integer, intent(inout) :: comm
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(c_int), target :: found
    integer(int32) :: status
    found = 0
    status = parmap_task_get_comm_f(task%handle, c_loc(found))
    if (status >= 0) comm = int(found)
    call report_status(status, stat, errmsg)
  end subroutine

  ! Name and version of the MPI that the library runs with.
  function mpi_library() result(text)
    character(:), allocatable :: text
    text = text_from_c(dicod_mpi_library())
  end function
end module
