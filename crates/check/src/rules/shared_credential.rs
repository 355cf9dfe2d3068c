//! `shared-credential`: one credential is used by several workflows, or belongs to a person.

use super::{Rule, Scope};
use crate::facts::Facts;
use crate::tell::enumerate;
use workflow::{Credential, Finding, Severity, StepIx};

/// The rule.
pub static RULE: Rule = Rule {
    id: "shared-credential",
    severity: Severity::Medium,
    scope: Scope::Governed,
    page: include_str!("shared_credential.md"),
    check,
};

fn check(facts: &Facts<'_, '_>, out: &mut Vec<Finding>) {
    for (i, credential) in facts.workflow.credentials.iter().enumerate() {
        let Some(step) = user(facts, u32::try_from(i).unwrap_or(u32::MAX)) else { continue };
        let name = if credential.name.is_empty() { &credential.id } else { &credential.name };
        let message = if credential.callers {
            format!(
                "{} works with `{name}`, the own connection of whoever starts it, who can do the same without the workflow.",
                facts.name(step)
            )
        } else if credential.personal == Some(true) {
            format!("{} works with `{name}`, a person's own connection, which ends with that person.", facts.name(step))
        } else if let Some(others) = others(facts, credential) {
            format!("{} works with `{name}`, which {others} too, so none can be limited or revoked alone.", facts.name(step))
        } else {
            continue;
        };
        let fix = "Give the workflow a credential of its own, owned by a service, with no more than it needs.";
        let mut finding = facts.report(&RULE, step, message, fix);
        finding.severity = RULE.severity;
        out.push(finding);
    }
}

/// A step that changes access, or may, with a credential.
fn user(facts: &Facts<'_, '_>, credential: u32) -> Option<StepIx> {
    let uses = |s: &StepIx| facts.step(*s).enabled && facts.step(*s).credentials.contains(&credential);
    facts.graph.steps().find(|s| uses(s) && (facts.step(*s).changes_access() || facts.is_opaque(*s)))
}

fn others(facts: &Facts<'_, '_>, credential: &Credential) -> Option<String> {
    let (_, workflows) = facts.context.shared.iter().find(|(id, _)| *id == credential.id || *id == credential.name)?;
    let named: Vec<String> = workflows.iter().take(4).map(|w| format!("`{w}`")).collect();
    let more = workflows.len().saturating_sub(named.len());
    let told = enumerate(&named);
    let told = if more > 0 { format!("{told} and {more} more") } else { told };
    let verb = if workflows.len() == 1 { "uses" } else { "use" };
    (!workflows.is_empty()).then(|| format!("{told} {verb}"))
}
