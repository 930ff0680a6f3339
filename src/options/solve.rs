//! The options of a solve, and those of learning with them.

use crate::base::error::{Error, Result};
use crate::options::access::Table;
use crate::options::learn::Learning;
use crate::options::table::{Spec, options, words};
use crate::options::{aliases, check, text};

words! {
    /// What `tol` is measured in.
    pub enum Scale {
        /// In units of the largest step from z = 0.
        Relative = "relative",
        /// As given.
        Absolute = "absolute",
    }
}

words! {
    /// What `reg` is measured in.
    pub enum RegScale {
        /// In units of λmax.
        Relative = "relative",
        /// As given.
        Absolute = "absolute",
        /// That of each atom in units of the λmax that it has by itself.
        PerAtom = "per-atom",
    }
}

words! {
    /// How the next coordinate of a tile is chosen.
    pub enum Strategy {
        /// The largest |dz| of the tile.
        LocallyGreedy = "locally-greedy",
        /// The largest |dz| of the whole domain: one tile.
        Greedy = "greedy",
        /// Any coordinate that is not within the tolerance, at random.
        Random = "random",
        /// All coordinates of the tile in turn.
        Cyclic = "cyclic",
        /// All coordinates of the tile in a new random order each time.
        CyclicShuffled = "cyclic-shuffled",
    }
}

words! {
    /// In which order tiles are visited.
    pub enum Schedule {
        /// Tiles of one colour at a time, several steps a visit, on any number of threads.
        Coloured = "coloured",
        /// As the published serial code does: raster order, its tile sizes, one step a visit.
        Published = "published",
        /// Every rank by itself, as in the papers: the result depends on when messages arrive.
        Asynchronous = "asynchronous",
    }
}

words! {
    /// Which steps near another rank's tiles the asynchronous schedule leaves to that rank, because it
    /// has a larger one within reach.
    pub enum SoftLock {
        /// None.
        None = "none",
        /// Those within reach of the border along two axes at least.
        Corner = "corner",
        /// All within reach of the border.
        Border = "border",
    }
}

words! {
    /// Where a sample of the signals is missing.
    pub enum Missing {
        /// Nowhere, but where a weight is 0.
        None = "none",
        /// Also where it is NaN.
        Nan = "nan",
    }
}

words! {
    /// What is taken from the signals before they are coded.
    pub enum Background {
        /// Nothing.
        None = "none",
        /// The mean of each channel of each signal.
        Mean = "mean",
        /// At each position the mean over a box around it.
        Smooth = "smooth",
    }
}

words! {
    /// How tight the duality gap is.
    pub enum Proof {
        /// From the dual point that the result itself gives.
        Quick = "quick",
        /// From that of a better result.
        Tight = "tight",
    }
}

words! {
    /// How correlations are computed.
    pub enum Method {
        /// Whichever is estimated to be cheapest.
        Auto = "auto",
        /// Sums in registers, straight from the field.
        Direct = "direct",
        /// Matrix products over patches (BLAS).
        Gemm = "gemm",
        /// Fast Fourier transforms.
        Fft = "fft",
    }
}

