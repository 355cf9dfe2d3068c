//! What the data at one place of a run is, symbolically: which part of it came from the run's input, from which state's result, from
//! which item. States hand one JSON document on; each puts its result somewhere in it (`ResultPath`), so that what
//! `$.approval.decision` means depends on the way that led there.

use crate::values::term as term_of;
use std::rc::Rc;
use workflow::{Expression, Function, Language, Reference, Root, Segment, Term, Text, Value};

/// So many fields of a document are kept apart when it is taken as a whole.
const MAX_FIELDS: usize = 100;
/// A value that is handed on has at most so many parts,
const MAX_SIZE: usize = 2_000;
/// and is at most so deep.
const MAX_DEPTH: usize = 40;

/// A document: a value, with fields laid over it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Data {
    pub(crate) base: Value,
    /// Shared, since most steps hand most fields on as they are.
    pub(crate) over: Vec<Field>,
}

type Field = (Text, Rc<Data>);

impl PartialEq for Data {
    fn eq(&self, other: &Self) -> bool {
        let same = |(a, b): (&Field, &Field)| a.0 == b.0 && (Rc::ptr_eq(&a.1, &b.1) || a.1 == b.1);
        self.base == other.base
            && self.over.len() == other.over.len()
            && self.over.iter().zip(&other.over).all(same)
    }
}

impl Data {
    /// The whole of what a root has.
    pub(crate) fn root(root: Root) -> Self {
        Data::of(Value::Expr(Box::new(expression(Term::Ref(Reference { root, path: Vec::new() })))))
    }

    /// A value.
    pub(crate) fn of(base: Value) -> Self {
        Data { base, over: Vec::new() }
    }

    /// What a path takes from it.
    pub(crate) fn get(&self, path: &[Segment]) -> Term {
        match path.split_first() {
            None => self.term(),
            Some((Segment::Key(key), rest)) => match self.laid(key) {
                Some(data) => data.get(rest),
                None => below(&self.base, path),
            },
            Some(_) if self.over.is_empty() => below(&self.base, path),
            Some(_) => unknown([&self.term()]),
        }
    }

    /// A part of it, with what is laid over that part.
    pub(crate) fn part(&self, path: &[Segment]) -> Data {
        match path.split_first() {
            None => self.clone(),
            Some((Segment::Key(key), rest)) => match self.laid(key) {
                Some(data) if rest.is_empty() => Data::clone(data),
                Some(data) => data.part(rest),
                None => Data::of(value_of(below(&self.base, path))),
            },
            Some(_) => Data::of(value_of(self.get(path))),
        }
    }

    /// It with something put at a path of keys; at a position in a list, the whole list is no longer known.
    pub(crate) fn with(mut self, path: &[Segment], data: Data) -> Data {
        match path.split_first() {
            None => data,
            Some((Segment::Key(key), rest)) => {
                let inner = self.part(&[Segment::Key(key.clone())]);
                self.lay(key, Rc::new(inner.with(rest, data)));
                self
            }
            Some(_) => Data::of(value_of(unknown([&self.term(), &data.term()]))),
        }
    }

    pub(crate) fn lay(&mut self, key: &str, data: Rc<Data>) {
        match self.over.iter_mut().find(|(k, _)| k == key) {
            Some((_, old)) => *old = data,
            None => self.over.push((key.into(), data)),
        }
    }

    pub(crate) fn laid(&self, key: &str) -> Option<&Rc<Data>> {
        self.over.iter().find(|(k, _)| k == key).map(|(_, d)| d)
    }

    /// The same, where it probably stands at a position.
    pub(crate) fn laid_near(&self, key: &str, position: usize) -> Option<&Rc<Data>> {
        match self.over.get(position) {
            Some((k, data)) if k == key => Some(data),
            _ => self.laid(key),
        }
    }

    /// The whole of it as one term.
    pub(crate) fn term(&self) -> Term {
        let base = term_of(&self.base);
        if self.over.is_empty() {
            return base;
        }
        let fields = self.over.iter().take(MAX_FIELDS).map(|(k, d)| (k.clone(), d.term())).collect();
        match base {
            Term::Null => Term::Map(fields),
            Term::Map(mut entries) => {
                entries.retain(|(k, _)| self.laid(k).is_none());
                entries.extend(fields);
                Term::Map(entries)
            }
            base => Term::Call(Function::Other("merge".into()), vec![base, Term::Map(fields)]),
        }
    }

    /// The whole of it as a value.
    pub(crate) fn value(&self) -> Value {
        if self.over.is_empty() { self.base.clone() } else { value_of(self.term()) }
    }
}

/// What a path takes from a value that has nothing laid over it.
fn below(value: &Value, path: &[Segment]) -> Term {
    let Some((first, rest)) = path.split_first() else { return term_of(value) };
    match (value, first) {
        (Value::Map(map), Segment::Key(key)) => map.get(key).map_or(Term::Null, |v| below(v, rest)),
        (Value::List(items), Segment::Index(i)) => match at(items.len(), *i).and_then(|i| items.get(i)) {
            Some(item) => below(item, rest),
            None => Term::Null,
        },
        (Value::Expr(e), _) => below_term(&e.term, path),
        (Value::Map(_) | Value::List(_), _) => below_term(&term_of(value), path),
        _ => Term::Null,
    }
}

