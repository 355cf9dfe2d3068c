//! The inventory of doors: every act that must not be done for one's own work, by every door, in every disguise. Each cell
//! is refused, and with a reason; the same act by the same door goes through where somebody else says yes, so that it is the
//! disguise that is refused and nothing else. The commands are a door of their own in the program's `doors.rs`.

#![allow(clippy::unwrap_used, reason = "a test that cannot have its facts has failed")]

mod common;

use common::{LEAVER, Log, approve, core, law, other, world};
use govern::{Entry, Event, Folded, Ground, Intent, State, Wish, World, fold_with, unlawful, weigh};
use policy::{
    Account, Act, BreakGlass, ComponentKind, Contribution, Delegate, Exception, Governed, Key, Moment,
    People, Role, SubjectKind,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A way in which somebody may hide that it is their own work: the name they show, for whom they act, and whose work it is.
struct Way {
    name: &'static str,
    shows: &'static str,
    behalf: Option<&'static str>,
    worker: &'static str,
}

const fn way(
    name: &'static str,
    shows: &'static str,
    behalf: Option<&'static str>,
    worker: &'static str,
) -> Way {
    Way { name, shows, behalf, worker }
}

/// `zoe` has every role there is; the others are disguises of hers, or lend her theirs.
const WAYS: [Way; 13] = [
    way("as oneself", "zoe", None, "zoe"),
    way("second account", "okta:zoe.second", None, "zoe"),
    way("alias", "zoe@home.test", None, "zoe"),
    way("co-author trailer", "sam", None, "sam@corp.test"),
    way("bot", "ci:zoe", None, "zoe"),
    way("agent", "ai:zoe", None, "zoe"),
    way("delegate", "zoe", Some("sam"), "zoe"),
    way("delegate of a delegate", "yan", Some("sam"), "zoe"),
    way("group membership", "owners@corp.test", None, "zoe"),
    way("ex-account", "old:zoe", None, "zoe"),
    way("key shared by two", "SHA256:c2hhcmVk", None, "zoe"),
    way("administrator", "adm", None, "adm"),
    way("policy author", "pia", None, "pia"),
];

const ROLES: [&str; 8] = [
    "security-approver",
    "process-owner",
    "workflow-author",
    "policy-owner",
    "incident-manager",
    "break-glass",
    "internal-audit",
    "administrator",
];

/// The sample's company, with people who hold every role, and their disguises.
fn people() -> Arc<People> {
    let base = policy::sample::people();
    let mut all = base.all().to_vec();
    let lend =
        |to: &str| Delegate { to: to.into(), roles: vec![], from: None, until: Some(Moment(i64::MAX)) };
    let shared = || Key { key: "SHA256:c2hhcmVk".into(), period: policy::Period::default(), revoked: None };
    for id in ["zoe", "adm", "yan"] {
        let mut person = base.person("max").unwrap().clone();
        (person.id, person.name) = (id.into(), id.into());
        person.roles = ROLES.map(|r| Role { role: r.into(), period: policy::Period::default() }).to_vec();
        person.exception_limit = 3;
        person.accounts.clear();
        person.delegates.clear();
        person.former_accounts = vec![format!("old:{id}")];
        if id == "zoe" {
            person.accounts.insert("okta".into(), Account::Several(vec!["zoe".into(), "zoe.second".into()]));
            person.aliases = vec!["zoe@home.test".into()];
            person.bots = vec![
                policy::Bot { account: "ci:zoe".into(), kind: policy::Employment::Service },
                policy::Bot { account: "ai:zoe".into(), kind: policy::Employment::Agent },
            ];
            person.delegates = vec![lend("yan")];
            person.keys = vec![shared()];
        }
        all.push(person);
    }
    for person in &mut all {
        match person.id.as_str() {
            "sam" => {
                person.delegates = vec![lend("zoe")];
                person.roles.push(Role { role: "break-glass".into(), period: policy::Period::default() });
            }
            "ben" => person.keys = vec![shared()],
            "pia" => {
                person.roles.extend(ROLES.map(|r| Role { role: r.into(), period: policy::Period::default() }))
            }
            _ => {}
        }
    }
    Arc::new(People::new(all, base.groups().to_vec()))
}

/// The acts by which somebody could pass their own work.
const ACTS: [Act; 12] = [
    Act::Release,
    Act::RollBack,
    Act::TakeOver,
    Act::ApproveComponent(ComponentKind::Connector),
    Act::ApproveComponent(ComponentKind::Script),
    Act::ApproveComponent(ComponentKind::Webhook),
    Act::GrantException,
    Act::RenewException,
    Act::PostChangeReview,
    Act::Change(Governed::Policy),
    Act::Change(Governed::People),
    Act::Change(Governed::Configuration),
];

/// The doors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Door {
    /// The library's function, which every command calls.
    Library,
    /// A statement that somebody writes who does not ask.
    Hand,
    /// An earlier approval of others, used once more.
    Replay,
    /// The own approval comes in from a branch.
    Merge,
    /// The history is written anew: somebody else stands in it.
    Rebase,
    /// The commit is amended to another author; the statement is by hand.
    Amend,
    /// The history was imported, and names nobody; the statement is by hand.
    Import,
}

