"""
Recurring patterns in signals, images and volumes by convolutional sparse coding: libdicod for Julia.

    using Dicod
    s = solve(x, d; reg=0.1)      # s.z, s.objective, s.duality_gap, ...

Arrays are in Julia's order: signals `x[nx, ny, channel, signal]`, dictionaries `d[lx, ly, channel, atom]`, activations
`z[vx, vy, atom, signal]`, with one to three axes in front; the axis of signals may be left out where there is one, that of
channels of `x` as well. Keyword arguments are the library's options, see [`Dicod.options`](@ref); lists per axis are in
Julia's order. Positions and numbers of atoms, signals, segments and tasks count from 1; an `offset` is the number of elements
before; ranks count from 0, as MPI's do.

The library is found by `ENV["DICOD_LIBRARY"]` (a path), or as `libdicod` by the system's linker. For contexts on
communicators it has to be a `libdicod_mpi`, and MPI has to be loaded and initialised before.

The parallel map is not exported, as its names are those of others: [`Dicod.pmap`](@ref), [`Dicod.stream`](@ref),
[`Dicod.reduce`](@ref), [`Dicod.Flow`](@ref), [`Dicod.Operators`](@ref), [`Dicod.Ensemble`](@ref).
"""
module Dicod

using Libdl, Serialization, SparseArrays

export solve, learn, initial_dictionary, lambda_max, reconstruct, objective, valid_shape, Context, Encoder, Learner, Segmentation, DicodError,
       solve!, path!, reg_path, reconstruct!, residual!, get_background!, set_weights!, clear_weights!, set_penalties!, clear_penalties!, set_z!, get_z, get_z!, clear_z!, set_dictionary!, activations, set_activations!, activation_matrix, region, step!, run!, encode!, sort_atoms!,
       dictionary, segment, find_segment, touched_segments

include("library.jl")
include("told.jl")
include("context.jl")
include("options.jl")
include("arrays.jl")
include("results.jl")
include("memory.jl")
include("solve.jl")
include("encoder.jl")
include("learn.jl")
include("segmentation.jl")
include("map.jl")
include("task.jl")
include("run.jl")
include("pmap.jl")
include("stream.jl")
include("reduce.jl")
include("flow.jl")
include("operators.jl")
include("ensemble.jl")

end
