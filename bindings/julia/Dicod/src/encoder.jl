# A dictionary bound to a domain, for solve after solve; and what it has in common with a learner.

# What holds activations: an encoder, a learner.
abstract type Coder{T} <: Handle end

"""
    Encoder(d, signal_shape; n_signals=1, context=nothing, atom_shapes=nothing, options...)
    Encoder((u, v), signal_shape; ...)
    Encoder(...) do encoder ... end

A dictionary bound to a domain of size `signal_shape`, for [`solve!`](@ref) again and again; with `warm_start=true` each solve
begins where the last one ended. Atoms of rank one are given by their factors, `u[channel, atom]` and `v[lx, ly, atom]`; `atom_shapes` are as for [`solve`](@ref). `close`
it, if it was made with a communicator.
"""
mutable struct Encoder{T} <: Coder{T}
    handle::Ptr{Cvoid}
    g::Geometry
    valid::Vector{Int64}
    box::Union{Nothing,Box}
    bytes::Int
end

# Signals that the activations are of.
n_coded(e::Encoder) = e.g.n_signals

c_dictionary(::Type{Float64}, ::Encoder) = dicod_encoder_get_dictionary
c_dictionary(::Type{Float32}, ::Encoder) = dicod_encoder_get_dictionary_f32
c_dictionary_rank1(::Type{Float64}, ::Encoder) = dicod_encoder_get_dictionary_rank1
c_dictionary_rank1(::Type{Float32}, ::Encoder) = dicod_encoder_get_dictionary_rank1_f32

const Factors = Tuple{AbstractArray,AbstractArray}

# Arrays of the shape (lx, ..., 1, channel or axis, atom): what the shapes of a dictionary of rank one are taken from.
function outer(factors::Factors)
    u, v = factors
    ndims(u) == 2 && 2 <= ndims(v) <= 4 && size(u, 2) == size(v, ndims(v)) ||
        bad_shape("factors have the sizes $(size(u)) and $(size(v)): (channel, atom) and (axes..., atom) are wanted")
    size(v)[1:end-1], size(u, 1), size(u, 2)
end

Encoder(d, signal_shape; n_signals=1, context=nothing, atom_shapes=nothing, given...) =
    together(() -> encoder(d, signal_shape, n_signals, context, atom_shapes, listed(given)), context, encoder_of_nothing)
encoder_of_nothing(c) = dicod_encoder_create(c, C_NULL, C_NULL, C_NULL, no_handle())

encoder(d, arguments...) = bad_argument("d is a $(typeof(d)): an array, or a tuple of two, is wanted")

function encoder(d::AbstractArray, signal_shape, n_signals, context, atom_shapes, given)
    T = element(d)
    encoder(T, with_atoms(Geometry(d, signal_shape, n_signals), atom_shapes), (plain(T, d),), c_encoder(T), context, given)
end

function encoder(factors::Factors, signal_shape, n_signals, context, atom_shapes, given)
    T = element(factors...)
    atom_shape, n_channels, n_atoms = outer(factors)
    length(signal_shape) == length(atom_shape) || bad_shape("signal_shape $signal_shape does not go with atoms of size $atom_shape")
    g = Geometry(length(atom_shape), n_signals, n_channels, n_atoms, reversed(signal_shape), reversed(atom_shape))
    encoder(T, with_atoms(g, atom_shapes), map(a -> plain(T, a), factors), c_encoder_rank1(T), context, given)
end

function encoder(T::Type, g, dictionary, create, context, given)
    valid, handle = with_options(given) do options
        valid = valid_in_c(options, g)
        handle = with_context(context) do c
            created_together(create, c, options, problem(g), dictionary...)
        end
        (valid, handle)
    end
    weigh!(managed(Encoder{T}(handle, g, valid, box_of(context), 0), context))
end

Encoder(f::Function, arguments...; keywords...) = closed_after(f, Encoder(arguments...; keywords...))
Base.close(e::Encoder) = (freed!(e); release(dicod_encoder_free, e))
held_by(c::Coder) = filled_in(c_describe, c)
options_behind(c::Coder) = created(c_get_options, c)
Base.show(io::IO, e::Encoder{T}) where {T} = print(io, "Encoder{", T, "}(", e.g.n_atoms, " atoms on ",
    join(reverse(e.g.signal), " × "), isopen(e) ? ")" : ", closed)")

