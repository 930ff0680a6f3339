! The procedures that programs write for a map, and those of C's kind that call them.
!
! They get class(*) data: what a call was given as user comes last, what belongs to a state, node or operator comes first.
! code is 0 at first; a positive one says that it failed. Those with numbers are there for each kind: map_procedure for real64,
! map_procedure_real32, map_procedure_int32 and so on.
module parmap_callback_m
  use, intrinsic :: iso_fortran_env, only: int8, int32, int64, real32, real64
  use dicod_c
  use dicod_error_m
  use parmap_task_m
  implicit none
  private
  !@each bytes
  public :: map_procedure{of}, reduce_procedure{of}, join_procedure{of}, state_input_procedure{of}
  public :: item_at_{n}, work_trampoline_{n}
  !@end
  public :: map_progress_procedure
  public :: item_procedure, produce_procedure, consume_procedure
  public :: state_procedure, state_pack_procedure, state_unpack_procedure, state_join_procedure
  public :: map_box, progress_box, stream_box, ends_of
  public :: progress_trampoline, produce_trampoline, item_trampoline, consume_trampoline
  public :: state_box, new_state, drop_state

  abstract interface
    ! Told how a map gets on; setting stop to .true. ends it with PARMAP_ERROR_CANCELLED.
    subroutine map_progress_procedure(progress, stop, user)
      import :: parmap_progress
      type(parmap_progress), intent(in) :: progress
      logical, intent(inout) :: stop
      class(*), intent(inout), optional :: user
    end subroutine
    !@each bytes
    ! One task of a map: output is zero at first. With more threads than one it is called by several at a time.
    subroutine map_procedure{of}(task, input, output, code, user)
      import
      type(parmap_task), intent(in) :: task
      {kind}, intent(in) :: input(:)
      {kind}, intent(inout) :: output(:)
      integer(int32), intent(inout) :: code
      class(*), intent(inout), optional :: user
    end subroutine
    ! One task of a reduction of numbers: changes state.
    subroutine reduce_procedure{of}(task, input, state, code, user)
      import
      type(parmap_task), intent(in) :: task
      {kind}, intent(in) :: input(:)
      {kind}, intent(inout) :: state(:)
      integer(int32), intent(inout) :: code
      class(*), intent(inout), optional :: user
    end subroutine
    ! Joins the numbers of later tasks, from, into others.
    subroutine join_procedure{of}(into, from, user)
      import
      {kind}, intent(inout) :: into(:)
      {kind}, intent(in) :: from(:)
      class(*), intent(inout), optional :: user
    end subroutine
    ! One task of a reduction of any type: changes state.
    subroutine state_input_procedure{of}(state, task, input, code)
      import
      class(*), intent(inout) :: state
      type(parmap_task), intent(in) :: task
      {kind}, intent(in) :: input(:)
      integer(int32), intent(inout) :: code
    end subroutine
    !@end
    ! One item of a stream. With more threads than one it is called by several at a time.
    subroutine item_procedure(task, input, output, code, user)
      import :: parmap_task, parmap_data, parmap_buffer, int32
      type(parmap_task), intent(in) :: task
      type(parmap_data), intent(inout) :: input
      type(parmap_buffer), intent(inout) :: output
      integer(int32), intent(inout) :: code
      class(*), intent(inout), optional :: user
    end subroutine
    ! Writes the next item; or sets code to PARMAP_END, or to PARMAP_WAIT when there is none now.
    subroutine produce_procedure(item, code, user)
      import :: parmap_buffer, int32
      type(parmap_buffer), intent(inout) :: item
      integer(int32), intent(inout) :: code
      class(*), intent(inout), optional :: user
    end subroutine
    ! Takes the result of item index; status is not 0 if it failed. Setting code to PARMAP_STOP ends the stream.
    subroutine consume_procedure(index, status, result, code, user)
      import :: parmap_data, int32, int64
      integer(int64), intent(in) :: index
      integer(int32), intent(in) :: status
      type(parmap_data), intent(inout) :: result
      integer(int32), intent(inout) :: code
      class(*), intent(inout), optional :: user
    end subroutine
    ! What a state of any type can do; several states at a time.
    subroutine state_procedure(state, code)
      import :: int32
      class(*), intent(inout) :: state
      integer(int32), intent(inout) :: code
    end subroutine
    ! Writes what it takes to send a state to another rank.
    subroutine state_pack_procedure(state, output, code)
      import :: parmap_buffer, int32
      class(*), intent(inout) :: state
      type(parmap_buffer), intent(inout) :: output
      integer(int32), intent(inout) :: code
    end subroutine
    ! Makes a state what another rank has packed.
    subroutine state_unpack_procedure(state, input, code)
      import :: parmap_data, int32
      class(*), intent(inout) :: state
      type(parmap_data), intent(inout) :: input
      integer(int32), intent(inout) :: code
    end subroutine
    ! Adds what another state has to this one.
    subroutine state_join_procedure(state, from, code)
      import :: int32
      class(*), intent(inout) :: state, from
      integer(int32), intent(inout) :: code
    end subroutine
  end interface

  ! One of the procedures is set.
  type :: map_box
    !@each bytes
    procedure(map_procedure{of}), pointer, nopass :: work_{n} => null()
    !@end
    class(*), pointer :: user => null()
    integer(int64) :: n_in = 0, n_out = 0
  end type

  type :: progress_box
    procedure(map_progress_procedure), pointer, nopass :: progress => null()
    class(*), pointer :: user => null()
  end type

  type :: stream_box
    procedure(produce_procedure), pointer, nopass :: produce => null()
    procedure(item_procedure), pointer, nopass :: work => null()
    procedure(consume_procedure), pointer, nopass :: consume => null()
    class(*), pointer :: user => null()
  end type

  ! A state of any type, or a copy of one, behind an address; owner: the box with the procedures that it has.
  type :: state_box
    class(*), pointer :: state => null()
    type(c_ptr) :: owner = c_null_ptr
  end type

  !@each bytes
  {kind}, target, save :: nowhere_{n}(1) = 0
  !@end

