# Streams of items of any kind over ranks, and functions that rank 0 calls by name.

"""
What an item of a source may be: nothing is there now, the source is asked again after a result was consumed or a little later.
"""
const WAIT = Val(:wait)

# What produces, works and consumes in one run.
mutable struct Line
    map::Map
    work::Any
    source::Any
    place::Any      # of the source: what iterate gave; nothing at first
    index::Int      # of the item that comes next
    consume::Any
end
Line(m, work, source, consume) = Line(m, work, source, nothing, 0, consume)

line_at(userdata) = unsafe_pointer_to_objref(userdata)::Line

function produce_trampoline(userdata::Ptr{Cvoid}, buffer::Ptr{Cvoid})::Int32
    line = line_at(userdata)
    kept(line.map, 0) do
        line.place = line.place === nothing ? iterate(line.source) : iterate(line.source, line.place[2])
        line.place === nothing && return Int32(PARMAP_END)
        line.place[1] === WAIT ? Int32(PARMAP_WAIT) : append(buffer, packed(line.place[1]))
    end
end

function item_trampoline(userdata::Ptr{Cvoid}, task::Ptr{Cvoid}, input::Ptr{Cvoid}, size::Int64, output::Ptr{Cvoid})::Int32
    line = line_at(userdata)
    in_task(t -> append(output, packed(line.work(unpacked(input, size)))), line.map, task)
end

# With errors=:continue of tasks that failed, too: they are in map.failures at the end.
function consume_trampoline(userdata::Ptr{Cvoid}, index::Int64, status::Int32, data::Ptr{Cvoid}, size::Int64)::Int32
    line = line_at(userdata)
    status == 0 || return Int32(0)
    kept(line.map, 0) do
        line.consume(index + 1, unpacked(data, size)) === :stop ? Int32(PARMAP_STOP) : Int32(0)
    end
end

producer() = @cfunction(produce_trampoline, Int32, (Ptr{Cvoid}, Ptr{Cvoid}))
item_worker() = @cfunction(item_trampoline, Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Int64, Ptr{Cvoid}))
consumer() = @cfunction(consume_trampoline, Int32, (Ptr{Cvoid}, Int64, Int32, Ptr{Cvoid}, Int64))

"""
    Dicod.stream(consume, work, source; context=nothing, settings...)
    Dicod.stream(work, source; ...) do index, value ... end
    Dicod.stream(consume, work, map, source)

Runs `work(x)` for each item of `source`, and `consume(index, value)` for each result, on rank 0: in order, or with `ordered=0` as
they come. `source` is iterated on rank 0, lazily: at most `max_outstanding` items are anywhere between the two, so that
memory stays bounded. An item [`Dicod.WAIT`](@ref) says that there is nothing now. `consume` may return `:stop`. Every rank makes
the call, each with its own `work`. An exception is thrown as it is, on every rank; with `errors=:continue` those of `work` are in
`map.failures` at the end. Gives a [`Dicod.Report`](@ref).
"""
stream(consume, work, source; keywords...) = with_map(m -> stream(consume, work, m, source), stream_nothing; keywords...)
stream_nothing(m) = parmap_stream(m, C_NULL, C_NULL, C_NULL, C_NULL, C_NULL)

function stream(consume, work, m::Map, source)
    line = Line(m, work, source, consume)
    run(m) do report
        GC.@preserve line parmap_stream(m, producer(), item_worker(), consumer(), pointer_from_objref(line), report)
    end
    m.report
end

"""
    Dicod.register(f, map, name)

Gives `f` a name, under which rank 0 can run it with [`Dicod.call`](@ref). Every rank registers its own.
"""
function register(f, m::Map, name::AbstractString)
    name == gathering && bad_argument("the name \"$name\" is taken")
    line = Line(m, f, (), nothing)
    push!(m.works, line)
    check(parmap_register_item(m, name, item_worker(), pointer_from_objref(line)))
    nothing
end

"""
    Dicod.serve(map)

On ranks other than 0: does what rank 0 calls, until it calls [`Dicod.release`](@ref). On rank 0 it returns at once.
"""
serve(m::Map) = (check(parmap_serve(m)); nothing)

"""
    Dicod.release(map)

On rank 0: the others return from [`Dicod.serve`](@ref).
"""
release(m::Map) = (check(parmap_release(m)); nothing)

"""
    Dicod.call(map, name, xs)

On rank 0, while the others are in [`Dicod.serve`](@ref): [`Dicod.pmap`](@ref) with the function that is registered as `name`.
"""
function call(m::Map, name::AbstractString, xs)
    items = collect(xs)
    results = Vector{Any}(undef, length(items))
    call_stream((i, y) -> results[i] = y, m, name, items)
    for (i, e) in m.failures
        results[i] = e
    end
    [r for r in results]
end

"""
    Dicod.call_stream(consume, map, name, source)

On rank 0, while the others are in [`Dicod.serve`](@ref): [`Dicod.stream`](@ref) with the function that is registered as `name`.
"""
function call_stream(consume, m::Map, name::AbstractString, source)
    line = Line(m, nothing, source, consume)
    run(m; by_name=true) do report
        GC.@preserve line parmap_call_stream(m, name, producer(), consumer(), pointer_from_objref(line), report)
    end
    m.report
end
