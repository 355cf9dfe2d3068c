//! How reviews are done, over all of them: what was shown, for how long, how many at once, how many say yes, and how many
//! drills are seen through. Never a score of a person.

use crate::state::{Proposal, Review, State};
use policy::{Moment, Verdict};
use serde::Serialize;
use std::collections::BTreeMap;

/// Reviews of one person that lie closer together than this are told as bulk, in seconds.
const BULK: i64 = 60;

/// What the reviews on record come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Quality {
    /// Reviews.
    pub reviews: usize,
    /// Of these, approvals.
    pub approvals: usize,
    /// Of these, refusals.
    pub refusals: usize,
    /// Of these, wishes for rework.
    pub rework: usize,
    /// Reviews that name what the person was shown.
    pub shown: usize,
    /// Reviews for which it was measured how long was looked.
    pub timed: usize,
    /// Of those, the ones that took less than a minute.
    pub under_a_minute: usize,
    /// The median of the seconds.
    pub median_seconds: u32,
    /// Reviews that were signed with others in one go, or within a minute of another by the same person.
    pub in_bulk: usize,
    /// Proposals in which something was put for reviewers to find.
    pub drills: usize,
    /// Reviews of those that did not approve.
    pub drills_noticed: usize,
    /// Reviews of those that approved.
    pub drills_missed: usize,
    /// Times that break-glass was opened to practise.
    pub break_glass_drills: usize,
    /// When it last was.
    pub last_break_glass_drill: Option<Moment>,
}

/// What the reviews of a state come to.
#[must_use]
pub fn quality(state: &State) -> Quality {
    let all = |drill: bool| state.proposals.values().filter(move |p| p.drill == drill || !drill);
    let of = |drill: bool| all(drill).flat_map(|p: &Proposal| &p.reviews);
    let said = |drill: bool, verdict| of(drill).filter(|r| r.verdict == verdict).count();
    let approvals = |drill: bool| said(drill, Verdict::Approve);
    let mut seconds: Vec<u32> = of(false).filter_map(|r| r.looked?.seconds).collect();
    seconds.sort_unstable();
    let practised = || state.glasses.values().filter(|g| g.glass.drill);
    Quality {
        reviews: of(false).count(),
        approvals: approvals(false),
        refusals: said(false, Verdict::Refuse),
        rework: said(false, Verdict::Rework),
        shown: of(false).filter(|r| r.by.shown.as_ref().is_some_and(|s| !s.is_empty())).count(),
        timed: seconds.len(),
        under_a_minute: seconds.iter().filter(|s| **s < 60).count(),
        median_seconds: seconds.get(seconds.len() / 2).copied().unwrap_or_default(),
        in_bulk: in_bulk(of(false)),
        drills: all(true).count(),
        drills_noticed: of(true).count() - approvals(true),
        drills_missed: approvals(true),
        break_glass_drills: practised().count(),
        last_break_glass_drill: practised().filter_map(|g| g.glass.from).max(),
    }
}

fn in_bulk<'r>(reviews: impl Iterator<Item = &'r Review>) -> usize {
    let mut by: BTreeMap<&str, Vec<(i64, bool)>> = BTreeMap::new();
    for review in reviews {
        let said = review.looked.is_some_and(|l| l.at_once > 1);
        by.entry(&review.by.account).or_default().push((review.at.0, said));
    }
    let near = |a: Option<&(i64, bool)>, b: i64| a.is_some_and(|(a, _)| a.abs_diff(b) < BULK.unsigned_abs());
    let mut count = 0;
    for times in by.values_mut() {
        times.sort_unstable();
        for (i, (at, said)) in times.iter().enumerate() {
            let before = i.checked_sub(1).and_then(|i| times.get(i));
            count += usize::from(*said || near(before, *at) || near(times.get(i + 1), *at));
        }
    }
    count
}
