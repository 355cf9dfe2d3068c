//! What `msg`, `flow`, `global` and `env` stand for in a node's expressions.

use super::kinds::Writes;
use super::members::Group;
use super::network::Network;
use crate::js::{Names, Target};
use std::collections::HashMap;
use workflow::{Reference, Root, Segment, Term};

/// A message is followed back through at most so many nodes.
const MOST_HOPS: usize = 64;

/// How messages come to the nodes of a workflow.
pub(super) struct Scope<'n> {
    pub(super) network: &'n Network<'n>,
    /// For each member, the members before it.
    pub(super) before: HashMap<usize, Vec<usize>>,
    /// For each member, what it changes of messages.
    pub(super) writes: HashMap<usize, Writes>,
    /// Members that start messages.
    pub(super) sources: HashMap<usize, bool>,
}

impl<'n> Scope<'n> {
    /// The ways of messages through a workflow.
    pub(super) fn new(network: &'n Network<'n>, group: &Group<'_>) -> Self {
        let (before, writes, sources) = (HashMap::new(), HashMap::new(), HashMap::new());
        let mut scope = Scope { network, before, writes, sources };
        for &ix in &group.members {
            let item = &network.items[ix];
            let linked =
                if super::kinds::links_on(item.node) { network.listed(ix, "links") } else { Vec::new() };
            for to in item.wires.iter().flatten().copied().chain(linked) {
                if group.members.contains(&to) && !item.disabled {
                    let before = scope.before.entry(to).or_default();
                    if !before.contains(&ix) && before.len() < 2 {
                        before.push(ix);
                    }
                }
            }
        }
        scope
    }

    /// Where a property of the message that comes to a node was set.
    fn origin(&self, ix: usize, key: &str) -> Root {
        let mut at = ix;
        for _ in 0..MOST_HOPS {
            let Some([before]) = self.before.get(&at).map(Vec::as_slice) else { break };
            if self.sources.contains_key(before) {
                return Root::Trigger;
            }
            if self.writes.get(before).is_none_or(|w| w.touches(key)) {
                return Root::Step(self.network.items[*before].id.into());
            }
            at = *before;
        }
        if at == ix { Root::Previous } else { Root::Step(self.network.items[at].id.into()) }
    }
}

/// The expressions of one node.
pub(super) struct At<'s> {
    pub(super) scope: &'s Scope<'s>,
    pub(super) item: usize,
}

impl At<'_> {
    /// A property of the message (`payload.user[0]`), as a reference.
    pub(super) fn message(&self, path: Vec<Segment>) -> Term {
        let key = match path.first() {
            Some(Segment::Key(key)) => key.as_str(),
            _ => "",
        };
        Term::Ref(Reference { root: self.scope.origin(self.item, key), path })
    }

    /// Puts the message's origins into a term that was parsed with `msg` as [`Root::Previous`].
    pub(super) fn placed(&self, term: Term) -> Term {
        match term {
            Term::Ref(r) => self.placed_reference(r),
            Term::Template(ts) => Term::Template(self.all(ts)),
            Term::List(ts) => Term::List(self.all(ts)),
            Term::Call(f, ts) => Term::Call(f, self.all(ts)),
            Term::Map(es) => Term::Map(es.into_iter().map(|(k, t)| (k, self.placed(t))).collect()),
            Term::Unknown(rs) => {
                let placed = rs.into_iter().map(|r| self.placed_reference(r));
                Term::Unknown(
                    placed.flat_map(|t| t.references().into_iter().cloned().collect::<Vec<_>>()).collect(),
                )
            }
            other => other,
        }
    }

    fn all(&self, terms: Vec<Term>) -> Vec<Term> {
        terms.into_iter().map(|t| self.placed(t)).collect()
    }

    fn placed_reference(&self, reference: Reference) -> Term {
        match reference.root {
            Root::Previous => self.message(reference.path),
            _ => Term::Ref(reference),
        }
    }
}

/// The names that JavaScript in Node-RED has: `msg` is [`Root::Previous`] until it is placed.
pub(super) struct Msg<'l> {
    /// Variables of the function.
    pub(super) locals: &'l [(String, Term)],
}

impl Names for Msg<'_> {
    fn node(&self, name: &str) -> Target {
        Target { root: Root::Unknown(name.into()), many: false }
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

    fn variable(&self, name: &str) -> Option<Term> {
        if name == "msg" {
            return Some(Term::Ref(Reference { root: Root::Previous, path: Vec::new() }));
        }
        self.locals.iter().rev().find(|(local, _)| local == name).map(|(_, term)| term.clone())
    }

    fn is_global(&self, name: &str) -> bool {
        matches!(name, "flow" | "global" | "context" | "env" | "node" | "RED" | "Buffer")
    }

    fn call(&self, name: &str, args: &[Term]) -> Option<Term> {
        let Some(Term::Text(key)) = args.first() else { return None };
        let root = match name {
            "env.get" => Root::Environment(key.clone()),
            "flow.get" | "global.get" | "context.get" => {
                let store = name.trim_end_matches(".get");
                Root::Variable(format!("{store}.{key}").into())
            }
            _ => return None,
        };
        Some(Term::Ref(Reference { root, path: Vec::new() }))
    }
}
