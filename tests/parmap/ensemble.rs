//! Section 5 of the contract: ensembles.

use crate::common::*;
use dicod::parmap::ensemble::{Ensemble, Limits, Member, Starts};
use dicod::parmap::share::share;
use dicod::parmap::{Errors, Outcome, Settings, Task};

/// Walks along the axes with steps that halve: its step is kept between rounds.
fn walk(task: &Task, member: &mut Member, most: u64) -> i32 {
    let f = |x: &[f64]| (x[0] * x[0] - 2.0).powi(2) + 10.0 * (x[1] - x[0]).powi(2);
    let mut step = value(&member.state);
    if step == 0.0 {
        step = 0.5;
    }
    let mut left = most;
    let try_at = |x: &[f64], left: &mut u64| {
        if *left == 0 {
            return None;
        }
        *left -= 1;
        Some(f(x))
    };
    'all: while step > 1e-4 {
        let mut moved = false;
        if member.value == f64::INFINITY {
            let Some(value) = try_at(&member.x, &mut left) else {
                break;
            };
            member.value = value;
        }
        for axis in 0..2 {
            for sign in [-1.0, 1.0] {
                let mut x = member.x.clone();
                x[axis] += sign * step;
                let Some(value) = try_at(&x, &mut left) else {
                    break 'all;
                };
                if value < member.value {
                    (member.x, member.value, moved) = (x, value, true);
                }
            }
        }
        if !moved {
            step /= 2.0;
        }
    }
    member.converged = step <= 1e-4;
    member.evaluations += most - left;
    member.state.copy_from_slice(&step.to_le_bytes());
    i32::from(task.shared() == [1] && task.index == 2)
}

fn new(starts: &Starts) -> Ensemble {
    Ensemble::new(&[-3.0, -2.0], &[3.0, 2.0], starts, 11, 8).unwrap()
}

#[test]
fn ensembles_are_as_serial_ones_and_count_evaluations() {
    for starts in [Starts::Random(9), Starts::Lattice(vec![4, 2])] {
        let run = |shape, rounds: &[(u64, u64)]| {
            on(shape, rough(1), &Settings::default(), |map| {
                let mut all = new(&starts);
                assert_eq!((all.best(), all.evaluations()), (None, 0));
                for (per_member, in_all) in rounds {
                    let limits = Limits { per_member: *per_member, in_all: *in_all };
                    let report = all.round(map, limits, &walk, None).unwrap();
                    assert_eq!(report.outcome, Outcome::Done);
                    assert!(all.evaluations() <= *in_all);
                }
                all
            })
        };
        let rounds = [(10, 60), (7, 101), (u64::MAX, 300), (u64::MAX, u64::MAX)];
        let serial = run((1, 1), &rounds).swap_remove(0);
        assert!(serial.has_converged());
        let best = &serial.members()[serial.best().unwrap()];
        assert!(best.value < 1e-4 && (best.x[0].abs() - 2f64.sqrt()).abs() < 1e-2);
        let all: u64 = serial.members().iter().map(|m| m.evaluations).sum();
        assert_eq!(all, serial.evaluations());
        // The limit is used up to the last evaluation.
        assert_eq!(run((1, 1), &rounds[..2])[0].evaluations(), 101);
        for shape in SHAPES {
            assert!(run(shape, &rounds).iter().all(|got| *got == serial));
        }
    }
}

#[test]
fn of_equal_members_the_first_is_best_and_nan_is_none() {
    let values = [f64::NAN, 4.0, 2.0, f64::NAN, 2.0, f64::INFINITY];
    for shape in SHAPES {
        on(shape, rough(1), &Settings::default(), |map| {
            let mut all = new(&Starts::Random(6));
            let solver = |task: &Task, member: &mut Member, _: u64| {
                member.value = values[task.index as usize];
                0
            };
            all.round(map, Limits::default(), &solver, None).unwrap();
            assert_eq!(all.best(), Some(2));
        });
    }
}

#[test]
fn lattices_are_cell_centres_and_random_starts_lie_in_the_box() {
    let lattice = new(&Starts::Lattice(vec![3, 2]));
    let points: Vec<_> = lattice.members().iter().map(|m| m.x.clone()).collect();
    let wanted = [[-2.0, -1.0], [-2.0, 1.0], [0.0, -1.0], [0.0, 1.0], [2.0, -1.0], [2.0, 1.0]];
    assert_eq!(points, wanted);
    let random = new(&Starts::Random(1000));
    for member in random.members() {
        assert!(member.x[0].abs() <= 3.0 && member.x[1].abs() <= 2.0);
    }
    let mean: f64 = random.members().iter().map(|m| m.x[0]).sum::<f64>() / 1000.0;
    assert!(mean.abs() < 0.2);
    // The first starts do not depend on how many there are.
    assert_eq!(new(&Starts::Random(3)).members(), &random.members()[..3]);
    for (lower, upper, starts, text) in [
        (&[0.0][..], &[f64::NAN][..], Starts::Random(1), "upper[0]"),
        (&[1.0], &[0.0], Starts::Random(1), "upper[0]"),
        (&[0.0], &[1.0, 2.0], Starts::Random(1), "upper"),
        (&[0.0], &[1.0], Starts::Random(0), "n_members"),
        (&[0.0], &[1.0], Starts::Lattice(vec![1, 1]), "cells"),
        (&[], &[], Starts::Random(1), "n_parameters"),
    ] {
        let error = Ensemble::new(lower, upper, &starts, 0, 0).unwrap_err();
        assert!(error.to_string().contains(text), "{error}");
    }
}

#[test]
fn a_member_whose_solver_fails_stays_as_it_was() {
    for shape in SHAPES {
        let settings = Settings { errors: Errors::Continue, ..Settings::default() };
        on(shape, rough(1), &settings, |map| {
            share(map, Ok(&[1])).unwrap();
            let mut all = new(&Starts::Random(5));
            let before = all.members()[2].clone();
            let report = all.round(map, Limits::default(), &walk, None).unwrap();
            assert_eq!((report.outcome, report.failed), (Outcome::SomeFailed, 1));
            assert_eq!(report.failure.unwrap().index, 2);
            assert_eq!(all.members()[2], before);
            assert!(!all.has_converged() && all.members()[3].converged);
        });
    }
}

#[test]
fn what_a_round_has_not_done_are_members() {
    for shape in SHAPES {
        on(shape, rough(1), &Settings::default(), |map| {
            let mut all = new(&Starts::Random(5));
            let first = |task: &Task, member: &mut Member, _: u64| {
                member.converged = task.index % 2 == 1;
                0
            };
            all.round(map, Limits::default(), &first, None).unwrap();
            // Those that run are 0, 2 and 4.
            let bad = |task: &Task, _: &mut Member, _: u64| i32::from(task.index == 0);
            let report = all.round(map, Limits::default(), &bad, None).unwrap();
            assert_eq!((report.outcome, report.total), (Outcome::TaskFailed, Some(3)));
            assert_eq!((report.failure.unwrap().index, report.unfinished), (0, vec![(2, 3), (4, 5)]));
        });
    }
}
