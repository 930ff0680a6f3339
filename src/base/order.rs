//! Places in the order of what is there.

/// Places 0 to n − 1 by a key, equal ones as they come. Compiled once, whatever the key is of: for what is not sorted all
/// the time.
#[inline(never)]
pub(crate) fn places_by(n: usize, key: &dyn Fn(usize) -> [i64; 5]) -> Vec<usize> {
    let mut all: Vec<_> = (0..n).map(|place| (key(place), place)).collect();
    all.sort_unstable();
    all.into_iter().map(|(_, place)| place).collect()
}
