# The library, its handles and errors, and functions that it calls back.

const library = Ref{Ptr{Cvoid}}(C_NULL)

function open_library()
    library[] == C_NULL || return library[]
    path = get(ENV, "DICOD_LIBRARY", "")
    if isempty(path)
        # As its SONAME: while the major version is 0, each minor one is another library.
        version = DICOD_VERSION_MAJOR == 0 ? "0.$DICOD_VERSION_MINOR" : "$DICOD_VERSION_MAJOR"
        path = find_library(["libdicod.so.$version", "libdicod"])
        isempty(path) && error("Dicod: libdicod was not found; set ENV[\"DICOD_LIBRARY\"] to its path")
    end
    # Without deep binding: a panic that the library catches would end the process.
    library[] = dlopen(path, RTLD_LAZY | RTLD_LOCAL)
end

entry(at, name) = at[] == C_NULL ? (at[] = dlsym(open_library(), name)) : at[]

include("c.jl")

function __init__()
    library[] = C_NULL
    foreach(at -> at[] = C_NULL, entries)
end

"Version of the library that is loaded."
library_version() = VersionNumber(unsafe_string(dicod_version()))

"What the loaded library is, in one line: version, instructions that its kernels use, file of its BLAS, MPI."
build_info() = unsafe_string(dicod_build_info())

"Name and version of the MPI that the loaded libdicod_mpi runs with."
mpi_library() = unsafe_string(dicod_mpi_library())

# --- errors -----------------------------------------------------------------------------------------------------------

"What the library says is wrong: `status` (a `Dicod.DICOD_ERROR_...` or `Dicod.PARMAP_...`) and the whole `message`."
struct DicodError <: Exception
    status::Int32
    message::String
end

status_text(status) = unsafe_string(dicod_strerror(status))

Base.showerror(io::IO, e::DicodError) = print(io, "DicodError: ", e.message, " (", status_text(e.status), ", ", e.status, ")")

function last_error()
    needed = Ref{Int64}(0)
    dicod_last_error_in(DICOD_LANGUAGE_JULIA, 0, C_NULL, needed)
    buffer = zeros(UInt8, max(needed[], 1))
    dicod_last_error_in(DICOD_LANGUAGE_JULIA, length(buffer), buffer, needed)
    String(buffer[1:end-1])
end

check(status) = status < 0 ? throw(DicodError(status, last_error())) : status
bad_shape(text) = throw(DicodError(DICOD_ERROR_INVALID_SHAPE, text))
bad_argument(text) = throw(DicodError(DICOD_ERROR_INVALID_ARGUMENT, text))

# --- handles ----------------------------------------------------------------------------------------------------------

# Something of the library's behind a pointer, the field `handle`. It is passed to C as it is, which keeps it alive meanwhile.
abstract type Handle end

function Base.unsafe_convert(::Type{Ptr{Cvoid}}, h::Handle)
    h.handle == C_NULL && throw(DicodError(DICOD_ERROR_NULL_POINTER, "the $(lowercase(string(nameof(typeof(h))))) was closed"))
    h.handle
end

Base.isopen(h::Handle) = h.handle != C_NULL

# Two that free the same: there is one of each.
no_copy(h::Handle) = throw(ArgumentError("a $(nameof(typeof(h))) of the library cannot be copied, nor sent to another process"))
Base.copy(h::Handle) = no_copy(h)
Base.deepcopy_internal(h::Handle, ::IdDict) = no_copy(h)
Serialization.serialize(::AbstractSerializer, h::Handle) = no_copy(h)

# f(handle), which is closed at the end.
function closed_after(f, h::Handle)
    try
        f(h)
    finally
        close(h)
    end
end

function release(free, h::Handle)
    at = Ref(h.handle)
    h.handle = C_NULL
    free(at)
end

# Calls create(..., address of the handle), and gives the handle.
function created(create, arguments...)
    at = Ref{Ptr{Cvoid}}(C_NULL)
    check(create(arguments..., at))
    at[]
end

or_null(x) = x === nothing ? C_NULL : x

# --- callbacks --------------------------------------------------------------------------------------------------------

# What C gets as userdata: functions of Julia's, and what one of them has thrown. Rooted by whoever makes the call.
mutable struct Box
    call::Any
    thrown::Any
end
Box(call) = Box(call, nothing)

box_at(userdata) = unsafe_pointer_to_objref(userdata)::Box

# An exception must not pass through C: the first one is kept.
function guarded(body, box::Box, failed)
    try
        body()
    catch e
        box.thrown === nothing && (box.thrown = e)
        failed
    end
end

function rethrow_kept(box)
    box === nothing && return
    e = box.thrown
    e === nothing && return
    box.thrown = nothing
    throw(e)
end

# After a call: what a callback has thrown, else what the library says.
function finished(status, box, another=nothing)
    rethrow_kept(box)
    rethrow_kept(another)
    check(status)
end
