! A regular grid of segments over a box. Everything is local.
module segmentation_m
  use, intrinsic :: iso_fortran_env, only: int32, int64, real64
  use dicod_c
  use dicod_error_m
  implicit none
  private
  public :: segmentation

  ! Bounds are b(2, axis): first and last position.
  type, extends(library_handle) :: segmentation
    integer :: n_axes = 0
  contains
    procedure :: create => segments_create
    procedure :: free => segments_free
    procedure :: n_segments => segments_n_segments
    procedure :: per_axis => segments_per_axis
    procedure :: nominal_shape => segments_nominal_shape
    procedure :: shape => segments_shape
    procedure :: full_shape => segments_full_shape
    procedure :: overlap => segments_overlap
    procedure :: inner_bounds => segments_inner_bounds
    procedure :: n_active => segments_n_active
    procedure :: any_active => segments_any_active
    procedure :: bounds => segments_bounds
    procedure :: segment_shape => segments_segment_shape
    procedure :: slices => segments_slices
    procedure :: padding => segments_padding
    procedure :: find => segments_find
    procedure :: touched => segments_touched
    procedure :: touched_overlap => segments_touched_overlap
    procedure :: to_global => segments_to_global
    procedure :: to_local => segments_to_local
    procedure :: contains_point => segments_contains_point
    procedure :: contains_area => segments_contains_area
    procedure :: next => segments_next
    procedure :: is_active => segments_is_active
    procedure :: set_active => segments_set_active
    !@each dz
    procedure, private :: segments_check_inactive_{n}
    generic :: check_inactive => segments_check_inactive_{n}
    !@end
    final :: segments_final
  end type

