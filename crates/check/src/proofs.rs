//! What the machine proves of a workflow: every run that the world's answers allow, against the properties.
//!
//! What the machine cannot see is handed to it as assumptions: approvals in the platform before the run, checks of
//! authority, who is asked, what is temporary, what the record allows. Rules about paths rest on its verdicts.

use crate::facts::{Facts, Judge};
use crate::gate::Gate;
use crate::record::Context;
use crate::rules;
use crate::set::{Place, Set};
use machine::rehearse::{Scenario, refutation};
use machine::{Answer, Assumptions, Boundary, Bounds, Program, Verdict, Witness, prove};
use serde::{Deserialize, Serialize};
use workflow::{Finding, Links, StepIx, StepKind, Text, Walk, Workflow};

/// Larger workflows are not explored, and their path findings rest on the graph alone.
const MOST_STEPS: usize = 1_000;
/// Nor are those with more changes.
const MOST_CHANGES: usize = 200;

/// What was found out about one property at one step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// The property's name.
    pub property: Text,
    /// The step it is about.
    pub step: Text,
    /// `proved`, `refuted` or `unknown`.
    pub verdict: Text,
    /// How it is broken, what would have to be declared, or how much was looked at.
    pub because: String,
    /// The run that breaks it.
    pub walk: Vec<Walk>,
    /// The rule of a finding that tells of the refutation; empty where no finding does.
    #[serde(default)]
    pub rule: Text,
}

/// How far a proof goes where steps hand lists of items on: each list is taken to hold one.
const ONE_ITEM: &str = ", one item at a time";

/// What is said of a step that nothing can be broken at, since it is never come to.
const NEVER: &str = "as written, no run comes to it";

impl Proof {
    /// Whether it holds only because no run comes to the step.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.verdict == "proved" && self.because == NEVER
    }

    /// Whether it was proved with one item in every list: what one item's answer does to another was not looked at.
    #[must_use]
    pub fn is_of_one_item(&self) -> bool {
        self.because.ends_with(ONE_ITEM)
    }

    /// Whether it is refuted and no rule speaks of it, so that the report has to say it itself.
    #[must_use]
    pub fn is_unspoken(&self) -> bool {
        self.verdict == "refuted" && self.rule.is_empty()
    }

    /// What to do about a refutation.
    #[must_use]
    pub fn fix(&self) -> String {
        machine::properties::property(&self.property)
            .map(machine::properties::Property::fix)
            .unwrap_or_default()
    }
}

/// Each property that is refuted in a workflow, with the scenario that shows it and fails as long as it is. `workflows` see
/// each other, as in [`crate::check`]; what a scenario is about is the workflow at `index`.
#[must_use]
pub fn refutations(
    workflows: &[Workflow],
    contexts: &[Context],
    index: u32,
) -> Vec<(&'static str, Scenario)> {
    let Some(program) = program(workflows, Links::by_name(workflows)) else { return Vec::new() };
    let set = Set::new(workflows);
    let judge = Judge::new(&set, contexts);
    let nothing = Context::default();
    let facts = Facts::new(&judge, index, contexts.get(index as usize).unwrap_or(&nothing));
    if !is_explored(&facts) {
        return Vec::new();
    }
    let assume = assumptions(&facts);
    let found = prove(&program, index, &assume, Bounds::default());
    found.iter().filter_map(|p| Some((p.property, refutation(&program, index, &assume, p)?))).collect()
}

/// The machine's program for workflows of which some change access.
pub(crate) fn program<'w>(workflows: &'w [Workflow], links: Links<'w>) -> Option<Program<'w>> {
    let changes = workflows.iter().any(|w| w.steps.iter().any(workflow::Step::changes_access));
    changes.then(|| Program::lean_with(workflows, links))
}

/// Proves or refutes every property of a workflow that changes access.
pub(crate) fn proofs(program: &Program<'_>, facts: &Facts<'_, '_>) -> Vec<Proof> {
    if !is_explored(facts) {
        return Vec::new();
    }
    let found = prove(program, facts.index, &assumptions(facts), Bounds::default());
    found.into_iter().map(|p| told(facts, doubted(facts, p))).collect()
}

/// Whether there is something to prove, and not too much.
fn is_explored(facts: &Facts<'_, '_>) -> bool {
    !facts.changes.is_empty()
        && facts.changes.len() <= MOST_CHANGES
        && facts.workflow.steps.len() <= MOST_STEPS
}

