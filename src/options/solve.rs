//! The options of a solve: one table from which setters, ranges, documentation and bindings come.

use crate::base::error::{Error, Result};
use crate::base::wording;
use crate::linalg::Method;
use crate::options::aliases::ALIASES;
use crate::options::learn::{INITS, Learning, METHODS, REFERENCES};
use crate::options::nearest;

/// How the next coordinate of a tile is chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strategy {
    /// The largest |dz| of the tile.
    #[default]
    LocallyGreedy,
    /// The largest |dz| of the whole domain: one tile.
    Greedy,
    /// Any coordinate that is not within the tolerance, at random.
    Random,
    /// All coordinates of the tile in turn.
    Cyclic,
    /// All coordinates of the tile in a new random order each time.
    CyclicShuffled,
}

/// In which order tiles are visited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Schedule {
    /// Tiles of one colour at a time, several steps a visit, on any number of threads.
    #[default]
    Coloured,
    /// As the published serial code does: raster order, its tile sizes, one step a visit.
    Published,
    /// Every rank by itself, as in the papers: the result depends on when messages arrive.
    Asynchronous,
}

/// Which steps near another rank's tiles the asynchronous schedule leaves to that rank, because it
/// has a larger one within reach.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SoftLock {
    /// None.
    None,
    /// Those within reach of the border along two axes at least.
    Corner,
    /// All within reach of the border.
    #[default]
    Border,
}

/// What `reg` and `tol` are measured in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// As given.
    Absolute,
    /// `reg`: in units of λmax. `tol`: in units of the largest step from z = 0.
    Relative,
}

/// Everything that can be set. The fields are documented in [`TABLE`].
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct Options {
    pub reg: f64,
    pub reg_per_atom: Vec<f64>,
    pub reg_scale: Scale,
    pub tol: f64,
    pub tol_scale: Scale,
    pub max_iter: i64,
    pub time_limit: f64,
    pub strategy: Strategy,
    pub schedule: Schedule,
    pub soft_lock: SoftLock,
    pub steps_per_visit: i64,
    pub tile_shape: Vec<i64>,
    pub positive: bool,
    pub periodic: Vec<bool>,
    pub warm_start: bool,
    pub frozen_support: bool,
    pub seed: i64,
    pub correlation: Method,
    pub progress_interval: f64,
    pub trace: bool,
    pub learn: Learning,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            reg: 0.1,
            reg_per_atom: Vec::new(),
            reg_scale: Scale::Relative,
            tol: 1e-3,
            tol_scale: Scale::Relative,
            max_iter: -1,
            time_limit: f64::INFINITY,
            strategy: Strategy::default(),
            schedule: Schedule::default(),
            soft_lock: SoftLock::default(),
            steps_per_visit: 0,
            tile_shape: Vec::new(),
            positive: false,
            periodic: Vec::new(),
            warm_start: false,
            frozen_support: false,
            seed: 0,
            correlation: Method::default(),
            progress_interval: 0.5,
            trace: false,
            learn: Learning::default(),
        }
    }
}

/// Type and range of an option.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// A number, at least this.
    Real(f64),
    /// A list of numbers, each at least this.
    Reals(f64),
    /// An integer, at least this.
    Integer(i64),
    /// A list of integers, each at least this.
    Integers(i64),
    /// 0 or 1.
    Flag,
    /// A list of 0 or 1.
    Flags,
    /// One of these words.
    Word(&'static [&'static str]),
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Spec {
    /// Key by which it is set.
    pub key: &'static str,
    /// Type and range.
    pub kind: Kind,
    /// Default, as text.
    pub default: &'static str,
    /// What it means.
    pub meaning: &'static str,
}

const STRATEGIES: [&str; 5] = ["locally-greedy", "greedy", "random", "cyclic", "cyclic-shuffled"];

