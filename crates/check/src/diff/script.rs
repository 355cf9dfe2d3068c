//! Scripts compared by lines: what stands between the lines that both begin and end with.

use super::words;
use crate::tell::count;
use workflow::{Code, Value};

/// What changed between the scripts of a step; nothing where they are the same.
pub(super) fn tell(old: &[Code], new: &[Code]) -> Option<String> {
    if old.len() != new.len() {
        return Some(format!(
            "has {} instead of {} before",
            count(new.len(), "script", "scripts"),
            old.len()
        ));
    }
    let mut told = Vec::new();
    for (a, b) in old.iter().zip(new) {
        if a.name != b.name {
            told.push(format!("runs {} instead of {}", words::code(&b.name), words::code(&a.name)));
        }
        let same = super::values::same(&a.text, &b.text);
        if let (Some(x), Some(y)) = (text(&a.text), text(&b.text))
            && !same
        {
            told.push(lines(x, y));
        } else if !same {
            told.push("has another script".to_owned());
        }
        if a.language != b.language {
            told.push(format!("is written in {:?} instead of {:?}", b.language, a.language));
        }
    }
    (!told.is_empty()).then(|| told.join(" and "))
}

fn text(value: &Value) -> Option<&str> {
    match value {
        Value::Text(t) => Some(t),
        Value::Expr(e) => Some(&e.text),
        Value::Null => Some(""),
        _ => None,
    }
}

fn lines(old: &str, new: &str) -> String {
    let (a, b): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let begin = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let end = a[begin..].iter().rev().zip(b[begin..].iter().rev()).take_while(|(x, y)| x == y).count();
    let (gone, came) = (&a[begin..a.len() - end], &b[begin..b.len() - end]);
    let first = |lines: &[&str]| lines.iter().find(|l| !l.trim().is_empty()).map(|l| words::code(l));
    let gone_told = first(gone)
        .map(|l| format!("loses {} from line {} ({l})", count(gone.len(), "line", "lines"), begin + 1));
    let came_told = first(came)
        .map(|l| format!("gains {} at line {} ({l})", count(came.len(), "line", "lines"), begin + 1));
    match (gone_told, came_told) {
        (Some(gone), Some(came)) => format!("{gone} and {came}"),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => "changes its white space".to_owned(),
    }
}
