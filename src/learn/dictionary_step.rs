//! The dictionary step: D from the statistics, the objective never higher than before.

use crate::base::error::{Error, Result};
use crate::base::memory;
use crate::base::wording::per_axis;
use crate::clock;
use crate::grid::point::{AXES, Point};
use crate::learn::quadratic::{Limits, Quadratic, centre, clip, into_ball, support_of};
use crate::learn::statistics::Statistics;
use crate::linalg::{Atoms, Dictionary, Real};

/// How far a dictionary step goes, and what it leaves alone.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    /// The step ends when the data term is proven to be within this fraction of the least that the
    /// statistics allow.
    pub tol: f64,
    /// Iterations at most.
    pub max_iter: usize,
    /// Atoms that stay as they are; empty: none.
    pub fixed: Vec<bool>,
    /// Atoms are zero where a Tukey window is: at the border of their support.
    pub window: bool,
    /// Each channel of an atom has mean zero, fixed atoms aside. The objective is not higher than before if it had.
    pub zero_mean: bool,
    /// No value of an atom is negative, fixed atoms aside; factors of rank one neither. The objective as with `zero_mean`.
    pub non_negative: bool,
}

impl Settings {
    /// Positions at which atoms may differ from zero, of all atoms alike or of each in turn; none: all positions of all.
    fn support<T: Real>(&self, dictionary: &Dictionary<T>) -> Option<Vec<bool>> {
        let of = |own: Point| taper(dictionary.shape, own, self.window).into_iter().map(|w| w > 0.0);
        match dictionary.shapes.is_empty() {
            true => self.window.then(|| of(dictionary.shape).collect()),
            false => Some(dictionary.shapes.iter().flat_map(|own| of(*own)).collect()),
        }
    }
}

/// What a dictionary step did.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Outcome {
    /// Change of the objective: never above zero.
    pub change: f64,
    /// The data term is at most this far above its minimum; infinite for atoms of rank one, whose
    /// step is not convex.
    pub gap: f64,
    /// Gradient iterations.
    pub iterations: usize,
}

/// Fraction of a Tukey window that tapers.
const TAPER: f64 = 0.5;

/// A Tukey window over a support, tapering over half of each axis; 1 on axes of length 1.
pub fn tukey_window(atom: Point) -> Vec<f64> {
    let axis = |n: i64, i: i64| {
        if n == 1 {
            return 1.0;
        }
        let width = TAPER * (n - 1) as f64 / 2.0;
        let from_end = i.min(n - 1 - i) as f64;
        if from_end >= width { 1.0 } else { 0.5 * (1.0 - (std::f64::consts::PI * from_end / width).cos()) }
    };
    let [l0, l1, l2] = atom;
    let mut window = Vec::new();
    for i in 0..l0 {
        for j in 0..l1 {
            window.extend((0..l2).map(|k| axis(l0, i) * axis(l1, j) * axis(l2, k)));
        }
    }
    window
}

/// What an atom with a shape of its own is tapered by over the support of all: a Tukey window, or 1, and 0 beyond its own shape.
pub(crate) fn taper([l0, l1, l2]: Point, own: Point, window: bool) -> Vec<f64> {
    let [n0, n1, n2] = own.map(|l| l as usize);
    let inner = if window { tukey_window(own) } else { vec![1.0; n0 * n1 * n2] };
    let mut values = vec![0.0; (l0 * l1 * l2) as usize];
    for (row, from) in inner.chunks_exact(n2).enumerate() {
        let first = (row / n1 * l1 as usize + row % n1) * l2 as usize;
        values[first..first + n2].copy_from_slice(from);
    }
    values
}

/// ½⟨D, ztz∗D⟩ − ⟨D, ztX⟩ + ½‖X‖² = ½‖X − D∗z‖², from the statistics alone.
pub fn data_term<T: Real>(statistics: &Statistics, dictionary: &Dictionary<T>) -> Result<f64> {
    let d = widened(dictionary)?;
    let zero = memory::zeroed("the dictionary step", d.len())?;
    let change = full(statistics, 1.0)?.change(&zero, &d)?;
    Ok(0.5 * statistics.xx + change)
}

/// The gradient of [`data_term`]: ztz∗D − ztX.
pub fn gradient<T: Real>(statistics: &Statistics, dictionary: &Dictionary<T>) -> Result<Vec<f64>> {
    let d = widened(dictionary)?;
    let mut gradient = memory::zeroed("the dictionary step", d.len())?;
    full(statistics, 1.0)?.apply(&d, &mut gradient);
    for (g, b) in gradient.iter_mut().zip(&statistics.ztx) {
        *g -= b;
    }
    Ok(gradient)
}

