//! JSONata, the second language of Step Functions and of Node-RED.

mod functions;
mod interpret;
mod operators;
mod syntax;

use super::rules::{Out, Rules};
use super::term::Eval;
use super::{Failure, Scope, common, json, symbol};
use crate::Val;
use interpret::{Frame, Run, Stop};
use std::cmp::Ordering;
use workflow::{Expression, Function};

pub(super) struct Jsonata;

/// See [`Jsonata`].
pub(super) static RULES: Jsonata = Jsonata;

/// Interprets the text itself, where the run knows what every name in it stands for.
pub(super) fn whole(expression: &Expression, scope: &dyn Scope) -> Option<Result<Val, Failure>> {
    let text = expression.text.trim();
    let text = text.strip_prefix("{%").and_then(|t| t.strip_suffix("%}")).unwrap_or(text);
    interpret(text, scope)
}

/// Interprets an expression; none where it, or something it reads, is not known.
pub(super) fn interpret(text: &str, scope: &dyn Scope) -> Option<Result<Val, Failure>> {
    let node = syntax::parse(text)?;
    let root = match scope.name("$") {
        Some(root) if !root.is_known() => return None,
        root => root,
    };
    let mut run = Run { scope, root: root.clone(), steps: 0, depth: 0 };
    match run.value(&node, &root, &Frame::default()) {
        Ok(None) if scope.is_whole() => Some(Err(failed(format!("`{text}` returned nothing (undefined)")))),
        Ok(value) => Some(Ok(value.unwrap_or_default())),
        Err(Stop::Failed(message)) => Some(Err(failed(message))),
        Err(Stop::Unknown) => None,
    }
}

fn failed(message: impl Into<String>) -> Failure {
    Failure::new("States.QueryEvaluationError", message)
}

impl Rules for Jsonata {
    fn name(&self) -> &'static str {
        "jsonata"
    }

    fn truth(&self, value: &Val) -> Option<bool> {
        match value {
            Val::Null => Some(false),
            Val::Bool(b) => Some(*b),
            Val::Number(n) => Some(*n != 0.0),
            Val::Text(t) => Some(!t.is_empty()),
            Val::Map(entries) => Some(!entries.is_empty()),
            Val::List(items) => common::any(items.iter().map(|i| self.truth(i))),
            Val::Unknown(_) => None,
        }
    }

    fn equal(&self, a: Option<&Val>, b: Option<&Val>, _: &Eval<'_>) -> Result<Option<bool>, Failure> {
        Ok(match (a, b) {
            (Some(a), Some(b)) => common::same(a, b),
            // Nothing equals nothing at all, not even itself.
            _ => Some(false),
        })
    }

    fn order(&self, a: &Val, b: &Val) -> Result<Option<Ordering>, Failure> {
        match (a, b) {
            (Val::Number(_), Val::Number(_)) | (Val::Text(_), Val::Text(_)) => Ok(common::order(a, b)),
            // Comparing with nothing gives nothing, which is false.
            (Val::Null, _) | (_, Val::Null) => Ok(None),
            _ => Err(failed("only two numbers or two texts have an order")),
        }
    }

    fn call(&self, function: &Function, args: &[Option<Val>], _: &Eval<'_>) -> Option<Out> {
        let at = |i: usize| args.get(i).and_then(Option::as_ref);
        let unsure = |what: &str| Some(Ok(Some(symbol::fresh(what))));
        match function {
            Function::NotEquals if at(0).is_none() || at(1).is_none() => unsure("nothing compared"),
            Function::Length => match at(0) {
                Some(Val::Unknown(_) | Val::List(_)) => None,
                _ => unsure("length or count"),
            },
            Function::Contains => match (at(0), at(1)) {
                (Some(Val::Text(_)), Some(Val::Text(_))) => None,
                (Some(Val::Unknown(_)), _) | (_, Some(Val::Unknown(_))) => None,
                _ => unsure("containing"),
            },
            Function::Matches | Function::Coalesce | Function::Trim => unsure("a function of texts"),
            Function::Lower | Function::Upper if at(0).is_none() => Some(Ok(None)),
            Function::ToText => match at(0) {
                Some(Val::Text(_) | Val::Bool(_) | Val::Unknown(_)) => None,
                Some(value) if value.is_known() => Some(Ok(Some(Val::text(json::write(value))))),
                None => Some(Ok(None)),
                _ => None,
            },
            Function::Other(name) if common::known(args) => match (name.as_str(), at(0), at(1)) {
                ("+", Some(Val::Number(a)), Some(Val::Number(b))) => number(a + b),
                ("-", Some(Val::Number(a)), Some(Val::Number(b))) => number(a - b),
                ("*", Some(Val::Number(a)), Some(Val::Number(b))) => number(a * b),
                ("/", Some(Val::Number(a)), Some(Val::Number(b))) => number(a / b),
                ("%", Some(Val::Number(a)), Some(Val::Number(b))) => number(a % b),
                ("negate", Some(Val::Number(a)), _) => number(-a),
                ("+" | "-" | "*" | "/" | "%", None, _) | ("+" | "-" | "*" | "/" | "%", _, None) => {
                    Some(Ok(None))
                }
                ("+" | "-" | "*" | "/" | "%", _, _) => Some(Err(failed("arithmetic on what is no number"))),
                _ => unsure(&format!("function `{name}`")),
            },
            _ => None,
        }
    }
}

fn number(n: f64) -> Option<Out> {
    Some(if n.is_finite() { Ok(Some(Val::Number(n))) } else { Err(failed("a number out of range")) })
}