/// All options.
pub const TABLE: &[Spec] = &[
    Spec {
        key: "reg",
        kind: Kind::Real(0.0),
        default: "0.1",
        meaning: "regularisation: lambda, or the fraction of lambda_max, see reg_scale; one lambda for all atoms: those \
                  of less norm pay more for the same in x (reg_per_atom = reg * norm treats all alike)",
    },
    Spec {
        key: "reg_per_atom",
        kind: Kind::Reals(0.0),
        default: "",
        meaning: "one regularisation per atom instead of reg; empty: reg for all",
    },
    Spec {
        key: "reg_scale",
        kind: Kind::Word(&["relative", "absolute"]),
        default: "relative",
        meaning: "unit of reg and reg_per_atom: relative to lambda_max, or absolute",
    },
    Spec {
        key: "tol",
        kind: Kind::Real(0.0),
        default: "1e-3",
        meaning: "largest step that may be left; one at atom k counts as |d_k| |dz_k|, what it changes in the \
                  reconstruction (published schedule: as |dz_k|); see tol_scale",
    },
    Spec {
        key: "tol_scale",
        kind: Kind::Word(&["relative", "absolute"]),
        default: "relative",
        meaning: "unit of tol: relative to the largest step from z = 0 (for atoms of norm 1: lambda_max - lambda), \
                  or absolute: bounds |dz| of every atom, in units of z",
    },
    Spec {
        key: "max_iter",
        kind: Kind::Integer(-1),
        default: "-1",
        meaning: "iterations at most: steps, or in the published schedule tile visits; -1: no limit",
    },
    Spec {
        key: "time_limit",
        kind: Kind::Real(0.0),
        default: "inf",
        meaning: "seconds after which the solve, or learning, returns with what it has, wherever it is; a descent ends \
                  so early that what it has reached can be certified",
    },
    Spec {
        key: "strategy",
        kind: Kind::Word(&STRATEGIES),
        default: "locally-greedy",
        meaning: "choice of the next coordinate inside a tile",
    },
    Spec {
        key: "schedule",
        kind: Kind::Word(&["coloured", "published", "asynchronous"]),
        default: "coloured",
        meaning: "order of the tiles: parallel by colours; as in the published serial code; or every rank \
                  by itself, where the result depends on when messages arrive (one rank: by colours)",
    },
    Spec {
        key: "soft_lock",
        kind: Kind::Word(&["none", "corner", "border"]),
        default: "border",
        meaning: "asynchronous schedule: which steps within reach of other ranks are left to them while \
                  they have larger ones; with less than \"border\" it may diverge, which is an error",
    },
    Spec {
        key: "steps_per_visit",
        kind: Kind::Integer(0),
        default: "0",
        meaning: "steps in a tile before the next one is visited; 0: automatic; in the published schedule always 1",
    },
    Spec {
        key: "tile_shape",
        kind: Kind::Integers(1),
        default: "",
        meaning: "least tile shape, one length per axis; empty: automatic; not with strategy greedy, which has one tile",
    },
    Spec { key: "positive", kind: Kind::Flag, default: "0", meaning: "1: activations are constrained to z >= 0" },
    Spec {
        key: "periodic",
        kind: Kind::Flags,
        default: "",
        meaning: "per axis, 1: the axis wraps around (valid shape = signal shape); empty: none does",
    },
    Spec {
        key: "warm_start",
        kind: Kind::Flag,
        default: "0",
        meaning: "1: start from the given z (dicod_solve) or from the last one (encoder), not from zero",
    },
    Spec {
        key: "frozen_support",
        kind: Kind::Flag,
        default: "0",
        meaning: "1: with warm_start (and not without), coordinates that start at zero stay there",
    },
    Spec {
        key: "seed",
        kind: Kind::Integer(0),
        default: "0",
        meaning: "seed of what is random: strategies, first atoms, batches; nothing else depends on it",
    },
    Spec {
        key: "correlation",
        kind: Kind::Word(&["auto", "direct", "gemm", "fft"]),
        default: "auto",
        meaning: "how signal and atoms are correlated: by matrix products or by transforms",
    },
    Spec {
        key: "progress_interval",
        kind: Kind::Real(0.0),
        default: "0.5",
        meaning: "least seconds between two calls of the progress callback",
    },
    Spec {
        key: "trace",
        kind: Kind::Flag,
        default: "0",
        meaning: "1: encoders record what this rank does when, see dicod_encoder_get_trace()",
    },
    Spec {
        key: "learn_init",
        kind: Kind::Word(&INITS),
        default: "random-patches",
        meaning: "first atoms: patches of the signals at random, greedily what is left unexplained, noise, or d",
    },
    Spec {
        key: "learn_max_iter",
        kind: Kind::Integer(0),
        default: "50",
        meaning: "outer iterations at most, each a step of z and one of the dictionary",
    },
    Spec {
        key: "learn_tol",
        kind: Kind::Real(0.0),
        default: "1e-4",
        meaning: "learning ends when an outer iteration lowers the objective by less than this fraction",
    },
    Spec {
        key: "learn_reg_reference",
        kind: Kind::Word(&REFERENCES),
        default: "first",
        meaning: "relative reg, without effect on an absolute one: fraction of lambda_max of the first dictionary \
                  that has to do with x, or of each new one",
    },
    Spec {
        key: "learn_dict_tol",
        kind: Kind::Real(0.0),
        default: "1e-5",
        meaning: "the dictionary step ends when its data term is proven this near to the least, relative",
    },
    Spec {
        key: "learn_dict_max_iter",
        kind: Kind::Integer(0),
        default: "100",
        meaning: "gradient iterations of a dictionary step at most",
    },
    Spec {
        key: "learn_window",
        kind: Kind::Flag,
        default: "0",
        meaning: "1: atoms are zero at the border of their support; patches are tapered by a Tukey window",
    },
    Spec {
        key: "learn_rank_one",
        kind: Kind::Flag,
        default: "0",
        meaning: "1: atoms are products of channel weights and one spatial shape",
    },
    Spec {
        key: "learn_fixed_atoms",
        kind: Kind::Flags,
        default: "",
        meaning: "per atom, 1: it stays as it is in d; empty: all are learned",
    },
    Spec {
        key: "learn_recentre",
        kind: Kind::Flag,
        default: "1",
        meaning: "1: atoms are moved to the middle of their support where that lowers the objective",
    },
    Spec {
        key: "learn_redraw",
        kind: Kind::Flag,
        default: "1",
        meaning: "1: atoms without activations are replaced by the patches of the largest residual",
    },
    Spec {
        key: "learn_redraw_below",
        kind: Kind::Real(0.0),
        default: "0",
        meaning: "with learn_redraw, replace atoms with less than this fraction of the mean |z|_1, too; the \
                  objective may rise",
    },
    Spec {
        key: "learn_online",
        kind: Kind::Flag,
        default: "0",
        meaning: "1: each step brings new signals; statistics add up instead of being replaced",
    },
    Spec {
        key: "learn_batch",
        kind: Kind::Integer(0),
        default: "0",
        meaning: "signals per step, drawn in random order, as learn_online; 0: all of them",
    },
    Spec {
        key: "learn_forgetting",
        kind: Kind::Real(0.0),
        default: "1",
        meaning: "with learn_online or learn_batch, else without effect: weight of the statistics so far when those of another batch \
                  are added, 0 to 1",
    },
    Spec {
        key: "learn_statistics",
        kind: Kind::Word(&METHODS),
        default: "auto",
        meaning: "statistics of z from pairs of non-zeros, by transforms, or whichever is cheaper",
    },
];

