! One call on plain arrays.
module dicod_solve_m
  use, intrinsic :: iso_fortran_env, only: int32, int64, real32, real64
  use dicod_c
  use dicod_error_m
  use dicod_context_m
  use dicod_options_m
  use dicod_shape_m
  implicit none
  private
  public :: solve, lambda_max, reconstruct, objective, gram, info_text

  ! call solve(x, d, z, ...): activations z of the signals x.
  interface solve
    !@each x d z
    module procedure solve_{n}
    !@end
  end interface
  ! lambda_max(x, d, ...): the least regularisation for which z = 0 is optimal.
  interface lambda_max
    !@each x d z
    module procedure lambda_max_{n}
    !@end
  end interface
  ! call reconstruct(z, d, x, ...): the signals that z stands for.
  interface reconstruct
    !@each x d z
    module procedure reconstruct_{n}
    !@end
  end interface
  ! objective(x, d, z, ...): what solve minimises; data_term is its first half.
  interface objective
    !@each x d z
    module procedure objective_{n}
    !@end
  end interface
  ! call gram(d, g): correlations of the atoms, g(2 lx - 1, ..., atom, atom).
  interface gram
    !@each d
    module procedure gram_{n}
    !@end
  end interface

contains

  ! What a solve found, as text for people: three lines.
  recursive function info_text(info) result(text)
    type(dicod_info), intent(in) :: info
    character(:), allocatable :: text
    character(kind=c_char), allocatable, target :: buffer(:)
    integer(int64), target :: needed
    needed = 1
    call report_status(dicod_info_text(info, 0_int64, c_null_ptr, c_loc(needed)))
    allocate (buffer(needed))
    call report_status(dicod_info_text(info, needed, c_loc(buffer), c_loc(needed)))
    text = text_from_c(c_loc(buffer))
  end function

  !@each x d z
  recursive subroutine solve_{n}(x, d, z, context, options, &
      !@option_names
      info, atom_shapes, stat, errmsg)
    real({kind}), intent(in), contiguous, target :: x({x}), d({d})
    real({kind}), intent(inout), contiguous, target :: z({z})
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    !@option_declarations
    type(dicod_info), intent(inout), optional :: info
    class(*), intent(in), optional :: atom_shapes(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    call c%choose_context(context)
    call c%choose_options(options, &
      !@option_pass
    call c%measure('x', shape(x, int64), shape(d, int64))
    call c%own_shapes(atom_shapes)
    call c%check_z(shape(z, int64))
    if (c%proceed()) call c%finish(dicod_solve{c}(c%context, c%options, c%problem(), c_loc(x), c_loc(d), c_loc(z), info))
    call c%report(stat, errmsg)
  end subroutine

  recursive function lambda_max_{n}(x, d, context, options, positive, periodic, background, background_length, &
      atom_shapes, stat, errmsg) result(value)
    real({kind}), intent(in), contiguous, target :: x({x}), d({d})
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    logical, intent(in), optional :: positive
    class(*), intent(in), optional :: periodic(..), background_length(..)
    character(*), intent(in), optional :: background
    class(*), intent(in), optional :: atom_shapes(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    real(real64) :: value
    real(real64), target :: found
    type(call_state), target :: c
    found = 0
    call c%choose_context(context)
    call c%choose_options(options, positive=positive, periodic=periodic, background=background, &
      background_length=background_length)
    call c%measure('x', shape(x, int64), shape(d, int64))
    call c%own_shapes(atom_shapes)
    if (c%proceed()) call c%finish(dicod_lambda_max{c}(c%context, c%options, c%problem(), c_loc(x), c_loc(d), c_loc(found)))
    value = found
    call c%report(stat, errmsg)
  end function

  recursive subroutine reconstruct_{n}(z, d, x, context, options, periodic, atom_shapes, stat, errmsg)
    real({kind}), intent(in), contiguous, target :: z({z}), d({d})
    real({kind}), intent(inout), contiguous, target :: x({x})
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: periodic(..)
    class(*), intent(in), optional :: atom_shapes(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    call c%choose_context(context)
    call c%choose_options(options, periodic=periodic)
    call c%measure('x', shape(x, int64), shape(d, int64))
    call c%own_shapes(atom_shapes)
    call c%check_z(shape(z, int64))
    if (c%proceed()) call c%finish(dicod_reconstruct{c}(c%context, c%options, c%problem(), c_loc(d), c_loc(z), c_loc(x)))
    call c%report(stat, errmsg)
  end subroutine

  recursive function objective_{n}(x, d, z, data_term, context, options, reg, reg_per_atom, reg_scale, &
      ridge, positive, periodic, background, background_length, atom_shapes, stat, errmsg) result(value)
    real({kind}), intent(in), contiguous, target :: x({x}), d({d}), z({z})
    real(real64), intent(out), optional :: data_term
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, reg_per_atom(..), ridge, periodic(..), background_length(..)
    character(*), intent(in), optional :: reg_scale, background
    logical, intent(in), optional :: positive
    class(*), intent(in), optional :: atom_shapes(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    real(real64) :: value
    real(real64), target :: found, first
    type(call_state), target :: c
    found = 0
    first = 0
    call c%choose_context(context)
    call c%choose_options(options, reg=reg, reg_per_atom=reg_per_atom, reg_scale=reg_scale, ridge=ridge, &
      positive=positive, periodic=periodic, background=background, background_length=background_length)
    call c%measure('x', shape(x, int64), shape(d, int64))
    call c%own_shapes(atom_shapes)
    call c%check_z(shape(z, int64))
    if (c%proceed()) call c%finish(dicod_objective{c}(c%context, c%options, c%problem(), c_loc(x), c_loc(d), c_loc(z), &
      c_loc(found), c_loc(first)))
    value = found
    if (present(data_term)) data_term = first
    call c%report(stat, errmsg)
  end function

  !@end
  !@each d
  recursive subroutine gram_{n}(d, g, context, atom_shapes, stat, errmsg)
    real({kind}), intent(in), contiguous, target :: d({d})
    real({kind}), intent(inout), contiguous, target :: g({d})
    type(dicod_context), intent(in), optional :: context
    class(*), intent(in), optional :: atom_shapes(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    call c%choose_context(context)
    call c%measure_d(shape(d, int64))
    call c%own_shapes(atom_shapes)
    call c%compare('g', shape(g, int64), [2*reverse(c%g%atom(:c%g%n_axes)) - 1, c%g%n_atoms, c%g%n_atoms])
    if (c%proceed()) call c%finish(dicod_gram{c}(c%context, c%problem(), c_loc(d), c_loc(g)))
    call c%report(stat, errmsg)
  end subroutine

  !@end
end module
