# The parallel map: its handle and settings.

function map_progress_trampoline(userdata::Ptr{Cvoid}, progress::Ptr{parmap_progress})::Int32
    box = box_at(userdata)
    guarded(() -> Int32(box.call(unsafe_load(progress)) === :stop), box, Int32(1))
end

# Tells the failures of this rank to the others, see gather: how many bytes they are, then the bytes.
function failures_trampoline(userdata::Ptr{Cvoid}, handle::Ptr{Cvoid}, asked::Ptr{Int64}, given::Ptr{UInt8})::Int32
    m = unsafe_pointer_to_objref(userdata)::Map
    if unsafe_load(asked) == 0
        m.packed = packed(Dict{Int,Any}(index => portable(e) for (index, e) in m.failures))
        empty!(m.failures)
        unsafe_store!(Ptr{Int64}(given), length(m.packed))
    else
        unsafe_copyto!(given, pointer(m.packed), length(m.packed))
    end
    Int32(0)
end

"""
    Dicod.Map(; context=nothing, progress=nothing, settings...)

A handle for runs with the same settings: [`Dicod.settings`](@ref)`()` lists them
(`schedule=:cyclic`, `errors=:continue`, `deadline=60`, `seed=1`, ...). Without a `context` [`Dicod.pmap`](@ref),
[`Dicod.pmap!`](@ref) and [`Dicod.pull`](@ref) run over the threads that Julia was started with; everything else, and all with
a `context`, in the calling thread of each of its ranks: Julia functions cannot be called in threads of the library, and a
`context` with more than one is refused.

`progress(p)` is told on rank 0 how a run gets on, and may return `:stop`; `progress=:bar` draws the library's bar on stderr.
After a run `map.report` says what came of it, `map.failures` which tasks have thrown what, and [`Dicod.unfinished`](@ref) what
is missing. `close` it, if its context is on a communicator.

Functions with a map as second argument take `context`, `progress` and settings as keywords instead, too.
"""
mutable struct Map <: Handle
    handle::Ptr{Cvoid}
    context::Union{Nothing,Context}
    progress::Box
    settings::Dict{Symbol,Any}
    report::Any
    failures::Dict{Int,Any}     # task => exception; 0: not in a task
    unfinished::Vector{UnitRange{Int}}
    packed::Vector{UInt8}       # failures of this rank, on their way to the others
    shared::Any                 # what Dicod.share gave,
    number::Int64               # and which of its calls it was
    works::Vector{Any}          # functions that are registered
    lock::ReentrantLock
end

function Map(; context::Union{Nothing,Context}=nothing, progress=nothing, settings...)
    context === nothing || threads(context) == 1 ||
        bad_argument("a map calls Julia functions: its context needs threads=1, or none and Julia started with threads")
    m = Map(created(parmap_create, or_null(context)), context, Box(progress), Dict{Symbol,Any}(), nothing, Dict{Int,Any}(),
            UnitRange{Int}[], UInt8[], nothing, 0, Any[], ReentrantLock())
    managed(m, context)
    try
        set!(m; settings...)
        progress === nothing || watch(m, progress)
        check(parmap_register(m, gathering, @cfunction(failures_trampoline, Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Int64}, Ptr{UInt8})),
                              pointer_from_objref(m)))
    catch
        close(m)
        rethrow()
    end
    m
end

Base.close(m::Map) = release(parmap_free, m)
Base.show(io::IO, m::Map) = print(io, "Dicod.Map(", isopen(m) ? join(("$key=$value" for (key, value) in m.settings), ", ") :
    "closed", ")")

# A map for one call, of which without(map) tells the other ranks if there is none.
function with_map(@nospecialize(f), @nospecialize(without); keywords...)
    m = try
        Map(; keywords...)
    catch
        on_no_map(without, get(keywords, :context, nothing))
        rethrow()
    end
    closed_after(f, m)
end

function on_no_map(@nospecialize(without), context)
    context isa Context && isopen(context) || return
    at = no_handle()
    parmap_create(context, at) < 0 && return
    without(at[])
    parmap_free(at)
end

const in_seconds = (:deadline, :grace, :progress_interval)

"""
    Dicod.set!(map; settings...)

Changes settings of a map.
"""
function set!(m::Map; settings...)
    for (key, value) in pairs(settings)
        name = string(key)
        if value isa Integer && !(key in in_seconds)
            check(parmap_set_integer(m, name, value))
        elseif value isa Real
            check(parmap_set_real(m, name, value))
        elseif value isa Union{AbstractString,Symbol}
            check(parmap_set_string(m, name, string(value)))
        else
            bad_argument("setting \"$name\" takes a number or a word, not $(repr(value))")
        end
        m.settings[key] = value
    end
end

"All settings of a map: key, type, default, allowed values and meaning of each."
settings() = described(parmap_settings_get_count, parmap_settings_describe)

"""
    Dicod.settings(map)

The settings that a map has, by name.
"""
settings(m::Map) = (; (s.key => get_setting(m, string(s.key), s.type) for s in settings())...)

function get_setting(m, name, type)
    if type == "string"
        n = Ref{Int64}(0)
        check(parmap_get_string(m, name, 0, C_NULL, n))
        word = zeros(UInt8, n[])
        check(parmap_get_string(m, name, length(word), word, n))
        return Symbol(String(word[1:n[]-1]))
    end
    value, get = type == "real" ? (Ref{Float64}(0), parmap_get_real) : (Ref{Int64}(0), parmap_get_integer)
    check(get(m, name, value))
    value[]
end

setting(m, key, default) = get(m.settings, key, default)
continues(m) = string(setting(m, :errors, :cancel)) == "continue"

function watch(m, progress)
    if progress === :bar
        check(parmap_set_progress(m, dlsym(open_library(), :parmap_progress_bar), C_NULL))
    else
        f = @cfunction(map_progress_trampoline, Int32, (Ptr{Cvoid}, Ptr{parmap_progress}))
        check(parmap_set_progress(m, f, pointer_from_objref(m.progress)))
    end
end

"""
    Dicod.cancel(map)

Asks the run that is in progress to end. Any thread may do so.
"""
cancel(m::Map) = parmap_cancel(m)

"""
    Dicod.unfinished(map)

Tasks without a result in the last run: ranges.
"""
unfinished(m::Map) = m.unfinished