/// Finds an option by its key.
pub fn find(key: &str) -> Result<&'static Spec> {
    TABLE.iter().find(|spec| spec.key == key).ok_or_else(|| {
        let keys = TABLE.iter().map(|spec| spec.key);
        Error::UnknownOption { key: key.into(), hint: nearest::hint(key, keys, ALIASES) }
    })
}

/// The option is of another type than the function that `verb`, set or get, was asked for.
fn wrong_type(spec: &Spec, verb: &str, given: impl ToString) -> Error {
    let (expected, function) = match spec.kind {
        Kind::Real(_) => ("a real number", "real"),
        Kind::Reals(_) => ("a list of real numbers", "reals"),
        Kind::Integer(_) => ("an integer", "integer"),
        Kind::Integers(_) => ("a list of integers", "integers"),
        Kind::Flag => ("a flag", "integer"),
        Kind::Flags => ("a list of flags", "integers"),
        Kind::Word(_) => ("a string", "string"),
    };
    let function = wording::in_c(format!(" (dicod_options_{verb}_{function})"));
    Error::argument(&name(spec.key), given, format!("{expected}{function}"))
}

/// The option with this key, in messages.
fn name(key: &str) -> String {
    format!("option \"{key}\"")
}

/// An entry of a list of `n`.
fn entry(spec: &Spec, i: usize, n: usize) -> String {
    let at = match spec.key {
        "periodic" | "tile_shape" => wording::entry(i, n),
        _ => wording::index(&[i]),
    };
    name(&format!("{}{at}", spec.key))
}

