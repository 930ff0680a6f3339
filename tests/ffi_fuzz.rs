//! Raw C calls with anything in them: never a crash; success with finite results, or an error that
//! says what is wrong and touches nothing.

mod ffi_support;

use dicod::ffi::activations::*;
use dicod::ffi::array::*;
use dicod::ffi::checkpoint::*;
use dicod::ffi::encoder::*;
use dicod::ffi::info::*;
use dicod::ffi::learn::*;
use dicod::ffi::learner::*;
use dicod::ffi::options::*;
use dicod::ffi::problem::*;
use dicod::ffi::solve::*;
use dicod::ffi::status::*;
use ffi_support::*;
use proptest::prelude::*;
use std::ffi::CString;
use std::ptr::{null, null_mut};

/// Arrays that are really there have at most this many values.
const ROOM: i128 = 20_000;

fn wild() -> impl Strategy<Value = i64> {
    prop_oneof![
        -3i64..4,
        Just(i64::MIN),
        Just(i64::MAX),
        Just(1 << 30),
        Just((1 << 30) + 1),
        Just(1 << 31),
        Just(1 << 32),
        any::<i64>(),
    ]
}

/// Mostly a length, now and then anything.
fn length(most: i64) -> impl Strategy<Value = i64> {
    prop_oneof![24 => 1..=most, 1 => wild()]
}

fn scale() -> impl Strategy<Value = f64> {
    prop_oneof![
        12 => Just(1.0),
        1 => prop::sample::select(vec![0.0, 1e-310, 1e-160, 1e-25, 1e20, 1e150, 1e300]),
    ]
}

/// Where a value is replaced, and by what.
fn poison() -> impl Strategy<Value = Option<(usize, f64)>> {
    let value = prop::sample::select(vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e250]);
    prop::option::weighted(0.1, (0usize..1000, value))
}

#[derive(Debug, Clone)]
enum Setting {
    Real(String, f64),
    Reals(String, Vec<f64>),
    Integer(String, i64),
    Integers(String, Vec<i64>),
    Word(String, String),
    Text(String, String),
    Pairs(String),
}

fn setting() -> impl Strategy<Value = Setting> {
    let keys = vec![
        "reg",
        "reg_per_atom",
        "reg_scale",
        "ridge",
        "tol",
        "tol_scale",
        "gap_tol",
        "max_iter",
        "time_limit",
        "strategy",
        "schedule",
        "steps_per_visit",
        "tile_shape",
        "positive",
        "periodic",
        "warm_start",
        "frozen_support",
        "seed",
        "correlation",
        "progress_interval",
        "learn_init",
        "learn_max_iter",
        "learn_tol",
        "learn_reg_reference",
        "learn_dict_tol",
        "learn_dict_max_iter",
        "learn_window",
        "learn_rank_one",
        "learn_fixed_atoms",
        "learn_recentre",
        "learn_redraw",
        "learn_redraw_below",
        "learn_online",
        "learn_batch",
        "learn_forgetting",
        "learn_statistics",
    ];
    let words = vec![
        "relative",
        "absolute",
        "locally-greedy",
        "greedy",
        "random",
        "cyclic",
        "cyclic-shuffled",
        "coloured",
        "published",
        "auto",
        "direct",
        "gemm",
        "fft",
        "random-patches",
        "greedy-patches",
        "given",
        "first",
        "each",
        "sparse",
    ];
    let key = || {
        let keys = prop::sample::select(keys.clone());
        prop_oneof![30 => keys.prop_map(String::from), 1 => "[a-z_]{0,12}"]
    };
    let real = || {
        let odd = vec![0.0, 1.0, -1.0, 1e-300, 1e300, f64::NAN, f64::INFINITY];
        prop_oneof![4 => 0.0..1.5f64, 1 => prop::sample::select(odd)]
    };
    let integer = || prop_oneof![6 => 0i64..4, 1 => wild()];
    let list = 0usize..4;
    let text =
        || prop_oneof![3 => "[0-9]{1,2}", 2 => "0\\.[0-9]{1,3}", 1 => "[01](,[01]){0,2}", 1 => "[-0-9a-z=, .]{0,9}"];
    prop_oneof![
        (key(), real()).prop_map(|(k, v)| Setting::Real(k, v)),
        (key(), prop::collection::vec(real(), list.clone())).prop_map(|(k, v)| Setting::Reals(k, v)),
        (key(), integer()).prop_map(|(k, v)| Setting::Integer(k, v)),
        (key(), prop::collection::vec(integer(), list)).prop_map(|(k, v)| Setting::Integers(k, v)),
        (key(), prop::sample::select(words)).prop_map(|(k, v)| Setting::Word(k, v.into())),
        (key(), text()).prop_map(|(k, v)| Setting::Text(k, v)),
        prop::collection::vec((key(), text()), 0..3).prop_map(|all| {
            let pairs = all.iter().map(|(k, v)| format!("{k}={v}"));
            Setting::Pairs(pairs.collect::<Vec<_>>().join(" "))
        }),
    ]
}

