//! Matrix products: by BLAS, in blocks.

use crate::linalg::blas;
use crate::linalg::scalar::Scalar;

/// Products of matrices of one element type.
pub trait Product: Scalar {
    /// C = alpha·A·B + beta·C, all row-major: A (m, k), B (k, n), C (m, n), rows `ld*` apart; A or B may be given
    /// transposed.
    #[allow(clippy::too_many_arguments)]
    fn gemm(
        shape: (usize, usize, usize),
        transpose: [bool; 2],
        alpha: Self,
        a: &[Self],
        lda: usize,
        b: &[Self],
        ldb: usize,
        beta: Self,
        c: &mut [Self],
        ldc: usize,
    );
}

fn index([row, column]: [usize; 2], row_length: usize) -> usize {
    row * row_length + column
}

/// What BLAS does, for where it cannot be had without threads of its own.
fn multiply<T: Scalar>(
    (m, n, k): (usize, usize, usize),
    (alpha, a, a_at): (T, &[T], impl Fn([usize; 2]) -> usize),
    (b, b_at): (&[T], impl Fn([usize; 2]) -> usize),
    (beta, c, ldc): (T, &mut [T], usize),
) {
    for i in 0..m {
        let c = &mut c[i * ldc..][..n];
        for c in c.iter_mut() {
            // What is there may be no number.
            *c = if beta == T::ZERO { beta } else { beta * *c };
        }
        for l in 0..k {
            let a = alpha * a[a_at([i, l])];
            for (j, c) in c.iter_mut().enumerate() {
                *c += a * b[b_at([l, j])];
            }
        }
    }
}

macro_rules! product {
    ($t:ident, $gemm:path) => {
        impl Product for $t {
            fn gemm(
                (m, n, k): (usize, usize, usize),
                transpose: [bool; 2],
                alpha: Self,
                a: &[Self],
                lda: usize,
                b: &[Self],
                ldb: usize,
                beta: Self,
                c: &mut [Self],
                ldc: usize,
            ) {
                let (a_size, b_size) = ((a.len(), lda), (b.len(), ldb));
                blas::check((m, n, k), transpose, a_size, b_size, (c.len(), ldc));
                let turned = |[row, column]: [usize; 2], transposed| match transposed {
                    true => [column, row],
                    false => [row, column],
                };
                let a_at = |at| index(turned(at, transpose[0]), lda);
                let b_at = |at| index(turned(at, transpose[1]), ldb);
                if !blas::keeps_to_one_thread() {
                    return multiply((m, n, k), (alpha, a, a_at), (b, b_at), (beta, c, ldc));
                }
                let [a_order, b_order] = transpose.map(|transposed| match transposed {
                    true => blas::TRANSPOSE,
                    false => blas::NO_TRANSPOSE,
                });
                let _one_thread = blas::OneThread::new();
                blas::for_each_block((m, n, k), |[i, j, l], [m, n, k]| {
                    let beta = if l == 0 { beta } else { 1.0 };
                    // SAFETY: `check` panics unless the three matrices lie within their slices.
                    unsafe {
                        $gemm(
                            blas::ROW_MAJOR,
                            a_order,
                            b_order,
                            m as i32,
                            n as i32,
                            k as i32,
                            alpha,
                            a.as_ptr().add(a_at([i, l])),
                            lda as i32,
                            b.as_ptr().add(b_at([l, j])),
                            ldb as i32,
                            beta,
                            c.as_mut_ptr().add(index([i, j], ldc)),
                            ldc as i32,
                        )
                    }
                })
            }
        }
    };
}

product!(f64, blas::cblas_dgemm);
product!(f32, blas::cblas_sgemm);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_in_blocks_are_those_of_plain_loops() {
        let value = |i: usize| (i as f64 * 0.7).sin();
        for (m, n, k) in [(1, 1, 1), (33, 5, 129), (70, 65, 7), (2, 130, 300), (64, 64, 128)] {
            for (transpose_a, transpose_b) in [(false, false), (true, false), (false, true)] {
                let (lda, ldb, ldc) = (m.max(k) + 2, n.max(k) + 1, n + 3);
                let a: Vec<f64> = (0..lda * m.max(k)).map(value).collect();
                let b: Vec<f64> = (0..ldb * n.max(k)).map(|i| value(3 * i + 1)).collect();
                let before: Vec<f64> = (0..m * ldc).map(|i| value(5 * i)).collect();
                let a_at = |[i, l]: [usize; 2]| {
                    if transpose_a { l * lda + i } else { i * lda + l }
                };
                let b_at = |[l, j]: [usize; 2]| {
                    if transpose_b { j * ldb + l } else { l * ldb + j }
                };
                let (mut c, mut plain) = (before.clone(), before.clone());
                let transpose = [transpose_a, transpose_b];
                f64::gemm((m, n, k), transpose, 1.5, &a, lda, &b, ldb, -0.5, &mut c, ldc);
                multiply((m, n, k), (1.5, &a, a_at), (&b, b_at), (-0.5, &mut plain, ldc));
                for (i, (c, plain)) in c.iter().zip(&plain).enumerate() {
                    assert!((c - plain).abs() <= 1e-12, "{m} {n} {k}, {i}: {c} {plain}");
                    assert!(i % ldc < n || *c == before[i], "beyond a row");
                }
            }
        }
    }
}