/// `"a", "b" or "c"`.
pub(crate) fn one_of(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
    match quoted.split_last() {
        Some((last, before)) if !before.is_empty() => format!("{} or {last}", before.join(", ")),
        _ => quoted.concat(),
    }
}

fn at_least(name: &str, value: f64, least: f64) -> Result<()> {
    // NaN fails the comparison, too.
    match value >= least {
        true => Ok(()),
        false => Err(Error::argument(name, value, format!("at least {least}"))),
    }
}

fn flag(name: &str, value: i64) -> Result<bool> {
    match value {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(Error::argument(name, value, "0 or 1")),
    }
}

impl Options {
    /// Sets a number.
    pub fn set_real(&mut self, key: &str, value: f64) -> Result<()> {
        let spec = find(key)?;
        let Kind::Real(least) = spec.kind else {
            return Err(wrong_type(spec, "set", format!("the real number {value:?}")));
        };
        at_least(&name(key), value, least)?;
        if value.is_infinite() && key != "time_limit" {
            return Err(Error::argument(&name(key), value, "finite"));
        }
        match key {
            "reg" => self.reg = value,
            "tol" => self.tol = value,
            "time_limit" => self.time_limit = value,
            _ if key.starts_with("learn_") => self.learn.set_real(key, value)?,
            _ => self.progress_interval = value,
        }
        Ok(())
    }

    /// Sets a list of numbers.
    pub fn set_reals(&mut self, key: &str, values: &[f64]) -> Result<()> {
        let spec = find(key)?;
        let Kind::Reals(least) = spec.kind else {
            return Err(wrong_type(spec, "set", "a list of real numbers"));
        };
        for (i, value) in values.iter().enumerate() {
            let name = entry(spec, i, values.len());
            at_least(&name, *value, least)?;
            if value.is_infinite() {
                return Err(Error::argument(&name, value, "finite"));
            }
        }
        self.reg_per_atom = values.to_vec();
        Ok(())
    }

    /// Sets an integer or a flag.
    pub fn set_integer(&mut self, key: &str, value: i64) -> Result<()> {
        let spec = find(key)?;
        match spec.kind {
            Kind::Integer(least) if value < least => {
                let allowed = format!("at least {least}");
                return Err(Error::argument(&name(key), value, allowed));
            }
            Kind::Integer(_) => {}
            Kind::Flag => {
                flag(&name(key), value)?;
            }
            _ => return Err(wrong_type(spec, "set", format!("the integer {value}"))),
        }
        match key {
            "max_iter" => self.max_iter = value,
            "steps_per_visit" => self.steps_per_visit = value,
            "positive" => self.positive = value == 1,
            "warm_start" => self.warm_start = value == 1,
            "frozen_support" => self.frozen_support = value == 1,
            "trace" => self.trace = value == 1,
            _ if key.starts_with("learn_") => self.learn.set_integer(key, value),
            _ => self.seed = value,
        }
        Ok(())
    }

