//! String functions.

use super::{Args, Failure, failed, texted, whole};
use crate::Val;
use crate::evaluate::common;
use crate::evaluate::term::MAX_TEXT;

/// A string function; none for one of another kind, or on what only other kinds take.
pub(super) fn call(name: &str, args: Args<'_>) -> Option<Result<Val, Failure>> {
    Some(match (name, args) {
        ("concat", _) if !args.iter().any(|v| matches!(v, Val::List(_) | Val::Map(_))) => {
            Ok(Val::text(args.iter().map(|v| shown(v)).collect::<String>()))
        }
        ("endswith", [t, end]) => {
            two(name, t, end, |t, e| Val::Bool(t.to_lowercase().ends_with(&e.to_lowercase())))
        }
        ("startswith", [t, start]) => {
            two(name, t, start, |t, s| Val::Bool(t.to_lowercase().starts_with(&s.to_lowercase())))
        }
        ("indexof", [t, part]) => two(name, t, part, |t, p| place(t, p, false)),
        ("lastindexof", [t, part]) => two(name, t, part, |t, p| place(t, p, true)),
        ("nthindexof", [t, part, n]) => nth(t, part, n)?,
        ("tolower", [t]) => texted(name, t).map(|t| Val::text(t.to_lowercase())),
        ("toupper", [t]) => texted(name, t).map(|t| Val::text(t.to_uppercase())),
        ("trim", [t]) => texted(name, t).map(|t| Val::text(t.trim())),
        ("replace", [t, old, new]) => replaced(t, old, new),
        ("split", [t, by]) => two(name, t, by, |t, by| {
            if by.is_empty() {
                return Val::list(vec![Val::text(t)]);
            }
            Val::list(t.split(by).map(Val::text).collect())
        }),
        ("substring", [t, start, rest @ ..]) => substring(t, start, rest.first().copied()),
        ("slice", [t, start, rest @ ..]) => slice(t, start, rest.first().copied()),
        ("chunk", [Val::Text(t), size]) => whole(name, size).and_then(|n| chunks(t, n)),
        ("isint", [v]) => texted(name, v).map(|t| Val::Bool(t.trim().parse::<i64>().is_ok())),
        ("isfloat", [v]) => texted(name, v).map(|t| Val::Bool(float(t))),
        ("formatnumber", [Val::Number(n), Val::Text(format), ..]) if args.len() == 2 => {
            Ok(Val::text(formatted(*n, format)?))
        }
        _ => return None,
    })
}

/// What `concat` makes of a value.
fn shown(value: &Val) -> String {
    match value {
        Val::Bool(b) => if *b { "True" } else { "False" }.to_owned(),
        other => common::text(other),
    }
}

fn float(text: &str) -> bool {
    let digits = text.trim().trim_start_matches(['+', '-']);
    digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') && digits.parse::<f64>().is_ok()
}

fn two(name: &str, a: &Val, b: &Val, make: impl Fn(&str, &str) -> Val) -> Result<Val, Failure> {
    Ok(make(texted(name, a)?, texted(name, b)?))
}

/// Positions count UTF-16 units, as .NET does.
fn units(text: &str) -> f64 {
    f64::from(u32::try_from(text.encode_utf16().count()).unwrap_or(u32::MAX))
}

/// Where a part stands, without regard to case; -1 where it does not.
fn place(text: &str, part: &str, last: bool) -> Val {
    let (text, part) = (text.to_lowercase(), part.to_lowercase());
    let at = if last { text.rfind(&part) } else { text.find(&part) };
    Val::Number(at.map_or(-1.0, |at| units(&text[..at])))
}

/// The nth occurrence, from the end for a negative n.
fn nth(text: &Val, part: &Val, n: &Val) -> Option<Result<Val, Failure>> {
    let found = || -> Result<Val, Failure> {
        let (text, part) =
            (texted("nthIndexOf", text)?.to_lowercase(), texted("nthIndexOf", part)?.to_lowercase());
        let n = whole("nthIndexOf", n)?;
        if part.is_empty() || n == 0 {
            return Ok(Val::Number(-1.0));
        }
        let mut places: Vec<usize> = text.match_indices(&part).map(|(i, _)| i).collect();
        if n < 0 {
            places.reverse();
        }
        let wanted = usize::try_from(n.unsigned_abs()).unwrap_or(usize::MAX) - 1;
        Ok(Val::Number(places.get(wanted).map_or(-1.0, |at| units(&text[..*at]))))
    };
    Some(found())
}

