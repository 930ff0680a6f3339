//! The options of learning. Their keys are among those of [`crate::options::solve`].

use crate::options::aliases;
use crate::options::table::{options, words};

words! {
    /// Where the first atoms come from.
    pub enum Init {
        /// Patches of the signals, at random.
        RandomPatches = "random-patches",
        /// Patches of what the atoms before leave unexplained, the largest first.
        GreedyPatches = "greedy-patches",
        /// Normally distributed values.
        Random = "random",
        /// The caller's.
        Given = "given",
    }
}

words! {
    /// What λ is relative to.
    pub enum Reference {
        /// λmax of the first dictionary: λ stays as it is.
        First = "first",
        /// λmax of each new dictionary. The objective changes with it.
        Each = "each",
    }
}

words! {
    /// How statistics are computed.
    pub enum Method {
        /// Whichever is estimated to be cheaper.
        Auto = "auto",
        /// From pairs of non-zero activations.
        Sparse = "sparse",
        /// By Fourier transforms, tile by tile.
        Fft = "fft",
    }
}

options! {
    /// Everything that can be set about learning.
    pub struct Learning: "option", "dicod_options", aliases::SOLVE, keys "learn_" {
        init: word(Init) = RandomPatches, "first atoms: patches of the signals at random, greedily what is left \
            unexplained, noise, or d";
        max_iter: integer(0) = 50, "outer iterations at most, each a step of z and one of the dictionary";
        tol: real(0.0) = 1e-4, "learning ends when an outer iteration lowers the objective by less than this fraction";
        reg_reference: word(Reference) = First, "relative reg, without effect on an absolute one: fraction of \
            lambda_max of the first dictionary that has to do with x, or of each new one";
        dict_tol: real(0.0) = 1e-5, "the dictionary step ends when its data term is proven this near to the least, \
            relative";
        dict_max_iter: integer(0) = 100, "gradient iterations of a dictionary step at most";
        window: flag = 0, "1: atoms are zero at the border of their support; patches are tapered by a Tukey window";
        zero_mean: flag = 0, "1: every atom has mean zero in each channel (those of learn_fixed_atoms aside), so that no level \
            is learned";
        non_negative: flag = 0, "1: no value of an atom is negative (those of learn_fixed_atoms aside); not with learn_zero_mean";
        rank_one: flag = 0, "1: atoms are products of channel weights and one spatial shape";
        fixed_atoms: flags(Atom), "per atom, 1: it stays as it is in d; empty: all are learned";
        recentre: flag = 1, "1: atoms are moved to the middle of their support where that lowers the objective";
        sort: flag = 0, "1: learning ends with atoms in the order of what they explain, the first one most, and with the largest \
            value of each positive (unless z is); see dicod_learner_sort_atoms()";
        redraw: flag = 1, "1: atoms without activations are replaced by the patches of the largest residual";
        redraw_below: real(0.0) = 0, "with learn_redraw, replace atoms with less than this fraction of the mean |z|_1, \
            too; the objective may rise";
        online: flag = 0, "1: each step brings new signals; statistics add up instead of being replaced";
        batch: integer(0) = 0, "signals per step, drawn in random order, as learn_online; 0: all of them";
        crops: integer(0) = 0, "windows that each step draws at random from the signals, by seed, to look at them alone, as learn_online; \
            not with weights of samples; 0: none, it looks at all of the signals";
        crop_shape: integers(AxisOrAll, 1), "with learn_crops: shape of such a window, one length per axis or one for all; beyond \
            its ends there is nothing, also where the axis wraps";
        forgetting: real(0.0, 1.0) = 1, "with learn_online, learn_batch or learn_crops, else without effect: weight of the \
            statistics so far when those of another batch are added";
        robust: real(0.0, 1.0) = 0, "above 0: samples that have gone wrong (spikes) are left out: in each iteration those of which more is left \
            when it begins than 6 times this quantile of all |x - sum z * d| that are not 0, the least so far; not with learn_online, \
            learn_batch or learn_crops";
        statistics: word(Method) = Auto, "statistics of z from pairs of non-zeros, by transforms, or whichever is \
            cheaper";
    }
}

impl Learning {
    /// Whether there has to be a dictionary to begin with.
    pub(crate) fn needs_dictionary(&self) -> bool {
        self.init == Init::Given || self.fixed_atoms.contains(&true)
    }
}
