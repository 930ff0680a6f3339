//! Options by key, and the table that describes them.

use crate::base::error::{Error, Result};
use crate::base::panic::unpoisoned_if_free;
use crate::base::wording::nth;
use crate::csc::Options;
use crate::ffi::context::{free, in_use};
use crate::ffi::status::{DICOD_OK, dicod_status, guard, reference, reference_mut, size, slice, slice_mut, string};
use crate::options::solve::TABLE;
use crate::options::{Spec, Table};
use std::ffi::{CString, c_char};
use std::sync::{OnceLock, RwLock};

/// Options of a solve, by key. All keys, their types, defaults and meanings:
/// dicod_options_describe().
///
/// Functions that take options accept NULL for them: the defaults. They copy what they need: later
/// changes don't reach an encoder that was made before. Any number of threads may read the same
/// options at once; setting them while another thread uses them is DICOD_ERROR_INVALID_STATE.
pub struct dicod_options(RwLock<Options>);

/// Makes options with their defaults: `*options`. Free them with dicod_options_free().
///
/// Local. Thread-safe. Errors: DICOD_ERROR_NULL_POINTER.
///
/// # Safety
/// The pointers are NULL or valid as said above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dicod_options_create(options: *mut *mut dicod_options) -> dicod_status {
    guard(|| {
        // SAFETY: the caller's promise.
        let to = unsafe { reference_mut(options, "options", "the caller's pointer") }?;
        *to = handle(Options::default());
        Ok(DICOD_OK)
    })
}

pub(super) fn handle(options: Options) -> *mut dicod_options {
    Box::into_raw(Box::new(dicod_options(RwLock::new(options))))
}

/// Frees options and sets the caller's pointer to NULL. `options` and `*options` may be NULL.
///
/// Local. No other thread may be using the handle.
///
/// # Safety
/// `*options` comes from dicod_options_create() and has not been freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dicod_options_free(options: *mut *mut dicod_options) {
    // SAFETY: the caller's promise.
    unsafe { free(options) }
}

/// Sets the option `key`, of type "real", to a number. Nothing changes on an error.
///
/// Local. Needs the options for itself.
/// Errors: DICOD_ERROR_NULL_POINTER; DICOD_ERROR_UNKNOWN_OPTION (key; the message names the nearest
/// one); DICOD_ERROR_INVALID_ARGUMENT (the option has another type, or the value is not allowed);
/// DICOD_ERROR_INVALID_STATE (options in use).
///
/// # Safety
/// The pointers are NULL or valid as said above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dicod_options_set_real(
    options: *mut dicod_options,
    key: *const c_char,
    value: f64,
) -> dicod_status {
    // SAFETY: the caller's promise.
    unsafe { set(options, key, |options, key| options.set_real(key, value)) }
}

/// Sets the option `key`, of type "reals", to `values[n]`. `values` may be NULL if `n` is 0. A list
/// whose length depends on the problem is compared with it when the options are used.
///
/// Local. Needs the options for itself. Errors: as dicod_options_set_real(), and
/// DICOD_ERROR_INVALID_ARGUMENT for a negative n.
///
/// # Safety
/// The pointers are NULL or valid as said above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dicod_options_set_reals(
    options: *mut dicod_options,
    key: *const c_char,
    n: i64,
    values: *const f64,
) -> dicod_status {
    let change = |options: &mut Options, key: &str| {
        // SAFETY: the caller's promise.
        let values = unsafe { slice(values, list_size(n, "n")?, "values", "n numbers") }?;
        options.set_reals(key, values)
    };
    // SAFETY: the caller's promise.
    unsafe { set(options, key, change) }
}

/// Sets the option `key`, of type "integer", to a number.
///
/// Local. Needs the options for itself. Errors: as dicod_options_set_real().
///
/// # Safety
/// The pointers are NULL or valid as said above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dicod_options_set_integer(
    options: *mut dicod_options,
    key: *const c_char,
    value: i64,
) -> dicod_status {
    // SAFETY: the caller's promise.
    unsafe { set(options, key, |options, key| options.set_integer(key, value)) }
}