/// Settings that an option takes are taken; the others change nothing and say why.
fn apply(options: &Options, settings: &[Setting]) {
    for setting in settings {
        if let Setting::Pairs(text) = setting {
            let text = CString::new(text.as_str()).unwrap();
            let status = dicod_options_parse(options.0, text.as_ptr());
            assert!(known(status) && status <= 0, "{status}");
            continue;
        }
        let (Setting::Real(key, _)
        | Setting::Reals(key, _)
        | Setting::Integer(key, _)
        | Setting::Integers(key, _)
        | Setting::Word(key, _)
        | Setting::Text(key, _)
        | Setting::Pairs(key)) = setting;
        let key = CString::new(key.as_str()).unwrap();
        let (o, key) = (options.0, key.as_ptr());
        let status = {
            match setting {
                Setting::Real(_, v) => dicod_options_set_real(o, key, *v),
                Setting::Reals(_, v) => dicod_options_set_reals(o, key, v.len() as i64, v.as_ptr()),
                Setting::Integer(_, v) => dicod_options_set_integer(o, key, *v),
                Setting::Integers(_, v) => dicod_options_set_integers(o, key, v.len() as i64, v.as_ptr()),
                Setting::Word(_, v) => {
                    let word = CString::new(v.as_str()).unwrap();
                    dicod_options_set_string(o, key, word.as_ptr())
                }
                Setting::Text(_, v) => {
                    let text = CString::new(v.as_str()).unwrap();
                    dicod_options_set(o, key, text.as_ptr())
                }
                Setting::Pairs(_) => DICOD_OK,
            }
        };
        assert!(known(status) && status <= 0, "{status}");
    }
    // Solves have to end soon.
    let limit = 0.05f64;
    let mut given = -1.0;
    {
        dicod_options_get_real(options.0, c"time_limit".as_ptr(), &mut given);
        dicod_options_set_real(options.0, c"time_limit".as_ptr(), limit.min(given));
    }
}

/// A status that may be returned: not that of a defect, or of a handle in use.
fn known(status: dicod_status) -> bool {
    (DICOD_ERROR_OUT_OF_MEMORY..=DICOD_PRECISION).contains(&status)
}

#[derive(Debug, Clone)]
struct Fuzz {
    n_axes: i64,
    signal: Vec<i64>,
    atom: Vec<i64>,
    counts: [i64; 3],
    settings: Vec<Setting>,
    no_options: bool,
    threads: i32,
    scales: [f64; 3],
    poisons: [Option<(usize, f64)>; 3],
    nulls: [bool; 6],
    struct_size: i64,
}

