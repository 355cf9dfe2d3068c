//! The verdict in words: what was verified, what was not, what cannot be.

use crate::build::Role;
use crate::bundle::{Bundle, Manifest};
use crate::moment::text;
use crate::select::Query;
use crate::story::CUSTODY;
use crate::verify::{Opened, Pins, Verdict};
use ledger::{count, policy::Accepted};
use std::collections::BTreeSet;

/// Fills in what was verified, what was not, and what cannot be. With the entries goes how many statements are signed by whom
/// they name.
pub(crate) fn tell(
    (bundle, manifest): (&Bundle, &Manifest),
    (entries, signed): (&[Opened], usize),
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
    say.push(match covered.to.checked_sub(1).filter(|last| *last >= covered.from) {
        Some(last) => format!(
            "Entries {} to {last} are all here, with no gap in any source's numbers, in the order of time.",
            covered.from
        ),
        None => format!(
            "The ledger has no entries from number {} on, and what is asked is of those.",
            covered.from
        ),
    });
    say.push(format!(
        "Asked for: {}. {} that, found again from the entries.",
        manifest.query.words(),
        count(manifest.selection.len(), "entry answers", "entries answer")
    ));
    let opened: usize = entries.iter().map(|o| o.openings.len()).sum();
    let disclosed = count(opened, "disclosed value is what was", "disclosed values are those that were");
    say.push(format!("{disclosed} committed to."));
    let acts = entries.iter().filter(|o| o.act.is_some()).count();
    let statements = entries.iter().filter(|o| o.openings.contains_key("statement")).count();
    let acts =
        count(acts, "act answers and rests on acts before it", "acts answer and rest on acts before them");
    say.push(format!("{acts}, under the policy and the people directory in force; {statements} of them with the statement that was signed, {signed} of these by a key that the directory had for whom it names."));
    verdict.not_verified = not_verified(bundle, entries, manifest, pins);
    if statements > signed {
        verdict.not_verified.insert(0, unsigned(statements - signed));
    }
    verdict.cannot_be_proved = CANNOT.iter().map(|s| (*s).to_owned()).collect();
}

