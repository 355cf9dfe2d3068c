//! The life of a change, and each of the other lanes, through the one door.

#![allow(clippy::unwrap_used, reason = "a test that cannot have its facts has failed")]

mod common;

use common::{LEAVER, Log, NOW, approve, core, digest, law, other, tests, world};
use govern::{
    Event, Evidence, Ground, Intent, Live, State, Void, Wish, World, due, judge, quality, unlawful, voids,
};
use policy::{
    Act, BreakGlass, ComponentKind, Exception, Governed, Moment, SubjectKind, TestEvidence, Verdict,
};
use std::collections::BTreeMap;

#[test]
fn a_change_is_proposed_reviewed_and_released() {
    let mut log = Log::registered();
    let v1 = world("v1");
    assert!(log.refused(&v1, &Wish::of(Act::Release, "ann")).contains(&"answers".to_owned()));
    let proposal = log.must(&v1, &Wish::of(Act::Propose, "ann"));
    assert!(log.refused(&v1, &approve("ann")).contains(&"no-contributor-approves".to_owned()));
    assert!(log.refused(&v1, &Wish::of(Act::Release, "ann")).contains(&"security-approval".to_owned()));
    log.tested(&v1);
    let peer = log.must(&v1, &approve("ben"));
    let security = log.must(&v1, &approve("sam"));
    let release = log.must(&v1, &Wish::of(Act::Release, "ann"));
    let state = log.fold().state;
    assert_eq!(state.released(LEAVER, "production").unwrap().id, release);
    let event = &log.entries.last().unwrap().event;
    let rests = &event.evidence.as_ref().unwrap().rests_on;
    assert!([&proposal, &peer, &security].iter().all(|id| rests.contains(id)), "{rests:?}");
    assert_eq!(rests.len(), 5, "and the tests, and the connector's approval");
    assert!(log.refused(&v1, &Wish::of(Act::Release, "ann")).contains(&"answers".to_owned()), "once only");
}

#[test]
fn an_edit_voids_the_approvals_and_says_which_part_changed() {
    let mut log = Log::registered();
    let id = log.approved("v1");
    let edited = world("v2");
    let why = log.refused(&edited, &Wish::of(Act::Release, "ann"));
    assert!(why.contains(&"peer-approval".to_owned()) && why.contains(&"closure".to_owned()), "{why:?}");
    let state = log.fold().state;
    let part = "leaver/step/Deactivate".to_owned();
    assert_eq!(voids(&state.proposals[&id], &edited), [Void::Changed { part }]);
    log.released("v2");
}

#[test]
fn another_policy_and_a_leaver_void_them_too() {
    let mut log = Log::registered();
    let id = log.approved("v1");
    let newer = World { policy: digest("policy 2"), ..world("v1") };
    assert!(log.refused(&newer, &Wish::of(Act::Release, "ann")).contains(&"security-approval".to_owned()));
    let mut left = world("v1");
    let mut people: Vec<_> = left.people.all().to_vec();
    people.iter_mut().filter(|p| p.id == "sam").for_each(|p| p.ends = Some(NOW));
    left.people = std::sync::Arc::new(policy::People::new(people, left.people.groups().to_vec()));
    assert!(log.refused(&left, &Wish::of(Act::Release, "ann")).contains(&"security-approval".to_owned()));
    let state = log.fold().state;
    assert_eq!(voids(&state.proposals[&id], &newer), [Void::Policy { was: digest("policy 1") }]);
    let later = World { at: log.now(), ..left };
    assert_eq!(voids(&state.proposals[&id], &later), [Void::Left { who: "sam".into() }]);
}

#[test]
fn a_history_written_anew_forgets_nobody() {
    let mut log = Log::registered();
    let v1 = world("v1");
    log.must(&v1, &Wish::of(Act::Propose, "ann"));
    // Ben amends the commit so that ann's name is gone from it, and proposes that as his own.
    let mut amended = world("v2");
    amended.contributors = vec![policy::Contribution { account: "ben".into(), how: "commit 77b0".into() }];
    log.must(&amended, &Wish::of(Act::Propose, "ben"));
    assert!(log.refused(&amended, &approve("ann")).contains(&"no-contributor-approves".to_owned()));
}

