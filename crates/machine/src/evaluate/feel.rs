//! FEEL, as BPMN models of Camunda 8 have it: every operation on what it is not made for gives null.
//!
//! Source: OMG DMN 1.4, chapter 10.3 (semantics of FEEL), and docs.camunda.io, "FEEL expressions".

use super::rules::{Out, Rules};
use super::term::Eval;
use super::{common, symbol};
use crate::Val;
use workflow::Function;

pub(super) struct Feel;

/// See [`Feel`].
pub(super) static RULES: Feel = Feel;

impl Rules for Feel {
    fn name(&self) -> &'static str {
        "feel"
    }

    fn truth(&self, value: &Val) -> Option<bool> {
        if let Val::Bool(b) = value { Some(*b) } else { None }
    }

    /// Only true takes a way; null does not.
    fn holds(&self, value: &Val) -> Option<bool> {
        match value {
            Val::Unknown(_) => None,
            value => Some(*value == Val::Bool(true)),
        }
    }

    fn has_null_logic(&self) -> bool {
        true
    }

    fn call(&self, function: &Function, args: &[Option<Val>], eval: &Eval<'_>) -> Option<Out> {
        let at = |i: usize| args.get(i).and_then(Option::as_ref).unwrap_or(&Val::Null);
        let null = || Some(Ok(Some(Val::Null)));
        match function {
            Function::Equals | Function::NotEquals if !comparable(at(0), at(1)) => null(),
            Function::Less | Function::LessOrEquals | Function::Greater | Function::GreaterOrEquals => {
                let known = at(0).is_known() && at(1).is_known();
                if known && common::order(at(0), at(1)).is_none() { null() } else { None }
            }
            Function::In => Some(within(at(0), at(1), args, eval)),
            // `is defined` of Camunda: an absent variable is null, and null counts as undefined there.
            Function::Present => {
                let found = if let Val::Unknown(_) = at(0) { None } else { Some(*at(0) != Val::Null) };
                Some(common::answer(found, "is defined", args))
            }
            _ if !common::known(args) => None,
            Function::Concat => Some(sum(args)),
            Function::Other(name) => Some(on_known(name, args)),
            Function::Contains => match (at(0), at(1)) {
                (Val::Text(_), Val::Text(_)) | (Val::List(_), _) => None,
                _ => null(),
            },
            Function::StartsWith | Function::EndsWith | Function::Lower | Function::Upper
                if args.iter().any(|a| !matches!(a, Some(Val::Text(_)))) =>
            {
                null()
            }
            Function::Length => Some(Ok(Some(match at(0) {
                Val::Text(t) => common::count(t.chars().count()),
                Val::List(items) => common::count(items.len()),
                _ => Val::Null,
            }))),
            Function::ToNumber => {
                let number = common::as_text(Some(at(0))).and_then(|t| t.parse().ok());
                Some(Ok(Some(number.map_or(Val::Null, Val::Number))))
            }
            _ => None,
        }
    }
}

/// Values of one type, or null, can be compared for equality.
fn comparable(a: &Val, b: &Val) -> bool {
    let free = |v: &Val| matches!(v, Val::Null | Val::Unknown(_));
    free(a) || free(b) || std::mem::discriminant(a) == std::mem::discriminant(b)
}

/// `x in [1, 2]`.
fn within(item: &Val, list: &Val, args: &[Option<Val>], eval: &Eval<'_>) -> Out {
    let found = match list {
        Val::List(_) => common::contains(Some(list), Some(item), eval)?,
        Val::Unknown(_) => None,
        other => common::same(item, other),
    };
    common::answer(found, "in", args)
}

/// `+` adds numbers and joins texts.
fn sum(args: &[Option<Val>]) -> Out {
    let at = |i: usize| args.get(i).and_then(Option::as_ref).unwrap_or(&Val::Null);
    Ok(Some(match (at(0), at(1)) {
        (Val::Number(a), Val::Number(b)) => finite(a + b),
        (Val::Text(a), Val::Text(b)) => Val::text(format!("{a}{b}")),
        (Val::List(a), Val::List(b)) => Val::list(a.iter().chain(b.iter()).cloned().collect()),
        _ => Val::Null,
    }))
}

fn finite(n: f64) -> Val {
    if n.is_finite() { Val::Number(n) } else { Val::Null }
}

fn on_known(name: &str, args: &[Option<Val>]) -> Out {
    let at = |i: usize| args.get(i).and_then(Option::as_ref).unwrap_or(&Val::Null);
    let value = match (name, at(0), at(1)) {
        ("-", Val::Number(a), Val::Null) if args.len() == 1 => Val::Number(-a),
        ("-", Val::Number(a), Val::Number(b)) => finite(a - b),
        ("*", Val::Number(a), Val::Number(b)) => finite(a * b),
        ("/", Val::Number(a), Val::Number(b)) => finite(a / b),
        ("-" | "*" | "/", Val::Text(_), Val::Text(_)) => {
            return Ok(Some(symbol::fresh("a duration or date")));
        }
        ("-" | "*" | "/", _, _) => Val::Null,
        ("floor", Val::Number(n), _) if args.len() == 1 => Val::Number(n.floor()),
        ("ceiling", Val::Number(n), _) if args.len() == 1 => Val::Number(n.ceil()),
        ("abs", Val::Number(n), _) => Val::Number(n.abs()),
        ("is empty", Val::List(items), _) => Val::Bool(items.is_empty()),
        ("append", Val::List(items), value) if args.len() == 2 => {
            Val::list(items.iter().chain([value]).cloned().collect())
        }
        ("substring before", Val::Text(t), Val::Text(by)) => {
            Val::text(t.split_once(by.as_str()).map_or("", |p| p.0))
        }
        ("substring after", Val::Text(t), Val::Text(by)) => {
            Val::text(t.split_once(by.as_str()).map_or("", |p| p.1))
        }
        _ => symbol::fresh(&format!("function `{name}`")),
    };
    Ok(Some(value))
}
