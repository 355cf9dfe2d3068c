//! What starts a workflow: events of the platform, forms, schedules, calls from outside.

use super::jsonpath;
use super::scope::Scope;
use super::value;
use crate::doc::Node;
use workflow::{
    Expression, Function, Language, Reference, Root, Term, Trigger, TriggerKind, Value, Workflow,
};

/// Adds the workflow's one trigger. One that the file does not name counts as started by hand.
pub(super) fn add(node: Node<'_>, w: &mut Workflow) {
    let trigger = node.get("trigger").filter(|t| t.is_map());
    let attributes = trigger.and_then(|t| t.get("attributes"));
    let event = attributes.and_then(|a| a.str("id")).unwrap_or_default();
    let written = trigger.and_then(|t| t.str("type")).unwrap_or_default();
    let (kind, authenticated) = kind(written, event);
    let none = Scope::new(std::iter::empty(), "", None, None);
    let parameters = attributes.filter(|a| a.is_map()).map(|a| value::map(a, &none, &[])).unwrap_or_default();
    w.triggers.push(Trigger {
        id: "trigger".into(),
        name: if event.is_empty() { written.into() } else { event.into() },
        kind,
        authenticated,
        event: event.into(),
        filter: attributes.and_then(filter),
        after_approval: event == "idn:access-request-post-approval",
        caller_data: matches!(kind, TriggerKind::External | TriggerKind::Form),
        parameters: Value::Map(parameters),
        span: trigger.unwrap_or(node).span(),
    });
}

/// An External Trigger is called with a token of its own OAuth client, a launcher and a form by signed-in people.
fn kind(written: &str, event: &str) -> (TriggerKind, Option<bool>) {
    let form = event.ends_with(":form-submitted");
    match (written, event) {
        ("EXTERNAL", _) | (_, "idn:external-http") => (TriggerKind::External, Some(true)),
        ("SCHEDULED" | "SCHEDULE", _) => (TriggerKind::Schedule, Some(true)),
        ("EVENT", _) if form => (TriggerKind::Form, Some(true)),
        ("EVENT", "idn:interactive-process-launched") => (TriggerKind::Manual, Some(true)),
        ("EVENT", _) => (TriggerKind::Event, Some(true)),
        ("MANUAL" | "REQUEST_RESPONSE", _) => (TriggerKind::Manual, Some(true)),
        _ => (TriggerKind::Manual, None),
    }
}

/// A run starts when the filter's path finds something in the event.
fn filter(attributes: Node<'_>) -> Option<Expression> {
    let names = ["filter.$", "filter"];
    let node =
        names.iter().find_map(|n| attributes.get(n)).filter(|n| n.as_str().is_some_and(|t| !t.is_empty()))?;
    let text = node.as_str()?;
    let found = match jsonpath::parse(text) {
        Some(path) => Term::Ref(Reference { root: Root::Trigger, path: path.segments }),
        None => Term::Unknown(vec![Reference { root: Root::Trigger, path: Vec::new() }]),
    };
    let empty = Term::Call(Function::Empty, vec![found]);
    let term = Term::Call(Function::Not, vec![empty]);
    Some(Expression { language: Language::SailPointJsonPath, text: text.into(), term, line: node.line() })
}
