"""
Recurring patterns in signals, images and volumes by convolutional sparse coding: libdicod for Julia.

    using Dicod
    s = solve(x, d; reg=0.1)      # s.z, s.objective, s.duality_gap, ...

Arrays are in Julia's order: signals `x[nx, ny, channel, signal]`, dictionaries `d[lx, ly, channel, atom]`, activations
`z[vx, vy, atom, signal]`, with one to three axes in front; the axis of signals may be left out where there is one, that of
channels of `x` as well. Keyword arguments are the library's options, see `Dicod.options()`; lists per axis are in Julia's
order. Positions and numbers of atoms, signals and segments count from 1; an `offset` is the number of elements before.

The library is found by `ENV["DICOD_LIBRARY"]` (a path), or as `libdicod` by the system's linker. For contexts on
communicators it has to be a `libdicod_mpi`, and MPI has to be loaded and initialised before.
"""
module Dicod

using Libdl, Serialization, SparseArrays

export solve, learn, lambda_max, reconstruct, objective, valid_shape, Context, Encoder, Learner, Segmentation, DicodError,
       solve!, set_z!, get_z, get_z!, clear_z!, set_dictionary!, activations, activation_matrix, region, step!, run!, encode!,
       dictionary, segment, find_segment, touched_segments

# --- the library ------------------------------------------------------------------------------------------------------

const library = Ref{Ptr{Cvoid}}(C_NULL)

function open_library()
    library[] == C_NULL || return library[]
    # Without deep binding: a panic that the library catches would end the process.
    flags = RTLD_LAZY | RTLD_LOCAL
    path = get(ENV, "DICOD_LIBRARY", "")
    if isempty(path)
        path = find_library(["libdicod", "libdicod.so.0"])
        isempty(path) && error("Dicod: libdicod was not found; set ENV[\"DICOD_LIBRARY\"] to its path")
    end
    library[] = dlopen(path, flags)
end

entry(at, name) = at[] == C_NULL ? (at[] = dlsym(open_library(), name)) : at[]

include("c.jl")

function __init__()
    library[] = C_NULL
    foreach(at -> at[] = C_NULL, entries)
end

"Version of the library that is loaded."
library_version() = VersionNumber(unsafe_string(dicod_version()))

# --- errors -----------------------------------------------------------------------------------------------------------

"What the library says is wrong: `status` (a `Dicod.DICOD_ERROR_...`) and the whole `message`."
struct DicodError <: Exception
    status::Int32
    message::String
end

Base.showerror(io::IO, e::DicodError) =
    print(io, "DicodError: ", e.message, " (", unsafe_string(dicod_strerror(e.status)), ", ", e.status, ")")

function last_error()
    needed = Ref{Int64}(0)
    dicod_last_error(C_NULL, 0, needed)
    buffer = zeros(UInt8, max(needed[], 1))
    dicod_last_error(buffer, length(buffer), needed)
    String(buffer[1:end-1])
end

check(status) = status < 0 ? throw(DicodError(status, last_error())) : status
bad_shape(text) = throw(DicodError(DICOD_ERROR_INVALID_SHAPE, text))

# --- callbacks --------------------------------------------------------------------------------------------------------

# What C gets as userdata: rooted by whoever makes the call. An exception is kept here, and thrown again on this side.
mutable struct Box
    log::Any
    progress::Any
    each::Any
    thrown::Any
end
Box() = Box(nothing, nothing, nothing, nothing)

box_at(userdata) = unsafe_pointer_to_objref(userdata)::Box

function keep!(box, e)
    box.thrown === nothing && (box.thrown = e)
    nothing
end

function rethrow_kept(box)
    box === nothing && return
    e = box.thrown
    e === nothing && return
    box.thrown = nothing
    throw(e)
end

function log_trampoline(userdata::Ptr{Cvoid}, level::Int32, message::Ptr{UInt8})::Cvoid
    box = box_at(userdata)
    try
        box.log((:warning, :info, :debug)[level], unsafe_string(message))
    catch e
        keep!(box, e)
    end
    nothing
end

# A callback that returns :stop ends the solve; anything else goes on.
function progress_trampoline(userdata::Ptr{Cvoid}, progress::Ptr{dicod_progress})::Int32
    box = box_at(userdata)
    try
        box.progress(unsafe_load(progress)) === :stop ? Int32(1) : Int32(0)
    catch e
        keep!(box, e)
        Int32(1)
    end
end

"One outer iteration of learning, as the function that is given to `learn` sees it."
struct Step
    info::dicod_learn_step
    nonzeros::Vector{Int64}
end

