//! Checkpoints restored by callers who believe in another shape: an error that names what is wrong, or all that
//! was saved; never a byte beyond what the caller has.
//!
//! 20 000 of them with `DICOD_LONG=1` or `PROPTEST_CASES=20000`, and under `make check-memory`.

use dicod::ffi::array::*;
use dicod::ffi::checkpoint::*;
use dicod::ffi::describe::*;
use dicod::ffi::learned::*;
use dicod::ffi::learner::*;
use dicod::ffi::options::*;
use dicod::ffi::status::*;
use ffi_support::*;
use std::ffi::c_void;
use std::ptr::{null, null_mut};

mod ffi_support;

/// Numbers that look random.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        ((self.0 >> 33) % n as u64) as usize
    }

    fn chance(&mut self, of: usize) -> bool {
        self.below(of) == 0
    }
}

/// What somebody believes of a learner; axes that there are not have length 1.
#[derive(Clone, Debug, PartialEq)]
struct Belief {
    float: bool,
    n_axes: usize,
    signal: [i64; 3],
    atom: [i64; 3],
    /// Signals, channels, atoms, signals that are coded.
    counts: [i64; 4],
    periodic: bool,
}

impl Belief {
    fn at_random(random: &mut Random) -> Self {
        let n_axes = 1 + random.below(3);
        let mut length = |most: usize| {
            let mut list = [1; 3];
            list[..n_axes].iter_mut().for_each(|l| *l = 1 + random.below(most) as i64);
            list
        };
        let (atom, more) = (length(3), length(5));
        let signals = 1 + random.below(2) as i64;
        Belief {
            float: random.chance(2),
            n_axes,
            signal: std::array::from_fn(|a| if a < n_axes { atom[a] + more[a] } else { 1 }),
            atom,
            counts: [signals, 1 + random.below(2) as i64, 1 + random.below(4) as i64, signals],
            periodic: random.chance(4),
        }
    }

    /// Another one: one thing is not as it was.
    fn contradicted(&self, random: &mut Random) -> Self {
        let mut other = self.clone();
        let axis = random.below(self.n_axes);
        let change = |n: &mut i64, random: &mut Random| *n = (*n + [-2, -1, 1, 2, 40][random.below(5)]).max(1);
        match random.below(8) {
            0 => other.float = !other.float,
            1 => other.n_axes = 1 + random.below(3),
            2 => change(&mut other.signal[axis], random),
            3 | 4 => change(&mut other.atom[axis], random),
            5 => change(&mut other.counts[2], random),
            6 => change(&mut other.counts[random.below(2)], random),
            _ => other.atom[..self.n_axes].rotate_left(1),
        }
        other
    }

    fn valid(&self) -> [i64; 3] {
        let valid = |a: usize| match self.periodic || a >= self.n_axes {
            true => self.signal[a],
            false => self.signal[a] - self.atom[a] + 1,
        };
        std::array::from_fn(valid)
    }

    fn volume(&self, of: &[i64; 3]) -> i64 {
        of[..self.n_axes].iter().map(|n| (*n).max(1)).product()
    }

    fn info(&self) -> dicod_handle_info {
        let padded = |list: [i64; 3]| std::array::from_fn(|a| if a < self.n_axes { list[a] } else { 0 });
        dicod_handle_info {
            struct_size: size_of::<dicod_handle_info>() as i64,
            element_type: if self.float { DICOD_F32 } else { DICOD_F64 },
            n_axes: self.n_axes as i64,
            n_signals: self.counts[0],
            n_channels: self.counts[1],
            n_atoms: self.counts[2],
            n_coded: self.counts[3],
            signal_shape: padded(self.signal),
            atom_shape: padded(self.atom),
            valid_shape: padded(self.valid()),
            iterations: 0,
            bytes: 0,
            atom_shapes: std::ptr::null(),
        }
    }

    fn options(&self) -> Options {
        let options = Options::new();
        options.integers("periodic", &vec![self.periodic.into(); self.n_axes]);
        options.real("tol", 0.1);
        options
    }
}

