//! The Amazon States Language in its JSONPath form: paths, choice rules and all intrinsic functions.
//!
//! Source: docs.aws.amazon.com/step-functions, "Intrinsic functions for JSONPath states", "Choice workflow state",
//! and states-language.net/spec.html.

use super::rules::{Out, Rules};
use super::term::{Eval, set};
use super::{Failure, common, json, predicate, symbol, time};
use crate::Val;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::Digest as _;
use workflow::{Function, Reference, Text};

/// Paths and intrinsic functions, or choice rules.
pub(super) struct Asl {
    /// What a path that leads nowhere fails with.
    absent: &'static str,
}

/// Paths and intrinsic functions.
pub(super) static RULES: Asl = Asl { absent: "States.ParameterPathFailure" };
/// Choice rules.
pub(super) static CHOICE: Asl = Asl { absent: "States.Runtime" };

/// The longest array that `States.ArrayRange` makes.
const MOST_ITEMS: f64 = 1000.0;
/// The longest text that is encoded or hashed.
const LONGEST: usize = 10_000;

fn failed(message: impl Into<String>) -> Failure {
    Failure::new("States.IntrinsicFailure", message)
}

impl Rules for Asl {
    fn name(&self) -> &'static str {
        "asl"
    }

    fn absent(&self, reference: &Reference, eval: &Eval<'_>) -> Out {
        let shown = format!("a path in `{}` leads to nothing ({:?})", eval.text, reference.root);
        Err(Failure::new(self.absent, shown))
    }

    /// A null in a text is written out.
    fn text(&self, value: &Val) -> Option<String> {
        Some(match value {
            Val::Text(t) => t.to_string(),
            other => json::write(other),
        })
    }

    fn call(&self, function: &Function, args: &[Option<Val>], eval: &Eval<'_>) -> Option<Out> {
        let at = |i: usize| args.get(i).and_then(Option::as_ref).unwrap_or(&Val::Null);
        match function {
            Function::Contains if self.absent == RULES.absent && matches!(at(0), Val::Text(_)) => {
                Some(Err(failed("States.ArrayContains needs an array")))
            }
            // In a choice rule a value of another type does not match.
            Function::Contains | Function::StartsWith | Function::EndsWith
                if self.absent == CHOICE.absent && !matches!(at(0), Val::Text(_) | Val::Unknown(_)) =>
            {
                Some(Ok(Some(Val::Bool(false))))
            }
            Function::Length => match at(0) {
                Val::List(_) | Val::Unknown(_) => None,
                _ => Some(Err(failed("States.ArrayLength needs an array"))),
            },
            Function::ToText if common::known(args) => Some(Ok(Some(Val::text(json::write(at(0)))))),
            Function::ParseJson if common::known(args) => {
                // A blank text holds nothing.
                let parsed = common::as_text(Some(at(0)))
                    .and_then(|t| if t.trim().is_empty() { Some(Val::Null) } else { json::parse(t) });
                Some(parsed.map(Some).ok_or_else(|| failed("States.StringToJson needs a JSON text")))
            }
            Function::Other(name) if name.starts_with("is") || name == "timestamp" => typed(name, at(0)),
            Function::Other(name) if name == "StringMatches" => match (at(0), at(1)) {
                (Val::Text(text), Val::Text(pattern)) => Some(Ok(Some(Val::Bool(wildcard(text, pattern))))),
                (Val::Unknown(_), _) | (_, Val::Unknown(_)) => None,
                _ => Some(Ok(Some(Val::Bool(false)))),
            },
            Function::Other(name) if common::known(args) => intrinsic(name, args, eval),
            _ => None,
        }
    }

    fn filter(&self, items: &[Val], condition: &str, _: &Eval<'_>) -> Option<Vec<Val>> {
        let inner = condition.trim_start_matches('?').trim();
        let inner = inner.strip_prefix('(').and_then(|t| t.strip_suffix(')')).unwrap_or(inner);
        predicate::filter(items, inner)
    }
}

/// `IsString` and the like; a moment as a number, so that moments are ordered as such.
fn typed(name: &str, value: &Val) -> Option<Out> {
    if let Val::Unknown(_) = value {
        return None;
    }
    let moment = common::as_text(Some(value)).and_then(time::instant);
    Some(Ok(Some(match name {
        "timestamp" => moment.map_or(Val::Null, |at| Val::Number(at.as_nanosecond() as f64 / 1e6)),
        "isTimestamp" => Val::Bool(moment.is_some()),
        "isString" => Val::Bool(matches!(value, Val::Text(_))),
        "isNumeric" => Val::Bool(matches!(value, Val::Number(_))),
        "isBoolean" => Val::Bool(matches!(value, Val::Bool(_))),
        _ => return None,
    })))
}

/// Whether a text matches a pattern in which `*` stands for anything and `\*` for itself.
fn wildcard(text: &str, pattern: &str) -> bool {
    let mut parts: Vec<String> = vec![String::new()];
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        match c {
            '*' => parts.push(String::new()),
            '\\' => {
                if let (Some(part), Some(c)) = (parts.last_mut(), chars.next()) {
                    part.push(c);
                }
            }
            c => {
                if let Some(part) = parts.last_mut() {
                    part.push(c);
                }
            }
        }
    }
    let [first, middle @ .., last] = &parts[..] else { return parts.first().is_some_and(|p| p == text) };
    let Some(mut rest) = text.strip_prefix(first.as_str()) else { return false };
    for part in middle {
        match rest.find(part.as_str()) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last.as_str())
}