/// Adds what the model D∗z has in ztX, where that was formed with the residual in place of X.
pub(crate) fn add_model<T: Real>(statistics: &mut Statistics, dictionary: &Dictionary<T>) -> Result<()> {
    let d = widened(dictionary)?;
    let mut model = memory::zeroed("the dictionary step", d.len())?;
    full(statistics, 1.0)?.apply(&d, &mut model);
    clock::check()?;
    for (to, model) in statistics.ztx.iter_mut().zip(model) {
        *to += model;
    }
    Ok(())
}

/// f of the statistics, in units of `1 / unit`.
fn full(statistics: &Statistics, unit: f64) -> Result<Quadratic> {
    let (k, window) = (statistics.n_atoms, statistics.window());
    let pair = |a: usize, b: usize| (&statistics.ztz[(a * k + b) * window..][..window], unit);
    let mut linear = memory::zeroed("the dictionary step", statistics.ztx.len())?;
    for (to, from) in linear.iter_mut().zip(&statistics.ztx) {
        *to = unit * from;
    }
    Quadratic::new(k, statistics.n_channels, statistics.atom, pair, linear)
}

/// A power of two that brings ‖X‖² near 1: squares of gradients neither vanish nor overflow then,
/// whatever the unit of X is.
fn unit(statistics: &Statistics) -> f64 {
    let exponent = (statistics.xx.to_bits() >> 52 & 0x7ff).clamp(1, 2045);
    f64::from_bits((2046 - exponent) << 52)
}

/// Full atoms, (K, P, L…).
pub(crate) fn widened<T: Real>(dictionary: &Dictionary<T>) -> Result<Vec<f64>> {
    let volume = dictionary.volume();
    let slabs = dictionary.n_atoms * dictionary.n_channels;
    let mut d = memory::zeroed("the dictionary", slabs * volume)?;
    for (slab, to) in d.chunks_exact_mut(volume).enumerate() {
        let (k, p) = (slab / dictionary.n_channels, slab % dictionary.n_channels);
        for (s, to) in to.iter_mut().enumerate() {
            *to = dictionary.at(k, p, s).wide();
        }
    }
    Ok(d)
}

/// The same in the dictionary's own type.
pub(crate) fn multiplied_out<T: Real>(dictionary: &Dictionary<T>) -> Result<Vec<T>> {
    Ok(widened(dictionary)?.into_iter().map(T::of).collect())
}

/// Rounds to the element type, every block of `depth` values inside the unit ball, fixed atoms aside.
fn rounded<T: Real>(values: &[f64], depth: usize, fixed: &[bool]) -> Vec<T> {
    let mut out: Vec<T> = values.iter().map(|x| T::of(*x)).collect();
    for (k, block) in out.chunks_exact_mut(depth).enumerate() {
        if fixed.get(k).is_some_and(|f| *f) {
            continue;
        }
        let square = |block: &[T]| block.iter().map(|x| x.wide() * x.wide()).sum::<f64>();
        let before = square(block);
        // Only by rounding: what is much longer is so on purpose.
        if before > 1.0 && before < 1.0 + 64.0 * T::EPSILON.wide() {
            let factor = T::of((1.0 - T::EPSILON.wide()) / before.sqrt());
            block.iter_mut().for_each(|x| *x *= factor);
        }
    }
    out
}

/// Brings atoms to where they may be, fixed ones aside, the unit ball for one: where learning begins.
pub(crate) fn feasible<T: Real>(dictionary: &Dictionary<T>, settings: &Settings) -> Dictionary<T> {
    let (fixed, volume) = (&settings.fixed[..], dictionary.volume());
    let support = settings.support(dictionary);
    let constrain = |values: &[T], depth: usize, spatial: bool| {
        let mut wide: Vec<f64> = values.iter().map(|x| x.wide()).collect();
        for (k, atom) in wide.chunks_exact_mut(depth).enumerate() {
            if !fixed.get(k).is_some_and(|f| *f) {
                if spatial && settings.zero_mean {
                    let support = support_of(support.as_deref(), k, volume);
                    cut_atom(atom, support);
                    centre(atom, volume, support);
                }
                if settings.non_negative {
                    clip(atom);
                }
                into_ball(atom);
            }
        }
        rounded::<T>(&wide, depth, fixed)
    };
    let atoms = match &dictionary.atoms {
        Atoms::Full(d) => Atoms::Full(constrain(d, dictionary.n_channels * volume, true)),
        Atoms::RankOne { u, v } => {
            Atoms::RankOne { u: constrain(u, dictionary.n_channels, false), v: constrain(v, volume, true) }
        }
    };
    Dictionary { atoms, ..dictionary.clone() }
}

