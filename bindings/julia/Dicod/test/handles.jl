# What holds something of the library's: what it holds, when it is given back, and that there is one of each.

resident() = parse(Int, match(r"VmRSS:\s*(\d+)", read("/proc/self/status", String))[1]) / 1024 # MiB

@testset "handles" begin
    x, d = random(5, 64, 60), random(6, 8, 6, 1, 9)
    @testset "descriptions" begin
        e = Encoder(d, (64, 60); tile_shape=(20, 30), periodic=[true, false], strategy=:random)
        is = Dicod.describe(e)
        @test is.element_type === Float64 && is.signal_shape == (64, 60) && is.atom_shape == (8, 6) && is.valid_shape == (64, 55)
        @test (is.n_signals, is.n_channels, is.n_atoms, is.n_coded, is.iterations) == (1, 1, 9, 1, 0) && is.bytes > sizeof(x)
        o = Dicod.options(e)
        @test o.tile_shape == [20, 30] && o.periodic == [1, 0] && o.strategy === :random && o.reg == 0.1 && o.reg_per_atom == []
        @test bits(get_z(e), zeros(64, 55, 9))
    end

    @testset "atoms of several sizes" begin
        shapes = [(3, 6), (8, 6), (8, 1), (1, 1), (2, 2), (8, 6), (5, 5), (4, 6), (8, 2)]
        cut, holes = zero(d), fill(NaN, size(d))
        for (k, (l, m)) in enumerate(shapes)
            cut[1:l, 1:m, :, k] = holes[1:l, 1:m, :, k] = d[1:l, 1:m, :, k]
        end
        by_hand = solve(x, cut; tol=1e-9).z
        @test maximum(abs, solve(x, holes; tol=1e-9, atom_shapes=shapes).z - by_hand) < 1e-6
        e = Encoder(holes, (64, 60); tol=1e-9, atom_shapes=reduce(hcat, collect.(shapes)))
        solve!(e, x)
        @test maximum(abs, get_z(e) - by_hand) < 1e-6 && dictionary(e) == cut
        @test Dicod.describe(e).atom_shapes == shapes && Dicod.describe(Encoder(d, (64, 60))).atom_shapes == fill((8, 6), 9)
        @test lambda_max(x, holes; atom_shapes=shapes) == lambda_max(x, cut)
        @test reconstruct(by_hand, holes; atom_shapes=shapes) ≈ reconstruct(by_hand, cut)
        message(() -> Encoder(d, (64, 60); atom_shapes=shapes[1:8]), Dicod.DICOD_ERROR_INVALID_SHAPE, "2 lengths for each of 9 atoms")
        shapes[2] = (9, 6)
        message(() -> Encoder(d, (64, 60); atom_shapes=shapes), Dicod.DICOD_ERROR_INVALID_SHAPE,
                "atom_shapes[1, 2] (atom 2, axis 1) must be from 1 to 8, the length of the dictionary's atoms, is 9")
    end

    @testset "a path" begin
        e, points = Encoder(d, (64, 60); tol=1e-8), []
        reg = reg_path(4, 0.8, 0.1)
        @test reg ≈ [0.8, 0.4, 0.2, 0.1]
        info = path!(e, x, reg) do point, at, info
            push!(points, (point, at, info.status, count(!iszero, get_z(e)) == info.nonzeros))
        end
        @test points == [(i, reg[i], 0, true) for i in 1:4]
        alone = solve(x, d; reg=0.1, tol=1e-8)
        @test maximum(abs, get_z(e) - alone.z) < 1e-5 && info.lambda == alone.lambda
        @test path!((point, at, info) -> point == 2 ? :stop : nothing, e, x, reg).lambda ≈ 4alone.lambda
        @test path!(e, x, (1 // 2, 0.1)).lambda == alone.lambda
        message(() -> path!(e, x, [0.5, -1]), Dicod.DICOD_ERROR_INVALID_ARGUMENT, "reg[2] must be at least 0 and finite, is -1")
        message(() -> path!(e, x, []), Dicod.DICOD_ERROR_INVALID_ARGUMENT, "the length of reg")
        @test_throws ErrorException path!((point, at, info) -> error("on the way"), e, x, reg)
        message(() -> reg_path(0), Dicod.DICOD_ERROR_INVALID_ARGUMENT, "n must be at least 1")
    end

    @testset "options as text" begin
        p = Dicod.parse_options("reg=0.15 tol=1e-2\nperiodic=1,0 strategy=cyclic-shuffled max_iter=-1")
        @test p == (reg=0.15, tol=0.01, strategy=:cyclic_shuffled, periodic=[0, 1])
        text = Dicod.options_text(; p..., tile_shape=(20, 30))
        @test occursin("\ntile_shape=30,20\n", text) && occursin("reg=0.15\n", text)
        @test Dicod.parse_options(text) == (reg=0.15, tol=0.01, strategy=:cyclic_shuffled, tile_shape=[20, 30], periodic=[0, 1])
        @test Dicod.parse_options(Dicod.options_text()) == NamedTuple()
        @test bits(solve(x, d; p...).z, solve(x, d; reg=0.15, tol=0.01, periodic=[0, 1], strategy=:cyclic_shuffled).z)
        @test_throws DicodError Dicod.parse_options("reg=0.15 seed=x")
        withenv("DICOD_OPTIONS" => "seed=3") do
            @test Dicod.options_from_environment() == (seed=3,)
        end
        withenv("DICOD_OPTIONS" => nothing) do
            @test Dicod.options_from_environment() == NamedTuple()
        end
    end

    @testset "checkpoints of another shape" begin
        l = Learner(d, (64, 60); learn_max_iter=3, seed=4)
        step!(l, x)
        bytes = Dicod.save(l)
        mktempdir() do folder
            path = joinpath(folder, "nine.dicod")
            Dicod.save(l, path)
            @test bits(dictionary(Dicod.restore(path)), dictionary(l))
            message(() -> Dicod.restore(path, zeros(8, 6, 1, 4), (64, 60)), Dicod.DICOD_ERROR_INVALID_SHAPE, "(8, 6, 1, 4)", "(8, 6, 1, 9)")
        end
        again = Dicod.restore(bytes)
        @test again isa Learner{Float64} && Dicod.options(again).seed == 4
        @test Dicod.describe(again).iterations == 1 && Dicod.describe(again).n_atoms == 9
        @test bits(get_z(again), get_z(l))
        step!(again, x)
        step!(l, x)
        @test bits(dictionary(again), dictionary(l))
        for (wrong, text) in [(n_atoms=4,) => "n_atoms", (atom_shape=(6, 8),) => "atom_shape", (n_channels=2,) => "n_channels",
                              (n_signals=2,) => "n_signals", (signal_shape=(60, 64),) => "signal_shape", (element_type=Float32,) => "Float32"]
            message(() -> Dicod.restore(bytes; wrong...), Dicod.DICOD_ERROR_INVALID_SHAPE, text)
        end
        message(() -> Dicod.restore(bytes, zeros(Float32, 8, 6, 1, 9)), Dicod.DICOD_ERROR_INVALID_SHAPE, "Float32")
        message(() -> Dicod.restore(bytes, d, (60, 64)), Dicod.DICOD_ERROR_INVALID_SHAPE, "signal_shape")
        @test Dicod.restore(bytes; n_atoms=9, atom_shape=(8, 6), signal_shape=[64, 60], element_type=Float64) isa Learner
        @test Dicod.describe(Dicod.restore(bytes; periodic=[true, true])).valid_shape == (64, 60)
    end

    @testset "closed" begin
        e = Encoder(d, (64, 60))
        close(e)
        close(e)
        message(() -> solve!(e, x), Dicod.DICOD_ERROR_NULL_POINTER, "encoder was closed")
        message(() -> Dicod.describe(e), Dicod.DICOD_ERROR_NULL_POINTER, "encoder was closed")
        kept = Ref{Any}()
        @test Encoder(d, (64, 60)) do e
            kept[] = e
            solve!(e, x).nonzeros
        end > 0
        @test !isopen(kept[])
        @test_throws ErrorException Learner(l -> (kept[] = l; error("on the way")), d, (64, 60))
        @test kept[] isa Learner && !isopen(kept[])
        @test Segmentation(length, (9, 9); n_segments=(3, 3)) == 9
        @test e.bytes == 0
    end

    @testset "copies" begin
        for h in (Encoder(d, (64, 60)), Learner(d, (64, 60)), Segmentation((9, 9); n_segments=(3, 3)), Context(), Dicod.Map())
            @test_throws ArgumentError deepcopy(h)
            @test_throws ArgumentError deepcopy([1, (h,)])
            @test_throws ArgumentError copy(h)
            @test_throws ArgumentError serialize(IOBuffer(), [h])
            @test isopen(h)
        end
    end

    # What is dropped is given back in time, although Julia sees nothing of it.
    @testset "dropped" begin
        GC.gc()
        before, most = resident(), 0.0
        large, y = random(7, 3, 3, 1, 4), random(8, 512, 512)  # where nothing can move there is nothing to hold
        bytes = 0
        for i in 1:220
            e = Encoder(large, (512, 512); reg=0.99)
            solve!(e, y)
            bytes = Dicod.describe(e).bytes
            most = max(most, resident() - before)
        end
        println("  220 encoders of ", bytes >> 20, " MiB: ", round(Int, most), " MiB at most")
        @test 220bytes > 2^31 && most < 700
        # Those that are kept stay, and do not make every other one cost a collection.
        kept = [Encoder(large, (512, 512)) for i in 1:60]
        GC.gc()
        collections = Base.gc_num().full_sweep
        more = [Encoder(large, (512, 512)) for i in 1:40]
        @test Base.gc_num().full_sweep - collections <= 3
        @test all(isopen, kept) && all(isopen, more)
        foreach(close, kept)
        foreach(close, more)
    end
end
