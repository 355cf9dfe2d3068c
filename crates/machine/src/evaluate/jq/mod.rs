//! jq, the expression language of the Serverless Workflow DSL.
//!
//! The parsed form does not tell a stream from a list: expressions that make streams are left to the interpreter.
//!
//! Source: jqlang.org, "jq 1.7 Manual"; the specification of the DSL, "Runtime expressions" (a failure is an error of
//! type `expression`).

mod interpret;
mod program;

pub(super) use interpret::whole;

use super::rules::{Out, Rules};
use super::term::Eval;
use super::{Failure, common, json, symbol};
use crate::Val;
use std::cmp::Ordering;
use workflow::{Expression, Function, Segment};

pub(super) struct Jq;

/// See [`Jq`].
pub(super) static RULES: Jq = Jq;

/// What an expression that may give several values stands for.
pub(super) fn stream(expression: &Expression) -> Val {
    symbol::fresh(&format!("a stream of values: {}", expression.text))
}

fn failed(message: impl Into<String>) -> Failure {
    Failure::new("errors/expression", message)
}

/// Whether a text has what the parsed form keeps no difference for.
pub(super) fn makes_streams(text: &str) -> bool {
    const WORDS: [&str; 14] = [
        "[]", "..", "empty", "recurse", "tojson", "@json", "ltrim", "rtrim", "match", "capture", "try",
        "error", "input", "limit",
    ];
    let mut open = Vec::new();
    let mut quoted = false;
    let mut before = ' ';
    for c in text.chars() {
        match c {
            '"' if before != '\\' => quoted = !quoted,
            _ if quoted => {}
            '(' | '[' | '{' => open.push(c),
            ')' | ']' | '}' => drop(open.pop()),
            ',' if !matches!(open.last(), Some('[' | '{')) => return true,
            ':' if open.last() == Some(&'[') => return true,
            _ => {}
        }
        before = c;
    }
    WORDS.iter().any(|w| text.contains(w))
}