const DOORS: [Door; 7] =
    [Door::Library, Door::Hand, Door::Replay, Door::Merge, Door::Rebase, Door::Amend, Door::Import];

/// Whom the history names.
fn named(door: Door, worker: &str) -> Vec<Contribution> {
    let by = |who: &str| vec![Contribution { account: who.into(), how: "commit 3f2a91c".into() }];
    match door {
        Door::Rebase => by("max"),
        Door::Amend => by("cleo@corp.test"),
        Door::Import => Vec::new(),
        _ => by(worker),
    }
}

/// Everything that is prepared for an act: the log, and the world in which only the last yes and the act are left.
#[derive(Clone)]
struct Stage {
    log: Log,
    here: World,
    people: Arc<People>,
    /// What the history says.
    history: Vec<Contribution>,
    /// A proposal that was approved by others and carried out.
    spent: Option<String>,
}

impl Stage {
    /// Proposed by the worker; approved by a peer who has no part in it, where a peer is asked for. What the act needs of the
    /// earlier is there: releases to go back to, an exception, a break-glass that has ended.
    fn new(act: Act, worker: &str, door: Door, people: &Arc<People>) -> Stage {
        let history = vec![Contribution { account: worker.into(), how: "commit 3f2a91c".into() }];
        let with = |world: World| World { people: people.clone(), contributors: history.clone(), ..world };
        let mut log = Log::registered();
        let spent = Some(log.approved("v1"));
        log.must(&world("v1"), &Wish::of(Act::Release, "ann"));
        if act == Act::RollBack {
            log.released("v2");
        }
        let version = if act == Act::RollBack { "v1" } else { "v2" };
        let here = with(place(act, version));
        // Somebody else puts the co-author's work forward.
        let proposer = if worker == "sam@corp.test" { "ann" } else { worker };
        let intent = match act {
            Act::RollBack => Intent::RollBack,
            Act::TakeOver => Intent::TakeOver,
            _ => Intent::Change,
        };
        log.must(&here, &Wish { intent, ..Wish::of(Act::Propose, proposer) });
        if act == Act::Release {
            log.tested(&here);
        }
        if matches!(act, Act::Release | Act::Change(_)) {
            log.must(&here, &approve("ben"));
        }
        let by = if worker == "sam@corp.test" { "sam" } else { worker };
        lanes(&mut log, act, by, &here);
        let history = named(door, worker);
        let here = World { contributors: history.clone(), ..here };
        Stage { log, here, people: people.clone(), history, spent }
    }

    /// Folds as the gate does: nothing is believed.
    fn gate(&self) -> Folded {
        let history = |_: &State, _: &Event| self.history.clone();
        let names = [String::new()];
        let law = law(&self.people);
        let ground = Ground {
            law: &law,
            organisation: &names,
            history: &history,
            measure: &|_| None,
            undated: &BTreeMap::new(),
        };
        fold_with(&self.log.entries, Moment(i64::MAX), &|state, entry| unlawful(ground, state, entry))
    }

    fn world(&self) -> World {
        World { at: self.log.now(), ..self.here.clone() }
    }

    /// Somebody's yes, as a statement by hand.
    fn approve(&mut self, way: &Way) {
        self.log.at += 60;
        let wish = Wish { on_behalf_of: way.behalf.map(str::to_owned), ..approve(way.shows) };
        let event = self.by_hand(&self.log.fold().state, &wish);
        self.log.keep(way.shows, event);
    }

