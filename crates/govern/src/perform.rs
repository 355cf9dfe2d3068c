//! The door: every act of every command, of the library and of a replay comes through here.

use crate::apply::{Refusal, step};
use crate::event::{Entry, Event, Evidence, Intent, Looked};
use crate::facts::{World, carries_out, facts};
use crate::judge::signer;
use crate::state::State;
use policy::{
    Act, Actor, BreakGlass, Decision, Exception, Facts, FindingFact, Governed, Mode, PolicySet, SubjectKind,
    TestEvidence, Verdict,
};
use std::collections::BTreeMap;

/// What somebody wants to do.
#[derive(Debug, Clone, PartialEq)]
pub struct Wish {
    /// The act.
    pub act: Act,
    /// The fingerprint of the key that will sign.
    pub key: String,
    /// The statement that it answers; the newest open proposal, for an act that carries one out and names none.
    pub of: Option<String>,
    /// For whom, if for somebody else.
    pub on_behalf_of: Option<String>,
    /// The role that is claimed.
    pub authority: Option<String>,
    /// Why.
    pub reason: String,
    /// What a proposal asks for.
    pub intent: Intent,
    /// Something was put into what is proposed, for reviewers to find.
    pub drill: bool,
    /// The version of a component; the moment at which a credential was rotated.
    pub version: String,
    /// The exception to grant or renew.
    pub exception: Option<Exception>,
    /// The break-glass to open.
    pub glass: Option<BreakGlass>,
    /// Tests to attest to.
    pub tests: Option<TestEvidence>,
    /// How a review was done.
    pub looked: Option<Looked>,
    /// The modes that a change of the configuration sets.
    pub modes: BTreeMap<u8, Mode>,
}

impl Wish {
    /// An act by a key, with nothing else said.
    #[must_use]
    pub fn of(act: Act, key: &str) -> Self {
        Wish {
            act,
            key: key.to_owned(),
            of: None,
            on_behalf_of: None,
            authority: None,
            reason: String::new(),
            intent: Intent::Change,
            drill: false,
            version: String::new(),
            exception: None,
            glass: None,
            tests: None,
            looked: None,
            modes: BTreeMap::new(),
        }
    }
}

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Performed {
    /// The facts it was decided on.
    pub facts: Facts,
    /// The decision.
    pub decision: Decision,
    /// Why there is no such transition, where there is none.
    pub refusal: Option<Refusal>,
    /// The event to sign; nothing where it is refused.
    pub event: Option<Event>,
    /// What was asked for, as an event: where it is allowed the same.
    pub asked: Event,
}

/// Decides an act, and gives the event to be signed where it is allowed; where it is not, what is missing.
#[must_use]
pub fn perform(set: &PolicySet, state: &State, world: &World, wish: &Wish) -> Performed {
    decided(set, state, world, wish, policy::decide)
}

/// The same, without looking for what is missing.
#[must_use]
pub fn weigh(set: &PolicySet, state: &State, world: &World, wish: &Wish) -> Performed {
    decided(set, state, world, wish, policy::answer)
}

fn decided(
    set: &PolicySet,
    state: &State,
    world: &World,
    wish: &Wish,
    decide: fn(&PolicySet, &Facts) -> Decision,
) -> Performed {
    let of = wish.of.clone().or_else(|| newest(state, world, wish));
    let actor = Actor {
        account: wish.key.clone(),
        on_behalf_of: wish.on_behalf_of.clone(),
        authority: wish.authority.clone(),
        closure: Some(world.subject.closure.clone()),
        policy: Some(world.policy.clone()),
        environment: Some(world.environment.clone()),
        shown: Some(world.view.clone()),
    };
    let mut facts = facts(state, world, wish.act, actor, of.as_deref());
    if wish.exception.is_some() {
        facts.exception = of.as_deref().and_then(|of| renewed(state, of, wish)).or(wish.exception.clone());
    }
    if let Some(glass) = &wish.glass {
        facts.glass = Some(state.rehearsed(glass, &world.environment, world.at));
    }
    let decision = decide(set, &facts);
    let event = event(state, world, wish, of, &facts, &decision);
    // Tried on a copy: an act that has no place is refused before anybody signs it.
    let entry = Entry { id: "the act".to_owned(), key: wish.key.clone(), event };
    let refusal = step(&mut state.clone(), &entry).err();
    // Where the policies say so themselves, it is told once.
    let nobody = || signer(&world.people, &wish.key, world.at).err().filter(|_| decision.allow);
    let refusal = refusal.or_else(nobody);
    let event = (decision.allow && refusal.is_none()).then(|| entry.event.clone());
    Performed { facts, decision, refusal, event, asked: entry.event }
}

/// An exception as it would be renewed: the beginning of the time that is asked for, and how often it was renewed already.
fn renewed(state: &State, of: &str, wish: &Wish) -> Option<Exception> {
    let known = &state.exceptions.get(of)?.exception;
    let asked = wish.exception.as_ref()?;
    Some(Exception { renewals: known.renewals, ..asked.clone() })
}

fn newest(state: &State, world: &World, wish: &Wish) -> Option<String> {
    let subject = &world.subject;
    let intents = match wish.act {
        Act::Withdraw | Act::Review(_) => vec![Intent::Change, Intent::RollBack, Intent::TakeOver],
        act => carries_out(act).into_iter().collect(),
    };
    let find = |intent| state.open_proposal(subject, &world.environment, intent);
    let found = intents.into_iter().filter_map(find);
    found.max_by_key(|(_, p)| (p.closure == subject.closure, p.number)).map(|(id, _)| id.clone())
}