function learn_trampoline(userdata::Ptr{Cvoid}, step::Ptr{dicod_learn_step})::Int32
    box = box_at(userdata)
    try
        box.each(load_step(step)) === :stop ? Int32(1) : Int32(0)
    catch e
        keep!(box, e)
        Int32(1)
    end
end

function load_step(step::Ptr{dicod_learn_step})
    info = unsafe_load(step)
    nonzeros = info.nonzeros == C_NULL ? Int64[] : copy(unsafe_wrap(Array, info.nonzeros, info.n_atoms))
    Step(info, nonzeros)
end

# --- context ----------------------------------------------------------------------------------------------------------

"""
    Context(; threads=1, log=nothing, progress=nothing)
    Context(comm; threads=1, ...)

Threads (-1: as many as there are cores), ranks and callbacks of calls. `log(level, message)` gets a Symbol and a String;
`progress(p)` may return `:stop` to end the solve with what it has.

`comm` is a communicator of MPI.jl, or a Fortran handle (an integer). Calls with it are collective, and it has to be closed by
`close(context)`, on all ranks, before MPI_Finalize; so have encoders, learners made with it. Nothing collective is done by
the garbage collector.
"""
mutable struct Context
    handle::Ptr{Cvoid}
    collective::Bool
    box::Box
end

function Context(; threads::Integer=1, log=nothing, progress=nothing)
    handle = Ref{Ptr{Cvoid}}(C_NULL)
    check(dicod_context_create(threads, handle))
    finalizer(free, with_callbacks(Context(handle[], false, Box()), log, progress))
end

function Context(comm; threads::Integer=1, log=nothing, progress=nothing)
    handle = Ref{Ptr{Cvoid}}(C_NULL)
    check(dicod_context_create_mpi_f(fortran_handle(comm), threads, handle))
    with_callbacks(Context(handle[], true, Box()), log, progress)
end

fortran_handle(comm::Integer) = Cint(comm)
# MPI.jl: the handle of C, which is a pointer in Open MPI, and Fortran's in MPICH.
function fortran_handle(comm)
    val = getproperty(comm, :val)
    val isa Integer && return reinterpret(Cint, UInt32(val & 0xffffffff))
    ccall(dlsym(open_library(), :MPI_Comm_c2f), Cint, (Ptr{Cvoid},), val)
end

function with_callbacks(context, log, progress)
    context.box.log = log
    context.box.progress = progress
    data = pointer_from_objref(context.box)
    if log !== nothing
        check(dicod_context_set_log(context.handle, @cfunction(log_trampoline, Cvoid, (Ptr{Cvoid}, Int32, Ptr{UInt8})), data))
    end
    if progress !== nothing
        f = @cfunction(progress_trampoline, Int32, (Ptr{Cvoid}, Ptr{dicod_progress}))
        check(dicod_context_set_progress(context.handle, f, data))
    end
    context
end

function free(context::Context)
    at = Ref(context.handle)
    context.handle = C_NULL
    dicod_context_free(at)
end

Base.close(context::Context) = (check(free(context)); nothing)
Base.isopen(context::Context) = context.handle != C_NULL

handle_of(::Nothing) = C_NULL
function handle_of(x)
    x.handle == C_NULL && throw(DicodError(DICOD_ERROR_NULL_POINTER, "the $(lowercase(string(nameof(typeof(x))))) was closed"))
    x.handle
end
box_of(::Nothing) = nothing
box_of(context::Context) = context.box

"Rank of this process in the context, from 0 as MPI counts, and number of ranks."
function ranks(context::Context)
    rank, n = Ref{Int32}(0), Ref{Int32}(0)
    check(dicod_context_ranks(handle_of(context), rank, n))
    (Int(rank[]), Int(n[]))
end

"Threads that calls with the context may use."
function threads(context::Context)
    n = Ref{Int32}(0)
    check(dicod_context_threads(handle_of(context), n))
    Int(n[])
end

Base.show(io::IO, c::Context) = isopen(c) ? print(io, "Dicod.Context(rank ", ranks(c)[1], " of ", ranks(c)[2], ", ", threads(c),
    " threads)") : print(io, "Dicod.Context(closed)")

# --- options ----------------------------------------------------------------------------------------------------------

const option_types = Dict{Symbol,String}()

"All options: key, type, default, allowed values and meaning of each."
function options()
    n = Ref{Int64}(0)
    check(dicod_options_count(n))
    map(0:n[]-1) do i
        info = Ref(dicod_option_info())
        check(dicod_options_describe(i, info))
        (key=Symbol(unsafe_string(info[].key)), type=unsafe_string(info[].value_type),
         default=unsafe_string(info[].default_value), allowed=unsafe_string(info[].allowed), meaning=unsafe_string(info[].meaning))
    end
end

per_axis(key) = key === :periodic || key === :tile_shape

