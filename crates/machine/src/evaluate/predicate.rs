//! Conditions of JSONPath filters: `@.name == 'x' && @.age > 3`, as Jayway's and Amazon's dialects share them.

use super::{common, path};
use crate::Val;
use std::cmp::Ordering;

/// Conditions may be nested so deep.
const MAX_DEPTH: u32 = 32;

/// The items that fulfil a condition; none where the condition is not understood or not decided.
pub(super) fn filter(items: &[Val], condition: &str) -> Option<Vec<Val>> {
    let text = condition.trim().trim_start_matches('?');
    let mut kept = Vec::new();
    for item in items {
        let mut parser = Parser { rest: text, item };
        let test = parser.or(0)?;
        if !parser.rest.trim().is_empty() {
            return None;
        }
        if test? {
            kept.push(item.clone());
        }
    }
    Some(kept)
}

/// Evaluates while it reads. The outer option of its answers is understanding, the inner one knowing.
struct Parser<'t> {
    rest: &'t str,
    item: &'t Val,
}

type Test = Option<Option<bool>>;

impl<'t> Parser<'t> {
    fn eat(&mut self, token: &str) -> bool {
        let trimmed = self.rest.trim_start();
        let found = trimmed.strip_prefix(token);
        self.rest = found.unwrap_or(trimmed);
        found.is_some()
    }

    fn or(&mut self, depth: u32) -> Test {
        let mut answers = vec![self.and(depth)?];
        while self.eat("||") {
            answers.push(self.and(depth)?);
        }
        Some(common::any(answers.into_iter()))
    }

    fn and(&mut self, depth: u32) -> Test {
        let mut answers = vec![self.one(depth)?];
        while self.eat("&&") {
            answers.push(self.one(depth)?);
        }
        Some(common::any(answers.into_iter().map(|a| a.map(|b| !b))).map(|b| !b))
    }

    fn one(&mut self, depth: u32) -> Test {
        if depth > MAX_DEPTH {
            return None;
        }
        if self.eat("!") {
            return Some(self.one(depth + 1)?.map(|b| !b));
        }
        if self.eat("(") {
            let inner = self.or(depth + 1)?;
            return self.eat(")").then_some(inner);
        }
        let left = self.operand()?;
        let operators = ["==", "!=", "<=", ">=", "<", ">", "=~"];
        let Some(operator) = operators.into_iter().find(|o| self.eat(o)) else {
            // A path alone asks whether it leads anywhere.
            return Some(match left {
                Some(Val::Unknown(_)) => None,
                found => Some(found.is_some()),
            });
        };
        if operator == "=~" {
            return None;
        }
        let right = self.operand()?;
        Some(compared(operator, left.as_ref(), right.as_ref()))
    }

    /// A path below the item, or a constant; nothing inside where the path leads nowhere.
    fn operand(&mut self) -> Option<Option<Val>> {
        let trimmed = self.rest.trim_start();
        let first = trimmed.chars().next()?;
        match first {
            '@' => {
                self.rest = &trimmed[1..];
                self.path()
            }
            '\'' | '"' => {
                let inner = &trimmed[1..];
                let end = inner.find(first)?;
                self.rest = &inner[end + 1..];
                (!inner[..end].contains('\\')).then(|| Some(Val::text(&inner[..end])))
            }
            _ => {
                let end = trimmed.find(|c: char| !(c.is_alphanumeric() || "+-.".contains(c)));
                let (word, rest) = trimmed.split_at(end.unwrap_or(trimmed.len()));
                self.rest = rest;
                Some(Some(match word {
                    "true" => Val::Bool(true),
                    "false" => Val::Bool(false),
                    "null" => Val::Null,
                    number => Val::Number(number.parse().ok()?),
                }))
            }
        }
    }

    fn path(&mut self) -> Option<Option<Val>> {
        let mut at = Some(self.item.clone());
        loop {
            let key;
            if let Some(rest) = self.rest.strip_prefix('.') {
                let end = rest.find(|c: char| !(c.is_alphanumeric() || "_-$".contains(c)));
                let end = end.unwrap_or(rest.len());
                key = &rest[..end];
                self.rest = &rest[end..];
                if key.is_empty() || self.rest.starts_with('(') {
                    return None;
                }
            } else if let Some(rest) = self.rest.strip_prefix("['") {
                let end = rest.find("']")?;
                key = &rest[..end];
                self.rest = &rest[end + 2..];
            } else {
                return Some(at);
            }
            at = at.and_then(|v| path::key_of(&v, key));
        }
    }
}

fn compared(operator: &str, left: Option<&Val>, right: Option<&Val>) -> Option<bool> {
    let equal = match (left, right) {
        (Some(a), Some(b)) => common::same(a, b),
        (a, b) => Some(a.is_none() && b.is_none()),
    };
    match operator {
        "==" => return equal,
        "!=" => return equal.map(|b| !b),
        _ => {}
    }
    let (Some(left), Some(right)) = (left, right) else { return Some(false) };
    if !left.is_known() || !right.is_known() {
        return None;
    }
    let order = common::order(left, right);
    Some(match operator {
        "<" => order == Some(Ordering::Less),
        ">" => order == Some(Ordering::Greater),
        "<=" => matches!(order, Some(Ordering::Less | Ordering::Equal)),
        _ => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
    })
}