contains

  !@each bytes
  ! The n numbers at an address, which is NULL if there are none.
  recursive function item_at_{n}(first, n) result(numbers)
    type(c_ptr), intent(in) :: first
    integer(int64), intent(in) :: n
    {kind}, pointer :: numbers(:)
    numbers => nowhere_{n}(:0)
    if (n > 0) call c_f_pointer(first, numbers, [n])
  end function

  recursive function work_trampoline_{n}(userdata, task, input, output) bind(c, name='') result(code)
    type(c_ptr), value :: userdata, task, input, output
    integer(c_int32_t) :: code
    type(map_box), pointer :: box
    call c_f_pointer(userdata, box)
    code = 0
    call box%work_{n}(parmap_task(task), item_at_{n}(input, box%n_in), item_at_{n}(output, box%n_out), code, box%user)
  end function

  !@end
  recursive function progress_trampoline(userdata, progress) bind(c, name='') result(code)
    type(c_ptr), value :: userdata
    type(parmap_progress), intent(in) :: progress
    integer(c_int32_t) :: code
    type(progress_box), pointer :: box
    logical :: stop
    call c_f_pointer(userdata, box)
    stop = .false.
    call box%progress(progress, stop, box%user)
    code = merge(1_int32, 0_int32, stop)
  end function

  ! Where a stream begins and ends; on ranks other than 0 nowhere.
  recursive subroutine ends_of(box, produce, consume, user, producer, consumer)
    type(stream_box), intent(inout) :: box
    procedure(produce_procedure), optional :: produce
    procedure(consume_procedure), optional :: consume
    class(*), intent(in), target, optional :: user
    type(c_funptr), intent(out) :: producer, consumer
    producer = c_null_funptr
    consumer = c_null_funptr
    if (present(user)) box%user => user
    if (present(produce)) then
      box%produce => produce
      producer = c_funloc(produce_trampoline)
    end if
    if (present(consume)) then
      box%consume => consume
      consumer = c_funloc(consume_trampoline)
    end if
  end subroutine

  recursive function produce_trampoline(userdata, buffer) bind(c, name='') result(code)
    type(c_ptr), value :: userdata, buffer
    integer(c_int32_t) :: code
    type(stream_box), pointer :: box
    type(parmap_buffer) :: item
    call c_f_pointer(userdata, box)
    item%handle = buffer
    code = PARMAP_ITEM
    call box%produce(item, code, box%user)
  end function

  recursive function item_trampoline(userdata, task, input, size, output) bind(c, name='') result(code)
    type(c_ptr), value :: userdata, task, input, output
    integer(c_int64_t), value :: size
    integer(c_int32_t) :: code
    type(stream_box), pointer :: box
    type(parmap_data) :: data
    type(parmap_buffer) :: written
    call c_f_pointer(userdata, box)
    data = data_at(input, size)
    written%handle = output
    code = 0
    call box%work(parmap_task(task), data, written, code, box%user)
  end function

  recursive function consume_trampoline(userdata, index, status, data, size) bind(c, name='') result(code)
    type(c_ptr), value :: userdata, data
    integer(c_int64_t), value :: index, size
    integer(c_int32_t), value :: status
    integer(c_int32_t) :: code
    type(stream_box), pointer :: box
    type(parmap_data) :: result_
    call c_f_pointer(userdata, box)
    result_ = data_at(data, size)
    code = 0
    call box%consume(index + 1, status, result_, code, box%user)
  end function

  ! A copy of a state, with the same procedures; NULL: no memory.
  recursive function new_state(box) result(copy)
    type(state_box), intent(in) :: box
    type(c_ptr) :: copy
    type(state_box), pointer :: made
    integer :: failed
    copy = c_null_ptr
    allocate (made, stat=failed)
    if (failed /= 0) return
    made%owner = box%owner
    allocate (made%state, source=box%state, stat=failed)
    if (failed == 0) then
      copy = c_loc(made)
    else
      deallocate (made)
    end if
  end function

  recursive subroutine drop_state(box)
    type(state_box), pointer, intent(inout) :: box
    deallocate (box%state)
    deallocate (box)
  end subroutine
end module
