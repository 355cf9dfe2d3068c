//! The verdict in words: what was verified, what was not, what cannot be.

use crate::bundle::{Bundle, Manifest};
use crate::moment::text;
use crate::select::Query;
use crate::verify::{Opened, Pins, Verdict};
use ledger::{count, policy::Accepted};

/// Fills in what was verified, what was not, and what cannot be.
pub(crate) fn tell(
    bundle: &Bundle,
    entries: &[Opened],
    manifest: &Manifest,
    accepted: Option<&Accepted<'_>>,
    pins: &Pins<'_>,
    verdict: &mut Verdict,
) {
    let say = &mut verdict.verified;
    if let Some(accepted) = accepted {
        let names: Vec<_> = accepted
            .witnesses
            .iter()
            .map(|(w, t)| format!("{} at {}", String::from_utf8_lossy(&w.name), text(t.saturating_mul(1000))))
            .collect();
        let head = &accepted.checkpoint;
        say.push(format!(
            "The checkpoint of `{}` with {} is signed by the ledger's key and cosigned by {}.",
            head.origin,
            count(head.size, "entry", "entries"),
            if names.is_empty() { "no witness".to_owned() } else { names.join(", ") }
        ));
        say.push(format!(
            "{} in the ledger under that checkpoint, each at its number.",
            count(entries.len(), "entry is", "entries are")
        ));
    }
    let covered = manifest.coverage;
    say.push(format!(
        "Entries {} to {} are all here, with no gap in any source's numbers, in the order of time.",
        covered.from,
        covered.to.saturating_sub(1)
    ));
    say.push(format!(
        "Asked for: {}. {} that, found again from the entries.",
        manifest.query.words(),
        count(manifest.selection.len(), "entry answers", "entries answer")
    ));
    let opened: usize = entries.iter().map(|o| o.openings.len()).sum();
    let disclosed = count(opened, "disclosed value is what was", "disclosed values are those that were");
    say.push(format!("{disclosed} committed to."));
    let acts = entries.iter().filter(|o| o.act.is_some()).count();
    let signed = entries.iter().filter(|o| o.openings.contains_key("statement")).count();
    let acts =
        count(acts, "act answers and rests on acts before it", "acts answer and rest on acts before them");
    say.push(format!("{acts}, under the policy and the people directory in force; {signed} of them with the statement that was signed."));
    verdict.not_verified = not_verified(bundle, entries, manifest, pins);
    verdict.cannot_be_proved = CANNOT.iter().map(|s| (*s).to_owned()).collect();
}

fn not_verified(bundle: &Bundle, entries: &[Opened], manifest: &Manifest, pins: &Pins<'_>) -> Vec<String> {
    let mut out = Vec::new();
    let closed: usize = entries.iter().map(|o| o.entry.commitments.len() - o.openings.len()).sum();
    if closed > 0 {
        let values = count(closed, "value was", "values were");
        out.push(format!(
            "{values} withheld or erased: that something was committed to holds, what it is is not shown."
        ));
    }
    let files = entries
        .iter()
        .flat_map(|o| &o.entry.evidence)
        .filter(|h| !bundle.files.contains_key(&format!("evidence/{}", ledger::encoding::to_hex(*h))))
        .count();
    if files > 0 {
        let lead = count(files, "reference to evidence leads", "references to evidence lead");
        out.push(format!("{lead} to files that are not here."));
    }
    if manifest.coverage.from > 0 || manifest.coverage.to < manifest.size {
        out.push(format!(
            "Entries before {} and from {} on: only some are here.",
            manifest.coverage.from, manifest.coverage.to
        ));
    }
    match &manifest.query {
        Query::Identity { .. } => {
            out.push("Whether entries whose values are withheld name the identity too.".to_owned());
            out.push("Whether the identity has other names than those.".to_owned());
        }
        Query::Period { .. } => out.push(
            "When acts were done: that is what was signed; that they were not entered before holds."
                .to_owned(),
        ),
        _ => {}
    }
    if pins.known.is_none() {
        out.push("That this ledger continues the one you saw last time: give `--known` a checkpoint that you kept.".to_owned());
    }
    if pins.not_before.is_none() {
        out.push("That this is not an old checkpoint: give `--not-before` a time.".to_owned());
    }
    out.push(
        "That the policy in force decides as is recorded: `countersign replay` asks it again.".to_owned(),
    );
    out.push(
        "`report.html` and `README.txt`: nothing vouches for them; write your own with `--report`."
            .to_owned(),
    );
    out
}

const CANNOT: &[&str] = &[
    "That everything that happened was recorded: reconcile with what the platform and its targets recorded.",
    "That what was signed is true, or that whoever held the key was its owner.",
    "That the people directory names one human once.",
    "Anything against as many witnesses as your policy asks for, acting together with whoever has the ledger's key.",
    "Times more exact than the order of entries and the witnesses' own clocks.",
];
