//! Root-driven use.

use crate::ffi::boundary::*;
use crate::ffi::parmap::map::{array, array_function, dicod_parmap, get, parmap_work_fn, shared_bytes, status_array};
use crate::ffi::parmap::needed;
use crate::ffi::parmap::report::{parmap_report, report_out};
use crate::ffi::parmap::stream::{CallerEnds, item_function, parmap_consume_fn, parmap_item_fn, parmap_produce_fn};
use crate::parmap::serve::{self, Named};
use std::sync::Arc;

/// Gives a work function a name, under which rank 0 can run it with parmap_call(). Every rank
/// registers its own, with its own `userdata`, which may be NULL; another one of the same name is
/// replaced.
///
/// Local. Thread-safe.
/// Errors: DICOD_ERROR_NULL_POINTER, DICOD_ERROR_INVALID_ARGUMENT (name empty or not UTF-8).
#[unsafe(no_mangle)]
pub extern "C" fn parmap_register(
    map: *mut dicod_parmap,
    name: *const c_char,
    work: parmap_work_fn,
    userdata: *mut c_void,
) -> dicod_status {
    guard(|| {
        let (map, name) = (get(map)?, string(name, "name")?);
        let function = array_function(Some(needed(work, "work")?), userdata);
        map.functions.register(name, Named::Map(Arc::new(function)))
    })
}

/// As parmap_register(), for the items of parmap_call_stream().
#[unsafe(no_mangle)]
pub extern "C" fn parmap_register_item(
    map: *mut dicod_parmap,
    name: *const c_char,
    work: parmap_item_fn,
    userdata: *mut c_void,
) -> dicod_status {
    guard(|| {
        let (map, name) = (get(map)?, string(name, "name")?);
        let function = item_function(Some(needed(work, "work")?), userdata);
        map.functions.register(name, Named::Stream(Arc::new(function)))
    })
}

/// On ranks other than 0: does what rank 0 calls, and returns when it calls parmap_release(). On
/// rank 0 it returns at once. Between calls of rank 0 it sleeps. Errors of single calls are for
/// rank 0 to see.
///
/// Collective. Needs the map for itself. Errors: DICOD_ERROR_NULL_POINTER, DICOD_ERROR_COMMUNICATION.
#[unsafe(no_mangle)]
pub extern "C" fn parmap_serve(map: *mut dicod_parmap) -> dicod_status {
    guard(|| {
        let map = get(map)?;
        map.functions.serve(&map.map)
    })
}

/// On rank 0: the others return from parmap_serve().
///
/// Needs the map for itself.
/// Errors: DICOD_ERROR_NULL_POINTER, DICOD_ERROR_INVALID_STATE (not rank 0), DICOD_ERROR_COMMUNICATION.
#[unsafe(no_mangle)]
pub extern "C" fn parmap_release(map: *mut dicod_parmap) -> dicod_status {
    guard(|| serve::release(&get(map)?.map))
}

/// On rank 0, while the others are in parmap_serve(): as parmap_run(), with the function that is
/// registered as `name`, on each rank its own.
///
/// Needs the map for itself.
/// Errors: as parmap_run(); DICOD_ERROR_INVALID_ARGUMENT if a rank has no such function.
#[unsafe(no_mangle)]
pub extern "C" fn parmap_call(
    map: *mut dicod_parmap,
    name: *const c_char,
    n_tasks: i64,
    inputs: *const c_void,
    in_size: i64,
    in_stride: i64,
    outputs: *mut c_void,
    out_size: i64,
    out_stride: i64,
    statuses: *mut i32,
    report: *mut parmap_report,
) -> dicod_status {
    guard(|| {
        let (map, name) = (get(map)?, string(name, "name")?);
        let out = report_out(report)?;
        let outputs = (outputs, out_size, out_stride);
        let tasks = array(n_tasks, (inputs, in_size, in_stride), outputs)?;
        let statuses = status_array(statuses, n_tasks)?;
        let functions = &map.functions;
        map.run(out, |map, progress| {
            let report = functions.call(map, name, tasks, progress)?;
            if let Some(statuses) = statuses {
                report.fill(statuses);
            }
            Ok(report)
        })
    })
}

/// On rank 0, while the others are in parmap_serve(): as parmap_stream(), with the function that is
/// registered as `name`.
///
/// Needs the map for itself. Errors: as parmap_stream() and parmap_call().
#[unsafe(no_mangle)]
pub extern "C" fn parmap_call_stream(
    map: *mut dicod_parmap,
    name: *const c_char,
    produce: parmap_produce_fn,
    consume: parmap_consume_fn,
    userdata: *mut c_void,
    report: *mut parmap_report,
) -> dicod_status {
    guard(|| {
        let (map, name) = (get(map)?, string(name, "name")?);
        let out = report_out(report)?;
        let mut ends = CallerEnds::new(produce, consume, userdata)?;
        let functions = &map.functions;
        map.run(out, |map, progress| functions.call_stream(map, name, &mut ends, progress))
    })
}

/// On rank 0, while the others are in parmap_serve(): as parmap_share().
///
/// Needs the map for itself. Errors: as parmap_share(), DICOD_ERROR_INVALID_STATE (not rank 0).
#[unsafe(no_mangle)]
pub extern "C" fn parmap_call_share(map: *mut dicod_parmap, data: *const c_void, size: i64) -> dicod_status {
    guard(|| {
        let map = get(map)?;
        let bytes = shared_bytes(&map.map, data, size)?;
        serve::call_share(&map.map, bytes)
    })
}
