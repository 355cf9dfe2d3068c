//! The fold against a second, naive model, over random histories: the same answers, the same states. The naive model keeps
//! nothing but the list of what was accepted, and looks every question up in it from the beginning.

#![allow(clippy::unwrap_used, reason = "a test that cannot have its facts has failed")]

mod common;

use common::{Dice, GOVERNED, Log, NOW, approve, cases, closure, digest, intent, parts, world};
use govern::{Entry, Event, Intent, Phase, State, Wish, apply, fold};
use policy::{Act, BreakGlass, ComponentKind, Exception, Governed, Moment, Subject, SubjectKind, Verdict};
use std::collections::BTreeMap;

const NAMES: [&str; 2] = ["leaver", "joiner"];
const WORDS: [&str; 2] = ["production", "test"];
const KEYS: [&str; 3] = ["ann", "ben", "sam"];
const VERSIONS: [&str; 2] = ["v1", "v2"];

/// What was accepted, in order.
#[derive(Clone, Default)]
struct Naive(Vec<Entry>);

impl Naive {
    fn of<'n>(&'n self, event: &'n Event) -> impl Iterator<Item = &'n Entry> {
        self.0.iter().filter(|e| {
            e.event.subject.name == event.subject.name && e.event.subject.kind == event.subject.kind
        })
    }

    /// Whether it is under governance: what was said last of its life.
    fn phase(&self, event: &Event) -> Option<Phase> {
        self.of(event).fold(None, |phase, e| match e.event.act {
            Act::Register | Act::Release | Act::RollBack => Some(Phase::Registered),
            Act::Kill => Some(Phase::Killed),
            Act::Retire => Some(Phase::Retired),
            _ => phase,
        })
    }

    fn live(&self, event: &Event) -> bool {
        self.phase(event).is_some_and(|p| p != Phase::Retired)
    }

    /// The releases since it was registered last.
    fn releases<'n>(&'n self, event: &'n Event) -> Vec<&'n Entry> {
        let all: Vec<&Entry> = self.of(event).collect();
        let from = all.iter().rposition(|e| e.event.act == Act::Register).unwrap_or(0);
        let mine = all.into_iter().skip(from);
        mine.filter(|e| {
            matches!(e.event.act, Act::Release | Act::RollBack) && e.event.environment == event.environment
        })
        .collect()
    }

    fn was_released(&self, event: &Event) -> bool {
        self.releases(event).iter().any(|e| e.event.subject.closure == event.subject.closure)
    }

    /// The proposal that an event answers, if it is open and about the same.
    fn proposal(&self, event: &Event) -> Option<&Event> {
        let of = event.of.as_ref()?;
        let found = self.0.iter().find(|e| e.id == *of && e.event.act == Act::Propose)?;
        let ends = |e: &&Entry| {
            e.event.of.as_ref() == Some(of)
                && matches!(
                    e.event.act,
                    Act::Withdraw | Act::Release | Act::RollBack | Act::TakeOver | Act::Change(_)
                )
        };
        let same = found.event.target() == event.target() && found.event.environment == event.environment;
        (same && !self.0.iter().any(|e| ends(&e))).then_some(&found.event)
    }

    fn carries(&self, event: &Event, wanted: Intent) -> bool {
        self.proposal(event).is_some_and(|p| p.intent == wanted && p.subject.closure == event.subject.closure)
    }

    fn glass(&self, event: &Event) -> Option<&Event> {
        let found =
            self.0.iter().find(|e| Some(&e.id) == event.of.as_ref() && e.event.act == Act::OpenBreakGlass)?;
        let same = found.event.environment == event.environment;
        (same && found.event.glass.as_ref()?.scope.contains(&event.subject.name)).then_some(&found.event)
    }

    fn is_open(&self, event: &Event) -> bool {
        let closed = self.0.iter().any(|e| e.event.act == Act::CloseBreakGlass && e.event.of == event.of);
        self.glass(event).and_then(|g| g.glass.as_ref()).is_some_and(|g| {
            g.from.is_some_and(|f| f <= event.at) && g.until.is_some_and(|u| event.at < u) && !closed
        })
    }

    fn is_over(&self, event: &Event) -> bool {
        let closed = self.0.iter().any(|e| e.event.act == Act::CloseBreakGlass && e.event.of == event.of);
        let glass = self.glass(event).and_then(|g| g.glass.as_ref());
        glass.is_some_and(|g| closed || g.until.is_none_or(|u| u <= event.at))
    }

