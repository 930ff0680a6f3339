# What a task may ask.

"The task that runs: `index`, `attempt` and `worker` from 1, `rank` as MPI counts. See [`Dicod.task`](@ref)."
struct Task
    map::Map
    handle::Ptr{Cvoid}  # the library's,
    pull::Ptr{Cvoid}    # or where it was pulled from
    index::Int
    attempt::Int
    rank::Int
    worker::Int
end
Base.show(io::IO, t::Task) = print(io, "Dicod.Task(", t.index, ", attempt ", t.attempt, ", rank ", t.rank, ", worker ", t.worker, ")")

"""
    Dicod.task()

The task that runs, inside of a function that a map calls: its `index`, `attempt`, `rank` and `worker`.
"""
function task()
    found = get(task_local_storage(), :dicod_task, nothing)
    found === nothing && throw(DicodError(DICOD_ERROR_INVALID_STATE, "no task of a map runs here"))
    found::Task
end

function task_at(m, handle)
    index, attempt, rank, worker = Ref{Int64}(0), Ref{Int64}(0), Ref{Int32}(0), Ref{Int32}(0)
    check(parmap_task_get_place(handle, index, attempt, rank, worker))
    Task(m, handle, C_NULL, index[] + 1, attempt[] + 1, rank[], worker[] + 1)
end

"""
    Dicod.cancelled(task=Dicod.task())

Whether the task should end early, because its result won't count any more. It may return anything then.
"""
cancelled(t::Task=task()) =
    (t.pull == C_NULL ? parmap_cancelled(t.handle) : parmap_pull_cancelled(t.pull, t.index - 1)) != 0

"""
    Dicod.random_key(task=Dicod.task())

A random number that depends on the setting `seed` and the index of the task alone: `MersenneTwister(Dicod.random_key())` is a
generator whose numbers do not depend on who does the task.
"""
function random_key(t::Task=task())
    key = Ref{UInt64}(0)
    check(t.pull == C_NULL ? parmap_task_get_key(t.handle, key) : parmap_pull_get_key(t.pull, t.index - 1, key))
    key[]
end

"""
    Dicod.uniform(n, task=Dicod.task())

The next `n` random numbers of the task, uniform in [0, 1), the same on any rank; for a pulled task there are none.
"""
function uniform(n::Integer, t::Task=task())
    t.pull == C_NULL || throw(DicodError(DICOD_ERROR_INVALID_STATE, "a task on a thread of Julia's has no numbers: see random_key"))
    values = zeros(n)
    check(parmap_task_uniform(t.handle, n, values))
    values
end

"""
    Dicod.share(value, map)

Gives all tasks of later runs `value`, that of rank 0: [`Dicod.shared`](@ref). Collective. For ranks that are in
[`Dicod.serve`](@ref) rank 0 alone calls `Dicod.call_share(value, map)`.
"""
share(value, m::Map) = share_with(parmap_share, value, m)
call_share(value, m::Map) = share_with(parmap_call_share, value, m)

# The value is packed behind a number, by which ranks see whether they have it already.
function share_with(give, value, m)
    rank, n = ranks(m.context)
    # Ranks that serve don't wait.
    waits, without = give === parmap_share ? m : nothing, m -> parmap_share(m, C_NULL, -1)
    bytes = together(() -> rank == 0 && n > 1 ? packed(value) : UInt8[], waits, without)
    if rank == 0
        m.number += 1
        m.shared = value
        n > 1 && (bytes = vcat(reinterpret(UInt8, [m.number]), bytes))
    end
    check(give(m, bytes, length(bytes)))
    nothing
end

"""
    Dicod.shared(task=Dicod.task())

What [`Dicod.share`](@ref) gave; nothing, if nothing was. One copy per rank: not to be changed. Tasks of [`Dicod.pull`](@ref) have
it on rank 0 alone.
"""
function shared(t::Task=task())
    m = t.map
    t.pull == C_NULL || return m.shared
    data, size = Ref{Ptr{Cvoid}}(C_NULL), Ref{Int64}(0)
    check(parmap_task_get_shared(t.handle, data, size))
    size[] == 0 && return m.shared
    number = unsafe_load(Ptr{Int64}(data[]))
    if number != m.number
        m.shared = unpacked(data[] + sizeof(number), size[] - sizeof(number))
        m.number = number
    end
    m.shared
end

"""
    Dicod.Context(task)
    Dicod.Context(task) do context ... end

A context on the ranks that work on the task together (setting `ranks_per_task`), for `solve(...; context)` or another map
inside of it. It has to be closed before the task ends.
"""
function Context(t::Task)
    t.pull == C_NULL || return Context()
    Context(created(parmap_task_get_context, t.handle), true, Box((log=nothing, progress=nothing)))
end

"""
    Dicod.communicator(task=Dicod.task())

The communicator of the ranks that work on the task together, as Fortran's handle, for messages of its own while it runs.
"""
function communicator(t::Task=task())
    comm = Ref{Cint}(0)
    check(parmap_task_get_comm_f(t.handle, comm))
    comm[]
end