contains

  ! Either n_segments or segment_shape; the domain is full_shape, or inner_bounds(2, axis) in it: first and last position.
  recursive subroutine segments_create(self, full_shape, inner_bounds, n_segments, segment_shape, overlap, stat, errmsg)
    class(segmentation), intent(inout) :: self
    class(*), intent(in), optional :: full_shape(..), inner_bounds(:, :), n_segments(..), segment_shape(..), overlap(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int64), allocatable, target :: lists(:, :), bounds(:, :)
    integer(int64), target :: axes
    integer(int32) :: status
    type(c_ptr) :: handle, at_full, at_bounds, at_overlap
    logical :: fits
    integer :: n
    status = DICOD_ERROR_INVALID_ARGUMENT
    if (present(n_segments) .eqv. present(segment_shape)) then
      call report_status(status, stat, errmsg, 'either n_segments or segment_shape says how the domain is cut')
      return
    end if
    n = 0
    if (present(n_segments)) n = size(wholes(n_segments))
    if (present(segment_shape)) n = size(wholes(segment_shape))
    fits = .true.
    if (present(full_shape)) fits = size(wholes(full_shape)) == n
    if (present(inner_bounds)) fits = fits .and. size(inner_bounds, 1) == 2 .and. size(inner_bounds, 2) == n
    if (present(overlap)) fits = fits .and. size(wholes(overlap)) == n
    if (.not. fits) then
      call report_status(status, stat, errmsg, 'all arguments need one value per axis, inner_bounds is (2, axis)')
      return
    end if
    allocate (lists(n + 1, 3), bounds(2, n + 1))
    at_full = c_null_ptr
    at_bounds = c_null_ptr
    at_overlap = c_null_ptr
    handle = c_null_ptr
    if (present(full_shape)) then
      lists(:n, 1) = reverse(wholes(full_shape))
      at_full = c_loc(lists(1, 1))
    end if
    if (present(inner_bounds)) then
      bounds(1, :n) = reverse(wholes(inner_bounds(1, :))) - 1
      bounds(2, :n) = reverse(wholes(inner_bounds(2, :)))
      at_bounds = c_loc(bounds)
    end if
    if (present(overlap)) then
      lists(:n, 2) = reverse(wholes(overlap))
      at_overlap = c_loc(lists(1, 2))
    end if
    if (present(n_segments)) then
      lists(:n, 3) = reverse(wholes(n_segments))
      status = segmentation_create_by_count(int(n, int64), at_full, at_bounds, c_loc(lists(1, 3)), at_overlap, handle)
    else
      lists(:n, 3) = reverse(wholes(segment_shape))
      status = segmentation_create_by_shape(int(n, int64), at_full, at_bounds, c_loc(lists(1, 3)), at_overlap, handle)
    end if
    if (status >= 0) then
      call segments_free(self)
      self%handle = handle
      status = segmentation_get_n_axes(handle, c_loc(axes))
      self%n_axes = int(axes)
    end if
    call report_status(status, stat, errmsg)
  end subroutine

  ! Local, as everything of segmentations.
  recursive subroutine segments_free(self)
    class(segmentation), intent(inout) :: self
    integer(int32) :: ignored
    ignored = segmentation_free(self%handle)
  end subroutine

  impure elemental recursive subroutine segments_final(self)
    type(segmentation), intent(inout) :: self
    integer(int32) :: ignored
    ignored = segmentation_free(self%handle)
  end subroutine

  ! Number of segments.
  recursive function segments_n_segments(self, stat, errmsg) result(n)
    class(segmentation), intent(in) :: self
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int64), target :: n
    n = 0
    call report_status(segmentation_get_n_segments(self%handle, c_loc(n)), stat, errmsg)
  end function

  ! Number of segments along each axis.
  recursive function segments_per_axis(self, stat, errmsg) result(values)
    class(segmentation), intent(in) :: self
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int64) :: values(self%n_axes)
    integer(int64), target :: found(self%n_axes + 1)
    found = 0
    call report_status(segmentation_get_segments_per_axis(self%handle, c_loc(found)), stat, errmsg)
    values = reverse(found(:self%n_axes))
  end function

  ! The size that was asked for or computed for the segments of each axis.
  recursive function segments_nominal_shape(self, stat, errmsg) result(values)
    class(segmentation), intent(in) :: self
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int64) :: values(self%n_axes)
    integer(int64), target :: found(self%n_axes + 1)
    found = 0
    call report_status(segmentation_get_nominal_shape(self%handle, c_loc(found)), stat, errmsg)
    values = reverse(found(:self%n_axes))
  end function

  ! Shape of the domain.
  recursive function segments_shape(self, stat, errmsg) result(values)
    class(segmentation), intent(in) :: self
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int64) :: values(self%n_axes)
    integer(int64), target :: found(self%n_axes + 1)
    found = 0
    call report_status(segmentation_get_shape(self%handle, c_loc(found)), stat, errmsg)
    values = reverse(found(:self%n_axes))
  end function

  ! Shape of the array that the domain lies in.
  recursive function segments_full_shape(self, stat, errmsg) result(values)
    class(segmentation), intent(in) :: self
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int64) :: values(self%n_axes)
    integer(int64), target :: found(self%n_axes + 1)
    found = 0
    call report_status(segmentation_get_full_shape(self%handle, c_loc(found)), stat, errmsg)
    values = reverse(found(:self%n_axes))
  end function

  ! Overlap along each axis.
  recursive function segments_overlap(self, stat, errmsg) result(values)
    class(segmentation), intent(in) :: self
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int64) :: values(self%n_axes)
    integer(int64), target :: found(self%n_axes + 1)
    found = 0
    call report_status(segmentation_get_overlap(self%handle, c_loc(found)), stat, errmsg)
    values = reverse(found(:self%n_axes))
  end function

  ! First and last position of the domain in the full array.
  recursive function segments_inner_bounds(self, stat, errmsg) result(b)
    class(segmentation), intent(in) :: self
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int64) :: b(2, self%n_axes)
    integer(int64), target :: found(2, self%n_axes + 1)
    found = 0
    call report_status(segmentation_get_inner_bounds(self%handle, c_loc(found)), stat, errmsg)
    b(1, :) = reverse(found(1, :self%n_axes)) + 1
    b(2, :) = reverse(found(2, :self%n_axes))
  end function

  ! Whether a segment is active.
  recursive function segments_any_active(self, stat, errmsg) result(active)
    class(segmentation), intent(in) :: self
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    logical :: active
    integer(int32), target :: found
    found = 0
    call report_status(segmentation_exists_active(self%handle, c_loc(found)), stat, errmsg)
    active = found /= 0
  end function

  ! Size of a segment, with overlap unless inner.
  recursive function segments_segment_shape(self, segment, inner, stat, errmsg) result(values)
    class(segmentation), intent(in) :: self
    class(*), intent(in) :: segment
    logical, intent(in), optional :: inner
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int64) :: values(self%n_axes)
    integer(int64), target :: found(self%n_axes + 1)
    found = 0
    call report_status(segmentation_get_segment_shape(self%handle, whole(segment) - 1, part_of(inner), &
      c_loc(found)), stat, errmsg)
    values = reverse(found(:self%n_axes))
  end function

  ! A segment in the form that HDF5's hyperslabs and MPI's subarrays take: the number of elements before it, and in it.
  recursive subroutine segments_slices(self, segment, start, count, inner, stat, errmsg)
    class(segmentation), intent(in) :: self
    class(*), intent(in) :: segment
    integer(int64), intent(out) :: start(:), count(:)
    logical, intent(in), optional :: inner
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int64), target :: found(self%n_axes + 1, 2)
    integer(int32) :: status
    start = 0
    count = 0
    if (.not. fitting(self, size(start), stat, errmsg)) return
    if (.not. fitting(self, size(count), stat, errmsg)) return
    status = segmentation_get_segment_slices(self%handle, whole(segment) - 1, part_of(inner), c_loc(found(1, 1)), &
      c_loc(found(1, 2)))
    if (status >= 0) then
      start = reverse(found(:self%n_axes, 1))
      count = reverse(found(:self%n_axes, 2))
    end if
    call report_status(status, stat, errmsg)
  end subroutine

  pure recursive function part_of(inner) result(part)
    logical, intent(in), optional :: inner
    integer(int32) :: part
    part = 0
    if (present(inner)) part = merge(1_int32, 0_int32, inner)
  end function

  ! Number of segments that are active.
  recursive function segments_n_active(self, stat, errmsg) result(n)
    class(segmentation), intent(in) :: self
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int64), target :: n
    n = 0
    call report_status(segmentation_get_n_active(self%handle, c_loc(n)), stat, errmsg)
  end function

  ! First and last position of a segment; inner: without overlap (the default is with).
  recursive function segments_bounds(self, segment, inner, stat, errmsg) result(b)
    class(segmentation), intent(in) :: self
    class(*), intent(in) :: segment
    logical, intent(in), optional :: inner
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int64) :: b(2, self%n_axes)
    integer(int64), target :: found(2, self%n_axes + 1)
    found = 0
    call report_status(segmentation_get_segment_bounds(self%handle, whole(segment) - 1, part_of(inner), &
      c_loc(found)), stat, errmsg)
    b(1, :) = reverse(found(1, :self%n_axes)) + 1
    b(2, :) = reverse(found(2, :self%n_axes))
  end function

  ! What the border of the array cuts off the overlap of a segment: p(1, axis) before, p(2, axis) after it.
  recursive function segments_padding(self, segment, stat, errmsg) result(p)
    class(segmentation), intent(in) :: self
    class(*), intent(in) :: segment
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int64) :: p(2, self%n_axes)
    integer(int64), target :: found(2, self%n_axes + 1)
    found = 0
    call report_status(segmentation_get_padding_to_overlap(self%handle, whole(segment) - 1, c_loc(found)), stat, errmsg)
    p = found(:, self%n_axes:1:-1)
  end function

  ! The segment whose inner part holds the point, or the nearest one.
  recursive function segments_find(self, point, stat, errmsg) result(segment)
    class(segmentation), intent(in) :: self
    class(*), intent(in) :: point(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int64), target :: segment
    integer(int64), target :: at(self%n_axes + 1)
    segment = 0
    if (.not. fitting(self, size(wholes(point)), stat, errmsg)) return
    at(:self%n_axes) = reverse(wholes(point)) - 1
    call report_status(segmentation_find_segment(self%handle, c_loc(at), c_loc(segment)), stat, errmsg)
    segment = segment + 1
  end function

  recursive function fitting(self, n, stat, errmsg) result(fits)
    class(segmentation), intent(in) :: self
    integer, intent(in) :: n
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    logical :: fits
    fits = n == self%n_axes
    if (.not. fits) call report_status(DICOD_ERROR_INVALID_ARGUMENT, stat, errmsg, &
      'a point and a radius have one value per axis, '// &
      text_of([int(self%n_axes, int64)])//', not '//text_of([int(n, int64)]))
  end function

  ! Segments whose outer part meets the window of this radius around a point.
  recursive function segments_touched(self, point, radius, stat, errmsg) result(segments)
    class(segmentation), intent(in) :: self
    class(*), intent(in) :: point(..), radius(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int64), allocatable :: segments(:)
    integer(int64), allocatable, target :: found(:)
    integer(int64), target :: at(self%n_axes + 1), r(self%n_axes + 1), count
    integer(int32) :: status
    allocate (segments(0))
    if (.not. fitting(self, size(wholes(point)), stat, errmsg)) return
    if (.not. fitting(self, size(wholes(radius)), stat, errmsg)) return
    at(:self%n_axes) = reverse(wholes(point)) - 1
    r(:self%n_axes) = reverse(wholes(radius))
    count = 0
    status = segmentation_get_touched_segments(self%handle, c_loc(at), c_loc(r), 0_int64, c_null_ptr, c_loc(count))
    allocate (found(count + 1))
    if (status >= 0) status = segmentation_get_touched_segments(self%handle, c_loc(at), c_loc(r), count + 1, c_loc(found), &
      c_loc(count))
    if (status >= 0) segments = found(:count) + 1
    call report_status(status, stat, errmsg)
  end function

  ! What the window around a point (local coordinates) touches of the overlap: boxes(2, axis, box), first and last.
  recursive function segments_touched_overlap(self, segment, point, radius, stat, errmsg) result(boxes)
    class(segmentation), intent(in) :: self
    class(*), intent(in) :: segment, point(..), radius(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int64), allocatable :: boxes(:, :, :)
    integer(int64), allocatable, target :: found(:, :, :)
    integer(int64), target :: at(self%n_axes + 1), r(self%n_axes + 1), count
    integer(int32) :: status
    allocate (boxes(2, self%n_axes, 0))
    if (.not. fitting(self, size(wholes(point)), stat, errmsg)) return
    if (.not. fitting(self, size(wholes(radius)), stat, errmsg)) return
    at(:self%n_axes) = reverse(wholes(point)) - 1
    r(:self%n_axes) = reverse(wholes(radius))
    count = 0
    status = segmentation_get_touched_overlap_slices(self%handle, whole(segment) - 1, c_loc(at), c_loc(r), 0_int64, &
      c_null_ptr, c_loc(count))
    allocate (found(2, self%n_axes, count + 1))
    if (status >= 0) status = segmentation_get_touched_overlap_slices(self%handle, whole(segment) - 1, c_loc(at), &
      c_loc(r), count + 1, &
      c_loc(found), c_loc(count))
    if (status >= 0) then
      boxes = found(:, self%n_axes:1:-1, :count)
      boxes(1, :, :) = boxes(1, :, :) + 1
    end if
    call report_status(status, stat, errmsg)
  end function

  ! Global coordinates of a point in those of a segment.
  recursive function segments_to_global(self, segment, point, stat, errmsg) result(global)
    class(segmentation), intent(in) :: self
    class(*), intent(in) :: segment, point(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int64) :: global(self%n_axes)
    integer(int64), target :: at(self%n_axes + 1), found(self%n_axes + 1)
    global = 0
    if (.not. fitting(self, size(wholes(point)), stat, errmsg)) return
    at(:self%n_axes) = reverse(wholes(point)) - 1
    found = 0
    call report_status(segmentation_get_global_coordinate(self%handle, whole(segment) - 1, c_loc(at), &
      c_loc(found)), stat, errmsg)
    global = reverse(found(:self%n_axes)) + 1
  end function

  ! Coordinates in a segment of a point in global ones.
  recursive function segments_to_local(self, segment, point, stat, errmsg) result(local)
    class(segmentation), intent(in) :: self
    class(*), intent(in) :: segment, point(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int64) :: local(self%n_axes)
    integer(int64), target :: at(self%n_axes + 1), found(self%n_axes + 1)
    local = 0
    if (.not. fitting(self, size(wholes(point)), stat, errmsg)) return
    at(:self%n_axes) = reverse(wholes(point)) - 1
    found = 0
    call report_status(segmentation_get_local_coordinate(self%handle, whole(segment) - 1, c_loc(at), c_loc(found)), &
      stat, errmsg)
    local = reverse(found(:self%n_axes)) + 1
  end function

  ! Whether a point, in coordinates of the segment, lies in that part of it.
  recursive function segments_contains_point(self, segment, point, inner, stat, errmsg) result(contained)
    class(segmentation), intent(in) :: self
    class(*), intent(in) :: segment, point(..)
    logical, intent(in), optional :: inner
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    logical :: contained
    integer(int64), target :: at(self%n_axes + 1)
    integer(int32), target :: found
    contained = .false.
    if (.not. fitting(self, size(wholes(point)), stat, errmsg)) return
    at(:self%n_axes) = reverse(wholes(point)) - 1
    found = 0
    call report_status(segmentation_contains_point(self%handle, whole(segment) - 1, c_loc(at), part_of(inner), &
      c_loc(found)), stat, errmsg)
    contained = found /= 0
  end function

  ! Whether the window around a point, in coordinates of the segment, lies in the segment as far as that counts.
  recursive function segments_contains_area(self, segment, point, radius, stat, errmsg) result(contained)
    class(segmentation), intent(in) :: self
    class(*), intent(in) :: segment, point(..), radius(..)
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    logical :: contained
    integer(int64), target :: at(self%n_axes + 1), r(self%n_axes + 1)
    integer(int32), target :: found
    contained = .false.
    if (.not. fitting(self, size(wholes(point)), stat, errmsg)) return
    if (.not. fitting(self, size(wholes(radius)), stat, errmsg)) return
    at(:self%n_axes) = reverse(wholes(point)) - 1
    r(:self%n_axes) = reverse(wholes(radius))
    found = 0
    call report_status(segmentation_contains_area(self%handle, whole(segment) - 1, c_loc(at), c_loc(r), &
      c_loc(found)), stat, errmsg)
    contained = found /= 0
  end function

  ! The segment after this one, and 1 after the last; 0 stands before the first.
  recursive function segments_next(self, segment, stat, errmsg) result(next)
    class(segmentation), intent(in) :: self
    class(*), intent(in) :: segment
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int64), target :: next
    next = -1
    call report_status(segmentation_increment(self%handle, whole(segment) - 1, c_loc(next)), stat, errmsg)
    next = next + 1
  end function

  ! Whether a segment is active.
  recursive function segments_is_active(self, segment, stat, errmsg) result(active)
    class(segmentation), intent(in) :: self
    class(*), intent(in) :: segment
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    logical :: active
    integer(int32), target :: found
    found = 0
    call report_status(segmentation_is_active(self%handle, whole(segment) - 1, c_loc(found)), stat, errmsg)
    active = found /= 0
  end function

  ! Without segments: all of them. changed: how many were not so before.
  recursive subroutine segments_set_active(self, active, segments, changed, stat, errmsg)
    class(segmentation), intent(inout) :: self
    logical, intent(in) :: active
    class(*), intent(in), optional :: segments(..)
    integer(int64), intent(out), optional :: changed
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int64), allocatable, target :: which(:)
    integer(int64), target :: n
    integer(int64) :: i
    integer(int32) :: status
    n = 0
    status = DICOD_OK
    if (present(segments)) then
      allocate (which, source=[wholes(segments) - 1, 0_int64])
    else if (active) then
      status = segmentation_reset(self%handle, c_loc(n))
      allocate (which(0))
    else
      status = segmentation_get_n_segments(self%handle, c_loc(n))
      allocate (which, source=[(i, i=0, n)])
    end if
    if (status >= 0 .and. active .and. present(segments)) then
      status = segmentation_set_active(self%handle, size(which, kind=int64) - 1, c_loc(which), c_loc(n))
    else if (status >= 0 .and. .not. active) then
      status = segmentation_set_inactive(self%handle, size(which, kind=int64) - 1, c_loc(which), c_loc(n))
    end if
    if (present(changed)) changed = merge(n, 0_int64, status >= 0)
    call report_status(status, stat, errmsg)
  end subroutine

  !@each dz
  ! The first inactive segment with an entry |dz| > tol in its inner part; 0: there is none. dz(full shape, atom); the axis of
  ! atoms may be left out where there is one.
  recursive function segments_check_inactive_{n}(self, dz, tol, stat, errmsg) result(segment)
    class(segmentation), intent(in) :: self
    real(real64), intent(in), target, contiguous :: dz({dz})
    real(real64), intent(in) :: tol
    integer(int32), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(int64), target :: segment
    integer(int64), target :: full(self%n_axes + 1)
    integer(int64) :: s({n} + 1), n_atoms
    integer(int32) :: status
    segment = -1
    full = 1
    status = segmentation_get_full_shape(self%handle, c_loc(full))
    if (status >= 0) then
      s = [shape(dz, int64), 1_int64]
      n_atoms = s(min(self%n_axes, {n}) + 1)
      if ({n} < self%n_axes .or. {n} > self%n_axes + 1 .or. any(s(:min(self%n_axes, &
        {n})) /= reverse(full(:min(self%n_axes, {n}))))) then
        call report_status(DICOD_ERROR_INVALID_SHAPE, stat, errmsg, 'dz has the shape '//text_of(shape(dz, int64))// &
          ': it is the full shape, '//text_of(reverse(full(:self%n_axes)))//', then atoms')
        segment = 0
        return
      end if
      status = segmentation_check_inactive(self%handle, n_atoms, c_loc(dz), tol, c_loc(segment))
    end if
    segment = segment + 1
    call report_status(status, stat, errmsg)
  end function

  !@end
end module
