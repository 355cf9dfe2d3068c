//! Math functions. Whole numbers are divided as whole numbers.

use super::{Args, Failure, failed, whole};
use crate::Val;

/// The most numbers that `range` makes.
const MOST: i64 = 100_000;

/// A math function; none for one of another kind.
pub(super) fn call(name: &str, args: Args<'_>) -> Option<Result<Val, Failure>> {
    Some(match (name, args) {
        ("add", [Val::Number(a), Val::Number(b)]) => Ok(Val::Number(a + b)),
        ("sub", [Val::Number(a), Val::Number(b)]) => Ok(Val::Number(a - b)),
        ("mul", [Val::Number(a), Val::Number(b)]) => Ok(Val::Number(a * b)),
        ("div", [Val::Number(a), Val::Number(b)]) => divided(*a, *b),
        ("mod", [Val::Number(_), Val::Number(b)]) if *b == 0.0 => Err(failed("`mod` by zero")),
        ("mod", [Val::Number(a), Val::Number(b)]) => Ok(Val::Number(a % b)),
        ("max" | "min", [Val::List(items)]) => extreme(name, &items.iter().collect::<Vec<_>>()),
        ("max" | "min", many) => extreme(name, many),
        ("range", [start, count]) => whole(name, start).and_then(|s| range(s, whole(name, count)?)),
        ("add" | "sub" | "mul" | "div" | "mod" | "range", _) => {
            Err(failed(format!("`{name}` expects two numbers")))
        }
        _ => return None,
    })
}

fn divided(a: f64, b: f64) -> Result<Val, Failure> {
    if b == 0.0 {
        return Err(failed("`div` by zero"));
    }
    let whole = a.fract() == 0.0 && b.fract() == 0.0;
    Ok(Val::Number(if whole { (a / b).trunc() } else { a / b }))
}

fn extreme(name: &str, items: &[&Val]) -> Result<Val, Failure> {
    let mut best: Option<f64> = None;
    for item in items {
        let Val::Number(n) = item else { return Err(failed(format!("`{name}` expects numbers"))) };
        best = Some(best.map_or(*n, |b| if name == "max" { b.max(*n) } else { b.min(*n) }));
    }
    best.map(Val::Number).ok_or_else(|| failed(format!("`{name}` expects numbers")))
}

fn range(start: i64, count: i64) -> Result<Val, Failure> {
    if !(0..=MOST).contains(&count) {
        return Err(failed("`range` expects a count of at most 100,000"));
    }
    Ok(Val::list((0..count).map(|i| Val::Number((start + i) as f64)).collect()))
}
