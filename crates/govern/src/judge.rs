//! Whether what was done was lawful: the recorded act, decided again by the same policies at the moment it was done. A
//! statement made by hand gets no further than one made by a command.

use crate::apply::Refusal;
use crate::event::{Entry, Event, Evidence};
use crate::facts::{World, facts_in};
use crate::perform::governed;
use crate::state::{Proposal, State};
use policy::{
    Act, Contribution, Decision, Facts, Moment, People, Person, PolicySet, Subject, SubjectKind, Verdict,
};
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Decides a recorded act again: as it says of itself, with the directory and the contributors of now, and (where it is
/// given) with what is known of its closure now instead of what the statement says.
#[must_use]
pub fn judge(
    set: &PolicySet,
    state: &State,
    world: &World,
    signed: (&str, &Event),
    fresh: Option<&Evidence>,
) -> (Facts, Decision) {
    let facts = recorded(state, world.clone(), signed, fresh);
    let decision = policy::answer(set, &facts);
    (facts, decision)
}

/// What lies in the folder now of the workflow that an event is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measured {
    /// The tier by which it is governed.
    pub tier: u8,
    /// Whether it is the closure that the event is about; asked only where the event says less than is measured, or less
    /// than control automation.
    pub same: bool,
}

/// What is measured now of the workflow that an event is about; nothing where none of that name is here.
pub type Measure<'m> = &'m dyn Fn(&Event) -> Option<Measured>;

/// The least tier by which an act is judged, whatever its statement says: what is measured, where it is about the closure
/// that is here. Of another closure what its statement says counts for no less than what was said when it was proposed and
/// reviewed; where that would be below control automation, which nobody reviews, for no less than the workflow has now, or
/// had in an earlier release.
fn least_tier(measure: Measure<'_>, state: &State, event: &Event) -> u8 {
    let said = said_tier(state, event).max(scope_tier(measure, state, event));
    if event.subject.kind != SubjectKind::Workflow {
        return said;
    }
    match measure(event) {
        Some(measured) if measured.same => said.max(measured.tier),
        _ if said >= CONTROL => said,
        other => said.max(other.map_or(0, |m| m.tier)).max(released_tier(state, event)),
    }
}

/// The highest tier of the workflows for which a break-glass is opened, whichever of them it is said to be about.
fn scope_tier(measure: Measure<'_>, state: &State, event: &Event) -> u8 {
    let of = |name: &String| {
        let subject = Subject { name: name.clone(), ..event.subject.clone() };
        let other = Event { subject, glass: None, ..event.clone() };
        measure(&other).map_or(0, |m| m.tier).max(released_tier(state, &other))
    };
    let scope = event.glass.iter().flat_map(|g| &g.scope);
    scope.map(of).max().unwrap_or_default()
}

/// The tier that an act is said to be about, by its statement, or when it was proposed and reviewed.
fn said_tier(state: &State, event: &Event) -> u8 {
    let proposed = event.of.as_ref().and_then(|of| state.proposals.get(of)).map_or(0, |p| p.tier);
    event.subject.effective_tier().max(proposed)
}

/// The tier from which on a workflow is control automation.
const CONTROL: u8 = 2;

/// The highest tier that the workflow of an event was released with.
fn released_tier(state: &State, event: &Event) -> u8 {
    let known = state.workflows.get(&event.subject.name);
    known.into_iter().flat_map(|w| w.releases.values().flatten()).map(|r| r.tier).max().unwrap_or_default()
}

/// The facts by which [`judge`] decides a recorded act again, of a world that is not needed any more.
#[must_use]
pub fn recorded(
    state: &State,
    mut then: World,
    (key, event): (&str, &Event),
    fresh: Option<&Evidence>,
) -> Facts {
    then.at = event.at;
    then.environment.clone_from(&event.environment);
    then.policy.clone_from(&event.policy);
    // What was shown then is not kept to be compared with; that something was is in the statement.
    then.view = String::new();
    let tier = event.subject.effective_tier().max(then.subject.effective_tier());
    let opaque = event.subject.opaque || then.subject.opaque;
    if then.subject.name != event.subject.name || then.subject.closure != event.subject.closure {
        then.subject = event.subject.clone();
    }
    (then.subject.tier, then.subject.opaque) = (tier, opaque);
    then.evidence = fresh.or(event.evidence.as_ref()).cloned().unwrap_or_default();
    if fresh.is_some() {
        // Credentials are rotated, and records completed, later too: what stood then stands in the statement.
        let said = event.evidence.clone().unwrap_or_default();
        then.evidence.credentials = said.credentials;
    }
    let mut facts = facts_in(state, then, event.act, event.actor(key), event.of.as_deref());
    if event.exception.is_some() {
        facts.exception.clone_from(&event.exception);
        // A renewal states how often it will have been renewed; it is decided by how often it was.
        let renewal = event.act == Act::RenewException;
        facts
            .exception
            .iter_mut()
            .filter(|_| renewal)
            .for_each(|e| e.renewals = e.renewals.saturating_sub(1));
    }
    if let Some(glass) = &event.glass {
        facts.glass = Some(state.rehearsed(glass, &event.environment, event.at));
    }
    if event.act == Act::UseBreakGlass || event.act == Act::CloseBreakGlass {
        // It was not closed when it was used.
        let close = |g: &mut policy::BreakGlass| g.closed = g.closed.filter(|c| *c < event.at);
        facts.glass.iter_mut().chain(&mut facts.break_glass).for_each(close);
    }
    facts
}

