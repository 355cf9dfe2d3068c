//! What a statement claims of itself counts for nothing where it can be known: its tier, its owner, what it rests on, the modes
//! that it sets, its time.

#![allow(clippy::unwrap_used, reason = "a test that cannot have its facts has failed")]

mod common;

use common::{LEAVER, Log, approve, core, digest, law, other, world};
use govern::{
    Entry, Event, Evidence, Folded, Ground, Intent, Measured, State, Wish, World, fold_with, modes_part,
    undated, unlawful,
};
use policy::{
    Act, Contribution, Exception, FindingFact, Governed, Mode, Moment, People, SubjectKind, Verdict,
};
use std::collections::BTreeMap;
use std::sync::Arc;
use workflow::Severity;

/// Folds as the gate does, where a closure lies in the folder with a tier; nothing lies there without.
fn gate(log: &Log, here: Option<(&World, u8)>, people: &Arc<People>, now: Moment) -> Folded {
    let none = |_: &State, _: &Event| Vec::<Contribution>::new();
    let measure = |event: &Event| {
        let (world, tier) = here.filter(|(w, _)| w.subject.name == event.subject.name)?;
        Some(Measured { tier, same: world.subject.closure == event.subject.closure })
    };
    let undated = undated(&log.entries, people, now);
    let organisation = &[String::new()];
    let law = law(people);
    let ground = Ground { law: &law, organisation, history: &none, measure: &measure, undated: &undated };
    fold_with(&log.entries, Moment(i64::MAX), &|state, entry| unlawful(ground, state, entry))
}

/// The rule by which the last statement is refused; nothing where it counts.
fn last(log: &Log, here: Option<(&World, u8)>) -> Option<String> {
    let id = log.entries.last().unwrap().id.clone();
    let folded = gate(log, here, &policy::sample::people(), log.now());
    folded.refused.into_iter().find(|r| r.id == id).map(|r| r.refusal.rule)
}

/// A statement by hand, after all that are there.
fn by_hand(log: &mut Log, who: &str, world: &World, change: impl FnOnce(&mut Event, &State)) {
    log.at += 60;
    let state = log.fold().state;
    let mut event = Event::of(Act::Propose, who, log.now(), world.subject.clone());
    event.environment.clone_from(&world.environment);
    event.policy.clone_from(&world.policy);
    event.shown.clone_from(&world.view);
    event.after = state.heads.iter().cloned().collect();
    event.replaces = state.released(LEAVER, &world.environment).map(|r| r.id.clone());
    change(&mut event, &state);
    log.keep(who, event);
}

/// The newest proposal in a state.
fn newest(state: &State) -> Option<String> {
    state.proposals.iter().max_by_key(|(_, p)| p.number).map(|(id, _)| id.clone())
}

/// Max proposes, and does what was proposed by a statement that says it was tier 0.
fn claimed(intent: Intent, act: Act) -> (Log, World) {
    let mut log = Log::registered();
    log.released("v1");
    let v2 = world("v2");
    log.must(&v2, &Wish { intent, ..Wish::of(Act::Propose, "max") });
    by_hand(&mut log, "max", &v2, |event, state| {
        (event.act, event.of, event.subject.tier) = (act, newest(state), 0);
    });
    (log, v2)
}

#[test]
fn the_tier_is_what_is_measured_whatever_is_said() {
    let (log, v2) = claimed(Intent::TakeOver, Act::TakeOver);
    assert_eq!(last(&log, Some((&v2, 2))).as_deref(), Some("take-over-approved"));
    // The proposal said it too, though nothing of it lies here now.
    assert_eq!(last(&log, None).as_deref(), Some("take-over-approved"));
    let (log, v2) = claimed(Intent::Change, Act::Release);
    let by_measure = last(&log, Some((&v2, 2)));
    assert!(by_measure.is_some_and(|rule| rule != "tier-grown"), "its closure is here");
}

#[test]
fn what_needed_no_review_by_its_own_word_counts_for_nothing_once_the_workflow_has_grown() {
    let mut log = Log::registered();
    let low = |version: &str| {
        let mut world = world(version);
        world.subject.tier = 0;
        world
    };
    for act in [Act::Propose, Act::Release] {
        by_hand(&mut log, "max", &low("v1"), |event, state| (event.act, event.of) = (act, newest(state)));
    }
    assert_eq!(last(&log, Some((&low("v1"), 1))), None, "it is what it says");
    assert_eq!(last(&log, None), None, "nothing lies here that it could let pass");
    assert_eq!(last(&log, Some((&world("v2"), 2))).as_deref(), Some("tier-grown"));
}

