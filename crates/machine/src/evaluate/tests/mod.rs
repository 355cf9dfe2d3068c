//! Tests of evaluation: what the vendors' documentation says, and laws that hold for all languages.

mod asl;
mod laws;
mod peers;
#[cfg(feature = "javascript")]
mod sandbox;
mod typed_peers;
mod wdl;
mod words;

use super::{Failure, Scope, evaluate, from_json};
use crate::Val;
use workflow::{Expression, Function, Language, Platform, Reference, Root, Segment, Term, Text};

/// Data by root; anything else is not known.
#[derive(Default, Clone)]
struct Data {
    roots: Vec<(Root, Val)>,
    platform: Option<Platform>,
    now: Option<i64>,
}

impl Scope for Data {
    fn read(&self, reference: &Reference) -> Val {
        let found = self.roots.iter().find(|(root, _)| *root == reference.root);
        found.map_or_else(|| Val::unknown(format!("{:?}", reference.root)), |(_, value)| value.clone())
    }

    fn now(&self) -> Option<i64> {
        self.now
    }

    fn platform(&self) -> Option<Platform> {
        self.platform
    }
}

/// A trigger whose input is this JSON.
fn trigger(input: &str) -> Data {
    Data { roots: vec![(Root::Trigger, json(input))], ..Data::default() }
}

fn json(text: &str) -> Val {
    from_json(text).unwrap()
}

fn field(path: &str) -> Term {
    let segments = path.split('.').filter(|p| !p.is_empty());
    let path = segments.map(|p| p.parse().map_or_else(|_| Segment::Key(p.into()), Segment::Index)).collect();
    Term::Ref(Reference { root: Root::Trigger, path })
}

fn text(t: &str) -> Term {
    Term::Text(t.into())
}

fn number(n: &str) -> Term {
    Term::Number(n.into())
}

fn call(function: Function, args: Vec<Term>) -> Term {
    Term::Call(function, args)
}

fn named(name: &str, args: Vec<Term>) -> Term {
    Term::Call(Function::Other(name.into()), args)
}

fn of(language: Language, written: &str, term: Term) -> Expression {
    Expression { language, text: Text::from(written), term, line: 1 }
}

fn value(language: Language, term: Term, data: &Data) -> Result<Val, Failure> {
    evaluate(&of(language, "", term), data)
}
