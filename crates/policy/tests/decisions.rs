//! Decisions over the sample company: what is ready is allowed, and what is asked for is enough and not too much.

#![allow(clippy::unwrap_used, reason = "tests")]

use policy::{
    Act, BreakGlass, Delegate, Exception, Facts, Mode, Need, People, PolicySet, Source, Verdict, answer,
    decide, objection, sample,
};
use std::sync::{Arc, LazyLock};

static CORE: LazyLock<PolicySet> = LazyLock::new(PolicySet::core);

fn with(facts: &Facts, needs: &[&Need]) -> Facts {
    let mut there = facts.clone();
    needs.iter().for_each(|n| n.apply(&mut there));
    there
}

fn ids(decision: &policy::Decision) -> Vec<&str> {
    decision.because.iter().map(|b| b.policy.as_str()).collect()
}

#[test]
fn the_core_is_sound() {
    assert_eq!(CORE.problems(), []);
    assert!(CORE.policies().count() > 50);
}

#[test]
fn every_act_is_allowed_when_everything_is_there() {
    for act in Act::all() {
        let decision = decide(&CORE, &sample::ready(act));
        assert!(decision.allow && decision.verdict, "{act}: {:?} {:?}", ids(&decision), decision.errors);
        assert_eq!(decision.missing, []);
    }
}

#[test]
fn nothing_known_is_denied() {
    for act in Act::all() {
        let mut facts = Facts::of(act);
        facts.subject.opaque = true;
        assert!(!answer(&CORE, &facts).allow, "{act}");
    }
}

#[test]
fn an_objection_is_the_decision_where_not_all_policies_allow_it() {
    let broken = PolicySet::with(&[Source { file: "a.cedar".into(), text: "permit (".into() }]);
    let (mut passed, mut stopped) = (0, 0);
    for number in 0..2000 {
        let facts = sample::case(number);
        let decision = answer(&CORE, &facts);
        passed += usize::from(decision.verdict);
        stopped += usize::from(!decision.verdict);
        assert_eq!(objection(&CORE, &facts), Some(decision).filter(|d| !d.verdict), "case {number}");
        assert_eq!(objection(&broken, &facts), Some(answer(&broken, &facts)));
    }
    assert!(passed > 100 && stopped > 100, "{passed} {stopped}");
}

#[test]
fn what_is_missing_is_enough_and_no_part_of_it_is() {
    let (mut denied, mut helped) = (0, 0);
    for number in 0..300 {
        let facts = sample::case(number);
        let decision = decide(&CORE, &facts);
        if decision.verdict {
            assert_eq!(decision.missing, [], "case {number}");
            continue;
        }
        denied += 1;
        helped += usize::from(!decision.missing.is_empty());
        let sizes: Vec<usize> = decision.missing.iter().map(|w| w.needs.len()).collect();
        assert!(sizes.is_sorted(), "case {number}: {sizes:?}");
        for way in &decision.missing {
            let all: Vec<&Need> = way.needs.iter().collect();
            assert!(answer(&CORE, &with(&facts, &all)).verdict, "case {number}: {way:?} is not enough");
            for part in 0..(1_u32 << all.len()) - 1 {
                let some: Vec<&Need> =
                    all.iter().enumerate().filter(|(i, _)| part >> i & 1 == 1).map(|(_, n)| *n).collect();
                assert!(
                    !answer(&CORE, &with(&facts, &some)).verdict,
                    "case {number}: {some:?} of {way:?} is enough"
                );
            }
        }
    }
    assert!(denied > 80 && helped * 10 > denied * 8, "{helped} of {denied}");
}

#[test]
fn everybody_named_for_an_approval_could_give_it() {
    for number in 0..80 {
        let facts = sample::case(number);
        for way in decide(&CORE, &facts).missing {
            for (i, need) in way.needs.iter().enumerate() {
                let Need::Approval { group, by } = need else { continue };
                let others = way.needs.iter().filter(|n| matches!(n, Need::Approval { .. })).count() > 1;
                for one in by.iter().filter(|_| !others) {
                    let mut needs = way.needs.clone();
                    needs[i] = Need::Approval { group: *group, by: vec![one.clone()] };
                    let all: Vec<&Need> = needs.iter().collect();
                    assert!(answer(&CORE, &with(&facts, &all)).verdict, "case {number}: {one} in {way:?}");
                }
            }
        }
    }
}

#[test]
fn a_mode_lets_pass_only_what_does_not_hold_always() {
    let mut facts = sample::ready(Act::Release);
    facts.approvals.clear();
    facts.modes.insert(2, Mode::Observe);
    let observed = decide(&CORE, &facts);
    assert!(observed.allow && !observed.verdict);
    assert_eq!(ids(&observed), ["peer-approval", "security-approval"]);
    assert!(!observed.missing.is_empty(), "what enforcing would ask for is told");
    facts.actor.account = "mallory".into();
    assert!(!decide(&CORE, &facts).allow, "an unknown person is refused in every mode");
    let mut review = sample::ready(Act::Review(Verdict::Approve));
    review.actor.account = "ann".into();
    review.modes.insert(2, Mode::Observe);
    assert!(!decide(&CORE, &review).allow, "a review is refused in every mode");
}

