//! The one total function from a state and an entry to the next state, or to the reason why there is none. It knows which
//! transitions exist; who may make them is asked of the policies.

use crate::event::{Entry, Event, Intent, MODES, SCHEMA, closure_of, modes_part, target};
use crate::rests::{record, rests};
use crate::state::{
    Approved, Glass, Leave, Phase, Proposal, ProposalStatus, Release, Review, State, Version, WorkflowState,
};
use policy::{Act, ComponentKind, Governed, Moment, Standing, SubjectKind, Verdict};
use std::collections::BTreeMap;
use workflow::Severity;

/// Why an entry has no place in a state.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Refusal {
    /// Which rule of the transitions.
    pub rule: String,
    /// In words, with the facts.
    pub message: String,
}

pub(crate) type Next = Result<(), Refusal>;

pub(crate) fn no<T>(rule: &str, message: String) -> Result<T, Refusal> {
    Err(Refusal { rule: rule.to_owned(), message })
}

/// The next state.
///
/// # Errors
/// When the entry has no place in the state; the state is then as it was.
pub fn apply(mut state: State, entry: &Entry) -> Result<State, Refusal> {
    step(&mut state, entry)?;
    Ok(state)
}

/// As [`apply`], in place; a state is changed only when the whole entry has its place.
///
/// # Errors
/// When the entry has no place in the state.
pub fn step(state: &mut State, entry: &Entry) -> Next {
    shape(&entry.event)?;
    match entry.event.act {
        Act::Register => register(state, entry),
        Act::Propose => propose(state, entry),
        Act::Withdraw => withdraw(state, entry),
        Act::Review(verdict) => review(state, entry, verdict),
        Act::Release => release(state, entry, false),
        Act::RollBack => release(state, entry, true),
        Act::Retire => phase(state, entry, Phase::Retired),
        Act::Kill => phase(state, entry, Phase::Killed),
        Act::TakeOver => take_over(state, entry),
        Act::ApproveComponent(kind) => approve(state, entry, kind),
        Act::WithdrawComponent(kind) => withdraw_component(state, entry, kind),
        Act::GrantException => grant(state, entry),
        Act::RenewException => renew(state, entry),
        Act::EndException => end_exception(state, entry),
        Act::OpenBreakGlass => open(state, entry),
        Act::UseBreakGlass => use_glass(state, entry),
        Act::CloseBreakGlass => close(state, entry),
        Act::PostChangeReview => look_back(state, entry),
        Act::Change(what) => change(state, entry, what),
        Act::Attest => attest(state, entry),
    }
}

/// What every event has, and what an event of its act cannot do without.
fn shape(event: &Event) -> Next {
    if event.schema != SCHEMA {
        return no(
            "schema",
            format!("the event is of schema `{}`, and `{SCHEMA}` is understood", event.schema),
        );
    }
    if event.subject.name.is_empty() || event.subject.closure.is_empty() {
        return no("subject", "the event names no subject, or no digest of it".to_owned());
    }
    if !event.parts.is_empty() && closure_of(&event.parts).as_deref() != Some(event.subject.closure.as_str())
    {
        return no("parts", format!("the parts do not make up the closure {}", event.subject.closure));
    }
    let kind = match event.act {
        Act::ApproveComponent(_) | Act::WithdrawComponent(_) => SubjectKind::Component,
        Act::Change(Governed::Policy) => SubjectKind::Policy,
        Act::Change(Governed::People) => SubjectKind::People,
        Act::Change(Governed::Configuration) => SubjectKind::Configuration,
        Act::Propose | Act::Withdraw | Act::Review(_) | Act::Attest => event.subject.kind,
        _ => SubjectKind::Workflow,
    };
    if kind != event.subject.kind {
        let (act, target) = (event.act, event.target());
        return no("subject-kind", format!("`{act}` is done to a {}, not to {target}", kind.as_str()));
    }
    Ok(())
}

