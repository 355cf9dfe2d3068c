//! Runs the scenarios of all files, in parallel over files, in a fixed order of results.

use super::find::{definitions, kept, subjects, suites};
use super::tested::{Covered, Differs, Ran, Tested};
use super::{mutants, read};
use crate::args::Test;
use crate::scan::load;
use check::{Context, Judged};
use machine::edge_cases::{Around, edge_cases};
use machine::rehearse::{Coverage, Difference, Outcome, SCHEMA, Scenario, Suite, judge, rehearse};
use machine::{Place, Program, Trail};
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use workflow::{Text, Walk, Workflow};

/// Told after each file: how many are done, of how many.
type Progress<'p> = &'p (dyn Fn(usize, usize) + Sync);

/// Runs what the options ask for.
///
/// # Errors
/// When a worker fails, or edge cases cannot be written.
pub fn all(test: &Test, progress: Progress<'_>) -> io::Result<Vec<Tested>> {
    let jobs = if test.edge_cases { definitions(&test.paths) } else { suites(&test.paths) };
    let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let results: Mutex<Vec<(usize, io::Result<Vec<Tested>>)>> = Mutex::new(Vec::new());
    let work = || {
        while let Some((i, (path, shown))) = {
            let i = next.fetch_add(1, Ordering::Relaxed);
            jobs.get(i).map(|j| (i, j))
        } {
            let tested = if test.edge_cases { edges(test, path) } else { Ok(file(test, path, shown)) };
            if let Ok(mut results) = results.lock() {
                results.push((i, tested));
            }
            progress(done.fetch_add(1, Ordering::Relaxed) + 1, jobs.len());
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(jobs.len().max(1));
    std::thread::scope(|scope| {
        (1..threads).for_each(|_| drop(scope.spawn(work)));
        work();
    });
    let mut results = results.into_inner().map_err(|_| io::Error::other("a worker failed"))?;
    results.sort_by_key(|(i, _)| *i);
    let mut all = Vec::new();
    for (_, tested) in results {
        all.extend(tested?.into_iter().filter(|t| t.problem.is_some() || !t.scenarios.is_empty()));
    }
    Ok(all)
}

/// The scenarios of one file.
fn file(test: &Test, path: &Path, shown: &str) -> Vec<Tested> {
    let failed = |problem: String| {
        vec![Tested { file: shown.to_owned(), problem: Some(problem), ..Tested::default() }]
    };
    let suite = match read::suite(path) {
        Ok(suite) => suite,
        Err(problem) => return failed(problem),
    };
    let subject: Vec<PathBuf> = match &suite.file {
        Some(named) => vec![path.parent().unwrap_or(Path::new("")).join(named)],
        None => subjects(path),
    };
    let mut found = Vec::new();
    for subject in &subject {
        let told = load(subject, &mut |file, workflows, judged, contexts| {
            let wanted = |w: &Workflow| suite.scenarios.iter().any(|s| about(&suite, s, w, workflows.len()));
            for (index, _) in (0u32..).zip(workflows).filter(|(_, w)| wanted(w)) {
                found.push(one(test, shown, file, &suite, &Set { workflows, judged, contexts, index }));
            }
            Ok(())
        });
        if let Err(e) = told {
            return failed(e.to_string());
        }
    }
    match found.len() {
        0 => failed(missing(&suite, &subject)),
        _ => found,
    }
}

fn missing(suite: &Suite, subject: &[PathBuf]) -> String {
    let looked: Vec<String> = subject.iter().map(|p| format!("`{}`", p.display())).collect();
    match (&suite.workflow, looked.is_empty()) {
        (_, true) => "no workflow beside it has its name: name one with `file`".to_owned(),
        (Some(name), _) => format!("no workflow `{name}` in {}", looked.join(", ")),
        (None, _) => format!("not one workflow alone in {}: name it with `workflow`", looked.join(", ")),
    }
}

/// Whether a scenario is about a workflow: by name or id, or because it is the only one.
fn about(suite: &Suite, scenario: &Scenario, workflow: &Workflow, among: usize) -> bool {
    match scenario.workflow.as_ref().or(suite.workflow.as_ref()) {
        Some(name) => *name == workflow.name || workflow.id.as_ref() == Some(name),
        None => among == 1,
    }
}

/// The workflows of a document, the one that is tested, and what is known of them.
pub struct Set<'a> {
    /// The workflows.
    pub workflows: &'a [Workflow],
    /// How they are judged.
    pub judged: &'a [Judged],
    /// What is known from around them.
    pub contexts: &'a [Context],
    /// The one that is tested.
    pub index: u32,
}

fn one(test: &Test, shown: &str, path: &str, suite: &Suite, set: &Set<'_>) -> Tested {
    let program = Program::new(set.workflows);
    let mut tested = begun(shown, path, set);
    let wanted = |s: &&Scenario| {
        let words = |only: &str| {
            [s.name.as_str(), &tested.workflow, shown]
                .iter()
                .any(|t| t.to_lowercase().contains(&only.to_lowercase()))
        };
        let own = about(suite, s, &set.workflows[set.index as usize], set.workflows.len());
        own && test.only.as_deref().is_none_or(words)
    };
    let chosen: Vec<&Scenario> = suite.scenarios.iter().filter(wanted).collect();
    let outcomes: Vec<Outcome> =
        chosen.iter().map(|s| rehearse(&program, set.index, s, &suite.answers, &suite.directory)).collect();
    tested.scenarios = chosen.iter().zip(&outcomes).map(|(s, o)| ran(&program, set.index, s, o)).collect();
    tested.coverage = Some(Covered { items: coverage(&program, set.index, &outcomes).items });
    tested.names = names(&set.workflows[set.index as usize]);
    if test.mutate {
        tested.mutants = Some(mutants::run(&program, suite, set, &tested.scenarios));
    }
    tested
}

/// The names of steps, by their ids, for those that have a name of their own.
fn names(w: &Workflow) -> Vec<(Text, Text)> {
    let named = w.own_steps().filter(|s| !s.name.is_empty() && s.name != s.id);
    named.map(|s| (s.id.clone(), s.name.clone())).collect()
}

fn begun(shown: &str, path: &str, set: &Set<'_>) -> Tested {
    let w = &set.workflows[set.index as usize];
    Tested {
        file: shown.to_owned(),
        path: path.to_owned(),
        workflow: w.name.clone(),
        platform: w.platform.as_str().into(),
        ..Tested::default()
    }
}

fn coverage(program: &Program<'_>, index: u32, outcomes: &[Outcome]) -> Coverage {
    let trails: Vec<&Trail> = outcomes.iter().map(|o| &o.trail).collect();
    let events = outcomes.iter().flat_map(|o| &o.events);
    let changed: BTreeSet<Place> =
        events.filter(|e| e.well && e.effect.kind.changes_access()).map(|e| e.place).collect();
    Coverage::new(program, index, &trails, &changed)
}

/// What came of a scenario, with the walk of the run.
fn ran(program: &Program<'_>, index: u32, scenario: &Scenario, outcome: &Outcome) -> Ran {
    let differences = judge(program, scenario, outcome);
    let marked = differences.iter().find_map(|d| d.at);
    let last = outcome.walk.iter().rposition(|s| marked.is_some() && s.place == marked);
    let mut names = Vec::new();
    let stations = outcome.walk.iter().enumerate().map(|(i, station)| {
        let (step, name, line) = match station.place {
            Some(place) => named(program, index, place),
            None => trigger(program, index, scenario),
        };
        names.push((step.clone(), name));
        Walk { step, leaves: station.leaves.clone(), line, marked: Some(i) == last }
    });
    let walk = shortened(stations.collect());
    names.sort();
    names.dedup();
    Ran {
        name: scenario.name.clone(),
        passed: differences.is_empty(),
        differences: differences.into_iter().map(|d| differs(program, index, d)).collect(),
        walk,
        names,
        unused: outcome.unused.iter().filter_map(|i| scenario.answers.get(*i)).map(unused).collect(),
        observed: machine::mutate::observed(program, outcome),
        scenario: scenario.clone(),
    }
}

/// A long walk by its beginning and by what surrounds the station that is marked.
fn shortened(mut walk: Vec<Walk>) -> Vec<Walk> {
    const MOST: usize = 24;
    if walk.len() <= MOST {
        return walk;
    }
    let marked = walk.iter().position(|w| w.marked).unwrap_or(walk.len() - 1);
    walk.truncate(marked + MOST / 4);
    if walk.len() > MOST {
        let gap = Walk { step: "…".into(), leaves: Text::default(), line: 0, marked: false };
        drop(walk.splice(MOST / 2..walk.len() - MOST / 2, [gap]));
    }
    walk
}

fn unused(reply: &machine::rehearse::Reply) -> String {
    let by = reply.step.as_ref().map(|s| format!("step `{s}`"));
    let by = by.or_else(|| reply.system.as_ref().map(|s| format!("system `{s}`")));
    by.unwrap_or_else(|| reply.effect.map_or_else(String::new, |k| format!("effect `{k}`")))
}

/// The id by which a walk names a step, its name, and its line.
fn named(program: &Program<'_>, index: u32, place: Place) -> (Text, Text, u32) {
    let Some(step) = program.step(place) else { return (Text::default(), Text::default(), 0) };
    let name = if step.name.is_empty() { &step.id } else { &step.name };
    let Some(other) = program.workflow(place.workflow).filter(|_| place.workflow != index) else {
        return (step.id.clone(), name.clone(), step.span.line);
    };
    let id = format!("{}/{}", other.id.as_ref().unwrap_or(&other.name), step.id);
    (id.into(), format!("{}: {name}", other.name).into(), step.span.line)
}

fn trigger(program: &Program<'_>, index: u32, scenario: &Scenario) -> (Text, Text, u32) {
    let triggers = program.workflow(index).map_or(&[][..], |w| w.triggers.as_slice());
    let wanted =
        |t: &&workflow::Trigger| scenario.trigger.as_ref().is_none_or(|n| t.id == *n || t.name == *n);
    match triggers.iter().find(wanted) {
        Some(t) => {
            let name = if t.name.is_empty() { &t.id } else { &t.name };
            (t.id.clone(), name.clone(), t.span.line)
        }
        None => ("start".into(), "start".into(), 0),
    }
}

fn differs(program: &Program<'_>, index: u32, difference: Difference) -> Differs {
    let step = difference.at.map(|p| named(program, index, p).0).unwrap_or_default();
    let Difference { of, expected, actual, .. } = difference;
    Differs { of: of.into(), expected, actual, step }
}

/// The edge cases of the workflows of one file.
fn edges(test: &Test, path: &Path) -> io::Result<Vec<Tested>> {
    let mut found = Vec::new();
    let mut suites: Vec<Suite> = Vec::new();
    load(path, &mut |file, workflows, judged, contexts| {
        for index in (0u32..).take(workflows.len()) {
            let set = Set { workflows, judged, contexts, index };
            let program = Program::new(workflows);
            let scenarios = edge_cases(&program, index, &around(&set));
            let name = (workflows.len() > 1).then(|| workflows[index as usize].name.clone());
            let suite = Suite { schema: SCHEMA.into(), workflow: name, scenarios, ..Suite::default() };
            let test = Test { mutate: false, ..test.clone() };
            found.push(one(&test, file, file, &suite, &set));
            if !suite.scenarios.is_empty() {
                suites.push(suite);
            }
        }
        Ok(())
    })?;
    if test.write && !suites.is_empty() {
        write(path, &suites)?;
    }
    Ok(found)
}

/// What is known from around a workflow.
fn around(set: &Set<'_>) -> Around {
    let judged = set.judged.get(set.index as usize);
    let of = |rule: &str| -> Vec<Text> {
        let findings = judged.into_iter().flat_map(|j| &j.findings).filter(|f| f.rule == rule);
        findings.flat_map(|f| std::iter::once(&f.step).chain(&f.steps)).cloned().collect()
    };
    let record = set.contexts.get(set.index as usize).and_then(|c| c.record.as_ref());
    let before = record.is_some_and(|r| {
        matches!(r.gate.kind, check::record::GateKind::Platform | check::record::GateKind::Rule)
    });
    let w = &set.workflows[set.index as usize];
    let approved = w.steps.iter().filter(|s| before && s.changes_access()).map(|s| s.id.clone());
    let open = |gate: check::Gate| matches!(gate.as_str(), "none" | "after-change");
    let id = |(step, _): &(workflow::StepIx, check::Gate)| w.step(*step).map(|s| s.id.clone());
    Around {
        own_approver: of("self-approval"),
        approved: approved.collect(),
        ungated: judged.into_iter().flat_map(|j| &j.gates).filter(|(_, g)| open(*g)).filter_map(id).collect(),
        identities: record.and_then(|r| r.boundary.identities_per_run),
    }
}

/// Keeps edge cases beside a definition; of a file with several workflows, in a file for each.
fn write(definition: &Path, suites: &[Suite]) -> io::Result<()> {
    for (i, suite) in suites.iter().enumerate() {
        let first = kept(definition);
        let path = match i {
            0 => first,
            n => PathBuf::from(
                first.display().to_string().replace(".edge.test.yaml", &format!("-{}.edge.test.yaml", n + 1)),
            ),
        };
        let file = definition.file_name().map(|n| n.to_string_lossy().into_owned());
        let suite = Suite { file, ..suite.clone() };
        let text = serde_saphyr::to_string(&suite).map_err(io::Error::other)?;
        let named = |e: io::Error| io::Error::other(format!("`{}` cannot be written: {e}", path.display()));
        std::fs::write(&path, text).map_err(named)?;
        eprintln!(
            "`{}` holds {}",
            path.display(),
            crate::report::words::times(suite.scenarios.len(), "edge case")
        );
    }
    Ok(())
}
