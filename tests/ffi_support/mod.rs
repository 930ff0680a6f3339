//! What the tests of the C functions share: owners of handles, calls with everything they need.

#![allow(dead_code)]

use dicod::ffi::activations::*;
use dicod::ffi::array::*;
use dicod::ffi::context::*;
use dicod::ffi::encoder::*;
use dicod::ffi::info::*;
use dicod::ffi::options::*;
use dicod::ffi::problem::*;
use dicod::ffi::solve::*;
use dicod::ffi::status::*;
use std::ffi::{CStr, CString, c_char, c_void};
use std::ptr::{null, null_mut};

/// The message of this thread's last failure.
pub fn last_error() -> String {
    let mut buffer = [0 as c_char; 2048];
    // SAFETY: the buffer has the capacity that is passed, and then holds a terminated string.
    unsafe {
        let status = dicod_last_error(2048, buffer.as_mut_ptr(), null_mut());
        assert_eq!(status, DICOD_OK);
        CStr::from_ptr(buffer.as_ptr()).to_str().unwrap().into()
    }
}

/// A call failed with this status and a message that has these parts.
#[track_caller]
pub fn fails(status: dicod_status, expected: dicod_status, parts: &[&str]) {
    let text = last_error();
    assert_eq!(status, expected, "{text}");
    for part in parts {
        assert!(text.contains(part), "{text:?} lacks {part:?}");
    }
}

/// A problem from lists of lengths, which may be NULL or shorter than a wrong number of axes says.
pub fn problem_of(
    n_axes: i64,
    signal: *const i64,
    n_signals: i64,
    n_channels: i64,
    n_atoms: i64,
    atom: *const i64,
) -> dicod_problem {
    let lengths = |list: *const i64| {
        let n = if (1..=3).contains(&n_axes) && !list.is_null() { n_axes as usize } else { 0 };
        // SAFETY: the caller's lists are as long as a good number of axes says.
        std::array::from_fn(|axis| if axis < n { unsafe { *list.add(axis) } } else { 0 })
    };
    let struct_size = size_of::<dicod_problem>() as i64;
    let (signal_shape, atom_shape) = (lengths(signal), lengths(atom));
    dicod_problem { struct_size, n_axes, signal_shape, atom_shape, n_atoms, n_channels, n_signals, atom_shapes: null() }
}

/// Numbers that look random, from -1 to 1.
pub fn noise(n: usize, seed: u64) -> Vec<f64> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) as f64 / (1u64 << 30) as f64 - 1.0
    };
    (0..n).map(|_| next()).collect()
}

pub fn narrow(values: &[f64]) -> Vec<f32> {
    values.iter().map(|x| *x as f32).collect()
}

/// An info whose every field shows whether it was written.
pub fn info() -> dicod_info {
    dicod_info {
        struct_size: size_of::<dicod_info>() as i64,
        status: -77,
        n_threads: -77,
        lambda: -7.5,
        lambda_max: -7.5,
        tol: -7.5,
        steps: -77,
        visits: -77,
        sweeps: -77,
        nonzeros: -77,
        objective: -7.5,
        data_term: -7.5,
        max_step: -7.5,
        duality_gap: -7.5,
        seconds: -7.5,
        seconds_gram: -7.5,
        seconds_correlate: -7.5,
        seconds_descend: -7.5,
        seconds_certify: -7.5,
        bytes: -77,
        bytes_gram: -77,
        messages: -77,
        bytes_sent: -77,
        seconds_waiting: 0.0,
        proven: -77,
        seconds_other: -7.5,
        background_least: -7.5,
        background_most: -7.5,
    }
}

pub fn option_info() -> dicod_option_info {
    dicod_option_info {
        struct_size: size_of::<dicod_option_info>() as i64,
        key: null(),
        value_type: null(),
        default_value: null(),
        allowed: null(),
        meaning: null(),
    }
}

/// A context that is freed.
pub struct Context(pub *mut dicod_context);

