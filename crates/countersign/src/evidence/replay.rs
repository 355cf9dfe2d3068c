//! Replay: every decision of the ledger taken again, with the facts and the policies of its moment; or with other policies,
//! to see what would have been different.

use super::args::Replay;
use super::gather::{Whole, at, file};
use super::{done, tell};
use crate::check::Exit;
use evidence::{ActBody, Opened};
use ledger::{Error, Result};
use policy::{Decision, Facts, PolicySet, Source};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io;
use std::path::Path;

/// What a replay came to.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Replayed {
    /// Decisions that fell as they are recorded.
    pub same: usize,
    /// Decisions that fell differently, in words, by entry.
    pub different: Vec<(u64, String)>,
    /// Acts that could not be decided again, by entry, and why.
    pub not_replayed: Vec<(u64, String)>,
}

/// `countersign replay`: takes every decision again.
///
/// # Errors
/// When the ledger or a policy cannot be read.
pub fn replay(options: &Replay) -> io::Result<Exit> {
    done(run(options))
}

fn run(options: &Replay) -> Result<Exit> {
    let entries = Whole::read(&options.from)?.opened()?;
    let other = options.policy.as_deref().map(other_set).transpose()?;
    let found = again(&entries, other.as_ref());
    let mut out =
        format!("{} decisions fall as recorded, {} differently\n", found.same, found.different.len());
    found.different.iter().for_each(|(seq, told)| out += &format!("entry {seq}: {told}\n"));
    if !found.not_replayed.is_empty() {
        out += &format!("{} acts could not be decided again:\n", found.not_replayed.len());
        found.not_replayed.iter().for_each(|(seq, why)| out += &format!("entry {seq}: {why}\n"));
    }
    tell(options.from.format, out.trim_end(), &found)?;
    Ok(if found.different.is_empty() { Exit::Clean } else { Exit::Findings })
}

/// Takes the decisions again, with the policies of their moment or with others.
#[must_use]
pub fn again(entries: &[Opened], other: Option<&PolicySet>) -> Replayed {
    let mut sets: BTreeMap<Option<u64>, std::result::Result<PolicySet, String>> = BTreeMap::new();
    let mut found = Replayed::default();
    for opened in entries {
        let Some(act) = &opened.act else { continue };
        let seq = opened.entry.place.seq;
        let in_force = || in_force(entries, act.policy);
        let set = match other {
            Some(set) => Ok(set),
            None => sets.entry(act.policy).or_insert_with(in_force).as_ref().map_err(String::clone),
        };
        match set.and_then(|set| differs(opened, act, set, other.is_some())) {
            Ok(None) => found.same += 1,
            Ok(Some(told)) => found.different.push((seq, told)),
            Err(why) => found.not_replayed.push((seq, why)),
        }
    }
    found
}

/// The policies that an entry put in force; those that the program ships with, before any.
fn in_force(entries: &[Opened], seq: Option<u64>) -> std::result::Result<PolicySet, String> {
    let Some(seq) = seq else { return Ok(PolicySet::core()) };
    let entry = entries.iter().find(|o| o.entry.place.seq == seq);
    let content = entry.and_then(|o| o.openings.get("content")).map(|o| &o.value);
    let files = content
        .and_then(Value::as_object)
        .ok_or_else(|| format!("the policies of entry {seq} are not kept"))?;
    let source = |(file, text): (&String, &Value)| {
        let text = text.as_str().unwrap_or_default().to_owned();
        Source { file: file.clone(), text }
    };
    Ok(PolicySet::with(&files.iter().map(source).collect::<Vec<_>>()))
}

/// In what the decision on the recorded facts differs from the recorded one.
fn differs(
    opened: &Opened,
    act: &ActBody,
    set: &PolicySet,
    other: bool,
) -> std::result::Result<Option<String>, String> {
    let value = |name: &str| opened.openings.get(name).map(|o| o.value.clone());
    let facts = value("facts").ok_or("its facts were erased, or are kept elsewhere")?;
    let facts: Facts = serde_json::from_value(facts).map_err(|e| format!("its facts cannot be read: {e}"))?;
    let decision = policy::decide(set, &facts);
    let rules: Vec<String> = decision.because.iter().map(|b| b.policy.clone()).collect();
    let words = |allow: bool| if allow { "allowed" } else { "refused" };
    if (decision.allow, decision.verdict) != (act.allow, act.verdict) {
        let why: Vec<_> = decision
            .because
            .iter()
            .map(|b| b.reason.as_str())
            .chain(decision.errors.iter().map(String::as_str))
            .collect();
        return Ok(Some(format!(
            "recorded as {}, and it would be {}: {}",
            words(act.allow),
            words(decision.verdict),
            why.join(" ")
        )));
    }
    if rules != act.rules {
        return Ok(Some(format!(
            "recorded as decided by `{}`, and it would be by `{}`",
            act.rules.join("`, `"),
            rules.join("`, `")
        )));
    }
    let recorded = value("decision").map(serde_json::from_value::<Decision>);
    Ok(match recorded {
        Some(Ok(recorded)) if recorded != decision && !other => {
            Some("its reasons or its texts are others than recorded".to_owned())
        }
        Some(Err(e)) => Some(format!("the decision recorded cannot be read: {e}")),
        _ => None,
    })
}

