//! Operators of JavaScript: how they bind and what they mean.

use super::joined;
use workflow::{Function, Term};

/// Binary operators with how tightly they bind; longer ones first.
const BINARY: &[(&str, u8)] = &[
    ("===", 7),
    ("!==", 7),
    (">>>", 9),
    ("==", 7),
    ("!=", 7),
    ("<<", 9),
    (">>", 9),
    ("<=", 8),
    (">=", 8),
    ("&&", 3),
    ("||", 2),
    ("??", 1),
    ("**", 12),
    ("<", 8),
    (">", 8),
    ("+", 10),
    ("-", 10),
    ("*", 11),
    ("/", 11),
    ("%", 11),
    ("|", 4),
    ("^", 5),
    ("&", 6),
];

/// The operator at the start of a text, and how tightly it binds.
pub(super) fn at_start(text: &str) -> Option<(&'static str, u8)> {
    if !text.starts_with(['=', '!', '>', '<', '&', '|', '?', '*', '+', '-', '/', '%', '^']) {
        return None;
    }
    let found = BINARY.iter().find(|(op, _)| text.starts_with(op)).copied();
    // `x += 1` and `x++` are no operators between two values.
    let sets = |(op, _): &(&str, u8)| {
        let after = &text[op.len()..];
        let compares = op.ends_with('=') || *op == "<" || *op == ">";
        after.starts_with('=') && !compares || matches!(*op, "+" | "-") && after.starts_with(op)
    };
    found.filter(|f| !sets(f))
}

/// The meaning of an operator on two terms.
pub(super) fn combine(op: &str, left: Term, right: Term) -> Term {
    let function = match op {
        "===" | "==" => Function::Equals,
        "!==" | "!=" => Function::NotEquals,
        "<=" => Function::LessOrEquals,
        ">=" => Function::GreaterOrEquals,
        "<" => Function::Less,
        ">" => Function::Greater,
        "&&" => Function::And,
        "||" if is_truth(&left) => Function::Or,
        "||" | "??" => Function::Coalesce,
        "+" if is_text(&left) || is_text(&right) => return joined(left, right),
        other => Function::Other(other.into()),
    };
    Term::Call(function, vec![left, right])
}

/// A term that is true or false, so that `||` on it is a logical or.
fn is_truth(term: &Term) -> bool {
    match term {
        Term::Bool(_) => true,
        Term::Call(f, _) => matches!(
            f,
            Function::And
                | Function::Or
                | Function::Not
                | Function::Equals
                | Function::EqualsIgnoreCase
                | Function::NotEquals
                | Function::Less
                | Function::LessOrEquals
                | Function::Greater
                | Function::GreaterOrEquals
                | Function::Contains
                | Function::In
                | Function::StartsWith
                | Function::EndsWith
                | Function::Matches
                | Function::Empty
                | Function::Present
                | Function::Truthy
        ),
        _ => false,
    }
}

fn is_text(term: &Term) -> bool {
    match term {
        Term::Text(_) | Term::Template(_) => true,
        Term::Call(f, _) => matches!(
            f,
            Function::Lower | Function::Upper | Function::Trim | Function::ToText | Function::UrlEncode
        ),
        _ => false,
    }
}
