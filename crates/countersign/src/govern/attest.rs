//! `countersign attest`: runs the scenarios that a workflow's record names, takes its control apart to see whether they
//! notice, and signs what came of it, bound to the closure. A release reads nothing else as tests.

use super::act::{Desk, is_json, print};
use super::args::Attest;
use super::repository::{Repository, Unit};
use crate::check::Exit;
use crate::test::{measured, tested::Tested};
use govern::Wish;
use ledger::count;
use policy::{Act, Subject, TestEvidence};
use std::io::{self, Write};

pub(super) fn run(options: &Attest) -> io::Result<Exit> {
    let common = &options.common;
    let mut desk = Desk::open(common)?;
    let (mut exit, mut results) = (Exit::Clean, Vec::new());
    for subject in &options.subjects {
        let unit = desk.repository.unit(subject)?;
        let world = desk.repository.world(unit, &desk.environment)?;
        let all = rehearsed(&desk.repository, unit)?;
        let tests = TestEvidence {
            closure: world.subject.closure.clone(),
            at: world.at,
            ..evidence(&all, &world.subject)
        };
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
    if let Some(file) = files.iter().find(|f| !f.is_file()) {
        let told = format!(
            "`{}`, which the control record of `{}` names, is not there: write it, or take it out of the record",
            file.strip_prefix(&repository.root).unwrap_or(file).display(),
            unit.name
        );
        return Err(io::Error::new(io::ErrorKind::NotFound, told));
    }
    let all = measured(files)?;
    if let Some((file, problem)) = all.iter().find_map(|t| Some((&t.file, t.problem.as_ref()?))) {
        return Err(io::Error::new(io::ErrorKind::InvalidData, format!("`{file}`: {problem}")));
    }
    let name = repository.head(unit).map(|h| h.name.clone()).unwrap_or_default();
    let own: Vec<Tested> = all.into_iter().filter(|t| t.workflow == name).collect();
    if own.iter().all(|t| t.scenarios.is_empty()) {
        let told = format!(
            "the tests that the control record of `{}` names have no scenario of it: write one (docs/testing.md)",
            unit.name
        );
        return Err(io::Error::new(io::ErrorKind::InvalidData, told));
    }
    Ok(own)
}

/// The figures: of all scenarios, and of all mutants that are not the same as the original. Where something changes access and
/// no fault could be put in, nothing is known to be noticed; where nothing does, nothing has to be.
pub(super) fn evidence(all: &[Tested], subject: &Subject) -> TestEvidence {
    let count = |passed: bool| {
        let ran = all.iter().flat_map(|t| &t.scenarios).filter(|r| r.passed == passed).count();
        u32::try_from(ran).unwrap_or(u32::MAX)
    };
    let mutants = || all.iter().filter_map(|t| t.mutants.as_ref());
    let killed: usize = mutants().map(|m| m.killed).sum();
    let made = killed + mutants().map(|m| m.survivors.len()).sum::<usize>();
    let may_change = subject.opaque || subject.effects.iter().any(|k| k.changes_access());
    let score = (killed * 100).checked_div(made).unwrap_or(if may_change { 0 } else { 100 });
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
    if tests.mutation == 0 && all.iter().filter_map(|t| t.mutants.as_ref()).all(|m| m.survivors.is_empty()) {
        writeln!(
            out,
            "no fault could be put into the control: what they would notice is not known, which counts as none"
        )?;
    } else {
        writeln!(out, "they notice {} of 100 faults put into the control", tests.mutation)?;
    }
    survivors().try_for_each(|s| writeln!(out, "  not noticed: {}", s.does))?;
    let holds = proofs.iter().filter(|p| p.holds).count();
    writeln!(out, "{holds} of {} proved", count(proofs.len(), "property is", "properties are"))?;
    proofs.iter().filter(|p| !p.holds).try_for_each(|p| writeln!(out, "  not proved: {}", p.name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test::tested::{Mutants, Ran};

    #[test]
    fn where_no_fault_was_put_in_nothing_is_known_to_be_noticed() {
        let passed = Ran { passed: true, ..Ran::default() };
        let of = |killed| {
            let mutants = Some(Mutants { killed, ..Mutants::default() });
            [Tested { scenarios: vec![passed.clone()], mutants, ..Tested::default() }]
        };
        let changes = Subject { effects: vec![workflow::Kind::Grant], ..Subject::default() };
        let opaque = Subject { opaque: true, ..Subject::default() };
        assert_eq!(evidence(&of(0), &changes).mutation, 0);
        assert_eq!(evidence(&of(0), &opaque).mutation, 0);
        assert_eq!(evidence(&of(0), &Subject::default()).mutation, 100);
        assert_eq!(evidence(&of(3), &changes).mutation, 100);
    }
}
