//! Whatever way statements come together, they fold to the same state; what has no place is refused with the reason.

#![allow(clippy::unwrap_used, reason = "a test that cannot have its facts has failed")]

mod common;

use common::{Dice, LEAVER, Log, approve, cases, other, world};
use govern::{Entry, Wish, World, fold, perform};
use policy::{Act, Governed, Moment, SubjectKind, Verdict};
use std::collections::BTreeMap;

fn rules(log: &Log) -> Vec<String> {
    log.fold().refused.iter().map(|r| r.refusal.rule.clone()).collect()
}

/// Two people who work on copies of the same repository.
fn branches() -> (Log, Log) {
    let mut log = Log::registered();
    log.must(&world("v1"), &Wish::of(Act::Propose, "ann"));
    log.tested(&world("v1"));
    (log.clone(), log)
}

fn merged(a: &Log, b: &Log) -> Log {
    let mut all = a.clone();
    all.entries.extend(b.entries.iter().filter(|e| !a.entries.contains(e)).cloned());
    all
}

#[test]
fn approvals_given_on_two_branches_count_together() {
    let (mut a, mut b) = branches();
    a.must(&world("v1"), &approve("ben"));
    b.must(&world("v1"), &approve("sam"));
    let mut log = merged(&a, &b);
    assert_eq!(log.fold().state.heads.len(), 2);
    log.must(&world("v1"), &Wish::of(Act::Release, "ann"));
    let fold = log.fold();
    assert_eq!((fold.state.heads.len(), fold.refused.len()), (1, 0));
}

#[test]
fn a_refusal_on_another_branch_stops_the_release_after_the_merge() {
    let (mut a, mut b) = branches();
    a.must(&world("v1"), &approve("ben"));
    a.must(&world("v1"), &approve("sam"));
    b.must(&world("v1"), &Wish::of(Act::Review(Verdict::Refuse), "pia"));
    let mut log = merged(&a, &b);
    let why = log.refused(&world("v1"), &Wish::of(Act::Release, "ann"));
    assert!(why.contains(&"no-standing-refusal".to_owned()), "{why:?}");
}

#[test]
fn two_releases_that_do_not_know_of_each_other_are_not_both_in_force() {
    let mut log = Log::registered();
    log.approved("v1");
    log.approved("v2");
    let (mut a, mut b) = (log.clone(), log);
    let first = a.must(&world("v1"), &Wish::of(Act::Release, "ann"));
    b.at += 60;
    b.must(&world("v2"), &Wish::of(Act::Release, "ann"));
    let log = merged(&a, &b);
    assert_eq!(rules(&log), ["replaces"]);
    assert_eq!(log.fold().state.released(LEAVER, "production").unwrap().id, first);
}

#[test]
fn what_is_deleted_is_noticed_by_what_came_after() {
    let mut log = Log::registered();
    log.must(&world("v1"), &Wish::of(Act::Propose, "ann"));
    log.must(&world("v1"), &Wish::of(Act::Review(Verdict::Refuse), "pia"));
    log.must(&world("v1"), &approve("ben"));
    let gone = log.entries.len() - 2;
    log.entries.remove(gone);
    assert_eq!(rules(&log), ["after"]);
}

#[test]
fn a_statement_that_is_dated_back_or_ahead_is_refused() {
    let mut log = Log::registered();
    log.must(&world("v1"), &Wish::of(Act::Propose, "ann"));
    let state = log.fold().state;
    let early = World { at: common::NOW, ..world("v1") };
    let event = perform(common::core(), &state, &early, &approve("ben")).event.unwrap();
    log.keep("ben", event);
    assert_eq!(rules(&log), ["at"]);
    let ahead = fold(&log.entries[..2], Moment(common::NOW.0 + 60));
    assert_eq!(ahead.refused[0].refusal.rule, "later-than-now");
}

#[test]
fn parents_that_are_unsorted_doubled_or_circular_are_refused() {
    let mut log = Log::registered();
    let mut event = log.entries[1].event.clone();
    event.after = vec![log.entries[0].id.clone(), log.entries[0].id.clone()];
    log.entries[1] = Entry { event, ..log.entries[1].clone() };
    assert_eq!(rules(&log), ["after"]);
    let mut log = Log::registered();
    let id = log.entries[1].id.clone();
    log.entries[1].event.after = vec![id];
    assert_eq!(rules(&log), ["after"]);
}

#[test]
fn every_order_of_arrival_folds_to_the_same_state() {
    let mut log = Log::registered();
    log.released("v1");
    let (mut a, mut b) = (log.clone(), log);
    a.approved("v2");
    a.must(&world("v2"), &Wish::of(Act::Release, "ann"));
    b.at += 7;
    b.approved("v3");
    b.must(&world("v3"), &Wish::of(Act::Release, "ann"));
    let log = merged(&a, &b);
    let folded = log.fold();
    assert_eq!(folded.refused.len(), 1);
    let mut dice = Dice(7);
    for _ in 0..cases(2_000, 200_000) {
        let mut shuffled = log.entries.clone();
        for i in (1..shuffled.len()).rev() {
            shuffled.swap(i, dice.roll(i + 1));
        }
        let doubled = shuffled[dice.roll(shuffled.len())].clone();
        shuffled.push(doubled);
        assert_eq!(fold(&shuffled, Moment(i64::MAX)), folded);
    }
}

#[test]
fn of_several_first_versions_the_order_says_which_comes_first() {
    let mut log = Log::registered();
    let there = other(SubjectKind::People, "people", "one");
    log.must(&there, &Wish::of(Act::Propose, "ann"));
    ["ben", "sam"].iter().for_each(|who| drop(log.must(&there, &approve(who))));
    let id = log.must(&there, &Wish::of(Act::Change(Governed::People), "sam"));
    let first = |entries: &[Entry]| {
        let found = govern::first_versions(entries, &BTreeMap::new(), log.now());
        found[&Governed::People].id.clone()
    };
    assert_eq!(first(&log.entries), id);
    let mut other = log.entries.last().unwrap().clone();
    (other.id, other.event.at) = ("sha256:other".to_owned(), Moment(other.event.at.0 + 60));
    let both = [vec![other.clone()], log.entries.clone()].concat();
    assert_eq!(first(&both), id, "the earlier one, however they are listed");
    other.event.after = Vec::new();
    other.event.at = Moment(0);
    let all = [vec![other.clone()], log.entries.clone()].concat();
    assert_eq!(first(&all), "sha256:other");
    // Not where nothing bounds its time, or it has no place.
    let refusal = govern::Refusal { rule: "after".into(), message: String::new() };
    let undated = BTreeMap::from([("sha256:other".to_owned(), refusal)]);
    assert_eq!(govern::first_versions(&all, &undated, log.now())[&Governed::People].id, id);
    other.event.after = vec!["sha256:gone".to_owned()];
    assert_eq!(first(&[vec![other], log.entries.clone()].concat()), id);
}
