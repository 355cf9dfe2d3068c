//! Errors of one state: which retrier or catcher takes them, and how many rounds of a Map state may fail.
//!
//! Sources: states-language.net/spec.html, "Errors"; docs.aws.amazon.com/step-functions, "Handling errors in Step
//! Functions workflows", "Setting failure thresholds for Distributed Map states".

use super::flow::{Docs, Flow, fields};
use super::{Caught, Left};
use crate::Val;
use crate::state::{Fault, Rounds};
use workflow::{OnError, Step, Text, Value};

/// Nothing takes this, not even its own name.
const TERMINAL: &str = "States.Runtime";
/// Only its own name takes this.
const TOO_LARGE: &str = "States.DataLimitExceeded";

/// Whether a list of names takes an error.
fn takes(names: &Value, error: &str) -> bool {
    let taken = |name: &str| match name {
        "States.ALL" => error != TOO_LARGE,
        "States.TaskFailed" => !is_timeout(error) && error != TOO_LARGE,
        "States.Timeout" => is_timeout(error),
        name => name == error,
    };
    error != TERMINAL && names.items().iter().filter_map(Value::as_text).any(taken)
}

/// Whether the catcher of an error edge, by its number, takes a failure; one of which no name is known is taken where
/// all are.
pub(super) fn may_catch(step: &Step, number: usize, fault: &Fault) -> Option<bool> {
    let of_edge = |c: &&Value| number_of(c) == Some(number);
    let names = step.flow.get("Catch").items().iter().find(of_edge).map(|c| c.get("ErrorEquals"));
    match names {
        None => (step.on_error != OnError::Partly).then_some(true),
        Some(names) if !fault.name.is_empty() => Some(takes(names, &fault.name)),
        Some(names) => {
            let task = step.flow.get("Type").as_text() == Some("Task");
            let all = |name: &str| name == "States.ALL" || task && name == "States.TaskFailed";
            names.items().iter().filter_map(Value::as_text).any(all).then_some(true)
        }
    }
}

/// The error edge of a catcher, by its number.
fn number_of(catcher: &Value) -> Option<usize> {
    match catcher.get("edge") {
        Value::Number(n) => n.parse().ok(),
        _ => None,
    }
}

fn is_timeout(error: &str) -> bool {
    matches!(error, "States.Timeout" | "States.HeartbeatTimeout")
}

/// The catcher that takes a failure.
fn caught_by<'a>(flow: &Flow<'a, '_>, fault: &Fault) -> Option<&'a Value> {
    let catchers = flow.field("Catch").map_or(&[][..], Value::items);
    catchers.iter().find(|c| takes(c.get("ErrorEquals"), &fault.name))
}

/// The edge that takes a failure.
pub(super) fn catcher(flow: &Flow<'_, '_>, fault: &Fault) -> Caught {
    let Some(catcher) = caught_by(flow, fault) else { return Caught::Not };
    number_of(catcher).map_or(Caught::AsTimeout, Caught::By)
}

/// `Error` and `Cause`, as catchers see them.
pub(super) fn output(fault: &Fault) -> Val {
    let error = if fault.name.is_empty() { Val::Null } else { Val::Text(fault.name.clone()) };
    Val::map(vec![("Error".into(), error), ("Cause".into(), fault.data.clone())])
}

/// What a state is left with by its catcher.
pub(super) fn left(flow: &Flow<'_, '_>, fault: &Fault) -> Result<Left, Fault> {
    let error = output(fault);
    let catcher = caught_by(flow, fault);
    let field = |name| catcher.and_then(|c| fields(c)?.get(name));
    let docs = Docs { dot: Some(&error), result: None, error: Some(&error) };
    let mut variables = flow.assigned(field("Assign"), docs)?;
    variables.extend(flow.forgotten());
    let output = match (flow.is_jsonata(), field("Output")) {
        (true, Some(output)) => flow.value(output, docs)?,
        (true, None) => error.clone(),
        (false, _) => flow.placed(field("ResultPath"), flow.here.input, error.clone())?,
    };
    Ok(Left { variables, ..Left::with(output) })
}

