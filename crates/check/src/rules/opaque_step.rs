//! `opaque-step`: see the page beside this file.

use super::{Rule, Scope};
use crate::facts::Facts;
use workflow::{Finding, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "opaque-step",
    severity: Severity::Medium,
    scope: Scope::Changes,
    page: include_str!("opaque_step.md"),
    check,
};

fn check(_: &Facts<'_, '_>, _: &mut Vec<Finding>) {}
