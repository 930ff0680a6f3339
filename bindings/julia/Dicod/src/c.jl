# The C interface of libdicod, name by name: include/dicod.h describes it.
#
# Generated from src/ffi by tools (make header): change it there.

const DICOD_VERSION_MAJOR = 0
const DICOD_VERSION_MINOR = 1
const DICOD_VERSION_PATCH = 0
const DICOD_VERSION_NUMBER = 100
const DICOD_OK = 0
const DICOD_MAX_ITER = 1
const DICOD_TIME_LIMIT = 2
const DICOD_CANCELLED = 3
const DICOD_PRECISION = 4
const DICOD_ERROR_NULL_POINTER = -1
const DICOD_ERROR_INVALID_ARGUMENT = -2
const DICOD_ERROR_INVALID_SHAPE = -3
const DICOD_ERROR_OUT_OF_RANGE = -4
const DICOD_ERROR_NOT_FINITE = -5
const DICOD_ERROR_UNKNOWN_OPTION = -6
const DICOD_ERROR_OUT_OF_MEMORY = -7
const DICOD_ERROR_INVALID_STATE = -8
const DICOD_ERROR_INTERNAL = -9
const DICOD_ERROR_COMMUNICATION = -10
const DICOD_ERROR_FILE = -11
const PARMAP_SOME_FAILED = 101
const PARMAP_STOPPED = 102
const PARMAP_ERROR_TASK = -101
const PARMAP_ERROR_PRODUCER = -102
const PARMAP_ERROR_CONSUMER = -103
const PARMAP_ERROR_STALLED = -104
const PARMAP_ERROR_TIMEOUT = -105
const PARMAP_ERROR_CANCELLED = -106
const PARMAP_NOT_RUN = -107
const PARMAP_ERROR_NOT_RESTARTABLE = -108
const PARMAP_ERROR_EMPTY = -109
const DICOD_LANGUAGE_C = 0
const DICOD_LANGUAGE_FORTRAN = 1
const DICOD_LANGUAGE_JULIA = 2
const DICOD_LOG_WARNING = 1
const DICOD_LOG_INFO = 2
const DICOD_LOG_DEBUG = 3
const DICOD_REDUCE_SUM = 0
const DICOD_REDUCE_MAX = 1
const DICOD_REDUCE_MIN = 2
const DICOD_PROVEN_LAMBDA = 1
const DICOD_PROVEN_RESULT = 2
const DICOD_F32 = 32
const DICOD_F64 = 64
const DICOD_SPAN_SOLVE = 0
const DICOD_SPAN_CORRELATE = 1
const DICOD_SPAN_DESCEND = 2
const DICOD_SPAN_CERTIFY = 3
const DICOD_SPAN_PHASE = 4
const DICOD_SPAN_VISIT = 5
const PARMAP_ITEM = 0
const PARMAP_END = -1
const PARMAP_WAIT = -2
const PARMAP_STOP = -1

struct dicod_progress
    struct_size::Int64
    sweeps::Int64
    steps::Int64
    visits::Int64
    awake::Int64
    tiles::Int64
    max_step::Float64
    tol::Float64
    seconds::Float64
end
dicod_progress() = dicod_progress(sizeof(dicod_progress), 0, 0, 0, 0, 0, 0, 0, 0)

struct dicod_transport
    struct_size::Int64
    state::Ptr{Cvoid}
    rank::Int32
    n_ranks::Int32
    may_have_threads::Int32
    send::Ptr{Cvoid}
    test::Ptr{Cvoid}
    probe::Ptr{Cvoid}
    receive::Ptr{Cvoid}
    reduce::Ptr{Cvoid}
    split::Ptr{Cvoid}
    node::Ptr{Cvoid}
    is_open::Ptr{Cvoid}
    explain::Ptr{Cvoid}
    free::Ptr{Cvoid}
end
dicod_transport() = dicod_transport(sizeof(dicod_transport), C_NULL, 0, 0, 0, C_NULL, C_NULL, C_NULL, C_NULL, C_NULL, C_NULL, C_NULL, C_NULL, C_NULL, C_NULL)

struct dicod_option_info
    struct_size::Int64
    key::Ptr{UInt8}
    value_type::Ptr{UInt8}
    default_value::Ptr{UInt8}
    allowed::Ptr{UInt8}
    meaning::Ptr{UInt8}
end
dicod_option_info() = dicod_option_info(sizeof(dicod_option_info), C_NULL, C_NULL, C_NULL, C_NULL, C_NULL)

struct dicod_problem
    struct_size::Int64
    n_axes::Int64
    signal_shape::NTuple{4,Int64}
    atom_shape::NTuple{4,Int64}
    n_atoms::Int64
    n_channels::Int64
    n_signals::Int64
    atom_shapes::Ptr{Int64}
end
dicod_problem() = dicod_problem(sizeof(dicod_problem), 0, ntuple(i -> 0, 4), ntuple(i -> 0, 4), 0, 1, 1, C_NULL)

struct dicod_info
    struct_size::Int64
    status::Int32
    n_threads::Int32
    lambda::Float64
    lambda_max::Float64
    tol::Float64
    steps::Int64
    visits::Int64
    sweeps::Int64
    nonzeros::Int64
    objective::Float64
    data_term::Float64
    max_step::Float64
    duality_gap::Float64
    seconds::Float64
    seconds_gram::Float64
    seconds_correlate::Float64
    seconds_descend::Float64
    seconds_certify::Float64
    bytes::Int64
    bytes_gram::Int64
    messages::Int64
    bytes_sent::Int64
    seconds_waiting::Float64
    proven::Int64
    seconds_other::Float64
    background_least::Float64
    background_most::Float64
end
dicod_info() = dicod_info(sizeof(dicod_info), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)

struct dicod_array
    struct_size::Int64
    element_type::Int64
    n_axes::Int64
    global_shape::Ptr{Int64}
    offset::Ptr{Int64}
    local_shape::Ptr{Int64}
    strides::Ptr{Int64}
    n_channels::Int64
    channels::Ptr{Ptr{Cvoid}}
end
dicod_array() = dicod_array(sizeof(dicod_array), DICOD_F64, 0, C_NULL, C_NULL, C_NULL, C_NULL, 0, C_NULL)

struct dicod_const_array
    struct_size::Int64
    element_type::Int64
    n_axes::Int64
    global_shape::Ptr{Int64}
    offset::Ptr{Int64}
    local_shape::Ptr{Int64}
    strides::Ptr{Int64}
    n_channels::Int64
    channels::Ptr{Ptr{Cvoid}}
end
dicod_const_array() = dicod_const_array(sizeof(dicod_const_array), DICOD_F64, 0, C_NULL, C_NULL, C_NULL, C_NULL, 0, C_NULL)

struct dicod_span
    struct_size::Int64
    activity::Int32
    awake::Int32
    sweep::Int64
    colour::Int64
    tile::Int64
    steps::Int64
    start::Float64
    seconds::Float64
    seconds_waiting::Float64
    messages::Int64
    bytes_sent::Int64
end
dicod_span() = dicod_span(sizeof(dicod_span), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)

struct dicod_learn_step
    struct_size::Int64
    iteration::Int64
    objective_z::Float64
    objective_d::Float64
    lambda::Float64
    lambda_max::Float64
    n_atoms::Int64
    nonzeros::Ptr{Int64}
    redrawn::Int64
    recentred::Int64
    steps::Int64
    dict_iterations::Int64
    seconds_z::Float64
    seconds_statistics::Float64
    seconds_d::Float64
    seconds::Float64
    threshold::Float64
    left_out::Int64
end
dicod_learn_step() = dicod_learn_step(sizeof(dicod_learn_step), 0, 0, 0, 0, 0, 0, C_NULL, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)

struct dicod_learn_info
    struct_size::Int64
    status::Int32
    n_threads::Int32
    iterations::Int64
    redrawn::Int64
    lambda::Float64
    lambda_max::Float64
    objective::Float64
    data_term::Float64
    duality_gap::Float64
    nonzeros::Int64
    seconds::Float64
    seconds_z::Float64
    seconds_statistics::Float64
    seconds_d::Float64
    proven::Int64
    seconds_other::Float64
    threshold::Float64
    left_out::Int64
end
dicod_learn_info() = dicod_learn_info(sizeof(dicod_learn_info), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)

struct dicod_handle_info
    struct_size::Int64
    element_type::Int64
    n_axes::Int64
    n_signals::Int64
    n_channels::Int64
    n_atoms::Int64
    n_coded::Int64
    signal_shape::NTuple{4,Int64}
    atom_shape::NTuple{4,Int64}
    valid_shape::NTuple{4,Int64}
    iterations::Int64
    bytes::Int64
    atom_shapes::Ptr{Int64}
end
dicod_handle_info() = dicod_handle_info(sizeof(dicod_handle_info), 0, 0, 0, 0, 0, 0, ntuple(i -> 0, 4), ntuple(i -> 0, 4), ntuple(i -> 0, 4), 0, 0, C_NULL)

struct parmap_report
    struct_size::Int64
    status::Int32
    failure_code::Int32
    failure_index::Int64
    failure_rank::Int32
    failure_worker::Int32
    done::Int64
    failed::Int64
    total::Int64
    unfinished::Int64
    seconds::Float64
    failure_message::NTuple{256,UInt8}
end
parmap_report() = parmap_report(sizeof(parmap_report), 0, 0, -1, -1, -1, 0, 0, 0, 0, 0, ntuple(i -> 0x00, 256))

struct parmap_progress
    struct_size::Int64
    done::Int64
    total::Int64
    failed::Int64
    elapsed::Float64
    eta::Float64
end
parmap_progress() = parmap_progress(sizeof(parmap_progress), 0, 0, 0, 0, 0)

struct parmap_reducer
    struct_size::Int64
    userdata::Ptr{Cvoid}
    fork_state::Ptr{Cvoid}
    work::Ptr{Cvoid}
    pack::Ptr{Cvoid}
    unpack::Ptr{Cvoid}
    join_states::Ptr{Cvoid}
    free_state::Ptr{Cvoid}
end
parmap_reducer() = parmap_reducer(sizeof(parmap_reducer), C_NULL, C_NULL, C_NULL, C_NULL, C_NULL, C_NULL, C_NULL)

struct parmap_node
    struct_size::Int64
    state::Ptr{Cvoid}
    phases::Int64
    can_fork::Ptr{Cvoid}
    fork_state::Ptr{Cvoid}
    train::Ptr{Cvoid}
    pack::Ptr{Cvoid}
    unpack::Ptr{Cvoid}
    join_states::Ptr{Cvoid}
    stop::Ptr{Cvoid}
    execute::Ptr{Cvoid}
    forks_in_execution::Int32
    save::Ptr{Cvoid}
    load::Ptr{Cvoid}
    free_state::Ptr{Cvoid}
end
parmap_node() = parmap_node(sizeof(parmap_node), C_NULL, 0, C_NULL, C_NULL, C_NULL, C_NULL, C_NULL, C_NULL, C_NULL, C_NULL, 0, C_NULL, C_NULL, C_NULL)

struct parmap_operator
    struct_size::Int64
    state::Ptr{Cvoid}
    in_size::Int64
    out_size::Int64
    linear::Int32
    eval::Ptr{Cvoid}
    linearize::Ptr{Cvoid}
    derivative::Ptr{Cvoid}
    adjoint::Ptr{Cvoid}
    end_::Ptr{Cvoid}
end
parmap_operator() = parmap_operator(sizeof(parmap_operator), C_NULL, 0, 0, 1, C_NULL, C_NULL, C_NULL, C_NULL, C_NULL)

struct parmap_member
    struct_size::Int64
    n_parameters::Int64
    x::Ptr{Float64}
    value::Float64
    evaluations::Int64
    limit::Int64
    converged::Int32
    state::Ptr{Cvoid}
    state_size::Int64
end
parmap_member() = parmap_member(sizeof(parmap_member), 0, C_NULL, 0, 0, 0, 0, C_NULL, 0)

const at_dicod_strerror = Ref{Ptr{Cvoid}}(C_NULL)
dicod_strerror(status) =
    ccall(entry(at_dicod_strerror, :dicod_strerror), Cstring, (Int32,), status)

const at_dicod_last_error = Ref{Ptr{Cvoid}}(C_NULL)
dicod_last_error(capacity, buffer, needed) =
    ccall(entry(at_dicod_last_error, :dicod_last_error), Int32, (Int64, Ptr{UInt8}, Ptr{Int64}), capacity, buffer, needed)