#[test]
fn an_exception_is_judged_by_what_is_measured() {
    let mut log = Log::registered();
    let v1 = world("v1");
    by_hand(&mut log, "ben", &v1, |event, _| {
        event.act = Act::GrantException;
        event.subject.tier = 1;
        event.exception = Some(exception(event.at, "tests"));
    });
    assert_eq!(last(&log, Some((&v1, 3))).as_deref(), Some("exception-authority"));
}

fn exception(from: Moment, covers: &str) -> Exception {
    Exception {
        covers: vec![covers.into()],
        subject: LEAVER.into(),
        owner: "olga".into(),
        compensating: "two people watch".into(),
        from: Some(from),
        until: Some(from.plus_hours(24 * 30)),
        ..Exception::default()
    }
}

#[test]
fn nobody_does_nothing_of_any_tier_and_leaves_no_trace() {
    let acts = [Act::Propose, Act::Withdraw, Act::Review(Verdict::Refuse), Act::Attest, Act::Register];
    for act in acts {
        let mut log = Log::registered();
        let mut v1 = world("v1");
        log.must(&v1, &Wish::of(Act::Propose, "ann"));
        v1.subject.tier = 0;
        by_hand(&mut log, "mallory", &v1, |event, state| {
            (event.act, event.of, event.by) = (act, newest(state), String::new());
        });
        assert_eq!(last(&log, None).as_deref(), Some("known-person"), "{act}");
        let folded = gate(&log, None, &policy::sample::people(), log.now());
        assert!(!folded.state.heads.contains(&log.entries.last().unwrap().id), "it can be taken out");
    }
}

/// A release of what was approved, changed by hand.
fn released(change: impl FnOnce(&mut Event)) -> Option<String> {
    let mut log = Log::registered();
    log.approved("v1");
    log.must(&world("v1"), &Wish::of(Act::Release, "ann"));
    let Entry { mut event, .. } = log.entries.pop().unwrap();
    change(&mut event);
    log.keep("ann", event);
    last(&log, None)
}

#[test]
fn a_release_says_of_its_owner_and_its_ground_what_was_approved() {
    assert_eq!(released(|_| ()), None);
    let evidence =
        |event: &mut Event, change: &dyn Fn(&mut Evidence)| change(event.evidence.as_mut().unwrap());
    assert_eq!(released(|e| e.owner = "max".into()).as_deref(), Some("owner"));
    let seized = released(|e| {
        e.owner = "max".into();
        evidence(e, &|v| v.record.owner = "max".into());
    });
    assert_eq!(seized.as_deref(), Some("record"));
    let lent = released(|e| evidence(e, &|v| v.record.deputies = vec!["max".into()]));
    assert_eq!(lent.as_deref(), Some("record"));
    let other = released(|e| evidence(e, &|v| v.rests_on.push(digest("another"))));
    assert_eq!(other.as_deref(), Some("rests-on"));
}

#[test]
fn a_configuration_is_released_with_the_modes_that_were_proposed() {
    let mut lax = other(SubjectKind::Configuration, "configuration", "toml");
    let observe = BTreeMap::from([(2, Mode::Observe)]);
    let change = |modes: &BTreeMap<u8, Mode>| Wish {
        modes: modes.clone(),
        ..Wish::of(Act::Change(Governed::Configuration), "pia")
    };
    for proposed in [BTreeMap::new(), observe.clone()] {
        lax.parts = BTreeMap::from([("countersign.toml".to_owned(), digest("toml"))]);
        lax.parts.extend(modes_part(&proposed));
        lax.subject.closure = common::closure(&lax.parts);
        let mut log = Log::registered();
        log.must(&lax, &Wish::of(Act::Propose, "pia"));
        log.must(&lax, &approve("ben"));
        log.must(&lax, &approve("sam"));
        for modes in [BTreeMap::new(), observe.clone(), BTreeMap::from([(2, Mode::Warn)])] {
            if modes != proposed {
                assert_eq!(log.refused(&lax, &change(&modes)), ["modes"], "{proposed:?} {modes:?}");
            }
        }
        log.must(&lax, &change(&proposed));
        assert_eq!(log.fold().state.modes, proposed);
    }
}

/// The sample's people, with a key revoked of whoever has this name.
fn revoked(who: &str, at: Moment) -> Arc<People> {
    let base = policy::sample::people();
    let mut all = base.all().to_vec();
    for person in all.iter_mut().filter(|p| p.id == who) {
        let key = policy::Key { key: who.into(), period: policy::Period::default(), revoked: Some(at) };
        person.keys.push(key);
    }
    Arc::new(People::new(all, base.groups().to_vec()))
}

