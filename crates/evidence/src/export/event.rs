//! An entry as every format sees it: what stands in it, and who it is about where that is disclosed.

use super::map::{self, Row};
use super::texts;
use crate::act::{ActBody, BASIS};
use crate::verify::Opened;
use ledger::{Entry, encoding};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// The type of entries that say what was done to somebody's access.
pub const EFFECT: &str = "effect/1";

/// The values beside a ledger that an export may show: who acted, about whom it is, and the path of their SCIM resource.
pub const VALUES: [&str; 3] = ["by", "identity", "scim"];

/// The body of an entry of type [`EFFECT`]. Whose access it was is the commitment `identity`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Effect {
    /// What was done, in the words of the effect catalogue: `grant`, `disable`.
    pub effect: String,
    /// How it came out: `succeeded`, `failed`, or `unknown` where no answer came.
    pub outcome: String,
    /// Where: `okta`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub system: String,
    /// What was given, taken or changed, by its name there.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub entitlement: String,
    /// What kind of thing that is: `group`, `role`, `session`; of a credential `password`, `x509`, `fido2-roaming`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub of: String,
    /// The execution that did it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub execution: String,
    /// The step that did it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub step: String,
    /// The entry of the release that ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<u64>,
}

/// Somebody, as the ledger commits to them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Somebody {
    /// The commitment, which names nobody.
    pub commitment: String,
    /// Their name, where it is disclosed.
    pub name: Option<String>,
}

/// What an entry is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A governed act.
    Act(Box<ActBody>),
    /// A change of somebody's access.
    Effect(Effect),
    /// With what decisions are taken from here on: `people` or `policy`.
    Basis(String),
    /// What was done to values: `erase`, `hold`.
    Custody(String),
    /// An entry of its writer's own type, of which the execution, its status and its release are read.
    Other {
        /// The execution.
        execution: String,
        /// How it ended, in the writer's words.
        status: String,
        /// The entry of the release that ran.
        release: Option<u64>,
    },
}

/// An entry as it is exported.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// The entry.
    pub entry: Entry,
    /// The SHA-256 of its bytes, in hex.
    pub digest: String,
    /// What it is.
    pub what: What,
    /// What happened, in a sentence.
    pub message: String,
    /// Who acted.
    pub by: Option<Somebody>,
    /// Whose access it is about.
    pub identity: Option<Somebody>,
    /// The path of their SCIM resource, where it is disclosed.
    pub scim: Option<String>,
}

impl Event {
    /// The event of an entry. Of what is opened only [`VALUES`] are looked at.
    #[must_use]
    pub fn of(opened: &Opened, bytes: &[u8]) -> Self {
        let mut shown = opened.clone();
        shown.openings.retain(|name, o| VALUES.contains(&name.as_str()) && o.value.is_string());
        let what = what(&shown);
        let message = texts::message(&shown, &what);
        Self {
            digest: encoding::to_hex(&Sha256::digest(bytes)),
            by: somebody(&shown, "by"),
            identity: somebody(&shown, "identity"),
            scim: shown.value("scim").map(str::to_owned),
            entry: shown.entry,
            what,
            message,
        }
    }

    /// The word for what was done; of a writer's own entry, its type.
    #[must_use]
    pub fn word(&self) -> &str {
        match &self.what {
            What::Act(act) => &act.act,
            What::Effect(effect) => &effect.effect,
            What::Basis(_) => "basis",
            What::Custody(act) => act,
            What::Other { .. } => &self.entry.kind,
        }
    }

    /// What it was done to.
    #[must_use]
    pub fn subject(&self) -> String {
        match &self.what {
            What::Act(act) => act.subject.clone(),
            What::Effect(e) if e.entitlement.is_empty() => e.system.clone(),
            What::Effect(e) => format!("{}/{}", e.system, e.entitlement),
            What::Basis(of) => of.clone(),
            What::Custody(_) => "values".to_owned(),
            What::Other { execution, .. } => execution.clone(),
        }
    }