"""
    Dicod.memory(d, signal_shape; n_signals=1, offset=nothing, local_shape=nothing, context=nothing, atom_shapes=nothing, options...)

Bytes that an encoder will hold on this rank from its first solve on, before it is made: `(bytes=..., bytes_gram=..., bytes_weights=...,
bytes_penalties=...)`; the last two are what [`set_weights!`](@ref) and [`set_penalties!`](@ref) add to the first. Of `d` size
and element type count. This rank's block of `x` begins at `offset` and has the size `local_shape`; without them it is all.
Collective.
"""
memory(arguments...; keywords...) = memory_of(dicod_encoder_memory, 4, arguments...; keywords...)

"""
    Dicod.learner_memory(d, signal_shape; n_signals=1, offset=nothing, local_shape=nothing, context=nothing, atom_shapes=nothing, options...)

The same of a learner, from its first step on: `(bytes=..., bytes_gram=..., bytes_weights=...)`.
"""
learner_memory(arguments...; keywords...) = memory_of(dicod_learner_memory, 3, arguments...; keywords...)

function memory_of(ask, n, d, signal_shape; n_signals=1, offset=nothing, local_shape=nothing, context=nothing, atom_shapes=nothing, given...)
    found = [Ref{Int64}(0) for _ in 1:n]
    function told()
        T, g = element(d), with_atoms(Geometry(d, signal_shape, n_signals), atom_shapes)
        all(list -> list === nothing || length(list) == g.n_axes, (offset, local_shape)) || bad_shape("offset and local_shape need $(g.n_axes) values")
        first, shape = map(list -> list === nothing ? C_NULL : reversed(list), (offset, local_shape))
        with_options(listed(given)) do options
            with_context(context) do c
                check(ask(c, options, problem(g), T === Float64 ? DICOD_F64 : DICOD_F32, first, shape, found...))
            end
        end
    end
    together(told, context, c -> ask(c, C_NULL, C_NULL, 0, C_NULL, C_NULL, fill(C_NULL, n)...))
    NamedTuple{(:bytes, :bytes_gram, :bytes_weights, :bytes_penalties)[1:n]}(Tuple(getindex.(found)))
end

"""
    solve!(encoder, x; offset=nothing)

Encodes `x`, this rank's block, which begins at `offset`; views are taken where they lie. Gives a `dicod_info`.
"""
function solve!(e::Encoder, x; offset=nothing)
    info = Ref(dicod_info())
    status = interruptible() do
        together(e, e -> dicod_encoder_solve(e, C_NULL, C_NULL)) do
            on_x(a -> dicod_encoder_solve(e, a, info), e, x, offset)
        end
    end
    finished(status, e.box)
    weigh!(e)
    info[]
end

function path_trampoline(userdata::Ptr{Cvoid}, point::Int64, reg::Float64, info::Ptr{dicod_info})::Int32
    box = box_at(userdata)
    guarded(() -> Int32(box.call(Int(point) + 1, reg, unsafe_load(info)) === :stop), box, Int32(1))
end

"""
    path!(encoder, x, reg; offset=nothing)
    path!(encoder, x, reg; ...) do point, reg, info ... end

Encodes `x`, as in [`solve!`](@ref), once for each regularisation in `reg`, usually decreasing ([`reg_path`](@ref)), each time from
the activations that the last solve has found. The function is told of each point, from 1, and may take its activations, with
[`get_z`](@ref) or [`activations`](@ref), or return `:stop`. Gives the `dicod_info` of the last point.
"""
path!(e::Encoder, x, reg; offset=nothing) = path!(nothing, e, x, reg; offset=offset)

function path!(each, e::Encoder, x, reg; offset=nothing)
    info, box = Ref(dicod_info()), Box(each)
    status = interruptible() do
        together(e, e -> dicod_encoder_path(e, C_NULL, 0, C_NULL, C_NULL, C_NULL, C_NULL)) do
            values = collect(Float64, reg)
            f = each === nothing ? C_NULL : @cfunction(path_trampoline, Int32, (Ptr{Cvoid}, Int64, Float64, Ptr{dicod_info}))
            on_x(e, x, offset) do a
                GC.@preserve box dicod_encoder_path(e, a, length(values), values, f, pointer_from_objref(box), info)
            end
        end
    end
    finished(status, box, e.box)
    weigh!(e)
    info[]
end

