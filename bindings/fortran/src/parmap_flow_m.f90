! Flows: chains of nodes that are trained one after the other, then send chunks through.
module parmap_flow_m
  use, intrinsic :: iso_fortran_env, only: int8, int32, int64
  use dicod_c, c_node => parmap_node
  use dicod_error_m
  use parmap_task_m
  use parmap_callback_m
  use parmap_m
  implicit none
  private
  public :: parmap_flow, parmap_node
  public :: can_fork_procedure, train_procedure, stop_procedure, execute_procedure, restart_procedure, checkpoint_procedure

  abstract interface
    ! Whether chunks of a phase, from 1, can be trained by forks.
    function can_fork_procedure(state, phase) result(can)
      import :: int64
      class(*), intent(inout) :: state
      integer(int64), intent(in) :: phase
      logical :: can
    end function
    ! Takes one chunk in.
    subroutine train_procedure(state, phase, input, code)
      import :: parmap_data, int32, int64
      class(*), intent(inout) :: state
      integer(int64), intent(in) :: phase
      type(parmap_data), intent(inout) :: input
      integer(int32), intent(inout) :: code
    end subroutine
    ! Ends a phase, on rank 0.
    subroutine stop_procedure(state, phase, code)
      import :: int32, int64
      class(*), intent(inout) :: state
      integer(int64), intent(in) :: phase
      integer(int32), intent(inout) :: code
    end subroutine
    ! Sends a chunk through. Several at a time: it must not change the state, unless there are forks in execution.
    subroutine execute_procedure(state, input, output, code)
      import :: parmap_data, parmap_buffer, int32
      class(*), intent(inout) :: state
      type(parmap_data), intent(inout) :: input
      type(parmap_buffer), intent(inout) :: output
      integer(int32), intent(inout) :: code
    end subroutine
    ! Goes back to the first chunk.
    subroutine restart_procedure(code, user)
      import :: int32
      integer(int32), intent(inout) :: code
      class(*), intent(inout), optional :: user
    end subroutine
    ! Told on rank 0 after the last phase of a node, with what save has written; a code stops there.
    subroutine checkpoint_procedure(node, data, code, user)
      import :: parmap_data, int32, int64
      integer(int64), intent(in) :: node
      type(parmap_data), intent(inout) :: data
      integer(int32), intent(inout) :: code
      class(*), intent(inout), optional :: user
    end subroutine
  end interface

  ! One node. A fork is a copy of the state, made fresh by clear. What is needed only for training may be left out if there
  ! are no phases; save and load are pack and unpack unless they are given.
  type :: parmap_node
    integer(int64) :: phases = 0
    logical :: forks_in_execution = .false.
    class(*), pointer :: state => null()
    procedure(can_fork_procedure), pointer, nopass :: can_fork => null()
    procedure(state_procedure), pointer, nopass :: clear => null()
    procedure(train_procedure), pointer, nopass :: train => null()
    procedure(state_pack_procedure), pointer, nopass :: pack => null()
    procedure(state_unpack_procedure), pointer, nopass :: unpack => null()
    procedure(state_join_procedure), pointer, nopass :: join => null()
    procedure(stop_procedure), pointer, nopass :: stop => null()
    procedure(execute_procedure), pointer, nopass :: execute => null()
    procedure(state_pack_procedure), pointer, nopass :: save => null()
    procedure(state_unpack_procedure), pointer, nopass :: load => null()
  end type

  ! The states of its nodes stay the program's, and have to live as long as it.
  type, extends(library_handle) :: parmap_flow
    type(parmap_node), pointer, private :: nodes(:) => null()
    type(state_box), pointer, private :: states(:) => null()
  contains
    procedure :: create => flow_create
    procedure :: free => flow_free
    procedure :: load => flow_load
    procedure :: train => flow_train
    procedure :: execute => flow_execute
    final :: flow_final
  end type

  type :: train_box
    type(stream_box) :: stream
    procedure(restart_procedure), pointer, nopass :: restart => null()
    procedure(checkpoint_procedure), pointer, nopass :: checkpoint => null()
  end type

  integer, target, save :: stateless = 0

