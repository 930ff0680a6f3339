! Errors and text; what the types that hold a handle have in common.
module dicod_error_m
  use, intrinsic :: iso_fortran_env, only: int32, int64
  use dicod_c
  implicit none
  private
  public :: last_error, status_text, library_version
  public :: library_handle, report_status, to_c, text_from_c, text_of, reverse, address

  ! A handle of the library's. Variables that hold one cannot be copied: it would be freed twice.
  type :: library_handle
    type(c_ptr) :: handle = c_null_ptr
  contains
    procedure, private :: no_copy
    generic :: assignment(=) => no_copy
  end type

contains

  recursive subroutine no_copy(to, from)
    class(library_handle), intent(inout) :: to
    class(library_handle), intent(in) :: from
    error stop 'dicod: a variable that holds a handle of the library cannot be copied'
    if (c_associated(from%handle)) to%handle = c_null_ptr ! never reached
  end subroutine

  ! The whole message of the last error that the library reported in this thread.
  recursive function last_error() result(message)
    character(:), allocatable :: message
    character(kind=c_char), allocatable, target :: buffer(:)
    integer(int64), target :: needed
    integer(int32) :: status
    needed = 1
    status = dicod_last_error(c_null_ptr, 0_int64, c_loc(needed))
    allocate (buffer(max(needed, 1_int64)))
    buffer = c_null_char
    status = dicod_last_error(c_loc(buffer), size(buffer, kind=int64), c_loc(needed))
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

  ! Ends a call: sets stat and errmsg, or stops with the message. Without text it is the library's.
  recursive subroutine report_status(status, stat, errmsg, text)
    integer(int32), intent(in) :: status
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    character(*), intent(in), optional :: text
    character(:), allocatable :: message
    if (present(stat)) stat = status
    if (status >= 0) return
    message = ''
    if (present(text)) message = text
    if (message == '') message = last_error()
    if (present(errmsg)) errmsg = message
    if (.not. present(stat)) error stop 'dicod: '//message
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
