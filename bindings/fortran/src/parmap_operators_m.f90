! Several operators as one, each on a worker of its own.
module parmap_operators_m
  use, intrinsic :: iso_fortran_env, only: int32, int64, real64
  use dicod_c, c_operator => parmap_operator
  use dicod_error_m
  use parmap_callback_m
  use parmap_m
  implicit none
  private
  public :: parmap_operators, parmap_operator, operator_procedure, end_procedure

  abstract interface
    ! Of an operator T: output = T(input); its derivative; or its adjoint, from out_size numbers to in_size.
    subroutine operator_procedure(state, input, output, code)
      import :: int32, real64
      class(*), intent(inout) :: state
      real(real64), intent(in) :: input(:)
      real(real64), intent(inout) :: output(:)
      integer(int32), intent(inout) :: code
    end subroutine
    subroutine end_procedure(state)
      class(*), intent(inout) :: state
    end subroutine
  end interface

  ! One operator. If it is linear, linearize and derivative may be left out. Its procedures are called one at a time, on a
  ! worker that stays the same.
  type :: parmap_operator
    integer(int64) :: in_size = 0, out_size = 0
    logical :: linear = .true.
    class(*), pointer :: state => null()
    procedure(operator_procedure), pointer, nopass :: eval => null()
    procedure(operator_procedure), pointer, nopass :: linearize => null()
    procedure(operator_procedure), pointer, nopass :: derivative => null()
    procedure(operator_procedure), pointer, nopass :: adjoint => null()
    procedure(end_procedure), pointer, nopass :: end => null()
  end type

  ! What the operators were given as state has to live as long as this.
  type, extends(library_handle) :: parmap_operators
    type(parmap_operator), pointer, private :: operators(:) => null()
  contains
    procedure :: create => operators_create
    procedure :: free => operators_free
    procedure :: sizes => operators_sizes
    procedure :: eval => operators_eval
    procedure :: linearize => operators_linearize
    procedure :: derivative => operators_derivative
    procedure :: adjoint => operators_adjoint
    final :: operators_final
  end type

  integer, target, save :: stateless = 0