/// The statement that an event answers.
fn answers(event: &Event) -> Result<&str, Refusal> {
    event
        .of
        .as_deref()
        .map_or_else(|| no("answers", format!("`{}` names no statement that it is about", event.act)), Ok)
}

fn workflow<'s>(state: &'s mut State, event: &Event) -> Result<&'s mut WorkflowState, Refusal> {
    let name = &event.subject.name;
    match state.workflows.get_mut(name) {
        Some(known) if known.phase == Phase::Retired => {
            no("retired", format!("`{name}` is retired: register it to begin anew"))
        }
        Some(known) => Ok(known),
        None => no("registered", format!("`{name}` is not under governance: register it first")),
    }
}

fn register(state: &mut State, entry: &Entry) -> Next {
    let name = &entry.event.subject.name;
    if state.workflows.get(name).is_some_and(|w| w.phase != Phase::Retired) {
        return no("registered", format!("`{name}` is under governance already"));
    }
    let known = state.workflows.entry(name.clone()).or_default();
    known.phase = Phase::Registered;
    known.releases.clear();
    known.record = None;
    known.owner.clone_from(&entry.event.owner);
    Ok(())
}

fn propose(state: &mut State, entry: &Entry) -> Next {
    let event = &entry.event;
    if event.subject.kind == SubjectKind::Workflow {
        workflow(state, event)?;
    }
    if event.intent == Intent::RollBack && !was_released(state, event) {
        return never_released(event);
    }
    if event.intent != Intent::Change && event.subject.kind != SubjectKind::Workflow {
        return no("intent", format!("{} has no owner and no releases to go back to", event.target()));
    }
    let number = state.proposals.len() as u64;
    let proposal = Proposal {
        intent: event.intent,
        drill: event.drill,
        reason: event.reason.clone(),
        kind: event.subject.kind,
        name: event.subject.name.clone(),
        environment: event.environment.clone(),
        closure: event.subject.closure.clone(),
        parts: event.parts.clone(),
        policy: event.policy.clone(),
        key: entry.key.clone(),
        at: event.at,
        contributors: event.contributors.clone(),
        ai: event.ai,
        tier: event.subject.effective_tier(),
        record: record(event),
        commit: event.commit.clone(),
        reviews: Vec::new(),
        status: ProposalStatus::Open,
        number,
    };
    let subject = (event.subject.kind, event.subject.name.clone());
    state.proposed.entry(subject).or_default().push((event.at, entry.id.clone()));
    state.closures.entry(event.subject.closure.clone()).or_default().push(entry.id.clone());
    state.proposals.insert(entry.id.clone(), proposal);
    Ok(())
}

fn was_released(state: &State, event: &Event) -> bool {
    let releases = state.workflows.get(&event.subject.name).and_then(|w| w.releases.get(&event.environment));
    releases.into_iter().flatten().any(|r| r.closure == event.subject.closure)
}

fn never_released<T>(event: &Event) -> Result<T, Refusal> {
    let (name, closure, environment) = (&event.subject.name, &event.subject.closure, &event.environment);
    no("released-before", format!("{closure} of `{name}` was never released to `{environment}`"))
}

/// The open proposal that an event answers, about the same thing in the same environment.
fn proposal<'s>(state: &'s mut State, event: &Event) -> Result<&'s mut Proposal, Refusal> {
    let of = answers(event)?;
    let Some(proposal) = state.proposals.get_mut(of) else {
        return no("proposal", format!("there is no proposal {of}"));
    };
    if target(proposal.kind, &proposal.name) != event.target() {
        let about = target(proposal.kind, &proposal.name);
        return no(
            "proposal-subject",
            format!("the proposal is about {about}, not about {}", event.target()),
        );
    }
    same_environment("proposal", &proposal.environment, event)?;
    match proposal.status {
        ProposalStatus::Open => Ok(proposal),
        ProposalStatus::Withdrawn => no("proposal-open", format!("the proposal {of} was withdrawn")),
        ProposalStatus::Done => no("proposal-open", format!("the proposal {of} was carried out already")),
    }
}