unsafe extern "C" fn write_log(userdata: *mut c_void, level: i32, message: *const c_char) {
    // SAFETY: the tests pass a list of lines; the message is a string.
    unsafe {
        let text = CStr::from_ptr(message).to_str().unwrap().into();
        (*userdata.cast::<Vec<(i32, String)>>()).push((level, text));
    }
}

impl Context {
    pub fn new(n_threads: i32) -> Self {
        let mut handle = null_mut();
        let status = dicod_context_create(n_threads, &mut handle);
        assert_eq!(status, DICOD_OK, "{}", last_error());
        Context(handle)
    }

    /// The list has to outlive what is logged.
    pub fn log_to(&self, log: &mut Vec<(i32, String)>) {
        let userdata = std::ptr::from_mut(log).cast();
        let status = dicod_context_set_log(self.0, Some(write_log), userdata);
        assert_eq!(status, DICOD_OK);
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        dicod_context_free(&mut self.0);
    }
}

/// Options that are freed.
pub struct Options(pub *mut dicod_options);

impl Options {
    pub fn new() -> Self {
        let mut handle = null_mut();
        let status = dicod_options_create(&mut handle);
        assert_eq!(status, DICOD_OK);
        Options(handle)
    }

    fn set(&self, key: &str, set: impl FnOnce(*const c_char) -> dicod_status) {
        let key = CString::new(key).unwrap();
        assert_eq!(set(key.as_ptr()), DICOD_OK, "{}", last_error());
    }

    pub fn real(&self, key: &str, value: f64) {
        self.set(key, |key| dicod_options_set_real(self.0, key, value));
    }

    pub fn reals(&self, key: &str, values: &[f64]) {
        let n = values.len() as i64;
        self.set(key, |key| dicod_options_set_reals(self.0, key, n, values.as_ptr()));
    }

    pub fn integer(&self, key: &str, value: i64) {
        self.set(key, |key| dicod_options_set_integer(self.0, key, value));
    }

    pub fn integers(&self, key: &str, values: &[i64]) {
        let n = values.len() as i64;
        let set = |key| dicod_options_set_integers(self.0, key, n, values.as_ptr());
        self.set(key, set);
    }

    pub fn word(&self, key: &str, value: &str) {
        let value = CString::new(value).unwrap();
        let set = |key| dicod_options_set_string(self.0, key, value.as_ptr());
        self.set(key, set);
    }
}

impl Drop for Options {
    fn drop(&mut self) {
        dicod_options_free(&mut self.0);
    }
}

/// What a call to dicod_solve did.
pub struct Done {
    pub status: dicod_status,
    pub message: String,
    pub z: Vec<f64>,
    pub info: dicod_info,
    /// z and info are as they were.
    pub untouched: bool,
}

/// Arguments of dicod_solve, good ones at first: 2 signals of 2 channels, 12 × 13; 3 atoms, 4 × 4.
pub struct Call {
    pub context: *mut dicod_context,
    pub options: *const dicod_options,
    pub n_axes: i64,
    pub signal: Vec<i64>,
    pub atom: Vec<i64>,
    /// Signals, channels, atoms.
    pub counts: [i64; 3],
    pub x: Vec<f64>,
    pub d: Vec<f64>,
    /// For a warm start.
    pub z: Option<Vec<f64>>,
    /// The problem; its size (too small instead); x, d, z.
    pub nulls: [bool; 5],
    /// x, d or z lies between two doubles: 1, 2, 3.
    pub misalign: usize,
    pub struct_size: i64,
    own_options: Vec<Options>,
}

impl Call {
    pub fn new() -> Self {
        Call {
            context: null_mut(),
            options: null(),
            n_axes: 2,
            signal: vec![12, 13],
            atom: vec![4, 4],
            counts: [2, 2, 3],
            x: noise(2 * 2 * 12 * 13, 1),
            d: noise(3 * 2 * 16, 2),
            z: None,
            nulls: [false; 5],
            misalign: 0,
            struct_size: size_of::<dicod_info>() as i64,
            own_options: Vec::new(),
        }
    }

