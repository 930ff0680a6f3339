//! Root-driven use: functions are registered by name, the other ranks serve, rank 0 calls.

use crate::base::bytes::{Reader, Writer};
use crate::base::error::{Error, Result};
use crate::base::panic::lock;
use crate::parmap::map::Tasks;
use crate::parmap::run::progress::Watcher;
use crate::parmap::run::report::Report;
use crate::parmap::stream::Ends;
use crate::parmap::{Map, map, stream};
use crate::ranks::{Message, Tag};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A function for tasks of fixed size.
pub type MapFunction = dyn Fn(&crate::parmap::Task, &[u8], &mut [u8]) -> i32 + Send + Sync;

/// A function for items of a stream.
pub type StreamFunction = dyn Fn(&crate::parmap::Task, &[u8], &mut Vec<u8>) -> i32 + Send + Sync;

/// A function with a name.
#[derive(Clone)]
pub enum Named {
    /// For tasks of fixed size.
    Map(Arc<MapFunction>),
    /// For items of a stream.
    Stream(Arc<StreamFunction>),
}

/// What rank 0 calls.
const CALLS: Tag = Tag(Tag::MAP.0 + 4);

/// A call is usually near; a rank that serves leaves its core to others after this time,
const SOON: Duration = Duration::from_millis(2);
/// and looks for calls at least this often.
const NAP: Duration = Duration::from_millis(10);

const RELEASE: u8 = 0;
const MAP: u8 = 1;
const STREAM: u8 = 2;
const SHARE: u8 = 3;

impl Map {
    /// Local: gives a function a name, under which rank 0 can call it. Another one with the same
    /// name is replaced.
    pub fn register(&self, name: &str, function: Named) -> Result<()> {
        if name.is_empty() {
            return Err(Error::argument("name", "\"\"", "a word"));
        }
        let mut registry = lock(&self.registry);
        registry.insert(name.into(), function);
        Ok(())
    }

    fn named(&self, name: &str) -> Result<Named> {
        let registry = lock(&self.registry);
        registry.get(name).cloned().ok_or_else(|| {
            let known: Vec<_> = registry.keys().map(String::as_str).collect();
            let allowed = match known.is_empty() {
                true => "registered before; none is".into(),
                false => format!("one of those registered: {}", known.join(", ")),
            };
            Error::argument("name", format!("\"{name}\""), allowed)
        })
    }

