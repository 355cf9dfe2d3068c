//! Functions and comparisons as most languages have them.

use super::rules::Out;
use super::term::{Eval, MAX_TEXT};
use super::{Failure, json, symbol};
use crate::Val;
use regex::{Regex, RegexBuilder};
use rustc_hash::FxHashMap;
use std::cell::RefCell;
use std::cmp::Ordering;
use std::rc::Rc;
use workflow::Function;

/// Whether two values are the same; none where an unknown part decides.
pub(super) fn same(a: &Val, b: &Val) -> Option<bool> {
    match (a, b) {
        (Val::Unknown(a), Val::Unknown(b)) if a == b && !symbol::is_fresh(a) => Some(true),
        (Val::Unknown(_), _) | (_, Val::Unknown(_)) => None,
        (Val::List(a), Val::List(b)) if a.len() == b.len() => {
            every(a.iter().zip(b.iter()).map(|(a, b)| same(a, b)))
        }
        (Val::Map(a), Val::Map(b)) if a.len() == b.len() => {
            let other = |key: &str| b.iter().find(|(k, _)| k == key).map(|(_, v)| v);
            every(a.iter().map(|(k, v)| other(k).map_or(Some(false), |w| same(v, w))))
        }
        (a, b) => Some(a == b),
    }
}

/// `and` over answers that may not be known.
fn every(answers: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut known = true;
    for answer in answers {
        match answer {
            Some(false) => return Some(false),
            Some(true) => {}
            None => known = false,
        }
    }
    known.then_some(true)
}

/// `or` over answers that may not be known.
pub(super) fn any(answers: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    every(answers.map(|a| a.map(|b| !b))).map(|b| !b)
}

/// How two known values of one type are ordered.
pub(super) fn order(a: &Val, b: &Val) -> Option<Ordering> {
    match (a, b) {
        (Val::Number(a), Val::Number(b)) => a.partial_cmp(b),
        (Val::Text(a), Val::Text(b)) => Some(a.cmp(b)),
        (Val::Bool(a), Val::Bool(b)) => Some(a.cmp(b)),
        _ => None,
    }
}

/// A known value as part of a text: texts as they are, null as nothing, lists and objects as JSON.
pub(super) fn text(value: &Val) -> String {
    match value {
        Val::Null => String::new(),
        Val::Text(t) => t.to_string(),
        other => json::write(other),
    }
}

/// Values joined to one text.
pub(super) fn join(values: &[Option<Val>], eval: &Eval<'_>) -> Out {
    if !known(values) {
        return Ok(Some(symbol::derived("text", values)));
    }
    let mut out = String::new();
    for value in values {
        match eval.rules.text(value.as_ref().unwrap_or(&Val::Null)) {
            Some(part) => out.push_str(&part),
            None => return Ok(Some(symbol::fresh("a value in a text"))),
        }
        if out.len() > MAX_TEXT {
            return Ok(Some(symbol::fresh("a text that is too long")));
        }
    }
    Ok(Some(Val::text(out)))
}

/// Nothing unknown inside.
pub(super) fn known(values: &[Option<Val>]) -> bool {
    values.iter().flatten().all(Val::is_known)
}

/// An answer as a value; named by what was asked where it is not known.
pub(super) fn answer(answer: Option<bool>, name: &str, args: &[Option<Val>]) -> Out {
    Ok(Some(answer.map_or_else(|| symbol::derived(name, args), Val::Bool)))
}

/// A shared function on values.
pub(super) fn call(function: &Function, args: &[Option<Val>], eval: &Eval<'_>) -> Out {
    let name = name_of(function, eval);
    let at = |i: usize| args.get(i).and_then(Option::as_ref);
    let said = |given: Option<bool>| answer(given, &name, args);
    if !known(args) && !decides_in_part(function, at(0), at(1)) {
        return Ok(Some(match function {
            Function::Random => symbol::fresh("chance"),
            _ => symbol::derived(&name, args),
        }));
    }
    match function {
        Function::Equals => said(eval.rules.equal(at(0), at(1), eval)?),
        Function::NotEquals => {
            let equal = eval.rules.equal(at(0), at(1), eval)?;
            said(equal.map(|b| !b))
        }
        Function::Not if eval.rules.has_null_logic() && matches!(at(0), None | Some(Val::Null)) => {
            Ok(Some(Val::Null))
        }
        Function::Not => said(eval.rules.truth(at(0).unwrap_or(&Val::Null)).map(|b| !b)),
        Function::Truthy => said(eval.rules.truth(at(0).unwrap_or(&Val::Null))),
        Function::Less | Function::LessOrEquals | Function::Greater | Function::GreaterOrEquals => {
            said(compared(function, at(0), at(1), eval)?)
        }
        Function::EqualsIgnoreCase => said(ignoring_case(at(0), at(1))),
        Function::Contains => said(contains(at(0), at(1), eval)?),
        Function::In => said(contains(at(1), at(0), eval)?),
        Function::Empty => said(empty(at(0))),
        Function::Length => length(at(0), &name, args),
        Function::First | Function::Last => end(at(0), *function == Function::First, &name, args),
        Function::Concat if args.iter().flatten().all(|v| !matches!(v, Val::List(_) | Val::Map(_))) => {
            join(args, eval)
        }
        Function::Now => {
            let now = eval.scope.now().and_then(|ms| eval.rules.moment(ms));
            Ok(Some(now.unwrap_or_else(|| symbol::fresh("now"))))
        }
        Function::Random => Ok(Some(symbol::fresh("chance"))),
        _ => on_known(function, args, eval),
    }
}

