//! The facts of an act: what was measured in the world, and what the state knows.

use crate::event::{Digest32, Evidence, Intent};
use crate::perform::governed;
use crate::state::{Proposal, ProposalStatus, Release, Review, State};
use policy::{Act, Actor, AiMark, Contribution, Facts, Mode, Moment, People, ReleaseTarget, Subject};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What was measured: the directory, the clock, the closure and what is known of it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct World {
    /// The directory.
    pub people: Arc<People>,
    /// The moment.
    pub at: Moment,
    /// The environment.
    pub environment: String,
    /// The modes of the configuration.
    pub modes: BTreeMap<u8, Mode>,
    /// The version of the policy.
    pub policy: String,
    /// The organisation.
    pub organisation: String,
    /// The digest of what is shown.
    pub view: String,
    /// What changes against what is in force, a sentence a line: part of what is shown.
    pub changes: Vec<String>,
    /// What it is about.
    pub subject: Subject,
    /// The parts of its closure.
    pub parts: BTreeMap<String, Digest32>,
    /// Who touched a part of it since the last release, by history.
    pub contributors: Vec<Contribution>,
    /// What is known of it.
    pub evidence: Evidence,
    /// Whether a machine made the change, or helped.
    pub ai: AiMark,
    /// The commit that was looked at.
    pub commit: String,
}

/// What an act needs a proposal to ask for, where it carries one out.
pub(crate) fn carries_out(act: Act) -> Option<Intent> {
    match act {
        Act::Release | Act::Change(_) => Some(Intent::Change),
        Act::RollBack => Some(Intent::RollBack),
        Act::TakeOver => Some(Intent::TakeOver),
        _ => None,
    }
}

/// The facts of an act in a state: about a proposal, an exception or a break-glass, where it answers one.
#[must_use]
pub fn facts(state: &State, world: &World, act: Act, actor: Actor, of: Option<&str>) -> Facts {
    facts_in(state, world.clone(), act, actor, of)
}

/// The same, of a world that is not needed any more.
pub(crate) fn facts_in(state: &State, mut world: World, act: Act, actor: Actor, of: Option<&str>) -> Facts {
    let proposal = of.and_then(|of| state.proposals.get(of));
    let mut facts = Facts {
        actor,
        requester: requester(state, &world, proposal),
        contributors: contributors(state, &mut world, of),
        record: record(state, &mut world, act),
        // What a statement says of tests without having them attested to is not asked.
        tests: state
            .tested(&world.subject.name, &world.subject.closure, &world.environment, world.at)
            .map(|(_, tests)| tests.clone()),
        components: components(state, &mut world),
        exceptions: exceptions(state, &world),
        exception: of.and_then(|of| state.exceptions.get(of)).map(|l| l.exception.clone()),
        break_glass: glasses(state, &world),
        glass: of.and_then(|of| state.glasses.get(of)).map(|g| g.glass.clone()),
        ai: world.ai.max(proposal.map_or(AiMark::None, |p| p.ai)),
        ..Facts::of(act)
    };
    if carries_out(act).is_some() {
        facts.approvals = state.said(of.unwrap_or_default()).into_iter().map(Review::counted).collect();
    }
    facts.target = (act == Act::RollBack).then(|| target(state, &world, of));
    facts.open_reviews = match &facts.glass {
        Some(_) if act == Act::PostChangeReview => {
            of.and_then(|of| state.glasses.get(of)).and_then(|g| g.owed(world.at)).into_iter().collect()
        }
        _ => state.owed(&facts.record.owner, &world.subject.name, world.at),
    };
    Facts {
        people: world.people,
        at: world.at,
        environment: world.environment,
        modes: world.modes,
        subject: world.subject,
        policy: world.policy,
        view: world.view,
        findings: world.evidence.findings,
        proofs: world.evidence.proofs,
        boundary: world.evidence.boundary,
        credentials: world.evidence.credentials,
        ..facts
    }
}

/// What a roll-back goes to. Asked afterwards, the roll-back itself stands among the releases.
fn target(state: &State, world: &World, of: Option<&str>) -> ReleaseTarget {
    let closure = world.subject.closure.clone();
    let releases = state.workflows.get(&world.subject.name).and_then(|w| w.releases.get(&world.environment));
    let other = |r: &&Release| r.at != world.at || of != Some(r.of.as_str());
    let released_before = releases.into_iter().flatten().filter(other).any(|r| r.closure == closure);
    ReleaseTarget { closure, released_before }
}

