//! Edges, turned round: the definition says of each step what came before it.

use super::build::Placed;
use super::condition::{Branch, branches};
use super::expression::Scope;
use super::steps::{parameter, passed_by, skipped};
use crate::doc::{Doc, Node};
use crate::values::reference;
use std::collections::HashMap;
use workflow::{
    EdgeKind, Expression, Function, Language, Node as End, Outcome, Problem, Root, Step, StepIx, StepKind,
    Term, Text, Workflow,
};

/// Steps by id.
type ById<'p, 'd> = HashMap<&'p str, &'p Placed<'d>>;

/// Adds every edge.
pub(super) fn connect(placed: &[Placed<'_>], scope: &Scope, w: &mut Workflow, problems: &mut Vec<Problem>) {
    let by_id: ById<'_, '_> = placed.iter().map(|p| (p.id.as_str(), p)).collect();
    let ways: HashMap<&str, Ways> = placed.iter().map(|p| (p.id.as_str(), ways(p, scope))).collect();
    nest(placed, &by_id, w);
    for child in placed {
        let parents = parents(child.node);
        if parents.is_empty() {
            w.connect(End::Trigger(0), child.entry, EdgeKind::Next);
        }
        for parent in parents {
            let Some(known) = by_id.get(parent) else {
                problems.push(missing(child, parent, w));
                continue;
            };
            link(known, child, &ways[known.id.as_str()], &by_id, w);
        }
    }
    let mut taken: HashMap<&str, Vec<String>> = HashMap::new();
    for child in placed {
        for parent in parents(child.node) {
            taken.entry(parent).or_default().extend(branch_taken(child.node, parent));
        }
    }
    for p in placed {
        let taken = taken.get(p.id.as_str()).map_or(&[][..], Vec::as_slice);
        untaken(p, taken, &ways[p.id.as_str()], w);
    }
    close_loops(placed, &by_id, w);
}

/// A branch to which no step belongs ends there; without it the other ways would seem to be all.
fn untaken(of: &Placed<'_>, taken: &[String], ways: &Ways, w: &mut Workflow) {
    let all: Vec<(Text, EdgeKind)> = match ways {
        Ways::Branches(branches, _) => branches.iter().map(|b| (b.order.clone(), edge(b))).collect(),
        Ways::Answers(answers) => answers.iter().map(|(k, t)| (k.clone(), answered(&of.id, t))).collect(),
        Ways::One => return,
    };
    let parent = w.step(of.ix).and_then(|s| s.parent);
    for (order, kind) in all.into_iter().filter(|(o, _)| !taken.iter().any(|t| t == o)) {
        let inside = if parent.is_some() { StepKind::Join } else { StepKind::End(Outcome::Success) };
        let mut end = Step::new(format!("{}/{order}/end", of.id), "", inside);
        (end.synthetic, end.parent) = (true, parent);
        end.span = w.step(of.ix).map(|s| s.span.clone()).unwrap_or_default();
        let end = w.add(end);
        w.connect(End::Step(of.exit), end, kind);
        if let Some(outer) = parent {
            w.connect(End::Step(end), outer, EdgeKind::Back);
        }
    }
}

/// The steps before a step: a list of ids, or several joined by `;`.
fn parents(node: Node<'_>) -> Vec<&str> {
    let listed: Vec<&str> =
        node.get("parent_step_ids").into_iter().flat_map(Node::items).filter_map(Node::as_str).collect();
    if !listed.is_empty() {
        return listed;
    }
    let joined = node.str("parent_step_id").unwrap_or_default();
    joined.split(';').map(str::trim).filter(|p| !p.is_empty()).collect()
}

fn missing(child: &Placed<'_>, parent: &str, w: &Workflow) -> Problem {
    let file = w.step(child.ix).map_or(0, |s| usize::from(s.span.file));
    let path = w.files.get(file).map(ToString::to_string).unwrap_or_default();
    let message = format!(
        "step `{}` comes after `{parent}`, which is not among the steps; export the playbook again",
        child.id
    );
    Problem { path, line: child.node.line(), message }
}

/// The ways out of a step.
enum Ways {
    Branches(Vec<Branch>, Option<Text>),
    Answers(Vec<(Text, Text)>),
    One,
}

fn ways(of: &Placed<'_>, scope: &Scope) -> Ways {
    let looped = of.node.str("start_loop_step_id").filter(|l| !l.is_empty()).map(Text::from);
    if let Some(doc) = parameter(of.node, "Branches").and_then(|t| Doc::json(t).ok()) {
        let fallback = parameter(of.node, "ErrorFallbackBranch").filter(|f| !f.is_empty());
        let found = branches(doc.root(), scope, looped.as_ref(), of.node.line());
        return Ways::Branches(found, fallback.map(Text::from));
    }
    if let Some(doc) = parameter(of.node, "Answers").and_then(|t| Doc::json(t).ok()) {
        let answers = doc.root().entries().map(|(k, v)| (Text::from(k), Text::from(v.scalar().unwrap_or(k))));
        return Ways::Answers(answers.collect());
    }
    Ways::One
}

/// The steps of a loop belong to it.
fn nest(placed: &[Placed<'_>], by_id: &ById<'_, '_>, w: &mut Workflow) {
    for p in placed {
        let container = p.node.str("parent_container_id").filter(|c| !c.is_empty());
        let looped = p.node.str("start_loop_step_id").filter(|l| !l.is_empty() && *l != p.id);
        let Some(outer) = container.or(looped).and_then(|id| by_id.get(id)) else { continue };
        w.steps[p.ix.0 as usize].parent = Some(outer.ix);
        w.steps[p.entry.0 as usize].parent = Some(outer.ix);
    }
}

fn link(parent: &Placed<'_>, child: &Placed<'_>, ways: &Ways, by_id: &ById<'_, '_>, w: &mut Workflow) {
    let inside = child.node.str("start_loop_step_id") == Some(parent.id.as_str());
    let (from, to) = (End::Step(exit(parent, by_id)), child.entry);
    if is_loop_start(parent) && inside {
        return w.connect(from, to, EdgeKind::Body);
    }
    let taken = branch_taken(child.node, &parent.id);
    match ways {
        Ways::Branches(branches, fallback) => {
            let branch = branches.iter().find(|b| Some(b.order.as_str()) == taken.as_deref());
            w.connect(from, to, branch.map_or(EdgeKind::Next, edge));
            if fallback.is_some() && fallback.as_deref() == taken.as_deref() {
                w.connect(from, to, EdgeKind::Error);
            }
        }
        Ways::Answers(answers) => {
            let answer = answers.iter().find(|(k, _)| Some(k.as_str()) == taken.as_deref());
            w.connect(from, to, answer.map_or(EdgeKind::Next, |(_, text)| answered(&parent.id, text)));
        }
        Ways::One => w.connect(from, to, EdgeKind::Next),
    }
    around(parent, to, ways, w);
}

/// The ways past a step that failed, was skipped by hand, or was not released in time.
fn around(parent: &Placed<'_>, to: StepIx, ways: &Ways, w: &mut Workflow) {
    let goes_on = parent.node.bool("auto_skip_on_failure") == Some(true);
    let waits =
        w.step(parent.entry).and_then(|s| s.ask.as_ref()).is_some_and(|a| a.timeout_seconds.is_some());
    if goes_on && matches!(ways, Ways::One) {
        w.connect(End::Step(parent.exit), to, EdgeKind::Error);
    }
    if parent.entry != parent.ix {
        w.connect(End::Step(parent.entry), to, skipped(&parent.id));
        w.connect(End::Step(parent.entry), to, passed_by(&parent.id));
    }
    if goes_on && waits {
        w.connect(End::Step(parent.entry), to, EdgeKind::Timeout);
    }
}

fn edge(branch: &Branch) -> EdgeKind {
    let case = branch.name.clone();
    match &branch.condition {
        Some(condition) => EdgeKind::When { case, condition: condition.clone() },
        None => EdgeKind::Otherwise { case },
    }
}

fn answered(id: &str, text: &Text) -> EdgeKind {
    let term = Term::Call(
        Function::Equals,
        vec![reference(Root::Step(id.into()), Vec::new()), Term::Text(text.clone())],
    );
    let condition = Expression {
        language: Language::Structured,
        text: format!("answer is {text}").into(),
        term,
        line: 0,
    };
    EdgeKind::When { case: text.clone(), condition }
}

/// The branch of a parent to which a child belongs: JSON inside of a text, `{"<parent>": "2"}`.
fn branch_taken(child: Node<'_>, parent: &str) -> Option<String> {
    let written = child.str("previous_result_condition")?;
    let doc = Doc::json(written).ok()?;
    doc.root().get(parent).and_then(Node::scalar).map(|s| s.trim().to_owned())
}

fn is_loop_start(p: &Placed<'_>) -> bool {
    p.node.str("type") == Some("for_each_start_loop")
}

/// Where edges from a step start: what follows the end of a loop follows the loop itself.
fn exit(p: &Placed<'_>, by_id: &ById<'_, '_>) -> StepIx {
    loop_of_end(p, by_id).unwrap_or(p.exit)
}

fn loop_of_end(p: &Placed<'_>, by_id: &ById<'_, '_>) -> Option<StepIx> {
    let end = p.node.str("type") == Some("for_each_end_loop");
    let start = p.node.str("start_loop_step_id").filter(|_| end)?;
    by_id.get(start).filter(|s| is_loop_start(s)).map(|s| s.ix)
}

/// The end of a loop, and whatever inside of it leads nowhere, goes back to its start.
fn close_loops(placed: &[Placed<'_>], by_id: &ById<'_, '_>, w: &mut Workflow) {
    let mut leaves = vec![false; w.steps.len()];
    for edge in &w.edges {
        if let End::Step(from) = edge.from {
            leaves[from.0 as usize] = true;
        }
    }
    for p in placed {
        let outer = w.step(p.ix).and_then(|s| s.parent);
        let Some(outer) = outer.filter(|o| w.step(*o).is_some_and(|s| matches!(s.kind, StepKind::Loop(_))))
        else {
            continue;
        };
        let ends = loop_of_end(p, by_id) == Some(outer);
        if ends || !leaves[p.exit.0 as usize] {
            w.connect(End::Step(p.exit), outer, EdgeKind::Back);
        }
    }
}