    /// Sets a list of integers or of flags.
    pub fn set_integers(&mut self, key: &str, values: &[i64]) -> Result<()> {
        let spec = find(key)?;
        match spec.kind {
            Kind::Integers(least) => {
                if let Some(i) = values.iter().position(|value| *value < least) {
                    let name = entry(spec, i, values.len());
                    let allowed = format!("at least {least}");
                    return Err(Error::argument(&name, values[i], allowed));
                }
                self.tile_shape = values.to_vec();
            }
            Kind::Flags => {
                let flags = values.iter().enumerate();
                let flags = flags.map(|(i, value)| flag(&entry(spec, i, values.len()), *value));
                let flags = flags.collect::<Result<_>>()?;
                match key {
                    "learn_fixed_atoms" => self.learn.fixed_atoms = flags,
                    _ => self.periodic = flags,
                }
            }
            _ => return Err(wrong_type(spec, "set", "a list of integers")),
        }
        Ok(())
    }

    /// Sets a word.
    pub fn set_word(&mut self, key: &str, word: &str) -> Result<()> {
        let spec = find(key)?;
        let Kind::Word(words) = spec.kind else {
            return Err(wrong_type(spec, "set", format!("the string \"{word}\"")));
        };
        let Some(choice) = words.iter().position(|w| *w == word) else {
            let word = format!("\"{word}\"");
            return Err(Error::argument(&name(key), word, one_of(words)));
        };
        let scale = [Scale::Relative, Scale::Absolute];
        match key {
            "reg_scale" => self.reg_scale = scale[choice],
            "tol_scale" => self.tol_scale = scale[choice],
            "strategy" => {
                self.strategy = [
                    Strategy::LocallyGreedy,
                    Strategy::Greedy,
                    Strategy::Random,
                    Strategy::Cyclic,
                    Strategy::CyclicShuffled,
                ][choice];
            }
            "schedule" => {
                self.schedule = [Schedule::Coloured, Schedule::Published, Schedule::Asynchronous][choice];
            }
            "soft_lock" => {
                self.soft_lock = [SoftLock::None, SoftLock::Corner, SoftLock::Border][choice];
            }
            _ if key.starts_with("learn_") => self.learn.set_word(key, choice),
            _ => self.correlation = [Method::Auto, Method::Direct, Method::Gemm, Method::Fft][choice],
        }
        Ok(())
    }

    /// The value of an option, whatever its type, for comparisons and for people.
    pub(crate) fn text(&self, spec: &Spec) -> String {
        let key = spec.key;
        let text = match spec.kind {
            Kind::Real(_) => self.get_real(key).map(|value| value.to_string()),
            Kind::Reals(_) => self.get_reals(key).map(|values| format!("{values:?}")),
            Kind::Integer(_) | Kind::Flag => self.get_integer(key).map(|value| value.to_string()),
            Kind::Integers(_) | Kind::Flags => self.get_integers(key).map(|values| match key {
                "learn_fixed_atoms" => format!("{values:?}"),
                _ => wording::per_axis(&values),
            }),
            Kind::Word(_) => self.get_word(key).map(|word| format!("\"{word}\"")),
        };
        text.unwrap_or_default()
    }

    /// Reads a number.
    pub fn get_real(&self, key: &str) -> Result<f64> {
        let spec = find(key)?;
        let Kind::Real(_) = spec.kind else {
            return Err(wrong_type(spec, "get", "asked for as a real number"));
        };
        Ok(match key {
            "reg" => self.reg,
            "tol" => self.tol,
            "time_limit" => self.time_limit,
            _ if key.starts_with("learn_") => self.learn.real(key),
            _ => self.progress_interval,
        })
    }

