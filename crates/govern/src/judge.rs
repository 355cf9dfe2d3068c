//! Whether what was done was lawful: the recorded act, decided again by the same policies at the moment it was done. A
//! statement made by hand gets no further than one made by a command.

use crate::apply::Refusal;
use crate::event::{Entry, Event, Evidence};
use crate::facts::{World, facts_in};
use crate::perform::governed;
use crate::state::{Proposal, State};
use policy::{Act, Contribution, Decision, Facts, Moment, People, PolicySet, SubjectKind, Verdict};
use serde::Serialize;
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
    judge_in(set, state, world.clone(), signed, fresh)
}

/// The same, of a world that is not needed any more.
fn judge_in(
    set: &PolicySet,
    state: &State,
    mut then: World,
    (key, event): (&str, &Event),
    fresh: Option<&Evidence>,
) -> (Facts, Decision) {
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
    let decision = policy::answer(set, &facts);
    (facts, decision)
}

/// Who touched what an event is about, by the history.
pub type History<'h> = &'h dyn Fn(&State, &Event) -> Vec<Contribution>;

/// What recorded acts are judged by.
#[derive(Clone, Copy)]
pub struct Ground<'g> {
    /// The policies.
    pub set: &'g PolicySet,
    /// The directory.
    pub people: &'g Arc<People>,
    /// The organisation, by the names that it has and had. What was stated in another one does not count.
    pub organisation: &'g [String],
    /// Who touched what.
    pub history: History<'g>,
}

/// Why a recorded act was not lawful, in the state in which it was done.
#[must_use]
pub fn unlawful(ground: Ground<'_>, state: &State, entry: &Entry) -> Option<Refusal> {
    let Ground { set, people, organisation, history } = ground;
    let event = &entry.event;
    if !organisation.contains(&event.organisation) {
        let here = organisation.first().map_or("", String::as_str);
        let message = format!("it was made in `{}`, and this is `{here}`", event.organisation);
        return Some(Refusal { rule: "organisation".to_owned(), message });
    }
    let signed_by = match people.find(&entry.key) {
        policy::Found::One(person, _) => person.id.as_str(),
        policy::Found::Several(_) | policy::Found::Nobody => "",
    };
    if signed_by != event.by {
        let message = format!("it says that it is by `{}`, and the key is `{signed_by}`'s", event.by);
        return Some(Refusal { rule: "by".to_owned(), message });
    }
    if matches!(event.act, Act::Review(_)) {
        return None; // it is weighed where it is counted
    }
    let (_, decision) = weighed(set, people, history, state, entry);
    let because = decision.because.first();
    let message = because.map_or_else(|| decision.errors.join("; "), |b| b.reason.clone());
    let rule = because.map_or("error", |b| b.policy.as_str()).to_owned();
    (!decision.allow).then_some(Refusal { rule, message })
}

/// A recorded act decided again, by the directory, the history and the policies given, in the state in which it was done.
#[must_use]
pub fn weighed(
    set: &PolicySet,
    people: &Arc<People>,
    history: History<'_>,
    state: &State,
    entry: &Entry,
) -> (Facts, Decision) {
    let event = &entry.event;
    let contributors = if grants(event.act) { history(state, event) } else { Vec::new() };
    let (people, modes) = (people.clone(), state.modes.clone());
    let world = World { people, modes, contributors, ..World::default() };
    judge_in(set, state, world, (&entry.key, event), None)
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
