//! `shared-credential`: see the page beside this file.

use super::{Rule, Scope};
use crate::facts::Facts;
use workflow::{Finding, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "shared-credential",
    severity: Severity::Medium,
    scope: Scope::Governed,
    page: include_str!("shared_credential.md"),
    check,
};

fn check(_: &Facts<'_, '_>, _: &mut Vec<Finding>) {}