function with_options(f, given)
    isempty(given) && return f(C_NULL)
    isempty(option_types) && foreach(o -> option_types[o.key] = o.type, options())
    at = Ref{Ptr{Cvoid}}(C_NULL)
    check(dicod_options_create(at))
    try
        for (key, value) in pairs(given)
            set_option(at[], key, get(option_types, key, "real"), value)
        end
        f(at[])
    finally
        dicod_options_free(at)
    end
end

function set_option(handle, key, type, value)
    name = string(key)
    wrong(what) = throw(DicodError(DICOD_ERROR_INVALID_ARGUMENT, "option \"$name\" takes $what, not $(repr(value))"))
    if !haskey(option_types, key)
        check(dicod_options_set_real(handle, name, 0.0)) # fails, and names the nearest key
    elseif type == "real"
        value isa Real || wrong("a number")
        check(dicod_options_set_real(handle, name, value))
    elseif type == "integer"
        value isa Integer || wrong("an integer")
        check(dicod_options_set_integer(handle, name, value))
    elseif type == "string"
        value isa Union{AbstractString,Symbol} || wrong("a word")
        check(dicod_options_set_string(handle, name, replace(string(value), '_' => '-')))
    else
        number = type == "reals" ? Float64 : Int64
        what = type == "reals" ? "a list of numbers" : "a list of integers"
        value isa Union{AbstractVector,Tuple} || wrong(what)
        all(v -> v isa (number === Int64 ? Integer : Real), value) || wrong(what)
        list = collect(number, value)
        per_axis(key) && reverse!(list)
        set = number === Float64 ? dicod_options_set_reals : dicod_options_set_integers
        check(set(handle, name, length(list), list))
    end
end

# --- shapes -----------------------------------------------------------------------------------------------------------

const Element = Union{Float32,Float64}

# Shapes of x, d, z in the order of C.
struct Geometry
    n_axes::Int
    n_signals::Int
    n_channels::Int
    n_atoms::Int
    signal::Vector{Int64}
    atom::Vector{Int64}
end

function geometry(size_x, size_d)
    n = length(size_d) - 2
    1 <= n <= 3 || bad_shape("d has the size $size_d: it has one to three axes, then channel and atom")
    n <= length(size_x) <= n + 2 ||
        bad_shape("x has the size $size_x: with d of size $size_d there are its axes, then channel and signal, in all $n to $(n + 2)")
    channels = length(size_x) > n ? size_x[n+1] : 1
    channels == size_d[n+1] || bad_shape("channels of x and d differ: x has the size $size_x, d has $size_d")
    signals = length(size_x) == n + 2 ? size_x[n+2] : 1
    Geometry(n, signals, channels, size_d[n+2], reverse(collect(Int64, size_x[1:n])), reverse(collect(Int64, size_d[1:n])))
end

function valid_of(options, g)
    valid = similar(g.signal)
    check(dicod_valid_shape(options, g.n_axes, g.signal, g.atom, valid))
    Tuple(Int.(reverse(valid)))
end

# Types say how long it is.
function size_of_z(options, g, x::AbstractArray{<:Any,NX}, d::AbstractArray{<:Any,ND}) where {NX,ND}
    valid = similar(g.signal)
    check(dicod_valid_shape(options, g.n_axes, g.signal, g.atom, valid))
    n = ND - 2
    ntuple(i -> i <= n ? Int(valid[n+1-i]) : i == n + 1 ? g.n_atoms : g.n_signals, Val(NX == ND ? ND : ND - 1))
end

"""
    valid_shape(signal_shape, atom_shape; periodic)

Size of the activations, axes only: `T - L + 1` along an axis, or `T` where it wraps around.
"""
function valid_shape(signal_shape, atom_shape; periodic=nothing)
    length(signal_shape) == length(atom_shape) || bad_shape("$signal_shape and $atom_shape have different numbers of axes")
    g = Geometry(length(signal_shape), 1, 1, 1, reverse(collect(Int64, signal_shape)), reverse(collect(Int64, atom_shape)))
    with_options(o -> valid_of(o, g), periodic === nothing ? (;) : (periodic=periodic,))
end

# Both as arrays without gaps, of the same element type; not copied where they are that already.
element(arrays...) = promote_type(map(a -> eltype(a) <: Element ? eltype(a) : Float64, arrays)...)
plain(T, a) = convert(Array{T}, a)

