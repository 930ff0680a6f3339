//! What can be set on a handle: one table from which setters, ranges and documentation come.

use crate::base::bytes::{Reader, Writer};
use crate::base::error::{Error, Result};
use crate::base::wording;
use crate::options::nearest::{self, Alias, Ours, THREAD_NAMES, VERBOSE_NAMES};
use crate::options::solve::{Kind, Spec, one_of};
use crate::parmap::run::schedule::Schedule;

/// What happens when a task fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Errors {
    /// No task above the lowest failing one counts, and none is started once that is known.
    #[default]
    Cancel,
    /// All tasks run, each has its status.
    Continue,
}

/// Everything that can be set. The fields are documented in [`TABLE`].
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct Settings {
    pub schedule: Schedule,
    pub chunk: i64,
    pub errors: Errors,
    pub retries: i64,
    pub seed: i64,
    pub root_works: bool,
    pub max_outstanding: i64,
    pub ordered: bool,
    pub deadline: f64,
    pub grace: f64,
    pub progress_interval: f64,
    pub ranks_per_task: i64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            schedule: Schedule::default(),
            chunk: 0,
            errors: Errors::default(),
            retries: 0,
            seed: 0,
            root_works: true,
            max_outstanding: 0,
            ordered: true,
            deadline: f64::INFINITY,
            grace: 1.0,
            progress_interval: 0.1,
            ranks_per_task: 1,
        }
    }
}

const SCHEDULES: [&str; 4] = ["dynamic", "block", "cyclic", "guided"];

/// All settings.
pub const TABLE: &[Spec] = &[
    Spec {
        key: "schedule",
        kind: Kind::Word(&SCHEDULES),
        default: "dynamic",
        meaning: "who does which task: whoever is free, equal contiguous portions, dealt in turn, \
                  or whoever is free with chunks that get smaller",
    },
    Spec {
        key: "chunk",
        kind: Kind::Integer(0),
        default: "0",
        meaning: "tasks that are handed over at a time; 0: automatic. Of a reduction: tasks of one \
                  fork",
    },
    Spec {
        key: "errors",
        kind: Kind::Word(&["cancel", "continue"]),
        default: "cancel",
        meaning: "when a task fails: tasks above it are not run, or all are run",
    },
    Spec {
        key: "retries",
        kind: Kind::Integer(0),
        default: "0",
        meaning: "how often a task that failed is tried again",
    },
    Spec { key: "seed", kind: Kind::Integer(0), default: "0", meaning: "seed of the random numbers of tasks" },
    Spec {
        key: "root_works",
        kind: Kind::Flag,
        default: "1",
        meaning: "0: rank 0 only hands out tasks, if there are other ranks",
    },
    Spec {
        key: "max_outstanding",
        kind: Kind::Integer(0),
        default: "0",
        meaning: "items at most between producer and consumer of a stream; 0: four per worker",
    },
    Spec {
        key: "ordered",
        kind: Kind::Flag,
        default: "1",
        meaning: "0: results are consumed, or forks joined, as they come, not in order of index",
    },
    Spec { key: "deadline", kind: Kind::Real(0.0), default: "inf", meaning: "seconds after which a run stops" },
    Spec {
        key: "grace",
        kind: Kind::Real(0.0),
        default: "1",
        meaning: "seconds that running tasks have to end after a deadline or a cancel",
    },
    Spec {
        key: "progress_interval",
        kind: Kind::Real(0.0),
        default: "0.1",
        meaning: "least seconds between two calls of the progress callback",
    },
    Spec {
        key: "ranks_per_task",
        kind: Kind::Integer(1),
        default: "1",
        meaning: "ranks that work on one task together",
    },
];

const fn alias(names: &'static [&'static str], ours: &'static str) -> Alias {
    Alias { names, ours: Ours::Key(ours) }
}

