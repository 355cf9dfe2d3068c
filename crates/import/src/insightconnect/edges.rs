//! Edges. An edge without a target ends the run, or the round of the loop that it is in.

use super::build::{ById, Placed};
use super::decision;
use super::expression::Scope;
use super::steps::joined;
use crate::doc::Node;
use crate::values::value;
use std::collections::HashMap;
use workflow::{
    Assignment, EdgeKind, Node as End, OnError, Outcome, Problem, Step, StepIx, StepKind, Text, Workflow,
};

/// Adds every edge.
pub(super) fn connect(
    version: Node<'_>,
    by_id: &ById<'_>,
    scope: &Scope<'_>,
    w: &mut Workflow,
    problems: &mut Vec<Problem>,
) {
    nest(version, by_id, w);
    let edges = version.at(&["graph", "edges"]);
    let listed: Vec<(&str, Node<'_>)> = edges.into_iter().flat_map(Node::entries).collect();
    let sets = join_values(by_id, scope);
    let mut links = Links { by_id, scope, w, problems, sets };
    listed.iter().for_each(|(id, edge)| links.edge(id, *edge));
    let mut breaks: Vec<_> = by_id.iter().filter(|(_, p)| p.kind() == "break").collect();
    breaks.sort_unstable_by_key(|(id, _)| **id);
    breaks.into_iter().for_each(|(id, p)| links.broken(id, p));
}

/// Nodes inside of a loop belong to it.
fn nest(version: Node<'_>, by_id: &ById<'_>, w: &mut Workflow) {
    for (id, node) in version.at(&["graph", "nodes"]).into_iter().flat_map(Node::entries) {
        let outer = node.str("parentNodeId").filter(|p| !p.is_empty() && *p != id);
        let outer = outer.and_then(|p| by_id.get(p)).and_then(Placed::step);
        let inner = by_id.get(id).and_then(Placed::step);
        if let (Some(inner), Some(outer)) = (inner, outer) {
            w.steps[inner.0 as usize].parent = Some(outer);
        }
    }
}

/// The values that joins take, by the decision's edge that they depend on.
fn join_values(by_id: &ById<'_>, scope: &Scope<'_>) -> HashMap<String, Vec<Assignment>> {
    let mut found: HashMap<String, Vec<Assignment>> = HashMap::new();
    let mut joins: Vec<(&&str, &Placed<'_>)> = by_id.iter().filter(|(_, p)| p.kind() == "join").collect();
    joins.sort_unstable_by_key(|(id, _)| **id);
    for (id, placed) in joins {
        let sets = placed.node.at(&["parameters", "variableSets"]);
        for set in sets.into_iter().flat_map(Node::items) {
            let variable = joined(id, set.str("name").unwrap_or_default());
            for (edge, given) in set.get("variables").into_iter().flat_map(Node::entries) {
                let value = value(given, &|t, l| scope.read(t, l));
                let assignment = Assignment { variable: variable.clone(), value, adds: false };
                found.entry(edge.to_owned()).or_default().push(assignment);
            }
        }
    }
    found
}

struct Links<'l, 'd> {
    by_id: &'l ById<'d>,
    scope: &'l Scope<'d>,
    w: &'l mut Workflow,
    problems: &'l mut Vec<Problem>,
    sets: HashMap<String, Vec<Assignment>>,
}

impl Links<'_, '_> {
    fn edge(&mut self, id: &str, edge: Node<'_>) {
        let text = |key: &str| edge.str(key).unwrap_or_default();
        let (from, to) = (text("fromNodeId"), text("toNodeId"));
        let Some(source) = self.by_id.get(from).copied() else {
            return self.missing(edge, from);
        };
        if !to.is_empty() && !self.by_id.contains_key(to) {
            return self.missing(edge, to);
        }
        let decided = decision::kinds(from, source.node, id, text("name"), self.scope);
        let target = self.by_id.get(to).and_then(Placed::step);
        let body = source.node.at(&["parameters", "innerEdgeId"]).and_then(Node::as_str) == Some(id);
        let around = self.by_id.get(text("parentNodeId")).and_then(Placed::step);
        let inside = around.or_else(|| self.parent(source));
        let inside = inside.filter(|o| Some(*o) != source.step() || body);
        match (target, decided.is_empty()) {
            (Some(to), true) if body => self.w.connect(source.end, to, EdgeKind::Body),
            (Some(to), true) => self.plain(source, to, id),
            (Some(to), false) => {
                let to = self.setting(id, to, source);
                decided.into_iter().for_each(|kind| self.w.connect(source.end, to, kind));
            }
            (None, true) => {
                if let Some(outer) = inside.filter(|_| !body) {
                    self.w.connect(source.end, outer, EdgeKind::Back);
                    self.go_on(source, outer);
                }
            }
            (None, false) => self.ended(id, source, inside, decided),
        }
    }

    fn parent(&self, source: Placed<'_>) -> Option<StepIx> {
        source.step().and_then(|s| self.w.step(s)).and_then(|s| s.parent)
    }

    fn missing(&mut self, edge: Node<'_>, id: &str) {
        let path = self.w.files.first().map(ToString::to_string).unwrap_or_default();
        let message = format!("an edge names `{id}`, which is not a step here; export the workflow again");
        self.problems.push(Problem { path, line: edge.line(), message });
    }

    fn plain(&mut self, source: Placed<'_>, to: StepIx, id: &str) {
        let to = self.setting(id, to, source);
        self.w.connect(source.end, to, EdgeKind::Next);
        self.go_on(source, to);
    }

    /// A step that continues on failure leads on after one.
    fn go_on(&mut self, source: Placed<'_>, to: StepIx) {
        let step = source.step().and_then(|s| self.w.step(s));
        if step.is_some_and(|s| s.on_error == OnError::Continue) {
            self.w.connect(source.end, to, EdgeKind::Error);
        }
    }

    /// A step on the edge that gives joins their values, where some depend on it.
    fn setting(&mut self, edge: &str, to: StepIx, source: Placed<'_>) -> StepIx {
        let Some(assigns) = self.sets.remove(edge) else { return to };
        let set = self.made(format!("{edge}/values"), StepKind::Set, source);
        self.w.steps[set.0 as usize].assigns = assigns;
        self.w.steps[set.0 as usize].passes_input = true;
        self.w.connect(End::Step(set), to, EdgeKind::Next);
        set
    }

    /// A decided way that leads nowhere still has to be there: else the other ways would seem to be all.
    fn ended(&mut self, edge: &str, source: Placed<'_>, outer: Option<StepIx>, decided: Vec<EdgeKind>) {
        let kind = if outer.is_some() { StepKind::Join } else { StepKind::End(Outcome::Success) };
        let end = self.made(format!("{edge}/end"), kind, source);
        decided.into_iter().for_each(|kind| self.w.connect(source.end, end, kind));
        if let Some(outer) = outer {
            self.w.connect(End::Step(end), outer, EdgeKind::Back);
        }
    }

    /// A break that holds leaves the loop; what else leaves it goes on in the round.
    fn broken(&mut self, id: &str, placed: &Placed<'_>) {
        let (Some(step), Some(outer)) = (placed.step(), self.parent(*placed)) else { return };
        let join = self.made(format!("{id}/break"), StepKind::Join, *placed);
        self.w.connect(End::Step(step), join, decision::broken(placed.node, self.scope));
        self.w.connect(End::Step(join), outer, EdgeKind::Back);
    }

    fn made(&mut self, id: impl Into<Text>, kind: StepKind, source: Placed<'_>) -> StepIx {
        let mut step = Step::new(id, "", kind);
        step.synthetic = true;
        step.parent = self.parent(source);
        step.span = source.node.span();
        self.w.add(step)
    }
}
