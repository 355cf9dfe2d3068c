//! Interpreting the text of an n8n expression: its holes by JavaScript itself.

use super::engine::{Given, run};
use super::names;
use crate::Val;
use crate::evaluate::{Failure, Scope, common, symbol};
use workflow::Expression;

const PRELUDE: &str = include_str!("prelude.js");

/// Interprets the text itself, where the run knows what every name in it stands for.
pub(in crate::evaluate) fn whole(expression: &Expression, scope: &dyn Scope) -> Option<Result<Val, Failure>> {
    let text = expression.text.strip_prefix('=')?;
    let data = names::data(text, scope)?;
    let (mut parts, mut rest) = (Vec::new(), text);
    while let Some((before, after)) = rest.split_once("{{") {
        let (inside, next) = after.split_once("}}")?;
        parts.push(Part::Text(before));
        parts.push(Part::Value(value(inside, &data)?));
        rest = next;
    }
    parts.push(Part::Text(rest));
    Some(Ok(joined(parts)))
}

enum Part<'t> {
    Text(&'t str),
    Value(Val),
}

/// An error gives nothing; what is not known is none.
fn value(expression: &str, data: &Val) -> Option<Val> {
    match run(expression, PRELUDE, data) {
        Given::Value(value) => Some(value.unwrap_or_default()),
        Given::Threw => Some(Val::Null),
        Given::Unknown => None,
    }
}

/// One hole with nothing but white space around it keeps its type; anything else is a text.
fn joined(parts: Vec<Part<'_>>) -> Val {
    let blank = parts.iter().all(|p| if let Part::Text(t) = p { t.trim().is_empty() } else { true });
    let holes = parts.iter().filter(|p| matches!(p, Part::Value(_))).count();
    let mut out = String::new();
    for part in parts {
        match part {
            Part::Value(value) if blank && holes == 1 => return value,
            Part::Value(Val::List(_) | Val::Map(_)) => return symbol::fresh("an object in a text"),
            Part::Value(value) => out.push_str(&common::text(&value)),
            Part::Text(text) => out.push_str(text),
        }
    }
    Val::text(out)
}
