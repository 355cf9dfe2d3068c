//! `countersign gate`: only what is released passes. It decides from the statements alone, offline, and believes none of
//! them: each release is decided again, with what is found in the folder now.

use super::args::{Gate, GateFormat};
use super::files::each;
use super::gate_sarif::Rule;
use super::repository::{Repository, Unit};
use super::status::{standing, withdrawn};
use super::tell::shortened;
use super::{attest, files, gate_files, gate_sarif, now, view};
use crate::check::Exit;
use crate::report::words::times;
use govern::{Entry, GROWN, Live, Release, World, due, recorded};
use ledger::clean;
use policy::{Because, Mode, SubjectKind, decide, objection};
use serde::Serialize;
use serde_json::json;
use std::collections::{HashMap, HashSet};
use std::io::{self, Write};

/// Something that does not pass.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Stop {
    /// The rule: a policy's id, or one of the gate's own.
    pub rule: String,
    /// The workflow or statement that it is about.
    pub subject: String,
    /// The file; of a statement its own.
    pub path: String,
    /// In words.
    pub message: String,
    /// Whether it stops, or only warns.
    pub mode: Mode,
    /// The facts it rests on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<(String, String)>,
    /// The smallest change that would let it pass.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub fix: String,
}

struct Result {
    passed: usize,
    /// Of these, live by break-glass and not released.
    emergency: usize,
    process: usize,
    stops: Vec<Stop>,
    notes: Vec<String>,
}

pub(super) fn run(options: &Gate) -> io::Result<Exit> {
    let repository = Repository::open(&options.folder, now())?;
    let environment = options.environment.clone().unwrap_or_else(|| repository.environment.clone());
    let mut result = all(&repository, &environment)?;
    if options.run_tests {
        run_tests(&repository, &environment, &mut result)?;
    }
    let mut out = io::BufWriter::new(io::stdout().lock());
    match options.format {
        GateFormat::Plain => plain(&result, options.why, &mut out)?,
        GateFormat::Json => writeln!(
            out,
            "{:#}",
            json!({"schema": "countersign.gate/1", "environment": environment,
            "at": repository.now, "passed": result.passed, "by-break-glass": result.emergency, "process": result.process, "stops": result.stops, "notes": result.notes})
        )?,
        GateFormat::Sarif => writeln!(out, "{:#}", gate_sarif::log(&result.stops, &options.folder))?,
        GateFormat::Markdown => markdown(&result, &environment, &mut out)?,
    }
    out.flush()?;
    Ok(if result.stops.iter().any(|s| s.mode == Mode::Enforce) { Exit::Findings } else { Exit::Clean })
}

