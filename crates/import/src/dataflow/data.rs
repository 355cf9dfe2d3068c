//! What the data at one place of a run is, symbolically: which part of it came from the run's input, from which state's result, from
//! which item. States hand one JSON document on; each puts its result somewhere in it (`ResultPath`), so that what
//! `$.approval.decision` means depends on the way that led there.

use crate::values::term as term_of;
use workflow::{Expression, Function, Language, Reference, Root, Segment, Term, Text, Value};

/// A document: a value, with fields laid over it.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Data {
    pub(crate) base: Value,
    pub(crate) over: Vec<(Text, Data)>,
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
            Some(_) => Term::Unknown(self.term().references().into_iter().cloned().collect()),
        }
    }

    /// A part of it, with what is laid over that part.
    pub(crate) fn part(&self, path: &[Segment]) -> Data {
        match path.split_first() {
            None => self.clone(),
            Some((Segment::Key(key), rest)) => match self.laid(key) {
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
                self.lay(key, inner.with(rest, data));
                self
            }
            Some(_) => {
                let mut seen: Vec<Reference> = self.term().references().into_iter().cloned().collect();
                seen.extend(data.term().references().into_iter().cloned());
                Data::of(value_of(Term::Unknown(seen)))
            }
        }
    }

    pub(crate) fn lay(&mut self, key: &str, data: Data) {
        match self.over.iter_mut().find(|(k, _)| k == key) {
            Some((_, old)) => *old = data,
            None => self.over.push((key.into(), data)),
        }
    }

    pub(crate) fn laid(&self, key: &str) -> Option<&Data> {
        self.over.iter().find(|(k, _)| k == key).map(|(_, d)| d)
    }

    /// The whole of it as one term.
    pub(crate) fn term(&self) -> Term {
        let base = term_of(&self.base);
        if self.over.is_empty() {
            return base;
        }
        let fields = self.over.iter().map(|(k, d)| (k.clone(), d.term())).collect();
        match base {
            Term::Null => Term::Map(fields),
            Term::Map(mut entries) => {
                entries.retain(|(k, _)| self.laid(k).is_none());
                entries.extend(fields);
                Term::Map(entries)
            }
            base => Term::Call(Function::Other("States.JsonMerge".into()), vec![base, Term::Map(fields)]),
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
        _ => Term::Unknown(term.references().into_iter().cloned().collect()),
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