/// Sets the option `key`, of type "integers", to `values[n]`; everything else as for
/// dicod_options_set_reals().
///
/// Local. Needs the options for itself. Errors: as dicod_options_set_reals().
///
/// # Safety
/// The pointers are NULL or valid as said above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dicod_options_set_integers(
    options: *mut dicod_options,
    key: *const c_char,
    n: i64,
    values: *const i64,
) -> dicod_status {
    let change = |options: &mut Options, key: &str| {
        // SAFETY: the caller's promise.
        let values = unsafe { slice(values, list_size(n, "n")?, "values", "n numbers") }?;
        options.set_integers(key, values)
    };
    // SAFETY: the caller's promise.
    unsafe { set(options, key, change) }
}

/// Sets the option `key`, of type "string", to one of its words.
///
/// Local. Needs the options for itself. Errors: as dicod_options_set_real().
///
/// # Safety
/// The pointers are NULL or valid as said above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dicod_options_set_string(
    options: *mut dicod_options,
    key: *const c_char,
    value: *const c_char,
) -> dicod_status {
    let change = |options: &mut Options, key: &str| {
        // SAFETY: the caller's promise.
        options.set_word(key, unsafe { string(value, "value") }?)
    };
    // SAFETY: the caller's promise.
    unsafe { set(options, key, change) }
}

/// Reads the option `key`, of type "real": `*value`. `options` may be NULL: the default.
///
/// Local. Thread-safe.
/// Errors: DICOD_ERROR_NULL_POINTER (key, value); DICOD_ERROR_UNKNOWN_OPTION (key);
/// DICOD_ERROR_INVALID_ARGUMENT (the option has another type); DICOD_ERROR_INVALID_STATE (another
/// thread is setting the options).
///
/// # Safety
/// The pointers are NULL or valid as said above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dicod_options_get_real(
    options: *const dicod_options,
    key: *const c_char,
    value: *mut f64,
) -> dicod_status {
    guard(|| {
        // SAFETY: the caller's promise.
        unsafe {
            let found = copied(options)?.get_real(string(key, "key")?)?;
            *reference_mut(value, "value", "room for the result")? = found;
        }
        Ok(DICOD_OK)
    })
}

/// Reads the option `key`, of type "reals": its `*count` values go to `values`, which has room for
/// `capacity`. With a capacity of 0 only the count is written, and `values` may be NULL. `options`
/// may be NULL: the default.
///
/// Local. Thread-safe. Errors: as dicod_options_get_real(), and DICOD_ERROR_INVALID_ARGUMENT for a
/// capacity that is negative or, other than 0, too small.
///
/// # Safety
/// The pointers are NULL or valid as said above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dicod_options_get_reals(
    options: *const dicod_options,
    key: *const c_char,
    capacity: i64,
    values: *mut f64,
    count: *mut i64,
) -> dicod_status {
    guard(|| {
        // SAFETY: the caller's promise.
        unsafe {
            let options = copied(options)?;
            let found = options.get_reals(string(key, "key")?)?;
            write_list(&found, capacity, values, "values", count, "count")
        }
    })
}

/// Reads the option `key`, of type "integer": `*value`. `options` may be NULL: the default.
///
/// Local. Thread-safe. Errors: as dicod_options_get_real().
///
/// # Safety
/// The pointers are NULL or valid as said above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dicod_options_get_integer(
    options: *const dicod_options,
    key: *const c_char,
    value: *mut i64,
) -> dicod_status {
    guard(|| {
        // SAFETY: the caller's promise.
        unsafe {
            let found = copied(options)?.get_integer(string(key, "key")?)?;
            *reference_mut(value, "value", "room for the result")? = found;
        }
        Ok(DICOD_OK)
    })
}

/// Reads the option `key`, of type "integers"; everything else as for dicod_options_get_reals().
///
/// Local. Thread-safe. Errors: as dicod_options_get_reals().
///
/// # Safety
/// The pointers are NULL or valid as said above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dicod_options_get_integers(
    options: *const dicod_options,
    key: *const c_char,
    capacity: i64,
    values: *mut i64,
    count: *mut i64,
) -> dicod_status {
    guard(|| {
        // SAFETY: the caller's promise.
        unsafe {
            let found = copied(options)?.get_integers(string(key, "key")?)?;
            write_list(&found, capacity, values, "values", count, "count")
        }
    })
}

