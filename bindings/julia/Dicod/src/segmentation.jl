# Segmentation of a domain. Segments and positions count from 1, ranges hold their end: x[segment(s, i)...] is a segment.

"""
    Segmentation(full_shape; n_segments, overlap)
    Segmentation(full_shape; segment_shape, overlap)

A regular grid of segments over a box: the whole array, or `inner`, a tuple of ranges.
"""
mutable struct Segmentation <: Handle
    handle::Ptr{Cvoid}
    n::Int
end

function Segmentation(full_shape=nothing; n_segments=nothing, segment_shape=nothing, inner=nothing, overlap=nothing)
    (n_segments === nothing) == (segment_shape === nothing) &&
        bad_argument("either n_segments or segment_shape says how the domain is cut")
    cut = n_segments === nothing ? segment_shape : n_segments
    n = length(cut)
    for (name, list) in (("full_shape", full_shape), ("inner", inner), ("overlap", overlap))
        list === nothing || length(list) == n || bad_shape("$name needs one value per axis, $n")
    end
    numbers(list) = list === nothing ? C_NULL : reversed(list)
    bounds = inner === nothing ? C_NULL : collect(Int64, Iterators.flatten((first(r) - 1, last(r)) for r in reverse(collect(inner))))
    create = n_segments === nothing ? segmentation_create_by_shape : segmentation_create_by_count
    handle = created(create, n, numbers(full_shape), bounds, numbers(cut), numbers(overlap))
    finalizer(close, Segmentation(handle, n))
end

Segmentation(f::Function, arguments...; keywords...) = closed_after(f, Segmentation(arguments...; keywords...))
Base.close(s::Segmentation) = release(segmentation_free, s)

function number_of(f, s, arguments...)
    n = Ref{Int64}(0)
    check(f(s, arguments..., n))
    Int(n[])
end
function flag_of(f, s, arguments...)
    n = Ref{Int32}(0)
    check(f(s, arguments..., n))
    n[] != 0
end
function numbers_of(f, s, arguments...)
    list = zeros(Int64, s.n)
    check(f(s, arguments..., list))
    Tuple(Int.(reverse(list)))
end
function pairs_of(f, s, arguments...)
    list = zeros(Int64, 2, s.n)
    check(f(s, arguments..., list))
    ntuple(a -> (Int(list[1, s.n+1-a]), Int(list[2, s.n+1-a])), s.n)
end
range_of((first, last)) = first+1:last
function point_of(s, point, name="a point", shift=1)
    length(point) == s.n || bad_shape("$name needs one value per axis, $(s.n), not $point")
    reversed(Tuple(point)) .- shift
end

Base.length(s::Segmentation) = number_of(segmentation_get_n_segments, s)
Base.eltype(::Type{Segmentation}) = Tuple{Vararg{UnitRange{Int}}}
"`for ranges in s` goes through all segments, their overlap included."
Base.iterate(s::Segmentation, i=1) = i > length(s) ? nothing : (segment(s, i), i + 1)
Base.show(io::IO, s::Segmentation) = isopen(s) ? print(io, "Segmentation(", join(per_axis_counts(s), " × "), " segments of ",
    join(full_shape(s), " × "), ")") : print(io, "Segmentation(closed)")

"Segments along each axis."
per_axis_counts(s::Segmentation) = numbers_of(segmentation_get_segments_per_axis, s)

"Shape of the full array, and the overlap along each axis."
full_shape(s::Segmentation) = numbers_of(segmentation_get_full_shape, s)
overlap(s::Segmentation) = numbers_of(segmentation_get_overlap, s)

"The domain that is cut: its ranges in the full array."
domain(s::Segmentation) = map(range_of, pairs_of(segmentation_get_inner_bounds, s))

"The size that was asked for or computed for the segments of each axis; the last ones may differ."
nominal_shape(s::Segmentation) = numbers_of(segmentation_get_nominal_shape, s)

"""
    segment(s, i; inner=false)

The ranges of segment `i`, with its overlap unless `inner`: `x[segment(s, i)...]` is the segment.
"""
segment(s::Segmentation, i::Integer; inner::Bool=false) = map(range_of, pairs_of(segmentation_get_segment_bounds, s, i - 1, inner))

