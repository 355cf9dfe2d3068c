//! Which answers change when the policy changes: over given cases, sorted by what changes and why.

use crate::act::Act;
use crate::decide::answer;
use crate::facts::Facts;
use crate::set::PolicySet;
use serde::Serialize;
use std::collections::BTreeMap;

/// One kind of change: acts of one kind that change their answer, or its reasons, in the same way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The act.
    pub act: Act,
    /// Whether it was allowed.
    pub was: bool,
    /// Whether it is allowed now.
    pub is: bool,
    /// The policies that decided and no longer do.
    pub gone: Vec<String>,
    /// The policies that decide now and did not.
    pub new: Vec<String>,
    /// How many cases change so.
    pub cases: usize,
    /// The first of them.
    pub first: String,
    /// What is said of the first of them now.
    pub says: Vec<String>,
}

/// What changes of one kind have in common: whether the answer stays, what it was, the act, the policies gone and new.
type Kind = (bool, bool, Act, Vec<String>, Vec<String>);

/// What changes over all cases, those that are allowed now and were not first.
pub fn compare(
    old: &PolicySet,
    new: &PolicySet,
    cases: impl Iterator<Item = (String, Facts)>,
) -> Vec<Change> {
    let mut found: BTreeMap<Kind, Change> = BTreeMap::new();
    for (name, facts) in cases {
        let (before, after) = (answer(old, &facts), answer(new, &facts));
        let (gone, come) = (only_in(&before, &after), only_in(&after, &before));
        if before.verdict == after.verdict
            && gone.is_empty()
            && come.is_empty()
            && before.errors == after.errors
        {
            continue;
        }
        let key = (after.verdict == before.verdict, before.verdict, facts.act, gone.clone(), come.clone());
        let change = found.entry(key).or_insert_with(|| Change {
            act: facts.act,
            was: before.verdict,
            is: after.verdict,
            gone,
            new: come,
            cases: 0,
            first: name,
            says: after
                .because
                .iter()
                .map(|b| b.reason.clone())
                .chain(after.errors.iter().cloned())
                .collect(),
        });
        change.cases += 1;
    }
    found.into_values().collect()
}

fn only_in(these: &crate::Decision, those: &crate::Decision) -> Vec<String> {
    let in_those = |id: &str| those.because.iter().any(|b| b.policy == id);
    these.because.iter().map(|b| &b.policy).filter(|id| !in_those(id)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    fn cases() -> impl Iterator<Item = (String, Facts)> {
        (0..400).map(|n| (format!("case {n}"), sample::case(n)))
    }

    #[test]
    fn nothing_changes_between_a_set_and_itself() {
        assert_eq!(compare(&PolicySet::core(), &PolicySet::core(), cases()), []);
    }

    #[test]
    fn a_policy_that_goes_lets_acts_pass_and_is_named() {
        let changes = compare(&PolicySet::core(), &PolicySet::core_without("peer-approval"), cases());
        let opened: Vec<&Change> = changes.iter().filter(|c| !c.was && c.is).collect();
        assert!(!opened.is_empty());
        assert!(opened.iter().all(|c| c.act == Act::Release && c.gone == ["peer-approval"]), "{opened:?}");
        assert!(changes.first().is_some_and(|c| c.is != c.was), "what changes its answer stands first");
        assert!(changes.iter().all(|c| !c.was || c.is), "nothing is denied that was allowed");
    }
}
