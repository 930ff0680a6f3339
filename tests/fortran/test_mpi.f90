! The modules dicod and dicod_mpi over ranks: the same bits as in one process, errors on all ranks.
program test_mpi
  use, intrinsic :: ieee_arithmetic
  use mpi_f08
  use checks
  use dicod
  use dicod_mpi
  implicit none
  integer, parameter :: wp = real64
  integer, parameter :: nx = 40, ny = 37
  real(wp) :: x(nx, ny, 2), d(5, 4, 2, 3), z(nx - 4, ny - 3, 3), wanted(nx - 4, ny - 3, 3)
  real(wp) :: learnt(5, 4, 2, 3), wanted_d(5, 4, 2, 3), inputs(1, 50), outputs(1, 50), state(1)
  real(wp), allocatable :: block(:, :, :), zs(:, :, :)
  type(dicod_context) :: context, integers
  type(dicod_encoder) :: encoder
  type(dicod_learner) :: learner
  type(dicod_sparse) :: sparse
  type(parmap) :: map
  integer(int64) :: offset(2), local(2), first(2), valid(2)
  integer(int32) :: stat
  integer :: rank, n_ranks, i
  character(400) :: errmsg, other

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

  call create_context(integers, MPI_COMM_NULL, stat=stat, errmsg=errmsg)
  call fails(stat, errmsg, DICOD_ERROR_INVALID_ARGUMENT, 'comm')

  call map%free()
  call learner%free()
  call encoder%free()
  call context%free()
  call MPI_Finalize()
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
