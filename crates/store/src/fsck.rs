//! The check of a whole ledger: every byte of it held against the signed head; what does not fit is named by its place.
//!
//! A check of a ledger in a folder is made of parts: the cells, the entries with the tiles over them, the published
//! checkpoint, the offsets. What was found sound can be kept ([`Known`]), and a later check goes on from it: it looks at the
//! part that was touched and at what depends on it, with the same code.

use crate::folder::{Folder, Record};
use crate::tape::SEGMENT;
use ledger::{
    Checkpoint, Entry, Error, Head, Note, Result, Sequence, Store, VerifierKey,
    audit::Audit,
    count, merkle,
    tile::{TiledTree, WIDTH},
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
    match head.verify(key) {
        Ok(checkpoint) => {
            let logged = Logged { store, key, head: &head, checkpoint: &checkpoint };
            logged
                .entries(Walk::default(), 0, |_| ())
                .unwrap_or_else(|e| report.problems.push(e.to_string()));
            report.entries = if report.problems.is_empty() { checkpoint.size } else { 0 };
            logged.published().unwrap_or_else(|e| report.problems.push(e.to_string()));
        }
        Err(e) => report.problems.push(format!("head: {e}")),
    }
    Ok(report)
}

/// How far a check of the entries and of the tiles over them has come.
#[derive(Clone, Debug, Default)]
struct Walk {
    audit: Audit,
    sequence: Sequence,
}

/// A log under a head whose signature holds.
struct Logged<'a> {
    store: &'a dyn Store,
    key: &'a VerifierKey,
    head: &'a Head,
    checkpoint: &'a Checkpoint,
}

impl Logged<'_> {
    /// Holds every entry, hash and number from there on against the head; so many entries of the first bundle are known to
    /// have their hashes. `mark` is told how far it has come.
    fn entries(&self, from: Walk, known: usize, mut mark: impl FnMut(&Walk)) -> Result<()> {
        let (mut walk, mut known) = (from, known);
        while walk.audit.has_more(self.checkpoint) {
            let Walk { audit, sequence } = &mut walk;
            audit.bundle_after(
                std::mem::take(&mut known),
                &self.store,
                self.checkpoint,
                &mut |index, bytes| {
                    let entry = Entry::parse(bytes).map_err(|e| Error::new(format!("entry {index}: {e}")))?;
                    sequence.follow(&entry)
                },
            )?;
            mark(&walk);
        }
        walk.audit.finish(&self.store, self.checkpoint)?;
        if walk.sequence != self.head.sequence {
            return Err(Error::new("head: its sequence numbers or its time are not those of the entries"));
        }
        Ok(())
    }

    /// Holds the published checkpoint against the log.
    fn published(&self) -> Result<()> {
        let Some(note) = self.store.published()? else { return Ok(()) };
        self.continues(&note).map_err(of_published)
    }

    fn continues(&self, note: &Note) -> Result<()> {
        let published = Checkpoint::parse(note.text())?;
        if published.origin != self.checkpoint.origin || note.verify([self.key])?.is_empty() {
            return Err(Error::new("it is not signed by the log"));
        }
        self.leads_to(&published)
    }

    /// Holds a checkpoint that the log signed against its tiles.
    fn leads_to(&self, published: &Checkpoint) -> Result<()> {
        let (size, of_log) = (published.size, self.checkpoint.size);
        if size > of_log {
            return Err(Error::new(format!("it has {}, the log {of_log}", count(size, "entry", "entries"))));
        }
        if merkle::root(&TiledTree::new(&self.store, size), size)? != published.root {
            return Err(Error::new(format!(
                "its root is not that of the log's first {}",
                count(size, "entry", "entries")
            )));
        }
        Ok(())
    }
}

fn of_published(e: Error) -> Error {
    Error::new(format!("published: {e}"))
}

