//! What a release says of who answers for it, and of what it rests on: no more than what the state knows.

use crate::apply::{Next, no};
use crate::event::Event;
use crate::state::State;
use policy::{Record, Verdict};

/// The control record that an event says was seen.
pub(crate) fn record(event: &Event) -> Option<Record> {
    event.evidence.as_ref().map(|e| e.record.clone())
}

/// That a release says of who answers, and of what it rests on, what the state knows: the record is that which was proposed
/// and approved, and each statement that it names is about the same.
pub(crate) fn rests(state: &State, event: &Event, of: &str) -> Next {
    let known = state.workflows.get(&event.subject.name).map_or("", |w| w.owner.as_str());
    let said = record(event).unwrap_or_default();
    let owner = if said.owner.is_empty() { known } else { said.owner.as_str() };
    if !event.owner.is_empty() && event.owner != owner {
        return no("owner", format!("it says that `{}` answers for it, and it is `{owner}`", event.owner));
    }
    let Some(evidence) = &event.evidence else { return Ok(()) };
    let reviews = state.said(of);
    let approved = || reviews.iter().filter(|r| r.verdict == Verdict::Approve);
    let proposed = state.proposals.get(of).and_then(|p| p.record.as_ref());
    let answer = |r: &Record| (r.owner.clone(), r.security_approver.clone(), r.deputies.clone());
    let others = approved().filter_map(|r| r.record.as_ref()).chain(proposed);
    if let Some(other) = others.map(answer).find(|other| *other != answer(&said)) {
        let (is, was) = (&said.owner, &other.0);
        let told = format!("its control record (owner `{is}`) is another than was approved (owner `{was}`)");
        return no("record", told);
    }
    let fits = |id: &&String| *id == of || approved().any(|r| r.id == **id) || is_ground(state, event, id);
    match evidence.rests_on.iter().find(|id| !fits(id)) {
        Some(other) => no("rests-on", format!("it rests on {other}, which is no approval or proof of this")),
        None => Ok(()),
    }
}

/// Whether a statement is what a release can rest on besides approvals: tests of the closure, an exception of the workflow,
/// the approval of a component.
fn is_ground(state: &State, event: &Event, id: &str) -> bool {
    let (name, environment) = (&event.subject.name, &event.environment);
    let tests = state.workflows.get(name).and_then(|w| w.tests.get(environment)).into_iter().flatten();
    let exception = state.exceptions.get(id);
    tests.clone().any(|(by, t)| by == id && t.closure == event.subject.closure)
        || exception.is_some_and(|l| l.exception.subject == *name && l.environment == *environment)
        || state.components.values().flatten().any(|c| c.id == id)
}