#[test]
fn rolling_back_is_a_reviewed_act_to_what_was_released() {
    let mut log = Log::registered();
    log.released("v1");
    log.released("v2");
    let (v1, v3) = (world("v1"), world("v3"));
    let back = Wish { intent: Intent::RollBack, ..Wish::of(Act::Propose, "ann") };
    assert!(log.refused(&v3, &back).contains(&"released-before".to_owned()));
    log.must(&v1, &back);
    let roll = Wish::of(Act::RollBack, "olga");
    assert!(log.refused(&v1, &roll).contains(&"roll-back-approved".to_owned()));
    log.must(&v1, &approve("sam"));
    let id = log.must(&v1, &roll);
    let state = log.fold().state;
    let now = state.released(LEAVER, "production").unwrap();
    assert!(now.back && now.id == id && now.closure == v1.subject.closure);
}

fn glass() -> BreakGlass {
    BreakGlass {
        reason: "leavers keep access since the night".into(),
        ticket: "INC-2041".into(),
        scope: vec![LEAVER.into()],
        ..BreakGlass::default()
    }
}

/// The newest tests of what is released fail: the way back is not rehearsed, whatever the opener claims.
fn assert_needs_a_way_back(log: &Log, fix: &World, lane: &BreakGlass) {
    let mut log = log.clone();
    let failing = TestEvidence { failed: 1, ..tests(&world("v1"), log.now()) };
    log.must(&world("v1"), &Wish { tests: Some(failing), ..Wish::of(Act::Attest, "ann") });
    let claimed = BreakGlass { way_back: true, ..lane.clone() };
    let open = Wish { glass: Some(claimed), ..Wish::of(Act::OpenBreakGlass, "ivo") };
    assert!(log.refused(fix, &open).contains(&"break-glass-way-back".to_owned()));
}

#[test]
fn break_glass_works_at_once_expires_and_blocks_until_it_is_reviewed() {
    let mut log = Log::registered();
    log.released("v1");
    let fix = world("v2");
    let from = Moment(log.now().0 + 60);
    let lane = BreakGlass { from: Some(from), until: Some(from.plus_hours(2)), ..glass() };
    let open = Wish { glass: Some(lane.clone()), ..Wish::of(Act::OpenBreakGlass, "ivo") };
    assert_needs_a_way_back(&log, &fix, &lane);
    let id = log.must(&fix, &open);
    let used = Wish { of: Some(id.clone()), ..Wish::of(Act::UseBreakGlass, "ivo") };
    log.must(&fix, &used);
    let state = log.fold().state;
    let closure = fix.subject.closure.clone();
    let live = |at| match state.live(LEAVER, "production", at) {
        Some(Live::Emergency(now, _)) => now == closure,
        _ => false,
    };
    let end = from.plus_hours(2);
    assert!(live(log.now()) && live(Moment(end.0 - 1)) && !live(end));
    assert!(due(&state, "production", log.now()).iter().any(|(kind, ..)| *kind == "break-glass"));
    assert!(due(&state, "production", end).iter().any(|(kind, ..)| *kind == "post-change-review"));
    log.approved("v2");
    log.at += 3600 * (2 + 72);
    log.approved("v3");
    assert!(
        log.refused(&world("v3"), &Wish::of(Act::Release, "ann")).contains(&"no-overdue-review".to_owned())
    );
    let review = |who: &str| Wish { of: Some(id.clone()), ..Wish::of(Act::PostChangeReview, who) };
    assert!(log.refused(&fix, &review("ivo")).contains(&"no-involved-reviewer".to_owned()));
    log.must(&fix, &review("adi"));
    log.must(&world("v3"), &Wish::of(Act::Release, "ann"));
}

