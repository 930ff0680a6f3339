//! Random numbers: one generator, and all that is drawn from it. Checkpoints and parmap_task_uniform() promise their bits, so
//! draws whose algorithm `rand` may change are made here.

use rand::{Rng, RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::f64::consts::PI;

/// A sequence of random numbers.
pub(crate) struct Numbers(ChaCha8Rng);

impl Numbers {
    /// That of a seed.
    pub(crate) fn of_seed(seed: u64) -> Self {
        Numbers(ChaCha8Rng::seed_from_u64(seed))
    }

    /// That of a seed and an index: no two have numbers in common.
    pub(crate) fn of_index(seed: u64, index: u64) -> Self {
        let mut numbers = ChaCha8Rng::seed_from_u64(seed);
        numbers.set_stream(index);
        Numbers(numbers)
    }

    /// That of a key: zeros stand for what it has not.
    pub(crate) fn of_key(parts: &[u64]) -> Self {
        let mut key = [0; 32];
        for (to, from) in key.chunks_exact_mut(8).zip(parts) {
            to.copy_from_slice(&from.to_le_bytes());
        }
        Numbers(ChaCha8Rng::from_seed(key))
    }

    /// Any number.
    pub(crate) fn any(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Any number of 32 bits.
    pub(crate) fn any_u32(&mut self) -> u32 {
        self.0.next_u32()
    }

    /// A number in 0..n. The bias of 2^−64·n is far below anything that could be seen.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.0.next_u64()) * n as u128) >> 64) as usize
    }

    /// A number in [0, 1).
    pub(crate) fn uniform(&mut self) -> f64 {
        self.0.random()
    }

    /// A normally distributed number (Box and Muller).
    pub(crate) fn normal(&mut self) -> f64 {
        // Not 0, which has no logarithm.
        let mut inside = || ((self.0.next_u64() >> 11) as f64 + 0.5) / (1u64 << 53) as f64;
        let (a, b) = (inside(), inside());
        (-2.0 * a.ln()).sqrt() * (2.0 * PI * b).cos()
    }

    /// Any order.
    pub(crate) fn shuffle<T>(&mut self, values: &mut [T]) {
        for i in (1..values.len()).rev() {
            values.swap(i, self.below(i + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_what_they_have_always_been() {
        let mut numbers = Numbers::of_index(3, 4);
        assert_eq!(numbers.any(), 0xdcff_ab38_5d70_8b71);
        assert_eq!(numbers.uniform().to_bits(), 0x3fe8_6c95_908f_b4d0);
        assert_eq!(numbers.uniform().to_bits(), 0x3fda_b887_926d_b584);
        let mut numbers = Numbers::of_key(&[7, 1, 5, 0x6c_6561_726e]);
        // Logarithm and cosine are the system's.
        let normal = f64::from_bits(0x3fec_78e5_d947_8fe1);
        assert!((numbers.normal() - normal).abs() <= 4.0 * f64::EPSILON);
        let mut numbers = Numbers::of_key(&[7, 2, 5, 0x6c_6561_726e]);
        assert_eq!([10, 1000, 1 << 40].map(|n| numbers.below(n)), [3, 513, 642_506_151_673]);
        let mut order: Vec<usize> = (0..10).collect();
        Numbers::of_key(&[9, 3, 2]).shuffle(&mut order);
        assert_eq!(order, [6, 5, 4, 0, 8, 7, 9, 1, 3, 2]);
        let mut numbers = Numbers::of_seed(11);
        assert_eq!([numbers.any_u32(), numbers.any_u32()], [0x5295_d118, 0x5b4e_431d]);
    }

    #[test]
    fn numbers_depend_on_seed_and_index_alone() {
        let first = |seed, index| Numbers::of_index(seed, index).any();
        let mut all: Vec<u64> = (0..50).flat_map(|seed| (0..50).map(move |index| first(seed, index))).collect();
        assert_eq!(first(3, 4), all[3 * 50 + 4]);
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 2500);
    }
}
