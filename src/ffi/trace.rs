//! The trace of a solve, as data and as JSON.

use crate::csc::coder::Coder;
use crate::csc::descent::trace::Activity;
use crate::csc::encoder::no_trace;
use crate::csc::{Encoder, Span};
use crate::ffi::boundary::*;
use crate::ffi::encoder::dicod_encoder;
use crate::ffi::held::{Held, with};
use std::fmt::Write;

/// Activity of a span: the whole call.
pub const DICOD_SPAN_SOLVE: i32 = 0;
/// Activity of a span: taking in the signals and their first correlation with the atoms.
pub const DICOD_SPAN_CORRELATE: i32 = 1;
/// Activity of a span: the descent; again after a certificate that was not good enough.
pub const DICOD_SPAN_DESCEND: i32 = 2;
/// Activity of a span: the certificate.
pub const DICOD_SPAN_CERTIFY: i32 = 3;
/// Activity of a span: the tiles of one colour, with the exchange of steps that goes with them; in
/// the asynchronous schedule a pass over all tiles of the rank.
pub const DICOD_SPAN_PHASE: i32 = 4;
/// Activity of a span: the visit of a tile.
pub const DICOD_SPAN_VISIT: i32 = 5;

/// What a rank was at for a span of time.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct dicod_span {
    /// sizeof(dicod_span) of the library: fields beyond it do not exist.
    pub struct_size: i64,
    /// DICOD_SPAN_SOLVE, DICOD_SPAN_CORRELATE, DICOD_SPAN_DESCEND, DICOD_SPAN_CERTIFY,
    /// DICOD_SPAN_PHASE or DICOD_SPAN_VISIT.
    pub activity: i32,
    /// Visits: 1 if the tile was left with something to do; else 0.
    pub awake: i32,
    /// Phases and visits: pass over all tiles, from 0; else -1.
    pub sweep: i64,
    /// Phases and visits: colour of the tiles; -1 where there is none.
    pub colour: i64,
    /// Visits: number of the tile, row-major in the grid of tiles of all ranks; else -1.
    pub tile: i64,
    /// Coordinate steps made in it.
    pub steps: i64,
    /// Seconds from the beginning of the call.
    pub start: f64,
    /// How long it took.
    pub seconds: f64,
    /// Seconds of it spent waiting for other ranks; 0 for visits.
    pub seconds_waiting: f64,
    /// Messages sent in it to other ranks, reductions aside; 0 for visits.
    pub messages: i64,
    /// Bytes in them.
    pub bytes_sent: i64,
}

/// Given a span of a trace; returns 0 to go on, anything else for no more.
///
/// `span` is valid during the call. As for dicod_log_fn: called in the thread that called the
/// library, it must return, and must not use the encoder of the call that runs.
pub type dicod_span_fn = Option<unsafe extern "C" fn(userdata: *mut c_void, span: *const dicod_span) -> i32>;

/// What this rank did in the encoder's last solve, with the option "trace": calls `visit` for each
/// span of time, with `userdata` as its first argument, in order of their ends. Spans nest: the
/// visits of a phase come before it, phases before their descent, and the whole solve comes last.
/// With the published schedule there are no phases.
///
/// `userdata` may be NULL. Local. Needs the encoder for itself.
/// Errors: DICOD_ERROR_NULL_POINTER; DICOD_ERROR_INVALID_STATE (no solve with the option "trace"
/// yet, or the encoder is in use).
#[unsafe(no_mangle)]
pub extern "C" fn dicod_encoder_get_trace(
    encoder: *const dicod_encoder,
    visit: dicod_span_fn,
    userdata: *mut c_void,
) -> dicod_status {
    guard(|| with(encoder, |held| spans(held, visit, userdata)))
}

/// The same as JSON text, NUL-terminated: an object with "rank", "ranks", "threads", "signals",
/// "atoms", "atom_shape", "periodic"; "tile_bounds", for each axis where tiles begin, and the end of
/// the last; "lost", the number of spans for which there was no memory; "columns", their names; and
/// "spans", a list of values for each.
///
/// `json` holds `capacity` bytes and may be NULL when `capacity` is 0: then only `*needed`, the size
/// with its NUL, is written.
///
/// Local. Needs the encoder for itself.
/// Errors: as dicod_encoder_get_trace(); DICOD_ERROR_INVALID_ARGUMENT (capacity negative or, other
/// than 0, too small).
#[unsafe(no_mangle)]
pub extern "C" fn dicod_encoder_get_trace_json(
    encoder: *const dicod_encoder,
    capacity: i64,
    json: *mut c_char,
    needed: *mut i64,
) -> dicod_status {
    guard(|| with(encoder, |held| write_json(held, capacity, json, needed)))
}

/// Fails where there is nothing that was traced.
fn traced<T: Element>(coder: &dyn Coder<T>) -> Result<&Encoder<T>> {
    coder.encoder().ok_or_else(no_trace)
}

pub(crate) fn spans(held: Held<'_>, visit: dicod_span_fn, userdata: *mut c_void) -> Result<()> {
    let visit = visit.ok_or(Error::NullPointer { argument: "visit", expected: "a function" })?;
    let give = |span: &Span| {
        let span = dicod_span::from(span);
        call!(visit(userdata, &span)) == 0
    };
    for_either!(held.coder, coder => traced(coder)?.for_each_span(give))
}

pub(crate) fn write_json(held: Held<'_>, capacity: i64, json: *mut c_char, needed: *mut i64) -> Result<()> {
    let needed = reference_mut(needed, "needed", "room for the size")?;
    let mut counted = Text(&mut [], 0);
    for_either!(&held.coder, coder => traced(&**coder)?.write_trace(&mut counted)?);
    let n = counted.1 + 1;
    if room_for(n, capacity)? {
        let to = slice_mut(json, n, "json", "capacity bytes")?;
        let mut text = Text(to, 0);
        for_either!(&held.coder, coder => traced(&**coder)?.write_trace(&mut text)?);
        to[n - 1] = 0;
    }
    *needed = n as i64;
    Ok(())
}

/// Text that goes to a buffer as far as there is one, and its length.
struct Text<'b>(&'b mut [c_char], usize);

impl Write for Text<'_> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let room = self.0.iter_mut().skip(self.1);
        for (to, from) in room.zip(text.bytes()) {
            *to = from as c_char;
        }
        self.1 += text.len();
        Ok(())
    }
}

impl From<&Span> for dicod_span {
    fn from(span: &Span) -> Self {
        dicod_span {
            struct_size: size_of::<dicod_span>() as i64,
            activity: match span.activity {
                Activity::Solve => DICOD_SPAN_SOLVE,
                Activity::Correlate => DICOD_SPAN_CORRELATE,
                Activity::Descend => DICOD_SPAN_DESCEND,
                Activity::Certify => DICOD_SPAN_CERTIFY,
                Activity::Phase => DICOD_SPAN_PHASE,
                Activity::Visit => DICOD_SPAN_VISIT,
            },
            awake: span.awake.into(),
            sweep: span.sweep,
            colour: span.colour,
            tile: span.tile,
            steps: span.steps as i64,
            start: span.start,
            seconds: span.seconds,
            seconds_waiting: span.traffic.seconds_waiting,
            messages: span.traffic.messages as i64,
            bytes_sent: span.traffic.bytes as i64,
        }
    }
}