/// Who touched what an event is about, by the history.
pub type History<'h> = &'h dyn Fn(&State, &Event) -> Vec<Contribution>;

/// By what an act is judged: the policies and the people that were in force at its place in the order.
#[derive(Debug, Clone)]
pub struct Law {
    /// The policies.
    pub set: Arc<PolicySet>,
    /// The directory.
    pub people: Arc<People>,
}

/// What was in force when an act was done, in the state in which it was done; or why nobody can say.
pub type InForce<'l> = &'l dyn Fn(&State, &Entry) -> Result<Law, Refusal>;

/// What recorded acts are judged by.
#[derive(Clone, Copy)]
pub struct Ground<'g> {
    /// The policies and the directory of the moment.
    pub law: InForce<'g>,
    /// The organisation, by the names that it has and had. What was stated in another one does not count.
    pub organisation: &'g [String],
    /// Who touched what.
    pub history: History<'g>,
    /// What is measured now.
    pub measure: Measure<'g>,
    /// The statements whose time nothing bounds, as [`crate::undated`] finds them.
    pub undated: &'g BTreeMap<String, Refusal>,
}

/// Why a recorded act was not lawful, in the state in which it was done.
#[must_use]
pub fn unlawful(ground: Ground<'_>, state: &State, entry: &Entry) -> Option<Refusal> {
    let Ground { law, organisation, measure, .. } = ground;
    let event = &entry.event;
    if !organisation.contains(&event.organisation) {
        let here = organisation.first().map_or("", String::as_str);
        let message = format!("it was made in `{}`, and this is `{here}`", event.organisation);
        return Some(Refusal { rule: "organisation".to_owned(), message });
    }
    let law = match law(state, entry) {
        Ok(law) => law,
        Err(unknown) => return Some(unknown),
    };
    let person = match signer(&law.people, &entry.key, event.at) {
        Ok(person) => person,
        Err(refusal) => return Some(refusal),
    };
    if person.id != event.by {
        let message = format!("it says that it is by `{}`, and the key is `{}`'s", event.by, person.id);
        return Some(Refusal { rule: "by".to_owned(), message });
    }
    if let Some(refusal) = ground.undated.get(&entry.id) {
        return Some(refusal.clone());
    }
    if matches!(event.act, Act::Review(_)) {
        return None; // it is weighed where it is counted
    }
    let facts = facts_of(ground, &law, state, entry);
    let Some(decision) = policy::objection(&law.set, &facts).filter(|d| !d.allow) else {
        let glass = event.of.as_ref().and_then(|of| state.glasses.get(of));
        let used = glass.filter(|_| event.act == Act::UseBreakGlass);
        return used.and_then(|g| g.out_of_reach(&event.subject.name, facts.subject.effective_tier()));
    };
    let because = decision.because.first();
    let message = because.map_or_else(|| decision.errors.join("; "), |b| b.reason.clone());
    let rule = because.map_or("error", |b| b.policy.as_str()).to_owned();
    let (said, tier) = (said_tier(state, event), facts.subject.effective_tier());
    if said < CONTROL && said < tier && !measure(event).is_some_and(|m| m.same) {
        let name = &event.subject.name;
        let told = "of a closure that is not here to be measured";
        let message = format!("it says tier {said} {told}, and `{name}` is tier {tier}: {message}");
        return Some(Refusal { rule: GROWN.to_owned(), message });
    }
    Some(Refusal { rule, message })
}

/// Who signs with a key at a moment; why nobody, where it is nobody's. It is asked of every act, also of one that needs no
/// policy.
pub(crate) fn signer<'p>(people: &'p People, key: &str, at: Moment) -> Result<&'p Person, Refusal> {
    people
        .signer(key, at)
        .map_err(|why| Refusal { rule: NOBODY.to_owned(), message: format!("`{key}` {why}") })
}

