# Segmentation of a domain. Segments and positions count from 1, ranges hold their end: x[segment(s, i)...] is a segment.

"""
    Segmentation(full_shape; n_segments, overlap)
    Segmentation(full_shape; segment_shape, overlap)

A regular grid of segments over a box: the whole array, or `inner`, a tuple of ranges.
"""
mutable struct Segmentation
    handle::Ptr{Cvoid}
    n::Int
end

function Segmentation(full_shape=nothing; n_segments=nothing, segment_shape=nothing, inner=nothing, overlap=nothing)
    (n_segments === nothing) == (segment_shape === nothing) &&
        throw(DicodError(DICOD_ERROR_INVALID_ARGUMENT, "either n_segments or segment_shape says how the domain is cut"))
    cut = n_segments === nothing ? segment_shape : n_segments
    n = length(cut)
    for (name, list) in (("full_shape", full_shape), ("inner", inner), ("overlap", overlap))
        list === nothing || length(list) == n || bad_shape("$name needs one value per axis, $n")
    end
    numbers(list) = list === nothing ? C_NULL : reverse(collect(Int64, list))
    bounds = inner === nothing ? C_NULL : collect(Int64, Iterators.flatten((first(r) - 1, last(r)) for r in reverse(collect(inner))))
    handle = Ref{Ptr{Cvoid}}(C_NULL)
    create = n_segments === nothing ? segmentation_create_by_shape : segmentation_create_by_count
    check(create(n, numbers(full_shape), bounds, numbers(cut), numbers(overlap), handle))
    finalizer(Segmentation(handle[], n)) do s
        at = Ref(s.handle)
        s.handle = C_NULL
        segmentation_free(at)
    end
end

function number_of(f, s, arguments...)
    n = Ref{Int64}(0)
    check(f(handle_of(s), arguments..., n))
    Int(n[])
end
function flag_of(f, s, arguments...)
    n = Ref{Int32}(0)
    check(f(handle_of(s), arguments..., n))
    n[] != 0
end
function numbers_of(f, s, arguments...)
    list = zeros(Int64, s.n)
    check(f(handle_of(s), arguments..., list))
    Tuple(Int.(reverse(list)))
end
function point_of(s, point, name="a point", shift=1)
    length(point) == s.n || bad_shape("$name needs one value per axis, $(s.n), not $point")
    reverse(collect(Int64, Tuple(point))) .- shift
end

Base.length(s::Segmentation) = number_of(segmentation_n_segments, s)
Base.show(io::IO, s::Segmentation) = print(io, "Segmentation(", join(per_axis_counts(s), " × "), " segments of ",
    join(numbers_of(segmentation_full_shape, s), " × "), ")")

"Segments along each axis."
per_axis_counts(s::Segmentation) = numbers_of(segmentation_segments_per_axis, s)

"`segment(s, i; inner=false)`: the ranges of segment `i`, with its overlap unless `inner`."
function segment(s::Segmentation, i::Integer; inner::Bool=false)
    bounds = zeros(Int64, 2, s.n)
    check(segmentation_segment_bounds(handle_of(s), i - 1, inner, bounds))
    ntuple(a -> Int(bounds[1, s.n+1-a] + 1):Int(bounds[2, s.n+1-a]), s.n)
end

"What the border of the array cuts off the overlap of segment `i`: per axis `(before, after)`."
function padding(s::Segmentation, i::Integer)
    p = zeros(Int64, 2, s.n)
    check(segmentation_padding_to_overlap(handle_of(s), i - 1, p))
    ntuple(a -> (Int(p[1, s.n+1-a]), Int(p[2, s.n+1-a])), s.n)
end

"The segment whose inner part holds the point, or the nearest one."
find_segment(s::Segmentation, point) = number_of(segmentation_find_segment, s, point_of(s, point)) + 1

"The segments whose outer part meets the window of this radius around the point."
function touched_segments(s::Segmentation, point, radius)
    at, r, count = point_of(s, point), point_of(s, radius, "a radius", 0), Ref{Int64}(0)
    check(segmentation_touched_segments(handle_of(s), at, r, 0, C_NULL, count))
    found = zeros(Int64, count[] + 1)
    check(segmentation_touched_segments(handle_of(s), at, r, length(found), found, count))
    found[1:count[]] .+ 1
end

"What the window around a point, in coordinates of segment `i`, touches of its overlap: a vector of tuples of ranges."
function touched_overlap(s::Segmentation, i::Integer, point, radius)
    at, r, count = point_of(s, point), point_of(s, radius, "a radius", 0), Ref{Int64}(0)
    check(segmentation_touched_overlap_slices(handle_of(s), i - 1, at, r, 0, C_NULL, count))
    boxes = zeros(Int64, 2, s.n, count[] + 1)
    check(segmentation_touched_overlap_slices(handle_of(s), i - 1, at, r, size(boxes, 3), boxes, count))
    [ntuple(a -> Int(boxes[1, s.n+1-a, b] + 1):Int(boxes[2, s.n+1-a, b]), s.n) for b in 1:count[]]
end

"Position in the array of a point in coordinates of segment `i`, and back."
to_global(s::Segmentation, i::Integer, point) = numbers_of(segmentation_global_coordinate, s, i - 1, point_of(s, point)) .+ 1
to_local(s::Segmentation, i::Integer, point) = numbers_of(segmentation_local_coordinate, s, i - 1, point_of(s, point)) .+ 1

"Whether a point, in coordinates of segment `i`, lies in it."
function contains_point(s::Segmentation, i::Integer, point; inner::Bool=false)
    flag_of(segmentation_contains_point, s, i - 1, point_of(s, point), inner)
end

"Whether a change of this radius around a point, in coordinates of segment `i`, can be made in it."
contains_area(s::Segmentation, i::Integer, point, radius) =
    flag_of(segmentation_contains_area, s, i - 1, point_of(s, point), point_of(s, radius, "a radius", 0))

is_active(s::Segmentation, i::Integer) = flag_of(segmentation_is_active, s, i - 1)
n_active(s::Segmentation) = number_of(segmentation_n_active, s)

"`set_active!(s, which, active=true)`: how many of the segments were not so before."
function set_active!(s::Segmentation, which=1:length(s), active::Bool=true)
    list = collect(Int64, which) .- 1
    number_of(active ? segmentation_set_active : segmentation_set_inactive, s, length(list), list)
end

"The first inactive segment with an entry |dz| > tol in its inner part, or nothing."
function check_inactive(s::Segmentation, dz::AbstractArray, tol::Real)
    full = numbers_of(segmentation_full_shape, s)
    size(dz)[1:min(s.n, ndims(dz))] == full || bad_shape("dz has the size $(size(dz)): it is $full, then the atoms")
    i = number_of(segmentation_check_inactive, s, div(length(dz), prod(full)), plain(Float64, dz), tol)
    i < 0 ? nothing : i + 1
end
