//! What code has set so far: its variables, and what it wrote into values that came from outside.

use super::chain::{Val, at, member, own_field};
use std::rc::Rc;
use workflow::{Function, Reference, Segment, Term, Text};

/// A term with more parts than this is kept as its references only.
const MOST_PARTS: usize = 800;
/// So many references are kept of a term that is given up.
const MOST_REFERENCES: usize = 64;
/// At most so many writes are kept.
const MOST_WRITES: usize = 400;

/// What is known at a place in code; copied at every branch, so that its parts are shared.
#[derive(Debug, Clone, Default)]
pub(super) struct State<'t> {
    /// Variables and parameters, innermost last.
    pub(super) locals: Vec<(&'t str, Rc<Val>)>,
    /// What was written into values from outside: the place, and what stands there now.
    pub(super) written: Vec<(Reference, Rc<Term>)>,
    /// What holds whenever control comes here.
    pub(super) path: Vec<Rc<Term>>,
}

impl State<'_> {
    /// The variable of a name.
    pub(super) fn local(&self, name: &str) -> Option<&Val> {
        self.held(name).map(|value| &**value)
    }

    /// The same, to be shared.
    pub(super) fn held(&self, name: &str) -> Option<&Rc<Val>> {
        self.locals.iter().rev().find(|(local, _)| *local == name).map(|(_, value)| value)
    }

    /// What a reference gives now, by writes to places at least `from` deep: what a variable has kept is not changed by
    /// what was put in its place since.
    pub(super) fn seen(&self, reference: Reference, from: usize) -> Term {
        if self.written.is_empty() {
            return Term::Ref(reference);
        }
        let fits = |written: &&(Reference, Rc<Term>)| {
            let path = &written.0.path;
            path.len() >= from && path.len() <= reference.path.len() && begins(&reference, &written.0)
        };
        let over = self.written.iter().filter(fits).max_by_key(|(r, _)| r.path.len());
        let mut term = match over {
            Some((place, value)) => reference.path[place.path.len()..].iter().fold(Term::clone(value), taken),
            None => Term::Ref(reference.clone()),
        };
        for (place, value) in &self.written {
            if place.path.len() > reference.path.len() && begins(place, &reference) && over.is_none() {
                term = set_in(term, &place.path[reference.path.len()..], Term::clone(value));
            }
        }
        bounded(term)
    }

    /// Puts a value at a place.
    pub(super) fn write(&mut self, place: Reference, value: Term) {
        let above = |r: &Reference| r.path.len() < place.path.len() && begins(&place, r);
        if let Some((found, held)) = self.written.iter_mut().find(|(r, _)| above(r)) {
            let before = Rc::unwrap_or_clone(std::mem::replace(held, Rc::new(Term::Null)));
            *held = Rc::new(bounded(set_in(before, &place.path[found.path.len()..], value)));
            return;
        }
        self.written.retain(|(r, _)| !(r.path.len() >= place.path.len() && begins(r, &place)));
        if self.written.len() < MOST_WRITES {
            self.written.push((place, Rc::new(bounded(value))));
        }
    }

    /// What is known where two ways meet: the first where the condition holds.
    pub(super) fn merge(self, condition: Option<&Term>, other: Self) -> Self {
        let both = self.locals.iter().zip(&other.locals);
        let locals = both.map(|((name, a), (_, b))| {
            let value = if Rc::ptr_eq(a, b) || a == b {
                Rc::clone(a)
            } else {
                let (a, b) = (Val::clone(a).into_term(), Val::clone(b).into_term());
                Rc::new(Val::Term(either(condition, a, b)))
            };
            (*name, value)
        });
        let locals = locals.collect();
        let mut written: Vec<(Reference, Rc<Term>)> = Vec::new();
        for (place, _) in self.written.iter().chain(&other.written) {
            if written.iter().any(|(r, _)| r == place) {
                continue;
            }
            let of = |s: &Self| s.written.iter().find(|(r, _)| r == place).map(|(_, t)| Rc::clone(t));
            let value = match (of(&self), of(&other)) {
                // What is done to each item is done to all of them.
                (Some(one), None) | (None, Some(one)) if condition.is_none() && is_each(place) => one,
                (Some(a), Some(b)) if Rc::ptr_eq(&a, &b) => a,
                (a, b) => {
                    let now = |held: Option<Rc<Term>>, s: &Self| {
                        held.map_or_else(|| s.seen(place.clone(), 0), Rc::unwrap_or_clone)
                    };
                    Rc::new(either(condition, now(a, &self), now(b, &other)))
                }
            };
            written.push((place.clone(), value));
        }
        State { locals, written, path: self.path }
    }
}

fn is_each(place: &Reference) -> bool {
    place.path.iter().any(|s| matches!(s, Segment::Each | Segment::Dynamic))
}

/// Whether one place is the other or lies below it; positions that are not known may be any.
fn begins(below: &Reference, above: &Reference) -> bool {
    let listed = |s: &Segment| !matches!(s, Segment::Key(_));
    let same = |(a, b): (&Segment, &Segment)| match (a, b) {
        (Segment::Index(a), Segment::Index(b)) => a == b,
        (a, b) => a == b || listed(a) && listed(b),
    };
    below.root == above.root && below.path.iter().zip(&above.path).all(same)
}