"What the border of the array cuts off the overlap of segment `i`: per axis `(before, after)`."
padding(s::Segmentation, i::Integer) = pairs_of(segmentation_get_padding_to_overlap, s, i - 1)

"""
    find_segment(s, point)

The segment whose inner part holds the point, or the nearest one.
"""
find_segment(s::Segmentation, point) = number_of(segmentation_find_segment, s, point_of(s, point)) + 1

"""
    touched_segments(s, point, radius)

The segments whose outer part meets the window of this radius around the point.
"""
function touched_segments(s::Segmentation, point, radius)
    at, r, count = point_of(s, point), point_of(s, radius, "a radius", 0), Ref{Int64}(0)
    check(segmentation_get_touched_segments(s, at, r, 0, C_NULL, count))
    found = zeros(Int64, count[] + 1)
    check(segmentation_get_touched_segments(s, at, r, length(found), found, count))
    found[1:count[]] .+ 1
end

"What the window around a point, in coordinates of segment `i`, touches of its overlap: a vector of tuples of ranges."
function touched_overlap(s::Segmentation, i::Integer, point, radius)
    at, r, count = point_of(s, point), point_of(s, radius, "a radius", 0), Ref{Int64}(0)
    check(segmentation_get_touched_overlap_slices(s, i - 1, at, r, 0, C_NULL, count))
    boxes = zeros(Int64, 2, s.n, count[] + 1)
    check(segmentation_get_touched_overlap_slices(s, i - 1, at, r, size(boxes, 3), boxes, count))
    [ntuple(a -> range_of(Int.((boxes[1, s.n+1-a, b], boxes[2, s.n+1-a, b]))), s.n) for b in 1:count[]]
end

"Position in the array of a point in coordinates of segment `i`, and back."
to_global(s::Segmentation, i::Integer, point) = numbers_of(segmentation_get_global_coordinate, s, i - 1, point_of(s, point)) .+ 1
to_local(s::Segmentation, i::Integer, point) = numbers_of(segmentation_get_local_coordinate, s, i - 1, point_of(s, point)) .+ 1

"Whether a point, in coordinates of segment `i`, lies in it."
function contains_point(s::Segmentation, i::Integer, point; inner::Bool=false)
    flag_of(segmentation_contains_point, s, i - 1, point_of(s, point), inner)
end

"Whether a change of this radius around a point, in coordinates of segment `i`, can be made in it."
contains_area(s::Segmentation, i::Integer, point, radius) =
    flag_of(segmentation_contains_area, s, i - 1, point_of(s, point), point_of(s, radius, "a radius", 0))

"Whether segment `i` is active, as all are at first; how many are; and whether any is."
is_active(s::Segmentation, i::Integer) = flag_of(segmentation_is_active, s, i - 1)
n_active(s::Segmentation) = number_of(segmentation_get_n_active, s)
any_active(s::Segmentation) = flag_of(segmentation_exists_active, s)

"Makes all segments active: how many were not."
reset!(s::Segmentation) = number_of(segmentation_reset, s)

"The segment after `i`, from the last one on to the first."
next_segment(s::Segmentation, i::Integer) = number_of(segmentation_increment, s, i - 1) + 1

"`set_active!(s, which, active=true)`: how many of the segments were not so before."
function set_active!(s::Segmentation, which=1:length(s), active::Bool=true)
    list = collect(Int64, which) .- 1
    number_of(active ? segmentation_set_active : segmentation_set_inactive, s, length(list), list)
end

"The first inactive segment with an entry |dz| > tol in its inner part, or nothing."
function check_inactive(s::Segmentation, dz::AbstractArray, tol::Real)
    full = full_shape(s)
    size(dz)[1:min(s.n, ndims(dz))] == full || bad_shape("dz has the size $(size(dz)): it is $full, then the atoms")
    i = number_of(segmentation_check_inactive, s, div(length(dz), prod(full)), plain(Float64, dz), tol)
    i < 0 ? nothing : i + 1
end