/// That an event is about the environment of what it answers.
fn same_environment(what: &str, asked: &str, event: &Event) -> Next {
    if asked == event.environment {
        return Ok(());
    }
    no("environment", format!("the {what} is for `{asked}`, not for `{}`", event.environment))
}

/// The same, about the same closure too, and asking for this.
fn carried_out<'s>(state: &'s mut State, event: &Event, intent: Intent) -> Result<&'s mut Proposal, Refusal> {
    let proposal = proposal(state, event)?;
    if proposal.drill {
        return no(
            "drill",
            "the proposal was a drill: what was put in it is taken out, not carried out".to_owned(),
        );
    }
    if proposal.intent != intent {
        return no("intent", format!("the proposal does not ask to {}", event.act.phrase()));
    }
    if proposal.closure != event.subject.closure {
        let (asked, here) = (&proposal.closure, &event.subject.closure);
        return no("closure", format!("the proposal is about the closure {asked}, not about {here}"));
    }
    Ok(proposal)
}

fn withdraw(state: &mut State, entry: &Entry) -> Next {
    proposal(state, &entry.event)?.status = ProposalStatus::Withdrawn;
    Ok(())
}

fn review(state: &mut State, entry: &Entry, verdict: Verdict) -> Next {
    let event = &entry.event;
    let proposal = proposal(state, event)?;
    if proposal.closure != event.subject.closure {
        let (asked, here) = (&proposal.closure, &event.subject.closure);
        return no("closure", format!("the proposal is about the closure {asked}, not about {here}"));
    }
    let by = event.actor(&entry.key);
    let (id, at, looked) = (entry.id.clone(), event.at, event.looked);
    proposal.tier = proposal.tier.max(event.subject.effective_tier());
    let (record, commit) = (record(event), event.commit.clone());
    proposal.reviews.push(Review { id, by, verdict, at, looked, record, commit });
    let proposal = answers(event)?.to_owned();
    state.reviewed.entry(event.subject.closure.clone()).or_default().insert(proposal);
    Ok(())
}

/// That an event takes the place of what is in force, and of nothing else.
fn replaces(event: &Event, in_force: Option<&str>) -> Next {
    if event.replaces.as_deref() == in_force {
        return Ok(());
    }
    let word = |id: Option<&str>| id.map_or_else(|| "nothing".to_owned(), str::to_owned);
    let (said, is) = (word(event.replaces.as_deref()), word(in_force));
    no("replaces", format!("it takes the place of {said}, and {is} is in force: decide again"))
}

fn release(state: &mut State, entry: &Entry, back: bool) -> Next {
    let event = &entry.event;
    workflow(state, event)?;
    replaces(event, state.released(&event.subject.name, &event.environment).map(|r| r.id.as_str()))?;
    if back && !was_released(state, event) {
        return never_released(event);
    }
    let of = answers(event)?.to_owned();
    rests(state, event, &of)?;
    let mut looked = Vec::new();
    let mut tier = event.subject.effective_tier();
    let emergency = state.glasses.get(&of).filter(|_| back);
    if let Some(glass) = emergency {
        same_environment("break-glass", &glass.environment, event)?;
        if !glass.glass.is_open_for(&event.subject.name, event.at) {
            return no(
                "break-glass-open",
                format!("the break-glass {of} is not open for `{}`", event.subject.name),
            );
        }
    } else {
        let proposal = carried_out(state, event, if back { Intent::RollBack } else { Intent::Change })?;
        proposal.status = ProposalStatus::Done;
        tier = tier.max(proposal.tier);
        let approvals = proposal.reviews.iter().filter(|r| r.verdict == Verdict::Approve);
        let commits = approvals.map(|r| &r.commit).chain([&proposal.commit]);
        looked.extend(commits.filter(|c| !c.is_empty()).cloned());
    }
    let known = workflow(state, event)?;
    known.phase = Phase::Registered;
    if let Some(record) = record(event).filter(|_| !back) {
        if !record.owner.is_empty() {
            known.owner.clone_from(&record.owner);
        }
        known.record = Some(record);
    }
    known.releases.entry(event.environment.clone()).or_default().push(Release {
        id: entry.id.clone(),
        of,
        closure: event.subject.closure.clone(),
        parts: event.parts.clone(),
        at: event.at,
        key: entry.key.clone(),
        commit: event.commit.clone(),
        looked,
        back,
        tier,
    });
    Ok(())
}

