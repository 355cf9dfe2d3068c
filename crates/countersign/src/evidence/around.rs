//! Who could have gone around the control on a day: the policies and the directory that were in force are asked, for one person
//! after the other. Whoever needs an approval is not among them.

use crate::book::basis;
use evidence::{Opened, ground};
use ledger::clean;
use policy::{Act, Moment, People, Period, PolicySet};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

/// The seconds of a day.
const DAY: i64 = 86_400;

/// Who could do alone, at some moment of a day, what leaves the ordinary way. All of it is on record.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Around {
    /// Open break-glass, on a workflow of any tier.
    open_break_glass: BTreeSet<String>,
    /// Grant an exception on a workflow of tier 3, and so of every tier.
    grant_exceptions: BTreeSet<String>,
    /// Grant one up to tier 2 only.
    grant_exceptions_to_tier_2: BTreeSet<String>,
}

impl fmt::Display for Around {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |of: &BTreeSet<String>| {
            let all: Vec<String> = of.iter().map(|name| clean(name)).collect();
            if all.is_empty() { "nobody".to_owned() } else { all.join(", ") }
        };
        write!(f, "open break-glass: {}; ", list(&self.open_break_glass))?;
        write!(f, "grant exceptions: {}; ", list(&self.grant_exceptions))?;
        write!(f, "up to tier 2: {}", list(&self.grant_exceptions_to_tier_2))
    }
}

impl Around {
    fn at(set: &PolicySet, people: &Arc<People>, moments: &[Moment]) -> Self {
        let who = |act, tier| {
            moments.iter().flat_map(|at| policy::able(set, people, act, tier, *at)).collect::<BTreeSet<_>>()
        };
        let (to_3, to_2) = (who(Act::GrantException, 3), who(Act::GrantException, 2));
        Around {
            open_break_glass: who(Act::OpenBreakGlass, 3),
            grant_exceptions_to_tier_2: to_2.difference(&to_3).cloned().collect(),
            grant_exceptions: to_3,
        }
    }
}

/// People, and the moments at which somebody's authority begins or ends.
type Directory = (Arc<People>, BTreeSet<Moment>);

/// Policies and people by the entries that put them in use, with the days on which somebody's authority begins or ends.
pub(super) struct Able {
    sets: BTreeMap<u64, Option<PolicySet>>,
    people: BTreeMap<u64, Option<Directory>>,
    /// What was found last, for which entries: it holds until somebody's authority changes.
    last: Option<(Option<u64>, u64, Around)>,
}

impl Able {
    pub(super) fn of(entries: &[Opened]) -> Self {
        let (mut sets, mut people) = (BTreeMap::new(), BTreeMap::new());
        for opened in entries {
            let seq = opened.entry.place.seq;
            match ground(opened) {
                Some("change-policy") => drop(sets.insert(seq, basis::policies(opened).ok())),
                // A directory of which a part was erased says too little.
                Some(_) => {
                    let whole = basis::people(opened).ok().filter(|(_, whole)| *whole);
                    people.insert(
                        seq,
                        whole.map(|(all, _)| {
                            let borders = borders(&all);
                            (Arc::new(all), borders)
                        }),
                    );
                }
                None => {}
            }
        }
        Able { sets, people, last: None }
    }

    /// Who could on a day (a number since 1970), with what these entries put in use.
    pub(super) fn on(&mut self, day: u64, policy: Option<u64>, people: Option<u64>) -> Option<Around> {
        let (number, directory) = (people?, self.people.get(&people?)?.as_ref()?);
        let core = PolicySet::core();
        let set = match policy {
            None => &core,
            Some(seq) => self.sets.get(&seq)?.as_ref()?,
        };
        let from = i64::try_from(day).ok()?.checked_mul(DAY)?;
        let within: Vec<Moment> = directory.1.range(Moment(from)..Moment(from + DAY)).copied().collect();
        let same =
            |(p, d, _): &&(Option<u64>, u64, Around)| (*p, *d) == (policy, number) && within.is_empty();
        if let Some((.., known)) = self.last.as_ref().filter(same) {
            return Some(known.clone());
        }
        let moments = [vec![Moment(from)], within.clone()].concat();
        let found = Around::at(set, &directory.0, &moments);
        // After a day on which something ended, it is asked again.
        self.last = within.is_empty().then(|| (policy, number, found.clone()));
        Some(found)
    }
}

