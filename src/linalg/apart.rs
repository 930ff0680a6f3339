//! Whether elements of an array that is written share memory.

use crate::base::error::{Error, Result};
use crate::base::order::places_by;
use crate::base::wording::per_axis;
use crate::grid::point::AXES;
use crate::linalg::Strided;

/// Fails if elements do of channels that are to be written, at these addresses; with the names of strides and channels.
pub(crate) fn fails_unless_apart<T>(
    layout: &Strided,
    channels: &[usize],
    n_axes: usize,
    strides_name: &str,
    channels_name: &str,
) -> Result<()> {
    let Some(shared) = shared::<T>(layout, channels) else { return Ok(()) };
    let Shared::Between(first, second) = shared else {
        let allowed = "such that no two elements of the array that is written share memory";
        return Err(Error::argument(strides_name, per_axis(&layout.strides[AXES - n_axes..]), allowed));
    };
    let allowed = format!("an address such that no element is one of channel {first}");
    Err(Error::argument(&format!("{channels_name}[{second}]"), format!("{:#x}", channels[second]), allowed))
}

/// Which elements do.
enum Shared {
    /// Two of one channel.
    Within,
    /// Elements of two channels, by their places.
    Between(usize, usize),
}

/// The first elements of channels at these addresses that share memory.
fn shared<T>(layout: &Strided, channels: &[usize]) -> Option<Shared> {
    // By size of the stride: an axis has to step over all that the smaller ones span.
    let mut axes: Vec<(i64, i64)> = (0..AXES)
        .filter(|axis| layout.shape[*axis] > 1)
        .map(|axis| (layout.strides[axis].abs(), layout.shape[axis]))
        .collect();
    axes.sort_unstable();
    let mut span = 0;
    for (stride, length) in &axes {
        if *stride <= span {
            return Some(Shared::Within);
        }
        span += stride * (length - 1);
    }
    axes.reverse();
    let order = places_by(channels.len(), &|index| [channels[index] as i64, 0, 0, 0, 0]);
    for (place, first) in order.iter().enumerate() {
        for second in &order[place + 1..] {
            let distance = ((channels[*second] - channels[*first]) / size_of::<T>()) as i64;
            if distance > span {
                break;
            }
            if reaches(&axes, span, distance) {
                return Some(Shared::Between(*first.min(second), *first.max(second)));
            }
        }
    }
    None
}

/// Can a difference of two positions, along axes of (stride, length) from the largest stride on,
/// come to `distance`? `span` is what the axes span in all.
fn reaches(axes: &[(i64, i64)], span: i64, distance: i64) -> bool {
    let Some(((stride, length), rest)) = axes.split_first() else {
        return distance == 0;
    };
    let rest_span = span - stride * (length - 1);
    // The rest spans less than this stride: two numbers of steps at most come near enough.
    let steps = distance.div_euclid(*stride);
    [steps, steps + 1].into_iter().any(|steps| {
        let left = distance - steps * stride;
        steps.abs() < *length && left.abs() <= rest_span && reaches(rest, rest_span, left)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn overlap_is_found_exactly(
            lengths in prop::collection::vec(1i64..5, 1..4),
            gaps in prop::collection::vec(0i64..3, 3),
            distance in 0i64..200,
        ) {
            // Strides that step over the smaller ones.
            let mut axes = Vec::new();
            let mut span = 0;
            for (length, gap) in lengths.iter().zip(gaps) {
                axes.push((span + 1 + gap, *length));
                span += (span + 1 + gap) * (length - 1);
            }
            let mut offsets = vec![0];
            for (stride, length) in &axes {
                offsets = (0..*length)
                    .flat_map(|i| offsets.iter().map(move |o| o + i * stride).collect::<Vec<_>>())
                    .collect();
            }
            let expected = offsets.iter().any(|a| offsets.contains(&(a + distance)));
            axes.reverse();
            prop_assert_eq!(reaches(&axes, span, distance), expected);
        }
    }
}
