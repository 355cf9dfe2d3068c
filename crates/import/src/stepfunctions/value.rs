//! Values of a definition: constants, paths under keys that end in `.$`, JSONata in texts, placeholders and the
//! functions of a template.

use super::scope::Scope;
use super::{jsonata, jsonpath};
use crate::doc::{Node, NodeKind};
use workflow::{Expression, Language, Map, Term, Value};

/// Which of the two languages a state is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Query {
    JsonPath,
    Jsonata,
}

/// Values at one place.
#[derive(Clone, Copy)]
pub(super) struct Reader<'s> {
    pub(super) scope: Scope<'s>,
    pub(super) query: Query,
}

impl Reader<'_> {
    /// The value of a node. The document's own bound on depth bounds the recursion.
    pub(super) fn value(&self, node: Node<'_>) -> Value {
        let line = self.line(node);
        if let Some(text) = self.scope.placeholders.flattened(node) {
            return self.constant(&text, line);
        }
        match node.kind() {
            NodeKind::Null => Value::Null,
            NodeKind::Bool(b) => Value::Bool(b),
            NodeKind::Number => Value::Number(node.as_number().unwrap_or_default().into()),
            NodeKind::Text => self.text(node.as_str().unwrap_or_default(), line),
            NodeKind::List => Value::List(node.items().map(|n| self.value(n)).collect()),
            NodeKind::Map => Value::Map(self.map(node, &[])),
        }
    }

    /// A value in which no expression stands, only placeholders.
    pub(super) fn constant_value(&self, node: Node<'_>) -> Value {
        let line = self.line(node);
        if let Some(text) = self.scope.placeholders.flattened(node) {
            return self.constant(&text, line);
        }
        match node.kind() {
            NodeKind::Text => self.constant(node.as_str().unwrap_or_default(), line),
            NodeKind::List => Value::List(node.items().map(|n| self.constant_value(n)).collect()),
            NodeKind::Map => {
                let mut map = Map::default();
                node.entries().for_each(|(k, n)| map.push(k, self.constant_value(n), self.line(n)));
                Value::Map(map)
            }
            _ => self.value(node),
        }
    }

    /// The entries of an object but those named.
    pub(super) fn map(&self, node: Node<'_>, without: &[&str]) -> Map {
        let mut map = Map::default();
        for (key, child) in node.entries().filter(|(k, _)| !without.contains(k)) {
            let line = self.line(child);
            match key.strip_suffix(".$").filter(|_| self.query == Query::JsonPath) {
                Some(name) => {
                    let text = self.scope.placeholders.flattened(child);
                    let value = match text.as_deref().or(child.as_str()) {
                        Some(path) => jsonpath::value(path, line, &self.scope),
                        None => self.value(child),
                    };
                    map.push(name, value, line);
                }
                None => map.push(key, self.value(child), line),
            }
        }
        map
    }

    /// A text: an expression where the language says so, else constant but for placeholders.
    pub(super) fn text(&self, text: &str, line: u32) -> Value {
        let computed =
            if self.query == Query::Jsonata { jsonata::value(text, line, &self.scope) } else { None };
        computed.unwrap_or_else(|| self.constant(text, line))
    }

    fn constant(&self, text: &str, line: u32) -> Value {
        match self.scope.placeholders(text) {
            None => Value::text(text),
            Some(Term::Text(text)) => Value::Text(text),
            Some(term) => {
                let language = Language::CloudFormation;
                Value::Expr(Box::new(Expression { language, text: text.into(), term, line }))
            }
        }
    }

    /// The value of a field of a state that is a path in JSONPath, or an expression in JSONata.
    pub(super) fn path(&self, node: Node<'_>) -> Value {
        match node.as_str().filter(|_| self.query == Query::JsonPath) {
            Some(path) => jsonpath::value(path, self.line(node), &self.scope),
            None => self.value(node),
        }
    }

    pub(super) fn line(&self, node: Node<'_>) -> u32 {
        self.scope.placeholders.line(node)
    }
}