/// The lengths that there can be.
fn three([i, j, k, _]: [i64; 4]) -> [i64; 3] {
    [i, j, k]
}

/// Exactly so many elements, between guards that are looked at; as much memory as there is in the heap, so that
/// tools see who goes beyond it.
struct Room {
    bytes: Vec<u8>,
    size: usize,
}

const GUARD: usize = 64;

impl Room {
    fn new(n: i64, float: bool) -> Self {
        let size = if float { 4 } else { 8 };
        let n = n.clamp(0, 1 << 16) as usize;
        Room { bytes: vec![0xa5; n * size + 2 * GUARD], size }
    }

    fn start(&mut self) -> *mut c_void {
        self.bytes.as_mut_ptr().wrapping_add(GUARD).cast()
    }

    fn intact(&self) -> bool {
        let n = self.bytes.len();
        let guards = self.bytes[..GUARD].iter().chain(&self.bytes[n - GUARD..]);
        guards.into_iter().all(|b| *b == 0xa5)
    }

    fn untouched(&self) -> bool {
        self.bytes.iter().all(|b| *b == 0xa5)
    }

    fn len(&self) -> i64 {
        ((self.bytes.len() - 2 * GUARD) / self.size) as i64
    }
}

/// A descriptor of so many channels over a shape, in memory of its own.
struct Described {
    shape: Vec<i64>,
    channels: Vec<*mut c_void>,
    room: Room,
    element_type: i64,
}

impl Described {
    fn new(belief: &Belief, shape: [i64; 3], n: i64) -> Self {
        let volume = belief.volume(&shape);
        let n = n.clamp(0, (1 << 16) / volume);
        let mut room = Room::new(n * volume, belief.float);
        let start = room.start();
        let step = volume as usize * room.size;
        Described {
            shape: shape[..belief.n_axes].to_vec(),
            channels: (0..n as usize).map(|c| start.wrapping_byte_add(c * step)).collect(),
            element_type: if belief.float { DICOD_F32 } else { DICOD_F64 },
            room,
        }
    }

    fn raw_const(&self) -> dicod_const_array {
        dicod_const_array {
            struct_size: size_of::<dicod_const_array>() as i64,
            element_type: self.element_type,
            n_axes: self.shape.len() as i64,
            global_shape: self.shape.as_ptr(),
            offset: null(),
            local_shape: null(),
            strides: null(),
            n_channels: self.channels.len() as i64,
            channels: self.channels.as_ptr().cast(),
        }
    }

    fn raw(&self) -> dicod_array {
        let (array, channels) = (self.raw_const(), self.channels.as_ptr());
        let dicod_const_array { struct_size, element_type, n_axes, global_shape, n_channels, .. } = array;
        let (offset, local_shape, strides) = (array.offset, array.local_shape, array.strides);
        dicod_array {
            struct_size,
            element_type,
            n_axes,
            global_shape,
            offset,
            local_shape,
            strides,
            n_channels,
            channels,
        }
    }
}