/// The rule by which a statement is refused whose key is nobody's, or of several.
pub const NOBODY: &str = "known-person";
/// The rule by which an act is refused that needed no review by the tier that it names, of a workflow that has another one
/// now: nothing rests on it any more.
pub const GROWN: &str = "tier-grown";

/// A recorded act decided again, by what is given and by the policies and the people of its moment, in the state in which it
/// was done.
#[must_use]
pub fn weighed(ground: Ground<'_>, law: &Law, state: &State, entry: &Entry) -> (Facts, Decision) {
    let facts = facts_of(ground, law, state, entry);
    let decision = policy::answer(&law.set, &facts);
    (facts, decision)
}

/// The facts of a recorded act in the state in which it was done.
fn facts_of(ground: Ground<'_>, law: &Law, state: &State, entry: &Entry) -> Facts {
    let Ground { history, measure, .. } = ground;
    let event = &entry.event;
    let contributors = if grants(event.act) { history(state, event) } else { Vec::new() };
    let (people, modes) = (law.people.clone(), state.modes.clone());
    // Of another closure of no name nothing is measured but its tier.
    let subject = Subject { tier: least_tier(measure, state, event), ..Subject::default() };
    let world = World { people, modes, contributors, subject, ..World::default() };
    recorded(state, world, (&entry.key, event), None)
}

/// Acts that nobody may do for their own work, and that no proposal stands behind: whose work it is, the history knows.
fn grants(act: Act) -> bool {
    matches!(act, Act::ApproveComponent(_) | Act::GrantException | Act::RenewException)
}

/// Why approvals that were given do not count any more.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "void", rename_all = "kebab-case")]
pub enum Void {
    /// A part of the closure is another one.
    Changed {
        /// The part.
        part: String,
    },
    /// A part is new.
    Added {
        /// The part.
        part: String,
    },
    /// A part is gone.
    Removed {
        /// The part.
        part: String,
    },
    /// The policy is another version.
    Policy {
        /// The one it was approved under.
        was: String,
    },
    /// Who approved is not with us any more.
    Left {
        /// Who.
        who: String,
    },
}

impl std::fmt::Display for Void {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Void::Changed { part } => write!(f, "`{part}` changed"),
            Void::Added { part } => write!(f, "`{part}` is new"),
            Void::Removed { part } => write!(f, "`{part}` is gone"),
            Void::Policy { was } => write!(f, "the policy changed since {}", short(was)),
            Void::Left { who } => write!(f, "{who} is not with us any more"),
        }
    }
}

fn short(digest: &str) -> &str {
    digest.get(..19).unwrap_or(digest)
}

/// What voids the approvals of a proposal now, in a fixed order.
#[must_use]
pub fn voids(proposal: &Proposal, world: &World) -> Vec<Void> {
    let mut found = Vec::new();
    if proposal.closure != world.subject.closure {
        let (old, new) = (&proposal.parts, &world.parts);
        for (part, digest) in new {
            match old.get(part) {
                None => found.push(Void::Added { part: part.clone() }),
                Some(was) if was != digest => found.push(Void::Changed { part: part.clone() }),
                Some(_) => {}
            }
        }
        let gone = old.keys().filter(|p| !new.contains_key(*p));
        found.extend(gone.map(|part| Void::Removed { part: part.clone() }));
    }
    if proposal.policy != world.policy {
        found.push(Void::Policy { was: proposal.policy.clone() });
    }
    found.extend(leavers(proposal, world));
    found.sort();
    found
}

fn leavers(proposal: &Proposal, world: &World) -> Vec<Void> {
    let approvers = proposal.reviews.iter().filter(|r| r.verdict == Verdict::Approve);
    let mut left: Vec<Void> = approvers
        .filter_map(|r| match world.people.find(&r.by.account) {
            policy::Found::One(person, _) if person.active_at(world.at) => None,
            policy::Found::One(person, _) => Some(Void::Left { who: person.id.clone() }),
            _ => Some(Void::Left { who: r.by.account.clone() }),
        })
        .collect();
    left.sort();
    left.dedup();
    left
}

impl State {
    /// The version of what governs that was put in force, if one was; what is measured must be that one.
    #[must_use]
    pub fn in_force(&self, kind: SubjectKind) -> Option<&str> {
        self.governed.get(&governed(kind)?).map(|v| v.digest.as_str())
    }

    /// Post-change reviews that are overdue at a moment.
    #[must_use]
    pub fn overdue(&self, at: Moment) -> Vec<policy::OpenReview> {
        self.glasses.values().filter_map(|g| g.owed(at)).filter(|r| r.overdue(at)).collect()
    }
}
