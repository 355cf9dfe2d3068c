//! `check-fails-open`: a machine check whose failure lets the change happen.


use super::{Rule, Scope};
use crate::facts::{Change, Facts};
use crate::gate::{Effectiveness, Gate, Question};
use crate::logic::Answer;
use crate::set::Place;
use crate::tell::Concerning;
use std::collections::HashSet;
use workflow::{Platform, EdgeKind, Finding, Kind, Node, Outcome, Root, Severity, StepIx, StepKind};


/// The rule.
pub static RULE: Rule = Rule {
    id: "check-fails-open",
    severity: Severity::High,
    scope: Scope::Changes,
    page: include_str!("check_fails_open.md"),
    check,
};


fn check(facts: &Facts<'_, '_>, out: &mut Vec<Finding>) {
    let read = results_read(facts);
    toothless_helpers(facts, &read, out);
    unread_filter(facts, &read, out);
    if facts.changes.is_empty() {
        return;
    }
    for read in facts.bounded(&RULE, 40, facts.reached.steps().filter(|s| is_caught_read(facts, *s))) {
        let question = Question::check(facts.graph, read);
        for change in facts.live_changes().filter(|c| c.step != read && c.verdict.gate != Gate::Present) {
            passes_on_failure(facts, &question, change, out);
        }
    }
}


/// A read whose failure does not end the run.
fn is_caught_read(facts: &Facts<'_, '_>, step: StepIx) -> bool {
    let effects = facts.step(step).live_effects();
    !effects.is_empty() && effects.iter().all(|e| e.kind == Kind::Read) && facts.graph.catches(step)
}


fn passes_on_failure(facts: &Facts<'_, '_>, question: &Question, change: &Change, out: &mut Vec<Finding>) {
    let step = change.step;
    let failed = question.leaks(step).find(|(a, _)| *a == Answer::Failure);
    let (Effectiveness::Leaks, Some((_, reach))) = (question.effectiveness(step), failed) else { return };
    let (check, name, deed) = (facts.name(question.step), facts.name(step), facts.deed(step));
    let message = format!("{check} is there to stop some cases, but when it fails {name} still {deed}.");
    let fix = format!("Let a failure of {check} end the run, or lead away from {name}.");
    let path = facts.graph.walk(reach, step);
    out.push(facts.report(&RULE, step, message, fix).also([facts.step(question.step).id.clone()]).along(path));
}


/// A helper whose only purpose is a check, and that can only end itself: its caller goes on.
fn toothless_helpers(facts: &Facts<'_, '_>, read: &HashSet<&str>, out: &mut Vec<Finding>) {
    for call in facts.set.calls_from(facts.index) {
        let Some(to) = call.to.filter(|to| *to != facts.index) else { continue };
        let step = call.from.step;
        if !facts.reached.has(step) || read.contains(facts.step(step).id.as_str()) || !only_checks(facts, to) {
            continue;
        }
        let changes: Vec<&Change> =
            facts.live_changes().filter(|c| facts.graph.leads(step, c.step) && c.verdict.gate != Gate::Present).collect();
        let Some(first) = changes.first() else { continue };
        let helper = &facts.set.workflows[to as usize].name;
        let message = format!(
            "{} runs the check `{helper}`, but that can only end itself: it returns nothing that is read, so when it \
             fails, {} still {}.",
            facts.name(step),
            facts.name(first.step),
            facts.deed(first.step)
        );
        let fix = "Let the helper raise an error, or return the outcome and branch on it before the change.";
        let also = changes.iter().map(|c| facts.step(c.step).id.clone());
        let path = facts.walk(first.step);
        let mut finding = facts.report(&RULE, step, message, fix).also(also).along(path);
        if changes.iter().any(|c| c.tier.0 >= 3) {
            finding.severity = finding.severity.raised();
        }
        out.push(finding);
    }
}