fn all(repository: &Repository, environment: &str) -> io::Result<Result> {
    let mut result = Result { passed: 0, emergency: 0, process: 0, stops: Vec::new(), notes: Vec::new() };
    let by_id: HashMap<&str, &Entry> = repository.entries.iter().map(|e| (e.id.as_str(), e)).collect();
    let grown: HashSet<&str> =
        repository.folded.refused.iter().filter(|r| r.refusal.rule == GROWN).map(|r| r.id.as_str()).collect();
    for (id, message) in repository.faults() {
        if grown.contains(id.as_str()) {
            result.notes.push(format!(
                "`{}` does not count any more ({})",
                files::path(&id),
                shortened(&message)
            ));
            continue;
        }
        let path = if id.starts_with("sha256:") { files::path(&id) } else { id.clone() };
        let why = shortened(&message);
        let message = format!("`{path}` does not count ({why}): take it out, or make it anew");
        result.stops.push(own(Rule::StatementNotCounted, &shortened(&id), &path, message, Mode::Enforce));
    }
    governing(repository, &mut result);
    if repository.history.head.is_empty() {
        let message = "there is no history here, so nobody can say who touched what: run this in a clone, with git's commits";
        result.stops.push(own(Rule::HistoryMissing, "history", "", message, Mode::Enforce));
    }
    if repository.history.shallow {
        let message =
            "the history is cut off, so nobody can say who touched what: fetch all of it (`fetch-depth: 0`)";
        result.stops.push(own(Rule::HistoryShallow, "history", "", message, Mode::Enforce));
    }
    result.stops.extend(gate_files::stops(repository, environment));
    let governed = |u: &&Unit| repository.head(u).is_none_or(|h| h.class() == "control");
    let governed: Vec<&Unit> = repository.units.iter().filter(governed).collect();
    result.process = repository.units.len() - governed.len();
    let judged = each(&governed, |unit| {
        let mut alone = Result { passed: 0, emergency: 0, process: 0, stops: Vec::new(), notes: Vec::new() };
        one(repository, unit, environment, (&by_id, false), &mut alone).map(|()| alone.stops)
    });
    for (unit, stops) in governed.into_iter().zip(judged) {
        let before = result.stops.len();
        match stops? {
            // What is missing takes a search: where much is stopped, the first tell it.
            stops if !stops.is_empty() && before < TELLING => {
                one(repository, unit, environment, (&by_id, true), &mut result)?;
            }
            stops => result.stops.extend(stops),
        }
        let passes = result.stops.len() == before;
        let live = repository.folded.state.live(&unit.name, environment, repository.now);
        result.passed += usize::from(passes);
        result.emergency += usize::from(passes && matches!(live, Some(Live::Emergency(..))));
    }
    let due = due(&repository.folded.state, environment, repository.now);
    result.notes.extend(due.into_iter().map(|(_, _, text)| text));
    Ok(result)
}

/// So many stops say what is missing.
const TELLING: usize = 20;

/// The statements by their names, and whether stops say what is missing.
type By<'b> = (&'b HashMap<&'b str, &'b Entry>, bool);

/// Runs the tests of what is released again. They are the same for everybody: what was attested to has to come out.
fn run_tests(repository: &Repository, environment: &str, result: &mut Result) -> io::Result<()> {
    let state = &repository.folded.state;
    for unit in &repository.units {
        let Some(release) = state.released(&unit.name, environment) else { continue };
        let said = state.tested(&unit.name, &release.closure, environment, release.at);
        let world = repository.found(unit, environment)?;
        let Some((_, said)) = said.filter(|_| world.subject.closure == release.closure) else { continue };
        let told = match attest::rehearsed(repository, unit).map(|all| attest::evidence(&all, &world.subject))
        {
            Ok(is) if (is.passed, is.failed, is.mutation) == (said.passed, said.failed, said.mutation) => {
                continue;
            }
            Ok(is) => {
                format!("{} pass, {} fail, {} of 100 faults are noticed", is.passed, is.failed, is.mutation)
            }
            Err(error) => error.to_string(),
        };
        let message = format!(
            "the tests of `{}` were attested to with {} that pass, {} that fail, {} of 100 faults noticed; now: {told}",
            unit.name, said.passed, said.failed, said.mutation
        );
        let mode = state.modes.get(&world.subject.effective_tier()).copied().unwrap_or_default();
        result.stops.push(own(Rule::TestsDiffer, &unit.name, &unit.path, message, mode));
    }
    Ok(())
}

/// A stop of the gate's own.
pub(super) fn own(rule: Rule, subject: &str, path: &str, message: impl Into<String>, mode: Mode) -> Stop {
    stopped(rule.id(), subject, path, message.into(), mode)
}

fn stopped(rule: &str, subject: &str, path: &str, message: String, mode: Mode) -> Stop {
    let (rule, subject, path) = (rule.to_owned(), subject.to_owned(), path.to_owned());
    Stop { rule, subject, path, message, mode, facts: Vec::new(), fix: String::new() }
}

