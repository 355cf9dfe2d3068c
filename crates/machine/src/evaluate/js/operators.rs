//! Operators of JavaScript on known values, and the methods whose meaning the parsed form keeps.

use super::{type_error, unsure};
use crate::Val;
use crate::evaluate::rules::Out;
use crate::evaluate::term::Eval;
use crate::evaluate::{path, symbol};
use workflow::Segment;

/// A primitive as a number; none for lists and objects.
pub(super) fn number(value: &Val) -> Option<f64> {
    match value {
        Val::Null => Some(0.0),
        Val::Bool(b) => Some(f64::from(u8::from(*b))),
        Val::Number(n) => Some(*n),
        Val::Text(t) => Some(match t.trim() {
            "" => 0.0,
            t if t.starts_with(['+', '-', '.']) || t.starts_with(|c: char| c.is_ascii_digit()) => {
                t.parse().unwrap_or(f64::NAN)
            }
            _ => f64::NAN,
        }),
        _ => None,
    }
}

/// `==` on primitives of different types; none for lists and objects.
pub(super) fn loosely(a: &Val, b: &Val) -> Option<bool> {
    match (a, b) {
        (Val::Null, _) | (_, Val::Null) => Some(a == b),
        _ => Some(number(a)? == number(b)?),
    }
}

/// An operator or a method by its name.
pub(super) fn call(name: &str, args: &[Option<Val>], eval: &Eval<'_>) -> Option<Out> {
    let at = |i: usize| args.get(i).and_then(Option::as_ref).unwrap_or(&Val::Null);
    match name {
        "+" => Some(plus(at(0), at(1))),
        "-" | "*" | "/" | "%" | "**" => Some(arithmetic(name, at(0), at(1))),
        "negate" => Some(arithmetic("*", at(0), &Val::Number(-1.0))),
        "typeof" => type_of(args.first()?.as_ref()),
        "Array.isArray" => Some(Ok(Some(Val::Bool(matches!(at(0), Val::List(_)))))),
        "Object.keys" | "Object.values" => members(at(0), name == "Object.keys"),
        "split" => split(at(0), args),
        "isNumeric" => is_numeric(at(0)),
        "get" => match at(1) {
            Val::Text(key) => member(at(0), &Segment::Key(key.clone()), eval),
            Val::Number(n) if n.fract() == 0.0 && n.abs() < 1e9 => {
                member(at(0), &Segment::Index(*n as i64), eval)
            }
            _ => unsure("a member by a computed name"),
        },
        _ => unsure(&format!("function `{name}`")),
    }
}

/// The names or the values of an object. Names that are numbers would come first, in their order.
fn members(of: &Val, names: bool) -> Option<Out> {
    let found = match of {
        Val::Map(entries) if entries.iter().any(|(k, _)| k.parse::<u32>().is_ok()) => {
            return unsure("the order of names that are numbers");
        }
        Val::Map(entries) if names => entries.iter().map(|(k, _)| Val::Text(k.clone())).collect(),
        Val::Map(entries) => entries.iter().map(|(_, v)| v.clone()).collect(),
        Val::List(items) if names => (0..items.len()).map(|i| Val::text(i.to_string())).collect(),
        Val::List(items) => items.to_vec(),
        Val::Null => return Some(Err(type_error("the members of nothing"))),
        _ => return unsure("the members of what is no object"),
    };
    Some(Ok(Some(Val::list(found))))
}

/// A text taken apart at a separator that means the same as a text and as a regular expression, whatever its flags: the
/// parsed form does not tell which it was.
fn split(text: &Val, args: &[Option<Val>]) -> Option<Out> {
    let plain = |c: char| c.is_ascii_digit() || " ,;:@_=&%#/<>\"'\n\t".contains(c);
    match (text, args) {
        (Val::Text(text), [_, Some(Val::Text(by))]) if !by.is_empty() && by.chars().all(plain) => {
            Some(Ok(Some(Val::list(text.split(by.as_str()).map(Val::text).collect()))))
        }
        _ => unsure("function `split`"),
    }
}

/// n8n's `isNumeric`, where every reading of "a number" agrees.
fn is_numeric(text: &Val) -> Option<Out> {
    let Val::Text(text) = text else { return unsure("function `isNumeric`") };
    let digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    if digits(whole) && digits(part) {
        return Some(Ok(Some(Val::Bool(true))));
    }
    let word = text.chars().all(char::is_alphabetic) && !matches!(text.as_str(), "Infinity" | "NaN" | "");
    if word { Some(Ok(Some(Val::Bool(false)))) } else { unsure("function `isNumeric`") }
}

/// A difference with the moment of evaluation: as a number, a moment is the milliseconds since 1970 however it was asked.
pub(super) fn since(a: Option<&Val>, b: Option<&Val>, eval: &Eval<'_>) -> Option<Out> {
    let now = symbol::fresh("now");
    let milliseconds = |v: Option<&Val>| match v {
        Some(v) if *v == now => eval.scope.now().map(|ms| Val::Number(ms as f64)),
        Some(Val::Number(n)) => Some(Val::Number(*n)),
        _ => None,
    };
    let (Some(a), Some(b)) = (milliseconds(a), milliseconds(b)) else { return None };
    Some(arithmetic("-", &a, &b))
}

fn member(of: &Val, segment: &Segment, eval: &Eval<'_>) -> Option<Out> {
    match of {
        Val::Map(_) | Val::List(_) => Some(path::walk(of.clone(), std::slice::from_ref(segment), eval)),
        Val::Null if !eval.text.contains("?.") => Some(Err(type_error("a member of null"))),
        _ => unsure("a member of a value"),
    }
}

fn plus(a: &Val, b: &Val) -> Out {
    let text = |v: &Val| matches!(v, Val::Text(_));
    let simple = |v: &Val| matches!(v, Val::Text(_) | Val::Number(_) | Val::Bool(_));
    Ok(Some(match (a, b) {
        _ if !simple(a) || !simple(b) => symbol::fresh("`+` on lists, objects or nothing"),
        _ if text(a) || text(b) => {
            let shown = crate::evaluate::common::text;
            Val::text(format!("{}{}", shown(a), shown(b)))
        }
        _ => return arithmetic("+", a, b),
    }))
}

fn arithmetic(operator: &str, a: &Val, b: &Val) -> Out {
    let (Some(x), Some(y)) = (number(a), number(b)) else {
        return Ok(Some(symbol::fresh("arithmetic on a list or object")));
    };
    // An absent value is not a number, null is zero: both are null here.
    if *a == Val::Null || *b == Val::Null {
        return Ok(Some(symbol::fresh("arithmetic on nothing")));
    }
    let value = match operator {
        "+" => x + y,
        "-" => x - y,
        "*" => x * y,
        "/" => x / y,
        "%" => x % y,
        _ => x.powf(y),
    };
    Ok(Some(Val::Number(value)))
}

fn type_of(value: Option<&Val>) -> Option<Out> {
    let name = match value {
        Some(Val::Bool(_)) => "boolean",
        Some(Val::Number(_)) => "number",
        Some(Val::Text(_)) => "string",
        Some(Val::List(_) | Val::Map(_)) => "object",
        // `undefined` is read as null.
        _ => return unsure("the type of nothing"),
    };
    Some(Ok(Some(Val::text(name))))
}
