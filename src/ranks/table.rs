//! Ranks that a host connects by functions of its own. The types are those of the header.
#![allow(non_camel_case_types)]

use crate::base::error::{Error, Result};
use crate::ranks::posted::{Calls, Posted};
use crate::ranks::{Reduce, Tag, Transport};
use std::ffi::{c_char, c_void};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A reduction: the sum, which wraps around.
pub const DICOD_REDUCE_SUM: i32 = 0;
/// The largest.
pub const DICOD_REDUCE_MAX: i32 = 1;
/// The smallest.
pub const DICOD_REDUCE_MIN: i32 = 2;

/// Starts to send `n` bytes to rank `to`, perhaps to this one, without waiting for it to receive them: `*request`, which
/// may be NULL if they have already been copied. The bytes stay where and what they are until the request is done. n is at most
/// 2^30 + 1; `tag` is from 0 to 32767. Messages of one tag from one rank to another arrive in the order in which
/// they were sent. Returns 0, or an error of its own.
pub type dicod_transport_send_fn = Option<
    unsafe extern "C" fn(
        state: *mut c_void,
        to: i32,
        tag: i32,
        bytes: *const c_void,
        n: i64,
        request: *mut *mut c_void,
    ) -> i32,
>;

/// Whether a request of send or reduce is done: `*done` is 1, and the request gone, or 0. Does not wait. Returns 0, or an
/// error.
pub type dicod_transport_test_fn =
    Option<unsafe extern "C" fn(state: *mut c_void, request: *mut c_void, done: *mut i32) -> i32>;

/// The next message with a tag from rank `from`, or from any if that is -1: `*found` is 1, and `*source` and `*n` say who
/// sent it and how many bytes it has, or 0 if none has arrived. Does not wait. Returns 0, or an error.
pub type dicod_transport_probe_fn = Option<
    unsafe extern "C" fn(
        state: *mut c_void,
        from: i32,
        tag: i32,
        found: *mut i32,
        source: *mut i32,
        n: *mut i64,
    ) -> i32,
>;

/// Receives the message of `n` bytes that was just found by probe. Returns 0, or an error.
pub type dicod_transport_receive_fn =
    Option<unsafe extern "C" fn(state: *mut c_void, source: i32, tag: i32, bytes: *mut c_void, n: i64) -> i32>;

/// Starts to combine `n` values of each rank, entry by entry, as `how` says (DICOD_REDUCE_SUM, _MAX, _MIN): `*request`, which
/// may be NULL if it is already done. Every rank gets the same result. Values and result stay where they are until the
/// request is done. Ranks start reductions in the same order; several may be under way. Must not wait for other ranks. Returns 0, or an
/// error.
pub type dicod_transport_reduce_fn = Option<
    unsafe extern "C" fn(
        state: *mut c_void,
        how: i32,
        n: i64,
        values: *const i64,
        result: *mut i64,
        request: *mut *mut c_void,
    ) -> i32,
>;

/// Collective: makes a transport of the ranks with the same colour, numbered by (key, rank): `*part`, whose struct_size is
/// set. Those with a colour of -1 are in none: `*part` is left as it is. May wait for other ranks. Returns 0, or an error.
pub type dicod_transport_split_fn =
    Option<unsafe extern "C" fn(state: *mut c_void, colour: i32, key: i32, part: *mut dicod_transport) -> i32>;

/// Collective: makes a transport of those ranks that run on the same machine as this one, so that POSIX shared memory of one
/// can be opened by all: `*part`, whose struct_size is set. Returns 0, or an error.
pub type dicod_transport_node_fn = Option<unsafe extern "C" fn(state: *mut c_void, part: *mut dicod_transport) -> i32>;

/// Whether the transport can be used (1) or no longer (0): as after MPI_Finalize.
pub type dicod_transport_is_open_fn = Option<unsafe extern "C" fn(state: *mut c_void) -> i32>;

/// Writes what an error of its own means, or, if that is 0, why it is no longer open: at most `capacity` bytes, ended by a zero.
pub type dicod_transport_explain_fn =
    Option<unsafe extern "C" fn(state: *mut c_void, error: i32, capacity: i64, buffer: *mut c_char)>;

/// Frees what belongs to the transport. It is called once, by the last that used it; after that nothing else is. May be collective.
pub type dicod_transport_free_fn = Option<unsafe extern "C" fn(state: *mut c_void)>;

