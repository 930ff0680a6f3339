! The modules dicod and dicod_mpi over ranks: the same bits as in one process, errors on all ranks.
program test_mpi
  use, intrinsic :: ieee_arithmetic
  use mpi_f08
  use checks
  use kind_checks
  use map_checks
  use dicod
  use dicod_mpi
  implicit none
  integer, parameter :: wp = real64
  integer, parameter :: nx = 40, ny = 37
  real(wp) :: x(nx, ny, 2), d(5, 4, 2, 3), z(nx - 4, ny - 3, 3), wanted(nx - 4, ny - 3, 3)
  real(wp) :: learnt(5, 4, 2, 3), wanted_d(5, 4, 2, 3), inputs(1, 50), outputs(1, 50), state(1)
  real(wp), allocatable :: block(:, :, :), zs(:, :, :), wide(:, :, :)
  real(wp) :: whole(nx, ny, 2), value
  type(dicod_context) :: context, integers
  type(dicod_encoder) :: encoder
  type(dicod_learner) :: learner
  type(dicod_sparse) :: sparse
  type(parmap) :: map
  integer(int64) :: offset(2), local(2), first(2), valid(2), shifted(2)
  integer(int32) :: stat
  integer :: rank, n_ranks, i
  character(400) :: errmsg, other
  character(80) :: text

  call MPI_Init()
  call MPI_Comm_rank(MPI_COMM_WORLD, rank)
  call MPI_Comm_size(MPI_COMM_WORLD, n_ranks)
  call create_context(context, MPI_COMM_WORLD)
  call create_context(integers, MPI_COMM_WORLD%MPI_VAL)
  call check(context%rank() == rank .and. context%n_ranks() == n_ranks .and. integers%n_ranks() == n_ranks, 'ranks')
  call check(len(mpi_library()) > 3, 'mpi_library')
  call integers%free()

  call fill(x, size(x), 1)
  call fill(d, size(d), 2)
  call solve(x, d, wanted)
  call solve(x, d, z, context=context)
  call check(same(z, wanted, size(z)), 'solve')

  ! Slabs along the last axis, with ghost layers.
  offset = [0, ny*rank/n_ranks]
  local = [nx, ny*(rank + 1)/n_ranks - ny*rank/n_ranks]
  allocate (block(0:nx + 1, 0:local(2) + 1, 2))
  block = -5
  block(1:nx, 1:local(2), :) = x(:, offset(2) + 1:offset(2) + local(2), :)
  call encoder%create(d, int([nx, ny], int64), context=context)
  call encoder%solve(block(1:nx, 1:local(2), :), offset=offset)
  call valid_block(int([nx, ny], int64), [5_int64, 4_int64], offset, local, first, valid)
  allocate (zs(valid(1), valid(2), 3))
  call encoder%get_z(zs, offset=first)
  call check(all(zs == wanted(first(1) + 1:first(1) + valid(1), first(2) + 1:first(2) + valid(2), :)), 'blocks')
  call encoder%get_z(z)
  call check(same(z, wanted, size(z)), 'all of z on every rank')
  ! What z stands for, and what it leaves, of a block around this rank's.
  allocate (wide(nx, min(int(local(2)) + 4, ny), 2))
  shifted = [0_int64, min(max(offset(2) - 2, 0_int64), ny - size(wide, 2, kind=int64))]
  call reconstruct(wanted, d, whole)
  call encoder%reconstruct(wide, offset=shifted)
  call check(all(wide == whole(:, shifted(2) + 1:shifted(2) + size(wide, 2), :)), 'reconstruct')
  call encoder%residual(block(1:nx, 1:local(2), :), wide, offset=offset, residual_offset=shifted)
  whole = x - whole
  call check(all(wide == whole(:, shifted(2) + 1:shifted(2) + size(wide, 2), :)), 'residual')
  call encoder%objective(block(1:nx, 1:local(2), :), value, offset=offset)
  call check(abs(value - objective(x, d, wanted)) <= 1e-12_wp*value, 'objective')
  ! The first rank asks for everything, the others for nothing.
  valid = merge(shape(z(:, :, 1), int64), 0_int64, rank == 0)
  call encoder%get_sparse(sparse, offset=[0_int64, 0_int64], local_shape=valid)
  call check(sparse%count == merge(count(wanted /= 0), 0, rank == 0), 'sparse')

  ! An error on one rank is one on all, with the same message.
  if (rank == n_ranks - 1) block(2, 1, 1) = ieee_value(1.0_wp, ieee_positive_inf)
  call encoder%solve(block(1:nx, 1:local(2), :), offset=offset, stat=stat, errmsg=errmsg)
  other = errmsg
  call MPI_Bcast(other, len(other), MPI_CHARACTER, 0, MPI_COMM_WORLD)
  call check(stat == DICOD_ERROR_NOT_FINITE .and. errmsg == other, 'not finite: '//trim(errmsg))
  write (text, '(a,i0,a)') 'x(2, ', ny*(n_ranks - 1)/n_ranks + 1, ', 1) must be a finite number, is inf'
  call check(index(errmsg, trim(text)) > 0, 'its index: '//trim(errmsg))
  block(2, 1, 1) = x(2, offset(2) + 1, 1)
  call encoder%solve(block(1:nx, 1:local(2), :), offset=0*offset, stat=stat, errmsg=errmsg)
  call check(stat == merge(DICOD_ERROR_INVALID_SHAPE, DICOD_OK, n_ranks > 1), 'blocks that overlap: '//trim(errmsg))

  call learn(x, wanted_d, learn_max_iter=3_int64, stat=stat)
  learnt = 0
  call learner%create(learnt, int([nx, ny], int64), context=context, learn_max_iter=3_int64)
  block(2, 1, 1) = x(2, offset(2) + 1, 1)
  block(1:nx, 1:local(2), :) = x(:, offset(2) + 1:offset(2) + local(2), :)
  call learner%run(block(1:nx, 1:local(2), :), offset=offset, stat=stat)
  call learner%get_dictionary(learnt)
  call check(stat >= 0 .and. same(learnt, wanted_d, size(learnt)), 'learning')

  inputs(1, :) = [(real(i, wp), i=1, 50)]
  call map%create(context)
  call map%run(square, inputs, outputs)
  call check(all(outputs == inputs**2), 'map')
  state = 0
  call map%reduce(add, inputs, state)
  call check(state(1) == 1275, 'reduce')

  call check_maps(context)
  call check_kinds(context)
  call map%set('ranks_per_task', min(2, n_ranks))
  call map%run(sum_over_ranks, inputs, outputs)
  call check(all(outputs == min(2, n_ranks)*inputs), 'a communicator of a task')

  call wrong_on_one_rank()
  call create_context(context, MPI_COMM_WORLD, stat=stat, errmsg=errmsg)
  call fails(stat, errmsg, DICOD_ERROR_INVALID_STATE, '%free()')

  call create_context(integers, MPI_COMM_NULL, stat=stat, errmsg=errmsg)
  call fails(stat, errmsg, DICOD_ERROR_INVALID_ARGUMENT, 'comm')

  call map%free()
  call learner%free()
  call encoder%free()
  call context%free()
  ! One that is freed late is gone with MPI: that is no reason to stop.
  call create_context(context, MPI_COMM_WORLD)
  call create_context(integers, MPI_COMM_WORLD%MPI_VAL)
  call MPI_Finalize()
  call context%free()
  call integers%free(stat)
  call check(stat == DICOD_ERROR_INVALID_STATE, 'late free')
  call finish('dicod_mpi')

contains

  subroutine square(task, input, output, code, user)
    type(parmap_task), intent(in) :: task
    real(wp), intent(in) :: input(:)
    real(wp), intent(inout) :: output(:)
    integer(int32), intent(inout) :: code
    class(*), intent(inout), optional :: user
    output = input**2
    if (task%index() < 1 .or. present(user)) code = 1
  end subroutine

  ! What the Fortran layer itself refuses, on the last rank alone: an error on all, and nobody waits.
  subroutine wrong_on_one_rank()
    type(dicod_context) :: fresh
    type(dicod_encoder) :: e
    type(dicod_learner) :: l
    type(parmap_operators) :: operators
    type(parmap_operator) :: one
    integer(int8), allocatable :: saved(:)
    real(wp) :: short(nx - 1, ny, 2)
    integer :: m, a
    logical :: last
    last = rank == n_ranks - 1
    if (last) call create_context(context, MPI_COMM_WORLD, stat=stat, errmsg=errmsg)
    if (.not. last) call create_context(fresh, MPI_COMM_WORLD, stat=stat, errmsg=errmsg)
    call check(stat < 0 .and. errmsg /= '', 'a context in the place of another')
    errmsg = ''
    short = 0
    errmsg = ''
    ! One channel, atom or value less there.
    m = merge(1, 2, last)
    a = merge(2, 3, last)
    call solve(x(:, :, :m), d, z, context=context, stat=stat, errmsg=errmsg)
    call refused('channels', 'solve')
    call solve(x, d, z(:, :, :a), context=context, stat=stat, errmsg=errmsg)
    call refused('z has the shape', 'solve, z')
    call solve(x, d, z, context=context, reg=merge(-1.0_wp, 0.1_wp, last), stat=stat, errmsg=errmsg)
    call refused('reg', 'solve, reg')
    call learn(x(:, :, :m), learnt, context=context, learn_max_iter=1_int64, stat=stat, errmsg=errmsg)
    call refused('channels', 'learn')
    call reconstruct(z(:, :, :a), d, short, context=context, stat=stat, errmsg=errmsg)
    call check(stat < 0, 'reconstruct: '//trim(errmsg))
    call e%create(d, int([nx, ny, 1], int64), context=context, stat=stat, errmsg=errmsg)
    call check(stat == DICOD_ERROR_INVALID_SHAPE, 'wrong on all')
    call e%create(d, [integer(int64) :: [nx, ny], [(1, i=1, merge(1, 0, last))]], context=context, stat=stat, errmsg=errmsg)
    call refused('signal_shape', 'create')
    call e%create(d, int([nx, ny], int64), context=context)
    call e%solve(block(1:nx, 1:local(2), :m), offset=offset, stat=stat, errmsg=errmsg)
    call refused('x has the shape', 'encoder, solve')
    call e%solve(block(1:nx, 1:local(2), :), offset=offset)
    call e%get_z(z(:, :, :a), stat=stat, errmsg=errmsg)
    call refused('z has the shape', 'get_z')
    call e%set_z(z(:, :, :a), stat=stat, errmsg=errmsg)
    call check(stat < 0, 'set_z: '//trim(errmsg))
    call e%get_sparse(sparse, offset=[(0_int64, i=1, merge(1, 2, last))], local_shape=[0_int64, 0_int64], stat=stat, errmsg=errmsg)
    call refused('offset', 'get_sparse')
    call e%set_dictionary(d(:, :, :m, :), stat=stat, errmsg=errmsg)
    call refused('d has the shape', 'set_dictionary')
    if (last) call e%set_dictionary(real(d, real32), stat=stat, errmsg=errmsg)
    if (.not. last) call e%set_dictionary(d, stat=stat, errmsg=errmsg)
    call refused('real32', 'set_dictionary of another kind')
    call e%solve(block(1:nx, 1:local(2), :), offset=offset, stat=stat)
    call check(stat == DICOD_OK, 'the encoder goes on')
    call l%create(d(:, :, :, :a), [integer(int64) :: [nx, ny], [(1, i=1, merge(1, 0, last))]], context=context, stat=stat, &
      errmsg=errmsg)
    call refused('signal_shape', 'learner, create')
    call l%create(d, int([nx, ny], int64), context=context)
    call l%step(block(1:nx, 1:local(2), :m), offset=offset, stat=stat, errmsg=errmsg)
    call refused('x has the shape', 'step')
    call l%step(block(1:nx, 1:local(2), :), offset=offset)
    call l%save(saved)
    call l%free()
    call l%restore(d, saved, [integer(int64) :: [nx, ny], [(1, i=1, merge(1, 0, last))]], context=context, stat=stat, errmsg=errmsg)
    call refused('signal_shape', 'restore')
    call l%restore(d, saved, int([nx, ny], int64), context=context)
    call map%set('ranks_per_task', 1)
    call map%run(square, inputs, outputs(:, :merge(49, 50, last)), stat=stat, errmsg=errmsg)
    call refused('one column', 'run')
    one%in_size = 2
    one%out_size = 2
    one%eval => copy
    one%adjoint => copy
    call operators%create([one])
    call operators%eval(map, x(1:m, 1, 1), x(1:2, 2, 1), stat, errmsg)
    call refused('the vectors have', 'operators')
    call operators%eval(map, x(1:2, 1, 1), x(1:2, 2, 1), stat, errmsg)
    call check(stat == DICOD_OK, 'operators go on')
    call e%free()
    call l%free()
  end subroutine

  ! Every rank reads which one is wrong, and why.
  subroutine refused(text, what)
    character(*), intent(in) :: text, what
    character(16) :: who
    call check(stat < 0 .and. index(errmsg, text) > 0 .and. last_error() == trim(errmsg), what//': '//trim(errmsg))
    write (who, '(a,i0,a)') 'rank ', n_ranks - 1, ':'
    if (n_ranks > 1) call check(index(errmsg, trim(who)) == 1, what//': '//trim(errmsg))
    errmsg = ''
  end subroutine

  subroutine copy(state, input, output, code)
    class(*), intent(inout) :: state
    real(wp), intent(in) :: input(:)
    real(wp), intent(inout) :: output(:)
    integer(int32), intent(inout) :: code
    output = input
    select type (state)
    type is (real)
      code = 1
    end select
  end subroutine

  ! Ranks that work on a task together add up what each has: the input.
  subroutine sum_over_ranks(task, input, output, code, user)
    type(parmap_task), intent(in) :: task
    real(wp), intent(in) :: input(:)
    real(wp), intent(inout) :: output(:)
    integer(int32), intent(inout) :: code
    class(*), intent(inout), optional :: user
    type(MPI_Comm) :: comm
    integer :: number
    call get_task_comm(task, comm)
    call MPI_Allreduce(input, output, size(input), MPI_DOUBLE_PRECISION, MPI_SUM, comm)
    call get_task_comm(task, number)
    if (number /= comm%MPI_VAL .or. present(user)) code = 1
  end subroutine

  subroutine add(task, input, state, code, user)
    type(parmap_task), intent(in) :: task
    real(wp), intent(in) :: input(:)
    real(wp), intent(inout) :: state(:)
    integer(int32), intent(inout) :: code
    class(*), intent(inout), optional :: user
    state = state + input
    if (task%index() < 1 .or. present(user)) code = 1
  end subroutine
end program
