//! n tasks with inputs and outputs of fixed size.

use crate::base::bytes::{Reader, Writer, malformed};
use crate::base::error::{Error, Result};
use crate::base::memory;
use crate::options::map::Settings;
pub use crate::parmap::arrays::{Inputs, Outputs};
use crate::parmap::call::Call;
use crate::parmap::handle::Map;
use crate::parmap::run::follow::{follow, follow_with};
use crate::parmap::run::lead::{conclude, lead_from_any_thread};
use crate::parmap::run::progress::{Watch, Watcher};
use crate::parmap::run::report::{Ledger, Report};
use crate::parmap::run::schedule::{Deal, Plan};
use crate::parmap::run::source::{Next, Source, Work};
use crate::parmap::run::state::Run;
use crate::parmap::run::task::{Control, Place, Ran, Task, run_chunk};
use crate::parmap::run::unit::{Reply, Unit};
use crate::parmap::tags::UNITS;

/// What a map is over. On ranks other than 0 inputs are not looked at, and outputs may be absent.
pub struct Tasks<'a> {
    pub(super) n: u64,
    inputs: Option<Inputs<'a>>,
    outputs: Option<Outputs<'a>>,
    pub(super) in_size: usize,
    out_size: usize,
    /// Whether all is well so far.
    check: Result<()>,
    /// Makes the settings others than the map's.
    change: fn(&mut Settings),
}

impl<'a> Tasks<'a> {
    /// `n` tasks without inputs and outputs.
    pub fn new(n: u64) -> Self {
        Tasks { n, inputs: None, outputs: None, in_size: 0, out_size: 0, check: Ok(()), change: |_| () }
    }

    /// With inputs of `size` bytes, one after the other; only those of rank 0 count.
    pub fn inputs(self, bytes: &'a [u8], size: usize) -> Result<Self> {
        self.fits("inputs", bytes.len(), size)?;
        Ok(self.inputs_at(Some(Inputs::new(bytes, size)), size))
    }

    /// With outputs of `size` bytes, one after the other.
    pub fn outputs(self, bytes: &'a mut [u8], size: usize) -> Result<Self> {
        self.fits("outputs", bytes.len(), size)?;
        Ok(self.outputs_at(Some(Outputs::new(bytes, size)), size))
    }

    /// With inputs that were described before; those of no size are none.
    pub fn inputs_at(mut self, inputs: Option<Inputs<'a>>, size: usize) -> Self {
        self.inputs = inputs.filter(|_| size > 0);
        self.in_size = size;
        self
    }

    /// With outputs that were described before; those of no size are none.
    pub fn outputs_at(mut self, outputs: Option<Outputs<'a>>, size: usize) -> Self {
        self.outputs = outputs.filter(|_| size > 0);
        self.out_size = size;
        self
    }

    /// If all is well so far: an error fails the run, on every rank, before any task is done.
    pub fn checked(mut self, check: Result<()>) -> Self {
        self.check = check;
        self
    }

    /// With settings that are others than the map's.
    pub(super) fn with_settings(mut self, change: fn(&mut Settings)) -> Self {
        self.change = change;
        self
    }

    fn fits(&self, argument: &str, len: usize, size: usize) -> Result<()> {
        let needed = usize::try_from(self.n).ok().and_then(|n| n.checked_mul(size));
        if needed.is_none_or(|needed| needed > len) {
            let allowed = format!("at least {} times {size}", self.n);
            return Err(Error::shape(argument, len, allowed));
        }
        Ok(())
    }

    pub(super) fn write_sizes(&self, to: &mut Writer) {
        for value in [self.n, self.in_size as u64, self.out_size as u64] {
            to.u64(value);
        }
    }

    /// The counterpart of `write_sizes`, without inputs and outputs.
    pub(super) fn read_sizes(from: &mut Reader) -> Result<Self> {
        let tasks = Tasks::new(from.u64()?);
        Ok(tasks.inputs_at(None, from.u64()? as usize).outputs_at(None, from.u64()? as usize))
    }