for (name, f64, f32) in [(:c_solve, :dicod_solve, :dicod_solve_f32), (:c_learn, :dicod_learn, :dicod_learn_f32),
                         (:c_lambda_max, :dicod_lambda_max, :dicod_lambda_max_f32), (:c_gram, :dicod_gram, :dicod_gram_f32),
                         (:c_reconstruct, :dicod_reconstruct, :dicod_reconstruct_f32),
                         (:c_objective, :dicod_objective, :dicod_objective_f32),
                         (:c_encoder, :dicod_encoder_create, :dicod_encoder_create_f32),
                         (:c_set_dictionary, :dicod_encoder_set_dictionary, :dicod_encoder_set_dictionary_f32),
                         (:c_learner, :dicod_learner_create, :dicod_learner_create_f32),
                         (:c_dictionary, :dicod_learner_get_dictionary, :dicod_learner_get_dictionary_f32)]
    @eval $name(::Type{Float64}) = $f64
    @eval $name(::Type{Float32}) = $f32
end

# --- results ----------------------------------------------------------------------------------------------------------

status_text(status) = unsafe_string(dicod_strerror(status))

function show_info(io, info, names)
    for name in names
        print(io, "\n  ", rpad(string(name), 13), getfield(info, name))
    end
end

"Activations `z` and what is known of them: all fields of `dicod_info` (`objective`, `duality_gap`, `steps`, ...) as well."
struct Solution{A}
    z::A
    info::dicod_info
end
Base.getproperty(s::Solution, name::Symbol) =
    name === :z || name === :info ? getfield(s, name) : getproperty(getfield(s, :info), name)
Base.propertynames(::Solution) = (:z, fieldnames(dicod_info)...)
function Base.show(io::IO, ::MIME"text/plain", s::Solution)
    print(io, "Solution: z of ", eltype(s.z), ", ", join(size(s.z), " × "), "; ", status_text(s.info.status))
    show_info(io, s.info, (:nonzeros, :objective, :duality_gap, :lambda, :lambda_max, :steps, :seconds))
end
Base.show(io::IO, s::Solution) = print(io, "Solution(", s.info.nonzeros, " nonzeros, objective ", s.info.objective, ")")

"A dictionary `d`, activations `z` for it (or nothing), and all fields of `dicod_learn_info`."
struct Learned{D,Z}
    d::D
    z::Z
    info::dicod_learn_info
end
Base.getproperty(l::Learned, name::Symbol) =
    name in (:d, :z, :info) ? getfield(l, name) : getproperty(getfield(l, :info), name)
Base.propertynames(::Learned) = (:d, :z, fieldnames(dicod_learn_info)...)
function Base.show(io::IO, ::MIME"text/plain", l::Learned)
    print(io, "Learned: d of ", eltype(l.d), ", ", join(size(l.d), " × "), "; ", status_text(l.info.status))
    show_info(io, l.info, (:iterations, :objective, :duality_gap, :nonzeros, :lambda, :seconds))
end
Base.show(io::IO, l::Learned) = print(io, "Learned(", size(l.d)[end], " atoms, objective ", l.info.objective, ")")
Base.show(io::IO, s::Step) =
    print(io, "Step(", s.info.iteration, ": objective ", s.info.objective_z, " -> ", s.info.objective_d, ")")
function Base.show(io::IO, ::MIME"text/plain", i::dicod_info)
    print(io, "dicod_info: ", status_text(i.status))
    show_info(io, i, (:nonzeros, :objective, :duality_gap, :lambda, :lambda_max, :steps, :seconds))
end

# --- one call on plain arrays -----------------------------------------------------------------------------------------

"""
    solve(x, d; context=nothing, z=nothing, options...)

The activations that explain the signals `x` by the atoms `d`: a `Solution`. `z` is where it starts, with `warm_start=true`.
"""
function solve(x::AbstractArray, d::AbstractArray; context=nothing, z=nothing, given...)
    T = element(x, d)
    x, d = plain(T, x), plain(T, d)
    g = geometry(size(x), size(d))
    with_options(given) do options
        wanted = size_of_z(options, g, x, d)
        z === nothing || size(z) == wanted || bad_shape("z has the size $(size(z)), for these signals and atoms it is $wanted")
        out = z === nothing ? zeros(T, wanted) : Array{T}(z)
        info = Ref(dicod_info())
        box = box_of(context)
        status = GC.@preserve box c_solve(T)(handle_of(context), options, g.n_axes, g.signal, g.n_signals, g.n_channels,
                                             g.n_atoms, g.atom, x, d, out, info)
        rethrow_kept(box)
        check(status)
        Solution(out, info[])
    end
end

"""
    learn(x, atom_shape, n_atoms; context=nothing, activations=true, options...)
    learn(x, d; ...)
    learn(x, ...) do step ... end

A dictionary for the signals `x`, with its activations: a `Learned`. With `d` learning starts from these atoms. The function is
told of each outer iteration (a `Step`), and may return `:stop`.
"""
learn(x::AbstractArray, atom_shape, n_atoms::Integer; keywords...) = learn(nothing, x, atom_shape, n_atoms; keywords...)
learn(x::AbstractArray, d::AbstractArray; keywords...) = learn(nothing, x, d; keywords...)

