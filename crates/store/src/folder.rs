//! A log in a folder: a few files that grow at their end, and a cell with the head.
//!
//! | file | what |
//! |---|---|
//! | `head` | the head of the log, in a [`crate::cell`]: the commit point |
//! | `published` | the checkpoint with its cosignatures, in a cell |
//! | `entries-000000` … | the entries, bundle after bundle as tlog-tiles has them, in files of 64 MiB |
//! | `offsets` | where each bundle begins, eight bytes each |
//! | `level-0` … | the hashes of each level of tiles, one after the other |
//! | `lock` | held by the one who writes |
//!
//! A tile or a bundle is a slice of these. `offsets` and the levels follow from the entries: they are made durable once
//! in a while, the head says up to where, and the ordinary start computes the rest again. An append costs two syncs: of
//! the entries, while the head is signed, then of the head. What follows from the entries is written beside them.

use crate::cell::{Cell, failed};
use crate::disk::{Disk, DiskFile, RealDisk};
use crate::tape::Tape;
use ledger::{
    Batch, Checkpoint, Error, Failure, Frontier, Head, Note, ReadTiles, Result, Sealed, Store, Tile,
    frontier::TileHash,
    merkle::leaf_hash,
    sequencer::split,
    tile::{Kind, TiledTree, WIDTH},
};
use std::fs::File;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

/// Levels of tiles that are kept: enough for 2^40 entries.
const LEVELS: u8 = 5;
/// Entries whose lengths are not known are read in pieces that begin with this size.
const PIECE: u64 = 64 << 10;
/// After so many entries, what follows from them is made durable.
const SETTLED_EVERY: u64 = 1 << 20;

/// A log in a folder.
pub struct Folder {
    disk: Arc<dyn Disk>,
    tape: RwLock<Tape>,
    derived: Arc<Derived>,
    writer: Mutex<Option<Writer>>,
    view: RwLock<Option<Record>>,
    _lock: Option<File>,
}

/// What only the one who writes has.
struct Writer {
    head: Cell,
    published: Cell,
}

/// The head, with where its entries end and up to where what follows from them is durable.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) end: u64,
    settled: u64,
    pub(crate) head: Head,
}

impl Record {
    fn parse(bytes: &[u8]) -> Result<Self> {
        let parts =
            bytes.split_first_chunk::<8>().and_then(|(e, rest)| Some((e, rest.split_first_chunk::<8>()?)));
        let (end, (settled, head)) = parts.ok_or_else(|| Error::new("the head is too short"))?;
        let (end, settled) = (u64::from_be_bytes(*end), u64::from_be_bytes(*settled));
        Ok(Self { end, settled, head: Head::parse(head)? })
    }

    fn to_bytes(&self) -> Result<Vec<u8>> {
        let mut out = [self.end.to_be_bytes(), self.settled.to_be_bytes()].concat();
        out.append(&mut self.head.to_json()?);
        Ok(out)
    }
}

/// The files that follow from the entries.
pub(crate) struct Derived {
    pub(crate) offsets: Box<dyn DiskFile>,
    pub(crate) levels: Vec<Box<dyn DiskFile>>,
}

impl Derived {
    fn open(disk: &dyn Disk) -> Result<Self> {
        let open = |name: &str| disk.open(name).map_err(|e| failed(name, "cannot be opened", &e));
        let levels = (0..LEVELS).map(|l| open(&format!("level-{l}"))).collect::<Result<_>>()?;
        Ok(Self { offsets: open("offsets")?, levels })
    }

    fn sync(&self) -> Result<()> {
        let mut all = self.levels.iter().chain([&self.offsets]);
        all.try_for_each(|f| f.sync()).map_err(|e| failed("level-0", "cannot be made durable", &e))
    }

    /// Writes what entries add.
    fn write(&self, added: &Added) -> Result<()> {
        for (level, file) in (0..).zip(&self.levels) {
            let mut of_level = added.hashes.iter().filter(|h| h.level == level);
            let Some(at) = of_level.clone().next() else { continue };
            let row: Vec<u8> = of_level.by_ref().flat_map(|h| h.hash).collect();
            let written = file.write(at.index * 32, &row);
            written.map_err(|e| failed(&format!("level-{level}"), "cannot be written", &e))?;
        }
        let written = self.offsets.write(added.first.div_ceil(WIDTH) * 8, &added.offsets);
        written.map_err(|e| failed("offsets", "cannot be written", &e))
    }

