//! The only place that calls BLAS.

use std::ffi::{CStr, c_void};
use std::mem::MaybeUninit;
use std::sync::OnceLock;

// The crate only makes the linker find the library.
#[cfg(feature = "openblas")]
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
    assert!(largest <= i32::MAX as usize, "gemm: a dimension exceeds 32 bits");
}

/// Rows, columns and depth of what BLAS multiplies at a time: so little that OpenBLAS, which has no setting for the
/// thread that calls alone, does it in that thread (interface/gemm.c: up to 4 · 65536 products; interface/gemv.c, where a
/// row or a column is left: 4 · 2304), and enough to amortise the packing.
const BLOCK: [usize; 3] = [32, 64, 128];

/// Calls `multiply` for each block of a product with where it begins and its size; in sums the depth comes last.
pub(super) fn for_each_block((m, n, k): (usize, usize, usize), mut multiply: impl FnMut([usize; 3], [usize; 3])) {
    for i in (0..m).step_by(BLOCK[0]) {
        for j in (0..n).step_by(BLOCK[1]) {
            // Without depth there is beta·C.
            for l in (0..k.max(1)).step_by(BLOCK[2]) {
                let left = [m - i, n - j, k - l];
                multiply([i, j, l], std::array::from_fn(|a| left[a].min(BLOCK[a])));
            }
        }
    }
}

type Set = unsafe extern "C" fn(i32) -> i32;
type Get = unsafe extern "C" fn() -> i32;

/// How the BLAS that is there is kept to the thread that calls it.
enum Keeper {
    /// By small blocks alone: OpenBLAS, and BLIS without threads.
    Blocks,
    /// MKL has a setting for each thread.
    Local(Set),
    /// BLIS over OpenMP: without a level of parallel regions, which is a setting of each thread.
    Levels(Get, Set),
    /// Nobody knows: BLIS over pthreads, and all that do not say what they are.
    None,
}

/// The file that an address lies in, and where that begins.
fn object(address: *const c_void) -> Option<(*mut c_void, String)> {
    let mut info = MaybeUninit::<libc::Dl_info>::uninit();
    // SAFETY: it is written if the call succeeds; its name lives as long as the object, which is loaded.
    unsafe {
        if libc::dladdr(address, info.as_mut_ptr()) == 0 {
            return None;
        }
        let info = info.assume_init();
        let name = (!info.dli_fname.is_null()).then(|| CStr::from_ptr(info.dli_fname));
        let name = name.map(|name| name.to_string_lossy().into_owned());
        Some((info.dli_fbase, name.unwrap_or_default()))
    }
}

/// The file that BLAS comes from.
pub(crate) fn file() -> String {
    let name = object(cblas_dgemm as *const c_void).map(|(_, name)| name).filter(|name| !name.is_empty());
    name.unwrap_or_else(|| "an unknown file".into())
}

fn find(name: &CStr) -> Option<*mut c_void> {
    // SAFETY: a look-up of a name.
    let address = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) };
    (!address.is_null()).then_some(address)
}

/// # Safety
/// There is such a function at the address.
unsafe fn get(address: *mut c_void) -> Get {
    // SAFETY: the caller's promise.
    unsafe { std::mem::transmute::<*mut c_void, Get>(address) }
}

/// # Safety
/// As [`get`].
unsafe fn set(address: *mut c_void) -> Set {
    // SAFETY: the caller's promise.
    unsafe { std::mem::transmute::<*mut c_void, Set>(address) }
}

fn keeper() -> &'static Keeper {
    static KEEPER: OnceLock<Keeper> = OnceLock::new();
    KEEPER.get_or_init(|| identify().unwrap_or(Keeper::None))
}

/// There may be several in a process: what is asked is the one that multiplies.
fn identify() -> Option<Keeper> {
    let (base, file) = object(cblas_dgemm as *const c_void)?;
    let own = |name| find(name).filter(|address| object(*address).is_some_and(|o| o.0 == base));
    if own(c"openblas_get_config").is_some() {
        return Some(Keeper::Blocks);
    }
    if file.contains("mkl") {
        let local = find(c"MKL_Set_Num_Threads_Local")?;
        // SAFETY: here and below, functions of these names are those of their documentation.
        return Some(Keeper::Local(unsafe { set(local) }));
    }
    // They give 64 bits, of which the lower half says all.
    // SAFETY: see above.
    let says = |name| own(name).map(|info| unsafe { get(info)() } != 0);
    if !says(c"bli_info_get_enable_threading")? {
        return Some(Keeper::Blocks);
    }
    if !says(c"bli_info_get_enable_openmp")? || says(c"bli_info_get_enable_pthreads")? {
        return None;
    }
    // Before OpenMP 5 it was a setting of the process.
    find(c"omp_get_supported_active_levels")?;
    let levels = (find(c"omp_get_max_active_levels")?, find(c"omp_set_max_active_levels")?);
    // SAFETY: see above.
    Some(unsafe { Keeper::Levels(get(levels.0), set(levels.1)) })
}

/// Whether BLAS can be used without threads of its own.
pub(super) fn keeps_to_one_thread() -> bool {
    !matches!(keeper(), Keeper::None)
}

/// While one lives, BLAS runs in the thread that calls it: the library brings its own threads, and one fixed way of
/// summing. Nothing changes for other threads.
pub(super) struct OneThread(i32);

impl OneThread {
    pub(super) fn new() -> Self {
        // SAFETY: as documented by MKL and OpenMP.
        OneThread(unsafe {
            match keeper() {
                Keeper::Local(set) => set(1),
                Keeper::Levels(get, set) => {
                    let before = get();
                    set(0);
                    before
                }
                Keeper::Blocks | Keeper::None => 0,
            }
        })
    }
}

impl Drop for OneThread {
    fn drop(&mut self) {
        if let Keeper::Local(set) | Keeper::Levels(_, set) = keeper() {
            // SAFETY: as above.
            unsafe { set(self.0) };
        }
    }
}
