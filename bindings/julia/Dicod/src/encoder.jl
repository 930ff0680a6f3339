# A dictionary bound to a domain, for solve after solve.

"""
    Encoder(d, signal_shape; n_signals=1, context=nothing, options...)
    Encoder((u, v), signal_shape; ...)
    Encoder(...) do encoder ... end

A dictionary bound to a domain of size `signal_shape`, for [`solve!`](@ref) again and again; with `warm_start=true` each solve
begins where the last one ended. Atoms of rank one are given by their factors, `u[channel, atom]` and `v[lx, ly, atom]`. `close`
it, if it was made with a communicator.
"""
mutable struct Encoder{T} <: Handle
    handle::Ptr{Cvoid}
    g::Geometry
    valid::Vector{Int64}
    box::Union{Nothing,Box}
    bytes::Int
end

const Factors = Tuple{AbstractArray,AbstractArray}

# Arrays of the shape (lx, ..., 1, channel or axis, atom): what the shapes of a dictionary of rank one are taken from.
function outer(factors::Factors)
    u, v = factors
    ndims(u) == 2 && 2 <= ndims(v) <= 4 && size(u, 2) == size(v, ndims(v)) ||
        bad_shape("factors have the sizes $(size(u)) and $(size(v)): (channel, atom) and (axes..., atom) are wanted")
    size(v)[1:end-1], size(u, 1), size(u, 2)
end

Encoder(d, signal_shape; n_signals=1, context=nothing, given...) =
    together(() -> encoder(d, signal_shape, n_signals, context, listed(given)), context, encoder_of_nothing)
encoder_of_nothing(c) = dicod_encoder_create(c, C_NULL, C_NULL, C_NULL, no_handle())

encoder(d, arguments...) = bad_argument("d is a $(typeof(d)): an array, or a tuple of two, is wanted")

function encoder(d::AbstractArray, signal_shape, n_signals, context, given)
    T = element(d)
    encoder(T, Geometry(d, signal_shape, n_signals), (plain(T, d),), c_encoder(T), context, given)
end

function encoder(factors::Factors, signal_shape, n_signals, context, given)
    T = element(factors...)
    atom_shape, n_channels, n_atoms = outer(factors)
    length(signal_shape) == length(atom_shape) || bad_shape("signal_shape $signal_shape does not go with atoms of size $atom_shape")
    g = Geometry(length(atom_shape), n_signals, n_channels, n_atoms, reversed(signal_shape), reversed(atom_shape))
    encoder(T, g, map(a -> plain(T, a), factors), c_encoder_rank1(T), context, given)
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
held_by(e::Encoder) = filled_in(dicod_encoder_describe, e)
options_behind(e::Encoder) = created(dicod_encoder_get_options, e)
Base.show(io::IO, e::Encoder{T}) where {T} = print(io, "Encoder{", T, "}(", e.g.n_atoms, " atoms on ",
    join(reverse(e.g.signal), " × "), isopen(e) ? ")" : ", closed)")

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

# The descriptor of a block of signals.
on_x(f, e::Encoder{T}, x, offset) where {T} =
    described(dicod_const_array, f, "x", in_place(T, x), e.g.n_axes, e.g.n_channels, e.g.n_signals, e.g.signal, offset)
to_x(f, e::Encoder{T}, name, x, offset) where {T} =
    described(dicod_array, f, name, written(T, name, x), e.g.n_axes, e.g.n_channels, e.g.n_signals, e.g.signal, offset)

"""
    reconstruct!(encoder, x; offset=nothing)

Writes what the activations in the encoder stand for to `x`, any block of the domain, which begins at `offset`.
"""
function reconstruct!(e::Encoder, x; offset=nothing)
    check(together(e, e -> dicod_encoder_reconstruct(e, C_NULL)) do
        to_x(a -> dicod_encoder_reconstruct(e, a), e, "x", x, offset)
    end)
    x
end

"""
    residual!(encoder, r, x; offset=nothing, residual_offset=offset)

Writes what the activations in the encoder leave of `x`, this rank's block, to `r`: any block, which begins at `residual_offset`.
It may be `x` itself.
"""
function residual!(e::Encoder, r, x; offset=nothing, residual_offset=offset)
    check(together(e, e -> dicod_encoder_residual(e, C_NULL, C_NULL)) do
        on_x(a -> to_x(b -> dicod_encoder_residual(e, a, b), e, "residual", r, residual_offset), e, x, offset)
    end)
    r
end

"""
    objective(encoder, x; offset=nothing)

F(z) for the activations in the encoder and all of `x`, of which this rank's block begins at `offset`, and its data term:
`(objective, data_term)`.
"""
function objective(e::Encoder, x; offset=nothing)
    value, data_term = Ref(0.0), Ref(0.0)
    check(together(e, e -> dicod_encoder_objective(e, C_NULL, C_NULL, C_NULL)) do
        on_x(a -> dicod_encoder_objective(e, a, value, data_term), e, x, offset)
    end)
    (value[], data_term[])
end

