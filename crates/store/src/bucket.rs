//! A log in an object store: whatever has create-if-absent (`PutMode::Create`), from a local folder to a bucket of S3.
//!
//! | object | what |
//! |---|---|
//! | `head/000000000007` | the seventh head; made once, so that only one sequencer can: the commit point. Never removed |
//! | `tail/HASH` | the entries since the last full bundle, by the hash of their bytes |
//! | `tile/…` | full tiles and bundles, as tlog-tiles names them; they follow from a committed head, whoever writes them |
//! | `latest` | the number of some recent head, to begin looking from |
//! | `published` | the checkpoint with its cosignatures |

use ledger::{
    Batch, Checkpoint, Error, Failure, Hash, Head, Note, ReadTiles, Result, Sealed, Store, Tile,
    encoding::{from_hex, to_hex},
    leaf_hash,
    merkle::node_hash,
    sequencer::split,
    tile::{Kind, WIDTH, bundle, entries},
};
use object_store::{ObjectStore, ObjectStoreExt, PutMode, PutOptions, path::Path};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::runtime::Runtime;

/// A log in an object store.
pub struct Bucket {
    objects: Arc<dyn ObjectStore>,
    runtime: Runtime,
    latest: Mutex<Option<Record>>,
    staged: Mutex<Option<Staged>>,
}

/// What a commit needs of what was staged: where the tail begins, and its hash.
#[derive(Clone, Copy)]
struct Staged {
    from: u64,
    tail: Hash,
}

/// A head as it is stored.
#[derive(Clone)]
struct Record {
    version: u64,
    head: Head,
    /// The first entry of the tail; the entries before it are in full bundles.
    from: u64,
    tail: Hash,
}

impl Record {
    fn to_json(&self) -> Result<Vec<u8>> {
        let head = String::from_utf8(self.head.to_json()?).map_err(|e| Error::new(e.to_string()))?;
        ledger::json::to_canonical(
            &json!({"from": self.from.to_string(), "head": head, "tail": to_hex(&self.tail)}),
        )
    }

    fn parse(version: u64, bytes: &[u8]) -> Result<Self> {
        let value: Value = ledger::json::parse_canonical(bytes)?;
        let bad = || Error::new(format!("`{}` is no head of a log", head_name(version)));
        let text = |name: &str| value[name].as_str().ok_or_else(bad);
        let tail = from_hex(text("tail")?)?.try_into().map_err(|_| bad())?;
        let from = text("from")?.parse().map_err(|_| bad())?;
        Ok(Self { version, head: Head::parse(text("head")?.as_bytes())?, from, tail })
    }
}

fn head_name(version: u64) -> String {
    format!("head/{version:012}")
}

fn tail_name(tail: &Hash) -> String {
    format!("tail/{}", to_hex(tail))
}

fn failed(name: &str, error: &object_store::Error) -> Error {
    Error::new(format!("`{name}` in the object store: {error}"))
}

