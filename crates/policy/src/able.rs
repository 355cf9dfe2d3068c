//! Who can do an act alone, with nobody's approval: asked of the policies, for one person after the other. It is how somebody
//! finds out who could have gone around the ordinary way at a moment.

use crate::act::Act;
use crate::decide::verdict;
use crate::facts::{Facts, Subject, SubjectKind};
use crate::moment::Moment;
use crate::need::present;
use crate::people::People;
use crate::person::Person;
use crate::set::PolicySet;
use crate::standing::{BreakGlass, Exception};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Who can do an act alone on a workflow of a tier, at a moment: ids in order; who does it for another is `ben for ann`.
///
/// The act is as well formed as it can be, and nothing that is about the workflow itself is known, so that only who somebody
/// is decides.
#[must_use]
pub fn able(set: &PolicySet, people: &Arc<People>, act: Act, tier: u8, at: Moment) -> Vec<String> {
    let active = || people.all().iter().filter(|p| p.active_at(at));
    let lenders: Vec<&Person> = active().filter(|p| !p.delegates.is_empty()).collect();
    let mut found = Vec::new();
    for person in active() {
        let mut facts = facts(people, act, tier, at, &person.id);
        facts.actor = present(&facts, &person.id);
        if verdict(set, &facts) {
            found.push(person.id.clone());
            continue;
        }
        let lends = |lender: &&&Person| lender.id != person.id && can_for(set, &facts, lender);
        found.extend(lenders.iter().filter(lends).map(|lender| format!("{} for {}", person.id, lender.id)));
    }
    found.sort();
    found
}

/// Whether the actor can do it for somebody, in one of the roles that they lend.
fn can_for(set: &PolicySet, facts: &Facts, lender: &Person) -> bool {
    let roles: BTreeSet<&str> = lender.roles_at(facts.at).collect();
    let with = |authority: Option<&str>| {
        let mut there = facts.clone();
        there.actor.on_behalf_of = Some(lender.id.clone());
        there.actor.authority = authority.map(str::to_owned);
        verdict(set, &there)
    };
    with(None) || roles.into_iter().any(|role| with(Some(role)))
}

fn facts(people: &Arc<People>, act: Act, tier: u8, at: Moment, owner: &str) -> Facts {
    let name = "a workflow".to_owned();
    let exception = Exception {
        covers: vec!["tests".to_owned()],
        subject: name.clone(),
        owner: owner.to_owned(),
        compensating: "something else".to_owned(),
        from: Some(at),
        until: Some(at.plus_hours(24)),
        ..Exception::default()
    };
    let glass = BreakGlass {
        reason: "a reason".to_owned(),
        ticket: "a ticket".to_owned(),
        scope: vec![name.clone()],
        opened_by: owner.to_owned(),
        way_back: true,
        from: Some(at),
        until: Some(at.plus_hours(1)),
        ..BreakGlass::default()
    };
    Facts {
        people: people.clone(),
        at,
        subject: Subject { kind: SubjectKind::Workflow, name, tier, ..Subject::default() },
        exception: Some(exception),
        glass: Some(glass),
        ..Facts::of(act)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{self, NOW};

    fn who(act: Act, tier: u8, at: Moment) -> Vec<String> {
        able(&PolicySet::core(), &sample::people(), act, tier, at)
    }

    #[test]
    fn whoever_can_open_break_glass_or_grant_an_exception_alone_is_named() {
        assert_eq!(who(Act::OpenBreakGlass, 3, NOW), ["ivo"]);
        // Sue's limit is tier 2, and Sam lends his authority for a month; Max lends on to Pia.
        let lent = ["ann for sam", "ben for sam", "max for sam", "pia for sam", "sam"];
        assert_eq!(who(Act::GrantException, 2, NOW), [&lent[..], &["sue"]].concat());
        assert_eq!(who(Act::GrantException, 3, NOW), lent);
        assert_eq!(who(Act::GrantException, 3, NOW.plus_hours(24 * 31)), ["sam"]);
    }

    #[test]
    fn nobody_releases_alone() {
        assert_eq!(who(Act::Release, 2, NOW), [""; 0]);
    }
}