/// Whether a retrier has attempts left for a failure: the counts of all retriers, and the wait before the next attempt.
pub(super) fn retried(flow: &Flow<'_, '_>, fault: &Fault) -> Option<Vec<(Text, Val)>> {
    let retriers = flow.field("Retry").map_or(&[][..], Value::items);
    let at = retriers.iter().position(|r| takes(r.get("ErrorEquals"), &fault.name))?;
    let retrier = retriers.get(at)?;
    let mut counts = counts(flow, retriers.len());
    let done = counts.get(at).copied().unwrap_or(0.0);
    if done >= number(retrier, "MaxAttempts").unwrap_or(3.0) {
        return None;
    }
    counts[at] = done + 1.0;
    let listed = Val::list(counts.into_iter().map(Val::Number).collect());
    let seconds = waits(retrier, done);
    Some(vec![(flow.retries(), Val::list(vec![listed, Val::Number(seconds)]))])
}

/// The wait before an attempt, in seconds.
fn waits(retrier: &Value, done: f64) -> f64 {
    let first = number(retrier, "IntervalSeconds").unwrap_or(1.0);
    let rate = number(retrier, "BackoffRate").unwrap_or(2.0);
    let grown = first * rate.powf(done);
    number(retrier, "MaxDelaySeconds").map_or(grown, |most| grown.min(most))
}

fn number(value: &Value, key: &str) -> Option<f64> {
    match value.get(key) {
        Value::Number(n) => n.parse().ok(),
        _ => None,
    }
}

/// What is noted of earlier attempts: their counts by retrier, and the last wait.
fn noted(flow: &Flow<'_, '_>) -> Option<(Vec<Val>, f64)> {
    let frame = flow.here.state.frame(flow.here.frame)?;
    let Val::List(parts) = frame.variables.get(&flow.retries())? else { return None };
    match &parts[..] {
        [Val::List(counts), Val::Number(seconds)] => Some((counts.to_vec(), *seconds)),
        _ => None,
    }
}

fn counts(flow: &Flow<'_, '_>, retriers: usize) -> Vec<f64> {
    let noted = noted(flow).map(|(counts, _)| counts).unwrap_or_default();
    let count = |at: usize| match noted.get(at) {
        Some(Val::Number(n)) => *n,
        _ => 0.0,
    };
    (0..retriers).map(count).collect()
}

/// The wait before the attempt under way, in milliseconds.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a bounded, positive number
pub(super) fn delay(flow: &Flow<'_, '_>) -> u64 {
    noted(flow).map_or(0, |(_, seconds)| (seconds.clamp(0.0, 1e12) * 1000.0) as u64)
}

/// What a failed round of a Map state gives, where as many may fail.
pub(super) fn tolerated(flow: &Flow<'_, '_>, rounds: &Rounds, fault: Fault) -> Result<Val, Fault> {
    let effective = flow.effective()?;
    let docs = Docs { dot: Some(&effective), ..Docs::default() };
    let (mut count, mut percentage) = (None, None);
    for suffix in ["", "Path"] {
        count = count.or(flow.tolerance(&format!("Count{suffix}"), docs)?);
        percentage = percentage.or(flow.tolerance(&format!("Percentage{suffix}"), docs)?);
    }
    let is_distributed = flow.field("Distributed").and_then(Value::as_bool) == Some(true);
    if count.is_none() && percentage.is_none() && !is_distributed {
        return Err(fault);
    }
    let failed = f64::from(rounds.fails) + 1.0;
    #[allow(clippy::cast_precision_loss)] // lists are short of 2^52
    let total = rounds.items.as_ref().map_or(1.0, |i| (i.len() as f64).max(1.0));
    let within = |most: Option<f64>, of: f64| most.is_none_or(|most| of <= most);
    let none = count.is_none() && percentage.is_none();
    if none || !within(count, failed) || !within(percentage, failed / total * 100.0) {
        let message = "The specified tolerated failure threshold was exceeded";
        return Err(Fault {
            name: "States.ExceedToleratedFailureThreshold".into(),
            data: Val::text(message),
            timeout: false,
        });
    }
    Ok(output(&fault))
}
