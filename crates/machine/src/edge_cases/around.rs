//! Edge cases of what surrounds a change: a word that no case knows, a model that is talked into a tool, rounds that run at
//! the same time, more rounds than anybody thought of, a called workflow that fails.

use super::asking::never;
use super::{Cases, name};
use crate::rehearse::{Expect, Fault, Reply, Scenario};
use crate::{Place, Program};
use std::collections::BTreeSet;
use workflow::{
    EdgeKind, Expression, Function, LoopKind, Node, Reference, Root, Step, StepIx, StepKind, Term, Text,
};

/// So many rounds are more than anybody thought of.
const MANY: u32 = 1_000;
/// A run may change so many identities where no record says.
const USUAL: u64 = 100;

pub(super) fn cases(cases: &Cases<'_, '_>, all: &mut Vec<Scenario>) {
    unknown_word(cases, all);
    talked_into(cases, all);
    same_time(cases, all);
    many_rounds(cases, all);
    fails_inside(cases, all);
}

/// A branch that looks for one of several words, and a word that is none of them: it changes nothing.
fn unknown_word(cases: &Cases<'_, '_>, all: &mut Vec<Scenario>) {
    let branches = (0u32..).map(StepIx).zip(&cases.w.steps);
    for (branch, step) in branches.filter(|(_, s)| s.enabled && s.ask.is_none()) {
        if !looks_for_words(cases, branch) {
            continue;
        }
        let falls = cases.only_by(branch, |k| matches!(k, EdgeKind::Otherwise { .. }));
        let falls: Vec<StepIx> = falls.into_iter().filter(|c| !cases.is_asked_for(*c)).collect();
        if falls.is_empty() {
            continue;
        }
        let none = Reply { step: Some(cases.label(step)), holds: Some(false), ..Reply::default() };
        let mut scenario =
            cases.scenario(format!("{} gets a word that it does not know", name(step)), vec![none]);
        scenario.expect = never(cases, &falls);
        all.push(scenario);
    }
}

/// Two cases or more compare the same value with constants.
fn looks_for_words(cases: &Cases<'_, '_>, branch: StepIx) -> bool {
    let edges = cases.w.edges.iter().filter(|e| e.from == Node::Step(branch));
    let conditions = edges.filter_map(|e| match &e.kind {
        EdgeKind::When { condition, .. } => Some(condition),
        _ => None,
    });
    let read: Vec<Option<&Reference>> = conditions.map(|c| word_of(&c.term)).collect();
    read.len() > 1 && read[0].is_some() && read.iter().all(|r| *r == read[0])
}

/// What a comparison with one constant reads.
fn word_of(term: &Term) -> Option<&Reference> {
    let Term::Call(f, args) = term else { return None };
    match (f, args.as_slice()) {
        (Function::And | Function::Or, [only]) => word_of(only),
        (Function::Equals | Function::EqualsIgnoreCase, [a, b]) => match (a, b) {
            (Term::Ref(r), constant) | (constant, Term::Ref(r)) if constant.is_constant() => Some(r),
            _ => None,
        },
        _ => None,
    }
}

/// A language model chooses its tools by what it is told: nobody has said yes to what it chooses.
fn talked_into(cases: &Cases<'_, '_>, all: &mut Vec<Scenario>) {
    for edge in cases.w.edges.iter().filter(|e| e.kind == EdgeKind::Tool) {
        let (Node::Step(model), tool) = (edge.from, edge.to) else { continue };
        let Some((model, step)) = cases.step(model).zip(cases.step(tool)) else { continue };
        if cases.changes.contains(&tool) && !cases.is_asked_for(tool) {
            let mut scenario =
                cases.scenario(format!("{} is talked into {}", name(model), name(step)), Vec::new());
            scenario.expect = never(cases, &[tool]);
            all.push(scenario);
        }
    }
}

