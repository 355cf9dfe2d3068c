//! Code as nodes have it: what it gives back, under which conditions, and what it sets.
//!
//! Statements are followed once, from the first to the last, with values that may be unknown: where ways meet, a value
//! is one of two; a loop's body is gone through for any item. What is not JavaScript as it is commonly written gives
//! nothing at all, so that no value is made up.

use super::chain::Val;
use super::parser::Parser;
use super::statement::Flow;
use super::{Names, reference, scan};
use std::borrow::Borrow;
use std::rc::Rc;
use workflow::{Reference, Root, Segment, Term, Text};

/// Code longer than this is not read.
const MOST_TEXT: usize = 60_000;

/// How code ends, or what it hands on before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    /// It returns.
    Returned,
    /// It sends a message and goes on.
    Sent,
    /// It throws.
    Thrown,
}

/// One place at which code returns, sends or throws.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct End {
    pub(crate) how: How,
    /// What holds when control comes there.
    pub(crate) when: Vec<Rc<Term>>,
    /// What is returned or sent.
    pub(crate) value: Term,
}

/// What code does.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Run {
    /// In the order of the text.
    pub(crate) ends: Vec<End>,
    /// Variables of the surroundings that it sets.
    pub(crate) variables: Vec<(Text, Term)>,
}

/// What a name stands for when code starts.
pub(crate) enum Local {
    /// All items of a node.
    Items(Root),
    /// One item of a node, whose data is in `json`.
    Item(Root),
    /// A value.
    Value(Root),
}

/// Follows code; nothing where it is not understood.
pub(crate) fn run<'t>(text: &'t str, names: &'t dyn Names, locals: Vec<(&'t str, Local)>) -> Option<Run> {
    if text.len() > MOST_TEXT {
        return None;
    }
    let mut parser = Parser::of_code(text, names);
    for (name, local) in locals {
        let value = match local {
            Local::Items(root) => Val::Items(root),
            Local::Item(root) => Val::Item(root, Vec::new()),
            Local::Value(root) => Val::Term(reference(root, Vec::new())),
        };
        parser.state.locals.push((name, Rc::new(value)));
    }
    for (name, at) in scan::functions(text) {
        parser.state.locals.push((name, Rc::new(Val::Function(at))));
    }
    let flow = parser.statements(false)?;
    let mut ends = std::mem::take(&mut parser.ends);
    if flow == Flow::Next {
        ends.push(End { how: How::Returned, when: parser.state.path.clone(), value: Term::Null });
    }
    Some(Run { ends, variables: std::mem::take(&mut parser.variables) })
}

/// What code that is not understood may give back: whatever it names, and what it gets from elsewhere.
pub(crate) fn unknown(text: &str, input: &[&str], names: &dyn Names) -> Term {
    let mut found = scan::references(text, names);
    let previous = Reference { root: names.previous(), path: Vec::new() };
    if scan::has_word(text, input) && !found.contains(&previous) {
        found.push(previous);
    }
    found.push(Reference { root: Root::Unknown("code".into()), path: Vec::new() });
    Term::Unknown(found)
}

/// What holds when one of several ends is reached; nothing where that is always.
pub(crate) fn any_of<'e>(ends: impl Iterator<Item = &'e End>) -> Option<Term> {
    let mut ways = Vec::new();
    for end in ends {
        if end.when.is_empty() {
            return None;
        }
        ways.push(all_of(&end.when));
    }
    Some(if ways.len() == 1 { ways.swap_remove(0) } else { Term::Call(workflow::Function::Or, ways) })
}

/// All conditions as one.
pub(crate) fn all_of<T: Borrow<Term>>(when: &[T]) -> Term {
    match when {
        [] => Term::Bool(true),
        [one] => one.borrow().clone(),
        several => Term::Call(workflow::Function::And, several.iter().map(|t| t.borrow().clone()).collect()),
    }
}

/// One value of several ends: each where its conditions hold.
pub(crate) fn one_of<T: Borrow<Term>>(mut ends: Vec<(Vec<T>, Term)>) -> Term {
    let Some((_, last)) = ends.pop() else { return Term::Null };
    let join = |rest: Term, (when, value): (Vec<T>, Term)| match when.as_slice() {
        [one] => super::store::either(Some(one.borrow()), value, rest),
        several => super::store::either(Some(&all_of(several)), value, rest),
    };
    ends.into_iter().rev().fold(last, join)
}

/// Whether a path only picks items of a list.
pub(crate) fn is_whole(path: &[Segment]) -> bool {
    path.iter().all(|s| !matches!(s, Segment::Key(_)))
}
