# Flows: chains of nodes that are trained, and that data go through.
#
# A node is any object with methods of the functions below; those without a default it has to have.

"Dicod.phases(node): phases of training, 0 (the default) if there is nothing to train."
phases(node) = 0
"Dicod.train!(node, chunk, phase): takes one chunk in."
function train! end
"Dicod.execute(node, chunk): what comes of a chunk. It must not change the node, unless `Dicod.forks_in_execution(node)`."
function execute end
"Dicod.join!(node, fork): joins the next fork, which has taken one chunk in, into the node or into another fork."
function join! end
"Dicod.stop!(node, phase): ends a phase, on rank 0."
stop!(node, phase) = nothing
"Dicod.fork(node): a fresh node that one chunk is trained on; by default a deep copy."
fork(node) = deepcopy(node)
"Dicod.can_fork(node, phase): whether chunks of a phase can be trained by forks (the default); else the node sees all, on rank 0."
can_fork(node, phase) = true
"Dicod.forks_in_execution(node): whether in execution, too, each chunk gets a fork, which is joined afterwards."
forks_in_execution(node) = false

# What of a node travels between ranks and into checkpoints, and a node with that in it.
content(node) = node
filled(node, content) = content

# A function is a node that nothing is trained of.
execute(f::Function, chunk) = f(chunk)
content(f::Function) = nothing
filled(f::Function, ::Nothing) = f

mutable struct FunctionNode
    state::Any
    execute::Any
    train::Any
    join::Any
    stop::Any
    fork::Any
    phases::Int
    can_fork::Bool
    forks_in_execution::Bool
end

"""
    Dicod.node(execute; state=nothing, train=nothing, join=nothing, stop=nothing, fork=deepcopy, phases, can_fork=true,
               forks_in_execution=false)
    Dicod.node(; ...) do state, chunk ... end

A node of a [`Dicod.Flow`](@ref) that is made of functions: `execute(state, chunk)` is what comes of a chunk, and must not change the
state unless `forks_in_execution`; `train(state, chunk, phase)`, `join(state, another)` and `stop(state, phase)` give the new
state, and `fork(state)` one that a chunk is trained on. There is one phase if there is a `train`, unless `phases` says how many.
Only states travel between ranks, and are what a checkpoint holds. `flow[i].state` is that of node `i`.
"""
node(execute; state=nothing, train=nothing, join=nothing, stop=nothing, fork=deepcopy, phases::Integer=train === nothing ? 0 : 1,
     can_fork::Bool=true, forks_in_execution::Bool=false) =
    FunctionNode(state, execute, train, join, stop, fork, phases, can_fork, forks_in_execution)

phases(n::FunctionNode) = n.phases
can_fork(n::FunctionNode, phase) = n.can_fork
forks_in_execution(n::FunctionNode) = n.forks_in_execution
train!(n::FunctionNode, chunk, phase) = n.state = n.train(n.state, chunk, phase)
join!(n::FunctionNode, other::FunctionNode) = n.state = n.join(n.state, other.state)
stop!(n::FunctionNode, phase) = n.stop === nothing || (n.state = n.stop(n.state, phase))
execute(n::FunctionNode, chunk) = n.execute(n.state, chunk)
fork(n::FunctionNode) = FunctionNode(n.fork(n.state), n.execute, n.train, n.join, n.stop, n.fork, n.phases, n.can_fork,
                                     n.forks_in_execution)
content(n::FunctionNode) = n.state
filled(n::FunctionNode, state) = (n.state = state; n)
Base.show(io::IO, n::FunctionNode) = print(io, "Dicod.node(state=", n.state, ")")

"""
    Dicod.Flow(nodes...)

A chain of nodes, for [`Dicod.train!`](@ref)`(flow, chunks)` and [`Dicod.execute`](@ref)`(consume, flow, chunks)`. A node is a
function, `chunk -> ...`; one of several functions with a state, [`Dicod.node`](@ref); or any
object with methods of `Dicod.execute(node, chunk)`, and if `Dicod.phases(node)` is not 0, of `Dicod.train!(node, chunk, phase)` and
`Dicod.join!(node, fork)`; see also `Dicod.stop!`, `Dicod.fork`, `Dicod.can_fork`, `Dicod.forks_in_execution`. Nodes and forks
travel between ranks by Serialization. `flow[i]` is node `i` as it is now.
"""
mutable struct Flow <: Handle
    handle::Ptr{Cvoid}
    states::Vector{Any}
    forks::IdDict{Any,Nothing}
    map::Union{Nothing,Map} # of the call that runs
    Flow() = new(C_NULL, Any[], IdDict{Any,Nothing}(), nothing)