/// What a check found sound, with the places that a later one can go on from.
pub struct Known {
    record: Record,
    checkpoint: Checkpoint,
    /// What was published, signed by the log.
    published: Option<(Note, Checkpoint)>,
    /// Before each bundle, and after the last.
    walks: Vec<Walk>,
    /// Where each bundle begins, and where the last one ends.
    offsets: Vec<u64>,
    /// Where each entry begins.
    starts: Vec<u64>,
}

/// What of the published checkpoint a check looks at.
enum Published<'k> {
    /// The checkpoint, its signature and what it leads to.
    Whole,
    /// Whether the tiles still lead to one that is known to be signed.
    Known(&'k Checkpoint),
}

/// Where a check goes on; what is not named is known to be good.
#[derive(Default)]
struct Scope<'k> {
    /// From there on, and how many entries of the bundle there are known to have their hashes.
    entries: Option<(Walk, usize)>,
    published: Option<Published<'k>>,
    /// A bundle, and what is known from the one after it on.
    offsets: Option<(u64, &'k [u64])>,
}

impl Known {
    /// What a byte of a file of the ledger bears on: itself and all that depends on it. None for the cells and for a byte
    /// that is not known.
    fn scope(&self, file: &str, byte: u64) -> Option<Scope<'_>> {
        let before = |entry: u64| {
            let walk = self.walks.get(usize::try_from(entry / WIDTH).ok()?)?;
            Some(Some((walk.clone(), (entry % WIDTH) as usize)))
        };
        let none = Scope::default();
        let published = || self.published.as_ref().map(|(_, known)| Published::Known(known));
        if let Some(number) = file.strip_prefix("entries-") {
            let at = number.parse::<u64>().ok()?.checked_mul(SEGMENT)?.checked_add(byte)?;
            let entry = self.starts.partition_point(|s| *s <= at).checked_sub(1)? as u64;
            let offsets = Some((entry / WIDTH, &self.offsets[..]));
            return Some(Scope { entries: before(entry)?, offsets, ..none });
        }
        match file {
            // A bundle is read up to where the next one begins.
            "offsets" => {
                let entries = before((byte / 8).saturating_sub(1) * WIDTH)?;
                Some(Scope { entries, offsets: Some((byte / 8, &self.offsets)), ..none })
            }
            "level-0" => Some(Scope { entries: before(byte / 32)?, published: published(), ..none }),
            level if level.starts_with("level-") => {
                Some(Scope { entries: Some((self.walks.last()?.clone(), 0)), published: published(), ..none })
            }
            _ => None,
        }
    }
}

impl Folder {
    /// Checks a ledger in a folder to the last byte: what [`fsck`] checks, and every file.
    pub fn fsck(&self, key: &VerifierKey) -> Result<Report> {
        let record = self.record()?.ok_or_else(|| Error::new("there is no ledger"))?;
        let mut report = Report::default();
        for cell in ["head", "published"] {
            report.problems.append(&mut self.examine(cell)?);
        }
        match record.head.verify(key) {
            Ok(checkpoint) => {
                let whole = Scope {
                    entries: Some((Walk::default(), 0)),
                    published: Some(Published::Whole),
                    offsets: Some((0, &[])),
                };
                self.check(key, &record, &checkpoint, whole, &mut report);
            }
            Err(e) => report.problems.push(format!("head: {e}")),
        }
        self.note_lengths(&record, &mut report)?;
        Ok(report)
    }

    /// Checks a ledger at rest, and keeps what it found sound for [`Folder::fsck_again`]: a mark for every bundle, so this is
    /// for small ledgers.
    ///
    /// # Errors
    /// Also when something is not sound.
    pub fn fsck_to_know(&self, key: &VerifierKey) -> Result<Known> {
        let report = self.fsck(key)?;
        if let Some(told) = report.problems.iter().chain(&report.notes).next() {
            return Err(Error::new(told.as_str()));
        }
        let record = self.record()?.ok_or_else(|| Error::new("there is no ledger"))?;
        let checkpoint = record.head.verify(key)?;
        let mut walks = vec![Walk::default()];
        let logged = Logged { store: self, key, head: &record.head, checkpoint: &checkpoint };
        logged.entries(Walk::default(), 0, |walk| walks.push(walk.clone()))?;
        let offsets = (0..checkpoint.size.div_ceil(WIDTH)).map(|b| self.derived().offset(b));
        let offsets = offsets.chain([Ok(record.end)]).collect::<Result<_>>()?;
        let published = self.published()?.map(|note| Ok::<_, Error>((Checkpoint::parse(note.text())?, note)));
        let published = published.transpose()?.map(|(known, note)| (note, known));
        let starts = self.starts(&record)?;
        Ok(Known { record, checkpoint, published, walks, offsets, starts })
    }

