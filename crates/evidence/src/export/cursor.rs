//! Where an export stopped, so that the next one goes on there; and what shows that nothing was left out.
//!
//! A cursor is `NEXT:TIME:ROOT:SOURCES`: how many entries were exported, the time of the last, the root of the tree over
//! them, and how many of each source they were. A ledger that is shorter, or has another root there, is not the one that was
//! exported.

use ledger::{Entry, Hash, Sequence, encoding, leaf_hash};
use std::collections::BTreeMap;
use std::fmt;

/// A cursor has at most 256 sources of 64 letters.
const LONGEST: usize = 1 << 15;

/// Where an export stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The numbers that come next, and the time of the last entry.
    pub sequence: Sequence,
    /// The root of the tree over what was exported.
    pub root: Hash,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Sequence { next, time, sources } = &self.sequence;
        let sources: Vec<_> = sources.iter().map(|(source, count)| format!("{source}={count}")).collect();
        write!(f, "{next}:{time}:{}:{}", encoding::to_hex(&self.root), sources.join(","))
    }
}

impl Cursor {
    /// Reads a cursor; nothing where the text is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > LONGEST {
            return None;
        }
        let mut parts = text.split(':');
        let (next, time) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let root = encoding::from_hex(parts.next()?).ok()?.try_into().ok()?;
        let counts = parts.next()?.split(',').filter(|s| !s.is_empty());
        let count = |pair: &str| {
            let (source, count) = pair.split_once('=')?;
            Some((source.to_owned(), count.parse().ok()?))
        };
        let sources: BTreeMap<String, u64> = counts.map(count).collect::<Option<_>>()?;
        let all = sources.values().try_fold(0u64, |sum, n| sum.checked_add(*n))?;
        let read = Self { sequence: Sequence { next, time, sources }, root };
        // One spelling, so that equal places have equal cursors.
        (all == next && parts.next().is_none() && read.to_string() == text).then_some(read)
    }
}

/// Something that is missing, or is not what the ledger's tree was built over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The number of the entry that should stand there.
    pub at: u64,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "gap at entry {}: {}", self.at, self.message)
    }
}

/// Entries as they are exported, one after the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stream {
    sequence: Sequence,
}

impl Stream {
    /// A stream that goes on where another stopped.
    #[must_use]
    pub fn after(cursor: &Cursor) -> Self {
        Self { sequence: cursor.sequence.clone() }
    }

    /// The number of the entry that comes next.
    #[must_use]
    pub fn next(&self) -> u64 {
        self.sequence.next
    }

    /// Where it stands now; `root` is that of the tree over what was taken.
    #[must_use]
    pub fn cursor(&self, root: Hash) -> Cursor {
        Cursor { sequence: self.sequence.clone(), root }
    }

    /// Takes the next entry; `leaf` is its hash in the tree.
    ///
    /// # Errors
    /// When it is not the next entry of the ledger or of its source, or not what the tree was built over. The stream
    /// then stands where it stood before.
    pub fn take(&mut self, bytes: &[u8], leaf: &Hash) -> Result<Entry, Gap> {
        let at = self.sequence.next;
        let gap = |message: String| Gap { at, message };
        let entry = Entry::parse(bytes).map_err(|e| gap(format!("it cannot be read: {e}")))?;
        if let Some(missing) = self.missing(&entry) {
            return Err(gap(missing));
        }
        if leaf_hash(bytes) != *leaf {
            return Err(gap("its bytes are not those that the ledger's tree was built over".to_owned()));
        }
        let mut sequence = self.sequence.clone();
        sequence.follow(&entry).map_err(|e| gap(e.to_string()))?;
        self.sequence = sequence;
        Ok(entry)
    }

    /// Which numbers are left out before an entry.
    fn missing(&self, entry: &Entry) -> Option<String> {
        let (next, place) = (self.sequence.next, entry.place);
        let of_source = self.sequence.sources.get(&entry.source).copied().unwrap_or_default();
        if place.seq > next {
            return Some(format!("entries {next} to {} are missing", place.seq - 1));
        }
        (place.source_seq > of_source).then(|| {
            format!("numbers {of_source} to {} of `{}` are missing", place.source_seq - 1, entry.source)
        })
    }
}
