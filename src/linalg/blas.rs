//! The only place that calls BLAS.

use std::sync::Mutex;

// The crate only makes the linker find the library.
use openblas_src as _;

pub(super) const ROW_MAJOR: i32 = 101;
pub(super) const NO_TRANSPOSE: i32 = 111;
pub(super) const TRANSPOSE: i32 = 112;

macro_rules! gemm {
    ($name:ident, $t:ty) => {
        pub(super) fn $name(
            layout: i32,
            transpose_a: i32,
            transpose_b: i32,
            m: i32,
            n: i32,
            k: i32,
            alpha: $t,
            a: *const $t,
            lda: i32,
            b: *const $t,
            ldb: i32,
            beta: $t,
            c: *mut $t,
            ldc: i32,
        );
    };
}

// cbindgen:ignore
unsafe extern "C" {
    gemm!(cblas_dgemm, f64);
    gemm!(cblas_sgemm, f32);
    safe fn openblas_get_num_threads() -> i32;
    safe fn openblas_set_num_threads(n: i32);
}

/// Panics unless A (m, k), B (k, n), or their transposes, and C (m, n) lie within their slices.
pub(super) fn check(
    (m, n, k): (usize, usize, usize),
    transpose: [bool; 2],
    (a, lda): (usize, usize),
    (b, ldb): (usize, usize),
    (c, ldc): (usize, usize),
) {
    let fits = |len: usize, rows: usize, columns: usize, ld: usize| {
        ld >= columns.max(1) && (rows == 0 || columns == 0 || len >= (rows - 1) * ld + columns)
    };
    let turned = |matrix: usize, [rows, columns]: [usize; 2]| match transpose[matrix] {
        true => [columns, rows],
        false => [rows, columns],
    };
    let ([rows_a, columns_a], [rows_b, columns_b]) = (turned(0, [m, k]), turned(1, [k, n]));
    assert!(
        fits(a, rows_a, columns_a, lda) && fits(b, rows_b, columns_b, ldb) && fits(c, m, n, ldc),
        "gemm: a matrix does not fit in its slice"
    );
    let largest = [m, n, k, lda, ldb, ldc].into_iter().max().unwrap_or(0);
    assert!(
        largest <= i32::MAX as usize,
        "gemm: a dimension exceeds 32 bits"
    );
}

static USERS: Mutex<(usize, i32)> = Mutex::new((0, 0));

/// While one lives, BLAS runs on the thread that calls it. The caller's setting comes back with
/// the last one: the library brings its own threads, and one fixed way of summing.
pub(crate) struct OneThread(());

impl OneThread {
    pub(crate) fn new() -> Self {
        let mut users = USERS.lock().unwrap_or_else(|e| e.into_inner());
        if users.0 == 0 {
            users.1 = openblas_get_num_threads();
            if users.1 != 1 {
                openblas_set_num_threads(1);
            }
        }
        users.0 += 1;
        OneThread(())
    }
}

impl Drop for OneThread {
    fn drop(&mut self) {
        let mut users = USERS.lock().unwrap_or_else(|e| e.into_inner());
        users.0 -= 1;
        if users.0 == 0 && users.1 != 1 {
            openblas_set_num_threads(users.1);
        }
    }
}
