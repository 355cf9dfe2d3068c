//! What an act or an effect becomes in other formats, as data.
//!
//! Classes and activities are those of OCSF 1.8 (schema.ocsf.io); signals are those of CAEP 1.0 and RISC 1.0 (OpenID) and of
//! RFC 9967 (SCIM). Nothing here is a sign-in, so class 3002 stands only for sessions that were ended. An activity that a
//! class does not have is 99, under a name of ours.

/// A class of OCSF.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names of the classes")]
pub enum Class {
    BaseEvent,
    AccountChange,
    Authentication,
    EntityManagement,
    UserAccess,
    GroupManagement,
    ApplicationLifecycle,
    ApiActivity,
}

impl Class {
    /// Its number, its name, and the name of its category, whose number is the thousands.
    #[must_use]
    pub fn names(self) -> (u64, &'static str, &'static str) {
        const IAM: &str = "Identity & Access Management";
        const APPLICATION: &str = "Application Activity";
        match self {
            Class::BaseEvent => (0, "Base Event", "Uncategorized"),
            Class::AccountChange => (3001, "Account Change", IAM),
            Class::Authentication => (3002, "Authentication", IAM),
            Class::EntityManagement => (3004, "Entity Management", IAM),
            Class::UserAccess => (3005, "User Access Management", IAM),
            Class::GroupManagement => (3006, "Group Management", IAM),
            Class::ApplicationLifecycle => (6002, "Application Lifecycle", APPLICATION),
            Class::ApiActivity => (6003, "API Activity", APPLICATION),
        }
    }
}

/// What a word becomes.
#[derive(Debug)]
pub struct Row {
    /// The word: of an act, of an effect, of what was done to values.
    pub word: &'static str,
    /// The class.
    pub class: Class,
    /// The activity in it.
    pub activity: u64,
    /// The activity's name: the class's own, or ours where it is 99.
    pub name: &'static str,
    /// How severe it is where it happened as the policies ask: 1 is for information, 5 critical.
    pub severity: u8,
}

/// A Security Event Token that an effect is told by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// CAEP `credential-change`, with this `change_type`.
    Credential(&'static str),
    /// CAEP `session-revoked`.
    SessionRevoked,
    /// A RISC event.
    Risc(&'static str),
    /// An event of RFC 9967 without attributes: `prov:delete`.
    Scim(&'static str),
    /// A notice of RFC 9967 that an attribute changed; of an account that was made, that it has a name.
    ScimNotice(&'static str, &'static str),
}

/// What an effect becomes.
#[derive(Debug)]
pub struct EffectRow {
    /// Of what kind of thing: the rows of an effect without one come last.
    pub of: &'static [&'static str],
    /// What it becomes.
    pub row: Row,
    /// By which tokens it is told.
    pub signals: &'static [Signal],
}

const fn row(word: &'static str, class: Class, activity: u64, name: &'static str, severity: u8) -> Row {
    Row { word, class, activity, name, severity }
}

use Class::{
    AccountChange, ApiActivity, ApplicationLifecycle, Authentication, BaseEvent, EntityManagement,
    GroupManagement, UserAccess,
};

/// Acts, what decisions are taken with, and what was done to values. The last stands for every other word.
pub static ACTS: &[Row] = &[
    row("register", EntityManagement, 6, "Enroll", 1),
    row("propose", EntityManagement, 99, "Propose", 1),
    row("withdraw", EntityManagement, 99, "Withdraw", 1),
    row("approve", EntityManagement, 99, "Approve", 1),
    row("refuse", EntityManagement, 99, "Refuse", 1),
    row("ask-rework", EntityManagement, 99, "Ask for Rework", 1),
    row("attest", EntityManagement, 99, "Attest", 1),
    row("release", ApplicationLifecycle, 8, "Update", 1),
    row("roll-back", ApplicationLifecycle, 8, "Update", 2),
    row("retire", ApplicationLifecycle, 2, "Remove", 2),
    row("kill", ApplicationLifecycle, 4, "Stop", 3),
    row("take-over", EntityManagement, 3, "Update", 2),
    row("approve-connector", EntityManagement, 8, "Enable", 1),
    row("approve-script", EntityManagement, 8, "Enable", 1),
    row("approve-webhook", EntityManagement, 8, "Enable", 1),
    row("withdraw-connector", EntityManagement, 9, "Disable", 1),
    row("withdraw-script", EntityManagement, 9, "Disable", 1),
    row("withdraw-webhook", EntityManagement, 9, "Disable", 1),
    row("grant-exception", EntityManagement, 1, "Create", 3),
    row("renew-exception", EntityManagement, 3, "Update", 3),
    row("end-exception", EntityManagement, 4, "Delete", 1),
    row("open-break-glass", EntityManagement, 10, "Activate", 4),
    row("use-break-glass", ApplicationLifecycle, 8, "Update", 4),
    row("close-break-glass", EntityManagement, 11, "Deactivate", 2),
    row("post-change-review", EntityManagement, 99, "Review", 2),
    row("change-policy", EntityManagement, 3, "Update", 3),
    row("change-people", EntityManagement, 3, "Update", 3),
    row("change-configuration", EntityManagement, 3, "Update", 3),
    row("drill", EntityManagement, 99, "Drill", 1),
    row("basis", EntityManagement, 3, "Update", 3),
    row("erase", EntityManagement, 4, "Delete", 2),
    row("expire", EntityManagement, 4, "Delete", 1),
    row("hold", EntityManagement, 99, "Hold", 2),
    row("release-hold", EntityManagement, 99, "Release Hold", 2),
    row("", BaseEvent, 99, "Record", 1),
];

const FACTORS: &[&str] = &["fido2-platform", "fido2-roaming", "fido-u2f", "phone-voice", "phone-sms", "app"];
const ANY: &[&str] = &[];

const fn effect_row(of: &'static [&'static str], row: Row, signals: &'static [Signal]) -> EffectRow {
    EffectRow { of, row, signals }
}

