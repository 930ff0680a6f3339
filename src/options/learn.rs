//! The options of learning; their keys stand in the one table, `csc::options::TABLE`.

use crate::base::error::{Error, Result};
use crate::learn::statistics::Method;

/// Where the first atoms come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Init {
    /// Patches of the signals, at random.
    #[default]
    RandomPatches,
    /// Patches of what the atoms before leave unexplained, the largest first.
    GreedyPatches,
    /// Normally distributed values.
    Random,
    /// The caller's.
    Given,
}

/// What λ is relative to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reference {
    /// λmax of the first dictionary: λ stays as it is.
    #[default]
    First,
    /// λmax of each new dictionary. The objective changes with it.
    Each,
}

/// Everything that can be set about learning.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct Learning {
    pub init: Init,
    pub reference: Reference,
    pub max_iter: i64,
    pub tol: f64,
    pub dict_tol: f64,
    pub dict_max_iter: i64,
    pub window: bool,
    pub rank_one: bool,
    pub fixed_atoms: Vec<bool>,
    pub recentre: bool,
    pub redraw: bool,
    pub redraw_below: f64,
    pub online: bool,
    pub batch: i64,
    pub forgetting: f64,
    pub statistics: Method,
}

impl Default for Learning {
    fn default() -> Self {
        Learning {
            init: Init::default(),
            reference: Reference::default(),
            max_iter: 50,
            tol: 1e-4,
            dict_tol: 1e-5,
            dict_max_iter: 100,
            window: false,
            rank_one: false,
            fixed_atoms: Vec::new(),
            recentre: true,
            redraw: true,
            redraw_below: 0.0,
            online: false,
            batch: 0,
            forgetting: 1.0,
            statistics: Method::default(),
        }
    }
}

/// Words of the options that take one, in the order of the variants below.
pub(crate) const INITS: [&str; 4] = ["random-patches", "greedy-patches", "random", "given"];
pub(crate) const REFERENCES: [&str; 2] = ["first", "each"];
pub(crate) const METHODS: [&str; 3] = ["auto", "sparse", "fft"];

const INIT_OF: [Init; 4] = [Init::RandomPatches, Init::GreedyPatches, Init::Random, Init::Given];
const REFERENCE_OF: [Reference; 2] = [Reference::First, Reference::Each];
const METHOD_OF: [Method; 3] = [Method::Auto, Method::Sparse, Method::Fft];

fn place<V: PartialEq>(values: &[V], value: V) -> usize {
    values.iter().position(|v| *v == value).unwrap_or(0)
}

impl Learning {
    /// Sets a number that the table allows.
    pub(crate) fn set_real(&mut self, key: &str, value: f64) -> Result<()> {
        match key {
            "learn_tol" => self.tol = value,
            "learn_dict_tol" => self.dict_tol = value,
            "learn_redraw_below" => self.redraw_below = value,
            _ if value > 1.0 => {
                let name = format!("option \"{key}\"");
                return Err(Error::argument(&name, value, "from 0 to 1"));
            }
            _ => self.forgetting = value,
        }
        Ok(())
    }

    pub(crate) fn real(&self, key: &str) -> f64 {
        match key {
            "learn_tol" => self.tol,
            "learn_dict_tol" => self.dict_tol,
            "learn_redraw_below" => self.redraw_below,
            _ => self.forgetting,
        }
    }

    /// Sets an integer or a flag that the table allows.
    pub(crate) fn set_integer(&mut self, key: &str, value: i64) {
        match key {
            "learn_max_iter" => self.max_iter = value,
            "learn_dict_max_iter" => self.dict_max_iter = value,
            "learn_batch" => self.batch = value,
            "learn_window" => self.window = value == 1,
            "learn_rank_one" => self.rank_one = value == 1,
            "learn_redraw" => self.redraw = value == 1,
            "learn_recentre" => self.recentre = value == 1,
            _ => self.online = value == 1,
        }
    }

    pub(crate) fn integer(&self, key: &str) -> i64 {
        match key {
            "learn_max_iter" => self.max_iter,
            "learn_dict_max_iter" => self.dict_max_iter,
            "learn_batch" => self.batch,
            "learn_window" => self.window.into(),
            "learn_rank_one" => self.rank_one.into(),
            "learn_redraw" => self.redraw.into(),
            "learn_recentre" => self.recentre.into(),
            _ => self.online.into(),
        }
    }

    /// Sets the word number `choice`.
    pub(crate) fn set_word(&mut self, key: &str, choice: usize) {
        match key {
            "learn_init" => self.init = INIT_OF[choice],
            "learn_reg_reference" => self.reference = REFERENCE_OF[choice],
            _ => self.statistics = METHOD_OF[choice],
        }
    }

    /// The number of the word that is set.
    pub(crate) fn word(&self, key: &str) -> usize {
        match key {
            "learn_init" => place(&INIT_OF, self.init),
            "learn_reg_reference" => place(&REFERENCE_OF, self.reference),
            _ => place(&METHOD_OF, self.statistics),
        }
    }
}
