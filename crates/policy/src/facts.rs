//! The facts: everything that a decision rests on, as plain data. Names in them are as they were given (an account, a key,
//! a mail address); who stands behind them is asked of the directory when it is decided, in one place.

use crate::act::{Act, Verdict};
use crate::moment::Moment;
use crate::people::People;
use crate::standing::{BreakGlass, Exception, OpenReview};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use workflow::{Kind, Severity};

/// Everything that a decision rests on. What is not said is what is worst: no approval, no record, no tests.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Facts {
    /// The directory.
    #[serde(default)]
    pub people: Arc<People>,
    /// Who wants to act.
    #[serde(default)]
    pub actor: Actor,
    /// What they want to do.
    pub act: Act,
    /// When.
    #[serde(default)]
    pub at: Moment,
    /// The environment that it is done to, by the organisation's name of it.
    #[serde(default)]
    pub environment: String,
    /// How strictly each tier is governed; a tier that is not named is enforced.
    #[serde(default)]
    pub modes: BTreeMap<u8, Mode>,
    /// What it is done to.
    #[serde(default)]
    pub subject: Subject,
    /// The version (digest) of the policy in force.
    #[serde(default)]
    pub policy: String,
    /// The digest of what a reviewer is shown now; empty where nothing is kept to compare with.
    #[serde(default)]
    pub view: String,
    /// Who asks for the change: the proposer.
    #[serde(default)]
    pub requester: String,
    /// Everybody who touched any part of the closure since the last release.
    #[serde(default)]
    pub contributors: Vec<Contribution>,
    /// What reviewers said so far, in the order of the record.
    #[serde(default)]
    pub approvals: Vec<Approval>,
    /// The control record.
    #[serde(default)]
    pub record: Record,
    /// What the check found.
    #[serde(default)]
    pub findings: Vec<FindingFact>,
    /// What was to be proved.
    #[serde(default)]
    pub proofs: Vec<Proof>,
    /// What the tests say; nothing where they were not run.
    #[serde(default)]
    pub tests: Option<TestEvidence>,
    /// What goes beyond the record's boundary, in words (`system okta`).
    #[serde(default)]
    pub boundary: Vec<String>,
    /// The connectors, scripts and webhooks that the closure uses.
    #[serde(default)]
    pub components: Vec<Component>,
    /// The credentials it uses.
    #[serde(default)]
    pub credentials: Vec<Credential>,
    /// Reviews after emergencies that the owner of the subject still owes.
    #[serde(default)]
    pub open_reviews: Vec<OpenReview>,
    /// Exceptions on record; for an act on an exception, the one it is about stands in `exception`.
    #[serde(default)]
    pub exceptions: Vec<Exception>,
    /// The exception that the act is about.
    #[serde(default)]
    pub exception: Option<Exception>,
    /// The break-glass on record; for an act on one, the one it is about stands in `glass`.
    #[serde(default)]
    pub break_glass: Vec<BreakGlass>,
    /// The break-glass that the act is about.
    #[serde(default)]
    pub glass: Option<BreakGlass>,
    /// Whether a machine made the change, or helped.
    #[serde(default)]
    pub ai: AiMark,
    /// What a roll-back goes to.
    #[serde(default)]
    pub target: Option<ReleaseTarget>,
}

impl Facts {
    /// Facts of which nothing is known yet but the act.
    #[must_use]
    pub fn of(act: Act) -> Self {
        Facts {
            act,
            people: Arc::default(),
            actor: Actor::default(),
            at: Moment::default(),
            environment: String::new(),
            modes: BTreeMap::new(),
            subject: Subject::default(),
            policy: String::new(),
            view: String::new(),
            requester: String::new(),
            contributors: Vec::new(),
            approvals: Vec::new(),
            record: Record::default(),
            findings: Vec::new(),
            proofs: Vec::new(),
            tests: None,
            boundary: Vec::new(),
            components: Vec::new(),
            credentials: Vec::new(),
            open_reviews: Vec::new(),
            exceptions: Vec::new(),
            exception: None,
            break_glass: Vec::new(),
            glass: None,
            ai: AiMark::default(),
            target: None,
        }
    }