    /// Reads a list of numbers.
    pub fn get_reals(&self, key: &str) -> Result<&[f64]> {
        let spec = find(key)?;
        match spec.kind {
            Kind::Reals(_) => Ok(&self.reg_per_atom),
            _ => Err(wrong_type(spec, "get", "asked for as a list of real numbers")),
        }
    }

    /// Reads an integer or a flag.
    pub fn get_integer(&self, key: &str) -> Result<i64> {
        let spec = find(key)?;
        let (Kind::Integer(_) | Kind::Flag) = spec.kind else {
            return Err(wrong_type(spec, "get", "asked for as an integer"));
        };
        Ok(match key {
            "max_iter" => self.max_iter,
            "steps_per_visit" => self.steps_per_visit,
            "positive" => self.positive.into(),
            "warm_start" => self.warm_start.into(),
            "frozen_support" => self.frozen_support.into(),
            "trace" => self.trace.into(),
            _ if key.starts_with("learn_") => self.learn.integer(key),
            _ => self.seed,
        })
    }

    /// Reads a list of integers or of flags.
    pub fn get_integers(&self, key: &str) -> Result<Vec<i64>> {
        let spec = find(key)?;
        match spec.kind {
            Kind::Integers(_) => Ok(self.tile_shape.clone()),
            Kind::Flags => {
                let flags = match key {
                    "learn_fixed_atoms" => &self.learn.fixed_atoms,
                    _ => &self.periodic,
                };
                Ok(flags.iter().map(|flag| (*flag).into()).collect())
            }
            _ => Err(wrong_type(spec, "get", "asked for as a list of integers")),
        }
    }