"""
    reg_path(n, most=1.0, least=0.01)

`n` regularisations for [`path!`](@ref), from `most` to `least`, each the same multiple of the one before. Relative to lambda_max
`most` is 1, where z = 0.
"""
function reg_path(n, most=1.0, least=0.01)
    reg = zeros(max(n, 0))
    check(dicod_reg_path(n, most, least, reg))
    reg
end

# The descriptor of a block of signals.
on_x(f, c::Coder{T}, x, offset, n=n_coded(c)) where {T} =
    described(dicod_const_array, f, "x", in_place(T, x), c.g.n_axes, c.g.n_channels, n, c.g.signal, offset)
to_x(f, c::Coder{T}, name, x, offset) where {T} =
    described(dicod_array, f, name, written(T, name, x), c.g.n_axes, c.g.n_channels, n_coded(c), c.g.signal, offset)

"""
    reconstruct!(encoder, x; offset=nothing)
    reconstruct!(learner, x; offset=nothing)

Writes what the activations stand for to `x`, any block of the domain, which begins at `offset`.
"""
function reconstruct!(c::Coder, x; offset=nothing)
    check(together(c, c -> c_reconstruct(c, C_NULL)) do
        to_x(a -> c_reconstruct(c, a), c, "x", x, offset)
    end)
    x
end

"""
    get_background!(encoder, b; offset=nothing)
    get_background!(learner, b; offset=nothing)

Writes what was taken from the signals of the last solve or step (option `background`) to `b`, any block of the domain, which
begins at `offset`.
"""
function get_background!(c::Coder, b; offset=nothing)
    check(together(c, c -> c_get_background(c, C_NULL)) do
        to_x(a -> c_get_background(c, a), c, "background", b, offset)
    end)
    b
end

"""
    residual!(encoder, r, x; offset=nothing, residual_offset=offset)
    residual!(learner, r, x; offset=nothing, residual_offset=offset)

Writes what the activations leave of `x`, this rank's block, to `r`: any block, which begins at `residual_offset`. It may be `x`
itself.
"""
function residual!(c::Coder, r, x; offset=nothing, residual_offset=offset)
    check(together(c, c -> c_residual(c, C_NULL, C_NULL)) do
        on_x(a -> to_x(b -> c_residual(c, a, b), c, "residual", r, residual_offset), c, x, offset)
    end)
    r
end

"""
    objective(encoder, x; offset=nothing)
    objective(learner, x; offset=nothing)

F(z) for the activations and all of `x`, of which this rank's block begins at `offset`, and its data term:
`(objective=..., data_term=...)`.
"""
function objective(c::Coder, x; offset=nothing)
    value, data_term = Ref(0.0), Ref(0.0)
    check(together(c, c -> c_objective(c, C_NULL, C_NULL, C_NULL)) do
        on_x(a -> c_objective(c, a, value, data_term), c, x, offset)
    end)
    (objective=value[], data_term=data_term[])
end

"""
    set_weights!(encoder, weights; offset=nothing)
    set_weights!(learner, weights; offset=nothing)

Gives each sample of x a weight, at least 0, for the next solves, or steps: `weights` is a block as `x` is in [`solve!`](@ref). Where it
is 0 the sample is missing, and x may be NaN. What is NaN is missing without weights with the
option `missing="nan"`.
"""
function set_weights!(c::Coder{T}, weights; offset=nothing) where {T}
    status = together(c, c -> c_set_weights(c, C_NULL)) do
        described(dicod_const_array, a -> c_set_weights(c, a), "weights", in_place(T, weights), c.g.n_axes, c.g.n_channels,
                  c.g.n_signals, c.g.signal, offset)
    end
    check(status)
    c
end
"""
    clear_weights!(encoder)
    clear_weights!(learner)

All samples count alike again.
"""
clear_weights!(c::Coder) = (check(c_clear_weights(c)); c)

"""
    set_penalties!(encoder, penalties; offset=nothing)

Gives each activation a factor of lambda, at least 0, for the next solves: `penalties` is a block as `z` is in [`set_z!`](@ref).
Where it is `Inf` the activation is 0; where it is 0 it costs nothing.
"""
function set_penalties!(e::Encoder{T}, penalties; offset=nothing) where {T}
    status = together(e, e -> dicod_encoder_set_penalties(e, C_NULL)) do
        described(dicod_const_array, a -> dicod_encoder_set_penalties(e, a), "penalties", in_place(T, penalties), e.g.n_axes, e.g.n_atoms,
                  e.g.n_signals, e.valid, offset)
    end
    check(status)
    e