    /// The statement as somebody would write it who does not ask.
    fn by_hand(&self, state: &State, wish: &Wish) -> Event {
        let here = self.world();
        let intents = [Intent::Change, Intent::RollBack, Intent::TakeOver];
        let open = |i| state.open_proposal(&here.subject, &here.environment, i).map(|(id, _)| id.clone());
        let by = match here.people.find(&wish.key) {
            policy::Found::One(person, _) => person.id.clone(),
            _ => String::new(),
        };
        let replaces = match wish.act {
            Act::Release | Act::RollBack => state.released(LEAVER, &here.environment).map(|r| r.id.clone()),
            Act::Change(what) => state.governed.get(&what).map(|v| v.id.clone()),
            _ => None,
        };
        Event {
            environment: here.environment.clone(),
            policy: here.policy.clone(),
            shown: here.view.clone(),
            after: state.heads.iter().cloned().collect(),
            of: wish.of.clone().or_else(|| intents.into_iter().find_map(open)),
            replaces,
            on_behalf_of: wish.on_behalf_of.clone(),
            parts: here.parts.clone(),
            owner: here.evidence.record.owner.clone(),
            version: wish.version.clone(),
            exception: wish.exception.clone(),
            evidence: (wish.act == Act::Release).then(|| here.evidence.clone()),
            ..Event::of(wish.act, &by, here.at, here.subject.clone())
        }
    }
}

fn place(act: Act, version: &str) -> World {
    match act {
        Act::ApproveComponent(_) => other(SubjectKind::Component, "okta", version),
        Act::Change(Governed::Policy) => other(SubjectKind::Policy, "policy", version),
        Act::Change(Governed::People) => other(SubjectKind::People, "people", version),
        Act::Change(Governed::Configuration) => other(SubjectKind::Configuration, "configuration", version),
        _ => world(version),
    }
}

/// What acts on the other lanes follow on: an exception that somebody else granted, a break-glass that the worker used.
fn lanes(log: &mut Log, act: Act, by: &str, here: &World) {
    let from = Moment(log.now().0 + 60);
    let after = |log: &Log| log.fold().state.heads.into_iter().collect();
    if act == Act::RenewException {
        let event = Event {
            exception: Some(exception(from, 0)),
            after: after(log),
            environment: here.environment.clone(),
            ..Event::of(Act::GrantException, "sue", from, here.subject.clone())
        };
        log.keep("sue", event);
        log.at += 120;
    }
    if act == Act::PostChangeReview {
        let glass = BreakGlass {
            reason: "leavers keep access".into(),
            ticket: "INC-1".into(),
            scope: vec![LEAVER.into()],
            from: Some(from),
            until: Some(from.plus_hours(1)),
            ..BreakGlass::default()
        };
        let (glass, after_it) = (Some(glass), after(log));
        let opened = Event {
            glass,
            after: after_it,
            environment: here.environment.clone(),
            ..Event::of(Act::OpenBreakGlass, by, from, here.subject.clone())
        };
        log.keep(by, opened);
        let of = Some(log.entries.last().unwrap().id.clone());
        let used = Event {
            of,
            after: after(log),
            environment: here.environment.clone(),
            ..Event::of(Act::UseBreakGlass, by, Moment(from.0 + 60), here.subject.clone())
        };
        log.keep(by, used);
        log.at += 7200;
    }
}

fn exception(from: Moment, renewals: u32) -> Exception {
    Exception {
        covers: vec!["tests".into()],
        subject: LEAVER.into(),
        owner: "olga".into(),
        compensating: "two people watch".into(),
        from: Some(from),
        until: Some(from.plus_hours(24 * 30)),
        renewals,
        ..Exception::default()
    }
}

fn wish(act: Act, way: &Way, state: &State, at: Moment) -> Wish {
    let of = match act {
        Act::RenewException => state.exceptions.keys().next().cloned(),
        Act::PostChangeReview => state.glasses.keys().next().cloned(),
        _ => None,
    };
    let renewals = u32::from(act == Act::RenewException);
    let grants = matches!(act, Act::GrantException | Act::RenewException);
    Wish {
        of,
        on_behalf_of: way.behalf.map(str::to_owned),
        version: if matches!(act, Act::ApproveComponent(_)) { "9.9.9".into() } else { String::new() },
        exception: grants.then(|| exception(at, renewals)),
        ..Wish::of(act, way.shows)
    }
}

/// Whether the act is one that others approve.
fn is_approved(act: Act) -> bool {
    matches!(act, Act::Release | Act::RollBack | Act::TakeOver | Act::Change(_))
}