    /// Reads a word.
    pub fn get_word(&self, key: &str) -> Result<&'static str> {
        let spec = find(key)?;
        let Kind::Word(words) = spec.kind else {
            return Err(wrong_type(spec, "get", "asked for as a string"));
        };
        let scale = |scale| usize::from(scale == Scale::Absolute);
        let choice = match key {
            "reg_scale" => scale(self.reg_scale),
            "tol_scale" => scale(self.tol_scale),
            "strategy" => match self.strategy {
                Strategy::LocallyGreedy => 0,
                Strategy::Greedy => 1,
                Strategy::Random => 2,
                Strategy::Cyclic => 3,
                Strategy::CyclicShuffled => 4,
            },
            "schedule" => match self.schedule {
                Schedule::Coloured => 0,
                Schedule::Published => 1,
                Schedule::Asynchronous => 2,
            },
            "soft_lock" => match self.soft_lock {
                SoftLock::None => 0,
                SoftLock::Corner => 1,
                SoftLock::Border => 2,
            },
            _ if key.starts_with("learn_") => self.learn.word(key),
            _ => match self.correlation {
                Method::Auto => 0,
                Method::Direct => 1,
                Method::Gemm => 2,
                Method::Fft => 3,
            },
        };
        Ok(words[choice])
    }

    /// Options that contradict each other: one of them would be ignored.
    pub(crate) fn check_together(&self) -> Result<()> {
        if self.frozen_support && !self.warm_start {
            let allowed = "0 unless option \"warm_start\" is 1: all activations would stay zero";
            return Err(Error::argument("option \"frozen_support\"", 1, allowed));
        }
        if self.schedule == Schedule::Published && self.steps_per_visit > 1 {
            let name = "option \"steps_per_visit\"";
            let allowed = "0 or 1 in the published schedule";
            return Err(Error::argument(name, self.steps_per_visit, allowed));
        }
        if self.strategy == Strategy::Greedy && !self.tile_shape.is_empty() {
            let value = format!("{:?}", self.tile_shape);
            let allowed = "empty with strategy \"greedy\", whose only tile is the whole domain";
            return Err(Error::argument("option \"tile_shape\"", value, allowed));
        }
        Ok(())
    }

    /// Lists whose length depends on the problem.
    pub(crate) fn check_lengths(&self, n_axes: usize, n_atoms: usize) -> Result<()> {
        let lists = [
            ("reg_per_atom", self.reg_per_atom.len(), n_atoms, "atom"),
            ("tile_shape", self.tile_shape.len(), n_axes, "axis"),
            ("periodic", self.periodic.len(), n_axes, "axis"),
        ];
        for (key, len, expected, unit) in lists {
            if len != 0 && len != expected {
                let allowed = format!("a list of {expected}, one value per {unit}");
                return Err(Error::argument(&name(key), format!("a list of {len}"), allowed));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::nearest::Ours;

    #[test]
    fn every_option_of_the_table_can_be_set_and_changes_something() {
        for spec in TABLE {
            let mut options = Options::default();
            match spec.kind {
                Kind::Real(_) => options.set_real(spec.key, 0.25),
                Kind::Reals(_) => options.set_reals(spec.key, &[0.25]),
                Kind::Integer(_) => options.set_integer(spec.key, 7),
                Kind::Integers(_) => options.set_integers(spec.key, &[7]),
                Kind::Flag => options.set_integer(spec.key, i64::from(spec.default != "1")),
                Kind::Flags => options.set_integers(spec.key, &[1]),
                Kind::Word(words) => options.set_word(spec.key, words[1]),
            }
            .unwrap();
            assert_ne!(options, Options::default(), "{}", spec.key);
        }
    }

    #[test]
    fn defaults_are_those_of_the_table() {
        let mut options = Options::default();
        for spec in TABLE.iter().filter(|spec| !spec.default.is_empty()) {
            match spec.kind {
                Kind::Real(_) => options.set_real(spec.key, spec.default.parse().unwrap()),
                Kind::Integer(_) | Kind::Flag => options.set_integer(spec.key, spec.default.parse().unwrap()),
                Kind::Word(_) => options.set_word(spec.key, spec.default),
                Kind::Reals(_) | Kind::Integers(_) | Kind::Flags => Ok(()),
            }
            .unwrap();
        }
        assert_eq!(options, Options::default());
    }

    #[test]
    fn errors_name_key_value_and_what_is_allowed() {
        let mut options = Options::default();
        let message = |result: Result<()>| result.unwrap_err().to_string();
        let text = message(options.set_real("regg", 0.1));
        assert_eq!(text, "there is no option \"regg\"; did you mean \"reg\"?");
        for (text, parts) in [
            (message(options.set_real("reg", -1.0)), ["option \"reg\" must be at least 0", ", is -1", ""]),
            (message(options.set_real("tol", f64::NAN)), ["\"tol\"", "NaN", "at least 0"]),
            (message(options.set_real("tol", f64::INFINITY)), ["option \"tol\" must be finite", ", is inf", ""]),
            (
                message(options.set_real("seed", 1.0)),
                ["an integer (dicod_options_set_integer)", "is the real number 1.0", ""],
            ),
            (message(options.set_integer("positive", 2)), ["\"positive\"", "2", "0 or 1"]),
            (
                message(options.set_word("strategy", "best")),
                ["\"strategy\"", "is \"best\"", "\"cyclic\" or \"cyclic-shuffled\""],
            ),
            (
                message(options.set_integers("tile_shape", &[4, 0])),
                ["option \"tile_shape[1]\" must be at least 1, is 0", "", ""],
            ),
        ] {
            for part in parts {
                assert!(text.contains(part), "{text:?} lacks {part:?}");
            }
        }
        assert_eq!(options, Options::default());
    }

    #[test]
    fn only_a_key_that_is_near_is_suggested() {
        let text = |key| find(key).unwrap_err().to_string();
        let plain = |key| format!("there is no option \"{key}\"");
        for (key, ours) in [
            // Names of others, and slips in them and in ours.
            ("lambda", "reg"),
            ("lamda", "reg"),
            ("Lambda", "reg"),
            ("lmbd", "reg"),
            ("lam", "reg"),
            ("alpha", "reg"),
            ("regularisation", "reg"),
            ("regularizaton", "reg"),
            ("rge", "reg"),
            ("tolerance", "tol"),
            ("tolerence", "tol"),
            ("eps", "tol"),
            ("TOL", "tol"),
            ("max-itr", "max_iter"),
            ("timeout", "time_limit"),
            ("random_state", "seed"),
            ("sedd", "seed"),
            ("stratgy", "strategy"),
            ("periodc", "periodic"),
            ("batch", "learn_batch"),
            ("fixed_atoms", "learn_fixed_atoms"),
            ("learn_fixedatoms", "learn_fixed_atoms"),
        ] {
            let expected = format!("{}; did you mean \"{ours}\"?", plain(key));
            assert_eq!(text(key), expected);
        }
        for key in ["n_iter", "maxit", "iterations", "max_iterations"] {
            let expected = format!("{}; did you mean \"max_iter\" or \"learn_max_iter\"?", plain(key));
            assert_eq!(text(key), expected);
        }
        for (key, part) in [
            ("n_jobs", ": threads are the context's: dicod_context_create"),
            ("n_job", ": threads are the context's: dicod_context_create"),
            ("n_threads", ": threads are the context's"),
            ("verbose", "prints nothing; dicod_context_set_log()"),
            ("n_atoms", "an argument of the function"),
        ] {
            assert!(text(key).contains(part), "{}", text(key));
        }
        for key in ["", "x", "zz", "colour", "weights", "temperature", "ridge", "foo"] {
            assert_eq!(text(key), plain(key));
        }
    }

    #[test]
    fn names_of_others_are_none_of_ours_and_lead_to_ours() {
        let keys: Vec<_> = TABLE.iter().map(|spec| spec.key).collect();
        for alias in ALIASES {
            for name in alias.names {
                assert!(!keys.contains(name), "{name}");
                assert_eq!(*name, name.to_lowercase().replace('-', "_"));
                let known = ALIASES.iter().filter(|a| a.names.contains(name));
                assert_eq!(known.count(), 1, "{name}");
            }
            if let Ours::Key(key) | Ours::Either(key, _) = alias.ours {
                assert!(keys.contains(&key), "{key}");
            }
        }
    }

    #[test]
    fn every_option_reads_back_what_the_table_says() {
        let mut options = Options::default();
        for spec in TABLE {
            let (key, text) = (spec.key, spec.default);
            match spec.kind {
                Kind::Real(_) => {
                    assert_eq!(options.get_real(key), Ok(text.parse().unwrap()));
                    options.set_real(key, 0.625).unwrap();
                    assert_eq!(options.get_real(key), Ok(0.625), "{key}");
                }
                Kind::Reals(_) => {
                    assert_eq!(options.get_reals(key), Ok(&[][..]));
                    options.set_reals(key, &[0.5, 2.0]).unwrap();
                    assert_eq!(options.get_reals(key), Ok(&[0.5, 2.0][..]));
                }
                Kind::Integer(_) | Kind::Flag => {
                    assert_eq!(options.get_integer(key), Ok(text.parse().unwrap()));
                    options.set_integer(key, 1).unwrap();
                    assert_eq!(options.get_integer(key), Ok(1), "{key}");
                }
                Kind::Integers(_) | Kind::Flags => {
                    assert_eq!(options.get_integers(key), Ok(vec![]));
                    options.set_integers(key, &[1, 1]).unwrap();
                    assert_eq!(options.get_integers(key), Ok(vec![1, 1]), "{key}");
                }
                Kind::Word(words) => {
                    assert_eq!(options.get_word(key), Ok(text));
                    for word in words {
                        options.set_word(key, word).unwrap();
                        assert_eq!(options.get_word(key), Ok(*word), "{key}");
                    }
                }
            }
        }
        // Every setter reached a field of its own.
        assert!(options.positive && options.warm_start && options.frozen_support);
        assert_eq!((options.max_iter, options.steps_per_visit), (1, 1));
        let text = options.get_real("seed").unwrap_err().to_string();
        assert!(text.contains("\"seed\" must be an integer (dicod_options_get_integer)"), "{text}");
    }
}
