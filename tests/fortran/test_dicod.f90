! The module dicod in one process: results are those of C bit for bit, errors come back with their message.
program test_dicod
  use, intrinsic :: iso_c_binding, only: c_null_char
  use, intrinsic :: ieee_arithmetic, only: ieee_positive_inf, ieee_quiet_nan, ieee_value
  use checks
  use kind_checks
  use map_checks
  use message_checks
  use option_checks
  use shape_checks
  use dicod
  implicit none
  integer, parameter :: wp = real64

  call check_shapes(few=command_argument_count() > 0)
  call one_axis()
  call two_axes()
  call three_axes()
  call several_signals()
  call of_an_encoder()
  call sections()
  call of_a_learner()
  call callbacks()
  call check_options()
  call errors()
  call check_messages()
  call segments()
  call maps()
  call more_maps()
  call descriptions()
  call texts()
  ! Each kind of error was met, but those that nobody can bring about: a fault of the library's, a network that fails.
  call check(all(seen(-[DICOD_ERROR_NULL_POINTER, DICOD_ERROR_INVALID_ARGUMENT, DICOD_ERROR_INVALID_SHAPE, &
    DICOD_ERROR_OUT_OF_RANGE, DICOD_ERROR_NOT_FINITE, DICOD_ERROR_UNKNOWN_OPTION, DICOD_ERROR_OUT_OF_MEMORY, &
    DICOD_ERROR_INVALID_STATE, DICOD_ERROR_FILE, PARMAP_ERROR_TASK, PARMAP_ERROR_PRODUCER, PARMAP_ERROR_CONSUMER, &
    PARMAP_ERROR_STALLED, PARMAP_ERROR_TIMEOUT, PARMAP_ERROR_CANCELLED, PARMAP_ERROR_NOT_RESTARTABLE, PARMAP_ERROR_EMPTY])), &
    'each kind of error')
  call finish('dicod')

