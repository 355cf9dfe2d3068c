//! `countersign gate`: only what is released passes. It decides from the statements alone, offline, and believes none of
//! them: each release is decided again, with what is found in the folder now.

use super::args::{Gate, GateFormat};
use super::repository::{Repository, Unit};
use super::status::standing;
use super::tell::shortened;
use super::{now, view};
use crate::check::Exit;
use govern::{Entry, Live, Release, World, due, judge};
use policy::{Because, Mode, SubjectKind};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io::{self, Write};

/// Something that does not pass.
#[derive(Debug, Clone, Serialize)]
struct Stop {
    /// The rule: a policy's id, or one of the gate's own.
    rule: String,
    /// The workflow or statement that it is about.
    subject: String,
    /// The file.
    path: String,
    /// In words.
    message: String,
    /// Whether it stops, or only warns.
    mode: Mode,
    /// The facts it rests on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    facts: Vec<(String, String)>,
}

struct Result {
    passed: usize,
    process: usize,
    stops: Vec<Stop>,
    notes: Vec<String>,
}

pub(super) fn run(options: &Gate) -> io::Result<Exit> {
    let repository = Repository::open(&options.folder, now())?;
    let environment = options.environment.clone().unwrap_or_else(|| repository.environment.clone());
    let result = decide(&repository, &environment)?;
    let mut out = io::BufWriter::new(io::stdout().lock());
    match options.format {
        GateFormat::Plain => plain(&result, options.why, &mut out)?,
        GateFormat::Json => writeln!(
            out,
            "{:#}",
            json!({"schema": "countersign.gate/1", "environment": environment,
            "at": repository.now, "passed": result.passed, "process": result.process, "stops": result.stops, "notes": result.notes})
        )?,
        GateFormat::Sarif => writeln!(out, "{:#}", sarif(&result))?,
        GateFormat::Markdown => markdown(&result, &environment, &mut out)?,
    }
    out.flush()?;
    Ok(if result.stops.iter().any(|s| s.mode == Mode::Enforce) { Exit::Findings } else { Exit::Clean })
}

fn decide(repository: &Repository, environment: &str) -> io::Result<Result> {
    let mut result = Result { passed: 0, process: 0, stops: Vec::new(), notes: Vec::new() };
    let by_id: HashMap<&str, &Entry> = repository.entries.iter().map(|e| (e.id.as_str(), e)).collect();
    for (id, message) in repository.faults() {
        let rule = "statement-not-counted".to_owned();
        let message =
            format!("the statement does not count ({}): take it out, or make it anew", shortened(&message));
        result.stops.push(Stop {
            rule,
            subject: shortened(&id),
            path: id,
            message,
            mode: Mode::Enforce,
            facts: Vec::new(),
        });
    }
    governing(repository, &mut result);
    if repository.history.shallow {
        let message =
            "the history is cut off, so nobody can say who touched what: fetch all of it (`fetch-depth: 0`)";
        result.stops.push(own("history-shallow", "history", "", message, Mode::Enforce));
    }
    for unit in &repository.units {
        if repository.head(unit).is_some_and(|h| h.class() != "control") {
            result.process += 1;
            continue;
        }
        let before = result.stops.len();
        one(repository, unit, environment, &by_id, &mut result)?;
        result.passed += usize::from(result.stops.len() == before);
    }
    result.notes.extend(due(&repository.folded.state, repository.now).into_iter().map(|(_, _, text)| text));
    Ok(result)
}

fn own(rule: &str, subject: &str, path: &str, message: impl Into<String>, mode: Mode) -> Stop {
    let (rule, subject, path) = (rule.to_owned(), subject.to_owned(), path.to_owned());
    Stop { rule, subject, path, message: message.into(), mode, facts: Vec::new() }
}

/// What governs has to be what was put in force; where nothing was yet, that is noted.
fn governing(repository: &Repository, result: &mut Result) {
    for kind in [SubjectKind::Policy, SubjectKind::People, SubjectKind::Configuration] {
        let (name, is) = (kind.as_str(), repository.governing(kind).subject.closure);
        match repository.folded.state.in_force(kind) {
            Some(was) if was == is => {}
            Some(was) => {
                let message = format!(
                    "the {name} is {}, and {} is in force: propose it, have it reviewed, and release it",
                    view::short(&is),
                    view::short(was)
                );
                result.stops.push(own("governing-changed", name, "", message, Mode::Enforce));
            }
            None => {
                result.notes.push(format!("the {name} was never put in force: `countersign propose {name}`"))
            }
        }
    }
}

