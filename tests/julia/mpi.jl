# Dicod over the ranks of a communicator, by its raw handle: no MPI.jl is needed.
#   mpiexec -n 2 julia mpi.jl       ENV: DICOD_LIBRARY (a libdicod_mpi), DICOD_LIBMPI (its libmpi), DICOD_WORLD (Fortran's handle)
push!(LOAD_PATH, joinpath(@__DIR__, "..", "..", "bindings", "julia", "Dicod"))
using Libdl
const mpi = dlopen(ENV["DICOD_LIBMPI"], RTLD_LAZY | RTLD_GLOBAL)
using Dicod, Test

@test 0 == ccall(dlsym(mpi, :MPI_Init), Cint, (Ptr{Cvoid}, Ptr{Cvoid}), C_NULL, C_NULL)
const world = parse(Int64, ENV["DICOD_WORLD"]) % Cint
const context = Context(world)
const rank, n = Dicod.ranks(context)

wave(shape...) = reshape([sin(12.9898i) * cos(0.37 * (i % 1013)) for i in 1:prod(shape)], shape...)

@testset "rank $rank of $n" begin
    x, d = wave(40, 37, 2), wave(5, 4, 2, 3)
    z = solve(x, d).z
    @test solve(x, d; context=context).z == z
    # Slabs with ghost layers.
    from, to = div(37rank, n), div(37 * (rank + 1), n)
    block = fill(-5.0, 42, to - from + 2, 2)
    block[2:41, 2:end-1, :] = x[:, from+1:to, :]
    e = Encoder(d, (40, 37); context=context)
    solve!(e, view(block, 2:41, 2:size(block, 2)-1, :); offset=(0, from))
    @test get_z(e) == z
    @test length(activations(e, (0, 0), rank == 0 ? (36, 34) : (0, 0))) == (rank == 0 ? count(!iszero, z) : 0)
    # An error on one rank is one on all.
    rank == n - 1 && (block[3, 2, 1] = NaN)
    failed = try
        solve!(e, view(block, 2:41, 2:size(block, 2)-1, :); offset=(0, from))
    catch error
        error
    end
    @test failed isa DicodError && failed.status == Dicod.DICOD_ERROR_NOT_FINITE
    close(e)

    table = collect(1:100)
    squares = Dicod.pmap(1:100; context=context) do i
        i % 10 == 0 && GC.gc()
        table[i]^2
    end
    @test squares == (rank == 0 ? table .^ 2 : nothing)
    thrown = try
        Dicod.pmap(i -> i == 37 ? throw(DomainError(i, "task")) : i, 1:100; context=context)
    catch error
        error
    end
    @test rank == 0 ? thrown isa DomainError && thrown.val == 37 : thrown isa DicodError
    @test Dicod.pmap(i -> i, 1:10; context=context) == (rank == 0 ? (1:10) : nothing)
    l = learn(x, (5, 4), 3; learn_max_iter=2)
    @test learn(x, (5, 4), 3; learn_max_iter=2, context=context).d == l.d
end
close(context)
ccall(dlsym(mpi, :MPI_Finalize), Cint, ())
rank == 0 && println("julia over $n ranks: passed")
