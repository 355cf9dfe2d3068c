//! `countersign policy explain`.

use super::{Explain, Format, load};
use crate::check::Exit;
use policy::{Effect, PolicyInfo};
use std::io::{self, Write};

pub(super) fn run(explain: &Explain, out: &mut dyn Write) -> io::Result<Exit> {
    let loaded = load(std::slice::from_ref(&explain.policies))?;
    let chosen: Vec<&PolicyInfo> = match &explain.id {
        None => loaded.set.policies().collect(),
        Some(id) => vec![loaded.set.policy(id).ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::NotFound,
                format!("no policy `{id}`; `countersign policy explain` lists them all"),
            )
        })?],
    };
    if explain.format == Format::Json {
        writeln!(out, "{:#}", serde_json::json!({"schema": "countersign.policies/1", "policies": chosen}))?;
    } else if explain.id.is_some() {
        chosen.iter().try_for_each(|p| one(p, out))?;
    } else {
        chosen.iter().try_for_each(|p| writeln!(out, "{:<32} {:<7} {}", p.id, word(p), p.reason))?;
    }
    Ok(Exit::Clean)
}

fn word(policy: &PolicyInfo) -> &'static str {
    match policy.effect {
        Effect::Permit => "permits",
        Effect::Forbid => "forbids",
    }
}

fn one(policy: &PolicyInfo, out: &mut dyn Write) -> io::Result<()> {
    let holds = if policy.always && policy.effect == Effect::Forbid { ", in every mode" } else { "" };
    let whose = if policy.core { "core" } else { "own" };
    writeln!(out, "{}  {}{holds}  ({whose}, {}:{})", policy.id, word(policy), policy.file, policy.line)?;
    writeln!(out, "\nWhat a person reads\n\n  {}", policy.reason)?;
    writeln!(out, "\nThe policy\n")?;
    for line in policy.text.lines().filter(|l| !l.starts_with('@')) {
        writeln!(out, "  {line}")?;
    }
    if !policy.controls.is_empty() {
        writeln!(out, "\nEvidence towards\n")?;
        for control in &policy.controls {
            writeln!(out, "  {}", check::frameworks::correct(control).told())?;
        }
    }
    Ok(())
}