const at_dicod_last_error_message = Ref{Ptr{Cvoid}}(C_NULL)
dicod_last_error_message() =
    ccall(entry(at_dicod_last_error_message, :dicod_last_error_message), Cstring, ())

const at_dicod_last_error_in = Ref{Ptr{Cvoid}}(C_NULL)
dicod_last_error_in(language, capacity, buffer, needed) =
    ccall(entry(at_dicod_last_error_in, :dicod_last_error_in), Int32, (Int32, Int64, Ptr{UInt8}, Ptr{Int64}), language, capacity, buffer, needed)

const at_dicod_set_last_error = Ref{Ptr{Cvoid}}(C_NULL)
dicod_set_last_error(message) =
    ccall(entry(at_dicod_set_last_error, :dicod_set_last_error), Int32, (Cstring,), message)

const at_dicod_fail_next = Ref{Ptr{Cvoid}}(C_NULL)
dicod_fail_next(status, message) =
    ccall(entry(at_dicod_fail_next, :dicod_fail_next), Int32, (Int32, Cstring), status, message)

const at_dicod_version = Ref{Ptr{Cvoid}}(C_NULL)
dicod_version() =
    ccall(entry(at_dicod_version, :dicod_version), Cstring, ())

const at_dicod_build_info = Ref{Ptr{Cvoid}}(C_NULL)
dicod_build_info() =
    ccall(entry(at_dicod_build_info, :dicod_build_info), Cstring, ())

const at_dicod_context_create = Ref{Ptr{Cvoid}}(C_NULL)
dicod_context_create(n_threads, context) =
    ccall(entry(at_dicod_context_create, :dicod_context_create), Int32, (Int32, Ptr{Ptr{Cvoid}}), n_threads, context)

const at_dicod_context_free = Ref{Ptr{Cvoid}}(C_NULL)
dicod_context_free(context) =
    ccall(entry(at_dicod_context_free, :dicod_context_free), Int32, (Ptr{Ptr{Cvoid}},), context)

const at_dicod_context_get_ranks = Ref{Ptr{Cvoid}}(C_NULL)
dicod_context_get_ranks(context, rank, n_ranks) =
    ccall(entry(at_dicod_context_get_ranks, :dicod_context_get_ranks), Int32, (Ptr{Cvoid}, Ptr{Int32}, Ptr{Int32}), context, rank, n_ranks)

const at_dicod_context_get_threads = Ref{Ptr{Cvoid}}(C_NULL)
dicod_context_get_threads(context, n_threads) =
    ccall(entry(at_dicod_context_get_threads, :dicod_context_get_threads), Int32, (Ptr{Cvoid}, Ptr{Int32}), context, n_threads)

const at_dicod_context_set_log = Ref{Ptr{Cvoid}}(C_NULL)
dicod_context_set_log(context, log, userdata) =
    ccall(entry(at_dicod_context_set_log, :dicod_context_set_log), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}), context, log, userdata)

const at_dicod_context_set_progress = Ref{Ptr{Cvoid}}(C_NULL)
dicod_context_set_progress(context, progress, userdata) =
    ccall(entry(at_dicod_context_set_progress, :dicod_context_set_progress), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}), context, progress, userdata)

const at_dicod_cancel = Ref{Ptr{Cvoid}}(C_NULL)
dicod_cancel(context) =
    ccall(entry(at_dicod_cancel, :dicod_cancel), Int32, (Ptr{Cvoid},), context)

const at_dicod_context_set_cancel_flag = Ref{Ptr{Cvoid}}(C_NULL)
dicod_context_set_cancel_flag(context, flag) =
    ccall(entry(at_dicod_context_set_cancel_flag, :dicod_context_set_cancel_flag), Int32, (Ptr{Cvoid}, Ptr{Int32}), context, flag)

const at_dicod_context_create_on = Ref{Ptr{Cvoid}}(C_NULL)
dicod_context_create_on(transport, n_threads, context) =
    ccall(entry(at_dicod_context_create_on, :dicod_context_create_on), Int32, (Ptr{dicod_transport}, Int32, Ptr{Ptr{Cvoid}}), transport, n_threads, context)

const at_dicod_options_create = Ref{Ptr{Cvoid}}(C_NULL)
dicod_options_create(options) =
    ccall(entry(at_dicod_options_create, :dicod_options_create), Int32, (Ptr{Ptr{Cvoid}},), options)

const at_dicod_options_free = Ref{Ptr{Cvoid}}(C_NULL)
dicod_options_free(options) =
    ccall(entry(at_dicod_options_free, :dicod_options_free), Int32, (Ptr{Ptr{Cvoid}},), options)

const at_dicod_options_set_real = Ref{Ptr{Cvoid}}(C_NULL)
dicod_options_set_real(options, key, value) =
    ccall(entry(at_dicod_options_set_real, :dicod_options_set_real), Int32, (Ptr{Cvoid}, Cstring, Float64), options, key, value)

const at_dicod_options_set_reals = Ref{Ptr{Cvoid}}(C_NULL)
dicod_options_set_reals(options, key, n, values) =
    ccall(entry(at_dicod_options_set_reals, :dicod_options_set_reals), Int32, (Ptr{Cvoid}, Cstring, Int64, Ptr{Float64}), options, key, n, values)

const at_dicod_options_set_integer = Ref{Ptr{Cvoid}}(C_NULL)
dicod_options_set_integer(options, key, value) =
    ccall(entry(at_dicod_options_set_integer, :dicod_options_set_integer), Int32, (Ptr{Cvoid}, Cstring, Int64), options, key, value)

const at_dicod_options_set_integers = Ref{Ptr{Cvoid}}(C_NULL)
dicod_options_set_integers(options, key, n, values) =
    ccall(entry(at_dicod_options_set_integers, :dicod_options_set_integers), Int32, (Ptr{Cvoid}, Cstring, Int64, Ptr{Int64}), options, key, n, values)

const at_dicod_options_set_string = Ref{Ptr{Cvoid}}(C_NULL)
dicod_options_set_string(options, key, value) =
    ccall(entry(at_dicod_options_set_string, :dicod_options_set_string), Int32, (Ptr{Cvoid}, Cstring, Cstring), options, key, value)

const at_dicod_options_set = Ref{Ptr{Cvoid}}(C_NULL)
dicod_options_set(options, key, text) =
    ccall(entry(at_dicod_options_set, :dicod_options_set), Int32, (Ptr{Cvoid}, Cstring, Cstring), options, key, text)

const at_dicod_options_parse = Ref{Ptr{Cvoid}}(C_NULL)
dicod_options_parse(options, text) =
    ccall(entry(at_dicod_options_parse, :dicod_options_parse), Int32, (Ptr{Cvoid}, Cstring), options, text)

const at_dicod_options_from_environment = Ref{Ptr{Cvoid}}(C_NULL)
dicod_options_from_environment(options) =
    ccall(entry(at_dicod_options_from_environment, :dicod_options_from_environment), Int32, (Ptr{Cvoid},), options)

const at_dicod_options_to_text = Ref{Ptr{Cvoid}}(C_NULL)
dicod_options_to_text(options, capacity, buffer, needed) =
    ccall(entry(at_dicod_options_to_text, :dicod_options_to_text), Int32, (Ptr{Cvoid}, Int64, Ptr{UInt8}, Ptr{Int64}), options, capacity, buffer, needed)

const at_dicod_options_copy = Ref{Ptr{Cvoid}}(C_NULL)
dicod_options_copy(options, copy) =
    ccall(entry(at_dicod_options_copy, :dicod_options_copy), Int32, (Ptr{Cvoid}, Ptr{Ptr{Cvoid}}), options, copy)

const at_dicod_options_get_real = Ref{Ptr{Cvoid}}(C_NULL)
dicod_options_get_real(options, key, value) =
    ccall(entry(at_dicod_options_get_real, :dicod_options_get_real), Int32, (Ptr{Cvoid}, Cstring, Ptr{Float64}), options, key, value)

const at_dicod_options_get_reals = Ref{Ptr{Cvoid}}(C_NULL)
dicod_options_get_reals(options, key, capacity, values, count) =
    ccall(entry(at_dicod_options_get_reals, :dicod_options_get_reals), Int32, (Ptr{Cvoid}, Cstring, Int64, Ptr{Float64}, Ptr{Int64}), options, key, capacity, values, count)

const at_dicod_options_get_integer = Ref{Ptr{Cvoid}}(C_NULL)
dicod_options_get_integer(options, key, value) =
    ccall(entry(at_dicod_options_get_integer, :dicod_options_get_integer), Int32, (Ptr{Cvoid}, Cstring, Ptr{Int64}), options, key, value)

const at_dicod_options_get_integers = Ref{Ptr{Cvoid}}(C_NULL)
dicod_options_get_integers(options, key, capacity, values, count) =
    ccall(entry(at_dicod_options_get_integers, :dicod_options_get_integers), Int32, (Ptr{Cvoid}, Cstring, Int64, Ptr{Int64}, Ptr{Int64}), options, key, capacity, values, count)

const at_dicod_options_get_string = Ref{Ptr{Cvoid}}(C_NULL)
dicod_options_get_string(options, key, capacity, value, needed) =
    ccall(entry(at_dicod_options_get_string, :dicod_options_get_string), Int32, (Ptr{Cvoid}, Cstring, Int64, Ptr{UInt8}, Ptr{Int64}), options, key, capacity, value, needed)

const at_dicod_options_get_count = Ref{Ptr{Cvoid}}(C_NULL)
dicod_options_get_count(count) =
    ccall(entry(at_dicod_options_get_count, :dicod_options_get_count), Int32, (Ptr{Int64},), count)

const at_dicod_options_describe = Ref{Ptr{Cvoid}}(C_NULL)
dicod_options_describe(index, info) =
    ccall(entry(at_dicod_options_describe, :dicod_options_describe), Int32, (Int64, Ptr{dicod_option_info}), index, info)

const at_dicod_info_text = Ref{Ptr{Cvoid}}(C_NULL)
dicod_info_text(info, capacity, buffer, needed) =
    ccall(entry(at_dicod_info_text, :dicod_info_text), Int32, (Ptr{dicod_info}, Int64, Ptr{UInt8}, Ptr{Int64}), info, capacity, buffer, needed)

const at_dicod_valid_shape = Ref{Ptr{Cvoid}}(C_NULL)
dicod_valid_shape(options, problem, valid_shape) =
    ccall(entry(at_dicod_valid_shape, :dicod_valid_shape), Int32, (Ptr{Cvoid}, Ptr{dicod_problem}, Ptr{Int64}), options, problem, valid_shape)

const at_dicod_valid_block = Ref{Ptr{Cvoid}}(C_NULL)
dicod_valid_block(options, problem, offset, local_shape, valid_offset, valid_local_shape) =
    ccall(entry(at_dicod_valid_block, :dicod_valid_block), Int32, (Ptr{Cvoid}, Ptr{dicod_problem}, Ptr{Int64}, Ptr{Int64}, Ptr{Int64}, Ptr{Int64}), options, problem, offset, local_shape, valid_offset, valid_local_shape)

const at_dicod_solve = Ref{Ptr{Cvoid}}(C_NULL)
dicod_solve(context, options, problem, x, d, z, info) =
    ccall(entry(at_dicod_solve, :dicod_solve), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{dicod_problem}, Ptr{Float64}, Ptr{Float64}, Ptr{Float64}, Ptr{dicod_info}), context, options, problem, x, d, z, info)

const at_dicod_solve_f32 = Ref{Ptr{Cvoid}}(C_NULL)
dicod_solve_f32(context, options, problem, x, d, z, info) =
    ccall(entry(at_dicod_solve_f32, :dicod_solve_f32), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{dicod_problem}, Ptr{Float32}, Ptr{Float32}, Ptr{Float32}, Ptr{dicod_info}), context, options, problem, x, d, z, info)

const at_dicod_lambda_max = Ref{Ptr{Cvoid}}(C_NULL)
dicod_lambda_max(context, options, problem, x, d, lambda_max) =
    ccall(entry(at_dicod_lambda_max, :dicod_lambda_max), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{dicod_problem}, Ptr{Float64}, Ptr{Float64}, Ptr{Float64}), context, options, problem, x, d, lambda_max)

const at_dicod_lambda_max_f32 = Ref{Ptr{Cvoid}}(C_NULL)
dicod_lambda_max_f32(context, options, problem, x, d, lambda_max) =
    ccall(entry(at_dicod_lambda_max_f32, :dicod_lambda_max_f32), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{dicod_problem}, Ptr{Float32}, Ptr{Float32}, Ptr{Float64}), context, options, problem, x, d, lambda_max)

