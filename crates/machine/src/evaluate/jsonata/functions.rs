//! The functions of JSONata that depend on nothing but their arguments, and those that Step Functions adds.

use super::interpret::{Found, MAX_ITEMS, Run, Stop, Thing, failed, items, sequence};
use super::operators::{shown, truth};
use crate::Val;
use crate::evaluate::term::{MAX_TEXT, set};
use crate::evaluate::{common, json};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use workflow::Text;

const KNOWN: &[&str] = &[
    "abs",
    "append",
    "average",
    "base64decode",
    "base64encode",
    "boolean",
    "ceil",
    "contains",
    "count",
    "distinct",
    "each",
    "encodeUrlComponent",
    "error",
    "exists",
    "filter",
    "floor",
    "join",
    "keys",
    "length",
    "lookup",
    "lowercase",
    "map",
    "max",
    "merge",
    "min",
    "not",
    "number",
    "parse",
    "partition",
    "power",
    "range",
    "reduce",
    "replace",
    "reverse",
    "sift",
    "single",
    "sort",
    "split",
    "spread",
    "sqrt",
    "string",
    "substring",
    "substringAfter",
    "substringBefore",
    "sum",
    "trim",
    "type",
    "uppercase",
    "values",
    "zip",
];

/// Whether a function is understood here; those of time and chance are not.
pub(super) fn is_known(name: &str) -> bool {
    KNOWN.contains(&name)
}

/// A function on its arguments.
pub(super) fn call(run: &mut Run<'_>, name: &str, given: Vec<Thing>, context: &Option<Val>) -> Found {
    if matches!(name, "map" | "filter" | "reduce" | "single" | "each" | "sift") {
        return with_function(run, name, given, context);
    }
    let mut values = Vec::with_capacity(given.len());
    for thing in given {
        match thing {
            Thing::Value(value) => values.push(value),
            _ => return Err(Stop::Unknown),
        }
    }
    if name == "range"
        && let [Some(Val::Number(first)), Some(Val::Number(last)), Some(Val::Number(step))] = &values[..]
    {
        return ranged(*first, *last, *step);
    }
    // Most functions of one argument take the context where it is left out.
    if values.is_empty() && !matches!(name, "exists" | "count" | "sum" | "error") {
        values.push(context.clone());
    }
    let mut values = values.into_iter();
    let first = values.next().flatten();
    let rest: Vec<Option<Val>> = values.collect();
    match name {
        "exists" => Ok(Some(Val::Bool(first.is_some()))),
        "count" => Ok(Some(common::count(items(first).len()))),
        "boolean" => Ok(first.map(|v| Val::Bool(truth(Some(&v))))),
        "not" => Ok(first.map(|v| Val::Bool(!truth(Some(&v))))),
        "append" => Ok(appended(first, rest.into_iter().next().flatten())),
        "merge" => merged(first),
        "error" => failed(shown(first)),
        _ => match first {
            None => Ok(None),
            Some(first) => on_value(name, first, rest),
        },
    }
}

fn on_value(name: &str, first: Val, rest: Vec<Option<Val>>) -> Found {
    let second = rest.first().cloned().flatten();
    match (&first, &second) {
        (Val::Text(t), _) if is_text_function(name) => texts(name, t, &rest),
        (Val::Number(n), _) => numbers(name, *n, second, first.clone()),
        _ => others(name, first, second, &rest),
    }
}

fn is_text_function(name: &str) -> bool {
    matches!(
        name,
        "lowercase"
            | "uppercase"
            | "length"
            | "trim"
            | "contains"
            | "split"
            | "replace"
            | "substring"
            | "substringBefore"
            | "substringAfter"
            | "base64encode"
            | "base64decode"
            | "encodeUrlComponent"
            | "parse"
            | "number"
    )
}

