! Variables of every kind that holds a handle, in every kind of scope: they free what they hold. Under valgrind nothing is
! lost; by itself the program does not grow.
module scopes
  use dicod
  implicit none
  type :: model
    type(dicod_encoder) :: e
    real(real64) :: other(3) = 0
  end type
  abstract interface
    subroutine scope()
    end subroutine
  end interface
contains
  subroutine make(e)
    class(dicod_encoder), intent(inout) :: e
    real(real64) :: d(16, 16, 1, 4)
    d = 1
    call e%create(d, [64_int64, 64_int64])
  end subroutine
  subroutine scalar()
    type(dicod_encoder) :: e
    call make(e)
  end subroutine
  subroutine array()
    type(dicod_encoder) :: e(2), square(2, 1)
    call make(e(1))
    call make(e(2))
    call make(square(2, 1))
  end subroutine
  subroutine allocatable_array()
    type(dicod_encoder), allocatable :: e(:)
    allocate (e(3))
    call make(e(1))
    call make(e(3))
  end subroutine
  subroutine allocatable_scalar()
    type(dicod_encoder), allocatable :: e
    allocate (e)
    call make(e)
  end subroutine
  subroutine component()
    type(model) :: m
    call make(m%e)
  end subroutine
  subroutine array_of_components()
    type(model), allocatable :: m(:)
    allocate (m(2))
    call make(m(1)%e)
    call make(m(2)%e)
  end subroutine
  subroutine pointer_deallocated()
    type(dicod_encoder), pointer :: e(:)
    allocate (e(2))
    call make(e(2))
    deallocate (e)
  end subroutine
  subroutine in_block()
    block
      type(dicod_encoder) :: e(2)
      call make(e(1))
    end block
  end subroutine
  subroutine reset_by_intent()
    type(dicod_encoder) :: e
    call make(e)
    call reset(e)
  end subroutine
  subroutine reset(e)
    type(dicod_encoder), intent(out) :: e
    if (.false.) call make(e)
  end subroutine
  subroutine polymorphic()
    class(dicod_encoder), allocatable :: e
    allocate (dicod_encoder :: e)
    call make(e)
  end subroutine
  subroutine moved()
    type(dicod_encoder), allocatable :: e(:), there(:)
    allocate (e(2))
    call make(e(2))
    call move_alloc(e, there)
  end subroutine
  subroutine learners()
    type(dicod_learner) :: l(2)
    real(real64) :: x(400), d(9, 1, 3)
    integer :: i
    x = [(sin(0.001_real64*i*i), i=1, 400)]
    d = 0
    do i = 1, 2
      call l(i)%create(d, [400_int64])
      call l(i)%step(x)
    end do
  end subroutine
  subroutine segmentations()
    type(segmentation) :: s(2)
    integer :: i
    do i = 1, 2
      call s(i)%create([1000_int64, 1000_int64], n_segments=[100_int64, 100_int64])
    end do
  end subroutine
  subroutine contexts()
    type(dicod_context) :: c(2)
    call c(1)%create(n_threads=1)
    call c(2)%create(n_threads=1)
  end subroutine
  subroutine options()
    type(dicod_options) :: o(2)
    call o(1)%set('reg', 0.2_real64)
    call o(2)%set('tile_shape', [9_int64, 9_int64])
  end subroutine
  subroutine maps()
    type(parmap) :: m(2)
    integer :: i
    do i = 1, 2
      call m(i)%create()
      call m(i)%set('seed', 5_int64)
    end do
  end subroutine
  subroutine flows()
    type(parmap_flow) :: f(2)
    type(parmap_node) :: node
    node%execute => pass
    call f(1)%create([node, node])
    call f(2)%create([node])
  end subroutine
  subroutine pass(state, input, output, code)
    class(*), intent(inout) :: state
    type(parmap_data), intent(inout) :: input
    type(parmap_buffer), intent(inout) :: output
    integer(int32), intent(inout) :: code
    if (same_type_as(state, input) .or. same_type_as(input, output)) code = 1
  end subroutine
  subroutine operators()
    type(parmap_operators) :: o(2)
    type(parmap_operator) :: one
    one%in_size = 3
    one%out_size = 3
    one%eval => double
    one%adjoint => double
    call o(1)%create([one, one])
    call o(2)%create([one])
  end subroutine
  subroutine double(state, x, y, code)
    class(*), intent(inout) :: state
    real(real64), intent(in) :: x(:)
    real(real64), intent(inout) :: y(:)
    integer(int32), intent(inout) :: code
    y = 2*x
    if (.not. same_type_as(state, state)) code = 1
  end subroutine
  subroutine ensembles()
    type(parmap_ensemble) :: e(2)
    integer :: i
    do i = 1, 2
      call e(i)%create([0.0_real64, 0.0_real64], [1.0_real64, 1.0_real64], n_members=4000_int64)
    end do
  end subroutine

  ! Resident memory.
  function kilobytes() result(kb)
    integer :: kb, unit, io
    character(80) :: line
    kb = 0
    open (newunit=unit, file='/proc/self/status', action='read', iostat=io)
    if (io /= 0) return
    do
      read (unit, '(a)', iostat=io) line
      if (io /= 0) exit
      if (line(:6) == 'VmRSS:') read (line(7:), *) kb
    end do
    close (unit)
  end function

  subroutine check(name, leave, times, grown)
    character(*), intent(in) :: name
    procedure(scope) :: leave
    integer, intent(in) :: times
    logical, intent(inout) :: grown
    integer :: i, before, more
    do i = 1, (times + 9)/10
      call leave()
    end do
    before = kilobytes()
    do i = 1, times
      call leave()
    end do
    more = kilobytes() - before
    ! What is lost is some 1 to 400 kB each time.
    if (times < 100 .or. more < times/2 + 500) return
    print '(3a, i0, a, i0, a)', 'scopes: ', name, ': ', more, ' kB more after ', times, ' scopes'
    grown = .true.
  end subroutine
end module

! test_scopes [times]: with few only valgrind tells.
program test_scopes
  use scopes
  implicit none
  character(12) :: argument
  integer :: times
  logical :: grown
  times = 1000
  call get_command_argument(1, argument)
  if (argument /= '') read (argument, *) times
  grown = .false.
  call check('scalar', scalar, times, grown)
  call check('array', array, times, grown)
  call check('allocatable scalar', allocatable_scalar, times, grown)
  call check('allocatable array', allocatable_array, times, grown)
  call check('component', component, times, grown)
  call check('array of components', array_of_components, times, grown)
  call check('pointer', pointer_deallocated, times, grown)
  call check('block', in_block, times, grown)
  call check('intent(out)', reset_by_intent, times, grown)
  call check('class', polymorphic, times, grown)
  call check('move_alloc', moved, times, grown)
  call check('learners', learners, times, grown)
  call check('segmentations', segmentations, times, grown)
  call check('contexts', contexts, times, grown)
  call check('options', options, times, grown)
  call check('maps', maps, times, grown)
  call check('flows', flows, times, grown)
  call check('operators', operators, times, grown)
  call check('ensembles', ensembles, times, grown)
  if (grown) error stop 'scopes: memory was lost'
  print '(a)', 'scopes: nothing lost'
end program
