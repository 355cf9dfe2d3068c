//! An event: an act as it is signed and kept. `docs/formats/statement.md` says what each field means.

use policy::{
    Act, Actor, AiMark, BreakGlass, Component, Contribution, Credential, Exception, FindingFact, Mode,
    Moment, Proof, Record, Subject, SubjectKind, TestEvidence,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use workflow::{Digest, Part, merkle};

/// The version of the format; an event of another version is refused.
pub const SCHEMA: &str = "countersign.act/1";

/// What a proposal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Intent {
    /// A change of the closure, or of what governs.
    #[default]
    Change,
    /// Going back to a closure that was released before.
    RollBack,
    /// Another owner.
    TakeOver,
}

/// How a review was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct Looked {
    /// How many seconds lay between being shown and deciding; nothing where it was not measured.
    pub seconds: Option<u32>,
    /// How many statements were signed in one go.
    pub at_once: u32,
}

/// What a release or a test run rests on besides approvals: what was known of the closure.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct Evidence {
    /// The control record.
    pub record: Record,
    /// What the check found.
    pub findings: Vec<FindingFact>,
    /// What was to be proved.
    pub proofs: Vec<Proof>,
    /// What the tests say.
    pub tests: Option<TestEvidence>,
    /// What goes beyond the boundary.
    pub boundary: Vec<String>,
    /// Connectors, scripts and webhooks, with the versions approved then.
    pub components: Vec<Component>,
    /// Credentials.
    pub credentials: Vec<Credential>,
    /// The statements it rests on: the proposal, the approvals that counted.
    pub rests_on: Vec<String>,
}

/// An act, as it is signed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Event {
    /// [`SCHEMA`].
    pub schema: String,
    /// What was done.
    pub act: Act,
    /// Who did it: the directory's id of whom the key belongs to.
    pub by: String,
    /// When.
    pub at: Moment,
    /// What it was done to.
    pub subject: Subject,
    /// The environment; empty for what governs all of them.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub environment: String,
    /// The version of the policy that it was decided by.
    pub policy: String,
    /// The digest of what the person was shown.
    pub shown: String,
    /// The organisation in whose repository it is kept.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub organisation: String,
    /// The statements after which it was made: those that nothing followed yet. Sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<String>,
    /// The statement that it answers: a proposal, an exception, a break-glass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    /// The statement whose place it takes: the release or version that was in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<String>,
    /// For whom, if for somebody else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<String>,
    /// The role that is claimed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<String>,
    /// Why, in the person's own words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// The parts that the closure's digest is made of.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parts: BTreeMap<String, Digest32>,
    /// What a proposal asks for.
    #[serde(default, skip_serializing_if = "is_change")]
    pub intent: Intent,
    /// A proposal in which something was put for reviewers to find; it is never carried out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub drill: bool,
    /// Everybody who touched a part of the closure since the last release.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contributors: Vec<Contribution>,
    /// Whether a machine made the change, or helped.
    #[serde(default, skip_serializing_if = "is_unmarked")]
    pub ai: AiMark,
    /// The commit that was looked at.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub commit: String,
    /// Who answers for the subject.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub owner: String,
    /// The version of a component; the moment at which a credential was rotated.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub version: String,
    /// The exception that is granted or renewed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exception: Option<Exception>,
    /// The break-glass that is opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub glass: Option<BreakGlass>,
    /// What a release rests on; what was known when tests were attested to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
    /// Tests that somebody attests to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tests: Option<TestEvidence>,
    /// How a review was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub looked: Option<Looked>,
    /// The modes that a change of the configuration sets.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub modes: BTreeMap<u8, Mode>,
}

/// A digest as text: `sha256:` and 64 hexadecimal digits.
pub type Digest32 = String;

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_change(intent: &Intent) -> bool {
    *intent == Intent::Change
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_unmarked(mark: &AiMark) -> bool {
    *mark == AiMark::None
}

/// An event that was read, and whose signature was verified by who read it.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The digest of the statement: its name.
    pub id: String,
    /// The fingerprint of the key that signed.
    pub key: String,
    /// What was signed.
    pub event: Event,
}

impl Event {
    /// An act of somebody on something, with nothing else said.
    #[must_use]
    pub fn of(act: Act, by: &str, at: Moment, subject: Subject) -> Self {
        Event {
            schema: SCHEMA.to_owned(),
            act,
            by: by.to_owned(),
            at,
            subject,
            environment: String::new(),
            policy: String::new(),
            shown: String::new(),
            organisation: String::new(),
            after: Vec::new(),
            of: None,
            replaces: None,
            on_behalf_of: None,
            authority: None,
            reason: String::new(),
            parts: BTreeMap::new(),
            intent: Intent::Change,
            drill: false,
            contributors: Vec::new(),
            ai: AiMark::None,
            commit: String::new(),
            owner: String::new(),
            version: String::new(),
            exception: None,
            glass: None,
            evidence: None,
            tests: None,
            looked: None,
            modes: BTreeMap::new(),
        }
    }

    /// The subject's name with its kind: `workflow/leaver`.
    #[must_use]
    pub fn target(&self) -> String {
        target(self.subject.kind, &self.subject.name)
    }

    /// Who acted, as facts say it: always by the key, never by a name that the statement claims.
    #[must_use]
    pub fn actor(&self, key: &str) -> Actor {
        Actor {
            account: key.to_owned(),
            on_behalf_of: self.on_behalf_of.clone(),
            authority: self.authority.clone(),
            closure: Some(self.subject.closure.clone()),
            policy: Some(self.policy.clone()),
            environment: Some(self.environment.clone()),
            shown: Some(self.shown.clone()),
        }
    }
}

/// A kind and a name in one word.
pub(crate) fn target(kind: SubjectKind, name: &str) -> String {
    format!("{}/{name}", kind.as_str())
}

/// The digest of a closure from its parts. None where a digest of a part is no digest.
#[must_use]
pub fn closure_of(parts: &BTreeMap<String, Digest32>) -> Option<String> {
    let parts: Option<Vec<Part>> = parts
        .iter()
        .map(|(name, digest)| Some(Part { name: name.as_str().into(), digest: read(digest)? }))
        .collect();
    parts.map(|parts| merkle(&parts).to_string())
}

/// The name of the part of a configuration's closure that its modes are.
pub(crate) const MODES: &str = "modes";

/// The part of a configuration's closure that its modes are: its name, and their digest. None where it sets none, and all
/// tiers are enforced.
#[must_use]
pub fn modes_part(modes: &BTreeMap<u8, Mode>) -> Option<(String, Digest32)> {
    let line = |(tier, mode): (&u8, &Mode)| format!("{tier} {}\n", mode.as_str());
    let text: String = modes.iter().map(line).collect();
    (!text.is_empty()).then(|| (MODES.to_owned(), Digest::of(text.as_bytes()).to_string()))
}

fn read(text: &str) -> Option<Digest> {
    let hex = text.strip_prefix("sha256:").filter(|h| h.len() == 64 && h.is_ascii())?;
    let mut bytes = [0; 32];
    for (i, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(hex.get(2 * i..2 * i + 2)?, 16).ok()?;
    }
    Some(Digest(bytes))
}
