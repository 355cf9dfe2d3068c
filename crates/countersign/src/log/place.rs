//! Where a ledger lies, and the files of its keys.

use ledger::{Algorithm, Error, Result, Signer, Store, encoding};
use object_store::local::LocalFileSystem;
use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;
use store::{Bucket, Folder, Postgres, Sqlite};

/// An opened ledger. A folder is closed at the end, so that it is at rest.
pub enum Place {
    /// In a folder.
    Folder(Arc<Folder>),
    /// In a database or an object store.
    Other(Arc<dyn Store>),
}

impl Place {
    /// Opens a place to append.
    pub fn open(place: &str) -> Result<Self> {
        match Self::other(place)? {
            Some(other) => Ok(Self::Other(other)),
            None => Ok(Self::Folder(Arc::new(Folder::open(Path::new(place))?))),
        }
    }

    /// Opens a place to read.
    pub fn read(place: &str) -> Result<Self> {
        // Opening would make what is not there.
        let path = place.strip_prefix("sqlite:").or_else(|| place.strip_prefix("objects:"));
        if path.is_some_and(|p| !Path::new(p).exists()) {
            return Err(Error::new(format!("there is no ledger in `{place}`: make one with `ledger init`")));
        }
        match Self::other(place)? {
            Some(other) => Ok(Self::Other(other)),
            None => Ok(Self::Folder(Arc::new(Folder::open_to_read(Path::new(place))?))),
        }
    }

    /// Whether something of a ledger is in a place already, sound or not.
    pub fn is_begun(place: &str) -> bool {
        let path = place.strip_prefix("sqlite:").or_else(|| place.strip_prefix("objects:"));
        match path {
            Some(path) => Path::new(path).exists(),
            None if place.contains("://") => true,
            None => ["head", "entries-000000"].iter().any(|file| Path::new(place).join(file).exists()),
        }
    }

    fn other(place: &str) -> Result<Option<Arc<dyn Store>>> {
        if let Some(file) = place.strip_prefix("sqlite:") {
            return Ok(Some(Arc::new(Sqlite::open(Path::new(file))?)));
        }
        if place.starts_with("postgres://") || place.starts_with("postgresql://") {
            return Ok(Some(Arc::new(Postgres::open(place)?)));
        }
        if let Some(folder) = place.strip_prefix("objects:") {
            let made = fs::create_dir_all(folder)
                .map_err(|e| Error::new(format!("`{folder}` cannot be made ({e})")));
            let objects = made.and_then(|()| {
                LocalFileSystem::new_with_prefix(folder).map_err(|e| Error::new(format!("`{folder}`: {e}")))
            })?;
            return Ok(Some(Arc::new(Bucket::open(Arc::new(objects.with_fsync(true)))?)));
        }
        Ok(None)
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> Arc<dyn Store> {
        match self {
            Self::Folder(folder) => Arc::clone(folder) as Arc<dyn Store>,
            Self::Other(store) => Arc::clone(store),
        }
    }

    /// Brings a folder to rest.
    pub fn close(self) -> Result<()> {
        match self {
            Self::Folder(folder) => Arc::into_inner(folder).map_or(Ok(()), Folder::close),
            Self::Other(_) => Ok(()),
        }
    }
}

/// Reads a key, `NAME SEED`, or makes one of this name where there is no file yet.
pub fn key(path: &Path, algorithm: Algorithm, name: Option<&str>) -> Result<Signer> {
    let shown = path.display();
    let text = match (fs::read_to_string(path), name) {
        (Ok(text), _) => text,
        (Err(e), Some(name)) if e.kind() == std::io::ErrorKind::NotFound => make_key(path, name)?,
        (Err(e), _) => return Err(Error::new(format!("the key `{shown}` cannot be read ({e})"))),
    };
    let parts = text.trim_end().split_once(' ');
    let (found, seed) =
        parts.ok_or_else(|| Error::new(format!("`{shown}` is no key: it is not `NAME SEED`")))?;
    if let Some(name) = name.filter(|n| *n != found) {
        return Err(Error::new(format!("`{shown}` is the key of `{found}`, not of `{name}`")));
    }
    Signer::from_seed(found, algorithm, &encoding::hash_from_base64(seed)?)
}

fn make_key(path: &Path, name: &str) -> Result<String> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|e| Error::new(format!("the system gives no random bytes: {e}")))?;
    let text = format!("{name} {}\n", encoding::to_base64(&seed));
    Signer::from_seed(name, Algorithm::Ed25519, &seed)?;
    let file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let written = file.and_then(|mut f| f.write_all(text.as_bytes()).and_then(|()| f.sync_all()));
    written.map_err(|e| Error::new(format!("the key `{}` cannot be written ({e})", path.display())))?;
    Ok(text)
}