#[test]
fn what_a_revoked_key_signed_counts_where_somebody_else_came_after_it() {
    let mut log = Log::registered();
    log.must(&world("v1"), &Wish::of(Act::Propose, "ann"));
    let earlier = log.fold().state.heads;
    log.must(
        &world("v1"),
        &Wish { exception: Some(exception(log_next(&log), "tests")), ..Wish::of(Act::GrantException, "sam") },
    );
    let (granted, at) = (log.entries.last().unwrap().clone(), Moment(log.now().0 + 600));
    let people = revoked("sam", at);
    let rule = |log: &Log, id: &str| {
        let folded = gate(log, None, &people, Moment(at.0 + 60));
        folded.refused.into_iter().find(|r| r.id == id).map(|r| r.refusal.rule)
    };
    assert_eq!(rule(&log, &granted.id).as_deref(), Some("key-revoked"), "it may be dated back");
    log.must(&world("v1"), &approve("ben"));
    assert_eq!(rule(&log, &granted.id), None, "ben saw it");
    late(&log, &granted.id, &people, at);
    // Dated back, after what was there then: nobody came after it.
    let back = Event { after: earlier.into_iter().collect(), reason: "again".into(), ..granted.event };
    log.keep("sam", back);
    let id = log.entries.last().unwrap().id.clone();
    assert_eq!(rule(&log, &id).as_deref(), Some("key-revoked"));
    // Sam's own next statement vouches for nothing.
    log.at += 60;
    let own =
        Event { after: vec![id.clone()], ..Event::of(Act::Attest, "sam", log.now(), world("v1").subject) };
    log.keep("sam", own);
    assert_eq!(rule(&log, &id).as_deref(), Some("key-revoked"));
}

/// What follows only once the key is revoked, says that it was before, or is of an agent of its holder, shows nothing.
fn late(log: &Log, granted: &str, people: &Arc<People>, at: Moment) {
    let mut all = people.all().to_vec();
    all.push(policy::Person {
        id: "aide".into(),
        employment: policy::Employment::Agent,
        manager: Some("sam".into()),
        active: true,
        ..policy::Person::default()
    });
    let people = Arc::new(People::new(all, Vec::new()));
    let seen = |by: &str, when: Moment| {
        let mut log = log.clone();
        let Entry { event, .. } = log.entries.pop().unwrap();
        log.keep(by, Event { at: when, ..event });
        let refused = undated(&log.entries, &people, Moment(at.0 + 3600));
        !refused.contains_key(granted)
    };
    let before = Moment(at.0 - 1);
    assert!(seen("ben", before) && !seen("ben", at) && !seen("ben", Moment(at.0 + 60)));
    assert!(!seen("ben", Moment(log.now().0 - 3600)), "before what it follows");
    assert!(!seen("aide", before) && !seen("sam", before));
}

fn log_next(log: &Log) -> Moment {
    Moment(log.now().0 + 60)
}

#[test]
fn a_statement_that_follows_none_is_the_first_or_somebody_came_after_it() {
    let mut log = Log::registered();
    log.must(&world("v1"), &Wish::of(Act::Propose, "ann"));
    let at = Moment(common::NOW.0 - 3600);
    let back = Event {
        exception: Some(exception(at, "tests")),
        environment: "production".into(),
        ..Event::of(Act::GrantException, "sam", at, world("v1").subject)
    };
    log.keep("sam", back.clone());
    assert_eq!(last(&log, None).as_deref(), Some("after"));
    let (first, id) = (log.entries[0].id.clone(), log.entries.last().unwrap().id.clone());
    let of = |log: &Log, id: &str| {
        let folded = gate(log, None, &policy::sample::people(), log.now());
        folded.refused.iter().any(|r| r.id == id)
    };
    assert!(!of(&log, &first), "the first stays the first");
    // Two who began apart, the other followed by a third.
    log.at += 60;
    log.keep(
        "ann",
        Event { after: vec![id.clone()], ..Event::of(Act::Attest, "ann", log.now(), back.subject) },
    );
    assert!(!of(&log, &id) && !of(&log, &first));
}

fn finding(severity: Severity) -> FindingFact {
    FindingFact { rule: "unapproved-change".into(), severity, step: String::new() }
}