impl Bucket {
    /// A log beneath the root of this object store.
    pub fn open(objects: Arc<dyn ObjectStore>) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|e| Error::new(format!("the object store cannot be started: {e}")))?;
        Ok(Self { objects, runtime, latest: Mutex::new(None), staged: Mutex::new(None) })
    }

    fn get(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let read = self.runtime.block_on(async { self.objects.get(&Path::from(name)).await?.bytes().await });
        match read {
            Ok(bytes) => Ok(Some(bytes.to_vec())),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(e) => Err(failed(name, &e)),
        }
    }

    fn put(&self, name: &str, bytes: Vec<u8>) -> Result<()> {
        let put = self.runtime.block_on(self.objects.put(&Path::from(name), bytes.into()));
        put.map(|_| ()).map_err(|e| failed(name, &e))
    }

    /// Makes an object that must not be there yet.
    fn create_object(&self, name: &str, bytes: Vec<u8>) -> std::result::Result<(), Failure> {
        let options = PutOptions::from(PutMode::Create);
        match self.runtime.block_on(self.objects.put_opts(&Path::from(name), bytes.into(), options)) {
            Ok(_) => Ok(()),
            Err(object_store::Error::AlreadyExists { .. }) => Err(Failure::Moved),
            Err(e) => Err(Failure::Broken(failed(name, &e))),
        }
    }

    /// The latest head: from the one known, forward, as long as there is one more.
    fn record(&self) -> Result<Option<Record>> {
        let known = self.latest.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut latest = match known {
            Some(record) => Some(record),
            None => self.look()?,
        };
        let next = |r: &Option<Record>| r.as_ref().map_or(0, |r| r.version + 1);
        while let Some(bytes) = self.get(&head_name(next(&latest)))? {
            latest = Some(Record::parse(next(&latest), &bytes)?);
        }
        self.latest.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&latest);
        Ok(latest)
    }

    fn look(&self) -> Result<Option<Record>> {
        let hint = self.get("latest")?.and_then(|h| String::from_utf8(h).ok()?.parse().ok());
        let Some(version) = hint else { return Ok(None) };
        self.get(&head_name(version))?.map(|bytes| Record::parse(version, &bytes)).transpose()
    }

    /// The entries since the last full bundle, as a bundle has them.
    fn tail(&self, record: &Record) -> Result<Vec<u8>> {
        if record.from == record.head.size() {
            return Ok(Vec::new());
        }
        let name = tail_name(&record.tail);
        let bytes = self.get(&name)?.ok_or_else(|| Error::new(format!("`{name}` is missing")))?;
        if hash_of(&bytes) != record.tail {
            return Err(Error::new(format!("`{name}` is damaged: it does not have its hash")));
        }
        Ok(bytes)
    }

    /// Writes the full bundles and tiles of a committed head that are not there yet, and returns what stays in the tail.
    fn integrate(&self, record: &Record) -> Result<(u64, Vec<u8>)> {
        let tail = self.tail(record)?;
        let all = split(&tail).collect::<Result<Vec<_>>>()?;
        let full = record.head.size() / WIDTH * WIDTH;
        for (index, chunk) in (record.from / WIDTH..full / WIDTH).zip(all.chunks_exact(WIDTH as usize)) {
            let hashes: Vec<u8> = chunk.iter().flat_map(|e| leaf_hash(e)).collect();
            let of = |kind| Tile { kind, index, width: WIDTH as u16 }.path();
            self.put(&of(Kind::Entries), bundle(chunk.iter().copied())?)?;
            self.put(&of(Kind::Level(0)), hashes)?;
            self.integrate_upper(index + 1)?;
        }
        let kept = all.get((full - record.from) as usize..).unwrap_or_default();
        Ok((full, bundle(kept.iter().copied())?))
    }

    /// Writes the tiles of higher levels that this many full tiles of level 0 complete.
    fn integrate_upper(&self, full: u64) -> Result<()> {
        let (mut level, mut full) = (1, full);
        while full.is_multiple_of(WIDTH) && full > 0 {
            full /= WIDTH;
            let row = self.row(level, full - 1, WIDTH as u16)?;
            self.put(
                &Tile { kind: Kind::Level(level), index: full - 1, width: WIDTH as u16 }.path(),
                row.concat(),
            )?;
            level += 1;
        }
        Ok(())
    }

    /// Hashes of a tile of a higher level, each from the full tile beneath it.
    fn row(&self, level: u8, index: u64, width: u16) -> Result<Vec<Hash>> {
        (0..u64::from(width))
            .map(|i| self.full_tile(level - 1, index * WIDTH + i).map(|row| complete(&row)))
            .collect()
    }

    fn full_tile(&self, level: u8, index: u64) -> Result<Vec<Hash>> {
        let tile = Tile { kind: Kind::Level(level), index, width: WIDTH as u16 };
        if let Some(bytes) = self.get(&tile.path())? {
            return ledger::tile::hashes(&tile, &bytes);
        }
        let latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let record = latest.ok_or_else(|| Error::new(format!("`{tile}` is missing")))?;
        if level == 0 { self.leaves(&record, &tile) } else { self.row(level, index, WIDTH as u16) }
    }

    fn leaves(&self, record: &Record, tile: &Tile) -> Result<Vec<Hash>> {
        let bundle = self.bundle(record, tile.index, tile.width)?;
        let as_entries = Tile { kind: Kind::Entries, ..*tile };
        Ok(entries(&as_entries, &bundle)?.into_iter().map(leaf_hash).collect())
    }

    fn bundle(&self, record: &Record, index: u64, width: u16) -> Result<Vec<u8>> {
        let tile = Tile { kind: Kind::Entries, index, width };
        if tile.first_entry() < record.from {
            let full = Tile { width: WIDTH as u16, ..tile }.path();
            let bytes = self.get(&full)?.ok_or_else(|| Error::new(format!("`{full}` is missing")))?;
            return bundle(entries(&tile, &bytes)?);
        }
        let tail = self.tail(record)?;
        let skipped = split(&tail).skip((tile.first_entry() - record.from) as usize).take(usize::from(width));
        let taken = skipped.collect::<Result<Vec<_>>>()?;
        if taken.len() != usize::from(width) {
            return Err(Error::new(format!("the log has no `{tile}`")));
        }
        bundle(taken)
    }
}

