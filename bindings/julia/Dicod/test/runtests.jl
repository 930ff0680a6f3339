# ENV["DICOD_LIBRARY"]: the libdicod to test. ENV["DICOD_REFERENCE"]: a library made of tests/fortran/reference.c, the same
# calls from C; without it results are not compared with C's.
using Dicod, Test, SparseArrays, Libdl, Serialization

include("common.jl")
include("maps.jl")

const reference = haskey(ENV, "DICOD_REFERENCE") ? dlopen(ENV["DICOD_REFERENCE"], RTLD_LAZY | RTLD_LOCAL) : C_NULL

function reference_solve(x, d, z, reg, positive=0, periodic=C_NULL)
    n = ndims(d) - 2
    name, T = eltype(z) === Float64 ? (:reference_solve, Float64) : (:reference_solve_f32, Float32)
    signal, atom = collect(Int64, reverse(size(x)[1:n])), collect(Int64, reverse(size(d)[1:n]))
    info = Ref(Dicod.dicod_info())
    @test 0 == ccall(dlsym(reference, name), Int32,
        (Int64, Ptr{Int64}, Int64, Int64, Int64, Ptr{Int64}, Ptr{Cvoid}, Ptr{Cvoid}, Float64, Int64, Ptr{Int64}, Ptr{Cvoid}, Ptr{Cvoid}),
        n, signal, size(x, n + 2), size(x, n + 1), size(d, n + 2), atom, x, d, reg, positive, periodic, z, info)
    z
end

