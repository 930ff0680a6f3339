# A parallel map with closures: over the threads of this process, or over the ranks of a context.

const real_settings = (:deadline, :grace, :progress_interval)

function with_map(f, context, settings)
    at = Ref{Ptr{Cvoid}}(C_NULL)
    check(parmap_create(handle_of(context), at))
    try
        for (key, value) in pairs(settings)
            name = string(key)
            if key in real_settings
                check(parmap_set_real(at[], name, value))
            elseif value isa Integer
                check(parmap_set_integer(at[], name, value))
            elseif value isa Real
                check(parmap_set_real(at[], name, value))
            else
                check(parmap_set_string(at[], name, string(value)))
            end
        end
        f(at[])
    finally
        parmap_free(at)
    end
end

"""
    Dicod.pmap(f, xs; context=nothing, settings...)
    Dicod.pmap(xs; ...) do x ... end

`map(f, xs)`, in parallel: over the threads that Julia was started with, or with a `context` on a communicator over its ranks.
There every rank makes the call with its own `f`; the items are those of rank 0, which gets the results, the others get
`nothing`. If `f` throws, the exception of the lowest item is thrown as it is (on rank 0; on others a `DicodError`). Settings
are those of parmap_set_integer(), ..._real() and ..._string(): `schedule=:cyclic`, `deadline=60`, ...

On ranks, items and results are sent by Serialization, and the context has to have one thread: Julia functions cannot be
called in threads of the library.
"""
function pmap(f, xs; context=nothing, settings...)
    context === nothing && return with_map(map -> on_threads(f, collect(xs), map), nothing, settings)
    threads(context) == 1 ||
        throw(ArgumentError("pmap calls Julia functions: its context needs threads=1, or none and Julia started with threads"))
    with_map(map -> on_ranks(f, collect(xs), map, ranks(context)[1]), context, settings)
end

# Threads of Julia's pull tasks.
function on_threads(f, xs, map)
    n = length(xs)
    results, thrown = Vector{Any}(undef, n), Vector{Any}(nothing, n)
    pull = Ref{Ptr{Cvoid}}(C_NULL)
    check(parmap_open(map, n, pull))
    report = Ref(parmap_report())
    status = Int32(0)
    try
        workers = [Threads.@spawn pull_tasks(f, xs, pull[], results, thrown) for _ in 1:min(n, Threads.nthreads())]
        foreach(wait, workers)
    finally
        status = parmap_close(pull, report)
    end
    status == PARMAP_ERROR_TASK && throw(thrown[report[].failure_index+1])
    check(status)
    [r for r in results]
end

function pull_tasks(f, xs, pull, results, thrown)
    index = Ref{Int64}(0)
    while true
        check(parmap_next(pull, index))
        i = index[] + 1
        i == 0 && return
        code, message = 0, "done"
        try
            results[i] = f(xs[i])
        catch e
            thrown[i] = e
            code, message = 1, replace(first(split(sprint(showerror, e), '\n')), '\0' => ' ')
        end
        check(parmap_done(pull, i - 1, code, message))
    end
end

mutable struct Stream
    f::Any
    xs::Vector
    next::Int
    results::Vector{Any}
    thrown::Any
end

stream_at(userdata) = unsafe_pointer_to_objref(userdata)::Stream

function packed(value)
    io = IOBuffer()
    serialize(io, value)
    take!(io)
end
function append(buffer, bytes::Vector{UInt8})
    parmap_buffer_append(buffer, bytes, length(bytes)) < 0 ? Int32(1) : Int32(0)
end
unpacked(data, size) = deserialize(IOBuffer(copy(unsafe_wrap(Array, Ptr{UInt8}(data), size))))

function produce_trampoline(userdata::Ptr{Cvoid}, buffer::Ptr{Cvoid})::Int32
    s = stream_at(userdata)
    try
        s.next > length(s.xs) && return Int32(PARMAP_END)
        bytes = packed(s.xs[s.next])
        s.next += 1
        append(buffer, bytes)
    catch e
        s.thrown = e
        Int32(1)
    end
end

# An exception travels as a result: it comes back as itself, in the order of the items.
function item_trampoline(userdata::Ptr{Cvoid}, task::Ptr{Cvoid}, input::Ptr{Cvoid}, size::Int64, output::Ptr{Cvoid})::Int32
    s = stream_at(userdata)
    bytes = try
        packed((true, s.f(unpacked(input, size))))
    catch e
        try
            packed((false, e))
        catch
            packed((false, ErrorException(sprint(showerror, e))))
        end
    end
    append(output, bytes)
end

function consume_trampoline(userdata::Ptr{Cvoid}, index::Int64, status::Int32, data::Ptr{Cvoid}, size::Int64)::Int32
    s = stream_at(userdata)
    try
        ok, value = unpacked(data, size)
        if ok
            s.results[index+1] = value
            return Int32(0)
        end
        s.thrown = value
    catch e
        s.thrown = e
    end
    Int32(PARMAP_STOP)
end

function on_ranks(f, xs, map, rank)
    s = Stream(f, xs, 1, Vector{Any}(undef, length(xs)), nothing)
    report = Ref(parmap_report())
    status = GC.@preserve s parmap_stream(map, @cfunction(produce_trampoline, Int32, (Ptr{Cvoid}, Ptr{Cvoid})),
        @cfunction(item_trampoline, Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Int64, Ptr{Cvoid})),
        @cfunction(consume_trampoline, Int32, (Ptr{Cvoid}, Int64, Int32, Ptr{Cvoid}, Int64)), pointer_from_objref(s), report)
    s.thrown === nothing || throw(s.thrown)
    status == PARMAP_STOPPED && throw(DicodError(PARMAP_STOPPED, "a task of pmap has thrown: rank 0 has its exception"))
    check(status)
    rank == 0 ? [r for r in s.results] : nothing
end