function learn(each, x::AbstractArray, atom_shape, n_atoms::Integer; keywords...)
    n = length(atom_shape)
    learn_into(each, x, zeros(element(x), atom_shape..., ndims(x) > n ? size(x, n + 1) : 1, n_atoms); keywords...)
end
learn(each, x::AbstractArray, d::AbstractArray; keywords...) =
    learn_into(each, x, Array{element(x, d)}(d); learn_init=:given, keywords...)

function learn_into(each, x, d; context=nothing, activations=true, given...)
    T = eltype(d)
    x = plain(T, x)
    g = geometry(size(x), size(d))
    with_options(given) do options
        z = nothing
        if activations
            z = zeros(T, size_of_z(options, g, x, d))
        end
        info = Ref(dicod_learn_info())
        box, outer = Box(nothing, nothing, each, nothing), box_of(context)
        told = each === nothing ? C_NULL : @cfunction(learn_trampoline, Int32, (Ptr{Cvoid}, Ptr{dicod_learn_step}))
        status = GC.@preserve box outer c_learn(T)(handle_of(context), options, g.n_axes, g.signal, g.n_signals, g.n_channels,
            g.n_atoms, g.atom, x, told, pointer_from_objref(box), d, z === nothing ? Ptr{T}(C_NULL) : z, info)
        rethrow_kept(box)
        rethrow_kept(outer)
        check(status)
        Learned(d, z, info[])
    end
end

"""
    lambda_max(x, d; context=nothing, positive, periodic)

The least regularisation for which z = 0 is optimal.
"""
function lambda_max(x::AbstractArray, d::AbstractArray; context=nothing, given...)
    T = element(x, d)
    x, d = plain(T, x), plain(T, d)
    g = geometry(size(x), size(d))
    value = Ref(0.0)
    with_options(given) do options
        check(c_lambda_max(T)(handle_of(context), options, g.n_axes, g.signal, g.n_signals, g.n_channels, g.n_atoms, g.atom, x, d,
                              value))
    end
    value[]
end

"""
    reconstruct(z, d, signal_shape; context=nothing, periodic)

The signals that the activations stand for. `signal_shape` may be left out unless an axis is periodic.
"""
function reconstruct(z::AbstractArray, d::AbstractArray, signal_shape=nothing; context=nothing, given...)
    T = element(z, d)
    z, d = plain(T, z), plain(T, d)
    n = ndims(d) - 2
    signal_shape === nothing && (signal_shape = size(z)[1:n] .+ size(d)[1:n] .- 1)
    more = ndims(z) == n + 2 ? (size(z, n + 2),) : ()
    x = zeros(T, signal_shape..., size(d, n + 1), more...)
    g = geometry(size(x), size(d))
    with_options(given) do options
        wanted = (valid_of(options, g)..., g.n_atoms, more...)
        size(z) == wanted || bad_shape("z has the size $(size(z)), for these signals and atoms it is $wanted")
        check(c_reconstruct(T)(handle_of(context), options, g.n_axes, g.signal, g.n_signals, g.n_channels, g.n_atoms, g.atom, d, z,
                               x))
    end
    x
end

"""
    objective(x, d, z; context=nothing, options...)

What `solve` minimises, and its data term: `(objective=..., data_term=...)`.
"""
function objective(x::AbstractArray, d::AbstractArray, z::AbstractArray; context=nothing, given...)
    T = element(x, d, z)
    x, d, z = plain(T, x), plain(T, d), plain(T, z)
    g = geometry(size(x), size(d))
    value, term = Ref(0.0), Ref(0.0)
    with_options(given) do options
        wanted = size_of_z(options, g, x, d)
        size(z) == wanted || bad_shape("z has the size $(size(z)), for these signals and atoms it is $wanted")
        check(c_objective(T)(handle_of(context), options, g.n_axes, g.signal, g.n_signals, g.n_channels, g.n_atoms, g.atom, x, d, z,
                             value, term))
    end
    (objective=value[], data_term=term[])
end

"Correlations of the atoms with each other: `g[2lx - 1, ..., atom, atom]`."
function gram(d::AbstractArray; context=nothing)
    T = element(d)
    d = plain(T, d)
    n = ndims(d) - 2
    1 <= n <= 3 || bad_shape("d has the size $(size(d)): it has one to three axes, then channel and atom")
    g = zeros(T, (2 .* size(d)[1:n] .- 1)..., size(d, n + 2), size(d, n + 2))
    check(c_gram(T)(handle_of(context), n, size(d, n + 1), size(d, n + 2), reverse(collect(Int64, size(d)[1:n])), d, g))
    g
