//! Does the policy look at the context where it matters? Pairs of cases that differ in one thing are decided with everything
//! else the same; a thing that never changes an answer is ignored by the route.

use crate::act::Act;
use crate::decide::answer;
use crate::facts::{AiMark, Criticality, Facts, FindingFact, IdentityKind};
use crate::sample;
use crate::set::PolicySet;
use serde::Serialize;

/// Something that a release may depend on, and does not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ignored {
    /// What (`criticality`, `environment`).
    pub what: &'static str,
    /// Whether it matters to every organisation, or only to those that say so.
    pub serious: bool,
    /// What that means, and what to write.
    pub message: String,
}

/// A thing: its name, what it means to ignore it, whether that is serious, and how a case gets more of it.
type Probe = (&'static str, &'static str, bool, fn(&mut Facts));

const PROBES: [Probe; 10] = [
    ("tier", "tier 3 is released like tier 2", true, |f| f.subject.tier = 3),
    ("criticality", "a critical system is treated like a lesser one", true, |f| {
        f.subject.systems.iter_mut().for_each(|s| s.criticality = Criticality::Critical);
    }),
    ("privilege", "an administrator's entitlement is treated like any other", true, |f| {
        f.subject.entitlements.iter_mut().for_each(|e| e.privileged = true);
        f.subject.systems.iter_mut().for_each(|s| s.criticality = Criticality::Critical);
    }),
    ("identities", "people from outside are treated like employees", true, |f| {
        f.subject.tier = 3;
        f.subject.identities.push(IdentityKind::Contractor);
    }),
    (
        "cross-domain",
        "what goes from one security domain to another is treated like what stays in one",
        true,
        |f| {
            f.subject.cross_domain = true;
        },
    ),
    ("agents", "what an agent made is treated like what people made", true, |f| f.ai = AiMark::Made),
    ("emergency", "a roll-back waits for the same approvals in an emergency", true, |f| {
        f.act = Act::RollBack;
        f.actor.account = "ivo".to_owned();
    }),
    ("environment", "every environment is treated alike", false, |f| f.environment = "another".to_owned()),
    ("weekday", "every day of the week is treated alike", false, |f| f.at = f.at.plus_hours(24 * 3)),
    ("date", "every day of the year is treated alike", false, |f| f.at = f.at.plus_hours(24 * 28)),
];

/// Approvals that a case may have: nobody's, and more and more people's.
const APPROVED: [&[&str]; 6] =
    [&[], &["ben"], &["sam"], &["ben", "sam"], &["ben", "sam", "sue"], &["ben", "sam", "olga"]];

/// What the set ignores of what a release may depend on.
#[must_use]
pub fn ignored(set: &PolicySet) -> Vec<Ignored> {
    let unnoticed = PROBES.iter().filter(|(what, _, _, more)| !matters(set, what, *more));
    let told = unnoticed.map(|(what, means, serious, _)| Ignored {
        what,
        serious: *serious,
        message: format!("a release does not depend on the {what}: {means}"),
    });
    told.collect()
}

/// Whether any answer changes.
fn matters(set: &PolicySet, what: &str, more: fn(&mut Facts)) -> bool {
    APPROVED.iter().any(|approved| {
        let (less, more) = pair(what, approved, more);
        let (less, more) = (answer(set, &less), answer(set, &more));
        less.verdict != more.verdict || ids(&less) != ids(&more)
    })
}

fn ids(decision: &crate::Decision) -> Vec<&str> {
    decision.because.iter().map(|b| b.policy.as_str()).collect()
}

/// Two cases that differ in one thing. Evidence is given for each at its own moment, so that its age is the same.
fn pair(what: &str, approved: &[&str], more: fn(&mut Facts)) -> (Facts, Facts) {
    let mut less = sample::ready(Act::Release);
    less.approvals = approved.iter().map(|a| sample::approval(a)).collect();
    if matches!(what, "tier" | "criticality") {
        let severity = workflow::Severity::High;
        less.findings.push(FindingFact { rule: "unapproved-change".into(), severity, step: String::new() });
    }
    let mut with = less.clone();
    more(&mut with);
    match what {
        "identities" => less.subject.tier = 3,
        "privilege" => less.subject.systems.clone_from(&with.subject.systems),
        "agents" => {
            [&mut less, &mut with].into_iter().for_each(|f| f.tests.iter_mut().for_each(|t| t.mutation = 100))
        }
        "emergency" => {
            (less.act, less.actor) = (with.act, with.actor.clone());
            with.break_glass = with.glass.iter().cloned().collect();
        }
        _ => {}
    }
    let hours = with.at.hours_since(less.at);
    with.tests.iter_mut().for_each(|t| t.at = t.at.plus_hours(hours));
    with.credentials.iter_mut().for_each(|c| c.rotation_due = c.rotation_due.map(|d| d.plus_hours(hours)));
    (less, with)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Source;

    fn words(text: &str) -> Vec<&'static str> {
        let own = Source { file: "own.cedar".to_owned(), text: text.to_owned() };
        ignored(&PolicySet::with(&[own])).into_iter().map(|i| i.what).collect()
    }

    #[test]
    fn the_core_ignores_only_what_an_organisation_has_to_say() {
        assert_eq!(ignored(&PolicySet::core()).iter().filter(|i| i.serious).count(), 0);
        assert_eq!(words(""), ["environment", "weekday", "date"]);
    }

    #[test]
    fn a_policy_that_looks_at_something_is_noticed() {
        let freeze = r#"@id("freeze") @reason("Frozen.") forbid (principal, action == Action::"release", resource)
            when { resource.tier >= 2 && context.date like "2026-12-*" };"#;
        assert_eq!(words(freeze), ["environment", "weekday"]);
        let weekend = freeze.replace("context.date like \"2026-12-*\"", "context.weekday == \"saturday\"");
        assert_eq!(words(&weekend), ["environment", "date"]);
        let stage =
            freeze.replace("context.date like \"2026-12-*\"", "context.environment == \"production\"");
        assert_eq!(words(&stage), ["weekday", "date"]);
    }

    #[test]
    fn without_its_policy_a_thing_is_ignored() {
        for (policy, what) in [
            ("cross-domain-owner", "cross-domain"),
            ("agent-made-owner", "agents"),
            ("outside-people-owner", "identities"),
            ("second-security-approval", "privilege"),
            ("roll-back-approved", "emergency"),
        ] {
            let found = ignored(&PolicySet::core_without(policy));
            assert!(found.iter().any(|i| i.what == what), "{policy}");
        }
    }
}
