//! What benches are made of: pictures with patches as atoms, and synthetic signals.

use dicod::csc::{Encoder, Options, Shape};
use dicod::grid::point::Point;
use dicod::linalg::{Dictionary, Real};

/// A problem in double precision; converted for other element types.
pub struct Problem {
    pub name: &'static str,
    pub signal: Vec<i64>,
    pub n_channels: usize,
    pub n_atoms: usize,
    pub atom: Vec<i64>,
    pub x: Vec<f64>,
    pub d: Vec<f64>,
}

/// xorshift64*: enough for test data.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % n
    }

    /// Nearly normal.
    pub fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.below(1 << 20) as f64 / (1 << 20) as f64).sum::<f64>() - 6.0
    }
}

pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

pub fn standardise(x: &mut [f64]) {
    let n = x.len() as f64;
    let mean = x.iter().sum::<f64>() / n;
    let scale = (x.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt();
    x.iter_mut().for_each(|v| *v = (*v - mean) / scale);
}

pub fn normalise(atom: &mut [f64]) {
    let mean = atom.iter().sum::<f64>() / atom.len() as f64;
    atom.iter_mut().for_each(|v| *v -= mean);
    let norm = atom.iter().map(|v| v * v).sum::<f64>().sqrt();
    atom.iter_mut().for_each(|v| *v /= norm.max(1e-12));
}

/// The pixels of a binary PGM or PPM: width, height, channels, interleaved values.
pub fn read_pnm(path: &str) -> (usize, usize, usize, Vec<u8>) {
    let path = format!("{}/examples/data/{path}", env!("CARGO_MANIFEST_DIR"));
    let bytes = std::fs::read(&path).unwrap_or_else(|e| panic!("{path}: {e}"));
    let text = String::from_utf8_lossy(&bytes[..64.min(bytes.len())]).into_owned();
    let mut words = text.split_ascii_whitespace();
    let channels = if words.next() == Some("P6") { 3 } else { 1 };
    let mut number = || words.next().and_then(|w| w.parse::<usize>().ok()).expect("header");
    let (width, height) = (number(), number());
    let pixels = bytes[bytes.len() - width * height * channels..].to_vec();
    (width, height, channels, pixels)
}

/// The top-left square of a picture with K of its patches as atoms.
pub fn picture(name: &'static str, file: &str, side: usize, n_atoms: usize, l: usize) -> Problem {
    let (width, _, n_channels, pixels) = read_pnm(file);
    let mut x = Vec::with_capacity(n_channels * side * side);
    for p in 0..n_channels {
        for i in 0..side {
            x.extend((0..side).map(|j| f64::from(pixels[(i * width + j) * n_channels + p])));
        }
    }
    x.chunks_exact_mut(side * side).for_each(standardise);
    let mut random = Random(7);
    let mut d = Vec::new();
    while d.len() < n_atoms * n_channels * l * l {
        let (i, j) = (random.below(side - l), random.below(side - l));
        let mut atom = Vec::new();
        for p in 0..n_channels {
            for a in 0..l {
                let first = (p * side + i + a) * side + j;
                atom.extend_from_slice(&x[first..first + l]);
            }
        }
        let mean = atom.iter().sum::<f64>() / atom.len() as f64;
        // Flat patches make no atom.
        if atom.iter().map(|v| (v - mean).powi(2)).sum::<f64>() > 0.01 * atom.len() as f64 {
            normalise(&mut atom);
            d.extend(atom);
        }
    }
    let (side, l) = (side as i64, l as i64);
    Problem { name, signal: vec![side; 2], n_channels, n_atoms, atom: vec![l; 2], x, d }
}

/// Smooth random atoms at random places, and noise; one or three axes.
pub fn synthetic(name: &'static str, signal: &[i64], n_atoms: usize, atom: &[i64]) -> Problem {
    let mut random = Random(9);
    let pad = |shape: &[i64]| -> Point {
        std::array::from_fn(|a| if a < 3 - shape.len() { 1 } else { shape[a + shape.len() - 3] })
    };
    let ([t0, t1, t2], [l0, l1, l2]) = (pad(signal), pad(atom));
    let volume = (l0 * l1 * l2) as usize;
    let mut d = Vec::new();
    for _ in 0..n_atoms {
        let waves: Vec<[f64; 5]> = (0..4).map(|_| std::array::from_fn(|_| random.normal())).collect();
        let mut values = Vec::with_capacity(volume);
        for i in 0..l0 {
            for j in 0..l1 {
                for k in 0..l2 {
                    let place = |x: i64, l: i64| (x as f64 + 0.5) / l as f64;
                    let u = [place(i, l0), place(j, l1), place(k, l2)];
                    let taper: f64 = u.iter().map(|u| (std::f64::consts::PI * u).sin()).product();
                    let wave: f64 = waves
                        .iter()
                        .map(|w| {
                            let phase: f64 = (0..3).map(|a| 6.0 * w[a] * u[a]).sum();
                            w[3] * (phase + 3.0 * w[4]).sin()
                        })
                        .sum();
                    values.push(taper * wave);
                }
            }
        }
        normalise(&mut values);
        d.extend(values);
    }
    let n = (t0 * t1 * t2) as usize;
    let mut x: Vec<f64> = (0..n).map(|_| 0.02 * random.normal()).collect();
    for _ in 0..n / (volume / 4).max(1) {
        let at = [t0 - l0 + 1, t1 - l1 + 1, t2 - l2 + 1].map(|n| random.below(n as usize) as i64);
        let (atom, height) = (random.below(n_atoms), random.normal());
        for s in 0..volume as i64 {
            let [i, j, k] = [s / (l1 * l2), s / l2 % l1, s % l2];
            let to = ((at[0] + i) * t1 + at[1] + j) * t2 + at[2] + k;
            x[to as usize] += height * d[atom * volume + s as usize];
        }
    }
    Problem { name, signal: signal.to_vec(), n_channels: 1, n_atoms, atom: atom.to_vec(), x, d }
}

impl Problem {
    pub fn encoder<T: Real>(&self, options: &Options, threads: usize) -> Encoder<T> {
        let shape = self.shape(options);
        let d: Vec<T> = self.d.iter().map(|v| T::of(*v)).collect();
        let d = Dictionary::full(self.n_atoms, self.n_channels, shape.atom, &d).unwrap();
        Encoder::new(shape, d, options.clone(), threads).unwrap()
    }

    pub fn shape(&self, options: &Options) -> Shape {
        let (p, k) = (self.n_channels as i64, self.n_atoms as i64);
        Shape::new(&self.signal, 1, p, k, &self.atom, options).unwrap()
    }
}

/// All problems of the tables.
pub fn all() -> Vec<Problem> {
    vec![
        picture("2-D 256², K=25, 12×12, P=1", "ascent.pgm", 256, 25, 12),
        picture("2-D 512², K=25, 12×12, P=1", "ascent.pgm", 512, 25, 12),
        picture("2-D 256², K=25, 12×12, P=3", "face.ppm", 256, 25, 12),
        picture("2-D 512², K=25, 12×12, P=3", "face.ppm", 512, 25, 12),
        picture("2-D 256², K=5, 8×8, P=1", "ascent.pgm", 256, 5, 8),
        synthetic("1-D 100 000, K=10, L=250", &[100_000], 10, &[250]),
        synthetic("3-D 64³, K=8, 8³", &[64; 3], 8, &[8; 3]),
    ]
}