    /// Removes what an append that was not acknowledged left.
    fn trim(&self, size: u64) -> Result<()> {
        for (file, len) in self.lengths(size) {
            file.set_len(len).map_err(|e| failed("level-0", "cannot be cut", &e))?;
        }
        Ok(())
    }

    /// How long each file is for a log of this size.
    pub(crate) fn lengths(&self, size: u64) -> impl Iterator<Item = (&dyn DiskFile, u64)> {
        let levels = (0_u32..).zip(&self.levels).map(move |(l, file)| (&**file, (size >> (8 * l)) * 32));
        levels.chain([(&*self.offsets, size.div_ceil(WIDTH) * 8)])
    }

    pub(crate) fn offset(&self, bundle: u64) -> Result<u64> {
        let mut bytes = [0; 8];
        self.offsets.read(bundle * 8, &mut bytes).map_err(|e| failed("offsets", "cannot be read", &e))?;
        Ok(u64::from_be_bytes(bytes))
    }
}

/// The hashes and offsets that entries add.
struct Added {
    first: u64,
    hashes: Vec<TileHash>,
    offsets: Vec<u8>,
}

impl Added {
    /// By the entries from `first` on, which begin at byte `start`.
    fn new(first: u64, start: u64, bytes: &[u8], hashes: Vec<TileHash>) -> Result<Self> {
        let (mut at, mut offsets) = (start, Vec::new());
        for (seq, entry) in (first..).zip(split(bytes)) {
            if seq % WIDTH == 0 {
                offsets.extend_from_slice(&at.to_be_bytes());
            }
            at += entry?.len() as u64 + 2;
        }
        Ok(Self { first, hashes, offsets })
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Folder {
    /// Opens a folder to append to it, and brings it in order after a crash. One process at a time can.
    pub fn open(path: &Path) -> Result<Self> {
        let disk = RealDisk::new(path).map_err(|e| failed(&path.to_string_lossy(), "cannot be made", &e))?;
        let lock = Self::lock(path)?;
        let mut folder = Self::open_on(Arc::new(disk))?;
        folder._lock = Some(lock);
        Ok(folder)
    }

    /// Takes the lock of a folder, which is held until the file is dropped.
    pub fn lock(path: &Path) -> Result<File> {
        let lock = File::create(path.join("lock")).map_err(|e| failed("lock", "cannot be opened", &e))?;
        lock.try_lock().map_err(|_| {
            Error::new(format!(
                "`{}` is being written by another process: wait until it has ended",
                path.display()
            ))
        })?;
        Ok(lock)
    }

    /// Opens a folder to read it, beside one who may be writing.
    pub fn open_to_read(path: &Path) -> Result<Self> {
        if !path.join("head").is_file() {
            if path.join(crate::tape::name(0)).exists() {
                return Err(Error::new(format!(
                    "`{}` has entries, and no head: restore it from a copy of the folder",
                    path.display()
                )));
            }
            return Err(Error::new(format!(
                "there is no ledger in `{}`: make one with `ledger init`",
                path.display()
            )));
        }
        Self::open_on_to_read(Arc::new(RealDisk(path.to_owned())))
    }

    /// Opens a folder on this disk to read it.
    pub fn open_on_to_read(disk: Arc<dyn Disk>) -> Result<Self> {
        let (tape, derived) = (RwLock::new(Tape::open(Arc::clone(&disk))?), Arc::new(Derived::open(&*disk)?));
        let folder =
            Self { disk, tape, derived, writer: Mutex::new(None), view: RwLock::new(None), _lock: None };
        folder.refresh()?;
        Ok(folder)
    }

    /// Opens a folder on this disk to append to it.
    pub fn open_on(disk: Arc<dyn Disk>) -> Result<Self> {
        let derived = Arc::new(Derived::open(&*disk)?);
        let writer =
            Writer { head: Cell::open(&*disk, "head")?, published: Cell::open(&*disk, "published")? };
        disk.sync_folder().map_err(|e| failed("head", "cannot be made", &e))?;
        let tape = RwLock::new(Tape::open(Arc::clone(&disk))?);
        let folder = Self {
            disk,
            tape,
            derived,
            writer: Mutex::new(Some(writer)),
            view: RwLock::new(None),
            _lock: None,
        };
        folder.recover()?;
        Ok(folder)
    }

    /// The ordinary start: what was acknowledged is made whole, what was not is removed.
    fn recover(&self) -> Result<()> {
        let mut writer = locked(&self.writer);
        let Some(writer) = writer.as_mut() else { return Ok(()) };
        writer.head.settle()?;
        writer.published.settle()?;
        let Some(record) = writer.head.value().map(Record::parse).transpose()? else {
            return self.with_tape(|tape| empty(tape, writer.published.value().is_some()));
        };
        self.with_tape(|tape| {
            if tape.len() < record.end {
                return Err(Error::new(format!(
                    "acknowledged entries are missing: the head says {} bytes of entries, there are {}",
                    record.end,
                    tape.len()
                )));
            }
            tape.cut(record.end)
        })?;
        *self.view.write().unwrap_or_else(PoisonError::into_inner) = Some(record.clone());
        self.derive(&record)?;
        if record.head.size() < record.settled + WIDTH {
            return Ok(());
        }
        // The next start need not compute it once more.
        self.derived.sync()?;
        let record = Record { settled: record.head.size(), ..record };
        writer.head.write(&record.to_bytes()?)?;
        *self.view.write().unwrap_or_else(PoisonError::into_inner) = Some(record);
        Ok(())
    }

    fn with_tape<T>(&self, act: impl FnOnce(&mut Tape) -> Result<T>) -> Result<T> {
        act(&mut self.tape.write().unwrap_or_else(PoisonError::into_inner))
    }

    /// Computes again what follows from the entries since it was last durable, and holds it against the head.
    fn derive(&self, record: &Record) -> Result<()> {
        let size = record.head.size();
        // Back by one bundle where the mark is at a border: the offset of the one after was not there yet.
        let from = record.settled.saturating_sub(1) / WIDTH * WIDTH;
        let mut edge = self.edge(from)?;
        let mut start = if from == 0 { 0 } else { self.derived.offset(from / WIDTH)? };
        for bundle in from / WIDTH..size.div_ceil(WIDTH) {
            let count = (size - bundle * WIDTH).min(WIDTH) as usize;
            let tape = self.tape.read().unwrap_or_else(PoisonError::into_inner);
            let bytes = take(&tape, start, record.end, count)?;
            let mut hashes = Vec::new();
            for entry in split(&bytes) {
                edge.push(leaf_hash(entry?), |h| hashes.push(h));
            }
            self.derived.write(&Added::new(bundle * WIDTH, start, &bytes, hashes)?)?;
            start += bytes.len() as u64;
        }
        if edge.root() != record.head.root() || start != record.end {
            return Err(Error::new(
                "the entries are not those of the head: run `ledger fsck` for the place, and restore a copy",
            ));
        }
        self.derived.trim(size)
    }

    /// The right edge of the tree at a size that is a multiple of a bundle, from the levels.
    fn edge(&self, size: u64) -> Result<Frontier> {
        let tree = TiledTree::new(self, size);
        let mut roots = Vec::new();
        let mut start = 0;
        for height in (0..64).rev().filter(|h| size >> h & 1 == 1) {
            roots.push(ledger::Nodes::node(&tree, height, start >> height)?);
            start += 1 << height;
        }
        Frontier::new(size, roots)
    }

    /// Ends writing: makes everything durable, and gives back preallocated room.
    pub fn close(self) -> Result<()> {
        let record = self.record()?;
        let mut writer = locked(&self.writer);
        let (Some(mut record), Some(writer)) = (record, writer.as_mut()) else { return Ok(()) };
        self.derived.sync()?;
        self.with_tape(|tape| tape.cut(record.end))?;
        record.settled = record.head.size();
        writer.head.settle()?;
        let bytes = record.to_bytes()?;
        writer.head.write(&bytes)?;
        writer.head.write(&bytes)
    }

    pub(crate) fn record(&self) -> Result<Option<Record>> {
        if locked(&self.writer).is_none() {
            self.refresh()?;
        }
        Ok(self.view.read().unwrap_or_else(PoisonError::into_inner).clone())
    }

    /// Reads the head again, for one who does not write.
    fn refresh(&self) -> Result<()> {
        // The one who writes may have replaced both slots while they were read: then read again.
        let read = || Ok(Cell::open(&*self.disk, "head")?.value().map(<[u8]>::to_vec));
        let value = (0..8).find_map(|_| read().transpose()).transpose()?;
        let record = value.map(|v| Record::parse(&v)).transpose()?;
        let known = self.tape.read().unwrap_or_else(PoisonError::into_inner).len();
        if record.as_ref().is_some_and(|r| r.end > known) {
            self.with_tape(|tape| {
                *tape = Tape::open(Arc::clone(&self.disk))?;
                Ok(())
            })?;
        }
        *self.view.write().unwrap_or_else(PoisonError::into_inner) = record;
        Ok(())
    }

    fn read_bundle(&self, tile: &Tile, record: &Record) -> Result<Vec<u8>> {
        let start = self.derived.offset(tile.index)?;
        let size = record.head.size();
        let end =
            if (tile.index + 1) * WIDTH < size { self.derived.offset(tile.index + 1)? } else { record.end };
        if start > end || end > record.end || end - start > WIDTH * (u64::from(u16::MAX) + 2) {
            return Err(Error::new(format!(
                "`offsets` says that `{tile}` is from byte {start} to byte {end}"
            )));
        }
        let tape = self.tape.read().unwrap_or_else(PoisonError::into_inner);
        let mut bytes = tape.read(start, end)?;
        let mut length = 0;
        for entry in split(&bytes).take(usize::from(tile.width)) {
            length += entry.map_err(|e| Error::new(format!("`{tile}`: {e}")))?.len() + 2;
        }
        if tile.is_partial() {
            bytes.truncate(length);
        }
        Ok(bytes)
    }

    /// What is wrong with the copies that a cell has.
    pub(crate) fn examine(&self, cell: &str) -> Result<Vec<String>> {
        Cell::open(&*self.disk, cell)?.examine()
    }

    /// How many bytes the entries of a bundle take that begins there.
    pub(crate) fn bundle_len(&self, bundle: u64, start: u64, record: &Record) -> Result<u64> {
        let Some(tile) = Tile::of(Kind::Entries, bundle, record.head.size()) else { return Ok(0) };
        let tape = self.tape.read().unwrap_or_else(PoisonError::into_inner);
        let bytes = take(&tape, start, record.end, usize::from(tile.width));
        Ok(bytes.map_err(|e| Error::new(format!("`{tile}`, from byte {start}: {e}")))?.len() as u64)
    }

    /// Where each entry begins.
    pub(crate) fn starts(&self, record: &Record) -> Result<Vec<u64>> {
        let bytes = self.tape.read().unwrap_or_else(PoisonError::into_inner).read(0, record.end)?;
        let mut at = 0;
        let start = |entry: Result<&[u8]>| {
            let start = at;
            at += entry?.len() as u64 + 2;
            Ok(start)
        };
        split(&bytes).map(start).collect()
    }

    pub(crate) fn derived(&self) -> &Derived {
        &self.derived
    }

    pub(crate) fn entries_len(&self) -> u64 {
        self.tape.read().unwrap_or_else(PoisonError::into_inner).len()
    }
}

/// Sees that nothing was ever entered or shown where there is no head. What is there without one is not thrown away.
fn empty(tape: &mut Tape, published: bool) -> Result<()> {
    let first = tape.read(0, tape.len().min(PIECE))?;
    if published || first.iter().any(|b| *b != 0) {
        return Err(Error::new(
            "the head is missing or damaged, and there are entries: restore it from a copy of the folder",
        ));
    }
    tape.cut(0)
}

/// The bytes of so many entries from `start` on, of which none reaches beyond `end`. They are read in pieces that grow: one
/// as large as entries may be would be hundreds of times what they mostly are.
fn take(tape: &Tape, start: u64, end: u64, count: usize) -> Result<Vec<u8>> {
    let (mut bytes, mut length, mut found) = (Vec::new(), 0, 0);
    while found < count {
        let from = start + bytes.len() as u64;
        let piece = (bytes.len() as u64).max(PIECE).min(end.saturating_sub(from));
        bytes.append(&mut tape.read(from, from + piece)?);
        let left = bytes.get(length..).unwrap_or_default();
        for entry in split(left).take(count - found).map_while(Result::ok) {
            length += entry.len() + 2;
            found += 1;
        }
        if piece == 0 && found < count {
            return Err(Error::new("the entries end within an entry"));
        }
    }
    bytes.truncate(length);
    Ok(bytes)
}

impl ReadTiles for Folder {
    fn read_tile(&self, tile: &Tile) -> Result<Vec<u8>> {
        let view = self.view.read().unwrap_or_else(PoisonError::into_inner).clone();
        let absent = || Error::new(format!("the log has no `{tile}`"));
        let record = view.ok_or_else(absent)?;
        let there = Tile::of(tile.kind, tile.index, record.head.size());
        if there.is_none_or(|t| t.width < tile.width) {
            return Err(absent());
        }
        let Kind::Level(level) = tile.kind else { return self.read_bundle(tile, &record) };
        let file = self.derived.levels.get(usize::from(level)).ok_or_else(absent)?;
        let mut bytes = vec![0; usize::from(tile.width) * 32];
        let read = file.read(tile.first_entry() * 32, &mut bytes);
        read.map_err(|e| failed(&format!("level-{level}"), &format!("has no `{tile}`"), &e))?;
        Ok(bytes)
    }
}

impl Store for Folder {
    fn head(&self) -> Result<Option<Head>> {
        Ok(self.record()?.map(|r| r.head))
    }

    fn create(&self, head: &Head) -> std::result::Result<(), Failure> {
        let mut writer = locked(&self.writer);
        let writer = writer.as_mut().ok_or_else(read_only)?;
        if writer.head.value().is_some() {
            return Err(Failure::Moved);
        }
        let record = Record { end: 0, settled: 0, head: head.clone() };
        writer.head.write(&record.to_bytes()?)?;
        *self.view.write().unwrap_or_else(PoisonError::into_inner) = Some(record);
        Ok(())
    }

    fn stage(&self, base: &Head, batch: &Batch) -> std::result::Result<Vec<u8>, Failure> {
        if locked(&self.writer).is_none() {
            return Err(read_only());
        }
        let end = self.end_of(base)?;
        self.with_tape(|tape| {
            tape.write(end, &batch.bytes)?;
            let added = Added::new(batch.first, end, &batch.bytes, batch.hashes.clone())?;
            let derived = Arc::clone(&self.derived);
            tape.begin(move || derived.write(&added))?;
            tape.read(end, end + batch.bytes.len() as u64)
        })
        .map_err(Failure::Broken)
    }

    fn commit(&self, base: &Head, batch: &Batch, sealed: &Sealed) -> std::result::Result<(), Failure> {
        let start = self.end_of(base)?;
        let mut writer = locked(&self.writer);
        let writer = writer.as_mut().ok_or_else(read_only)?;
        let size = sealed.head.size();
        let mut settled =
            self.view.read().unwrap_or_else(PoisonError::into_inner).as_ref().map_or(0, |r| r.settled);
        if size >= settled + SETTLED_EVERY {
            self.with_tape(Tape::finish)?;
            self.derived.sync()?;
            settled = size;
        }
        let record = Record { end: start + batch.bytes.len() as u64, settled, head: sealed.head.clone() };
        let bytes = record.to_bytes()?;
        self.with_tape(Tape::settle)?;
        writer.head.write(&bytes)?;
        self.with_tape(Tape::finish)?;
        *self.view.write().unwrap_or_else(PoisonError::into_inner) = Some(record);
        Ok(())
    }

    fn publish(&self, note: &Note) -> Result<()> {
        let mut writer = locked(&self.writer);
        let writer = writer.as_mut().ok_or_else(|| Error::new("this ledger is open to be read only"))?;
        let size = |text: &str| Checkpoint::parse(text).map(|c| c.size);
        if let Some(kept) = writer.published.value().map(Note::parse).transpose()?
            && size(kept.text())? > size(note.text())?
        {
            return Ok(());
        }
        writer.published.write(note.to_string().as_bytes())
    }

    fn published(&self) -> Result<Option<Note>> {
        let writer = locked(&self.writer);
        let kept = writer.as_ref().map(|w| w.published.value().map(<[u8]>::to_vec));
        drop(writer);
        let kept =
            kept.map_or_else(|| Ok(Cell::open(&*self.disk, "published")?.value().map(<[u8]>::to_vec)), Ok)?;
        kept.map(|bytes: Vec<u8>| Note::parse(&bytes)).transpose()
    }
}

impl Folder {
    /// Where the entries of this head end, if it is still the head.
    fn end_of(&self, base: &Head) -> std::result::Result<u64, Failure> {
        let view = self.view.read().unwrap_or_else(PoisonError::into_inner);
        let record = view.as_ref().filter(|r| r.head.frontier == base.frontier);
        record.map(|r| r.end).ok_or(Failure::Moved)
    }
}

fn read_only() -> Failure {
    Failure::Broken(Error::new("this ledger is open to be read only"))
}
