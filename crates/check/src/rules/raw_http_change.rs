//! `raw-http-change`: access is changed by a raw HTTP call.

use super::{Rule, Scope};
use crate::facts::Facts;
use crate::tell::Concerning;
use workflow::{Confidence, Finding, Kind, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "raw-http-change",
    severity: Severity::Medium,
    scope: Scope::Changes,
    page: include_str!("raw_http_change.md"),
    check,
};

fn check(facts: &Facts<'_, '_>, out: &mut Vec<Finding>) {
    for change in &facts.changes {
        let step = facts.step(change.step);
        let Some(request) = step.request.as_ref().filter(|r| !r.governed) else { continue };
        let mut changing = step.live_effects().iter().filter(|e| e.kind.changes_access());
        if changing.all(|e| e.kind == Kind::Decide) {
            continue; // posting to the callback is the platform's own way to answer
        }
        let method = request.method.as_text().unwrap_or("HTTP");
        let (name, deed) = (facts.name(change.step), facts.deed(change.step));
        let (message, fix) = if step.target.operation_exists {
            (
                format!("{name} {deed} by a raw {method} call, although the platform has operations of its own for such changes."),
                "Use the platform's own operation, which is versioned, limited to its purpose and visible in its log.",
            )
        } else {
            (
                format!("{name} {deed} by a raw {method} call; the platform has no operation of its own for it."),
                "Keep the call in one reviewed helper with fixed host, path and body, and a credential that can do \
                 nothing else.",
            )
        };
        let mut finding = facts.report(&RULE, change.step, message, fix).sure(Confidence::High);
        if !step.target.operation_exists {
            finding.severity = Severity::Low;
        }
        out.push(finding);
    }
}
