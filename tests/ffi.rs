//! The solver's C functions as a C program calls them: results, status, message, untouched outputs.

mod ffi_support;

use dicod::ffi::activations::*;
use dicod::ffi::array::*;
use dicod::ffi::context::*;
use dicod::ffi::encoder::*;
use dicod::ffi::info::*;
use dicod::ffi::options::*;
use dicod::ffi::solve::*;
use dicod::ffi::status::*;
use ffi_support::*;
use std::ffi::{CStr, CString, c_char, c_void};
use std::ptr::{null, null_mut};

// ---- normal use ---------------------------------------------------------------------------------

#[test]
fn one_call_solves_and_proves_it() {
    let mut call = Call::new();
    let done = call.run();
    assert_eq!(done.status, DICOD_OK, "{}", done.message);
    let info = done.info;
    assert_eq!((info.status, info.n_threads), (DICOD_OK, 1));
    assert!(info.max_step <= info.tol && info.tol > 0.0);
    assert!(info.duality_gap >= 0.0 && info.duality_gap < 0.2 * info.objective);
    assert!((info.lambda - 0.1 * info.lambda_max).abs() < 1e-12 * info.lambda_max);
    assert!(info.steps > 0 && info.visits > 0 && info.sweeps > 0);
    assert!(info.bytes > 0 && info.bytes_gram > 0 && info.seconds > 0.0);
    let nonzeros = done.z.iter().filter(|z| **z != 0.0).count();
    assert_eq!(info.nonzeros, nonzeros as i64);

    // The parts agree with the whole.
    let (lambda_max, objective, data_term) = call.parts(&done.z);
    assert_eq!(lambda_max, info.lambda_max);
    assert!((objective - info.objective).abs() <= 1e-12 * objective);
    assert!((data_term - info.data_term).abs() <= 1e-12 * objective);
    let model = call.reconstruction(&done.z);
    let squares: f64 = model.iter().zip(&call.x).map(|(a, b)| (a - b) * (a - b)).sum();
    assert!((0.5 * squares - data_term).abs() <= 1e-12 * objective);
    // Adjoint: G is the correlation of atoms, so that the model of one activation meets the atoms
    // in its Gram tensor.
    let gram = call.gram();
    let mut alone = vec![0.0; done.z.len()];
    let valid = call.valid();
    alone[(valid[0] * valid[1]) as usize] = 1.0; // atom 1, position 0
    let atom: Vec<f64> = call.reconstruction(&alone);
    let l = 4;
    let centre = ((3 + 1) * (2 * l - 1) + l - 1) * (2 * l - 1) + l - 1; // G[1, 1, 0]
    let norm: f64 = atom.iter().map(|a| a * a).sum();
    assert!((gram[centre] - norm).abs() < 1e-12);
}

#[test]
fn float_is_near_double() {
    let call = Call::new();
    let (x, d): (Vec<f32>, Vec<f32>) = (narrow(&call.x), narrow(&call.d));
    let n = call.z_len();
    let (mut z, mut info) = (vec![0f32; n], info());
    let options = Options::new();
    options.real("tol", 1e-5);
    let (s, l) = (&call.signal, &call.atom);
    let mut double = Call::new();
    double.options = options.0;
    let double = double.run();
    {
        let status = dicod_solve_f32(
            null_mut(),
            options.0,
            &problem_of(2, s.as_ptr(), 2, 2, 3, l.as_ptr()),
            x.as_ptr(),
            d.as_ptr(),
            z.as_mut_ptr(),
            &mut info,
        );
        assert_eq!(status, DICOD_OK, "{}", last_error());
        for (a, b) in z.iter().zip(&double.z) {
            assert!((f64::from(*a) - b).abs() < 1e-3, "{a} {b}");
        }
        let (mut lambda_max, mut objective, mut data_term) = (0.0, 0.0, 0.0);
        let status = dicod_lambda_max_f32(
            null_mut(),
            options.0,
            &problem_of(2, s.as_ptr(), 2, 2, 3, l.as_ptr()),
            x.as_ptr(),
            d.as_ptr(),
            &mut lambda_max,
        );
        assert_eq!((status, lambda_max), (DICOD_OK, info.lambda_max));
        let status = dicod_objective_f32(
            null_mut(),
            options.0,
            &problem_of(2, s.as_ptr(), 2, 2, 3, l.as_ptr()),
            x.as_ptr(),
            d.as_ptr(),
            z.as_ptr(),
            &mut objective,
            &mut data_term,
        );
        assert_eq!(status, DICOD_OK);
        assert!((objective - info.objective).abs() < 1e-5 * objective);
        let mut model = vec![0f32; x.len()];
        let status = dicod_reconstruct_f32(
            null_mut(),
            options.0,
            &problem_of(2, s.as_ptr(), 2, 2, 3, l.as_ptr()),
            d.as_ptr(),
            z.as_ptr(),
            model.as_mut_ptr(),
        );
        assert_eq!(status, DICOD_OK);
        let squares: f32 = model.iter().zip(&x).map(|(a, b)| (a - b) * (a - b)).sum();
        assert!((f64::from(squares) / 2.0 - data_term).abs() < 1e-5 * objective);
        let mut gram = vec![0f32; 3 * 3 * 49];
        let status =
            dicod_gram_f32(null_mut(), &problem_of(2, l.as_ptr(), 1, 2, 3, l.as_ptr()), d.as_ptr(), gram.as_mut_ptr());
        assert_eq!(status, DICOD_OK);
        for (a, b) in gram.iter().zip(call.gram()) {
            assert!((f64::from(*a) - b).abs() < 1e-5);
        }
    }
}

#[test]
fn an_encoder_gives_the_same_bits_for_any_layout() {
    let mut call = Call::new();
    let expected = call.run();
    let encoder = call.encoder();
    let (fields, [t0, t1], [v0, v1]) = (4, [12, 13], [9, 10]);
    assert_eq!(call.valid(), [v0, v1]);
    // (strides, index of position 0 of a channel in the buffer, buffer length)
    type Place = fn(i64, i64, i64, i64) -> ([i64; 2], i64, i64);
    let places: [Place; 5] = [
        // Channel after channel, row-major.
        |c, _, n0, n1| ([n1, 1], c * n0 * n1, 0),
        // Column-major, with gaps.
        |c, _, n0, n1| ([2, 2 * n0 + 3], c * n1 * (2 * n0 + 3), 0),
        // Both axes reversed.
        |c, _, n0, n1| ([-n1, -1], (c + 1) * n0 * n1 - 1, 0),
        // Interleaved channels.
        |c, n, _, n1| ([n * n1, n], c, 0),
        // Interleaved by rows, last axis reversed.
        |c, n, _, n1| ([n * n1, -1], c * n1 + n1 - 1, 0),
    ];
    for (number, place) in places.into_iter().enumerate() {
        let scatter = |values: &[f64], n: i64, n0: i64, n1: i64| {
            let mut buffer = vec![f64::NAN; 4000];
            for c in 0..n {
                let (strides, first, _) = place(c, n, n0, n1);
                for i in 0..n0 {
                    for j in 0..n1 {
                        let at = first + i * strides[0] + j * strides[1];
                        buffer[at as usize] = values[((c * n0 + i) * n1 + j) as usize];
                    }
                }
            }
            buffer
        };
        let mut x = scatter(&call.x, fields, t0, t1);
        let pointers = |buffer: &mut [f64], n: i64, n0: i64, n1: i64| -> Vec<*mut c_void> {
            let start = buffer.as_mut_ptr();
            let first = |c| place(c, n, n0, n1).1;
            (0..n).map(|c| start.wrapping_offset(first(c) as isize).cast()).collect()
        };
        let channels = pointers(&mut x, fields, t0, t1);
        let strides = place(0, fields, t0, t1).0;
        let array = Array::new(&[t0, t1], channels, Some(&strides));
        let mut found = info();
        let status = dicod_encoder_solve(encoder.0, &array.raw_const(), &mut found);
        assert_eq!(status, DICOD_OK, "{}", last_error());
        assert_eq!(found.objective, expected.info.objective);
        assert_eq!(found.steps, expected.info.steps);

        let mut z = scatter(&expected.z, 6, v0, v1);
        let expected_z = z.clone();
        for value in &mut z {
            if !value.is_nan() {
                *value = -7.0;
            }
        }
        let channels = pointers(&mut z, 6, v0, v1);
        let strides = place(0, 6, v0, v1).0;
        let array = Array::new(&[v0, v1], channels, Some(&strides));
        let status = dicod_encoder_get_z(encoder.0, &array.raw());
        assert_eq!(status, DICOD_OK, "{}", last_error());
        // The gaps are not touched, either.
        let bits = |values: &[f64]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&z), bits(&expected_z), "layout {number}");
        // And back.
        {
            assert_eq!(dicod_encoder_clear_z(encoder.0), DICOD_OK);
            assert_eq!(dicod_encoder_set_z(encoder.0, &array.raw_const()), DICOD_OK);
        }
        assert_eq!(encoder.z(&call), expected.z);
    }
}