    /// The exception that an event answers: its end and how often it was renewed, while it was not ended.
    fn exception(&self, event: &Event) -> Option<(Moment, u32)> {
        let granted =
            self.0.iter().find(|e| Some(&e.id) == event.of.as_ref() && e.event.act == Act::GrantException)?;
        let later = self.0.iter().filter(|e| e.event.of == event.of);
        let mut now = (granted.event.exception.as_ref()?.until?, 0);
        for e in later {
            match (e.event.act, &e.event.exception) {
                (Act::EndException, _) => return None,
                (Act::RenewException, Some(x)) => now = (x.until?, x.renewals),
                _ => {}
            }
        }
        let same = granted.event.environment == event.environment;
        (same && granted.event.subject.name == event.subject.name).then_some(now)
    }

    fn approved(&self, event: &Event) -> bool {
        let mine = self.of(event).filter(|e| e.event.version == event.version);
        mine.fold(false, |_, e| matches!(e.event.act, Act::ApproveComponent(_)))
    }

    fn in_force(&self, event: &Event) -> Option<&str> {
        self.0.iter().rev().find(|e| e.event.act == event.act).map(|e| e.id.as_str())
    }

    /// Whether an entry has its place.
    fn accepts(&self, entry: &Entry) -> bool {
        let event = &entry.event;
        let replaced = |now: Option<&str>| event.replaces.as_deref() == now;
        let newest = || self.releases(event).last().map(|e| e.id.clone());
        match event.act {
            Act::Register => !self.live(event),
            Act::Propose => {
                let workflow = event.subject.kind == SubjectKind::Workflow;
                (!workflow || self.live(event))
                    && (event.intent == Intent::Change || workflow)
                    && (event.intent != Intent::RollBack || self.was_released(event))
            }
            Act::Withdraw => self.proposal(event).is_some(),
            Act::Review(_) => {
                self.proposal(event).is_some_and(|p| p.subject.closure == event.subject.closure)
            }
            Act::Release => {
                self.live(event) && replaced(newest().as_deref()) && self.carries(event, Intent::Change)
            }
            Act::RollBack => {
                let asked = self.carries(event, Intent::RollBack);
                let emergency = self
                    .0
                    .iter()
                    .any(|e| Some(&e.id) == event.of.as_ref() && e.event.act == Act::OpenBreakGlass);
                let may = if emergency { self.is_open(event) } else { asked };
                self.live(event) && replaced(newest().as_deref()) && self.was_released(event) && may
            }
            Act::Retire => self.live(event),
            Act::Kill => self.live(event) && self.phase(event) != Some(Phase::Killed),
            Act::TakeOver => {
                let own = self.0.iter().any(|e| Some(&e.id) == event.of.as_ref() && e.key == entry.key);
                self.live(event) && self.carries(event, Intent::TakeOver) && own
            }
            Act::ApproveComponent(_) => !self.approved(event),
            Act::WithdrawComponent(_) => self.approved(event),
            Act::GrantException => true,
            Act::RenewException => self.exception(event).is_some_and(|(until, renewals)| {
                event.at < until && event.exception.as_ref().is_some_and(|x| x.renewals == renewals + 1)
            }),
            Act::EndException => self.exception(event).is_some(),
            Act::OpenBreakGlass => true,
            Act::UseBreakGlass | Act::CloseBreakGlass => self.is_open(event),
            Act::PostChangeReview => {
                let again =
                    self.0.iter().any(|e| e.event.act == Act::PostChangeReview && e.event.of == event.of);
                !again && self.is_over(event)
            }
            Act::Change(_) => replaced(self.in_force(event)) && self.carries(event, Intent::Change),
            Act::Attest if event.subject.kind == SubjectKind::Credential => {
                event.version.parse().is_ok_and(|at: Moment| at <= event.at)
            }
            Act::Attest => event.subject.kind != SubjectKind::Workflow || self.live(event),
        }
    }
}