fn phase(state: &mut State, entry: &Entry, to: Phase) -> Next {
    let known = workflow(state, &entry.event)?;
    if known.phase == to {
        return no("stopped", format!("`{}` is stopped already", entry.event.subject.name));
    }
    known.phase = to;
    Ok(())
}

fn take_over(state: &mut State, entry: &Entry) -> Next {
    let event = &entry.event;
    workflow(state, event)?;
    let proposal = carried_out(state, event, Intent::TakeOver)?;
    if proposal.key != entry.key {
        return no("proposal-own", "the proposal to take over is somebody else's".to_owned());
    }
    proposal.status = ProposalStatus::Done;
    workflow(state, event)?.owner.clone_from(&event.by);
    Ok(())
}

fn approve(state: &mut State, entry: &Entry, kind: ComponentKind) -> Next {
    let event = &entry.event;
    if event.version.is_empty() {
        return no("version", format!("an approval of {} names its version", event.target()));
    }
    let all = state.components.entry((kind, event.subject.name.clone())).or_default();
    if all.iter().any(|a| a.version == event.version && a.withdrawn.is_none()) {
        return no("approved", format!("version {} is approved already", event.version));
    }
    let (id, version) = (entry.id.clone(), event.version.clone());
    all.push(Approved { id, version, from: event.at, withdrawn: None });
    Ok(())
}

fn withdraw_component(state: &mut State, entry: &Entry, kind: ComponentKind) -> Next {
    let event = &entry.event;
    let all = state.components.get_mut(&(kind, event.subject.name.clone()));
    let found = all.into_iter().flatten().find(|a| a.version == event.version && a.withdrawn.is_none());
    match found {
        Some(approved) if approved.from <= event.at => {
            approved.withdrawn = Some(event.at);
            Ok(())
        }
        _ => no("approved", format!("version {} is not approved", event.version)),
    }
}

fn grant(state: &mut State, entry: &Entry) -> Next {
    let event = &entry.event;
    let Some(exception) = &event.exception else {
        return no("exception", "a grant states the exception".to_owned());
    };
    if exception.subject != event.subject.name || exception.renewals != 0 || exception.ended.is_some() {
        let told = format!("the exception is about `{}`, or is not new", exception.subject);
        return no("exception", told);
    }
    let mut exception = exception.clone();
    exception.id.clone_from(&entry.id);
    exception.granted_by.clone_from(&entry.key);
    let (environment, statements) = (event.environment.clone(), vec![entry.id.clone()]);
    let (tier, findings) = (event.subject.effective_tier(), severities(event));
    let leave = Leave { exception, environment, statements, tier, findings };
    state.lanes.entry(event.subject.name.clone()).or_default().exceptions.insert(entry.id.clone());
    state.exceptions.insert(entry.id.clone(), leave);
    Ok(())
}

/// How bad the findings are that an event says were there.
fn severities(event: &Event) -> BTreeMap<String, Severity> {
    let mut worst = BTreeMap::new();
    for finding in event.evidence.iter().flat_map(|e| &e.findings) {
        let known = worst.entry(finding.rule.clone()).or_insert(finding.severity);
        *known = finding.severity.max(*known);
    }
    worst
}