"""
    set_z!(encoder, z; offset=nothing)

Sets where the next solve begins, with `warm_start=true`.
"""
function set_z!(e::Encoder{T}, z; offset=nothing) where {T}
    status = together(e, e -> dicod_encoder_set_z(e, C_NULL)) do
        described(dicod_const_array, a -> dicod_encoder_set_z(e, a), "z", in_place(T, z), e.g.n_axes, e.g.n_atoms, e.g.n_signals, e.valid, offset)
    end
    check(status)
    e
end

"""
    clear_z!(encoder)

Forgets the activations.
"""
clear_z!(e::Encoder) = (check(dicod_encoder_clear_z(e)); e)

room_for_z(T, valid, n_atoms, n_signals) = zeros(T, reverse(valid)..., n_atoms, (n_signals > 1 ? (n_signals,) : ())...)

"""
    get_z(encoder)
    get_z(learner)

The activations of the last solve or step, of the whole domain.
"""
get_z(e::Encoder{T}) where {T} = get_z!(e, together(() -> room_for_z(T, e.valid, e.g.n_atoms, e.g.n_signals), e, get_nothing))
get_nothing(e::Encoder) = dicod_encoder_get_z(e, C_NULL)

"""
    get_z!(encoder, z; offset=nothing)
    get_z!(learner, z; offset=nothing)

Writes a block of the activations, which begins at `offset`, to `z`, which may be a view.
"""
function get_z!(e::Encoder{T}, z; offset=nothing) where {T}
    status = together(e, get_nothing) do
        described(dicod_array, a -> dicod_encoder_get_z(e, a), "z", written(T, "z", z), e.g.n_axes, e.g.n_atoms, e.g.n_signals, e.valid, offset)
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
    activations(encoder)
    activations(encoder, offset, local_shape)

The activations on this rank that are not zero, as lists ([`Dicod.Activations`](@ref)); those in a block (collective then).
"""
activations(e::Encoder) = lists((arguments...) -> dicod_encoder_get_sparse(e, arguments...), e.g.n_axes)

function activations(e::Encoder, offset, local_shape)
    first, shape = together(e, e -> dicod_encoder_get_sparse_block(e, C_NULL, C_NULL, 0, C_NULL, C_NULL, C_NULL, C_NULL, C_NULL)) do
        length(offset) == length(local_shape) == e.g.n_axes || bad_shape("offset and local_shape need $(e.g.n_axes) values")
        (reversed(offset), reversed(local_shape))
    end
    lists((arguments...) -> dicod_encoder_get_sparse_block(e, first, shape, arguments...), e.g.n_axes)
end

"""
    set_activations!(encoder, activations)

Sets the activations to a list, which is in this rank's region, for a warm start: what [`activations`](@ref) gave. Collective.
"""
function set_activations!(e::Encoder, list::Activations)
    n = length(list.value)
    fits = length(list.signal) == length(list.atom) == length(list.position) == n
    check(together(e, e -> dicod_encoder_set_sparse(e, -1, C_NULL, C_NULL, C_NULL, C_NULL)) do
        fits || bad_shape("the lists of activations have different lengths")
        all(at -> length(at) == e.g.n_axes, list.position) || bad_shape("positions need $(e.g.n_axes) values")
        places = Int64[list.position[i][e.g.n_axes+1-a] - 1 for a in 1:e.g.n_axes, i in 1:n]
        dicod_encoder_set_sparse(e, n, Int64.(list.signal) .- 1, Int64.(list.atom) .- 1, places, Float64.(list.value))
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

All activations as a `SparseMatrixCSC`: a row per position (as in `vec`), a column per atom, and per signal behind that.
"""
function activation_matrix(e::Encoder)
    shape = Tuple(Int.(reverse(e.valid)))
    a = activations(e, zero.(shape), shape)
    rows = [LinearIndices(shape)[p] for p in a.position]
    sparse(rows, a.atom .+ e.g.n_atoms .* (a.signal .- 1), a.value, prod(shape), e.g.n_atoms * e.g.n_signals)
end

"""
    region(encoder)

The part of the valid domain whose activations are on this rank: `(offset, shape)`.
"""
function region(e::Encoder)
    first, shape = similar(e.valid), similar(e.valid)
    check(dicod_encoder_get_region(e, first, shape))
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

What this rank did in the last solve, made with `trace=true`: a list of `Dicod.dicod_span`, in order of their ends. Sweeps,
colours and tiles count from 0.
"""
function trace(e::Encoder)
    spans = dicod_span[]
    f = @cfunction(span_trampoline, Int32, (Ptr{Cvoid}, Ptr{dicod_span}))
    GC.@preserve spans check(dicod_encoder_get_trace(e, f, pointer_from_objref(spans)))
    spans
end

"""
    Dicod.trace_json(encoder)

The same as JSON text.
"""
function trace_json(e::Encoder)
    needed = Ref{Int64}(0)
    check(dicod_encoder_get_trace_json(e, 0, C_NULL, needed))
    json = zeros(UInt8, needed[])
    check(dicod_encoder_get_trace_json(e, length(json), json, needed))
    String(json[1:end-1])
end