/// Reads the option `key`, of type "string": the word with its NUL, `*needed` bytes, goes to
/// `value`, which has room for `capacity`. With a capacity of 0 only `*needed` is written, and
/// `value` may be NULL. `options` may be NULL: the default.
///
/// Local. Thread-safe. Errors: as dicod_options_get_reals().
///
/// # Safety
/// The pointers are NULL or valid as said above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dicod_options_get_string(
    options: *const dicod_options,
    key: *const c_char,
    capacity: i64,
    value: *mut c_char,
    needed: *mut i64,
) -> dicod_status {
    guard(|| {
        // SAFETY: the caller's promise.
        unsafe {
            let found = copied(options)?.get_word(string(key, "key")?)?;
            let word = found.bytes().chain([0]).map(|byte| byte as c_char);
            let word: Vec<c_char> = word.collect();
            write_list(&word, capacity, value, "value", needed, "needed")
        }
    })
}

/// What an option is. The strings are static: they are not freed.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct dicod_option_info {
    /// sizeof(dicod_option_info), set by the caller.
    pub struct_size: i64,
    /// The key by which it is set and read.
    pub key: *const c_char,
    /// Which function sets it: "real", "reals", "integer", "integers" or "string".
    pub value_type: *const c_char,
    /// Default, as text; "" is the empty list.
    pub default_value: *const c_char,
    /// Allowed values: "at least 0", "0 or 1", or the words of a string, separated by ", ".
    pub allowed: *const c_char,
    /// What it means, one line.
    pub meaning: *const c_char,
}

/// Number of options that there are: `*count`.
///
/// Local. Thread-safe. Errors: DICOD_ERROR_NULL_POINTER.
///
/// # Safety
/// The pointers are NULL or valid as said above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dicod_options_count(count: *mut i64) -> dicod_status {
    guard(|| {
        // SAFETY: the caller's promise.
        *unsafe { reference_mut(count, "count", "room for the result") }? = TABLE.len() as i64;
        Ok(DICOD_OK)
    })
}

/// Describes option number `index`, from 0 to the count less one: `*info`, whose struct_size the
/// caller sets before (DICOD_OPTION_INFO_INIT does). Bindings and help texts are made from this.
///
/// Local. Thread-safe.
/// Errors: DICOD_ERROR_NULL_POINTER, DICOD_ERROR_OUT_OF_RANGE (index), DICOD_ERROR_INVALID_ARGUMENT
/// (info->struct_size too small).
///
/// # Safety
/// The pointers are NULL or valid as said above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dicod_options_describe(index: i64, info: *mut dicod_option_info) -> dicod_status {
    guard(|| {
        // SAFETY: the caller's promise.
        let out = unsafe { Output::new(info, "info", "info->struct_size") }?;
        let row = usize::try_from(index).ok().and_then(|i| rows().get(i));
        let row = row.ok_or_else(|| {
            let allowed = format!("from {} to {}", nth(0), nth(TABLE.len() as i64 - 1));
            Error::range("index", nth(index), allowed)
        })?;
        let [key, value_type, default_value, allowed, meaning] = row.each_ref().map(|text| text.as_ptr());
        let row = dicod_option_info { struct_size: 0, key, value_type, default_value, allowed, meaning };
        // SAFETY: the caller's promise.
        unsafe { out.write(&row) };
        Ok(DICOD_OK)
    })
}

/// The table as C strings, made once.
fn rows() -> &'static [[CString; 5]] {
    static ROWS: OnceLock<Vec<[CString; 5]>> = OnceLock::new();
    ROWS.get_or_init(|| {
        let row = |spec: &Spec| {
            [spec.key, spec.kind.type_name(), spec.default, &spec.kind.allowed(), spec.meaning]
                .map(|text| CString::new(text).unwrap_or_default())
        };
        TABLE.iter().map(row).collect()
    })
}