options! {
    /// Everything that can be set about a solve, and about learning.
    pub struct Options: "option", "dicod_options", aliases::SOLVE, keys "" {
        reg: real(0.0) = 0.1, "regularisation: lambda, or the fraction of lambda_max, see reg_scale; one lambda for \
            all atoms: those of less norm pay more for the same in x (reg_per_atom = reg * norm treats all alike)";
        reg_per_atom: reals(Atom, 0.0), "one regularisation per atom instead of reg; empty: reg for all";
        reg_scale: word(RegScale) = Relative, "unit of reg and reg_per_atom: relative to lambda_max, or absolute; per-atom: that \
            of each atom relative to the lambda_max that it has by itself, max |d_k * x| (correlation)";
        ridge: real(0.0, 1e6) = 0.0, "weight of a squared penalty beside lambda, 1/2 ridge |d_k|^2 |z_k|^2 (elastic net): without \
            a unit, as atoms of any norm are shrunk alike; not multiplied by weights of samples";
        tol: real(0.0) = 1e-3, "largest step that may be left; one at atom k counts as |d_k| |dz_k|, what it changes \
            in the reconstruction (published schedule: as |dz_k|); see tol_scale";
        tol_scale: word(Scale) = Relative, "unit of tol: relative to the largest step from z = 0 (for atoms of norm 1: \
            lambda_max - lambda), or absolute: bounds |dz| of every atom, in units of z";
        gap_tol: real(0.0) = 0.0, "if positive, the solve ends when the duality gap is proven to be at most this fraction of \
            the objective; tol says only where that is first looked at, then whenever what is left is a quarter; 0: tol ends it";
        proof: word(Proof) = Quick, "what the duality gap of a result within tol is from: quick: the dual point that it gives \
            itself; tight: that of a better result, until the gap is at most 5 times what F is above its least value, or 1e-7 \
            of F; the result stays as it is, steps and seconds are more; not in learning";
        max_iter: integer(-1) = -1, "iterations at most: steps, or in the published schedule tile visits; -1: no limit";
        time_limit: real(0.0, inf) = inf, "seconds after which the solve, or learning, returns with what it has, \
            wherever it is; a descent ends so early that what it has reached can be certified";
        strategy: word(Strategy) = LocallyGreedy, "choice of the next coordinate inside a tile";
        schedule: word(Schedule) = Coloured, "order of the tiles: parallel by colours; as in the published serial \
            code; or every rank by itself, where the result depends on when messages arrive (one rank: by colours)";
        soft_lock: word(SoftLock) = Border, "asynchronous schedule: which steps within reach of other ranks are left \
            to them while they have larger ones; with less than \"border\" it may diverge, which is an error";
        steps_per_visit: integer(0) = 0, "steps in a tile before the next one is visited; 0: automatic; in the \
            published schedule always 1";
        tile_shape: integers(Axis, 1), "least tile shape, one length per axis; empty: automatic; not with strategy \
            greedy, which has one tile";
        positive: flag = 0, "1: activations are constrained to z >= 0";
        periodic: flags(Axis), "per axis, 1: the axis wraps around (valid shape = signal shape); empty: none does";
        missing: word(Missing) = None, "nan: a sample of x that is NaN is missing, as if its weight were 0 (see \
            dicod_encoder_set_weights); none: it is an error";
        background: word(Background) = None, "what is taken from each channel of each signal before it is coded: nothing; \
            its mean over the domain; or at each position the mean over a box around it (see background_length); samples that are \
            missing do not count";
        background_length: integers(AxisOrAll, 1), "background smooth: edges of the box, one per axis or one for all; along an \
            edge l it has the positions from i - l/2 to i - l/2 + l - 1, cut at the ends of the domain (around a periodic axis \
            at most once)";
        warm_start: flag = 0, "1: start from the given z (dicod_solve) or from the last one (encoder), not from zero";
        frozen_support: flag = 0, "1: with warm_start (and not without), coordinates that start at zero stay there";
        seed: integer(0) = 0, "seed of what is random: strategies, first atoms, batches; nothing else depends on it";
        correlation: word(Method) = Auto, "how signal and atoms are correlated: by matrix products or by \
            transforms";
        progress_interval: real(0.0) = 0.5, "least seconds between two calls of the progress callback";
        trace: flag = 0, "1: encoders record what this rank does when, see dicod_encoder_get_trace()";
    }
    /// Those of learning.
    and learn: Learning;
}

/// What is read when it is asked for.
const VARIABLE: &str = "DICOD_OPTIONS";

/// All options.
pub const TABLE: &[Spec] = Options::TABLE;

impl Options {
    /// The value of an option, whatever its type, for comparisons and for people.
    pub(crate) fn text(&self, spec: &Spec) -> String {
        check::get(self, spec.key).map(|(spec, value)| text::shown(&spec.kind, value)).unwrap_or_default()
    }