/// What a workflow's stop rests on, and what to do about it.
fn told(stop: Stop, world: &World, released: Option<&str>) -> Stop {
    let name = &world.subject.name;
    let facts = [
        ("subject.closure", world.subject.closure.as_str()),
        ("released.closure", released.unwrap_or("none")),
    ];
    Stop {
        facts: facts.map(|(k, v)| (k.to_owned(), v.to_owned())).to_vec(),
        fix: format!(
            "propose \"{name}\" as it is, have it reviewed, and release it; or bring back what was released"
        ),
        ..stop
    }
}

/// What governs has to be what was put in force; where nothing was yet, that is noted.
fn governing(repository: &Repository, result: &mut Result) {
    for kind in [SubjectKind::Policy, SubjectKind::People, SubjectKind::Configuration] {
        let (name, is) = (kind.as_str(), repository.closure_here(kind));
        match repository.folded.state.in_force(kind) {
            Some(was) if was == is => modes(repository, kind, result),
            Some(was) => {
                let message = format!(
                    "`{name}` is {} here, and {} is in force: propose it, have it reviewed, and release it",
                    view::short(&is),
                    view::short(was)
                );
                result.stops.push(own(Rule::GoverningChanged, name, "", message, Mode::Enforce));
            }
            None => never_in_force(repository, name, result),
        }
    }
}

/// The modes in force have to be those of the configuration.
fn modes(repository: &Repository, kind: SubjectKind, result: &mut Result) {
    let in_force = &repository.folded.state.modes;
    if kind == SubjectKind::Configuration && *in_force != repository.modes {
        let message = "the modes in force are not those of the `configuration`: propose it anew, have it reviewed, and release it";
        result.stops.push(own(Rule::GoverningChanged, kind.as_str(), "", message, Mode::Enforce));
    }
}

/// What governs and was never put in force stops as soon as anything was released: whoever wrote it alone decided who may approve.
fn never_in_force(repository: &Repository, name: &str, result: &mut Result) {
    let message = format!("`{name}` was never put in force: `countersign propose {name}`");
    let state = &repository.folded.state;
    let released = state.workflows.iter().filter(|(_, w)| w.releases.values().any(|r| !r.is_empty()));
    // A workflow that is not here could do anything.
    let tier = |name: &String| {
        let unit = repository.units.iter().find(|u| u.name == *name);
        unit.and_then(|u| repository.head(u)).map_or(3, |h| if h.closure.opaque { 3 } else { h.closure.tier })
    };
    let tiers = released.map(|(name, _)| tier(name)).filter(|tier| *tier >= 2);
    match tiers.map(|tier| state.modes.get(&tier).copied().unwrap_or_default()).max() {
        Some(mode) => result.stops.push(own(Rule::GoverningNotInForce, name, "", message, mode)),
        None => result.notes.push(message),
    }
}

fn one(
    repository: &Repository,
    unit: &Unit,
    environment: &str,
    by_id: By<'_>,
    result: &mut Result,
) -> io::Result<()> {
    let world = repository.found(unit, environment)?;
    let state = &repository.folded.state;
    let mode = state.modes.get(&world.subject.effective_tier()).copied().unwrap_or_default();
    let told = standing(repository, &world);
    match state.live(&unit.name, environment, world.at) {
        Some(Live::Released(release)) if release.closure == world.subject.closure => {
            for message in withdrawn(state, &world) {
                let message = format!("`{}` is released, and {message}", unit.name);
                let fix = "approve that version again, release another, or stop the workflow".to_owned();
                let stop = own(Rule::ComponentWithdrawn, &unit.name, &unit.path, message, mode);
                result.stops.push(Stop { fix, ..stop });
            }
            lawful(repository, unit, release, world, by_id, mode, result)?;
        }
        Some(Live::Emergency(closure, _)) if closure == world.subject.closure => {}
        None => {
            let stop =
                own(Rule::NotReleased, &unit.name, &unit.path, format!("`{}` is {told}", unit.name), mode);
            result.stops.push(self::told(stop, &world, None));
        }
        Some(live) => {
            let closure = match live {
                Live::Released(release) => release.closure.as_str(),
                Live::Emergency(closure, _) => closure,
            };
            let parts = match live {
                Live::Released(release) => changed(release, &world),
                Live::Emergency(..) => String::new(),
            };
            let message = format!("`{}` {told}{parts}", unit.name);
            let stop = own(Rule::ClosureChanged, &unit.name, &unit.path, message, mode);
            result.stops.push(self::told(stop, &world, Some(closure)));
        }
    }
    Ok(())
}