fn one(
    repository: &Repository,
    unit: &Unit,
    environment: &str,
    by_id: &HashMap<&str, &Entry>,
    result: &mut Result,
) -> io::Result<()> {
    let world = repository.world(unit, environment)?;
    let state = &repository.folded.state;
    let mode = state.modes.get(&world.subject.effective_tier()).copied().unwrap_or_default();
    let told = standing(state, &world);
    match state.live(&unit.name, environment, world.at) {
        Some(Live::Released(release)) if release.closure == world.subject.closure => {
            lawful(repository, unit, release, world, by_id, mode, result)?;
        }
        Some(Live::Emergency(closure, _)) if closure == world.subject.closure => {}
        None => result.stops.push(own(
            "not-released",
            &unit.name,
            &unit.path,
            format!("`{}` is {told}", unit.name),
            mode,
        )),
        Some(live) => {
            let parts = match live {
                Live::Released(release) => changed(release, &world),
                Live::Emergency(..) => String::new(),
            };
            let message = format!("`{}` {told}{parts}", unit.name);
            result.stops.push(own("closure-changed", &unit.name, &unit.path, message, mode));
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

/// Decides a release again: who touched the closure by the history up to it, what the check finds in it now.
fn lawful(
    repository: &Repository,
    unit: &Unit,
    release: &Release,
    mut world: World,
    by_id: &HashMap<&str, &Entry>,
    mode: Mode,
    result: &mut Result,
) -> io::Result<()> {
    let Some(entry) = by_id.get(release.id.as_str()).filter(|_| !release.back) else { return Ok(()) };
    let state = &repository.folded.state;
    let releases = state.workflows.get(&unit.name).and_then(|w| w.releases.get(&world.environment));
    let before =
        releases.into_iter().flatten().rev().find(|r| r.at < release.at).map_or("", |r| r.commit.as_str());
    let (_, paths) = repository.parts(unit)?;
    let history = &repository.history;
    let until = (!history.is_touched_after(&paths, &release.commit)).then_some(release.commit.as_str());
    let touched = history.touched(&paths, before, until);
    world.contributors = touched.by;
    world.ai = touched.ai;
    world.modes.clone_from(&state.modes);
    let fresh = world.evidence.clone();
    let (_, decision) = judge(&repository.set, state, &world, (&entry.key, &entry.event), Some(&fresh));
    let votes = decision.votes.iter().filter(|v| !v.counts).flat_map(|v| &v.because);
    if decision.verdict {
        return Ok(());
    }
    for because in decision.because.iter().chain(votes.take(3)) {
        result.stops.push(stop(unit, because, mode));
    }
    for error in &decision.errors {
        result.stops.push(own("error", &unit.name, &unit.path, error.clone(), Mode::Enforce));
    }
    Ok(())
}

fn stop(unit: &Unit, because: &Because, mode: Mode) -> Stop {
    let facts = because.facts.iter().map(|(k, v)| (k.clone(), v.clone())).collect();
    Stop { facts, ..own(&because.policy, &unit.name, &unit.path, because.reason.clone(), mode) }
}

fn count(result: &Result) -> (usize, usize) {
    let stopping = result.stops.iter().filter(|s| s.mode == Mode::Enforce).count();
    (stopping, result.stops.len() - stopping)
}

fn plain(result: &Result, why: bool, out: &mut dyn Write) -> io::Result<()> {
    for s in &result.stops {
        let word = if s.mode == Mode::Enforce { "stop" } else { s.mode.as_str() };
        writeln!(out, "{word}: {}: {}", s.rule, s.message)?;
        if why {
            s.facts.iter().try_for_each(|(field, value)| writeln!(out, "      {field} = {value}"))?;
        }
    }
    result.notes.iter().try_for_each(|n| writeln!(out, "note: {n}"))?;
    let (stopping, warnings) = count(result);
    writeln!(
        out,
        "{} released, {} need no release; {stopping} stop, {warnings} warn",
        result.passed, result.process
    )
}

fn markdown(result: &Result, environment: &str, out: &mut dyn Write) -> io::Result<()> {
    let (stopping, warnings) = count(result);
    let verdict = if stopping == 0 { "passes" } else { "does not pass" };
    writeln!(out, "## Countersign: {environment} {verdict}\n")?;
    writeln!(
        out,
        "{} workflows released, {} need no release, {stopping} stop, {warnings} warn.\n",
        result.passed, result.process
    )?;
    if !result.stops.is_empty() {
        writeln!(out, "| | workflow | rule | why |\n|---|---|---|---|")?;
    }
    let cell = |text: &str| text.replace('|', "\\|").replace('\n', " ").replace('<', "&lt;");
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

fn sarif(result: &Result) -> Value {
    let mut rules: Vec<&str> = result.stops.iter().map(|s| s.rule.as_str()).collect();
    rules.sort_unstable();
    rules.dedup();
    let rules: Vec<Value> = rules.iter().map(|r| json!({"id": r})).collect();
    let results: Vec<Value> = result
        .stops
        .iter()
        .map(|s| {
            let level = match s.mode {
                Mode::Enforce => "error",
                Mode::Warn => "warning",
                Mode::Observe => "note",
            };
            let path = if s.path.is_empty() || s.path.starts_with("sha256:") { super::super::scan::CONFIGURATION } else { &s.path };
            json!({"ruleId": s.rule, "level": level, "message": {"text": s.message},
                "locations": [{"physicalLocation": {"artifactLocation": {"uri": path.replace(' ', "%20"), "uriBaseId": "%SRCROOT%"}, "region": {"startLine": 1}}}]})
        })
        .collect();
    json!({"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0",
        "runs": [{"tool": {"driver": {"name": "countersign gate", "version": env!("CARGO_PKG_VERSION"), "rules": rules}},
            "columnKind": "utf16CodeUnits", "results": results}]})
}
