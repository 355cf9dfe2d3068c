//! Collection functions, and those that make objects with other properties.

use super::{Args, Failure, failed, texted, whole};
use crate::Val;
use crate::evaluate::common;
use crate::evaluate::term::{Eval, MAX_TEXT, set};

/// A collection function; none for one of another kind.
pub(super) fn call(name: &str, args: Args<'_>, eval: &Eval<'_>) -> Option<Result<Val, Failure>> {
    Some(match (name, args) {
        ("contains", [whole, part]) => contains(whole, part),
        ("empty", [v]) => empty(v),
        ("length", [v]) => match v {
            Val::Text(t) => Ok(common::count(t.encode_utf16().count())),
            Val::List(items) => Ok(common::count(items.len())),
            _ => Err(failed("`length` expects a text or an array")),
        },
        ("first" | "last", [v]) => end(name, v),
        ("join", [Val::List(items), by]) => texted(name, by).and_then(|by| join(items, by)),
        ("reverse", [Val::List(items)]) => Ok(Val::list(items.iter().rev().cloned().collect())),
        ("skip" | "take", [v, n]) => whole(name, n).and_then(|n| cut(name, v, n)),
        ("chunk", [Val::List(items), n]) => whole(name, n).and_then(|n| {
            let size = usize::try_from(n).ok().filter(|n| *n > 0);
            let size = size.ok_or_else(|| failed("`chunk` expects a positive size"))?;
            Ok(Val::list(items.chunks(size).map(|c| Val::list(c.to_vec())).collect()))
        }),
        ("intersection" | "union", [first, rest @ ..]) if !rest.is_empty() => {
            combined(name, first, rest, eval)
        }
        ("sort", [Val::List(items)]) => sorted(items, None)?,
        ("sort", [Val::List(items), Val::Text(by)]) => sorted(items, Some(by))?,
        ("createarray", _) => Ok(Val::list(args.iter().map(|v| (*v).clone()).collect())),
        ("at", [base, path @ ..]) => at(base, path),
        ("addproperty" | "setproperty" | "removeproperty", [Val::Map(_), ..]) => property(name, args),
        ("join" | "reverse" | "sort" | "addproperty" | "setproperty" | "removeproperty", _) => {
            Err(failed(format!("`{name}` on arguments it is not made for")))
        }
        _ => return None,
    })
}

fn contains(whole: &Val, part: &Val) -> Result<Val, Failure> {
    Ok(Val::Bool(match (whole, part) {
        (Val::Text(t), Val::Text(p)) => t.contains(p.as_str()),
        (Val::List(items), part) => items.iter().any(|i| i == part),
        (Val::Map(entries), Val::Text(key)) => entries.iter().any(|(k, _)| k == key),
        _ => return Err(failed("`contains` expects a text, an array or an object, and what may be in it")),
    }))
}

fn empty(value: &Val) -> Result<Val, Failure> {
    match value {
        Val::Number(_) | Val::Bool(_) => Err(failed("`empty` expects a text, an array or an object")),
        value => Ok(Val::Bool(common::empty(Some(value)) == Some(true))),
    }
}

fn end(name: &str, value: &Val) -> Result<Val, Failure> {
    let first = name == "first";
    match value {
        Val::List(items) => Ok(if first { items.first() } else { items.last() }.cloned().unwrap_or_default()),
        Val::Text(t) => {
            let c = if first { t.chars().next() } else { t.chars().next_back() };
            Ok(Val::text(c.map(String::from).unwrap_or_default()))
        }
        _ => Err(failed(format!("`{name}` expects a text or an array"))),
    }
}

fn join(items: &[Val], by: &str) -> Result<Val, Failure> {
    let parts: Vec<String> = items.iter().map(common::text).collect();
    let size: usize = parts.iter().map(|p| p.len() + by.len()).sum();
    if size > MAX_TEXT {
        Err(failed("`join` makes a text that is too long"))
    } else {
        Ok(Val::text(parts.join(by)))
    }
}

