//! What names in expressions mean: variables that steps of the process set, or what the process was started with.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap, HashSet};
use workflow::{Reference, Root, Segment, Text};

/// The variables of one process.
#[derive(Default)]
pub(super) struct Scope {
    /// Set by some step, as far as the model shows.
    pub(super) assigned: HashSet<String>,
    /// The steps that may set variables that the model does not show: a class, a worker.
    pub(super) hidden: HashSet<String>,
    /// What the start's own form asks for.
    pub(super) started: HashSet<String>,
    /// The variable in which the engine keeps who started the process.
    pub(super) initiator: Option<String>,
    /// Variables that are read and that only a hidden step may set.
    pub(super) unseen: RefCell<BTreeSet<String>>,
    /// The item variables of loops, with the loop's step.
    pub(super) items: HashMap<String, Text>,
}

impl Scope {
    /// A variable and what is taken from it.
    pub(super) fn reference(&self, name: &str, path: Vec<Segment>) -> Reference {
        if let Some(of) = self.items.get(name) {
            return Reference { root: Root::Item(of.clone()), path };
        }
        let of_start = |key: &str| {
            let first = std::iter::once(Segment::Key(key.into()));
            Reference { root: Root::Trigger, path: first.chain(path.iter().cloned()).collect() }
        };
        if self.assigned.contains(name) {
            return Reference { root: Root::Variable(name.into()), path };
        }
        if self.initiator.as_deref() == Some(name) {
            return of_start("initiator");
        }
        if self.hidden.is_empty() || self.started.contains(name) {
            return of_start(name);
        }
        self.unseen.borrow_mut().insert(name.to_owned());
        Reference { root: Root::Variable(name.into()), path }
    }
}