/// A lookup with a condition that nothing reads, beside the same lookup without it that drives the change.
fn unread_filter(facts: &Facts<'_, '_>, read: &HashSet<&str>, out: &mut Vec<Finding>) {
    // A response platform shows every result to the analyst on the case: a lookup there is read without a step that reads it.
    let on_a_case = matches!(
        facts.workflow.platform,
        Platform::SplunkSoar | Platform::GoogleSecops | Platform::InsightConnect
    );
    if facts.workflow.itemwise || on_a_case {
        return;
    }
    let reads: Vec<StepIx> =
        facts.bounded(&RULE, 200, facts.reached.steps().filter(|s| looks_up(facts, *s))).collect();
    for narrow in reads.iter().copied().filter(|s| computed(facts, *s) > 0 && !read.contains(facts.step(*s).id.as_str())) {
        let own = facts.step(narrow);
        let wide = reads.iter().copied().find(|w| {
            let other = facts.step(*w);
            let same = other.connector == own.connector && other.operation == own.operation && *w != narrow;
            same && computed(facts, *w) == 0 && read.contains(facts.step(*w).id.as_str())
        });
        let Some(wide) = wide else { continue };
        let drives = |s: &StepIx| facts.step(*s).changes_access() || facts.calls_change(*s);
        let Some(change) = facts.graph.followers(wide).into_iter().find(drives) else { continue };
        let message = format!(
            "{} looks for the cases that fulfil its condition, but no step reads what it finds; {} goes through \
             everything that {} finds instead.",
            facts.name(narrow),
            facts.name(change),
            facts.name(wide)
        );
        let fix = format!("Let {} use the result of {}.", facts.name(change), facts.name(narrow));
        out.push(facts.report(&RULE, change, message, fix).also([own.id.clone()]));
    }
}


fn looks_up(facts: &Facts<'_, '_>, step: StepIx) -> bool {
    let effects = facts.step(step).live_effects();
    let named = !facts.step(step).connector.is_empty() && !facts.step(step).operation.is_empty();
    named && !effects.is_empty() && effects.iter().all(|e| e.kind == Kind::Read)
}


/// How many parameters are computed.
fn computed(facts: &Facts<'_, '_>, step: StepIx) -> usize {
    facts.step(step).parameters.expressions().len()
}


/// The ids of the steps whose results some step or branch reads.
fn results_read<'f>(facts: &'f Facts<'_, '_>) -> HashSet<&'f str> {
    let mut read = HashSet::new();
    let mut note = |e: &'f workflow::Expression| {
        read.extend(e.references().into_iter().filter_map(|r| match &r.root {
            Root::Step(id) => Some(id.as_str()),
            _ => None,
        }));
    };
    for step in &facts.workflow.steps {
        let request = step.request.iter().flat_map(|r| [&r.url, &r.body, &r.query]);
        let shaped = step.output.iter().chain(step.assigns.iter().map(|a| &a.value));
        let given = step.calls.iter().map(|c| &c.input);
        let all = request.chain(shaped).chain(given).chain([&step.parameters]);
        all.flat_map(|v| v.expressions()).for_each(&mut note);
    }
    for edge in &facts.workflow.edges {
        if let EdgeKind::When { condition, .. } = &edge.kind {
            note(condition);
        }
    }
    read
}


/// The workflow reads and compares, ends early when something does not hold, and does nothing else.
fn only_checks(facts: &Facts<'_, '_>, workflow: u32) -> bool {
    let graph = facts.set.graph(workflow);
    let harmless = |k: Kind| matches!(k, Kind::Read | Kind::Control | Kind::ReadSecret);
    let quiet = graph.workflow.steps.iter().all(|s| s.live_effects().iter().all(|e| harmless(e.kind)));
    let ends_quietly = graph.steps().any(|s| match graph.step(s).kind {
        StepKind::Guard => true,
        StepKind::End(Outcome::Path | Outcome::Success) => comes_from_branch(facts, Place { workflow, step: s }),
        _ => false,
    });
    let raises = graph.steps().any(|s| graph.step(s).kind == StepKind::End(Outcome::Failure));
    quiet && ends_quietly && !raises
}


fn comes_from_branch(facts: &Facts<'_, '_>, at: Place) -> bool {
    let graph = facts.set.graph(at.workflow);
    graph.into(at.step).iter().map(|e| graph.edge(*e)).any(|e| {
        matches!(e.kind, EdgeKind::When { .. } | EdgeKind::Otherwise { .. }) && matches!(e.from, Node::Step(_))
    })
}