#[test]
fn an_exception_that_a_leaver_is_to_answer_for_is_refused_by_hand_too() {
    let mut log = Log::registered();
    let from = Some(Moment(log.now().0 + 60));
    let asked = |owner: &str| Exception {
        covers: vec!["tests".into()],
        subject: LEAVER.into(),
        owner: owner.into(),
        compensating: "two people watch every run".into(),
        until: from.map(|from| from.plus_hours(24)),
        from,
        ..Exception::default()
    };
    let grant = |owner: &str| Wish { exception: Some(asked(owner)), ..Wish::of(Act::GrantException, "sam") };
    assert_eq!(log.refused(&world("v1"), &grant("lea")), ["exception-owned"]);
    log.must(&world("v1"), &grant("olga"));
    // The statement as somebody would write it by hand.
    let mut entry = log.entries.last().unwrap().clone();
    let people = policy::sample::people();
    let none = |_: &State, _: &Event| Vec::new();
    let law = law(&people);
    let ground = Ground {
        law: &law,
        organisation: &[String::new()],
        history: &none,
        measure: &|_| None,
        undated: &BTreeMap::new(),
    };
    assert_eq!(unlawful(ground, &State::default(), &entry), None);
    entry.event.exception = Some(asked("lea"));
    let refusal = unlawful(ground, &State::default(), &entry).unwrap();
    assert_eq!(refusal.rule, "exception-owned");
}

#[test]
fn a_rotation_is_on_record_at_the_moment_that_it_names() {
    let mut log = Log::default();
    let token = other(SubjectKind::Credential, "okta-token", "okta-token rotated");
    let at = |hours: i64| Wish { version: NOW.plus_hours(hours).to_string(), ..Wish::of(Act::Attest, "ben") };
    let known = |log: &Log| log.fold().state.rotations.get("okta-token").cloned().unwrap_or_default();
    assert_eq!(log.refused(&token, &at(24)), ["rotated"]);
    assert_eq!(log.refused(&token, &Wish::of(Act::Attest, "ben")), ["rotated"]);
    assert_eq!(log.refused(&token, &Wish { key: "lea".into(), ..at(-1) }), ["active-person"]);
    let id = log.must(&token, &at(-1));
    assert_eq!(known(&log), [(NOW.plus_hours(-1), id)]);
}

#[test]
fn exceptions_are_granted_renewed_twice_and_ended() {
    let mut log = Log::registered();
    let mut v1 = world("v1");
    let until = |log: &Log, days: i64| Some(Moment(log.now().0 + 60).plus_hours(24 * days));
    let asked = |log: &Log, renewals| Exception {
        covers: vec!["tests".into(), "mutation".into()],
        subject: LEAVER.into(),
        owner: "olga".into(),
        compensating: "two people watch every run".into(),
        from: Some(Moment(log.now().0 + 60)),
        until: until(log, 30),
        renewals,
        ..Exception::default()
    };
    log.must(&v1, &Wish::of(Act::Propose, "ann"));
    log.must(&v1, &approve("ben"));
    log.must(&v1, &approve("sam"));
    assert!(log.refused(&v1, &Wish::of(Act::Release, "ann")).contains(&"tests-run".to_owned()));
    let grant =
        |log: &Log, who: &str| Wish { exception: Some(asked(log, 0)), ..Wish::of(Act::GrantException, who) };
    let by_ben = grant(&log, "ben");
    assert!(log.refused(&v1, &by_ben).contains(&"exception-authority".to_owned()));
    let by_sam = grant(&log, "sam");
    let id = log.must(&v1, &by_sam);
    for renewals in 1..=2 {
        log.at += 3600 * 24 * 20;
        let wish = Wish {
            exception: Some(asked(&log, renewals)),
            of: Some(id.clone()),
            ..Wish::of(Act::RenewException, "sam")
        };
        log.must(&v1, &wish);
    }
    let wish = Wish {
        exception: Some(asked(&log, 3)),
        of: Some(id.clone()),
        ..Wish::of(Act::RenewException, "sam")
    };
    assert!(log.refused(&v1, &wish).contains(&"exception-renewals".to_owned()));
    let mut ended = log.clone();
    v1.evidence.credentials.clear();
    log.must(&v1, &Wish::of(Act::Release, "ann"));
    ended.must(&v1, &Wish { of: Some(id), ..Wish::of(Act::EndException, "sam") });
    assert!(ended.refused(&v1, &Wish::of(Act::Release, "ann")).contains(&"tests-run".to_owned()));
}

