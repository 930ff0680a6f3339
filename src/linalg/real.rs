//! The element types, with all that is done with them.

use crate::linalg::kernels::Kernels;
use crate::linalg::product::Product;
use crate::linalg::scalar::Scalar;

/// `f64` or `f32`. The algorithms are written once over this trait.
pub trait Real: Scalar + Product + Kernels {}

impl<T: Scalar + Product + Kernels> Real for T {}
