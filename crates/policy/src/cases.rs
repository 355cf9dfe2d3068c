//! Cases beside policies: facts, and the answer that is expected. `docs/formats/policy-test.md` describes the format.

use crate::act::Act;
use crate::decide::answer;
use crate::facts::Facts;
use crate::sample;
use crate::set::PolicySet;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A file of cases.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseFile {
    /// `countersign.policy-test/1`.
    pub schema: String,
    /// The cases.
    pub cases: Vec<Case>,
}

impl CaseFile {
    /// What the `schema` of a file of cases says.
    pub const SCHEMA: &str = "countersign.policy-test/1";
}

/// A case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What it is about, in a sentence.
    pub name: String,
    /// The act.
    pub act: Act,
    /// What it starts from.
    #[serde(default)]
    pub base: Base,
    /// What is different (a JSON merge patch, RFC 7396, of the facts).
    #[serde(default)]
    pub change: Value,
    /// The answer.
    pub expect: Expect,
}

/// What a case starts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Base {
    /// The small invented company, with everything there that the act needs.
    #[default]
    Ready,
    /// Nothing is known but the act.
    Nothing,
}

/// The answer that is expected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// Whether it happens.
    pub allow: bool,
    /// The ids of exactly those policies that decide; not looked at where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<Vec<String>>,
    /// Accounts of exactly those whose approval counts; not looked at where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub votes: Option<Vec<String>>,
}

impl Case {
    /// Its facts.
    ///
    /// # Errors
    ///
    /// Says in which field the change does not fit the facts.
    pub fn facts(&self) -> Result<Facts, String> {
        let mut base = match self.base {
            Base::Ready => sample::ready(self.act),
            Base::Nothing => Facts::of(self.act),
        };
        let people = std::mem::take(&mut base.people);
        let mut value = serde_json::to_value(&base).map_err(|e| e.to_string())?;
        merge(&mut value, &self.change);
        let mut facts: Facts = serde_json::from_value(value).map_err(|e| e.to_string())?;
        if self.change.get("people").is_none() {
            facts.people = people;
        }
        Ok(facts)
    }

    /// Why the answer is not the one that is expected; nothing where it is.
    #[must_use]
    pub fn fails(&self, set: &PolicySet) -> Option<String> {
        let facts = match self.facts() {
            Ok(facts) => facts,
            Err(error) => return Some(format!("the change does not fit the facts: {error}")),
        };
        let decision = answer(set, &facts);
        let told: Vec<String> = decision
            .because
            .iter()
            .map(|b| format!("  {}: {}", b.policy, b.reason))
            .chain(decision.errors.clone())
            .collect();
        let ids = sorted(decision.because.iter().map(|b| b.policy.clone()));
        let votes = sorted(decision.votes.iter().filter(|v| v.counts).map(|v| v.account.clone()));
        let differs = |wanted: &Option<Vec<String>>, is: &Vec<String>| {
            wanted.as_ref().is_some_and(|w| sorted(w.iter().cloned()) != *is)
        };
        let wrong = if decision.allow != self.expect.allow {
            format!("expected it to be {}, and it is {}", word(self.expect.allow), word(decision.allow))
        } else if differs(&self.expect.because, &ids) {
            format!("expected {} to decide", self.expect.because.clone().unwrap_or_default().join(", "))
        } else if differs(&self.expect.votes, &votes) {
            format!("expected other approvals to count; those of {} do", votes.join(", "))
        } else {
            return None;
        };
        Some(format!("{wrong}:\n{}", told.join("\n")))
    }
}

fn sorted(words: impl Iterator<Item = String>) -> Vec<String> {
    let mut words: Vec<String> = words.collect();
    words.sort();
    words
}

fn word(allow: bool) -> &'static str {
    if allow { "allowed" } else { "denied" }
}

/// RFC 7396.
fn merge(target: &mut Value, patch: &Value) {
    match patch {
        Value::Null => {}
        Value::Object(fields) => {
            if !target.is_object() {
                *target = Value::Object(serde_json::Map::new());
            }
            let Value::Object(into) = target else { return };
            for (name, value) in fields {
                if value.is_null() {
                    into.remove(name);
                } else {
                    merge(into.entry(name.clone()).or_insert(Value::Null), value);
                }
            }
        }
        other => *target = other.clone(),
    }
}
