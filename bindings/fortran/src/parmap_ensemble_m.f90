! Ensembles: many starts of one solver.
module parmap_ensemble_m
  use, intrinsic :: iso_fortran_env, only: int32, int64, real32, real64
  use dicod_c, c_member => parmap_member
  use dicod_error_m
  use parmap_task_m
  use parmap_callback_m
  use parmap_m
  implicit none
  private
  public :: parmap_ensemble, parmap_member, solver_procedure

  ! One member, as a solver sees it: x is its start, or the best point so far; state is what the solver keeps between rounds,
  ! zero at first. The solver changes all but limit, the evaluations that it may make in this round. Both are real64, as the
  ! library keeps them.
  type :: parmap_member
    real(real64), pointer :: x(:) => null(), state(:) => null()
    real(real64) :: value = 0
    integer(int64) :: evaluations = 0, limit = 0
    logical :: converged = .false.
  end type

  abstract interface
    ! Improves a member; with a code it stays as it was.
    subroutine solver_procedure(task, member, code, user)
      import :: parmap_task, parmap_member, int32
      type(parmap_task), intent(in) :: task
      type(parmap_member), intent(inout) :: member
      integer(int32), intent(inout) :: code
      class(*), intent(inout), optional :: user
    end subroutine
  end interface

  type, extends(library_handle) :: parmap_ensemble
    integer(int64), private :: n_parameters = 0
  contains
    procedure, private :: ensemble_create, ensemble_create_r32, ensemble_member, ensemble_member_r32
    generic :: create => ensemble_create, ensemble_create_r32
    procedure :: free => ensemble_free
    procedure :: round => ensemble_round
    procedure :: summary => ensemble_summary
    generic :: member => ensemble_member, ensemble_member_r32
    final :: ensemble_final
  end type

  type :: solver_box
    procedure(solver_procedure), pointer, nopass :: solver => null()
    class(*), pointer :: user => null()
  end type

