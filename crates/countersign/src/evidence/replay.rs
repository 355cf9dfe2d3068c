//! `countersign replay`: the state of governing rebuilt from the log alone, and every decision taken again in it, with the
//! facts, the people and the policies of its moment; or with other policies, to see what would have been different.

pub use super::again::{Replayed, Replayer};
use super::args::Replay;
use super::gather::Whole;
use super::{done, tell};
use crate::check::Exit;
use evidence::Opened;
use govern::{ProposalStatus, State};
use ledger::{Error, Result, clean, count};
use policy::PolicySet;
use serde_json::json;
use std::io;
use std::path::Path;

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
    let mut replayer = Replayer::new(other.as_ref());
    entries.iter().for_each(|opened| replayer.take(opened));
    let found = &replayer.found;
    if options.from.beside.is_none() && !found.not_replayed.is_empty() {
        return Err(Error::new(
            "the facts of decisions are values beside the ledger: name the folder with `--beside`",
        ));
    }
    let same = count(found.same, "decision falls", "decisions fall");
    let mut out = format!("{same} as recorded, {} differently\n", found.different.len());
    found.different.iter().for_each(|(seq, told)| out += &format!("entry {seq}: {}\n", clean(told)));
    if !found.not_replayed.is_empty() {
        out += &format!("{} could not be decided again:\n", count(found.not_replayed.len(), "act", "acts"));
        found.not_replayed.iter().for_each(|(seq, why)| out += &format!("entry {seq}: {}\n", clean(why)));
    }
    found.notes.iter().for_each(|(seq, note)| out += &format!("note: entry {seq}: {note}\n"));
    out += &format!("the state that the log comes to: {}\n", summary(&replayer.state));
    let object = json!({"same": found.same, "different": found.different, "not_replayed": found.not_replayed, "notes": found.notes, "workflows": replayer.state.workflows});
    tell(options.from.format, out.trim_end(), &object)?;
    Ok(if found.different.is_empty() { Exit::Clean } else { Exit::Findings })
}

/// What a state holds, in numbers.
fn summary(state: &State) -> String {
    let open = state.proposals.values().filter(|p| p.status == ProposalStatus::Open).count();
    let releases: usize = state.workflows.values().flat_map(|w| w.releases.values()).map(Vec::len).sum();
    let versions: usize = state.components.values().map(Vec::len).sum();
    format!(
        "workflows {}, proposals {} ({open} open), releases {releases}, versions of connectors {versions}, exceptions {}, break-glass {}",
        state.workflows.len(),
        state.proposals.len(),
        state.exceptions.len(),
        state.glasses.len()
    )
}

/// Takes the decisions again, with the policies of their moment or with others.
#[must_use]
pub fn again(entries: &[Opened], other: Option<&PolicySet>) -> Replayed {
    let mut replayer = Replayer::new(other);
    entries.iter().for_each(|opened| replayer.take(opened));
    replayer.found
}

