# Shapes, and arrays where they lie: Julia's axes are those of C reversed.

const Element = Union{Float32,Float64}

# The element type that arrays have in common.
element(::AbstractArray{T}) where {T<:Element} = T
element(::AbstractArray) = Float64
element(a, b, more...) = promote_type(element(a), element(b, more...))

# Without gaps, of the element type; not copied if it is that already.
plain(::Type{T}, a::Array{T}) where {T} = a
plain(::Type{T}, a::AbstractArray) where {T} = Array{T}(a)

in_place(::Type{T}, a::StridedArray{T}) where {T} = a
in_place(::Type{T}, a::AbstractArray) where {T} = Array{T}(a)

# What is written to has to be of that type, and lie in memory.
written(::Type{T}, name, a::StridedArray{T}) where {T} = a
written(::Type{T}, name, a) where {T} = bad_argument("$name is a $(typeof(a)): an array of $T in memory, or a view of one, is wanted")

reversed(list) = reverse!(collect(Int64, list))

# Shapes of x, d, z in the order of C.
struct Geometry
    n_axes::Int
    n_signals::Int
    n_channels::Int
    n_atoms::Int
    signal::Vector{Int64}
    atom::Vector{Int64}
    atoms::Vector{Int64} # of each atom by itself; none: all are alike
end
Geometry(n_axes, n_signals, n_channels, n_atoms, signal, atom) = Geometry(n_axes, n_signals, n_channels, n_atoms, signal, atom, Int64[])

# The first n sizes, as C has them.
sizes_in_c(a, n) = Int64[size(a, n + 1 - i) for i in 1:n]

axes_of_atoms(d) = 3 <= ndims(d) <= 5 ? ndims(d) - 2 :
    bad_shape("d has the size $(size(d)): it has one to three axes, then channel and atom")

function Geometry(x::AbstractArray, d::AbstractArray)
    n = axes_of_atoms(d)
    n <= ndims(x) <= n + 2 ||
        bad_shape("x has the size $(size(x)): with d of size $(size(d)) there are its axes, then channel and signal, in all $n to $(n + 2)")
    size(x, n + 1) == size(d, n + 1) || bad_shape("channels of x and d differ: x has the size $(size(x)), d has $(size(d))")
    Geometry(n, size(x, n + 2), size(d, n + 1), size(d, n + 2), sizes_in_c(x, n), sizes_in_c(d, n))
end

function Geometry(d::AbstractArray, signal_shape, n_signals)
    n = axes_of_atoms(d)
    length(signal_shape) == n || bad_shape("signal_shape $signal_shape does not go with d of size $(size(d))")
    Geometry(n, n_signals, size(d, n + 1), size(d, n + 2), reversed(signal_shape), sizes_in_c(d, n))
end

function Geometry(info::dicod_handle_info)
    n = info.n_axes
    list(of) = Int64[of[1:n]...]
    Geometry(n, info.n_signals, info.n_channels, info.n_atoms, list(info.signal_shape), list(info.atom_shape))
end

# With atoms of shapes of their own: a tuple (or number) for each, or a matrix with a column for each.
with_atoms(g::Geometry, ::Nothing) = g
function with_atoms(g::Geometry, atom_shapes::AbstractMatrix)
    size(atom_shapes) == (g.n_axes, g.n_atoms) ||
        bad_shape("atom_shapes has the size $(size(atom_shapes)): $((g.n_axes, g.n_atoms)) is wanted, a column for each atom")
    Geometry(g.n_axes, g.n_signals, g.n_channels, g.n_atoms, g.signal, g.atom, vec(Int64.(reverse(atom_shapes, dims=1))))
end
function with_atoms(g::Geometry, atom_shapes)
    lists = [Int64[shape...] for shape in atom_shapes]
    length(lists) == g.n_atoms && all(list -> length(list) == g.n_axes, lists) ||
        bad_shape("atom_shapes is $atom_shapes: $(g.n_axes) lengths for each of $(g.n_atoms) atoms are wanted")
    with_atoms(g, Base.reduce(hcat, lists))
end

# As C has it, with what it points to.
struct Problem
    of::Base.RefValue{dicod_problem}
    atoms::Vector{Int64}
end
Base.unsafe_convert(to::Type{Ptr{dicod_problem}}, p::Problem) = Base.unsafe_convert(to, p.of)

function problem(g::Geometry)
    list(of) = ntuple(i -> i <= g.n_axes ? of[i] : 0, 4)
    atoms = isempty(g.atoms) ? Ptr{Int64}(C_NULL) : pointer(g.atoms)
    of = dicod_problem(sizeof(dicod_problem), g.n_axes, list(g.signal), list(g.atom), g.n_atoms, g.n_channels, g.n_signals, atoms)
    Problem(Ref(of), g.atoms)
end

# Shape of the activations, in the order of C.
function valid_in_c(options, g)
    valid = similar(g.signal)
    check(dicod_valid_shape(options, problem(g), valid))
    valid