fn at(facts: &Facts<'_, '_>, step: StepIx) -> machine::Place {
    machine::Place { workflow: facts.index, step }
}

/// What the definition's data flow and the record say, as plain data.
fn assumptions(facts: &Facts<'_, '_>) -> Assumptions {
    let mut assume = Assumptions::default();
    for change in &facts.changes {
        let before = change.verdict.assumed || change.verdict.gate == Gate::Authorised && change.tier.0 < 3;
        let place = facts.place(change.step);
        let (callers, undoes) = (facts.judge.gated_by_callers(place), facts.judge.undoes(place));
        let refuses = change.verdict.gate == Gate::Present && facts.judge.refuses(place);
        if before || callers || undoes || refuses || rules::follows_its_grant(facts, change) {
            assume.approved.insert(at(facts, change.step));
        }
        if let Some(ends) = rules::temporary(facts, change.step) {
            assume.temporary.insert(at(facts, change.step), ends.into_iter().map(|s| at(facts, s)).collect());
        }
    }
    for (question, change) in rules::own_approvers(facts) {
        assume.own_approver.insert((at(facts, question), at(facts, change)));
    }
    let bounded = facts.context.record.as_ref().is_some_and(|r| r.boundary.identities_per_run.is_some());
    for outer in facts.reached.steps().filter(|s| bounded && matches!(facts.step(*s).kind, StepKind::Loop(_)))
    {
        if let Some(most) = rules::rounds_at_most(facts, outer) {
            assume.rounds.insert(at(facts, outer), most);
        }
    }
    assume.boundary = facts.context.record.as_ref().map(|r| Boundary {
        systems: r.boundary.systems.clone(),
        effects: r.boundary.effects.clone(),
        entitlements: r.boundary.entitlements.clone(),
        identities: r.boundary.identities_per_run,
    });
    assume
}

/// That the one who approves is somebody else is not proved where whoever starts the run says who that is.
fn doubted(facts: &Facts<'_, '_>, proof: machine::Proof) -> machine::Proof {
    let concerns = proof.property == "approver-is-not-requester";
    let step = proof.step.filter(|_| concerns && matches!(proof.verdict, Verdict::Proved { met: true, .. }));
    let Some(asked) = step.and_then(|at| rules::unclear_approver(facts, at.step)) else { return proof };
    let declare = format!(
        "who answers {} is named by the one who starts the run: take the approver from a directory or from the record",
        facts.name(asked)
    );
    machine::Proof { verdict: Verdict::Unknown { declare }, ..proof }
}

fn told(facts: &Facts<'_, '_>, proof: machine::Proof) -> Proof {
    let (verdict, because, walk) = match proof.verdict {
        Verdict::Proved { met: false, .. } => ("proved", NEVER.to_owned(), Vec::new()),
        Verdict::Proved { states, .. } => {
            let bound = if facts.workflow.itemwise { ONE_ITEM } else { "" };
            ("proved", format!("in every one of {states} states{bound}"), Vec::new())
        }
        Verdict::Refuted { how, run } => ("refuted", how, walk(facts, &run, proof.step)),
        Verdict::Unknown { declare } => ("unknown", declare, Vec::new()),
    };
    let step = proof.step.map(|p| station(facts, p).0).unwrap_or_default();
    Proof {
        property: proof.property.into(),
        step,
        verdict: verdict.into(),
        because,
        walk,
        rule: Text::default(),
    }
}

fn station(facts: &Facts<'_, '_>, place: machine::Place) -> (Text, u32) {
    let step = facts.set.graph(place.workflow).step(place.step);
    (step.id.clone(), step.span.line)
}

/// A run as a walk: where the world was asked, and by which answer each was left.
fn walk(facts: &Facts<'_, '_>, run: &Witness, to: Option<machine::Place>) -> Vec<Walk> {
    let mut walk = Vec::new();
    if let Some(t) = facts.workflow.triggers.get(run.trigger as usize) {
        walk.push(Walk { step: t.id.clone(), leaves: Text::default(), line: t.span.line, marked: false });
    }
    for (place, answer) in run.answers.iter().filter_map(|(p, a)| Some((p.as_ref()?, a))) {
        let step = facts.set.graph(place.workflow).step(place.step);
        if step.synthetic || step.kind == StepKind::Part {
            continue;
        }
        let (step, line) = station(facts, *place);
        walk.push(Walk { step, leaves: leaves(answer), line, marked: Some(*place) == to });
    }
    if let Some((to, line)) = to.map(|p| station(facts, p)).filter(|_| !walk.iter().any(|w| w.marked)) {
        walk.push(Walk { step: to, leaves: Text::default(), line, marked: true });
    }
    walk
}

