//! Section 4 of the contract: operators.

use crate::common::*;
use dicod::parmap::Settings;
use dicod::parmap::operator::{Operator, Operators};
use dicod::parmap::reduce::Failed;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::ThreadId;

/// y = A x, or entry by entry (A x)².
struct Matrix<'m> {
    a: Vec<f64>,
    rows: usize,
    squares: bool,
    at: Vec<f64>,
    lives: &'m AtomicUsize,
    fails: bool,
    place: Option<ThreadId>,
}

impl Drop for Matrix<'_> {
    fn drop(&mut self) {
        self.lives.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Matrix<'_> {
    fn times(&self, x: &[f64]) -> Vec<f64> {
        let n = x.len();
        (0..self.rows).map(|i| (0..n).map(|j| self.a[i * n + j] * x[j]).sum()).collect()
    }
}

impl Operator for Matrix<'_> {
    fn in_size(&self) -> usize {
        self.a.len() / self.rows
    }
    fn out_size(&self) -> usize {
        self.rows
    }
    fn is_linear(&self) -> bool {
        !self.squares
    }
    fn eval(&mut self, x: &[f64], y: &mut [f64]) -> Result<(), Failed> {
        if self.fails {
            return Err(Failed(9, "singular".into()));
        }
        y.copy_from_slice(&self.times(x));
        if self.squares {
            y.iter_mut().for_each(|y| *y *= *y);
        }
        Ok(())
    }
    fn linearize(&mut self, x: &[f64], y: &mut [f64]) -> Result<(), Failed> {
        self.at = x.to_vec();
        self.place = Some(std::thread::current().id());
        self.eval(x, y)
    }
    fn derivative(&mut self, h: &[f64], y: &mut [f64]) -> Result<(), Failed> {
        y.copy_from_slice(&self.times(h));
        if self.squares {
            let at = self.times(&self.at);
            y.iter_mut().zip(at).for_each(|(y, at)| *y *= 2.0 * at);
        }
        Ok(())
    }
    fn adjoint(&mut self, y: &[f64], x: &mut [f64]) -> Result<(), Failed> {
        let n = x.len();
        let mut y = y.to_vec();
        if self.squares {
            let at = self.times(&self.at);
            y.iter_mut().zip(at).for_each(|(y, at)| *y *= 2.0 * at);
        }
        for (j, x) in x.iter_mut().enumerate() {
            *x = (0..self.rows).map(|i| self.a[i * n + j] * y[i]).sum();
        }
        Ok(())
    }
}

fn matrix(lives: &AtomicUsize, rows: usize, columns: usize, seed: usize, squares: bool) -> Box<Matrix<'_>> {
    lives.fetch_add(1, Ordering::SeqCst);
    Box::new(Matrix {
        a: numbers(rows * columns + seed)[seed..].iter().map(|v| v.ln()).collect(),
        rows,
        squares,
        at: vec![f64::NAN; columns],
        lives,
        fails: false,
        place: None,
    })
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[test]
fn vectors_of_operators_are_as_serial_ones() {
    for squares in [false, true] {
        let run = |shape| {
            on(shape, rough(2), &Settings::default(), |map| {
                let lives = AtomicUsize::new(0);
                let list =
                    (0..5).map(|i| matrix(&lives, i + 1, 4, i, squares && i == 3) as Box<dyn Operator>).collect();
                let mut all = Operators::vector(list).unwrap();
                assert_eq!((all.in_size(), all.out_size()), (4, 15));
                assert_eq!(all.is_linear(), !squares);
                // Only what rank 0 has counts.
                let root = map.ranks().rank() == 0;
                let x = if root { numbers(4) } else { Vec::new() };
                let h = if root { numbers(9)[5..].to_vec() } else { Vec::new() };
                let (mut y, mut z, mut t) = (vec![0.0; 15], vec![0.0; 15], vec![0.0; 4]);
                let early = all.adjoint(map, &y, &mut t);
                assert_eq!(early.is_err(), squares);
                all.linearize(map, &x, &mut y).unwrap();
                // A plain evaluation elsewhere leaves the linearization in force.
                all.eval(map, &h, &mut z).unwrap();
                all.derivative(map, &h, &mut z).unwrap();
                all.adjoint(map, &y, &mut t).unwrap();
                if root {
                    let (left, right) = (dot(&z, &y), dot(&h, &t));
                    assert!((left - right).abs() <= 1e-12 * left.abs().max(right.abs()));
                }
                assert_eq!(lives.load(Ordering::SeqCst), 5);
                drop(all);
                assert_eq!(lives.load(Ordering::SeqCst), 0);
                (bytes_of(&y), bytes_of(&z), bytes_of(&t))
            })
        };
        let serial = run((1, 1));
        for shape in SHAPES {
            assert!(run(shape).iter().all(|result| *result == serial[0]), "{shape:?}");
        }
    }
}