#[test]
fn tier_0_and_1_pass_untouched() {
    for tier in [0, 1] {
        let mut facts = Facts::of(Act::Release);
        facts.subject.tier = tier;
        facts.actor.account = "anybody".into();
        let decision = decide(&CORE, &facts);
        assert!(decision.allow);
        assert_eq!(ids(&decision), ["process-automation"]);
        facts.subject.opaque = true;
        assert!(!decide(&CORE, &facts).allow, "what is opaque is tier 3");
    }
}

/// Adi acts for Sue, who delegated to her the role of a security approver alone.
fn for_sue(authority: Option<&str>) -> Facts {
    let mut facts = sample::ready(Act::Review(Verdict::Approve));
    let mut people = facts.people.all().to_vec();
    let sue = people.iter_mut().find(|p| p.id == "sue").unwrap();
    let until = Some(sample::NOW.plus_hours(24));
    sue.delegates.push(Delegate {
        to: "adi".into(),
        roles: vec!["security-approver".into()],
        from: None,
        until,
    });
    facts.people = Arc::new(People::new(people, facts.people.groups().to_vec()));
    facts.actor.account = "adi".into();
    facts.actor.on_behalf_of = Some("sue".into());
    facts.actor.authority = authority.map(str::to_owned);
    facts
}

#[test]
fn who_acts_for_another_is_told_in_which_role_they_may() {
    assert!(answer(&CORE, &for_sue(Some("security-approver"))).verdict);
    for (claimed, told) in [(None, "in everything"), (Some("internal-audit"), "as `internal-audit`")] {
        let decision = decide(&CORE, &for_sue(claimed));
        assert!(ids(&decision).contains(&"delegation-holds"), "{decision:?}");
        let said = decision.because.iter().find(|b| b.policy == "delegation-holds").unwrap();
        let expected = format!(
            "Nothing says now that Adi may act for `sue` {told}; delegated is `security-approver`: act in that role with \
             `--authority security-approver`."
        );
        assert_eq!(said.reason, expected);
        let needs: Vec<String> =
            decision.missing.iter().flat_map(|w| &w.needs).map(ToString::to_string).collect();
        assert_eq!(needs, ["the same in the role delegated: `--authority security-approver`"]);
    }
    // Where nothing was delegated, nobody is told to do what they were refused.
    let mut stranger = for_sue(None);
    stranger.actor.on_behalf_of = Some("olga".into());
    let decision = decide(&CORE, &stranger);
    assert_eq!(decision.because[0].reason, "Nothing says now that Adi may act for `olga`.");
    let need = Need::Authority { role: None };
    assert!(decision.missing.iter().all(|w| w.needs == [need.clone()]) && !decision.missing.is_empty());
}

fn refused(facts: &Facts, id: &str) -> String {
    let decision = answer(&CORE, facts);
    assert!(decision.because.iter().any(|b| b.policy == id), "{id} does not refuse: {:?}", decision.because);
    decision.because.into_iter().find(|b| b.policy == id).unwrap().reason
}

#[test]
fn a_refused_exception_and_break_glass_are_told_with_their_days() {
    let grant = |until: i64, owner: &str, instead: &str| {
        let mut facts = sample::ready(Act::GrantException);
        let e = facts.exception.take().unwrap();
        let (from, until) = (Some(sample::NOW), Some(sample::NOW.plus_hours(until)));
        let (owner, compensating) = (owner.to_owned(), instead.to_owned());
        facts.exception = Some(Exception { from, until, owner, compensating, ..e });
        facts
    };
    for (hours, told) in [
        (24 * 100, "goes from 2026-11-25T10:00:00Z until 2027-03-05T10:00:00Z (100 days)"),
        (-24, "goes from 2026-11-25T10:00:00Z until 2026-11-24T10:00:00Z (it ends before it begins)"),
    ] {
        let said = refused(&grant(hours, "sam", "by hand"), "exception-bounded");
        assert!(said.ends_with(&format!("this one {told}.")), "{said}");
    }
    for (owner, told) in [
        ("", "names no owner."),
        ("nobody", "names `nobody` as its owner, who is not in the people directory."),
        ("lea", "names `lea` as its owner, who is nobody who is with us."),
        ("hal", "names `hal` as its owner, who is nobody who is with us."),
    ] {
        let said = refused(&grant(24, owner, ""), "exception-owned");
        assert!(said.ends_with(told), "{said}");
    }
    let said = refused(&grant(24, "olga", ""), "exception-compensated");
    assert!(said.ends_with("does not say what is done instead."), "{said}");
    let mut open = sample::ready(Act::OpenBreakGlass);
    let glass = open.glass.take().unwrap();
    let (from, until) = (Some(sample::NOW), Some(sample::NOW.plus_hours(24)));
    open.glass = Some(BreakGlass { from, until, ..glass });
    let said = refused(&open, "break-glass-is-short");
    assert!(said.ends_with("until 2026-11-26T10:00:00Z (24 hours)."), "{said}");
}