    /// Checks again after a byte of a file may have changed: that part and what depends on it, as [`Folder::fsck`] does.
    pub fn fsck_again(&self, key: &VerifierKey, known: &Known, file: &str, byte: u64) -> Result<Report> {
        let mut report = Report { entries: known.checkpoint.size, ..Report::default() };
        let Known { record, checkpoint, .. } = known;
        if let Some(scope) = known.scope(file, byte) {
            self.check(key, record, checkpoint, scope, &mut report);
            return Ok(report);
        }
        let same = match file {
            "head" => self.record()?.as_ref() == Some(record),
            "published" => self.published()?.as_ref() == known.published.as_ref().map(|(note, _)| note),
            _ => false,
        };
        if same {
            report.problems = self.examine(file)?;
            return Ok(report);
        }
        self.fsck(key)
    }

    /// Checks the parts in scope, under a head whose signature holds.
    fn check(
        &self,
        key: &VerifierKey,
        record: &Record,
        checkpoint: &Checkpoint,
        scope: Scope<'_>,
        report: &mut Report,
    ) {
        let logged = Logged { store: self, key, head: &record.head, checkpoint };
        let entries = scope.entries.map(|(from, known)| logged.entries(from, known, |_| ()));
        report.entries = if matches!(entries, Some(Err(_))) { 0 } else { checkpoint.size };
        let published = scope.published.map(|published| match published {
            Published::Whole => logged.published(),
            Published::Known(known) => logged.leads_to(known).map_err(of_published),
        });
        let offsets = scope.offsets.map(|(bundle, known)| self.check_offsets(record, bundle, known));
        let found = [entries, published, offsets].into_iter().flatten().filter_map(Result::err);
        report.problems.extend(found.map(|e| e.to_string()));
    }

    /// What files have beyond what counts.
    fn note_lengths(&self, record: &Record, report: &mut Report) -> Result<()> {
        let beyond = self.entries_len().saturating_sub(record.end);
        if beyond > 0 {
            report.notes.push(format!("{beyond} bytes of room, or of entries that were not acknowledged"));
        }
        for (number, (file, expected)) in (0..).zip(self.derived().lengths(record.head.size())) {
            let len = file.size().map_err(|e| Error::new(e.to_string()))?;
            if len > expected {
                report.notes.push(format!("derived file {number} has {len} bytes, {expected} count"));
            }
        }
        Ok(())
    }

    /// Holds the offsets from a bundle on against the entries, until what is known begins again.
    fn check_offsets(&self, record: &Record, from: u64, known: &[u64]) -> Result<()> {
        let known_at = |bundle: u64| known.get(usize::try_from(bundle).ok()?).copied();
        let mut at = known_at(from).unwrap_or(0);
        for bundle in from..record.head.size().div_ceil(WIDTH) {
            if bundle > from && known_at(bundle) == Some(at) {
                return Ok(());
            }
            let found = self.derived().offset(bundle)?;
            if found != at {
                return Err(Error::new(format!(
                    "`offsets` at byte {}: bundle {bundle} begins at {at}, not {found}",
                    bundle * 8
                )));
            }
            at += self.bundle_len(bundle, at, record)?;
        }
        if at != record.end {
            return Err(Error::new(format!("`entries` end at byte {at}, the head says {}", record.end)));
        }
        Ok(())
    }
}
