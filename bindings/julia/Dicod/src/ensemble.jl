# Many starts of one solver.

"""
    Dicod.Ensemble(lower, upper; n_members, seed=0, state_size=0)
    Dicod.Ensemble(lower, upper; cells, ...)

Starts in the box from `lower` to `upper`: `n_members` at random, each dependent on `seed` and its index alone, or one in the middle of
each cell of a lattice with so many `cells` along the axes, the last of which runs fastest. [`Dicod.round!`](@ref) improves them;
`ensemble[i]` is member `i` and `Dicod.best(ensemble)` the index of the best one. Every rank makes the same ensemble.
"""
mutable struct Ensemble <: Handle
    handle::Ptr{Cvoid}
    n::Int
    Ensemble(handle::Ptr{Cvoid}, n::Int) = new(handle, n)
end

function Ensemble(lower, upper; n_members::Integer=0, cells=nothing, seed::Integer=0, state_size::Integer=0)
    n = length(lower)
    length(upper) == n || bad_shape("lower and upper have $n and $(length(upper)) values")
    cells === nothing || length(cells) == n || bad_shape("cells needs one value per parameter, $n")
    handle = created(parmap_ensemble_create, n, collect(Float64, lower), collect(Float64, upper), n_members,
                     cells === nothing ? C_NULL : collect(Int64, cells), seed, state_size)
    finalizer(close, Ensemble(handle, n))
end

Ensemble(f::Function, arguments...; keywords...) = closed_after(f, Ensemble(arguments...; keywords...))
Base.close(e::Ensemble) = release(parmap_ensemble_free, e)

"""
A member of an ensemble as a solver sees it. It reads and writes the point `x`, its `value`, `evaluations` (to which it adds its own),
`converged`, and the bytes `state`, which are kept between rounds; it may make `limit` evaluations.
"""
mutable struct Member
    x::Vector{Float64}
    value::Float64
    evaluations::Int
    limit::Int
    converged::Bool
    state::Vector{UInt8}
end

mutable struct Solver
    map::Map
    solve::Any
end

function solver_trampoline(userdata::Ptr{Cvoid}, task::Ptr{Cvoid}, at::Ptr{parmap_member})::Int32
    s, m = unsafe_pointer_to_objref(userdata)::Solver, unsafe_load(at)
    in_task(s.map, task) do t
        x = unsafe_wrap(Array, m.x, m.n_parameters)
        state = m.state == C_NULL ? UInt8[] : unsafe_wrap(Array, Ptr{UInt8}(m.state), m.state_size)
        member = Member(copy(x), m.value, m.evaluations, m.limit, m.converged != 0, copy(state))
        s.solve(member)
        length(member.x) == length(x) && length(member.state) == length(state) ||
            bad_shape("the solver has changed the length of x or of its state")
        copyto!(x, member.x)
        copyto!(state, member.state)
        unsafe_store!(at, parmap_member(m.struct_size, m.n_parameters, m.x, member.value, member.evaluations, m.limit,
                                        member.converged, m.state, m.state_size))
    end
end

"""
    Dicod.round!(solver, ensemble; per_member=-1, in_all=-1, context=nothing, settings...)
    Dicod.round!(ensemble; ...) do member ... end
    Dicod.round!(solver, ensemble, map; per_member=-1, in_all=-1)

One round: `solver(member)` changes a [`Dicod.Member`](@ref) that has not converged, with at most `per_member` evaluations, and so
many that all together have made at most `in_all` since the first round (-1: no limit). Collective; runs in the calling thread of
each rank.
"""
round!(solver, e::Ensemble; per_member::Integer=-1, in_all::Integer=-1, keywords...) =
    with_map(m -> round!(solver, e, m; per_member=per_member, in_all=in_all), round_nothing; keywords...)
round_nothing(m) = parmap_ensemble_round(C_NULL, m, -1, -1, C_NULL, C_NULL, C_NULL)

function round!(solver, e::Ensemble, m::Map; per_member::Integer=-1, in_all::Integer=-1)
    s = Solver(m, solver)
    run(m) do report
        GC.@preserve s parmap_ensemble_round(e, m, per_member, in_all,
            @cfunction(solver_trampoline, Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{parmap_member})), pointer_from_objref(s), report)
    end
    e
end

"`Dicod.summary(ensemble)`: numbers of `members`, of those that have `converged`, of `evaluations`, and the `best` (or nothing)."
function summary(e::Ensemble)
    members, converged, evaluations, best = Ref{Int64}(0), Ref{Int64}(0), Ref{Int64}(0), Ref{Int64}(0)
    check(parmap_ensemble_get_summary(e, members, converged, evaluations, best))
    (members=members[], converged=converged[], evaluations=evaluations[], best=best[] < 0 ? nothing : best[] + 1)
end

"`Dicod.best(ensemble)`: the index of the member with the least value; nothing, if none has a value."
best(e::Ensemble) = summary(e).best

Base.length(e::Ensemble) = summary(e).members
function Base.getindex(e::Ensemble, i::Integer)
    x, value, evaluations, converged = zeros(e.n), Ref(0.0), Ref{Int64}(0), Ref{Int32}(0)
    check(parmap_ensemble_get_member(e, i - 1, x, value, evaluations, converged))
    (x=x, value=value[], evaluations=evaluations[], converged=converged[] != 0)
end
Base.iterate(e::Ensemble, i=1) = i > length(e) ? nothing : (e[i], i + 1)
Base.show(io::IO, e::Ensemble) = isopen(e) ? print(io, "Dicod.Ensemble(", length(e), " members, ", summary(e).converged,
    " converged)") : print(io, "Dicod.Ensemble(closed)")
