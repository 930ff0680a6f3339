! Options by key: call o%set('reg', 0.2_real64). All keys are in dicod.h; the procedures that take options take them one by
! one, too.
module dicod_options_m
  use, intrinsic :: iso_fortran_env, only: int32, int64, real32, real64
  use dicod_c
  use dicod_error_m
  implicit none
  private
  public :: dicod_options, option_description, n_options, describe_option, n_settings, describe_setting

  type, extends(library_handle) :: dicod_options
  contains
    procedure :: set => options_set
    procedure :: set_text => options_set_text
    procedure :: parse => options_parse
    procedure :: from_environment => options_from_environment
    procedure :: to_text => options_to_text
    procedure :: copy => options_copy
    procedure, private :: options_get_real, options_get_reals, options_get_integer, options_get_integers
    procedure, private :: options_get_real32, options_get_int32, options_get_int32s, options_get_flag, options_get_flags
    procedure, private :: options_get_string
    generic :: get => options_get_real, options_get_reals, options_get_integer, options_get_integers, &
      options_get_real32, options_get_int32, options_get_int32s, options_get_flag, options_get_flags, options_get_string
    procedure :: free => options_free
    final :: options_final
  end type

  ! One row of the table of all options.
  type :: option_description
    character(:), allocatable :: key, kind, default, allowed, meaning
  end type

