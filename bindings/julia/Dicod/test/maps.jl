# The parallel map with one context, or none: the same checks in one process and on every rank of a communicator.

# A node that is trained to the mean of the chunks, then to their spread about it.
mutable struct Centre
    total::Vector{Float64}
    n::Int
    mean::Vector{Float64}
    spread::Float64
    stops::Int
end
Centre() = Centre([0.0], 0, [0.0], 0.0, 0)
Dicod.phases(::Centre) = 2
function Dicod.train!(c::Centre, chunk, phase)
    c.total .+= phase == 1 ? sum(chunk) : sum(abs2, chunk .- c.mean[1])
    c.n += length(chunk)
end
function Dicod.join!(c::Centre, other::Centre)
    c.total .+= other.total
    c.n += other.n
end
Dicod.fork(c::Centre) = Centre([0.0], 0, copy(c.mean), c.spread, 0)
function Dicod.stop!(c::Centre, phase)
    phase == 1 ? (c.mean = c.total ./ c.n) : (c.spread = sqrt(c.total[1] / c.n))
    c.total, c.n, c.stops = [0.0], 0, c.stops + 1
end
Dicod.execute(c::Centre, chunk) = (chunk .- c.mean[1]) ./ c.spread

struct Scale
    by::Float64
end
Dicod.execute(s::Scale, chunk) = s.by .* chunk

# A node that counts what went through it, and takes one chunk after the other.
mutable struct Counter
    seen::Int
    trained::Int
end
Dicod.phases(::Counter) = 1
Dicod.can_fork(::Counter, phase) = false
Dicod.train!(c::Counter, chunk, phase) = chunk == [13.0] ? error("unlucky") : c.trained += 1
Dicod.forks_in_execution(::Counter) = true
Dicod.fork(::Counter) = Counter(0, 0)
Dicod.join!(c::Counter, fork) = c.seen += fork.seen
Dicod.execute(c::Counter, chunk) = (c.seen += 1; chunk)

# A node whose mind cannot be known.
struct Moody end
Dicod.phases(::Moody) = 1
Dicod.can_fork(::Moody, phase) = error("perhaps")
Dicod.train!(::Moody, chunk, phase) = nothing
Dicod.join!(::Moody, fork) = nothing

struct Mute <: Exception
    i::Int
end
Base.showerror(io::IO, e::Mute) = error("no words")

function thrown_by(f)
    try
        f()
        nothing
    catch e
        e
    end
end

# What came back as the tasks' own exception.
function domain_error(f, val)
    e = thrown_by(f)
    e isa DomainError || println("  not the task's exception: ", sprint(showerror, e))
    @test e isa DomainError && e.val == val
end

