! A dictionary bound to a domain. x and z may be blocks, sections, have ghost layers around: nothing is copied.
module dicod_encoder_m
  use, intrinsic :: iso_fortran_env, only: int32, int64, real32, real64
  use dicod_c
  use dicod_error_m
  use dicod_context_m
  use dicod_options_m
  use dicod_shape_m
  implicit none
  private
  public :: dicod_encoder, dicod_sparse, encoder_memory, path_procedure, reg_path
  ! For learners, too.
  public :: list_sparse, take_sparse, tell_region, list_spans, write_trace, ask_memory

  ! Activations that are not zero: value(i) is z(position(1, i), ..., atom(i), signal(i)).
  type :: dicod_sparse
    integer(int64) :: count = 0
    integer(int64), allocatable :: signal(:), atom(:), position(:, :)
    real(real64), allocatable :: value(:)
  end type

  abstract interface
    ! Told of each point of a path, from 1, with what was found there; the encoder holds its z. Setting stop to .true. ends it with
    ! DICOD_CANCELLED.
    subroutine path_procedure(point, reg, info, stop, user)
      import :: dicod_info, int64, real64
      integer(int64), intent(in) :: point
      real(real64), intent(in) :: reg
      type(dicod_info), intent(in) :: info
      logical, intent(inout) :: stop
      class(*), intent(inout), optional :: user
    end subroutine
  end interface

  type :: path_box
    procedure(path_procedure), pointer, nopass :: each => null()
    class(*), pointer :: user => null()
  end type

  ! Where the spans of a trace are collected.
  type :: span_list
    integer :: count = 0
    type(dicod_span), allocatable :: spans(:)
  end type

  type, extends(library_handle) :: dicod_encoder
    logical :: collective = .false.
    type(callback_box), pointer :: box => null()
    type(geometry) :: g
  contains
    !@each d
    procedure, private :: create_{n}, create_rank1_{n}, set_dictionary_{n}, set_dictionary_rank1_{n}, &
      get_dictionary_{n}, get_dictionary_rank1_{n}
    ! call e%create(d, signal_shape, n_signals, ...)
    generic :: create => create_{n}
    ! call e%create_rank1(u, v, signal_shape, ...): u(channel, atom), v(axes, atom)
    generic :: create_rank1 => create_rank1_{n}
    generic :: set_dictionary => set_dictionary_{n}
    generic :: set_dictionary_rank1 => set_dictionary_rank1_{n}
    generic :: get_dictionary => get_dictionary_{n}
    generic :: get_dictionary_rank1 => get_dictionary_rank1_{n}
    !@end
    !@each x
    ! call e%solve(x, info, offset)
    procedure, private :: solve_{n}, path_{n}, reconstruct_{n}, residual_{n}, objective_{n}, set_weights_{n}
    procedure, private :: get_background_{n}
    generic :: solve => solve_{n}
    ! call e%path(x, reg, info, offset, each, user)
    generic :: path => path_{n}
    generic :: reconstruct => reconstruct_{n}
    ! call e%get_background(background, offset)
    generic :: get_background => get_background_{n}
    ! call e%residual(x, residual, offset, residual_offset)
    generic :: residual => residual_{n}
    generic :: objective => objective_{n}
    ! call e%set_weights(weights, offset)
    generic :: set_weights => set_weights_{n}
    !@end
    !@each z
    procedure, private :: set_z_{n}, get_z_{n}, set_penalties_{n}
    generic :: set_z => set_z_{n}
    ! call e%set_penalties(penalties, offset)
    generic :: set_penalties => set_penalties_{n}
    generic :: get_z => get_z_{n}
    !@end
    procedure :: clear_weights => encoder_clear_weights
    procedure :: clear_penalties => encoder_clear_penalties
    procedure :: clear_z => encoder_clear_z
    procedure :: get_sparse => encoder_get_sparse
    procedure :: set_sparse => encoder_set_sparse
    procedure :: region => encoder_region
    procedure :: valid_shape => encoder_valid_shape
    procedure :: get_lambda => encoder_get_lambda
    procedure :: get_tolerance => encoder_get_tolerance
    procedure :: describe => encoder_describe
    procedure :: get_options => encoder_get_options
    procedure :: get_trace => encoder_get_trace
    procedure :: get_trace_json => encoder_get_trace_json
    procedure :: free => encoder_free
    final :: encoder_final
  end type

  ! call encoder_memory(d, signal_shape, bytes, bytes_gram, ...): what an encoder will hold on this rank, before it is made.
  interface encoder_memory
    !@each d
    module procedure encoder_memory_{n}
    !@end
  end interface

