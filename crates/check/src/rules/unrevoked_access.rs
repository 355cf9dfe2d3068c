//! `unrevoked-access`: see the page beside this file.

use super::{Rule, Scope};
use crate::facts::Facts;
use workflow::{Finding, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "unrevoked-access",
    severity: Severity::Critical,
    scope: Scope::Changes,
    page: include_str!("unrevoked_access.md"),
    check,
};

fn check(_: &Facts<'_, '_>, _: &mut Vec<Finding>) {}
