# Runs of a map: what came of them, and exceptions, which come back as they were thrown.

function packed(value)
    io = IOBuffer()
    serialize(io, value)
    take!(io)
end
unpacked(data, size) = deserialize(IOBuffer(copy(unsafe_wrap(Array, Ptr{UInt8}(data), size))))

function append(buffer, bytes::Vector{UInt8})
    check(parmap_buffer_append(buffer, bytes, length(bytes)))
    Int32(0)
end

# Runs body; an exception is kept as the failure of task `index`, and the callback returns 1.
function kept(body, m::Map, index)
    try
        body()
    catch e
        lock(() -> m.failures[index] = e, m.lock)
        Int32(1)
    end
end

# The same for a task of the library's, which is told why.
function in_task(body, m::Map, handle)
    t = task_at(m, handle)
    code = kept(m, t.index) do
        task_local_storage(() -> body(t), :dicod_task, t)
        isempty(m.failures) || delete!(m.failures, t.index) # of an earlier attempt
        Int32(0)
    end
    code == 0 || parmap_task_explain(handle, said(m.failures[t.index]))
    code
end

# Its first line; it may not be able to say any.
function said(e)
    try
        replace(first(split(sprint(showerror, e), '\n')), '\0' => ' ')
    catch
        string(typeof(e))
    end
end

"What came of a run: `status`, numbers of tasks `done`, `failed`, `total` (-1: not known), `unfinished`, the `seconds`, and of the
lowest failing task `failure`: nothing, or its index, code, rank, worker and message."
struct Report
    status::Int32
    done::Int
    failed::Int
    total::Int
    unfinished::Int
    seconds::Float64
    failure::Any
end

function Report(r::parmap_report)
    text = String(UInt8[r.failure_message[i] for i in 1:findfirst(iszero, r.failure_message)-1])
    failure = r.failure_code == 0 ? nothing : (index=r.failure_index + 1, code=r.failure_code, rank=r.failure_rank,
                                               worker=r.failure_worker + 1, message=text)
    Report(r.status, r.done, r.failed, r.total, r.unfinished, r.seconds, failure)
end

Base.show(io::IO, r::Report) = print(io, "Report(", status_text(r.status), ": ", r.done, " tasks done, ", r.failed, " failed, ",
    r.unfinished, " unfinished, ", r.seconds, " s)")

# Makes the call, and throws what a task has thrown: on every rank the same exception, as it was thrown.
function run(@nospecialize(call), m::Map; by_name=false)
    empty!(m.failures)
    m.report = nothing
    report = Ref(parmap_report())
    status = GC.@preserve m call(report)
    error = status < 0 ? DicodError(status, last_error()) : nothing
    begun = report[].status == status # else the run was refused, and there is no report
    begun && (m.report = Report(report[]))
    m.unfinished = begun ? read_unfinished(m) : UnitRange{Int}[]
    # Collective: nothing may be thrown before. A checkpoint that throws stops as one that asks for it.
    if status in (PARMAP_STOPPED, PARMAP_SOME_FAILED, PARMAP_ERROR_TASK, PARMAP_ERROR_PRODUCER, PARMAP_ERROR_CONSUMER)
        gather(m, by_name)
        at = m.report === nothing || m.report.failure === nothing ? 0 : m.report.failure.index
        thrown = get(m.failures, at, get(m.failures, 0, nothing))
        status < 0 && thrown !== nothing && throw(thrown)
    end
    rethrow_kept(m.progress)
    haskey(m.failures, 0) && throw(m.failures[0])
    error === nothing || throw(error)
    status
end

function read_unfinished(m)
    n = Ref{Int64}(0)
    check(parmap_get_unfinished(m, 0, C_NULL, C_NULL, n))
    first, last = zeros(Int64, n[] + 1), zeros(Int64, n[] + 1)
    check(parmap_get_unfinished(m, n[] + 1, first, last, n))
    [first[i]+1:last[i] for i in 1:n[]]
end

const gathering = "failures of Julia's functions"

# Each rank does one task, by which all ranks learn of the exceptions of each: first how many bytes they are, then the bytes.
function gather(m::Map, by_name)
    n = ranks(m.context)[2]
    n == 1 && return
    before = (schedule=setting(m, :schedule, :dynamic), ranks_per_task=setting(m, :ranks_per_task, 1),
              root_works=setting(m, :root_works, 1), deadline=setting(m, :deadline, Inf), errors=setting(m, :errors, :cancel))
    set!(m; schedule=:block, ranks_per_task=1, root_works=1, deadline=Inf, errors=:cancel)
    try
        sizes = vec(each_rank(m, by_name, 0, sizeof(Int64)))
        sizes = reinterpret(Int64, sizes)
        bytes = each_rank(m, by_name, 1, maximum(sizes))
        for i in 1:n
            merge!(m.failures, deserialize(IOBuffer(bytes[1:sizes[i], i])))
        end
    finally
        set!(m; before...)
    end
end

function each_rank(m, by_name, what, size)
    n = ranks(m.context)[2]
    asked, given = fill(Int64(what), n), zeros(UInt8, size, n)
    status = if by_name
        parmap_call(m, gathering, n, asked, sizeof(Int64), 0, given, size, 0, C_NULL, C_NULL)
    else
        parmap_run(m, n, @cfunction(failures_trampoline, Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Int64}, Ptr{UInt8})),
                   pointer_from_objref(m), asked, sizeof(Int64), 0, given, size, 0, C_NULL, C_NULL)
    end
    check(status)
    given
end

# Not everything can be sent.
function portable(e)
    try
        packed(e)
        e
    catch
        ErrorException(said(e))
    end
end
