//! JavaScript, as n8n and Node-RED have it in their expressions, and the conditions that both write as data.
//!
//! The parsed form does not tell `==` from `===`, `||` from `??`, a regular expression from its text, and the like: the
//! text of the expression decides where it can, and what remains open is unknown.
//!
//! Sources: ECMA-262; docs.n8n.io, "Expressions" and "Data transformation functions"; the n8n package `workflow`
//! (an error inside of `{{ }}` gives nothing); nodered.org, the page of the switch node.

pub(super) mod conditions;
#[cfg(feature = "javascript")]
mod engine;
#[cfg(feature = "javascript")]
mod names;
mod operators;
#[cfg(feature = "javascript")]
mod whole;

#[cfg(feature = "javascript")]
pub(super) use whole::whole;

use super::rules::{Out, Rules};
use super::term::Eval;
use super::{Failure, common, json, path, symbol};
use crate::Val;
use std::cmp::Ordering;
use workflow::{Function, Segment};

/// JavaScript in n8n or in Node-RED.
pub(super) struct Js {
    /// An error inside of `{{ }}` gives nothing.
    catches: bool,
}

/// n8n's.
pub(super) static RULES: Js = Js { catches: true };
/// Node-RED's.
pub(super) static NODE_RED: Js = Js { catches: false };

