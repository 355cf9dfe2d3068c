//! A difference as JSON: `docs/formats/diff.md`.

use super::Told;
use check::diff::Difference;
use serde_json::{Value, json};
use std::io::{self, Write};
use workflow::Finding;

pub(super) fn write(told: &Told, out: &mut dyn Write) -> io::Result<()> {
    let result = json!({
        "schema": "countersign.diff/1",
        "old": told.old,
        "new": told.new,
        "changed": told.acting() > 0,
        "workflows": told.differences.iter().map(workflow).collect::<Vec<_>>(),
        "problems": told.problems,
    });
    writeln!(out, "{result:#}")
}

fn workflow(d: &Difference) -> Value {
    json!({
        "name": d.name,
        "state": match (d.old, d.new) { (None, _) => "added", (_, None) => "removed", _ => "changed" },
        "changed": d.acts_differently(),
        "digest": {"old": d.digests.0.map(|x| x.to_string()), "new": d.digests.1.map(|x| x.to_string())},
        "changes": d.changes,
        "cosmetic": d.cosmetic,
        "findings": {
            "gained": d.gained.iter().map(finding).collect::<Vec<_>>(),
            "lost": d.lost.iter().map(finding).collect::<Vec<_>>(),
        },
        "blast": d.blast,
    })
}

fn finding(f: &Finding) -> Value {
    json!({"rule": f.rule, "severity": f.severity, "step": f.step, "line": f.line, "message": f.message})
}
