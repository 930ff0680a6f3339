# Dictionaries that are learned: in one call, and step by step.

function learn_trampoline(userdata::Ptr{Cvoid}, step::Ptr{dicod_learn_step})::Int32
    box = box_at(userdata)
    guarded(() -> Int32(box.call(load_step(step)) === :stop), box, Int32(1))
end

teller(each) = each === nothing ? C_NULL : @cfunction(learn_trampoline, Int32, (Ptr{Cvoid}, Ptr{dicod_learn_step}))

function load_step(step::Ptr{dicod_learn_step})
    info = unsafe_load(step)
    Step(info.nonzeros == C_NULL ? Int64[] : copy(unsafe_wrap(Array, info.nonzeros, info.n_atoms)), info)
end

"""
    learn(x, atom_shape, n_atoms; context=nothing, activations=true, atom_shapes=nothing, options...)
    learn(x, d; ...)
    learn(x, ...) do step ... end

A dictionary for the signals `x`, with its activations: a [`Dicod.Learned`](@ref). With `d` learning starts from these atoms. The
function is told of each outer iteration (a [`Dicod.Step`](@ref)), and may return `:stop`. `atom_shapes` are as for
[`solve`](@ref): atoms stay within them.
"""
learn(x::AbstractArray, atom_shape, n_atoms::Integer; keywords...) = learn(nothing, x, atom_shape, n_atoms; keywords...)
learn(x::AbstractArray, d::AbstractArray; keywords...) = learn(nothing, x, d; keywords...)

function learn(each, x::AbstractArray, atom_shape, n_atoms::Integer; context=nothing, keywords...)
    interruptible() do
        together(context, learn_nothing) do
            T = element(x)
            d = zeros(T, atom_shape..., size(x, length(atom_shape) + 1), n_atoms)
            learn_into(each, plain(T, x), d; context=context, keywords...)
        end
    end
end

function learn(each, x::AbstractArray, d::AbstractArray; context=nothing, keywords...)
    interruptible() do
        together(context, learn_nothing) do
            T = element(x, d)
            learn_into(each, plain(T, x), Array{T}(d); context=context, learn_init=:given, keywords...)
        end
    end
end

learn_into(each, x, d; context=nothing, activations=true, atom_shapes=nothing, given...) =
    learn_plain(each, x, d, context, activations, atom_shapes, listed(given))
learn_nothing(c) = dicod_learn(c, C_NULL, C_NULL, C_NULL, C_NULL, C_NULL, C_NULL, C_NULL, C_NULL)

function learn_plain(@nospecialize(each), x::Array{T}, d::Array{T}, context, activations, atom_shapes, given) where {T}
    g = with_atoms(Geometry(x, d), atom_shapes)
    with_options(given) do options
        z = activations ? zeros(T, size_of_z(options, g, x, d)) : nothing
        info, box = Ref(dicod_learn_info()), Box(each)
        status = with_context(context) do c
            GC.@preserve box c_learn(T)(c, options, problem(g), x, teller(each),
                                        pointer_from_objref(box), d, or_null(z), info)
        end
        told(() -> finished(status, box, box_of(context)))
        Learned(d, z, info[])
    end
end

"""
    initial_dictionary(x, atom_shape, n_atoms; signal_shape=nothing, offset=nothing, context=nothing, atom_shapes=nothing, options...)

The dictionary that learning would begin with, drawn from `x`: this rank's block of a domain of size `signal_shape`, which begins
at `offset`; without `signal_shape` all of it. Collective.
"""
initial_dictionary(x, atom_shape, n_atoms; signal_shape=nothing, offset=nothing, context=nothing, atom_shapes=nothing, given...) =
    interruptible() do
        together(() -> drawn(x, atom_shape, n_atoms, signal_shape, offset, context, atom_shapes, listed(given)), context,
                 c -> dicod_initial_dictionary(c, C_NULL, C_NULL, C_NULL, C_NULL))
    end