fn texts(name: &str, text: &str, rest: &[Option<Val>]) -> Found {
    let word = |i: usize| match rest.get(i) {
        Some(Some(Val::Text(t))) => Ok(t.as_str()),
        _ => Err(Stop::Unknown),
    };
    Ok(Some(match name {
        "lowercase" => Val::text(text.to_lowercase()),
        "uppercase" => Val::text(text.to_uppercase()),
        "length" => common::count(text.chars().count()),
        "trim" => Val::text(
            text.split([' ', '\t', '\n', '\r']).filter(|w| !w.is_empty()).collect::<Vec<_>>().join(" "),
        ),
        "contains" => Val::Bool(text.contains(word(0)?)),
        "substringBefore" => Val::text(text.split_once(word(0)?).map_or(text, |p| p.0)),
        "substringAfter" => Val::text(text.split_once(word(0)?).map_or(text, |p| p.1)),
        "split" if rest.len() == 1 => match word(0)? {
            "" => Val::list(text.chars().map(|c| Val::text(c.to_string())).collect()),
            by => Val::list(text.split(by).map(Val::text).collect()),
        },
        "replace" if rest.len() == 2 => {
            let (old, new) = (word(0)?, word(1)?);
            if old.is_empty() {
                return failed("the pattern to replace is empty");
            }
            if text.len() + text.matches(old).count() * new.len() > MAX_TEXT {
                return Err(Stop::Unknown);
            }
            Val::text(text.replace(old, new))
        }
        "substring" => return substring(text, rest),
        "base64encode" if text.is_ascii() => Val::text(STANDARD.encode(text)),
        "base64decode" => {
            let bytes = STANDARD.decode(text).map_err(|_| Stop::Unknown)?;
            Val::text(String::from_utf8(bytes).ok().filter(|t| t.is_ascii()).ok_or(Stop::Unknown)?)
        }
        "encodeUrlComponent" => Val::text(common::url_encoded(text)),
        "parse" => match json::parse(text) {
            Some(value) => value,
            None => return failed("the text is no JSON"),
        },
        "number" => match text.parse::<f64>() {
            Ok(n) if n.is_finite() && text.starts_with(|c: char| c.is_ascii_digit() || c == '-') => {
                Val::Number(n)
            }
            _ => return failed("the text is no number"),
        },
        _ => return Err(Stop::Unknown),
    }))
}

fn substring(text: &str, rest: &[Option<Val>]) -> Found {
    let whole = |i: usize| match rest.get(i) {
        Some(Some(Val::Number(n))) if n.fract() == 0.0 => Ok(Some(*n as i64)),
        None => Ok(None),
        _ => Err(Stop::Unknown),
    };
    let chars: Vec<char> = text.chars().collect();
    let len = chars.len() as i64;
    let start = whole(0)?.ok_or(Stop::Unknown)?;
    let start = if start < 0 { (start + len).max(0) } else { start.min(len) };
    let end = whole(1)?.map_or(len, |n| start.saturating_add(n).clamp(start, len));
    Ok(Some(Val::text(chars[start as usize..end.max(start) as usize].iter().collect::<String>())))
}

fn numbers(name: &str, n: f64, second: Option<Val>, first: Val) -> Found {
    Ok(Some(match (name, &second) {
        ("abs", _) => Val::Number(n.abs()),
        ("floor", _) => Val::Number(n.floor()),
        ("ceil", _) => Val::Number(n.ceil()),
        ("number", _) => Val::Number(n),
        ("sqrt", _) if n < 0.0 => return failed("the square root of a negative number"),
        ("sqrt", _) => Val::Number(n.sqrt()),
        ("power", Some(Val::Number(e))) => {
            let value = n.powf(*e);
            if !value.is_finite() {
                return failed("a number out of range");
            }
            Val::Number(value)
        }
        ("range", _) => return Err(Stop::Unknown),
        _ => return others(name, first, second.clone(), &[second]),
    }))
}