/// A random event that is not without hope: it names things that are there, mostly.
fn event(dice: &mut Dice, known: &Naive, at: Moment) -> (String, Event) {
    let acts: Vec<Act> = Act::all().collect();
    let usual = [
        Act::Propose,
        Act::Propose,
        Act::Release,
        Act::Register,
        Act::Review(Verdict::Approve),
        Act::RollBack,
    ];
    let act = if dice.roll(2) == 0 { dice.of(&usual) } else { dice.of(&acts) };
    let version = VERSIONS[usize::from(dice.roll(4) == 0)];
    let (kind, name) = subject(act, dice);
    let closure = if kind == SubjectKind::Workflow { closure(&parts(version)) } else { digest(version) };
    let key = dice.of(&KEYS).to_owned();
    let subject = Subject { kind, name: name.clone(), closure, tier: 2, ..Subject::default() };
    let mut event = Event::of(act, &key, at, subject);
    event.environment = if kind == SubjectKind::Workflow {
        WORDS[usize::from(dice.roll(6) == 0)].to_owned()
    } else {
        String::new()
    };
    event.version = match kind {
        SubjectKind::Component => version.to_owned(),
        SubjectKind::Credential => at.plus_hours(i64::try_from(dice.roll(3)).unwrap() - 1).to_string(),
        _ => String::new(),
    };
    event.intent =
        if act == Act::Propose && dice.roll(3) == 0 { intent(dice.roll(3)) } else { Intent::Change };
    event.of = answered(act, dice, known);
    event.replaces = match act {
        Act::Release | Act::RollBack if dice.roll(8) > 0 => {
            known.releases(&event).last().map(|e| e.id.clone())
        }
        Act::Change(_) if dice.roll(8) > 0 => known.in_force(&event).map(str::to_owned),
        _ => None,
    };
    let until = Some(at.plus_hours(i64::try_from(1 + dice.roll(4)).unwrap()));
    if matches!(act, Act::GrantException | Act::RenewException) {
        let renewals = if act == Act::GrantException { 0 } else { u32::try_from(1 + dice.roll(2)).unwrap() };
        let covers = vec!["tests".to_owned()];
        event.exception = Some(Exception {
            covers,
            subject: name.clone(),
            from: Some(at),
            until,
            renewals,
            ..Exception::default()
        });
    }
    if act == Act::OpenBreakGlass {
        let scope = vec![dice.of(&NAMES).to_owned(), name];
        event.glass = Some(BreakGlass { scope, from: Some(at), until, ..BreakGlass::default() });
    }
    (key, event)
}

fn subject(act: Act, dice: &mut Dice) -> (SubjectKind, String) {
    let name = NAMES[usize::from(dice.roll(6) == 0)].to_owned();
    match act {
        Act::ApproveComponent(_) | Act::WithdrawComponent(_) => (SubjectKind::Component, name),
        Act::Change(what) => governed(what),
        Act::Attest if dice.roll(3) == 0 => (SubjectKind::Credential, "a token".to_owned()),
        Act::Propose | Act::Review(_) | Act::Withdraw if dice.roll(4) == 0 => governed(dice.of(&GOVERNED)),
        _ => (SubjectKind::Workflow, name),
    }
}

fn governed(what: Governed) -> (SubjectKind, String) {
    match what {
        Governed::Policy => (SubjectKind::Policy, "policy".to_owned()),
        Governed::People => (SubjectKind::People, "people".to_owned()),
        Governed::Configuration => (SubjectKind::Configuration, "configuration".to_owned()),
    }
}

/// A statement that there is to answer.
fn answered(act: Act, dice: &mut Dice, known: &Naive) -> Option<String> {
    let wanted = match act {
        Act::RenewException | Act::EndException => Act::GrantException,
        Act::UseBreakGlass | Act::CloseBreakGlass | Act::PostChangeReview => Act::OpenBreakGlass,
        Act::RollBack if dice.roll(3) == 0 => Act::OpenBreakGlass,
        _ => Act::Propose,
    };
    let of: Vec<&Entry> = known.0.iter().filter(|e| e.event.act == wanted || dice.roll(40) == 0).collect();
    (!of.is_empty() && dice.roll(20) > 0).then(|| of[dice.roll(of.len())].id.clone())
}

fn component(act: Act) -> Option<ComponentKind> {
    match act {
        Act::ApproveComponent(kind) | Act::WithdrawComponent(kind) => Some(kind),
        _ => None,
    }
}

