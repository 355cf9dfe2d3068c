//! How reviews are done, over all of them: never a score of a person.

use crate::state::State;
use policy::Verdict;
use serde::Serialize;

/// What the reviews on record come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Quality {
    /// Reviews.
    pub reviews: usize,
    /// Of these, approvals.
    pub approvals: usize,
    /// Of these, refusals and wishes for rework.
    pub refusals: usize,
    /// Reviews for which it was measured how long was looked.
    pub timed: usize,
    /// Of those, the ones that took less than a minute.
    pub under_a_minute: usize,
    /// The median of the seconds.
    pub median_seconds: u32,
    /// Reviews that were signed together with others in one go.
    pub in_bulk: usize,
}

/// What the reviews of a state come to.
#[must_use]
pub fn quality(state: &State) -> Quality {
    let reviews: Vec<_> = state.proposals.values().flat_map(|p| &p.reviews).collect();
    let mut seconds: Vec<u32> = reviews.iter().filter_map(|r| r.looked?.seconds).collect();
    seconds.sort_unstable();
    let approvals = reviews.iter().filter(|r| r.verdict == Verdict::Approve).count();
    Quality {
        reviews: reviews.len(),
        approvals,
        refusals: reviews.len() - approvals,
        timed: seconds.len(),
        under_a_minute: seconds.iter().filter(|s| **s < 60).count(),
        median_seconds: seconds.get(seconds.len() / 2).copied().unwrap_or_default(),
        in_bulk: reviews.iter().filter(|r| r.looked.is_some_and(|l| l.at_once > 1)).count(),
    }
}
