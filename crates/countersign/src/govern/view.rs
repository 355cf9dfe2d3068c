//! What a person is shown before they sign, and its digest. It is made of the closure, what is known of it, and what changes
//! in it against what is in force, so that the same change gives the same page, byte for byte.

use govern::World;
use ledger::{clean, count};
use policy::SubjectKind;
use std::fmt::Write;
use workflow::Digest;

/// The page as text.
#[must_use]
pub fn page(world: &World) -> String {
    let subject = &world.subject;
    let mut out = String::new();
    let mut line = |text: String| {
        // A name of somebody else stays in its line, and says nothing to a terminal.
        let _ = writeln!(out, "{}", clean(&text));
    };
    line(format!("{} `{}`, tier {}", subject.kind.as_str(), subject.name, subject.effective_tier()));
    line(format!("  closure {}, of {}", short(&subject.closure), count(world.parts.len(), "part", "parts")));
    line(format!("  policy {}", short(&world.policy)));
    if subject.kind == SubjectKind::Workflow {
        workflow(world, &mut line);
    }
    world.changes.iter().for_each(|change| line(change.clone()));
    out
}

/// What it can do, and what is known of it.
fn workflow(world: &World, line: &mut dyn FnMut(String)) {
    let subject = &world.subject;
    let effects: Vec<&str> =
        subject.effects.iter().filter(|k| k.changes_access()).map(|k| k.as_str()).collect();
    let systems: Vec<&str> = subject.systems.iter().map(|s| s.name.as_str()).collect();
    line(format!("  it can {} in {}", or(&effects, "change nothing"), or(&systems, "no system")));
    for e in subject.entitlements.iter().filter(|e| !e.name.is_empty()) {
        line(format!("    {} in {}{}", e.name, e.system, if e.privileged { ", privileged" } else { "" }));
    }
    let evidence = &world.evidence;
    let record = &evidence.record;
    match (record.present, record.lacks.is_empty()) {
        (false, _) => line("  it has no control record".to_owned()),
        (true, true) => {
            line(format!("  owner {}, security approver {}", record.owner, record.security_approver))
        }
        (true, false) => line(format!("  its control record lacks {}", record.lacks.join(", "))),
    }
    // Whom nobody knows may be the one who reads this.
    for c in world.contributors.iter().filter(|c| !world.people.knows(c)) {
        line(format!(
            "  a part in it had `{}` ({}), whom the people directory does not know",
            c.account, c.how
        ));
    }
    if !evidence.boundary.is_empty() {
        line(format!("  beyond its boundary: {}", evidence.boundary.join(", ")));
    }
    for c in &evidence.components {
        line(format!("  uses {} {}", c.name, or(&[c.version.as_str()], "in any version")));
    }
    for f in &evidence.findings {
        line(format!("  finding {} ({}){}", f.rule, format!("{:?}", f.severity).to_lowercase(), at(&f.step)));
    }
    if evidence.findings.is_empty() {
        line("  no findings".to_owned());
    }
}

fn at(step: &str) -> String {
    if step.is_empty() { String::new() } else { format!(" at {step}") }
}

fn or(words: &[&str], none: &str) -> String {
    let all: Vec<&str> = words.iter().copied().filter(|w| !w.is_empty()).collect();
    if all.is_empty() { none.to_owned() } else { all.join(", ") }
}

/// The beginning of a digest, enough for people to tell one from another.
#[must_use]
pub fn short(digest: &str) -> &str {
    let hex = digest.strip_prefix("sha256:").unwrap_or(digest);
    hex.get(..12).unwrap_or(hex)
}

/// The digest of the page.
#[must_use]
pub fn digest(world: &World) -> String {
    // The parts stand behind the closure's digest; the page alone would not show each of them.
    let whole = format!("{}\n{}\n{}\n", page(world), world.subject.closure, world.policy);
    Digest::of(whole.as_bytes()).to_string()
}
