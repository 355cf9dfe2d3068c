//! A bundle as bytes: named files, their manifest, and the one-file form.

use ledger::{Error, Result, encoding, json};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// The name of the manifest.
pub const MANIFEST: &str = "manifest.json";

/// The version of the format.
pub(crate) const SCHEMA: &str = "countersign.bundle/1";

/// Named files, in the order of their names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bundle {
    /// The files.
    pub files: BTreeMap<String, Vec<u8>>,
}

/// Which entries are all there: from one number to just before another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Coverage {
    /// The first.
    pub from: u64,
    /// The first after them.
    pub to: u64,
}

impl Coverage {
    /// Whether an entry is among them.
    #[must_use]
    pub fn has(&self, seq: u64) -> bool {
        (self.from..self.to).contains(&seq)
    }
}

/// A file as the manifest has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileDigest {
    /// Its SHA-256 in hex.
    pub sha256: String,
    /// Its length in bytes.
    pub size: u64,
}

/// What a bundle says it is. Nothing vouches for it: the verifier holds it against the entries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Which entries are all there.
    pub coverage: Coverage,
    /// A digest of this manifest without this field.
    pub digest: String,
    /// The files.
    pub files: BTreeMap<String, FileDigest>,
    /// The ledger's name.
    pub log: String,
    /// What was asked for.
    pub query: crate::Query,
    /// Whom it is for.
    pub role: String,
    /// The version of the format.
    pub schema: String,
    /// The entries that answer the question.
    pub selection: Vec<u64>,
    /// The size of the ledger at the checkpoint.
    pub size: u64,
    /// Names of commitments that the role may not see opened.
    pub withheld: Vec<String>,
}

impl Manifest {
    /// The digest over everything but the digest.
    pub fn digest(&self) -> Result<String> {
        let bytes = json::to_canonical(&Self { digest: String::new(), ..self.clone() })?;
        Ok(encoding::to_hex(&Sha256::digest(bytes)))
    }

    /// Reads a manifest; only the canonical spelling is taken.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let read: Self = serde_json::from_value(json::parse_canonical(bytes)?)
            .map_err(|e| Error::new(format!("the manifest cannot be read: {e}")))?;
        if json::to_canonical(&read)? != bytes {
            return Err(Error::new("the manifest cannot be read: a field is missing"));
        }
        Ok(read)
    }
}

impl Bundle {
    /// Writes the manifest over the files that are there.
    pub fn seal(&mut self, mut manifest: Manifest) -> Result<()> {
        self.files.remove(MANIFEST);
        manifest.files = self.files.iter().map(|(name, bytes)| (name.clone(), file_digest(bytes))).collect();
        manifest.digest = manifest.digest()?;
        self.files.insert(MANIFEST.to_owned(), json::to_canonical(&manifest)?);
        Ok(())
    }

    /// The bundle as one file: canonical JSON, names to contents in base64.
    pub fn pack(&self) -> Result<Vec<u8>> {
        let all: Map<String, Value> = self
            .files
            .iter()
            .map(|(name, bytes)| (name.clone(), encoding::to_base64(bytes).into()))
            .collect();
        json::to_canonical(&Value::Object(all))
    }

    /// Reads a bundle from one file.
    pub fn unpack(bytes: &[u8]) -> Result<Self> {
        let read = json::parse(bytes)?;
        let spelt = json::to_canonical(&read)?;
        if let Some(at) = (0..spelt.len().max(bytes.len())).find(|i| spelt.get(*i) != bytes.get(*i)) {
            return Err(Error::new(format!(
                "this is no bundle: its JSON is not written canonically (RFC 8785) from byte {at} on"
            )));
        }
        let Value::Object(all) = read else {
            return Err(Error::new("this is no bundle: it is not an object of files"));
        };
        let mut files = BTreeMap::new();
        for (name, content) in all {
            check_name(&name)?;
            let text = content.as_str().ok_or_else(|| Error::new(format!("the file `{name}` is no text")))?;
            let content = encoding::from_base64(text)
                .map_err(|_| Error::new(format!("the file `{name}` is not written in standard base64")))?;
            files.insert(name, content);
        }
        Ok(Self { files })
    }

    pub(crate) fn file(&self, name: &str) -> &[u8] {
        self.files.get(name).map_or(&[], Vec::as_slice)
    }
}

/// Names that lead nowhere else, whatever the system: a-z, 0-9, `.`, `-`, `_`, in folders.
pub(crate) fn check_name(name: &str) -> Result<()> {
    let part = |p: &str| {
        let plain = p.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_".contains(&b));
        plain && !p.is_empty() && !p.starts_with('.')
    };
    if name.len() > 200 || !name.split('/').all(part) {
        return Err(Error::new(format!("`{name}` cannot name a file of a bundle")));
    }
    Ok(())
}

pub(crate) fn file_digest(bytes: &[u8]) -> FileDigest {
    FileDigest { sha256: encoding::to_hex(&Sha256::digest(bytes)), size: bytes.len() as u64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_file_and_back() {
        let files = [("a/b.json", b"{}".to_vec()), ("c", vec![0, 255])];
        let bundle = Bundle { files: files.map(|(n, b)| (n.to_owned(), b)).into() };
        assert_eq!(Bundle::unpack(&bundle.pack().unwrap()).unwrap(), bundle);
    }

    #[test]
    fn names_lead_nowhere_else() {
        for name in ["", "/a", "a//b", "../a", "a/..", ".a", "a\\b", "a b", "ä", "a/"] {
            assert!(check_name(name).is_err(), "{name}");
        }
        assert!(Bundle::unpack(br#"{"../a":""}"#).is_err());
        assert!(check_name("populations/acts.csv").is_ok());
    }
}
