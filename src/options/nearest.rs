//! What somebody meant who asked for a key that there is not: one that is near, or ours under the name that another
//! package has for it.

use crate::base::wording::by_language;
use crate::options::aliases::{Alias, Ours};

/// The end of the message about a key that there is not; nothing if none is near.
pub(crate) fn hint(key: &str, keys: impl Iterator<Item = &'static str> + Clone, aliases: &[Alias]) -> String {
    let mut meant = key.trim().to_lowercase();
    meant = meant.replace(['-', ' ', '.'], "_");
    let named = |name: &str| aliases.iter().find(|alias| alias.names.contains(&name));
    let of_learning = format!("learn_{meant}");
    if let Some(alias) = named(&meant) {
        return answer(&alias.ours);
    }
    if let Some(key) = keys.clone().find(|key| *key == meant || *key == of_learning) {
        return answer(&Ours::Key(key));
    }
    let names = aliases.iter().flat_map(|alias| {
        let names = alias.names.iter();
        names.map(move |name| (*name, Some(&alias.ours)))
    });
    let own = keys.map(|key| (key, None));
    let near = own.chain(names).filter_map(|(name, ours)| {
        // One slip in three letters, three at most; a word of two letters is near to nothing.
        let longest = name.chars().count().max(meant.chars().count());
        let slips = strsim::osa_distance(name, &meant);
        (slips <= (longest / 3).min(3) && name.len() > 2 && meant.len() > 2).then_some((slips, name, ours))
    });
    match near.min_by_key(|(slips, ..)| *slips) {
        Some((_, name, None)) => format!("; did you mean \"{name}\"?"),
        Some((_, _, Some(ours))) => answer(ours),
        None => String::new(),
    }
}

fn answer(ours: &Ours) -> String {
    match ours {
        Ours::Key(key) => format!("; did you mean \"{key}\"?"),
        Ours::Either(one, other) => format!("; did you mean \"{one}\" or \"{other}\"?"),
        Ours::Elsewhere([c, fortran, julia]) => {
            format!(": {}", by_language(c, fortran, julia))
        }
    }
}
