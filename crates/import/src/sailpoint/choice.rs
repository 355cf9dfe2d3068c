//! Choices: comparators and their operands to conditions.

use super::scope::Scope;
use super::value::value;
use crate::doc::Node;
use workflow::{Expression, Function, Language, Term, Value};

/// The condition of one entry of a `choiceList`, with its text for people.
pub(super) fn condition(choice: Node<'_>, scope: &Scope<'_>) -> Expression {
    let comparator = choice.str("comparator").unwrap_or_default();
    let (a, b) = (operand(choice, "variableA", scope), operand(choice, "variableB", scope));
    let text = format!("{} {comparator} {}", shown(&a), shown(&b));
    let term = term(comparator, &a, &b).unwrap_or_else(|| Term::Unknown(seen(choice, scope)));
    Expression { language: Language::Structured, text: text.trim_end().into(), term, line: choice.line() }
}

fn operand(choice: Node<'_>, name: &str, scope: &Scope<'_>) -> Value {
    let computed = choice.entries().find(|(k, _)| k.strip_suffix(".$") == Some(name));
    match computed {
        Some((_, node)) => match node.as_str() {
            Some(path) => super::jsonpath::path_value(path, node.line(), scope),
            None => value(node, scope),
        },
        None => choice.get(name).map(|n| value(n, scope)).unwrap_or_default(),
    }
}

fn seen(choice: Node<'_>, scope: &Scope<'_>) -> Vec<workflow::Reference> {
    let everything = Value::Map(super::value::map(choice, scope, &["nextStep", "comparator"]));
    everything.expressions().iter().flat_map(|e| e.references().into_iter().cloned()).collect()
}

fn shown(value: &Value) -> String {
    match value {
        Value::Expr(e) => e.text.to_string(),
        Value::Text(t) => format!("'{t}'"),
        Value::Number(n) => n.to_string(),
        Value::Bool(b) => b.to_string(),
        _ => String::new(),
    }
}

/// The meaning of a comparator; nothing for one that is not known.
fn term(comparator: &str, a: &Value, b: &Value) -> Option<Term> {
    if let Some(kind) = comparator.strip_prefix("Is") {
        return is(kind, to_term(a), b);
    }
    let operator = ["String", "Numeric", "Number", "Boolean", "Timestamp"]
        .iter()
        .find_map(|kind| comparator.strip_prefix(kind))
        .unwrap_or(comparator);
    let b = match (comparator.starts_with("Boolean"), b.as_text()) {
        (true, Some("true")) => Term::Bool(true),
        (true, Some("false")) => Term::Bool(false),
        _ => to_term(b),
    };
    let arguments = vec![to_term(a), b];
    let (function, negated) = compared(operator)?;
    let call = Term::Call(function, arguments);
    Some(if negated { Term::Call(Function::Not, vec![call]) } else { call })
}

fn compared(operator: &str) -> Option<(Function, bool)> {
    Some(match operator {
        "Equals" => (Function::Equals, false),
        "EqualsIgnoreCase" => (Function::EqualsIgnoreCase, false),
        "NotEquals" | "DoesNotEqual" | "DoesNotEquals" => (Function::NotEquals, false),
        "LessThan" | "Before" => (Function::Less, false),
        "LessThanEquals" | "LessThanOrEquals" => (Function::LessOrEquals, false),
        "GreaterThan" | "After" => (Function::Greater, false),
        "GreaterThanEquals" | "GreaterThanOrEquals" => (Function::GreaterOrEquals, false),
        "Contains" => (Function::Contains, false),
        "DoesNotContain" | "NotContains" => (Function::Contains, true),
        "StartsWith" => (Function::StartsWith, false),
        "DoesNotStartWith" => (Function::StartsWith, true),
        "EndsWith" => (Function::EndsWith, false),
        "DoesNotEndWith" => (Function::EndsWith, true),
        "Matches" => (Function::Matches, false),
        _ => return None,
    })
}

/// `IsPresent`, `IsNull` and the like, which `variableB: false` turns round.
fn is(kind: &str, a: Term, b: &Value) -> Option<Term> {
    let call = match kind {
        "Present" => Term::Call(Function::Present, vec![a]),
        "NotPresent" => Term::Call(Function::Not, vec![Term::Call(Function::Present, vec![a])]),
        "Null" => Term::Call(Function::Equals, vec![a, Term::Null]),
        "NotNull" => Term::Call(Function::NotEquals, vec![a, Term::Null]),
        "String" | "Numeric" | "Number" | "Boolean" | "Timestamp" => {
            Term::Call(Function::Other(format!("is{kind}").into()), vec![a])
        }
        _ => return None,
    };
    let negated = matches!(b, Value::Bool(false)) || b.as_text() == Some("false");
    Some(if negated { Term::Call(Function::Not, vec![call]) } else { call })
}

/// A value as an operand.
pub(super) fn to_term(value: &Value) -> Term {
    match value {
        Value::Null => Term::Null,
        Value::Bool(b) => Term::Bool(*b),
        Value::Number(n) => Term::Number(n.clone()),
        Value::Text(t) => Term::Text(t.clone()),
        Value::List(items) => Term::List(items.iter().map(to_term).collect()),
        Value::Map(map) => Term::Map(map.0.iter().map(|e| (e.key.clone(), to_term(&e.value))).collect()),
        Value::Expr(e) => e.term.clone(),
    }
}
