# What goes wrong on one rank only: the others wait in the library, and have to be told.

# What was thrown when the others knew of it already.
struct Told <: Exception
    error::Any
end

# Runs what comes behind the call of the library.
function told(f)
    try
        f()
    catch e
        throw(Told(e))
    end
end

# Runs what leads to a call that all ranks of `at` make, a handle, and that call. If it does not come to it on this rank, the
# others learn of it, and why, by the same call without arguments, without(at): the library refuses that, on every rank.
function together(call, at, without)
    try
        call()
    catch e
        e isa Told && throw(e.error)
        if at isa Handle && isopen(at)
            refuse_next(e)
            without(at)
        end
        rethrow()
    end
end

# The others read what is wrong here.
function refuse_next(e)
    status, text = e isa DicodError ? (e.status, e.message) : (DICOD_ERROR_INVALID_ARGUMENT, sprint(showerror, e))
    dicod_fail_next(status, replace(text, '\0' => ' '))
end

# As created(), for what all ranks make.
function created_together(create, arguments...)
    at = no_handle()
    status = create(arguments..., at)
    told(() -> check(status))
    at[]
end

no_handle() = Ref{Ptr{Cvoid}}(C_NULL)
