//! Which parts of the control a set of rehearsals has gone through: changes made, branches towards changes, the ways on
//! which gates refuse, and the ways of errors.

use super::Leads;
use crate::{Place, Program, Trail};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use workflow::{EdgeKind, Kind, Node, StepIx, StepKind, Text};

/// What is covered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// A step that changes access.
    Change,
    /// A case of a branch that leads to an access change.
    Branch,
    /// A way on which a gate refuses: a case beside one that leads to a change, or a time-out of a question.
    Refusal,
    /// A way that an error takes.
    Error,
}

/// One thing to cover.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// What.
    pub part: Part,
    /// The step.
    pub step: Text,
    /// The way by which it is left; empty for the step itself.
    pub way: Text,
    /// The step that the way leads to; empty for the step itself.
    pub to: Text,
    /// Whether some rehearsal went there.
    pub covered: bool,
}

/// The coverage of a workflow.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Coverage {
    /// Everything that there is to cover.
    pub items: Vec<Item>,
}

impl Coverage {
    /// What there is to cover in a workflow, and what trails of rehearsals went through; `changed` are the changes made.
    #[must_use]
    pub fn new(program: &Program<'_>, workflow: u32, trails: &[&Trail], changed: &BTreeSet<Place>) -> Self {
        let Some(w) = program.workflow(workflow) else { return Coverage::default() };
        let leads = Leads::new(program);
        let taken: BTreeSet<u32> =
            trails.iter().flat_map(|t| t.iter()).filter(|(w, _)| *w == workflow).map(|(_, e)| *e).collect();
        let reached = reachable(program, workflow);
        let mut items = Vec::new();
        for (i, step) in (0u32..).zip(&w.steps) {
            let place = Place { workflow, step: StepIx(i) };
            if step.changes_access() && step.kind != StepKind::Part && reached.contains(&StepIx(i)) {
                let covered = changed.contains(&place);
                let none = Text::default();
                items.push(Item {
                    part: Part::Change,
                    step: step.id.clone(),
                    way: none.clone(),
                    to: none,
                    covered,
                });
            }
        }
        for (i, edge) in (0u32..).zip(&w.edges) {
            let Node::Step(from) = edge.from else { continue };
            let Some(part) =
                part(program, &leads, Place { workflow, step: from }, i).filter(|_| reached.contains(&from))
            else {
                continue;
            };
            let id = |s: StepIx| w.step(s).map(|s| s.id.clone()).unwrap_or_default();
            let way = edge.kind.label().into();
            let item = Item { part, step: id(from), way, to: id(edge.to), covered: taken.contains(&i) };
            // Several edges of one case are one way.
            match items.iter_mut().find(|o| (o.part, &o.step, &o.way) == (item.part, &item.step, &item.way)) {
                Some(other) => other.covered |= item.covered,
                None => items.push(item),
            }
        }
        Coverage { items }
    }

    /// How many of some parts are covered, of how many.
    #[must_use]
    pub fn count(&self, parts: &[Part]) -> (usize, usize) {
        let of = || self.items.iter().filter(|i| parts.contains(&i.part));
        (of().filter(|i| i.covered).count(), of().count())
    }

    /// Changes and the branches that lead to them.
    #[must_use]
    pub fn changing(&self) -> (usize, usize) {
        self.count(&[Part::Change, Part::Branch])
    }
}

/// What an edge is to coverage, if anything.
fn part(program: &Program<'_>, leads: &Leads, from: Place, edge: u32) -> Option<Part> {
    let kind = |e: u32| program.edge(from.workflow, e).map(|e| &e.kind);
    let step = program.step(from).filter(|s| s.enabled)?;
    let case = |e: &u32| matches!(kind(*e), Some(EdgeKind::When { .. } | EdgeKind::Otherwise { .. }));
    let over = |e: &u32| leads.over(program, from.workflow, *e);
    let asks = step.ask.is_some() || step.effects.iter().any(|e| e.kind == Kind::Ask);
    match kind(edge)? {
        EdgeKind::When { .. } | EdgeKind::Otherwise { .. } if over(&edge) => Some(Part::Branch),
        EdgeKind::When { .. } | EdgeKind::Otherwise { .. } => {
            program.out(from).iter().any(|e| case(e) && over(e)).then_some(Part::Refusal)
        }
        EdgeKind::Timeout if asks => Some(Part::Refusal),
        EdgeKind::Error | EdgeKind::Timeout => Some(Part::Error),
        _ => None,
    }
}

/// The steps that a trigger leads to.
fn reachable(program: &Program<'_>, workflow: u32) -> BTreeSet<StepIx> {
    let triggers = program.workflow(workflow).map_or(0, |w| w.triggers.len());
    let starts = (0u32..).take(triggers).flat_map(|t| program.starts(workflow, t));
    let mut open: Vec<StepIx> = starts.filter_map(|e| program.edge(workflow, e)).map(|e| e.to).collect();
    let mut found = BTreeSet::new();
    while let Some(step) = open.pop() {
        if found.insert(step) {
            let out = program.out(Place { workflow, step });
            open.extend(out.iter().filter_map(|e| program.edge(workflow, *e)).map(|e| e.to));
        }
    }
    found
}
