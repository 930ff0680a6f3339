! Patterns in a running simulation, learned where it runs.
!
! Gray-Scott reaction-diffusion in three dimensions on a periodic grid, spread over the ranks of a Cartesian communicator,
! each with its block and a ghost layer. Every hundred time steps the program hands the field to the library as it lies in
! memory: one step of learning, on all ranks together. At the end the dictionary is fixed, an encoder says where its patterns
! are, and each rank asks for the activations of its block.
!
!   mpirun -n 2 in_situ [SIZE [CALLS]]
program in_situ
  use mpi_f08
  use dicod
  use dicod_mpi
  implicit none
  integer, parameter :: wp = real64, length = 5, n_atoms = 4, steps_per_call = 100
  type(MPI_Comm) :: comm
  integer :: rank, n_ranks, dims(3), at(3), a, call_number, calls, step_number
  integer(int64) :: size_, offset(3), n(3), domain(3), first(3), local(3), found
  real(wp), allocatable :: u(:, :, :), v(:, :, :), z(:, :, :, :)
  real(wp) :: d(length, length, length, 1, n_atoms), began, stepping
  type(dicod_context) :: context
  type(dicod_learner) :: learner
  type(dicod_encoder) :: encoder
  type(dicod_learn_step) :: step
  type(dicod_info) :: info
  character(20) :: word

  call MPI_Init()
  size_ = 32
  calls = 6
  if (command_argument_count() > 0) then
    call get_command_argument(1, word)
    read (word, *) size_
  end if
  if (command_argument_count() > 1) then
    call get_command_argument(2, word)
    read (word, *) calls
  end if

  ! The simulation: nothing here knows of the library.
  call MPI_Comm_size(MPI_COMM_WORLD, n_ranks)
  dims = 0
  call MPI_Dims_create(n_ranks, 3, dims)
  call MPI_Cart_create(MPI_COMM_WORLD, 3, dims, [.true., .true., .true.], .true., comm)
  call MPI_Comm_rank(comm, rank)
  call MPI_Cart_coords(comm, rank, 3, at)
  domain = size_
  offset = size_*at/dims
  n = size_*(at + 1)/dims - offset
  allocate (u(0:n(1) + 1, 0:n(2) + 1, 0:n(3) + 1), v(0:n(1) + 1, 0:n(2) + 1, 0:n(3) + 1))
  call start()

  ! Once: a context on the simulation's communicator, a learner for the whole domain.
  d = 0
  call create_context(context, comm)
  call learner%create(d, domain, context=context, periodic=[.true., .true., .true.], positive=.true., reg=0.3_wp, seed=1_int64)

  if (rank == 0) then
    print '(a,i0,a,i0,a,i0,a,i0,a)', 'in_situ: ', size_, '**3 cells on ', n_ranks, ' ranks, ', n_atoms, ' atoms of ', length, '**3'
    print '(a10,2a14,a12,2a16)', 'time step', 's / time step', 's / learning', 'non-zeros', 'objective of z', 'of dictionary'
  end if
  do call_number = 1, calls
    began = MPI_Wtime()
    do step_number = 1, steps_per_call
      call time_step()
    end do
    stepping = (MPI_Wtime() - began)/steps_per_call
    ! Each time: the field where it lies, the ghost layers are left out by the section.
    began = MPI_Wtime()
    call learner%step(v(1:n(1), 1:n(2), 1:n(3)), step, offset=offset)
    found = sum(step_nonzeros(step))
    if (rank == 0) print '(i10,2es14.2,i12,2f16.8)', call_number*steps_per_call, stepping, MPI_Wtime() - began, found, &
      step%objective_z, step%objective_d
  end do

  ! What was learned, on the last field: an encoder, and the activations of this rank's block.
  call learner%get_dictionary(d)
  call encoder%create(d, domain, context=context, periodic=[.true., .true., .true.], positive=.true., reg=0.3_wp)
  call encoder%solve(v(1:n(1), 1:n(2), 1:n(3)), info, offset=offset)
  call valid_block(domain, int([length, length, length], int64), offset, n, first, local, periodic=[.true., .true., .true.])
  allocate (z(local(1), local(2), local(3), n_atoms))
  call encoder%get_z(z, offset=first)
  found = count(z /= 0)
  call MPI_Allreduce(MPI_IN_PLACE, found, 1, MPI_INTEGER8, MPI_SUM, comm)
  if (rank == 0) print '(i0,a,f0.8,a,es8.1)', found, ' activations, objective ', info%objective, ', gap ', info%duality_gap
  if (found /= info%nonzeros) error stop 'the blocks of z do not hold all activations'

  call encoder%free()
  call learner%free()
  call context%free()
  call MPI_Comm_free(comm)
  call MPI_Finalize()