#[cfg(test)]
thread_local! {
    /// Whether an error was caught, for the laws in the tests.
    pub(super) static CAUGHT: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

/// Without an engine the text is not interpreted.
#[cfg(not(feature = "javascript"))]
pub(super) fn whole(_: &workflow::Expression, _: &dyn super::Scope) -> Option<Result<Val, Failure>> {
    None
}

fn type_error(message: impl Into<String>) -> Failure {
    Failure::new("TypeError", message)
}

fn unsure(what: &str) -> Option<Out> {
    Some(Ok(Some(symbol::fresh(what))))
}

impl Rules for Js {
    fn name(&self) -> &'static str {
        "js"
    }

    fn truth(&self, value: &Val) -> Option<bool> {
        truth(value)
    }

    fn gives_operand(&self) -> bool {
        true
    }

    fn passes(&self, value: Option<&Val>, eval: &Eval<'_>) -> Option<bool> {
        let value = value.unwrap_or(&Val::Null);
        let (or, nullish) = (eval.text.contains("||"), eval.text.contains("??"));
        match value {
            Val::Null => Some(false),
            Val::Unknown(_) => None,
            _ if eval.text.contains("$ifEmpty") || or == nullish => {
                let sure = truth(value) == Some(true) && common::empty(Some(value)) == Some(false);
                sure.then_some(true)
            }
            _ if or => truth(value),
            _ => Some(true),
        }
    }

    fn equal(&self, a: Option<&Val>, b: Option<&Val>, eval: &Eval<'_>) -> Result<Option<bool>, Failure> {
        Ok(equal(a, b, eval.text))
    }

    fn order(&self, a: &Val, b: &Val) -> Result<Option<Ordering>, Failure> {
        Ok(match (a, b) {
            (Val::Text(a), Val::Text(b)) => Some(a.encode_utf16().cmp(b.encode_utf16())),
            _ => match (operators::number(a), operators::number(b)) {
                (Some(a), Some(b)) => a.partial_cmp(&b),
                _ => None,
            },
        })
    }

    fn goes_on_from_nothing(&self) -> bool {
        true
    }

    /// A member of nothing is an error, unless the text asks with `?.`.
    fn step(&self, value: &Val, segment: &Segment, eval: &Eval<'_>) -> Option<Out> {
        match (value, segment) {
            (Val::Null, Segment::Key(_) | Segment::Index(_)) if eval.text.contains("?.") => {
                unsure("a member of nothing, perhaps asked with `?.`")
            }
            (Val::Null, Segment::Key(key)) => {
                Some(Err(type_error(format!("cannot read property `{key}` of null in `{}`", eval.text))))
            }
            (Val::Text(t), Segment::Key(key)) if key == "length" => {
                Some(Ok(Some(common::count(t.encode_utf16().count()))))
            }
            (Val::List(items), Segment::Key(key)) if key == "length" => {
                Some(Ok(Some(common::count(items.len()))))
            }
            (Val::List(_), Segment::Key(key)) => match key.parse() {
                Ok(index) => Some(path::walk(value.clone(), &[Segment::Index(index)], eval)),
                Err(_) => None,
            },
            (Val::List(items), Segment::Index(i)) if *i < 0 && eval.text.contains("[-") => {
                let _ = items;
                Some(Ok(None))
            }
            (Val::Text(_), Segment::Index(_)) => unsure("a character of a text"),
            _ => None,
        }
    }

    /// Numbers, truths and texts have one form; null, lists and objects have several.
    fn text(&self, value: &Val) -> Option<String> {
        match value {
            Val::Text(_) | Val::Number(_) | Val::Bool(_) => Some(common::text(value)),
            _ => None,
        }
    }

    fn call(&self, function: &Function, args: &[Option<Val>], eval: &Eval<'_>) -> Option<Out> {
        let at = |i: usize| args.get(i).and_then(Option::as_ref);
        let says = |word: &str| eval.text.contains(word);
        match function {
            Function::Less | Function::LessOrEquals | Function::Greater | Function::GreaterOrEquals
                if args.contains(&None) =>
            {
                Some(Ok(Some(Val::Bool(false))))
            }
            Function::Less | Function::LessOrEquals | Function::Greater | Function::GreaterOrEquals
                if args.contains(&Some(Val::Null)) && (says("undefined") || eval.text.is_empty())
                    || args.iter().any(|a| matches!(a, Some(Val::List(_) | Val::Map(_)))) =>
            {
                unsure("the order of nothing")
            }
            Function::Filter | Function::Map => unsure("a function over a list"),
            Function::Matches | Function::AddTime => unsure("a pattern or a moved moment"),
            Function::Length => length(at(0)),
            Function::Empty if at(0).is_none_or(|v| *v == Val::Null) => unsure("whether nothing is empty"),
            Function::Contains => contains(at(0), at(1), args.len(), eval),
            Function::StartsWith | Function::EndsWith if args.len() > 2 => unsure("a position in a text"),
            Function::StartsWith
            | Function::EndsWith
            | Function::Lower
            | Function::Upper
            | Function::Trim => match at(0) {
                Some(Val::Text(_) | Val::Unknown(_)) => None,
                _ => Some(Err(type_error(format!("not a function in `{}`", eval.text)))),
            },
            Function::Truthy if says("toBoolean") => unsure("toBoolean"),
            Function::ToText => to_text(at(0), &says),
            Function::ToNumber => match at(0) {
                Some(Val::Unknown(_)) => None,
                Some(Val::Number(n)) if n.fract() == 0.0 => Some(Ok(Some(Val::Number(*n)))),
                Some(Val::Text(t))
                    if !t.is_empty() && t.len() < 16 && t.bytes().all(|b| b.is_ascii_digit()) =>
                {
                    None
                }
                _ => unsure("one of several ways to a number"),
            },
            Function::UrlEncode if !says("encodeURIComponent") || says("encodeURI(") => {
                unsure("one of several ways to encode")
            }
            Function::ParseJson if common::known(args) => {
                let parsed = common::as_text(at(0)).and_then(json::parse);
                Some(parsed.map(Some).ok_or_else(|| Failure::new("SyntaxError", "the text is no JSON")))
            }
            Function::Concat if matches!(at(0), Some(Val::List(_))) => {
                let parts = args.iter().flatten().flat_map(|v| match v {
                    Val::List(items) => items.to_vec(),
                    other => vec![other.clone()],
                });
                let sure = !args.iter().flatten().any(|v| matches!(v, Val::Unknown(_)));
                if sure { Some(Ok(Some(Val::list(parts.collect())))) } else { None }
            }
            Function::Other(name) if common::known(args) => operators::call(name, args, eval),
            Function::Other(name) if name == "-" => operators::since(at(0), at(1), eval),
            _ => None,
        }
    }

    fn caught(&self, failure: Failure) -> Out {
        if !self.catches {
            return Err(failure);
        }
        #[cfg(test)]
        CAUGHT.set(true);
        Ok(None)
    }
}

