# Every option: results and errors are those of the same calls from C, byte by byte: tests/julia/reference.c, as
# ENV["DICOD_REFERENCE"]. Without it only what the library is told is looked at.
using Libdl
include("common.jl")

const reference = haskey(ENV, "DICOD_REFERENCE") ? dlopen(ENV["DICOD_REFERENCE"], RTLD_LAZY | RTLD_LOCAL) : C_NULL

# Options as reference.c reads them: lists per axis in the order of C.
function as_text(given)
    types = Dict(o.key => o.type for o in Dicod.options())
    join((string(key, " ", types[key], " ", value_as_text(key, value), "\n") for (key, value) in pairs(given)))
end
value_as_text(key, value) = string(value isa Bool ? Int(value) : value)
value_as_text(key, value::Vector) = join((value_as_text(key, v) for v in (Dicod.per_axis(key) ? reverse(value) : value)), " ")

sizes(x, d) = (n = ndims(d) - 2; (n, Int64[reverse(size(x)[1:n])...], size(x, n + 2), size(x, n + 1), size(d, n + 2),
                                  Int64[reverse(size(d)[1:n])...]))
bits_of(a) = Int32(8sizeof(eltype(a)))

function c_solve(x, d, z, given)
    info = Ref(Dicod.dicod_info())
    n, signal, n_signals, n_channels, n_atoms, atom = sizes(x, d)
    status = ccall(dlsym(reference, :reference_solve), Int32, (Cstring, Int32, Int64, Ptr{Int64}, Int64, Int64, Int64, Ptr{Int64},
        Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}), as_text(given), bits_of(x), n, signal, n_signals, n_channels, n_atoms, atom,
        x, d, z, info)
    status, info[]
end

function c_learn(x, d, z, given)
    info = Ref(Dicod.dicod_learn_info())
    n, signal, n_signals, n_channels, n_atoms, atom = sizes(x, d)
    status = ccall(dlsym(reference, :reference_learn), Int32, (Cstring, Int32, Int64, Ptr{Int64}, Int64, Int64, Int64, Ptr{Int64},
        Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}), as_text(given), bits_of(x), n, signal, n_signals, n_channels, n_atoms, atom,
        x, d, z === nothing ? C_NULL : z, info)
    status, info[]
end

# Calls both: the same status, z and numbers, or the same error. Gives z, or nothing.
function same_solve(x, d; z=nothing, given...)
    shape = size(solve(x, d; (haskey(given, :periodic) ? (periodic=given[:periodic],) : (;))...).z)
    z === nothing || size(z) == shape || return nothing # Julia looks at sizes that C cannot see
    ours = try
        solve(x, d; z=z, given...)
    catch e
        e
    end
    theirs = z === nothing ? zeros(eltype(x), shape) : copy(z)
    status, info = c_solve(x, d, theirs, given)
    if status < 0
        @test ours isa DicodError && ours.status == status
        return nothing
    end
    ours isa Dicod.Solution || println("  ", given, ": ", ours)
    @test ours isa Dicod.Solution && ours.status == status && bits(ours.z, theirs)
    @test (ours.objective, ours.steps, ours.duality_gap, ours.lambda) === (info.objective, info.steps, info.duality_gap, info.lambda)
    ours.z
end

function same_learn(x, d; activations=true, given...)
    ours = try
        learn(x, size(d)[1:end-2], size(d)[end]; activations=activations, given...)
    catch e
        e
    end
    dc = zero(d)
    zc = activations ? zeros(eltype(x), size(solve(x, d).z)) : nothing
    status, info = c_learn(x, dc, zc, given)
    if status < 0
        @test ours isa DicodError && ours.status == status
        return nothing
    end
    ours isa Dicod.Learned || println("  ", given, ": ", ours)
    @test ours isa Dicod.Learned && ours.status == status && bits(ours.d, dc) && (zc === nothing || bits(ours.z, zc))
    @test (ours.objective, ours.iterations, ours.redrawn) === (info.objective, info.iterations, info.redrawn)
    ours.d
end

