//! Functions and methods: n8n's own, JavaScript's and Luxon's, as far as their meaning is shared.

use super::chain::{Val, pushed};
use super::{Names, reference};
use workflow::{Function, Reference, Root, Segment, Term};

fn terms(args: Vec<Val>) -> Vec<Term> {
    args.into_iter().map(Val::into_term).collect()
}

/// A call of a global function.
pub(super) fn global_call(name: &str, args: Vec<Val>, names: &dyn Names) -> Val {
    let args = terms(args);
    if let Some(term) = names.call(name, &args) {
        return Val::Term(term);
    }
    match (name, args.first()) {
        ("$", Some(Term::Text(node))) => Val::Node(names.node(node)),
        ("$items", Some(Term::Text(node))) => Val::Items(names.node(node).root),
        ("$items", None) => Val::Items(names.previous()),
        ("$item", _) => Val::Global("$item()".into()),
        ("$fromAI" | "$fromAi" | "$fromai", Some(Term::Text(key))) => {
            let key = Segment::Key(key.clone());
            let root = names.model().unwrap_or_else(|| Root::Unknown("$fromAI".into()));
            Val::Term(reference(root, vec![key]))
        }
        ("$getWorkflowStaticData", _) => {
            Val::Term(reference(Root::Variable("staticData".into()), Vec::new()))
        }
        _ => Val::Term(Term::Call(global_function(name), args)),
    }
}

fn global_function(name: &str) -> Function {
    match name {
        "JSON.stringify" | "String" => Function::ToText,
        "JSON.parse" => Function::ParseJson,
        "Number" | "parseInt" | "parseFloat" | "Number.parseInt" | "Number.parseFloat" => Function::ToNumber,
        "Boolean" => Function::Truthy,
        "encodeURIComponent" | "encodeURI" => Function::UrlEncode,
        "$if" => Function::If,
        "$ifEmpty" => Function::Coalesce,
        "$not" => Function::Not,
        "Date.now" | "DateTime.now" | "DateTime.utc" | "DateTime.local" => Function::Now,
        "Math.random" | "crypto.randomUUID" | "$randomKey" => Function::Random,
        other => Function::Other(other.into()),
    }
}

/// `new Name(args)`.
pub(super) fn construct(name: &str, args: Vec<Val>) -> Term {
    let args = terms(args);
    if name == "Date" && args.is_empty() {
        return Term::Call(Function::Now, args);
    }
    Term::Call(Function::Other(format!("new {name}").into()), args)
}

/// A call of a method on a value.
pub(super) fn method(value: Val, name: &str, args: Vec<Val>) -> Val {
    match value {
        Val::Node(target) => {
            let path = |i| if target.many { vec![Segment::Index(i)] } else { Vec::new() };
            match name {
                "first" => Val::Item(target.root, path(0)),
                "last" => Val::Item(target.root, path(-1)),
                "all" => Val::Items(target.root),
                _ => Val::Item(target.root, Vec::new()),
            }
        }
        Val::Items(root) => items_method(root, name, args),
        Val::Item(root, path) => Val::Term(on_term(reference(root, path), name, args)),
        Val::Term(Term::Ref(r)) => on_reference(r, name, args),
        value => Val::Term(on_term(value.into_term(), name, args)),
    }
}

fn items_method(root: Root, name: &str, args: Vec<Val>) -> Val {
    match name {
        "first" => Val::Item(root, vec![Segment::Index(0)]),
        "last" => Val::Item(root, vec![Segment::Index(-1)]),
        "find" => Val::Item(root, vec![Segment::Filter("find".into()), Segment::Index(0)]),
        "slice" | "filter" | "sort" | "reverse" | "flat" if !has_references(&args) => Val::Items(root),
        _ => Val::Term(on_term(reference(root, vec![Segment::Each]), name, args)),
    }
}

/// Whether a function among the arguments refers to anything but its own parameter.
fn has_references(args: &[Val]) -> bool {
    args.iter().any(|a| match a {
        Val::Lambda(body) => {
            body.references().iter().any(|r| !r.path.contains(&Segment::Each)) || !body.is_understood()
        }
        _ => true,
    })
}

fn on_reference(reference: Reference, name: &str, args: Vec<Val>) -> Val {
    let plain = args.is_empty();
    Val::Term(match name {
        "first" if plain => pushed(reference, Segment::Index(0)),
        "last" if plain => pushed(reference, Segment::Index(-1)),
        "at" | "get" => match args.first() {
            Some(Val::Term(Term::Number(n))) => match n.parse() {
                Ok(i) => pushed(reference, Segment::Index(i)),
                Err(_) => pushed(reference, Segment::Dynamic),
            },
            _ => on_term(Term::Ref(reference), name, args),
        },
        "find" if !has_references(&args) => {
            let mut found = reference;
            found.path.push(Segment::Filter("find".into()));
            pushed(found, Segment::Index(0))
        }
        _ => on_term(Term::Ref(reference), name, args),
    })
}

/// A call of a method on a finished value.
fn on_term(term: Term, name: &str, args: Vec<Val>) -> Term {
    let mut all = vec![term];
    all.extend(terms(args));
    match name {
        "isNotEmpty" => Term::Call(Function::Not, vec![Term::Call(Function::Empty, all)]),
        "find" => Term::Call(Function::First, vec![Term::Call(Function::Filter, all)]),
        // A regular expression has its pattern first.
        "test" if all.len() == 2 => {
            all.reverse();
            Term::Call(Function::Matches, all)
        }
        _ => Term::Call(method_function(name), all),
    }
}

fn method_function(name: &str) -> Function {
    match name {
        "toLowerCase" | "toLocaleLowerCase" => Function::Lower,
        "toUpperCase" | "toLocaleUpperCase" => Function::Upper,
        "trim" => Function::Trim,
        "includes" => Function::Contains,
        "startsWith" => Function::StartsWith,
        "endsWith" => Function::EndsWith,
        "match" => Function::Matches,
        "concat" => Function::Concat,
        "isEmpty" => Function::Empty,
        "first" => Function::First,
        "last" => Function::Last,
        "filter" => Function::Filter,
        "map" | "pluck" => Function::Map,
        "toString" | "toJsonString" | "toISO" | "toISOString" => Function::ToText,
        "parseJson" => Function::ParseJson,
        "toNumber" | "toInt" | "toFloat" => Function::ToNumber,
        "toBoolean" => Function::Truthy,
        "urlEncode" => Function::UrlEncode,
        "plus" | "minus" => Function::AddTime,
        "valueOf" => Function::Other("valueOf".into()),
        other => Function::Other(other.into()),
    }
}
