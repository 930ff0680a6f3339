# Reductions: forks of a state take tasks in, and are joined in order.

# A state behind a pointer.
mutable struct State
    value::Any
end
state_at(pointer) = unsafe_pointer_to_objref(pointer)::State

mutable struct Reduction
    map::Map
    work::Any
    join::Any
    fork::Any
    xs::Any
    forks::IdDict{State,Nothing} # keeps them alive
end
reduction_at(userdata) = unsafe_pointer_to_objref(userdata)::Reduction

function fork_trampoline(userdata::Ptr{Cvoid}, pristine::Ptr{Cvoid}, to::Ptr{Ptr{Cvoid}})::Int32
    r = reduction_at(userdata)
    kept(r.map, 0) do
        state = State(r.fork(state_at(pristine).value))
        r.forks[state] = nothing
        unsafe_store!(to, pointer_from_objref(state))
        Int32(0)
    end
end

function reduce_trampoline(userdata::Ptr{Cvoid}, state::Ptr{Cvoid}, task::Ptr{Cvoid}, input::Ptr{Cvoid})::Int32
    r, s = reduction_at(userdata), state_at(state)
    in_task(t -> s.value = r.work(s.value, r.xs[t.index]), r.map, task)
end

pack_trampoline(userdata::Ptr{Cvoid}, state::Ptr{Cvoid}, buffer::Ptr{Cvoid})::Int32 =
    kept(() -> append(buffer, packed(state_at(state).value)), reduction_at(userdata).map, 0)

unpack_trampoline(userdata::Ptr{Cvoid}, state::Ptr{Cvoid}, data::Ptr{Cvoid}, size::Int64)::Int32 =
    kept(() -> (state_at(state).value = unpacked(data, size); Int32(0)), reduction_at(userdata).map, 0)

function join_trampoline(userdata::Ptr{Cvoid}, into::Ptr{Cvoid}, from::Ptr{Cvoid})::Int32
    r, s = reduction_at(userdata), state_at(into)
    kept(() -> (s.value = r.join(s.value, state_at(from).value); Int32(0)), r.map, 0)
end

free_trampoline(userdata::Ptr{Cvoid}, state::Ptr{Cvoid})::Cvoid =
    (delete!(reduction_at(userdata).forks, state_at(state)); nothing)

"""
    Dicod.reduce(work, join, init, xs; fork=deepcopy, context=nothing, settings...)
    Dicod.reduce(join, init, xs; ...) do state, x ... end
    Dicod.reduce(work, join, init, map, xs; fork=deepcopy)

Reduces `xs`: a chunk of it (setting `chunk`; else about one 128th, whatever the number of ranks) works on a fork of `init`,
`state = work(state, x)` for each `x`, and the forks are joined in order, `state = join(state, another)`: sums are the same bit
for bit for any number of ranks. Every rank makes the call with the same `xs`, which is indexed from 1, and gets the result; `init`
is that of rank 0. It runs in the calling thread of each rank.
"""
reduce(work, join, init, xs; fork=deepcopy, keywords...) = with_map(m -> reduce(work, join, init, m, xs; fork=fork), reduce_nothing;
                                                                                 keywords...)
reduce_nothing(m) = parmap_reduce(m, -1, C_NULL, C_NULL, 0, 0, C_NULL, C_NULL)

function reduce(work, join, init, m::Map, xs; fork=deepcopy)
    n = together(() -> length(xs), m, reduce_nothing)
    r, state = Reduction(m, work, join, fork, xs, IdDict{State,Nothing}()), State(init)
    table = Ref(parmap_reducer(sizeof(parmap_reducer), pointer_from_objref(r),
        @cfunction(fork_trampoline, Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Ptr{Cvoid}})),
        @cfunction(reduce_trampoline, Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid})),
        @cfunction(pack_trampoline, Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid})),
        @cfunction(unpack_trampoline, Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Int64)),
        @cfunction(join_trampoline, Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid})),
        @cfunction(free_trampoline, Cvoid, (Ptr{Cvoid}, Ptr{Cvoid}))))
    run(m) do report
        GC.@preserve r state parmap_reduce(m, n, table, C_NULL, 0, 0, pointer_from_objref(state), report)
    end
    state.value
end
