//! `unpinned-connector`: see the page beside this file.

use super::{Rule, Scope};
use crate::facts::Facts;
use workflow::{Finding, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "unpinned-connector",
    severity: Severity::Medium,
    scope: Scope::Governed,
    page: include_str!("unpinned_connector.md"),
    check,
};

fn check(_: &Facts<'_, '_>, _: &mut Vec<Finding>) {}
