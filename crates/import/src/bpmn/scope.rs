//! What names in expressions mean: variables that steps of the process set, or what the process was started with.

use std::collections::{HashMap, HashSet};
use workflow::{Reference, Root, Segment, Text};

/// The variables of one process.
#[derive(Default)]
pub(super) struct Scope {
    /// Set by some step, as far as the model shows.
    pub(super) assigned: HashSet<String>,
    /// Some step may set variables that the model does not show: a class, a worker, a script.
    pub(super) hidden: bool,
    /// The item variables of loops, with the loop's step.
    pub(super) items: HashMap<String, Text>,
}

impl Scope {
    /// A variable and what is taken from it.
    pub(super) fn reference(&self, name: &str, path: Vec<Segment>) -> Reference {
        if let Some(of) = self.items.get(name) {
            return Reference { root: Root::Item(of.clone()), path };
        }
        if self.assigned.contains(name) || self.hidden {
            return Reference { root: Root::Variable(name.into()), path };
        }
        let first = std::iter::once(Segment::Key(name.into()));
        Reference { root: Root::Trigger, path: first.chain(path).collect() }
    }
}