/// Which parts are others than were released.
fn changed(release: &Release, world: &World) -> String {
    let names = release.parts.keys().chain(world.parts.keys());
    let mut parts: Vec<&str> =
        names.filter(|n| release.parts.get(*n) != world.parts.get(*n)).map(String::as_str).collect();
    parts.sort_unstable();
    parts.dedup();
    let shown: Vec<String> = parts.iter().take(5).map(|p| format!("`{p}`")).collect();
    let more = if parts.len() > 5 { format!(" and {} more", parts.len() - 5) } else { String::new() };
    format!(": {}{more} changed", shown.join(", "))
}

/// Decides a release again: who touched the closure by the history up to it, what the check finds in it now. What went
/// back is decided as a roll-back, and what it went back to as the release that it was.
fn lawful(
    repository: &Repository,
    unit: &Unit,
    release: &Release,
    world: World,
    by_id: By<'_>,
    mode: Mode,
    result: &mut Result,
) -> io::Result<()> {
    let state = &repository.folded.state;
    let releases = state.workflows.get(&unit.name).and_then(|w| w.releases.get(&world.environment));
    let earlier: Vec<&Release> = releases.into_iter().flatten().take_while(|r| r.id != release.id).collect();
    if release.back {
        let first = earlier.iter().rposition(|r| !r.back && r.closure == release.closure);
        if let Some((first, before)) = first.and_then(|i| Some((earlier.get(i)?, earlier.get(..i)?))) {
            again(repository, unit, (first, before, true), world.clone(), by_id, mode, result)?;
        }
    }
    again(repository, unit, (release, &earlier, release.back), world, by_id, mode, result)
}

/// Decides one of them, given those before it, and whether it is known that what lies in the folder now came of going back.
fn again(
    repository: &Repository,
    unit: &Unit,
    (release, earlier, back): (&Release, &[&Release], bool),
    mut world: World,
    by_id: By<'_>,
    mode: Mode,
    result: &mut Result,
) -> io::Result<()> {
    let (by_id, tell) = by_id;
    let Some(entry) = by_id.get(release.id.as_str()) else { return Ok(()) };
    let state = &repository.folded.state;
    let (_, paths) = repository.parts(unit)?;
    let history = &repository.history;
    let before = repository.begun(earlier.iter().copied(), paths);
    if let Some(path) = history.elsewhere(paths) {
        let message = format!(
            "`{path}` of `{}` is in no commit here, so nobody can say who wrote it: it lies in a submodule or another repository, or is ignored; keep it in this one",
            unit.name
        );
        result.stops.push(own(Rule::HistoryElsewhere, &unit.name, &unit.path, message, mode));
        return Ok(());
    }
    // Whoever brings the folder to where a roll-back went has no part in what was reviewed.
    let believed = || history.holds(paths, &release.commit, &files::path(&release.id));
    let touched = if back && believed() {
        history.authors(paths, before, Some(&release.commit))
    } else {
        history.settled(paths, before, &files::path(&release.id))
    };
    world.ai = touched.ai.max(world.people.made_by(&touched.by));
    world.contributors = touched.by;
    world.modes.clone_from(&state.modes);
    let fresh = std::mem::take(&mut world.evidence);
    let law = repository.law_of(&release.id);
    world.people.clone_from(&law.people);
    let facts = recorded(state, world, (&entry.key, &entry.event), Some(&fresh));
    let Some(decision) = objection(&law.set, &facts) else { return Ok(()) };
    let votes = decision.votes.iter().filter(|v| !v.counts).flat_map(|v| &v.because);
    let ways =
        if tell && result.stops.len() < TELLING { decide(&law.set, &facts).missing } else { Vec::new() };
    let needs = ways.first().map(|w| w.needs.iter().map(ToString::to_string).collect::<Vec<_>>());
    let fix = needs.unwrap_or_default().join("; ");
    for because in decision.because.iter().chain(votes.take(3)) {
        result.stops.push(Stop { fix: fix.clone(), ..stop(unit, because, mode) });
    }
    for error in &decision.errors {
        result.stops.push(own(Rule::Error, &unit.name, &unit.path, error.clone(), Mode::Enforce));
    }
    Ok(())
}