const at_dicod_reconstruct = Ref{Ptr{Cvoid}}(C_NULL)
dicod_reconstruct(context, options, problem, d, z, x) =
    ccall(entry(at_dicod_reconstruct, :dicod_reconstruct), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{dicod_problem}, Ptr{Float64}, Ptr{Float64}, Ptr{Float64}), context, options, problem, d, z, x)

const at_dicod_reconstruct_f32 = Ref{Ptr{Cvoid}}(C_NULL)
dicod_reconstruct_f32(context, options, problem, d, z, x) =
    ccall(entry(at_dicod_reconstruct_f32, :dicod_reconstruct_f32), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{dicod_problem}, Ptr{Float32}, Ptr{Float32}, Ptr{Float32}), context, options, problem, d, z, x)

const at_dicod_objective = Ref{Ptr{Cvoid}}(C_NULL)
dicod_objective(context, options, problem, x, d, z, objective, data_term) =
    ccall(entry(at_dicod_objective, :dicod_objective), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{dicod_problem}, Ptr{Float64}, Ptr{Float64}, Ptr{Float64}, Ptr{Float64}, Ptr{Float64}), context, options, problem, x, d, z, objective, data_term)

const at_dicod_objective_f32 = Ref{Ptr{Cvoid}}(C_NULL)
dicod_objective_f32(context, options, problem, x, d, z, objective, data_term) =
    ccall(entry(at_dicod_objective_f32, :dicod_objective_f32), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{dicod_problem}, Ptr{Float32}, Ptr{Float32}, Ptr{Float32}, Ptr{Float64}, Ptr{Float64}), context, options, problem, x, d, z, objective, data_term)

const at_dicod_gram = Ref{Ptr{Cvoid}}(C_NULL)
dicod_gram(context, problem, d, gram) =
    ccall(entry(at_dicod_gram, :dicod_gram), Int32, (Ptr{Cvoid}, Ptr{dicod_problem}, Ptr{Float64}, Ptr{Float64}), context, problem, d, gram)

const at_dicod_gram_f32 = Ref{Ptr{Cvoid}}(C_NULL)
dicod_gram_f32(context, problem, d, gram) =
    ccall(entry(at_dicod_gram_f32, :dicod_gram_f32), Int32, (Ptr{Cvoid}, Ptr{dicod_problem}, Ptr{Float32}, Ptr{Float32}), context, problem, d, gram)

const at_dicod_encoder_memory = Ref{Ptr{Cvoid}}(C_NULL)
dicod_encoder_memory(context, options, problem, element_type, offset, local_shape, bytes, bytes_gram, bytes_weights, bytes_penalties) =
    ccall(entry(at_dicod_encoder_memory, :dicod_encoder_memory), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{dicod_problem}, Int64, Ptr{Int64}, Ptr{Int64}, Ptr{Int64}, Ptr{Int64}, Ptr{Int64}, Ptr{Int64}), context, options, problem, element_type, offset, local_shape, bytes, bytes_gram, bytes_weights, bytes_penalties)

const at_dicod_learner_memory = Ref{Ptr{Cvoid}}(C_NULL)
dicod_learner_memory(context, options, problem, element_type, offset, local_shape, bytes, bytes_gram, bytes_weights) =
    ccall(entry(at_dicod_learner_memory, :dicod_learner_memory), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{dicod_problem}, Int64, Ptr{Int64}, Ptr{Int64}, Ptr{Int64}, Ptr{Int64}, Ptr{Int64}), context, options, problem, element_type, offset, local_shape, bytes, bytes_gram, bytes_weights)

const at_dicod_encoder_create = Ref{Ptr{Cvoid}}(C_NULL)
dicod_encoder_create(context, options, problem, d, encoder) =
    ccall(entry(at_dicod_encoder_create, :dicod_encoder_create), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{dicod_problem}, Ptr{Float64}, Ptr{Ptr{Cvoid}}), context, options, problem, d, encoder)

const at_dicod_encoder_create_f32 = Ref{Ptr{Cvoid}}(C_NULL)
dicod_encoder_create_f32(context, options, problem, d, encoder) =
    ccall(entry(at_dicod_encoder_create_f32, :dicod_encoder_create_f32), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{dicod_problem}, Ptr{Float32}, Ptr{Ptr{Cvoid}}), context, options, problem, d, encoder)

const at_dicod_encoder_create_rank1 = Ref{Ptr{Cvoid}}(C_NULL)
dicod_encoder_create_rank1(context, options, problem, u, v, encoder) =
    ccall(entry(at_dicod_encoder_create_rank1, :dicod_encoder_create_rank1), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{dicod_problem}, Ptr{Float64}, Ptr{Float64}, Ptr{Ptr{Cvoid}}), context, options, problem, u, v, encoder)

const at_dicod_encoder_create_rank1_f32 = Ref{Ptr{Cvoid}}(C_NULL)
dicod_encoder_create_rank1_f32(context, options, problem, u, v, encoder) =
    ccall(entry(at_dicod_encoder_create_rank1_f32, :dicod_encoder_create_rank1_f32), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{dicod_problem}, Ptr{Float32}, Ptr{Float32}, Ptr{Ptr{Cvoid}}), context, options, problem, u, v, encoder)

const at_dicod_encoder_free = Ref{Ptr{Cvoid}}(C_NULL)
dicod_encoder_free(encoder) =
    ccall(entry(at_dicod_encoder_free, :dicod_encoder_free), Int32, (Ptr{Ptr{Cvoid}},), encoder)

const at_dicod_encoder_set_dictionary = Ref{Ptr{Cvoid}}(C_NULL)
dicod_encoder_set_dictionary(encoder, d) =
    ccall(entry(at_dicod_encoder_set_dictionary, :dicod_encoder_set_dictionary), Int32, (Ptr{Cvoid}, Ptr{Float64}), encoder, d)

const at_dicod_encoder_set_dictionary_f32 = Ref{Ptr{Cvoid}}(C_NULL)
dicod_encoder_set_dictionary_f32(encoder, d) =
    ccall(entry(at_dicod_encoder_set_dictionary_f32, :dicod_encoder_set_dictionary_f32), Int32, (Ptr{Cvoid}, Ptr{Float32}), encoder, d)

const at_dicod_encoder_set_dictionary_rank1 = Ref{Ptr{Cvoid}}(C_NULL)
dicod_encoder_set_dictionary_rank1(encoder, u, v) =
    ccall(entry(at_dicod_encoder_set_dictionary_rank1, :dicod_encoder_set_dictionary_rank1), Int32, (Ptr{Cvoid}, Ptr{Float64}, Ptr{Float64}), encoder, u, v)

const at_dicod_encoder_set_dictionary_rank1_f32 = Ref{Ptr{Cvoid}}(C_NULL)
dicod_encoder_set_dictionary_rank1_f32(encoder, u, v) =
    ccall(entry(at_dicod_encoder_set_dictionary_rank1_f32, :dicod_encoder_set_dictionary_rank1_f32), Int32, (Ptr{Cvoid}, Ptr{Float32}, Ptr{Float32}), encoder, u, v)

const at_dicod_encoder_set_weights = Ref{Ptr{Cvoid}}(C_NULL)
dicod_encoder_set_weights(encoder, weights) =
    ccall(entry(at_dicod_encoder_set_weights, :dicod_encoder_set_weights), Int32, (Ptr{Cvoid}, Ptr{dicod_const_array}), encoder, weights)

const at_dicod_encoder_clear_weights = Ref{Ptr{Cvoid}}(C_NULL)
dicod_encoder_clear_weights(encoder) =
    ccall(entry(at_dicod_encoder_clear_weights, :dicod_encoder_clear_weights), Int32, (Ptr{Cvoid},), encoder)

const at_dicod_encoder_set_penalties = Ref{Ptr{Cvoid}}(C_NULL)
dicod_encoder_set_penalties(encoder, penalties) =
    ccall(entry(at_dicod_encoder_set_penalties, :dicod_encoder_set_penalties), Int32, (Ptr{Cvoid}, Ptr{dicod_const_array}), encoder, penalties)

const at_dicod_encoder_clear_penalties = Ref{Ptr{Cvoid}}(C_NULL)
dicod_encoder_clear_penalties(encoder) =
    ccall(entry(at_dicod_encoder_clear_penalties, :dicod_encoder_clear_penalties), Int32, (Ptr{Cvoid},), encoder)

const at_dicod_encoder_solve = Ref{Ptr{Cvoid}}(C_NULL)
dicod_encoder_solve(encoder, x, info) =
    ccall(entry(at_dicod_encoder_solve, :dicod_encoder_solve), Int32, (Ptr{Cvoid}, Ptr{dicod_const_array}, Ptr{dicod_info}), encoder, x, info)

const at_dicod_encoder_path = Ref{Ptr{Cvoid}}(C_NULL)
dicod_encoder_path(encoder, x, n_reg, reg, each, userdata, info) =
    ccall(entry(at_dicod_encoder_path, :dicod_encoder_path), Int32, (Ptr{Cvoid}, Ptr{dicod_const_array}, Int64, Ptr{Float64}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{dicod_info}), encoder, x, n_reg, reg, each, userdata, info)

const at_dicod_reg_path = Ref{Ptr{Cvoid}}(C_NULL)
dicod_reg_path(n, most, least, reg) =
    ccall(entry(at_dicod_reg_path, :dicod_reg_path), Int32, (Int64, Float64, Float64, Ptr{Float64}), n, most, least, reg)

const at_dicod_encoder_get_dictionary = Ref{Ptr{Cvoid}}(C_NULL)
dicod_encoder_get_dictionary(encoder, n_values, d) =
    ccall(entry(at_dicod_encoder_get_dictionary, :dicod_encoder_get_dictionary), Int32, (Ptr{Cvoid}, Int64, Ptr{Float64}), encoder, n_values, d)

const at_dicod_encoder_get_dictionary_f32 = Ref{Ptr{Cvoid}}(C_NULL)
dicod_encoder_get_dictionary_f32(encoder, n_values, d) =
    ccall(entry(at_dicod_encoder_get_dictionary_f32, :dicod_encoder_get_dictionary_f32), Int32, (Ptr{Cvoid}, Int64, Ptr{Float32}), encoder, n_values, d)

const at_dicod_encoder_get_dictionary_rank1 = Ref{Ptr{Cvoid}}(C_NULL)
dicod_encoder_get_dictionary_rank1(encoder, n_u, u, n_v, v) =
    ccall(entry(at_dicod_encoder_get_dictionary_rank1, :dicod_encoder_get_dictionary_rank1), Int32, (Ptr{Cvoid}, Int64, Ptr{Float64}, Int64, Ptr{Float64}), encoder, n_u, u, n_v, v)

const at_dicod_encoder_get_dictionary_rank1_f32 = Ref{Ptr{Cvoid}}(C_NULL)
dicod_encoder_get_dictionary_rank1_f32(encoder, n_u, u, n_v, v) =
    ccall(entry(at_dicod_encoder_get_dictionary_rank1_f32, :dicod_encoder_get_dictionary_rank1_f32), Int32, (Ptr{Cvoid}, Int64, Ptr{Float32}, Int64, Ptr{Float32}), encoder, n_u, u, n_v, v)

const at_dicod_encoder_set_z = Ref{Ptr{Cvoid}}(C_NULL)
dicod_encoder_set_z(encoder, z) =
    ccall(entry(at_dicod_encoder_set_z, :dicod_encoder_set_z), Int32, (Ptr{Cvoid}, Ptr{dicod_const_array}), encoder, z)

const at_dicod_encoder_clear_z = Ref{Ptr{Cvoid}}(C_NULL)
dicod_encoder_clear_z(encoder) =
    ccall(entry(at_dicod_encoder_clear_z, :dicod_encoder_clear_z), Int32, (Ptr{Cvoid},), encoder)

const at_dicod_encoder_get_z = Ref{Ptr{Cvoid}}(C_NULL)
dicod_encoder_get_z(encoder, z) =
    ccall(entry(at_dicod_encoder_get_z, :dicod_encoder_get_z), Int32, (Ptr{Cvoid}, Ptr{dicod_array}), encoder, z)

const at_dicod_encoder_get_sparse = Ref{Ptr{Cvoid}}(C_NULL)
dicod_encoder_get_sparse(encoder, capacity, signal, atom, position, value, count) =
    ccall(entry(at_dicod_encoder_get_sparse, :dicod_encoder_get_sparse), Int32, (Ptr{Cvoid}, Int64, Ptr{Int64}, Ptr{Int64}, Ptr{Int64}, Ptr{Float64}, Ptr{Int64}), encoder, capacity, signal, atom, position, value, count)