/// A learner that has done a step, as bytes.
fn saved(belief: &Belief, rank_one: bool, batch: bool) -> (Belief, Vec<u8>) {
    let mut belief = belief.clone();
    let options = belief.options();
    options.integer("learn_rank_one", rank_one.into());
    options.integer("learn_batch", batch.into());
    belief.counts[3] = if batch { 1 } else { belief.counts[0] };
    let (mut handle, mut needed) = (null_mut(), 0);
    let n = belief.n_axes as i64;
    let [signals, channels, atoms, _] = belief.counts;
    let mut x = Described::new(&belief, belief.signal, signals * channels);
    let values = noise(x.room.len() as usize, 5);
    for (at, value) in values.iter().enumerate() {
        let start = x.room.start();
        // SAFETY: as many values as there is room for.
        unsafe {
            match belief.float {
                true => start.cast::<f32>().add(at).write_unaligned(*value as f32),
                false => start.cast::<f64>().add(at).write_unaligned(*value),
            }
        }
    }
    let (s, l) = (belief.signal.as_ptr(), belief.atom.as_ptr());
    {
        let status = match belief.float {
            true => dicod_learner_create_f32(
                null_mut(),
                options.0,
                &problem_of(n, s, signals, channels, atoms, l),
                null(),
                &mut handle,
            ),
            false => dicod_learner_create(
                null_mut(),
                options.0,
                &problem_of(n, s, signals, channels, atoms, l),
                null(),
                &mut handle,
            ),
        };
        assert_eq!(status, DICOD_OK, "{}", last_error());
        let status = dicod_learner_step(handle, &x.raw_const(), null_mut());
        assert_eq!(status, DICOD_OK, "{}", last_error());
        assert_eq!(dicod_learner_save(handle, 0, null_mut(), &mut needed), DICOD_OK);
        let mut bytes = vec![0; needed as usize];
        assert_eq!(dicod_learner_save(handle, needed, bytes.as_mut_ptr(), &mut needed), DICOD_OK);
        dicod_learner_free(&mut handle);
        (belief, bytes)
    }
}

fn cases() -> usize {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok());
    let long = std::env::var_os("DICOD_LONG").is_some_and(|v| v == "1");
    asked.unwrap_or(if long { 20_000 } else { 1000 })
}

#[test]
fn whoever_believes_in_another_shape_is_told() {
    let mut random = Random(13);
    let mut checkpoints = Vec::new();
    for _ in 0..60 {
        let belief = Belief::at_random(&mut random);
        let (rank_one, batch) = (random.chance(3), random.chance(4));
        let (belief, bytes) = saved(&belief, rank_one, batch);
        checkpoints.push((belief, rank_one, bytes));
    }
    let mut refused = 0;
    for case in 0..cases() {
        let (truth, rank_one, bytes) = &checkpoints[random.below(checkpoints.len())];
        let mut belief = truth.clone();
        for _ in 0..random.below(3) {
            belief = belief.contradicted(&mut random);
        }
        refused += usize::from(one(truth, *rank_one, bytes, &belief, &mut random, case));
    }
    assert!(refused * 3 > cases(), "{refused} of {}", cases());
}

/// CRC-64/XZ, as docs/checkpoint.md says.
fn crc64(bytes: &[u8]) -> u64 {
    let shift = |crc: u64| (crc >> 1) ^ if crc & 1 == 1 { 0xc96c_5795_d787_0f42 } else { 0 };
    let byte = |crc: u64, byte: &u8| (0..8).fold(crc ^ u64::from(*byte), |crc, _| shift(crc));
    !bytes.iter().fold(u64::MAX, byte)
}

