//! What `msg`, `flow`, `global` and `env` stand for in a node's expressions.

use super::function::Effects;
use super::kinds::{Starts, Writes};
use super::members::{Frame, Group};
use super::network::Network;
use crate::doc::{Doc, Node};
use crate::js::{Names, Target};
use std::collections::HashMap;
use workflow::{Function, Reference, Root, Segment, Term, Text};

/// A message is followed back through at most so many nodes.
const MOST_HOPS: usize = 64;

/// What a node gets is told apart by the nodes before it where these are at most so many.
const MOST_WAYS: usize = 6;

/// How messages come to the nodes of a workflow.
pub(super) struct Scope<'n> {
    pub(super) network: &'n Network<'n>,
    /// For each member, the members before it.
    pub(super) before: HashMap<usize, Vec<usize>>,
    /// For each member, what it changes of messages.
    pub(super) writes: HashMap<usize, Writes>,
    /// Members that start messages, and how.
    pub(super) sources: HashMap<usize, Starts>,
    /// For each function that is understood, what it does.
    pub(super) functions: HashMap<usize, Effects>,
    /// Others call it, and hand it their message.
    called: bool,
}

impl<'n> Scope<'n> {
    /// The ways of messages through a workflow.
    pub(super) fn new(network: &'n Network<'n>, group: &Group<'_>) -> Self {
        let (before, writes, sources) = (HashMap::new(), HashMap::new(), HashMap::new());
        let called = !matches!(group.frame, Frame::Tab(_));
        let mut scope = Scope { network, before, writes, sources, functions: HashMap::new(), called };
        for &ix in &group.members {
            let item = &network.items[ix];
            let linked =
                if super::kinds::links_on(item.node) { network.listed(ix, "links") } else { Vec::new() };
            for to in item.wires.iter().flatten().copied().chain(linked) {
                if group.members.contains(&to) && !item.disabled {
                    let before = scope.before.entry(to).or_default();
                    if !before.contains(&ix) && before.len() <= MOST_WAYS {
                        before.push(ix);
                    }
                }
            }
        }
        scope
    }

    /// Where a property of the message that comes to a node was set.
    fn origin(&self, ix: usize, key: &str) -> Origin {
        let mut at = ix;
        for _ in 0..MOST_HOPS {
            let Some([before]) = self.before.get(&at).map(Vec::as_slice) else { break };
            if let Some(origin) = self.set_by(*before, key) {
                return origin;
            }
            at = *before;
        }
        let first = self.called && !self.before.contains_key(&at);
        match self.network.items[at].kind {
            "catch" | "complete" | "status" => Origin::Step(at),
            _ if first => Origin::Caller,
            _ if at == ix => Origin::Previous,
            _ => Origin::Step(at),
        }
    }

    /// A node that starts messages, or may have set a property.
    fn set_by(&self, ix: usize, key: &str) -> Option<Origin> {
        match self.sources.get(&ix) {
            // What a widget starts is a value under a topic; the rest of a message that it hands on goes through it.
            Some(Starts::AndHandsOn) => {
                return matches!(key, "" | "payload" | "topic").then_some(Origin::Source(ix));
            }
            Some(_) => return Some(Origin::Source(ix)),
            None => {}
        }
        self.writes.get(&ix).is_none_or(|w| w.touches(key)).then_some(Origin::Step(ix))
    }

    /// The node at which several ways meet before any on the way to a node sets a property, and the nodes before it.
    fn meeting(&self, ix: usize, key: &str) -> Option<(usize, &[usize])> {
        let mut at = ix;
        for _ in 0..MOST_HOPS {
            match self.before.get(&at).map(Vec::as_slice)? {
                [before] if self.set_by(*before, key).is_some() => return None,
                [before] => at = *before,
                ways if ways.len() <= MOST_WAYS => return Some((at, ways)),
                _ => return None,
            }
        }
        None
    }
}

/// Where a property was set.
enum Origin {
    /// By the node that started the message.
    Source(usize),
    /// By a step.
    Step(usize),
    /// By whoever calls.
    Caller,
    /// By one of several.
    Previous,
}

/// Nodes that start messages with what they are set to: injections, and buttons of dashboards.
pub(super) fn gives(kind: &str) -> bool {
    matches!(kind, "inject" | "ui_button" | "ui-button")
}

/// What an inject node or a button gives the property that a path starts with; nothing where that is only known in a run.
fn injected(node: Node<'_>, path: &[Segment]) -> Option<Term> {
    let Some(Segment::Key(key)) = path.first() else { return None };
    let own = |key: &str| match key {
        "payload" => Some((node.get("payload")?, node.str("payloadType").unwrap_or("str"))),
        "topic" => Some((node.get("topic")?, node.str("topicType").unwrap_or("str"))),
        _ => None,
    };
    let (value, kind) = match node.get("props").filter(|p| p.is_list()) {
        Some(props) => match props.items().find(|p| p.str("p") == Some(key)) {
            Some(prop) => match prop.get("v") {
                Some(value) => (value, prop.str("vt").unwrap_or("str")),
                None => own(key)?,
            },
            None => return Some(Term::Null),
        },
        None => own(key)?,
    };
    let text = value.scalar().unwrap_or_default();
    let term = match kind {
        "str" => Term::Text(text.into()),
        "num" => Term::Number(text.into()),
        "bool" => Term::Bool(text == "true"),
        "json" => super::rules::term(super::properties::constant(Doc::json(text).ok()?.root())),
        _ => return None,
    };
    Some(path[1..].iter().fold(term, |term, segment| match (term, segment) {
        (Term::Map(entries), Segment::Key(key)) => {
            entries.into_iter().find(|(k, _)| k == key).map_or(Term::Null, |(_, t)| t)
        }
        (Term::List(items), Segment::Index(i)) => {
            usize::try_from(*i).ok().and_then(|i| items.into_iter().nth(i)).unwrap_or(Term::Null)
        }
        _ => Term::Null,
    }))
}

