# Dicod over the ranks of a communicator, by a raw handle and by one as MPI.jl has it.
#   mpiexec -n 2 julia mpi.jl       ENV: DICOD_LIBRARY (a libdicod_mpi), DICOD_LIBMPI (its libmpi), DICOD_WORLD (Fortran's handle)
using MPI, Dicod, Test
const package = joinpath(@__DIR__, "..", "..", "bindings", "julia", "Dicod", "test")
include(joinpath(package, "common.jl"))
include(joinpath(package, "maps.jl"))
include("one_rank.jl")

message(() -> Context(0), Dicod.DICOD_ERROR_INVALID_STATE, "MPI") # not initialised
MPI.Init()
const world = parse(Int64, ENV["DICOD_WORLD"])
const context = Context(MPI.COMM_WORLD)
const rank, n = Dicod.ranks(context)

# Of the first failing rank alone would be told what went wrong.
function main()
    @testset "handles" begin
        @test rank == MPI.Comm_rank(MPI.COMM_WORLD) && occursin("MPI", uppercase(Dicod.mpi_library()))
        Context(world; threads=2) do raw
            @test Dicod.ranks(raw) == (rank, n) && Dicod.threads(raw) == 2
            message(() -> Dicod.Map(context=raw), Dicod.DICOD_ERROR_INVALID_ARGUMENT, "threads=1")
        end
        message(() -> Context("world"), Dicod.DICOD_ERROR_INVALID_ARGUMENT, "String")
        message(() -> Context(-7), Dicod.DICOD_ERROR_INVALID_ARGUMENT)
    end

    @testset "solving and learning" begin
        x, d = random(3, 40, 37, 2), random(4, 5, 4, 2, 3)
        z = solve(x, d).z
        @test bits(solve(x, d; context=context).z, z)
        # Slabs with ghost layers.
        from, to = div(37rank, n), div(37 * (rank + 1), n)
        block = fill(-5.0, 42, to - from + 2, 2)
        block[2:41, 2:end-1, :] = x[:, from+1:to, :]
        mine = view(block, 2:41, 2:size(block, 2)-1, :)
        e = Encoder(d, (40, 37); context=context)
        solve!(e, mine; offset=(0, from))
        @test bits(get_z(e), z)
        @test length(activations(e, (0, 0), rank == 0 ? (36, 34) : (0, 0))) == (rank == 0 ? count(!iszero, z) : 0)
        @test activation_matrix(e) == reshape(z, :, 3)
        offset, shape = Dicod.valid_block((0, from), (40, to - from), (40, 37), (5, 4))
        part = zeros(shape..., 3)
        get_z!(e, part; offset=offset)
        @test part == z[:, offset[2]+1:offset[2]+shape[2], :]
        model, all_of_it = reconstruct(z, d), rank == 0
        @test reconstruct!(e, zeros(all_of_it ? (40, 37, 2) : (0, 0, 2))) == (all_of_it ? model : zeros(0, 0, 2))
        @test residual!(e, copy(mine), mine; offset=(0, from)) == (x-model)[:, from+1:to, :]
        @test all(values(objective(e, mine; offset=(0, from))) .≈ values(objective(x, d, z)))
        # An error on one rank is one on all.
        rank == n - 1 && (block[3, 2, 1] = NaN)
        message(() -> solve!(e, mine; offset=(0, from)), Dicod.DICOD_ERROR_NOT_FINITE, n > 1 ? "rank $(n - 1)" : "x")
        block[3, 2, 1] = x[2, from+1, 1]
        message(() -> solve!(e, mine; offset=(0, from + 1)), Dicod.DICOD_ERROR_INVALID_SHAPE)
        solve!(e, mine; offset=(0, from))
        @test bits(get_z(e), z)
        close(e)

        l = learn(x, (5, 4), 3; learn_max_iter=2)
        @test bits(learn(x, (5, 4), 3; learn_max_iter=2, context=context).d, l.d)
        learner = Learner(zeros(5, 4, 2, 3), (40, 37); context=context, learn_max_iter=2)
        run!(learner, mine; offset=(0, from))
        @test bits(dictionary(learner), l.d) && bits(get_z(learner), l.z)
        bytes = Dicod.save(learner)
        @test isempty(bytes) == (rank > 0)
        again = Dicod.restore(bytes, l.d, (40, 37); context=context)
        step!(learner, mine; offset=(0, from))
        step!(again, mine; offset=(0, from))
        @test bits(dictionary(learner), dictionary(again))
        close(learner)
        close(again)
    end

    n > 1 && @testset "a mistake on one rank" begin
        test_one_rank(context)
    end

    test_maps(context)

    @testset "teams" begin
        x, d = random(3, 40, 37, 2), random(4, 5, 4, 2, 3)
        sizes = Dicod.pmap(1:6; context=context, ranks_per_task=min(n, 2)) do i
            @assert Dicod.communicator() isa Integer
            Context(Dicod.task()) do team
                (Dicod.ranks(team)[2], solve(x, d; context=team, reg=i / 10).objective)
            end
        end
        rank == 0 && @test [o for (_, o) in sizes] == [solve(x, d; reg=i / 10).objective for i in 1:6]
        rank == 0 && @test all(s == min(n, 2) for (s, _) in sizes)
    end
end

const went = try
    @testset "rank $rank of $n" begin
        main()
    end
    true
catch e
    showerror(stdout, e)
    false
end
close(context)
# What is left is gone with MPI; to close it late is no error.
const late = Context(MPI.COMM_WORLD)
const encoder_left = Encoder(ones(3, 1, 1), (9,); context=late)
atexit(() -> (close(encoder_left); close(late)))
MPI.Finalize()
message(() -> Context(world), Dicod.DICOD_ERROR_INVALID_STATE)
went || exit(1)
rank == 0 && println("julia over $n ranks: passed")
