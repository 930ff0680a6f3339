! Maps and reductions over numbers of every kind; operators, ensembles and random numbers in real32. On any context: in one
! process on threads, and over ranks.
module kind_checks
  use checks
  use dicod
  implicit none
  private
  public :: check_kinds
  integer, parameter :: n_tasks = 30

  !@each bytes
  ! A state that is not an array of numbers: the least and the largest of what it has seen, and which that was.
  type :: extremes_{n}
    integer(int64) :: n = 0, where_least = 0, where_largest = 0
    {kind} :: least = 0, largest = 0
  end type

  !@end
  type :: factor
    real(real64) :: by = 0
  end type

contains

  subroutine check_kinds(context)
    type(dicod_context), intent(in) :: context
    !@each bytes
    call runs_{n}(context)
    call reductions_{n}(context)
    call calls_by_name_{n}(context)
    !@end
    call another_kind(context)
    call uniform(context)
    call operators(context)
    call ensembles(context)
  end subroutine

  ! An error on every rank; one of these says why.
  subroutine refused(context, stat, errmsg, text, what)
    type(dicod_context), intent(in) :: context
    integer(int32), intent(in) :: stat
    character(*), intent(in) :: errmsg, text, what
    call check(stat < 0 .and. errmsg /= '', what)
    if (context%rank() == context%n_ranks() - 1) call check(index(errmsg, text) > 0, what//': '//trim(errmsg))
  end subroutine

  !@each bytes
  ! --- {kind}

  ! Task i reads i and 1.5 (1 in whole numbers).
  subroutine fill_{n}(inputs)
    {kind}, intent(out) :: inputs(2, n_tasks)
    integer :: i
    do i = 1, n_tasks
      inputs(:, i) = [{to}(i, {word}), {to}(1.5, {word})]
    end do
  end subroutine

  ! Their sum, a third of it, and the index.
  recursive subroutine work_{n}(task, input, output, code, user)
    type(parmap_task), intent(in) :: task
    {kind}, intent(in) :: input(:)
    {kind}, intent(inout) :: output(:)
    integer(int32), intent(inout) :: code
    class(*), intent(inout), optional :: user
    if (size(input) /= 2 .or. size(output) /= 3 .or. any(output /= 0)) code = 1
    output(1) = sum(input)
    output(2) = output(1)/{to}(3, {word})
    output(3) = {to}(task%index(), {word})
    if (.not. present(user)) return
    select type (user)
    type is (counters)
      if (task%index() /= user%n(1)) return
      call task%explain('this one in {kind}')
      code = 4
    end select
  end subroutine

  recursive subroutine of_nothing_{n}(task, input, output, code, user)
    type(parmap_task), intent(in) :: task
    {kind}, intent(in) :: input(:)
    {kind}, intent(inout) :: output(:)
    integer(int32), intent(inout) :: code
    class(*), intent(inout), optional :: user
    output = {to}(task%index(), {word})
    code = size(input)
    if (present(user)) code = 1
  end subroutine

  subroutine runs_{n}(context)
    type(dicod_context), intent(in) :: context
    type(parmap) :: map
    type(parmap_report) :: report
    type(counters), target :: which
    {kind} :: inputs(2, n_tasks), outputs(3, n_tasks), wanted(3, n_tasks), none(0, n_tasks)
    {kind} :: large_in(5, n_tasks), large_out(3, 2*n_tasks)
    integer(int32) :: statuses(n_tasks), stat
    integer :: i, all_but
    character(400) :: errmsg
    call fill_{n}(inputs)
    do i = 1, n_tasks
      wanted(1, i) = inputs(1, i) + inputs(2, i)
      wanted(2, i) = wanted(1, i)/{to}(3, {word})
      wanted(3, i) = {to}(i, {word})
    end do
    call map%create(context)
    ! Those of rank 0 count.
    if (context%rank() > 0) inputs = 0
    outputs = -1
    call map%run(work_{n}, inputs, outputs, statuses, report=report)
    call check(all(outputs == wanted) .and. all(statuses == 0), 'run, {kind}')
    call check(report%done == n_tasks .and. report%failed == 0, 'its report')
    ! Sections with gaps.
    large_in = 77
    large_in(2:4:2, :) = inputs
    large_out = 77
    call map%run(work_{n}, large_in(2:4:2, :), large_out(:, 2::2))
    call check(all(large_out(:, 2::2) == wanted) .and. all(large_out(:, 1::2) == 77), 'sections, {kind}')
    call check(all(large_in(1::2, :) == 77), 'inputs as they were')
    call map%run(of_nothing_{n}, none, outputs)
    call check(all(outputs == spread(wanted(3, :), 1, 3)), 'columns without numbers, {kind}')
    which%n(1) = 17
    call map%run(work_{n}, inputs, outputs, statuses, which, report, stat, errmsg)
    call fails(stat, errmsg, PARMAP_ERROR_TASK, 'this one in {kind}')
    call check(report%failure_index == 16 .and. report%failure_code == 4 .and. statuses(17) == 4, 'which one failed')
    call map%set('errors', 'continue')
    call map%run(work_{n}, inputs, outputs, statuses, which, report, stat, errmsg)
    call check(stat == PARMAP_SOME_FAILED .and. report%failed == 1 .and. count(statuses /= 0) == 1, 'the others go on')
    call check(all(outputs(:, :16) == wanted(:, :16)) .and. all(outputs(:, 18:) == wanted(:, 18:)), 'and are right')
    ! One column less on the last rank.
    all_but = merge(n_tasks - 1, n_tasks, context%rank() == context%n_ranks() - 1)
    errmsg = ''
    call map%run(work_{n}, inputs, outputs(:, :all_but), stat=stat, errmsg=errmsg)
    call refused(context, stat, errmsg, '(3, 29)', 'one column less, {kind}')
    call map%run(work_{n}, inputs, outputs)
    call check(all(outputs == wanted), 'it goes on')
    call map%free()
    call map%run(work_{n}, inputs, outputs, stat=stat, errmsg=errmsg)
    call fails(stat, errmsg, DICOD_ERROR_NULL_POINTER, 'map was not created')
  end subroutine

  recursive subroutine add_{n}(task, input, state, code, user)
    type(parmap_task), intent(in) :: task
    {kind}, intent(in) :: input(:)
    {kind}, intent(inout) :: state(:)
    integer(int32), intent(inout) :: code
    class(*), intent(inout), optional :: user
    if (modulo(task%index(), 10_int64) == 0) state(1) = state(1) + input(1)
    state(2) = state(2) + input(2)
    if (present(user)) code = 3
  end subroutine

  recursive subroutine keep_largest_{n}(task, input, state, code, user)
    type(parmap_task), intent(in) :: task
    {kind}, intent(in) :: input(:)
    {kind}, intent(inout) :: state(:)
    integer(int32), intent(inout) :: code
    class(*), intent(inout), optional :: user
    state = max(state, input)
    if (task%index() < 1 .or. .not. present(user)) code = 1
  end subroutine

  recursive subroutine larger_{n}(into, from, user)
    {kind}, intent(inout) :: into(:)
    {kind}, intent(in) :: from(:)
    class(*), intent(inout), optional :: user
    if (present(user)) into = max(into, from)
  end subroutine

  recursive subroutine see_{n}(state, task, input, code)
    class(*), intent(inout) :: state
    type(parmap_task), intent(in) :: task
    {kind}, intent(in) :: input(:)
    integer(int32), intent(inout) :: code
    select type (state)
    type is (extremes_{n})
      if (state%n == 0 .or. input(1) < state%least) then
        state%least = input(1)
        state%where_least = task%index()
      end if
      if (state%n == 0 .or. input(1) > state%largest) then
        state%largest = input(1)
        state%where_largest = task%index()
      end if
      state%n = state%n + 1
      if (size(input) /= 2) code = 1
    end select
  end subroutine

  recursive subroutine join_{n}(state, from, code)
    class(*), intent(inout) :: state, from
    integer(int32), intent(inout) :: code
    code = 1
    select type (state)
    type is (extremes_{n})
      select type (from)
      type is (extremes_{n})
        code = 0
        if (from%n == 0) return
        if (state%n == 0 .or. from%least < state%least) then
          state%least = from%least
          state%where_least = from%where_least
        end if
        if (state%n == 0 .or. from%largest > state%largest) then
          state%largest = from%largest
          state%where_largest = from%where_largest
        end if
        state%n = state%n + from%n
      end select
    end select
  end subroutine

  recursive subroutine pack_{n}(state, output, code)
    class(*), intent(inout) :: state
    type(parmap_buffer), intent(inout) :: output
    integer(int32), intent(inout) :: code
    code = 1
    select type (state)
    type is (extremes_{n})
      call output%append([state%n, state%where_least, state%where_largest])
      call output%append([state%least, state%largest])
      code = 0
    end select
  end subroutine

  recursive subroutine unpack_{n}(state, input, code)
    class(*), intent(inout) :: state
    type(parmap_data), intent(inout) :: input
    integer(int32), intent(inout) :: code
    code = 1
    select type (state)
    type is (extremes_{n})
      call input%get(state%n)
      call input%get(state%where_least)
      call input%get(state%where_largest)
      call input%get(state%least)
      call input%get(state%largest)
      code = 0
    end select
  end subroutine

  subroutine reductions_{n}(context)
    type(dicod_context), intent(in) :: context
    type(parmap) :: map
    type(counters), target :: user
    type(extremes_{n}), target :: extremes
    {kind} :: inputs(2, n_tasks), state(2), largest(2), spread_out(4, n_tasks)
    integer(int32) :: stat
    character(400) :: errmsg
    call fill_{n}(inputs)
    call map%create(context)
    state = 0
    call map%reduce(add_{n}, inputs, state)
    call check(state(1) == 60 .and. state(2) == n_tasks*inputs(2, 1), 'reduce, {kind}')
    state = 0
    call map%reduce(add_{n}, inputs, state, user=user, stat=stat, errmsg=errmsg)
    call fails(stat, errmsg, PARMAP_ERROR_TASK, '3')
    call check(all(state == 0), 'as it was, {kind}')
    inputs(1, 8) = 99
    inputs(1, 21) = -99
    largest = 0
    call map%reduce(keep_largest_{n}, inputs, largest, larger_{n}, user)
    call check(all(largest == [{kind} :: inputs(1, 8), inputs(2, 1)]), 'reduce with a join, {kind}')
    call map%reduce(see_{n}, inputs, extremes, join_{n}, pack_{n}, unpack_{n})
    call check(extremes%n == n_tasks, 'any state, {kind}')
    call check(extremes%where_largest == 8 .and. extremes%where_least == 21, 'where they were')
    call check(extremes%largest == 99 .and. extremes%least == -99, 'its values')
    spread_out = 55
    spread_out(1::2, :) = inputs
    extremes = extremes_{n}()
    call map%reduce(see_{n}, spread_out(1::2, :), extremes, join_{n}, pack_{n}, unpack_{n})
    call check(extremes%n == n_tasks .and. extremes%where_largest == 8, 'sections, {kind}')
    call map%free()
  end subroutine

  subroutine calls_by_name_{n}(context)
    type(dicod_context), intent(in) :: context
    type(parmap) :: map
    type(counters), target :: which
    {kind} :: inputs(2, n_tasks), outputs(3, n_tasks), wanted(3, n_tasks)
    integer(int32) :: statuses(n_tasks), stat
    character(400) :: errmsg
    call fill_{n}(inputs)
    call map%create(context)
    call map%run(work_{n}, inputs, wanted)
    ! What is in the columns does not matter.
    call map%register('work', work_{n}, inputs(:, 1), outputs(:, 1), which)
    call map%serve()
    if (context%rank() == 0) then
      call map%call('work', inputs, outputs, statuses)
      call check(all(outputs == wanted) .and. all(statuses == 0), 'call, {kind}')
      call map%call('work', inputs(:1, :), outputs, stat=stat, errmsg=errmsg)
      call fails(stat, errmsg, DICOD_ERROR_INVALID_SHAPE, 'registered with columns of (2, 3)')
      call map%call('work', inputs, outputs(:, 2:), stat=stat, errmsg=errmsg)
      call fails(stat, errmsg, DICOD_ERROR_INVALID_SHAPE, '(3, 29)')
      call map%call('idle', inputs, outputs, stat=stat, errmsg=errmsg)
      call fails(stat, errmsg, DICOD_ERROR_INVALID_ARGUMENT, 'idle')
      call map%release()
    end if
    call map%free()
  end subroutine

  !@end
  ! --- between kinds

  ! Eight bytes are eight bytes for the library; here the kinds are compared.
  subroutine another_kind(context)
    type(dicod_context), intent(in) :: context
    type(parmap) :: map
    real(real64) :: inputs(2, 4), outputs(3, 4)
    integer(int64) :: whole_in(2, 4), whole_out(3, 4)
    integer(int32) :: stat
    character(400) :: errmsg
    call map%create(context)
    call map%register('reals', work_r64, 2_int64, 3_int64)
    call map%register('whole', work_i64, whole_in(:, 1), whole_out(:, 1))
    call map%serve()
    if (context%rank() == 0) then
      inputs = 3
      whole_in = 3
      call map%call('reals', inputs, outputs)
      call map%call('whole', whole_in, whole_out)
      call check(all(outputs(:2, :) == spread([6.0_real64, 2.0_real64], 2, 4)), 'reals')
      call check(all(whole_out(:2, :) == spread([6, 2], 2, 4)), 'whole numbers')
      call map%call('reals', whole_in, whole_out, stat=stat, errmsg=errmsg)
      call fails(stat, errmsg, DICOD_ERROR_INVALID_ARGUMENT, 'integer(int64): reals was registered with columns of another kind')
      call map%call('whole', inputs, outputs, stat=stat, errmsg=errmsg)
      call fails(stat, errmsg, DICOD_ERROR_INVALID_ARGUMENT, 'real(real64): whole')
      call map%release()
    end if
    call map%free()
  end subroutine

  recursive subroutine draw(task, input, output, code, user)
    type(parmap_task), intent(in) :: task
    real(real64), intent(in) :: input(:)
    real(real64), intent(inout) :: output(:)
    integer(int32), intent(inout) :: code
    class(*), intent(inout), optional :: user
    call task%uniform(output)
    if (size(input) > 0 .or. present(user)) code = 1
  end subroutine

  recursive subroutine draw_single(task, input, output, code, user)
    type(parmap_task), intent(in) :: task
    real(real32), intent(in) :: input(:)
    real(real32), intent(inout) :: output(:)
    integer(int32), intent(inout) :: code
    class(*), intent(inout), optional :: user
    call task%uniform(output(:5))
    call task%uniform(output(6:))
    if (size(input) > 0 .or. present(user)) code = 1
  end subroutine

  subroutine uniform(context)
    type(dicod_context), intent(in) :: context
    type(parmap) :: map
    real(real64) :: none(0, 20), numbers(40, 20)
    real(real32) :: none_single(0, 20), singles(40, 20)
    call map%create(context)
    call map%set('seed', 3)
    call map%run(draw, none, numbers)
    call map%run(draw_single, none_single, singles)
    call check(all(singles >= 0 .and. singles < 1) .and. all(abs(singles - numbers) < 1e-7_real64), 'uniform in real32')
    call map%free()
  end subroutine

  ! --- operators

  recursive subroutine scale(state, input, output, code)
    class(*), intent(inout) :: state
    real(real64), intent(in) :: input(:)
    real(real64), intent(inout) :: output(:)
    integer(int32), intent(inout) :: code
    select type (state)
    type is (factor)
      output = state%by*input
      code = 0
    end select
  end subroutine

  recursive subroutine scale_single(state, input, output, code)
    class(*), intent(inout) :: state
    real(real32), intent(in) :: input(:)
    real(real32), intent(inout) :: output(:)
    integer(int32), intent(inout) :: code
    select type (state)
    type is (factor)
      if (any(input > 100)) code = 6
      output = real(state%by, real32)*input
    end select
  end subroutine

  recursive subroutine square_single(state, input, output, code)
    class(*), intent(inout) :: state
    real(real32), intent(in) :: input(:)
    real(real32), intent(inout) :: output(:)
    integer(int32), intent(inout) :: code
    select type (state)
    type is (factor)
      ! Linearised here.
      state%by = input(1)
      code = 0
    end select
    output = input**2
  end subroutine

  recursive subroutine twice_single(state, input, output, code)
    class(*), intent(inout) :: state
    real(real32), intent(in) :: input(:)
    real(real32), intent(inout) :: output(:)
    integer(int32), intent(inout) :: code
    select type (state)
    type is (factor)
      output = 2*real(state%by, real32)*input
      code = 0
    end select
  end subroutine

  subroutine operators(context)
    type(dicod_context), intent(in) :: context
    type(parmap) :: map
    type(parmap_operators) :: three
    type(parmap_operator) :: list(3)
    type(factor), target :: factors(3)
    real(real32) :: x(1), y(3), back(1)
    real(real64) :: wide_y(3)
    real(real32), parameter :: third = 1/3.0_real32
    integer(int32) :: stat
    character(400) :: errmsg
    call map%create(context)
    factors%by = [2.0_real64, 1/3.0_real64, 0.0_real64]
    list%in_size = 1
    list%out_size = 1
    list(1)%state => factors(1)
    list(1)%eval => scale
    list(1)%adjoint => scale
    list(2)%state => factors(2)
    list(2)%eval_real32 => scale_single
    list(2)%adjoint_real32 => scale_single
    list(3)%state => factors(3)
    list(3)%linear = .false.
    list(3)%eval_real32 => square_single
    list(3)%linearize_real32 => square_single
    list(3)%derivative_real32 => twice_single
    list(3)%adjoint_real32 => twice_single
    call three%create(list)
    x = 0.7_real32
    y = 0
    call three%eval(map, x, y)
    call check(all(y == [2*x(1), third*x(1), x(1)**2]), 'eval in real32')
    call three%eval(map, real(x, real64), wide_y)
    call check(all(abs(wide_y - y) < 1e-7_real64) .and. wide_y(2) == third*x(1), 'an operator in real32 among others')
    call three%linearize(map, x, y)
    call check(all(y == [2*x(1), third*x(1), x(1)**2]), 'linearize in real32')
    call three%derivative(map, [10.0_real32], y)
    call check(all(y == [20.0_real32, third*10, 2*x(1)*10]), 'derivative in real32')
    call three%adjoint(map, [1.0_real32, 3.0_real32, 5.0_real32], back)
    call check(abs(back(1) - (2 + 3*third + 10*x(1))) < 1e-6_real32, 'adjoint in real32')
    y = 4
    call three%eval(map, y(:2), y, stat, errmsg)
    call fails(stat, errmsg, DICOD_ERROR_INVALID_SHAPE, '(2, 3)')
    call three%eval(map, [101.0_real32], y, stat, errmsg)
    call fails(stat, errmsg, PARMAP_ERROR_TASK, '6')
    call check(all(y == 4), 'as it was, operators in real32')
    ! On the last rank alone.
    errmsg = ''
    call three%eval(map, y(:merge(2, 1, context%rank() == context%n_ranks() - 1)), y, stat, errmsg)
    call refused(context, stat, errmsg, '(2, 3)', 'operators in real32')
    call three%eval(map, x, y, stat)
    call check(stat == DICOD_OK, 'they go on')
    call three%free()
    call map%free()
  end subroutine

  ! --- ensembles

  subroutine ensembles(context)
    type(dicod_context), intent(in) :: context
    type(parmap_ensemble) :: ensemble
    real(real32) :: x(2), short(1)
    real(real64) :: wide(2), value
    integer(int64) :: evaluations
    integer(int32) :: stat
    character(400) :: errmsg
    call ensemble%create([-3.0_real32, -3.0_real32], [3.0_real32, 3.0_real32], cells=[2_int64, 3_int64])
    call ensemble%member(2_int64, x, evaluations=evaluations)
    call check(all(abs(x - [-1.5_real32, 0.0_real32]) < 1e-6_real32) .and. evaluations == 0, 'an ensemble in real32')
    call ensemble%create([0.1_real32, 0.2_real32], [0.3_real32, 0.4_real32], n_members=3_int64, seed=context%rank() + 1_int64)
    call ensemble%member(3_int64, wide, value)
    call ensemble%member(3_int64, x)
    call check(all(x == real(wide, real32)), 'the same in both kinds')
    call check(all(wide >= [0.1_real32, 0.2_real32] .and. wide <= [0.3_real32, 0.4_real32]), 'in the box')
    call ensemble%member(1_int64, short, stat=stat, errmsg=errmsg)
    call fails(stat, errmsg, DICOD_ERROR_INVALID_SHAPE, '(2)')
    call ensemble%member(1_int64, wide(:1), stat=stat, errmsg=errmsg)
    call fails(stat, errmsg, DICOD_ERROR_INVALID_SHAPE, '(1)')
    call ensemble%member(4_int64, x, stat=stat, errmsg=errmsg)
    call fails(stat, errmsg, DICOD_ERROR_OUT_OF_RANGE, 'index must be from 1 to 3, is 4')
    call ensemble%create([0.0_real32], [1.0_real32, 2.0_real32], stat=stat, errmsg=errmsg)
    call fails(stat, errmsg, DICOD_ERROR_INVALID_SHAPE, '(1, 2)')
    call ensemble%free()
  end subroutine
end module
