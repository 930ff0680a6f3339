//! Arrays of `ndarray` in, arrays out: the same as the encoder and the learner give, whatever the strides of a view are.

use dicod::csc::{Encoder, Shape, Stop};
use dicod::linalg::{Dictionary, Field, FieldMut};
use dicod::options::Table;
use dicod::{Error, Options};
use ndarray::{Array, Array2, Array3, Array4, Axis, Dimension, s};

/// Values without any order in them.
fn noise<D: Dimension>(shape: impl ndarray::ShapeBuilder<Dim = D>) -> Array<f64, D> {
    let mut state = 7u64;
    Array::from_shape_simple_fn(shape, || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 40) as f64 / (1u64 << 23) as f64 - 1.0
    })
}

/// The objective by its definition, and the largest step that is left, of any coordinate.
fn by_definition(x: &Array3<f64>, d: &Array4<f64>, z: &Array3<f64>, lambda: f64) -> (f64, f64) {
    let (_, l0, l1) = (d.dim().1, d.dim().2, d.dim().3);
    let mut r = x.clone();
    for ((k, i, j), z) in z.indexed_iter().filter(|(_, z)| **z != 0.0) {
        let mut part = r.slice_mut(s![.., i..i + l0, j..j + l1]);
        part.scaled_add(-z, &d.index_axis(Axis(0), k));
    }
    let f = 0.5 * r.iter().map(|r| r * r).sum::<f64>() + lambda * z.iter().map(|z| z.abs()).sum::<f64>();
    let mut largest: f64 = 0.0;
    for ((k, i, j), z) in z.indexed_iter() {
        let atom = d.index_axis(Axis(0), k);
        let norm = atom.iter().map(|d| d * d).sum::<f64>();
        let c = (&r.slice(s![.., i..i + l0, j..j + l1]) * &atom).sum() + norm * z;
        let best = (c.abs() - lambda).max(0.0).copysign(c) / norm;
        largest = largest.max((best - z).abs() * norm.sqrt());
    }
    (f, largest)
}

#[test]
fn what_is_solved_is_optimal_and_proven() {
    let (x, d) = (noise((2, 40, 33)), noise((3, 2, 5, 4)));
    let mut options = Options::default();
    options.set_real("tol", 1e-6).unwrap();
    let found = dicod::solve(x.view(), d.view(), &options, 1).unwrap();
    assert_eq!((found.z.dim(), found.info.stop), ((3, 36, 30), Stop::Converged));
    let (f, step) = by_definition(&x, &d, &found.z, found.info.lambda[0]);
    let certificate = &found.info.certificate;
    assert!((f - certificate.objective).abs() <= 1e-10 * f);
    assert!(step <= 1e-6 * found.info.lambda_max, "{step}");
    // What it stands for: the residual explains the rest of F.
    let model = dicod::reconstruct(found.z.view(), d.view(), &options).unwrap();
    let rest = 0.5 * (&x - &model).iter().map(|r| r * r).sum::<f64>();
    let penalty = found.info.lambda[0] * found.z.iter().map(|z| z.abs()).sum::<f64>();
    assert!((rest + penalty - f).abs() <= 1e-9 * f);
}

#[test]
fn strides_and_threads_change_no_bit() {
    let (x, d) = (noise((2, 30, 28)), noise((3, 2, 4, 3)));
    let options = Options::default();
    let wanted = dicod::solve(x.view(), d.view(), &options, 1).unwrap().z;
    // The last axis first in memory, every second value of a larger array, and from the end to the beginning.
    let mut turned = Array::zeros((28, 30, 2));
    turned.assign(&x.t());
    let mut wide = Array::from_elem((2, 60, 28), f64::NAN);
    wide.slice_mut(s![.., ..;2, ..;-1]).assign(&x);
    let back = noise((3, 2, 4, 3)).slice_move(s![..;-1, .., .., ..;-1]).as_standard_layout().into_owned();
    let views = [turned.t(), wide.slice(s![.., ..;2, ..;-1])];
    for (threads, view) in (1..).zip(views) {
        assert_eq!(dicod::solve(view, d.view(), &options, threads).unwrap().z, wanted);
        let d = back.slice(s![..;-1, .., .., ..;-1]);
        assert_eq!(dicod::solve(view, d, &options, threads).unwrap().z, wanted);
    }
}

