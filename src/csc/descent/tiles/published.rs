//! The schedules of the published serial code, step for step.

use crate::base::error::Result;
use crate::base::stop::Stop;
use crate::clock::{self, Wish};
use crate::csc::descent::control::Control;
use crate::csc::descent::tile::{Plan, TileState};
use crate::csc::descent::tiles::Tiles;
use crate::grid::Segmentation;
use crate::grid::point::{AXES, Point};
use crate::linalg::Real;
use std::sync::atomic::{AtomicBool, Ordering};

/// Visits the tiles in raster order, as the published code does: every visit counts as an
/// iteration, that of a sleeping tile too, and a step wakes every tile within L (not L − 1).
#[inline(never)]
pub(crate) fn descend<T: Real>(
    tiles: &Tiles<T>,
    plan: &Plan<T>,
    segments: &Segmentation,
    control: &mut Control<'_, '_>,
) -> Result<Stop> {
    let n_axes = segments.n_axes();
    let radius: Vec<i64> = plan.atom[AXES - n_axes..].to_vec();
    let per_signal = segments.n_segments() as usize;
    // Relaxed here and below: one thread does it all.
    let awake = |awake: &AtomicBool| awake.load(Ordering::Relaxed);
    let mut active: Vec<bool> = tiles.awake.iter().map(awake).collect();
    let mut n_active = active.iter().filter(|active| **active).count();
    let mut index = 0;
    while n_active > 0 {
        let wish = control.check(control.progress.visits);
        if wish != Wish::GoOn {
            return Ok(wish.stop());
        }
        control.progress.visits += 1;
        control.progress.sweeps = control.progress.visits / tiles.len() as u64;
        if active[index] || tiles.mail[index].load(Ordering::Relaxed) {
            let descend = &mut |state: &mut TileState<T>, tol, made: &mut _| state.visit(plan, tol, usize::MAX, made);
            // No tile is quiet.
            let visit = tiles.visit(index, plan, &|_| Ok(()), descend)?;
            control.progress.steps += visit.steps as u64;
            if visit.steps > 0 {
                let first = index / per_signal * per_signal;
                let made = tiles.outbox(index);
                for step in made.iter() {
                    let at: Point = step.at;
                    for touched in segments.touched_segments(&at[AXES - n_axes..], &radius)? {
                        let touched = first + touched as usize;
                        n_active += usize::from(!active[touched]);
                        active[touched] = true;
                    }
                }
                // The published code knows no periods.
                for end in &tiles.out[index] {
                    let to = end.tile as usize;
                    if tiles.edges[to][end.edge as usize].shift != [0; AXES] {
                        n_active += usize::from(!active[to]);
                        active[to] = true;
                    }
                }
            } else if active[index] {
                active[index] = false;
                n_active -= 1;
            }
        }
        index = (index + 1) % tiles.len();
        control.progress.awake = n_active as u64;
    }
    Ok(Stop::Converged)
}

/// Goes through all coordinates of a signal, which is one tile, in row-major order of (atom,
/// position) again and again, as the published code does: iterations go around the segments,
/// whatever the coordinate, and one that comes to a sleeping segment lets the coordinate wait;
/// segments fall asleep only after every `n_coordinates` iterations.
#[inline(never)]
pub(crate) fn descend_cyclic<T: Real>(
    tiles: &Tiles<T>,
    plan: &Plan<T>,
    segments: &Segmentation,
    control: &mut Control<'_, '_>,
) -> Result<Stop> {
    let n_axes = segments.n_axes();
    let radius: Vec<i64> = plan.atom[AXES - n_axes..].to_vec();
    let n_segments = segments.n_segments() as usize;
    for index in (0..tiles.len()).filter(|index| tiles.due(*index)) {
        let mut state = tiles.tile(index);
        let [n0, n1, n2] = state.tile.shape;
        let coordinates = (0..plan.n_atoms).flat_map(|k| {
            let rows = (0..n0).flat_map(move |i| (0..n1).map(move |j| (i, j)));
            rows.flat_map(move |(i, j)| (0..n2).map(move |l| (k, [i, j, l])))
        });
        let n_coordinates = plan.n_atoms as u64 * (n0 * n1 * n2) as u64;
        let mut coordinates = coordinates.cycle();
        let mut active = vec![true; n_segments];
        let mut made = Vec::new();
        let mut iteration = 0;
        while active.contains(&true) {
            let tol = state.tolerance(plan);
            control.progress.awake = active.iter().filter(|active| **active).count() as u64;
            let wish = control.check(control.progress.visits);
            if wish != Wish::GoOn {
                return Ok(wish.stop());
            }
            let segment = (iteration % n_segments as u64) as usize;
            iteration += 1;
            control.progress.visits += 1;
            if active[segment]
                && let Some((atom, at)) = coordinates.next()
                && let visit = state.step_at(plan, tol, atom, at, &mut made)
                && visit.steps > 0
            {
                clock::found(visit.found);
                control.progress.steps += 1;
                tiles.trace.iter().for_each(|trace| trace.add_steps(1));
                made.clear();
                for touched in segments.touched_segments(&at[AXES - n_axes..], &radius)? {
                    active[touched as usize] = true;
                }
            }
            if iteration % n_coordinates == 0 {
                control.progress.sweeps += 1;
                let mut above = vec![false; n_segments];
                let mut found = Ok(());
                state.for_each_above(plan, tol, |at| match segments.find_segment(&at[AXES - n_axes..]) {
                    Ok(segment) => above[segment as usize] = true,
                    Err(error) => found = Err(error),
                });
                found?;
                active = above;
            }
        }
    }
    Ok(Stop::Converged)
}