    /// The mode of the act: that of the subject's tier for an act on a workflow, and always `enforce` for any other.
    #[must_use]
    pub fn mode(&self) -> Mode {
        let on_workflow = self.act.is_on_workflow() && self.subject.kind == SubjectKind::Workflow;
        let of_tier = self.modes.get(&self.subject.effective_tier()).copied();
        of_tier.filter(|_| on_workflow).unwrap_or_default()
    }

    /// Whether an exception holds now for something about the subject.
    #[must_use]
    pub fn excepted(&self, what: &str) -> bool {
        self.exceptions.iter().any(|e| e.covers(what, &self.subject.name, self.at))
    }
}

/// Who acts, as they show themselves.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct Actor {
    /// The account, mail address or key by which they act.
    pub account: String,
    /// For whom they act, if for somebody else.
    pub on_behalf_of: Option<String>,
    /// The role that they claim; all that they hold, where they name none.
    pub authority: Option<String>,
    /// The closure that they mean; the present one, where they name none.
    pub closure: Option<String>,
    /// The policy version that they knew; the present one, where they name none.
    pub policy: Option<String>,
    /// The environment that they mean; that of the act, where they name none.
    pub environment: Option<String>,
    /// The digest of what they were shown.
    pub shown: Option<String>,
}

/// What a reviewer said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Approval {
    /// Who, on which closure, on whose behalf, having been shown what.
    #[serde(default)]
    pub by: Actor,
    /// What they said.
    pub verdict: Verdict,
    /// When.
    #[serde(default)]
    pub at: Moment,
}

/// How strictly a tier is governed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// What would be refused is recorded, and nobody is told off.
    Observe,
    /// What would be refused happens, with a warning.
    Warn,
    /// What is refused does not happen.
    #[default]
    Enforce,
}

impl Mode {
    /// Its word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Mode::Observe => "observe",
            Mode::Warn => "warn",
            Mode::Enforce => "enforce",
        }
    }
}

/// What an act is done to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct Subject {
    /// What kind of thing it is.
    pub kind: SubjectKind,
    /// Its name, as people know it.
    pub name: String,
    /// The digest of its closure.
    pub closure: String,
    /// The tier of its closure.
    pub tier: u8,
    /// Whether part of it cannot be known from the definition, which counts as tier 3.
    pub opaque: bool,
    /// What its closure does.
    pub effects: Vec<Kind>,
    /// The systems it acts on.
    pub systems: Vec<SystemFact>,
    /// The entitlements it gives or takes.
    pub entitlements: Vec<Entitlement>,
    /// Whose access it changes.
    pub identities: Vec<IdentityKind>,
    /// Whether it reads in one security domain and changes access in another.
    pub cross_domain: bool,
}

impl Subject {
    /// The tier by which it is governed: what is opaque counts as 3; what governs is never below 2.
    #[must_use]
    pub fn effective_tier(&self) -> u8 {
        match (self.opaque, self.kind) {
            (true, _) | (_, SubjectKind::Policy | SubjectKind::People | SubjectKind::Configuration) => 3,
            (false, SubjectKind::Workflow) => self.tier.min(3),
            (false, SubjectKind::Component | SubjectKind::Credential) => self.tier.clamp(2, 3),
        }
    }

    /// How critical the most critical of its systems is.
    #[must_use]
    pub fn criticality(&self) -> Criticality {
        self.systems.iter().map(|s| s.criticality).max().unwrap_or_default()
    }

    /// Whether any of its entitlements is privileged.
    #[must_use]
    pub fn privileged(&self) -> bool {
        self.entitlements.iter().any(|e| e.privileged)
    }
}

/// The kind of thing that an act is done to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)] // the words say it
pub enum SubjectKind {
    #[default]
    Workflow,
    /// A connector, script or webhook.
    Component,
    Policy,
    People,
    Configuration,
    /// A credential of the register, which is rotated.
    Credential,
}

impl SubjectKind {
    /// Its word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            SubjectKind::Workflow => "workflow",
            SubjectKind::Component => "component",
            SubjectKind::Policy => "policy",
            SubjectKind::People => "people",
            SubjectKind::Configuration => "configuration",
            SubjectKind::Credential => "credential",
        }
    }
}

/// A system that a workflow acts on.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SystemFact {
    /// Its name (`okta`).
    pub name: String,
    /// What depends on it.
    pub criticality: Criticality,
}