fn fuzz() -> impl Strategy<Value = Fuzz> {
    let axes = prop_oneof![20 => 1i64..=3, 1 => wild()];
    let shapes = (
        axes,
        prop::collection::vec(length(9), 4),
        prop::collection::vec(length(4), 4),
        [length(2), length(2), length(4)],
    );
    let values = ([scale(), scale(), scale()], [poison(), poison(), poison()]);
    let size = size_of::<dicod_info>() as i64;
    let size = prop_oneof![20 => Just(size), 1 => Just(size + 8), 1 => Just(size - 1), 1 => wild()];
    let nulls = prop::array::uniform6(prop::bool::weighted(0.03));
    let rest = (nulls, size, prop::collection::vec(setting(), 0..8), any::<bool>(), 0i32..4);
    (shapes, values, rest).prop_map(|(shapes, values, rest)| Fuzz {
        n_axes: shapes.0,
        signal: shapes.1,
        atom: shapes.2,
        counts: shapes.3,
        scales: values.0,
        poisons: values.1,
        nulls: rest.0,
        struct_size: rest.1,
        settings: rest.2,
        no_options: rest.3,
        threads: rest.4,
    })
}

/// A type of element, with its functions.
trait Typed: Copy + PartialEq + std::fmt::Debug {
    const CODE: i64;
    fn of(value: f64) -> Self;
    fn wide(self) -> f64;
}

impl Typed for f64 {
    const CODE: i64 = DICOD_F64;
    fn of(value: f64) -> Self {
        value
    }
    fn wide(self) -> f64 {
        self
    }
}

impl Typed for f32 {
    const CODE: i64 = DICOD_F32;
    fn of(value: f64) -> Self {
        value as f32
    }
    fn wide(self) -> f64 {
        self.into()
    }
}

/// Values between two sentinels.
struct Guarded<T>(Vec<T>);

impl<T: Typed> Guarded<T> {
    /// None if there are too many.
    fn new(n: i128, seed: u64, scale: f64, poison: Option<(usize, f64)>) -> Option<Self> {
        let n = usize::try_from(n).ok().filter(|n| (*n as i128) < ROOM)?;
        let mut values: Vec<T> = noise(n, seed).iter().map(|x| T::of(x * scale)).collect();
        if let Some((at, value)) = poison
            && n > 0
        {
            values[at % n] = T::of(value);
        }
        values.insert(0, T::of(123.25));
        values.push(T::of(123.25));
        Some(Guarded(values))
    }

    fn inner(&self) -> &[T] {
        &self.0[1..self.0.len() - 1]
    }

    fn bits(&self) -> Vec<u64> {
        self.0.iter().map(|x| x.wide().to_bits()).collect()
    }

    fn intact(&self) -> bool {
        [self.0[0], self.0[self.0.len() - 1]] == [T::of(123.25); 2]
    }
}

/// NULL if there is no such array.
fn start<T>(array: &mut Option<Guarded<T>>, null: bool) -> *mut T {
    match array {
        Some(array) if !null => array.0.as_mut_ptr().wrapping_add(1),
        _ => null_mut(),
    }
}

/// What is proven is a number; only a limit of time keeps it from being proven.
fn finite(info: &dicod_info) -> bool {
    let i = info;
    let of_lambda = [i.lambda, i.lambda_max, i.tol];
    let of_result = [i.objective, i.data_term, i.max_step, i.duality_gap];
    let seconds = [i.seconds, i.seconds_gram, i.seconds_correlate, i.seconds_descend, i.seconds_certify];
    let finite = |all: &[f64]| all.iter().all(|x| x.is_finite() && *x >= 0.0);
    let if_proven = |what: i64, all: &[f64]| match i.proven & what {
        0 => i.status == DICOD_TIME_LIMIT,
        _ => finite(all),
    };
    if_proven(DICOD_PROVEN_LAMBDA, &of_lambda) && if_proven(DICOD_PROVEN_RESULT, &of_result) && finite(&seconds)
}

impl Fuzz {
    fn problem(&self) -> dicod_problem {
        let [n_signals, n_channels, n_atoms] = self.counts;
        let list = |list: &[i64]| std::array::from_fn(|axis| list[axis]);
        dicod_problem {
            struct_size: if self.nulls[1] { 8 } else { size_of::<dicod_problem>() as i64 },
            n_axes: self.n_axes,
            signal_shape: list(&self.signal),
            atom_shape: list(&self.atom),
            n_atoms,
            n_channels,
            n_signals,
            atom_shapes: null(),
        }
    }