/// The policies of a file, a folder, or a governed folder.
fn other_set(path: &Path) -> Result<PolicySet> {
    let loaded = crate::policy::load(&[path.to_path_buf()]).map_err(|e| Error::new(e.to_string()))?;
    match loaded.set.problems().first() {
        Some(p) => Err(Error::new(format!("{}:{}: {}", p.file, p.line, p.message))),
        None if loaded.files == 0 => {
            Err(Error::new(format!("`{}` holds no policies (`.cedar`)", path.display())))
        }
        None => Ok(loaded.set),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use evidence::{ActBody, BASIS};
    use ledger::commitment::Opening;
    use ledger::entry::Place;
    use policy::{Facts, Source};
    use serde_json::Value;
    use std::collections::BTreeMap;

    fn opening(name: &str, value: Value) -> (String, Opening) {
        (name.to_owned(), Opening { name: name.to_owned(), salt: [0; 32], value })
    }

    /// An act as it is recorded when it is decided by these policies, entry 0.
    fn recorded(seq: u64, facts: &Facts, set: &PolicySet) -> Opened {
        let decision = policy::decide(set, facts);
        let act = ActBody {
            act: facts.act.to_string(),
            allow: decision.allow,
            at: None,
            closure: String::new(),
            controls: Vec::new(),
            drill: false,
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
        // The first says what decisions are taken with.
        let kind = if seq == 0 { BASIS } else { evidence::ACT };
        let (kind, source, body) = (kind.to_owned(), "gate".to_owned(), json!({"of": "policy"}));
        let (commitments, evidence) = (BTreeMap::new(), Vec::new());
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
        let found = again(&history("", 90), None);
        assert_eq!((found.same, found.different, found.not_replayed), (89, vec![], vec![]));
    }

    /// Policies that differ from those under which the decisions fell are noticed at the first decision that they change.
    #[test]
    fn other_policies_are_noticed_at_the_first_decision_they_change() {
        let mut entries = history("", 90);
        let allowed = |o: &Opened| o.act.as_ref().is_some_and(|a| a.act == "release" && a.allow);
        let first = entries.iter().position(allowed).unwrap() as u64;
        entries[0]
            .openings
            .insert("content".to_owned(), opening("content", serde_json::json!({"own.cedar": OWN})).1);
        let found = again(&entries, None);
        let allow_changed = found.different.iter().find(|(_, told)| told.contains("nothing is released"));
        assert_eq!(allow_changed.map(|(seq, _)| *seq), Some(first), "{:?}", found.different);
        let other = PolicySet::with(&[Source { file: "own.cedar".to_owned(), text: OWN.to_owned() }]);
        assert!(again(&history("", 90), Some(&other)).different.iter().any(|(seq, _)| *seq == first));
    }

    /// What policies and transitions refuse both does not happen, and that is how it falls again; nor does what only the
    /// transitions refuse.
    #[test]
    fn what_is_refused_twice_falls_again_as_recorded() {
        let mut entries = history("", 90);
        let refusal = json!({"rule": "stale", "message": "another proposal is newer"});
        let allow = |o: &Opened| o.act.as_ref().map(|a| a.allow);
        for (allowed, number) in [(true, 1), (false, 1)] {
            let chosen = entries.iter_mut().filter(|o| allow(o) == Some(allowed)).take(number);
            for opened in chosen {
                opened.entry.commitments.insert("refusal".to_owned(), [0; 32]);
                opened.openings.extend([opening("refusal", refusal.clone())]);
                if let Some(act) = &mut opened.act {
                    act.allow = false;
                }
            }
        }
        let found = again(&entries, None);
        assert_eq!((found.same, found.different), (89, vec![]));
        // One that was refused and is said to have been allowed differs.
        let refused = |o: &&mut Opened| o.entry.commitments.contains_key("refusal");
        if let Some(act) = entries.iter_mut().find(refused).and_then(|o| o.act.as_mut()) {
            act.allow = true;
        }
        assert_eq!(again(&entries, None).different.len(), 1);
    }

    /// An act that is recorded as nobody's is one only as long as the directory of its moment knows nobody with its key.
    #[test]
    fn an_act_of_nobody_is_held_against_the_directory_of_its_moment() {
        let facts = (1..90).map(policy::sample::case);
        let known = |f: &Facts| f.people.signer(&f.actor.account, f.at).is_ok();
        let allowed = |f: &Facts| policy::decide(&PolicySet::core(), f).allow;
        let facts = facts.into_iter().find(|f| known(f) && allowed(f)).unwrap();
        let of_nobody = |facts: &Facts, rule: &str| {
            let mut entries = history("", 1);
            let mut opened = recorded(1, facts, &PolicySet::core());
            opened.entry.commitments.insert("refusal".to_owned(), [0; 32]);
            opened
                .openings
                .extend([opening("refusal", json!({"rule": rule, "message": "belongs to nobody"}))]);
            opened.act.iter_mut().for_each(|a| a.allow = false);
            entries.push(opened);
            again(&entries, None).different
        };
        assert!(
            of_nobody(&facts, "known-person")[0].1.starts_with("recorded as nobody's, and by the people")
        );
        assert_eq!(of_nobody(&facts, "stale"), []);
        let mut stranger = facts;
        stranger.actor.account = "SHA256:nobody".to_owned();
        let told = of_nobody(&stranger, "known-person");
        assert!(!told.iter().any(|(_, t)| t.starts_with("recorded as nobody's")), "{told:?}");
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