end

# --- arrays where they lie --------------------------------------------------------------------------------------------

# Calls f with the descriptor of a block: `behind` are the sizes behind its axes, channels or atoms, then signals.
function described(f, name, a::StridedArray{T}, n, per_signal, n_signals, global_shape, offset) where {T<:Element}
    behind = size(a)[n+1:end]
    behind == (per_signal, n_signals)[1:length(behind)] && prod(behind) == per_signal * n_signals && length(behind) <= 2 ||
        bad_shape("$name has the size $(size(a)): behind its $n axes $((per_signal, n_signals)) are wanted")
    offset === nothing || length(offset) == n || bad_shape("offset $offset needs one value per axis, $n")
    first = zeros(Int64, n)
    offset === nothing || copyto!(first, reverse(collect(Int64, offset)))
    local_shape = reverse(collect(Int64, size(a)[1:n]))
    any(iszero, size(a)) && fill!(local_shape, 0)
    steps = reverse(collect(Int64, strides(a)[1:n]))
    all_strides = (strides(a)..., 0, 0)
    at = Ptr{Cvoid}(pointer(a))
    channels = vec([at + sizeof(T) * ((ndims(a) > n ? c * all_strides[n+1] : 0) + (ndims(a) > n + 1 ? s * all_strides[n+2] : 0))
                    for c in 0:per_signal-1, s in 0:n_signals-1])
    global_ = collect(Int64, global_shape)
    GC.@preserve a first local_shape steps channels global_ begin
        f(Ref(dicod_array(sizeof(dicod_array), T === Float64 ? DICOD_F64 : DICOD_F32, n, pointer(global_), pointer(first),
                          pointer(local_shape), pointer(steps), length(channels), pointer(channels))))
    end
end

in_place(T, a::StridedArray) = eltype(a) === T ? a : Array{T}(a)
in_place(T, a) = Array{T}(a)

# --- encoder ----------------------------------------------------------------------------------------------------------

"""
    Encoder(d, signal_shape; n_signals=1, context=nothing, options...)

A dictionary bound to a domain of size `signal_shape`, for `solve!` again and again; with `warm_start=true` each solve begins
where the last one ended. `close` it, if it was made with a communicator.
"""
mutable struct Encoder{T}
    handle::Ptr{Cvoid}
    g::Geometry
    valid::Vector{Int64}
    box::Union{Nothing,Box}
end

function Encoder(d::AbstractArray, signal_shape; n_signals::Integer=1, context=nothing, given...)
    T = element(d)
    d = plain(T, d)
    g, valid, handle = created(c_encoder(T), d, signal_shape, n_signals, context, given)
    e = Encoder{T}(handle, g, valid, box_of(context))
    context !== nothing && context.collective ? e : finalizer(close, e)
end

function created(create, d, signal_shape, n_signals, context, given)
    n = ndims(d) - 2
    1 <= n <= 3 || bad_shape("d has the size $(size(d)): it has one to three axes, then channel and atom")
    length(signal_shape) == n || bad_shape("signal_shape $signal_shape does not go with d of size $(size(d))")
    g = Geometry(n, n_signals, size(d, n + 1), size(d, n + 2), reverse(collect(Int64, signal_shape)),
                 reverse(collect(Int64, size(d)[1:n])))
    handle = Ref{Ptr{Cvoid}}(C_NULL)
    with_options(given) do options
        valid = reverse(collect(Int64, valid_of(options, g)))
        check(create(handle_of(context), options, g.n_axes, g.signal, g.n_signals, g.n_channels, g.n_atoms, g.atom, d, handle))
        (g, valid, handle[])
    end
end

function Base.close(e::Encoder)
    at = Ref(e.handle)
    e.handle = C_NULL
    dicod_encoder_free(at)
end
Base.isopen(e::Encoder) = e.handle != C_NULL
Base.show(io::IO, e::Encoder{T}) where {T} = print(io, "Encoder{", T, "}(", e.g.n_atoms, " atoms on ",
    join(reverse(e.g.signal), " × "), isopen(e) ? ")" : ", closed)")

"""
    solve!(encoder, x; offset=nothing)

Encodes `x`, this rank's block, which begins at `offset`; views are taken where they lie. Gives a `dicod_info`.
"""
function solve!(e::Encoder{T}, x::AbstractArray; offset=nothing) where {T}
    handle = handle_of(e)
    info = Ref(dicod_info())
    status = described("x", in_place(T, x), e.g.n_axes, e.g.n_channels, e.g.n_signals, e.g.signal, offset) do a
        GC.@preserve e dicod_encoder_solve(handle, a, info)
    end
    rethrow_kept(e.box)
    check(status)
    info[]
end