    /// Values in x, d, z, u, v and the Gram tensor.
    fn sizes(&self, periodic: &[i64]) -> [i128; 6] {
        if !(1..=3).contains(&self.n_axes) {
            return [1; 6];
        }
        let n = self.n_axes as usize;
        let [signals, channels, atoms] = self.counts.map(|n| i128::from(n.max(0)));
        let product = |f: &dyn Fn(usize) -> i128| (0..n).fold(1i128, |p, axis| p.saturating_mul(f(axis).max(0)));
        let (t, l) = (|a: usize| i128::from(self.signal[a]), |a: usize| i128::from(self.atom[a]));
        let wraps = |a: usize| periodic.get(a).is_some_and(|p| *p == 1);
        let valid = product(&|a| if wraps(a) { t(a) } else { t(a) - l(a) + 1 });
        let (x, v) = (product(&t), product(&l));
        let window = product(&|a| 2 * l(a) - 1);
        let times = |a: i128, b: i128, c: i128| a.saturating_mul(b).saturating_mul(c);
        [
            times(signals, channels, x),
            times(atoms, channels, v),
            times(signals, atoms, valid),
            times(atoms, channels, 1),
            times(atoms, v, 1),
            times(atoms, atoms, window),
        ]
    }

    fn options(&self) -> (Option<Options>, Vec<i64>) {
        if self.no_options {
            return (None, Vec::new());
        }
        let options = Options::new();
        apply(&options, &self.settings);
        let (mut periodic, mut n) = ([0; 8], 0);
        {
            let (o, key) = (options.0, c"periodic".as_ptr());
            dicod_options_get_integers(o, key, 8, periodic.as_mut_ptr(), &mut n);
        }
        (Some(options), periodic[..n as usize].to_vec())
    }

