//! A workflow from a version of it: trigger, steps, edges, digest.

use super::expression::Scope;
use super::{digest, edges, steps, trigger};
use crate::doc::Node;
use crate::values::value;
use std::collections::HashMap;
use workflow::{Node as End, Platform, Problem, StepIx, Value, Workflow};

/// Nodes of the graph by id: steps and the trigger.
pub(super) type ById<'d> = HashMap<&'d str, Placed<'d>>;

/// Where a node went.
#[derive(Clone, Copy)]
pub(super) struct Placed<'d> {
    pub(super) end: End,
    pub(super) node: Node<'d>,
}

impl Placed<'_> {
    /// The step, unless it is the trigger.
    pub(super) fn step(&self) -> Option<StepIx> {
        match self.end {
            End::Step(ix) => Some(ix),
            End::Trigger(_) => None,
        }
    }

    /// What kind of node.
    pub(super) fn kind(&self) -> &str {
        self.node.str("type").unwrap_or_default()
    }
}

/// The workflow.
pub(super) fn workflow(
    version: Node<'_>,
    export: Node<'_>,
    path: &str,
    problems: &mut Vec<Problem>,
) -> Workflow {
    let name = version.str("name").unwrap_or("unnamed workflow").trim();
    let mut w = Workflow::new(Platform::InsightConnect, name, path);
    w.description = version.str("description").unwrap_or_default().to_owned();
    w.span = version.span();
    w.parameters = version.get("parameters").map_or(Value::Null, |p| value(p, &|t, _| Value::text(t)));
    let listed = version.get("steps");
    let nodes = || listed.into_iter().flat_map(Node::entries).filter(|(_, n)| n.is_map());
    let scope = Scope::new(nodes());
    let mut by_id = ById::new();
    for (id, node) in nodes() {
        let end = if node.str("type") == Some("trigger") {
            trigger::add(id, node, export, &scope, &mut w)
        } else {
            End::Step(w.add(steps::step(id, node, &scope)))
        };
        by_id.insert(id, Placed { end, node });
    }
    edges::connect(version, &by_id, &scope, &mut w, problems);
    digest::add(version, export, &by_id, &mut w);
    w
}
