//! Values of a definition: data with its expressions, template expressions evaluated first.

use super::arm::Val;
use super::context::{Context, Place};
use super::pieces::{self, Holed};
use crate::doc::{Node, NodeKind};
use workflow::{Expression, Language, Map, Term, Value};

/// Template variables may lead to variables so often.
const MAX_HOPS: usize = 8;

impl<'d> Context<'_, 'd> {
    /// A value with everything inside.
    pub(crate) fn value(&self, node: Node<'d>, item: Option<&str>) -> Value {
        self.value_in(node, self.chain, item, 0)
    }

    /// The value below a key, or null.
    pub(crate) fn member(&self, node: Node<'d>, key: &str, item: Option<&str>) -> Value {
        node.get(key).map_or(Value::Null, |n| self.value(n, item))
    }

    fn value_in(&self, node: Node<'d>, chain: &[usize], item: Option<&str>, hops: usize) -> Value {
        match node.kind() {
            NodeKind::Null => Value::Null,
            NodeKind::Bool(b) => Value::Bool(b),
            NodeKind::Number => Value::Number(node.as_number().unwrap_or_default().into()),
            NodeKind::Text => self.text_in(node, chain, item, hops),
            NodeKind::List => {
                Value::List(node.items().map(|n| self.value_in(n, chain, item, hops)).collect())
            }
            NodeKind::Map => {
                let mut map = Map::default();
                for (key, value) in node.entries() {
                    // `@@` stands for `@`, in names too.
                    let key = if key.starts_with("@@") { &key[1..] } else { key };
                    map.push(key, self.value_in(value, chain, item, hops), value.line());
                }
                Value::Map(map)
            }
        }
    }

    fn text_in(&self, node: Node<'d>, chain: &[usize], item: Option<&str>, hops: usize) -> Value {
        let text = node.as_str().unwrap_or_default();
        let place = Place { item, line: node.line() };
        match self.arm.text(text, chain, 0) {
            None => self.text_value(text, &[], text, place),
            Some(Val::Pieces(pieces)) => {
                let holed = Holed::of(pieces);
                self.text_value(&holed.text, &holed.holes, text, place)
            }
            Some(Val::Node(inner, chain)) if hops < MAX_HOPS => self.value_in(inner, &chain, item, hops + 1),
            Some(Val::Node(..)) => expression(Language::Arm, text, Term::Unknown(Vec::new()), place),
            Some(Val::Term(term)) => constant_or(Language::Arm, text, term, place),
        }
    }

    /// A text that template expressions are done with; `written` is how the source has it.
    fn text_value(&self, text: &str, holes: &[Term], written: &str, place: Place<'_>) -> Value {
        if !text.contains('@') {
            return match pieces::term(pieces::split(text, holes)) {
                Term::Text(text) => Value::Text(text),
                term => expression(Language::Arm, written, term, place),
            };
        }
        constant_or(Language::Wdl, written, self.template(text, holes, place), place)
    }

    /// The term of a value that stands where an expression is expected.
    pub(super) fn operand(&self, node: Node<'d>, item: Option<&str>) -> Term {
        term_of(self.value(node, item))
    }
}

/// A value as a term.
pub(super) fn term_of(value: Value) -> Term {
    match value {
        Value::Null => Term::Null,
        Value::Bool(b) => Term::Bool(b),
        Value::Number(n) => Term::Number(n),
        Value::Text(t) => Term::Text(t),
        Value::List(items) => Term::List(items.into_iter().map(term_of).collect()),
        Value::Map(map) => Term::Map(map.0.into_iter().map(|e| (e.key, term_of(e.value))).collect()),
        Value::Expr(e) => e.term,
    }
}

fn constant_or(language: Language, written: &str, term: Term, place: Place<'_>) -> Value {
    match term {
        Term::Null => Value::Null,
        Term::Bool(b) => Value::Bool(b),
        Term::Number(n) => Value::Number(n),
        Term::Text(text) => Value::Text(text),
        term => expression(language, written, term, place),
    }
}

pub(super) fn expression(language: Language, text: &str, term: Term, place: Place<'_>) -> Value {
    Value::Expr(Box::new(Expression { language, text: text.into(), term, line: place.line }))
}