const at_dicod_encoder_get_sparse_block = Ref{Ptr{Cvoid}}(C_NULL)
dicod_encoder_get_sparse_block(encoder, offset, local_shape, capacity, signal, atom, position, value, count) =
    ccall(entry(at_dicod_encoder_get_sparse_block, :dicod_encoder_get_sparse_block), Int32, (Ptr{Cvoid}, Ptr{Int64}, Ptr{Int64}, Int64, Ptr{Int64}, Ptr{Int64}, Ptr{Int64}, Ptr{Float64}, Ptr{Int64}), encoder, offset, local_shape, capacity, signal, atom, position, value, count)

const at_dicod_encoder_set_sparse = Ref{Ptr{Cvoid}}(C_NULL)
dicod_encoder_set_sparse(encoder, n, signal, atom, position, value) =
    ccall(entry(at_dicod_encoder_set_sparse, :dicod_encoder_set_sparse), Int32, (Ptr{Cvoid}, Int64, Ptr{Int64}, Ptr{Int64}, Ptr{Int64}, Ptr{Float64}), encoder, n, signal, atom, position, value)

const at_dicod_encoder_get_region = Ref{Ptr{Cvoid}}(C_NULL)
dicod_encoder_get_region(encoder, offset, local_shape) =
    ccall(entry(at_dicod_encoder_get_region, :dicod_encoder_get_region), Int32, (Ptr{Cvoid}, Ptr{Int64}, Ptr{Int64}), encoder, offset, local_shape)

const at_dicod_encoder_get_lambda = Ref{Ptr{Cvoid}}(C_NULL)
dicod_encoder_get_lambda(encoder, n_atoms, lambda) =
    ccall(entry(at_dicod_encoder_get_lambda, :dicod_encoder_get_lambda), Int32, (Ptr{Cvoid}, Int64, Ptr{Float64}), encoder, n_atoms, lambda)

const at_dicod_encoder_get_tolerance = Ref{Ptr{Cvoid}}(C_NULL)
dicod_encoder_get_tolerance(encoder, n_atoms, tolerance) =
    ccall(entry(at_dicod_encoder_get_tolerance, :dicod_encoder_get_tolerance), Int32, (Ptr{Cvoid}, Int64, Ptr{Float64}), encoder, n_atoms, tolerance)

const at_dicod_encoder_reconstruct = Ref{Ptr{Cvoid}}(C_NULL)
dicod_encoder_reconstruct(encoder, x) =
    ccall(entry(at_dicod_encoder_reconstruct, :dicod_encoder_reconstruct), Int32, (Ptr{Cvoid}, Ptr{dicod_array}), encoder, x)

const at_dicod_encoder_residual = Ref{Ptr{Cvoid}}(C_NULL)
dicod_encoder_residual(encoder, x, residual) =
    ccall(entry(at_dicod_encoder_residual, :dicod_encoder_residual), Int32, (Ptr{Cvoid}, Ptr{dicod_const_array}, Ptr{dicod_array}), encoder, x, residual)

const at_dicod_encoder_get_background = Ref{Ptr{Cvoid}}(C_NULL)
dicod_encoder_get_background(encoder, background) =
    ccall(entry(at_dicod_encoder_get_background, :dicod_encoder_get_background), Int32, (Ptr{Cvoid}, Ptr{dicod_array}), encoder, background)

const at_dicod_encoder_objective = Ref{Ptr{Cvoid}}(C_NULL)
dicod_encoder_objective(encoder, x, objective, data_term) =
    ccall(entry(at_dicod_encoder_objective, :dicod_encoder_objective), Int32, (Ptr{Cvoid}, Ptr{dicod_const_array}, Ptr{Float64}, Ptr{Float64}), encoder, x, objective, data_term)

const at_dicod_encoder_get_trace = Ref{Ptr{Cvoid}}(C_NULL)
dicod_encoder_get_trace(encoder, visit, userdata) =
    ccall(entry(at_dicod_encoder_get_trace, :dicod_encoder_get_trace), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}), encoder, visit, userdata)

const at_dicod_encoder_get_trace_json = Ref{Ptr{Cvoid}}(C_NULL)
dicod_encoder_get_trace_json(encoder, capacity, json, needed) =
    ccall(entry(at_dicod_encoder_get_trace_json, :dicod_encoder_get_trace_json), Int32, (Ptr{Cvoid}, Int64, Ptr{UInt8}, Ptr{Int64}), encoder, capacity, json, needed)

const at_dicod_learn = Ref{Ptr{Cvoid}}(C_NULL)
dicod_learn(context, options, problem, x, each, userdata, d, z, info) =
    ccall(entry(at_dicod_learn, :dicod_learn), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{dicod_problem}, Ptr{Float64}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Float64}, Ptr{Float64}, Ptr{dicod_learn_info}), context, options, problem, x, each, userdata, d, z, info)

const at_dicod_learn_f32 = Ref{Ptr{Cvoid}}(C_NULL)
dicod_learn_f32(context, options, problem, x, each, userdata, d, z, info) =
    ccall(entry(at_dicod_learn_f32, :dicod_learn_f32), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{dicod_problem}, Ptr{Float32}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Float32}, Ptr{Float32}, Ptr{dicod_learn_info}), context, options, problem, x, each, userdata, d, z, info)

const at_dicod_learner_create = Ref{Ptr{Cvoid}}(C_NULL)
dicod_learner_create(context, options, problem, d, learner) =
    ccall(entry(at_dicod_learner_create, :dicod_learner_create), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{dicod_problem}, Ptr{Float64}, Ptr{Ptr{Cvoid}}), context, options, problem, d, learner)

const at_dicod_learner_create_f32 = Ref{Ptr{Cvoid}}(C_NULL)
dicod_learner_create_f32(context, options, problem, d, learner) =
    ccall(entry(at_dicod_learner_create_f32, :dicod_learner_create_f32), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{dicod_problem}, Ptr{Float32}, Ptr{Ptr{Cvoid}}), context, options, problem, d, learner)

const at_dicod_learner_free = Ref{Ptr{Cvoid}}(C_NULL)
dicod_learner_free(learner) =
    ccall(entry(at_dicod_learner_free, :dicod_learner_free), Int32, (Ptr{Ptr{Cvoid}},), learner)

const at_dicod_learner_step = Ref{Ptr{Cvoid}}(C_NULL)
dicod_learner_step(learner, x, step) =
    ccall(entry(at_dicod_learner_step, :dicod_learner_step), Int32, (Ptr{Cvoid}, Ptr{dicod_const_array}, Ptr{dicod_learn_step}), learner, x, step)

const at_dicod_learner_run = Ref{Ptr{Cvoid}}(C_NULL)
dicod_learner_run(learner, x, each, userdata, info) =
    ccall(entry(at_dicod_learner_run, :dicod_learner_run), Int32, (Ptr{Cvoid}, Ptr{dicod_const_array}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{dicod_learn_info}), learner, x, each, userdata, info)

const at_dicod_learner_encode = Ref{Ptr{Cvoid}}(C_NULL)
dicod_learner_encode(learner, x, info) =
    ccall(entry(at_dicod_learner_encode, :dicod_learner_encode), Int32, (Ptr{Cvoid}, Ptr{dicod_const_array}, Ptr{dicod_info}), learner, x, info)

const at_dicod_learner_get_dictionary = Ref{Ptr{Cvoid}}(C_NULL)
dicod_learner_get_dictionary(learner, n_values, d) =
    ccall(entry(at_dicod_learner_get_dictionary, :dicod_learner_get_dictionary), Int32, (Ptr{Cvoid}, Int64, Ptr{Float64}), learner, n_values, d)

const at_dicod_learner_get_dictionary_f32 = Ref{Ptr{Cvoid}}(C_NULL)
dicod_learner_get_dictionary_f32(learner, n_values, d) =
    ccall(entry(at_dicod_learner_get_dictionary_f32, :dicod_learner_get_dictionary_f32), Int32, (Ptr{Cvoid}, Int64, Ptr{Float32}), learner, n_values, d)

const at_dicod_learner_get_dictionary_rank1 = Ref{Ptr{Cvoid}}(C_NULL)
dicod_learner_get_dictionary_rank1(learner, n_u, u, n_v, v) =
    ccall(entry(at_dicod_learner_get_dictionary_rank1, :dicod_learner_get_dictionary_rank1), Int32, (Ptr{Cvoid}, Int64, Ptr{Float64}, Int64, Ptr{Float64}), learner, n_u, u, n_v, v)

const at_dicod_learner_get_dictionary_rank1_f32 = Ref{Ptr{Cvoid}}(C_NULL)
dicod_learner_get_dictionary_rank1_f32(learner, n_u, u, n_v, v) =
    ccall(entry(at_dicod_learner_get_dictionary_rank1_f32, :dicod_learner_get_dictionary_rank1_f32), Int32, (Ptr{Cvoid}, Int64, Ptr{Float32}, Int64, Ptr{Float32}), learner, n_u, u, n_v, v)

const at_dicod_learner_get_lambda = Ref{Ptr{Cvoid}}(C_NULL)
dicod_learner_get_lambda(learner, n_atoms, lambda) =
    ccall(entry(at_dicod_learner_get_lambda, :dicod_learner_get_lambda), Int32, (Ptr{Cvoid}, Int64, Ptr{Float64}), learner, n_atoms, lambda)

const at_dicod_learner_sort_atoms = Ref{Ptr{Cvoid}}(C_NULL)
dicod_learner_sort_atoms(learner, x, n_atoms, order, explained) =
    ccall(entry(at_dicod_learner_sort_atoms, :dicod_learner_sort_atoms), Int32, (Ptr{Cvoid}, Ptr{dicod_const_array}, Int64, Ptr{Int64}, Ptr{Float64}), learner, x, n_atoms, order, explained)

const at_dicod_learner_get_z = Ref{Ptr{Cvoid}}(C_NULL)
dicod_learner_get_z(learner, z) =
    ccall(entry(at_dicod_learner_get_z, :dicod_learner_get_z), Int32, (Ptr{Cvoid}, Ptr{dicod_array}), learner, z)

const at_dicod_learner_set_z = Ref{Ptr{Cvoid}}(C_NULL)
dicod_learner_set_z(learner, z) =
    ccall(entry(at_dicod_learner_set_z, :dicod_learner_set_z), Int32, (Ptr{Cvoid}, Ptr{dicod_const_array}), learner, z)

const at_dicod_learner_clear_z = Ref{Ptr{Cvoid}}(C_NULL)
dicod_learner_clear_z(learner) =
    ccall(entry(at_dicod_learner_clear_z, :dicod_learner_clear_z), Int32, (Ptr{Cvoid},), learner)

const at_dicod_learner_get_sparse = Ref{Ptr{Cvoid}}(C_NULL)
dicod_learner_get_sparse(learner, capacity, signal, atom, position, value, count) =
    ccall(entry(at_dicod_learner_get_sparse, :dicod_learner_get_sparse), Int32, (Ptr{Cvoid}, Int64, Ptr{Int64}, Ptr{Int64}, Ptr{Int64}, Ptr{Float64}, Ptr{Int64}), learner, capacity, signal, atom, position, value, count)

const at_dicod_learner_get_sparse_block = Ref{Ptr{Cvoid}}(C_NULL)
dicod_learner_get_sparse_block(learner, offset, local_shape, capacity, signal, atom, position, value, count) =
    ccall(entry(at_dicod_learner_get_sparse_block, :dicod_learner_get_sparse_block), Int32, (Ptr{Cvoid}, Ptr{Int64}, Ptr{Int64}, Int64, Ptr{Int64}, Ptr{Int64}, Ptr{Int64}, Ptr{Float64}, Ptr{Int64}), learner, offset, local_shape, capacity, signal, atom, position, value, count)

const at_dicod_learner_set_sparse = Ref{Ptr{Cvoid}}(C_NULL)
dicod_learner_set_sparse(learner, n, signal, atom, position, value) =
    ccall(entry(at_dicod_learner_set_sparse, :dicod_learner_set_sparse), Int32, (Ptr{Cvoid}, Int64, Ptr{Int64}, Ptr{Int64}, Ptr{Int64}, Ptr{Float64}), learner, n, signal, atom, position, value)

