//! Conditions of InsightConnect, Google SecOps, Splunk SOAR and Okta Workflows.
//!
//! Their vendors document the operators, not how operands of different types or case are compared (see
//! `docs/semantics.md`): where that matters the answer is unknown.

use super::rules::{Out, Rules};
use super::term::Eval;
use super::{Failure, common, symbol};
use crate::Val;
use std::cmp::Ordering;
use workflow::{Function, Reference};

/// One of these platforms.
pub(super) struct Security {
    name: &'static str,
    /// Operands are texts, whatever they were made from.
    textual: bool,
    /// It is not documented whether the case of letters matters.
    case_open: bool,
    /// A data path gives a list, and one of its items is enough.
    any_item: bool,
}

/// Rapid7 InsightConnect.
pub(super) static INSIGHTCONNECT: Security =
    Security { name: "insightconnect", textual: false, case_open: false, any_item: false };
/// Google SecOps.
pub(super) static SECOPS: Security =
    Security { name: "secops", textual: true, case_open: true, any_item: false };
/// Splunk SOAR.
pub(super) static SPLUNK: Security =
    Security { name: "splunk", textual: true, case_open: true, any_item: true };
/// Okta Workflows.
pub(super) static OKTA: Security =
    Security { name: "okta", textual: false, case_open: false, any_item: false };

impl Rules for Security {
    fn name(&self) -> &'static str {
        self.name
    }

    fn truth(&self, value: &Val) -> Option<bool> {
        match value {
            Val::Bool(b) => Some(*b),
            Val::Null => Some(false),
            Val::Text(t) if t.eq_ignore_ascii_case("true") => Some(true),
            Val::Text(t) if t.is_empty() || t.eq_ignore_ascii_case("false") => Some(false),
            _ => None,
        }
    }

    /// Unset is null: their cards and placeholders give nothing rather than fail.
    fn absent(&self, _: &Reference, _: &Eval<'_>) -> Out {
        Ok(None)
    }

    fn equal(&self, a: Option<&Val>, b: Option<&Val>, _: &Eval<'_>) -> Result<Option<bool>, Failure> {
        Ok(self.same(a.unwrap_or(&Val::Null), b.unwrap_or(&Val::Null)))
    }

    fn order(&self, a: &Val, b: &Val) -> Result<Option<Ordering>, Failure> {
        Ok(match (number(a), number(b)) {
            (Some(a), Some(b)) => a.partial_cmp(&b),
            _ => common::order(a, b),
        })
    }

    fn call(&self, function: &Function, args: &[Option<Val>], _: &Eval<'_>) -> Option<Out> {
        let at = |i: usize| args.get(i).and_then(Option::as_ref).unwrap_or(&Val::Null);
        let said = |answer: Option<bool>| {
            Some(Ok(Some(answer.map_or_else(|| symbol::derived(self.name, args), Val::Bool))))
        };
        match function {
            // Set, and not empty.
            Function::Present => said(common::empty(Some(at(0))).map(|b| !b)),
            Function::Contains | Function::StartsWith | Function::EndsWith | Function::Matches
                if self.any_item && matches!(at(0), Val::List(_)) =>
            {
                None
            }
            Function::Contains | Function::StartsWith | Function::EndsWith if self.case_open => {
                let (Val::Text(whole), Val::Text(part)) = (at(0), at(1)) else { return None };
                let test = |w: &str, p: &str| match function {
                    Function::Contains => w.contains(p),
                    Function::StartsWith => w.starts_with(p),
                    _ => w.ends_with(p),
                };
                let folded = test(&whole.to_lowercase(), &part.to_lowercase());
                if folded == test(whole, part) { said(Some(folded)) } else { unsure("the case of letters") }
            }
            Function::Less | Function::LessOrEquals | Function::Greater | Function::GreaterOrEquals => {
                let known = at(0).is_known() && at(1).is_known();
                let orders = number(at(0)).is_some() == number(at(1)).is_some();
                if known && !orders { unsure("the order of values of two types") } else { None }
            }
            Function::Other(name) if self.textual && common::known(args) => piped(name, at(0), at(1)),
            Function::Other(name) if name == "multiple-of" => match (at(0), at(1)) {
                (Val::Number(a), Val::Number(b)) if *b != 0.0 => said(Some(a % b == 0.0)),
                _ => None,
            },
            _ => None,
        }
    }
}

/// A stage of the expression builder of Google SecOps, with its argument as it is written.
fn piped(name: &str, value: &Val, argument: &Val) -> Option<Out> {
    let argument = common::as_text(Some(argument))?.trim().trim_matches(['"', '\'']);
    match (name, value) {
        ("getByIndex", Val::List(items)) => Some(Ok(items.get(argument.parse::<usize>().ok()?).cloned())),
        ("split", Val::Text(t)) if !argument.is_empty() => {
            Some(Ok(Some(Val::list(t.split(argument).map(Val::text).collect()))))
        }
        _ => None,
    }
}

fn unsure(what: &str) -> Option<Out> {
    Some(Ok(Some(symbol::fresh(what))))
}

impl Security {
    fn same(&self, a: &Val, b: &Val) -> Option<bool> {
        match (a, b) {
            (Val::List(items), one) | (one, Val::List(items))
                if self.any_item && !matches!(one, Val::List(_) | Val::Unknown(_)) =>
            {
                common::any(items.iter().map(|item| self.same(item, one)))
            }
            (Val::Text(a), Val::Text(b)) if self.case_open && a != b => {
                if a.to_lowercase() == b.to_lowercase() { None } else { Some(false) }
            }
            (Val::Text(t), other @ (Val::Number(_) | Val::Bool(_)))
            | (other @ (Val::Number(_) | Val::Bool(_)), Val::Text(t)) => {
                let alike = common::text(other).eq_ignore_ascii_case(t);
                if alike && !self.textual { None } else { Some(alike) }
            }
            (Val::Null, Val::Text(t)) | (Val::Text(t), Val::Null) if t.is_empty() => None,
            _ => common::same(a, b),
        }
    }
}

/// A number, or a text that is one.
fn number(value: &Val) -> Option<f64> {
    match value {
        Val::Number(n) => Some(*n),
        Val::Text(t) => t.trim().parse().ok(),
        _ => None,
    }
}