    /// Appends the inputs of some tasks.
    pub(super) fn pack(&self, first: u64, count: u64, to: &mut Vec<u8>) -> Result<()> {
        // With room for the numbers behind.
        memory::reserve("inputs", to, count as usize * self.in_size + 320)?;
        if let Some(inputs) = &self.inputs {
            (first..first + count).for_each(|index| to.extend_from_slice(inputs.task(index)));
        }
        Ok(())
    }

    pub(super) fn check(&self, root: bool) -> Result<()> {
        let missing = |argument, expected| Error::NullPointer { argument, expected };
        let addressable = |size: usize| {
            let n = usize::try_from(self.n).ok();
            n.and_then(|n| n.checked_mul(size.max(1))).is_some_and(|bytes| bytes <= isize::MAX as usize)
        };
        if root && self.n > 0 && self.in_size > 0 && self.inputs.is_none() {
            return Err(missing("inputs", "the inputs of all tasks, on rank 0"));
        }
        if root && self.n > 0 && self.out_size > 0 && self.outputs.is_none() {
            return Err(missing("outputs", "room for all outputs, on rank 0"));
        }
        if let (true, Some(inputs), Some(outputs)) = (root && self.n > 0, &self.inputs, &self.outputs)
            && inputs.meet(outputs, self.n)
        {
            return Err(Error::argument("outputs", "in that of the inputs", "in memory of their own"));
        }
        if !addressable(self.in_size) || !addressable(self.out_size) {
            let allowed = "so small that inputs and outputs can be addressed";
            return Err(Error::argument("n_tasks", self.n, allowed));
        }
        Ok(())
    }
}

/// What does a task: its input and output; returns 0 or its own positive code.
pub type Function<'f> = dyn Fn(&Task, &[u8], &mut [u8]) -> i32 + Sync + 'f;

struct ArrayWork<'w, 'a> {
    tasks: &'w Tasks<'a>,
    function: &'w Function<'w>,
}

impl Work for ArrayWork<'_, '_> {
    fn run(&self, unit: &Unit, place: &Place) -> Result<(Ran, Vec<u8>)> {
        let tasks = self.tasks;
        let (n_in, n_out) = (tasks.in_size, tasks.out_size);
        // All sizes of tasks can be addressed.
        let travels = |bytes: &Vec<u8>| bytes.len() as u64 == unit.count * n_in as u64;
        if unit.first + unit.count > tasks.n || !unit.bytes.as_ref().is_none_or(travels) {
            return Err(malformed());
        }
        let Some(bytes) = &unit.bytes else {
            let ran = run_chunk(unit.chunk(), place, |task, _| {
                let input = tasks.inputs.as_ref().map_or(&[][..], |i| i.task(task.index));
                let output = match &tasks.outputs {
                    // SAFETY: each task is dealt once.
                    Some(outputs) => unsafe { outputs.task(task.index) },
                    None => &mut [],
                };
                output.fill(0);
                (self.function)(task, input, output)
            })?;
            return Ok((ran, Vec::new()));
        };
        let mut results = place.agree(memory::zeroed("outputs", unit.count as usize * n_out))?;
        let ran = run_chunk(unit.chunk(), place, |task, at| {
            let input = bytes.get(at * n_in..(at + 1) * n_in).unwrap_or(&[]);
            let output = &mut results[at * n_out..(at + 1) * n_out];
            output.fill(0);
            (self.function)(task, input, output)
        })?;
        Ok((ran, results))
    }
}

struct ArraySource<'s, 'a> {
    tasks: &'s Tasks<'a>,
    plan: Plan,
    ledger: Ledger,
    run: &'s Run,
}

impl Source for ArraySource<'_, '_> {
    fn next(&mut self, slot: usize, ahead: usize, remote: bool) -> Result<Next> {
        if self.run.each_deals() {
            if self.run.control.stopped() {
                self.plan.stop();
                return Ok(Next::End);
            }
            let limit = self.run.control.limit();
            if limit < u64::MAX {
                self.plan.cut(limit);
            }
        }
        let chunk = match self.plan.deal(slot, ahead) {
            Deal::Chunk(chunk) => chunk,
            Deal::Wait => return Ok(Next::Wait),
            Deal::End => return Ok(Next::End),
        };
        let bytes = match remote {
            false => None,
            true => {
                let mut bytes = Vec::new();
                self.tasks.pack(chunk.first, chunk.count, &mut bytes)?;
                Some(bytes)
            }
        };
        let bound = self.plan.is_static();
        Ok(Next::Unit(Unit {
            first: chunk.first,
            count: chunk.count,
            slot,
            thread: self.run.workers.get(slot).map(|w| w.thread).filter(|_| bound),
            bytes,
        }))
    }

