//! Tables that steps take from c.

/// The scaled Gram tensor, or atoms, as the solver reads them.
///
/// Single precision halves the memory traffic of a step, which is what bounds the speed. It costs
/// no accuracy: the certificate computes c anew in full precision, and where that shows a step
/// larger than the tolerance the descent goes on from there, with errors as small as its steps.
pub(super) enum Table<T> {
    Full(Vec<T>),
    Single(Vec<f32>),
}

impl<T> Table<T> {
    pub(super) fn bytes(&self) -> usize {
        match self {
            Table::Full(g) => g.capacity() * size_of::<T>(),
            Table::Single(g) => g.capacity() * size_of::<f32>(),
        }
    }
}
