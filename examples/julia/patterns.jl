# Patterns of a photograph, learned, and the same from several starts; the best is kept.
#
#   julia patterns.jl [FOLDER]        writes atoms.ppm there: eight atoms in colour
#
# DICOD_LIBRARY says where libdicod is, JULIA_NUM_THREADS how many starts run at a time.
using Dicod

"A picture in the format PPM: x[column, row, colour], 0 to 1."
function read_ppm(path)
    open(path) do io
        fields = Int[]
        read(io, 2) == b"P6" || error("$path is no PPM")
        while length(fields) < 3
            token = UInt8[]
            while (byte = read(io, UInt8)) > 0x20
                push!(token, byte)
            end
            isempty(token) && continue
            token[1] == UInt8('#') ? readline(io) : push!(fields, parse(Int, String(token)))
        end
        width, height, high = fields
        permutedims(reshape(read(io, 3width * height), 3, width, height) ./ high, (2, 3, 1))
    end
end

write_ppm(path, x) = open(path, "w") do io
    write(io, "P6\n$(size(x, 1)) $(size(x, 2))\n255\n", round.(UInt8, 255 .* permutedims(clamp.(x, 0, 1), (3, 1, 2))))
end

face = read_ppm(joinpath(@__DIR__, "..", "data", "face.ppm"))
x = face[1:min(end, 96), 1:min(end, 96), :]
x = x .- sum(x) / length(x)

fits = Dicod.pmap(1:4) do seed
    learn(x, (8, 8), 8; seed=seed, learn_max_iter=5, reg=0.2, activations=false)
end
for (seed, fit) in enumerate(fits)
    println("start $seed: objective ", round(fit.objective, digits=4), " after ", fit.iterations, " iterations")
end
best = fits[argmin([fit.objective for fit in fits])]
display(solve(x, best.d; reg=0.2))
println()

atoms = fill(0.5, 8 * 9 + 1, 10, 3)
for k in 1:8
    a = best.d[:, :, :, k]
    atoms[9k-7:9k, 2:9, :] = 0.5 .+ 0.5 .* a ./ maximum(abs, a)
end
folder = length(ARGS) > 0 ? ARGS[1] : "."
write_ppm(joinpath(folder, "atoms.ppm"), repeat(atoms, inner=(4, 4, 1)))
println("wrote ", joinpath(folder, "atoms.ppm"))