function test_maps(context)
    rank, n = Dicod.ranks(context)
    root(x) = rank == 0 ? x : nothing
    failing(i) = i >= 37 ? throw(DomainError(i, "task")) : i

    @testset "pmap" begin
        table = collect(1:100)
        squares = Dicod.pmap(1:40; context=context) do i
            GC.gc()
            table[i]^2
        end
        @test squares == root(table[1:40] .^ 2)
        @test Dicod.pmap(string, [1, "a", :b]; context=context) == root(["1", "a", "b"])
        @test Dicod.pmap(identity, []; context=context) == root([])
        domain_error(() -> Dicod.pmap(failing, 1:100; context=context), 37)
        domain_error(() -> Dicod.pmap(i -> (GC.gc(); failing(i)), 30:50; context=context), 37)
        m = Dicod.Map(context=context, errors=:continue, schedule=:cyclic, seed=3, deadline=60)
        some = Dicod.pmap(i -> i % 7 == 0 ? throw(DomainError(i)) : 2i, m, 1:20)
        @test m.report.status == Dicod.PARMAP_SOME_FAILED && m.report.failed == 2 && m.report.failure.index == 7
        @test sort(collect(keys(m.failures))) == [7, 14] && m.failures[14] isa DomainError
        rank == 0 && @test some[6] == 12 && some[7] isa DomainError && some[14].val == 14
        @test Dicod.pmap(failing, m, 1:10) == root(collect(1:10)) && m.report.failed == 0 && isempty(m.failures)
        is = Dicod.settings(m)
        @test is.errors === :continue && is.schedule === :cyclic && is.seed == 3 && is.deadline == 60 && is.grace == 1
        @test [s.key for s in Dicod.settings()] == collect(keys(is))
        Dicod.set!(m; errors=:cancel, retries=2)
        @test Dicod.pmap(i -> Dicod.task().attempt < 3 ? error("again") : Dicod.task().index, m, 11:20) == root(collect(1:10))
        domain_error(() -> Dicod.pmap(failing, m, 1:100), 37)
        # An exception that can say nothing.
        e = thrown_by(() -> Dicod.pmap(i -> throw(Mute(i)), 1:3; context=context))
        @test e isa Mute && e.i == 1
        # Numbers that do not depend on who does the task.
        keys_of = Dicod.pmap(i -> Dicod.random_key(), m, 1:5)
        rank == 0 && @test keys_of == Dicod.pmap(i -> Dicod.random_key(), 1:5; seed=3) && length(unique(keys_of)) == 5
        @test Dicod.pmap(i -> Dicod.cancelled(), m, 1:3) == root([false, false, false])
        @test all(==(root([1, 2, 3])), [Dicod.pmap(i -> Dicod.task().index, m, 1:3)])
        Dicod.share(rank == 0 ? Dict("a" => table) : nothing, m)
        @test Dicod.pmap(i -> Dicod.shared()["a"][i], m, 1:20) == root(table[1:20])
        Dicod.share(rank == 0 ? "other" : nothing, m)
        @test Dicod.pmap(i -> Dicod.shared(), m, 1:3) == root(fill("other", 3))
        close(m)
        # The library inside of tasks.
        x, d = random(1, 60, 2), random(2, 7, 2, 3)
        @test Dicod.pmap(r -> solve(x, d; reg=r).objective, [0.1, 0.3]; context=context) ==
            root([solve(x, d; reg=r).objective for r in (0.1, 0.3)])
        done = Any[]
        Dicod.pmap(identity, 1:30; context=context, progress=p -> (push!(done, (p.done, p.total)); nothing), progress_interval=0)
        @test rank != 0 || done[end] == (30, 30)
        e = thrown_by(() -> Dicod.pmap(i -> sleep(0.001), 1:10^5; context=context, progress=p -> :stop, progress_interval=0))
        @test e isa DicodError && e.status == Dicod.PARMAP_ERROR_CANCELLED
        e = thrown_by(() -> Dicod.pmap(failing, 1:100; context=context, progress=p -> sqrt(-1.0), progress_interval=0))
        @test e isa DomainError || e isa DicodError
        @test thrown_by(() -> Dicod.task()) isa DicodError
    end

    @testset "pmap!" begin
        x, y = random(3, 4, 50), fill(9.0, 2, 3, 50)
        Dicod.pmap!(y, x; context=context) do yi, xi
            @assert all(iszero, yi) && size(yi) == (2, 3) && size(xi) == (4,)
            yi[1, :] .= xi[1]
            yi[2, 1] = sum(xi)
        end
        @test all(y[1, 3, i] == x[1, i] && y[2, 1, i] == sum(x[:, i]) && y[2, 2, i] == 0 for i in 1:50)
        domain_error(() -> Dicod.pmap!((yi, xi) -> failing(Dicod.task().index), y, x; context=context), 37)
        m = Dicod.Map(context=context, errors=:continue)
        Dicod.pmap!((yi, xi) -> (yi .= 1; failing(Dicod.task().index)), m, y, x)
        @test all(==(1), y[:, :, 1:36]) && all(iszero, y[:, :, 37:50]) && m.report.failed == 14
        close(m)
        message(() -> Dicod.pmap!(identity, y, x[:, 1:3]; context=context), Dicod.DICOD_ERROR_INVALID_SHAPE, "(4, 3)")
    end

    @testset "pull" begin
        seen = zeros(Int, 100)
        Dicod.pull(i -> seen[i] += 1, 100; context=context)
        @test n > 1 ? 0 < sum(seen) < 100 : all(==(1), seen)
        domain_error(() -> Dicod.pull(failing, 100; context=context), 37)
    end

    @testset "stream" begin
        got = Tuple{Int,Int}[]
        report = Dicod.stream(x -> 2x, (i for i in 1:50); context=context, max_outstanding=3) do i, y
            push!(got, (i, y))
        end
        @test got == (rank == 0 ? [(i, 2i) for i in 1:50] : []) && report.done == 50
        total = Ref(0)
        Dicod.stream((i, y) -> (total[] += y; nothing), identity, 1:50; context=context, ordered=0)
        @test total[] == (rank == 0 ? 1275 : 0)
        # Results feed the source.
        queue = [1]
        Dicod.stream(x -> x + 1, Feed(queue); context=context) do i, y
            y <= 10 && push!(queue, y)
            y == 11 && push!(queue, 0)
        end
        @test queue == (rank == 0 ? [1:10; 0] : [1])
        m = Dicod.Map(context=context)
        Dicod.stream((i, y) -> i == 5 ? :stop : nothing, identity, m, 1:1000)
        @test m.report.status == Dicod.PARMAP_STOPPED
        domain_error(() -> Dicod.stream((i, y) -> nothing, failing, m, 1:100), 37)
        domain_error(() -> Dicod.stream((i, y) -> failing(i), identity, m, 1:100), 37)
        domain_error(() -> Dicod.stream((i, y) -> nothing, identity, m, (failing(i) for i in 1:100)), 37)
        message(() -> Dicod.stream((i, y) -> nothing, identity, m, Feed([])), Dicod.PARMAP_ERROR_STALLED, "wait")
        Dicod.set!(m; deadline=0.2)
        message(() -> Dicod.stream((i, y) -> nothing, i -> sleep(0.01), m, 1:10^6), Dicod.PARMAP_ERROR_TIMEOUT, "deadline")
        close(m)
    end

    @testset "reduce" begin
        x = random(5, 1000)
        serial = Dicod.reduce((s, v) -> s + v, +, 0.0, x)
        @test Dicod.reduce((s, v) -> s + v, +, 0.0, x; context=context) === serial && serial ≈ sum(x)
        counts = Dicod.reduce((a, b) -> mergewith!(+, a, b), Dict{Int,Int}(), 1:100; context=context, chunk=7) do state, i
            state[i%3] = get(state, i % 3, 0) + 1
            state
        end
        @test counts == Dict(0 => 33, 1 => 34, 2 => 33)
        domain_error(() -> Dicod.reduce((s, i) -> failing(i), +, 0, 1:100; context=context), 37)
        domain_error(() -> Dicod.reduce((s, i) -> s, (a, b) -> failing(40), 0, 1:100; context=context), 40)
        domain_error(() -> Dicod.reduce((s, i) -> s, +, 0, 1:100; context=context, fork=s -> failing(41)), 41)
    end

    @testset "flow" begin
        chunks = [random(i, 6) for i in 1:20]
        flow = Dicod.Flow(Scale(2.0), Centre(), Counter(0, 0))
        @test length(flow) == 3
        checkpoints = Dict{Int,Vector{UInt8}}()
        Dicod.train!(flow, chunks; context=context, checkpoint=(i, bytes) -> checkpoints[i] = bytes)
        all_of = 2 .* vcat(chunks...)
        mean = sum(all_of) / 120
        @test flow[2].mean[1] ≈ mean && flow[2].spread ≈ sqrt(sum(abs2, all_of .- mean) / 120) && flow[2].stops == 2
        @test flow[3].trained == 20 && sort(collect(keys(checkpoints))) == (rank == 0 ? [2, 3] : [])
        got = Any[]
        Dicod.execute((i, y) -> push!(got, y), flow, chunks; context=context)
        rank == 0 && @test vcat(got...) ≈ (all_of .- flow[2].mean[1]) ./ flow[2].spread
        rank == 0 && @test flow[3].seen == 20
        again = Dicod.Flow(Scale(2.0), Centre())
        Dicod.load!(again, 2, rank == 0 ? checkpoints[2] : Dicod.packed(flow[2]))
        other = Any[]
        Dicod.execute((i, y) -> push!(other, y), again, chunks; context=context)
        @test other == got
        fresh() = Dicod.Flow(Scale(1.0), Centre())
        message(() -> Dicod.train!(fresh(), []; context=context), Dicod.PARMAP_ERROR_EMPTY)
        message(() -> Dicod.train!(fresh(), chunks; restartable=false, context=context), Dicod.PARMAP_ERROR_NOT_RESTARTABLE)
        message(() -> Dicod.execute((i, y) -> nothing, fresh(), chunks; context=context), Dicod.DICOD_ERROR_INVALID_STATE, "trained")
        e = thrown_by(() -> Dicod.train!(Dicod.Flow(Counter(0, 0)), [[1.0], [13.0], [2.0]]; context=context))
        @test e isa ErrorException && e.msg == "unlucky"
        domain_error(() -> Dicod.train!(fresh(), (failing(i) for i in 1:50); context=context), 37)
        e = thrown_by(() -> Dicod.train!(Dicod.Flow(Moody()), chunks; context=context))
        rank == 0 && @test e isa ErrorException && e.msg == "perhaps" # the others are not asked
        e = thrown_by(() -> Dicod.execute((i, y) -> nothing, flow, ["no numbers"]; context=context))
        @test e isa MethodError
    end

    @testset "flow of functions" begin
        chunks = [random(i, 6) for i in 1:20]
        all_of = vcat(chunks...)
        told = Ref(0)
        made(; more...) = Dicod.node(; state=(n=0, sum=0.0), fork=s -> (n=0, sum=0.0), train=(s, chunk, phase) -> (n=s.n + length(chunk),
            sum=s.sum + sum(chunk)), join=(s, t) -> (n=s.n + t.n, sum=s.sum + t.sum), more...) do s, chunk
            chunk .- s.sum / s.n
        end
        flow = Dicod.Flow(chunk -> 3 .* chunk, made(stop=(s, phase) -> (told[] += phase; s)), chunk -> chunk[1:2])
        saved = Dict{Int,Vector{UInt8}}()
        Dicod.train!(flow, chunks; context=context, checkpoint=(i, bytes) -> saved[i] = bytes)
        @test flow[2].state.n == 120 && flow[2].state.sum ≈ 3sum(all_of) && told[] == (rank == 0 ? 1 : 0)
        got = Any[]
        Dicod.execute((i, y) -> push!(got, y), flow, chunks; context=context)
        @test rank != 0 || got ≈ [3 .* c[1:2] .- 3sum(all_of) / 120 for c in chunks]
        # A checkpoint holds the state alone.
        again = Dicod.Flow(identity, made())
        Dicod.load!(again, 2, rank == 0 ? saved[2] : Dicod.packed(flow[2].state))
        @test again[2].state == flow[2].state
        counting = Dicod.Flow(Dicod.node((s, chunk) -> (s[1] += 1; chunk); state=[0], fork=s -> [0], join=(s, t) -> s .+ t,
                                         forks_in_execution=true))
        Dicod.execute((i, y) -> nothing, counting, chunks; context=context)
        @test rank != 0 || counting[1].state == [20]
        two = Dicod.Flow(Dicod.node((s, chunk) -> chunk; state=Int[], phases=2, can_fork=false,
                                    train=(s, chunk, phase) -> [s; phase]))
        Dicod.train!(two, 1:3; context=context)
        @test rank != 0 || two[1].state == [1, 1, 1, 2, 2, 2]
        # Each function's exception, as it was thrown.
        bad(; more...) = Dicod.train!(Dicod.Flow(made(; more...)), chunks; context=context)
        domain_error(() -> bad(train=(s, chunk, phase) -> failing(38)), 38)
        domain_error(() -> bad(join=(s, t) -> failing(39)), 39)
        domain_error(() -> bad(fork=s -> failing(40)), 40)
        domain_error(() -> bad(stop=(s, phase) -> failing(41)), 41)
        domain_error(() -> Dicod.execute((i, y) -> nothing, Dicod.Flow(chunk -> failing(42)), chunks; context=context), 42)
        domain_error(() -> Dicod.execute((i, y) -> failing(43), Dicod.Flow(identity), chunks; context=context), 43)
        domain_error(() -> Dicod.train!(Dicod.Flow(made()), chunks; context=context, checkpoint=(i, bytes) -> failing(44)), 44)
    end

    @testset "operators" begin
        a, b = reshape(random(1, 12), 3, 4), reshape(random(2, 8), 2, 4)
        x, y = random(3, 4), random(4, 5)
        t = Dicod.Operators([a, b]; context=context)
        @test size(t) == (5, 4) && Dicod.is_linear(t)
        @test t(x) ≈ [a; b] * x && adjoint(t, y) ≈ [a; b]' * y && Dicod.derivative(t, x) == t(x)
        message(() -> t(y), Dicod.DICOD_ERROR_INVALID_SHAPE, "5 numbers")
        close(t)
        message(() -> t(x), Dicod.DICOD_ERROR_NULL_POINTER, "closed")
        ended = Ref(0)
        square = Dicod.Operator(x -> x .^ 2; linearize=x -> (x .^ 2, h -> 2 .* x .* h, y -> 2 .* x .* y), in_size=4, out_size=4,
                                finish=() -> ended[] += 1)
        t = Dicod.Operators([a, square]; context=context)
        @test !Dicod.is_linear(t)
        message(() -> Dicod.derivative(t, x), Dicod.DICOD_ERROR_INVALID_STATE)
        @test Dicod.linearize!(t, x) ≈ [a * x; x .^ 2]
        h, w = random(5, 4), random(6, 7)
        @test Dicod.derivative(t, h) ≈ [a * h; 2 .* x .* h] && adjoint(t, w) ≈ a' * w[1:3] + 2 .* x .* w[4:7]
        close(t)
        @test ended[] == 1
        parts = Dicod.Operators([reshape(random(7, 6), 2, 3), a], [1, 2, 1], [true true false; true true true]; context=context)
        @test parts(x) ≈ [reshape(random(7, 6), 2, 3) * x[1:3]; a * x]
        close(parts)
        bad = Dicod.Operators([Dicod.Operator(x -> throw(DomainError(i)), identity; in_size=4, out_size=4) for i in 1:3]; context=context)
        domain_error(() -> bad(x), 1)
        @test adjoint(bad, random(8, 12)) ≈ sum(reshape(random(8, 12), 4, 3), dims=2)
        close(bad)
        # Of each function.
        one(; more...) = Dicod.Operators([Dicod.Operator(; in_size=4, out_size=4, more...) do x
            x
        end]; context=context)
        bad = one(linearize=x -> (x, h -> failing(38), y -> failing(39)))
        @test Dicod.linearize!(bad, x) == x
        domain_error(() -> Dicod.derivative(bad, x), 38)
        domain_error(() -> adjoint(bad, x), 39)
        close(bad)
        bad = one(linearize=x -> failing(40))
        domain_error(() -> Dicod.linearize!(bad, x), 40)
        close(bad)
        bad = Dicod.Operators([Dicod.Operator(identity, identity; in_size=4, out_size=4, finish=() -> (ended[] += 1; failing(i)))
                               for i in 41:42]; context=context)
        @test bad(x) == [x; x]
        domain_error(() -> close(bad), 41)
        @test ended[] == 3 && !isopen(bad) && close(bad) === nothing
    end

    @testset "ensembles" begin
        function descend(member)
            f(x) = sum(abs2, x .- [0.3, -0.2])
            isinf(member.value) && (member.value = f(member.x); member.evaluations += 1)
            member.state[1] += 1
            for _ in 1:min(member.limit, 5)
                x = member.x .- 0.4 .* (member.x .- [0.3, -0.2])
                member.evaluations += 1
                f(x) < member.value && (member.x = x; member.value = f(x))
            end
            member.converged = member.value < 1e-6
        end
        e = Dicod.Ensemble([-1, -1], [1, 1]; n_members=6, seed=4, state_size=1)
        starts = [m.x for m in e]
        @test length(e) == 6 && all(all(abs.(x) .<= 1) for x in starts) && length(unique(starts)) == 6
        Dicod.round!(descend, e; per_member=100, context=context)
        @test e[1].evaluations == 6 && Dicod.best(e) == argmin([m.value for m in e])
        for _ in 1:5
            Dicod.round!(descend, e; context=context)
        end
        @test Dicod.summary(e).converged == 6 && isapprox(e[Dicod.best(e)].x, [0.3, -0.2]; atol=1e-2)
        lattice = Dicod.Ensemble([0, 0], [1, 3]; cells=(1, 3))
        @test [m.x for m in lattice] == [[0.5, 0.5], [0.5, 1.5], [0.5, 2.5]] && Dicod.best(lattice) === nothing
        domain_error(() -> Dicod.round!(m -> throw(DomainError(m.x[2])), lattice; context=context), 0.5)
        @test lattice[1].evaluations == 0
        # What runs in the calling thread may use all of Julia's threads itself.
        Dicod.round!(lattice; context=context) do member
            parts = [Threads.@spawn (GC.gc(false); i * member.x[2]) for i in 1:8]
            member.value = sum(fetch.(parts))
        end
        @test [m.value for m in lattice] == 36 .* [0.5, 1.5, 2.5]
        message(() -> Dicod.Ensemble([0, 0], [1]; n_members=2), Dicod.DICOD_ERROR_INVALID_SHAPE, "2 and 1")
    end

    @testset "calls by name" begin
        m = Dicod.Map(context=context)
        Dicod.register(i -> (Dicod.task().rank, i^2), m, "square")
        Dicod.register(failing, m, "failing")
        Dicod.register(i -> i + Dicod.shared(), m, "shared")
        Dicod.serve(m)
        if rank == 0
            @test [y for (_, y) in Dicod.call(m, "square", 1:30)] == (1:30) .^ 2
            domain_error(() -> Dicod.call(m, "failing", 1:100), 37)
            Dicod.set!(m; errors=:continue)
            @test sort(collect(keys(Dicod.call(m, "failing", 35:38) |> _ -> m.failures))) == [3, 4]
            Dicod.call_share(1000, m)
            got = Int[]
            Dicod.call_stream((i, y) -> (push!(got, y); nothing), m, "shared", 1:3)
            @test got == 1001:1003
            message(() -> Dicod.call(m, "cube", 1:3), Dicod.DICOD_ERROR_INVALID_ARGUMENT, "cube")
            @test length(Dicod.call(m, "square", 1:3)) == 3
            Dicod.release(m)
        end
        close(m)
    end
end

# Iterates a queue: WAIT when it is empty, ends at 0.
struct Feed
    queue::Vector
end
Base.iterate(f::Feed, i=1) = i > length(f.queue) ? (Dicod.WAIT, i) : f.queue[i] == 0 ? nothing : (f.queue[i], i + 1)
Base.IteratorSize(::Type{Feed}) = Base.SizeUnknown()
