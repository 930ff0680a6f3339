//! Checkpoints: nothing is lost, nothing foreign is taken.

use super::{Noise, common::Problem, common::bits, common::rounded, learner, long, options_at_random, random_problem};
use dicod::csc::{Options, Progress};
use dicod::learn::{Init, Learner, Reference};
use dicod::linalg::{Atoms, Dictionary, Field, Real};

fn same_bits<T: Real>(a: &Dictionary<T>, b: &Dictionary<T>) -> bool {
    let bits = |d: &Dictionary<T>| match &d.atoms {
        Atoms::Full(d) => bits(d),
        Atoms::RankOne { u, v } => [bits(u), bits(v)].concat(),
    };
    bits(a) == bits(b)
}

#[test]
fn threads_and_restarts_change_no_bit() {
    fn check<T: Real>(noise: &mut Noise) {
        let mut problem = random_problem(noise);
        super::cut_at_random(noise, &mut problem);
        let mut options = options_at_random(noise, &problem);
        super::weights_at_random(noise, &mut problem, &mut options);
        let what = format!("{options:?}\n{problem:?}");
        let values = rounded::<T>(&problem.with_holes());
        let x = Field::contiguous(&values, problem.signal.map(|n| n as i64));
        let mut one = learner::<T>(&problem, &options, 1);
        let mut two = learner::<T>(&problem, &options, 2);
        let mut stopped = learner::<T>(&problem, &options, 1);
        for i in 0..5 {
            let first = one.step(&x, None).unwrap();
            let second = two.step(&x, None).unwrap();
            // Before the first step, too.
            let saved = stopped.save().unwrap();
            stopped = Learner::restore(&saved, None, 1).unwrap();
            assert_eq!(saved, stopped.save().unwrap());
            super::weigh(&problem, &mut stopped);
            let third = stopped.step(&x, None).unwrap();
            for other in [second, third] {
                assert_eq!(first.objective_z, other.objective_z, "{i} {what}");
                assert_eq!(first.objective_d, other.objective_d, "{i} {what}");
                assert_eq!(first.nonzeros, other.nonzeros, "{i} {what}");
                assert_eq!(first.lambda, other.lambda, "{i} {what}");
            }
            let d = one.dictionary().unwrap();
            assert!(same_bits(d, two.dictionary().unwrap()), "{i} {what}");
            assert!(same_bits(d, stopped.dictionary().unwrap()), "{i} {what}");
            assert_eq!(one.activations(), two.activations(), "{i} {what}");
            assert_eq!(one.activations(), stopped.activations(), "{i} {what}");
        }
    }
    let mut noise = Noise(3);
    for _ in 0..if long() { 1000 } else { 60 } {
        check::<f64>(&mut noise);
        check::<f32>(&mut noise);
    }
}

#[test]
fn damaged_and_foreign_checkpoints_are_refused() {
    let mut noise = Noise(4);
    let problem = random_problem(&mut noise);
    let x = Field::contiguous(&problem.x, problem.signal.map(|n| n as i64));
    let mut learner = learner::<f64>(&problem, &Options::default(), 1);
    learner.step(&x, None).unwrap();
    let saved = learner.save().unwrap();
    let message = |bytes: &[u8]| match Learner::<f64>::restore(bytes, None, 1) {
        Ok(_) => panic!("not refused"),
        Err(error) => error.to_string(),
    };
    for n in 0..saved.len() {
        assert!(message(&saved[..n]).contains("checkpoint"));
        let mut damaged = saved.clone();
        damaged[n] ^= 1 + noise.below(255) as u8;
        assert!(message(&damaged).contains("checkpoint"));
    }
    for (at, text) in [(0, "another kind"), (8, "version"), (16, "bytes"), (40, "checksum")] {
        let mut damaged = saved.clone();
        damaged[at] ^= 64;
        assert!(message(&damaged).contains(text), "{}", message(&damaged));
    }
    let text = Learner::<f32>::restore(&saved, None, 1).err().unwrap().to_string();
    assert!(text.contains("elements of 8 bytes"), "{text}");
    let folder = std::env::temp_dir().join(format!("dicod-learn-{}", std::process::id()));
    std::fs::create_dir(&folder).unwrap();
    let path = folder.join("checkpoint");
    learner.save_to(&path).unwrap();
    learner.save_to(&path).unwrap();
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
    let again = Learner::<f64>::restore_from(&path, None, 1).unwrap();
    assert_eq!(again.save().unwrap(), saved);
    std::fs::remove_dir_all(&folder).unwrap();
    let text = learner.save_to(&path).unwrap_err().to_string();
    assert!(text.contains("cannot be written") && text.contains("checkpoint"), "{text}");
    let text = Learner::<f64>::restore_from(&path, None, 1).err().unwrap().to_string();
    assert!(text.contains("cannot be read"), "{text}");
}

