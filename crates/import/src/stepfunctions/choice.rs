//! The conditions of Choice states.

use super::jsonata;
use super::value::{Query, Reader};
use crate::doc::Node;
use workflow::{Expression, Function, Language, Term};

/// Rules may be nested so deep.
const MAX_DEPTH: usize = 32;

/// The condition of a rule.
pub(super) fn condition(rule: Node<'_>, reader: &Reader<'_>) -> Expression {
    let line = reader.line(rule);
    if let Some(condition) = rule.get("Condition").filter(|_| reader.query == Query::Jsonata) {
        let text = condition.scalar().unwrap_or_default();
        let term = match jsonata::inside(text) {
            Some(inner) => jsonata::term(inner, &reader.scope),
            None => condition.as_bool().map_or(Term::Unknown(Vec::new()), Term::Bool),
        };
        return Expression { language: Language::Jsonata, text: text.into(), term, line };
    }
    let (term, text) = read(rule, reader, 0);
    Expression { language: Language::Structured, text: text.into(), term, line }
}

/// The meaning of a rule, and its text for people.
fn read(rule: Node<'_>, reader: &Reader<'_>, depth: usize) -> (Term, String) {
    if depth > MAX_DEPTH {
        return (Term::Unknown(Vec::new()), "...".to_owned());
    }
    let many = |key: &str| {
        let parts = rule.get(key).into_iter().flat_map(Node::items);
        let parts: Vec<_> = parts.map(|r| read(r, reader, depth + 1)).collect();
        let texts: Vec<String> = parts.iter().map(|(_, t)| t.clone()).collect();
        let word = if key == "And" { " and " } else { " or " };
        (parts.into_iter().map(|(t, _)| t).collect(), format!("({})", texts.join(word)))
    };
    if rule.get("And").is_some() {
        let (terms, text) = many("And");
        return (Term::Call(Function::And, terms), text);
    }
    if rule.get("Or").is_some() {
        let (terms, text) = many("Or");
        return (Term::Call(Function::Or, terms), text);
    }
    if let Some(inner) = rule.get("Not") {
        let (term, text) = read(inner, reader, depth + 1);
        return (Term::Call(Function::Not, vec![term]), format!("not {text}"));
    }
    comparison(rule, reader)
}

fn comparison(rule: Node<'_>, reader: &Reader<'_>) -> (Term, String) {
    let variable = rule.get("Variable").map(|v| reader.path(v));
    let left = variable.as_ref().map_or(Term::Unknown(Vec::new()), crate::dataflow::term_of);
    let subject = rule.str("Variable").unwrap_or("?");
    let other = rule.entries().find(|(k, _)| !matches!(*k, "Variable" | "Next" | "Comment" | "Assign"));
    let Some((comparator, operand)) = other else { return (unknown(left), subject.to_owned()) };
    let (name, right) = match comparator.strip_suffix("Path") {
        Some(name) => (name, crate::dataflow::term_of(&reader.path(operand))),
        None => (comparator, crate::dataflow::term_of(&reader.value(operand))),
    };
    let shown = operand.scalar().unwrap_or_default();
    let text = format!("{subject} {comparator} {shown}");
    (compared(name, left, right), text)
}

fn unknown(term: Term) -> Term {
    Term::Unknown(term.references().into_iter().cloned().collect())
}

fn compared(name: &str, left: Term, right: Term) -> Term {
    if name == "StringMatches" {
        return matches(left, right);
    }
    if let Some(kind) = name.strip_prefix("Is") {
        return is(kind, left, &right);
    }
    let operator =
        ["String", "Numeric", "Boolean", "Timestamp"].iter().find_map(|kind| name.strip_prefix(kind));
    let function = match operator {
        Some("Equals") => Function::Equals,
        Some("LessThan") => Function::Less,
        Some("LessThanEquals") => Function::LessOrEquals,
        Some("GreaterThan") => Function::Greater,
        Some("GreaterThanEquals") => Function::GreaterOrEquals,
        _ => {
            return Term::Unknown(left.references().into_iter().chain(right.references()).cloned().collect());
        }
    };
    // Moments are ordered as moments, not as the texts that they are written in.
    let moment = |term| Term::Call(Function::Other("timestamp".into()), vec![term]);
    let operands =
        if name.starts_with("Timestamp") { vec![moment(left), moment(right)] } else { vec![left, right] };
    Term::Call(function, operands)
}

/// `IsPresent`, `IsNull` and the like, which `false` turns round.
fn is(kind: &str, left: Term, right: &Term) -> Term {
    let call = match kind {
        "Present" => Term::Call(Function::Present, vec![left]),
        "Null" => Term::Call(Function::Equals, vec![left, Term::Null]),
        _ => Term::Call(Function::Other(format!("is{kind}").into()), vec![left]),
    };
    if *right == Term::Bool(false) { Term::Call(Function::Not, vec![call]) } else { call }
}

/// A pattern in which `*` stands for anything.
fn matches(left: Term, right: Term) -> Term {
    let Term::Text(pattern) = &right else { return Term::Call(Function::Matches, vec![left, right]) };
    let inner = pattern.trim_matches('*');
    if inner.contains(['*', '\\']) || inner.is_empty() {
        return Term::Call(Function::Other("StringMatches".into()), vec![left, right]);
    }
    let function = match (pattern.starts_with('*'), pattern.ends_with('*')) {
        (true, true) => Function::Contains,
        (true, false) => Function::EndsWith,
        (false, true) => Function::StartsWith,
        (false, false) => Function::Equals,
    };
    Term::Call(function, vec![left, Term::Text(inner.into())])
}
