//! The catalogue's data: what a file says, checked, in the form that is compiled into the program.
//! The build script reads the files with the same types, so that a mistake in one stops the build. Its texts are its
//! own; the program's are parts of the table that is compiled into it, so that starting copies nothing.

use serde::{Deserialize, Serialize};

/// One file of the catalogue.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct File<T = &'static str> {
    /// The target system's name.
    pub system: T,
    /// Its name for people.
    pub title: T,
    /// The vendor's documentation.
    #[serde(default)]
    pub source: T,
    /// Hosts whose raw requests belong to the system; `*` is a wildcard.
    #[serde(default)]
    pub hosts: Vec<T>,
    /// Path prefixes that no other system uses; `{}` is any segment.
    #[serde(default)]
    pub paths: Vec<T>,
    /// What requests to the hosts do that no entry matches.
    #[serde(default)]
    pub otherwise: Option<Otherwise<T>>,
    /// Raw requests.
    #[serde(default, rename = "request")]
    pub requests: Vec<Entry<T>>,
    /// Operations of the platforms' connectors.
    #[serde(default, rename = "operation")]
    pub operations: Vec<Entry<T>>,
    /// Commands and calls in code.
    #[serde(default, rename = "command")]
    pub commands: Vec<Entry<T>>,
    /// Privileged entitlements and identities.
    #[serde(default)]
    pub privileged: Privileged<T>,
}

/// A file as it is compiled in: its requests, its commands and its operations on each platform apart, each to be read when
/// one is first asked for.
pub type Packed<T = &'static str, B = &'static [u8]> = (File<T>, B, B, Vec<(T, B)>);

/// What requests that no entry matches do.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Otherwise<T = &'static str> {
    /// `GET`, `HEAD` and `OPTIONS`.
    pub read: T,
    /// All other methods.
    pub write: T,
}

/// Privileged entitlements and identities.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Privileged<T = &'static str> {
    /// By name, compared without case and punctuation; `*` is a wildcard.
    #[serde(default)]
    pub names: Vec<T>,
    /// By id, compared exactly; `*` is a wildcard.
    #[serde(default)]
    pub ids: Vec<T>,
}

/// One entry.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Entry<T = &'static str> {
    /// What it matches.
    pub on: Vec<T>,
    /// The language of a command.
    #[serde(default)]
    pub language: T,
    /// Kinds of effects.
    pub effects: Vec<T>,
    /// Instead of the file's system.
    #[serde(default)]
    pub system: T,
    /// Whom it acts on.
    #[serde(default)]
    pub identity: Places<T>,
    /// Which access it gives or takes.
    #[serde(default)]
    pub entitlement: Places<T>,
    /// Cases by parameters or body.
    #[serde(default)]
    pub cases: Vec<Case<T>>,
    /// Where in the result a secret stands.
    #[serde(default)]
    pub secret: Places<T>,
    /// What a read gives back.
    #[serde(default)]
    pub returns: T,
    /// Who is asked.
    #[serde(default)]
    pub approver: Places<T>,
    /// Where in the result the answer stands.
    #[serde(default)]
    pub answer: Places<T>,
    /// Answers that mean yes.
    #[serde(default)]
    pub positive: Places<T>,
    /// Who is told.
    #[serde(default)]
    pub recipient: Places<T>,
    /// The effect is always on something privileged.
    #[serde(default)]
    pub privileged: bool,
    /// The decision is always no.
    #[serde(default)]
    pub refuses: bool,
    /// What the identity is where it is nobody's account: `group`, `team` or `app`.
    #[serde(default)]
    pub what: T,
    /// `false`: a raw call made through a connector.
    #[serde(default)]
    pub governed: Option<bool>,
    /// An operation of another publisher than the platform's and the system's: no platform has it of its own.
    #[serde(default)]
    pub third_party: bool,
    /// The vendor's documentation of exactly this.
    #[serde(default)]
    pub source: T,
    /// A remark for people.
    #[serde(default)]
    pub note: T,
}

/// One case of an entry.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Case<T = &'static str> {
    /// When it holds.
    pub when: T,
    /// What the step does then.
    pub effects: Vec<T>,
    /// Whom it acts on then.
    #[serde(default)]
    pub identity: Places<T>,
    /// Which access, then.
    #[serde(default)]
    pub entitlement: Places<T>,
    /// The effect is on something privileged then.
    #[serde(default)]
    pub privileged: bool,
    /// The decision is no then.
    #[serde(default)]
    pub refuses: bool,
    /// Where in the result a secret stands then.
    #[serde(default)]
    pub secret: Places<T>,
}

/// One text or a list of them.
#[derive(Debug, Clone, Default, Serialize, PartialEq, Eq)]
pub struct Places<T = &'static str>(pub Vec<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Places<T> {
    fn deserialize<D: serde::Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        if !input.is_human_readable() {
            return Vec::<T>::deserialize(input).map(Places);
        }
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum OneOrMany<T> {
            One(T),
            Many(Vec<T>),
        }
        Ok(match OneOrMany::deserialize(input)? {
            OneOrMany::One(place) => Places(vec![place]),
            OneOrMany::Many(places) => Places(places),
        })
    }
}
