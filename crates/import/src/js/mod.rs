//! JavaScript expressions, as n8n and Node-RED have them in their definitions.
//!
//! The part of JavaScript that expressions are written in is parsed to a [`Term`]; code is followed through its statements
//! ([`run`]), and what it returns are terms too; anything else becomes
//! [`Term::Unknown`] with every reference that a scan of its text finds. n8n's own names (`$json`, `$('Node')`) are
//! known here; those of other platforms are told by [`Names`].

mod calls;
mod chain;
mod functions;
mod operators;
mod parser;
mod program;
mod scan;
mod statement;
mod store;

#[cfg(test)]
mod code_tests;
#[cfg(test)]
mod tests;

pub(crate) use program::{End, How, Local, any_of, is_whole, one_of, run, unknown};
pub(crate) use store::either;

use parser::Parser;
use workflow::{Reference, Root, Segment, Term, Text};

/// What the names in an expression stand for.
pub(crate) trait Names {
    /// The node that an expression names.
    fn node(&self, name: &str) -> Target;
    /// What `$json` is.
    fn previous(&self) -> Root;
    /// Whether that is a result of which one is picked (`$input.first()`).
    fn previous_many(&self) -> bool {
        true
    }
    /// How people know a step, by its id.
    fn title(&self, id: &str) -> Option<&str>;
    /// The model that fills in what `$fromAI` asks for.
    fn model(&self) -> Option<Root>;
    /// What a name of the surroundings stands for (`msg`).
    fn variable(&self, _name: &str) -> Option<Term> {
        None
    }
    /// Whether a name is an object or function of the surroundings (`flow`).
    fn is_global(&self, _name: &str) -> bool {
        false
    }
    /// The variable that a call of such a function sets (`flow.set`), and to what; asked only of names that end in `.set`.
    fn sets(&self, _name: &str, _args: &[Term]) -> Option<(Text, Term)> {
        None
    }
    /// What a call of such a function gives (`flow.get`).
    fn call(&self, _name: &str, _args: &[Term]) -> Option<Term> {
        None
    }
}

/// A node that an expression names.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Target {
    /// Its result.
    pub(crate) root: Root,
    /// It may give several items, so that `.first()` picks one of them.
    pub(crate) many: bool,
}

/// The meaning of a whole value that starts with `=` (given without it).
pub(crate) fn template(text: &str, names: &dyn Names) -> Term {
    let mut parts: Vec<Term> = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        let (inside, next) = after.split_once("}}").unwrap_or((after, ""));
        push_text(&mut parts, before);
        parts.push(expression(inside, names));
        rest = next;
    }
    push_text(&mut parts, rest);
    single(parts)
}

fn push_text(parts: &mut Vec<Term>, text: &str) {
    if !text.is_empty() {
        parts.push(Term::Text(text.into()));
    }
}

/// One hole with nothing but white space around it keeps its type; anything else is a text.
fn single(mut parts: Vec<Term>) -> Term {
    let blank = |t: &Term| matches!(t, Term::Text(x) if x.trim().is_empty());
    match parts.iter().filter(|t| !blank(t)).count() {
        0 => Term::Text(Text::default()),
        1 => {
            parts.retain(|t| !blank(t));
            parts.pop().unwrap_or(Term::Null)
        }
        _ => Term::Template(parts),
    }
}

/// The meaning of one JavaScript expression.
pub(crate) fn expression(text: &str, names: &dyn Names) -> Term {
    match Parser::new(text, names).whole() {
        Some(term) => term,
        None => Term::Unknown(scan::references(text, names)),
    }
}

/// A reference to a root and a path.
fn reference(root: Root, path: Vec<Segment>) -> Term {
    Term::Ref(Reference { root, path })
}

/// Texts are joined to one template.
fn joined(left: Term, right: Term) -> Term {
    let mut parts = match left {
        Term::Template(parts) => parts,
        other => vec![other],
    };
    match right {
        Term::Template(more) => parts.extend(more),
        other => parts.push(other),
    }
    Term::Template(parts)
}
