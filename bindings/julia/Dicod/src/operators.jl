# Several operators as one, each on a rank of its own.

"""
    Dicod.Operator(matrix)
    Dicod.Operator(eval, adjoint; in_size, out_size, finish=nothing)
    Dicod.Operator(eval; linearize, in_size, out_size, finish=nothing)

One operator on vectors of `Float64`: a matrix, a linear one with `y = eval(x)` and `x = adjoint(y)`, or one that is not linear;
then `linearize(x)` gives `(y, derivative, adjoint)`, functions that hold at `x`. `finish()` is called on every rank at the end.
"""
struct Operator
    eval::Any
    adjoint::Any
    linearize::Any
    in_size::Int
    out_size::Int
    finish::Any
end
Operator(a::AbstractMatrix) = Operator(x -> a * x, y -> a' * y; in_size=size(a, 2), out_size=size(a, 1))
Operator(eval, adjoint; in_size::Integer, out_size::Integer, finish=nothing) =
    Operator(eval, adjoint, nothing, in_size, out_size, finish)
Operator(eval; linearize, in_size::Integer, out_size::Integer, finish=nothing) =
    Operator(eval, nothing, linearize, in_size, out_size, finish)

"""
    Dicod.Operators(list; context=nothing, settings...)
    Dicod.Operators(list, sizes, takes; ...)

Several operators as one, `T`: all take the same `x`, and the results lie one after the other. With `sizes` `x` is made of components
so long, and operator `i` takes component `c`, in order, where `takes[i, c]`. `T(x)`, [`Dicod.linearize!`](@ref)`(T, x)`,
[`Dicod.derivative`](@ref)`(T, h)` and `adjoint(T, y)` are collective; vectors of rank 0 count, and every rank gets the result.
Matrices may stand for operators. `close` it, if its context is on a communicator.
"""
mutable struct Operators <: Handle
    handle::Ptr{Cvoid}
    map::Map
    states::Vector{Any}
end

# One operator behind a pointer.
mutable struct OperatorState
    operator::Operator
    derivative::Any
    adjoint::Any
    map::Map
    index::Int
end

function on_vector(f, o::OperatorState, from, n_from, to, n_to)
    kept(o.map, o.index) do
        y = f(copy(unsafe_wrap(Array, from, n_from)))
        length(y) == n_to || bad_shape("operator $(o.index) gave $(length(y)) numbers, $n_to were wanted")
        copyto!(unsafe_wrap(Array, to, n_to), y)
        Int32(0)
    end
end
operator_at(pointer) = unsafe_pointer_to_objref(pointer)::OperatorState
forwards(f, o, x, y) = on_vector(f, o, x, o.operator.in_size, y, o.operator.out_size)

eval_trampoline(state::Ptr{Cvoid}, x::Ptr{Float64}, y::Ptr{Float64})::Int32 =
    (o = operator_at(state); forwards(o.operator.eval, o, x, y))
function linearize_trampoline(state::Ptr{Cvoid}, x::Ptr{Float64}, y::Ptr{Float64})::Int32
    o = operator_at(state)
    forwards(o, x, y) do at
        value, o.derivative, o.adjoint = o.operator.linearize(at)
        value
    end
end
derivative_trampoline(state::Ptr{Cvoid}, h::Ptr{Float64}, y::Ptr{Float64})::Int32 =
    (o = operator_at(state); forwards(h -> o.derivative(h), o, h, y))
function adjoint_trampoline(state::Ptr{Cvoid}, y::Ptr{Float64}, x::Ptr{Float64})::Int32
    o = operator_at(state)
    on_vector(y -> o.adjoint(y), o, y, o.operator.out_size, x, o.operator.in_size)
end
function finish_trampoline(state::Ptr{Cvoid})::Cvoid
    o = operator_at(state)
    o.operator.finish === nothing || kept(() -> (o.operator.finish(); Int32(0)), o.map, o.index)
    nothing
end

operator(o::Operator) = o
operator(a::AbstractMatrix) = Operator(a)

Operators(list; keywords...) = operators(parmap_operators_create_vector, list; keywords...)
function Operators(list, sizes, takes::AbstractMatrix; keywords...)
    size(takes) == (length(list), length(sizes)) ||
        bad_shape("takes has the size $(size(takes)): a row per operator and a column per component are wanted")
    taken = collect(Int32, permutedims(takes))
    operators((n, tables, at) -> parmap_operators_create_distributed(n, tables, length(sizes), collect(Int64, sizes), taken, at), list;
              keywords...)
end

function operators(create, list; keywords...)
    m = Map(; keywords...)
    states = Any[OperatorState(operator(o), operator(o).eval, operator(o).adjoint, m, i) for (i, o) in enumerate(list)]
    f = @cfunction(eval_trampoline, Int32, (Ptr{Cvoid}, Ptr{Float64}, Ptr{Float64}))
    tables = parmap_operator[parmap_operator(sizeof(parmap_operator), pointer_from_objref(s), s.operator.in_size, s.operator.out_size,
        s.operator.linearize === nothing, f,
        s.operator.linearize === nothing ? C_NULL : @cfunction(linearize_trampoline, Int32, (Ptr{Cvoid}, Ptr{Float64}, Ptr{Float64})),
        @cfunction(derivative_trampoline, Int32, (Ptr{Cvoid}, Ptr{Float64}, Ptr{Float64})),
        @cfunction(adjoint_trampoline, Int32, (Ptr{Cvoid}, Ptr{Float64}, Ptr{Float64})),
        @cfunction(finish_trampoline, Cvoid, (Ptr{Cvoid},))) for s in states]
    managed(Operators(GC.@preserve(states, created(create, length(tables), tables)), m, states), m.context)
end

# What a finish has thrown comes out, when all of them have been called.
function Base.close(t::Operators)
    isopen(t) || return nothing
    failures = t.map.failures
    empty!(failures)
    release(parmap_operators_free, t)
    close(t.map)
    isempty(failures) || throw(failures[minimum(keys(failures))])
    nothing
end

function numbers(t::Operators)
    n_in, n_out, linear = Ref{Int64}(0), Ref{Int64}(0), Ref{Int32}(0)
    check(parmap_operators_get_sizes(t, n_in, n_out, linear))
    (n_out[], n_in[], linear[] != 0)
end
Base.size(t::Operators) = numbers(t)[1:2]
Base.size(t::Operators, axis::Integer) = size(t)[axis]
"Whether all operators are linear."
is_linear(t::Operators) = numbers(t)[3]
Base.show(io::IO, t::Operators) = print(io, "Dicod.Operators(", length(t.states), " operators", isopen(t) ? ")" : ", closed)")

function applied(f, t, given, from, to)
    x, out = together(t.map, m -> f(t, m, C_NULL, C_NULL)) do
        length(given) == size(t, from) || bad_shape("$(length(given)) numbers were given, $(size(t, from)) are wanted")
        (plain(Float64, given), zeros(size(t, to)))
    end
    empty!(t.map.failures)
    status = f(t, t.map, x, out)
    error = status < 0 ? DicodError(status, last_error()) : nothing
    status == PARMAP_ERROR_TASK && gather(t.map, false)
    isempty(t.map.failures) || throw(t.map.failures[minimum(keys(t.map.failures))])
    error === nothing || throw(error)
    out
end

(t::Operators)(x) = applied(parmap_operators_eval, t, x, 2, 1)

"`Dicod.linearize!(T, x)`: `T(x)`, and derivatives and adjoints are taken at `x` from now on."
linearize!(t::Operators, x) = applied(parmap_operators_linearize, t, x, 2, 1)

"`Dicod.derivative(T, h)`: `T'(x) h`."
derivative(t::Operators, h) = applied(parmap_operators_derivative, t, h, 2, 1)

"`adjoint(T, y)`: `T'(x)* y`, the sum over the operators in their order, whatever the ranks."
Base.adjoint(t::Operators, y) = applied(parmap_operators_adjoint, t, y, 1, 2)