fn event(
    state: &State,
    world: &World,
    wish: &Wish,
    of: Option<String>,
    facts: &Facts,
    decision: &Decision,
) -> Event {
    let by = match world.people.find(&wish.key) {
        policy::Found::One(person, _) => person.id.clone(),
        _ => String::new(),
    };
    let carries = carries_out(wish.act).is_some();
    let proposes = wish.act == Act::Propose;
    let rests = wish.act == Act::Release || wish.act == Act::Attest && wish.tests.is_some();
    let evidence = match wish.act {
        _ if rests => Some(evidence(state, facts, decision, of.as_deref())),
        Act::Propose | Act::Review(Verdict::Approve) if world.subject.kind == SubjectKind::Workflow => {
            Some(Evidence { record: facts.record.clone(), ..Evidence::default() })
        }
        Act::GrantException | Act::RenewException => {
            Some(Evidence { findings: covered(wish, facts), ..Evidence::default() })
        }
        _ => None,
    };
    let rotates = world.subject.kind == SubjectKind::Credential;
    let keeps_parts = proposes || carries || rotates || matches!(wish.act, Act::UseBreakGlass);
    Event {
        environment: world.environment.clone(),
        policy: world.policy.clone(),
        shown: world.view.clone(),
        organisation: world.organisation.clone(),
        after: state.heads.iter().cloned().collect(),
        replaces: replaced(state, world, wish.act),
        on_behalf_of: wish.on_behalf_of.clone(),
        authority: wish.authority.clone(),
        reason: wish.reason.clone(),
        parts: if keeps_parts { world.parts.clone() } else { BTreeMap::new() },
        intent: wish.intent,
        drill: wish.drill,
        contributors: if proposes { facts.contributors.clone() } else { Vec::new() },
        ai: if proposes { world.ai } else { facts.ai },
        commit: world.commit.clone(),
        owner: if world.subject.kind == SubjectKind::Workflow { owner(state, facts) } else { String::new() },
        version: wish.version.clone(),
        exception: wish.exception.clone(),
        glass: wish.glass.as_ref().and(facts.glass.clone()),
        evidence,
        tests: wish.tests.clone(),
        looked: wish.looked,
        modes: wish.modes.clone(),
        of,
        ..Event::of(wish.act, &by, world.at, world.subject.clone())
    }
}

/// The findings that an exception is to cover, as bad as they are.
fn covered(wish: &Wish, facts: &Facts) -> Vec<FindingFact> {
    let covers = wish.exception.as_ref().map_or(&[][..], |e| e.covers.as_slice());
    let is = |f: &&FindingFact| covers.iter().any(|c| c.strip_prefix("finding:") == Some(&f.rule));
    facts.findings.iter().filter(is).cloned().collect()
}

/// Who answers for the workflow: by the record; where it names nobody, who did so far.
fn owner(state: &State, facts: &Facts) -> String {
    let known = state.workflows.get(&facts.subject.name).map(|w| w.owner.clone());
    if facts.record.owner.is_empty() { known.unwrap_or_default() } else { facts.record.owner.clone() }
}

fn replaced(state: &State, world: &World, act: Act) -> Option<String> {
    match act {
        Act::Release | Act::RollBack => {
            state.released(&world.subject.name, &world.environment).map(|r| r.id.clone())
        }
        Act::Change(what) => state.governed.get(&what).map(|v| v.id.clone()),
        _ => None,
    }
}

/// What a release rests on: all that was known, and the statements that counted.
fn evidence(state: &State, facts: &Facts, decision: &Decision, of: Option<&str>) -> Evidence {
    let reviews = state.said(of.unwrap_or_default());
    let counted =
        reviews.iter().zip(&decision.votes).filter(|(_, vote)| vote.counts).map(|(r, _)| r.id.clone());
    let components = facts.components.iter().flat_map(|c| {
        let all = state.components.get(&(c.kind, c.name.clone())).into_iter().flatten();
        all.filter(|a| a.version == c.version && a.withdrawn.is_none()).map(|a| a.id.clone())
    });
    let subject = &facts.subject;
    let tests =
        state.tested(&subject.name, &subject.closure, &facts.environment, facts.at).map(|(id, _)| id.clone());
    let held = facts.exceptions.iter().filter(|e| e.standing(facts.at) == policy::Standing::Holds);
    let given = of.map(str::to_owned).into_iter().chain(tests).chain(held.map(|e| e.id.clone()));
    let mut rests_on: Vec<String> = given.chain(counted).chain(components).collect();
    rests_on.sort();
    rests_on.dedup();
    Evidence {
        record: facts.record.clone(),
        findings: facts.findings.clone(),
        proofs: facts.proofs.clone(),
        tests: facts.tests.clone(),
        boundary: facts.boundary.clone(),
        components: facts.components.clone(),
        credentials: facts.credentials.clone(),
        rests_on,
    }
}

/// What governs, by what the act changes.
#[must_use]
pub(crate) fn governed(kind: SubjectKind) -> Option<Governed> {
    match kind {
        SubjectKind::Policy => Some(Governed::Policy),
        SubjectKind::People => Some(Governed::People),
        SubjectKind::Configuration => Some(Governed::Configuration),
        _ => None,
    }
}
