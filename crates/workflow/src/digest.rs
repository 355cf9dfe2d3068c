//! Digests: SHA-256 over named parts as a Merkle tree, so that a reader sees which part changed.

use crate::Text;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// A SHA-256 digest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Digest(pub [u8; 32]);

/// A named part of something and its digest: a step, a trigger, the settings, a called workflow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Its name, unique within the whole (`step/Manage Access`, `trigger`, `settings`).
    pub name: Text,
    /// The digest of its canonical bytes.
    pub digest: Digest,
}

impl Digest {
    /// The digest of bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Digest(Sha256::digest(bytes).into())
    }
}

/// The root over parts: each leaf is SHA-256(0x00 ‖ name ‖ 0x00 ‖ digest), the root SHA-256(0x01 ‖ leaves in
/// the order of their names). The order in which parts are given does not matter.
#[must_use]
pub fn merkle(parts: &[Part]) -> Digest {
    let mut sorted: Vec<&Part> = parts.iter().collect();
    sorted.sort_by(|a, b| a.name.cmp(&b.name).then(a.digest.cmp(&b.digest)));
    let mut root = Sha256::new();
    root.update([1]);
    for part in sorted {
        let mut leaf = Sha256::new();
        leaf.update([0]);
        leaf.update(part.name.as_bytes());
        leaf.update([0]);
        leaf.update(part.digest.0);
        root.update(leaf.finalize());
    }
    Digest(root.finalize().into())
}

impl std::fmt::Display for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut hex = [0; 64];
        for (pair, byte) in hex.chunks_exact_mut(2).zip(self.0) {
            pair.copy_from_slice(&[DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
        }
        f.write_str("sha256:")?;
        f.write_str(std::str::from_utf8(&hex).unwrap_or_default())
    }
}

impl std::fmt::Debug for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(name: &str, bytes: &[u8]) -> Part {
        Part { name: name.into(), digest: Digest::of(bytes) }
    }

    #[test]
    fn order_does_not_matter_and_content_does() {
        let (a, b) = (part("a", b"1"), part("b", b"2"));
        assert_eq!(merkle(&[a.clone(), b.clone()]), merkle(&[b.clone(), a.clone()]));
        assert_ne!(merkle(&[a.clone(), b]), merkle(&[a, part("b", b"3")]));
    }

    #[test]
    fn a_name_is_part_of_the_digest() {
        assert_ne!(merkle(&[part("a", b"1")]), merkle(&[part("b", b"1")]));
    }

    #[test]
    fn shows_as_hex() {
        let empty = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(Digest::of(b"").to_string(), empty);
    }
}
