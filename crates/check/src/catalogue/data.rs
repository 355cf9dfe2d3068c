//! The catalogue's data: what a file says, checked, in the form that is compiled into the program.
//! The build script reads the files with the same types, so that a mistake in one stops the build.

use serde::{Deserialize, Serialize};

/// One file of the catalogue.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// The target system's name.
    pub system: String,
    /// Its name for people.
    pub title: String,
    /// The vendor's documentation.
    #[serde(default)]
    pub source: String,
    /// Hosts whose raw requests belong to the system; `*` is a wildcard.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// Path prefixes that no other system uses; `{}` is any segment.
    #[serde(default)]
    pub paths: Vec<String>,
    /// What requests to the hosts do that no entry matches.
    #[serde(default)]
    pub otherwise: Option<Otherwise>,
    /// Raw requests.
    #[serde(default, rename = "request")]
    pub requests: Vec<Entry>,
    /// Operations of the platforms' connectors.
    #[serde(default, rename = "operation")]
    pub operations: Vec<Entry>,
    /// Commands and calls in code.
    #[serde(default, rename = "command")]
    pub commands: Vec<Entry>,
    /// Privileged entitlements and identities.
    #[serde(default)]
    pub privileged: Privileged,
}

/// What requests that no entry matches do.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Otherwise {
    /// `GET`, `HEAD` and `OPTIONS`.
    pub read: String,
    /// All other methods.
    pub write: String,
}

/// Privileged entitlements and identities.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Privileged {
    /// By name, compared without case and punctuation; `*` is a wildcard.
    #[serde(default)]
    pub names: Vec<String>,
    /// By id, compared exactly; `*` is a wildcard.
    #[serde(default)]
    pub ids: Vec<String>,
}

/// One entry.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// What it matches.
    pub on: Vec<String>,
    /// The language of a command.
    #[serde(default)]
    pub language: String,
    /// Kinds of effects.
    pub effects: Vec<String>,
    /// Instead of the file's system.
    #[serde(default)]
    pub system: String,
    /// Whom it acts on.
    #[serde(default)]
    pub identity: Places,
    /// Which access it gives or takes.
    #[serde(default)]
    pub entitlement: Places,
    /// Cases by parameters or body.
    #[serde(default)]
    pub cases: Vec<Case>,
    /// Where in the result a secret stands.
    #[serde(default)]
    pub secret: Places,
    /// What a read gives back.
    #[serde(default)]
    pub returns: String,
    /// Who is asked.
    #[serde(default)]
    pub approver: Places,
    /// Where in the result the answer stands.
    #[serde(default)]
    pub answer: Places,
    /// Answers that mean yes.
    #[serde(default)]
    pub positive: Places,
    /// Who is told.
    #[serde(default)]
    pub recipient: Places,
    /// The effect is always on something privileged.
    #[serde(default)]
    pub privileged: bool,
    /// `false`: a raw call made through a connector.
    #[serde(default)]
    pub governed: Option<bool>,
    /// The vendor's documentation of exactly this.
    #[serde(default)]
    pub source: String,
    /// A remark for people.
    #[serde(default)]
    pub note: String,
}

/// One case of an entry.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// When it holds.
    pub when: String,
    /// What the step does then.
    pub effects: Vec<String>,
    /// Whom it acts on then.
    #[serde(default)]
    pub identity: Places,
    /// Which access, then.
    #[serde(default)]
    pub entitlement: Places,
    /// The effect is on something privileged then.
    #[serde(default)]
    pub privileged: bool,
    /// Where in the result a secret stands then.
    #[serde(default)]
    pub secret: Places,
}

/// One text or a list of them.
#[derive(Debug, Default, Serialize, PartialEq, Eq)]
pub struct Places(pub Vec<String>);

impl<'de> Deserialize<'de> for Places {
    fn deserialize<D: serde::Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        if !input.is_human_readable() {
            return Vec::<String>::deserialize(input).map(Places);
        }
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum OneOrMany {
            One(String),
            Many(Vec<String>),
        }
        Ok(match OneOrMany::deserialize(input)? {
            OneOrMany::One(place) => Places(vec![place]),
            OneOrMany::Many(places) => Places(places),
        })
    }
}