/// The exception that an event answers, about the same workflow and not ended.
fn leave<'s>(state: &'s mut State, event: &Event) -> Result<&'s mut Leave, Refusal> {
    let of = answers(event)?;
    let Some(leave) = state.exceptions.get_mut(of) else {
        return no("exception", format!("there is no exception {of}"));
    };
    if leave.exception.subject != event.subject.name {
        return no("exception", format!("the exception is about `{}`", leave.exception.subject));
    }
    same_environment("exception", &leave.environment, event)?;
    if leave.exception.ended.is_some() {
        return no("exception", format!("the exception {of} was ended"));
    }
    Ok(leave)
}

fn renew(state: &mut State, entry: &Entry) -> Next {
    let event = &entry.event;
    let leave = leave(state, event)?;
    let Some(new) = &event.exception else {
        return no("exception", "a renewal states the exception".to_owned());
    };
    let known = &mut leave.exception;
    if new.covers != known.covers || new.renewals != known.renewals + 1 {
        return no("exception", "a renewal covers the same, and counts one more".to_owned());
    }
    if known.standing(event.at) != Standing::Holds {
        let told = format!("the exception {} does not hold any more: grant another", known.id);
        return no("exception", told);
    }
    // The first period began before; what is renewed lasts from the renewal on.
    (known.until, known.renewals) = (new.until, new.renewals);
    known.compensating.clone_from(&new.compensating);
    known.owner.clone_from(&new.owner);
    leave.statements.push(entry.id.clone());
    (leave.tier, leave.findings) = (event.subject.effective_tier(), severities(event));
    Ok(())
}

fn end_exception(state: &mut State, entry: &Entry) -> Next {
    let leave = leave(state, &entry.event)?;
    leave.exception.ended = Some(entry.event.at);
    leave.statements.push(entry.id.clone());
    Ok(())
}

fn open(state: &mut State, entry: &Entry) -> Next {
    let event = &entry.event;
    let Some(glass) = &event.glass else {
        return no("break-glass", "opening states the break-glass".to_owned());
    };
    if !glass.used_by.is_empty() || glass.closed.is_some() || glass.from.is_none_or(|from| from < event.at) {
        return no("break-glass", "a break-glass begins when it is opened, not before".to_owned());
    }
    let mut glass = glass.clone();
    glass.id.clone_from(&entry.id);
    glass.opened_by.clone_from(&entry.key);
    let (environment, tier) = (event.environment.clone(), event.subject.effective_tier());
    for name in &glass.scope {
        state.lanes.entry(name.clone()).or_default().glasses.insert(entry.id.clone());
    }
    let glass = Glass { glass, environment, tier, uses: Vec::new(), reviewed: None };
    state.glasses.insert(entry.id.clone(), glass);
    Ok(())
}

fn glass<'s>(state: &'s mut State, event: &Event) -> Result<&'s mut Glass, Refusal> {
    let of = answers(event)?;
    match state.glasses.get_mut(of) {
        Some(glass) if glass.glass.scope.contains(&event.subject.name) => {
            same_environment("break-glass", &glass.environment, event)?;
            Ok(glass)
        }
        Some(_) => no("break-glass", format!("the break-glass {of} is not for `{}`", event.subject.name)),
        None => no("break-glass", format!("there is no break-glass {of}")),
    }
}

fn use_glass(state: &mut State, entry: &Entry) -> Next {
    let event = &entry.event;
    let glass = glass(state, event)?;
    if !glass.glass.is_open_for(&event.subject.name, event.at) {
        let (id, standing) = (&glass.glass.id, glass.glass.standing(event.at));
        return no("break-glass-open", format!("the break-glass {id} is not open: {standing}"));
    }
    if let Some(refusal) = glass.out_of_reach(&event.subject.name, event.subject.effective_tier()) {
        return Err(refusal);
    }
    glass.uses.push((event.subject.name.clone(), event.subject.closure.clone(), event.at));
    if !glass.glass.used_by.contains(&entry.key) {
        glass.glass.used_by.push(entry.key.clone());
    }
    Ok(())
}