    fn run<T: Typed>(&self, functions: &Functions<T>) {
        let (options, periodic) = self.options();
        let o = options.as_ref().map_or(null(), |options| options.0.cast_const());
        let context = (self.threads > 0).then(|| Context::new(self.threads));
        let c = context.as_ref().map_or(null_mut(), |context| context.0);
        let sizes = self.sizes(&periodic);
        let array = |which: usize, value: usize| {
            let (scale, poison) = (self.scales[value], self.poisons[value]);
            Guarded::<T>::new(sizes[which], which as u64, scale, poison)
        };
        let (mut x, mut d, mut z) = (array(0, 0), array(1, 1), array(2, 2));
        let problem = self.problem();
        let q = if self.nulls[0] { null() } else { &raw const problem };
        let px = start(&mut x, self.nulls[2]).cast_const();
        let pd = start(&mut d, self.nulls[3]).cast_const();
        let pz = start(&mut z, self.nulls[4]);
        let bits = |array: &Option<Guarded<T>>| array.as_ref().map(Guarded::bits);
        let (x_before, d_before, z_before) = (bits(&x), bits(&d), bits(&z));

        // The whole.
        let mut info = info();
        info.struct_size = self.struct_size;
        let mut room = [info; 2]; // of which the second is never touched
        let before = format!("{room:?}");
        let pi = if self.nulls[5] { null_mut() } else { room.as_mut_ptr() };
        // SAFETY: the arrays have the sizes of the shapes, or are NULL.
        let status = unsafe { (functions.solve)(c, o, q, px, pd, pz, pi) };
        assert!(known(status), "{status} {}", last_error());
        if status < 0 {
            assert_eq!((bits(&z), format!("{room:?}")), (z_before, before));
            assert!(!last_error().is_empty());
        } else {
            let z = z.as_ref().unwrap();
            assert!(z.intact() && z.inner().iter().all(|z| z.wide().is_finite()));
            if !self.nulls[5] {
                assert!(finite(&room[0]), "{:?}", room[0]);
                let nonzeros = z.inner().iter().filter(|z| z.wide() != 0.0).count();
                assert_eq!(room[0].nonzeros, nonzeros as i64);
            }
        }

        // The parts.
        let (mut a, mut b) = (-7.5, -7.5);
        // SAFETY: as above.
        unsafe {
            let status = (functions.lambda_max)(c, o, q, px, pd, &mut a);
            assert!(known(status) && status <= 0, "{status} {}", last_error());
            assert!(if status == 0 { a.is_finite() } else { a == -7.5 });
            a = -7.5;
            let (pz, to) = (pz.cast_const(), (&raw mut a, &raw mut b));
            let status = (functions.objective)(c, o, q, px, pd, pz, to.0, to.1);
            assert!(known(status) && status <= 0, "{status} {}", last_error());
            match status {
                0 => assert!(a.is_finite() && b.is_finite(), "{a} {b}"),
                _ => assert_eq!((a, b), (-7.5, -7.5)),
            }
            let mut model = Guarded::<T>::new(sizes[0], 9, 1.0, None);
            let before = bits(&model);
            let to = start(&mut model, false);
            let status = (functions.reconstruct)(c, o, q, pd, pz, to);
            assert!(known(status) && status <= 0, "{status} {}", last_error());
            match (status, &model) {
                (0, Some(model)) => {
                    assert!(model.intact());
                    assert!(model.inner().iter().all(|x| x.wide().is_finite()));
                }
                _ => assert_eq!(bits(&model), before),
            }
            let mut gram = Guarded::<T>::new(sizes[5], 9, 1.0, None);
            let before = bits(&gram);
            let to = start(&mut gram, false);
            let status = (functions.gram)(c, q, pd, to);
            assert!(known(status) && status <= 0, "{status} {}", last_error());
            match (status, &gram) {
                (0, Some(gram)) => {
                    assert!(gram.intact());
                    assert!(gram.inner().iter().all(|x| x.wide().is_finite()));
                }
                _ => assert_eq!(bits(&gram), before),
            }
        }

        // The encoder.
        let (mut u, mut v) = (array(3, 1), array(4, 1));
        let factors = (start(&mut u, self.nulls[3]), start(&mut v, self.nulls[3]));
        for rank_one in [false, true] {
            let mut handle = null_mut();
            // SAFETY: as above.
            let status = unsafe {
                if rank_one {
                    let (u, v) = (factors.0.cast_const(), factors.1.cast_const());
                    (functions.rank_one)(c, o, q, u, v, &mut handle)
                } else {
                    (functions.create)(c, o, q, pd, &mut handle)
                }
            };
            assert!(known(status) && status <= 0, "{status} {}", last_error());
            assert_eq!(status == 0, !handle.is_null());
            let encoder = Encoder(handle);
            if handle.is_null() {
                continue;
            }
            // The shapes are good, then: the arrays exist, or are too large for this test.
            let (mut room, mut count) = (ffi_support::info(), -7);
            let signal = &self.signal[..self.n_axes as usize];
            let volume = signal.iter().product::<i64>() as usize;
            let Some(x) = &x else { continue };
            let channels = x.inner().chunks(volume);
            let channels = channels.map(|x| x.as_ptr().cast_mut().cast()).collect();
            let mut array = Array::new(signal, channels, None);
            array.element_type = T::CODE;
            {
                let status = dicod_encoder_solve(encoder.0, &array.raw_const(), &mut room);
                assert!(known(status), "{status} {}", last_error());
                assert!(status < 0 || finite(&room));
                let (i, f) = (null_mut(), null_mut());
                let found = dicod_encoder_get_sparse(encoder.0, 0, i, i, i, f, &mut count);
                assert_eq!(found, DICOD_OK);
                assert!(status < 0 || count == room.nonzeros);
            }
        }
        // What is const is unchanged.
        assert_eq!((bits(&x), bits(&d)), (x_before, d_before));
    }
}

