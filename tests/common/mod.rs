//! What several tests share: the problem written down in the plainest way, from which everything is
//! recomputed without the library; a call of the solver; and a reader of npz files.

#![allow(dead_code, reason = "no test uses all of it")]

use dicod::csc::{Encoder, Info, Options, Progress, Schedule, Shape};
use dicod::linalg::{Dictionary, Field, FieldMut, Real};
use dicod::options::solve::Missing;
use std::collections::BTreeMap;

/// A shape or position on three axes; those that a problem has not got come first, with length 1.
pub type Point = [usize; 3];

/// A convolutional sparse coding problem, in f64.
#[derive(Clone, Debug)]
pub struct Problem {
    pub n_axes: usize,
    pub n_signals: usize,
    pub n_channels: usize,
    pub n_atoms: usize,
    pub signal: Point,
    pub atom: Point,
    pub periodic: [bool; 3],
    /// (signals, channels, *signal)
    pub x: Vec<f64>,
    /// (atoms, channels, *atom)
    pub d: Vec<f64>,
    /// Weights of x; none: all are 1.
    pub w: Vec<f64>,
    /// What λ is multiplied by at each z; none: 1.
    pub factors: Vec<f64>,
    /// The penalty has ½ ridge ‖D_k‖² ‖z_k‖² besides.
    pub ridge: f64,
    /// The shape of each atom by itself, beyond which d is 0; none: all have that of `atom`. See [`Problem::cut`].
    pub atoms: Vec<Point>,
}

/// λ per atom, z ≥ 0, and which coordinates may move (all, if none are listed).
#[derive(Clone, Debug)]
pub struct Penalty {
    pub lambda: Vec<f64>,
    pub positive: bool,
    pub free: Option<Vec<bool>>,
}

pub fn volume(shape: Point) -> usize {
    shape.iter().product()
}

fn points(shape: Point) -> impl Iterator<Item = Point> {
    (0..volume(shape)).map(move |i| [i / (shape[1] * shape[2]), i / shape[2] % shape[1], i % shape[2]])
}

fn flat(at: Point, shape: Point) -> usize {
    (at[0] * shape[1] + at[1]) * shape[2] + at[2]
}

pub fn soft_threshold(v: f64, lambda: f64, positive: bool) -> f64 {
    if v > lambda {
        v - lambda
    } else if v < -lambda && !positive {
        v + lambda
    } else {
        0.0
    }
}

impl Problem {
    /// Gives atoms shapes of their own.
    pub fn cut(&mut self, atoms: Vec<Point>) {
        self.atoms = atoms;
        let beyond = self.beyond();
        self.d.iter_mut().zip(beyond).for_each(|(d, beyond)| *d = if beyond { 0.0 } else { *d });
    }

    /// Whether a value of d is beyond the shape of its atom.
    pub fn beyond(&self) -> Vec<bool> {
        let depth = self.n_channels * volume(self.atom);
        let at: Vec<Point> = points(self.atom).collect();
        let beyond = |i: usize| {
            let own = self.atoms.get(i / depth).copied().unwrap_or(self.atom);
            (0..3).any(|a| at[i % at.len()][a] >= own[a])
        };
        (0..self.d.len()).map(beyond).collect()
    }

    pub fn valid(&self) -> Point {
        std::array::from_fn(|a| if self.periodic[a] { self.signal[a] } else { self.signal[a] - self.atom[a] + 1 })
    }

    pub fn n_z(&self) -> usize {
        self.n_signals * self.n_atoms * volume(self.valid())
    }

    /// Calls `visit` with the indices (z, x, d) of every product z·d that adds to a value of X̂.
    pub fn for_each_term(&self, mut visit: impl FnMut(usize, usize, usize)) {
        let (valid, tv, lv) = (self.valid(), volume(self.signal), volume(self.atom));
        for signal in 0..self.n_signals {
            for k in 0..self.n_atoms {
                for (u_index, u) in points(valid).enumerate() {
                    let z = (signal * self.n_atoms + k) * volume(valid) + u_index;
                    for (s_index, s) in points(self.atom).enumerate() {
                        let at = std::array::from_fn(|a| (u[a] + s[a]) % self.signal[a]);
                        let t = flat(at, self.signal);
                        for p in 0..self.n_channels {
                            let x = (signal * self.n_channels + p) * tv + t;
                            visit(z, x, (k * self.n_channels + p) * lv + s_index);
                        }
                    }
                }
            }
        }
    }