contains

  subroutine one_axis()
    real(wp) :: x(60, 2), d(7, 2, 3), z(54, 3), wanted(54, 3), image(60), one(7, 1, 3)
    type(dicod_info) :: info, reference
    integer(int32) :: stat
    call fill(x, size(x), 1)
    call fill(d, size(d), 2)
    call solve(x, d, z, reg=0.2_wp, info=info, stat=stat)
    call check(stat == DICOD_OK .and. stat == reference_solve('reg=0.2'//c_null_char, 1_int64, [60_int64], 1_int64, 2_int64, &
      3_int64, [7_int64], x, d, wanted, reference), 'solve')
    call check(same(z, wanted, size(z)) .and. any(z /= 0), 'one axis')
    call check(info%steps == reference%steps .and. info%objective > 0, 'info')
    call check(abs(objective(x, d, z, reg=0.2_wp) - info%objective) < 1e-9_wp*info%objective, 'objective')
    call check(abs(lambda_max(x, d) - info%lambda_max) < 1e-12_wp*info%lambda_max, 'lambda_max')
    ! A signal without an axis of channels.
    call fill(image, size(image), 3)
    call fill(one, size(one), 4)
    call solve(image, one, z)
    stat = reference_solve(c_null_char, 1_int64, [60_int64], 1_int64, 1_int64, 3_int64, [7_int64], &
      image, one, wanted, reference)
    call check(same(z, wanted, size(z)), 'without channels')
  end subroutine

  subroutine two_axes()
    ! Axes that differ in everything, so that none is taken for another.
    real(wp) :: x(16, 14, 2), d(3, 4, 2, 3), z(14, 11, 3), wanted(14, 11, 3), model(16, 14, 2), g(5, 7, 3, 3), term, value
    real(wp) :: wrapped(16, 11, 3), wanted_wrapped(16, 11, 3)
    real(real32) :: x4(16, 14, 2), d4(3, 4, 2, 3), z4(14, 11, 3), wanted4(14, 11, 3)
    real(wp), allocatable :: large(:, :, :)
    type(dicod_info) :: info, reference
    integer(int32) :: stat
    integer :: i, j, p, k
    call fill(x, size(x), 5)
    call fill(d, size(d), 6)
    call check(all(valid_shape([16, 14], [3, 4]) == [14, 11]), 'valid_shape')
    call check(all(valid_shape([16, 14], [3, 4], periodic=[.true., .false.]) == [16, 11]), 'valid_shape, periodic')
    call solve(x, d, z, info=info)
    stat = reference_solve(c_null_char, 2_int64, [14_int64, 16_int64], 1_int64, 2_int64, 3_int64, [4_int64, 3_int64], &
      x, d, wanted, reference)
    call check(same(z, wanted, size(z)) .and. any(z /= 0), 'two axes')
    ! The model in plain loops.
    model = 0
    do k = 1, 3
      do p = 1, 2
        do j = 1, 11
          do i = 1, 14
            model(i:i + 2, j:j + 3, p) = model(i:i + 2, j:j + 3, p) + z(i, j, k)*d(:, :, p, k)
          end do
        end do
      end do
    end do
    value = objective(x, d, z, data_term=term)
    call check(abs(term - sum((x - model)**2)/2) < 1e-9_wp*term, 'data term by hand')
    call check(abs(value - info%objective) < 1e-9_wp*value, 'objective')
    call reconstruct(z, d, x)
    call check(maxval(abs(x - model)) < 1e-12_wp, 'reconstruct by hand')
    call gram(d, g)
    call check(abs(g(3, 4, 2, 2) - sum(d(:, :, :, 2)**2)) < 1e-12_wp, 'gram, norm')
    call check(abs(g(4, 4, 1, 2) - sum(d(1:2, :, :, 2)*d(2:3, :, :, 1))) < 1e-12_wp, 'gram, a shift along the first axis')
    ! Lists per axis are in the order of Fortran.
    call fill(x, size(x), 7)
    call solve(x, d, wrapped, periodic=[.true., .false.], positive=.true., reg=0.3_wp)
    stat = reference_solve('reg=0.3 positive=1 periodic=0,1'//c_null_char, 2_int64, [14_int64, 16_int64], 1_int64, 2_int64, &
      3_int64, [4_int64, 3_int64], x, d, wanted_wrapped, reference)
    call check(stat == DICOD_OK .and. same(wrapped, wanted_wrapped, size(wrapped)) .and. all(wrapped >= 0), 'periodic')
    ! real32
    x4 = real(x, real32)
    d4 = real(d, real32)
    call solve(x4, d4, z4)
    stat = reference_solve_f32(c_null_char, 2_int64, [14_int64, 16_int64], 1_int64, 2_int64, 3_int64, [4_int64, 3_int64], &
      x4, d4, wanted4, reference)
    call check(same32(z4, wanted4, size(z4)) .and. any(z4 /= 0), 'real32')
    call check(abs(lambda_max(x4, d4) - reference%lambda_max) < 1e-6_wp*reference%lambda_max, 'lambda_max, real32')
    ! A section.
    allocate (large(20, 18, 2))
    large = -9
    large(3:18, 2:15, :) = x
    call solve(large(3:18, 2:15, :), d, z)
    call solve(x, d, wanted)
    call check(same(z, wanted, size(z)), 'a section')
  end subroutine

  subroutine three_axes()
    real(wp) :: x(9, 8, 7, 1), d(2, 3, 4, 1, 2), z(8, 6, 4, 2), wanted(8, 6, 4, 2)
    type(dicod_info) :: reference
    integer(int32) :: stat
    call fill(x, size(x), 8)
    call fill(d, size(d), 9)
    call solve(x, d, z)
    stat = reference_solve(c_null_char, 3_int64, [7_int64, 8_int64, 9_int64], 1_int64, 1_int64, 2_int64, &
      [4_int64, 3_int64, 2_int64], x, d, wanted, reference)
    call check(same(z, wanted, size(z)) .and. any(z /= 0), 'three axes')
  end subroutine

  subroutine several_signals()
    real(wp) :: x(30, 2, 3), d(5, 2, 4), z(26, 4, 3), wanted(26, 4, 3), learnt(5, 2, 4), wanted_d(5, 2, 4)
    type(dicod_learn_info) :: learning
    type(dicod_learner) :: learner
    character(400) :: errmsg
    type(dicod_info) :: reference
    integer(int32) :: stat
    call fill(x, size(x), 10)
    call fill(d, size(d), 11)
    call solve(x, d, z)
    stat = reference_solve(c_null_char, 1_int64, [30_int64], 3_int64, 2_int64, 4_int64, [5_int64], &
      x, d, wanted, reference)
    call check(same(z, wanted, size(z)), 'several signals')
    call learn(x, learnt, z, learn_max_iter=4_int64, info=learning, stat=stat)
    call check(stat == reference_learn('learn_max_iter=4'//c_null_char, 1_int64, [30_int64], 3_int64, 2_int64, 4_int64, &
      [5_int64], x, wanted_d, wanted), &
      'learn')
    call check(same(z, wanted, size(z)) .and. same(learnt, wanted_d, size(learnt)), 'learn, bits')
    call check(learning%iterations > 0 .and. learning%objective > 0, 'learn, info')
    call learn(x, learnt, learn_max_iter=4_int64, stat=stat)
    call check(same(learnt, wanted_d, size(learnt)), 'learn without z')
    ! In batches of two the activations are those of two signals.
    call learner%create(d, [30_int64], 3_int64, learn_batch=2_int64)
    call learner%step(x)
    z = -1
    call learner%get_z(z(:, :, :2))
    call check(any(z(:, :, :2) > 0) .and. all(z(:, :, 3) == -1), 'z of a batch')
    call learner%get_z(z, stat=stat, errmsg=errmsg)
    call fails(stat, errmsg, DICOD_ERROR_INVALID_ARGUMENT, 'the number of channels of z')
  end subroutine

  subroutine of_an_encoder()
    real(wp) :: x(16, 14, 2), d(3, 4, 2, 3), z(14, 11, 3), wanted(14, 11, 3), lambda(3), u(2, 3), v(3, 4, 3)
    real(real32) :: x4(16, 14, 2)
    real(wp) :: weights(16, 14, 2), holed(16, 14, 2), factors(14, 11, 3)
    type(dicod_encoder) :: e
    type(dicod_context) :: context
    type(dicod_sparse) :: sparse
    type(dicod_info) :: first, again
    integer(int64) :: offset(2), local(2), i
    integer(int32) :: stat
    type(dicod_span), allocatable :: spans(:)
    character(:), allocatable :: json
    integer :: k, p
    character(400) :: errmsg
    call fill(x, size(x), 5)
    call fill(d, size(d), 6)
    call context%create(n_threads=2)
    call check(context%n_threads() == 2 .and. context%rank() == 0 .and. context%n_ranks() == 1, 'context')
    call e%create(d, [16_int64, 14_int64], context=context, warm_start=.true., trace=.true.)
    call context%log_to_stderr(0_int32)
    call context%free()
    call e%solve(x, first)
    call e%get_z(z)
    call solve(x, d, wanted)
    call check(same(z, wanted, size(z)), 'encoder')
    call check(index(info_text(first), 'success; lambda ') == 1 .and. index(info_text(first), 'above the minimum') > 1, 'info_text')
    call check(all(e%valid_shape() == [14, 11]), 'encoder, valid_shape')
    call e%get_sparse(sparse)
    call check(sparse%count == count(z /= 0) .and. sparse%count > 3, 'sparse')
    do i = 1, sparse%count
      if (z(sparse%position(1, i), sparse%position(2, i), sparse%atom(i)) /= sparse%value(i)) call check(.false., 'sparse, value')
    end do
    call e%clear_z()
    call e%set_sparse(sparse)
    call e%get_z(wanted)
    call check(same(z, wanted, size(z)), 'sparse, given back')
    sparse%atom(2) = 4
    call e%set_sparse(sparse, stat=stat, errmsg=errmsg)
    call fails(stat, errmsg, DICOD_ERROR_OUT_OF_RANGE, 'atom(2) must be from 1 to 3, is 4')
    sparse%count = sparse%count + 1
    call e%set_sparse(sparse, stat=stat, errmsg=errmsg)
    call fails(stat, errmsg, DICOD_ERROR_INVALID_SHAPE, 'count')
    call e%get_sparse(sparse, offset=[2_int64, 0_int64], local_shape=[12_int64, 5_int64])
    call check(sparse%count == count(z(3:14, 1:5, :) /= 0), 'sparse, block')
    call e%region(offset, local)
    call check(all(offset == 0) .and. all(local == [14, 11]), 'region')
    call e%get_lambda(lambda)
    call check(abs(lambda(1) - first%lambda) < 1e-12_wp, 'lambda')
    call e%get_tolerance(lambda)
    call check(abs(maxval(lambda) - first%tol) < 1e-12_wp*first%tol, 'tolerance')
    call e%get_trace(spans)
    i = size(spans)
    call check(spans(i)%activity == DICOD_SPAN_SOLVE .and. spans(i)%steps == first%steps, 'trace')
    call check(sum(spans%steps, spans%activity == DICOD_SPAN_VISIT) == first%steps, 'trace, visits')
    call e%get_trace_json(json)
    call check(json(1:1) == '{' .and. index(json, '"spans"') > 0, 'trace, JSON')
    call check(index(json, '}', back=.true.) >= len(json) - 1, 'trace, end of the JSON')
    call e%solve(x, again)
    call check(again%steps < first%steps/4, 'warm start')
    call e%clear_z()
    call e%set_z(z)
    call e%solve(x, again)
    call check(again%steps < first%steps/4, 'set_z')
    ! Holes: by weights, and by NaN alone.
    weights = 1
    weights(5:9, 4:12, :) = 0
    holed = x
    where (weights < 0.5_wp) holed = ieee_value(1.0_wp, ieee_quiet_nan)
    call e%set_weights(weights)
    call e%clear_z()
    call e%solve(holed)
    call e%get_z(z)
    call solve(holed, d, wanted, missing='nan')
    call check(same(z, wanted, size(z)), 'weights')
    call e%clear_weights()
    call e%solve(holed, stat=stat, errmsg=errmsg)
    call fails(stat, errmsg, DICOD_ERROR_NOT_FINITE, 'x(5, 4, 1) must be a finite number')
    call e%set_weights(-weights, stat=stat, errmsg=errmsg)
    call fails(stat, errmsg, DICOD_ERROR_INVALID_ARGUMENT, 'weights(1, 1, 1) must be at least 0')
    ! Factors of lambda: twice as much everywhere, and z that has to be zero.
    factors = 2
    call e%set_penalties(factors)
    call e%clear_z()
    call e%solve(x, again)
    call check(abs(again%lambda_max - first%lambda_max/2) < 1e-9_wp, 'penalties, lambda_max')
    factors(3:, :, 2) = ieee_value(1.0_wp, ieee_positive_inf)
    call e%set_penalties(factors)
    call e%solve(x)
    call e%get_z(z)
    call check(all(abs(z(3:, :, 2)) <= 0) .and. any(abs(z(:, :, 1)) > 0), 'penalties')
    call e%set_penalties(-factors, stat=stat, errmsg=errmsg)
    call fails(stat, errmsg, DICOD_ERROR_INVALID_ARGUMENT, 'penalties(1, 1, 1) must be at least 0')
    call e%clear_penalties()
    call e%set_dictionary(2*d)
    call e%clear_z()
    call e%solve(x, again)
    call check(abs(again%lambda_max - 2*first%lambda_max) < 1e-9_wp, 'set_dictionary')
    ! Of rank one.
    call fill(u, size(u), 12)
    call fill(v, size(v), 13)
    do k = 1, 3
      do p = 1, 2
        d(:, :, p, k) = u(p, k)*v(:, :, k)
      end do
    end do
    call e%create_rank1(u, v, [16_int64, 14_int64])
    call e%solve(x, again)
    call solve(x, d, z, info=first)
    call check(abs(first%objective - again%objective) < 1e-2_wp*first%objective, 'rank one')
    call e%solve(x4, stat=stat, errmsg=errmsg)
    call fails(stat, errmsg, DICOD_ERROR_INVALID_ARGUMENT, 'real32')
    call e%set_dictionary(d(:, :, :, 1:2), stat=stat, errmsg=errmsg)
    call fails(stat, errmsg, DICOD_ERROR_INVALID_SHAPE, '(3, 4, 2, 3)')
    call e%free()
    call e%solve(x, stat=stat, errmsg=errmsg)
    call fails(stat, errmsg, DICOD_ERROR_NULL_POINTER, 'encoder was not created')
  end subroutine

  ! Components of an array of structures, axes and atoms in reverse.
  subroutine sections()
    type :: cell
      real(wp) :: u = 0, v = 0
    end type
    type(cell) :: cells(18, 16)
    real(wp) :: x(16, 14), d(3, 4, 1, 3), z(14, 11, 3), ghosts(0:15, 0:12, 3)
    type(dicod_encoder) :: e
    call fill(x, size(x), 14)
    call fill(d, size(d), 15)
    call solve(x, d, z)
    call e%create(d, [16_int64, 14_int64])
    cells(2:17, 2:15)%v = x
    call e%solve(cells(2:17, 2:15)%v)
    call e%get_z(ghosts(1:14, 1:11, :))
    call check(all(ghosts(1:14, 1:11, :) == z), 'components')
    call solve(cells(2:17, 2:15)%v, d, ghosts(1:14, 1:11, :))
    call check(all(ghosts(1:14, 1:11, :) == z), 'a component')
    cells(17:2:-1, 2:15)%u = x
    call e%clear_z()
    call e%solve(cells(17:2:-1, 2:15)%u)
    call e%get_z(ghosts(14:1:-1, 1:11, :))
    call check(all(ghosts(14:1:-1, 1:11, :) == z), 'reversed axes')
    call e%get_z(ghosts(1:14, 1:11, 3:1:-1))
    call check(all(ghosts(1:14, 1:11, 3:1:-1) == z), 'reversed atoms')
  end subroutine

  subroutine of_a_learner()
    real(wp) :: x(40, 2), d(5, 2, 3), z(36, 3), wanted(5, 2, 3), wanted_z(36, 3), again(5, 2, 3), lambda(3)
    real(wp), allocatable :: explained(:)
    integer(int64), allocatable :: order(:)
    type(dicod_learner) :: learner, restored
    type(dicod_learn_step) :: step
    type(dicod_learn_info) :: info
    type(dicod_info) :: last
    integer(int32) :: stat
    integer :: i
    character(400) :: errmsg
    real(wp) :: weights(40, 2), holed(40, 2)
    real(wp), allocatable :: ztz(:), ztx(:)
    call fill(x, size(x), 16)
    d = 0
    call learn(x, wanted, wanted_z, learn_max_iter=3_int64, stat=stat)
    call learner%create(d, [40_int64], learn_max_iter=3_int64)
    call learner%get_dictionary(d, stat=stat, errmsg=errmsg)
    call fails(stat, errmsg, DICOD_ERROR_INVALID_STATE, 'dictionary')
    call learner%run(x, info, stat=stat)
    call learner%get_dictionary(d)
    call learner%get_z(z)
    call check(same(d, wanted, size(d)) .and. same(z, wanted_z, size(z)), 'learner')
    ! Holes: by weights, and by NaN alone.
    weights = 1
    weights(11:20, :) = 0
    holed = x
    where (weights < 0.5_wp) holed = ieee_value(1.0_wp, ieee_quiet_nan)
    call learn(holed, wanted, wanted_z, learn_max_iter=3_int64, missing='nan', stat=stat)
    call learner%create(d, [40_int64], learn_max_iter=3_int64)
    call learner%set_weights(weights)
    call learner%run(holed, stat=stat)
    call learner%get_dictionary(d)
    call check(same(d, wanted, size(d)), 'weights of a learner')
    call learner%set_weights(-weights, stat=stat, errmsg=errmsg)
    call fails(stat, errmsg, DICOD_ERROR_INVALID_ARGUMENT, 'weights(1, 1) must be at least 0')
    call learner%clear_weights()
    call learner%step(holed, stat=stat, errmsg=errmsg)
    call fails(stat, errmsg, DICOD_ERROR_NOT_FINITE, 'x(11, 1) must be a finite number')
    call learner%create(d, [40_int64])
    do i = 1, 2
      call learner%step(x, step)
    end do
    call check(step%iteration == 1 .and. step%objective_d <= step%objective_z, 'steps')
    call learner%save('learner.checkpoint')
    call restored%restore(d, 'learner.checkpoint', [40_int64])
    call learner%step(x)
    call restored%step(x)
    call learner%get_dictionary(d)
    call restored%get_dictionary(again)
    call check(same(d, again, size(d)), 'save and restore')
    call learner%encode(x, last)
    call learner%get_lambda(lambda)
    call check(abs(lambda(1) - last%lambda) < 1e-12_wp, 'lambda of a learner')
    call learner%get_ztz(ztz)
    call learner%get_ztx(ztx)
    call check(size(ztz) == 9*3*3 .and. size(ztx) == 5*2*3 .and. ztz(5) > 0, 'statistics')
    call learner%get_dictionary(d)
    call learner%sort_atoms(x, order, explained)
    call learner%get_dictionary(again)
    call check(all(explained(:2) >= explained(2:)) .and. explained(1) > 0, 'sort_atoms, explained')
    do i = 1, 3
      call check(all(abs(again(:, :, i)) == abs(d(:, :, order(i)))), 'sort_atoms, order')
    end do
    call restored%sort_atoms(x(:20, :), stat=stat, errmsg=errmsg)
    call fails(stat, errmsg, DICOD_ERROR_INVALID_SHAPE, '(20)')
    call learner%save('/nowhere/file', stat=stat, errmsg=errmsg)
    call fails(stat, errmsg, DICOD_ERROR_FILE, '/nowhere/file')
    call restored%restore(d, '/nowhere/file', [40_int64], stat=stat, errmsg=errmsg)
    call fails(stat, errmsg, DICOD_ERROR_FILE, '/nowhere/file')
    call other_shapes()
    call sizes()
  end subroutine

  ! Atoms of several sizes: what is beyond them is not looked at, and is as if it were zero.
  subroutine sizes()
    real(wp) :: x(40, 30), d(8, 6, 1, 3), cut(8, 6, 1, 3), z(33, 25, 3), by_hand(33, 25, 3)
    integer :: shapes(2, 3) = reshape([3, 6, 8, 6, 8, 2], [2, 3]), k
    type(dicod_encoder) :: encoder
    type(dicod_learner) :: learner
    integer(int8), allocatable :: bytes(:)
    type(dicod_description) :: is
    integer(int32) :: stat
    character(400) :: errmsg
    call fill(x, size(x), 41)
    call fill(d, size(d), 42)
    cut = 0
    do k = 1, 3
      cut(:shapes(1, k), :shapes(2, k), :, k) = d(:shapes(1, k), :shapes(2, k), :, k)
    end do
    call solve(x, cut, by_hand, tol=1e-9_wp)
    call solve(x, d, z, tol=1e-9_wp, atom_shapes=shapes)
    call check(maxval(abs(z - by_hand)) < 1e-6_wp .and. any(by_hand /= 0), 'atoms of several sizes')
    call encoder%create(d, [40, 30], tol=1e-9_wp, atom_shapes=shapes)
    call encoder%solve(x)
    call encoder%get_z(z)
    call check(maxval(abs(z - by_hand)) < 1e-6_wp, 'an encoder with atoms of several sizes')
    call encoder%describe(is)
    call check(all(is%atom_shapes == shapes), 'sizes of atoms')
    call encoder%create(d, [40, 30], atom_shapes=shapes(:, :2), stat=stat, errmsg=errmsg)
    call fails(stat, errmsg, DICOD_ERROR_INVALID_SHAPE, 'atom_shapes has (4) values')
    shapes(1, 2) = 9
    call encoder%create(d, [40, 30], atom_shapes=shapes, stat=stat, errmsg=errmsg)
    call fails(stat, errmsg, DICOD_ERROR_INVALID_SHAPE, &
      'atom_shapes(1, 2) (atom 2, axis 1) must be from 1 to 8, the length of the dictionary''s atoms, is 9')
    ! What a checkpoint contradicts is refused.
    shapes(1, 2) = 8
    call learner%create(d, [40, 30], atom_shapes=shapes, learn_init='given')
    call learner%save(bytes)
    call learner%restore(bytes, [40, 30], atom_shapes=shapes)
    call learner%restore(d, bytes, atom_shapes=shapes)
    shapes(2, 2) = 5
    call learner%restore(bytes, atom_shapes=shapes, stat=stat, errmsg=errmsg)
    call fails(stat, errmsg, DICOD_ERROR_INVALID_SHAPE, 'the shape of atom 2 must be (8, 6), that of the learner, is (8, 5)')
    call learner%restore(bytes, atom_shapes=shapes(:, :2), stat=stat, errmsg=errmsg)
    call fails(stat, errmsg, DICOD_ERROR_INVALID_SHAPE, 'atom_shapes has (4) values')
  end subroutine

  ! A checkpoint of 9 atoms of 8 x 6, and what callers believe of it. The arrays lie in the heap: valgrind sees who goes
  ! beyond.
  subroutine other_shapes()
    real(wp), allocatable :: x(:, :), d(:, :, :, :), few(:, :, :, :), turned(:, :, :, :), u(:, :), v(:, :, :)
    real(real32), allocatable :: narrow(:, :, :, :)
    integer(int8), allocatable :: bytes(:)
    type(dicod_learner) :: learner, restored
    type(dicod_encoder) :: encoder
    type(dicod_description) :: is
    type(dicod_options) :: options
    integer(int32) :: stat
    integer(int64) :: seed
    character(400) :: errmsg
    allocate (x(40, 30), d(8, 6, 1, 9), few(8, 6, 1, 4), turned(6, 8, 1, 9), narrow(8, 6, 1, 9), u(1, 4), v(8, 6, 4))
    call fill(x, size(x), 31)
    d = 0
    few = 0
    call learner%create(d, [40_int64, 30_int64], learn_rank_one=.true., seed=5_int64)
    call learner%step(x)
    call learner%save('nine.checkpoint')
    call learner%save(bytes)
    call restored%restore('nine.checkpoint')
    call restored%describe(is)
    call check(is%kind == real64 .and. is%n_axes == 2 .and. is%n_signals == 1 .and. is%n_channels == 1 .and. is%n_atoms == 9 &
      .and. is%n_coded == 1 .and. is%iterations == 1 .and. is%bytes > 0, 'description of a learner')
    call check(all(is%signal_shape == [40, 30]) .and. all(is%atom_shape == [8, 6]) .and. all(is%valid_shape == [33, 25]), &
      'shapes of a learner')
    call restored%get_options(options)
    call options%get('seed', seed)
    call check(seed == 5, 'options of a learner')
    call restored%get_dictionary(d)
    call restored%get_dictionary(few, stat, errmsg)
    call fails(stat, errmsg, DICOD_ERROR_INVALID_SHAPE, 'd has the shape (8, 6, 1, 4), wanted is (8, 6, 1, 9)')
    call restored%get_dictionary(turned, stat, errmsg)
    call fails(stat, errmsg, DICOD_ERROR_INVALID_SHAPE, 'd has the shape (6, 8, 1, 9), wanted is (8, 6, 1, 9)')
    call restored%get_dictionary(narrow, stat, errmsg)
    call fails(stat, errmsg, DICOD_ERROR_INVALID_ARGUMENT, 'real32')
    call restored%get_dictionary_rank1(u, v, stat, errmsg)
    call fails(stat, errmsg, DICOD_ERROR_INVALID_SHAPE, 'u has the shape (1, 4), wanted is (1, 9)')
    call restored%restore(few, 'nine.checkpoint', [40_int64, 30_int64], stat=stat, errmsg=errmsg)
    call fails(stat, errmsg, DICOD_ERROR_INVALID_SHAPE, 'd has the shape (8, 6, 1, 4), wanted is (8, 6, 1, 9)')
    call restored%restore(narrow, 'nine.checkpoint', stat=stat, errmsg=errmsg)
    call fails(stat, errmsg, DICOD_ERROR_INVALID_ARGUMENT, 'real32')
    call restored%restore(d, bytes, [30_int64, 40_int64], stat=stat, errmsg=errmsg)
    call fails(stat, errmsg, DICOD_ERROR_INVALID_SHAPE, 'signal_shape has the shape (30, 40), wanted is (40, 30)')
    call restored%restore(bytes, n_signals=2_int64, stat=stat, errmsg=errmsg)
    call fails(stat, errmsg, DICOD_ERROR_INVALID_SHAPE, 'n_signals')
    ! What it held before is as it was.
    call restored%describe(is)
    call check(is%n_atoms == 9, 'a learner after restores that were refused')
    call restored%restore(d, bytes, [40_int64, 30_int64], 1_int64)
    call restored%step(x)
    call encoder%create(d, [40_int64, 30_int64], seed=6_int64)
    call encoder%describe(is)
    call encoder%get_options(options)
    call options%get('seed', seed)
    call check(is%iterations == 0 .and. all(is%valid_shape == [33, 25]) .and. seed == 6, 'description of an encoder')
    call encoder%free()
    call encoder%describe(is, stat, errmsg)
    call fails(stat, errmsg, DICOD_ERROR_NULL_POINTER, 'encoder')
  end subroutine

  subroutine callbacks()
    real(wp) :: x(300, 1), d(20, 1, 5), z(281, 5)
    type(dicod_context) :: context
    type(counters), target :: told
    integer(int32) :: stat
    integer(int32), target, volatile :: flag
    call fill(x, size(x), 17)
    call fill(d, size(d), 18)
    told%n = 0
    call context%create()
    call check(.not. context%cancel(), 'nothing to cancel')
    flag = 1
    call context%set_cancel_flag(flag)
    z = -1
    call solve(x, d, z, context=context, stat=stat)
    call check(stat == DICOD_CANCELLED .and. all(z == 0), 'cancelled by a flag')
    call context%set_cancel_flag()
    call context%set_log(log_it, told)
    call context%set_progress(progress_it, told)
    call solve(x, d, z, context=context, progress_interval=0.0_wp, stat=stat)
    call check(stat == DICOD_CANCELLED .and. told%n(1) > 0 .and. told%n(2) > 0, 'log and progress')
    call context%set_progress()
    told%n = 0
    call solve(x, d, z, context=context, stat=stat)
    call check(stat == DICOD_OK .and. told%n(2) == 0, 'progress taken back')
    call learn(x, d, z, context=context, each=learn_it, user=told, stat=stat)
    call check(stat == DICOD_CANCELLED .and. told%n(3) == 2, 'learning, told')
    call learn(x, d, z, each=learn_plainly, stat=stat)
    call check(stat == DICOD_CANCELLED, 'learning, told without data')
    call a_path(x, d)
  end subroutine

  subroutine a_path(x, d)
    real(wp), intent(in) :: x(300, 1), d(20, 1, 5)
    real(wp) :: reg(4), z(281, 5), wanted(281, 5)
    type(dicod_encoder) :: e
    type(dicod_info) :: info, alone
    type(counters), target :: told
    integer(int32) :: stat
    character(400) :: errmsg
    call reg_path(reg, 0.8_wp, 0.1_wp)
    call check(abs(reg(2) - 0.4_wp) < 1e-12_wp .and. reg(4) == 0.1_wp, 'reg_path')
    told%n = 0
    call e%create(d, 300, tol=1e-8_wp)
    call e%path(x, reg, info, each=path_it, user=told)
    call e%get_z(z)
    call solve(x, d, wanted, reg=0.1_wp, tol=1e-8_wp, info=alone)
    call check(told%n(3) == 4 .and. maxval(abs(z - wanted)) < 1e-5_wp, 'path')
    call check(info%lambda == alone%lambda .and. info%nonzeros == count(z /= 0), 'path, info')
    reg(3) = 0.3_wp
    call e%path(x, reg, info, each=path_it, user=told, stat=stat)
    call check(stat == DICOD_CANCELLED .and. told%n(3) == 7 .and. info%status == DICOD_CANCELLED, 'path, stopped')
    reg(3) = -1
    call e%path(x, reg, stat=stat, errmsg=errmsg)
    call fails(stat, errmsg, DICOD_ERROR_INVALID_ARGUMENT, 'reg(3) must be at least 0 and finite, is -1')
    call e%path(x, reg(1:0), stat=stat, errmsg=errmsg)
    call fails(stat, errmsg, DICOD_ERROR_INVALID_ARGUMENT, 'the size of reg must be at least 1, is 0')
    call reg_path(reg, 1.0_wp, 0.0_wp, stat=stat, errmsg=errmsg)
    call fails(stat, errmsg, DICOD_ERROR_INVALID_ARGUMENT, 'least must be positive')
  end subroutine

  subroutine path_it(point, reg, info, stop, user)
    integer(int64), intent(in) :: point
    real(wp), intent(in) :: reg
    type(dicod_info), intent(in) :: info
    logical, intent(inout) :: stop
    class(*), intent(inout), optional :: user
    call count_one(user, 3)
    if (info%status /= DICOD_OK .or. abs(info%lambda - reg*info%lambda_max) > 1e-9_wp*info%lambda) error stop 'point'
    stop = point == 3 .and. reg == 0.3_wp
  end subroutine

  subroutine log_it(level, message, user)
    integer(int32), intent(in) :: level
    character(*), intent(in) :: message
    class(*), intent(inout), optional :: user
    call count_one(user, 1)
    if (level < DICOD_LOG_WARNING .or. len(message) == 0) error stop 'log'
  end subroutine

  subroutine progress_it(progress, stop, user)
    type(dicod_progress), intent(in) :: progress
    logical, intent(inout) :: stop
    class(*), intent(inout), optional :: user
    call count_one(user, 2)
    stop = progress%seconds >= 0
  end subroutine

  subroutine learn_it(step, stop, user)
    type(dicod_learn_step), intent(in) :: step
    logical, intent(inout) :: stop
    class(*), intent(inout), optional :: user
    call count_one(user, 3)
    if (size(step_nonzeros(step)) /= 5) error stop 'nonzeros'
    stop = step%iteration == 1
  end subroutine

  subroutine learn_plainly(step, stop, user)
    type(dicod_learn_step), intent(in) :: step
    logical, intent(inout) :: stop
    class(*), intent(inout), optional :: user
    stop = step%iteration == 0 .and. .not. present(user)
  end subroutine

  subroutine count_one(user, which)
    class(*), intent(inout), optional :: user
    integer, intent(in) :: which
    if (.not. present(user)) error stop 'no user data'
    select type (user)
    type is (counters)
      user%n(which) = user%n(which) + 1
    class default
      error stop 'other user data'
    end select
  end subroutine

  subroutine errors()
    real(wp) :: x(16, 14, 2), d(3, 4, 2, 3), z(14, 11, 3), before(14, 11, 3)
    type(dicod_options) :: options
    type(dicod_context) :: context
    type(dicod_encoder) :: encoder
    character(400) :: errmsg
    character(10) :: short
    character(:), allocatable :: word
    real(wp), allocatable :: list(:)
    integer(int32) :: stat
    real(wp) :: value
    call fill(x, size(x), 21)
    call fill(d, size(d), 22)
    z = -3
    before = z
    call solve(x, d(:, :, 1:1, :), z, stat=stat, errmsg=errmsg)
    call fails(stat, errmsg, DICOD_ERROR_INVALID_SHAPE, 'channels of x and d differ: x has the shape (16, 14, 2)')
    call solve(x, d, z(1:13, :, :), stat=stat, errmsg=errmsg)
    call fails(stat, errmsg, DICOD_ERROR_INVALID_SHAPE, 'z has the shape (13, 11, 3), for these signals and atoms it is (14, 11, 3')
    call solve(x(:, :, 1), d, z, stat=stat, errmsg=errmsg)
    call fails(stat, errmsg, DICOD_ERROR_INVALID_SHAPE, 'x has the shape (16, 14)')
    call solve(x(1:2, :, :), d, z, stat=stat, errmsg=errmsg)
    call check(stat == DICOD_ERROR_INVALID_SHAPE .and. errmsg /= '', 'atoms longer than the signal: '//trim(errmsg))
    call solve(x, d, z, reg=-1.0_wp, stat=stat, errmsg=short)
    call check(stat == DICOD_ERROR_INVALID_ARGUMENT .and. index(last_error(), short) == 1, 'a short errmsg')
    call check(len(last_error()) > 10 .and. index(last_error(), 'reg') > 0, 'last_error is whole')
    x(3, 4, 2) = ieee_nan()
    call solve(x, d, z, stat=stat, errmsg=errmsg)
    call fails(stat, errmsg, DICOD_ERROR_NOT_FINITE, 'x')
    call check(all(z == before), 'z is untouched')
    x(3, 4, 2) = 0
    call solve(x, d, z, context=context, stat=stat, errmsg=errmsg)
    call fails(stat, errmsg, DICOD_ERROR_NULL_POINTER, 'context was not created')
    call options%set('regg', 1.0_wp, stat, errmsg)
    call fails(stat, errmsg, DICOD_ERROR_UNKNOWN_OPTION, 'reg')
    call options%set('reg', .true., stat, errmsg)
    call fails(stat, errmsg, DICOD_ERROR_INVALID_ARGUMENT, 'reg')
    call options%set('strategy', 'gready', stat, errmsg)
    call fails(stat, errmsg, DICOD_ERROR_INVALID_ARGUMENT, 'gready')
    call solve(x, d, z, options=options, reg=0.1_wp, stat=stat, errmsg=errmsg)
    call fails(stat, errmsg, DICOD_ERROR_INVALID_ARGUMENT, 'one by one')
    call context%create(0, stat, errmsg)
    call fails(stat, errmsg, DICOD_ERROR_INVALID_ARGUMENT, 'n_threads')
    call encoder%create(d, [16_int64], stat=stat, errmsg=errmsg)
    call fails(stat, errmsg, DICOD_ERROR_INVALID_SHAPE, 'signal_shape (16)')
    call encoder%create(d, [16_int64, 14_int64])
    call encoder%solve(x(:, :, 1:1), stat=stat, errmsg=errmsg)
    call fails(stat, errmsg, DICOD_ERROR_INVALID_SHAPE, 'x has the shape (16, 14, 1)')
    call encoder%solve(x(1:15, :, :), stat=stat, errmsg=errmsg)
    call check(stat < 0 .and. errmsg /= '', 'a part of the domain: '//trim(errmsg))
    value = lambda_max(x, d(1:0, :, :, :), stat=stat, errmsg=errmsg)
    call check(stat == DICOD_ERROR_INVALID_SHAPE, 'empty atoms: '//trim(errmsg))
    ! It goes on after errors.
    call options%set('reg_per_atom', [0.1_wp, 0.2_wp, 0.3_wp])
    call options%set('tile_shape', [5, 6])
    call options%get('reg_per_atom', list)
    call check(all(list == [0.1_wp, 0.2_wp, 0.3_wp]), 'reals')
    call options%get('strategy', word)
    call check(word == 'locally-greedy', 'string')
    call solve(x, d, z, options=options, stat=stat)
    call check(stat == DICOD_OK .and. any(z /= before), 'after errors')
    call check(status_text(DICOD_OK) == 'success' .and. len(library_version()) >= 5, 'texts')
    call check(index(build_info(), 'dicod '//library_version()//', ') == 1, 'build_info')
  end subroutine

  function ieee_nan() result(x)
    use, intrinsic :: ieee_arithmetic
    real(wp) :: x
    x = ieee_value(x, ieee_quiet_nan)
  end function

  subroutine segments()
    type(segmentation) :: s
    integer(int64), allocatable :: which(:), boxes(:, :, :)
    integer(int64) :: i, j, n, b(2, 2), changed, owner(20, 15)
    real(wp) :: dz(20, 15)
    integer(int32) :: stat
    character(400) :: errmsg
    call s%create(full_shape=[20_int64, 15_int64], n_segments=[4_int64, 3_int64], overlap=[2_int64, 1_int64])
    call check(s%n_segments() == 12 .and. all(s%per_axis() == [4, 3]), 'segments')
    ! Inner parts cover the domain once, the first axis runs fastest.
    owner = 0
    do n = 1, 12
      b = s%bounds(n, inner=.true.)
      call check(all(owner(b(1, 1):b(2, 1), b(1, 2):b(2, 2)) == 0), 'without overlap')
      owner(b(1, 1):b(2, 1), b(1, 2):b(2, 2)) = n
    end do
    call check(all(owner > 0) .and. owner(20, 1) == 4, 'cover')
    do j = 1, 15
      do i = 1, 20
        if (s%find([i, j]) /= owner(i, j)) call check(.false., 'find')
      end do
    end do
    b = s%bounds(2_int64)
    call check(all(b == reshape([4, 12, 1, 6], [2, 2])), 'bounds')
    call check(all(s%padding(1_int64) == reshape([2, 0, 1, 0], [2, 2])), 'padding')
    allocate (which, source=s%touched([5_int64, 5_int64], [1_int64, 1_int64]))
    call check(any(which == owner(5, 5)) .and. size(which) > 1, 'touched')
    allocate (boxes, source=s%touched_overlap(1_int64, [5_int64, 3_int64], [2_int64, 1_int64]))
    call check(size(boxes, 3) == 1 .and. all(boxes(:, 1, 1) == [6, 7]) .and. all(boxes(:, 2, 1) == [2, 4]), 'touched_overlap')
    call check(all(s%to_global(2_int64, [1_int64, 1_int64]) == [4, 1]), 'to_global')
    call check(all(s%to_local(2_int64, [4_int64, 1_int64]) == [1, 1]), 'to_local')
    call check(s%contains_point(1_int64, [7_int64, 6_int64]) .and. .not. s%contains_point(1_int64, [7_int64, 6_int64], &
      inner=.true.), 'contains_point')
    call check(s%contains_area(1_int64, [5_int64, 3_int64], [2_int64, 1_int64]), 'contains_area')
    call check(s%next(12_int64) == 1 .and. s%next(0_int64) == 1, 'next')
    call s%set_active(.false., [3_int64, 5_int64], changed)
    call check(changed == 2 .and. s%n_active() == 10 .and. .not. s%is_active(3_int64), 'set inactive')
    dz = 0
    b = s%bounds(5_int64, inner=.true.)
    dz(b(1, 1), b(1, 2)) = 2
    call check(s%check_inactive(dz, 1.0_wp) == 5 .and. s%check_inactive(dz, 3.0_wp) == 0, 'check_inactive')
    call s%set_active(.true., changed=changed)
    call check(changed == 2 .and. s%n_active() == 12, 'set active')
    b = s%bounds(13_int64, stat=stat, errmsg=errmsg)
    call fails(stat, errmsg, DICOD_ERROR_OUT_OF_RANGE, '12')
    i = s%find([1_int64], stat, errmsg)
    call fails(stat, errmsg, DICOD_ERROR_INVALID_ARGUMENT, 'one value per axis')
    call s%create(full_shape=[20_int64], stat=stat, errmsg=errmsg)
    call fails(stat, errmsg, DICOD_ERROR_INVALID_ARGUMENT, 'either')
    call s%create(inner_bounds=reshape([3_int64, 10_int64], [2, 1]), segment_shape=[3_int64])
    call check(s%n_segments() == 3 .and. all(s%bounds(3_int64) == reshape([9, 10], [2, 1])), 'by shape')
  end subroutine

  subroutine more_maps()
    type(dicod_context) :: alone, threads
    call alone%create()
    call check_maps(alone)
    call check_kinds(alone)
    call threads%create(3)
    call check_maps(threads)
    call check_kinds(threads)
  end subroutine

  subroutine descriptions()
    type(option_description) :: one
    integer(int64) :: i
    integer(int32) :: stat
    character(400) :: errmsg
    do i = 1, n_options()
      call describe_option(i, one)
      if (one%key == 'reg') exit
    end do
    call check(one%key == 'reg' .and. one%kind == 'real' .and. one%default == '0.1' .and. one%meaning /= '', 'an option described')
    call describe_option(n_options() + 1, one, stat, errmsg)
    call fails(stat, errmsg, DICOD_ERROR_OUT_OF_RANGE, 'index')
    do i = 1, n_settings()
      call describe_setting(i, one)
      if (one%key == 'deadline') exit
    end do
    call check(one%key == 'deadline' .and. one%kind == 'real' .and. one%default == 'inf', 'a setting described')
    call describe_setting(n_settings() + 1, one, stat, errmsg)
    call fails(stat, errmsg, DICOD_ERROR_OUT_OF_RANGE, 'index')
  end subroutine

  subroutine texts()
    type(dicod_options) :: options, other
    type(parmap) :: map
    character(:), allocatable :: text, word
    real(real64) :: reg
    real(real32) :: grace
    integer(int32) :: chunk, stat
    integer(int64) :: retries
    integer(int64), allocatable :: shape(:)
    logical :: ordered
    character(400) :: errmsg
    errmsg = ''
    call options%parse('reg=0.375 tile_shape=4,7')
    call options%get('reg', reg)
    call options%get('tile_shape', shape)
    call check(reg == 0.375_real64 .and. all(shape == [7, 4]), 'options from text')
    call options%set_text('reg', '5e-1')
    call options%copy(other)
    call options%free()
    call other%get('reg', reg)
    call check(reg == 0.5_real64, 'a copy of options')
    call other%parse('reg=0.25 seed=x', stat, errmsg)
    call fails(stat, errmsg, DICOD_ERROR_INVALID_ARGUMENT, 'seed')
    call other%get('reg', reg)
    call check(reg == 0.5_real64, 'all or none')
    call other%to_text(text)
    call options%parse(text)
    call options%to_text(word)
    call check(word == text .and. index(text, 'tile_shape=4,7') > 0, 'there and back')
    call options%from_environment()
    call options%set_text('lambda', '1', stat, errmsg)
    call fails(stat, errmsg, DICOD_ERROR_UNKNOWN_OPTION, 'reg')
    call map%create()
    call map%get('ordered', ordered)
    call map%get('grace', grace)
    call check(ordered .and. grace == 1, 'defaults of settings')
    call map%set_text('chunk', '12')
    call map%set('retries', 3)
    call map%set_text('schedule', 'cyclic')
    call map%set('deadline', 2.5_real64)
    call map%get('chunk', chunk)
    call map%get('retries', retries)
    call map%get('schedule', word)
    call map%get('deadline', reg)
    call check(chunk == 12 .and. retries == 3 .and. word == 'cyclic' .and. reg == 2.5_real64, 'settings are read')
    call map%get('chunk', reg, stat, errmsg)
    call fails(stat, errmsg, DICOD_ERROR_INVALID_ARGUMENT, 'chunk')
    call map%free()
  end subroutine

  subroutine maps()
    type(parmap) :: map
    type(parmap_report) :: report
    type(dicod_context) :: context
    real(wp) :: inputs(2, 100), outputs(3, 100), other(3, 100), state(2), lengths(2)
    integer(int32) :: statuses(100), stat
    integer :: i
    character(400) :: errmsg
    type(counters), target :: offset
    do i = 1, 100
      inputs(:, i) = [real(i, wp), real(i, wp)**2]
    end do
    offset%n = [7, 0, 0]
    call map%create()
    call map%set('seed', 5)
    call map%run(sum_up, inputs, outputs, user=offset)
    call check(all(outputs(1, :) == inputs(1, :) + inputs(2, :) + 7) .and. all(outputs(2, :) == [(i, i=1, 100)]), 'map')
    call context%create(2)
    call map%create(context)
    call map%set('seed', 5)
    call map%set('schedule', 'cyclic')
    call map%run(sum_up, inputs, other, user=offset)
    call check(same(outputs, other, size(other)), 'two threads')
    call map%set('errors', 'continue')
    call map%run(fail_some, inputs, outputs, statuses, report=report, stat=stat, errmsg=errmsg)
    call check(stat == PARMAP_SOME_FAILED .and. report%failed == 10 .and. all(statuses(10:100:10) == 3), 'continue')
    call map%set('errors', 'cancel')
    call map%run(fail_some, inputs, outputs, report=report, stat=stat, errmsg=errmsg)
    call fails(stat, errmsg, PARMAP_ERROR_TASK, 'task 10 failed')
    call check(report%failure_index == 9 .and. report%failure_code == 3 .and. report_message(report) == 'ten', 'report')
    call check(index(report_text(report), 'a task failed; ') == 1 .and. index(report_text(report), 'ten') > 1, 'report_text')
    call check(index(report_text(report), '; task 10 on rank') > 1, 'report_text counts as messages do')
    call check(size(map%unfinished(), 2) > 0, 'unfinished')
    call map%run(sum_up, inputs, outputs(:, 1:99), stat=stat, errmsg=errmsg)
    call fails(stat, errmsg, DICOD_ERROR_INVALID_SHAPE, '(3, 99)')
    call map%set('sede', 5, stat, errmsg)
    call fails(stat, errmsg, DICOD_ERROR_UNKNOWN_OPTION, 'seed')
    state = 0
    call map%reduce(add_up, inputs, state)
    call check(all(state == [5050.0_wp, 338350.0_wp]), 'reduce')
    lengths = -huge(1.0_wp)
    call map%reduce(largest, inputs, lengths, join=larger)
    call check(all(lengths == [100.0_wp, 10000.0_wp]), 'reduce with a join')
    call map%set_progress(stop_it)
    call map%set('progress_interval', 0.0_wp)
    call map%run(sum_up, inputs, outputs, user=offset, stat=stat, errmsg=errmsg)
    call check(stat == PARMAP_ERROR_CANCELLED .or. stat == DICOD_OK, 'progress')
  end subroutine

  recursive subroutine sum_up(task, input, output, code, user)
    type(parmap_task), intent(in) :: task
    real(wp), intent(in) :: input(:)
    real(wp), intent(inout) :: output(:)
    integer(int32), intent(inout) :: code
    class(*), intent(inout), optional :: user
    output(1) = sum(input)
    output(2) = real(task%index(), wp)
    call task%uniform(output(3:3))
    if (task%cancelled() .or. task%attempt() /= 1 .or. task%rank() /= 0 .or. task%worker() < 1) code = 1
    if (present(user)) then
      select type (user)
      type is (counters)
        output(1) = output(1) + user%n(1)
      end select
    end if
  end subroutine

  recursive subroutine fail_some(task, input, output, code, user)
    type(parmap_task), intent(in) :: task
    real(wp), intent(in) :: input(:)
    real(wp), intent(inout) :: output(:)
    integer(int32), intent(inout) :: code
    class(*), intent(inout), optional :: user
    output = sum(input)
    if (modulo(task%index(), 10_int64) /= 0 .or. present(user)) return
    call task%explain('ten')
    code = 3
  end subroutine

  recursive subroutine add_up(task, input, state, code, user)
    type(parmap_task), intent(in) :: task
    real(wp), intent(in) :: input(:)
    real(wp), intent(inout) :: state(:)
    integer(int32), intent(inout) :: code
    class(*), intent(inout), optional :: user
    state = state + input
    if (task%index() < 1 .or. present(user)) code = 1
  end subroutine

  recursive subroutine largest(task, input, state, code, user)
    type(parmap_task), intent(in) :: task
    real(wp), intent(in) :: input(:)
    real(wp), intent(inout) :: state(:)
    integer(int32), intent(inout) :: code
    class(*), intent(inout), optional :: user
    state = max(state, input)
    if (task%index() < 1 .or. present(user)) code = 1
  end subroutine

  recursive subroutine larger(into, from, user)
    real(wp), intent(inout) :: into(:)
    real(wp), intent(in) :: from(:)
    class(*), intent(inout), optional :: user
    into = max(into, from)
    if (present(user)) error stop 'user data that nobody gave'
  end subroutine

  subroutine stop_it(progress, stop, user)
    type(parmap_progress), intent(in) :: progress
    logical, intent(inout) :: stop
    class(*), intent(inout), optional :: user
    stop = progress%total == 100 .and. .not. present(user)
  end subroutine
end program