impl Fuzz {
    /// The same for learning: one call, then the handle and a checkpoint of it.
    fn learn<T: Typed>(&self, functions: &LearnFunctions<T>) {
        let (options, periodic) = self.options();
        let o = options.as_ref().map_or(null(), |options| options.0.cast_const());
        let context = (self.threads > 0).then(|| Context::new(self.threads));
        let c = context.as_ref().map_or(null_mut(), |context| context.0);
        let sizes = self.sizes(&periodic);
        let array = |which: usize| {
            let (scale, poison) = (self.scales[which], self.poisons[which]);
            Guarded::<T>::new(sizes[which], which as u64, scale, poison)
        };
        let (mut x, mut d, mut z) = (array(0), array(1), array(2));
        let problem = self.problem();
        let q = if self.nulls[0] { null() } else { &raw const problem };
        let px = start(&mut x, self.nulls[2]).cast_const();
        let pd = start(&mut d, self.nulls[3]);
        let pz = start(&mut z, self.nulls[4]);
        let bits = |array: &Option<Guarded<T>>| array.as_ref().map(Guarded::bits);
        let (x_before, d_before, z_before) = (bits(&x), bits(&d), bits(&z));
        let good = |array: &Option<Guarded<T>>| {
            let array = array.as_ref().unwrap();
            array.intact() && array.inner().iter().all(|x| x.wide().is_finite())
        };

        // The handle first: it only reads d.
        let mut handle = null_mut();
        // SAFETY: the arrays have the sizes of the shapes, or are NULL.
        let status = unsafe { (functions.create)(c, o, q, pd.cast_const(), &mut handle) };
        assert!(known(status) && status <= 0, "{status} {}", last_error());
        assert_eq!(status == 0, !handle.is_null());
        assert!(status == 0 || !last_error().is_empty());
        // Shapes are good, then: arrays exist, or are too large for this test.
        let atoms = Guarded::<T>::new(sizes[1], 9, 1.0, None);
        if let (0, Some(x), Some(mut atoms)) = (status, &x, atoms) {
            let signal = &self.signal[..self.n_axes as usize];
            let volume = signal.iter().product::<i64>() as usize;
            let channels = x.inner().chunks(volume);
            let channels = channels.map(|x| x.as_ptr().cast_mut().cast()).collect();
            let mut array = Array::new(signal, channels, None);
            array.element_type = T::CODE;
            let (mut saved, mut needed, mut again) = (vec![0u8; 1 << 20], 0, null_mut());
            // SAFETY: as above.
            unsafe {
                for _ in 0..2 {
                    let status = dicod_learner_step(handle, &array.raw_const(), null_mut());
                    assert!(known(status), "{status} {}", last_error());
                    let to = atoms.0.as_mut_ptr().add(1);
                    let n = atoms.inner().len() as i64;
                    let got = (functions.get)(handle, n, to);
                    // A limit of time may end a step before there are first atoms.
                    assert!(status != DICOD_OK || got == DICOD_OK, "{}", last_error());
                    assert!(got < 0 || good(&Some(Guarded(atoms.0.clone()))));
                }
                let status = dicod_learner_encode(handle, &array.raw_const(), null_mut());
                assert!(known(status), "{status} {}", last_error());
                let room = saved.len() as i64;
                let status = dicod_learner_save(handle, room, saved.as_mut_ptr(), &mut needed);
                assert_eq!(status, DICOD_OK, "{}", last_error());
                let status = dicod_learner_restore(c, null(), needed, saved.as_ptr(), &mut again);
                assert_eq!(status, DICOD_OK, "{}", last_error());
                let mut twice = vec![0u8; needed as usize];
                let status = dicod_learner_save(again, needed, twice.as_mut_ptr(), &mut needed);
                assert_eq!(status, DICOD_OK, "{}", last_error());
                assert!(twice == saved[..needed as usize]);
                dicod_learner_free(&mut again);
            }
        }
        dicod_learner_free(&mut handle);
        assert_eq!((bits(&x), bits(&d)), (x_before.clone(), d_before.clone()));

        // All in one.
        // SAFETY: as above.
        let status = unsafe { (functions.learn)(c, o, q, px, None, null_mut(), pd, pz, null_mut()) };
        assert!(known(status), "{status} {}", last_error());
        if status < 0 {
            assert_eq!((bits(&d), bits(&z)), (d_before, z_before));
            assert!(!last_error().is_empty());
        } else {
            assert!(good(&d) && (pz.is_null() || good(&z)));
        }
        assert_eq!(bits(&x), x_before);
    }
}

