# Patterns of a photograph, learned from several starts at a time; the best ones are shown.
#
#   julia patterns.jl [FOLDER]                    writes atoms.png there; JULIA_NUM_THREADS starts run at a time
#   mpiexec -n 2 julia patterns.jl FOLDER mpi     the same, starts go to the ranks; needs MPI.jl
#
# DICOD_LIBRARY says where libdicod is; for mpi it has to be a libdicod_mpi.
const over_mpi = "mpi" in ARGS
over_mpi && @eval using MPI
using Dicod
include(joinpath(@__DIR__, "pictures.jl"))

over_mpi && MPI.Init()
context = over_mpi ? Context(MPI.COMM_WORLD) : nothing

face = read_ppm(joinpath(@__DIR__, "..", "data", "face.ppm"))
x = face[1:min(end, 96), 1:min(end, 96), :]
x = x .- sum(x) / length(x)

# Every rank makes this call; rank 0 gets the results, the others nothing.
fits = Dicod.pmap(1:4; context=context) do seed
    learn(x, (8, 8), 8; seed=seed, learn_max_iter=5, reg=0.2, activations=false)
end

if fits !== nothing
    for (seed, fit) in enumerate(fits)
        println("start $seed: objective ", round(fit.objective, digits=4), " after ", fit.iterations, " iterations")
    end
    best = fits[argmin([fit.objective for fit in fits])]
    display(solve(x, best.d; reg=0.2))
    println()

    # Grey is zero; each atom as bright as it can be.
    picture = fill(0.5, 8 * 9 + 1, 10, 3)
    for k in 1:8
        atom = best.d[:, :, :, k]
        picture[9k-7:9k, 2:9, :] = 0.5 .+ 0.5 .* atom ./ maximum(abs, atom)
    end
    path = joinpath(get(ARGS, 1, "."), "atoms.png")
    write_png(path, repeat(picture, inner=(6, 6, 1)))
    println("wrote ", path)
end

if over_mpi
    close(context)
    MPI.Finalize()
end
