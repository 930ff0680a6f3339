//! Options by key, and the table that describes them.

use crate::base::panic::unpoisoned_if_free;
use crate::base::wording::nth;
use crate::csc::Options;
use crate::ffi::boundary::*;
use crate::options::solve::TABLE;
use crate::options::{Spec, Table};
use std::ffi::CString;
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
#[unsafe(no_mangle)]
pub extern "C" fn dicod_options_create(options: *mut *mut dicod_options) -> dicod_status {
    guard(|| {
        give(room(options)?, dicod_options::new(Options::default()));
        Ok(())
    })
}

/// Frees options and sets the caller's pointer to NULL. `options` and `*options` may be NULL.
///
/// Local. No other thread may be using the handle.
#[unsafe(no_mangle)]
pub extern "C" fn dicod_options_free(options: *mut *mut dicod_options) -> dicod_status {
    guard(|| free(options))
}

/// Sets the option `key`, of type "real", to a number. Nothing changes on an error.
///
/// Local. Needs the options for itself.
/// Errors: DICOD_ERROR_NULL_POINTER; DICOD_ERROR_UNKNOWN_OPTION (key; the message names the nearest
/// one); DICOD_ERROR_INVALID_ARGUMENT (the option has another type, or the value is not allowed);
/// DICOD_ERROR_INVALID_STATE (options in use).
#[unsafe(no_mangle)]
pub extern "C" fn dicod_options_set_real(options: *mut dicod_options, key: *const c_char, value: f64) -> dicod_status {
    guard(|| change(options, key, &|options, key| options.set_real(key, value)))
}

/// Sets the option `key`, of type "reals", to `values[n]`. `values` may be NULL if `n` is 0. A list
/// whose length depends on the problem is compared with it when the options are used.
///
/// Local. Needs the options for itself. Errors: as dicod_options_set_real(), and
/// DICOD_ERROR_INVALID_ARGUMENT for a negative n.
#[unsafe(no_mangle)]
pub extern "C" fn dicod_options_set_reals(
    options: *mut dicod_options,
    key: *const c_char,
    n: i64,
    values: *const f64,
) -> dicod_status {
    guard(|| change(options, key, &|options, key| options.set_reals(key, numbers(n, values)?)))
}

/// Sets the option `key`, of type "integer", to a number.
///
/// Local. Needs the options for itself. Errors: as dicod_options_set_real().
#[unsafe(no_mangle)]
pub extern "C" fn dicod_options_set_integer(
    options: *mut dicod_options,
    key: *const c_char,
    value: i64,
) -> dicod_status {
    guard(|| change(options, key, &|options, key| options.set_integer(key, value)))
}

/// Sets the option `key`, of type "integers", to `values[n]`; everything else as for
/// dicod_options_set_reals().
///
/// Local. Needs the options for itself. Errors: as dicod_options_set_reals().
#[unsafe(no_mangle)]
pub extern "C" fn dicod_options_set_integers(
    options: *mut dicod_options,
    key: *const c_char,
    n: i64,
    values: *const i64,
) -> dicod_status {
    guard(|| change(options, key, &|options, key| options.set_integers(key, numbers(n, values)?)))
}

/// Sets the option `key`, of type "string", to one of its words.
///
/// Local. Needs the options for itself. Errors: as dicod_options_set_real().
#[unsafe(no_mangle)]
pub extern "C" fn dicod_options_set_string(
    options: *mut dicod_options,
    key: *const c_char,
    value: *const c_char,
) -> dicod_status {
    guard(|| change(options, key, &|options, key| options.set_word(key, string(value, "value")?)))
}

/// Sets the option `key`, of any type, to what `text` says: a number as in C ("1e-2", "inf"), a word, 0 or 1, or a list with
/// commas between, "" an empty one; one per axis begins with the slowest axis in every language.
///
/// Local. Needs the options for itself. Errors: as dicod_options_set_real().
#[unsafe(no_mangle)]
pub extern "C" fn dicod_options_set(
    options: *mut dicod_options,
    key: *const c_char,
    text: *const c_char,
) -> dicod_status {
    guard(|| change(options, key, &|options, key| options.set_text(key, string(text, "text")?)))
}

/// Sets all options that `text` holds, as key=value with blanks or line ends between and none within:
/// "reg=0.15 tol=1e-2 periodic=1,1"; values as for dicod_options_set(). The last one counts where a key stands twice. On an
/// error none of them is set.
///
/// Local. Needs the options for itself. Errors: as dicod_options_set_real().
#[unsafe(no_mangle)]
pub extern "C" fn dicod_options_parse(options: *mut dicod_options, text: *const c_char) -> dicod_status {
    guard(|| changed(of(options)?, &|options| options.parse(string(text, "text")?)))
}