    /// Whether it happened; nothing where that is not known.
    #[must_use]
    pub fn happened(&self) -> Option<bool> {
        match &self.what {
            What::Act(act) => Some(act.allow),
            What::Effect(effect) => known_outcome(&effect.outcome),
            What::Basis(_) | What::Custody(_) => Some(true),
            What::Other { status, .. } => known_outcome(status),
        }
    }

    /// When it was done, in milliseconds since 1970, as its entry says; else when it was entered.
    #[must_use]
    pub fn time(&self) -> u64 {
        match &self.what {
            What::Act(act) => act.done(self.entry.place.time),
            _ => self.entry.place.time,
        }
    }

    /// What it becomes in other formats.
    #[must_use]
    pub(super) fn row(&self) -> &'static Row {
        match &self.what {
            What::Act(act) if act.drill => map::act("drill"),
            What::Act(act) => map::act(&act.act),
            What::Effect(effect) => &map::effect(&effect.effect, &effect.of).row,
            What::Basis(_) => map::act("basis"),
            What::Custody(act) => map::act(act),
            What::Other { .. } => map::act(""),
        }
    }

    /// How severe it is, from 1 (for information) to 5 (critical): an act that was refused is 2 at least, one that the
    /// policies would have refused 3.
    #[must_use]
    pub fn severity(&self) -> u8 {
        let floor = match &self.what {
            What::Act(act) if !act.allow => 2,
            What::Act(act) if !act.verdict => 3,
            What::Effect(effect) if effect.outcome == "failed" => 2,
            _ => 1,
        };
        self.row().severity.max(floor)
    }

    /// The execution, or the entry that it answers: what belongs together has the same.
    #[must_use]
    pub fn correlation(&self) -> Option<String> {
        match &self.what {
            What::Act(act) => Some(act.of.unwrap_or(self.entry.place.seq).to_string()),
            What::Effect(Effect { execution, .. }) | What::Other { execution, .. } => {
                (!execution.is_empty()).then(|| execution.clone())
            }
            _ => None,
        }
    }

    /// The body, of a type that is known; of other types the fields that are.
    #[must_use]
    pub fn body(&self) -> Value {
        match &self.what {
            What::Other { execution, status, release } => {
                serde_json::json!({"execution": execution, "status": status, "release": release})
            }
            _ => self.entry.body.clone(),
        }
    }
}

/// Whether something happened that came out so; nothing where that is not known.
pub(crate) fn known_outcome(word: &str) -> Option<bool> {
    match word {
        "succeeded" | "success" | "completed" => Some(true),
        "failed" | "failure" | "error" => Some(false),
        _ => None,
    }
}

fn what(opened: &Opened) -> What {
    let entry = &opened.entry;
    if let Some(act) = &opened.act {
        return What::Act(Box::new(act.clone()));
    }
    let text = |name: &str| entry.body[name].as_str().unwrap_or_default().to_owned();
    match entry.kind.as_str() {
        BASIS => What::Basis(text("of")),
        crate::story::CUSTODY => What::Custody(text("act")),
        EFFECT => effect(opened).map_or_else(|| other(entry), What::Effect),
        _ => other(entry),
    }
}

/// What an entry of type [`EFFECT`] says, where it can be read.
pub(crate) fn effect(opened: &Opened) -> Option<Effect> {
    (opened.entry.kind == EFFECT).then(|| serde_json::from_value(opened.entry.body.clone()).ok())?
}

fn other(entry: &Entry) -> What {
    let text = |name: &str| entry.body[name].as_str().unwrap_or_default().to_owned();
    What::Other {
        execution: text("execution"),
        status: text("status"),
        release: entry.body["release"].as_u64(),
    }
}

fn somebody(opened: &Opened, name: &str) -> Option<Somebody> {
    let commitment = opened.entry.commitments.get(name)?;
    let commitment = format!("sha256:{}", encoding::to_hex(commitment));
    Some(Somebody { commitment, name: opened.value(name).map(str::to_owned) })
}