/// The states agree on everything that the naive model can look up.
fn compare(state: &State, naive: &Naive, seed: u64) {
    for entry in &naive.0 {
        let event = &entry.event;
        if event.subject.kind != SubjectKind::Workflow {
            continue;
        }
        let name = &event.subject.name;
        assert_eq!(state.workflows.get(name).map(|w| w.phase), naive.phase(event), "seed {seed}: {name}");
        let now = state.released(name, &event.environment).map(|r| r.id.clone());
        assert_eq!(now, naive.releases(event).last().map(|e| e.id.clone()), "seed {seed}: {name}");
    }
    let rotations = naive.0.iter().filter(|e| e.event.subject.kind == SubjectKind::Credential);
    let known: Vec<(Moment, String)> = state.rotations.values().flatten().cloned().collect();
    let naive_known: Vec<_> = rotations.map(|e| (e.event.version.parse().unwrap(), e.id.clone())).collect();
    assert_eq!(known, naive_known, "seed {seed}");
    for what in GOVERNED {
        let last = naive.0.iter().rev().find(|e| e.event.act == Act::Change(what)).map(|e| e.id.as_str());
        assert_eq!(state.governed.get(&what).map(|v| v.id.as_str()), last, "seed {seed}");
    }
}

fn history(seed: u64, seen: &mut BTreeMap<String, (u32, u32)>) {
    let mut dice = Dice(seed);
    let (mut state, mut naive, mut at) = (State::default(), Naive::default(), NOW);
    for step in 0..24 {
        at = Moment(at.0 + i64::try_from(dice.roll(2000)).unwrap());
        let (key, event) = event(&mut dice, &naive, at);
        // A component of one name is of one kind here; the kinds are told apart by their acts.
        let event = match component(event.act) {
            Some(ComponentKind::Connector) | None => event,
            Some(_) => continue,
        };
        let entry = Entry { id: digest(&format!("{seed} {step}")), key, event };
        let counts = seen.entry(entry.event.act.as_str().to_owned()).or_default();
        let (is, expected) = (apply(state.clone(), &entry), naive.accepts(&entry));
        match is {
            Ok(next) => {
                assert!(expected, "seed {seed}, step {step}: accepted {:?}", entry.event);
                (state, counts.0) = (next, counts.0 + 1);
                naive.0.push(entry);
            }
            Err(refusal) => {
                assert!(!expected, "seed {seed}, step {step}: {refusal:?} {:?}", entry.event);
                counts.1 += 1;
            }
        }
    }
    compare(&state, &naive, seed);
}

#[test]
fn random_histories_agree_with_the_naive_model() {
    let mut seen = BTreeMap::new();
    let count = cases(4_000, 1_000_000);
    (0..count).for_each(|seed| history(seed, &mut seen));
    println!("{count} histories of 24 events each: {seen:?}");
    // Every act was both accepted and refused, so that neither answer is untested.
    for (act, (accepted, refused)) in &seen {
        let always = ["grant-exception", "open-break-glass"].contains(&act.as_str());
        assert!(*accepted > 0 && (always || *refused > 0), "{act}: {accepted} accepted, {refused} refused");
    }
    assert_eq!(seen.len(), 24, "all acts but those on scripts and webhooks: {seen:?}");
}

/// A few random statements after others, as somebody makes them on a copy of the repository: each names what it follows.
fn branch(dice: &mut Dice, mut known: Naive, mut heads: Vec<String>, at: Moment, word: &str) -> Vec<Entry> {
    let (mut made, mut at) = (Vec::new(), at);
    for step in 0..2 + dice.roll(5) {
        at = Moment(at.0 + i64::try_from(dice.roll(2000)).unwrap());
        let (key, event) = event(dice, &known, at);
        let entry =
            Entry { id: digest(&format!("{word} {step}")), key, event: Event { after: heads, ..event } };
        if known.accepts(&entry) {
            known.0.push(entry.clone());
        }
        heads = vec![entry.id.clone()];
        made.push(entry);
    }
    made
}

