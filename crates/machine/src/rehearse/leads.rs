//! From where an access change can be reached, by the edges alone.

use crate::{Place, Program};
use workflow::{EdgeKind, Node, StepIx};

/// For each workflow of a program, the steps from which an access change can be reached.
#[derive(Debug, Clone, Default)]
pub struct Leads {
    steps: Vec<Vec<bool>>,
}

impl Leads {
    /// Looks at every workflow of a program.
    #[must_use]
    pub fn new(program: &Program<'_>) -> Self {
        let mut leads =
            Leads { steps: program.workflows.iter().map(|w| vec![false; w.steps.len()]).collect() };
        // A call leads where what it calls leads; calls nest, so that it may take a few rounds.
        for _ in 0..8 {
            let before = leads.steps.clone();
            (0u32..).take(before.len()).for_each(|w| leads.spread(program, w));
            if leads.steps == before {
                break;
            }
        }
        leads
    }

    fn spread(&mut self, program: &Program<'_>, workflow: u32) {
        let Some(w) = program.workflow(workflow) else { return };
        let starts = |s: &workflow::Step| {
            s.changes_access()
                || s.enabled
                    && s.calls.iter().any(|c| program.callee(workflow, &c.key).is_some_and(|to| self.any(to)))
        };
        let mut open: Vec<StepIx> =
            (0u32..).zip(&w.steps).filter(|(_, s)| starts(s)).map(|(i, _)| StepIx(i)).collect();
        while let Some(step) = open.pop() {
            let Some(known) = self.steps.get_mut(workflow as usize).and_then(|s| s.get_mut(step.0 as usize))
            else {
                continue;
            };
            if std::mem::replace(known, true) {
                continue;
            }
            let place = Place { workflow, step };
            open.extend(program.into(place).iter().filter_map(|e| {
                let edge = program.edge(workflow, *e).filter(|e| e.kind != EdgeKind::Back)?;
                if let Node::Step(from) = edge.from { Some(from) } else { None }
            }));
        }
    }

    fn any(&self, workflow: u32) -> bool {
        self.steps.get(workflow as usize).is_some_and(|s| s.contains(&true))
    }

    /// Whether an access change can be reached from a step.
    #[must_use]
    pub fn from(&self, at: Place) -> bool {
        self.steps.get(at.workflow as usize).and_then(|s| s.get(at.step.0 as usize)).copied().unwrap_or(false)
    }

    /// Whether an edge leads to an access change.
    #[must_use]
    pub fn over(&self, program: &Program<'_>, workflow: u32, edge: u32) -> bool {
        program.edge(workflow, edge).is_some_and(|e| self.from(Place { workflow, step: e.to }))
    }
}