function drawn(x::AbstractArray, atom_shape, n_atoms, signal_shape, offset, context, atom_shapes, given)
    T, n = element(x), length(atom_shape)
    d = zeros(T, atom_shape..., size(x, n + 1), n_atoms)
    g = with_atoms(signal_shape === nothing ? Geometry(x, d) : Geometry(d, signal_shape, size(x, n + 2)), atom_shapes)
    status = with_options(given) do options
        with_context(context) do c
            described(dicod_const_array, a -> c_initial(T)(c, options, problem(g), a, d), "x", in_place(T, x), n, g.n_channels,
                      g.n_signals, g.signal, offset)
        end
    end
    told(() -> finished(status, box_of(context)))
    d
end

"""
    Learner(d, signal_shape; n_signals=1, context=nothing, atom_shapes=nothing, options...)
    Learner(...) do learner ... end

Learning step by step: [`step!`](@ref), [`run!`](@ref), [`encode!`](@ref), [`dictionary`](@ref), [`get_z`](@ref),
[`Dicod.save`](@ref). The values of `d` count with `learn_init=:given` and for fixed atoms, else its size and element type only.
"""
mutable struct Learner{T} <: Coder{T}
    handle::Ptr{Cvoid}
    g::Geometry
    valid::Vector{Int64}
    n_coded::Int # signals that z is of: all, or a batch
    box::Union{Nothing,Box}
    bytes::Int
end

function Learner(d, signal_shape; n_signals=1, context=nothing, atom_shapes=nothing, given...)
    learner(context, listed(given), learner_of_nothing) do options
        T, g = element(d), with_atoms(Geometry(d, signal_shape, n_signals), atom_shapes)
        with_context(context) do c
            created_together(c_learner(T), c, options, problem(g), plain(T, d))
        end
    end
end
learner_of_nothing(c) = dicod_learner_create(c, C_NULL, C_NULL, C_NULL, no_handle())

# What create(options) makes: its shapes are what the library says.
function learner(create, context, given, without)
    handle = together(() -> with_options(create, given), context, without)
    info = filled_in(dicod_learner_describe, handle)
    T = info.element_type == DICOD_F64 ? Float64 : Float32
    valid = Int64[info.valid_shape[1:info.n_axes]...]
    weigh!(managed(Learner{T}(handle, Geometry(info), valid, info.n_coded, box_of(context), 0), context))
end

Learner(f::Function, arguments...; keywords...) = closed_after(f, Learner(arguments...; keywords...))
Base.close(l::Learner) = (freed!(l); release(dicod_learner_free, l))
n_coded(l::Learner) = l.n_coded
c_dictionary(::Type{Float64}, ::Learner) = dicod_learner_get_dictionary
c_dictionary(::Type{Float32}, ::Learner) = dicod_learner_get_dictionary_f32
c_dictionary_rank1(::Type{Float64}, ::Learner) = dicod_learner_get_dictionary_rank1
c_dictionary_rank1(::Type{Float32}, ::Learner) = dicod_learner_get_dictionary_rank1_f32

# The functions of C that encoders have, too.
for (name, of_encoder, of_learner) in [
    (:c_set_z, :dicod_encoder_set_z, :dicod_learner_set_z),
    (:c_set_weights, :dicod_encoder_set_weights, :dicod_learner_set_weights),
    (:c_clear_weights, :dicod_encoder_clear_weights, :dicod_learner_clear_weights),
    (:c_clear_z, :dicod_encoder_clear_z, :dicod_learner_clear_z),
    (:c_get_z, :dicod_encoder_get_z, :dicod_learner_get_z),
    (:c_get_sparse, :dicod_encoder_get_sparse, :dicod_learner_get_sparse),
    (:c_get_sparse_block, :dicod_encoder_get_sparse_block, :dicod_learner_get_sparse_block),
    (:c_set_sparse, :dicod_encoder_set_sparse, :dicod_learner_set_sparse),
    (:c_get_region, :dicod_encoder_get_region, :dicod_learner_get_region),
    (:c_reconstruct, :dicod_encoder_reconstruct, :dicod_learner_reconstruct),
    (:c_get_background, :dicod_encoder_get_background, :dicod_learner_get_background),
    (:c_residual, :dicod_encoder_residual, :dicod_learner_residual),
    (:c_objective, :dicod_encoder_objective, :dicod_learner_objective),
    (:c_get_trace, :dicod_encoder_get_trace, :dicod_learner_get_trace),
    (:c_get_trace_json, :dicod_encoder_get_trace_json, :dicod_learner_get_trace_json),
    (:c_describe, :dicod_encoder_describe, :dicod_learner_describe),
    (:c_get_atom_shapes, :dicod_encoder_get_atom_shapes, :dicod_learner_get_atom_shapes),
    (:c_get_options, :dicod_encoder_get_options, :dicod_learner_get_options),
]
    @eval $name(e::Encoder, arguments...) = $of_encoder(e, arguments...)
    @eval $name(l::Learner, arguments...) = $of_learner(l, arguments...)