/// Rounds that overlap and keep what they work on in one variable: each round has to change its own.
fn same_time(cases: &Cases<'_, '_>, all: &mut Vec<Scenario>) {
    for (each, step) in
        cases.loops().filter(|(_, s)| matches!(s.kind, StepKind::Loop(LoopKind::Each { parallel: true, .. })))
    {
        let inside = |c: &&StepIx| cases.program.within(cases.workflow, each, **c);
        let shared = shared_variables(cases, each);
        let reads = |c: &&StepIx| cases.step(**c).is_some_and(|s| reads_one_of(s, &shared));
        if cases.changes.iter().filter(inside).any(|c| reads(&c)) {
            let rounds = Reply { step: Some(cases.label(step)), rounds: Some(2), ..Reply::default() };
            let mut scenario =
                cases.scenario(format!("two rounds of {} run at the same time", name(step)), vec![rounds]);
            scenario.expect = Expect { once_each: true, ..Expect::default() };
            all.push(scenario);
        }
    }
}

/// Variables of the whole run that are given values in a loop.
fn shared_variables(cases: &Cases<'_, '_>, each: StepIx) -> BTreeSet<Text> {
    let semantics = cases.program.semantics(cases.workflow);
    let steps = (0u32..).map(StepIx).zip(&cases.w.steps);
    let inside = steps.filter(|(i, _)| *i != each && cases.program.within(cases.workflow, each, *i));
    let names = inside.flat_map(|(_, s)| &s.assigns).map(|a| a.variable.clone());
    names.filter(|name| !semantics.is_local(name)).collect()
}

fn reads_one_of(step: &Step, variables: &BTreeSet<Text>) -> bool {
    let values = step.target.identity.iter().chain(&step.target.entitlement);
    let mut references = values.flat_map(workflow::Value::expressions).flat_map(Expression::references);
    references.any(|r| matches!(&r.root, Root::Variable(name) if variables.contains(name)))
}

/// A loop that nothing bounds: a run changes no more identities than the record allows.
fn many_rounds(cases: &Cases<'_, '_>, all: &mut Vec<Scenario>) {
    let most = cases.around.identities.unwrap_or(USUAL);
    for (each, step) in
        cases.loops().filter(|(_, s)| matches!(s.kind, StepKind::Loop(LoopKind::Each { bound: None, .. })))
    {
        let inside = |c: &StepIx| *c == each || cases.program.within(cases.workflow, each, *c);
        let own = cases.changes.iter().filter(|c| inside(c) && !cases.is_asked_for(**c)).count();
        let called =
            cases.called().into_iter().filter(|(call, _)| inside(call) && !cases.is_asked_for(*call)).count();
        if own + called == 0 {
            continue;
        }
        let rounds = Reply { step: Some(cases.label(step)), rounds: Some(MANY), ..Reply::default() };
        let limit = if cases.around.identities.is_some() {
            ""
        } else {
            ", and no record says how many it may change"
        };
        let mut scenario = cases.scenario(format!("{} has {MANY} rounds{limit}", name(step)), vec![rounds]);
        scenario.expect = Expect { identities: Some(most), ..Expect::default() };
        all.push(scenario);
    }
}

/// A change in a workflow that is called fails: whoever called it hears of it, and so does somebody else.
fn fails_inside(cases: &Cases<'_, '_>, all: &mut Vec<Scenario>) {
    for (_, change) in cases.called() {
        let Some(label) = crate::rehearse::label_at(cases.program, change) else { continue };
        let mut scenario =
            cases.scenario(format!("`{label}` fails in the workflow that is called"), Vec::new());
        scenario.faults.push(Fault { at: Some(label), fail: Some("failed".into()), ..Fault::default() });
        scenario.expect = Expect { failures_told: true, ..Expect::default() };
        all.push(scenario);
    }
}

/// The changes of a workflow.
pub(super) fn changes_of(program: &Program<'_>, workflow: u32) -> Vec<Place> {
    let steps = program.workflow(workflow).map_or(0, |w| w.steps.len());
    let places = (0u32..).take(steps).map(|s| Place { workflow, step: StepIx(s) });
    places.filter(|p| crate::call::is_change(program, *p)).collect()
}