#[test]
fn it_is_the_encoder_and_the_learner() {
    let (x, d) = (noise((1, 400)).mapv(|x| x as f32), noise((4, 1, 21)).mapv(|x| x as f32));
    let options = Options::default();
    let found = dicod::solve(x.view(), d.view(), &options, 2).unwrap();
    let shape = Shape::new(&[400], 1, 1, 4, &[21], &options).unwrap();
    let dictionary = Dictionary::full(4, 1, shape.atom, d.as_slice().unwrap()).unwrap();
    let mut encoder = Encoder::new(shape, dictionary, options.clone(), 1).unwrap();
    let info = encoder.solve(&Field::contiguous(x.as_slice().unwrap(), [1, 1, 400]), None).unwrap();
    let mut z = vec![0f32; 4 * 380];
    encoder.z(&mut FieldMut::contiguous(&mut z, [1, 1, 380])).unwrap();
    assert_eq!(found.z, Array2::from_shape_vec((4, 380), z).unwrap());
    assert_eq!(found.info.certificate, info.certificate);

    let learned = dicod::learn(x.view(), 3, &[11], &options, 1).unwrap();
    assert_eq!((learned.d.dim(), learned.z.dim()), ((3, 1, 11), (3, 390)));
    let norms = learned.d.axis_iter(Axis(0)).map(|d| d.iter().map(|d| d * d).sum::<f32>());
    norms.for_each(|norm| assert!(norm > 0.0 && norm <= 1.00001));
}

#[test]
fn what_does_not_fit_is_named() {
    let message = |result: Result<(), Error>| result.unwrap_err().to_string();
    let solve =
        |x: Array2<f64>, d: Array3<f64>| message(dicod::solve(x.view(), d.view(), &Options::default(), 1).map(|_| ()));
    let text = solve(noise((2, 50)), noise((3, 1, 5)));
    assert!(text.contains("x must be") && text.contains("2, 50") && text.contains("3, 1, 5"), "{text}");
    let text = solve(noise((1, 4)), noise((3, 1, 5)));
    assert!(text.contains("atom_shape") && text.contains('5'), "{text}");
    let mut x = noise((1, 50));
    x[[0, 7]] = f64::NAN;
    let text = solve(x, noise((3, 1, 5)));
    assert!(text.contains("x[0") && text.contains('7') && text.contains("NaN"), "{text}");
    let (z, d) = (Array2::<f64>::zeros((2, 9)), Array3::<f64>::ones((3, 1, 5)));
    let text = message(dicod::reconstruct(z.view(), d.view(), &Options::default()).map(|_| ()));
    assert!(text.contains("z must be") && text.contains("2, 9"), "{text}");
    let nothing = Array2::<f64>::zeros((1, 0));
    message(dicod::solve(nothing.view(), d.view(), &Options::default(), 1).map(|_| ()));
}

#[test]
fn the_program_of_the_readme_is_the_one_that_is_tested() {
    let lines = |text: &str, begin: &str, strip: &str| -> Vec<String> {
        let lines = text.lines().map(|line| line.strip_prefix(strip).unwrap_or(line).trim_start().to_string());
        let lines = lines.skip_while(|line| line != begin).skip(1).take_while(|line| line != "```");
        lines.filter(|line| !line.starts_with("# ")).collect()
    };
    let readme = lines(include_str!("../README.md"), "```rust", "");
    assert_eq!(readme, lines(include_str!("../src/lib.rs"), "```", "//!"));
    assert!((5..=10).contains(&readme.len()), "{readme:#?}");
}
