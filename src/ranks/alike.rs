//! What the ranks have to bring alike, and what to say when they do not.

use crate::base::error::{Error, Result};
use crate::ranks::{Reduce, Transport};

/// Values that are listed one by one; more are counted.
const LISTED: usize = 4;

/// An argument that has to be the same on every rank.
pub(crate) struct Alike {
    /// Its name.
    pub(crate) argument: String,
    /// A number that differs where the argument does, with next to no doubt; not the least of all.
    pub(crate) number: i64,
    /// What people read; nothing if it is too large for that.
    pub(crate) text: String,
}

/// Collective: fails unless all ranks came with the same, and names the first thing that differs.
pub(crate) fn fails_unless_alike(ranks: &dyn Transport, arguments: &[Alike]) -> Result<()> {
    let numbers = arguments.iter().flat_map(|a| [a.number, -a.number]);
    let numbers: Vec<_> = numbers.collect();
    let most = ranks.reduce(Reduce::Max, &numbers)?;
    for (pair, a) in most.chunks_exact(2).zip(arguments) {
        if pair[0] != -pair[1] {
            return Err(differing(ranks, &a.argument, a.number, &a.text));
        }
    }
    Ok(())
}

/// Collective, when an argument is known to differ: the error that says which rank has which value.
pub(crate) fn differing(ranks: &dyn Transport, argument: &str, number: i64, text: &str) -> Error {
    match described(ranks, number, text) {
        Ok(value) => Error::argument(argument, value, "the same on every rank"),
        Err(error) => error,
    }
}

fn described(ranks: &dyn Transport, number: i64, text: &str) -> Result<String> {
    let mut groups: Vec<(i64, Vec<usize>)> = Vec::new();
    for (rank, number) in ranks.all_gather(&[number])?.into_iter().enumerate() {
        match groups.iter_mut().find(|group| group.0 == number) {
            Some(group) => group.1.push(rank),
            None => groups.push((number, vec![rank])),
        }
    }
    let mut parts = Vec::new();
    for (at, (_, of)) in groups.iter().take(LISTED).enumerate() {
        let mut bytes = match of[0] == ranks.rank() {
            true => text.as_bytes().to_vec(),
            false => Vec::new(),
        };
        ranks.broadcast(of[0], &mut bytes)?;
        let value = match (String::from_utf8_lossy(&bytes), at) {
            (text, _) if !text.is_empty() => text.into_owned(),
            (_, 0) => "one".into(),
            (_, _) => "another".into(),
        };
        parts.push(format!("{value} on {}", listed(of)));
    }
    if groups.len() > LISTED {
        parts.push(format!("and {} more", groups.len() - LISTED));
    }
    Ok(parts.join(", "))
}

/// "rank 3", "ranks 0-2 and 5": ranks in order.
fn listed(ranks: &[usize]) -> String {
    let mut ranges: Vec<(usize, usize)> = Vec::new();
    for rank in ranks {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == *rank => *last = *rank,
            _ => ranges.push((*rank, *rank)),
        }
    }
    let ranges = ranges.iter().flat_map(|(first, last)| match last - first {
        0 | 1 => (*first..=*last).map(|rank| rank.to_string()).collect(),
        _ => vec![format!("{first}-{last}")],
    });
    let ranges: Vec<String> = ranges.collect();
    let word = if ranks.len() == 1 { "rank" } else { "ranks" };
    match ranges.split_last() {
        Some((last, [])) => format!("{word} {last}"),
        Some((last, before)) => format!("{word} {} and {last}", before.join(", ")),
        None => "no rank".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ranks::local::{Local, Weather};

    #[test]
    fn ranks_are_listed_like_a_sentence() {
        for (ranks, text) in [
            (&[3][..], "rank 3"),
            (&[0, 1], "ranks 0 and 1"),
            (&[0, 1, 2, 5], "ranks 0-2 and 5"),
            (&[0, 2, 3], "ranks 0, 2 and 3"),
            (&[0, 2, 4, 5, 6], "ranks 0, 2 and 4-6"),
        ] {
            assert_eq!(listed(ranks), text);
        }
    }

    #[test]
    fn values_that_differ_are_named_with_their_ranks() {
        let texts = |values: &'static [i64], named: bool| {
            let results = Local::run(values.len(), Weather::default(), |ranks| {
                let number = values[ranks.rank()];
                let alike = Alike {
                    argument: "a".into(),
                    number,
                    text: if named { number.to_string() } else { String::new() },
                };
                fails_unless_alike(&*ranks, &[alike])
            });
            let texts = results.into_iter().map(|r| r.unwrap().unwrap_err().to_string());
            let texts: Vec<String> = texts.collect();
            assert!(texts.iter().all(|text| *text == texts[0]), "{texts:?}");
            texts[0].clone()
        };
        let same = "a must be the same on every rank, is ";
        assert_eq!(texts(&[1, 1, 1, 2], true), format!("{same}1 on ranks 0-2, 2 on rank 3"));
        assert_eq!(texts(&[5, 7, 5], false), format!("{same}one on ranks 0 and 2, another on rank 1"));
        assert_eq!(
            texts(&[1, 2, 3, 4, 5, 6], true),
            format!("{same}1 on rank 0, 2 on rank 1, 3 on rank 2, 4 on rank 3, and 2 more")
        );
    }
}
