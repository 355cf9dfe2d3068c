//! `countersign status`: what is proposed, released, open and due.

use super::args::{Format, Status};
use super::repository::{Repository, Unit};
use super::tell::{called, shortened, speaker};
use super::view::short;
use super::{change, now};
use crate::check::Exit;
use govern::{
    Entry, Intent, Live, Phase, Proposal, ProposalStatus, Quality, Review, State, Void, World, due, quality,
    voids,
};
use ledger::{clean, count};
use policy::{Act, SubjectKind};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::io::{self, Write};

pub(super) fn run(options: &Status) -> io::Result<Exit> {
    let look = &options.look;
    let repository = Repository::open(&look.folder, now())?;
    let environment = options.environment.clone().unwrap_or_else(|| repository.environment.clone());
    let mut out = io::stdout().lock();
    if let Some((kind, _)) = options.subject.as_deref().and_then(change::governing) {
        return alone(&repository, kind, look.format);
    }
    let only = options.subject.as_ref().map(|s| repository.unit(s)).transpose()?;
    let units: Vec<&Unit> = match only {
        Some(unit) => vec![unit],
        None => repository.units.iter().filter(|u| matters(&repository, u)).collect(),
    };
    if look.format == Format::Json {
        let rows: io::Result<Vec<Value>> = units.iter().map(|u| row(&repository, u, &environment)).collect();
        let due: Vec<Value> = due(&repository.folded.state, &environment, repository.now)
            .into_iter()
            .map(|(kind, id, text)| json!({"kind": kind, "statement": id, "text": text}))
            .collect();
        let result = json!({"schema": "countersign.status/1", "environment": environment, "at": repository.now,
            "workflows": rows?, "due": due, "refused": repository.faults(), "reviews": quality(&repository.folded.state)});
        writeln!(out, "{result:#}")?;
        return Ok(Exit::Clean);
    }
    for unit in units {
        let world = repository.world(unit, &environment)?;
        tell(&repository, unit, &world, only.is_some(), &mut out)?;
    }
    if only.is_none() {
        for kind in [SubjectKind::Policy, SubjectKind::People, SubjectKind::Configuration] {
            if is_governed(&repository, kind) {
                governing(&repository, kind, &mut out)?;
            }
        }
        gone(&repository, &environment, &mut out)?;
    }
    for (_, id, text) in due(&repository.folded.state, &environment, repository.now) {
        writeln!(out, "due: {} ({})", clean(&text), short(&id))?;
    }
    for (id, message) in repository.faults() {
        writeln!(out, "not counted: {}: {}", clean(&shortened(&id)), clean(&shortened(&message)))?;
    }
    if options.reviews {
        reviews(&quality(&repository.folded.state), &mut out)?;
    }
    Ok(Exit::Clean)
}

/// How reviews are done; never a score of a person.
fn reviews(q: &Quality, out: &mut dyn Write) -> io::Result<()> {
    let reviews = |n| count(n, "review", "reviews");
    write!(
        out,
        "{}: {}, {}, {} sent back; {} told what was shown",
        reviews(q.reviews),
        count(q.approvals, "approval", "approvals"),
        count(q.refusals, "refusal", "refusals"),
        q.rework,
        q.shown
    )?;
    if q.timed > 0 {
        let (median, short) = (q.median_seconds, q.under_a_minute);
        write!(out, "; {} measured, half of them within {median} s, {short} under a minute", q.timed)?;
    }
    writeln!(out, "; {} within a minute of another by the same person", q.in_bulk)?;
    let last = q.last_break_glass_drill.map_or_else(|| "never".to_owned(), |m| m.to_string());
    writeln!(
        out,
        "{}, noticed in {} and missed in {}; break-glass practised {}, last {last}",
        count(q.drills, "drill with something put in", "drills with something put in"),
        reviews(q.drills_noticed),
        reviews(q.drills_missed),
        count(q.break_glass_drills, "time", "times")
    )
}

/// Whether something is proposed for what governs, or was put in force.
fn is_governed(repository: &Repository, kind: SubjectKind) -> bool {
    let state = &repository.folded.state;
    let mut open = state.proposals_of(kind, kind.as_str());
    state.in_force(kind).is_some() || open.any(|(_, p)| p.status == ProposalStatus::Open)
}

/// How what governs stands to what is in force.
fn governs(repository: &Repository, world: &World) -> String {
    match repository.folded.state.in_force(world.subject.kind) {
        None => "never put in force".to_owned(),
        Some(was) if was == world.subject.closure => format!("in force as {}", short(was)),
        Some(was) => format!("differs from {}, which is in force", short(was)),
    }
}