contains

  ! Local. All take the same x; or, with sizes(component) and takes(component, operator), x has components, and each takes
  ! those that are said. Every rank makes it with the same operators.
  recursive subroutine operators_create(self, operators, sizes, takes, stat, errmsg)
    class(parmap_operators), intent(inout) :: self
    type(parmap_operator), intent(in) :: operators(:)
    integer(int64), intent(in), optional :: sizes(:)
    logical, intent(in), optional :: takes(:, :)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(c_operator) :: tables(size(operators))
    type(parmap_operator), pointer :: kept(:)
    integer(int64), allocatable, target :: lengths(:)
    integer(int32), allocatable, target :: taken(:, :)
    type(c_ptr) :: handle
    integer(int32) :: status
    integer :: i
    if (present(sizes) .neqv. present(takes)) then
      call report_status(DICOD_ERROR_INVALID_ARGUMENT, stat, errmsg, 'sizes and takes go together')
      return
    end if
    if (present(sizes) .and. present(takes)) then
      if (size(takes, 1) /= size(sizes) .or. size(takes, 2) /= size(operators)) then
        call report_status(DICOD_ERROR_INVALID_SHAPE, stat, errmsg, 'takes has the shape '//text_of(shape(takes, int64))// &
          ', for these sizes and operators it is '//text_of(int([size(sizes), size(operators)], int64)))
        return
      end if
      allocate (lengths, source=[sizes, 0_int64])
      allocate (taken, source=merge(1_int32, 0_int32, takes))
    end if
    allocate (kept(size(operators)))
    kept = operators
    do i = 1, size(operators)
      if (.not. associated(kept(i)%state)) kept(i)%state => stateless
      tables(i)%state = c_loc(kept(i))
      tables(i)%in_size = operators(i)%in_size
      tables(i)%out_size = operators(i)%out_size
      tables(i)%linear = merge(1_int32, 0_int32, operators(i)%linear)
      if (associated(operators(i)%eval)) tables(i)%eval = c_funloc(operator_eval)
      if (associated(operators(i)%linearize)) tables(i)%linearize = c_funloc(operator_linearize)
      if (associated(operators(i)%derivative)) tables(i)%derivative = c_funloc(operator_derivative)
      if (associated(operators(i)%adjoint)) tables(i)%adjoint = c_funloc(operator_adjoint)
      if (associated(operators(i)%end)) tables(i)%end = c_funloc(operator_end)
    end do
    handle = c_null_ptr
    if (allocated(lengths)) then
      status = parmap_operators_create_distributed(size(operators, kind=int64), tables, size(sizes, kind=int64), c_loc(lengths), &
        c_loc(taken), handle)
    else
      status = parmap_operators_create_vector(size(operators, kind=int64), tables, handle)
    end if
    if (status >= 0) then
      call operators_free(self)
      self%handle = handle
      self%operators => kept
    else
      deallocate (kept)
    end if
    call report_status(status, stat, errmsg)
  end subroutine

  ! Local. Ends all operators.
  recursive subroutine operators_free(self)
    class(parmap_operators), intent(inout) :: self
    call parmap_operators_free(self%handle)
    if (associated(self%operators)) deallocate (self%operators)
  end subroutine

  recursive subroutine operators_final(self)
    type(parmap_operators), intent(inout) :: self
    call operators_free(self)
  end subroutine

  ! Local.
  recursive subroutine operators_sizes(self, in_size, out_size, linear, stat, errmsg)
    class(parmap_operators), intent(in) :: self
    integer(int64), intent(out), optional :: in_size, out_size
    logical, intent(out), optional :: linear
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int64), target :: n(2)
    integer(int32), target :: is_linear
    integer(int32) :: status
    n = 0
    is_linear = 0
    status = parmap_operators_sizes(self%handle, c_loc(n(1)), c_loc(n(2)), c_loc(is_linear))
    if (present(in_size)) in_size = n(1)
    if (present(out_size)) out_size = n(2)
    if (present(linear)) linear = is_linear /= 0
    call report_status(status, stat, errmsg)
  end subroutine

  recursive subroutine check_sizes(self, n_x, n_y, status, text)
    class(parmap_operators), intent(in) :: self
    integer(int64), intent(in) :: n_x, n_y
    integer(int32), intent(out) :: status
    character(:), allocatable, intent(out) :: text
    integer(int64) :: in_size, out_size
    allocate (character(0) :: text)
    call operators_sizes(self, in_size, out_size, stat=status)
    if (status < 0) text = last_error()
    if (status < 0 .or. (n_x == in_size .and. n_y == out_size)) return
    status = DICOD_ERROR_INVALID_SHAPE
    text = 'the vectors have '//text_of([n_x, n_y])//' numbers, the operators take and give '//text_of([in_size, out_size])
  end subroutine

  ! y = T(x), results of the operators one after the other. x is that of rank 0, y is written on every rank.
  recursive subroutine operators_eval(self, map, x, y, stat, errmsg)
    class(parmap_operators), intent(inout) :: self
    class(parmap), intent(inout) :: map
    real(real64), intent(in), target, contiguous :: x(:)
    real(real64), intent(inout), target, contiguous :: y(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int32) :: status, ignored
    character(:), allocatable :: text
    call check_sizes(self, size(x, kind=int64), size(y, kind=int64), status, text)
    if (status >= 0) then
      status = parmap_operators_eval(self%handle, map%handle, c_loc(x), c_loc(y))
    else if (map%collective) then
      ignored = parmap_operators_eval(self%handle, map%handle, c_null_ptr, c_null_ptr)
    end if
    call report_status(status, stat, errmsg, text)
  end subroutine

  ! y = T(x), and derivative and adjoint are taken at x from now on.
  recursive subroutine operators_linearize(self, map, x, y, stat, errmsg)
    class(parmap_operators), intent(inout) :: self
    class(parmap), intent(inout) :: map
    real(real64), intent(in), target, contiguous :: x(:)
    real(real64), intent(inout), target, contiguous :: y(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int32) :: status, ignored
    character(:), allocatable :: text
    call check_sizes(self, size(x, kind=int64), size(y, kind=int64), status, text)
    if (status >= 0) then
      status = parmap_operators_linearize(self%handle, map%handle, c_loc(x), c_loc(y))
    else if (map%collective) then
      ignored = parmap_operators_linearize(self%handle, map%handle, c_null_ptr, c_null_ptr)
    end if
    call report_status(status, stat, errmsg, text)
  end subroutine

  ! y = T'(x) h
  recursive subroutine operators_derivative(self, map, h, y, stat, errmsg)
    class(parmap_operators), intent(inout) :: self
    class(parmap), intent(inout) :: map
    real(real64), intent(in), target, contiguous :: h(:)
    real(real64), intent(inout), target, contiguous :: y(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int32) :: status, ignored
    character(:), allocatable :: text
    call check_sizes(self, size(h, kind=int64), size(y, kind=int64), status, text)
    if (status >= 0) then
      status = parmap_operators_derivative(self%handle, map%handle, c_loc(h), c_loc(y))
    else if (map%collective) then
      ignored = parmap_operators_derivative(self%handle, map%handle, c_null_ptr, c_null_ptr)
    end if
    call report_status(status, stat, errmsg, text)
  end subroutine

  ! x = T'(x)* y
  recursive subroutine operators_adjoint(self, map, y, x, stat, errmsg)
    class(parmap_operators), intent(inout) :: self
    class(parmap), intent(inout) :: map
    real(real64), intent(in), target, contiguous :: y(:)
    real(real64), intent(inout), target, contiguous :: x(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int32) :: status, ignored
    character(:), allocatable :: text
    call check_sizes(self, size(x, kind=int64), size(y, kind=int64), status, text)
    if (status >= 0) then
      status = parmap_operators_adjoint(self%handle, map%handle, c_loc(y), c_loc(x))
    else if (map%collective) then
      ignored = parmap_operators_adjoint(self%handle, map%handle, c_null_ptr, c_null_ptr)
    end if
    call report_status(status, stat, errmsg, text)
  end subroutine

  recursive function operator_eval(state, x, y) bind(c, name='') result(code)
    type(c_ptr), value :: state, x, y
    integer(c_int32_t) :: code
    type(parmap_operator), pointer :: its
    call c_f_pointer(state, its)
    code = 0
    call its%eval(its%state, item_at(x, its%in_size), item_at(y, its%out_size), code)
  end function

  recursive function operator_linearize(state, x, y) bind(c, name='') result(code)
    type(c_ptr), value :: state, x, y
    integer(c_int32_t) :: code
    type(parmap_operator), pointer :: its
    call c_f_pointer(state, its)
    code = 0
    call its%linearize(its%state, item_at(x, its%in_size), item_at(y, its%out_size), code)
  end function

  recursive function operator_derivative(state, x, y) bind(c, name='') result(code)
    type(c_ptr), value :: state, x, y
    integer(c_int32_t) :: code
    type(parmap_operator), pointer :: its
    call c_f_pointer(state, its)
    code = 0
    call its%derivative(its%state, item_at(x, its%in_size), item_at(y, its%out_size), code)
  end function

  recursive function operator_adjoint(state, x, y) bind(c, name='') result(code)
    type(c_ptr), value :: state, x, y
    integer(c_int32_t) :: code
    type(parmap_operator), pointer :: its
    call c_f_pointer(state, its)
    code = 0
    call its%adjoint(its%state, item_at(x, its%out_size), item_at(y, its%in_size), code)
  end function

  recursive subroutine operator_end(state) bind(c, name='')
    type(c_ptr), value :: state
    type(parmap_operator), pointer :: its
    call c_f_pointer(state, its)
    call its%end(its%state)
  end subroutine
end module
