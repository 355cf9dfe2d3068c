//! Executions of Step Functions as Amazon recorded them: the events of one, and what the world answered in it.

use machine::Val;
use machine::evaluate::from_json;

/// One recorded execution.
pub struct Recorded {
    /// The test it was recorded in, and which of its executions it is.
    pub label: String,
    events: Vec<Val>,
}

/// A visit of a state that asked the world.
pub struct Visit {
    pub name: String,
    pub input: Val,
    /// What the tasks were scheduled with, where that is recorded.
    pub scheduled: Vec<Val>,
    /// What came back, the first attempt first.
    pub outcomes: Vec<Outcome>,
}

/// What the world answered.
#[derive(Clone)]
pub enum Outcome {
    Gave(Val),
    Failed(String, Val),
}

/// How an execution ended.
pub enum Ending {
    Succeeded(Val),
    Failed(String, Val),
    /// Stopped or out of time: from outside.
    Outside,
}

/// All executions in a recording, wherever in it they stand.
pub fn find(label: &str, val: &Val, out: &mut Vec<Recorded>) {
    match val {
        Val::Map(entries) => {
            if let Val::List(events) = val.get("events")
                && events.iter().any(|e| text(&e.get("type")) == "ExecutionStarted")
            {
                out.push(Recorded { label: label.to_owned(), events: events.to_vec() });
            }
            entries.iter().for_each(|(k, v)| find(&format!("{label} {k}"), v, out));
        }
        Val::List(items) => items.iter().for_each(|v| find(label, v, out)),
        _ => {}
    }
}

pub fn text(val: &Val) -> &str {
    if let Val::Text(t) = val { t } else { "" }
}

/// A document that an event holds: recorded as JSON text, unless that was an object or list.
fn document(val: Val) -> Val {
    match &val {
        Val::Text(t) => from_json(t).unwrap_or(val),
        _ => val,
    }
}

/// The details of an event, whatever its type.
fn details(event: &Val) -> Val {
    let Val::Map(entries) = event else { return Val::Null };
    let found = entries.iter().find(|(k, _)| k.ends_with("EventDetails"));
    found.map(|(_, v)| v.clone()).unwrap_or_default()
}

fn number(val: &Val) -> usize {
    if let Val::Number(n) = val { *n as usize } else { 0 }
}

impl Recorded {
    /// What it was started with.
    pub fn input(&self) -> Val {
        document(details(&self.events[0]).get("input"))
    }

    /// The states that were entered: type and name, the first first.
    pub fn entered(&self) -> Vec<(String, String)> {
        let entered = self.events.iter().filter_map(|e| {
            let kind = text(&e.get("type")).strip_suffix("StateEntered")?.to_owned();
            Some((kind, text(&details(e).get("name")).to_owned()))
        });
        entered.collect()
    }

    pub fn ending(&self) -> Ending {
        let Some(last) = self.events.iter().rev().find(|e| text(&e.get("type")).starts_with("Execution"))
        else {
            return Ending::Outside;
        };
        let told = details(last);
        match text(&last.get("type")) {
            "ExecutionSucceeded" => Ending::Succeeded(document(told.get("output"))),
            "ExecutionFailed" => Ending::Failed(text(&told.get("error")).to_owned(), told.get("cause")),
            _ => Ending::Outside,
        }
    }

    /// The visits of states, with what was answered in each.
    pub fn visits(&self) -> Vec<Visit> {
        let mut visits: Vec<Visit> = Vec::new();
        let mut owners = std::collections::HashMap::new();
        for event in &self.events {
            let (kind, told) = (event.get("type"), details(event));
            let kind = text(&kind).to_owned();
            let before = owners.get(&number(&event.get("previousEventId"))).copied();
            let id = number(&event.get("id"));
            if kind.ends_with("StateEntered") {
                owners.insert(id, visits.len());
                visits.push(Visit {
                    name: text(&told.get("name")).to_owned(),
                    input: document(told.get("input")),
                    scheduled: Vec::new(),
                    outcomes: Vec::new(),
                });
                continue;
            }
            let Some(owner) = before else { continue };
            owners.insert(id, owner);
            let visit = &mut visits[owner];
            let cause = match told.get("cause") {
                Val::Null if kind.ends_with("TimedOut") => Val::text(""),
                cause => cause,
            };
            let failed = || Outcome::Failed(text(&told.get("error")).to_owned(), cause.clone());
            match kind.as_str() {
                "TaskSucceeded" | "LambdaFunctionSucceeded" | "ActivitySucceeded" => {
                    visit.outcomes.push(Outcome::Gave(document(told.get("output"))));
                }
                "TaskFailed"
                | "TaskTimedOut"
                | "LambdaFunctionFailed"
                | "LambdaFunctionTimedOut"
                | "ActivityFailed"
                | "ActivityTimedOut"
                | "TaskSubmitFailed"
                | "TaskStartFailed"
                | "LambdaFunctionScheduleFailed"
                | "LambdaFunctionStartFailed" => visit.outcomes.push(failed()),
                "TaskScheduled" => visit.scheduled.push(document(told.get("parameters"))),
                "LambdaFunctionScheduled" | "ActivityScheduled" => {
                    visit.scheduled.push(document(told.get("input")));
                }
                _ => {}
            }
        }
        visits
    }
}

/// Whether a value is what was recorded. What only the platform knows is unknown here, and recorded as some text; texts
/// that hold JSON were recorded as what they hold.
pub fn same(ours: &Val, recorded: &Val) -> bool {
    match (ours, recorded) {
        (Val::Unknown(_), _) => matches!(recorded, Val::Text(_)),
        // The recording test put a name in place of this.
        (Val::Text(t), _) if t.to_lowercase().contains("tbd_") || t.contains("_PLACEHOLDER%") => true,
        (Val::Map(_) | Val::List(_), Val::Text(t)) => from_json(t).is_some_and(|v| same(ours, &v)),
        (Val::Text(t), Val::Map(_) | Val::List(_)) => from_json(t).is_some_and(|v| same(&v, recorded)),
        (Val::Number(a), Val::Number(b)) => (a - b).abs() <= f64::EPSILON * a.abs().max(1.0),
        (Val::List(a), Val::List(b)) => a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| same(a, b)),
        (Val::Map(a), Val::Map(b)) => {
            let there = |(k, v): &(workflow::Text, Val)| b.iter().any(|(l, w)| k == l && same(v, w));
            // Recorded before the platform told how often a run was restarted.
            let newer = |k: &str| k == "RedriveCount" && recorded.get(k) == Val::Null;
            let a: Vec<_> = a.iter().filter(|(k, _)| !newer(k)).collect();
            a.len() == b.len() && a.into_iter().all(there)
        }
        (a, b) => a == b,
    }
}