    fn done(&mut self, reply: Reply, _control: &Control) -> Result<()> {
        let size = self.tasks.out_size;
        let end = reply.first + reply.count;
        // What is done here is where it belongs already.
        let is_whole = || reply.bytes.is_empty() || reply.bytes.len() as u64 == reply.count * size as u64;
        if end > self.tasks.n || !is_whole() {
            return Err(malformed());
        }
        if let Some(outputs) = &self.tasks.outputs {
            let tasks = reply.first..end;
            for (index, bytes) in tasks.zip(reply.bytes.chunks_exact(size)) {
                // SAFETY: the worker's output was another one; each task comes back once.
                unsafe { outputs.task(index) }.copy_from_slice(bytes);
            }
        }
        self.plan.learn(reply.count, reply.seconds);
        self.ledger.enter(reply.first, reply.count, &reply.ran.codes);
        if let Some(failure) = reply.ran.failure {
            if self.run.settings.cancels() {
                self.run.control.cut(failure.index);
                self.plan.cut(failure.index);
            }
            self.ledger.fail(failure);
        }
        Ok(())
    }

    fn sent(&mut self, reply: &Reply) {
        self.plan.learn(reply.count, reply.seconds);
    }

    fn stop(&mut self) {
        self.plan.stop();
    }

    fn count(&self) -> (u64, Option<u64>, u64) {
        (self.ledger.done, Some(self.tasks.n), self.ledger.failed())
    }
}

/// Payloads of automatic chunks have at most so many bytes.
const PAYLOAD: usize = 1 << 22;

/// Inputs of so many bytes in all are given to every rank, which then needs rank 0 for none of its tasks.
const INPUTS: u64 = 1 << 24;

/// The source of tasks on this rank.
fn source<'s, 'a>(run: &'s Run, tasks: &'s Tasks<'a>) -> ArraySource<'s, 'a> {
    let settings = &run.settings;
    let cap = PAYLOAD / tasks.in_size.max(tasks.out_size).max(1);
    let chunk = match run.team {
        Some(_) => 1,
        None => settings.chunk as u64,
    };
    let plan = Plan::new(settings.schedule, chunk, cap as u64, tasks.n, run.workers.len());
    ArraySource { tasks, plan: plan.with_counter(run.counter()), ledger: Ledger::default(), run }
}

impl Tasks<'_> {
    /// Collective: runs `function` for each task. The output of a task is all zero when it starts, and at the end if its
    /// status is not 0. Outputs are there on rank 0 and where there is room for them.
    pub fn run(self, map: &Map, function: &Function, progress: Option<&mut Watcher>) -> Result<Report> {
        let mut tasks = self;
        let root = map.is_root();
        let sizes =
            [("n_tasks", tasks.n as i64), ("in_size", tasks.in_size as i64), ("out_size", tasks.out_size as i64)];
        let check = std::mem::replace(&mut tasks.check, Ok(()));
        let running = map.begin(Call {
            same: &sizes,
            check: check.and_then(|()| tasks.check(root)),
            wish: !root && tasks.outputs.is_some(),
            change: tasks.change,
            each_deals: tasks.n.saturating_mul(tasks.in_size as u64) <= INPUTS,
            ..Call::new("map")
        })?;
        let run = &running.run;
        let work = ArrayWork { tasks: &tasks, function };
        let inputs = inputs_everywhere(run, &tasks)?;
        let report = match (root, run.each_deals()) {
            (true, _) => lead_tasks(run, &tasks, &work, progress),
            (false, true) => {
                let inputs = Inputs::new(&inputs, tasks.in_size);
                let own = Tasks::new(tasks.n).inputs_at(Some(inputs), tasks.in_size);
                follow_with(run, &work, Some(&mut source(run, &own)))
            }
            (false, false) => follow(run, &work),
        }?;
        report.fails_unless_of(tasks.n)?;
        if let Some(outputs) = &tasks.outputs {
            let failed = report.codes.runs().iter().map(|run| (run.first, run.end));
            for (first, end) in failed.chain(report.unfinished.iter().copied()) {
                // SAFETY: all tasks have ended.
                (first..end).for_each(|index| unsafe { outputs.task(index) }.fill(0));
            }
        }
        if running.wish {
            everywhere(run, &tasks, report.unfinished.is_empty())?;
        }
        Ok(report)
    }
}

