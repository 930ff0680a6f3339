! Several operators as one, each on a worker of its own.
module parmap_operators_m
  use, intrinsic :: iso_fortran_env, only: int32, int64, real32, real64
  use dicod_c, c_operator => parmap_operator
  use dicod_error_m
  use parmap_callback_m
  use parmap_m
  implicit none
  private
  public :: parmap_operators, parmap_operator, operator_procedure, operator_procedure_real32, end_procedure

  abstract interface
    !@each reals
    ! Of an operator T: output = T(input); its derivative; or its adjoint, from out_size numbers to in_size.
    subroutine operator_procedure{of}(state, input, output, code)
      import
      class(*), intent(inout) :: state
      {kind}, intent(in) :: input(:)
      {kind}, intent(inout) :: output(:)
      integer(int32), intent(inout) :: code
    end subroutine
    !@end
    ! One of the library's functions of operators.
    function applied_function(operators, map, from, to) bind(c) result(outcome)
      import
      type(c_ptr), value :: operators, map, from, to
      integer(c_int32_t) :: outcome
    end function
    ! An operator is no longer used.
    subroutine end_procedure(state)
      class(*), intent(inout) :: state
    end subroutine
  end interface

  ! One operator. If it is linear, linearize and derivative may be left out. Its procedures are called one at a time, on a
  ! worker that stays the same. Those with _real32 may be set instead: the library keeps vectors in real64, and what they take
  ! and give is converted.
  type :: parmap_operator
    integer(int64) :: in_size = 0, out_size = 0
    logical :: linear = .true.
    class(*), pointer :: state => null()
    !@each reals
    procedure(operator_procedure{of}), pointer, nopass :: eval{of} => null()
    procedure(operator_procedure{of}), pointer, nopass :: linearize{of} => null()
    procedure(operator_procedure{of}), pointer, nopass :: derivative{of} => null()
    procedure(operator_procedure{of}), pointer, nopass :: adjoint{of} => null()
    !@end
    procedure(end_procedure), pointer, nopass :: end => null()
  end type

  ! What the operators were given as state has to live as long as this.
  type, extends(library_handle) :: parmap_operators
    type(parmap_operator), pointer, private :: operators(:) => null()
  contains
    procedure :: create => operators_create
    procedure :: free => operators_free
    procedure :: sizes => operators_sizes
    !@each reals
    procedure, private :: operators_eval_{n}, operators_linearize_{n}, operators_derivative_{n}, operators_adjoint_{n}
    generic :: eval => operators_eval_{n}
    generic :: linearize => operators_linearize_{n}
    generic :: derivative => operators_derivative_{n}
    generic :: adjoint => operators_adjoint_{n}
    !@end
    final :: operators_final
  end type

  integer, target, save :: stateless = 0

