//! What a question is about, held against what a ledger has: a workflow by its name, or by the beginning of it as files are
//! named (`lost-device`); a change by the entry of its proposal. What is about nothing there is refused, with what there is.

use evidence::{ActBody, Opened, Query, directory, ground, names, traces};
use ledger::{Error, Result, clean};
use std::collections::BTreeSet;

/// The most names that are shown.
const SHOWN: usize = 8;

/// The question as the ledger understands it.
///
/// # Errors
/// When it is about a workflow or a change that the ledger does not have.
pub(super) fn settled(query: Query, entries: &[Opened]) -> Result<Query> {
    Ok(match query {
        Query::Change { entry } => Query::Change { entry: proposal(entry, entries)? },
        Query::Workflow { name } => Query::Workflow { name: subject(&name, entries)? },
        Query::Identity { name, .. } => Query::Identity { names: somebody(&name, entries)?, name },
        other => other,
    })
}

/// All names of somebody, as far as they are disclosed.
///
/// # Errors
/// When nothing that is disclosed names them.
pub(super) fn somebody(asked: &str, entries: &[Opened]) -> Result<Vec<String>> {
    if !traces(asked, entries).is_empty() {
        return Ok(names(asked, entries));
    }
    let told = format!("nothing names `{asked}`, as far as values are disclosed");
    if entries.iter().all(|o| o.openings.is_empty()) {
        return Err(Error::new(format!("{told}: name the folder with `--beside`")));
    }
    let grounds = entries.iter().filter(|o| ground(o) == Some("change-people"));
    let people: BTreeSet<&str> = grounds.flat_map(directory).filter_map(|p| p["id"].as_str()).collect();
    let there = listed(&people.into_iter().collect::<Vec<_>>());
    let hint = if there.is_empty() { String::new() } else { format!("; people on record are {there}") };
    Err(Error::new(format!("{told}: write a name as it stands in the people directory or in a run{hint}")))
}

/// The first of some names, and how many more there are.
fn listed(names: &[&str]) -> String {
    let shown: Vec<String> = names.iter().take(SHOWN).map(|s| format!("`{}`", clean(s))).collect();
    let more = names.len().saturating_sub(SHOWN);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    shown.join(", ") + &more
}

/// A proposal by its entry.
fn proposal(entry: u64, entries: &[Opened]) -> Result<u64> {
    let act = |seq: u64| entries.iter().find(|o| o.entry.place.seq == seq)?.act.as_ref();
    let proposes = |a: &ActBody| a.act == "propose";
    let Some(found) = act(entry) else {
        return Err(Error::new(format!(
            "entry {entry} is no act: `countersign population --of changes` lists what was proposed"
        )));
    };
    if proposes(found) {
        return Ok(entry);
    }
    let word = &found.act;
    let hint = match found.of.filter(|of| act(*of).is_some_and(proposes)) {
        Some(of) => format!("the change that it belongs to is `change:{of}`"),
        None => format!("ask for `workflow:{}`", found.subject),
    };
    Err(Error::new(format!("entry {entry} is no proposal but `{word}`: {hint}")))
}

/// A subject with its kind (`workflow/leaver`), by its name or by the beginning of it in words.
///
/// # Errors
/// When there is none, or several.
pub(super) fn subject(asked: &str, entries: &[Opened]) -> Result<String> {
    let all: BTreeSet<&str> =
        entries.iter().filter_map(|o| o.act.as_ref()).map(|a| a.subject.as_str()).collect();
    if all.contains(asked) {
        return Ok(asked.to_owned());
    }
    let (kind, name) = asked.split_once('/').unwrap_or(("workflow", asked));
    let of_kind = || all.iter().copied().filter(|s| s.split_once('/').is_some_and(|(k, _)| k == kind));
    let wanted = words(name);
    let begins =
        |s: &&str| !wanted.is_empty() && words(s.split_once('/').map_or("", |(_, n)| n)).starts_with(&wanted);
    let found: Vec<&str> = of_kind().filter(begins).collect();
    if let [one] = found[..] {
        eprintln!("`{name}` is understood as `{}`", clean(one));
        return Ok(one.to_owned());
    }
    let there: Vec<&str> = if found.is_empty() { of_kind().collect() } else { found };
    Err(Error::new(match there.len() {
        0 => format!("nothing in the ledger is about `{asked}`, nor about another of its kind"),
        _ => format!("the ledger has nothing about `{asked}`: there are {}", listed(&there)),
    }))
}

/// A name in words of letters and digits, as files are named.
fn words(name: &str) -> Vec<String> {
    let all = name.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty());
    all.map(str::to_lowercase).collect()
}
