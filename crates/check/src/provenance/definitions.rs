//! Where a variable gets the value that it has at a step.

use crate::graph::Graph;
use workflow::{Node, StepIx, Text, Value};

/// The same over all edges; a variable that no step sets is not looked for.
pub(super) fn all<'w>(graph: &Graph<'w>, at: StepIx, name: &Text) -> (Vec<(StepIx, &'w Value)>, bool) {
    if graph.sets(name) {
        definitions(graph, at, name, |_| true)
    } else {
        (Vec::new(), graph.comes_from_trigger(at))
    }
}

/// The values that a variable may have at a step: the assignments from which a walk comes here with no other in
/// between; and whether some walk comes here with none. Only edges that `live` holds for count.
pub fn definitions<'w>(
    graph: &Graph<'w>,
    at: StepIx,
    name: &str,
    live: impl Fn(u32) -> bool,
) -> (Vec<(StepIx, &'w Value)>, bool) {
    let mut found: Vec<(StepIx, &'w Value)> = Vec::new();
    let mut open_ended = false;
    let mut seen = vec![false; graph.len()];
    let mut work = vec![at];
    while let Some(step) = work.pop() {
        for edge in graph.into(step).iter().filter(|e| live(**e)).map(|e| graph.edge(*e)) {
            let Node::Step(before) = edge.from else {
                open_ended = true;
                continue;
            };
            if std::mem::replace(&mut seen[before.0 as usize], true) {
                continue;
            }
            let own = graph.step(before).assigns.iter().rev().find(|a| a.variable == name);
            if let Some(assignment) = own {
                found.push((before, &assignment.value));
            }
            if own.is_none_or(|a| a.adds) {
                work.push(before);
            }
        }
    }
    (found, open_ended)
}
