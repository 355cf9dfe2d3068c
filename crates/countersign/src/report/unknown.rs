//! `--unknown`: the operations whose effect is not known, by how often they occur, so that the catalogue can grow.

use super::plain::{Style, clean, column};
use super::view::View;
use crate::scan::Scan;
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::{self, Write};
use workflow::{Kind, Platform};

/// An operation that is not known.
#[derive(Debug, Serialize)]
struct Unknown {
    platform: Platform,
    operation: String,
    steps: usize,
    example: String,
}

/// A platform's steps: all, and those whose effect is not known.
#[derive(Debug, Default, Serialize)]
struct Share {
    steps: usize,
    unknown: usize,
}

#[derive(Serialize)]
struct Document<'u> {
    schema: &'static str,
    platforms: &'u BTreeMap<Platform, Share>,
    operations: &'u [Unknown],
}

/// Writes the list, as a table or as JSON.
///
/// # Errors
/// When it cannot be written, or results cannot be read back.
pub fn write(scan: &Scan, view: &View<'_>, json: bool, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let (shares, unknown) = collect(scan, view)?;
    if json {
        let document = Document { schema: "countersign.unknown/1", platforms: &shares, operations: &unknown };
        serde_json::to_writer_pretty(&mut *out, &document)?;
        return writeln!(out);
    }
    for (platform, share) in &shares {
        let (unknown, steps) = (share.unknown, share.steps);
        let part = 100.0 * f64::from(u32::try_from(unknown).unwrap_or(u32::MAX))
            / f64::from(u32::try_from(steps.max(1)).unwrap_or(u32::MAX));
        let title = column(platform.title(), 24);
        writeln!(out, "{title} {unknown:>6} of {steps:>7} steps not known ({part:.1} %)")?;
    }
    writeln!(out, "\n{}", style.dim(&format!("{:>6}  {:24} operation", "steps", "platform")))?;
    for u in &unknown {
        let operation = clean(&u.operation);
        writeln!(out, "{:>6}  {} {operation}", u.steps, column(u.platform.title(), 24))?;
        writeln!(out, "{:33}{}", "", style.dim(&clean(&u.example)))?;
    }
    Ok(())
}

fn collect(scan: &Scan, view: &View<'_>) -> io::Result<(BTreeMap<Platform, Share>, Vec<Unknown>)> {
    let mut shares: BTreeMap<Platform, Share> = BTreeMap::new();
    let mut found: BTreeMap<(Platform, String), (usize, String)> = BTreeMap::new();
    for file in &scan.files {
        for (head, body) in file.heads.iter().zip(scan.bodies(file)?).filter(|(h, _)| view.shows(h)) {
            let share = shares.entry(head.platform).or_default();
            share.steps += body.steps.len();
            for step in body.steps.iter().filter(|s| s.effects.iter().any(|e| e.kind == Kind::Opaque)) {
                share.unknown += 1;
                let place = || format!("{}:{}", file.path, step.line);
                let entry = found.entry((head.platform, step.operation.clone()));
                entry.or_insert_with(|| (0, place())).0 += 1;
            }
        }
    }
    let unknown = found.into_iter().map(|((platform, operation), (steps, example))| {
        let operation = if operation.is_empty() { "(none)".to_owned() } else { operation };
        Unknown { platform, operation, steps, example }
    });
    let mut unknown: Vec<Unknown> = unknown.collect();
    unknown.sort_by_key(|u| std::cmp::Reverse(u.steps));
    Ok((shares, unknown))
}
