//! A workflow from a playbook's definition, trigger and steps.

use super::expression::Scope;
use super::{condition, edges, steps};
use crate::doc::{Node, canonical};
use crate::values::{part, value};
use workflow::{Platform, Problem, StepIx, Text, Trigger, TriggerKind, Value, Workflow, merkle};

/// A file of the playbook's folder.
pub(super) struct Piece<'d> {
    pub(super) node: Node<'d>,
    /// Its index among the workflow's files.
    pub(super) file: u16,
    pub(super) is_trigger: bool,
}

/// A step's definition and where it went.
pub(super) struct Placed<'d> {
    pub(super) node: Node<'d>,
    pub(super) id: Text,
    /// The step.
    pub(super) ix: StepIx,
    /// Where edges to it lead: the question for its release, or itself.
    pub(super) entry: StepIx,
    /// Where edges from it start: the join after a container, or itself.
    pub(super) exit: StepIx,
}

/// What says nothing about what the playbook does: results of test runs.
const RECORDED: [&str; 3] = ["step_debug_data", "debug_alert_identifier", "debug_base_alert_identifier"];

/// The workflow.
pub(super) fn workflow(
    path: &str,
    paths: &[String],
    definition: Node<'_>,
    pieces: &[Piece<'_>],
    problems: &mut Vec<Problem>,
) -> Workflow {
    let name = definition.str("name").unwrap_or("unnamed playbook").trim();
    let mut w = Workflow::new(Platform::GoogleSecops, name, path);
    w.id = definition.str("identifier").map(Text::from);
    w.aliases.extend(definition.str("original_workflow_identifier").map(Text::from));
    w.aliases.retain(|a| Some(a) != w.id.as_ref());
    w.description = definition.str("description").unwrap_or_default().to_owned();
    w.enabled = definition.bool("is_enable");
    w.files.extend(paths.iter().map(Text::from));
    w.span = definition.span();
    let parts: Vec<&Piece<'_>> = pieces.iter().filter(|p| !p.is_trigger && p.node.is_map()).collect();
    let scope = steps::scope(&parts);
    trigger(definition, pieces, &scope, &mut w);
    let placed = steps::add(&parts, &scope, &mut w, problems);
    edges::connect(&placed, &scope, &mut w, problems);
    digest(definition, pieces, &mut w);
    w
}

/// Alerts start a playbook; other playbooks start a block.
fn trigger(definition: Node<'_>, pieces: &[Piece<'_>], scope: &Scope, w: &mut Workflow) {
    let piece = pieces.iter().find(|p| p.is_trigger);
    let node = piece.map_or(definition, |p| p.node);
    let written = node.str("type_").unwrap_or_default();
    let block = written == "get_inputs" || definition.str("type") == Some("block");
    let any = node.str("logical_operator") == Some("or");
    let conditions = node.get("conditions");
    let mut span = node.span();
    span.file = piece.map_or(0, |p| p.file);
    w.triggers.push(Trigger {
        id: node.str("identifier").unwrap_or("trigger").into(),
        name: if written.is_empty() { "trigger".into() } else { written.into() },
        kind: if block { TriggerKind::Subflow } else { TriggerKind::Event },
        authenticated: Some(true),
        event: if block { Text::default() } else { written.into() },
        filter: conditions.filter(|_| !block).and_then(|c| condition::trigger(c, any, scope)),
        after_approval: false,
        caller_data: false,
        parameters: conditions.map_or(Value::Null, |c| value(c, &|t, _| Value::text(t))),
        span,
    });
}

fn digest(definition: Node<'_>, pieces: &[Piece<'_>], w: &mut Workflow) {
    let recorded = |n: Node<'_>| n.key().is_some_and(|k| RECORDED.contains(&k));
    w.parts.push(part("settings", &canonical(definition, &recorded)));
    for piece in pieces {
        let id = piece.node.str("identifier").unwrap_or_default();
        let name = if piece.is_trigger { "trigger".to_owned() } else { format!("step/{id}") };
        w.parts.push(part(name, &canonical(piece.node, &recorded)));
    }
    w.digest = merkle(&w.parts);
}
