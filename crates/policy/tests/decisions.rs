//! Decisions over the sample company: what is ready is allowed, and what is asked for is enough and not too much.

#![allow(clippy::unwrap_used, reason = "tests")]

use policy::{Act, Facts, Mode, Need, PolicySet, Verdict, answer, decide, sample};
use std::sync::LazyLock;

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
