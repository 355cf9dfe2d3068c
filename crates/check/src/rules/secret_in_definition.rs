//! `secret-in-definition`: see the page beside this file.

use super::{Rule, Scope};
use crate::facts::Facts;
use workflow::{Finding, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "secret-in-definition",
    severity: Severity::Critical,
    scope: Scope::Everything,
    page: include_str!("secret_in_definition.md"),
    check,
};

fn check(_: &Facts<'_, '_>, _: &mut Vec<Finding>) {}