#[test]
fn a_release_reads_the_newest_tests_that_somebody_attested_to_for_this_closure() {
    let mut log = Log::registered();
    let v1 = world("v1");
    log.must(&v1, &Wish::of(Act::Propose, "ann"));
    log.must(&v1, &approve("ben"));
    log.must(&v1, &approve("sam"));
    let release = Wish::of(Act::Release, "ann");
    let attest = |log: &mut Log, world: &World, of: &dyn Fn(TestEvidence) -> TestEvidence| {
        let at = Moment(log.now().0 + 60);
        log.must(world, &Wish { tests: Some(of(tests(world, at))), ..Wish::of(Act::Attest, "max") })
    };
    // Tests of another closure, and what the statement of a release says by itself, are no tests.
    attest(&mut log, &world("v2"), &|t| t);
    let claims = Evidence { tests: Some(tests(&v1, NOW)), ..v1.evidence.clone() };
    assert!(
        log.refused(&World { evidence: claims, ..v1.clone() }, &release).contains(&"tests-run".to_owned())
    );
    attest(&mut log, &v1, &|t| TestEvidence { failed: 1, ..t });
    assert!(log.refused(&v1, &release).contains(&"tests-pass".to_owned()));
    attest(&mut log, &v1, &|t| TestEvidence { mutation: 79, ..t });
    assert_eq!(log.refused(&v1, &release), ["mutation-score"]);
    attest(&mut log, &v1, &|t| t);
    let mut late = log.clone();
    late.at += 3600 * 169;
    assert!(late.refused(&v1, &release).contains(&"tests-fresh".to_owned()));
    let of_v1 = world("v1");
    let wrong = Wish { tests: Some(tests(&world("v2"), log.now())), ..Wish::of(Act::Attest, "max") };
    assert_eq!(log.refused(&of_v1, &wrong), ["tests"]);
    log.must(&v1, &release);
    let rests = log.entries.last().unwrap().event.evidence.clone().unwrap();
    assert_eq!(rests.tests.unwrap().passed, 6);
}

#[test]
fn a_drill_is_reviewed_counted_and_never_released() {
    let mut log = Log::registered();
    let v1 = world("v1");
    let planted = Wish { drill: true, reason: "the gate is gone".into(), ..Wish::of(Act::Propose, "ann") };
    let id = log.must(&v1, &planted);
    log.tested(&v1);
    log.must(&v1, &approve("ben"));
    log.must(&v1, &approve("sam"));
    assert!(log.refused(&v1, &Wish::of(Act::Release, "ann")).contains(&"drill".to_owned()));
    log.must(&v1, &Wish::of(Act::Review(Verdict::Refuse), "olga"));
    let q = quality(&log.fold().state);
    assert_eq!((q.drills, q.drills_noticed, q.drills_missed), (1, 1, 2));
    log.must(&v1, &Wish { of: Some(id), ..Wish::of(Act::Withdraw, "ann") });
    log.released("v1");
}

#[test]
fn what_another_organisation_stated_does_not_count_here() {
    let people = policy::sample::people();
    let names = ["Here".to_owned(), "Here before".to_owned()];
    let none = |_: &State, _: &Event| Vec::new();
    let law = law(&people);
    let ground = Ground {
        law: &law,
        organisation: &names,
        history: &none,
        measure: &|_| None,
        undated: &BTreeMap::new(),
    };
    let mut log = Log::default();
    for (made_in, counts) in [("Here", true), ("Here before", true), ("There", false), ("", false)] {
        let there = World { organisation: made_in.into(), ..world("v1") };
        let done = govern::perform(core(), &State::default(), &there, &Wish::of(Act::Register, "ann"));
        log.keep("ann", done.event.unwrap());
        let refusal = unlawful(ground, &State::default(), log.entries.last().unwrap());
        assert_eq!(refusal.is_none(), counts, "{made_in}: {refusal:?}");
        assert!(counts || refusal.unwrap().rule == "organisation");
    }
}