/// CRC-64/XZ by its definition, bit by bit.
fn crc64(bytes: &[u8]) -> u64 {
    !bytes.iter().fold(!0u64, |crc, byte| {
        (0..8).fold(crc ^ u64::from(*byte), |crc, _| (crc >> 1) ^ (0xc96c_5795_d787_0f42 * (crc & 1)))
    })
}

/// With length and checksum made to fit.
fn sealed(mut body: Vec<u8>) -> Vec<u8> {
    let length = body.len() as u64 + 8;
    body[16..24].copy_from_slice(&length.to_le_bytes());
    let sum = crc64(&body);
    body.extend(sum.to_le_bytes());
    body
}

/// A reader that knows no more than docs/checkpoint.md.
struct Documented<'b>(&'b [u8]);

impl<'b> Documented<'b> {
    fn take(&mut self, n: usize) -> &'b [u8] {
        let (front, rest) = self.0.split_at(n);
        self.0 = rest;
        front
    }
    fn u8(&mut self) -> u8 {
        self.take(1)[0]
    }
    fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.take(4).try_into().unwrap())
    }
    fn u64(&mut self) -> u64 {
        u64::from_le_bytes(self.take(8).try_into().unwrap())
    }
    fn f64(&mut self) -> f64 {
        f64::from_bits(self.u64())
    }
    fn reals(&mut self) -> Vec<f64> {
        (0..self.u64()).map(|_| self.f64()).collect()
    }
    fn dictionary(&mut self) -> Vec<Vec<f64>> {
        (0..self.u8()).map(|_| self.reals()).collect()
    }
}

#[test]
fn the_format_is_the_documented_one() {
    assert_eq!(crc64(b"123456789"), 0x995d_c9bb_df19_39fa);
    let mut noise = Noise(7);
    for _ in 0..40 {
        let mut problem = random_problem(&mut noise);
        super::cut_at_random(&mut noise, &mut problem);
        let options = options_at_random(&mut noise, &problem);
        let x = Field::contiguous(&problem.x, problem.signal.map(|n| n as i64));
        let mut learner = learner::<f64>(&problem, &options, 1);
        let done = learner.step(&x, None).unwrap();
        let saved = learner.save().unwrap();
        let mut r = Documented(&saved);
        assert_eq!(r.take(8), b"DICODLRN");
        assert_eq!((r.u32(), r.u32()), (4, 8));
        assert_eq!(r.u64(), saved.len() as u64);
        let n = r.u64() as usize;
        let text = str::from_utf8(r.take(n)).unwrap();
        assert!(text.contains(&format!("seed={}\n", options.seed)));
        let (k, p) = (problem.n_atoms, problem.n_channels);
        let counts = [problem.n_axes, problem.n_signals, p, k];
        for n in counts.into_iter().chain(problem.signal).chain(problem.atom) {
            assert_eq!(r.u64(), n as u64);
        }
        let own = &learner.shape().atoms;
        assert_eq!(r.u64() as usize, own.len());
        assert!(own.iter().flatten().all(|n| r.u64() as i64 == *n));
        assert_eq!((r.u64(), r.u8(), r.f64()), (1, 1, done.objective_d));
        let fixed = r.u8();
        assert_eq!(fixed == 1, options.learn.reg_reference == Reference::First);
        let lambda = r.reals();
        assert_eq!(lambda, learner.lambda().unwrap_or(&[]));
        let dictionary = r.dictionary();
        match &learner.dictionary().unwrap().atoms {
            Atoms::Full(d) => assert_eq!(dictionary, std::slice::from_ref(d)),
            Atoms::RankOne { u, v } => assert_eq!(dictionary, [u.clone(), v.clone()]),
        }
        assert_eq!(r.dictionary().is_empty(), options.learn.init != Init::Given);
        assert_eq!(r.u64(), learner.activations().len() as u64);
        for a in learner.activations() {
            assert_eq!((r.u32() as usize, r.u32() as usize), (a.signal, a.atom));
            assert_eq!([r.u64(), r.u64(), r.u64()].map(|x| x as i64), a.at);
            assert_eq!(r.f64(), a.value);
        }
        let volume: usize = problem.atom.iter().product();
        let window: usize = problem.atom.iter().map(|l| 2 * l - 1).product();
        if r.u8() == 1 {
            assert!(options.learn.online || options.learn.batch > 0);
            let lengths = [r.reals().len(), r.reals().len(), r.reals().len()];
            assert_eq!(lengths, [k * k * window, k * p * volume, k]);
            assert!(r.f64() > 0.0);
            let nonzeros: Vec<u64> = (0..r.u64()).map(|_| r.u64()).collect();
            assert_eq!(nonzeros, done.nonzeros);
        }
        assert_eq!(r.u8(), 0);
        assert_eq!((f64::from(r.u8()) * done.threshold, r.f64()), (done.threshold, done.threshold));
        assert_eq!(r.0.len(), 8);
        assert_eq!(r.u64(), crc64(&saved[..saved.len() - 8]));
        assert_eq!(sealed(saved[..saved.len() - 8].to_vec()), saved);
    }
}