/// The functions of learning of one element type.
#[allow(clippy::type_complexity)]
struct LearnFunctions<T> {
    learn: unsafe extern "C" fn(
        C,
        O,
        P,
        *const T,
        dicod_learn_fn,
        *mut std::ffi::c_void,
        *mut T,
        *mut T,
        *mut dicod_learn_info,
    ) -> Status,
    create: unsafe extern "C" fn(C, O, P, *const T, *mut *mut dicod_learner) -> Status,
    get: unsafe extern "C" fn(*const dicod_learner, i64, *mut T) -> Status,
}

type C = *mut dicod::ffi::context::dicod_context;
type O = *const dicod_options;
type P = *const dicod_problem;
type Status = dicod_status;
type E = *mut *mut dicod_encoder;

/// The functions of one element type.
#[allow(clippy::type_complexity)]
struct Functions<T> {
    solve: unsafe extern "C" fn(C, O, P, *const T, *const T, *mut T, *mut dicod_info) -> Status,
    lambda_max: unsafe extern "C" fn(C, O, P, *const T, *const T, *mut f64) -> Status,
    objective: unsafe extern "C" fn(C, O, P, *const T, *const T, *const T, *mut f64, *mut f64) -> Status,
    reconstruct: unsafe extern "C" fn(C, O, P, *const T, *const T, *mut T) -> Status,
    gram: unsafe extern "C" fn(C, P, *const T, *mut T) -> Status,
    create: unsafe extern "C" fn(C, O, P, *const T, E) -> Status,
    rank_one: unsafe extern "C" fn(C, O, P, *const T, *const T, E) -> Status,
}

/// A descriptor's strides and channels, anywhere in an arena.
#[derive(Debug, Clone)]
struct Place {
    strides: Option<[i64; 2]>,
    /// Bytes from the arena's start.
    offsets: Vec<i64>,
    n_channels: i64,
    sizes: [i64; 2],
    shape: [i64; 2],
}

const ARENA: usize = 3000;

/// Mostly a layout that people use: its channels one after the other or interleaved.
fn place() -> impl Strategy<Value = Place> {
    let shape = [9i64, 10];
    let near = -40i64..40;
    let stride = || prop_oneof![10 => near.clone(), 1 => wild()];
    let usual =
        prop::sample::select(vec![[10, 1], [1, 9], [-10, -1], [60, 6], [6, 54], [-60, 6], [11, 1], [10, -1], [0, 1]]);
    let strides = prop_oneof![6 => usual, 2 => [stride(), stride()]];
    let offset = prop_oneof![30 => (0i64..ARENA as i64).prop_map(|i| 8 * i), 1 => wild()];
    let regular = (0i64..1000, prop::sample::select(vec![1i64, 90, 99, 10, 89, 150]));
    let regular = regular.prop_map(|(first, step)| (0..6).map(|c| 8 * (first + c * step)).collect::<Vec<_>>());
    let offsets = prop_oneof![4 => regular, 1 => prop::collection::vec(offset, 6)];
    let wrong = prop::option::weighted(0.05, (0usize..4, wild()));
    (prop::option::weighted(0.9, strides), offsets, wrong).prop_map(move |(strides, offsets, wrong)| {
        let mut place =
            Place { strides, offsets, n_channels: 6, sizes: [size_of::<dicod_array>() as i64, DICOD_F64], shape };
        match wrong {
            Some((0, value)) => place.n_channels = value,
            Some((1, value)) => place.sizes[0] = value,
            Some((2, value)) => place.sizes[1] = value,
            Some((_, value)) => place.shape[1] = value,
            None => {}
        }
        place
    })
}

