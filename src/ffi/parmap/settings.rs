//! Settings of a map by key, and the table that describes them.

use crate::ffi::boundary::*;
use crate::ffi::options::{Rows, describe, dicod_option_info};
use crate::ffi::parmap::map::{dicod_parmap, get};
use crate::options::Table;
use crate::parmap::Settings;

/// Sets the setting `key`, of type "integer", to a number.
///
/// The settings of rank 0 count. Local. Thread-safe; a run that is in progress keeps what it has.
/// Errors: DICOD_ERROR_NULL_POINTER; DICOD_ERROR_UNKNOWN_OPTION (key; the message names the nearest one);
/// DICOD_ERROR_INVALID_ARGUMENT (the setting has another type, or the value is not allowed).
#[unsafe(no_mangle)]
pub extern "C" fn parmap_set_integer(map: *mut dicod_parmap, key: *const c_char, value: i64) -> dicod_status {
    guard(|| change(map, key, &|settings, key| settings.set_integer(key, value)))
}

/// Sets the setting `key`, of type "real", to a number of seconds, which may be infinite.
///
/// Otherwise as parmap_set_integer().
#[unsafe(no_mangle)]
pub extern "C" fn parmap_set_real(map: *mut dicod_parmap, key: *const c_char, value: f64) -> dicod_status {
    guard(|| change(map, key, &|settings, key| settings.set_real(key, value)))
}

/// Sets the setting `key`, of type "string", to one of its words.
///
/// Otherwise as parmap_set_integer().
#[unsafe(no_mangle)]
pub extern "C" fn parmap_set_string(map: *mut dicod_parmap, key: *const c_char, value: *const c_char) -> dicod_status {
    guard(|| change(map, key, &|settings, key| settings.set_word(key, string(value, "value")?)))
}

/// Sets the setting `key`, of any type, to what `text` says: a number as in C ("0.5", "inf"), a word, or 0 or 1.
///
/// Otherwise as parmap_set_integer().
#[unsafe(no_mangle)]
pub extern "C" fn parmap_set(map: *mut dicod_parmap, key: *const c_char, text: *const c_char) -> dicod_status {
    guard(|| change(map, key, &|settings, key| settings.set_text(key, string(text, "text")?)))
}

/// Reads the setting `key`, of type "integer": `*value`, what this rank has set or the default.
///
/// Local. Thread-safe.
/// Errors: DICOD_ERROR_NULL_POINTER; DICOD_ERROR_UNKNOWN_OPTION (key); DICOD_ERROR_INVALID_ARGUMENT (the setting has another
/// type).
#[unsafe(no_mangle)]
pub extern "C" fn parmap_get_integer(map: *const dicod_parmap, key: *const c_char, value: *mut i64) -> dicod_status {
    guard(|| put(value, "value", get(map)?.map.settings().get_integer(string(key, "key")?)?))
}

/// Reads the setting `key`, of type "real": `*value`.
///
/// Otherwise as parmap_get_integer().
#[unsafe(no_mangle)]
pub extern "C" fn parmap_get_real(map: *const dicod_parmap, key: *const c_char, value: *mut f64) -> dicod_status {
    guard(|| put(value, "value", get(map)?.map.settings().get_real(string(key, "key")?)?))
}

/// Reads the setting `key`, of type "string": the word with its NUL, `*needed` bytes, goes to `value`, which has room for
/// `capacity`. With a capacity of 0 only `*needed` is written, and `value` may be NULL.
///
/// Otherwise as parmap_get_integer(); errors also DICOD_ERROR_INVALID_ARGUMENT for a capacity that is negative or, other than 0,
/// too small.
#[unsafe(no_mangle)]
pub extern "C" fn parmap_get_string(
    map: *const dicod_parmap,
    key: *const c_char,
    capacity: i64,
    value: *mut c_char,
    needed: *mut i64,
) -> dicod_status {
    guard(|| {
        let found = get(map)?.map.settings().get_word(string(key, "key")?)?;
        write_text(found, capacity, (value, "value"), needed)
    })
}

/// Number of settings that there are: `*count`.
///
/// Local. Thread-safe. Errors: DICOD_ERROR_NULL_POINTER.
#[unsafe(no_mangle)]
pub extern "C" fn parmap_settings_get_count(count: *mut i64) -> dicod_status {
    guard(|| put(count, "count", Settings::TABLE.len() as i64))
}

/// Describes setting number `index`, from 0 to the count less one: `*info`, whose struct_size the caller sets before
/// (DICOD_OPTION_INFO_INIT does).
///
/// Local. Thread-safe. Errors: as dicod_options_describe().
#[unsafe(no_mangle)]
pub extern "C" fn parmap_settings_describe(index: i64, info: *mut dicod_option_info) -> dicod_status {
    static ROWS: Rows = Rows::new();
    guard(|| describe(Settings::TABLE, &ROWS, index, info))
}

/// Changes a setting. Compiled once.
fn change(map: *mut dicod_parmap, key: *const c_char, to: &dyn Fn(&mut Settings, &str) -> Result<()>) -> Result<()> {
    let (map, key) = (get(map)?, string(key, "key")?);
    map.map.set(|settings| to(settings, key))
}
