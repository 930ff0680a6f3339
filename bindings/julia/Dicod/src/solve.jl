# One call on plain arrays.

"""
    solve(x, d; context=nothing, z=nothing, atom_shapes=nothing, options...)

The activations that explain the signals `x` by the atoms `d`: a [`Dicod.Solution`](@ref). `z` is where it starts, with
`warm_start=true`. `atom_shapes` are the sizes of the atoms where these differ, a tuple for each (or a matrix with a column for each):
what `d` has beyond is not looked at, and a step costs by the true size. An atom begins with its first sample at its activation.
"""
function solve(x, d; context=nothing, z=nothing, atom_shapes=nothing, given...)
    interruptible() do
        together(context, solve_nothing) do
            T = element(x, d)
            solve_plain(plain(T, x), plain(T, d), context, z, atom_shapes, listed(given))
        end
    end
end

solve_nothing(c) = dicod_solve(c, C_NULL, C_NULL, C_NULL, C_NULL, C_NULL, C_NULL)

function solve_plain(x::Array{T}, d::Array{T}, context, z, atom_shapes, given) where {T}
    g = with_atoms(Geometry(x, d), atom_shapes)
    with_options(given) do options
        wanted = size_of_z(options, g, x, d)
        z === nothing || check_z(z, wanted)
        out = z === nothing ? zeros(T, wanted) : Array{T}(z)
        info = Ref(dicod_info())
        status = with_context(context) do c
            c_solve(T)(c, options, problem(g), x, d, out, info)
        end
        told(() -> finished(status, box_of(context)))
        Solution(out, info[])
    end
end

"""
    lambda_max(x, d; context=nothing, atom_shapes=nothing, positive, periodic, background, background_length)

The least regularisation for which z = 0 is optimal.
"""
function lambda_max(x::AbstractArray, d::AbstractArray; context=nothing, atom_shapes=nothing, given...)
    T = element(x, d)
    lambda_max_plain(plain(T, x), plain(T, d), context, atom_shapes, listed(given))
end

function lambda_max_plain(x::Array{T}, d::Array{T}, context, atom_shapes, given) where {T}
    g, value = with_atoms(Geometry(x, d), atom_shapes), Ref(0.0)
    with_options(given) do options
        check(c_lambda_max(T)(or_null(context), options, problem(g), x, d,
                              value))
    end
    value[]
end

"""
    reconstruct(z, d, signal_shape; context=nothing, atom_shapes=nothing, periodic)

The signals that the activations stand for. `signal_shape` may be left out unless an axis is periodic.
"""
function reconstruct(z::AbstractArray, d::AbstractArray, signal_shape=nothing; context=nothing, atom_shapes=nothing, given...)
    T, n = element(z, d), axes_of_atoms(d)
    shape = signal_shape === nothing ? ntuple(i -> size(z, i) + size(d, i) - 1, n) : signal_shape
    x = zeros(T, shape..., size(d, n + 1), size(z)[n+2:end]...)
    reconstruct_plain(x, plain(T, z), plain(T, d), context, atom_shapes, listed(given))
end

function reconstruct_plain(x::Array{T}, z::Array{T}, d::Array{T}, context, atom_shapes, given) where {T}
    g = with_atoms(Geometry(x, d), atom_shapes)
    with_options(given) do options
        check_z(z, size_of_z(options, g, x, d))
        check(c_reconstruct(T)(or_null(context), options, problem(g), d, z,
                               x))
    end
    x
end

"""
    objective(x, d, z; context=nothing, atom_shapes=nothing, options...)

What `solve` minimises, and its data term: `(objective=..., data_term=...)`.
"""
function objective(x::AbstractArray, d::AbstractArray, z::AbstractArray; context=nothing, atom_shapes=nothing, given...)
    T = element(x, d, z)
    objective_plain(plain(T, x), plain(T, d), plain(T, z), context, atom_shapes, listed(given))
end

function objective_plain(x::Array{T}, d::Array{T}, z::Array{T}, context, atom_shapes, given) where {T}
    g, value, term = with_atoms(Geometry(x, d), atom_shapes), Ref(0.0), Ref(0.0)
    with_options(given) do options
        check_z(z, size_of_z(options, g, x, d))
        check(c_objective(T)(or_null(context), options, problem(g), x, d, z,
                             value, term))
    end
    (objective=value[], data_term=term[])
end

"""
    Dicod.gram(d; context=nothing, atom_shapes=nothing)

Correlations of the atoms with each other: `g[lx + s, ly + t, j, k] = sum(d[.., j] .* d[.. shifted by -s, -t, k])`, shifts from
`1 - lx` to `lx - 1`.
"""
function gram(d::AbstractArray; context=nothing, atom_shapes=nothing)
    T, n = element(d), axes_of_atoms(d)
    g = zeros(T, ntuple(i -> 2size(d, i) - 1, n)..., size(d, n + 2), size(d, n + 2))
    check(c_gram(T)(or_null(context), problem(with_atoms(Geometry(d, ones(Int64, n), 1), atom_shapes)), plain(T, d), g))
    g
end