/// Collective, where each rank deals its tasks itself: the inputs of all tasks, on ranks other than 0.
fn inputs_everywhere(run: &Run, tasks: &Tasks) -> Result<Vec<u8>> {
    let n = tasks.n as usize * tasks.in_size;
    let mut bytes = Vec::new();
    if !run.each_deals() || n == 0 {
        return Ok(bytes);
    }
    let packed = match run.is_root() {
        true => tasks.pack(0, tasks.n, &mut bytes),
        false => Ok(()),
    };
    run.ranks.agree(packed)?;
    run.ranks.spread(0, &mut bytes)?;
    if bytes.len() == n { Ok(bytes) } else { Err(malformed()) }
}

fn lead_tasks(run: &Run, tasks: &Tasks, work: &ArrayWork, progress: Option<&mut Watcher>) -> Result<Report> {
    let settings = &run.settings;
    let mut source = source(run, tasks);
    let mut watch = Watch::new(progress, settings.progress_interval);
    let led = lead_from_any_thread(run, work, &mut source, &mut watch);
    let ledger = source.ledger;
    let finish = |()| {
        let complete = ledger.done == tasks.n;
        let stopped = run.control.outcome().filter(|_| !complete);
        let seconds = run.start.elapsed().as_secs_f64();
        ledger.report(Some(tasks.n), tasks.n, stopped, settings.cancels(), seconds)
    };
    let report = led.map(finish);
    conclude(run, report, &mut watch)
}

/// Gives the outputs of rank 0 to all ranks that have room for them. If `all` tasks are done it is collective. Else a rank may be
/// busy with a task whose result nobody waits for: it finds them when it is back, and passes nothing on.
fn everywhere(run: &Run, tasks: &Tasks, all: bool) -> Result<()> {
    let root = run.is_root();
    let n = tasks.n as usize * tasks.out_size;
    let (mut bytes, mut room) = (Vec::new(), Ok(()));
    if root {
        room = memory::reserve("outputs of all tasks", &mut bytes, n);
        if let (Ok(()), Some(outputs)) = (&room, &tasks.outputs) {
            // SAFETY: all tasks have ended.
            (0..tasks.n).for_each(|index| bytes.extend(unsafe { &*outputs.task(index) }));
        }
    }
    match (all, root) {
        (true, _) => {
            run.ranks.agree(room)?;
            run.ranks.spread(0, &mut bytes)?;
        }
        (false, true) => {
            // All copies or none.
            let copy = |_| memory::copy("outputs of all tasks", &bytes);
            let copies = room.and_then(|()| (1..run.ranks.size()).map(copy).collect::<Result<Vec<_>>>());
            let (copies, made) = match copies {
                Ok(copies) => (copies, Ok(())),
                Err(error) => (vec![Vec::new(); run.ranks.size() - 1], Err(error.of_rank(0))),
            };
            let mut sent = Ok(());
            for (rank, copy) in (1..).zip(copies) {
                sent = sent.and(run.ranks.send(rank, UNITS, copy));
            }
            made.and(sent)?;
        }
        (false, false) => bytes = run.ranks.wait(Some(0), UNITS)?.bytes,
    }
    if bytes.is_empty() && n > 0 {
        // Rank 0 had no room to send them from.
        return Err(Error::memory("outputs of all tasks", n).of_rank(0));
    }
    if bytes.len() != n {
        return Err(malformed());
    }
    if let Some(outputs) = tasks.outputs.as_ref().filter(|_| !root) {
        for (index, from) in (0..tasks.n).zip(bytes.chunks_exact(tasks.out_size.max(1))) {
            // SAFETY: as above.
            unsafe { outputs.task(index) }.copy_from_slice(from);
        }
    }
    Ok(())
}