contains

  ! Lists of this key have an entry per axis.
  pure recursive function per_axis_key(key) result(is)
    character(*), intent(in) :: key
    logical :: is
    !@option_per_axis
  end function

  recursive subroutine options_make(self, status)
    class(dicod_options), intent(inout) :: self
    integer(int32), intent(out) :: status
    status = DICOD_OK
    if (.not. c_associated(self%handle)) status = dicod_options_create(self%handle)
  end subroutine

  ! What an option is: real, reals, integer, integers, flag, flags, string; empty: there is none of that name.
  pure recursive function kind_of(key) result(kind)
    character(*), intent(in) :: key
    character(8) :: kind
    select case (key)
    !@option_kinds
    case default
      kind = ''
    end select
  end function

  ! A number or flag of any kind, a list of them, or a word. A whole number stands for a real one, too, and a number or flag
  ! for a list of one.
  recursive subroutine options_set(self, key, value, stat, errmsg)
    class(dicod_options), intent(inout) :: self
    character(*), intent(in) :: key
    class(*), intent(in) :: value(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(plain) :: v
    character(kind=c_char), allocatable, target :: name(:), word(:)
    character(8) :: kind
    integer(int32) :: status
    integer(int64) :: n
    allocate (name, source=to_c(key))
    v = plain_of(value)
    kind = kind_of(trim(key))
    if (v%base == 'integer' .and. kind(:4) == 'real') then
      v%base = 'real'
      v%reals = real(v%integers, real64)
    end if
    if (any(kind == [character(8) :: 'reals', 'integers', 'flags'])) v%is_list = .true.
    if (v%base == '' .or. (v%base == 'logical' .and. kind /= '' .and. kind(:4) /= 'flag')) then
      call report_status(DICOD_ERROR_INVALID_ARGUMENT, stat, errmsg, 'option "'//trim(key)//'" is of type '//trim(kind)// &
        ': a value of another type was given')
      return
    end if
    if (per_axis_key(key)) v%integers = reverse(v%integers)
    call options_make(self, status)
    if (status < 0) then
      call report_status(status, stat, errmsg)
      return
    end if
    select case (v%base)
    case ('string')
      allocate (word, source=to_c(v%word))
      status = dicod_options_set_string(self%handle, c_loc(name), c_loc(word))
    case ('real')
      n = size(v%reals, kind=int64)
      v%reals = [v%reals, 0.0_real64]
      if (v%is_list) then
        status = set_reals(self%handle, name, n, v%reals)
      else
        status = dicod_options_set_real(self%handle, c_loc(name), v%reals(1))
      end if
    case default
      n = size(v%integers, kind=int64)
      v%integers = [v%integers, 0_int64]
      if (v%is_list) then
        status = set_integers(self%handle, name, n, v%integers)
      else
        status = dicod_options_set_integer(self%handle, c_loc(name), v%integers(1))
      end if
    end select
    call report_status(status, stat, errmsg)
  end subroutine

  ! An option of any type from text, as in C: a list per axis begins with the slowest axis.
  recursive subroutine options_set_text(self, key, text, stat, errmsg)
    class(dicod_options), intent(inout) :: self
    character(*), intent(in) :: key, text
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    character(kind=c_char), allocatable, target :: name(:), value(:)
    integer(int32) :: status
    allocate (name, source=to_c(key))
    allocate (value, source=to_c(text))
    call options_make(self, status)
    if (status >= 0) status = dicod_options_set(self%handle, c_loc(name), c_loc(value))
    call report_status(status, stat, errmsg)
  end subroutine

  ! Options from text, all or none: 'reg=0.15 tol=1e-2 periodic=1,1', as in C.
  recursive subroutine options_parse(self, text, stat, errmsg)
    class(dicod_options), intent(inout) :: self
    character(*), intent(in) :: text
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    character(kind=c_char), allocatable, target :: value(:)
    integer(int32) :: status
    allocate (value, source=to_c(text))
    call options_make(self, status)
    if (status >= 0) status = dicod_options_parse(self%handle, c_loc(value))
    call report_status(status, stat, errmsg)
  end subroutine

  ! Options from the environment variable DICOD_OPTIONS, if it is set.
  recursive subroutine options_from_environment(self, stat, errmsg)
    class(dicod_options), intent(inout) :: self
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int32) :: status
    call options_make(self, status)
    if (status >= 0) status = dicod_options_from_environment(self%handle)
    call report_status(status, stat, errmsg)
  end subroutine

  ! All options as text, which parse reads back.
  recursive subroutine options_to_text(self, text, stat, errmsg)
    class(dicod_options), intent(in) :: self
    character(:), allocatable, intent(inout) :: text
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    character(kind=c_char), allocatable, target :: found(:)
    integer(int64), target :: needed
    integer(int32) :: status
    needed = 0
    status = dicod_options_to_text(self%handle, 0_int64, c_null_ptr, c_loc(needed))
    allocate (found(needed + 1))
    found = c_null_char
    if (status >= 0) status = dicod_options_to_text(self%handle, needed + 1, c_loc(found), c_loc(needed))
    if (status >= 0) text = text_from_c(c_loc(found))
    call report_status(status, stat, errmsg)
  end subroutine

  ! Makes another variable have the same options.
  recursive subroutine options_copy(self, copy, stat, errmsg)
    class(dicod_options), intent(in) :: self
    type(dicod_options), intent(inout) :: copy
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(c_ptr) :: handle
    integer(int32) :: status
    handle = c_null_ptr
    status = dicod_options_copy(self%handle, handle)
    if (status >= 0) then
      call copy%free()
      copy%handle = handle
    end if
    call report_status(status, stat, errmsg)
  end subroutine

  recursive function set_reals(handle, name, n, values) result(status)
    type(c_ptr), intent(in) :: handle
    character(kind=c_char), intent(in), target :: name(*)
    integer(int64), intent(in) :: n
    real(real64), intent(in), target :: values(*)
    integer(int32) :: status
    status = dicod_options_set_reals(handle, c_loc(name), n, c_loc(values))
  end function

  recursive function set_integers(handle, name, n, values) result(status)
    type(c_ptr), intent(in) :: handle
    character(kind=c_char), intent(in), target :: name(*)
    integer(int64), intent(in) :: n
    integer(int64), intent(in), target :: values(*)
    integer(int32) :: status
    status = dicod_options_set_integers(handle, c_loc(name), n, c_loc(values))
  end function

  ! The value that an option has: a number, flag, list or word, of the type of the option and any kind.
  recursive subroutine options_get_real(self, key, value, stat, errmsg)
    class(dicod_options), intent(in) :: self
    character(*), intent(in) :: key
    real(real64), intent(inout) :: value
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    character(kind=c_char), allocatable, target :: name(:)
    real(real64), target :: found
    integer(int32) :: status
    allocate (name, source=to_c(key))
    found = value
    status = dicod_options_get_real(self%handle, c_loc(name), c_loc(found))
    value = found
    call report_status(status, stat, errmsg)
  end subroutine

  recursive subroutine options_get_reals(self, key, value, stat, errmsg)
    class(dicod_options), intent(in) :: self
    character(*), intent(in) :: key
    real(real64), allocatable, intent(inout) :: value(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    character(kind=c_char), allocatable, target :: name(:)
    real(real64), allocatable, target :: found(:)
    integer(int64), target :: n
    integer(int32) :: status
    allocate (name, source=to_c(key))
    n = 0
    status = dicod_options_get_reals(self%handle, c_loc(name), 0_int64, c_null_ptr, c_loc(n))
    allocate (found(n + 1))
    if (status >= 0) status = dicod_options_get_reals(self%handle, c_loc(name), n + 1, c_loc(found), c_loc(n))
    if (status >= 0) value = found(:n)
    call report_status(status, stat, errmsg)
  end subroutine

  recursive subroutine options_get_integer(self, key, value, stat, errmsg)
    class(dicod_options), intent(in) :: self
    character(*), intent(in) :: key
    integer(int64), intent(inout) :: value
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    character(kind=c_char), allocatable, target :: name(:)
    integer(int64), target :: found
    integer(int32) :: status
    allocate (name, source=to_c(key))
    found = value
    status = dicod_options_get_integer(self%handle, c_loc(name), c_loc(found))
    value = found
    call report_status(status, stat, errmsg)
  end subroutine

  recursive subroutine options_get_integers(self, key, value, stat, errmsg)
    class(dicod_options), intent(in) :: self
    character(*), intent(in) :: key
    integer(int64), allocatable, intent(inout) :: value(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    character(kind=c_char), allocatable, target :: name(:)
    integer(int64), allocatable, target :: found(:)
    integer(int64), target :: n
    integer(int32) :: status
    allocate (name, source=to_c(key))
    n = 0
    status = dicod_options_get_integers(self%handle, c_loc(name), 0_int64, c_null_ptr, c_loc(n))
    allocate (found(n + 1))
    if (status >= 0) status = dicod_options_get_integers(self%handle, c_loc(name), n + 1, c_loc(found), c_loc(n))
    if (status >= 0) value = found(:n)
    if (status >= 0 .and. per_axis_key(key)) value = reverse(value)
    call report_status(status, stat, errmsg)
  end subroutine

  recursive subroutine options_get_real32(self, key, value, stat, errmsg)
    class(dicod_options), intent(in) :: self
    character(*), intent(in) :: key
    real(real32), intent(inout) :: value
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    real(real64) :: found
    integer(int32) :: status
    found = 0
    call options_get_real(self, key, found, status)
    if (status >= 0) value = real(found, real32)
    call report_status(status, stat, errmsg)
  end subroutine

  recursive subroutine options_get_int32(self, key, value, stat, errmsg)
    class(dicod_options), intent(in) :: self
    character(*), intent(in) :: key
    integer(int32), intent(inout) :: value
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int64) :: found
    integer(int32) :: status
    found = 0
    call options_get_integer(self, key, found, status)
    if (status >= 0) value = int(found, int32)
    call report_status(status, stat, errmsg)
  end subroutine

  recursive subroutine options_get_int32s(self, key, value, stat, errmsg)
    class(dicod_options), intent(in) :: self
    character(*), intent(in) :: key
    integer(int32), allocatable, intent(inout) :: value(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int64), allocatable :: found(:)
    integer(int32) :: status
    call options_get_integers(self, key, found, status)
    if (status >= 0) value = int(found, int32)
    call report_status(status, stat, errmsg)
  end subroutine

  recursive subroutine options_get_flag(self, key, value, stat, errmsg)
    class(dicod_options), intent(in) :: self
    character(*), intent(in) :: key
    logical, intent(inout) :: value
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int64) :: found
    integer(int32) :: status
    found = 0
    call options_get_integer(self, key, found, status)
    if (status >= 0) value = found /= 0
    call report_status(status, stat, errmsg)
  end subroutine

  recursive subroutine options_get_flags(self, key, value, stat, errmsg)
    class(dicod_options), intent(in) :: self
    character(*), intent(in) :: key
    logical, allocatable, intent(inout) :: value(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int64), allocatable :: found(:)
    integer(int32) :: status
    call options_get_integers(self, key, found, status)
    if (status >= 0) value = found /= 0
    call report_status(status, stat, errmsg)
  end subroutine

  recursive subroutine options_get_string(self, key, value, stat, errmsg)
    class(dicod_options), intent(in) :: self
    character(*), intent(in) :: key
    character(:), allocatable, intent(inout) :: value
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    character(kind=c_char), allocatable, target :: name(:), word(:)
    integer(int64), target :: needed
    integer(int32) :: status
    allocate (name, source=to_c(key))
    needed = 0
    status = dicod_options_get_string(self%handle, c_loc(name), 0_int64, c_null_ptr, c_loc(needed))
    allocate (word(needed + 1))
    word = c_null_char
    if (status >= 0) status = dicod_options_get_string(self%handle, c_loc(name), needed + 1, c_loc(word), c_loc(needed))
    if (status >= 0) value = text_from_c(c_loc(word))
    call report_status(status, stat, errmsg)
  end subroutine

  ! Back to the defaults.
  recursive subroutine options_free(self)
    class(dicod_options), intent(inout) :: self
    integer(int32) :: ignored
    ignored = dicod_options_free(self%handle)
  end subroutine

  impure elemental recursive subroutine options_final(self)
    type(dicod_options), intent(inout) :: self
    integer(int32) :: ignored
    ignored = dicod_options_free(self%handle)
  end subroutine

  ! Number of options that there are.
  recursive function n_options() result(n)
    integer(int64), target :: n
    n = 0
    call report_status(dicod_options_get_count(c_loc(n)))
  end function

  ! Option number index, from 1 to n_options().
  recursive subroutine describe_option(index, description, stat, errmsg)
    class(*), intent(in) :: index
    type(option_description), intent(inout) :: description
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(dicod_option_info) :: info
    integer(int32) :: status
    status = dicod_options_describe(whole(index) - 1, info)
    if (status >= 0) description = described(info)
    call report_status(status, stat, errmsg)
  end subroutine

  ! Number of settings of a map that there are.
  recursive function n_settings() result(n)
    integer(int64), target :: n
    n = 0
    call report_status(parmap_settings_get_count(c_loc(n)))
  end function

  ! Setting number index of a map, from 1 to n_settings().
  recursive subroutine describe_setting(index, description, stat, errmsg)
    class(*), intent(in) :: index
    type(option_description), intent(inout) :: description
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(dicod_option_info) :: info
    integer(int32) :: status
    status = parmap_settings_describe(whole(index) - 1, info)
    if (status >= 0) description = described(info)
    call report_status(status, stat, errmsg)
  end subroutine

  recursive function described(info) result(description)
    type(dicod_option_info), intent(in) :: info
    type(option_description) :: description
    description%key = text_from_c(info%key)
    description%kind = text_from_c(info%value_type)
    description%default = text_from_c(info%default_value)
    description%allowed = text_from_c(info%allowed)
    description%meaning = text_from_c(info%meaning)
  end function
end module