/// Whether the act got through by a door with this yes, done by somebody; and the reason why not.
fn try_door(mut stage: Stage, door: Door, act: Act, yes: &Way, who: &Way) -> (bool, String) {
    if is_approved(act) && door != Door::Replay {
        let mut branch = stage.clone();
        branch.approve(yes);
        if door == Door::Merge {
            // Meanwhile ann proposes something else.
            stage.log.must(&world("v3"), &Wish::of(Act::Propose, "ann"));
        }
        let more: Vec<Entry> =
            branch.log.entries.into_iter().filter(|e| !stage.log.entries.contains(e)).collect();
        stage.log.entries.extend(more);
        stage.log.at = stage.log.at.max(branch.log.at);
    }
    stage.log.at += 60;
    let state = stage.gate().state;
    let mut wish = wish(act, who, &state, stage.log.now());
    if matches!(door, Door::Library | Door::Merge | Door::Rebase) {
        let done = weigh(core(), &state, &stage.world(), &wish);
        let why = done.decision.because.first().map(|b| b.reason.clone()).unwrap_or_default();
        return (done.event.is_some(), why + &done.refusal.map(|r| r.message).unwrap_or_default());
    }
    if door == Door::Replay && is_approved(act) {
        wish.of.clone_from(&stage.spent);
    }
    let mut event = stage.by_hand(&state, &wish);
    if door == Door::Replay && !is_approved(act) {
        // The name of somebody who did the like before.
        event.by = "sue".into();
    }
    stage.log.keep(who.shows, event);
    let id = &stage.log.entries.last().unwrap().id;
    let folded = stage.gate();
    let refused = folded.refused.iter().find(|r| r.id == *id);
    (
        refused.is_none(),
        refused.map(|r| format!("{}: {}", r.refusal.rule, r.refusal.message)).unwrap_or_default(),
    )
}

/// All doors in all disguises for one act: how many cells there were, which of them are open, and the reasons of the others.
fn cells(act: Act, people: &Arc<People>) -> (usize, Vec<String>, BTreeSet<String>) {
    let (mut count, mut open, mut reasons) = (0, Vec::new(), BTreeSet::new());
    for door in DOORS {
        for worker in ["zoe", "sam@corp.test", "adm", "pia"] {
            let stage = Stage::new(act, worker, door, people);
            for way in WAYS.iter().filter(|w| w.worker == worker) {
                count += 1;
                let (passed, why) = try_door(stage.clone(), door, act, way, way);
                if passed || why.is_empty() {
                    open.push(format!("{act}, {door:?}, {}: passed {passed}", way.name));
                }
                reasons.insert(why);
            }
        }
    }
    (count, open, reasons)
}

#[test]
fn every_cell_is_refused_with_a_reason() {
    let people = people();
    let all: Vec<_> = std::thread::scope(|scope| {
        let people = &people;
        let work: Vec<_> = ACTS.iter().map(|act| scope.spawn(move || cells(*act, people))).collect();
        work.into_iter().map(|w| w.join().unwrap()).collect()
    });
    let count: usize = all.iter().map(|(count, ..)| count).sum();
    let open: Vec<&String> = all.iter().flat_map(|(_, open, _)| open).collect();
    let reasons: BTreeSet<&String> = all.iter().flat_map(|(.., reasons)| reasons).collect();
    println!(
        "{count} cells, {} acts by {} doors in {} disguises: {} open, {} different reasons",
        ACTS.len(),
        DOORS.len(),
        WAYS.len(),
        open.len(),
        reasons.len()
    );
    assert!(open.is_empty(), "{} of {count} cells are open: {open:#?}", open.len());
    assert_eq!(count, ACTS.len() * DOORS.len() * WAYS.len());
    assert!(count >= 500 && reasons.len() > 20, "{count} cells, {reasons:#?}");
}

/// The same acts by the same doors, with the yes of somebody who has no part in it: it is the disguise that is refused.
#[test]
fn the_same_doors_open_for_somebody_else() {
    let people = people();
    for act in ACTS {
        for door in DOORS.into_iter().filter(|d| *d != Door::Replay) {
            let stage = Stage::new(act, "zoe", door, &people);
            let sue =
                way("somebody else", if act == Act::RenewException { "sam" } else { "sue" }, None, "zoe");
            let adi = way("the auditor", "adi", None, "zoe");
            let owner = way("the owner", "olga", None, "zoe");
            let own = way("oneself", "zoe", None, "zoe");
            let who = match act {
                Act::Release | Act::TakeOver | Act::Change(_) => &own,
                Act::RollBack => &owner,
                Act::PostChangeReview => &adi,
                _ => &sue,
            };
            let (passed, why) = try_door(stage, door, act, &sue, who);
            assert!(passed, "{act}, {door:?}: {why}");
        }
    }
}