fn complete(row: &[Hash]) -> Hash {
    let mut row = row.to_vec();
    while row.len() > 1 {
        row = row.as_chunks::<2>().0.iter().map(|[left, right]| node_hash(left, right)).collect();
    }
    row.first().copied().unwrap_or_default()
}

/// The name of a tail: the hash of its bytes (as a leaf, which is as good as any).
fn hash_of(bytes: &[u8]) -> Hash {
    leaf_hash(bytes)
}

impl ReadTiles for Bucket {
    fn read_tile(&self, tile: &Tile) -> Result<Vec<u8>> {
        let latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let record = latest.map_or_else(|| self.record(), |r| Ok(Some(r)))?;
        let absent = || Error::new(format!("the log has no `{tile}`"));
        let record = record.ok_or_else(absent)?;
        let there = Tile::of(tile.kind, tile.index, record.head.size());
        if there.is_none_or(|t| t.width < tile.width) {
            return Err(absent());
        }
        match tile.kind {
            Kind::Entries => self.bundle(&record, tile.index, tile.width),
            Kind::Level(level) => {
                if let Some(bytes) = if tile.is_partial() { None } else { self.get(&tile.path())? } {
                    return Ok(bytes);
                }
                let row = if level == 0 {
                    self.leaves(&record, tile)?
                } else {
                    self.row(level, tile.index, tile.width)?
                };
                Ok(row.concat())
            }
        }
    }
}

impl Store for Bucket {
    fn head(&self) -> Result<Option<Head>> {
        Ok(self.record()?.map(|r| r.head))
    }

    fn create(&self, head: &Head) -> std::result::Result<(), Failure> {
        let record = Record { version: 0, head: head.clone(), from: 0, tail: hash_of(&[]) };
        self.create_object(&head_name(0), record.to_json()?)
    }

    fn stage(&self, base: &Head, batch: &Batch) -> std::result::Result<Vec<u8>, Failure> {
        let record = self.record()?.filter(|r| r.head == *base).ok_or(Failure::Moved)?;
        let integrated = self.integrate(&record);
        // Whoever moved the head meanwhile may have removed the tail.
        let moved = integrated.is_err() && self.record()?.is_none_or(|r| r.version != record.version);
        let (from, kept) = if moved { return Err(Failure::Moved) } else { integrated? };
        let bytes = [kept.as_slice(), &batch.bytes].concat();
        let tail = hash_of(&bytes);
        let name = tail_name(&tail);
        self.put(&name, bytes)?;
        *self.staged.lock().unwrap_or_else(PoisonError::into_inner) = Some(Staged { from, tail });
        let back =
            self.get(&name)?.ok_or_else(|| Error::new(format!("`{name}` is not there once written")))?;
        Ok(back.get(kept.len()..).unwrap_or_default().to_vec())
    }

    fn commit(&self, base: &Head, _: &Batch, sealed: &Sealed) -> std::result::Result<(), Failure> {
        let latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let before = latest.filter(|r| r.head == *base).ok_or(Failure::Moved)?;
        let staged = self.staged.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Staged { from, tail } = staged.ok_or_else(|| Error::new("nothing is staged"))?;
        let record = Record { version: before.version + 1, head: sealed.head.clone(), from, tail };
        self.create_object(&head_name(record.version), record.to_json()?)?;
        // Only a place to begin looking from, and room given back: neither has to succeed.
        let _ = self.put("latest", record.version.to_string().into_bytes());
        if before.tail != tail {
            let _ = self.runtime.block_on(self.objects.delete(&Path::from(tail_name(&before.tail))));
        }
        *self.latest.lock().unwrap_or_else(PoisonError::into_inner) = Some(record);
        Ok(())
    }

    fn publish(&self, note: &Note) -> Result<()> {
        let size = |note: &Note| Checkpoint::parse(note.text()).map(|c| c.size);
        if let Some(kept) = self.published()?
            && size(&kept)? > size(note)?
        {
            return Ok(());
        }
        self.put("published", note.to_string().into_bytes())
    }

    fn published(&self) -> Result<Option<Note>> {
        self.get("published")?.map(|bytes| Note::parse(&bytes)).transpose()
    }
}
