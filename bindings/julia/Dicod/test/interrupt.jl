# Ctrl-C while the library runs: the call ends with what it has, then the exception comes. (A signal that is too early or too
# late would end the tests: calls here last until they are interrupted.)
function interrupted(f)
    shell = run(`sh -c "sleep 1; kill -INT $(getpid())"`; wait=false)
    thrown = try
        f()
        nothing
    catch e
        e
    end
    wait(shell)
    thrown
end

# A shell has its background jobs ignore the signal, and what they start: it would never come.
signals_ignored = match(r"SigIgn:\s*(\w+)", read("/proc/self/status", String))
hears_it = signals_ignored === nothing || parse(UInt64, signals_ignored[1], base=16) & 0x2 == 0
hears_it || @info "SIGINT is ignored here: Ctrl-C is not tested"

hears_it && @testset "Ctrl-C" begin
    Base.exit_on_sigint(false)
    x, d = random(5, 120, 120, 1), random(6, 16, 16, 1, 20)
    endless = (reg=1e-6, tol=1e-14)
    @test interrupted(() -> solve(x, d; endless...)) isa InterruptException
    e = Encoder(d, (120, 120); warm_start=true, time_limit=1e6, endless...)
    @test interrupted(() -> solve!(e, x)) isa InterruptException
    z = get_z(e)
    @test all(isfinite, z) && any(!iszero, z)
    @test interrupted(() -> learn(x, (16, 16), 20; learn_max_iter=10^6, learn_tol=0, endless...)) isa InterruptException
    # The next call knows nothing of it.
    @test solve(x[1:40, 1:40, :], d[1:4, 1:4, :, 1:3]).proven == 3
    # From another task.
    context = Context()
    @test !Dicod.cancel(context)
    told = Ref(false)
    stopping = Context(progress=p -> (told[] = Dicod.cancel(stopping); nothing))
    s = solve(x, d; context=stopping, progress_interval=0.1, endless...)
    @test told[] && s.status == Dicod.DICOD_CANCELLED && all(isfinite, s.z)
end