/// Ranks that the program connects itself: whatever carries bytes between its processes, or threads, is good enough.
/// dicod_mpi.h fills one over any MPI; examples/c/transport_threads.c has ranks that are threads.
///
/// The functions are called by the thread that has called the library, one at a time, and in the library's floating-point environment,
/// which is the default one. None of them may call the library or leave by longjmp or an exception. Those that do not
/// wait are asked again and again while the library waits, with pauses that grow to two milliseconds. An error of one of them
/// (any value but 0) ends the call with DICOD_ERROR_COMMUNICATION on this rank; as after an error of MPI others may then wait
/// for ever, so that a program does best to end.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct dicod_transport {
    /// sizeof(dicod_transport): DICOD_TRANSPORT_INIT sets it.
    pub struct_size: i64,
    /// The first argument of all functions; may be NULL.
    pub state: *mut c_void,
    /// Number of this rank, from 0.
    pub rank: i32,
    /// Number of ranks, at least 1.
    pub n_ranks: i32,
    /// 1: calls may use more threads than the one that calls; else 0.
    pub may_have_threads: i32,
    /// Starts to send.
    pub send: dicod_transport_send_fn,
    /// Asks for the end of what was started.
    pub test: dicod_transport_test_fn,
    /// Looks for a message.
    pub probe: dicod_transport_probe_fn,
    /// Receives it.
    pub receive: dicod_transport_receive_fn,
    /// Starts a reduction.
    pub reduce: dicod_transport_reduce_fn,
    /// Makes a part. NULL: maps whose tasks have several ranks are refused.
    pub split: dicod_transport_split_fn,
    /// Makes the part of a machine; NULL: each rank has a copy of what is shared.
    pub node: dicod_transport_node_fn,
    /// Whether it is still there; NULL: always.
    pub is_open: dicod_transport_is_open_fn,
    /// Explains an error; NULL: it is told as a number.
    pub explain: dicod_transport_explain_fn,
    /// Frees it; NULL: nothing is to be freed.
    pub free: dicod_transport_free_fn,
}

/// A host's functions.
struct Table {
    table: dicod_transport,
    /// It is the library's to free.
    is_owned: AtomicBool,
}

// SAFETY: used by one thread at a time, which the contract of `Transport` sees to; state is only handed back.
unsafe impl Send for Table {}
// SAFETY: as above.
unsafe impl Sync for Table {}

/// A request of a host's; none: it was done at once.
struct Request(*mut c_void);

/// The ranks that a host connects; checked.
pub(crate) struct Connected(Arc<Posted<Table>>);

impl Connected {
    pub(crate) fn new(table: &dicod_transport) -> Result<Self> {
        check(table)?;
        Ok(Connected(Arc::new(Posted::new(Table::new(table, false)))))
    }

    pub(crate) fn transport(&self) -> Arc<dyn Transport> {
        self.0.clone()
    }

    /// The library frees it from now on.
    pub(crate) fn take(&self) {
        // Relaxed: nobody else has it yet, and it is looked at where the last owner drops it, after all others have.
        self.0.calls.is_owned.store(true, Ordering::Relaxed);
    }
}

/// Fails if something is missing.
fn check(table: &dicod_transport) -> Result<()> {
    if table.n_ranks < 1 {
        return Err(Error::argument("transport->n_ranks", table.n_ranks, "at least 1"));
    }
    if !(0..table.n_ranks).contains(&table.rank) {
        let allowed = format!("from 0 to {} (n_ranks - 1)", table.n_ranks - 1);
        return Err(Error::argument("transport->rank", table.rank, allowed));
    }
    if !(0..=1).contains(&table.may_have_threads) {
        return Err(Error::argument("transport->may_have_threads", table.may_have_threads, "0 or 1"));
    }
    let needed = [
        ("transport->send", table.send.is_none()),
        ("transport->test", table.test.is_none()),
        ("transport->probe", table.probe.is_none()),
        ("transport->receive", table.receive.is_none()),
        ("transport->reduce", table.reduce.is_none()),
    ];
    match needed.into_iter().find(|(_, is_missing)| *is_missing) {
        Some((argument, _)) => Err(Error::NullPointer { argument, expected: "a function" }),
        None => Ok(()),
    }
}

impl Table {
    fn new(table: &dicod_transport, is_owned: bool) -> Self {
        Table { table: *table, is_owned: AtomicBool::new(is_owned) }
    }

    /// What a function of the host's came to.
    fn check(&self, function: &str, code: i32) -> Result<()> {
        if code == 0 {
            return Ok(());
        }
        let reason = self.explained(code).unwrap_or_else(|| format!("error {code}"));
        Err(Error::Communication(format!("the transport's {function}: {reason}")))
    }

    /// What the host says of an error, in one line.
    fn explained(&self, code: i32) -> Option<String> {
        let mut text = [0u8; 1024];
        if let Some(explain) = self.table.explain {
            // SAFETY: there is room for as much; the program gave the function to be called like this.
            unsafe { explain(self.table.state, code, text.len() as i64, text.as_mut_ptr().cast()) };
        }
        let end = text.iter().position(|byte| *byte == 0).unwrap_or(text.len());
        let text = String::from_utf8_lossy(&text[..end]);
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        (!text.is_empty()).then_some(text)
    }

    /// A part that the host has made, by a function of this name.
    fn part(&self, function: &str, make: impl FnOnce(*mut dicod_transport) -> i32) -> Result<Option<Self>> {
        let mut part = dicod_transport { n_ranks: 0, ..self.table };
        self.check(function, make(&mut part))?;
        if part.n_ranks == 0 {
            return Ok(None);
        }
        let made = Table::new(&part, true);
        match check(&part) {
            Ok(()) => Ok(Some(made)),
            Err(error) => Err(Error::Communication(format!("the transport's {function} made one in which {error}"))),
        }
    }
}