end

"""
    step!(learner, x; offset=nothing)

One outer iteration on the signals `x`, of which this rank's block begins at `offset`: a [`Dicod.Step`](@ref).
"""
function step!(l::Learner, x; offset=nothing)
    out = Ref(dicod_learn_step())
    status = interruptible() do
        together(l, l -> dicod_learner_step(l, C_NULL, C_NULL)) do
            on_x(a -> dicod_learner_step(l, a, out), l, x, offset, l.g.n_signals)
        end
    end
    finished(status, l.box)
    weigh!(l)
    GC.@preserve l out load_step(Base.unsafe_convert(Ptr{dicod_learn_step}, out))
end

"""
    run!(learner, x; offset=nothing)
    run!(learner, x) do step ... end

Outer iterations until the objective hardly changes; the function is told of each, and may return `:stop`.
"""
run!(l::Learner, x; offset=nothing) = run!(nothing, l, x; offset=offset)
function run!(each, l::Learner, x; offset=nothing)
    info, box = Ref(dicod_learn_info()), Box(each)
    status = interruptible() do
        together(l, l -> dicod_learner_run(l, C_NULL, C_NULL, C_NULL, C_NULL)) do
            on_x(l, x, offset, l.g.n_signals) do a
                GC.@preserve box dicod_learner_run(l, a, teller(each), pointer_from_objref(box), info)
            end
        end
    end
    finished(status, box, l.box)
    weigh!(l)
    info[]
end

"""
    encode!(learner, x; offset=nothing)

Activations of `x` for the dictionary as it is; see [`get_z`](@ref).
"""
function encode!(l::Learner, x; offset=nothing)
    info = Ref(dicod_info())
    status = interruptible() do
        together(l, l -> dicod_learner_encode(l, C_NULL, C_NULL)) do
            on_x(a -> dicod_learner_encode(l, a, info), l, x, offset, l.g.n_signals)
        end
    end
    finished(status, l.box)
    weigh!(l)
    info[]
end

"""
    sort_atoms!(learner, x; offset=nothing)

Brings the atoms into the order of what they explain of `x`, the first one most: `(order=..., explained=...)`, which one each was
before and what the data term would rise by without it.
"""
function sort_atoms!(l::Learner, x; offset=nothing)
    order, explained = zeros(Int64, l.g.n_atoms), zeros(l.g.n_atoms)
    status = interruptible() do
        together(l, l -> dicod_learner_sort_atoms(l, C_NULL, 0, C_NULL, C_NULL)) do
            on_x(a -> dicod_learner_sort_atoms(l, a, length(order), order, explained), l, x, offset, l.g.n_signals)
        end
    end
    finished(status, l.box)
    weigh!(l)
    (order=order .+ 1, explained=explained)
end

function lambda(l::Learner)
    values = zeros(l.g.n_atoms)
    check(dicod_learner_get_lambda(l, length(values), values))
    values
end

"""
    Dicod.ztz(learner)
    Dicod.ztx(learner)

What the last step of the dictionary went by: `ztz[t..., l, k]`, the sum over u of z_k[u] z_l[u + t], with shift 0 in the middle of
the first axes; and `ztx[s..., p, k]`, that of z_k[u] x_p[u + s].
"""
ztz(l::Learner) = statistics(l, dicod_learner_get_ztz, reverse(2 .* l.g.atom .- 1)..., l.g.n_atoms, l.g.n_atoms)
ztx(l::Learner) = statistics(l, dicod_learner_get_ztx, reverse(l.g.atom)..., l.g.n_channels, l.g.n_atoms)
function statistics(l, get, shape...)
    values = zeros(shape)
    check(get(l, length(values), values, Ref{Int64}(0)))
    values