contains

  ! Local. Every rank makes it with nodes of the same kind; the states of rank 0 count.
  recursive subroutine flow_create(self, nodes, stat, errmsg)
    class(parmap_flow), intent(inout) :: self
    type(parmap_node), intent(in) :: nodes(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(c_node) :: tables(size(nodes))
    type(parmap_node), pointer :: kept(:)
    type(state_box), pointer :: states(:)
    type(c_ptr) :: handle
    integer(int32) :: status
    integer :: i
    allocate (kept(size(nodes)), states(size(nodes)))
    kept = nodes
    do i = 1, size(nodes)
      if (.not. associated(kept(i)%state)) kept(i)%state => stateless
      states(i)%state => kept(i)%state
      states(i)%owner = c_loc(kept(i))
      tables(i)%state = c_loc(states(i))
      tables(i)%phases = nodes(i)%phases
      tables(i)%forks_in_execution = merge(1_int32, 0_int32, nodes(i)%forks_in_execution)
      tables(i)%fork_state = c_funloc(node_fork)
      tables(i)%free_state = c_funloc(node_free)
      if (associated(nodes(i)%can_fork)) tables(i)%can_fork = c_funloc(node_can_fork)
      if (associated(nodes(i)%train)) tables(i)%train = c_funloc(node_train)
      if (associated(nodes(i)%pack)) tables(i)%pack = c_funloc(node_pack)
      if (associated(nodes(i)%unpack)) tables(i)%unpack = c_funloc(node_unpack)
      if (associated(nodes(i)%join)) tables(i)%join_states = c_funloc(node_join)
      if (associated(nodes(i)%stop)) tables(i)%stop = c_funloc(node_stop)
      if (associated(nodes(i)%execute)) tables(i)%execute = c_funloc(node_execute)
      if (associated(nodes(i)%save)) tables(i)%save = c_funloc(node_save)
      if (associated(nodes(i)%load)) tables(i)%load = c_funloc(node_load)
    end do
    handle = c_null_ptr
    status = parmap_flow_create(size(nodes, kind=int64), tables, handle)
    if (status >= 0) then
      call flow_free(self)
      self%handle = handle
      self%nodes => kept
      self%states => states
    else
      deallocate (kept, states)
    end if
    call report_status(status, stat, errmsg)
  end subroutine

  ! Local. Frees the flow and its nodes.
  recursive subroutine flow_free(self)
    class(parmap_flow), intent(inout) :: self
    integer(int32) :: ignored
    ignored = parmap_flow_free(self%handle)
    if (associated(self%nodes)) deallocate (self%nodes, self%states)
  end subroutine

  impure elemental recursive subroutine flow_final(self)
    type(parmap_flow), intent(inout) :: self
    call flow_free(self)
  end subroutine

  ! Local. Sets a node, from 1, to what a checkpoint holds: it counts as trained.
  recursive subroutine flow_load(self, node, bytes, stat, errmsg)
    class(parmap_flow), intent(inout) :: self
    class(*), intent(in) :: node
    integer(int8), intent(in), target, contiguous :: bytes(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call report_status(parmap_flow_load(self%handle, whole(node) - 1, c_loc(bytes), size(bytes, kind=int64)), stat, errmsg)
  end subroutine

  ! Trains the nodes that are not trained yet. Ranks other than 0 need no procedures. Without restart there can be one phase.
  recursive subroutine flow_train(self, map, produce, restart, checkpoint, user, report, stat, errmsg)
    class(parmap_flow), intent(inout) :: self
    class(parmap), intent(inout) :: map
    procedure(produce_procedure), optional :: produce
    procedure(restart_procedure), optional :: restart
    procedure(checkpoint_procedure), optional :: checkpoint
    class(*), intent(in), target, optional :: user
    type(parmap_report), intent(inout), optional :: report
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(train_box), target :: box
    type(c_funptr) :: producer, again, told
    producer = c_null_funptr
    again = c_null_funptr
    told = c_null_funptr
    if (present(user)) box%stream%user => user
    if (present(produce)) then
      box%stream%produce => produce
      producer = c_funloc(train_produce)
    end if
    if (present(restart)) then
      box%restart => restart
      again = c_funloc(train_restart)
    end if
    if (present(checkpoint)) then
      box%checkpoint => checkpoint
      told = c_funloc(train_checkpoint)
    end if
    call report_status(parmap_flow_train(self%handle, map%handle, again, producer, told, c_loc(box), report), stat, errmsg)
  end subroutine

  ! Sends chunks through all nodes, as parmap%stream.
  recursive subroutine flow_execute(self, map, produce, consume, user, report, stat, errmsg)
    class(parmap_flow), intent(inout) :: self
    class(parmap), intent(inout) :: map
    procedure(produce_procedure), optional :: produce
    procedure(consume_procedure), optional :: consume
    class(*), intent(in), target, optional :: user
    type(parmap_report), intent(inout), optional :: report
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(stream_box), target :: box
    type(c_funptr) :: producer, consumer
    call ends_of(box, produce, consume, user, producer, consumer)
    call report_status(parmap_flow_execute(self%handle, map%handle, producer, consumer, c_loc(box), report), stat, errmsg)
  end subroutine

  recursive function train_produce(userdata, buffer) bind(c, name='') result(code)
    type(c_ptr), value :: userdata, buffer
    integer(c_int32_t) :: code
    type(train_box), pointer :: box
    call c_f_pointer(userdata, box)
    code = produce_trampoline(c_loc(box%stream), buffer)
  end function

  recursive function train_restart(userdata) bind(c, name='') result(code)
    type(c_ptr), value :: userdata
    integer(c_int32_t) :: code
    type(train_box), pointer :: box
    call c_f_pointer(userdata, box)
    code = 0
    call box%restart(code, box%stream%user)
  end function

  recursive function train_checkpoint(userdata, node, data, size) bind(c, name='') result(code)
    type(c_ptr), value :: userdata, data
    integer(c_int64_t), value :: node, size
    integer(c_int32_t) :: code
    type(train_box), pointer :: box
    type(parmap_data) :: saved
    call c_f_pointer(userdata, box)
    saved = data_at(data, size)
    code = 0
    call box%checkpoint(node + 1, saved, code, box%stream%user)
  end function

  ! The node of a state, or of a copy of it.
  recursive subroutine find_node(state, box, node)
    type(c_ptr), intent(in) :: state
    type(state_box), pointer, intent(out) :: box
    type(parmap_node), pointer, intent(out) :: node
    call c_f_pointer(state, box)
    call c_f_pointer(box%owner, node)
  end subroutine

  recursive function node_can_fork(state, phase) bind(c, name='') result(code)
    type(c_ptr), value :: state
    integer(c_int64_t), value :: phase
    integer(c_int32_t) :: code
    type(state_box), pointer :: box
    type(parmap_node), pointer :: node
    call find_node(state, box, node)
    code = merge(1_int32, 0_int32, node%can_fork(box%state, phase + 1))
  end function

  recursive function node_fork(state, fork) bind(c, name='') result(code)
    type(c_ptr), value :: state
    type(c_ptr), intent(inout) :: fork
    integer(c_int32_t) :: code
    type(state_box), pointer :: box
    type(parmap_node), pointer :: node
    call find_node(state, box, node)
    fork = new_state(box)
    code = merge(0_int32, 1_int32, c_associated(fork))
    if (code /= 0 .or. .not. associated(node%clear)) return
    call c_f_pointer(fork, box)
    call node%clear(box%state, code)
    if (code == 0) return
    call drop_state(box)
    fork = c_null_ptr
  end function

  recursive function node_train(state, phase, data, size) bind(c, name='') result(code)
    type(c_ptr), value :: state, data
    integer(c_int64_t), value :: phase, size
    integer(c_int32_t) :: code
    type(state_box), pointer :: box
    type(parmap_node), pointer :: node
    type(parmap_data) :: input
    call find_node(state, box, node)
    input = data_at(data, size)
    code = 0
    call node%train(box%state, phase + 1, input, code)
  end function

  recursive function node_pack(state, buffer) bind(c, name='') result(code)
    type(c_ptr), value :: state, buffer
    integer(c_int32_t) :: code
    type(state_box), pointer :: box
    type(parmap_node), pointer :: node
    type(parmap_buffer) :: output
    call find_node(state, box, node)
    output%handle = buffer
    code = 0
    call node%pack(box%state, output, code)
  end function

  recursive function node_unpack(state, data, size) bind(c, name='') result(code)
    type(c_ptr), value :: state, data
    integer(c_int64_t), value :: size
    integer(c_int32_t) :: code
    type(state_box), pointer :: box
    type(parmap_node), pointer :: node
    type(parmap_data) :: input
    call find_node(state, box, node)
    input = data_at(data, size)
    code = 0
    call node%unpack(box%state, input, code)
  end function

  recursive function node_join(state, fork) bind(c, name='') result(code)
    type(c_ptr), value :: state, fork
    integer(c_int32_t) :: code
    type(state_box), pointer :: box, other
    type(parmap_node), pointer :: node
    call find_node(state, box, node)
    call c_f_pointer(fork, other)
    code = 0
    call node%join(box%state, other%state, code)
  end function

  recursive function node_stop(state, phase) bind(c, name='') result(code)
    type(c_ptr), value :: state
    integer(c_int64_t), value :: phase
    integer(c_int32_t) :: code
    type(state_box), pointer :: box
    type(parmap_node), pointer :: node
    call find_node(state, box, node)
    code = 0
    call node%stop(box%state, phase + 1, code)
  end function

  recursive function node_execute(state, data, size, buffer) bind(c, name='') result(code)
    type(c_ptr), value :: state, data, buffer
    integer(c_int64_t), value :: size
    integer(c_int32_t) :: code
    type(state_box), pointer :: box
    type(parmap_node), pointer :: node
    type(parmap_data) :: input
    type(parmap_buffer) :: output
    call find_node(state, box, node)
    input = data_at(data, size)
    output%handle = buffer
    code = 0
    call node%execute(box%state, input, output, code)
  end function

  recursive function node_save(state, buffer) bind(c, name='') result(code)
    type(c_ptr), value :: state, buffer
    integer(c_int32_t) :: code
    type(state_box), pointer :: box
    type(parmap_node), pointer :: node
    type(parmap_buffer) :: output
    call find_node(state, box, node)
    output%handle = buffer
    code = 0
    call node%save(box%state, output, code)
  end function

  recursive function node_load(state, data, size) bind(c, name='') result(code)
    type(c_ptr), value :: state, data
    integer(c_int64_t), value :: size
    integer(c_int32_t) :: code
    type(state_box), pointer :: box
    type(parmap_node), pointer :: node
    type(parmap_data) :: input
    call find_node(state, box, node)
    input = data_at(data, size)
    code = 0
    call node%load(box%state, input, code)
  end function

  recursive subroutine node_free(fork) bind(c, name='')
    type(c_ptr), value :: fork
    type(state_box), pointer :: box
    call c_f_pointer(fork, box)
    call drop_state(box)
  end subroutine
end module