#[test]
fn a_roll_back_is_judged_again_and_does_not_vouch_for_itself() {
    let mut log = Log::registered();
    log.released("v1");
    log.released("v2");
    let v1 = world("v1");
    log.must(&v1, &Wish { intent: Intent::RollBack, ..Wish::of(Act::Propose, "ann") });
    log.must(&v1, &approve("sam"));
    log.must(&v1, &Wish::of(Act::RollBack, "olga"));
    let mut state = log.fold().state;
    let entry = log.entries.last().unwrap();
    let again = |state: &State| {
        let now = World { at: log.now(), ..world("v1") };
        judge(core(), state, &now, (&entry.key, &entry.event), None).1
    };
    assert!(again(&state).allow);
    // Without the release that it goes back to, its own entry is no earlier release.
    let releases = state.workflows.get_mut(LEAVER).unwrap().releases.get_mut("production").unwrap();
    releases.retain(|r| r.back);
    let because = again(&state).because;
    assert!(because.iter().any(|b| b.policy == "roll-back-to-what-was-released"), "{because:?}");
}

#[test]
fn owners_act_by_the_record_that_was_released_not_by_the_one_that_lies_there() {
    let mut log = Log::registered();
    log.released("v1");
    let mut seized = world("v1");
    seized.evidence.record.owner = "max".into();
    assert!(log.refused(&seized, &Wish::of(Act::Kill, "max")).contains(&"default-deny".to_owned()));
    let id = log.must(&seized, &Wish::of(Act::Kill, "olga"));
    // Asked again from the statement alone, it is as lawful.
    let people = policy::sample::people();
    let none = |_: &State, _: &Event| Vec::new();
    let law = law(&people);
    let ground = Ground {
        law: &law,
        organisation: &[String::new()],
        history: &none,
        measure: &|_| None,
        undated: &BTreeMap::new(),
    };
    let folded = govern::fold_with(&log.entries, Moment(i64::MAX), &|state, e| unlawful(ground, state, e));
    assert!(!folded.refused.iter().any(|r| r.id == id), "{:?}", folded.refused);
}

#[test]
fn a_connector_in_another_version_is_not_approved() {
    let mut log = Log::registered();
    log.released("v1");
    let mut drifted = world("v2");
    drifted.evidence.components[0].version = "1.0.800".into();
    log.must(&drifted, &Wish::of(Act::Propose, "ann"));
    log.tested(&drifted);
    log.must(&drifted, &approve("ben"));
    log.must(&drifted, &approve("sam"));
    assert!(
        log.refused(&drifted, &Wish::of(Act::Release, "ann")).contains(&"components-approved".to_owned())
    );
    let okta = other(SubjectKind::Component, "okta", "okta 1.0.800");
    let kind = ComponentKind::Connector;
    let by = |who: &str| Wish { version: "1.0.800".into(), ..Wish::of(Act::ApproveComponent(kind), who) };
    assert!(log.refused(&okta, &by("ben")).contains(&"default-deny".to_owned()));
    log.must(&okta, &by("sue"));
    log.must(&drifted, &Wish::of(Act::Release, "ann"));
}