/// One whose shape is not that of what follows it, behind a right checksum: refused, or what it says it is.
#[test]
fn a_checkpoint_that_contradicts_itself_is_refused_or_what_it_says() {
    let mut random = Random(14);
    let mut checkpoints = Vec::new();
    for _ in 0..60 {
        let belief = Belief::at_random(&mut random);
        let (rank_one, batch) = (random.chance(3), random.chance(4));
        checkpoints.push(saved(&belief, rank_one, batch).1);
    }
    let (mut refused, mut taken) = (0, 0);
    for case in 0..cases() {
        let mut bytes = checkpoints[random.below(checkpoints.len())].clone();
        let number = |bytes: &[u8], at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap());
        // Axes, signals, channels, atoms, three lengths each of the signal and of the atoms.
        let shape = 32 + number(&bytes, 24) as usize;
        for _ in 0..1 + random.below(2) {
            let at = shape + 8 * random.below(10);
            let wild = [0, 1, 2, 3, 5, 7, 1 << 20, 1 << 31, 1 << 40, u64::MAX][random.below(10)];
            let near = number(&bytes, at).wrapping_add([u64::MAX, 1][random.below(2)]);
            let value = if random.chance(2) { near } else { wild };
            bytes[at..at + 8].copy_from_slice(&value.to_le_bytes());
        }
        let end = bytes.len() - 8;
        let sum = crc64(&bytes[..end]);
        bytes[end..].copy_from_slice(&sum.to_le_bytes());
        let mut handle = null_mut();
        // SAFETY: bytes of this length, room for the handle.
        let status = dicod_learner_restore(null_mut(), null(), bytes.len() as i64, bytes.as_ptr(), &mut handle);
        if status != DICOD_OK {
            assert!(handle.is_null() && !last_error().is_empty(), "case {case}");
            refused += 1;
            continue;
        }
        taken += 1;
        {
            let mut info = Belief::at_random(&mut random).info();
            assert_eq!(dicod_learner_describe(handle, &mut info), DICOD_OK);
            let truth = Belief {
                float: info.element_type == DICOD_F32,
                n_axes: info.n_axes as usize,
                signal: three(info.signal_shape),
                atom: three(info.atom_shape),
                counts: [info.n_signals, info.n_channels, info.n_atoms, info.n_coded],
                periodic: false,
            };
            let n = info.n_channels * info.n_atoms * truth.volume(&truth.atom);
            let mut d = Room::new(n, truth.float);
            let status = match truth.float {
                true => dicod_learner_get_dictionary_f32(handle, n, d.start().cast()),
                false => dicod_learner_get_dictionary(handle, n, d.start().cast()),
            };
            assert_eq!(status, DICOD_OK, "case {case}: {}", last_error());
            let z = Described::new(&truth, three(info.valid_shape), info.n_coded * info.n_atoms);
            if z.channels.len() as i64 == info.n_coded * info.n_atoms {
                let status = dicod_learner_get_z(handle, &z.raw());
                assert_eq!(status, DICOD_OK, "case {case}: {}", last_error());
            }
            assert!(d.intact() && z.room.intact(), "case {case}");
            dicod_learner_free(&mut handle);
        }
    }
    println!("{refused} refused, {taken} taken");
    assert!(refused > cases() / 4 && taken > cases() / 50);
}

