# Over threads of Julia's, or with a context over its ranks.

"""
    Dicod.pull(f, n; settings...)
    Dicod.pull(f, map, n)

Calls `f(i)` for each `i` in `1:n` once, over the threads that Julia was started with. With a `context` each rank does a portion
of them, that of schedule `:cyclic`, else of `:block`. Collective.
"""
pull(f, n::Integer; keywords...) = with_map(m -> pull(f, m, n), m -> parmap_open(m, -1, no_handle()); keywords...)

function pull(f, m::Map, n::Integer)
    run(m) do report
        at = Ref{Ptr{Cvoid}}(C_NULL)
        status = parmap_open(m, n, at)
        status < 0 && return status
        watch = Watch(m, n)
        workers = [Threads.@spawn pull_tasks(f, m, at[], watch) for _ in 1:min(n, Threads.nthreads())]
        try
            foreach(wait, workers)
        catch
            cancel(m)
            for worker in workers
                try
                    wait(worker)
                catch
                end
            end
            rethrow()
        finally
            tell(watch)
            status = parmap_close(at, report)
        end
        status
    end
    nothing
end

function pull_tasks(f, m, from, watch)
    index, rank, retries = Ref{Int64}(0), ranks(m.context)[1], setting(m, :retries, 0)
    while true
        check(parmap_next(from, index))
        i = index[] + 1
        i == 0 && return
        code = Int32(1)
        for attempt in 1:1+retries
            t = Task(m, C_NULL, from, i, attempt, rank, Threads.threadid())
            code = kept(() -> (task_local_storage(() -> f(i), :dicod_task, t); Int32(0)), m, i)
            code == 0 && attempt > 1 && lock(() -> delete!(m.failures, i), m.lock)
            code == 0 && break
        end
        check(parmap_done(from, i - 1, code, code == 0 ? "" : said(lock(() -> m.failures[i], m.lock))))
        count(watch, code)
    end
end

# Threads of the caller's count themselves how far they are.
mutable struct Watch
    map::Map
    total::Int
    done::Int
    failed::Int
    start::Float64
    next::Float64
end

interval(m) = setting(m, :progress_interval, 0.1)
Watch(m, n) = Watch(m, n, 0, 0, time(), time() + interval(m))

function count(w::Watch, code)
    w.map.progress.call === nothing && return
    lock(w.map.lock) do
        w.done += 1
        w.failed += code != 0
        time() >= w.next && tell(w)
    end
end

function tell(w::Watch)
    box, elapsed = w.map.progress, time() - w.start
    box.call === nothing && return
    eta = w.done == 0 ? -1.0 : elapsed * (w.total - w.done) / w.done
    p = parmap_progress(sizeof(parmap_progress), w.done, w.total, w.failed, elapsed, eta)
    stop = box.call === :bar ? parmap_progress_bar(C_NULL, Ref(p)) != 0 : guarded(() -> box.call(p) === :stop, box, true)
    stop && cancel(w.map)
    w.next = time() + interval(w.map)
end

"""
    Dicod.pmap(f, xs; context=nothing, settings...)
    Dicod.pmap(xs; ...) do x ... end
    Dicod.pmap(f, map, xs)

`map(f, xs)`, in parallel: over the threads that Julia was started with, or with a `context` on a communicator over its ranks.
There every rank makes the call with its own `f`; the items are those of rank 0, which gets the results, the others get
`nothing`. If `f` throws, the exception of the lowest item is thrown as it is, on every rank; with `errors=:continue` it takes the
place of the result. Inside of `f`, [`Dicod.task`](@ref) is the task.

On ranks items and results are sent by Serialization, in blocks of memory that stay bounded on the way. For arrays of numbers see
[`Dicod.pmap!`](@ref); for results one by one [`Dicod.stream`](@ref).
"""
pmap(f, xs; keywords...) = with_map(m -> pmap(f, m, xs), stream_nothing; keywords...)

function pmap(f, m::Map, xs)
    root = ranks(m.context)[1] == 0
    items = together(() -> root ? collect(xs) : (), m.context === nothing ? nothing : m, stream_nothing)
    results = Vector{Any}(undef, length(items))
    if m.context === nothing
        pull(i -> results[i] = f(items[i]), m, length(items))
    else
        stream((i, y) -> results[i] = y, f, m, items)
    end
    root || return nothing
    for (i, e) in m.failures
        results[i] = e
    end
    [r for r in results]
end

"""
    Dicod.pmap!(f!, y, x; context=nothing, settings...)
    Dicod.pmap!(y, x; ...) do yi, xi ... end
    Dicod.pmap!(f!, map, y, x)

Calls `f!(yi, xi)` for each slice along the last axes of two arrays of numbers, `yi` being zero before: nothing is serialised. On
ranks all bring arrays of the same sizes; `x` of rank 0 counts, and all of `y` is written on every rank. With
`errors=:continue`, slices that failed are zero at the end. Gives `y`.
"""
pmap!(f!, y, x; keywords...) = with_map(m -> pmap!(f!, m, y, x), run_nothing; keywords...)
run_nothing(m) = parmap_run(m, -1, C_NULL, C_NULL, C_NULL, 0, 0, C_NULL, 0, 0, C_NULL, C_NULL)

struct Slices
    f!::Any
    map::Map
    y::Array
    x::Array
end

function slice_trampoline(userdata::Ptr{Cvoid}, task::Ptr{Cvoid}, input::Ptr{Cvoid}, output::Ptr{Cvoid})::Int32
    s = (unsafe_pointer_to_objref(userdata)::Base.RefValue{Slices})[]
    in_task(t -> s.f!(slice(s.y, output), slice(s.x, input)), s.map, task)
end

function fit_for_slices(y, x)
    all(a -> a isa Array && isbitstype(eltype(a)), (y, x)) ||
        bad_argument("pmap! takes arrays of numbers, not a $(typeof(y)) and a $(typeof(x))")
    n = size(y, ndims(y))
    n == size(x, ndims(x)) || bad_shape("y and x have the sizes $(size(y)) and $(size(x)): the last ones have to be the same")
    n
end

function pmap!(f!, m::Map, y, x)
    n = together(() -> fit_for_slices(y, x), m, run_nothing)
    if m.context === nothing
        fill!(y, zero(eltype(y)))
        pull(m, n) do i
            GC.@preserve y x f!(slice(y, pointer(y) + (i - 1) * slice_size(y)), slice(x, pointer(x) + (i - 1) * slice_size(x)))
        end
        for i in keys(m.failures)
            fill!(selectdim(y, ndims(y), i), zero(eltype(y)))
        end
    else
        s = Ref(Slices(f!, m, y, x))
        run(m) do report
            GC.@preserve s parmap_run(m, n, @cfunction(slice_trampoline, Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid})),
                pointer_from_objref(s), x, slice_size(x), 0, y, slice_size(y), 0, C_NULL, report)
        end
    end
    y
end

slice_size(a) = sizeof(a) ÷ max(size(a, ndims(a)), 1)
slice(a::Array{T,N}, at) where {T,N} = unsafe_wrap(Array{T,N - 1}, Ptr{T}(at), size(a)[1:end-1])
