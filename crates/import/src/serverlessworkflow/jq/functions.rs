//! What jq's functions mean.

use super::parser::Parser;
use crate::dataflow::below_term;
use workflow::{Function, Segment, Term};

/// `+`: objects are merged, texts joined, anything else added.
pub(super) fn plus(left: Term, right: Term) -> Term {
    let text = |t: &Term| matches!(t, Term::Text(_) | Term::Template(_));
    match (&left, &right) {
        (_, Term::Map(_)) | (Term::Map(_), _) => {
            Term::Call(Function::Other("merge".into()), vec![left, right])
        }
        (l, r) if text(l) || text(r) => {
            let mut parts = Vec::new();
            for side in [left, right] {
                match side {
                    Term::Template(more) => parts.extend(more),
                    other => parts.push(other),
                }
            }
            crate::values::template(parts)
        }
        _ => Term::Call(Function::Other("+".into()), vec![left, right]),
    }
}

/// Whether a path goes through a list.
pub(super) fn is_many(term: &Term) -> bool {
    matches!(term, Term::Ref(r) if r.path.iter().any(|s| matches!(s, Segment::Each | Segment::Filter(_))))
}

/// A function by its name; its arguments follow in the text.
pub(super) fn call(parser: &mut Parser<'_>, name: &str, dot: &Term) -> Option<Term> {
    match name {
        "select" => return select(parser, dot),
        "map" => {
            let (inner, text) = argument(parser, &below_term(dot, &[Segment::Each]))?;
            let _ = text;
            return Some(match inner {
                term @ Term::Ref(_) => term,
                other => Term::Call(Function::Map, vec![dot.clone(), other]),
            });
        }
        "any" | "all" if parser.rest().starts_with('(') => {
            let (inner, _) = argument(parser, &below_term(dot, &[Segment::Each]))?;
            return Some(Term::Call(Function::Other(name.into()), vec![dot.clone(), inner]));
        }
        _ => {}
    }
    let args = arguments(parser, dot)?;
    Some(known(name, args, dot))
}

/// `select(condition)`: of the items of a list, those that fulfil it.
fn select(parser: &mut Parser<'_>, dot: &Term) -> Option<Term> {
    let (condition, text) = argument(parser, dot)?;
    if let Term::Ref(r) = dot
        && let Some((Segment::Each, before)) = r.path.split_last()
    {
        let mut path = before.to_vec();
        path.push(Segment::Filter(text.into()));
        return Some(Term::Ref(workflow::Reference { root: r.root.clone(), path }));
    }
    Some(Term::Call(Function::Filter, vec![dot.clone(), condition]))
}

/// One argument in brackets, and its text.
fn argument<'t>(parser: &mut Parser<'t>, dot: &Term) -> Option<(Term, &'t str)> {
    if !parser.eat("(") {
        return None;
    }
    let from = parser.at;
    let term = parser.pipe(dot)?;
    let text = parser.text.get(from..parser.at).unwrap_or_default().trim();
    parser.eat(")").then_some((term, text))
}

fn arguments(parser: &mut Parser<'_>, dot: &Term) -> Option<Vec<Term>> {
    let mut args = Vec::new();
    if !parser.rest().starts_with('(') {
        return Some(args);
    }
    parser.eat("(");
    loop {
        args.push(parser.pipe(dot)?);
        if parser.eat(")") {
            return Some(args);
        }
        if !parser.eat(";") {
            return None;
        }
    }
}

fn known(name: &str, mut args: Vec<Term>, dot: &Term) -> Term {
    let function = match name {
        "not" => Function::Not,
        "length" => Function::Length,
        "startswith" => Function::StartsWith,
        "endswith" => Function::EndsWith,
        "contains" => Function::Contains,
        "inside" | "IN" => Function::In,
        "test" | "match" => Function::Matches,
        "ascii_downcase" => Function::Lower,
        "ascii_upcase" => Function::Upper,
        "trim" | "ltrim" | "rtrim" => Function::Trim,
        "tostring" | "tojson" => Function::ToText,
        "tonumber" => Function::ToNumber,
        "fromjson" => Function::ParseJson,
        "now" => return Term::Call(Function::Now, Vec::new()),
        "empty" => return Term::Null,
        "first" | "last" => {
            let of = if args.is_empty() { dot.clone() } else { args.remove(0) };
            let function = if name == "first" { Function::First } else { Function::Last };
            return Term::Call(function, vec![of]);
        }
        "has" => {
            let field = match args.first() {
                Some(Term::Text(key)) => Segment::Key(key.clone()),
                Some(Term::Number(n)) => n.parse().map_or(Segment::Dynamic, Segment::Index),
                _ => Segment::Dynamic,
            };
            return Term::Call(Function::Present, vec![below_term(dot, &[field])]);
        }
        other => Function::Other(other.into()),
    };
    args.insert(0, dot.clone());
    Term::Call(function, args)
}
