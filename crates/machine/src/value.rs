//! Values of a run: JSON, any part of which may be unknown.
//!
//! Cheap to copy (shared parts), comparable and hashable, so that states can be told apart.

use serde::{Deserialize, Serialize};
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use workflow::Text;

/// A value in a run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub enum Val {
    /// Null or absent.
    #[default]
    Null,
    /// A boolean.
    Bool(bool),
    /// A number, as IEEE 754 double precision: what the platforms compute with.
    Number(f64),
    /// A text.
    Text(Text),
    /// A list.
    List(Arc<Vec<Val>>),
    /// An object, in the order its keys were set.
    Map(Arc<Vec<(Text, Val)>>),
    /// Not known: what it stands for.
    Unknown(Symbol),
}

/// What an unknown value stands for. The same symbol is the same value throughout a run.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Symbol(pub Text);

impl Eq for Val {}

impl Hash for Val {
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::mem::discriminant(self).hash(state);
        match self {
            Val::Null => {}
            Val::Bool(b) => b.hash(state),
            // `-0.0 == 0.0`, so both hash alike.
            Val::Number(n) => (if *n == 0.0 { 0.0_f64 } else { *n }).to_bits().hash(state),
            Val::Text(t) => t.hash(state),
            Val::List(items) => items.hash(state),
            Val::Map(entries) => entries.hash(state),
            Val::Unknown(symbol) => symbol.hash(state),
        }
    }
}

impl Val {
    /// A text.
    pub fn text(text: impl Into<Text>) -> Val {
        Val::Text(text.into())
    }

    /// An unknown value, by what it stands for (`trigger.user`, `step.ask.answer`).
    pub fn unknown(origin: impl Into<Text>) -> Val {
        Val::Unknown(Symbol(origin.into()))
    }

    /// A list.
    #[must_use]
    pub fn list(items: Vec<Val>) -> Val {
        Val::List(Arc::new(items))
    }

    /// An object.
    #[must_use]
    pub fn map(entries: Vec<(Text, Val)>) -> Val {
        Val::Map(Arc::new(entries))
    }

    /// The field of an object; null where absent, unknown where the object is unknown.
    #[must_use]
    pub fn get(&self, key: &str) -> Val {
        match self {
            Val::Map(entries) => entries.iter().find(|(k, _)| k == key).map_or(Val::Null, |(_, v)| v.clone()),
            Val::Unknown(symbol) => Val::unknown(format!("{}.{key}", symbol.0)),
            _ => Val::Null,
        }
    }

    /// Nothing unknown inside.
    #[must_use]
    pub fn is_known(&self) -> bool {
        match self {
            Val::Unknown(_) => false,
            Val::List(items) => items.iter().all(Val::is_known),
            Val::Map(entries) => entries.iter().all(|(_, v)| v.is_known()),
            _ => true,
        }
    }
}
