//! Operators of JSONata on values, and how values become texts.

use super::interpret::{Found, MAX_ITEMS, Stop, failed, items, sequence};
use crate::Val;
use crate::evaluate::{common, json, path};
use std::cmp::Ordering;

/// JSONata's idea of truth.
pub(super) fn truth(value: Option<&Val>) -> bool {
    match value {
        None | Some(Val::Null | Val::Unknown(_)) => false,
        Some(Val::Bool(b)) => *b,
        Some(Val::Number(n)) => *n != 0.0,
        Some(Val::Text(t)) => !t.is_empty(),
        Some(Val::Map(entries)) => !entries.is_empty(),
        Some(Val::List(items)) => items.iter().any(|i| truth(Some(i))),
    }
}

/// A field of an object, or of every object in a list.
pub(super) fn field(context: &Val, name: &str) -> Option<Val> {
    match context {
        Val::List(list) => {
            sequence(list.iter().filter_map(|v| field(v, name)).flat_map(|v| items(Some(v))).collect(), false)
        }
        other => path::key_of(other, name),
    }
}

/// Every value of an object, or every item of a list, lists among them flattened. With such a list it is no sequence any
/// more: one value stays a list.
pub(super) fn every(context: Option<Val>) -> Option<Val> {
    let values: Vec<Val> = match context {
        Some(Val::Map(entries)) => entries.iter().map(|(_, v)| v.clone()).collect(),
        Some(Val::List(list)) => list.to_vec(),
        _ => Vec::new(),
    };
    let lists = values.iter().any(|v| matches!(v, Val::List(_)));
    let mut found = Vec::new();
    values.into_iter().for_each(|v| flatten(v, &mut found));
    if lists { Some(Val::list(found)) } else { sequence(found, false) }
}

fn flatten(value: Val, found: &mut Vec<Val>) {
    match value {
        Val::List(items) => items.iter().for_each(|v| flatten(v.clone(), found)),
        other => found.push(other),
    }
}

pub(super) fn applied(sign: &str, a: Option<Val>, b: Option<Val>) -> Found {
    Ok(match sign {
        "=" | "!=" => {
            let same = match (&a, &b) {
                (Some(a), Some(b)) => a == b,
                _ => return Ok(Some(Val::Bool(false))),
            };
            Some(Val::Bool(same == (sign == "=")))
        }
        "<" | "<=" | ">" | ">=" => return compared(sign, a, b),
        "&" => Some(Val::text(shown(a) + &shown(b))),
        "in" => match (a, b) {
            (Some(a), Some(b)) => Some(Val::Bool(items(Some(b)).contains(&a))),
            _ => Some(Val::Bool(false)),
        },
        ".." => return range(a, b),
        _ => return arithmetic(sign, a, b),
    })
}

fn compared(sign: &str, a: Option<Val>, b: Option<Val>) -> Found {
    let comparable = |v: &Option<Val>| matches!(v, None | Some(Val::Number(_) | Val::Text(_)));
    if !comparable(&a) || !comparable(&b) {
        return failed("only numbers and texts are compared");
    }
    let (Some(a), Some(b)) = (a, b) else { return Ok(None) };
    let Some(order) = common::order(&a, &b) else { return failed("two values of one type are compared") };
    Ok(Some(Val::Bool(match sign {
        "<" => order == Ordering::Less,
        "<=" => order != Ordering::Greater,
        ">" => order == Ordering::Greater,
        _ => order != Ordering::Less,
    })))
}

fn arithmetic(sign: &str, a: Option<Val>, b: Option<Val>) -> Found {
    let number = |v: &Option<Val>| match v {
        None => Ok(None),
        Some(Val::Number(n)) => Ok(Some(*n)),
        Some(_) => failed("arithmetic needs numbers"),
    };
    let (Some(x), Some(y)) = (number(&a)?, number(&b)?) else { return Ok(None) };
    let value = match sign {
        "+" => x + y,
        "-" => x - y,
        "*" => x * y,
        "/" => x / y,
        "%" => x % y,
        _ => return Err(Stop::Unknown),
    };
    if value.is_finite() { Ok(Some(Val::Number(value))) } else { failed("a number out of range") }
}

fn range(a: Option<Val>, b: Option<Val>) -> Found {
    let whole = |v: &Option<Val>| match v {
        None => Ok(None),
        Some(Val::Number(n)) if n.fract() == 0.0 => Ok(Some(*n as i64)),
        Some(_) => failed("a range needs whole numbers"),
    };
    let (Some(from), Some(to)) = (whole(&a)?, whole(&b)?) else { return Ok(None) };
    if from > to {
        return Ok(None);
    }
    if to - from >= MAX_ITEMS as i64 {
        return Err(Stop::Unknown);
    }
    Ok(Some(Val::list((from..=to).map(|n| Val::Number(n as f64)).collect())))
}

/// A value as part of a text.
pub(super) fn shown(value: Option<Val>) -> String {
    match value {
        None => String::new(),
        Some(Val::Text(t)) => t.to_string(),
        Some(other) => json::write(&rounded(other)),
    }
}

/// Numbers in texts have fifteen significant digits.
fn rounded(value: Val) -> Val {
    match value {
        Val::Number(n) => Val::Number(format!("{n:.14e}").parse().unwrap_or(n)),
        Val::List(items) => Val::list(items.iter().cloned().map(rounded).collect()),
        Val::Map(entries) => Val::map(entries.iter().map(|(k, v)| (k.clone(), rounded(v.clone()))).collect()),
        other => other,
    }
}