/// The policies in a folder.
fn other_set(folder: &Path) -> Result<PolicySet> {
    let listed = std::fs::read_dir(folder).map_err(|e| at(folder, &e))?;
    let mut paths: Vec<_> =
        listed.flatten().map(|e| e.path()).filter(|p| p.extension().is_some_and(|e| e == "cedar")).collect();
    paths.sort();
    let source = |path: &std::path::PathBuf| {
        let text = String::from_utf8(file(path)?)
            .map_err(|_| Error::new(format!("`{}` is no text", path.display())))?;
        Ok(Source { file: path.file_name().unwrap_or_default().to_string_lossy().into_owned(), text })
    };
    let set = PolicySet::with(&paths.iter().map(source).collect::<Result<Vec<_>>>()?);
    match set.problems().first() {
        Some(p) => Err(Error::new(format!("{}:{}: {}", p.file, p.line, p.message))),
        None => Ok(set),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ledger::commitment::Opening;
    use ledger::entry::Place;

    fn opening(name: &str, value: Value) -> (String, Opening) {
        (name.to_owned(), Opening { name: name.to_owned(), salt: [0; 32], value })
    }

    /// An act as it is recorded when it is decided by these policies, entry 0.
    fn recorded(seq: u64, facts: &Facts, set: &PolicySet) -> Opened {
        let decision = policy::decide(set, facts);
        let act = ActBody {
            act: facts.act.to_string(),
            allow: decision.allow,
            closure: String::new(),
            controls: Vec::new(),
            environment: facts.environment.clone(),
            mode: decision.mode.as_str().to_owned(),
            modes: BTreeMap::new(),
            of: None,
            people: None,
            policy: Some(0),
            rests_on: Vec::new(),
            rules: decision.because.iter().map(|b| b.policy.clone()).collect(),
            subject: "workflow/w".to_owned(),
            tier: None,
            until: None,
            verdict: decision.verdict,
        };
        let openings = [
            opening("facts", serde_json::to_value(facts).unwrap()),
            opening("decision", serde_json::to_value(&decision).unwrap()),
        ];
        Opened { entry: entry(seq), act: Some(act), openings: openings.into() }
    }

    fn entry(seq: u64) -> ledger::Entry {
        let place = Place { seq, source_seq: seq, time: seq };
        let (kind, source) = (evidence::ACT.to_owned(), "gate".to_owned());
        let (body, commitments, evidence) = (Value::Null, BTreeMap::new(), Vec::new());
        ledger::Entry { kind, source, place, body, commitments, evidence }
    }

    const OWN: &str = "@id(\"no-fridays\") @reason(\"nothing is released\") @controls(\"soc2-2017-rev2022 CC8.1\") forbid(principal, action == Action::\"release\", resource);";

    fn history(own: &str, count: u64) -> Vec<Opened> {
        let content = serde_json::json!({ "own.cedar": own });
        let set = PolicySet::with(&[Source { file: "own.cedar".to_owned(), text: own.to_owned() }]);
        assert!(set.problems().is_empty());
        let first = Opened { entry: entry(0), act: None, openings: [opening("content", content)].into() };
        let acts = (1..count).map(|n| recorded(n, &policy::sample::case(n), &set));
        std::iter::once(first).chain(acts).collect()
    }

    #[test]
    fn every_decision_falls_again_as_recorded() {
        let found = again(&history("", 200), None);
        assert_eq!((found.same, found.different, found.not_replayed), (199, vec![], vec![]));
    }

    /// Policies that differ from those under which the decisions fell are noticed at the first decision that they change.
    #[test]
    fn other_policies_are_noticed_at_the_first_decision_they_change() {
        let mut entries = history("", 200);
        let allowed = |o: &Opened| o.act.as_ref().is_some_and(|a| a.act == "release" && a.allow);
        let first = entries.iter().position(allowed).unwrap() as u64;
        entries[0]
            .openings
            .insert("content".to_owned(), opening("content", serde_json::json!({"own.cedar": OWN})).1);
        let found = again(&entries, None);
        let allow_changed = found.different.iter().find(|(_, told)| told.contains("nothing is released"));
        assert_eq!(allow_changed.map(|(seq, _)| *seq), Some(first), "{:?}", found.different);
        let other = PolicySet::with(&[Source { file: "own.cedar".to_owned(), text: OWN.to_owned() }]);
        assert!(again(&history("", 200), Some(&other)).different.iter().any(|(seq, _)| *seq == first));
    }

    #[test]
    fn what_was_erased_is_said_not_guessed() {
        let mut entries = history("", 3);
        entries[1].openings.clear();
        assert_eq!(
            again(&entries, None).not_replayed,
            [(1, "its facts were erased, or are kept elsewhere".to_owned())]
        );
    }
}
