//! `missing-record`: control automation without an owner, a security approver, a boundary or tests.

use super::{Rule, Scope};
use crate::facts::Facts;
use crate::tell::enumerate;
use workflow::{Confidence, Finding, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "missing-record",
    severity: Severity::High,
    scope: Scope::Governed,
    page: include_str!("missing_record.md"),
    check,
};

fn check(facts: &Facts<'_, '_>, out: &mut Vec<Finding>) {
    let name = &facts.workflow.name;
    let message = match &facts.context.record {
        None => format!("`{name}` can change access, and no control record stands beside it."),
        Some(record) => {
            let lacks: Vec<String> = record.lacks().into_iter().map(str::to_owned).collect();
            if lacks.is_empty() {
                return;
            }
            format!("`{name}` can change access, and its control record lacks {}.", enumerate(&lacks))
        }
    };
    let fix = "Write the record beside the workflow (`docs/formats/control-record.md`): owner, security approver, \
               boundary, tests.";
    out.push(Finding {
        rule: RULE.id.into(),
        severity: RULE.severity,
        confidence: Confidence::High,
        step: "".into(),
        steps: Vec::new(),
        path: Vec::new(),
        line: facts.workflow.span.line,
        message,
        fix: fix.into(),
    });
}