const at_dicod_learner_get_region = Ref{Ptr{Cvoid}}(C_NULL)
dicod_learner_get_region(learner, offset, local_shape) =
    ccall(entry(at_dicod_learner_get_region, :dicod_learner_get_region), Int32, (Ptr{Cvoid}, Ptr{Int64}, Ptr{Int64}), learner, offset, local_shape)

const at_dicod_learner_reconstruct = Ref{Ptr{Cvoid}}(C_NULL)
dicod_learner_reconstruct(learner, x) =
    ccall(entry(at_dicod_learner_reconstruct, :dicod_learner_reconstruct), Int32, (Ptr{Cvoid}, Ptr{dicod_array}), learner, x)

const at_dicod_learner_get_background = Ref{Ptr{Cvoid}}(C_NULL)
dicod_learner_get_background(learner, background) =
    ccall(entry(at_dicod_learner_get_background, :dicod_learner_get_background), Int32, (Ptr{Cvoid}, Ptr{dicod_array}), learner, background)

const at_dicod_learner_residual = Ref{Ptr{Cvoid}}(C_NULL)
dicod_learner_residual(learner, x, residual) =
    ccall(entry(at_dicod_learner_residual, :dicod_learner_residual), Int32, (Ptr{Cvoid}, Ptr{dicod_const_array}, Ptr{dicod_array}), learner, x, residual)

const at_dicod_learner_objective = Ref{Ptr{Cvoid}}(C_NULL)
dicod_learner_objective(learner, x, objective, data_term) =
    ccall(entry(at_dicod_learner_objective, :dicod_learner_objective), Int32, (Ptr{Cvoid}, Ptr{dicod_const_array}, Ptr{Float64}, Ptr{Float64}), learner, x, objective, data_term)

const at_dicod_learner_get_trace = Ref{Ptr{Cvoid}}(C_NULL)
dicod_learner_get_trace(learner, visit, userdata) =
    ccall(entry(at_dicod_learner_get_trace, :dicod_learner_get_trace), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}), learner, visit, userdata)

const at_dicod_learner_get_trace_json = Ref{Ptr{Cvoid}}(C_NULL)
dicod_learner_get_trace_json(learner, capacity, json, needed) =
    ccall(entry(at_dicod_learner_get_trace_json, :dicod_learner_get_trace_json), Int32, (Ptr{Cvoid}, Int64, Ptr{UInt8}, Ptr{Int64}), learner, capacity, json, needed)

const at_dicod_learner_set_weights = Ref{Ptr{Cvoid}}(C_NULL)
dicod_learner_set_weights(learner, weights) =
    ccall(entry(at_dicod_learner_set_weights, :dicod_learner_set_weights), Int32, (Ptr{Cvoid}, Ptr{dicod_const_array}), learner, weights)

const at_dicod_learner_clear_weights = Ref{Ptr{Cvoid}}(C_NULL)
dicod_learner_clear_weights(learner) =
    ccall(entry(at_dicod_learner_clear_weights, :dicod_learner_clear_weights), Int32, (Ptr{Cvoid},), learner)

const at_dicod_learner_get_ztz = Ref{Ptr{Cvoid}}(C_NULL)
dicod_learner_get_ztz(learner, capacity, ztz, needed) =
    ccall(entry(at_dicod_learner_get_ztz, :dicod_learner_get_ztz), Int32, (Ptr{Cvoid}, Int64, Ptr{Float64}, Ptr{Int64}), learner, capacity, ztz, needed)

const at_dicod_learner_get_ztx = Ref{Ptr{Cvoid}}(C_NULL)
dicod_learner_get_ztx(learner, capacity, ztx, needed) =
    ccall(entry(at_dicod_learner_get_ztx, :dicod_learner_get_ztx), Int32, (Ptr{Cvoid}, Int64, Ptr{Float64}, Ptr{Int64}), learner, capacity, ztx, needed)

const at_dicod_initial_dictionary = Ref{Ptr{Cvoid}}(C_NULL)
dicod_initial_dictionary(context, options, problem, x, d) =
    ccall(entry(at_dicod_initial_dictionary, :dicod_initial_dictionary), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{dicod_problem}, Ptr{dicod_const_array}, Ptr{Float64}), context, options, problem, x, d)

const at_dicod_initial_dictionary_f32 = Ref{Ptr{Cvoid}}(C_NULL)
dicod_initial_dictionary_f32(context, options, problem, x, d) =
    ccall(entry(at_dicod_initial_dictionary_f32, :dicod_initial_dictionary_f32), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{dicod_problem}, Ptr{dicod_const_array}, Ptr{Float32}), context, options, problem, x, d)

const at_dicod_learner_save = Ref{Ptr{Cvoid}}(C_NULL)
dicod_learner_save(learner, capacity, buffer, needed) =
    ccall(entry(at_dicod_learner_save, :dicod_learner_save), Int32, (Ptr{Cvoid}, Int64, Ptr{UInt8}, Ptr{Int64}), learner, capacity, buffer, needed)

const at_dicod_learner_save_file = Ref{Ptr{Cvoid}}(C_NULL)
dicod_learner_save_file(learner, path) =
    ccall(entry(at_dicod_learner_save_file, :dicod_learner_save_file), Int32, (Ptr{Cvoid}, Cstring), learner, path)

const at_dicod_learner_restore = Ref{Ptr{Cvoid}}(C_NULL)
dicod_learner_restore(context, options, size_of_buffer, buffer, learner) =
    ccall(entry(at_dicod_learner_restore, :dicod_learner_restore), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Int64, Ptr{UInt8}, Ptr{Ptr{Cvoid}}), context, options, size_of_buffer, buffer, learner)

const at_dicod_learner_restore_file = Ref{Ptr{Cvoid}}(C_NULL)
dicod_learner_restore_file(context, options, path, learner) =
    ccall(entry(at_dicod_learner_restore_file, :dicod_learner_restore_file), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Cstring, Ptr{Ptr{Cvoid}}), context, options, path, learner)

const at_dicod_encoder_describe = Ref{Ptr{Cvoid}}(C_NULL)
dicod_encoder_describe(encoder, info) =
    ccall(entry(at_dicod_encoder_describe, :dicod_encoder_describe), Int32, (Ptr{Cvoid}, Ptr{dicod_handle_info}), encoder, info)

const at_dicod_learner_describe = Ref{Ptr{Cvoid}}(C_NULL)
dicod_learner_describe(learner, info) =
    ccall(entry(at_dicod_learner_describe, :dicod_learner_describe), Int32, (Ptr{Cvoid}, Ptr{dicod_handle_info}), learner, info)

const at_dicod_encoder_get_atom_shapes = Ref{Ptr{Cvoid}}(C_NULL)
dicod_encoder_get_atom_shapes(encoder, capacity, atom_shapes, needed) =
    ccall(entry(at_dicod_encoder_get_atom_shapes, :dicod_encoder_get_atom_shapes), Int32, (Ptr{Cvoid}, Int64, Ptr{Int64}, Ptr{Int64}), encoder, capacity, atom_shapes, needed)

const at_dicod_learner_get_atom_shapes = Ref{Ptr{Cvoid}}(C_NULL)
dicod_learner_get_atom_shapes(learner, capacity, atom_shapes, needed) =
    ccall(entry(at_dicod_learner_get_atom_shapes, :dicod_learner_get_atom_shapes), Int32, (Ptr{Cvoid}, Int64, Ptr{Int64}, Ptr{Int64}), learner, capacity, atom_shapes, needed)

const at_dicod_encoder_get_options = Ref{Ptr{Cvoid}}(C_NULL)
dicod_encoder_get_options(encoder, options) =
    ccall(entry(at_dicod_encoder_get_options, :dicod_encoder_get_options), Int32, (Ptr{Cvoid}, Ptr{Ptr{Cvoid}}), encoder, options)

const at_dicod_learner_get_options = Ref{Ptr{Cvoid}}(C_NULL)
dicod_learner_get_options(learner, options) =
    ccall(entry(at_dicod_learner_get_options, :dicod_learner_get_options), Int32, (Ptr{Cvoid}, Ptr{Ptr{Cvoid}}), learner, options)

const at_dicod_learner_expect = Ref{Ptr{Cvoid}}(C_NULL)
dicod_learner_expect(learner, expected) =
    ccall(entry(at_dicod_learner_expect, :dicod_learner_expect), Int32, (Ptr{Cvoid}, Ptr{dicod_handle_info}), learner, expected)

const at_dicod_log_stderr = Ref{Ptr{Cvoid}}(C_NULL)
dicod_log_stderr(userdata, level, message) =
    ccall(entry(at_dicod_log_stderr, :dicod_log_stderr), Cvoid, (Ptr{Cvoid}, Int32, Cstring), userdata, level, message)

const at_dicod_progress_bar = Ref{Ptr{Cvoid}}(C_NULL)
dicod_progress_bar(userdata, progress) =
    ccall(entry(at_dicod_progress_bar, :dicod_progress_bar), Int32, (Ptr{Cvoid}, Ptr{dicod_progress}), userdata, progress)

const at_dicod_learn_progress_bar = Ref{Ptr{Cvoid}}(C_NULL)
dicod_learn_progress_bar(userdata, step) =
    ccall(entry(at_dicod_learn_progress_bar, :dicod_learn_progress_bar), Int32, (Ptr{Cvoid}, Ptr{dicod_learn_step}), userdata, step)

const at_segmentation_create_by_count = Ref{Ptr{Cvoid}}(C_NULL)
segmentation_create_by_count(n_axes, full_shape, inner_bounds, n_segments, overlap, handle) =
    ccall(entry(at_segmentation_create_by_count, :segmentation_create_by_count), Int32, (Int64, Ptr{Int64}, Ptr{Int64}, Ptr{Int64}, Ptr{Int64}, Ptr{Ptr{Cvoid}}), n_axes, full_shape, inner_bounds, n_segments, overlap, handle)

const at_segmentation_create_by_shape = Ref{Ptr{Cvoid}}(C_NULL)
segmentation_create_by_shape(n_axes, full_shape, inner_bounds, segment_shape, overlap, handle) =
    ccall(entry(at_segmentation_create_by_shape, :segmentation_create_by_shape), Int32, (Int64, Ptr{Int64}, Ptr{Int64}, Ptr{Int64}, Ptr{Int64}, Ptr{Ptr{Cvoid}}), n_axes, full_shape, inner_bounds, segment_shape, overlap, handle)

const at_segmentation_free = Ref{Ptr{Cvoid}}(C_NULL)
segmentation_free(handle) =
    ccall(entry(at_segmentation_free, :segmentation_free), Int32, (Ptr{Ptr{Cvoid}},), handle)

const at_segmentation_get_n_axes = Ref{Ptr{Cvoid}}(C_NULL)
segmentation_get_n_axes(handle, n_axes) =
    ccall(entry(at_segmentation_get_n_axes, :segmentation_get_n_axes), Int32, (Ptr{Cvoid}, Ptr{Int64}), handle, n_axes)

const at_segmentation_get_n_segments = Ref{Ptr{Cvoid}}(C_NULL)
segmentation_get_n_segments(handle, n_segments) =
    ccall(entry(at_segmentation_get_n_segments, :segmentation_get_n_segments), Int32, (Ptr{Cvoid}, Ptr{Int64}), handle, n_segments)

const at_segmentation_get_segments_per_axis = Ref{Ptr{Cvoid}}(C_NULL)
segmentation_get_segments_per_axis(handle, counts) =
    ccall(entry(at_segmentation_get_segments_per_axis, :segmentation_get_segments_per_axis), Int32, (Ptr{Cvoid}, Ptr{Int64}), handle, counts)

const at_segmentation_get_nominal_shape = Ref{Ptr{Cvoid}}(C_NULL)
segmentation_get_nominal_shape(handle, shape) =
    ccall(entry(at_segmentation_get_nominal_shape, :segmentation_get_nominal_shape), Int32, (Ptr{Cvoid}, Ptr{Int64}), handle, shape)

const at_segmentation_get_shape = Ref{Ptr{Cvoid}}(C_NULL)
segmentation_get_shape(handle, shape) =
    ccall(entry(at_segmentation_get_shape, :segmentation_get_shape), Int32, (Ptr{Cvoid}, Ptr{Int64}), handle, shape)

const at_segmentation_get_inner_bounds = Ref{Ptr{Cvoid}}(C_NULL)
segmentation_get_inner_bounds(handle, bounds) =
    ccall(entry(at_segmentation_get_inner_bounds, :segmentation_get_inner_bounds), Int32, (Ptr{Cvoid}, Ptr{Int64}), handle, bounds)

