//! Conditions that n8n and Node-RED write as data: an operator over operands, each of which is an expression of its own.
//!
//! The operators' types (text, number, moment) are not in the parsed form: values of one type are compared as such, and
//! what a conversion between types would decide is unknown.

use super::super::term::Eval;
use super::super::{Failure, Scope, common, symbol, time};
use super::{NODE_RED, RULES, operators, truth};
use crate::Val;
use std::cmp::Ordering;
use workflow::{Expression, Function, Term};

/// Whose conditions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::evaluate) enum Style {
    N8n,
    NodeRed,
}

/// Evaluates a condition.
pub(in crate::evaluate) fn evaluate(
    style: Style,
    expression: &Expression,
    scope: &dyn Scope,
) -> Result<Val, Failure> {
    // The text is for people here: it says nothing about the operands.
    let rules = if style == Style::N8n { &RULES } else { &NODE_RED };
    let eval = Eval::new("", scope, rules);
    let condition = Condition { style, eval };
    let answer = condition.test(&expression.term)?;
    Ok(answer.map_or_else(|| condition.unknown(&expression.term), Val::Bool))
}

struct Condition<'e> {
    style: Style,
    eval: Eval<'e>,
}

impl Condition<'_> {
    fn test(&self, term: &Term) -> Result<Option<bool>, Failure> {
        match term {
            Term::Call(Function::And, terms) => self.several(terms, false),
            Term::Call(Function::Or, terms) => self.several(terms, true),
            Term::Call(Function::Not, terms) if terms.len() == 1 => Ok(self.test(&terms[0])?.map(|b| !b)),
            Term::Call(Function::Other(_), _) => Ok(truth(&self.operand(term)?)),
            Term::Call(function, operands) => {
                let values: Result<Vec<Val>, Failure> = operands.iter().map(|t| self.operand(t)).collect();
                let values = values?;
                let null = Val::Null;
                Ok(self.applied(function, values.first().unwrap_or(&null), values.get(1).unwrap_or(&null)))
            }
            other => Ok(truth(&self.operand(other)?)),
        }
    }

    /// n8n tests each before it combines them, but an answer that is known decides.
    fn several(&self, terms: &[Term], by: bool) -> Result<Option<bool>, Failure> {
        let answers: Result<Vec<Option<bool>>, Failure> = terms.iter().map(|t| self.test(t)).collect();
        let wanted = answers?.into_iter().map(|a| a.map(|b| b == by));
        Ok(common::any(wanted).map(|b| b == by))
    }

    fn operand(&self, term: &Term) -> Result<Val, Failure> {
        let value = self.eval.term(term).or_else(|failure| self.eval.rules.caught(failure));
        value.map(Option::unwrap_or_default)
    }

    /// The name of an answer that is not known: the same condition over the same values has the same one.
    fn unknown(&self, term: &Term) -> Val {
        let mut values = Vec::new();
        let mut left = vec![term];
        while let Some(term) = left.pop() {
            match term {
                Term::Call(Function::And | Function::Or | Function::Not, terms) => {
                    left.extend(terms.iter().rev())
                }
                Term::Call(_, operands) => {
                    let named = |t: &Term| self.operand(t).unwrap_or_else(|_| symbol::fresh("a failure"));
                    values.extend(operands.iter().map(|t| Some(named(t))));
                }
                _ => values.push(Some(symbol::fresh("not understood"))),
            }
        }
        symbol::derived(&shape(term), &values)
    }

    fn applied(&self, function: &Function, left: &Val, right: &Val) -> Option<bool> {
        match function {
            Function::Equals => self.equal(left, right),
            Function::NotEquals => self.equal(left, right).map(|b| !b),
            Function::EqualsIgnoreCase => match (left, right) {
                (Val::Text(a), Val::Text(b)) => Some(a.to_lowercase() == b.to_lowercase()),
                _ => self.equal(left, right),
            },
            Function::Greater | Function::GreaterOrEquals | Function::Less | Function::LessOrEquals => {
                let order = order(left, right)?;
                Some(match function {
                    Function::Greater => order == Ordering::Greater,
                    Function::GreaterOrEquals => order != Ordering::Less,
                    Function::Less => order == Ordering::Less,
                    _ => order != Ordering::Greater,
                })
            }
            Function::Contains => match (left, right) {
                (Val::Text(a), Val::Text(b)) => Some(a.contains(b.as_str())),
                (Val::List(items), Val::Text(_) | Val::Number(_) | Val::Bool(_)) => {
                    common::any(items.iter().map(|i| self.equal(i, right)))
                }
                (Val::Map(entries), Val::Text(key)) if self.style == Style::NodeRed => {
                    Some(entries.iter().any(|(k, _)| k == key))
                }
                _ => None,
            },
            Function::StartsWith | Function::EndsWith => match (left, right) {
                (Val::Text(a), Val::Text(b)) if *function == Function::StartsWith => {
                    Some(a.starts_with(b.as_str()))
                }
                (Val::Text(a), Val::Text(b)) => Some(a.ends_with(b.as_str())),
                _ => None,
            },
            Function::Matches => match (left, right) {
                (Val::Text(text), Val::Text(pattern)) => pattern_found(text, pattern),
                _ => None,
            },
            Function::Empty => match (self.style, left) {
                // Whether nothing is empty depends on the operator's type.
                (_, Val::Null) => (self.style == Style::N8n).then_some(true),
                (_, value) => common::empty(Some(value)),
            },
            Function::Present => match left {
                Val::Unknown(_) => None,
                value => Some(*value != Val::Null),
            },
            _ => None,
        }
    }

    fn equal(&self, left: &Val, right: &Val) -> Option<bool> {
        match (left, right) {
            (Val::Unknown(_), _) | (_, Val::Unknown(_)) => common::same(left, right),
            (Val::List(_) | Val::Map(_), _) | (_, Val::List(_) | Val::Map(_)) => None,
            (Val::Null, Val::Null) => Some(true),
            // Nothing is no text but the empty one, and is true of nothing; the rest is for a conversion to say.
            (Val::Null, Val::Text(t)) | (Val::Text(t), Val::Null) if !t.is_empty() => Some(false),
            (Val::Null, Val::Bool(true)) => Some(false),
            _ if std::mem::discriminant(left) == std::mem::discriminant(right) => Some(left == right),
            _ if self.style == Style::NodeRed => match operators::loosely(left, right)? {
                false => Some(false),
                true => None,
            },
            _ => None,
        }
    }
}