/// Names that settings have elsewhere.
const ALIASES: &[Alias] = &[
    alias(&["chunksize", "chunk_size", "batch_size", "grain", "grain_size", "block_size"], "chunk"),
    alias(&["timeout", "time_limit", "max_time", "walltime", "time_out"], "deadline"),
    alias(&["on_error", "error", "error_policy", "raise", "fail_fast"], "errors"),
    alias(&["scheduler", "scheduling", "backend", "policy", "distribution"], "schedule"),
    alias(&["max_retries", "retry", "n_retries", "attempts"], "retries"),
    alias(&["random_state", "random_seed", "rng", "rng_seed"], "seed"),
    alias(&["max_in_flight", "in_flight", "prefetch", "pre_dispatch", "queue_size", "buffer_size"], "max_outstanding"),
    alias(&["order", "keep_order", "in_order", "preserve_order"], "ordered"),
    alias(&["master_works", "root_participates", "rank_0_works"], "root_works"),
    alias(&["ranks", "n_ranks", "group_size", "procs_per_task"], "ranks_per_task"),
    alias(&["interval", "update_interval"], "progress_interval"),
    Alias {
        names: THREAD_NAMES,
        ours: Ours::Elsewhere([
            "threads are the context's: dicod_context_create(n_threads, &context)",
            "threads are the context's: call context%create(n_threads=n)",
            "threads are those that Julia was started with",
        ]),
    },
    Alias {
        names: VERBOSE_NAMES,
        ours: Ours::Elsewhere([
            "the library prints nothing; parmap_set_progress() tells how a run gets on",
            "the library prints nothing; map%set_progress tells how a run gets on",
            "the library prints nothing; Map(progress=...) tells how a run gets on",
        ]),
    },
];

fn find(key: &str) -> Result<&'static Spec> {
    TABLE.iter().find(|spec| spec.key == key).ok_or_else(|| {
        let keys = TABLE.iter().map(|spec| spec.key);
        Error::UnknownOption { key: key.into(), hint: nearest::hint(key, keys, ALIASES) }
    })
}

fn refuse(spec: &Spec, value: impl ToString) -> Error {
    let (allowed, function) = match spec.kind {
        Kind::Real(least) => (format!("a real number, at least {least}"), "real"),
        Kind::Integer(least) => (format!("an integer, at least {least}"), "integer"),
        Kind::Flag => ("an integer, 0 or 1".into(), "integer"),
        Kind::Word(words) => (one_of(words), "string"),
        _ => (String::new(), ""),
    };
    let function = wording::in_c(format!(" (parmap_set_{function})"));
    let name = format!("setting \"{}\"", spec.key);
    Error::argument(&name, value, format!("{allowed}{function}"))
}

impl Settings {
    /// Sets an integer, or a flag as 0 or 1.
    pub fn set_integer(&mut self, key: &str, value: i64) -> Result<()> {
        let spec = find(key)?;
        let allowed = match spec.kind {
            Kind::Integer(least) => value >= least,
            Kind::Flag => (0..=1).contains(&value),
            _ => false,
        };
        if !allowed {
            return Err(refuse(spec, value));
        }
        match key {
            "chunk" => self.chunk = value,
            "retries" => self.retries = value,
            "seed" => self.seed = value,
            "root_works" => self.root_works = value == 1,
            "max_outstanding" => self.max_outstanding = value,
            "ordered" => self.ordered = value == 1,
            _ => self.ranks_per_task = value,
        }
        Ok(())
    }

    /// Sets a number; infinite ones are allowed for times.
    pub fn set_real(&mut self, key: &str, value: f64) -> Result<()> {
        let spec = find(key)?;
        let allowed = match spec.kind {
            // Not NaN.
            Kind::Real(least) => value >= least,
            _ => false,
        };
        if !allowed {
            return Err(refuse(spec, value));
        }
        match key {
            "deadline" => self.deadline = value,
            "grace" => self.grace = value,
            _ => self.progress_interval = value,
        }
        Ok(())
    }

    /// Sets one of several words.
    pub fn set_word(&mut self, key: &str, value: &str) -> Result<()> {
        let spec = find(key)?;
        let allowed = match spec.kind {
            Kind::Word(words) => words.contains(&value),
            _ => false,
        };
        if !allowed {
            return Err(refuse(spec, format!("\"{value}\"")));
        }
        match value {
            "dynamic" => self.schedule = Schedule::Dynamic,
            "block" => self.schedule = Schedule::Block,
            "cyclic" => self.schedule = Schedule::Cyclic,
            "guided" => self.schedule = Schedule::Guided,
            "cancel" => self.errors = Errors::Cancel,
            _ => self.errors = Errors::Continue,
        }
        Ok(())
    }