const at_segmentation_get_full_shape = Ref{Ptr{Cvoid}}(C_NULL)
segmentation_get_full_shape(handle, shape) =
    ccall(entry(at_segmentation_get_full_shape, :segmentation_get_full_shape), Int32, (Ptr{Cvoid}, Ptr{Int64}), handle, shape)

const at_segmentation_get_overlap = Ref{Ptr{Cvoid}}(C_NULL)
segmentation_get_overlap(handle, overlap) =
    ccall(entry(at_segmentation_get_overlap, :segmentation_get_overlap), Int32, (Ptr{Cvoid}, Ptr{Int64}), handle, overlap)

const at_segmentation_get_segment_bounds = Ref{Ptr{Cvoid}}(C_NULL)
segmentation_get_segment_bounds(handle, i_seg, inner, bounds) =
    ccall(entry(at_segmentation_get_segment_bounds, :segmentation_get_segment_bounds), Int32, (Ptr{Cvoid}, Int64, Int32, Ptr{Int64}), handle, i_seg, inner, bounds)

const at_segmentation_get_segment_shape = Ref{Ptr{Cvoid}}(C_NULL)
segmentation_get_segment_shape(handle, i_seg, inner, shape) =
    ccall(entry(at_segmentation_get_segment_shape, :segmentation_get_segment_shape), Int32, (Ptr{Cvoid}, Int64, Int32, Ptr{Int64}), handle, i_seg, inner, shape)

const at_segmentation_get_segment_slices = Ref{Ptr{Cvoid}}(C_NULL)
segmentation_get_segment_slices(handle, i_seg, inner, start, count) =
    ccall(entry(at_segmentation_get_segment_slices, :segmentation_get_segment_slices), Int32, (Ptr{Cvoid}, Int64, Int32, Ptr{Int64}, Ptr{Int64}), handle, i_seg, inner, start, count)

const at_segmentation_find_segment = Ref{Ptr{Cvoid}}(C_NULL)
segmentation_find_segment(handle, point, i_seg) =
    ccall(entry(at_segmentation_find_segment, :segmentation_find_segment), Int32, (Ptr{Cvoid}, Ptr{Int64}, Ptr{Int64}), handle, point, i_seg)

const at_segmentation_get_touched_segments = Ref{Ptr{Cvoid}}(C_NULL)
segmentation_get_touched_segments(handle, point, radius, capacity, segments, count) =
    ccall(entry(at_segmentation_get_touched_segments, :segmentation_get_touched_segments), Int32, (Ptr{Cvoid}, Ptr{Int64}, Ptr{Int64}, Int64, Ptr{Int64}, Ptr{Int64}), handle, point, radius, capacity, segments, count)

const at_segmentation_get_touched_overlap_slices = Ref{Ptr{Cvoid}}(C_NULL)
segmentation_get_touched_overlap_slices(handle, i_seg, point, radius, capacity, boxes, count) =
    ccall(entry(at_segmentation_get_touched_overlap_slices, :segmentation_get_touched_overlap_slices), Int32, (Ptr{Cvoid}, Int64, Ptr{Int64}, Ptr{Int64}, Int64, Ptr{Int64}, Ptr{Int64}), handle, i_seg, point, radius, capacity, boxes, count)

const at_segmentation_get_global_coordinate = Ref{Ptr{Cvoid}}(C_NULL)
segmentation_get_global_coordinate(handle, i_seg, point, global_) =
    ccall(entry(at_segmentation_get_global_coordinate, :segmentation_get_global_coordinate), Int32, (Ptr{Cvoid}, Int64, Ptr{Int64}, Ptr{Int64}), handle, i_seg, point, global_)

const at_segmentation_get_local_coordinate = Ref{Ptr{Cvoid}}(C_NULL)
segmentation_get_local_coordinate(handle, i_seg, point, local_) =
    ccall(entry(at_segmentation_get_local_coordinate, :segmentation_get_local_coordinate), Int32, (Ptr{Cvoid}, Int64, Ptr{Int64}, Ptr{Int64}), handle, i_seg, point, local_)

const at_segmentation_contains_point = Ref{Ptr{Cvoid}}(C_NULL)
segmentation_contains_point(handle, i_seg, point, inner, contained) =
    ccall(entry(at_segmentation_contains_point, :segmentation_contains_point), Int32, (Ptr{Cvoid}, Int64, Ptr{Int64}, Int32, Ptr{Int32}), handle, i_seg, point, inner, contained)

const at_segmentation_contains_area = Ref{Ptr{Cvoid}}(C_NULL)
segmentation_contains_area(handle, i_seg, point, radius, contained) =
    ccall(entry(at_segmentation_contains_area, :segmentation_contains_area), Int32, (Ptr{Cvoid}, Int64, Ptr{Int64}, Ptr{Int64}, Ptr{Int32}), handle, i_seg, point, radius, contained)

const at_segmentation_get_padding_to_overlap = Ref{Ptr{Cvoid}}(C_NULL)
segmentation_get_padding_to_overlap(handle, i_seg, padding) =
    ccall(entry(at_segmentation_get_padding_to_overlap, :segmentation_get_padding_to_overlap), Int32, (Ptr{Cvoid}, Int64, Ptr{Int64}), handle, i_seg, padding)

const at_segmentation_increment = Ref{Ptr{Cvoid}}(C_NULL)
segmentation_increment(handle, i_seg, next) =
    ccall(entry(at_segmentation_increment, :segmentation_increment), Int32, (Ptr{Cvoid}, Int64, Ptr{Int64}), handle, i_seg, next)

const at_segmentation_is_active = Ref{Ptr{Cvoid}}(C_NULL)
segmentation_is_active(handle, i_seg, active) =
    ccall(entry(at_segmentation_is_active, :segmentation_is_active), Int32, (Ptr{Cvoid}, Int64, Ptr{Int32}), handle, i_seg, active)

const at_segmentation_set_active = Ref{Ptr{Cvoid}}(C_NULL)
segmentation_set_active(handle, n, segments, changed) =
    ccall(entry(at_segmentation_set_active, :segmentation_set_active), Int32, (Ptr{Cvoid}, Int64, Ptr{Int64}, Ptr{Int64}), handle, n, segments, changed)

const at_segmentation_set_inactive = Ref{Ptr{Cvoid}}(C_NULL)
segmentation_set_inactive(handle, n, segments, changed) =
    ccall(entry(at_segmentation_set_inactive, :segmentation_set_inactive), Int32, (Ptr{Cvoid}, Int64, Ptr{Int64}, Ptr{Int64}), handle, n, segments, changed)

const at_segmentation_reset = Ref{Ptr{Cvoid}}(C_NULL)
segmentation_reset(handle, changed) =
    ccall(entry(at_segmentation_reset, :segmentation_reset), Int32, (Ptr{Cvoid}, Ptr{Int64}), handle, changed)

const at_segmentation_get_n_active = Ref{Ptr{Cvoid}}(C_NULL)
segmentation_get_n_active(handle, n_active) =
    ccall(entry(at_segmentation_get_n_active, :segmentation_get_n_active), Int32, (Ptr{Cvoid}, Ptr{Int64}), handle, n_active)

const at_segmentation_exists_active = Ref{Ptr{Cvoid}}(C_NULL)
segmentation_exists_active(handle, exists) =
    ccall(entry(at_segmentation_exists_active, :segmentation_exists_active), Int32, (Ptr{Cvoid}, Ptr{Int32}), handle, exists)

const at_segmentation_check_inactive = Ref{Ptr{Cvoid}}(C_NULL)
segmentation_check_inactive(handle, n_atoms, dz, tol, i_seg) =
    ccall(entry(at_segmentation_check_inactive, :segmentation_check_inactive), Int32, (Ptr{Cvoid}, Int64, Ptr{Float64}, Float64, Ptr{Int64}), handle, n_atoms, dz, tol, i_seg)

const at_parmap_task_get_place = Ref{Ptr{Cvoid}}(C_NULL)
parmap_task_get_place(task, index, attempt, rank, worker) =
    ccall(entry(at_parmap_task_get_place, :parmap_task_get_place), Int32, (Ptr{Cvoid}, Ptr{Int64}, Ptr{Int64}, Ptr{Int32}, Ptr{Int32}), task, index, attempt, rank, worker)

const at_parmap_task_get_index = Ref{Ptr{Cvoid}}(C_NULL)
parmap_task_get_index(task) =
    ccall(entry(at_parmap_task_get_index, :parmap_task_get_index), Int64, (Ptr{Cvoid},), task)

const at_parmap_cancelled = Ref{Ptr{Cvoid}}(C_NULL)
parmap_cancelled(task) =
    ccall(entry(at_parmap_cancelled, :parmap_cancelled), Int32, (Ptr{Cvoid},), task)

const at_parmap_task_get_key = Ref{Ptr{Cvoid}}(C_NULL)
parmap_task_get_key(task, key) =
    ccall(entry(at_parmap_task_get_key, :parmap_task_get_key), Int32, (Ptr{Cvoid}, Ptr{UInt64}), task, key)

const at_parmap_task_uniform = Ref{Ptr{Cvoid}}(C_NULL)
parmap_task_uniform(task, n, values) =
    ccall(entry(at_parmap_task_uniform, :parmap_task_uniform), Int32, (Ptr{Cvoid}, Int64, Ptr{Float64}), task, n, values)

const at_parmap_task_explain = Ref{Ptr{Cvoid}}(C_NULL)
parmap_task_explain(task, message) =
    ccall(entry(at_parmap_task_explain, :parmap_task_explain), Int32, (Ptr{Cvoid}, Cstring), task, message)

const at_parmap_task_get_shared = Ref{Ptr{Cvoid}}(C_NULL)
parmap_task_get_shared(task, data, size) =
    ccall(entry(at_parmap_task_get_shared, :parmap_task_get_shared), Int32, (Ptr{Cvoid}, Ptr{Ptr{Cvoid}}, Ptr{Int64}), task, data, size)

const at_parmap_task_get_context = Ref{Ptr{Cvoid}}(C_NULL)
parmap_task_get_context(task, context) =
    ccall(entry(at_parmap_task_get_context, :parmap_task_get_context), Int32, (Ptr{Cvoid}, Ptr{Ptr{Cvoid}}), task, context)

const at_parmap_task_get_transport = Ref{Ptr{Cvoid}}(C_NULL)
parmap_task_get_transport(task, state) =
    ccall(entry(at_parmap_task_get_transport, :parmap_task_get_transport), Int32, (Ptr{Cvoid}, Ptr{Ptr{Cvoid}}), task, state)

const at_parmap_buffer_resize = Ref{Ptr{Cvoid}}(C_NULL)
parmap_buffer_resize(buffer, size, data) =
    ccall(entry(at_parmap_buffer_resize, :parmap_buffer_resize), Int32, (Ptr{Cvoid}, Int64, Ptr{Ptr{Cvoid}}), buffer, size, data)

const at_parmap_buffer_append = Ref{Ptr{Cvoid}}(C_NULL)
parmap_buffer_append(buffer, data, size) =
    ccall(entry(at_parmap_buffer_append, :parmap_buffer_append), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Int64), buffer, data, size)

const at_parmap_report_text = Ref{Ptr{Cvoid}}(C_NULL)
parmap_report_text(report, capacity, buffer, needed) =
    ccall(entry(at_parmap_report_text, :parmap_report_text), Int32, (Ptr{parmap_report}, Int64, Ptr{UInt8}, Ptr{Int64}), report, capacity, buffer, needed)

const at_parmap_create = Ref{Ptr{Cvoid}}(C_NULL)
parmap_create(context, map) =
    ccall(entry(at_parmap_create, :parmap_create), Int32, (Ptr{Cvoid}, Ptr{Ptr{Cvoid}}), context, map)

const at_parmap_free = Ref{Ptr{Cvoid}}(C_NULL)
parmap_free(map) =
    ccall(entry(at_parmap_free, :parmap_free), Int32, (Ptr{Ptr{Cvoid}},), map)

const at_parmap_cancel = Ref{Ptr{Cvoid}}(C_NULL)
parmap_cancel(map) =
    ccall(entry(at_parmap_cancel, :parmap_cancel), Cvoid, (Ptr{Cvoid},), map)

const at_parmap_share = Ref{Ptr{Cvoid}}(C_NULL)
parmap_share(map, data, size) =
    ccall(entry(at_parmap_share, :parmap_share), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Int64), map, data, size)

