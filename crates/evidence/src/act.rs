//! What an entry of type `act/1` says: a governed act, the decision on it, and what it answers, by entries' numbers; and
//! what one of type `basis/1` says: with which policies or directory of people decisions are taken from then on.
//!
//! Names of people are not here: who acted, the signed statement, the facts and the reasons stand in commitments.

use crate::verify::Opened;
use ledger::{Entry, Error, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The type of such entries.
pub const ACT: &str = "act/1";

/// The type of entries that say with what decisions are taken from then on, where that was not put in force by an act.
pub const BASIS: &str = "basis/1";

/// The body of an entry of type [`ACT`]; every field is written, but for `at` and `drill`, which not every act has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActBody {
    /// What was done, by the word of the act: `approve`, `release`.
    pub act: String,
    /// Whether it happened.
    pub allow: bool,
    /// When it was done, or asked for, in milliseconds since 1970: what its statement says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<u64>,
    /// The digest of the closure it is about; empty where there is none.
    pub closure: String,
    /// Requirements of frameworks that the decision gives evidence towards.
    pub controls: Vec<String>,
    /// Whether it belongs to a drill of break-glass: nothing that is done by one counts as live.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub drill: bool,
    /// The environment; empty for what governs all of them.
    pub environment: String,
    /// The mode that was in force for it.
    pub mode: String,
    /// The modes by tier that a change of the configuration sets.
    pub modes: BTreeMap<String, String>,
    /// The entry that it answers: a proposal, an exception, a break-glass.
    pub of: Option<u64>,
    /// The entry that put the people directory in force.
    pub people: Option<u64>,
    /// The entry that put the policy in force.
    pub policy: Option<u64>,
    /// The entries that it rests on: the approvals that counted.
    pub rests_on: Vec<u64>,
    /// The policies that decided.
    pub rules: Vec<String>,
    /// What it was done to, with its kind: `workflow/leaver`.
    pub subject: String,
    /// The tier of the subject.
    pub tier: Option<u64>,
    /// When a break-glass or an exception ends, in milliseconds since 1970.
    pub until: Option<u64>,
    /// Whether the policies allow it, whatever the mode.
    pub verdict: bool,
}

impl ActBody {
    /// Reads the body of an entry; every field has to be there.
    pub fn of(entry: &Entry) -> Result<Self> {
        let read: Self = serde_json::from_value(entry.body.clone())
            .map_err(|e| Error::new(format!("the body is not that of an act: {e}")))?;
        match serde_json::to_value(&read) {
            Ok(again) if again == entry.body => Ok(read),
            _ => Err(Error::new("the body is not that of an act: a field is missing")),
        }
    }

    /// The body as JSON.
    pub fn to_json(&self) -> Result<serde_json::Value> {
        serde_json::to_value(self).map_err(|e| Error::new(format!("the body cannot be written: {e}")))
    }

    /// When it was done, of an entry that was entered then.
    pub(crate) fn done(&self, entered: u64) -> u64 {
        self.at.filter(|at| *at <= entered).unwrap_or(entered)
    }

    /// The entries that it names.
    pub(crate) fn refers_to(&self) -> impl Iterator<Item = u64> + '_ {
        [self.of, self.policy, self.people].into_iter().flatten().chain(self.rests_on.iter().copied())
    }

    /// Whether it is about an emergency; a drill is none.
    #[must_use]
    pub fn is_emergency(&self) -> bool {
        self.act.ends_with("break-glass") && !self.drill
    }
}

/// When it was done, in milliseconds since 1970, as its entry says; when it was entered, where it says nothing, or a later
/// time.
#[must_use]
pub fn time_of(opened: &Opened) -> u64 {
    let entered = opened.entry.place.time;
    opened.act.as_ref().map_or(entered, |a| a.done(entered))
}

/// Whether something was done from a time until just before another: the one answer for every question about a period.
#[must_use]
pub fn is_within(opened: &Opened, from: u64, to: u64) -> bool {
    (from..to).contains(&time_of(opened))
}

/// What of that with which decisions are taken an entry replaces, as the word of the act that would do so.
#[must_use]
pub fn ground(opened: &Opened) -> Option<&'static str> {
    let word = match &opened.act {
        Some(act) if act.allow => act.act.clone(),
        None if opened.entry.kind == BASIS => {
            format!("change-{}", opened.entry.body["of"].as_str().unwrap_or_default())
        }
        _ => return None,
    };
    ["change-policy", "change-people"].into_iter().find(|w| *w == word)
}

/// The people of a directory that an entry puts in use, as far as they are disclosed: all in one value, or in several.
pub fn directory(opened: &Opened) -> impl Iterator<Item = &serde_json::Value> {
    let parts = opened.openings.iter().filter(|(name, _)| name.starts_with("people-")).map(|(_, o)| &o.value);
    let whole = opened.openings.get("content").map(|o| &o.value["people"]);
    parts.chain(whole).filter_map(serde_json::Value::as_array).flatten()
}