/// How much depends on a system. What nobody rated is `high`: unknown is risk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)] // the words say it
pub enum Criticality {
    Low,
    Medium,
    #[default]
    High,
    Critical,
}

impl Criticality {
    /// As a number: 0 to 3.
    #[must_use]
    pub fn level(self) -> i64 {
        match self {
            Criticality::Low => 0,
            Criticality::Medium => 1,
            Criticality::High => 2,
            Criticality::Critical => 3,
        }
    }
}

/// An entitlement that a workflow gives or takes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Entitlement {
    /// The system.
    pub system: String,
    /// Its name.
    pub name: String,
    /// Whether it is an administrator's, a directory role, a root or break-glass account.
    pub privileged: bool,
}

/// Whose access a workflow changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)] // the words say it
pub enum IdentityKind {
    Employee,
    Contractor,
    Guest,
    ServiceAccount,
    Agent,
    /// It cannot be told from the definition.
    Unknown,
}

impl IdentityKind {
    /// Its word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            IdentityKind::Employee => "employee",
            IdentityKind::Contractor => "contractor",
            IdentityKind::Guest => "guest",
            IdentityKind::ServiceAccount => "service-account",
            IdentityKind::Agent => "agent",
            IdentityKind::Unknown => "unknown",
        }
    }
}

/// Somebody's part in a change.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Contribution {
    /// The account or address that it is recorded under.
    pub account: String,
    /// How it is known, in words (`commit 3f2a…`, `co-author of commit 3f2a…`, `recorded as editor`).
    pub how: String,
}

/// What the control record says, and lacks.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct Record {
    /// Whether there is one.
    pub present: bool,
    /// What it lacks, in words.
    pub lacks: Vec<String>,
    /// Who answers for the process: a person or a group.
    pub owner: String,
    /// Who approves for security: a person or a group.
    pub security_approver: String,
    /// Who stands in for them.
    pub deputies: Vec<String>,
}

/// A finding of the check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FindingFact {
    /// Its rule.
    pub rule: String,
    /// How bad it is.
    pub severity: Severity,
    /// The step that it is about.
    #[serde(default)]
    pub step: String,
}

/// Something that was to be proved.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Proof {
    /// Its name.
    pub name: String,
    /// Whether it holds.
    pub holds: bool,
}

/// What the tests say.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TestEvidence {
    /// The closure they were run on.
    pub closure: String,
    /// When.
    pub at: Moment,
    /// How many passed.
    pub passed: u32,
    /// How many failed.
    pub failed: u32,
    /// How many of a hundred mutants of the control they kill.
    pub mutation: u8,
}

/// A connector, script or webhook that the closure uses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Component {
    /// What it is.
    pub kind: crate::act::ComponentKind,
    /// Its name.
    pub name: String,
    /// The version or digest that is used.
    #[serde(default)]
    pub version: String,
    /// The versions or digests that are approved.
    #[serde(default)]
    pub approved: Vec<String>,
    /// Who answers for it.
    #[serde(default)]
    pub owner: String,
}

impl Component {
    /// Whether the version that is used is an approved one. A version that is not known is not.
    #[must_use]
    pub fn is_approved(&self) -> bool {
        !self.version.is_empty() && self.approved.contains(&self.version)
    }
}

/// A credential that the workflow uses.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct Credential {
    /// Its id.
    pub id: String,
    /// Who answers for it.
    pub owner: String,
    /// When it must have been rotated; one that names no day is overdue.
    pub rotation_due: Option<Moment>,
    /// When it expires.
    pub expires: Option<Moment>,
}

impl Credential {
    /// Whether it is inside its rotation, and has not expired.
    #[must_use]
    pub fn is_fresh(&self, at: Moment) -> bool {
        self.rotation_due.is_some_and(|due| at < due) && self.expires.is_none_or(|expires| at < expires)
    }
}

/// Whether a machine made a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AiMark {
    /// People made it.
    #[default]
    None,
    /// People made it with the help of a model.
    Assisted,
    /// An agent made it.
    Made,
}

impl AiMark {
    /// Its word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            AiMark::None => "none",
            AiMark::Assisted => "assisted",
            AiMark::Made => "made",
        }
    }
}

/// What a roll-back goes to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct ReleaseTarget {
    /// The closure.
    pub closure: String,
    /// Whether it was released to this environment before.
    pub released_before: bool,
}