end

# A node, or a fork of one, behind a pointer.
mutable struct Node
    value::Any
    flow::Flow
end
node_at(pointer) = unsafe_pointer_to_objref(pointer)::Node
in_node(body, n::Node) = kept(() -> (body(); Int32(0)), n.flow.map, 0)

function can_fork_trampoline(node::Ptr{Cvoid}, phase::Int64)::Int32
    n = node_at(node)
    kept(() -> Int32(can_fork(n.value, phase + 1)), n.flow.map, 0)
end
function fork_node_trampoline(node::Ptr{Cvoid}, to::Ptr{Ptr{Cvoid}})::Int32
    n = node_at(node)
    in_node(n) do
        made = Node(fork(n.value), n.flow)
        n.flow.forks[made] = nothing
        unsafe_store!(to, pointer_from_objref(made))
    end
end
function train_trampoline(node::Ptr{Cvoid}, phase::Int64, data::Ptr{Cvoid}, size::Int64)::Int32
    n = node_at(node)
    in_node(() -> train!(n.value, unpacked(data, size), phase + 1), n)
end
function pack_node_trampoline(node::Ptr{Cvoid}, buffer::Ptr{Cvoid})::Int32
    n = node_at(node)
    in_node(() -> append(buffer, packed(content(n.value))), n)
end
function unpack_node_trampoline(node::Ptr{Cvoid}, data::Ptr{Cvoid}, size::Int64)::Int32
    n = node_at(node)
    in_node(() -> n.value = filled(n.value, unpacked(data, size)), n)
end
function join_node_trampoline(node::Ptr{Cvoid}, from::Ptr{Cvoid})::Int32
    n = node_at(node)
    in_node(() -> join!(n.value, node_at(from).value), n)
end
function stop_trampoline(node::Ptr{Cvoid}, phase::Int64)::Int32
    n = node_at(node)
    in_node(() -> stop!(n.value, phase + 1), n)
end
function execute_trampoline(node::Ptr{Cvoid}, data::Ptr{Cvoid}, size::Int64, output::Ptr{Cvoid})::Int32
    n = node_at(node)
    in_node(() -> append(output, packed(execute(n.value, unpacked(data, size)))), n)
end
function free_node_trampoline(fork::Ptr{Cvoid})::Cvoid
    n = node_at(fork)
    delete!(n.flow.forks, n)
    nothing
end

function Flow(node, more...)
    flow, nodes = Flow(), (node, more...)
    append!(flow.states, Any[Node(node, flow) for node in nodes])
    tables = map(flow.states) do node
        parmap_node(sizeof(parmap_node), pointer_from_objref(node), phases(node.value),
            @cfunction(can_fork_trampoline, Int32, (Ptr{Cvoid}, Int64)),
            @cfunction(fork_node_trampoline, Int32, (Ptr{Cvoid}, Ptr{Ptr{Cvoid}})),
            @cfunction(train_trampoline, Int32, (Ptr{Cvoid}, Int64, Ptr{Cvoid}, Int64)),
            @cfunction(pack_node_trampoline, Int32, (Ptr{Cvoid}, Ptr{Cvoid})),
            @cfunction(unpack_node_trampoline, Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Int64)),
            @cfunction(join_node_trampoline, Int32, (Ptr{Cvoid}, Ptr{Cvoid})),
            @cfunction(stop_trampoline, Int32, (Ptr{Cvoid}, Int64)),
            @cfunction(execute_trampoline, Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Int64, Ptr{Cvoid})),
            forks_in_execution(node.value), C_NULL, C_NULL, @cfunction(free_node_trampoline, Cvoid, (Ptr{Cvoid},)))
    end
    flow.handle = created(parmap_flow_create, length(tables), convert(Vector{parmap_node}, tables))
    finalizer(close, flow)
end

Base.close(f::Flow) = release(parmap_flow_free, f)
Base.length(f::Flow) = length(f.states)
Base.getindex(f::Flow, i::Integer) = f.states[i].value
Base.show(io::IO, f::Flow) = print(io, "Dicod.Flow(", length(f), " nodes", isopen(f) ? ")" : ", closed)")