fn replaced(text: &Val, old: &Val, new: &Val) -> Result<Val, Failure> {
    let (text, old, new) = (texted("replace", text)?, texted("replace", old)?, texted("replace", new)?);
    if old.is_empty() {
        return Err(failed("`replace` expects something to replace"));
    }
    let made = text.len().saturating_add(text.matches(old).count().saturating_mul(new.len()));
    if made > MAX_TEXT {
        return Err(failed("`replace` makes a text that is too long"));
    }
    Ok(Val::text(text.replace(old, new)))
}

/// The UTF-16 units between two positions.
fn part(units: &[u16], from: usize, to: usize) -> Val {
    Val::text(String::from_utf16_lossy(units.get(from..to).unwrap_or_default()))
}

fn substring(text: &Val, start: &Val, length: Option<&Val>) -> Result<Val, Failure> {
    let units: Vec<u16> = texted("substring", text)?.encode_utf16().collect();
    let size = i64::try_from(units.len()).unwrap_or(i64::MAX);
    let start = whole("substring", start)?;
    let length = length.map_or(Ok(size - start), |l| whole("substring", l))?;
    if start < 0 || length < 0 || start.saturating_add(length) > size {
        return Err(failed("`substring` expects positions inside of the text"));
    }
    Ok(part(&units, start as usize, (start + length) as usize))
}

/// Negative positions count from the end; those outside are moved in.
fn slice(text: &Val, start: &Val, end: Option<&Val>) -> Result<Val, Failure> {
    let units: Vec<u16> = texted("slice", text)?.encode_utf16().collect();
    let size = i64::try_from(units.len()).unwrap_or(i64::MAX);
    let place = |n: i64| (if n < 0 { n + size } else { n }).clamp(0, size) as usize;
    let from = place(whole("slice", start)?);
    let to = end.map_or(Ok(units.len()), |e| whole("slice", e).map(place))?;
    Ok(part(&units, from, to.max(from)))
}

fn chunks(text: &str, size: i64) -> Result<Val, Failure> {
    if size < 1 {
        return Err(failed("`chunk` expects a positive size"));
    }
    let units: Vec<u16> = text.encode_utf16().collect();
    let parts = units.chunks(usize::try_from(size).unwrap_or(usize::MAX));
    Ok(Val::list(parts.map(|c| Val::text(String::from_utf16_lossy(c))).collect()))
}

/// A number by the common formats of .NET, in English; none for others.
fn formatted(n: f64, format: &str) -> Option<String> {
    let (digits, grouped) = match format.as_bytes() {
        [b'F' | b'f', ..] => (format[1..].parse().ok()?, false),
        [b'N' | b'n', ..] => (format[1..].parse().ok()?, true),
        _ => {
            let (head, tail) = format.split_once('.').unwrap_or((format, ""));
            let known = matches!(head, "0" | "#,##0" | "#,#0" | "#,0") && tail.bytes().all(|b| b == b'0');
            if !known {
                return None;
            }
            (tail.len(), head.contains(','))
        }
    };
    if digits > 15 || !n.is_finite() || n.abs() >= 1e15 {
        return None;
    }
    // A tie is rounded away from zero; where binary fractions blur a tie, nothing is said.
    let scaled = n.abs() * 10_f64.powi(i32::try_from(digits).ok()?);
    if (scaled.fract() - 0.5).abs() < 1e-6 && scaled.fract() != 0.5 {
        return None;
    }
    let whole = scaled.round();
    let text = format!("{whole:0>width$}", width = digits + 1);
    let (head, tail) = text.split_at(text.len() - digits);
    let head = if grouped { separated(head) } else { head.to_owned() };
    let sign = if n < 0.0 && whole != 0.0 { "-" } else { "" };
    Some(if digits == 0 { format!("{sign}{head}") } else { format!("{sign}{head}.{tail}") })
}

fn separated(digits: &str) -> String {
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}