/// The record; for what its owners may do alone, the one by which they answer for it.
fn record(state: &State, world: &mut World, act: Act) -> policy::Record {
    let owners = matches!(act, Act::RollBack | Act::Retire | Act::Kill | Act::EndException);
    let answering = owners.then(|| state.answering(&world.subject.name)).flatten();
    answering.unwrap_or_else(|| std::mem::take(&mut world.evidence.record))
}

fn exceptions(state: &State, world: &World) -> Vec<policy::Exception> {
    let mine = state.exceptions_of(&world.subject.name);
    let here = mine.filter(|l| l.environment == world.environment);
    let tier = world.subject.effective_tier();
    here.filter_map(|l| l.reaching(tier, &world.evidence.findings)).collect()
}

fn glasses(state: &State, world: &World) -> Vec<policy::BreakGlass> {
    let mine = state.glasses_of(&world.subject.name);
    mine.filter(|g| g.environment == world.environment).map(|g| g.glass.clone()).collect()
}

/// Who asks: the proposer. For a thing that is approved without a proposal, nobody.
fn requester(state: &State, world: &World, proposal: Option<&Proposal>) -> String {
    let subject = &world.subject;
    let latest = || {
        let ids = state.closures.get(&subject.closure)?.iter();
        let mut proposals = ids.filter_map(|id| state.proposals.get(id));
        proposals.rfind(|p| (p.kind, &p.name) == (subject.kind, &subject.name))
    };
    proposal.or_else(latest).map(|p| p.key.clone()).unwrap_or_default()
}

/// When what was in force was put there, when something was proposed, and the proposal that this carried out: not that
/// itself.
fn before<'s>(state: &'s State, world: &World, of: Option<&str>) -> Option<(Moment, &'s str)> {
    let subject = &world.subject;
    if let Some(what) = governed(subject.kind) {
        let version = state.governed.get(&what).filter(|v| of != Some(v.of.as_str()));
        return version.map(|v| (v.at, v.of.as_str()));
    }
    let releases = state.workflows.get(&subject.name)?.releases.get(&world.environment)?;
    let proposal = of.and_then(|of| state.proposals.get(of)).filter(|p| p.status != ProposalStatus::Open);
    // What went back put nothing new there.
    let was = |r: &&Release| !r.back && of != Some(r.of.as_str()) && proposal.is_none_or(|p| r.at <= p.at);
    releases.iter().rev().find(was).map(|r| (r.at, r.of.as_str()))
}

/// Everybody with a part in it: by history, and by the record of every proposal since the last release, so that a history
/// that is written anew forgets nobody.
fn contributors(state: &State, world: &mut World, of: Option<&str>) -> Vec<Contribution> {
    let mut all = std::mem::take(&mut world.contributors);
    let subject = &world.subject;
    let proposal = of.and_then(|of| state.proposals.get(of));
    let (since, done) = before(state, world, of).unwrap_or((Moment(i64::MIN), ""));
    let until = proposal.filter(|p| p.status != ProposalStatus::Open).map_or(u64::MAX, |p| p.number);
    let counts = |p: &&Proposal| p.intent == Intent::Change && p.number <= until;
    let recent = state.proposals_since(subject.kind, &subject.name, since).filter(|(id, _)| *id != done);
    let recorded = recent.map(|(_, p)| p).filter(counts);
    for proposal in recorded.chain(proposal) {
        let proposer = Contribution { account: proposal.key.clone(), how: "proposed it".to_owned() };
        all.extend(proposal.contributors.iter().cloned().chain([proposer]));
    }
    all.sort_by(|a, b| (&a.account, &a.how).cmp(&(&b.account, &b.how)));
    all.dedup();
    all
}

fn components(state: &State, world: &mut World) -> Vec<policy::Component> {
    let mut all = std::mem::take(&mut world.evidence.components);
    for component in &mut all {
        component.approved = state.approved(component.kind, &component.name, world.at);
    }
    all
}
