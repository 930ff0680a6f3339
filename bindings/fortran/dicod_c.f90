! The C interface of libdicod as Fortran sees it, name by name: include/dicod.h describes it.
!
! Generated from the headers in include by tests/bindings.rs (make header): change it there. The module dicod is the
! comfortable way.
!
! Pointers are type(c_ptr), handles that a function sets are passed by reference, structs too; those may be left out where
! the header says that they may be NULL.
module dicod_c
  use, intrinsic :: iso_c_binding
  implicit none
  public

  integer(c_int32_t), parameter :: DICOD_OK = 0_c_int32_t
  integer(c_int32_t), parameter :: DICOD_MAX_ITER = 1_c_int32_t
  integer(c_int32_t), parameter :: DICOD_TIME_LIMIT = 2_c_int32_t
  integer(c_int32_t), parameter :: DICOD_CANCELLED = 3_c_int32_t
  integer(c_int32_t), parameter :: DICOD_PRECISION = 4_c_int32_t
  integer(c_int32_t), parameter :: DICOD_ERROR_NULL_POINTER = -1_c_int32_t
  integer(c_int32_t), parameter :: DICOD_ERROR_INVALID_ARGUMENT = -2_c_int32_t
  integer(c_int32_t), parameter :: DICOD_ERROR_INVALID_SHAPE = -3_c_int32_t
  integer(c_int32_t), parameter :: DICOD_ERROR_OUT_OF_RANGE = -4_c_int32_t
  integer(c_int32_t), parameter :: DICOD_ERROR_NOT_FINITE = -5_c_int32_t
  integer(c_int32_t), parameter :: DICOD_ERROR_UNKNOWN_OPTION = -6_c_int32_t
  integer(c_int32_t), parameter :: DICOD_ERROR_OUT_OF_MEMORY = -7_c_int32_t
  integer(c_int32_t), parameter :: DICOD_ERROR_INVALID_STATE = -8_c_int32_t
  integer(c_int32_t), parameter :: DICOD_ERROR_INTERNAL = -9_c_int32_t
  integer(c_int32_t), parameter :: DICOD_ERROR_COMMUNICATION = -10_c_int32_t
  integer(c_int32_t), parameter :: DICOD_ERROR_FILE = -11_c_int32_t
  integer(c_int32_t), parameter :: DICOD_LOG_WARNING = 1_c_int32_t
  integer(c_int32_t), parameter :: DICOD_LOG_INFO = 2_c_int32_t
  integer(c_int32_t), parameter :: DICOD_LOG_DEBUG = 3_c_int32_t
  integer(c_int64_t), parameter :: DICOD_F32 = 32_c_int64_t
  integer(c_int64_t), parameter :: DICOD_F64 = 64_c_int64_t
  integer(c_int32_t), parameter :: DICOD_SPAN_SOLVE = 0_c_int32_t
  integer(c_int32_t), parameter :: DICOD_SPAN_CORRELATE = 1_c_int32_t
  integer(c_int32_t), parameter :: DICOD_SPAN_DESCEND = 2_c_int32_t
  integer(c_int32_t), parameter :: DICOD_SPAN_CERTIFY = 3_c_int32_t
  integer(c_int32_t), parameter :: DICOD_SPAN_PHASE = 4_c_int32_t
  integer(c_int32_t), parameter :: DICOD_SPAN_VISIT = 5_c_int32_t
  integer(c_int32_t), parameter :: PARMAP_SOME_FAILED = 101_c_int32_t
  integer(c_int32_t), parameter :: PARMAP_STOPPED = 102_c_int32_t
  integer(c_int32_t), parameter :: PARMAP_ERROR_TASK = -101_c_int32_t
  integer(c_int32_t), parameter :: PARMAP_ERROR_PRODUCER = -102_c_int32_t
  integer(c_int32_t), parameter :: PARMAP_ERROR_CONSUMER = -103_c_int32_t
  integer(c_int32_t), parameter :: PARMAP_ERROR_STALLED = -104_c_int32_t
  integer(c_int32_t), parameter :: PARMAP_ERROR_TIMEOUT = -105_c_int32_t
  integer(c_int32_t), parameter :: PARMAP_ERROR_CANCELLED = -106_c_int32_t
  integer(c_int32_t), parameter :: PARMAP_NOT_RUN = -107_c_int32_t
  integer(c_int32_t), parameter :: PARMAP_ERROR_NOT_RESTARTABLE = -108_c_int32_t
  integer(c_int32_t), parameter :: PARMAP_ERROR_EMPTY = -109_c_int32_t
  integer(c_int32_t), parameter :: PARMAP_ITEM = 0_c_int32_t
  integer(c_int32_t), parameter :: PARMAP_END = -1_c_int32_t
  integer(c_int32_t), parameter :: PARMAP_WAIT = -2_c_int32_t
  integer(c_int32_t), parameter :: PARMAP_STOP = -1_c_int32_t

  type, bind(c) :: dicod_progress
    integer(c_int64_t) :: struct_size = 72_c_int64_t
    integer(c_int64_t) :: sweeps = 0
    integer(c_int64_t) :: steps = 0
    integer(c_int64_t) :: visits = 0
    integer(c_int64_t) :: awake = 0
    integer(c_int64_t) :: tiles = 0
    real(c_double) :: max_step = 0
    real(c_double) :: tol = 0
    real(c_double) :: seconds = 0
  end type

  type, bind(c) :: dicod_option_info
    integer(c_int64_t) :: struct_size = 48_c_int64_t
    type(c_ptr) :: key = c_null_ptr
    type(c_ptr) :: value_type = c_null_ptr
    type(c_ptr) :: default_value = c_null_ptr
    type(c_ptr) :: allowed = c_null_ptr
    type(c_ptr) :: meaning = c_null_ptr
  end type

  type, bind(c) :: dicod_info
    integer(c_int64_t) :: struct_size = 184_c_int64_t
    integer(c_int32_t) :: status = 0
    integer(c_int32_t) :: n_threads = 0
    real(c_double) :: lambda = 0
    real(c_double) :: lambda_max = 0
    real(c_double) :: tol = 0
    integer(c_int64_t) :: steps = 0
    integer(c_int64_t) :: visits = 0
    integer(c_int64_t) :: sweeps = 0
    integer(c_int64_t) :: nonzeros = 0
    real(c_double) :: objective = 0
    real(c_double) :: data_term = 0
    real(c_double) :: max_step = 0
    real(c_double) :: duality_gap = 0
    real(c_double) :: seconds = 0
    real(c_double) :: seconds_gram = 0
    real(c_double) :: seconds_correlate = 0
    real(c_double) :: seconds_descend = 0
    real(c_double) :: seconds_certify = 0
    integer(c_int64_t) :: bytes = 0
    integer(c_int64_t) :: bytes_gram = 0
    integer(c_int64_t) :: messages = 0
    integer(c_int64_t) :: bytes_sent = 0
    real(c_double) :: seconds_waiting = 0
  end type

  type, bind(c) :: dicod_array
    integer(c_int64_t) :: struct_size = 72_c_int64_t
    integer(c_int64_t) :: element_type = DICOD_F64
    integer(c_int64_t) :: n_axes = 0
    type(c_ptr) :: global_shape = c_null_ptr
    type(c_ptr) :: offset = c_null_ptr
    type(c_ptr) :: local_shape = c_null_ptr
    type(c_ptr) :: strides = c_null_ptr
    integer(c_int64_t) :: n_channels = 0
    type(c_ptr) :: channels = c_null_ptr
  end type

  type, bind(c) :: dicod_span
    integer(c_int64_t) :: struct_size = 88_c_int64_t
    integer(c_int32_t) :: activity = 0
    integer(c_int32_t) :: awake = 0
    integer(c_int64_t) :: sweep = 0
    integer(c_int64_t) :: colour = 0
    integer(c_int64_t) :: tile = 0
    integer(c_int64_t) :: steps = 0
    real(c_double) :: start = 0
    real(c_double) :: seconds = 0
    real(c_double) :: seconds_waiting = 0
    integer(c_int64_t) :: messages = 0
    integer(c_int64_t) :: bytes_sent = 0
  end type

  type, bind(c) :: dicod_learn_step
    integer(c_int64_t) :: struct_size = 120_c_int64_t
    integer(c_int64_t) :: iteration = 0
    real(c_double) :: objective_z = 0
    real(c_double) :: objective_d = 0
    real(c_double) :: lambda = 0
    real(c_double) :: lambda_max = 0
    integer(c_int64_t) :: n_atoms = 0
    type(c_ptr) :: nonzeros = c_null_ptr
    integer(c_int64_t) :: redrawn = 0
    integer(c_int64_t) :: recentred = 0
    integer(c_int64_t) :: steps = 0
    integer(c_int64_t) :: dict_iterations = 0
    real(c_double) :: seconds_z = 0
    real(c_double) :: seconds_statistics = 0
    real(c_double) :: seconds_d = 0
  end type

  type, bind(c) :: dicod_learn_info
    integer(c_int64_t) :: struct_size = 112_c_int64_t
    integer(c_int32_t) :: status = 0
    integer(c_int32_t) :: n_threads = 0
    integer(c_int64_t) :: iterations = 0
    integer(c_int64_t) :: redrawn = 0
    real(c_double) :: lambda = 0
    real(c_double) :: lambda_max = 0
    real(c_double) :: objective = 0
    real(c_double) :: data_term = 0
    real(c_double) :: duality_gap = 0
    integer(c_int64_t) :: nonzeros = 0
    real(c_double) :: seconds = 0
    real(c_double) :: seconds_z = 0
    real(c_double) :: seconds_statistics = 0
    real(c_double) :: seconds_d = 0
  end type

  type, bind(c) :: parmap_progress
    integer(c_int64_t) :: struct_size = 48_c_int64_t
    integer(c_int64_t) :: done = 0
    integer(c_int64_t) :: total = 0
    integer(c_int64_t) :: failed = 0
    real(c_double) :: elapsed = 0
    real(c_double) :: eta = 0
  end type

  type, bind(c) :: parmap_report
    integer(c_int64_t) :: struct_size = 328_c_int64_t
    integer(c_int32_t) :: status = 0
    integer(c_int32_t) :: failure_code = 0
    integer(c_int64_t) :: failure_index = 0
    integer(c_int32_t) :: failure_rank = 0
    integer(c_int32_t) :: failure_worker = 0
    integer(c_int64_t) :: done = 0
    integer(c_int64_t) :: failed = 0
    integer(c_int64_t) :: total = 0
    integer(c_int64_t) :: unfinished = 0
    real(c_double) :: seconds = 0
    character(kind=c_char) :: failure_message(256) = c_null_char
  end type

  type, bind(c) :: parmap_reducer
    integer(c_int64_t) :: struct_size = 64_c_int64_t
    type(c_ptr) :: userdata = c_null_ptr
    type(c_funptr) :: fork = c_null_funptr
    type(c_funptr) :: work = c_null_funptr
    type(c_funptr) :: pack = c_null_funptr
    type(c_funptr) :: unpack = c_null_funptr
    type(c_funptr) :: join = c_null_funptr
    type(c_funptr) :: free = c_null_funptr
  end type

  type, bind(c) :: parmap_node
    integer(c_int64_t) :: struct_size = 120_c_int64_t
    type(c_ptr) :: state = c_null_ptr
    integer(c_int64_t) :: phases = 0
    type(c_funptr) :: can_fork = c_null_funptr
    type(c_funptr) :: fork = c_null_funptr
    type(c_funptr) :: train = c_null_funptr
    type(c_funptr) :: pack = c_null_funptr
    type(c_funptr) :: unpack = c_null_funptr
    type(c_funptr) :: join = c_null_funptr
    type(c_funptr) :: stop = c_null_funptr
    type(c_funptr) :: execute = c_null_funptr
    integer(c_int32_t) :: forks_in_execution = 0
    type(c_funptr) :: save = c_null_funptr
    type(c_funptr) :: load = c_null_funptr
    type(c_funptr) :: free = c_null_funptr
  end type

  type, bind(c) :: parmap_operator
    integer(c_int64_t) :: struct_size = 80_c_int64_t
    type(c_ptr) :: state = c_null_ptr
    integer(c_int64_t) :: in_size = 0
    integer(c_int64_t) :: out_size = 0
    integer(c_int32_t) :: linear = 1
    type(c_funptr) :: eval = c_null_funptr
    type(c_funptr) :: linearize = c_null_funptr
    type(c_funptr) :: derivative = c_null_funptr
    type(c_funptr) :: adjoint = c_null_funptr
    type(c_funptr) :: end = c_null_funptr
  end type

  type, bind(c) :: parmap_member
    integer(c_int64_t) :: struct_size = 72_c_int64_t
    integer(c_int64_t) :: n_parameters = 0
    type(c_ptr) :: x = c_null_ptr
    real(c_double) :: value = 0
    integer(c_int64_t) :: evaluations = 0
    integer(c_int64_t) :: limit = 0
    integer(c_int32_t) :: converged = 0
    type(c_ptr) :: state = c_null_ptr
    integer(c_int64_t) :: state_size = 0
  end type

  abstract interface
    subroutine dicod_log_fn(userdata, level, message) bind(c)
      import
      type(c_ptr), value :: userdata
      integer(c_int32_t), value :: level
      type(c_ptr), value :: message
    end subroutine
    function dicod_progress_fn(userdata, progress) bind(c) result(outcome)
      import
      type(c_ptr), value :: userdata
      type(dicod_progress), intent(in) :: progress
      integer(c_int32_t) :: outcome
    end function
    function dicod_span_fn(userdata, span) bind(c) result(outcome)
      import
      type(c_ptr), value :: userdata
      type(dicod_span), intent(in) :: span
      integer(c_int32_t) :: outcome
    end function
    function dicod_learn_fn(userdata, step) bind(c) result(outcome)
      import
      type(c_ptr), value :: userdata
      type(dicod_learn_step), intent(in) :: step
      integer(c_int32_t) :: outcome
    end function
    function parmap_progress_fn(userdata, progress) bind(c) result(outcome)
      import
      type(c_ptr), value :: userdata
      type(parmap_progress), intent(in) :: progress
      integer(c_int32_t) :: outcome
    end function
    function parmap_work_fn(userdata, task, input, output) bind(c) result(outcome)
      import
      type(c_ptr), value :: userdata
      type(c_ptr), value :: task
      type(c_ptr), value :: input
      type(c_ptr), value :: output
      integer(c_int32_t) :: outcome
    end function
    function parmap_produce_fn(userdata, buffer) bind(c) result(outcome)
      import
      type(c_ptr), value :: userdata
      type(c_ptr), value :: buffer
      integer(c_int32_t) :: outcome
    end function
    function parmap_item_fn(userdata, task, input, size, output) bind(c) result(outcome)
      import
      type(c_ptr), value :: userdata
      type(c_ptr), value :: task
      type(c_ptr), value :: input
      integer(c_int64_t), value :: size
      type(c_ptr), value :: output
      integer(c_int32_t) :: outcome
    end function
    function parmap_consume_fn(userdata, index, status, data, size) bind(c) result(outcome)
      import
      type(c_ptr), value :: userdata
      integer(c_int64_t), value :: index
      integer(c_int32_t), value :: status
      type(c_ptr), value :: data
      integer(c_int64_t), value :: size
      integer(c_int32_t) :: outcome
    end function
    function parmap_restart_fn(userdata) bind(c) result(outcome)
      import
      type(c_ptr), value :: userdata
      integer(c_int32_t) :: outcome
    end function
    function parmap_checkpoint_fn(userdata, node, data, size) bind(c) result(outcome)
      import
      type(c_ptr), value :: userdata
      integer(c_int64_t), value :: node
      type(c_ptr), value :: data
      integer(c_int64_t), value :: size
      integer(c_int32_t) :: outcome
    end function
    function parmap_solver_fn(userdata, task, member) bind(c) result(outcome)
      import
      type(c_ptr), value :: userdata
      type(c_ptr), value :: task
      type(parmap_member), intent(inout) :: member
      integer(c_int32_t) :: outcome
    end function
  end interface

  interface
    function dicod_strerror(status) bind(c, name='dicod_strerror') result(outcome)
      import
      integer(c_int32_t), value :: status
      type(c_ptr) :: outcome
    end function
    function dicod_last_error(buffer, capacity, needed) bind(c, name='dicod_last_error') result(outcome)
      import
      type(c_ptr), value :: buffer
      integer(c_int64_t), value :: capacity
      type(c_ptr), value :: needed
      integer(c_int32_t) :: outcome
    end function
    function dicod_version() bind(c, name='dicod_version') result(outcome)
      import
      type(c_ptr) :: outcome
    end function
    function dicod_context_create(n_threads, context) bind(c, name='dicod_context_create') result(outcome)
      import
      integer(c_int32_t), value :: n_threads
      type(c_ptr), intent(inout), optional :: context
      integer(c_int32_t) :: outcome
    end function
    function dicod_context_free(context) bind(c, name='dicod_context_free') result(outcome)
      import
      type(c_ptr), intent(inout), optional :: context
      integer(c_int32_t) :: outcome
    end function
    function dicod_context_ranks(context, rank, n_ranks) bind(c, name='dicod_context_ranks') result(outcome)
      import
      type(c_ptr), value :: context
      type(c_ptr), value :: rank
      type(c_ptr), value :: n_ranks
      integer(c_int32_t) :: outcome
    end function
    function dicod_context_threads(context, n_threads) bind(c, name='dicod_context_threads') result(outcome)
      import
      type(c_ptr), value :: context
      type(c_ptr), value :: n_threads
      integer(c_int32_t) :: outcome
    end function
    function dicod_context_set_log(context, log, userdata) bind(c, name='dicod_context_set_log') result(outcome)
      import
      type(c_ptr), value :: context
      type(c_funptr), value :: log
      type(c_ptr), value :: userdata
      integer(c_int32_t) :: outcome
    end function
    function dicod_context_set_progress(context, progress, userdata) bind(c, &
        name='dicod_context_set_progress') result(outcome)
      import
      type(c_ptr), value :: context
      type(c_funptr), value :: progress
      type(c_ptr), value :: userdata
      integer(c_int32_t) :: outcome
    end function
    function dicod_options_create(options) bind(c, name='dicod_options_create') result(outcome)
      import
      type(c_ptr), intent(inout), optional :: options
      integer(c_int32_t) :: outcome
    end function
    subroutine dicod_options_free(options) bind(c, name='dicod_options_free')
      import
      type(c_ptr), intent(inout), optional :: options
    end subroutine
    function dicod_options_set_real(options, key, value) bind(c, name='dicod_options_set_real') result(outcome)
      import
      type(c_ptr), value :: options
      type(c_ptr), value :: key
      real(c_double), value :: value
      integer(c_int32_t) :: outcome
    end function
    function dicod_options_set_reals(options, key, n, values) bind(c, name='dicod_options_set_reals') result(outcome)
      import
      type(c_ptr), value :: options
      type(c_ptr), value :: key
      integer(c_int64_t), value :: n
      type(c_ptr), value :: values
      integer(c_int32_t) :: outcome
    end function
    function dicod_options_set_integer(options, key, value) bind(c, name='dicod_options_set_integer') result(outcome)
      import
      type(c_ptr), value :: options
      type(c_ptr), value :: key
      integer(c_int64_t), value :: value
      integer(c_int32_t) :: outcome
    end function
    function dicod_options_set_integers(options, key, n, values) bind(c, &
        name='dicod_options_set_integers') result(outcome)
      import
      type(c_ptr), value :: options
      type(c_ptr), value :: key
      integer(c_int64_t), value :: n
      type(c_ptr), value :: values
      integer(c_int32_t) :: outcome
    end function
    function dicod_options_set_string(options, key, value) bind(c, name='dicod_options_set_string') result(outcome)
      import
      type(c_ptr), value :: options
      type(c_ptr), value :: key
      type(c_ptr), value :: value
      integer(c_int32_t) :: outcome
    end function
    function dicod_options_get_real(options, key, value) bind(c, name='dicod_options_get_real') result(outcome)
      import
      type(c_ptr), value :: options
      type(c_ptr), value :: key
      type(c_ptr), value :: value
      integer(c_int32_t) :: outcome
    end function
    function dicod_options_get_reals(options, key, capacity, values, count) bind(c, &
        name='dicod_options_get_reals') result(outcome)
      import
      type(c_ptr), value :: options
      type(c_ptr), value :: key
      integer(c_int64_t), value :: capacity
      type(c_ptr), value :: values
      type(c_ptr), value :: count
      integer(c_int32_t) :: outcome
    end function
    function dicod_options_get_integer(options, key, value) bind(c, name='dicod_options_get_integer') result(outcome)
      import
      type(c_ptr), value :: options
      type(c_ptr), value :: key
      type(c_ptr), value :: value
      integer(c_int32_t) :: outcome
    end function
    function dicod_options_get_integers(options, key, capacity, values, count) bind(c, &
        name='dicod_options_get_integers') result(outcome)
      import
      type(c_ptr), value :: options
      type(c_ptr), value :: key
      integer(c_int64_t), value :: capacity
      type(c_ptr), value :: values
      type(c_ptr), value :: count
      integer(c_int32_t) :: outcome
    end function
    function dicod_options_get_string(options, key, capacity, value, needed) bind(c, &
        name='dicod_options_get_string') result(outcome)
      import
      type(c_ptr), value :: options
      type(c_ptr), value :: key
      integer(c_int64_t), value :: capacity
      type(c_ptr), value :: value
      type(c_ptr), value :: needed
      integer(c_int32_t) :: outcome
    end function
    function dicod_options_count(count) bind(c, name='dicod_options_count') result(outcome)
      import
      type(c_ptr), value :: count
      integer(c_int32_t) :: outcome
    end function
    function dicod_options_describe(index, info) bind(c, name='dicod_options_describe') result(outcome)
      import
      integer(c_int64_t), value :: index
      type(dicod_option_info), intent(inout), optional :: info
      integer(c_int32_t) :: outcome
    end function
    function dicod_valid_shape(options, n_axes, signal_shape, atom_shape, valid_shape) bind(c, &
        name='dicod_valid_shape') result(outcome)
      import
      type(c_ptr), value :: options
      integer(c_int64_t), value :: n_axes
      type(c_ptr), value :: signal_shape
      type(c_ptr), value :: atom_shape
      type(c_ptr), value :: valid_shape
      integer(c_int32_t) :: outcome
    end function
    function dicod_valid_block(options, n_axes, signal_shape, atom_shape, offset, local_shape, valid_offset, &
        valid_local_shape) bind(c, name='dicod_valid_block') result(outcome)
      import
      type(c_ptr), value :: options
      integer(c_int64_t), value :: n_axes
      type(c_ptr), value :: signal_shape
      type(c_ptr), value :: atom_shape
      type(c_ptr), value :: offset
      type(c_ptr), value :: local_shape
      type(c_ptr), value :: valid_offset
      type(c_ptr), value :: valid_local_shape
      integer(c_int32_t) :: outcome
    end function
    function dicod_solve(context, options, n_axes, signal_shape, n_signals, n_channels, n_atoms, atom_shape, x, d, z, &
        info) bind(c, name='dicod_solve') result(outcome)
      import
      type(c_ptr), value :: context
      type(c_ptr), value :: options
      integer(c_int64_t), value :: n_axes
      type(c_ptr), value :: signal_shape
      integer(c_int64_t), value :: n_signals
      integer(c_int64_t), value :: n_channels
      integer(c_int64_t), value :: n_atoms
      type(c_ptr), value :: atom_shape
      type(c_ptr), value :: x
      type(c_ptr), value :: d
      type(c_ptr), value :: z
      type(dicod_info), intent(inout), optional :: info
      integer(c_int32_t) :: outcome
    end function
    function dicod_solve_f32(context, options, n_axes, signal_shape, n_signals, n_channels, n_atoms, atom_shape, x, d, &
        z, info) bind(c, name='dicod_solve_f32') result(outcome)
      import
      type(c_ptr), value :: context
      type(c_ptr), value :: options
      integer(c_int64_t), value :: n_axes
      type(c_ptr), value :: signal_shape
      integer(c_int64_t), value :: n_signals
      integer(c_int64_t), value :: n_channels
      integer(c_int64_t), value :: n_atoms
      type(c_ptr), value :: atom_shape
      type(c_ptr), value :: x
      type(c_ptr), value :: d
      type(c_ptr), value :: z
      type(dicod_info), intent(inout), optional :: info
      integer(c_int32_t) :: outcome
    end function
    function dicod_lambda_max(context, options, n_axes, signal_shape, n_signals, n_channels, n_atoms, atom_shape, x, &
        d, lambda_max) bind(c, name='dicod_lambda_max') result(outcome)
      import
      type(c_ptr), value :: context
      type(c_ptr), value :: options
      integer(c_int64_t), value :: n_axes
      type(c_ptr), value :: signal_shape
      integer(c_int64_t), value :: n_signals
      integer(c_int64_t), value :: n_channels
      integer(c_int64_t), value :: n_atoms
      type(c_ptr), value :: atom_shape
      type(c_ptr), value :: x
      type(c_ptr), value :: d
      type(c_ptr), value :: lambda_max
      integer(c_int32_t) :: outcome
    end function
    function dicod_lambda_max_f32(context, options, n_axes, signal_shape, n_signals, n_channels, n_atoms, atom_shape, &
        x, d, lambda_max) bind(c, name='dicod_lambda_max_f32') result(outcome)
      import
      type(c_ptr), value :: context
      type(c_ptr), value :: options
      integer(c_int64_t), value :: n_axes
      type(c_ptr), value :: signal_shape
      integer(c_int64_t), value :: n_signals
      integer(c_int64_t), value :: n_channels
      integer(c_int64_t), value :: n_atoms
      type(c_ptr), value :: atom_shape
      type(c_ptr), value :: x
      type(c_ptr), value :: d
      type(c_ptr), value :: lambda_max
      integer(c_int32_t) :: outcome
    end function
    function dicod_reconstruct(context, options, n_axes, signal_shape, n_signals, n_channels, n_atoms, atom_shape, d, &
        z, x) bind(c, name='dicod_reconstruct') result(outcome)
      import
      type(c_ptr), value :: context
      type(c_ptr), value :: options
      integer(c_int64_t), value :: n_axes
      type(c_ptr), value :: signal_shape
      integer(c_int64_t), value :: n_signals
      integer(c_int64_t), value :: n_channels
      integer(c_int64_t), value :: n_atoms
      type(c_ptr), value :: atom_shape
      type(c_ptr), value :: d
      type(c_ptr), value :: z
      type(c_ptr), value :: x
      integer(c_int32_t) :: outcome
    end function
    function dicod_reconstruct_f32(context, options, n_axes, signal_shape, n_signals, n_channels, n_atoms, atom_shape, &
        d, z, x) bind(c, name='dicod_reconstruct_f32') result(outcome)
      import
      type(c_ptr), value :: context
      type(c_ptr), value :: options
      integer(c_int64_t), value :: n_axes
      type(c_ptr), value :: signal_shape
      integer(c_int64_t), value :: n_signals
      integer(c_int64_t), value :: n_channels
      integer(c_int64_t), value :: n_atoms
      type(c_ptr), value :: atom_shape
      type(c_ptr), value :: d
      type(c_ptr), value :: z
      type(c_ptr), value :: x
      integer(c_int32_t) :: outcome
    end function
    function dicod_objective(context, options, n_axes, signal_shape, n_signals, n_channels, n_atoms, atom_shape, x, d, &
        z, objective, data_term) bind(c, name='dicod_objective') result(outcome)
      import
      type(c_ptr), value :: context
      type(c_ptr), value :: options
      integer(c_int64_t), value :: n_axes
      type(c_ptr), value :: signal_shape
      integer(c_int64_t), value :: n_signals
      integer(c_int64_t), value :: n_channels
      integer(c_int64_t), value :: n_atoms
      type(c_ptr), value :: atom_shape
      type(c_ptr), value :: x
      type(c_ptr), value :: d
      type(c_ptr), value :: z
      type(c_ptr), value :: objective
      type(c_ptr), value :: data_term
      integer(c_int32_t) :: outcome
    end function
    function dicod_objective_f32(context, options, n_axes, signal_shape, n_signals, n_channels, n_atoms, atom_shape, &
        x, d, z, objective, data_term) bind(c, name='dicod_objective_f32') result(outcome)
      import
      type(c_ptr), value :: context
      type(c_ptr), value :: options
      integer(c_int64_t), value :: n_axes
      type(c_ptr), value :: signal_shape
      integer(c_int64_t), value :: n_signals
      integer(c_int64_t), value :: n_channels
      integer(c_int64_t), value :: n_atoms
      type(c_ptr), value :: atom_shape
      type(c_ptr), value :: x
      type(c_ptr), value :: d
      type(c_ptr), value :: z
      type(c_ptr), value :: objective
      type(c_ptr), value :: data_term
      integer(c_int32_t) :: outcome
    end function
    function dicod_gram(context, n_axes, n_channels, n_atoms, atom_shape, d, gram) bind(c, &
        name='dicod_gram') result(outcome)
      import
      type(c_ptr), value :: context
      integer(c_int64_t), value :: n_axes
      integer(c_int64_t), value :: n_channels
      integer(c_int64_t), value :: n_atoms
      type(c_ptr), value :: atom_shape
      type(c_ptr), value :: d
      type(c_ptr), value :: gram
      integer(c_int32_t) :: outcome
    end function
    function dicod_gram_f32(context, n_axes, n_channels, n_atoms, atom_shape, d, gram) bind(c, &
        name='dicod_gram_f32') result(outcome)
      import
      type(c_ptr), value :: context
      integer(c_int64_t), value :: n_axes
      integer(c_int64_t), value :: n_channels
      integer(c_int64_t), value :: n_atoms
      type(c_ptr), value :: atom_shape
      type(c_ptr), value :: d
      type(c_ptr), value :: gram
      integer(c_int32_t) :: outcome
    end function
    function dicod_encoder_create(context, options, n_axes, signal_shape, n_signals, n_channels, n_atoms, atom_shape, &
        d, encoder) bind(c, name='dicod_encoder_create') result(outcome)
      import
      type(c_ptr), value :: context
      type(c_ptr), value :: options
      integer(c_int64_t), value :: n_axes
      type(c_ptr), value :: signal_shape
      integer(c_int64_t), value :: n_signals
      integer(c_int64_t), value :: n_channels
      integer(c_int64_t), value :: n_atoms
      type(c_ptr), value :: atom_shape
      type(c_ptr), value :: d
      type(c_ptr), intent(inout), optional :: encoder
      integer(c_int32_t) :: outcome
    end function
    function dicod_encoder_create_f32(context, options, n_axes, signal_shape, n_signals, n_channels, n_atoms, &
        atom_shape, d, encoder) bind(c, name='dicod_encoder_create_f32') result(outcome)
      import
      type(c_ptr), value :: context
      type(c_ptr), value :: options
      integer(c_int64_t), value :: n_axes
      type(c_ptr), value :: signal_shape
      integer(c_int64_t), value :: n_signals
      integer(c_int64_t), value :: n_channels
      integer(c_int64_t), value :: n_atoms
      type(c_ptr), value :: atom_shape
      type(c_ptr), value :: d
      type(c_ptr), intent(inout), optional :: encoder
      integer(c_int32_t) :: outcome
    end function
    function dicod_encoder_create_rank1(context, options, n_axes, signal_shape, n_signals, n_channels, n_atoms, &
        atom_shape, u, v, encoder) bind(c, name='dicod_encoder_create_rank1') result(outcome)
      import
      type(c_ptr), value :: context
      type(c_ptr), value :: options
      integer(c_int64_t), value :: n_axes
      type(c_ptr), value :: signal_shape
      integer(c_int64_t), value :: n_signals
      integer(c_int64_t), value :: n_channels
      integer(c_int64_t), value :: n_atoms
      type(c_ptr), value :: atom_shape
      type(c_ptr), value :: u
      type(c_ptr), value :: v
      type(c_ptr), intent(inout), optional :: encoder
      integer(c_int32_t) :: outcome
    end function
    function dicod_encoder_create_rank1_f32(context, options, n_axes, signal_shape, n_signals, n_channels, n_atoms, &
        atom_shape, u, v, encoder) bind(c, name='dicod_encoder_create_rank1_f32') result(outcome)
      import
      type(c_ptr), value :: context
      type(c_ptr), value :: options
      integer(c_int64_t), value :: n_axes
      type(c_ptr), value :: signal_shape
      integer(c_int64_t), value :: n_signals
      integer(c_int64_t), value :: n_channels
      integer(c_int64_t), value :: n_atoms
      type(c_ptr), value :: atom_shape
      type(c_ptr), value :: u
      type(c_ptr), value :: v
      type(c_ptr), intent(inout), optional :: encoder
      integer(c_int32_t) :: outcome
    end function
    subroutine dicod_encoder_free(encoder) bind(c, name='dicod_encoder_free')
      import
      type(c_ptr), intent(inout), optional :: encoder
    end subroutine
    function dicod_encoder_set_dictionary(encoder, d) bind(c, name='dicod_encoder_set_dictionary') result(outcome)
      import
      type(c_ptr), value :: encoder
      type(c_ptr), value :: d
      integer(c_int32_t) :: outcome
    end function
    function dicod_encoder_set_dictionary_f32(encoder, d) bind(c, &
        name='dicod_encoder_set_dictionary_f32') result(outcome)
      import
      type(c_ptr), value :: encoder
      type(c_ptr), value :: d
      integer(c_int32_t) :: outcome
    end function
    function dicod_encoder_set_dictionary_rank1(encoder, u, v) bind(c, &
        name='dicod_encoder_set_dictionary_rank1') result(outcome)
      import
      type(c_ptr), value :: encoder
      type(c_ptr), value :: u
      type(c_ptr), value :: v
      integer(c_int32_t) :: outcome
    end function
    function dicod_encoder_set_dictionary_rank1_f32(encoder, u, v) bind(c, &
        name='dicod_encoder_set_dictionary_rank1_f32') result(outcome)
      import
      type(c_ptr), value :: encoder
      type(c_ptr), value :: u
      type(c_ptr), value :: v
      integer(c_int32_t) :: outcome
    end function
    function dicod_encoder_solve(encoder, x, info) bind(c, name='dicod_encoder_solve') result(outcome)
      import
      type(c_ptr), value :: encoder
      type(dicod_array), intent(in) :: x
      type(dicod_info), intent(inout), optional :: info
      integer(c_int32_t) :: outcome
    end function
    function dicod_encoder_set_z(encoder, z) bind(c, name='dicod_encoder_set_z') result(outcome)
      import
      type(c_ptr), value :: encoder
      type(dicod_array), intent(in) :: z
      integer(c_int32_t) :: outcome
    end function
    function dicod_encoder_clear_z(encoder) bind(c, name='dicod_encoder_clear_z') result(outcome)
      import
      type(c_ptr), value :: encoder
      integer(c_int32_t) :: outcome
    end function
    function dicod_encoder_get_z(encoder, z) bind(c, name='dicod_encoder_get_z') result(outcome)
      import
      type(c_ptr), value :: encoder
      type(dicod_array), intent(inout), optional :: z
      integer(c_int32_t) :: outcome
    end function
    function dicod_encoder_get_sparse(encoder, capacity, signal, atom, position, value, count) bind(c, &
        name='dicod_encoder_get_sparse') result(outcome)
      import
      type(c_ptr), value :: encoder
      integer(c_int64_t), value :: capacity
      type(c_ptr), value :: signal
      type(c_ptr), value :: atom
      type(c_ptr), value :: position
      type(c_ptr), value :: value
      type(c_ptr), value :: count
      integer(c_int32_t) :: outcome
    end function
    function dicod_encoder_get_sparse_block(encoder, offset, local_shape, capacity, signal, atom, position, value, &
        count) bind(c, name='dicod_encoder_get_sparse_block') result(outcome)
      import
      type(c_ptr), value :: encoder
      type(c_ptr), value :: offset
      type(c_ptr), value :: local_shape
      integer(c_int64_t), value :: capacity
      type(c_ptr), value :: signal
      type(c_ptr), value :: atom
      type(c_ptr), value :: position
      type(c_ptr), value :: value
      type(c_ptr), value :: count
      integer(c_int32_t) :: outcome
    end function
    function dicod_encoder_region(encoder, offset, local_shape) bind(c, name='dicod_encoder_region') result(outcome)
      import
      type(c_ptr), value :: encoder
      type(c_ptr), value :: offset
      type(c_ptr), value :: local_shape
      integer(c_int32_t) :: outcome
    end function
    function dicod_encoder_get_lambda(encoder, n_atoms, lambda) bind(c, &
        name='dicod_encoder_get_lambda') result(outcome)
      import
      type(c_ptr), value :: encoder
      integer(c_int64_t), value :: n_atoms
      type(c_ptr), value :: lambda
      integer(c_int32_t) :: outcome
    end function
    function dicod_encoder_get_trace(encoder, visit, userdata) bind(c, name='dicod_encoder_get_trace') result(outcome)
      import
      type(c_ptr), value :: encoder
      type(c_funptr), value :: visit
      type(c_ptr), value :: userdata
      integer(c_int32_t) :: outcome
    end function
    function dicod_encoder_get_trace_json(encoder, json, capacity, needed) bind(c, &
        name='dicod_encoder_get_trace_json') result(outcome)
      import
      type(c_ptr), value :: encoder
      type(c_ptr), value :: json
      integer(c_int64_t), value :: capacity
      type(c_ptr), value :: needed
      integer(c_int32_t) :: outcome
    end function
    function dicod_learn(context, options, n_axes, signal_shape, n_signals, n_channels, n_atoms, atom_shape, x, each, &
        userdata, d, z, info) bind(c, name='dicod_learn') result(outcome)
      import
      type(c_ptr), value :: context
      type(c_ptr), value :: options
      integer(c_int64_t), value :: n_axes
      type(c_ptr), value :: signal_shape
      integer(c_int64_t), value :: n_signals
      integer(c_int64_t), value :: n_channels
      integer(c_int64_t), value :: n_atoms
      type(c_ptr), value :: atom_shape
      type(c_ptr), value :: x
      type(c_funptr), value :: each
      type(c_ptr), value :: userdata
      type(c_ptr), value :: d
      type(c_ptr), value :: z
      type(dicod_learn_info), intent(inout), optional :: info
      integer(c_int32_t) :: outcome
    end function
    function dicod_learn_f32(context, options, n_axes, signal_shape, n_signals, n_channels, n_atoms, atom_shape, x, &
        each, userdata, d, z, info) bind(c, name='dicod_learn_f32') result(outcome)
      import
      type(c_ptr), value :: context
      type(c_ptr), value :: options
      integer(c_int64_t), value :: n_axes
      type(c_ptr), value :: signal_shape
      integer(c_int64_t), value :: n_signals
      integer(c_int64_t), value :: n_channels
      integer(c_int64_t), value :: n_atoms
      type(c_ptr), value :: atom_shape
      type(c_ptr), value :: x
      type(c_funptr), value :: each
      type(c_ptr), value :: userdata
      type(c_ptr), value :: d
      type(c_ptr), value :: z
      type(dicod_learn_info), intent(inout), optional :: info
      integer(c_int32_t) :: outcome
    end function
    function dicod_learner_create(context, options, n_axes, signal_shape, n_signals, n_channels, n_atoms, atom_shape, &
        d, learner) bind(c, name='dicod_learner_create') result(outcome)
      import
      type(c_ptr), value :: context
      type(c_ptr), value :: options
      integer(c_int64_t), value :: n_axes
      type(c_ptr), value :: signal_shape
      integer(c_int64_t), value :: n_signals
      integer(c_int64_t), value :: n_channels
      integer(c_int64_t), value :: n_atoms
      type(c_ptr), value :: atom_shape
      type(c_ptr), value :: d
      type(c_ptr), intent(inout), optional :: learner
      integer(c_int32_t) :: outcome
    end function
    function dicod_learner_create_f32(context, options, n_axes, signal_shape, n_signals, n_channels, n_atoms, &
        atom_shape, d, learner) bind(c, name='dicod_learner_create_f32') result(outcome)
      import
      type(c_ptr), value :: context
      type(c_ptr), value :: options
      integer(c_int64_t), value :: n_axes
      type(c_ptr), value :: signal_shape
      integer(c_int64_t), value :: n_signals
      integer(c_int64_t), value :: n_channels
      integer(c_int64_t), value :: n_atoms
      type(c_ptr), value :: atom_shape
      type(c_ptr), value :: d
      type(c_ptr), intent(inout), optional :: learner
      integer(c_int32_t) :: outcome
    end function
    subroutine dicod_learner_free(learner) bind(c, name='dicod_learner_free')
      import
      type(c_ptr), intent(inout), optional :: learner
    end subroutine
    function dicod_learner_step(learner, x, step) bind(c, name='dicod_learner_step') result(outcome)
      import
      type(c_ptr), value :: learner
      type(dicod_array), intent(in) :: x
      type(dicod_learn_step), intent(inout), optional :: step
      integer(c_int32_t) :: outcome
    end function
    function dicod_learner_run(learner, x, each, userdata, info) bind(c, name='dicod_learner_run') result(outcome)
      import
      type(c_ptr), value :: learner
      type(dicod_array), intent(in) :: x
      type(c_funptr), value :: each
      type(c_ptr), value :: userdata
      type(dicod_learn_info), intent(inout), optional :: info
      integer(c_int32_t) :: outcome
    end function
    function dicod_learner_encode(learner, x, info) bind(c, name='dicod_learner_encode') result(outcome)
      import
      type(c_ptr), value :: learner
      type(dicod_array), intent(in) :: x
      type(dicod_info), intent(inout), optional :: info
      integer(c_int32_t) :: outcome
    end function
    function dicod_learner_get_dictionary(learner, d) bind(c, name='dicod_learner_get_dictionary') result(outcome)
      import
      type(c_ptr), value :: learner
      type(c_ptr), value :: d
      integer(c_int32_t) :: outcome
    end function
    function dicod_learner_get_dictionary_f32(learner, d) bind(c, &
        name='dicod_learner_get_dictionary_f32') result(outcome)
      import
      type(c_ptr), value :: learner
      type(c_ptr), value :: d
      integer(c_int32_t) :: outcome
    end function
    function dicod_learner_get_dictionary_rank1(learner, u, v) bind(c, &
        name='dicod_learner_get_dictionary_rank1') result(outcome)
      import
      type(c_ptr), value :: learner
      type(c_ptr), value :: u
      type(c_ptr), value :: v
      integer(c_int32_t) :: outcome
    end function
    function dicod_learner_get_dictionary_rank1_f32(learner, u, v) bind(c, &
        name='dicod_learner_get_dictionary_rank1_f32') result(outcome)
      import
      type(c_ptr), value :: learner
      type(c_ptr), value :: u
      type(c_ptr), value :: v
      integer(c_int32_t) :: outcome
    end function
    function dicod_learner_get_z(learner, z) bind(c, name='dicod_learner_get_z') result(outcome)
      import
      type(c_ptr), value :: learner
      type(dicod_array), intent(inout), optional :: z
      integer(c_int32_t) :: outcome
    end function
    function dicod_learner_get_lambda(learner, n_atoms, lambda) bind(c, &
        name='dicod_learner_get_lambda') result(outcome)
      import
      type(c_ptr), value :: learner
      integer(c_int64_t), value :: n_atoms
      type(c_ptr), value :: lambda
      integer(c_int32_t) :: outcome
    end function
    function dicod_learner_save(learner, capacity, buffer, needed) bind(c, name='dicod_learner_save') result(outcome)
      import
      type(c_ptr), value :: learner
      integer(c_int64_t), value :: capacity
      type(c_ptr), value :: buffer
      type(c_ptr), value :: needed
      integer(c_int32_t) :: outcome
    end function
    function dicod_learner_save_file(learner, path) bind(c, name='dicod_learner_save_file') result(outcome)
      import
      type(c_ptr), value :: learner
      type(c_ptr), value :: path
      integer(c_int32_t) :: outcome
    end function
    function dicod_learner_restore(context, options, size_of_buffer, buffer, learner) bind(c, &
        name='dicod_learner_restore') result(outcome)
      import
      type(c_ptr), value :: context
      type(c_ptr), value :: options
      integer(c_int64_t), value :: size_of_buffer
      type(c_ptr), value :: buffer
      type(c_ptr), intent(inout), optional :: learner
      integer(c_int32_t) :: outcome
    end function
    function dicod_learner_restore_file(context, options, path, learner) bind(c, &
        name='dicod_learner_restore_file') result(outcome)
      import
      type(c_ptr), value :: context
      type(c_ptr), value :: options
      type(c_ptr), value :: path
      type(c_ptr), intent(inout), optional :: learner
      integer(c_int32_t) :: outcome
    end function
    function segmentation_create_by_count(n_axes, full_shape, inner_bounds, n_segments, overlap, handle) bind(c, &
        name='segmentation_create_by_count') result(outcome)
      import
      integer(c_int64_t), value :: n_axes
      type(c_ptr), value :: full_shape
      type(c_ptr), value :: inner_bounds
      type(c_ptr), value :: n_segments
      type(c_ptr), value :: overlap
      type(c_ptr), intent(inout), optional :: handle
      integer(c_int32_t) :: outcome
    end function
    function segmentation_create_by_shape(n_axes, full_shape, inner_bounds, segment_shape, overlap, handle) bind(c, &
        name='segmentation_create_by_shape') result(outcome)
      import
      integer(c_int64_t), value :: n_axes
      type(c_ptr), value :: full_shape
      type(c_ptr), value :: inner_bounds
      type(c_ptr), value :: segment_shape
      type(c_ptr), value :: overlap
      type(c_ptr), intent(inout), optional :: handle
      integer(c_int32_t) :: outcome
    end function
    subroutine segmentation_free(handle) bind(c, name='segmentation_free')
      import
      type(c_ptr), intent(inout), optional :: handle
    end subroutine
    function segmentation_n_axes(handle, n_axes) bind(c, name='segmentation_n_axes') result(outcome)
      import
      type(c_ptr), value :: handle
      type(c_ptr), value :: n_axes
      integer(c_int32_t) :: outcome
    end function
    function segmentation_n_segments(handle, n_segments) bind(c, name='segmentation_n_segments') result(outcome)
      import
      type(c_ptr), value :: handle
      type(c_ptr), value :: n_segments
      integer(c_int32_t) :: outcome
    end function
    function segmentation_segments_per_axis(handle, counts) bind(c, &
        name='segmentation_segments_per_axis') result(outcome)
      import
      type(c_ptr), value :: handle
      type(c_ptr), value :: counts
      integer(c_int32_t) :: outcome
    end function
    function segmentation_nominal_shape(handle, shape) bind(c, name='segmentation_nominal_shape') result(outcome)
      import
      type(c_ptr), value :: handle
      type(c_ptr), value :: shape
      integer(c_int32_t) :: outcome
    end function
    function segmentation_shape(handle, shape) bind(c, name='segmentation_shape') result(outcome)
      import
      type(c_ptr), value :: handle
      type(c_ptr), value :: shape
      integer(c_int32_t) :: outcome
    end function
    function segmentation_inner_bounds(handle, bounds) bind(c, name='segmentation_inner_bounds') result(outcome)
      import
      type(c_ptr), value :: handle
      type(c_ptr), value :: bounds
      integer(c_int32_t) :: outcome
    end function
    function segmentation_full_shape(handle, shape) bind(c, name='segmentation_full_shape') result(outcome)
      import
      type(c_ptr), value :: handle
      type(c_ptr), value :: shape
      integer(c_int32_t) :: outcome
    end function
    function segmentation_overlap(handle, overlap) bind(c, name='segmentation_overlap') result(outcome)
      import
      type(c_ptr), value :: handle
      type(c_ptr), value :: overlap
      integer(c_int32_t) :: outcome
    end function
    function segmentation_segment_bounds(handle, i_seg, inner, bounds) bind(c, &
        name='segmentation_segment_bounds') result(outcome)
      import
      type(c_ptr), value :: handle
      integer(c_int64_t), value :: i_seg
      integer(c_int32_t), value :: inner
      type(c_ptr), value :: bounds
      integer(c_int32_t) :: outcome
    end function
    function segmentation_segment_shape(handle, i_seg, inner, shape) bind(c, &
        name='segmentation_segment_shape') result(outcome)
      import
      type(c_ptr), value :: handle
      integer(c_int64_t), value :: i_seg
      integer(c_int32_t), value :: inner
      type(c_ptr), value :: shape
      integer(c_int32_t) :: outcome
    end function
    function segmentation_segment_slices(handle, i_seg, inner, start, count) bind(c, &
        name='segmentation_segment_slices') result(outcome)
      import
      type(c_ptr), value :: handle
      integer(c_int64_t), value :: i_seg
      integer(c_int32_t), value :: inner
      type(c_ptr), value :: start
      type(c_ptr), value :: count
      integer(c_int32_t) :: outcome
    end function
    function segmentation_find_segment(handle, point, i_seg) bind(c, name='segmentation_find_segment') result(outcome)
      import
      type(c_ptr), value :: handle
      type(c_ptr), value :: point
      type(c_ptr), value :: i_seg
      integer(c_int32_t) :: outcome
    end function
    function segmentation_touched_segments(handle, point, radius, capacity, segments, count) bind(c, &
        name='segmentation_touched_segments') result(outcome)
      import
      type(c_ptr), value :: handle
      type(c_ptr), value :: point
      type(c_ptr), value :: radius
      integer(c_int64_t), value :: capacity
      type(c_ptr), value :: segments
      type(c_ptr), value :: count
      integer(c_int32_t) :: outcome
    end function
    function segmentation_touched_overlap_slices(handle, i_seg, point, radius, capacity, boxes, count) bind(c, &
        name='segmentation_touched_overlap_slices') result(outcome)
      import
      type(c_ptr), value :: handle
      integer(c_int64_t), value :: i_seg
      type(c_ptr), value :: point
      type(c_ptr), value :: radius
      integer(c_int64_t), value :: capacity
      type(c_ptr), value :: boxes
      type(c_ptr), value :: count
      integer(c_int32_t) :: outcome
    end function
    function segmentation_global_coordinate(handle, i_seg, point, global) bind(c, &
        name='segmentation_global_coordinate') result(outcome)
      import
      type(c_ptr), value :: handle
      integer(c_int64_t), value :: i_seg
      type(c_ptr), value :: point
      type(c_ptr), value :: global
      integer(c_int32_t) :: outcome
    end function
    function segmentation_local_coordinate(handle, i_seg, point, local) bind(c, &
        name='segmentation_local_coordinate') result(outcome)
      import
      type(c_ptr), value :: handle
      integer(c_int64_t), value :: i_seg
      type(c_ptr), value :: point
      type(c_ptr), value :: local
      integer(c_int32_t) :: outcome
    end function
    function segmentation_contains_point(handle, i_seg, point, inner, contained) bind(c, &
        name='segmentation_contains_point') result(outcome)
      import
      type(c_ptr), value :: handle
      integer(c_int64_t), value :: i_seg
      type(c_ptr), value :: point
      integer(c_int32_t), value :: inner
      type(c_ptr), value :: contained
      integer(c_int32_t) :: outcome
    end function
    function segmentation_contains_area(handle, i_seg, point, radius, contained) bind(c, &
        name='segmentation_contains_area') result(outcome)
      import
      type(c_ptr), value :: handle
      integer(c_int64_t), value :: i_seg
      type(c_ptr), value :: point
      type(c_ptr), value :: radius
      type(c_ptr), value :: contained
      integer(c_int32_t) :: outcome
    end function
    function segmentation_padding_to_overlap(handle, i_seg, padding) bind(c, &
        name='segmentation_padding_to_overlap') result(outcome)
      import
      type(c_ptr), value :: handle
      integer(c_int64_t), value :: i_seg
      type(c_ptr), value :: padding
      integer(c_int32_t) :: outcome
    end function
    function segmentation_increment(handle, i_seg, next) bind(c, name='segmentation_increment') result(outcome)
      import
      type(c_ptr), value :: handle
      integer(c_int64_t), value :: i_seg
      type(c_ptr), value :: next
      integer(c_int32_t) :: outcome
    end function
    function segmentation_is_active(handle, i_seg, active) bind(c, name='segmentation_is_active') result(outcome)
      import
      type(c_ptr), value :: handle
      integer(c_int64_t), value :: i_seg
      type(c_ptr), value :: active
      integer(c_int32_t) :: outcome
    end function
    function segmentation_set_active(handle, n, segments, changed) bind(c, &
        name='segmentation_set_active') result(outcome)
      import
      type(c_ptr), value :: handle
      integer(c_int64_t), value :: n
      type(c_ptr), value :: segments
      type(c_ptr), value :: changed
      integer(c_int32_t) :: outcome
    end function
    function segmentation_set_inactive(handle, n, segments, changed) bind(c, &
        name='segmentation_set_inactive') result(outcome)
      import
      type(c_ptr), value :: handle
      integer(c_int64_t), value :: n
      type(c_ptr), value :: segments
      type(c_ptr), value :: changed
      integer(c_int32_t) :: outcome
    end function
    function segmentation_reset(handle, changed) bind(c, name='segmentation_reset') result(outcome)
      import
      type(c_ptr), value :: handle
      type(c_ptr), value :: changed
      integer(c_int32_t) :: outcome
    end function
    function segmentation_n_active(handle, n_active) bind(c, name='segmentation_n_active') result(outcome)
      import
      type(c_ptr), value :: handle
      type(c_ptr), value :: n_active
      integer(c_int32_t) :: outcome
    end function
    function segmentation_exists_active(handle, exists) bind(c, name='segmentation_exists_active') result(outcome)
      import
      type(c_ptr), value :: handle
      type(c_ptr), value :: exists
      integer(c_int32_t) :: outcome
    end function
    function segmentation_check_inactive(handle, n_atoms, dz, tol, i_seg) bind(c, &
        name='segmentation_check_inactive') result(outcome)
      import
      type(c_ptr), value :: handle
      integer(c_int64_t), value :: n_atoms
      type(c_ptr), value :: dz
      real(c_double), value :: tol
      type(c_ptr), value :: i_seg
      integer(c_int32_t) :: outcome
    end function
    function parmap_task_where(task, index, attempt, rank, worker) bind(c, name='parmap_task_where') result(outcome)
      import
      type(c_ptr), value :: task
      type(c_ptr), value :: index
      type(c_ptr), value :: attempt
      type(c_ptr), value :: rank
      type(c_ptr), value :: worker
      integer(c_int32_t) :: outcome
    end function
    function parmap_task_index(task) bind(c, name='parmap_task_index') result(outcome)
      import
      type(c_ptr), value :: task
      integer(c_int64_t) :: outcome
    end function
    function parmap_cancelled(task) bind(c, name='parmap_cancelled') result(outcome)
      import
      type(c_ptr), value :: task
      integer(c_int32_t) :: outcome
    end function
    function parmap_task_key(task, key) bind(c, name='parmap_task_key') result(outcome)
      import
      type(c_ptr), value :: task
      type(c_ptr), value :: key
      integer(c_int32_t) :: outcome
    end function
    function parmap_task_uniform(task, n, values) bind(c, name='parmap_task_uniform') result(outcome)
      import
      type(c_ptr), value :: task
      integer(c_int64_t), value :: n
      type(c_ptr), value :: values
      integer(c_int32_t) :: outcome
    end function
    function parmap_task_explain(task, message) bind(c, name='parmap_task_explain') result(outcome)
      import
      type(c_ptr), value :: task
      type(c_ptr), value :: message
      integer(c_int32_t) :: outcome
    end function
    function parmap_task_shared(task, data, size) bind(c, name='parmap_task_shared') result(outcome)
      import
      type(c_ptr), value :: task
      type(c_ptr), intent(inout), optional :: data
      type(c_ptr), value :: size
      integer(c_int32_t) :: outcome
    end function
    function parmap_task_context(task, context) bind(c, name='parmap_task_context') result(outcome)
      import
      type(c_ptr), value :: task
      type(c_ptr), intent(inout), optional :: context
      integer(c_int32_t) :: outcome
    end function
    function parmap_buffer_resize(buffer, size, data) bind(c, name='parmap_buffer_resize') result(outcome)
      import
      type(c_ptr), value :: buffer
      integer(c_int64_t), value :: size
      type(c_ptr), intent(inout), optional :: data
      integer(c_int32_t) :: outcome
    end function
    function parmap_buffer_append(buffer, data, size) bind(c, name='parmap_buffer_append') result(outcome)
      import
      type(c_ptr), value :: buffer
      type(c_ptr), value :: data
      integer(c_int64_t), value :: size
      integer(c_int32_t) :: outcome
    end function
    function parmap_create(context, map) bind(c, name='parmap_create') result(outcome)
      import
      type(c_ptr), value :: context
      type(c_ptr), intent(inout), optional :: map
      integer(c_int32_t) :: outcome
    end function
    subroutine parmap_free(map) bind(c, name='parmap_free')
      import
      type(c_ptr), intent(inout), optional :: map
    end subroutine
    function parmap_set_integer(map, key, value) bind(c, name='parmap_set_integer') result(outcome)
      import
      type(c_ptr), value :: map
      type(c_ptr), value :: key
      integer(c_int64_t), value :: value
      integer(c_int32_t) :: outcome
    end function
    function parmap_set_real(map, key, value) bind(c, name='parmap_set_real') result(outcome)
      import
      type(c_ptr), value :: map
      type(c_ptr), value :: key
      real(c_double), value :: value
      integer(c_int32_t) :: outcome
    end function
    function parmap_set_string(map, key, value) bind(c, name='parmap_set_string') result(outcome)
      import
      type(c_ptr), value :: map
      type(c_ptr), value :: key
      type(c_ptr), value :: value
      integer(c_int32_t) :: outcome
    end function
    function parmap_set_progress(map, progress, userdata) bind(c, name='parmap_set_progress') result(outcome)
      import
      type(c_ptr), value :: map
      type(c_funptr), value :: progress
      type(c_ptr), value :: userdata
      integer(c_int32_t) :: outcome
    end function
    subroutine parmap_cancel(map) bind(c, name='parmap_cancel')
      import
      type(c_ptr), value :: map
    end subroutine
    function parmap_share(map, data, size) bind(c, name='parmap_share') result(outcome)
      import
      type(c_ptr), value :: map
      type(c_ptr), value :: data
      integer(c_int64_t), value :: size
      integer(c_int32_t) :: outcome
    end function
    function parmap_run(map, n_tasks, work, userdata, inputs, in_size, in_stride, outputs, out_size, out_stride, &
        statuses, report) bind(c, name='parmap_run') result(outcome)
      import
      type(c_ptr), value :: map
      integer(c_int64_t), value :: n_tasks
      type(c_funptr), value :: work
      type(c_ptr), value :: userdata
      type(c_ptr), value :: inputs
      integer(c_int64_t), value :: in_size
      integer(c_int64_t), value :: in_stride
      type(c_ptr), value :: outputs
      integer(c_int64_t), value :: out_size
      integer(c_int64_t), value :: out_stride
      type(c_ptr), value :: statuses
      type(parmap_report), intent(inout), optional :: report
      integer(c_int32_t) :: outcome
    end function
    function parmap_unfinished(map, capacity, first, end, n) bind(c, name='parmap_unfinished') result(outcome)
      import
      type(c_ptr), value :: map
      integer(c_int64_t), value :: capacity
      type(c_ptr), value :: first
      type(c_ptr), value :: end
      type(c_ptr), value :: n
      integer(c_int32_t) :: outcome
    end function
    function parmap_progress_bar(userdata, progress) bind(c, name='parmap_progress_bar') result(outcome)
      import
      type(c_ptr), value :: userdata
      type(parmap_progress), intent(in) :: progress
      integer(c_int32_t) :: outcome
    end function
    function parmap_stream(map, produce, work, consume, userdata, report) bind(c, &
        name='parmap_stream') result(outcome)
      import
      type(c_ptr), value :: map
      type(c_funptr), value :: produce
      type(c_funptr), value :: work
      type(c_funptr), value :: consume
      type(c_ptr), value :: userdata
      type(parmap_report), intent(inout), optional :: report
      integer(c_int32_t) :: outcome
    end function
    function parmap_open(map, n_tasks, pull) bind(c, name='parmap_open') result(outcome)
      import
      type(c_ptr), value :: map
      integer(c_int64_t), value :: n_tasks
      type(c_ptr), intent(inout), optional :: pull
      integer(c_int32_t) :: outcome
    end function
    function parmap_next(pull, index) bind(c, name='parmap_next') result(outcome)
      import
      type(c_ptr), value :: pull
      type(c_ptr), value :: index
      integer(c_int32_t) :: outcome
    end function
    function parmap_done(pull, index, code, message) bind(c, name='parmap_done') result(outcome)
      import
      type(c_ptr), value :: pull
      integer(c_int64_t), value :: index
      integer(c_int32_t), value :: code
      type(c_ptr), value :: message
      integer(c_int32_t) :: outcome
    end function
    function parmap_pull_cancelled(pull, index) bind(c, name='parmap_pull_cancelled') result(outcome)
      import
      type(c_ptr), value :: pull
      integer(c_int64_t), value :: index
      integer(c_int32_t) :: outcome
    end function
    function parmap_pull_key(pull, index, key) bind(c, name='parmap_pull_key') result(outcome)
      import
      type(c_ptr), value :: pull
      integer(c_int64_t), value :: index
      type(c_ptr), value :: key
      integer(c_int32_t) :: outcome
    end function
    function parmap_close(pull, report) bind(c, name='parmap_close') result(outcome)
      import
      type(c_ptr), intent(inout), optional :: pull
      type(parmap_report), intent(inout), optional :: report
      integer(c_int32_t) :: outcome
    end function
    function parmap_register(map, name, work, userdata) bind(c, name='parmap_register') result(outcome)
      import
      type(c_ptr), value :: map
      type(c_ptr), value :: name
      type(c_funptr), value :: work
      type(c_ptr), value :: userdata
      integer(c_int32_t) :: outcome
    end function
    function parmap_register_item(map, name, work, userdata) bind(c, name='parmap_register_item') result(outcome)
      import
      type(c_ptr), value :: map
      type(c_ptr), value :: name
      type(c_funptr), value :: work
      type(c_ptr), value :: userdata
      integer(c_int32_t) :: outcome
    end function
    function parmap_serve(map) bind(c, name='parmap_serve') result(outcome)
      import
      type(c_ptr), value :: map
      integer(c_int32_t) :: outcome
    end function
    function parmap_release(map) bind(c, name='parmap_release') result(outcome)
      import
      type(c_ptr), value :: map
      integer(c_int32_t) :: outcome
    end function
    function parmap_call(map, name, n_tasks, inputs, in_size, in_stride, outputs, out_size, out_stride, statuses, &
        report) bind(c, name='parmap_call') result(outcome)
      import
      type(c_ptr), value :: map
      type(c_ptr), value :: name
      integer(c_int64_t), value :: n_tasks
      type(c_ptr), value :: inputs
      integer(c_int64_t), value :: in_size
      integer(c_int64_t), value :: in_stride
      type(c_ptr), value :: outputs
      integer(c_int64_t), value :: out_size
      integer(c_int64_t), value :: out_stride
      type(c_ptr), value :: statuses
      type(parmap_report), intent(inout), optional :: report
      integer(c_int32_t) :: outcome
    end function
    function parmap_call_stream(map, name, produce, consume, userdata, report) bind(c, &
        name='parmap_call_stream') result(outcome)
      import
      type(c_ptr), value :: map
      type(c_ptr), value :: name
      type(c_funptr), value :: produce
      type(c_funptr), value :: consume
      type(c_ptr), value :: userdata
      type(parmap_report), intent(inout), optional :: report
      integer(c_int32_t) :: outcome
    end function
    function parmap_call_share(map, data, size) bind(c, name='parmap_call_share') result(outcome)
      import
      type(c_ptr), value :: map
      type(c_ptr), value :: data
      integer(c_int64_t), value :: size
      integer(c_int32_t) :: outcome
    end function
    function parmap_reduce(map, n_tasks, reducer, inputs, in_size, in_stride, state, report) bind(c, &
        name='parmap_reduce') result(outcome)
      import
      type(c_ptr), value :: map
      integer(c_int64_t), value :: n_tasks
      type(parmap_reducer), intent(in) :: reducer
      type(c_ptr), value :: inputs
      integer(c_int64_t), value :: in_size
      integer(c_int64_t), value :: in_stride
      type(c_ptr), value :: state
      type(parmap_report), intent(inout), optional :: report
      integer(c_int32_t) :: outcome
    end function
    function parmap_flow_create(n_nodes, nodes, flow) bind(c, name='parmap_flow_create') result(outcome)
      import
      integer(c_int64_t), value :: n_nodes
      type(parmap_node), intent(in) :: nodes(*)
      type(c_ptr), intent(inout), optional :: flow
      integer(c_int32_t) :: outcome
    end function
    subroutine parmap_flow_free(flow) bind(c, name='parmap_flow_free')
      import
      type(c_ptr), intent(inout), optional :: flow
    end subroutine
    function parmap_flow_load(flow, node, data, size) bind(c, name='parmap_flow_load') result(outcome)
      import
      type(c_ptr), value :: flow
      integer(c_int64_t), value :: node
      type(c_ptr), value :: data
      integer(c_int64_t), value :: size
      integer(c_int32_t) :: outcome
    end function
    function parmap_flow_train(flow, map, restart, produce, checkpoint, userdata, report) bind(c, &
        name='parmap_flow_train') result(outcome)
      import
      type(c_ptr), value :: flow
      type(c_ptr), value :: map
      type(c_funptr), value :: restart
      type(c_funptr), value :: produce
      type(c_funptr), value :: checkpoint
      type(c_ptr), value :: userdata
      type(parmap_report), intent(inout), optional :: report
      integer(c_int32_t) :: outcome
    end function
    function parmap_flow_execute(flow, map, produce, consume, userdata, report) bind(c, &
        name='parmap_flow_execute') result(outcome)
      import
      type(c_ptr), value :: flow
      type(c_ptr), value :: map
      type(c_funptr), value :: produce
      type(c_funptr), value :: consume
      type(c_ptr), value :: userdata
      type(parmap_report), intent(inout), optional :: report
      integer(c_int32_t) :: outcome
    end function
    function parmap_operators_create_vector(n_operators, operators, vector) bind(c, &
        name='parmap_operators_create_vector') result(outcome)
      import
      integer(c_int64_t), value :: n_operators
      type(parmap_operator), intent(in) :: operators(*)
      type(c_ptr), intent(inout), optional :: vector
      integer(c_int32_t) :: outcome
    end function
    function parmap_operators_create_distributed(n_operators, operators, n_components, sizes, takes, vector) bind(c, &
        name='parmap_operators_create_distributed') result(outcome)
      import
      integer(c_int64_t), value :: n_operators
      type(parmap_operator), intent(in) :: operators(*)
      integer(c_int64_t), value :: n_components
      type(c_ptr), value :: sizes
      type(c_ptr), value :: takes
      type(c_ptr), intent(inout), optional :: vector
      integer(c_int32_t) :: outcome
    end function
    subroutine parmap_operators_free(vector) bind(c, name='parmap_operators_free')
      import
      type(c_ptr), intent(inout), optional :: vector
    end subroutine
    function parmap_operators_sizes(vector, in_size, out_size, linear) bind(c, &
        name='parmap_operators_sizes') result(outcome)
      import
      type(c_ptr), value :: vector
      type(c_ptr), value :: in_size
      type(c_ptr), value :: out_size
      type(c_ptr), value :: linear
      integer(c_int32_t) :: outcome
    end function
    function parmap_operators_eval(vector, map, x, y) bind(c, name='parmap_operators_eval') result(outcome)
      import
      type(c_ptr), value :: vector
      type(c_ptr), value :: map
      type(c_ptr), value :: x
      type(c_ptr), value :: y
      integer(c_int32_t) :: outcome
    end function
    function parmap_operators_linearize(vector, map, x, y) bind(c, name='parmap_operators_linearize') result(outcome)
      import
      type(c_ptr), value :: vector
      type(c_ptr), value :: map
      type(c_ptr), value :: x
      type(c_ptr), value :: y
      integer(c_int32_t) :: outcome
    end function
    function parmap_operators_derivative(vector, map, h, y) bind(c, &
        name='parmap_operators_derivative') result(outcome)
      import
      type(c_ptr), value :: vector
      type(c_ptr), value :: map
      type(c_ptr), value :: h
      type(c_ptr), value :: y
      integer(c_int32_t) :: outcome
    end function
    function parmap_operators_adjoint(vector, map, y, x) bind(c, name='parmap_operators_adjoint') result(outcome)
      import
      type(c_ptr), value :: vector
      type(c_ptr), value :: map
      type(c_ptr), value :: y
      type(c_ptr), value :: x
      integer(c_int32_t) :: outcome
    end function
    function parmap_ensemble_create(n_parameters, lower, upper, n_members, cells, seed, state_size, ensemble) bind(c, &
        name='parmap_ensemble_create') result(outcome)
      import
      integer(c_int64_t), value :: n_parameters
      type(c_ptr), value :: lower
      type(c_ptr), value :: upper
      integer(c_int64_t), value :: n_members
      type(c_ptr), value :: cells
      integer(c_int64_t), value :: seed
      integer(c_int64_t), value :: state_size
      type(c_ptr), intent(inout), optional :: ensemble
      integer(c_int32_t) :: outcome
    end function
    subroutine parmap_ensemble_free(ensemble) bind(c, name='parmap_ensemble_free')
      import
      type(c_ptr), intent(inout), optional :: ensemble
    end subroutine
    function parmap_ensemble_round(ensemble, map, per_member, in_all, solver, userdata, report) bind(c, &
        name='parmap_ensemble_round') result(outcome)
      import
      type(c_ptr), value :: ensemble
      type(c_ptr), value :: map
      integer(c_int64_t), value :: per_member
      integer(c_int64_t), value :: in_all
      type(c_funptr), value :: solver
      type(c_ptr), value :: userdata
      type(parmap_report), intent(inout), optional :: report
      integer(c_int32_t) :: outcome
    end function
    function parmap_ensemble_summary(ensemble, n_members, n_converged, evaluations, best) bind(c, &
        name='parmap_ensemble_summary') result(outcome)
      import
      type(c_ptr), value :: ensemble
      type(c_ptr), value :: n_members
      type(c_ptr), value :: n_converged
      type(c_ptr), value :: evaluations
      type(c_ptr), value :: best
      integer(c_int32_t) :: outcome
    end function
    function parmap_ensemble_member(ensemble, index, x, value, evaluations, converged) bind(c, &
        name='parmap_ensemble_member') result(outcome)
      import
      type(c_ptr), value :: ensemble
      integer(c_int64_t), value :: index
      type(c_ptr), value :: x
      type(c_ptr), value :: value
      type(c_ptr), value :: evaluations
      type(c_ptr), value :: converged
      integer(c_int32_t) :: outcome
    end function
  end interface
end module
