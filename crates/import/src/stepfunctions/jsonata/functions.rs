//! What JSONata's operators and functions mean.

use workflow::{Function, Term};

/// A binary operator on its operands; nothing for one that is not known.
pub(super) fn operator(operator: &str, left: Term, right: Term) -> Option<Term> {
    let function = match operator {
        "&" => return Some(joined(left, right)),
        "and" => Function::And,
        "or" => Function::Or,
        "=" => Function::Equals,
        "!=" => Function::NotEquals,
        "<" => Function::Less,
        "<=" => Function::LessOrEquals,
        ">" => Function::Greater,
        ">=" => Function::GreaterOrEquals,
        "in" => Function::In,
        "??" => Function::Coalesce,
        "?:" => return Some(Term::Call(Function::If, vec![left.clone(), left, right])),
        "+" | "-" | "*" | "/" | "%" => Function::Other(operator.into()),
        _ => return None,
    };
    Some(Term::Call(function, vec![left, right]))
}

/// `&` joins texts.
fn joined(left: Term, right: Term) -> Term {
    let mut parts = match left {
        Term::Template(parts) => parts,
        other => vec![other],
    };
    match right {
        Term::Template(more) => parts.extend(more),
        other => parts.push(other),
    }
    Term::Template(parts)
}

/// A function on its arguments.
pub(super) fn call(name: &str, mut args: Vec<Term>) -> Term {
    let function = match name {
        "not" => Function::Not,
        "exists" => Function::Present,
        "boolean" => Function::Truthy,
        "contains" => Function::Contains,
        "lowercase" => Function::Lower,
        "uppercase" => Function::Upper,
        "trim" => Function::Trim,
        "length" | "count" => Function::Length,
        "string" => Function::ToText,
        "number" => Function::ToNumber,
        "parse" | "eval" => Function::ParseJson,
        "encodeUrlComponent" | "encodeUrl" => Function::UrlEncode,
        "match" => Function::Matches,
        "now" | "millis" => Function::Now,
        "random" | "uuid" => {
            args.clear();
            Function::Random
        }
        "append" if args.len() == 2 => Function::Other("append".into()),
        other => Function::Other(other.into()),
    };
    Term::Call(function, args)
}
