//! Errors of one task: problem details (RFC 7807), the catcher that takes one, and the retries of a `try`.
//!
//! Source: github.com/serverlessworkflow/specification, `dsl.md`, "Fault Tolerance"; `dsl-reference.md`, "Error",
//! "Standard Error Types", "Retry", "Duration". The standard types were published under several addresses; they are
//! told apart by their last segment.

use super::Left;
use super::flow::{Names, Task};
use crate::Val;
use crate::evaluate::exactly;
use crate::semantics::laid_over;
use crate::state::Fault;
use workflow::{Text, Value};

/// Where the standard types of errors stand.
const TYPES: &str = "https://serverlessworkflow.io/spec/1.0.0/errors/";
/// The standard types, each with its usual status and title.
const STANDARD: [(&str, f64, &str); 8] = [
    ("configuration", 400.0, "Configuration Error"),
    ("validation", 400.0, "Validation Error"),
    ("expression", 400.0, "Expression Error"),
    ("authentication", 401.0, "Authentication Error"),
    ("authorization", 403.0, "Authorization Error"),
    ("timeout", 408.0, "Timeout Error"),
    ("communication", 500.0, "Communication Error"),
    ("runtime", 500.0, "Runtime Error"),
];

/// An error of a standard type, at a task.
pub(super) fn standard(kind: &str, reference: &str, detail: String) -> Fault {
    let known = STANDARD.iter().find(|(name, ..)| *name == kind);
    let (kind, status, title) = *known.unwrap_or(&STANDARD[7]);
    let name = Text::from(format!("{TYPES}{kind}"));
    let mut entries: Vec<(Text, Val)> = vec![
        ("type".into(), Val::Text(name.clone())),
        ("status".into(), Val::Number(status)),
        ("title".into(), Val::text(title)),
        ("instance".into(), Val::text(reference)),
    ];
    if !detail.is_empty() {
        entries.push(("detail".into(), Val::text(detail)));
    }
    Fault { name, data: Val::map(entries), timeout: false }
}

/// What a failure is in problem details.
pub(super) fn named(task: &Task<'_, '_>, fault: Fault) -> Fault {
    if fault.data.get("type") != Val::Null && fault.data.get("instance") != Val::Null {
        return fault;
    }
    let kind = match fault.name.rsplit('/').next() {
        _ if fault.timeout => "timeout",
        Some("") | None => "runtime",
        Some(name) => name,
    };
    let detail = if let Val::Text(t) = &fault.data { t.to_string() } else { String::new() };
    let full = standard(kind, task.reference(), detail);
    let name = if fault.name.contains("://") { fault.name.clone() } else { full.name.clone() };
    let typed = laid_over(&full.data, &Val::map(vec![("type".into(), Val::Text(name.clone()))]));
    let data = if let Val::Map(_) = fault.data { laid_over(&typed, &fault.data) } else { typed };
    Fault { name, data, timeout: fault.timeout }
}

/// What a `raise` task raises.
pub(super) fn raised(task: &Task<'_, '_>) -> Fault {
    let error = task.effective().and_then(|effective| {
        let names = task.names(&effective);
        task.value(task.step.flow.get("raise"), &names)
    });
    match error {
        Err(failure) => failure.into(),
        Ok(error) => {
            let name = if let Val::Text(t) = error.get("type") { t } else { Text::default() };
            let at = Val::map(vec![("instance".into(), Val::text(task.reference()))]);
            let data = if error.get("instance") == Val::Null { laid_over(&error, &at) } else { error };
            Fault { name, data, timeout: false }
        }
    }
}

/// Whether the `catch` of a task takes an error.
pub(super) fn catches(task: &Task<'_, '_>, fault: &Fault) -> bool {
    let catch = task.step.flow.get("catch");
    !catch.is_empty() && matches(task, catch.get("with"), fault) && picks(task, catch, fault)
}

/// Whether every field of a filter is what the error has.
fn matches(task: &Task<'_, '_>, with: &Value, fault: &Fault) -> bool {
    let Ok(with) = task.effective().and_then(|e| task.value(with, &task.names(&e))) else { return false };
    let Val::Map(entries) = with else { return true };
    entries.iter().all(|(key, wanted)| match (key.as_str(), wanted, fault.data.get(key)) {
        ("type", Val::Text(wanted), Val::Text(found)) => kind(wanted) == kind(&found),
        (_, wanted, found) => *wanted == found,
    })
}

/// A type of error: its name where it is a standard one, else its address.
fn kind(address: &str) -> &str {
    let last = address.rsplit('/').next().unwrap_or_default();
    let own = address.starts_with("https://serverlessworkflow.io/");
    if own && STANDARD.iter().any(|(name, ..)| *name == last) { last } else { address }
}

