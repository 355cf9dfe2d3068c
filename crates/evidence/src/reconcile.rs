//! Reconciliation: what somebody else recorded (a platform's executions, a target's audit, a repository's history) held
//! against what the ledger has. A log proves that nothing was taken out; this shows what was never put in.

use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Something that was recorded, by one side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Recorded {
    /// The name by which both sides know it.
    pub id: String,
    /// Where it stands: a line of a file, an entry.
    pub place: String,
    /// What is recorded of it.
    pub facts: BTreeMap<String, String>,
}

/// What the comparison came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Reconciled {
    /// How many stand in both, and agree in all that both say.
    pub agree: usize,
    /// In how many of these only one side says something that was to be compared.
    pub partly: usize,
    /// What they recorded and the ledger has not.
    pub missing: Vec<Recorded>,
    /// What the ledger has and they did not record.
    pub extra: Vec<Recorded>,
    /// What stands in both with different facts, in words.
    pub altered: Vec<String>,
    /// What one side has more than once, in words.
    pub repeated: Vec<String>,
}

impl Reconciled {
    /// Whether both sides say the same.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.missing.is_empty()
            && self.extra.is_empty()
            && self.altered.is_empty()
            && self.repeated.is_empty()
    }
}

/// Compares what they recorded with what the ledger has.
#[must_use]
pub fn reconcile(theirs: &[Recorded], ours: &[Recorded]) -> Reconciled {
    let mut out = Reconciled::default();
    let (they, we) = (by_id(theirs, "they", &mut out), by_id(ours, "the ledger", &mut out));
    let ids: BTreeSet<&str> = they.keys().chain(we.keys()).copied().collect();
    for id in ids {
        match (they.get(id), we.get(id)) {
            (Some(a), Some(b)) => {
                let told = differences(a, b);
                out.agree += usize::from(told.is_empty());
                out.partly += usize::from(told.is_empty() && !a.facts.keys().eq(b.facts.keys()));
                out.altered.extend(told);
            }
            (Some(a), None) => out.missing.push((*a).clone()),
            (None, Some(b)) => out.extra.push((*b).clone()),
            (None, None) => {}
        }
    }
    out
}

fn by_id<'r>(all: &'r [Recorded], side: &str, out: &mut Reconciled) -> BTreeMap<&'r str, &'r Recorded> {
    let mut map: BTreeMap<&str, &Recorded> = BTreeMap::new();
    for recorded in all {
        if let Some(other) = map.insert(&recorded.id, recorded) {
            let told =
                format!("{side}: `{}` stands at {} and at {}", recorded.id, other.place, recorded.place);
            out.repeated.push(told);
        }
    }
    map
}

fn differences(they: &Recorded, we: &Recorded) -> Vec<String> {
    let both = they.facts.iter().filter_map(|(name, a)| Some((name, a, we.facts.get(name)?)));
    let differ = both.filter(|(_, a, b)| a != b);
    let told = |(name, a, b): (&String, &String, &String)| {
        format!("`{}`: {name} is `{a}` at {}, and `{b}` at {}", they.id, they.place, we.place)
    };
    differ.map(told).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded(id: &str, place: &str, status: &str) -> Recorded {
        let facts = BTreeMap::from([("status".to_owned(), status.to_owned())]);
        Recorded { id: id.to_owned(), place: place.to_owned(), facts }
    }

    #[test]
    fn missing_extra_altered_and_repeated_are_named() {
        let theirs = ["a", "b", "c", "c"].map(|id| recorded(id, "line 1", "ok"));
        let ours = [
            recorded("a", "entry 1", "ok"),
            recorded("b", "entry 2", "failed"),
            recorded("d", "entry 3", "ok"),
        ];
        let found = reconcile(&theirs, &ours);
        assert_eq!((found.agree, found.missing[0].id.as_str(), found.extra[0].id.as_str()), (1, "c", "d"));
        assert_eq!(found.altered, ["`b`: status is `ok` at line 1, and `failed` at entry 2"]);
        assert_eq!(found.repeated, ["they: `c` stands at line 1 and at line 1"]);
        let silent = Recorded { facts: BTreeMap::new(), ..recorded("a", "entry 1", "") };
        let found_partly = reconcile(&theirs[..1], &[silent]);
        assert_eq!((found_partly.agree, found_partly.partly, found.partly), (1, 1, 0));
        assert!(!found.holds() && reconcile(&theirs[..2], &theirs[..2]).holds());
    }
}