const at_parmap_run = Ref{Ptr{Cvoid}}(C_NULL)
parmap_run(map, n_tasks, work, userdata, inputs, in_size, in_stride, outputs, out_size, out_stride, statuses, report) =
    ccall(entry(at_parmap_run, :parmap_run), Int32, (Ptr{Cvoid}, Int64, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Int64, Int64, Ptr{Cvoid}, Int64, Int64, Ptr{Int32}, Ptr{parmap_report}), map, n_tasks, work, userdata, inputs, in_size, in_stride, outputs, out_size, out_stride, statuses, report)

const at_parmap_get_unfinished = Ref{Ptr{Cvoid}}(C_NULL)
parmap_get_unfinished(map, capacity, first, end_, n) =
    ccall(entry(at_parmap_get_unfinished, :parmap_get_unfinished), Int32, (Ptr{Cvoid}, Int64, Ptr{Int64}, Ptr{Int64}, Ptr{Int64}), map, capacity, first, end_, n)

const at_parmap_set_integer = Ref{Ptr{Cvoid}}(C_NULL)
parmap_set_integer(map, key, value) =
    ccall(entry(at_parmap_set_integer, :parmap_set_integer), Int32, (Ptr{Cvoid}, Cstring, Int64), map, key, value)

const at_parmap_set_real = Ref{Ptr{Cvoid}}(C_NULL)
parmap_set_real(map, key, value) =
    ccall(entry(at_parmap_set_real, :parmap_set_real), Int32, (Ptr{Cvoid}, Cstring, Float64), map, key, value)

const at_parmap_set_string = Ref{Ptr{Cvoid}}(C_NULL)
parmap_set_string(map, key, value) =
    ccall(entry(at_parmap_set_string, :parmap_set_string), Int32, (Ptr{Cvoid}, Cstring, Cstring), map, key, value)

const at_parmap_set = Ref{Ptr{Cvoid}}(C_NULL)
parmap_set(map, key, text) =
    ccall(entry(at_parmap_set, :parmap_set), Int32, (Ptr{Cvoid}, Cstring, Cstring), map, key, text)

const at_parmap_get_integer = Ref{Ptr{Cvoid}}(C_NULL)
parmap_get_integer(map, key, value) =
    ccall(entry(at_parmap_get_integer, :parmap_get_integer), Int32, (Ptr{Cvoid}, Cstring, Ptr{Int64}), map, key, value)

const at_parmap_get_real = Ref{Ptr{Cvoid}}(C_NULL)
parmap_get_real(map, key, value) =
    ccall(entry(at_parmap_get_real, :parmap_get_real), Int32, (Ptr{Cvoid}, Cstring, Ptr{Float64}), map, key, value)

const at_parmap_get_string = Ref{Ptr{Cvoid}}(C_NULL)
parmap_get_string(map, key, capacity, value, needed) =
    ccall(entry(at_parmap_get_string, :parmap_get_string), Int32, (Ptr{Cvoid}, Cstring, Int64, Ptr{UInt8}, Ptr{Int64}), map, key, capacity, value, needed)

const at_parmap_settings_get_count = Ref{Ptr{Cvoid}}(C_NULL)
parmap_settings_get_count(count) =
    ccall(entry(at_parmap_settings_get_count, :parmap_settings_get_count), Int32, (Ptr{Int64},), count)

const at_parmap_settings_describe = Ref{Ptr{Cvoid}}(C_NULL)
parmap_settings_describe(index, info) =
    ccall(entry(at_parmap_settings_describe, :parmap_settings_describe), Int32, (Int64, Ptr{dicod_option_info}), index, info)

const at_parmap_set_progress = Ref{Ptr{Cvoid}}(C_NULL)
parmap_set_progress(map, progress, userdata) =
    ccall(entry(at_parmap_set_progress, :parmap_set_progress), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}), map, progress, userdata)

const at_parmap_progress_bar = Ref{Ptr{Cvoid}}(C_NULL)
parmap_progress_bar(userdata, progress) =
    ccall(entry(at_parmap_progress_bar, :parmap_progress_bar), Int32, (Ptr{Cvoid}, Ptr{parmap_progress}), userdata, progress)

const at_parmap_stream = Ref{Ptr{Cvoid}}(C_NULL)
parmap_stream(map, produce, work, consume, userdata, report) =
    ccall(entry(at_parmap_stream, :parmap_stream), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{parmap_report}), map, produce, work, consume, userdata, report)

const at_parmap_open = Ref{Ptr{Cvoid}}(C_NULL)
parmap_open(map, n_tasks, pull) =
    ccall(entry(at_parmap_open, :parmap_open), Int32, (Ptr{Cvoid}, Int64, Ptr{Ptr{Cvoid}}), map, n_tasks, pull)

const at_parmap_next = Ref{Ptr{Cvoid}}(C_NULL)
parmap_next(pull, index) =
    ccall(entry(at_parmap_next, :parmap_next), Int32, (Ptr{Cvoid}, Ptr{Int64}), pull, index)

const at_parmap_done = Ref{Ptr{Cvoid}}(C_NULL)
parmap_done(pull, index, code, message) =
    ccall(entry(at_parmap_done, :parmap_done), Int32, (Ptr{Cvoid}, Int64, Int32, Cstring), pull, index, code, message)

const at_parmap_pull_cancelled = Ref{Ptr{Cvoid}}(C_NULL)
parmap_pull_cancelled(pull, index) =
    ccall(entry(at_parmap_pull_cancelled, :parmap_pull_cancelled), Int32, (Ptr{Cvoid}, Int64), pull, index)

const at_parmap_pull_get_key = Ref{Ptr{Cvoid}}(C_NULL)
parmap_pull_get_key(pull, index, key) =
    ccall(entry(at_parmap_pull_get_key, :parmap_pull_get_key), Int32, (Ptr{Cvoid}, Int64, Ptr{UInt64}), pull, index, key)

const at_parmap_close = Ref{Ptr{Cvoid}}(C_NULL)
parmap_close(pull, report) =
    ccall(entry(at_parmap_close, :parmap_close), Int32, (Ptr{Ptr{Cvoid}}, Ptr{parmap_report}), pull, report)

const at_parmap_register = Ref{Ptr{Cvoid}}(C_NULL)
parmap_register(map, name, work, userdata) =
    ccall(entry(at_parmap_register, :parmap_register), Int32, (Ptr{Cvoid}, Cstring, Ptr{Cvoid}, Ptr{Cvoid}), map, name, work, userdata)

const at_parmap_register_item = Ref{Ptr{Cvoid}}(C_NULL)
parmap_register_item(map, name, work, userdata) =
    ccall(entry(at_parmap_register_item, :parmap_register_item), Int32, (Ptr{Cvoid}, Cstring, Ptr{Cvoid}, Ptr{Cvoid}), map, name, work, userdata)

const at_parmap_serve = Ref{Ptr{Cvoid}}(C_NULL)
parmap_serve(map) =
    ccall(entry(at_parmap_serve, :parmap_serve), Int32, (Ptr{Cvoid},), map)

const at_parmap_release = Ref{Ptr{Cvoid}}(C_NULL)
parmap_release(map) =
    ccall(entry(at_parmap_release, :parmap_release), Int32, (Ptr{Cvoid},), map)

const at_parmap_call = Ref{Ptr{Cvoid}}(C_NULL)
parmap_call(map, name, n_tasks, inputs, in_size, in_stride, outputs, out_size, out_stride, statuses, report) =
    ccall(entry(at_parmap_call, :parmap_call), Int32, (Ptr{Cvoid}, Cstring, Int64, Ptr{Cvoid}, Int64, Int64, Ptr{Cvoid}, Int64, Int64, Ptr{Int32}, Ptr{parmap_report}), map, name, n_tasks, inputs, in_size, in_stride, outputs, out_size, out_stride, statuses, report)

const at_parmap_call_stream = Ref{Ptr{Cvoid}}(C_NULL)
parmap_call_stream(map, name, produce, consume, userdata, report) =
    ccall(entry(at_parmap_call_stream, :parmap_call_stream), Int32, (Ptr{Cvoid}, Cstring, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{parmap_report}), map, name, produce, consume, userdata, report)

const at_parmap_call_share = Ref{Ptr{Cvoid}}(C_NULL)
parmap_call_share(map, data, size) =
    ccall(entry(at_parmap_call_share, :parmap_call_share), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Int64), map, data, size)

const at_parmap_reduce = Ref{Ptr{Cvoid}}(C_NULL)
parmap_reduce(map, n_tasks, reducer, inputs, in_size, in_stride, state, report) =
    ccall(entry(at_parmap_reduce, :parmap_reduce), Int32, (Ptr{Cvoid}, Int64, Ptr{parmap_reducer}, Ptr{Cvoid}, Int64, Int64, Ptr{Cvoid}, Ptr{parmap_report}), map, n_tasks, reducer, inputs, in_size, in_stride, state, report)

const at_parmap_flow_create = Ref{Ptr{Cvoid}}(C_NULL)
parmap_flow_create(n_nodes, nodes, flow) =
    ccall(entry(at_parmap_flow_create, :parmap_flow_create), Int32, (Int64, Ptr{parmap_node}, Ptr{Ptr{Cvoid}}), n_nodes, nodes, flow)

const at_parmap_flow_free = Ref{Ptr{Cvoid}}(C_NULL)
parmap_flow_free(flow) =
    ccall(entry(at_parmap_flow_free, :parmap_flow_free), Int32, (Ptr{Ptr{Cvoid}},), flow)

const at_parmap_flow_load = Ref{Ptr{Cvoid}}(C_NULL)
parmap_flow_load(flow, node, data, size) =
    ccall(entry(at_parmap_flow_load, :parmap_flow_load), Int32, (Ptr{Cvoid}, Int64, Ptr{Cvoid}, Int64), flow, node, data, size)

const at_parmap_flow_train = Ref{Ptr{Cvoid}}(C_NULL)
parmap_flow_train(flow, map, restart, produce, checkpoint, userdata, report) =
    ccall(entry(at_parmap_flow_train, :parmap_flow_train), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{parmap_report}), flow, map, restart, produce, checkpoint, userdata, report)

const at_parmap_flow_execute = Ref{Ptr{Cvoid}}(C_NULL)
parmap_flow_execute(flow, map, produce, consume, userdata, report) =
    ccall(entry(at_parmap_flow_execute, :parmap_flow_execute), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{parmap_report}), flow, map, produce, consume, userdata, report)

const at_parmap_operators_create_vector = Ref{Ptr{Cvoid}}(C_NULL)
parmap_operators_create_vector(n_operators, operators, vector) =
    ccall(entry(at_parmap_operators_create_vector, :parmap_operators_create_vector), Int32, (Int64, Ptr{parmap_operator}, Ptr{Ptr{Cvoid}}), n_operators, operators, vector)

const at_parmap_operators_create_distributed = Ref{Ptr{Cvoid}}(C_NULL)
parmap_operators_create_distributed(n_operators, operators, n_components, sizes, takes, vector) =
    ccall(entry(at_parmap_operators_create_distributed, :parmap_operators_create_distributed), Int32, (Int64, Ptr{parmap_operator}, Int64, Ptr{Int64}, Ptr{Int32}, Ptr{Ptr{Cvoid}}), n_operators, operators, n_components, sizes, takes, vector)

const at_parmap_operators_free = Ref{Ptr{Cvoid}}(C_NULL)
parmap_operators_free(vector) =
    ccall(entry(at_parmap_operators_free, :parmap_operators_free), Int32, (Ptr{Ptr{Cvoid}},), vector)

const at_parmap_operators_get_sizes = Ref{Ptr{Cvoid}}(C_NULL)
parmap_operators_get_sizes(vector, in_size, out_size, linear) =
    ccall(entry(at_parmap_operators_get_sizes, :parmap_operators_get_sizes), Int32, (Ptr{Cvoid}, Ptr{Int64}, Ptr{Int64}, Ptr{Int32}), vector, in_size, out_size, linear)

const at_parmap_operators_eval = Ref{Ptr{Cvoid}}(C_NULL)
parmap_operators_eval(vector, map, x, y) =
    ccall(entry(at_parmap_operators_eval, :parmap_operators_eval), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Float64}, Ptr{Float64}), vector, map, x, y)

const at_parmap_operators_linearize = Ref{Ptr{Cvoid}}(C_NULL)
parmap_operators_linearize(vector, map, x, y) =
    ccall(entry(at_parmap_operators_linearize, :parmap_operators_linearize), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Float64}, Ptr{Float64}), vector, map, x, y)

const at_parmap_operators_derivative = Ref{Ptr{Cvoid}}(C_NULL)
parmap_operators_derivative(vector, map, h, y) =
    ccall(entry(at_parmap_operators_derivative, :parmap_operators_derivative), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Float64}, Ptr{Float64}), vector, map, h, y)

