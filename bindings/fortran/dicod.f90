! Generated from bindings/fortran/src by tools (make header): change it there.

! The C interface of libdicod as Fortran sees it, name by name: include/dicod.h describes it.
!
! Generated from src/ffi by tools (make header): change it there. The module dicod is the comfortable way.
!
! Pointers are type(c_ptr), handles that a function sets are passed by reference, structs too; those may be left out where
! the header says that they may be NULL.
module dicod_c
  use, intrinsic :: iso_c_binding
  implicit none
  public

  integer(c_int32_t), parameter :: DICOD_VERSION_MAJOR = 0_c_int32_t
  integer(c_int32_t), parameter :: DICOD_VERSION_MINOR = 1_c_int32_t
  integer(c_int32_t), parameter :: DICOD_VERSION_PATCH = 0_c_int32_t
  integer(c_int32_t), parameter :: DICOD_VERSION_NUMBER = 100_c_int32_t
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
  integer(c_int32_t), parameter :: DICOD_LANGUAGE_C = 0_c_int32_t
  integer(c_int32_t), parameter :: DICOD_LANGUAGE_FORTRAN = 1_c_int32_t
  integer(c_int32_t), parameter :: DICOD_LANGUAGE_JULIA = 2_c_int32_t
  integer(c_int32_t), parameter :: DICOD_LOG_WARNING = 1_c_int32_t
  integer(c_int32_t), parameter :: DICOD_LOG_INFO = 2_c_int32_t
  integer(c_int32_t), parameter :: DICOD_LOG_DEBUG = 3_c_int32_t
  integer(c_int64_t), parameter :: DICOD_PROVEN_LAMBDA = 1_c_int64_t
  integer(c_int64_t), parameter :: DICOD_PROVEN_RESULT = 2_c_int64_t
  integer(c_int64_t), parameter :: DICOD_F32 = 32_c_int64_t
  integer(c_int64_t), parameter :: DICOD_F64 = 64_c_int64_t
  integer(c_int32_t), parameter :: DICOD_SPAN_SOLVE = 0_c_int32_t
  integer(c_int32_t), parameter :: DICOD_SPAN_CORRELATE = 1_c_int32_t
  integer(c_int32_t), parameter :: DICOD_SPAN_DESCEND = 2_c_int32_t
  integer(c_int32_t), parameter :: DICOD_SPAN_CERTIFY = 3_c_int32_t
  integer(c_int32_t), parameter :: DICOD_SPAN_PHASE = 4_c_int32_t
  integer(c_int32_t), parameter :: DICOD_SPAN_VISIT = 5_c_int32_t
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

  type, bind(c) :: dicod_problem
    integer(c_int64_t) :: struct_size = 104_c_int64_t
    integer(c_int64_t) :: n_axes = 0
    integer(c_int64_t) :: signal_shape(4) = 0
    integer(c_int64_t) :: atom_shape(4) = 0
    integer(c_int64_t) :: n_atoms = 0
    integer(c_int64_t) :: n_channels = 1
    integer(c_int64_t) :: n_signals = 1
  end type

  type, bind(c) :: dicod_info
    integer(c_int64_t) :: struct_size = 216_c_int64_t
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
    integer(c_int64_t) :: proven = 0
    real(c_double) :: seconds_other = 0
    real(c_double) :: background_least = 0
    real(c_double) :: background_most = 0
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

  type, bind(c) :: dicod_const_array
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
    integer(c_int64_t) :: struct_size = 128_c_int64_t
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
    real(c_double) :: seconds = 0
  end type

  type, bind(c) :: dicod_learn_info
    integer(c_int64_t) :: struct_size = 128_c_int64_t
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
    integer(c_int64_t) :: proven = 0
    real(c_double) :: seconds_other = 0
  end type

  type, bind(c) :: dicod_handle_info
    integer(c_int64_t) :: struct_size = 168_c_int64_t
    integer(c_int64_t) :: element_type = 0
    integer(c_int64_t) :: n_axes = 0
    integer(c_int64_t) :: n_signals = 0
    integer(c_int64_t) :: n_channels = 0
    integer(c_int64_t) :: n_atoms = 0
    integer(c_int64_t) :: n_coded = 0
    integer(c_int64_t) :: signal_shape(4) = 0
    integer(c_int64_t) :: atom_shape(4) = 0
    integer(c_int64_t) :: valid_shape(4) = 0
    integer(c_int64_t) :: iterations = 0
    integer(c_int64_t) :: bytes = 0
  end type

  type, bind(c) :: parmap_report
    integer(c_int64_t) :: struct_size = 328_c_int64_t
    integer(c_int32_t) :: status = 0
    integer(c_int32_t) :: failure_code = 0
    integer(c_int64_t) :: failure_index = -1
    integer(c_int32_t) :: failure_rank = -1
    integer(c_int32_t) :: failure_worker = -1
    integer(c_int64_t) :: done = 0
    integer(c_int64_t) :: failed = 0
    integer(c_int64_t) :: total = 0
    integer(c_int64_t) :: unfinished = 0
    real(c_double) :: seconds = 0
    character(kind=c_char) :: failure_message(256) = c_null_char
  end type

  type, bind(c) :: parmap_progress
    integer(c_int64_t) :: struct_size = 48_c_int64_t
    integer(c_int64_t) :: done = 0
    integer(c_int64_t) :: total = 0
    integer(c_int64_t) :: failed = 0
    real(c_double) :: elapsed = 0
    real(c_double) :: eta = 0
  end type

  type, bind(c) :: parmap_reducer
    integer(c_int64_t) :: struct_size = 64_c_int64_t
    type(c_ptr) :: userdata = c_null_ptr
    type(c_funptr) :: fork_state = c_null_funptr
    type(c_funptr) :: work = c_null_funptr
    type(c_funptr) :: pack = c_null_funptr
    type(c_funptr) :: unpack = c_null_funptr
    type(c_funptr) :: join_states = c_null_funptr
    type(c_funptr) :: free_state = c_null_funptr
  end type

  type, bind(c) :: parmap_node
    integer(c_int64_t) :: struct_size = 120_c_int64_t
    type(c_ptr) :: state = c_null_ptr
    integer(c_int64_t) :: phases = 0
    type(c_funptr) :: can_fork = c_null_funptr
    type(c_funptr) :: fork_state = c_null_funptr
    type(c_funptr) :: train = c_null_funptr
    type(c_funptr) :: pack = c_null_funptr
    type(c_funptr) :: unpack = c_null_funptr
    type(c_funptr) :: join_states = c_null_funptr
    type(c_funptr) :: stop = c_null_funptr
    type(c_funptr) :: execute = c_null_funptr
    integer(c_int32_t) :: forks_in_execution = 0
    type(c_funptr) :: save = c_null_funptr
    type(c_funptr) :: load = c_null_funptr
    type(c_funptr) :: free_state = c_null_funptr
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
    function dicod_path_fn(userdata, point, reg, info) bind(c) result(outcome)
      import
      type(c_ptr), value :: userdata
      integer(c_int64_t), value :: point
      real(c_double), value :: reg
      type(dicod_info), intent(in) :: info
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
    function parmap_work_fn(userdata, task, input, output) bind(c) result(outcome)
      import
      type(c_ptr), value :: userdata
      type(c_ptr), value :: task
      type(c_ptr), value :: input
      type(c_ptr), value :: output
      integer(c_int32_t) :: outcome
    end function
    function parmap_progress_fn(userdata, progress) bind(c) result(outcome)
      import
      type(c_ptr), value :: userdata
      type(parmap_progress), intent(in) :: progress
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
    function dicod_last_error(capacity, buffer, needed) bind(c, name='dicod_last_error') result(outcome)
      import
      integer(c_int64_t), value :: capacity
      type(c_ptr), value :: buffer
      type(c_ptr), value :: needed
      integer(c_int32_t) :: outcome
    end function
    function dicod_last_error_message() bind(c, name='dicod_last_error_message') result(outcome)
      import
      type(c_ptr) :: outcome
    end function
    function dicod_last_error_in(language, capacity, buffer, needed) bind(c, &
        name='dicod_last_error_in') result(outcome)
      import
      integer(c_int32_t), value :: language
      integer(c_int64_t), value :: capacity
      type(c_ptr), value :: buffer
      type(c_ptr), value :: needed
      integer(c_int32_t) :: outcome
    end function
    function dicod_set_last_error(message) bind(c, name='dicod_set_last_error') result(outcome)
      import
      type(c_ptr), value :: message
      integer(c_int32_t) :: outcome
    end function
    function dicod_fail_next(status, message) bind(c, name='dicod_fail_next') result(outcome)
      import
      integer(c_int32_t), value :: status
      type(c_ptr), value :: message
      integer(c_int32_t) :: outcome
    end function
    function dicod_version() bind(c, name='dicod_version') result(outcome)
      import
      type(c_ptr) :: outcome
    end function
    function dicod_build_info() bind(c, name='dicod_build_info') result(outcome)
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
    function dicod_context_get_ranks(context, rank, n_ranks) bind(c, name='dicod_context_get_ranks') result(outcome)
      import
      type(c_ptr), value :: context
      type(c_ptr), value :: rank
      type(c_ptr), value :: n_ranks
      integer(c_int32_t) :: outcome
    end function
    function dicod_context_get_threads(context, n_threads) bind(c, name='dicod_context_get_threads') result(outcome)
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
    function dicod_cancel(context) bind(c, name='dicod_cancel') result(outcome)
      import
      type(c_ptr), value :: context
      integer(c_int32_t) :: outcome
    end function
    function dicod_context_set_cancel_flag(context, flag) bind(c, &
        name='dicod_context_set_cancel_flag') result(outcome)
      import
      type(c_ptr), value :: context
      type(c_ptr), value :: flag
      integer(c_int32_t) :: outcome
    end function
    function dicod_options_create(options) bind(c, name='dicod_options_create') result(outcome)
      import
      type(c_ptr), intent(inout), optional :: options
      integer(c_int32_t) :: outcome
    end function
    function dicod_options_free(options) bind(c, name='dicod_options_free') result(outcome)
      import
      type(c_ptr), intent(inout), optional :: options
      integer(c_int32_t) :: outcome
    end function
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
    function dicod_options_set(options, key, text) bind(c, name='dicod_options_set') result(outcome)
      import
      type(c_ptr), value :: options
      type(c_ptr), value :: key
      type(c_ptr), value :: text
      integer(c_int32_t) :: outcome
    end function
    function dicod_options_parse(options, text) bind(c, name='dicod_options_parse') result(outcome)
      import
      type(c_ptr), value :: options
      type(c_ptr), value :: text
      integer(c_int32_t) :: outcome
    end function
    function dicod_options_from_environment(options) bind(c, name='dicod_options_from_environment') result(outcome)
      import
      type(c_ptr), value :: options
      integer(c_int32_t) :: outcome
    end function
    function dicod_options_to_text(options, capacity, buffer, needed) bind(c, &
        name='dicod_options_to_text') result(outcome)
      import
      type(c_ptr), value :: options
      integer(c_int64_t), value :: capacity
      type(c_ptr), value :: buffer
      type(c_ptr), value :: needed
      integer(c_int32_t) :: outcome
    end function
    function dicod_options_copy(options, copy) bind(c, name='dicod_options_copy') result(outcome)
      import
      type(c_ptr), value :: options
      type(c_ptr), intent(inout), optional :: copy
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
    function dicod_options_get_count(count) bind(c, name='dicod_options_get_count') result(outcome)
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
    function dicod_info_text(info, capacity, buffer, needed) bind(c, name='dicod_info_text') result(outcome)
      import
      type(dicod_info), intent(in) :: info
      integer(c_int64_t), value :: capacity
      type(c_ptr), value :: buffer
      type(c_ptr), value :: needed
      integer(c_int32_t) :: outcome
    end function
    function dicod_valid_shape(options, problem, valid_shape) bind(c, name='dicod_valid_shape') result(outcome)
      import
      type(c_ptr), value :: options
      type(dicod_problem), intent(in) :: problem
      type(c_ptr), value :: valid_shape
      integer(c_int32_t) :: outcome
    end function
    function dicod_valid_block(options, problem, offset, local_shape, valid_offset, valid_local_shape) bind(c, &
        name='dicod_valid_block') result(outcome)
      import
      type(c_ptr), value :: options
      type(dicod_problem), intent(in) :: problem
      type(c_ptr), value :: offset
      type(c_ptr), value :: local_shape
      type(c_ptr), value :: valid_offset
      type(c_ptr), value :: valid_local_shape
      integer(c_int32_t) :: outcome
    end function
    function dicod_solve(context, options, problem, x, d, z, info) bind(c, name='dicod_solve') result(outcome)
      import
      type(c_ptr), value :: context
      type(c_ptr), value :: options
      type(dicod_problem), intent(in) :: problem
      type(c_ptr), value :: x
      type(c_ptr), value :: d
      type(c_ptr), value :: z
      type(dicod_info), intent(inout), optional :: info
      integer(c_int32_t) :: outcome
    end function
    function dicod_solve_f32(context, options, problem, x, d, z, info) bind(c, name='dicod_solve_f32') result(outcome)
      import
      type(c_ptr), value :: context
      type(c_ptr), value :: options
      type(dicod_problem), intent(in) :: problem
      type(c_ptr), value :: x
      type(c_ptr), value :: d
      type(c_ptr), value :: z
      type(dicod_info), intent(inout), optional :: info
      integer(c_int32_t) :: outcome
    end function
    function dicod_lambda_max(context, options, problem, x, d, lambda_max) bind(c, &
        name='dicod_lambda_max') result(outcome)
      import
      type(c_ptr), value :: context
      type(c_ptr), value :: options
      type(dicod_problem), intent(in) :: problem
      type(c_ptr), value :: x
      type(c_ptr), value :: d
      type(c_ptr), value :: lambda_max
      integer(c_int32_t) :: outcome
    end function
    function dicod_lambda_max_f32(context, options, problem, x, d, lambda_max) bind(c, &
        name='dicod_lambda_max_f32') result(outcome)
      import
      type(c_ptr), value :: context
      type(c_ptr), value :: options
      type(dicod_problem), intent(in) :: problem
      type(c_ptr), value :: x
      type(c_ptr), value :: d
      type(c_ptr), value :: lambda_max
      integer(c_int32_t) :: outcome
    end function
    function dicod_reconstruct(context, options, problem, d, z, x) bind(c, name='dicod_reconstruct') result(outcome)
      import
      type(c_ptr), value :: context
      type(c_ptr), value :: options
      type(dicod_problem), intent(in) :: problem
      type(c_ptr), value :: d
      type(c_ptr), value :: z
      type(c_ptr), value :: x
      integer(c_int32_t) :: outcome
    end function
    function dicod_reconstruct_f32(context, options, problem, d, z, x) bind(c, &
        name='dicod_reconstruct_f32') result(outcome)
      import
      type(c_ptr), value :: context
      type(c_ptr), value :: options
      type(dicod_problem), intent(in) :: problem
      type(c_ptr), value :: d
      type(c_ptr), value :: z
      type(c_ptr), value :: x
      integer(c_int32_t) :: outcome
    end function
    function dicod_objective(context, options, problem, x, d, z, objective, data_term) bind(c, &
        name='dicod_objective') result(outcome)
      import
      type(c_ptr), value :: context
      type(c_ptr), value :: options
      type(dicod_problem), intent(in) :: problem
      type(c_ptr), value :: x
      type(c_ptr), value :: d
      type(c_ptr), value :: z
      type(c_ptr), value :: objective
      type(c_ptr), value :: data_term
      integer(c_int32_t) :: outcome
    end function
    function dicod_objective_f32(context, options, problem, x, d, z, objective, data_term) bind(c, &
        name='dicod_objective_f32') result(outcome)
      import
      type(c_ptr), value :: context
      type(c_ptr), value :: options
      type(dicod_problem), intent(in) :: problem
      type(c_ptr), value :: x
      type(c_ptr), value :: d
      type(c_ptr), value :: z
      type(c_ptr), value :: objective
      type(c_ptr), value :: data_term
      integer(c_int32_t) :: outcome
    end function
    function dicod_gram(context, problem, d, gram) bind(c, name='dicod_gram') result(outcome)
      import
      type(c_ptr), value :: context
      type(dicod_problem), intent(in) :: problem
      type(c_ptr), value :: d
      type(c_ptr), value :: gram
      integer(c_int32_t) :: outcome
    end function
    function dicod_gram_f32(context, problem, d, gram) bind(c, name='dicod_gram_f32') result(outcome)
      import
      type(c_ptr), value :: context
      type(dicod_problem), intent(in) :: problem
      type(c_ptr), value :: d
      type(c_ptr), value :: gram
      integer(c_int32_t) :: outcome
    end function
    function dicod_encoder_memory(context, options, problem, element_type, offset, local_shape, bytes, &
        bytes_gram) bind(c, name='dicod_encoder_memory') result(outcome)
      import
      type(c_ptr), value :: context
      type(c_ptr), value :: options
      type(dicod_problem), intent(in) :: problem
      integer(c_int64_t), value :: element_type
      type(c_ptr), value :: offset
      type(c_ptr), value :: local_shape
      type(c_ptr), value :: bytes
      type(c_ptr), value :: bytes_gram
      integer(c_int32_t) :: outcome
    end function
    function dicod_encoder_create(context, options, problem, d, encoder) bind(c, &
        name='dicod_encoder_create') result(outcome)
      import
      type(c_ptr), value :: context
      type(c_ptr), value :: options
      type(dicod_problem), intent(in) :: problem
      type(c_ptr), value :: d
      type(c_ptr), intent(inout), optional :: encoder
      integer(c_int32_t) :: outcome
    end function
    function dicod_encoder_create_f32(context, options, problem, d, encoder) bind(c, &
        name='dicod_encoder_create_f32') result(outcome)
      import
      type(c_ptr), value :: context
      type(c_ptr), value :: options
      type(dicod_problem), intent(in) :: problem
      type(c_ptr), value :: d
      type(c_ptr), intent(inout), optional :: encoder
      integer(c_int32_t) :: outcome
    end function
    function dicod_encoder_create_rank1(context, options, problem, u, v, encoder) bind(c, &
        name='dicod_encoder_create_rank1') result(outcome)
      import
      type(c_ptr), value :: context
      type(c_ptr), value :: options
      type(dicod_problem), intent(in) :: problem
      type(c_ptr), value :: u
      type(c_ptr), value :: v
      type(c_ptr), intent(inout), optional :: encoder
      integer(c_int32_t) :: outcome
    end function
    function dicod_encoder_create_rank1_f32(context, options, problem, u, v, encoder) bind(c, &
        name='dicod_encoder_create_rank1_f32') result(outcome)
      import
      type(c_ptr), value :: context
      type(c_ptr), value :: options
      type(dicod_problem), intent(in) :: problem
      type(c_ptr), value :: u
      type(c_ptr), value :: v
      type(c_ptr), intent(inout), optional :: encoder
      integer(c_int32_t) :: outcome
    end function
    function dicod_encoder_free(encoder) bind(c, name='dicod_encoder_free') result(outcome)
      import
      type(c_ptr), intent(inout), optional :: encoder
      integer(c_int32_t) :: outcome
    end function
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
    function dicod_encoder_set_weights(encoder, weights) bind(c, name='dicod_encoder_set_weights') result(outcome)
      import
      type(c_ptr), value :: encoder
      type(dicod_const_array), intent(in) :: weights
      integer(c_int32_t) :: outcome
    end function
    function dicod_encoder_clear_weights(encoder) bind(c, name='dicod_encoder_clear_weights') result(outcome)
      import
      type(c_ptr), value :: encoder
      integer(c_int32_t) :: outcome
    end function
    function dicod_encoder_solve(encoder, x, info) bind(c, name='dicod_encoder_solve') result(outcome)
      import
      type(c_ptr), value :: encoder
      type(dicod_const_array), intent(in) :: x
      type(dicod_info), intent(inout), optional :: info
      integer(c_int32_t) :: outcome
    end function
    function dicod_encoder_path(encoder, x, n_reg, reg, each, userdata, info) bind(c, &
        name='dicod_encoder_path') result(outcome)
      import
      type(c_ptr), value :: encoder
      type(dicod_const_array), intent(in) :: x
      integer(c_int64_t), value :: n_reg
      type(c_ptr), value :: reg
      type(c_funptr), value :: each
      type(c_ptr), value :: userdata
      type(dicod_info), intent(inout), optional :: info
      integer(c_int32_t) :: outcome
    end function
    function dicod_reg_path(n, most, least, reg) bind(c, name='dicod_reg_path') result(outcome)
      import
      integer(c_int64_t), value :: n
      real(c_double), value :: most
      real(c_double), value :: least
      type(c_ptr), value :: reg
      integer(c_int32_t) :: outcome
    end function
    function dicod_encoder_get_dictionary(encoder, n_values, d) bind(c, &
        name='dicod_encoder_get_dictionary') result(outcome)
      import
      type(c_ptr), value :: encoder
      integer(c_int64_t), value :: n_values
      type(c_ptr), value :: d
      integer(c_int32_t) :: outcome
    end function
    function dicod_encoder_get_dictionary_f32(encoder, n_values, d) bind(c, &
        name='dicod_encoder_get_dictionary_f32') result(outcome)
      import
      type(c_ptr), value :: encoder
      integer(c_int64_t), value :: n_values
      type(c_ptr), value :: d
      integer(c_int32_t) :: outcome
    end function
    function dicod_encoder_get_dictionary_rank1(encoder, n_u, u, n_v, v) bind(c, &
        name='dicod_encoder_get_dictionary_rank1') result(outcome)
      import
      type(c_ptr), value :: encoder
      integer(c_int64_t), value :: n_u
      type(c_ptr), value :: u
      integer(c_int64_t), value :: n_v
      type(c_ptr), value :: v
      integer(c_int32_t) :: outcome
    end function
    function dicod_encoder_get_dictionary_rank1_f32(encoder, n_u, u, n_v, v) bind(c, &
        name='dicod_encoder_get_dictionary_rank1_f32') result(outcome)
      import
      type(c_ptr), value :: encoder
      integer(c_int64_t), value :: n_u
      type(c_ptr), value :: u
      integer(c_int64_t), value :: n_v
      type(c_ptr), value :: v
      integer(c_int32_t) :: outcome
    end function
    function dicod_encoder_set_z(encoder, z) bind(c, name='dicod_encoder_set_z') result(outcome)
      import
      type(c_ptr), value :: encoder
      type(dicod_const_array), intent(in) :: z
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
      type(dicod_array), intent(in) :: z
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
    function dicod_encoder_set_sparse(encoder, n, signal, atom, position, value) bind(c, &
        name='dicod_encoder_set_sparse') result(outcome)
      import
      type(c_ptr), value :: encoder
      integer(c_int64_t), value :: n
      type(c_ptr), value :: signal
      type(c_ptr), value :: atom
      type(c_ptr), value :: position
      type(c_ptr), value :: value
      integer(c_int32_t) :: outcome
    end function
    function dicod_encoder_get_region(encoder, offset, local_shape) bind(c, &
        name='dicod_encoder_get_region') result(outcome)
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
    function dicod_encoder_get_tolerance(encoder, n_atoms, tolerance) bind(c, &
        name='dicod_encoder_get_tolerance') result(outcome)
      import
      type(c_ptr), value :: encoder
      integer(c_int64_t), value :: n_atoms
      type(c_ptr), value :: tolerance
      integer(c_int32_t) :: outcome
    end function
    function dicod_encoder_reconstruct(encoder, x) bind(c, name='dicod_encoder_reconstruct') result(outcome)
      import
      type(c_ptr), value :: encoder
      type(dicod_array), intent(in) :: x
      integer(c_int32_t) :: outcome
    end function
    function dicod_encoder_residual(encoder, x, residual) bind(c, name='dicod_encoder_residual') result(outcome)
      import
      type(c_ptr), value :: encoder
      type(dicod_const_array), intent(in) :: x
      type(dicod_array), intent(in) :: residual
      integer(c_int32_t) :: outcome
    end function
    function dicod_encoder_get_background(encoder, background) bind(c, &
        name='dicod_encoder_get_background') result(outcome)
      import
      type(c_ptr), value :: encoder
      type(dicod_array), intent(in) :: background
      integer(c_int32_t) :: outcome
    end function
    function dicod_encoder_objective(encoder, x, objective, data_term) bind(c, &
        name='dicod_encoder_objective') result(outcome)
      import
      type(c_ptr), value :: encoder
      type(dicod_const_array), intent(in) :: x
      type(c_ptr), value :: objective
      type(c_ptr), value :: data_term
      integer(c_int32_t) :: outcome
    end function
    function dicod_encoder_get_trace(encoder, visit, userdata) bind(c, name='dicod_encoder_get_trace') result(outcome)
      import
      type(c_ptr), value :: encoder
      type(c_funptr), value :: visit
      type(c_ptr), value :: userdata
      integer(c_int32_t) :: outcome
    end function
    function dicod_encoder_get_trace_json(encoder, capacity, json, needed) bind(c, &
        name='dicod_encoder_get_trace_json') result(outcome)
      import
      type(c_ptr), value :: encoder
      integer(c_int64_t), value :: capacity
      type(c_ptr), value :: json
      type(c_ptr), value :: needed
      integer(c_int32_t) :: outcome
    end function
    function dicod_learn(context, options, problem, x, each, userdata, d, z, info) bind(c, &
        name='dicod_learn') result(outcome)
      import
      type(c_ptr), value :: context
      type(c_ptr), value :: options
      type(dicod_problem), intent(in) :: problem
      type(c_ptr), value :: x
      type(c_funptr), value :: each
      type(c_ptr), value :: userdata
      type(c_ptr), value :: d
      type(c_ptr), value :: z
      type(dicod_learn_info), intent(inout), optional :: info
      integer(c_int32_t) :: outcome
    end function
    function dicod_learn_f32(context, options, problem, x, each, userdata, d, z, info) bind(c, &
        name='dicod_learn_f32') result(outcome)
      import
      type(c_ptr), value :: context
      type(c_ptr), value :: options
      type(dicod_problem), intent(in) :: problem
      type(c_ptr), value :: x
      type(c_funptr), value :: each
      type(c_ptr), value :: userdata
      type(c_ptr), value :: d
      type(c_ptr), value :: z
      type(dicod_learn_info), intent(inout), optional :: info
      integer(c_int32_t) :: outcome
    end function
    function dicod_learner_create(context, options, problem, d, learner) bind(c, &
        name='dicod_learner_create') result(outcome)
      import
      type(c_ptr), value :: context
      type(c_ptr), value :: options
      type(dicod_problem), intent(in) :: problem
      type(c_ptr), value :: d
      type(c_ptr), intent(inout), optional :: learner
      integer(c_int32_t) :: outcome
    end function
    function dicod_learner_create_f32(context, options, problem, d, learner) bind(c, &
        name='dicod_learner_create_f32') result(outcome)
      import
      type(c_ptr), value :: context
      type(c_ptr), value :: options
      type(dicod_problem), intent(in) :: problem
      type(c_ptr), value :: d
      type(c_ptr), intent(inout), optional :: learner
      integer(c_int32_t) :: outcome
    end function
    function dicod_learner_free(learner) bind(c, name='dicod_learner_free') result(outcome)
      import
      type(c_ptr), intent(inout), optional :: learner
      integer(c_int32_t) :: outcome
    end function
    function dicod_learner_step(learner, x, step) bind(c, name='dicod_learner_step') result(outcome)
      import
      type(c_ptr), value :: learner
      type(dicod_const_array), intent(in) :: x
      type(dicod_learn_step), intent(inout), optional :: step
      integer(c_int32_t) :: outcome
    end function
    function dicod_learner_run(learner, x, each, userdata, info) bind(c, name='dicod_learner_run') result(outcome)
      import
      type(c_ptr), value :: learner
      type(dicod_const_array), intent(in) :: x
      type(c_funptr), value :: each
      type(c_ptr), value :: userdata
      type(dicod_learn_info), intent(inout), optional :: info
      integer(c_int32_t) :: outcome
    end function
    function dicod_learner_encode(learner, x, info) bind(c, name='dicod_learner_encode') result(outcome)
      import
      type(c_ptr), value :: learner
      type(dicod_const_array), intent(in) :: x
      type(dicod_info), intent(inout), optional :: info
      integer(c_int32_t) :: outcome
    end function
    function dicod_learner_get_dictionary(learner, n_values, d) bind(c, &
        name='dicod_learner_get_dictionary') result(outcome)
      import
      type(c_ptr), value :: learner
      integer(c_int64_t), value :: n_values
      type(c_ptr), value :: d
      integer(c_int32_t) :: outcome
    end function
    function dicod_learner_get_dictionary_f32(learner, n_values, d) bind(c, &
        name='dicod_learner_get_dictionary_f32') result(outcome)
      import
      type(c_ptr), value :: learner
      integer(c_int64_t), value :: n_values
      type(c_ptr), value :: d
      integer(c_int32_t) :: outcome
    end function
    function dicod_learner_get_dictionary_rank1(learner, n_u, u, n_v, v) bind(c, &
        name='dicod_learner_get_dictionary_rank1') result(outcome)
      import
      type(c_ptr), value :: learner
      integer(c_int64_t), value :: n_u
      type(c_ptr), value :: u
      integer(c_int64_t), value :: n_v
      type(c_ptr), value :: v
      integer(c_int32_t) :: outcome
    end function
    function dicod_learner_get_dictionary_rank1_f32(learner, n_u, u, n_v, v) bind(c, &
        name='dicod_learner_get_dictionary_rank1_f32') result(outcome)
      import
      type(c_ptr), value :: learner
      integer(c_int64_t), value :: n_u
      type(c_ptr), value :: u
      integer(c_int64_t), value :: n_v
      type(c_ptr), value :: v
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
    function dicod_learner_get_z(learner, z) bind(c, name='dicod_learner_get_z') result(outcome)
      import
      type(c_ptr), value :: learner
      type(dicod_array), intent(in) :: z
      integer(c_int32_t) :: outcome
    end function
    function dicod_learner_set_z(learner, z) bind(c, name='dicod_learner_set_z') result(outcome)
      import
      type(c_ptr), value :: learner
      type(dicod_const_array), intent(in) :: z
      integer(c_int32_t) :: outcome
    end function
    function dicod_learner_clear_z(learner) bind(c, name='dicod_learner_clear_z') result(outcome)
      import
      type(c_ptr), value :: learner
      integer(c_int32_t) :: outcome
    end function
    function dicod_learner_get_sparse(learner, capacity, signal, atom, position, value, count) bind(c, &
        name='dicod_learner_get_sparse') result(outcome)
      import
      type(c_ptr), value :: learner
      integer(c_int64_t), value :: capacity
      type(c_ptr), value :: signal
      type(c_ptr), value :: atom
      type(c_ptr), value :: position
      type(c_ptr), value :: value
      type(c_ptr), value :: count
      integer(c_int32_t) :: outcome
    end function
    function dicod_learner_get_sparse_block(learner, offset, local_shape, capacity, signal, atom, position, value, &
        count) bind(c, name='dicod_learner_get_sparse_block') result(outcome)
      import
      type(c_ptr), value :: learner
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
    function dicod_learner_set_sparse(learner, n, signal, atom, position, value) bind(c, &
        name='dicod_learner_set_sparse') result(outcome)
      import
      type(c_ptr), value :: learner
      integer(c_int64_t), value :: n
      type(c_ptr), value :: signal
      type(c_ptr), value :: atom
      type(c_ptr), value :: position
      type(c_ptr), value :: value
      integer(c_int32_t) :: outcome
    end function
    function dicod_learner_get_region(learner, offset, local_shape) bind(c, &
        name='dicod_learner_get_region') result(outcome)
      import
      type(c_ptr), value :: learner
      type(c_ptr), value :: offset
      type(c_ptr), value :: local_shape
      integer(c_int32_t) :: outcome
    end function
    function dicod_learner_reconstruct(learner, x) bind(c, name='dicod_learner_reconstruct') result(outcome)
      import
      type(c_ptr), value :: learner
      type(dicod_array), intent(in) :: x
      integer(c_int32_t) :: outcome
    end function
    function dicod_learner_get_background(learner, background) bind(c, &
        name='dicod_learner_get_background') result(outcome)
      import
      type(c_ptr), value :: learner
      type(dicod_array), intent(in) :: background
      integer(c_int32_t) :: outcome
    end function
    function dicod_learner_residual(learner, x, residual) bind(c, name='dicod_learner_residual') result(outcome)
      import
      type(c_ptr), value :: learner
      type(dicod_const_array), intent(in) :: x
      type(dicod_array), intent(in) :: residual
      integer(c_int32_t) :: outcome
    end function
    function dicod_learner_objective(learner, x, objective, data_term) bind(c, &
        name='dicod_learner_objective') result(outcome)
      import
      type(c_ptr), value :: learner
      type(dicod_const_array), intent(in) :: x
      type(c_ptr), value :: objective
      type(c_ptr), value :: data_term
      integer(c_int32_t) :: outcome
    end function
    function dicod_learner_get_trace(learner, visit, userdata) bind(c, name='dicod_learner_get_trace') result(outcome)
      import
      type(c_ptr), value :: learner
      type(c_funptr), value :: visit
      type(c_ptr), value :: userdata
      integer(c_int32_t) :: outcome
    end function
    function dicod_learner_get_trace_json(learner, capacity, json, needed) bind(c, &
        name='dicod_learner_get_trace_json') result(outcome)
      import
      type(c_ptr), value :: learner
      integer(c_int64_t), value :: capacity
      type(c_ptr), value :: json
      type(c_ptr), value :: needed
      integer(c_int32_t) :: outcome
    end function
    function dicod_initial_dictionary(context, options, problem, x, d) bind(c, &
        name='dicod_initial_dictionary') result(outcome)
      import
      type(c_ptr), value :: context
      type(c_ptr), value :: options
      type(dicod_problem), intent(in) :: problem
      type(dicod_const_array), intent(in) :: x
      type(c_ptr), value :: d
      integer(c_int32_t) :: outcome
    end function
    function dicod_initial_dictionary_f32(context, options, problem, x, d) bind(c, &
        name='dicod_initial_dictionary_f32') result(outcome)
      import
      type(c_ptr), value :: context
      type(c_ptr), value :: options
      type(dicod_problem), intent(in) :: problem
      type(dicod_const_array), intent(in) :: x
      type(c_ptr), value :: d
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
    function dicod_encoder_describe(encoder, info) bind(c, name='dicod_encoder_describe') result(outcome)
      import
      type(c_ptr), value :: encoder
      type(dicod_handle_info), intent(inout), optional :: info
      integer(c_int32_t) :: outcome
    end function
    function dicod_learner_describe(learner, info) bind(c, name='dicod_learner_describe') result(outcome)
      import
      type(c_ptr), value :: learner
      type(dicod_handle_info), intent(inout), optional :: info
      integer(c_int32_t) :: outcome
    end function
    function dicod_encoder_get_options(encoder, options) bind(c, name='dicod_encoder_get_options') result(outcome)
      import
      type(c_ptr), value :: encoder
      type(c_ptr), intent(inout), optional :: options
      integer(c_int32_t) :: outcome
    end function
    function dicod_learner_get_options(learner, options) bind(c, name='dicod_learner_get_options') result(outcome)
      import
      type(c_ptr), value :: learner
      type(c_ptr), intent(inout), optional :: options
      integer(c_int32_t) :: outcome
    end function
    function dicod_learner_expect(learner, expected) bind(c, name='dicod_learner_expect') result(outcome)
      import
      type(c_ptr), value :: learner
      type(dicod_handle_info), intent(in) :: expected
      integer(c_int32_t) :: outcome
    end function
    subroutine dicod_log_stderr(userdata, level, message) bind(c, name='dicod_log_stderr')
      import
      type(c_ptr), value :: userdata
      integer(c_int32_t), value :: level
      type(c_ptr), value :: message
    end subroutine
    function dicod_progress_bar(userdata, progress) bind(c, name='dicod_progress_bar') result(outcome)
      import
      type(c_ptr), value :: userdata
      type(dicod_progress), intent(in) :: progress
      integer(c_int32_t) :: outcome
    end function
    function dicod_learn_progress_bar(userdata, step) bind(c, name='dicod_learn_progress_bar') result(outcome)
      import
      type(c_ptr), value :: userdata
      type(dicod_learn_step), intent(in) :: step
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
    function segmentation_free(handle) bind(c, name='segmentation_free') result(outcome)
      import
      type(c_ptr), intent(inout), optional :: handle
      integer(c_int32_t) :: outcome
    end function
    function segmentation_get_n_axes(handle, n_axes) bind(c, name='segmentation_get_n_axes') result(outcome)
      import
      type(c_ptr), value :: handle
      type(c_ptr), value :: n_axes
      integer(c_int32_t) :: outcome
    end function
    function segmentation_get_n_segments(handle, n_segments) bind(c, &
        name='segmentation_get_n_segments') result(outcome)
      import
      type(c_ptr), value :: handle
      type(c_ptr), value :: n_segments
      integer(c_int32_t) :: outcome
    end function
    function segmentation_get_segments_per_axis(handle, counts) bind(c, &
        name='segmentation_get_segments_per_axis') result(outcome)
      import
      type(c_ptr), value :: handle
      type(c_ptr), value :: counts
      integer(c_int32_t) :: outcome
    end function
    function segmentation_get_nominal_shape(handle, shape) bind(c, &
        name='segmentation_get_nominal_shape') result(outcome)
      import
      type(c_ptr), value :: handle
      type(c_ptr), value :: shape
      integer(c_int32_t) :: outcome
    end function
    function segmentation_get_shape(handle, shape) bind(c, name='segmentation_get_shape') result(outcome)
      import
      type(c_ptr), value :: handle
      type(c_ptr), value :: shape
      integer(c_int32_t) :: outcome
    end function
    function segmentation_get_inner_bounds(handle, bounds) bind(c, &
        name='segmentation_get_inner_bounds') result(outcome)
      import
      type(c_ptr), value :: handle
      type(c_ptr), value :: bounds
      integer(c_int32_t) :: outcome
    end function
    function segmentation_get_full_shape(handle, shape) bind(c, name='segmentation_get_full_shape') result(outcome)
      import
      type(c_ptr), value :: handle
      type(c_ptr), value :: shape
      integer(c_int32_t) :: outcome
    end function
    function segmentation_get_overlap(handle, overlap) bind(c, name='segmentation_get_overlap') result(outcome)
      import
      type(c_ptr), value :: handle
      type(c_ptr), value :: overlap
      integer(c_int32_t) :: outcome
    end function
    function segmentation_get_segment_bounds(handle, i_seg, inner, bounds) bind(c, &
        name='segmentation_get_segment_bounds') result(outcome)
      import
      type(c_ptr), value :: handle
      integer(c_int64_t), value :: i_seg
      integer(c_int32_t), value :: inner
      type(c_ptr), value :: bounds
      integer(c_int32_t) :: outcome
    end function
    function segmentation_get_segment_shape(handle, i_seg, inner, shape) bind(c, &
        name='segmentation_get_segment_shape') result(outcome)
      import
      type(c_ptr), value :: handle
      integer(c_int64_t), value :: i_seg
      integer(c_int32_t), value :: inner
      type(c_ptr), value :: shape
      integer(c_int32_t) :: outcome
    end function
    function segmentation_get_segment_slices(handle, i_seg, inner, start, count) bind(c, &
        name='segmentation_get_segment_slices') result(outcome)
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
    function segmentation_get_touched_segments(handle, point, radius, capacity, segments, count) bind(c, &
        name='segmentation_get_touched_segments') result(outcome)
      import
      type(c_ptr), value :: handle
      type(c_ptr), value :: point
      type(c_ptr), value :: radius
      integer(c_int64_t), value :: capacity
      type(c_ptr), value :: segments
      type(c_ptr), value :: count
      integer(c_int32_t) :: outcome
    end function
    function segmentation_get_touched_overlap_slices(handle, i_seg, point, radius, capacity, boxes, count) bind(c, &
        name='segmentation_get_touched_overlap_slices') result(outcome)
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
    function segmentation_get_global_coordinate(handle, i_seg, point, global) bind(c, &
        name='segmentation_get_global_coordinate') result(outcome)
      import
      type(c_ptr), value :: handle
      integer(c_int64_t), value :: i_seg
      type(c_ptr), value :: point
      type(c_ptr), value :: global
      integer(c_int32_t) :: outcome
    end function
    function segmentation_get_local_coordinate(handle, i_seg, point, local) bind(c, &
        name='segmentation_get_local_coordinate') result(outcome)
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
    function segmentation_get_padding_to_overlap(handle, i_seg, padding) bind(c, &
        name='segmentation_get_padding_to_overlap') result(outcome)
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
    function segmentation_get_n_active(handle, n_active) bind(c, name='segmentation_get_n_active') result(outcome)
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
    function parmap_task_get_place(task, index, attempt, rank, worker) bind(c, &
        name='parmap_task_get_place') result(outcome)
      import
      type(c_ptr), value :: task
      type(c_ptr), value :: index
      type(c_ptr), value :: attempt
      type(c_ptr), value :: rank
      type(c_ptr), value :: worker
      integer(c_int32_t) :: outcome
    end function
    function parmap_task_get_index(task) bind(c, name='parmap_task_get_index') result(outcome)
      import
      type(c_ptr), value :: task
      integer(c_int64_t) :: outcome
    end function
    function parmap_cancelled(task) bind(c, name='parmap_cancelled') result(outcome)
      import
      type(c_ptr), value :: task
      integer(c_int32_t) :: outcome
    end function
    function parmap_task_get_key(task, key) bind(c, name='parmap_task_get_key') result(outcome)
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
    function parmap_task_get_shared(task, data, size) bind(c, name='parmap_task_get_shared') result(outcome)
      import
      type(c_ptr), value :: task
      type(c_ptr), intent(inout), optional :: data
      type(c_ptr), value :: size
      integer(c_int32_t) :: outcome
    end function
    function parmap_task_get_context(task, context) bind(c, name='parmap_task_get_context') result(outcome)
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
    function parmap_report_text(report, capacity, buffer, needed) bind(c, name='parmap_report_text') result(outcome)
      import
      type(parmap_report), intent(in) :: report
      integer(c_int64_t), value :: capacity
      type(c_ptr), value :: buffer
      type(c_ptr), value :: needed
      integer(c_int32_t) :: outcome
    end function
    function parmap_create(context, map) bind(c, name='parmap_create') result(outcome)
      import
      type(c_ptr), value :: context
      type(c_ptr), intent(inout), optional :: map
      integer(c_int32_t) :: outcome
    end function
    function parmap_free(map) bind(c, name='parmap_free') result(outcome)
      import
      type(c_ptr), intent(inout), optional :: map
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
    function parmap_get_unfinished(map, capacity, first, end, n) bind(c, name='parmap_get_unfinished') result(outcome)
      import
      type(c_ptr), value :: map
      integer(c_int64_t), value :: capacity
      type(c_ptr), value :: first
      type(c_ptr), value :: end
      type(c_ptr), value :: n
      integer(c_int32_t) :: outcome
    end function
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
    function parmap_set(map, key, text) bind(c, name='parmap_set') result(outcome)
      import
      type(c_ptr), value :: map
      type(c_ptr), value :: key
      type(c_ptr), value :: text
      integer(c_int32_t) :: outcome
    end function
    function parmap_get_integer(map, key, value) bind(c, name='parmap_get_integer') result(outcome)
      import
      type(c_ptr), value :: map
      type(c_ptr), value :: key
      type(c_ptr), value :: value
      integer(c_int32_t) :: outcome
    end function
    function parmap_get_real(map, key, value) bind(c, name='parmap_get_real') result(outcome)
      import
      type(c_ptr), value :: map
      type(c_ptr), value :: key
      type(c_ptr), value :: value
      integer(c_int32_t) :: outcome
    end function
    function parmap_get_string(map, key, capacity, value, needed) bind(c, name='parmap_get_string') result(outcome)
      import
      type(c_ptr), value :: map
      type(c_ptr), value :: key
      integer(c_int64_t), value :: capacity
      type(c_ptr), value :: value
      type(c_ptr), value :: needed
      integer(c_int32_t) :: outcome
    end function
    function parmap_settings_get_count(count) bind(c, name='parmap_settings_get_count') result(outcome)
      import
      type(c_ptr), value :: count
      integer(c_int32_t) :: outcome
    end function
    function parmap_settings_describe(index, info) bind(c, name='parmap_settings_describe') result(outcome)
      import
      integer(c_int64_t), value :: index
      type(dicod_option_info), intent(inout), optional :: info
      integer(c_int32_t) :: outcome
    end function
    function parmap_set_progress(map, progress, userdata) bind(c, name='parmap_set_progress') result(outcome)
      import
      type(c_ptr), value :: map
      type(c_funptr), value :: progress
      type(c_ptr), value :: userdata
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
    function parmap_pull_get_key(pull, index, key) bind(c, name='parmap_pull_get_key') result(outcome)
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
    function parmap_flow_free(flow) bind(c, name='parmap_flow_free') result(outcome)
      import
      type(c_ptr), intent(inout), optional :: flow
      integer(c_int32_t) :: outcome
    end function
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
    function parmap_operators_free(vector) bind(c, name='parmap_operators_free') result(outcome)
      import
      type(c_ptr), intent(inout), optional :: vector
      integer(c_int32_t) :: outcome
    end function
    function parmap_operators_get_sizes(vector, in_size, out_size, linear) bind(c, &
        name='parmap_operators_get_sizes') result(outcome)
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
    function parmap_ensemble_free(ensemble) bind(c, name='parmap_ensemble_free') result(outcome)
      import
      type(c_ptr), intent(inout), optional :: ensemble
      integer(c_int32_t) :: outcome
    end function
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
    function parmap_ensemble_get_summary(ensemble, n_members, n_converged, evaluations, best) bind(c, &
        name='parmap_ensemble_get_summary') result(outcome)
      import
      type(c_ptr), value :: ensemble
      type(c_ptr), value :: n_members
      type(c_ptr), value :: n_converged
      type(c_ptr), value :: evaluations
      type(c_ptr), value :: best
      integer(c_int32_t) :: outcome
    end function
    function parmap_ensemble_get_member(ensemble, index, x, value, evaluations, converged) bind(c, &
        name='parmap_ensemble_get_member') result(outcome)
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
    end select
  end function

  ! Sets a list of whole numbers of kind int32 or int64.
  recursive subroutine give(list, to)
    integer(int64), intent(in) :: list(:)
    class(*), intent(inout) :: to(:)
    select type (to)
    type is (integer(int64))
      to = list
    type is (integer(int32))
      to = int(list, int32)
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

! Threads, ranks and callbacks.
module dicod_context_m
  use, intrinsic :: iso_fortran_env, only: int32, int64
  use dicod_c
  use dicod_error_m
  implicit none
  private
  public :: dicod_context, log_procedure, progress_procedure
  public :: callback_box, context_adopt, taken, hold, let_go

  abstract interface
    ! Told of a log message; user is what was given to set_log.
    subroutine log_procedure(level, message, user)
      import :: int32
      integer(int32), intent(in) :: level
      character(*), intent(in) :: message
      class(*), intent(inout), optional :: user
    end subroutine
    ! Told how a solve gets on; setting stop to .true. ends it with DICOD_CANCELLED.
    subroutine progress_procedure(progress, stop, user)
      import :: dicod_progress
      type(dicod_progress), intent(in) :: progress
      logical, intent(inout) :: stop
      class(*), intent(inout), optional :: user
    end subroutine
  end interface

  ! The procedures of a context. Encoders made with it need them as long as they live.
  type :: callback_box
    integer :: users = 1
    procedure(log_procedure), pointer, nopass :: log => null()
    class(*), pointer :: log_user => null()
    procedure(progress_procedure), pointer, nopass :: progress => null()
    class(*), pointer :: progress_user => null()
    ! Of the library's own callbacks.
    integer(int32) :: level = DICOD_LOG_INFO
    character(kind=c_char), allocatable :: title(:)
  end type

  ! dicod_mpi has create_context() for the ranks of a communicator.
  type, extends(library_handle) :: dicod_context
    logical :: collective = .false.
    type(callback_box), pointer :: box => null()
  contains
    procedure :: create => context_create
    procedure :: free => context_free
    procedure :: rank => context_rank
    procedure :: n_ranks => context_n_ranks
    procedure :: n_threads => context_n_threads
    procedure :: set_log => context_set_log
    procedure :: set_progress => context_set_progress
    procedure :: log_to_stderr => context_log_to_stderr
    procedure :: show_progress => context_show_progress
    procedure :: cancel => context_cancel
    procedure :: set_cancel_flag => context_set_cancel_flag
    final :: context_final
  end type

contains

  ! n_threads: from 1 (default); -1: as many as there are cores; -2: one fewer.
  recursive subroutine context_create(self, n_threads, stat, errmsg)
    class(dicod_context), intent(inout) :: self
    integer, intent(in), optional :: n_threads
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int32) :: status, threads
    type(c_ptr) :: handle
    if (taken(self, stat, errmsg)) return
    threads = 1
    if (present(n_threads)) threads = int(n_threads, int32)
    handle = c_null_ptr
    status = dicod_context_create(threads, handle)
    if (status >= 0) call context_adopt(self, handle, .false.)
    call report_status(status, stat, errmsg)
  end subroutine

  ! A variable whose context is on a communicator is freed by all ranks of that one, not by making another.
  recursive function taken(self, stat, errmsg)
    class(dicod_context), intent(in) :: self
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    logical :: taken
    taken = c_associated(self%handle) .and. self%collective
    if (taken) call report_status(DICOD_ERROR_INVALID_STATE, stat, errmsg, &
      'the variable holds a context on a communicator: %free() it before')
  end function

  ! Takes over a handle of dicod.h's, in the place of the one that it has.
  recursive subroutine context_adopt(self, handle, collective)
    class(dicod_context), intent(inout) :: self
    type(c_ptr), intent(in) :: handle
    logical, intent(in) :: collective
    integer(int32) :: ignored
    if (c_associated(self%handle)) call context_free(self, ignored)
    self%handle = handle
    self%collective = collective
    allocate (self%box)
  end subroutine

  ! Collective if the context is on a communicator.
  recursive subroutine context_free(self, stat, errmsg)
    class(dicod_context), intent(inout) :: self
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int32) :: status
    status = dicod_context_free(self%handle)
    call let_go(self%box)
    ! After MPI_Finalize nothing is left to free: no reason to stop.
    if (status == DICOD_ERROR_INVALID_STATE .and. .not. present(stat)) return
    call report_status(status, stat, errmsg)
  end subroutine

  recursive subroutine hold(box)
    type(callback_box), pointer, intent(in) :: box
    if (associated(box)) box%users = box%users + 1
  end subroutine

  recursive subroutine let_go(box)
    type(callback_box), pointer, intent(inout) :: box
    if (.not. associated(box)) return
    box%users = box%users - 1
    if (box%users == 0) deallocate (box)
    nullify (box)
  end subroutine

  impure elemental recursive subroutine context_final(self)
    type(dicod_context), intent(inout) :: self
    integer(int32) :: ignored
    if (.not. self%collective) ignored = dicod_context_free(self%handle)
    if (.not. self%collective) call let_go(self%box)
  end subroutine

  ! Rank of this process in the context, from 0 as MPI counts. Local.
  recursive function context_rank(self) result(rank)
    class(dicod_context), intent(in) :: self
    integer(int32), target :: rank
    rank = 0
    call report_status(dicod_context_get_ranks(self%handle, c_loc(rank), c_null_ptr))
  end function

  ! Number of ranks of the context. Local.
  recursive function context_n_ranks(self) result(n)
    class(dicod_context), intent(in) :: self
    integer(int32), target :: n
    n = 1
    call report_status(dicod_context_get_ranks(self%handle, c_null_ptr, c_loc(n)))
  end function

  ! Threads that calls with the context may use. Local.
  recursive function context_n_threads(self) result(n)
    class(dicod_context), intent(in) :: self
    integer(int32), target :: n
    n = 1
    call report_status(dicod_context_get_threads(self%handle, c_loc(n)))
  end function

  ! Without log: to nobody. user has to live as long as the context and its encoders.
  recursive subroutine context_set_log(self, log, user, stat, errmsg)
    class(dicod_context), intent(inout) :: self
    procedure(log_procedure), optional :: log
    class(*), intent(in), target, optional :: user
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int32) :: status
    type(c_funptr) :: trampoline
    if (.not. c_associated(self%handle)) then
      call report_status(DICOD_ERROR_NULL_POINTER, stat, errmsg, 'context was not created')
      return
    end if
    trampoline = c_null_funptr
    nullify (self%box%log, self%box%log_user)
    if (present(log)) then
      trampoline = c_funloc(log_trampoline)
      self%box%log => log
      if (present(user)) self%box%log_user => user
    end if
    status = dicod_context_set_log(self%handle, trampoline, c_loc(self%box))
    call report_status(status, stat, errmsg)
  end subroutine

  ! Without progress: nobody is told. user has to live as long as the context and its encoders.
  recursive subroutine context_set_progress(self, progress, user, stat, errmsg)
    class(dicod_context), intent(inout) :: self
    procedure(progress_procedure), optional :: progress
    class(*), intent(in), target, optional :: user
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int32) :: status
    type(c_funptr) :: trampoline
    if (.not. c_associated(self%handle)) then
      call report_status(DICOD_ERROR_NULL_POINTER, stat, errmsg, 'context was not created')
      return
    end if
    trampoline = c_null_funptr
    nullify (self%box%progress, self%box%progress_user)
    if (present(progress)) then
      trampoline = c_funloc(progress_trampoline)
      self%box%progress => progress
      if (present(user)) self%box%progress_user => user
    end if
    status = dicod_context_set_progress(self%handle, trampoline, c_loc(self%box))
    call report_status(status, stat, errmsg)
  end subroutine

  ! Messages up to this level (default DICOD_LOG_INFO) go to stderr. Over several ranks, on one of them.
  recursive subroutine context_log_to_stderr(self, level, stat, errmsg)
    class(dicod_context), intent(inout) :: self
    integer(int32), intent(in), optional :: level
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    if (.not. c_associated(self%handle)) then
      call report_status(DICOD_ERROR_NULL_POINTER, stat, errmsg, 'context was not created')
      return
    end if
    if (present(level)) self%box%level = level
    call report_status(dicod_context_set_log(self%handle, c_funloc(dicod_log_stderr), c_loc(self%box%level)), stat, errmsg)
  end subroutine

  ! How solves get on is shown on stderr, under this title. Over several ranks, on one of them.
  recursive subroutine context_show_progress(self, title, stat, errmsg)
    class(dicod_context), intent(inout) :: self
    character(*), intent(in) :: title
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int32) :: status
    if (.not. c_associated(self%handle)) then
      call report_status(DICOD_ERROR_NULL_POINTER, stat, errmsg, 'context was not created')
      return
    end if
    self%box%title = to_c(title)
    status = dicod_context_set_progress(self%handle, c_funloc(dicod_progress_bar), c_loc(self%box%title))
    call report_status(status, stat, errmsg)
  end subroutine

  ! Ends the solve or the learning that runs with the context, on all ranks, with a result that is valid as far as it goes.
  ! Tells whether one does. From other threads, callbacks and signal handlers.
  recursive function context_cancel(self) result(reached)
    class(dicod_context), intent(in) :: self
    logical :: reached
    reached = dicod_cancel(self%handle) /= 0
  end function

  ! A flag that cancels calls with the context for as long as it is not 0; without one: none. In the program it is volatile (not
  ! here: flang 19 cannot compile such arguments).
  recursive subroutine context_set_cancel_flag(self, flag, stat, errmsg)
    class(dicod_context), intent(inout) :: self
    integer(c_int32_t), target, optional :: flag
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(c_ptr) :: at
    at = c_null_ptr
    if (present(flag)) at = c_loc(flag)
    call report_status(dicod_context_set_cancel_flag(self%handle, at), stat, errmsg)
  end subroutine

  recursive subroutine log_trampoline(userdata, level, message) bind(c, name='')
    type(c_ptr), value :: userdata
    integer(c_int32_t), value :: level
    type(c_ptr), value :: message
    type(callback_box), pointer :: box
    call c_f_pointer(userdata, box)
    call box%log(level, text_from_c(message), box%log_user)
  end subroutine

  recursive function progress_trampoline(userdata, progress) bind(c, name='') result(code)
    type(c_ptr), value :: userdata
    type(dicod_progress), intent(in) :: progress
    integer(c_int32_t) :: code
    type(callback_box), pointer :: box
    logical :: stop
    call c_f_pointer(userdata, box)
    stop = .false.
    call box%progress(progress, stop, box%progress_user)
    code = merge(1_int32, 0_int32, stop)
  end function
end module

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
    is = key == 'tile_shape' .or. key == 'periodic' .or. key == 'background_length'
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
    case ('positive', 'warm_start', 'frozen_support', 'trace', 'learn_window', 'learn_zero_mean', 'learn_rank_one', &
        'learn_recentre', 'learn_redraw', 'learn_online')
      kind = 'flag'
    case ('periodic', 'learn_fixed_atoms')
      kind = 'flags'
    case ('max_iter', 'steps_per_visit', 'seed', 'learn_max_iter', 'learn_dict_max_iter', 'learn_batch')
      kind = 'integer'
    case ('tile_shape', 'background_length')
      kind = 'integers'
    case ('reg', 'ridge', 'tol', 'gap_tol', 'time_limit', 'progress_interval', 'learn_tol', 'learn_dict_tol', &
        'learn_redraw_below', 'learn_forgetting')
      kind = 'real'
    case ('reg_per_atom')
      kind = 'reals'
    case ('reg_scale', 'tol_scale', 'strategy', 'schedule', 'soft_lock', 'missing', 'background', 'correlation', &
        'learn_init', 'learn_reg_reference', 'learn_statistics')
      kind = 'string'
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

! What calls have in common: shapes, where arrays lie, the options that were given. Axes are reversed here: Fortran's first
! is C's last.
module dicod_shape_m
  use, intrinsic :: iso_fortran_env, only: int32, int64, real32, real64
  use dicod_c
  use dicod_error_m
  use dicod_context_m
  use dicod_options_m
  implicit none
  private
  public :: valid_shape, valid_block
  public :: geometry, view, described, call_state
  public :: dicod_description, describe_handle, geometry_of
  public :: view_r64
  public :: view_r32

  ! What x, d and z have in common, in the order of C.
  type :: geometry
    integer(int64) :: n_axes = 0, n_signals = 1, n_channels = 1, n_atoms = 1
    integer(int64) :: signal(3) = 1, atom(3) = 1, valid(3) = 1
    integer(int64) :: element_type = DICOD_F64
  end type

  ! What a learner or an encoder holds, shapes in Fortran's order. kind is real64 or real32; n_coded: signals that z is of;
  ! iterations: of a learner so far; bytes: what it holds on this rank, about.
  type :: dicod_description
    integer :: kind = real64
    integer(int64) :: n_axes = 0, n_signals = 0, n_channels = 0, n_atoms = 0, n_coded = 0, iterations = 0, bytes = 0
    integer(int64), allocatable :: signal_shape(:), atom_shape(:), valid_shape(:)
  end type

  ! Where the elements of an array lie, strides in bytes.
  type :: view
    integer(c_intptr_t) :: base = 0
    integer :: rank = 0
    integer(int64) :: extent(5) = 1, stride(5) = 0
  end type

  ! An array as dicod.h describes it.
  type :: described
    type(dicod_array) :: array
    integer(int64) :: global(3) = 1, offset(3) = 0, local(3) = 1, strides(3) = 1
    type(c_ptr), allocatable :: channels(:)
  contains
    procedure :: input
  end type

  ! One call: what was found out about its arguments, and the first error. Once there is one the rest does nothing.
  type :: call_state
    type(geometry) :: g
    integer(int32) :: status = DICOD_OK
    character(:), allocatable :: text
    type(c_ptr) :: context = c_null_ptr, options = c_null_ptr
    type(dicod_options) :: one
    ! On more ranks than one.
    logical :: shared = .false.
    ! Numbers of axes that x and z were given with.
    integer :: rank_x = 0, rank_z = 0
  contains
    procedure :: choose_context
    procedure :: choose_options
    procedure :: measure
    procedure :: measure_d
    procedure :: find_valid
    procedure :: check_z
    procedure :: domain
    procedure :: ready
    procedure :: same_d
    procedure :: same_factors
    procedure :: compare
    procedure :: lay_out
    procedure :: problem
    procedure :: proceed
    procedure :: pointer
    procedure :: finish
    procedure :: report
  end type

  ! valid_shape(signal_shape, atom_shape, periodic): the shape of z, axes only.
  interface valid_shape
    module procedure valid_shape_int64, valid_shape_int32
  end interface

  ! Where the address of an empty array points.
  real(real64), target, save :: nowhere(1) = 0

contains

  recursive subroutine describe_handle(info, description)
    type(dicod_handle_info), intent(in) :: info
    type(dicod_description), intent(inout) :: description
    description%kind = merge(real64, real32, info%element_type == DICOD_F64)
    description%n_axes = info%n_axes
    description%n_signals = info%n_signals
    description%n_channels = info%n_channels
    description%n_atoms = info%n_atoms
    description%n_coded = info%n_coded
    description%iterations = info%iterations
    description%bytes = info%bytes
    description%signal_shape = reverse(info%signal_shape(:info%n_axes))
    description%atom_shape = reverse(info%atom_shape(:info%n_axes))
    description%valid_shape = reverse(info%valid_shape(:info%n_axes))
  end subroutine

  recursive function geometry_of(info) result(g)
    type(dicod_handle_info), intent(in) :: info
    type(geometry) :: g
    g%n_axes = info%n_axes
    g%n_signals = info%n_signals
    g%n_channels = info%n_channels
    g%n_atoms = info%n_atoms
    g%signal = max(info%signal_shape(:3), 1_int64)
    g%atom = max(info%atom_shape(:3), 1_int64)
    g%valid = max(info%valid_shape(:3), 1_int64)
    g%element_type = info%element_type
  end function

  ! A variable that was never created is an error, not the default.
  recursive subroutine choose_context(c, context)
    class(call_state), intent(inout) :: c
    type(dicod_context), intent(in), optional :: context
    if (.not. present(context)) return
    c%context = context%handle
    c%shared = context%collective
    if (c_associated(c%context)) return
    c%status = DICOD_ERROR_NULL_POINTER
    c%text = 'context was not created'
  end subroutine

  ! The options that a call was given: a variable with them, or one by one.
  recursive subroutine choose_options(c, options, &
      reg, reg_per_atom, reg_scale, ridge, tol, tol_scale, gap_tol, max_iter, time_limit, strategy, schedule, &
      soft_lock, steps_per_visit, tile_shape, positive, periodic, missing, background, background_length, &
      warm_start, frozen_support, seed, correlation, progress_interval, trace, learn_init, learn_max_iter, &
      learn_tol, learn_reg_reference, learn_dict_tol, learn_dict_max_iter, learn_window, learn_zero_mean, &
      learn_rank_one, learn_fixed_atoms, learn_recentre, learn_redraw, learn_redraw_below, learn_online, &
      learn_batch, learn_forgetting, learn_statistics)
    class(call_state), intent(inout) :: c
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, ridge, tol, gap_tol, time_limit, progress_interval, learn_tol, &
        learn_dict_tol, learn_redraw_below, learn_forgetting
    class(*), intent(in), optional :: reg_per_atom(..)
    class(*), intent(in), optional :: max_iter, steps_per_visit, seed, learn_max_iter, learn_dict_max_iter, &
        learn_batch
    class(*), intent(in), optional :: tile_shape(..), background_length(..)
    logical, intent(in), optional :: positive, warm_start, frozen_support, trace, learn_window, learn_zero_mean, &
        learn_rank_one, learn_recentre, learn_redraw, learn_online
    class(*), intent(in), optional :: periodic(..), learn_fixed_atoms(..)
    character(*), intent(in), optional :: reg_scale, tol_scale, strategy, schedule, soft_lock, missing, background, &
        correlation, learn_init, learn_reg_reference, learn_statistics
    integer(int32) :: stat
    character(1) :: errmsg
    if (c%status < 0) return
    stat = DICOD_OK
    errmsg = ''
    call apply()
    c%status = stat
    if (c%status < 0) then
      c%text = last_error()
      return
    end if
    c%options = c%one%handle
    if (.not. present(options)) return
    if (c_associated(c%options)) then
      c%status = DICOD_ERROR_INVALID_ARGUMENT
      c%text = 'options are given both as a variable and one by one: set all of them in the variable'
    else
      c%options = options%handle
    end if
  contains
    recursive subroutine apply()
      if (present(reg)) call c%one%set('reg', reg, stat, errmsg)
      if (stat < 0) return
      if (present(reg_per_atom)) call c%one%set('reg_per_atom', reg_per_atom, stat, errmsg)
      if (stat < 0) return
      if (present(reg_scale)) call c%one%set('reg_scale', reg_scale, stat, errmsg)
      if (stat < 0) return
      if (present(ridge)) call c%one%set('ridge', ridge, stat, errmsg)
      if (stat < 0) return
      if (present(tol)) call c%one%set('tol', tol, stat, errmsg)
      if (stat < 0) return
      if (present(tol_scale)) call c%one%set('tol_scale', tol_scale, stat, errmsg)
      if (stat < 0) return
      if (present(gap_tol)) call c%one%set('gap_tol', gap_tol, stat, errmsg)
      if (stat < 0) return
      if (present(max_iter)) call c%one%set('max_iter', max_iter, stat, errmsg)
      if (stat < 0) return
      if (present(time_limit)) call c%one%set('time_limit', time_limit, stat, errmsg)
      if (stat < 0) return
      if (present(strategy)) call c%one%set('strategy', strategy, stat, errmsg)
      if (stat < 0) return
      if (present(schedule)) call c%one%set('schedule', schedule, stat, errmsg)
      if (stat < 0) return
      if (present(soft_lock)) call c%one%set('soft_lock', soft_lock, stat, errmsg)
      if (stat < 0) return
      if (present(steps_per_visit)) call c%one%set('steps_per_visit', steps_per_visit, stat, errmsg)
      if (stat < 0) return
      if (present(tile_shape)) call c%one%set('tile_shape', tile_shape, stat, errmsg)
      if (stat < 0) return
      if (present(positive)) call c%one%set('positive', positive, stat, errmsg)
      if (stat < 0) return
      if (present(periodic)) call c%one%set('periodic', periodic, stat, errmsg)
      if (stat < 0) return
      if (present(missing)) call c%one%set('missing', missing, stat, errmsg)
      if (stat < 0) return
      if (present(background)) call c%one%set('background', background, stat, errmsg)
      if (stat < 0) return
      if (present(background_length)) call c%one%set('background_length', background_length, stat, errmsg)
      if (stat < 0) return
      if (present(warm_start)) call c%one%set('warm_start', warm_start, stat, errmsg)
      if (stat < 0) return
      if (present(frozen_support)) call c%one%set('frozen_support', frozen_support, stat, errmsg)
      if (stat < 0) return
      if (present(seed)) call c%one%set('seed', seed, stat, errmsg)
      if (stat < 0) return
      if (present(correlation)) call c%one%set('correlation', correlation, stat, errmsg)
      if (stat < 0) return
      if (present(progress_interval)) call c%one%set('progress_interval', progress_interval, stat, errmsg)
      if (stat < 0) return
      if (present(trace)) call c%one%set('trace', trace, stat, errmsg)
      if (stat < 0) return
      if (present(learn_init)) call c%one%set('learn_init', learn_init, stat, errmsg)
      if (stat < 0) return
      if (present(learn_max_iter)) call c%one%set('learn_max_iter', learn_max_iter, stat, errmsg)
      if (stat < 0) return
      if (present(learn_tol)) call c%one%set('learn_tol', learn_tol, stat, errmsg)
      if (stat < 0) return
      if (present(learn_reg_reference)) call c%one%set('learn_reg_reference', learn_reg_reference, stat, errmsg)
      if (stat < 0) return
      if (present(learn_dict_tol)) call c%one%set('learn_dict_tol', learn_dict_tol, stat, errmsg)
      if (stat < 0) return
      if (present(learn_dict_max_iter)) call c%one%set('learn_dict_max_iter', learn_dict_max_iter, stat, errmsg)
      if (stat < 0) return
      if (present(learn_window)) call c%one%set('learn_window', learn_window, stat, errmsg)
      if (stat < 0) return
      if (present(learn_zero_mean)) call c%one%set('learn_zero_mean', learn_zero_mean, stat, errmsg)
      if (stat < 0) return
      if (present(learn_rank_one)) call c%one%set('learn_rank_one', learn_rank_one, stat, errmsg)
      if (stat < 0) return
      if (present(learn_fixed_atoms)) call c%one%set('learn_fixed_atoms', learn_fixed_atoms, stat, errmsg)
      if (stat < 0) return
      if (present(learn_recentre)) call c%one%set('learn_recentre', learn_recentre, stat, errmsg)
      if (stat < 0) return
      if (present(learn_redraw)) call c%one%set('learn_redraw', learn_redraw, stat, errmsg)
      if (stat < 0) return
      if (present(learn_redraw_below)) call c%one%set('learn_redraw_below', learn_redraw_below, stat, errmsg)
      if (stat < 0) return
      if (present(learn_online)) call c%one%set('learn_online', learn_online, stat, errmsg)
      if (stat < 0) return
      if (present(learn_batch)) call c%one%set('learn_batch', learn_batch, stat, errmsg)
      if (stat < 0) return
      if (present(learn_forgetting)) call c%one%set('learn_forgetting', learn_forgetting, stat, errmsg)
      if (stat < 0) return
      if (present(learn_statistics)) call c%one%set('learn_statistics', learn_statistics, stat, errmsg)
      if (stat < 0) return
    end subroutine
  end subroutine

  ! Shapes of x and d, as Fortran has them.
  recursive subroutine measure(c, name, shape_x, shape_d)
    class(call_state), intent(inout) :: c
    character(*), intent(in) :: name
    integer(int64), intent(in) :: shape_x(:), shape_d(:)
    integer :: n
    call c%measure_d(shape_d)
    if (c%status < 0) return
    c%rank_x = size(shape_x)
    n = int(c%g%n_axes)
    if (size(shape_x) < n .or. size(shape_x) > n + 2) then
      c%status = DICOD_ERROR_INVALID_SHAPE
      c%text = name//' has the shape '//text_of(shape_x)//': with d of shape '//text_of(shape_d)// &
        ' there are its axes, then channel and signal, in all'//text_of(int([n, n + 1, n + 2], int64))//' axes'
      return
    end if
    c%g%signal(:n) = reverse(shape_x(:n))
    c%g%n_signals = 1
    if (size(shape_x) == n + 2) c%g%n_signals = shape_x(n + 2)
    if (size(shape_x) > n) then
      if (shape_x(n + 1) == c%g%n_channels) return
    else if (c%g%n_channels == 1) then
      return
    end if
    c%status = DICOD_ERROR_INVALID_SHAPE
    c%text = 'channels of '//name//' and d differ: '//name//' has the shape '//text_of(shape_x)//', d has '//text_of(shape_d)
  end subroutine

  recursive subroutine measure_d(c, shape_d)
    class(call_state), intent(inout) :: c
    integer(int64), intent(in) :: shape_d(:)
    integer :: n
    if (c%status < 0) return
    n = size(shape_d) - 2
    if (n < 1 .or. n > 3) then
      c%status = DICOD_ERROR_INVALID_SHAPE
      c%text = 'd has the shape '//text_of(shape_d)//': it has one to three axes, then channel and atom'
      return
    end if
    c%g%n_axes = n
    c%g%atom(:n) = reverse(shape_d(:n))
    c%g%n_channels = shape_d(n + 1)
    c%g%n_atoms = shape_d(n + 2)
  end subroutine

  recursive subroutine find_valid(c)
    class(call_state), intent(inout) :: c
    integer(int64), target :: valid(3)
    if (c%status < 0) return
    valid = c%g%valid
    c%status = dicod_valid_shape(c%options, c%problem(), c_loc(valid))
    if (c%status < 0) then
      c%text = last_error()
    else
      c%g%valid = valid
    end if
  end subroutine

  recursive subroutine check_z(c, shape_z)
    class(call_state), intent(inout) :: c
    integer(int64), intent(in) :: shape_z(:)
    integer(int64), allocatable :: wanted(:)
    if (c%status < 0) return
    c%rank_z = size(shape_z)
    call c%find_valid()
    if (c%status < 0) return
    wanted = [reverse(c%g%valid(:c%g%n_axes)), c%g%n_atoms, c%g%n_signals]
    if (size(shape_z) == size(wanted)) then
      if (all(shape_z == wanted)) return
    else if (c%g%n_signals == 1 .and. size(shape_z) == size(wanted) - 1) then
      if (all(shape_z == wanted(:size(wanted) - 1))) return
    end if
    c%status = DICOD_ERROR_INVALID_SHAPE
    c%text = 'z has the shape '//text_of(shape_z)//', for these signals and atoms it is '//text_of(wanted)// &
      ' (axes, atom, signal)'
  end subroutine

  ! A dictionary of this shape on a domain; options say which axes are periodic.
  recursive subroutine domain(c, shape_d, signal_shape, n_signals, element_type)
    class(call_state), intent(inout) :: c
    integer(int64), intent(in) :: shape_d(:), element_type
    class(*), intent(in) :: signal_shape(..)
    class(*), intent(in), optional :: n_signals
    integer(int64), allocatable :: axes(:)
    call c%measure_d(shape_d)
    if (c%status < 0) return
    axes = wholes(signal_shape)
    if (size(axes) /= c%g%n_axes) then
      c%status = DICOD_ERROR_INVALID_SHAPE
      c%text = 'signal_shape '//text_of(axes)//' does not go with d of shape '//text_of(shape_d)// &
        ': d has its axes, then channel and atom'
      return
    end if
    c%g%signal(:c%g%n_axes) = reverse(axes)
    if (present(n_signals)) c%g%n_signals = whole(n_signals)
    c%g%element_type = element_type
    call c%find_valid()
  end subroutine

  ! The handle of an encoder or learner that is used, and the kind of the array that it is given.
  recursive subroutine ready(c, handle, g, element_type, name, collective)
    class(call_state), intent(inout) :: c
    type(c_ptr), intent(in) :: handle
    type(geometry), intent(in) :: g
    integer(int64), intent(in) :: element_type
    character(*), intent(in) :: name
    logical, intent(in) :: collective
    c%g = g
    c%shared = collective
    if (.not. c_associated(handle)) then
      c%status = DICOD_ERROR_NULL_POINTER
      c%text = name//' was not created'
    else if (g%element_type /= element_type) then
      c%status = DICOD_ERROR_INVALID_ARGUMENT
      c%text = 'the array is of real('//merge('real64', 'real32', element_type == DICOD_F64)//'), the '//name//' of the other kind'
    end if
  end subroutine

  ! Another dictionary has to have the same shape.
  recursive subroutine same_d(c, shape_d, g)
    class(call_state), intent(inout) :: c
    integer(int64), intent(in) :: shape_d(:)
    type(geometry), intent(in) :: g
    call c%compare('d', shape_d, [reverse(g%atom(:g%n_axes)), g%n_channels, g%n_atoms])
  end subroutine

  ! As same_d, for factors u(channel, atom) and v(axes, atom).
  recursive subroutine same_factors(c, shape_u, shape_v, g)
    class(call_state), intent(inout) :: c
    integer(int64), intent(in) :: shape_u(:), shape_v(:)
    type(geometry), intent(in) :: g
    call c%compare('u', shape_u, [g%n_channels, g%n_atoms])
    call c%compare('v', shape_v, [reverse(g%atom(:g%n_axes)), g%n_atoms])
  end subroutine

  recursive subroutine compare(c, name, found, wanted)
    class(call_state), intent(inout) :: c
    character(*), intent(in) :: name
    integer(int64), intent(in) :: found(:), wanted(:)
    if (c%status < 0) return
    if (size(found) == size(wanted)) then
      if (all(found == wanted)) return
    end if
    c%status = DICOD_ERROR_INVALID_SHAPE
    c%text = name//' has the shape '//text_of(found)//', wanted is '//text_of(wanted)
  end subroutine

  ! Describes a block of signals (per_signal channels) or activations (per_signal atoms) where it lies.
  recursive subroutine lay_out(c, name, v, per_signal, global, offset, a)
    class(call_state), intent(inout) :: c
    character(*), intent(in) :: name
    type(view), intent(in) :: v
    integer(int64), intent(in) :: per_signal, global(:)
    class(*), intent(in), optional :: offset(..)
    type(described), intent(inout), target :: a
    integer(int64), allocatable :: first(:)
    integer :: n
    integer(int64) :: bytes, channel, s
    integer(c_intptr_t) :: at
    if (c%status < 0) return
    if (name == 'x' .or. name == 'weights') c%rank_x = v%rank
    if (name == 'z') c%rank_z = v%rank
    n = int(c%g%n_axes)
    bytes = c%g%element_type/8
    c%status = DICOD_ERROR_INVALID_SHAPE
    if (v%rank < n .or. v%rank > n + 2 .or. (v%rank == n .and. per_signal*c%g%n_signals /= 1) &
      .or. (v%rank > n .and. v%extent(min(n + 1, 5)) /= per_signal) &
      .or. (v%rank > n .and. merge(v%extent(min(n + 2, 5)), 1_int64, v%rank > n + 1) /= c%g%n_signals)) then
      c%text = name//' has the shape '//text_of(v%extent(:v%rank))//': behind its axes '// &
        text_of([per_signal, c%g%n_signals])//' are wanted'
      return
    end if
    allocate (first(n), source=0_int64)
    if (present(offset)) then
      first = wholes(offset)
      if (size(first) /= n) then
        c%text = 'offset '//text_of(first)//' needs one value per axis'
        return
      end if
    end if
    if (any(modulo(v%stride(:v%rank), bytes) /= 0)) then
      c%status = DICOD_ERROR_INVALID_ARGUMENT
      c%text = name//': distances between its elements are no multiples of their size'
      return
    end if
    c%status = DICOD_OK
    a%global(:n) = global(:n)
    a%local(:n) = reverse(v%extent(:n))
    a%strides(:n) = reverse(v%stride(:n))/bytes
    a%offset = 0
    a%offset(:n) = reverse(first)
    allocate (a%channels(per_signal*c%g%n_signals))
    if (any(v%extent(:v%rank) == 0)) then
      a%local = 0
      a%strides = 1
      a%channels = c_loc(nowhere)
    else
      do s = 0, c%g%n_signals - 1
        do channel = 0, per_signal - 1
          at = v%base
          if (v%rank > n) at = at + channel*v%stride(n + 1)
          if (v%rank > n + 1) at = at + s*v%stride(n + 2)
          a%channels(s*per_signal + channel + 1) = transfer(at, c_null_ptr)
        end do
      end do
    end if
    a%array%element_type = c%g%element_type
    a%array%n_axes = c%g%n_axes
    a%array%global_shape = c_loc(a%global)
    a%array%offset = c_loc(a%offset)
    a%array%local_shape = c_loc(a%local)
    a%array%strides = c_loc(a%strides)
    a%array%n_channels = per_signal*c%g%n_signals
    a%array%channels = c_loc(a%channels)
  end subroutine

  ! An array that is only read.
  recursive function input(a)
    class(described), intent(in) :: a
    type(dicod_const_array) :: input
    input%element_type = a%array%element_type
    input%n_axes = a%array%n_axes
    input%global_shape = a%array%global_shape
    input%offset = a%array%offset
    input%local_shape = a%array%local_shape
    input%strides = a%array%strides
    input%n_channels = a%array%n_channels
    input%channels = a%array%channels
  end function

  ! As C has it.
  recursive function problem(c)
    class(call_state), intent(in) :: c
    type(dicod_problem) :: problem
    problem%n_axes = c%g%n_axes
    problem%signal_shape(:3) = c%g%signal
    problem%atom_shape(:3) = c%g%atom
    problem%n_atoms = c%g%n_atoms
    problem%n_channels = c%g%n_channels
    problem%n_signals = c%g%n_signals
  end function

  ! Whether the library is to be called. If an argument is wrong on this rank alone the others wait for it there: the library
  ! is called without axes, and tells them why.
  recursive function proceed(c)
    class(call_state), intent(inout) :: c
    logical :: proceed
    proceed = c%status >= 0 .or. c%shared
    if (c%status >= 0) return
    c%g%n_axes = -1
    if (c%shared) call refuse_next(c%status, c%text)
  end function

  ! For the same purpose: none if there was an error.
  recursive function pointer(c, there)
    class(call_state), intent(in) :: c
    type(c_ptr), intent(in) :: there
    type(c_ptr) :: pointer
    pointer = c_null_ptr
    if (c%status >= 0) pointer = there
  end function

  recursive subroutine finish(c, status)
    class(call_state), intent(inout) :: c
    integer(int32), intent(in) :: status
    c%status = status
  end subroutine

  recursive subroutine report(c, stat, errmsg)
    class(call_state), intent(in) :: c
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    character(:), allocatable :: text
    if (c%status >= 0) then
      call report_status(c%status, stat)
      return
    end if
    text = ''
    if (allocated(c%text)) text = c%text
    if (text == '') text = own_axes(own_axes(own_axes(last_error(), 'weights', c%rank_x), 'x', c%rank_x), 'z', c%rank_z)
    call report_status(c%status, stat, errmsg, text)
  end subroutine

  ! Shape of the activations, axes only: T - L + 1 along an axis, or T where it is periodic. Local.
  recursive function valid_shape_int64(signal_shape, atom_shape, periodic, stat, errmsg) result(shape)
    integer(int64), intent(in) :: signal_shape(:), atom_shape(:)
    class(*), intent(in), optional :: periodic(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int64) :: shape(size(signal_shape))
    type(dicod_options) :: options
    type(dicod_problem) :: problem
    integer(int64), target :: valid(4)
    integer(int32) :: status
    shape = 0
    if (size(atom_shape) /= size(signal_shape)) then
      call report_status(DICOD_ERROR_INVALID_SHAPE, stat, errmsg, 'signal_shape '//text_of(signal_shape)//' and atom_shape '// &
        text_of(atom_shape)//' have different numbers of axes')
      return
    end if
    status = DICOD_OK
    if (present(periodic)) call options%set('periodic', periodic, status)
    if (status == DICOD_OK) then
      problem = problem_of(signal_shape, atom_shape)
      status = dicod_valid_shape(options%handle, problem, c_loc(valid))
      if (status == DICOD_OK) shape = reverse(valid(:size(shape)))
    end if
    call report_status(status, stat, errmsg)
  end function

  ! With more axes than there can be, too: the library says so.
  recursive function problem_of(signal_shape, atom_shape) result(problem)
    integer(int64), intent(in) :: signal_shape(:), atom_shape(:)
    type(dicod_problem) :: problem
    integer :: n
    problem%n_axes = size(signal_shape)
    n = min(size(signal_shape), 4)
    problem%signal_shape(:n) = reverse(signal_shape(:n))
    problem%atom_shape(:n) = reverse(atom_shape(:n))
    problem%n_atoms = 1
  end function

  recursive function valid_shape_int32(signal_shape, atom_shape, periodic, stat, errmsg) result(shape)
    integer(int32), intent(in) :: signal_shape(:), atom_shape(:)
    class(*), intent(in), optional :: periodic(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int32) :: shape(size(signal_shape))
    shape = int(valid_shape_int64(int(signal_shape, int64), int(atom_shape, int64), periodic, stat, errmsg), int32)
  end function

  ! The activations that go with a block of a signal: call valid_block(signal_shape, atom_shape, offset, local_shape,
  ! valid_offset, valid_local_shape, periodic).
  recursive subroutine valid_block(signal_shape, atom_shape, offset, local_shape, valid_offset, valid_local_shape, &
      periodic, stat, errmsg)
    class(*), intent(in) :: signal_shape(..), atom_shape(..), offset(..), local_shape(..)
    class(*), intent(inout) :: valid_offset(:), valid_local_shape(:)
    class(*), intent(in), optional :: periodic(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(dicod_options) :: options
    integer(int64), allocatable, target :: lists(:, :)
    integer(int32) :: status
    integer :: n
    n = size(wholes(signal_shape))
    if (any([size(wholes(atom_shape)), size(wholes(offset)), size(wholes(local_shape)), size(valid_offset), &
      size(valid_local_shape)] /= n)) then
      call report_status(DICOD_ERROR_INVALID_SHAPE, stat, errmsg, 'all arguments need one value per axis')
      return
    end if
    allocate (lists(n + 1, 4), source=0_int64)
    lists(:n, 1) = reverse(wholes(offset))
    lists(:n, 2) = reverse(wholes(local_shape))
    status = DICOD_OK
    if (present(periodic)) call options%set('periodic', periodic, status)
    if (status == DICOD_OK) status = dicod_valid_block(options%handle, problem_of(wholes(signal_shape), wholes(atom_shape)), &
      c_loc(lists(1, 1)), c_loc(lists(1, 2)), c_loc(lists(1, 3)), c_loc(lists(1, 4)))
    call give(reverse(lists(:n, 3)), valid_offset)
    call give(reverse(lists(:n, 4)), valid_local_shape)
    call report_status(status, stat, errmsg)
  end subroutine

  ! Where the elements of an array lie.
  recursive function view_r64(x) result(v)
    real(real64), intent(in), target :: x(..)
    type(view) :: v
    integer(int64) :: n(5)
    n = 0
    v%rank = rank(x)
    n(:v%rank) = shape(x, int64)
    v%extent = n
    if (any(n(:v%rank) == 0)) return
    select rank (x)
    rank (1)
      v%base = address(c_loc(x(1)))
      if (n(1) > 1) v%stride(1) = address(c_loc(x(2))) - v%base
    rank (2)
      v%base = address(c_loc(x(1, 1)))
      if (n(1) > 1) v%stride(1) = address(c_loc(x(2, 1))) - v%base
      if (n(2) > 1) v%stride(2) = address(c_loc(x(1, 2))) - v%base
    rank (3)
      v%base = address(c_loc(x(1, 1, 1)))
      if (n(1) > 1) v%stride(1) = address(c_loc(x(2, 1, 1))) - v%base
      if (n(2) > 1) v%stride(2) = address(c_loc(x(1, 2, 1))) - v%base
      if (n(3) > 1) v%stride(3) = address(c_loc(x(1, 1, 2))) - v%base
    rank (4)
      v%base = address(c_loc(x(1, 1, 1, 1)))
      if (n(1) > 1) v%stride(1) = address(c_loc(x(2, 1, 1, 1))) - v%base
      if (n(2) > 1) v%stride(2) = address(c_loc(x(1, 2, 1, 1))) - v%base
      if (n(3) > 1) v%stride(3) = address(c_loc(x(1, 1, 2, 1))) - v%base
      if (n(4) > 1) v%stride(4) = address(c_loc(x(1, 1, 1, 2))) - v%base
    rank (5)
      v%base = address(c_loc(x(1, 1, 1, 1, 1)))
      if (n(1) > 1) v%stride(1) = address(c_loc(x(2, 1, 1, 1, 1))) - v%base
      if (n(2) > 1) v%stride(2) = address(c_loc(x(1, 2, 1, 1, 1))) - v%base
      if (n(3) > 1) v%stride(3) = address(c_loc(x(1, 1, 2, 1, 1))) - v%base
      if (n(4) > 1) v%stride(4) = address(c_loc(x(1, 1, 1, 2, 1))) - v%base
      if (n(5) > 1) v%stride(5) = address(c_loc(x(1, 1, 1, 1, 2))) - v%base
    end select
    ! An axis of one element may have any stride, but those of an array without gaps tell arrays apart from rubbish.
    where (v%stride == 0) v%stride = DICOD_F64/8
  end function

  ! Where the elements of an array lie.
  recursive function view_r32(x) result(v)
    real(real32), intent(in), target :: x(..)
    type(view) :: v
    integer(int64) :: n(5)
    n = 0
    v%rank = rank(x)
    n(:v%rank) = shape(x, int64)
    v%extent = n
    if (any(n(:v%rank) == 0)) return
    select rank (x)
    rank (1)
      v%base = address(c_loc(x(1)))
      if (n(1) > 1) v%stride(1) = address(c_loc(x(2))) - v%base
    rank (2)
      v%base = address(c_loc(x(1, 1)))
      if (n(1) > 1) v%stride(1) = address(c_loc(x(2, 1))) - v%base
      if (n(2) > 1) v%stride(2) = address(c_loc(x(1, 2))) - v%base
    rank (3)
      v%base = address(c_loc(x(1, 1, 1)))
      if (n(1) > 1) v%stride(1) = address(c_loc(x(2, 1, 1))) - v%base
      if (n(2) > 1) v%stride(2) = address(c_loc(x(1, 2, 1))) - v%base
      if (n(3) > 1) v%stride(3) = address(c_loc(x(1, 1, 2))) - v%base
    rank (4)
      v%base = address(c_loc(x(1, 1, 1, 1)))
      if (n(1) > 1) v%stride(1) = address(c_loc(x(2, 1, 1, 1))) - v%base
      if (n(2) > 1) v%stride(2) = address(c_loc(x(1, 2, 1, 1))) - v%base
      if (n(3) > 1) v%stride(3) = address(c_loc(x(1, 1, 2, 1))) - v%base
      if (n(4) > 1) v%stride(4) = address(c_loc(x(1, 1, 1, 2))) - v%base
    rank (5)
      v%base = address(c_loc(x(1, 1, 1, 1, 1)))
      if (n(1) > 1) v%stride(1) = address(c_loc(x(2, 1, 1, 1, 1))) - v%base
      if (n(2) > 1) v%stride(2) = address(c_loc(x(1, 2, 1, 1, 1))) - v%base
      if (n(3) > 1) v%stride(3) = address(c_loc(x(1, 1, 2, 1, 1))) - v%base
      if (n(4) > 1) v%stride(4) = address(c_loc(x(1, 1, 1, 2, 1))) - v%base
      if (n(5) > 1) v%stride(5) = address(c_loc(x(1, 1, 1, 1, 2))) - v%base
    end select
    ! An axis of one element may have any stride, but those of an array without gaps tell arrays apart from rubbish.
    where (v%stride == 0) v%stride = DICOD_F32/8
  end function

end module

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
    module procedure solve_132_r64
    module procedure solve_232_r64
    module procedure solve_333_r64
    module procedure solve_243_r64
    module procedure solve_343_r64
    module procedure solve_444_r64
    module procedure solve_354_r64
    module procedure solve_454_r64
    module procedure solve_555_r64
    module procedure solve_132_r32
    module procedure solve_232_r32
    module procedure solve_333_r32
    module procedure solve_243_r32
    module procedure solve_343_r32
    module procedure solve_444_r32
    module procedure solve_354_r32
    module procedure solve_454_r32
    module procedure solve_555_r32
  end interface
  ! lambda_max(x, d, ...): the least regularisation for which z = 0 is optimal.
  interface lambda_max
    module procedure lambda_max_132_r64
    module procedure lambda_max_232_r64
    module procedure lambda_max_333_r64
    module procedure lambda_max_243_r64
    module procedure lambda_max_343_r64
    module procedure lambda_max_444_r64
    module procedure lambda_max_354_r64
    module procedure lambda_max_454_r64
    module procedure lambda_max_555_r64
    module procedure lambda_max_132_r32
    module procedure lambda_max_232_r32
    module procedure lambda_max_333_r32
    module procedure lambda_max_243_r32
    module procedure lambda_max_343_r32
    module procedure lambda_max_444_r32
    module procedure lambda_max_354_r32
    module procedure lambda_max_454_r32
    module procedure lambda_max_555_r32
  end interface
  ! call reconstruct(z, d, x, ...): the signals that z stands for.
  interface reconstruct
    module procedure reconstruct_132_r64
    module procedure reconstruct_232_r64
    module procedure reconstruct_333_r64
    module procedure reconstruct_243_r64
    module procedure reconstruct_343_r64
    module procedure reconstruct_444_r64
    module procedure reconstruct_354_r64
    module procedure reconstruct_454_r64
    module procedure reconstruct_555_r64
    module procedure reconstruct_132_r32
    module procedure reconstruct_232_r32
    module procedure reconstruct_333_r32
    module procedure reconstruct_243_r32
    module procedure reconstruct_343_r32
    module procedure reconstruct_444_r32
    module procedure reconstruct_354_r32
    module procedure reconstruct_454_r32
    module procedure reconstruct_555_r32
  end interface
  ! objective(x, d, z, ...): what solve minimises; data_term is its first half.
  interface objective
    module procedure objective_132_r64
    module procedure objective_232_r64
    module procedure objective_333_r64
    module procedure objective_243_r64
    module procedure objective_343_r64
    module procedure objective_444_r64
    module procedure objective_354_r64
    module procedure objective_454_r64
    module procedure objective_555_r64
    module procedure objective_132_r32
    module procedure objective_232_r32
    module procedure objective_333_r32
    module procedure objective_243_r32
    module procedure objective_343_r32
    module procedure objective_444_r32
    module procedure objective_354_r32
    module procedure objective_454_r32
    module procedure objective_555_r32
  end interface
  ! call gram(d, g): correlations of the atoms, g(2 lx - 1, ..., atom, atom).
  interface gram
    module procedure gram_3_r64
    module procedure gram_4_r64
    module procedure gram_5_r64
    module procedure gram_3_r32
    module procedure gram_4_r32
    module procedure gram_5_r32
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

  recursive subroutine solve_132_r64(x, d, z, context, options, &
      reg, reg_per_atom, reg_scale, ridge, tol, tol_scale, gap_tol, max_iter, time_limit, strategy, schedule, &
      soft_lock, steps_per_visit, tile_shape, positive, periodic, missing, background, background_length, &
      warm_start, frozen_support, seed, correlation, progress_interval, trace, learn_init, learn_max_iter, &
      learn_tol, learn_reg_reference, learn_dict_tol, learn_dict_max_iter, learn_window, learn_zero_mean, &
      learn_rank_one, learn_fixed_atoms, learn_recentre, learn_redraw, learn_redraw_below, learn_online, &
      learn_batch, learn_forgetting, learn_statistics, &
      info, stat, errmsg)
    real(real64), intent(in), contiguous, target :: x(:), d(:, :, :)
    real(real64), intent(inout), contiguous, target :: z(:, :)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, ridge, tol, gap_tol, time_limit, progress_interval, learn_tol, &
        learn_dict_tol, learn_redraw_below, learn_forgetting
    class(*), intent(in), optional :: reg_per_atom(..)
    class(*), intent(in), optional :: max_iter, steps_per_visit, seed, learn_max_iter, learn_dict_max_iter, &
        learn_batch
    class(*), intent(in), optional :: tile_shape(..), background_length(..)
    logical, intent(in), optional :: positive, warm_start, frozen_support, trace, learn_window, learn_zero_mean, &
        learn_rank_one, learn_recentre, learn_redraw, learn_online
    class(*), intent(in), optional :: periodic(..), learn_fixed_atoms(..)
    character(*), intent(in), optional :: reg_scale, tol_scale, strategy, schedule, soft_lock, missing, background, &
        correlation, learn_init, learn_reg_reference, learn_statistics
    type(dicod_info), intent(inout), optional :: info
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    call c%choose_context(context)
    call c%choose_options(options, &
      reg=reg, reg_per_atom=reg_per_atom, reg_scale=reg_scale, ridge=ridge, tol=tol, tol_scale=tol_scale, &
      gap_tol=gap_tol, max_iter=max_iter, time_limit=time_limit, strategy=strategy, schedule=schedule, &
      soft_lock=soft_lock, steps_per_visit=steps_per_visit, tile_shape=tile_shape, positive=positive, &
      periodic=periodic, missing=missing, background=background, background_length=background_length, &
      warm_start=warm_start, frozen_support=frozen_support, seed=seed, correlation=correlation, &
      progress_interval=progress_interval, trace=trace, learn_init=learn_init, learn_max_iter=learn_max_iter, &
      learn_tol=learn_tol, learn_reg_reference=learn_reg_reference, learn_dict_tol=learn_dict_tol, &
      learn_dict_max_iter=learn_dict_max_iter, learn_window=learn_window, learn_zero_mean=learn_zero_mean, &
      learn_rank_one=learn_rank_one, learn_fixed_atoms=learn_fixed_atoms, learn_recentre=learn_recentre, &
      learn_redraw=learn_redraw, learn_redraw_below=learn_redraw_below, learn_online=learn_online, &
      learn_batch=learn_batch, learn_forgetting=learn_forgetting, learn_statistics=learn_statistics)
    call c%measure('x', shape(x, int64), shape(d, int64))
    call c%check_z(shape(z, int64))
    if (c%proceed()) call c%finish(dicod_solve(c%context, c%options, c%problem(), c_loc(x), c_loc(d), c_loc(z), info))
    call c%report(stat, errmsg)
  end subroutine

  recursive function lambda_max_132_r64(x, d, context, options, positive, periodic, background, background_length, &
      stat, errmsg) result(value)
    real(real64), intent(in), contiguous, target :: x(:), d(:, :, :)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    logical, intent(in), optional :: positive
    class(*), intent(in), optional :: periodic(..), background_length(..)
    character(*), intent(in), optional :: background
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
    if (c%proceed()) call c%finish(dicod_lambda_max(c%context, c%options, c%problem(), c_loc(x), c_loc(d), c_loc(found)))
    value = found
    call c%report(stat, errmsg)
  end function

  recursive subroutine reconstruct_132_r64(z, d, x, context, options, periodic, stat, errmsg)
    real(real64), intent(in), contiguous, target :: z(:, :), d(:, :, :)
    real(real64), intent(inout), contiguous, target :: x(:)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: periodic(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    call c%choose_context(context)
    call c%choose_options(options, periodic=periodic)
    call c%measure('x', shape(x, int64), shape(d, int64))
    call c%check_z(shape(z, int64))
    if (c%proceed()) call c%finish(dicod_reconstruct(c%context, c%options, c%problem(), c_loc(d), c_loc(z), c_loc(x)))
    call c%report(stat, errmsg)
  end subroutine

  recursive function objective_132_r64(x, d, z, data_term, context, options, reg, reg_per_atom, reg_scale, &
      ridge, positive, periodic, background, background_length, stat, errmsg) result(value)
    real(real64), intent(in), contiguous, target :: x(:), d(:, :, :), z(:, :)
    real(real64), intent(out), optional :: data_term
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, reg_per_atom(..), ridge, periodic(..), background_length(..)
    character(*), intent(in), optional :: reg_scale, background
    logical, intent(in), optional :: positive
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
    call c%check_z(shape(z, int64))
    if (c%proceed()) call c%finish(dicod_objective(c%context, c%options, c%problem(), c_loc(x), c_loc(d), c_loc(z), &
      c_loc(found), c_loc(first)))
    value = found
    if (present(data_term)) data_term = first
    call c%report(stat, errmsg)
  end function

  recursive subroutine solve_232_r64(x, d, z, context, options, &
      reg, reg_per_atom, reg_scale, ridge, tol, tol_scale, gap_tol, max_iter, time_limit, strategy, schedule, &
      soft_lock, steps_per_visit, tile_shape, positive, periodic, missing, background, background_length, &
      warm_start, frozen_support, seed, correlation, progress_interval, trace, learn_init, learn_max_iter, &
      learn_tol, learn_reg_reference, learn_dict_tol, learn_dict_max_iter, learn_window, learn_zero_mean, &
      learn_rank_one, learn_fixed_atoms, learn_recentre, learn_redraw, learn_redraw_below, learn_online, &
      learn_batch, learn_forgetting, learn_statistics, &
      info, stat, errmsg)
    real(real64), intent(in), contiguous, target :: x(:, :), d(:, :, :)
    real(real64), intent(inout), contiguous, target :: z(:, :)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, ridge, tol, gap_tol, time_limit, progress_interval, learn_tol, &
        learn_dict_tol, learn_redraw_below, learn_forgetting
    class(*), intent(in), optional :: reg_per_atom(..)
    class(*), intent(in), optional :: max_iter, steps_per_visit, seed, learn_max_iter, learn_dict_max_iter, &
        learn_batch
    class(*), intent(in), optional :: tile_shape(..), background_length(..)
    logical, intent(in), optional :: positive, warm_start, frozen_support, trace, learn_window, learn_zero_mean, &
        learn_rank_one, learn_recentre, learn_redraw, learn_online
    class(*), intent(in), optional :: periodic(..), learn_fixed_atoms(..)
    character(*), intent(in), optional :: reg_scale, tol_scale, strategy, schedule, soft_lock, missing, background, &
        correlation, learn_init, learn_reg_reference, learn_statistics
    type(dicod_info), intent(inout), optional :: info
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    call c%choose_context(context)
    call c%choose_options(options, &
      reg=reg, reg_per_atom=reg_per_atom, reg_scale=reg_scale, ridge=ridge, tol=tol, tol_scale=tol_scale, &
      gap_tol=gap_tol, max_iter=max_iter, time_limit=time_limit, strategy=strategy, schedule=schedule, &
      soft_lock=soft_lock, steps_per_visit=steps_per_visit, tile_shape=tile_shape, positive=positive, &
      periodic=periodic, missing=missing, background=background, background_length=background_length, &
      warm_start=warm_start, frozen_support=frozen_support, seed=seed, correlation=correlation, &
      progress_interval=progress_interval, trace=trace, learn_init=learn_init, learn_max_iter=learn_max_iter, &
      learn_tol=learn_tol, learn_reg_reference=learn_reg_reference, learn_dict_tol=learn_dict_tol, &
      learn_dict_max_iter=learn_dict_max_iter, learn_window=learn_window, learn_zero_mean=learn_zero_mean, &
      learn_rank_one=learn_rank_one, learn_fixed_atoms=learn_fixed_atoms, learn_recentre=learn_recentre, &
      learn_redraw=learn_redraw, learn_redraw_below=learn_redraw_below, learn_online=learn_online, &
      learn_batch=learn_batch, learn_forgetting=learn_forgetting, learn_statistics=learn_statistics)
    call c%measure('x', shape(x, int64), shape(d, int64))
    call c%check_z(shape(z, int64))
    if (c%proceed()) call c%finish(dicod_solve(c%context, c%options, c%problem(), c_loc(x), c_loc(d), c_loc(z), info))
    call c%report(stat, errmsg)
  end subroutine

  recursive function lambda_max_232_r64(x, d, context, options, positive, periodic, background, background_length, &
      stat, errmsg) result(value)
    real(real64), intent(in), contiguous, target :: x(:, :), d(:, :, :)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    logical, intent(in), optional :: positive
    class(*), intent(in), optional :: periodic(..), background_length(..)
    character(*), intent(in), optional :: background
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
    if (c%proceed()) call c%finish(dicod_lambda_max(c%context, c%options, c%problem(), c_loc(x), c_loc(d), c_loc(found)))
    value = found
    call c%report(stat, errmsg)
  end function

  recursive subroutine reconstruct_232_r64(z, d, x, context, options, periodic, stat, errmsg)
    real(real64), intent(in), contiguous, target :: z(:, :), d(:, :, :)
    real(real64), intent(inout), contiguous, target :: x(:, :)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: periodic(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    call c%choose_context(context)
    call c%choose_options(options, periodic=periodic)
    call c%measure('x', shape(x, int64), shape(d, int64))
    call c%check_z(shape(z, int64))
    if (c%proceed()) call c%finish(dicod_reconstruct(c%context, c%options, c%problem(), c_loc(d), c_loc(z), c_loc(x)))
    call c%report(stat, errmsg)
  end subroutine

  recursive function objective_232_r64(x, d, z, data_term, context, options, reg, reg_per_atom, reg_scale, &
      ridge, positive, periodic, background, background_length, stat, errmsg) result(value)
    real(real64), intent(in), contiguous, target :: x(:, :), d(:, :, :), z(:, :)
    real(real64), intent(out), optional :: data_term
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, reg_per_atom(..), ridge, periodic(..), background_length(..)
    character(*), intent(in), optional :: reg_scale, background
    logical, intent(in), optional :: positive
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
    call c%check_z(shape(z, int64))
    if (c%proceed()) call c%finish(dicod_objective(c%context, c%options, c%problem(), c_loc(x), c_loc(d), c_loc(z), &
      c_loc(found), c_loc(first)))
    value = found
    if (present(data_term)) data_term = first
    call c%report(stat, errmsg)
  end function

  recursive subroutine solve_333_r64(x, d, z, context, options, &
      reg, reg_per_atom, reg_scale, ridge, tol, tol_scale, gap_tol, max_iter, time_limit, strategy, schedule, &
      soft_lock, steps_per_visit, tile_shape, positive, periodic, missing, background, background_length, &
      warm_start, frozen_support, seed, correlation, progress_interval, trace, learn_init, learn_max_iter, &
      learn_tol, learn_reg_reference, learn_dict_tol, learn_dict_max_iter, learn_window, learn_zero_mean, &
      learn_rank_one, learn_fixed_atoms, learn_recentre, learn_redraw, learn_redraw_below, learn_online, &
      learn_batch, learn_forgetting, learn_statistics, &
      info, stat, errmsg)
    real(real64), intent(in), contiguous, target :: x(:, :, :), d(:, :, :)
    real(real64), intent(inout), contiguous, target :: z(:, :, :)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, ridge, tol, gap_tol, time_limit, progress_interval, learn_tol, &
        learn_dict_tol, learn_redraw_below, learn_forgetting
    class(*), intent(in), optional :: reg_per_atom(..)
    class(*), intent(in), optional :: max_iter, steps_per_visit, seed, learn_max_iter, learn_dict_max_iter, &
        learn_batch
    class(*), intent(in), optional :: tile_shape(..), background_length(..)
    logical, intent(in), optional :: positive, warm_start, frozen_support, trace, learn_window, learn_zero_mean, &
        learn_rank_one, learn_recentre, learn_redraw, learn_online
    class(*), intent(in), optional :: periodic(..), learn_fixed_atoms(..)
    character(*), intent(in), optional :: reg_scale, tol_scale, strategy, schedule, soft_lock, missing, background, &
        correlation, learn_init, learn_reg_reference, learn_statistics
    type(dicod_info), intent(inout), optional :: info
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    call c%choose_context(context)
    call c%choose_options(options, &
      reg=reg, reg_per_atom=reg_per_atom, reg_scale=reg_scale, ridge=ridge, tol=tol, tol_scale=tol_scale, &
      gap_tol=gap_tol, max_iter=max_iter, time_limit=time_limit, strategy=strategy, schedule=schedule, &
      soft_lock=soft_lock, steps_per_visit=steps_per_visit, tile_shape=tile_shape, positive=positive, &
      periodic=periodic, missing=missing, background=background, background_length=background_length, &
      warm_start=warm_start, frozen_support=frozen_support, seed=seed, correlation=correlation, &
      progress_interval=progress_interval, trace=trace, learn_init=learn_init, learn_max_iter=learn_max_iter, &
      learn_tol=learn_tol, learn_reg_reference=learn_reg_reference, learn_dict_tol=learn_dict_tol, &
      learn_dict_max_iter=learn_dict_max_iter, learn_window=learn_window, learn_zero_mean=learn_zero_mean, &
      learn_rank_one=learn_rank_one, learn_fixed_atoms=learn_fixed_atoms, learn_recentre=learn_recentre, &
      learn_redraw=learn_redraw, learn_redraw_below=learn_redraw_below, learn_online=learn_online, &
      learn_batch=learn_batch, learn_forgetting=learn_forgetting, learn_statistics=learn_statistics)
    call c%measure('x', shape(x, int64), shape(d, int64))
    call c%check_z(shape(z, int64))
    if (c%proceed()) call c%finish(dicod_solve(c%context, c%options, c%problem(), c_loc(x), c_loc(d), c_loc(z), info))
    call c%report(stat, errmsg)
  end subroutine

  recursive function lambda_max_333_r64(x, d, context, options, positive, periodic, background, background_length, &
      stat, errmsg) result(value)
    real(real64), intent(in), contiguous, target :: x(:, :, :), d(:, :, :)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    logical, intent(in), optional :: positive
    class(*), intent(in), optional :: periodic(..), background_length(..)
    character(*), intent(in), optional :: background
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
    if (c%proceed()) call c%finish(dicod_lambda_max(c%context, c%options, c%problem(), c_loc(x), c_loc(d), c_loc(found)))
    value = found
    call c%report(stat, errmsg)
  end function

  recursive subroutine reconstruct_333_r64(z, d, x, context, options, periodic, stat, errmsg)
    real(real64), intent(in), contiguous, target :: z(:, :, :), d(:, :, :)
    real(real64), intent(inout), contiguous, target :: x(:, :, :)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: periodic(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    call c%choose_context(context)
    call c%choose_options(options, periodic=periodic)
    call c%measure('x', shape(x, int64), shape(d, int64))
    call c%check_z(shape(z, int64))
    if (c%proceed()) call c%finish(dicod_reconstruct(c%context, c%options, c%problem(), c_loc(d), c_loc(z), c_loc(x)))
    call c%report(stat, errmsg)
  end subroutine

  recursive function objective_333_r64(x, d, z, data_term, context, options, reg, reg_per_atom, reg_scale, &
      ridge, positive, periodic, background, background_length, stat, errmsg) result(value)
    real(real64), intent(in), contiguous, target :: x(:, :, :), d(:, :, :), z(:, :, :)
    real(real64), intent(out), optional :: data_term
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, reg_per_atom(..), ridge, periodic(..), background_length(..)
    character(*), intent(in), optional :: reg_scale, background
    logical, intent(in), optional :: positive
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
    call c%check_z(shape(z, int64))
    if (c%proceed()) call c%finish(dicod_objective(c%context, c%options, c%problem(), c_loc(x), c_loc(d), c_loc(z), &
      c_loc(found), c_loc(first)))
    value = found
    if (present(data_term)) data_term = first
    call c%report(stat, errmsg)
  end function

  recursive subroutine solve_243_r64(x, d, z, context, options, &
      reg, reg_per_atom, reg_scale, ridge, tol, tol_scale, gap_tol, max_iter, time_limit, strategy, schedule, &
      soft_lock, steps_per_visit, tile_shape, positive, periodic, missing, background, background_length, &
      warm_start, frozen_support, seed, correlation, progress_interval, trace, learn_init, learn_max_iter, &
      learn_tol, learn_reg_reference, learn_dict_tol, learn_dict_max_iter, learn_window, learn_zero_mean, &
      learn_rank_one, learn_fixed_atoms, learn_recentre, learn_redraw, learn_redraw_below, learn_online, &
      learn_batch, learn_forgetting, learn_statistics, &
      info, stat, errmsg)
    real(real64), intent(in), contiguous, target :: x(:, :), d(:, :, :, :)
    real(real64), intent(inout), contiguous, target :: z(:, :, :)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, ridge, tol, gap_tol, time_limit, progress_interval, learn_tol, &
        learn_dict_tol, learn_redraw_below, learn_forgetting
    class(*), intent(in), optional :: reg_per_atom(..)
    class(*), intent(in), optional :: max_iter, steps_per_visit, seed, learn_max_iter, learn_dict_max_iter, &
        learn_batch
    class(*), intent(in), optional :: tile_shape(..), background_length(..)
    logical, intent(in), optional :: positive, warm_start, frozen_support, trace, learn_window, learn_zero_mean, &
        learn_rank_one, learn_recentre, learn_redraw, learn_online
    class(*), intent(in), optional :: periodic(..), learn_fixed_atoms(..)
    character(*), intent(in), optional :: reg_scale, tol_scale, strategy, schedule, soft_lock, missing, background, &
        correlation, learn_init, learn_reg_reference, learn_statistics
    type(dicod_info), intent(inout), optional :: info
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    call c%choose_context(context)
    call c%choose_options(options, &
      reg=reg, reg_per_atom=reg_per_atom, reg_scale=reg_scale, ridge=ridge, tol=tol, tol_scale=tol_scale, &
      gap_tol=gap_tol, max_iter=max_iter, time_limit=time_limit, strategy=strategy, schedule=schedule, &
      soft_lock=soft_lock, steps_per_visit=steps_per_visit, tile_shape=tile_shape, positive=positive, &
      periodic=periodic, missing=missing, background=background, background_length=background_length, &
      warm_start=warm_start, frozen_support=frozen_support, seed=seed, correlation=correlation, &
      progress_interval=progress_interval, trace=trace, learn_init=learn_init, learn_max_iter=learn_max_iter, &
      learn_tol=learn_tol, learn_reg_reference=learn_reg_reference, learn_dict_tol=learn_dict_tol, &
      learn_dict_max_iter=learn_dict_max_iter, learn_window=learn_window, learn_zero_mean=learn_zero_mean, &
      learn_rank_one=learn_rank_one, learn_fixed_atoms=learn_fixed_atoms, learn_recentre=learn_recentre, &
      learn_redraw=learn_redraw, learn_redraw_below=learn_redraw_below, learn_online=learn_online, &
      learn_batch=learn_batch, learn_forgetting=learn_forgetting, learn_statistics=learn_statistics)
    call c%measure('x', shape(x, int64), shape(d, int64))
    call c%check_z(shape(z, int64))
    if (c%proceed()) call c%finish(dicod_solve(c%context, c%options, c%problem(), c_loc(x), c_loc(d), c_loc(z), info))
    call c%report(stat, errmsg)
  end subroutine

  recursive function lambda_max_243_r64(x, d, context, options, positive, periodic, background, background_length, &
      stat, errmsg) result(value)
    real(real64), intent(in), contiguous, target :: x(:, :), d(:, :, :, :)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    logical, intent(in), optional :: positive
    class(*), intent(in), optional :: periodic(..), background_length(..)
    character(*), intent(in), optional :: background
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
    if (c%proceed()) call c%finish(dicod_lambda_max(c%context, c%options, c%problem(), c_loc(x), c_loc(d), c_loc(found)))
    value = found
    call c%report(stat, errmsg)
  end function

  recursive subroutine reconstruct_243_r64(z, d, x, context, options, periodic, stat, errmsg)
    real(real64), intent(in), contiguous, target :: z(:, :, :), d(:, :, :, :)
    real(real64), intent(inout), contiguous, target :: x(:, :)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: periodic(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    call c%choose_context(context)
    call c%choose_options(options, periodic=periodic)
    call c%measure('x', shape(x, int64), shape(d, int64))
    call c%check_z(shape(z, int64))
    if (c%proceed()) call c%finish(dicod_reconstruct(c%context, c%options, c%problem(), c_loc(d), c_loc(z), c_loc(x)))
    call c%report(stat, errmsg)
  end subroutine

  recursive function objective_243_r64(x, d, z, data_term, context, options, reg, reg_per_atom, reg_scale, &
      ridge, positive, periodic, background, background_length, stat, errmsg) result(value)
    real(real64), intent(in), contiguous, target :: x(:, :), d(:, :, :, :), z(:, :, :)
    real(real64), intent(out), optional :: data_term
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, reg_per_atom(..), ridge, periodic(..), background_length(..)
    character(*), intent(in), optional :: reg_scale, background
    logical, intent(in), optional :: positive
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
    call c%check_z(shape(z, int64))
    if (c%proceed()) call c%finish(dicod_objective(c%context, c%options, c%problem(), c_loc(x), c_loc(d), c_loc(z), &
      c_loc(found), c_loc(first)))
    value = found
    if (present(data_term)) data_term = first
    call c%report(stat, errmsg)
  end function

  recursive subroutine solve_343_r64(x, d, z, context, options, &
      reg, reg_per_atom, reg_scale, ridge, tol, tol_scale, gap_tol, max_iter, time_limit, strategy, schedule, &
      soft_lock, steps_per_visit, tile_shape, positive, periodic, missing, background, background_length, &
      warm_start, frozen_support, seed, correlation, progress_interval, trace, learn_init, learn_max_iter, &
      learn_tol, learn_reg_reference, learn_dict_tol, learn_dict_max_iter, learn_window, learn_zero_mean, &
      learn_rank_one, learn_fixed_atoms, learn_recentre, learn_redraw, learn_redraw_below, learn_online, &
      learn_batch, learn_forgetting, learn_statistics, &
      info, stat, errmsg)
    real(real64), intent(in), contiguous, target :: x(:, :, :), d(:, :, :, :)
    real(real64), intent(inout), contiguous, target :: z(:, :, :)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, ridge, tol, gap_tol, time_limit, progress_interval, learn_tol, &
        learn_dict_tol, learn_redraw_below, learn_forgetting
    class(*), intent(in), optional :: reg_per_atom(..)
    class(*), intent(in), optional :: max_iter, steps_per_visit, seed, learn_max_iter, learn_dict_max_iter, &
        learn_batch
    class(*), intent(in), optional :: tile_shape(..), background_length(..)
    logical, intent(in), optional :: positive, warm_start, frozen_support, trace, learn_window, learn_zero_mean, &
        learn_rank_one, learn_recentre, learn_redraw, learn_online
    class(*), intent(in), optional :: periodic(..), learn_fixed_atoms(..)
    character(*), intent(in), optional :: reg_scale, tol_scale, strategy, schedule, soft_lock, missing, background, &
        correlation, learn_init, learn_reg_reference, learn_statistics
    type(dicod_info), intent(inout), optional :: info
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    call c%choose_context(context)
    call c%choose_options(options, &
      reg=reg, reg_per_atom=reg_per_atom, reg_scale=reg_scale, ridge=ridge, tol=tol, tol_scale=tol_scale, &
      gap_tol=gap_tol, max_iter=max_iter, time_limit=time_limit, strategy=strategy, schedule=schedule, &
      soft_lock=soft_lock, steps_per_visit=steps_per_visit, tile_shape=tile_shape, positive=positive, &
      periodic=periodic, missing=missing, background=background, background_length=background_length, &
      warm_start=warm_start, frozen_support=frozen_support, seed=seed, correlation=correlation, &
      progress_interval=progress_interval, trace=trace, learn_init=learn_init, learn_max_iter=learn_max_iter, &
      learn_tol=learn_tol, learn_reg_reference=learn_reg_reference, learn_dict_tol=learn_dict_tol, &
      learn_dict_max_iter=learn_dict_max_iter, learn_window=learn_window, learn_zero_mean=learn_zero_mean, &
      learn_rank_one=learn_rank_one, learn_fixed_atoms=learn_fixed_atoms, learn_recentre=learn_recentre, &
      learn_redraw=learn_redraw, learn_redraw_below=learn_redraw_below, learn_online=learn_online, &
      learn_batch=learn_batch, learn_forgetting=learn_forgetting, learn_statistics=learn_statistics)
    call c%measure('x', shape(x, int64), shape(d, int64))
    call c%check_z(shape(z, int64))
    if (c%proceed()) call c%finish(dicod_solve(c%context, c%options, c%problem(), c_loc(x), c_loc(d), c_loc(z), info))
    call c%report(stat, errmsg)
  end subroutine

  recursive function lambda_max_343_r64(x, d, context, options, positive, periodic, background, background_length, &
      stat, errmsg) result(value)
    real(real64), intent(in), contiguous, target :: x(:, :, :), d(:, :, :, :)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    logical, intent(in), optional :: positive
    class(*), intent(in), optional :: periodic(..), background_length(..)
    character(*), intent(in), optional :: background
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
    if (c%proceed()) call c%finish(dicod_lambda_max(c%context, c%options, c%problem(), c_loc(x), c_loc(d), c_loc(found)))
    value = found
    call c%report(stat, errmsg)
  end function

  recursive subroutine reconstruct_343_r64(z, d, x, context, options, periodic, stat, errmsg)
    real(real64), intent(in), contiguous, target :: z(:, :, :), d(:, :, :, :)
    real(real64), intent(inout), contiguous, target :: x(:, :, :)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: periodic(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    call c%choose_context(context)
    call c%choose_options(options, periodic=periodic)
    call c%measure('x', shape(x, int64), shape(d, int64))
    call c%check_z(shape(z, int64))
    if (c%proceed()) call c%finish(dicod_reconstruct(c%context, c%options, c%problem(), c_loc(d), c_loc(z), c_loc(x)))
    call c%report(stat, errmsg)
  end subroutine

  recursive function objective_343_r64(x, d, z, data_term, context, options, reg, reg_per_atom, reg_scale, &
      ridge, positive, periodic, background, background_length, stat, errmsg) result(value)
    real(real64), intent(in), contiguous, target :: x(:, :, :), d(:, :, :, :), z(:, :, :)
    real(real64), intent(out), optional :: data_term
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, reg_per_atom(..), ridge, periodic(..), background_length(..)
    character(*), intent(in), optional :: reg_scale, background
    logical, intent(in), optional :: positive
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
    call c%check_z(shape(z, int64))
    if (c%proceed()) call c%finish(dicod_objective(c%context, c%options, c%problem(), c_loc(x), c_loc(d), c_loc(z), &
      c_loc(found), c_loc(first)))
    value = found
    if (present(data_term)) data_term = first
    call c%report(stat, errmsg)
  end function

  recursive subroutine solve_444_r64(x, d, z, context, options, &
      reg, reg_per_atom, reg_scale, ridge, tol, tol_scale, gap_tol, max_iter, time_limit, strategy, schedule, &
      soft_lock, steps_per_visit, tile_shape, positive, periodic, missing, background, background_length, &
      warm_start, frozen_support, seed, correlation, progress_interval, trace, learn_init, learn_max_iter, &
      learn_tol, learn_reg_reference, learn_dict_tol, learn_dict_max_iter, learn_window, learn_zero_mean, &
      learn_rank_one, learn_fixed_atoms, learn_recentre, learn_redraw, learn_redraw_below, learn_online, &
      learn_batch, learn_forgetting, learn_statistics, &
      info, stat, errmsg)
    real(real64), intent(in), contiguous, target :: x(:, :, :, :), d(:, :, :, :)
    real(real64), intent(inout), contiguous, target :: z(:, :, :, :)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, ridge, tol, gap_tol, time_limit, progress_interval, learn_tol, &
        learn_dict_tol, learn_redraw_below, learn_forgetting
    class(*), intent(in), optional :: reg_per_atom(..)
    class(*), intent(in), optional :: max_iter, steps_per_visit, seed, learn_max_iter, learn_dict_max_iter, &
        learn_batch
    class(*), intent(in), optional :: tile_shape(..), background_length(..)
    logical, intent(in), optional :: positive, warm_start, frozen_support, trace, learn_window, learn_zero_mean, &
        learn_rank_one, learn_recentre, learn_redraw, learn_online
    class(*), intent(in), optional :: periodic(..), learn_fixed_atoms(..)
    character(*), intent(in), optional :: reg_scale, tol_scale, strategy, schedule, soft_lock, missing, background, &
        correlation, learn_init, learn_reg_reference, learn_statistics
    type(dicod_info), intent(inout), optional :: info
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    call c%choose_context(context)
    call c%choose_options(options, &
      reg=reg, reg_per_atom=reg_per_atom, reg_scale=reg_scale, ridge=ridge, tol=tol, tol_scale=tol_scale, &
      gap_tol=gap_tol, max_iter=max_iter, time_limit=time_limit, strategy=strategy, schedule=schedule, &
      soft_lock=soft_lock, steps_per_visit=steps_per_visit, tile_shape=tile_shape, positive=positive, &
      periodic=periodic, missing=missing, background=background, background_length=background_length, &
      warm_start=warm_start, frozen_support=frozen_support, seed=seed, correlation=correlation, &
      progress_interval=progress_interval, trace=trace, learn_init=learn_init, learn_max_iter=learn_max_iter, &
      learn_tol=learn_tol, learn_reg_reference=learn_reg_reference, learn_dict_tol=learn_dict_tol, &
      learn_dict_max_iter=learn_dict_max_iter, learn_window=learn_window, learn_zero_mean=learn_zero_mean, &
      learn_rank_one=learn_rank_one, learn_fixed_atoms=learn_fixed_atoms, learn_recentre=learn_recentre, &
      learn_redraw=learn_redraw, learn_redraw_below=learn_redraw_below, learn_online=learn_online, &
      learn_batch=learn_batch, learn_forgetting=learn_forgetting, learn_statistics=learn_statistics)
    call c%measure('x', shape(x, int64), shape(d, int64))
    call c%check_z(shape(z, int64))
    if (c%proceed()) call c%finish(dicod_solve(c%context, c%options, c%problem(), c_loc(x), c_loc(d), c_loc(z), info))
    call c%report(stat, errmsg)
  end subroutine

  recursive function lambda_max_444_r64(x, d, context, options, positive, periodic, background, background_length, &
      stat, errmsg) result(value)
    real(real64), intent(in), contiguous, target :: x(:, :, :, :), d(:, :, :, :)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    logical, intent(in), optional :: positive
    class(*), intent(in), optional :: periodic(..), background_length(..)
    character(*), intent(in), optional :: background
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
    if (c%proceed()) call c%finish(dicod_lambda_max(c%context, c%options, c%problem(), c_loc(x), c_loc(d), c_loc(found)))
    value = found
    call c%report(stat, errmsg)
  end function

  recursive subroutine reconstruct_444_r64(z, d, x, context, options, periodic, stat, errmsg)
    real(real64), intent(in), contiguous, target :: z(:, :, :, :), d(:, :, :, :)
    real(real64), intent(inout), contiguous, target :: x(:, :, :, :)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: periodic(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    call c%choose_context(context)
    call c%choose_options(options, periodic=periodic)
    call c%measure('x', shape(x, int64), shape(d, int64))
    call c%check_z(shape(z, int64))
    if (c%proceed()) call c%finish(dicod_reconstruct(c%context, c%options, c%problem(), c_loc(d), c_loc(z), c_loc(x)))
    call c%report(stat, errmsg)
  end subroutine

  recursive function objective_444_r64(x, d, z, data_term, context, options, reg, reg_per_atom, reg_scale, &
      ridge, positive, periodic, background, background_length, stat, errmsg) result(value)
    real(real64), intent(in), contiguous, target :: x(:, :, :, :), d(:, :, :, :), z(:, :, :, :)
    real(real64), intent(out), optional :: data_term
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, reg_per_atom(..), ridge, periodic(..), background_length(..)
    character(*), intent(in), optional :: reg_scale, background
    logical, intent(in), optional :: positive
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
    call c%check_z(shape(z, int64))
    if (c%proceed()) call c%finish(dicod_objective(c%context, c%options, c%problem(), c_loc(x), c_loc(d), c_loc(z), &
      c_loc(found), c_loc(first)))
    value = found
    if (present(data_term)) data_term = first
    call c%report(stat, errmsg)
  end function

  recursive subroutine solve_354_r64(x, d, z, context, options, &
      reg, reg_per_atom, reg_scale, ridge, tol, tol_scale, gap_tol, max_iter, time_limit, strategy, schedule, &
      soft_lock, steps_per_visit, tile_shape, positive, periodic, missing, background, background_length, &
      warm_start, frozen_support, seed, correlation, progress_interval, trace, learn_init, learn_max_iter, &
      learn_tol, learn_reg_reference, learn_dict_tol, learn_dict_max_iter, learn_window, learn_zero_mean, &
      learn_rank_one, learn_fixed_atoms, learn_recentre, learn_redraw, learn_redraw_below, learn_online, &
      learn_batch, learn_forgetting, learn_statistics, &
      info, stat, errmsg)
    real(real64), intent(in), contiguous, target :: x(:, :, :), d(:, :, :, :, :)
    real(real64), intent(inout), contiguous, target :: z(:, :, :, :)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, ridge, tol, gap_tol, time_limit, progress_interval, learn_tol, &
        learn_dict_tol, learn_redraw_below, learn_forgetting
    class(*), intent(in), optional :: reg_per_atom(..)
    class(*), intent(in), optional :: max_iter, steps_per_visit, seed, learn_max_iter, learn_dict_max_iter, &
        learn_batch
    class(*), intent(in), optional :: tile_shape(..), background_length(..)
    logical, intent(in), optional :: positive, warm_start, frozen_support, trace, learn_window, learn_zero_mean, &
        learn_rank_one, learn_recentre, learn_redraw, learn_online
    class(*), intent(in), optional :: periodic(..), learn_fixed_atoms(..)
    character(*), intent(in), optional :: reg_scale, tol_scale, strategy, schedule, soft_lock, missing, background, &
        correlation, learn_init, learn_reg_reference, learn_statistics
    type(dicod_info), intent(inout), optional :: info
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    call c%choose_context(context)
    call c%choose_options(options, &
      reg=reg, reg_per_atom=reg_per_atom, reg_scale=reg_scale, ridge=ridge, tol=tol, tol_scale=tol_scale, &
      gap_tol=gap_tol, max_iter=max_iter, time_limit=time_limit, strategy=strategy, schedule=schedule, &
      soft_lock=soft_lock, steps_per_visit=steps_per_visit, tile_shape=tile_shape, positive=positive, &
      periodic=periodic, missing=missing, background=background, background_length=background_length, &
      warm_start=warm_start, frozen_support=frozen_support, seed=seed, correlation=correlation, &
      progress_interval=progress_interval, trace=trace, learn_init=learn_init, learn_max_iter=learn_max_iter, &
      learn_tol=learn_tol, learn_reg_reference=learn_reg_reference, learn_dict_tol=learn_dict_tol, &
      learn_dict_max_iter=learn_dict_max_iter, learn_window=learn_window, learn_zero_mean=learn_zero_mean, &
      learn_rank_one=learn_rank_one, learn_fixed_atoms=learn_fixed_atoms, learn_recentre=learn_recentre, &
      learn_redraw=learn_redraw, learn_redraw_below=learn_redraw_below, learn_online=learn_online, &
      learn_batch=learn_batch, learn_forgetting=learn_forgetting, learn_statistics=learn_statistics)
    call c%measure('x', shape(x, int64), shape(d, int64))
    call c%check_z(shape(z, int64))
    if (c%proceed()) call c%finish(dicod_solve(c%context, c%options, c%problem(), c_loc(x), c_loc(d), c_loc(z), info))
    call c%report(stat, errmsg)
  end subroutine

  recursive function lambda_max_354_r64(x, d, context, options, positive, periodic, background, background_length, &
      stat, errmsg) result(value)
    real(real64), intent(in), contiguous, target :: x(:, :, :), d(:, :, :, :, :)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    logical, intent(in), optional :: positive
    class(*), intent(in), optional :: periodic(..), background_length(..)
    character(*), intent(in), optional :: background
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
    if (c%proceed()) call c%finish(dicod_lambda_max(c%context, c%options, c%problem(), c_loc(x), c_loc(d), c_loc(found)))
    value = found
    call c%report(stat, errmsg)
  end function

  recursive subroutine reconstruct_354_r64(z, d, x, context, options, periodic, stat, errmsg)
    real(real64), intent(in), contiguous, target :: z(:, :, :, :), d(:, :, :, :, :)
    real(real64), intent(inout), contiguous, target :: x(:, :, :)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: periodic(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    call c%choose_context(context)
    call c%choose_options(options, periodic=periodic)
    call c%measure('x', shape(x, int64), shape(d, int64))
    call c%check_z(shape(z, int64))
    if (c%proceed()) call c%finish(dicod_reconstruct(c%context, c%options, c%problem(), c_loc(d), c_loc(z), c_loc(x)))
    call c%report(stat, errmsg)
  end subroutine

  recursive function objective_354_r64(x, d, z, data_term, context, options, reg, reg_per_atom, reg_scale, &
      ridge, positive, periodic, background, background_length, stat, errmsg) result(value)
    real(real64), intent(in), contiguous, target :: x(:, :, :), d(:, :, :, :, :), z(:, :, :, :)
    real(real64), intent(out), optional :: data_term
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, reg_per_atom(..), ridge, periodic(..), background_length(..)
    character(*), intent(in), optional :: reg_scale, background
    logical, intent(in), optional :: positive
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
    call c%check_z(shape(z, int64))
    if (c%proceed()) call c%finish(dicod_objective(c%context, c%options, c%problem(), c_loc(x), c_loc(d), c_loc(z), &
      c_loc(found), c_loc(first)))
    value = found
    if (present(data_term)) data_term = first
    call c%report(stat, errmsg)
  end function

  recursive subroutine solve_454_r64(x, d, z, context, options, &
      reg, reg_per_atom, reg_scale, ridge, tol, tol_scale, gap_tol, max_iter, time_limit, strategy, schedule, &
      soft_lock, steps_per_visit, tile_shape, positive, periodic, missing, background, background_length, &
      warm_start, frozen_support, seed, correlation, progress_interval, trace, learn_init, learn_max_iter, &
      learn_tol, learn_reg_reference, learn_dict_tol, learn_dict_max_iter, learn_window, learn_zero_mean, &
      learn_rank_one, learn_fixed_atoms, learn_recentre, learn_redraw, learn_redraw_below, learn_online, &
      learn_batch, learn_forgetting, learn_statistics, &
      info, stat, errmsg)
    real(real64), intent(in), contiguous, target :: x(:, :, :, :), d(:, :, :, :, :)
    real(real64), intent(inout), contiguous, target :: z(:, :, :, :)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, ridge, tol, gap_tol, time_limit, progress_interval, learn_tol, &
        learn_dict_tol, learn_redraw_below, learn_forgetting
    class(*), intent(in), optional :: reg_per_atom(..)
    class(*), intent(in), optional :: max_iter, steps_per_visit, seed, learn_max_iter, learn_dict_max_iter, &
        learn_batch
    class(*), intent(in), optional :: tile_shape(..), background_length(..)
    logical, intent(in), optional :: positive, warm_start, frozen_support, trace, learn_window, learn_zero_mean, &
        learn_rank_one, learn_recentre, learn_redraw, learn_online
    class(*), intent(in), optional :: periodic(..), learn_fixed_atoms(..)
    character(*), intent(in), optional :: reg_scale, tol_scale, strategy, schedule, soft_lock, missing, background, &
        correlation, learn_init, learn_reg_reference, learn_statistics
    type(dicod_info), intent(inout), optional :: info
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    call c%choose_context(context)
    call c%choose_options(options, &
      reg=reg, reg_per_atom=reg_per_atom, reg_scale=reg_scale, ridge=ridge, tol=tol, tol_scale=tol_scale, &
      gap_tol=gap_tol, max_iter=max_iter, time_limit=time_limit, strategy=strategy, schedule=schedule, &
      soft_lock=soft_lock, steps_per_visit=steps_per_visit, tile_shape=tile_shape, positive=positive, &
      periodic=periodic, missing=missing, background=background, background_length=background_length, &
      warm_start=warm_start, frozen_support=frozen_support, seed=seed, correlation=correlation, &
      progress_interval=progress_interval, trace=trace, learn_init=learn_init, learn_max_iter=learn_max_iter, &
      learn_tol=learn_tol, learn_reg_reference=learn_reg_reference, learn_dict_tol=learn_dict_tol, &
      learn_dict_max_iter=learn_dict_max_iter, learn_window=learn_window, learn_zero_mean=learn_zero_mean, &
      learn_rank_one=learn_rank_one, learn_fixed_atoms=learn_fixed_atoms, learn_recentre=learn_recentre, &
      learn_redraw=learn_redraw, learn_redraw_below=learn_redraw_below, learn_online=learn_online, &
      learn_batch=learn_batch, learn_forgetting=learn_forgetting, learn_statistics=learn_statistics)
    call c%measure('x', shape(x, int64), shape(d, int64))
    call c%check_z(shape(z, int64))
    if (c%proceed()) call c%finish(dicod_solve(c%context, c%options, c%problem(), c_loc(x), c_loc(d), c_loc(z), info))
    call c%report(stat, errmsg)
  end subroutine

  recursive function lambda_max_454_r64(x, d, context, options, positive, periodic, background, background_length, &
      stat, errmsg) result(value)
    real(real64), intent(in), contiguous, target :: x(:, :, :, :), d(:, :, :, :, :)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    logical, intent(in), optional :: positive
    class(*), intent(in), optional :: periodic(..), background_length(..)
    character(*), intent(in), optional :: background
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
    if (c%proceed()) call c%finish(dicod_lambda_max(c%context, c%options, c%problem(), c_loc(x), c_loc(d), c_loc(found)))
    value = found
    call c%report(stat, errmsg)
  end function

  recursive subroutine reconstruct_454_r64(z, d, x, context, options, periodic, stat, errmsg)
    real(real64), intent(in), contiguous, target :: z(:, :, :, :), d(:, :, :, :, :)
    real(real64), intent(inout), contiguous, target :: x(:, :, :, :)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: periodic(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    call c%choose_context(context)
    call c%choose_options(options, periodic=periodic)
    call c%measure('x', shape(x, int64), shape(d, int64))
    call c%check_z(shape(z, int64))
    if (c%proceed()) call c%finish(dicod_reconstruct(c%context, c%options, c%problem(), c_loc(d), c_loc(z), c_loc(x)))
    call c%report(stat, errmsg)
  end subroutine

  recursive function objective_454_r64(x, d, z, data_term, context, options, reg, reg_per_atom, reg_scale, &
      ridge, positive, periodic, background, background_length, stat, errmsg) result(value)
    real(real64), intent(in), contiguous, target :: x(:, :, :, :), d(:, :, :, :, :), z(:, :, :, :)
    real(real64), intent(out), optional :: data_term
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, reg_per_atom(..), ridge, periodic(..), background_length(..)
    character(*), intent(in), optional :: reg_scale, background
    logical, intent(in), optional :: positive
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
    call c%check_z(shape(z, int64))
    if (c%proceed()) call c%finish(dicod_objective(c%context, c%options, c%problem(), c_loc(x), c_loc(d), c_loc(z), &
      c_loc(found), c_loc(first)))
    value = found
    if (present(data_term)) data_term = first
    call c%report(stat, errmsg)
  end function

  recursive subroutine solve_555_r64(x, d, z, context, options, &
      reg, reg_per_atom, reg_scale, ridge, tol, tol_scale, gap_tol, max_iter, time_limit, strategy, schedule, &
      soft_lock, steps_per_visit, tile_shape, positive, periodic, missing, background, background_length, &
      warm_start, frozen_support, seed, correlation, progress_interval, trace, learn_init, learn_max_iter, &
      learn_tol, learn_reg_reference, learn_dict_tol, learn_dict_max_iter, learn_window, learn_zero_mean, &
      learn_rank_one, learn_fixed_atoms, learn_recentre, learn_redraw, learn_redraw_below, learn_online, &
      learn_batch, learn_forgetting, learn_statistics, &
      info, stat, errmsg)
    real(real64), intent(in), contiguous, target :: x(:, :, :, :, :), d(:, :, :, :, :)
    real(real64), intent(inout), contiguous, target :: z(:, :, :, :, :)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, ridge, tol, gap_tol, time_limit, progress_interval, learn_tol, &
        learn_dict_tol, learn_redraw_below, learn_forgetting
    class(*), intent(in), optional :: reg_per_atom(..)
    class(*), intent(in), optional :: max_iter, steps_per_visit, seed, learn_max_iter, learn_dict_max_iter, &
        learn_batch
    class(*), intent(in), optional :: tile_shape(..), background_length(..)
    logical, intent(in), optional :: positive, warm_start, frozen_support, trace, learn_window, learn_zero_mean, &
        learn_rank_one, learn_recentre, learn_redraw, learn_online
    class(*), intent(in), optional :: periodic(..), learn_fixed_atoms(..)
    character(*), intent(in), optional :: reg_scale, tol_scale, strategy, schedule, soft_lock, missing, background, &
        correlation, learn_init, learn_reg_reference, learn_statistics
    type(dicod_info), intent(inout), optional :: info
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    call c%choose_context(context)
    call c%choose_options(options, &
      reg=reg, reg_per_atom=reg_per_atom, reg_scale=reg_scale, ridge=ridge, tol=tol, tol_scale=tol_scale, &
      gap_tol=gap_tol, max_iter=max_iter, time_limit=time_limit, strategy=strategy, schedule=schedule, &
      soft_lock=soft_lock, steps_per_visit=steps_per_visit, tile_shape=tile_shape, positive=positive, &
      periodic=periodic, missing=missing, background=background, background_length=background_length, &
      warm_start=warm_start, frozen_support=frozen_support, seed=seed, correlation=correlation, &
      progress_interval=progress_interval, trace=trace, learn_init=learn_init, learn_max_iter=learn_max_iter, &
      learn_tol=learn_tol, learn_reg_reference=learn_reg_reference, learn_dict_tol=learn_dict_tol, &
      learn_dict_max_iter=learn_dict_max_iter, learn_window=learn_window, learn_zero_mean=learn_zero_mean, &
      learn_rank_one=learn_rank_one, learn_fixed_atoms=learn_fixed_atoms, learn_recentre=learn_recentre, &
      learn_redraw=learn_redraw, learn_redraw_below=learn_redraw_below, learn_online=learn_online, &
      learn_batch=learn_batch, learn_forgetting=learn_forgetting, learn_statistics=learn_statistics)
    call c%measure('x', shape(x, int64), shape(d, int64))
    call c%check_z(shape(z, int64))
    if (c%proceed()) call c%finish(dicod_solve(c%context, c%options, c%problem(), c_loc(x), c_loc(d), c_loc(z), info))
    call c%report(stat, errmsg)
  end subroutine

  recursive function lambda_max_555_r64(x, d, context, options, positive, periodic, background, background_length, &
      stat, errmsg) result(value)
    real(real64), intent(in), contiguous, target :: x(:, :, :, :, :), d(:, :, :, :, :)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    logical, intent(in), optional :: positive
    class(*), intent(in), optional :: periodic(..), background_length(..)
    character(*), intent(in), optional :: background
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
    if (c%proceed()) call c%finish(dicod_lambda_max(c%context, c%options, c%problem(), c_loc(x), c_loc(d), c_loc(found)))
    value = found
    call c%report(stat, errmsg)
  end function

  recursive subroutine reconstruct_555_r64(z, d, x, context, options, periodic, stat, errmsg)
    real(real64), intent(in), contiguous, target :: z(:, :, :, :, :), d(:, :, :, :, :)
    real(real64), intent(inout), contiguous, target :: x(:, :, :, :, :)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: periodic(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    call c%choose_context(context)
    call c%choose_options(options, periodic=periodic)
    call c%measure('x', shape(x, int64), shape(d, int64))
    call c%check_z(shape(z, int64))
    if (c%proceed()) call c%finish(dicod_reconstruct(c%context, c%options, c%problem(), c_loc(d), c_loc(z), c_loc(x)))
    call c%report(stat, errmsg)
  end subroutine

  recursive function objective_555_r64(x, d, z, data_term, context, options, reg, reg_per_atom, reg_scale, &
      ridge, positive, periodic, background, background_length, stat, errmsg) result(value)
    real(real64), intent(in), contiguous, target :: x(:, :, :, :, :), d(:, :, :, :, :), z(:, :, :, :, :)
    real(real64), intent(out), optional :: data_term
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, reg_per_atom(..), ridge, periodic(..), background_length(..)
    character(*), intent(in), optional :: reg_scale, background
    logical, intent(in), optional :: positive
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
    call c%check_z(shape(z, int64))
    if (c%proceed()) call c%finish(dicod_objective(c%context, c%options, c%problem(), c_loc(x), c_loc(d), c_loc(z), &
      c_loc(found), c_loc(first)))
    value = found
    if (present(data_term)) data_term = first
    call c%report(stat, errmsg)
  end function

  recursive subroutine solve_132_r32(x, d, z, context, options, &
      reg, reg_per_atom, reg_scale, ridge, tol, tol_scale, gap_tol, max_iter, time_limit, strategy, schedule, &
      soft_lock, steps_per_visit, tile_shape, positive, periodic, missing, background, background_length, &
      warm_start, frozen_support, seed, correlation, progress_interval, trace, learn_init, learn_max_iter, &
      learn_tol, learn_reg_reference, learn_dict_tol, learn_dict_max_iter, learn_window, learn_zero_mean, &
      learn_rank_one, learn_fixed_atoms, learn_recentre, learn_redraw, learn_redraw_below, learn_online, &
      learn_batch, learn_forgetting, learn_statistics, &
      info, stat, errmsg)
    real(real32), intent(in), contiguous, target :: x(:), d(:, :, :)
    real(real32), intent(inout), contiguous, target :: z(:, :)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, ridge, tol, gap_tol, time_limit, progress_interval, learn_tol, &
        learn_dict_tol, learn_redraw_below, learn_forgetting
    class(*), intent(in), optional :: reg_per_atom(..)
    class(*), intent(in), optional :: max_iter, steps_per_visit, seed, learn_max_iter, learn_dict_max_iter, &
        learn_batch
    class(*), intent(in), optional :: tile_shape(..), background_length(..)
    logical, intent(in), optional :: positive, warm_start, frozen_support, trace, learn_window, learn_zero_mean, &
        learn_rank_one, learn_recentre, learn_redraw, learn_online
    class(*), intent(in), optional :: periodic(..), learn_fixed_atoms(..)
    character(*), intent(in), optional :: reg_scale, tol_scale, strategy, schedule, soft_lock, missing, background, &
        correlation, learn_init, learn_reg_reference, learn_statistics
    type(dicod_info), intent(inout), optional :: info
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    call c%choose_context(context)
    call c%choose_options(options, &
      reg=reg, reg_per_atom=reg_per_atom, reg_scale=reg_scale, ridge=ridge, tol=tol, tol_scale=tol_scale, &
      gap_tol=gap_tol, max_iter=max_iter, time_limit=time_limit, strategy=strategy, schedule=schedule, &
      soft_lock=soft_lock, steps_per_visit=steps_per_visit, tile_shape=tile_shape, positive=positive, &
      periodic=periodic, missing=missing, background=background, background_length=background_length, &
      warm_start=warm_start, frozen_support=frozen_support, seed=seed, correlation=correlation, &
      progress_interval=progress_interval, trace=trace, learn_init=learn_init, learn_max_iter=learn_max_iter, &
      learn_tol=learn_tol, learn_reg_reference=learn_reg_reference, learn_dict_tol=learn_dict_tol, &
      learn_dict_max_iter=learn_dict_max_iter, learn_window=learn_window, learn_zero_mean=learn_zero_mean, &
      learn_rank_one=learn_rank_one, learn_fixed_atoms=learn_fixed_atoms, learn_recentre=learn_recentre, &
      learn_redraw=learn_redraw, learn_redraw_below=learn_redraw_below, learn_online=learn_online, &
      learn_batch=learn_batch, learn_forgetting=learn_forgetting, learn_statistics=learn_statistics)
    call c%measure('x', shape(x, int64), shape(d, int64))
    call c%check_z(shape(z, int64))
    if (c%proceed()) call c%finish(dicod_solve_f32(c%context, c%options, c%problem(), c_loc(x), c_loc(d), c_loc(z), info))
    call c%report(stat, errmsg)
  end subroutine

  recursive function lambda_max_132_r32(x, d, context, options, positive, periodic, background, background_length, &
      stat, errmsg) result(value)
    real(real32), intent(in), contiguous, target :: x(:), d(:, :, :)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    logical, intent(in), optional :: positive
    class(*), intent(in), optional :: periodic(..), background_length(..)
    character(*), intent(in), optional :: background
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
    if (c%proceed()) call c%finish(dicod_lambda_max_f32(c%context, c%options, c%problem(), c_loc(x), c_loc(d), c_loc(found)))
    value = found
    call c%report(stat, errmsg)
  end function

  recursive subroutine reconstruct_132_r32(z, d, x, context, options, periodic, stat, errmsg)
    real(real32), intent(in), contiguous, target :: z(:, :), d(:, :, :)
    real(real32), intent(inout), contiguous, target :: x(:)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: periodic(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    call c%choose_context(context)
    call c%choose_options(options, periodic=periodic)
    call c%measure('x', shape(x, int64), shape(d, int64))
    call c%check_z(shape(z, int64))
    if (c%proceed()) call c%finish(dicod_reconstruct_f32(c%context, c%options, c%problem(), c_loc(d), c_loc(z), c_loc(x)))
    call c%report(stat, errmsg)
  end subroutine

  recursive function objective_132_r32(x, d, z, data_term, context, options, reg, reg_per_atom, reg_scale, &
      ridge, positive, periodic, background, background_length, stat, errmsg) result(value)
    real(real32), intent(in), contiguous, target :: x(:), d(:, :, :), z(:, :)
    real(real64), intent(out), optional :: data_term
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, reg_per_atom(..), ridge, periodic(..), background_length(..)
    character(*), intent(in), optional :: reg_scale, background
    logical, intent(in), optional :: positive
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
    call c%check_z(shape(z, int64))
    if (c%proceed()) call c%finish(dicod_objective_f32(c%context, c%options, c%problem(), c_loc(x), c_loc(d), c_loc(z), &
      c_loc(found), c_loc(first)))
    value = found
    if (present(data_term)) data_term = first
    call c%report(stat, errmsg)
  end function

  recursive subroutine solve_232_r32(x, d, z, context, options, &
      reg, reg_per_atom, reg_scale, ridge, tol, tol_scale, gap_tol, max_iter, time_limit, strategy, schedule, &
      soft_lock, steps_per_visit, tile_shape, positive, periodic, missing, background, background_length, &
      warm_start, frozen_support, seed, correlation, progress_interval, trace, learn_init, learn_max_iter, &
      learn_tol, learn_reg_reference, learn_dict_tol, learn_dict_max_iter, learn_window, learn_zero_mean, &
      learn_rank_one, learn_fixed_atoms, learn_recentre, learn_redraw, learn_redraw_below, learn_online, &
      learn_batch, learn_forgetting, learn_statistics, &
      info, stat, errmsg)
    real(real32), intent(in), contiguous, target :: x(:, :), d(:, :, :)
    real(real32), intent(inout), contiguous, target :: z(:, :)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, ridge, tol, gap_tol, time_limit, progress_interval, learn_tol, &
        learn_dict_tol, learn_redraw_below, learn_forgetting
    class(*), intent(in), optional :: reg_per_atom(..)
    class(*), intent(in), optional :: max_iter, steps_per_visit, seed, learn_max_iter, learn_dict_max_iter, &
        learn_batch
    class(*), intent(in), optional :: tile_shape(..), background_length(..)
    logical, intent(in), optional :: positive, warm_start, frozen_support, trace, learn_window, learn_zero_mean, &
        learn_rank_one, learn_recentre, learn_redraw, learn_online
    class(*), intent(in), optional :: periodic(..), learn_fixed_atoms(..)
    character(*), intent(in), optional :: reg_scale, tol_scale, strategy, schedule, soft_lock, missing, background, &
        correlation, learn_init, learn_reg_reference, learn_statistics
    type(dicod_info), intent(inout), optional :: info
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    call c%choose_context(context)
    call c%choose_options(options, &
      reg=reg, reg_per_atom=reg_per_atom, reg_scale=reg_scale, ridge=ridge, tol=tol, tol_scale=tol_scale, &
      gap_tol=gap_tol, max_iter=max_iter, time_limit=time_limit, strategy=strategy, schedule=schedule, &
      soft_lock=soft_lock, steps_per_visit=steps_per_visit, tile_shape=tile_shape, positive=positive, &
      periodic=periodic, missing=missing, background=background, background_length=background_length, &
      warm_start=warm_start, frozen_support=frozen_support, seed=seed, correlation=correlation, &
      progress_interval=progress_interval, trace=trace, learn_init=learn_init, learn_max_iter=learn_max_iter, &
      learn_tol=learn_tol, learn_reg_reference=learn_reg_reference, learn_dict_tol=learn_dict_tol, &
      learn_dict_max_iter=learn_dict_max_iter, learn_window=learn_window, learn_zero_mean=learn_zero_mean, &
      learn_rank_one=learn_rank_one, learn_fixed_atoms=learn_fixed_atoms, learn_recentre=learn_recentre, &
      learn_redraw=learn_redraw, learn_redraw_below=learn_redraw_below, learn_online=learn_online, &
      learn_batch=learn_batch, learn_forgetting=learn_forgetting, learn_statistics=learn_statistics)
    call c%measure('x', shape(x, int64), shape(d, int64))
    call c%check_z(shape(z, int64))
    if (c%proceed()) call c%finish(dicod_solve_f32(c%context, c%options, c%problem(), c_loc(x), c_loc(d), c_loc(z), info))
    call c%report(stat, errmsg)
  end subroutine

  recursive function lambda_max_232_r32(x, d, context, options, positive, periodic, background, background_length, &
      stat, errmsg) result(value)
    real(real32), intent(in), contiguous, target :: x(:, :), d(:, :, :)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    logical, intent(in), optional :: positive
    class(*), intent(in), optional :: periodic(..), background_length(..)
    character(*), intent(in), optional :: background
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
    if (c%proceed()) call c%finish(dicod_lambda_max_f32(c%context, c%options, c%problem(), c_loc(x), c_loc(d), c_loc(found)))
    value = found
    call c%report(stat, errmsg)
  end function

  recursive subroutine reconstruct_232_r32(z, d, x, context, options, periodic, stat, errmsg)
    real(real32), intent(in), contiguous, target :: z(:, :), d(:, :, :)
    real(real32), intent(inout), contiguous, target :: x(:, :)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: periodic(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    call c%choose_context(context)
    call c%choose_options(options, periodic=periodic)
    call c%measure('x', shape(x, int64), shape(d, int64))
    call c%check_z(shape(z, int64))
    if (c%proceed()) call c%finish(dicod_reconstruct_f32(c%context, c%options, c%problem(), c_loc(d), c_loc(z), c_loc(x)))
    call c%report(stat, errmsg)
  end subroutine

  recursive function objective_232_r32(x, d, z, data_term, context, options, reg, reg_per_atom, reg_scale, &
      ridge, positive, periodic, background, background_length, stat, errmsg) result(value)
    real(real32), intent(in), contiguous, target :: x(:, :), d(:, :, :), z(:, :)
    real(real64), intent(out), optional :: data_term
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, reg_per_atom(..), ridge, periodic(..), background_length(..)
    character(*), intent(in), optional :: reg_scale, background
    logical, intent(in), optional :: positive
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
    call c%check_z(shape(z, int64))
    if (c%proceed()) call c%finish(dicod_objective_f32(c%context, c%options, c%problem(), c_loc(x), c_loc(d), c_loc(z), &
      c_loc(found), c_loc(first)))
    value = found
    if (present(data_term)) data_term = first
    call c%report(stat, errmsg)
  end function

  recursive subroutine solve_333_r32(x, d, z, context, options, &
      reg, reg_per_atom, reg_scale, ridge, tol, tol_scale, gap_tol, max_iter, time_limit, strategy, schedule, &
      soft_lock, steps_per_visit, tile_shape, positive, periodic, missing, background, background_length, &
      warm_start, frozen_support, seed, correlation, progress_interval, trace, learn_init, learn_max_iter, &
      learn_tol, learn_reg_reference, learn_dict_tol, learn_dict_max_iter, learn_window, learn_zero_mean, &
      learn_rank_one, learn_fixed_atoms, learn_recentre, learn_redraw, learn_redraw_below, learn_online, &
      learn_batch, learn_forgetting, learn_statistics, &
      info, stat, errmsg)
    real(real32), intent(in), contiguous, target :: x(:, :, :), d(:, :, :)
    real(real32), intent(inout), contiguous, target :: z(:, :, :)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, ridge, tol, gap_tol, time_limit, progress_interval, learn_tol, &
        learn_dict_tol, learn_redraw_below, learn_forgetting
    class(*), intent(in), optional :: reg_per_atom(..)
    class(*), intent(in), optional :: max_iter, steps_per_visit, seed, learn_max_iter, learn_dict_max_iter, &
        learn_batch
    class(*), intent(in), optional :: tile_shape(..), background_length(..)
    logical, intent(in), optional :: positive, warm_start, frozen_support, trace, learn_window, learn_zero_mean, &
        learn_rank_one, learn_recentre, learn_redraw, learn_online
    class(*), intent(in), optional :: periodic(..), learn_fixed_atoms(..)
    character(*), intent(in), optional :: reg_scale, tol_scale, strategy, schedule, soft_lock, missing, background, &
        correlation, learn_init, learn_reg_reference, learn_statistics
    type(dicod_info), intent(inout), optional :: info
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    call c%choose_context(context)
    call c%choose_options(options, &
      reg=reg, reg_per_atom=reg_per_atom, reg_scale=reg_scale, ridge=ridge, tol=tol, tol_scale=tol_scale, &
      gap_tol=gap_tol, max_iter=max_iter, time_limit=time_limit, strategy=strategy, schedule=schedule, &
      soft_lock=soft_lock, steps_per_visit=steps_per_visit, tile_shape=tile_shape, positive=positive, &
      periodic=periodic, missing=missing, background=background, background_length=background_length, &
      warm_start=warm_start, frozen_support=frozen_support, seed=seed, correlation=correlation, &
      progress_interval=progress_interval, trace=trace, learn_init=learn_init, learn_max_iter=learn_max_iter, &
      learn_tol=learn_tol, learn_reg_reference=learn_reg_reference, learn_dict_tol=learn_dict_tol, &
      learn_dict_max_iter=learn_dict_max_iter, learn_window=learn_window, learn_zero_mean=learn_zero_mean, &
      learn_rank_one=learn_rank_one, learn_fixed_atoms=learn_fixed_atoms, learn_recentre=learn_recentre, &
      learn_redraw=learn_redraw, learn_redraw_below=learn_redraw_below, learn_online=learn_online, &
      learn_batch=learn_batch, learn_forgetting=learn_forgetting, learn_statistics=learn_statistics)
    call c%measure('x', shape(x, int64), shape(d, int64))
    call c%check_z(shape(z, int64))
    if (c%proceed()) call c%finish(dicod_solve_f32(c%context, c%options, c%problem(), c_loc(x), c_loc(d), c_loc(z), info))
    call c%report(stat, errmsg)
  end subroutine

  recursive function lambda_max_333_r32(x, d, context, options, positive, periodic, background, background_length, &
      stat, errmsg) result(value)
    real(real32), intent(in), contiguous, target :: x(:, :, :), d(:, :, :)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    logical, intent(in), optional :: positive
    class(*), intent(in), optional :: periodic(..), background_length(..)
    character(*), intent(in), optional :: background
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
    if (c%proceed()) call c%finish(dicod_lambda_max_f32(c%context, c%options, c%problem(), c_loc(x), c_loc(d), c_loc(found)))
    value = found
    call c%report(stat, errmsg)
  end function

  recursive subroutine reconstruct_333_r32(z, d, x, context, options, periodic, stat, errmsg)
    real(real32), intent(in), contiguous, target :: z(:, :, :), d(:, :, :)
    real(real32), intent(inout), contiguous, target :: x(:, :, :)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: periodic(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    call c%choose_context(context)
    call c%choose_options(options, periodic=periodic)
    call c%measure('x', shape(x, int64), shape(d, int64))
    call c%check_z(shape(z, int64))
    if (c%proceed()) call c%finish(dicod_reconstruct_f32(c%context, c%options, c%problem(), c_loc(d), c_loc(z), c_loc(x)))
    call c%report(stat, errmsg)
  end subroutine

  recursive function objective_333_r32(x, d, z, data_term, context, options, reg, reg_per_atom, reg_scale, &
      ridge, positive, periodic, background, background_length, stat, errmsg) result(value)
    real(real32), intent(in), contiguous, target :: x(:, :, :), d(:, :, :), z(:, :, :)
    real(real64), intent(out), optional :: data_term
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, reg_per_atom(..), ridge, periodic(..), background_length(..)
    character(*), intent(in), optional :: reg_scale, background
    logical, intent(in), optional :: positive
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
    call c%check_z(shape(z, int64))
    if (c%proceed()) call c%finish(dicod_objective_f32(c%context, c%options, c%problem(), c_loc(x), c_loc(d), c_loc(z), &
      c_loc(found), c_loc(first)))
    value = found
    if (present(data_term)) data_term = first
    call c%report(stat, errmsg)
  end function

  recursive subroutine solve_243_r32(x, d, z, context, options, &
      reg, reg_per_atom, reg_scale, ridge, tol, tol_scale, gap_tol, max_iter, time_limit, strategy, schedule, &
      soft_lock, steps_per_visit, tile_shape, positive, periodic, missing, background, background_length, &
      warm_start, frozen_support, seed, correlation, progress_interval, trace, learn_init, learn_max_iter, &
      learn_tol, learn_reg_reference, learn_dict_tol, learn_dict_max_iter, learn_window, learn_zero_mean, &
      learn_rank_one, learn_fixed_atoms, learn_recentre, learn_redraw, learn_redraw_below, learn_online, &
      learn_batch, learn_forgetting, learn_statistics, &
      info, stat, errmsg)
    real(real32), intent(in), contiguous, target :: x(:, :), d(:, :, :, :)
    real(real32), intent(inout), contiguous, target :: z(:, :, :)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, ridge, tol, gap_tol, time_limit, progress_interval, learn_tol, &
        learn_dict_tol, learn_redraw_below, learn_forgetting
    class(*), intent(in), optional :: reg_per_atom(..)
    class(*), intent(in), optional :: max_iter, steps_per_visit, seed, learn_max_iter, learn_dict_max_iter, &
        learn_batch
    class(*), intent(in), optional :: tile_shape(..), background_length(..)
    logical, intent(in), optional :: positive, warm_start, frozen_support, trace, learn_window, learn_zero_mean, &
        learn_rank_one, learn_recentre, learn_redraw, learn_online
    class(*), intent(in), optional :: periodic(..), learn_fixed_atoms(..)
    character(*), intent(in), optional :: reg_scale, tol_scale, strategy, schedule, soft_lock, missing, background, &
        correlation, learn_init, learn_reg_reference, learn_statistics
    type(dicod_info), intent(inout), optional :: info
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    call c%choose_context(context)
    call c%choose_options(options, &
      reg=reg, reg_per_atom=reg_per_atom, reg_scale=reg_scale, ridge=ridge, tol=tol, tol_scale=tol_scale, &
      gap_tol=gap_tol, max_iter=max_iter, time_limit=time_limit, strategy=strategy, schedule=schedule, &
      soft_lock=soft_lock, steps_per_visit=steps_per_visit, tile_shape=tile_shape, positive=positive, &
      periodic=periodic, missing=missing, background=background, background_length=background_length, &
      warm_start=warm_start, frozen_support=frozen_support, seed=seed, correlation=correlation, &
      progress_interval=progress_interval, trace=trace, learn_init=learn_init, learn_max_iter=learn_max_iter, &
      learn_tol=learn_tol, learn_reg_reference=learn_reg_reference, learn_dict_tol=learn_dict_tol, &
      learn_dict_max_iter=learn_dict_max_iter, learn_window=learn_window, learn_zero_mean=learn_zero_mean, &
      learn_rank_one=learn_rank_one, learn_fixed_atoms=learn_fixed_atoms, learn_recentre=learn_recentre, &
      learn_redraw=learn_redraw, learn_redraw_below=learn_redraw_below, learn_online=learn_online, &
      learn_batch=learn_batch, learn_forgetting=learn_forgetting, learn_statistics=learn_statistics)
    call c%measure('x', shape(x, int64), shape(d, int64))
    call c%check_z(shape(z, int64))
    if (c%proceed()) call c%finish(dicod_solve_f32(c%context, c%options, c%problem(), c_loc(x), c_loc(d), c_loc(z), info))
    call c%report(stat, errmsg)
  end subroutine

  recursive function lambda_max_243_r32(x, d, context, options, positive, periodic, background, background_length, &
      stat, errmsg) result(value)
    real(real32), intent(in), contiguous, target :: x(:, :), d(:, :, :, :)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    logical, intent(in), optional :: positive
    class(*), intent(in), optional :: periodic(..), background_length(..)
    character(*), intent(in), optional :: background
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
    if (c%proceed()) call c%finish(dicod_lambda_max_f32(c%context, c%options, c%problem(), c_loc(x), c_loc(d), c_loc(found)))
    value = found
    call c%report(stat, errmsg)
  end function

  recursive subroutine reconstruct_243_r32(z, d, x, context, options, periodic, stat, errmsg)
    real(real32), intent(in), contiguous, target :: z(:, :, :), d(:, :, :, :)
    real(real32), intent(inout), contiguous, target :: x(:, :)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: periodic(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    call c%choose_context(context)
    call c%choose_options(options, periodic=periodic)
    call c%measure('x', shape(x, int64), shape(d, int64))
    call c%check_z(shape(z, int64))
    if (c%proceed()) call c%finish(dicod_reconstruct_f32(c%context, c%options, c%problem(), c_loc(d), c_loc(z), c_loc(x)))
    call c%report(stat, errmsg)
  end subroutine

  recursive function objective_243_r32(x, d, z, data_term, context, options, reg, reg_per_atom, reg_scale, &
      ridge, positive, periodic, background, background_length, stat, errmsg) result(value)
    real(real32), intent(in), contiguous, target :: x(:, :), d(:, :, :, :), z(:, :, :)
    real(real64), intent(out), optional :: data_term
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, reg_per_atom(..), ridge, periodic(..), background_length(..)
    character(*), intent(in), optional :: reg_scale, background
    logical, intent(in), optional :: positive
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
    call c%check_z(shape(z, int64))
    if (c%proceed()) call c%finish(dicod_objective_f32(c%context, c%options, c%problem(), c_loc(x), c_loc(d), c_loc(z), &
      c_loc(found), c_loc(first)))
    value = found
    if (present(data_term)) data_term = first
    call c%report(stat, errmsg)
  end function

  recursive subroutine solve_343_r32(x, d, z, context, options, &
      reg, reg_per_atom, reg_scale, ridge, tol, tol_scale, gap_tol, max_iter, time_limit, strategy, schedule, &
      soft_lock, steps_per_visit, tile_shape, positive, periodic, missing, background, background_length, &
      warm_start, frozen_support, seed, correlation, progress_interval, trace, learn_init, learn_max_iter, &
      learn_tol, learn_reg_reference, learn_dict_tol, learn_dict_max_iter, learn_window, learn_zero_mean, &
      learn_rank_one, learn_fixed_atoms, learn_recentre, learn_redraw, learn_redraw_below, learn_online, &
      learn_batch, learn_forgetting, learn_statistics, &
      info, stat, errmsg)
    real(real32), intent(in), contiguous, target :: x(:, :, :), d(:, :, :, :)
    real(real32), intent(inout), contiguous, target :: z(:, :, :)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, ridge, tol, gap_tol, time_limit, progress_interval, learn_tol, &
        learn_dict_tol, learn_redraw_below, learn_forgetting
    class(*), intent(in), optional :: reg_per_atom(..)
    class(*), intent(in), optional :: max_iter, steps_per_visit, seed, learn_max_iter, learn_dict_max_iter, &
        learn_batch
    class(*), intent(in), optional :: tile_shape(..), background_length(..)
    logical, intent(in), optional :: positive, warm_start, frozen_support, trace, learn_window, learn_zero_mean, &
        learn_rank_one, learn_recentre, learn_redraw, learn_online
    class(*), intent(in), optional :: periodic(..), learn_fixed_atoms(..)
    character(*), intent(in), optional :: reg_scale, tol_scale, strategy, schedule, soft_lock, missing, background, &
        correlation, learn_init, learn_reg_reference, learn_statistics
    type(dicod_info), intent(inout), optional :: info
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    call c%choose_context(context)
    call c%choose_options(options, &
      reg=reg, reg_per_atom=reg_per_atom, reg_scale=reg_scale, ridge=ridge, tol=tol, tol_scale=tol_scale, &
      gap_tol=gap_tol, max_iter=max_iter, time_limit=time_limit, strategy=strategy, schedule=schedule, &
      soft_lock=soft_lock, steps_per_visit=steps_per_visit, tile_shape=tile_shape, positive=positive, &
      periodic=periodic, missing=missing, background=background, background_length=background_length, &
      warm_start=warm_start, frozen_support=frozen_support, seed=seed, correlation=correlation, &
      progress_interval=progress_interval, trace=trace, learn_init=learn_init, learn_max_iter=learn_max_iter, &
      learn_tol=learn_tol, learn_reg_reference=learn_reg_reference, learn_dict_tol=learn_dict_tol, &
      learn_dict_max_iter=learn_dict_max_iter, learn_window=learn_window, learn_zero_mean=learn_zero_mean, &
      learn_rank_one=learn_rank_one, learn_fixed_atoms=learn_fixed_atoms, learn_recentre=learn_recentre, &
      learn_redraw=learn_redraw, learn_redraw_below=learn_redraw_below, learn_online=learn_online, &
      learn_batch=learn_batch, learn_forgetting=learn_forgetting, learn_statistics=learn_statistics)
    call c%measure('x', shape(x, int64), shape(d, int64))
    call c%check_z(shape(z, int64))
    if (c%proceed()) call c%finish(dicod_solve_f32(c%context, c%options, c%problem(), c_loc(x), c_loc(d), c_loc(z), info))
    call c%report(stat, errmsg)
  end subroutine

  recursive function lambda_max_343_r32(x, d, context, options, positive, periodic, background, background_length, &
      stat, errmsg) result(value)
    real(real32), intent(in), contiguous, target :: x(:, :, :), d(:, :, :, :)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    logical, intent(in), optional :: positive
    class(*), intent(in), optional :: periodic(..), background_length(..)
    character(*), intent(in), optional :: background
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
    if (c%proceed()) call c%finish(dicod_lambda_max_f32(c%context, c%options, c%problem(), c_loc(x), c_loc(d), c_loc(found)))
    value = found
    call c%report(stat, errmsg)
  end function

  recursive subroutine reconstruct_343_r32(z, d, x, context, options, periodic, stat, errmsg)
    real(real32), intent(in), contiguous, target :: z(:, :, :), d(:, :, :, :)
    real(real32), intent(inout), contiguous, target :: x(:, :, :)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: periodic(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    call c%choose_context(context)
    call c%choose_options(options, periodic=periodic)
    call c%measure('x', shape(x, int64), shape(d, int64))
    call c%check_z(shape(z, int64))
    if (c%proceed()) call c%finish(dicod_reconstruct_f32(c%context, c%options, c%problem(), c_loc(d), c_loc(z), c_loc(x)))
    call c%report(stat, errmsg)
  end subroutine

  recursive function objective_343_r32(x, d, z, data_term, context, options, reg, reg_per_atom, reg_scale, &
      ridge, positive, periodic, background, background_length, stat, errmsg) result(value)
    real(real32), intent(in), contiguous, target :: x(:, :, :), d(:, :, :, :), z(:, :, :)
    real(real64), intent(out), optional :: data_term
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, reg_per_atom(..), ridge, periodic(..), background_length(..)
    character(*), intent(in), optional :: reg_scale, background
    logical, intent(in), optional :: positive
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
    call c%check_z(shape(z, int64))
    if (c%proceed()) call c%finish(dicod_objective_f32(c%context, c%options, c%problem(), c_loc(x), c_loc(d), c_loc(z), &
      c_loc(found), c_loc(first)))
    value = found
    if (present(data_term)) data_term = first
    call c%report(stat, errmsg)
  end function

  recursive subroutine solve_444_r32(x, d, z, context, options, &
      reg, reg_per_atom, reg_scale, ridge, tol, tol_scale, gap_tol, max_iter, time_limit, strategy, schedule, &
      soft_lock, steps_per_visit, tile_shape, positive, periodic, missing, background, background_length, &
      warm_start, frozen_support, seed, correlation, progress_interval, trace, learn_init, learn_max_iter, &
      learn_tol, learn_reg_reference, learn_dict_tol, learn_dict_max_iter, learn_window, learn_zero_mean, &
      learn_rank_one, learn_fixed_atoms, learn_recentre, learn_redraw, learn_redraw_below, learn_online, &
      learn_batch, learn_forgetting, learn_statistics, &
      info, stat, errmsg)
    real(real32), intent(in), contiguous, target :: x(:, :, :, :), d(:, :, :, :)
    real(real32), intent(inout), contiguous, target :: z(:, :, :, :)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, ridge, tol, gap_tol, time_limit, progress_interval, learn_tol, &
        learn_dict_tol, learn_redraw_below, learn_forgetting
    class(*), intent(in), optional :: reg_per_atom(..)
    class(*), intent(in), optional :: max_iter, steps_per_visit, seed, learn_max_iter, learn_dict_max_iter, &
        learn_batch
    class(*), intent(in), optional :: tile_shape(..), background_length(..)
    logical, intent(in), optional :: positive, warm_start, frozen_support, trace, learn_window, learn_zero_mean, &
        learn_rank_one, learn_recentre, learn_redraw, learn_online
    class(*), intent(in), optional :: periodic(..), learn_fixed_atoms(..)
    character(*), intent(in), optional :: reg_scale, tol_scale, strategy, schedule, soft_lock, missing, background, &
        correlation, learn_init, learn_reg_reference, learn_statistics
    type(dicod_info), intent(inout), optional :: info
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    call c%choose_context(context)
    call c%choose_options(options, &
      reg=reg, reg_per_atom=reg_per_atom, reg_scale=reg_scale, ridge=ridge, tol=tol, tol_scale=tol_scale, &
      gap_tol=gap_tol, max_iter=max_iter, time_limit=time_limit, strategy=strategy, schedule=schedule, &
      soft_lock=soft_lock, steps_per_visit=steps_per_visit, tile_shape=tile_shape, positive=positive, &
      periodic=periodic, missing=missing, background=background, background_length=background_length, &
      warm_start=warm_start, frozen_support=frozen_support, seed=seed, correlation=correlation, &
      progress_interval=progress_interval, trace=trace, learn_init=learn_init, learn_max_iter=learn_max_iter, &
      learn_tol=learn_tol, learn_reg_reference=learn_reg_reference, learn_dict_tol=learn_dict_tol, &
      learn_dict_max_iter=learn_dict_max_iter, learn_window=learn_window, learn_zero_mean=learn_zero_mean, &
      learn_rank_one=learn_rank_one, learn_fixed_atoms=learn_fixed_atoms, learn_recentre=learn_recentre, &
      learn_redraw=learn_redraw, learn_redraw_below=learn_redraw_below, learn_online=learn_online, &
      learn_batch=learn_batch, learn_forgetting=learn_forgetting, learn_statistics=learn_statistics)
    call c%measure('x', shape(x, int64), shape(d, int64))
    call c%check_z(shape(z, int64))
    if (c%proceed()) call c%finish(dicod_solve_f32(c%context, c%options, c%problem(), c_loc(x), c_loc(d), c_loc(z), info))
    call c%report(stat, errmsg)
  end subroutine

  recursive function lambda_max_444_r32(x, d, context, options, positive, periodic, background, background_length, &
      stat, errmsg) result(value)
    real(real32), intent(in), contiguous, target :: x(:, :, :, :), d(:, :, :, :)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    logical, intent(in), optional :: positive
    class(*), intent(in), optional :: periodic(..), background_length(..)
    character(*), intent(in), optional :: background
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
    if (c%proceed()) call c%finish(dicod_lambda_max_f32(c%context, c%options, c%problem(), c_loc(x), c_loc(d), c_loc(found)))
    value = found
    call c%report(stat, errmsg)
  end function

  recursive subroutine reconstruct_444_r32(z, d, x, context, options, periodic, stat, errmsg)
    real(real32), intent(in), contiguous, target :: z(:, :, :, :), d(:, :, :, :)
    real(real32), intent(inout), contiguous, target :: x(:, :, :, :)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: periodic(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    call c%choose_context(context)
    call c%choose_options(options, periodic=periodic)
    call c%measure('x', shape(x, int64), shape(d, int64))
    call c%check_z(shape(z, int64))
    if (c%proceed()) call c%finish(dicod_reconstruct_f32(c%context, c%options, c%problem(), c_loc(d), c_loc(z), c_loc(x)))
    call c%report(stat, errmsg)
  end subroutine

  recursive function objective_444_r32(x, d, z, data_term, context, options, reg, reg_per_atom, reg_scale, &
      ridge, positive, periodic, background, background_length, stat, errmsg) result(value)
    real(real32), intent(in), contiguous, target :: x(:, :, :, :), d(:, :, :, :), z(:, :, :, :)
    real(real64), intent(out), optional :: data_term
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, reg_per_atom(..), ridge, periodic(..), background_length(..)
    character(*), intent(in), optional :: reg_scale, background
    logical, intent(in), optional :: positive
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
    call c%check_z(shape(z, int64))
    if (c%proceed()) call c%finish(dicod_objective_f32(c%context, c%options, c%problem(), c_loc(x), c_loc(d), c_loc(z), &
      c_loc(found), c_loc(first)))
    value = found
    if (present(data_term)) data_term = first
    call c%report(stat, errmsg)
  end function

  recursive subroutine solve_354_r32(x, d, z, context, options, &
      reg, reg_per_atom, reg_scale, ridge, tol, tol_scale, gap_tol, max_iter, time_limit, strategy, schedule, &
      soft_lock, steps_per_visit, tile_shape, positive, periodic, missing, background, background_length, &
      warm_start, frozen_support, seed, correlation, progress_interval, trace, learn_init, learn_max_iter, &
      learn_tol, learn_reg_reference, learn_dict_tol, learn_dict_max_iter, learn_window, learn_zero_mean, &
      learn_rank_one, learn_fixed_atoms, learn_recentre, learn_redraw, learn_redraw_below, learn_online, &
      learn_batch, learn_forgetting, learn_statistics, &
      info, stat, errmsg)
    real(real32), intent(in), contiguous, target :: x(:, :, :), d(:, :, :, :, :)
    real(real32), intent(inout), contiguous, target :: z(:, :, :, :)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, ridge, tol, gap_tol, time_limit, progress_interval, learn_tol, &
        learn_dict_tol, learn_redraw_below, learn_forgetting
    class(*), intent(in), optional :: reg_per_atom(..)
    class(*), intent(in), optional :: max_iter, steps_per_visit, seed, learn_max_iter, learn_dict_max_iter, &
        learn_batch
    class(*), intent(in), optional :: tile_shape(..), background_length(..)
    logical, intent(in), optional :: positive, warm_start, frozen_support, trace, learn_window, learn_zero_mean, &
        learn_rank_one, learn_recentre, learn_redraw, learn_online
    class(*), intent(in), optional :: periodic(..), learn_fixed_atoms(..)
    character(*), intent(in), optional :: reg_scale, tol_scale, strategy, schedule, soft_lock, missing, background, &
        correlation, learn_init, learn_reg_reference, learn_statistics
    type(dicod_info), intent(inout), optional :: info
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    call c%choose_context(context)
    call c%choose_options(options, &
      reg=reg, reg_per_atom=reg_per_atom, reg_scale=reg_scale, ridge=ridge, tol=tol, tol_scale=tol_scale, &
      gap_tol=gap_tol, max_iter=max_iter, time_limit=time_limit, strategy=strategy, schedule=schedule, &
      soft_lock=soft_lock, steps_per_visit=steps_per_visit, tile_shape=tile_shape, positive=positive, &
      periodic=periodic, missing=missing, background=background, background_length=background_length, &
      warm_start=warm_start, frozen_support=frozen_support, seed=seed, correlation=correlation, &
      progress_interval=progress_interval, trace=trace, learn_init=learn_init, learn_max_iter=learn_max_iter, &
      learn_tol=learn_tol, learn_reg_reference=learn_reg_reference, learn_dict_tol=learn_dict_tol, &
      learn_dict_max_iter=learn_dict_max_iter, learn_window=learn_window, learn_zero_mean=learn_zero_mean, &
      learn_rank_one=learn_rank_one, learn_fixed_atoms=learn_fixed_atoms, learn_recentre=learn_recentre, &
      learn_redraw=learn_redraw, learn_redraw_below=learn_redraw_below, learn_online=learn_online, &
      learn_batch=learn_batch, learn_forgetting=learn_forgetting, learn_statistics=learn_statistics)
    call c%measure('x', shape(x, int64), shape(d, int64))
    call c%check_z(shape(z, int64))
    if (c%proceed()) call c%finish(dicod_solve_f32(c%context, c%options, c%problem(), c_loc(x), c_loc(d), c_loc(z), info))
    call c%report(stat, errmsg)
  end subroutine

  recursive function lambda_max_354_r32(x, d, context, options, positive, periodic, background, background_length, &
      stat, errmsg) result(value)
    real(real32), intent(in), contiguous, target :: x(:, :, :), d(:, :, :, :, :)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    logical, intent(in), optional :: positive
    class(*), intent(in), optional :: periodic(..), background_length(..)
    character(*), intent(in), optional :: background
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
    if (c%proceed()) call c%finish(dicod_lambda_max_f32(c%context, c%options, c%problem(), c_loc(x), c_loc(d), c_loc(found)))
    value = found
    call c%report(stat, errmsg)
  end function

  recursive subroutine reconstruct_354_r32(z, d, x, context, options, periodic, stat, errmsg)
    real(real32), intent(in), contiguous, target :: z(:, :, :, :), d(:, :, :, :, :)
    real(real32), intent(inout), contiguous, target :: x(:, :, :)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: periodic(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    call c%choose_context(context)
    call c%choose_options(options, periodic=periodic)
    call c%measure('x', shape(x, int64), shape(d, int64))
    call c%check_z(shape(z, int64))
    if (c%proceed()) call c%finish(dicod_reconstruct_f32(c%context, c%options, c%problem(), c_loc(d), c_loc(z), c_loc(x)))
    call c%report(stat, errmsg)
  end subroutine

  recursive function objective_354_r32(x, d, z, data_term, context, options, reg, reg_per_atom, reg_scale, &
      ridge, positive, periodic, background, background_length, stat, errmsg) result(value)
    real(real32), intent(in), contiguous, target :: x(:, :, :), d(:, :, :, :, :), z(:, :, :, :)
    real(real64), intent(out), optional :: data_term
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, reg_per_atom(..), ridge, periodic(..), background_length(..)
    character(*), intent(in), optional :: reg_scale, background
    logical, intent(in), optional :: positive
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
    call c%check_z(shape(z, int64))
    if (c%proceed()) call c%finish(dicod_objective_f32(c%context, c%options, c%problem(), c_loc(x), c_loc(d), c_loc(z), &
      c_loc(found), c_loc(first)))
    value = found
    if (present(data_term)) data_term = first
    call c%report(stat, errmsg)
  end function

  recursive subroutine solve_454_r32(x, d, z, context, options, &
      reg, reg_per_atom, reg_scale, ridge, tol, tol_scale, gap_tol, max_iter, time_limit, strategy, schedule, &
      soft_lock, steps_per_visit, tile_shape, positive, periodic, missing, background, background_length, &
      warm_start, frozen_support, seed, correlation, progress_interval, trace, learn_init, learn_max_iter, &
      learn_tol, learn_reg_reference, learn_dict_tol, learn_dict_max_iter, learn_window, learn_zero_mean, &
      learn_rank_one, learn_fixed_atoms, learn_recentre, learn_redraw, learn_redraw_below, learn_online, &
      learn_batch, learn_forgetting, learn_statistics, &
      info, stat, errmsg)
    real(real32), intent(in), contiguous, target :: x(:, :, :, :), d(:, :, :, :, :)
    real(real32), intent(inout), contiguous, target :: z(:, :, :, :)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, ridge, tol, gap_tol, time_limit, progress_interval, learn_tol, &
        learn_dict_tol, learn_redraw_below, learn_forgetting
    class(*), intent(in), optional :: reg_per_atom(..)
    class(*), intent(in), optional :: max_iter, steps_per_visit, seed, learn_max_iter, learn_dict_max_iter, &
        learn_batch
    class(*), intent(in), optional :: tile_shape(..), background_length(..)
    logical, intent(in), optional :: positive, warm_start, frozen_support, trace, learn_window, learn_zero_mean, &
        learn_rank_one, learn_recentre, learn_redraw, learn_online
    class(*), intent(in), optional :: periodic(..), learn_fixed_atoms(..)
    character(*), intent(in), optional :: reg_scale, tol_scale, strategy, schedule, soft_lock, missing, background, &
        correlation, learn_init, learn_reg_reference, learn_statistics
    type(dicod_info), intent(inout), optional :: info
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    call c%choose_context(context)
    call c%choose_options(options, &
      reg=reg, reg_per_atom=reg_per_atom, reg_scale=reg_scale, ridge=ridge, tol=tol, tol_scale=tol_scale, &
      gap_tol=gap_tol, max_iter=max_iter, time_limit=time_limit, strategy=strategy, schedule=schedule, &
      soft_lock=soft_lock, steps_per_visit=steps_per_visit, tile_shape=tile_shape, positive=positive, &
      periodic=periodic, missing=missing, background=background, background_length=background_length, &
      warm_start=warm_start, frozen_support=frozen_support, seed=seed, correlation=correlation, &
      progress_interval=progress_interval, trace=trace, learn_init=learn_init, learn_max_iter=learn_max_iter, &
      learn_tol=learn_tol, learn_reg_reference=learn_reg_reference, learn_dict_tol=learn_dict_tol, &
      learn_dict_max_iter=learn_dict_max_iter, learn_window=learn_window, learn_zero_mean=learn_zero_mean, &
      learn_rank_one=learn_rank_one, learn_fixed_atoms=learn_fixed_atoms, learn_recentre=learn_recentre, &
      learn_redraw=learn_redraw, learn_redraw_below=learn_redraw_below, learn_online=learn_online, &
      learn_batch=learn_batch, learn_forgetting=learn_forgetting, learn_statistics=learn_statistics)
    call c%measure('x', shape(x, int64), shape(d, int64))
    call c%check_z(shape(z, int64))
    if (c%proceed()) call c%finish(dicod_solve_f32(c%context, c%options, c%problem(), c_loc(x), c_loc(d), c_loc(z), info))
    call c%report(stat, errmsg)
  end subroutine

  recursive function lambda_max_454_r32(x, d, context, options, positive, periodic, background, background_length, &
      stat, errmsg) result(value)
    real(real32), intent(in), contiguous, target :: x(:, :, :, :), d(:, :, :, :, :)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    logical, intent(in), optional :: positive
    class(*), intent(in), optional :: periodic(..), background_length(..)
    character(*), intent(in), optional :: background
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
    if (c%proceed()) call c%finish(dicod_lambda_max_f32(c%context, c%options, c%problem(), c_loc(x), c_loc(d), c_loc(found)))
    value = found
    call c%report(stat, errmsg)
  end function

  recursive subroutine reconstruct_454_r32(z, d, x, context, options, periodic, stat, errmsg)
    real(real32), intent(in), contiguous, target :: z(:, :, :, :), d(:, :, :, :, :)
    real(real32), intent(inout), contiguous, target :: x(:, :, :, :)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: periodic(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    call c%choose_context(context)
    call c%choose_options(options, periodic=periodic)
    call c%measure('x', shape(x, int64), shape(d, int64))
    call c%check_z(shape(z, int64))
    if (c%proceed()) call c%finish(dicod_reconstruct_f32(c%context, c%options, c%problem(), c_loc(d), c_loc(z), c_loc(x)))
    call c%report(stat, errmsg)
  end subroutine

  recursive function objective_454_r32(x, d, z, data_term, context, options, reg, reg_per_atom, reg_scale, &
      ridge, positive, periodic, background, background_length, stat, errmsg) result(value)
    real(real32), intent(in), contiguous, target :: x(:, :, :, :), d(:, :, :, :, :), z(:, :, :, :)
    real(real64), intent(out), optional :: data_term
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, reg_per_atom(..), ridge, periodic(..), background_length(..)
    character(*), intent(in), optional :: reg_scale, background
    logical, intent(in), optional :: positive
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
    call c%check_z(shape(z, int64))
    if (c%proceed()) call c%finish(dicod_objective_f32(c%context, c%options, c%problem(), c_loc(x), c_loc(d), c_loc(z), &
      c_loc(found), c_loc(first)))
    value = found
    if (present(data_term)) data_term = first
    call c%report(stat, errmsg)
  end function

  recursive subroutine solve_555_r32(x, d, z, context, options, &
      reg, reg_per_atom, reg_scale, ridge, tol, tol_scale, gap_tol, max_iter, time_limit, strategy, schedule, &
      soft_lock, steps_per_visit, tile_shape, positive, periodic, missing, background, background_length, &
      warm_start, frozen_support, seed, correlation, progress_interval, trace, learn_init, learn_max_iter, &
      learn_tol, learn_reg_reference, learn_dict_tol, learn_dict_max_iter, learn_window, learn_zero_mean, &
      learn_rank_one, learn_fixed_atoms, learn_recentre, learn_redraw, learn_redraw_below, learn_online, &
      learn_batch, learn_forgetting, learn_statistics, &
      info, stat, errmsg)
    real(real32), intent(in), contiguous, target :: x(:, :, :, :, :), d(:, :, :, :, :)
    real(real32), intent(inout), contiguous, target :: z(:, :, :, :, :)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, ridge, tol, gap_tol, time_limit, progress_interval, learn_tol, &
        learn_dict_tol, learn_redraw_below, learn_forgetting
    class(*), intent(in), optional :: reg_per_atom(..)
    class(*), intent(in), optional :: max_iter, steps_per_visit, seed, learn_max_iter, learn_dict_max_iter, &
        learn_batch
    class(*), intent(in), optional :: tile_shape(..), background_length(..)
    logical, intent(in), optional :: positive, warm_start, frozen_support, trace, learn_window, learn_zero_mean, &
        learn_rank_one, learn_recentre, learn_redraw, learn_online
    class(*), intent(in), optional :: periodic(..), learn_fixed_atoms(..)
    character(*), intent(in), optional :: reg_scale, tol_scale, strategy, schedule, soft_lock, missing, background, &
        correlation, learn_init, learn_reg_reference, learn_statistics
    type(dicod_info), intent(inout), optional :: info
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    call c%choose_context(context)
    call c%choose_options(options, &
      reg=reg, reg_per_atom=reg_per_atom, reg_scale=reg_scale, ridge=ridge, tol=tol, tol_scale=tol_scale, &
      gap_tol=gap_tol, max_iter=max_iter, time_limit=time_limit, strategy=strategy, schedule=schedule, &
      soft_lock=soft_lock, steps_per_visit=steps_per_visit, tile_shape=tile_shape, positive=positive, &
      periodic=periodic, missing=missing, background=background, background_length=background_length, &
      warm_start=warm_start, frozen_support=frozen_support, seed=seed, correlation=correlation, &
      progress_interval=progress_interval, trace=trace, learn_init=learn_init, learn_max_iter=learn_max_iter, &
      learn_tol=learn_tol, learn_reg_reference=learn_reg_reference, learn_dict_tol=learn_dict_tol, &
      learn_dict_max_iter=learn_dict_max_iter, learn_window=learn_window, learn_zero_mean=learn_zero_mean, &
      learn_rank_one=learn_rank_one, learn_fixed_atoms=learn_fixed_atoms, learn_recentre=learn_recentre, &
      learn_redraw=learn_redraw, learn_redraw_below=learn_redraw_below, learn_online=learn_online, &
      learn_batch=learn_batch, learn_forgetting=learn_forgetting, learn_statistics=learn_statistics)
    call c%measure('x', shape(x, int64), shape(d, int64))
    call c%check_z(shape(z, int64))
    if (c%proceed()) call c%finish(dicod_solve_f32(c%context, c%options, c%problem(), c_loc(x), c_loc(d), c_loc(z), info))
    call c%report(stat, errmsg)
  end subroutine

  recursive function lambda_max_555_r32(x, d, context, options, positive, periodic, background, background_length, &
      stat, errmsg) result(value)
    real(real32), intent(in), contiguous, target :: x(:, :, :, :, :), d(:, :, :, :, :)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    logical, intent(in), optional :: positive
    class(*), intent(in), optional :: periodic(..), background_length(..)
    character(*), intent(in), optional :: background
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
    if (c%proceed()) call c%finish(dicod_lambda_max_f32(c%context, c%options, c%problem(), c_loc(x), c_loc(d), c_loc(found)))
    value = found
    call c%report(stat, errmsg)
  end function

  recursive subroutine reconstruct_555_r32(z, d, x, context, options, periodic, stat, errmsg)
    real(real32), intent(in), contiguous, target :: z(:, :, :, :, :), d(:, :, :, :, :)
    real(real32), intent(inout), contiguous, target :: x(:, :, :, :, :)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: periodic(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    call c%choose_context(context)
    call c%choose_options(options, periodic=periodic)
    call c%measure('x', shape(x, int64), shape(d, int64))
    call c%check_z(shape(z, int64))
    if (c%proceed()) call c%finish(dicod_reconstruct_f32(c%context, c%options, c%problem(), c_loc(d), c_loc(z), c_loc(x)))
    call c%report(stat, errmsg)
  end subroutine

  recursive function objective_555_r32(x, d, z, data_term, context, options, reg, reg_per_atom, reg_scale, &
      ridge, positive, periodic, background, background_length, stat, errmsg) result(value)
    real(real32), intent(in), contiguous, target :: x(:, :, :, :, :), d(:, :, :, :, :), z(:, :, :, :, :)
    real(real64), intent(out), optional :: data_term
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, reg_per_atom(..), ridge, periodic(..), background_length(..)
    character(*), intent(in), optional :: reg_scale, background
    logical, intent(in), optional :: positive
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
    call c%check_z(shape(z, int64))
    if (c%proceed()) call c%finish(dicod_objective_f32(c%context, c%options, c%problem(), c_loc(x), c_loc(d), c_loc(z), &
      c_loc(found), c_loc(first)))
    value = found
    if (present(data_term)) data_term = first
    call c%report(stat, errmsg)
  end function

  recursive subroutine gram_3_r64(d, g, context, stat, errmsg)
    real(real64), intent(in), contiguous, target :: d(:, :, :)
    real(real64), intent(inout), contiguous, target :: g(:, :, :)
    type(dicod_context), intent(in), optional :: context
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    call c%choose_context(context)
    call c%measure_d(shape(d, int64))
    call c%compare('g', shape(g, int64), [2*reverse(c%g%atom(:c%g%n_axes)) - 1, c%g%n_atoms, c%g%n_atoms])
    if (c%proceed()) call c%finish(dicod_gram(c%context, c%problem(), c_loc(d), c_loc(g)))
    call c%report(stat, errmsg)
  end subroutine

  recursive subroutine gram_4_r64(d, g, context, stat, errmsg)
    real(real64), intent(in), contiguous, target :: d(:, :, :, :)
    real(real64), intent(inout), contiguous, target :: g(:, :, :, :)
    type(dicod_context), intent(in), optional :: context
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    call c%choose_context(context)
    call c%measure_d(shape(d, int64))
    call c%compare('g', shape(g, int64), [2*reverse(c%g%atom(:c%g%n_axes)) - 1, c%g%n_atoms, c%g%n_atoms])
    if (c%proceed()) call c%finish(dicod_gram(c%context, c%problem(), c_loc(d), c_loc(g)))
    call c%report(stat, errmsg)
  end subroutine

  recursive subroutine gram_5_r64(d, g, context, stat, errmsg)
    real(real64), intent(in), contiguous, target :: d(:, :, :, :, :)
    real(real64), intent(inout), contiguous, target :: g(:, :, :, :, :)
    type(dicod_context), intent(in), optional :: context
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    call c%choose_context(context)
    call c%measure_d(shape(d, int64))
    call c%compare('g', shape(g, int64), [2*reverse(c%g%atom(:c%g%n_axes)) - 1, c%g%n_atoms, c%g%n_atoms])
    if (c%proceed()) call c%finish(dicod_gram(c%context, c%problem(), c_loc(d), c_loc(g)))
    call c%report(stat, errmsg)
  end subroutine

  recursive subroutine gram_3_r32(d, g, context, stat, errmsg)
    real(real32), intent(in), contiguous, target :: d(:, :, :)
    real(real32), intent(inout), contiguous, target :: g(:, :, :)
    type(dicod_context), intent(in), optional :: context
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    call c%choose_context(context)
    call c%measure_d(shape(d, int64))
    call c%compare('g', shape(g, int64), [2*reverse(c%g%atom(:c%g%n_axes)) - 1, c%g%n_atoms, c%g%n_atoms])
    if (c%proceed()) call c%finish(dicod_gram_f32(c%context, c%problem(), c_loc(d), c_loc(g)))
    call c%report(stat, errmsg)
  end subroutine

  recursive subroutine gram_4_r32(d, g, context, stat, errmsg)
    real(real32), intent(in), contiguous, target :: d(:, :, :, :)
    real(real32), intent(inout), contiguous, target :: g(:, :, :, :)
    type(dicod_context), intent(in), optional :: context
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    call c%choose_context(context)
    call c%measure_d(shape(d, int64))
    call c%compare('g', shape(g, int64), [2*reverse(c%g%atom(:c%g%n_axes)) - 1, c%g%n_atoms, c%g%n_atoms])
    if (c%proceed()) call c%finish(dicod_gram_f32(c%context, c%problem(), c_loc(d), c_loc(g)))
    call c%report(stat, errmsg)
  end subroutine

  recursive subroutine gram_5_r32(d, g, context, stat, errmsg)
    real(real32), intent(in), contiguous, target :: d(:, :, :, :, :)
    real(real32), intent(inout), contiguous, target :: g(:, :, :, :, :)
    type(dicod_context), intent(in), optional :: context
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    call c%choose_context(context)
    call c%measure_d(shape(d, int64))
    call c%compare('g', shape(g, int64), [2*reverse(c%g%atom(:c%g%n_axes)) - 1, c%g%n_atoms, c%g%n_atoms])
    if (c%proceed()) call c%finish(dicod_gram_f32(c%context, c%problem(), c_loc(d), c_loc(g)))
    call c%report(stat, errmsg)
  end subroutine

end module

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
  public :: list_sparse, take_sparse, tell_region, list_spans, write_trace

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
    procedure, private :: create_3_r64, create_rank1_3_r64, set_dictionary_3_r64, set_dictionary_rank1_3_r64, &
      get_dictionary_3_r64, get_dictionary_rank1_3_r64
    ! call e%create(d, signal_shape, n_signals, ...)
    generic :: create => create_3_r64
    ! call e%create_rank1(u, v, signal_shape, ...): u(channel, atom), v(axes, atom)
    generic :: create_rank1 => create_rank1_3_r64
    generic :: set_dictionary => set_dictionary_3_r64
    generic :: set_dictionary_rank1 => set_dictionary_rank1_3_r64
    generic :: get_dictionary => get_dictionary_3_r64
    generic :: get_dictionary_rank1 => get_dictionary_rank1_3_r64
    procedure, private :: create_4_r64, create_rank1_4_r64, set_dictionary_4_r64, set_dictionary_rank1_4_r64, &
      get_dictionary_4_r64, get_dictionary_rank1_4_r64
    ! call e%create(d, signal_shape, n_signals, ...)
    generic :: create => create_4_r64
    ! call e%create_rank1(u, v, signal_shape, ...): u(channel, atom), v(axes, atom)
    generic :: create_rank1 => create_rank1_4_r64
    generic :: set_dictionary => set_dictionary_4_r64
    generic :: set_dictionary_rank1 => set_dictionary_rank1_4_r64
    generic :: get_dictionary => get_dictionary_4_r64
    generic :: get_dictionary_rank1 => get_dictionary_rank1_4_r64
    procedure, private :: create_5_r64, create_rank1_5_r64, set_dictionary_5_r64, set_dictionary_rank1_5_r64, &
      get_dictionary_5_r64, get_dictionary_rank1_5_r64
    ! call e%create(d, signal_shape, n_signals, ...)
    generic :: create => create_5_r64
    ! call e%create_rank1(u, v, signal_shape, ...): u(channel, atom), v(axes, atom)
    generic :: create_rank1 => create_rank1_5_r64
    generic :: set_dictionary => set_dictionary_5_r64
    generic :: set_dictionary_rank1 => set_dictionary_rank1_5_r64
    generic :: get_dictionary => get_dictionary_5_r64
    generic :: get_dictionary_rank1 => get_dictionary_rank1_5_r64
    procedure, private :: create_3_r32, create_rank1_3_r32, set_dictionary_3_r32, set_dictionary_rank1_3_r32, &
      get_dictionary_3_r32, get_dictionary_rank1_3_r32
    ! call e%create(d, signal_shape, n_signals, ...)
    generic :: create => create_3_r32
    ! call e%create_rank1(u, v, signal_shape, ...): u(channel, atom), v(axes, atom)
    generic :: create_rank1 => create_rank1_3_r32
    generic :: set_dictionary => set_dictionary_3_r32
    generic :: set_dictionary_rank1 => set_dictionary_rank1_3_r32
    generic :: get_dictionary => get_dictionary_3_r32
    generic :: get_dictionary_rank1 => get_dictionary_rank1_3_r32
    procedure, private :: create_4_r32, create_rank1_4_r32, set_dictionary_4_r32, set_dictionary_rank1_4_r32, &
      get_dictionary_4_r32, get_dictionary_rank1_4_r32
    ! call e%create(d, signal_shape, n_signals, ...)
    generic :: create => create_4_r32
    ! call e%create_rank1(u, v, signal_shape, ...): u(channel, atom), v(axes, atom)
    generic :: create_rank1 => create_rank1_4_r32
    generic :: set_dictionary => set_dictionary_4_r32
    generic :: set_dictionary_rank1 => set_dictionary_rank1_4_r32
    generic :: get_dictionary => get_dictionary_4_r32
    generic :: get_dictionary_rank1 => get_dictionary_rank1_4_r32
    procedure, private :: create_5_r32, create_rank1_5_r32, set_dictionary_5_r32, set_dictionary_rank1_5_r32, &
      get_dictionary_5_r32, get_dictionary_rank1_5_r32
    ! call e%create(d, signal_shape, n_signals, ...)
    generic :: create => create_5_r32
    ! call e%create_rank1(u, v, signal_shape, ...): u(channel, atom), v(axes, atom)
    generic :: create_rank1 => create_rank1_5_r32
    generic :: set_dictionary => set_dictionary_5_r32
    generic :: set_dictionary_rank1 => set_dictionary_rank1_5_r32
    generic :: get_dictionary => get_dictionary_5_r32
    generic :: get_dictionary_rank1 => get_dictionary_rank1_5_r32
    ! call e%solve(x, info, offset)
    procedure, private :: solve_1_r64, path_1_r64, reconstruct_1_r64, residual_1_r64, objective_1_r64, set_weights_1_r64
    procedure, private :: get_background_1_r64
    generic :: solve => solve_1_r64
    ! call e%path(x, reg, info, offset, each, user)
    generic :: path => path_1_r64
    generic :: reconstruct => reconstruct_1_r64
    ! call e%get_background(background, offset)
    generic :: get_background => get_background_1_r64
    ! call e%residual(x, residual, offset, residual_offset)
    generic :: residual => residual_1_r64
    generic :: objective => objective_1_r64
    ! call e%set_weights(weights, offset)
    generic :: set_weights => set_weights_1_r64
    ! call e%solve(x, info, offset)
    procedure, private :: solve_2_r64, path_2_r64, reconstruct_2_r64, residual_2_r64, objective_2_r64, set_weights_2_r64
    procedure, private :: get_background_2_r64
    generic :: solve => solve_2_r64
    ! call e%path(x, reg, info, offset, each, user)
    generic :: path => path_2_r64
    generic :: reconstruct => reconstruct_2_r64
    ! call e%get_background(background, offset)
    generic :: get_background => get_background_2_r64
    ! call e%residual(x, residual, offset, residual_offset)
    generic :: residual => residual_2_r64
    generic :: objective => objective_2_r64
    ! call e%set_weights(weights, offset)
    generic :: set_weights => set_weights_2_r64
    ! call e%solve(x, info, offset)
    procedure, private :: solve_3_r64, path_3_r64, reconstruct_3_r64, residual_3_r64, objective_3_r64, set_weights_3_r64
    procedure, private :: get_background_3_r64
    generic :: solve => solve_3_r64
    ! call e%path(x, reg, info, offset, each, user)
    generic :: path => path_3_r64
    generic :: reconstruct => reconstruct_3_r64
    ! call e%get_background(background, offset)
    generic :: get_background => get_background_3_r64
    ! call e%residual(x, residual, offset, residual_offset)
    generic :: residual => residual_3_r64
    generic :: objective => objective_3_r64
    ! call e%set_weights(weights, offset)
    generic :: set_weights => set_weights_3_r64
    ! call e%solve(x, info, offset)
    procedure, private :: solve_4_r64, path_4_r64, reconstruct_4_r64, residual_4_r64, objective_4_r64, set_weights_4_r64
    procedure, private :: get_background_4_r64
    generic :: solve => solve_4_r64
    ! call e%path(x, reg, info, offset, each, user)
    generic :: path => path_4_r64
    generic :: reconstruct => reconstruct_4_r64
    ! call e%get_background(background, offset)
    generic :: get_background => get_background_4_r64
    ! call e%residual(x, residual, offset, residual_offset)
    generic :: residual => residual_4_r64
    generic :: objective => objective_4_r64
    ! call e%set_weights(weights, offset)
    generic :: set_weights => set_weights_4_r64
    ! call e%solve(x, info, offset)
    procedure, private :: solve_5_r64, path_5_r64, reconstruct_5_r64, residual_5_r64, objective_5_r64, set_weights_5_r64
    procedure, private :: get_background_5_r64
    generic :: solve => solve_5_r64
    ! call e%path(x, reg, info, offset, each, user)
    generic :: path => path_5_r64
    generic :: reconstruct => reconstruct_5_r64
    ! call e%get_background(background, offset)
    generic :: get_background => get_background_5_r64
    ! call e%residual(x, residual, offset, residual_offset)
    generic :: residual => residual_5_r64
    generic :: objective => objective_5_r64
    ! call e%set_weights(weights, offset)
    generic :: set_weights => set_weights_5_r64
    ! call e%solve(x, info, offset)
    procedure, private :: solve_1_r32, path_1_r32, reconstruct_1_r32, residual_1_r32, objective_1_r32, set_weights_1_r32
    procedure, private :: get_background_1_r32
    generic :: solve => solve_1_r32
    ! call e%path(x, reg, info, offset, each, user)
    generic :: path => path_1_r32
    generic :: reconstruct => reconstruct_1_r32
    ! call e%get_background(background, offset)
    generic :: get_background => get_background_1_r32
    ! call e%residual(x, residual, offset, residual_offset)
    generic :: residual => residual_1_r32
    generic :: objective => objective_1_r32
    ! call e%set_weights(weights, offset)
    generic :: set_weights => set_weights_1_r32
    ! call e%solve(x, info, offset)
    procedure, private :: solve_2_r32, path_2_r32, reconstruct_2_r32, residual_2_r32, objective_2_r32, set_weights_2_r32
    procedure, private :: get_background_2_r32
    generic :: solve => solve_2_r32
    ! call e%path(x, reg, info, offset, each, user)
    generic :: path => path_2_r32
    generic :: reconstruct => reconstruct_2_r32
    ! call e%get_background(background, offset)
    generic :: get_background => get_background_2_r32
    ! call e%residual(x, residual, offset, residual_offset)
    generic :: residual => residual_2_r32
    generic :: objective => objective_2_r32
    ! call e%set_weights(weights, offset)
    generic :: set_weights => set_weights_2_r32
    ! call e%solve(x, info, offset)
    procedure, private :: solve_3_r32, path_3_r32, reconstruct_3_r32, residual_3_r32, objective_3_r32, set_weights_3_r32
    procedure, private :: get_background_3_r32
    generic :: solve => solve_3_r32
    ! call e%path(x, reg, info, offset, each, user)
    generic :: path => path_3_r32
    generic :: reconstruct => reconstruct_3_r32
    ! call e%get_background(background, offset)
    generic :: get_background => get_background_3_r32
    ! call e%residual(x, residual, offset, residual_offset)
    generic :: residual => residual_3_r32
    generic :: objective => objective_3_r32
    ! call e%set_weights(weights, offset)
    generic :: set_weights => set_weights_3_r32
    ! call e%solve(x, info, offset)
    procedure, private :: solve_4_r32, path_4_r32, reconstruct_4_r32, residual_4_r32, objective_4_r32, set_weights_4_r32
    procedure, private :: get_background_4_r32
    generic :: solve => solve_4_r32
    ! call e%path(x, reg, info, offset, each, user)
    generic :: path => path_4_r32
    generic :: reconstruct => reconstruct_4_r32
    ! call e%get_background(background, offset)
    generic :: get_background => get_background_4_r32
    ! call e%residual(x, residual, offset, residual_offset)
    generic :: residual => residual_4_r32
    generic :: objective => objective_4_r32
    ! call e%set_weights(weights, offset)
    generic :: set_weights => set_weights_4_r32
    ! call e%solve(x, info, offset)
    procedure, private :: solve_5_r32, path_5_r32, reconstruct_5_r32, residual_5_r32, objective_5_r32, set_weights_5_r32
    procedure, private :: get_background_5_r32
    generic :: solve => solve_5_r32
    ! call e%path(x, reg, info, offset, each, user)
    generic :: path => path_5_r32
    generic :: reconstruct => reconstruct_5_r32
    ! call e%get_background(background, offset)
    generic :: get_background => get_background_5_r32
    ! call e%residual(x, residual, offset, residual_offset)
    generic :: residual => residual_5_r32
    generic :: objective => objective_5_r32
    ! call e%set_weights(weights, offset)
    generic :: set_weights => set_weights_5_r32
    procedure, private :: set_z_2_r64, get_z_2_r64
    generic :: set_z => set_z_2_r64
    generic :: get_z => get_z_2_r64
    procedure, private :: set_z_3_r64, get_z_3_r64
    generic :: set_z => set_z_3_r64
    generic :: get_z => get_z_3_r64
    procedure, private :: set_z_4_r64, get_z_4_r64
    generic :: set_z => set_z_4_r64
    generic :: get_z => get_z_4_r64
    procedure, private :: set_z_5_r64, get_z_5_r64
    generic :: set_z => set_z_5_r64
    generic :: get_z => get_z_5_r64
    procedure, private :: set_z_2_r32, get_z_2_r32
    generic :: set_z => set_z_2_r32
    generic :: get_z => get_z_2_r32
    procedure, private :: set_z_3_r32, get_z_3_r32
    generic :: set_z => set_z_3_r32
    generic :: get_z => get_z_3_r32
    procedure, private :: set_z_4_r32, get_z_4_r32
    generic :: set_z => set_z_4_r32
    generic :: get_z => get_z_4_r32
    procedure, private :: set_z_5_r32, get_z_5_r32
    generic :: set_z => set_z_5_r32
    generic :: get_z => get_z_5_r32
    procedure :: clear_weights => encoder_clear_weights
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
    module procedure encoder_memory_3_r64
    module procedure encoder_memory_4_r64
    module procedure encoder_memory_5_r64
    module procedure encoder_memory_3_r32
    module procedure encoder_memory_4_r32
    module procedure encoder_memory_5_r32
  end interface

contains

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
    integer(int32) :: status
    status = dicod_encoder_describe(self%handle, info)
    if (status >= 0) call describe_handle(info, description)
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
      call give(reverse(first(:n)), offset)
      call give(reverse(local(:n)), local_shape)
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

  ! d(l..., channel, atom) on a domain of signal_shape; n_signals signals. Collective, as everything here is unless it says
  ! otherwise.
  recursive subroutine create_3_r64(self, d, signal_shape, n_signals, context, options, &
      reg, reg_per_atom, reg_scale, ridge, tol, tol_scale, gap_tol, max_iter, time_limit, strategy, schedule, &
      soft_lock, steps_per_visit, tile_shape, positive, periodic, missing, background, background_length, &
      warm_start, frozen_support, seed, correlation, progress_interval, trace, learn_init, learn_max_iter, &
      learn_tol, learn_reg_reference, learn_dict_tol, learn_dict_max_iter, learn_window, learn_zero_mean, &
      learn_rank_one, learn_fixed_atoms, learn_recentre, learn_redraw, learn_redraw_below, learn_online, &
      learn_batch, learn_forgetting, learn_statistics, &
      stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real64), intent(in), contiguous, target :: d(:, :, :)
    class(*), intent(in) :: signal_shape(..)
    class(*), intent(in), optional :: n_signals
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, ridge, tol, gap_tol, time_limit, progress_interval, learn_tol, &
        learn_dict_tol, learn_redraw_below, learn_forgetting
    class(*), intent(in), optional :: reg_per_atom(..)
    class(*), intent(in), optional :: max_iter, steps_per_visit, seed, learn_max_iter, learn_dict_max_iter, &
        learn_batch
    class(*), intent(in), optional :: tile_shape(..), background_length(..)
    logical, intent(in), optional :: positive, warm_start, frozen_support, trace, learn_window, learn_zero_mean, &
        learn_rank_one, learn_recentre, learn_redraw, learn_online
    class(*), intent(in), optional :: periodic(..), learn_fixed_atoms(..)
    character(*), intent(in), optional :: reg_scale, tol_scale, strategy, schedule, soft_lock, missing, background, &
        correlation, learn_init, learn_reg_reference, learn_statistics
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    type(c_ptr) :: handle
    handle = c_null_ptr
    call c%choose_context(context)
    call c%choose_options(options, &
      reg=reg, reg_per_atom=reg_per_atom, reg_scale=reg_scale, ridge=ridge, tol=tol, tol_scale=tol_scale, &
      gap_tol=gap_tol, max_iter=max_iter, time_limit=time_limit, strategy=strategy, schedule=schedule, &
      soft_lock=soft_lock, steps_per_visit=steps_per_visit, tile_shape=tile_shape, positive=positive, &
      periodic=periodic, missing=missing, background=background, background_length=background_length, &
      warm_start=warm_start, frozen_support=frozen_support, seed=seed, correlation=correlation, &
      progress_interval=progress_interval, trace=trace, learn_init=learn_init, learn_max_iter=learn_max_iter, &
      learn_tol=learn_tol, learn_reg_reference=learn_reg_reference, learn_dict_tol=learn_dict_tol, &
      learn_dict_max_iter=learn_dict_max_iter, learn_window=learn_window, learn_zero_mean=learn_zero_mean, &
      learn_rank_one=learn_rank_one, learn_fixed_atoms=learn_fixed_atoms, learn_recentre=learn_recentre, &
      learn_redraw=learn_redraw, learn_redraw_below=learn_redraw_below, learn_online=learn_online, &
      learn_batch=learn_batch, learn_forgetting=learn_forgetting, learn_statistics=learn_statistics)
    call c%domain(shape(d, int64), signal_shape, n_signals, DICOD_F64)
    if (c%proceed()) call c%finish(dicod_encoder_create(c%context, c%options, c%problem(), c_loc(d), handle))
    if (c%status >= 0) call encoder_adopt(self, handle, c%g, context)
    call c%report(stat, errmsg)
  end subroutine

  ! Atoms of rank one: u(channel, atom) times v(l..., atom).
  recursive subroutine create_rank1_3_r64(self, u, v, signal_shape, n_signals, context, options, &
      reg, reg_per_atom, reg_scale, ridge, tol, tol_scale, gap_tol, max_iter, time_limit, strategy, schedule, &
      soft_lock, steps_per_visit, tile_shape, positive, periodic, missing, background, background_length, &
      warm_start, frozen_support, seed, correlation, progress_interval, trace, learn_init, learn_max_iter, &
      learn_tol, learn_reg_reference, learn_dict_tol, learn_dict_max_iter, learn_window, learn_zero_mean, &
      learn_rank_one, learn_fixed_atoms, learn_recentre, learn_redraw, learn_redraw_below, learn_online, &
      learn_batch, learn_forgetting, learn_statistics, &
      stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real64), intent(in), contiguous, target :: u(:, :), v(:, :)
    class(*), intent(in) :: signal_shape(..)
    class(*), intent(in), optional :: n_signals
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, ridge, tol, gap_tol, time_limit, progress_interval, learn_tol, &
        learn_dict_tol, learn_redraw_below, learn_forgetting
    class(*), intent(in), optional :: reg_per_atom(..)
    class(*), intent(in), optional :: max_iter, steps_per_visit, seed, learn_max_iter, learn_dict_max_iter, &
        learn_batch
    class(*), intent(in), optional :: tile_shape(..), background_length(..)
    logical, intent(in), optional :: positive, warm_start, frozen_support, trace, learn_window, learn_zero_mean, &
        learn_rank_one, learn_recentre, learn_redraw, learn_online
    class(*), intent(in), optional :: periodic(..), learn_fixed_atoms(..)
    character(*), intent(in), optional :: reg_scale, tol_scale, strategy, schedule, soft_lock, missing, background, &
        correlation, learn_init, learn_reg_reference, learn_statistics
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    type(c_ptr) :: handle
    handle = c_null_ptr
    call c%choose_context(context)
    call c%choose_options(options, &
      reg=reg, reg_per_atom=reg_per_atom, reg_scale=reg_scale, ridge=ridge, tol=tol, tol_scale=tol_scale, &
      gap_tol=gap_tol, max_iter=max_iter, time_limit=time_limit, strategy=strategy, schedule=schedule, &
      soft_lock=soft_lock, steps_per_visit=steps_per_visit, tile_shape=tile_shape, positive=positive, &
      periodic=periodic, missing=missing, background=background, background_length=background_length, &
      warm_start=warm_start, frozen_support=frozen_support, seed=seed, correlation=correlation, &
      progress_interval=progress_interval, trace=trace, learn_init=learn_init, learn_max_iter=learn_max_iter, &
      learn_tol=learn_tol, learn_reg_reference=learn_reg_reference, learn_dict_tol=learn_dict_tol, &
      learn_dict_max_iter=learn_dict_max_iter, learn_window=learn_window, learn_zero_mean=learn_zero_mean, &
      learn_rank_one=learn_rank_one, learn_fixed_atoms=learn_fixed_atoms, learn_recentre=learn_recentre, &
      learn_redraw=learn_redraw, learn_redraw_below=learn_redraw_below, learn_online=learn_online, &
      learn_batch=learn_batch, learn_forgetting=learn_forgetting, learn_statistics=learn_statistics)
    if (c%status >= 0 .and. size(u, 2) /= size(v, rank(v))) then
      c%status = DICOD_ERROR_INVALID_SHAPE
      c%text = 'u has the shape '//text_of(shape(u, int64))//', v has '//text_of(shape(v, int64))// &
        ': they are (channel, atom) and (axes, atom)'
    end if
    call c%domain(shape_of_atoms(shape(u, int64), shape(v, int64)), signal_shape, n_signals, DICOD_F64)
    if (c%proceed()) call c%finish(dicod_encoder_create_rank1(c%context, c%options, c%problem(), c_loc(u), c_loc(v), handle))
    if (c%status >= 0) call encoder_adopt(self, handle, c%g, context)
    call c%report(stat, errmsg)
  end subroutine

  ! Of d shape and kind count. The block of x on this rank begins at offset and has the shape local_shape; without them it is all.
  ! Collective over several ranks.
  recursive subroutine encoder_memory_3_r64(d, signal_shape, bytes, bytes_gram, n_signals, offset, local_shape, context, options, &
      reg, reg_per_atom, reg_scale, ridge, tol, tol_scale, gap_tol, max_iter, time_limit, strategy, schedule, &
      soft_lock, steps_per_visit, tile_shape, positive, periodic, missing, background, background_length, &
      warm_start, frozen_support, seed, correlation, progress_interval, trace, learn_init, learn_max_iter, &
      learn_tol, learn_reg_reference, learn_dict_tol, learn_dict_max_iter, learn_window, learn_zero_mean, &
      learn_rank_one, learn_fixed_atoms, learn_recentre, learn_redraw, learn_redraw_below, learn_online, &
      learn_batch, learn_forgetting, learn_statistics, &
      stat, errmsg)
    real(real64), intent(in), target :: d(:, :, :)
    class(*), intent(in) :: signal_shape(..)
    integer(int64), intent(inout) :: bytes
    integer(int64), intent(inout), optional :: bytes_gram
    class(*), intent(in), optional :: n_signals, offset(..), local_shape(..)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, ridge, tol, gap_tol, time_limit, progress_interval, learn_tol, &
        learn_dict_tol, learn_redraw_below, learn_forgetting
    class(*), intent(in), optional :: reg_per_atom(..)
    class(*), intent(in), optional :: max_iter, steps_per_visit, seed, learn_max_iter, learn_dict_max_iter, &
        learn_batch
    class(*), intent(in), optional :: tile_shape(..), background_length(..)
    logical, intent(in), optional :: positive, warm_start, frozen_support, trace, learn_window, learn_zero_mean, &
        learn_rank_one, learn_recentre, learn_redraw, learn_online
    class(*), intent(in), optional :: periodic(..), learn_fixed_atoms(..)
    character(*), intent(in), optional :: reg_scale, tol_scale, strategy, schedule, soft_lock, missing, background, &
        correlation, learn_init, learn_reg_reference, learn_statistics
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    integer(int64), target :: first(3), local(3), found(2)
    type(c_ptr) :: at_first, at_local
    integer :: n
    at_first = c_null_ptr
    at_local = c_null_ptr
    call c%choose_context(context)
    call c%choose_options(options, &
      reg=reg, reg_per_atom=reg_per_atom, reg_scale=reg_scale, ridge=ridge, tol=tol, tol_scale=tol_scale, &
      gap_tol=gap_tol, max_iter=max_iter, time_limit=time_limit, strategy=strategy, schedule=schedule, &
      soft_lock=soft_lock, steps_per_visit=steps_per_visit, tile_shape=tile_shape, positive=positive, &
      periodic=periodic, missing=missing, background=background, background_length=background_length, &
      warm_start=warm_start, frozen_support=frozen_support, seed=seed, correlation=correlation, &
      progress_interval=progress_interval, trace=trace, learn_init=learn_init, learn_max_iter=learn_max_iter, &
      learn_tol=learn_tol, learn_reg_reference=learn_reg_reference, learn_dict_tol=learn_dict_tol, &
      learn_dict_max_iter=learn_dict_max_iter, learn_window=learn_window, learn_zero_mean=learn_zero_mean, &
      learn_rank_one=learn_rank_one, learn_fixed_atoms=learn_fixed_atoms, learn_recentre=learn_recentre, &
      learn_redraw=learn_redraw, learn_redraw_below=learn_redraw_below, learn_online=learn_online, &
      learn_batch=learn_batch, learn_forgetting=learn_forgetting, learn_statistics=learn_statistics)
    call c%domain(shape(d, int64), signal_shape, n_signals, DICOD_F64)
    n = int(c%g%n_axes)
    if (c%status >= 0 .and. present(offset)) call take(wholes(offset), first, at_first)
    if (c%status >= 0 .and. present(local_shape)) call take(wholes(local_shape), local, at_local)
    if (c%proceed()) call c%finish(dicod_encoder_memory(c%context, c%options, c%problem(), DICOD_F64, at_first, at_local, &
      c_loc(found(1)), c_loc(found(2))))
    if (c%status >= 0) bytes = found(1)
    if (c%status >= 0 .and. present(bytes_gram)) bytes_gram = found(2)
    call c%report(stat, errmsg)
  contains
    subroutine take(list, to, at)
      integer(int64), intent(in) :: list(:)
      integer(int64), intent(inout), target :: to(3)
      type(c_ptr), intent(inout) :: at
      if (size(list) /= n) then
        c%status = DICOD_ERROR_INVALID_SHAPE
        c%text = 'offset and local_shape need one value per axis'
        return
      end if
      to(:n) = reverse(list)
      at = c_loc(to)
    end subroutine
  end subroutine

  ! Another dictionary of the same shape; the activations are kept.
  recursive subroutine set_dictionary_3_r64(self, d, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real64), intent(in), contiguous, target :: d(:, :, :)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    call c%ready(self%handle, self%g, DICOD_F64, 'encoder', self%collective)
    call c%same_d(shape(d, int64), self%g)
    if (c%proceed()) call c%finish(dicod_encoder_set_dictionary(self%handle, c%pointer(c_loc(d))))
    call c%report(stat, errmsg)
  end subroutine

  ! The same for factors: atoms of rank one.
  recursive subroutine set_dictionary_rank1_3_r64(self, u, v, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real64), intent(in), contiguous, target :: u(:, :), v(:, :)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    call c%ready(self%handle, self%g, DICOD_F64, 'encoder', self%collective)
    call c%same_factors(shape(u, int64), shape(v, int64), self%g)
    if (c%proceed()) call c%finish(dicod_encoder_set_dictionary_rank1(self%handle, c%pointer(c_loc(u)), c_loc(v)))
    call c%report(stat, errmsg)
  end subroutine

  ! The dictionary as it is, bit for bit; atoms of rank one multiplied out. Local.
  recursive subroutine get_dictionary_3_r64(self, d, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real64), intent(inout), contiguous, target :: d(:, :, :)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    call c%ready(self%handle, self%g, DICOD_F64, 'encoder', .false.)
    call c%same_d(shape(d, int64), self%g)
    if (c%status >= 0) call c%finish(dicod_encoder_get_dictionary(self%handle, size(d, kind=int64), c_loc(d)))
    call c%report(stat, errmsg)
  end subroutine

  ! Its factors, if the atoms are of rank one: u(channel, atom), v(axes, atom). Local.
  recursive subroutine get_dictionary_rank1_3_r64(self, u, v, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real64), intent(inout), contiguous, target :: u(:, :), v(:, :)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    call c%ready(self%handle, self%g, DICOD_F64, 'encoder', .false.)
    call c%same_factors(shape(u, int64), shape(v, int64), self%g)
    if (c%status >= 0) call c%finish(dicod_encoder_get_dictionary_rank1(self%handle, size(u, kind=int64), c_loc(u), &
      size(v, kind=int64), c_loc(v)))
    call c%report(stat, errmsg)
  end subroutine

  ! d(l..., channel, atom) on a domain of signal_shape; n_signals signals. Collective, as everything here is unless it says
  ! otherwise.
  recursive subroutine create_4_r64(self, d, signal_shape, n_signals, context, options, &
      reg, reg_per_atom, reg_scale, ridge, tol, tol_scale, gap_tol, max_iter, time_limit, strategy, schedule, &
      soft_lock, steps_per_visit, tile_shape, positive, periodic, missing, background, background_length, &
      warm_start, frozen_support, seed, correlation, progress_interval, trace, learn_init, learn_max_iter, &
      learn_tol, learn_reg_reference, learn_dict_tol, learn_dict_max_iter, learn_window, learn_zero_mean, &
      learn_rank_one, learn_fixed_atoms, learn_recentre, learn_redraw, learn_redraw_below, learn_online, &
      learn_batch, learn_forgetting, learn_statistics, &
      stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real64), intent(in), contiguous, target :: d(:, :, :, :)
    class(*), intent(in) :: signal_shape(..)
    class(*), intent(in), optional :: n_signals
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, ridge, tol, gap_tol, time_limit, progress_interval, learn_tol, &
        learn_dict_tol, learn_redraw_below, learn_forgetting
    class(*), intent(in), optional :: reg_per_atom(..)
    class(*), intent(in), optional :: max_iter, steps_per_visit, seed, learn_max_iter, learn_dict_max_iter, &
        learn_batch
    class(*), intent(in), optional :: tile_shape(..), background_length(..)
    logical, intent(in), optional :: positive, warm_start, frozen_support, trace, learn_window, learn_zero_mean, &
        learn_rank_one, learn_recentre, learn_redraw, learn_online
    class(*), intent(in), optional :: periodic(..), learn_fixed_atoms(..)
    character(*), intent(in), optional :: reg_scale, tol_scale, strategy, schedule, soft_lock, missing, background, &
        correlation, learn_init, learn_reg_reference, learn_statistics
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    type(c_ptr) :: handle
    handle = c_null_ptr
    call c%choose_context(context)
    call c%choose_options(options, &
      reg=reg, reg_per_atom=reg_per_atom, reg_scale=reg_scale, ridge=ridge, tol=tol, tol_scale=tol_scale, &
      gap_tol=gap_tol, max_iter=max_iter, time_limit=time_limit, strategy=strategy, schedule=schedule, &
      soft_lock=soft_lock, steps_per_visit=steps_per_visit, tile_shape=tile_shape, positive=positive, &
      periodic=periodic, missing=missing, background=background, background_length=background_length, &
      warm_start=warm_start, frozen_support=frozen_support, seed=seed, correlation=correlation, &
      progress_interval=progress_interval, trace=trace, learn_init=learn_init, learn_max_iter=learn_max_iter, &
      learn_tol=learn_tol, learn_reg_reference=learn_reg_reference, learn_dict_tol=learn_dict_tol, &
      learn_dict_max_iter=learn_dict_max_iter, learn_window=learn_window, learn_zero_mean=learn_zero_mean, &
      learn_rank_one=learn_rank_one, learn_fixed_atoms=learn_fixed_atoms, learn_recentre=learn_recentre, &
      learn_redraw=learn_redraw, learn_redraw_below=learn_redraw_below, learn_online=learn_online, &
      learn_batch=learn_batch, learn_forgetting=learn_forgetting, learn_statistics=learn_statistics)
    call c%domain(shape(d, int64), signal_shape, n_signals, DICOD_F64)
    if (c%proceed()) call c%finish(dicod_encoder_create(c%context, c%options, c%problem(), c_loc(d), handle))
    if (c%status >= 0) call encoder_adopt(self, handle, c%g, context)
    call c%report(stat, errmsg)
  end subroutine

  ! Atoms of rank one: u(channel, atom) times v(l..., atom).
  recursive subroutine create_rank1_4_r64(self, u, v, signal_shape, n_signals, context, options, &
      reg, reg_per_atom, reg_scale, ridge, tol, tol_scale, gap_tol, max_iter, time_limit, strategy, schedule, &
      soft_lock, steps_per_visit, tile_shape, positive, periodic, missing, background, background_length, &
      warm_start, frozen_support, seed, correlation, progress_interval, trace, learn_init, learn_max_iter, &
      learn_tol, learn_reg_reference, learn_dict_tol, learn_dict_max_iter, learn_window, learn_zero_mean, &
      learn_rank_one, learn_fixed_atoms, learn_recentre, learn_redraw, learn_redraw_below, learn_online, &
      learn_batch, learn_forgetting, learn_statistics, &
      stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real64), intent(in), contiguous, target :: u(:, :), v(:, :, :)
    class(*), intent(in) :: signal_shape(..)
    class(*), intent(in), optional :: n_signals
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, ridge, tol, gap_tol, time_limit, progress_interval, learn_tol, &
        learn_dict_tol, learn_redraw_below, learn_forgetting
    class(*), intent(in), optional :: reg_per_atom(..)
    class(*), intent(in), optional :: max_iter, steps_per_visit, seed, learn_max_iter, learn_dict_max_iter, &
        learn_batch
    class(*), intent(in), optional :: tile_shape(..), background_length(..)
    logical, intent(in), optional :: positive, warm_start, frozen_support, trace, learn_window, learn_zero_mean, &
        learn_rank_one, learn_recentre, learn_redraw, learn_online
    class(*), intent(in), optional :: periodic(..), learn_fixed_atoms(..)
    character(*), intent(in), optional :: reg_scale, tol_scale, strategy, schedule, soft_lock, missing, background, &
        correlation, learn_init, learn_reg_reference, learn_statistics
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    type(c_ptr) :: handle
    handle = c_null_ptr
    call c%choose_context(context)
    call c%choose_options(options, &
      reg=reg, reg_per_atom=reg_per_atom, reg_scale=reg_scale, ridge=ridge, tol=tol, tol_scale=tol_scale, &
      gap_tol=gap_tol, max_iter=max_iter, time_limit=time_limit, strategy=strategy, schedule=schedule, &
      soft_lock=soft_lock, steps_per_visit=steps_per_visit, tile_shape=tile_shape, positive=positive, &
      periodic=periodic, missing=missing, background=background, background_length=background_length, &
      warm_start=warm_start, frozen_support=frozen_support, seed=seed, correlation=correlation, &
      progress_interval=progress_interval, trace=trace, learn_init=learn_init, learn_max_iter=learn_max_iter, &
      learn_tol=learn_tol, learn_reg_reference=learn_reg_reference, learn_dict_tol=learn_dict_tol, &
      learn_dict_max_iter=learn_dict_max_iter, learn_window=learn_window, learn_zero_mean=learn_zero_mean, &
      learn_rank_one=learn_rank_one, learn_fixed_atoms=learn_fixed_atoms, learn_recentre=learn_recentre, &
      learn_redraw=learn_redraw, learn_redraw_below=learn_redraw_below, learn_online=learn_online, &
      learn_batch=learn_batch, learn_forgetting=learn_forgetting, learn_statistics=learn_statistics)
    if (c%status >= 0 .and. size(u, 2) /= size(v, rank(v))) then
      c%status = DICOD_ERROR_INVALID_SHAPE
      c%text = 'u has the shape '//text_of(shape(u, int64))//', v has '//text_of(shape(v, int64))// &
        ': they are (channel, atom) and (axes, atom)'
    end if
    call c%domain(shape_of_atoms(shape(u, int64), shape(v, int64)), signal_shape, n_signals, DICOD_F64)
    if (c%proceed()) call c%finish(dicod_encoder_create_rank1(c%context, c%options, c%problem(), c_loc(u), c_loc(v), handle))
    if (c%status >= 0) call encoder_adopt(self, handle, c%g, context)
    call c%report(stat, errmsg)
  end subroutine

  ! Of d shape and kind count. The block of x on this rank begins at offset and has the shape local_shape; without them it is all.
  ! Collective over several ranks.
  recursive subroutine encoder_memory_4_r64(d, signal_shape, bytes, bytes_gram, n_signals, offset, local_shape, context, options, &
      reg, reg_per_atom, reg_scale, ridge, tol, tol_scale, gap_tol, max_iter, time_limit, strategy, schedule, &
      soft_lock, steps_per_visit, tile_shape, positive, periodic, missing, background, background_length, &
      warm_start, frozen_support, seed, correlation, progress_interval, trace, learn_init, learn_max_iter, &
      learn_tol, learn_reg_reference, learn_dict_tol, learn_dict_max_iter, learn_window, learn_zero_mean, &
      learn_rank_one, learn_fixed_atoms, learn_recentre, learn_redraw, learn_redraw_below, learn_online, &
      learn_batch, learn_forgetting, learn_statistics, &
      stat, errmsg)
    real(real64), intent(in), target :: d(:, :, :, :)
    class(*), intent(in) :: signal_shape(..)
    integer(int64), intent(inout) :: bytes
    integer(int64), intent(inout), optional :: bytes_gram
    class(*), intent(in), optional :: n_signals, offset(..), local_shape(..)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, ridge, tol, gap_tol, time_limit, progress_interval, learn_tol, &
        learn_dict_tol, learn_redraw_below, learn_forgetting
    class(*), intent(in), optional :: reg_per_atom(..)
    class(*), intent(in), optional :: max_iter, steps_per_visit, seed, learn_max_iter, learn_dict_max_iter, &
        learn_batch
    class(*), intent(in), optional :: tile_shape(..), background_length(..)
    logical, intent(in), optional :: positive, warm_start, frozen_support, trace, learn_window, learn_zero_mean, &
        learn_rank_one, learn_recentre, learn_redraw, learn_online
    class(*), intent(in), optional :: periodic(..), learn_fixed_atoms(..)
    character(*), intent(in), optional :: reg_scale, tol_scale, strategy, schedule, soft_lock, missing, background, &
        correlation, learn_init, learn_reg_reference, learn_statistics
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    integer(int64), target :: first(3), local(3), found(2)
    type(c_ptr) :: at_first, at_local
    integer :: n
    at_first = c_null_ptr
    at_local = c_null_ptr
    call c%choose_context(context)
    call c%choose_options(options, &
      reg=reg, reg_per_atom=reg_per_atom, reg_scale=reg_scale, ridge=ridge, tol=tol, tol_scale=tol_scale, &
      gap_tol=gap_tol, max_iter=max_iter, time_limit=time_limit, strategy=strategy, schedule=schedule, &
      soft_lock=soft_lock, steps_per_visit=steps_per_visit, tile_shape=tile_shape, positive=positive, &
      periodic=periodic, missing=missing, background=background, background_length=background_length, &
      warm_start=warm_start, frozen_support=frozen_support, seed=seed, correlation=correlation, &
      progress_interval=progress_interval, trace=trace, learn_init=learn_init, learn_max_iter=learn_max_iter, &
      learn_tol=learn_tol, learn_reg_reference=learn_reg_reference, learn_dict_tol=learn_dict_tol, &
      learn_dict_max_iter=learn_dict_max_iter, learn_window=learn_window, learn_zero_mean=learn_zero_mean, &
      learn_rank_one=learn_rank_one, learn_fixed_atoms=learn_fixed_atoms, learn_recentre=learn_recentre, &
      learn_redraw=learn_redraw, learn_redraw_below=learn_redraw_below, learn_online=learn_online, &
      learn_batch=learn_batch, learn_forgetting=learn_forgetting, learn_statistics=learn_statistics)
    call c%domain(shape(d, int64), signal_shape, n_signals, DICOD_F64)
    n = int(c%g%n_axes)
    if (c%status >= 0 .and. present(offset)) call take(wholes(offset), first, at_first)
    if (c%status >= 0 .and. present(local_shape)) call take(wholes(local_shape), local, at_local)
    if (c%proceed()) call c%finish(dicod_encoder_memory(c%context, c%options, c%problem(), DICOD_F64, at_first, at_local, &
      c_loc(found(1)), c_loc(found(2))))
    if (c%status >= 0) bytes = found(1)
    if (c%status >= 0 .and. present(bytes_gram)) bytes_gram = found(2)
    call c%report(stat, errmsg)
  contains
    subroutine take(list, to, at)
      integer(int64), intent(in) :: list(:)
      integer(int64), intent(inout), target :: to(3)
      type(c_ptr), intent(inout) :: at
      if (size(list) /= n) then
        c%status = DICOD_ERROR_INVALID_SHAPE
        c%text = 'offset and local_shape need one value per axis'
        return
      end if
      to(:n) = reverse(list)
      at = c_loc(to)
    end subroutine
  end subroutine

  ! Another dictionary of the same shape; the activations are kept.
  recursive subroutine set_dictionary_4_r64(self, d, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real64), intent(in), contiguous, target :: d(:, :, :, :)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    call c%ready(self%handle, self%g, DICOD_F64, 'encoder', self%collective)
    call c%same_d(shape(d, int64), self%g)
    if (c%proceed()) call c%finish(dicod_encoder_set_dictionary(self%handle, c%pointer(c_loc(d))))
    call c%report(stat, errmsg)
  end subroutine

  ! The same for factors: atoms of rank one.
  recursive subroutine set_dictionary_rank1_4_r64(self, u, v, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real64), intent(in), contiguous, target :: u(:, :), v(:, :, :)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    call c%ready(self%handle, self%g, DICOD_F64, 'encoder', self%collective)
    call c%same_factors(shape(u, int64), shape(v, int64), self%g)
    if (c%proceed()) call c%finish(dicod_encoder_set_dictionary_rank1(self%handle, c%pointer(c_loc(u)), c_loc(v)))
    call c%report(stat, errmsg)
  end subroutine

  ! The dictionary as it is, bit for bit; atoms of rank one multiplied out. Local.
  recursive subroutine get_dictionary_4_r64(self, d, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real64), intent(inout), contiguous, target :: d(:, :, :, :)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    call c%ready(self%handle, self%g, DICOD_F64, 'encoder', .false.)
    call c%same_d(shape(d, int64), self%g)
    if (c%status >= 0) call c%finish(dicod_encoder_get_dictionary(self%handle, size(d, kind=int64), c_loc(d)))
    call c%report(stat, errmsg)
  end subroutine

  ! Its factors, if the atoms are of rank one: u(channel, atom), v(axes, atom). Local.
  recursive subroutine get_dictionary_rank1_4_r64(self, u, v, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real64), intent(inout), contiguous, target :: u(:, :), v(:, :, :)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    call c%ready(self%handle, self%g, DICOD_F64, 'encoder', .false.)
    call c%same_factors(shape(u, int64), shape(v, int64), self%g)
    if (c%status >= 0) call c%finish(dicod_encoder_get_dictionary_rank1(self%handle, size(u, kind=int64), c_loc(u), &
      size(v, kind=int64), c_loc(v)))
    call c%report(stat, errmsg)
  end subroutine

  ! d(l..., channel, atom) on a domain of signal_shape; n_signals signals. Collective, as everything here is unless it says
  ! otherwise.
  recursive subroutine create_5_r64(self, d, signal_shape, n_signals, context, options, &
      reg, reg_per_atom, reg_scale, ridge, tol, tol_scale, gap_tol, max_iter, time_limit, strategy, schedule, &
      soft_lock, steps_per_visit, tile_shape, positive, periodic, missing, background, background_length, &
      warm_start, frozen_support, seed, correlation, progress_interval, trace, learn_init, learn_max_iter, &
      learn_tol, learn_reg_reference, learn_dict_tol, learn_dict_max_iter, learn_window, learn_zero_mean, &
      learn_rank_one, learn_fixed_atoms, learn_recentre, learn_redraw, learn_redraw_below, learn_online, &
      learn_batch, learn_forgetting, learn_statistics, &
      stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real64), intent(in), contiguous, target :: d(:, :, :, :, :)
    class(*), intent(in) :: signal_shape(..)
    class(*), intent(in), optional :: n_signals
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, ridge, tol, gap_tol, time_limit, progress_interval, learn_tol, &
        learn_dict_tol, learn_redraw_below, learn_forgetting
    class(*), intent(in), optional :: reg_per_atom(..)
    class(*), intent(in), optional :: max_iter, steps_per_visit, seed, learn_max_iter, learn_dict_max_iter, &
        learn_batch
    class(*), intent(in), optional :: tile_shape(..), background_length(..)
    logical, intent(in), optional :: positive, warm_start, frozen_support, trace, learn_window, learn_zero_mean, &
        learn_rank_one, learn_recentre, learn_redraw, learn_online
    class(*), intent(in), optional :: periodic(..), learn_fixed_atoms(..)
    character(*), intent(in), optional :: reg_scale, tol_scale, strategy, schedule, soft_lock, missing, background, &
        correlation, learn_init, learn_reg_reference, learn_statistics
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    type(c_ptr) :: handle
    handle = c_null_ptr
    call c%choose_context(context)
    call c%choose_options(options, &
      reg=reg, reg_per_atom=reg_per_atom, reg_scale=reg_scale, ridge=ridge, tol=tol, tol_scale=tol_scale, &
      gap_tol=gap_tol, max_iter=max_iter, time_limit=time_limit, strategy=strategy, schedule=schedule, &
      soft_lock=soft_lock, steps_per_visit=steps_per_visit, tile_shape=tile_shape, positive=positive, &
      periodic=periodic, missing=missing, background=background, background_length=background_length, &
      warm_start=warm_start, frozen_support=frozen_support, seed=seed, correlation=correlation, &
      progress_interval=progress_interval, trace=trace, learn_init=learn_init, learn_max_iter=learn_max_iter, &
      learn_tol=learn_tol, learn_reg_reference=learn_reg_reference, learn_dict_tol=learn_dict_tol, &
      learn_dict_max_iter=learn_dict_max_iter, learn_window=learn_window, learn_zero_mean=learn_zero_mean, &
      learn_rank_one=learn_rank_one, learn_fixed_atoms=learn_fixed_atoms, learn_recentre=learn_recentre, &
      learn_redraw=learn_redraw, learn_redraw_below=learn_redraw_below, learn_online=learn_online, &
      learn_batch=learn_batch, learn_forgetting=learn_forgetting, learn_statistics=learn_statistics)
    call c%domain(shape(d, int64), signal_shape, n_signals, DICOD_F64)
    if (c%proceed()) call c%finish(dicod_encoder_create(c%context, c%options, c%problem(), c_loc(d), handle))
    if (c%status >= 0) call encoder_adopt(self, handle, c%g, context)
    call c%report(stat, errmsg)
  end subroutine

  ! Atoms of rank one: u(channel, atom) times v(l..., atom).
  recursive subroutine create_rank1_5_r64(self, u, v, signal_shape, n_signals, context, options, &
      reg, reg_per_atom, reg_scale, ridge, tol, tol_scale, gap_tol, max_iter, time_limit, strategy, schedule, &
      soft_lock, steps_per_visit, tile_shape, positive, periodic, missing, background, background_length, &
      warm_start, frozen_support, seed, correlation, progress_interval, trace, learn_init, learn_max_iter, &
      learn_tol, learn_reg_reference, learn_dict_tol, learn_dict_max_iter, learn_window, learn_zero_mean, &
      learn_rank_one, learn_fixed_atoms, learn_recentre, learn_redraw, learn_redraw_below, learn_online, &
      learn_batch, learn_forgetting, learn_statistics, &
      stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real64), intent(in), contiguous, target :: u(:, :), v(:, :, :, :)
    class(*), intent(in) :: signal_shape(..)
    class(*), intent(in), optional :: n_signals
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, ridge, tol, gap_tol, time_limit, progress_interval, learn_tol, &
        learn_dict_tol, learn_redraw_below, learn_forgetting
    class(*), intent(in), optional :: reg_per_atom(..)
    class(*), intent(in), optional :: max_iter, steps_per_visit, seed, learn_max_iter, learn_dict_max_iter, &
        learn_batch
    class(*), intent(in), optional :: tile_shape(..), background_length(..)
    logical, intent(in), optional :: positive, warm_start, frozen_support, trace, learn_window, learn_zero_mean, &
        learn_rank_one, learn_recentre, learn_redraw, learn_online
    class(*), intent(in), optional :: periodic(..), learn_fixed_atoms(..)
    character(*), intent(in), optional :: reg_scale, tol_scale, strategy, schedule, soft_lock, missing, background, &
        correlation, learn_init, learn_reg_reference, learn_statistics
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    type(c_ptr) :: handle
    handle = c_null_ptr
    call c%choose_context(context)
    call c%choose_options(options, &
      reg=reg, reg_per_atom=reg_per_atom, reg_scale=reg_scale, ridge=ridge, tol=tol, tol_scale=tol_scale, &
      gap_tol=gap_tol, max_iter=max_iter, time_limit=time_limit, strategy=strategy, schedule=schedule, &
      soft_lock=soft_lock, steps_per_visit=steps_per_visit, tile_shape=tile_shape, positive=positive, &
      periodic=periodic, missing=missing, background=background, background_length=background_length, &
      warm_start=warm_start, frozen_support=frozen_support, seed=seed, correlation=correlation, &
      progress_interval=progress_interval, trace=trace, learn_init=learn_init, learn_max_iter=learn_max_iter, &
      learn_tol=learn_tol, learn_reg_reference=learn_reg_reference, learn_dict_tol=learn_dict_tol, &
      learn_dict_max_iter=learn_dict_max_iter, learn_window=learn_window, learn_zero_mean=learn_zero_mean, &
      learn_rank_one=learn_rank_one, learn_fixed_atoms=learn_fixed_atoms, learn_recentre=learn_recentre, &
      learn_redraw=learn_redraw, learn_redraw_below=learn_redraw_below, learn_online=learn_online, &
      learn_batch=learn_batch, learn_forgetting=learn_forgetting, learn_statistics=learn_statistics)
    if (c%status >= 0 .and. size(u, 2) /= size(v, rank(v))) then
      c%status = DICOD_ERROR_INVALID_SHAPE
      c%text = 'u has the shape '//text_of(shape(u, int64))//', v has '//text_of(shape(v, int64))// &
        ': they are (channel, atom) and (axes, atom)'
    end if
    call c%domain(shape_of_atoms(shape(u, int64), shape(v, int64)), signal_shape, n_signals, DICOD_F64)
    if (c%proceed()) call c%finish(dicod_encoder_create_rank1(c%context, c%options, c%problem(), c_loc(u), c_loc(v), handle))
    if (c%status >= 0) call encoder_adopt(self, handle, c%g, context)
    call c%report(stat, errmsg)
  end subroutine

  ! Of d shape and kind count. The block of x on this rank begins at offset and has the shape local_shape; without them it is all.
  ! Collective over several ranks.
  recursive subroutine encoder_memory_5_r64(d, signal_shape, bytes, bytes_gram, n_signals, offset, local_shape, context, options, &
      reg, reg_per_atom, reg_scale, ridge, tol, tol_scale, gap_tol, max_iter, time_limit, strategy, schedule, &
      soft_lock, steps_per_visit, tile_shape, positive, periodic, missing, background, background_length, &
      warm_start, frozen_support, seed, correlation, progress_interval, trace, learn_init, learn_max_iter, &
      learn_tol, learn_reg_reference, learn_dict_tol, learn_dict_max_iter, learn_window, learn_zero_mean, &
      learn_rank_one, learn_fixed_atoms, learn_recentre, learn_redraw, learn_redraw_below, learn_online, &
      learn_batch, learn_forgetting, learn_statistics, &
      stat, errmsg)
    real(real64), intent(in), target :: d(:, :, :, :, :)
    class(*), intent(in) :: signal_shape(..)
    integer(int64), intent(inout) :: bytes
    integer(int64), intent(inout), optional :: bytes_gram
    class(*), intent(in), optional :: n_signals, offset(..), local_shape(..)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, ridge, tol, gap_tol, time_limit, progress_interval, learn_tol, &
        learn_dict_tol, learn_redraw_below, learn_forgetting
    class(*), intent(in), optional :: reg_per_atom(..)
    class(*), intent(in), optional :: max_iter, steps_per_visit, seed, learn_max_iter, learn_dict_max_iter, &
        learn_batch
    class(*), intent(in), optional :: tile_shape(..), background_length(..)
    logical, intent(in), optional :: positive, warm_start, frozen_support, trace, learn_window, learn_zero_mean, &
        learn_rank_one, learn_recentre, learn_redraw, learn_online
    class(*), intent(in), optional :: periodic(..), learn_fixed_atoms(..)
    character(*), intent(in), optional :: reg_scale, tol_scale, strategy, schedule, soft_lock, missing, background, &
        correlation, learn_init, learn_reg_reference, learn_statistics
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    integer(int64), target :: first(3), local(3), found(2)
    type(c_ptr) :: at_first, at_local
    integer :: n
    at_first = c_null_ptr
    at_local = c_null_ptr
    call c%choose_context(context)
    call c%choose_options(options, &
      reg=reg, reg_per_atom=reg_per_atom, reg_scale=reg_scale, ridge=ridge, tol=tol, tol_scale=tol_scale, &
      gap_tol=gap_tol, max_iter=max_iter, time_limit=time_limit, strategy=strategy, schedule=schedule, &
      soft_lock=soft_lock, steps_per_visit=steps_per_visit, tile_shape=tile_shape, positive=positive, &
      periodic=periodic, missing=missing, background=background, background_length=background_length, &
      warm_start=warm_start, frozen_support=frozen_support, seed=seed, correlation=correlation, &
      progress_interval=progress_interval, trace=trace, learn_init=learn_init, learn_max_iter=learn_max_iter, &
      learn_tol=learn_tol, learn_reg_reference=learn_reg_reference, learn_dict_tol=learn_dict_tol, &
      learn_dict_max_iter=learn_dict_max_iter, learn_window=learn_window, learn_zero_mean=learn_zero_mean, &
      learn_rank_one=learn_rank_one, learn_fixed_atoms=learn_fixed_atoms, learn_recentre=learn_recentre, &
      learn_redraw=learn_redraw, learn_redraw_below=learn_redraw_below, learn_online=learn_online, &
      learn_batch=learn_batch, learn_forgetting=learn_forgetting, learn_statistics=learn_statistics)
    call c%domain(shape(d, int64), signal_shape, n_signals, DICOD_F64)
    n = int(c%g%n_axes)
    if (c%status >= 0 .and. present(offset)) call take(wholes(offset), first, at_first)
    if (c%status >= 0 .and. present(local_shape)) call take(wholes(local_shape), local, at_local)
    if (c%proceed()) call c%finish(dicod_encoder_memory(c%context, c%options, c%problem(), DICOD_F64, at_first, at_local, &
      c_loc(found(1)), c_loc(found(2))))
    if (c%status >= 0) bytes = found(1)
    if (c%status >= 0 .and. present(bytes_gram)) bytes_gram = found(2)
    call c%report(stat, errmsg)
  contains
    subroutine take(list, to, at)
      integer(int64), intent(in) :: list(:)
      integer(int64), intent(inout), target :: to(3)
      type(c_ptr), intent(inout) :: at
      if (size(list) /= n) then
        c%status = DICOD_ERROR_INVALID_SHAPE
        c%text = 'offset and local_shape need one value per axis'
        return
      end if
      to(:n) = reverse(list)
      at = c_loc(to)
    end subroutine
  end subroutine

  ! Another dictionary of the same shape; the activations are kept.
  recursive subroutine set_dictionary_5_r64(self, d, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real64), intent(in), contiguous, target :: d(:, :, :, :, :)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    call c%ready(self%handle, self%g, DICOD_F64, 'encoder', self%collective)
    call c%same_d(shape(d, int64), self%g)
    if (c%proceed()) call c%finish(dicod_encoder_set_dictionary(self%handle, c%pointer(c_loc(d))))
    call c%report(stat, errmsg)
  end subroutine

  ! The same for factors: atoms of rank one.
  recursive subroutine set_dictionary_rank1_5_r64(self, u, v, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real64), intent(in), contiguous, target :: u(:, :), v(:, :, :, :)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    call c%ready(self%handle, self%g, DICOD_F64, 'encoder', self%collective)
    call c%same_factors(shape(u, int64), shape(v, int64), self%g)
    if (c%proceed()) call c%finish(dicod_encoder_set_dictionary_rank1(self%handle, c%pointer(c_loc(u)), c_loc(v)))
    call c%report(stat, errmsg)
  end subroutine

  ! The dictionary as it is, bit for bit; atoms of rank one multiplied out. Local.
  recursive subroutine get_dictionary_5_r64(self, d, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real64), intent(inout), contiguous, target :: d(:, :, :, :, :)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    call c%ready(self%handle, self%g, DICOD_F64, 'encoder', .false.)
    call c%same_d(shape(d, int64), self%g)
    if (c%status >= 0) call c%finish(dicod_encoder_get_dictionary(self%handle, size(d, kind=int64), c_loc(d)))
    call c%report(stat, errmsg)
  end subroutine

  ! Its factors, if the atoms are of rank one: u(channel, atom), v(axes, atom). Local.
  recursive subroutine get_dictionary_rank1_5_r64(self, u, v, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real64), intent(inout), contiguous, target :: u(:, :), v(:, :, :, :)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    call c%ready(self%handle, self%g, DICOD_F64, 'encoder', .false.)
    call c%same_factors(shape(u, int64), shape(v, int64), self%g)
    if (c%status >= 0) call c%finish(dicod_encoder_get_dictionary_rank1(self%handle, size(u, kind=int64), c_loc(u), &
      size(v, kind=int64), c_loc(v)))
    call c%report(stat, errmsg)
  end subroutine

  ! d(l..., channel, atom) on a domain of signal_shape; n_signals signals. Collective, as everything here is unless it says
  ! otherwise.
  recursive subroutine create_3_r32(self, d, signal_shape, n_signals, context, options, &
      reg, reg_per_atom, reg_scale, ridge, tol, tol_scale, gap_tol, max_iter, time_limit, strategy, schedule, &
      soft_lock, steps_per_visit, tile_shape, positive, periodic, missing, background, background_length, &
      warm_start, frozen_support, seed, correlation, progress_interval, trace, learn_init, learn_max_iter, &
      learn_tol, learn_reg_reference, learn_dict_tol, learn_dict_max_iter, learn_window, learn_zero_mean, &
      learn_rank_one, learn_fixed_atoms, learn_recentre, learn_redraw, learn_redraw_below, learn_online, &
      learn_batch, learn_forgetting, learn_statistics, &
      stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real32), intent(in), contiguous, target :: d(:, :, :)
    class(*), intent(in) :: signal_shape(..)
    class(*), intent(in), optional :: n_signals
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, ridge, tol, gap_tol, time_limit, progress_interval, learn_tol, &
        learn_dict_tol, learn_redraw_below, learn_forgetting
    class(*), intent(in), optional :: reg_per_atom(..)
    class(*), intent(in), optional :: max_iter, steps_per_visit, seed, learn_max_iter, learn_dict_max_iter, &
        learn_batch
    class(*), intent(in), optional :: tile_shape(..), background_length(..)
    logical, intent(in), optional :: positive, warm_start, frozen_support, trace, learn_window, learn_zero_mean, &
        learn_rank_one, learn_recentre, learn_redraw, learn_online
    class(*), intent(in), optional :: periodic(..), learn_fixed_atoms(..)
    character(*), intent(in), optional :: reg_scale, tol_scale, strategy, schedule, soft_lock, missing, background, &
        correlation, learn_init, learn_reg_reference, learn_statistics
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    type(c_ptr) :: handle
    handle = c_null_ptr
    call c%choose_context(context)
    call c%choose_options(options, &
      reg=reg, reg_per_atom=reg_per_atom, reg_scale=reg_scale, ridge=ridge, tol=tol, tol_scale=tol_scale, &
      gap_tol=gap_tol, max_iter=max_iter, time_limit=time_limit, strategy=strategy, schedule=schedule, &
      soft_lock=soft_lock, steps_per_visit=steps_per_visit, tile_shape=tile_shape, positive=positive, &
      periodic=periodic, missing=missing, background=background, background_length=background_length, &
      warm_start=warm_start, frozen_support=frozen_support, seed=seed, correlation=correlation, &
      progress_interval=progress_interval, trace=trace, learn_init=learn_init, learn_max_iter=learn_max_iter, &
      learn_tol=learn_tol, learn_reg_reference=learn_reg_reference, learn_dict_tol=learn_dict_tol, &
      learn_dict_max_iter=learn_dict_max_iter, learn_window=learn_window, learn_zero_mean=learn_zero_mean, &
      learn_rank_one=learn_rank_one, learn_fixed_atoms=learn_fixed_atoms, learn_recentre=learn_recentre, &
      learn_redraw=learn_redraw, learn_redraw_below=learn_redraw_below, learn_online=learn_online, &
      learn_batch=learn_batch, learn_forgetting=learn_forgetting, learn_statistics=learn_statistics)
    call c%domain(shape(d, int64), signal_shape, n_signals, DICOD_F32)
    if (c%proceed()) call c%finish(dicod_encoder_create_f32(c%context, c%options, c%problem(), c_loc(d), handle))
    if (c%status >= 0) call encoder_adopt(self, handle, c%g, context)
    call c%report(stat, errmsg)
  end subroutine

  ! Atoms of rank one: u(channel, atom) times v(l..., atom).
  recursive subroutine create_rank1_3_r32(self, u, v, signal_shape, n_signals, context, options, &
      reg, reg_per_atom, reg_scale, ridge, tol, tol_scale, gap_tol, max_iter, time_limit, strategy, schedule, &
      soft_lock, steps_per_visit, tile_shape, positive, periodic, missing, background, background_length, &
      warm_start, frozen_support, seed, correlation, progress_interval, trace, learn_init, learn_max_iter, &
      learn_tol, learn_reg_reference, learn_dict_tol, learn_dict_max_iter, learn_window, learn_zero_mean, &
      learn_rank_one, learn_fixed_atoms, learn_recentre, learn_redraw, learn_redraw_below, learn_online, &
      learn_batch, learn_forgetting, learn_statistics, &
      stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real32), intent(in), contiguous, target :: u(:, :), v(:, :)
    class(*), intent(in) :: signal_shape(..)
    class(*), intent(in), optional :: n_signals
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, ridge, tol, gap_tol, time_limit, progress_interval, learn_tol, &
        learn_dict_tol, learn_redraw_below, learn_forgetting
    class(*), intent(in), optional :: reg_per_atom(..)
    class(*), intent(in), optional :: max_iter, steps_per_visit, seed, learn_max_iter, learn_dict_max_iter, &
        learn_batch
    class(*), intent(in), optional :: tile_shape(..), background_length(..)
    logical, intent(in), optional :: positive, warm_start, frozen_support, trace, learn_window, learn_zero_mean, &
        learn_rank_one, learn_recentre, learn_redraw, learn_online
    class(*), intent(in), optional :: periodic(..), learn_fixed_atoms(..)
    character(*), intent(in), optional :: reg_scale, tol_scale, strategy, schedule, soft_lock, missing, background, &
        correlation, learn_init, learn_reg_reference, learn_statistics
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    type(c_ptr) :: handle
    handle = c_null_ptr
    call c%choose_context(context)
    call c%choose_options(options, &
      reg=reg, reg_per_atom=reg_per_atom, reg_scale=reg_scale, ridge=ridge, tol=tol, tol_scale=tol_scale, &
      gap_tol=gap_tol, max_iter=max_iter, time_limit=time_limit, strategy=strategy, schedule=schedule, &
      soft_lock=soft_lock, steps_per_visit=steps_per_visit, tile_shape=tile_shape, positive=positive, &
      periodic=periodic, missing=missing, background=background, background_length=background_length, &
      warm_start=warm_start, frozen_support=frozen_support, seed=seed, correlation=correlation, &
      progress_interval=progress_interval, trace=trace, learn_init=learn_init, learn_max_iter=learn_max_iter, &
      learn_tol=learn_tol, learn_reg_reference=learn_reg_reference, learn_dict_tol=learn_dict_tol, &
      learn_dict_max_iter=learn_dict_max_iter, learn_window=learn_window, learn_zero_mean=learn_zero_mean, &
      learn_rank_one=learn_rank_one, learn_fixed_atoms=learn_fixed_atoms, learn_recentre=learn_recentre, &
      learn_redraw=learn_redraw, learn_redraw_below=learn_redraw_below, learn_online=learn_online, &
      learn_batch=learn_batch, learn_forgetting=learn_forgetting, learn_statistics=learn_statistics)
    if (c%status >= 0 .and. size(u, 2) /= size(v, rank(v))) then
      c%status = DICOD_ERROR_INVALID_SHAPE
      c%text = 'u has the shape '//text_of(shape(u, int64))//', v has '//text_of(shape(v, int64))// &
        ': they are (channel, atom) and (axes, atom)'
    end if
    call c%domain(shape_of_atoms(shape(u, int64), shape(v, int64)), signal_shape, n_signals, DICOD_F32)
    if (c%proceed()) call c%finish(dicod_encoder_create_rank1_f32(c%context, c%options, c%problem(), c_loc(u), c_loc(v), handle))
    if (c%status >= 0) call encoder_adopt(self, handle, c%g, context)
    call c%report(stat, errmsg)
  end subroutine

  ! Of d shape and kind count. The block of x on this rank begins at offset and has the shape local_shape; without them it is all.
  ! Collective over several ranks.
  recursive subroutine encoder_memory_3_r32(d, signal_shape, bytes, bytes_gram, n_signals, offset, local_shape, context, options, &
      reg, reg_per_atom, reg_scale, ridge, tol, tol_scale, gap_tol, max_iter, time_limit, strategy, schedule, &
      soft_lock, steps_per_visit, tile_shape, positive, periodic, missing, background, background_length, &
      warm_start, frozen_support, seed, correlation, progress_interval, trace, learn_init, learn_max_iter, &
      learn_tol, learn_reg_reference, learn_dict_tol, learn_dict_max_iter, learn_window, learn_zero_mean, &
      learn_rank_one, learn_fixed_atoms, learn_recentre, learn_redraw, learn_redraw_below, learn_online, &
      learn_batch, learn_forgetting, learn_statistics, &
      stat, errmsg)
    real(real32), intent(in), target :: d(:, :, :)
    class(*), intent(in) :: signal_shape(..)
    integer(int64), intent(inout) :: bytes
    integer(int64), intent(inout), optional :: bytes_gram
    class(*), intent(in), optional :: n_signals, offset(..), local_shape(..)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, ridge, tol, gap_tol, time_limit, progress_interval, learn_tol, &
        learn_dict_tol, learn_redraw_below, learn_forgetting
    class(*), intent(in), optional :: reg_per_atom(..)
    class(*), intent(in), optional :: max_iter, steps_per_visit, seed, learn_max_iter, learn_dict_max_iter, &
        learn_batch
    class(*), intent(in), optional :: tile_shape(..), background_length(..)
    logical, intent(in), optional :: positive, warm_start, frozen_support, trace, learn_window, learn_zero_mean, &
        learn_rank_one, learn_recentre, learn_redraw, learn_online
    class(*), intent(in), optional :: periodic(..), learn_fixed_atoms(..)
    character(*), intent(in), optional :: reg_scale, tol_scale, strategy, schedule, soft_lock, missing, background, &
        correlation, learn_init, learn_reg_reference, learn_statistics
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    integer(int64), target :: first(3), local(3), found(2)
    type(c_ptr) :: at_first, at_local
    integer :: n
    at_first = c_null_ptr
    at_local = c_null_ptr
    call c%choose_context(context)
    call c%choose_options(options, &
      reg=reg, reg_per_atom=reg_per_atom, reg_scale=reg_scale, ridge=ridge, tol=tol, tol_scale=tol_scale, &
      gap_tol=gap_tol, max_iter=max_iter, time_limit=time_limit, strategy=strategy, schedule=schedule, &
      soft_lock=soft_lock, steps_per_visit=steps_per_visit, tile_shape=tile_shape, positive=positive, &
      periodic=periodic, missing=missing, background=background, background_length=background_length, &
      warm_start=warm_start, frozen_support=frozen_support, seed=seed, correlation=correlation, &
      progress_interval=progress_interval, trace=trace, learn_init=learn_init, learn_max_iter=learn_max_iter, &
      learn_tol=learn_tol, learn_reg_reference=learn_reg_reference, learn_dict_tol=learn_dict_tol, &
      learn_dict_max_iter=learn_dict_max_iter, learn_window=learn_window, learn_zero_mean=learn_zero_mean, &
      learn_rank_one=learn_rank_one, learn_fixed_atoms=learn_fixed_atoms, learn_recentre=learn_recentre, &
      learn_redraw=learn_redraw, learn_redraw_below=learn_redraw_below, learn_online=learn_online, &
      learn_batch=learn_batch, learn_forgetting=learn_forgetting, learn_statistics=learn_statistics)
    call c%domain(shape(d, int64), signal_shape, n_signals, DICOD_F32)
    n = int(c%g%n_axes)
    if (c%status >= 0 .and. present(offset)) call take(wholes(offset), first, at_first)
    if (c%status >= 0 .and. present(local_shape)) call take(wholes(local_shape), local, at_local)
    if (c%proceed()) call c%finish(dicod_encoder_memory(c%context, c%options, c%problem(), DICOD_F32, at_first, at_local, &
      c_loc(found(1)), c_loc(found(2))))
    if (c%status >= 0) bytes = found(1)
    if (c%status >= 0 .and. present(bytes_gram)) bytes_gram = found(2)
    call c%report(stat, errmsg)
  contains
    subroutine take(list, to, at)
      integer(int64), intent(in) :: list(:)
      integer(int64), intent(inout), target :: to(3)
      type(c_ptr), intent(inout) :: at
      if (size(list) /= n) then
        c%status = DICOD_ERROR_INVALID_SHAPE
        c%text = 'offset and local_shape need one value per axis'
        return
      end if
      to(:n) = reverse(list)
      at = c_loc(to)
    end subroutine
  end subroutine

  ! Another dictionary of the same shape; the activations are kept.
  recursive subroutine set_dictionary_3_r32(self, d, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real32), intent(in), contiguous, target :: d(:, :, :)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    call c%ready(self%handle, self%g, DICOD_F32, 'encoder', self%collective)
    call c%same_d(shape(d, int64), self%g)
    if (c%proceed()) call c%finish(dicod_encoder_set_dictionary_f32(self%handle, c%pointer(c_loc(d))))
    call c%report(stat, errmsg)
  end subroutine

  ! The same for factors: atoms of rank one.
  recursive subroutine set_dictionary_rank1_3_r32(self, u, v, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real32), intent(in), contiguous, target :: u(:, :), v(:, :)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    call c%ready(self%handle, self%g, DICOD_F32, 'encoder', self%collective)
    call c%same_factors(shape(u, int64), shape(v, int64), self%g)
    if (c%proceed()) call c%finish(dicod_encoder_set_dictionary_rank1_f32(self%handle, c%pointer(c_loc(u)), c_loc(v)))
    call c%report(stat, errmsg)
  end subroutine

  ! The dictionary as it is, bit for bit; atoms of rank one multiplied out. Local.
  recursive subroutine get_dictionary_3_r32(self, d, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real32), intent(inout), contiguous, target :: d(:, :, :)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    call c%ready(self%handle, self%g, DICOD_F32, 'encoder', .false.)
    call c%same_d(shape(d, int64), self%g)
    if (c%status >= 0) call c%finish(dicod_encoder_get_dictionary_f32(self%handle, size(d, kind=int64), c_loc(d)))
    call c%report(stat, errmsg)
  end subroutine

  ! Its factors, if the atoms are of rank one: u(channel, atom), v(axes, atom). Local.
  recursive subroutine get_dictionary_rank1_3_r32(self, u, v, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real32), intent(inout), contiguous, target :: u(:, :), v(:, :)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    call c%ready(self%handle, self%g, DICOD_F32, 'encoder', .false.)
    call c%same_factors(shape(u, int64), shape(v, int64), self%g)
    if (c%status >= 0) call c%finish(dicod_encoder_get_dictionary_rank1_f32(self%handle, size(u, kind=int64), c_loc(u), &
      size(v, kind=int64), c_loc(v)))
    call c%report(stat, errmsg)
  end subroutine

  ! d(l..., channel, atom) on a domain of signal_shape; n_signals signals. Collective, as everything here is unless it says
  ! otherwise.
  recursive subroutine create_4_r32(self, d, signal_shape, n_signals, context, options, &
      reg, reg_per_atom, reg_scale, ridge, tol, tol_scale, gap_tol, max_iter, time_limit, strategy, schedule, &
      soft_lock, steps_per_visit, tile_shape, positive, periodic, missing, background, background_length, &
      warm_start, frozen_support, seed, correlation, progress_interval, trace, learn_init, learn_max_iter, &
      learn_tol, learn_reg_reference, learn_dict_tol, learn_dict_max_iter, learn_window, learn_zero_mean, &
      learn_rank_one, learn_fixed_atoms, learn_recentre, learn_redraw, learn_redraw_below, learn_online, &
      learn_batch, learn_forgetting, learn_statistics, &
      stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real32), intent(in), contiguous, target :: d(:, :, :, :)
    class(*), intent(in) :: signal_shape(..)
    class(*), intent(in), optional :: n_signals
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, ridge, tol, gap_tol, time_limit, progress_interval, learn_tol, &
        learn_dict_tol, learn_redraw_below, learn_forgetting
    class(*), intent(in), optional :: reg_per_atom(..)
    class(*), intent(in), optional :: max_iter, steps_per_visit, seed, learn_max_iter, learn_dict_max_iter, &
        learn_batch
    class(*), intent(in), optional :: tile_shape(..), background_length(..)
    logical, intent(in), optional :: positive, warm_start, frozen_support, trace, learn_window, learn_zero_mean, &
        learn_rank_one, learn_recentre, learn_redraw, learn_online
    class(*), intent(in), optional :: periodic(..), learn_fixed_atoms(..)
    character(*), intent(in), optional :: reg_scale, tol_scale, strategy, schedule, soft_lock, missing, background, &
        correlation, learn_init, learn_reg_reference, learn_statistics
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    type(c_ptr) :: handle
    handle = c_null_ptr
    call c%choose_context(context)
    call c%choose_options(options, &
      reg=reg, reg_per_atom=reg_per_atom, reg_scale=reg_scale, ridge=ridge, tol=tol, tol_scale=tol_scale, &
      gap_tol=gap_tol, max_iter=max_iter, time_limit=time_limit, strategy=strategy, schedule=schedule, &
      soft_lock=soft_lock, steps_per_visit=steps_per_visit, tile_shape=tile_shape, positive=positive, &
      periodic=periodic, missing=missing, background=background, background_length=background_length, &
      warm_start=warm_start, frozen_support=frozen_support, seed=seed, correlation=correlation, &
      progress_interval=progress_interval, trace=trace, learn_init=learn_init, learn_max_iter=learn_max_iter, &
      learn_tol=learn_tol, learn_reg_reference=learn_reg_reference, learn_dict_tol=learn_dict_tol, &
      learn_dict_max_iter=learn_dict_max_iter, learn_window=learn_window, learn_zero_mean=learn_zero_mean, &
      learn_rank_one=learn_rank_one, learn_fixed_atoms=learn_fixed_atoms, learn_recentre=learn_recentre, &
      learn_redraw=learn_redraw, learn_redraw_below=learn_redraw_below, learn_online=learn_online, &
      learn_batch=learn_batch, learn_forgetting=learn_forgetting, learn_statistics=learn_statistics)
    call c%domain(shape(d, int64), signal_shape, n_signals, DICOD_F32)
    if (c%proceed()) call c%finish(dicod_encoder_create_f32(c%context, c%options, c%problem(), c_loc(d), handle))
    if (c%status >= 0) call encoder_adopt(self, handle, c%g, context)
    call c%report(stat, errmsg)
  end subroutine

  ! Atoms of rank one: u(channel, atom) times v(l..., atom).
  recursive subroutine create_rank1_4_r32(self, u, v, signal_shape, n_signals, context, options, &
      reg, reg_per_atom, reg_scale, ridge, tol, tol_scale, gap_tol, max_iter, time_limit, strategy, schedule, &
      soft_lock, steps_per_visit, tile_shape, positive, periodic, missing, background, background_length, &
      warm_start, frozen_support, seed, correlation, progress_interval, trace, learn_init, learn_max_iter, &
      learn_tol, learn_reg_reference, learn_dict_tol, learn_dict_max_iter, learn_window, learn_zero_mean, &
      learn_rank_one, learn_fixed_atoms, learn_recentre, learn_redraw, learn_redraw_below, learn_online, &
      learn_batch, learn_forgetting, learn_statistics, &
      stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real32), intent(in), contiguous, target :: u(:, :), v(:, :, :)
    class(*), intent(in) :: signal_shape(..)
    class(*), intent(in), optional :: n_signals
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, ridge, tol, gap_tol, time_limit, progress_interval, learn_tol, &
        learn_dict_tol, learn_redraw_below, learn_forgetting
    class(*), intent(in), optional :: reg_per_atom(..)
    class(*), intent(in), optional :: max_iter, steps_per_visit, seed, learn_max_iter, learn_dict_max_iter, &
        learn_batch
    class(*), intent(in), optional :: tile_shape(..), background_length(..)
    logical, intent(in), optional :: positive, warm_start, frozen_support, trace, learn_window, learn_zero_mean, &
        learn_rank_one, learn_recentre, learn_redraw, learn_online
    class(*), intent(in), optional :: periodic(..), learn_fixed_atoms(..)
    character(*), intent(in), optional :: reg_scale, tol_scale, strategy, schedule, soft_lock, missing, background, &
        correlation, learn_init, learn_reg_reference, learn_statistics
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    type(c_ptr) :: handle
    handle = c_null_ptr
    call c%choose_context(context)
    call c%choose_options(options, &
      reg=reg, reg_per_atom=reg_per_atom, reg_scale=reg_scale, ridge=ridge, tol=tol, tol_scale=tol_scale, &
      gap_tol=gap_tol, max_iter=max_iter, time_limit=time_limit, strategy=strategy, schedule=schedule, &
      soft_lock=soft_lock, steps_per_visit=steps_per_visit, tile_shape=tile_shape, positive=positive, &
      periodic=periodic, missing=missing, background=background, background_length=background_length, &
      warm_start=warm_start, frozen_support=frozen_support, seed=seed, correlation=correlation, &
      progress_interval=progress_interval, trace=trace, learn_init=learn_init, learn_max_iter=learn_max_iter, &
      learn_tol=learn_tol, learn_reg_reference=learn_reg_reference, learn_dict_tol=learn_dict_tol, &
      learn_dict_max_iter=learn_dict_max_iter, learn_window=learn_window, learn_zero_mean=learn_zero_mean, &
      learn_rank_one=learn_rank_one, learn_fixed_atoms=learn_fixed_atoms, learn_recentre=learn_recentre, &
      learn_redraw=learn_redraw, learn_redraw_below=learn_redraw_below, learn_online=learn_online, &
      learn_batch=learn_batch, learn_forgetting=learn_forgetting, learn_statistics=learn_statistics)
    if (c%status >= 0 .and. size(u, 2) /= size(v, rank(v))) then
      c%status = DICOD_ERROR_INVALID_SHAPE
      c%text = 'u has the shape '//text_of(shape(u, int64))//', v has '//text_of(shape(v, int64))// &
        ': they are (channel, atom) and (axes, atom)'
    end if
    call c%domain(shape_of_atoms(shape(u, int64), shape(v, int64)), signal_shape, n_signals, DICOD_F32)
    if (c%proceed()) call c%finish(dicod_encoder_create_rank1_f32(c%context, c%options, c%problem(), c_loc(u), c_loc(v), handle))
    if (c%status >= 0) call encoder_adopt(self, handle, c%g, context)
    call c%report(stat, errmsg)
  end subroutine

  ! Of d shape and kind count. The block of x on this rank begins at offset and has the shape local_shape; without them it is all.
  ! Collective over several ranks.
  recursive subroutine encoder_memory_4_r32(d, signal_shape, bytes, bytes_gram, n_signals, offset, local_shape, context, options, &
      reg, reg_per_atom, reg_scale, ridge, tol, tol_scale, gap_tol, max_iter, time_limit, strategy, schedule, &
      soft_lock, steps_per_visit, tile_shape, positive, periodic, missing, background, background_length, &
      warm_start, frozen_support, seed, correlation, progress_interval, trace, learn_init, learn_max_iter, &
      learn_tol, learn_reg_reference, learn_dict_tol, learn_dict_max_iter, learn_window, learn_zero_mean, &
      learn_rank_one, learn_fixed_atoms, learn_recentre, learn_redraw, learn_redraw_below, learn_online, &
      learn_batch, learn_forgetting, learn_statistics, &
      stat, errmsg)
    real(real32), intent(in), target :: d(:, :, :, :)
    class(*), intent(in) :: signal_shape(..)
    integer(int64), intent(inout) :: bytes
    integer(int64), intent(inout), optional :: bytes_gram
    class(*), intent(in), optional :: n_signals, offset(..), local_shape(..)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, ridge, tol, gap_tol, time_limit, progress_interval, learn_tol, &
        learn_dict_tol, learn_redraw_below, learn_forgetting
    class(*), intent(in), optional :: reg_per_atom(..)
    class(*), intent(in), optional :: max_iter, steps_per_visit, seed, learn_max_iter, learn_dict_max_iter, &
        learn_batch
    class(*), intent(in), optional :: tile_shape(..), background_length(..)
    logical, intent(in), optional :: positive, warm_start, frozen_support, trace, learn_window, learn_zero_mean, &
        learn_rank_one, learn_recentre, learn_redraw, learn_online
    class(*), intent(in), optional :: periodic(..), learn_fixed_atoms(..)
    character(*), intent(in), optional :: reg_scale, tol_scale, strategy, schedule, soft_lock, missing, background, &
        correlation, learn_init, learn_reg_reference, learn_statistics
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    integer(int64), target :: first(3), local(3), found(2)
    type(c_ptr) :: at_first, at_local
    integer :: n
    at_first = c_null_ptr
    at_local = c_null_ptr
    call c%choose_context(context)
    call c%choose_options(options, &
      reg=reg, reg_per_atom=reg_per_atom, reg_scale=reg_scale, ridge=ridge, tol=tol, tol_scale=tol_scale, &
      gap_tol=gap_tol, max_iter=max_iter, time_limit=time_limit, strategy=strategy, schedule=schedule, &
      soft_lock=soft_lock, steps_per_visit=steps_per_visit, tile_shape=tile_shape, positive=positive, &
      periodic=periodic, missing=missing, background=background, background_length=background_length, &
      warm_start=warm_start, frozen_support=frozen_support, seed=seed, correlation=correlation, &
      progress_interval=progress_interval, trace=trace, learn_init=learn_init, learn_max_iter=learn_max_iter, &
      learn_tol=learn_tol, learn_reg_reference=learn_reg_reference, learn_dict_tol=learn_dict_tol, &
      learn_dict_max_iter=learn_dict_max_iter, learn_window=learn_window, learn_zero_mean=learn_zero_mean, &
      learn_rank_one=learn_rank_one, learn_fixed_atoms=learn_fixed_atoms, learn_recentre=learn_recentre, &
      learn_redraw=learn_redraw, learn_redraw_below=learn_redraw_below, learn_online=learn_online, &
      learn_batch=learn_batch, learn_forgetting=learn_forgetting, learn_statistics=learn_statistics)
    call c%domain(shape(d, int64), signal_shape, n_signals, DICOD_F32)
    n = int(c%g%n_axes)
    if (c%status >= 0 .and. present(offset)) call take(wholes(offset), first, at_first)
    if (c%status >= 0 .and. present(local_shape)) call take(wholes(local_shape), local, at_local)
    if (c%proceed()) call c%finish(dicod_encoder_memory(c%context, c%options, c%problem(), DICOD_F32, at_first, at_local, &
      c_loc(found(1)), c_loc(found(2))))
    if (c%status >= 0) bytes = found(1)
    if (c%status >= 0 .and. present(bytes_gram)) bytes_gram = found(2)
    call c%report(stat, errmsg)
  contains
    subroutine take(list, to, at)
      integer(int64), intent(in) :: list(:)
      integer(int64), intent(inout), target :: to(3)
      type(c_ptr), intent(inout) :: at
      if (size(list) /= n) then
        c%status = DICOD_ERROR_INVALID_SHAPE
        c%text = 'offset and local_shape need one value per axis'
        return
      end if
      to(:n) = reverse(list)
      at = c_loc(to)
    end subroutine
  end subroutine

  ! Another dictionary of the same shape; the activations are kept.
  recursive subroutine set_dictionary_4_r32(self, d, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real32), intent(in), contiguous, target :: d(:, :, :, :)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    call c%ready(self%handle, self%g, DICOD_F32, 'encoder', self%collective)
    call c%same_d(shape(d, int64), self%g)
    if (c%proceed()) call c%finish(dicod_encoder_set_dictionary_f32(self%handle, c%pointer(c_loc(d))))
    call c%report(stat, errmsg)
  end subroutine

  ! The same for factors: atoms of rank one.
  recursive subroutine set_dictionary_rank1_4_r32(self, u, v, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real32), intent(in), contiguous, target :: u(:, :), v(:, :, :)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    call c%ready(self%handle, self%g, DICOD_F32, 'encoder', self%collective)
    call c%same_factors(shape(u, int64), shape(v, int64), self%g)
    if (c%proceed()) call c%finish(dicod_encoder_set_dictionary_rank1_f32(self%handle, c%pointer(c_loc(u)), c_loc(v)))
    call c%report(stat, errmsg)
  end subroutine

  ! The dictionary as it is, bit for bit; atoms of rank one multiplied out. Local.
  recursive subroutine get_dictionary_4_r32(self, d, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real32), intent(inout), contiguous, target :: d(:, :, :, :)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    call c%ready(self%handle, self%g, DICOD_F32, 'encoder', .false.)
    call c%same_d(shape(d, int64), self%g)
    if (c%status >= 0) call c%finish(dicod_encoder_get_dictionary_f32(self%handle, size(d, kind=int64), c_loc(d)))
    call c%report(stat, errmsg)
  end subroutine

  ! Its factors, if the atoms are of rank one: u(channel, atom), v(axes, atom). Local.
  recursive subroutine get_dictionary_rank1_4_r32(self, u, v, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real32), intent(inout), contiguous, target :: u(:, :), v(:, :, :)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    call c%ready(self%handle, self%g, DICOD_F32, 'encoder', .false.)
    call c%same_factors(shape(u, int64), shape(v, int64), self%g)
    if (c%status >= 0) call c%finish(dicod_encoder_get_dictionary_rank1_f32(self%handle, size(u, kind=int64), c_loc(u), &
      size(v, kind=int64), c_loc(v)))
    call c%report(stat, errmsg)
  end subroutine

  ! d(l..., channel, atom) on a domain of signal_shape; n_signals signals. Collective, as everything here is unless it says
  ! otherwise.
  recursive subroutine create_5_r32(self, d, signal_shape, n_signals, context, options, &
      reg, reg_per_atom, reg_scale, ridge, tol, tol_scale, gap_tol, max_iter, time_limit, strategy, schedule, &
      soft_lock, steps_per_visit, tile_shape, positive, periodic, missing, background, background_length, &
      warm_start, frozen_support, seed, correlation, progress_interval, trace, learn_init, learn_max_iter, &
      learn_tol, learn_reg_reference, learn_dict_tol, learn_dict_max_iter, learn_window, learn_zero_mean, &
      learn_rank_one, learn_fixed_atoms, learn_recentre, learn_redraw, learn_redraw_below, learn_online, &
      learn_batch, learn_forgetting, learn_statistics, &
      stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real32), intent(in), contiguous, target :: d(:, :, :, :, :)
    class(*), intent(in) :: signal_shape(..)
    class(*), intent(in), optional :: n_signals
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, ridge, tol, gap_tol, time_limit, progress_interval, learn_tol, &
        learn_dict_tol, learn_redraw_below, learn_forgetting
    class(*), intent(in), optional :: reg_per_atom(..)
    class(*), intent(in), optional :: max_iter, steps_per_visit, seed, learn_max_iter, learn_dict_max_iter, &
        learn_batch
    class(*), intent(in), optional :: tile_shape(..), background_length(..)
    logical, intent(in), optional :: positive, warm_start, frozen_support, trace, learn_window, learn_zero_mean, &
        learn_rank_one, learn_recentre, learn_redraw, learn_online
    class(*), intent(in), optional :: periodic(..), learn_fixed_atoms(..)
    character(*), intent(in), optional :: reg_scale, tol_scale, strategy, schedule, soft_lock, missing, background, &
        correlation, learn_init, learn_reg_reference, learn_statistics
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    type(c_ptr) :: handle
    handle = c_null_ptr
    call c%choose_context(context)
    call c%choose_options(options, &
      reg=reg, reg_per_atom=reg_per_atom, reg_scale=reg_scale, ridge=ridge, tol=tol, tol_scale=tol_scale, &
      gap_tol=gap_tol, max_iter=max_iter, time_limit=time_limit, strategy=strategy, schedule=schedule, &
      soft_lock=soft_lock, steps_per_visit=steps_per_visit, tile_shape=tile_shape, positive=positive, &
      periodic=periodic, missing=missing, background=background, background_length=background_length, &
      warm_start=warm_start, frozen_support=frozen_support, seed=seed, correlation=correlation, &
      progress_interval=progress_interval, trace=trace, learn_init=learn_init, learn_max_iter=learn_max_iter, &
      learn_tol=learn_tol, learn_reg_reference=learn_reg_reference, learn_dict_tol=learn_dict_tol, &
      learn_dict_max_iter=learn_dict_max_iter, learn_window=learn_window, learn_zero_mean=learn_zero_mean, &
      learn_rank_one=learn_rank_one, learn_fixed_atoms=learn_fixed_atoms, learn_recentre=learn_recentre, &
      learn_redraw=learn_redraw, learn_redraw_below=learn_redraw_below, learn_online=learn_online, &
      learn_batch=learn_batch, learn_forgetting=learn_forgetting, learn_statistics=learn_statistics)
    call c%domain(shape(d, int64), signal_shape, n_signals, DICOD_F32)
    if (c%proceed()) call c%finish(dicod_encoder_create_f32(c%context, c%options, c%problem(), c_loc(d), handle))
    if (c%status >= 0) call encoder_adopt(self, handle, c%g, context)
    call c%report(stat, errmsg)
  end subroutine

  ! Atoms of rank one: u(channel, atom) times v(l..., atom).
  recursive subroutine create_rank1_5_r32(self, u, v, signal_shape, n_signals, context, options, &
      reg, reg_per_atom, reg_scale, ridge, tol, tol_scale, gap_tol, max_iter, time_limit, strategy, schedule, &
      soft_lock, steps_per_visit, tile_shape, positive, periodic, missing, background, background_length, &
      warm_start, frozen_support, seed, correlation, progress_interval, trace, learn_init, learn_max_iter, &
      learn_tol, learn_reg_reference, learn_dict_tol, learn_dict_max_iter, learn_window, learn_zero_mean, &
      learn_rank_one, learn_fixed_atoms, learn_recentre, learn_redraw, learn_redraw_below, learn_online, &
      learn_batch, learn_forgetting, learn_statistics, &
      stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real32), intent(in), contiguous, target :: u(:, :), v(:, :, :, :)
    class(*), intent(in) :: signal_shape(..)
    class(*), intent(in), optional :: n_signals
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, ridge, tol, gap_tol, time_limit, progress_interval, learn_tol, &
        learn_dict_tol, learn_redraw_below, learn_forgetting
    class(*), intent(in), optional :: reg_per_atom(..)
    class(*), intent(in), optional :: max_iter, steps_per_visit, seed, learn_max_iter, learn_dict_max_iter, &
        learn_batch
    class(*), intent(in), optional :: tile_shape(..), background_length(..)
    logical, intent(in), optional :: positive, warm_start, frozen_support, trace, learn_window, learn_zero_mean, &
        learn_rank_one, learn_recentre, learn_redraw, learn_online
    class(*), intent(in), optional :: periodic(..), learn_fixed_atoms(..)
    character(*), intent(in), optional :: reg_scale, tol_scale, strategy, schedule, soft_lock, missing, background, &
        correlation, learn_init, learn_reg_reference, learn_statistics
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    type(c_ptr) :: handle
    handle = c_null_ptr
    call c%choose_context(context)
    call c%choose_options(options, &
      reg=reg, reg_per_atom=reg_per_atom, reg_scale=reg_scale, ridge=ridge, tol=tol, tol_scale=tol_scale, &
      gap_tol=gap_tol, max_iter=max_iter, time_limit=time_limit, strategy=strategy, schedule=schedule, &
      soft_lock=soft_lock, steps_per_visit=steps_per_visit, tile_shape=tile_shape, positive=positive, &
      periodic=periodic, missing=missing, background=background, background_length=background_length, &
      warm_start=warm_start, frozen_support=frozen_support, seed=seed, correlation=correlation, &
      progress_interval=progress_interval, trace=trace, learn_init=learn_init, learn_max_iter=learn_max_iter, &
      learn_tol=learn_tol, learn_reg_reference=learn_reg_reference, learn_dict_tol=learn_dict_tol, &
      learn_dict_max_iter=learn_dict_max_iter, learn_window=learn_window, learn_zero_mean=learn_zero_mean, &
      learn_rank_one=learn_rank_one, learn_fixed_atoms=learn_fixed_atoms, learn_recentre=learn_recentre, &
      learn_redraw=learn_redraw, learn_redraw_below=learn_redraw_below, learn_online=learn_online, &
      learn_batch=learn_batch, learn_forgetting=learn_forgetting, learn_statistics=learn_statistics)
    if (c%status >= 0 .and. size(u, 2) /= size(v, rank(v))) then
      c%status = DICOD_ERROR_INVALID_SHAPE
      c%text = 'u has the shape '//text_of(shape(u, int64))//', v has '//text_of(shape(v, int64))// &
        ': they are (channel, atom) and (axes, atom)'
    end if
    call c%domain(shape_of_atoms(shape(u, int64), shape(v, int64)), signal_shape, n_signals, DICOD_F32)
    if (c%proceed()) call c%finish(dicod_encoder_create_rank1_f32(c%context, c%options, c%problem(), c_loc(u), c_loc(v), handle))
    if (c%status >= 0) call encoder_adopt(self, handle, c%g, context)
    call c%report(stat, errmsg)
  end subroutine

  ! Of d shape and kind count. The block of x on this rank begins at offset and has the shape local_shape; without them it is all.
  ! Collective over several ranks.
  recursive subroutine encoder_memory_5_r32(d, signal_shape, bytes, bytes_gram, n_signals, offset, local_shape, context, options, &
      reg, reg_per_atom, reg_scale, ridge, tol, tol_scale, gap_tol, max_iter, time_limit, strategy, schedule, &
      soft_lock, steps_per_visit, tile_shape, positive, periodic, missing, background, background_length, &
      warm_start, frozen_support, seed, correlation, progress_interval, trace, learn_init, learn_max_iter, &
      learn_tol, learn_reg_reference, learn_dict_tol, learn_dict_max_iter, learn_window, learn_zero_mean, &
      learn_rank_one, learn_fixed_atoms, learn_recentre, learn_redraw, learn_redraw_below, learn_online, &
      learn_batch, learn_forgetting, learn_statistics, &
      stat, errmsg)
    real(real32), intent(in), target :: d(:, :, :, :, :)
    class(*), intent(in) :: signal_shape(..)
    integer(int64), intent(inout) :: bytes
    integer(int64), intent(inout), optional :: bytes_gram
    class(*), intent(in), optional :: n_signals, offset(..), local_shape(..)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, ridge, tol, gap_tol, time_limit, progress_interval, learn_tol, &
        learn_dict_tol, learn_redraw_below, learn_forgetting
    class(*), intent(in), optional :: reg_per_atom(..)
    class(*), intent(in), optional :: max_iter, steps_per_visit, seed, learn_max_iter, learn_dict_max_iter, &
        learn_batch
    class(*), intent(in), optional :: tile_shape(..), background_length(..)
    logical, intent(in), optional :: positive, warm_start, frozen_support, trace, learn_window, learn_zero_mean, &
        learn_rank_one, learn_recentre, learn_redraw, learn_online
    class(*), intent(in), optional :: periodic(..), learn_fixed_atoms(..)
    character(*), intent(in), optional :: reg_scale, tol_scale, strategy, schedule, soft_lock, missing, background, &
        correlation, learn_init, learn_reg_reference, learn_statistics
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    integer(int64), target :: first(3), local(3), found(2)
    type(c_ptr) :: at_first, at_local
    integer :: n
    at_first = c_null_ptr
    at_local = c_null_ptr
    call c%choose_context(context)
    call c%choose_options(options, &
      reg=reg, reg_per_atom=reg_per_atom, reg_scale=reg_scale, ridge=ridge, tol=tol, tol_scale=tol_scale, &
      gap_tol=gap_tol, max_iter=max_iter, time_limit=time_limit, strategy=strategy, schedule=schedule, &
      soft_lock=soft_lock, steps_per_visit=steps_per_visit, tile_shape=tile_shape, positive=positive, &
      periodic=periodic, missing=missing, background=background, background_length=background_length, &
      warm_start=warm_start, frozen_support=frozen_support, seed=seed, correlation=correlation, &
      progress_interval=progress_interval, trace=trace, learn_init=learn_init, learn_max_iter=learn_max_iter, &
      learn_tol=learn_tol, learn_reg_reference=learn_reg_reference, learn_dict_tol=learn_dict_tol, &
      learn_dict_max_iter=learn_dict_max_iter, learn_window=learn_window, learn_zero_mean=learn_zero_mean, &
      learn_rank_one=learn_rank_one, learn_fixed_atoms=learn_fixed_atoms, learn_recentre=learn_recentre, &
      learn_redraw=learn_redraw, learn_redraw_below=learn_redraw_below, learn_online=learn_online, &
      learn_batch=learn_batch, learn_forgetting=learn_forgetting, learn_statistics=learn_statistics)
    call c%domain(shape(d, int64), signal_shape, n_signals, DICOD_F32)
    n = int(c%g%n_axes)
    if (c%status >= 0 .and. present(offset)) call take(wholes(offset), first, at_first)
    if (c%status >= 0 .and. present(local_shape)) call take(wholes(local_shape), local, at_local)
    if (c%proceed()) call c%finish(dicod_encoder_memory(c%context, c%options, c%problem(), DICOD_F32, at_first, at_local, &
      c_loc(found(1)), c_loc(found(2))))
    if (c%status >= 0) bytes = found(1)
    if (c%status >= 0 .and. present(bytes_gram)) bytes_gram = found(2)
    call c%report(stat, errmsg)
  contains
    subroutine take(list, to, at)
      integer(int64), intent(in) :: list(:)
      integer(int64), intent(inout), target :: to(3)
      type(c_ptr), intent(inout) :: at
      if (size(list) /= n) then
        c%status = DICOD_ERROR_INVALID_SHAPE
        c%text = 'offset and local_shape need one value per axis'
        return
      end if
      to(:n) = reverse(list)
      at = c_loc(to)
    end subroutine
  end subroutine

  ! Another dictionary of the same shape; the activations are kept.
  recursive subroutine set_dictionary_5_r32(self, d, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real32), intent(in), contiguous, target :: d(:, :, :, :, :)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    call c%ready(self%handle, self%g, DICOD_F32, 'encoder', self%collective)
    call c%same_d(shape(d, int64), self%g)
    if (c%proceed()) call c%finish(dicod_encoder_set_dictionary_f32(self%handle, c%pointer(c_loc(d))))
    call c%report(stat, errmsg)
  end subroutine

  ! The same for factors: atoms of rank one.
  recursive subroutine set_dictionary_rank1_5_r32(self, u, v, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real32), intent(in), contiguous, target :: u(:, :), v(:, :, :, :)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    call c%ready(self%handle, self%g, DICOD_F32, 'encoder', self%collective)
    call c%same_factors(shape(u, int64), shape(v, int64), self%g)
    if (c%proceed()) call c%finish(dicod_encoder_set_dictionary_rank1_f32(self%handle, c%pointer(c_loc(u)), c_loc(v)))
    call c%report(stat, errmsg)
  end subroutine

  ! The dictionary as it is, bit for bit; atoms of rank one multiplied out. Local.
  recursive subroutine get_dictionary_5_r32(self, d, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real32), intent(inout), contiguous, target :: d(:, :, :, :, :)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    call c%ready(self%handle, self%g, DICOD_F32, 'encoder', .false.)
    call c%same_d(shape(d, int64), self%g)
    if (c%status >= 0) call c%finish(dicod_encoder_get_dictionary_f32(self%handle, size(d, kind=int64), c_loc(d)))
    call c%report(stat, errmsg)
  end subroutine

  ! Its factors, if the atoms are of rank one: u(channel, atom), v(axes, atom). Local.
  recursive subroutine get_dictionary_rank1_5_r32(self, u, v, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real32), intent(inout), contiguous, target :: u(:, :), v(:, :, :, :)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    call c%ready(self%handle, self%g, DICOD_F32, 'encoder', .false.)
    call c%same_factors(shape(u, int64), shape(v, int64), self%g)
    if (c%status >= 0) call c%finish(dicod_encoder_get_dictionary_rank1_f32(self%handle, size(u, kind=int64), c_loc(u), &
      size(v, kind=int64), c_loc(v)))
    call c%report(stat, errmsg)
  end subroutine

  ! x is this rank's block, offset where it begins in the domain. Ghost layers: pass a section.
  recursive subroutine solve_1_r64(self, x, info, offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real64), intent(in), target :: x(:)
    type(dicod_info), intent(inout), optional :: info
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F64, 'encoder', self%collective)
    call c%lay_out('x', view_r64(x), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_solve(self%handle, a%input(), info))
    call c%report(stat, errmsg)
  end subroutine

  ! One solve for each of reg, from the z of the last one; each is told of every point.
  recursive subroutine path_1_r64(self, x, reg, info, offset, each, user, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real64), intent(in), target :: x(:)
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
    call c%ready(self%handle, self%g, DICOD_F64, 'encoder', self%collective)
    call c%lay_out('x', view_r64(x), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_path(self%handle, a%input(), size(reg, kind=int64), c_loc(values), trampoline, &
      c_loc(box), info))
    call c%report(stat, errmsg)
  end subroutine

  ! What the activations stand for, on any block.
  recursive subroutine reconstruct_1_r64(self, x, offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real64), intent(inout), target :: x(:)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F64, 'encoder', self%collective)
    call c%lay_out('x', view_r64(x), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_reconstruct(self%handle, a%array))
    call c%report(stat, errmsg)
  end subroutine

  ! What was taken from the signals of the last solve, on any block.
  recursive subroutine get_background_1_r64(self, background, offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real64), intent(inout), target :: background(:)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F64, 'encoder', self%collective)
    call c%lay_out('background', view_r64(background), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_get_background(self%handle, a%array))
    call c%report(stat, errmsg)
  end subroutine

  ! What they leave of x, this rank's block: on any block, which begins at residual_offset.
  recursive subroutine residual_1_r64(self, x, residual, offset, residual_offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real64), intent(in), target :: x(:)
    real(real64), intent(inout), target :: residual(:)
    class(*), intent(in), optional :: offset(..), residual_offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a, b
    call c%ready(self%handle, self%g, DICOD_F64, 'encoder', self%collective)
    call c%lay_out('x', view_r64(x), self%g%n_channels, self%g%signal, offset, a)
    call c%lay_out('residual', view_r64(residual), self%g%n_channels, self%g%signal, residual_offset, b)
    if (c%proceed()) call c%finish(dicod_encoder_residual(self%handle, a%input(), b%array))
    call c%report(stat, errmsg)
  end subroutine

  ! F(z) of all of x, of which this is a rank's block, and its data term.
  recursive subroutine objective_1_r64(self, x, objective, data_term, offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real64), intent(in), target :: x(:)
    real(real64), intent(inout) :: objective
    real(real64), intent(inout), optional :: data_term
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    real(real64), target :: found(2)
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F64, 'encoder', self%collective)
    call c%lay_out('x', view_r64(x), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_objective(self%handle, a%input(), c_loc(found(1)), c_loc(found(2))))
    if (c%status >= 0) objective = found(1)
    if (c%status >= 0 .and. present(data_term)) data_term = found(2)
    call c%report(stat, errmsg)
  end subroutine

  ! Weights of the samples from the next solve on, this rank's block as x: at least 0; 0 where a sample is missing, and x may be NaN.
  recursive subroutine set_weights_1_r64(self, weights, offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real64), intent(in), target :: weights(:)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F64, 'encoder', self%collective)
    call c%lay_out('weights', view_r64(weights), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_set_weights(self%handle, a%input()))
    call c%report(stat, errmsg)
  end subroutine

  ! x is this rank's block, offset where it begins in the domain. Ghost layers: pass a section.
  recursive subroutine solve_2_r64(self, x, info, offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real64), intent(in), target :: x(:, :)
    type(dicod_info), intent(inout), optional :: info
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F64, 'encoder', self%collective)
    call c%lay_out('x', view_r64(x), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_solve(self%handle, a%input(), info))
    call c%report(stat, errmsg)
  end subroutine

  ! One solve for each of reg, from the z of the last one; each is told of every point.
  recursive subroutine path_2_r64(self, x, reg, info, offset, each, user, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real64), intent(in), target :: x(:, :)
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
    call c%ready(self%handle, self%g, DICOD_F64, 'encoder', self%collective)
    call c%lay_out('x', view_r64(x), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_path(self%handle, a%input(), size(reg, kind=int64), c_loc(values), trampoline, &
      c_loc(box), info))
    call c%report(stat, errmsg)
  end subroutine

  ! What the activations stand for, on any block.
  recursive subroutine reconstruct_2_r64(self, x, offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real64), intent(inout), target :: x(:, :)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F64, 'encoder', self%collective)
    call c%lay_out('x', view_r64(x), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_reconstruct(self%handle, a%array))
    call c%report(stat, errmsg)
  end subroutine

  ! What was taken from the signals of the last solve, on any block.
  recursive subroutine get_background_2_r64(self, background, offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real64), intent(inout), target :: background(:, :)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F64, 'encoder', self%collective)
    call c%lay_out('background', view_r64(background), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_get_background(self%handle, a%array))
    call c%report(stat, errmsg)
  end subroutine

  ! What they leave of x, this rank's block: on any block, which begins at residual_offset.
  recursive subroutine residual_2_r64(self, x, residual, offset, residual_offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real64), intent(in), target :: x(:, :)
    real(real64), intent(inout), target :: residual(:, :)
    class(*), intent(in), optional :: offset(..), residual_offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a, b
    call c%ready(self%handle, self%g, DICOD_F64, 'encoder', self%collective)
    call c%lay_out('x', view_r64(x), self%g%n_channels, self%g%signal, offset, a)
    call c%lay_out('residual', view_r64(residual), self%g%n_channels, self%g%signal, residual_offset, b)
    if (c%proceed()) call c%finish(dicod_encoder_residual(self%handle, a%input(), b%array))
    call c%report(stat, errmsg)
  end subroutine

  ! F(z) of all of x, of which this is a rank's block, and its data term.
  recursive subroutine objective_2_r64(self, x, objective, data_term, offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real64), intent(in), target :: x(:, :)
    real(real64), intent(inout) :: objective
    real(real64), intent(inout), optional :: data_term
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    real(real64), target :: found(2)
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F64, 'encoder', self%collective)
    call c%lay_out('x', view_r64(x), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_objective(self%handle, a%input(), c_loc(found(1)), c_loc(found(2))))
    if (c%status >= 0) objective = found(1)
    if (c%status >= 0 .and. present(data_term)) data_term = found(2)
    call c%report(stat, errmsg)
  end subroutine

  ! Weights of the samples from the next solve on, this rank's block as x: at least 0; 0 where a sample is missing, and x may be NaN.
  recursive subroutine set_weights_2_r64(self, weights, offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real64), intent(in), target :: weights(:, :)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F64, 'encoder', self%collective)
    call c%lay_out('weights', view_r64(weights), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_set_weights(self%handle, a%input()))
    call c%report(stat, errmsg)
  end subroutine

  ! x is this rank's block, offset where it begins in the domain. Ghost layers: pass a section.
  recursive subroutine solve_3_r64(self, x, info, offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real64), intent(in), target :: x(:, :, :)
    type(dicod_info), intent(inout), optional :: info
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F64, 'encoder', self%collective)
    call c%lay_out('x', view_r64(x), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_solve(self%handle, a%input(), info))
    call c%report(stat, errmsg)
  end subroutine

  ! One solve for each of reg, from the z of the last one; each is told of every point.
  recursive subroutine path_3_r64(self, x, reg, info, offset, each, user, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real64), intent(in), target :: x(:, :, :)
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
    call c%ready(self%handle, self%g, DICOD_F64, 'encoder', self%collective)
    call c%lay_out('x', view_r64(x), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_path(self%handle, a%input(), size(reg, kind=int64), c_loc(values), trampoline, &
      c_loc(box), info))
    call c%report(stat, errmsg)
  end subroutine

  ! What the activations stand for, on any block.
  recursive subroutine reconstruct_3_r64(self, x, offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real64), intent(inout), target :: x(:, :, :)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F64, 'encoder', self%collective)
    call c%lay_out('x', view_r64(x), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_reconstruct(self%handle, a%array))
    call c%report(stat, errmsg)
  end subroutine

  ! What was taken from the signals of the last solve, on any block.
  recursive subroutine get_background_3_r64(self, background, offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real64), intent(inout), target :: background(:, :, :)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F64, 'encoder', self%collective)
    call c%lay_out('background', view_r64(background), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_get_background(self%handle, a%array))
    call c%report(stat, errmsg)
  end subroutine

  ! What they leave of x, this rank's block: on any block, which begins at residual_offset.
  recursive subroutine residual_3_r64(self, x, residual, offset, residual_offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real64), intent(in), target :: x(:, :, :)
    real(real64), intent(inout), target :: residual(:, :, :)
    class(*), intent(in), optional :: offset(..), residual_offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a, b
    call c%ready(self%handle, self%g, DICOD_F64, 'encoder', self%collective)
    call c%lay_out('x', view_r64(x), self%g%n_channels, self%g%signal, offset, a)
    call c%lay_out('residual', view_r64(residual), self%g%n_channels, self%g%signal, residual_offset, b)
    if (c%proceed()) call c%finish(dicod_encoder_residual(self%handle, a%input(), b%array))
    call c%report(stat, errmsg)
  end subroutine

  ! F(z) of all of x, of which this is a rank's block, and its data term.
  recursive subroutine objective_3_r64(self, x, objective, data_term, offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real64), intent(in), target :: x(:, :, :)
    real(real64), intent(inout) :: objective
    real(real64), intent(inout), optional :: data_term
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    real(real64), target :: found(2)
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F64, 'encoder', self%collective)
    call c%lay_out('x', view_r64(x), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_objective(self%handle, a%input(), c_loc(found(1)), c_loc(found(2))))
    if (c%status >= 0) objective = found(1)
    if (c%status >= 0 .and. present(data_term)) data_term = found(2)
    call c%report(stat, errmsg)
  end subroutine

  ! Weights of the samples from the next solve on, this rank's block as x: at least 0; 0 where a sample is missing, and x may be NaN.
  recursive subroutine set_weights_3_r64(self, weights, offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real64), intent(in), target :: weights(:, :, :)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F64, 'encoder', self%collective)
    call c%lay_out('weights', view_r64(weights), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_set_weights(self%handle, a%input()))
    call c%report(stat, errmsg)
  end subroutine

  ! x is this rank's block, offset where it begins in the domain. Ghost layers: pass a section.
  recursive subroutine solve_4_r64(self, x, info, offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real64), intent(in), target :: x(:, :, :, :)
    type(dicod_info), intent(inout), optional :: info
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F64, 'encoder', self%collective)
    call c%lay_out('x', view_r64(x), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_solve(self%handle, a%input(), info))
    call c%report(stat, errmsg)
  end subroutine

  ! One solve for each of reg, from the z of the last one; each is told of every point.
  recursive subroutine path_4_r64(self, x, reg, info, offset, each, user, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real64), intent(in), target :: x(:, :, :, :)
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
    call c%ready(self%handle, self%g, DICOD_F64, 'encoder', self%collective)
    call c%lay_out('x', view_r64(x), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_path(self%handle, a%input(), size(reg, kind=int64), c_loc(values), trampoline, &
      c_loc(box), info))
    call c%report(stat, errmsg)
  end subroutine

  ! What the activations stand for, on any block.
  recursive subroutine reconstruct_4_r64(self, x, offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real64), intent(inout), target :: x(:, :, :, :)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F64, 'encoder', self%collective)
    call c%lay_out('x', view_r64(x), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_reconstruct(self%handle, a%array))
    call c%report(stat, errmsg)
  end subroutine

  ! What was taken from the signals of the last solve, on any block.
  recursive subroutine get_background_4_r64(self, background, offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real64), intent(inout), target :: background(:, :, :, :)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F64, 'encoder', self%collective)
    call c%lay_out('background', view_r64(background), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_get_background(self%handle, a%array))
    call c%report(stat, errmsg)
  end subroutine

  ! What they leave of x, this rank's block: on any block, which begins at residual_offset.
  recursive subroutine residual_4_r64(self, x, residual, offset, residual_offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real64), intent(in), target :: x(:, :, :, :)
    real(real64), intent(inout), target :: residual(:, :, :, :)
    class(*), intent(in), optional :: offset(..), residual_offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a, b
    call c%ready(self%handle, self%g, DICOD_F64, 'encoder', self%collective)
    call c%lay_out('x', view_r64(x), self%g%n_channels, self%g%signal, offset, a)
    call c%lay_out('residual', view_r64(residual), self%g%n_channels, self%g%signal, residual_offset, b)
    if (c%proceed()) call c%finish(dicod_encoder_residual(self%handle, a%input(), b%array))
    call c%report(stat, errmsg)
  end subroutine

  ! F(z) of all of x, of which this is a rank's block, and its data term.
  recursive subroutine objective_4_r64(self, x, objective, data_term, offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real64), intent(in), target :: x(:, :, :, :)
    real(real64), intent(inout) :: objective
    real(real64), intent(inout), optional :: data_term
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    real(real64), target :: found(2)
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F64, 'encoder', self%collective)
    call c%lay_out('x', view_r64(x), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_objective(self%handle, a%input(), c_loc(found(1)), c_loc(found(2))))
    if (c%status >= 0) objective = found(1)
    if (c%status >= 0 .and. present(data_term)) data_term = found(2)
    call c%report(stat, errmsg)
  end subroutine

  ! Weights of the samples from the next solve on, this rank's block as x: at least 0; 0 where a sample is missing, and x may be NaN.
  recursive subroutine set_weights_4_r64(self, weights, offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real64), intent(in), target :: weights(:, :, :, :)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F64, 'encoder', self%collective)
    call c%lay_out('weights', view_r64(weights), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_set_weights(self%handle, a%input()))
    call c%report(stat, errmsg)
  end subroutine

  ! x is this rank's block, offset where it begins in the domain. Ghost layers: pass a section.
  recursive subroutine solve_5_r64(self, x, info, offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real64), intent(in), target :: x(:, :, :, :, :)
    type(dicod_info), intent(inout), optional :: info
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F64, 'encoder', self%collective)
    call c%lay_out('x', view_r64(x), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_solve(self%handle, a%input(), info))
    call c%report(stat, errmsg)
  end subroutine

  ! One solve for each of reg, from the z of the last one; each is told of every point.
  recursive subroutine path_5_r64(self, x, reg, info, offset, each, user, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real64), intent(in), target :: x(:, :, :, :, :)
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
    call c%ready(self%handle, self%g, DICOD_F64, 'encoder', self%collective)
    call c%lay_out('x', view_r64(x), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_path(self%handle, a%input(), size(reg, kind=int64), c_loc(values), trampoline, &
      c_loc(box), info))
    call c%report(stat, errmsg)
  end subroutine

  ! What the activations stand for, on any block.
  recursive subroutine reconstruct_5_r64(self, x, offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real64), intent(inout), target :: x(:, :, :, :, :)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F64, 'encoder', self%collective)
    call c%lay_out('x', view_r64(x), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_reconstruct(self%handle, a%array))
    call c%report(stat, errmsg)
  end subroutine

  ! What was taken from the signals of the last solve, on any block.
  recursive subroutine get_background_5_r64(self, background, offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real64), intent(inout), target :: background(:, :, :, :, :)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F64, 'encoder', self%collective)
    call c%lay_out('background', view_r64(background), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_get_background(self%handle, a%array))
    call c%report(stat, errmsg)
  end subroutine

  ! What they leave of x, this rank's block: on any block, which begins at residual_offset.
  recursive subroutine residual_5_r64(self, x, residual, offset, residual_offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real64), intent(in), target :: x(:, :, :, :, :)
    real(real64), intent(inout), target :: residual(:, :, :, :, :)
    class(*), intent(in), optional :: offset(..), residual_offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a, b
    call c%ready(self%handle, self%g, DICOD_F64, 'encoder', self%collective)
    call c%lay_out('x', view_r64(x), self%g%n_channels, self%g%signal, offset, a)
    call c%lay_out('residual', view_r64(residual), self%g%n_channels, self%g%signal, residual_offset, b)
    if (c%proceed()) call c%finish(dicod_encoder_residual(self%handle, a%input(), b%array))
    call c%report(stat, errmsg)
  end subroutine

  ! F(z) of all of x, of which this is a rank's block, and its data term.
  recursive subroutine objective_5_r64(self, x, objective, data_term, offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real64), intent(in), target :: x(:, :, :, :, :)
    real(real64), intent(inout) :: objective
    real(real64), intent(inout), optional :: data_term
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    real(real64), target :: found(2)
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F64, 'encoder', self%collective)
    call c%lay_out('x', view_r64(x), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_objective(self%handle, a%input(), c_loc(found(1)), c_loc(found(2))))
    if (c%status >= 0) objective = found(1)
    if (c%status >= 0 .and. present(data_term)) data_term = found(2)
    call c%report(stat, errmsg)
  end subroutine

  ! Weights of the samples from the next solve on, this rank's block as x: at least 0; 0 where a sample is missing, and x may be NaN.
  recursive subroutine set_weights_5_r64(self, weights, offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real64), intent(in), target :: weights(:, :, :, :, :)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F64, 'encoder', self%collective)
    call c%lay_out('weights', view_r64(weights), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_set_weights(self%handle, a%input()))
    call c%report(stat, errmsg)
  end subroutine

  ! x is this rank's block, offset where it begins in the domain. Ghost layers: pass a section.
  recursive subroutine solve_1_r32(self, x, info, offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real32), intent(in), target :: x(:)
    type(dicod_info), intent(inout), optional :: info
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F32, 'encoder', self%collective)
    call c%lay_out('x', view_r32(x), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_solve(self%handle, a%input(), info))
    call c%report(stat, errmsg)
  end subroutine

  ! One solve for each of reg, from the z of the last one; each is told of every point.
  recursive subroutine path_1_r32(self, x, reg, info, offset, each, user, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real32), intent(in), target :: x(:)
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
    call c%ready(self%handle, self%g, DICOD_F32, 'encoder', self%collective)
    call c%lay_out('x', view_r32(x), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_path(self%handle, a%input(), size(reg, kind=int64), c_loc(values), trampoline, &
      c_loc(box), info))
    call c%report(stat, errmsg)
  end subroutine

  ! What the activations stand for, on any block.
  recursive subroutine reconstruct_1_r32(self, x, offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real32), intent(inout), target :: x(:)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F32, 'encoder', self%collective)
    call c%lay_out('x', view_r32(x), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_reconstruct(self%handle, a%array))
    call c%report(stat, errmsg)
  end subroutine

  ! What was taken from the signals of the last solve, on any block.
  recursive subroutine get_background_1_r32(self, background, offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real32), intent(inout), target :: background(:)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F32, 'encoder', self%collective)
    call c%lay_out('background', view_r32(background), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_get_background(self%handle, a%array))
    call c%report(stat, errmsg)
  end subroutine

  ! What they leave of x, this rank's block: on any block, which begins at residual_offset.
  recursive subroutine residual_1_r32(self, x, residual, offset, residual_offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real32), intent(in), target :: x(:)
    real(real32), intent(inout), target :: residual(:)
    class(*), intent(in), optional :: offset(..), residual_offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a, b
    call c%ready(self%handle, self%g, DICOD_F32, 'encoder', self%collective)
    call c%lay_out('x', view_r32(x), self%g%n_channels, self%g%signal, offset, a)
    call c%lay_out('residual', view_r32(residual), self%g%n_channels, self%g%signal, residual_offset, b)
    if (c%proceed()) call c%finish(dicod_encoder_residual(self%handle, a%input(), b%array))
    call c%report(stat, errmsg)
  end subroutine

  ! F(z) of all of x, of which this is a rank's block, and its data term.
  recursive subroutine objective_1_r32(self, x, objective, data_term, offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real32), intent(in), target :: x(:)
    real(real64), intent(inout) :: objective
    real(real64), intent(inout), optional :: data_term
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    real(real64), target :: found(2)
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F32, 'encoder', self%collective)
    call c%lay_out('x', view_r32(x), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_objective(self%handle, a%input(), c_loc(found(1)), c_loc(found(2))))
    if (c%status >= 0) objective = found(1)
    if (c%status >= 0 .and. present(data_term)) data_term = found(2)
    call c%report(stat, errmsg)
  end subroutine

  ! Weights of the samples from the next solve on, this rank's block as x: at least 0; 0 where a sample is missing, and x may be NaN.
  recursive subroutine set_weights_1_r32(self, weights, offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real32), intent(in), target :: weights(:)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F32, 'encoder', self%collective)
    call c%lay_out('weights', view_r32(weights), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_set_weights(self%handle, a%input()))
    call c%report(stat, errmsg)
  end subroutine

  ! x is this rank's block, offset where it begins in the domain. Ghost layers: pass a section.
  recursive subroutine solve_2_r32(self, x, info, offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real32), intent(in), target :: x(:, :)
    type(dicod_info), intent(inout), optional :: info
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F32, 'encoder', self%collective)
    call c%lay_out('x', view_r32(x), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_solve(self%handle, a%input(), info))
    call c%report(stat, errmsg)
  end subroutine

  ! One solve for each of reg, from the z of the last one; each is told of every point.
  recursive subroutine path_2_r32(self, x, reg, info, offset, each, user, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real32), intent(in), target :: x(:, :)
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
    call c%ready(self%handle, self%g, DICOD_F32, 'encoder', self%collective)
    call c%lay_out('x', view_r32(x), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_path(self%handle, a%input(), size(reg, kind=int64), c_loc(values), trampoline, &
      c_loc(box), info))
    call c%report(stat, errmsg)
  end subroutine

  ! What the activations stand for, on any block.
  recursive subroutine reconstruct_2_r32(self, x, offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real32), intent(inout), target :: x(:, :)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F32, 'encoder', self%collective)
    call c%lay_out('x', view_r32(x), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_reconstruct(self%handle, a%array))
    call c%report(stat, errmsg)
  end subroutine

  ! What was taken from the signals of the last solve, on any block.
  recursive subroutine get_background_2_r32(self, background, offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real32), intent(inout), target :: background(:, :)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F32, 'encoder', self%collective)
    call c%lay_out('background', view_r32(background), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_get_background(self%handle, a%array))
    call c%report(stat, errmsg)
  end subroutine

  ! What they leave of x, this rank's block: on any block, which begins at residual_offset.
  recursive subroutine residual_2_r32(self, x, residual, offset, residual_offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real32), intent(in), target :: x(:, :)
    real(real32), intent(inout), target :: residual(:, :)
    class(*), intent(in), optional :: offset(..), residual_offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a, b
    call c%ready(self%handle, self%g, DICOD_F32, 'encoder', self%collective)
    call c%lay_out('x', view_r32(x), self%g%n_channels, self%g%signal, offset, a)
    call c%lay_out('residual', view_r32(residual), self%g%n_channels, self%g%signal, residual_offset, b)
    if (c%proceed()) call c%finish(dicod_encoder_residual(self%handle, a%input(), b%array))
    call c%report(stat, errmsg)
  end subroutine

  ! F(z) of all of x, of which this is a rank's block, and its data term.
  recursive subroutine objective_2_r32(self, x, objective, data_term, offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real32), intent(in), target :: x(:, :)
    real(real64), intent(inout) :: objective
    real(real64), intent(inout), optional :: data_term
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    real(real64), target :: found(2)
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F32, 'encoder', self%collective)
    call c%lay_out('x', view_r32(x), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_objective(self%handle, a%input(), c_loc(found(1)), c_loc(found(2))))
    if (c%status >= 0) objective = found(1)
    if (c%status >= 0 .and. present(data_term)) data_term = found(2)
    call c%report(stat, errmsg)
  end subroutine

  ! Weights of the samples from the next solve on, this rank's block as x: at least 0; 0 where a sample is missing, and x may be NaN.
  recursive subroutine set_weights_2_r32(self, weights, offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real32), intent(in), target :: weights(:, :)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F32, 'encoder', self%collective)
    call c%lay_out('weights', view_r32(weights), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_set_weights(self%handle, a%input()))
    call c%report(stat, errmsg)
  end subroutine

  ! x is this rank's block, offset where it begins in the domain. Ghost layers: pass a section.
  recursive subroutine solve_3_r32(self, x, info, offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real32), intent(in), target :: x(:, :, :)
    type(dicod_info), intent(inout), optional :: info
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F32, 'encoder', self%collective)
    call c%lay_out('x', view_r32(x), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_solve(self%handle, a%input(), info))
    call c%report(stat, errmsg)
  end subroutine

  ! One solve for each of reg, from the z of the last one; each is told of every point.
  recursive subroutine path_3_r32(self, x, reg, info, offset, each, user, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real32), intent(in), target :: x(:, :, :)
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
    call c%ready(self%handle, self%g, DICOD_F32, 'encoder', self%collective)
    call c%lay_out('x', view_r32(x), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_path(self%handle, a%input(), size(reg, kind=int64), c_loc(values), trampoline, &
      c_loc(box), info))
    call c%report(stat, errmsg)
  end subroutine

  ! What the activations stand for, on any block.
  recursive subroutine reconstruct_3_r32(self, x, offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real32), intent(inout), target :: x(:, :, :)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F32, 'encoder', self%collective)
    call c%lay_out('x', view_r32(x), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_reconstruct(self%handle, a%array))
    call c%report(stat, errmsg)
  end subroutine

  ! What was taken from the signals of the last solve, on any block.
  recursive subroutine get_background_3_r32(self, background, offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real32), intent(inout), target :: background(:, :, :)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F32, 'encoder', self%collective)
    call c%lay_out('background', view_r32(background), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_get_background(self%handle, a%array))
    call c%report(stat, errmsg)
  end subroutine

  ! What they leave of x, this rank's block: on any block, which begins at residual_offset.
  recursive subroutine residual_3_r32(self, x, residual, offset, residual_offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real32), intent(in), target :: x(:, :, :)
    real(real32), intent(inout), target :: residual(:, :, :)
    class(*), intent(in), optional :: offset(..), residual_offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a, b
    call c%ready(self%handle, self%g, DICOD_F32, 'encoder', self%collective)
    call c%lay_out('x', view_r32(x), self%g%n_channels, self%g%signal, offset, a)
    call c%lay_out('residual', view_r32(residual), self%g%n_channels, self%g%signal, residual_offset, b)
    if (c%proceed()) call c%finish(dicod_encoder_residual(self%handle, a%input(), b%array))
    call c%report(stat, errmsg)
  end subroutine

  ! F(z) of all of x, of which this is a rank's block, and its data term.
  recursive subroutine objective_3_r32(self, x, objective, data_term, offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real32), intent(in), target :: x(:, :, :)
    real(real64), intent(inout) :: objective
    real(real64), intent(inout), optional :: data_term
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    real(real64), target :: found(2)
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F32, 'encoder', self%collective)
    call c%lay_out('x', view_r32(x), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_objective(self%handle, a%input(), c_loc(found(1)), c_loc(found(2))))
    if (c%status >= 0) objective = found(1)
    if (c%status >= 0 .and. present(data_term)) data_term = found(2)
    call c%report(stat, errmsg)
  end subroutine

  ! Weights of the samples from the next solve on, this rank's block as x: at least 0; 0 where a sample is missing, and x may be NaN.
  recursive subroutine set_weights_3_r32(self, weights, offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real32), intent(in), target :: weights(:, :, :)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F32, 'encoder', self%collective)
    call c%lay_out('weights', view_r32(weights), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_set_weights(self%handle, a%input()))
    call c%report(stat, errmsg)
  end subroutine

  ! x is this rank's block, offset where it begins in the domain. Ghost layers: pass a section.
  recursive subroutine solve_4_r32(self, x, info, offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real32), intent(in), target :: x(:, :, :, :)
    type(dicod_info), intent(inout), optional :: info
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F32, 'encoder', self%collective)
    call c%lay_out('x', view_r32(x), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_solve(self%handle, a%input(), info))
    call c%report(stat, errmsg)
  end subroutine

  ! One solve for each of reg, from the z of the last one; each is told of every point.
  recursive subroutine path_4_r32(self, x, reg, info, offset, each, user, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real32), intent(in), target :: x(:, :, :, :)
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
    call c%ready(self%handle, self%g, DICOD_F32, 'encoder', self%collective)
    call c%lay_out('x', view_r32(x), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_path(self%handle, a%input(), size(reg, kind=int64), c_loc(values), trampoline, &
      c_loc(box), info))
    call c%report(stat, errmsg)
  end subroutine

  ! What the activations stand for, on any block.
  recursive subroutine reconstruct_4_r32(self, x, offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real32), intent(inout), target :: x(:, :, :, :)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F32, 'encoder', self%collective)
    call c%lay_out('x', view_r32(x), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_reconstruct(self%handle, a%array))
    call c%report(stat, errmsg)
  end subroutine

  ! What was taken from the signals of the last solve, on any block.
  recursive subroutine get_background_4_r32(self, background, offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real32), intent(inout), target :: background(:, :, :, :)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F32, 'encoder', self%collective)
    call c%lay_out('background', view_r32(background), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_get_background(self%handle, a%array))
    call c%report(stat, errmsg)
  end subroutine

  ! What they leave of x, this rank's block: on any block, which begins at residual_offset.
  recursive subroutine residual_4_r32(self, x, residual, offset, residual_offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real32), intent(in), target :: x(:, :, :, :)
    real(real32), intent(inout), target :: residual(:, :, :, :)
    class(*), intent(in), optional :: offset(..), residual_offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a, b
    call c%ready(self%handle, self%g, DICOD_F32, 'encoder', self%collective)
    call c%lay_out('x', view_r32(x), self%g%n_channels, self%g%signal, offset, a)
    call c%lay_out('residual', view_r32(residual), self%g%n_channels, self%g%signal, residual_offset, b)
    if (c%proceed()) call c%finish(dicod_encoder_residual(self%handle, a%input(), b%array))
    call c%report(stat, errmsg)
  end subroutine

  ! F(z) of all of x, of which this is a rank's block, and its data term.
  recursive subroutine objective_4_r32(self, x, objective, data_term, offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real32), intent(in), target :: x(:, :, :, :)
    real(real64), intent(inout) :: objective
    real(real64), intent(inout), optional :: data_term
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    real(real64), target :: found(2)
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F32, 'encoder', self%collective)
    call c%lay_out('x', view_r32(x), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_objective(self%handle, a%input(), c_loc(found(1)), c_loc(found(2))))
    if (c%status >= 0) objective = found(1)
    if (c%status >= 0 .and. present(data_term)) data_term = found(2)
    call c%report(stat, errmsg)
  end subroutine

  ! Weights of the samples from the next solve on, this rank's block as x: at least 0; 0 where a sample is missing, and x may be NaN.
  recursive subroutine set_weights_4_r32(self, weights, offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real32), intent(in), target :: weights(:, :, :, :)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F32, 'encoder', self%collective)
    call c%lay_out('weights', view_r32(weights), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_set_weights(self%handle, a%input()))
    call c%report(stat, errmsg)
  end subroutine

  ! x is this rank's block, offset where it begins in the domain. Ghost layers: pass a section.
  recursive subroutine solve_5_r32(self, x, info, offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real32), intent(in), target :: x(:, :, :, :, :)
    type(dicod_info), intent(inout), optional :: info
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F32, 'encoder', self%collective)
    call c%lay_out('x', view_r32(x), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_solve(self%handle, a%input(), info))
    call c%report(stat, errmsg)
  end subroutine

  ! One solve for each of reg, from the z of the last one; each is told of every point.
  recursive subroutine path_5_r32(self, x, reg, info, offset, each, user, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real32), intent(in), target :: x(:, :, :, :, :)
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
    call c%ready(self%handle, self%g, DICOD_F32, 'encoder', self%collective)
    call c%lay_out('x', view_r32(x), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_path(self%handle, a%input(), size(reg, kind=int64), c_loc(values), trampoline, &
      c_loc(box), info))
    call c%report(stat, errmsg)
  end subroutine

  ! What the activations stand for, on any block.
  recursive subroutine reconstruct_5_r32(self, x, offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real32), intent(inout), target :: x(:, :, :, :, :)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F32, 'encoder', self%collective)
    call c%lay_out('x', view_r32(x), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_reconstruct(self%handle, a%array))
    call c%report(stat, errmsg)
  end subroutine

  ! What was taken from the signals of the last solve, on any block.
  recursive subroutine get_background_5_r32(self, background, offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real32), intent(inout), target :: background(:, :, :, :, :)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F32, 'encoder', self%collective)
    call c%lay_out('background', view_r32(background), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_get_background(self%handle, a%array))
    call c%report(stat, errmsg)
  end subroutine

  ! What they leave of x, this rank's block: on any block, which begins at residual_offset.
  recursive subroutine residual_5_r32(self, x, residual, offset, residual_offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real32), intent(in), target :: x(:, :, :, :, :)
    real(real32), intent(inout), target :: residual(:, :, :, :, :)
    class(*), intent(in), optional :: offset(..), residual_offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a, b
    call c%ready(self%handle, self%g, DICOD_F32, 'encoder', self%collective)
    call c%lay_out('x', view_r32(x), self%g%n_channels, self%g%signal, offset, a)
    call c%lay_out('residual', view_r32(residual), self%g%n_channels, self%g%signal, residual_offset, b)
    if (c%proceed()) call c%finish(dicod_encoder_residual(self%handle, a%input(), b%array))
    call c%report(stat, errmsg)
  end subroutine

  ! F(z) of all of x, of which this is a rank's block, and its data term.
  recursive subroutine objective_5_r32(self, x, objective, data_term, offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real32), intent(in), target :: x(:, :, :, :, :)
    real(real64), intent(inout) :: objective
    real(real64), intent(inout), optional :: data_term
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    real(real64), target :: found(2)
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F32, 'encoder', self%collective)
    call c%lay_out('x', view_r32(x), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_objective(self%handle, a%input(), c_loc(found(1)), c_loc(found(2))))
    if (c%status >= 0) objective = found(1)
    if (c%status >= 0 .and. present(data_term)) data_term = found(2)
    call c%report(stat, errmsg)
  end subroutine

  ! Weights of the samples from the next solve on, this rank's block as x: at least 0; 0 where a sample is missing, and x may be NaN.
  recursive subroutine set_weights_5_r32(self, weights, offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real32), intent(in), target :: weights(:, :, :, :, :)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F32, 'encoder', self%collective)
    call c%lay_out('weights', view_r32(weights), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_set_weights(self%handle, a%input()))
    call c%report(stat, errmsg)
  end subroutine

  ! Activations to start from.
  recursive subroutine set_z_2_r64(self, z, offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real64), intent(in), target :: z(:, :)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F64, 'encoder', self%collective)
    call c%lay_out('z', view_r64(z), self%g%n_atoms, self%g%valid, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_set_z(self%handle, a%input()))
    call c%report(stat, errmsg)
  end subroutine

  ! Any block of the activations.
  recursive subroutine get_z_2_r64(self, z, offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real64), intent(inout), target :: z(:, :)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F64, 'encoder', self%collective)
    call c%lay_out('z', view_r64(z), self%g%n_atoms, self%g%valid, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_get_z(self%handle, a%array))
    call c%report(stat, errmsg)
  end subroutine

  ! Activations to start from.
  recursive subroutine set_z_3_r64(self, z, offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real64), intent(in), target :: z(:, :, :)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F64, 'encoder', self%collective)
    call c%lay_out('z', view_r64(z), self%g%n_atoms, self%g%valid, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_set_z(self%handle, a%input()))
    call c%report(stat, errmsg)
  end subroutine

  ! Any block of the activations.
  recursive subroutine get_z_3_r64(self, z, offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real64), intent(inout), target :: z(:, :, :)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F64, 'encoder', self%collective)
    call c%lay_out('z', view_r64(z), self%g%n_atoms, self%g%valid, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_get_z(self%handle, a%array))
    call c%report(stat, errmsg)
  end subroutine

  ! Activations to start from.
  recursive subroutine set_z_4_r64(self, z, offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real64), intent(in), target :: z(:, :, :, :)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F64, 'encoder', self%collective)
    call c%lay_out('z', view_r64(z), self%g%n_atoms, self%g%valid, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_set_z(self%handle, a%input()))
    call c%report(stat, errmsg)
  end subroutine

  ! Any block of the activations.
  recursive subroutine get_z_4_r64(self, z, offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real64), intent(inout), target :: z(:, :, :, :)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F64, 'encoder', self%collective)
    call c%lay_out('z', view_r64(z), self%g%n_atoms, self%g%valid, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_get_z(self%handle, a%array))
    call c%report(stat, errmsg)
  end subroutine

  ! Activations to start from.
  recursive subroutine set_z_5_r64(self, z, offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real64), intent(in), target :: z(:, :, :, :, :)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F64, 'encoder', self%collective)
    call c%lay_out('z', view_r64(z), self%g%n_atoms, self%g%valid, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_set_z(self%handle, a%input()))
    call c%report(stat, errmsg)
  end subroutine

  ! Any block of the activations.
  recursive subroutine get_z_5_r64(self, z, offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real64), intent(inout), target :: z(:, :, :, :, :)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F64, 'encoder', self%collective)
    call c%lay_out('z', view_r64(z), self%g%n_atoms, self%g%valid, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_get_z(self%handle, a%array))
    call c%report(stat, errmsg)
  end subroutine

  ! Activations to start from.
  recursive subroutine set_z_2_r32(self, z, offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real32), intent(in), target :: z(:, :)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F32, 'encoder', self%collective)
    call c%lay_out('z', view_r32(z), self%g%n_atoms, self%g%valid, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_set_z(self%handle, a%input()))
    call c%report(stat, errmsg)
  end subroutine

  ! Any block of the activations.
  recursive subroutine get_z_2_r32(self, z, offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real32), intent(inout), target :: z(:, :)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F32, 'encoder', self%collective)
    call c%lay_out('z', view_r32(z), self%g%n_atoms, self%g%valid, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_get_z(self%handle, a%array))
    call c%report(stat, errmsg)
  end subroutine

  ! Activations to start from.
  recursive subroutine set_z_3_r32(self, z, offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real32), intent(in), target :: z(:, :, :)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F32, 'encoder', self%collective)
    call c%lay_out('z', view_r32(z), self%g%n_atoms, self%g%valid, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_set_z(self%handle, a%input()))
    call c%report(stat, errmsg)
  end subroutine

  ! Any block of the activations.
  recursive subroutine get_z_3_r32(self, z, offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real32), intent(inout), target :: z(:, :, :)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F32, 'encoder', self%collective)
    call c%lay_out('z', view_r32(z), self%g%n_atoms, self%g%valid, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_get_z(self%handle, a%array))
    call c%report(stat, errmsg)
  end subroutine

  ! Activations to start from.
  recursive subroutine set_z_4_r32(self, z, offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real32), intent(in), target :: z(:, :, :, :)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F32, 'encoder', self%collective)
    call c%lay_out('z', view_r32(z), self%g%n_atoms, self%g%valid, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_set_z(self%handle, a%input()))
    call c%report(stat, errmsg)
  end subroutine

  ! Any block of the activations.
  recursive subroutine get_z_4_r32(self, z, offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real32), intent(inout), target :: z(:, :, :, :)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F32, 'encoder', self%collective)
    call c%lay_out('z', view_r32(z), self%g%n_atoms, self%g%valid, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_get_z(self%handle, a%array))
    call c%report(stat, errmsg)
  end subroutine

  ! Activations to start from.
  recursive subroutine set_z_5_r32(self, z, offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real32), intent(in), target :: z(:, :, :, :, :)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F32, 'encoder', self%collective)
    call c%lay_out('z', view_r32(z), self%g%n_atoms, self%g%valid, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_set_z(self%handle, a%input()))
    call c%report(stat, errmsg)
  end subroutine

  ! Any block of the activations.
  recursive subroutine get_z_5_r32(self, z, offset, stat, errmsg)
    class(dicod_encoder), intent(inout) :: self
    real(real32), intent(inout), target :: z(:, :, :, :, :)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F32, 'encoder', self%collective)
    call c%lay_out('z', view_r32(z), self%g%n_atoms, self%g%valid, offset, a)
    if (c%proceed()) call c%finish(dicod_encoder_get_z(self%handle, a%array))
    call c%report(stat, errmsg)
  end subroutine

end module

! Learning: in one call, or step by step.
module dicod_learner_m
  use, intrinsic :: iso_fortran_env, only: int8, int32, int64, real32, real64
  use dicod_c
  use dicod_error_m
  use dicod_context_m
  use dicod_options_m
  use dicod_shape_m
  use dicod_encoder_m, only: dicod_sparse, list_sparse, take_sparse, tell_region, list_spans, write_trace
  implicit none
  private
  public :: learn, initial_dictionary, dicod_learner, learn_procedure, step_nonzeros

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
    procedure, private :: create_3_r64, restore_3_r64, restore_bytes_3_r64, get_dictionary_3_r64, get_dictionary_rank1_3_r64
    ! call l%create(d, signal_shape, n_signals, ...)
    generic :: create => create_3_r64
    ! call l%restore(d, path or bytes, signal_shape, ...)
    generic :: restore => restore_3_r64, restore_bytes_3_r64
    generic :: get_dictionary => get_dictionary_3_r64
    generic :: get_dictionary_rank1 => get_dictionary_rank1_3_r64
    procedure, private :: create_4_r64, restore_4_r64, restore_bytes_4_r64, get_dictionary_4_r64, get_dictionary_rank1_4_r64
    ! call l%create(d, signal_shape, n_signals, ...)
    generic :: create => create_4_r64
    ! call l%restore(d, path or bytes, signal_shape, ...)
    generic :: restore => restore_4_r64, restore_bytes_4_r64
    generic :: get_dictionary => get_dictionary_4_r64
    generic :: get_dictionary_rank1 => get_dictionary_rank1_4_r64
    procedure, private :: create_5_r64, restore_5_r64, restore_bytes_5_r64, get_dictionary_5_r64, get_dictionary_rank1_5_r64
    ! call l%create(d, signal_shape, n_signals, ...)
    generic :: create => create_5_r64
    ! call l%restore(d, path or bytes, signal_shape, ...)
    generic :: restore => restore_5_r64, restore_bytes_5_r64
    generic :: get_dictionary => get_dictionary_5_r64
    generic :: get_dictionary_rank1 => get_dictionary_rank1_5_r64
    procedure, private :: create_3_r32, restore_3_r32, restore_bytes_3_r32, get_dictionary_3_r32, get_dictionary_rank1_3_r32
    ! call l%create(d, signal_shape, n_signals, ...)
    generic :: create => create_3_r32
    ! call l%restore(d, path or bytes, signal_shape, ...)
    generic :: restore => restore_3_r32, restore_bytes_3_r32
    generic :: get_dictionary => get_dictionary_3_r32
    generic :: get_dictionary_rank1 => get_dictionary_rank1_3_r32
    procedure, private :: create_4_r32, restore_4_r32, restore_bytes_4_r32, get_dictionary_4_r32, get_dictionary_rank1_4_r32
    ! call l%create(d, signal_shape, n_signals, ...)
    generic :: create => create_4_r32
    ! call l%restore(d, path or bytes, signal_shape, ...)
    generic :: restore => restore_4_r32, restore_bytes_4_r32
    generic :: get_dictionary => get_dictionary_4_r32
    generic :: get_dictionary_rank1 => get_dictionary_rank1_4_r32
    procedure, private :: create_5_r32, restore_5_r32, restore_bytes_5_r32, get_dictionary_5_r32, get_dictionary_rank1_5_r32
    ! call l%create(d, signal_shape, n_signals, ...)
    generic :: create => create_5_r32
    ! call l%restore(d, path or bytes, signal_shape, ...)
    generic :: restore => restore_5_r32, restore_bytes_5_r32
    generic :: get_dictionary => get_dictionary_5_r32
    generic :: get_dictionary_rank1 => get_dictionary_rank1_5_r32
    procedure, private :: step_1_r64, run_1_r64, encode_1_r64, reconstruct_1_r64, residual_1_r64, objective_1_r64
    procedure, private :: get_background_1_r64
    ! call l%step(x, step, offset)
    generic :: step => step_1_r64
    ! call l%run(x, info, offset, each, user)
    generic :: run => run_1_r64
    ! call l%encode(x, info, offset)
    generic :: encode => encode_1_r64
    generic :: reconstruct => reconstruct_1_r64
    ! call l%get_background(background, offset)
    generic :: get_background => get_background_1_r64
    ! call l%residual(x, residual, offset, residual_offset)
    generic :: residual => residual_1_r64
    generic :: objective => objective_1_r64
    procedure, private :: step_2_r64, run_2_r64, encode_2_r64, reconstruct_2_r64, residual_2_r64, objective_2_r64
    procedure, private :: get_background_2_r64
    ! call l%step(x, step, offset)
    generic :: step => step_2_r64
    ! call l%run(x, info, offset, each, user)
    generic :: run => run_2_r64
    ! call l%encode(x, info, offset)
    generic :: encode => encode_2_r64
    generic :: reconstruct => reconstruct_2_r64
    ! call l%get_background(background, offset)
    generic :: get_background => get_background_2_r64
    ! call l%residual(x, residual, offset, residual_offset)
    generic :: residual => residual_2_r64
    generic :: objective => objective_2_r64
    procedure, private :: step_3_r64, run_3_r64, encode_3_r64, reconstruct_3_r64, residual_3_r64, objective_3_r64
    procedure, private :: get_background_3_r64
    ! call l%step(x, step, offset)
    generic :: step => step_3_r64
    ! call l%run(x, info, offset, each, user)
    generic :: run => run_3_r64
    ! call l%encode(x, info, offset)
    generic :: encode => encode_3_r64
    generic :: reconstruct => reconstruct_3_r64
    ! call l%get_background(background, offset)
    generic :: get_background => get_background_3_r64
    ! call l%residual(x, residual, offset, residual_offset)
    generic :: residual => residual_3_r64
    generic :: objective => objective_3_r64
    procedure, private :: step_4_r64, run_4_r64, encode_4_r64, reconstruct_4_r64, residual_4_r64, objective_4_r64
    procedure, private :: get_background_4_r64
    ! call l%step(x, step, offset)
    generic :: step => step_4_r64
    ! call l%run(x, info, offset, each, user)
    generic :: run => run_4_r64
    ! call l%encode(x, info, offset)
    generic :: encode => encode_4_r64
    generic :: reconstruct => reconstruct_4_r64
    ! call l%get_background(background, offset)
    generic :: get_background => get_background_4_r64
    ! call l%residual(x, residual, offset, residual_offset)
    generic :: residual => residual_4_r64
    generic :: objective => objective_4_r64
    procedure, private :: step_5_r64, run_5_r64, encode_5_r64, reconstruct_5_r64, residual_5_r64, objective_5_r64
    procedure, private :: get_background_5_r64
    ! call l%step(x, step, offset)
    generic :: step => step_5_r64
    ! call l%run(x, info, offset, each, user)
    generic :: run => run_5_r64
    ! call l%encode(x, info, offset)
    generic :: encode => encode_5_r64
    generic :: reconstruct => reconstruct_5_r64
    ! call l%get_background(background, offset)
    generic :: get_background => get_background_5_r64
    ! call l%residual(x, residual, offset, residual_offset)
    generic :: residual => residual_5_r64
    generic :: objective => objective_5_r64
    procedure, private :: step_1_r32, run_1_r32, encode_1_r32, reconstruct_1_r32, residual_1_r32, objective_1_r32
    procedure, private :: get_background_1_r32
    ! call l%step(x, step, offset)
    generic :: step => step_1_r32
    ! call l%run(x, info, offset, each, user)
    generic :: run => run_1_r32
    ! call l%encode(x, info, offset)
    generic :: encode => encode_1_r32
    generic :: reconstruct => reconstruct_1_r32
    ! call l%get_background(background, offset)
    generic :: get_background => get_background_1_r32
    ! call l%residual(x, residual, offset, residual_offset)
    generic :: residual => residual_1_r32
    generic :: objective => objective_1_r32
    procedure, private :: step_2_r32, run_2_r32, encode_2_r32, reconstruct_2_r32, residual_2_r32, objective_2_r32
    procedure, private :: get_background_2_r32
    ! call l%step(x, step, offset)
    generic :: step => step_2_r32
    ! call l%run(x, info, offset, each, user)
    generic :: run => run_2_r32
    ! call l%encode(x, info, offset)
    generic :: encode => encode_2_r32
    generic :: reconstruct => reconstruct_2_r32
    ! call l%get_background(background, offset)
    generic :: get_background => get_background_2_r32
    ! call l%residual(x, residual, offset, residual_offset)
    generic :: residual => residual_2_r32
    generic :: objective => objective_2_r32
    procedure, private :: step_3_r32, run_3_r32, encode_3_r32, reconstruct_3_r32, residual_3_r32, objective_3_r32
    procedure, private :: get_background_3_r32
    ! call l%step(x, step, offset)
    generic :: step => step_3_r32
    ! call l%run(x, info, offset, each, user)
    generic :: run => run_3_r32
    ! call l%encode(x, info, offset)
    generic :: encode => encode_3_r32
    generic :: reconstruct => reconstruct_3_r32
    ! call l%get_background(background, offset)
    generic :: get_background => get_background_3_r32
    ! call l%residual(x, residual, offset, residual_offset)
    generic :: residual => residual_3_r32
    generic :: objective => objective_3_r32
    procedure, private :: step_4_r32, run_4_r32, encode_4_r32, reconstruct_4_r32, residual_4_r32, objective_4_r32
    procedure, private :: get_background_4_r32
    ! call l%step(x, step, offset)
    generic :: step => step_4_r32
    ! call l%run(x, info, offset, each, user)
    generic :: run => run_4_r32
    ! call l%encode(x, info, offset)
    generic :: encode => encode_4_r32
    generic :: reconstruct => reconstruct_4_r32
    ! call l%get_background(background, offset)
    generic :: get_background => get_background_4_r32
    ! call l%residual(x, residual, offset, residual_offset)
    generic :: residual => residual_4_r32
    generic :: objective => objective_4_r32
    procedure, private :: step_5_r32, run_5_r32, encode_5_r32, reconstruct_5_r32, residual_5_r32, objective_5_r32
    procedure, private :: get_background_5_r32
    ! call l%step(x, step, offset)
    generic :: step => step_5_r32
    ! call l%run(x, info, offset, each, user)
    generic :: run => run_5_r32
    ! call l%encode(x, info, offset)
    generic :: encode => encode_5_r32
    generic :: reconstruct => reconstruct_5_r32
    ! call l%get_background(background, offset)
    generic :: get_background => get_background_5_r32
    ! call l%residual(x, residual, offset, residual_offset)
    generic :: residual => residual_5_r32
    generic :: objective => objective_5_r32
    procedure, private :: set_z_2_r64, get_z_2_r64
    generic :: set_z => set_z_2_r64
    generic :: get_z => get_z_2_r64
    procedure, private :: set_z_3_r64, get_z_3_r64
    generic :: set_z => set_z_3_r64
    generic :: get_z => get_z_3_r64
    procedure, private :: set_z_4_r64, get_z_4_r64
    generic :: set_z => set_z_4_r64
    generic :: get_z => get_z_4_r64
    procedure, private :: set_z_5_r64, get_z_5_r64
    generic :: set_z => set_z_5_r64
    generic :: get_z => get_z_5_r64
    procedure, private :: set_z_2_r32, get_z_2_r32
    generic :: set_z => set_z_2_r32
    generic :: get_z => get_z_2_r32
    procedure, private :: set_z_3_r32, get_z_3_r32
    generic :: set_z => set_z_3_r32
    generic :: get_z => get_z_3_r32
    procedure, private :: set_z_4_r32, get_z_4_r32
    generic :: set_z => set_z_4_r32
    generic :: get_z => get_z_4_r32
    procedure, private :: set_z_5_r32, get_z_5_r32
    generic :: set_z => set_z_5_r32
    generic :: get_z => get_z_5_r32
    procedure, private :: learner_restore, learner_restore_bytes
    ! call l%restore(path or bytes, ...)
    generic :: restore => learner_restore, learner_restore_bytes
    procedure :: clear_z => learner_clear_z
    procedure :: get_sparse => learner_get_sparse
    procedure :: set_sparse => learner_set_sparse
    procedure :: region => learner_region
    procedure :: get_trace => learner_get_trace
    procedure :: get_trace_json => learner_get_trace_json
    procedure :: describe => learner_describe
    procedure :: get_options => learner_get_options
    procedure :: get_lambda => learner_get_lambda
    procedure, private :: learner_save, learner_save_bytes
    ! call l%save(path), or l%save(bytes), which rank 0 gets
    generic :: save => learner_save, learner_save_bytes
    procedure :: free => learner_free
    final :: learner_final
  end type

  ! call initial_dictionary(x, d, offset, signal_shape, ...): the dictionary that learning would begin with.
  interface initial_dictionary
    module procedure initial_dictionary_132_r64
    module procedure initial_dictionary_232_r64
    module procedure initial_dictionary_333_r64
    module procedure initial_dictionary_243_r64
    module procedure initial_dictionary_343_r64
    module procedure initial_dictionary_444_r64
    module procedure initial_dictionary_354_r64
    module procedure initial_dictionary_454_r64
    module procedure initial_dictionary_555_r64
    module procedure initial_dictionary_132_r32
    module procedure initial_dictionary_232_r32
    module procedure initial_dictionary_333_r32
    module procedure initial_dictionary_243_r32
    module procedure initial_dictionary_343_r32
    module procedure initial_dictionary_444_r32
    module procedure initial_dictionary_354_r32
    module procedure initial_dictionary_454_r32
    module procedure initial_dictionary_555_r32
  end interface

  ! call learn(x, d, z, ...): dictionary d, and z for it, which may be left out.
  interface learn
    module procedure learn_132_r64
    module procedure learn_232_r64
    module procedure learn_333_r64
    module procedure learn_243_r64
    module procedure learn_343_r64
    module procedure learn_444_r64
    module procedure learn_354_r64
    module procedure learn_454_r64
    module procedure learn_555_r64
    module procedure learn_132_r32
    module procedure learn_232_r32
    module procedure learn_333_r32
    module procedure learn_243_r32
    module procedure learn_343_r32
    module procedure learn_444_r32
    module procedure learn_354_r32
    module procedure learn_454_r32
    module procedure learn_555_r32
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
    integer(int32) :: status
    status = dicod_learner_describe(self%handle, info)
    if (status >= 0) call describe_handle(info, description)
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
  recursive subroutine restoring(self, path, bytes, shape_d, element_type, signal_shape, n_signals, context, options, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    character(*), intent(in), optional :: path
    integer(int8), intent(in), contiguous, target, optional :: bytes(:)
    integer(int64), intent(in), optional :: shape_d(:), element_type
    class(*), intent(in), optional :: signal_shape(..), n_signals
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
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
  recursive subroutine learner_restore(self, path, signal_shape, n_signals, context, options, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    character(*), intent(in) :: path
    class(*), intent(in), optional :: signal_shape(..), n_signals
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call restoring(self, path=path, signal_shape=signal_shape, n_signals=n_signals, context=context, options=options, &
      stat=stat, errmsg=errmsg)
  end subroutine

  ! The same from bytes.
  recursive subroutine learner_restore_bytes(self, bytes, signal_shape, n_signals, context, options, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    integer(int8), intent(in), contiguous, target :: bytes(:)
    class(*), intent(in), optional :: signal_shape(..), n_signals
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call restoring(self, bytes=bytes, signal_shape=signal_shape, n_signals=n_signals, context=context, options=options, &
      stat=stat, errmsg=errmsg)
  end subroutine

  recursive subroutine learn_132_r64(x, d, z, context, options, &
      reg, reg_per_atom, reg_scale, ridge, tol, tol_scale, gap_tol, max_iter, time_limit, strategy, schedule, &
      soft_lock, steps_per_visit, tile_shape, positive, periodic, missing, background, background_length, &
      warm_start, frozen_support, seed, correlation, progress_interval, trace, learn_init, learn_max_iter, &
      learn_tol, learn_reg_reference, learn_dict_tol, learn_dict_max_iter, learn_window, learn_zero_mean, &
      learn_rank_one, learn_fixed_atoms, learn_recentre, learn_redraw, learn_redraw_below, learn_online, &
      learn_batch, learn_forgetting, learn_statistics, &
      each, user, info, stat, errmsg)
    real(real64), intent(in), contiguous, target :: x(:)
    real(real64), intent(inout), contiguous, target :: d(:, :, :)
    real(real64), intent(inout), contiguous, target, optional :: z(:, :)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, ridge, tol, gap_tol, time_limit, progress_interval, learn_tol, &
        learn_dict_tol, learn_redraw_below, learn_forgetting
    class(*), intent(in), optional :: reg_per_atom(..)
    class(*), intent(in), optional :: max_iter, steps_per_visit, seed, learn_max_iter, learn_dict_max_iter, &
        learn_batch
    class(*), intent(in), optional :: tile_shape(..), background_length(..)
    logical, intent(in), optional :: positive, warm_start, frozen_support, trace, learn_window, learn_zero_mean, &
        learn_rank_one, learn_recentre, learn_redraw, learn_online
    class(*), intent(in), optional :: periodic(..), learn_fixed_atoms(..)
    character(*), intent(in), optional :: reg_scale, tol_scale, strategy, schedule, soft_lock, missing, background, &
        correlation, learn_init, learn_reg_reference, learn_statistics
    procedure(learn_procedure), optional :: each
    class(*), intent(in), target, optional :: user
    type(dicod_learn_info), intent(inout), optional :: info
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    type(learn_box), target :: box
    type(c_ptr) :: at_z
    call c%choose_context(context)
    call c%choose_options(options, &
      reg=reg, reg_per_atom=reg_per_atom, reg_scale=reg_scale, ridge=ridge, tol=tol, tol_scale=tol_scale, &
      gap_tol=gap_tol, max_iter=max_iter, time_limit=time_limit, strategy=strategy, schedule=schedule, &
      soft_lock=soft_lock, steps_per_visit=steps_per_visit, tile_shape=tile_shape, positive=positive, &
      periodic=periodic, missing=missing, background=background, background_length=background_length, &
      warm_start=warm_start, frozen_support=frozen_support, seed=seed, correlation=correlation, &
      progress_interval=progress_interval, trace=trace, learn_init=learn_init, learn_max_iter=learn_max_iter, &
      learn_tol=learn_tol, learn_reg_reference=learn_reg_reference, learn_dict_tol=learn_dict_tol, &
      learn_dict_max_iter=learn_dict_max_iter, learn_window=learn_window, learn_zero_mean=learn_zero_mean, &
      learn_rank_one=learn_rank_one, learn_fixed_atoms=learn_fixed_atoms, learn_recentre=learn_recentre, &
      learn_redraw=learn_redraw, learn_redraw_below=learn_redraw_below, learn_online=learn_online, &
      learn_batch=learn_batch, learn_forgetting=learn_forgetting, learn_statistics=learn_statistics)
    call c%measure('x', shape(x, int64), shape(d, int64))
    at_z = c_null_ptr
    if (present(z)) then
      call c%check_z(shape(z, int64))
      at_z = c_loc(z)
    end if
    if (c%proceed()) call c%finish(dicod_learn(c%context, c%options, c%problem(), c_loc(x), told(box, each, user), c_loc(box), &
      c_loc(d), at_z, info))
    call c%report(stat, errmsg)
  end subroutine

  ! The dictionary that learning would begin with. x is this rank's block of a domain of signal_shape, which begins at offset;
  ! without signal_shape all of it. Collective over several ranks.
  recursive subroutine initial_dictionary_132_r64(x, d, offset, signal_shape, context, options, &
      reg, reg_per_atom, reg_scale, ridge, tol, tol_scale, gap_tol, max_iter, time_limit, strategy, schedule, &
      soft_lock, steps_per_visit, tile_shape, positive, periodic, missing, background, background_length, &
      warm_start, frozen_support, seed, correlation, progress_interval, trace, learn_init, learn_max_iter, &
      learn_tol, learn_reg_reference, learn_dict_tol, learn_dict_max_iter, learn_window, learn_zero_mean, &
      learn_rank_one, learn_fixed_atoms, learn_recentre, learn_redraw, learn_redraw_below, learn_online, &
      learn_batch, learn_forgetting, learn_statistics, &
      stat, errmsg)
    real(real64), intent(in), target :: x(:)
    real(real64), intent(inout), contiguous, target :: d(:, :, :)
    class(*), intent(in), optional :: offset(..), signal_shape(..)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, ridge, tol, gap_tol, time_limit, progress_interval, learn_tol, &
        learn_dict_tol, learn_redraw_below, learn_forgetting
    class(*), intent(in), optional :: reg_per_atom(..)
    class(*), intent(in), optional :: max_iter, steps_per_visit, seed, learn_max_iter, learn_dict_max_iter, &
        learn_batch
    class(*), intent(in), optional :: tile_shape(..), background_length(..)
    logical, intent(in), optional :: positive, warm_start, frozen_support, trace, learn_window, learn_zero_mean, &
        learn_rank_one, learn_recentre, learn_redraw, learn_online
    class(*), intent(in), optional :: periodic(..), learn_fixed_atoms(..)
    character(*), intent(in), optional :: reg_scale, tol_scale, strategy, schedule, soft_lock, missing, background, &
        correlation, learn_init, learn_reg_reference, learn_statistics
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    type(described), target :: a
    integer(int64) :: signal(3), n_signals
    n_signals = 1
    if (rank(x) == rank(d)) n_signals = size(x, rank(x), kind=int64)
    call c%choose_context(context)
    call c%choose_options(options, &
      reg=reg, reg_per_atom=reg_per_atom, reg_scale=reg_scale, ridge=ridge, tol=tol, tol_scale=tol_scale, &
      gap_tol=gap_tol, max_iter=max_iter, time_limit=time_limit, strategy=strategy, schedule=schedule, &
      soft_lock=soft_lock, steps_per_visit=steps_per_visit, tile_shape=tile_shape, positive=positive, &
      periodic=periodic, missing=missing, background=background, background_length=background_length, &
      warm_start=warm_start, frozen_support=frozen_support, seed=seed, correlation=correlation, &
      progress_interval=progress_interval, trace=trace, learn_init=learn_init, learn_max_iter=learn_max_iter, &
      learn_tol=learn_tol, learn_reg_reference=learn_reg_reference, learn_dict_tol=learn_dict_tol, &
      learn_dict_max_iter=learn_dict_max_iter, learn_window=learn_window, learn_zero_mean=learn_zero_mean, &
      learn_rank_one=learn_rank_one, learn_fixed_atoms=learn_fixed_atoms, learn_recentre=learn_recentre, &
      learn_redraw=learn_redraw, learn_redraw_below=learn_redraw_below, learn_online=learn_online, &
      learn_batch=learn_batch, learn_forgetting=learn_forgetting, learn_statistics=learn_statistics)
    if (present(signal_shape)) then
      call c%domain(shape(d, int64), signal_shape, n_signals, DICOD_F64)
    else
      call c%measure('x', shape(x, int64), shape(d, int64))
      c%g%element_type = DICOD_F64
    end if
    signal = c%g%signal
    call c%lay_out('x', view_r64(x), c%g%n_channels, signal, offset, a)
    if (c%proceed()) call c%finish(dicod_initial_dictionary(c%context, c%options, c%problem(), a%input(), c_loc(d)))
    call c%report(stat, errmsg)
  end subroutine

  recursive subroutine learn_232_r64(x, d, z, context, options, &
      reg, reg_per_atom, reg_scale, ridge, tol, tol_scale, gap_tol, max_iter, time_limit, strategy, schedule, &
      soft_lock, steps_per_visit, tile_shape, positive, periodic, missing, background, background_length, &
      warm_start, frozen_support, seed, correlation, progress_interval, trace, learn_init, learn_max_iter, &
      learn_tol, learn_reg_reference, learn_dict_tol, learn_dict_max_iter, learn_window, learn_zero_mean, &
      learn_rank_one, learn_fixed_atoms, learn_recentre, learn_redraw, learn_redraw_below, learn_online, &
      learn_batch, learn_forgetting, learn_statistics, &
      each, user, info, stat, errmsg)
    real(real64), intent(in), contiguous, target :: x(:, :)
    real(real64), intent(inout), contiguous, target :: d(:, :, :)
    real(real64), intent(inout), contiguous, target, optional :: z(:, :)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, ridge, tol, gap_tol, time_limit, progress_interval, learn_tol, &
        learn_dict_tol, learn_redraw_below, learn_forgetting
    class(*), intent(in), optional :: reg_per_atom(..)
    class(*), intent(in), optional :: max_iter, steps_per_visit, seed, learn_max_iter, learn_dict_max_iter, &
        learn_batch
    class(*), intent(in), optional :: tile_shape(..), background_length(..)
    logical, intent(in), optional :: positive, warm_start, frozen_support, trace, learn_window, learn_zero_mean, &
        learn_rank_one, learn_recentre, learn_redraw, learn_online
    class(*), intent(in), optional :: periodic(..), learn_fixed_atoms(..)
    character(*), intent(in), optional :: reg_scale, tol_scale, strategy, schedule, soft_lock, missing, background, &
        correlation, learn_init, learn_reg_reference, learn_statistics
    procedure(learn_procedure), optional :: each
    class(*), intent(in), target, optional :: user
    type(dicod_learn_info), intent(inout), optional :: info
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    type(learn_box), target :: box
    type(c_ptr) :: at_z
    call c%choose_context(context)
    call c%choose_options(options, &
      reg=reg, reg_per_atom=reg_per_atom, reg_scale=reg_scale, ridge=ridge, tol=tol, tol_scale=tol_scale, &
      gap_tol=gap_tol, max_iter=max_iter, time_limit=time_limit, strategy=strategy, schedule=schedule, &
      soft_lock=soft_lock, steps_per_visit=steps_per_visit, tile_shape=tile_shape, positive=positive, &
      periodic=periodic, missing=missing, background=background, background_length=background_length, &
      warm_start=warm_start, frozen_support=frozen_support, seed=seed, correlation=correlation, &
      progress_interval=progress_interval, trace=trace, learn_init=learn_init, learn_max_iter=learn_max_iter, &
      learn_tol=learn_tol, learn_reg_reference=learn_reg_reference, learn_dict_tol=learn_dict_tol, &
      learn_dict_max_iter=learn_dict_max_iter, learn_window=learn_window, learn_zero_mean=learn_zero_mean, &
      learn_rank_one=learn_rank_one, learn_fixed_atoms=learn_fixed_atoms, learn_recentre=learn_recentre, &
      learn_redraw=learn_redraw, learn_redraw_below=learn_redraw_below, learn_online=learn_online, &
      learn_batch=learn_batch, learn_forgetting=learn_forgetting, learn_statistics=learn_statistics)
    call c%measure('x', shape(x, int64), shape(d, int64))
    at_z = c_null_ptr
    if (present(z)) then
      call c%check_z(shape(z, int64))
      at_z = c_loc(z)
    end if
    if (c%proceed()) call c%finish(dicod_learn(c%context, c%options, c%problem(), c_loc(x), told(box, each, user), c_loc(box), &
      c_loc(d), at_z, info))
    call c%report(stat, errmsg)
  end subroutine

  ! The dictionary that learning would begin with. x is this rank's block of a domain of signal_shape, which begins at offset;
  ! without signal_shape all of it. Collective over several ranks.
  recursive subroutine initial_dictionary_232_r64(x, d, offset, signal_shape, context, options, &
      reg, reg_per_atom, reg_scale, ridge, tol, tol_scale, gap_tol, max_iter, time_limit, strategy, schedule, &
      soft_lock, steps_per_visit, tile_shape, positive, periodic, missing, background, background_length, &
      warm_start, frozen_support, seed, correlation, progress_interval, trace, learn_init, learn_max_iter, &
      learn_tol, learn_reg_reference, learn_dict_tol, learn_dict_max_iter, learn_window, learn_zero_mean, &
      learn_rank_one, learn_fixed_atoms, learn_recentre, learn_redraw, learn_redraw_below, learn_online, &
      learn_batch, learn_forgetting, learn_statistics, &
      stat, errmsg)
    real(real64), intent(in), target :: x(:, :)
    real(real64), intent(inout), contiguous, target :: d(:, :, :)
    class(*), intent(in), optional :: offset(..), signal_shape(..)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, ridge, tol, gap_tol, time_limit, progress_interval, learn_tol, &
        learn_dict_tol, learn_redraw_below, learn_forgetting
    class(*), intent(in), optional :: reg_per_atom(..)
    class(*), intent(in), optional :: max_iter, steps_per_visit, seed, learn_max_iter, learn_dict_max_iter, &
        learn_batch
    class(*), intent(in), optional :: tile_shape(..), background_length(..)
    logical, intent(in), optional :: positive, warm_start, frozen_support, trace, learn_window, learn_zero_mean, &
        learn_rank_one, learn_recentre, learn_redraw, learn_online
    class(*), intent(in), optional :: periodic(..), learn_fixed_atoms(..)
    character(*), intent(in), optional :: reg_scale, tol_scale, strategy, schedule, soft_lock, missing, background, &
        correlation, learn_init, learn_reg_reference, learn_statistics
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    type(described), target :: a
    integer(int64) :: signal(3), n_signals
    n_signals = 1
    if (rank(x) == rank(d)) n_signals = size(x, rank(x), kind=int64)
    call c%choose_context(context)
    call c%choose_options(options, &
      reg=reg, reg_per_atom=reg_per_atom, reg_scale=reg_scale, ridge=ridge, tol=tol, tol_scale=tol_scale, &
      gap_tol=gap_tol, max_iter=max_iter, time_limit=time_limit, strategy=strategy, schedule=schedule, &
      soft_lock=soft_lock, steps_per_visit=steps_per_visit, tile_shape=tile_shape, positive=positive, &
      periodic=periodic, missing=missing, background=background, background_length=background_length, &
      warm_start=warm_start, frozen_support=frozen_support, seed=seed, correlation=correlation, &
      progress_interval=progress_interval, trace=trace, learn_init=learn_init, learn_max_iter=learn_max_iter, &
      learn_tol=learn_tol, learn_reg_reference=learn_reg_reference, learn_dict_tol=learn_dict_tol, &
      learn_dict_max_iter=learn_dict_max_iter, learn_window=learn_window, learn_zero_mean=learn_zero_mean, &
      learn_rank_one=learn_rank_one, learn_fixed_atoms=learn_fixed_atoms, learn_recentre=learn_recentre, &
      learn_redraw=learn_redraw, learn_redraw_below=learn_redraw_below, learn_online=learn_online, &
      learn_batch=learn_batch, learn_forgetting=learn_forgetting, learn_statistics=learn_statistics)
    if (present(signal_shape)) then
      call c%domain(shape(d, int64), signal_shape, n_signals, DICOD_F64)
    else
      call c%measure('x', shape(x, int64), shape(d, int64))
      c%g%element_type = DICOD_F64
    end if
    signal = c%g%signal
    call c%lay_out('x', view_r64(x), c%g%n_channels, signal, offset, a)
    if (c%proceed()) call c%finish(dicod_initial_dictionary(c%context, c%options, c%problem(), a%input(), c_loc(d)))
    call c%report(stat, errmsg)
  end subroutine

  recursive subroutine learn_333_r64(x, d, z, context, options, &
      reg, reg_per_atom, reg_scale, ridge, tol, tol_scale, gap_tol, max_iter, time_limit, strategy, schedule, &
      soft_lock, steps_per_visit, tile_shape, positive, periodic, missing, background, background_length, &
      warm_start, frozen_support, seed, correlation, progress_interval, trace, learn_init, learn_max_iter, &
      learn_tol, learn_reg_reference, learn_dict_tol, learn_dict_max_iter, learn_window, learn_zero_mean, &
      learn_rank_one, learn_fixed_atoms, learn_recentre, learn_redraw, learn_redraw_below, learn_online, &
      learn_batch, learn_forgetting, learn_statistics, &
      each, user, info, stat, errmsg)
    real(real64), intent(in), contiguous, target :: x(:, :, :)
    real(real64), intent(inout), contiguous, target :: d(:, :, :)
    real(real64), intent(inout), contiguous, target, optional :: z(:, :, :)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, ridge, tol, gap_tol, time_limit, progress_interval, learn_tol, &
        learn_dict_tol, learn_redraw_below, learn_forgetting
    class(*), intent(in), optional :: reg_per_atom(..)
    class(*), intent(in), optional :: max_iter, steps_per_visit, seed, learn_max_iter, learn_dict_max_iter, &
        learn_batch
    class(*), intent(in), optional :: tile_shape(..), background_length(..)
    logical, intent(in), optional :: positive, warm_start, frozen_support, trace, learn_window, learn_zero_mean, &
        learn_rank_one, learn_recentre, learn_redraw, learn_online
    class(*), intent(in), optional :: periodic(..), learn_fixed_atoms(..)
    character(*), intent(in), optional :: reg_scale, tol_scale, strategy, schedule, soft_lock, missing, background, &
        correlation, learn_init, learn_reg_reference, learn_statistics
    procedure(learn_procedure), optional :: each
    class(*), intent(in), target, optional :: user
    type(dicod_learn_info), intent(inout), optional :: info
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    type(learn_box), target :: box
    type(c_ptr) :: at_z
    call c%choose_context(context)
    call c%choose_options(options, &
      reg=reg, reg_per_atom=reg_per_atom, reg_scale=reg_scale, ridge=ridge, tol=tol, tol_scale=tol_scale, &
      gap_tol=gap_tol, max_iter=max_iter, time_limit=time_limit, strategy=strategy, schedule=schedule, &
      soft_lock=soft_lock, steps_per_visit=steps_per_visit, tile_shape=tile_shape, positive=positive, &
      periodic=periodic, missing=missing, background=background, background_length=background_length, &
      warm_start=warm_start, frozen_support=frozen_support, seed=seed, correlation=correlation, &
      progress_interval=progress_interval, trace=trace, learn_init=learn_init, learn_max_iter=learn_max_iter, &
      learn_tol=learn_tol, learn_reg_reference=learn_reg_reference, learn_dict_tol=learn_dict_tol, &
      learn_dict_max_iter=learn_dict_max_iter, learn_window=learn_window, learn_zero_mean=learn_zero_mean, &
      learn_rank_one=learn_rank_one, learn_fixed_atoms=learn_fixed_atoms, learn_recentre=learn_recentre, &
      learn_redraw=learn_redraw, learn_redraw_below=learn_redraw_below, learn_online=learn_online, &
      learn_batch=learn_batch, learn_forgetting=learn_forgetting, learn_statistics=learn_statistics)
    call c%measure('x', shape(x, int64), shape(d, int64))
    at_z = c_null_ptr
    if (present(z)) then
      call c%check_z(shape(z, int64))
      at_z = c_loc(z)
    end if
    if (c%proceed()) call c%finish(dicod_learn(c%context, c%options, c%problem(), c_loc(x), told(box, each, user), c_loc(box), &
      c_loc(d), at_z, info))
    call c%report(stat, errmsg)
  end subroutine

  ! The dictionary that learning would begin with. x is this rank's block of a domain of signal_shape, which begins at offset;
  ! without signal_shape all of it. Collective over several ranks.
  recursive subroutine initial_dictionary_333_r64(x, d, offset, signal_shape, context, options, &
      reg, reg_per_atom, reg_scale, ridge, tol, tol_scale, gap_tol, max_iter, time_limit, strategy, schedule, &
      soft_lock, steps_per_visit, tile_shape, positive, periodic, missing, background, background_length, &
      warm_start, frozen_support, seed, correlation, progress_interval, trace, learn_init, learn_max_iter, &
      learn_tol, learn_reg_reference, learn_dict_tol, learn_dict_max_iter, learn_window, learn_zero_mean, &
      learn_rank_one, learn_fixed_atoms, learn_recentre, learn_redraw, learn_redraw_below, learn_online, &
      learn_batch, learn_forgetting, learn_statistics, &
      stat, errmsg)
    real(real64), intent(in), target :: x(:, :, :)
    real(real64), intent(inout), contiguous, target :: d(:, :, :)
    class(*), intent(in), optional :: offset(..), signal_shape(..)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, ridge, tol, gap_tol, time_limit, progress_interval, learn_tol, &
        learn_dict_tol, learn_redraw_below, learn_forgetting
    class(*), intent(in), optional :: reg_per_atom(..)
    class(*), intent(in), optional :: max_iter, steps_per_visit, seed, learn_max_iter, learn_dict_max_iter, &
        learn_batch
    class(*), intent(in), optional :: tile_shape(..), background_length(..)
    logical, intent(in), optional :: positive, warm_start, frozen_support, trace, learn_window, learn_zero_mean, &
        learn_rank_one, learn_recentre, learn_redraw, learn_online
    class(*), intent(in), optional :: periodic(..), learn_fixed_atoms(..)
    character(*), intent(in), optional :: reg_scale, tol_scale, strategy, schedule, soft_lock, missing, background, &
        correlation, learn_init, learn_reg_reference, learn_statistics
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    type(described), target :: a
    integer(int64) :: signal(3), n_signals
    n_signals = 1
    if (rank(x) == rank(d)) n_signals = size(x, rank(x), kind=int64)
    call c%choose_context(context)
    call c%choose_options(options, &
      reg=reg, reg_per_atom=reg_per_atom, reg_scale=reg_scale, ridge=ridge, tol=tol, tol_scale=tol_scale, &
      gap_tol=gap_tol, max_iter=max_iter, time_limit=time_limit, strategy=strategy, schedule=schedule, &
      soft_lock=soft_lock, steps_per_visit=steps_per_visit, tile_shape=tile_shape, positive=positive, &
      periodic=periodic, missing=missing, background=background, background_length=background_length, &
      warm_start=warm_start, frozen_support=frozen_support, seed=seed, correlation=correlation, &
      progress_interval=progress_interval, trace=trace, learn_init=learn_init, learn_max_iter=learn_max_iter, &
      learn_tol=learn_tol, learn_reg_reference=learn_reg_reference, learn_dict_tol=learn_dict_tol, &
      learn_dict_max_iter=learn_dict_max_iter, learn_window=learn_window, learn_zero_mean=learn_zero_mean, &
      learn_rank_one=learn_rank_one, learn_fixed_atoms=learn_fixed_atoms, learn_recentre=learn_recentre, &
      learn_redraw=learn_redraw, learn_redraw_below=learn_redraw_below, learn_online=learn_online, &
      learn_batch=learn_batch, learn_forgetting=learn_forgetting, learn_statistics=learn_statistics)
    if (present(signal_shape)) then
      call c%domain(shape(d, int64), signal_shape, n_signals, DICOD_F64)
    else
      call c%measure('x', shape(x, int64), shape(d, int64))
      c%g%element_type = DICOD_F64
    end if
    signal = c%g%signal
    call c%lay_out('x', view_r64(x), c%g%n_channels, signal, offset, a)
    if (c%proceed()) call c%finish(dicod_initial_dictionary(c%context, c%options, c%problem(), a%input(), c_loc(d)))
    call c%report(stat, errmsg)
  end subroutine

  recursive subroutine learn_243_r64(x, d, z, context, options, &
      reg, reg_per_atom, reg_scale, ridge, tol, tol_scale, gap_tol, max_iter, time_limit, strategy, schedule, &
      soft_lock, steps_per_visit, tile_shape, positive, periodic, missing, background, background_length, &
      warm_start, frozen_support, seed, correlation, progress_interval, trace, learn_init, learn_max_iter, &
      learn_tol, learn_reg_reference, learn_dict_tol, learn_dict_max_iter, learn_window, learn_zero_mean, &
      learn_rank_one, learn_fixed_atoms, learn_recentre, learn_redraw, learn_redraw_below, learn_online, &
      learn_batch, learn_forgetting, learn_statistics, &
      each, user, info, stat, errmsg)
    real(real64), intent(in), contiguous, target :: x(:, :)
    real(real64), intent(inout), contiguous, target :: d(:, :, :, :)
    real(real64), intent(inout), contiguous, target, optional :: z(:, :, :)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, ridge, tol, gap_tol, time_limit, progress_interval, learn_tol, &
        learn_dict_tol, learn_redraw_below, learn_forgetting
    class(*), intent(in), optional :: reg_per_atom(..)
    class(*), intent(in), optional :: max_iter, steps_per_visit, seed, learn_max_iter, learn_dict_max_iter, &
        learn_batch
    class(*), intent(in), optional :: tile_shape(..), background_length(..)
    logical, intent(in), optional :: positive, warm_start, frozen_support, trace, learn_window, learn_zero_mean, &
        learn_rank_one, learn_recentre, learn_redraw, learn_online
    class(*), intent(in), optional :: periodic(..), learn_fixed_atoms(..)
    character(*), intent(in), optional :: reg_scale, tol_scale, strategy, schedule, soft_lock, missing, background, &
        correlation, learn_init, learn_reg_reference, learn_statistics
    procedure(learn_procedure), optional :: each
    class(*), intent(in), target, optional :: user
    type(dicod_learn_info), intent(inout), optional :: info
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    type(learn_box), target :: box
    type(c_ptr) :: at_z
    call c%choose_context(context)
    call c%choose_options(options, &
      reg=reg, reg_per_atom=reg_per_atom, reg_scale=reg_scale, ridge=ridge, tol=tol, tol_scale=tol_scale, &
      gap_tol=gap_tol, max_iter=max_iter, time_limit=time_limit, strategy=strategy, schedule=schedule, &
      soft_lock=soft_lock, steps_per_visit=steps_per_visit, tile_shape=tile_shape, positive=positive, &
      periodic=periodic, missing=missing, background=background, background_length=background_length, &
      warm_start=warm_start, frozen_support=frozen_support, seed=seed, correlation=correlation, &
      progress_interval=progress_interval, trace=trace, learn_init=learn_init, learn_max_iter=learn_max_iter, &
      learn_tol=learn_tol, learn_reg_reference=learn_reg_reference, learn_dict_tol=learn_dict_tol, &
      learn_dict_max_iter=learn_dict_max_iter, learn_window=learn_window, learn_zero_mean=learn_zero_mean, &
      learn_rank_one=learn_rank_one, learn_fixed_atoms=learn_fixed_atoms, learn_recentre=learn_recentre, &
      learn_redraw=learn_redraw, learn_redraw_below=learn_redraw_below, learn_online=learn_online, &
      learn_batch=learn_batch, learn_forgetting=learn_forgetting, learn_statistics=learn_statistics)
    call c%measure('x', shape(x, int64), shape(d, int64))
    at_z = c_null_ptr
    if (present(z)) then
      call c%check_z(shape(z, int64))
      at_z = c_loc(z)
    end if
    if (c%proceed()) call c%finish(dicod_learn(c%context, c%options, c%problem(), c_loc(x), told(box, each, user), c_loc(box), &
      c_loc(d), at_z, info))
    call c%report(stat, errmsg)
  end subroutine

  ! The dictionary that learning would begin with. x is this rank's block of a domain of signal_shape, which begins at offset;
  ! without signal_shape all of it. Collective over several ranks.
  recursive subroutine initial_dictionary_243_r64(x, d, offset, signal_shape, context, options, &
      reg, reg_per_atom, reg_scale, ridge, tol, tol_scale, gap_tol, max_iter, time_limit, strategy, schedule, &
      soft_lock, steps_per_visit, tile_shape, positive, periodic, missing, background, background_length, &
      warm_start, frozen_support, seed, correlation, progress_interval, trace, learn_init, learn_max_iter, &
      learn_tol, learn_reg_reference, learn_dict_tol, learn_dict_max_iter, learn_window, learn_zero_mean, &
      learn_rank_one, learn_fixed_atoms, learn_recentre, learn_redraw, learn_redraw_below, learn_online, &
      learn_batch, learn_forgetting, learn_statistics, &
      stat, errmsg)
    real(real64), intent(in), target :: x(:, :)
    real(real64), intent(inout), contiguous, target :: d(:, :, :, :)
    class(*), intent(in), optional :: offset(..), signal_shape(..)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, ridge, tol, gap_tol, time_limit, progress_interval, learn_tol, &
        learn_dict_tol, learn_redraw_below, learn_forgetting
    class(*), intent(in), optional :: reg_per_atom(..)
    class(*), intent(in), optional :: max_iter, steps_per_visit, seed, learn_max_iter, learn_dict_max_iter, &
        learn_batch
    class(*), intent(in), optional :: tile_shape(..), background_length(..)
    logical, intent(in), optional :: positive, warm_start, frozen_support, trace, learn_window, learn_zero_mean, &
        learn_rank_one, learn_recentre, learn_redraw, learn_online
    class(*), intent(in), optional :: periodic(..), learn_fixed_atoms(..)
    character(*), intent(in), optional :: reg_scale, tol_scale, strategy, schedule, soft_lock, missing, background, &
        correlation, learn_init, learn_reg_reference, learn_statistics
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    type(described), target :: a
    integer(int64) :: signal(3), n_signals
    n_signals = 1
    if (rank(x) == rank(d)) n_signals = size(x, rank(x), kind=int64)
    call c%choose_context(context)
    call c%choose_options(options, &
      reg=reg, reg_per_atom=reg_per_atom, reg_scale=reg_scale, ridge=ridge, tol=tol, tol_scale=tol_scale, &
      gap_tol=gap_tol, max_iter=max_iter, time_limit=time_limit, strategy=strategy, schedule=schedule, &
      soft_lock=soft_lock, steps_per_visit=steps_per_visit, tile_shape=tile_shape, positive=positive, &
      periodic=periodic, missing=missing, background=background, background_length=background_length, &
      warm_start=warm_start, frozen_support=frozen_support, seed=seed, correlation=correlation, &
      progress_interval=progress_interval, trace=trace, learn_init=learn_init, learn_max_iter=learn_max_iter, &
      learn_tol=learn_tol, learn_reg_reference=learn_reg_reference, learn_dict_tol=learn_dict_tol, &
      learn_dict_max_iter=learn_dict_max_iter, learn_window=learn_window, learn_zero_mean=learn_zero_mean, &
      learn_rank_one=learn_rank_one, learn_fixed_atoms=learn_fixed_atoms, learn_recentre=learn_recentre, &
      learn_redraw=learn_redraw, learn_redraw_below=learn_redraw_below, learn_online=learn_online, &
      learn_batch=learn_batch, learn_forgetting=learn_forgetting, learn_statistics=learn_statistics)
    if (present(signal_shape)) then
      call c%domain(shape(d, int64), signal_shape, n_signals, DICOD_F64)
    else
      call c%measure('x', shape(x, int64), shape(d, int64))
      c%g%element_type = DICOD_F64
    end if
    signal = c%g%signal
    call c%lay_out('x', view_r64(x), c%g%n_channels, signal, offset, a)
    if (c%proceed()) call c%finish(dicod_initial_dictionary(c%context, c%options, c%problem(), a%input(), c_loc(d)))
    call c%report(stat, errmsg)
  end subroutine

  recursive subroutine learn_343_r64(x, d, z, context, options, &
      reg, reg_per_atom, reg_scale, ridge, tol, tol_scale, gap_tol, max_iter, time_limit, strategy, schedule, &
      soft_lock, steps_per_visit, tile_shape, positive, periodic, missing, background, background_length, &
      warm_start, frozen_support, seed, correlation, progress_interval, trace, learn_init, learn_max_iter, &
      learn_tol, learn_reg_reference, learn_dict_tol, learn_dict_max_iter, learn_window, learn_zero_mean, &
      learn_rank_one, learn_fixed_atoms, learn_recentre, learn_redraw, learn_redraw_below, learn_online, &
      learn_batch, learn_forgetting, learn_statistics, &
      each, user, info, stat, errmsg)
    real(real64), intent(in), contiguous, target :: x(:, :, :)
    real(real64), intent(inout), contiguous, target :: d(:, :, :, :)
    real(real64), intent(inout), contiguous, target, optional :: z(:, :, :)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, ridge, tol, gap_tol, time_limit, progress_interval, learn_tol, &
        learn_dict_tol, learn_redraw_below, learn_forgetting
    class(*), intent(in), optional :: reg_per_atom(..)
    class(*), intent(in), optional :: max_iter, steps_per_visit, seed, learn_max_iter, learn_dict_max_iter, &
        learn_batch
    class(*), intent(in), optional :: tile_shape(..), background_length(..)
    logical, intent(in), optional :: positive, warm_start, frozen_support, trace, learn_window, learn_zero_mean, &
        learn_rank_one, learn_recentre, learn_redraw, learn_online
    class(*), intent(in), optional :: periodic(..), learn_fixed_atoms(..)
    character(*), intent(in), optional :: reg_scale, tol_scale, strategy, schedule, soft_lock, missing, background, &
        correlation, learn_init, learn_reg_reference, learn_statistics
    procedure(learn_procedure), optional :: each
    class(*), intent(in), target, optional :: user
    type(dicod_learn_info), intent(inout), optional :: info
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    type(learn_box), target :: box
    type(c_ptr) :: at_z
    call c%choose_context(context)
    call c%choose_options(options, &
      reg=reg, reg_per_atom=reg_per_atom, reg_scale=reg_scale, ridge=ridge, tol=tol, tol_scale=tol_scale, &
      gap_tol=gap_tol, max_iter=max_iter, time_limit=time_limit, strategy=strategy, schedule=schedule, &
      soft_lock=soft_lock, steps_per_visit=steps_per_visit, tile_shape=tile_shape, positive=positive, &
      periodic=periodic, missing=missing, background=background, background_length=background_length, &
      warm_start=warm_start, frozen_support=frozen_support, seed=seed, correlation=correlation, &
      progress_interval=progress_interval, trace=trace, learn_init=learn_init, learn_max_iter=learn_max_iter, &
      learn_tol=learn_tol, learn_reg_reference=learn_reg_reference, learn_dict_tol=learn_dict_tol, &
      learn_dict_max_iter=learn_dict_max_iter, learn_window=learn_window, learn_zero_mean=learn_zero_mean, &
      learn_rank_one=learn_rank_one, learn_fixed_atoms=learn_fixed_atoms, learn_recentre=learn_recentre, &
      learn_redraw=learn_redraw, learn_redraw_below=learn_redraw_below, learn_online=learn_online, &
      learn_batch=learn_batch, learn_forgetting=learn_forgetting, learn_statistics=learn_statistics)
    call c%measure('x', shape(x, int64), shape(d, int64))
    at_z = c_null_ptr
    if (present(z)) then
      call c%check_z(shape(z, int64))
      at_z = c_loc(z)
    end if
    if (c%proceed()) call c%finish(dicod_learn(c%context, c%options, c%problem(), c_loc(x), told(box, each, user), c_loc(box), &
      c_loc(d), at_z, info))
    call c%report(stat, errmsg)
  end subroutine

  ! The dictionary that learning would begin with. x is this rank's block of a domain of signal_shape, which begins at offset;
  ! without signal_shape all of it. Collective over several ranks.
  recursive subroutine initial_dictionary_343_r64(x, d, offset, signal_shape, context, options, &
      reg, reg_per_atom, reg_scale, ridge, tol, tol_scale, gap_tol, max_iter, time_limit, strategy, schedule, &
      soft_lock, steps_per_visit, tile_shape, positive, periodic, missing, background, background_length, &
      warm_start, frozen_support, seed, correlation, progress_interval, trace, learn_init, learn_max_iter, &
      learn_tol, learn_reg_reference, learn_dict_tol, learn_dict_max_iter, learn_window, learn_zero_mean, &
      learn_rank_one, learn_fixed_atoms, learn_recentre, learn_redraw, learn_redraw_below, learn_online, &
      learn_batch, learn_forgetting, learn_statistics, &
      stat, errmsg)
    real(real64), intent(in), target :: x(:, :, :)
    real(real64), intent(inout), contiguous, target :: d(:, :, :, :)
    class(*), intent(in), optional :: offset(..), signal_shape(..)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, ridge, tol, gap_tol, time_limit, progress_interval, learn_tol, &
        learn_dict_tol, learn_redraw_below, learn_forgetting
    class(*), intent(in), optional :: reg_per_atom(..)
    class(*), intent(in), optional :: max_iter, steps_per_visit, seed, learn_max_iter, learn_dict_max_iter, &
        learn_batch
    class(*), intent(in), optional :: tile_shape(..), background_length(..)
    logical, intent(in), optional :: positive, warm_start, frozen_support, trace, learn_window, learn_zero_mean, &
        learn_rank_one, learn_recentre, learn_redraw, learn_online
    class(*), intent(in), optional :: periodic(..), learn_fixed_atoms(..)
    character(*), intent(in), optional :: reg_scale, tol_scale, strategy, schedule, soft_lock, missing, background, &
        correlation, learn_init, learn_reg_reference, learn_statistics
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    type(described), target :: a
    integer(int64) :: signal(3), n_signals
    n_signals = 1
    if (rank(x) == rank(d)) n_signals = size(x, rank(x), kind=int64)
    call c%choose_context(context)
    call c%choose_options(options, &
      reg=reg, reg_per_atom=reg_per_atom, reg_scale=reg_scale, ridge=ridge, tol=tol, tol_scale=tol_scale, &
      gap_tol=gap_tol, max_iter=max_iter, time_limit=time_limit, strategy=strategy, schedule=schedule, &
      soft_lock=soft_lock, steps_per_visit=steps_per_visit, tile_shape=tile_shape, positive=positive, &
      periodic=periodic, missing=missing, background=background, background_length=background_length, &
      warm_start=warm_start, frozen_support=frozen_support, seed=seed, correlation=correlation, &
      progress_interval=progress_interval, trace=trace, learn_init=learn_init, learn_max_iter=learn_max_iter, &
      learn_tol=learn_tol, learn_reg_reference=learn_reg_reference, learn_dict_tol=learn_dict_tol, &
      learn_dict_max_iter=learn_dict_max_iter, learn_window=learn_window, learn_zero_mean=learn_zero_mean, &
      learn_rank_one=learn_rank_one, learn_fixed_atoms=learn_fixed_atoms, learn_recentre=learn_recentre, &
      learn_redraw=learn_redraw, learn_redraw_below=learn_redraw_below, learn_online=learn_online, &
      learn_batch=learn_batch, learn_forgetting=learn_forgetting, learn_statistics=learn_statistics)
    if (present(signal_shape)) then
      call c%domain(shape(d, int64), signal_shape, n_signals, DICOD_F64)
    else
      call c%measure('x', shape(x, int64), shape(d, int64))
      c%g%element_type = DICOD_F64
    end if
    signal = c%g%signal
    call c%lay_out('x', view_r64(x), c%g%n_channels, signal, offset, a)
    if (c%proceed()) call c%finish(dicod_initial_dictionary(c%context, c%options, c%problem(), a%input(), c_loc(d)))
    call c%report(stat, errmsg)
  end subroutine

  recursive subroutine learn_444_r64(x, d, z, context, options, &
      reg, reg_per_atom, reg_scale, ridge, tol, tol_scale, gap_tol, max_iter, time_limit, strategy, schedule, &
      soft_lock, steps_per_visit, tile_shape, positive, periodic, missing, background, background_length, &
      warm_start, frozen_support, seed, correlation, progress_interval, trace, learn_init, learn_max_iter, &
      learn_tol, learn_reg_reference, learn_dict_tol, learn_dict_max_iter, learn_window, learn_zero_mean, &
      learn_rank_one, learn_fixed_atoms, learn_recentre, learn_redraw, learn_redraw_below, learn_online, &
      learn_batch, learn_forgetting, learn_statistics, &
      each, user, info, stat, errmsg)
    real(real64), intent(in), contiguous, target :: x(:, :, :, :)
    real(real64), intent(inout), contiguous, target :: d(:, :, :, :)
    real(real64), intent(inout), contiguous, target, optional :: z(:, :, :, :)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, ridge, tol, gap_tol, time_limit, progress_interval, learn_tol, &
        learn_dict_tol, learn_redraw_below, learn_forgetting
    class(*), intent(in), optional :: reg_per_atom(..)
    class(*), intent(in), optional :: max_iter, steps_per_visit, seed, learn_max_iter, learn_dict_max_iter, &
        learn_batch
    class(*), intent(in), optional :: tile_shape(..), background_length(..)
    logical, intent(in), optional :: positive, warm_start, frozen_support, trace, learn_window, learn_zero_mean, &
        learn_rank_one, learn_recentre, learn_redraw, learn_online
    class(*), intent(in), optional :: periodic(..), learn_fixed_atoms(..)
    character(*), intent(in), optional :: reg_scale, tol_scale, strategy, schedule, soft_lock, missing, background, &
        correlation, learn_init, learn_reg_reference, learn_statistics
    procedure(learn_procedure), optional :: each
    class(*), intent(in), target, optional :: user
    type(dicod_learn_info), intent(inout), optional :: info
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    type(learn_box), target :: box
    type(c_ptr) :: at_z
    call c%choose_context(context)
    call c%choose_options(options, &
      reg=reg, reg_per_atom=reg_per_atom, reg_scale=reg_scale, ridge=ridge, tol=tol, tol_scale=tol_scale, &
      gap_tol=gap_tol, max_iter=max_iter, time_limit=time_limit, strategy=strategy, schedule=schedule, &
      soft_lock=soft_lock, steps_per_visit=steps_per_visit, tile_shape=tile_shape, positive=positive, &
      periodic=periodic, missing=missing, background=background, background_length=background_length, &
      warm_start=warm_start, frozen_support=frozen_support, seed=seed, correlation=correlation, &
      progress_interval=progress_interval, trace=trace, learn_init=learn_init, learn_max_iter=learn_max_iter, &
      learn_tol=learn_tol, learn_reg_reference=learn_reg_reference, learn_dict_tol=learn_dict_tol, &
      learn_dict_max_iter=learn_dict_max_iter, learn_window=learn_window, learn_zero_mean=learn_zero_mean, &
      learn_rank_one=learn_rank_one, learn_fixed_atoms=learn_fixed_atoms, learn_recentre=learn_recentre, &
      learn_redraw=learn_redraw, learn_redraw_below=learn_redraw_below, learn_online=learn_online, &
      learn_batch=learn_batch, learn_forgetting=learn_forgetting, learn_statistics=learn_statistics)
    call c%measure('x', shape(x, int64), shape(d, int64))
    at_z = c_null_ptr
    if (present(z)) then
      call c%check_z(shape(z, int64))
      at_z = c_loc(z)
    end if
    if (c%proceed()) call c%finish(dicod_learn(c%context, c%options, c%problem(), c_loc(x), told(box, each, user), c_loc(box), &
      c_loc(d), at_z, info))
    call c%report(stat, errmsg)
  end subroutine

  ! The dictionary that learning would begin with. x is this rank's block of a domain of signal_shape, which begins at offset;
  ! without signal_shape all of it. Collective over several ranks.
  recursive subroutine initial_dictionary_444_r64(x, d, offset, signal_shape, context, options, &
      reg, reg_per_atom, reg_scale, ridge, tol, tol_scale, gap_tol, max_iter, time_limit, strategy, schedule, &
      soft_lock, steps_per_visit, tile_shape, positive, periodic, missing, background, background_length, &
      warm_start, frozen_support, seed, correlation, progress_interval, trace, learn_init, learn_max_iter, &
      learn_tol, learn_reg_reference, learn_dict_tol, learn_dict_max_iter, learn_window, learn_zero_mean, &
      learn_rank_one, learn_fixed_atoms, learn_recentre, learn_redraw, learn_redraw_below, learn_online, &
      learn_batch, learn_forgetting, learn_statistics, &
      stat, errmsg)
    real(real64), intent(in), target :: x(:, :, :, :)
    real(real64), intent(inout), contiguous, target :: d(:, :, :, :)
    class(*), intent(in), optional :: offset(..), signal_shape(..)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, ridge, tol, gap_tol, time_limit, progress_interval, learn_tol, &
        learn_dict_tol, learn_redraw_below, learn_forgetting
    class(*), intent(in), optional :: reg_per_atom(..)
    class(*), intent(in), optional :: max_iter, steps_per_visit, seed, learn_max_iter, learn_dict_max_iter, &
        learn_batch
    class(*), intent(in), optional :: tile_shape(..), background_length(..)
    logical, intent(in), optional :: positive, warm_start, frozen_support, trace, learn_window, learn_zero_mean, &
        learn_rank_one, learn_recentre, learn_redraw, learn_online
    class(*), intent(in), optional :: periodic(..), learn_fixed_atoms(..)
    character(*), intent(in), optional :: reg_scale, tol_scale, strategy, schedule, soft_lock, missing, background, &
        correlation, learn_init, learn_reg_reference, learn_statistics
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    type(described), target :: a
    integer(int64) :: signal(3), n_signals
    n_signals = 1
    if (rank(x) == rank(d)) n_signals = size(x, rank(x), kind=int64)
    call c%choose_context(context)
    call c%choose_options(options, &
      reg=reg, reg_per_atom=reg_per_atom, reg_scale=reg_scale, ridge=ridge, tol=tol, tol_scale=tol_scale, &
      gap_tol=gap_tol, max_iter=max_iter, time_limit=time_limit, strategy=strategy, schedule=schedule, &
      soft_lock=soft_lock, steps_per_visit=steps_per_visit, tile_shape=tile_shape, positive=positive, &
      periodic=periodic, missing=missing, background=background, background_length=background_length, &
      warm_start=warm_start, frozen_support=frozen_support, seed=seed, correlation=correlation, &
      progress_interval=progress_interval, trace=trace, learn_init=learn_init, learn_max_iter=learn_max_iter, &
      learn_tol=learn_tol, learn_reg_reference=learn_reg_reference, learn_dict_tol=learn_dict_tol, &
      learn_dict_max_iter=learn_dict_max_iter, learn_window=learn_window, learn_zero_mean=learn_zero_mean, &
      learn_rank_one=learn_rank_one, learn_fixed_atoms=learn_fixed_atoms, learn_recentre=learn_recentre, &
      learn_redraw=learn_redraw, learn_redraw_below=learn_redraw_below, learn_online=learn_online, &
      learn_batch=learn_batch, learn_forgetting=learn_forgetting, learn_statistics=learn_statistics)
    if (present(signal_shape)) then
      call c%domain(shape(d, int64), signal_shape, n_signals, DICOD_F64)
    else
      call c%measure('x', shape(x, int64), shape(d, int64))
      c%g%element_type = DICOD_F64
    end if
    signal = c%g%signal
    call c%lay_out('x', view_r64(x), c%g%n_channels, signal, offset, a)
    if (c%proceed()) call c%finish(dicod_initial_dictionary(c%context, c%options, c%problem(), a%input(), c_loc(d)))
    call c%report(stat, errmsg)
  end subroutine

  recursive subroutine learn_354_r64(x, d, z, context, options, &
      reg, reg_per_atom, reg_scale, ridge, tol, tol_scale, gap_tol, max_iter, time_limit, strategy, schedule, &
      soft_lock, steps_per_visit, tile_shape, positive, periodic, missing, background, background_length, &
      warm_start, frozen_support, seed, correlation, progress_interval, trace, learn_init, learn_max_iter, &
      learn_tol, learn_reg_reference, learn_dict_tol, learn_dict_max_iter, learn_window, learn_zero_mean, &
      learn_rank_one, learn_fixed_atoms, learn_recentre, learn_redraw, learn_redraw_below, learn_online, &
      learn_batch, learn_forgetting, learn_statistics, &
      each, user, info, stat, errmsg)
    real(real64), intent(in), contiguous, target :: x(:, :, :)
    real(real64), intent(inout), contiguous, target :: d(:, :, :, :, :)
    real(real64), intent(inout), contiguous, target, optional :: z(:, :, :, :)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, ridge, tol, gap_tol, time_limit, progress_interval, learn_tol, &
        learn_dict_tol, learn_redraw_below, learn_forgetting
    class(*), intent(in), optional :: reg_per_atom(..)
    class(*), intent(in), optional :: max_iter, steps_per_visit, seed, learn_max_iter, learn_dict_max_iter, &
        learn_batch
    class(*), intent(in), optional :: tile_shape(..), background_length(..)
    logical, intent(in), optional :: positive, warm_start, frozen_support, trace, learn_window, learn_zero_mean, &
        learn_rank_one, learn_recentre, learn_redraw, learn_online
    class(*), intent(in), optional :: periodic(..), learn_fixed_atoms(..)
    character(*), intent(in), optional :: reg_scale, tol_scale, strategy, schedule, soft_lock, missing, background, &
        correlation, learn_init, learn_reg_reference, learn_statistics
    procedure(learn_procedure), optional :: each
    class(*), intent(in), target, optional :: user
    type(dicod_learn_info), intent(inout), optional :: info
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    type(learn_box), target :: box
    type(c_ptr) :: at_z
    call c%choose_context(context)
    call c%choose_options(options, &
      reg=reg, reg_per_atom=reg_per_atom, reg_scale=reg_scale, ridge=ridge, tol=tol, tol_scale=tol_scale, &
      gap_tol=gap_tol, max_iter=max_iter, time_limit=time_limit, strategy=strategy, schedule=schedule, &
      soft_lock=soft_lock, steps_per_visit=steps_per_visit, tile_shape=tile_shape, positive=positive, &
      periodic=periodic, missing=missing, background=background, background_length=background_length, &
      warm_start=warm_start, frozen_support=frozen_support, seed=seed, correlation=correlation, &
      progress_interval=progress_interval, trace=trace, learn_init=learn_init, learn_max_iter=learn_max_iter, &
      learn_tol=learn_tol, learn_reg_reference=learn_reg_reference, learn_dict_tol=learn_dict_tol, &
      learn_dict_max_iter=learn_dict_max_iter, learn_window=learn_window, learn_zero_mean=learn_zero_mean, &
      learn_rank_one=learn_rank_one, learn_fixed_atoms=learn_fixed_atoms, learn_recentre=learn_recentre, &
      learn_redraw=learn_redraw, learn_redraw_below=learn_redraw_below, learn_online=learn_online, &
      learn_batch=learn_batch, learn_forgetting=learn_forgetting, learn_statistics=learn_statistics)
    call c%measure('x', shape(x, int64), shape(d, int64))
    at_z = c_null_ptr
    if (present(z)) then
      call c%check_z(shape(z, int64))
      at_z = c_loc(z)
    end if
    if (c%proceed()) call c%finish(dicod_learn(c%context, c%options, c%problem(), c_loc(x), told(box, each, user), c_loc(box), &
      c_loc(d), at_z, info))
    call c%report(stat, errmsg)
  end subroutine

  ! The dictionary that learning would begin with. x is this rank's block of a domain of signal_shape, which begins at offset;
  ! without signal_shape all of it. Collective over several ranks.
  recursive subroutine initial_dictionary_354_r64(x, d, offset, signal_shape, context, options, &
      reg, reg_per_atom, reg_scale, ridge, tol, tol_scale, gap_tol, max_iter, time_limit, strategy, schedule, &
      soft_lock, steps_per_visit, tile_shape, positive, periodic, missing, background, background_length, &
      warm_start, frozen_support, seed, correlation, progress_interval, trace, learn_init, learn_max_iter, &
      learn_tol, learn_reg_reference, learn_dict_tol, learn_dict_max_iter, learn_window, learn_zero_mean, &
      learn_rank_one, learn_fixed_atoms, learn_recentre, learn_redraw, learn_redraw_below, learn_online, &
      learn_batch, learn_forgetting, learn_statistics, &
      stat, errmsg)
    real(real64), intent(in), target :: x(:, :, :)
    real(real64), intent(inout), contiguous, target :: d(:, :, :, :, :)
    class(*), intent(in), optional :: offset(..), signal_shape(..)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, ridge, tol, gap_tol, time_limit, progress_interval, learn_tol, &
        learn_dict_tol, learn_redraw_below, learn_forgetting
    class(*), intent(in), optional :: reg_per_atom(..)
    class(*), intent(in), optional :: max_iter, steps_per_visit, seed, learn_max_iter, learn_dict_max_iter, &
        learn_batch
    class(*), intent(in), optional :: tile_shape(..), background_length(..)
    logical, intent(in), optional :: positive, warm_start, frozen_support, trace, learn_window, learn_zero_mean, &
        learn_rank_one, learn_recentre, learn_redraw, learn_online
    class(*), intent(in), optional :: periodic(..), learn_fixed_atoms(..)
    character(*), intent(in), optional :: reg_scale, tol_scale, strategy, schedule, soft_lock, missing, background, &
        correlation, learn_init, learn_reg_reference, learn_statistics
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    type(described), target :: a
    integer(int64) :: signal(3), n_signals
    n_signals = 1
    if (rank(x) == rank(d)) n_signals = size(x, rank(x), kind=int64)
    call c%choose_context(context)
    call c%choose_options(options, &
      reg=reg, reg_per_atom=reg_per_atom, reg_scale=reg_scale, ridge=ridge, tol=tol, tol_scale=tol_scale, &
      gap_tol=gap_tol, max_iter=max_iter, time_limit=time_limit, strategy=strategy, schedule=schedule, &
      soft_lock=soft_lock, steps_per_visit=steps_per_visit, tile_shape=tile_shape, positive=positive, &
      periodic=periodic, missing=missing, background=background, background_length=background_length, &
      warm_start=warm_start, frozen_support=frozen_support, seed=seed, correlation=correlation, &
      progress_interval=progress_interval, trace=trace, learn_init=learn_init, learn_max_iter=learn_max_iter, &
      learn_tol=learn_tol, learn_reg_reference=learn_reg_reference, learn_dict_tol=learn_dict_tol, &
      learn_dict_max_iter=learn_dict_max_iter, learn_window=learn_window, learn_zero_mean=learn_zero_mean, &
      learn_rank_one=learn_rank_one, learn_fixed_atoms=learn_fixed_atoms, learn_recentre=learn_recentre, &
      learn_redraw=learn_redraw, learn_redraw_below=learn_redraw_below, learn_online=learn_online, &
      learn_batch=learn_batch, learn_forgetting=learn_forgetting, learn_statistics=learn_statistics)
    if (present(signal_shape)) then
      call c%domain(shape(d, int64), signal_shape, n_signals, DICOD_F64)
    else
      call c%measure('x', shape(x, int64), shape(d, int64))
      c%g%element_type = DICOD_F64
    end if
    signal = c%g%signal
    call c%lay_out('x', view_r64(x), c%g%n_channels, signal, offset, a)
    if (c%proceed()) call c%finish(dicod_initial_dictionary(c%context, c%options, c%problem(), a%input(), c_loc(d)))
    call c%report(stat, errmsg)
  end subroutine

  recursive subroutine learn_454_r64(x, d, z, context, options, &
      reg, reg_per_atom, reg_scale, ridge, tol, tol_scale, gap_tol, max_iter, time_limit, strategy, schedule, &
      soft_lock, steps_per_visit, tile_shape, positive, periodic, missing, background, background_length, &
      warm_start, frozen_support, seed, correlation, progress_interval, trace, learn_init, learn_max_iter, &
      learn_tol, learn_reg_reference, learn_dict_tol, learn_dict_max_iter, learn_window, learn_zero_mean, &
      learn_rank_one, learn_fixed_atoms, learn_recentre, learn_redraw, learn_redraw_below, learn_online, &
      learn_batch, learn_forgetting, learn_statistics, &
      each, user, info, stat, errmsg)
    real(real64), intent(in), contiguous, target :: x(:, :, :, :)
    real(real64), intent(inout), contiguous, target :: d(:, :, :, :, :)
    real(real64), intent(inout), contiguous, target, optional :: z(:, :, :, :)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, ridge, tol, gap_tol, time_limit, progress_interval, learn_tol, &
        learn_dict_tol, learn_redraw_below, learn_forgetting
    class(*), intent(in), optional :: reg_per_atom(..)
    class(*), intent(in), optional :: max_iter, steps_per_visit, seed, learn_max_iter, learn_dict_max_iter, &
        learn_batch
    class(*), intent(in), optional :: tile_shape(..), background_length(..)
    logical, intent(in), optional :: positive, warm_start, frozen_support, trace, learn_window, learn_zero_mean, &
        learn_rank_one, learn_recentre, learn_redraw, learn_online
    class(*), intent(in), optional :: periodic(..), learn_fixed_atoms(..)
    character(*), intent(in), optional :: reg_scale, tol_scale, strategy, schedule, soft_lock, missing, background, &
        correlation, learn_init, learn_reg_reference, learn_statistics
    procedure(learn_procedure), optional :: each
    class(*), intent(in), target, optional :: user
    type(dicod_learn_info), intent(inout), optional :: info
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    type(learn_box), target :: box
    type(c_ptr) :: at_z
    call c%choose_context(context)
    call c%choose_options(options, &
      reg=reg, reg_per_atom=reg_per_atom, reg_scale=reg_scale, ridge=ridge, tol=tol, tol_scale=tol_scale, &
      gap_tol=gap_tol, max_iter=max_iter, time_limit=time_limit, strategy=strategy, schedule=schedule, &
      soft_lock=soft_lock, steps_per_visit=steps_per_visit, tile_shape=tile_shape, positive=positive, &
      periodic=periodic, missing=missing, background=background, background_length=background_length, &
      warm_start=warm_start, frozen_support=frozen_support, seed=seed, correlation=correlation, &
      progress_interval=progress_interval, trace=trace, learn_init=learn_init, learn_max_iter=learn_max_iter, &
      learn_tol=learn_tol, learn_reg_reference=learn_reg_reference, learn_dict_tol=learn_dict_tol, &
      learn_dict_max_iter=learn_dict_max_iter, learn_window=learn_window, learn_zero_mean=learn_zero_mean, &
      learn_rank_one=learn_rank_one, learn_fixed_atoms=learn_fixed_atoms, learn_recentre=learn_recentre, &
      learn_redraw=learn_redraw, learn_redraw_below=learn_redraw_below, learn_online=learn_online, &
      learn_batch=learn_batch, learn_forgetting=learn_forgetting, learn_statistics=learn_statistics)
    call c%measure('x', shape(x, int64), shape(d, int64))
    at_z = c_null_ptr
    if (present(z)) then
      call c%check_z(shape(z, int64))
      at_z = c_loc(z)
    end if
    if (c%proceed()) call c%finish(dicod_learn(c%context, c%options, c%problem(), c_loc(x), told(box, each, user), c_loc(box), &
      c_loc(d), at_z, info))
    call c%report(stat, errmsg)
  end subroutine

  ! The dictionary that learning would begin with. x is this rank's block of a domain of signal_shape, which begins at offset;
  ! without signal_shape all of it. Collective over several ranks.
  recursive subroutine initial_dictionary_454_r64(x, d, offset, signal_shape, context, options, &
      reg, reg_per_atom, reg_scale, ridge, tol, tol_scale, gap_tol, max_iter, time_limit, strategy, schedule, &
      soft_lock, steps_per_visit, tile_shape, positive, periodic, missing, background, background_length, &
      warm_start, frozen_support, seed, correlation, progress_interval, trace, learn_init, learn_max_iter, &
      learn_tol, learn_reg_reference, learn_dict_tol, learn_dict_max_iter, learn_window, learn_zero_mean, &
      learn_rank_one, learn_fixed_atoms, learn_recentre, learn_redraw, learn_redraw_below, learn_online, &
      learn_batch, learn_forgetting, learn_statistics, &
      stat, errmsg)
    real(real64), intent(in), target :: x(:, :, :, :)
    real(real64), intent(inout), contiguous, target :: d(:, :, :, :, :)
    class(*), intent(in), optional :: offset(..), signal_shape(..)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, ridge, tol, gap_tol, time_limit, progress_interval, learn_tol, &
        learn_dict_tol, learn_redraw_below, learn_forgetting
    class(*), intent(in), optional :: reg_per_atom(..)
    class(*), intent(in), optional :: max_iter, steps_per_visit, seed, learn_max_iter, learn_dict_max_iter, &
        learn_batch
    class(*), intent(in), optional :: tile_shape(..), background_length(..)
    logical, intent(in), optional :: positive, warm_start, frozen_support, trace, learn_window, learn_zero_mean, &
        learn_rank_one, learn_recentre, learn_redraw, learn_online
    class(*), intent(in), optional :: periodic(..), learn_fixed_atoms(..)
    character(*), intent(in), optional :: reg_scale, tol_scale, strategy, schedule, soft_lock, missing, background, &
        correlation, learn_init, learn_reg_reference, learn_statistics
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    type(described), target :: a
    integer(int64) :: signal(3), n_signals
    n_signals = 1
    if (rank(x) == rank(d)) n_signals = size(x, rank(x), kind=int64)
    call c%choose_context(context)
    call c%choose_options(options, &
      reg=reg, reg_per_atom=reg_per_atom, reg_scale=reg_scale, ridge=ridge, tol=tol, tol_scale=tol_scale, &
      gap_tol=gap_tol, max_iter=max_iter, time_limit=time_limit, strategy=strategy, schedule=schedule, &
      soft_lock=soft_lock, steps_per_visit=steps_per_visit, tile_shape=tile_shape, positive=positive, &
      periodic=periodic, missing=missing, background=background, background_length=background_length, &
      warm_start=warm_start, frozen_support=frozen_support, seed=seed, correlation=correlation, &
      progress_interval=progress_interval, trace=trace, learn_init=learn_init, learn_max_iter=learn_max_iter, &
      learn_tol=learn_tol, learn_reg_reference=learn_reg_reference, learn_dict_tol=learn_dict_tol, &
      learn_dict_max_iter=learn_dict_max_iter, learn_window=learn_window, learn_zero_mean=learn_zero_mean, &
      learn_rank_one=learn_rank_one, learn_fixed_atoms=learn_fixed_atoms, learn_recentre=learn_recentre, &
      learn_redraw=learn_redraw, learn_redraw_below=learn_redraw_below, learn_online=learn_online, &
      learn_batch=learn_batch, learn_forgetting=learn_forgetting, learn_statistics=learn_statistics)
    if (present(signal_shape)) then
      call c%domain(shape(d, int64), signal_shape, n_signals, DICOD_F64)
    else
      call c%measure('x', shape(x, int64), shape(d, int64))
      c%g%element_type = DICOD_F64
    end if
    signal = c%g%signal
    call c%lay_out('x', view_r64(x), c%g%n_channels, signal, offset, a)
    if (c%proceed()) call c%finish(dicod_initial_dictionary(c%context, c%options, c%problem(), a%input(), c_loc(d)))
    call c%report(stat, errmsg)
  end subroutine

  recursive subroutine learn_555_r64(x, d, z, context, options, &
      reg, reg_per_atom, reg_scale, ridge, tol, tol_scale, gap_tol, max_iter, time_limit, strategy, schedule, &
      soft_lock, steps_per_visit, tile_shape, positive, periodic, missing, background, background_length, &
      warm_start, frozen_support, seed, correlation, progress_interval, trace, learn_init, learn_max_iter, &
      learn_tol, learn_reg_reference, learn_dict_tol, learn_dict_max_iter, learn_window, learn_zero_mean, &
      learn_rank_one, learn_fixed_atoms, learn_recentre, learn_redraw, learn_redraw_below, learn_online, &
      learn_batch, learn_forgetting, learn_statistics, &
      each, user, info, stat, errmsg)
    real(real64), intent(in), contiguous, target :: x(:, :, :, :, :)
    real(real64), intent(inout), contiguous, target :: d(:, :, :, :, :)
    real(real64), intent(inout), contiguous, target, optional :: z(:, :, :, :, :)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, ridge, tol, gap_tol, time_limit, progress_interval, learn_tol, &
        learn_dict_tol, learn_redraw_below, learn_forgetting
    class(*), intent(in), optional :: reg_per_atom(..)
    class(*), intent(in), optional :: max_iter, steps_per_visit, seed, learn_max_iter, learn_dict_max_iter, &
        learn_batch
    class(*), intent(in), optional :: tile_shape(..), background_length(..)
    logical, intent(in), optional :: positive, warm_start, frozen_support, trace, learn_window, learn_zero_mean, &
        learn_rank_one, learn_recentre, learn_redraw, learn_online
    class(*), intent(in), optional :: periodic(..), learn_fixed_atoms(..)
    character(*), intent(in), optional :: reg_scale, tol_scale, strategy, schedule, soft_lock, missing, background, &
        correlation, learn_init, learn_reg_reference, learn_statistics
    procedure(learn_procedure), optional :: each
    class(*), intent(in), target, optional :: user
    type(dicod_learn_info), intent(inout), optional :: info
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    type(learn_box), target :: box
    type(c_ptr) :: at_z
    call c%choose_context(context)
    call c%choose_options(options, &
      reg=reg, reg_per_atom=reg_per_atom, reg_scale=reg_scale, ridge=ridge, tol=tol, tol_scale=tol_scale, &
      gap_tol=gap_tol, max_iter=max_iter, time_limit=time_limit, strategy=strategy, schedule=schedule, &
      soft_lock=soft_lock, steps_per_visit=steps_per_visit, tile_shape=tile_shape, positive=positive, &
      periodic=periodic, missing=missing, background=background, background_length=background_length, &
      warm_start=warm_start, frozen_support=frozen_support, seed=seed, correlation=correlation, &
      progress_interval=progress_interval, trace=trace, learn_init=learn_init, learn_max_iter=learn_max_iter, &
      learn_tol=learn_tol, learn_reg_reference=learn_reg_reference, learn_dict_tol=learn_dict_tol, &
      learn_dict_max_iter=learn_dict_max_iter, learn_window=learn_window, learn_zero_mean=learn_zero_mean, &
      learn_rank_one=learn_rank_one, learn_fixed_atoms=learn_fixed_atoms, learn_recentre=learn_recentre, &
      learn_redraw=learn_redraw, learn_redraw_below=learn_redraw_below, learn_online=learn_online, &
      learn_batch=learn_batch, learn_forgetting=learn_forgetting, learn_statistics=learn_statistics)
    call c%measure('x', shape(x, int64), shape(d, int64))
    at_z = c_null_ptr
    if (present(z)) then
      call c%check_z(shape(z, int64))
      at_z = c_loc(z)
    end if
    if (c%proceed()) call c%finish(dicod_learn(c%context, c%options, c%problem(), c_loc(x), told(box, each, user), c_loc(box), &
      c_loc(d), at_z, info))
    call c%report(stat, errmsg)
  end subroutine

  ! The dictionary that learning would begin with. x is this rank's block of a domain of signal_shape, which begins at offset;
  ! without signal_shape all of it. Collective over several ranks.
  recursive subroutine initial_dictionary_555_r64(x, d, offset, signal_shape, context, options, &
      reg, reg_per_atom, reg_scale, ridge, tol, tol_scale, gap_tol, max_iter, time_limit, strategy, schedule, &
      soft_lock, steps_per_visit, tile_shape, positive, periodic, missing, background, background_length, &
      warm_start, frozen_support, seed, correlation, progress_interval, trace, learn_init, learn_max_iter, &
      learn_tol, learn_reg_reference, learn_dict_tol, learn_dict_max_iter, learn_window, learn_zero_mean, &
      learn_rank_one, learn_fixed_atoms, learn_recentre, learn_redraw, learn_redraw_below, learn_online, &
      learn_batch, learn_forgetting, learn_statistics, &
      stat, errmsg)
    real(real64), intent(in), target :: x(:, :, :, :, :)
    real(real64), intent(inout), contiguous, target :: d(:, :, :, :, :)
    class(*), intent(in), optional :: offset(..), signal_shape(..)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, ridge, tol, gap_tol, time_limit, progress_interval, learn_tol, &
        learn_dict_tol, learn_redraw_below, learn_forgetting
    class(*), intent(in), optional :: reg_per_atom(..)
    class(*), intent(in), optional :: max_iter, steps_per_visit, seed, learn_max_iter, learn_dict_max_iter, &
        learn_batch
    class(*), intent(in), optional :: tile_shape(..), background_length(..)
    logical, intent(in), optional :: positive, warm_start, frozen_support, trace, learn_window, learn_zero_mean, &
        learn_rank_one, learn_recentre, learn_redraw, learn_online
    class(*), intent(in), optional :: periodic(..), learn_fixed_atoms(..)
    character(*), intent(in), optional :: reg_scale, tol_scale, strategy, schedule, soft_lock, missing, background, &
        correlation, learn_init, learn_reg_reference, learn_statistics
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    type(described), target :: a
    integer(int64) :: signal(3), n_signals
    n_signals = 1
    if (rank(x) == rank(d)) n_signals = size(x, rank(x), kind=int64)
    call c%choose_context(context)
    call c%choose_options(options, &
      reg=reg, reg_per_atom=reg_per_atom, reg_scale=reg_scale, ridge=ridge, tol=tol, tol_scale=tol_scale, &
      gap_tol=gap_tol, max_iter=max_iter, time_limit=time_limit, strategy=strategy, schedule=schedule, &
      soft_lock=soft_lock, steps_per_visit=steps_per_visit, tile_shape=tile_shape, positive=positive, &
      periodic=periodic, missing=missing, background=background, background_length=background_length, &
      warm_start=warm_start, frozen_support=frozen_support, seed=seed, correlation=correlation, &
      progress_interval=progress_interval, trace=trace, learn_init=learn_init, learn_max_iter=learn_max_iter, &
      learn_tol=learn_tol, learn_reg_reference=learn_reg_reference, learn_dict_tol=learn_dict_tol, &
      learn_dict_max_iter=learn_dict_max_iter, learn_window=learn_window, learn_zero_mean=learn_zero_mean, &
      learn_rank_one=learn_rank_one, learn_fixed_atoms=learn_fixed_atoms, learn_recentre=learn_recentre, &
      learn_redraw=learn_redraw, learn_redraw_below=learn_redraw_below, learn_online=learn_online, &
      learn_batch=learn_batch, learn_forgetting=learn_forgetting, learn_statistics=learn_statistics)
    if (present(signal_shape)) then
      call c%domain(shape(d, int64), signal_shape, n_signals, DICOD_F64)
    else
      call c%measure('x', shape(x, int64), shape(d, int64))
      c%g%element_type = DICOD_F64
    end if
    signal = c%g%signal
    call c%lay_out('x', view_r64(x), c%g%n_channels, signal, offset, a)
    if (c%proceed()) call c%finish(dicod_initial_dictionary(c%context, c%options, c%problem(), a%input(), c_loc(d)))
    call c%report(stat, errmsg)
  end subroutine

  recursive subroutine learn_132_r32(x, d, z, context, options, &
      reg, reg_per_atom, reg_scale, ridge, tol, tol_scale, gap_tol, max_iter, time_limit, strategy, schedule, &
      soft_lock, steps_per_visit, tile_shape, positive, periodic, missing, background, background_length, &
      warm_start, frozen_support, seed, correlation, progress_interval, trace, learn_init, learn_max_iter, &
      learn_tol, learn_reg_reference, learn_dict_tol, learn_dict_max_iter, learn_window, learn_zero_mean, &
      learn_rank_one, learn_fixed_atoms, learn_recentre, learn_redraw, learn_redraw_below, learn_online, &
      learn_batch, learn_forgetting, learn_statistics, &
      each, user, info, stat, errmsg)
    real(real32), intent(in), contiguous, target :: x(:)
    real(real32), intent(inout), contiguous, target :: d(:, :, :)
    real(real32), intent(inout), contiguous, target, optional :: z(:, :)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, ridge, tol, gap_tol, time_limit, progress_interval, learn_tol, &
        learn_dict_tol, learn_redraw_below, learn_forgetting
    class(*), intent(in), optional :: reg_per_atom(..)
    class(*), intent(in), optional :: max_iter, steps_per_visit, seed, learn_max_iter, learn_dict_max_iter, &
        learn_batch
    class(*), intent(in), optional :: tile_shape(..), background_length(..)
    logical, intent(in), optional :: positive, warm_start, frozen_support, trace, learn_window, learn_zero_mean, &
        learn_rank_one, learn_recentre, learn_redraw, learn_online
    class(*), intent(in), optional :: periodic(..), learn_fixed_atoms(..)
    character(*), intent(in), optional :: reg_scale, tol_scale, strategy, schedule, soft_lock, missing, background, &
        correlation, learn_init, learn_reg_reference, learn_statistics
    procedure(learn_procedure), optional :: each
    class(*), intent(in), target, optional :: user
    type(dicod_learn_info), intent(inout), optional :: info
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    type(learn_box), target :: box
    type(c_ptr) :: at_z
    call c%choose_context(context)
    call c%choose_options(options, &
      reg=reg, reg_per_atom=reg_per_atom, reg_scale=reg_scale, ridge=ridge, tol=tol, tol_scale=tol_scale, &
      gap_tol=gap_tol, max_iter=max_iter, time_limit=time_limit, strategy=strategy, schedule=schedule, &
      soft_lock=soft_lock, steps_per_visit=steps_per_visit, tile_shape=tile_shape, positive=positive, &
      periodic=periodic, missing=missing, background=background, background_length=background_length, &
      warm_start=warm_start, frozen_support=frozen_support, seed=seed, correlation=correlation, &
      progress_interval=progress_interval, trace=trace, learn_init=learn_init, learn_max_iter=learn_max_iter, &
      learn_tol=learn_tol, learn_reg_reference=learn_reg_reference, learn_dict_tol=learn_dict_tol, &
      learn_dict_max_iter=learn_dict_max_iter, learn_window=learn_window, learn_zero_mean=learn_zero_mean, &
      learn_rank_one=learn_rank_one, learn_fixed_atoms=learn_fixed_atoms, learn_recentre=learn_recentre, &
      learn_redraw=learn_redraw, learn_redraw_below=learn_redraw_below, learn_online=learn_online, &
      learn_batch=learn_batch, learn_forgetting=learn_forgetting, learn_statistics=learn_statistics)
    call c%measure('x', shape(x, int64), shape(d, int64))
    at_z = c_null_ptr
    if (present(z)) then
      call c%check_z(shape(z, int64))
      at_z = c_loc(z)
    end if
    if (c%proceed()) call c%finish(dicod_learn_f32(c%context, c%options, c%problem(), c_loc(x), told(box, each, user), c_loc(box), &
      c_loc(d), at_z, info))
    call c%report(stat, errmsg)
  end subroutine

  ! The dictionary that learning would begin with. x is this rank's block of a domain of signal_shape, which begins at offset;
  ! without signal_shape all of it. Collective over several ranks.
  recursive subroutine initial_dictionary_132_r32(x, d, offset, signal_shape, context, options, &
      reg, reg_per_atom, reg_scale, ridge, tol, tol_scale, gap_tol, max_iter, time_limit, strategy, schedule, &
      soft_lock, steps_per_visit, tile_shape, positive, periodic, missing, background, background_length, &
      warm_start, frozen_support, seed, correlation, progress_interval, trace, learn_init, learn_max_iter, &
      learn_tol, learn_reg_reference, learn_dict_tol, learn_dict_max_iter, learn_window, learn_zero_mean, &
      learn_rank_one, learn_fixed_atoms, learn_recentre, learn_redraw, learn_redraw_below, learn_online, &
      learn_batch, learn_forgetting, learn_statistics, &
      stat, errmsg)
    real(real32), intent(in), target :: x(:)
    real(real32), intent(inout), contiguous, target :: d(:, :, :)
    class(*), intent(in), optional :: offset(..), signal_shape(..)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, ridge, tol, gap_tol, time_limit, progress_interval, learn_tol, &
        learn_dict_tol, learn_redraw_below, learn_forgetting
    class(*), intent(in), optional :: reg_per_atom(..)
    class(*), intent(in), optional :: max_iter, steps_per_visit, seed, learn_max_iter, learn_dict_max_iter, &
        learn_batch
    class(*), intent(in), optional :: tile_shape(..), background_length(..)
    logical, intent(in), optional :: positive, warm_start, frozen_support, trace, learn_window, learn_zero_mean, &
        learn_rank_one, learn_recentre, learn_redraw, learn_online
    class(*), intent(in), optional :: periodic(..), learn_fixed_atoms(..)
    character(*), intent(in), optional :: reg_scale, tol_scale, strategy, schedule, soft_lock, missing, background, &
        correlation, learn_init, learn_reg_reference, learn_statistics
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    type(described), target :: a
    integer(int64) :: signal(3), n_signals
    n_signals = 1
    if (rank(x) == rank(d)) n_signals = size(x, rank(x), kind=int64)
    call c%choose_context(context)
    call c%choose_options(options, &
      reg=reg, reg_per_atom=reg_per_atom, reg_scale=reg_scale, ridge=ridge, tol=tol, tol_scale=tol_scale, &
      gap_tol=gap_tol, max_iter=max_iter, time_limit=time_limit, strategy=strategy, schedule=schedule, &
      soft_lock=soft_lock, steps_per_visit=steps_per_visit, tile_shape=tile_shape, positive=positive, &
      periodic=periodic, missing=missing, background=background, background_length=background_length, &
      warm_start=warm_start, frozen_support=frozen_support, seed=seed, correlation=correlation, &
      progress_interval=progress_interval, trace=trace, learn_init=learn_init, learn_max_iter=learn_max_iter, &
      learn_tol=learn_tol, learn_reg_reference=learn_reg_reference, learn_dict_tol=learn_dict_tol, &
      learn_dict_max_iter=learn_dict_max_iter, learn_window=learn_window, learn_zero_mean=learn_zero_mean, &
      learn_rank_one=learn_rank_one, learn_fixed_atoms=learn_fixed_atoms, learn_recentre=learn_recentre, &
      learn_redraw=learn_redraw, learn_redraw_below=learn_redraw_below, learn_online=learn_online, &
      learn_batch=learn_batch, learn_forgetting=learn_forgetting, learn_statistics=learn_statistics)
    if (present(signal_shape)) then
      call c%domain(shape(d, int64), signal_shape, n_signals, DICOD_F32)
    else
      call c%measure('x', shape(x, int64), shape(d, int64))
      c%g%element_type = DICOD_F32
    end if
    signal = c%g%signal
    call c%lay_out('x', view_r32(x), c%g%n_channels, signal, offset, a)
    if (c%proceed()) call c%finish(dicod_initial_dictionary_f32(c%context, c%options, c%problem(), a%input(), c_loc(d)))
    call c%report(stat, errmsg)
  end subroutine

  recursive subroutine learn_232_r32(x, d, z, context, options, &
      reg, reg_per_atom, reg_scale, ridge, tol, tol_scale, gap_tol, max_iter, time_limit, strategy, schedule, &
      soft_lock, steps_per_visit, tile_shape, positive, periodic, missing, background, background_length, &
      warm_start, frozen_support, seed, correlation, progress_interval, trace, learn_init, learn_max_iter, &
      learn_tol, learn_reg_reference, learn_dict_tol, learn_dict_max_iter, learn_window, learn_zero_mean, &
      learn_rank_one, learn_fixed_atoms, learn_recentre, learn_redraw, learn_redraw_below, learn_online, &
      learn_batch, learn_forgetting, learn_statistics, &
      each, user, info, stat, errmsg)
    real(real32), intent(in), contiguous, target :: x(:, :)
    real(real32), intent(inout), contiguous, target :: d(:, :, :)
    real(real32), intent(inout), contiguous, target, optional :: z(:, :)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, ridge, tol, gap_tol, time_limit, progress_interval, learn_tol, &
        learn_dict_tol, learn_redraw_below, learn_forgetting
    class(*), intent(in), optional :: reg_per_atom(..)
    class(*), intent(in), optional :: max_iter, steps_per_visit, seed, learn_max_iter, learn_dict_max_iter, &
        learn_batch
    class(*), intent(in), optional :: tile_shape(..), background_length(..)
    logical, intent(in), optional :: positive, warm_start, frozen_support, trace, learn_window, learn_zero_mean, &
        learn_rank_one, learn_recentre, learn_redraw, learn_online
    class(*), intent(in), optional :: periodic(..), learn_fixed_atoms(..)
    character(*), intent(in), optional :: reg_scale, tol_scale, strategy, schedule, soft_lock, missing, background, &
        correlation, learn_init, learn_reg_reference, learn_statistics
    procedure(learn_procedure), optional :: each
    class(*), intent(in), target, optional :: user
    type(dicod_learn_info), intent(inout), optional :: info
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    type(learn_box), target :: box
    type(c_ptr) :: at_z
    call c%choose_context(context)
    call c%choose_options(options, &
      reg=reg, reg_per_atom=reg_per_atom, reg_scale=reg_scale, ridge=ridge, tol=tol, tol_scale=tol_scale, &
      gap_tol=gap_tol, max_iter=max_iter, time_limit=time_limit, strategy=strategy, schedule=schedule, &
      soft_lock=soft_lock, steps_per_visit=steps_per_visit, tile_shape=tile_shape, positive=positive, &
      periodic=periodic, missing=missing, background=background, background_length=background_length, &
      warm_start=warm_start, frozen_support=frozen_support, seed=seed, correlation=correlation, &
      progress_interval=progress_interval, trace=trace, learn_init=learn_init, learn_max_iter=learn_max_iter, &
      learn_tol=learn_tol, learn_reg_reference=learn_reg_reference, learn_dict_tol=learn_dict_tol, &
      learn_dict_max_iter=learn_dict_max_iter, learn_window=learn_window, learn_zero_mean=learn_zero_mean, &
      learn_rank_one=learn_rank_one, learn_fixed_atoms=learn_fixed_atoms, learn_recentre=learn_recentre, &
      learn_redraw=learn_redraw, learn_redraw_below=learn_redraw_below, learn_online=learn_online, &
      learn_batch=learn_batch, learn_forgetting=learn_forgetting, learn_statistics=learn_statistics)
    call c%measure('x', shape(x, int64), shape(d, int64))
    at_z = c_null_ptr
    if (present(z)) then
      call c%check_z(shape(z, int64))
      at_z = c_loc(z)
    end if
    if (c%proceed()) call c%finish(dicod_learn_f32(c%context, c%options, c%problem(), c_loc(x), told(box, each, user), c_loc(box), &
      c_loc(d), at_z, info))
    call c%report(stat, errmsg)
  end subroutine

  ! The dictionary that learning would begin with. x is this rank's block of a domain of signal_shape, which begins at offset;
  ! without signal_shape all of it. Collective over several ranks.
  recursive subroutine initial_dictionary_232_r32(x, d, offset, signal_shape, context, options, &
      reg, reg_per_atom, reg_scale, ridge, tol, tol_scale, gap_tol, max_iter, time_limit, strategy, schedule, &
      soft_lock, steps_per_visit, tile_shape, positive, periodic, missing, background, background_length, &
      warm_start, frozen_support, seed, correlation, progress_interval, trace, learn_init, learn_max_iter, &
      learn_tol, learn_reg_reference, learn_dict_tol, learn_dict_max_iter, learn_window, learn_zero_mean, &
      learn_rank_one, learn_fixed_atoms, learn_recentre, learn_redraw, learn_redraw_below, learn_online, &
      learn_batch, learn_forgetting, learn_statistics, &
      stat, errmsg)
    real(real32), intent(in), target :: x(:, :)
    real(real32), intent(inout), contiguous, target :: d(:, :, :)
    class(*), intent(in), optional :: offset(..), signal_shape(..)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, ridge, tol, gap_tol, time_limit, progress_interval, learn_tol, &
        learn_dict_tol, learn_redraw_below, learn_forgetting
    class(*), intent(in), optional :: reg_per_atom(..)
    class(*), intent(in), optional :: max_iter, steps_per_visit, seed, learn_max_iter, learn_dict_max_iter, &
        learn_batch
    class(*), intent(in), optional :: tile_shape(..), background_length(..)
    logical, intent(in), optional :: positive, warm_start, frozen_support, trace, learn_window, learn_zero_mean, &
        learn_rank_one, learn_recentre, learn_redraw, learn_online
    class(*), intent(in), optional :: periodic(..), learn_fixed_atoms(..)
    character(*), intent(in), optional :: reg_scale, tol_scale, strategy, schedule, soft_lock, missing, background, &
        correlation, learn_init, learn_reg_reference, learn_statistics
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    type(described), target :: a
    integer(int64) :: signal(3), n_signals
    n_signals = 1
    if (rank(x) == rank(d)) n_signals = size(x, rank(x), kind=int64)
    call c%choose_context(context)
    call c%choose_options(options, &
      reg=reg, reg_per_atom=reg_per_atom, reg_scale=reg_scale, ridge=ridge, tol=tol, tol_scale=tol_scale, &
      gap_tol=gap_tol, max_iter=max_iter, time_limit=time_limit, strategy=strategy, schedule=schedule, &
      soft_lock=soft_lock, steps_per_visit=steps_per_visit, tile_shape=tile_shape, positive=positive, &
      periodic=periodic, missing=missing, background=background, background_length=background_length, &
      warm_start=warm_start, frozen_support=frozen_support, seed=seed, correlation=correlation, &
      progress_interval=progress_interval, trace=trace, learn_init=learn_init, learn_max_iter=learn_max_iter, &
      learn_tol=learn_tol, learn_reg_reference=learn_reg_reference, learn_dict_tol=learn_dict_tol, &
      learn_dict_max_iter=learn_dict_max_iter, learn_window=learn_window, learn_zero_mean=learn_zero_mean, &
      learn_rank_one=learn_rank_one, learn_fixed_atoms=learn_fixed_atoms, learn_recentre=learn_recentre, &
      learn_redraw=learn_redraw, learn_redraw_below=learn_redraw_below, learn_online=learn_online, &
      learn_batch=learn_batch, learn_forgetting=learn_forgetting, learn_statistics=learn_statistics)
    if (present(signal_shape)) then
      call c%domain(shape(d, int64), signal_shape, n_signals, DICOD_F32)
    else
      call c%measure('x', shape(x, int64), shape(d, int64))
      c%g%element_type = DICOD_F32
    end if
    signal = c%g%signal
    call c%lay_out('x', view_r32(x), c%g%n_channels, signal, offset, a)
    if (c%proceed()) call c%finish(dicod_initial_dictionary_f32(c%context, c%options, c%problem(), a%input(), c_loc(d)))
    call c%report(stat, errmsg)
  end subroutine

  recursive subroutine learn_333_r32(x, d, z, context, options, &
      reg, reg_per_atom, reg_scale, ridge, tol, tol_scale, gap_tol, max_iter, time_limit, strategy, schedule, &
      soft_lock, steps_per_visit, tile_shape, positive, periodic, missing, background, background_length, &
      warm_start, frozen_support, seed, correlation, progress_interval, trace, learn_init, learn_max_iter, &
      learn_tol, learn_reg_reference, learn_dict_tol, learn_dict_max_iter, learn_window, learn_zero_mean, &
      learn_rank_one, learn_fixed_atoms, learn_recentre, learn_redraw, learn_redraw_below, learn_online, &
      learn_batch, learn_forgetting, learn_statistics, &
      each, user, info, stat, errmsg)
    real(real32), intent(in), contiguous, target :: x(:, :, :)
    real(real32), intent(inout), contiguous, target :: d(:, :, :)
    real(real32), intent(inout), contiguous, target, optional :: z(:, :, :)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, ridge, tol, gap_tol, time_limit, progress_interval, learn_tol, &
        learn_dict_tol, learn_redraw_below, learn_forgetting
    class(*), intent(in), optional :: reg_per_atom(..)
    class(*), intent(in), optional :: max_iter, steps_per_visit, seed, learn_max_iter, learn_dict_max_iter, &
        learn_batch
    class(*), intent(in), optional :: tile_shape(..), background_length(..)
    logical, intent(in), optional :: positive, warm_start, frozen_support, trace, learn_window, learn_zero_mean, &
        learn_rank_one, learn_recentre, learn_redraw, learn_online
    class(*), intent(in), optional :: periodic(..), learn_fixed_atoms(..)
    character(*), intent(in), optional :: reg_scale, tol_scale, strategy, schedule, soft_lock, missing, background, &
        correlation, learn_init, learn_reg_reference, learn_statistics
    procedure(learn_procedure), optional :: each
    class(*), intent(in), target, optional :: user
    type(dicod_learn_info), intent(inout), optional :: info
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    type(learn_box), target :: box
    type(c_ptr) :: at_z
    call c%choose_context(context)
    call c%choose_options(options, &
      reg=reg, reg_per_atom=reg_per_atom, reg_scale=reg_scale, ridge=ridge, tol=tol, tol_scale=tol_scale, &
      gap_tol=gap_tol, max_iter=max_iter, time_limit=time_limit, strategy=strategy, schedule=schedule, &
      soft_lock=soft_lock, steps_per_visit=steps_per_visit, tile_shape=tile_shape, positive=positive, &
      periodic=periodic, missing=missing, background=background, background_length=background_length, &
      warm_start=warm_start, frozen_support=frozen_support, seed=seed, correlation=correlation, &
      progress_interval=progress_interval, trace=trace, learn_init=learn_init, learn_max_iter=learn_max_iter, &
      learn_tol=learn_tol, learn_reg_reference=learn_reg_reference, learn_dict_tol=learn_dict_tol, &
      learn_dict_max_iter=learn_dict_max_iter, learn_window=learn_window, learn_zero_mean=learn_zero_mean, &
      learn_rank_one=learn_rank_one, learn_fixed_atoms=learn_fixed_atoms, learn_recentre=learn_recentre, &
      learn_redraw=learn_redraw, learn_redraw_below=learn_redraw_below, learn_online=learn_online, &
      learn_batch=learn_batch, learn_forgetting=learn_forgetting, learn_statistics=learn_statistics)
    call c%measure('x', shape(x, int64), shape(d, int64))
    at_z = c_null_ptr
    if (present(z)) then
      call c%check_z(shape(z, int64))
      at_z = c_loc(z)
    end if
    if (c%proceed()) call c%finish(dicod_learn_f32(c%context, c%options, c%problem(), c_loc(x), told(box, each, user), c_loc(box), &
      c_loc(d), at_z, info))
    call c%report(stat, errmsg)
  end subroutine

  ! The dictionary that learning would begin with. x is this rank's block of a domain of signal_shape, which begins at offset;
  ! without signal_shape all of it. Collective over several ranks.
  recursive subroutine initial_dictionary_333_r32(x, d, offset, signal_shape, context, options, &
      reg, reg_per_atom, reg_scale, ridge, tol, tol_scale, gap_tol, max_iter, time_limit, strategy, schedule, &
      soft_lock, steps_per_visit, tile_shape, positive, periodic, missing, background, background_length, &
      warm_start, frozen_support, seed, correlation, progress_interval, trace, learn_init, learn_max_iter, &
      learn_tol, learn_reg_reference, learn_dict_tol, learn_dict_max_iter, learn_window, learn_zero_mean, &
      learn_rank_one, learn_fixed_atoms, learn_recentre, learn_redraw, learn_redraw_below, learn_online, &
      learn_batch, learn_forgetting, learn_statistics, &
      stat, errmsg)
    real(real32), intent(in), target :: x(:, :, :)
    real(real32), intent(inout), contiguous, target :: d(:, :, :)
    class(*), intent(in), optional :: offset(..), signal_shape(..)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, ridge, tol, gap_tol, time_limit, progress_interval, learn_tol, &
        learn_dict_tol, learn_redraw_below, learn_forgetting
    class(*), intent(in), optional :: reg_per_atom(..)
    class(*), intent(in), optional :: max_iter, steps_per_visit, seed, learn_max_iter, learn_dict_max_iter, &
        learn_batch
    class(*), intent(in), optional :: tile_shape(..), background_length(..)
    logical, intent(in), optional :: positive, warm_start, frozen_support, trace, learn_window, learn_zero_mean, &
        learn_rank_one, learn_recentre, learn_redraw, learn_online
    class(*), intent(in), optional :: periodic(..), learn_fixed_atoms(..)
    character(*), intent(in), optional :: reg_scale, tol_scale, strategy, schedule, soft_lock, missing, background, &
        correlation, learn_init, learn_reg_reference, learn_statistics
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    type(described), target :: a
    integer(int64) :: signal(3), n_signals
    n_signals = 1
    if (rank(x) == rank(d)) n_signals = size(x, rank(x), kind=int64)
    call c%choose_context(context)
    call c%choose_options(options, &
      reg=reg, reg_per_atom=reg_per_atom, reg_scale=reg_scale, ridge=ridge, tol=tol, tol_scale=tol_scale, &
      gap_tol=gap_tol, max_iter=max_iter, time_limit=time_limit, strategy=strategy, schedule=schedule, &
      soft_lock=soft_lock, steps_per_visit=steps_per_visit, tile_shape=tile_shape, positive=positive, &
      periodic=periodic, missing=missing, background=background, background_length=background_length, &
      warm_start=warm_start, frozen_support=frozen_support, seed=seed, correlation=correlation, &
      progress_interval=progress_interval, trace=trace, learn_init=learn_init, learn_max_iter=learn_max_iter, &
      learn_tol=learn_tol, learn_reg_reference=learn_reg_reference, learn_dict_tol=learn_dict_tol, &
      learn_dict_max_iter=learn_dict_max_iter, learn_window=learn_window, learn_zero_mean=learn_zero_mean, &
      learn_rank_one=learn_rank_one, learn_fixed_atoms=learn_fixed_atoms, learn_recentre=learn_recentre, &
      learn_redraw=learn_redraw, learn_redraw_below=learn_redraw_below, learn_online=learn_online, &
      learn_batch=learn_batch, learn_forgetting=learn_forgetting, learn_statistics=learn_statistics)
    if (present(signal_shape)) then
      call c%domain(shape(d, int64), signal_shape, n_signals, DICOD_F32)
    else
      call c%measure('x', shape(x, int64), shape(d, int64))
      c%g%element_type = DICOD_F32
    end if
    signal = c%g%signal
    call c%lay_out('x', view_r32(x), c%g%n_channels, signal, offset, a)
    if (c%proceed()) call c%finish(dicod_initial_dictionary_f32(c%context, c%options, c%problem(), a%input(), c_loc(d)))
    call c%report(stat, errmsg)
  end subroutine

  recursive subroutine learn_243_r32(x, d, z, context, options, &
      reg, reg_per_atom, reg_scale, ridge, tol, tol_scale, gap_tol, max_iter, time_limit, strategy, schedule, &
      soft_lock, steps_per_visit, tile_shape, positive, periodic, missing, background, background_length, &
      warm_start, frozen_support, seed, correlation, progress_interval, trace, learn_init, learn_max_iter, &
      learn_tol, learn_reg_reference, learn_dict_tol, learn_dict_max_iter, learn_window, learn_zero_mean, &
      learn_rank_one, learn_fixed_atoms, learn_recentre, learn_redraw, learn_redraw_below, learn_online, &
      learn_batch, learn_forgetting, learn_statistics, &
      each, user, info, stat, errmsg)
    real(real32), intent(in), contiguous, target :: x(:, :)
    real(real32), intent(inout), contiguous, target :: d(:, :, :, :)
    real(real32), intent(inout), contiguous, target, optional :: z(:, :, :)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, ridge, tol, gap_tol, time_limit, progress_interval, learn_tol, &
        learn_dict_tol, learn_redraw_below, learn_forgetting
    class(*), intent(in), optional :: reg_per_atom(..)
    class(*), intent(in), optional :: max_iter, steps_per_visit, seed, learn_max_iter, learn_dict_max_iter, &
        learn_batch
    class(*), intent(in), optional :: tile_shape(..), background_length(..)
    logical, intent(in), optional :: positive, warm_start, frozen_support, trace, learn_window, learn_zero_mean, &
        learn_rank_one, learn_recentre, learn_redraw, learn_online
    class(*), intent(in), optional :: periodic(..), learn_fixed_atoms(..)
    character(*), intent(in), optional :: reg_scale, tol_scale, strategy, schedule, soft_lock, missing, background, &
        correlation, learn_init, learn_reg_reference, learn_statistics
    procedure(learn_procedure), optional :: each
    class(*), intent(in), target, optional :: user
    type(dicod_learn_info), intent(inout), optional :: info
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    type(learn_box), target :: box
    type(c_ptr) :: at_z
    call c%choose_context(context)
    call c%choose_options(options, &
      reg=reg, reg_per_atom=reg_per_atom, reg_scale=reg_scale, ridge=ridge, tol=tol, tol_scale=tol_scale, &
      gap_tol=gap_tol, max_iter=max_iter, time_limit=time_limit, strategy=strategy, schedule=schedule, &
      soft_lock=soft_lock, steps_per_visit=steps_per_visit, tile_shape=tile_shape, positive=positive, &
      periodic=periodic, missing=missing, background=background, background_length=background_length, &
      warm_start=warm_start, frozen_support=frozen_support, seed=seed, correlation=correlation, &
      progress_interval=progress_interval, trace=trace, learn_init=learn_init, learn_max_iter=learn_max_iter, &
      learn_tol=learn_tol, learn_reg_reference=learn_reg_reference, learn_dict_tol=learn_dict_tol, &
      learn_dict_max_iter=learn_dict_max_iter, learn_window=learn_window, learn_zero_mean=learn_zero_mean, &
      learn_rank_one=learn_rank_one, learn_fixed_atoms=learn_fixed_atoms, learn_recentre=learn_recentre, &
      learn_redraw=learn_redraw, learn_redraw_below=learn_redraw_below, learn_online=learn_online, &
      learn_batch=learn_batch, learn_forgetting=learn_forgetting, learn_statistics=learn_statistics)
    call c%measure('x', shape(x, int64), shape(d, int64))
    at_z = c_null_ptr
    if (present(z)) then
      call c%check_z(shape(z, int64))
      at_z = c_loc(z)
    end if
    if (c%proceed()) call c%finish(dicod_learn_f32(c%context, c%options, c%problem(), c_loc(x), told(box, each, user), c_loc(box), &
      c_loc(d), at_z, info))
    call c%report(stat, errmsg)
  end subroutine

  ! The dictionary that learning would begin with. x is this rank's block of a domain of signal_shape, which begins at offset;
  ! without signal_shape all of it. Collective over several ranks.
  recursive subroutine initial_dictionary_243_r32(x, d, offset, signal_shape, context, options, &
      reg, reg_per_atom, reg_scale, ridge, tol, tol_scale, gap_tol, max_iter, time_limit, strategy, schedule, &
      soft_lock, steps_per_visit, tile_shape, positive, periodic, missing, background, background_length, &
      warm_start, frozen_support, seed, correlation, progress_interval, trace, learn_init, learn_max_iter, &
      learn_tol, learn_reg_reference, learn_dict_tol, learn_dict_max_iter, learn_window, learn_zero_mean, &
      learn_rank_one, learn_fixed_atoms, learn_recentre, learn_redraw, learn_redraw_below, learn_online, &
      learn_batch, learn_forgetting, learn_statistics, &
      stat, errmsg)
    real(real32), intent(in), target :: x(:, :)
    real(real32), intent(inout), contiguous, target :: d(:, :, :, :)
    class(*), intent(in), optional :: offset(..), signal_shape(..)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, ridge, tol, gap_tol, time_limit, progress_interval, learn_tol, &
        learn_dict_tol, learn_redraw_below, learn_forgetting
    class(*), intent(in), optional :: reg_per_atom(..)
    class(*), intent(in), optional :: max_iter, steps_per_visit, seed, learn_max_iter, learn_dict_max_iter, &
        learn_batch
    class(*), intent(in), optional :: tile_shape(..), background_length(..)
    logical, intent(in), optional :: positive, warm_start, frozen_support, trace, learn_window, learn_zero_mean, &
        learn_rank_one, learn_recentre, learn_redraw, learn_online
    class(*), intent(in), optional :: periodic(..), learn_fixed_atoms(..)
    character(*), intent(in), optional :: reg_scale, tol_scale, strategy, schedule, soft_lock, missing, background, &
        correlation, learn_init, learn_reg_reference, learn_statistics
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    type(described), target :: a
    integer(int64) :: signal(3), n_signals
    n_signals = 1
    if (rank(x) == rank(d)) n_signals = size(x, rank(x), kind=int64)
    call c%choose_context(context)
    call c%choose_options(options, &
      reg=reg, reg_per_atom=reg_per_atom, reg_scale=reg_scale, ridge=ridge, tol=tol, tol_scale=tol_scale, &
      gap_tol=gap_tol, max_iter=max_iter, time_limit=time_limit, strategy=strategy, schedule=schedule, &
      soft_lock=soft_lock, steps_per_visit=steps_per_visit, tile_shape=tile_shape, positive=positive, &
      periodic=periodic, missing=missing, background=background, background_length=background_length, &
      warm_start=warm_start, frozen_support=frozen_support, seed=seed, correlation=correlation, &
      progress_interval=progress_interval, trace=trace, learn_init=learn_init, learn_max_iter=learn_max_iter, &
      learn_tol=learn_tol, learn_reg_reference=learn_reg_reference, learn_dict_tol=learn_dict_tol, &
      learn_dict_max_iter=learn_dict_max_iter, learn_window=learn_window, learn_zero_mean=learn_zero_mean, &
      learn_rank_one=learn_rank_one, learn_fixed_atoms=learn_fixed_atoms, learn_recentre=learn_recentre, &
      learn_redraw=learn_redraw, learn_redraw_below=learn_redraw_below, learn_online=learn_online, &
      learn_batch=learn_batch, learn_forgetting=learn_forgetting, learn_statistics=learn_statistics)
    if (present(signal_shape)) then
      call c%domain(shape(d, int64), signal_shape, n_signals, DICOD_F32)
    else
      call c%measure('x', shape(x, int64), shape(d, int64))
      c%g%element_type = DICOD_F32
    end if
    signal = c%g%signal
    call c%lay_out('x', view_r32(x), c%g%n_channels, signal, offset, a)
    if (c%proceed()) call c%finish(dicod_initial_dictionary_f32(c%context, c%options, c%problem(), a%input(), c_loc(d)))
    call c%report(stat, errmsg)
  end subroutine

  recursive subroutine learn_343_r32(x, d, z, context, options, &
      reg, reg_per_atom, reg_scale, ridge, tol, tol_scale, gap_tol, max_iter, time_limit, strategy, schedule, &
      soft_lock, steps_per_visit, tile_shape, positive, periodic, missing, background, background_length, &
      warm_start, frozen_support, seed, correlation, progress_interval, trace, learn_init, learn_max_iter, &
      learn_tol, learn_reg_reference, learn_dict_tol, learn_dict_max_iter, learn_window, learn_zero_mean, &
      learn_rank_one, learn_fixed_atoms, learn_recentre, learn_redraw, learn_redraw_below, learn_online, &
      learn_batch, learn_forgetting, learn_statistics, &
      each, user, info, stat, errmsg)
    real(real32), intent(in), contiguous, target :: x(:, :, :)
    real(real32), intent(inout), contiguous, target :: d(:, :, :, :)
    real(real32), intent(inout), contiguous, target, optional :: z(:, :, :)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, ridge, tol, gap_tol, time_limit, progress_interval, learn_tol, &
        learn_dict_tol, learn_redraw_below, learn_forgetting
    class(*), intent(in), optional :: reg_per_atom(..)
    class(*), intent(in), optional :: max_iter, steps_per_visit, seed, learn_max_iter, learn_dict_max_iter, &
        learn_batch
    class(*), intent(in), optional :: tile_shape(..), background_length(..)
    logical, intent(in), optional :: positive, warm_start, frozen_support, trace, learn_window, learn_zero_mean, &
        learn_rank_one, learn_recentre, learn_redraw, learn_online
    class(*), intent(in), optional :: periodic(..), learn_fixed_atoms(..)
    character(*), intent(in), optional :: reg_scale, tol_scale, strategy, schedule, soft_lock, missing, background, &
        correlation, learn_init, learn_reg_reference, learn_statistics
    procedure(learn_procedure), optional :: each
    class(*), intent(in), target, optional :: user
    type(dicod_learn_info), intent(inout), optional :: info
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    type(learn_box), target :: box
    type(c_ptr) :: at_z
    call c%choose_context(context)
    call c%choose_options(options, &
      reg=reg, reg_per_atom=reg_per_atom, reg_scale=reg_scale, ridge=ridge, tol=tol, tol_scale=tol_scale, &
      gap_tol=gap_tol, max_iter=max_iter, time_limit=time_limit, strategy=strategy, schedule=schedule, &
      soft_lock=soft_lock, steps_per_visit=steps_per_visit, tile_shape=tile_shape, positive=positive, &
      periodic=periodic, missing=missing, background=background, background_length=background_length, &
      warm_start=warm_start, frozen_support=frozen_support, seed=seed, correlation=correlation, &
      progress_interval=progress_interval, trace=trace, learn_init=learn_init, learn_max_iter=learn_max_iter, &
      learn_tol=learn_tol, learn_reg_reference=learn_reg_reference, learn_dict_tol=learn_dict_tol, &
      learn_dict_max_iter=learn_dict_max_iter, learn_window=learn_window, learn_zero_mean=learn_zero_mean, &
      learn_rank_one=learn_rank_one, learn_fixed_atoms=learn_fixed_atoms, learn_recentre=learn_recentre, &
      learn_redraw=learn_redraw, learn_redraw_below=learn_redraw_below, learn_online=learn_online, &
      learn_batch=learn_batch, learn_forgetting=learn_forgetting, learn_statistics=learn_statistics)
    call c%measure('x', shape(x, int64), shape(d, int64))
    at_z = c_null_ptr
    if (present(z)) then
      call c%check_z(shape(z, int64))
      at_z = c_loc(z)
    end if
    if (c%proceed()) call c%finish(dicod_learn_f32(c%context, c%options, c%problem(), c_loc(x), told(box, each, user), c_loc(box), &
      c_loc(d), at_z, info))
    call c%report(stat, errmsg)
  end subroutine

  ! The dictionary that learning would begin with. x is this rank's block of a domain of signal_shape, which begins at offset;
  ! without signal_shape all of it. Collective over several ranks.
  recursive subroutine initial_dictionary_343_r32(x, d, offset, signal_shape, context, options, &
      reg, reg_per_atom, reg_scale, ridge, tol, tol_scale, gap_tol, max_iter, time_limit, strategy, schedule, &
      soft_lock, steps_per_visit, tile_shape, positive, periodic, missing, background, background_length, &
      warm_start, frozen_support, seed, correlation, progress_interval, trace, learn_init, learn_max_iter, &
      learn_tol, learn_reg_reference, learn_dict_tol, learn_dict_max_iter, learn_window, learn_zero_mean, &
      learn_rank_one, learn_fixed_atoms, learn_recentre, learn_redraw, learn_redraw_below, learn_online, &
      learn_batch, learn_forgetting, learn_statistics, &
      stat, errmsg)
    real(real32), intent(in), target :: x(:, :, :)
    real(real32), intent(inout), contiguous, target :: d(:, :, :, :)
    class(*), intent(in), optional :: offset(..), signal_shape(..)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, ridge, tol, gap_tol, time_limit, progress_interval, learn_tol, &
        learn_dict_tol, learn_redraw_below, learn_forgetting
    class(*), intent(in), optional :: reg_per_atom(..)
    class(*), intent(in), optional :: max_iter, steps_per_visit, seed, learn_max_iter, learn_dict_max_iter, &
        learn_batch
    class(*), intent(in), optional :: tile_shape(..), background_length(..)
    logical, intent(in), optional :: positive, warm_start, frozen_support, trace, learn_window, learn_zero_mean, &
        learn_rank_one, learn_recentre, learn_redraw, learn_online
    class(*), intent(in), optional :: periodic(..), learn_fixed_atoms(..)
    character(*), intent(in), optional :: reg_scale, tol_scale, strategy, schedule, soft_lock, missing, background, &
        correlation, learn_init, learn_reg_reference, learn_statistics
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    type(described), target :: a
    integer(int64) :: signal(3), n_signals
    n_signals = 1
    if (rank(x) == rank(d)) n_signals = size(x, rank(x), kind=int64)
    call c%choose_context(context)
    call c%choose_options(options, &
      reg=reg, reg_per_atom=reg_per_atom, reg_scale=reg_scale, ridge=ridge, tol=tol, tol_scale=tol_scale, &
      gap_tol=gap_tol, max_iter=max_iter, time_limit=time_limit, strategy=strategy, schedule=schedule, &
      soft_lock=soft_lock, steps_per_visit=steps_per_visit, tile_shape=tile_shape, positive=positive, &
      periodic=periodic, missing=missing, background=background, background_length=background_length, &
      warm_start=warm_start, frozen_support=frozen_support, seed=seed, correlation=correlation, &
      progress_interval=progress_interval, trace=trace, learn_init=learn_init, learn_max_iter=learn_max_iter, &
      learn_tol=learn_tol, learn_reg_reference=learn_reg_reference, learn_dict_tol=learn_dict_tol, &
      learn_dict_max_iter=learn_dict_max_iter, learn_window=learn_window, learn_zero_mean=learn_zero_mean, &
      learn_rank_one=learn_rank_one, learn_fixed_atoms=learn_fixed_atoms, learn_recentre=learn_recentre, &
      learn_redraw=learn_redraw, learn_redraw_below=learn_redraw_below, learn_online=learn_online, &
      learn_batch=learn_batch, learn_forgetting=learn_forgetting, learn_statistics=learn_statistics)
    if (present(signal_shape)) then
      call c%domain(shape(d, int64), signal_shape, n_signals, DICOD_F32)
    else
      call c%measure('x', shape(x, int64), shape(d, int64))
      c%g%element_type = DICOD_F32
    end if
    signal = c%g%signal
    call c%lay_out('x', view_r32(x), c%g%n_channels, signal, offset, a)
    if (c%proceed()) call c%finish(dicod_initial_dictionary_f32(c%context, c%options, c%problem(), a%input(), c_loc(d)))
    call c%report(stat, errmsg)
  end subroutine

  recursive subroutine learn_444_r32(x, d, z, context, options, &
      reg, reg_per_atom, reg_scale, ridge, tol, tol_scale, gap_tol, max_iter, time_limit, strategy, schedule, &
      soft_lock, steps_per_visit, tile_shape, positive, periodic, missing, background, background_length, &
      warm_start, frozen_support, seed, correlation, progress_interval, trace, learn_init, learn_max_iter, &
      learn_tol, learn_reg_reference, learn_dict_tol, learn_dict_max_iter, learn_window, learn_zero_mean, &
      learn_rank_one, learn_fixed_atoms, learn_recentre, learn_redraw, learn_redraw_below, learn_online, &
      learn_batch, learn_forgetting, learn_statistics, &
      each, user, info, stat, errmsg)
    real(real32), intent(in), contiguous, target :: x(:, :, :, :)
    real(real32), intent(inout), contiguous, target :: d(:, :, :, :)
    real(real32), intent(inout), contiguous, target, optional :: z(:, :, :, :)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, ridge, tol, gap_tol, time_limit, progress_interval, learn_tol, &
        learn_dict_tol, learn_redraw_below, learn_forgetting
    class(*), intent(in), optional :: reg_per_atom(..)
    class(*), intent(in), optional :: max_iter, steps_per_visit, seed, learn_max_iter, learn_dict_max_iter, &
        learn_batch
    class(*), intent(in), optional :: tile_shape(..), background_length(..)
    logical, intent(in), optional :: positive, warm_start, frozen_support, trace, learn_window, learn_zero_mean, &
        learn_rank_one, learn_recentre, learn_redraw, learn_online
    class(*), intent(in), optional :: periodic(..), learn_fixed_atoms(..)
    character(*), intent(in), optional :: reg_scale, tol_scale, strategy, schedule, soft_lock, missing, background, &
        correlation, learn_init, learn_reg_reference, learn_statistics
    procedure(learn_procedure), optional :: each
    class(*), intent(in), target, optional :: user
    type(dicod_learn_info), intent(inout), optional :: info
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    type(learn_box), target :: box
    type(c_ptr) :: at_z
    call c%choose_context(context)
    call c%choose_options(options, &
      reg=reg, reg_per_atom=reg_per_atom, reg_scale=reg_scale, ridge=ridge, tol=tol, tol_scale=tol_scale, &
      gap_tol=gap_tol, max_iter=max_iter, time_limit=time_limit, strategy=strategy, schedule=schedule, &
      soft_lock=soft_lock, steps_per_visit=steps_per_visit, tile_shape=tile_shape, positive=positive, &
      periodic=periodic, missing=missing, background=background, background_length=background_length, &
      warm_start=warm_start, frozen_support=frozen_support, seed=seed, correlation=correlation, &
      progress_interval=progress_interval, trace=trace, learn_init=learn_init, learn_max_iter=learn_max_iter, &
      learn_tol=learn_tol, learn_reg_reference=learn_reg_reference, learn_dict_tol=learn_dict_tol, &
      learn_dict_max_iter=learn_dict_max_iter, learn_window=learn_window, learn_zero_mean=learn_zero_mean, &
      learn_rank_one=learn_rank_one, learn_fixed_atoms=learn_fixed_atoms, learn_recentre=learn_recentre, &
      learn_redraw=learn_redraw, learn_redraw_below=learn_redraw_below, learn_online=learn_online, &
      learn_batch=learn_batch, learn_forgetting=learn_forgetting, learn_statistics=learn_statistics)
    call c%measure('x', shape(x, int64), shape(d, int64))
    at_z = c_null_ptr
    if (present(z)) then
      call c%check_z(shape(z, int64))
      at_z = c_loc(z)
    end if
    if (c%proceed()) call c%finish(dicod_learn_f32(c%context, c%options, c%problem(), c_loc(x), told(box, each, user), c_loc(box), &
      c_loc(d), at_z, info))
    call c%report(stat, errmsg)
  end subroutine

  ! The dictionary that learning would begin with. x is this rank's block of a domain of signal_shape, which begins at offset;
  ! without signal_shape all of it. Collective over several ranks.
  recursive subroutine initial_dictionary_444_r32(x, d, offset, signal_shape, context, options, &
      reg, reg_per_atom, reg_scale, ridge, tol, tol_scale, gap_tol, max_iter, time_limit, strategy, schedule, &
      soft_lock, steps_per_visit, tile_shape, positive, periodic, missing, background, background_length, &
      warm_start, frozen_support, seed, correlation, progress_interval, trace, learn_init, learn_max_iter, &
      learn_tol, learn_reg_reference, learn_dict_tol, learn_dict_max_iter, learn_window, learn_zero_mean, &
      learn_rank_one, learn_fixed_atoms, learn_recentre, learn_redraw, learn_redraw_below, learn_online, &
      learn_batch, learn_forgetting, learn_statistics, &
      stat, errmsg)
    real(real32), intent(in), target :: x(:, :, :, :)
    real(real32), intent(inout), contiguous, target :: d(:, :, :, :)
    class(*), intent(in), optional :: offset(..), signal_shape(..)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, ridge, tol, gap_tol, time_limit, progress_interval, learn_tol, &
        learn_dict_tol, learn_redraw_below, learn_forgetting
    class(*), intent(in), optional :: reg_per_atom(..)
    class(*), intent(in), optional :: max_iter, steps_per_visit, seed, learn_max_iter, learn_dict_max_iter, &
        learn_batch
    class(*), intent(in), optional :: tile_shape(..), background_length(..)
    logical, intent(in), optional :: positive, warm_start, frozen_support, trace, learn_window, learn_zero_mean, &
        learn_rank_one, learn_recentre, learn_redraw, learn_online
    class(*), intent(in), optional :: periodic(..), learn_fixed_atoms(..)
    character(*), intent(in), optional :: reg_scale, tol_scale, strategy, schedule, soft_lock, missing, background, &
        correlation, learn_init, learn_reg_reference, learn_statistics
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    type(described), target :: a
    integer(int64) :: signal(3), n_signals
    n_signals = 1
    if (rank(x) == rank(d)) n_signals = size(x, rank(x), kind=int64)
    call c%choose_context(context)
    call c%choose_options(options, &
      reg=reg, reg_per_atom=reg_per_atom, reg_scale=reg_scale, ridge=ridge, tol=tol, tol_scale=tol_scale, &
      gap_tol=gap_tol, max_iter=max_iter, time_limit=time_limit, strategy=strategy, schedule=schedule, &
      soft_lock=soft_lock, steps_per_visit=steps_per_visit, tile_shape=tile_shape, positive=positive, &
      periodic=periodic, missing=missing, background=background, background_length=background_length, &
      warm_start=warm_start, frozen_support=frozen_support, seed=seed, correlation=correlation, &
      progress_interval=progress_interval, trace=trace, learn_init=learn_init, learn_max_iter=learn_max_iter, &
      learn_tol=learn_tol, learn_reg_reference=learn_reg_reference, learn_dict_tol=learn_dict_tol, &
      learn_dict_max_iter=learn_dict_max_iter, learn_window=learn_window, learn_zero_mean=learn_zero_mean, &
      learn_rank_one=learn_rank_one, learn_fixed_atoms=learn_fixed_atoms, learn_recentre=learn_recentre, &
      learn_redraw=learn_redraw, learn_redraw_below=learn_redraw_below, learn_online=learn_online, &
      learn_batch=learn_batch, learn_forgetting=learn_forgetting, learn_statistics=learn_statistics)
    if (present(signal_shape)) then
      call c%domain(shape(d, int64), signal_shape, n_signals, DICOD_F32)
    else
      call c%measure('x', shape(x, int64), shape(d, int64))
      c%g%element_type = DICOD_F32
    end if
    signal = c%g%signal
    call c%lay_out('x', view_r32(x), c%g%n_channels, signal, offset, a)
    if (c%proceed()) call c%finish(dicod_initial_dictionary_f32(c%context, c%options, c%problem(), a%input(), c_loc(d)))
    call c%report(stat, errmsg)
  end subroutine

  recursive subroutine learn_354_r32(x, d, z, context, options, &
      reg, reg_per_atom, reg_scale, ridge, tol, tol_scale, gap_tol, max_iter, time_limit, strategy, schedule, &
      soft_lock, steps_per_visit, tile_shape, positive, periodic, missing, background, background_length, &
      warm_start, frozen_support, seed, correlation, progress_interval, trace, learn_init, learn_max_iter, &
      learn_tol, learn_reg_reference, learn_dict_tol, learn_dict_max_iter, learn_window, learn_zero_mean, &
      learn_rank_one, learn_fixed_atoms, learn_recentre, learn_redraw, learn_redraw_below, learn_online, &
      learn_batch, learn_forgetting, learn_statistics, &
      each, user, info, stat, errmsg)
    real(real32), intent(in), contiguous, target :: x(:, :, :)
    real(real32), intent(inout), contiguous, target :: d(:, :, :, :, :)
    real(real32), intent(inout), contiguous, target, optional :: z(:, :, :, :)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, ridge, tol, gap_tol, time_limit, progress_interval, learn_tol, &
        learn_dict_tol, learn_redraw_below, learn_forgetting
    class(*), intent(in), optional :: reg_per_atom(..)
    class(*), intent(in), optional :: max_iter, steps_per_visit, seed, learn_max_iter, learn_dict_max_iter, &
        learn_batch
    class(*), intent(in), optional :: tile_shape(..), background_length(..)
    logical, intent(in), optional :: positive, warm_start, frozen_support, trace, learn_window, learn_zero_mean, &
        learn_rank_one, learn_recentre, learn_redraw, learn_online
    class(*), intent(in), optional :: periodic(..), learn_fixed_atoms(..)
    character(*), intent(in), optional :: reg_scale, tol_scale, strategy, schedule, soft_lock, missing, background, &
        correlation, learn_init, learn_reg_reference, learn_statistics
    procedure(learn_procedure), optional :: each
    class(*), intent(in), target, optional :: user
    type(dicod_learn_info), intent(inout), optional :: info
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    type(learn_box), target :: box
    type(c_ptr) :: at_z
    call c%choose_context(context)
    call c%choose_options(options, &
      reg=reg, reg_per_atom=reg_per_atom, reg_scale=reg_scale, ridge=ridge, tol=tol, tol_scale=tol_scale, &
      gap_tol=gap_tol, max_iter=max_iter, time_limit=time_limit, strategy=strategy, schedule=schedule, &
      soft_lock=soft_lock, steps_per_visit=steps_per_visit, tile_shape=tile_shape, positive=positive, &
      periodic=periodic, missing=missing, background=background, background_length=background_length, &
      warm_start=warm_start, frozen_support=frozen_support, seed=seed, correlation=correlation, &
      progress_interval=progress_interval, trace=trace, learn_init=learn_init, learn_max_iter=learn_max_iter, &
      learn_tol=learn_tol, learn_reg_reference=learn_reg_reference, learn_dict_tol=learn_dict_tol, &
      learn_dict_max_iter=learn_dict_max_iter, learn_window=learn_window, learn_zero_mean=learn_zero_mean, &
      learn_rank_one=learn_rank_one, learn_fixed_atoms=learn_fixed_atoms, learn_recentre=learn_recentre, &
      learn_redraw=learn_redraw, learn_redraw_below=learn_redraw_below, learn_online=learn_online, &
      learn_batch=learn_batch, learn_forgetting=learn_forgetting, learn_statistics=learn_statistics)
    call c%measure('x', shape(x, int64), shape(d, int64))
    at_z = c_null_ptr
    if (present(z)) then
      call c%check_z(shape(z, int64))
      at_z = c_loc(z)
    end if
    if (c%proceed()) call c%finish(dicod_learn_f32(c%context, c%options, c%problem(), c_loc(x), told(box, each, user), c_loc(box), &
      c_loc(d), at_z, info))
    call c%report(stat, errmsg)
  end subroutine

  ! The dictionary that learning would begin with. x is this rank's block of a domain of signal_shape, which begins at offset;
  ! without signal_shape all of it. Collective over several ranks.
  recursive subroutine initial_dictionary_354_r32(x, d, offset, signal_shape, context, options, &
      reg, reg_per_atom, reg_scale, ridge, tol, tol_scale, gap_tol, max_iter, time_limit, strategy, schedule, &
      soft_lock, steps_per_visit, tile_shape, positive, periodic, missing, background, background_length, &
      warm_start, frozen_support, seed, correlation, progress_interval, trace, learn_init, learn_max_iter, &
      learn_tol, learn_reg_reference, learn_dict_tol, learn_dict_max_iter, learn_window, learn_zero_mean, &
      learn_rank_one, learn_fixed_atoms, learn_recentre, learn_redraw, learn_redraw_below, learn_online, &
      learn_batch, learn_forgetting, learn_statistics, &
      stat, errmsg)
    real(real32), intent(in), target :: x(:, :, :)
    real(real32), intent(inout), contiguous, target :: d(:, :, :, :, :)
    class(*), intent(in), optional :: offset(..), signal_shape(..)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, ridge, tol, gap_tol, time_limit, progress_interval, learn_tol, &
        learn_dict_tol, learn_redraw_below, learn_forgetting
    class(*), intent(in), optional :: reg_per_atom(..)
    class(*), intent(in), optional :: max_iter, steps_per_visit, seed, learn_max_iter, learn_dict_max_iter, &
        learn_batch
    class(*), intent(in), optional :: tile_shape(..), background_length(..)
    logical, intent(in), optional :: positive, warm_start, frozen_support, trace, learn_window, learn_zero_mean, &
        learn_rank_one, learn_recentre, learn_redraw, learn_online
    class(*), intent(in), optional :: periodic(..), learn_fixed_atoms(..)
    character(*), intent(in), optional :: reg_scale, tol_scale, strategy, schedule, soft_lock, missing, background, &
        correlation, learn_init, learn_reg_reference, learn_statistics
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    type(described), target :: a
    integer(int64) :: signal(3), n_signals
    n_signals = 1
    if (rank(x) == rank(d)) n_signals = size(x, rank(x), kind=int64)
    call c%choose_context(context)
    call c%choose_options(options, &
      reg=reg, reg_per_atom=reg_per_atom, reg_scale=reg_scale, ridge=ridge, tol=tol, tol_scale=tol_scale, &
      gap_tol=gap_tol, max_iter=max_iter, time_limit=time_limit, strategy=strategy, schedule=schedule, &
      soft_lock=soft_lock, steps_per_visit=steps_per_visit, tile_shape=tile_shape, positive=positive, &
      periodic=periodic, missing=missing, background=background, background_length=background_length, &
      warm_start=warm_start, frozen_support=frozen_support, seed=seed, correlation=correlation, &
      progress_interval=progress_interval, trace=trace, learn_init=learn_init, learn_max_iter=learn_max_iter, &
      learn_tol=learn_tol, learn_reg_reference=learn_reg_reference, learn_dict_tol=learn_dict_tol, &
      learn_dict_max_iter=learn_dict_max_iter, learn_window=learn_window, learn_zero_mean=learn_zero_mean, &
      learn_rank_one=learn_rank_one, learn_fixed_atoms=learn_fixed_atoms, learn_recentre=learn_recentre, &
      learn_redraw=learn_redraw, learn_redraw_below=learn_redraw_below, learn_online=learn_online, &
      learn_batch=learn_batch, learn_forgetting=learn_forgetting, learn_statistics=learn_statistics)
    if (present(signal_shape)) then
      call c%domain(shape(d, int64), signal_shape, n_signals, DICOD_F32)
    else
      call c%measure('x', shape(x, int64), shape(d, int64))
      c%g%element_type = DICOD_F32
    end if
    signal = c%g%signal
    call c%lay_out('x', view_r32(x), c%g%n_channels, signal, offset, a)
    if (c%proceed()) call c%finish(dicod_initial_dictionary_f32(c%context, c%options, c%problem(), a%input(), c_loc(d)))
    call c%report(stat, errmsg)
  end subroutine

  recursive subroutine learn_454_r32(x, d, z, context, options, &
      reg, reg_per_atom, reg_scale, ridge, tol, tol_scale, gap_tol, max_iter, time_limit, strategy, schedule, &
      soft_lock, steps_per_visit, tile_shape, positive, periodic, missing, background, background_length, &
      warm_start, frozen_support, seed, correlation, progress_interval, trace, learn_init, learn_max_iter, &
      learn_tol, learn_reg_reference, learn_dict_tol, learn_dict_max_iter, learn_window, learn_zero_mean, &
      learn_rank_one, learn_fixed_atoms, learn_recentre, learn_redraw, learn_redraw_below, learn_online, &
      learn_batch, learn_forgetting, learn_statistics, &
      each, user, info, stat, errmsg)
    real(real32), intent(in), contiguous, target :: x(:, :, :, :)
    real(real32), intent(inout), contiguous, target :: d(:, :, :, :, :)
    real(real32), intent(inout), contiguous, target, optional :: z(:, :, :, :)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, ridge, tol, gap_tol, time_limit, progress_interval, learn_tol, &
        learn_dict_tol, learn_redraw_below, learn_forgetting
    class(*), intent(in), optional :: reg_per_atom(..)
    class(*), intent(in), optional :: max_iter, steps_per_visit, seed, learn_max_iter, learn_dict_max_iter, &
        learn_batch
    class(*), intent(in), optional :: tile_shape(..), background_length(..)
    logical, intent(in), optional :: positive, warm_start, frozen_support, trace, learn_window, learn_zero_mean, &
        learn_rank_one, learn_recentre, learn_redraw, learn_online
    class(*), intent(in), optional :: periodic(..), learn_fixed_atoms(..)
    character(*), intent(in), optional :: reg_scale, tol_scale, strategy, schedule, soft_lock, missing, background, &
        correlation, learn_init, learn_reg_reference, learn_statistics
    procedure(learn_procedure), optional :: each
    class(*), intent(in), target, optional :: user
    type(dicod_learn_info), intent(inout), optional :: info
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    type(learn_box), target :: box
    type(c_ptr) :: at_z
    call c%choose_context(context)
    call c%choose_options(options, &
      reg=reg, reg_per_atom=reg_per_atom, reg_scale=reg_scale, ridge=ridge, tol=tol, tol_scale=tol_scale, &
      gap_tol=gap_tol, max_iter=max_iter, time_limit=time_limit, strategy=strategy, schedule=schedule, &
      soft_lock=soft_lock, steps_per_visit=steps_per_visit, tile_shape=tile_shape, positive=positive, &
      periodic=periodic, missing=missing, background=background, background_length=background_length, &
      warm_start=warm_start, frozen_support=frozen_support, seed=seed, correlation=correlation, &
      progress_interval=progress_interval, trace=trace, learn_init=learn_init, learn_max_iter=learn_max_iter, &
      learn_tol=learn_tol, learn_reg_reference=learn_reg_reference, learn_dict_tol=learn_dict_tol, &
      learn_dict_max_iter=learn_dict_max_iter, learn_window=learn_window, learn_zero_mean=learn_zero_mean, &
      learn_rank_one=learn_rank_one, learn_fixed_atoms=learn_fixed_atoms, learn_recentre=learn_recentre, &
      learn_redraw=learn_redraw, learn_redraw_below=learn_redraw_below, learn_online=learn_online, &
      learn_batch=learn_batch, learn_forgetting=learn_forgetting, learn_statistics=learn_statistics)
    call c%measure('x', shape(x, int64), shape(d, int64))
    at_z = c_null_ptr
    if (present(z)) then
      call c%check_z(shape(z, int64))
      at_z = c_loc(z)
    end if
    if (c%proceed()) call c%finish(dicod_learn_f32(c%context, c%options, c%problem(), c_loc(x), told(box, each, user), c_loc(box), &
      c_loc(d), at_z, info))
    call c%report(stat, errmsg)
  end subroutine

  ! The dictionary that learning would begin with. x is this rank's block of a domain of signal_shape, which begins at offset;
  ! without signal_shape all of it. Collective over several ranks.
  recursive subroutine initial_dictionary_454_r32(x, d, offset, signal_shape, context, options, &
      reg, reg_per_atom, reg_scale, ridge, tol, tol_scale, gap_tol, max_iter, time_limit, strategy, schedule, &
      soft_lock, steps_per_visit, tile_shape, positive, periodic, missing, background, background_length, &
      warm_start, frozen_support, seed, correlation, progress_interval, trace, learn_init, learn_max_iter, &
      learn_tol, learn_reg_reference, learn_dict_tol, learn_dict_max_iter, learn_window, learn_zero_mean, &
      learn_rank_one, learn_fixed_atoms, learn_recentre, learn_redraw, learn_redraw_below, learn_online, &
      learn_batch, learn_forgetting, learn_statistics, &
      stat, errmsg)
    real(real32), intent(in), target :: x(:, :, :, :)
    real(real32), intent(inout), contiguous, target :: d(:, :, :, :, :)
    class(*), intent(in), optional :: offset(..), signal_shape(..)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, ridge, tol, gap_tol, time_limit, progress_interval, learn_tol, &
        learn_dict_tol, learn_redraw_below, learn_forgetting
    class(*), intent(in), optional :: reg_per_atom(..)
    class(*), intent(in), optional :: max_iter, steps_per_visit, seed, learn_max_iter, learn_dict_max_iter, &
        learn_batch
    class(*), intent(in), optional :: tile_shape(..), background_length(..)
    logical, intent(in), optional :: positive, warm_start, frozen_support, trace, learn_window, learn_zero_mean, &
        learn_rank_one, learn_recentre, learn_redraw, learn_online
    class(*), intent(in), optional :: periodic(..), learn_fixed_atoms(..)
    character(*), intent(in), optional :: reg_scale, tol_scale, strategy, schedule, soft_lock, missing, background, &
        correlation, learn_init, learn_reg_reference, learn_statistics
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    type(described), target :: a
    integer(int64) :: signal(3), n_signals
    n_signals = 1
    if (rank(x) == rank(d)) n_signals = size(x, rank(x), kind=int64)
    call c%choose_context(context)
    call c%choose_options(options, &
      reg=reg, reg_per_atom=reg_per_atom, reg_scale=reg_scale, ridge=ridge, tol=tol, tol_scale=tol_scale, &
      gap_tol=gap_tol, max_iter=max_iter, time_limit=time_limit, strategy=strategy, schedule=schedule, &
      soft_lock=soft_lock, steps_per_visit=steps_per_visit, tile_shape=tile_shape, positive=positive, &
      periodic=periodic, missing=missing, background=background, background_length=background_length, &
      warm_start=warm_start, frozen_support=frozen_support, seed=seed, correlation=correlation, &
      progress_interval=progress_interval, trace=trace, learn_init=learn_init, learn_max_iter=learn_max_iter, &
      learn_tol=learn_tol, learn_reg_reference=learn_reg_reference, learn_dict_tol=learn_dict_tol, &
      learn_dict_max_iter=learn_dict_max_iter, learn_window=learn_window, learn_zero_mean=learn_zero_mean, &
      learn_rank_one=learn_rank_one, learn_fixed_atoms=learn_fixed_atoms, learn_recentre=learn_recentre, &
      learn_redraw=learn_redraw, learn_redraw_below=learn_redraw_below, learn_online=learn_online, &
      learn_batch=learn_batch, learn_forgetting=learn_forgetting, learn_statistics=learn_statistics)
    if (present(signal_shape)) then
      call c%domain(shape(d, int64), signal_shape, n_signals, DICOD_F32)
    else
      call c%measure('x', shape(x, int64), shape(d, int64))
      c%g%element_type = DICOD_F32
    end if
    signal = c%g%signal
    call c%lay_out('x', view_r32(x), c%g%n_channels, signal, offset, a)
    if (c%proceed()) call c%finish(dicod_initial_dictionary_f32(c%context, c%options, c%problem(), a%input(), c_loc(d)))
    call c%report(stat, errmsg)
  end subroutine

  recursive subroutine learn_555_r32(x, d, z, context, options, &
      reg, reg_per_atom, reg_scale, ridge, tol, tol_scale, gap_tol, max_iter, time_limit, strategy, schedule, &
      soft_lock, steps_per_visit, tile_shape, positive, periodic, missing, background, background_length, &
      warm_start, frozen_support, seed, correlation, progress_interval, trace, learn_init, learn_max_iter, &
      learn_tol, learn_reg_reference, learn_dict_tol, learn_dict_max_iter, learn_window, learn_zero_mean, &
      learn_rank_one, learn_fixed_atoms, learn_recentre, learn_redraw, learn_redraw_below, learn_online, &
      learn_batch, learn_forgetting, learn_statistics, &
      each, user, info, stat, errmsg)
    real(real32), intent(in), contiguous, target :: x(:, :, :, :, :)
    real(real32), intent(inout), contiguous, target :: d(:, :, :, :, :)
    real(real32), intent(inout), contiguous, target, optional :: z(:, :, :, :, :)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, ridge, tol, gap_tol, time_limit, progress_interval, learn_tol, &
        learn_dict_tol, learn_redraw_below, learn_forgetting
    class(*), intent(in), optional :: reg_per_atom(..)
    class(*), intent(in), optional :: max_iter, steps_per_visit, seed, learn_max_iter, learn_dict_max_iter, &
        learn_batch
    class(*), intent(in), optional :: tile_shape(..), background_length(..)
    logical, intent(in), optional :: positive, warm_start, frozen_support, trace, learn_window, learn_zero_mean, &
        learn_rank_one, learn_recentre, learn_redraw, learn_online
    class(*), intent(in), optional :: periodic(..), learn_fixed_atoms(..)
    character(*), intent(in), optional :: reg_scale, tol_scale, strategy, schedule, soft_lock, missing, background, &
        correlation, learn_init, learn_reg_reference, learn_statistics
    procedure(learn_procedure), optional :: each
    class(*), intent(in), target, optional :: user
    type(dicod_learn_info), intent(inout), optional :: info
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    type(learn_box), target :: box
    type(c_ptr) :: at_z
    call c%choose_context(context)
    call c%choose_options(options, &
      reg=reg, reg_per_atom=reg_per_atom, reg_scale=reg_scale, ridge=ridge, tol=tol, tol_scale=tol_scale, &
      gap_tol=gap_tol, max_iter=max_iter, time_limit=time_limit, strategy=strategy, schedule=schedule, &
      soft_lock=soft_lock, steps_per_visit=steps_per_visit, tile_shape=tile_shape, positive=positive, &
      periodic=periodic, missing=missing, background=background, background_length=background_length, &
      warm_start=warm_start, frozen_support=frozen_support, seed=seed, correlation=correlation, &
      progress_interval=progress_interval, trace=trace, learn_init=learn_init, learn_max_iter=learn_max_iter, &
      learn_tol=learn_tol, learn_reg_reference=learn_reg_reference, learn_dict_tol=learn_dict_tol, &
      learn_dict_max_iter=learn_dict_max_iter, learn_window=learn_window, learn_zero_mean=learn_zero_mean, &
      learn_rank_one=learn_rank_one, learn_fixed_atoms=learn_fixed_atoms, learn_recentre=learn_recentre, &
      learn_redraw=learn_redraw, learn_redraw_below=learn_redraw_below, learn_online=learn_online, &
      learn_batch=learn_batch, learn_forgetting=learn_forgetting, learn_statistics=learn_statistics)
    call c%measure('x', shape(x, int64), shape(d, int64))
    at_z = c_null_ptr
    if (present(z)) then
      call c%check_z(shape(z, int64))
      at_z = c_loc(z)
    end if
    if (c%proceed()) call c%finish(dicod_learn_f32(c%context, c%options, c%problem(), c_loc(x), told(box, each, user), c_loc(box), &
      c_loc(d), at_z, info))
    call c%report(stat, errmsg)
  end subroutine

  ! The dictionary that learning would begin with. x is this rank's block of a domain of signal_shape, which begins at offset;
  ! without signal_shape all of it. Collective over several ranks.
  recursive subroutine initial_dictionary_555_r32(x, d, offset, signal_shape, context, options, &
      reg, reg_per_atom, reg_scale, ridge, tol, tol_scale, gap_tol, max_iter, time_limit, strategy, schedule, &
      soft_lock, steps_per_visit, tile_shape, positive, periodic, missing, background, background_length, &
      warm_start, frozen_support, seed, correlation, progress_interval, trace, learn_init, learn_max_iter, &
      learn_tol, learn_reg_reference, learn_dict_tol, learn_dict_max_iter, learn_window, learn_zero_mean, &
      learn_rank_one, learn_fixed_atoms, learn_recentre, learn_redraw, learn_redraw_below, learn_online, &
      learn_batch, learn_forgetting, learn_statistics, &
      stat, errmsg)
    real(real32), intent(in), target :: x(:, :, :, :, :)
    real(real32), intent(inout), contiguous, target :: d(:, :, :, :, :)
    class(*), intent(in), optional :: offset(..), signal_shape(..)
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, ridge, tol, gap_tol, time_limit, progress_interval, learn_tol, &
        learn_dict_tol, learn_redraw_below, learn_forgetting
    class(*), intent(in), optional :: reg_per_atom(..)
    class(*), intent(in), optional :: max_iter, steps_per_visit, seed, learn_max_iter, learn_dict_max_iter, &
        learn_batch
    class(*), intent(in), optional :: tile_shape(..), background_length(..)
    logical, intent(in), optional :: positive, warm_start, frozen_support, trace, learn_window, learn_zero_mean, &
        learn_rank_one, learn_recentre, learn_redraw, learn_online
    class(*), intent(in), optional :: periodic(..), learn_fixed_atoms(..)
    character(*), intent(in), optional :: reg_scale, tol_scale, strategy, schedule, soft_lock, missing, background, &
        correlation, learn_init, learn_reg_reference, learn_statistics
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    type(described), target :: a
    integer(int64) :: signal(3), n_signals
    n_signals = 1
    if (rank(x) == rank(d)) n_signals = size(x, rank(x), kind=int64)
    call c%choose_context(context)
    call c%choose_options(options, &
      reg=reg, reg_per_atom=reg_per_atom, reg_scale=reg_scale, ridge=ridge, tol=tol, tol_scale=tol_scale, &
      gap_tol=gap_tol, max_iter=max_iter, time_limit=time_limit, strategy=strategy, schedule=schedule, &
      soft_lock=soft_lock, steps_per_visit=steps_per_visit, tile_shape=tile_shape, positive=positive, &
      periodic=periodic, missing=missing, background=background, background_length=background_length, &
      warm_start=warm_start, frozen_support=frozen_support, seed=seed, correlation=correlation, &
      progress_interval=progress_interval, trace=trace, learn_init=learn_init, learn_max_iter=learn_max_iter, &
      learn_tol=learn_tol, learn_reg_reference=learn_reg_reference, learn_dict_tol=learn_dict_tol, &
      learn_dict_max_iter=learn_dict_max_iter, learn_window=learn_window, learn_zero_mean=learn_zero_mean, &
      learn_rank_one=learn_rank_one, learn_fixed_atoms=learn_fixed_atoms, learn_recentre=learn_recentre, &
      learn_redraw=learn_redraw, learn_redraw_below=learn_redraw_below, learn_online=learn_online, &
      learn_batch=learn_batch, learn_forgetting=learn_forgetting, learn_statistics=learn_statistics)
    if (present(signal_shape)) then
      call c%domain(shape(d, int64), signal_shape, n_signals, DICOD_F32)
    else
      call c%measure('x', shape(x, int64), shape(d, int64))
      c%g%element_type = DICOD_F32
    end if
    signal = c%g%signal
    call c%lay_out('x', view_r32(x), c%g%n_channels, signal, offset, a)
    if (c%proceed()) call c%finish(dicod_initial_dictionary_f32(c%context, c%options, c%problem(), a%input(), c_loc(d)))
    call c%report(stat, errmsg)
  end subroutine

  ! The shape of d counts, its values with learn_init='given' and for fixed atoms only.
  recursive subroutine create_3_r64(self, d, signal_shape, n_signals, context, options, &
      reg, reg_per_atom, reg_scale, ridge, tol, tol_scale, gap_tol, max_iter, time_limit, strategy, schedule, &
      soft_lock, steps_per_visit, tile_shape, positive, periodic, missing, background, background_length, &
      warm_start, frozen_support, seed, correlation, progress_interval, trace, learn_init, learn_max_iter, &
      learn_tol, learn_reg_reference, learn_dict_tol, learn_dict_max_iter, learn_window, learn_zero_mean, &
      learn_rank_one, learn_fixed_atoms, learn_recentre, learn_redraw, learn_redraw_below, learn_online, &
      learn_batch, learn_forgetting, learn_statistics, &
      stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real64), intent(in), contiguous, target :: d(:, :, :)
    class(*), intent(in) :: signal_shape(..)
    class(*), intent(in), optional :: n_signals
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, ridge, tol, gap_tol, time_limit, progress_interval, learn_tol, &
        learn_dict_tol, learn_redraw_below, learn_forgetting
    class(*), intent(in), optional :: reg_per_atom(..)
    class(*), intent(in), optional :: max_iter, steps_per_visit, seed, learn_max_iter, learn_dict_max_iter, &
        learn_batch
    class(*), intent(in), optional :: tile_shape(..), background_length(..)
    logical, intent(in), optional :: positive, warm_start, frozen_support, trace, learn_window, learn_zero_mean, &
        learn_rank_one, learn_recentre, learn_redraw, learn_online
    class(*), intent(in), optional :: periodic(..), learn_fixed_atoms(..)
    character(*), intent(in), optional :: reg_scale, tol_scale, strategy, schedule, soft_lock, missing, background, &
        correlation, learn_init, learn_reg_reference, learn_statistics
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    type(c_ptr) :: handle
    handle = c_null_ptr
    call c%choose_context(context)
    call c%choose_options(options, &
      reg=reg, reg_per_atom=reg_per_atom, reg_scale=reg_scale, ridge=ridge, tol=tol, tol_scale=tol_scale, &
      gap_tol=gap_tol, max_iter=max_iter, time_limit=time_limit, strategy=strategy, schedule=schedule, &
      soft_lock=soft_lock, steps_per_visit=steps_per_visit, tile_shape=tile_shape, positive=positive, &
      periodic=periodic, missing=missing, background=background, background_length=background_length, &
      warm_start=warm_start, frozen_support=frozen_support, seed=seed, correlation=correlation, &
      progress_interval=progress_interval, trace=trace, learn_init=learn_init, learn_max_iter=learn_max_iter, &
      learn_tol=learn_tol, learn_reg_reference=learn_reg_reference, learn_dict_tol=learn_dict_tol, &
      learn_dict_max_iter=learn_dict_max_iter, learn_window=learn_window, learn_zero_mean=learn_zero_mean, &
      learn_rank_one=learn_rank_one, learn_fixed_atoms=learn_fixed_atoms, learn_recentre=learn_recentre, &
      learn_redraw=learn_redraw, learn_redraw_below=learn_redraw_below, learn_online=learn_online, &
      learn_batch=learn_batch, learn_forgetting=learn_forgetting, learn_statistics=learn_statistics)
    call c%domain(shape(d, int64), signal_shape, n_signals, DICOD_F64)
    if (c%proceed()) call c%finish(dicod_learner_create(c%context, c%options, c%problem(), c_loc(d), handle))
    if (c%status >= 0) call learner_adopt(self, handle, c%g, context)
    call c%report(stat, errmsg)
  end subroutine

  ! The same where d, of which only shape and kind count, is what a dictionary of the checkpoint has to fit.
  recursive subroutine restore_3_r64(self, d, path, signal_shape, n_signals, context, options, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real64), intent(in) :: d(:, :, :)
    character(*), intent(in) :: path
    class(*), intent(in), optional :: signal_shape(..), n_signals
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call restoring(self, path=path, shape_d=shape(d, int64), element_type=DICOD_F64, signal_shape=signal_shape, &
      n_signals=n_signals, context=context, options=options, stat=stat, errmsg=errmsg)
  end subroutine

  recursive subroutine restore_bytes_3_r64(self, d, bytes, signal_shape, n_signals, context, options, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real64), intent(in) :: d(:, :, :)
    integer(int8), intent(in), contiguous, target :: bytes(:)
    class(*), intent(in), optional :: signal_shape(..), n_signals
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call restoring(self, bytes=bytes, shape_d=shape(d, int64), element_type=DICOD_F64, signal_shape=signal_shape, &
      n_signals=n_signals, context=context, options=options, stat=stat, errmsg=errmsg)
  end subroutine

  ! The dictionary as it is now. Local.
  recursive subroutine get_dictionary_3_r64(self, d, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real64), intent(inout), contiguous, target :: d(:, :, :)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    call c%ready(self%handle, self%g, DICOD_F64, 'learner', self%collective)
    call c%same_d(shape(d, int64), self%g)
    if (c%status >= 0) call c%finish(dicod_learner_get_dictionary(self%handle, size(d, kind=int64), c_loc(d)))
    call c%report(stat, errmsg)
  end subroutine

  ! With learn_rank_one: u(channel, atom), v(axes, atom).
  recursive subroutine get_dictionary_rank1_3_r64(self, u, v, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real64), intent(inout), contiguous, target :: u(:, :), v(:, :)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    call c%ready(self%handle, self%g, DICOD_F64, 'learner', self%collective)
    call c%same_factors(shape(u, int64), shape(v, int64), self%g)
    if (c%status >= 0) call c%finish(dicod_learner_get_dictionary_rank1(self%handle, size(u, kind=int64), c_loc(u), &
      size(v, kind=int64), c_loc(v)))
    call c%report(stat, errmsg)
  end subroutine

  ! The shape of d counts, its values with learn_init='given' and for fixed atoms only.
  recursive subroutine create_4_r64(self, d, signal_shape, n_signals, context, options, &
      reg, reg_per_atom, reg_scale, ridge, tol, tol_scale, gap_tol, max_iter, time_limit, strategy, schedule, &
      soft_lock, steps_per_visit, tile_shape, positive, periodic, missing, background, background_length, &
      warm_start, frozen_support, seed, correlation, progress_interval, trace, learn_init, learn_max_iter, &
      learn_tol, learn_reg_reference, learn_dict_tol, learn_dict_max_iter, learn_window, learn_zero_mean, &
      learn_rank_one, learn_fixed_atoms, learn_recentre, learn_redraw, learn_redraw_below, learn_online, &
      learn_batch, learn_forgetting, learn_statistics, &
      stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real64), intent(in), contiguous, target :: d(:, :, :, :)
    class(*), intent(in) :: signal_shape(..)
    class(*), intent(in), optional :: n_signals
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, ridge, tol, gap_tol, time_limit, progress_interval, learn_tol, &
        learn_dict_tol, learn_redraw_below, learn_forgetting
    class(*), intent(in), optional :: reg_per_atom(..)
    class(*), intent(in), optional :: max_iter, steps_per_visit, seed, learn_max_iter, learn_dict_max_iter, &
        learn_batch
    class(*), intent(in), optional :: tile_shape(..), background_length(..)
    logical, intent(in), optional :: positive, warm_start, frozen_support, trace, learn_window, learn_zero_mean, &
        learn_rank_one, learn_recentre, learn_redraw, learn_online
    class(*), intent(in), optional :: periodic(..), learn_fixed_atoms(..)
    character(*), intent(in), optional :: reg_scale, tol_scale, strategy, schedule, soft_lock, missing, background, &
        correlation, learn_init, learn_reg_reference, learn_statistics
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    type(c_ptr) :: handle
    handle = c_null_ptr
    call c%choose_context(context)
    call c%choose_options(options, &
      reg=reg, reg_per_atom=reg_per_atom, reg_scale=reg_scale, ridge=ridge, tol=tol, tol_scale=tol_scale, &
      gap_tol=gap_tol, max_iter=max_iter, time_limit=time_limit, strategy=strategy, schedule=schedule, &
      soft_lock=soft_lock, steps_per_visit=steps_per_visit, tile_shape=tile_shape, positive=positive, &
      periodic=periodic, missing=missing, background=background, background_length=background_length, &
      warm_start=warm_start, frozen_support=frozen_support, seed=seed, correlation=correlation, &
      progress_interval=progress_interval, trace=trace, learn_init=learn_init, learn_max_iter=learn_max_iter, &
      learn_tol=learn_tol, learn_reg_reference=learn_reg_reference, learn_dict_tol=learn_dict_tol, &
      learn_dict_max_iter=learn_dict_max_iter, learn_window=learn_window, learn_zero_mean=learn_zero_mean, &
      learn_rank_one=learn_rank_one, learn_fixed_atoms=learn_fixed_atoms, learn_recentre=learn_recentre, &
      learn_redraw=learn_redraw, learn_redraw_below=learn_redraw_below, learn_online=learn_online, &
      learn_batch=learn_batch, learn_forgetting=learn_forgetting, learn_statistics=learn_statistics)
    call c%domain(shape(d, int64), signal_shape, n_signals, DICOD_F64)
    if (c%proceed()) call c%finish(dicod_learner_create(c%context, c%options, c%problem(), c_loc(d), handle))
    if (c%status >= 0) call learner_adopt(self, handle, c%g, context)
    call c%report(stat, errmsg)
  end subroutine

  ! The same where d, of which only shape and kind count, is what a dictionary of the checkpoint has to fit.
  recursive subroutine restore_4_r64(self, d, path, signal_shape, n_signals, context, options, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real64), intent(in) :: d(:, :, :, :)
    character(*), intent(in) :: path
    class(*), intent(in), optional :: signal_shape(..), n_signals
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call restoring(self, path=path, shape_d=shape(d, int64), element_type=DICOD_F64, signal_shape=signal_shape, &
      n_signals=n_signals, context=context, options=options, stat=stat, errmsg=errmsg)
  end subroutine

  recursive subroutine restore_bytes_4_r64(self, d, bytes, signal_shape, n_signals, context, options, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real64), intent(in) :: d(:, :, :, :)
    integer(int8), intent(in), contiguous, target :: bytes(:)
    class(*), intent(in), optional :: signal_shape(..), n_signals
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call restoring(self, bytes=bytes, shape_d=shape(d, int64), element_type=DICOD_F64, signal_shape=signal_shape, &
      n_signals=n_signals, context=context, options=options, stat=stat, errmsg=errmsg)
  end subroutine

  ! The dictionary as it is now. Local.
  recursive subroutine get_dictionary_4_r64(self, d, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real64), intent(inout), contiguous, target :: d(:, :, :, :)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    call c%ready(self%handle, self%g, DICOD_F64, 'learner', self%collective)
    call c%same_d(shape(d, int64), self%g)
    if (c%status >= 0) call c%finish(dicod_learner_get_dictionary(self%handle, size(d, kind=int64), c_loc(d)))
    call c%report(stat, errmsg)
  end subroutine

  ! With learn_rank_one: u(channel, atom), v(axes, atom).
  recursive subroutine get_dictionary_rank1_4_r64(self, u, v, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real64), intent(inout), contiguous, target :: u(:, :), v(:, :, :)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    call c%ready(self%handle, self%g, DICOD_F64, 'learner', self%collective)
    call c%same_factors(shape(u, int64), shape(v, int64), self%g)
    if (c%status >= 0) call c%finish(dicod_learner_get_dictionary_rank1(self%handle, size(u, kind=int64), c_loc(u), &
      size(v, kind=int64), c_loc(v)))
    call c%report(stat, errmsg)
  end subroutine

  ! The shape of d counts, its values with learn_init='given' and for fixed atoms only.
  recursive subroutine create_5_r64(self, d, signal_shape, n_signals, context, options, &
      reg, reg_per_atom, reg_scale, ridge, tol, tol_scale, gap_tol, max_iter, time_limit, strategy, schedule, &
      soft_lock, steps_per_visit, tile_shape, positive, periodic, missing, background, background_length, &
      warm_start, frozen_support, seed, correlation, progress_interval, trace, learn_init, learn_max_iter, &
      learn_tol, learn_reg_reference, learn_dict_tol, learn_dict_max_iter, learn_window, learn_zero_mean, &
      learn_rank_one, learn_fixed_atoms, learn_recentre, learn_redraw, learn_redraw_below, learn_online, &
      learn_batch, learn_forgetting, learn_statistics, &
      stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real64), intent(in), contiguous, target :: d(:, :, :, :, :)
    class(*), intent(in) :: signal_shape(..)
    class(*), intent(in), optional :: n_signals
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, ridge, tol, gap_tol, time_limit, progress_interval, learn_tol, &
        learn_dict_tol, learn_redraw_below, learn_forgetting
    class(*), intent(in), optional :: reg_per_atom(..)
    class(*), intent(in), optional :: max_iter, steps_per_visit, seed, learn_max_iter, learn_dict_max_iter, &
        learn_batch
    class(*), intent(in), optional :: tile_shape(..), background_length(..)
    logical, intent(in), optional :: positive, warm_start, frozen_support, trace, learn_window, learn_zero_mean, &
        learn_rank_one, learn_recentre, learn_redraw, learn_online
    class(*), intent(in), optional :: periodic(..), learn_fixed_atoms(..)
    character(*), intent(in), optional :: reg_scale, tol_scale, strategy, schedule, soft_lock, missing, background, &
        correlation, learn_init, learn_reg_reference, learn_statistics
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    type(c_ptr) :: handle
    handle = c_null_ptr
    call c%choose_context(context)
    call c%choose_options(options, &
      reg=reg, reg_per_atom=reg_per_atom, reg_scale=reg_scale, ridge=ridge, tol=tol, tol_scale=tol_scale, &
      gap_tol=gap_tol, max_iter=max_iter, time_limit=time_limit, strategy=strategy, schedule=schedule, &
      soft_lock=soft_lock, steps_per_visit=steps_per_visit, tile_shape=tile_shape, positive=positive, &
      periodic=periodic, missing=missing, background=background, background_length=background_length, &
      warm_start=warm_start, frozen_support=frozen_support, seed=seed, correlation=correlation, &
      progress_interval=progress_interval, trace=trace, learn_init=learn_init, learn_max_iter=learn_max_iter, &
      learn_tol=learn_tol, learn_reg_reference=learn_reg_reference, learn_dict_tol=learn_dict_tol, &
      learn_dict_max_iter=learn_dict_max_iter, learn_window=learn_window, learn_zero_mean=learn_zero_mean, &
      learn_rank_one=learn_rank_one, learn_fixed_atoms=learn_fixed_atoms, learn_recentre=learn_recentre, &
      learn_redraw=learn_redraw, learn_redraw_below=learn_redraw_below, learn_online=learn_online, &
      learn_batch=learn_batch, learn_forgetting=learn_forgetting, learn_statistics=learn_statistics)
    call c%domain(shape(d, int64), signal_shape, n_signals, DICOD_F64)
    if (c%proceed()) call c%finish(dicod_learner_create(c%context, c%options, c%problem(), c_loc(d), handle))
    if (c%status >= 0) call learner_adopt(self, handle, c%g, context)
    call c%report(stat, errmsg)
  end subroutine

  ! The same where d, of which only shape and kind count, is what a dictionary of the checkpoint has to fit.
  recursive subroutine restore_5_r64(self, d, path, signal_shape, n_signals, context, options, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real64), intent(in) :: d(:, :, :, :, :)
    character(*), intent(in) :: path
    class(*), intent(in), optional :: signal_shape(..), n_signals
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call restoring(self, path=path, shape_d=shape(d, int64), element_type=DICOD_F64, signal_shape=signal_shape, &
      n_signals=n_signals, context=context, options=options, stat=stat, errmsg=errmsg)
  end subroutine

  recursive subroutine restore_bytes_5_r64(self, d, bytes, signal_shape, n_signals, context, options, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real64), intent(in) :: d(:, :, :, :, :)
    integer(int8), intent(in), contiguous, target :: bytes(:)
    class(*), intent(in), optional :: signal_shape(..), n_signals
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call restoring(self, bytes=bytes, shape_d=shape(d, int64), element_type=DICOD_F64, signal_shape=signal_shape, &
      n_signals=n_signals, context=context, options=options, stat=stat, errmsg=errmsg)
  end subroutine

  ! The dictionary as it is now. Local.
  recursive subroutine get_dictionary_5_r64(self, d, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real64), intent(inout), contiguous, target :: d(:, :, :, :, :)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    call c%ready(self%handle, self%g, DICOD_F64, 'learner', self%collective)
    call c%same_d(shape(d, int64), self%g)
    if (c%status >= 0) call c%finish(dicod_learner_get_dictionary(self%handle, size(d, kind=int64), c_loc(d)))
    call c%report(stat, errmsg)
  end subroutine

  ! With learn_rank_one: u(channel, atom), v(axes, atom).
  recursive subroutine get_dictionary_rank1_5_r64(self, u, v, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real64), intent(inout), contiguous, target :: u(:, :), v(:, :, :, :)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    call c%ready(self%handle, self%g, DICOD_F64, 'learner', self%collective)
    call c%same_factors(shape(u, int64), shape(v, int64), self%g)
    if (c%status >= 0) call c%finish(dicod_learner_get_dictionary_rank1(self%handle, size(u, kind=int64), c_loc(u), &
      size(v, kind=int64), c_loc(v)))
    call c%report(stat, errmsg)
  end subroutine

  ! The shape of d counts, its values with learn_init='given' and for fixed atoms only.
  recursive subroutine create_3_r32(self, d, signal_shape, n_signals, context, options, &
      reg, reg_per_atom, reg_scale, ridge, tol, tol_scale, gap_tol, max_iter, time_limit, strategy, schedule, &
      soft_lock, steps_per_visit, tile_shape, positive, periodic, missing, background, background_length, &
      warm_start, frozen_support, seed, correlation, progress_interval, trace, learn_init, learn_max_iter, &
      learn_tol, learn_reg_reference, learn_dict_tol, learn_dict_max_iter, learn_window, learn_zero_mean, &
      learn_rank_one, learn_fixed_atoms, learn_recentre, learn_redraw, learn_redraw_below, learn_online, &
      learn_batch, learn_forgetting, learn_statistics, &
      stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real32), intent(in), contiguous, target :: d(:, :, :)
    class(*), intent(in) :: signal_shape(..)
    class(*), intent(in), optional :: n_signals
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, ridge, tol, gap_tol, time_limit, progress_interval, learn_tol, &
        learn_dict_tol, learn_redraw_below, learn_forgetting
    class(*), intent(in), optional :: reg_per_atom(..)
    class(*), intent(in), optional :: max_iter, steps_per_visit, seed, learn_max_iter, learn_dict_max_iter, &
        learn_batch
    class(*), intent(in), optional :: tile_shape(..), background_length(..)
    logical, intent(in), optional :: positive, warm_start, frozen_support, trace, learn_window, learn_zero_mean, &
        learn_rank_one, learn_recentre, learn_redraw, learn_online
    class(*), intent(in), optional :: periodic(..), learn_fixed_atoms(..)
    character(*), intent(in), optional :: reg_scale, tol_scale, strategy, schedule, soft_lock, missing, background, &
        correlation, learn_init, learn_reg_reference, learn_statistics
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    type(c_ptr) :: handle
    handle = c_null_ptr
    call c%choose_context(context)
    call c%choose_options(options, &
      reg=reg, reg_per_atom=reg_per_atom, reg_scale=reg_scale, ridge=ridge, tol=tol, tol_scale=tol_scale, &
      gap_tol=gap_tol, max_iter=max_iter, time_limit=time_limit, strategy=strategy, schedule=schedule, &
      soft_lock=soft_lock, steps_per_visit=steps_per_visit, tile_shape=tile_shape, positive=positive, &
      periodic=periodic, missing=missing, background=background, background_length=background_length, &
      warm_start=warm_start, frozen_support=frozen_support, seed=seed, correlation=correlation, &
      progress_interval=progress_interval, trace=trace, learn_init=learn_init, learn_max_iter=learn_max_iter, &
      learn_tol=learn_tol, learn_reg_reference=learn_reg_reference, learn_dict_tol=learn_dict_tol, &
      learn_dict_max_iter=learn_dict_max_iter, learn_window=learn_window, learn_zero_mean=learn_zero_mean, &
      learn_rank_one=learn_rank_one, learn_fixed_atoms=learn_fixed_atoms, learn_recentre=learn_recentre, &
      learn_redraw=learn_redraw, learn_redraw_below=learn_redraw_below, learn_online=learn_online, &
      learn_batch=learn_batch, learn_forgetting=learn_forgetting, learn_statistics=learn_statistics)
    call c%domain(shape(d, int64), signal_shape, n_signals, DICOD_F32)
    if (c%proceed()) call c%finish(dicod_learner_create_f32(c%context, c%options, c%problem(), c_loc(d), handle))
    if (c%status >= 0) call learner_adopt(self, handle, c%g, context)
    call c%report(stat, errmsg)
  end subroutine

  ! The same where d, of which only shape and kind count, is what a dictionary of the checkpoint has to fit.
  recursive subroutine restore_3_r32(self, d, path, signal_shape, n_signals, context, options, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real32), intent(in) :: d(:, :, :)
    character(*), intent(in) :: path
    class(*), intent(in), optional :: signal_shape(..), n_signals
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call restoring(self, path=path, shape_d=shape(d, int64), element_type=DICOD_F32, signal_shape=signal_shape, &
      n_signals=n_signals, context=context, options=options, stat=stat, errmsg=errmsg)
  end subroutine

  recursive subroutine restore_bytes_3_r32(self, d, bytes, signal_shape, n_signals, context, options, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real32), intent(in) :: d(:, :, :)
    integer(int8), intent(in), contiguous, target :: bytes(:)
    class(*), intent(in), optional :: signal_shape(..), n_signals
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call restoring(self, bytes=bytes, shape_d=shape(d, int64), element_type=DICOD_F32, signal_shape=signal_shape, &
      n_signals=n_signals, context=context, options=options, stat=stat, errmsg=errmsg)
  end subroutine

  ! The dictionary as it is now. Local.
  recursive subroutine get_dictionary_3_r32(self, d, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real32), intent(inout), contiguous, target :: d(:, :, :)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    call c%ready(self%handle, self%g, DICOD_F32, 'learner', self%collective)
    call c%same_d(shape(d, int64), self%g)
    if (c%status >= 0) call c%finish(dicod_learner_get_dictionary_f32(self%handle, size(d, kind=int64), c_loc(d)))
    call c%report(stat, errmsg)
  end subroutine

  ! With learn_rank_one: u(channel, atom), v(axes, atom).
  recursive subroutine get_dictionary_rank1_3_r32(self, u, v, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real32), intent(inout), contiguous, target :: u(:, :), v(:, :)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    call c%ready(self%handle, self%g, DICOD_F32, 'learner', self%collective)
    call c%same_factors(shape(u, int64), shape(v, int64), self%g)
    if (c%status >= 0) call c%finish(dicod_learner_get_dictionary_rank1_f32(self%handle, size(u, kind=int64), c_loc(u), &
      size(v, kind=int64), c_loc(v)))
    call c%report(stat, errmsg)
  end subroutine

  ! The shape of d counts, its values with learn_init='given' and for fixed atoms only.
  recursive subroutine create_4_r32(self, d, signal_shape, n_signals, context, options, &
      reg, reg_per_atom, reg_scale, ridge, tol, tol_scale, gap_tol, max_iter, time_limit, strategy, schedule, &
      soft_lock, steps_per_visit, tile_shape, positive, periodic, missing, background, background_length, &
      warm_start, frozen_support, seed, correlation, progress_interval, trace, learn_init, learn_max_iter, &
      learn_tol, learn_reg_reference, learn_dict_tol, learn_dict_max_iter, learn_window, learn_zero_mean, &
      learn_rank_one, learn_fixed_atoms, learn_recentre, learn_redraw, learn_redraw_below, learn_online, &
      learn_batch, learn_forgetting, learn_statistics, &
      stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real32), intent(in), contiguous, target :: d(:, :, :, :)
    class(*), intent(in) :: signal_shape(..)
    class(*), intent(in), optional :: n_signals
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, ridge, tol, gap_tol, time_limit, progress_interval, learn_tol, &
        learn_dict_tol, learn_redraw_below, learn_forgetting
    class(*), intent(in), optional :: reg_per_atom(..)
    class(*), intent(in), optional :: max_iter, steps_per_visit, seed, learn_max_iter, learn_dict_max_iter, &
        learn_batch
    class(*), intent(in), optional :: tile_shape(..), background_length(..)
    logical, intent(in), optional :: positive, warm_start, frozen_support, trace, learn_window, learn_zero_mean, &
        learn_rank_one, learn_recentre, learn_redraw, learn_online
    class(*), intent(in), optional :: periodic(..), learn_fixed_atoms(..)
    character(*), intent(in), optional :: reg_scale, tol_scale, strategy, schedule, soft_lock, missing, background, &
        correlation, learn_init, learn_reg_reference, learn_statistics
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    type(c_ptr) :: handle
    handle = c_null_ptr
    call c%choose_context(context)
    call c%choose_options(options, &
      reg=reg, reg_per_atom=reg_per_atom, reg_scale=reg_scale, ridge=ridge, tol=tol, tol_scale=tol_scale, &
      gap_tol=gap_tol, max_iter=max_iter, time_limit=time_limit, strategy=strategy, schedule=schedule, &
      soft_lock=soft_lock, steps_per_visit=steps_per_visit, tile_shape=tile_shape, positive=positive, &
      periodic=periodic, missing=missing, background=background, background_length=background_length, &
      warm_start=warm_start, frozen_support=frozen_support, seed=seed, correlation=correlation, &
      progress_interval=progress_interval, trace=trace, learn_init=learn_init, learn_max_iter=learn_max_iter, &
      learn_tol=learn_tol, learn_reg_reference=learn_reg_reference, learn_dict_tol=learn_dict_tol, &
      learn_dict_max_iter=learn_dict_max_iter, learn_window=learn_window, learn_zero_mean=learn_zero_mean, &
      learn_rank_one=learn_rank_one, learn_fixed_atoms=learn_fixed_atoms, learn_recentre=learn_recentre, &
      learn_redraw=learn_redraw, learn_redraw_below=learn_redraw_below, learn_online=learn_online, &
      learn_batch=learn_batch, learn_forgetting=learn_forgetting, learn_statistics=learn_statistics)
    call c%domain(shape(d, int64), signal_shape, n_signals, DICOD_F32)
    if (c%proceed()) call c%finish(dicod_learner_create_f32(c%context, c%options, c%problem(), c_loc(d), handle))
    if (c%status >= 0) call learner_adopt(self, handle, c%g, context)
    call c%report(stat, errmsg)
  end subroutine

  ! The same where d, of which only shape and kind count, is what a dictionary of the checkpoint has to fit.
  recursive subroutine restore_4_r32(self, d, path, signal_shape, n_signals, context, options, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real32), intent(in) :: d(:, :, :, :)
    character(*), intent(in) :: path
    class(*), intent(in), optional :: signal_shape(..), n_signals
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call restoring(self, path=path, shape_d=shape(d, int64), element_type=DICOD_F32, signal_shape=signal_shape, &
      n_signals=n_signals, context=context, options=options, stat=stat, errmsg=errmsg)
  end subroutine

  recursive subroutine restore_bytes_4_r32(self, d, bytes, signal_shape, n_signals, context, options, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real32), intent(in) :: d(:, :, :, :)
    integer(int8), intent(in), contiguous, target :: bytes(:)
    class(*), intent(in), optional :: signal_shape(..), n_signals
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call restoring(self, bytes=bytes, shape_d=shape(d, int64), element_type=DICOD_F32, signal_shape=signal_shape, &
      n_signals=n_signals, context=context, options=options, stat=stat, errmsg=errmsg)
  end subroutine

  ! The dictionary as it is now. Local.
  recursive subroutine get_dictionary_4_r32(self, d, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real32), intent(inout), contiguous, target :: d(:, :, :, :)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    call c%ready(self%handle, self%g, DICOD_F32, 'learner', self%collective)
    call c%same_d(shape(d, int64), self%g)
    if (c%status >= 0) call c%finish(dicod_learner_get_dictionary_f32(self%handle, size(d, kind=int64), c_loc(d)))
    call c%report(stat, errmsg)
  end subroutine

  ! With learn_rank_one: u(channel, atom), v(axes, atom).
  recursive subroutine get_dictionary_rank1_4_r32(self, u, v, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real32), intent(inout), contiguous, target :: u(:, :), v(:, :, :)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    call c%ready(self%handle, self%g, DICOD_F32, 'learner', self%collective)
    call c%same_factors(shape(u, int64), shape(v, int64), self%g)
    if (c%status >= 0) call c%finish(dicod_learner_get_dictionary_rank1_f32(self%handle, size(u, kind=int64), c_loc(u), &
      size(v, kind=int64), c_loc(v)))
    call c%report(stat, errmsg)
  end subroutine

  ! The shape of d counts, its values with learn_init='given' and for fixed atoms only.
  recursive subroutine create_5_r32(self, d, signal_shape, n_signals, context, options, &
      reg, reg_per_atom, reg_scale, ridge, tol, tol_scale, gap_tol, max_iter, time_limit, strategy, schedule, &
      soft_lock, steps_per_visit, tile_shape, positive, periodic, missing, background, background_length, &
      warm_start, frozen_support, seed, correlation, progress_interval, trace, learn_init, learn_max_iter, &
      learn_tol, learn_reg_reference, learn_dict_tol, learn_dict_max_iter, learn_window, learn_zero_mean, &
      learn_rank_one, learn_fixed_atoms, learn_recentre, learn_redraw, learn_redraw_below, learn_online, &
      learn_batch, learn_forgetting, learn_statistics, &
      stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real32), intent(in), contiguous, target :: d(:, :, :, :, :)
    class(*), intent(in) :: signal_shape(..)
    class(*), intent(in), optional :: n_signals
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    class(*), intent(in), optional :: reg, ridge, tol, gap_tol, time_limit, progress_interval, learn_tol, &
        learn_dict_tol, learn_redraw_below, learn_forgetting
    class(*), intent(in), optional :: reg_per_atom(..)
    class(*), intent(in), optional :: max_iter, steps_per_visit, seed, learn_max_iter, learn_dict_max_iter, &
        learn_batch
    class(*), intent(in), optional :: tile_shape(..), background_length(..)
    logical, intent(in), optional :: positive, warm_start, frozen_support, trace, learn_window, learn_zero_mean, &
        learn_rank_one, learn_recentre, learn_redraw, learn_online
    class(*), intent(in), optional :: periodic(..), learn_fixed_atoms(..)
    character(*), intent(in), optional :: reg_scale, tol_scale, strategy, schedule, soft_lock, missing, background, &
        correlation, learn_init, learn_reg_reference, learn_statistics
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state), target :: c
    type(c_ptr) :: handle
    handle = c_null_ptr
    call c%choose_context(context)
    call c%choose_options(options, &
      reg=reg, reg_per_atom=reg_per_atom, reg_scale=reg_scale, ridge=ridge, tol=tol, tol_scale=tol_scale, &
      gap_tol=gap_tol, max_iter=max_iter, time_limit=time_limit, strategy=strategy, schedule=schedule, &
      soft_lock=soft_lock, steps_per_visit=steps_per_visit, tile_shape=tile_shape, positive=positive, &
      periodic=periodic, missing=missing, background=background, background_length=background_length, &
      warm_start=warm_start, frozen_support=frozen_support, seed=seed, correlation=correlation, &
      progress_interval=progress_interval, trace=trace, learn_init=learn_init, learn_max_iter=learn_max_iter, &
      learn_tol=learn_tol, learn_reg_reference=learn_reg_reference, learn_dict_tol=learn_dict_tol, &
      learn_dict_max_iter=learn_dict_max_iter, learn_window=learn_window, learn_zero_mean=learn_zero_mean, &
      learn_rank_one=learn_rank_one, learn_fixed_atoms=learn_fixed_atoms, learn_recentre=learn_recentre, &
      learn_redraw=learn_redraw, learn_redraw_below=learn_redraw_below, learn_online=learn_online, &
      learn_batch=learn_batch, learn_forgetting=learn_forgetting, learn_statistics=learn_statistics)
    call c%domain(shape(d, int64), signal_shape, n_signals, DICOD_F32)
    if (c%proceed()) call c%finish(dicod_learner_create_f32(c%context, c%options, c%problem(), c_loc(d), handle))
    if (c%status >= 0) call learner_adopt(self, handle, c%g, context)
    call c%report(stat, errmsg)
  end subroutine

  ! The same where d, of which only shape and kind count, is what a dictionary of the checkpoint has to fit.
  recursive subroutine restore_5_r32(self, d, path, signal_shape, n_signals, context, options, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real32), intent(in) :: d(:, :, :, :, :)
    character(*), intent(in) :: path
    class(*), intent(in), optional :: signal_shape(..), n_signals
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call restoring(self, path=path, shape_d=shape(d, int64), element_type=DICOD_F32, signal_shape=signal_shape, &
      n_signals=n_signals, context=context, options=options, stat=stat, errmsg=errmsg)
  end subroutine

  recursive subroutine restore_bytes_5_r32(self, d, bytes, signal_shape, n_signals, context, options, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real32), intent(in) :: d(:, :, :, :, :)
    integer(int8), intent(in), contiguous, target :: bytes(:)
    class(*), intent(in), optional :: signal_shape(..), n_signals
    type(dicod_context), intent(in), optional :: context
    type(dicod_options), intent(in), optional :: options
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call restoring(self, bytes=bytes, shape_d=shape(d, int64), element_type=DICOD_F32, signal_shape=signal_shape, &
      n_signals=n_signals, context=context, options=options, stat=stat, errmsg=errmsg)
  end subroutine

  ! The dictionary as it is now. Local.
  recursive subroutine get_dictionary_5_r32(self, d, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real32), intent(inout), contiguous, target :: d(:, :, :, :, :)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    call c%ready(self%handle, self%g, DICOD_F32, 'learner', self%collective)
    call c%same_d(shape(d, int64), self%g)
    if (c%status >= 0) call c%finish(dicod_learner_get_dictionary_f32(self%handle, size(d, kind=int64), c_loc(d)))
    call c%report(stat, errmsg)
  end subroutine

  ! With learn_rank_one: u(channel, atom), v(axes, atom).
  recursive subroutine get_dictionary_rank1_5_r32(self, u, v, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real32), intent(inout), contiguous, target :: u(:, :), v(:, :, :, :)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    call c%ready(self%handle, self%g, DICOD_F32, 'learner', self%collective)
    call c%same_factors(shape(u, int64), shape(v, int64), self%g)
    if (c%status >= 0) call c%finish(dicod_learner_get_dictionary_rank1_f32(self%handle, size(u, kind=int64), c_loc(u), &
      size(v, kind=int64), c_loc(v)))
    call c%report(stat, errmsg)
  end subroutine

  ! One outer iteration: z, then the dictionary. x as for an encoder.
  recursive subroutine step_1_r64(self, x, step, offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real64), intent(in), target :: x(:)
    type(dicod_learn_step), intent(inout), optional :: step
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F64, 'learner', self%collective)
    call c%lay_out('x', view_r64(x), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_step(self%handle, a%input(), step))
    call c%report(stat, errmsg)
  end subroutine

  ! Steps until the objective hardly changes; each is told of every one.
  recursive subroutine run_1_r64(self, x, info, offset, each, user, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real64), intent(in), target :: x(:)
    type(dicod_learn_info), intent(inout), optional :: info
    class(*), intent(in), optional :: offset(..)
    procedure(learn_procedure), optional :: each
    class(*), intent(in), target, optional :: user
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    type(learn_box), target :: box
    call c%ready(self%handle, self%g, DICOD_F64, 'learner', self%collective)
    call c%lay_out('x', view_r64(x), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_run(self%handle, a%input(), told(box, each, user), c_loc(box), info))
    call c%report(stat, errmsg)
  end subroutine

  ! z for the dictionary as it is.
  recursive subroutine encode_1_r64(self, x, info, offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real64), intent(in), target :: x(:)
    type(dicod_info), intent(inout), optional :: info
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F64, 'learner', self%collective)
    call c%lay_out('x', view_r64(x), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_encode(self%handle, a%input(), info))
    call c%report(stat, errmsg)
  end subroutine

  ! What the activations stand for, on any block.
  recursive subroutine reconstruct_1_r64(self, x, offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real64), intent(inout), target :: x(:)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(view) :: v
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F64, 'learner', self%collective)
    ! In batches there are learn_batch signals: the library compares.
    v = view_r64(x)
    c%g%n_signals = merge(v%extent(min(v%rank, 5)), 1_int64, v%rank == c%g%n_axes + 2)
    call c%lay_out('x', v, self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_reconstruct(self%handle, a%array))
    call c%report(stat, errmsg)
  end subroutine

  ! What was taken from the signals of the last step, on any block.
  recursive subroutine get_background_1_r64(self, background, offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real64), intent(inout), target :: background(:)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(view) :: v
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F64, 'learner', self%collective)
    ! In batches there are learn_batch signals: the library compares.
    v = view_r64(background)
    c%g%n_signals = merge(v%extent(min(v%rank, 5)), 1_int64, v%rank == c%g%n_axes + 2)
    call c%lay_out('background', v, self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_get_background(self%handle, a%array))
    call c%report(stat, errmsg)
  end subroutine

  ! What they leave of x, this rank's block: on any block, which begins at residual_offset.
  recursive subroutine residual_1_r64(self, x, residual, offset, residual_offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real64), intent(in), target :: x(:)
    real(real64), intent(inout), target :: residual(:)
    class(*), intent(in), optional :: offset(..), residual_offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(view) :: v
    type(described), target :: a, b
    call c%ready(self%handle, self%g, DICOD_F64, 'learner', self%collective)
    ! In batches there are learn_batch signals: the library compares.
    v = view_r64(x)
    c%g%n_signals = merge(v%extent(min(v%rank, 5)), 1_int64, v%rank == c%g%n_axes + 2)
    call c%lay_out('x', v, self%g%n_channels, self%g%signal, offset, a)
    call c%lay_out('residual', view_r64(residual), self%g%n_channels, self%g%signal, residual_offset, b)
    if (c%proceed()) call c%finish(dicod_learner_residual(self%handle, a%input(), b%array))
    call c%report(stat, errmsg)
  end subroutine

  ! F(z) of all of x, of which this is a rank's block, and its data term.
  recursive subroutine objective_1_r64(self, x, objective, data_term, offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real64), intent(in), target :: x(:)
    real(real64), intent(inout) :: objective
    real(real64), intent(inout), optional :: data_term
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    real(real64), target :: found(2)
    type(call_state) :: c
    type(view) :: v
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F64, 'learner', self%collective)
    ! In batches there are learn_batch signals: the library compares.
    v = view_r64(x)
    c%g%n_signals = merge(v%extent(min(v%rank, 5)), 1_int64, v%rank == c%g%n_axes + 2)
    call c%lay_out('x', v, self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_objective(self%handle, a%input(), c_loc(found(1)), c_loc(found(2))))
    if (c%status >= 0) objective = found(1)
    if (c%status >= 0 .and. present(data_term)) data_term = found(2)
    call c%report(stat, errmsg)
  end subroutine

  ! One outer iteration: z, then the dictionary. x as for an encoder.
  recursive subroutine step_2_r64(self, x, step, offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real64), intent(in), target :: x(:, :)
    type(dicod_learn_step), intent(inout), optional :: step
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F64, 'learner', self%collective)
    call c%lay_out('x', view_r64(x), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_step(self%handle, a%input(), step))
    call c%report(stat, errmsg)
  end subroutine

  ! Steps until the objective hardly changes; each is told of every one.
  recursive subroutine run_2_r64(self, x, info, offset, each, user, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real64), intent(in), target :: x(:, :)
    type(dicod_learn_info), intent(inout), optional :: info
    class(*), intent(in), optional :: offset(..)
    procedure(learn_procedure), optional :: each
    class(*), intent(in), target, optional :: user
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    type(learn_box), target :: box
    call c%ready(self%handle, self%g, DICOD_F64, 'learner', self%collective)
    call c%lay_out('x', view_r64(x), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_run(self%handle, a%input(), told(box, each, user), c_loc(box), info))
    call c%report(stat, errmsg)
  end subroutine

  ! z for the dictionary as it is.
  recursive subroutine encode_2_r64(self, x, info, offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real64), intent(in), target :: x(:, :)
    type(dicod_info), intent(inout), optional :: info
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F64, 'learner', self%collective)
    call c%lay_out('x', view_r64(x), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_encode(self%handle, a%input(), info))
    call c%report(stat, errmsg)
  end subroutine

  ! What the activations stand for, on any block.
  recursive subroutine reconstruct_2_r64(self, x, offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real64), intent(inout), target :: x(:, :)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(view) :: v
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F64, 'learner', self%collective)
    ! In batches there are learn_batch signals: the library compares.
    v = view_r64(x)
    c%g%n_signals = merge(v%extent(min(v%rank, 5)), 1_int64, v%rank == c%g%n_axes + 2)
    call c%lay_out('x', v, self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_reconstruct(self%handle, a%array))
    call c%report(stat, errmsg)
  end subroutine

  ! What was taken from the signals of the last step, on any block.
  recursive subroutine get_background_2_r64(self, background, offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real64), intent(inout), target :: background(:, :)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(view) :: v
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F64, 'learner', self%collective)
    ! In batches there are learn_batch signals: the library compares.
    v = view_r64(background)
    c%g%n_signals = merge(v%extent(min(v%rank, 5)), 1_int64, v%rank == c%g%n_axes + 2)
    call c%lay_out('background', v, self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_get_background(self%handle, a%array))
    call c%report(stat, errmsg)
  end subroutine

  ! What they leave of x, this rank's block: on any block, which begins at residual_offset.
  recursive subroutine residual_2_r64(self, x, residual, offset, residual_offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real64), intent(in), target :: x(:, :)
    real(real64), intent(inout), target :: residual(:, :)
    class(*), intent(in), optional :: offset(..), residual_offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(view) :: v
    type(described), target :: a, b
    call c%ready(self%handle, self%g, DICOD_F64, 'learner', self%collective)
    ! In batches there are learn_batch signals: the library compares.
    v = view_r64(x)
    c%g%n_signals = merge(v%extent(min(v%rank, 5)), 1_int64, v%rank == c%g%n_axes + 2)
    call c%lay_out('x', v, self%g%n_channels, self%g%signal, offset, a)
    call c%lay_out('residual', view_r64(residual), self%g%n_channels, self%g%signal, residual_offset, b)
    if (c%proceed()) call c%finish(dicod_learner_residual(self%handle, a%input(), b%array))
    call c%report(stat, errmsg)
  end subroutine

  ! F(z) of all of x, of which this is a rank's block, and its data term.
  recursive subroutine objective_2_r64(self, x, objective, data_term, offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real64), intent(in), target :: x(:, :)
    real(real64), intent(inout) :: objective
    real(real64), intent(inout), optional :: data_term
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    real(real64), target :: found(2)
    type(call_state) :: c
    type(view) :: v
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F64, 'learner', self%collective)
    ! In batches there are learn_batch signals: the library compares.
    v = view_r64(x)
    c%g%n_signals = merge(v%extent(min(v%rank, 5)), 1_int64, v%rank == c%g%n_axes + 2)
    call c%lay_out('x', v, self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_objective(self%handle, a%input(), c_loc(found(1)), c_loc(found(2))))
    if (c%status >= 0) objective = found(1)
    if (c%status >= 0 .and. present(data_term)) data_term = found(2)
    call c%report(stat, errmsg)
  end subroutine

  ! One outer iteration: z, then the dictionary. x as for an encoder.
  recursive subroutine step_3_r64(self, x, step, offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real64), intent(in), target :: x(:, :, :)
    type(dicod_learn_step), intent(inout), optional :: step
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F64, 'learner', self%collective)
    call c%lay_out('x', view_r64(x), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_step(self%handle, a%input(), step))
    call c%report(stat, errmsg)
  end subroutine

  ! Steps until the objective hardly changes; each is told of every one.
  recursive subroutine run_3_r64(self, x, info, offset, each, user, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real64), intent(in), target :: x(:, :, :)
    type(dicod_learn_info), intent(inout), optional :: info
    class(*), intent(in), optional :: offset(..)
    procedure(learn_procedure), optional :: each
    class(*), intent(in), target, optional :: user
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    type(learn_box), target :: box
    call c%ready(self%handle, self%g, DICOD_F64, 'learner', self%collective)
    call c%lay_out('x', view_r64(x), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_run(self%handle, a%input(), told(box, each, user), c_loc(box), info))
    call c%report(stat, errmsg)
  end subroutine

  ! z for the dictionary as it is.
  recursive subroutine encode_3_r64(self, x, info, offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real64), intent(in), target :: x(:, :, :)
    type(dicod_info), intent(inout), optional :: info
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F64, 'learner', self%collective)
    call c%lay_out('x', view_r64(x), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_encode(self%handle, a%input(), info))
    call c%report(stat, errmsg)
  end subroutine

  ! What the activations stand for, on any block.
  recursive subroutine reconstruct_3_r64(self, x, offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real64), intent(inout), target :: x(:, :, :)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(view) :: v
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F64, 'learner', self%collective)
    ! In batches there are learn_batch signals: the library compares.
    v = view_r64(x)
    c%g%n_signals = merge(v%extent(min(v%rank, 5)), 1_int64, v%rank == c%g%n_axes + 2)
    call c%lay_out('x', v, self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_reconstruct(self%handle, a%array))
    call c%report(stat, errmsg)
  end subroutine

  ! What was taken from the signals of the last step, on any block.
  recursive subroutine get_background_3_r64(self, background, offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real64), intent(inout), target :: background(:, :, :)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(view) :: v
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F64, 'learner', self%collective)
    ! In batches there are learn_batch signals: the library compares.
    v = view_r64(background)
    c%g%n_signals = merge(v%extent(min(v%rank, 5)), 1_int64, v%rank == c%g%n_axes + 2)
    call c%lay_out('background', v, self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_get_background(self%handle, a%array))
    call c%report(stat, errmsg)
  end subroutine

  ! What they leave of x, this rank's block: on any block, which begins at residual_offset.
  recursive subroutine residual_3_r64(self, x, residual, offset, residual_offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real64), intent(in), target :: x(:, :, :)
    real(real64), intent(inout), target :: residual(:, :, :)
    class(*), intent(in), optional :: offset(..), residual_offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(view) :: v
    type(described), target :: a, b
    call c%ready(self%handle, self%g, DICOD_F64, 'learner', self%collective)
    ! In batches there are learn_batch signals: the library compares.
    v = view_r64(x)
    c%g%n_signals = merge(v%extent(min(v%rank, 5)), 1_int64, v%rank == c%g%n_axes + 2)
    call c%lay_out('x', v, self%g%n_channels, self%g%signal, offset, a)
    call c%lay_out('residual', view_r64(residual), self%g%n_channels, self%g%signal, residual_offset, b)
    if (c%proceed()) call c%finish(dicod_learner_residual(self%handle, a%input(), b%array))
    call c%report(stat, errmsg)
  end subroutine

  ! F(z) of all of x, of which this is a rank's block, and its data term.
  recursive subroutine objective_3_r64(self, x, objective, data_term, offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real64), intent(in), target :: x(:, :, :)
    real(real64), intent(inout) :: objective
    real(real64), intent(inout), optional :: data_term
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    real(real64), target :: found(2)
    type(call_state) :: c
    type(view) :: v
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F64, 'learner', self%collective)
    ! In batches there are learn_batch signals: the library compares.
    v = view_r64(x)
    c%g%n_signals = merge(v%extent(min(v%rank, 5)), 1_int64, v%rank == c%g%n_axes + 2)
    call c%lay_out('x', v, self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_objective(self%handle, a%input(), c_loc(found(1)), c_loc(found(2))))
    if (c%status >= 0) objective = found(1)
    if (c%status >= 0 .and. present(data_term)) data_term = found(2)
    call c%report(stat, errmsg)
  end subroutine

  ! One outer iteration: z, then the dictionary. x as for an encoder.
  recursive subroutine step_4_r64(self, x, step, offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real64), intent(in), target :: x(:, :, :, :)
    type(dicod_learn_step), intent(inout), optional :: step
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F64, 'learner', self%collective)
    call c%lay_out('x', view_r64(x), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_step(self%handle, a%input(), step))
    call c%report(stat, errmsg)
  end subroutine

  ! Steps until the objective hardly changes; each is told of every one.
  recursive subroutine run_4_r64(self, x, info, offset, each, user, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real64), intent(in), target :: x(:, :, :, :)
    type(dicod_learn_info), intent(inout), optional :: info
    class(*), intent(in), optional :: offset(..)
    procedure(learn_procedure), optional :: each
    class(*), intent(in), target, optional :: user
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    type(learn_box), target :: box
    call c%ready(self%handle, self%g, DICOD_F64, 'learner', self%collective)
    call c%lay_out('x', view_r64(x), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_run(self%handle, a%input(), told(box, each, user), c_loc(box), info))
    call c%report(stat, errmsg)
  end subroutine

  ! z for the dictionary as it is.
  recursive subroutine encode_4_r64(self, x, info, offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real64), intent(in), target :: x(:, :, :, :)
    type(dicod_info), intent(inout), optional :: info
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F64, 'learner', self%collective)
    call c%lay_out('x', view_r64(x), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_encode(self%handle, a%input(), info))
    call c%report(stat, errmsg)
  end subroutine

  ! What the activations stand for, on any block.
  recursive subroutine reconstruct_4_r64(self, x, offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real64), intent(inout), target :: x(:, :, :, :)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(view) :: v
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F64, 'learner', self%collective)
    ! In batches there are learn_batch signals: the library compares.
    v = view_r64(x)
    c%g%n_signals = merge(v%extent(min(v%rank, 5)), 1_int64, v%rank == c%g%n_axes + 2)
    call c%lay_out('x', v, self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_reconstruct(self%handle, a%array))
    call c%report(stat, errmsg)
  end subroutine

  ! What was taken from the signals of the last step, on any block.
  recursive subroutine get_background_4_r64(self, background, offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real64), intent(inout), target :: background(:, :, :, :)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(view) :: v
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F64, 'learner', self%collective)
    ! In batches there are learn_batch signals: the library compares.
    v = view_r64(background)
    c%g%n_signals = merge(v%extent(min(v%rank, 5)), 1_int64, v%rank == c%g%n_axes + 2)
    call c%lay_out('background', v, self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_get_background(self%handle, a%array))
    call c%report(stat, errmsg)
  end subroutine

  ! What they leave of x, this rank's block: on any block, which begins at residual_offset.
  recursive subroutine residual_4_r64(self, x, residual, offset, residual_offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real64), intent(in), target :: x(:, :, :, :)
    real(real64), intent(inout), target :: residual(:, :, :, :)
    class(*), intent(in), optional :: offset(..), residual_offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(view) :: v
    type(described), target :: a, b
    call c%ready(self%handle, self%g, DICOD_F64, 'learner', self%collective)
    ! In batches there are learn_batch signals: the library compares.
    v = view_r64(x)
    c%g%n_signals = merge(v%extent(min(v%rank, 5)), 1_int64, v%rank == c%g%n_axes + 2)
    call c%lay_out('x', v, self%g%n_channels, self%g%signal, offset, a)
    call c%lay_out('residual', view_r64(residual), self%g%n_channels, self%g%signal, residual_offset, b)
    if (c%proceed()) call c%finish(dicod_learner_residual(self%handle, a%input(), b%array))
    call c%report(stat, errmsg)
  end subroutine

  ! F(z) of all of x, of which this is a rank's block, and its data term.
  recursive subroutine objective_4_r64(self, x, objective, data_term, offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real64), intent(in), target :: x(:, :, :, :)
    real(real64), intent(inout) :: objective
    real(real64), intent(inout), optional :: data_term
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    real(real64), target :: found(2)
    type(call_state) :: c
    type(view) :: v
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F64, 'learner', self%collective)
    ! In batches there are learn_batch signals: the library compares.
    v = view_r64(x)
    c%g%n_signals = merge(v%extent(min(v%rank, 5)), 1_int64, v%rank == c%g%n_axes + 2)
    call c%lay_out('x', v, self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_objective(self%handle, a%input(), c_loc(found(1)), c_loc(found(2))))
    if (c%status >= 0) objective = found(1)
    if (c%status >= 0 .and. present(data_term)) data_term = found(2)
    call c%report(stat, errmsg)
  end subroutine

  ! One outer iteration: z, then the dictionary. x as for an encoder.
  recursive subroutine step_5_r64(self, x, step, offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real64), intent(in), target :: x(:, :, :, :, :)
    type(dicod_learn_step), intent(inout), optional :: step
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F64, 'learner', self%collective)
    call c%lay_out('x', view_r64(x), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_step(self%handle, a%input(), step))
    call c%report(stat, errmsg)
  end subroutine

  ! Steps until the objective hardly changes; each is told of every one.
  recursive subroutine run_5_r64(self, x, info, offset, each, user, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real64), intent(in), target :: x(:, :, :, :, :)
    type(dicod_learn_info), intent(inout), optional :: info
    class(*), intent(in), optional :: offset(..)
    procedure(learn_procedure), optional :: each
    class(*), intent(in), target, optional :: user
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    type(learn_box), target :: box
    call c%ready(self%handle, self%g, DICOD_F64, 'learner', self%collective)
    call c%lay_out('x', view_r64(x), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_run(self%handle, a%input(), told(box, each, user), c_loc(box), info))
    call c%report(stat, errmsg)
  end subroutine

  ! z for the dictionary as it is.
  recursive subroutine encode_5_r64(self, x, info, offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real64), intent(in), target :: x(:, :, :, :, :)
    type(dicod_info), intent(inout), optional :: info
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F64, 'learner', self%collective)
    call c%lay_out('x', view_r64(x), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_encode(self%handle, a%input(), info))
    call c%report(stat, errmsg)
  end subroutine

  ! What the activations stand for, on any block.
  recursive subroutine reconstruct_5_r64(self, x, offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real64), intent(inout), target :: x(:, :, :, :, :)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(view) :: v
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F64, 'learner', self%collective)
    ! In batches there are learn_batch signals: the library compares.
    v = view_r64(x)
    c%g%n_signals = merge(v%extent(min(v%rank, 5)), 1_int64, v%rank == c%g%n_axes + 2)
    call c%lay_out('x', v, self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_reconstruct(self%handle, a%array))
    call c%report(stat, errmsg)
  end subroutine

  ! What was taken from the signals of the last step, on any block.
  recursive subroutine get_background_5_r64(self, background, offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real64), intent(inout), target :: background(:, :, :, :, :)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(view) :: v
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F64, 'learner', self%collective)
    ! In batches there are learn_batch signals: the library compares.
    v = view_r64(background)
    c%g%n_signals = merge(v%extent(min(v%rank, 5)), 1_int64, v%rank == c%g%n_axes + 2)
    call c%lay_out('background', v, self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_get_background(self%handle, a%array))
    call c%report(stat, errmsg)
  end subroutine

  ! What they leave of x, this rank's block: on any block, which begins at residual_offset.
  recursive subroutine residual_5_r64(self, x, residual, offset, residual_offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real64), intent(in), target :: x(:, :, :, :, :)
    real(real64), intent(inout), target :: residual(:, :, :, :, :)
    class(*), intent(in), optional :: offset(..), residual_offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(view) :: v
    type(described), target :: a, b
    call c%ready(self%handle, self%g, DICOD_F64, 'learner', self%collective)
    ! In batches there are learn_batch signals: the library compares.
    v = view_r64(x)
    c%g%n_signals = merge(v%extent(min(v%rank, 5)), 1_int64, v%rank == c%g%n_axes + 2)
    call c%lay_out('x', v, self%g%n_channels, self%g%signal, offset, a)
    call c%lay_out('residual', view_r64(residual), self%g%n_channels, self%g%signal, residual_offset, b)
    if (c%proceed()) call c%finish(dicod_learner_residual(self%handle, a%input(), b%array))
    call c%report(stat, errmsg)
  end subroutine

  ! F(z) of all of x, of which this is a rank's block, and its data term.
  recursive subroutine objective_5_r64(self, x, objective, data_term, offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real64), intent(in), target :: x(:, :, :, :, :)
    real(real64), intent(inout) :: objective
    real(real64), intent(inout), optional :: data_term
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    real(real64), target :: found(2)
    type(call_state) :: c
    type(view) :: v
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F64, 'learner', self%collective)
    ! In batches there are learn_batch signals: the library compares.
    v = view_r64(x)
    c%g%n_signals = merge(v%extent(min(v%rank, 5)), 1_int64, v%rank == c%g%n_axes + 2)
    call c%lay_out('x', v, self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_objective(self%handle, a%input(), c_loc(found(1)), c_loc(found(2))))
    if (c%status >= 0) objective = found(1)
    if (c%status >= 0 .and. present(data_term)) data_term = found(2)
    call c%report(stat, errmsg)
  end subroutine

  ! One outer iteration: z, then the dictionary. x as for an encoder.
  recursive subroutine step_1_r32(self, x, step, offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real32), intent(in), target :: x(:)
    type(dicod_learn_step), intent(inout), optional :: step
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F32, 'learner', self%collective)
    call c%lay_out('x', view_r32(x), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_step(self%handle, a%input(), step))
    call c%report(stat, errmsg)
  end subroutine

  ! Steps until the objective hardly changes; each is told of every one.
  recursive subroutine run_1_r32(self, x, info, offset, each, user, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real32), intent(in), target :: x(:)
    type(dicod_learn_info), intent(inout), optional :: info
    class(*), intent(in), optional :: offset(..)
    procedure(learn_procedure), optional :: each
    class(*), intent(in), target, optional :: user
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    type(learn_box), target :: box
    call c%ready(self%handle, self%g, DICOD_F32, 'learner', self%collective)
    call c%lay_out('x', view_r32(x), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_run(self%handle, a%input(), told(box, each, user), c_loc(box), info))
    call c%report(stat, errmsg)
  end subroutine

  ! z for the dictionary as it is.
  recursive subroutine encode_1_r32(self, x, info, offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real32), intent(in), target :: x(:)
    type(dicod_info), intent(inout), optional :: info
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F32, 'learner', self%collective)
    call c%lay_out('x', view_r32(x), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_encode(self%handle, a%input(), info))
    call c%report(stat, errmsg)
  end subroutine

  ! What the activations stand for, on any block.
  recursive subroutine reconstruct_1_r32(self, x, offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real32), intent(inout), target :: x(:)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(view) :: v
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F32, 'learner', self%collective)
    ! In batches there are learn_batch signals: the library compares.
    v = view_r32(x)
    c%g%n_signals = merge(v%extent(min(v%rank, 5)), 1_int64, v%rank == c%g%n_axes + 2)
    call c%lay_out('x', v, self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_reconstruct(self%handle, a%array))
    call c%report(stat, errmsg)
  end subroutine

  ! What was taken from the signals of the last step, on any block.
  recursive subroutine get_background_1_r32(self, background, offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real32), intent(inout), target :: background(:)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(view) :: v
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F32, 'learner', self%collective)
    ! In batches there are learn_batch signals: the library compares.
    v = view_r32(background)
    c%g%n_signals = merge(v%extent(min(v%rank, 5)), 1_int64, v%rank == c%g%n_axes + 2)
    call c%lay_out('background', v, self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_get_background(self%handle, a%array))
    call c%report(stat, errmsg)
  end subroutine

  ! What they leave of x, this rank's block: on any block, which begins at residual_offset.
  recursive subroutine residual_1_r32(self, x, residual, offset, residual_offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real32), intent(in), target :: x(:)
    real(real32), intent(inout), target :: residual(:)
    class(*), intent(in), optional :: offset(..), residual_offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(view) :: v
    type(described), target :: a, b
    call c%ready(self%handle, self%g, DICOD_F32, 'learner', self%collective)
    ! In batches there are learn_batch signals: the library compares.
    v = view_r32(x)
    c%g%n_signals = merge(v%extent(min(v%rank, 5)), 1_int64, v%rank == c%g%n_axes + 2)
    call c%lay_out('x', v, self%g%n_channels, self%g%signal, offset, a)
    call c%lay_out('residual', view_r32(residual), self%g%n_channels, self%g%signal, residual_offset, b)
    if (c%proceed()) call c%finish(dicod_learner_residual(self%handle, a%input(), b%array))
    call c%report(stat, errmsg)
  end subroutine

  ! F(z) of all of x, of which this is a rank's block, and its data term.
  recursive subroutine objective_1_r32(self, x, objective, data_term, offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real32), intent(in), target :: x(:)
    real(real64), intent(inout) :: objective
    real(real64), intent(inout), optional :: data_term
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    real(real64), target :: found(2)
    type(call_state) :: c
    type(view) :: v
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F32, 'learner', self%collective)
    ! In batches there are learn_batch signals: the library compares.
    v = view_r32(x)
    c%g%n_signals = merge(v%extent(min(v%rank, 5)), 1_int64, v%rank == c%g%n_axes + 2)
    call c%lay_out('x', v, self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_objective(self%handle, a%input(), c_loc(found(1)), c_loc(found(2))))
    if (c%status >= 0) objective = found(1)
    if (c%status >= 0 .and. present(data_term)) data_term = found(2)
    call c%report(stat, errmsg)
  end subroutine

  ! One outer iteration: z, then the dictionary. x as for an encoder.
  recursive subroutine step_2_r32(self, x, step, offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real32), intent(in), target :: x(:, :)
    type(dicod_learn_step), intent(inout), optional :: step
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F32, 'learner', self%collective)
    call c%lay_out('x', view_r32(x), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_step(self%handle, a%input(), step))
    call c%report(stat, errmsg)
  end subroutine

  ! Steps until the objective hardly changes; each is told of every one.
  recursive subroutine run_2_r32(self, x, info, offset, each, user, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real32), intent(in), target :: x(:, :)
    type(dicod_learn_info), intent(inout), optional :: info
    class(*), intent(in), optional :: offset(..)
    procedure(learn_procedure), optional :: each
    class(*), intent(in), target, optional :: user
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    type(learn_box), target :: box
    call c%ready(self%handle, self%g, DICOD_F32, 'learner', self%collective)
    call c%lay_out('x', view_r32(x), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_run(self%handle, a%input(), told(box, each, user), c_loc(box), info))
    call c%report(stat, errmsg)
  end subroutine

  ! z for the dictionary as it is.
  recursive subroutine encode_2_r32(self, x, info, offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real32), intent(in), target :: x(:, :)
    type(dicod_info), intent(inout), optional :: info
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F32, 'learner', self%collective)
    call c%lay_out('x', view_r32(x), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_encode(self%handle, a%input(), info))
    call c%report(stat, errmsg)
  end subroutine

  ! What the activations stand for, on any block.
  recursive subroutine reconstruct_2_r32(self, x, offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real32), intent(inout), target :: x(:, :)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(view) :: v
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F32, 'learner', self%collective)
    ! In batches there are learn_batch signals: the library compares.
    v = view_r32(x)
    c%g%n_signals = merge(v%extent(min(v%rank, 5)), 1_int64, v%rank == c%g%n_axes + 2)
    call c%lay_out('x', v, self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_reconstruct(self%handle, a%array))
    call c%report(stat, errmsg)
  end subroutine

  ! What was taken from the signals of the last step, on any block.
  recursive subroutine get_background_2_r32(self, background, offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real32), intent(inout), target :: background(:, :)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(view) :: v
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F32, 'learner', self%collective)
    ! In batches there are learn_batch signals: the library compares.
    v = view_r32(background)
    c%g%n_signals = merge(v%extent(min(v%rank, 5)), 1_int64, v%rank == c%g%n_axes + 2)
    call c%lay_out('background', v, self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_get_background(self%handle, a%array))
    call c%report(stat, errmsg)
  end subroutine

  ! What they leave of x, this rank's block: on any block, which begins at residual_offset.
  recursive subroutine residual_2_r32(self, x, residual, offset, residual_offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real32), intent(in), target :: x(:, :)
    real(real32), intent(inout), target :: residual(:, :)
    class(*), intent(in), optional :: offset(..), residual_offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(view) :: v
    type(described), target :: a, b
    call c%ready(self%handle, self%g, DICOD_F32, 'learner', self%collective)
    ! In batches there are learn_batch signals: the library compares.
    v = view_r32(x)
    c%g%n_signals = merge(v%extent(min(v%rank, 5)), 1_int64, v%rank == c%g%n_axes + 2)
    call c%lay_out('x', v, self%g%n_channels, self%g%signal, offset, a)
    call c%lay_out('residual', view_r32(residual), self%g%n_channels, self%g%signal, residual_offset, b)
    if (c%proceed()) call c%finish(dicod_learner_residual(self%handle, a%input(), b%array))
    call c%report(stat, errmsg)
  end subroutine

  ! F(z) of all of x, of which this is a rank's block, and its data term.
  recursive subroutine objective_2_r32(self, x, objective, data_term, offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real32), intent(in), target :: x(:, :)
    real(real64), intent(inout) :: objective
    real(real64), intent(inout), optional :: data_term
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    real(real64), target :: found(2)
    type(call_state) :: c
    type(view) :: v
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F32, 'learner', self%collective)
    ! In batches there are learn_batch signals: the library compares.
    v = view_r32(x)
    c%g%n_signals = merge(v%extent(min(v%rank, 5)), 1_int64, v%rank == c%g%n_axes + 2)
    call c%lay_out('x', v, self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_objective(self%handle, a%input(), c_loc(found(1)), c_loc(found(2))))
    if (c%status >= 0) objective = found(1)
    if (c%status >= 0 .and. present(data_term)) data_term = found(2)
    call c%report(stat, errmsg)
  end subroutine

  ! One outer iteration: z, then the dictionary. x as for an encoder.
  recursive subroutine step_3_r32(self, x, step, offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real32), intent(in), target :: x(:, :, :)
    type(dicod_learn_step), intent(inout), optional :: step
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F32, 'learner', self%collective)
    call c%lay_out('x', view_r32(x), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_step(self%handle, a%input(), step))
    call c%report(stat, errmsg)
  end subroutine

  ! Steps until the objective hardly changes; each is told of every one.
  recursive subroutine run_3_r32(self, x, info, offset, each, user, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real32), intent(in), target :: x(:, :, :)
    type(dicod_learn_info), intent(inout), optional :: info
    class(*), intent(in), optional :: offset(..)
    procedure(learn_procedure), optional :: each
    class(*), intent(in), target, optional :: user
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    type(learn_box), target :: box
    call c%ready(self%handle, self%g, DICOD_F32, 'learner', self%collective)
    call c%lay_out('x', view_r32(x), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_run(self%handle, a%input(), told(box, each, user), c_loc(box), info))
    call c%report(stat, errmsg)
  end subroutine

  ! z for the dictionary as it is.
  recursive subroutine encode_3_r32(self, x, info, offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real32), intent(in), target :: x(:, :, :)
    type(dicod_info), intent(inout), optional :: info
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F32, 'learner', self%collective)
    call c%lay_out('x', view_r32(x), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_encode(self%handle, a%input(), info))
    call c%report(stat, errmsg)
  end subroutine

  ! What the activations stand for, on any block.
  recursive subroutine reconstruct_3_r32(self, x, offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real32), intent(inout), target :: x(:, :, :)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(view) :: v
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F32, 'learner', self%collective)
    ! In batches there are learn_batch signals: the library compares.
    v = view_r32(x)
    c%g%n_signals = merge(v%extent(min(v%rank, 5)), 1_int64, v%rank == c%g%n_axes + 2)
    call c%lay_out('x', v, self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_reconstruct(self%handle, a%array))
    call c%report(stat, errmsg)
  end subroutine

  ! What was taken from the signals of the last step, on any block.
  recursive subroutine get_background_3_r32(self, background, offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real32), intent(inout), target :: background(:, :, :)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(view) :: v
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F32, 'learner', self%collective)
    ! In batches there are learn_batch signals: the library compares.
    v = view_r32(background)
    c%g%n_signals = merge(v%extent(min(v%rank, 5)), 1_int64, v%rank == c%g%n_axes + 2)
    call c%lay_out('background', v, self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_get_background(self%handle, a%array))
    call c%report(stat, errmsg)
  end subroutine

  ! What they leave of x, this rank's block: on any block, which begins at residual_offset.
  recursive subroutine residual_3_r32(self, x, residual, offset, residual_offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real32), intent(in), target :: x(:, :, :)
    real(real32), intent(inout), target :: residual(:, :, :)
    class(*), intent(in), optional :: offset(..), residual_offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(view) :: v
    type(described), target :: a, b
    call c%ready(self%handle, self%g, DICOD_F32, 'learner', self%collective)
    ! In batches there are learn_batch signals: the library compares.
    v = view_r32(x)
    c%g%n_signals = merge(v%extent(min(v%rank, 5)), 1_int64, v%rank == c%g%n_axes + 2)
    call c%lay_out('x', v, self%g%n_channels, self%g%signal, offset, a)
    call c%lay_out('residual', view_r32(residual), self%g%n_channels, self%g%signal, residual_offset, b)
    if (c%proceed()) call c%finish(dicod_learner_residual(self%handle, a%input(), b%array))
    call c%report(stat, errmsg)
  end subroutine

  ! F(z) of all of x, of which this is a rank's block, and its data term.
  recursive subroutine objective_3_r32(self, x, objective, data_term, offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real32), intent(in), target :: x(:, :, :)
    real(real64), intent(inout) :: objective
    real(real64), intent(inout), optional :: data_term
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    real(real64), target :: found(2)
    type(call_state) :: c
    type(view) :: v
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F32, 'learner', self%collective)
    ! In batches there are learn_batch signals: the library compares.
    v = view_r32(x)
    c%g%n_signals = merge(v%extent(min(v%rank, 5)), 1_int64, v%rank == c%g%n_axes + 2)
    call c%lay_out('x', v, self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_objective(self%handle, a%input(), c_loc(found(1)), c_loc(found(2))))
    if (c%status >= 0) objective = found(1)
    if (c%status >= 0 .and. present(data_term)) data_term = found(2)
    call c%report(stat, errmsg)
  end subroutine

  ! One outer iteration: z, then the dictionary. x as for an encoder.
  recursive subroutine step_4_r32(self, x, step, offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real32), intent(in), target :: x(:, :, :, :)
    type(dicod_learn_step), intent(inout), optional :: step
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F32, 'learner', self%collective)
    call c%lay_out('x', view_r32(x), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_step(self%handle, a%input(), step))
    call c%report(stat, errmsg)
  end subroutine

  ! Steps until the objective hardly changes; each is told of every one.
  recursive subroutine run_4_r32(self, x, info, offset, each, user, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real32), intent(in), target :: x(:, :, :, :)
    type(dicod_learn_info), intent(inout), optional :: info
    class(*), intent(in), optional :: offset(..)
    procedure(learn_procedure), optional :: each
    class(*), intent(in), target, optional :: user
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    type(learn_box), target :: box
    call c%ready(self%handle, self%g, DICOD_F32, 'learner', self%collective)
    call c%lay_out('x', view_r32(x), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_run(self%handle, a%input(), told(box, each, user), c_loc(box), info))
    call c%report(stat, errmsg)
  end subroutine

  ! z for the dictionary as it is.
  recursive subroutine encode_4_r32(self, x, info, offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real32), intent(in), target :: x(:, :, :, :)
    type(dicod_info), intent(inout), optional :: info
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F32, 'learner', self%collective)
    call c%lay_out('x', view_r32(x), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_encode(self%handle, a%input(), info))
    call c%report(stat, errmsg)
  end subroutine

  ! What the activations stand for, on any block.
  recursive subroutine reconstruct_4_r32(self, x, offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real32), intent(inout), target :: x(:, :, :, :)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(view) :: v
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F32, 'learner', self%collective)
    ! In batches there are learn_batch signals: the library compares.
    v = view_r32(x)
    c%g%n_signals = merge(v%extent(min(v%rank, 5)), 1_int64, v%rank == c%g%n_axes + 2)
    call c%lay_out('x', v, self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_reconstruct(self%handle, a%array))
    call c%report(stat, errmsg)
  end subroutine

  ! What was taken from the signals of the last step, on any block.
  recursive subroutine get_background_4_r32(self, background, offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real32), intent(inout), target :: background(:, :, :, :)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(view) :: v
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F32, 'learner', self%collective)
    ! In batches there are learn_batch signals: the library compares.
    v = view_r32(background)
    c%g%n_signals = merge(v%extent(min(v%rank, 5)), 1_int64, v%rank == c%g%n_axes + 2)
    call c%lay_out('background', v, self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_get_background(self%handle, a%array))
    call c%report(stat, errmsg)
  end subroutine

  ! What they leave of x, this rank's block: on any block, which begins at residual_offset.
  recursive subroutine residual_4_r32(self, x, residual, offset, residual_offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real32), intent(in), target :: x(:, :, :, :)
    real(real32), intent(inout), target :: residual(:, :, :, :)
    class(*), intent(in), optional :: offset(..), residual_offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(view) :: v
    type(described), target :: a, b
    call c%ready(self%handle, self%g, DICOD_F32, 'learner', self%collective)
    ! In batches there are learn_batch signals: the library compares.
    v = view_r32(x)
    c%g%n_signals = merge(v%extent(min(v%rank, 5)), 1_int64, v%rank == c%g%n_axes + 2)
    call c%lay_out('x', v, self%g%n_channels, self%g%signal, offset, a)
    call c%lay_out('residual', view_r32(residual), self%g%n_channels, self%g%signal, residual_offset, b)
    if (c%proceed()) call c%finish(dicod_learner_residual(self%handle, a%input(), b%array))
    call c%report(stat, errmsg)
  end subroutine

  ! F(z) of all of x, of which this is a rank's block, and its data term.
  recursive subroutine objective_4_r32(self, x, objective, data_term, offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real32), intent(in), target :: x(:, :, :, :)
    real(real64), intent(inout) :: objective
    real(real64), intent(inout), optional :: data_term
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    real(real64), target :: found(2)
    type(call_state) :: c
    type(view) :: v
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F32, 'learner', self%collective)
    ! In batches there are learn_batch signals: the library compares.
    v = view_r32(x)
    c%g%n_signals = merge(v%extent(min(v%rank, 5)), 1_int64, v%rank == c%g%n_axes + 2)
    call c%lay_out('x', v, self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_objective(self%handle, a%input(), c_loc(found(1)), c_loc(found(2))))
    if (c%status >= 0) objective = found(1)
    if (c%status >= 0 .and. present(data_term)) data_term = found(2)
    call c%report(stat, errmsg)
  end subroutine

  ! One outer iteration: z, then the dictionary. x as for an encoder.
  recursive subroutine step_5_r32(self, x, step, offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real32), intent(in), target :: x(:, :, :, :, :)
    type(dicod_learn_step), intent(inout), optional :: step
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F32, 'learner', self%collective)
    call c%lay_out('x', view_r32(x), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_step(self%handle, a%input(), step))
    call c%report(stat, errmsg)
  end subroutine

  ! Steps until the objective hardly changes; each is told of every one.
  recursive subroutine run_5_r32(self, x, info, offset, each, user, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real32), intent(in), target :: x(:, :, :, :, :)
    type(dicod_learn_info), intent(inout), optional :: info
    class(*), intent(in), optional :: offset(..)
    procedure(learn_procedure), optional :: each
    class(*), intent(in), target, optional :: user
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    type(learn_box), target :: box
    call c%ready(self%handle, self%g, DICOD_F32, 'learner', self%collective)
    call c%lay_out('x', view_r32(x), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_run(self%handle, a%input(), told(box, each, user), c_loc(box), info))
    call c%report(stat, errmsg)
  end subroutine

  ! z for the dictionary as it is.
  recursive subroutine encode_5_r32(self, x, info, offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real32), intent(in), target :: x(:, :, :, :, :)
    type(dicod_info), intent(inout), optional :: info
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F32, 'learner', self%collective)
    call c%lay_out('x', view_r32(x), self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_encode(self%handle, a%input(), info))
    call c%report(stat, errmsg)
  end subroutine

  ! What the activations stand for, on any block.
  recursive subroutine reconstruct_5_r32(self, x, offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real32), intent(inout), target :: x(:, :, :, :, :)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(view) :: v
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F32, 'learner', self%collective)
    ! In batches there are learn_batch signals: the library compares.
    v = view_r32(x)
    c%g%n_signals = merge(v%extent(min(v%rank, 5)), 1_int64, v%rank == c%g%n_axes + 2)
    call c%lay_out('x', v, self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_reconstruct(self%handle, a%array))
    call c%report(stat, errmsg)
  end subroutine

  ! What was taken from the signals of the last step, on any block.
  recursive subroutine get_background_5_r32(self, background, offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real32), intent(inout), target :: background(:, :, :, :, :)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(view) :: v
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F32, 'learner', self%collective)
    ! In batches there are learn_batch signals: the library compares.
    v = view_r32(background)
    c%g%n_signals = merge(v%extent(min(v%rank, 5)), 1_int64, v%rank == c%g%n_axes + 2)
    call c%lay_out('background', v, self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_get_background(self%handle, a%array))
    call c%report(stat, errmsg)
  end subroutine

  ! What they leave of x, this rank's block: on any block, which begins at residual_offset.
  recursive subroutine residual_5_r32(self, x, residual, offset, residual_offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real32), intent(in), target :: x(:, :, :, :, :)
    real(real32), intent(inout), target :: residual(:, :, :, :, :)
    class(*), intent(in), optional :: offset(..), residual_offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(view) :: v
    type(described), target :: a, b
    call c%ready(self%handle, self%g, DICOD_F32, 'learner', self%collective)
    ! In batches there are learn_batch signals: the library compares.
    v = view_r32(x)
    c%g%n_signals = merge(v%extent(min(v%rank, 5)), 1_int64, v%rank == c%g%n_axes + 2)
    call c%lay_out('x', v, self%g%n_channels, self%g%signal, offset, a)
    call c%lay_out('residual', view_r32(residual), self%g%n_channels, self%g%signal, residual_offset, b)
    if (c%proceed()) call c%finish(dicod_learner_residual(self%handle, a%input(), b%array))
    call c%report(stat, errmsg)
  end subroutine

  ! F(z) of all of x, of which this is a rank's block, and its data term.
  recursive subroutine objective_5_r32(self, x, objective, data_term, offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real32), intent(in), target :: x(:, :, :, :, :)
    real(real64), intent(inout) :: objective
    real(real64), intent(inout), optional :: data_term
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    real(real64), target :: found(2)
    type(call_state) :: c
    type(view) :: v
    type(described), target :: a
    call c%ready(self%handle, self%g, DICOD_F32, 'learner', self%collective)
    ! In batches there are learn_batch signals: the library compares.
    v = view_r32(x)
    c%g%n_signals = merge(v%extent(min(v%rank, 5)), 1_int64, v%rank == c%g%n_axes + 2)
    call c%lay_out('x', v, self%g%n_channels, self%g%signal, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_objective(self%handle, a%input(), c_loc(found(1)), c_loc(found(2))))
    if (c%status >= 0) objective = found(1)
    if (c%status >= 0 .and. present(data_term)) data_term = found(2)
    call c%report(stat, errmsg)
  end subroutine

  ! Activations that the next step starts from, unless it is one of batches.
  recursive subroutine set_z_2_r64(self, z, offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real64), intent(in), target :: z(:, :)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    type(view) :: v
    call c%ready(self%handle, self%g, DICOD_F64, 'learner', self%collective)
    v = view_r64(z)
    c%g%n_signals = merge(v%extent(min(v%rank, 5)), 1_int64, v%rank == c%g%n_axes + 2)
    call c%lay_out('z', v, self%g%n_atoms, self%g%valid, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_set_z(self%handle, a%input()))
    call c%report(stat, errmsg)
  end subroutine

  ! Any block of the activations.
  recursive subroutine get_z_2_r64(self, z, offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real64), intent(inout), target :: z(:, :)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    type(view) :: v
    call c%ready(self%handle, self%g, DICOD_F64, 'learner', self%collective)
    v = view_r64(z)
    ! In batches z has learn_batch signals: the library compares.
    c%g%n_signals = merge(v%extent(min(v%rank, 5)), 1_int64, v%rank == c%g%n_axes + 2)
    call c%lay_out('z', v, self%g%n_atoms, self%g%valid, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_get_z(self%handle, a%array))
    call c%report(stat, errmsg)
  end subroutine

  ! Activations that the next step starts from, unless it is one of batches.
  recursive subroutine set_z_3_r64(self, z, offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real64), intent(in), target :: z(:, :, :)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    type(view) :: v
    call c%ready(self%handle, self%g, DICOD_F64, 'learner', self%collective)
    v = view_r64(z)
    c%g%n_signals = merge(v%extent(min(v%rank, 5)), 1_int64, v%rank == c%g%n_axes + 2)
    call c%lay_out('z', v, self%g%n_atoms, self%g%valid, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_set_z(self%handle, a%input()))
    call c%report(stat, errmsg)
  end subroutine

  ! Any block of the activations.
  recursive subroutine get_z_3_r64(self, z, offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real64), intent(inout), target :: z(:, :, :)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    type(view) :: v
    call c%ready(self%handle, self%g, DICOD_F64, 'learner', self%collective)
    v = view_r64(z)
    ! In batches z has learn_batch signals: the library compares.
    c%g%n_signals = merge(v%extent(min(v%rank, 5)), 1_int64, v%rank == c%g%n_axes + 2)
    call c%lay_out('z', v, self%g%n_atoms, self%g%valid, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_get_z(self%handle, a%array))
    call c%report(stat, errmsg)
  end subroutine

  ! Activations that the next step starts from, unless it is one of batches.
  recursive subroutine set_z_4_r64(self, z, offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real64), intent(in), target :: z(:, :, :, :)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    type(view) :: v
    call c%ready(self%handle, self%g, DICOD_F64, 'learner', self%collective)
    v = view_r64(z)
    c%g%n_signals = merge(v%extent(min(v%rank, 5)), 1_int64, v%rank == c%g%n_axes + 2)
    call c%lay_out('z', v, self%g%n_atoms, self%g%valid, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_set_z(self%handle, a%input()))
    call c%report(stat, errmsg)
  end subroutine

  ! Any block of the activations.
  recursive subroutine get_z_4_r64(self, z, offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real64), intent(inout), target :: z(:, :, :, :)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    type(view) :: v
    call c%ready(self%handle, self%g, DICOD_F64, 'learner', self%collective)
    v = view_r64(z)
    ! In batches z has learn_batch signals: the library compares.
    c%g%n_signals = merge(v%extent(min(v%rank, 5)), 1_int64, v%rank == c%g%n_axes + 2)
    call c%lay_out('z', v, self%g%n_atoms, self%g%valid, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_get_z(self%handle, a%array))
    call c%report(stat, errmsg)
  end subroutine

  ! Activations that the next step starts from, unless it is one of batches.
  recursive subroutine set_z_5_r64(self, z, offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real64), intent(in), target :: z(:, :, :, :, :)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    type(view) :: v
    call c%ready(self%handle, self%g, DICOD_F64, 'learner', self%collective)
    v = view_r64(z)
    c%g%n_signals = merge(v%extent(min(v%rank, 5)), 1_int64, v%rank == c%g%n_axes + 2)
    call c%lay_out('z', v, self%g%n_atoms, self%g%valid, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_set_z(self%handle, a%input()))
    call c%report(stat, errmsg)
  end subroutine

  ! Any block of the activations.
  recursive subroutine get_z_5_r64(self, z, offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real64), intent(inout), target :: z(:, :, :, :, :)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    type(view) :: v
    call c%ready(self%handle, self%g, DICOD_F64, 'learner', self%collective)
    v = view_r64(z)
    ! In batches z has learn_batch signals: the library compares.
    c%g%n_signals = merge(v%extent(min(v%rank, 5)), 1_int64, v%rank == c%g%n_axes + 2)
    call c%lay_out('z', v, self%g%n_atoms, self%g%valid, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_get_z(self%handle, a%array))
    call c%report(stat, errmsg)
  end subroutine

  ! Activations that the next step starts from, unless it is one of batches.
  recursive subroutine set_z_2_r32(self, z, offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real32), intent(in), target :: z(:, :)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    type(view) :: v
    call c%ready(self%handle, self%g, DICOD_F32, 'learner', self%collective)
    v = view_r32(z)
    c%g%n_signals = merge(v%extent(min(v%rank, 5)), 1_int64, v%rank == c%g%n_axes + 2)
    call c%lay_out('z', v, self%g%n_atoms, self%g%valid, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_set_z(self%handle, a%input()))
    call c%report(stat, errmsg)
  end subroutine

  ! Any block of the activations.
  recursive subroutine get_z_2_r32(self, z, offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real32), intent(inout), target :: z(:, :)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    type(view) :: v
    call c%ready(self%handle, self%g, DICOD_F32, 'learner', self%collective)
    v = view_r32(z)
    ! In batches z has learn_batch signals: the library compares.
    c%g%n_signals = merge(v%extent(min(v%rank, 5)), 1_int64, v%rank == c%g%n_axes + 2)
    call c%lay_out('z', v, self%g%n_atoms, self%g%valid, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_get_z(self%handle, a%array))
    call c%report(stat, errmsg)
  end subroutine

  ! Activations that the next step starts from, unless it is one of batches.
  recursive subroutine set_z_3_r32(self, z, offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real32), intent(in), target :: z(:, :, :)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    type(view) :: v
    call c%ready(self%handle, self%g, DICOD_F32, 'learner', self%collective)
    v = view_r32(z)
    c%g%n_signals = merge(v%extent(min(v%rank, 5)), 1_int64, v%rank == c%g%n_axes + 2)
    call c%lay_out('z', v, self%g%n_atoms, self%g%valid, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_set_z(self%handle, a%input()))
    call c%report(stat, errmsg)
  end subroutine

  ! Any block of the activations.
  recursive subroutine get_z_3_r32(self, z, offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real32), intent(inout), target :: z(:, :, :)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    type(view) :: v
    call c%ready(self%handle, self%g, DICOD_F32, 'learner', self%collective)
    v = view_r32(z)
    ! In batches z has learn_batch signals: the library compares.
    c%g%n_signals = merge(v%extent(min(v%rank, 5)), 1_int64, v%rank == c%g%n_axes + 2)
    call c%lay_out('z', v, self%g%n_atoms, self%g%valid, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_get_z(self%handle, a%array))
    call c%report(stat, errmsg)
  end subroutine

  ! Activations that the next step starts from, unless it is one of batches.
  recursive subroutine set_z_4_r32(self, z, offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real32), intent(in), target :: z(:, :, :, :)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    type(view) :: v
    call c%ready(self%handle, self%g, DICOD_F32, 'learner', self%collective)
    v = view_r32(z)
    c%g%n_signals = merge(v%extent(min(v%rank, 5)), 1_int64, v%rank == c%g%n_axes + 2)
    call c%lay_out('z', v, self%g%n_atoms, self%g%valid, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_set_z(self%handle, a%input()))
    call c%report(stat, errmsg)
  end subroutine

  ! Any block of the activations.
  recursive subroutine get_z_4_r32(self, z, offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real32), intent(inout), target :: z(:, :, :, :)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    type(view) :: v
    call c%ready(self%handle, self%g, DICOD_F32, 'learner', self%collective)
    v = view_r32(z)
    ! In batches z has learn_batch signals: the library compares.
    c%g%n_signals = merge(v%extent(min(v%rank, 5)), 1_int64, v%rank == c%g%n_axes + 2)
    call c%lay_out('z', v, self%g%n_atoms, self%g%valid, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_get_z(self%handle, a%array))
    call c%report(stat, errmsg)
  end subroutine

  ! Activations that the next step starts from, unless it is one of batches.
  recursive subroutine set_z_5_r32(self, z, offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real32), intent(in), target :: z(:, :, :, :, :)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    type(view) :: v
    call c%ready(self%handle, self%g, DICOD_F32, 'learner', self%collective)
    v = view_r32(z)
    c%g%n_signals = merge(v%extent(min(v%rank, 5)), 1_int64, v%rank == c%g%n_axes + 2)
    call c%lay_out('z', v, self%g%n_atoms, self%g%valid, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_set_z(self%handle, a%input()))
    call c%report(stat, errmsg)
  end subroutine

  ! Any block of the activations.
  recursive subroutine get_z_5_r32(self, z, offset, stat, errmsg)
    class(dicod_learner), intent(inout) :: self
    real(real32), intent(inout), target :: z(:, :, :, :, :)
    class(*), intent(in), optional :: offset(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(call_state) :: c
    type(described), target :: a
    type(view) :: v
    call c%ready(self%handle, self%g, DICOD_F32, 'learner', self%collective)
    v = view_r32(z)
    ! In batches z has learn_batch signals: the library compares.
    c%g%n_signals = merge(v%extent(min(v%rank, 5)), 1_int64, v%rank == c%g%n_axes + 2)
    call c%lay_out('z', v, self%g%n_atoms, self%g%valid, offset, a)
    if (c%proceed()) call c%finish(dicod_learner_get_z(self%handle, a%array))
    call c%report(stat, errmsg)
  end subroutine

end module

! A regular grid of segments over a box. Everything is local.
module segmentation_m
  use, intrinsic :: iso_fortran_env, only: int32, int64, real64
  use dicod_c
  use dicod_error_m
  implicit none
  private
  public :: segmentation

  ! Bounds are b(2, axis): first and last position.
  type, extends(library_handle) :: segmentation
    integer :: n_axes = 0
  contains
    procedure :: create => segments_create
    procedure :: free => segments_free
    procedure :: n_segments => segments_n_segments
    procedure :: per_axis => segments_per_axis
    procedure :: nominal_shape => segments_nominal_shape
    procedure :: shape => segments_shape
    procedure :: full_shape => segments_full_shape
    procedure :: overlap => segments_overlap
    procedure :: inner_bounds => segments_inner_bounds
    procedure :: n_active => segments_n_active
    procedure :: any_active => segments_any_active
    procedure :: bounds => segments_bounds
    procedure :: segment_shape => segments_segment_shape
    procedure :: slices => segments_slices
    procedure :: padding => segments_padding
    procedure :: find => segments_find
    procedure :: touched => segments_touched
    procedure :: touched_overlap => segments_touched_overlap
    procedure :: to_global => segments_to_global
    procedure :: to_local => segments_to_local
    procedure :: contains_point => segments_contains_point
    procedure :: contains_area => segments_contains_area
    procedure :: next => segments_next
    procedure :: is_active => segments_is_active
    procedure :: set_active => segments_set_active
    procedure, private :: segments_check_inactive_1
    generic :: check_inactive => segments_check_inactive_1
    procedure, private :: segments_check_inactive_2
    generic :: check_inactive => segments_check_inactive_2
    procedure, private :: segments_check_inactive_3
    generic :: check_inactive => segments_check_inactive_3
    procedure, private :: segments_check_inactive_4
    generic :: check_inactive => segments_check_inactive_4
    final :: segments_final
  end type

contains

  ! Either n_segments or segment_shape; the domain is full_shape, or inner_bounds(2, axis) in it: first and last position.
  recursive subroutine segments_create(self, full_shape, inner_bounds, n_segments, segment_shape, overlap, stat, errmsg)
    class(segmentation), intent(inout) :: self
    class(*), intent(in), optional :: full_shape(..), inner_bounds(:, :), n_segments(..), segment_shape(..), overlap(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int64), allocatable, target :: lists(:, :), bounds(:, :)
    integer(int64), target :: axes
    integer(int32) :: status
    type(c_ptr) :: handle, at_full, at_bounds, at_overlap
    logical :: fits
    integer :: n
    status = DICOD_ERROR_INVALID_ARGUMENT
    if (present(n_segments) .eqv. present(segment_shape)) then
      call report_status(status, stat, errmsg, 'either n_segments or segment_shape says how the domain is cut')
      return
    end if
    n = 0
    if (present(n_segments)) n = size(wholes(n_segments))
    if (present(segment_shape)) n = size(wholes(segment_shape))
    fits = .true.
    if (present(full_shape)) fits = size(wholes(full_shape)) == n
    if (present(inner_bounds)) fits = fits .and. size(inner_bounds, 1) == 2 .and. size(inner_bounds, 2) == n
    if (present(overlap)) fits = fits .and. size(wholes(overlap)) == n
    if (.not. fits) then
      call report_status(status, stat, errmsg, 'all arguments need one value per axis, inner_bounds is (2, axis)')
      return
    end if
    allocate (lists(n + 1, 3), bounds(2, n + 1))
    at_full = c_null_ptr
    at_bounds = c_null_ptr
    at_overlap = c_null_ptr
    handle = c_null_ptr
    if (present(full_shape)) then
      lists(:n, 1) = reverse(wholes(full_shape))
      at_full = c_loc(lists(1, 1))
    end if
    if (present(inner_bounds)) then
      bounds(1, :n) = reverse(wholes(inner_bounds(1, :))) - 1
      bounds(2, :n) = reverse(wholes(inner_bounds(2, :)))
      at_bounds = c_loc(bounds)
    end if
    if (present(overlap)) then
      lists(:n, 2) = reverse(wholes(overlap))
      at_overlap = c_loc(lists(1, 2))
    end if
    if (present(n_segments)) then
      lists(:n, 3) = reverse(wholes(n_segments))
      status = segmentation_create_by_count(int(n, int64), at_full, at_bounds, c_loc(lists(1, 3)), at_overlap, handle)
    else
      lists(:n, 3) = reverse(wholes(segment_shape))
      status = segmentation_create_by_shape(int(n, int64), at_full, at_bounds, c_loc(lists(1, 3)), at_overlap, handle)
    end if
    if (status >= 0) then
      call segments_free(self)
      self%handle = handle
      status = segmentation_get_n_axes(handle, c_loc(axes))
      self%n_axes = int(axes)
    end if
    call report_status(status, stat, errmsg)
  end subroutine

  ! Local, as everything of segmentations.
  recursive subroutine segments_free(self)
    class(segmentation), intent(inout) :: self
    integer(int32) :: ignored
    ignored = segmentation_free(self%handle)
  end subroutine

  impure elemental recursive subroutine segments_final(self)
    type(segmentation), intent(inout) :: self
    integer(int32) :: ignored
    ignored = segmentation_free(self%handle)
  end subroutine

  ! Number of segments.
  recursive function segments_n_segments(self, stat, errmsg) result(n)
    class(segmentation), intent(in) :: self
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int64), target :: n
    n = 0
    call report_status(segmentation_get_n_segments(self%handle, c_loc(n)), stat, errmsg)
  end function

  ! Number of segments along each axis.
  recursive function segments_per_axis(self, stat, errmsg) result(values)
    class(segmentation), intent(in) :: self
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int64) :: values(self%n_axes)
    integer(int64), target :: found(self%n_axes + 1)
    found = 0
    call report_status(segmentation_get_segments_per_axis(self%handle, c_loc(found)), stat, errmsg)
    values = reverse(found(:self%n_axes))
  end function

  ! The size that was asked for or computed for the segments of each axis.
  recursive function segments_nominal_shape(self, stat, errmsg) result(values)
    class(segmentation), intent(in) :: self
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int64) :: values(self%n_axes)
    integer(int64), target :: found(self%n_axes + 1)
    found = 0
    call report_status(segmentation_get_nominal_shape(self%handle, c_loc(found)), stat, errmsg)
    values = reverse(found(:self%n_axes))
  end function

  ! Shape of the domain.
  recursive function segments_shape(self, stat, errmsg) result(values)
    class(segmentation), intent(in) :: self
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int64) :: values(self%n_axes)
    integer(int64), target :: found(self%n_axes + 1)
    found = 0
    call report_status(segmentation_get_shape(self%handle, c_loc(found)), stat, errmsg)
    values = reverse(found(:self%n_axes))
  end function

  ! Shape of the array that the domain lies in.
  recursive function segments_full_shape(self, stat, errmsg) result(values)
    class(segmentation), intent(in) :: self
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int64) :: values(self%n_axes)
    integer(int64), target :: found(self%n_axes + 1)
    found = 0
    call report_status(segmentation_get_full_shape(self%handle, c_loc(found)), stat, errmsg)
    values = reverse(found(:self%n_axes))
  end function

  ! Overlap along each axis.
  recursive function segments_overlap(self, stat, errmsg) result(values)
    class(segmentation), intent(in) :: self
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int64) :: values(self%n_axes)
    integer(int64), target :: found(self%n_axes + 1)
    found = 0
    call report_status(segmentation_get_overlap(self%handle, c_loc(found)), stat, errmsg)
    values = reverse(found(:self%n_axes))
  end function

  ! First and last position of the domain in the full array.
  recursive function segments_inner_bounds(self, stat, errmsg) result(b)
    class(segmentation), intent(in) :: self
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int64) :: b(2, self%n_axes)
    integer(int64), target :: found(2, self%n_axes + 1)
    found = 0
    call report_status(segmentation_get_inner_bounds(self%handle, c_loc(found)), stat, errmsg)
    b(1, :) = reverse(found(1, :self%n_axes)) + 1
    b(2, :) = reverse(found(2, :self%n_axes))
  end function

  ! Whether a segment is active.
  recursive function segments_any_active(self, stat, errmsg) result(active)
    class(segmentation), intent(in) :: self
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    logical :: active
    integer(int32), target :: found
    found = 0
    call report_status(segmentation_exists_active(self%handle, c_loc(found)), stat, errmsg)
    active = found /= 0
  end function

  ! Size of a segment, with overlap unless inner.
  recursive function segments_segment_shape(self, segment, inner, stat, errmsg) result(values)
    class(segmentation), intent(in) :: self
    class(*), intent(in) :: segment
    logical, intent(in), optional :: inner
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int64) :: values(self%n_axes)
    integer(int64), target :: found(self%n_axes + 1)
    found = 0
    call report_status(segmentation_get_segment_shape(self%handle, whole(segment) - 1, part_of(inner), &
      c_loc(found)), stat, errmsg)
    values = reverse(found(:self%n_axes))
  end function

  ! A segment in the form that HDF5's hyperslabs and MPI's subarrays take: the number of elements before it, and in it.
  recursive subroutine segments_slices(self, segment, start, count, inner, stat, errmsg)
    class(segmentation), intent(in) :: self
    class(*), intent(in) :: segment
    integer(int64), intent(out) :: start(:), count(:)
    logical, intent(in), optional :: inner
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int64), target :: found(self%n_axes + 1, 2)
    integer(int32) :: status
    start = 0
    count = 0
    if (.not. fitting(self, size(start), stat, errmsg)) return
    if (.not. fitting(self, size(count), stat, errmsg)) return
    status = segmentation_get_segment_slices(self%handle, whole(segment) - 1, part_of(inner), c_loc(found(1, 1)), &
      c_loc(found(1, 2)))
    if (status >= 0) then
      start = reverse(found(:self%n_axes, 1))
      count = reverse(found(:self%n_axes, 2))
    end if
    call report_status(status, stat, errmsg)
  end subroutine

  pure recursive function part_of(inner) result(part)
    logical, intent(in), optional :: inner
    integer(int32) :: part
    part = 0
    if (present(inner)) part = merge(1_int32, 0_int32, inner)
  end function

  ! Number of segments that are active.
  recursive function segments_n_active(self, stat, errmsg) result(n)
    class(segmentation), intent(in) :: self
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int64), target :: n
    n = 0
    call report_status(segmentation_get_n_active(self%handle, c_loc(n)), stat, errmsg)
  end function

  ! First and last position of a segment; inner: without overlap (the default is with).
  recursive function segments_bounds(self, segment, inner, stat, errmsg) result(b)
    class(segmentation), intent(in) :: self
    class(*), intent(in) :: segment
    logical, intent(in), optional :: inner
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int64) :: b(2, self%n_axes)
    integer(int64), target :: found(2, self%n_axes + 1)
    found = 0
    call report_status(segmentation_get_segment_bounds(self%handle, whole(segment) - 1, part_of(inner), &
      c_loc(found)), stat, errmsg)
    b(1, :) = reverse(found(1, :self%n_axes)) + 1
    b(2, :) = reverse(found(2, :self%n_axes))
  end function

  ! What the border of the array cuts off the overlap of a segment: p(1, axis) before, p(2, axis) after it.
  recursive function segments_padding(self, segment, stat, errmsg) result(p)
    class(segmentation), intent(in) :: self
    class(*), intent(in) :: segment
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int64) :: p(2, self%n_axes)
    integer(int64), target :: found(2, self%n_axes + 1)
    found = 0
    call report_status(segmentation_get_padding_to_overlap(self%handle, whole(segment) - 1, c_loc(found)), stat, errmsg)
    p = found(:, self%n_axes:1:-1)
  end function

  ! The segment whose inner part holds the point, or the nearest one.
  recursive function segments_find(self, point, stat, errmsg) result(segment)
    class(segmentation), intent(in) :: self
    class(*), intent(in) :: point(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int64), target :: segment
    integer(int64), target :: at(self%n_axes + 1)
    segment = 0
    if (.not. fitting(self, size(wholes(point)), stat, errmsg)) return
    at(:self%n_axes) = reverse(wholes(point)) - 1
    call report_status(segmentation_find_segment(self%handle, c_loc(at), c_loc(segment)), stat, errmsg)
    segment = segment + 1
  end function

  recursive function fitting(self, n, stat, errmsg) result(fits)
    class(segmentation), intent(in) :: self
    integer, intent(in) :: n
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    logical :: fits
    fits = n == self%n_axes
    if (.not. fits) call report_status(DICOD_ERROR_INVALID_ARGUMENT, stat, errmsg, &
      'a point and a radius have one value per axis, '// &
      text_of([int(self%n_axes, int64)])//', not '//text_of([int(n, int64)]))
  end function

  ! Segments whose outer part meets the window of this radius around a point.
  recursive function segments_touched(self, point, radius, stat, errmsg) result(segments)
    class(segmentation), intent(in) :: self
    class(*), intent(in) :: point(..), radius(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int64), allocatable :: segments(:)
    integer(int64), allocatable, target :: found(:)
    integer(int64), target :: at(self%n_axes + 1), r(self%n_axes + 1), count
    integer(int32) :: status
    allocate (segments(0))
    if (.not. fitting(self, size(wholes(point)), stat, errmsg)) return
    if (.not. fitting(self, size(wholes(radius)), stat, errmsg)) return
    at(:self%n_axes) = reverse(wholes(point)) - 1
    r(:self%n_axes) = reverse(wholes(radius))
    count = 0
    status = segmentation_get_touched_segments(self%handle, c_loc(at), c_loc(r), 0_int64, c_null_ptr, c_loc(count))
    allocate (found(count + 1))
    if (status >= 0) status = segmentation_get_touched_segments(self%handle, c_loc(at), c_loc(r), count + 1, c_loc(found), &
      c_loc(count))
    if (status >= 0) segments = found(:count) + 1
    call report_status(status, stat, errmsg)
  end function

  ! What the window around a point (local coordinates) touches of the overlap: boxes(2, axis, box), first and last.
  recursive function segments_touched_overlap(self, segment, point, radius, stat, errmsg) result(boxes)
    class(segmentation), intent(in) :: self
    class(*), intent(in) :: segment, point(..), radius(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int64), allocatable :: boxes(:, :, :)
    integer(int64), allocatable, target :: found(:, :, :)
    integer(int64), target :: at(self%n_axes + 1), r(self%n_axes + 1), count
    integer(int32) :: status
    allocate (boxes(2, self%n_axes, 0))
    if (.not. fitting(self, size(wholes(point)), stat, errmsg)) return
    if (.not. fitting(self, size(wholes(radius)), stat, errmsg)) return
    at(:self%n_axes) = reverse(wholes(point)) - 1
    r(:self%n_axes) = reverse(wholes(radius))
    count = 0
    status = segmentation_get_touched_overlap_slices(self%handle, whole(segment) - 1, c_loc(at), c_loc(r), 0_int64, &
      c_null_ptr, c_loc(count))
    allocate (found(2, self%n_axes, count + 1))
    if (status >= 0) status = segmentation_get_touched_overlap_slices(self%handle, whole(segment) - 1, c_loc(at), &
      c_loc(r), count + 1, &
      c_loc(found), c_loc(count))
    if (status >= 0) then
      boxes = found(:, self%n_axes:1:-1, :count)
      boxes(1, :, :) = boxes(1, :, :) + 1
    end if
    call report_status(status, stat, errmsg)
  end function

  ! Global coordinates of a point in those of a segment.
  recursive function segments_to_global(self, segment, point, stat, errmsg) result(global)
    class(segmentation), intent(in) :: self
    class(*), intent(in) :: segment, point(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int64) :: global(self%n_axes)
    integer(int64), target :: at(self%n_axes + 1), found(self%n_axes + 1)
    global = 0
    if (.not. fitting(self, size(wholes(point)), stat, errmsg)) return
    at(:self%n_axes) = reverse(wholes(point)) - 1
    found = 0
    call report_status(segmentation_get_global_coordinate(self%handle, whole(segment) - 1, c_loc(at), &
      c_loc(found)), stat, errmsg)
    global = reverse(found(:self%n_axes)) + 1
  end function

  ! Coordinates in a segment of a point in global ones.
  recursive function segments_to_local(self, segment, point, stat, errmsg) result(local)
    class(segmentation), intent(in) :: self
    class(*), intent(in) :: segment, point(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int64) :: local(self%n_axes)
    integer(int64), target :: at(self%n_axes + 1), found(self%n_axes + 1)
    local = 0
    if (.not. fitting(self, size(wholes(point)), stat, errmsg)) return
    at(:self%n_axes) = reverse(wholes(point)) - 1
    found = 0
    call report_status(segmentation_get_local_coordinate(self%handle, whole(segment) - 1, c_loc(at), c_loc(found)), &
      stat, errmsg)
    local = reverse(found(:self%n_axes)) + 1
  end function

  ! Whether a point, in coordinates of the segment, lies in that part of it.
  recursive function segments_contains_point(self, segment, point, inner, stat, errmsg) result(contained)
    class(segmentation), intent(in) :: self
    class(*), intent(in) :: segment, point(..)
    logical, intent(in), optional :: inner
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    logical :: contained
    integer(int64), target :: at(self%n_axes + 1)
    integer(int32), target :: found
    contained = .false.
    if (.not. fitting(self, size(wholes(point)), stat, errmsg)) return
    at(:self%n_axes) = reverse(wholes(point)) - 1
    found = 0
    call report_status(segmentation_contains_point(self%handle, whole(segment) - 1, c_loc(at), part_of(inner), &
      c_loc(found)), stat, errmsg)
    contained = found /= 0
  end function

  ! Whether the window around a point, in coordinates of the segment, lies in the segment as far as that counts.
  recursive function segments_contains_area(self, segment, point, radius, stat, errmsg) result(contained)
    class(segmentation), intent(in) :: self
    class(*), intent(in) :: segment, point(..), radius(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    logical :: contained
    integer(int64), target :: at(self%n_axes + 1), r(self%n_axes + 1)
    integer(int32), target :: found
    contained = .false.
    if (.not. fitting(self, size(wholes(point)), stat, errmsg)) return
    if (.not. fitting(self, size(wholes(radius)), stat, errmsg)) return
    at(:self%n_axes) = reverse(wholes(point)) - 1
    r(:self%n_axes) = reverse(wholes(radius))
    found = 0
    call report_status(segmentation_contains_area(self%handle, whole(segment) - 1, c_loc(at), c_loc(r), &
      c_loc(found)), stat, errmsg)
    contained = found /= 0
  end function

  ! The segment after this one, and 1 after the last; 0 stands before the first.
  recursive function segments_next(self, segment, stat, errmsg) result(next)
    class(segmentation), intent(in) :: self
    class(*), intent(in) :: segment
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int64), target :: next
    next = -1
    call report_status(segmentation_increment(self%handle, whole(segment) - 1, c_loc(next)), stat, errmsg)
    next = next + 1
  end function

  ! Whether a segment is active.
  recursive function segments_is_active(self, segment, stat, errmsg) result(active)
    class(segmentation), intent(in) :: self
    class(*), intent(in) :: segment
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    logical :: active
    integer(int32), target :: found
    found = 0
    call report_status(segmentation_is_active(self%handle, whole(segment) - 1, c_loc(found)), stat, errmsg)
    active = found /= 0
  end function

  ! Without segments: all of them. changed: how many were not so before.
  recursive subroutine segments_set_active(self, active, segments, changed, stat, errmsg)
    class(segmentation), intent(inout) :: self
    logical, intent(in) :: active
    class(*), intent(in), optional :: segments(..)
    integer(int64), intent(out), optional :: changed
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int64), allocatable, target :: which(:)
    integer(int64), target :: n
    integer(int64) :: i
    integer(int32) :: status
    n = 0
    status = DICOD_OK
    if (present(segments)) then
      allocate (which, source=[wholes(segments) - 1, 0_int64])
    else if (active) then
      status = segmentation_reset(self%handle, c_loc(n))
      allocate (which(0))
    else
      status = segmentation_get_n_segments(self%handle, c_loc(n))
      allocate (which, source=[(i, i=0, n)])
    end if
    if (status >= 0 .and. active .and. present(segments)) then
      status = segmentation_set_active(self%handle, size(which, kind=int64) - 1, c_loc(which), c_loc(n))
    else if (status >= 0 .and. .not. active) then
      status = segmentation_set_inactive(self%handle, size(which, kind=int64) - 1, c_loc(which), c_loc(n))
    end if
    if (present(changed)) changed = merge(n, 0_int64, status >= 0)
    call report_status(status, stat, errmsg)
  end subroutine

  ! The first inactive segment with an entry |dz| > tol in its inner part; 0: there is none. dz(full shape, atom); the axis of
  ! atoms may be left out where there is one.
  recursive function segments_check_inactive_1(self, dz, tol, stat, errmsg) result(segment)
    class(segmentation), intent(in) :: self
    real(real64), intent(in), target, contiguous :: dz(:)
    real(real64), intent(in) :: tol
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int64), target :: segment
    integer(int64), target :: full(self%n_axes + 1)
    integer(int64) :: s(1 + 1), n_atoms
    integer(int32) :: status
    segment = -1
    full = 1
    status = segmentation_get_full_shape(self%handle, c_loc(full))
    if (status >= 0) then
      s = [shape(dz, int64), 1_int64]
      n_atoms = s(min(self%n_axes, 1) + 1)
      if (1 < self%n_axes .or. 1 > self%n_axes + 1 .or. any(s(:min(self%n_axes, &
        1)) /= reverse(full(:min(self%n_axes, 1))))) then
        call report_status(DICOD_ERROR_INVALID_SHAPE, stat, errmsg, 'dz has the shape '//text_of(shape(dz, int64))// &
          ': it is the full shape, '//text_of(reverse(full(:self%n_axes)))//', then atoms')
        segment = 0
        return
      end if
      status = segmentation_check_inactive(self%handle, n_atoms, c_loc(dz), tol, c_loc(segment))
    end if
    segment = segment + 1
    call report_status(status, stat, errmsg)
  end function

  ! The first inactive segment with an entry |dz| > tol in its inner part; 0: there is none. dz(full shape, atom); the axis of
  ! atoms may be left out where there is one.
  recursive function segments_check_inactive_2(self, dz, tol, stat, errmsg) result(segment)
    class(segmentation), intent(in) :: self
    real(real64), intent(in), target, contiguous :: dz(:, :)
    real(real64), intent(in) :: tol
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int64), target :: segment
    integer(int64), target :: full(self%n_axes + 1)
    integer(int64) :: s(2 + 1), n_atoms
    integer(int32) :: status
    segment = -1
    full = 1
    status = segmentation_get_full_shape(self%handle, c_loc(full))
    if (status >= 0) then
      s = [shape(dz, int64), 1_int64]
      n_atoms = s(min(self%n_axes, 2) + 1)
      if (2 < self%n_axes .or. 2 > self%n_axes + 1 .or. any(s(:min(self%n_axes, &
        2)) /= reverse(full(:min(self%n_axes, 2))))) then
        call report_status(DICOD_ERROR_INVALID_SHAPE, stat, errmsg, 'dz has the shape '//text_of(shape(dz, int64))// &
          ': it is the full shape, '//text_of(reverse(full(:self%n_axes)))//', then atoms')
        segment = 0
        return
      end if
      status = segmentation_check_inactive(self%handle, n_atoms, c_loc(dz), tol, c_loc(segment))
    end if
    segment = segment + 1
    call report_status(status, stat, errmsg)
  end function

  ! The first inactive segment with an entry |dz| > tol in its inner part; 0: there is none. dz(full shape, atom); the axis of
  ! atoms may be left out where there is one.
  recursive function segments_check_inactive_3(self, dz, tol, stat, errmsg) result(segment)
    class(segmentation), intent(in) :: self
    real(real64), intent(in), target, contiguous :: dz(:, :, :)
    real(real64), intent(in) :: tol
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int64), target :: segment
    integer(int64), target :: full(self%n_axes + 1)
    integer(int64) :: s(3 + 1), n_atoms
    integer(int32) :: status
    segment = -1
    full = 1
    status = segmentation_get_full_shape(self%handle, c_loc(full))
    if (status >= 0) then
      s = [shape(dz, int64), 1_int64]
      n_atoms = s(min(self%n_axes, 3) + 1)
      if (3 < self%n_axes .or. 3 > self%n_axes + 1 .or. any(s(:min(self%n_axes, &
        3)) /= reverse(full(:min(self%n_axes, 3))))) then
        call report_status(DICOD_ERROR_INVALID_SHAPE, stat, errmsg, 'dz has the shape '//text_of(shape(dz, int64))// &
          ': it is the full shape, '//text_of(reverse(full(:self%n_axes)))//', then atoms')
        segment = 0
        return
      end if
      status = segmentation_check_inactive(self%handle, n_atoms, c_loc(dz), tol, c_loc(segment))
    end if
    segment = segment + 1
    call report_status(status, stat, errmsg)
  end function

  ! The first inactive segment with an entry |dz| > tol in its inner part; 0: there is none. dz(full shape, atom); the axis of
  ! atoms may be left out where there is one.
  recursive function segments_check_inactive_4(self, dz, tol, stat, errmsg) result(segment)
    class(segmentation), intent(in) :: self
    real(real64), intent(in), target, contiguous :: dz(:, :, :, :)
    real(real64), intent(in) :: tol
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int64), target :: segment
    integer(int64), target :: full(self%n_axes + 1)
    integer(int64) :: s(4 + 1), n_atoms
    integer(int32) :: status
    segment = -1
    full = 1
    status = segmentation_get_full_shape(self%handle, c_loc(full))
    if (status >= 0) then
      s = [shape(dz, int64), 1_int64]
      n_atoms = s(min(self%n_axes, 4) + 1)
      if (4 < self%n_axes .or. 4 > self%n_axes + 1 .or. any(s(:min(self%n_axes, &
        4)) /= reverse(full(:min(self%n_axes, 4))))) then
        call report_status(DICOD_ERROR_INVALID_SHAPE, stat, errmsg, 'dz has the shape '//text_of(shape(dz, int64))// &
          ': it is the full shape, '//text_of(reverse(full(:self%n_axes)))//', then atoms')
        segment = 0
        return
      end if
      status = segmentation_check_inactive(self%handle, n_atoms, c_loc(dz), tol, c_loc(segment))
    end if
    segment = segment + 1
    call report_status(status, stat, errmsg)
  end function

end module

! What the procedures of a map are given: the task, bytes to read, bytes to write.
module parmap_task_m
  use, intrinsic :: iso_fortran_env, only: int8, int32, int64, real32, real64
  use dicod_c
  use dicod_error_m
  use dicod_context_m
  implicit none
  private
  public :: parmap_task, parmap_data, parmap_buffer
  public :: data_at

  ! One task, valid while its procedure runs.
  type :: parmap_task
    type(c_ptr) :: handle = c_null_ptr
  contains
    procedure :: index => task_index
    procedure :: attempt => task_attempt
    procedure :: rank => task_rank
    procedure :: worker => task_worker
    procedure :: cancelled => task_cancelled
    procedure, private :: task_uniform, task_uniform_r32
    generic :: uniform => task_uniform, task_uniform_r32
    procedure :: key => task_key
    procedure :: explain => task_explain
    procedure :: shared => task_shared
    procedure :: get_context => task_get_context
  end type

  ! Bytes to read, one value or array after the other, in the order in which they were appended.
  type :: parmap_data
    private
    type(c_ptr) :: first = c_null_ptr
    integer(int64) :: n = 0, at = 0
  contains
    procedure :: left => data_left
    procedure, private :: get_one_i8, get_i8, point_i8
    ! call data%get(value), of any of these kinds: the next value, or as many as an array has
    generic :: get => get_one_i8, get_i8
    ! call data%point(values): a pointer to all that is left, where it lies
    generic :: point => point_i8
    procedure, private :: get_one_i32, get_i32, point_i32
    ! call data%get(value), of any of these kinds: the next value, or as many as an array has
    generic :: get => get_one_i32, get_i32
    ! call data%point(values): a pointer to all that is left, where it lies
    generic :: point => point_i32
    procedure, private :: get_one_i64, get_i64, point_i64
    ! call data%get(value), of any of these kinds: the next value, or as many as an array has
    generic :: get => get_one_i64, get_i64
    ! call data%point(values): a pointer to all that is left, where it lies
    generic :: point => point_i64
    procedure, private :: get_one_r32, get_r32, point_r32
    ! call data%get(value), of any of these kinds: the next value, or as many as an array has
    generic :: get => get_one_r32, get_r32
    ! call data%point(values): a pointer to all that is left, where it lies
    generic :: point => point_r32
    procedure, private :: get_one_r64, get_r64, point_r64
    ! call data%get(value), of any of these kinds: the next value, or as many as an array has
    generic :: get => get_one_r64, get_r64
    ! call data%point(values): a pointer to all that is left, where it lies
    generic :: point => point_r64
    procedure, private :: get_text
    generic :: get => get_text
  end type

  ! Bytes that a procedure writes; empty at first.
  type :: parmap_buffer
    type(c_ptr) :: handle = c_null_ptr
  contains
    procedure, private :: append_one_i8, append_i8, resize_i8
    ! call buffer%append(value), or an array
    generic :: append => append_one_i8, append_i8
    ! call buffer%resize(values, n): the buffer is these n values from now on, new ones are zero
    generic :: resize => resize_i8
    procedure, private :: append_one_i32, append_i32, resize_i32
    ! call buffer%append(value), or an array
    generic :: append => append_one_i32, append_i32
    ! call buffer%resize(values, n): the buffer is these n values from now on, new ones are zero
    generic :: resize => resize_i32
    procedure, private :: append_one_i64, append_i64, resize_i64
    ! call buffer%append(value), or an array
    generic :: append => append_one_i64, append_i64
    ! call buffer%resize(values, n): the buffer is these n values from now on, new ones are zero
    generic :: resize => resize_i64
    procedure, private :: append_one_r32, append_r32, resize_r32
    ! call buffer%append(value), or an array
    generic :: append => append_one_r32, append_r32
    ! call buffer%resize(values, n): the buffer is these n values from now on, new ones are zero
    generic :: resize => resize_r32
    procedure, private :: append_one_r64, append_r64, resize_r64
    ! call buffer%append(value), or an array
    generic :: append => append_one_r64, append_r64
    ! call buffer%resize(values, n): the buffer is these n values from now on, new ones are zero
    generic :: resize => resize_r64
    procedure, private :: append_text
    generic :: append => append_text
  end type

contains

  ! Number of the task, from 1.
  recursive function task_index(self) result(index)
    class(parmap_task), intent(in) :: self
    integer(int64) :: index
    index = parmap_task_get_index(self%handle) + 1
  end function

  ! Which attempt this is, from 1.
  recursive function task_attempt(self) result(attempt)
    class(parmap_task), intent(in) :: self
    integer(int64), target :: attempt
    integer(int32) :: ignored
    attempt = 0
    ignored = parmap_task_get_place(self%handle, c_null_ptr, c_loc(attempt), c_null_ptr, c_null_ptr)
    attempt = attempt + 1
  end function

  ! The rank that it runs on, as MPI counts.
  recursive function task_rank(self) result(rank)
    class(parmap_task), intent(in) :: self
    integer(int32), target :: rank
    integer(int32) :: ignored
    rank = 0
    ignored = parmap_task_get_place(self%handle, c_null_ptr, c_null_ptr, c_loc(rank), c_null_ptr)
  end function

  ! The worker there, from 1.
  recursive function task_worker(self) result(worker)
    class(parmap_task), intent(in) :: self
    integer(int32), target :: worker
    integer(int32) :: ignored
    worker = 0
    ignored = parmap_task_get_place(self%handle, c_null_ptr, c_null_ptr, c_null_ptr, c_loc(worker))
    worker = worker + 1
  end function

  ! Whether the task should end early.
  recursive function task_cancelled(self) result(cancelled)
    class(parmap_task), intent(in) :: self
    logical :: cancelled
    cancelled = parmap_cancelled(self%handle) /= 0
  end function

  ! A random number that depends on the setting "seed" and the index alone.
  recursive function task_key(self) result(key)
    class(parmap_task), intent(in) :: self
    integer(int64), target :: key
    integer(int32) :: ignored
    key = 0
    ignored = parmap_task_get_key(self%handle, c_loc(key))
  end function

  ! The next random numbers of the task, uniform in [0, 1).
  recursive subroutine task_uniform(self, values)
    class(parmap_task), intent(in) :: self
    real(real64), intent(out), target, contiguous :: values(:)
    integer(int32) :: ignored
    values = 0
    ignored = parmap_task_uniform(self%handle, size(values, kind=int64), c_loc(values))
  end subroutine

  ! The same numbers, rounded down to this kind: one of them would round to 1.
  recursive subroutine task_uniform_r32(self, values)
    class(parmap_task), intent(in) :: self
    real(real32), intent(out) :: values(:)
    real(real64) :: wide(1)
    integer :: i
    do i = 1, size(values)
      call task_uniform(self, wide)
      values(i) = min(real(wide(1), real32), nearest(1.0_real32, -1.0_real32))
    end do
  end subroutine

  ! Says why the task fails.
  recursive subroutine task_explain(self, message)
    class(parmap_task), intent(in) :: self
    character(*), intent(in) :: message
    character(kind=c_char), allocatable, target :: text(:)
    integer(int32) :: ignored
    allocate (text, source=to_c(message))
    ignored = parmap_task_explain(self%handle, c_loc(text))
  end subroutine

  ! The data that share() has given to all tasks; none if there are none.
  recursive function task_shared(self) result(data)
    class(parmap_task), intent(in) :: self
    type(parmap_data) :: data
    type(c_ptr), target :: first
    integer(int64), target :: n
    first = c_null_ptr
    n = 0
    if (parmap_task_get_shared(self%handle, first, c_loc(n)) >= 0) data = data_at(first, n)
  end function

  ! A context on the ranks that work on the task together (setting "ranks_per_task"). To be freed before the procedure
  ! returns.
  recursive subroutine task_get_context(self, context, stat, errmsg)
    class(parmap_task), intent(in) :: self
    type(dicod_context), intent(inout) :: context
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(c_ptr) :: handle
    integer(int32) :: status
    if (taken(context, stat, errmsg)) return
    handle = c_null_ptr
    status = parmap_task_get_context(self%handle, handle)
    if (status >= 0) then
      call context_adopt(context, handle, .false.)
      context%collective = context%n_ranks() > 1
    end if
    call report_status(status, stat, errmsg)
  end subroutine

  recursive function data_at(first, n) result(data)
    type(c_ptr), intent(in) :: first
    integer(int64), intent(in) :: n
    type(parmap_data) :: data
    data%first = first
    data%n = n
  end function

  ! Bytes that were not read yet.
  pure recursive function data_left(self) result(n)
    class(parmap_data), intent(in) :: self
    integer(int64) :: n
    n = self%n - self%at
  end function

  ! The next n bytes.
  recursive subroutine take(self, n, bytes, status, text)
    class(parmap_data), intent(inout) :: self
    integer(int64), intent(in) :: n
    integer(int8), pointer, intent(out) :: bytes(:)
    integer(int32), intent(out) :: status
    character(:), allocatable, intent(out) :: text
    integer(int8), pointer :: all(:)
    integer(int8), target, save :: none(1) = 0
    status = DICOD_OK
    bytes => none(:0)
    if (n > self%left()) then
      status = DICOD_ERROR_OUT_OF_RANGE
      text = 'bytes asked for, left, and in all: '//text_of([n, self%left(), self%n])
    else if (n > 0) then
      call c_f_pointer(self%first, all, [self%n])
      bytes => all(self%at + 1:self%at + n)
      self%at = self%at + n
    end if
  end subroutine

  recursive subroutine get_text(self, value, stat, errmsg)
    class(parmap_data), intent(inout) :: self
    character(*), intent(inout) :: value
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int8), pointer :: bytes(:)
    character(:), allocatable :: text
    integer(int32) :: status
    call take(self, len(value, int64), bytes, status, text)
    if (status >= 0) value = transfer(bytes, value)
    call report_status(status, stat, errmsg, text)
  end subroutine

  recursive subroutine append_text(self, value, stat, errmsg)
    class(parmap_buffer), intent(inout) :: self
    character(*), intent(in), target :: value
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call report_status(parmap_buffer_append(self%handle, c_loc(value), len(value, int64)), stat, errmsg)
  end subroutine

  recursive subroutine get_one_i8(self, value, stat, errmsg)
    class(parmap_data), intent(inout) :: self
    integer(int8), intent(inout) :: value
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int8), pointer :: bytes(:)
    character(:), allocatable :: text
    integer(int32) :: status
    call take(self, storage_size(value, int64)/8, bytes, status, text)
    if (status >= 0) value = transfer(bytes, value)
    call report_status(status, stat, errmsg, text)
  end subroutine

  recursive subroutine get_i8(self, value, stat, errmsg)
    class(parmap_data), intent(inout) :: self
    integer(int8), intent(inout) :: value(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int8), pointer :: bytes(:)
    character(:), allocatable :: text
    integer(int32) :: status
    call take(self, size(value, kind=int64)*(storage_size(value, int64)/8), bytes, status, text)
    if (status >= 0) value = transfer(bytes, value, size(value))
    call report_status(status, stat, errmsg, text)
  end subroutine

  recursive subroutine point_i8(self, values, stat, errmsg)
    class(parmap_data), intent(inout) :: self
    integer(int8), pointer, intent(out) :: values(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int8), pointer :: bytes(:)
    character(:), allocatable :: text
    integer(int32) :: status
    integer(int64) :: one
    integer(int8), target, save :: none(1) = 0
    one = storage_size(none, int64)/8
    values => none(:0)
    status = DICOD_OK
    allocate (character(0) :: text)
    if (modulo(self%left(), one) /= 0 .or. modulo(self%at, one) /= 0) then
      status = DICOD_ERROR_INVALID_ARGUMENT
      text = 'bytes left and read before are no multiples of the size of a value: '//text_of([self%left(), self%at, one])
    else if (self%left() > 0) then
      call take(self, self%left(), bytes, status, text)
      call c_f_pointer(c_loc(bytes), values, [size(bytes, kind=int64)/one])
    end if
    call report_status(status, stat, errmsg, text)
  end subroutine

  recursive subroutine append_one_i8(self, value, stat, errmsg)
    class(parmap_buffer), intent(inout) :: self
    integer(int8), intent(in), target :: value
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call report_status(parmap_buffer_append(self%handle, c_loc(value), storage_size(value, int64)/8), stat, errmsg)
  end subroutine

  recursive subroutine append_i8(self, value, stat, errmsg)
    class(parmap_buffer), intent(inout) :: self
    integer(int8), intent(in), target, contiguous :: value(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call report_status(parmap_buffer_append(self%handle, c_loc(value), size(value, kind=int64)*(storage_size(value, int64)/8)), &
      stat, errmsg)
  end subroutine

  recursive subroutine resize_i8(self, values, n, stat, errmsg)
    class(parmap_buffer), intent(inout) :: self
    integer(int8), pointer, intent(out) :: values(:)
    class(*), intent(in) :: n
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int8), target, save :: none(1) = 0
    type(c_ptr) :: first
    integer(int32) :: status
    values => none(:0)
    first = c_null_ptr
    status = parmap_buffer_resize(self%handle, whole(n)*(storage_size(none, int64)/8), first)
    if (status >= 0 .and. whole(n) > 0) call c_f_pointer(first, values, [whole(n)])
    call report_status(status, stat, errmsg)
  end subroutine

  recursive subroutine get_one_i32(self, value, stat, errmsg)
    class(parmap_data), intent(inout) :: self
    integer(int32), intent(inout) :: value
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int8), pointer :: bytes(:)
    character(:), allocatable :: text
    integer(int32) :: status
    call take(self, storage_size(value, int64)/8, bytes, status, text)
    if (status >= 0) value = transfer(bytes, value)
    call report_status(status, stat, errmsg, text)
  end subroutine

  recursive subroutine get_i32(self, value, stat, errmsg)
    class(parmap_data), intent(inout) :: self
    integer(int32), intent(inout) :: value(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int8), pointer :: bytes(:)
    character(:), allocatable :: text
    integer(int32) :: status
    call take(self, size(value, kind=int64)*(storage_size(value, int64)/8), bytes, status, text)
    if (status >= 0) value = transfer(bytes, value, size(value))
    call report_status(status, stat, errmsg, text)
  end subroutine

  recursive subroutine point_i32(self, values, stat, errmsg)
    class(parmap_data), intent(inout) :: self
    integer(int32), pointer, intent(out) :: values(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int8), pointer :: bytes(:)
    character(:), allocatable :: text
    integer(int32) :: status
    integer(int64) :: one
    integer(int32), target, save :: none(1) = 0
    one = storage_size(none, int64)/8
    values => none(:0)
    status = DICOD_OK
    allocate (character(0) :: text)
    if (modulo(self%left(), one) /= 0 .or. modulo(self%at, one) /= 0) then
      status = DICOD_ERROR_INVALID_ARGUMENT
      text = 'bytes left and read before are no multiples of the size of a value: '//text_of([self%left(), self%at, one])
    else if (self%left() > 0) then
      call take(self, self%left(), bytes, status, text)
      call c_f_pointer(c_loc(bytes), values, [size(bytes, kind=int64)/one])
    end if
    call report_status(status, stat, errmsg, text)
  end subroutine

  recursive subroutine append_one_i32(self, value, stat, errmsg)
    class(parmap_buffer), intent(inout) :: self
    integer(int32), intent(in), target :: value
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call report_status(parmap_buffer_append(self%handle, c_loc(value), storage_size(value, int64)/8), stat, errmsg)
  end subroutine

  recursive subroutine append_i32(self, value, stat, errmsg)
    class(parmap_buffer), intent(inout) :: self
    integer(int32), intent(in), target, contiguous :: value(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call report_status(parmap_buffer_append(self%handle, c_loc(value), size(value, kind=int64)*(storage_size(value, int64)/8)), &
      stat, errmsg)
  end subroutine

  recursive subroutine resize_i32(self, values, n, stat, errmsg)
    class(parmap_buffer), intent(inout) :: self
    integer(int32), pointer, intent(out) :: values(:)
    class(*), intent(in) :: n
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int32), target, save :: none(1) = 0
    type(c_ptr) :: first
    integer(int32) :: status
    values => none(:0)
    first = c_null_ptr
    status = parmap_buffer_resize(self%handle, whole(n)*(storage_size(none, int64)/8), first)
    if (status >= 0 .and. whole(n) > 0) call c_f_pointer(first, values, [whole(n)])
    call report_status(status, stat, errmsg)
  end subroutine

  recursive subroutine get_one_i64(self, value, stat, errmsg)
    class(parmap_data), intent(inout) :: self
    integer(int64), intent(inout) :: value
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int8), pointer :: bytes(:)
    character(:), allocatable :: text
    integer(int32) :: status
    call take(self, storage_size(value, int64)/8, bytes, status, text)
    if (status >= 0) value = transfer(bytes, value)
    call report_status(status, stat, errmsg, text)
  end subroutine

  recursive subroutine get_i64(self, value, stat, errmsg)
    class(parmap_data), intent(inout) :: self
    integer(int64), intent(inout) :: value(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int8), pointer :: bytes(:)
    character(:), allocatable :: text
    integer(int32) :: status
    call take(self, size(value, kind=int64)*(storage_size(value, int64)/8), bytes, status, text)
    if (status >= 0) value = transfer(bytes, value, size(value))
    call report_status(status, stat, errmsg, text)
  end subroutine

  recursive subroutine point_i64(self, values, stat, errmsg)
    class(parmap_data), intent(inout) :: self
    integer(int64), pointer, intent(out) :: values(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int8), pointer :: bytes(:)
    character(:), allocatable :: text
    integer(int32) :: status
    integer(int64) :: one
    integer(int64), target, save :: none(1) = 0
    one = storage_size(none, int64)/8
    values => none(:0)
    status = DICOD_OK
    allocate (character(0) :: text)
    if (modulo(self%left(), one) /= 0 .or. modulo(self%at, one) /= 0) then
      status = DICOD_ERROR_INVALID_ARGUMENT
      text = 'bytes left and read before are no multiples of the size of a value: '//text_of([self%left(), self%at, one])
    else if (self%left() > 0) then
      call take(self, self%left(), bytes, status, text)
      call c_f_pointer(c_loc(bytes), values, [size(bytes, kind=int64)/one])
    end if
    call report_status(status, stat, errmsg, text)
  end subroutine

  recursive subroutine append_one_i64(self, value, stat, errmsg)
    class(parmap_buffer), intent(inout) :: self
    integer(int64), intent(in), target :: value
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call report_status(parmap_buffer_append(self%handle, c_loc(value), storage_size(value, int64)/8), stat, errmsg)
  end subroutine

  recursive subroutine append_i64(self, value, stat, errmsg)
    class(parmap_buffer), intent(inout) :: self
    integer(int64), intent(in), target, contiguous :: value(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call report_status(parmap_buffer_append(self%handle, c_loc(value), size(value, kind=int64)*(storage_size(value, int64)/8)), &
      stat, errmsg)
  end subroutine

  recursive subroutine resize_i64(self, values, n, stat, errmsg)
    class(parmap_buffer), intent(inout) :: self
    integer(int64), pointer, intent(out) :: values(:)
    class(*), intent(in) :: n
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int64), target, save :: none(1) = 0
    type(c_ptr) :: first
    integer(int32) :: status
    values => none(:0)
    first = c_null_ptr
    status = parmap_buffer_resize(self%handle, whole(n)*(storage_size(none, int64)/8), first)
    if (status >= 0 .and. whole(n) > 0) call c_f_pointer(first, values, [whole(n)])
    call report_status(status, stat, errmsg)
  end subroutine

  recursive subroutine get_one_r32(self, value, stat, errmsg)
    class(parmap_data), intent(inout) :: self
    real(real32), intent(inout) :: value
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int8), pointer :: bytes(:)
    character(:), allocatable :: text
    integer(int32) :: status
    call take(self, storage_size(value, int64)/8, bytes, status, text)
    if (status >= 0) value = transfer(bytes, value)
    call report_status(status, stat, errmsg, text)
  end subroutine

  recursive subroutine get_r32(self, value, stat, errmsg)
    class(parmap_data), intent(inout) :: self
    real(real32), intent(inout) :: value(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int8), pointer :: bytes(:)
    character(:), allocatable :: text
    integer(int32) :: status
    call take(self, size(value, kind=int64)*(storage_size(value, int64)/8), bytes, status, text)
    if (status >= 0) value = transfer(bytes, value, size(value))
    call report_status(status, stat, errmsg, text)
  end subroutine

  recursive subroutine point_r32(self, values, stat, errmsg)
    class(parmap_data), intent(inout) :: self
    real(real32), pointer, intent(out) :: values(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int8), pointer :: bytes(:)
    character(:), allocatable :: text
    integer(int32) :: status
    integer(int64) :: one
    real(real32), target, save :: none(1) = 0
    one = storage_size(none, int64)/8
    values => none(:0)
    status = DICOD_OK
    allocate (character(0) :: text)
    if (modulo(self%left(), one) /= 0 .or. modulo(self%at, one) /= 0) then
      status = DICOD_ERROR_INVALID_ARGUMENT
      text = 'bytes left and read before are no multiples of the size of a value: '//text_of([self%left(), self%at, one])
    else if (self%left() > 0) then
      call take(self, self%left(), bytes, status, text)
      call c_f_pointer(c_loc(bytes), values, [size(bytes, kind=int64)/one])
    end if
    call report_status(status, stat, errmsg, text)
  end subroutine

  recursive subroutine append_one_r32(self, value, stat, errmsg)
    class(parmap_buffer), intent(inout) :: self
    real(real32), intent(in), target :: value
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call report_status(parmap_buffer_append(self%handle, c_loc(value), storage_size(value, int64)/8), stat, errmsg)
  end subroutine

  recursive subroutine append_r32(self, value, stat, errmsg)
    class(parmap_buffer), intent(inout) :: self
    real(real32), intent(in), target, contiguous :: value(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call report_status(parmap_buffer_append(self%handle, c_loc(value), size(value, kind=int64)*(storage_size(value, int64)/8)), &
      stat, errmsg)
  end subroutine

  recursive subroutine resize_r32(self, values, n, stat, errmsg)
    class(parmap_buffer), intent(inout) :: self
    real(real32), pointer, intent(out) :: values(:)
    class(*), intent(in) :: n
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    real(real32), target, save :: none(1) = 0
    type(c_ptr) :: first
    integer(int32) :: status
    values => none(:0)
    first = c_null_ptr
    status = parmap_buffer_resize(self%handle, whole(n)*(storage_size(none, int64)/8), first)
    if (status >= 0 .and. whole(n) > 0) call c_f_pointer(first, values, [whole(n)])
    call report_status(status, stat, errmsg)
  end subroutine

  recursive subroutine get_one_r64(self, value, stat, errmsg)
    class(parmap_data), intent(inout) :: self
    real(real64), intent(inout) :: value
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int8), pointer :: bytes(:)
    character(:), allocatable :: text
    integer(int32) :: status
    call take(self, storage_size(value, int64)/8, bytes, status, text)
    if (status >= 0) value = transfer(bytes, value)
    call report_status(status, stat, errmsg, text)
  end subroutine

  recursive subroutine get_r64(self, value, stat, errmsg)
    class(parmap_data), intent(inout) :: self
    real(real64), intent(inout) :: value(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int8), pointer :: bytes(:)
    character(:), allocatable :: text
    integer(int32) :: status
    call take(self, size(value, kind=int64)*(storage_size(value, int64)/8), bytes, status, text)
    if (status >= 0) value = transfer(bytes, value, size(value))
    call report_status(status, stat, errmsg, text)
  end subroutine

  recursive subroutine point_r64(self, values, stat, errmsg)
    class(parmap_data), intent(inout) :: self
    real(real64), pointer, intent(out) :: values(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int8), pointer :: bytes(:)
    character(:), allocatable :: text
    integer(int32) :: status
    integer(int64) :: one
    real(real64), target, save :: none(1) = 0
    one = storage_size(none, int64)/8
    values => none(:0)
    status = DICOD_OK
    allocate (character(0) :: text)
    if (modulo(self%left(), one) /= 0 .or. modulo(self%at, one) /= 0) then
      status = DICOD_ERROR_INVALID_ARGUMENT
      text = 'bytes left and read before are no multiples of the size of a value: '//text_of([self%left(), self%at, one])
    else if (self%left() > 0) then
      call take(self, self%left(), bytes, status, text)
      call c_f_pointer(c_loc(bytes), values, [size(bytes, kind=int64)/one])
    end if
    call report_status(status, stat, errmsg, text)
  end subroutine

  recursive subroutine append_one_r64(self, value, stat, errmsg)
    class(parmap_buffer), intent(inout) :: self
    real(real64), intent(in), target :: value
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call report_status(parmap_buffer_append(self%handle, c_loc(value), storage_size(value, int64)/8), stat, errmsg)
  end subroutine

  recursive subroutine append_r64(self, value, stat, errmsg)
    class(parmap_buffer), intent(inout) :: self
    real(real64), intent(in), target, contiguous :: value(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call report_status(parmap_buffer_append(self%handle, c_loc(value), size(value, kind=int64)*(storage_size(value, int64)/8)), &
      stat, errmsg)
  end subroutine

  recursive subroutine resize_r64(self, values, n, stat, errmsg)
    class(parmap_buffer), intent(inout) :: self
    real(real64), pointer, intent(out) :: values(:)
    class(*), intent(in) :: n
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    real(real64), target, save :: none(1) = 0
    type(c_ptr) :: first
    integer(int32) :: status
    values => none(:0)
    first = c_null_ptr
    status = parmap_buffer_resize(self%handle, whole(n)*(storage_size(none, int64)/8), first)
    if (status >= 0 .and. whole(n) > 0) call c_f_pointer(first, values, [whole(n)])
    call report_status(status, stat, errmsg)
  end subroutine

end module

! The procedures that programs write for a map, and those of C's kind that call them.
!
! They get class(*) data: what a call was given as user comes last, what belongs to a state, node or operator comes first.
! code is 0 at first; a positive one says that it failed. Those with numbers are there for each kind: map_procedure for real64,
! map_procedure_real32, map_procedure_int32 and so on.
module parmap_callback_m
  use, intrinsic :: iso_fortran_env, only: int8, int32, int64, real32, real64
  use dicod_c
  use dicod_error_m
  use parmap_task_m
  implicit none
  private
  public :: map_procedure_int8, reduce_procedure_int8, join_procedure_int8, state_input_procedure_int8
  public :: item_at_i8, work_trampoline_i8
  public :: map_procedure_int32, reduce_procedure_int32, join_procedure_int32, state_input_procedure_int32
  public :: item_at_i32, work_trampoline_i32
  public :: map_procedure_int64, reduce_procedure_int64, join_procedure_int64, state_input_procedure_int64
  public :: item_at_i64, work_trampoline_i64
  public :: map_procedure_real32, reduce_procedure_real32, join_procedure_real32, state_input_procedure_real32
  public :: item_at_r32, work_trampoline_r32
  public :: map_procedure, reduce_procedure, join_procedure, state_input_procedure
  public :: item_at_r64, work_trampoline_r64
  public :: map_progress_procedure
  public :: item_procedure, produce_procedure, consume_procedure
  public :: state_procedure, state_pack_procedure, state_unpack_procedure, state_join_procedure
  public :: map_box, progress_box, stream_box, ends_of
  public :: progress_trampoline, produce_trampoline, item_trampoline, consume_trampoline
  public :: state_box, new_state, drop_state

  abstract interface
    ! Told how a map gets on; setting stop to .true. ends it with PARMAP_ERROR_CANCELLED.
    subroutine map_progress_procedure(progress, stop, user)
      import :: parmap_progress
      type(parmap_progress), intent(in) :: progress
      logical, intent(inout) :: stop
      class(*), intent(inout), optional :: user
    end subroutine
    ! One task of a map: output is zero at first. With more threads than one it is called by several at a time.
    subroutine map_procedure_int8(task, input, output, code, user)
      import
      type(parmap_task), intent(in) :: task
      integer(int8), intent(in) :: input(:)
      integer(int8), intent(inout) :: output(:)
      integer(int32), intent(inout) :: code
      class(*), intent(inout), optional :: user
    end subroutine
    ! One task of a reduction of numbers: changes state.
    subroutine reduce_procedure_int8(task, input, state, code, user)
      import
      type(parmap_task), intent(in) :: task
      integer(int8), intent(in) :: input(:)
      integer(int8), intent(inout) :: state(:)
      integer(int32), intent(inout) :: code
      class(*), intent(inout), optional :: user
    end subroutine
    ! Joins the numbers of later tasks, from, into others.
    subroutine join_procedure_int8(into, from, user)
      import
      integer(int8), intent(inout) :: into(:)
      integer(int8), intent(in) :: from(:)
      class(*), intent(inout), optional :: user
    end subroutine
    ! One task of a reduction of any type: changes state.
    subroutine state_input_procedure_int8(state, task, input, code)
      import
      class(*), intent(inout) :: state
      type(parmap_task), intent(in) :: task
      integer(int8), intent(in) :: input(:)
      integer(int32), intent(inout) :: code
    end subroutine
    ! One task of a map: output is zero at first. With more threads than one it is called by several at a time.
    subroutine map_procedure_int32(task, input, output, code, user)
      import
      type(parmap_task), intent(in) :: task
      integer(int32), intent(in) :: input(:)
      integer(int32), intent(inout) :: output(:)
      integer(int32), intent(inout) :: code
      class(*), intent(inout), optional :: user
    end subroutine
    ! One task of a reduction of numbers: changes state.
    subroutine reduce_procedure_int32(task, input, state, code, user)
      import
      type(parmap_task), intent(in) :: task
      integer(int32), intent(in) :: input(:)
      integer(int32), intent(inout) :: state(:)
      integer(int32), intent(inout) :: code
      class(*), intent(inout), optional :: user
    end subroutine
    ! Joins the numbers of later tasks, from, into others.
    subroutine join_procedure_int32(into, from, user)
      import
      integer(int32), intent(inout) :: into(:)
      integer(int32), intent(in) :: from(:)
      class(*), intent(inout), optional :: user
    end subroutine
    ! One task of a reduction of any type: changes state.
    subroutine state_input_procedure_int32(state, task, input, code)
      import
      class(*), intent(inout) :: state
      type(parmap_task), intent(in) :: task
      integer(int32), intent(in) :: input(:)
      integer(int32), intent(inout) :: code
    end subroutine
    ! One task of a map: output is zero at first. With more threads than one it is called by several at a time.
    subroutine map_procedure_int64(task, input, output, code, user)
      import
      type(parmap_task), intent(in) :: task
      integer(int64), intent(in) :: input(:)
      integer(int64), intent(inout) :: output(:)
      integer(int32), intent(inout) :: code
      class(*), intent(inout), optional :: user
    end subroutine
    ! One task of a reduction of numbers: changes state.
    subroutine reduce_procedure_int64(task, input, state, code, user)
      import
      type(parmap_task), intent(in) :: task
      integer(int64), intent(in) :: input(:)
      integer(int64), intent(inout) :: state(:)
      integer(int32), intent(inout) :: code
      class(*), intent(inout), optional :: user
    end subroutine
    ! Joins the numbers of later tasks, from, into others.
    subroutine join_procedure_int64(into, from, user)
      import
      integer(int64), intent(inout) :: into(:)
      integer(int64), intent(in) :: from(:)
      class(*), intent(inout), optional :: user
    end subroutine
    ! One task of a reduction of any type: changes state.
    subroutine state_input_procedure_int64(state, task, input, code)
      import
      class(*), intent(inout) :: state
      type(parmap_task), intent(in) :: task
      integer(int64), intent(in) :: input(:)
      integer(int32), intent(inout) :: code
    end subroutine
    ! One task of a map: output is zero at first. With more threads than one it is called by several at a time.
    subroutine map_procedure_real32(task, input, output, code, user)
      import
      type(parmap_task), intent(in) :: task
      real(real32), intent(in) :: input(:)
      real(real32), intent(inout) :: output(:)
      integer(int32), intent(inout) :: code
      class(*), intent(inout), optional :: user
    end subroutine
    ! One task of a reduction of numbers: changes state.
    subroutine reduce_procedure_real32(task, input, state, code, user)
      import
      type(parmap_task), intent(in) :: task
      real(real32), intent(in) :: input(:)
      real(real32), intent(inout) :: state(:)
      integer(int32), intent(inout) :: code
      class(*), intent(inout), optional :: user
    end subroutine
    ! Joins the numbers of later tasks, from, into others.
    subroutine join_procedure_real32(into, from, user)
      import
      real(real32), intent(inout) :: into(:)
      real(real32), intent(in) :: from(:)
      class(*), intent(inout), optional :: user
    end subroutine
    ! One task of a reduction of any type: changes state.
    subroutine state_input_procedure_real32(state, task, input, code)
      import
      class(*), intent(inout) :: state
      type(parmap_task), intent(in) :: task
      real(real32), intent(in) :: input(:)
      integer(int32), intent(inout) :: code
    end subroutine
    ! One task of a map: output is zero at first. With more threads than one it is called by several at a time.
    subroutine map_procedure(task, input, output, code, user)
      import
      type(parmap_task), intent(in) :: task
      real(real64), intent(in) :: input(:)
      real(real64), intent(inout) :: output(:)
      integer(int32), intent(inout) :: code
      class(*), intent(inout), optional :: user
    end subroutine
    ! One task of a reduction of numbers: changes state.
    subroutine reduce_procedure(task, input, state, code, user)
      import
      type(parmap_task), intent(in) :: task
      real(real64), intent(in) :: input(:)
      real(real64), intent(inout) :: state(:)
      integer(int32), intent(inout) :: code
      class(*), intent(inout), optional :: user
    end subroutine
    ! Joins the numbers of later tasks, from, into others.
    subroutine join_procedure(into, from, user)
      import
      real(real64), intent(inout) :: into(:)
      real(real64), intent(in) :: from(:)
      class(*), intent(inout), optional :: user
    end subroutine
    ! One task of a reduction of any type: changes state.
    subroutine state_input_procedure(state, task, input, code)
      import
      class(*), intent(inout) :: state
      type(parmap_task), intent(in) :: task
      real(real64), intent(in) :: input(:)
      integer(int32), intent(inout) :: code
    end subroutine
    ! One item of a stream. With more threads than one it is called by several at a time.
    subroutine item_procedure(task, input, output, code, user)
      import :: parmap_task, parmap_data, parmap_buffer, int32
      type(parmap_task), intent(in) :: task
      type(parmap_data), intent(inout) :: input
      type(parmap_buffer), intent(inout) :: output
      integer(int32), intent(inout) :: code
      class(*), intent(inout), optional :: user
    end subroutine
    ! Writes the next item; or sets code to PARMAP_END, or to PARMAP_WAIT when there is none now.
    subroutine produce_procedure(item, code, user)
      import :: parmap_buffer, int32
      type(parmap_buffer), intent(inout) :: item
      integer(int32), intent(inout) :: code
      class(*), intent(inout), optional :: user
    end subroutine
    ! Takes the result of item index; status is not 0 if it failed. Setting code to PARMAP_STOP ends the stream.
    subroutine consume_procedure(index, status, result, code, user)
      import :: parmap_data, int32, int64
      integer(int64), intent(in) :: index
      integer(int32), intent(in) :: status
      type(parmap_data), intent(inout) :: result
      integer(int32), intent(inout) :: code
      class(*), intent(inout), optional :: user
    end subroutine
    ! What a state of any type can do; several states at a time.
    subroutine state_procedure(state, code)
      import :: int32
      class(*), intent(inout) :: state
      integer(int32), intent(inout) :: code
    end subroutine
    ! Writes what it takes to send a state to another rank.
    subroutine state_pack_procedure(state, output, code)
      import :: parmap_buffer, int32
      class(*), intent(inout) :: state
      type(parmap_buffer), intent(inout) :: output
      integer(int32), intent(inout) :: code
    end subroutine
    ! Makes a state what another rank has packed.
    subroutine state_unpack_procedure(state, input, code)
      import :: parmap_data, int32
      class(*), intent(inout) :: state
      type(parmap_data), intent(inout) :: input
      integer(int32), intent(inout) :: code
    end subroutine
    ! Adds what another state has to this one.
    subroutine state_join_procedure(state, from, code)
      import :: int32
      class(*), intent(inout) :: state, from
      integer(int32), intent(inout) :: code
    end subroutine
  end interface

  ! One of the procedures is set.
  type :: map_box
    procedure(map_procedure_int8), pointer, nopass :: work_i8 => null()
    procedure(map_procedure_int32), pointer, nopass :: work_i32 => null()
    procedure(map_procedure_int64), pointer, nopass :: work_i64 => null()
    procedure(map_procedure_real32), pointer, nopass :: work_r32 => null()
    procedure(map_procedure), pointer, nopass :: work_r64 => null()
    class(*), pointer :: user => null()
    integer(int64) :: n_in = 0, n_out = 0
  end type

  type :: progress_box
    procedure(map_progress_procedure), pointer, nopass :: progress => null()
    class(*), pointer :: user => null()
  end type

  type :: stream_box
    procedure(produce_procedure), pointer, nopass :: produce => null()
    procedure(item_procedure), pointer, nopass :: work => null()
    procedure(consume_procedure), pointer, nopass :: consume => null()
    class(*), pointer :: user => null()
  end type

  ! A state of any type, or a copy of one, behind an address; owner: the box with the procedures that it has.
  type :: state_box
    class(*), pointer :: state => null()
    type(c_ptr) :: owner = c_null_ptr
  end type

  integer(int8), target, save :: nowhere_i8(1) = 0
  integer(int32), target, save :: nowhere_i32(1) = 0
  integer(int64), target, save :: nowhere_i64(1) = 0
  real(real32), target, save :: nowhere_r32(1) = 0
  real(real64), target, save :: nowhere_r64(1) = 0

contains

  ! The n numbers at an address, which is NULL if there are none.
  recursive function item_at_i8(first, n) result(numbers)
    type(c_ptr), intent(in) :: first
    integer(int64), intent(in) :: n
    integer(int8), pointer :: numbers(:)
    numbers => nowhere_i8(:0)
    if (n > 0) call c_f_pointer(first, numbers, [n])
  end function

  recursive function work_trampoline_i8(userdata, task, input, output) bind(c, name='') result(code)
    type(c_ptr), value :: userdata, task, input, output
    integer(c_int32_t) :: code
    type(map_box), pointer :: box
    call c_f_pointer(userdata, box)
    code = 0
    call box%work_i8(parmap_task(task), item_at_i8(input, box%n_in), item_at_i8(output, box%n_out), code, box%user)
  end function

  ! The n numbers at an address, which is NULL if there are none.
  recursive function item_at_i32(first, n) result(numbers)
    type(c_ptr), intent(in) :: first
    integer(int64), intent(in) :: n
    integer(int32), pointer :: numbers(:)
    numbers => nowhere_i32(:0)
    if (n > 0) call c_f_pointer(first, numbers, [n])
  end function

  recursive function work_trampoline_i32(userdata, task, input, output) bind(c, name='') result(code)
    type(c_ptr), value :: userdata, task, input, output
    integer(c_int32_t) :: code
    type(map_box), pointer :: box
    call c_f_pointer(userdata, box)
    code = 0
    call box%work_i32(parmap_task(task), item_at_i32(input, box%n_in), item_at_i32(output, box%n_out), code, box%user)
  end function

  ! The n numbers at an address, which is NULL if there are none.
  recursive function item_at_i64(first, n) result(numbers)
    type(c_ptr), intent(in) :: first
    integer(int64), intent(in) :: n
    integer(int64), pointer :: numbers(:)
    numbers => nowhere_i64(:0)
    if (n > 0) call c_f_pointer(first, numbers, [n])
  end function

  recursive function work_trampoline_i64(userdata, task, input, output) bind(c, name='') result(code)
    type(c_ptr), value :: userdata, task, input, output
    integer(c_int32_t) :: code
    type(map_box), pointer :: box
    call c_f_pointer(userdata, box)
    code = 0
    call box%work_i64(parmap_task(task), item_at_i64(input, box%n_in), item_at_i64(output, box%n_out), code, box%user)
  end function

  ! The n numbers at an address, which is NULL if there are none.
  recursive function item_at_r32(first, n) result(numbers)
    type(c_ptr), intent(in) :: first
    integer(int64), intent(in) :: n
    real(real32), pointer :: numbers(:)
    numbers => nowhere_r32(:0)
    if (n > 0) call c_f_pointer(first, numbers, [n])
  end function

  recursive function work_trampoline_r32(userdata, task, input, output) bind(c, name='') result(code)
    type(c_ptr), value :: userdata, task, input, output
    integer(c_int32_t) :: code
    type(map_box), pointer :: box
    call c_f_pointer(userdata, box)
    code = 0
    call box%work_r32(parmap_task(task), item_at_r32(input, box%n_in), item_at_r32(output, box%n_out), code, box%user)
  end function

  ! The n numbers at an address, which is NULL if there are none.
  recursive function item_at_r64(first, n) result(numbers)
    type(c_ptr), intent(in) :: first
    integer(int64), intent(in) :: n
    real(real64), pointer :: numbers(:)
    numbers => nowhere_r64(:0)
    if (n > 0) call c_f_pointer(first, numbers, [n])
  end function

  recursive function work_trampoline_r64(userdata, task, input, output) bind(c, name='') result(code)
    type(c_ptr), value :: userdata, task, input, output
    integer(c_int32_t) :: code
    type(map_box), pointer :: box
    call c_f_pointer(userdata, box)
    code = 0
    call box%work_r64(parmap_task(task), item_at_r64(input, box%n_in), item_at_r64(output, box%n_out), code, box%user)
  end function

  recursive function progress_trampoline(userdata, progress) bind(c, name='') result(code)
    type(c_ptr), value :: userdata
    type(parmap_progress), intent(in) :: progress
    integer(c_int32_t) :: code
    type(progress_box), pointer :: box
    logical :: stop
    call c_f_pointer(userdata, box)
    stop = .false.
    call box%progress(progress, stop, box%user)
    code = merge(1_int32, 0_int32, stop)
  end function

  ! Where a stream begins and ends; on ranks other than 0 nowhere.
  recursive subroutine ends_of(box, produce, consume, user, producer, consumer)
    type(stream_box), intent(inout) :: box
    procedure(produce_procedure), optional :: produce
    procedure(consume_procedure), optional :: consume
    class(*), intent(in), target, optional :: user
    type(c_funptr), intent(out) :: producer, consumer
    producer = c_null_funptr
    consumer = c_null_funptr
    if (present(user)) box%user => user
    if (present(produce)) then
      box%produce => produce
      producer = c_funloc(produce_trampoline)
    end if
    if (present(consume)) then
      box%consume => consume
      consumer = c_funloc(consume_trampoline)
    end if
  end subroutine

  recursive function produce_trampoline(userdata, buffer) bind(c, name='') result(code)
    type(c_ptr), value :: userdata, buffer
    integer(c_int32_t) :: code
    type(stream_box), pointer :: box
    type(parmap_buffer) :: item
    call c_f_pointer(userdata, box)
    item%handle = buffer
    code = PARMAP_ITEM
    call box%produce(item, code, box%user)
  end function

  recursive function item_trampoline(userdata, task, input, size, output) bind(c, name='') result(code)
    type(c_ptr), value :: userdata, task, input, output
    integer(c_int64_t), value :: size
    integer(c_int32_t) :: code
    type(stream_box), pointer :: box
    type(parmap_data) :: data
    type(parmap_buffer) :: written
    call c_f_pointer(userdata, box)
    data = data_at(input, size)
    written%handle = output
    code = 0
    call box%work(parmap_task(task), data, written, code, box%user)
  end function

  recursive function consume_trampoline(userdata, index, status, data, size) bind(c, name='') result(code)
    type(c_ptr), value :: userdata, data
    integer(c_int64_t), value :: index, size
    integer(c_int32_t), value :: status
    integer(c_int32_t) :: code
    type(stream_box), pointer :: box
    type(parmap_data) :: result_
    call c_f_pointer(userdata, box)
    result_ = data_at(data, size)
    code = 0
    call box%consume(index + 1, status, result_, code, box%user)
  end function

  ! A copy of a state, with the same procedures; NULL: no memory.
  recursive function new_state(box) result(copy)
    type(state_box), intent(in) :: box
    type(c_ptr) :: copy
    type(state_box), pointer :: made
    integer :: failed
    copy = c_null_ptr
    allocate (made, stat=failed)
    if (failed /= 0) return
    made%owner = box%owner
    allocate (made%state, source=box%state, stat=failed)
    if (failed == 0) then
      copy = c_loc(made)
    else
      deallocate (made)
    end if
  end function

  recursive subroutine drop_state(box)
    type(state_box), pointer, intent(inout) :: box
    deallocate (box%state)
    deallocate (box)
  end subroutine
end module

! Reductions: a state of any type, or numbers, which are such a state with procedures of their own.
module parmap_reduce_m
  use, intrinsic :: iso_fortran_env, only: int8, int32, int64, real32, real64
  use dicod_c
  use parmap_task_m
  use parmap_callback_m
  implicit none
  private
  public :: reduce_box, reducer_of
  public :: numbers_i8, numbers_work_i8, numbers_join_i8, numbers_pack_i8, numbers_unpack_i8
  public :: numbers_i32, numbers_work_i32, numbers_join_i32, numbers_pack_i32, numbers_unpack_i32
  public :: numbers_i64, numbers_work_i64, numbers_join_i64, numbers_pack_i64, numbers_unpack_i64
  public :: numbers_r32, numbers_work_r32, numbers_join_r32, numbers_pack_r32, numbers_unpack_r32
  public :: numbers_r64, numbers_work_r64, numbers_join_r64, numbers_pack_r64, numbers_unpack_r64

  ! One of the procedures work_... is set.
  type :: reduce_box
    procedure(state_input_procedure_int8), pointer, nopass :: work_i8 => null()
    procedure(state_input_procedure_int32), pointer, nopass :: work_i32 => null()
    procedure(state_input_procedure_int64), pointer, nopass :: work_i64 => null()
    procedure(state_input_procedure_real32), pointer, nopass :: work_r32 => null()
    procedure(state_input_procedure), pointer, nopass :: work_r64 => null()
    procedure(state_join_procedure), pointer, nopass :: join => null()
    procedure(state_pack_procedure), pointer, nopass :: pack => null()
    procedure(state_unpack_procedure), pointer, nopass :: unpack => null()
    integer(int64) :: n_in = 0
  end type

  type :: numbers_i8
    integer(int8), allocatable :: values(:)
    procedure(reduce_procedure_int8), pointer, nopass :: work => null()
    procedure(join_procedure_int8), pointer, nopass :: join => null()
    class(*), pointer :: user => null()
  end type

  type :: numbers_i32
    integer(int32), allocatable :: values(:)
    procedure(reduce_procedure_int32), pointer, nopass :: work => null()
    procedure(join_procedure_int32), pointer, nopass :: join => null()
    class(*), pointer :: user => null()
  end type

  type :: numbers_i64
    integer(int64), allocatable :: values(:)
    procedure(reduce_procedure_int64), pointer, nopass :: work => null()
    procedure(join_procedure_int64), pointer, nopass :: join => null()
    class(*), pointer :: user => null()
  end type

  type :: numbers_r32
    real(real32), allocatable :: values(:)
    procedure(reduce_procedure_real32), pointer, nopass :: work => null()
    procedure(join_procedure_real32), pointer, nopass :: join => null()
    class(*), pointer :: user => null()
  end type

  type :: numbers_r64
    real(real64), allocatable :: values(:)
    procedure(reduce_procedure), pointer, nopass :: work => null()
    procedure(join_procedure), pointer, nopass :: join => null()
    class(*), pointer :: user => null()
  end type

contains

  recursive function reducer_of(box) result(reducer)
    type(reduce_box), intent(in), target :: box
    type(parmap_reducer) :: reducer
    reducer%userdata = c_loc(box)
    reducer%fork_state = c_funloc(reduce_fork)
    if (associated(box%work_i8)) reducer%work = c_funloc(reduce_work_i8)
    if (associated(box%work_i32)) reducer%work = c_funloc(reduce_work_i32)
    if (associated(box%work_i64)) reducer%work = c_funloc(reduce_work_i64)
    if (associated(box%work_r32)) reducer%work = c_funloc(reduce_work_r32)
    if (associated(box%work_r64)) reducer%work = c_funloc(reduce_work_r64)
    reducer%pack = c_funloc(reduce_pack)
    reducer%unpack = c_funloc(reduce_unpack)
    reducer%join_states = c_funloc(reduce_join)
    reducer%free_state = c_funloc(reduce_free)
  end function

  recursive function reduce_fork(userdata, pristine, state) bind(c, name='') result(code)
    type(c_ptr), value :: userdata, pristine
    type(c_ptr), intent(inout) :: state
    integer(c_int32_t) :: code
    type(state_box), pointer :: from
    code = 1
    if (.not. c_associated(userdata)) return
    call c_f_pointer(pristine, from)
    state = new_state(from)
    code = merge(0_int32, 1_int32, c_associated(state))
  end function

  recursive function reduce_work_i8(userdata, state, task, input) bind(c, name='') result(code)
    type(c_ptr), value :: userdata, state, task, input
    integer(c_int32_t) :: code
    type(reduce_box), pointer :: box
    type(state_box), pointer :: its
    call c_f_pointer(userdata, box)
    call c_f_pointer(state, its)
    code = 0
    call box%work_i8(its%state, parmap_task(task), item_at_i8(input, box%n_in), code)
  end function

  recursive function reduce_work_i32(userdata, state, task, input) bind(c, name='') result(code)
    type(c_ptr), value :: userdata, state, task, input
    integer(c_int32_t) :: code
    type(reduce_box), pointer :: box
    type(state_box), pointer :: its
    call c_f_pointer(userdata, box)
    call c_f_pointer(state, its)
    code = 0
    call box%work_i32(its%state, parmap_task(task), item_at_i32(input, box%n_in), code)
  end function

  recursive function reduce_work_i64(userdata, state, task, input) bind(c, name='') result(code)
    type(c_ptr), value :: userdata, state, task, input
    integer(c_int32_t) :: code
    type(reduce_box), pointer :: box
    type(state_box), pointer :: its
    call c_f_pointer(userdata, box)
    call c_f_pointer(state, its)
    code = 0
    call box%work_i64(its%state, parmap_task(task), item_at_i64(input, box%n_in), code)
  end function

  recursive function reduce_work_r32(userdata, state, task, input) bind(c, name='') result(code)
    type(c_ptr), value :: userdata, state, task, input
    integer(c_int32_t) :: code
    type(reduce_box), pointer :: box
    type(state_box), pointer :: its
    call c_f_pointer(userdata, box)
    call c_f_pointer(state, its)
    code = 0
    call box%work_r32(its%state, parmap_task(task), item_at_r32(input, box%n_in), code)
  end function

  recursive function reduce_work_r64(userdata, state, task, input) bind(c, name='') result(code)
    type(c_ptr), value :: userdata, state, task, input
    integer(c_int32_t) :: code
    type(reduce_box), pointer :: box
    type(state_box), pointer :: its
    call c_f_pointer(userdata, box)
    call c_f_pointer(state, its)
    code = 0
    call box%work_r64(its%state, parmap_task(task), item_at_r64(input, box%n_in), code)
  end function

  recursive function reduce_pack(userdata, state, buffer) bind(c, name='') result(code)
    type(c_ptr), value :: userdata, state, buffer
    integer(c_int32_t) :: code
    type(reduce_box), pointer :: box
    type(state_box), pointer :: its
    type(parmap_buffer) :: output
    call c_f_pointer(userdata, box)
    call c_f_pointer(state, its)
    output%handle = buffer
    code = 0
    call box%pack(its%state, output, code)
  end function

  recursive function reduce_unpack(userdata, state, data, size) bind(c, name='') result(code)
    type(c_ptr), value :: userdata, state, data
    integer(c_int64_t), value :: size
    integer(c_int32_t) :: code
    type(reduce_box), pointer :: box
    type(state_box), pointer :: its
    type(parmap_data) :: input
    call c_f_pointer(userdata, box)
    call c_f_pointer(state, its)
    input = data_at(data, size)
    code = 0
    call box%unpack(its%state, input, code)
  end function

  recursive function reduce_join(userdata, into, from) bind(c, name='') result(code)
    type(c_ptr), value :: userdata, into, from
    integer(c_int32_t) :: code
    type(reduce_box), pointer :: box
    type(state_box), pointer :: its, other
    call c_f_pointer(userdata, box)
    call c_f_pointer(into, its)
    call c_f_pointer(from, other)
    code = 0
    call box%join(its%state, other%state, code)
  end function

  recursive subroutine reduce_free(userdata, state) bind(c, name='')
    type(c_ptr), value :: userdata, state
    type(state_box), pointer :: its
    call c_f_pointer(state, its)
    if (c_associated(userdata)) call drop_state(its)
  end subroutine

  recursive subroutine numbers_work_i8(state, task, input, code)
    class(*), intent(inout) :: state
    type(parmap_task), intent(in) :: task
    integer(int8), intent(in) :: input(:)
    integer(int32), intent(inout) :: code
    select type (state)
    type is (numbers_i8)
      call state%work(task, input, state%values, code, state%user)
    end select
  end subroutine

  recursive subroutine numbers_join_i8(state, from, code)
    class(*), intent(inout) :: state, from
    integer(int32), intent(inout) :: code
    select type (state)
    type is (numbers_i8)
      select type (from)
      type is (numbers_i8)
        if (associated(state%join)) then
          call state%join(state%values, from%values, state%user)
        else
          state%values = state%values + from%values
        end if
        code = 0
      end select
    end select
  end subroutine

  recursive subroutine numbers_pack_i8(state, output, code)
    class(*), intent(inout) :: state
    type(parmap_buffer), intent(inout) :: output
    integer(int32), intent(inout) :: code
    select type (state)
    type is (numbers_i8)
      call output%append(state%values, stat=code)
      code = merge(1_int32, 0_int32, code < 0)
    end select
  end subroutine

  recursive subroutine numbers_unpack_i8(state, input, code)
    class(*), intent(inout) :: state
    type(parmap_data), intent(inout) :: input
    integer(int32), intent(inout) :: code
    select type (state)
    type is (numbers_i8)
      call input%get(state%values, stat=code)
      code = merge(1_int32, 0_int32, code < 0)
    end select
  end subroutine

  recursive subroutine numbers_work_i32(state, task, input, code)
    class(*), intent(inout) :: state
    type(parmap_task), intent(in) :: task
    integer(int32), intent(in) :: input(:)
    integer(int32), intent(inout) :: code
    select type (state)
    type is (numbers_i32)
      call state%work(task, input, state%values, code, state%user)
    end select
  end subroutine

  recursive subroutine numbers_join_i32(state, from, code)
    class(*), intent(inout) :: state, from
    integer(int32), intent(inout) :: code
    select type (state)
    type is (numbers_i32)
      select type (from)
      type is (numbers_i32)
        if (associated(state%join)) then
          call state%join(state%values, from%values, state%user)
        else
          state%values = state%values + from%values
        end if
        code = 0
      end select
    end select
  end subroutine

  recursive subroutine numbers_pack_i32(state, output, code)
    class(*), intent(inout) :: state
    type(parmap_buffer), intent(inout) :: output
    integer(int32), intent(inout) :: code
    select type (state)
    type is (numbers_i32)
      call output%append(state%values, stat=code)
      code = merge(1_int32, 0_int32, code < 0)
    end select
  end subroutine

  recursive subroutine numbers_unpack_i32(state, input, code)
    class(*), intent(inout) :: state
    type(parmap_data), intent(inout) :: input
    integer(int32), intent(inout) :: code
    select type (state)
    type is (numbers_i32)
      call input%get(state%values, stat=code)
      code = merge(1_int32, 0_int32, code < 0)
    end select
  end subroutine

  recursive subroutine numbers_work_i64(state, task, input, code)
    class(*), intent(inout) :: state
    type(parmap_task), intent(in) :: task
    integer(int64), intent(in) :: input(:)
    integer(int32), intent(inout) :: code
    select type (state)
    type is (numbers_i64)
      call state%work(task, input, state%values, code, state%user)
    end select
  end subroutine

  recursive subroutine numbers_join_i64(state, from, code)
    class(*), intent(inout) :: state, from
    integer(int32), intent(inout) :: code
    select type (state)
    type is (numbers_i64)
      select type (from)
      type is (numbers_i64)
        if (associated(state%join)) then
          call state%join(state%values, from%values, state%user)
        else
          state%values = state%values + from%values
        end if
        code = 0
      end select
    end select
  end subroutine

  recursive subroutine numbers_pack_i64(state, output, code)
    class(*), intent(inout) :: state
    type(parmap_buffer), intent(inout) :: output
    integer(int32), intent(inout) :: code
    select type (state)
    type is (numbers_i64)
      call output%append(state%values, stat=code)
      code = merge(1_int32, 0_int32, code < 0)
    end select
  end subroutine

  recursive subroutine numbers_unpack_i64(state, input, code)
    class(*), intent(inout) :: state
    type(parmap_data), intent(inout) :: input
    integer(int32), intent(inout) :: code
    select type (state)
    type is (numbers_i64)
      call input%get(state%values, stat=code)
      code = merge(1_int32, 0_int32, code < 0)
    end select
  end subroutine

  recursive subroutine numbers_work_r32(state, task, input, code)
    class(*), intent(inout) :: state
    type(parmap_task), intent(in) :: task
    real(real32), intent(in) :: input(:)
    integer(int32), intent(inout) :: code
    select type (state)
    type is (numbers_r32)
      call state%work(task, input, state%values, code, state%user)
    end select
  end subroutine

  recursive subroutine numbers_join_r32(state, from, code)
    class(*), intent(inout) :: state, from
    integer(int32), intent(inout) :: code
    select type (state)
    type is (numbers_r32)
      select type (from)
      type is (numbers_r32)
        if (associated(state%join)) then
          call state%join(state%values, from%values, state%user)
        else
          state%values = state%values + from%values
        end if
        code = 0
      end select
    end select
  end subroutine

  recursive subroutine numbers_pack_r32(state, output, code)
    class(*), intent(inout) :: state
    type(parmap_buffer), intent(inout) :: output
    integer(int32), intent(inout) :: code
    select type (state)
    type is (numbers_r32)
      call output%append(state%values, stat=code)
      code = merge(1_int32, 0_int32, code < 0)
    end select
  end subroutine

  recursive subroutine numbers_unpack_r32(state, input, code)
    class(*), intent(inout) :: state
    type(parmap_data), intent(inout) :: input
    integer(int32), intent(inout) :: code
    select type (state)
    type is (numbers_r32)
      call input%get(state%values, stat=code)
      code = merge(1_int32, 0_int32, code < 0)
    end select
  end subroutine

  recursive subroutine numbers_work_r64(state, task, input, code)
    class(*), intent(inout) :: state
    type(parmap_task), intent(in) :: task
    real(real64), intent(in) :: input(:)
    integer(int32), intent(inout) :: code
    select type (state)
    type is (numbers_r64)
      call state%work(task, input, state%values, code, state%user)
    end select
  end subroutine

  recursive subroutine numbers_join_r64(state, from, code)
    class(*), intent(inout) :: state, from
    integer(int32), intent(inout) :: code
    select type (state)
    type is (numbers_r64)
      select type (from)
      type is (numbers_r64)
        if (associated(state%join)) then
          call state%join(state%values, from%values, state%user)
        else
          state%values = state%values + from%values
        end if
        code = 0
      end select
    end select
  end subroutine

  recursive subroutine numbers_pack_r64(state, output, code)
    class(*), intent(inout) :: state
    type(parmap_buffer), intent(inout) :: output
    integer(int32), intent(inout) :: code
    select type (state)
    type is (numbers_r64)
      call output%append(state%values, stat=code)
      code = merge(1_int32, 0_int32, code < 0)
    end select
  end subroutine

  recursive subroutine numbers_unpack_r64(state, input, code)
    class(*), intent(inout) :: state
    type(parmap_data), intent(inout) :: input
    integer(int32), intent(inout) :: code
    select type (state)
    type is (numbers_r64)
      call input%get(state%values, stat=code)
      code = merge(1_int32, 0_int32, code < 0)
    end select
  end subroutine

end module

! A map over the ranks and threads of a context. Everything is collective unless it says otherwise.
module parmap_m
  use, intrinsic :: iso_fortran_env, only: int8, int32, int64, real32, real64
  use dicod_c
  use dicod_error_m
  use dicod_context_m
  use parmap_task_m
  use parmap_callback_m
  use parmap_reduce_m
  implicit none
  private
  public :: parmap, parmap_pull, report_message, report_text

  type, extends(library_handle) :: parmap
    logical :: collective = .false.
    type(progress_box), pointer, private :: box => null()
    type(registered), pointer, private :: names => null()
    character(kind=c_char), pointer, private :: title(:) => null()
  contains
    procedure :: create => map_create
    procedure :: free => map_free
    procedure :: set => map_set
    procedure :: set_text => map_set_text
    procedure, private :: map_get_real, map_get_real32, map_get_integer, map_get_int32, map_get_flag, map_get_string
    generic :: get => map_get_real, map_get_real32, map_get_integer, map_get_int32, map_get_flag, map_get_string
    procedure :: set_progress => map_set_progress
    procedure :: show_progress => map_show_progress
    procedure :: cancel => map_cancel
    procedure, private :: map_run_i8, map_reduce_i8, map_reduce_state_i8, map_register_i8, map_call_i8
    ! call m%run(work, inputs, outputs), of any of these kinds, and work with it
    generic :: run => map_run_i8
    generic :: reduce => map_reduce_i8, map_reduce_state_i8
    ! Rank 0 calls by name what every rank has registered.
    generic :: register => map_register_i8
    generic :: call => map_call_i8
    procedure, private :: share_i8, call_share_i8
    ! call m%share(values): for parmap_task%shared()
    generic :: share => share_i8
    generic :: call_share => call_share_i8
    procedure, private :: map_run_i32, map_reduce_i32, map_reduce_state_i32, map_register_i32, map_call_i32
    ! call m%run(work, inputs, outputs), of any of these kinds, and work with it
    generic :: run => map_run_i32
    generic :: reduce => map_reduce_i32, map_reduce_state_i32
    ! Rank 0 calls by name what every rank has registered.
    generic :: register => map_register_i32
    generic :: call => map_call_i32
    procedure, private :: share_i32, call_share_i32
    ! call m%share(values): for parmap_task%shared()
    generic :: share => share_i32
    generic :: call_share => call_share_i32
    procedure, private :: map_run_i64, map_reduce_i64, map_reduce_state_i64, map_register_i64, map_call_i64
    ! call m%run(work, inputs, outputs), of any of these kinds, and work with it
    generic :: run => map_run_i64
    generic :: reduce => map_reduce_i64, map_reduce_state_i64
    ! Rank 0 calls by name what every rank has registered.
    generic :: register => map_register_i64
    generic :: call => map_call_i64
    procedure, private :: share_i64, call_share_i64
    ! call m%share(values): for parmap_task%shared()
    generic :: share => share_i64
    generic :: call_share => call_share_i64
    procedure, private :: map_run_r32, map_reduce_r32, map_reduce_state_r32, map_register_r32, map_call_r32
    ! call m%run(work, inputs, outputs), of any of these kinds, and work with it
    generic :: run => map_run_r32
    generic :: reduce => map_reduce_r32, map_reduce_state_r32
    ! Rank 0 calls by name what every rank has registered.
    generic :: register => map_register_r32
    generic :: call => map_call_r32
    procedure, private :: share_r32, call_share_r32
    ! call m%share(values): for parmap_task%shared()
    generic :: share => share_r32
    generic :: call_share => call_share_r32
    procedure, private :: map_run_r64, map_reduce_r64, map_reduce_state_r64, map_register_r64, map_call_r64
    ! call m%run(work, inputs, outputs), of any of these kinds, and work with it
    generic :: run => map_run_r64
    generic :: reduce => map_reduce_r64, map_reduce_state_r64
    ! Rank 0 calls by name what every rank has registered.
    generic :: register => map_register_r64
    generic :: call => map_call_r64
    procedure, private :: share_r64, call_share_r64
    ! call m%share(values): for parmap_task%shared()
    generic :: share => share_r64
    generic :: call_share => call_share_r64
    procedure :: stream => map_stream
    procedure :: unfinished => map_unfinished
    procedure :: open => map_open
    procedure, private :: map_register, map_register_item
    generic :: register => map_register, map_register_item
    procedure :: serve => map_serve
    procedure :: release => map_release
    procedure :: call_stream => map_call_stream
    final :: map_final
  end type

  ! Tasks that threads of the program's pull. To be closed: by nobody else, because that is collective.
  type, extends(library_handle) :: parmap_pull
  contains
    procedure :: next => pull_next
    procedure :: done => pull_done
    procedure :: cancelled => pull_cancelled
    procedure :: key => pull_key
    procedure :: close => pull_close
  end type

  ! What was registered lives as long as the map.
  type :: registered
    character(:), allocatable :: name
    logical :: is_item = .false.
    type(map_box) :: map
    type(stream_box) :: item
    type(registered), pointer :: next => null()
  end type

contains

  ! Local. Without a context: this process alone, one thread.
  recursive subroutine map_create(self, context, stat, errmsg)
    class(parmap), intent(inout) :: self
    type(dicod_context), intent(in), optional :: context
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(c_ptr) :: on, handle
    character(:), allocatable :: text
    integer(int32) :: status
    status = DICOD_OK
    handle = c_null_ptr
    on = c_null_ptr
    if (present(context)) then
      on = context%handle
      if (.not. c_associated(on)) then
        status = DICOD_ERROR_NULL_POINTER
        text = 'context was not created'
      end if
    end if
    if (status >= 0) status = parmap_create(on, handle)
    if (status >= 0) then
      call map_free(self)
      self%handle = handle
      self%collective = .false.
      if (present(context)) self%collective = context%collective
      allocate (self%box)
    end if
    call report_status(status, stat, errmsg, text)
  end subroutine

  ! Collective where the context was freed before and is on a communicator.
  recursive subroutine map_free(self)
    class(parmap), intent(inout) :: self
    type(registered), pointer :: next
    integer(int32) :: ignored
    ignored = parmap_free(self%handle)
    if (associated(self%box)) deallocate (self%box)
    if (associated(self%title)) deallocate (self%title)
    do while (associated(self%names))
      next => self%names%next
      deallocate (self%names)
      self%names => next
    end do
  end subroutine

  impure elemental recursive subroutine map_final(self)
    type(parmap), intent(inout) :: self
    if (.not. self%collective) call map_free(self)
  end subroutine

  ! A number of any kind, a flag or a word. A whole number stands for a real one, too.
  recursive subroutine map_set(self, key, value, stat, errmsg)
    class(parmap), intent(inout) :: self
    character(*), intent(in) :: key
    class(*), intent(in) :: value
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(plain) :: v
    character(kind=c_char), allocatable, target :: name(:), word(:)
    integer(int32) :: status
    allocate (name, source=to_c(key))
    v = plain_of(value)
    select case (v%base)
    case ('string')
      allocate (word, source=to_c(v%word))
      status = parmap_set_string(self%handle, c_loc(name), c_loc(word))
    case ('real')
      status = parmap_set_real(self%handle, c_loc(name), v%reals(1))
    case ('integer', 'logical')
      if (any(trim(key) == [character(17) :: 'deadline', 'grace', 'progress_interval'])) then
        status = parmap_set_real(self%handle, c_loc(name), real(v%integers(1), real64))
      else
        status = parmap_set_integer(self%handle, c_loc(name), v%integers(1))
      end if
    case default
      call report_status(DICOD_ERROR_INVALID_ARGUMENT, stat, errmsg, &
        'setting "'//trim(key)//'" must be a number, a flag or a word, is of another type')
      return
    end select
    call report_status(status, stat, errmsg)
  end subroutine

  ! A setting of any type from text, as in C.
  recursive subroutine map_set_text(self, key, text, stat, errmsg)
    class(parmap), intent(inout) :: self
    character(*), intent(in) :: key, text
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    character(kind=c_char), allocatable, target :: name(:), value(:)
    allocate (name, source=to_c(key))
    allocate (value, source=to_c(text))
    call report_status(parmap_set(self%handle, c_loc(name), c_loc(value)), stat, errmsg)
  end subroutine

  ! The value that a setting has: a number, flag or word, of the type of the setting and any kind. Local.
  recursive subroutine map_get_real(self, key, value, stat, errmsg)
    class(parmap), intent(in) :: self
    character(*), intent(in) :: key
    real(real64), intent(inout) :: value
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    character(kind=c_char), allocatable, target :: name(:)
    real(real64), target :: found
    integer(int32) :: status
    allocate (name, source=to_c(key))
    found = value
    status = parmap_get_real(self%handle, c_loc(name), c_loc(found))
    value = found
    call report_status(status, stat, errmsg)
  end subroutine

  recursive subroutine map_get_real32(self, key, value, stat, errmsg)
    class(parmap), intent(in) :: self
    character(*), intent(in) :: key
    real(real32), intent(inout) :: value
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    real(real64) :: found
    integer(int32) :: status
    found = 0
    call map_get_real(self, key, found, status)
    if (status >= 0) value = real(found, real32)
    call report_status(status, stat, errmsg)
  end subroutine

  recursive subroutine map_get_integer(self, key, value, stat, errmsg)
    class(parmap), intent(in) :: self
    character(*), intent(in) :: key
    integer(int64), intent(inout) :: value
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    character(kind=c_char), allocatable, target :: name(:)
    integer(int64), target :: found
    integer(int32) :: status
    allocate (name, source=to_c(key))
    found = value
    status = parmap_get_integer(self%handle, c_loc(name), c_loc(found))
    value = found
    call report_status(status, stat, errmsg)
  end subroutine

  recursive subroutine map_get_int32(self, key, value, stat, errmsg)
    class(parmap), intent(in) :: self
    character(*), intent(in) :: key
    integer(int32), intent(inout) :: value
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int64) :: found
    integer(int32) :: status
    found = 0
    call map_get_integer(self, key, found, status)
    if (status >= 0) value = int(found, int32)
    call report_status(status, stat, errmsg)
  end subroutine

  recursive subroutine map_get_flag(self, key, value, stat, errmsg)
    class(parmap), intent(in) :: self
    character(*), intent(in) :: key
    logical, intent(inout) :: value
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int64) :: found
    integer(int32) :: status
    found = 0
    call map_get_integer(self, key, found, status)
    if (status >= 0) value = found /= 0
    call report_status(status, stat, errmsg)
  end subroutine

  recursive subroutine map_get_string(self, key, value, stat, errmsg)
    class(parmap), intent(in) :: self
    character(*), intent(in) :: key
    character(:), allocatable, intent(inout) :: value
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    character(kind=c_char), allocatable, target :: name(:), word(:)
    integer(int64), target :: needed
    integer(int32) :: status
    allocate (name, source=to_c(key))
    needed = 0
    status = parmap_get_string(self%handle, c_loc(name), 0_int64, c_null_ptr, c_loc(needed))
    allocate (word(needed + 1))
    word = c_null_char
    if (status >= 0) status = parmap_get_string(self%handle, c_loc(name), needed + 1, c_loc(word), c_loc(needed))
    if (status >= 0) value = text_from_c(c_loc(word))
    call report_status(status, stat, errmsg)
  end subroutine

  ! Without progress: nobody is told. user has to live as long as the map.
  recursive subroutine map_set_progress(self, progress, user, stat, errmsg)
    class(parmap), intent(inout) :: self
    procedure(map_progress_procedure), optional :: progress
    class(*), intent(in), target, optional :: user
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(c_funptr) :: trampoline
    if (.not. associated(self%box)) then
      call report_status(DICOD_ERROR_NULL_POINTER, stat, errmsg, 'map was not created')
      return
    end if
    trampoline = c_null_funptr
    nullify (self%box%progress, self%box%user)
    if (present(progress)) then
      trampoline = c_funloc(progress_trampoline)
      self%box%progress => progress
      if (present(user)) self%box%user => user
    end if
    call report_status(parmap_set_progress(self%handle, trampoline, c_loc(self%box)), stat, errmsg)
  end subroutine

  ! A bar on stderr, under this title.
  recursive subroutine map_show_progress(self, title, stat, errmsg)
    class(parmap), intent(inout) :: self
    character(*), intent(in) :: title
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    if (associated(self%title)) deallocate (self%title)
    allocate (self%title, source=to_c(title))
    call report_status(parmap_set_progress(self%handle, c_funloc(parmap_progress_bar), c_loc(self%title)), stat, errmsg)
  end subroutine

  ! Local. Asks the run that is in progress to end.
  recursive subroutine map_cancel(self)
    class(parmap), intent(in) :: self
    call parmap_cancel(self%handle)
  end subroutine

  ! Task i reads inputs(:, i) and writes outputs(:, i). Both have the same shape on every rank; inputs count on rank 0,
  ! outputs are written on each. statuses(i): 0, the code of the task, or a negative status. Collective.
  recursive subroutine map_run_i8(self, work, inputs, outputs, statuses, user, report, stat, errmsg)
    class(parmap), intent(inout) :: self
    procedure(map_procedure_int8) :: work
    integer(int8), intent(in), target, contiguous :: inputs(:, :)
    integer(int8), intent(inout), target, contiguous :: outputs(:, :)
    integer(int32), intent(inout), target, contiguous, optional :: statuses(:)
    class(*), intent(in), target, optional :: user
    type(parmap_report), intent(inout), optional :: report
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(map_box), target :: box
    character(:), allocatable :: text
    integer(int64) :: n_tasks, one
    integer(int32) :: status
    text = per_task(shape(inputs, int64), shape(outputs, int64), statuses)
    n_tasks = size(inputs, 2, int64)
    status = DICOD_ERROR_INVALID_SHAPE
    if (text /= '') n_tasks = -1
    one = storage_size(inputs, int64)/8
    box%work_i8 => work
    box%n_in = size(inputs, 1, int64)
    box%n_out = size(outputs, 1, int64)
    if (present(user)) box%user => user
    ! The other ranks learn of it.
    if (text /= '' .and. self%collective) call refuse_next(status, text)
    if (text == '') status = parmap_run(self%handle, n_tasks, c_funloc(work_trampoline_i8), &
      c_loc(box), c_loc(inputs), one*box%n_in, 0_int64, c_loc(outputs), one*box%n_out, 0_int64, address_of(statuses), report)
    call report_status(status, stat, errmsg, text)
  end subroutine

  ! Task i reads inputs(:, i) and writes outputs(:, i). Both have the same shape on every rank; inputs count on rank 0,
  ! outputs are written on each. statuses(i): 0, the code of the task, or a negative status. Collective.
  recursive subroutine map_run_i32(self, work, inputs, outputs, statuses, user, report, stat, errmsg)
    class(parmap), intent(inout) :: self
    procedure(map_procedure_int32) :: work
    integer(int32), intent(in), target, contiguous :: inputs(:, :)
    integer(int32), intent(inout), target, contiguous :: outputs(:, :)
    integer(int32), intent(inout), target, contiguous, optional :: statuses(:)
    class(*), intent(in), target, optional :: user
    type(parmap_report), intent(inout), optional :: report
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(map_box), target :: box
    character(:), allocatable :: text
    integer(int64) :: n_tasks, one
    integer(int32) :: status
    text = per_task(shape(inputs, int64), shape(outputs, int64), statuses)
    n_tasks = size(inputs, 2, int64)
    status = DICOD_ERROR_INVALID_SHAPE
    if (text /= '') n_tasks = -1
    one = storage_size(inputs, int64)/8
    box%work_i32 => work
    box%n_in = size(inputs, 1, int64)
    box%n_out = size(outputs, 1, int64)
    if (present(user)) box%user => user
    ! The other ranks learn of it.
    if (text /= '' .and. self%collective) call refuse_next(status, text)
    if (text == '') status = parmap_run(self%handle, n_tasks, c_funloc(work_trampoline_i32), &
      c_loc(box), c_loc(inputs), one*box%n_in, 0_int64, c_loc(outputs), one*box%n_out, 0_int64, address_of(statuses), report)
    call report_status(status, stat, errmsg, text)
  end subroutine

  ! Task i reads inputs(:, i) and writes outputs(:, i). Both have the same shape on every rank; inputs count on rank 0,
  ! outputs are written on each. statuses(i): 0, the code of the task, or a negative status. Collective.
  recursive subroutine map_run_i64(self, work, inputs, outputs, statuses, user, report, stat, errmsg)
    class(parmap), intent(inout) :: self
    procedure(map_procedure_int64) :: work
    integer(int64), intent(in), target, contiguous :: inputs(:, :)
    integer(int64), intent(inout), target, contiguous :: outputs(:, :)
    integer(int32), intent(inout), target, contiguous, optional :: statuses(:)
    class(*), intent(in), target, optional :: user
    type(parmap_report), intent(inout), optional :: report
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(map_box), target :: box
    character(:), allocatable :: text
    integer(int64) :: n_tasks, one
    integer(int32) :: status
    text = per_task(shape(inputs, int64), shape(outputs, int64), statuses)
    n_tasks = size(inputs, 2, int64)
    status = DICOD_ERROR_INVALID_SHAPE
    if (text /= '') n_tasks = -1
    one = storage_size(inputs, int64)/8
    box%work_i64 => work
    box%n_in = size(inputs, 1, int64)
    box%n_out = size(outputs, 1, int64)
    if (present(user)) box%user => user
    ! The other ranks learn of it.
    if (text /= '' .and. self%collective) call refuse_next(status, text)
    if (text == '') status = parmap_run(self%handle, n_tasks, c_funloc(work_trampoline_i64), &
      c_loc(box), c_loc(inputs), one*box%n_in, 0_int64, c_loc(outputs), one*box%n_out, 0_int64, address_of(statuses), report)
    call report_status(status, stat, errmsg, text)
  end subroutine

  ! Task i reads inputs(:, i) and writes outputs(:, i). Both have the same shape on every rank; inputs count on rank 0,
  ! outputs are written on each. statuses(i): 0, the code of the task, or a negative status. Collective.
  recursive subroutine map_run_r32(self, work, inputs, outputs, statuses, user, report, stat, errmsg)
    class(parmap), intent(inout) :: self
    procedure(map_procedure_real32) :: work
    real(real32), intent(in), target, contiguous :: inputs(:, :)
    real(real32), intent(inout), target, contiguous :: outputs(:, :)
    integer(int32), intent(inout), target, contiguous, optional :: statuses(:)
    class(*), intent(in), target, optional :: user
    type(parmap_report), intent(inout), optional :: report
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(map_box), target :: box
    character(:), allocatable :: text
    integer(int64) :: n_tasks, one
    integer(int32) :: status
    text = per_task(shape(inputs, int64), shape(outputs, int64), statuses)
    n_tasks = size(inputs, 2, int64)
    status = DICOD_ERROR_INVALID_SHAPE
    if (text /= '') n_tasks = -1
    one = storage_size(inputs, int64)/8
    box%work_r32 => work
    box%n_in = size(inputs, 1, int64)
    box%n_out = size(outputs, 1, int64)
    if (present(user)) box%user => user
    ! The other ranks learn of it.
    if (text /= '' .and. self%collective) call refuse_next(status, text)
    if (text == '') status = parmap_run(self%handle, n_tasks, c_funloc(work_trampoline_r32), &
      c_loc(box), c_loc(inputs), one*box%n_in, 0_int64, c_loc(outputs), one*box%n_out, 0_int64, address_of(statuses), report)
    call report_status(status, stat, errmsg, text)
  end subroutine

  ! Task i reads inputs(:, i) and writes outputs(:, i). Both have the same shape on every rank; inputs count on rank 0,
  ! outputs are written on each. statuses(i): 0, the code of the task, or a negative status. Collective.
  recursive subroutine map_run_r64(self, work, inputs, outputs, statuses, user, report, stat, errmsg)
    class(parmap), intent(inout) :: self
    procedure(map_procedure) :: work
    real(real64), intent(in), target, contiguous :: inputs(:, :)
    real(real64), intent(inout), target, contiguous :: outputs(:, :)
    integer(int32), intent(inout), target, contiguous, optional :: statuses(:)
    class(*), intent(in), target, optional :: user
    type(parmap_report), intent(inout), optional :: report
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(map_box), target :: box
    character(:), allocatable :: text
    integer(int64) :: n_tasks, one
    integer(int32) :: status
    text = per_task(shape(inputs, int64), shape(outputs, int64), statuses)
    n_tasks = size(inputs, 2, int64)
    status = DICOD_ERROR_INVALID_SHAPE
    if (text /= '') n_tasks = -1
    one = storage_size(inputs, int64)/8
    box%work_r64 => work
    box%n_in = size(inputs, 1, int64)
    box%n_out = size(outputs, 1, int64)
    if (present(user)) box%user => user
    ! The other ranks learn of it.
    if (text /= '' .and. self%collective) call refuse_next(status, text)
    if (text == '') status = parmap_run(self%handle, n_tasks, c_funloc(work_trampoline_r64), &
      c_loc(box), c_loc(inputs), one*box%n_in, 0_int64, c_loc(outputs), one*box%n_out, 0_int64, address_of(statuses), report)
    call report_status(status, stat, errmsg, text)
  end subroutine

  ! What is wrong with the shapes, if anything.
  recursive function per_task(shape_in, shape_out, statuses) result(text)
    integer(int64), intent(in) :: shape_in(2), shape_out(2)
    integer(int32), intent(in), optional :: statuses(:)
    character(:), allocatable :: text
    logical :: fits
    fits = shape_in(2) == shape_out(2)
    if (present(statuses)) fits = fits .and. size(statuses) == shape_out(2)
    allocate (character(0) :: text)
    if (.not. fits) text = 'inputs '//text_of(shape_in)//', outputs '//text_of(shape_out)// &
      ' and statuses need one column or value per task'
  end function

  recursive function address_of(statuses) result(first)
    integer(int32), intent(in), target, contiguous, optional :: statuses(:)
    type(c_ptr) :: first
    first = c_null_ptr
    if (present(statuses)) first = c_loc(statuses)
  end function

  ! Task i reads inputs(:, i) and changes a copy of state, as it is at the call; copies are joined in the order of their
  ! tasks, and state is set to the outcome on every rank. join: adds, unless it is given. Collective.
  recursive subroutine map_reduce_i8(self, work, inputs, state, join, user, report, stat, errmsg)
    class(parmap), intent(inout) :: self
    procedure(reduce_procedure_int8) :: work
    integer(int8), intent(in), target, contiguous :: inputs(:, :)
    integer(int8), intent(inout) :: state(:)
    procedure(join_procedure_int8), optional :: join
    class(*), intent(in), target, optional :: user
    type(parmap_report), intent(inout), optional :: report
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(numbers_i8), target :: its
    its%values = state
    its%work => work
    if (present(join)) its%join => join
    if (present(user)) its%user => user
    call map_reduce_state_i8(self, numbers_work_i8, inputs, its, numbers_join_i8, numbers_pack_i8, numbers_unpack_i8, &
      report, stat, errmsg)
    state = its%values
  end subroutine

  ! The same for a state of any type. pack and unpack are what it takes to send it to another rank.
  recursive subroutine map_reduce_state_i8(self, work, inputs, state, join, pack, unpack, report, stat, errmsg)
    class(parmap), intent(inout) :: self
    procedure(state_input_procedure_int8) :: work
    integer(int8), intent(in), target, contiguous :: inputs(:, :)
    class(*), intent(inout), target :: state
    procedure(state_join_procedure) :: join
    procedure(state_pack_procedure) :: pack
    procedure(state_unpack_procedure) :: unpack
    type(parmap_report), intent(inout), optional :: report
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(reduce_box), target :: box
    type(state_box), target :: its
    box%work_i8 => work
    box%join => join
    box%pack => pack
    box%unpack => unpack
    box%n_in = size(inputs, 1, int64)
    its%state => state
    call report_status(parmap_reduce(self%handle, size(inputs, 2, int64), reducer_of(box), c_loc(inputs), &
      box%n_in*(storage_size(inputs, int64)/8), 0_int64, c_loc(its), report), stat, errmsg)
  end subroutine

  ! Task i reads inputs(:, i) and changes a copy of state, as it is at the call; copies are joined in the order of their
  ! tasks, and state is set to the outcome on every rank. join: adds, unless it is given. Collective.
  recursive subroutine map_reduce_i32(self, work, inputs, state, join, user, report, stat, errmsg)
    class(parmap), intent(inout) :: self
    procedure(reduce_procedure_int32) :: work
    integer(int32), intent(in), target, contiguous :: inputs(:, :)
    integer(int32), intent(inout) :: state(:)
    procedure(join_procedure_int32), optional :: join
    class(*), intent(in), target, optional :: user
    type(parmap_report), intent(inout), optional :: report
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(numbers_i32), target :: its
    its%values = state
    its%work => work
    if (present(join)) its%join => join
    if (present(user)) its%user => user
    call map_reduce_state_i32(self, numbers_work_i32, inputs, its, numbers_join_i32, numbers_pack_i32, numbers_unpack_i32, &
      report, stat, errmsg)
    state = its%values
  end subroutine

  ! The same for a state of any type. pack and unpack are what it takes to send it to another rank.
  recursive subroutine map_reduce_state_i32(self, work, inputs, state, join, pack, unpack, report, stat, errmsg)
    class(parmap), intent(inout) :: self
    procedure(state_input_procedure_int32) :: work
    integer(int32), intent(in), target, contiguous :: inputs(:, :)
    class(*), intent(inout), target :: state
    procedure(state_join_procedure) :: join
    procedure(state_pack_procedure) :: pack
    procedure(state_unpack_procedure) :: unpack
    type(parmap_report), intent(inout), optional :: report
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(reduce_box), target :: box
    type(state_box), target :: its
    box%work_i32 => work
    box%join => join
    box%pack => pack
    box%unpack => unpack
    box%n_in = size(inputs, 1, int64)
    its%state => state
    call report_status(parmap_reduce(self%handle, size(inputs, 2, int64), reducer_of(box), c_loc(inputs), &
      box%n_in*(storage_size(inputs, int64)/8), 0_int64, c_loc(its), report), stat, errmsg)
  end subroutine

  ! Task i reads inputs(:, i) and changes a copy of state, as it is at the call; copies are joined in the order of their
  ! tasks, and state is set to the outcome on every rank. join: adds, unless it is given. Collective.
  recursive subroutine map_reduce_i64(self, work, inputs, state, join, user, report, stat, errmsg)
    class(parmap), intent(inout) :: self
    procedure(reduce_procedure_int64) :: work
    integer(int64), intent(in), target, contiguous :: inputs(:, :)
    integer(int64), intent(inout) :: state(:)
    procedure(join_procedure_int64), optional :: join
    class(*), intent(in), target, optional :: user
    type(parmap_report), intent(inout), optional :: report
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(numbers_i64), target :: its
    its%values = state
    its%work => work
    if (present(join)) its%join => join
    if (present(user)) its%user => user
    call map_reduce_state_i64(self, numbers_work_i64, inputs, its, numbers_join_i64, numbers_pack_i64, numbers_unpack_i64, &
      report, stat, errmsg)
    state = its%values
  end subroutine

  ! The same for a state of any type. pack and unpack are what it takes to send it to another rank.
  recursive subroutine map_reduce_state_i64(self, work, inputs, state, join, pack, unpack, report, stat, errmsg)
    class(parmap), intent(inout) :: self
    procedure(state_input_procedure_int64) :: work
    integer(int64), intent(in), target, contiguous :: inputs(:, :)
    class(*), intent(inout), target :: state
    procedure(state_join_procedure) :: join
    procedure(state_pack_procedure) :: pack
    procedure(state_unpack_procedure) :: unpack
    type(parmap_report), intent(inout), optional :: report
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(reduce_box), target :: box
    type(state_box), target :: its
    box%work_i64 => work
    box%join => join
    box%pack => pack
    box%unpack => unpack
    box%n_in = size(inputs, 1, int64)
    its%state => state
    call report_status(parmap_reduce(self%handle, size(inputs, 2, int64), reducer_of(box), c_loc(inputs), &
      box%n_in*(storage_size(inputs, int64)/8), 0_int64, c_loc(its), report), stat, errmsg)
  end subroutine

  ! Task i reads inputs(:, i) and changes a copy of state, as it is at the call; copies are joined in the order of their
  ! tasks, and state is set to the outcome on every rank. join: adds, unless it is given. Collective.
  recursive subroutine map_reduce_r32(self, work, inputs, state, join, user, report, stat, errmsg)
    class(parmap), intent(inout) :: self
    procedure(reduce_procedure_real32) :: work
    real(real32), intent(in), target, contiguous :: inputs(:, :)
    real(real32), intent(inout) :: state(:)
    procedure(join_procedure_real32), optional :: join
    class(*), intent(in), target, optional :: user
    type(parmap_report), intent(inout), optional :: report
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(numbers_r32), target :: its
    its%values = state
    its%work => work
    if (present(join)) its%join => join
    if (present(user)) its%user => user
    call map_reduce_state_r32(self, numbers_work_r32, inputs, its, numbers_join_r32, numbers_pack_r32, numbers_unpack_r32, &
      report, stat, errmsg)
    state = its%values
  end subroutine

  ! The same for a state of any type. pack and unpack are what it takes to send it to another rank.
  recursive subroutine map_reduce_state_r32(self, work, inputs, state, join, pack, unpack, report, stat, errmsg)
    class(parmap), intent(inout) :: self
    procedure(state_input_procedure_real32) :: work
    real(real32), intent(in), target, contiguous :: inputs(:, :)
    class(*), intent(inout), target :: state
    procedure(state_join_procedure) :: join
    procedure(state_pack_procedure) :: pack
    procedure(state_unpack_procedure) :: unpack
    type(parmap_report), intent(inout), optional :: report
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(reduce_box), target :: box
    type(state_box), target :: its
    box%work_r32 => work
    box%join => join
    box%pack => pack
    box%unpack => unpack
    box%n_in = size(inputs, 1, int64)
    its%state => state
    call report_status(parmap_reduce(self%handle, size(inputs, 2, int64), reducer_of(box), c_loc(inputs), &
      box%n_in*(storage_size(inputs, int64)/8), 0_int64, c_loc(its), report), stat, errmsg)
  end subroutine

  ! Task i reads inputs(:, i) and changes a copy of state, as it is at the call; copies are joined in the order of their
  ! tasks, and state is set to the outcome on every rank. join: adds, unless it is given. Collective.
  recursive subroutine map_reduce_r64(self, work, inputs, state, join, user, report, stat, errmsg)
    class(parmap), intent(inout) :: self
    procedure(reduce_procedure) :: work
    real(real64), intent(in), target, contiguous :: inputs(:, :)
    real(real64), intent(inout) :: state(:)
    procedure(join_procedure), optional :: join
    class(*), intent(in), target, optional :: user
    type(parmap_report), intent(inout), optional :: report
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(numbers_r64), target :: its
    its%values = state
    its%work => work
    if (present(join)) its%join => join
    if (present(user)) its%user => user
    call map_reduce_state_r64(self, numbers_work_r64, inputs, its, numbers_join_r64, numbers_pack_r64, numbers_unpack_r64, &
      report, stat, errmsg)
    state = its%values
  end subroutine

  ! The same for a state of any type. pack and unpack are what it takes to send it to another rank.
  recursive subroutine map_reduce_state_r64(self, work, inputs, state, join, pack, unpack, report, stat, errmsg)
    class(parmap), intent(inout) :: self
    procedure(state_input_procedure) :: work
    real(real64), intent(in), target, contiguous :: inputs(:, :)
    class(*), intent(inout), target :: state
    procedure(state_join_procedure) :: join
    procedure(state_pack_procedure) :: pack
    procedure(state_unpack_procedure) :: unpack
    type(parmap_report), intent(inout), optional :: report
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(reduce_box), target :: box
    type(state_box), target :: its
    box%work_r64 => work
    box%join => join
    box%pack => pack
    box%unpack => unpack
    box%n_in = size(inputs, 1, int64)
    its%state => state
    call report_status(parmap_reduce(self%handle, size(inputs, 2, int64), reducer_of(box), c_loc(inputs), &
      box%n_in*(storage_size(inputs, int64)/8), 0_int64, c_loc(its), report), stat, errmsg)
  end subroutine

  ! Runs work for each item of produce, on rank 0, and gives the results to consume there. Other ranks need neither.
  recursive subroutine map_stream(self, work, produce, consume, user, report, stat, errmsg)
    class(parmap), intent(inout) :: self
    procedure(item_procedure) :: work
    procedure(produce_procedure), optional :: produce
    procedure(consume_procedure), optional :: consume
    class(*), intent(in), target, optional :: user
    type(parmap_report), intent(inout), optional :: report
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(stream_box), target :: box
    type(c_funptr) :: producer, consumer
    box%work => work
    call ends_of(box, produce, consume, user, producer, consumer)
    call report_status(parmap_stream(self%handle, producer, c_funloc(item_trampoline), consumer, c_loc(box), report), stat, errmsg)
  end subroutine

  ! Local. Tasks without a result in the last run: ranges(1, i) to ranges(2, i).
  recursive function map_unfinished(self, stat, errmsg) result(ranges)
    class(parmap), intent(in) :: self
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int64), allocatable :: ranges(:, :)
    integer(int64), allocatable, target :: first(:), last(:)
    integer(int64), target :: n
    integer(int32) :: status
    n = 0
    status = parmap_get_unfinished(self%handle, 0_int64, c_null_ptr, c_null_ptr, c_loc(n))
    allocate (first(n + 1), last(n + 1), ranges(2, n))
    if (status >= 0) status = parmap_get_unfinished(self%handle, n + 1, c_loc(first), c_loc(last), c_loc(n))
    if (status >= 0) then
      ranges(1, :) = first(:n) + 1
      ranges(2, :) = last(:n)
    end if
    call report_status(status, stat, errmsg)
  end function

  ! What a failing task of a report said.
  recursive function report_message(report) result(text)
    type(parmap_report), intent(in) :: report
    character(:), allocatable :: text
    integer :: i
    allocate (character(0) :: text)
    do i = 1, size(report%failure_message)
      if (report%failure_message(i) == c_null_char) exit
      text = text//report%failure_message(i)
    end do
  end function

  ! What came of a run, as text for people: one line. It counts tasks from 1, as messages do; report%failure_index
  ! counts from 0, as in C, with -1 for none.
  recursive function report_text(report) result(text)
    type(parmap_report), intent(in) :: report
    character(:), allocatable :: text
    character(kind=c_char), allocatable, target :: buffer(:)
    integer(int64), target :: needed
    type(parmap_report) :: shown
    needed = 1
    shown = report
    if (shown%failure_index >= 0) shown%failure_index = shown%failure_index + 1
    call report_status(parmap_report_text(shown, 0_int64, c_null_ptr, c_loc(needed)))
    allocate (buffer(needed))
    call report_status(parmap_report_text(shown, needed, c_loc(buffer), c_loc(needed)))
    text = text_from_c(c_loc(buffer))
  end function

  ! Begins to give out tasks to threads of the program's, on each rank its own portion.
  recursive subroutine map_open(self, n_tasks, pull, stat, errmsg)
    class(parmap), intent(inout) :: self
    class(*), intent(in) :: n_tasks
    type(parmap_pull), intent(inout) :: pull
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call report_status(parmap_open(self%handle, whole(n_tasks), pull%handle), stat, errmsg)
  end subroutine

  ! Local, as all but close. The next task; 0: there are no more.
  recursive function pull_next(self, stat, errmsg) result(index)
    class(parmap_pull), intent(in) :: self
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int64), target :: index
    index = -1
    call report_status(parmap_next(self%handle, c_loc(index)), stat, errmsg)
    index = index + 1
  end function

  ! A task is done; code: positive if it failed, then because of message.
  recursive subroutine pull_done(self, index, code, message, stat, errmsg)
    class(parmap_pull), intent(in) :: self
    class(*), intent(in) :: index
    integer(int32), intent(in), optional :: code
    character(*), intent(in), optional :: message
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    character(kind=c_char), allocatable, target :: text(:)
    integer(int32) :: result_
    allocate (text(1), source=c_null_char)
    if (present(message)) text = to_c(message)
    result_ = 0
    if (present(code)) result_ = code
    call report_status(parmap_done(self%handle, whole(index) - 1, result_, c_loc(text)), stat, errmsg)
  end subroutine

  ! Whether the task need not be finished.
  recursive function pull_cancelled(self, index) result(cancelled)
    class(parmap_pull), intent(in) :: self
    class(*), intent(in) :: index
    logical :: cancelled
    cancelled = parmap_pull_cancelled(self%handle, whole(index) - 1) /= 0
  end function

  ! As parmap_task%key().
  recursive function pull_key(self, index, stat, errmsg) result(key)
    class(parmap_pull), intent(in) :: self
    class(*), intent(in) :: index
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int64), target :: key
    key = 0
    call report_status(parmap_pull_get_key(self%handle, whole(index) - 1, c_loc(key)), stat, errmsg)
  end function

  ! Ends the pull, on all ranks.
  recursive subroutine pull_close(self, report, stat, errmsg)
    class(parmap_pull), intent(inout) :: self
    type(parmap_report), intent(inout), optional :: report
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call report_status(parmap_close(self%handle, report), stat, errmsg)
  end subroutine

  ! Local. A name for a procedure whose tasks have n_in numbers of real64 each, and give n_out: on every rank its own, of these
  ! sizes, which are of kind int64: others could be mistaken for stat.
  recursive subroutine map_register(self, name, work, n_in, n_out, user, stat, errmsg)
    class(parmap), intent(inout) :: self
    character(*), intent(in) :: name
    procedure(map_procedure) :: work
    integer(int64), intent(in) :: n_in, n_out
    class(*), intent(in), target, optional :: user
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call remember(self, name, .false.)
    self%names%map%work_r64 => work
    call register_last(self, n_in, n_out, c_funloc(work_trampoline_r64), user, stat, errmsg)
  end subroutine

  ! Local. The same for any kind: input and output are columns like those of its tasks, whatever is in them.
  recursive subroutine map_register_i8(self, name, work, input, output, user, stat, errmsg)
    class(parmap), intent(inout) :: self
    character(*), intent(in) :: name
    procedure(map_procedure_int8) :: work
    integer(int8), intent(in) :: input(:), output(:)
    class(*), intent(in), target, optional :: user
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call remember(self, name, .false.)
    self%names%map%work_i8 => work
    call register_last(self, size(input, kind=int64), size(output, kind=int64), c_funloc(work_trampoline_i8), user, stat, errmsg)
  end subroutine

  ! Local. The same for any kind: input and output are columns like those of its tasks, whatever is in them.
  recursive subroutine map_register_i32(self, name, work, input, output, user, stat, errmsg)
    class(parmap), intent(inout) :: self
    character(*), intent(in) :: name
    procedure(map_procedure_int32) :: work
    integer(int32), intent(in) :: input(:), output(:)
    class(*), intent(in), target, optional :: user
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call remember(self, name, .false.)
    self%names%map%work_i32 => work
    call register_last(self, size(input, kind=int64), size(output, kind=int64), c_funloc(work_trampoline_i32), user, stat, errmsg)
  end subroutine

  ! Local. The same for any kind: input and output are columns like those of its tasks, whatever is in them.
  recursive subroutine map_register_i64(self, name, work, input, output, user, stat, errmsg)
    class(parmap), intent(inout) :: self
    character(*), intent(in) :: name
    procedure(map_procedure_int64) :: work
    integer(int64), intent(in) :: input(:), output(:)
    class(*), intent(in), target, optional :: user
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call remember(self, name, .false.)
    self%names%map%work_i64 => work
    call register_last(self, size(input, kind=int64), size(output, kind=int64), c_funloc(work_trampoline_i64), user, stat, errmsg)
  end subroutine

  ! Local. The same for any kind: input and output are columns like those of its tasks, whatever is in them.
  recursive subroutine map_register_r32(self, name, work, input, output, user, stat, errmsg)
    class(parmap), intent(inout) :: self
    character(*), intent(in) :: name
    procedure(map_procedure_real32) :: work
    real(real32), intent(in) :: input(:), output(:)
    class(*), intent(in), target, optional :: user
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call remember(self, name, .false.)
    self%names%map%work_r32 => work
    call register_last(self, size(input, kind=int64), size(output, kind=int64), c_funloc(work_trampoline_r32), user, stat, errmsg)
  end subroutine

  ! Local. The same for any kind: input and output are columns like those of its tasks, whatever is in them.
  recursive subroutine map_register_r64(self, name, work, input, output, user, stat, errmsg)
    class(parmap), intent(inout) :: self
    character(*), intent(in) :: name
    procedure(map_procedure) :: work
    real(real64), intent(in) :: input(:), output(:)
    class(*), intent(in), target, optional :: user
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call remember(self, name, .false.)
    self%names%map%work_r64 => work
    call register_last(self, size(input, kind=int64), size(output, kind=int64), c_funloc(work_trampoline_r64), user, stat, errmsg)
  end subroutine

  ! Tells the library of what was remembered last.
  recursive subroutine register_last(self, n_in, n_out, trampoline, user, stat, errmsg)
    class(parmap), intent(inout) :: self
    integer(int64), intent(in) :: n_in, n_out
    type(c_funptr), value :: trampoline ! by reference gfortran puts an address among constants, where there may be none
    class(*), intent(in), target, optional :: user
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    character(kind=c_char), allocatable, target :: text(:)
    self%names%map%n_in = n_in
    self%names%map%n_out = n_out
    if (present(user)) self%names%map%user => user
    allocate (text, source=to_c(self%names%name))
    call report_status(parmap_register(self%handle, c_loc(text), trampoline, c_loc(self%names%map)), stat, errmsg)
  end subroutine

  ! Local. The same for the items of call_stream.
  recursive subroutine map_register_item(self, name, work, user, stat, errmsg)
    class(parmap), intent(inout) :: self
    character(*), intent(in) :: name
    procedure(item_procedure) :: work
    class(*), intent(in), target, optional :: user
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    character(kind=c_char), allocatable, target :: text(:)
    call remember(self, name, .true.)
    self%names%item%work => work
    if (present(user)) self%names%item%user => user
    allocate (text, source=to_c(name))
    call report_status(parmap_register_item(self%handle, c_loc(text), c_funloc(item_trampoline), c_loc(self%names%item)), &
      stat, errmsg)
  end subroutine

  recursive subroutine remember(self, name, is_item)
    class(parmap), intent(inout) :: self
    character(*), intent(in) :: name
    logical, intent(in) :: is_item
    type(registered), pointer :: one
    allocate (one)
    one%name = trim(name)
    one%is_item = is_item
    one%next => self%names
    self%names => one
  end subroutine

  ! On ranks other than 0: does what rank 0 calls, until it calls release.
  recursive subroutine map_serve(self, stat, errmsg)
    class(parmap), intent(inout) :: self
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call report_status(parmap_serve(self%handle), stat, errmsg)
  end subroutine

  ! Ends the ranks that serve; on rank 0.
  recursive subroutine map_release(self, stat, errmsg)
    class(parmap), intent(inout) :: self
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call report_status(parmap_release(self%handle), stat, errmsg)
  end subroutine

  ! On rank 0, while the others serve: as run.
  recursive subroutine map_call_i8(self, name, inputs, outputs, statuses, report, stat, errmsg)
    class(parmap), intent(inout) :: self
    character(*), intent(in) :: name
    integer(int8), intent(in), target, contiguous :: inputs(:, :)
    integer(int8), intent(inout), target, contiguous :: outputs(:, :)
    integer(int32), intent(inout), target, contiguous, optional :: statuses(:)
    type(parmap_report), intent(inout), optional :: report
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    character(kind=c_char), allocatable, target :: text(:)
    type(registered), pointer :: one
    integer(int64) :: n_in, n_out
    if (per_task(shape(inputs, int64), shape(outputs, int64), statuses) /= '') then
      call report_status(DICOD_ERROR_INVALID_SHAPE, stat, errmsg, per_task(shape(inputs, int64), shape(outputs, int64), statuses))
      return
    end if
    one => self%names
    do while (associated(one))
      if (one%name == name .and. .not. one%is_item) exit
      one => one%next
    end do
    if (associated(one)) then
      if (.not. associated(one%map%work_i8)) then
        call report_status(DICOD_ERROR_INVALID_ARGUMENT, stat, errmsg, 'inputs and outputs are of integer(int8): '//trim(name)// &
          ' was registered with columns of another kind')
        return
      end if
      if (any([one%map%n_in, one%map%n_out] /= [size(inputs, 1, int64), size(outputs, 1, int64)])) then
        call report_status(DICOD_ERROR_INVALID_SHAPE, stat, errmsg, 'inputs '//text_of(shape(inputs, int64))//' and outputs '// &
          text_of(shape(outputs, int64))//': '//trim(name)//' was registered with columns of '// &
          text_of([one%map%n_in, one%map%n_out]))
        return
      end if
    end if
    n_in = size(inputs, 1, int64)*(storage_size(inputs, int64)/8)
    n_out = size(outputs, 1, int64)*(storage_size(outputs, int64)/8)
    allocate (text, source=to_c(name))
    call report_status(parmap_call(self%handle, c_loc(text), size(inputs, 2, int64), c_loc(inputs), n_in, 0_int64, &
      c_loc(outputs), n_out, 0_int64, address_of(statuses), report), stat, errmsg)
  end subroutine

  ! On rank 0, while the others serve: as run.
  recursive subroutine map_call_i32(self, name, inputs, outputs, statuses, report, stat, errmsg)
    class(parmap), intent(inout) :: self
    character(*), intent(in) :: name
    integer(int32), intent(in), target, contiguous :: inputs(:, :)
    integer(int32), intent(inout), target, contiguous :: outputs(:, :)
    integer(int32), intent(inout), target, contiguous, optional :: statuses(:)
    type(parmap_report), intent(inout), optional :: report
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    character(kind=c_char), allocatable, target :: text(:)
    type(registered), pointer :: one
    integer(int64) :: n_in, n_out
    if (per_task(shape(inputs, int64), shape(outputs, int64), statuses) /= '') then
      call report_status(DICOD_ERROR_INVALID_SHAPE, stat, errmsg, per_task(shape(inputs, int64), shape(outputs, int64), statuses))
      return
    end if
    one => self%names
    do while (associated(one))
      if (one%name == name .and. .not. one%is_item) exit
      one => one%next
    end do
    if (associated(one)) then
      if (.not. associated(one%map%work_i32)) then
        call report_status(DICOD_ERROR_INVALID_ARGUMENT, stat, errmsg, 'inputs and outputs are of integer(int32): '//trim(name)// &
          ' was registered with columns of another kind')
        return
      end if
      if (any([one%map%n_in, one%map%n_out] /= [size(inputs, 1, int64), size(outputs, 1, int64)])) then
        call report_status(DICOD_ERROR_INVALID_SHAPE, stat, errmsg, 'inputs '//text_of(shape(inputs, int64))//' and outputs '// &
          text_of(shape(outputs, int64))//': '//trim(name)//' was registered with columns of '// &
          text_of([one%map%n_in, one%map%n_out]))
        return
      end if
    end if
    n_in = size(inputs, 1, int64)*(storage_size(inputs, int64)/8)
    n_out = size(outputs, 1, int64)*(storage_size(outputs, int64)/8)
    allocate (text, source=to_c(name))
    call report_status(parmap_call(self%handle, c_loc(text), size(inputs, 2, int64), c_loc(inputs), n_in, 0_int64, &
      c_loc(outputs), n_out, 0_int64, address_of(statuses), report), stat, errmsg)
  end subroutine

  ! On rank 0, while the others serve: as run.
  recursive subroutine map_call_i64(self, name, inputs, outputs, statuses, report, stat, errmsg)
    class(parmap), intent(inout) :: self
    character(*), intent(in) :: name
    integer(int64), intent(in), target, contiguous :: inputs(:, :)
    integer(int64), intent(inout), target, contiguous :: outputs(:, :)
    integer(int32), intent(inout), target, contiguous, optional :: statuses(:)
    type(parmap_report), intent(inout), optional :: report
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    character(kind=c_char), allocatable, target :: text(:)
    type(registered), pointer :: one
    integer(int64) :: n_in, n_out
    if (per_task(shape(inputs, int64), shape(outputs, int64), statuses) /= '') then
      call report_status(DICOD_ERROR_INVALID_SHAPE, stat, errmsg, per_task(shape(inputs, int64), shape(outputs, int64), statuses))
      return
    end if
    one => self%names
    do while (associated(one))
      if (one%name == name .and. .not. one%is_item) exit
      one => one%next
    end do
    if (associated(one)) then
      if (.not. associated(one%map%work_i64)) then
        call report_status(DICOD_ERROR_INVALID_ARGUMENT, stat, errmsg, 'inputs and outputs are of integer(int64): '//trim(name)// &
          ' was registered with columns of another kind')
        return
      end if
      if (any([one%map%n_in, one%map%n_out] /= [size(inputs, 1, int64), size(outputs, 1, int64)])) then
        call report_status(DICOD_ERROR_INVALID_SHAPE, stat, errmsg, 'inputs '//text_of(shape(inputs, int64))//' and outputs '// &
          text_of(shape(outputs, int64))//': '//trim(name)//' was registered with columns of '// &
          text_of([one%map%n_in, one%map%n_out]))
        return
      end if
    end if
    n_in = size(inputs, 1, int64)*(storage_size(inputs, int64)/8)
    n_out = size(outputs, 1, int64)*(storage_size(outputs, int64)/8)
    allocate (text, source=to_c(name))
    call report_status(parmap_call(self%handle, c_loc(text), size(inputs, 2, int64), c_loc(inputs), n_in, 0_int64, &
      c_loc(outputs), n_out, 0_int64, address_of(statuses), report), stat, errmsg)
  end subroutine

  ! On rank 0, while the others serve: as run.
  recursive subroutine map_call_r32(self, name, inputs, outputs, statuses, report, stat, errmsg)
    class(parmap), intent(inout) :: self
    character(*), intent(in) :: name
    real(real32), intent(in), target, contiguous :: inputs(:, :)
    real(real32), intent(inout), target, contiguous :: outputs(:, :)
    integer(int32), intent(inout), target, contiguous, optional :: statuses(:)
    type(parmap_report), intent(inout), optional :: report
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    character(kind=c_char), allocatable, target :: text(:)
    type(registered), pointer :: one
    integer(int64) :: n_in, n_out
    if (per_task(shape(inputs, int64), shape(outputs, int64), statuses) /= '') then
      call report_status(DICOD_ERROR_INVALID_SHAPE, stat, errmsg, per_task(shape(inputs, int64), shape(outputs, int64), statuses))
      return
    end if
    one => self%names
    do while (associated(one))
      if (one%name == name .and. .not. one%is_item) exit
      one => one%next
    end do
    if (associated(one)) then
      if (.not. associated(one%map%work_r32)) then
        call report_status(DICOD_ERROR_INVALID_ARGUMENT, stat, errmsg, 'inputs and outputs are of real(real32): '//trim(name)// &
          ' was registered with columns of another kind')
        return
      end if
      if (any([one%map%n_in, one%map%n_out] /= [size(inputs, 1, int64), size(outputs, 1, int64)])) then
        call report_status(DICOD_ERROR_INVALID_SHAPE, stat, errmsg, 'inputs '//text_of(shape(inputs, int64))//' and outputs '// &
          text_of(shape(outputs, int64))//': '//trim(name)//' was registered with columns of '// &
          text_of([one%map%n_in, one%map%n_out]))
        return
      end if
    end if
    n_in = size(inputs, 1, int64)*(storage_size(inputs, int64)/8)
    n_out = size(outputs, 1, int64)*(storage_size(outputs, int64)/8)
    allocate (text, source=to_c(name))
    call report_status(parmap_call(self%handle, c_loc(text), size(inputs, 2, int64), c_loc(inputs), n_in, 0_int64, &
      c_loc(outputs), n_out, 0_int64, address_of(statuses), report), stat, errmsg)
  end subroutine

  ! On rank 0, while the others serve: as run.
  recursive subroutine map_call_r64(self, name, inputs, outputs, statuses, report, stat, errmsg)
    class(parmap), intent(inout) :: self
    character(*), intent(in) :: name
    real(real64), intent(in), target, contiguous :: inputs(:, :)
    real(real64), intent(inout), target, contiguous :: outputs(:, :)
    integer(int32), intent(inout), target, contiguous, optional :: statuses(:)
    type(parmap_report), intent(inout), optional :: report
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    character(kind=c_char), allocatable, target :: text(:)
    type(registered), pointer :: one
    integer(int64) :: n_in, n_out
    if (per_task(shape(inputs, int64), shape(outputs, int64), statuses) /= '') then
      call report_status(DICOD_ERROR_INVALID_SHAPE, stat, errmsg, per_task(shape(inputs, int64), shape(outputs, int64), statuses))
      return
    end if
    one => self%names
    do while (associated(one))
      if (one%name == name .and. .not. one%is_item) exit
      one => one%next
    end do
    if (associated(one)) then
      if (.not. associated(one%map%work_r64)) then
        call report_status(DICOD_ERROR_INVALID_ARGUMENT, stat, errmsg, 'inputs and outputs are of real(real64): '//trim(name)// &
          ' was registered with columns of another kind')
        return
      end if
      if (any([one%map%n_in, one%map%n_out] /= [size(inputs, 1, int64), size(outputs, 1, int64)])) then
        call report_status(DICOD_ERROR_INVALID_SHAPE, stat, errmsg, 'inputs '//text_of(shape(inputs, int64))//' and outputs '// &
          text_of(shape(outputs, int64))//': '//trim(name)//' was registered with columns of '// &
          text_of([one%map%n_in, one%map%n_out]))
        return
      end if
    end if
    n_in = size(inputs, 1, int64)*(storage_size(inputs, int64)/8)
    n_out = size(outputs, 1, int64)*(storage_size(outputs, int64)/8)
    allocate (text, source=to_c(name))
    call report_status(parmap_call(self%handle, c_loc(text), size(inputs, 2, int64), c_loc(inputs), n_in, 0_int64, &
      c_loc(outputs), n_out, 0_int64, address_of(statuses), report), stat, errmsg)
  end subroutine

  ! On rank 0, while the others serve: as stream.
  recursive subroutine map_call_stream(self, name, produce, consume, user, report, stat, errmsg)
    class(parmap), intent(inout) :: self
    character(*), intent(in) :: name
    procedure(produce_procedure) :: produce
    procedure(consume_procedure) :: consume
    class(*), intent(in), target, optional :: user
    type(parmap_report), intent(inout), optional :: report
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    character(kind=c_char), allocatable, target :: text(:)
    type(stream_box), target :: box
    type(c_funptr) :: producer, consumer
    call ends_of(box, produce, consume, user, producer, consumer)
    allocate (text, source=to_c(name))
    call report_status(parmap_call_stream(self%handle, c_loc(text), producer, consumer, c_loc(box), report), stat, errmsg)
  end subroutine

  ! Gives values of rank 0 to all tasks of later runs, on every rank.
  recursive subroutine share_i8(self, values, stat, errmsg)
    class(parmap), intent(inout) :: self
    integer(int8), intent(in), target, contiguous :: values(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call report_status(parmap_share(self%handle, c_loc(values), size(values, kind=int64)*(storage_size(values, int64)/8)), &
      stat, errmsg)
  end subroutine

  ! On rank 0, while the others serve: as share.
  recursive subroutine call_share_i8(self, values, stat, errmsg)
    class(parmap), intent(inout) :: self
    integer(int8), intent(in), target, contiguous :: values(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call report_status(parmap_call_share(self%handle, c_loc(values), size(values, kind=int64)*(storage_size(values, int64)/8)), &
      stat, errmsg)
  end subroutine

  ! Gives values of rank 0 to all tasks of later runs, on every rank.
  recursive subroutine share_i32(self, values, stat, errmsg)
    class(parmap), intent(inout) :: self
    integer(int32), intent(in), target, contiguous :: values(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call report_status(parmap_share(self%handle, c_loc(values), size(values, kind=int64)*(storage_size(values, int64)/8)), &
      stat, errmsg)
  end subroutine

  ! On rank 0, while the others serve: as share.
  recursive subroutine call_share_i32(self, values, stat, errmsg)
    class(parmap), intent(inout) :: self
    integer(int32), intent(in), target, contiguous :: values(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call report_status(parmap_call_share(self%handle, c_loc(values), size(values, kind=int64)*(storage_size(values, int64)/8)), &
      stat, errmsg)
  end subroutine

  ! Gives values of rank 0 to all tasks of later runs, on every rank.
  recursive subroutine share_i64(self, values, stat, errmsg)
    class(parmap), intent(inout) :: self
    integer(int64), intent(in), target, contiguous :: values(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call report_status(parmap_share(self%handle, c_loc(values), size(values, kind=int64)*(storage_size(values, int64)/8)), &
      stat, errmsg)
  end subroutine

  ! On rank 0, while the others serve: as share.
  recursive subroutine call_share_i64(self, values, stat, errmsg)
    class(parmap), intent(inout) :: self
    integer(int64), intent(in), target, contiguous :: values(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call report_status(parmap_call_share(self%handle, c_loc(values), size(values, kind=int64)*(storage_size(values, int64)/8)), &
      stat, errmsg)
  end subroutine

  ! Gives values of rank 0 to all tasks of later runs, on every rank.
  recursive subroutine share_r32(self, values, stat, errmsg)
    class(parmap), intent(inout) :: self
    real(real32), intent(in), target, contiguous :: values(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call report_status(parmap_share(self%handle, c_loc(values), size(values, kind=int64)*(storage_size(values, int64)/8)), &
      stat, errmsg)
  end subroutine

  ! On rank 0, while the others serve: as share.
  recursive subroutine call_share_r32(self, values, stat, errmsg)
    class(parmap), intent(inout) :: self
    real(real32), intent(in), target, contiguous :: values(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call report_status(parmap_call_share(self%handle, c_loc(values), size(values, kind=int64)*(storage_size(values, int64)/8)), &
      stat, errmsg)
  end subroutine

  ! Gives values of rank 0 to all tasks of later runs, on every rank.
  recursive subroutine share_r64(self, values, stat, errmsg)
    class(parmap), intent(inout) :: self
    real(real64), intent(in), target, contiguous :: values(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call report_status(parmap_share(self%handle, c_loc(values), size(values, kind=int64)*(storage_size(values, int64)/8)), &
      stat, errmsg)
  end subroutine

  ! On rank 0, while the others serve: as share.
  recursive subroutine call_share_r64(self, values, stat, errmsg)
    class(parmap), intent(inout) :: self
    real(real64), intent(in), target, contiguous :: values(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call report_status(parmap_call_share(self%handle, c_loc(values), size(values, kind=int64)*(storage_size(values, int64)/8)), &
      stat, errmsg)
  end subroutine

end module

! Flows: chains of nodes that are trained one after the other, then send chunks through.
module parmap_flow_m
  use, intrinsic :: iso_fortran_env, only: int8, int32, int64
  use dicod_c, c_node => parmap_node
  use dicod_error_m
  use parmap_task_m
  use parmap_callback_m
  use parmap_m
  implicit none
  private
  public :: parmap_flow, parmap_node
  public :: can_fork_procedure, train_procedure, stop_procedure, execute_procedure, restart_procedure, checkpoint_procedure

  abstract interface
    ! Whether chunks of a phase, from 1, can be trained by forks.
    function can_fork_procedure(state, phase) result(can)
      import :: int64
      class(*), intent(inout) :: state
      integer(int64), intent(in) :: phase
      logical :: can
    end function
    ! Takes one chunk in.
    subroutine train_procedure(state, phase, input, code)
      import :: parmap_data, int32, int64
      class(*), intent(inout) :: state
      integer(int64), intent(in) :: phase
      type(parmap_data), intent(inout) :: input
      integer(int32), intent(inout) :: code
    end subroutine
    ! Ends a phase, on rank 0.
    subroutine stop_procedure(state, phase, code)
      import :: int32, int64
      class(*), intent(inout) :: state
      integer(int64), intent(in) :: phase
      integer(int32), intent(inout) :: code
    end subroutine
    ! Sends a chunk through. Several at a time: it must not change the state, unless there are forks in execution.
    subroutine execute_procedure(state, input, output, code)
      import :: parmap_data, parmap_buffer, int32
      class(*), intent(inout) :: state
      type(parmap_data), intent(inout) :: input
      type(parmap_buffer), intent(inout) :: output
      integer(int32), intent(inout) :: code
    end subroutine
    ! Goes back to the first chunk.
    subroutine restart_procedure(code, user)
      import :: int32
      integer(int32), intent(inout) :: code
      class(*), intent(inout), optional :: user
    end subroutine
    ! Told on rank 0 after the last phase of a node, with what save has written; a code stops there.
    subroutine checkpoint_procedure(node, data, code, user)
      import :: parmap_data, int32, int64
      integer(int64), intent(in) :: node
      type(parmap_data), intent(inout) :: data
      integer(int32), intent(inout) :: code
      class(*), intent(inout), optional :: user
    end subroutine
  end interface

  ! One node. A fork is a copy of the state, made fresh by clear. What is needed only for training may be left out if there
  ! are no phases; save and load are pack and unpack unless they are given.
  type :: parmap_node
    integer(int64) :: phases = 0
    logical :: forks_in_execution = .false.
    class(*), pointer :: state => null()
    procedure(can_fork_procedure), pointer, nopass :: can_fork => null()
    procedure(state_procedure), pointer, nopass :: clear => null()
    procedure(train_procedure), pointer, nopass :: train => null()
    procedure(state_pack_procedure), pointer, nopass :: pack => null()
    procedure(state_unpack_procedure), pointer, nopass :: unpack => null()
    procedure(state_join_procedure), pointer, nopass :: join => null()
    procedure(stop_procedure), pointer, nopass :: stop => null()
    procedure(execute_procedure), pointer, nopass :: execute => null()
    procedure(state_pack_procedure), pointer, nopass :: save => null()
    procedure(state_unpack_procedure), pointer, nopass :: load => null()
  end type

  ! The states of its nodes stay the program's, and have to live as long as it.
  type, extends(library_handle) :: parmap_flow
    type(parmap_node), pointer, private :: nodes(:) => null()
    type(state_box), pointer, private :: states(:) => null()
  contains
    procedure :: create => flow_create
    procedure :: free => flow_free
    procedure :: load => flow_load
    procedure :: train => flow_train
    procedure :: execute => flow_execute
    final :: flow_final
  end type

  type :: train_box
    type(stream_box) :: stream
    procedure(restart_procedure), pointer, nopass :: restart => null()
    procedure(checkpoint_procedure), pointer, nopass :: checkpoint => null()
  end type

  integer, target, save :: stateless = 0

contains

  ! Local. Every rank makes it with nodes of the same kind; the states of rank 0 count.
  recursive subroutine flow_create(self, nodes, stat, errmsg)
    class(parmap_flow), intent(inout) :: self
    type(parmap_node), intent(in) :: nodes(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(c_node) :: tables(size(nodes))
    type(parmap_node), pointer :: kept(:)
    type(state_box), pointer :: states(:)
    type(c_ptr) :: handle
    integer(int32) :: status
    integer :: i
    allocate (kept(size(nodes)), states(size(nodes)))
    kept = nodes
    do i = 1, size(nodes)
      if (.not. associated(kept(i)%state)) kept(i)%state => stateless
      states(i)%state => kept(i)%state
      states(i)%owner = c_loc(kept(i))
      tables(i)%state = c_loc(states(i))
      tables(i)%phases = nodes(i)%phases
      tables(i)%forks_in_execution = merge(1_int32, 0_int32, nodes(i)%forks_in_execution)
      tables(i)%fork_state = c_funloc(node_fork)
      tables(i)%free_state = c_funloc(node_free)
      if (associated(nodes(i)%can_fork)) tables(i)%can_fork = c_funloc(node_can_fork)
      if (associated(nodes(i)%train)) tables(i)%train = c_funloc(node_train)
      if (associated(nodes(i)%pack)) tables(i)%pack = c_funloc(node_pack)
      if (associated(nodes(i)%unpack)) tables(i)%unpack = c_funloc(node_unpack)
      if (associated(nodes(i)%join)) tables(i)%join_states = c_funloc(node_join)
      if (associated(nodes(i)%stop)) tables(i)%stop = c_funloc(node_stop)
      if (associated(nodes(i)%execute)) tables(i)%execute = c_funloc(node_execute)
      if (associated(nodes(i)%save)) tables(i)%save = c_funloc(node_save)
      if (associated(nodes(i)%load)) tables(i)%load = c_funloc(node_load)
    end do
    handle = c_null_ptr
    status = parmap_flow_create(size(nodes, kind=int64), tables, handle)
    if (status >= 0) then
      call flow_free(self)
      self%handle = handle
      self%nodes => kept
      self%states => states
    else
      deallocate (kept, states)
    end if
    call report_status(status, stat, errmsg)
  end subroutine

  ! Local. Frees the flow and its nodes.
  recursive subroutine flow_free(self)
    class(parmap_flow), intent(inout) :: self
    integer(int32) :: ignored
    ignored = parmap_flow_free(self%handle)
    if (associated(self%nodes)) deallocate (self%nodes, self%states)
  end subroutine

  impure elemental recursive subroutine flow_final(self)
    type(parmap_flow), intent(inout) :: self
    call flow_free(self)
  end subroutine

  ! Local. Sets a node, from 1, to what a checkpoint holds: it counts as trained.
  recursive subroutine flow_load(self, node, bytes, stat, errmsg)
    class(parmap_flow), intent(inout) :: self
    class(*), intent(in) :: node
    integer(int8), intent(in), target, contiguous :: bytes(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call report_status(parmap_flow_load(self%handle, whole(node) - 1, c_loc(bytes), size(bytes, kind=int64)), stat, errmsg)
  end subroutine

  ! Trains the nodes that are not trained yet. Ranks other than 0 need no procedures. Without restart there can be one phase.
  recursive subroutine flow_train(self, map, produce, restart, checkpoint, user, report, stat, errmsg)
    class(parmap_flow), intent(inout) :: self
    class(parmap), intent(inout) :: map
    procedure(produce_procedure), optional :: produce
    procedure(restart_procedure), optional :: restart
    procedure(checkpoint_procedure), optional :: checkpoint
    class(*), intent(in), target, optional :: user
    type(parmap_report), intent(inout), optional :: report
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(train_box), target :: box
    type(c_funptr) :: producer, again, told
    producer = c_null_funptr
    again = c_null_funptr
    told = c_null_funptr
    if (present(user)) box%stream%user => user
    if (present(produce)) then
      box%stream%produce => produce
      producer = c_funloc(train_produce)
    end if
    if (present(restart)) then
      box%restart => restart
      again = c_funloc(train_restart)
    end if
    if (present(checkpoint)) then
      box%checkpoint => checkpoint
      told = c_funloc(train_checkpoint)
    end if
    call report_status(parmap_flow_train(self%handle, map%handle, again, producer, told, c_loc(box), report), stat, errmsg)
  end subroutine

  ! Sends chunks through all nodes, as parmap%stream.
  recursive subroutine flow_execute(self, map, produce, consume, user, report, stat, errmsg)
    class(parmap_flow), intent(inout) :: self
    class(parmap), intent(inout) :: map
    procedure(produce_procedure), optional :: produce
    procedure(consume_procedure), optional :: consume
    class(*), intent(in), target, optional :: user
    type(parmap_report), intent(inout), optional :: report
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(stream_box), target :: box
    type(c_funptr) :: producer, consumer
    call ends_of(box, produce, consume, user, producer, consumer)
    call report_status(parmap_flow_execute(self%handle, map%handle, producer, consumer, c_loc(box), report), stat, errmsg)
  end subroutine

  recursive function train_produce(userdata, buffer) bind(c, name='') result(code)
    type(c_ptr), value :: userdata, buffer
    integer(c_int32_t) :: code
    type(train_box), pointer :: box
    call c_f_pointer(userdata, box)
    code = produce_trampoline(c_loc(box%stream), buffer)
  end function

  recursive function train_restart(userdata) bind(c, name='') result(code)
    type(c_ptr), value :: userdata
    integer(c_int32_t) :: code
    type(train_box), pointer :: box
    call c_f_pointer(userdata, box)
    code = 0
    call box%restart(code, box%stream%user)
  end function

  recursive function train_checkpoint(userdata, node, data, size) bind(c, name='') result(code)
    type(c_ptr), value :: userdata, data
    integer(c_int64_t), value :: node, size
    integer(c_int32_t) :: code
    type(train_box), pointer :: box
    type(parmap_data) :: saved
    call c_f_pointer(userdata, box)
    saved = data_at(data, size)
    code = 0
    call box%checkpoint(node + 1, saved, code, box%stream%user)
  end function

  ! The node of a state, or of a copy of it.
  recursive subroutine find_node(state, box, node)
    type(c_ptr), intent(in) :: state
    type(state_box), pointer, intent(out) :: box
    type(parmap_node), pointer, intent(out) :: node
    call c_f_pointer(state, box)
    call c_f_pointer(box%owner, node)
  end subroutine

  recursive function node_can_fork(state, phase) bind(c, name='') result(code)
    type(c_ptr), value :: state
    integer(c_int64_t), value :: phase
    integer(c_int32_t) :: code
    type(state_box), pointer :: box
    type(parmap_node), pointer :: node
    call find_node(state, box, node)
    code = merge(1_int32, 0_int32, node%can_fork(box%state, phase + 1))
  end function

  recursive function node_fork(state, fork) bind(c, name='') result(code)
    type(c_ptr), value :: state
    type(c_ptr), intent(inout) :: fork
    integer(c_int32_t) :: code
    type(state_box), pointer :: box
    type(parmap_node), pointer :: node
    call find_node(state, box, node)
    fork = new_state(box)
    code = merge(0_int32, 1_int32, c_associated(fork))
    if (code /= 0 .or. .not. associated(node%clear)) return
    call c_f_pointer(fork, box)
    call node%clear(box%state, code)
    if (code == 0) return
    call drop_state(box)
    fork = c_null_ptr
  end function

  recursive function node_train(state, phase, data, size) bind(c, name='') result(code)
    type(c_ptr), value :: state, data
    integer(c_int64_t), value :: phase, size
    integer(c_int32_t) :: code
    type(state_box), pointer :: box
    type(parmap_node), pointer :: node
    type(parmap_data) :: input
    call find_node(state, box, node)
    input = data_at(data, size)
    code = 0
    call node%train(box%state, phase + 1, input, code)
  end function

  recursive function node_pack(state, buffer) bind(c, name='') result(code)
    type(c_ptr), value :: state, buffer
    integer(c_int32_t) :: code
    type(state_box), pointer :: box
    type(parmap_node), pointer :: node
    type(parmap_buffer) :: output
    call find_node(state, box, node)
    output%handle = buffer
    code = 0
    call node%pack(box%state, output, code)
  end function

  recursive function node_unpack(state, data, size) bind(c, name='') result(code)
    type(c_ptr), value :: state, data
    integer(c_int64_t), value :: size
    integer(c_int32_t) :: code
    type(state_box), pointer :: box
    type(parmap_node), pointer :: node
    type(parmap_data) :: input
    call find_node(state, box, node)
    input = data_at(data, size)
    code = 0
    call node%unpack(box%state, input, code)
  end function

  recursive function node_join(state, fork) bind(c, name='') result(code)
    type(c_ptr), value :: state, fork
    integer(c_int32_t) :: code
    type(state_box), pointer :: box, other
    type(parmap_node), pointer :: node
    call find_node(state, box, node)
    call c_f_pointer(fork, other)
    code = 0
    call node%join(box%state, other%state, code)
  end function

  recursive function node_stop(state, phase) bind(c, name='') result(code)
    type(c_ptr), value :: state
    integer(c_int64_t), value :: phase
    integer(c_int32_t) :: code
    type(state_box), pointer :: box
    type(parmap_node), pointer :: node
    call find_node(state, box, node)
    code = 0
    call node%stop(box%state, phase + 1, code)
  end function

  recursive function node_execute(state, data, size, buffer) bind(c, name='') result(code)
    type(c_ptr), value :: state, data, buffer
    integer(c_int64_t), value :: size
    integer(c_int32_t) :: code
    type(state_box), pointer :: box
    type(parmap_node), pointer :: node
    type(parmap_data) :: input
    type(parmap_buffer) :: output
    call find_node(state, box, node)
    input = data_at(data, size)
    output%handle = buffer
    code = 0
    call node%execute(box%state, input, output, code)
  end function

  recursive function node_save(state, buffer) bind(c, name='') result(code)
    type(c_ptr), value :: state, buffer
    integer(c_int32_t) :: code
    type(state_box), pointer :: box
    type(parmap_node), pointer :: node
    type(parmap_buffer) :: output
    call find_node(state, box, node)
    output%handle = buffer
    code = 0
    call node%save(box%state, output, code)
  end function

  recursive function node_load(state, data, size) bind(c, name='') result(code)
    type(c_ptr), value :: state, data
    integer(c_int64_t), value :: size
    integer(c_int32_t) :: code
    type(state_box), pointer :: box
    type(parmap_node), pointer :: node
    type(parmap_data) :: input
    call find_node(state, box, node)
    input = data_at(data, size)
    code = 0
    call node%load(box%state, input, code)
  end function

  recursive subroutine node_free(fork) bind(c, name='')
    type(c_ptr), value :: fork
    type(state_box), pointer :: box
    call c_f_pointer(fork, box)
    call drop_state(box)
  end subroutine
end module

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
    ! Of an operator T: output = T(input); its derivative; or its adjoint, from out_size numbers to in_size.
    subroutine operator_procedure_real32(state, input, output, code)
      import
      class(*), intent(inout) :: state
      real(real32), intent(in) :: input(:)
      real(real32), intent(inout) :: output(:)
      integer(int32), intent(inout) :: code
    end subroutine
    ! Of an operator T: output = T(input); its derivative; or its adjoint, from out_size numbers to in_size.
    subroutine operator_procedure(state, input, output, code)
      import
      class(*), intent(inout) :: state
      real(real64), intent(in) :: input(:)
      real(real64), intent(inout) :: output(:)
      integer(int32), intent(inout) :: code
    end subroutine
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
    procedure(operator_procedure_real32), pointer, nopass :: eval_real32 => null()
    procedure(operator_procedure_real32), pointer, nopass :: linearize_real32 => null()
    procedure(operator_procedure_real32), pointer, nopass :: derivative_real32 => null()
    procedure(operator_procedure_real32), pointer, nopass :: adjoint_real32 => null()
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
    procedure, private :: operators_eval_r32, operators_linearize_r32, operators_derivative_r32, operators_adjoint_r32
    generic :: eval => operators_eval_r32
    generic :: linearize => operators_linearize_r32
    generic :: derivative => operators_derivative_r32
    generic :: adjoint => operators_adjoint_r32
    procedure, private :: operators_eval_r64, operators_linearize_r64, operators_derivative_r64, operators_adjoint_r64
    generic :: eval => operators_eval_r64
    generic :: linearize => operators_linearize_r64
    generic :: derivative => operators_derivative_r64
    generic :: adjoint => operators_adjoint_r64
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
      if (associated(operators(i)%eval_real32)) tables(i)%eval = c_funloc(operator_eval_r32)
      if (associated(operators(i)%linearize_real32)) tables(i)%linearize = c_funloc(operator_linearize_r32)
      if (associated(operators(i)%derivative_real32)) tables(i)%derivative = c_funloc(operator_derivative_r32)
      if (associated(operators(i)%adjoint_real32)) tables(i)%adjoint = c_funloc(operator_adjoint_r32)
      if (associated(operators(i)%eval)) tables(i)%eval = c_funloc(operator_eval_r64)
      if (associated(operators(i)%linearize)) tables(i)%linearize = c_funloc(operator_linearize_r64)
      if (associated(operators(i)%derivative)) tables(i)%derivative = c_funloc(operator_derivative_r64)
      if (associated(operators(i)%adjoint)) tables(i)%adjoint = c_funloc(operator_adjoint_r64)
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

  ! y = T(x), results of the operators one after the other. x is that of rank 0, y is written on every rank.
  recursive subroutine operators_eval_r32(self, map, x, y, stat, errmsg)
    class(parmap_operators), intent(inout) :: self
    class(parmap), intent(inout) :: map
    real(real32), intent(in), target, contiguous :: x(:)
    real(real32), intent(inout), target, contiguous :: y(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call apply_r32(self, map, parmap_operators_eval, .false., x, y, stat, errmsg)
  end subroutine

  ! y = T(x), and derivative and adjoint are taken at x from now on.
  recursive subroutine operators_linearize_r32(self, map, x, y, stat, errmsg)
    class(parmap_operators), intent(inout) :: self
    class(parmap), intent(inout) :: map
    real(real32), intent(in), target, contiguous :: x(:)
    real(real32), intent(inout), target, contiguous :: y(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call apply_r32(self, map, parmap_operators_linearize, .false., x, y, stat, errmsg)
  end subroutine

  ! y = T'(x) h
  recursive subroutine operators_derivative_r32(self, map, h, y, stat, errmsg)
    class(parmap_operators), intent(inout) :: self
    class(parmap), intent(inout) :: map
    real(real32), intent(in), target, contiguous :: h(:)
    real(real32), intent(inout), target, contiguous :: y(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call apply_r32(self, map, parmap_operators_derivative, .false., h, y, stat, errmsg)
  end subroutine

  ! x = T'(x)* y
  recursive subroutine operators_adjoint_r32(self, map, y, x, stat, errmsg)
    class(parmap_operators), intent(inout) :: self
    class(parmap), intent(inout) :: map
    real(real32), intent(in), target, contiguous :: y(:)
    real(real32), intent(inout), target, contiguous :: x(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call apply_r32(self, map, parmap_operators_adjoint, .true., y, x, stat, errmsg)
  end subroutine

  ! y = T(x), results of the operators one after the other. x is that of rank 0, y is written on every rank.
  recursive subroutine operators_eval_r64(self, map, x, y, stat, errmsg)
    class(parmap_operators), intent(inout) :: self
    class(parmap), intent(inout) :: map
    real(real64), intent(in), target, contiguous :: x(:)
    real(real64), intent(inout), target, contiguous :: y(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call apply_r64(self, map, parmap_operators_eval, .false., x, y, stat, errmsg)
  end subroutine

  ! y = T(x), and derivative and adjoint are taken at x from now on.
  recursive subroutine operators_linearize_r64(self, map, x, y, stat, errmsg)
    class(parmap_operators), intent(inout) :: self
    class(parmap), intent(inout) :: map
    real(real64), intent(in), target, contiguous :: x(:)
    real(real64), intent(inout), target, contiguous :: y(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call apply_r64(self, map, parmap_operators_linearize, .false., x, y, stat, errmsg)
  end subroutine

  ! y = T'(x) h
  recursive subroutine operators_derivative_r64(self, map, h, y, stat, errmsg)
    class(parmap_operators), intent(inout) :: self
    class(parmap), intent(inout) :: map
    real(real64), intent(in), target, contiguous :: h(:)
    real(real64), intent(inout), target, contiguous :: y(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call apply_r64(self, map, parmap_operators_derivative, .false., h, y, stat, errmsg)
  end subroutine

  ! x = T'(x)* y
  recursive subroutine operators_adjoint_r64(self, map, y, x, stat, errmsg)
    class(parmap_operators), intent(inout) :: self
    class(parmap), intent(inout) :: map
    real(real64), intent(in), target, contiguous :: y(:)
    real(real64), intent(inout), target, contiguous :: x(:)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call apply_r64(self, map, parmap_operators_adjoint, .true., y, x, stat, errmsg)
  end subroutine

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

  recursive function operator_eval_r32(state, x, y) bind(c, name='') result(code)
    type(c_ptr), value :: state, x, y
    integer(c_int32_t) :: code
    type(parmap_operator), pointer :: its
    call c_f_pointer(state, its)
    call product_r32(its%eval_real32, its, x, its%in_size, y, its%out_size, code)
  end function

  recursive function operator_linearize_r32(state, x, y) bind(c, name='') result(code)
    type(c_ptr), value :: state, x, y
    integer(c_int32_t) :: code
    type(parmap_operator), pointer :: its
    call c_f_pointer(state, its)
    call product_r32(its%linearize_real32, its, x, its%in_size, y, its%out_size, code)
  end function

  recursive function operator_derivative_r32(state, h, y) bind(c, name='') result(code)
    type(c_ptr), value :: state, h, y
    integer(c_int32_t) :: code
    type(parmap_operator), pointer :: its
    call c_f_pointer(state, its)
    call product_r32(its%derivative_real32, its, h, its%in_size, y, its%out_size, code)
  end function

  recursive function operator_adjoint_r32(state, y, x) bind(c, name='') result(code)
    type(c_ptr), value :: state, y, x
    integer(c_int32_t) :: code
    type(parmap_operator), pointer :: its
    call c_f_pointer(state, its)
    call product_r32(its%adjoint_real32, its, y, its%out_size, x, its%in_size, code)
  end function

  recursive function operator_eval_r64(state, x, y) bind(c, name='') result(code)
    type(c_ptr), value :: state, x, y
    integer(c_int32_t) :: code
    type(parmap_operator), pointer :: its
    call c_f_pointer(state, its)
    call product_r64(its%eval, its, x, its%in_size, y, its%out_size, code)
  end function

  recursive function operator_linearize_r64(state, x, y) bind(c, name='') result(code)
    type(c_ptr), value :: state, x, y
    integer(c_int32_t) :: code
    type(parmap_operator), pointer :: its
    call c_f_pointer(state, its)
    call product_r64(its%linearize, its, x, its%in_size, y, its%out_size, code)
  end function

  recursive function operator_derivative_r64(state, h, y) bind(c, name='') result(code)
    type(c_ptr), value :: state, h, y
    integer(c_int32_t) :: code
    type(parmap_operator), pointer :: its
    call c_f_pointer(state, its)
    call product_r64(its%derivative, its, h, its%in_size, y, its%out_size, code)
  end function

  recursive function operator_adjoint_r64(state, y, x) bind(c, name='') result(code)
    type(c_ptr), value :: state, y, x
    integer(c_int32_t) :: code
    type(parmap_operator), pointer :: its
    call c_f_pointer(state, its)
    call product_r64(its%adjoint, its, y, its%out_size, x, its%in_size, code)
  end function

  recursive subroutine operator_end(state) bind(c, name='')
    type(c_ptr), value :: state
    type(parmap_operator), pointer :: its
    call c_f_pointer(state, its)
    call its%end(its%state)
  end subroutine
end module

! Ensembles: many starts of one solver.
module parmap_ensemble_m
  use, intrinsic :: iso_fortran_env, only: int32, int64, real32, real64
  use dicod_c, c_member => parmap_member
  use dicod_error_m
  use parmap_task_m
  use parmap_callback_m
  use parmap_m
  implicit none
  private
  public :: parmap_ensemble, parmap_member, solver_procedure

  ! One member, as a solver sees it: x is its start, or the best point so far; state is what the solver keeps between rounds,
  ! zero at first. The solver changes all but limit, the evaluations that it may make in this round. Both are real64, as the
  ! library keeps them.
  type :: parmap_member
    real(real64), pointer :: x(:) => null(), state(:) => null()
    real(real64) :: value = 0
    integer(int64) :: evaluations = 0, limit = 0
    logical :: converged = .false.
  end type

  abstract interface
    ! Improves a member; with a code it stays as it was.
    subroutine solver_procedure(task, member, code, user)
      import :: parmap_task, parmap_member, int32
      type(parmap_task), intent(in) :: task
      type(parmap_member), intent(inout) :: member
      integer(int32), intent(inout) :: code
      class(*), intent(inout), optional :: user
    end subroutine
  end interface

  type, extends(library_handle) :: parmap_ensemble
    integer(int64), private :: n_parameters = 0
  contains
    procedure, private :: ensemble_create, ensemble_create_r32, ensemble_member, ensemble_member_r32
    generic :: create => ensemble_create, ensemble_create_r32
    procedure :: free => ensemble_free
    procedure :: round => ensemble_round
    procedure :: summary => ensemble_summary
    generic :: member => ensemble_member, ensemble_member_r32
    final :: ensemble_final
  end type

  type :: solver_box
    procedure(solver_procedure), pointer, nopass :: solver => null()
    class(*), pointer :: user => null()
  end type

contains

  ! Local. n_members starts at random in the box from lower to upper, or one in each cell of a lattice with cells(i) cells
  ! along parameter i, the last runs fastest. n_state numbers per member are kept for the solver.
  recursive subroutine ensemble_create(self, lower, upper, n_members, cells, seed, n_state, stat, errmsg)
    class(parmap_ensemble), intent(inout) :: self
    real(real64), intent(in), target, contiguous :: lower(:), upper(:)
    class(*), intent(in), optional :: n_members, seed, n_state, cells(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(c_ptr) :: handle, at_cells
    integer(int64), allocatable, target :: counts(:)
    integer(int64) :: n, seed_, n_state_
    integer(int32) :: status
    if (size(upper) /= size(lower)) then
      call report_status(DICOD_ERROR_INVALID_SHAPE, stat, errmsg, 'lower and upper differ in length: '// &
        text_of(int([size(lower), size(upper)], int64)))
      return
    end if
    at_cells = c_null_ptr
    if (present(cells)) then
      allocate (counts, source=[wholes(cells), 0_int64])
      at_cells = c_loc(counts)
      if (size(counts) - 1 /= size(lower)) then
        call report_status(DICOD_ERROR_INVALID_SHAPE, stat, errmsg, 'lower and cells differ in length: '// &
          text_of(int([size(lower), size(counts) - 1], int64)))
        return
      end if
    end if
    n = 0
    seed_ = 0
    n_state_ = 0
    if (present(n_members)) n = whole(n_members)
    if (present(seed)) seed_ = whole(seed)
    if (present(n_state)) n_state_ = whole(n_state)
    handle = c_null_ptr
    status = parmap_ensemble_create(size(lower, kind=int64), c_loc(lower), c_loc(upper), n, at_cells, seed_, 8*n_state_, handle)
    if (status >= 0) then
      call ensemble_free(self)
      self%handle = handle
      self%n_parameters = size(lower, kind=int64)
    end if
    call report_status(status, stat, errmsg)
  end subroutine

  recursive subroutine ensemble_create_r32(self, lower, upper, n_members, cells, seed, n_state, stat, errmsg)
    class(parmap_ensemble), intent(inout) :: self
    real(real32), intent(in) :: lower(:), upper(:)
    class(*), intent(in), optional :: n_members, seed, n_state, cells(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call ensemble_create(self, real(lower, real64), real(upper, real64), n_members, cells, seed, n_state, stat, errmsg)
  end subroutine

  ! Local.
  recursive subroutine ensemble_free(self)
    class(parmap_ensemble), intent(inout) :: self
    integer(int32) :: ignored
    ignored = parmap_ensemble_free(self%handle)
  end subroutine

  impure elemental recursive subroutine ensemble_final(self)
    type(parmap_ensemble), intent(inout) :: self
    call ensemble_free(self)
  end subroutine

  ! The solver runs for each member that has not converged, with at most per_member evaluations, and all of them together
  ! in_all since the first round; without: no limit. Collective.
  recursive subroutine ensemble_round(self, map, solver, per_member, in_all, user, report, stat, errmsg)
    class(parmap_ensemble), intent(inout) :: self
    class(parmap), intent(inout) :: map
    procedure(solver_procedure) :: solver
    class(*), intent(in), optional :: per_member, in_all
    class(*), intent(in), target, optional :: user
    type(parmap_report), intent(inout), optional :: report
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(solver_box), target :: box
    integer(int64) :: each, all
    each = -1
    all = -1
    if (present(per_member)) each = whole(per_member)
    if (present(in_all)) all = whole(in_all)
    box%solver => solver
    if (present(user)) box%user => user
    call report_status(parmap_ensemble_round(self%handle, map%handle, each, all, c_funloc(solver_trampoline), c_loc(box), report), &
      stat, errmsg)
  end subroutine

  ! Local. best: the best member, from 1; 0: none has a value.
  recursive subroutine ensemble_summary(self, n_members, n_converged, evaluations, best, stat, errmsg)
    class(parmap_ensemble), intent(in) :: self
    integer(int64), intent(out), optional :: n_members, n_converged, evaluations, best
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int64), target :: n(4)
    integer(int32) :: status
    n = [0, 0, 0, -1]
    status = parmap_ensemble_get_summary(self%handle, c_loc(n(1)), c_loc(n(2)), c_loc(n(3)), c_loc(n(4)))
    if (present(n_members)) n_members = n(1)
    if (present(n_converged)) n_converged = n(2)
    if (present(evaluations)) evaluations = n(3)
    if (present(best)) best = n(4) + 1
    call report_status(status, stat, errmsg)
  end subroutine

  ! Local. x has one number per parameter.
  recursive subroutine ensemble_member(self, index, x, value, evaluations, converged, stat, errmsg)
    class(parmap_ensemble), intent(in) :: self
    class(*), intent(in) :: index
    real(real64), intent(inout), target, contiguous, optional :: x(:)
    real(real64), intent(inout), optional :: value
    integer(int64), intent(inout), optional :: evaluations
    logical, intent(inout), optional :: converged
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(c_ptr) :: at_x
    real(real64), target :: its_value
    integer(int64), target :: its_evaluations
    integer(int32), target :: it_has
    integer(int32) :: status
    at_x = c_null_ptr
    if (present(x)) then
      at_x = c_loc(x)
      if (c_associated(self%handle) .and. size(x, kind=int64) /= self%n_parameters) then
        call report_status(DICOD_ERROR_INVALID_SHAPE, stat, errmsg, 'x has the shape '//text_of(shape(x, int64))// &
          ', a member has the parameters '//text_of([self%n_parameters]))
        return
      end if
    end if
    status = parmap_ensemble_get_member(self%handle, whole(index) - 1, at_x, c_loc(its_value), &
      c_loc(its_evaluations), c_loc(it_has))
    if (status >= 0) then
      if (present(value)) value = its_value
      if (present(evaluations)) evaluations = its_evaluations
      if (present(converged)) converged = it_has /= 0
    end if
    call report_status(status, stat, errmsg)
  end subroutine

  recursive subroutine ensemble_member_r32(self, index, x, value, evaluations, converged, stat, errmsg)
    class(parmap_ensemble), intent(in) :: self
    class(*), intent(in) :: index
    real(real32), intent(inout) :: x(:)
    real(real64), intent(inout), optional :: value
    integer(int64), intent(inout), optional :: evaluations
    logical, intent(inout), optional :: converged
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    real(real64), allocatable :: wide(:)
    allocate (wide, source=real(x, real64))
    call ensemble_member(self, index, wide, value, evaluations, converged, stat, errmsg)
    x = real(wide, real32)
  end subroutine

  recursive function solver_trampoline(userdata, task, member) bind(c, name='') result(code)
    type(c_ptr), value :: userdata, task
    type(c_member), intent(inout) :: member
    integer(c_int32_t) :: code
    type(solver_box), pointer :: box
    type(parmap_member) :: its
    call c_f_pointer(userdata, box)
    its%x => item_at_r64(member%x, member%n_parameters)
    its%state => item_at_r64(member%state, member%state_size/8)
    its%value = member%value
    its%evaluations = member%evaluations
    its%limit = member%limit
    its%converged = member%converged /= 0
    code = 0
    call box%solver(parmap_task(task), its, code, box%user)
    member%value = its%value
    member%evaluations = its%evaluations
    member%converged = merge(1_int32, 0_int32, its%converged)
  end function
end module

! libdicod for Fortran: convolutional sparse coding, dictionary learning, segmentation, parallel map.
!
!   use dicod
!   call solve(x, d, z, reg=0.1_real64)
!
! Arrays are in Fortran's natural order: signals x(nx, ny, channel, signal), dictionaries d(lx, ly, channel, atom),
! activations z(vx, vy, atom, signal), with one to three axes in front; the axis of signals may be left out where there is
! one, that of channels of x as well. Shapes, offsets and lists "per axis" go in the same order. Positions and numbers of
! atoms, signals, segments and tasks count from 1; an offset is the number of elements before.
!
! Every procedure takes stat (a dicod_status: 0, positive for a valid result that ended early, negative for an error) and
! errmsg. Without stat an error stops the program with its message. last_error() has the whole of a long message of the
! library's.
!
! Variables of the types here free what they hold when they go out of scope, unless that would be collective: what was made
! over a communicator has to be freed by %free(), by all ranks, before MPI_Finalize. They cannot be copied.
!
! Procedures that a map calls in several threads have to be recursive: gfortran's others may keep variables between calls.
module dicod
  use, intrinsic :: iso_fortran_env, only: int8, int32, int64, real32, real64
  use dicod_c, only: DICOD_VERSION_MAJOR, DICOD_VERSION_MINOR, DICOD_VERSION_PATCH, DICOD_VERSION_NUMBER, DICOD_OK, &
      DICOD_MAX_ITER, DICOD_TIME_LIMIT, DICOD_CANCELLED, DICOD_PRECISION, DICOD_ERROR_NULL_POINTER, &
      DICOD_ERROR_INVALID_ARGUMENT, DICOD_ERROR_INVALID_SHAPE, DICOD_ERROR_OUT_OF_RANGE, DICOD_ERROR_NOT_FINITE, &
      DICOD_ERROR_UNKNOWN_OPTION, DICOD_ERROR_OUT_OF_MEMORY, DICOD_ERROR_INVALID_STATE, DICOD_ERROR_INTERNAL, &
      DICOD_ERROR_COMMUNICATION, DICOD_ERROR_FILE, PARMAP_SOME_FAILED, PARMAP_STOPPED, PARMAP_ERROR_TASK, &
      PARMAP_ERROR_PRODUCER, PARMAP_ERROR_CONSUMER, PARMAP_ERROR_STALLED, PARMAP_ERROR_TIMEOUT, &
      PARMAP_ERROR_CANCELLED, PARMAP_NOT_RUN, PARMAP_ERROR_NOT_RESTARTABLE, PARMAP_ERROR_EMPTY, DICOD_LANGUAGE_C, &
      DICOD_LANGUAGE_FORTRAN, DICOD_LANGUAGE_JULIA, DICOD_LOG_WARNING, DICOD_LOG_INFO, DICOD_LOG_DEBUG, &
      DICOD_PROVEN_LAMBDA, DICOD_PROVEN_RESULT, DICOD_F32, DICOD_F64, DICOD_SPAN_SOLVE, DICOD_SPAN_CORRELATE, &
      DICOD_SPAN_DESCEND, DICOD_SPAN_CERTIFY, DICOD_SPAN_PHASE, DICOD_SPAN_VISIT, PARMAP_ITEM, PARMAP_END, &
      PARMAP_WAIT, PARMAP_STOP, dicod_progress, dicod_info, dicod_span, dicod_learn_step, dicod_learn_info, &
      dicod_handle_info, parmap_report, parmap_progress
  use dicod_error_m, only: last_error, status_text, library_version, build_info
  use dicod_context_m, only: dicod_context, log_procedure, progress_procedure
  use dicod_options_m, only: dicod_options, option_description, n_options, describe_option, &
    n_settings, describe_setting
  use dicod_shape_m, only: valid_shape, valid_block, dicod_description
  use dicod_solve_m, only: solve, lambda_max, reconstruct, objective, gram, info_text
  use dicod_encoder_m, only: dicod_encoder, dicod_sparse, encoder_memory
  use dicod_learner_m, only: learn, initial_dictionary, dicod_learner, learn_procedure, step_nonzeros
  use segmentation_m, only: segmentation
  use parmap_task_m, only: parmap_task, parmap_data, parmap_buffer
  use parmap_callback_m, only: map_progress_procedure, item_procedure, produce_procedure, consume_procedure, state_procedure, &
    state_pack_procedure, state_unpack_procedure, state_join_procedure
  use parmap_callback_m, only: map_procedure_int8, reduce_procedure_int8, join_procedure_int8, state_input_procedure_int8
  use parmap_callback_m, only: map_procedure_int32, reduce_procedure_int32, join_procedure_int32, state_input_procedure_int32
  use parmap_callback_m, only: map_procedure_int64, reduce_procedure_int64, join_procedure_int64, state_input_procedure_int64
  use parmap_callback_m, only: map_procedure_real32, reduce_procedure_real32, join_procedure_real32, state_input_procedure_real32
  use parmap_callback_m, only: map_procedure, reduce_procedure, join_procedure, state_input_procedure
  use parmap_m, only: parmap, parmap_pull, report_message, report_text
  use parmap_flow_m, only: parmap_flow, parmap_node, can_fork_procedure, train_procedure, stop_procedure, execute_procedure, &
    restart_procedure, checkpoint_procedure
  use parmap_operators_m, only: parmap_operators, parmap_operator, operator_procedure, operator_procedure_real32, end_procedure
  use parmap_ensemble_m, only: parmap_ensemble, parmap_member, solver_procedure
  implicit none
  public
end module