    /// Atom of each coordinate.
    pub fn atom_of(&self, z: usize) -> usize {
        z / volume(self.valid()) % self.n_atoms
    }

    pub fn reconstruct(&self, z: &[f64]) -> Vec<f64> {
        let mut x = vec![0.0; self.x.len()];
        self.for_each_term(|i, j, k| x[j] += z[i] * self.d[k]);
        x
    }

    /// D ⋆ r
    pub fn correlate(&self, r: &[f64]) -> Vec<f64> {
        let mut c = vec![0.0; self.n_z()];
        self.for_each_term(|i, j, k| c[i] += r[j] * self.d[k]);
        c
    }

    pub fn residual(&self, z: &[f64]) -> Vec<f64> {
        let x = self.x.iter().zip(self.reconstruct(z));
        x.map(|(x, y)| x - y).collect()
    }

    /// The weight of a sample.
    pub fn weight(&self, x: usize) -> f64 {
        self.w.get(x).copied().unwrap_or(1.0)
    }

    /// The largest of them.
    pub fn heaviest(&self) -> f64 {
        let largest = self.w.iter().copied().fold(0.0, f64::max);
        if largest > 0.0 { largest } else { 1.0 }
    }

    fn weighed(&self, r: &[f64]) -> Vec<f64> {
        r.iter().enumerate().map(|(x, r)| r * self.weight(x)).collect()
    }

    /// What λ is multiplied by at a z.
    pub fn factor(&self, z: usize) -> f64 {
        self.factors.get(z).copied().unwrap_or(1.0)
    }

    /// Whether a z may differ from zero.
    fn is_free(&self, penalty: &Penalty, z: usize) -> bool {
        self.factor(z).is_finite() && penalty.free.as_ref().is_none_or(|free| free[z])
    }

    /// |c| or c over the factor, if that is neither zero nor infinite.
    fn over_factor(&self, z: usize, c: f64) -> f64 {
        let factor = self.factor(z);
        if factor > 0.0 { c / factor } else { 0.0 }
    }

    /// μ_k of the penalty ½ μ_k ‖z_k‖².
    pub fn squared_penalties(&self) -> Vec<f64> {
        let atoms = self.d.chunks_exact(self.d.len() / self.n_atoms);
        atoms.map(|d| self.ridge * d.iter().map(|x| x * x).sum::<f64>()).collect()
    }

    /// D ⋆ w(X − D∗z) − μ z
    fn slope(&self, z: &[f64]) -> Vec<f64> {
        let (c, mu) = (self.correlate(&self.weighed(&self.residual(z))), self.squared_penalties());
        c.iter().zip(z).enumerate().map(|(i, (c, z))| c - mu[self.atom_of(i)] * z).collect()
    }

    /// The largest that the second derivative of F may be along each atom; of a zero atom what steps of it are measured by, 1
    /// where weights are.
    pub fn curvatures(&self) -> Vec<f64> {
        let pairs = self.squared_norms().into_iter().zip(self.squared_penalties());
        let zero = (self.heaviest() + self.ridge) / (1.0 + self.ridge);
        let of =
            |(norm, mu): (f64, f64)| if self.ridge > 0.0 && mu == 0.0 { zero } else { norm * self.heaviest() + mu };
        pairs.map(of).collect()
    }

    /// Σ w d² of each coordinate, and μ where there is any.
    pub fn local_norms(&self) -> Vec<f64> {
        let mut n = vec![0.0; self.n_z()];
        let depth = self.d.len() / self.n_atoms;
        let zero: Vec<bool> = self.d.chunks_exact(depth).map(|d| d.iter().all(|d| *d == 0.0)).collect();
        // A zero atom counts as one of norm 1.
        let square = |d: usize| if zero[d / depth] { 1.0 / depth as f64 } else { self.d[d] * self.d[d] };
        self.for_each_term(|z, x, d| n[z] += self.weight(x) * square(d));
        let mu = self.squared_penalties();
        let with = |(i, n): (usize, f64)| if n > 0.0 { n + mu[self.atom_of(i)] } else { 0.0 };
        n.into_iter().enumerate().map(with).collect()
    }

