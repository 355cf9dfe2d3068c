//! What an expression needs to know of the definition around it: the names of actions, the values of parameters
//! and the templates that are evaluated first.

use super::arm::{self, Arm, Val};
use crate::doc::Node;
use std::collections::HashMap;
use workflow::{Platform, Term, Text};

/// An action, as expressions name it.
pub(super) struct Named {
    pub(super) id: Text,
    /// Its outputs are the value itself, without a body.
    pub(super) bare: bool,
}

/// A parameter of the definition.
pub(super) enum Known {
    Term(Term),
    Secret,
}

/// The surroundings of an expression.
pub(crate) struct Context<'c, 'd> {
    pub(super) platform: Platform,
    pub(super) arm: &'c Arm<'d>,
    pub(super) chain: &'c [usize],
    actions: HashMap<String, Named>,
    parameters: HashMap<&'d str, Known>,
}

/// Where in the definition an expression stands.
#[derive(Clone, Copy, Default)]
pub(crate) struct Place<'p> {
    /// The loop around it whose current item `item()` means.
    pub(super) item: Option<&'p str>,
    /// Its line.
    pub(super) line: u32,
}

impl<'c, 'd> Context<'c, 'd> {
    pub(super) fn new(platform: Platform, arm: &'c Arm<'d>, chain: &'c [usize]) -> Self {
        Context { platform, arm, chain, actions: HashMap::new(), parameters: HashMap::new() }
    }

    /// Makes an action known by its name; the first of a name counts.
    pub(super) fn name(&mut self, name: &str, id: &Text, bare: bool) {
        let named = Named { id: id.clone(), bare };
        self.actions.entry(name.to_lowercase()).or_insert(named);
    }

    /// The action that a name means.
    pub(super) fn action(&self, name: &str) -> Option<&Named> {
        self.actions.get(&name.to_lowercase())
    }

    pub(super) fn parameter(&self, name: &str) -> Option<&Known> {
        self.parameters.get(name)
    }

    /// Learns the definition's parameters: `declared` in the definition, `given` by what deploys it.
    pub(super) fn learn(&mut self, declared: Option<Node<'d>>, given: Option<Node<'d>>) {
        let given: HashMap<&str, Node<'d>> = given.into_iter().flat_map(Node::entries).collect();
        for (name, node) in given.iter().filter_map(|(name, node)| Some((*name, node.get("value")?))) {
            self.know(name, node);
        }
        for (name, node) in declared.into_iter().flat_map(Node::entries) {
            if arm::is_secret(node) {
                self.parameters.insert(name, Known::Secret);
            } else if given.get(name).and_then(|g| g.get("value")).is_none()
                && let Some(value) = node.get("defaultValue").or_else(|| node.get("value"))
            {
                self.know(name, value);
            }
        }
        for (name, _) in given.iter().filter(|(_, node)| arm::is_secret(**node)) {
            self.parameters.insert(name, Known::Secret);
        }
    }

    fn know(&mut self, name: &'d str, value: Node<'d>) {
        if let Some(term) = self.scalar(value) {
            self.parameters.insert(name, Known::Term(term));
        }
    }

    /// A text, number or boolean as a term, unless nothing is in it.
    fn scalar(&self, node: Node<'d>) -> Option<Term> {
        let Some(text) = node.as_str() else {
            return node.scalar().map(|_| arm::term_of(Val::Node(node, Vec::new())));
        };
        let term = match self.arm.text(text, self.chain, 0) {
            None => self.template(text, &[], Place::default()),
            Some(Val::Node(inner, _)) if inner.scalar().is_none() => return None,
            Some(val) => arm::term_of(val),
        };
        let empty = matches!(&term, Term::Text(t) if t.trim().is_empty());
        (!empty).then_some(term)
    }
}
