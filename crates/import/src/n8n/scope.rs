//! What the names in a node's expressions stand for.

use super::flow::{Flow, Role};
use super::loops;
use crate::js::{Names, Target};
use workflow::{Root, StepKind};

/// The surroundings of one node.
pub(super) struct Scope<'f> {
    flow: &'f Flow<'f>,
    item: usize,
    previous: Root,
}

impl<'f> Scope<'f> {
    /// The surroundings of the item at an index.
    pub(super) fn of(flow: &'f Flow<'f>, item: usize) -> Self {
        let mut scope = Scope { flow, item, previous: Root::Previous };
        scope.previous = scope.before();
        scope
    }

    /// What comes in: the result of the only node before, where there is only one.
    fn before(&self) -> Root {
        if let Some(model) = self.model() {
            return model;
        }
        let mut wires = self.flow.entering[self.item].iter().map(|w| self.flow.wires[*w]);
        let Some(first) = wires.next() else { return Root::Previous };
        let loop_item = |from| loops::is_loop(self.flow, from) && self.flow.loops[self.item] == Some(from);
        let same = |w: super::flow::Wire| w.from == first.from && (w.output == first.output);
        if first.from == self.item || !wires.all(same) {
            return Root::Previous;
        }
        if loop_item(first.from) && first.output == loops::body_output(self.flow.items[first.from].version) {
            return Root::Item(self.flow.items[first.from].id.clone());
        }
        self.root(first.from)
    }

    fn root(&self, item: usize) -> Root {
        let item = &self.flow.items[item];
        match item.role {
            Role::Trigger(_) => Root::Trigger,
            Role::Step(_) => Root::Step(item.id.clone()),
            Role::Note => Root::Unknown(item.name.into()),
        }
    }

    /// Whether the item is in a loop, at any depth.
    fn is_inside(&self, head: usize) -> bool {
        let mut at = self.flow.loops[self.item];
        for _ in 0..16 {
            match at {
                Some(ix) if ix == head => return true,
                Some(ix) => at = self.flow.loops[ix],
                None => return false,
            }
        }
        false
    }
}

/// No surroundings: for values that stand outside of nodes.
pub(super) struct Nowhere;

impl Names for Nowhere {
    fn node(&self, name: &str) -> Target {
        Target { root: Root::Unknown(format!("$({name:?})").into()), many: false }
    }

    fn previous(&self) -> Root {
        Root::Previous
    }

    fn title(&self, _: &str) -> Option<&str> {
        None
    }

    fn model(&self) -> Option<Root> {
        None
    }
}

impl Names for Scope<'_> {
    fn node(&self, name: &str) -> Target {
        let Some(ix) = self.flow.named(name) else {
            return Target { root: Root::Unknown(format!("$({name:?})").into()), many: false };
        };
        if loops::is_loop(self.flow, ix) && self.is_inside(ix) {
            return Target { root: Root::Item(self.flow.items[ix].id.clone()), many: false };
        }
        let many = self.flow.items[ix].node_type.kind() == StepKind::Action;
        Target { root: self.root(ix), many: many && matches!(self.flow.items[ix].role, Role::Step(_)) }
    }

    fn previous(&self) -> Root {
        self.previous.clone()
    }

    /// One of several is picked from a step that does something; what shapes data or starts the run gives the item.
    fn previous_many(&self) -> bool {
        let mut from = self.flow.entering[self.item].iter().map(|w| self.flow.wires[*w].from);
        let many = |ix: usize| {
            let item = &self.flow.items[ix];
            matches!(item.role, Role::Step(_)) && item.node_type.kind() == StepKind::Action
        };
        from.any(many)
    }

    fn title(&self, id: &str) -> Option<&str> {
        self.flow.ids.get(id).map(|ix| self.flow.items[*ix].name)
    }

    fn model(&self) -> Option<Root> {
        let is_tool = self.flow.entering[self.item].is_empty();
        self.flow.models[self.item].filter(|_| is_tool).map(|model| self.root(model))
    }
}
