//! Lets the scenarios of a workflow loose on its mutants.

use super::run::Set;
use super::tested::{Mutants, Ran, Survived};
use machine::Program;
use machine::mutate::{Fate, Mutant, Survivor, Trial, mutants};
use machine::rehearse::{Scenario, Suite};

/// What becomes of every mutant.
pub fn run(program: &Program<'_>, suite: &Suite, set: &Set<'_>, ran: &[Ran]) -> Mutants {
    let scenarios: Vec<Scenario> = ran.iter().filter(|r| r.passed).map(|r| r.scenario.clone()).collect();
    let trial = Trial {
        workflows: set.workflows,
        workflow: set.index,
        scenarios: &scenarios,
        answers: &suite.answers,
        directory: &suite.directory,
    };
    let mut found = Mutants::default();
    for mutant in mutants(program, set.index) {
        match trial.run(program, &mutant) {
            Fate::Killed(_) => found.killed += 1,
            Fate::Equivalent => found.equivalent += 1,
            Fate::Survived(survivor) => found.survivors.push(survived(mutant, *survivor)),
        }
    }
    found
}

fn survived(mutant: Mutant, survivor: Survivor) -> Survived {
    let kills = survivor.kills.and_then(|s| serde_saphyr::to_string(&vec![s]).ok()).unwrap_or_default();
    Survived {
        operator: mutant.operator.into(),
        step: mutant.step,
        does: mutant.does,
        original: survivor.original,
        mutant: survivor.mutant,
        kills,
    }
}