/// A function that [`check`] has seen to be there.
fn there<F>(function: Option<F>) -> Result<F> {
    function.ok_or_else(|| Error::Internal("a transport without its functions".into()))
}

impl Calls for Table {
    type Request = Request;

    fn ranks(&self) -> [usize; 2] {
        [self.table.rank, self.table.n_ranks].map(|n| n as usize)
    }

    fn fails_if_closed(&self) -> Result<()> {
        let state = self.table.state;
        // SAFETY: the program gave the function to be called like this; so below.
        let is_open = self.table.is_open.is_none_or(|is_open| unsafe { is_open(state) } != 0);
        match is_open {
            true => Ok(()),
            false => {
                let reason = self.explained(0).unwrap_or_else(|| "the transport is closed".into());
                Err(Error::InvalidState(reason))
            }
        }
    }

    fn may_have_threads(&self) -> Result<bool> {
        Ok(self.table.may_have_threads != 0)
    }

    fn communicator(&self) -> Option<i32> {
        None
    }

    fn state(&self) -> *mut c_void {
        self.table.state
    }

    unsafe fn send(&self, to: usize, tag: Tag, bytes: &[u8]) -> Result<Request> {
        let (send, mut request) = (there(self.table.send)?, std::ptr::null_mut());
        let (to, tag, n) = (to as i32, i32::from(tag.0), bytes.len() as i64);
        // SAFETY: as above, and the caller's promise.
        let code = unsafe { send(self.table.state, to, tag, bytes.as_ptr().cast(), n, &mut request) };
        self.check("send", code).map(|()| Request(request))
    }

    fn is_done(&self, request: &mut Request) -> Result<bool> {
        if request.0.is_null() {
            return Ok(true);
        }
        let (test, mut done) = (there(self.table.test)?, 0);
        // SAFETY: a request that is not yet done.
        let code = unsafe { test(self.table.state, request.0, &mut done) };
        self.check("test", code)?;
        if done != 0 {
            request.0 = std::ptr::null_mut();
        }
        Ok(done != 0)
    }

    fn probe(&self, from: Option<usize>, tag: Tag) -> Result<Option<(usize, usize)>> {
        let (probe, from) = (there(self.table.probe)?, from.map_or(-1, |from| from as i32));
        let (mut found, mut source, mut n) = (0, -1, -1);
        // SAFETY: all outputs are local.
        let code = unsafe { probe(self.table.state, from, i32::from(tag.0), &mut found, &mut source, &mut n) };
        self.check("probe", code)?;
        if found == 0 {
            return Ok(None);
        }
        if !(0..self.table.n_ranks).contains(&source) || (from >= 0 && source != from) || n < 0 {
            let text =
                format!("the transport's probe: a message of {n} bytes from rank {source}, of rank {from} asked");
            return Err(Error::Communication(text));
        }
        Ok(Some((source as usize, n as usize)))
    }

    fn receive(&self, from: usize, tag: Tag, bytes: &mut [u8]) -> Result<()> {
        let receive = there(self.table.receive)?;
        let (from, tag, n) = (from as i32, i32::from(tag.0), bytes.len() as i64);
        // SAFETY: there is room for as many bytes.
        let code = unsafe { receive(self.table.state, from, tag, bytes.as_mut_ptr().cast(), n) };
        self.check("receive", code)
    }

    unsafe fn reduce(&self, how: Reduce, values: &[i64], result: &mut [i64]) -> Result<Request> {
        let (reduce, mut request) = (there(self.table.reduce)?, std::ptr::null_mut());
        let how = match how {
            Reduce::Sum => DICOD_REDUCE_SUM,
            Reduce::Max => DICOD_REDUCE_MAX,
            Reduce::Min => DICOD_REDUCE_MIN,
        };
        let n = values.len() as i64;
        // SAFETY: the caller's promise.
        let code = unsafe { reduce(self.table.state, how, n, values.as_ptr(), result.as_mut_ptr(), &mut request) };
        self.check("reduce", code).map(|()| Request(request))
    }

    fn split(&self, colour: Option<u32>, key: usize) -> Result<Option<Self>> {
        let Some(split) = self.table.split else {
            return Err(Error::InvalidState("the transport has no function split, which this call needs".into()));
        };
        let colour = colour.map_or(-1, |colour| colour as i32);
        // SAFETY: as above.
        let make = |part: *mut dicod_transport| unsafe { split(self.table.state, colour, key as i32, part) };
        let part = self.part("split", make)?;
        match colour >= 0 && part.is_none() {
            true => Err(Error::Communication("the transport's split: no part for a rank with a colour".into())),
            false => Ok(part),
        }
    }

    fn node(&self) -> Result<Option<Self>> {
        match (self.table.node, self.table.split) {
            // SAFETY: as above.
            (Some(node), Some(_)) => self.part("node", |part| unsafe { node(self.table.state, part) }),
            _ => Ok(None),
        }
    }
}

impl Drop for Table {
    fn drop(&mut self) {
        if let Some(free) = self.table.free
            && *self.is_owned.get_mut()
        {
            // SAFETY: once, and nothing after it.
            unsafe { free(self.table.state) };
        }
    }
}