fn cut(name: &str, value: &Val, n: i64) -> Result<Val, Failure> {
    let Ok(n) = usize::try_from(n) else { return Err(failed(format!("`{name}` expects a count"))) };
    match (name, value) {
        ("take", Val::List(items)) => Ok(Val::list(items.iter().take(n).cloned().collect())),
        ("skip", Val::List(items)) => Ok(Val::list(items.iter().skip(n).cloned().collect())),
        ("take", Val::Text(t)) => Ok(Val::text(t.chars().take(n).collect::<String>())),
        ("skip", Val::Text(t)) => Ok(Val::text(t.chars().skip(n).collect::<String>())),
        _ => Err(failed(format!("`{name}` expects a text or an array"))),
    }
}

/// `union` and `intersection` of arrays by items, of objects by properties.
fn combined(name: &str, first: &Val, rest: &[&Val], eval: &Eval<'_>) -> Result<Val, Failure> {
    let union = name == "union";
    let mut result = first.clone();
    for next in rest {
        result = match (&result, *next) {
            (Val::List(a), Val::List(b)) => {
                let candidates: Vec<&Val> = if union {
                    a.iter().chain(b.iter()).collect()
                } else {
                    a.iter().filter(|v| b.contains(v)).collect()
                };
                let mut kept: Vec<Val> = Vec::new();
                for value in candidates {
                    if !eval.spend() {
                        return Err(failed("too many items"));
                    }
                    if !kept.contains(value) {
                        kept.push(value.clone());
                    }
                }
                Val::list(kept)
            }
            (Val::Map(a), Val::Map(b)) if union => {
                let mut entries = a.to_vec();
                b.iter().for_each(|(k, v)| set(&mut entries, k, v.clone()));
                Val::map(entries)
            }
            (Val::Map(a), Val::Map(b)) => Val::map(a.iter().filter(|e| b.contains(e)).cloned().collect()),
            _ => return Err(failed(format!("`{name}` expects arrays, or objects"))),
        };
    }
    Ok(result)
}

/// An array of numbers, of texts that are ordered alike everywhere, or of objects by such a property.
fn sorted(items: &[Val], by: Option<&str>) -> Option<Result<Val, Failure>> {
    let key = |v: &Val| by.map_or_else(|| v.clone(), |by| v.get(by));
    let plain = |v: &Val| match key(v) {
        Val::Number(_) => true,
        Val::Text(t) => t.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()),
        _ => false,
    };
    let one_type =
        items.windows(2).all(|w| std::mem::discriminant(&key(&w[0])) == std::mem::discriminant(&key(&w[1])));
    if !one_type || !items.iter().all(plain) {
        return None;
    }
    let mut sorted = items.to_vec();
    sorted.sort_by(|a, b| common::order(&key(a), &key(b)).unwrap_or(std::cmp::Ordering::Equal));
    Some(Ok(Val::list(sorted)))
}

/// Members of a value that is computed.
fn at(base: &Val, path: &[&Val]) -> Result<Val, Failure> {
    let mut value = base.clone();
    for step in path {
        value = match (&value, *step) {
            (Val::Map(_), Val::Text(key)) => value.get(key),
            (Val::List(items), Val::Number(n)) if *n >= 0.0 => {
                items.get(*n as usize).cloned().ok_or_else(|| failed("an index outside of the array"))?
            }
            (Val::Null, _) => Val::Null,
            _ => return Err(failed("a property of what has none")),
        };
    }
    Ok(value)
}

fn property(name: &str, args: Args<'_>) -> Result<Val, Failure> {
    let [Val::Map(entries), Val::Text(key), rest @ ..] = args else {
        return Err(failed(format!("`{name}` expects an object and a property")));
    };
    let mut entries = entries.to_vec();
    let there = entries.iter().any(|(k, _)| k == key);
    match (name, rest) {
        ("addproperty", [_]) if there => {
            return Err(failed(format!("the property `{key}` is there already")));
        }
        ("addproperty" | "setproperty", [value]) => set(&mut entries, key, (*value).clone()),
        ("removeproperty", []) => entries.retain(|(k, _)| k != key),
        _ => return Err(failed(format!("`{name}` on arguments it is not made for"))),
    }
    Ok(Val::map(entries))
}