/// Sets the options that the environment variable DICOD_OPTIONS holds, as dicod_options_parse() does; nothing if it is not
/// set. The library looks at it here only: call it before what the program sets itself, if that is to count, or after.
///
/// Local, each rank has its own environment; encoders tell where options differ. Needs the options for itself, and no other
/// thread may change the environment meanwhile. Errors: as dicod_options_set_real(); the message names the variable.
#[unsafe(no_mangle)]
pub extern "C" fn dicod_options_from_environment(options: *mut dicod_options) -> dicod_status {
    guard(|| changed(of(options)?, &Options::set_from_environment))
}

/// All options as text, a line key=value each, which dicod_options_parse() reads back as the same, bit for bit: it goes, with
/// its NUL, `*needed` bytes, to `buffer`, which has room for `capacity`. With a capacity of 0 only `*needed` is written, and
/// `buffer` may be NULL. `options` may be NULL: the defaults.
///
/// Local. Thread-safe.
/// Errors: DICOD_ERROR_NULL_POINTER (buffer, needed); DICOD_ERROR_INVALID_ARGUMENT (a capacity that is negative or, other than
/// 0, too small); DICOD_ERROR_INVALID_STATE (another thread is setting the options).
#[unsafe(no_mangle)]
pub extern "C" fn dicod_options_to_text(
    options: *const dicod_options,
    capacity: i64,
    buffer: *mut c_char,
    needed: *mut i64,
) -> dicod_status {
    guard(|| write_text(&copied(options)?.to_text(), capacity, (buffer, "buffer"), needed))
}

/// Makes new options that are set as these: `*copy`. Free them with dicod_options_free(). `options` may be NULL: the defaults.
///
/// Local. Thread-safe.
/// Errors: DICOD_ERROR_NULL_POINTER (copy); DICOD_ERROR_INVALID_STATE (another thread is setting the options).
#[unsafe(no_mangle)]
pub extern "C" fn dicod_options_copy(options: *const dicod_options, copy: *mut *mut dicod_options) -> dicod_status {
    guard(|| {
        let to = reference_mut(copy, "copy", "the caller's pointer")?;
        give(to, dicod_options::new(copied(options)?));
        Ok(())
    })
}

/// Reads the option `key`, of type "real": `*value`. `options` may be NULL: the default.
///
/// Local. Thread-safe.
/// Errors: DICOD_ERROR_NULL_POINTER (key, value); DICOD_ERROR_UNKNOWN_OPTION (key);
/// DICOD_ERROR_INVALID_ARGUMENT (the option has another type); DICOD_ERROR_INVALID_STATE (another
/// thread is setting the options).
#[unsafe(no_mangle)]
pub extern "C" fn dicod_options_get_real(
    options: *const dicod_options,
    key: *const c_char,
    value: *mut f64,
) -> dicod_status {
    guard(|| put(value, "value", copied(options)?.get_real(string(key, "key")?)?))
}

/// Reads the option `key`, of type "reals": its `*count` values go to `values`, which has room for
/// `capacity`. With a capacity of 0 only the count is written, and `values` may be NULL. `options`
/// may be NULL: the default.
///
/// Local. Thread-safe. Errors: as dicod_options_get_real(), and DICOD_ERROR_INVALID_ARGUMENT for a
/// capacity that is negative or, other than 0, too small.
#[unsafe(no_mangle)]
pub extern "C" fn dicod_options_get_reals(
    options: *const dicod_options,
    key: *const c_char,
    capacity: i64,
    values: *mut f64,
    count: *mut i64,
) -> dicod_status {
    guard(|| {
        let found = copied(options)?.get_reals(string(key, "key")?)?;
        write_list(&found, capacity, (values, "values"), (count, "count"))
    })
}

/// Reads the option `key`, of type "integer": `*value`. `options` may be NULL: the default.
///
/// Local. Thread-safe. Errors: as dicod_options_get_real().
#[unsafe(no_mangle)]
pub extern "C" fn dicod_options_get_integer(
    options: *const dicod_options,
    key: *const c_char,
    value: *mut i64,
) -> dicod_status {
    guard(|| put(value, "value", copied(options)?.get_integer(string(key, "key")?)?))
}