    /// Sets what the environment variable DICOD_OPTIONS holds, as [`Table::parse`] does; nothing if it is not set.
    pub fn set_from_environment(&mut self) -> Result<()> {
        let Some(text) = std::env::var_os(VARIABLE) else {
            return Ok(());
        };
        let text = text.to_str().ok_or_else(|| Error::argument(VARIABLE, format!("{text:?}"), "valid UTF-8"))?;
        self.parse(text).map_err(|error| match error {
            Error::InvalidArgument { argument, value, allowed } => {
                Error::InvalidArgument { argument: format!("{argument} of {VARIABLE}"), value, allowed }
            }
            Error::UnknownOption { noun, key, hint } => {
                Error::UnknownOption { noun, key, hint: format!("{hint} (in {VARIABLE})") }
            }
            error => error,
        })
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
        self.check_background()
    }

    /// Fails unless there is a length where one is needed, and nowhere else.
    pub(crate) fn check_background(&self) -> Result<()> {
        let (name, smooth) = ("option \"background_length\"", self.background == Background::Smooth);
        if smooth && self.background_length.is_empty() {
            let allowed = "given with option \"background\" smooth: longer than what atoms are to explain";
            return Err(Error::argument(name, "empty", allowed));
        }
        if !smooth && !self.background_length.is_empty() {
            let allowed = "empty unless option \"background\" is smooth";
            return Err(Error::argument(name, format!("{:?}", self.background_length), allowed));
        }
        Ok(())
    }

    /// Lists whose length depends on the problem; those of learning are the learner's.
    pub(crate) fn check_lengths(&self, n_axes: usize, n_atoms: usize) -> Result<()> {
        check::check_lengths(self, Options::OWN.len(), n_axes, n_atoms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::aliases::Ours;
    use crate::options::table::{Fields, Kind};

    fn find(key: &str) -> Result<&'static Spec> {
        Options::default().face().find(key).map(|(_, spec)| spec)
    }

    #[test]
    fn every_option_of_the_table_can_be_set_and_changes_something() {
        for spec in TABLE {
            let mut options = Options::default();
            match spec.kind {
                Kind::Real(..) => options.set_real(spec.key, 0.25),
                Kind::Reals(..) => options.set_reals(spec.key, &[0.25]),
                Kind::Integer(_) => options.set_integer(spec.key, 7),
                Kind::Integers(..) => options.set_integers(spec.key, &[7]),
                Kind::Flag => options.set_integer(spec.key, i64::from(spec.default != "1")),
                Kind::Flags(_) => options.set_integers(spec.key, &[1]),
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
                Kind::Real(..) => options.set_real(spec.key, spec.default.parse().unwrap()),
                Kind::Integer(_) | Kind::Flag => options.set_integer(spec.key, spec.default.parse().unwrap()),
                Kind::Word(_) => options.set_word(spec.key, spec.default),
                Kind::Reals(..) | Kind::Integers(..) | Kind::Flags(_) => Ok(()),
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
            (
                message(options.set_real("tol", f64::INFINITY)),
                ["option \"tol\" must be at least 0 and finite", ", is inf", ""],
            ),
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
        for key in ["", "x", "zz", "colour", "weights", "temperature", "foo"] {
            assert_eq!(text(key), plain(key));
        }
    }

    #[test]
    fn names_of_others_are_none_of_ours_and_lead_to_ours() {
        let keys: Vec<_> = TABLE.iter().map(|spec| spec.key).collect();
        for alias in aliases::SOLVE {
            for name in alias.names {
                assert!(!keys.contains(name), "{name}");
                assert_eq!(*name, name.to_lowercase().replace('-', "_"));
                let known = aliases::SOLVE.iter().filter(|a| a.names.contains(name));
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
                Kind::Real(..) => {
                    assert_eq!(options.get_real(key), Ok(text.parse().unwrap()));
                    options.set_real(key, 0.625).unwrap();
                    assert_eq!(options.get_real(key), Ok(0.625), "{key}");
                }
                Kind::Reals(..) => {
                    assert_eq!(options.get_reals(key), Ok(vec![]));
                    options.set_reals(key, &[0.5, 2.0]).unwrap();
                    assert_eq!(options.get_reals(key), Ok(vec![0.5, 2.0]));
                }
                Kind::Integer(_) | Kind::Flag => {
                    assert_eq!(options.get_integer(key), Ok(text.parse().unwrap()));
                    options.set_integer(key, 1).unwrap();
                    assert_eq!(options.get_integer(key), Ok(1), "{key}");
                }
                Kind::Integers(..) | Kind::Flags(_) => {
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
