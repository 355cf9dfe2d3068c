//! `countersign status`: what is proposed, released, open and due.

use super::act::is_json;
use super::args::Status;
use super::now;
use super::repository::{Repository, Unit};
use super::tell::{called, shortened};
use super::view::short;
use crate::check::Exit;
use govern::{Intent, Live, State, World, due, quality, voids};
use serde_json::{Value, json};
use std::io::{self, Write};

pub(super) fn run(options: &Status) -> io::Result<Exit> {
    let common = &options.common;
    let repository = Repository::open(&common.folder, now())?;
    let environment = common.environment.clone().unwrap_or_else(|| repository.environment.clone());
    let mut out = io::stdout().lock();
    let only = options.subject.as_ref().map(|s| repository.unit(s)).transpose()?;
    let units: Vec<&Unit> = match only {
        Some(unit) => vec![unit],
        None => repository.units.iter().filter(|u| matters(&repository, u)).collect(),
    };
    if is_json(common) {
        let rows: io::Result<Vec<Value>> = units.iter().map(|u| row(&repository, u, &environment)).collect();
        let due: Vec<Value> = due(&repository.folded.state, repository.now)
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
    for (_, id, text) in due(&repository.folded.state, repository.now) {
        writeln!(out, "due: {text} ({})", short(&id))?;
    }
    for (id, message) in repository.faults() {
        writeln!(out, "not counted: {}: {}", shortened(&id), shortened(&message))?;
    }
    if options.reviews {
        let q = quality(&repository.folded.state);
        writeln!(
            out,
            "reviews: {}, of these {} approvals and {} refusals; {} measured, half of them within {} s, {} under a minute; {} signed in bulk",
            q.reviews, q.approvals, q.refusals, q.timed, q.median_seconds, q.under_a_minute, q.in_bulk
        )?;
    }
    Ok(Exit::Clean)
}

/// Whether there is something to say of a workflow: it is governed, or ought to be.
fn matters(repository: &Repository, unit: &Unit) -> bool {
    let ought = repository.head(unit).is_some_and(|h| h.class() == "control");
    ought || repository.folded.state.workflows.contains_key(&unit.name)
}

/// How what lies in the folder stands to what is released.
#[must_use]
pub(super) fn standing(state: &State, world: &World) -> String {
    match state.live(&world.subject.name, &world.environment, world.at) {
        None => "not released".to_owned(),
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
            format!("released as {}", short(&release.id))
        }
        Some(Live::Released(release)) => format!("differs from the release {}", short(&release.id)),
    }
}

fn tell(
    repository: &Repository,
    unit: &Unit,
    world: &World,
    full: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    let state = &repository.folded.state;
    writeln!(out, "{}  tier {}  {}", unit.name, world.subject.effective_tier(), standing(state, world))?;
    if let Some((id, proposal)) = state.open_proposal(&world.subject, &world.environment, Intent::Change) {
        writeln!(out, "  proposed as {} by {}", short(id), called(&repository.people, &proposal.key))?;
        for review in &proposal.reviews {
            writeln!(
                out,
                "    {} by {}",
                word(review.verdict),
                called(&repository.people, &review.by.account)
            )?;
        }
        voids(proposal, world).iter().try_for_each(|v| writeln!(out, "    void: {v}"))?;
    }
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

fn word(verdict: policy::Verdict) -> &'static str {
    match verdict {
        policy::Verdict::Approve => "approved",
        policy::Verdict::Refuse => "refused",
        policy::Verdict::Rework => "sent back",
    }
}

fn row(repository: &Repository, unit: &Unit, environment: &str) -> io::Result<Value> {
    let world = repository.world(unit, environment)?;
    let state = &repository.folded.state;
    let proposal = state.open_proposal(&world.subject, environment, Intent::Change);
    let proposal = proposal.map(|(id, p)| json!({"statement": id, "proposal": p, "voids": voids(p, &world)}));
    Ok(json!({"name": unit.name, "path": unit.path, "tier": world.subject.effective_tier(),
        "closure": world.subject.closure, "standing": standing(state, &world),
        "released": state.released(&unit.name, environment), "proposal": proposal}))
}