fn close(state: &mut State, entry: &Entry) -> Next {
    let glass = glass(state, &entry.event)?;
    if glass.glass.standing(entry.event.at) != Standing::Holds {
        let (id, standing) = (&glass.glass.id, glass.glass.standing(entry.event.at));
        return no("break-glass-open", format!("the break-glass {id} is not open: {standing}"));
    }
    glass.glass.closed = Some(entry.event.at);
    Ok(())
}

fn look_back(state: &mut State, entry: &Entry) -> Next {
    let glass = glass(state, &entry.event)?;
    if glass.reviewed.is_some() {
        return no("reviewed", format!("the break-glass {} was reviewed already", glass.glass.id));
    }
    if !matches!(glass.glass.standing(entry.event.at), Standing::Expired | Standing::Ended) {
        return no("reviewed", format!("the break-glass {} is still open: close it first", glass.glass.id));
    }
    glass.reviewed = Some((entry.event.at, entry.id.clone()));
    Ok(())
}

fn change(state: &mut State, entry: &Entry, what: Governed) -> Next {
    let event = &entry.event;
    replaces(event, state.governed.get(&what).map(|v| v.id.as_str()))?;
    modes_as_proposed(state, event)?;
    carried_out(state, event, Intent::Change)?.status = ProposalStatus::Done;
    let (id, digest) = (entry.id.clone(), event.subject.closure.clone());
    let version = Version { id, digest, of: answers(event)?.to_owned(), at: event.at };
    state.governed.insert(what, version);
    if what == Governed::Configuration {
        state.modes.clone_from(&event.modes);
    }
    Ok(())
}

/// A rotation was at the moment that stands in the place of a version.
fn rotated(state: &mut State, entry: &Entry) -> Next {
    let event = &entry.event;
    let at: Option<Moment> = event.version.parse().ok();
    let Some(at) = at.filter(|at| *at <= event.at) else {
        return no("rotated", format!("a rotation was at a moment that is over, not at `{}`", event.version));
    };
    state.rotations.entry(event.subject.name.clone()).or_default().push((at, entry.id.clone()));
    Ok(())
}

/// That the modes which a change sets are those of the configuration that was proposed: they are a part of it.
fn modes_as_proposed(state: &State, event: &Event) -> Next {
    let proposed = event.of.as_ref().and_then(|of| state.proposals.get(of)).map(|p| &p.parts);
    let parts = Some(&event.parts).filter(|p| !p.is_empty()).or(proposed);
    let part = parts.and_then(|p| p.get(MODES));
    if modes_part(&event.modes).map(|(_, digest)| digest).as_ref() == part {
        return Ok(());
    }
    let modes = event.modes.iter().map(|(tier, mode)| format!("tier {tier} {}", mode.as_str()));
    let modes: Vec<String> = modes.collect();
    let said = if modes.is_empty() { "none".to_owned() } else { modes.join(", ") };
    no(
        "modes",
        format!("the modes that it sets ({said}) are not those of the configuration that was proposed"),
    )
}

fn attest(state: &mut State, entry: &Entry) -> Next {
    let event = &entry.event;
    match event.subject.kind {
        SubjectKind::Workflow => {}
        SubjectKind::Credential => return rotated(state, entry),
        _ => return Ok(()),
    }
    let known = workflow(state, event)?;
    if let Some(tests) = &event.tests {
        if tests.closure != event.subject.closure || tests.at > event.at {
            return no(
                "tests",
                "tests are attested to for the closure they ran on, after they ran".to_owned(),
            );
        }
        let here = known.tests.entry(event.environment.clone()).or_default();
        here.push((entry.id.clone(), tests.clone()));
    }
    Ok(())
}