/// Wrong contents behind a right checksum: refused, or a learner that works.
#[test]
fn wrong_contents_are_refused_or_harmless() {
    let mut noise = Noise(8);
    let (mut refused, mut taken) = (0, 0);
    for _ in 0..if long() { 2000 } else { 60 } {
        let problem = random_problem(&mut noise);
        let options = options_at_random(&mut noise, &problem);
        let x = Field::contiguous(&problem.x, problem.signal.map(|n| n as i64));
        let mut learner = learner::<f64>(&problem, &options, 1);
        learner.step(&x, None).unwrap();
        let saved = learner.save().unwrap();
        let options_end = 32 + u64::from_le_bytes(saved[24..32].try_into().unwrap()) as usize;
        for _ in 0..20 {
            let mut body = saved[..saved.len() - 8].to_vec();
            for _ in 0..1 + noise.below(2) {
                // Half of them in what describes the rest.
                let at = match noise.below(2) {
                    0 => 12 + noise.below(body.len() - 12),
                    _ => (options_end + noise.below(160)).min(body.len() - 1),
                };
                match noise.below(8) {
                    0 => body.truncate(at.max(24)),
                    1 => body.insert(at.max(24), noise.below(256) as u8),
                    _ => body[at] = noise.below(256) as u8,
                }
            }
            match Learner::<f64>::restore(&sealed(body), None, 1) {
                Err(error) => {
                    assert!(!error.to_string().is_empty());
                    refused += 1;
                }
                Ok(mut learner) => {
                    taken += 1;
                    let shape = learner.shape().clone();
                    if shape.signal != problem.signal.map(|n| n as i64) {
                        continue;
                    }
                    // From activations of 1e228, say, it is a long way down.
                    let mut stopped = false;
                    let mut report = |_: &Progress| {
                        stopped = true;
                        false
                    };
                    if let Ok(done) = learner.step(&x, Some(&mut report)) {
                        assert!(stopped || !done.objective_z.is_nan());
                    }
                    learner.save().unwrap();
                }
            }
        }
    }
    println!("{refused} refused, {taken} taken");
    assert!(refused > 100 && taken > 100);
}