contains

  subroutine start()
    integer(int64) :: i, j, k, s, centre(3), state
    u = 1
    v = 0
    state = 4
    ! Cubes: the same on every rank, each draws its part.
    do s = 1, max(1_int64, size_**3/4000)
      do a = 1, 3
        state = modulo(state*1103515245_int64 + 12345_int64, 2147483648_int64)
        centre(a) = modulo(state/1024, size_)
      end do
      do k = centre(3), centre(3) + 4
        do j = centre(2), centre(2) + 4
          do i = centre(1), centre(1) + 4
            call put(modulo([i, j, k], size_) - offset + 1)
          end do
        end do
      end do
    end do
  end subroutine

  subroutine put(c)
    integer(int64), intent(in) :: c(3)
    if (any(c < 1 .or. c > n)) return
    u(c(1), c(2), c(3)) = 0.5_wp
    v(c(1), c(2), c(3)) = 0.25_wp
  end subroutine

  subroutine exchange(f)
    real(wp), intent(inout) :: f(0:, 0:, 0:)
    real(wp), allocatable :: there(:, :), back(:, :) ! allocated again by the assignments of other shapes
    integer :: low, high
    call MPI_Cart_shift(comm, 0, 1, low, high)
    allocate (there(0:n(2) + 1, 0:n(3) + 1), back(0:n(2) + 1, 0:n(3) + 1))
    there = f(n(1), :, :)
    back = f(1, :, :)
    call swap(there, back, low, high)
    f(0, :, :) = there
    f(n(1) + 1, :, :) = back
    call MPI_Cart_shift(comm, 1, 1, low, high)
    there = f(:, n(2), :)
    back = f(:, 1, :)
    call swap(there, back, low, high)
    f(:, 0, :) = there
    f(:, n(2) + 1, :) = back
    call MPI_Cart_shift(comm, 2, 1, low, high)
    there = f(:, :, n(3))
    back = f(:, :, 1)
    call swap(there, back, low, high)
    f(:, :, 0) = there
    f(:, :, n(3) + 1) = back
  end subroutine

  subroutine swap(up, down, low, high)
    real(wp), intent(inout) :: up(:, :), down(:, :)
    integer, intent(in) :: low, high
    call MPI_Sendrecv_replace(up, size(up), MPI_DOUBLE_PRECISION, high, 0, low, 0, comm, MPI_STATUS_IGNORE)
    call MPI_Sendrecv_replace(down, size(down), MPI_DOUBLE_PRECISION, low, 1, high, 1, comm, MPI_STATUS_IGNORE)
  end subroutine

  subroutine time_step()
    real(wp), parameter :: feed = 0.03_wp, kill = 0.062_wp, du = 0.12_wp, dv = 0.06_wp
    real(wp) :: lu(n(1), n(2), n(3)), lv(n(1), n(2), n(3)), reaction(n(1), n(2), n(3))
    call exchange(u)
    call exchange(v)
    call laplacian(u, lu)
    call laplacian(v, lv)
    associate (ui => u(1:n(1), 1:n(2), 1:n(3)), vi => v(1:n(1), 1:n(2), 1:n(3)))
      reaction = ui*vi**2
      ui = ui + du*lu - reaction + feed*(1 - ui)
      vi = vi + dv*lv + reaction - (feed + kill)*vi
    end associate
  end subroutine

  subroutine laplacian(f, l)
    real(wp), intent(in) :: f(0:, 0:, 0:)
    real(wp), intent(out) :: l(:, :, :)
    integer(int64) :: i, j, k
    do k = 1, n(3)
      do j = 1, n(2)
        do i = 1, n(1)
          l(i, j, k) = f(i - 1, j, k) + f(i + 1, j, k) + f(i, j - 1, k) + f(i, j + 1, k) + f(i, j, k - 1) + f(i, j, k + 1) &
            - 6*f(i, j, k)
        end do
      end do
    end do
  end subroutine
end program