/// An answer, as the way by which a step is left.
fn leaves(answer: &Answer) -> Text {
    match answer {
        Answer::Decided(case) => case.clone(),
        Answer::Error(..) => "error".into(),
        Answer::Timeout => "timeout".into(),
        Answer::Choose(holds) => if *holds { "true" } else { "false" }.into(),
        Answer::Cancelled => "cancelled".into(),
        Answer::Crash => "crash".into(),
        _ => Text::default(),
    }
}

/// Rules whose findings are about what some run does, and the property that says whether there is one. `self-approval` is
/// none of them: it also tells of answers that stop a change in the answerer's own interest.
const RESTS_ON: [(&str, &str); 3] = [
    ("unapproved-change", "change-needs-approval"),
    ("approval-fails-open", "change-needs-approval"),
    ("unrevoked-access", "temporary-access-ends"),
];

/// Whether what a finding says of a step cannot be: no run does it.
pub(crate) fn disproves(proofs: &[Proof], finding: &Finding) -> bool {
    let property = RESTS_ON.iter().find(|(rule, _)| *rule == finding.rule).map(|(_, p)| *p);
    let holds = |step: &Text| {
        let of = proofs.iter().find(|p| Some(p.property.as_str()) == property && p.step == *step);
        of.is_some_and(|p| p.verdict == "proved" && !p.is_idle())
    };
    property.is_some() && holds(&finding.step)
}

/// Says in findings about a change that no run comes to it as the definition is written.
pub(crate) fn tell_idle(proofs: &[Proof], findings: &mut [Finding]) {
    let idle =
        |step: &Text| proofs.iter().any(|p| p.is_idle() && p.step == *step && p.property == PROVES_GATES);
    for finding in findings.iter_mut().filter(|f| idle(&f.step)) {
        finding.message.push_str(" As written, no run comes to it.");
    }
}

/// The gate of a change, where every run that makes it has been found to have its yes.
pub(crate) fn settled(proofs: &[Proof], step: &Text, gate: Gate) -> Gate {
    let of = proofs.iter().find(|p| p.property == PROVES_GATES && p.step == *step);
    let proved = of.is_some_and(|p| p.verdict == "proved" && !p.is_idle());
    if proved && gate == Gate::FailsOpen { Gate::Present } else { gate }
}

/// The property that is about gates.
const PROVES_GATES: &str = "change-needs-approval";

/// The rules that tell of a property that is broken. `within-boundary` is about what a record says, which is no control
/// fault of its own: of it only the rule about changes without a bound tells.
const SPEAKS: [(&str, &[&str]); 7] = [
    (
        "change-needs-approval",
        &[
            "unapproved-change",
            "approval-fails-open",
            "approval-ignored",
            "approval-after-change",
            "machine-decides",
            "check-fails-open",
            "agent-chosen-effect",
        ],
    ),
    ("approver-is-not-requester", &["self-approval", "approver-from-input"]),
    ("temporary-access-ends", &["unrevoked-access"]),
    ("at-most-once", &["duplicate-event"]),
    ("failure-is-told", &["unhandled-failure"]),
    ("within-boundary", &["unbounded-bulk-change"]),
    ("run-ends-or-waits-owned", &["unbounded-recursion"]),
];

/// Says of each refutation which finding tells of it: the first of a rule about that property and step.
pub(crate) fn name_rules(proofs: &mut [Proof], findings: &[Finding]) {
    for proof in proofs.iter_mut().filter(|p| p.verdict == "refuted") {
        let rules =
            SPEAKS.iter().find(|(property, _)| *property == proof.property).map_or(&[][..], |(_, r)| r);
        let about = |f: &&Finding| {
            let steps = proof.step.is_empty() || f.step == proof.step || f.steps.contains(&proof.step);
            steps && rules.contains(&f.rule.as_str())
        };
        proof.rule = findings.iter().find(about).map(|f| f.rule.clone()).unwrap_or_default();
    }
}

/// A step in the machine's words.
impl From<Place> for machine::Place {
    fn from(place: Place) -> Self {
        machine::Place { workflow: place.workflow, step: place.step }
    }
}
