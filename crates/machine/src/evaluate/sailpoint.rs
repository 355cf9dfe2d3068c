//! SailPoint: Jayway's JSONPath, `{{$.path}}` in texts, and the comparators of choices.
//!
//! Sources: developer.sailpoint.com, "Workflow Operators" (comparators and their types) and "JSONPath" for workflows.
//! What a comparator does with a path that leads to nothing is not documented: it is unknown here.

use super::rules::{Out, Rules};
use super::term::Eval;
use super::{Failure, common, predicate, symbol, time};
use crate::Val;
use std::cmp::Ordering;
use workflow::{Function, Reference};

pub(super) struct SailPoint;

/// See [`SailPoint`].
pub(super) static RULES: SailPoint = SailPoint;

impl Rules for SailPoint {
    fn name(&self) -> &'static str {
        "sailpoint"
    }

    fn absent(&self, reference: &Reference, _: &Eval<'_>) -> Out {
        Ok(Some(symbol::fresh(&format!("a path that leads to nothing in {:?}", reference.root))))
    }

    fn equal(&self, a: Option<&Val>, b: Option<&Val>, _: &Eval<'_>) -> Result<Option<bool>, Failure> {
        Ok(equal(a.unwrap_or(&Val::Null), b.unwrap_or(&Val::Null)))
    }

    fn order(&self, a: &Val, b: &Val) -> Result<Option<Ordering>, Failure> {
        Ok(match (a, b) {
            // Moments are ordered as moments.
            (Val::Text(x), Val::Text(y)) => match (time::instant(x), time::instant(y)) {
                (Some(x), Some(y)) => Some(x.cmp(&y)),
                _ => Some(x.cmp(y)),
            },
            (Val::Number(n), Val::Text(t)) => t.parse().ok().and_then(|m| n.partial_cmp(&m)),
            (Val::Text(t), Val::Number(n)) => t.parse().ok().and_then(|m: f64| m.partial_cmp(n)),
            _ => common::order(a, b),
        })
    }

    fn call(&self, function: &Function, args: &[Option<Val>], _: &Eval<'_>) -> Option<Out> {
        let Function::Other(name) = function else { return None };
        let value = args.first()?.as_ref();
        let is = |test: bool| Some(Ok(Some(Val::Bool(test))));
        match (name.as_str(), value) {
            (_, Some(Val::Unknown(_))) => None,
            ("isString", v) => is(matches!(v, Some(Val::Text(_)))),
            ("isNumeric" | "isNumber", v) => is(matches!(v, Some(Val::Number(_)))),
            ("isBoolean", v) => is(matches!(v, Some(Val::Bool(_)))),
            ("isTimestamp", v) => is(common::as_text(v).is_some_and(|t| time::instant(t).is_some())),
            ("min" | "max" | "avg" | "sum", Some(Val::List(items))) => aggregate(name, items),
            ("keys", Some(Val::Map(entries))) => {
                let keys = entries.iter().map(|(k, _)| Val::Text(k.clone())).collect();
                Some(Ok(Some(Val::list(keys))))
            }
            _ => None,
        }
    }

    fn filter(&self, items: &[Val], condition: &str, _: &Eval<'_>) -> Option<Vec<Val>> {
        predicate::filter(items, condition)
    }
}

/// Operands of one type are compared; what becomes of others is not documented but for numbers as text.
fn equal(a: &Val, b: &Val) -> Option<bool> {
    match (a, b) {
        (Val::Text(t), Val::Bool(x)) | (Val::Bool(x), Val::Text(t)) => match t.as_str() {
            "true" => Some(*x),
            "false" => Some(!*x),
            _ => None,
        },
        (Val::Text(t), Val::Number(n)) | (Val::Number(n), Val::Text(t)) => {
            t.parse().ok().map(|m: f64| (m - n).abs() == 0.0)
        }
        (Val::Null, Val::Null) => Some(true),
        (Val::Null, _) | (_, Val::Null) if a.is_known() && b.is_known() => Some(false),
        // Whether a list that a filter gives stands for its one item is not documented: where no item is the same, it
        // makes no difference.
        (Val::List(items), one) | (one, Val::List(items))
            if !matches!(one, Val::List(_) | Val::Unknown(_)) =>
        {
            items.iter().all(|item| equal(item, one) == Some(false)).then_some(false)
        }
        _ if std::mem::discriminant(a) != std::mem::discriminant(b) => None,
        _ => common::same(a, b),
    }
}

/// The functions at the end of a path that need numbers.
#[allow(clippy::cast_precision_loss)] // lists are far shorter than 2^53
fn aggregate(name: &str, items: &[Val]) -> Option<Out> {
    let number = |v: &Val| if let Val::Number(n) = v { Some(*n) } else { None };
    let numbers: Vec<f64> = items.iter().map(number).collect::<Option<_>>()?;
    let sum: f64 = numbers.iter().sum();
    let found = match name {
        "sum" => sum,
        _ if numbers.is_empty() => return None,
        "avg" => sum / numbers.len() as f64,
        "min" => numbers.iter().copied().fold(f64::INFINITY, f64::min),
        _ => numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max),
    };
    Some(Ok(Some(Val::Number(found))))
}
