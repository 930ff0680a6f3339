//! What can be set on a map.

use crate::base::bytes::{Reader, Writer};
use crate::base::error::Result;
use crate::options::access::Table;
use crate::options::aliases;
use crate::options::table::{options, words};
use crate::options::text;

words! {
    /// How tasks are dealt to workers.
    pub enum Schedule {
        /// The next chunk goes to whoever finishes first.
        Dynamic = "dynamic",
        /// Each worker gets an equal contiguous portion.
        Block = "block",
        /// Chunks are dealt in turn.
        Cyclic = "cyclic",
        /// As dynamic, with chunks that get smaller towards the end.
        Guided = "guided",
    }
}

impl Schedule {
    /// Are tasks bound to a worker from the start?
    pub(crate) fn is_static(self) -> bool {
        matches!(self, Schedule::Block | Schedule::Cyclic)
    }
}

words! {
    /// What happens when a task fails.
    pub enum Errors {
        /// No task above the lowest failing one counts, and none is started once that is known.
        Cancel = "cancel",
        /// All tasks run, each has its status.
        Continue = "continue",
    }
}

options! {
    /// Everything that can be set on a map.
    pub struct Settings: "setting", "parmap", aliases::MAP, keys "" {
        schedule: word(Schedule) = Dynamic, "dynamic: the next chunk goes to whoever finishes first; guided: the same with \
            chunks that get smaller; block: equal contiguous portions, what is left over the workers that are left, rounded \
            up; cyclic: chunks are dealt in turn";
        chunk: integer(0) = 0, "tasks that are handed over at a time; 0: automatic, by time. Of a reduction: tasks of one \
            fork; 0: by their number";
        errors: word(Errors) = Cancel, "cancel: no task above the lowest failing one counts, none is started once that is \
            known, those below finish; continue: all run, each has its status";
        retries: integer(0) = 0, "how often a task that failed is tried again";
        seed: integer(0) = 0, "seed of the random numbers of tasks";
        root_works: flag = 1, "0: rank 0 only hands out tasks, if there are other ranks";
        max_outstanding: integer(0) = 0, "items at most between producer and consumer of a stream; 0: four per worker";
        ordered: flag = 1, "0: results are consumed, or forks joined, as they come, not in order of index";
        deadline: real(0.0, inf) = inf, "seconds after which a run stops, from when the last rank has called";
        grace: real(0.0, inf) = 1, "seconds that running tasks have to end after a deadline or a cancel: other ranks are not \
            waited for any longer; a task on a thread of rank 0 is, it cannot be ended from outside";
        progress_interval: real(0.0, inf) = 0.1, "least seconds between two calls of the progress callback";
        ranks_per_task: integer(1) = 1, "ranks that work on one task together";
    }
}

impl Settings {
    /// Are tasks above the lowest failing one left out?
    pub(crate) fn cancels(&self) -> bool {
        self.errors == Errors::Cancel
    }

    /// For another rank: what is not the default.
    pub(crate) fn write(&self, to: &mut Writer) {
        to.bytes(text::lines(self, Some(&Settings::default())).as_bytes());
    }

    pub(crate) fn read(from: &mut Reader) -> Result<Self> {
        let mut settings = Settings::default();
        settings.parse(&from.text()?)?;
        Ok(settings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Kind;

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
            "setting \"schedule\" must be a string (parmap_set_string), is the integer 1"
        );
        for (key, hint) in [
            ("timeout", "; did you mean \"deadline\"?"),
            ("chunk_size", "; did you mean \"chunk\"?"),
            ("retrys", "; did you mean \"retries\"?"),
            ("n_jobs", ": threads are the context's"),
            ("verbose", ": the library prints nothing; parmap_set_progress()"),
        ] {
            let text = text(settings.set_integer(key, 1));
            let expected = format!("there is no setting \"{key}\"{hint}");
            assert!(text.starts_with(&expected), "{text}");
        }
        let colour = text(settings.set_integer("colour", 1));
        assert_eq!(colour, "there is no setting \"colour\"");
        // Each key of the table has a setter of its own.
        for spec in Settings::TABLE {
            let before = Settings::default();
            let mut after = before.clone();
            match spec.kind {
                Kind::Integer(least) => after.set_integer(spec.key, least + 77),
                Kind::Flag => after.set_integer(spec.key, 0).and_then(|()| match after == before {
                    true => after.set_integer(spec.key, 1),
                    false => Ok(()),
                }),
                Kind::Real(..) => after.set_real(spec.key, 77.0),
                Kind::Word(words) => after.set_word(spec.key, words[1]),
                _ => Ok(()),
            }
            .unwrap();
            assert_ne!(before, after, "{}", spec.key);
        }
    }
}
