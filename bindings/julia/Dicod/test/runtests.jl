# ENV["DICOD_LIBRARY"]: the libdicod to test. ENV["DICOD_DOCS"]: the page whose examples are tried. See also as_c.jl.
# With the argument "threads" only what may depend on the number of Julia's threads: callbacks, tasks, interrupts, collection.
using Dicod, Test, SparseArrays, Serialization

include("common.jl")
include("maps.jl")
const everything = !("threads" in ARGS)

@testset "Dicod" begin
    include("errors.jl")
    include("handles.jl")
    include("interrupt.jl")

    everything && @testset "by hand" begin
        x, d = random(5, 16, 14, 2), random(6, 3, 4, 2, 3)
        s = solve(x, d)
        @test valid_shape((16, 14), (3, 4)) == (14, 11) == size(s.z)[1:2]
        @test valid_shape((16, 14), (3, 4); periodic=[true, false]) == (16, 11)
        model = zero(x)
        for k in 1:3, p in 1:2, j in 1:11, i in 1:14
            model[i:i+2, j:j+3, p] .+= s.z[i, j, k] .* d[:, :, p, k]
        end
        o = objective(x, d, s.z)
        @test o.data_term ≈ sum(abs2, x - model) / 2 ≈ s.data_term
        @test o.objective ≈ s.objective
        @test reconstruct(s.z, d) ≈ model
        @test lambda_max(x, d) ≈ s.lambda_max
        g = Dicod.gram(d)
        @test g[3, 4, 2, 2] ≈ sum(abs2, d[:, :, :, 2])
        @test g[4, 4, 1, 2] ≈ sum(d[1:2, :, :, 2] .* d[2:3, :, :, 1])
        @test bits(solve(view(x, :, :, 1), d[:, :, 1:1, :]).z, solve(x[:, :, 1:1], d[:, :, 1:1, :]).z)
        warm = solve(x, d; z=s.z, warm_start=true)
        @test warm.steps < s.steps / 4
        @test solve(round.(Int, 9x), d).z isa Array{Float64,3}
    end

    everything && @testset "encoder" begin
        x, d = random(5, 16, 14, 2), random(6, 3, 4, 2, 3)
        z = solve(x, d).z
        context = Context(threads=2)
        @test Dicod.threads(context) == 2 && Dicod.ranks(context) == (0, 1)
        e = Encoder(d, (16, 14); context=context, warm_start=true)
        close(context)
        # Ghost layers, reversed axes, channels in front: where they lie.
        large = fill(-9.0, 18, 16, 2)
        large[2:17, 2:15, :] = x
        room = Dicod.memory(d, (16, 14); offset=(0, 0), local_shape=(16, 14))
        first = solve!(e, view(large, 2:17, 2:15, :))
        @test room.bytes_gram == first.bytes_gram && room.bytes > 0 && room == Dicod.memory(d, (16, 14))
        @test_throws DicodError Dicod.memory(d, (16, 14); local_shape=(16, 13))
        @test bits(get_z(e), z)
        out = fill(-7.0, 16, 13, 3)
        get_z!(e, view(out, 2:15, 2:12, :))
        model = reconstruct(z, d)
        @test bits(reconstruct!(e, zeros(16, 14, 2)), model)
        @test reconstruct!(e, zeros(5, 4, 2); offset=(3, 2)) == model[4:8, 3:6, :]
        @test residual!(e, zeros(16, 14, 2), view(large, 2:17, 2:15, :)) == x - model
        @test residual!(e, zeros(5, 4, 2), x; residual_offset=(3, 2)) == (x-model)[4:8, 3:6, :]
        raised = solve!(Encoder(d, (16, 14); background="mean"), x .+ 64)
        over = Encoder(d, (16, 14); background="smooth", background_length=(40, 3))
        found = solve!(over, x)
        b = get_background!(over, zeros(16, 14, 2))
        @test b[7, 5, 2] ≈ sum(x[:, 4:6, 2]) / 48 && (found.background_least, found.background_most) == extrema(b)
        @test bits(get_background!(over, zeros(5, 4, 2); offset=(3, 2)), b[4:8, 3:6, :])
        @test residual!(over, zeros(16, 14, 2), x) ≈ x - b - reconstruct!(over, zeros(16, 14, 2))
        @test 63 < raised.background_least <= raised.background_most < 65
        @test all(values(objective(e, x)) .≈ values(objective(x, d, z)))
        @test bits(dictionary(e), d)
        @test_throws DicodError reconstruct!(e, zeros(5, 4, 2); offset=(12, 2))
        @test out[2:15, 2:12, :] == z && all(==(-7), out[1, :, :]) && all(==(-7), out[:, 13, :])
        turned = zeros(16, 14, 2)
        turned[16:-1:1, :, :] = x
        clear_z!(e)
        solve!(e, view(turned, 16:-1:1, :, :))
        @test bits(get_z(e), z)
        a = activations(e)
        @test length(a) == count(!iszero, z)
        @test all(z[a.position[i], a.atom[i]] == a.value[i] for i in 1:length(a))
        clear_z!(e)
        @test bits(get_z(set_activations!(e, a)), z)
        @test_throws DicodError set_activations!(e, Dicod.Activations(a.signal, a.atom[2:end], a.position, a.value))
        @test_throws DicodError set_activations!(e, Dicod.Activations(a.signal, a.atom .+ 3, a.position, a.value))
        @test bits(get_z(e), z)
        @test length(activations(e, (2, 0), (12, 5))) == count(!iszero, z[3:14, 1:5, :])
        m = activation_matrix(e)
        @test m isa SparseMatrixCSC && m == reshape(z, :, 3)
        @test region(e) == ((0, 0), (14, 11))
        @test_throws DicodError Dicod.trace(e)
        traced = Encoder(d, (16, 14); trace=true)
        steps = solve!(traced, x).steps
        spans = Dicod.trace(traced)
        @test spans[end].activity == Dicod.DICOD_SPAN_SOLVE && spans[end].steps == steps
        @test sum(s.steps for s in spans if s.activity == Dicod.DICOD_SPAN_VISIT) == steps
        @test occursin(r"^\{.*\"spans\".*\}\s*$"s, Dicod.trace_json(traced))
        @test solve!(e, x).steps < first.steps / 4
        clear_z!(e)
        set_z!(e, z)
        @test solve!(e, x).steps < first.steps / 4
        set_dictionary!(e, 2d)
        clear_z!(e)
        @test solve!(e, x).lambda_max ≈ 2first.lambda_max
        @test Dicod.lambda(e)[1] ≈ 2first.lambda
        @test minimum(Dicod.tolerance(e)) > 0
        @test Dicod.valid_block((4, 0), (6, 14), (16, 14), (3, 4)) == ((4, 0), (6, 11))
        @test Dicod.valid_block((15, 0), (1, 14), (16, 14), (3, 4))[2] == (0, 0)
        # Holes: by weights, and by NaN alone.
        w = ones(size(x))
        w[5:9, 4:12, :] .= 0
        holed = ifelse.(w .== 0, NaN, x)
        h = Encoder(d, (16, 14))
        set_weights!(h, w)
        solve!(h, holed)
        @test bits(get_z(h), solve(holed, d; missing="nan").z)
        clear_weights!(h)
        message(() -> solve!(h, holed), Dicod.DICOD_ERROR_NOT_FINITE, "x[5, 4, 1, 1]")
        message(() -> set_weights!(h, -w), Dicod.DICOD_ERROR_INVALID_ARGUMENT, "weights[1, 1, 1, 1]", "at least 0")
        message(() -> set_weights!(h, w[2:end, :, :]), Dicod.DICOD_ERROR_INVALID_SHAPE)
        # Factors of lambda: twice as much everywhere, and z that has to be zero.
        z = get_z(h)
        factors = fill(2.0, size(z))
        set_penalties!(h, factors)
        clear_z!(h)
        @test solve!(h, x).lambda_max ≈ first.lambda_max / 2
        factors[3:end, :, 2] .= Inf
        set_penalties!(h, factors)
        solve!(h, x)
        @test all(iszero, get_z(h)[3:end, :, 2]) && !all(iszero, get_z(h))
        message(() -> set_penalties!(h, -factors), Dicod.DICOD_ERROR_INVALID_ARGUMENT, "penalties[1, 1, 1, 1]", "at least 0")
        clear_penalties!(h)
        clear_z!(h)
        @test solve!(h, x).lambda_max ≈ first.lambda_max
        # Factors of rank one.
        u, v = random(31, 2, 3), random(32, 3, 4, 3)
        product = [v[i, j, k] * u[p, k] for i in 1:3, j in 1:4, p in 1:2, k in 1:3]
        r = Encoder((u, v), (16, 14))
        solve!(r, x)
        @test get_z(r) ≈ solve(x, product).z
        set_dictionary!(r, (2u, v))
        @test solve!(r, x).lambda_max ≈ 2lambda_max(x, product)
        message(() -> Encoder((u, v[:, :, 1:2]), (16, 14)), Dicod.DICOD_ERROR_INVALID_SHAPE, "(3, 4, 2)")
        message(() -> set_dictionary!(r, (u[1:1, :], v)), Dicod.DICOD_ERROR_INVALID_SHAPE)
        f = Encoder(Float32.(d), (16, 14))
        solve!(f, x)
        @test bits(get_z(f), solve(Float32.(x), Float32.(d)).z)
    end

    everything && @testset "learning" begin
        x = random(16, 40, 2)
        l = learn(x, (5,), 3; learn_max_iter=3)
        learner = Learner(zeros(5, 2, 3), (40,); learn_max_iter=3)
        told = Int[]
        run!(learner, x) do step
            push!(told, step.iteration)
            @test length(step.nonzeros) == 3
        end
        first = initial_dictionary(x, (5,), 3)
        @test bits(learn(x, first; learn_max_iter=3, activations=false).d, l.d)
        @test bits(initial_dictionary(view(x, 1:40, :), (5,), 3; signal_shape=(40,), offset=(0,)), first)
        @test_throws DicodError initial_dictionary(x, (50,), 3)
        @test told == 0:2 && bits(dictionary(learner), l.d) && bits(get_z(learner), l.z)
        model = reconstruct(l.z, l.d)
        @test bits(reconstruct!(learner, similar(x)), model) && bits(residual!(learner, similar(x), x), x - model)
        @test objective(learner, x).data_term ≈ sum(abs2, x - model) / 2
        found = activations(learner)
        @test length(found) == count(!iszero, l.z) == length(activations(learner, (0,), size(l.z)[1:1]))
        @test bits(get_z(set_activations!(clear_z!(learner), found)), l.z) && bits(get_z(set_z!(learner, l.z)), l.z)
        @test region(learner) == ((0,), size(l.z)[1:1])
        @test_throws DicodError Dicod.trace(learner)
        sorted = sort_atoms!(learner, x)
        @test issorted(sorted.explained; rev=true) && abs.(dictionary(learner)) == abs.(l.d[:, :, sorted.order])
        @test bits(learn(x, (5,), 3; learn_max_iter=3, learn_sort=true).d, dictionary(learner))
        # Holes: by weights, and by NaN alone.
        w = ones(size(x))
        w[11:20, :] .= 0
        holed = ifelse.(w .== 0, NaN, x)
        h = Learner(zeros(5, 2, 3), (40,); learn_max_iter=3)
        set_weights!(h, w)
        run!(h, holed)
        @test bits(dictionary(h), learn(holed, (5,), 3; learn_max_iter=3, missing="nan").d)
        message(() -> set_weights!(h, -w), Dicod.DICOD_ERROR_INVALID_ARGUMENT, "weights[1, 1, 1]", "at least 0")
        clear_weights!(h)
        message(() -> step!(h, holed), Dicod.DICOD_ERROR_NOT_FINITE, "x[11, 1, 1]")
        learner = Learner(zeros(5, 2, 3), (40,))
        step!(learner, x)
        s = step!(learner, x)
        @test s.iteration == 1 && s.objective_d <= s.objective_z && length(s.nonzeros) == 3
        mktempdir() do folder
            path = joinpath(folder, "learner")
            Dicod.save(learner, path)
            again = Dicod.restore(path, zeros(5, 2, 3), (40,))
            step!(learner, x)
            step!(again, x)
            @test bits(dictionary(learner), dictionary(again))
        end
        @test encode!(learner, x).objective > 0
        @test Dicod.lambda(learner)[1] > 0
        again = Dicod.restore(Dicod.save(learner), zeros(5, 2, 3), (40,); learn_max_iter=7, context=Context(threads=2))
        @test bits(dictionary(learner), dictionary(again))
        message(() -> Dicod.factors(learner), Dicod.DICOD_ERROR_INVALID_STATE)
        of_rank_one = Learner(zeros(5, 2, 3), (40,); learn_rank_one=true)
        step!(of_rank_one, x)
        u, v = Dicod.factors(of_rank_one)
        @test dictionary(of_rank_one) ≈ [v[i, k] * u[p, k] for i in 1:5, p in 1:2, k in 1:3]
        batches = Learner(zeros(5, 1, 3), (40,); n_signals=6, learn_batch=2)
        step!(batches, random(33, 40, 1, 6))
        @test size(get_z(batches)) == (36, 3, 2)
        stopped = learn(x, (5,), 3) do step
            step.iteration == 1 ? :stop : nothing
        end
        @test stopped.status == Dicod.DICOD_CANCELLED && stopped.iterations == 2
        @test learn(x, l.d; learn_max_iter=0, activations=false).z === nothing
    end

    @testset "callbacks" begin
        x, d = random(17, 300, 1), random(18, 20, 1, 5)
        lines, sizes = Tuple{Symbol,String}[], Int[]
        context = Context(log=(level, text) -> (GC.gc(); push!(lines, (level, text))),
                          progress=p -> (length(sizes) < 20 && GC.gc(); push!(sizes, p.tiles); nothing))
        s = solve(x, d; context=context, progress_interval=0)
        @test s.status == Dicod.DICOD_OK && !isempty(lines) && !isempty(sizes)
        @test bits(s.z, solve(x, d).z)
        stop = Context(progress=p -> :stop)
        @test solve(x, d; context=stop, progress_interval=0).status == Dicod.DICOD_CANCELLED
        @test_throws DomainError solve(x, d; context=Context(progress=p -> sqrt(-1.0)), progress_interval=0)
        @test_throws KeyError solve(x, d; context=Context(log=(level, text) -> Dict()[text]))
        @test_throws BoundsError learn(step -> sizes[10^9], x, (20,), 5)
        e = Encoder(d, (300,); context=Context(log=(level, text) -> error(text)))
        GC.gc()
        @test_throws ErrorException solve!(e, x)
    end

    everything && @testset "segmentation" begin
        s = Segmentation((20, 15); n_segments=(4, 3), overlap=(2, 1))
        @test length(s) == 12 && Dicod.per_axis_counts(s) == (4, 3)
        owner = zeros(Int, 20, 15)
        for i in 1:12
            @test all(iszero, owner[segment(s, i; inner=true)...])
            owner[segment(s, i; inner=true)...] .= i
        end
        @test all(find_segment(s, p) == owner[p] for p in CartesianIndices(owner)) && owner[20, 1] == 4
        @test segment(s, 2) == (4:12, 1:6)
        @test Dicod.padding(s, 1) == ((2, 0), (1, 0))
        @test owner[5, 5] in touched_segments(s, (5, 5), (1, 1))
        @test Dicod.touched_overlap(s, 1, (5, 3), (2, 1)) == [(6:7, 2:4)]
        @test Dicod.to_global(s, 2, (1, 1)) == (4, 1) && Dicod.to_local(s, 2, (4, 1)) == (1, 1)
        @test Dicod.contains_point(s, 1, (7, 6)) && !Dicod.contains_point(s, 1, (7, 6); inner=true)
        @test Dicod.contains_area(s, 1, (5, 3), (2, 1))
        @test Dicod.set_active!(s, [3, 5], false) == 2 && Dicod.n_active(s) == 10 && !Dicod.is_active(s, 3)
        dz = zeros(20, 15)
        dz[map(first, segment(s, 5; inner=true))...] = 2
        @test Dicod.check_inactive(s, dz, 1) == 5 && Dicod.check_inactive(s, dz, 3) === nothing
        @test Dicod.any_active(s) && Dicod.reset!(s) == 2 && Dicod.n_active(s) == 12
        @test Dicod.next_segment(s, 12) == 1 && Dicod.next_segment(s, 3) == 4
        @test Dicod.full_shape(s) == (20, 15) && Dicod.overlap(s) == (2, 1) && Dicod.nominal_shape(s) == (5, 5)
        @test collect(s) == [segment(s, i) for i in 1:12]
        inner = Segmentation(; inner=(3:10,), segment_shape=(3,))
        @test segment(inner, 3) == (9:10,) && Dicod.domain(inner) == (3:10,)
        @test repr(s) == "Segmentation(4 × 3 segments of 20 × 15)"
    end

    @testset "maps over Julia's threads" begin
        test_maps(nothing)
    end
    @testset "maps in the calling thread" begin
        test_maps(Context())
    end

    # What C can do can be done here: every function of the headers is called by the package, but for these.
    everything && @testset "the whole interface" begin
        source = joinpath(@__DIR__, "..", "src")
        functions = [m[1] for m in eachmatch(r"^const at_(\w+) ="m, read(joinpath(source, "c.jl"), String))]
        others = join(read(joinpath(source, name), String) for name in readdir(source) if name != "c.jl")
        unused = filter(f -> !occursin(Regex("\\b$f\\b"), others), functions)
        @test length(functions) > 150
        @test sort(unused) == sort([
            # Ranges say it.
            "segmentation_get_n_axes", "segmentation_get_shape", "segmentation_get_segment_shape", "segmentation_get_segment_slices",
            # The index is known, and results are appended whole.
            "parmap_task_get_index", "parmap_buffer_resize",
            # Messages are asked for in Julia's order, and what fails here is an exception.
            "dicod_last_error", "dicod_last_error_message", "dicod_set_last_error",
            # What is shown, and where, is Julia's: structs, @info, @warn and callbacks of a line.
            "dicod_info_text", "parmap_report_text", "dicod_log_stderr", "dicod_progress_bar", "dicod_learn_progress_bar",
            # Options and settings are keywords, whose values have types.
            "dicod_options_set", "dicod_options_copy", "parmap_set",
            # Ranks that a program connects itself are connected in C.
            "dicod_context_create_on", "parmap_task_get_transport"])
        @test all(name -> haskey(Base.Docs.meta(Dicod), Base.Docs.Binding(Dicod, name)), filter(!=(:Dicod), names(Dicod)))
    end

    # The blocks of Julia in the page, each in a module of its own.
    if everything && haskey(ENV, "DICOD_DOCS")
        @testset "examples of the page" begin
            blocks = [m[1] for m in eachmatch(r"```julia\n(.*?)```"s, read(ENV["DICOD_DOCS"], String))]
            @test length(blocks) >= 4
            for (i, block) in enumerate(blocks)
                @test (include_string(Module(:Page), block, "block $i"); true)
            end
        end
    end
end