"Sets where the next solve begins, with `warm_start=true`."
function set_z!(e::Encoder{T}, z::AbstractArray; offset=nothing) where {T}
    handle = handle_of(e)
    check(described(a -> dicod_encoder_set_z(handle, a), "z", in_place(T, z), e.g.n_axes, e.g.n_atoms, e.g.n_signals, e.valid, offset))
    e
end

"Forgets the activations."
clear_z!(e::Encoder) = (check(dicod_encoder_clear_z(handle_of(e))); e)

"The activations of the last solve."
get_z(e::Encoder{T}) where {T} = get_z!(e, zeros(T, reverse(e.valid)..., e.g.n_atoms, (e.g.n_signals > 1 ? (e.g.n_signals,) : ())...))

"Writes a block of the activations, which begins at `offset`, to `z`, which may be a view."
function get_z!(e::Encoder{T}, z::StridedArray{T}; offset=nothing) where {T}
    handle = handle_of(e)
    check(described(a -> dicod_encoder_get_z(handle, a), "z", z, e.g.n_axes, e.g.n_atoms, e.g.n_signals, e.valid, offset))
    z
end

"Replaces the dictionary by another one of the same size."
function set_dictionary!(e::Encoder{T}, d::AbstractArray) where {T}
    d = plain(T, d)
    wanted = (reverse(e.g.atom)..., e.g.n_channels, e.g.n_atoms)
    size(d) == wanted || bad_shape("d has the size $(size(d)), the encoder was made with $wanted")
    check(c_set_dictionary(T)(handle_of(e), d))
    e
end

"Activations that are not zero: `value[i]` is `z[position[i], atom[i], signal[i]]`; `position` has a `CartesianIndex` for each."
struct Activations{N}
    signal::Vector{Int64}
    atom::Vector{Int64}
    position::Vector{CartesianIndex{N}}
    value::Vector{Float64}
end
Base.length(a::Activations) = length(a.value)
Base.show(io::IO, a::Activations) = print(io, "Activations(", length(a), " of them)")

"""
    activations(encoder)
    activations(encoder, offset, local_shape)

The activations on this rank that are not zero, as lists; those in a block (collective then).
"""
function activations(e::Encoder, offset=nothing, local_shape=nothing)
    handle, n, count = handle_of(e), e.g.n_axes, Ref{Int64}(0)
    (offset === nothing) == (local_shape === nothing) || bad_shape("offset and local_shape go together")
    offset === nothing || length(offset) == length(local_shape) == n || bad_shape("offset and local_shape need $n values")
    get = if offset === nothing
        (arguments...) -> dicod_encoder_get_sparse(handle, arguments...)
    else
        first, shape = reverse(collect(Int64, offset)), reverse(collect(Int64, local_shape))
        (arguments...) -> dicod_encoder_get_sparse_block(handle, first, shape, arguments...)
    end
    check(get(0, C_NULL, C_NULL, C_NULL, C_NULL, count))
    room = count[] + 1
    signal, atom, position, value = zeros(Int64, room), zeros(Int64, room), zeros(Int64, n, room), zeros(room)
    check(get(room, signal, atom, position, value, count))
    m = count[]
    places = CartesianIndex{n}[CartesianIndex(ntuple(a -> position[n+1-a, i] + 1, n)) for i in 1:m]
    Activations(signal[1:m] .+ 1, atom[1:m] .+ 1, places, value[1:m])
end

"""
    activation_matrix(encoder)

All activations as a `SparseMatrixCSC`: a row per position (as in `vec`), a column per atom, and per signal behind that.
"""
function activation_matrix(e::Encoder)
    shape = Tuple(Int.(reverse(e.valid)))
    a = activations(e, zero.(shape), shape)
    rows = [LinearIndices(shape)[p] for p in a.position]
    sparse(rows, a.atom .+ e.g.n_atoms .* (a.signal .- 1), a.value, prod(shape), e.g.n_atoms * e.g.n_signals)
end

"The part of the valid domain whose activations are on this rank: `(offset, shape)`."
function region(e::Encoder)
    first, shape = similar(e.valid), similar(e.valid)
    check(dicod_encoder_region(handle_of(e), first, shape))
    (Tuple(reverse(first)), Tuple(reverse(shape)))
end

"Regularisation of each atom in the last solve, absolute."
function lambda(e::Encoder)
    l = zeros(e.g.n_atoms)
    check(dicod_encoder_get_lambda(handle_of(e), length(l), l))
    l
end

# --- learner ----------------------------------------------------------------------------------------------------------

"""
    Learner(d, signal_shape; n_signals=1, context=nothing, options...)

Learning step by step: `step!`, `run!`, `encode!`, `dictionary`, `get_z`. The values of `d` count with `learn_init=:given` and
for fixed atoms, else its size and element type only.
"""
mutable struct Learner{T}
    handle::Ptr{Cvoid}
    g::Geometry
    valid::Vector{Int64}
    box::Union{Nothing,Box}