    /// Are tasks above the lowest failing one left out?
    pub(crate) fn cancels(&self) -> bool {
        self.errors == Errors::Cancel
    }

    pub(crate) fn write(&self, to: &mut Writer) {
        to.u8(match self.schedule {
            Schedule::Block => 0,
            Schedule::Cyclic => 1,
            Schedule::Dynamic => 2,
            Schedule::Guided => 3,
        });
        to.u8(self.cancels() as u8);
        to.u8(self.root_works as u8);
        to.u8(self.ordered as u8);
        for value in [self.chunk, self.retries, self.seed, self.max_outstanding, self.ranks_per_task] {
            to.i64(value);
        }
        for value in [self.deadline, self.grace, self.progress_interval] {
            to.f64(value);
        }
    }

    pub(crate) fn read(from: &mut Reader) -> Result<Self> {
        Ok(Settings {
            schedule: match from.u8()? {
                0 => Schedule::Block,
                1 => Schedule::Cyclic,
                2 => Schedule::Dynamic,
                _ => Schedule::Guided,
            },
            errors: match from.u8()? {
                0 => Errors::Continue,
                _ => Errors::Cancel,
            },
            root_works: from.u8()? != 0,
            ordered: from.u8()? != 0,
            chunk: from.i64()?,
            retries: from.i64()?,
            seed: from.i64()?,
            max_outstanding: from.i64()?,
            ranks_per_task: from.i64()?,
            deadline: from.f64()?,
            grace: from.f64()?,
            progress_interval: from.f64()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_travel_and_are_checked() {
        let mut settings = Settings::default();
        settings.set_integer("chunk", 7).unwrap();
        settings.set_integer("root_works", 0).unwrap();
        settings.set_real("deadline", 2.5).unwrap();
        settings.set_word("errors", "continue").unwrap();
        settings.set_word("schedule", "guided").unwrap();
        let mut bytes = Writer::default();
        settings.write(&mut bytes);
        assert_eq!(Settings::read(&mut Reader(&bytes.0)).unwrap(), settings);
        let text = |result: Result<()>| result.unwrap_err().to_string();
        assert!(text(settings.set_integer("chunks", 1)).contains("\"chunk\""));
        assert!(text(settings.set_integer("chunk", -1)).contains("at least 0"));
        assert!(text(settings.set_real("grace", f64::NAN)).contains("NaN"));
        assert!(text(settings.set_word("schedule", "static")).contains("block"));
        assert_eq!(
            text(settings.set_integer("schedule", 1)),
            "setting \"schedule\" must be \"dynamic\", \"block\", \"cyclic\" or \"guided\" \
             (parmap_set_string), is 1"
        );
        for (key, hint) in [
            ("timeout", "; did you mean \"deadline\"?"),
            ("chunk_size", "; did you mean \"chunk\"?"),
            ("retrys", "; did you mean \"retries\"?"),
            ("n_jobs", ": threads are the context's"),
            ("verbose", ": the library prints nothing; parmap_set_progress()"),
        ] {
            let text = text(settings.set_integer(key, 1));
            let expected = format!("there is no option \"{key}\"{hint}");
            assert!(text.starts_with(&expected), "{text}");
        }
        let colour = text(settings.set_integer("colour", 1));
        assert_eq!(colour, "there is no option \"colour\"");
        // Each key of the table has a setter of its own.
        for spec in TABLE {
            let before = Settings::default();
            let mut after = before.clone();
            match spec.kind {
                Kind::Integer(least) => after.set_integer(spec.key, least + 77),
                Kind::Flag => after.set_integer(spec.key, 0).and_then(|()| match after == before {
                    true => after.set_integer(spec.key, 1),
                    false => Ok(()),
                }),
                Kind::Real(_) => after.set_real(spec.key, 77.0),
                Kind::Word(words) => after.set_word(spec.key, words[1]),
                _ => Ok(()),
            }
            .unwrap();
            assert_ne!(before, after, "{}", spec.key);
        }
    }
}