    /// Sets a list of a length that does not fit.
    pub fn list(&mut self, key: &str) {
        let options = Options::new();
        match key {
            "tile_shape" => options.integers(key, &[9, 9, 9]),
            _ => options.reals(key, &[0.5, 0.5]),
        }
        self.options = options.0;
        self.own_options.push(options);
    }

    /// Values of z if the arguments are good, or some.
    pub fn z_len(&self) -> usize {
        let valid = self.signal.iter().zip(&self.atom).map(|(t, l)| (t - l).max(0) + 1);
        let n: i128 = valid.map(i128::from).product();
        let n = n * i128::from(self.counts[0].max(1)) * i128::from(self.counts[2].max(1));
        n.min(1 << 23) as usize
    }

    pub fn valid(&self) -> [i64; 2] {
        std::array::from_fn(|a| self.signal[a] - self.atom[a] + 1)
    }

    pub fn run(&mut self) -> Done {
        let z = self.z.clone().unwrap_or_else(|| vec![-7.5; self.z_len()]);
        let mut after = z.clone();
        let mut info = info();
        info.struct_size = self.struct_size;
        let before = format!("{info:?}");
        let pick = |index: usize, pointer: *const f64| {
            let moved = usize::from(self.misalign == index - 1) * 3;
            if self.nulls[index] { null() } else { pointer.wrapping_byte_add(moved) }
        };
        let mut problem = self.problem();
        if self.nulls[1] {
            problem.struct_size = 8;
        }
        let problem = if self.nulls[0] { null() } else { &raw const problem };
        let status = {
            dicod_solve(
                self.context,
                self.options,
                problem,
                pick(2, self.x.as_ptr()),
                pick(3, self.d.as_ptr()),
                pick(4, after.as_mut_ptr()).cast_mut(),
                &mut info,
            )
        };
        let bits = |z: &[f64]| z.iter().map(|z| z.to_bits()).collect::<Vec<_>>();
        Done {
            status,
            message: last_error(),
            untouched: bits(&z) == bits(&after) && format!("{info:?}") == before,
            z: after,
            info,
        }
    }

    pub fn problem(&self) -> dicod_problem {
        let [n_signals, n_channels, n_atoms] = self.counts;
        problem_of(self.n_axes, self.signal.as_ptr(), n_signals, n_channels, n_atoms, self.atom.as_ptr())
    }

    /// λmax, F(z), data term.
    pub fn parts(&self, z: &[f64]) -> (f64, f64, f64) {
        let (mut lambda_max, mut objective, mut data_term) = (-7.0, -7.0, -7.0);
        let (x, d, z) = (self.x.as_ptr(), self.d.as_ptr(), z.as_ptr());
        let (c, o) = (self.context, self.options);
        {
            let status = dicod_lambda_max(c, o, &self.problem(), x, d, &mut lambda_max);
            assert_eq!(status, DICOD_OK, "{}", last_error());
            let (a, b) = (&mut objective, &mut data_term);
            let status = dicod_objective(c, o, &self.problem(), x, d, z, a, b);
            assert_eq!(status, DICOD_OK, "{}", last_error());
            // The data term may be left out.
            let (mut again, b) = (-7.0, null_mut());
            let status = dicod_objective(c, o, &self.problem(), x, d, z, &mut again, b);
            assert_eq!((status, again), (DICOD_OK, objective));
        }
        (lambda_max, objective, data_term)
    }

    pub fn reconstruction(&self, z: &[f64]) -> Vec<f64> {
        let mut x = vec![-7.0; self.x.len()];
        let (d, z, to) = (self.d.as_ptr(), z.as_ptr(), x.as_mut_ptr());
        let (c, o) = (self.context, self.options);
        let status = dicod_reconstruct(c, o, &self.problem(), d, z, to);
        assert_eq!(status, DICOD_OK, "{}", last_error());
        x
    }