impl Rules for Jq {
    fn name(&self) -> &'static str {
        "jq"
    }

    fn truth(&self, value: &Val) -> Option<bool> {
        match value {
            Val::Unknown(_) => None,
            value => Some(!matches!(value, Val::Null | Val::Bool(false))),
        }
    }

    /// `//` takes the first that is neither null nor false.
    fn passes(&self, value: Option<&Val>, _: &Eval<'_>) -> Option<bool> {
        value.map_or(Some(false), |v| self.truth(v))
    }

    /// Any two values have an order.
    fn order(&self, a: &Val, b: &Val) -> Result<Option<Ordering>, Failure> {
        let rank = |v: &Val| match v {
            Val::Null => 0,
            Val::Bool(false) => 1,
            Val::Bool(true) => 2,
            Val::Number(_) => 3,
            Val::Text(_) => 4,
            Val::List(_) => 5,
            _ => 6,
        };
        Ok(match (a, b) {
            (Val::List(x), Val::List(y)) => {
                for (a, b) in x.iter().zip(y.iter()) {
                    match self.order(a, b)? {
                        Some(Ordering::Equal) => {}
                        other => return Ok(other),
                    }
                }
                Some(x.len().cmp(&y.len()))
            }
            (Val::Map(x), Val::Map(y)) if x.is_empty() || y.is_empty() => Some(x.len().cmp(&y.len())),
            (Val::Map(_), Val::Map(_)) => return Err(failed("objects are ordered by the interpreter only")),
            _ if rank(a) == rank(b) => common::order(a, b).or(Some(Ordering::Equal)),
            _ => Some(rank(a).cmp(&rank(b))),
        })
    }

    fn step(&self, value: &Val, segment: &Segment, eval: &Eval<'_>) -> Option<Out> {
        match (value, segment) {
            (Val::Map(_) | Val::Null | Val::Unknown(_), Segment::Key(_)) => None,
            (Val::List(_) | Val::Null | Val::Unknown(_), Segment::Index(_)) => None,
            (_, Segment::Key(_) | Segment::Index(_)) if eval.text.contains('?') => {
                Some(Ok(Some(symbol::fresh("a member of what has none, perhaps asked with `?`"))))
            }
            (_, Segment::Key(key)) => Some(Err(failed(format!("cannot index this value with \"{key}\"")))),
            (_, Segment::Index(i)) => Some(Err(failed(format!("cannot index this value with {i}")))),
            _ => None,
        }
    }

    fn text(&self, value: &Val) -> Option<String> {
        Some(match value {
            Val::Text(t) => t.to_string(),
            other => json::write(other),
        })
    }

    fn call(&self, function: &Function, args: &[Option<Val>], _: &Eval<'_>) -> Option<Out> {
        let at = |i: usize| args.get(i).and_then(Option::as_ref).unwrap_or(&Val::Null);
        let unsure = |what: &str| Some(Ok(Some(symbol::fresh(what))));
        match function {
            Function::Contains | Function::In => match (at(0), at(1)) {
                (Val::Text(a), Val::Text(b)) if *function == Function::Contains => {
                    Some(Ok(Some(Val::Bool(a.contains(b.as_str())))))
                }
                (Val::Unknown(_), _) | (_, Val::Unknown(_)) => {
                    Some(Ok(Some(symbol::derived("jq:contains", args))))
                }
                _ => unsure("containing"),
            },
            Function::Length => match at(0) {
                Val::Text(t) => Some(Ok(Some(common::count(t.chars().count())))),
                Val::Number(n) => Some(Ok(Some(Val::Number(n.abs())))),
                Val::Bool(_) => Some(Err(failed("a boolean has no length"))),
                _ => None,
            },
            Function::StartsWith
            | Function::EndsWith
            | Function::Lower
            | Function::Upper
            | Function::Trim
                if common::known(args) && args.iter().any(|a| !matches!(a, Some(Val::Text(_)))) =>
            {
                Some(Err(failed("a function of texts on another value")))
            }
            // A number or boolean in an address needs no encoding.
            Function::UrlEncode if matches!(at(0), Val::Number(_) | Val::Bool(_)) => {
                Some(Ok(Some(Val::text(json::write(at(0))))))
            }
            Function::ToNumber | Function::ParseJson if common::known(args) => match at(0) {
                Val::Number(_) => None,
                Val::Text(t) => match json::parse(t) {
                    Some(value) if *function == Function::ParseJson || matches!(value, Val::Number(_)) => {
                        Some(Ok(Some(value)))
                    }
                    _ => Some(Err(failed(format!("`{t}` cannot be parsed")))),
                },
                _ => Some(Err(failed("what is no text cannot be parsed"))),
            },
            Function::Other(name) if common::known(args) => Some(
                arithmetic(name, at(0), at(1))
                    .unwrap_or_else(|| Ok(Some(symbol::fresh(&format!("function `{name}`"))))),
            ),
            _ => None,
        }
    }
}

fn arithmetic(name: &str, a: &Val, b: &Val) -> Option<Out> {
    let value = match (name, a, b) {
        ("+", Val::Null, x) | ("+", x, Val::Null) => x.clone(),
        ("+", Val::Number(x), Val::Number(y)) => Val::Number(x + y),
        ("+", Val::Text(x), Val::Text(y)) => Val::text(format!("{x}{y}")),
        ("+", Val::List(x), Val::List(y)) => Val::list(x.iter().chain(y.iter()).cloned().collect()),
        ("+" | "merge", Val::Map(x), Val::Map(y)) => {
            let mut entries = x.to_vec();
            y.iter().for_each(|(k, v)| super::term::set(&mut entries, k, v.clone()));
            Val::map(entries)
        }
        ("-", Val::Number(x), Val::Number(y)) => Val::Number(x - y),
        ("*", Val::Number(x), Val::Number(y)) => Val::Number(x * y),
        ("/", Val::Number(_), Val::Number(y)) if *y == 0.0 => return Some(Err(failed("division by zero"))),
        ("/", Val::Number(x), Val::Number(y)) => Val::Number(x / y),
        ("negate", Val::Number(x), _) => Val::Number(-x),
        _ => return None,
    };
    Some(Ok(Some(value)))
}