fn governing(repository: &Repository, kind: SubjectKind, out: &mut dyn Write) -> io::Result<()> {
    let world = repository.governing(kind);
    writeln!(out, "{}  {}", kind.as_str(), governs(repository, &world))?;
    proposals(repository, &world, out)
}

/// What governs, asked about by its name.
fn alone(repository: &Repository, kind: SubjectKind, format: Format) -> io::Result<Exit> {
    let mut out = io::stdout().lock();
    if format == Format::Plain {
        governing(repository, kind, &mut out)?;
        return Ok(Exit::Clean);
    }
    let world = repository.governing(kind);
    let row = json!({"name": kind.as_str(), "closure": world.subject.closure,
        "standing": governs(repository, &world), "proposals": open(repository, &world)});
    let result = json!({"schema": "countersign.status/1", "environment": "", "at": repository.now, "governing": [row]});
    writeln!(out, "{result:#}")?;
    Ok(Exit::Clean)
}

fn here(repository: &Repository) -> HashSet<&str> {
    repository.units.iter().map(|u| u.name.as_str()).collect()
}

/// What is live and not in the folder, with the statement by which it is.
pub(super) fn released_elsewhere<'r>(
    repository: &'r Repository,
    environment: &'r str,
) -> impl Iterator<Item = (&'r str, &'r str)> {
    let (state, here) = (&repository.folded.state, here(repository));
    state.workflows.keys().filter(move |name| !here.contains(name.as_str())).filter_map(move |name| {
        let id = match state.live(name, environment, repository.now)? {
            Live::Released(release) => release.id.as_str(),
            Live::Emergency(_, glass) => glass.glass.id.as_str(),
        };
        Some((name.as_str(), id))
    })
}

/// Open proposals, and releases, of workflows that are not in the folder any more.
fn gone(repository: &Repository, environment: &str, out: &mut dyn Write) -> io::Result<()> {
    for (name, id) in released_elsewhere(repository, environment) {
        writeln!(out, "gone: `{}` is live as {}, and is not here", clean(name), short(id))?;
    }
    let here = here(repository);
    let here = |name: &str| here.contains(name);
    for (id, p) in &repository.folded.state.proposals {
        if p.kind == SubjectKind::Workflow && p.status == ProposalStatus::Open && !here(&p.name) {
            writeln!(
                out,
                "stale: `{}` was proposed as {}, and is not here any more",
                clean(&p.name),
                short(id)
            )?;
        }
    }
    Ok(())
}

/// Whether there is something to say of a workflow: it is governed, or ought to be.
fn matters(repository: &Repository, unit: &Unit) -> bool {
    let ought = repository.head(unit).is_some_and(|h| h.class() == "control");
    ought || repository.folded.state.workflows.contains_key(&unit.name)
}

/// How what lies in the folder stands to what is released.
#[must_use]
pub(super) fn standing(repository: &Repository, world: &World) -> String {
    let state = &repository.folded.state;
    match state.live(&world.subject.name, &world.environment, world.at) {
        None => ended(repository, &world.subject.name).unwrap_or_else(|| "not released".to_owned()),
        Some(Live::Emergency(closure, glass)) if closure == world.subject.closure => {
            format!(
                "live by break-glass {} until {}",
                short(&glass.glass.id),
                glass.glass.until.unwrap_or_default()
            )
        }
        Some(Live::Emergency(closure, _)) => {
            format!("differs from {}, which is live by break-glass", short(closure))
        }
        Some(Live::Released(release)) if release.closure == world.subject.closure => {
            let released = format!("released as {}", short(&release.id));
            std::iter::once(released).chain(withdrawn(state, world)).collect::<Vec<_>>().join("; ")
        }
        Some(Live::Released(release)) => format!("differs from the release {}", short(&release.id)),
    }
}

/// The components in a closure whose approval was withdrawn, each with when.
pub(super) fn withdrawn<'w>(state: &'w State, world: &'w World) -> impl Iterator<Item = String> + 'w {
    world.evidence.components.iter().filter_map(|c| {
        let when = state.withdrawn(c.kind, &c.name, &c.version, world.at)?;
        Some(format!("the approval of `{}` version {} was withdrawn at {when}", c.name, c.version))
    })
}

