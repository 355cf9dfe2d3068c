//! What somebody may want to do: the acts that are decided.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// What a reviewer says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Yes.
    Approve,
    /// No.
    Refuse,
    /// Not like this.
    Rework,
}

/// What is approved once, in one version, and used by workflows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)] // the words say it
pub enum ComponentKind {
    Connector,
    Script,
    Webhook,
}

/// What governs, and is governed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)] // the words say it
pub enum Governed {
    Policy,
    People,
    Configuration,
}

/// An act. Its word (`roll-back`) is the name of the action in policies, and how it is written everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Act {
    /// Put a workflow under governance.
    Register,
    /// Propose a change of its closure.
    Propose,
    /// Take a proposal back.
    Withdraw,
    /// Review a proposal.
    Review(Verdict),
    /// Release a closure to an environment.
    Release,
    /// Go back to a closure that was released before.
    RollBack,
    /// End a workflow's life.
    Retire,
    /// Stop a workflow at once.
    Kill,
    /// Become the owner of a workflow.
    TakeOver,
    /// Approve a version of a connector, script or webhook.
    ApproveComponent(ComponentKind),
    /// Withdraw such an approval.
    WithdrawComponent(ComponentKind),
    /// Grant an exception.
    GrantException,
    /// Let an exception hold for longer.
    RenewException,
    /// End an exception early.
    EndException,
    /// Open the emergency lane.
    OpenBreakGlass,
    /// Make a change on the emergency lane.
    UseBreakGlass,
    /// Close it before it expires.
    CloseBreakGlass,
    /// Look at what was done on the emergency lane.
    PostChangeReview,
    /// Change policy, people or configuration.
    Change(Governed),
    /// State something one has seen (a drill, a check, a handover).
    Attest,
}

/// All acts with their words and what a sentence says (`… may not WORDS`).
const WORDS: [(Act, &str, &str); 28] = [
    (Act::Register, "register", "register"),
    (Act::Propose, "propose", "propose a change of"),
    (Act::Withdraw, "withdraw", "withdraw the proposal for"),
    (Act::Review(Verdict::Approve), "approve", "approve"),
    (Act::Review(Verdict::Refuse), "refuse", "refuse"),
    (Act::Review(Verdict::Rework), "ask-rework", "ask for rework of"),
    (Act::Release, "release", "release"),
    (Act::RollBack, "roll-back", "roll back"),
    (Act::Retire, "retire", "retire"),
    (Act::Kill, "kill", "stop"),
    (Act::TakeOver, "take-over", "take over"),
    (Act::ApproveComponent(ComponentKind::Connector), "approve-connector", "approve the connector"),
    (Act::ApproveComponent(ComponentKind::Script), "approve-script", "approve the script"),
    (Act::ApproveComponent(ComponentKind::Webhook), "approve-webhook", "approve the webhook"),
    (Act::WithdrawComponent(ComponentKind::Connector), "withdraw-connector", "withdraw the connector"),
    (Act::WithdrawComponent(ComponentKind::Script), "withdraw-script", "withdraw the script"),
    (Act::WithdrawComponent(ComponentKind::Webhook), "withdraw-webhook", "withdraw the webhook"),
    (Act::GrantException, "grant-exception", "grant an exception for"),
    (Act::RenewException, "renew-exception", "renew an exception for"),
    (Act::EndException, "end-exception", "end an exception for"),
    (Act::OpenBreakGlass, "open-break-glass", "open break-glass for"),
    (Act::UseBreakGlass, "use-break-glass", "use break-glass for"),
    (Act::CloseBreakGlass, "close-break-glass", "close break-glass for"),
    (Act::PostChangeReview, "post-change-review", "give the post-change review of"),
    (Act::Change(Governed::Policy), "change-policy", "change the policy"),
    (Act::Change(Governed::People), "change-people", "change the people directory"),
    (Act::Change(Governed::Configuration), "change-configuration", "change the configuration"),
    (Act::Attest, "attest", "attest to"),
];

impl Act {
    /// All acts.
    pub fn all() -> impl Iterator<Item = Act> {
        WORDS.iter().map(|(act, ..)| *act)
    }

    /// Its word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.row().1
    }

    /// What a sentence says of it, to be followed by what it is done to.
    #[must_use]
    pub fn phrase(self) -> &'static str {
        self.row().2
    }

    fn row(self) -> &'static (Act, &'static str, &'static str) {
        WORDS.iter().find(|(act, ..)| *act == self).unwrap_or(&WORDS[0])
    }

    /// Whether it is done to a workflow, so that the mode of the workflow's tier matters.
    #[must_use]
    pub fn is_on_workflow(self) -> bool {
        matches!(
            self,
            Act::Register
                | Act::Propose
                | Act::Withdraw
                | Act::Release
                | Act::RollBack
                | Act::Retire
                | Act::TakeOver
        )
    }
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Act {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let found = Act::all().find(|act| act.as_str() == word);
        let all = || Act::all().map(Act::as_str).collect::<Vec<_>>().join(", ");
        found.ok_or_else(|| format!("no such act as `{word}`; there are {}", all()))
    }
}

impl Serialize for Act {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Act {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        word.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_word_is_an_act_and_every_act_has_its_word() {
        let words: BTreeSet<&str> = Act::all().map(Act::as_str).collect();
        assert_eq!(words.len(), 28);
        for act in Act::all() {
            assert_eq!(act.as_str().parse::<Act>().as_ref(), Ok(&act));
        }
        assert!("delete".parse::<Act>().is_err_and(|e| e.contains("roll-back")));
    }
}