/// Reads the option `key`, of type "integers"; everything else as for dicod_options_get_reals().
///
/// Local. Thread-safe. Errors: as dicod_options_get_reals().
#[unsafe(no_mangle)]
pub extern "C" fn dicod_options_get_integers(
    options: *const dicod_options,
    key: *const c_char,
    capacity: i64,
    values: *mut i64,
    count: *mut i64,
) -> dicod_status {
    guard(|| {
        let found = copied(options)?.get_integers(string(key, "key")?)?;
        write_list(&found, capacity, (values, "values"), (count, "count"))
    })
}

/// Reads the option `key`, of type "string": the word with its NUL, `*needed` bytes, goes to
/// `value`, which has room for `capacity`. With a capacity of 0 only `*needed` is written, and
/// `value` may be NULL. `options` may be NULL: the default.
///
/// Local. Thread-safe. Errors: as dicod_options_get_reals().
#[unsafe(no_mangle)]
pub extern "C" fn dicod_options_get_string(
    options: *const dicod_options,
    key: *const c_char,
    capacity: i64,
    value: *mut c_char,
    needed: *mut i64,
) -> dicod_status {
    guard(|| {
        let found = copied(options)?.get_word(string(key, "key")?)?;
        write_text(found, capacity, (value, "value"), needed)
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
#[unsafe(no_mangle)]
pub extern "C" fn dicod_options_get_count(count: *mut i64) -> dicod_status {
    guard(|| put(count, "count", TABLE.len() as i64))
}

/// Describes option number `index`, from 0 to the count less one: `*info`, whose struct_size the
/// caller sets before (DICOD_OPTION_INFO_INIT does). Bindings and help texts are made from this.
///
/// Local. Thread-safe.
/// Errors: DICOD_ERROR_NULL_POINTER, DICOD_ERROR_OUT_OF_RANGE (index), DICOD_ERROR_INVALID_ARGUMENT
/// (info->struct_size too small).
#[unsafe(no_mangle)]
pub extern "C" fn dicod_options_describe(index: i64, info: *mut dicod_option_info) -> dicod_status {
    static ROWS: Rows = Rows::new();
    guard(|| describe(TABLE, &ROWS, index, info))
}

/// A table as C strings, made once.
pub(crate) type Rows = OnceLock<Vec<[CString; 5]>>;

/// Writes what the table says of a row.
pub(crate) fn describe(table: &[Spec], rows: &'static Rows, index: i64, info: *mut dicod_option_info) -> Result<()> {
    let out = Output::new(info, "info", "info->struct_size")?;
    let in_c = |spec: &Spec| {
        [spec.key, spec.kind.type_name(), spec.default, &spec.kind.allowed(), spec.meaning]
            .map(|text| CString::new(text).unwrap_or_default())
    };
    let rows = rows.get_or_init(|| table.iter().map(in_c).collect());
    let row = usize::try_from(index).ok().and_then(|i| rows.get(i));
    let row = row.ok_or_else(|| {
        let allowed = format!("from {} to {}", nth(0), nth(table.len() as i64 - 1));
        Error::range("index", nth(index), allowed)
    })?;
    let [key, value_type, default_value, allowed, meaning] = row.each_ref().map(|text| text.as_ptr());
    out.write(&dicod_option_info { struct_size: 0, key, value_type, default_value, allowed, meaning });
    Ok(())
}

handle!(dicod_options, "options", "options");

impl dicod_options {
    pub(crate) fn new(options: Options) -> Self {
        dicod_options(RwLock::new(options))
    }
}

/// A list of the caller's.
fn numbers<'v, T>(n: i64, values: *const T) -> Result<&'v [T]> {
    slice(values, list_size(n, "n")?, "values", "n numbers")
}

/// Changes an option. Compiled once, as what is below.
fn change(
    options: *mut dicod_options,
    key: *const c_char,
    to: &dyn Fn(&mut Options, &str) -> Result<()>,
) -> Result<()> {
    let (options, key) = (of(options)?, string(key, "key")?);
    changed(options, &|options| to(options, key))
}

/// Changes options.
fn changed(options: &dicod_options, to: &dyn Fn(&mut Options) -> Result<()>) -> Result<()> {
    let options = unpoisoned_if_free(options.0.try_write());
    to(&mut *options.ok_or_else(|| in_use("options handle"))?)
}

/// The options as they are now; defaults for NULL.
pub(crate) fn copied(options: *const dicod_options) -> Result<Options> {
    let Some(options) = optional(options) else {
        return Ok(Options::default());
    };
    let options = unpoisoned_if_free(options.0.try_read());
    options.map(|options| options.clone()).ok_or_else(|| in_use("options handle"))
}
