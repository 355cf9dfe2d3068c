//! Edits of a workflow. Steps and edges that stay keep their positions, so that runs of both can be compared.

use crate::run::ADDED;
use workflow::{
    Edge, EdgeKind, Expression, Function, LoopKind, Map, Node, OnError, Step, StepIx, StepKind, Term, Text,
    Value, Workflow,
};

/// An edit of a workflow.
#[derive(Debug, Clone, PartialEq)]
pub enum Edit {
    /// The condition of an edge always holds, or never.
    Constant(u32, bool),
    /// The condition of an edge is turned around.
    Negate(u32),
    /// One part of a conjunction is left out.
    Drop(u32, usize),
    /// An edge leads elsewhere.
    Redirect(u32, StepIx),
    /// What leads to a step leads past it.
    Bypass(StepIx, StepIx),
    /// A step has one more edge.
    Add(StepIx, StepIx, EdgeKind),
    /// A question goes to these people.
    Approver(StepIx, Vec<Value>),
    /// A change acts on everybody.
    Everybody(StepIx),
    /// A change is of every access.
    Everything(StepIx),
    /// A step is switched off.
    Off(StepIx),
    /// A step waits so many days first.
    Delay(StepIx, u32),
    /// A failure of a step does not matter.
    Swallow(StepIx),
    /// A step is done twice.
    Double(StepIx),
    /// A loop may have ten times as many rounds.
    Raise(StepIx),
}

impl Edit {
    /// Makes the edit.
    pub fn apply(&self, w: &mut Workflow) {
        match self {
            Edit::Constant(edge, holds) => condition(w, *edge, |t| *t = Term::Bool(*holds)),
            Edit::Negate(edge) => condition(w, *edge, |t| {
                *t = Term::Call(Function::Not, vec![std::mem::replace(t, Term::Null)]);
            }),
            Edit::Drop(edge, part) => condition(w, *edge, |t| {
                if let Term::Call(Function::And, parts) = t
                    && *part < parts.len()
                {
                    parts.remove(*part);
                }
            }),
            Edit::Redirect(edge, to) => {
                if let Some(edge) = w.edges.get_mut(*edge as usize) {
                    edge.to = *to;
                }
            }
            Edit::Bypass(step, to) => w.edges.iter_mut().filter(|e| e.to == *step).for_each(|e| e.to = *to),
            Edit::Add(from, to, kind) => {
                if let Some(flow) = flow(w, *from) {
                    flow.push(ADDED, Value::text(kind.label()), 0);
                }
                w.edges.push(Edge { from: Node::Step(*from), to: *to, kind: kind.clone() });
            }
            other => other.on_step(w),
        }
    }

    fn on_step(&self, w: &mut Workflow) {
        match self {
            Edit::Delay(step, days) => return delay(w, *step, *days),
            Edit::Double(step) => return double(w, *step),
            Edit::Swallow(step) => {
                let own = |e: &Edge| e.from == Node::Step(*step) && e.kind == EdgeKind::Error;
                // An edge is cut by leading from nowhere: the others keep their positions.
                w.edges.iter_mut().filter(|e| own(e)).for_each(|e| e.kind = EdgeKind::Skipped);
            }
            _ => {}
        }
        let ix = match self {
            Edit::Approver(s, _)
            | Edit::Everybody(s)
            | Edit::Everything(s)
            | Edit::Off(s)
            | Edit::Swallow(s)
            | Edit::Raise(s) => *s,
            _ => return,
        };
        let Some(step) = w.steps.get_mut(ix.0 as usize) else { return };
        match self {
            Edit::Approver(_, whom) => {
                step.target.recipient.clone_from(whom);
                if let Some(ask) = &mut step.ask {
                    ask.approver = whom.first().cloned().unwrap_or_default();
                }
            }
            Edit::Everybody(_) => step.target.identity = vec![Value::text("everybody")],
            Edit::Everything(_) => step.target.entitlement = vec![Value::text("everything")],
            Edit::Off(_) => step.enabled = false,
            Edit::Swallow(_) => step.on_error = OnError::Continue,
            Edit::Raise(_) => raise(&mut step.kind),
            _ => {}
        }
    }
}

/// Changes the condition of an edge, and that of its case where the step has a data flow of its own.
fn condition(w: &mut Workflow, edge: u32, change: impl Fn(&mut Term)) {
    let change = |condition: &mut Expression| {
        change(&mut condition.term);
        // What is evaluated is the parsed form: the text would say what it was.
        condition.text = Text::default();
    };
    let at = (edge as usize).min(w.edges.len());
    let (before, rest) = w.edges.split_at_mut(at);
    let Some(Edge { from, kind: EdgeKind::When { condition, .. }, .. }) = rest.first_mut() else { return };
    change(condition);
    let number = before.iter().filter(|e| e.from == *from && matches!(e.kind, EdgeKind::When { .. })).count();
    if let Node::Step(step) = *from
        && let Some(Value::List(cases)) = flow(w, step).and_then(|f| f.get_mut("cases"))
        && let Some(Value::Expr(case)) = cases.get_mut(number)
    {
        change(case);
    }
}

/// The data flow of a step that has one of its own.
fn flow(w: &mut Workflow, step: StepIx) -> Option<&mut Map> {
    match w.steps.get_mut(step.0 as usize).map(|s| &mut s.flow) {
        Some(Value::Map(flow)) => Some(flow),
        _ => None,
    }
}

fn raise(kind: &mut StepKind) {
    if let StepKind::Loop(LoopKind::Each { bound, .. } | LoopKind::While { bound }) = kind {
        *bound = bound.map(|b| b.saturating_mul(10));
    }
}

fn delay(w: &mut Workflow, step: StepIx, days: u32) {
    let Some(own) = w.step(step) else { return };
    let mut wait =
        Step::new(format!("{} (delayed)", own.id), format!("{} (delayed)", own.name), StepKind::Wait);
    let mut parameters = Map::default();
    parameters.push("seconds", Value::Number(format!("{}", u64::from(days) * 86_400).into()), 0);
    (wait.parent, wait.join, wait.parameters, wait.passes_input) =
        (own.parent, own.join, Value::Map(parameters), true);
    let wait = w.add(wait);
    w.edges.iter_mut().filter(|e| e.to == step).for_each(|e| e.to = wait);
    w.connect(Node::Step(wait), step, EdgeKind::Next);
    if let Some(step) = w.steps.get_mut(step.0 as usize) {
        step.join = workflow::Join::Any;
    }
}

fn double(w: &mut Workflow, step: StepIx) {
    let Some(own) = w.step(step) else { return };
    let mut copy = own.clone();
    copy.id = format!("{} (again)", own.id).into();
    copy.join = workflow::Join::Any;
    let copy = w.add(copy);
    let failures: Vec<Edge> = w
        .edges
        .iter()
        .filter(|e| e.from == Node::Step(step) && matches!(e.kind, EdgeKind::Error | EdgeKind::Timeout))
        .map(|e| Edge { from: Node::Step(copy), ..e.clone() })
        .collect();
    let on =
        |e: &&mut Edge| e.from == Node::Step(step) && !matches!(e.kind, EdgeKind::Error | EdgeKind::Timeout);
    w.edges.iter_mut().filter(on).for_each(|e| e.from = Node::Step(copy));
    w.edges.extend(failures);
    w.connect(Node::Step(step), copy, EdgeKind::Next);
}
