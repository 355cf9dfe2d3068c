//! Mutants of a control: small edits of a workflow, each of which takes a part of the control away. Tests that hold the
//! control must notice; what no world could tell from the original is recognised by proof and left out.

mod answers;
mod edit;
mod equivalent;
mod find;

pub use edit::Edit;
pub use equivalent::{Compared, compare};
pub use find::mutants;

use crate::Program;
use crate::explore::Witness;
use crate::rehearse::{
    Directory, Expect, Leads, Outcome, Pattern, Reply, Scenario, judge, rehearse, scenario_of,
};
use workflow::{Text, Workflow};

/// A mutant.
#[derive(Debug, Clone, PartialEq)]
pub struct Mutant {
    /// The operator that made it: `remove-gate`, `fail-open`, `drop-revoke` …
    pub operator: &'static str,
    /// The step it changes.
    pub step: Text,
    /// What it does, for people.
    pub does: String,
    /// The edit.
    pub edit: Edit,
}

/// What became of a mutant.
#[derive(Debug, Clone, PartialEq)]
pub enum Fate {
    /// This scenario, by its position, noticed.
    Killed(usize),
    /// No world can tell it from the original.
    Equivalent,
    /// No scenario noticed.
    Survived(Box<Survivor>),
}

/// A mutant that no scenario noticed.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Survivor {
    /// What the original does after the answers of `kills`.
    pub original: String,
    /// What the mutant does there.
    pub mutant: String,
    /// The scenario that would notice; none where none was found within the bounds.
    pub kills: Option<Scenario>,
}

/// Workflows that see each other, the one that is mutated, and its scenarios, which hold on the original.
pub struct Trial<'a> {
    /// The workflows.
    pub workflows: &'a [Workflow],
    /// The one that is mutated.
    pub workflow: u32,
    /// The scenarios that hold on the original.
    pub scenarios: &'a [Scenario],
    /// Answers in every scenario.
    pub answers: &'a [Reply],
    /// The people in every scenario.
    pub directory: &'a Directory,
}

impl Trial<'_> {
    /// What becomes of a mutant.
    #[must_use]
    pub fn run(&self, original: &Program<'_>, mutant: &Mutant) -> Fate {
        let mut workflows = self.workflows.to_vec();
        if let Some(w) = workflows.get_mut(self.workflow as usize) {
            mutant.edit.apply(w);
        }
        let mutated = Program::new(&workflows);
        let killer = self.scenarios.iter().position(|s| {
            let outcome = rehearse(&mutated, self.workflow, s, self.answers, self.directory);
            !judge(&mutated, s, &outcome).is_empty()
        });
        match killer {
            Some(i) => Fate::Killed(i),
            None => self.survives(original, &mutated, mutant),
        }
    }

    fn survives(&self, original: &Program<'_>, mutated: &Program<'_>, mutant: &Mutant) -> Fate {
        match compare(original, mutated, self.workflow) {
            Compared::Same => Fate::Equivalent,
            Compared::Differs { run, original: first, mutant: second } => {
                let kills = Some(self.killer(original, &run, mutant));
                Fate::Survived(Box::new(Survivor { original: first, mutant: second, kills }))
            }
            Compared::Unknown => Fate::Survived(Box::default()),
        }
    }

    /// The scenario that gives the answers after which the two differ, and expects what the original does.
    fn killer(&self, original: &Program<'_>, run: &Witness, mutant: &Mutant) -> Scenario {
        let name = format!("{} at {} is noticed", mutant.operator, mutant.step);
        let mut scenario = scenario_of(original, self.workflow, run, &name);
        scenario.undecided = crate::rehearse::Undecided::TowardsChange;
        let outcome = rehearse(original, self.workflow, &scenario, self.answers, self.directory);
        scenario.expect = observed(original, &outcome);
        scenario
    }
}

/// What an outcome was, as an expectation.
#[must_use]
pub fn observed(program: &Program<'_>, outcome: &Outcome) -> Expect {
    let pattern = |e: &crate::rehearse::Event| Pattern {
        effect: Some(e.effect.kind),
        step: crate::rehearse::label_at(program, e.place),
        system: Some(e.effect.system.clone()).filter(|s| !s.is_empty()),
        identity: e.effect.identity.first().cloned(),
        entitlement: e.effect.entitlement.first().cloned(),
    };
    let changes = outcome.events.iter().filter(|e| e.well && e.effect.kind.changes_access());
    let asked = outcome.events.iter().filter(|e| e.effect.kind == workflow::Kind::Ask);
    Expect {
        ends: outcome.ended.last().copied(),
        effects: Some(changes.map(pattern).collect()),
        asked: Some(asked.map(|e| Pattern { effect: None, ..pattern(e) }).collect()),
        ..Expect::default()
    }
}

/// Whether an edge is a way to an access change that its step need not take.
pub(crate) fn is_gated(program: &Program<'_>, leads: &Leads, workflow: u32, edge: u32) -> bool {
    let Some(workflow::Node::Step(step)) = program.edge(workflow, edge).map(|e| e.from) else { return false };
    let over = |e: &u32| leads.over(program, workflow, *e);
    let cases = program.out(crate::Place { workflow, step }).iter().filter(|e| {
        program.edge(workflow, **e).is_some_and(|e| {
            matches!(e.kind, workflow::EdgeKind::When { .. } | workflow::EdgeKind::Otherwise { .. })
        })
    });
    let cases: Vec<&u32> = cases.collect();
    // A lone case without a rest ends the path where it does not hold.
    over(&edge) && (cases.iter().any(|e| !over(e)) || cases.len() == 1)
}
