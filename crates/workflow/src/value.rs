//! Parameter values: data as the definition has it, with expressions kept as expressions.

use crate::{Expression, Text};
use serde::{Deserialize, Serialize};

/// A value in a definition.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub enum Value {
    /// Absent or null.
    #[default]
    Null,
    /// A boolean.
    Bool(bool),
    /// A number, as the definition writes it.
    Number(Text),
    /// A constant text.
    Text(Text),
    /// A list.
    List(Vec<Value>),
    /// An object; order as written.
    Map(Map),
    /// Something computed when the workflow runs.
    Expr(Box<Expression>),
}

/// An object: entries in the order of the source.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Map(pub Vec<Entry>);

/// One entry of an object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The key, in the platform's own spelling without its expression marks (SailPoint's `.$` is taken off).
    pub key: Text,
    /// The value.
    pub value: Value,
    /// Line in the source, from 1; 0 where unknown.
    pub line: u32,
}

impl Map {
    /// The value of a key, exactly spelled.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.iter().find(|e| e.key == key).map(|e| &e.value)
    }

    /// The value of a key, exactly spelled, to change it.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Value> {
        self.0.iter_mut().find(|e| e.key == key).map(|e| &mut e.value)
    }

    /// Adds an entry at the end.
    pub fn push(&mut self, key: impl Into<Text>, value: Value, line: u32) {
        self.0.push(Entry { key: key.into(), value, line });
    }
}

static NULL: Value = Value::Null;

impl Value {
    /// A constant text.
    pub fn text(text: impl Into<Text>) -> Value {
        Value::Text(text.into())
    }

    /// The value below a key of an object, or null.
    #[must_use]
    pub fn get(&self, key: &str) -> &Value {
        match self {
            Value::Map(map) => map.get(key).unwrap_or(&NULL),
            _ => &NULL,
        }
    }

    /// The value below a dotted path of keys, or null.
    #[must_use]
    pub fn at(&self, path: &str) -> &Value {
        path.split('.').fold(self, |value, key| value.get(key))
    }

    /// The text, if this is a constant text.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The boolean, if this is one.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Bool(b) => Some(*b),
            _ => None,
        }
    }

    /// The expression, if this is one.
    #[must_use]
    pub fn as_expression(&self) -> Option<&Expression> {
        match self {
            Value::Expr(e) => Some(e),
            _ => None,
        }
    }

    /// The items of a list; nothing for anything else.
    #[must_use]
    pub fn items(&self) -> &[Value] {
        match self {
            Value::List(items) => items,
            _ => &[],
        }
    }

    /// The entries of an object; nothing for anything else.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        match self {
            Value::Map(map) => &map.0,
            _ => &[],
        }
    }

    /// Null, an empty text, an empty list or an empty object.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match self {
            Value::Null => true,
            Value::Text(t) => t.trim().is_empty(),
            Value::List(l) => l.is_empty(),
            Value::Map(m) => m.0.is_empty(),
            _ => false,
        }
    }

    /// No expression anywhere inside.
    #[must_use]
    pub fn is_constant(&self) -> bool {
        match self {
            Value::Expr(e) => e.is_constant(),
            Value::List(items) => items.iter().all(Value::is_constant),
            Value::Map(map) => map.0.iter().all(|e| e.value.is_constant()),
            _ => true,
        }
    }

    /// Calls `visit` with every value inside, itself first.
    pub fn walk<'v>(&'v self, visit: &mut impl FnMut(&'v Value)) {
        visit(self);
        match self {
            Value::List(items) => items.iter().for_each(|v| v.walk(visit)),
            Value::Map(map) => map.0.iter().for_each(|e| e.value.walk(visit)),
            _ => {}
        }
    }

    /// Every expression inside.
    #[must_use]
    pub fn expressions(&self) -> Vec<&Expression> {
        let mut found = Vec::new();
        self.walk(&mut |v| found.extend(v.as_expression()));
        found
    }
}