end

"""
    Dicod.save(learner, path)
    Dicod.save(learner)

Writes everything that the next step depends on to a file, or gives it as bytes (on rank 0; the others get none).
"""
function save(l::Learner, path)
    check(together(() -> dicod_learner_save_file(l, path), l, l -> dicod_learner_save_file(l, C_NULL)))
    nothing
end
function save(l::Learner)
    needed = Ref{Int64}(0)
    check(dicod_learner_save(l, 0, C_NULL, needed))
    bytes = zeros(UInt8, needed[])
    # Collective: with a capacity of 0 nothing would be written, on the ranks that get nothing too.
    check(dicod_learner_save(l, max(length(bytes), 1), bytes, needed))
    bytes
end

"""
    Dicod.restore(path; context=nothing, options...)
    Dicod.restore(bytes; ...)
    Dicod.restore(path or bytes, d, signal_shape; ...)

A learner that goes on from what [`Dicod.save`](@ref) has written; element type and sizes are those that were saved, see
[`Dicod.describe`](@ref). What is said of them (`d`, of which only size and element type count, `signal_shape`, or one by one as
keywords under the names that `Dicod.describe` has) is compared, and an error where it is another, on all ranks. Options, if
there are any, replace all of those that were saved.
"""
function restore(from::Union{AbstractString,Vector{UInt8}}, d=nothing, signal_shape=nothing; context=nothing, n_signals=nothing,
                 n_channels=nothing, n_atoms=nothing, atom_shape=nothing, atom_shapes=nothing, element_type=nothing, given...)
    signal_shape === nothing && (signal_shape = get(given, :signal_shape, nothing))
    without = from isa Vector{UInt8} ? (c -> dicod_learner_restore(c, C_NULL, -1, C_NULL, no_handle())) :
        c -> dicod_learner_restore_file(c, C_NULL, C_NULL, no_handle())
    l = learner(context, listed(filter(pair -> pair[1] !== :signal_shape, given)), without) do options
        with_context(context) do c
            from isa Vector{UInt8} ? created_together(dicod_learner_restore, c, options, length(from), from) :
                created_together(dicod_learner_restore_file, c, options, from)
        end
    end
    is, T = describe(l), element_type
    size_of_d = (is.atom_shape..., is.n_channels, is.n_atoms)
    tuple_of(list) = list === nothing ? nothing : Tuple(list)
    sizes_of(list) = list === nothing ? nothing : tuple_of.(list isa AbstractMatrix ? eachcol(list) : list)
    expected = (("d", d === nothing ? nothing : size(d), size_of_d), ("the element type of d", d === nothing ? T : element(d), is.element_type),
                ("element_type", T, is.element_type), ("signal_shape", tuple_of(signal_shape), is.signal_shape),
                ("atom_shape", tuple_of(atom_shape), is.atom_shape), ("atom_shapes", sizes_of(atom_shapes), is.atom_shapes), ("n_signals", n_signals, is.n_signals),
                ("n_channels", n_channels, is.n_channels), ("n_atoms", n_atoms, is.n_atoms))
    wrong = findfirst(e -> e[2] !== nothing && e[2] != e[3], expected)
    # Tells the other ranks.
    nobody = dicod_handle_info(sizeof(dicod_handle_info), 0, wrong === nothing ? 0 : -1, 0, 0, 0, 0, (0, 0, 0, 0), (0, 0, 0, 0), (0, 0, 0, 0), 0, 0, C_NULL)
    status = dicod_learner_expect(l, Ref(nobody))
    status < 0 || return l
    e = wrong === nothing ? DicodError(status, last_error()) :
        DicodError(DICOD_ERROR_INVALID_SHAPE, "$(expected[wrong][1]) is expected to be $(expected[wrong][2]), the checkpoint has $(expected[wrong][3])")
    close(l)
    throw(e)
end