/// # Safety
/// As [`reference`] and [`string`].
unsafe fn set(
    options: *mut dicod_options,
    key: *const c_char,
    change: impl FnOnce(&mut Options, &str) -> Result<()>,
) -> dicod_status {
    guard(|| {
        // SAFETY: the caller's promise.
        let (options, key) = unsafe {
            let options = reference(options, "options", "options")?;
            (options, string(key, "key")?)
        };
        let options = unpoisoned_if_free(options.0.try_write());
        change(&mut *options.ok_or_else(|| in_use("options handle"))?, key)?;
        Ok(DICOD_OK)
    })
}

/// The options of a call: the caller's, or the defaults.
///
/// # Safety
/// As [`reference`].
pub(crate) unsafe fn copied(options: *const dicod_options) -> Result<Options> {
    // SAFETY: the caller's promise.
    let Some(options) = (unsafe { options.as_ref() }) else {
        return Ok(Options::default());
    };
    let options = unpoisoned_if_free(options.0.try_read());
    options.map(|options| options.clone()).ok_or_else(|| in_use("options handle"))
}

/// The length of a list of the caller's: so small that it can be addressed in bytes.
pub(crate) fn list_size(value: i64, argument: &str) -> Result<usize> {
    let count = size(value, argument, 0)?;
    if count > isize::MAX as usize / 64 {
        return Err(Error::argument(argument, value, "an addressable size"));
    }
    Ok(count)
}

/// Checks the room that the caller has for a list, before anything is written. With a capacity of 0
/// only the count is wanted: false.
pub(crate) fn room_for(count: usize, capacity: i64) -> Result<bool> {
    let room = list_size(capacity, "capacity")?;
    if room != 0 && room < count {
        let allowed = format!("0 to ask for the size, or at least {count}");
        return Err(Error::argument("capacity", capacity, allowed));
    }
    Ok(room != 0)
}

/// # Safety
/// As [`slice_mut`] and [`reference_mut`].
unsafe fn write_list<T: Copy>(
    found: &[T],
    capacity: i64,
    to: *mut T,
    argument: &'static str,
    count: *mut i64,
    count_argument: &'static str,
) -> Result<dicod_status> {
    // SAFETY: the caller's promise.
    let count = unsafe { reference_mut(count, count_argument, "room for the size") }?;
    if room_for(found.len(), capacity)? {
        // SAFETY: the caller's promise.
        let to = unsafe { slice_mut(to, found.len(), argument, "capacity values") }?;
        to.copy_from_slice(found);
    }
    *count = found.len() as i64;
    Ok(DICOD_OK)
}

/// A struct of the caller's that is written, and that begins with its size so that it can grow.
pub(crate) struct Output<T> {
    pointer: *mut T,
    bytes: usize,
}

impl<T: Copy> Output<T> {
    /// # Safety
    /// `pointer` is NULL or points to as many bytes as the int64_t there says, until it is written.
    pub(crate) unsafe fn new(pointer: *mut T, argument: &'static str, size_argument: &'static str) -> Result<Self> {
        if pointer.is_null() {
            let expected = "a struct whose struct_size is set";
            return Err(Error::NullPointer { argument, expected });
        }
        // SAFETY: the caller's promise.
        let given = unsafe { pointer.cast::<i64>().read_unaligned() };
        let least = size_of::<T>();
        match usize::try_from(given) {
            Ok(given) if given >= least => Ok(Output { pointer, bytes: least }),
            _ => {
                let allowed = format!("at least {least}, the sizeof of the struct");
                Err(Error::argument(size_argument, given, allowed))
            }
        }
    }

    /// Writes everything but the size, which stays the caller's.
    ///
    /// # Safety
    /// The promise of [`Output::new`] still holds.
    pub(crate) unsafe fn write(&self, value: &T) {
        let header = size_of::<i64>();
        let from = std::ptr::from_ref(value).cast::<u8>();
        // SAFETY: both are at least `bytes` long, and the value is not the caller's memory.
        unsafe {
            let to = self.pointer.cast::<u8>();
            std::ptr::copy_nonoverlapping(from.add(header), to.add(header), self.bytes - header);
        }
    }
}