/// An intrinsic function on known arguments.
fn intrinsic(name: &str, args: &[Option<Val>], eval: &Eval<'_>) -> Option<Out> {
    let values: Vec<&Val> = args.iter().map(|a| a.as_ref().unwrap_or(&Val::Null)).collect();
    let made = match (name, &values[..]) {
        ("States.Format", _) => format(&values, eval),
        ("States.ArrayPartition", [Val::List(items), Val::Number(size)]) => partition(items, *size),
        ("States.ArrayRange", [Val::Number(from), Val::Number(to), Val::Number(step)]) => {
            range(rounded(*from), rounded(*to), rounded(*step))
        }
        ("States.ArrayGetItem", [Val::List(items), Val::Number(index)]) => {
            let item = if *index >= 0.0 && index.fract() == 0.0 { items.get(*index as usize) } else { None };
            item.cloned().ok_or_else(|| failed("States.ArrayGetItem: no such item"))
        }
        ("States.ArrayUnique", [Val::List(items)]) => {
            let mut unique: Vec<Val> = Vec::new();
            for item in items.iter() {
                if !eval.spend() {
                    return Some(Ok(Some(symbol::fresh("too much to evaluate"))));
                }
                if !unique.contains(item) {
                    unique.push(item.clone());
                }
            }
            Ok(Val::list(unique))
        }
        ("States.Base64Encode", [Val::Text(t)]) if t.chars().count() <= LONGEST => {
            Ok(Val::text(STANDARD.encode(t.as_bytes())))
        }
        ("States.Base64Decode", [Val::Text(t)]) if t.len() <= LONGEST => decoded(t),
        ("States.Hash", [Val::Text(data), Val::Text(algorithm)]) => hash(data, algorithm),
        ("States.JsonMerge", [Val::Map(a), Val::Map(b), Val::Bool(false)]) => Ok(merged(a, b)),
        ("States.MathAdd", [Val::Number(a), Val::Number(b)]) => Ok(Val::Number(rounded(*a) + rounded(*b))),
        ("States.StringSplit", [Val::Text(t), Val::Text(by)]) => {
            let parts = t.split(|c| by.contains(c)).filter(|p| !p.is_empty());
            Ok(Val::list(parts.map(Val::text).collect()))
        }
        _ if name.starts_with("States.") => Err(failed(format!("{name} on arguments it is not made for"))),
        _ => return None,
    };
    Some(made.map(Some))
}

/// The nearest whole number; a half goes up.
fn rounded(n: f64) -> f64 {
    (n + 0.5).floor()
}

/// `States.Format` with a template that is computed.
fn format(values: &[&Val], eval: &Eval<'_>) -> Result<Val, Failure> {
    let Some((Val::Text(template), rest)) = values.split_first() else {
        return Err(failed("States.Format needs a template"));
    };
    let mut rest = rest.iter();
    let mut out = String::new();
    let mut chars = template.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => out.extend(chars.next()),
            '{' if chars.peek() == Some(&'}') => {
                chars.next();
                let value = rest.next().ok_or_else(|| failed("States.Format has too few arguments"))?;
                out.push_str(&eval.rules.text(value).unwrap_or_default());
            }
            c => out.push(c),
        }
    }
    match rest.next() {
        Some(_) => Err(failed("States.Format has too many arguments")),
        None => Ok(Val::text(out)),
    }
}

fn partition(items: &[Val], size: f64) -> Result<Val, Failure> {
    let size = size.round();
    if size < 1.0 {
        return Err(failed("States.ArrayPartition needs a positive size"));
    }
    let chunks = items.chunks(size.min(1e9) as usize).map(|c| Val::list(c.to_vec()));
    Ok(Val::list(chunks.collect()))
}

fn range(from: f64, to: f64, step: f64) -> Result<Val, Failure> {
    let count = ((to - from) / step).floor() + 1.0;
    if step == 0.0 || !count.is_finite() || count > MOST_ITEMS {
        return Err(failed("States.ArrayRange needs a step, and at most 1000 items"));
    }
    let count = count.max(0.0) as u32;
    Ok(Val::list((0..count).map(|i| Val::Number(from + f64::from(i) * step)).collect()))
}

fn decoded(text: &str) -> Result<Val, Failure> {
    let bytes = STANDARD.decode(text.as_bytes()).ok();
    let text = bytes.and_then(|b| String::from_utf8(b).ok());
    text.map(Val::text).ok_or_else(|| failed("States.Base64Decode needs Base64 of a text"))
}

fn hash(data: &str, algorithm: &str) -> Result<Val, Failure> {
    if data.chars().count() > LONGEST {
        return Err(failed("States.Hash takes at most 10,000 characters"));
    }
    let bytes = data.as_bytes();
    let digest = match algorithm {
        "MD5" => md5::Md5::digest(bytes).to_vec(),
        "SHA-1" => sha1::Sha1::digest(bytes).to_vec(),
        "SHA-256" => sha2::Sha256::digest(bytes).to_vec(),
        "SHA-384" => sha2::Sha384::digest(bytes).to_vec(),
        "SHA-512" => sha2::Sha512::digest(bytes).to_vec(),
        _ => return Err(failed(format!("States.Hash knows no `{algorithm}`"))),
    };
    Ok(Val::text(digest.iter().map(|b| format!("{b:02x}")).collect::<String>()))
}

/// The entries of the second over those of the first.
fn merged(a: &[(Text, Val)], b: &[(Text, Val)]) -> Val {
    let mut entries = a.to_vec();
    b.iter().for_each(|(k, v)| set(&mut entries, k, v.clone()));
    Val::map(entries)
}