/// Numbers, moments, or texts that are numbers.
fn order(left: &Val, right: &Val) -> Option<Ordering> {
    match (left, right) {
        (Val::Number(a), Val::Number(b)) => a.partial_cmp(b),
        (Val::Text(a), Val::Text(b)) => time::instant(a)?.cmp(&time::instant(b)?).into(),
        (Val::Number(a), Val::Text(b)) => a.partial_cmp(&b.parse().ok()?),
        (Val::Text(a), Val::Number(b)) => a.parse::<f64>().ok()?.partial_cmp(b),
        _ => None,
    }
}

/// A pattern alone, or between slashes with flags.
fn pattern_found(text: &str, pattern: &str) -> Option<bool> {
    match pattern.strip_prefix('/') {
        None => common::matches(text, pattern),
        Some(rest) => {
            let (inner, flags) = rest.rsplit_once('/')?;
            match flags {
                "" | "g" => common::matches(text, inner),
                "i" | "gi" | "ig" => common::matches(&text.to_lowercase(), &lowered(inner)?),
                _ => None,
            }
        }
    }
}

/// A pattern without escapes in lower case.
fn lowered(pattern: &str) -> Option<String> {
    (!pattern.contains('\\')).then(|| pattern.to_lowercase())
}

/// The operators of a condition.
fn shape(term: &Term) -> String {
    match term {
        Term::Call(f @ (Function::And | Function::Or | Function::Not), terms) => {
            let inner: Vec<String> = terms.iter().map(shape).collect();
            format!("{f:?}[{}]", inner.join(" "))
        }
        Term::Call(f, _) => format!("{f:?}"),
        _ => "?".to_owned(),
    }
}