/// Who stopped or retired a workflow, and when.
fn ended(repository: &Repository, name: &str) -> Option<String> {
    let (act, word) = match repository.folded.state.workflows.get(name)?.phase {
        Phase::Registered => return None,
        Phase::Killed => (Act::Kill, "stopped"),
        Phase::Retired => (Act::Retire, "retired"),
    };
    let of = |e: &&Entry| e.event.act == act && e.event.subject.name == name;
    let entry = repository.entries.iter().filter(of).max_by_key(|e| e.event.at)?;
    let because = if entry.event.reason.trim().is_empty() { "" } else { ": " };
    let (who, at) = (called(&repository.people, &entry.key), entry.event.at);
    Some(format!("{word} by {who} at {at} ({}){because}{}", short(&entry.id), entry.event.reason.trim()))
}

fn tell(
    repository: &Repository,
    unit: &Unit,
    world: &World,
    full: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    let state = &repository.folded.state;
    let standing = clean(&standing(repository, world));
    writeln!(out, "{}  tier {}  {standing}", clean(&unit.name), world.subject.effective_tier())?;
    proposals(repository, world, out)?;
    if !full {
        return Ok(());
    }
    let releases = state.workflows.get(&unit.name).and_then(|w| w.releases.get(&world.environment));
    for release in releases.into_iter().flatten() {
        let back = if release.back { "rolled back to" } else { "released" };
        writeln!(
            out,
            "  {} {back} {} by {} ({})",
            release.at,
            short(&release.closure),
            called(&repository.people, &release.key),
            short(&release.id)
        )?;
    }
    Ok(())
}

/// What reviewers said of a proposal, and a no to the same closure when it was proposed before.
pub(super) fn said(repository: &Repository, id: &str) -> Vec<String> {
    let state = &repository.folded.state;
    let mine = state.proposals.get(id).map(|p| p.reviews.as_slice()).unwrap_or_default();
    let line = |review: &Review| {
        let before = if mine.contains(review) { "" } else { ", when the same was proposed before" };
        format!("{} by {}{before}", word(review.verdict), speaker(&repository.people, &review.by))
    };
    state.said(id).into_iter().map(line).collect()
}

/// The open proposals of something: those about what lies in the folder, and stale ones, which are about something else.
fn proposals(repository: &Repository, world: &World, out: &mut dyn Write) -> io::Result<()> {
    let (state, subject) = (&repository.folded.state, &world.subject);
    let mine = |p: &&Proposal| p.status == ProposalStatus::Open && p.environment == world.environment;
    for (id, proposal) in state.proposals_of(subject.kind, &subject.name).filter(|(_, p)| mine(p)) {
        let by = called(&repository.people, &proposal.key);
        let (stale, voids) = (is_stale(proposal, world), voids(proposal, world));
        let what = match proposal.intent {
            Intent::Change => "proposed",
            Intent::RollBack => "roll-back proposed",
            Intent::TakeOver => "take-over proposed",
        };
        let stale = if stale { "stale: " } else { "" };
        writeln!(out, "  {stale}{what} as {} by {by}", short(id))?;
        said(repository, id).iter().try_for_each(|line| writeln!(out, "    {line}"))?;
        // A roll-back goes elsewhere by intent: what differs from the folder voids nothing.
        let counts = |v: &&Void| {
            proposal.intent != Intent::RollBack || matches!(v, Void::Policy { .. } | Void::Left { .. })
        };
        voids.iter().filter(counts).try_for_each(|v| writeln!(out, "    void: {v}"))?;
    }
    Ok(())
}

/// A proposal of a closure that is not what lies in the folder: it can be withdrawn, or what it is about brought back.
fn is_stale(proposal: &Proposal, world: &World) -> bool {
    proposal.intent != Intent::RollBack && proposal.closure != world.subject.closure
}

/// What a reviewer did.
pub(super) fn word(verdict: policy::Verdict) -> &'static str {
    match verdict {
        policy::Verdict::Approve => "approved",
        policy::Verdict::Refuse => "refused",
        policy::Verdict::Rework => "sent back",
    }
}

fn row(repository: &Repository, unit: &Unit, environment: &str) -> io::Result<Value> {
    let world = repository.world(unit, environment)?;
    Ok(json!({"name": unit.name, "path": unit.path, "tier": world.subject.effective_tier(),
        "closure": world.subject.closure, "standing": standing(repository, &world),
        "released": repository.folded.state.released(&unit.name, environment), "proposals": open(repository, &world)}))
}

/// The open proposals of something, as JSON.
fn open(repository: &Repository, world: &World) -> Vec<Value> {
    let mine = |p: &Proposal| p.status == ProposalStatus::Open && p.environment == world.environment;
    let all = repository.folded.state.proposals_of(world.subject.kind, &world.subject.name);
    let one = |(id, p): (&String, &Proposal)| json!({"statement": id, "proposal": p, "stale": is_stale(p, world), "voids": voids(p, world)});
    all.filter(|(_, p)| mine(p)).map(one).collect()
}
