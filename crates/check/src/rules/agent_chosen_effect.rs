//! `agent-chosen-effect`: a language model chooses whether, or on whom, access changes.

use super::{Rule, Scope};
use crate::facts::Facts;
use crate::gate::Gate;
use crate::provenance::Origin;
use crate::tell::Concerning;
use workflow::{EdgeKind, Finding, Node, Severity, StepIx, StepKind};

/// The rule.
pub static RULE: Rule = Rule {
    id: "agent-chosen-effect",
    severity: Severity::High,
    scope: Scope::Changes,
    page: include_str!("agent_chosen_effect.md"),
    check,
};

fn check(facts: &Facts<'_, '_>, out: &mut Vec<Finding>) {
    for change in facts.some_changes(&RULE).filter(|c| c.verdict.gate != Gate::Present) {
        let step = change.step;
        let (name, deed) = (facts.name(step), facts.deed(step));
        let fix = "Let the model propose and a person decide: an approval that shows whom and what, before the change.";
        if let Some(agent) = chooser(facts, step) {
            let message = format!("{} decides at run time whether {name} {deed}.", facts.name(agent));
            out.push(facts.report(&RULE, step, message, fix).also([facts.step(agent).id.clone()]));
        } else if let Some(agent) = names_target(facts, step) {
            let message = format!("{name} {deed}, and {} says who that is.", facts.name(agent));
            out.push(facts.report(&RULE, step, message, fix).also([facts.step(agent).id.clone()]));
        }
    }
    for step in facts.reached.steps().filter(|s| facts.calls_change(*s)) {
        if let Some(agent) = chooser(facts, step).filter(|_| facts.judge.verdict(facts.place(step)).gate != Gate::Present) {
            let message = format!(
                "{} decides at run time whether {} runs a workflow that changes access.",
                facts.name(agent),
                facts.name(step)
            );
            let fix = "Let the model propose and a person decide before the workflow is run.";
            out.push(facts.report(&RULE, step, message, fix).also([facts.step(agent).id.clone()]));
        }
    }
}

/// The model that has a step among its tools.
pub(super) fn chooser(facts: &Facts<'_, '_>, step: StepIx) -> Option<StepIx> {
    facts.graph.into(step).iter().map(|e| facts.graph.edge(*e)).find_map(|e| match (e.from, &e.kind) {
        (Node::Step(agent), EdgeKind::Tool) => Some(agent),
        _ => None,
    })
}

/// The model whose answer is the identity.
fn names_target(facts: &Facts<'_, '_>, step: StepIx) -> Option<StepIx> {
    let sources = facts.set.all_sources(facts.place(step), &facts.step(step).target.identity);
    sources.iter().find_map(|s| match s.origin {
        Origin::Step(agent) if s.workflow == facts.index && facts.step(agent).kind == StepKind::Agent => Some(agent),
        _ => None,
    })
}
