//! The head of a log as its store keeps it: the signed checkpoint, and what the next one grows from.

use crate::{
    Checkpoint, Error, Frontier, Hash, Note, Result, Signer, VerifierKey, count, encoding, entry::Sequence,
    error::refuse, json,
};
use serde_json::Value;
use std::collections::BTreeMap;

/// The head of a log. One that was read is sound only after [`Head::verify`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The checkpoint, signed by the log.
    pub note: Note,
    /// The right edge of the tree.
    pub frontier: Frontier,
    /// The numbers and time of the next entry.
    pub sequence: Sequence,
}

impl Head {
    /// The head of a log without entries.
    pub fn empty(signer: &Signer) -> Result<Self> {
        Self::sign(signer, Frontier::default(), Sequence::default())
    }

    /// Signs a head, one that is consistent.
    pub(crate) fn sign(signer: &Signer, frontier: Frontier, sequence: Sequence) -> Result<Self> {
        let checkpoint = Checkpoint::new(signer.verifier().name(), frontier.size(), frontier.root());
        let mut note = checkpoint.to_note()?;
        note.sign(signer)?;
        let head = Self { note, frontier, sequence };
        head.check(&checkpoint)?;
        Ok(head)
    }

    /// How many entries the log has.
    pub fn size(&self) -> u64 {
        self.frontier.size()
    }

    /// The root over them.
    pub fn root(&self) -> Hash {
        self.frontier.root()
    }

    /// Verifies that the checkpoint is signed by this key and is the one of this edge and sequence.
    pub fn verify(&self, key: &VerifierKey) -> Result<Checkpoint> {
        let checkpoint = Checkpoint::parse(self.note.text())?;
        if checkpoint.origin != key.name() {
            refuse!("the log is `{}`, the key is that of `{}`", checkpoint.origin, key.name());
        }
        if self.note.verify([key])?.is_empty() {
            refuse!("the head of `{}` is not signed by the key `{}`", checkpoint.origin, key.to_vkey());
        }
        self.check(&checkpoint)?;
        Ok(checkpoint)
    }

    /// Sees that the checkpoint is the one of this edge and sequence.
    fn check(&self, checkpoint: &Checkpoint) -> Result<()> {
        let size = checkpoint.size;
        if size != self.frontier.size() || size != self.sequence.next {
            refuse!(
                "the head says {}, its edge {}, its sequence {}",
                count(size, "entry", "entries"),
                self.size(),
                self.sequence.next
            );
        }
        if checkpoint.root != self.frontier.root() {
            refuse!("the edge kept with the head does not have the root that was signed");
        }
        if self.sequence.sources.values().sum::<u64>() != size {
            refuse!("the entries of all sources do not add up to {size}");
        }
        Ok(())
    }

    /// The head as canonical JSON. Each append waits for it, so it is written at once, field by field in their order.
    pub fn to_json(&self) -> Result<Vec<u8>> {
        let quoted = |text: &str| serde_json::to_string(text).map_err(|e| Error::new(e.to_string()));
        let edge: Vec<_> = self.frontier.hashes().iter().map(|h| encoding::to_base64(h)).collect();
        let edge = if edge.is_empty() { String::new() } else { format!("\"{}\"", edge.join("\",\"")) };
        // The names of sources are plain letters, which every way of ordering puts in the same order.
        let sources = self.sequence.sources.iter().map(|(name, n)| Ok(format!("{}:\"{n}\"", quoted(name)?)));
        let sources = sources.collect::<Result<Vec<_>>>()?.join(",");
        let (note, size, time) = (quoted(&self.note.to_string())?, self.size(), self.sequence.time);
        let json = format!(
            r#"{{"edge":[{edge}],"note":{note},"size":"{size}","sources":{{{sources}}},"time":"{time}","v":1}}"#
        );
        Ok(json.into_bytes())
    }

    /// Reads a head; nothing of it is verified here.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let value = json::parse_canonical(bytes)?;
        Self::parse_fields(&value).map_err(|e| e.at("this is no head of a log"))
    }

    fn parse_fields(value: &Value) -> Result<Self> {
        if value["v"] != 1 || value.as_object().is_none_or(|o| o.len() != 6) {
            refuse!("it has not the six fields of version 1");
        }
        let absent = |name: &str| Error::new(format!("its field `{name}` is missing or of another type"));
        let text = |name: &str| value[name].as_str().ok_or_else(|| absent(name));
        let edge = value["edge"].as_array().ok_or_else(|| absent("edge"))?;
        let edge = edge.iter().map(|h| encoding::hash_from_base64(h.as_str().unwrap_or_default()));
        let size = encoding::decimal(text("size")?)?;
        let sources = value["sources"].as_object().ok_or_else(|| absent("sources"))?;
        let sources = sources
            .iter()
            .map(|(name, n)| Ok((name.clone(), encoding::decimal(n.as_str().unwrap_or_default())?)))
            .collect::<Result<BTreeMap<_, _>>>()?;
        Ok(Self {
            note: Note::parse(text("note")?.as_bytes())?,
            frontier: Frontier::new(size, edge.collect::<Result<_>>()?)?,
            sequence: Sequence { next: size, sources, time: encoding::decimal(text("time")?)? },
        })
    }
}
