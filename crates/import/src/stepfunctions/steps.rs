//! States to steps: what each does with which values.

use super::outs::{Around, effective, joined, reader, result};
use super::states::{Kind, State};
use super::value::{Query, Reader};
use super::{ask, task};
use crate::dataflow::Data;
use crate::doc::Node;
use workflow::{Assignment, LoopKind, Map, OnError, Outcome, Span, Step, StepKind, Text, Value};

/// A step and what else its state showed.
pub(super) struct Made {
    pub(super) step: Step,
    /// The role or connection it acts with: a name and a kind.
    pub(super) credentials: Vec<(Text, &'static str)>,
}

/// The step of a state, whose input is known.
pub(super) fn step(state: &State<'_>, input: &Data, around: &Around<'_>, span: Span) -> Made {
    let mut step = Step::new(state.id.clone(), state.name, StepKind::Action);
    step.span = span;
    step.retries = retries(state.node);
    step.on_error = on_error(state);
    let effective = effective(state, input, around);
    let own = reader(state, &effective, around);
    match state.kind {
        Kind::Task => {
            let waited = task::fill(&mut step, state.node, &own);
            if waited == "waitForTaskToken" {
                step.ask = ask::ask(&step, state);
            }
        }
        Kind::Pass => pass(&mut step, state, &own),
        Kind::Parallel => {
            step.kind = StepKind::Fork;
            step.parameters = of(state.node, &["Parameters", "Arguments"], &own);
        }
        Kind::Map => repeat(&mut step, state, &own),
        Kind::Choice => step.kind = StepKind::Branch,
        Kind::Wait => {
            step.kind = StepKind::Wait;
            step.passes_input = true;
            step.parameters = of(state.node, &["Seconds", "SecondsPath", "Timestamp", "TimestampPath"], &own);
        }
        Kind::Succeed => {
            step.kind = if state.parent.is_some() { StepKind::Set } else { StepKind::End(Outcome::Success) };
            step.passes_input = true;
            step.parameters = of(state.node, &["Output"], &own);
        }
        Kind::Fail => {
            step.kind = StepKind::End(Outcome::Failure);
            step.parameters = of(state.node, &["Error", "ErrorPath", "Cause", "CausePath"], &own);
        }
        Kind::Unknown => {
            step.parameters = Value::Map(own.map(state.node, &["Type", "Next", "End", "Comment"]))
        }
    }
    if !matches!(state.kind, Kind::Choice) {
        let handed = result(state, &effective, around);
        step.assigns.extend(assigned(state.node, state, input, &handed, around));
    }
    let credentials = credentials(state.node, &step, &own);
    Made { step, credentials }
}

/// Each retrier counts for itself over one visit of a state, so their attempts add up.
fn retries(node: Node<'_>) -> u32 {
    let rules = node.get("Retry").into_iter().flat_map(Node::items);
    let attempts = rules.map(|r| match r.get("MaxAttempts") {
        None => 3,
        Some(n) => n.scalar().and_then(|n| n.parse().ok()).unwrap_or(3),
    });
    attempts.fold(0, u32::saturating_add)
}

/// Whether catchers take all that a state's work can report, or only errors that they name.
fn on_error(state: &State<'_>) -> OnError {
    if state.catches.is_empty() {
        return OnError::Fail;
    }
    let named = state.catches.iter().filter_map(|(c, _)| c.get("ErrorEquals"));
    let mut names = named.flat_map(Node::items).filter_map(Node::as_str);
    let whole = names.any(|n| n == "States.ALL" || n == "States.TaskFailed" && state.kind == Kind::Task);
    if whole { OnError::Route } else { OnError::Partly }
}

/// Some fields of a state; those whose names end in `Path` hold paths.
fn of(node: Node<'_>, keys: &[&str], reader: &Reader<'_>) -> Value {
    let mut map = Map::default();
    for (key, child) in node.entries().filter(|(k, _)| keys.contains(k)) {
        let value = if key.ends_with("Path") { reader.path(child) } else { reader.value(child) };
        map.push(key, value, reader.line(child));
    }
    if map.0.is_empty() { Value::Null } else { Value::Map(map) }
}

/// A Pass state's own result.
fn pass(step: &mut Step, state: &State<'_>, reader: &Reader<'_>) {
    step.kind = StepKind::Set;
    let result = match state.query {
        // A constant: nothing in it is an expression.
        Query::JsonPath => match state.node.get("Result") {
            Some(result) => Some(reader.constant_value(result)),
            None => state.node.get("Parameters").map(|p| reader.value(p)),
        },
        Query::Jsonata => state.node.get("Output").map(|o| reader.value(o)),
    };
    step.passes_input = result.is_none();
    step.output = result;
}

/// A Map state: its items, and how many at a time.
fn repeat(step: &mut Step, state: &State<'_>, reader: &Reader<'_>) {
    let node = state.node;
    let concurrent = node.get("MaxConcurrency").and_then(Node::scalar);
    let bound = node.at(&["ItemReader", "ReaderConfig", "MaxItems"]).and_then(Node::scalar);
    let bound = bound.and_then(|n| n.parse().ok());
    step.kind = StepKind::Loop(LoopKind::Each { parallel: concurrent != Some("1"), bound });
    let mut map = Map::default();
    match (node.get("ItemReader"), node.get("ItemsPath"), node.get("Items")) {
        (Some(read), ..) => map.push("ItemReader", reader.value(read), reader.line(read)),
        (None, Some(path), _) => map.push("ItemsPath", reader.path(path), reader.line(path)),
        (None, None, Some(items)) => map.push("Items", reader.value(items), reader.line(items)),
        (None, None, None) => map.push("ItemsPath", reader.scope.input.value(), step.span.line),
    }
    let others = ["MaxConcurrency", "ToleratedFailurePercentage", "ToleratedFailureCount"];
    for (key, child) in node.entries() {
        match key.strip_suffix("Path") {
            Some(plain) if others.contains(&plain) => map.push(plain, reader.path(child), reader.line(child)),
            None if others.contains(&key) => map.push(key, reader.value(child), reader.line(child)),
            _ => {}
        }
    }
    step.parameters = Value::Map(map);
    let selector = node.get("ItemSelector").or_else(|| node.get("Parameters"));
    if let Some(selector) = selector {
        let mut inside = *reader;
        inside.scope.item = Some(&state.id);
        let value = inside.value(selector);
        step.assigns.push(Assignment {
            variable: format!("item of {}", state.id).into(),
            value,
            adds: false,
        });
    }
    if let Some(written) = node.get("ResultWriter") {
        let value = reader.value(written);
        step.assigns.push(Assignment {
            variable: format!("results of {}", state.id).into(),
            value,
            adds: false,
        });
    }
}

/// The variables that `Assign` gives values, in a state, a rule or a catcher.
pub(super) fn assigned(
    node: Node<'_>,
    state: &State<'_>,
    input: &Data,
    result: &Data,
    around: &Around<'_>,
) -> Vec<Assignment> {
    let Some(assign) = node.get("Assign") else { return Vec::new() };
    let on = if state.query == Query::Jsonata { input } else { result };
    let mut reader = reader(state, on, around);
    reader.scope.result = Some(result);
    let map = reader.map(assign, &[]);
    let entries = map.0.into_iter();
    entries.map(|e| Assignment { variable: e.key, value: e.value, adds: false }).collect()
}

/// The role that a task takes on, or the connection that an HTTP task uses.
fn credentials(node: Node<'_>, step: &Step, reader: &Reader<'_>) -> Vec<(Text, &'static str)> {
    let mut found = Vec::new();
    let role = node.get("Credentials").map(|c| reader.value(c)).unwrap_or_default();
    let mut add = |value: &Value, kind| {
        let name = super::template::shown(&crate::dataflow::term_of(value));
        if !value.is_empty() {
            let written = value.as_expression().map_or(name.as_str(), |e| e.text.as_str());
            found.push((Text::from(written), kind));
        }
    };
    add(role.get("RoleArn"), "iam-role");
    if step.request.is_some() {
        add(step.parameters.at("Authentication.ConnectionArn"), "eventbridge-connection");
    }
    found
}

/// The step at which the branches of a Parallel state meet, with their results.
pub(super) fn all_branches(state: &State<'_>, results: Vec<Value>, span: Span) -> Step {
    let mut join = Step::new(joined(&state.id), state.name, StepKind::Join);
    join.synthetic = true;
    join.join = workflow::Join::All;
    join.output = Some(Value::List(results));
    join.span = span;
    join
}