    pub fn gram(&self) -> Vec<f64> {
        let n_atoms = self.counts[2];
        let window: i64 = self.atom.iter().map(|l| 2 * l - 1).product();
        let mut gram = vec![-7.0; (n_atoms * n_atoms * window) as usize];
        let (d, to) = (self.d.as_ptr(), gram.as_mut_ptr());
        let status = dicod_gram(self.context, &self.problem(), d, to);
        assert_eq!(status, DICOD_OK, "{}", last_error());
        gram
    }

    pub fn encoder(&self) -> Encoder {
        let mut handle = null_mut();
        let (c, o, d) = (self.context, self.options, self.d.as_ptr());
        let status = dicod_encoder_create(c, o, &self.problem(), d, &mut handle);
        assert_eq!(status, DICOD_OK, "{}", last_error());
        Encoder(handle)
    }

    /// Descriptor of x.
    pub fn array(&self) -> Array {
        let volume: i64 = self.signal.iter().product();
        let channels = self.x.chunks(volume as usize);
        let channels = channels.map(|x| x.as_ptr().cast_mut().cast()).collect();
        Array::new(&self.signal, channels, None)
    }
}

/// An encoder that is freed.
pub struct Encoder(pub *mut dicod_encoder);

impl Encoder {
    pub fn solve(&self, call: &Call) -> dicod_info {
        let mut info = info();
        let status = dicod_encoder_solve(self.0, &call.array().raw_const(), &mut info);
        assert!(status >= 0, "{}", last_error());
        assert_eq!(status, info.status);
        info
    }

    pub fn z(&self, call: &Call) -> Vec<f64> {
        let mut z = vec![-7.5; call.z_len()];
        let valid = call.valid();
        let volume = valid.iter().product::<i64>() as usize;
        let channels = z.chunks_mut(volume).map(|z| z.as_mut_ptr().cast()).collect();
        let array = Array::new(&valid, channels, None);
        let status = dicod_encoder_get_z(self.0, &array.raw());
        assert_eq!(status, DICOD_OK, "{}", last_error());
        z
    }
}

impl Drop for Encoder {
    fn drop(&mut self) {
        dicod_encoder_free(&mut self.0);
    }
}

/// A descriptor with its lists.
pub struct Array {
    pub struct_size: i64,
    pub element_type: i64,
    pub n_axes: i64,
    pub global_shape: Option<Vec<i64>>,
    pub offset: Option<Vec<i64>>,
    pub local_shape: Option<Vec<i64>>,
    pub strides: Option<Vec<i64>>,
    pub n_channels: i64,
    pub channels: Vec<*mut c_void>,
}

impl Array {
    pub fn new(shape: &[i64], channels: Vec<*mut c_void>, strides: Option<&[i64]>) -> Self {
        Array {
            struct_size: size_of::<dicod_array>() as i64,
            element_type: DICOD_F64,
            n_axes: shape.len() as i64,
            global_shape: Some(shape.to_vec()),
            offset: Some(vec![0; shape.len()]),
            local_shape: Some(shape.to_vec()),
            strides: strides.map(|strides| strides.to_vec()),
            n_channels: channels.len() as i64,
            channels,
        }
    }

    /// Valid while the lists live.
    pub fn raw(&self) -> dicod_array {
        let list = |list: &Option<Vec<i64>>| list.as_ref().map_or(null(), |l| l.as_ptr());
        let channels = match self.channels.is_empty() {
            true => null(),
            false => self.channels.as_ptr(),
        };
        dicod_array {
            struct_size: self.struct_size,
            element_type: self.element_type,
            n_axes: self.n_axes,
            global_shape: list(&self.global_shape),
            offset: list(&self.offset),
            local_shape: list(&self.local_shape),
            strides: list(&self.strides),
            n_channels: self.n_channels,
            channels,
        }
    }

    /// To be read.
    pub fn raw_const(&self) -> dicod_const_array {
        let array = self.raw();
        dicod_const_array {
            struct_size: array.struct_size,
            element_type: array.element_type,
            n_axes: array.n_axes,
            global_shape: array.global_shape,
            offset: array.offset,
            local_shape: array.local_shape,
            strides: array.strides,
            n_channels: array.n_channels,
            channels: array.channels.cast(),
        }
    }
}