contains

  ! Local. n_members starts at random in the box from lower to upper, or one in each cell of a lattice with cells(i) cells
  ! along parameter i, the last runs fastest. n_state numbers per member are kept for the solver.
  recursive subroutine ensemble_create(self, lower, upper, n_members, cells, seed, n_state, stat, errmsg)
    class(parmap_ensemble), intent(inout) :: self
    real(real64), intent(in), target, contiguous :: lower(:), upper(:)
    class(*), intent(in), optional :: n_members, seed, n_state, cells(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(c_ptr) :: handle, at_cells
    integer(int64), allocatable, target :: counts(:)
    integer(int64) :: n, seed_, n_state_
    integer(int32) :: status
    if (size(upper) /= size(lower)) then
      call report_status(DICOD_ERROR_INVALID_SHAPE, stat, errmsg, 'lower and upper differ in length: '// &
        text_of(int([size(lower), size(upper)], int64)))
      return
    end if
    at_cells = c_null_ptr
    if (present(cells)) then
      allocate (counts, source=[wholes(cells), 0_int64])
      at_cells = c_loc(counts)
      if (size(counts) - 1 /= size(lower)) then
        call report_status(DICOD_ERROR_INVALID_SHAPE, stat, errmsg, 'lower and cells differ in length: '// &
          text_of(int([size(lower), size(counts) - 1], int64)))
        return
      end if
    end if
    n = 0
    seed_ = 0
    n_state_ = 0
    if (present(n_members)) n = whole(n_members)
    if (present(seed)) seed_ = whole(seed)
    if (present(n_state)) n_state_ = whole(n_state)
    handle = c_null_ptr
    status = parmap_ensemble_create(size(lower, kind=int64), c_loc(lower), c_loc(upper), n, at_cells, seed_, 8*n_state_, handle)
    if (status >= 0) then
      call ensemble_free(self)
      self%handle = handle
      self%n_parameters = size(lower, kind=int64)
    end if
    call report_status(status, stat, errmsg)
  end subroutine

  recursive subroutine ensemble_create_r32(self, lower, upper, n_members, cells, seed, n_state, stat, errmsg)
    class(parmap_ensemble), intent(inout) :: self
    real(real32), intent(in) :: lower(:), upper(:)
    class(*), intent(in), optional :: n_members, seed, n_state, cells(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call ensemble_create(self, real(lower, real64), real(upper, real64), n_members, cells, seed, n_state, stat, errmsg)
  end subroutine

  ! Local.
  recursive subroutine ensemble_free(self)
    class(parmap_ensemble), intent(inout) :: self
    integer(int32) :: ignored
    ignored = parmap_ensemble_free(self%handle)
  end subroutine

  impure elemental recursive subroutine ensemble_final(self)
    type(parmap_ensemble), intent(inout) :: self
    call ensemble_free(self)
  end subroutine

  ! The solver runs for each member that has not converged, with at most per_member evaluations, and all of them together
  ! in_all since the first round; without: no limit. Collective.
  recursive subroutine ensemble_round(self, map, solver, per_member, in_all, user, report, stat, errmsg)
    class(parmap_ensemble), intent(inout) :: self
    class(parmap), intent(inout) :: map
    procedure(solver_procedure) :: solver
    class(*), intent(in), optional :: per_member, in_all
    class(*), intent(in), target, optional :: user
    type(parmap_report), intent(inout), optional :: report
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(solver_box), target :: box
    integer(int64) :: each, all
    each = -1
    all = -1
    if (present(per_member)) each = whole(per_member)
    if (present(in_all)) all = whole(in_all)
    box%solver => solver
    if (present(user)) box%user => user
    call report_status(parmap_ensemble_round(self%handle, map%handle, each, all, c_funloc(solver_trampoline), c_loc(box), report), &
      stat, errmsg)
  end subroutine

  ! Local. best: the best member, from 1; 0: none has a value.
  recursive subroutine ensemble_summary(self, n_members, n_converged, evaluations, best, stat, errmsg)
    class(parmap_ensemble), intent(in) :: self
    integer(int64), intent(out), optional :: n_members, n_converged, evaluations, best
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int64), target :: n(4)
    integer(int32) :: status
    n = [0, 0, 0, -1]
    status = parmap_ensemble_get_summary(self%handle, c_loc(n(1)), c_loc(n(2)), c_loc(n(3)), c_loc(n(4)))
    if (present(n_members)) n_members = n(1)
    if (present(n_converged)) n_converged = n(2)
    if (present(evaluations)) evaluations = n(3)
    if (present(best)) best = n(4) + 1
    call report_status(status, stat, errmsg)
  end subroutine

  ! Local. x has one number per parameter.
  recursive subroutine ensemble_member(self, index, x, value, evaluations, converged, stat, errmsg)
    class(parmap_ensemble), intent(in) :: self
    class(*), intent(in) :: index
    real(real64), intent(inout), target, contiguous, optional :: x(:)
    real(real64), intent(inout), optional :: value
    integer(int64), intent(inout), optional :: evaluations
    logical, intent(inout), optional :: converged
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(c_ptr) :: at_x
    real(real64), target :: its_value
    integer(int64), target :: its_evaluations
    integer(int32), target :: it_has
    integer(int32) :: status
    at_x = c_null_ptr
    if (present(x)) then
      at_x = c_loc(x)
      if (c_associated(self%handle) .and. size(x, kind=int64) /= self%n_parameters) then
        call report_status(DICOD_ERROR_INVALID_SHAPE, stat, errmsg, 'x has the shape '//text_of(shape(x, int64))// &
          ', a member has the parameters '//text_of([self%n_parameters]))
        return
      end if
    end if
    status = parmap_ensemble_get_member(self%handle, whole(index) - 1, at_x, c_loc(its_value), &
      c_loc(its_evaluations), c_loc(it_has))
    if (status >= 0) then
      if (present(value)) value = its_value
      if (present(evaluations)) evaluations = its_evaluations
      if (present(converged)) converged = it_has /= 0
    end if
    call report_status(status, stat, errmsg)
  end subroutine

  recursive subroutine ensemble_member_r32(self, index, x, value, evaluations, converged, stat, errmsg)
    class(parmap_ensemble), intent(in) :: self
    class(*), intent(in) :: index
    real(real32), intent(inout) :: x(:)
    real(real64), intent(inout), optional :: value
    integer(int64), intent(inout), optional :: evaluations
    logical, intent(inout), optional :: converged
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    real(real64), allocatable :: wide(:)
    allocate (wide, source=real(x, real64))
    call ensemble_member(self, index, wide, value, evaluations, converged, stat, errmsg)
    x = real(wide, real32)
  end subroutine

  recursive function solver_trampoline(userdata, task, member) bind(c, name='') result(code)
    type(c_ptr), value :: userdata, task
    type(c_member), intent(inout) :: member
    integer(c_int32_t) :: code
    type(solver_box), pointer :: box
    type(parmap_member) :: its
    call c_f_pointer(userdata, box)
    its%x => item_at_r64(member%x, member%n_parameters)
    its%state => item_at_r64(member%state, member%state_size/8)
    its%value = member%value
    its%evaluations = member%evaluations
    its%limit = member%limit
    its%converged = member%converged /= 0
    code = 0
    call box%solver(parmap_task(task), its, code, box%user)
    member%value = its%value
    member%evaluations = its%evaluations
    member%converged = merge(1_int32, 0_int32, its%converged)
  end function
end module
