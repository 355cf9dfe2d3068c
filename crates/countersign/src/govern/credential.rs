//! `countersign credential`: rotations of credentials as acts on record, and what of the register is due.
//!
//! A rotation is attested to, as tests are. What a release asks for is what the register says, which others approve.

use super::act::Desk;
use super::args::{Common, Credential, CredentialCommand, Format, Look};
use super::lanes::there;
use super::repository::Repository;
use super::settings::CredentialLine;
use super::{now, view};
use crate::check::Exit;
use govern::Wish;
use policy::{Act, Moment};
use serde_json::json;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::PathBuf;
use workflow::Digest;

pub(super) fn run(options: &Credential) -> io::Result<Exit> {
    match &options.command {
        CredentialCommand::Rotated { credential, at, evidence, common } => {
            rotated(credential, *at, evidence, common)
        }
        CredentialCommand::List { look } => list(look),
    }
}

fn rotated(id: &str, at: Option<Moment>, evidence: &[PathBuf], common: &Common) -> io::Result<Exit> {
    let mut desk = Desk::open(common)?;
    let line = known(&desk.repository, id)?;
    let at = at.unwrap_or(desk.repository.now);
    let mut world = desk.repository.rotation(line, parts(at, evidence)?);
    world.changes = vec![
        format!("  rotated at {at}"),
        format!("  the register: owner {}, {}", line.owner, last(line.rotated)),
    ];
    world.changes.extend(evidence.iter().map(|path| format!("  evidence {}", path.display())));
    world.view = view::digest(&world);
    let behind = line.rotated.is_none_or(|was| was.plus_hours(24) <= at);
    let wish = Wish { version: at.to_string(), ..desk.wish(Act::Attest, common) };
    let exit = desk.carry_out(&world, &wish, common)?;
    if behind && exit == Exit::Clean && !common.show {
        eprintln!(
            "note: a release asks the register: enter `rotated: {}` for `{id}` in credentials.yaml, and propose `configuration`",
            at.to_string().get(..10).unwrap_or_default()
        );
    }
    Ok(exit)
}

fn last(rotated: Option<Moment>) -> String {
    rotated.map_or_else(|| "never rotated".to_owned(), |at| format!("last rotated {at}"))
}

/// A credential of the register, by its id.
fn known<'r>(repository: &'r Repository, id: &str) -> io::Result<&'r CredentialLine> {
    let all = repository.credentials();
    all.iter().find(|line| line.id == id).ok_or_else(|| {
        let ids: Vec<&str> = all.iter().map(|line| line.id.as_str()).collect();
        let told = format!("credentials.yaml has no credential `{id}`: {}", there(&ids, "credential"));
        io::Error::new(io::ErrorKind::NotFound, told)
    })
}

/// What the statement speaks of: the moment, and the files that show it, by digest.
fn parts(at: Moment, evidence: &[PathBuf]) -> io::Result<BTreeMap<String, String>> {
    let mut parts =
        BTreeMap::from([("rotated".to_owned(), Digest::of(at.to_string().as_bytes()).to_string())]);
    for path in evidence {
        let bytes = std::fs::read(path)
            .map_err(|e| io::Error::new(e.kind(), format!("`{}`: {e}", path.display())))?;
        parts.insert(format!("evidence/{}", path.display()), Digest::of(&bytes).to_string());
    }
    Ok(parts)
}

fn list(look: &Look) -> io::Result<Exit> {
    let repository = Repository::open(&look.folder, now())?;
    let recorded = |id: &str| repository.folded.state.rotations.get(id).into_iter().flatten();
    let mut out = io::stdout().lock();
    if look.format == Format::Json {
        let row = |c: &CredentialLine| {
            let recorded: Vec<_> =
                recorded(&c.id).map(|(at, id)| json!({"at": at, "statement": id})).collect();
            json!({"id": c.id, "owner": c.owner, "rotated": c.rotated, "due": c.due(), "expires": c.expires, "recorded": recorded})
        };
        let rows: Vec<_> = repository.credentials().iter().map(row).collect();
        let told = json!({"schema": "countersign.rotations/1", "at": repository.now, "credentials": rows});
        writeln!(out, "{told:#}")?;
        return Ok(Exit::Clean);
    }
    if repository.credentials().is_empty() {
        eprintln!("credentials.yaml names no credential");
    }
    for line in repository.credentials() {
        let due = line.due().map_or_else(|| "due: not said".to_owned(), |due| format!("due {due}"));
        let newest = recorded(&line.id).map(|(at, _)| *at).max();
        let newest =
            newest.map_or_else(|| "no rotation on record".to_owned(), |at| format!("on record {at}"));
        writeln!(out, "{}: owner {}, {}, {due}, {newest}", line.id, line.owner, last(line.rotated))?;
    }
    Ok(Exit::Clean)
}