end

function Learner(d::AbstractArray, signal_shape; n_signals::Integer=1, context=nothing, given...)
    T = element(d)
    g, valid, handle = created(c_learner(T), plain(T, d), signal_shape, n_signals, context, given)
    l = Learner{T}(handle, g, valid, box_of(context))
    context !== nothing && context.collective ? l : finalizer(close, l)
end

function Base.close(l::Learner)
    at = Ref(l.handle)
    l.handle = C_NULL
    dicod_learner_free(at)
end
Base.isopen(l::Learner) = l.handle != C_NULL
Base.show(io::IO, l::Learner{T}) where {T} = print(io, "Learner{", T, "}(", l.g.n_atoms, " atoms on ",
    join(reverse(l.g.signal), " × "), isopen(l) ? ")" : ", closed)")

on_x(f, l::Learner{T}, x, offset) where {T} =
    described(f, "x", in_place(T, x), l.g.n_axes, l.g.n_channels, l.g.n_signals, l.g.signal, offset)

"One outer iteration on the signals `x`: a `Step`."
function step!(l::Learner, x::AbstractArray; offset=nothing)
    handle, out = handle_of(l), Ref(dicod_learn_step())
    status = on_x(a -> GC.@preserve(l, dicod_learner_step(handle, a, out)), l, x, offset)
    rethrow_kept(l.box)
    check(status)
    GC.@preserve out load_step(Base.unsafe_convert(Ptr{dicod_learn_step}, out))
end

"Outer iterations until the objective hardly changes; `run!(learner, x) do step ... end` is told of each."
run!(l::Learner, x::AbstractArray; offset=nothing) = run!(nothing, l, x; offset=offset)
function run!(each, l::Learner, x::AbstractArray; offset=nothing)
    handle, info, box = handle_of(l), Ref(dicod_learn_info()), Box(nothing, nothing, each, nothing)
    told = each === nothing ? C_NULL : @cfunction(learn_trampoline, Int32, (Ptr{Cvoid}, Ptr{dicod_learn_step}))
    status = on_x(l, x, offset) do a
        GC.@preserve l box dicod_learner_run(handle, a, told, pointer_from_objref(box), info)
    end
    rethrow_kept(box)
    rethrow_kept(l.box)
    check(status)
    info[]
end

"Activations of `x` for the dictionary as it is."
function encode!(l::Learner, x::AbstractArray; offset=nothing)
    handle, info = handle_of(l), Ref(dicod_info())
    status = on_x(a -> GC.@preserve(l, dicod_learner_encode(handle, a, info)), l, x, offset)
    rethrow_kept(l.box)
    check(status)
    info[]
end

"The dictionary of a learner."
function dictionary(l::Learner{T}) where {T}
    d = zeros(T, reverse(l.g.atom)..., l.g.n_channels, l.g.n_atoms)
    check(c_dictionary(T)(handle_of(l), d))
    d
end

get_z(l::Learner{T}) where {T} = get_z!(l, zeros(T, reverse(l.valid)..., l.g.n_atoms, (l.g.n_signals > 1 ? (l.g.n_signals,) : ())...))
function get_z!(l::Learner{T}, z::StridedArray{T}; offset=nothing) where {T}
    handle = handle_of(l)
    check(described(a -> dicod_learner_get_z(handle, a), "z", z, l.g.n_axes, l.g.n_atoms, l.g.n_signals, l.valid, offset))
    z
end

"Writes everything that the next step depends on to a file."
save(l::Learner, path::AbstractString) = (check(dicod_learner_save_file(handle_of(l), path)); nothing)

"`restore(path, d, signal_shape; ...)`: a learner that goes on from a file of `save`, of the same problem."
function restore(path::AbstractString, d::AbstractArray, signal_shape; n_signals::Integer=1, context=nothing, periodic=nothing)
    T = element(d)
    n = ndims(d) - 2
    g = Geometry(n, n_signals, size(d, n + 1), size(d, n + 2), reverse(collect(Int64, signal_shape)),
                 reverse(collect(Int64, size(d)[1:n])))
    valid = reverse(collect(Int64, valid_shape(signal_shape, size(d)[1:n]; periodic=periodic)))
    handle = Ref{Ptr{Cvoid}}(C_NULL)
    check(dicod_learner_restore_file(handle_of(context), C_NULL, path, handle))
    l = Learner{T}(handle[], g, valid, box_of(context))
    context !== nothing && context.collective ? l : finalizer(close, l)
end

include("segmentation.jl")
include("pmap.jl")

end
