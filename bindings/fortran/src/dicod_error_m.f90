! Errors and text; what the types that hold a handle have in common.
module dicod_error_m
  use, intrinsic :: iso_fortran_env, only: int8, int16, int32, int64, real32, real64
  use dicod_c
  implicit none
  private
  public :: last_error, status_text, library_version, build_info
  public :: library_handle, report_status, refuse_next, own_axes, to_c, text_from_c, text_of, reverse, address
  public :: plain, plain_of, whole, wholes, give

  ! A handle of the library's. Variables that hold one cannot be copied: it would be freed twice.
  type :: library_handle
    type(c_ptr) :: handle = c_null_ptr
  contains
    procedure, private :: no_copy
    generic :: assignment(=) => no_copy
  end type

  ! A value of any type as the library takes it: base is real, integer, logical (in integers, 0 or 1), string, or empty.
  type :: plain
    character(8) :: base = ''
    logical :: is_list = .false.
    real(real64), allocatable :: reals(:)
    integer(int64), allocatable :: integers(:)
    character(:), allocatable :: word
  end type

contains

  recursive function plain_of(value) result(v)
    class(*), intent(in) :: value(..)
    type(plain) :: v
    allocate (v%reals(0), v%integers(0))
    v%integers = wholes(value)
    if (size(v%integers) > 0) v%base = 'integer'
    select rank (value)
    rank (0)
      select type (value)
      type is (real(real64))
        v%base = 'real'
        v%reals = [value]
      type is (real(real32))
        v%base = 'real'
        v%reals = [real(value, real64)]
      type is (logical)
        v%base = 'logical'
        v%integers = [merge(1_int64, 0_int64, value)]
      type is (logical(c_bool))
        v%base = 'logical'
        v%integers = [merge(1_int64, 0_int64, value)]
      type is (character(*))
        v%base = 'string'
        v%word = value
      end select
    rank (1)
      v%is_list = .true.
      select type (value)
      type is (integer(int64))
        v%base = 'integer'
      type is (integer(int32))
        v%base = 'integer'
      type is (real(real64))
        v%base = 'real'
        v%reals = value
      type is (real(real32))
        v%base = 'real'
        v%reals = real(value, real64)
      type is (logical)
        v%base = 'logical'
        v%integers = merge(1_int64, 0_int64, value)
      type is (logical(c_bool))
        v%base = 'logical'
        v%integers = merge(1_int64, 0_int64, value)
      end select
    end select
  end function

  recursive subroutine no_copy(to, from)
    class(library_handle), intent(inout) :: to
    class(library_handle), intent(in) :: from
    error stop 'dicod: a variable that holds a handle of the library cannot be copied'
    if (c_associated(from%handle)) to%handle = c_null_ptr ! never reached
  end subroutine

  ! The whole message of the last error in this thread, of the library or of these modules.
  recursive function last_error() result(message)
    character(:), allocatable :: message
    character(kind=c_char), allocatable, target :: buffer(:)
    integer(int64), target :: needed
    integer(int32) :: status
    needed = 1
    status = dicod_last_error_in(DICOD_LANGUAGE_FORTRAN, 0_int64, c_null_ptr, c_loc(needed))
    allocate (buffer(max(needed, 1_int64)))
    buffer = c_null_char
    status = dicod_last_error_in(DICOD_LANGUAGE_FORTRAN, size(buffer, kind=int64), c_loc(buffer), c_loc(needed))
    message = text_from_c(c_loc(buffer))
    if (status < 0) message = 'unknown error'
  end function

  ! Short text for a status.
  recursive function status_text(status) result(text)
    integer(int32), intent(in) :: status
    character(:), allocatable :: text
    text = text_from_c(dicod_strerror(status))
  end function

  ! Version of the library.
  recursive function library_version() result(text)
    character(:), allocatable :: text
    text = text_from_c(dicod_version())
  end function

  ! What the library is, in one line: version, instructions of its kernels, BLAS, MPI.
  recursive function build_info() result(text)
    character(:), allocatable :: text
    text = text_from_c(dicod_build_info())
  end function

  ! Ends a call: sets stat and errmsg, or stops with the message. Without text it is the library's.
  recursive subroutine report_status(status, stat, errmsg, text)
    integer(int32), intent(in) :: status
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    character(*), intent(in), optional :: text
    character(:), allocatable :: message
    character(kind=c_char), allocatable, target :: chars(:)
    integer(int32) :: ignored
    if (present(stat)) stat = status
    if (status >= 0) return
    message = ''
    if (present(text)) message = text
    if (message == '') then
      message = last_error()
    else
      allocate (chars, source=to_c(message))
      ignored = dicod_set_last_error(c_loc(chars))
    end if
    if (present(errmsg)) errmsg = message
    if (.not. present(stat)) error stop 'dicod: '//message
  end subroutine

  ! Something is wrong on this rank, perhaps on no other: the next call of the library, which the other ranks make, too, fails
  ! on all of them with this text. It is the library's from now on.
  recursive subroutine refuse_next(status, text)
    integer(int32), intent(in) :: status
    character(:), allocatable, intent(inout) :: text
    character(kind=c_char), allocatable, target :: chars(:)
    integer(int32) :: ignored
    if (.not. allocated(text)) text = last_error()
    allocate (chars, source=to_c(text))
    ignored = dicod_fail_next(status, c_loc(chars))
    text = ''
  end subroutine

  ! The library knows the axes of channels and signals even where an array has been given without: name(5, 1, 1) is name(5) of
  ! an array with one axis.
  recursive function own_axes(message, name, n_axes) result(text)
    character(*), intent(in) :: message, name
    integer, intent(in) :: n_axes
    character(:), allocatable :: text
    integer :: first, last, i, n
    text = message
    if (n_axes < 1) return
    first = index(' '//text, ' '//name//'(')
    if (first == 0) return
    last = first + index(text(first:), ')') - 1
    n = 0
    do i = first, last
      if (text(i:i) /= ',') cycle
      n = n + 1
      if (n == n_axes) then
        text = text(:i - 1)//text(last:)
        return
      end if
    end do
  end function

  ! A whole number of any kind; -huge if it is none.
  pure recursive function whole(value) result(number)
    class(*), intent(in) :: value
    integer(int64) :: number
    select type (value)
    type is (integer(int64))
      number = value
    type is (integer(int32))
      number = int(value, int64)
    type is (integer(int16))
      number = int(value, int64)
    type is (integer(int8))
      number = int(value, int64)
    class default
      number = -huge(number)
    end select
  end function

  ! Whole numbers of any kind: a list, or one instead of a list of one. Empty if they are none.
  pure recursive function wholes(values) result(list)
    class(*), intent(in) :: values(..)
    integer(int64), allocatable :: list(:)
    allocate (list(0))
    select rank (values)
    rank (0)
      if (whole(values) > -huge(0_int64)) list = [whole(values)]
    rank (1)
      select type (values)
      type is (integer(int64))
        list = values
      type is (integer(int32))
        list = int(values, int64)
      type is (integer(int16))
        list = int(values, int64)
      type is (integer(int8))
        list = int(values, int64)
      end select
    rank (2)
      select type (values)
      type is (integer(int64))
        list = reshape(values, [size(values)])
      type is (integer(int32))
        list = int(reshape(values, [size(values)]), int64)
      type is (integer(int16))
        list = int(reshape(values, [size(values)]), int64)
      type is (integer(int8))
        list = int(reshape(values, [size(values)]), int64)
      end select
    end select
  end function

  ! Sets a list of whole numbers of kind int32 or int64; an error where they are too large for the former.
  recursive subroutine give(list, to, name, status)
    integer(int64), intent(in) :: list(:)
    class(*), intent(inout) :: to(:)
    character(*), intent(in) :: name
    integer(int32), intent(inout) :: status
    character(kind=c_char), allocatable, target :: chars(:)
    integer(int32) :: ignored
    select type (to)
    type is (integer(int64))
      to = list
    type is (integer(int32))
      if (any(list > huge(0_int32))) then
        allocate (chars, source=to_c(name//' needs integers of kind int64: it is '//text_of(list)))
        ignored = dicod_set_last_error(c_loc(chars))
        status = DICOD_ERROR_OUT_OF_RANGE
      else
        to = int(list, int32)
      end if
    end select
  end subroutine

  recursive function to_c(text) result(chars)
    character(*), intent(in) :: text
    character(kind=c_char), allocatable :: chars(:)
    integer :: i, n
    n = len_trim(text)
    allocate (chars(n + 1))
    do i = 1, n
      chars(i) = text(i:i)
    end do
    chars(n + 1) = c_null_char
  end function

  recursive function text_from_c(pointer) result(text)
    type(c_ptr), intent(in) :: pointer
    character(:), allocatable :: text
    character(kind=c_char), pointer :: chars(:)
    integer :: i, n
    if (.not. c_associated(pointer)) then
      text = ''
      return
    end if
    call c_f_pointer(pointer, chars, [huge(n)])
    n = 0
    do while (chars(n + 1) /= c_null_char)
      n = n + 1
    end do
    allocate (character(n) :: text)
    do i = 1, n
      text(i:i) = chars(i)
    end do
  end function

  ! "(3, 4)"
  recursive function text_of(numbers) result(text)
    integer(int64), intent(in) :: numbers(:)
    character(:), allocatable :: text
    character(24) :: one
    integer :: i
    text = '('
    do i = 1, size(numbers)
      write (one, '(i0)') numbers(i)
      if (i > 1) text = text//', '
      text = text//trim(one)
    end do
    text = text//')'
  end function

  pure recursive function reverse(numbers) result(reversed)
    integer(int64), intent(in) :: numbers(:)
    integer(int64) :: reversed(size(numbers))
    reversed = numbers(size(numbers):1:-1)
  end function

  pure recursive function address(pointer) result(number)
    type(c_ptr), intent(in) :: pointer
    integer(c_intptr_t) :: number
    number = transfer(pointer, number)
  end function
end module