contains

  ! What an encoder will hold, or a learner.
  recursive subroutine ask_memory(c, learns, element_type, offset, local_shape, bytes, bytes_gram, bytes_weights, bytes_penalties)
    type(call_state), intent(inout), target :: c
    logical, intent(in) :: learns
    integer(int64), intent(in) :: element_type
    class(*), intent(in), optional :: offset(..), local_shape(..)
    integer(int64), intent(inout) :: bytes
    integer(int64), intent(inout), optional :: bytes_gram, bytes_weights, bytes_penalties
    integer(int64), target :: first(3), local(3), found(4)
    type(c_ptr) :: at_first, at_local
    at_first = c_null_ptr
    at_local = c_null_ptr
    if (c%status >= 0 .and. present(offset)) call take(wholes(offset), first, at_first)
    if (c%status >= 0 .and. present(local_shape)) call take(wholes(local_shape), local, at_local)
    if (.not. c%proceed()) return
    if (learns) then
      call c%finish(dicod_learner_memory(c%context, c%options, c%problem(), element_type, at_first, at_local, c_loc(found(1)), &
        c_loc(found(2)), c_loc(found(3))))
    else
      call c%finish(dicod_encoder_memory(c%context, c%options, c%problem(), element_type, at_first, at_local, c_loc(found(1)), &
        c_loc(found(2)), c_loc(found(3)), c_loc(found(4))))
    end if
    if (c%status < 0) return
    bytes = found(1)
    if (present(bytes_gram)) bytes_gram = found(2)
    if (present(bytes_weights)) bytes_weights = found(3)
    if (present(bytes_penalties)) bytes_penalties = found(4)
  contains
    subroutine take(list, to, at)
      integer(int64), intent(in) :: list(:)
      integer(int64), intent(inout), target :: to(3)
      type(c_ptr), intent(inout) :: at
      integer :: n
      n = int(c%g%n_axes)
      if (size(list) /= n) then
        c%status = DICOD_ERROR_INVALID_SHAPE
        c%text = 'offset and local_shape need one value per axis'
        return
      end if
      to(:n) = reverse(list)
      at = c_loc(to)
    end subroutine
  end subroutine

  recursive subroutine encoder_adopt(self, handle, g, context)
    class(dicod_encoder), intent(inout) :: self
    type(c_ptr), intent(in) :: handle
    type(geometry), intent(in) :: g
    type(dicod_context), intent(in), optional :: context
    call encoder_free(self)
    self%handle = handle
    self%g = g
    self%collective = .false.
    if (present(context)) then
      self%collective = context%collective
      self%box => context%box
      call hold(self%box)
    end if
  end subroutine

  ! Collective where the context was freed before and is on a communicator.
  recursive subroutine encoder_free(self)
    class(dicod_encoder), intent(inout) :: self
    integer(int32) :: ignored
    ignored = dicod_encoder_free(self%handle)
    call let_go(self%box)
  end subroutine

  impure elemental recursive subroutine encoder_final(self)
    type(dicod_encoder), intent(inout) :: self
    integer(int32) :: ignored
    if (self%collective) return
    ignored = dicod_encoder_free(self%handle)
    call let_go(self%box)
  end subroutine

  ! What it holds: everything that its arrays have to fit. Local.
  recursive subroutine encoder_describe(self, description, stat, errmsg)
    class(dicod_encoder), intent(in) :: self
    type(dicod_description), intent(inout) :: description
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(dicod_handle_info) :: info
    integer(int64), target :: needed
    integer(int64), allocatable, target :: shapes(:)
    integer(int32) :: status
    status = dicod_encoder_describe(self%handle, info)
    if (status >= 0) then
      call describe_handle(info, description)
      allocate (shapes(info%n_axes*info%n_atoms))
      status = dicod_encoder_get_atom_shapes(self%handle, size(shapes, kind=int64), c_loc(shapes), c_loc(needed))
      call describe_atoms(shapes, description)
    end if
    call report_status(status, stat, errmsg)
  end subroutine

  ! The options that it was made with. Local.
  recursive subroutine encoder_get_options(self, options, stat, errmsg)
    class(dicod_encoder), intent(in) :: self
    type(dicod_options), intent(inout) :: options
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(c_ptr) :: handle
    integer(int32) :: status
    handle = c_null_ptr
    status = dicod_encoder_get_options(self%handle, handle)
    if (status >= 0) then
      call options%free()
      options%handle = handle
    end if
    call report_status(status, stat, errmsg)
  end subroutine

  ! Regularisations for a path: reg(1) = most, the last one is least, each the same multiple of the one before. Local.
  recursive subroutine reg_path(reg, most, least, stat, errmsg)
    real(real64), intent(inout) :: reg(:)
    real(real64), intent(in) :: most, least
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    real(real64), target :: found(size(reg) + 1)
    integer(int32) :: status
    status = dicod_reg_path(size(reg, kind=int64), most, least, c_loc(found))
    if (status >= 0) reg = found(:size(reg))
    call report_status(status, stat, errmsg)
  end subroutine

  recursive function path_trampoline(userdata, point, reg, info) bind(c, name='') result(code)
    type(c_ptr), value :: userdata
    integer(c_int64_t), value :: point
    real(c_double), value :: reg
    type(dicod_info), intent(in) :: info
    integer(c_int32_t) :: code
    type(path_box), pointer :: box
    logical :: stop
    call c_f_pointer(userdata, box)
    stop = .false.
    call box%each(point + 1, reg, info, stop, box%user)
    code = merge(1_int32, 0_int32, stop)
  end function

  ! All samples count alike again.
  recursive subroutine encoder_clear_weights(self, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call report_status(dicod_encoder_clear_weights(self%handle), stat, errmsg)
  end subroutine

  ! All activations have the penalty lambda again.
  recursive subroutine encoder_clear_penalties(self, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call report_status(dicod_encoder_clear_penalties(self%handle), stat, errmsg)
  end subroutine

  ! Forgets the activations: the next warm start begins at zero.
  recursive subroutine encoder_clear_z(self, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call report_status(dicod_encoder_clear_z(self%handle), stat, errmsg)
  end subroutine

  ! Shape of the activations, axes only.
  recursive function encoder_valid_shape(self) result(shape)
    class(dicod_encoder), intent(in) :: self
    integer(int64) :: shape(self%g%n_axes)
    shape = reverse(self%g%valid(:self%g%n_axes))
  end function

  ! The activations on this rank that are not zero; with offset and local_shape those in a block (collective then).
  recursive subroutine encoder_get_sparse(self, sparse, offset, local_shape, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    type(dicod_sparse), intent(inout) :: sparse
    class(*), intent(in), optional :: offset(..), local_shape(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call list_sparse(self%handle, .false., self%collective, int(self%g%n_axes), sparse, offset, local_shape, stat, errmsg)
  end subroutine

  ! What procedures of encoders and learners have in common is in these; the library's function is that of the handle.
  recursive function sparse_of(handle, learner, block, first, local, capacity, signal, atom, position, value, count) result(status)
    type(c_ptr), intent(in) :: handle, first, local, signal, atom, position, value, count
    logical, intent(in) :: learner, block
    integer(int64), intent(in) :: capacity
    integer(int32) :: status
    if (learner .and. block) then
      status = dicod_learner_get_sparse_block(handle, first, local, capacity, signal, atom, position, value, count)
    else if (learner) then
      status = dicod_learner_get_sparse(handle, capacity, signal, atom, position, value, count)
    else if (block) then
      status = dicod_encoder_get_sparse_block(handle, first, local, capacity, signal, atom, position, value, count)
    else
      status = dicod_encoder_get_sparse(handle, capacity, signal, atom, position, value, count)
    end if
  end function

  recursive subroutine list_sparse(handle, learner, collective, n, sparse, offset, local_shape, stat, errmsg)
    type(c_ptr), intent(in) :: handle
    logical, intent(in) :: learner, collective
    integer, intent(in) :: n
    type(dicod_sparse), intent(inout) :: sparse
    class(*), intent(in), optional :: offset(..), local_shape(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int64), allocatable, target :: signal(:), atom(:), position(:, :)
    real(real64), allocatable, target :: value(:)
    integer(int64), target :: first(3), local(3), count
    integer(int32) :: status
    logical :: block
    type(c_ptr) :: at_first
    character(:), allocatable :: text
    allocate (character(0) :: text)
    at_first = c_null_ptr
    if (present(offset) .neqv. present(local_shape)) then
      text = 'offset and local_shape go together'
    else if (present(offset)) then
      if (size(wholes(offset)) /= n .or. size(wholes(local_shape)) /= n) then
        text = 'offset '//text_of(wholes(offset))//' and local_shape '//text_of(wholes(local_shape))//' need one value per axis'
      else
        first(:n) = reverse(wholes(offset))
        local(:n) = reverse(wholes(local_shape))
        at_first = c_loc(first)
      end if
    end if
    if (text /= '' .and. .not. collective) then
      call report_status(DICOD_ERROR_INVALID_SHAPE, stat, errmsg, text)
      return
    end if
    block = present(offset) .or. text /= ''
    count = 0
    if (text /= '') call refuse_next(DICOD_ERROR_INVALID_SHAPE, text)
    status = sparse_of(handle, learner, block, at_first, c_loc(local), 0_int64, c_null_ptr, c_null_ptr, c_null_ptr, c_null_ptr, &
      c_loc(count))
    if (status >= 0) then
      allocate (signal(count + 1), atom(count + 1), position(n, count + 1), value(count + 1))
      status = sparse_of(handle, learner, block, at_first, c_loc(local), count + 1, c_loc(signal), c_loc(atom), c_loc(position), &
        c_loc(value), c_loc(count))
    end if
    if (status >= 0) then
      sparse%count = count
      sparse%signal = signal(:count) + 1
      sparse%atom = atom(:count) + 1
      sparse%position = position(n:1:-1, :count) + 1
      sparse%value = value(:count)
    end if
    call report_status(status, stat, errmsg)
  end subroutine

  ! Sets the activations to these, which are in this rank's region, for a warm start. Collective over several ranks.
  recursive subroutine encoder_set_sparse(self, sparse, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    type(dicod_sparse), intent(in) :: sparse
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call take_sparse(self%handle, .false., int(self%g%n_axes), sparse, stat, errmsg)
  end subroutine

  recursive function set_sparse_of(handle, learner, count, signal, atom, position, value) result(status)
    type(c_ptr), intent(in) :: handle, signal, atom, position, value
    logical, intent(in) :: learner
    integer(int64), intent(in) :: count
    integer(int32) :: status
    if (learner) then
      status = dicod_learner_set_sparse(handle, count, signal, atom, position, value)
    else
      status = dicod_encoder_set_sparse(handle, count, signal, atom, position, value)
    end if
  end function

  recursive subroutine take_sparse(handle, learner, n, sparse, stat, errmsg)
    type(c_ptr), intent(in) :: handle
    logical, intent(in) :: learner
    integer, intent(in) :: n
    type(dicod_sparse), intent(in) :: sparse
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int64), allocatable, target :: signal(:), atom(:), position(:, :)
    real(real64), allocatable, target :: value(:)
    character(:), allocatable :: text
    integer(int64) :: count
    logical :: fits
    count = sparse%count
    fits = allocated(sparse%signal) .and. allocated(sparse%atom) .and. allocated(sparse%position) .and. allocated(sparse%value)
    if (fits) fits = all([size(sparse%signal), size(sparse%atom), size(sparse%position, 2), size(sparse%value)] == count) &
      .and. size(sparse%position, 1) == n
    if (.not. fits .and. count /= 0) then
      text = 'the lists of sparse need count entries, and position one value per axis for each'
      call refuse_next(DICOD_ERROR_INVALID_SHAPE, text)
      count = 0
    end if
    if (count == 0) then
      call report_status(set_sparse_of(handle, learner, 0_int64, c_null_ptr, c_null_ptr, c_null_ptr, c_null_ptr), stat, errmsg)
      return
    end if
    allocate (signal, source=sparse%signal - 1)
    allocate (atom, source=sparse%atom - 1)
    allocate (position, source=sparse%position(n:1:-1, :) - 1)
    allocate (value, source=sparse%value)
    call report_status(set_sparse_of(handle, learner, count, c_loc(signal), c_loc(atom), c_loc(position), c_loc(value)), &
      stat, errmsg)
  end subroutine

  ! The part of the valid domain whose activations are on this rank.
  recursive subroutine encoder_region(self, offset, local_shape, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    class(*), intent(inout) :: offset(:), local_shape(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call tell_region(self%handle, .false., int(self%g%n_axes), offset, local_shape, stat, errmsg)
  end subroutine

  recursive subroutine tell_region(handle, learner, n, offset, local_shape, stat, errmsg)
    type(c_ptr), intent(in) :: handle
    logical, intent(in) :: learner
    integer, intent(in) :: n
    class(*), intent(inout) :: offset(:), local_shape(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int64), target :: first(3), local(3)
    integer(int32) :: status
    if (size(offset) /= n .or. size(local_shape) /= n) then
      call report_status(DICOD_ERROR_INVALID_SHAPE, stat, errmsg, 'offset and local_shape need one value per axis')
      return
    end if
    if (learner) then
      status = dicod_learner_get_region(handle, c_loc(first), c_loc(local))
    else
      status = dicod_encoder_get_region(handle, c_loc(first), c_loc(local))
    end if
    if (status >= 0) then
      call give(reverse(first(:n)), offset, 'offset', status)
      call give(reverse(local(:n)), local_shape, 'local_shape', status)
    end if
    call report_status(status, stat, errmsg)
  end subroutine

  ! The regularisation of each atom in the last solve, absolute: lambda(n_atoms). Local.
  recursive subroutine encoder_get_lambda(self, lambda, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real64), intent(out) :: lambda(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    real(real64), target :: found(size(lambda) + 1)
    integer(int32) :: status
    found = 0
    status = dicod_encoder_get_lambda(self%handle, size(lambda, kind=int64), c_loc(found))
    lambda = found(:size(lambda))
    call report_status(status, stat, errmsg)
  end subroutine

  ! Tolerance on |dz| of each atom in the last solve, in units of its z. Local.
  recursive subroutine encoder_get_tolerance(self, tolerance, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real64), intent(out) :: tolerance(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    real(real64), target :: found(size(tolerance) + 1)
    integer(int32) :: status
    found = 0
    status = dicod_encoder_get_tolerance(self%handle, size(tolerance, kind=int64), c_loc(found))
    tolerance = found(:size(tolerance))
    call report_status(status, stat, errmsg)
  end subroutine

  ! What this rank did in the last solve, made with trace=.true.: in order of the spans' ends. Sweeps, colours and tiles
  ! count from 0. Local.
  recursive subroutine encoder_get_trace(self, spans, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    type(dicod_span), allocatable, intent(out) :: spans(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call list_spans(self%handle, .false., spans, stat, errmsg)
  end subroutine

  recursive subroutine list_spans(handle, learner, spans, stat, errmsg)
    type(c_ptr), intent(in) :: handle
    logical, intent(in) :: learner
    type(dicod_span), allocatable, intent(out) :: spans(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(span_list), target :: list
    integer(int32) :: status
    allocate (list%spans(64))
    if (learner) then
      status = dicod_learner_get_trace(handle, c_funloc(span_trampoline), c_loc(list))
    else
      status = dicod_encoder_get_trace(handle, c_funloc(span_trampoline), c_loc(list))
    end if
    spans = list%spans(:list%count)
    call report_status(status, stat, errmsg)
  end subroutine

  recursive function span_trampoline(userdata, span) bind(c, name='') result(go_on)
    type(c_ptr), value :: userdata
    type(dicod_span), intent(in) :: span
    integer(c_int32_t) :: go_on
    type(span_list), pointer :: list
    call c_f_pointer(userdata, list)
    if (list%count == size(list%spans)) list%spans = [list%spans, list%spans]
    list%count = list%count + 1
    list%spans(list%count) = span
    go_on = 0
  end function

  ! The same as JSON text. Local.
  recursive subroutine encoder_get_trace_json(self, json, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    character(:), allocatable, intent(out) :: json
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call write_trace(self%handle, .false., json, stat, errmsg)
  end subroutine

  recursive function trace_of(handle, learner, capacity, json, needed) result(status)
    type(c_ptr), intent(in) :: handle, json, needed
    logical, intent(in) :: learner
    integer(int64), intent(in) :: capacity
    integer(int32) :: status
    if (learner) then
      status = dicod_learner_get_trace_json(handle, capacity, json, needed)
    else
      status = dicod_encoder_get_trace_json(handle, capacity, json, needed)
    end if
  end function

  recursive subroutine write_trace(handle, learner, json, stat, errmsg)
    type(c_ptr), intent(in) :: handle
    logical, intent(in) :: learner
    character(:), allocatable, intent(out) :: json
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    character(kind=c_char), allocatable, target :: buffer(:)
    integer(int64), target :: needed
    integer(int32) :: status
    needed = 1
    status = trace_of(handle, learner, 0_int64, c_null_ptr, c_loc(needed))
    allocate (buffer(needed))
    buffer = c_null_char
    if (status >= 0) status = trace_of(handle, learner, needed, c_loc(buffer), c_loc(needed))
    json = text_from_c(c_loc(buffer))
    call report_status(status, stat, errmsg)
  end subroutine

  ! Shape of d that factors u and v stand for.
  pure recursive function shape_of_atoms(shape_u, shape_v) result(shape_d)
    integer(int64), intent(in) :: shape_u(2), shape_v(:)
    integer(int64) :: shape_d(size(shape_v) + 1)
    shape_d = [shape_v(:size(shape_v) - 1), shape_u]
  end function

  !@each d
  ! d(l..., channel, atom) on a domain of signal_shape; n_signals signals. Collective, as everything here is unless it says
  ! otherwise.
  recursive subroutine create_{n}(self, d, signal_shape, n_signals, context, options, &
      !@option_names
      atom_shapes, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
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
    if (c%proceed()) call c%finish(dicod_encoder_create{c}(c%context, c%options, c%problem(), c_loc(d), handle))
    if (c%status >= 0) call encoder_adopt(self, handle, c%g, context)
    call c%report(stat, errmsg)
  end subroutine

  ! Atoms of rank one: u(channel, atom) times v(l..., atom).
  recursive subroutine create_rank1_{n}(self, u, v, signal_shape, n_signals, context, options, &
      !@option_names
      atom_shapes, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real({kind}), intent(in), contiguous, target :: u(:, :), v({v})
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
    if (c%status >= 0 .and. size(u, 2) /= size(v, rank(v))) then
      c%status = DICOD_ERROR_INVALID_SHAPE
      c%text = 'u has the shape '//text_of(shape(u, int64))//', v has '//text_of(shape(v, int64))// &
        ': they are (channel, atom) and (axes, atom)'
    end if
    call c%domain(shape_of_atoms(shape(u, int64), shape(v, int64)), signal_shape, n_signals, {element})
    call c%own_shapes(atom_shapes)
    if (c%proceed()) call c%finish(dicod_encoder_create_rank1{c}(c%context, c%options, c%problem(), c_loc(u), c_loc(v), handle))
    if (c%status >= 0) call encoder_adopt(self, handle, c%g, context)
    call c%report(stat, errmsg)
  end subroutine

  ! Of d shape and kind count. The block of x on this rank begins at offset and has the shape local_shape; without them it is all.
  ! bytes_weights and bytes_penalties: what set_weights and set_penalties add to bytes. Collective over several ranks.
  recursive subroutine encoder_memory_{n}(d, signal_shape, bytes, bytes_gram, bytes_weights, bytes_penalties, n_signals, offset, &
      local_shape, context, options, &
      !@option_names
      atom_shapes, stat, errmsg)
    real({kind}), intent(in), target :: d({d})
    class(*), intent(in) :: signal_shape(..)
    integer(int64), intent(inout) :: bytes
    integer(int64), intent(inout), optional :: bytes_gram, bytes_weights, bytes_penalties
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
    call ask_memory(c, .false., {element}, offset, local_shape, bytes, bytes_gram, bytes_weights, bytes_penalties)
    call c%report(stat, errmsg)
  end subroutine

  ! Another dictionary of the same shape; the activations are kept.
  recursive subroutine set_dictionary_{n}(self, d, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real({kind}), intent(in), contiguous, target :: d({d})
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    call c%ready(self%handle, self%g, {element}, 'encoder', self%collective)
    call c%same_d(shape(d, int64), self%g)
    if (c%proceed()) call c%finish(dicod_encoder_set_dictionary{c}(self%handle, c%pointer(c_loc(d))))
    call c%report(stat, errmsg)
  end subroutine

  ! The same for factors: atoms of rank one.
  recursive subroutine set_dictionary_rank1_{n}(self, u, v, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real({kind}), intent(in), contiguous, target :: u(:, :), v({v})
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    call c%ready(self%handle, self%g, {element}, 'encoder', self%collective)
    call c%same_factors(shape(u, int64), shape(v, int64), self%g)
    if (c%proceed()) call c%finish(dicod_encoder_set_dictionary_rank1{c}(self%handle, c%pointer(c_loc(u)), c_loc(v)))
    call c%report(stat, errmsg)
  end subroutine

  ! The dictionary as it is, bit for bit; atoms of rank one multiplied out. Local.
  recursive subroutine get_dictionary_{n}(self, d, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real({kind}), intent(inout), contiguous, target :: d({d})
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    call c%ready(self%handle, self%g, {element}, 'encoder', .false.)
    call c%same_d(shape(d, int64), self%g)
    if (c%status >= 0) call c%finish(dicod_encoder_get_dictionary{c}(self%handle, size(d, kind=int64), c_loc(d)))
    call c%report(stat, errmsg)
  end subroutine

  ! Its factors, if the atoms are of rank one: u(channel, atom), v(axes, atom). Local.
  recursive subroutine get_dictionary_rank1_{n}(self, u, v, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real({kind}), intent(inout), contiguous, target :: u(:, :), v({v})
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    call c%ready(self%handle, self%g, {element}, 'encoder', .false.)
    call c%same_factors(shape(u, int64), shape(v, int64), self%g)
    if (c%status >= 0) call c%finish(dicod_encoder_get_dictionary_rank1{c}(self%handle, size(u, kind=int64), c_loc(u), &
      size(v, kind=int64), c_loc(v)))
    call c%report(stat, errmsg)
  end subroutine

  !@end
  !@each x
  ! x is this rank's block, offset where it begins in the domain. Ghost layers: pass a section.
  recursive subroutine solve_{n}(self, x, info, offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real({kind}), intent(in), target :: x({x})
    type(dicod_info), intent(inout), optional :: info
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, {element}, 'encoder', self%collective)
    call c%lay_out('x', view_{m}(x), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_solve(self%handle, a%input(), info))
    call c%report(stat, errmsg)
  end subroutine

  ! One solve for each of reg, from the z of the last one; each is told of every point.
  recursive subroutine path_{n}(self, x, reg, info, offset, each, user, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real({kind}), intent(in), target :: x({x})
    real(real64), intent(in) :: reg(:)
    type(dicod_info), intent(inout), optional :: info
    class(*), intent(in), optional :: offset(..)
    procedure(path_procedure), optional :: each
    class(*), intent(in), target, optional :: user
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    type(path_box), target :: box
    real(real64), target :: values(size(reg) + 1)
    type(c_funptr) :: trampoline
    trampoline = c_null_funptr
    if (present(each)) then
      trampoline = c_funloc(path_trampoline)
      box%each => each
      if (present(user)) box%user => user
    end if
    values(:size(reg)) = reg
    call c%ready(self%handle, self%g, {element}, 'encoder', self%collective)
    call c%lay_out('x', view_{m}(x), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_path(self%handle, a%input(), size(reg, kind=int64), c_loc(values), trampoline, &
      c_loc(box), info))
    call c%report(stat, errmsg)
  end subroutine

  ! What the activations stand for, on any block.
  recursive subroutine reconstruct_{n}(self, x, offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real({kind}), intent(inout), target :: x({x})
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, {element}, 'encoder', self%collective)
    call c%lay_out('x', view_{m}(x), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_reconstruct(self%handle, a%array))
    call c%report(stat, errmsg)
  end subroutine

  ! What was taken from the signals of the last solve, on any block.
  recursive subroutine get_background_{n}(self, background, offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real({kind}), intent(inout), target :: background({x})
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, {element}, 'encoder', self%collective)
    call c%lay_out('background', view_{m}(background), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_get_background(self%handle, a%array))
    call c%report(stat, errmsg)
  end subroutine

  ! What they leave of x, this rank's block: on any block, which begins at residual_offset.
  recursive subroutine residual_{n}(self, x, residual, offset, residual_offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real({kind}), intent(in), target :: x({x})
    real({kind}), intent(inout), target :: residual({x})
    class(*), intent(in), optional :: offset(..), residual_offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a, b
    call c%ready(self%handle, self%g, {element}, 'encoder', self%collective)
    call c%lay_out('x', view_{m}(x), self%g%n_channels, self%g%signal, offset, a)
    call c%lay_out('residual', view_{m}(residual), self%g%n_channels, self%g%signal, residual_offset, b)
    if (c%proceed()) call c%finish(dicod_encoder_residual(self%handle, a%input(), b%array))
    call c%report(stat, errmsg)
  end subroutine

  ! F(z) of all of x, of which this is a rank's block, and its data term.
  recursive subroutine objective_{n}(self, x, objective, data_term, offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real({kind}), intent(in), target :: x({x})
    real(real64), intent(inout) :: objective
    real(real64), intent(inout), optional :: data_term
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    real(real64), target :: found(2)
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, {element}, 'encoder', self%collective)
    call c%lay_out('x', view_{m}(x), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_objective(self%handle, a%input(), c_loc(found(1)), c_loc(found(2))))
    if (c%status >= 0) objective = found(1)
    if (c%status >= 0 .and. present(data_term)) data_term = found(2)
    call c%report(stat, errmsg)
  end subroutine

  ! Weights of the samples from the next solve on, this rank's block as x: at least 0; 0 where a sample is missing, and x may be NaN.
  recursive subroutine set_weights_{n}(self, weights, offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real({kind}), intent(in), target :: weights({x})
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, {element}, 'encoder', self%collective)
    call c%lay_out('weights', view_{m}(weights), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_set_weights(self%handle, a%input()))
    call c%report(stat, errmsg)
  end subroutine

  !@end
  !@each z
  ! Activations to start from.
  recursive subroutine set_z_{n}(self, z, offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real({kind}), intent(in), target :: z({z})
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, {element}, 'encoder', self%collective)
    call c%lay_out('z', view_{m}(z), self%g%n_atoms, self%g%valid, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_set_z(self%handle, a%input()))
    call c%report(stat, errmsg)
  end subroutine

  ! Factors of lambda for each activation from the next solve on, this rank's block as z: at least 0; infinite where z is to be 0.
  recursive subroutine set_penalties_{n}(self, penalties, offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real({kind}), intent(in), target :: penalties({z})
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, {element}, 'encoder', self%collective)
    call c%lay_out('penalties', view_{m}(penalties), self%g%n_atoms, self%g%valid, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_set_penalties(self%handle, a%input()))
    call c%report(stat, errmsg)
  end subroutine

  ! Any block of the activations.
  recursive subroutine get_z_{n}(self, z, offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real({kind}), intent(inout), target :: z({z})
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, {element}, 'encoder', self%collective)
    call c%lay_out('z', view_{m}(z), self%g%n_atoms, self%g%valid, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_get_z(self%handle, a%array))
    call c%report(stat, errmsg)
  end subroutine

  !@end
end module