    /// What a solver is given: x is NaN where nothing is.
    pub fn with_holes(&self) -> Vec<f64> {
        let value = |(i, x): (usize, &f64)| if self.weight(i) == 0.0 { f64::NAN } else { *x };
        self.x.iter().enumerate().map(value).collect()
    }

    /// Whether option "missing" says it all.
    pub fn nan_says_all(&self, options: &Options) -> bool {
        options.missing == Missing::Nan && self.w.iter().all(|w| *w == 0.0 || *w == 1.0)
    }

    /// ‖D_k‖², 1 for a zero atom.
    pub fn squared_norms(&self) -> Vec<f64> {
        let atoms = self.d.chunks_exact(self.d.len() / self.n_atoms);
        let norms = atoms.map(|d| d.iter().map(|x| x * x).sum::<f64>());
        norms.map(|n| if n > 0.0 { n } else { 1.0 }).collect()
    }

    /// (F(z), ½‖X − D∗z‖²)
    pub fn objective(&self, z: &[f64], lambda: &[f64]) -> (f64, f64) {
        let data: f64 = self.residual(z).iter().enumerate().map(|(x, r)| 0.5 * self.weight(x) * r * r).sum();
        let penalty = z.iter().enumerate();
        let mu = self.squared_penalties();
        let cost = |i: usize, z: f64| match self.factor(i) {
            _ if z == 0.0 => 0.0,
            f64::INFINITY => f64::INFINITY,
            factor => lambda[self.atom_of(i)] * factor * z.abs(),
        };
        let of = |i: usize, z: &f64| cost(i, *z) + 0.5 * mu[self.atom_of(i)] * z * z;
        let penalty: f64 = penalty.map(|(i, z)| of(i, z)).sum();
        (data + penalty, data)
    }

    /// max |D ⋆ wX|, max D ⋆ wX (not below 0)
    pub fn lambda_max(&self) -> (f64, f64) {
        let c = self.correlate(&self.weighed(&self.x)).into_iter().enumerate();
        let c: Vec<f64> = c.map(|(i, c)| self.over_factor(i, c)).collect();
        let absolute = c.iter().fold(0.0, |m: f64, c| m.max(c.abs()));
        (absolute, c.iter().fold(0.0, |m: f64, c| m.max(*c)))
    }

    /// The same of each atom by itself, of either kind.
    pub fn lambda_max_of_atoms(&self, positive: bool) -> Vec<f64> {
        let mut largest = vec![0.0; self.n_atoms];
        for (i, c) in self.correlate(&self.weighed(&self.x)).into_iter().enumerate() {
            let (to, c): (&mut f64, _) = (&mut largest[self.atom_of(i)], self.over_factor(i, c));
            *to = to.max(if positive { c } else { c.abs() });
        }
        largest
    }

    /// What |dz| of each atom counts with: ‖D_k‖ over the least of them, or 1 in the published schedule.
    pub fn measure(&self, options: &Options) -> Vec<f64> {
        if options.schedule == Schedule::Published {
            return vec![1.0; self.n_atoms];
        }
        let norms: Vec<f64> = self.squared_norms().into_iter().map(f64::sqrt).collect();
        let atoms = self.d.chunks_exact(self.d.len() / self.n_atoms).zip(&norms);
        let used = atoms.filter(|(d, _)| d.iter().any(|d| *d != 0.0));
        let least = used.map(|(_, n)| *n).reduce(f64::min).unwrap_or(1.0);
        norms.iter().map(|n| n / least).collect()
    }

    /// max |dz|, times the measure of its atom
    pub fn largest_step(&self, z: &[f64], penalty: &Penalty, measure: &[f64]) -> f64 {
        let (c, curvatures) = (self.slope(z), self.curvatures());
        let local = self.local_norms();
        let steps = (0..z.len()).filter(|i| self.is_free(penalty, *i));
        let steps = steps.map(|i| {
            let lambda = penalty.lambda[self.atom_of(i)] * self.factor(i);
            // In units of |dz| where all samples have the largest weight.
            let unit = curvatures[self.atom_of(i)];
            let best = soft_threshold(c[i] + local[i] * z[i], lambda, penalty.positive);
            let off = (c[i] - lambda * z[i].signum()).abs() / unit;
            let size = match z[i] == 0.0 || best * z[i] > 0.0 {
                true => (best - local[i] * z[i]).abs() / unit,
                false => off.min(z[i].abs() + best.abs() / unit),
            };
            size * measure[self.atom_of(i)]
        });
        steps.fold(0.0, f64::max)
    }