/// What is taken from a term by one segment.
fn taken(term: Term, segment: &Segment) -> Term {
    match segment {
        Segment::Key(key) => member(Val::Term(term), key).into_term(),
        Segment::Index(i) => at(Val::Term(term), *i).into_term(),
        _ => match term {
            Term::Ref(mut r) => {
                r.path.push(segment.clone());
                Term::Ref(r)
            }
            Term::List(items) => items.into_iter().reduce(|a, b| either(None, a, b)).unwrap_or(Term::Null),
            other => other,
        },
    }
}

/// A term with a value set somewhere inside of it.
pub(super) fn set_in(term: Term, path: &[Segment], value: Term) -> Term {
    let Some((first, rest)) = path.split_first() else { return value };
    let key = match first {
        Segment::Key(key) => key.clone(),
        _ => Text::from("*"),
    };
    let inner = match rest {
        [] => value,
        rest => set_in(taken(term.clone(), first), rest, value),
    };
    match term {
        Term::Map(mut entries) => {
            if key != "*" {
                entries.retain(|(k, _)| *k != key);
            }
            entries.push((key, inner));
            Term::Map(entries)
        }
        Term::Null => Term::Map(vec![(key, inner)]),
        term => Term::Map(vec![("...".into(), term), (key, inner)]),
    }
}

/// One of two values.
pub(crate) fn either(condition: Option<&Term>, a: Term, b: Term) -> Term {
    match (a, b) {
        (a, b) if a == b => a,
        // The same object, with something set in it or not.
        (Term::Map(a), b) if is_over(&a, &b) => maps(condition, a, vec![("...".into(), b)]),
        (a, Term::Map(b)) if is_over(&b, &a) => maps(condition, vec![("...".into(), a)], b),
        (Term::List(a), Term::List(b)) if a.starts_with(&b) => Term::List(a),
        (Term::List(a), Term::List(b)) if b.starts_with(&a) => Term::List(b),
        (Term::Map(a), Term::Map(b)) if spreads(&a).eq(spreads(&b)) => maps(condition, a, b),
        (a, b) => {
            let condition = condition.cloned().unwrap_or(Term::Unknown(Vec::new()));
            bounded(Term::Call(Function::If, vec![condition, a, b]))
        }
    }
}

/// Whether an object literal is another object with fields laid over it.
fn is_over(entries: &[(Text, Term)], under: &Term) -> bool {
    let mut laid = entries.iter().filter(|(k, _)| k == "..." || k == "*");
    matches!((laid.next(), laid.next()), (Some((key, term)), None) if key == "..." && term == under)
}

fn spreads(entries: &[(Text, Term)]) -> impl Iterator<Item = &Term> {
    entries.iter().filter(|(k, _)| k == "..." || k == "*").map(|(_, t)| t)
}

/// One of two objects, field by field.
fn maps(condition: Option<&Term>, a: Vec<(Text, Term)>, b: Vec<(Text, Term)>) -> Term {
    let mut keys: Vec<Text> = Vec::new();
    for (key, _) in a.iter().chain(&b) {
        if !keys.contains(key) {
            keys.push(key.clone());
        }
    }
    let merged = keys.into_iter().map(|key| {
        let value = match (own_field(&a, &key), own_field(&b, &key)) {
            _ if key == "..." || key == "*" => {
                a.iter().find(|(k, _)| *k == key).map_or(Term::Null, |(_, t)| t.clone())
            }
            (Some(x), Some(y)) if x == y => x.clone(),
            _ => either(condition, field(&a, &key), field(&b, &key)),
        };
        (key, value)
    });
    bounded(Term::Map(merged.collect()))
}

/// A field of an object literal: the last entry that sets it, or what is spread into it.
pub(super) fn field(entries: &[(Text, Term)], name: &str) -> Term {
    let mut found: Option<Term> = None;
    let join = |found: Option<Term>, t: Term| match found {
        Some(before) => Some(either(None, before, t)),
        None => Some(t),
    };
    for (key, term) in entries.iter().rev() {
        match key.as_str() {
            key if key == name => return join(found, term.clone()).unwrap_or(Term::Null),
            "*" => found = join(found, term.clone()),
            "..." => found = join(found, member(Val::Term(term.clone()), name).into_term()),
            _ => {}
        }
    }
    found.unwrap_or(Term::Null)
}

/// A term that is not too large; else its references.
pub(super) fn bounded(term: Term) -> Term {
    let size = size(&term);
    bounded_by(term, size)
}

/// The same for a term whose size is known.
pub(super) fn bounded_by(term: Term, size: usize) -> Term {
    if size < MOST_PARTS { term } else { Term::Unknown(references(&term)) }
}

/// How many parts a term has, as far as that matters.
pub(super) fn size(term: &Term) -> usize {
    parts(term, MOST_PARTS)
}

fn parts(term: &Term, most: usize) -> usize {
    if !matches!(term, Term::Template(_) | Term::List(_) | Term::Call(..) | Term::Map(_)) {
        return 1;
    }
    let mut count = 0;
    let mut work = vec![term];
    while let Some(term) = work.pop() {
        count += 1;
        if count >= most {
            break;
        }
        match term {
            Term::Template(ts) | Term::List(ts) | Term::Call(_, ts) => work.extend(ts),
            Term::Map(entries) => work.extend(entries.iter().map(|(_, t)| t)),
            _ => {}
        }
    }
    count
}

/// The references of a term, each once.
pub(super) fn references(term: &Term) -> Vec<Reference> {
    let mut found: Vec<Reference> = Vec::new();
    for reference in term.references() {
        if found.len() < MOST_REFERENCES && !found.contains(reference) {
            found.push(reference.clone());
        }
    }
    found
}
