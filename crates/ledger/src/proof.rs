//! Proof files (C2SP tlog-proof): that an entry is in a log, to be checked offline.

use crate::{
    Checkpoint, Error, Hash, Note, Result, encoding,
    error::refuse,
    merkle::{MAX_PROOF, verify_inclusion},
    policy::{Accepted, Policy},
};

const HEADER: &str = "c2sp.org/tlog-proof@v1";

/// The index of an entry, its way to the root, and the signed checkpoint with that root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogProof {
    /// Data for the application; nothing vouches for it.
    pub extra: Option<Vec<u8>>,
    /// Where the entry is.
    pub index: u64,
    /// The hashes beside its way, from the leaf up.
    pub hashes: Vec<Hash>,
    /// The checkpoint with its signatures.
    pub checkpoint: Note,
}

impl LogProof {
    /// Reads a proof file. Nothing of it is verified here.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let text =
            std::str::from_utf8(bytes).map_err(|e| Error::new(format!("the proof is not UTF-8: {e}")))?;
        let Some((head, checkpoint)) = text.split_once("\n\n") else {
            refuse!("the proof has no blank line before its checkpoint");
        };
        let mut lines = head.split('\n').peekable();
        if lines.next() != Some(HEADER) {
            refuse!("the proof does not begin with `{HEADER}`");
        }
        let extra =
            lines.peek().and_then(|l| l.strip_prefix("extra ")).map(encoding::from_base64).transpose()?;
        let index = if extra.is_some() { lines.nth(1) } else { lines.next() };
        let Some(index) = index.and_then(|l| l.strip_prefix("index ")) else {
            refuse!("the proof has no line `index NUMBER` where one belongs");
        };
        let index = encoding::decimal(index)?;
        let hashes: Vec<_> = lines.map(encoding::hash_from_base64).collect::<Result<_>>()?;
        if hashes.len() > MAX_PROOF {
            refuse!("the proof has {} hashes, more than any tree needs", hashes.len());
        }
        Ok(Self { extra, index, hashes, checkpoint: Note::parse(checkpoint.as_bytes())? })
    }

    /// Verifies that a leaf with this hash is in a log that the policy knows, under a checkpoint that it accepts.
    pub fn verify<'p>(&self, leaf: &Hash, policy: &'p Policy) -> Result<Proven<'p>> {
        let accepted = policy.accept(&self.checkpoint)?;
        let Checkpoint { size, root, .. } = &accepted.checkpoint;
        verify_inclusion(leaf, self.index, *size, &self.hashes, root)?;
        Ok(Proven { index: self.index, accepted })
    }
}

impl std::fmt::Display for LogProof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{HEADER}")?;
        if let Some(extra) = &self.extra {
            writeln!(f, "extra {}", encoding::to_base64(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        self.hashes.iter().try_for_each(|h| writeln!(f, "{}", encoding::to_base64(h)))?;
        write!(f, "\n{}", self.checkpoint)
    }
}

/// What a proof has proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proven<'p> {
    /// The index of the entry.
    pub index: u64,
    /// The checkpoint it is under, and who stands for that.
    pub accepted: Accepted<'p>,
}
