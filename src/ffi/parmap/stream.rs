//! Streams.

use crate::ffi::boundary::*;
use crate::ffi::parmap::map::{dicod_parmap, get};
use crate::ffi::parmap::report::{parmap_report, report_out};
use crate::ffi::parmap::task::{handle, parmap_buffer, parmap_task, with_buffer};
use crate::ffi::parmap::{Caller, address, needed};
use crate::parmap::Task;
use crate::parmap::run::report::NOT_RUN;
use crate::parmap::stream::{Consumed, Ends, Produced, Stream};

/// What a producer returns for an item that it has written.
pub const PARMAP_ITEM: i32 = 0;
/// What a producer returns when there are no more items.
pub const PARMAP_END: i32 = -1;
/// What a producer returns when it has nothing now: it is asked again when something was consumed,
/// or a little later.
pub const PARMAP_WAIT: i32 = -2;
/// What a consumer returns when it wants no more: no item above this one counts.
pub const PARMAP_STOP: i32 = -1;

/// Writes the next item to `buffer`, which is empty, and returns PARMAP_ITEM; or PARMAP_END,
/// PARMAP_WAIT, or a positive code of its own: an error.
pub type parmap_produce_fn = Option<unsafe extern "C" fn(userdata: *mut c_void, buffer: *mut parmap_buffer) -> i32>;

/// Does one item: reads `input`, `size` bytes at an address that is fit for any type, and writes to
/// `output`, which is empty. Returns 0, or a positive code of its own.
pub type parmap_item_fn = Option<
    unsafe extern "C" fn(
        userdata: *mut c_void,
        task: *const parmap_task,
        input: *const c_void,
        size: i64,
        output: *mut parmap_buffer,
    ) -> i32,
>;

/// Takes the result of item `index`: `size` bytes at `data`. If the setting "errors" is "continue"
/// also of those that failed: `status` is then not 0, and there are no bytes. Returns 0 to go on,
/// PARMAP_STOP, or a positive code of its own: an error.
pub type parmap_consume_fn =
    Option<unsafe extern "C" fn(userdata: *mut c_void, index: i64, status: i32, data: *const c_void, size: i64) -> i32>;

/// Runs `work` for each item that `produce` gives on rank 0, and hands the results to `consume`
/// there: in order and without a gap, also if the run is stopped, or as they come (setting
/// "ordered"). Items are asked for lazily: at most "max_outstanding" of them are anywhere between the
/// two, so that memory stays bounded whatever the length. Both are called by the calling thread, one
/// at a time.
///
/// `produce` and `consume` are not looked at on other ranks; `userdata` (of this rank), the first
/// argument of all three, and `report` may be NULL.
///
/// Returns 0, PARMAP_SOME_FAILED, PARMAP_STOPPED, or an error, the same on every rank. What is
/// reported is what a serial run would have met first.
///
/// Collective. Needs the map for itself.
/// Errors: PARMAP_ERROR_TASK, PARMAP_ERROR_PRODUCER, PARMAP_ERROR_CONSUMER, PARMAP_ERROR_STALLED,
/// and as parmap_run().
#[unsafe(no_mangle)]
pub extern "C" fn parmap_stream(
    map: *mut dicod_parmap,
    produce: parmap_produce_fn,
    work: parmap_item_fn,
    consume: parmap_consume_fn,
    userdata: *mut c_void,
    report: *mut parmap_report,
) -> dicod_status {
    guard(|| {
        let map = get(map)?;
        let root = map.map.ranks().rank() == 0;
        let given = || {
            let (out, work) = (report_out(report)?, needed(work, "work")?);
            Ok((out, work, root.then(|| CallerEnds::new(produce, consume, userdata)).transpose()?))
        };
        let (wrong, (out, work, mut ends)) = match given() {
            Ok((out, work, ends)) => (Ok(()), (out, Some(work), ends)),
            Err(error) => (Err(error), (None, None, None)),
        };
        let function = item_function(work, userdata);
        let ends = ends.as_mut().map(|ends| ends as &mut dyn Ends);
        map.run(out, |map, progress| Stream::new(ends).checked(wrong).run(map, &function, progress))
    })
}

/// Producer and consumer of the caller's.
pub(crate) struct CallerEnds {
    produce: Produce,
    consume: Consume,
    userdata: *mut c_void,
}

pub(crate) type Produce = unsafe extern "C" fn(*mut c_void, *mut parmap_buffer) -> i32;
type Consume = unsafe extern "C" fn(*mut c_void, i64, i32, *const c_void, i64) -> i32;
type Item = unsafe extern "C" fn(*mut c_void, *const parmap_task, *const c_void, i64, *mut parmap_buffer) -> i32;

impl CallerEnds {
    pub(crate) fn new(produce: parmap_produce_fn, consume: parmap_consume_fn, userdata: *mut c_void) -> Result<Self> {
        Ok(CallerEnds { produce: needed(produce, "produce")?, consume: needed(consume, "consume")?, userdata })
    }
}

pub(crate) fn produced(call: Produce, userdata: *mut c_void, to: &mut Vec<u8>) -> Produced {
    match with_buffer(to, |buffer| call!(call(userdata, buffer))) {
        PARMAP_ITEM => Produced::Item,
        PARMAP_END => Produced::End,
        PARMAP_WAIT => Produced::Wait,
        code if code > 0 => Produced::Failed(code, String::new()),
        code => {
            let allowed = "PARMAP_ITEM, PARMAP_END, PARMAP_WAIT or a positive code";
            let text = format!("the producer returned {code}: it must return {allowed}");
            Produced::Failed(crate::parmap::run::report::BAD_CODE, text)
        }
    }
}

impl Ends for CallerEnds {
    fn produce(&mut self, to: &mut Vec<u8>) -> Produced {
        produced(self.produce, self.userdata, to)
    }

    fn consume(&mut self, index: u64, status: i32, bytes: &[u8]) -> Consumed {
        let (data, size) = (address(bytes), bytes.len() as i64);
        match call!((self.consume)(self.userdata, index as i64, status, data, size)) {
            0 => Consumed::More,
            PARMAP_STOP => Consumed::Stop,
            code if code > 0 => Consumed::Failed(code, String::new()),
            code => {
                let allowed = "0, PARMAP_STOP or a positive code";
                let text = format!("the consumer returned {code}: it must return {allowed}");
                Consumed::Failed(crate::parmap::run::report::BAD_CODE, text)
            }
        }
    }
}

/// The caller's function as the stream calls it. Without one nothing is run.
pub(crate) fn item_function(
    work: Option<Item>,
    userdata: *mut c_void,
) -> impl Fn(&Task, &[u8], &mut Vec<u8>) -> i32 + Send + Sync {
    let userdata = Caller::new(userdata);
    move |task: &Task, input: &[u8], output: &mut Vec<u8>| {
        let Some(work) = work else {
            return NOT_RUN;
        };
        let (data, size) = (address(input), input.len() as i64);
        with_buffer(output, |output| call!(work(userdata.get(), handle(task), data, size, output)))
    }
}