end

# Types say how long it is.
function size_of_z(options, g, x::AbstractArray{<:Any,NX}, d::AbstractArray{<:Any,ND}) where {NX,ND}
    valid, n = valid_in_c(options, g), ND - 2
    ntuple(i -> i <= n ? Int(valid[n+1-i]) : i == n + 1 ? g.n_atoms : g.n_signals, Val(NX == ND ? ND : ND - 1))
end

check_z(z, wanted) =
    size(z) == wanted || bad_shape("z has the size $(size(z)), for these signals and atoms it is $wanted")

function shapes(signal_shape, atom_shape)
    length(signal_shape) == length(atom_shape) || bad_shape("$signal_shape and $atom_shape have different numbers of axes")
    Geometry(length(signal_shape), 1, 1, 1, reversed(signal_shape), reversed(atom_shape))
end

# Options without those that were left out.
given_only(; keywords...) = filter(pair -> pair[2] !== nothing, listed(keywords))

"""
    valid_shape(signal_shape, atom_shape; periodic)

Size of the activations, axes only: `T - L + 1` along an axis, or `T` where it wraps around.
"""
valid_shape(signal_shape, atom_shape; periodic=nothing) = with_options(given_only(periodic=periodic)) do options
    Tuple(Int.(reverse(valid_in_c(options, shapes(signal_shape, atom_shape)))))
end

"""
    Dicod.valid_block(offset, local_shape, signal_shape, atom_shape; periodic)

The activations that go with a block of a signal: `(offset, shape)`, zeros where there are none. Blocks that make up the signal
give blocks that make up the activations.
"""
function valid_block(offset, local_shape, signal_shape, atom_shape; periodic=nothing)
    g = shapes(signal_shape, atom_shape)
    length(offset) == length(local_shape) == g.n_axes || bad_shape("offset and local_shape need $(g.n_axes) values")
    first, shape = zeros(Int64, g.n_axes), zeros(Int64, g.n_axes)
    with_options(given_only(periodic=periodic)) do options
        check(dicod_valid_block(options, problem(g), reversed(offset), reversed(local_shape), first, shape))
    end
    (Tuple(Int.(reverse(first))), Tuple(Int.(reverse(shape))))
end

# Calls f with the descriptor of a block, dicod_const_array or dicod_array: behind its axes are channels or atoms, then signals.
function described(::Type{D}, f, name, a::StridedArray{T}, n, per_signal, n_signals, global_shape, offset) where {D,T<:Element}
    behind = size(a)[n+1:end]
    length(behind) <= 2 && behind == (per_signal, n_signals)[1:length(behind)] && prod(behind) == per_signal * n_signals ||
        bad_shape("$name has the size $(size(a)): behind its $n axes $((per_signal, n_signals)) are wanted")
    offset === nothing || length(offset) == n || bad_shape("offset $offset needs one value per axis, $n")
    first = offset === nothing ? zeros(Int64, n) : reversed(offset)
    local_shape = isempty(a) ? zeros(Int64, n) : sizes_in_c(a, n)
    steps = Int64[stride(a, n + 1 - i) for i in 1:n]
    at = Ptr{Cvoid}(pointer(a))
    channels = [at + sizeof(T) * (c * stride(a, n + 1) + s * stride(a, n + 2)) for s in 0:n_signals-1 for c in 0:per_signal-1]
    GC.@preserve a first local_shape steps channels global_shape begin
        f(Ref(D(sizeof(D), T === Float64 ? DICOD_F64 : DICOD_F32, n, pointer(global_shape), pointer(first),
                pointer(local_shape), pointer(steps), length(channels), pointer(channels))))
    end
end

for (name, f64, f32) in [(:c_solve, :dicod_solve, :dicod_solve_f32), (:c_learn, :dicod_learn, :dicod_learn_f32),
                         (:c_lambda_max, :dicod_lambda_max, :dicod_lambda_max_f32), (:c_gram, :dicod_gram, :dicod_gram_f32),
                         (:c_reconstruct, :dicod_reconstruct, :dicod_reconstruct_f32),
                         (:c_objective, :dicod_objective, :dicod_objective_f32),
                         (:c_encoder, :dicod_encoder_create, :dicod_encoder_create_f32),
                         (:c_encoder_rank1, :dicod_encoder_create_rank1, :dicod_encoder_create_rank1_f32),
                         (:c_set_dictionary, :dicod_encoder_set_dictionary, :dicod_encoder_set_dictionary_f32),
                         (:c_set_dictionary_rank1, :dicod_encoder_set_dictionary_rank1, :dicod_encoder_set_dictionary_rank1_f32),
                         (:c_initial, :dicod_initial_dictionary, :dicod_initial_dictionary_f32),
                         (:c_learner, :dicod_learner_create, :dicod_learner_create_f32)]
    @eval $name(::Type{Float64}) = $f64
    @eval $name(::Type{Float32}) = $f32
end
