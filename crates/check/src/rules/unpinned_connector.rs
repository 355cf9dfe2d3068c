//! `unpinned-connector`: a connector or plugin is used without a pinned, approved version.

use super::{Rule, Scope};
use crate::facts::Facts;
use workflow::{Finding, Severity, Step};

/// The rule.
pub static RULE: Rule = Rule {
    id: "unpinned-connector",
    severity: Severity::Medium,
    scope: Scope::Governed,
    page: include_str!("unpinned_connector.md"),
    check,
};

fn check(facts: &Facts<'_, '_>, out: &mut Vec<Finding>) {
    let mut told: Vec<&str> = Vec::new();
    for step in facts.graph.steps() {
        let own = facts.step(step);
        if !own.enabled || !own.third_party || approved(facts, own) || told.contains(&own.connector.as_str()) {
            continue;
        }
        told.push(&own.connector);
        let name = facts.name(step);
        let message = if own.connector_version.is_empty() {
            format!("{name} uses `{}`, which is not the platform's own, in whatever version is there.", own.connector)
        } else {
            format!("{name} uses `{}` {}, which nobody has approved.", own.connector, own.connector_version)
        };
        let fix = "List it in `connectors.yaml` with its version or digest, what it can do and who owns it.";
        out.push(facts.report(&RULE, step, message, fix));
    }
}

fn approved(facts: &Facts<'_, '_>, step: &Step) -> bool {
    facts.context.approved_connectors.iter().any(|a| match a.rsplit_once('@') {
        Some((name, version)) => name == step.connector && version == step.connector_version,
        None => *a == step.connector,
    })
}