/// The next dictionary: full atoms for full ones, factors for those of rank one.
pub fn dictionary_step<T: Real>(
    statistics: &Statistics,
    dictionary: &Dictionary<T>,
    settings: &Settings,
) -> Result<(Dictionary<T>, Outcome)> {
    let same = statistics.n_atoms == dictionary.n_atoms
        && statistics.n_channels == dictionary.n_channels
        && statistics.atom == dictionary.shape;
    if !same {
        let text = |n_atoms: usize, n_channels: usize, [l0, l1, l2]: Point| {
            per_axis(&[n_atoms as i64, n_channels as i64, l0, l1, l2])
        };
        let d = text(dictionary.n_atoms, dictionary.n_channels, dictionary.shape);
        let of = text(statistics.n_atoms, statistics.n_channels, statistics.atom);
        let allowed = format!("of shape {of}, that of the statistics");
        return Err(Error::shape("d", format!("of shape {d}"), allowed));
    }
    let support = settings.support(dictionary);
    let unit = unit(statistics);
    let limits = Limits {
        tol: settings.tol,
        constant: 0.5 * unit * statistics.xx,
        max_iter: settings.max_iter,
        fixed: &settings.fixed,
        support: support.as_deref(),
        zero_mean: settings.zero_mean,
        non_negative: settings.non_negative,
    };
    let start = widened(dictionary)?;
    let mut quadratic = full(statistics, unit)?;
    let depth = dictionary.n_channels * dictionary.volume();
    let (atoms, mut outcome) = match &dictionary.atoms {
        Atoms::Full(_) => {
            let mut d = start.clone();
            cut(&mut d, depth, dictionary.volume(), &limits);
            let done = quadratic.minimise(&mut d, &limits)?;
            let outcome = Outcome { change: 0.0, gap: done.gap / unit, iterations: done.iterations };
            (Atoms::Full(rounded(&d, depth, &settings.fixed)), outcome)
        }
        Atoms::RankOne { u, v } => {
            let wide = |values: &[T]| -> Vec<f64> { values.iter().map(|x| x.wide()).collect() };
            let (mut u, mut v) = (wide(u), wide(v));
            let (p, volume) = (dictionary.n_channels, dictionary.volume());
            let shape = [dictionary.n_atoms, p, volume];
            let outcome = rank_one(statistics, shape, &mut u, &mut v, &limits, unit)?;
            let atoms = Atoms::RankOne { u: rounded(&u, p, &settings.fixed), v: rounded(&v, volume, &settings.fixed) };
            (atoms, outcome)
        }
    };
    let next = Dictionary { atoms, ..dictionary.clone() };
    outcome.change = quadratic.change(&start, &widened(&next)?)? / unit;
    // Rounding to the element type, or the border of atoms that were given without a window, may
    // cost more than the step has gained. A NaN is no gain. What may not stay as it is has no choice.
    if outcome.change < 0.0 || !may_stay(dictionary, settings)? {
        return Ok((next, outcome));
    }
    outcome.change = 0.0;
    Ok((dictionary.clone(), outcome))
}

/// Whether atoms are of zero mean and not negative, as far as they have to be.
pub(super) fn may_stay<T: Real>(d: &Dictionary<T>, settings: &Settings) -> Result<bool> {
    let fixed = |k: usize| settings.fixed.get(k).is_some_and(|f| *f);
    let negative = |values: &[T]| {
        let atoms = values.chunks_exact(values.len() / d.n_atoms).enumerate().filter(|(k, _)| !fixed(*k));
        atoms.flat_map(|(_, atom)| atom).any(|x| *x < T::ZERO)
    };
    let stays = !settings.non_negative
        || match &d.atoms {
            Atoms::Full(d) => !negative(d),
            Atoms::RankOne { u, v } => !negative(u) && !negative(v),
        };
    Ok(stays && (!settings.zero_mean || is_centred::<T>(&widened(d)?, d, settings)))
}

/// Whether each channel has mean zero, up to rounding.
fn is_centred<T: Real>(d: &[f64], like: &Dictionary<T>, settings: &Settings) -> bool {
    let centred = |channel: &[f64]| {
        let size = channel.iter().map(|x| x.abs()).sum::<f64>();
        channel.iter().sum::<f64>().abs() <= 64.0 * T::EPSILON.wide() * size
    };
    let channels = d.chunks_exact(like.volume()).enumerate();
    let mut free = channels.filter(|(slab, _)| !settings.fixed.get(slab / like.n_channels).is_some_and(|f| *f));
    free.all(|(_, channel)| centred(channel))
}