@testset "Dicod" begin
    @testset "as C" begin
        x, d = random(1, 60, 2), random(2, 7, 2, 3)
        s = solve(x, d; reg=0.2)
        @test count(!iszero, s.z) == s.nonzeros > 0
        if reference != C_NULL
            @test bits(s.z, reference_solve(x, d, zeros(54, 3), 0.2))
            # Axes that differ in everything.
            x, d = random(5, 16, 14, 2), random(6, 3, 4, 2, 3)
            @test bits(solve(x, d).z, reference_solve(x, d, zeros(14, 11, 3), 0.1))
            @test bits(solve(x, d; periodic=[true, false], positive=true, reg=0.3).z,
                       reference_solve(x, d, zeros(16, 11, 3), 0.3, 1, [0, 1]))
            @test bits(solve(Float32.(x), Float32.(d)).z, reference_solve(Float32.(x), Float32.(d), zeros(Float32, 14, 11, 3), 0.1))
            x, d = random(8, 9, 8, 7, 1), random(9, 2, 3, 4, 1, 2)
            @test bits(solve(x, d).z, reference_solve(x, d, zeros(8, 6, 4, 2), 0.1))
            x, d = random(10, 30, 2, 3), random(11, 5, 2, 4)
            @test bits(solve(x, d).z, reference_solve(x, d, zeros(26, 4, 3), 0.1))
            l = learn(x, (5,), 4; learn_max_iter=4)
            dc, zc = zeros(5, 2, 4), zeros(26, 4, 3)
            @test 0 <= ccall(dlsym(reference, :reference_learn), Int32, (Int64, Ptr{Int64}, Int64, Int64, Int64, Ptr{Int64},
                Ptr{Float64}, Int64, Ptr{Float64}, Ptr{Float64}), 1, [30], 3, 2, 4, [5], x, 4, dc, zc)
            @test bits(l.d, dc) && bits(l.z, zc)
        else
            @test_skip "no DICOD_REFERENCE: results are not compared with C's"
        end
    end

    @testset "by hand" begin
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

    @testset "every option" begin
        x, d = random(19, 40, 1), random(20, 5, 1, 2)
        for o in Dicod.options()
            wrong = Dict("real" => -2.0, "reals" => [-2.0], "integer" => -2, "integers" => [-2], "string" => "neither")[o.type]
            message(() -> solve(x, d; NamedTuple{(o.key,)}((wrong,))...), Dicod.DICOD_ERROR_INVALID_ARGUMENT, string(o.key))
            message(() -> solve(x, d; NamedTuple{(o.key,)}((nothing,))...), Dicod.DICOD_ERROR_INVALID_ARGUMENT, string(o.key))
            if o.type in ("real", "integer") && o.key !== :frozen_support
                default = o.type == "real" ? parse(Float64, o.default) : parse(Int, o.default)
                @test solve(x, d; NamedTuple{(o.key,)}((default,))...).status >= 0
            elseif o.type == "string"
                @test solve(x, d; NamedTuple{(o.key,)}((Symbol(replace(o.default, '-' => '_')),))...).status >= 0
            end
        end
    end

    @testset "errors" begin
        x, d = random(21, 16, 14, 2), random(22, 3, 4, 2, 3)
        message(() -> solve(x, d[:, :, 1:1, :]), Dicod.DICOD_ERROR_INVALID_SHAPE, "(16, 14, 2)", "(3, 4, 1, 3)")
        message(() -> solve(x, d; z=zeros(3, 3)), Dicod.DICOD_ERROR_INVALID_SHAPE, "(14, 11, 3)")
        message(() -> solve(x, d[:, :, 1, 1]), Dicod.DICOD_ERROR_INVALID_SHAPE, "(3, 4)")
        message(() -> solve(x[1:2, :, :], d), Dicod.DICOD_ERROR_INVALID_SHAPE)
        message(() -> solve(x, d; regg=1), Dicod.DICOD_ERROR_UNKNOWN_OPTION, "regg", "reg")
        message(() -> solve(x, d; strategy=:gready), Dicod.DICOD_ERROR_INVALID_ARGUMENT, "gready", "greedy")
        message(() -> solve(x, d; tile_shape="x"), Dicod.DICOD_ERROR_INVALID_ARGUMENT, "tile_shape")
        x[3, 4, 2] = NaN
        message(() -> solve(x, d), Dicod.DICOD_ERROR_NOT_FINITE, "x[")
        x[3, 4, 2] = 0
        message(() -> Context(threads=0), Dicod.DICOD_ERROR_INVALID_ARGUMENT, "n_threads")
        c = Context()
        close(c)
        message(() -> solve(x, d; context=c), Dicod.DICOD_ERROR_NULL_POINTER, "context was closed")
        e = Encoder(d, (16, 14))
        message(() -> solve!(e, x[:, :, 1:1]), Dicod.DICOD_ERROR_INVALID_SHAPE, "(16, 14, 1)")
        message(() -> solve!(e, x[1:15, :, :]), Dicod.DICOD_ERROR_INVALID_SHAPE)
        message(() -> Encoder(d, (16,)), Dicod.DICOD_ERROR_INVALID_SHAPE, "(16,)")
        close(e)
        message(() -> solve!(e, x), Dicod.DICOD_ERROR_NULL_POINTER, "encoder was closed")
        @test solve(x, d).status == Dicod.DICOD_OK
        @test occursin("reg", sprint(showerror, try solve(x, d; reg=-1) catch e e end))
        @test occursin("nonzeros", repr("text/plain", solve(x, d)))
        @test Dicod.library_version() >= v"0.1"
    end

    @testset "encoder" begin
        x, d = random(5, 16, 14, 2), random(6, 3, 4, 2, 3)
        z = solve(x, d).z
        context = Context(threads=2)
        @test Dicod.threads(context) == 2 && Dicod.ranks(context) == (0, 1)
        e = Encoder(d, (16, 14); context=context, warm_start=true)
        close(context)
        # Ghost layers, reversed axes, channels in front: where they lie.
        large = fill(-9.0, 18, 16, 2)
        large[2:17, 2:15, :] = x
        first = solve!(e, view(large, 2:17, 2:15, :))
        @test bits(get_z(e), z)
        out = fill(-7.0, 16, 13, 3)
        get_z!(e, view(out, 2:15, 2:12, :))
        @test out[2:15, 2:12, :] == z && all(==(-7), out[1, :, :]) && all(==(-7), out[:, 13, :])
        turned = zeros(16, 14, 2)
        turned[16:-1:1, :, :] = x
        clear_z!(e)
        solve!(e, view(turned, 16:-1:1, :, :))
        @test bits(get_z(e), z)
        a = activations(e)
        @test length(a) == count(!iszero, z)
        @test all(z[a.position[i], a.atom[i]] == a.value[i] for i in 1:length(a))
        @test length(activations(e, (2, 0), (12, 5))) == count(!iszero, z[3:14, 1:5, :])
        m = activation_matrix(e)
        @test m isa SparseMatrixCSC && m == reshape(z, :, 3)
        @test region(e) == ((0, 0), (14, 11))
        @test solve!(e, x).steps < first.steps / 4
        clear_z!(e)
        set_z!(e, z)
        @test solve!(e, x).steps < first.steps / 4
        set_dictionary!(e, 2d)
        clear_z!(e)
        @test solve!(e, x).lambda_max ≈ 2first.lambda_max
        @test Dicod.lambda(e)[1] ≈ 2first.lambda
        f = Encoder(Float32.(d), (16, 14))
        solve!(f, x)
        @test bits(get_z(f), solve(Float32.(x), Float32.(d)).z)
    end

    @testset "learning" begin
        x = random(16, 40, 2)
        l = learn(x, (5,), 3; learn_max_iter=3)
        learner = Learner(zeros(5, 2, 3), (40,); learn_max_iter=3)
        message(() -> dictionary(learner), Dicod.DICOD_ERROR_INVALID_STATE)
        told = Int[]
        run!(learner, x) do step
            push!(told, step.iteration)
            @test length(step.nonzeros) == 3
        end
        @test told == 0:2 && bits(dictionary(learner), l.d) && bits(get_z(learner), l.z)
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
        message(() -> Dicod.save(learner, "/nowhere/file"), Dicod.DICOD_ERROR_FILE, "/nowhere/file")
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
                          progress=p -> (GC.gc(); push!(sizes, p.tiles); nothing))
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

    @testset "segmentation" begin
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
        @test segment(Segmentation(; inner=(3:10,), segment_shape=(3,)), 3) == (9:10,)
        message(() -> segment(s, 13), Dicod.DICOD_ERROR_OUT_OF_RANGE, "12")
        message(() -> Segmentation((20,)), Dicod.DICOD_ERROR_INVALID_ARGUMENT, "either")
        @test repr(s) == "Segmentation(4 × 3 segments of 20 × 15)"
    end

    @testset "maps over Julia's threads" begin
        test_maps(nothing)
    end
    @testset "maps in the calling thread" begin
        test_maps(Context())
    end

    @testset "overhead" begin
        x, d = zeros(3, 1), ones(3, 1, 1)
        z, info = zeros(1, 1), Ref(Dicod.dicod_info())
        plain() = Dicod.dicod_solve(C_NULL, C_NULL, 1, Int64[3], 1, 1, 1, Int64[3], x, d, z, info)
        bound() = solve(x, d)
        time(f) = minimum(@elapsed(for _ in 1:200 f() end) / 200 for _ in 1:20)
        plain(); bound()
        more = time(bound) - time(plain)
        println("solve through the binding takes ", round(1e6 * more, digits=2), " µs more than the call in C")
        @test more < 20e-6 # 5 µs on a machine that does nothing else
    end
end
