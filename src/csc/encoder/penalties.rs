//! Factors of λ for each coefficient: the caller's, taken to the tiles.

use crate::base::error::Result;
use crate::csc::descent::exchange::{Exchange, Window};
use crate::csc::descent::tile::{Factors, Plan, penalised};
use crate::csc::encoder::factors::{Penalties, check};
use crate::csc::encoder::placed::Placed;
use crate::grid::point::{AXES, Point};
use crate::linalg::{Field, Real};
use crate::ranks::alike::{Alike, fails_unless_alike};

impl<T: Real> Placed<T> {
    /// Collective: λ is multiplied by these from now on, of which each rank brings a block, or by 1.
    pub(super) fn set_penalties(&mut self, plan: &Plan<T>, penalties: Option<&Field<'_, T>>) -> Result<()> {
        let (valid, n_atoms) = (self.shape().valid(), self.shape().n_atoms);
        let n = self.shape().n_signals * n_atoms;
        let fits = penalties.map_or(Ok(()), |p| {
            self.check_block("penalties", p.channels.len(), n, p.block(), valid)?;
            check(p, self.shape())
        });
        self.ranks().agree(fits)?;
        let text = if penalties.is_some() { "given" } else { "not given" };
        let given = Alike { argument: "penalties".into(), number: penalties.is_some().into(), text: text.into() };
        fails_unless_alike(&**self.ranks(), &[given])?;
        let Some(penalties) = penalties else {
            self.states().for_each(|mut state| penalised::set(&mut state, None));
            self.note_penalties(None);
            return Ok(());
        };
        let blocks = self.gather_blocks(&penalties.block())?;
        self.settle("the blocks of penalties", &blocks, valid)?;
        let mut taken = self.ranks().agree(Window::new(self.region(), n))?;
        let exchange = Exchange::new(self.ranks().rank(), &blocks, self.regions(), &[0; AXES]);
        let moved = exchange.run(&self.tiles().halo, penalties, &mut taken);
        self.ranks().agree(moved)?;
        let field = taken.fields(0, n);
        let made = self.states().map(|state| {
            let (origin, first) = (state.tile.origin, state.tile.signal * n_atoms);
            let of = |atom: usize, at: Point| {
                let at = std::array::from_fn(|a| at[a] + origin[a] - field.origin[a]);
                field.channels[first + atom][field.layout.index(at)]
            };
            Factors::new(plan, &state.tile, &of)
        });
        let made: Result<Vec<_>> = made.collect();
        let made = self.ranks().agree(made)?;
        let found = self.penalties_of(&field)?;
        self.states().zip(made).for_each(|(mut state, made)| penalised::set(&mut state, made));
        self.note_penalties(Some(found));
        Ok(())
    }

    /// Collective: what there is in the fields of all ranks.
    fn penalties_of(&self, field: &Field<'_, T>) -> Result<Penalties> {
        let n_atoms = self.shape().n_atoms;
        let mut found = vec![0.0; n_atoms + 1];
        for (channel, data) in field.channels.iter().enumerate() {
            for factor in data.iter().map(|factor| factor.wide()) {
                let (to, value) = match factor {
                    0.0 => (n_atoms, 1.0),
                    factor => (channel % n_atoms, 1.0 / factor),
                };
                found[to] = f64::max(found[to], value);
            }
        }
        let mut steepness = self.ranks().largest(&found)?;
        let any_free = steepness.pop() == Some(1.0);
        Ok(Penalties { steepness, any_free })
    }
}