/// Brings atoms, fixed ones aside, to zero where they have to be, and their means.
fn cut(values: &mut [f64], depth: usize, volume: usize, limits: &Limits<'_>) {
    for (k, atom) in values.chunks_exact_mut(depth).enumerate() {
        if !limits.fixed.get(k).is_some_and(|f| *f) {
            let support = support_of(limits.support, k, volume);
            cut_atom(atom, support);
            if limits.zero_mean {
                centre(atom, volume, support);
            }
            if limits.non_negative {
                clip(atom);
            }
        }
    }
}

fn cut_atom(atom: &mut [f64], support: Option<&[bool]>) {
    for (x, allowed) in atom.iter_mut().zip(support.unwrap_or(&[]).iter().cycle()) {
        *x = if *allowed { *x } else { 0.0 };
    }
}

/// Rounds of the two factors at most.
const ROUNDS: usize = 20;

/// v for fixed u and u for fixed v, by turns: each is a problem of the same kind, of one channel
/// the one, of one position the other.
fn rank_one(
    statistics: &Statistics,
    [k, p, volume]: [usize; 3],
    u: &mut [f64],
    v: &mut [f64],
    limits: &Limits<'_>,
    unit: f64,
) -> Result<Outcome> {
    cut(v, volume, volume, limits);
    cut(u, p, p, &Limits { support: None, zero_mean: false, ..*limits });
    let (pair, mut outcome) = (statistics.window(), Outcome { change: 0.0, gap: f64::INFINITY, iterations: 0 });
    let inner = |support, zero_mean| Limits {
        tol: 0.1 * limits.tol,
        constant: limits.constant,
        max_iter: limits.max_iter,
        fixed: limits.fixed,
        support,
        zero_mean,
        non_negative: limits.non_negative,
    };
    for _ in 0..ROUNDS {
        // v: ⟨u_k, u_l⟩ ztz_{k,l}, Σ_p u_k[p] ztX_k[p].
        let weight = |a: usize, b: usize| -> f64 {
            let (a, b) = (&u[a * p..][..p], &u[b * p..][..p]);
            a.iter().zip(b).map(|(a, b)| a * b).sum()
        };
        let mut linear: Vec<f64> = memory::zeroed("the dictionary step", k * volume)?;
        for (atom, linear) in linear.chunks_exact_mut(volume).enumerate() {
            for channel in 0..p {
                let from = &statistics.ztx[(atom * p + channel) * volume..][..volume];
                for (to, from) in linear.iter_mut().zip(from) {
                    *to += u[atom * p + channel] * (unit * from);
                }
            }
        }
        let blocks = |a: usize, b: usize| {
            let ztz = &statistics.ztz[(a * k + b) * pair..][..pair];
            (ztz, unit * weight(a, b))
        };
        let mut quadratic = Quadratic::new(k, 1, statistics.atom, blocks, linear)?;
        let before = v.to_vec();
        outcome.iterations += quadratic.minimise(v, &inner(limits.support, limits.zero_mean))?.iterations;
        let mut change = quadratic.change(&before, v)?;
        // u: Σ v_k ztz_{k,l} v_l, Σ_s v_k[s] ztX_k[p, s].
        let mut single = Quadratic::new(
            k,
            1,
            statistics.atom,
            |a, b| (&statistics.ztz[(a * k + b) * pair..][..pair], unit),
            memory::zeroed("the dictionary step", k * volume)?,
        )?;
        let mut weights: Vec<f64> = memory::zeroed("the dictionary step", k * k)?;
        let mut one: Vec<f64> = memory::zeroed("the dictionary step", k * volume)?;
        let mut image = one.clone();
        for b in 0..k {
            one.fill(0.0);
            one[b * volume..][..volume].copy_from_slice(&v[b * volume..][..volume]);
            single.apply(&one, &mut image);
            clock::check()?;
            for a in 0..=b {
                let image = &image[a * volume..][..volume];
                let own = &v[a * volume..][..volume];
                weights[a * k + b] = own.iter().zip(image).map(|(x, y)| x * y).sum();
            }
        }
        let mut linear: Vec<f64> = memory::zeroed("the dictionary step", k * p)?;
        for (slab, to) in linear.iter_mut().enumerate() {
            let v = &v[slab / p * volume..][..volume];
            let from = &statistics.ztx[slab * volume..][..volume];
            *to = v.iter().zip(from).map(|(v, x)| v * (unit * x)).sum();
        }
        let blocks = |a: usize, b: usize| (&weights[a * k + b..][..1], 1.0);
        let mut quadratic = Quadratic::new(k, p, [1; AXES], blocks, linear)?;
        let before = u.to_vec();
        outcome.iterations += quadratic.minimise(u, &inner(None, false))?.iterations;
        change += quadratic.change(&before, u)?;
        if -change <= limits.tol * limits.constant || outcome.iterations >= limits.max_iter {
            break;
        }
    }
    Ok(outcome)
}