    /// The largest dual value over θ = s·w·r, r = X − D∗z, |D ⋆ θ| ≤ λ.
    pub fn dual(&self, z: &[f64], penalty: &Penalty) -> f64 {
        let r = self.residual(z);
        let q = self.weighed(&r);
        let (c, mu) = (self.slope(z), self.squared_penalties());
        let mut ratio: f64 = 0.0;
        for (i, c) in c.iter().enumerate() {
            let size = if penalty.positive { *c } else { c.abs() };
            if size > 0.0 && self.is_free(penalty, i) {
                ratio = ratio.max(size / (penalty.lambda[self.atom_of(i)] * self.factor(i)));
            }
        }
        let squared: f64 = z.iter().enumerate().map(|(i, z)| mu[self.atom_of(i)] * z * z).sum();
        let rr: f64 = r.iter().zip(&q).map(|(r, q)| r * q).sum::<f64>() + squared;
        let rx: f64 = q.iter().zip(&self.x).map(|(q, x)| q * x).sum();
        let s = if rr > 0.0 { (rx / rr).clamp(0.0, 1.0 / ratio) } else { 0.0 };
        s * rx - 0.5 * s * s * rr
    }

    pub fn shape(&self, options: &Options) -> Shape {
        let lengths = |shape: Point| shape.map(|n| n as i64)[3 - self.n_axes..].to_vec();
        let (signal, atom) = (lengths(self.signal), lengths(self.atom));
        let [s, p, k] = [self.n_signals, self.n_channels, self.n_atoms].map(|n| n as i64);
        let shape = Shape::new(&signal, s, p, k, &atom, options).unwrap();
        match self.atoms.is_empty() {
            true => shape,
            false => shape.with_atoms(&self.atoms.iter().flat_map(|atom| lengths(*atom)).collect::<Vec<_>>()).unwrap(),
        }
    }

    /// With something else than 0 where atoms are cut, which nobody is to see.
    pub fn dictionary<T: Real>(&self) -> Dictionary<T> {
        let beyond = self.beyond();
        let d: Vec<f64> = self.d.iter().zip(beyond).map(|(d, beyond)| if beyond { 77.0 } else { *d }).collect();
        let d = rounded::<T>(&d);
        let atom = self.atom.map(|n| n as i64);
        Dictionary::full(self.n_atoms, self.n_channels, atom, &d).unwrap()
    }
}

pub fn rounded<T: Real>(values: &[f64]) -> Vec<T> {
    values.iter().map(|x| T::of(*x)).collect()
}

pub fn widened<T: Real>(values: &[T]) -> Vec<f64> {
    values.iter().map(|x| x.wide()).collect()
}

/// Bits of an array, to compare exactly (also −0 and NaN).
pub fn bits<T: Real>(values: &[T]) -> Vec<u64> {
    values.iter().map(|x| x.wide().to_bits()).collect()
}

/// What the solver answers.
pub struct Answer<T> {
    pub info: Info,
    pub z: Vec<T>,
}

/// An encoder for a problem, its dictionary given.
pub fn encoder<T: Real>(
    problem: &Problem,
    dictionary: Dictionary<T>,
    options: &Options,
    n_threads: usize,
) -> Encoder<T> {
    let mut options = options.clone();
    options.periodic = problem.periodic[3 - problem.n_axes..].to_vec();
    options.ridge = problem.ridge;
    let shape = problem.shape(&options);
    let mut encoder = Encoder::new(shape, dictionary, options, n_threads).unwrap();
    if !problem.w.is_empty() && !problem.nan_says_all(encoder.options()) {
        let w = rounded::<T>(&problem.w);
        encoder.set_weights(Some(&Field::contiguous(&w, problem.signal.map(|n| n as i64)))).unwrap();
    }
    if !problem.factors.is_empty() {
        let factors = rounded::<T>(&problem.factors);
        encoder.set_penalties(Some(&Field::contiguous(&factors, problem.valid().map(|n| n as i64)))).unwrap();
    }
    encoder
}

