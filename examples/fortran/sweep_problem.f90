! A parameter sweep: how the number of activations and the error of the model depend on the regularisation, one task of a
! parallel map for each value. The table is the same for any number of threads and ranks.
module sweep_problem
  use dicod
  implicit none
  integer, parameter :: wp = real64, length = 400, width = 12

  ! What every task reads.
  type :: problem
    real(wp) :: x(length, 1) = 0, d(width, 1, 2) = 0
  end type

contains

  ! input: the regularisation; output: activations, data term, gap relative to the objective. Recursive, because several
  ! threads run it at a time.
  recursive subroutine encode(task, input, output, code, user)
    type(parmap_task), intent(in) :: task
    real(wp), intent(in) :: input(:)
    real(wp), intent(inout) :: output(:)
    integer(int32), intent(inout) :: code
    class(*), intent(inout), optional :: user
    real(wp), allocatable :: z(:, :)
    type(dicod_info) :: info
    integer(int32) :: stat
    character(200) :: errmsg
    if (task%cancelled() .or. .not. present(user)) return
    allocate (z(length - width + 1, 2))
    select type (user)
    type is (problem)
      call solve(user%x, user%d, z, reg=input(1), tol=1e-6_wp, info=info, stat=stat, errmsg=errmsg)
    end select
    if (stat < 0) then
      call task%explain(errmsg)
      code = 1
    else
      output = [real(info%nonzeros, wp), info%data_term, info%duality_gap/info%objective]
    end if
  end subroutine

  ! The table, on the threads and ranks of a context; rank 0 prints it.
  subroutine tabulate(context)
    type(dicod_context), intent(in) :: context
    integer, parameter :: n = 12
    type(problem), target :: p
    type(parmap) :: map
    real(wp) :: inputs(1, n), outputs(3, n)
    integer :: i, j
    ! Two pulses, at places of their own, and a little noise.
    do i = 1, width
      p%d(i, 1, 1) = exp(-((i - 4.0_wp)/2)**2)
      p%d(i, 1, 2) = sin(0.9_wp*i)
    end do
    do i = 1, length
      p%x(i, 1) = 0.05_wp*sin(12.9898_wp*i)*cos(0.37_wp*modulo(i*i, 1013))
    end do
    do j = 0, 9
      associate (there => p%x(17 + 38*j:16 + 38*j + width, 1))
        there = there + (1 + 0.1_wp*j)*p%d(:, 1, 1 + modulo(j, 2))
      end associate
    end do
    inputs(1, :) = [(0.8_wp*0.7_wp**(i - 1), i=1, n)]

    call map%create(context)
    call map%run(encode, inputs, outputs, user=p)
    call map%free()
    if (context%rank() == 0) then
      print '(a10,a14,a14,a16)', 'reg', 'activations', 'data term', 'gap/objective'
      print '(f10.4,f14.0,f14.6,es16.1)', (inputs(1, i), outputs(:, i), i=1, n)
    end if
    ! Less regularisation explains more of the signal.
    if (any(outputs(2, 2:) > outputs(2, :n - 1))) error stop 'the data term rises'
  end subroutine
end module
