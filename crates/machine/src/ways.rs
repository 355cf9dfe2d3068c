//! What the edges of a workflow alone say of its steps, looked up once for all proofs about it.

use crate::{Place, Program};
use workflow::{Kind, Node, Step, StepIx};

/// What is known of each step of one workflow.
#[derive(Default)]
pub(crate) struct Ways {
    again: Vec<bool>,
    noticed: Vec<bool>,
}

impl Ways {
    pub(crate) fn new(program: &Program<'_>, workflow: u32) -> Self {
        let steps = program.workflow(workflow).map_or(&[][..], |w| w.steps.as_slice());
        let mut again = come_again(program, workflow, steps.len());
        for (step, again) in (0u32..).map(StepIx).zip(&mut again) {
            *again &= program.loop_of(Place { workflow, step }).is_none();
        }
        Ways { again, noticed: steps.iter().map(is_noticed).collect() }
    }

    /// Whether a way leads from a step back to it that is no loop's.
    pub(crate) fn circles(&self, step: StepIx) -> bool {
        self.again.get(step.0 as usize).copied().unwrap_or(false)
    }

    /// Whether somebody is asked or told by a step.
    pub(crate) fn is_noticed(&self, step: StepIx) -> bool {
        self.noticed.get(step.0 as usize).copied().unwrap_or(false)
    }
}

fn is_noticed(step: &Step) -> bool {
    let kinds = [Kind::Notify, Kind::Ticket, Kind::Ask, Kind::Write, Kind::Request, Kind::Call];
    let operation = step.operation.to_lowercase();
    let answers = operation.contains("respon") || operation.contains("returnraw");
    step.ask.is_some()
        || answers
        || !step.calls.is_empty()
        || step.effects.iter().any(|e| kinds.contains(&e.kind))
}

/// For each step, whether a way leads from it back to it: whether others are in its strongly connected component, or an
/// edge leads from it to itself (Kosaraju's algorithm).
fn come_again(program: &Program<'_>, workflow: u32, count: usize) -> Vec<bool> {
    let (mut again, mut taken) = (vec![false; count], vec![false; count]);
    for root in finished(program, workflow, count).into_iter().rev() {
        let (mut members, mut next) = (vec![root], 0);
        if std::mem::replace(&mut taken[root as usize], true) {
            continue;
        }
        while let Some(at) = members.get(next).copied() {
            next += 1;
            for edge in program.into(Place { workflow, step: StepIx(at) }) {
                let Some(Node::Step(from)) = program.edge(workflow, *edge).map(|e| e.from) else { continue };
                again[at as usize] |= from.0 == at;
                if !std::mem::replace(&mut taken[from.0 as usize], true) {
                    members.push(from.0);
                }
            }
        }
        if members.len() > 1 {
            members.into_iter().for_each(|m| again[m as usize] = true);
        }
    }
    again
}

/// The steps in the order in which a walk, depth first, leaves them.
fn finished(program: &Program<'_>, workflow: u32, count: usize) -> Vec<u32> {
    let (mut seen, mut order) = (vec![false; count], Vec::with_capacity(count));
    for root in (0u32..).take(count) {
        if std::mem::replace(&mut seen[root as usize], true) {
            continue;
        }
        let mut open = vec![(root, 0)];
        while let Some((at, next)) = open.last_mut() {
            let out = program.out(Place { workflow, step: StepIx(*at) });
            let Some(edge) = out.get(*next) else {
                order.push(*at);
                open.pop();
                continue;
            };
            *next += 1;
            if let Some(to) = program.edge(workflow, *edge).map(|e| e.to.0)
                && !std::mem::replace(&mut seen[to as usize], true)
            {
                open.push((to, 0));
            }
        }
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use workflow::{Edge, EdgeKind, Platform, StepKind, Workflow};

    fn circling(edges: &[(u32, u32)]) -> Vec<bool> {
        let mut workflow = Workflow::new(Platform::N8n, "", "");
        let count = edges.iter().map(|(a, b)| a.max(b) + 1).max().unwrap_or(0);
        workflow.steps = (0..count).map(|i| Step::new(i.to_string(), "", StepKind::Action)).collect();
        let edge =
            |(a, b): &(u32, u32)| Edge { from: Node::Step(StepIx(*a)), to: StepIx(*b), kind: EdgeKind::Next };
        workflow.edges = edges.iter().map(edge).collect();
        let all = [workflow];
        let program = Program::lean(&all);
        (0..count).map(|s| program.circles(Place { workflow: 0, step: StepIx(s) })).collect()
    }

    #[test]
    fn what_stands_between_two_circles_is_in_none() {
        assert_eq!(circling(&[(0, 1), (1, 0), (1, 2), (2, 3), (3, 3)]), [true, true, false, true]);
        assert_eq!(circling(&[(0, 1), (1, 2), (2, 1), (2, 3)]), [false, true, true, false]);
        assert_eq!(circling(&[(3, 2), (2, 1), (1, 0)]), [false; 4]);
    }
}