#[test]
fn sparse_lists_are_the_dense_z() {
    let mut call = Call::new();
    let dense = call.run();
    let encoder = call.encoder();
    encoder.solve(&call);
    let mut count = -7;
    let (s, null) = (null_mut(), null_mut());
    let status = dicod_encoder_get_sparse(encoder.0, 0, s, s, s, null, &mut count);
    assert_eq!((status, count), (DICOD_OK, dense.info.nonzeros));
    let n = count as usize;
    let (mut signal, mut atom) = (vec![-7; n + 1], vec![-7; n + 1]);
    let (mut position, mut value) = (vec![-7; 2 * n + 2], vec![-7.0; n + 1]);
    let status = {
        dicod_encoder_get_sparse(
            encoder.0,
            count + 1,
            signal.as_mut_ptr(),
            atom.as_mut_ptr(),
            position.as_mut_ptr(),
            value.as_mut_ptr(),
            &mut count,
        )
    };
    assert_eq!((status, count), (DICOD_OK, n as i64));
    assert_eq!((signal[n], atom[n], position[2 * n], value[n]), (-7, -7, -7, -7.0));
    let mut z = vec![0.0; dense.z.len()];
    let valid = call.valid();
    let mut last = -1;
    for i in 0..n {
        let [row, column] = [position[2 * i], position[2 * i + 1]];
        let at = ((signal[i] * 3 + atom[i]) * valid[0] + row) * valid[1] + column;
        assert!(at > last, "sorted");
        last = at;
        z[at as usize] = value[i];
    }
    assert_eq!(z, dense.z);
    // Only the values; too small a capacity.
    let mut only = vec![-7.0; n];
    count = -7;
    {
        let v = only.as_mut_ptr();
        let status = dicod_encoder_get_sparse(encoder.0, n as i64, s, s, s, v, &mut count);
        assert_eq!((status, &only[..]), (DICOD_OK, &value[..n]));
        count = -7;
        let status = dicod_encoder_get_sparse(encoder.0, n as i64 - 1, s, s, s, v, &mut count);
        fails(status, DICOD_ERROR_INVALID_ARGUMENT, &["capacity", &(n - 1).to_string()]);
        let status = dicod_encoder_get_sparse(encoder.0, -1, s, s, s, v, &mut count);
        fails(status, DICOD_ERROR_INVALID_ARGUMENT, &["capacity must be", ", is -1"]);
        let status = dicod_encoder_get_sparse(encoder.0, 0, s, s, s, v, null_mut());
        fails(status, DICOD_ERROR_NULL_POINTER, &["count is NULL"]);
    }
    assert_eq!(count, -7);
}

#[test]
fn regularisation_per_atom_is_reported() {
    let mut call = Call::new();
    let options = Options::new();
    options.reals("reg_per_atom", &[0.1, 0.2, 0.3]);
    call.options = options.0;
    let encoder = call.encoder();
    let mut lambda = [-7.0; 3];
    {
        let status = dicod_encoder_get_lambda(encoder.0, 3, lambda.as_mut_ptr());
        fails(status, DICOD_ERROR_INVALID_STATE, &["dicod_encoder_solve"]);
        let info = encoder.solve(&call);
        let status = dicod_encoder_get_lambda(encoder.0, 2, lambda.as_mut_ptr());
        fails(status, DICOD_ERROR_INVALID_ARGUMENT, &["n_atoms must be", ", is 2", "3"]);
        assert_eq!(lambda, [-7.0; 3]);
        assert_eq!(dicod_encoder_get_lambda(encoder.0, 3, lambda.as_mut_ptr()), DICOD_OK);
        let expected = [0.1, 0.2, 0.3].map(|reg| reg * info.lambda_max);
        assert_eq!((lambda, info.lambda), (expected, expected[2]));
    }
}

#[test]
fn warm_starts_take_few_steps() {
    let mut call = Call::new();
    let options = Options::new();
    options.integer("warm_start", 1);
    call.options = options.0;
    let encoder = call.encoder();
    let cold = encoder.solve(&call);
    let warm = encoder.solve(&call);
    assert!(cold.steps > 20 && warm.steps == 0, "{} {}", cold.steps, warm.steps);
    let z = encoder.z(&call);
    assert_eq!(dicod_encoder_clear_z(encoder.0), DICOD_OK);
    assert!(encoder.z(&call).iter().all(|z| *z == 0.0));
    assert_eq!(encoder.solve(&call).steps, cold.steps);

    // z is kept with another dictionary.
    let d: Vec<f64> = call.d.iter().map(|d| 1.001 * d).collect();
    let status = dicod_encoder_set_dictionary(encoder.0, d.as_ptr());
    assert_eq!(status, DICOD_OK, "{}", last_error());
    assert_eq!(encoder.z(&call), z);
    let moved = encoder.solve(&call);
    assert!(moved.steps < cold.steps, "{} {}", moved.steps, cold.steps);

    // The one call starts from the caller's z.
    call.z = Some(z);
    let done = call.run();
    assert_eq!((done.status, done.info.steps), (DICOD_OK, 0));
}

