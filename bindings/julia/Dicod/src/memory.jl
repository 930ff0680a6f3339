# Memory of the library's that handles hold: Julia's collector does not see it, and has to be told when it is time.

# Bytes behind handles that were not closed, and those at which the collector is asked for.
const held = Threads.Atomic{Int}(0)
const patience = Threads.Atomic{Int}(0)
const patience_at_least = 1 << 28

# Says what a handle holds now. To make one, or to let it grow, is when memory is needed: what was dropped goes first.
function weigh!(h::Handle)
    bytes = Int(held_by(h).bytes)
    Threads.atomic_add!(held, bytes - h.bytes)
    h.bytes = bytes
    held[] > max(patience[], patience_at_least) && collect_dropped()
    h
end

# Handles that are in use are not looked at again before as much has come on top of them.
function collect_dropped()
    GC.gc(false)
    2held[] > max(patience[], patience_at_least) && GC.gc()
    patience[] = 2held[]
end

function freed!(h::Handle)
    Threads.atomic_sub!(held, h.bytes)
    h.bytes = 0
end

"""
    Dicod.describe(encoder)
    Dicod.describe(learner)

What a handle holds, by name: element type, numbers, sizes in Julia's order, `atom_shapes` for each atom by itself, iterations of a
learner, and about how many bytes.
"""
function describe(h::Handle)
    info = held_by(h)
    size(list) = Tuple(Int.(reverse(list[1:info.n_axes])))
    own = zeros(Int64, info.n_axes, info.n_atoms)
    check(c_get_atom_shapes(h, length(own), own, Ref{Int64}(0)))
    (element_type=info.element_type == DICOD_F64 ? Float64 : Float32, n_signals=Int(info.n_signals), n_channels=Int(info.n_channels),
     n_atoms=Int(info.n_atoms), n_coded=Int(info.n_coded), signal_shape=size(info.signal_shape), atom_shape=size(info.atom_shape),
     atom_shapes=[size(shape) for shape in eachcol(own)], valid_shape=size(info.valid_shape), iterations=Int(info.iterations), bytes=Int(info.bytes))
end

function filled_in(f, handle)
    info = Ref(dicod_handle_info())
    check(f(handle, info))
    info[]
end

"""
    Dicod.options(encoder)
    Dicod.options(learner)

The options that a handle works with, by name.
"""
function options(h::Handle)
    at = Ref(options_behind(h))
    try
        (; (o.key => get_option(at[], o.key, o.type) for o in options())...)
    finally
        dicod_options_free(at)
    end
end