const at_parmap_operators_adjoint = Ref{Ptr{Cvoid}}(C_NULL)
parmap_operators_adjoint(vector, map, y, x) =
    ccall(entry(at_parmap_operators_adjoint, :parmap_operators_adjoint), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Float64}, Ptr{Float64}), vector, map, y, x)

const at_parmap_ensemble_create = Ref{Ptr{Cvoid}}(C_NULL)
parmap_ensemble_create(n_parameters, lower, upper, n_members, cells, seed, state_size, ensemble) =
    ccall(entry(at_parmap_ensemble_create, :parmap_ensemble_create), Int32, (Int64, Ptr{Float64}, Ptr{Float64}, Int64, Ptr{Int64}, UInt64, Int64, Ptr{Ptr{Cvoid}}), n_parameters, lower, upper, n_members, cells, seed, state_size, ensemble)

const at_parmap_ensemble_free = Ref{Ptr{Cvoid}}(C_NULL)
parmap_ensemble_free(ensemble) =
    ccall(entry(at_parmap_ensemble_free, :parmap_ensemble_free), Int32, (Ptr{Ptr{Cvoid}},), ensemble)

const at_parmap_ensemble_round = Ref{Ptr{Cvoid}}(C_NULL)
parmap_ensemble_round(ensemble, map, per_member, in_all, solver, userdata, report) =
    ccall(entry(at_parmap_ensemble_round, :parmap_ensemble_round), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Int64, Int64, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{parmap_report}), ensemble, map, per_member, in_all, solver, userdata, report)

const at_parmap_ensemble_get_summary = Ref{Ptr{Cvoid}}(C_NULL)
parmap_ensemble_get_summary(ensemble, n_members, n_converged, evaluations, best) =
    ccall(entry(at_parmap_ensemble_get_summary, :parmap_ensemble_get_summary), Int32, (Ptr{Cvoid}, Ptr{Int64}, Ptr{Int64}, Ptr{Int64}, Ptr{Int64}), ensemble, n_members, n_converged, evaluations, best)

const at_parmap_ensemble_get_member = Ref{Ptr{Cvoid}}(C_NULL)
parmap_ensemble_get_member(ensemble, index, x, value, evaluations, converged) =
    ccall(entry(at_parmap_ensemble_get_member, :parmap_ensemble_get_member), Int32, (Ptr{Cvoid}, Int64, Ptr{Float64}, Ptr{Float64}, Ptr{Int64}, Ptr{Int32}), ensemble, index, x, value, evaluations, converged)

const at_dicod_context_create_mpi_f = Ref{Ptr{Cvoid}}(C_NULL)
dicod_context_create_mpi_f(comm, n_threads, context) =
    ccall(entry(at_dicod_context_create_mpi_f, :dicod_context_create_mpi_f), Int32, (Cint, Int32, Ptr{Ptr{Cvoid}}), comm, n_threads, context)

const at_parmap_task_get_comm_f = Ref{Ptr{Cvoid}}(C_NULL)
parmap_task_get_comm_f(task, comm) =
    ccall(entry(at_parmap_task_get_comm_f, :parmap_task_get_comm_f), Int32, (Ptr{Cvoid}, Ptr{Cint}), task, comm)

const at_dicod_mpi_library = Ref{Ptr{Cvoid}}(C_NULL)
dicod_mpi_library() =
    ccall(entry(at_dicod_mpi_library, :dicod_mpi_library), Cstring, ())

# What a library that is opened again has to look up anew.
const entries = (at_dicod_strerror,
                 at_dicod_last_error,
                 at_dicod_last_error_message,
                 at_dicod_last_error_in,
                 at_dicod_set_last_error,
                 at_dicod_fail_next,
                 at_dicod_version,
                 at_dicod_build_info,
                 at_dicod_context_create,
                 at_dicod_context_free,
                 at_dicod_context_get_ranks,
                 at_dicod_context_get_threads,
                 at_dicod_context_set_log,
                 at_dicod_context_set_progress,
                 at_dicod_cancel,
                 at_dicod_context_set_cancel_flag,
                 at_dicod_context_create_on,
                 at_dicod_options_create,
                 at_dicod_options_free,
                 at_dicod_options_set_real,
                 at_dicod_options_set_reals,
                 at_dicod_options_set_integer,
                 at_dicod_options_set_integers,
                 at_dicod_options_set_string,
                 at_dicod_options_set,
                 at_dicod_options_parse,
                 at_dicod_options_from_environment,
                 at_dicod_options_to_text,
                 at_dicod_options_copy,
                 at_dicod_options_get_real,
                 at_dicod_options_get_reals,
                 at_dicod_options_get_integer,
                 at_dicod_options_get_integers,
                 at_dicod_options_get_string,
                 at_dicod_options_get_count,
                 at_dicod_options_describe,
                 at_dicod_info_text,
                 at_dicod_valid_shape,
                 at_dicod_valid_block,
                 at_dicod_solve,
                 at_dicod_solve_f32,
                 at_dicod_lambda_max,
                 at_dicod_lambda_max_f32,
                 at_dicod_reconstruct,
                 at_dicod_reconstruct_f32,
                 at_dicod_objective,
                 at_dicod_objective_f32,
                 at_dicod_gram,
                 at_dicod_gram_f32,
                 at_dicod_encoder_memory,
                 at_dicod_learner_memory,
                 at_dicod_encoder_create,
                 at_dicod_encoder_create_f32,
                 at_dicod_encoder_create_rank1,
                 at_dicod_encoder_create_rank1_f32,
                 at_dicod_encoder_free,
                 at_dicod_encoder_set_dictionary,
                 at_dicod_encoder_set_dictionary_f32,
                 at_dicod_encoder_set_dictionary_rank1,
                 at_dicod_encoder_set_dictionary_rank1_f32,
                 at_dicod_encoder_set_weights,
                 at_dicod_encoder_clear_weights,
                 at_dicod_encoder_set_penalties,
                 at_dicod_encoder_clear_penalties,
                 at_dicod_encoder_solve,
                 at_dicod_encoder_path,
                 at_dicod_reg_path,
                 at_dicod_encoder_get_dictionary,
                 at_dicod_encoder_get_dictionary_f32,
                 at_dicod_encoder_get_dictionary_rank1,
                 at_dicod_encoder_get_dictionary_rank1_f32,
                 at_dicod_encoder_set_z,
                 at_dicod_encoder_clear_z,
                 at_dicod_encoder_get_z,
                 at_dicod_encoder_get_sparse,
                 at_dicod_encoder_get_sparse_block,
                 at_dicod_encoder_set_sparse,
                 at_dicod_encoder_get_region,
                 at_dicod_encoder_get_lambda,
                 at_dicod_encoder_get_tolerance,
                 at_dicod_encoder_reconstruct,
                 at_dicod_encoder_residual,
                 at_dicod_encoder_get_background,
                 at_dicod_encoder_objective,
                 at_dicod_encoder_get_trace,
                 at_dicod_encoder_get_trace_json,
                 at_dicod_learn,
                 at_dicod_learn_f32,
                 at_dicod_learner_create,
                 at_dicod_learner_create_f32,
                 at_dicod_learner_free,
                 at_dicod_learner_step,
                 at_dicod_learner_run,
                 at_dicod_learner_encode,
                 at_dicod_learner_get_dictionary,
                 at_dicod_learner_get_dictionary_f32,
                 at_dicod_learner_get_dictionary_rank1,
                 at_dicod_learner_get_dictionary_rank1_f32,
                 at_dicod_learner_get_lambda,
                 at_dicod_learner_sort_atoms,
                 at_dicod_learner_get_z,
                 at_dicod_learner_set_z,
                 at_dicod_learner_clear_z,
                 at_dicod_learner_get_sparse,
                 at_dicod_learner_get_sparse_block,
                 at_dicod_learner_set_sparse,
                 at_dicod_learner_get_region,
                 at_dicod_learner_reconstruct,
                 at_dicod_learner_get_background,
                 at_dicod_learner_residual,
                 at_dicod_learner_objective,
                 at_dicod_learner_get_trace,
                 at_dicod_learner_get_trace_json,
                 at_dicod_learner_set_weights,
                 at_dicod_learner_clear_weights,
                 at_dicod_learner_get_ztz,
                 at_dicod_learner_get_ztx,
                 at_dicod_initial_dictionary,
                 at_dicod_initial_dictionary_f32,
                 at_dicod_learner_save,
                 at_dicod_learner_save_file,
                 at_dicod_learner_restore,
                 at_dicod_learner_restore_file,
                 at_dicod_encoder_describe,
                 at_dicod_learner_describe,
                 at_dicod_encoder_get_atom_shapes,
                 at_dicod_learner_get_atom_shapes,
                 at_dicod_encoder_get_options,
                 at_dicod_learner_get_options,
                 at_dicod_learner_expect,
                 at_dicod_log_stderr,
                 at_dicod_progress_bar,
                 at_dicod_learn_progress_bar,
                 at_segmentation_create_by_count,
                 at_segmentation_create_by_shape,
                 at_segmentation_free,
                 at_segmentation_get_n_axes,
                 at_segmentation_get_n_segments,
                 at_segmentation_get_segments_per_axis,
                 at_segmentation_get_nominal_shape,
                 at_segmentation_get_shape,
                 at_segmentation_get_inner_bounds,
                 at_segmentation_get_full_shape,
                 at_segmentation_get_overlap,
                 at_segmentation_get_segment_bounds,
                 at_segmentation_get_segment_shape,
                 at_segmentation_get_segment_slices,
                 at_segmentation_find_segment,
                 at_segmentation_get_touched_segments,
                 at_segmentation_get_touched_overlap_slices,
                 at_segmentation_get_global_coordinate,
                 at_segmentation_get_local_coordinate,
                 at_segmentation_contains_point,
                 at_segmentation_contains_area,
                 at_segmentation_get_padding_to_overlap,
                 at_segmentation_increment,
                 at_segmentation_is_active,
                 at_segmentation_set_active,
                 at_segmentation_set_inactive,
                 at_segmentation_reset,
                 at_segmentation_get_n_active,
                 at_segmentation_exists_active,
                 at_segmentation_check_inactive,
                 at_parmap_task_get_place,
                 at_parmap_task_get_index,
                 at_parmap_cancelled,
                 at_parmap_task_get_key,
                 at_parmap_task_uniform,
                 at_parmap_task_explain,
                 at_parmap_task_get_shared,
                 at_parmap_task_get_context,
                 at_parmap_task_get_transport,
                 at_parmap_buffer_resize,
                 at_parmap_buffer_append,
                 at_parmap_report_text,
                 at_parmap_create,
                 at_parmap_free,
                 at_parmap_cancel,
                 at_parmap_share,
                 at_parmap_run,
                 at_parmap_get_unfinished,
                 at_parmap_set_integer,
                 at_parmap_set_real,
                 at_parmap_set_string,
                 at_parmap_set,
                 at_parmap_get_integer,
                 at_parmap_get_real,
                 at_parmap_get_string,
                 at_parmap_settings_get_count,
                 at_parmap_settings_describe,
                 at_parmap_set_progress,
                 at_parmap_progress_bar,
                 at_parmap_stream,
                 at_parmap_open,
                 at_parmap_next,
                 at_parmap_done,
                 at_parmap_pull_cancelled,
                 at_parmap_pull_get_key,
                 at_parmap_close,
                 at_parmap_register,
                 at_parmap_register_item,
                 at_parmap_serve,
                 at_parmap_release,
                 at_parmap_call,
                 at_parmap_call_stream,
                 at_parmap_call_share,
                 at_parmap_reduce,
                 at_parmap_flow_create,
                 at_parmap_flow_free,
                 at_parmap_flow_load,
                 at_parmap_flow_train,
                 at_parmap_flow_execute,
                 at_parmap_operators_create_vector,
                 at_parmap_operators_create_distributed,
                 at_parmap_operators_free,
                 at_parmap_operators_get_sizes,
                 at_parmap_operators_eval,
                 at_parmap_operators_linearize,
                 at_parmap_operators_derivative,
                 at_parmap_operators_adjoint,
                 at_parmap_ensemble_create,
                 at_parmap_ensemble_free,
                 at_parmap_ensemble_round,
                 at_parmap_ensemble_get_summary,
                 at_parmap_ensemble_get_member,
                 at_dicod_context_create_mpi_f,
                 at_parmap_task_get_comm_f,
                 at_dicod_mpi_library,)
