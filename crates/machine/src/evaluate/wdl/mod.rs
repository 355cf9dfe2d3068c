//! The Workflow Definition Language of Logic Apps and Power Automate: all of its functions.
//!
//! Source: learn.microsoft.com/azure/logic-apps/workflow-definition-language-functions-reference. A function on what it
//! is not made for fails the action with `InvalidTemplate`.

mod collection;
mod convert;
mod math;
mod moment;
mod text;

use super::rules::{Out, Rules};
use super::term::Eval;
use super::{Failure, common, json, symbol};
use crate::Val;
use std::cmp::Ordering;
use workflow::{Function, Reference, Segment};

pub(super) struct Wdl;

/// See [`Wdl`].
pub(super) static RULES: Wdl = Wdl;

/// A failure of the language.
fn failed(message: impl Into<String>) -> Failure {
    Failure::new("InvalidTemplate", message)
}

/// Known arguments of a function.
type Args<'a> = &'a [&'a Val];

impl Rules for Wdl {
    fn name(&self) -> &'static str {
        "wdl"
    }

    fn truth(&self, value: &Val) -> Option<bool> {
        if let Val::Bool(b) = value { Some(*b) } else { None }
    }

    fn is_lazy(&self) -> bool {
        false
    }

    /// `?['x']` gives null for what is absent, `['x']` fails.
    fn absent(&self, _: &Reference, eval: &Eval<'_>) -> Out {
        let text = eval.text;
        let asks = text.matches("?[").count() + text.matches("?.").count();
        let takes = text.matches("['").count() + text.matches(").").count();
        let safe = text.matches("?['").count() + text.matches(")?.").count();
        match (asks, takes - safe.min(takes)) {
            (_, 0) => Ok(None),
            (0, _) => Err(failed(format!("a property that does not exist in `{text}`"))),
            _ => Ok(Some(symbol::fresh("a property that does not exist, perhaps asked with `?`"))),
        }
    }

    /// What `json(...)` reads is looked into, as the parsed form leaves that out.
    fn step(&self, value: &Val, segment: &Segment, eval: &Eval<'_>) -> Option<Out> {
        match (value, segment) {
            (Val::Text(text), Segment::Key(_) | Segment::Index(_)) if eval.text.contains("json(") => {
                let parsed = json::parse(text)?;
                if matches!(parsed, Val::Text(_)) {
                    return None;
                }
                Some(super::path::walk(parsed, std::slice::from_ref(segment), eval))
            }
            _ => None,
        }
    }

    fn order(&self, a: &Val, b: &Val) -> Result<Option<Ordering>, Failure> {
        match common::order(a, b) {
            Some(order) if !matches!(a, Val::Bool(_)) => Ok(Some(order)),
            _ => Err(failed("only two numbers or two texts are compared")),
        }
    }

    fn text(&self, value: &Val) -> Option<String> {
        Some(match value {
            // As .NET writes them.
            Val::Bool(b) => if *b { "True" } else { "False" }.to_owned(),
            other => common::text(other),
        })
    }

    fn call(&self, function: &Function, args: &[Option<Val>], eval: &Eval<'_>) -> Option<Out> {
        let name = match function {
            Function::Other(name) => name.as_str(),
            shared => own_name(shared)?,
        };
        if !common::known(args) {
            return None;
        }
        let null = Val::Null;
        let values: Vec<&Val> = args.iter().map(|a| a.as_ref().unwrap_or(&null)).collect();
        let known = text::call(name, &values)
            .or_else(|| collection::call(name, &values, eval))
            .or_else(|| convert::call(name, &values))
            .or_else(|| math::call(name, &values))
            .or_else(|| moment::call(name, &values, eval));
        Some(match known {
            Some(result) => result.map(Some),
            None => Ok(Some(symbol::fresh(&format!("function `{name}`")))),
        })
    }

    fn moment(&self, milliseconds: i64) -> Option<Val> {
        moment::now(milliseconds)
    }
}

/// The functions whose arguments this language checks by itself.
fn own_name(function: &Function) -> Option<&'static str> {
    Some(match function {
        Function::Contains => "contains",
        Function::StartsWith => "startswith",
        Function::EndsWith => "endswith",
        Function::Length => "length",
        Function::Empty => "empty",
        Function::First => "first",
        Function::Last => "last",
        Function::Lower => "tolower",
        Function::Upper => "toupper",
        Function::Trim => "trim",
        Function::Concat => "concat",
        Function::UrlEncode => "encodeuricomponent",
        Function::ParseJson => "json",
        Function::ToText => "string",
        Function::ToNumber => "tonumber",
        Function::AddTime => "addtime",
        _ => return None,
    })
}

/// The text that an argument is, or the failure that it is none.
fn texted<'a>(name: &str, value: &'a Val) -> Result<&'a str, Failure> {
    match value {
        Val::Text(t) => Ok(t),
        _ => Err(failed(format!("`{name}` expects a text"))),
    }
}

/// The whole number that an argument is.
fn whole(name: &str, value: &Val) -> Result<i64, Failure> {
    match value {
        Val::Number(n) if n.fract() == 0.0 && n.abs() < 9e15 => Ok(*n as i64),
        _ => Err(failed(format!("`{name}` expects a whole number"))),
    }
}
