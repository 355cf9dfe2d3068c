//! `notify-nobody`: see the page beside this file.

use super::{Rule, Scope};
use crate::facts::Facts;
use workflow::{Finding, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "notify-nobody",
    severity: Severity::Low,
    scope: Scope::Changes,
    page: include_str!("notify_nobody.md"),
    check,
};

fn check(_: &Facts<'_, '_>, _: &mut Vec<Finding>) {}