#[test]
fn rank_one_dictionaries_are_their_product() {
    let mut call = Call::new();
    let (u, v) = (noise(3 * 2, 5), noise(3 * 16, 6));
    call.d = (0..3 * 2 * 16).map(|i| u[i / 16] * v[i / 32 * 16 + i % 16]).collect();
    let full = call.encoder();
    let info = full.solve(&call);
    let z = full.z(&call);
    let near = |other: &[f64]| z.iter().zip(other).all(|(a, b)| (a - b).abs() < 1e-2);
    let (s, l) = (&call.signal, &call.atom);
    let mut handle = null_mut();
    {
        let status = dicod_encoder_create_rank1(
            null_mut(),
            null(),
            &problem_of(2, s.as_ptr(), 2, 2, 3, l.as_ptr()),
            u.as_ptr(),
            v.as_ptr(),
            &mut handle,
        );
        assert_eq!(status, DICOD_OK, "{}", last_error());
        let rank_one = Encoder(handle);
        let found = rank_one.solve(&call);
        assert!((found.objective - info.objective).abs() < 1e-3 * info.objective);
        assert!(near(&rank_one.z(&call)));
        // An encoder of full atoms takes factors, too, and the other way round.
        let (p, q) = (u.as_ptr(), v.as_ptr());
        assert_eq!(dicod_encoder_set_dictionary_rank1(full.0, p, q), DICOD_OK);
        full.solve(&call);
        assert_eq!(full.z(&call), rank_one.z(&call));
        assert_eq!(dicod_encoder_set_dictionary(rank_one.0, call.d.as_ptr()), DICOD_OK);
        rank_one.solve(&call);
        assert_eq!(rank_one.z(&call), z);

        // float
        let (x, u, v): (Vec<f32>, Vec<f32>, Vec<f32>) = (narrow(&call.x), narrow(&u), narrow(&v));
        let d: Vec<f32> = narrow(&call.d);
        let (p, q) = (u.as_ptr(), v.as_ptr());
        let mut handle = null_mut();
        let status = dicod_encoder_create_rank1_f32(
            null_mut(),
            null(),
            &problem_of(2, s.as_ptr(), 2, 2, 3, l.as_ptr()),
            p,
            q,
            &mut handle,
        );
        assert_eq!(status, DICOD_OK, "{}", last_error());
        let single = Encoder(handle);
        let channels = x.chunks(12 * 13).map(|x| x.as_ptr().cast_mut().cast()).collect();
        let mut array = Array::new(s, channels, None);
        array.element_type = DICOD_F32;
        let mut found = ffi_support::info();
        for set in 0..3 {
            let status = match set {
                0 => DICOD_OK,
                1 => dicod_encoder_set_dictionary_f32(single.0, d.as_ptr()),
                _ => dicod_encoder_set_dictionary_rank1_f32(single.0, p, q),
            };
            assert_eq!(status, DICOD_OK, "{}", last_error());
            let status = dicod_encoder_solve(single.0, &array.raw_const(), &mut found);
            assert_eq!(status, DICOD_OK, "{}", last_error());
            assert!((found.objective - info.objective).abs() < 1e-3 * info.objective);
        }
        let mut z = vec![-7f32; call.z_len()];
        let channels = z.chunks_mut(90).map(|z| z.as_mut_ptr().cast()).collect();
        let mut array = Array::new(&call.valid(), channels, None);
        array.element_type = DICOD_F32;
        assert_eq!(dicod_encoder_get_z(single.0, &array.raw()), DICOD_OK);
        let z: Vec<f64> = z.into_iter().map(f64::from).collect();
        assert!(near(&z));

        // The element type has to be the encoder's.
        let status = dicod_encoder_set_dictionary(single.0, call.d.as_ptr());
        fails(status, DICOD_ERROR_INVALID_ARGUMENT, &["d must be", ", is one of double", "_f32"]);
        let status = dicod_encoder_set_dictionary_rank1_f32(full.0, p, q);
        fails(status, DICOD_ERROR_INVALID_ARGUMENT, &["u must be", ", is one of float", "double"]);
        array.element_type = DICOD_F64;
        let status = dicod_encoder_get_z(single.0, &array.raw());
        fails(status, DICOD_ERROR_INVALID_ARGUMENT, &["z->element_type must be", ", is 64", "32 (float)"]);
        array.element_type = 0;
        let status = dicod_encoder_get_z(full.0, &array.raw());
        fails(status, DICOD_ERROR_INVALID_ARGUMENT, &["z->element_type must be", ", is 0", "64 (double)"]);
    }
}

#[test]
fn solves_end_as_they_are_told() {
    for threads in [1, 2] {
        let context = Context::new(threads);
        let mut call = Call::new();
        call.context = context.0;
        let full = call.run();
        assert_eq!((full.status, full.info.n_threads), (DICOD_OK, threads));
        let options = Options::new();
        options.integer("max_iter", 3);
        call.options = options.0;
        let done = call.run();
        assert_eq!((done.status, done.info.status), (DICOD_MAX_ITER, DICOD_MAX_ITER));
        assert!(done.info.steps < full.info.steps);
        assert_eq!(done.z.iter().filter(|z| **z != 0.0).count() as i64, done.info.nonzeros);
        options.integer("max_iter", -1);
        options.real("time_limit", 0.0);
        assert_eq!(call.run().status, DICOD_TIME_LIMIT);
        options.real("time_limit", f64::INFINITY);
        options.real("tol", 0.0);
        let mut log: Vec<(i32, String)> = Vec::new();
        context.log_to(&mut log);
        assert_eq!(call.run().status, DICOD_PRECISION);
        let levels: Vec<i32> = log.iter().map(|line| line.0).collect();
        assert_eq!(levels, [DICOD_LOG_DEBUG, DICOD_LOG_WARNING, DICOD_LOG_INFO]);
        assert!(log[1].1.contains("tol = 0e0"), "{log:?}");
        for part in ["lambda", "nonzeros", "steps", "gap", " s"] {
            assert!(log[2].1.contains(part), "{log:?}");
        }
        dicod_context_set_log(context.0, None, null_mut());
        call.run();
        assert_eq!(log.len(), 3);
    }
}

/// What a callback does, and what it saw.
struct Reporter {
    context: *mut dicod_context,
    encoder: *mut dicod_encoder,
    go_on_for: i32,
    seen: Vec<dicod_progress>,
    statuses: Vec<dicod_status>,
}

unsafe extern "C" fn report(userdata: *mut c_void, progress: *const dicod_progress) -> i32 {
    // SAFETY: the test passes a Reporter.
    let reporter = unsafe { &mut *userdata.cast::<Reporter>() };
    // SAFETY: valid during the call; the handles are the test's.
    unsafe {
        reporter.seen.push(*progress);
        let statuses = &mut reporter.statuses;
        statuses.push(dicod_context_set_log(reporter.context, None, null_mut()));
        statuses.push(dicod_encoder_clear_z(reporter.encoder));
        let mut threads = 0;
        assert_eq!(dicod_context_get_threads(reporter.context, &mut threads), DICOD_OK);
    }
    i32::from(reporter.seen.len() as i32 > reporter.go_on_for)
}

#[test]
fn as_many_steps_per_visit_as_can_be_asked_for() {
    let mut call = Call::new();
    let options = Options::new();
    options.integer("steps_per_visit", i64::MAX);
    call.options = options.0;
    let encoder = call.encoder();
    assert_eq!(encoder.solve(&call).status, DICOD_OK);
}

#[test]
fn callbacks_see_the_solve_and_can_stop_it() {
    let context = Context::new(1);
    let mut call = Call::new();
    let options = Options::new();
    options.real("progress_interval", 0.0);
    options.integer("steps_per_visit", 1);
    (call.context, call.options) = (context.0, options.0);
    let encoder = call.encoder();
    for go_on_for in [1_000_000, 2] {
        let mut reporter =
            Reporter { context: context.0, encoder: encoder.0, go_on_for, seen: Vec::new(), statuses: Vec::new() };
        let userdata = (&raw mut reporter).cast();
        dicod_context_set_progress(context.0, Some(report), userdata);
        let info = encoder.solve(&call);
        let (stopped, last) = (go_on_for == 2, reporter.seen[reporter.seen.len() - 1]);
        assert_eq!(info.status, if stopped { DICOD_CANCELLED } else { DICOD_OK });
        assert_eq!(stopped, reporter.seen.len() == 4, "{}", reporter.seen.len());
        assert_eq!((last.steps, last.tol), (info.steps, info.tol));
        assert_eq!((last.sweeps, last.visits), (info.sweeps, info.visits));
        assert_eq!(last.struct_size, size_of::<dicod_progress>() as i64);
        assert_eq!(last.max_step, info.max_step);
        assert!(last.tiles >= last.awake && last.seconds > 0.0);
        // Handles in use say so.
        assert!(reporter.statuses.iter().all(|s| *s == DICOD_ERROR_INVALID_STATE));
        let text = last_error();
        assert!(text.contains("encoder") && text.contains("in use"), "{text}");
        dicod_context_set_progress(context.0, None, null_mut());
    }
    assert_eq!(dicod_encoder_clear_z(encoder.0), DICOD_OK);
}

#[test]
fn the_order_of_freeing_does_not_matter() {
    let mut call = Call::new();
    let (mut context, mut log) = (Context::new(2), Vec::new());
    context.log_to(&mut log);
    call.context = context.0;
    let mut encoder = call.encoder();
    {
        dicod_context_free(&mut context.0);
        assert!(context.0.is_null());
        dicod_context_free(&mut context.0);
        dicod_context_free(null_mut());
    }
    let info = encoder.solve(&call);
    assert_eq!((info.status, info.n_threads), (DICOD_OK, 2));
    assert!(log.iter().any(|line| line.0 == DICOD_LOG_INFO));
    {
        dicod_encoder_free(&mut encoder.0);
        assert!(encoder.0.is_null());
        dicod_encoder_free(&mut encoder.0);
        dicod_encoder_free(null_mut());
        let mut options = Options::new();
        dicod_options_free(&mut options.0);
        assert!(options.0.is_null());
        dicod_options_free(&mut options.0);
        dicod_options_free(null_mut());
    }
}

