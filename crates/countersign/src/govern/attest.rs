//! `countersign attest`: runs the scenarios that a workflow's record names, takes its control apart to see whether they
//! notice, and signs what came of it, bound to the closure. A release reads nothing else as tests.

use super::act::{Desk, is_json, print};
use super::args::Attest;
use super::repository::{Repository, Unit};
use crate::check::Exit;
use crate::test::{measured, tested::Tested};
use govern::Wish;
use ledger::count;
use policy::{Act, TestEvidence};
use std::io::{self, Write};

pub(super) fn run(options: &Attest) -> io::Result<Exit> {
    let common = &options.common;
    let mut desk = Desk::open(common)?;
    let (mut exit, mut results) = (Exit::Clean, Vec::new());
    for subject in &options.subjects {
        let unit = desk.repository.unit(subject)?;
        let world = desk.repository.world(unit, &desk.environment)?;
        let all = rehearsed(&desk.repository, unit)?;
        let tests = TestEvidence { closure: world.subject.closure.clone(), at: world.at, ..evidence(&all) };
        if !is_json(common) && !common.show {
            tell(&all, &tests, &world.evidence.proofs)?;
        }
        let failed = tests.failed > 0;
        let wish = Wish { tests: Some(tests), ..desk.wish(Act::Attest, common) };
        let (done, told) = desk.carry(&world, &wish, common)?;
        results.extend(told);
        exit = if failed || done != Exit::Clean { Exit::Findings } else { exit };
    }
    print(results, common)?;
    Ok(exit)
}

/// What comes of the scenarios that a workflow's record names: of those alone, for they are part of its closure.
pub(super) fn rehearsed(repository: &Repository, unit: &Unit) -> io::Result<Vec<Tested>> {
    let files = repository.tests(unit)?;
    if files.is_empty() {
        let told = format!(
            "the control record of `{}` names no tests: write a scenario and name it there (docs/testing.md)",
            unit.name
        );
        return Err(io::Error::new(io::ErrorKind::NotFound, told));
    }
    let all = measured(files)?;
    if let Some((file, problem)) = all.iter().find_map(|t| Some((&t.file, t.problem.as_ref()?))) {
        return Err(io::Error::new(io::ErrorKind::InvalidData, format!("`{file}`: {problem}")));
    }
    let name = repository.head(unit).map(|h| h.name.clone()).unwrap_or_default();
    Ok(all.into_iter().filter(|t| t.workflow == name).collect())
}

/// The figures: of all scenarios, and of all mutants that are not the same as the original.
pub(super) fn evidence(all: &[Tested]) -> TestEvidence {
    let count = |passed: bool| {
        let ran = all.iter().flat_map(|t| &t.scenarios).filter(|r| r.passed == passed).count();
        u32::try_from(ran).unwrap_or(u32::MAX)
    };
    let mutants = || all.iter().filter_map(|t| t.mutants.as_ref());
    let killed: usize = mutants().map(|m| m.killed).sum();
    let made = killed + mutants().map(|m| m.survivors.len()).sum::<usize>();
    let score = (killed * 100).checked_div(made).unwrap_or(100);
    TestEvidence {
        passed: count(true),
        failed: count(false),
        mutation: u8::try_from(score).unwrap_or(100),
        ..TestEvidence::default()
    }
}

fn tell(all: &[Tested], tests: &TestEvidence, proofs: &[policy::Proof]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{}, {} fail", count(tests.passed, "scenario passes", "scenarios pass"), tests.failed)?;
    for ran in all.iter().flat_map(|t| &t.scenarios).filter(|r| !r.passed) {
        writeln!(out, "  fails: {}", ran.name)?;
    }
    let survivors = || all.iter().filter_map(|t| t.mutants.as_ref()).flat_map(|m| &m.survivors);
    writeln!(out, "they notice {} of 100 faults put into the control", tests.mutation)?;
    survivors().try_for_each(|s| writeln!(out, "  not noticed: {}", s.does))?;
    let holds = proofs.iter().filter(|p| p.holds).count();
    writeln!(out, "{holds} of {} proved", count(proofs.len(), "property is", "properties are"))?;
    proofs.iter().filter(|p| !p.holds).try_for_each(|p| writeln!(out, "  not proved: {}", p.name))
}