fn others(name: &str, first: Val, second: Option<Val>, rest: &[Option<Val>]) -> Found {
    Ok(match name {
        "string" if rest.is_empty() || rest == [None] => Some(Val::text(shown(Some(first)))),
        "number" => match first {
            Val::Bool(b) => Some(Val::Number(f64::from(u8::from(b)))),
            _ => return failed("the value is no number"),
        },
        "type" => Some(Val::text(match first {
            Val::Null => "null",
            Val::Bool(_) => "boolean",
            Val::Number(_) => "number",
            Val::Text(_) => "string",
            Val::List(_) => "array",
            _ => "object",
        })),
        "sum" | "max" | "min" | "average" => return aggregate(name, items(Some(first))),
        "keys" => keys(first),
        "values" => match first {
            Val::Map(entries) => sequence(entries.iter().map(|(_, v)| v.clone()).collect(), false),
            _ => return Err(Stop::Unknown),
        },
        "lookup" => match (&first, second) {
            (Val::Map(_), Some(Val::Text(key))) => crate::evaluate::path::key_of(&first, &key),
            _ => return Err(Stop::Unknown),
        },
        "reverse" => Some(Val::list(items(Some(first)).into_iter().rev().collect())),
        "distinct" => match first {
            Val::List(list) => {
                let mut unique: Vec<Val> = Vec::new();
                list.iter().for_each(|v| {
                    if !unique.contains(v) {
                        unique.push(v.clone())
                    }
                });
                Some(Val::list(unique))
            }
            other => Some(other),
        },
        "join" => return join(items(Some(first)), second),
        "sort" if rest.is_empty() => return sorted(items(Some(first))),
        "partition" => match (first, second) {
            (Val::List(list), Some(Val::Number(n))) if n >= 1.0 => {
                Some(Val::list(list.chunks(n as usize).map(|c| Val::list(c.to_vec())).collect()))
            }
            _ => return Err(Stop::Unknown),
        },
        "spread" => match first {
            Val::Map(entries) => {
                sequence(entries.iter().map(|(k, v)| Val::map(vec![(k.clone(), v.clone())])).collect(), false)
            }
            _ => return Err(Stop::Unknown),
        },
        _ if is_text_function(name) => return failed(format!("${name} needs a text")),
        _ => return Err(Stop::Unknown),
    })
}

fn keys(value: Val) -> Option<Val> {
    let mut found: Vec<Val> = Vec::new();
    for value in items(Some(value)) {
        if let Val::Map(entries) = value {
            for (key, _) in entries.iter() {
                let key = Val::Text(key.clone());
                if !found.contains(&key) {
                    found.push(key);
                }
            }
        }
    }
    sequence(found, false)
}

fn aggregate(name: &str, values: Vec<Val>) -> Found {
    let mut numbers = Vec::new();
    for value in values {
        let Val::Number(n) = value else { return failed(format!("${name} needs numbers")) };
        numbers.push(n);
    }
    let sum: f64 = numbers.iter().sum();
    Ok(match name {
        "sum" => Some(Val::Number(sum)),
        _ if numbers.is_empty() => None,
        "average" => Some(Val::Number(sum / numbers.len() as f64)),
        "max" => Some(Val::Number(numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max))),
        _ => Some(Val::Number(numbers.iter().copied().fold(f64::INFINITY, f64::min))),
    })
}

fn join(values: Vec<Val>, by: Option<Val>) -> Found {
    let by = match &by {
        None => "",
        Some(Val::Text(t)) => t.as_str(),
        Some(_) => return failed("$join needs a text"),
    };
    let mut texts = Vec::new();
    for value in &values {
        let Val::Text(t) = value else { return failed("$join needs texts") };
        texts.push(t.as_str());
    }
    Ok(Some(Val::text(texts.join(by))))
}

fn sorted(mut values: Vec<Val>) -> Found {
    let numbers = values.iter().all(|v| matches!(v, Val::Number(_)));
    if !numbers && !values.iter().all(|v| matches!(v, Val::Text(_))) {
        return failed("$sort needs numbers only, or texts only");
    }
    values.sort_by(|a, b| common::order(a, b).unwrap_or(std::cmp::Ordering::Equal));
    Ok(Some(Val::list(values)))
}

fn appended(a: Option<Val>, b: Option<Val>) -> Option<Val> {
    match (a, b) {
        (None, b) => b,
        (a, None) => a,
        (a, b) => Some(Val::list(items(a).into_iter().chain(items(b)).take(MAX_ITEMS).collect())),
    }
}