#[test]
fn components_are_taken_and_added_up_by_the_matrix() {
    // Component 2 is unused; one row has a single component, in the middle.
    let sizes = [2, 3, 1, 2];
    let takes = vec![vec![true, false, false, true], vec![false, true, false, false], vec![true, true, false, false]];
    for shape in SHAPES {
        on(shape, rough(2), &Settings::default(), |map| {
            let lives = AtomicUsize::new(0);
            let parts =
                [matrix(&lives, 3, 4, 1, false), matrix(&lives, 2, 3, 2, false), matrix(&lives, 1, 5, 3, false)];
            // One dense matrix, by hand.
            let mut dense = vec![0.0; 6 * 8];
            let columns: [&[usize]; 3] = [&[0, 1, 6, 7], &[2, 3, 4], &[0, 1, 2, 3, 4]];
            let mut row = 0;
            for (part, columns) in parts.iter().zip(columns) {
                for i in 0..part.rows {
                    for (j, column) in columns.iter().enumerate() {
                        dense[(row + i) * 8 + column] = part.a[i * columns.len() + j];
                    }
                }
                row += part.rows;
            }
            let list = parts.into_iter().map(|p| p as Box<dyn Operator>).collect();
            let mut all = Operators::distributed(list, &sizes, &takes).unwrap();
            let x = numbers(8);
            let mut y = vec![0.0; 6];
            all.eval(map, &x, &mut y).unwrap();
            let mut t = vec![7.0; 8];
            all.adjoint(map, &y, &mut t).unwrap();
            for i in 0..6 {
                let wanted = dot(&dense[i * 8..][..8], &x);
                assert!((y[i] - wanted).abs() <= 1e-12 * wanted.abs());
            }
            for j in 0..8 {
                let wanted: f64 = (0..6).map(|i| dense[i * 8 + j] * y[i]).sum();
                assert!((t[j] - wanted).abs() <= 1e-9 * wanted.abs());
            }
            assert_eq!(t[5], 0.0);
        });
    }
    let lives = AtomicUsize::new(0);
    let wrong = vec![matrix(&lives, 3, 3, 1, false) as Box<dyn Operator>];
    let error = Operators::distributed(wrong, &sizes, &takes[..1]).err().unwrap();
    assert!(error.to_string().contains("in_size of operator 0 must be"), "{error}");
    assert_eq!(lives.load(Ordering::SeqCst), 0);
}

#[test]
fn errors_of_operators_are_everybodys() {
    for shape in SHAPES {
        on(shape, rough(2), &Settings::default(), |map| {
            let lives = AtomicUsize::new(0);
            let list = (0..4)
                .map(|i| {
                    let mut part = matrix(&lives, 2, 3, i, false);
                    part.fails = i >= 2;
                    part as Box<dyn Operator>
                })
                .collect();
            let mut all = Operators::vector(list).unwrap();
            let error = all.eval(map, &[1.0; 3], &mut [0.0; 8]).unwrap_err();
            assert!(error.to_string().contains("task 2 failed with code 9"), "{error}");
            assert!(error.to_string().contains("singular"), "{error}");
            let error = all.eval(map, &[1.0; 3], &mut [0.0; 7]).unwrap_err();
            assert!(error.to_string().contains("8 numbers long"), "{error}");
        });
    }
}
