//! Which segments are active: the bookkeeping of a solver that lets converged segments rest.

use crate::base::error::{Error, Result};
use crate::base::wording::{index, per_axis};
use crate::grid::segmentation::{Part, Segmentation, position, row_major};

impl Segmentation {
    /// Whether segment `i_seg` is active. At first all are.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] names `i_seg`.
    pub fn is_active(&self, i_seg: i64) -> Result<bool> {
        self.check_segment("i_seg", i_seg)?;
        let (word, bit) = place(i_seg);
        Ok(self.inactive.get(word).is_none_or(|word| word & bit == 0))
    }

    /// Activates these segments and returns how many were inactive. Repeated numbers count once.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] names `segments` and the bad entry; then none has changed.
    pub fn set_active(&mut self, segments: &[i64]) -> Result<i64> {
        self.check_segments(segments)?;
        let before = self.n_inactive;
        for (index, bit) in segments.iter().map(|&i_seg| place(i_seg)) {
            if let Some(word) = self.inactive.get_mut(index) {
                self.n_inactive -= i64::from(*word & bit != 0);
                *word &= !bit;
            }
        }
        Ok(before - self.n_inactive)
    }

    /// Deactivates these segments and returns how many were active. Repeated numbers count once.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] names `segments` and the bad entry, [`Error::OutOfMemory`] says that
    /// there is no room for the record; then none has changed.
    pub fn set_inactive(&mut self, segments: &[i64]) -> Result<i64> {
        self.check_segments(segments)?;
        let Some(&last) = segments.iter().max() else {
            return Ok(0);
        };
        let words = place(last).0 + 1;
        if let Some(more) = words.checked_sub(self.inactive.len()) {
            self.inactive.try_reserve(more).map_err(|_| {
                let bytes = words as u128 * size_of::<u64>() as u128;
                Error::memory("the record of inactive segments", bytes)
            })?;
            self.inactive.resize(words, 0);
        }
        let before = self.n_inactive;
        for (index, bit) in segments.iter().map(|&i_seg| place(i_seg)) {
            let word = &mut self.inactive[index];
            self.n_inactive += i64::from(*word & bit == 0);
            *word |= bit;
        }
        Ok(self.n_inactive - before)
    }

    /// Activates all segments and returns how many were inactive.
    pub fn reset(&mut self) -> i64 {
        self.inactive.clear();
        std::mem::take(&mut self.n_inactive)
    }

    /// Number of active segments.
    pub fn n_active(&self) -> i64 {
        self.n_segments() - self.n_inactive
    }

    /// Whether at least one segment is active.
    pub fn exists_active(&self) -> bool {
        self.n_active() > 0
    }

    /// Whether the inactive segments may rest: the first of them whose inner part holds an entry
    /// of `dz` with |dz| > `tol`, or `None` if there is none.
    ///
    /// `dz` is any number of arrays of the full shape, in C order, one after another (one per atom).
    ///
    /// # Errors
    /// [`Error::InvalidShape`] names `dz` if its length is no multiple of the full shape's;
    /// [`Error::NotFinite`] names the first entry that is not finite, [`Error::InvalidArgument`] a
    /// `tol` that is negative or not finite.
    pub fn check_inactive<T>(&self, dz: &[T], tol: f64) -> Result<Option<i64>>
    where
        T: Copy + Into<f64>,
    {
        let full_shape = self.full_shape();
        let volume: i64 = full_shape.iter().product();
        let volume = volume as usize;
        if !dz.len().is_multiple_of(volume) {
            let allowed = format!("a multiple of {volume}, the number of positions of full_shape");
            return Err(Error::shape("the length of dz", dz.len(), allowed));
        }
        if !(tol >= 0.0 && tol.is_finite()) {
            return Err(Error::argument("tol", tol, "finite and at least 0"));
        }
        if let Some(i) = dz.iter().position(|&v| !v.into().is_finite()) {
            let at = position(&full_shape, (i % volume) as i64);
            let at = at.iter().map(|x| *x as usize);
            return Err(Error::NotFinite {
                argument: "dz".into(),
                index: [i / volume].into_iter().chain(at).collect(),
                value: dz[i].into(),
            });
        }
        if dz.is_empty() {
            return Ok(None);
        }
        let too_large = |at: usize| {
            let mut atoms = dz.iter().skip(at).step_by(volume);
            atoms.any(|&v| v.into().abs() > tol)
        };
        for i_seg in self.inactive_segments() {
            let bounds = self.segment_bounds(i_seg, Part::Inner)?;
            if row_major(full_shape.clone(), &bounds).any(|at| too_large(at as usize)) {
                return Ok(Some(i_seg));
            }
        }
        Ok(None)
    }

    /// Number of values of so many arrays of the full shape.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`] names `dz` if they cannot be addressed.
    pub(crate) fn values_of_atoms(&self, n_atoms: usize) -> Result<usize> {
        let sizes = self.full_shape();
        let volume: i64 = sizes.iter().product();
        let values = i128::from(volume) * n_atoms as i128;
        let addressable = usize::try_from(values).ok().filter(|values| *values <= isize::MAX as usize / 16);
        addressable.ok_or_else(|| {
            let what = format!("dz with n_atoms = {n_atoms} and full_shape = {}", per_axis(&sizes));
            Error::memory(&what, format!("8 * {values}"))
        })
    }

    fn inactive_segments(&self) -> impl Iterator<Item = i64> {
        let words = (0i64..).step_by(64).zip(&self.inactive);
        words.flat_map(|(first, word)| {
            let set = (0..64).filter(move |bit| word >> bit & 1 == 1);
            set.map(move |bit| first + bit)
        })
    }

    fn check_segments(&self, segments: &[i64]) -> Result<()> {
        let mut entries = segments.iter().enumerate();
        entries.try_for_each(|(i, &i_seg)| self.check_segment(&format!("segments{}", index(&[i])), i_seg))
    }
}

/// Word and bit of a segment in the record of inactive ones.
fn place(i_seg: i64) -> (usize, u64) {
    ((i_seg / 64) as usize, 1 << (i_seg % 64))
}
