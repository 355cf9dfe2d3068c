//! `missing-record`: see the page beside this file.

use super::{Rule, Scope};
use crate::facts::Facts;
use workflow::{Finding, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "missing-record",
    severity: Severity::High,
    scope: Scope::Governed,
    page: include_str!("missing_record.md"),
    check,
};

fn check(_: &Facts<'_, '_>, _: &mut Vec<Finding>) {}