#[test]
fn other_options_may_ask_for_another_rank() {
    let mut noise = Noise(9);
    let problem =
        Problem { n_channels: 3, d: (0..4 * 3 * 125).map(|_| noise.normal()).collect(), ..random_problem(&mut noise) };
    let n = problem.n_signals * 3 * problem.signal.iter().product::<usize>();
    let n_d = problem.n_atoms * 3 * problem.atom.iter().product::<usize>();
    let problem = Problem { x: (0..n).map(|_| noise.normal()).collect(), d: problem.d[..n_d].to_vec(), ..problem };
    let x = Field::contiguous(&problem.x, problem.signal.map(|n| n as i64));
    for rank_one in [false, true] {
        let mut options = Options::default();
        options.learn.rank_one = rank_one;
        options.learn.init = Init::Given;
        let mut first = learner::<f64>(&problem, &options, 1);
        first.step(&x, None).unwrap();
        let mut other = first.options().clone();
        other.learn.rank_one = !rank_one;
        let mut second = Learner::<f64>::restore(&first.save().unwrap(), Some(other), 1).unwrap();
        second.step(&x, None).unwrap();
        let full = matches!(second.dictionary().unwrap().atoms, Atoms::Full(_));
        assert_eq!(full, rank_one);
    }
}

/// The same problem in every version of the library.
fn of_golden(online: bool) -> (Problem, Options) {
    let mut noise = Noise(77);
    let problem = Problem {
        n_axes: 2,
        n_signals: 2,
        n_channels: 1,
        n_atoms: 2,
        signal: [1, 14, 13],
        atom: [1, 4, 3],
        periodic: [false, false, true],
        x: (0..2 * 14 * 13).map(|_| noise.normal()).collect(),
        d: (0..2 * 12).map(|_| noise.normal()).collect(),
        w: Vec::new(),
        ridge: 0.0,
        atoms: Vec::new(),
        factors: Vec::new(),
    };
    let mut options = Options { reg: 0.2, ..Options::default() };
    options.learn.init = Init::Given;
    options.learn.online = online;
    (problem, options)
}

/// Files that version 1 of the format has left, after two steps.
#[test]
fn old_checkpoints_are_read_and_learning_goes_on() {
    fn goes_on<T: Real>(online: bool, name: &str) {
        let (problem, options) = of_golden(online);
        let values = rounded::<T>(&problem.x);
        let x = Field::contiguous(&values, problem.signal.map(|n| n as i64));
        let old = std::fs::read(super::common::golden(name)).unwrap();
        assert_eq!(old[8], 1);
        let mut restored = Learner::<T>::restore(&old, None, 1).unwrap();
        let mut whole = learner::<T>(&problem, &options, 1);
        whole.step(&x, None).unwrap();
        whole.step(&x, None).unwrap();
        assert_eq!(restored.options(), whole.options());
        assert_eq!(restored.save().unwrap(), whole.save().unwrap());
        let (one, other) = (restored.step(&x, None).unwrap(), whole.step(&x, None).unwrap());
        assert_eq!((one.index, one.objective_z, one.objective_d), (2, other.objective_z, other.objective_d));
        assert!(same_bits(restored.dictionary().unwrap(), whole.dictionary().unwrap()));
    }
    goes_on::<f64>(false, "checkpoint_v1_f64.bin");
    goes_on::<f32>(true, "checkpoint_v1_f32_online.bin");
}

/// What versions 2 and 3 have left is what documents say: version 2 is 1 and whether there are weights, 4 is 3 and the threshold.
#[test]
fn versions_between_are_read_and_nothing_is_lost() {
    let old = std::fs::read(super::common::golden("checkpoint_v1_f64.bin")).unwrap();
    let first = Learner::<f64>::restore(&old, None, 1).unwrap().save().unwrap();
    // There are no shapes of atoms, which are told by a zero of 8 bytes.
    let text = Documented(&first[24..]).u64() as usize;
    let shapes = 32 + text + 10 * 8;
    let without_shapes = |bytes: &[u8]| [&bytes[..shapes], &bytes[shapes + 8..]].concat();
    assert_eq!(first[shapes..shapes + 8], [0; 8]);
    for weights in [0, 1] {
        let mut second = old[..old.len() - 8].to_vec();
        second[8] = 2;
        second.push(weights);
        let now = Learner::<f64>::restore(&sealed(second), None, 1).unwrap().save().unwrap();
        let mut third = now[..now.len() - 8 - 9].to_vec();
        assert_eq!((third[8], third.pop()), (4, Some(weights)));
        assert!(third == first[..first.len() - 8 - 9 - 1] && (weights == 1 || now == first));
        third[8] = 3;
        let mut third = without_shapes(&third);
        third.push(weights);
        assert!(Learner::<f64>::restore(&sealed(third), None, 1).unwrap().save().unwrap() == now);
    }
}
