//! Reading a ledger with what stands beside it, and bundles from disk.

use super::args::Reading;
use crate::log::place::Place;
use evidence::{ACT, ActBody, Bundle, Opened};
use ledger::commitment::Opening;
use ledger::tile::{Kind, TiledTree, WIDTH, entries};
use ledger::{Checkpoint, Entry, Error, Note, Result, Tile};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use store::beside::Beside;

/// More than this in one file of a bundle is not read.
const MAX_FILE: u64 = 1 << 30;

/// A ledger, read whole up to a checkpoint.
pub(super) struct Whole {
    store: Arc<dyn ledger::Store>,
    /// The checkpoint, with its cosignatures.
    pub note: Note,
    /// The entries, byte for byte.
    pub entries: Vec<Vec<u8>>,
    /// What opens commitments, as far as it is kept.
    pub openings: Vec<Opening>,
    /// Evidence, as far as it is kept.
    pub evidence: Vec<Vec<u8>>,
}

impl Whole {
    pub fn read(from: &Reading) -> Result<Self> {
        let store = Place::read(&from.ledger)?.store();
        let note = store::http::shown(&*store)?;
        Self::under(store, note, from.beside.as_deref())
    }

    /// A ledger that is open already, read up to a checkpoint.
    pub fn under(store: Arc<dyn ledger::Store>, note: Note, beside: Option<&Path>) -> Result<Self> {
        let size = Checkpoint::parse(note.text())?.size;
        let mut all = Vec::new();
        for index in 0..size.div_ceil(WIDTH) {
            let tile = Tile::of(Kind::Entries, index, size);
            let tile = tile.ok_or_else(|| Error::new(format!("there is no bundle {index} of entries")))?;
            let bytes = store.read_tile(&tile)?;
            all.extend(entries(&tile, &bytes)?.into_iter().map(<[u8]>::to_vec));
        }
        let (openings, evidence) = beside.map_or_else(|| Ok(Default::default()), |b| kept(b, &all))?;
        Ok(Self { store, note, entries: all, openings, evidence })
    }

    /// The tree, for proofs.
    pub fn with_tree<T>(
        &self,
        act: impl FnOnce(&TiledTree<'_, &dyn ledger::Store>) -> Result<T>,
    ) -> Result<T> {
        let size = Checkpoint::parse(self.note.text())?.size;
        act(&TiledTree::new(&&*self.store, size))
    }

    /// The entries with everything opened that is kept.
    pub fn opened(&self) -> Result<Vec<Opened>> {
        let mut by_hash = BTreeMap::new();
        for opening in &self.openings {
            by_hash.insert(opening.commitment()?, opening);
        }
        let open = |bytes: &Vec<u8>| {
            let entry = Entry::parse(bytes)?;
            let known = |(name, hash): (&String, _)| Some((name.clone(), (*by_hash.get(hash)?).clone()));
            let openings = entry.commitments.iter().filter_map(known).collect();
            let act = if entry.kind == ACT { Some(ActBody::of(&entry)?) } else { None };
            Ok(Opened { entry, act, openings })
        };
        self.entries.iter().map(open).collect()
    }
}

/// Opens what is kept beside a ledger.
pub(super) fn beside(folder: &Path) -> Result<Beside> {
    if !folder.is_dir() {
        return Err(Error::new(format!("there is no folder `{}`", folder.display())));
    }
    Beside::open(folder)
}

/// What is kept beside the ledger for these entries.
fn kept(folder: &Path, all: &[Vec<u8>]) -> Result<(Vec<Opening>, Vec<Vec<u8>>)> {
    let beside = beside(folder)?;
    let (mut openings, mut evidence, mut seen) = (Vec::new(), Vec::new(), BTreeSet::new());
    for bytes in all {
        let entry = Entry::parse(bytes)?;
        for commitment in entry.commitments.values() {
            openings.extend(beside.value(commitment)?.map(|k| k.opening));
        }
        for digest in entry.evidence.iter().filter(|d| seen.insert(**d)) {
            evidence.extend(beside.evidence(digest)?);
        }
    }
    Ok((openings, evidence))
}

/// Reads a bundle from a folder or one file.
pub(super) fn bundle(path: &Path) -> Result<Bundle> {
    if path.is_dir() {
        let mut bundle = Bundle::default();
        folder(path, "", &mut bundle)?;
        return Ok(bundle);
    }
    Bundle::unpack(&file(path)?)
}

fn folder(path: &Path, prefix: &str, bundle: &mut Bundle) -> Result<()> {
    let listed = fs::read_dir(path).map_err(|e| at(path, &e))?;
    for item in listed {
        let item = item.map_err(|e| at(path, &e))?;
        let name = format!("{prefix}{}", item.file_name().to_string_lossy());
        let kind = item.file_type().map_err(|e| at(path, &e))?;
        if kind.is_dir() {
            folder(&item.path(), &format!("{name}/"), bundle)?;
        } else {
            bundle.files.insert(name, file(&item.path())?);
        }
    }
    Ok(())
}

pub(super) fn file(path: &Path) -> Result<Vec<u8>> {
    let size = fs::metadata(path).map_err(|e| at(path, &e))?.len();
    if size > MAX_FILE {
        return Err(Error::new(format!("`{}` is larger than {MAX_FILE} bytes", path.display())));
    }
    fs::read(path).map_err(|e| at(path, &e))
}

/// Writes a bundle as a folder that was not there before, or as one file.
pub(super) fn write(bundle: &Bundle, path: &Path, one_file: bool) -> Result<()> {
    if one_file {
        return fs::write(path, bundle.pack()?).map_err(|e| at(path, &e));
    }
    if path.exists() {
        return Err(Error::new(format!("`{}` is there already: name a new folder", path.display())));
    }
    for (name, bytes) in &bundle.files {
        let file = path.join(name);
        let parent = file.parent().unwrap_or(path);
        fs::create_dir_all(parent).and_then(|()| fs::write(&file, bytes)).map_err(|e| at(&file, &e))?;
    }
    Ok(())
}

pub(super) fn at(path: &Path, error: &std::io::Error) -> Error {
    Error::new(format!("`{}` cannot be read or written ({error})", path.display()))
}
