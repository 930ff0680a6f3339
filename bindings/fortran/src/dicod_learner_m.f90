! Learning: in one call, or step by step.
module dicod_learner_m
  use, intrinsic :: iso_fortran_env, only: int8, int32, int64, real32, real64
  use dicod_c
  use dicod_error_m
  use dicod_context_m
  use dicod_options_m
  use dicod_shape_m
  use dicod_encoder_m, only: dicod_sparse, list_sparse, take_sparse, tell_region, list_spans, write_trace, ask_memory
  implicit none
  private
  public :: learn, initial_dictionary, dicod_learner, learner_memory, learn_procedure, step_nonzeros

  abstract interface
    ! Told of each outer iteration of learning; setting stop to .true. ends it with DICOD_CANCELLED.
    subroutine learn_procedure(step, stop, user)
      import :: dicod_learn_step
      type(dicod_learn_step), intent(in) :: step
      logical, intent(inout) :: stop
      class(*), intent(inout), optional :: user
    end subroutine
  end interface

  type :: learn_box
    procedure(learn_procedure), pointer, nopass :: each => null()
    class(*), pointer :: user => null()
  end type

  type, extends(library_handle) :: dicod_learner
    logical :: collective = .false.
    type(callback_box), pointer :: box => null()
    type(geometry) :: g
  contains
    !@each d
    procedure, private :: create_{n}, restore_{n}, restore_bytes_{n}, get_dictionary_{n}, get_dictionary_rank1_{n}
    ! call l%create(d, signal_shape, n_signals, ...)
    generic :: create => create_{n}
    ! call l%restore(d, path or bytes, signal_shape, ...)
    generic :: restore => restore_{n}, restore_bytes_{n}
    generic :: get_dictionary => get_dictionary_{n}
    generic :: get_dictionary_rank1 => get_dictionary_rank1_{n}
    !@end
    !@each x
    procedure, private :: step_{n}, run_{n}, encode_{n}, sort_atoms_{n}, reconstruct_{n}, residual_{n}, objective_{n}
    procedure, private :: get_background_{n}, set_weights_{n}
    ! call l%step(x, step, offset)
    generic :: step => step_{n}
    ! call l%run(x, info, offset, each, user)
    generic :: run => run_{n}
    ! call l%encode(x, info, offset)
    generic :: encode => encode_{n}
    ! call l%sort_atoms(x, order, explained, offset)
    generic :: sort_atoms => sort_atoms_{n}
    generic :: reconstruct => reconstruct_{n}
    ! call l%get_background(background, offset)
    generic :: get_background => get_background_{n}
    ! call l%residual(x, residual, offset, residual_offset)
    generic :: residual => residual_{n}
    generic :: objective => objective_{n}
    ! call l%set_weights(weights, offset)
    generic :: set_weights => set_weights_{n}
    !@end
    !@each z
    procedure, private :: set_z_{n}, get_z_{n}
    generic :: set_z => set_z_{n}
    generic :: get_z => get_z_{n}
    !@end
    procedure, private :: learner_restore, learner_restore_bytes
    ! call l%restore(path or bytes, ...)
    generic :: restore => learner_restore, learner_restore_bytes
    procedure :: clear_weights => learner_clear_weights
    procedure :: clear_z => learner_clear_z
    procedure :: get_sparse => learner_get_sparse
    procedure :: set_sparse => learner_set_sparse
    procedure :: region => learner_region
    procedure :: get_trace => learner_get_trace
    procedure :: get_trace_json => learner_get_trace_json
    procedure :: describe => learner_describe
    procedure :: get_options => learner_get_options
    procedure :: get_lambda => learner_get_lambda
    procedure :: get_ztz => learner_get_ztz
    procedure :: get_ztx => learner_get_ztx
    procedure, private :: learner_save, learner_save_bytes
    ! call l%save(path), or l%save(bytes), which rank 0 gets
    generic :: save => learner_save, learner_save_bytes
    procedure :: free => learner_free
    final :: learner_final
  end type

  ! call learner_memory(d, signal_shape, bytes, bytes_gram, ...): what a learner will hold on this rank, before it is made.
  interface learner_memory
    !@each d
    module procedure learner_memory_{n}
    !@end
  end interface

  ! call initial_dictionary(x, d, offset, signal_shape, ...): the dictionary that learning would begin with.
  interface initial_dictionary
    !@each x d z
    module procedure initial_dictionary_{n}
    !@end
  end interface

  ! call learn(x, d, z, ...): dictionary d, and z for it, which may be left out.
  interface learn
    !@each x d z
    module procedure learn_{n}
    !@end
  end interface

