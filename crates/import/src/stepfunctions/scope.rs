//! What the names in expressions mean at one place: the state's input, its result, the context object, variables and
//! the placeholders that a template fills in.

use super::template::Placeholders;
use crate::dataflow::Data;
use workflow::{Reference, Root, Segment, Term, Text};

/// Where a path starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Anchor {
    /// `$`.
    Input,
    /// `$$`, the context object.
    Context,
    /// `$name`.
    Variable(Text),
}

/// The names that may be used.
#[derive(Clone, Copy)]
pub(super) struct Scope<'s> {
    /// What `$` and `$states.input` are.
    pub(super) input: &'s Data,
    /// What `$states.result` is.
    pub(super) result: Option<&'s Data>,
    /// The innermost Map state around.
    pub(super) item: Option<&'s str>,
    /// The steps run in an execution of their own for each item.
    pub(super) distributed: bool,
    /// The context object is a document of its own, for running it as it stands.
    pub(super) whole_context: bool,
    pub(super) placeholders: &'s Placeholders<'s>,
}

impl Scope<'_> {
    /// What a path means.
    pub(super) fn resolve(&self, anchor: &Anchor, path: &[Segment]) -> Term {
        match anchor {
            Anchor::Input => self.input.get(path),
            Anchor::Context => self.context(path),
            Anchor::Variable(name) if name == "states" => self.states(path),
            Anchor::Variable(name) => reference(Root::Variable(name.clone()), path),
        }
    }

    /// `$states`, with which JSONata reads everything around.
    fn states(&self, path: &[Segment]) -> Term {
        let Some((Segment::Key(first), rest)) = path.split_first() else { return Term::Unknown(Vec::new()) };
        match first.as_str() {
            "input" => self.input.get(rest),
            "result" => match self.result {
                Some(result) => result.get(rest),
                None => reference(Root::Unknown("$states.result".into()), rest),
            },
            "errorOutput" => reference(Root::Run("error".into()), rest),
            "context" => self.context(rest),
            _ => reference(Root::Unknown("$states".into()), path),
        }
    }

    fn context(&self, path: &[Segment]) -> Term {
        if self.whole_context {
            return reference(Root::Run("$$".into()), path);
        }
        let keys: Vec<&str> = path
            .iter()
            .map_while(|s| if let Segment::Key(k) = s { Some(k.as_str()) } else { None })
            .collect();
        match (&keys[..], self.item) {
            (["Map", "Item", "Value", ..], Some(item)) => reference(Root::Item(item.into()), &path[3..]),
            (["Execution", "Input", ..], Some(item)) if self.distributed => {
                reference(Root::Item(item.into()), &path[2..])
            }
            (["Execution", "Input", ..], _) => reference(Root::Trigger, &path[2..]),
            _ => reference(Root::Run(keys.join(".").into()), path.get(keys.len()..).unwrap_or_default()),
        }
    }

    /// A constant text, in which placeholders may stand.
    pub(super) fn text_term(&self, text: &str) -> Term {
        self.placeholders(text).unwrap_or_else(|| Term::Text(text.into()))
    }

    /// A text with the placeholders of a template; nothing where it has none.
    pub(super) fn placeholders(&self, text: &str) -> Option<Term> {
        self.placeholders.term(text)
    }
}

fn reference(root: Root, path: &[Segment]) -> Term {
    Term::Ref(Reference { root, path: path.to_vec() })
}