pub fn encode<T: Real>(
    problem: &Problem,
    encoder: &mut Encoder<T>,
    z0: Option<&[f64]>,
    report: Option<&mut dyn FnMut(&Progress) -> bool>,
) -> Answer<T> {
    let valid = problem.valid().map(|n| n as i64);
    if let Some(z0) = z0 {
        let z0 = rounded::<T>(z0);
        encoder.set_z(&Field::contiguous(&z0, valid)).unwrap();
    }
    let x = rounded::<T>(&problem.with_holes());
    let x = Field::contiguous(&x, problem.signal.map(|n| n as i64));
    let info = encoder.solve(&x, report).unwrap();
    // Not zero: every value has to be written.
    let mut z = vec![T::NAN; problem.n_z()];
    encoder.z(&mut FieldMut::contiguous(&mut z, valid)).unwrap();
    Answer { info, z }
}

/// Solves a problem once.
pub fn solve<T: Real>(problem: &Problem, options: &Options, n_threads: usize, z0: Option<&[f64]>) -> Answer<T> {
    let mut encoder = encoder(problem, problem.dictionary::<T>(), options, n_threads);
    encode(problem, &mut encoder, z0, None)
}

/// An array of a golden file.
#[derive(Clone, Debug)]
pub struct Array {
    pub shape: Vec<usize>,
    pub values: Vec<f64>,
}

/// The arrays of an npz file.
pub type Arrays = BTreeMap<String, Array>;

pub fn golden(name: &str) -> String {
    format!("{}/tests/golden/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn integer(bytes: &[u8], at: usize, n: usize) -> usize {
    let bytes = bytes[at..at + n].iter().rev();
    bytes.fold(0, |value, byte| value << 8 | *byte as usize)
}

/// Reads an npz file as NumPy writes them: a zip archive of npy files, stored or deflated.
pub fn read_npz(path: &str) -> Arrays {
    let file = std::fs::read(path).unwrap_or_else(|e| panic!("{path}: {e}"));
    let end = (0..=file.len() - 22).rev();
    let end = end.into_iter().find(|i| file[*i..].starts_with(b"PK\x05\x06"));
    let end = end.expect("a zip archive");
    let (count, mut entry) = (integer(&file, end + 10, 2), integer(&file, end + 16, 4));
    let mut arrays = Arrays::new();
    for _ in 0..count {
        assert_eq!(file[entry..entry + 4], *b"PK\x01\x02");
        let [method, name_len, extra_len, comment_len] = [10, 28, 30, 32].map(|at| integer(&file, entry + at, 2));
        let packed_len = integer(&file, entry + 20, 4);
        let header = integer(&file, entry + 42, 4);
        let name = str::from_utf8(&file[entry + 46..entry + 46 + name_len]).unwrap();
        let start = header + 30 + integer(&file, header + 26, 2) + integer(&file, header + 28, 2);
        let packed = &file[start..start + packed_len];
        let npy = match method {
            0 => packed.to_vec(),
            8 => miniz_oxide::inflate::decompress_to_vec(packed).unwrap(),
            _ => panic!("{path}: {name} has compression {method}"),
        };
        let name = name.strip_suffix(".npy").unwrap().to_string();
        arrays.insert(name, read_npy(&npy));
        entry += 46 + name_len + extra_len + comment_len;
    }
    arrays
}

fn read_npy(npy: &[u8]) -> Array {
    assert_eq!(npy[..7], *b"\x93NUMPY\x01");
    let start = 10 + integer(npy, 8, 2);
    let header = str::from_utf8(&npy[10..start]).unwrap();
    let after = |key: &str| header.split_once(key).unwrap().1;
    assert!(after("'fortran_order': ").starts_with("False"));
    let shape = after("'shape': (").split_once(')').unwrap().0.split(',');
    let shape = shape.map(str::trim).filter(|n| !n.is_empty());
    let shape: Vec<usize> = shape.map(|n| n.parse().unwrap()).collect();
    let data = &npy[start..];
    let values: Vec<f64> = match after("'descr': '").split('\'').next().unwrap() {
        "<f8" => data.as_chunks().0.iter().map(|b| f64::from_le_bytes(*b)).collect(),
        "<i8" => data.as_chunks().0.iter().map(|b| i64::from_le_bytes(*b) as f64).collect(),
        "|b1" => data.iter().map(|b| f64::from(*b)).collect(),
        other => panic!("type {other}"),
    };
    assert_eq!(values.len(), shape.iter().product::<usize>());
    Array { shape, values }
}
