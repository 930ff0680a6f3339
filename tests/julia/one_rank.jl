# What goes wrong on one rank only, in every call that all make: all get an exception, and the next call goes through. Each case
# makes one call; wrong(bad, good) is bad on the rank that makes the mistake.
function test_one_rank(context)
    rank, n = Dicod.ranks(context)
    x, d, u, v = random(3, 40, 30), random(4, 5, 4, 1, 3), random(5, 1, 3), random(6, 5, 4, 3)
    z = zeros(36, 27, 3)
    options = (tol=1e-2, context=context)
    e = Encoder(d, (40, 30); options...)
    l = Learner(d, (40, 30); learn_max_iter=1, options...)
    m = Dicod.Map(context=context)
    t = Dicod.Operators([[1.0 2.0], [3.0 4.0]]; context=context)
    members = Dicod.Ensemble([0.0], [1.0]; n_members=3)
    pass(y) = y
    file = joinpath(tempdir(), "dicod-one-rank-$(getpid())")
    # Of each rank its block; what is wrong is not the block.
    from, to = div(30rank, n), div(30 * (rank + 1), n)
    mine, here = x[:, from+1:to], (0, from)
    words = fill("no number", 40, 30)
    solved() = solve!(e, mine; offset=here)
    run!(l, mine; offset=here)
    bytes = Dicod.save(l)
    Dicod.save(l, file)

    cases = Pair{String,Function}[]
    case(f, name) = push!(cases, name => f)
    # of numbers that are wrong, sizes, types, options
    for (name, bad) in ("size" => x[1:5, :], "axes" => x[:], "type" => words, "nothing" => nothing)
        case(wrong -> solve(wrong(bad, x), d; options...), "solve, x: $name")
        case(wrong -> solve!(e, wrong(bad isa Matrix{Float64} ? bad[:] : bad, mine); offset=here), "solve!, x: $name")
        case(wrong -> step!(l, wrong(bad isa Matrix{Float64} ? bad[:] : bad, mine); offset=here), "step!, x: $name")
        case(wrong -> run!(l, wrong(bad isa Matrix{Float64} ? bad[:] : bad, mine); offset=here), "run!, x: $name")
        case(wrong -> sort_atoms!(l, wrong(bad isa Matrix{Float64} ? bad[:] : bad, mine); offset=here), "sort_atoms!, x: $name")
        case(wrong -> encode!(l, wrong(bad isa Matrix{Float64} ? bad[:] : bad, mine); offset=here), "encode!, x: $name")
    end
    for (name, bad) in ("value" => [0.5, -1.0], "length" => [0.5], "nothing" => nothing, "none" => [])
        case(wrong -> path!(e, mine, wrong(bad, [0.5, 0.2]); offset=here), "path!, reg: $name")
    end
    for (name, bad) in ("size" => d[:, :, :, 1:2], "axes" => d[:, 1, 1, 1], "type" => fill("a", 5, 4, 1, 3), "nothing" => nothing)
        case(wrong -> solve(x, wrong(bad, d); options...), "solve, d: $name")
        case(wrong -> close(Encoder(wrong(bad, d), (40, 30); options...)), "Encoder, d: $name")
        # Sizes that differ are seen at the first step.
        name == "size" || case(wrong -> close(Learner(wrong(bad, d), (40, 30); options...)), "Learner, d: $name")
        case(wrong -> set_dictionary!(e, wrong(bad, d)), "set_dictionary!, d: $name")
    end
    for (name, bad) in ("size" => z[:, :, 1:2], "type" => fill("a", 36, 27, 3), "nothing" => nothing)
        case(wrong -> set_z!(e, wrong(bad, z[:, 1:0, :])), "set_z!: $name")
        case(wrong -> get_z!(e, wrong(bad, zeros(36, 27, 3))), "get_z!: $name")
        case(wrong -> get_z!(l, wrong(bad, zeros(36, 27, 3))), "get_z! of a learner: $name")
    end
    case(wrong -> get_z!(e, wrong(zeros(Float32, 36, 27, 3), zeros(36, 27, 3))), "get_z!: single precision")
    for bad in ((0,), (0, 0, 0), nothing => 1, (0, 1000))
        case(wrong -> solve!(e, mine; offset=wrong(bad, here)), "solve!, offset: $bad")
        case(wrong -> step!(l, mine; offset=wrong(bad, here)), "step!, offset: $bad")
        case(wrong -> get_z!(e, zeros(36, 27, 3); offset=wrong(bad, (0, 0))), "get_z!, offset: $bad")
        case(wrong -> activations(e, wrong(bad, (0, 0)), (36, 27)), "activations, offset: $bad")
    end
    case(wrong -> close(Encoder(d, wrong((40,), (40, 30)); options...)), "Encoder, signal_shape")
    case(wrong -> close(Encoder(d, (40, 30); n_signals=wrong(1.5, 1), options...)), "Encoder, n_signals")
    case(wrong -> close(Encoder((wrong(u[:, 1:2], u), v), (40, 30); options...)), "Encoder, factors")
    case(wrong -> set_dictionary!(e, (u, wrong(v[:, :, 1:2], v))), "set_dictionary!, factors")
    for (name, bad) in ("unknown" => (regg=1,), "value" => (reg=-1,), "type" => (max_iter="many",))
        case(wrong -> solve(x, d; wrong(bad, (;))..., options...), "solve, option: $name")
        case(wrong -> learn(x, d; learn_max_iter=1, wrong(bad, (;))..., options...), "learn, option: $name")
        case(wrong -> close(Encoder(d, (40, 30); wrong(bad, (;))..., options...)), "Encoder, option: $name")
        case(wrong -> close(Learner(d, (40, 30); wrong(bad, (;))..., options...)), "Learner, option: $name")
        case(wrong -> close(Dicod.restore(bytes; context=context, wrong(bad, (;))...)), "restore, option: $name")
    end
    case(wrong -> solve(x, d; z=wrong(z[:, :, 1], z), options...), "solve, z")
    case(wrong -> learn(x, wrong(d[:, :, :, 1:0], d); learn_max_iter=1, options...), "learn, d")
    case(wrong -> learn(wrong(words, x), (5, 4), 3; learn_max_iter=1, options...), "learn, x")
    case(wrong -> Dicod.save(l, wrong("a\0b", file)), "save, path")
    case(wrong -> close(Dicod.restore(wrong("a\0b", file); context=context)), "restore, path")
    case(wrong -> close(Dicod.restore(file, wrong(d[:, :, :, 1:2], d), (40, 30); context=context)), "restore, d")
    case(wrong -> close(Dicod.restore(file; atom_shapes=wrong([(2, 2), (5, 4), (5, 4)], nothing), context=context)), "restore, atom_shapes")
    case(wrong -> close(Context(world; threads=wrong(1.5, 1))), "Context, threads")
    case(wrong -> close(Context(world; threads=wrong(0, 1))), "Context, threads")
    # maps
    bad_map = (; schedule=[1])
    case(wrong -> Dicod.pmap(pass, 1:5; wrong(bad_map, (;))..., context=context), "pmap, setting")
    case(wrong -> Dicod.pmap!((y, x) -> nothing, zeros(2, 4), zeros(2, 4); wrong(bad_map, (;))..., context=context), "pmap!, setting")
    case(wrong -> Dicod.pull(pass, 5; wrong(bad_map, (;))..., context=context), "pull, setting")
    case(wrong -> Dicod.stream((i, y) -> nothing, pass, 1:5; wrong(bad_map, (;))..., context=context), "stream, setting")
    case(wrong -> Dicod.reduce(+, +, 0, 1:5; wrong(bad_map, (;))..., context=context), "reduce, setting")
    case(wrong -> Dicod.execute((i, y) -> nothing, Dicod.Flow(pass), 1:5; wrong(bad_map, (;))..., context=context), "execute, setting")
    case(wrong -> Dicod.train!(Dicod.Flow(pass), 1:5; wrong(bad_map, (;))..., context=context), "train!, setting")
    case(wrong -> Dicod.round!(member -> nothing, members; wrong(bad_map, (;))..., context=context), "round!, setting")
    case(wrong -> Dicod.pmap!((y, x) -> nothing, m, zeros(2, 4), wrong(zeros(2, 3), zeros(2, 4))), "pmap!, sizes")
    case(wrong -> Dicod.pmap!((y, x) -> nothing, m, zeros(2, 4), wrong(words, zeros(2, 4))), "pmap!, type")
    case(wrong -> Dicod.reduce(+, +, 0, m, wrong(nothing, 1:5)), "reduce, xs")
    case(wrong -> t(wrong([1.0], [1.0, 2.0])), "operators, x")
    case(wrong -> t(wrong(["a", "b"], [1.0, 2.0])), "operators, type of x")
    case(wrong -> Dicod.derivative(t, wrong([1.0], [1.0, 2.0])), "operators, h")
    case(wrong -> Dicod.adjoint(t, wrong([1.0], [1.0, 2.0])), "operators, y")
    case(wrong -> Dicod.linearize!(t, wrong([1.0], [1.0, 2.0])), "operators, linearize!")

    for (name, call) in cases, bad in unique((n - 1, 0))
        thrown = try
            call((wrong, right) -> rank == bad ? wrong : right)
            nothing
        catch error
            error
        end
        thrown === nothing && println("rank $rank: nothing was thrown: $name, wrong on rank $bad")
        @test thrown !== nothing && !(thrown isa StackOverflowError)
        rank == bad || @test thrown isa DicodError && (n == 1 || occursin("rank", thrown.message))
        @test solved().status == Dicod.DICOD_OK
    end
    rm(file; force=true)
    foreach(close, (t, m, l, e))
end
