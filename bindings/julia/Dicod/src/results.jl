# What calls give.

# Fields of its own, and behind them those of the library's struct in the field `info`.
abstract type Result end
Base.getproperty(r::Result, name::Symbol) =
    hasfield(typeof(r), name) ? getfield(r, name) : getproperty(getfield(r, :info), name)
Base.propertynames(r::Result) = (fieldnames(typeof(r))..., fieldnames(typeof(r.info))...)

function show_info(io, info, names)
    for name in names
        print(io, "\n  ", rpad(string(name), 13), getfield(info, name))
    end
end

"Activations `z` and what is known of them: all fields of `dicod_info` (`objective`, `duality_gap`, `steps`, ...) as well."
struct Solution{A} <: Result
    z::A
    info::dicod_info
end
const of_solutions = (:nonzeros, :objective, :duality_gap, :lambda, :lambda_max, :steps, :seconds)
function Base.show(io::IO, ::MIME"text/plain", s::Solution)
    print(io, "Solution: z of ", eltype(s.z), ", ", join(size(s.z), " × "), "; ", status_text(s.status))
    show_info(io, s.info, of_solutions)
end
Base.show(io::IO, s::Solution) = print(io, "Solution(", s.nonzeros, " nonzeros, objective ", s.objective, ")")

function Base.show(io::IO, ::MIME"text/plain", i::dicod_info)
    print(io, "dicod_info: ", status_text(i.status))
    show_info(io, i, of_solutions)
end

"A dictionary `d`, activations `z` for it (or nothing), and all fields of `dicod_learn_info`."
struct Learned{D,Z} <: Result
    d::D
    z::Z
    info::dicod_learn_info
end
const of_learning = (:iterations, :objective, :duality_gap, :nonzeros, :lambda, :seconds)
function Base.show(io::IO, ::MIME"text/plain", l::Learned)
    print(io, "Learned: d of ", eltype(l.d), ", ", join(size(l.d), " × "), "; ", status_text(l.status))
    show_info(io, l.info, of_learning)
end
Base.show(io::IO, l::Learned) = print(io, "Learned(", size(l.d)[end], " atoms, objective ", l.objective, ")")

function Base.show(io::IO, ::MIME"text/plain", i::dicod_learn_info)
    print(io, "dicod_learn_info: ", status_text(i.status))
    show_info(io, i, of_learning)
end

"One outer iteration of learning: `nonzeros` of each atom, and all fields of `dicod_learn_step` (`objective_d`, ...)."
struct Step <: Result
    nonzeros::Vector{Int64}
    info::dicod_learn_step
end
Base.show(io::IO, s::Step) = print(io, "Step(", s.iteration, ": objective ", s.objective_z, " -> ", s.objective_d, ")")

"Activations that are not zero: `value[i]` is `z[position[i], atom[i], signal[i]]`; `position` has a `CartesianIndex` for each."
struct Activations{N}
    signal::Vector{Int64}
    atom::Vector{Int64}
    position::Vector{CartesianIndex{N}}
    value::Vector{Float64}
end
Base.length(a::Activations) = length(a.value)
Base.show(io::IO, a::Activations) = print(io, "Activations(", length(a), " of them)")
