//! JUEL, the unified expression language of Java, as Camunda 7 and Flowable have it: operands are coerced.
//!
//! Source: JSR 245, Expression Language 2.1, sections 1.5 to 1.8 (operators) and 1.18 (coercion); for the methods of JSON
//! variables docs.camunda.org, "Camunda Spin", "Reading JSON".

use super::rules::{Out, Rules};
use super::term::Eval;
use super::{Failure, common, symbol};
use crate::Val;
use std::cmp::Ordering;
use workflow::{Function, Reference};

pub(super) struct Juel;

/// See [`Juel`].
pub(super) static RULES: Juel = Juel;

fn failed(message: impl Into<String>) -> Failure {
    Failure::new("ELException", message)
}

impl Rules for Juel {
    fn name(&self) -> &'static str {
        "juel"
    }

    fn truth(&self, value: &Val) -> Option<bool> {
        match value {
            Val::Bool(b) => Some(*b),
            Val::Null => Some(false),
            Val::Text(t) => Some(t.eq_ignore_ascii_case("true")),
            _ => None,
        }
    }

    /// A variable that does not exist cannot be resolved; below a variable, what is not there depends on its class.
    fn absent(&self, reference: &Reference, eval: &Eval<'_>) -> Out {
        if eval.text.contains("getVariable") {
            return Ok(None);
        }
        match reference.path.len() {
            0 | 1 => Err(Failure::new(
                "PropertyNotFoundException",
                format!("the variable in `{}` does not exist", eval.text),
            )),
            _ => Ok(Some(symbol::fresh(&format!("a property that is not there in `{}`", eval.text)))),
        }
    }

    fn equal(&self, a: Option<&Val>, b: Option<&Val>, _: &Eval<'_>) -> Result<Option<bool>, Failure> {
        let (a, b) = (a.unwrap_or(&Val::Null), b.unwrap_or(&Val::Null));
        Ok(match (a, b) {
            (Val::Unknown(_), _) | (_, Val::Unknown(_)) => common::same(a, b),
            (Val::Null, _) | (_, Val::Null) => Some(a == b),
            (Val::Number(n), Val::Text(t)) | (Val::Text(t), Val::Number(n)) => Some(number(t)? == *n),
            (Val::Bool(x), Val::Text(t)) | (Val::Text(t), Val::Bool(x)) => {
                Some(t.eq_ignore_ascii_case("true") == *x)
            }
            _ => common::same(a, b),
        })
    }

    fn order(&self, a: &Val, b: &Val) -> Result<Option<Ordering>, Failure> {
        Ok(match (a, b) {
            (Val::Null, _) | (_, Val::Null) => None,
            (Val::Number(n), Val::Text(t)) => n.partial_cmp(&number(t)?),
            (Val::Text(t), Val::Number(n)) => number(t)?.partial_cmp(n),
            (Val::Text(_), Val::Text(_)) | (Val::Number(_), Val::Number(_)) => common::order(a, b),
            _ => return Err(failed("values that have no order were compared")),
        })
    }

    fn call(&self, function: &Function, args: &[Option<Val>], _: &Eval<'_>) -> Option<Out> {
        if !common::known(args) {
            return None;
        }
        let at = |i: usize| args.get(i).and_then(Option::as_ref).unwrap_or(&Val::Null);
        if let Function::Other(name) = function
            && let Some(value) = of_json(name, at(0), at(1))
        {
            return Some(value.map(Some));
        }
        let name = match function {
            Function::Concat if args.len() == 2 => "+",
            Function::Other(name) => name.as_str(),
            // Methods of nothing fail as Java does.
            Function::StartsWith
            | Function::EndsWith
            | Function::Lower
            | Function::Upper
            | Function::Trim
                if *at(0) == Val::Null =>
            {
                return Some(Err(Failure::new("NullPointerException", "a method of null was called")));
            }
            _ => return None,
        };
        let (left, right) = match (operand(at(0)), operand(at(1))) {
            (Ok(a), Ok(b)) => (a, b),
            (Err(failure), _) | (_, Err(failure)) if "+-*/".contains(name) => return Some(Err(failure)),
            _ => return None,
        };
        let value = match name {
            "+" => left + right,
            "-" if args.len() == 1 => -left,
            "-" => left - right,
            "*" => left * right,
            "/" => left / right,
            _ => return None,
        };
        Some(Ok(Some(Val::Number(value))))
    }
}

/// The methods of a JSON variable.
fn of_json(method: &str, json: &Val, argument: &Val) -> Option<Result<Val, Failure>> {
    let none = |what: &str| Failure::new("SpinJsonException", format!("the value has no {what}"));
    let is = |fits: bool, what: &str| if fits { Ok(json.clone()) } else { Err(none(what)) };
    let held = |key: &Val| match (json, key) {
        (Val::Map(entries), Val::Text(key)) => entries.iter().find(|(k, _)| k == key).map(|(_, v)| v.clone()),
        _ => None,
    };
    Some(match method {
        "prop" => held(argument).ok_or_else(|| none("such property")),
        "hasProp" => Ok(Val::Bool(held(argument).is_some())),
        "numberValue" => is(matches!(json, Val::Number(_)), "number"),
        "stringValue" => is(matches!(json, Val::Text(_)), "text"),
        "boolValue" => is(matches!(json, Val::Bool(_)), "truth value"),
        _ => return None,
    })
}

/// A text coerced to a number.
fn number(text: &str) -> Result<f64, Failure> {
    if text.is_empty() {
        return Ok(0.0);
    }
    text.parse().map_err(|_| failed(format!("`{text}` is no number")))
}

/// An operand of arithmetic.
fn operand(value: &Val) -> Result<f64, Failure> {
    match value {
        Val::Null => Ok(0.0),
        Val::Number(n) => Ok(*n),
        Val::Text(t) => number(t),
        _ => Err(failed("arithmetic on what is no number")),
    }
}