/// Three people work on copies, and their statements come together in every way: the same state each time, and what has no
/// place in it is refused with a reason.
#[test]
fn whatever_order_a_merge_brings_random_branches_fold_alike() {
    let (mut accepted, mut refused) = (0, 0);
    for seed in 0..cases(400, 200_000) {
        let mut dice = Dice(seed);
        let mut all = branch(&mut dice, Naive::default(), vec![], NOW, &format!("{seed} base"));
        let folded = fold(&all, Moment(i64::MAX));
        let heads: Vec<String> = folded.state.heads.iter().cloned().collect();
        let counted = |e: &&Entry| !folded.refused.iter().any(|r| r.id == e.id);
        let known = Naive(all.iter().filter(counted).cloned().collect());
        let at = all.last().map_or(NOW, |e| e.event.at);
        for who in 0..3 {
            all.extend(branch(&mut dice, known.clone(), heads.clone(), at, &format!("{seed} {who}")));
        }
        let first = fold(&all, Moment(i64::MAX));
        assert_eq!(first.order.len(), all.len(), "seed {seed}");
        assert!(first.refused.iter().all(|r| !r.refusal.rule.is_empty() && !r.refusal.message.is_empty()));
        for _ in 0..3 {
            (1..all.len()).rev().for_each(|i| all.swap(i, dice.roll(i + 1)));
            assert_eq!(fold(&all, Moment(i64::MAX)), first, "seed {seed}");
        }
        accepted += all.len() - first.refused.len();
        refused += first.refused.len();
    }
    assert!(accepted > 1_000 && refused > 1_000, "{accepted} accepted, {refused} refused");
}

/// Random people try random acts at the door; whatever is released has all that a release needs, counted by hand.
#[test]
fn nothing_is_released_without_every_requirement() {
    let people = ["ann", "ben", "cleo", "olga", "sam", "sue", "max", "hal", "ci:ann", "old:ben", "mallory"];
    let mut released = 0;
    for seed in 0..cases(40, 20_000) {
        let mut dice = Dice(seed);
        let mut log = Log::registered();
        log.must(&world("v1"), &Wish::of(Act::Propose, "ann"));
        VERSIONS.iter().for_each(|version| drop(log.tested(&world(version))));
        for _ in 0..8 {
            let world = world(VERSIONS[usize::from(dice.roll(6) == 0)]);
            let who = dice.of(&people);
            let wish = match dice.roll(7) {
                0 => Wish::of(Act::Propose, dice.of(&["ann", "ben"])),
                1..4 => approve(dice.of(&["ben", "sam", "sue", who])),
                4 if dice.roll(3) == 0 => Wish::of(Act::Review(Verdict::Refuse), who),
                _ => Wish::of(Act::Release, dice.of(&["ann", who])),
            };
            if log.act(&world, &wish).event.is_some() && wish.act == Act::Release {
                released += 1;
                whole(&log, seed);
            }
        }
    }
    assert!(released > 0, "no history got as far as a release");
}

fn whole(log: &Log, seed: u64) {
    let release = log.entries.last().unwrap();
    let of = release.event.of.clone().unwrap();
    let proposal = log.entries.iter().find(|e| e.id == of).unwrap();
    let mut last: BTreeMap<&str, Verdict> = BTreeMap::new();
    for e in log.entries.iter().filter(|e| e.event.of.as_ref() == Some(&of)) {
        if let Act::Review(verdict) = e.event.act {
            assert_eq!(e.event.subject.closure, release.event.subject.closure, "seed {seed}");
            last.insert(&e.event.by, verdict);
        }
    }
    // No last word on this closure is no, in whatever proposal it was said.
    let words = log.entries.iter().filter(|e| e.event.subject.closure == release.event.subject.closure);
    let words: BTreeMap<&str, Act> = words
        .filter(|e| matches!(e.event.act, Act::Review(_)))
        .map(|e| (e.event.by.as_str(), e.event.act))
        .collect();
    for id in ["ben", "sam", "sue"] {
        assert_ne!(words.get(id), Some(&Act::Review(Verdict::Refuse)), "seed {seed}: {id} refused");
    }
    let yes = |ids: &[&str]| {
        ids.iter().any(|id| last.get(id) == Some(&Verdict::Approve) && proposal.event.by != **id)
    };
    // Ann wrote the change; whoever proposed it is out as well.
    assert!(yes(&["ben", "cleo", "olga", "pia"]), "seed {seed}: no peer in {last:?}");
    assert!(yes(&["sam", "sue"]), "seed {seed}: no security in {last:?}");
    assert!(!last.values().any(|v| *v != Verdict::Approve), "seed {seed}: a refusal stands in {last:?}");
}
