//! `countersign explain --ledger`: what happened, in sentences that name their entry and field; of an entry, a change, a
//! release, or of everything about a workflow, an identity, a credential, an approver; and the join of who, what and whose.

use super::about;
use super::args::Reading;
use super::gather::Whole;
use super::question;
use crate::log::args::Output;
use evidence::{Opened, Sentence, Stories, join};
use ledger::{Error, Result, count};
use std::io;
use std::path::Path;

/// What a ledger has about a subject.
///
/// # Errors
/// When the ledger cannot be read, or has nothing about the subject.
pub fn explain(subject: &str, ledger: &str, beside: Option<&Path>) -> io::Result<Vec<Sentence>> {
    let (ledger, beside) = (ledger.to_owned(), beside.map(Path::to_owned));
    let from = Reading { ledger, beside, format: Output::Plain };
    let entries = Whole::read(&from).and_then(|w| w.opened()).map_err(io::Error::other)?;
    let told = sentences(subject, &entries).map_err(io::Error::other)?;
    if told.is_empty() {
        return Err(io::Error::other(format!(
            "the ledger has {}, and nothing about `{subject}`",
            count(entries.len(), "entry", "entries")
        )));
    }
    Ok(told)
}

fn sentences(subject: &str, entries: &[Opened]) -> Result<Vec<Sentence>> {
    if let Some(workflow) = subject.strip_prefix("changes:") {
        let name = if workflow.contains('/') { workflow.to_owned() } else { format!("workflow/{workflow}") };
        return Ok(join(entries, &about::subject(&name, entries)?));
    }
    let chosen = chosen(subject, entries)?;
    let told = entries.iter().filter(|o| chosen.contains(&o.entry.place.seq));
    let stories = Stories::of(entries);
    Ok(told.flat_map(|opened| stories.tell(opened)).collect())
}

/// The entries that a subject names.
fn chosen(subject: &str, entries: &[Opened]) -> Result<Vec<u64>> {
    if let Ok(entry) = subject.parse::<u64>() {
        return Ok(vec![entry]);
    }
    let of = |takes: &dyn Fn(&Opened) -> bool| {
        entries.iter().filter(|o| takes(o)).map(|o| o.entry.place.seq).collect::<Vec<u64>>()
    };
    match subject.split_once(':') {
        Some(("entry" | "release", number)) => number
            .parse()
            .map(|n| vec![n])
            .map_err(|_| Error::new(format!("`{number}` is no number of an entry"))),
        Some(("approver", name)) => {
            let known: Vec<String> =
                about::somebody(name, entries)?.iter().map(|n| n.to_lowercase()).collect();
            let said =
                of(&|o| is_review(o) && o.value("by").is_some_and(|by| known.contains(&by.to_lowercase())));
            let rests =
                of(&|o| o.act.as_ref().is_some_and(|a| a.rests_on.iter().any(|on| said.contains(on))));
            Ok([said, rests].concat())
        }
        Some(("credential", id)) => Ok(of(&|o| has_credential(o, id))),
        Some(("run", execution)) => Ok(of(&|o| o.entry.body["execution"] == execution)),
        Some(("change" | "workflow" | "identity" | "control" | "period", _)) => {
            Ok(about::settled(question(subject)?, entries)?.select(entries))
        }
        _ if subject == "all" => Ok(of(&|_| true)),
        _ => Err(Error::new(format!(
            "`{subject}` is not understood: write the number of an entry, `change:ENTRY`, `release:ENTRY`, `run:EXECUTION`, \
             `workflow:NAME`, `changes:WORKFLOW`, `identity:NAME`, `credential:ID`, `approver:NAME`, `control:ID` or `period:FROM..TO`"
        ))),
    }
}

fn is_review(opened: &Opened) -> bool {
    opened.act.as_ref().is_some_and(|a| matches!(a.act.as_str(), "approve" | "refuse" | "ask-rework"))
}

/// Whether an entry is about a credential, or was decided with it in view.
fn has_credential(opened: &Opened, id: &str) -> bool {
    let body = &opened.entry.body;
    // Of an effect on a credential, what it was done to is the credential.
    let done = body["effect"].as_str().is_some_and(|e| e.ends_with("-credential"));
    let own = body["credential"] == id || done && body["entitlement"] == id;
    let subject = opened.act.as_ref().is_some_and(|a| a.subject == format!("credential/{id}"));
    let facts = opened.openings.get("facts").map(|o| &o.value["credentials"]);
    let listed = facts.and_then(|f| f.as_array()).into_iter().flatten();
    own || subject || listed.into_iter().any(|c| c["id"] == id)
}