/// Functions that may know their result before all parts of their arguments are known.
fn decides_in_part(function: &Function, first: Option<&Val>, second: Option<&Val>) -> bool {
    let list = |v: Option<&Val>| matches!(v, Some(Val::List(_)));
    match function {
        Function::Equals
        | Function::NotEquals
        | Function::EqualsIgnoreCase
        | Function::Not
        | Function::Truthy => true,
        Function::Length | Function::First | Function::Last | Function::Empty | Function::Contains => {
            list(first)
        }
        Function::In => list(second),
        _ => false,
    }
}

/// The name under which a function's unknown results are kept.
pub(super) fn name_of(function: &Function, eval: &Eval<'_>) -> String {
    match function {
        Function::Other(name) => format!("{}:{name}", eval.rules.name()),
        other => format!("{}:{other:?}", eval.rules.name()),
    }
}

fn compared(
    function: &Function,
    left: Option<&Val>,
    right: Option<&Val>,
    eval: &Eval<'_>,
) -> Result<Option<bool>, Failure> {
    let (left, right) = (left.unwrap_or(&Val::Null), right.unwrap_or(&Val::Null));
    if !left.is_known() || !right.is_known() {
        return Ok(None);
    }
    let order = eval.rules.order(left, right)?;
    Ok(Some(match function {
        Function::Less => order == Some(Ordering::Less),
        Function::LessOrEquals => matches!(order, Some(Ordering::Less | Ordering::Equal)),
        Function::Greater => order == Some(Ordering::Greater),
        _ => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
    }))
}

fn ignoring_case(left: Option<&Val>, right: Option<&Val>) -> Option<bool> {
    match (left.unwrap_or(&Val::Null), right.unwrap_or(&Val::Null)) {
        (Val::Text(a), Val::Text(b)) => Some(a.to_lowercase() == b.to_lowercase()),
        (a, b) => same(a, b),
    }
}

/// An item in a list, a part in a text, a key in an object.
pub(super) fn contains(
    whole: Option<&Val>,
    part: Option<&Val>,
    eval: &Eval<'_>,
) -> Result<Option<bool>, Failure> {
    let part = part.unwrap_or(&Val::Null);
    Ok(match (whole.unwrap_or(&Val::Null), part) {
        (Val::Unknown(_), _) => None,
        (Val::List(items), _) => {
            let answers: Result<Vec<Option<bool>>, Failure> =
                items.iter().map(|item| eval.rules.equal(Some(item), Some(part), eval)).collect();
            any(answers?.into_iter())
        }
        (_, Val::Unknown(_)) => None,
        (Val::Text(whole), Val::Text(part)) => Some(whole.contains(part.as_str())),
        (Val::Text(whole), part @ (Val::Number(_) | Val::Bool(_))) => {
            eval.rules.text(part).map(|p| whole.contains(&p))
        }
        (Val::Map(entries), Val::Text(key)) => Some(entries.iter().any(|(k, _)| k == key)),
        _ => Some(false),
    })
}

/// Null, or without content.
pub(super) fn empty(value: Option<&Val>) -> Option<bool> {
    match value {
        None | Some(Val::Null) => Some(true),
        Some(Val::Text(t)) => Some(t.is_empty()),
        Some(Val::List(items)) => Some(items.is_empty()),
        Some(Val::Map(entries)) => Some(entries.is_empty()),
        Some(Val::Unknown(_)) => None,
        Some(_) => Some(false),
    }
}

#[allow(clippy::cast_precision_loss)] // lengths are far below 2^53
pub(super) fn count(n: usize) -> Val {
    Val::Number(n as f64)
}

