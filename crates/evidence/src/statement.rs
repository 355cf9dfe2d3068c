//! The signed statement behind an act: an in-toto Statement in a DSSE envelope, signed with a person's SSH key.

use crate::act::ActBody;
use crate::moment::{is_time, text};
use ledger::{Error, Result, dsse, encoding, intoto, sshsig};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// What SSH signatures of statements are given for.
pub const NAMESPACE: &str = "countersign-act@1";

/// The type of the predicate.
pub const PREDICATE: &str = "urn:countersign:act:1";

/// A statement, read; who signed it is asked of [`Statement::signed_by`].
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Statement {
    /// The digest of what was signed: its name.
    pub id: String,
    /// What it says.
    pub predicate: Value,
    message: Vec<u8>,
    signatures: Vec<String>,
}

/// What is signed: the type and the payload, as DSSE puts them.
#[must_use]
pub fn signed_bytes(payload: &[u8]) -> Vec<u8> {
    dsse::pre_authentication_encoding(intoto::PAYLOAD_TYPE, payload)
}

impl Statement {
    /// Reads the envelope that a commitment named `statement` stands for.
    pub fn parse(envelope: &Value) -> Result<Self> {
        let text = |name: &str| {
            envelope[name].as_str().ok_or_else(|| Error::new(format!("the envelope has no text `{name}`")))
        };
        if text("payloadType")? != intoto::PAYLOAD_TYPE {
            return Err(Error::new("the envelope holds no in-toto statement"));
        }
        let payload = encoding::from_base64(text("payload")?)?;
        let read = intoto::Statement::parse(&payload)?;
        if read.predicate_type != PREDICATE {
            return Err(Error::new(format!("the statement is a `{}`, not an act", read.predicate_type)));
        }
        let signatures = envelope["signatures"].as_array().map(Vec::as_slice).unwrap_or_default();
        let signatures = signatures.iter().map(signature).collect::<Result<_>>()?;
        let predicate = Value::Object(read.predicate);
        if !predicate["at"].as_str().is_some_and(is_time) {
            return Err(Error::new("the statement says no time in UTC to the second"));
        }
        let id = format!("sha256:{}", encoding::to_hex(&Sha256::digest(&payload)));
        Ok(Self { id, predicate, message: signed_bytes(&payload), signatures })
    }

    /// When it says that it was made.
    pub fn at(&self) -> &str {
        self.predicate["at"].as_str().unwrap_or_default()
    }

    /// A text of what it says.
    pub fn text(&self, name: &str) -> &str {
        self.predicate[name].as_str().unwrap_or_default()
    }

    /// The first field in which it differs from what the entry says.
    pub fn differs(&self, act: &ActBody) -> Option<&'static str> {
        let subject = &self.predicate["subject"];
        let part = |name: &str| subject[name].as_str().unwrap_or_default();
        let fields = [
            ("act", self.text("act") == act.act),
            ("subject", format!("{}/{}", part("kind"), part("name")) == act.subject),
            ("closure", part("closure") == act.closure),
            ("environment", self.text("environment") == act.environment),
            ("at", act.at.is_none_or(|at| text(at) == self.at())),
            (
                "drill",
                !act.drill || act.act != "open-break-glass" || self.predicate["glass"]["drill"] == true,
            ),
        ];
        fields.into_iter().find(|(_, same)| !same).map(|(name, _)| name)
    }

    /// Whether one of these keys (as the people directory has them) signed it.
    pub fn signed_by(&self, keys: &[&str]) -> bool {
        self.signatures.iter().any(|s| keys.iter().any(|key| self.is_by(key, s)))
    }

    fn is_by(&self, key: &str, signature: &str) -> bool {
        // A directory may have a key's fingerprint alone; the key itself then comes with the signature.
        let line = if key.starts_with("SHA256:") { embedded(signature, key) } else { Some(key.to_owned()) };
        let key = line.and_then(|l| sshsig::public_key(&l).ok());
        key.is_some_and(|key| sshsig::verify(&key, NAMESPACE, &self.message, signature).is_ok())
    }
}

/// The key inside an armoured SSH signature, as a line, if it has this fingerprint.
fn embedded(armoured: &str, fingerprint: &str) -> Option<String> {
    let inner: String = armoured.lines().filter(|l| !l.starts_with('-')).collect();
    let bytes = encoding::from_base64(&inner).ok()?;
    let (key, _) = string(bytes.strip_prefix(b"SSHSIG\0\0\0\x01")?)?;
    let digest = encoding::to_base64(&Sha256::digest(key));
    let kind = std::str::from_utf8(string(key)?.0).ok()?;
    let same = fingerprint.strip_prefix("SHA256:") == Some(digest.trim_end_matches('='));
    same.then(|| format!("{kind} {}", encoding::to_base64(key)))
}

/// A string of the SSH wire format, and what follows it.
fn string(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)
}

/// An armoured SSH signature, in base64.
fn signature(value: &Value) -> Result<String> {
    let text = value["sig"].as_str().ok_or_else(|| Error::new("a signature has no text `sig`"))?;
    String::from_utf8(encoding::from_base64(text)?)
        .map_err(|_| Error::new("a signature is no armoured SSH signature"))
}
