//! The kernels in AVX-512: masks for the ends of runs, which are a good part of the short runs of
//! small atoms. The same operations on each value as without, so the same bits.

mod correlate;
mod scatter;
mod search;
mod step;

pub(super) use correlate::{correlate_f32, correlate_f64};
pub(super) use search::{
    first_above_f32, first_above_f64, largest_excess_f32, largest_excess_f64, largest_f32, largest_f64,
    locate_excess_f32, locate_excess_f64, raise_f32, raise_f64,
};
pub(super) use step::{subtract_f32, subtract_f64, subtract_single_f64};