# What option o may be: all words, both flags, the default and numbers beside it, lists that go with the problem.
function values_of(o, n_axes, n_atoms)
    o.key === :time_limit && return [Inf, 1e9] # where time decides there is nothing to compare
    n = Dicod.per_axis(o.key) ? n_axes : n_atoms
    o.type == "string" && return split(o.allowed, r", | \| ")
    o.type == "integer" && return o.allowed == "0 or 1" ? [0, 1] : unique([parse(Int, o.default), 0, 2, 50])
    o.type == "real" && return [parse(Float64, o.default), 0.0, 0.03, 0.5]
    o.type == "reals" && return [Float64[], [0.05i for i in 1:n]]
    [Int[], occursin("0 or 1", o.allowed) ? [i % 2 for i in 1:n] : [5 + 2i for i in 1:n]]
end

# What the library has when Julia sets an option: in the order of C.
function read_back(handle, o)
    if o.type == "real"
        value = Ref(0.0)
        Dicod.check(Dicod.dicod_options_get_real(handle, string(o.key), value))
        value[]
    elseif o.type == "integer"
        value = Ref{Int64}(0)
        Dicod.check(Dicod.dicod_options_get_integer(handle, string(o.key), value))
        value[]
    elseif o.type == "string"
        needed = Ref{Int64}(0)
        text = zeros(UInt8, 64)
        Dicod.check(Dicod.dicod_options_get_string(handle, string(o.key), 64, text, needed))
        String(text[1:needed[]-1])
    else
        values, count = zeros(o.type == "reals" ? Float64 : Int64, 64), Ref{Int64}(0)
        get = o.type == "reals" ? Dicod.dicod_options_get_reals : Dicod.dicod_options_get_integers
        Dicod.check(get(handle, string(o.key), 64, values, count))
        values[1:count[]]
    end
end

@testset "as C" begin
    # Axes that differ in everything.
    x, d = random(5, 16, 14, 2, 2), random(6, 3, 4, 2, 3)
    z = solve(x, d).z
    changed = Symbol[]
    for o in Dicod.options(), value in values_of(o, 2, 3)
        given = NamedTuple{(o.key,)}((value,))
        Dicod.with_options(Dicod.listed(pairs(given))) do handle
            @test read_back(handle, o) == (Dicod.per_axis(o.key) ? reverse(value) : value)
        end
        wrong = Dict("real" => -2.0, "reals" => [-2.0], "integer" => -2, "integers" => [-2], "string" => "neither")[o.type]
        for bad in (wrong, nothing)
            message(() -> solve(x, d; NamedTuple{(o.key,)}((bad,))...), Dicod.DICOD_ERROR_INVALID_ARGUMENT, string(o.key))
        end
        reference == C_NULL && continue
        if startswith(string(o.key), "learn_")
            batches = o.key === :learn_batch && value > 0
            for base in ((learn_max_iter=2,), (learn_max_iter=2, learn_online=1), (learn_max_iter=2, learn_init=:given))
                base = o.key in keys(base) ? (;) : base
                same_learn(x, d; activations=!batches, base..., given...)
            end
        else
            found = same_solve(x, d; given...)
            found === nothing || bits(found, z) || push!(changed, o.key)
            same_solve(x, d; strategy="random", z=z, warm_start=true, reg=0.2, max_iter=200, given...)
        end
    end
    if reference == C_NULL
        @test_skip "no DICOD_REFERENCE: results are not compared with C's"
    else
        # That an option arrives can be seen.
        @test issubset([:reg, :reg_per_atom, :reg_scale, :tol, :tol_scale, :max_iter, :strategy, :positive, :periodic], changed)
        for (x, d) in ((random(1, 60, 2), random(2, 7, 2, 3)), (random(8, 9, 8, 7, 1), random(9, 2, 3, 4, 1, 2)),
                       (random(10, 30, 2, 3), random(11, 5, 2, 4)))
            same_solve(x, d; reg=0.2)
            same_solve(Float32.(x), Float32.(d))
            same_learn(x, d; learn_max_iter=3)
            same_learn(Float32.(x), Float32.(d); learn_max_iter=3)
        end
        same_solve(x, d; periodic=[true, false], positive=true, reg=0.3)
    end
end
