//! Where results are kept while they are many and small memory is wanted: bodies go to a file as they are made and are
//! read back one at a time. The same file is the cache: an index at its end says which file, at which stamp and
//! content, has which result.

use super::joint::Joint;
use super::model::{FileEntry, Place};
use crate::temporary::Temporary;
use crate::walk::Stamp;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use workflow::Digest;

/// A remembered result.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Known {
    /// The result.
    pub entries: Vec<FileEntry>,
    /// The file's stamp when it was read.
    pub stamp: Stamp,
    /// The digest of its content.
    pub content: Digest,
    /// Other files and folders that were looked at, with their stamps (nothing where they were not there).
    pub looked_at: Vec<(String, Option<Stamp>)>,
    /// Results of its documents that were judged together with those of other files.
    pub joint: Vec<Joint>,
}

#[derive(Serialize, Deserialize)]
struct Index {
    /// Which program made it: another one may judge otherwise.
    program: Digest,
    /// When it was written, in nanoseconds since 1970.
    written: u64,
    known: HashMap<String, Known>,
}

/// A cache as it was found.
pub struct Cache {
    file: Mutex<File>,
    written: u64,
    known: HashMap<String, Known>,
}

/// Files changed so shortly before the cache was written may have changed again without a new stamp.
const RACY: u64 = 2_000_000_000;

impl Cache {
    /// Opens a cache that this program wrote; nothing when there is none or it is broken.
    #[must_use]
    pub fn open(path: &Path, program: Digest) -> Option<Cache> {
        let mut file = File::open(path).ok()?;
        file.seek(SeekFrom::End(-8)).ok()?;
        let mut length = [0; 8];
        file.read_exact(&mut length).ok()?;
        let length = u64::from_le_bytes(length);
        let total = file.metadata().ok()?.len();
        file.seek(SeekFrom::Start(total.checked_sub(length.checked_add(8)?)?)).ok()?;
        let mut bytes = vec![0; usize::try_from(length).ok()?];
        file.read_exact(&mut bytes).ok()?;
        let index: Index = postcard::from_bytes(&bytes).ok()?;
        (index.program == program).then(|| Cache {
            file: Mutex::new(file),
            written: index.written,
            known: index.known,
        })
    }

    /// The result for a file, and whether its stamp alone is proof that it is unchanged.
    #[must_use]
    pub fn get(&self, path: &str, stamp: Stamp) -> Option<(&Known, bool)> {
        let known = self.known.get(path)?;
        Some((known, known.stamp == stamp && stamp.modified.saturating_add(RACY) < self.written))
    }

    /// How many files it knows.
    #[must_use]
    pub fn files(&self) -> usize {
        self.known.len()
    }

    /// The bytes of a body.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn body(&self, place: Place) -> io::Result<Vec<u8>> {
        read(&self.file, place)
    }
}

fn read(file: &Mutex<File>, place: Place) -> io::Result<Vec<u8>> {
    let mut file = file.lock().map_err(broken)?;
    file.seek(SeekFrom::Start(place.at))?;
    let mut bytes = vec![0; place.len as usize];
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// A thread that had the lock failed.
fn broken<G>(_: PoisonError<G>) -> io::Error {
    io::Error::other("the store is broken")
}

/// The store of a run: bodies are added, then read back.
pub struct Store {
    /// Where the next body goes, and how much was added.
    writer: Mutex<(BufWriter<File>, u64)>,
    reader: Mutex<File>,
    path: PathBuf,
    /// The folder, where it is for this run alone.
    temporary: Option<Temporary>,
}

/// So many bytes are written at once.
const AT_ONCE: usize = 1 << 17;

impl Store {
    /// A new store in a folder.
    ///
    /// # Errors
    /// When the folder or the file cannot be made.
    pub fn create(folder: &Path) -> io::Result<Store> {
        fs::create_dir_all(folder)?;
        let path = folder.join(format!("run-{}.tmp", std::process::id()));
        let writer = BufWriter::with_capacity(AT_ONCE, File::create(&path)?);
        let reader = Mutex::new(File::open(&path)?);
        Ok(Store { writer: Mutex::new((writer, 0)), reader, path, temporary: None })
    }

    /// A new store for this run alone.
    ///
    /// # Errors
    /// When the folder or the file cannot be made.
    pub fn temporary() -> io::Result<Store> {
        let folder = Temporary::new()?;
        let mut store = Store::create(&folder.0)?;
        store.temporary = Some(folder);
        Ok(store)
    }

    /// Adds a body.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn add(&self, bytes: &[u8]) -> io::Result<Place> {
        let mut writer = self.writer.lock().map_err(broken)?;
        let (file, end) = &mut *writer;
        file.write_all(bytes)?;
        let place = Place { at: *end, len: u32::try_from(bytes.len()).unwrap_or(u32::MAX) };
        *end += u64::from(place.len);
        Ok(place)
    }

    fn flush(&self) -> io::Result<()> {
        self.writer.lock().map_err(broken)?.0.flush()
    }

    /// The bytes of a body.
    ///
    /// # Errors
    /// When the file cannot be written or read.
    pub fn body(&self, place: Place) -> io::Result<Vec<u8>> {
        self.flush()?;
        read(&self.reader, place)
    }

    /// Makes the store the cache of the next run.
    ///
    /// # Errors
    /// When it cannot be written; the cache is then as it was.
    pub fn keep(
        &self,
        cache: &Path,
        program: Digest,
        written: u64,
        known: HashMap<String, Known>,
    ) -> io::Result<()> {
        let index = postcard::to_stdvec(&Index { program, written, known }).map_err(io::Error::other)?;
        self.add(&index)?;
        self.add(&(index.len() as u64).to_le_bytes())?;
        self.flush()?;
        fs::rename(&self.path, cache)
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        // Gone already when it became the cache.
        let _ = fs::remove_file(&self.path);
    }
}
