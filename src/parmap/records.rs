//! Where the bytes of each task lie in an array.

use crate::base::error::{Error, Result};

/// From one task to the next, where each of `n` has `size` bytes: `stride`, or the size if that is 0. Fails if tasks would overlap,
/// or their bytes could not be addressed.
pub(crate) fn stride_of(n: usize, size: usize, stride: usize, argument: &str) -> Result<usize> {
    if stride != 0 && stride < size {
        return Err(Error::argument(argument, stride, format!("0, or at least {size}, the size")));
    }
    let stride = if stride == 0 { size } else { stride };
    if n.checked_mul(stride).is_none_or(|bytes| bytes > isize::MAX as usize) {
        return Err(Error::argument(argument, stride, format!("so small that {n} of them can be addressed")));
    }
    Ok(stride)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_lie_apart_and_where_they_can_be_addressed() {
        assert_eq!(stride_of(3, 8, 0, "in_stride"), Ok(8));
        assert_eq!(stride_of(3, 8, 24, "in_stride"), Ok(24));
        assert_eq!(stride_of(0, 8, usize::MAX, "in_stride"), Ok(usize::MAX));
        let text = |n, size, stride| stride_of(n, size, stride, "in_stride").unwrap_err().to_string();
        assert_eq!(text(3, 8, 7), "in_stride must be 0, or at least 8, the size, is 7");
        let most = isize::MAX as usize;
        assert_eq!(text(2, 8, most), format!("in_stride must be so small that 2 of them can be addressed, is {most}"));
    }
}