/// Restores, and asks for everything as somebody with this belief does. Whether that was refused.
fn one(truth: &Belief, rank_one: bool, bytes: &[u8], belief: &Belief, random: &mut Random, case: usize) -> bool {
    let what = format!("case {case}: {truth:?}, rank one {rank_one}, believed: {belief:?}");
    let (mut handle, n) = (null_mut(), bytes.len() as i64);
    // Options replace those that were saved, lists that do not fit are refused.
    let options = random.chance(3).then(|| belief.options());
    let o = options.as_ref().map_or(null(), |options| options.0.cast_const());
    let status = dicod_learner_restore(null_mut(), o, n, bytes.as_ptr(), &mut handle);
    let mut truth = truth.clone();
    if options.is_some() {
        assert_eq!(status == DICOD_OK, belief.n_axes == truth.n_axes, "{what}: {}", last_error());
        truth.periodic = belief.periodic;
        truth.counts[3] = truth.counts[0];
    } else {
        assert_eq!(status, DICOD_OK, "{what}: {}", last_error());
    }
    if status != DICOD_OK {
        assert!(handle.is_null() && last_error().contains("periodic"), "{what}: {}", last_error());
        return true;
    }
    let rank_one = rank_one && options.is_none();
    {
        let mut info = truth.info();
        assert_eq!(dicod_learner_describe(handle, &mut info), DICOD_OK);
        assert_eq!((info.iterations, info.bytes > 0), (1, true), "{what}");
        (info.iterations, info.bytes) = (0, 0);
        assert_eq!(format!("{info:?}"), format!("{:?}", truth.info()), "{what}");
        let mut own = null_mut();
        assert_eq!(dicod_learner_get_options(handle, &mut own), DICOD_OK);
        dicod_options_free(&mut own);

        let mut expected = belief.info();
        // Now and then somebody knows nothing of some of it.
        if random.chance(4) {
            (expected.n_coded, expected.valid_shape) = (0, [0; 4]);
        }
        let same = {
            let (is, e) = (truth.info(), &expected);
            let n = truth.n_axes;
            [e.element_type, e.n_axes, e.n_signals, e.n_channels, e.n_atoms]
                == [is.element_type, is.n_axes, is.n_signals, is.n_channels, is.n_atoms]
                && [0, is.n_coded].contains(&e.n_coded)
                && e.signal_shape[..n] == is.signal_shape[..n]
                && e.atom_shape[..n] == is.atom_shape[..n]
                && (e.valid_shape == [0; 4] || e.valid_shape == is.valid_shape)
        };
        let status = dicod_learner_expect(handle, &expected);
        assert_eq!(status == DICOD_OK, same, "{what}: {}", last_error());
        assert!(same || last_error().contains("that of the learner"), "{}", last_error());

        // Memory of the size that is believed in: all of it, or nothing.
        let [signals, channels, atoms, coded] = belief.counts;
        let get = |n: i64, wanted: i64, call: &dyn Fn(i64, *mut c_void) -> dicod_status| {
            let mut room = Room::new(n, belief.float);
            let status = call(room.len(), room.start());
            let fits = belief.float == truth.float && room.len() == wanted;
            assert_eq!(status == DICOD_OK, fits, "{what}: {}", last_error());
            assert!(room.intact() && (fits || room.untouched()), "{what}");
            fits
        };
        let n = channels * atoms * belief.volume(&belief.atom);
        let n_true = truth.counts[1] * truth.counts[2] * truth.volume(&truth.atom);
        let all = get(n, n_true, &|n, to| match belief.float {
            true => dicod_learner_get_dictionary_f32(handle, n, to.cast()),
            false => dicod_learner_get_dictionary(handle, n, to.cast()),
        });
        let (mut u, mut v) =
            (Room::new(atoms * channels, belief.float), Room::new(atoms * belief.volume(&belief.atom), belief.float));
        let status = match belief.float {
            true => {
                dicod_learner_get_dictionary_rank1_f32(handle, u.len(), u.start().cast(), v.len(), v.start().cast())
            }
            false => dicod_learner_get_dictionary_rank1(handle, u.len(), u.start().cast(), v.len(), v.start().cast()),
        };
        let sizes = (truth.counts[2] * truth.counts[1], truth.counts[2] * truth.volume(&truth.atom));
        let fits = rank_one && belief.float == truth.float && (u.len(), v.len()) == sizes;
        assert_eq!(status == DICOD_OK, fits, "{what}: {}", last_error());
        assert!(u.intact() && v.intact() && (fits || u.untouched() && v.untouched()), "{what}");
        let mut lambda = vec![-7.5f64; atoms as usize + 1];
        let status = dicod_learner_get_lambda(handle, atoms, lambda.as_mut_ptr());
        assert_eq!(status == DICOD_OK, atoms == truth.counts[2], "{what}: {}", last_error());
        assert_eq!(lambda[atoms as usize], -7.5, "{what}");

        let z = Described::new(belief, belief.valid(), coded * atoms);
        let like = |a: &Belief, b: &Belief| (a.float, a.n_axes) == (b.float, b.n_axes);
        let fits = like(belief, &truth)
            && belief.valid() == truth.valid()
            && z.channels.len() as i64 == truth.counts[3] * truth.counts[2];
        let positive = belief.valid().iter().all(|n| *n > 0);
        let raw = z.raw();
        let status = dicod_learner_get_z(handle, &raw);
        assert_eq!(status == DICOD_OK, fits && positive, "{what}: {}", last_error());
        assert!(z.room.intact() && (fits || z.room.untouched()), "{what}");

        let mut x = Described::new(belief, belief.signal, signals * channels);
        x.room.bytes.fill(0); // its values are 0, and it is not written
        let fits = like(belief, &truth)
            && belief.signal == truth.signal
            && x.channels.len() as i64 == truth.counts[0] * truth.counts[1];
        let status = dicod_learner_step(handle, &x.raw_const(), null_mut());
        assert_eq!(status == DICOD_OK, fits, "{what}: {}", last_error());
        dicod_learner_free(&mut handle);
        !(same && all)
    }
}