/// Whether `when` holds of an error and `exceptWhen` does not.
fn picks(task: &Task<'_, '_>, given: &Value, fault: &Fault) -> bool {
    let holds = |key: &str| -> Option<bool> {
        let Value::Expr(e) = given.get(key) else { return None };
        let effective = task.effective().ok()?;
        let name = task.step.flow.get("catch").get("as").as_text().unwrap_or("error");
        let names = Names { error: Some((name, &fault.data)), ..task.names(&effective) };
        Some(exactly(e, &names).is_ok_and(|v| !matches!(v, Val::Null | Val::Bool(false))))
    };
    holds("when") != Some(false) && holds("exceptWhen") != Some(true)
}

/// What a `try` is left with whose error was caught.
pub(super) fn left(task: &Task<'_, '_>, fault: &Fault) -> Result<Left, Fault> {
    let name = task.step.flow.get("catch").get("as").as_text().unwrap_or("error");
    let mut variables = vec![(format!("${name}").into(), fault.data.clone())];
    variables.extend(forgotten(task));
    Ok(Left { variables, ..Left::with(task.effective()?) })
}

fn retries(task: &Task<'_, '_>) -> Text {
    let id = task.step.id.strip_suffix("/(end)").unwrap_or(&task.step.id);
    format!("(retries) {id}").into()
}

/// Counts of retries end with the visit.
pub(super) fn forgotten(task: &Task<'_, '_>) -> Option<(Text, Val)> {
    let name = retries(task);
    task.variable(&name).map(|_| (name, Val::Null))
}

/// Whether a `try` is tried again: its count, the wait, and all waits so far, in milliseconds.
pub(super) fn retried(task: &Task<'_, '_>, fault: &Fault) -> Option<Vec<(Text, Val)>> {
    let policy = task.step.flow.get("catch").get("retry");
    if policy.is_empty() || !catches(task, fault) || !picks(task, policy, fault) {
        return None;
    }
    let (done, _, waited) = noted(task);
    let limit = policy.get("limit");
    if number(limit.get("attempt").get("count")).is_some_and(|most| done >= most) {
        return None;
    }
    let wait = waits(policy, done);
    let most = milliseconds(limit.get("duration"));
    if most > 0.0 && waited + wait > most {
        return None;
    }
    let counted = [done + 1.0, wait, waited + wait].map(Val::Number);
    Some(vec![(retries(task), Val::list(counted.to_vec()))])
}

/// The wait before an attempt: constant, growing by itself, or doubling.
fn waits(policy: &Value, done: f64) -> f64 {
    let first = milliseconds(policy.get("delay"));
    let backoff = policy.get("backoff");
    let has = |key: &str| backoff.entries().iter().any(|e| e.key == key);
    let factor = number(backoff.get("exponential").get("factor")).unwrap_or(2.0);
    match () {
        () if has("exponential") => first * factor.powf(done),
        () if has("linear") => match milliseconds(backoff.get("linear").get("increment")) {
            more if more > 0.0 => first + more * done,
            _ => first * (done + 1.0),
        },
        () => first,
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(n) => n.parse().ok(),
        _ => None,
    }
}

/// A duration: an object of units, or ISO 8601.
fn milliseconds(value: &Value) -> f64 {
    if let Some(text) = value.as_text() {
        let span = text.parse::<jiff::SignedDuration>();
        return span.map_or(0.0, |d| d.as_secs_f64() * 1000.0);
    }
    let units =
        [("days", 86_400e3), ("hours", 3_600e3), ("minutes", 60e3), ("seconds", 1e3), ("milliseconds", 1.0)];
    units.iter().filter_map(|(key, of)| Some(number(value.get(key))? * of)).sum()
}

/// Attempts so far, the last wait, and all waits.
fn noted(task: &Task<'_, '_>) -> (f64, f64, f64) {
    match task.variable(&retries(task)) {
        Some(Val::List(parts)) => match &parts[..] {
            [Val::Number(done), Val::Number(wait), Val::Number(waited)] => (*done, *wait, *waited),
            _ => (0.0, 0.0, 0.0),
        },
        _ => (0.0, 0.0, 0.0),
    }
}

/// The wait before a task in a `try` that is tried again, in milliseconds, before any jitter.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a bounded, positive number
pub(super) fn delay(task: &Task<'_, '_>) -> u64 {
    let workflow = task.here.state.frame(task.here.frame).map_or(u32::MAX, |f| f.workflow);
    let around = std::iter::successors(task.step.parent, |at| {
        task.here.program.step(crate::Place { workflow, step: *at })?.parent
    });
    let of = |step| {
        let step = task.here.program.step(crate::Place { workflow, step })?;
        Some(noted(&Task { here: task.here, step }).1)
    };
    around.filter_map(of).fold(0.0, f64::max).clamp(0.0, 1e12) as u64
}
