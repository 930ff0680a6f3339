//! Where the tiles along an axis begin: a rule, so that it takes no more room on a long axis than on a short one.

/// Where the intervals of an axis begin, and the end of the last.
#[derive(Clone, Debug)]
pub(super) enum Cuts {
    /// `count` intervals of `groups` groups in all, as equal as can be; the domain may cut the last group.
    Even { groups: i64, count: i64, group: i64, end: i64 },
    /// One by one, and the end.
    Listed(Vec<i64>),
}

/// a·b / c, rounded down.
fn part(a: i64, b: i64, c: i64) -> i64 {
    match a.checked_mul(b) {
        Some(product) => product / c,
        None => (i128::from(a) * i128::from(b) / i128::from(c)) as i64,
    }
}

impl Cuts {
    /// Number of intervals.
    pub(super) fn count(&self) -> usize {
        match self {
            Cuts::Even { count, .. } => *count as usize,
            Cuts::Listed(cuts) => cuts.len() - 1,
        }
    }

    /// Where an interval begins; behind the last one, the end.
    pub(super) fn at(&self, i: usize) -> i64 {
        match self {
            Cuts::Even { count, end, .. } if i as i64 == *count => *end,
            Cuts::Even { groups, count, group, .. } => part(*groups, i as i64, *count) * group,
            Cuts::Listed(cuts) => cuts[i],
        }
    }

    pub(super) fn end(&self) -> i64 {
        self.at(self.count())
    }

    /// The interval that holds a position of the domain.
    pub(super) fn find(&self, at: i64) -> usize {
        let last = self.count() - 1;
        let mut i = match self {
            Cuts::Listed(cuts) => return cuts[1..last + 1].partition_point(|start| *start <= at),
            Cuts::Even { groups, count, group, .. } => (part(at / group, *count, *groups).max(0) as usize).min(last),
        };
        while i < last && self.at(i + 1) <= at {
            i += 1;
        }
        while i > 0 && self.at(i) > at {
            i -= 1;
        }
        i
    }

    /// The intervals that meet the positions from `low` to `high`, both included.
    pub(super) fn meeting(&self, low: i64, high: i64) -> std::ops::Range<usize> {
        let end = self.end();
        if low >= end || high < 0 {
            return 0..0;
        }
        self.find(low.max(0))..self.find(high.min(end - 1)) + 1
    }

    /// How many intervals have their middle before a position.
    pub(super) fn middles_before(&self, at: i64) -> usize {
        let (mut from, mut to) = (0, self.count());
        while from < to {
            let i = (from + to) / 2;
            match (self.at(i) + self.at(i + 1)) / 2 < at {
                true => from = i + 1,
                false => to = i,
            }
        }
        from
    }

    /// The most groups of such a length in an interval, a part of one counted as one.
    pub(super) fn most_groups(&self, group: i64) -> i64 {
        match self {
            Cuts::Even { groups, count, .. } => (groups + count - 1) / count,
            Cuts::Listed(cuts) => cuts.windows(2).map(|cut| (cut[1] - cut[0] + group - 1) / group).fold(0, i64::max),
        }
    }

    /// All of them.
    pub(super) fn list(&self) -> Vec<i64> {
        (0..=self.count()).map(|i| self.at(i)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_rule_says_what_the_list_says(groups in 1i64..200, share in 1i64..200, group in 1i64..9, short in 0i64..9) {
            let (count, end) = (share.min(groups), groups * group - short.min(group - 1));
            let rule = Cuts::Even { groups, count, group, end };
            let mut list: Vec<i64> = (0..count).map(|i| groups * i / count * group).collect();
            list.push(end);
            prop_assert_eq!(&rule.list(), &list);
            let listed = Cuts::Listed(list);
            prop_assert_eq!(rule.count(), listed.count());
            prop_assert_eq!(rule.most_groups(group), listed.most_groups(group));
            for at in 0..end {
                let i = listed.find(at);
                prop_assert!(listed.at(i) <= at && at < listed.at(i + 1));
                prop_assert_eq!(rule.find(at), i);
                prop_assert_eq!(rule.middles_before(at), listed.middles_before(at));
                let meet = |high| (0..rule.count()).filter(|i| rule.at(*i) <= high && rule.at(i + 1) > at - 3).collect::<Vec<_>>();
                prop_assert_eq!(rule.meeting(at - 3, at + 5).collect::<Vec<_>>(), meet(at + 5));
            }
            prop_assert!(rule.meeting(end, end + 9).is_empty() && rule.meeting(-9, -1).is_empty());
        }
    }

    #[test]
    fn an_axis_of_2_to_the_40_takes_no_room() {
        let long = 1 << 40;
        for (group, count) in [(16, 1 << 31), (64, (1 << 34) - 7), (1, 1 << 40), (1, (1 << 40) - 3)] {
            let rule = Cuts::Even { groups: (long + group - 1) / group, count, group, end: long };
            for i in [0, 1, 2, count / 3, count / 2 + 1, count - 2, count - 1].map(|i| i as usize) {
                let (from, to) = (rule.at(i), rule.at(i + 1));
                assert!(0 <= from && from < to && to <= long && to - from <= rule.most_groups(group) * group);
                assert_eq!((rule.find(from), rule.find(to - 1)), (i, i));
                assert_eq!((rule.middles_before(from), rule.middles_before(to)), (i, i + 1));
                assert_eq!(rule.meeting(from, to - 1), i..i + 1);
            }
            assert_eq!(rule.at(count as usize), long);
        }
    }
}