contains

  ! Local. All take the same x; or, with sizes(component) and takes(component, operator), x has components, and each takes
  ! those that are said. Every rank makes it with the same operators.
  recursive subroutine operators_create(self, operators, sizes, takes, stat, errmsg)
    class(parmap_operators), intent(inout) :: self
    type(parmap_operator), intent(in) :: operators(:)
    class(*), intent(in), optional :: sizes(..)
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
      allocate (lengths, source=[wholes(sizes), 0_int64])
      if (size(takes, 1) /= size(lengths) - 1 .or. size(takes, 2) /= size(operators)) then
        call report_status(DICOD_ERROR_INVALID_SHAPE, stat, errmsg, 'takes has the shape '//text_of(shape(takes, int64))// &
          ', for these sizes and operators it is '//text_of(int([size(lengths) - 1, size(operators)], int64)))
        return
      end if
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
      ! Where both kinds are set, those of real64 are called.
      !@each reals
      if (associated(operators(i)%eval{of})) tables(i)%eval = c_funloc(operator_eval_{n})
      if (associated(operators(i)%linearize{of})) tables(i)%linearize = c_funloc(operator_linearize_{n})
      if (associated(operators(i)%derivative{of})) tables(i)%derivative = c_funloc(operator_derivative_{n})
      if (associated(operators(i)%adjoint{of})) tables(i)%adjoint = c_funloc(operator_adjoint_{n})
      !@end
      if (associated(operators(i)%end)) tables(i)%end = c_funloc(operator_end)
    end do
    handle = c_null_ptr
    if (allocated(lengths)) then
      status = parmap_operators_create_distributed(size(operators, kind=int64), tables, size(lengths, kind=int64) - 1, &
        c_loc(lengths), c_loc(taken), handle)
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
    integer(int32) :: ignored
    ignored = parmap_operators_free(self%handle)
    if (associated(self%operators)) deallocate (self%operators)
  end subroutine

  impure elemental recursive subroutine operators_final(self)
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
    status = parmap_operators_get_sizes(self%handle, c_loc(n(1)), c_loc(n(2)), c_loc(is_linear))
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

  ! to = f(from), both of the right length on every rank. backwards: from is of the length of results.
  recursive subroutine apply_r64(self, map, f, backwards, from, to, stat, errmsg)
    class(parmap_operators), intent(inout) :: self
    class(parmap), intent(inout) :: map
    procedure(applied_function) :: f
    logical, intent(in) :: backwards
    real(real64), intent(in), target, contiguous :: from(:)
    real(real64), intent(inout), target, contiguous :: to(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int32) :: status
    character(:), allocatable :: text
    if (backwards) then
      call check_sizes(self, size(to, kind=int64), size(from, kind=int64), status, text)
    else
      call check_sizes(self, size(from, kind=int64), size(to, kind=int64), status, text)
    end if
    if (status >= 0) then
      status = f(self%handle, map%handle, c_loc(from), c_loc(to))
    else if (map%collective) then
      call refuse_next(status, text)
      status = f(self%handle, map%handle, c_null_ptr, c_null_ptr)
    end if
    call report_status(status, stat, errmsg, text)
  end subroutine

  recursive subroutine apply_r32(self, map, f, backwards, from, to, stat, errmsg)
    class(parmap_operators), intent(inout) :: self
    class(parmap), intent(inout) :: map
    procedure(applied_function) :: f
    logical, intent(in) :: backwards
    real(real32), intent(in) :: from(:)
    real(real32), intent(inout) :: to(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    real(real64), allocatable :: wide_from(:), wide_to(:)
    allocate (wide_from, source=real(from, real64))
    allocate (wide_to, source=real(to, real64))
    call apply_r64(self, map, f, backwards, wide_from, wide_to, stat, errmsg)
    to = real(wide_to, real32)
  end subroutine

  !@each reals
  ! y = T(x), results of the operators one after the other. x is that of rank 0, y is written on every rank.
  recursive subroutine operators_eval_{n}(self, map, x, y, stat, errmsg)
    class(parmap_operators), intent(inout) :: self
    class(parmap), intent(inout) :: map
    {kind}, intent(in), target, contiguous :: x(:)
    {kind}, intent(inout), target, contiguous :: y(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call apply_{n}(self, map, parmap_operators_eval, .false., x, y, stat, errmsg)
  end subroutine

  ! y = T(x), and derivative and adjoint are taken at x from now on.
  recursive subroutine operators_linearize_{n}(self, map, x, y, stat, errmsg)
    class(parmap_operators), intent(inout) :: self
    class(parmap), intent(inout) :: map
    {kind}, intent(in), target, contiguous :: x(:)
    {kind}, intent(inout), target, contiguous :: y(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call apply_{n}(self, map, parmap_operators_linearize, .false., x, y, stat, errmsg)
  end subroutine

  ! y = T'(x) h
  recursive subroutine operators_derivative_{n}(self, map, h, y, stat, errmsg)
    class(parmap_operators), intent(inout) :: self
    class(parmap), intent(inout) :: map
    {kind}, intent(in), target, contiguous :: h(:)
    {kind}, intent(inout), target, contiguous :: y(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call apply_{n}(self, map, parmap_operators_derivative, .false., h, y, stat, errmsg)
  end subroutine

  ! x = T'(x)* y
  recursive subroutine operators_adjoint_{n}(self, map, y, x, stat, errmsg)
    class(parmap_operators), intent(inout) :: self
    class(parmap), intent(inout) :: map
    {kind}, intent(in), target, contiguous :: y(:)
    {kind}, intent(inout), target, contiguous :: x(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call apply_{n}(self, map, parmap_operators_adjoint, .true., y, x, stat, errmsg)
  end subroutine

  !@end
  ! An operator's own procedure, on vectors of the library's.
  recursive subroutine product_r64(f, its, from, n_from, to, n_to, code)
    procedure(operator_procedure) :: f
    type(parmap_operator), intent(in) :: its
    type(c_ptr), intent(in) :: from, to
    integer(int64), intent(in) :: n_from, n_to
    integer(int32), intent(out) :: code
    code = 0
    call f(its%state, item_at_r64(from, n_from), item_at_r64(to, n_to), code)
  end subroutine

  recursive subroutine product_r32(f, its, from, n_from, to, n_to, code)
    procedure(operator_procedure_real32) :: f
    type(parmap_operator), intent(in) :: its
    type(c_ptr), intent(in) :: from, to
    integer(int64), intent(in) :: n_from, n_to
    integer(int32), intent(out) :: code
    real(real64), pointer :: input(:), output(:)
    real(real32), allocatable :: narrow_from(:), narrow_to(:)
    input => item_at_r64(from, n_from)
    output => item_at_r64(to, n_to)
    allocate (narrow_from, source=real(input, real32))
    allocate (narrow_to, source=real(output, real32))
    code = 0
    call f(its%state, narrow_from, narrow_to, code)
    output = narrow_to
  end subroutine

  !@each reals
  recursive function operator_eval_{n}(state, x, y) bind(c, name='') result(code)
    type(c_ptr), value :: state, x, y
    integer(c_int32_t) :: code
    type(parmap_operator), pointer :: its
    call c_f_pointer(state, its)
    call product_{n}(its%eval{of}, its, x, its%in_size, y, its%out_size, code)
  end function

  recursive function operator_linearize_{n}(state, x, y) bind(c, name='') result(code)
    type(c_ptr), value :: state, x, y
    integer(c_int32_t) :: code
    type(parmap_operator), pointer :: its
    call c_f_pointer(state, its)
    call product_{n}(its%linearize{of}, its, x, its%in_size, y, its%out_size, code)
  end function

  recursive function operator_derivative_{n}(state, h, y) bind(c, name='') result(code)
    type(c_ptr), value :: state, h, y
    integer(c_int32_t) :: code
    type(parmap_operator), pointer :: its
    call c_f_pointer(state, its)
    call product_{n}(its%derivative{of}, its, h, its%in_size, y, its%out_size, code)
  end function

  recursive function operator_adjoint_{n}(state, y, x) bind(c, name='') result(code)
    type(c_ptr), value :: state, y, x
    integer(c_int32_t) :: code
    type(parmap_operator), pointer :: its
    call c_f_pointer(state, its)
    call product_{n}(its%adjoint{of}, its, y, its%out_size, x, its%in_size, code)
  end function

  !@end
  recursive subroutine operator_end(state) bind(c, name='')
    type(c_ptr), value :: state
    type(parmap_operator), pointer :: its
    call c_f_pointer(state, its)
    call its%end(its%state)
  end subroutine
end module