/// The moments at which somebody's authority begins or ends.
fn borders(people: &People) -> BTreeSet<Moment> {
    let ends = |period: Period| period.from.into_iter().chain(period.until);
    let of = |p: &policy::Person| {
        let roles: Vec<Moment> = p.roles.iter().flat_map(|r| ends(r.period)).collect();
        let lent: Vec<Moment> = p.delegates.iter().flat_map(|d| ends(d.period())).collect();
        roles.into_iter().chain(lent).chain(p.ends).collect::<Vec<_>>()
    };
    people.all().iter().flat_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use evidence::BASIS;
    use ledger::commitment::Opening;
    use ledger::entry::Place;
    use serde_json::json;

    const PEOPLE: &str = "[
        {\"id\": \"ivo\", \"roles\": [{\"role\": \"break-glass\", \"from\": \"1970-01-02T12:00:00Z\", \"until\": \"1970-01-03T01:00:00Z\"}]},
        {\"id\": \"sam\", \"roles\": [\"security-approver\"], \"exception-limit\": 2}
    ]";

    fn put_in_use(seq: u64, of: &str, values: &[(&str, serde_json::Value)], commitments: &[&str]) -> Opened {
        let opening = |(name, value): &(&str, serde_json::Value)| {
            let opening = Opening { name: (*name).to_owned(), salt: [0; 32], value: value.clone() };
            ((*name).to_owned(), opening)
        };
        let entry = ledger::Entry {
            kind: BASIS.to_owned(),
            source: "gate".to_owned(),
            place: Place { seq, source_seq: seq, time: 0 },
            body: json!({ "of": of }),
            commitments: commitments.iter().map(|n| ((*n).to_owned(), [0; 32])).collect(),
            evidence: Vec::new(),
        };
        Opened { entry, act: None, openings: values.iter().map(opening).collect() }
    }

    fn on(able: &mut Able, day: u64) -> [Vec<String>; 3] {
        let found = able.on(day, Some(1), Some(0)).unwrap();
        [found.open_break_glass, found.grant_exceptions, found.grant_exceptions_to_tier_2]
            .map(|s| s.into_iter().collect())
    }

    #[test]
    fn who_could_is_asked_for_every_moment_at_which_authority_changes() {
        let people: serde_json::Value = serde_json::from_str(PEOPLE).unwrap();
        let entries = [
            put_in_use(0, "people", &[("people-000", people)], &["people-000"]),
            put_in_use(1, "policy", &[("content", json!({}))], &["content"]),
        ];
        let mut able = Able::of(&entries);
        let nobody = Vec::<String>::new;
        let sam = || vec!["sam".to_owned()];
        let days: Vec<_> = (0..4).map(|day| on(&mut able, day)).collect();
        assert_eq!(days[0], [nobody(), nobody(), sam()]);
        assert_eq!(days[1], [vec!["ivo".to_owned()], nobody(), sam()], "from noon on");
        assert_eq!(days[2], days[1], "until one o'clock");
        assert_eq!(days[3], days[0]);
        // Without the values nothing is said, also not where a part of the people was erased.
        assert_eq!(Able::of(&[]).on(0, Some(1), Some(0)), None);
        let part =
            put_in_use(0, "people", &[("people-000", json!([{"id": "sam"}]))], &["people-000", "people-001"]);
        assert_eq!(Able::of(&[part, entries[1].clone()]).on(0, Some(1), Some(0)), None);
    }
}