/// Frees the encoder whose solve calls it.
unsafe extern "C" fn free_encoder(userdata: *mut c_void, _: *const dicod_progress) -> i32 {
    dicod_encoder_free(userdata.cast());
    0
}

#[test]
fn an_encoder_freed_by_its_own_callback_ends_its_solve() {
    let mut call = Call::new();
    let (context, options) = (Context::new(1), Options::new());
    options.real("progress_interval", 0.0);
    (call.context, call.options) = (context.0, options.0);
    let mut encoder = call.encoder();
    let userdata = (&raw mut encoder.0).cast();
    let handle = encoder.0;
    let array = call.array();
    {
        dicod_context_set_progress(context.0, Some(free_encoder), userdata);
        let mut info = info();
        assert_eq!(dicod_encoder_solve(handle, &array.raw_const(), &mut info), DICOD_OK);
        assert!(encoder.0.is_null() && info.nonzeros > 0);
    }
}

unsafe extern "C" fn wait_for_others(userdata: *mut c_void, _: *const dicod_progress) -> i32 {
    // SAFETY: the test passes a barrier.
    let barrier = unsafe { &*userdata.cast::<std::sync::Barrier>() };
    barrier.wait(); // the solve runs
    barrier.wait(); // the other thread is done
    1
}

#[test]
fn a_handle_that_another_thread_uses_says_so() {
    let barrier = std::sync::Barrier::new(2);
    let (context, options) = (Context::new(1), Options::new());
    options.real("progress_interval", 1e9);
    let mut call = Call::new();
    (call.context, call.options) = (context.0, options.0);
    let encoder = call.encoder();
    let (address, context_address) = (encoder.0.addr(), context.0.addr());
    {
        let userdata = (&raw const barrier).cast_mut().cast();
        dicod_context_set_progress(context.0, Some(wait_for_others), userdata);
    }
    std::thread::scope(|scope| {
        let (barrier, d) = (&barrier, &call.d);
        let _ = scope.spawn(move || {
            let encoder = std::ptr::with_exposed_provenance_mut(address);
            let context = std::ptr::with_exposed_provenance_mut(context_address);
            barrier.wait();
            let mut other = Call::new();
            other.context = context;
            let done = other.run();
            let status = dicod_encoder_set_dictionary(encoder, d.as_ptr());
            let message = last_error();
            barrier.wait();
            assert_eq!(status, DICOD_ERROR_INVALID_STATE, "{message}");
            assert!(message.contains("the encoder is in use by another thread"), "{message}");
            assert_eq!(done.status, DICOD_ERROR_INVALID_STATE);
            assert!(done.message.contains("the context is in use"), "{}", done.message);
            assert!(done.untouched);
        });
        // The callback is called once, at the end.
        let _ = (encoder.0.expose_provenance(), context.0.expose_provenance());
        assert_eq!(encoder.solve(&call).status, DICOD_OK);
    });
}

#[test]
fn options_are_described_set_and_read() {
    let options = Options::new();
    let mut count = 0;
    // SAFETY: keys and lists as the functions ask for.
    unsafe {
        assert_eq!(dicod_options_get_count(&mut count), DICOD_OK);
        assert!(count >= 18);
        for index in 0..count {
            let mut row = option_info();
            assert_eq!(dicod_options_describe(index, &mut row), DICOD_OK);
            let text = |p| CStr::from_ptr(p).to_str().unwrap();
            let (key, default) = (row.key, text(row.default_value));
            assert!(!text(row.meaning).is_empty() && !text(row.allowed).is_empty());
            for handle in [options.0.cast_const(), null()] {
                let (mut real, mut integer, mut n) = (-7.0, -7, -7);
                match text(row.value_type) {
                    "real" => {
                        assert_eq!(dicod_options_get_real(handle, key, &mut real), DICOD_OK);
                        assert_eq!(real, default.parse().unwrap());
                        assert_eq!(dicod_options_set_real(options.0, key, real), DICOD_OK);
                        let status = dicod_options_get_integer(handle, key, &mut integer);
                        fails(status, DICOD_ERROR_INVALID_ARGUMENT, &["a real number"]);
                        assert_eq!(integer, -7);
                    }
                    "integer" => {
                        assert_eq!(dicod_options_get_integer(handle, key, &mut integer), DICOD_OK);
                        assert_eq!(integer, default.parse().unwrap());
                        assert_eq!(dicod_options_set_integer(options.0, key, integer), DICOD_OK);
                    }
                    "reals" => {
                        let status = dicod_options_get_reals(handle, key, 0, null_mut(), &mut n);
                        assert_eq!((status, n, default), (DICOD_OK, 0, ""));
                    }
                    "integers" => {
                        let status = dicod_options_get_integers(handle, key, 0, null_mut(), &mut n);
                        assert_eq!((status, n, default), (DICOD_OK, 0, ""));
                    }
                    "string" => {
                        assert_eq!(get_string(handle, key), default);
                        for word in text(row.allowed).split(", ") {
                            let word_c = CString::new(word).unwrap();
                            let status = dicod_options_set_string(options.0, key, word_c.as_ptr());
                            assert_eq!(status, DICOD_OK);
                            assert_eq!(get_string(options.0, key), word);
                        }
                        let default = CString::new(default).unwrap();
                        dicod_options_set_string(options.0, key, default.as_ptr());
                    }
                    other => panic!("{other}"),
                }
            }
        }
        let mut row = option_info();
        let before = row.key;
        for index in [-1, count, i64::MAX, i64::MIN] {
            let status = dicod_options_describe(index, &mut row);
            fails(status, DICOD_ERROR_OUT_OF_RANGE, &["index", &index.to_string(), "from 0 to"]);
        }
        row.struct_size = 8;
        let status = dicod_options_describe(0, &mut row);
        fails(status, DICOD_ERROR_INVALID_ARGUMENT, &["info->struct_size must be", ", is 8", "48"]);
        assert_eq!(row.key, before);

        // Lists.
        options.reals("reg_per_atom", &[0.5, 0.25]);
        let (key, mut two, mut n) = (c"reg_per_atom".as_ptr(), [-7.0; 2], -7);
        let status = dicod_options_get_reals(options.0, key, 1, two.as_mut_ptr(), &mut n);
        fails(status, DICOD_ERROR_INVALID_ARGUMENT, &["capacity must be", ", is 1", "at least 2"]);
        assert_eq!((two, n), ([-7.0; 2], -7));
        let status = dicod_options_get_reals(options.0, key, 2, two.as_mut_ptr(), &mut n);
        assert_eq!((status, two, n), (DICOD_OK, [0.5, 0.25], 2));
        let status = dicod_options_set_reals(options.0, key, 0, null());
        assert_eq!(status, DICOD_OK);
        options.integers("periodic", &[1, 0]);
        let (key, mut two) = (c"periodic".as_ptr(), [-7; 2]);
        let status = dicod_options_get_integers(options.0, key, 2, two.as_mut_ptr(), &mut n);
        assert_eq!((status, two, n), (DICOD_OK, [1, 0], 2));

        // Valid shapes follow "periodic".
        let (signal, atom) = ([10, 11], [3, 4]);
        let status =
            dicod_valid_shape(options.0, &problem_of(2, signal.as_ptr(), 1, 1, 1, atom.as_ptr()), two.as_mut_ptr());
        assert_eq!((status, two), (DICOD_OK, [10, 8]));
    }
}

