//! An act as an entry of type `act/1`: what stands in the ledger, and the values that it commits to.

use super::basis::Values;
use super::known::{Known, Likeness};
use evidence::ActBody;
use govern::{Event, Refusal, State};
use ledger::{Error, Result, json};
use policy::{Act, Decision, Facts, Moment, People, PolicySet, SubjectKind, Verdict};
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;

/// An act that was decided.
#[derive(Debug, Clone)]
pub struct Decided<'a> {
    /// What was done, or asked for.
    pub event: &'a Event,
    /// The policies that were asked.
    pub set: &'a PolicySet,
    /// The facts.
    pub facts: &'a Facts,
    /// The decision.
    pub decision: &'a Decision,
    /// Why there is no such transition, where there is none.
    pub refusal: Option<&'a Refusal>,
    /// The statement that was signed: its name and its file. None where nothing was signed.
    pub statement: Option<(&'a str, &'a [u8])>,
    /// The page that was shown, where it is known.
    pub page: Option<&'a str>,
    /// The statements of the approvals that counted, and what else it rests on.
    pub rests_on: &'a [String],
}

impl Decided<'_> {
    /// Whether it happened.
    #[must_use]
    pub fn happened(&self) -> bool {
        self.decision.allow && self.refusal.is_none()
    }

    /// How it looks without its names.
    #[must_use]
    pub fn likeness(&self) -> Likeness {
        likeness(self.event)
    }

    /// What stands in the ledger.
    #[must_use]
    pub fn body(&self, known: &Known) -> ActBody {
        let event = self.event;
        let happened = self.happened();
        let number = |id: &String| known.numbers.get(id).copied();
        let mut rests_on: Vec<u64> = self.rests_on.iter().filter_map(number).collect();
        rests_on.sort_unstable();
        rests_on.dedup();
        let of = event.of.as_ref().and_then(number);
        rests_on.retain(|seq| happened && Some(*seq) != of);
        let ends = event.glass.as_ref().map(|g| g.until).or(event.exception.as_ref().map(|e| e.until));
        let modes = event.modes.iter().filter(|_| happened);
        ActBody {
            act: event.act.to_string(),
            allow: happened,
            at: milliseconds(event.at),
            closure: event.subject.closure.clone(),
            controls: self.controls(),
            drill: event.glass.as_ref().or(self.facts.glass.as_ref()).is_some_and(|g| g.drill),
            environment: event.environment.clone(),
            mode: self.decision.mode.as_str().to_owned(),
            modes: modes.map(|(tier, mode)| (tier.to_string(), mode.as_str().to_owned())).collect(),
            of,
            people: known.ground("change-people"),
            policy: known.ground("change-policy"),
            rests_on,
            rules: self.decision.because.iter().map(|b| b.policy.clone()).collect(),
            subject: event.target(),
            tier: (event.subject.kind == SubjectKind::Workflow)
                .then(|| u64::from(event.subject.effective_tier())),
            until: ends.flatten().and_then(milliseconds),
            verdict: self.decision.verdict,
        }
    }

    /// The requirements of frameworks that the decision gives evidence towards: those of the policies that decided; of what
    /// the policies allow also those of every policy that was asked and had nothing against it.
    fn controls(&self) -> Vec<String> {
        let decided = self.decision.because.iter().flat_map(|b| &b.controls);
        let asked = self.set.concerning(self.event.act).filter(|_| self.decision.verdict);
        let all: BTreeSet<&String> = decided.chain(asked.flat_map(|p| &p.controls)).collect();
        all.into_iter().cloned().collect()
    }

    /// What it commits to.
    ///
    /// # Errors
    /// When something cannot be written as JSON.
    pub fn values(&self) -> Result<Values> {
        let event = self.event;
        let by = if event.by.is_empty() { &self.facts.actor.account } else { &event.by };
        // The directory stands in an entry of its own.
        let facts = Facts { people: Arc::new(People::default()), ..self.facts.clone() };
        let mut values = Values::from([
            ("by".to_owned(), by.as_str().into()),
            ("decision".to_owned(), value(self.decision)?),
            ("facts".to_owned(), value(&facts)?),
        ]);
        let mut put = |name: &str, value: Value| values.insert(name.to_owned(), value);
        match self.statement {
            Some((_, file)) => put("statement", json::parse(file)?),
            None => put("event", value(event)?),
        };
        if let Some(refusal) = self.refusal {
            put("refusal", value(refusal)?);
        }
        if !event.reason.is_empty() {
            put("reason", event.reason.as_str().into());
        }
        if let Some(page) = self.page {
            put("shown", page.into());
        }
        Ok(values)
    }
}

/// A moment in milliseconds since 1970.
fn milliseconds(moment: Moment) -> Option<u64> {
    u64::try_from(moment.0).ok().map(|s| s.saturating_mul(1000))
}

/// How an event looks without its names.
#[must_use]
pub fn likeness(event: &Event) -> Likeness {
    [event.act.to_string(), event.target(), event.subject.closure.clone(), event.environment.clone()]
}

fn value(of: &impl serde::Serialize) -> Result<Value> {
    serde_json::to_value(of).map_err(|e| Error::new(e.to_string()))
}

/// What an act rests on, in the state in which it was done: what its evidence names; else the approvals that counted.
#[must_use]
pub fn rests_on(state: &State, event: &Event, decision: &Decision) -> Vec<String> {
    if let Some(evidence) = &event.evidence {
        return evidence.rests_on.clone();
    }
    if !matches!(event.act, Act::RollBack | Act::TakeOver | Act::Change(_)) {
        return Vec::new();
    }
    let reviews = state.said(event.of.as_deref().unwrap_or_default());
    let counted =
        reviews.iter().zip(&decision.votes).filter(|(r, v)| v.counts && r.verdict == Verdict::Approve);
    counted.map(|(r, _)| r.id.clone()).collect()
}
