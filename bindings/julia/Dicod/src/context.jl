# How calls are run: threads, ranks, log and progress.

"""
    Context(; threads=1, log=nothing, progress=nothing)
    Context(comm; threads=1, ...)
    Context(...) do context ... end

Threads (-1: as many as there are cores), ranks and callbacks of calls. `log(level, message)` gets a Symbol and a String;
`progress(p)` may return `:stop` to end the solve with what it has.

`comm` is a communicator of MPI.jl, or a Fortran handle (an integer). Calls with it are collective, and it has to be closed by
`close(context)`, on all ranks, before MPI_Finalize; so have encoders, learners and maps made with it. Nothing collective is
done by the garbage collector.
"""
mutable struct Context <: Handle
    handle::Ptr{Cvoid}
    collective::Bool
    box::Box
end

function Context(; threads::Integer=1, log=nothing, progress=nothing)
    handle = created(dicod_context_create, threads)
    finalizer(close, prepared(Context(handle, false, Box((log=log, progress=progress)))))
end

function Context(comm; threads=1, log=nothing, progress=nothing)
    fortran = fortran_handle(comm)
    if !(threads isa Integer && typemin(Int32) <= threads <= typemax(Int32))
        dicod_context_create_mpi_f(fortran, 0, no_handle()) # tells the other ranks
        bad_argument("threads is $(repr(threads)): a small integer is wanted")
    end
    handle = created(dicod_context_create_mpi_f, fortran, threads)
    prepared(Context(handle, true, Box((log=log, progress=progress))))
end

Context(f::Function, arguments...; keywords...) = closed_after(f, Context(arguments...; keywords...))

fortran_handle(comm::Integer) = typemin(Int32) <= comm <= typemax(UInt32) ? comm % Cint :
    bad_argument("comm is $comm: a Fortran handle has 32 bits")
# MPI.jl: the handle of C, which is a pointer in Open MPI, and Fortran's in MPICH.
function fortran_handle(comm)
    hasproperty(comm, :val) || bad_argument("comm is a $(typeof(comm)): a communicator of MPI.jl or an integer is wanted")
    val = comm.val
    val isa Integer && return fortran_handle(val)
    ccall(dlsym(open_library(), :MPI_Comm_c2f), Cint, (Ptr{Cvoid},), val)
end

function log_trampoline(userdata::Ptr{Cvoid}, level::Int32, message::Ptr{UInt8})::Cvoid
    box = box_at(userdata)
    guarded(box, nothing) do
        box.call.log((:warning, :info, :debug)[level], unsafe_string(message))
        nothing
    end
end

# A callback that returns :stop ends the solve; anything else goes on.
function progress_trampoline(userdata::Ptr{Cvoid}, progress::Ptr{dicod_progress})::Int32
    box = box_at(userdata)
    guarded(() -> Int32(box.call.progress(unsafe_load(progress)) === :stop), box, Int32(1))
end

# Ctrl-C: while the library runs the signal waits; the library looks at whether one does, and ends the call with a result that
# is valid as far as it goes. Then the exception is thrown: after all that is to be done together with other ranks.
interruptible(f) = disable_sigint(f)

function prepared(context)
    check(dicod_context_set_cancel_flag(context, cglobal(:jl_signal_pending, Cint)))
    with_callbacks(context)
end

# Where none was given: one for this call, or for what it makes.
with_context(f, context::Context) = f(context)
with_context(f, ::Nothing) = Context(f)

"""
    Dicod.cancel(context)

Ends the call that runs with the context in another task, at once, with a result that is valid as far as it goes, on all ranks.
Tells whether there is one. (Ctrl-C does the same, and throws an `InterruptException` after it.)
"""
cancel(context::Context) = dicod_cancel(context) != 0

function with_callbacks(context)
    data = pointer_from_objref(context.box)
    if context.box.call.log !== nothing
        check(dicod_context_set_log(context, @cfunction(log_trampoline, Cvoid, (Ptr{Cvoid}, Int32, Ptr{UInt8})), data))
    end
    if context.box.call.progress !== nothing
        f = @cfunction(progress_trampoline, Int32, (Ptr{Cvoid}, Ptr{dicod_progress}))
        check(dicod_context_set_progress(context, f, data))
    end
    context
end

# After MPI_Finalize there is nothing left to free: no reason for a program to end with an error.
function Base.close(context::Context)
    status = release(dicod_context_free, context)
    status == DICOD_ERROR_INVALID_STATE || check(status)
    nothing
end

# A handle made with a context: the garbage collector frees it unless that would be collective.
managed(handle, context) = context !== nothing && context.collective ? handle : finalizer(close, handle)

box_of(::Nothing) = nothing
box_of(context::Context) = context.box

"Rank of this process in the context, from 0 as MPI counts, and number of ranks."
function ranks(context::Context)
    rank, n = Ref{Int32}(0), Ref{Int32}(0)
    check(dicod_context_get_ranks(context, rank, n))
    (Int(rank[]), Int(n[]))
end
ranks(::Nothing) = (0, 1)

"Threads that calls with the context may use."
function threads(context::Context)
    n = Ref{Int32}(0)
    check(dicod_context_get_threads(context, n))
    Int(n[])
end

Base.show(io::IO, c::Context) = isopen(c) ? print(io, "Dicod.Context(rank ", ranks(c)[1], " of ", ranks(c)[2], ", ", threads(c),
    " threads)") : print(io, "Dicod.Context(closed)")
