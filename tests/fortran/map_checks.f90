! The parallel map in all its forms, on any context: in one process on threads, and over ranks.
module map_checks
  use checks
  use dicod
  implicit none
  private
  public :: check_maps
  integer, parameter :: wp = real64
  integer(int64), parameter :: n_items = 40

  ! Both ends of a stream.
  type :: ends
    integer(int64) :: produced = 0, consumed = 0, total = n_items, stop_after = huge(1_int64), waits = 0
    integer :: failed = 0
    integer(int32) :: code = 0
    real(wp) :: sum = 0
    logical :: ordered = .true.
  end type

  ! A histogram of any width: a state that is not an array of numbers.
  type :: histogram
    real(wp) :: width = 0
    integer(int64), allocatable :: counts(:)
  end type

  ! A node that learns the mean in its first phase and the scale in its second, and then standardises.
  type :: standardise
    integer(int64) :: n = 0
    real(wp) :: sum = 0, mean = 0, scale = 1
  end type

  type :: matrix
    real(wp) :: a(3, 2) = 0, at(2) = 0
    integer :: ended = 0
  end type

contains

  subroutine check_maps(context)
    type(dicod_context), intent(in) :: context
    call streams(context)
    call bytes(context)
    call shared_data(context)
    call reductions(context)
    call pulls(context)
    call calls_by_name(context)
    call tasks_on_ranks(context)
    call flows(context)
    call operators(context)
    call ensembles(context)
  end subroutine

  ! --- streams --------------------------------------------------------------------------------------------------------

  ! Item i: its number, a word, and i numbers.
  recursive subroutine produce(item, code, user)
    type(parmap_buffer), intent(inout) :: item
    integer(int32), intent(inout) :: code
    class(*), intent(inout), optional :: user
    integer :: i
    select type (user)
    type is (ends)
      if (user%produced == user%total) then
        code = PARMAP_END
      else if (user%waits > 0 .and. user%produced > user%consumed) then
        user%waits = user%waits - 1
        code = PARMAP_WAIT
      else
        user%produced = user%produced + 1
        call item%append(user%produced)
        call item%append('item')
        call item%append([(real(i, wp), i=1, int(user%produced))])
        code = merge(user%code, PARMAP_ITEM, user%produced == 5 .and. user%code /= 0)
      end if
    end select
  end subroutine

  recursive subroutine add_item(task, input, output, code, user)
    type(parmap_task), intent(in) :: task
    type(parmap_data), intent(inout) :: input
    type(parmap_buffer), intent(inout) :: output
    integer(int32), intent(inout) :: code
    class(*), intent(inout), optional :: user
    integer(int64) :: number
    character(4) :: word
    real(wp), pointer :: numbers(:)
    real(wp), pointer :: out(:)
    integer(int32) :: stat
    call input%get(number)
    call input%get(word)
    if (number /= task%index() .or. word /= 'item' .or. .not. present(user)) code = 2
    ! Twelve bytes were read: the numbers lie where no pointer may point.
    call input%point(numbers, stat=stat)
    if (stat /= DICOD_ERROR_INVALID_ARGUMENT) code = 3
    call output%resize(out, number)
    call input%get(out)
    if (input%left() /= 0) code = 4
    out(1) = sum(out)
    call input%get(number, stat=stat)
    if (stat /= DICOD_ERROR_OUT_OF_RANGE) code = 5
    select type (user)
    type is (ends)
      if (user%failed == number) then
        call task%explain('it had to')
        code = 7
      end if
    end select
  end subroutine

  recursive subroutine consume(index, status, result, code, user)
    integer(int64), intent(in) :: index
    integer(int32), intent(in) :: status
    type(parmap_data), intent(inout) :: result
    integer(int32), intent(inout) :: code
    class(*), intent(inout), optional :: user
    real(wp), pointer :: numbers(:)
    select type (user)
    type is (ends)
      user%consumed = user%consumed + 1
      user%ordered = user%ordered .and. index == user%consumed
      call result%point(numbers)
      if (status == 0) user%sum = user%sum + numbers(1)
      if (status /= 0 .and. size(numbers) > 0) code = 1
      if (user%consumed == user%stop_after) code = PARMAP_STOP
    end select
  end subroutine

  recursive subroutine consume_nothing(index, status, result, code, user)
    integer(int64), intent(in) :: index
    integer(int32), intent(in) :: status
    type(parmap_data), intent(inout) :: result
    integer(int32), intent(inout) :: code
    class(*), intent(inout), optional :: user
    if (index > 0 .and. status == 0 .and. result%left() > 0 .and. present(user)) code = 9
  end subroutine

  recursive subroutine wait_for_ever(item, code, user)
    type(parmap_buffer), intent(inout) :: item
    integer(int32), intent(inout) :: code
    class(*), intent(inout), optional :: user
    call item%append(1.0_wp)
    if (present(user)) code = PARMAP_WAIT
  end subroutine

  subroutine streams(context)
    type(dicod_context), intent(in) :: context
    type(parmap) :: map
    type(parmap_report) :: report
    type(ends), target :: e
    integer(int32) :: stat
    character(400) :: errmsg
    logical :: first
    integer(int64) :: i
    first = context%rank() == 0
    call map%create(context)
    ! Other ranks need neither a producer nor a consumer.
    if (first) then
      call map%stream(add_item, produce, consume, e, report)
    else
      call map%stream(add_item, user=e, report=report)
    end if
    call check(report%done == n_items .and. report%total == n_items, 'stream, report')
    if (first) call check(e%sum == sum([(real(i*(i + 1)/2, wp), i=1, n_items)]) .and. e%ordered, 'stream')
    e = ends(waits=3)
    call map%set('ordered', .false.)
    call map%stream(add_item, produce, consume, e)
    if (first) call check(e%consumed == n_items, 'a producer that waits, results as they come')
    call map%set('ordered', .true.)
    e = ends(stop_after=6)
    call map%stream(add_item, produce, consume, e, stat=stat)
    call check(stat == PARMAP_STOPPED .and. (e%consumed == 6 .or. .not. first), 'stopped by the consumer')
    e = ends(failed=11)
    call map%stream(add_item, produce, consume, e, report, stat, errmsg)
    call fails(stat, errmsg, PARMAP_ERROR_TASK, 'it had to')
    call check(report%failure_index == 10 .and. report%failure_code == 7 .and. report_message(report) == 'it had to', 'its report')
    call map%set('errors', 'continue')
    e = ends(failed=11)
    call map%stream(add_item, produce, consume, e, report, stat, errmsg)
    call check(stat == PARMAP_SOME_FAILED .and. report%failed == 1 .and. (e%consumed == n_items .or. .not. first), 'one failed')
    call map%set('errors', 'cancel')
    e = ends(code=8)
    call map%stream(add_item, produce, consume, e, report, stat, errmsg)
    call fails(stat, errmsg, PARMAP_ERROR_PRODUCER, '8')
    e = ends()
    call map%stream(add_item, produce, consume_nothing, e, report, stat, errmsg)
    call fails(stat, errmsg, PARMAP_ERROR_CONSUMER, '9')
    call map%stream(add_item, wait_for_ever, consume_nothing, e, report, stat, errmsg)
    call fails(stat, errmsg, PARMAP_ERROR_STALLED, 'producer')
    e = ends()
    call map%stream(add_item, produce, consume, e)
    call check(e%consumed == n_items .or. .not. first, 'it goes on')
    call map%show_progress('streams')
    call map%set_progress()
    call map%free()
  end subroutine

  ! Each kind, one value and many.
  recursive subroutine every_kind(item, code, user)
    type(parmap_buffer), intent(inout) :: item
    integer(int32), intent(inout) :: code
    class(*), intent(inout), optional :: user
    select type (user)
    type is (ends)
      if (user%produced == 1) code = PARMAP_END
      user%produced = 1
    end select
    if (code == PARMAP_END) return
    call item%append(1.5_real64)
    call item%append([2.5_real64, 3.5_real64])
    call item%append(4.5_real32)
    call item%append([5.5_real32])
    call item%append(6_int64)
    call item%append([7_int64, 8_int64])
    call item%append(9_int32)
    call item%append([10_int32, 11_int32])
    call item%append(12_int8)
    call item%append([13_int8])
    call item%append('text')
  end subroutine

  recursive subroutine read_every_kind(task, input, output, code, user)
    type(parmap_task), intent(in) :: task
    type(parmap_data), intent(inout) :: input
    type(parmap_buffer), intent(inout) :: output
    integer(int32), intent(inout) :: code
    class(*), intent(inout), optional :: user
    real(real64) :: a, b(2)
    real(real32) :: c, d(1)
    integer(int64) :: e, f(2)
    integer(int32) :: g, h(2)
    integer(int8) :: i, j(1)
    character(4) :: text
    call input%get(a)
    call input%get(b)
    call input%get(c)
    call input%get(d)
    call input%get(e)
    call input%get(f)
    call input%get(g)
    call input%get(h)
    call input%get(i)
    call input%get(j)
    call input%get(text)
    if (any([real(wp) :: a, b, real(c, wp), real(d, wp)] /= [1.5_wp, 2.5_wp, 3.5_wp, 4.5_wp, 5.5_wp])) code = 1
    if (any([integer(int64) :: e, f, int(g, int64), int(h, int64), int(i, int64), int(j, int64)] /= [6, 7, 8, 9, 10, 11, 12, 13])) &
      code = 2
    if (text /= 'text' .or. input%left() /= 0 .or. task%index() /= 1 .or. .not. present(user)) code = 3
    call output%append(a)
  end subroutine

  subroutine bytes(context)
    type(dicod_context), intent(in) :: context
    type(parmap) :: map
    type(ends), target :: e
    integer(int32) :: stat
    character(400) :: errmsg
    call map%create(context)
    errmsg = ''
    call map%stream(read_every_kind, every_kind, consume, e, stat=stat, errmsg=errmsg)
    call check(stat == DICOD_OK .and. (e%sum == 1.5_wp .or. context%rank() > 0), 'values of every kind '//trim(errmsg))
    call map%free()
  end subroutine

  ! --- runs -----------------------------------------------------------------------------------------------------------

  recursive subroutine look_up(task, input, output, code, user)
    type(parmap_task), intent(in) :: task
    real(wp), intent(in) :: input(:)
    real(wp), intent(inout) :: output(:)
    integer(int32), intent(inout) :: code
    class(*), intent(inout), optional :: user
    type(parmap_data) :: data
    real(wp), pointer :: table(:)
    data = task%shared()
    call data%point(table)
    output(1) = -1
    if (size(table) > 0) output(1) = table(nint(input(1)))
    if (present(user)) code = 1
  end subroutine

  subroutine shared_data(context)
    type(dicod_context), intent(in) :: context
    type(parmap) :: map
    real(wp) :: inputs(1, 20), outputs(1, 20), table(20)
    integer :: i
    call map%create(context)
    inputs(1, :) = [(real(i, wp), i=1, 20)]
    call map%run(look_up, inputs, outputs)
    call check(all(outputs == -1), 'nothing is shared at first')
    table = 0
    if (context%rank() == 0) table = [(real(i*i, wp), i=1, 20)]
    call map%share(table)
    call map%run(look_up, inputs, outputs)
    call check(all(outputs(1, :) == inputs(1, :)**2), 'shared')
    call map%share([3_int32, 4_int32])
    call map%share([3_int64])
    call map%share([3.0_real32])
    call map%share([3_int8])
    call map%free()
  end subroutine

  recursive subroutine put_in(state, task, input, code)
    class(*), intent(inout) :: state
    type(parmap_task), intent(in) :: task
    real(wp), intent(in) :: input(:)
    integer(int32), intent(inout) :: code
    integer :: i
    select type (state)
    type is (histogram)
      i = 1 + int(input(1)/state%width)
      if (i > size(state%counts)) then
        call task%explain('off the scale')
        code = 6
      else
        state%counts(i) = state%counts(i) + 1
      end if
    end select
  end subroutine

  recursive subroutine add_counts(state, from, code)
    class(*), intent(inout) :: state, from
    integer(int32), intent(inout) :: code
    select type (state)
    type is (histogram)
      select type (from)
      type is (histogram)
        state%counts = state%counts + from%counts
        if (size(state%counts) == 0) code = 1
      end select
    end select
  end subroutine

  recursive subroutine pack_counts(state, output, code)
    class(*), intent(inout) :: state
    type(parmap_buffer), intent(inout) :: output
    integer(int32), intent(inout) :: code
    select type (state)
    type is (histogram)
      call output%append(state%width)
      call output%append(state%counts)
      if (size(state%counts) == 0) code = 1
    end select
  end subroutine

  recursive subroutine unpack_counts(state, input, code)
    class(*), intent(inout) :: state
    type(parmap_data), intent(inout) :: input
    integer(int32), intent(inout) :: code
    integer(int64), pointer :: counts(:)
    select type (state)
    type is (histogram)
      call input%get(state%width)
      call input%point(counts)
      state%counts = counts
      if (size(counts) == 0) code = 1
    end select
  end subroutine

  subroutine reductions(context)
    type(dicod_context), intent(in) :: context
    type(parmap) :: map
    type(histogram), target :: h
    real(wp) :: inputs(1, 300)
    integer(int32) :: stat
    integer :: i
    character(400) :: errmsg
    call map%create(context)
    inputs(1, :) = [(modulo(i*7, 100)/10.0_wp, i=1, 300)]
    h%width = 1
    allocate (h%counts(10), source=0_int64)
    call map%reduce(put_in, inputs, h, add_counts, pack_counts, unpack_counts)
    call check(all(h%counts == 30), 'a state of any type')
    inputs(1, 200) = 11
    h%counts = 0
    call map%reduce(put_in, inputs, h, add_counts, pack_counts, unpack_counts, stat=stat, errmsg=errmsg)
    call fails(stat, errmsg, PARMAP_ERROR_TASK, 'off the scale')
    call check(all(h%counts == 0), 'as it was')
    call map%free()
  end subroutine

  recursive subroutine random(task, input, output, code, user)
    type(parmap_task), intent(in) :: task
    real(wp), intent(in) :: input(:)
    real(wp), intent(inout) :: output(:)
    integer(int32), intent(inout) :: code
    class(*), intent(inout), optional :: user
    output(1) = transfer(task%key(), output(1))
    call task%uniform(output(2:3))
    if (size(input) > 0 .or. present(user)) code = 1
  end subroutine

  recursive subroutine cancel(task, input, output, code, user)
    type(parmap_task), intent(in) :: task
    real(wp), intent(in) :: input(:)
    real(wp), intent(inout) :: output(:)
    integer(int32), intent(inout) :: code
    class(*), intent(inout), optional :: user
    select type (user)
    type is (parmap)
      call user%cancel()
    end select
    output = real(task%index(), wp)
    do while (.not. task%cancelled())
    end do
    code = size(input) + 1
  end subroutine

  subroutine pulls(context)
    type(dicod_context), intent(in) :: context
    type(parmap), target :: map
    type(parmap_pull) :: pull
    type(parmap_report) :: report
    real(wp) :: inputs(0, 30), outputs(3, 30)
    integer(int64) :: index
    integer(int32) :: stat, statuses(30)
    character(400) :: errmsg
    logical :: same_keys
    call map%create(context)
    call map%set('seed', 12)
    call map%run(random, inputs, outputs)
    call check(all(outputs(2:3, :) >= 0 .and. outputs(2:3, :) < 1), 'uniform')
    call map%open(30_int64, pull)
    same_keys = .true.
    do
      index = pull%next()
      if (index == 0) exit
      same_keys = same_keys .and. pull%key(index) == transfer(outputs(1, index), index) .and. .not. pull%cancelled(index)
      call pull%done(index)
    end do
    call check(same_keys, 'keys')
    call pull%done(1_int64, stat=stat, errmsg=errmsg)
    call fails(stat, errmsg, DICOD_ERROR_INVALID_ARGUMENT, 'index')
    call map%run(random, inputs, outputs, stat=stat, errmsg=errmsg)
    call fails(stat, errmsg, DICOD_ERROR_INVALID_STATE, 'in use')
    call pull%close(report)
    call check(report%done == 30 .and. report%failed == 0, 'pull')
    call map%open(30_int64, pull)
    index = pull%next()
    if (index > 0) call pull%done(index, 4, 'pulled in vain')
    call pull%close(report, stat, errmsg)
    call fails(stat, errmsg, PARMAP_ERROR_TASK, 'pulled in vain')
    index = pull%next(stat, errmsg)
    call fails(stat, errmsg, DICOD_ERROR_NULL_POINTER, 'pull')
    call map%run(cancel, inputs, outputs, statuses, user=map, stat=stat, errmsg=errmsg)
    call fails(stat, errmsg, PARMAP_ERROR_CANCELLED, 'cancelled')
    call check(all(statuses == 0 .or. statuses == PARMAP_NOT_RUN) .and. any(statuses == PARMAP_NOT_RUN), 'not run')
    call map%set('deadline', 0.0_wp)
    call map%run(random, inputs, outputs, stat=stat, errmsg=errmsg)
    call fails(stat, errmsg, PARMAP_ERROR_TIMEOUT, 'deadline')
    call map%free()
  end subroutine

  ! --- rank 0 calls by name -------------------------------------------------------------------------------------------

  subroutine calls_by_name(context)
    type(dicod_context), intent(in) :: context
    type(parmap) :: map
    type(ends), target :: e
    real(wp) :: inputs(1, 20), outputs(1, 20), two(2, 20)
    integer(int32) :: stat, statuses(20)
    integer :: i
    character(400) :: errmsg
    call map%create(context)
    call map%register('look up', look_up, 1_int64, 1_int64)
    call map%register('add', add_item, e)
    inputs(1, :) = [(real(i, wp), i=1, 20)]
    call map%serve()
    if (context%rank() == 0) then
      call map%call_share(inputs(1, :)*3)
      call map%call('look up', inputs, outputs, statuses)
      call check(all(outputs == 3*inputs) .and. all(statuses == 0), 'call')
      call map%call_stream('add', produce, consume, e)
      call check(e%consumed == n_items, 'call_stream')
      call map%call('look down', inputs, outputs, stat=stat, errmsg=errmsg)
      call fails(stat, errmsg, DICOD_ERROR_INVALID_ARGUMENT, 'look down')
      call map%call('look up', inputs, two, stat=stat, errmsg=errmsg)
      call fails(stat, errmsg, DICOD_ERROR_INVALID_SHAPE, 'registered with columns of (1, 1)')
      call map%call_share([1_int8])
      call map%call_share([1_int32])
      call map%call_share([1_int64])
      call map%call_share([1.0_real32])
      call map%call_share(inputs(1, :))
      call map%release()
    end if
    call map%run(look_up, inputs, outputs)
    call check(all(outputs == inputs), 'it goes on')
    call map%free()
  end subroutine

  ! --- tasks on several ranks -----------------------------------------------------------------------------------------

  recursive subroutine solve_together(task, input, output, code, user)
    type(parmap_task), intent(in) :: task
    real(wp), intent(in) :: input(:)
    real(wp), intent(inout) :: output(:)
    integer(int32), intent(inout) :: code
    class(*), intent(inout), optional :: user
    type(dicod_context) :: context
    type(dicod_info) :: info
    real(wp) :: x(60, 1), d(6, 1, 2), z(55, 2)
    call task%get_context(context)
    call fill(x, size(x), nint(input(1)))
    call fill(d, size(d), 2)
    call solve(x, d, z, context=context, info=info)
    output = [real(context%n_ranks(), wp), info%objective, real(context%n_threads(), wp)]
    call context%free()
    if (present(user)) code = 1
  end subroutine

  subroutine tasks_on_ranks(context)
    type(dicod_context), intent(in) :: context
    type(parmap) :: map
    real(wp) :: inputs(1, 6), outputs(3, 6), x(60, 1), d(6, 1, 2), z(55, 2)
    type(dicod_info) :: info
    integer :: i, per_task
    logical :: equal
    inputs(1, :) = [(real(i, wp), i=1, 6)]
    call map%create(context)
    per_task = min(2, context%n_ranks())
    call map%set('ranks_per_task', per_task)
    call map%run(solve_together, inputs, outputs)
    equal = all(nint(outputs(1, :)) == per_task) .and. all(nint(outputs(3, :)) == 1)
    call fill(d, size(d), 2)
    do i = 1, 6
      call fill(x, size(x), i)
      call solve(x, d, z, info=info)
      equal = equal .and. info%objective == outputs(2, i)
    end do
    call check(equal, 'tasks on several ranks')
    call map%free()
  end subroutine

  ! --- flows ----------------------------------------------------------------------------------------------------------

  recursive subroutine clear(state, code)
    class(*), intent(inout) :: state
    integer(int32), intent(inout) :: code
    select type (state)
    type is (standardise)
      state%n = 0
      state%sum = 0
      code = 0
    end select
  end subroutine

  recursive subroutine train(state, phase, input, code)
    class(*), intent(inout) :: state
    integer(int64), intent(in) :: phase
    type(parmap_data), intent(inout) :: input
    integer(int32), intent(inout) :: code
    real(wp), pointer :: chunk(:)
    call input%point(chunk)
    select type (state)
    type is (standardise)
      state%n = state%n + size(chunk)
      state%sum = state%sum + merge(sum(chunk), sum((chunk - state%mean)**2), phase == 1)
      code = 0
    end select
  end subroutine

  recursive subroutine join(state, from, code)
    class(*), intent(inout) :: state, from
    integer(int32), intent(inout) :: code
    select type (state)
    type is (standardise)
      select type (from)
      type is (standardise)
        state%n = state%n + from%n
        state%sum = state%sum + from%sum
        code = 0
      end select
    end select
  end subroutine

  recursive subroutine stop_phase(state, phase, code)
    class(*), intent(inout) :: state
    integer(int64), intent(in) :: phase
    integer(int32), intent(inout) :: code
    select type (state)
    type is (standardise)
      if (phase == 1) state%mean = state%sum/state%n
      if (phase == 2) state%scale = sqrt(state%sum/state%n)
    end select
    call clear(state, code)
  end subroutine

  recursive subroutine pack(state, output, code)
    class(*), intent(inout) :: state
    type(parmap_buffer), intent(inout) :: output
    integer(int32), intent(inout) :: code
    select type (state)
    type is (standardise)
      call output%append(state%n)
      call output%append([state%sum, state%mean, state%scale])
      code = 0
    end select
  end subroutine

  recursive subroutine unpack(state, input, code)
    class(*), intent(inout) :: state
    type(parmap_data), intent(inout) :: input
    integer(int32), intent(inout) :: code
    select type (state)
    type is (standardise)
      call input%get(state%n)
      call input%get(state%sum)
      call input%get(state%mean)
      call input%get(state%scale)
      code = 0
    end select
  end subroutine

  recursive subroutine execute(state, input, output, code)
    class(*), intent(inout) :: state
    type(parmap_data), intent(inout) :: input
    type(parmap_buffer), intent(inout) :: output
    integer(int32), intent(inout) :: code
    real(wp), pointer :: chunk(:)
    call input%point(chunk)
    select type (state)
    type is (standardise)
      call output%append((chunk - state%mean)/state%scale)
      code = 0
    end select
  end subroutine

  ! A node without a state and without training.
  recursive subroutine double(state, input, output, code)
    class(*), intent(inout) :: state
    type(parmap_data), intent(inout) :: input
    type(parmap_buffer), intent(inout) :: output
    integer(int32), intent(inout) :: code
    real(wp), pointer :: chunk(:)
    call input%point(chunk)
    call output%append(2*chunk)
    select type (state)
    type is (standardise)
      code = 1
    end select
  end subroutine

  recursive function can_fork(state, phase) result(can)
    class(*), intent(inout) :: state
    integer(int64), intent(in) :: phase
    logical :: can
    can = phase == 1
    select type (state)
    type is (standardise)
      can = .true.
    end select
  end function

  recursive subroutine chunks(item, code, user)
    type(parmap_buffer), intent(inout) :: item
    integer(int32), intent(inout) :: code
    class(*), intent(inout), optional :: user
    integer :: i
    select type (user)
    type is (ends)
      if (user%produced == user%total) then
        code = PARMAP_END
      else
        user%produced = user%produced + 1
        call item%append([(real(10*user%produced + i, wp), i=1, 10)])
      end if
    end select
  end subroutine

  recursive subroutine again(code, user)
    integer(int32), intent(inout) :: code
    class(*), intent(inout), optional :: user
    select type (user)
    type is (ends)
      user%produced = 0
      code = user%code
    end select
  end subroutine

  recursive subroutine keep(node, data, code, user)
    integer(int64), intent(in) :: node
    type(parmap_data), intent(inout) :: data
    integer(int32), intent(inout) :: code
    class(*), intent(inout), optional :: user
    integer(int8), pointer :: saved(:)
    call data%point(saved)
    select type (user)
    type is (ends)
      user%consumed = node
      user%sum = size(saved)
      code = user%failed
    end select
  end subroutine

  subroutine flows(context)
    type(dicod_context), intent(in) :: context
    type(parmap) :: map
    type(parmap_flow) :: flow, other
    type(parmap_node) :: nodes(2)
    type(parmap_report) :: report
    type(standardise), target :: state, restored
    type(ends), target :: e
    integer(int32) :: stat
    integer :: i
    character(400) :: errmsg
    real(wp), parameter :: x(50) = [(real(10 + i, wp), i=1, 50)]
    call map%create(context)
    nodes(1)%phases = 2
    nodes(1)%state => state
    nodes(1)%clear => clear
    nodes(1)%train => train
    nodes(1)%join => join
    nodes(1)%stop => stop_phase
    nodes(1)%pack => pack
    nodes(1)%unpack => unpack
    nodes(1)%execute => execute
    nodes(1)%can_fork => can_fork
    nodes(2)%execute => double
    call flow%create(nodes)
    e = ends(total=5)
    call flow%execute(map, chunks, consume, e, stat=stat, errmsg=errmsg)
    call fails(stat, errmsg, DICOD_ERROR_INVALID_STATE, 'trained')
    call flow%train(map, chunks, user=e, stat=stat, errmsg=errmsg)
    call fails(stat, errmsg, PARMAP_ERROR_NOT_RESTARTABLE, 'again')
    e = ends(total=0)
    call flow%train(map, chunks, again, user=e, stat=stat, errmsg=errmsg)
    call fails(stat, errmsg, PARMAP_ERROR_EMPTY, 'chunk')
    e = ends(total=5)
    call flow%train(map, chunks, again, keep, e, report)
    call check(abs(state%mean - sum(x)/50) < 1e-12_wp, 'the mean')
    call check(abs(state%scale - sqrt(sum((x - sum(x)/50)**2)/50)) < 1e-12_wp, 'the scale')
    if (context%rank() == 0) call check(e%consumed == 1 .and. nint(e%sum) == 32, 'checkpoint')
    e = ends(total=5)
    call flow%execute(map, chunks, consume, e)
    if (context%rank() == 0) then
      call check(e%consumed == 5 .and. abs(e%sum - 2*sum((x(1:41:10) - state%mean)/state%scale)) < 1e-12_wp, 'executed')
    end if
    ! Another flow from the bytes of a checkpoint.
    nodes(1)%state => restored
    nodes(1)%save => pack
    nodes(1)%load => unpack
    call other%create(nodes)
    call other%load(1_int64, transfer([0.0_wp, 0.0_wp, 5.0_wp, 2.0_wp], [0_int8]))
    call check(restored%mean == 5 .and. restored%scale == 2, 'loaded')
    e = ends(total=1)
    call other%execute(map, chunks, consume, e)
    if (context%rank() == 0) call check(e%sum == 6, 'executed after loading')
    call other%load(3_int64, [0_int8], stat, errmsg)
    call fails(stat, errmsg, DICOD_ERROR_OUT_OF_RANGE, 'node')
    e = ends(total=5, failed=3)
    nodes(1)%forks_in_execution = .true.
    call other%create(nodes)
    call other%train(map, chunks, again, keep, e, report, stat)
    call check(stat == PARMAP_STOPPED, 'stopped by the checkpoint')
    call other%free()
    call map%free()
  end subroutine

  ! --- operators ------------------------------------------------------------------------------------------------------

  recursive subroutine multiply(state, input, output, code)
    class(*), intent(inout) :: state
    real(wp), intent(in) :: input(:)
    real(wp), intent(inout) :: output(:)
    integer(int32), intent(inout) :: code
    select type (state)
    type is (matrix)
      output = matmul(state%a, input)
      code = 0
    end select
  end subroutine

  recursive subroutine multiply_transposed(state, input, output, code)
    class(*), intent(inout) :: state
    real(wp), intent(in) :: input(:)
    real(wp), intent(inout) :: output(:)
    integer(int32), intent(inout) :: code
    select type (state)
    type is (matrix)
      output = matmul(input, state%a)
      code = 0
    end select
  end subroutine

  ! x squared, element by element.
  recursive subroutine square(state, input, output, code)
    class(*), intent(inout) :: state
    real(wp), intent(in) :: input(:)
    real(wp), intent(inout) :: output(:)
    integer(int32), intent(inout) :: code
    output = input**2
    select type (state)
    type is (matrix)
      if (any(input > 100)) code = 5
    end select
  end subroutine

  recursive subroutine square_here(state, input, output, code)
    class(*), intent(inout) :: state
    real(wp), intent(in) :: input(:)
    real(wp), intent(inout) :: output(:)
    integer(int32), intent(inout) :: code
    select type (state)
    type is (matrix)
      state%at = input
    end select
    call square(state, input, output, code)
  end subroutine

  recursive subroutine twice(state, input, output, code)
    class(*), intent(inout) :: state
    real(wp), intent(in) :: input(:)
    real(wp), intent(inout) :: output(:)
    integer(int32), intent(inout) :: code
    code = 1
    select type (state)
    type is (matrix)
      output = 2*state%at*input
      code = 0
    end select
  end subroutine

  recursive subroutine finish_it(state)
    class(*), intent(inout) :: state
    select type (state)
    type is (matrix)
      state%ended = state%ended + 1
    end select
  end subroutine

  subroutine operators(context)
    type(dicod_context), intent(in) :: context
    type(parmap) :: map
    type(parmap_operators) :: both
    type(parmap_operator) :: list(2)
    type(matrix), target :: states(2)
    real(wp) :: x(2), y(5), back(2), x4(4), y6(6)
    integer(int64) :: n_x, n_y
    integer(int32) :: stat
    integer :: i
    logical :: linear
    character(400) :: errmsg
    call map%create(context)
    states(1)%a = reshape([(real(i, wp), i=1, 6)], [3, 2])
    list(1)%in_size = 2
    list(1)%out_size = 3
    list(1)%state => states(1)
    list(1)%eval => multiply
    list(1)%adjoint => multiply_transposed
    list(1)%end => finish_it
    list(2)%in_size = 2
    list(2)%out_size = 2
    list(2)%linear = .false.
    list(2)%state => states(2)
    list(2)%eval => square
    list(2)%linearize => square_here
    list(2)%derivative => twice
    list(2)%adjoint => twice
    list(2)%end => finish_it
    call both%create(list)
    call both%sizes(n_x, n_y, linear)
    call check(n_x == 2 .and. n_y == 5 .and. .not. linear, 'sizes')
    x = [3.0_wp, -1.0_wp]
    call both%derivative(map, x, y, stat, errmsg)
    call fails(stat, errmsg, DICOD_ERROR_INVALID_STATE, 'linearize')
    call both%eval(map, x, y)
    call check(all(y == [matmul(states(1)%a, x), x**2]), 'eval')
    call both%linearize(map, x, y)
    call both%derivative(map, [1.0_wp, 1.0_wp], y)
    call check(all(y == [matmul(states(1)%a, [1.0_wp, 1.0_wp]), 2*x]), 'derivative')
    call both%adjoint(map, y, back)
    call check(all(back == matmul(y(:3), states(1)%a) + 2*x*y(4:)), 'adjoint')
    call both%eval(map, y(:3), y, stat, errmsg)
    call fails(stat, errmsg, DICOD_ERROR_INVALID_SHAPE, '(3, 5)')
    call both%eval(map, [1.0_wp, 101.0_wp], y, stat, errmsg)
    call fails(stat, errmsg, PARMAP_ERROR_TASK, '5')
    call both%free()
    call check(all(states%ended == 1), 'ended')
    ! The first takes the first component, the second both of them.
    list(1)%out_size = 3
    list(2) = list(1)
    list(2)%in_size = 4
    list(2)%eval => square
    list(2)%linear = .false.
    call both%create(list, sizes=[2_int64, 2_int64], takes=reshape([.true., .false., .true., .true.], [2, 2]), stat=stat, &
      errmsg=errmsg)
    call check(stat < 0, 'a derivative is missing: '//trim(errmsg))
    list(2) = list(1)
    list(2)%state => states(2)
    states(2)%a = 2*states(1)%a
    call both%create(list, sizes=[2_int64, 2_int64], takes=reshape([.true., .false., .false., .true.], [2, 2]))
    x4 = [1.0_wp, 2.0_wp, 3.0_wp, 4.0_wp]
    call both%eval(map, x4, y6)
    call check(all(y6 == [matmul(states(1)%a, x4(:2)), matmul(states(2)%a, x4(3:))]), 'distributed')
    call both%adjoint(map, y6, x4)
    call check(all(x4 == [matmul(y6(:3), states(1)%a), matmul(y6(4:), states(2)%a)]), 'distributed, adjoint')
    call both%create(list, sizes=[2_int64], takes=reshape([.true.], [1, 1]), stat=stat, errmsg=errmsg)
    call fails(stat, errmsg, DICOD_ERROR_INVALID_SHAPE, 'takes')
    call both%free()
    call map%free()
  end subroutine

  ! --- ensembles ------------------------------------------------------------------------------------------------------

  ! Steps downhill on a function with a minimum in each quadrant, the deepest at (1, 2).
  recursive subroutine descend(task, member, code, user)
    type(parmap_task), intent(in) :: task
    type(parmap_member), intent(inout) :: member
    integer(int32), intent(inout) :: code
    class(*), intent(inout), optional :: user
    real(wp), parameter :: steps(2, 4) = reshape([1.0_wp, 0.0_wp, -1.0_wp, 0.0_wp, 0.0_wp, 1.0_wp, 0.0_wp, -1.0_wp], [2, 4])
    real(wp) :: trial(2), value
    integer(int64) :: used
    integer :: i
    if (member%evaluations == 0) member%state(1) = 0.5_wp
    used = 0
    do while (used + 4 <= member%limit .and. member%state(1) > 1e-9_wp)
      value = member%value
      do i = 1, 4
        trial = member%x + member%state(1)*steps(:, i)
        used = used + 1
        if (landscape(trial) < member%value) then
          member%x = trial
          member%value = landscape(trial)
        end if
      end do
      if (.not. member%value < value) member%state(1) = member%state(1)/2
    end do
    member%evaluations = member%evaluations + used
    member%converged = member%state(1) <= 1e-9_wp
    if (task%index() < 1 .or. present(user)) code = 1
  end subroutine

  pure recursive function landscape(x) result(value)
    real(wp), intent(in) :: x(2)
    real(wp) :: value
    value = (x(1)**2 - 1)**2 + (x(2)**2 - 4)**2 - 0.1_wp*x(1) - 0.1_wp*x(2)
  end function

  subroutine ensembles(context)
    type(dicod_context), intent(in) :: context
    type(parmap) :: map
    type(parmap_ensemble) :: ensemble
    real(wp) :: x(2), value
    integer(int64) :: n, converged, evaluations, best
    integer(int32) :: stat
    logical :: has
    character(400) :: errmsg
    call map%create(context)
    call ensemble%create([-3.0_wp, -3.0_wp], [3.0_wp, 3.0_wp], cells=[2_int64, 3_int64], n_state=1_int64)
    call ensemble%summary(n, converged, evaluations, best)
    call check(n == 6 .and. converged == 0 .and. evaluations == 0 .and. best == 0, 'before the first round')
    call ensemble%member(2_int64, x)
    call check(all(abs(x - [-1.5_wp, 0.0_wp]) < 1e-12_wp), 'the last parameter runs fastest')
    call ensemble%round(map, descend, per_member=40_int64)
    call ensemble%summary(evaluations=evaluations, best=best, n_converged=converged)
    call check(evaluations <= 240 .and. best > 0 .and. converged == 0, 'a round')
    call ensemble%round(map, descend, per_member=4000_int64, in_all=20000_int64)
    call ensemble%summary(n_converged=converged, best=best)
    call ensemble%member(best, x, value, evaluations, has)
    call check(converged == 6 .and. has .and. all(abs(x - [1.0_wp, 2.0_wp]) < 0.1_wp), 'the best')
    call check(abs(value - landscape(x)) < 1e-12_wp .and. evaluations > 40, 'its value')
    call ensemble%member(7_int64, x, stat=stat, errmsg=errmsg)
    call fails(stat, errmsg, DICOD_ERROR_OUT_OF_RANGE, '6')
    call ensemble%create([0.0_wp], [1.0_wp, 2.0_wp], stat=stat, errmsg=errmsg)
    call fails(stat, errmsg, DICOD_ERROR_INVALID_SHAPE, '(1, 2)')
    call ensemble%create([0.0_wp, 0.0_wp], [1.0_wp, -1.0_wp], n_members=3_int64, stat=stat, errmsg=errmsg)
    call fails(stat, errmsg, DICOD_ERROR_INVALID_ARGUMENT, 'upper')
    call ensemble%create([0.0_wp], [1.0_wp], n_members=1000_int64, n_state=2_int64**44, stat=stat, errmsg=errmsg)
    call fails(stat, errmsg, DICOD_ERROR_OUT_OF_MEMORY, 'state')
    call ensemble%create([0.0_wp, 0.0_wp], [1.0_wp, 1.0_wp], n_members=5_int64, seed=3_int64)
    call ensemble%summary(n)
    call check(n == 5, 'at random')
    call ensemble%free()
    call map%free()
  end subroutine
end module