/// Sam lets a finding of high severity pass in a workflow of tier 2.
#[test]
fn an_exception_reaches_as_far_as_when_it_was_granted() {
    let mut log = Log::registered();
    let with = |tier, severity| {
        let mut world = world("v1");
        (world.subject.tier, world.evidence.findings) = (tier, vec![finding(severity)]);
        world
    };
    let granted = with(2, Severity::High);
    log.must(&granted, &Wish::of(Act::Propose, "ann"));
    log.tested(&granted);
    let asked = Some(exception(log_next(&log), "finding:unapproved-change"));
    log.must(&granted, &Wish { exception: asked, ..Wish::of(Act::GrantException, "sam") });
    log.must(&granted, &approve("ben"));
    log.must(&granted, &approve("sam"));
    let open = |tier, severity| {
        let world = World { at: log.now(), ..with(tier, severity) };
        let done = govern::weigh(core(), &log.fold().state, &world, &Wish::of(Act::Release, "ann"));
        done.facts.open_findings().count()
    };
    assert_eq!(open(2, Severity::High), 0);
    assert_eq!(open(2, Severity::Medium), 0);
    assert_eq!(open(2, Severity::Critical), 1, "it is worse than it was");
    assert_eq!(open(3, Severity::High), 1, "the workflow is of a higher tier than it was");
}

/// Ivo opens a break-glass for two workflows, and uses it.
#[test]
fn a_break_glass_reaches_as_far_as_it_was_opened_for() {
    let mut log = Log::registered();
    log.released("v1");
    let (fix, from) = (world("v2"), log_next(&log));
    let glass = policy::BreakGlass {
        reason: "leavers keep access".into(),
        ticket: "INC-1".into(),
        scope: vec![LEAVER.into(), "joiner".into()],
        from: Some(from),
        until: Some(from.plus_hours(2)),
        ..policy::BreakGlass::default()
    };
    let id = log.must(&fix, &Wish { glass: Some(glass), ..Wish::of(Act::OpenBreakGlass, "ivo") });
    // It is opened for the gravest of what it is for.
    let opened = log.entries.last().unwrap().clone();
    let of = |event: &Event| {
        Some(Measured { tier: if event.subject.name == "joiner" { 3 } else { 2 }, same: true })
    };
    let none = |_: &State, _: &Event| Vec::<Contribution>::new();
    let (people, undated) = (policy::sample::people(), BTreeMap::new());
    let (in_force, organisation) = (law(&people), [String::new()]);
    let ground = Ground {
        law: &in_force,
        organisation: &organisation,
        history: &none,
        measure: &of,
        undated: &undated,
    };
    let state = log.fold().state;
    let by = in_force(&state, &opened).unwrap();
    assert_eq!(govern::weighed(ground, &by, &state, &opened).0.subject.tier, 3);
    // What has grown since is not put live by it, whatever the statement says.
    let mut grown = fix.clone();
    grown.subject.tier = 3;
    let used = Wish { of: Some(id.clone()), ..Wish::of(Act::UseBreakGlass, "ivo") };
    assert_eq!(log.refused(&grown, &used), ["break-glass-tier"]);
    let by_word = |tier| {
        let mut log = log.clone();
        by_hand(&mut log, "ivo", &fix, |event, _| {
            (event.act, event.of) = (Act::UseBreakGlass, Some(id.clone()))
        });
        last(&log, Some((&fix, tier)))
    };
    assert_eq!((by_word(2), by_word(3).as_deref()), (None, Some("break-glass-tier")));
}

#[test]
fn a_release_has_the_tier_and_the_commits_that_others_named() {
    let mut log = Log::registered();
    let v1 = World { commit: "seen".into(), ..world("v1") };
    log.must(&v1, &Wish::of(Act::Propose, "ann"));
    log.tested(&v1);
    log.must(&v1, &approve("ben"));
    log.must(&v1, &approve("sam"));
    log.must(&World { commit: "later".into(), ..v1 }, &Wish::of(Act::Release, "ann"));
    let Entry { mut event, .. } = log.entries.pop().unwrap();
    event.subject.tier = 0;
    log.keep("ann", event);
    let state = log.fold().state;
    let release = state.released(LEAVER, "production").unwrap();
    assert_eq!((release.tier, release.commit.as_str()), (2, "later"));
    assert_eq!(release.looked, ["seen"; 3]);
}

/// Max proposed something before the last release was rolled back; afterwards it is still his.
#[test]
fn what_goes_back_begins_nothing_new() {
    let mut log = Log::registered();
    log.released("v1");
    log.released("v2");
    let (v1, v3) = (world("v1"), world("v3"));
    log.must(&v3, &Wish::of(Act::Propose, "max"));
    log.must(&v1, &Wish { intent: Intent::RollBack, ..Wish::of(Act::Propose, "ann") });
    log.must(&v1, &approve("sam"));
    log.must(&v1, &Wish::of(Act::RollBack, "olga"));
    log.must(&v3, &Wish::of(Act::Propose, "ann"));
    let world = World { at: log.now(), ..v3 };
    let facts = govern::weigh(core(), &log.fold().state, &world, &Wish::of(Act::Release, "ann")).facts;
    assert!(facts.contributors.iter().any(|c| c.account == "max"), "{:?}", facts.contributors);
}