/// Reads a word.
unsafe fn get_string(options: *const dicod_options, key: *const c_char) -> String {
    let mut needed = -7;
    // SAFETY: the size is asked for first.
    unsafe {
        let status = dicod_options_get_string(options, key, 0, null_mut(), &mut needed);
        assert_eq!(status, DICOD_OK);
        let mut text = vec![0; needed as usize];
        let (n, to) = (needed - 1, text.as_mut_ptr());
        if n > 0 {
            let status = dicod_options_get_string(options, key, n, to, &mut needed);
            fails(status, DICOD_ERROR_INVALID_ARGUMENT, &["capacity"]);
        }
        let status = dicod_options_get_string(options, key, n + 1, to, &mut needed);
        assert_eq!(status, DICOD_OK);
        CStr::from_ptr(text.as_ptr()).to_str().unwrap().into()
    }
}

#[test]
fn a_larger_info_keeps_its_tail() {
    #[repr(C)]
    struct Later {
        info: dicod_info,
        more: [i64; 2],
    }
    let call = Call::new();
    let mut later = Later { info: info(), more: [-7, -8] };
    later.info.struct_size = size_of::<Later>() as i64;
    let encoder = call.encoder();
    let status = dicod_encoder_solve(encoder.0, &call.array().raw_const(), (&raw mut later).cast());
    assert_eq!(status, DICOD_OK);
    assert_eq!(later.info.struct_size, size_of::<Later>() as i64);
    assert_eq!(later.more, [-7, -8]);
    assert!(later.info.objective > 0.0);
    // And no info at all.
    let status = dicod_encoder_solve(encoder.0, &call.array().raw_const(), null_mut());
    assert_eq!(status, DICOD_OK);
}

#[test]
fn thread_counts() {
    let cores = std::thread::available_parallelism().unwrap().get() as i32;
    for (asked, expected) in [(1, 1), (3, 3), (-1, cores), (-2, (cores - 1).max(1))] {
        let mut threads = -7;
        let context = Context::new(asked);
        assert_eq!(dicod_context_get_threads(context.0, &mut threads), DICOD_OK);
        assert_eq!(threads, expected);
    }
    for bad in [0, -3, 1025, i32::MAX, i32::MIN] {
        let mut context = null_mut();
        let status = dicod_context_create(bad, &mut context);
        fails(status, DICOD_ERROR_INVALID_ARGUMENT, &["n_threads", &bad.to_string(), "-1"]);
        assert!(context.is_null());
    }
}

// ---- bad input ----------------------------------------------------------------------------------

/// Changes a good call, and what the message then has to say.
type Bad = (fn(&mut Call), dicod_status, &'static [&'static str]);

#[test]
fn bad_calls_are_named_and_touch_nothing() {
    const NULL: dicod_status = DICOD_ERROR_NULL_POINTER;
    const ARGUMENT: dicod_status = DICOD_ERROR_INVALID_ARGUMENT;
    const SHAPE: dicod_status = DICOD_ERROR_INVALID_SHAPE;
    const FINITE: dicod_status = DICOD_ERROR_NOT_FINITE;
    const MEMORY: dicod_status = DICOD_ERROR_OUT_OF_MEMORY;
    let cases: [Bad; 33] = [
        (|c| c.nulls[0] = true, NULL, &["problem is NULL"]),
        (|c| c.nulls[1] = true, ARGUMENT, &["problem->struct_size must be", ", is 8"]),
        (|c| c.nulls[2] = true, NULL, &["x is NULL"]),
        (|c| c.nulls[3] = true, NULL, &["d is NULL"]),
        (|c| c.nulls[4] = true, NULL, &["z is NULL"]),
        (|c| c.n_axes = 0, ARGUMENT, &["n_axes must be", ", is 0", "1, 2 or 3"]),
        (|c| c.n_axes = 4, ARGUMENT, &["n_axes must be", ", is 4", "1, 2 or 3"]),
        (|c| c.n_axes = i64::MIN, ARGUMENT, &["n_axes must be", ", is -9223372036854775808"]),
        (|c| c.counts[0] = 0, ARGUMENT, &["n_signals must be", ", is 0", "from 1"]),
        (|c| c.counts[1] = -1, ARGUMENT, &["n_channels must be", ", is -1", "from 1"]),
        (|c| c.counts[2] = 0, ARGUMENT, &["n_atoms must be", ", is 0", "from 1"]),
        (|c| c.counts[2] = i64::MAX, ARGUMENT, &["n_atoms must be", ", is 9223372036854775807"]),
        (|c| c.signal[1] = 0, SHAPE, &["signal_shape must be", ", is [12, 0]", "from 1"]),
        (|c| c.signal[0] = -5, SHAPE, &["signal_shape must be", ", is [-5, 13]"]),
        (|c| c.signal[0] = i64::MAX, SHAPE, &["signal_shape", "2^40"]),
        (|c| c.atom[1] = 14, SHAPE, &["atom_shape must be", ", is [4, 14]", "[12, 13]"]),
        (|c| c.atom[0] = 0, SHAPE, &["atom_shape must be", ", is [0, 4]"]),
        (|c| c.signal = vec![1 << 30, 1 << 30], MEMORY, &["out of memory", "the signals"]),
        (|c| c.counts[0] = i32::MAX.into(), NULL, &["x is NULL"]),
        (|c| c.x[12 * 13 + 14] = f64::NAN, FINITE, &["x[0, 1, 1, 1] must be", ", is NaN"]),
        (|c| c.x[2 * 12 * 13] = f64::INFINITY, FINITE, &["x[1, 0, 0, 0] must be", ", is inf"]),
        (|c| c.d[2 * 16 + 5] = f64::NEG_INFINITY, FINITE, &["d[1, 0, 1, 1] must be", ", is -inf"]),
        (|c| c.x[3] = 1e300, ARGUMENT, &["the largest value of x must be", ", is 1e300", "overflow"]),
        (|c| c.d[3] = 1e200, ARGUMENT, &["the norm of atom 0 of d must be"]),
        (|c| c.d[..32].fill(1e-160), ARGUMENT, &["the norm of atom 0 of d must be", "e-160", "inverse"]),
        (|c| c.misalign = 1, ARGUMENT, &["x must be", ", is 0x", "multiple of 8"]),
        (|c| c.misalign = 2, ARGUMENT, &["d must be", ", is 0x", "multiple of 8"]),
        (|c| c.misalign = 3, ARGUMENT, &["z must be", ", is 0x", "multiple of 8"]),
        (|c| c.struct_size = 0, ARGUMENT, &["info->struct_size must be", ", is 0", "at least 216"]),
        (|c| c.struct_size = 215, ARGUMENT, &["info->struct_size must be", ", is 215"]),
        (|c| c.struct_size = -1, ARGUMENT, &["info->struct_size must be", ", is -1"]),
        (
            |c| c.list("reg_per_atom"),
            ARGUMENT,
            &["option \"reg_per_atom\" must be a list of 3, one value per atom, is a list of 2"],
        ),
        (
            |c| c.list("tile_shape"),
            ARGUMENT,
            &["option \"tile_shape\" must be a list of 2, one value per axis, is a list of 3"],
        ),
    ];
    for (change, status, parts) in cases {
        let mut call = Call::new();
        change(&mut call);
        if call.counts[0] > 2 {
            call.nulls[2] = true;
        }
        let done = call.run();
        let message = &done.message;
        assert_eq!(done.status, status, "{message} for {parts:?}");
        for part in parts {
            assert!(message.contains(part), "{message:?} lacks {part:?}");
        }
        assert!(done.untouched, "{message}");
    }
    assert_eq!(size_of::<dicod_info>(), 216);
}