fn length(value: Option<&Val>, name: &str, args: &[Option<Val>]) -> Out {
    Ok(Some(match value {
        Some(Val::List(items)) => count(items.len()),
        Some(Val::Map(entries)) => count(entries.len()),
        Some(Val::Text(t)) => count(t.encode_utf16().count()),
        None | Some(Val::Null) => Val::Number(0.0),
        Some(Val::Unknown(_)) => symbol::derived(name, args),
        Some(_) => symbol::fresh("the length of what has none"),
    }))
}

fn end(value: Option<&Val>, first: bool, name: &str, args: &[Option<Val>]) -> Out {
    Ok(match value {
        Some(Val::List(items)) => if first { items.first() } else { items.last() }.cloned(),
        Some(Val::Text(t)) => {
            let c = if first { t.chars().next() } else { t.chars().next_back() };
            c.map(|c| Val::text(c.to_string()))
        }
        Some(Val::Unknown(_)) => Some(symbol::derived(name, args)),
        Some(_) => Some(symbol::fresh("an item of what is no list")),
        None => None,
    })
}

/// Functions that need all of their arguments.
fn on_known(function: &Function, args: &[Option<Val>], eval: &Eval<'_>) -> Out {
    let texts: Option<Vec<&str>> = args.iter().map(|a| as_text(a.as_ref())).collect();
    let made = match (function, texts.as_deref()) {
        (Function::StartsWith, Some([a, b])) => Some(Val::Bool(a.starts_with(b))),
        (Function::EndsWith, Some([a, b])) => Some(Val::Bool(a.ends_with(b))),
        (Function::StartsWith | Function::EndsWith, None) => Some(Val::Bool(false)),
        (Function::Lower, Some([t])) => Some(Val::text(t.to_lowercase())),
        (Function::Upper, Some([t])) => Some(Val::text(t.to_uppercase())),
        (Function::Trim, Some([t])) => Some(Val::text(t.trim())),
        (Function::UrlEncode, Some([t])) => Some(Val::text(url_encoded(t))),
        (Function::ParseJson, Some([t])) => json::parse(t),
        (Function::Matches, Some([t, pattern])) => matches(t, pattern).map(Val::Bool),
        (Function::ToNumber, _) => to_number(args.first().and_then(Option::as_ref)),
        (Function::ToText, _) => {
            let value = args.first().and_then(Option::as_ref).unwrap_or(&Val::Null);
            eval.rules.text(value).map(Val::text)
        }
        _ => None,
    };
    Ok(Some(made.unwrap_or_else(|| symbol::fresh(&format!("{} on these values", name_of(function, eval))))))
}

pub(super) fn as_text(value: Option<&Val>) -> Option<&str> {
    match value {
        Some(Val::Text(t)) => Some(t),
        _ => None,
    }
}

fn to_number(value: Option<&Val>) -> Option<Val> {
    match value? {
        Val::Number(n) => Some(Val::Number(*n)),
        Val::Text(t) => t.trim().parse().ok().filter(|n: &f64| n.is_finite()).map(Val::Number),
        _ => None,
    }
}

/// Whether a pattern is found; none where it is no pattern that can be matched in linear time.
pub(super) fn matches(text: &str, pattern: &str) -> Option<bool> {
    // The common part of the dialects: what they understand differently is left alone.
    if pattern.len() > 1000 || pattern.contains("(?") || pattern.contains("\\p") {
        return None;
    }
    compiled(pattern).map(|p| p.is_match(text))
}

/// So many patterns are kept compiled by a thread, which takes a thousand times as long as matching: proofs ask the same
/// few over and over.
const MOST_PATTERNS: usize = 16;

/// A pattern, compiled once; none where it is no pattern.
fn compiled(pattern: &str) -> Option<Rc<Regex>> {
    thread_local! {
        static KNOWN: RefCell<FxHashMap<String, Option<Rc<Regex>>>> = RefCell::default();
    }
    KNOWN.with_borrow_mut(|known| {
        if let Some(regex) = known.get(pattern) {
            return regex.clone();
        }
        if known.len() >= MOST_PATTERNS {
            known.clear();
        }
        let regex = RegexBuilder::new(pattern).size_limit(1 << 20).build().ok().map(Rc::new);
        known.insert(pattern.to_owned(), regex.clone());
        regex
    })
}

/// Percent-encoded but for the characters that `encodeURIComponent` leaves.
pub(super) fn url_encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for b in text.bytes() {
        if b.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&b) {
            out.push(char::from(b));
        } else {
            out.push_str(&format!("%{b:02X}"));
        }
    }
    out
}
