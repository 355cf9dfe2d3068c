//! The check of a whole ledger: every byte of it held against the signed head; what does not fit is named by its place.

use crate::folder::Folder;
use ledger::{
    Checkpoint, Entry, Error, Note, Result, Sequence, Store, VerifierKey, audit, merkle,
    sequencer::split,
    tile::{Kind, ReadTiles, Tile, TiledTree, WIDTH},
};

/// What a check came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// How many entries were read.
    pub entries: u64,
    /// What is wrong, each with its place.
    pub problems: Vec<String>,
    /// What is not as a ledger at rest has it, and harmless: the next start removes it.
    pub notes: Vec<String>,
}

/// Checks a ledger in any store: the head and its signature, every entry, hash and number, the published checkpoint.
pub fn fsck(store: &dyn Store, key: &VerifierKey) -> Result<Report> {
    let mut report = Report::default();
    let head = store.head()?.ok_or_else(|| Error::new("there is no ledger"))?;
    let checkpoint = match head.verify(key) {
        Ok(checkpoint) => checkpoint,
        Err(e) => {
            report.problems.push(format!("head: {e}"));
            return Ok(report);
        }
    };
    let mut sequence = Sequence::default();
    let audited = audit(&store, &checkpoint, |index, bytes| {
        let entry = Entry::parse(bytes).map_err(|e| Error::new(format!("entry {index}: {e}")))?;
        sequence.follow(&entry)
    });
    match audited {
        Ok(audited) => report.entries = audited.entries,
        Err(e) => report.problems.push(e.to_string()),
    }
    if report.problems.is_empty() && sequence != head.sequence {
        report
            .problems
            .push("head: its sequence numbers or its time are not those of the entries".to_owned());
    }
    if let Some(note) = store.published()? {
        report
            .problems
            .extend(published(store, &note, &checkpoint, key).err().map(|e| format!("published: {e}")));
    }
    Ok(report)
}

/// Holds the published checkpoint against the log.
fn published(store: &dyn Store, note: &Note, head: &Checkpoint, key: &VerifierKey) -> Result<()> {
    let published = Checkpoint::parse(note.text())?;
    if published.origin != head.origin || note.verify([key])?.is_empty() {
        return Err(Error::new("it is not signed by the log"));
    }
    if published.size > head.size {
        return Err(Error::new(format!("it has {} entries, the log {}", published.size, head.size)));
    }
    if merkle::root(&TiledTree::new(&store, published.size), published.size)? != published.root {
        return Err(Error::new(format!(
            "its root is not that of the log's first {} entries",
            published.size
        )));
    }
    Ok(())
}

impl Folder {
    /// Checks a ledger in a folder to the last byte: what [`fsck`] checks, and every file.
    pub fn fsck(&self, key: &VerifierKey) -> Result<Report> {
        let (cells, record) = self.examine()?;
        let Some(record) = record else { return Err(Error::new("there is no ledger")) };
        let mut report = fsck(self, key)?;
        report.problems.splice(0..0, cells);
        let size = record.head.size();
        if let Err(e) = self.check_offsets(size, record.end) {
            report.problems.push(e.to_string());
        }
        let beyond = self.entries_len().saturating_sub(record.end);
        if beyond > 0 {
            report.notes.push(format!("{beyond} bytes of room, or of entries that were not acknowledged"));
        }
        for (number, (file, expected)) in (0..).zip(self.derived().lengths(size)) {
            let len = file.size().map_err(|e| Error::new(e.to_string()))?;
            if len > expected {
                report.notes.push(format!("derived file {number} has {len} bytes, {expected} count"));
            }
        }
        Ok(report)
    }

    fn check_offsets(&self, size: u64, end: u64) -> Result<()> {
        let mut at = 0;
        for bundle in 0..size.div_ceil(WIDTH) {
            let found = self.derived().offset(bundle)?;
            if found != at {
                return Err(Error::new(format!(
                    "`offsets` at byte {}: bundle {bundle} begins at {at}, not {found}",
                    bundle * 8
                )));
            }
            let Some(tile) = Tile::of(Kind::Entries, bundle, size) else { break };
            let bytes = self.read_tile(&tile)?;
            at += split(&bytes).map(|e| e.map(|e| e.len() as u64 + 2)).sum::<Result<u64>>()?;
        }
        if at != end {
            return Err(Error::new(format!("`entries` end at byte {at}, the head says {end}")));
        }
        Ok(())
    }
}
