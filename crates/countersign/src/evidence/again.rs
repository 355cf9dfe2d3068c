//! A log taken in entry by entry: the state of governing as it comes to be, and each decision taken again in it.

use crate::book::{basis, known};
use crate::govern::statement;
use evidence::{ActBody, BASIS, Opened, ground};
use govern::{Entry, Event, NOBODY, Refusal, State, World, step};
use ledger::json;
use policy::{Decision, Facts, People, PolicySet};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a replay came to.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Replayed {
    /// Decisions that fell as they are recorded.
    pub same: usize,
    /// What fell differently, in words, by entry.
    pub different: Vec<(u64, String)>,
    /// Acts that could not be decided again, by entry, and why.
    pub not_replayed: Vec<(u64, String)>,
    /// What else is to be known, by entry.
    pub notes: Vec<(u64, String)>,
}

/// Refusals that rest on all statements together, or on the clock of who read them, and not on the state alone.
const OF_THE_ORDER: [&str; 7] =
    ["after", "at", "by", "key-revoked", "known-person", "later-than-now", "organisation"];

/// The people of an entry, and whether that is all of them.
type Directory = (Arc<People>, bool);

/// A log as it is taken in.
pub struct Replayer<'p> {
    /// The state that the log comes to.
    pub state: State,
    /// What was found.
    pub found: Replayed,
    /// Policies to decide with instead of those of the moment.
    other: Option<&'p PolicySet>,
    /// Whether every act so far could be read: else the state is not whole.
    whole: bool,
    grounds: BTreeMap<u64, Opened>,
    sets: BTreeMap<Option<u64>, Result<Arc<PolicySet>, String>>,
    people: BTreeMap<u64, Result<Directory, String>>,
}

impl<'p> Replayer<'p> {
    /// One that has taken nothing in yet.
    #[must_use]
    pub fn new(other: Option<&'p PolicySet>) -> Self {
        Replayer {
            state: State::default(),
            found: Replayed::default(),
            other,
            whole: true,
            grounds: BTreeMap::new(),
            sets: BTreeMap::new(),
            people: BTreeMap::new(),
        }
    }

    /// Takes the next entry in.
    pub fn take(&mut self, opened: &Opened) {
        let seq = opened.entry.place.seq;
        if let Some(act) = &opened.act {
            self.act(opened, act);
        }
        if ground(opened).is_some() {
            self.grounds.insert(seq, opened.clone());
        }
    }

    fn act(&mut self, opened: &Opened, act: &ActBody) {
        let seq = opened.entry.place.seq;
        let entry = entry_of(opened).unwrap_or_else(|told| {
            self.found.different.push((seq, told));
            None
        });
        match self.decided(opened, act, entry.as_ref()) {
            Ok(None) => self.found.same += 1,
            Ok(Some(told)) => self.found.different.push((seq, told)),
            Err(why) => self.found.not_replayed.push((seq, why)),
        }
        match entry {
            Some(entry) => self.follow(opened, act, &entry),
            None => self.whole = self.whole && !act.allow,
        }
    }

    /// In what the decision taken again differs from the recorded one.
    fn decided(
        &mut self,
        opened: &Opened,
        act: &ActBody,
        entry: Option<&Entry>,
    ) -> Result<Option<String>, String> {
        let facts = value(opened, "facts").ok_or("its facts were erased, or are kept elsewhere")?;
        let mut facts: Facts =
            Facts::deserialize(facts).map_err(|e| format!("its facts cannot be read: {e}"))?;
        let mut all = true;
        if let Some(seq) = act.people {
            (facts.people, all) = self.directory(seq)?;
        }
        let then = self.set(act.policy)?;
        let decision = policy::decide(self.other.unwrap_or(&*then), &facts);
        let told = differs(opened, act, &decision, self.other.is_some())
            .or_else(|| known_after_all(opened, &facts))
            .or_else(|| entry.and_then(|entry| self.apart(&facts, entry)));
        match told {
            Some(_) if !all => {
                Err("a part of the people directory was erased, and it would fall differently".to_owned())
            }
            told => Ok(told),
        }
    }