/// The expressions of one node.
pub(super) struct At<'s> {
    pub(super) scope: &'s Scope<'s>,
    pub(super) item: usize,
}

impl At<'_> {
    /// A property of the message (`payload.user[0]`), as a reference; what an inject node gives is a constant.
    pub(super) fn message(&self, path: Vec<Segment>) -> Term {
        let key = match path.first() {
            Some(Segment::Key(key)) => key.as_str(),
            _ => "",
        };
        self.set(self.scope.origin(self.item, key), path)
    }

    /// A property of the message, by each of the ways that it may have come: the condition of a way is not known, but the same for
    /// every property.
    pub(super) fn ways(&self, path: &[Segment]) -> Option<Term> {
        let Some(Segment::Key(key)) = path.first() else { return None };
        let (at, ways) = self.scope.meeting(self.item, key)?;
        let way = |(i, ix): (usize, &usize)| {
            let origin = self.scope.set_by(*ix, key).unwrap_or_else(|| match self.scope.origin(*ix, key) {
                Origin::Previous => Origin::Step(*ix),
                origin => origin,
            });
            let name = format!("{} of {}", i + 1, self.scope.network.items[at].id);
            let root = Root::Run(name.into());
            (Term::Unknown(vec![Reference { root, path: Vec::new() }]), self.set(origin, path.to_vec()))
        };
        let mut all: Vec<(Term, Term)> = ways.iter().enumerate().map(way).collect();
        let (_, last) = all.pop()?;
        Some(
            all.into_iter()
                .rev()
                .fold(last, |rest, (condition, term)| Term::Call(Function::If, vec![condition, term, rest])),
        )
    }

    fn set(&self, origin: Origin, path: Vec<Segment>) -> Term {
        let items = &self.scope.network.items;
        let root = match origin {
            Origin::Source(ix) => {
                let constant = gives(items[ix].kind).then(|| injected(items[ix].node, &path)).flatten();
                if let Some(constant) = constant {
                    return constant;
                }
                // An HTTP entrance gives a payload, the request and the response, and no topic.
                let topic = matches!(path.first(), Some(Segment::Key(key)) if key == "topic");
                if topic && items[ix].kind == "http in" {
                    return Term::Null;
                }
                Root::Trigger
            }
            Origin::Step(ix) => Root::Step(items[ix].id.into()),
            Origin::Caller => Root::Trigger,
            Origin::Previous => Root::Previous,
        };
        Term::Ref(Reference { root, path })
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

/// The variable that is set, and what it is then known to have where only a part of it is set.
fn within(store: &str, key: &str, value: Term) -> (Text, Term) {
    let mut names = key.split('.');
    let first = names.next().unwrap_or_default();
    let below: Vec<&str> = names.take(16).collect();
    let value = below.into_iter().rev().fold(value, |value, name| Term::Map(vec![(name.into(), value)]));
    (format!("{store}.{first}").into(), value)
}

/// A kept variable, or what it has at a path (`api.url`).
pub(super) fn kept(store: &str, key: &str) -> Term {
    let mut names = key.split('.');
    let root = Root::Variable(format!("{store}.{}", names.next().unwrap_or_default()).into());
    let path = names.take(16).map(|name| Segment::Key(name.into())).collect();
    Term::Ref(Reference { root, path })
}

/// The names that JavaScript in Node-RED has: `msg` is [`Root::Previous`] until it is placed.
pub(super) struct Msg;

impl Names for Msg {
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
        (name == "msg").then(|| Term::Ref(Reference { root: Root::Previous, path: Vec::new() }))
    }

    fn is_global(&self, name: &str) -> bool {
        matches!(name, "flow" | "global" | "context" | "env" | "node" | "RED" | "Buffer")
    }

    fn sets(&self, name: &str, args: &[Term]) -> Option<(Text, Term)> {
        let store = name.strip_suffix(".set").filter(|s| matches!(*s, "flow" | "global" | "context"))?;
        match args {
            [Term::Text(key), value, ..] => Some(within(store, key, value.clone())),
            _ => None,
        }
    }

    fn call(&self, name: &str, args: &[Term]) -> Option<Term> {
        let Some(Term::Text(key)) = args.first() else { return None };
        match name {
            "env.get" => {
                Some(Term::Ref(Reference { root: Root::Environment(key.clone()), path: Vec::new() }))
            }
            "flow.get" | "global.get" | "context.get" => Some(kept(name.trim_end_matches(".get"), key)),
            _ => None,
        }
    }
}
