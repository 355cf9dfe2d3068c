//! Where a variable gets the value that it has at a step.

use crate::graph::Graph;
use crate::set::{Place, Set};
use std::rc::Rc;
use workflow::{Node, Step, StepIx, Text, Value};

/// The steps that may have set a variable to what it is at a step, and whether some walk comes there with none.
pub(crate) type Setters = Rc<(Vec<StepIx>, bool)>;

impl<'w> Set<'w> {
    /// The same as [`definitions`] over all edges, looked for once.
    pub(super) fn setters(&self, at: Place, name: &Text) -> Setters {
        let graph = self.graph(at.workflow);
        if !graph.sets(name) {
            return Rc::new((Vec::new(), graph.comes_from_trigger(at.step)));
        }
        let key = (at, name.clone());
        if let Some(known) = self.setters.borrow().get(&key) {
            return Rc::clone(known);
        }
        let (found, open_ended) = definitions(graph, at.step, name, |_| true);
        let found: Setters = Rc::new((found.into_iter().map(|(step, _)| step).collect(), open_ended));
        self.setters.borrow_mut().insert(key, Rc::clone(&found));
        found
    }
}

/// The value that a step gives a variable last.
pub(super) fn given<'w>(step: &'w Step, name: &Text) -> Option<&'w Value> {
    step.assigns.iter().rev().find(|a| a.variable == *name).map(|a| &a.value)
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
