! Reductions: a state of any type, or numbers, which are such a state with procedures of their own.
module parmap_reduce_m
  use, intrinsic :: iso_fortran_env, only: int8, int32, int64, real32, real64
  use dicod_c
  use parmap_task_m
  use parmap_callback_m
  implicit none
  private
  public :: reduce_box, reducer_of
  !@each bytes
  public :: numbers_{n}, numbers_work_{n}, numbers_join_{n}, numbers_pack_{n}, numbers_unpack_{n}
  !@end

  ! One of the procedures work_... is set.
  type :: reduce_box
    !@each bytes
    procedure(state_input_procedure{of}), pointer, nopass :: work_{n} => null()
    !@end
    procedure(state_join_procedure), pointer, nopass :: join => null()
    procedure(state_pack_procedure), pointer, nopass :: pack => null()
    procedure(state_unpack_procedure), pointer, nopass :: unpack => null()
    integer(int64) :: n_in = 0
  end type

  !@each bytes
  type :: numbers_{n}
    {kind}, allocatable :: values(:)
    procedure(reduce_procedure{of}), pointer, nopass :: work => null()
    procedure(join_procedure{of}), pointer, nopass :: join => null()
    class(*), pointer :: user => null()
  end type

  !@end
contains

  recursive function reducer_of(box) result(reducer)
    type(reduce_box), intent(in), target :: box
    type(parmap_reducer) :: reducer
    reducer%userdata = c_loc(box)
    reducer%fork_state = c_funloc(reduce_fork)
    !@each bytes
    if (associated(box%work_{n})) reducer%work = c_funloc(reduce_work_{n})
    !@end
    reducer%pack = c_funloc(reduce_pack)
    reducer%unpack = c_funloc(reduce_unpack)
    reducer%join_states = c_funloc(reduce_join)
    reducer%free_state = c_funloc(reduce_free)
  end function

  recursive function reduce_fork(userdata, pristine, state) bind(c, name='') result(code)
    type(c_ptr), value :: userdata, pristine
    type(c_ptr), intent(inout) :: state
    integer(c_int32_t) :: code
    type(state_box), pointer :: from
    code = 1
    if (.not. c_associated(userdata)) return
    call c_f_pointer(pristine, from)
    state = new_state(from)
    code = merge(0_int32, 1_int32, c_associated(state))
  end function

  !@each bytes
  recursive function reduce_work_{n}(userdata, state, task, input) bind(c, name='') result(code)
    type(c_ptr), value :: userdata, state, task, input
    integer(c_int32_t) :: code
    type(reduce_box), pointer :: box
    type(state_box), pointer :: its
    call c_f_pointer(userdata, box)
    call c_f_pointer(state, its)
    code = 0
    call box%work_{n}(its%state, parmap_task(task), item_at_{n}(input, box%n_in), code)
  end function

  !@end
  recursive function reduce_pack(userdata, state, buffer) bind(c, name='') result(code)
    type(c_ptr), value :: userdata, state, buffer
    integer(c_int32_t) :: code
    type(reduce_box), pointer :: box
    type(state_box), pointer :: its
    type(parmap_buffer) :: output
    call c_f_pointer(userdata, box)
    call c_f_pointer(state, its)
    output%handle = buffer
    code = 0
    call box%pack(its%state, output, code)
  end function

  recursive function reduce_unpack(userdata, state, data, size) bind(c, name='') result(code)
    type(c_ptr), value :: userdata, state, data
    integer(c_int64_t), value :: size
    integer(c_int32_t) :: code
    type(reduce_box), pointer :: box
    type(state_box), pointer :: its
    type(parmap_data) :: input
    call c_f_pointer(userdata, box)
    call c_f_pointer(state, its)
    input = data_at(data, size)
    code = 0
    call box%unpack(its%state, input, code)
  end function

  recursive function reduce_join(userdata, into, from) bind(c, name='') result(code)
    type(c_ptr), value :: userdata, into, from
    integer(c_int32_t) :: code
    type(reduce_box), pointer :: box
    type(state_box), pointer :: its, other
    call c_f_pointer(userdata, box)
    call c_f_pointer(into, its)
    call c_f_pointer(from, other)
    code = 0
    call box%join(its%state, other%state, code)
  end function

  recursive subroutine reduce_free(userdata, state) bind(c, name='')
    type(c_ptr), value :: userdata, state
    type(state_box), pointer :: its
    call c_f_pointer(state, its)
    if (c_associated(userdata)) call drop_state(its)
  end subroutine

  !@each bytes
  recursive subroutine numbers_work_{n}(state, task, input, code)
    class(*), intent(inout) :: state
    type(parmap_task), intent(in) :: task
    {kind}, intent(in) :: input(:)
    integer(int32), intent(inout) :: code
    select type (state)
    type is (numbers_{n})
      call state%work(task, input, state%values, code, state%user)
    end select
  end subroutine

  recursive subroutine numbers_join_{n}(state, from, code)
    class(*), intent(inout) :: state, from
    integer(int32), intent(inout) :: code
    select type (state)
    type is (numbers_{n})
      select type (from)
      type is (numbers_{n})
        if (associated(state%join)) then
          call state%join(state%values, from%values, state%user)
        else
          state%values = state%values + from%values
        end if
        code = 0
      end select
    end select
  end subroutine

  recursive subroutine numbers_pack_{n}(state, output, code)
    class(*), intent(inout) :: state
    type(parmap_buffer), intent(inout) :: output
    integer(int32), intent(inout) :: code
    select type (state)
    type is (numbers_{n})
      call output%append(state%values, stat=code)
      code = merge(1_int32, 0_int32, code < 0)
    end select
  end subroutine

  recursive subroutine numbers_unpack_{n}(state, input, code)
    class(*), intent(inout) :: state
    type(parmap_data), intent(inout) :: input
    integer(int32), intent(inout) :: code
    select type (state)
    type is (numbers_{n})
      call input%get(state%values, stat=code)
      code = merge(1_int32, 0_int32, code < 0)
    end select
  end subroutine

  !@end
end module
