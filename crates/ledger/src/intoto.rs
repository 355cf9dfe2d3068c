//! in-toto Statements v1: what a signed predicate is said about.

use crate::{Result, error::refuse, json};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The type of the statement itself.
pub const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";

/// The payload type of a statement in a DSSE envelope.
pub const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

/// Digest algorithms that are taken as proof of sameness; others are ignored.
const ACCEPTED: &[(&str, usize)] = &[
    ("sha256", 64),
    ("sha384", 96),
    ("sha512", 128),
    ("sha512_256", 64),
    ("sha3_256", 64),
    ("sha3_384", 96),
    ("sha3_512", 128),
];

/// Something that a statement is about.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceDescriptor {
    /// A name that tells it from the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What identifies it anywhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    /// Its digests, by algorithm.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub digest: BTreeMap<String, String>,
    /// Its content, in base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// Where it can be had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub download_location: Option<String>,
    /// Its media type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// Further facts for the predicate to interpret.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub annotations: Map<String, Value>,
}

impl ResourceDescriptor {
    /// Whether it has this digest of an accepted algorithm. Subjects are matched by digest, never by name.
    pub fn has_digest(&self, algorithm: &str, hex: &str) -> bool {
        let accepted = ACCEPTED.iter().any(|(name, length)| *name == algorithm && hex.len() == *length);
        accepted && self.digest.get(algorithm).is_some_and(|d| d == hex)
    }
}

/// A statement. Fields that the standard does not have are ignored when read, as it asks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Statement {
    #[serde(rename = "_type")]
    kind: String,
    /// What it is about.
    pub subject: Vec<ResourceDescriptor>,
    /// What kind of thing it says.
    pub predicate_type: String,
    /// What it says.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub predicate: Map<String, Value>,
}

impl Statement {
    /// A statement; the same rules hold as for one that is read.
    pub fn new(
        subject: Vec<ResourceDescriptor>,
        predicate_type: &str,
        predicate: Map<String, Value>,
    ) -> Result<Self> {
        let (kind, predicate_type) = (STATEMENT_TYPE.to_owned(), predicate_type.to_owned());
        let statement = Self { kind, subject, predicate_type, predicate };
        statement.check()?;
        Ok(statement)
    }

    /// Reads a statement.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let statement: Self = json::read(bytes).map_err(|e| e.at("this is no in-toto statement"))?;
        statement.check()?;
        Ok(statement)
    }

    /// Writes it as canonical JSON.
    pub fn to_json(&self) -> Result<Vec<u8>> {
        json::to_canonical(self)
    }

    /// The first subject with this digest.
    pub fn subject_with(&self, algorithm: &str, hex: &str) -> Option<&ResourceDescriptor> {
        self.subject.iter().find(|s| s.has_digest(algorithm, hex))
    }

    fn check(&self) -> Result<()> {
        if self.kind != STATEMENT_TYPE {
            refuse!("the statement is of type `{}`, not `{STATEMENT_TYPE}`", self.kind);
        }
        if !self.predicate_type.contains(':') {
            refuse!("the predicate type `{}` is not a URI", self.predicate_type);
        }
        if self.subject.is_empty() {
            refuse!("the statement is about nothing: it needs a subject");
        }
        for (number, subject) in self.subject.iter().enumerate() {
            if subject.digest.is_empty() || subject.digest.values().any(String::is_empty) {
                refuse!("subject {number} of the statement has no digest");
            }
        }
        Ok(())
    }
}
