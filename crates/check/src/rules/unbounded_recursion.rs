//! `unbounded-recursion`: see the page beside this file.

use super::{Rule, Scope};
use crate::facts::Facts;
use workflow::{Finding, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "unbounded-recursion",
    severity: Severity::Medium,
    scope: Scope::Changes,
    page: include_str!("unbounded_recursion.md"),
    check,
};

fn check(_: &Facts<'_, '_>, _: &mut Vec<Finding>) {}
