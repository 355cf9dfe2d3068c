//! `duplicate-event`: see the page beside this file.

use super::{Rule, Scope};
use crate::facts::Facts;
use workflow::{Finding, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "duplicate-event",
    severity: Severity::Medium,
    scope: Scope::Changes,
    page: include_str!("duplicate_event.md"),
    check,
};

fn check(_: &Facts<'_, '_>, _: &mut Vec<Finding>) {}