/// What a path takes from a term.
pub(crate) fn below_term(term: &Term, path: &[Segment]) -> Term {
    let Some((first, rest)) = path.split_first() else { return term.clone() };
    match (term, first) {
        (Term::Ref(r), _) => {
            let path = r.path.iter().chain(path).cloned().collect();
            Term::Ref(Reference { root: r.root.clone(), path })
        }
        (Term::Map(entries), Segment::Key(key)) => {
            let entry = entries.iter().find(|(k, _)| k == key);
            entry.map_or(Term::Null, |(_, t)| below_term(t, rest))
        }
        (Term::List(items), Segment::Index(i)) => match at(items.len(), *i).and_then(|i| items.get(i)) {
            Some(item) => below_term(item, rest),
            None => Term::Null,
        },
        (Term::Call(Function::ParseJson, args), _) if matches!(args[..], [Term::Ref(_)]) => {
            below_term(&args[0], path)
        }
        (Term::Call(Function::Other(name), args), Segment::Key(key)) if is_merge(name) => {
            merged(args, key, path)
        }
        (Term::Null | Term::Bool(_) | Term::Number(_) | Term::Text(_), _) => Term::Null,
        _ => unknown([term]),
    }
}

/// Nothing is known but the references inside.
fn unknown<'t>(terms: impl IntoIterator<Item = &'t Term>) -> Term {
    let mut seen: Vec<Reference> = Vec::new();
    for reference in terms.into_iter().flat_map(Term::references) {
        if seen.len() < MAX_FIELDS && !seen.contains(reference) {
            seen.push(reference.clone());
        }
    }
    Term::Unknown(seen)
}

/// A value that is not larger than what can be followed: data that holds itself twice would double at every step.
pub(crate) fn bounded(value: Value) -> Value {
    let mut left = MAX_SIZE;
    if fits(&value, MAX_DEPTH, &mut left) { value } else { value_of(unknown([&term_of(&value)])) }
}

fn fits(value: &Value, depth: usize, left: &mut usize) -> bool {
    let (Some(depth), Some(rest)) = (depth.checked_sub(1), left.checked_sub(1)) else { return false };
    *left = rest;
    match value {
        Value::List(items) => items.iter().all(|v| fits(v, depth, left)),
        Value::Map(map) => map.0.iter().all(|e| fits(&e.value, depth, left)),
        Value::Expr(e) => term_fits(&e.term, depth, left),
        _ => true,
    }
}

fn term_fits(term: &Term, depth: usize, left: &mut usize) -> bool {
    let (Some(depth), Some(rest)) = (depth.checked_sub(1), left.checked_sub(1)) else { return false };
    *left = rest;
    match term {
        Term::Template(terms) | Term::List(terms) | Term::Call(_, terms) => {
            terms.iter().all(|t| term_fits(t, depth, left))
        }
        Term::Map(entries) => entries.iter().all(|(_, t)| term_fits(t, depth, left)),
        _ => true,
    }
}

fn is_merge(name: &str) -> bool {
    matches!(name, "States.JsonMerge" | "merge")
}

/// A field of several objects joined: the last one that surely has it counts, a later one that may have it hides it.
fn merged(args: &[Term], key: &str, path: &[Segment]) -> Term {
    let args = match args {
        [Term::List(items)] => items,
        other => other,
    };
    for arg in args.iter().rev() {
        match arg {
            Term::Map(entries) if entries.iter().any(|(k, _)| k == key) => return below_term(arg, path),
            Term::Map(_) | Term::Bool(_) => {}
            other => return below_term(other, path),
        }
    }
    Term::Null
}

fn at(len: usize, index: i64) -> Option<usize> {
    match usize::try_from(index) {
        Ok(index) => Some(index),
        Err(_) => len.checked_sub(usize::try_from(index.unsigned_abs()).ok()?),
    }
}

/// A term as a value, constants as constants.
pub(crate) fn value_of(term: Term) -> Value {
    match term {
        Term::Null => Value::Null,
        Term::Bool(b) => Value::Bool(b),
        Term::Number(n) => Value::Number(n),
        Term::Text(t) => Value::Text(t),
        Term::List(items) => Value::List(items.into_iter().map(value_of).collect()),
        Term::Map(entries) => {
            let mut map = workflow::Map::default();
            entries.into_iter().for_each(|(k, t)| map.push(k, value_of(t), 0));
            Value::Map(map)
        }
        term => Value::Expr(Box::new(expression(term))),
    }
}

/// An expression that the definition does not write but its data flow makes.
fn expression(term: Term) -> Expression {
    let text = match &term {
        Term::Ref(r) => shown(r),
        _ => Text::default(),
    };
    Expression { language: Language::Structured, text, term, line: 0 }
}

fn shown(reference: &Reference) -> Text {
    let mut out = String::from(match &reference.root {
        Root::Trigger => "$$.Execution.Input",
        Root::Item(_) => "$$.Map.Item.Value",
        Root::Step(t) | Root::Variable(t) | Root::Run(t) | Root::Parameter(t) => t.as_str(),
        _ => "$",
    });
    for segment in &reference.path {
        match segment {
            Segment::Key(key) => out.extend([".", key.as_str()]),
            Segment::Index(i) => out.push_str(&format!("[{i}]")),
            Segment::Each | Segment::Dynamic | Segment::Filter(_) => out.push_str("[*]"),
        }
    }
    out.into()
}
