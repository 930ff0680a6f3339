# What a call costs beside the same call from C (make bench-calls): the least of many short runs, so that a busy machine does not
# count. In one thread of Julia's, then in all of them at once. Fails above 5 µs.
#
# ENV["DICOD_LIBRARY"]: the libdicod. ENV["DICOD_OVERHEAD"]: a library made of overhead.c.
using Dicod, Libdl, Test
const reference = dlopen(ENV["DICOD_OVERHEAD"], RTLD_LAZY | RTLD_LOCAL)
const x, d, z = zeros(3, 1), ones(3, 1, 1), zeros(1, 1)

of_c() = minimum(ccall(dlsym(reference, :seconds_in_c), Float64,
    (Int64, Int64, Ptr{Float64}, Ptr{Float64}, Ptr{Float64}, Float64, Int64), 3, 3, x, d, z, -1, 100) for _ in 1:50)
least(f) = minimum(@elapsed(for _ in 1:100 f() end) / 100 for _ in 1:50)
plainly() = solve(x, d)
with_options() = solve(x, d; reg=0.5, tol=1e-6)
microseconds(seconds) = string(round(1e6 * seconds, digits=2), " µs")

const lambdas = zeros(1)
const encoder = Encoder(d, (3,))
solve!(encoder, ones(3, 1))
raw() = Dicod.dicod_encoder_get_lambda(encoder, 1, lambdas)
wrapped() = Dicod.lambda(encoder)

# By turns, as the machine may do other things.
function main()
    foreach(f -> f(), (plainly, with_options, raw, wrapped))
    n = Threads.nthreads()
    c, one, options, all_at_once = Inf, Inf, Inf, fill(Inf, n)
    for _ in 1:6
        c, one, options = min(c, of_c()), min(one, least(plainly)), min(options, least(with_options))
        Threads.@threads for i in 1:n
            all_at_once[i] = min(all_at_once[i], least(plainly))
        end
    end
    more, of_options, at_once, of_lambda = one - c, options - c, maximum(all_at_once) - c, least(wrapped) - least(raw)
    println("overhead, $n threads: solve takes ", microseconds(more), " more than the call in C; with options ",
        microseconds(of_options), "; in each of the threads at once ", microseconds(at_once), "; lambda(encoder) ",
        microseconds(of_lambda))
    @test max(more, of_options, at_once, of_lambda) < 5e-6
end

@testset "overhead" begin
    main()
end
