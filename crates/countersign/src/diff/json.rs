//! A difference as JSON: `docs/formats/diff.md`.

use super::Told;
use check::diff::{Change, Difference};
use serde_json::{Value, json};
use std::io::{self, Write};
use workflow::Finding;

pub(super) fn write(told: &Told, out: &mut dyn Write) -> io::Result<()> {
    let result = json!({
        "schema": "countersign.diff/1",
        "old": told.old,
        "new": told.new,
        "changed": told.is_changed(),
        "workflows": told.differences.iter().map(workflow).collect::<Vec<_>>(),
        "unknown": told.unknown,
        "problems": told.problems,
    });
    writeln!(out, "{result:#}")
}

/// Whether a workflow came, went, or is another.
pub(super) fn state(d: &Difference) -> &'static str {
    match (d.old, d.new) {
        (None, _) => "added",
        (_, None) => "removed",
        _ => "changed",
    }
}

pub(super) fn workflow(d: &Difference) -> Value {
    let proofs = |kind: &str| d.proofs.iter().filter(|c| c.kind == kind).collect::<Vec<&Change>>();
    json!({
        "name": d.name,
        "state": state(d),
        "changed": d.is_changed(),
        "digest": {"old": d.digests.0.map(|x| x.to_string()), "new": d.digests.1.map(|x| x.to_string())},
        "changes": d.changes,
        "cosmetic": d.cosmetic,
        "renamed": d.renamed.iter().map(|(old, new)| json!({"old": old, "new": new})).collect::<Vec<_>>(),
        "proofs": {"gained": proofs("proof-gained"), "lost": proofs("proof-lost")},
        "findings": {
            "gained": d.gained.iter().map(finding).collect::<Vec<_>>(),
            "lost": d.lost.iter().map(finding).collect::<Vec<_>>(),
        },
        "blast": {"before": d.blast.0, "after": d.blast.1},
    })
}

fn finding(f: &Finding) -> Value {
    json!({"rule": f.rule, "severity": f.severity, "step": f.step, "line": f.line, "message": f.message})
}