    fn array_function(&self, name: &str) -> Result<Arc<map::Function<'static>>> {
        match self.named(name)? {
            Named::Map(function) => Ok(function),
            _ => Err(Error::argument("name", format!("\"{name}\", a function for streams,"), "a function for maps")),
        }
    }

    fn stream_function(&self, name: &str) -> Result<Arc<stream::Function<'static>>> {
        match self.named(name)? {
            Named::Stream(function) => Ok(function),
            _ => Err(Error::argument("name", format!("\"{name}\", a function for maps,"), "a function for streams")),
        }
    }

    /// On ranks other than 0: does what rank 0 calls by name, until it releases them. Errors of
    /// single calls are for rank 0 to see. On rank 0 there is nothing to do.
    pub fn serve(&self) -> Result<()> {
        if self.ranks.rank() == 0 {
            return Ok(());
        }
        self.ranks.fails_if_closed()?;
        loop {
            let message = self.next_call()?;
            let mut from = Reader(&message.bytes);
            let result = match from.u8()? {
                MAP => {
                    let name = from.text()?;
                    let n = from.u64()?;
                    let (in_size, out_size) = (from.u64()? as usize, from.u64()? as usize);
                    let function = self.array_function(&name);
                    let tasks = Tasks::new(n).inputs_at(None, in_size).outputs_at(None, out_size);
                    self.map_named(tasks, function, None).map(drop)
                }
                STREAM => {
                    let function = self.stream_function(&from.text()?);
                    self.stream_named(None, function, None).map(drop)
                }
                SHARE => self.share(&[]),
                _ => return Ok(()),
            };
            // An error of the call is one on every rank; only lost messages end the service.
            if let Err(error @ Error::Communication(_)) = result {
                return Err(error);
            }
        }
    }

    /// Waits for a call of rank 0, as [`wait_for`](crate::ranks::wait_for) does, but with longer
    /// pauses in the end: nothing may come for hours.
    fn next_call(&self) -> Result<Message> {
        let start = Instant::now();
        loop {
            if let Some(message) = self.ranks.receive(Some(0), CALLS)? {
                return Ok(message);
            }
            match start.elapsed() {
                waited if waited < SOON => std::thread::yield_now(),
                waited => std::thread::sleep((waited / 32).min(NAP)),
            }
        }
    }

    fn is_root_of_servers(&self) -> Result<()> {
        match self.ranks.rank() {
            0 => self.ranks.fails_if_closed(),
            rank => Err(Error::InvalidState(format!(
                "rank {rank} cannot call functions by name: only rank 0 can, the others serve"
            ))),
        }
    }

    fn tell(&self, what: u8, write: impl FnOnce(&mut Writer)) -> Result<()> {
        let mut to = Writer::default();
        to.u8(what);
        write(&mut to);
        let mut result = Ok(());
        for rank in 1..self.ranks.size() {
            // One that cannot be reached must not keep the others waiting.
            result = result.and(self.ranks.send(rank, CALLS, to.0.clone()));
        }
        result
    }

    /// On rank 0, while the others serve: as [`Map::map`].
    pub fn call(&self, name: &str, tasks: Tasks, progress: Option<&mut Watcher>) -> Result<Report> {
        self.is_root_of_servers()?;
        // What can be seen here need not trouble the others.
        let function = self.array_function(name)?;
        tasks.check(true)?;
        drop(self.state()?);
        self.tell(MAP, |to| {
            to.bytes(name.as_bytes());
            tasks.write_sizes(to);
        })?;
        self.map_named(tasks, Ok(function), progress)
    }

    /// On rank 0, while the others serve: as [`Map::stream`].
    pub fn call_stream(&self, name: &str, ends: &mut dyn Ends, progress: Option<&mut Watcher>) -> Result<Report> {
        self.is_root_of_servers()?;
        let function = self.stream_function(name)?;
        drop(self.state()?);
        self.tell(STREAM, |to| to.bytes(name.as_bytes()))?;
        self.stream_named(Some(ends), Ok(function), progress)
    }

    /// On rank 0, while the others serve: as [`Map::share`].
    pub fn call_share(&self, bytes: &[u8]) -> Result<()> {
        self.is_root_of_servers()?;
        drop(self.state()?);
        self.tell(SHARE, |_| ())?;
        self.share(bytes)
    }

    /// On rank 0: the other ranks return from [`Map::serve`].
    pub fn release(&self) -> Result<()> {
        self.is_root_of_servers()?;
        drop(self.state()?);
        self.tell(RELEASE, |_| ())
    }

    fn map_named(
        &self,
        tasks: Tasks,
        function: Result<Arc<map::Function<'static>>>,
        progress: Option<&mut Watcher>,
    ) -> Result<Report> {
        let (check, function) = apart(function);
        match function {
            Some(function) => self.map_if(check, tasks, &*function, progress, |_| ()),
            None => self.map_if(check, tasks, &|_, _, _| 0, progress, |_| ()),
        }
    }

    fn stream_named(
        &self,
        ends: Option<&mut dyn Ends>,
        function: Result<Arc<stream::Function<'static>>>,
        progress: Option<&mut Watcher>,
    ) -> Result<Report> {
        let (check, function) = apart(function);
        match function {
            Some(function) => self.stream_if(check, ends, &*function, progress),
            None => self.stream_if(check, ends, &|_, _, _| 0, progress),
        }
    }
}

fn apart<T>(result: Result<T>) -> (Result<()>, Option<T>) {
    match result {
        Ok(value) => (Ok(()), Some(value)),
        Err(error) => (Err(error), None),
    }
}