#[test]
fn bad_starts_are_named() {
    let options = Options::new();
    options.integer("warm_start", 1);
    let mut call = Call::new();
    call.options = options.0;
    let mut z = vec![0.0; call.z_len()];
    z[3 * 90 + 12] = f64::NAN;
    call.z = Some(z.clone());
    let done = call.run();
    assert_eq!(done.status, DICOD_ERROR_NOT_FINITE);
    assert!(done.message.contains("z[1, 0, 1, 2] must be"), "{}", done.message);
    assert!(done.untouched);
    z[3 * 90 + 12] = 1e300;
    call.z = Some(z.clone());
    let done = call.run();
    assert_eq!(done.status, DICOD_ERROR_INVALID_ARGUMENT, "{}", done.message);
    assert!(done.untouched && done.message.contains("the largest value of z must be"));
    options.integer("positive", 1);
    z[3 * 90 + 12] = -0.5;
    call.z = Some(z);
    let done = call.run();
    assert_eq!(done.status, DICOD_ERROR_INVALID_ARGUMENT, "{}", done.message);
    assert!(done.untouched && done.message.contains("-0.5"), "{}", done.message);
    assert!(done.message.contains("positive"), "{}", done.message);
}

/// Found by the fuzz tests.
#[test]
fn numbers_at_the_ends_of_the_range() {
    // So small that rounding is no longer relative.
    for scale in [1e-310, 1e-160] {
        let mut call = Call::new();
        call.x.iter_mut().for_each(|x| *x *= scale);
        let done = call.run();
        assert!(done.status >= 0, "{}", done.message);
        assert!(done.info.duality_gap >= 0.0 && done.info.max_step <= 1e-160);
    }
    // A regularisation that overflows.
    let options = Options::new();
    options.real("reg", 1e300);
    let mut call = Call::new();
    call.options = options.0;
    call.d.iter_mut().for_each(|d| *d *= 1e20);
    let done = call.run();
    assert_eq!((done.status, done.info.nonzeros), (DICOD_OK, 0));
    assert!(done.info.lambda.is_finite());
    options.real("reg", 0.1);
    options.real("tol", 1e300);
    let done = call.run();
    assert_eq!((done.status, done.info.steps), (DICOD_OK, 0));
    assert!(done.info.tol.is_finite());
    // An atom of floats whose squared norm is zero in float.
    let call = Call::new();
    let (s, l) = (call.signal.as_ptr(), call.atom.as_ptr());
    let d: Vec<f32> = call.d.iter().map(|d| (d * 1e-25) as f32).collect();
    let (mut handle, none) = (null_mut(), null_mut());
    {
        let d = d.as_ptr();
        let status = dicod_encoder_create_f32(none, null(), &problem_of(2, s, 2, 2, 3, l), d, &mut handle);
        fails(status, DICOD_ERROR_INVALID_ARGUMENT, &["the norm of atom 0 of d must be"]);
        // More tiles than memory can hold, though no array is needed yet.
        let (one, d) = ([1], call.d.as_ptr());
        let (s, n) = (one.as_ptr(), i32::MAX.into());
        let status = dicod_encoder_create(none, null(), &problem_of(1, s, n, 1, 1, s), d, &mut handle);
        fails(status, DICOD_ERROR_OUT_OF_MEMORY, &["tiles"]);
    }
    assert!(handle.is_null());
}

/// What a solve has found it takes back, and so do the functions of z, wherever the result can be represented.
#[test]
fn large_activations_that_a_solve_found_are_taken_back() {
    const N: usize = 400;
    let (signal, atom) = ([N as i64], [10]);
    let x: Vec<f32> = noise(N, 3).iter().map(|x| 1e34 * *x as f32).collect();
    let d = narrow(&noise(2 * 10, 4));
    let options = Options::new();
    options.real("reg", 0.01);
    let mut z = vec![0f32; 2 * 391];
    let mut info = info();
    let (o, signal, atom, x, d) = (options.0, signal.as_ptr(), atom.as_ptr(), x.as_ptr(), d.as_ptr());
    let solve = |z: &mut [f32], info: &mut dicod_info| {
        dicod_solve_f32(null_mut(), o, &problem_of(1, signal, 1, 1, 2, atom), x, d, z.as_mut_ptr(), info)
    };
    let status = solve(&mut z, &mut info);
    assert!(status >= 0 && info.nonzeros > 100, "{status} {}", last_error());
    let mut model = vec![0f32; N];
    let rebuild = |z: &[f32], to: &mut [f32]| {
        dicod_reconstruct_f32(null_mut(), o, &problem_of(1, signal, 1, 1, 2, atom), d, z.as_ptr(), to.as_mut_ptr())
    };
    assert_eq!(rebuild(&z, &mut model), DICOD_OK, "{}", last_error());
    assert!(model.iter().all(|x| x.is_finite()) && model.iter().any(|x| *x > 1e33));
    let (mut objective, mut data_term) = (0.0, 0.0);
    let of = |z: &[f32], to: (&mut f64, &mut f64)| {
        dicod_objective_f32(null_mut(), o, &problem_of(1, signal, 1, 1, 2, atom), x, d, z.as_ptr(), to.0, to.1)
    };
    assert_eq!(of(&z, (&mut objective, &mut data_term)), DICOD_OK, "{}", last_error());
    assert!((objective - info.objective).abs() <= 1e-4 * objective, "{objective:e} {:e}", info.objective);
    options.integer("warm_start", 1);
    let mut again = z.clone();
    let status = solve(&mut again, &mut info);
    assert!(status >= 0, "{}", last_error());
    // What cannot be represented is refused, with a number, and nothing is written.
    z.fill(1e38);
    let before = model.clone();
    let status = rebuild(&z, &mut model);
    fails(
        status,
        DICOD_ERROR_INVALID_ARGUMENT,
        &["the largest value of z must be at most", "norms of the atoms: from ", ", is 9.99"],
    );
    assert_eq!(model, before);
    let status = of(&z, (&mut objective, &mut data_term));
    fails(status, DICOD_ERROR_INVALID_ARGUMENT, &["the largest value of z must be at most", ", is 9.99"]);
}

#[test]
fn out_of_memory_is_an_error() {
    // A Gram tensor of 2^44 values fits in no address space.
    let n = 1 << 22;
    let d = vec![1.0; n];
    let mut call = Call::new();
    call.n_axes = 1;
    (call.signal, call.atom) = (vec![1], vec![1]);
    (call.counts, call.d, call.x) = ([1, 1, n as i64], d, vec![1.0]);
    let done = call.run();
    assert_eq!(done.status, DICOD_ERROR_OUT_OF_MEMORY, "{}", done.message);
    assert!(done.untouched && done.message.contains("Gram tensor"), "{}", done.message);
    let (mut one, shape) = ([-7.0], [1]);
    let status = dicod_gram(
        null_mut(),
        &problem_of(1, shape.as_ptr(), 1, 1, n as i64, shape.as_ptr()),
        call.d.as_ptr(),
        one.as_mut_ptr(),
    );
    fails(status, DICOD_ERROR_OUT_OF_MEMORY, &["Gram tensor"]);
    assert_eq!(one, [-7.0]);
}

