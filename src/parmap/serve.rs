//! Root-driven use: functions are registered by name, the other ranks serve, rank 0 calls.

use crate::base::bytes::{Reader, Writer};
use crate::base::error::{Error, Result};
use crate::base::panic::lock;
use crate::parmap::handle::Map;
use crate::parmap::map::{self, Tasks};
use crate::parmap::run::progress::Watcher;
use crate::parmap::run::report::Report;
use crate::parmap::run::task::Task;
use crate::parmap::share::share;
use crate::parmap::stream::{self, Ends, Stream};
use crate::parmap::tags::CALLS;
use crate::ranks::Message;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A function for tasks of fixed size.
pub type MapFunction = dyn Fn(&Task, &[u8], &mut [u8]) -> i32 + Send + Sync;

/// A function for items of a stream.
pub type StreamFunction = dyn Fn(&Task, &[u8], &mut Vec<u8>) -> i32 + Send + Sync;

/// A function with a name.
#[derive(Clone)]
pub enum Named {
    /// For tasks of fixed size.
    Map(Arc<MapFunction>),
    /// For items of a stream.
    Stream(Arc<StreamFunction>),
}

/// A call is usually near; a rank that serves leaves its core to others after this time,
const SOON: Duration = Duration::from_millis(2);
/// and looks for calls at least this often.
const NAP: Duration = Duration::from_millis(10);

const RELEASE: u8 = 0;
const MAP: u8 = 1;
const STREAM: u8 = 2;
const SHARE: u8 = 3;

/// Functions by name. Every rank registers its own.
#[derive(Default)]
pub struct Functions(Mutex<BTreeMap<String, Named>>);

impl Functions {
    /// Local: gives a function a name, under which rank 0 can call it. Another one with the same
    /// name is replaced.
    pub fn register(&self, name: &str, function: Named) -> Result<()> {
        if name.is_empty() {
            return Err(Error::argument("name", "\"\"", "a word"));
        }
        lock(&self.0).insert(name.into(), function);
        Ok(())
    }

    fn named(&self, name: &str) -> Result<Named> {
        let functions = lock(&self.0);
        functions.get(name).cloned().ok_or_else(|| {
            let known: Vec<_> = functions.keys().map(String::as_str).collect();
            let allowed = match known.is_empty() {
                true => "registered before; none is".into(),
                false => format!("one of those registered: {}", known.join(", ")),
            };
            Error::argument("name", format!("\"{name}\""), allowed)
        })
    }

    fn for_maps(&self, name: &str) -> Result<Arc<map::Function<'static>>> {
        match self.named(name)? {
            Named::Map(function) => Ok(function),
            _ => Err(Error::argument("name", format!("\"{name}\", a function for streams,"), "a function for maps")),
        }
    }

    fn for_streams(&self, name: &str) -> Result<Arc<stream::Function<'static>>> {
        match self.named(name)? {
            Named::Stream(function) => Ok(function),
            _ => Err(Error::argument("name", format!("\"{name}\", a function for maps,"), "a function for streams")),
        }
    }

    /// On ranks other than 0: does what rank 0 calls by name, until it releases them. Errors of
    /// single calls are for rank 0 to see. On rank 0 there is nothing to do.
    pub fn serve(&self, map: &Map) -> Result<()> {
        if map.is_root() {
            return Ok(());
        }
        map.ranks.fails_if_closed()?;
        loop {
            let message = next_call(map)?;
            let mut from = Reader(&message.bytes);
            let result = match from.u8()? {
                MAP => {
                    let name = from.text()?;
                    let tasks = Tasks::read_sizes(&mut from)?;
                    run_tasks(map, tasks, self.for_maps(&name), None).map(drop)
                }
                STREAM => run_stream(map, None, self.for_streams(&from.text()?), None).map(drop),
                SHARE => share(map, Ok(&[])),
                _ => return Ok(()),
            };
            // An error of the call is one on every rank; only lost messages end the service.
            if let Err(error @ Error::Communication(_)) = result {
                return Err(error);
            }
        }
    }

    /// On rank 0, while the others serve: as [`Tasks::run`].
    pub fn call(&self, map: &Map, name: &str, tasks: Tasks, progress: Option<&mut Watcher>) -> Result<Report> {
        fails_unless_root(map)?;
        // What can be seen here need not trouble the others.
        let function = self.for_maps(name)?;
        tasks.check(true)?;
        drop(map.state()?);
        tell(map, MAP, |to| {
            to.bytes(name.as_bytes());
            tasks.write_sizes(to);
        })?;
        run_tasks(map, tasks, Ok(function), progress)
    }

    /// On rank 0, while the others serve: as [`Stream::run`].
    pub fn call_stream(
        &self,
        map: &Map,
        name: &str,
        ends: &mut dyn Ends,
        progress: Option<&mut Watcher>,
    ) -> Result<Report> {
        fails_unless_root(map)?;
        let function = self.for_streams(name)?;
        drop(map.state()?);
        tell(map, STREAM, |to| to.bytes(name.as_bytes()))?;
        run_stream(map, Some(ends), Ok(function), progress)
    }
}

/// On rank 0, while the others serve: as [`share`].
pub fn call_share(map: &Map, bytes: &[u8]) -> Result<()> {
    fails_unless_root(map)?;
    drop(map.state()?);
    tell(map, SHARE, |_| ())?;
    share(map, Ok(bytes))
}

/// On rank 0: the other ranks return from [`Functions::serve`].
pub fn release(map: &Map) -> Result<()> {
    fails_unless_root(map)?;
    drop(map.state()?);
    tell(map, RELEASE, |_| ())
}

/// Waits for a call of rank 0, as [`wait_for`](crate::ranks::wait_for) does, but with longer
/// pauses in the end: nothing may come for hours.
fn next_call(map: &Map) -> Result<Message> {
    let start = Instant::now();
    loop {
        if let Some(message) = map.ranks.receive(Some(0), CALLS)? {
            return Ok(message);
        }
        match start.elapsed() {
            waited if waited < SOON => std::thread::yield_now(),
            waited => std::thread::sleep((waited / 32).min(NAP)),
        }
    }
}

fn fails_unless_root(map: &Map) -> Result<()> {
    match map.ranks.rank() {
        0 => map.ranks.fails_if_closed(),
        rank => Err(Error::InvalidState(format!(
            "rank {rank} cannot call functions by name: only rank 0 can, the others serve"
        ))),
    }
}

fn tell(map: &Map, what: u8, write: impl FnOnce(&mut Writer)) -> Result<()> {
    let mut to = Writer::default();
    to.u8(what);
    write(&mut to);
    let mut result = Ok(());
    for rank in 1..map.ranks.size() {
        // One that cannot be reached must not keep the others waiting.
        result = result.and(map.ranks.send(rank, CALLS, to.0.clone()));
    }
    result
}

fn run_tasks(
    map: &Map,
    tasks: Tasks,
    function: Result<Arc<map::Function<'static>>>,
    progress: Option<&mut Watcher>,
) -> Result<Report> {
    match function {
        Ok(function) => tasks.run(map, &*function, progress),
        Err(error) => tasks.checked(Err(error)).run(map, &|_, _, _| 0, progress),
    }
}

fn run_stream(
    map: &Map,
    ends: Option<&mut dyn Ends>,
    function: Result<Arc<stream::Function<'static>>>,
    progress: Option<&mut Watcher>,
) -> Result<Report> {
    let stream = Stream::new(ends);
    match function {
        Ok(function) => stream.run(map, &*function, progress),
        Err(error) => stream.checked(Err(error)).run(map, &|_, _, _| 0, progress),
    }
}