fn stop(unit: &Unit, because: &Because, mode: Mode) -> Stop {
    let facts = because.facts.iter().map(|(k, v)| (k.clone(), v.clone())).collect();
    Stop { facts, ..stopped(&because.policy, &unit.name, &unit.path, because.reason.clone(), mode) }
}

fn count(result: &Result) -> (usize, usize) {
    let stopping = result.stops.iter().filter(|s| s.mode == Mode::Enforce).count();
    (stopping, result.stops.len() - stopping)
}

fn plain(result: &Result, why: bool, out: &mut dyn Write) -> io::Result<()> {
    for s in &result.stops {
        let word = if s.mode == Mode::Enforce { "stop" } else { s.mode.as_str() };
        writeln!(out, "{word}: {}: {}", s.rule, clean(&s.message))?;
        if why {
            s.facts
                .iter()
                .try_for_each(|(field, value)| writeln!(out, "      {field} = {}", clean(value)))?;
            if !s.fix.is_empty() {
                writeln!(out, "      what to do: {}", clean(&s.fix))?;
            }
        }
    }
    result.notes.iter().try_for_each(|n| writeln!(out, "note: {}", clean(n)))?;
    let (stopping, warnings) = count(result);
    writeln!(
        out,
        "{}, {} need no release; {stopping} stop, {warnings} warn",
        passed(result, |n| n.to_string()),
        result.process
    )
}

/// How many pass, and by which right; those that are released are counted in the words given.
fn passed(result: &Result, released: impl Fn(usize) -> String) -> String {
    let released = format!("{} released", released(result.passed - result.emergency));
    let open = format!(", {} live by break-glass", result.emergency);
    if result.emergency > 0 { released + &open } else { released }
}

fn markdown(result: &Result, environment: &str, out: &mut dyn Write) -> io::Result<()> {
    let (stopping, warnings) = count(result);
    let verdict = if stopping == 0 { "passes" } else { "does not pass" };
    writeln!(out, "## Countersign: {environment} {verdict}\n")?;
    writeln!(
        out,
        "{}, {} need no release, {stopping} stop, {warnings} warn.\n",
        passed(result, |n| times(n, "workflow")),
        result.process
    )?;
    if !result.stops.is_empty() {
        writeln!(out, "| | workflow | rule | why |\n|---|---|---|---|")?;
    }
    let cell = |text: &str| clean(text).replace('|', "\\|").replace('<', "&lt;");
    for s in &result.stops {
        writeln!(
            out,
            "| {} | {} | `{}` | {} |",
            s.mode.as_str(),
            cell(&s.subject),
            cell(&s.rule),
            cell(&s.message)
        )?;
    }
    result.notes.iter().try_for_each(|n| writeln!(out, "\n- {}", cell(n)))
}

#[cfg(test)]
mod tests {
    use super::{Result, passed};

    #[test]
    fn what_is_live_by_break_glass_is_not_counted_as_released() {
        let result =
            |emergency| Result { passed: 3, emergency, process: 0, stops: Vec::new(), notes: Vec::new() };
        assert_eq!(passed(&result(0), |n| n.to_string()), "3 released");
        assert_eq!(passed(&result(1), |n| n.to_string()), "2 released, 1 live by break-glass");
    }
}