    /// In what the facts are others than the state and the statement give.
    fn apart(&self, facts: &Facts, entry: &Entry) -> Option<String> {
        if facts.actor.account != entry.key {
            return Some("its facts are about another key than the one that signed".to_owned());
        }
        if !self.whole || self.other.is_some() {
            return None;
        }
        let again = rebuilt(&self.state, facts, &entry.event);
        if again == *facts {
            return None;
        }
        let (was, is) = (serde_json::to_value(facts).ok()?, serde_json::to_value(&again).ok()?);
        let field = was.as_object()?.iter().find(|(name, v)| is[name.as_str()] != **v)?.0;
        Some(format!("its facts have another `{field}` than the log comes to"))
    }

    /// Makes the transition that the act makes, where it makes one.
    fn follow(&mut self, opened: &Opened, act: &ActBody, entry: &Entry) {
        let seq = opened.entry.place.seq;
        if opened.entry.commitments.contains_key("statement") {
            self.state.heads.retain(|head| !entry.event.after.contains(head));
            self.state.heads.insert(entry.id.clone());
        }
        let recorded = value(opened, "refusal").and_then(|r| Recorded::deserialize(r).ok());
        let stays = |r: &Recorded| OF_THE_ORDER.contains(&r.rule.as_str());
        let tried = match &recorded {
            _ if act.allow => step(&mut self.state, entry).err(),
            Some(refusal) if !stays(refusal) => step(&mut self.state, entry).err(),
            _ => return,
        };
        let told = match (tried, recorded) {
            (Some(Refusal { rule, message }), None) => {
                format!("recorded as done, and there is no such transition: {rule}: {message}")
            }
            (Some(is), Some(was)) if (&is.rule, &is.message) != (&was.rule, &was.message) => {
                format!(
                    "recorded as refused by `{}`, and it would be by `{}`: {}",
                    was.rule, is.rule, is.message
                )
            }
            (None, Some(was)) => format!("recorded as refused by `{}`, and nothing refuses it", was.rule),
            _ => return,
        };
        if self.whole {
            self.found.different.push((seq, told));
        }
    }

    fn directory(&mut self, seq: u64) -> Result<Directory, String> {
        let ground = self.grounds.get(&seq);
        let read = || {
            let ground = ground.ok_or_else(|| format!("entry {seq} puts no people directory in use"))?;
            basis::people(ground).map(|(people, whole)| (Arc::new(people), whole))
        };
        self.people.entry(seq).or_insert_with(read).clone()
    }

    /// The policies that an entry put in use; those that the program ships with, before any.
    fn set(&mut self, seq: Option<u64>) -> Result<Arc<PolicySet>, String> {
        if let Some(known) = self.sets.get(&seq) {
            return known.clone();
        }
        let read = match seq {
            None => Ok(PolicySet::core()),
            Some(seq) => match self.grounds.get(&seq) {
                Some(ground) => basis::policies(ground),
                None => Err(format!("entry {seq} puts no policies in use")),
            },
        };
        if let (Some(seq), Ok(set)) = (seq, &read) {
            self.version(seq, set);
        }
        self.sets.entry(seq).or_insert(read.map(Arc::new)).clone()
    }

    /// Says where the policies that are kept are of another version than their entry names.
    fn version(&mut self, seq: u64, set: &PolicySet) {
        let ground = self.grounds.get(&seq).filter(|o| o.entry.kind == BASIS);
        let named = ground.and_then(|o| o.entry.body["version"].as_str());
        if named.is_some_and(|v| v != set.version()) {
            let told =
                "its policies, with those that this program ships with, are of another version than it names";
            self.found.notes.push((seq, told.to_owned()));
        }
    }
}

/// A refusal as it is recorded.
#[derive(Deserialize)]
struct Recorded {
    rule: String,
    message: String,
}

fn value<'o>(opened: &'o Opened, name: &str) -> Option<&'o Value> {
    opened.openings.get(name).map(|o| &o.value)
}