/// PROPTEST_CASES asks for more.
fn cases() -> u32 {
    let asked = std::env::var("PROPTEST_CASES").ok();
    asked.and_then(|n| n.parse().ok()).unwrap_or(600)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..Default::default() })]

    #[test]
    fn anything_in_double(fuzz in fuzz()) {
        fuzz.run(&Functions::<f64> {
            solve: dicod_solve,
            lambda_max: dicod_lambda_max,
            objective: dicod_objective,
            reconstruct: dicod_reconstruct,
            gram: dicod_gram,
            create: dicod_encoder_create,
            rank_one: dicod_encoder_create_rank1,
        });
    }

    #[test]
    fn anything_in_float(fuzz in fuzz()) {
        fuzz.run(&Functions::<f32> {
            solve: dicod_solve_f32,
            lambda_max: dicod_lambda_max_f32,
            objective: dicod_objective_f32,
            reconstruct: dicod_reconstruct_f32,
            gram: dicod_gram_f32,
            create: dicod_encoder_create_f32,
            rank_one: dicod_encoder_create_rank1_f32,
        });
    }

    #[test]
    fn descriptors_write_their_elements_or_nothing(place in place()) {
        thread_local! {
            static SOLVED: (Encoder, Vec<f64>) = {
                let call = Call::new();
                let encoder = call.encoder();
                encoder.solve(&call);
                let z = encoder.z(&call);
                (encoder, z)
            };
        }
        let mut arena = vec![-7.5f64; ARENA];
        let begin = arena.as_mut_ptr();
        let strides = place.strides.unwrap_or([10, 1]).map(i128::from);
        // Indices in the arena that a channel's elements have.
        let elements = |offset: i64| -> Option<Vec<usize>> {
            if offset % 8 != 0 {
                return None;
            }
            let at = |i: i128, j: i128| i128::from(offset / 8) + i * strides[0] + j * strides[1];
            let all = (0..90).map(|n| usize::try_from(at(n / 10, n % 10)).ok());
            all.map(|index| index.filter(|index| *index < ARENA)).collect()
        };
        let all: Vec<Option<Vec<usize>>> = place.offsets.iter().map(|o| elements(*o)).collect();
        let inside = all.iter().all(Option::is_some);
        let mut used = vec![0; ARENA];
        all.iter().flatten().flatten().for_each(|index| used[*index] += 1);
        let channels = place.offsets.iter().zip(&all).map(|(offset, elements)| match elements {
            // What the library cannot know to be wrong must not be touched: NULL.
            None if offset % 8 == 0 => null_mut(),
            _ => begin.wrapping_byte_offset(*offset as isize).cast(),
        });
        let mut array = Array::new(&[9, 10], channels.collect(), place.strides.as_ref().map(|s| &s[..]));
        array.global_shape = Some(place.shape.to_vec());
        array.local_shape = None;
        array.n_channels = place.n_channels;
        array.element_type = place.sizes[1];
        let mut raw = array.raw();
        raw.struct_size = place.sizes[0];
        SOLVED.with(|(encoder, z)| {
            let status = dicod_encoder_get_z(encoder.0, &raw);
            assert!(known(status) && status <= 0, "{status}");
            if status == DICOD_OK {
                assert!(inside && used.iter().all(|n| *n <= 1));
                let mut expected = vec![-7.5; ARENA];
                for (index, z) in all.iter().flatten().flatten().zip(z) {
                    expected[*index] = *z;
                }
                assert_eq!(arena, expected);
            } else {
                assert!(arena.iter().all(|x| *x == -7.5), "{}", last_error());
            }
        });
    }
}

proptest! {
    // Each is many solves, up to a time limit.
    #![proptest_config(ProptestConfig { cases: cases() / 6, failure_persistence: None, ..Default::default() })]

    #[test]
    fn anything_learned_in_double(fuzz in fuzz()) {
        fuzz.learn(&LearnFunctions::<f64> {
            learn: dicod_learn,
            create: dicod_learner_create,
            get: dicod_learner_get_dictionary,
        });
    }

    #[test]
    fn anything_learned_in_float(fuzz in fuzz()) {
        fuzz.learn(&LearnFunctions::<f32> {
            learn: dicod_learn_f32,
            create: dicod_learner_create_f32,
            get: dicod_learner_get_dictionary_f32,
        });
    }
}
