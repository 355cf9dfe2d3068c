//! What a step does, in the words of the taxonomy: effect kinds, their evidence, and the tiers of risk.

use crate::Text;
use serde::{Deserialize, Serialize};

/// The kind of an effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Adds access to an identity.
    Grant,
    /// Removes access or ends it.
    Revoke,
    /// Makes a new account, group or app registration.
    CreateIdentity,
    /// Makes a disabled account usable.
    Enable,
    /// Makes an account unusable, reversibly.
    Disable,
    /// Removes the account or group itself.
    DeleteIdentity,
    /// Changes attributes of an account or group.
    UpdateIdentity,
    /// Makes a new secret, key, password, token or certificate.
    IssueCredential,
    /// Replaces or clears what somebody proves themselves with.
    ResetCredential,
    /// New secret, consumers switched, old one revoked.
    RotateCredential,
    /// An existing secret stops working.
    RevokeCredential,
    /// Takes a secret's value into the workflow.
    ReadSecret,
    /// Gives an approval decision by machine.
    Decide,
    /// Records an access-review decision.
    Certify,
    /// Changes who may get access, or the rules.
    ChangePolicy,
    /// Asks another governed system for access.
    Request,
    /// Security response that is not identity.
    Remediate,
    /// Opens or edits a record in a tracker.
    Ticket,
    /// Tells someone.
    Notify,
    /// Writes business data elsewhere.
    Write,
    /// Only reads.
    Read,
    /// Asks a person.
    Ask,
    /// Runs another workflow.
    Call,
    /// Custom code whose effect is not known from the definition.
    Code,
    /// A call whose effect cannot be known from the definition.
    Opaque,
    /// Only moves or shapes data inside the workflow.
    Control,
}

/// How risky a workflow is: 0 to 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Tier(pub u8);

/// How an effect is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Evidence {
    /// A named operation of a connector.
    Operation,
    /// Method, URL and body of a raw call.
    Request,
    /// Read out of a script.
    Code,
    /// The control record says so.
    Declared,
}

/// One effect of a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effect {
    /// What it does.
    pub kind: Kind,
    /// The target system (`entra`, `okta`, …); empty where not known.
    pub system: Text,
    /// Whom or what it acts on, for people: a constant, an expression's text, or empty for unknown.
    pub identity: Text,
    /// Which access, for people: a constant, an expression's text, or empty for unknown.
    pub entitlement: Text,
    /// How it is known.
    pub evidence: Evidence,
    /// Whether the entitlement or identity is privileged, which makes the effect tier 3.
    pub privileged: bool,
    /// A decision that always says no.
    pub refuses: bool,
    /// What the identity is where it is nobody's account: `group`, `team` or `app`; empty for an account or unknown.
    pub what: Text,
}

impl Kind {
    /// All kinds, in the order of the taxonomy.
    pub const ALL: [Kind; 26] = [
        Kind::Grant,
        Kind::Revoke,
        Kind::CreateIdentity,
        Kind::Enable,
        Kind::Disable,
        Kind::DeleteIdentity,
        Kind::UpdateIdentity,
        Kind::IssueCredential,
        Kind::ResetCredential,
        Kind::RotateCredential,
        Kind::RevokeCredential,
        Kind::ReadSecret,
        Kind::Decide,
        Kind::Certify,
        Kind::ChangePolicy,
        Kind::Request,
        Kind::Remediate,
        Kind::Ticket,
        Kind::Notify,
        Kind::Write,
        Kind::Read,
        Kind::Ask,
        Kind::Call,
        Kind::Code,
        Kind::Opaque,
        Kind::Control,
    ];

    /// The word of the taxonomy.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Grant => "grant",
            Kind::Revoke => "revoke",
            Kind::CreateIdentity => "create-identity",
            Kind::Enable => "enable",
            Kind::Disable => "disable",
            Kind::DeleteIdentity => "delete-identity",
            Kind::UpdateIdentity => "update-identity",
            Kind::IssueCredential => "issue-credential",
            Kind::ResetCredential => "reset-credential",
            Kind::RotateCredential => "rotate-credential",
            Kind::RevokeCredential => "revoke-credential",
            Kind::ReadSecret => "read-secret",
            Kind::Decide => "decide",
            Kind::Certify => "certify",
            Kind::ChangePolicy => "change-policy",
            Kind::Request => "request",
            Kind::Remediate => "remediate",
            Kind::Ticket => "ticket",
            Kind::Notify => "notify",
            Kind::Write => "write",
            Kind::Read => "read",
            Kind::Ask => "ask",
            Kind::Call => "call",
            Kind::Code => "code",
            Kind::Opaque => "opaque",
            Kind::Control => "control",
        }
    }

    /// Whether the effect changes access (taxonomy §2).
    #[must_use]
    pub fn changes_access(self) -> bool {
        self <= Kind::ChangePolicy && self != Kind::ReadSecret
    }

    /// Whether what it does is not known from the definition.
    #[must_use]
    pub fn is_opaque(self) -> bool {
        matches!(self, Kind::Code | Kind::Opaque)
    }

    /// The tier of an effect of this kind on an ordinary entitlement. `code`, `opaque` and `call` are tier 0
    /// here: what they may do is not known, and [`crate::Workflow`]s say so apart.
    #[must_use]
    pub fn tier(self) -> Tier {
        match self {
            Kind::DeleteIdentity
            | Kind::IssueCredential
            | Kind::ResetCredential
            | Kind::RotateCredential
            | Kind::Decide
            | Kind::Certify
            | Kind::ChangePolicy => Tier(3),
            kind if kind <= Kind::ReadSecret => Tier(2),
            Kind::Request | Kind::Remediate | Kind::Ticket | Kind::Write => Tier(1),
            _ => Tier(0),
        }
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Kind {
    type Err = ();

    fn from_str(word: &str) -> Result<Self, ()> {
        Kind::ALL.into_iter().find(|k| k.as_str() == word).ok_or(())
    }
}

impl Effect {
    /// The tier: of its kind, or 3 where it changes access on something privileged.
    #[must_use]
    pub fn tier(&self) -> Tier {
        if self.privileged && self.kind <= Kind::ReadSecret { Tier(3) } else { self.kind.tier() }
    }
}
