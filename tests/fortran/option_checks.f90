! Every option of the table, in Fortran and in C.
module option_checks
  use, intrinsic :: iso_c_binding, only: c_null_char
  use checks
  use dicod
  implicit none
  private
  public :: check_options

contains

  ! Each option under its key gives what it gives in C, status, message and bits; what is generated from the table.
  subroutine check_options()
    real(real64) :: x(12, 10, 2, 3), d(3, 4, 2, 3), z(10, 7, 3, 3), wrapped(12, 7, 3, 3), learnt(3, 4, 2, 3)
    integer(int64), parameter :: signal(2) = [10, 12], atom(2) = [4, 3]
    integer(int32) :: stat
    character(400) :: errmsg
    call fill(x, size(x), 19)
    call fill(d, size(d), 20)
    include 'every_option.inc'
  contains
    subroutine fresh()
      call fill(z, size(z), 21)
      z = merge(z, 0.0_real64, z > 0.9_real64)
      wrapped = 0
      learnt = d
      errmsg = ''
    end subroutine
    subroutine as_in_c(text, stat, errmsg)
      character(*), intent(in) :: text, errmsg
      integer(int32), intent(in) :: stat
      real(real64) :: found(10, 7, 3, 3)
      found = z
      call fresh()
      call compare(text, reference_solve(text//c_null_char, 2_int64, signal, 3_int64, 2_int64, 3_int64, atom, x, d, z), &
        stat, errmsg)
      call check(same(z, found, size(z)), text)
    end subroutine
    subroutine wrapped_as_in_c(text, stat, errmsg)
      character(*), intent(in) :: text, errmsg
      integer(int32), intent(in) :: stat
      real(real64) :: found(12, 7, 3, 3)
      found = wrapped
      call fresh()
      call compare(text, reference_solve(text//c_null_char, 2_int64, signal, 3_int64, 2_int64, 3_int64, atom, x, d, wrapped), &
        stat, errmsg)
      call check(same(wrapped, found, size(found)), text)
    end subroutine
    subroutine learnt_as_in_c(text, stat, errmsg)
      character(*), intent(in) :: text, errmsg
      integer(int32), intent(in) :: stat
      real(real64) :: found(3, 4, 2, 3)
      found = learnt
      call fresh()
      call compare(text, reference_learn(text//c_null_char, 2_int64, signal, 3_int64, 2_int64, 3_int64, atom, x, learnt), &
        stat, errmsg)
      call check(same(learnt, found, size(found)), text)
    end subroutine
    subroutine compare(text, in_c, stat, errmsg)
      character(*), intent(in) :: text, errmsg
      integer(int32), intent(in) :: in_c, stat
      call check(stat == in_c, text)
      if (stat < 0) call check(errmsg == last_error(), text//': '//trim(errmsg)//' / '//last_error())
    end subroutine
  end subroutine
end module