fn merged(value: Option<Val>) -> Found {
    let Some(value) = value else { return Ok(None) };
    let mut made: Vec<(Text, Val)> = Vec::new();
    for value in items(Some(value)) {
        let Val::Map(entries) = value else { return failed("$merge needs objects") };
        entries.iter().for_each(|(k, v)| set(&mut made, k, v.clone()));
    }
    Ok(Some(Val::map(made)))
}

/// Functions that are given a function.
fn with_function(run: &mut Run<'_>, name: &str, given: Vec<Thing>, context: &Option<Val>) -> Found {
    let mut given = given.into_iter();
    let (Some(Thing::Value(of)), Some(function)) = (given.next(), given.next()) else {
        return Err(Stop::Unknown);
    };
    let Some(of) = of else { return Ok(None) };
    let takes = match &function {
        Thing::Lambda(lambda, _) => lambda.parameters.len(),
        Thing::Native(_) => 1,
        Thing::Value(_) => return failed(format!("${name} needs a function")),
    };
    if let ("each" | "sift", Val::Map(entries)) = (name, &of) {
        return over_entries(run, name, entries, &function, takes, context);
    }
    let list = items(Some(of));
    if name == "reduce" {
        let start = match given.next() {
            Some(Thing::Value(Some(start))) => Some(start),
            None => None,
            _ => return Err(Stop::Unknown),
        };
        return reduced(run, list, start, &function, context);
    }
    let all = Val::list(list.clone());
    let mut found = Vec::new();
    for (i, item) in list.into_iter().enumerate() {
        let args = [item.clone(), common::count(i), all.clone()];
        let args = args.into_iter().take(takes.max(1)).map(|v| Thing::Value(Some(v))).collect();
        let Thing::Value(value) = run.apply(&function, args, context)? else { return Err(Stop::Unknown) };
        match name {
            "map" => found.extend(value),
            _ if truth(value.as_ref()) => found.push(item),
            _ => {}
        }
    }
    match name {
        "single" if found.len() != 1 => failed("$single needs exactly one"),
        "map" | "filter" | "single" => Ok(sequence(found, false)),
        _ => Err(Stop::Unknown),
    }
}

fn reduced(
    run: &mut Run<'_>,
    list: Vec<Val>,
    start: Option<Val>,
    function: &Thing,
    context: &Option<Val>,
) -> Found {
    let mut list = list.into_iter();
    let Some(mut held) = start.or_else(|| list.next()) else { return Ok(None) };
    for item in list {
        let args = vec![Thing::Value(Some(held)), Thing::Value(Some(item))];
        match run.apply(function, args, context)? {
            Thing::Value(Some(next)) => held = next,
            _ => return Err(Stop::Unknown),
        }
    }
    Ok(Some(held))
}

fn over_entries(
    run: &mut Run<'_>,
    name: &str,
    entries: &[(Text, Val)],
    function: &Thing,
    takes: usize,
    context: &Option<Val>,
) -> Found {
    let (mut found, mut kept) = (Vec::new(), Vec::new());
    for (key, value) in entries {
        let args = [value.clone(), Val::Text(key.clone())];
        let args = args.into_iter().take(takes.max(1)).map(|v| Thing::Value(Some(v))).collect();
        let Thing::Value(made) = run.apply(function, args, context)? else { return Err(Stop::Unknown) };
        if truth(made.as_ref()) {
            kept.push((key.clone(), value.clone()));
        }
        found.extend(made);
    }
    Ok(match name {
        "each" => sequence(found, false),
        _ if kept.is_empty() => None,
        _ => Some(Val::map(kept)),
    })
}

/// The numbers from the first to the last in steps: a sequence, so that one number stands alone.
fn ranged(first: f64, last: f64, step: f64) -> Found {
    let count = ((last - first) / step).floor() + 1.0;
    if step == 0.0 || !count.is_finite() || count > 1000.0 {
        return failed("$range needs a step, and gives at most 1000 numbers");
    }
    let numbers = (0..count.max(0.0) as u32).map(|i| Val::Number(first + f64::from(i) * step));
    Ok(sequence(numbers.collect(), false))
}