end
"""
    clear_penalties!(encoder)

All activations have the penalty lambda again.
"""
clear_penalties!(e::Encoder) = (check(dicod_encoder_clear_penalties(e)); e)

"""
    set_z!(encoder, z; offset=nothing)
    set_z!(learner, z; offset=nothing)

Sets where the next solve begins, with `warm_start=true`, or the next step, unless it is one of batches.
"""
function set_z!(c::Coder{T}, z; offset=nothing) where {T}
    status = together(c, c -> c_set_z(c, C_NULL)) do
        described(dicod_const_array, a -> c_set_z(c, a), "z", in_place(T, z), c.g.n_axes, c.g.n_atoms, n_coded(c), c.valid, offset)
    end
    check(status)
    c
end

"""
    clear_z!(encoder)
    clear_z!(learner)

Forgets the activations.
"""
clear_z!(c::Coder) = (check(c_clear_z(c)); c)

room_for_z(T, valid, n_atoms, n_signals) = zeros(T, reverse(valid)..., n_atoms, (n_signals > 1 ? (n_signals,) : ())...)

"""
    get_z(encoder)
    get_z(learner)

The activations of the last solve or step, of the whole domain.
"""
get_z(c::Coder{T}) where {T} = get_z!(c, together(() -> room_for_z(T, c.valid, c.g.n_atoms, n_coded(c)), c, get_nothing))
get_nothing(c::Coder) = c_get_z(c, C_NULL)

"""
    get_z!(encoder, z; offset=nothing)
    get_z!(learner, z; offset=nothing)

Writes a block of the activations, which begins at `offset`, to `z`, which may be a view.
"""
function get_z!(c::Coder{T}, z; offset=nothing) where {T}
    status = together(c, get_nothing) do
        described(dicod_array, a -> c_get_z(c, a), "z", written(T, "z", z), c.g.n_axes, c.g.n_atoms, n_coded(c), c.valid, offset)
    end
    check(status)
    z
end

"""
    set_dictionary!(encoder, d)
    set_dictionary!(encoder, (u, v))

Replaces the dictionary by another one of the same size.
"""
function set_dictionary!(e::Encoder{T}, d) where {T}
    check(together(() -> replace_dictionary(e, d), e, e -> c_set_dictionary(T)(e, C_NULL)))
    e
end

replace_dictionary(::Encoder, d) = bad_argument("d is a $(typeof(d)): an array, or a tuple of two, is wanted")

function replace_dictionary(e::Encoder{T}, d::AbstractArray) where {T}
    wanted = (reverse(e.g.atom)..., e.g.n_channels, e.g.n_atoms)
    size(d) == wanted || bad_shape("d has the size $(size(d)), the encoder was made with $wanted")
    c_set_dictionary(T)(e, plain(T, d))
end

function replace_dictionary(e::Encoder{T}, factors::Factors) where {T}
    wanted = (Tuple(reverse(e.g.atom)), e.g.n_channels, e.g.n_atoms)
    outer(factors) == wanted || bad_shape("the factors' atoms, channels and number are $(outer(factors)), the encoder has $wanted")
    c_set_dictionary_rank1(T)(e, map(a -> plain(T, a), factors)...)
end

"""
    dictionary(encoder)
    dictionary(learner)

The dictionary as it is: `d[lx, ly, channel, atom]`.
"""
function dictionary(c::Coder{T}) where {T}
    d = zeros(T, reverse(c.g.atom)..., c.g.n_channels, c.g.n_atoms)
    check(c_dictionary(T, c)(c, length(d), d))
    d
end

"""
    Dicod.factors(encoder)
    Dicod.factors(learner)

The factors of atoms of rank one, as those that are learned with `learn_rank_one=true`: `(u[channel, atom], v[lx, ly, atom])`.
"""
function factors(c::Coder{T}) where {T}
    u, v = zeros(T, c.g.n_channels, c.g.n_atoms), zeros(T, reverse(c.g.atom)..., c.g.n_atoms)
    check(c_dictionary_rank1(T, c)(c, length(u), u, length(v), v))
    (u, v)
end