/// The act of an entry as it was signed, its signature verified; as it was asked for, where nothing was signed. None where
/// it is not kept.
fn entry_of(opened: &Opened) -> Result<Option<Entry>, String> {
    let entry = if let Some(envelope) = value(opened, "statement") {
        let id = known::statement_of(opened).unwrap_or_default();
        let bytes = json::to_canonical(envelope).map_err(|e| e.to_string())?;
        statement::open(&id, &bytes).map_err(|e| format!("its statement does not hold: {e}"))?
    } else if let Some(asked) = value(opened, "event") {
        let event =
            Event::deserialize(asked).map_err(|e| format!("what was asked for cannot be read: {e}"))?;
        let key = value(opened, "facts").map(|f| &f["actor"]["account"]);
        let key = key.and_then(Value::as_str).unwrap_or_default().to_owned();
        Entry { id: "the act".to_owned(), key, event }
    } else {
        return Ok(None);
    };
    let same = opened.act.as_ref().is_none_or(|act| {
        let event = &entry.event;
        [&event.act.to_string(), &event.target(), &event.subject.closure, &event.environment]
            == [&act.act, &act.subject, &act.closure, &act.environment]
    });
    if same { Ok(Some(entry)) } else { Err("what was signed is another act than the entry says".to_owned()) }
}

/// That somebody was known by the directory of the moment, where the act is recorded as nobody's: who is known only later, or
/// was, is not meant.
fn known_after_all(opened: &Opened, facts: &Facts) -> Option<String> {
    let recorded = Recorded::deserialize(value(opened, "refusal")?).ok()?;
    let person = facts.people.signer(&facts.actor.account, facts.at).ok()?;
    (recorded.rule == NOBODY).then(|| {
        format!(
            "recorded as nobody's, and by the people directory of its moment its key is `{}`'s",
            person.id
        )
    })
}

/// The facts as the state gives them, with what was measured then.
fn rebuilt(state: &State, facts: &Facts, event: &Event) -> Facts {
    let evidence = govern::Evidence {
        record: facts.record.clone(),
        findings: facts.findings.clone(),
        proofs: facts.proofs.clone(),
        tests: facts.tests.clone(),
        boundary: facts.boundary.clone(),
        components: facts.components.clone(),
        credentials: facts.credentials.clone(),
        rests_on: Vec::new(),
    };
    let world = World {
        people: facts.people.clone(),
        at: facts.at,
        environment: facts.environment.clone(),
        modes: facts.modes.clone(),
        policy: facts.policy.clone(),
        view: facts.view.clone(),
        subject: facts.subject.clone(),
        contributors: facts.contributors.clone(),
        evidence,
        ai: facts.ai,
        ..World::default()
    };
    let again = govern::facts(state, &world, facts.act, facts.actor.clone(), event.of.as_deref());
    // What the statement itself says of an exception or a break-glass goes before what is known of it.
    Facts {
        exception: if event.exception.is_some() { facts.exception.clone() } else { again.exception },
        glass: if event.glass.is_some() { facts.glass.clone() } else { again.glass },
        ..again
    }
}

/// In what a decision differs from the recorded one; with other policies, in what would have come of it.
fn differs(opened: &Opened, act: &ActBody, decision: &Decision, other: bool) -> Option<String> {
    let words = |allow: bool| if allow { "allowed" } else { "refused" };
    let refused = opened.entry.commitments.contains_key("refusal");
    // What there is no step for does not happen, whether the policies allow it or not.
    let allow = if refused { !act.allow } else { decision.allow == act.allow };
    if !allow || decision.verdict != act.verdict {
        let because = decision.because.iter().map(|b| b.reason.as_str());
        let why: Vec<_> = because.chain(decision.errors.iter().map(String::as_str)).collect();
        let (was, is) = (words(act.verdict), words(decision.verdict));
        return Some(format!("recorded as {was}, and it would be {is}: {}", why.join(" ")));
    }
    let rules: Vec<String> = decision.because.iter().map(|b| b.policy.clone()).collect();
    if rules != act.rules {
        let (was, is) = (act.rules.join("`, `"), rules.join("`, `"));
        return Some(format!("recorded as decided by `{was}`, and it would be by `{is}`"));
    }
    match value(opened, "decision").map(Decision::deserialize)? {
        Ok(recorded) if recorded != *decision && !other => {
            Some("its reasons or its texts are others than recorded".to_owned())
        }
        Err(e) => Some(format!("the decision recorded cannot be read: {e}")),
        Ok(_) => None,
    }
}
