//! Values of inputs: what stands in them, or what a pin brings.

use super::cards::{Cards, Input, Pin};
use crate::doc::{Node, NodeKind};
use workflow::{Expression, Function, Language, Map, Reference, Root, Segment, Term, Text, Value};

/// Reads values of one exported flow.
pub(super) struct Values<'c, 'd> {
    pub(super) cards: &'c Cards<'d>,
    /// The card that starts the exported flow.
    pub(super) trigger: Option<usize>,
    /// The card around the payload of an event: what its flow is given is the event.
    pub(super) wrapper: Option<usize>,
}

impl Values<'_, '_> {
    /// The value of an input.
    pub(super) fn value(&self, input: &Input<'_>) -> Value {
        match input.pin {
            Some(pin) => {
                let (language, text, term) =
                    (Language::OktaPin, self.shown(input).into(), self.pinned(pin, 0));
                let line = input.value.map_or(0, Node::line);
                Value::Expr(Box::new(Expression { language, text, term, line }))
            }
            None => input.value.and_then(|v| v.get("data")).map(plain).unwrap_or_default(),
        }
    }

    /// The value of an input as a term.
    pub(super) fn term(&self, input: &Input<'_>) -> Term {
        self.term_at(input, 0)
    }

    fn term_at(&self, input: &Input<'_>, depth: usize) -> Term {
        match input.pin {
            Some(pin) => self.pinned(pin, depth),
            None => to_term(&input.value.and_then(|v| v.get("data")).map(plain).unwrap_or_default()),
        }
    }

    /// An input's value for people.
    pub(super) fn shown(&self, input: &Input<'_>) -> String {
        match input.pin {
            Some(pin) => {
                let card = &self.cards.cards[pin.card];
                let output = &card.outputs[pin.output];
                let name = if card.name.is_empty() { card.operation.as_str() } else { card.name };
                match output.group {
                    Some(group) => format!("{name}.{group}.{}", output.key),
                    None => format!("{name}.{}", output.key),
                }
            }
            None => match input.value.and_then(|v| v.get("data")) {
                Some(data) => data.scalar().map(|s| format!("'{s}'")).unwrap_or_default(),
                None => String::new(),
            },
        }
    }

    fn pinned(&self, pin: Pin<'_>, depth: usize) -> Term {
        let term = self.source(pin.card, pin.output, depth);
        match pin.convert {
            Some("parse") => Term::Call(Function::ParseJson, vec![term]),
            Some("stringify" | "toString" | "booleanToString") => Term::Call(Function::ToText, vec![term]),
            Some("parseFloat" | "parseInt") => Term::Call(Function::ToNumber, vec![term]),
            Some("wrapArray") => Term::List(vec![term]),
            _ => term,
        }
    }

    /// What an output of a card refers to.
    pub(super) fn source(&self, card: usize, output: usize, depth: usize) -> Term {
        let known = &self.cards.cards[card];
        let out = &known.outputs[output];
        let path = || -> Vec<Segment> {
            out.group.into_iter().chain([out.key]).map(|k| Segment::Key(k.into())).collect()
        };
        if out.key == "execution_id" && out.group == Some("context") {
            return reference(Root::Run("execution_id".into()), Vec::new());
        }
        if Some(card) == self.trigger {
            return reference(Root::Trigger, path());
        }
        let container = self.cards.flows[known.flow].container;
        match container {
            Some(container) if known.is("control.callable") => {
                if Some(container) == self.wrapper {
                    return reference(Root::Trigger, path());
                }
                self.given(container, out.group, out.key, depth)
            }
            _ => reference(Root::Step(known.id.clone()), path()),
        }
    }

    /// What a card gives to a flow written inside it.
    fn given(&self, container: usize, group: Option<&str>, key: &str, depth: usize) -> Term {
        let known = &self.cards.cards[container];
        let input = known.inputs.iter().find(|i| i.group == group && i.key == key);
        let constant =
            input.is_some_and(|i| i.pin.is_none() && i.value.is_some_and(|v| v.get("data").is_some()));
        match input {
            Some(input) if depth < 64 && (input.pin.is_some() || constant) => self.term_at(input, depth + 1),
            _ => {
                let path = vec![Segment::Key(key.into())];
                let item = known.operation.starts_with("list.") || known.operation.starts_with("object.");
                let root = if item { Root::Item(known.id.clone()) } else { Root::Step(known.id.clone()) };
                reference(root, path)
            }
        }
    }

