//! `wrong-subject`: see the page beside this file.

use super::{Rule, Scope};
use crate::facts::Facts;
use workflow::{Finding, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "wrong-subject",
    severity: Severity::Critical,
    scope: Scope::Changes,
    page: include_str!("wrong_subject.md"),
    check,
};

fn check(_: &Facts<'_, '_>, _: &mut Vec<Finding>) {}