#[test]
fn bad_options_are_named() {
    let options = Options::new();
    let o = options.0;
    {
        let status = dicod_options_set_real(o, c"regg".as_ptr(), 0.5);
        fails(status, DICOD_ERROR_UNKNOWN_OPTION, &["\"regg\"", "\"reg\""]);
        let status = dicod_options_set_real(o, c"reg".as_ptr(), -0.5);
        fails(status, DICOD_ERROR_INVALID_ARGUMENT, &["\"reg\"", "-0.5", "at least 0"]);
        let status = dicod_options_set_real(o, c"tol".as_ptr(), -1.0);
        fails(status, DICOD_ERROR_INVALID_ARGUMENT, &["\"tol\"", "-1", "at least 0"]);
        let status = dicod_options_set_real(o, c"tol".as_ptr(), f64::NAN);
        fails(status, DICOD_ERROR_INVALID_ARGUMENT, &["\"tol\"", "NaN"]);
        let status = dicod_options_set_integer(o, c"max_iter".as_ptr(), -2);
        fails(status, DICOD_ERROR_INVALID_ARGUMENT, &["\"max_iter\"", "-2"]);
        let status = dicod_options_set_real(o, c"max_iter".as_ptr(), 2.0);
        fails(status, DICOD_ERROR_INVALID_ARGUMENT, &["\"max_iter\"", "an integer"]);
        let status = dicod_options_set_string(o, c"strategy".as_ptr(), c"best".as_ptr());
        fails(status, DICOD_ERROR_INVALID_ARGUMENT, &["\"strategy\"", "\"best\"", "greedy"]);
        let bytes = [0xffu8 as c_char, 0];
        let status = dicod_options_set_string(o, c"strategy".as_ptr(), bytes.as_ptr());
        fails(status, DICOD_ERROR_INVALID_ARGUMENT, &["value", "UTF-8"]);
        let status = dicod_options_set_string(o, c"strategy".as_ptr(), null());
        fails(status, DICOD_ERROR_NULL_POINTER, &["value is NULL"]);
        let status = dicod_options_set_real(null_mut(), c"reg".as_ptr(), 0.5);
        fails(status, DICOD_ERROR_NULL_POINTER, &["options is NULL"]);
        let status = dicod_options_set_real(o, null(), 0.5);
        fails(status, DICOD_ERROR_NULL_POINTER, &["key is NULL"]);
        let status = dicod_options_set_reals(o, c"reg_per_atom".as_ptr(), 2, null());
        fails(status, DICOD_ERROR_NULL_POINTER, &["values is NULL"]);
        let status = dicod_options_set_reals(o, c"reg_per_atom".as_ptr(), -1, null());
        fails(status, DICOD_ERROR_INVALID_ARGUMENT, &["n must be", ", is -1"]);
        let (one, two) = ([1.0, -2.0], [1, 2]);
        let status = dicod_options_set_reals(o, c"reg_per_atom".as_ptr(), i64::MAX, one.as_ptr());
        fails(status, DICOD_ERROR_INVALID_ARGUMENT, &["n must be", ", is 9223372036854775807"]);
        let status = dicod_options_set_reals(o, c"reg_per_atom".as_ptr(), 2, one.as_ptr());
        fails(status, DICOD_ERROR_INVALID_ARGUMENT, &["reg_per_atom[1]", "-2"]);
        let status = dicod_options_set_integers(o, c"periodic".as_ptr(), 2, two.as_ptr());
        fails(status, DICOD_ERROR_INVALID_ARGUMENT, &["periodic[1]", "2", "0 or 1"]);
        let (mut n, mut real) = (-7, -7.0);
        let status = dicod_options_get_real(o, c"reg".as_ptr(), null_mut());
        fails(status, DICOD_ERROR_NULL_POINTER, &["value is NULL"]);
        let status = dicod_options_get_real(o, c"Reg".as_ptr(), &mut real);
        fails(status, DICOD_ERROR_UNKNOWN_OPTION, &["\"Reg\"", "\"reg\""]);
        let key = c"tile_shape".as_ptr();
        let status = dicod_options_get_integers(o, key, -1, null_mut(), &mut n);
        fails(status, DICOD_ERROR_INVALID_ARGUMENT, &["capacity must be", ", is -1"]);
        let status = dicod_options_get_integers(o, key, 0, null_mut(), null_mut());
        fails(status, DICOD_ERROR_NULL_POINTER, &["count is NULL"]);
        assert_eq!((n, real), (-7, -7.0));
        for status in [
            dicod_options_create(null_mut()),
            dicod_options_get_count(null_mut()),
            dicod_options_describe(0, null_mut()),
            dicod_context_create(1, null_mut()),
            dicod_context_get_threads(null(), null_mut()),
            dicod_context_set_log(null_mut(), None, null_mut()),
            dicod_context_set_progress(null_mut(), None, null_mut()),
        ] {
            assert_eq!(status, DICOD_ERROR_NULL_POINTER);
        }
    }
    // Nothing was changed.
    let mut call = Call::new();
    let expected = call.run();
    call.options = o;
    assert_eq!(call.run().z, expected.z);
}

/// Changes a good descriptor.
type BadArray = (fn(&mut Array), dicod_status, &'static [&'static str]);

#[test]
fn bad_descriptors_are_named_and_touch_nothing() {
    const ARGUMENT: dicod_status = DICOD_ERROR_INVALID_ARGUMENT;
    const SHAPE: dicod_status = DICOD_ERROR_INVALID_SHAPE;
    const NULL: dicod_status = DICOD_ERROR_NULL_POINTER;
    let both: [BadArray; 19] = [
        (|a| a.struct_size = 0, ARGUMENT, &["->struct_size must be", ", is 0", "at least 72"]),
        (|a| a.struct_size = 71, ARGUMENT, &["->struct_size must be", ", is 71"]),
        (|a| a.element_type = 16, ARGUMENT, &["->element_type must be", ", is 16", "64 (double)"]),
        (|a| a.n_axes = 1, ARGUMENT, &["->n_axes must be", ", is 1", "2"]),
        (|a| a.n_axes = i64::MAX, ARGUMENT, &["->n_axes must be", ", is 9223372036854775807"]),
        (|a| a.global_shape = None, NULL, &["->global_shape is NULL"]),
        (|a| a.global_shape = Some(vec![12, 12]), SHAPE, &["->global_shape must be", ", is [12, 12]"]),
        (|a| a.offset = Some(vec![0, 1]), SHAPE, &["->local_shape must be", "from offset [0, 1] on"]),
        (|a| a.offset = Some(vec![0, -1]), ARGUMENT, &["->offset must be", ", is [0, -1]", "from 0 to"]),
        (|a| a.local_shape = Some(vec![6, 14]), SHAPE, &["->local_shape must be", ", is [6, 14]", "what is left of"]),
        (|a| a.local_shape = Some(vec![-1, 3]), SHAPE, &["->local_shape must be", ", is [-1, 3]"]),
        (|a| a.n_channels = -1, ARGUMENT, &["->n_channels must be", ", is -1"]),
        (|a| a.n_channels = 5, ARGUMENT, &["->n_channels must be", ", is 5"]),
        (|a| a.channels.clear(), NULL, &["->channels is NULL"]),
        (|a| a.channels[2] = null_mut(), ARGUMENT, &["->channels[2] must be", ", is NULL", "double"]),
        (
            |a| a.channels[3] = a.channels[3].wrapping_byte_add(4),
            ARGUMENT,
            &["->channels[3] must be", ", is 0x", "multiple of 8"],
        ),
        (|a| a.strides = Some(vec![i64::MAX, 1]), ARGUMENT, &["->strides must be", ", is [9223372036854775807"]),
        (|a| a.strides = Some(vec![i64::MIN, 1]), ARGUMENT, &["->strides must be", ", is [-9223372036854775808"]),
        (|a| a.strides = Some(vec![1, 1 << 58]), ARGUMENT, &["->strides", "addressed"]),
    ];
    let written: [BadArray; 5] = [
        (|a| a.strides = Some(vec![0, 1]), ARGUMENT, &["z->strides", "share memory"]),
        (|a| a.strides = Some(vec![1, 1]), ARGUMENT, &["z->strides", "share memory"]),
        (|a| a.strides = Some(vec![9, 1]), ARGUMENT, &["z->strides", "share memory"]),
        (|a| a.channels[1] = a.channels[0], ARGUMENT, &["z->channels[1]", "channel 0"]),
        (|a| a.channels[4] = a.channels[5].wrapping_byte_sub(8 * 89), ARGUMENT, &["z->channels[5]", "channel 4"]),
    ];
    let call = Call::new();
    let encoder = call.encoder();
    encoder.solve(&call);
    let z = encoder.z(&call);
    let mut found = info();
    let before = format!("{found:?}");
    for (change, status, parts) in both {
        let mut array = call.array();
        change(&mut array);
        let result = dicod_encoder_solve(encoder.0, &array.raw_const(), &mut found);
        fails(result, status, parts);
        fails(result, status, &["x->"]);
        assert_eq!(format!("{found:?}"), before);
    }
    let mut room = vec![-7.0; z.len()];
    for (change, status, parts) in both.into_iter().chain(written) {
        let channels = room.chunks_mut(90).map(|z| z.as_mut_ptr().cast()).collect();
        let mut array = Array::new(&call.valid(), channels, None);
        change(&mut array);
        let result = dicod_encoder_get_z(encoder.0, &array.raw());
        fails(result, status, parts);
        fails(result, status, &["z->"]);
        assert!(room.iter().all(|z| *z == -7.0));
    }
    // A part of the domain is enough to be asked for, but not to be encoded.
    let mut array = call.array();
    array.local_shape = Some(vec![6, 13]);
    let result = dicod_encoder_solve(encoder.0, &array.raw_const(), &mut found);
    fails(result, SHAPE, &["x->local_shape must be", ", is [6, 13]", "the whole domain"]);
    {
        let status = dicod_encoder_solve(encoder.0, null(), &mut found);
        fails(status, DICOD_ERROR_NULL_POINTER, &["x is NULL"]);
        let status = dicod_encoder_set_z(encoder.0, null());
        fails(status, DICOD_ERROR_NULL_POINTER, &["z is NULL"]);
        let status = dicod_encoder_get_z(encoder.0, null_mut());
        fails(status, DICOD_ERROR_NULL_POINTER, &["z is NULL"]);
        let array = call.array();
        let status = dicod_encoder_solve(null_mut(), &array.raw_const(), &mut found);
        fails(status, DICOD_ERROR_NULL_POINTER, &["encoder is NULL"]);
    }
    // NaN in x: named, and the encoder is as it was.
    let mut bad = Call::new();
    bad.x[12 * 13 * 3 + 15] = f64::NAN;
    let status = dicod_encoder_solve(encoder.0, &bad.array().raw_const(), &mut found);
    fails(status, DICOD_ERROR_NOT_FINITE, &["x[1, 1, 1, 2] must be", ", is NaN"]);
    bad.d[7] = f64::NAN;
    let status = dicod_encoder_set_dictionary(encoder.0, bad.d.as_ptr());
    fails(status, DICOD_ERROR_NOT_FINITE, &["d[0, 0, 1, 3] must be", ", is NaN"]);
    assert_eq!(format!("{found:?}"), before);
    assert_eq!(encoder.z(&call), z);
}

