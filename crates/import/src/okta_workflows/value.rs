//! Values of inputs: what stands in them, or what a pin brings.

use super::cards::{Card, Cards, Input, Output, Pin};
use crate::doc::{Node, NodeKind};
use workflow::{Expression, Function, Language, Map, Reference, Root, Segment, Term, Text, Value};

/// A value is followed back so far to say where it comes from.
const MAX_SHOWN: usize = 16;

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
        self.shown_at(input, 0)
    }

    fn shown_at(&self, input: &Input<'_>, depth: usize) -> String {
        let Some(pin) = input.pin.filter(|_| depth < MAX_SHOWN) else {
            let data = input.value.and_then(|v| v.get("data")).and_then(Node::scalar);
            return data.map(|s| format!("'{s}'")).unwrap_or_default();
        };
        let card = &self.cards.cards[pin.card];
        let output = &card.outputs[pin.output];
        let object = card.input("object").filter(|o| card.is("object.expand") && o.pin.is_some());
        if let Some(object) = object {
            return format!("{}.{}", self.shown_at(object, depth + 1), expanded(card, output).join("."));
        }
        let around = self.cards.flows[card.flow]
            .container
            .filter(|c| card.is("control.callable") && Some(*c) != self.wrapper);
        let given = around.and_then(|c| {
            self.cards.cards[c].inputs.iter().find(|i| i.group == output.group && i.key == output.key)
        });
        match (given, output.group) {
            (Some(given), _) => self.shown_at(given, depth + 1),
            (None, Some(group)) => format!("{}.{group}.{}", card.title(), output.key),
            (None, None) => format!("{}.{}", card.title(), output.key),
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

/// The path of a field that `object.expand` lays out: the `key` beside the `value`.
pub(super) fn expanded<'d>(card: &Card<'d>, output: &Output<'d>) -> Vec<&'d str> {
    let key = card.outputs.iter().find(|k| k.group == output.group && k.key == "key");
    let path = key.and_then(|k| k.value).and_then(|v| v.get("data"));
    path.into_iter().flat_map(Node::items).filter_map(Node::scalar).collect()
}

/// Texts and holes joined: neighbouring texts become one, a text alone is a constant.
pub(super) fn template(parts: Vec<Term>) -> Term {
    let mut joined: Vec<Term> = Vec::with_capacity(parts.len());
    for part in parts {
        match (joined.last_mut(), part) {
            (_, Term::Null) => {}
            (Some(Term::Text(before)), Term::Text(text) | Term::Number(text)) => before.push_str(&text),
            (_, Term::Number(text)) => joined.push(Term::Text(text)),
            (_, Term::Text(text)) if text.is_empty() => {}
            (_, part) => joined.push(part),
        }
    }
    match joined.as_slice() {
        [] => Term::Text(Text::default()),
        [Term::Text(text)] => Term::Text(text.clone()),
        _ => Term::Template(joined),
    }
}

/// A term for people: a text with `{field}` for its holes.
pub(super) fn written(term: &Term) -> String {
    match term {
        Term::Text(t) | Term::Number(t) => t.to_string(),
        Term::Template(parts) => parts.iter().map(written).collect(),
        Term::Ref(r) => {
            let last = r.path.iter().rev().find_map(|s| match s {
                Segment::Key(k) => Some(k.as_str()),
                _ => None,
            });
            format!("{{{}}}", last.unwrap_or("value"))
        }
        _ => "{…}".to_owned(),
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