contains

  recursive subroutine learner_adopt(self, handle, g, context)
    class(dicod_learner), intent(inout) :: self
    type(c_ptr), intent(in) :: handle
    type(geometry), intent(in) :: g
    type(dicod_context), intent(in), optional :: context
    call learner_free(self)
    self%handle = handle
    self%g = g
    self%collective = .false.
    if (present(context)) then
      self%collective = context%collective
      self%box => context%box
      call hold(self%box)
    end if
  end subroutine

  ! Collective if it was made over a communicator.
  recursive subroutine learner_free(self)
    class(dicod_learner), intent(inout) :: self
    integer(int32) :: ignored
    ignored = dicod_learner_free(self%handle)
    call let_go(self%box)
  end subroutine

  impure elemental recursive subroutine learner_final(self)
    type(dicod_learner), intent(inout) :: self
    integer(int32) :: ignored
    if (self%collective) return
    ignored = dicod_learner_free(self%handle)
    call let_go(self%box)
  end subroutine

  ! The regularisation of each atom, absolute, once it is fixed: lambda(n_atoms). Local.
  recursive subroutine learner_get_lambda(self, lambda, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real64), intent(out) :: lambda(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    real(real64), target :: found(size(lambda) + 1)
    integer(int32) :: status
    found = 0
    status = dicod_learner_get_lambda(self%handle, size(lambda, kind=int64), c_loc(found))
    lambda = found(:size(lambda))
    call report_status(status, stat, errmsg)
  end subroutine

  ! What the last step went by: correlations of the activations with themselves, ztz(2*axes - 1, atom, atom) in the order of its
  ! elements, the middle of the first being shift 0; ztz(t, l, k) = sum_u z_k(u) z_l(u + t). Local.
  recursive subroutine learner_get_ztz(self, ztz, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real64), allocatable, target, intent(inout) :: ztz(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int32) :: status
    integer(int64), target :: n
    n = 0
    status = dicod_learner_get_ztz(self%handle, 0_int64, c_null_ptr, c_loc(n))
    if (status >= 0) then
      if (allocated(ztz)) deallocate (ztz)
      allocate (ztz(n))
      status = dicod_learner_get_ztz(self%handle, n, c_loc(ztz), c_loc(n))
    end if
    call report_status(status, stat, errmsg)
  end subroutine

  ! Correlations of the activations with x, ztx(axes, channel, atom) in the order of its elements: sum_u z_k(u) x(u + s). Local.
  recursive subroutine learner_get_ztx(self, ztx, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real64), allocatable, target, intent(inout) :: ztx(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int32) :: status
    integer(int64), target :: n
    n = 0
    status = dicod_learner_get_ztx(self%handle, 0_int64, c_null_ptr, c_loc(n))
    if (status >= 0) then
      if (allocated(ztx)) deallocate (ztx)
      allocate (ztx(n))
      status = dicod_learner_get_ztx(self%handle, n, c_loc(ztx), c_loc(n))
    end if
    call report_status(status, stat, errmsg)
  end subroutine

  ! Writes a checkpoint: the file is whole at any time. Collective.
  recursive subroutine learner_save(self, path, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    character(*), intent(in) :: path
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    character(kind=c_char), allocatable, target :: name(:)
    allocate (name, source=to_c(path))
    call report_status(dicod_learner_save_file(self%handle, c_loc(name)), stat, errmsg)
  end subroutine

  recursive function learn_trampoline(userdata, step) bind(c, name='') result(code)
    type(c_ptr), value :: userdata
    type(dicod_learn_step), intent(in) :: step
    integer(c_int32_t) :: code
    type(learn_box), pointer :: box
    logical :: stop
    call c_f_pointer(userdata, box)
    stop = .false.
    call box%each(step, stop, box%user)
    code = merge(1_int32, 0_int32, stop)
  end function

  ! Numbers of z that are not zero, per atom, of a step that a procedure is told of.
  recursive function step_nonzeros(step) result(nonzeros)
    type(dicod_learn_step), intent(in) :: step
    integer(int64), allocatable :: nonzeros(:)
    integer(int64), pointer :: found(:)
    allocate (nonzeros(0))
    if (.not. c_associated(step%nonzeros)) return
    call c_f_pointer(step%nonzeros, found, [step%n_atoms])
    nonzeros = found
  end function

  ! Everything that the next step depends on; on ranks other than 0 nothing. Collective.
  recursive subroutine learner_save_bytes(self, bytes, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    integer(int8), allocatable, intent(inout) :: bytes(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int8), allocatable, target :: found(:)
    integer(int64), target :: needed
    integer(int32) :: status
    needed = 0
    status = dicod_learner_save(self%handle, 0_int64, c_null_ptr, c_loc(needed))
    if (status >= 0) then
      allocate (found(needed + 1))
      status = dicod_learner_save(self%handle, needed + 1, c_loc(found), c_loc(needed))
      if (status >= 0) bytes = found(:needed)
    end if
    call report_status(status, stat, errmsg)
  end subroutine

  recursive function told(box, each, user) result(trampoline)
    type(learn_box), intent(inout) :: box
    procedure(learn_procedure), optional :: each
    class(*), intent(in), target, optional :: user
    type(c_funptr) :: trampoline
    trampoline = c_null_funptr
    if (.not. present(each)) return
    trampoline = c_funloc(learn_trampoline)
    box%each => each
    if (present(user)) box%user => user
  end function

  ! All samples count alike again. Collective.
  recursive subroutine learner_clear_weights(self, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call report_status(dicod_learner_clear_weights(self%handle), stat, errmsg)
  end subroutine

  ! Forgets the activations: the next step begins at zero. Local.
  recursive subroutine learner_clear_z(self, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call report_status(dicod_learner_clear_z(self%handle), stat, errmsg)
  end subroutine

  ! The activations on this rank that are not zero; with offset and local_shape those in a block (collective then).
  recursive subroutine learner_get_sparse(self, sparse, offset, local_shape, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    type(dicod_sparse), intent(inout) :: sparse
    class(*), intent(in), optional :: offset(..), local_shape(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call list_sparse(self%handle, .true., self%collective, int(self%g%n_axes), sparse, offset, local_shape, stat, errmsg)
  end subroutine

  ! Sets the activations to these, which are in this rank's region. Collective over several ranks.
  recursive subroutine learner_set_sparse(self, sparse, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    type(dicod_sparse), intent(in) :: sparse
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call take_sparse(self%handle, .true., int(self%g%n_axes), sparse, stat, errmsg)
  end subroutine

  ! The part of the valid domain whose activations are on this rank. Local.
  recursive subroutine learner_region(self, offset, local_shape, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    class(*), intent(inout) :: offset(:), local_shape(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call tell_region(self%handle, .true., int(self%g%n_axes), offset, local_shape, stat, errmsg)
  end subroutine

  ! What this rank did in the last solve for z, with trace=.true.: as for an encoder. Local.
  recursive subroutine learner_get_trace(self, spans, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    type(dicod_span), allocatable, intent(out) :: spans(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call list_spans(self%handle, .true., spans, stat, errmsg)
  end subroutine

  ! The same as JSON text. Local.
  recursive subroutine learner_get_trace_json(self, json, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    character(:), allocatable, intent(out) :: json
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call write_trace(self%handle, .true., json, stat, errmsg)
  end subroutine

  ! What it holds: everything that its arrays have to fit. Local.
  recursive subroutine learner_describe(self, description, stat, errmsg)
    class(dicod_learner), intent(in) :: self
    type(dicod_description), intent(inout) :: description
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(dicod_handle_info) :: info
    integer(int64), target :: needed
    integer(int64), allocatable, target :: shapes(:)
    integer(int32) :: status
    status = dicod_learner_describe(self%handle, info)
    if (status >= 0) then
      call describe_handle(info, description)
      allocate (shapes(info%n_axes*info%n_atoms))
      status = dicod_learner_get_atom_shapes(self%handle, size(shapes, kind=int64), c_loc(shapes), c_loc(needed))
      call describe_atoms(shapes, description)
    end if
    call report_status(status, stat, errmsg)
  end subroutine

  ! The options that it works with. Local.
  recursive subroutine learner_get_options(self, options, stat, errmsg)
    class(dicod_learner), intent(in) :: self
    type(dicod_options), intent(inout) :: options
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(c_ptr) :: handle
    integer(int32) :: status
    handle = c_null_ptr
    status = dicod_learner_get_options(self%handle, handle)
    if (status >= 0) then
      call options%free()
      options%handle = handle
    end if
    call report_status(status, stat, errmsg)
  end subroutine

  ! Restores from a file, or from bytes. Shapes and kind are those that were saved; what the caller says of them is compared,
  ! and refused on all ranks where it is wrong on one.
  recursive subroutine restoring(self, path, bytes, shape_d, element_type, signal_shape, n_signals, context, options, atom_shapes, &
      stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    character(*), intent(in), optional :: path
    integer(int8), intent(in), contiguous, target, optional :: bytes(:)
    integer(int64), intent(in), optional :: shape_d(:), element_type
    class(*), intent(in), optional :: signal_shape(..), n_signals
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: atom_shapes(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    type(dicod_handle_info) :: info, expected
    type(c_ptr) :: handle, with
    character(kind=c_char), allocatable, target :: name(:)
    integer(int32) :: ignored
    handle = c_null_ptr
    with = c_null_ptr
    if (present(options)) with = options%handle
    call c%choose_context(context)
    if (.not. c%proceed()) then
      call c%report(stat, errmsg)
      return
    end if
    if (present(path)) then
      allocate (name, source=to_c(path))
      call c%finish(dicod_learner_restore_file(c%context, with, c%pointer(c_loc(name)), handle))
    else if (present(bytes)) then
      call c%finish(dicod_learner_restore(c%context, with, size(bytes, kind=int64), c_loc(bytes), handle))
    end if
    if (c%status < 0) then
      call c%report(stat, errmsg)
      return
    end if
    call c%finish(dicod_learner_describe(handle, info))
    c%g = geometry_of(info)
    if (present(element_type)) then
      if (element_type /= info%element_type) then
        c%status = DICOD_ERROR_INVALID_ARGUMENT
        c%text = 'd is of real('//merge('real64', 'real32', element_type == DICOD_F64)//'), the checkpoint of the other kind'
      end if
    end if
    if (present(shape_d)) call c%same_d(shape_d, c%g)
    if (present(signal_shape)) call c%compare('signal_shape', wholes(signal_shape), reverse(c%g%signal(:c%g%n_axes)))
    if (present(n_signals)) call c%compare('n_signals', [whole(n_signals)], [c%g%n_signals])
    if (present(atom_shapes)) call c%own_shapes(atom_shapes)
    if (c%status >= 0 .and. present(atom_shapes)) then
      expected%n_axes = info%n_axes
      expected%n_atoms = info%n_atoms
      expected%atom_shapes = c_loc(c%atom_shapes)
    end if
    ! Tells the others.
    if (c%status < 0) expected%n_axes = -1
    if (c%proceed()) call c%finish(dicod_learner_expect(handle, expected))
    if (c%status < 0) then
      ignored = dicod_learner_free(handle)
    else
      call learner_adopt(self, handle, c%g, context)
    end if
    call c%report(stat, errmsg)
  end subroutine

  ! From what save() wrote: a file, or the bytes that rank 0 brings (all others none). options replace those that were saved.
  recursive subroutine learner_restore(self, path, signal_shape, n_signals, context, options, atom_shapes, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    character(*), intent(in) :: path
    class(*), intent(in), optional :: signal_shape(..), n_signals
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: atom_shapes(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call restoring(self, path=path, signal_shape=signal_shape, n_signals=n_signals, context=context, options=options, &
      atom_shapes=atom_shapes, stat=stat, errmsg=errmsg)
  end subroutine

  ! The same from bytes.
  recursive subroutine learner_restore_bytes(self, bytes, signal_shape, n_signals, context, options, atom_shapes, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    integer(int8), intent(in), contiguous, target :: bytes(:)
    class(*), intent(in), optional :: signal_shape(..), n_signals
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: atom_shapes(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call restoring(self, bytes=bytes, signal_shape=signal_shape, n_signals=n_signals, context=context, options=options, &
      atom_shapes=atom_shapes, stat=stat, errmsg=errmsg)
  end subroutine

  !@each x d z
  recursive subroutine learn_{n}(x, d, z, context, options, &
      !@option_names
      each, user, info, atom_shapes, stat, errmsg)
    real({kind}), intent(in), contiguous, target :: x({x})
    real({kind}), intent(inout), contiguous, target :: d({d})
    real({kind}), intent(inout), contiguous, target, optional :: z({z})
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    !@option_declarations
    procedure(learn_procedure), optional :: each
    class(*), intent(in), target, optional :: user
    type(dicod_learn_info), intent(inout), optional :: info
    class(*), intent(in), optional :: atom_shapes(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    type(learn_box), target :: box
    type(c_ptr) :: at_z
    call c%choose_context(context)
    call c%choose_options(options, &
      !@option_pass
    call c%measure('x', shape(x, int64), shape(d, int64))
    call c%own_shapes(atom_shapes)
    at_z = c_null_ptr
    if (present(z)) then
      call c%check_z(shape(z, int64))
      at_z = c_loc(z)
    end if
    if (c%proceed()) call c%finish(dicod_learn{c}(c%context, c%options, c%problem(), c_loc(x), told(box, each, user), c_loc(box), &
      c_loc(d), at_z, info))
    call c%report(stat, errmsg)
  end subroutine

  ! The dictionary that learning would begin with. x is this rank's block of a domain of signal_shape, which begins at offset;
  ! without signal_shape all of it. Collective over several ranks.
  recursive subroutine initial_dictionary_{n}(x, d, offset, signal_shape, context, options, &
      !@option_names
      atom_shapes, stat, errmsg)
    real({kind}), intent(in), target :: x({x})
    real({kind}), intent(inout), contiguous, target :: d({d})
    class(*), intent(in), optional :: offset(..), signal_shape(..)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    !@option_declarations
    class(*), intent(in), optional :: atom_shapes(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    type(described), target :: a
    integer(int64) :: signal(3), n_signals
    n_signals = 1
    if (rank(x) == rank(d)) n_signals = size(x, rank(x), kind=int64)
    call c%choose_context(context)
    call c%choose_options(options, &
      !@option_pass
    if (present(signal_shape)) then
      call c%domain(shape(d, int64), signal_shape, n_signals, {element})
    else
      call c%measure('x', shape(x, int64), shape(d, int64))
      c%g%element_type = {element}
    end if
    call c%own_shapes(atom_shapes)
    signal = c%g%signal
    call c%lay_out('x', view_{m}(x), c%g%n_channels, signal, offset, a)
    if (c%proceed()) call c%finish(dicod_initial_dictionary{c}(c%context, c%options, c%problem(), a%input(), c_loc(d)))
    call c%report(stat, errmsg)
  end subroutine

  !@end
  !@each d
  ! The shape of d counts, its values with learn_init='given' and for fixed atoms only.
  recursive subroutine create_{n}(self, d, signal_shape, n_signals, context, options, &
      !@option_names
      atom_shapes, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real({kind}), intent(in), contiguous, target :: d({d})
    class(*), intent(in) :: signal_shape(..)
    class(*), intent(in), optional :: n_signals
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    !@option_declarations
    class(*), intent(in), optional :: atom_shapes(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    type(c_ptr) :: handle
    handle = c_null_ptr
    call c%choose_context(context)
    call c%choose_options(options, &
      !@option_pass
    call c%domain(shape(d, int64), signal_shape, n_signals, {element})
    call c%own_shapes(atom_shapes)
    if (c%proceed()) call c%finish(dicod_learner_create{c}(c%context, c%options, c%problem(), c_loc(d), handle))
    if (c%status >= 0) call learner_adopt(self, handle, c%g, context)
    call c%report(stat, errmsg)
  end subroutine

  ! Of d shape and kind count. The block of x on this rank begins at offset and has the shape local_shape; without them it is all.
  ! bytes_weights: what set_weights adds to bytes. Collective over several ranks.
  recursive subroutine learner_memory_{n}(d, signal_shape, bytes, bytes_gram, bytes_weights, n_signals, offset, local_shape, &
      context, options, &
      !@option_names
      atom_shapes, stat, errmsg)
    real({kind}), intent(in), target :: d({d})
    class(*), intent(in) :: signal_shape(..)
    integer(int64), intent(inout) :: bytes
    integer(int64), intent(inout), optional :: bytes_gram, bytes_weights
    class(*), intent(in), optional :: n_signals, offset(..), local_shape(..)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    !@option_declarations
    class(*), intent(in), optional :: atom_shapes(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    call c%choose_context(context)
    call c%choose_options(options, &
      !@option_pass
    call c%domain(shape(d, int64), signal_shape, n_signals, {element})
    call c%own_shapes(atom_shapes)
    call ask_memory(c, .true., {element}, offset, local_shape, bytes, bytes_gram, bytes_weights)
    call c%report(stat, errmsg)
  end subroutine

  ! The same where d, of which only shape and kind count, is what a dictionary of the checkpoint has to fit.
  recursive subroutine restore_{n}(self, d, path, signal_shape, n_signals, context, options, atom_shapes, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real({kind}), intent(in) :: d({d})
    character(*), intent(in) :: path
    class(*), intent(in), optional :: signal_shape(..), n_signals
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: atom_shapes(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call restoring(self, path=path, shape_d=shape(d, int64), element_type={element}, signal_shape=signal_shape, &
      n_signals=n_signals, context=context, options=options, atom_shapes=atom_shapes, stat=stat, errmsg=errmsg)
  end subroutine

  recursive subroutine restore_bytes_{n}(self, d, bytes, signal_shape, n_signals, context, options, atom_shapes, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real({kind}), intent(in) :: d({d})
    integer(int8), intent(in), contiguous, target :: bytes(:)
    class(*), intent(in), optional :: signal_shape(..), n_signals
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: atom_shapes(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call restoring(self, bytes=bytes, shape_d=shape(d, int64), element_type={element}, signal_shape=signal_shape, &
      n_signals=n_signals, context=context, options=options, atom_shapes=atom_shapes, stat=stat, errmsg=errmsg)
  end subroutine

  ! The dictionary as it is now. Local.
  recursive subroutine get_dictionary_{n}(self, d, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real({kind}), intent(inout), contiguous, target :: d({d})
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    call c%ready(self%handle, self%g, {element}, 'learner', self%collective)
    call c%same_d(shape(d, int64), self%g)
    if (c%status >= 0) call c%finish(dicod_learner_get_dictionary{c}(self%handle, size(d, kind=int64), c_loc(d)))
    call c%report(stat, errmsg)
  end subroutine

  ! With learn_rank_one: u(channel, atom), v(axes, atom).
  recursive subroutine get_dictionary_rank1_{n}(self, u, v, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real({kind}), intent(inout), contiguous, target :: u(:, :), v({v})
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    call c%ready(self%handle, self%g, {element}, 'learner', self%collective)
    call c%same_factors(shape(u, int64), shape(v, int64), self%g)
    if (c%status >= 0) call c%finish(dicod_learner_get_dictionary_rank1{c}(self%handle, size(u, kind=int64), c_loc(u), &
      size(v, kind=int64), c_loc(v)))
    call c%report(stat, errmsg)
  end subroutine

  !@end
  !@each x
  ! One outer iteration: z, then the dictionary. x as for an encoder.
  recursive subroutine step_{n}(self, x, step, offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real({kind}), intent(in), target :: x({x})
    type(dicod_learn_step), intent(inout), optional :: step
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, {element}, 'learner', self%collective)
    call c%lay_out('x', view_{m}(x), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_step(self%handle, a%input(), step))
    call c%report(stat, errmsg)
  end subroutine

  ! Steps until the objective hardly changes; each is told of every one.
  recursive subroutine run_{n}(self, x, info, offset, each, user, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real({kind}), intent(in), target :: x({x})
    type(dicod_learn_info), intent(inout), optional :: info
    class(*), intent(in), optional :: offset(..)
    procedure(learn_procedure), optional :: each
    class(*), intent(in), target, optional :: user
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    type(learn_box), target :: box
    call c%ready(self%handle, self%g, {element}, 'learner', self%collective)
    call c%lay_out('x', view_{m}(x), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_run(self%handle, a%input(), told(box, each, user), c_loc(box), info))
    call c%report(stat, errmsg)
  end subroutine

  ! z for the dictionary as it is.
  recursive subroutine encode_{n}(self, x, info, offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real({kind}), intent(in), target :: x({x})
    type(dicod_info), intent(inout), optional :: info
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, {element}, 'learner', self%collective)
    call c%lay_out('x', view_{m}(x), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_encode(self%handle, a%input(), info))
    call c%report(stat, errmsg)
  end subroutine

  ! Atoms in order of what they explain: order(k) is which one atom k was before.
  recursive subroutine sort_atoms_{n}(self, x, order, explained, offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real({kind}), intent(in), target :: x({x})
    integer(int64), allocatable, intent(inout), optional :: order(:)
    real(real64), allocatable, intent(inout), optional :: explained(:)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    integer(int64), target :: places(self%g%n_atoms + 1)
    real(real64), target :: values(self%g%n_atoms + 1)
    integer(int64) :: n
    n = self%g%n_atoms
    call c%ready(self%handle, self%g, {element}, 'learner', self%collective)
    call c%lay_out('x', view_{m}(x), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_sort_atoms(self%handle, a%input(), n, c_loc(places), c_loc(values)))
    if (c%status >= 0 .and. present(order)) order = places(:n) + 1
    if (c%status >= 0 .and. present(explained)) explained = values(:n)
    call c%report(stat, errmsg)
  end subroutine

  ! What the activations stand for, on any block.
  recursive subroutine reconstruct_{n}(self, x, offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real({kind}), intent(inout), target :: x({x})
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(view) :: v
    type(described), target :: a
    call c%ready(self%handle, self%g, {element}, 'learner', self%collective)
    ! In batches there are learn_batch signals: the library compares.
    v = view_{m}(x)
    c%g%n_signals = merge(v%extent(min(v%rank, 5)), 1_int64, v%rank == c%g%n_axes + 2)
    call c%lay_out('x', v, self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_reconstruct(self%handle, a%array))
    call c%report(stat, errmsg)
  end subroutine

  ! What was taken from the signals of the last step, on any block.
  recursive subroutine get_background_{n}(self, background, offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real({kind}), intent(inout), target :: background({x})
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(view) :: v
    type(described), target :: a
    call c%ready(self%handle, self%g, {element}, 'learner', self%collective)
    ! In batches there are learn_batch signals: the library compares.
    v = view_{m}(background)
    c%g%n_signals = merge(v%extent(min(v%rank, 5)), 1_int64, v%rank == c%g%n_axes + 2)
    call c%lay_out('background', v, self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_get_background(self%handle, a%array))
    call c%report(stat, errmsg)
  end subroutine

  ! What they leave of x, this rank's block: on any block, which begins at residual_offset.
  recursive subroutine residual_{n}(self, x, residual, offset, residual_offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real({kind}), intent(in), target :: x({x})
    real({kind}), intent(inout), target :: residual({x})
    class(*), intent(in), optional :: offset(..), residual_offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(view) :: v
    type(described), target :: a, b
    call c%ready(self%handle, self%g, {element}, 'learner', self%collective)
    ! In batches there are learn_batch signals: the library compares.
    v = view_{m}(x)
    c%g%n_signals = merge(v%extent(min(v%rank, 5)), 1_int64, v%rank == c%g%n_axes + 2)
    call c%lay_out('x', v, self%g%n_channels, self%g%signal, offset, a)
    call c%lay_out('residual', view_{m}(residual), self%g%n_channels, self%g%signal, residual_offset, b)
    if (c%proceed()) call c%finish(dicod_learner_residual(self%handle, a%input(), b%array))
    call c%report(stat, errmsg)
  end subroutine

  ! F(z) of all of x, of which this is a rank's block, and its data term.
  recursive subroutine objective_{n}(self, x, objective, data_term, offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real({kind}), intent(in), target :: x({x})
    real(real64), intent(inout) :: objective
    real(real64), intent(inout), optional :: data_term
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    real(real64), target :: found(2)
    type(call_state) :: c
    type(view) :: v
    type(described), target :: a
    call c%ready(self%handle, self%g, {element}, 'learner', self%collective)
    ! In batches there are learn_batch signals: the library compares.
    v = view_{m}(x)
    c%g%n_signals = merge(v%extent(min(v%rank, 5)), 1_int64, v%rank == c%g%n_axes + 2)
    call c%lay_out('x', v, self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_objective(self%handle, a%input(), c_loc(found(1)), c_loc(found(2))))
    if (c%status >= 0) objective = found(1)
    if (c%status >= 0 .and. present(data_term)) data_term = found(2)
    call c%report(stat, errmsg)
  end subroutine

  ! Weights of the samples from the next step on, this rank's block as x, of all signals: at least 0; 0 where a sample is missing, and
  ! x may be NaN.
  recursive subroutine set_weights_{n}(self, weights, offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real({kind}), intent(in), target :: weights({x})
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, {element}, 'learner', self%collective)
    call c%lay_out('weights', view_{m}(weights), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_set_weights(self%handle, a%input()))
    call c%report(stat, errmsg)
  end subroutine

  !@end
  !@each z
  ! Activations that the next step starts from, unless it is one of batches.
  recursive subroutine set_z_{n}(self, z, offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real({kind}), intent(in), target :: z({z})
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    type(view) :: v
    call c%ready(self%handle, self%g, {element}, 'learner', self%collective)
    v = view_{m}(z)
    c%g%n_signals = merge(v%extent(min(v%rank, 5)), 1_int64, v%rank == c%g%n_axes + 2)
    call c%lay_out('z', v, self%g%n_atoms, self%g%valid, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_set_z(self%handle, a%input()))
    call c%report(stat, errmsg)
  end subroutine

  ! Any block of the activations.
  recursive subroutine get_z_{n}(self, z, offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real({kind}), intent(inout), target :: z({z})
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    type(view) :: v
    call c%ready(self%handle, self%g, {element}, 'learner', self%collective)
    v = view_{m}(z)
    ! In batches z has learn_batch signals: the library compares.
    c%g%n_signals = merge(v%extent(min(v%rank, 5)), 1_int64, v%rank == c%g%n_axes + 2)
    call c%lay_out('z', v, self%g%n_atoms, self%g%valid, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_get_z(self%handle, a%array))
    call c%report(stat, errmsg)
  end subroutine

  !@end
end module