fn not_verified(bundle: &Bundle, entries: &[Opened], manifest: &Manifest, pins: &Pins<'_>) -> Vec<String> {
    let mut out = Vec::new();
    out.extend(Closed::of(entries, manifest).told(&manifest.role));
    let files = entries
        .iter()
        .flat_map(|o| &o.entry.evidence)
        .filter(|h| !bundle.files.contains_key(&format!("evidence/{}", ledger::encoding::to_hex(*h))))
        .count();
    if files > 0 {
        let lead = count(files, "reference to evidence leads", "references to evidence lead");
        out.push(format!("{lead} to files that are not here."));
    }
    if manifest.coverage.from > 0 {
        out.push(format!(
            "Entries before {}: only the last of them is here, and those that others refer to.",
            manifest.coverage.from
        ));
    }
    match &manifest.query {
        Query::Identity { .. } => {
            out.push(
                "Whether entries whose values are not here name the identity too: any of them may."
                    .to_owned(),
            );
            let unshown = unshown(entries, manifest);
            if unshown > 0 {
                let named = count(unshown, "of the entries named", "of the entries named");
                out.push(format!(
                    "That {named} as answers are: no value that is here names the identity in them."
                ));
            }
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

fn unsigned(statements: usize) -> String {
    format!(
        "Who signed {}: the act was refused, no directory was in use, or the part of it with whom it names is not here.",
        count(statements, "of the statements", "of the statements")
    )
}

/// How many of the answers of an identity are none by what is here: their values were taken out, or they never named it.
fn unshown(entries: &[Opened], manifest: &Manifest) -> usize {
    let shown = manifest.query.select(entries);
    manifest.selection.iter().filter(|seq| shown.binary_search(seq).is_err()).count()
}

/// Values that were committed to and are not here.
#[derive(Default)]
struct Closed {
    /// The reader's role may not see them.
    withheld: usize,
    /// Erased, as an entry records.
    erased: usize,
    /// The role may see them, and the entry was asked for or is one that an answer refers to.
    gone: usize,
    /// Of other entries, which show no values.
    others: usize,
}

impl Closed {
    fn of(entries: &[Opened], manifest: &Manifest) -> Self {
        let role = Role { name: String::new(), withheld: manifest.withheld.clone(), evidence: false };
        let (asked_for, erased) = (asked_for(entries, manifest), erased(entries));
        let mut closed = Self::default();
        for opened in entries {
            let seq = opened.entry.place.seq;
            for name in opened.entry.commitments.keys().filter(|n| !opened.openings.contains_key(*n)) {
                let kind = match asked_for.contains(&seq) {
                    false => &mut closed.others,
                    true if role.withholds(name) => &mut closed.withheld,
                    true if erased.contains(&(seq, name.as_str())) => &mut closed.erased,
                    true => &mut closed.gone,
                };
                *kind += 1;
            }
        }
        closed
    }

    fn told(&self, role: &str) -> Vec<String> {
        let holds = "that there was one holds, what it was is not shown";
        let values = |n| count(n, "value was", "values were");
        let mut out = Vec::new();
        if self.withheld > 0 {
            out.push(format!("{} withheld from the role `{role}`: {holds}.", values(self.withheld)));
        }
        if self.erased > 0 {
            out.push(format!("{} erased, as entries of the ledger record: {holds}.", values(self.erased)));
        }
        if self.gone > 0 {
            out.push(format!(
                "{} erased, or left out by whoever handed this over, and a bundle cannot tell which: {holds}.",
                values(self.gone)
            ));
        }
        if self.others > 0 {
            let values = count(self.others, "value", "values");
            out.push(format!("{values} of entries that were not asked for: they are not disclosed."));
        }
        out
    }
}

/// The values, by entry and name, that entries say were erased.
fn erased(entries: &[Opened]) -> BTreeSet<(u64, &str)> {
    let acts = entries.iter().filter(|o| o.entry.kind == CUSTODY).map(|o| &o.entry.body);
    let lists = acts.filter(|b| b["act"] == "erase" || b["act"] == "expire");
    let values = lists.filter_map(|b| b["values"].as_object()).flatten();
    let names = values.filter_map(|(seq, names)| Some((seq.parse().ok()?, names.as_array()?)));
    names.flat_map(|(seq, names)| names.iter().filter_map(move |n| Some((seq, n.as_str()?)))).collect()
}

/// The entries that answer, with all that they refer to: those whose values are disclosed.
fn asked_for(entries: &[Opened], manifest: &Manifest) -> BTreeSet<u64> {
    let mut asked: BTreeSet<u64> = manifest.selection.iter().copied().collect();
    let mut waiting = manifest.selection.clone();
    while let Some(seq) = waiting.pop() {
        let at = entries.binary_search_by_key(&seq, |o| o.entry.place.seq).ok();
        let act = at.and_then(|at| entries.get(at)?.act.as_ref());
        waiting
            .extend(act.into_iter().flat_map(|a| a.refers_to()).filter(|to| *to < seq && asked.insert(*to)));
    }
    asked
}

const CANNOT: &[&str] = &[
    "That everything that happened was recorded: reconcile with what the platform and its targets recorded.",
    "That what was signed is true, or that whoever held the key was its owner.",
    "That the people directory names one human once.",
    "Anything against as many witnesses as your policy asks for, acting together with whoever has the ledger's key.",
    "Times more exact than the order of entries and the witnesses' own clocks.",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::Coverage;
    use ledger::entry::Place;
    use serde_json::{Value, json};
    use std::collections::BTreeMap;

    fn entry(seq: u64, kind: &str, body: Value, names: &[&str]) -> Opened {
        let place = Place { seq, source_seq: seq, time: 0 };
        let commitments = names.iter().map(|n| ((*n).to_owned(), [0; 32])).collect();
        let (kind, source, evidence) = (kind.to_owned(), "gate".to_owned(), Vec::new());
        let entry = ledger::Entry { kind, source, place, body, commitments, evidence };
        Opened { entry, act: None, openings: BTreeMap::new() }
    }

    /// Why a value is not here is told as far as it is known, and what could have been left out is set apart.
    #[test]
    fn values_that_are_not_here_are_told_apart() {
        let entries = [
            entry(0, "run/1", json!({}), &["identity", "by", "note"]),
            entry(1, "run/1", json!({}), &["note"]),
            entry(2, CUSTODY, json!({"act": "erase", "values": {"0": ["by"], "x": 1}}), &[]),
        ];
        let manifest = Manifest {
            coverage: Coverage { from: 0, to: 3 },
            digest: String::new(),
            files: BTreeMap::new(),
            log: String::new(),
            query: Query::All {},
            role: "reviewer".to_owned(),
            schema: String::new(),
            selection: vec![0, 2],
            size: 3,
            withheld: vec!["identity".to_owned()],
        };
        let told = Closed::of(&entries, &manifest).told("reviewer");
        let begins = [
            "1 value was withheld from the role `reviewer`:",
            "1 value was erased, as entries of the ledger record:",
            "1 value was erased, or left out by whoever handed this over,",
            "1 value of entries that were not asked for:",
        ];
        assert_eq!(told.len(), begins.len(), "{told:?}");
        assert!(told.iter().zip(begins).all(|(t, b)| t.starts_with(b)), "{told:?}");
    }
}