/// JavaScript's idea of truth.
pub(super) fn truth(value: &Val) -> Option<bool> {
    match value {
        Val::Null => Some(false),
        Val::Bool(b) => Some(*b),
        Val::Number(n) => Some(*n != 0.0 && !n.is_nan()),
        Val::Text(t) => Some(!t.is_empty()),
        Val::List(_) | Val::Map(_) => Some(true),
        Val::Unknown(_) => None,
    }
}

/// `==` and `===`, which differ on values of different types: the text may tell which it is.
fn equal(a: Option<&Val>, b: Option<&Val>, text: &str) -> Option<bool> {
    if a.is_none() && b.is_none() {
        return Some(true);
    }
    let undefined = a.is_none() || b.is_none() || text.contains("undefined") || text.is_empty();
    let (a, b) = (a.unwrap_or(&Val::Null), b.unwrap_or(&Val::Null));
    let strict = text.contains("===") || text.contains("!==");
    let bare = text.replace("!==", "").replace("===", "");
    let loose = bare.contains("==") || bare.contains("!=");
    match (a, b) {
        (Val::Unknown(_), _) | (_, Val::Unknown(_)) => common::same(a, b),
        // Null and undefined are the same only loosely, and the text's `undefined` is read as null.
        (Val::Null, Val::Null) if strict && undefined => None,
        (Val::List(_) | Val::Map(_), _) | (_, Val::List(_) | Val::Map(_)) => match (a, b) {
            (Val::Null, _) | (_, Val::Null) => Some(false),
            _ => None,
        },
        _ if std::mem::discriminant(a) == std::mem::discriminant(b) => Some(a == b),
        _ => match operators::loosely(a, b) {
            Some(false) => Some(false),
            answer if loose && !strict => answer,
            _ if strict && !loose => Some(false),
            _ => None,
        },
    }
}

fn length(value: Option<&Val>) -> Option<Out> {
    match value {
        Some(Val::Text(_) | Val::List(_) | Val::Unknown(_)) => None,
        Some(map @ Val::Map(_)) => Some(Ok(path::key_of(map, "length"))),
        None | Some(Val::Null) => Some(Err(type_error("cannot read property `length` of null"))),
        Some(_) => Some(Ok(None)),
    }
}

/// `includes`, and `in` for objects.
fn contains(whole: Option<&Val>, part: Option<&Val>, count: usize, eval: &Eval<'_>) -> Option<Out> {
    match (whole, part) {
        (Some(Val::Unknown(_)), _) | (Some(Val::Text(_)), Some(Val::Text(_) | Val::Unknown(_)))
            if count == 2 =>
        {
            None
        }
        (Some(Val::List(_)), Some(part)) if count == 2 && !eval.text.contains(" in ") => {
            let plain = !matches!(part, Val::List(_) | Val::Map(_) | Val::Null);
            if plain { strictly_within(whole, part) } else { unsure("an object in a list") }
        }
        (Some(Val::Map(_)), Some(Val::Text(_))) if eval.text.contains(" in ") => None,
        (None | Some(Val::Null), _) => Some(Err(type_error("cannot read property `includes` of null"))),
        _ => unsure("whether one contains the other"),
    }
}

fn strictly_within(list: Option<&Val>, part: &Val) -> Option<Out> {
    let Some(Val::List(items)) = list else { return None };
    let answer = common::any(items.iter().map(|item| common::same(item, part)));
    Some(common::answer(answer, "includes", &[list.cloned(), Some(part.clone())]))
}

fn to_text(value: Option<&Val>, says: &dyn Fn(&str) -> bool) -> Option<Out> {
    let json = says("stringify") || says("toJsonString");
    let plain = says("String(") || says("toString") || says("toISO");
    match value {
        Some(Val::Unknown(_)) => None,
        Some(Val::Number(_) | Val::Bool(_)) if !says("toISO") => None,
        Some(Val::Text(_)) if !json && !says("toISO") => None,
        Some(value) if json && !plain && value.is_known() => Some(Ok(Some(Val::text(json::write(value))))),
        _ => unsure("one of several ways to a text"),
    }
}