/// Effects, by the words of the effect catalogue. The last stands for every other word.
pub static EFFECTS: &[EffectRow] = &[
    effect_row(&["group"], row("grant", GroupManagement, 3, "Add User", 1), &[GROUPS]),
    effect_row(&["role"], row("grant", UserAccess, 1, "Assign Privileges", 1), &[ROLES]),
    effect_row(ANY, row("grant", UserAccess, 1, "Assign Privileges", 1), &[ENTITLEMENTS]),
    effect_row(&["group"], row("revoke", GroupManagement, 4, "Remove User", 1), &[GROUPS]),
    effect_row(&["role"], row("revoke", UserAccess, 2, "Revoke Privileges", 1), &[ROLES]),
    effect_row(&["session"], row("revoke", Authentication, 2, "Logoff", 1), &[Signal::SessionRevoked]),
    effect_row(ANY, row("revoke", UserAccess, 2, "Revoke Privileges", 1), &[ENTITLEMENTS]),
    effect_row(ANY, row("create-identity", AccountChange, 1, "Create", 1), &[CREATED]),
    effect_row(
        ANY,
        row("enable", AccountChange, 2, "Enable", 1),
        &[Signal::Risc("account-enabled"), Signal::Scim("activate")],
    ),
    effect_row(
        ANY,
        row("disable", AccountChange, 5, "Disable", 1),
        &[Signal::Risc("account-disabled"), Signal::Scim("deactivate")],
    ),
    effect_row(
        ANY,
        row("delete-identity", AccountChange, 6, "Delete", 2),
        &[Signal::Risc("account-purged"), Signal::Scim("delete")],
    ),
    effect_row(ANY, row("update-identity", EntityManagement, 3, "Update", 1), &[]),
    effect_row(FACTORS, row("issue-credential", AccountChange, 10, "MFA Factor Enable", 2), &[CREATE]),
    effect_row(ANY, row("issue-credential", AccountChange, 99, "Issue Credential", 2), &[CREATE]),
    effect_row(&["password"], row("reset-credential", AccountChange, 4, "Password Reset", 2), &[UPDATE]),
    effect_row(FACTORS, row("reset-credential", AccountChange, 11, "MFA Factor Disable", 2), &[UPDATE]),
    effect_row(ANY, row("reset-credential", AccountChange, 99, "Reset Credential", 2), &[UPDATE]),
    effect_row(&["password"], row("rotate-credential", AccountChange, 3, "Password Change", 1), &[UPDATE]),
    effect_row(ANY, row("rotate-credential", AccountChange, 99, "Rotate Credential", 1), &[UPDATE]),
    effect_row(FACTORS, row("revoke-credential", AccountChange, 11, "MFA Factor Disable", 1), &[REVOKE]),
    effect_row(ANY, row("revoke-credential", AccountChange, 99, "Revoke Credential", 1), &[REVOKE]),
    effect_row(ANY, row("read-secret", ApiActivity, 2, "Read", 2), &[]),
    effect_row(ANY, row("decide", EntityManagement, 99, "Decide", 2), &[]),
    effect_row(ANY, row("certify", EntityManagement, 99, "Certify", 2), &[]),
    effect_row(ANY, row("change-policy", EntityManagement, 3, "Update", 3), &[]),
    effect_row(ANY, row("read", ApiActivity, 2, "Read", 1), &[]),
    effect_row(ANY, row("write", ApiActivity, 3, "Update", 1), &[]),
    effect_row(ANY, row("", ApiActivity, 99, "Call", 1), &[]),
];

const GROUPS: Signal = Signal::ScimNotice("patch", "groups");
const ROLES: Signal = Signal::ScimNotice("patch", "roles");
const ENTITLEMENTS: Signal = Signal::ScimNotice("patch", "entitlements");
const CREATED: Signal = Signal::ScimNotice("create", "userName");
const CREATE: Signal = Signal::Credential("create");
const UPDATE: Signal = Signal::Credential("update");
const REVOKE: Signal = Signal::Credential("revoke");

/// The row of an act.
pub(super) fn act(word: &str) -> &'static Row {
    let found = ACTS.iter().find(|r| r.word == word || r.word.is_empty());
    found.unwrap_or(&ACTS[ACTS.len() - 1])
}

/// The row of an effect on a kind of thing.
pub(super) fn effect(word: &str, of: &str) -> &'static EffectRow {
    let fits = |r: &&EffectRow| r.row.word == word && (r.of.is_empty() || r.of.contains(&of));
    EFFECTS.iter().find(fits).unwrap_or(&EFFECTS[EFFECTS.len() - 1])
}
