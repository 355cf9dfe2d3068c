//! AWS Step Functions: state machines in the Amazon States Language, on their own and in CloudFormation templates.

mod ask;
mod choice;
mod cloudformation;
mod digest;
mod edges;
mod events;
mod flow;
mod functions;
mod jsonata;
mod jsonpath;
mod lint;
mod machine;
mod outs;
mod scope;
mod states;
mod steps;
mod task;
mod template;
mod value;

#[cfg(test)]
mod tests;

use crate::doc::Node;
use crate::{Imported, Source, Verdict};
use machine::Given;
use template::{Placeholders, Template};
use workflow::{Map, Platform, Trigger, TriggerKind, Value, Workflow, merkle};

/// Recognises and imports a definition of this platform.
pub fn import(source: &Source<'_>) -> Option<Imported> {
    let root = source.tree()?.root();
    if !root.is_map() {
        return None;
    }
    if is_machine(root) {
        return Some(alone(source, root));
    }
    if cloudformation::is_template(root) {
        return Some(cloudformation::import(source, root));
    }
    let mocks = root.get("StateMachines").is_some_and(Node::is_map) && root.get("MockedResponses").is_some();
    mocks.then(|| Imported::not_workflow("mocked responses for tests of Step Functions"))
}

/// A machine: states by name, where it starts, or at least states of known types.
fn is_machine(node: Node<'_>) -> bool {
    let Some(states) = node.get("States").filter(|s| s.is_map()) else { return false };
    node.get("StartAt").is_some_and(|s| s.scalar().is_some())
        || states.children().next().is_some_and(states::is_state)
}

/// A definition in a file of its own.
fn alone(source: &Source<'_>, root: Node<'_>) -> Imported {
    let template = Template::default();
    let placeholders = Placeholders::new(&template);
    let mut w = blank(source.path, root);
    w.name = stem(source.path).into();
    w.triggers.push(started(root));
    w.span = root.span();
    let mut problems = Vec::new();
    let given = Given { machine: root, placeholders: &placeholders, file: 0, within: Default::default() };
    machine::define(&mut w, &given, &mut problems);
    digest::parts(root, &mut w.parts);
    w.digest = merkle(&w.parts);
    Imported { verdict: Verdict::Workflows(vec![w]), problems, used: Vec::new() }
}

fn blank(path: &str, machine: Node<'_>) -> Workflow {
    let mut w = Workflow::new(Platform::StepFunctions, "", path);
    w.description = machine.str("Comment").unwrap_or_default().to_owned();
    let mut settings = Map::default();
    let kept =
        machine.entries().filter(|(k, _)| matches!(*k, "TimeoutSeconds" | "Version" | "QueryLanguage"));
    kept.for_each(|(k, n)| settings.push(k, Value::text(n.scalar().unwrap_or_default()), n.line()));
    w.parameters = if settings.0.is_empty() { Value::Null } else { Value::Map(settings) };
    w
}

/// A machine is started by a call of Amazon's interface, which always knows who calls.
fn started(node: Node<'_>) -> Trigger {
    Trigger {
        id: "StartExecution".into(),
        name: "StartExecution".into(),
        kind: TriggerKind::External,
        authenticated: Some(true),
        event: "StartExecution".into(),
        filter: None,
        after_approval: false,
        caller_data: true,
        parameters: Value::Null,
        span: node.span(),
    }
}

/// The name of a file without its ending.
fn stem(path: &str) -> &str {
    let file = path.rsplit(['/', '\\']).next().unwrap_or(path);
    let stem = file.split(".asl.").next().unwrap_or(file);
    if stem.len() < file.len() { stem } else { file.rsplit_once('.').map_or(file, |(s, _)| s) }
}