    /// All inputs of a card, by group and key.
    pub(super) fn parameters(&self, card: usize) -> Value {
        let known = &self.cards.cards[card];
        let mut map = Map::default();
        for input in known.inputs.iter().filter(|i| i.flow.is_none()) {
            let line = input.value.map_or(0, Node::line);
            let value = self.value(input);
            match input.group {
                None => map.push(input.key, value, line),
                Some(group) => {
                    let at = map.0.iter().position(|e| e.key == group && matches!(e.value, Value::Map(_)));
                    let at = at.unwrap_or_else(|| {
                        map.push(group, Value::Map(Map::default()), line);
                        map.0.len() - 1
                    });
                    if let Value::Map(inner) = &mut map.0[at].value {
                        inner.push(input.key, value, line);
                    }
                }
            }
        }
        Value::Map(map)
    }
}

/// A reference as a term.
pub(super) fn reference(root: Root, path: Vec<Segment>) -> Term {
    Term::Ref(Reference { root, path })
}

/// A constant of the export. The document's own bound on depth bounds the recursion.
pub(super) fn plain(node: Node<'_>) -> Value {
    match node.kind() {
        NodeKind::Null => Value::Null,
        NodeKind::Bool(b) => Value::Bool(b),
        NodeKind::Number => Value::Number(node.as_number().unwrap_or_default().into()),
        NodeKind::Text => Value::text(node.as_str().unwrap_or_default()),
        NodeKind::List => Value::List(node.items().map(plain).collect()),
        NodeKind::Map => {
            let mut map = Map::default();
            node.entries().for_each(|(k, v)| map.push(k, plain(v), v.line()));
            Value::Map(map)
        }
    }
}

/// A value as a term.
pub(super) fn to_term(value: &Value) -> Term {
    match value {
        Value::Null => Term::Null,
        Value::Bool(b) => Term::Bool(*b),
        Value::Number(n) => Term::Number(n.clone()),
        Value::Text(t) => Term::Text(t.clone()),
        Value::List(items) => Term::List(items.iter().map(to_term).collect()),
        Value::Map(map) => Term::Map(map.0.iter().map(|e| (e.key.clone(), to_term(&e.value))).collect()),
        Value::Expr(e) => e.term.clone(),
    }
}

/// A term as a value: constants as they are, the rest as an expression with this text.
pub(super) fn from_term(term: Term, text: impl Into<Text>, line: u32) -> Value {
    match term {
        Term::Null => Value::Null,
        Term::Bool(b) => Value::Bool(b),
        Term::Number(n) => Value::Number(n),
        Term::Text(t) => Value::Text(t),
        term => {
            Value::Expr(Box::new(Expression { language: Language::OktaPin, text: text.into(), term, line }))
        }
    }
}

/// A reference with more path; anything else is kept as an argument of a call that reads the path.
pub(super) fn below(term: Term, path: Vec<Segment>) -> Term {
    match term {
        Term::Ref(mut r) => {
            r.path.extend(path);
            Term::Ref(r)
        }
        other => {
            let shown = path.iter().map(|s| match s {
                Segment::Key(k) => k.to_string(),
                Segment::Index(i) => i.to_string(),
                _ => "*".to_owned(),
            });
            let shown = shown.collect::<Vec<_>>().join(".");
            Term::Call(Function::Other("get".into()), vec![other, Term::Text(shown.into())])
        }
    }
}

/// A dotted path with positions (`result.0.id`).
pub(super) fn dotted(path: &str) -> Vec<Segment> {
    let parts = path.split('.').filter(|p| !p.is_empty());
    parts.map(|p| p.parse::<i64>().map_or_else(|_| Segment::Key(p.into()), Segment::Index)).collect()
}