#[test]
fn what_governs_is_changed_by_two_and_a_release_is_judged_again() {
    let mut log = Log::registered();
    let release = log.released("v1");
    let policy = other(SubjectKind::Policy, "policy", "policy 2");
    let change = Wish::of(Act::Change(Governed::Policy), "pia");
    log.must(&policy, &Wish::of(Act::Propose, "pia"));
    assert!(log.refused(&policy, &change).contains(&"governing-security".to_owned()));
    log.must(&policy, &approve("sam"));
    log.must(&policy, &approve("ben"));
    log.must(&policy, &change);
    let state = log.fold().state;
    assert_eq!(state.in_force(SubjectKind::Policy), Some(digest("policy 2").as_str()));
    let entry = log.entries.iter().find(|e| e.id == release).unwrap();
    let now = World { at: log.now(), policy: digest("policy 2"), ..world("v1") };
    assert!(judge(core(), &state, &now, (&entry.key, &entry.event), None).1.allow);
    // What the check says of the same closure now counts, not what the statement says.
    let mut fresh: Evidence = now.evidence.clone();
    fresh.findings.push(policy::FindingFact {
        rule: "unapproved-change".into(),
        severity: workflow::Severity::Critical,
        step: String::new(),
    });
    assert!(!judge(core(), &state, &now, (&entry.key, &entry.event), Some(&fresh)).1.allow);
}

#[test]
fn taking_over_needs_security_and_stopping_does_not() {
    let mut log = Log::registered();
    log.released("v1");
    let v1 = world("v1");
    log.must(&v1, &Wish { intent: Intent::TakeOver, ..Wish::of(Act::Propose, "max") });
    let over = Wish::of(Act::TakeOver, "max");
    assert!(log.refused(&v1, &over).contains(&"take-over-approved".to_owned()));
    log.must(&v1, &approve("sam"));
    assert!(log.refused(&v1, &Wish::of(Act::TakeOver, "ben")).contains(&"proposal-own".to_owned()));
    log.must(&v1, &over);
    assert_eq!(log.fold().state.workflows[LEAVER].owner, "max");
    assert!(log.refused(&v1, &Wish::of(Act::Kill, "ben")).contains(&"default-deny".to_owned()));
    log.must(&v1, &Wish::of(Act::Kill, "ivo"));
    assert!(log.fold().state.live(LEAVER, "production", log.now()).is_none());
    assert!(
        log.refused(&v1, &Wish::of(Act::Retire, "olga")).contains(&"default-deny".to_owned()),
        "it is max's"
    );
    log.must(&v1, &Wish::of(Act::Retire, "max"));
    assert!(log.refused(&v1, &Wish::of(Act::Propose, "ann")).contains(&"retired".to_owned()));
}

#[test]
fn process_automation_passes_without_ceremony() {
    let mut log = Log::default();
    let mut v1 = world("v1");
    v1.subject.tier = 1;
    v1.evidence = Evidence::default();
    log.must(&v1, &Wish::of(Act::Register, "ann"));
    log.must(&v1, &Wish::of(Act::Propose, "ann"));
    log.must(&v1, &Wish::of(Act::Release, "ann"));
}

#[test]
fn reviews_are_measured_as_a_whole() {
    let mut log = Log::registered();
    let v1 = world("v1");
    log.must(&v1, &Wish::of(Act::Propose, "ann"));
    let looked = |seconds| Some(govern::Looked { seconds: Some(seconds), at_once: 1 });
    log.must(&v1, &Wish { looked: looked(12), ..approve("ben") });
    log.must(&v1, &Wish { looked: looked(600), ..Wish::of(Act::Review(Verdict::Rework), "sam") });
    let q = quality(&log.fold().state);
    assert_eq!((q.reviews, q.approvals, q.refusals, q.rework), (2, 1, 0, 1));
    assert_eq!((q.timed, q.under_a_minute), (2, 1));
    assert_eq!((q.shown, q.in_bulk), (2, 0));
    // Ben approves two things within a minute.
    let v2 = world("v2");
    log.must(&v2, &Wish::of(Act::Propose, "ann"));
    log.must(&v2, &approve("ben"));
    log.at -= 30;
    log.must(&v2, &approve("ben"));
    assert_eq!(quality(&log.fold().state).in_bulk, 2);
}