"""
    activations(encoder)
    activations(learner)
    activations(encoder, offset, local_shape)
    activations(learner, offset, local_shape)

The activations on this rank that are not zero, as lists ([`Dicod.Activations`](@ref)); those in a block (collective then).
"""
activations(e::Coder) = lists((arguments...) -> c_get_sparse(e, arguments...), e.g.n_axes)

function activations(e::Coder, offset, local_shape)
    first, shape = together(e, e -> c_get_sparse_block(e, C_NULL, C_NULL, 0, C_NULL, C_NULL, C_NULL, C_NULL, C_NULL)) do
        length(offset) == length(local_shape) == e.g.n_axes || bad_shape("offset and local_shape need $(e.g.n_axes) values")
        (reversed(offset), reversed(local_shape))
    end
    lists((arguments...) -> c_get_sparse_block(e, first, shape, arguments...), e.g.n_axes)
end

"""
    set_activations!(encoder, activations)
    set_activations!(learner, activations)

Sets the activations to a list, which is in this rank's region, for a warm start: what [`activations`](@ref) gave. Collective.
"""
function set_activations!(e::Coder, list::Activations)
    n = length(list.value)
    fits = length(list.signal) == length(list.atom) == length(list.position) == n
    check(together(e, e -> c_set_sparse(e, -1, C_NULL, C_NULL, C_NULL, C_NULL)) do
        fits || bad_shape("the lists of activations have different lengths")
        all(at -> length(at) == e.g.n_axes, list.position) || bad_shape("positions need $(e.g.n_axes) values")
        places = Int64[list.position[i][e.g.n_axes+1-a] - 1 for a in 1:e.g.n_axes, i in 1:n]
        c_set_sparse(e, n, Int64.(list.signal) .- 1, Int64.(list.atom) .- 1, places, Float64.(list.value))
    end)
    e
end

function lists(get, n)
    count = Ref{Int64}(0)
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
    activation_matrix(learner)

All activations as a `SparseMatrixCSC`: a row per position (as in `vec`), a column per atom, and per signal behind that.
"""
function activation_matrix(e::Coder)
    shape = Tuple(Int.(reverse(e.valid)))
    a = activations(e, zero.(shape), shape)
    rows = [LinearIndices(shape)[p] for p in a.position]
    sparse(rows, a.atom .+ e.g.n_atoms .* (a.signal .- 1), a.value, prod(shape), e.g.n_atoms * n_coded(e))
end

"""
    region(encoder)
    region(learner)

The part of the valid domain whose activations are on this rank: `(offset, shape)`.
"""
function region(e::Coder)
    first, shape = similar(e.valid), similar(e.valid)
    check(c_get_region(e, first, shape))
    (Tuple(Int.(reverse(first))), Tuple(Int.(reverse(shape))))
end

"""
    Dicod.lambda(encoder)
    Dicod.lambda(learner)

Regularisation of each atom, absolute.
"""
function lambda(e::Encoder)
    l = zeros(e.g.n_atoms)
    check(dicod_encoder_get_lambda(e, length(l), l))
    l
end

"""
    Dicod.tolerance(encoder)

Tolerance on |dz| of each atom in the last solve, in units of its z.
"""
function tolerance(e::Encoder)
    t = zeros(e.g.n_atoms)
    check(dicod_encoder_get_tolerance(e, length(t), t))
    t
end

function span_trampoline(spans, span)::Int32
    push!(unsafe_pointer_to_objref(spans)::Vector{dicod_span}, unsafe_load(span))
    0
end

"""
    Dicod.trace(encoder)
    Dicod.trace(learner)

What this rank did in the last solve, made with `trace=true`: a list of `Dicod.dicod_span`, in order of their ends. Sweeps,
colours and tiles count from 0.
"""
function trace(e::Coder)
    spans = dicod_span[]
    f = @cfunction(span_trampoline, Int32, (Ptr{Cvoid}, Ptr{dicod_span}))
    GC.@preserve spans check(c_get_trace(e, f, pointer_from_objref(spans)))
    spans
end

"""
    Dicod.trace_json(encoder)
    Dicod.trace_json(learner)

The same as JSON text.
"""
function trace_json(e::Coder)
    needed = Ref{Int64}(0)
    check(c_get_trace_json(e, 0, C_NULL, needed))
    json = zeros(UInt8, needed[])
    check(c_get_trace_json(e, length(json), json, needed))
    String(json[1:end-1])
end