#[test]
fn bad_factors_are_named() {
    let call = Call::new();
    let (s, l) = (&call.signal, &call.atom);
    let create = |u: *const f64, v: *const f64| {
        let mut handle = null_mut();
        let status = {
            dicod_encoder_create_rank1(
                null_mut(),
                null(),
                &problem_of(2, s.as_ptr(), 2, 2, 3, l.as_ptr()),
                u,
                v,
                &mut handle,
            )
        };
        assert!(handle.is_null());
        status
    };
    let (mut u, mut v) = (noise(6, 1), noise(48, 2));
    fails(create(null(), v.as_ptr()), DICOD_ERROR_NULL_POINTER, &["u is NULL"]);
    fails(create(u.as_ptr(), null()), DICOD_ERROR_NULL_POINTER, &["v is NULL"]);
    u[3] = f64::NAN;
    fails(create(u.as_ptr(), v.as_ptr()), DICOD_ERROR_NOT_FINITE, &["u[1, 1] must be", ", is NaN"]);
    u[3] = 1.0;
    v[21] = f64::INFINITY;
    fails(create(u.as_ptr(), v.as_ptr()), DICOD_ERROR_NOT_FINITE, &["v[1, 1, 1] must be", ", is inf"]);
    v[21] = 1e250;
    fails(create(u.as_ptr(), v.as_ptr()), DICOD_ERROR_INVALID_ARGUMENT, &["u and v", "norm"]);
    let status = {
        dicod_encoder_create(
            null_mut(),
            null(),
            &problem_of(2, s.as_ptr(), 2, 2, 3, l.as_ptr()),
            call.d.as_ptr(),
            null_mut(),
        )
    };
    fails(status, DICOD_ERROR_NULL_POINTER, &["encoder is NULL"]);
}

#[test]
fn parts_refuse_what_is_wrong() {
    let call = Call::new();
    let (s, l, x, d) = (call.signal.as_ptr(), call.atom.as_ptr(), call.x.as_ptr(), call.d.as_ptr());
    let (o, mut z) = (null(), vec![0.0; call.z_len()]);
    let (mut a, mut b) = (-7.0, -7.0);
    // SAFETY: arrays of the shapes, or NULL.
    unsafe {
        let c = null_mut();
        let status = dicod_lambda_max(c, o, &problem_of(2, s, 2, 2, 3, l), x, d, null_mut());
        fails(status, DICOD_ERROR_NULL_POINTER, &["lambda_max is NULL"]);
        let status = dicod_lambda_max(c, o, &problem_of(2, s, 2, 2, 3, l), null(), d, &mut a);
        fails(status, DICOD_ERROR_NULL_POINTER, &["x is NULL"]);
        let status = dicod_objective(c, o, &problem_of(2, s, 2, 2, 3, l), x, d, null(), &mut a, &mut b);
        fails(status, DICOD_ERROR_NULL_POINTER, &["z is NULL"]);
        let p = z.as_ptr();
        let status = dicod_objective(c, o, &problem_of(2, s, 2, 2, 3, l), x, d, p, null_mut(), &mut b);
        fails(status, DICOD_ERROR_NULL_POINTER, &["objective is NULL"]);
        z[91] = f64::NAN;
        let p = z.as_ptr();
        let status = dicod_objective(c, o, &problem_of(2, s, 2, 2, 3, l), x, d, p, &mut a, &mut b);
        fails(status, DICOD_ERROR_NOT_FINITE, &["z[0, 1, 0, 1] must be", ", is NaN"]);
        let mut out = vec![-7.0; call.x.len()];
        let to = out.as_mut_ptr();
        let status = dicod_reconstruct(c, o, &problem_of(2, s, 2, 2, 3, l), d, p, to);
        fails(status, DICOD_ERROR_NOT_FINITE, &["z[0, 1, 0, 1] must be", ", is NaN"]);
        assert!(out.iter().all(|x| *x == -7.0));
        let status = dicod_reconstruct(c, o, &problem_of(2, s, 2, 2, 3, l), d, p, null_mut());
        fails(status, DICOD_ERROR_NULL_POINTER, &["x is NULL"]);
        z.resize(2000, 0.0);
        let (p, to) = (z.as_ptr(), z.as_mut_ptr());
        let status = dicod_reconstruct(c, o, &problem_of(2, s, 2, 2, 3, l), d, p, to.add(100));
        fails(status, DICOD_ERROR_INVALID_ARGUMENT, &["x must be", ", is 0x", "overlap"]);
        let to = out.as_mut_ptr();
        let zero = [0, 4];
        let status = dicod_gram(c, &problem_of(2, zero.as_ptr(), 1, 2, 3, zero.as_ptr()), d, to);
        fails(status, DICOD_ERROR_INVALID_SHAPE, &["atom_shape must be", ", is [0, 4]"]);
        let status = dicod_gram(c, &problem_of(2, l, 1, 2, 0, l), d, to);
        fails(status, DICOD_ERROR_INVALID_ARGUMENT, &["n_atoms must be", ", is 0"]);
        let status = dicod_gram(c, &problem_of(2, l, 1, 2, 3, l), d, null_mut());
        fails(status, DICOD_ERROR_NULL_POINTER, &["gram is NULL"]);
        assert!(out.iter().all(|x| *x == -7.0));
        let status = dicod_valid_shape(o, &problem_of(2, s, 1, 1, 1, l), null_mut());
        fails(status, DICOD_ERROR_NULL_POINTER, &["valid_shape is NULL"]);
        let mut two = [-7; 2];
        let status = dicod_valid_shape(o, &problem_of(2, l, 1, 1, 1, s), two.as_mut_ptr());
        fails(status, DICOD_ERROR_INVALID_SHAPE, &["atom_shape must be", ", is [12, 13]"]);
        assert_eq!((two, a, b), ([-7; 2], -7.0, -7.0));
    }
}
