//! A person as the directory holds them: one human (or a service, or an agent) with every name it goes by.

use crate::moment::{Moment, Period};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One human, or a service or agent that has an identity of its own.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Person {
    /// The id by which records name them; never given to somebody else.
    pub id: String,
    /// What they are called.
    #[serde(default)]
    pub name: String,
    /// Their accounts: system to account.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub accounts: BTreeMap<String, Account>,
    /// Accounts they had (`system:account`): still theirs, and no longer good for any act.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub former_accounts: Vec<String>,
    /// Other names and mail addresses of theirs (commits, co-author lines).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// Their keys.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<Key>,
    /// Bots, service accounts and agents that they own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bots: Vec<Bot>,
    /// Who may act for them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub delegates: Vec<Delegate>,
    /// What they may be asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<Role>,
    /// The id of their manager; of a service or an agent, the human who answers for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manager: Option<String>,
    /// How they are employed.
    #[serde(default)]
    pub employment: Employment,
    /// Who employs a contractor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub employer: Option<String>,
    /// The first moment at which they are no longer with us.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends: Option<Moment>,
    /// Whether they are with us; a leaver stays in the directory with `false`.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub active: bool,
    /// The highest tier for which they may grant exceptions; 0 for none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub exception_limit: u8,
}

fn yes() -> bool {
    true
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_yes(value: &bool) -> bool {
    *value
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(value: &u8) -> bool {
    *value == 0
}

/// One account of a system, or several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
#[allow(missing_docs)] // as the line above says
pub enum Account {
    One(String),
    Several(Vec<String>),
}

impl Account {
    /// The names of the accounts.
    #[must_use]
    pub fn names(&self) -> &[String] {
        match self {
            Account::One(name) => std::slice::from_ref(name),
            Account::Several(names) => names,
        }
    }
}

/// How somebody is employed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Employment {
    /// By us.
    #[default]
    Employee,
    /// By somebody else, working for us.
    Contractor,
    /// Not a human: a program with a fixed task.
    Service,
    /// Not a human: a program that chooses what it does.
    Agent,
}

impl Employment {
    /// Its word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Employment::Employee => "employee",
            Employment::Contractor => "contractor",
            Employment::Service => "service",
            Employment::Agent => "agent",
        }
    }

    /// Whether it is a human's.
    #[must_use]
    pub fn is_human(self) -> bool {
        matches!(self, Employment::Employee | Employment::Contractor)
    }
}

/// A key that signs for somebody: an OpenSSH public key, or its `SHA256:` fingerprint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "KeyWords")]
pub struct Key {
    /// `ssh-ed25519 AAAA…` without the comment, or `SHA256:…`.
    pub key: String,
    /// When what it signs counts.
    #[serde(flatten)]
    pub period: Period,
    /// From when on it signs nothing. What it is said to have signed before counts only where somebody else made a statement
    /// after it before this moment: whoever holds the key could date back what they sign.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked: Option<Moment>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum KeyWords {
    Plain(String),
    Full(KeyFields),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFields {
    key: String,
    from: Option<Moment>,
    until: Option<Moment>,
    revoked: Option<Moment>,
}

impl From<KeyWords> for Key {
    fn from(words: KeyWords) -> Key {
        match words {
            KeyWords::Plain(key) => Key { key, period: Period::default(), revoked: None },
            KeyWords::Full(f) => {
                Key { key: f.key, period: Period { from: f.from, until: f.until }, revoked: f.revoked }
            }
        }
    }
}

impl Key {
    /// Whether it is the key that somebody shows by this name.
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        crate::people::same_name(&self.key, name)
    }

    /// Whether what it signs at a moment counts.
    #[must_use]
    pub fn holds(&self, at: Moment) -> bool {
        self.period.holds(at) && self.revoked.is_none_or(|revoked| at < revoked)
    }
}

/// A bot, service account or agent, with the account it acts by (`system:account`, a mail address or a key).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bot {
    /// Its account.
    pub account: String,
    /// `service` or `agent`.
    #[serde(default = "service")]
    pub kind: Employment,
}

fn service() -> Employment {
    Employment::Service
}

/// Somebody who may act for another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Delegate {
    /// The id of who may.
    pub to: String,
    /// The roles that are lent; all, where none is named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// From when on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Moment>,
    /// The first moment at which they no longer may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Moment>,
}

impl Delegate {
    /// When it holds.
    #[must_use]
    pub fn period(&self) -> Period {
        Period { from: self.from, until: self.until }
    }
}

/// A role and when it is held. `security-approver` alone is held always.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "RoleWords", into = "RoleWords")]
pub struct Role {
    /// Its name.
    pub role: String,
    /// When it is held.
    pub period: Period,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum RoleWords {
    Plain(String),
    Full(RoleFields),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RoleFields {
    role: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<Moment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Moment>,
}

impl From<RoleWords> for Role {
    fn from(words: RoleWords) -> Role {
        match words {
            RoleWords::Plain(role) => Role { role, period: Period::default() },
            RoleWords::Full(f) => Role { role: f.role, period: Period { from: f.from, until: f.until } },
        }
    }
}

impl From<Role> for RoleWords {
    fn from(role: Role) -> RoleWords {
        let Role { role, period: Period { from, until } } = role;
        match (from, until) {
            (None, None) => RoleWords::Plain(role),
            _ => RoleWords::Full(RoleFields { role, from, until }),
        }
    }
}

impl Person {
    /// Whether they are with us at a moment.
    #[must_use]
    pub fn active_at(&self, at: Moment) -> bool {
        self.active && self.ends.is_none_or(|ends| at < ends)
    }

    /// The roles they hold at a moment, in the directory's order.
    pub fn roles_at(&self, at: Moment) -> impl Iterator<Item = &str> {
        let with_us = self.active_at(at);
        self.roles.iter().filter(move |r| with_us && r.period.holds(at)).map(|r| r.role.as_str())
    }

    /// What to call them: the name, or the id where there is none.
    #[must_use]
    pub fn called(&self) -> &str {
        if self.name.is_empty() { &self.id } else { &self.name }
    }
}