#[test]
fn who_wrote_an_earlier_release_may_review_the_next() {
    let mut log = Log::registered();
    log.released("v1");
    // Ben's change this time; ann, who wrote the first, is a peer now.
    let contributors = vec![policy::Contribution { account: "ben".into(), how: "commit 77b0".into() }];
    let v2 = World { contributors, ..world("v2") };
    log.must(&v2, &Wish::of(Act::Propose, "ben"));
    log.tested(&v2);
    log.must(&v2, &approve("ann"));
    log.must(&v2, &approve("sam"));
    let id = log.must(&v2, &Wish::of(Act::Release, "ben"));
    let state = log.fold().state;
    let entry = log.entries.iter().find(|e| e.id == id).unwrap();
    let (facts, decision) =
        judge(core(), &state, &World { at: log.now(), ..v2 }, (&entry.key, &entry.event), None);
    assert!(decision.allow, "{:?} {:?}", decision.because, facts.contributors);
}

/// A proposal of people by somebody, approved by others, and put in force by Sam.
fn put_in_force(log: &mut Log, word: &str, by: &str, yes: [&str; 2]) {
    let there = other(SubjectKind::People, "people", word);
    log.must(&there, &Wish::of(Act::Propose, by));
    yes.iter().for_each(|who| drop(log.must(&there, &approve(who))));
    log.must(&there, &Wish::of(Act::Change(Governed::People), "sam"));
}

#[test]
fn a_part_in_the_version_in_force_is_no_part_in_the_next() {
    let mut log = Log::registered();
    put_in_force(&mut log, "one", "ann", ["ben", "sam"]);
    // Ann made the first version; the second is Ben's, and she may say yes to it.
    put_in_force(&mut log, "two", "ben", ["ann", "sam"]);
    let three = other(SubjectKind::People, "people", "three");
    log.must(&three, &Wish::of(Act::Propose, "ann"));
    log.must(&three, &Wish::of(Act::Withdraw, "ann"));
    log.must(&three, &Wish::of(Act::Propose, "ben"));
    let refused = log.refused(&three, &approve("ann"));
    assert!(refused.contains(&"no-contributor-approves".to_owned()), "{refused:?}");
}

#[test]
fn an_act_is_judged_by_what_was_in_force_at_its_place() {
    let mut log = Log::registered();
    log.released("v1");
    put_in_force(&mut log, "all", "ann", ["ben", "sam"]);
    log.released("v2");
    put_in_force(&mut log, "without sam", "ann", ["ben", "sam"]);
    let everybody = policy::sample::people();
    let others = everybody.all().iter().filter(|p| p.id != "sam").cloned().collect();
    let without = std::sync::Arc::new(policy::People::new(others, everybody.groups().to_vec()));
    let (then, now) = (law(&everybody), law(&without));
    let first = govern::first_versions(&log.entries, &BTreeMap::new(), log.now())[&Governed::People]
        .event
        .subject
        .closure
        .clone();
    let chosen = |state: &State, entry: &govern::Entry| {
        let digest = state.in_force(SubjectKind::People).unwrap_or(&first);
        if digest == first { then(state, entry) } else { now(state, entry) }
    };
    let none = |_: &State, _: &Event| Vec::new();
    let ground = Ground {
        law: &chosen,
        organisation: &[String::new()],
        history: &none,
        measure: &|_| None,
        undated: &BTreeMap::new(),
    };
    let fold = |log: &Log| {
        govern::fold_with(&log.entries, Moment(i64::MAX), &|state, e| unlawful(ground, state, e)).refused
    };
    assert_eq!(fold(&log), []);
    // What Sam does from then on is nobody's.
    let v3 = world("v3");
    log.must(&v3, &Wish::of(Act::Propose, "sam"));
    let refused = fold(&log);
    assert_eq!(refused.iter().map(|r| r.refusal.rule.as_str()).collect::<Vec<_>>(), ["known-person"]);
    // Where nobody can say what was in force, nothing counts.
    let lost = |_: &State, _: &govern::Entry| {
        let (rule, message) = ("in-force-missing".to_owned(), "it is not here".to_owned());
        Err(govern::Refusal { rule, message })
    };
    let ground = Ground { law: &lost, ..ground };
    let refusal = unlawful(ground, &State::default(), &log.entries[0]).unwrap();
    assert_eq!(refusal.rule, "in-force-missing");
}