# The chunks of a flow, and who is told of a checkpoint.
mutable struct Chunks
    line::Line
    checkpoint::Any
end
chunks_at(userdata) = unsafe_pointer_to_objref(userdata)::Chunks

restart_trampoline(userdata::Ptr{Cvoid})::Int32 = (chunks_at(userdata).line.place = nothing; Int32(0))
chunk_trampoline(userdata::Ptr{Cvoid}, buffer::Ptr{Cvoid})::Int32 =
    produce_trampoline(pointer_from_objref(chunks_at(userdata).line), buffer)
function checkpoint_trampoline(userdata::Ptr{Cvoid}, node::Int64, data::Ptr{Cvoid}, size::Int64)::Int32
    c = chunks_at(userdata)
    kept(c.line.map, 0) do
        bytes = copy(unsafe_wrap(Array, Ptr{UInt8}(data), size))
        Int32(c.checkpoint(node + 1, bytes) === :stop)
    end
end

# Makes a call that runs nodes of the flow.
function run(call, flow::Flow, m::Map)
    flow.map = m
    try
        GC.@preserve flow run(call, m)
    finally
        flow.map = nothing
    end
    m.report
end

"""
    Dicod.train!(flow, chunks; checkpoint=nothing, restartable=true, context=nothing, settings...)
    Dicod.train!(flow, map, chunks; ...)

Trains the nodes that are not trained yet, one after the other: `chunks` (those of rank 0) are iterated once per phase, go
through the nodes before it and into forks of the node, which are joined in order. What is trained is the same on every rank at
the end. `restartable=false`: the chunks can be gone through only once. `checkpoint(i, bytes)` is told on rank 0 of each node that is
trained, and may return `:stop`; [`Dicod.load!`](@ref) takes the bytes.
"""
train!(flow::Flow, chunks; checkpoint=nothing, restartable=true, keywords...) =
    with_map(m -> train!(flow, m, chunks; checkpoint=checkpoint, restartable=restartable), train_nothing; keywords...)
train_nothing(m) = parmap_flow_train(C_NULL, m, C_NULL, C_NULL, C_NULL, C_NULL, C_NULL)

function train!(flow::Flow, m::Map, chunks; checkpoint=nothing, restartable=true)
    c = Chunks(Line(m, nothing, chunks, nothing), checkpoint)
    restart = restartable ? @cfunction(restart_trampoline, Int32, (Ptr{Cvoid},)) : C_NULL
    told = checkpoint === nothing ? C_NULL : @cfunction(checkpoint_trampoline, Int32, (Ptr{Cvoid}, Int64, Ptr{Cvoid}, Int64))
    run(flow, m) do report
        GC.@preserve c parmap_flow_train(flow, m, restart, @cfunction(chunk_trampoline, Int32, (Ptr{Cvoid}, Ptr{Cvoid})), told,
                                         pointer_from_objref(c), report)
    end
end

"""
    Dicod.execute(consume, flow, chunks; context=nothing, settings...)
    Dicod.execute(flow, chunks; ...) do index, value ... end
    Dicod.execute(consume, flow, map, chunks)

Sends `chunks` of rank 0 through all nodes; `consume(index, value)` gets the results there, in order, and may return `:stop`.
"""
execute(consume, flow::Flow, chunks; keywords...) = with_map(m -> execute(consume, flow, m, chunks), execute_nothing;
                                                                  keywords...)
execute_nothing(m) = parmap_flow_execute(C_NULL, m, C_NULL, C_NULL, C_NULL, C_NULL)

function execute(consume, flow::Flow, m::Map, chunks)
    line = Line(m, nothing, chunks, consume)
    run(flow, m) do report
        GC.@preserve line parmap_flow_execute(flow, m, producer(), consumer(), pointer_from_objref(line), report)
    end
end

"""
    Dicod.load!(flow, i, bytes)

Sets node `i` to what a checkpoint was told: it counts as trained. On every rank, with the same bytes.
"""
function load!(flow::Flow, i::Integer, bytes::Vector{UInt8})
    with_map(identity) do m
        flow.map = m
        try
            status = parmap_flow_load(flow, i - 1, bytes, length(bytes))
            haskey(m.failures, 0) && throw(m.failures[0])
            check(status)
        finally
            flow.map = nothing
        end
    end
    flow
end
