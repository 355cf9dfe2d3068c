//! What stands beside the log: large evidence by its digest, and the values that commitments in entries stand for.
//!
//! Evidence is kept as it is; who reads it gets it only if it has its digest. A value is kept with its salt under its
//! commitment, until it is erased: then nobody can open the commitment any more, and every proof still holds. A legal hold
//! stands before erasure and before the end of retention.

use ledger::{Error, Hash, Result, commitment::Opening, encoding, json};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The folder beside the log.
pub struct Beside {
    folder: PathBuf,
}

/// A value that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// What opens the commitment.
    pub opening: Opening,
    /// When it is no longer to be kept, in milliseconds since 1970; none where that is not known yet.
    pub until: Option<u64>,
    /// Why it must not be erased, one reason for each hold.
    pub holds: Vec<String>,
}

impl Kept {
    fn to_json(&self) -> Result<Vec<u8>> {
        let opening = json::parse(&self.opening.to_json()?)?;
        let until = self.until.map(|u| u.to_string());
        json::to_canonical(&json!({"holds": self.holds, "opening": opening, "until": until}))
    }

    fn parse(bytes: &[u8]) -> Result<Self> {
        let value = json::parse_canonical(bytes)?;
        let opening = Opening::parse(&json::to_canonical(&value["opening"])?)?;
        let until = match &value["until"] {
            Value::String(text) => {
                Some(text.parse().map_err(|_| Error::new(format!("`{text}` is no time")))?)
            }
            _ => None,
        };
        let holds =
            value["holds"].as_array().into_iter().flatten().filter_map(|h| h.as_str().map(str::to_owned));
        Ok(Self { opening, until, holds: holds.collect() })
    }
}

impl Beside {
    /// The folder, made where it is not there.
    pub fn open(folder: impl Into<PathBuf>) -> Result<Self> {
        let folder = folder.into();
        for part in ["evidence", "values"] {
            let path = folder.join(part);
            fs::create_dir_all(&path).map_err(|e| at(&path, &e))?;
        }
        Ok(Self { folder })
    }

    fn path(&self, part: &str, hash: &Hash) -> PathBuf {
        self.folder.join(part).join(encoding::to_hex(hash))
    }

    /// Keeps evidence, durably, and returns its digest.
    pub fn put_evidence(&self, bytes: &[u8]) -> Result<Hash> {
        let digest = Sha256::digest(bytes).into();
        let path = self.path("evidence", &digest);
        if !path.is_file() {
            replace(&path, bytes)?;
        }
        Ok(digest)
    }

    /// The evidence of this digest, if it is kept; damaged evidence is an error.
    pub fn evidence(&self, digest: &Hash) -> Result<Option<Vec<u8>>> {
        let path = self.path("evidence", digest);
        let Some(bytes) = read(&path)? else { return Ok(None) };
        if Sha256::digest(&bytes)[..] != *digest {
            return Err(Error::new(format!("`{}` does not have its digest: it was changed", path.display())));
        }
        Ok(Some(bytes))
    }

    /// Commits to a value under a new salt, keeps it durably, and returns the commitment for the entry.
    pub fn commit(&self, name: &str, value: Value, until: Option<u64>) -> Result<Hash> {
        let mut salt = [0; 32];
        getrandom::fill(&mut salt)
            .map_err(|e| Error::new(format!("the system gives no random bytes: {e}")))?;
        let opening = Opening { name: name.to_owned(), salt, value };
        let commitment = opening.commitment()?;
        self.put(&commitment, &Kept { opening, until, holds: Vec::new() })?;
        Ok(commitment)
    }

    fn put(&self, commitment: &Hash, kept: &Kept) -> Result<()> {
        replace(&self.path("values", commitment), &kept.to_json()?)
    }

    /// The value of this commitment, none if it was erased or is kept elsewhere; one that does not open it is an error.
    pub fn value(&self, commitment: &Hash) -> Result<Option<Kept>> {
        let path = self.path("values", commitment);
        let kept = read(&path)?
            .map(|bytes| Kept::parse(&bytes))
            .transpose()
            .map_err(|e| Error::new(format!("`{}`: {e}", path.display())))?;
        if let Some(kept) = &kept {
            kept.opening.verify(commitment)?;
        }
        Ok(kept)
    }

    /// Forbids the erasure of a value, for this reason.
    pub fn hold(&self, commitment: &Hash, reason: &str) -> Result<()> {
        let mut kept = self.kept(commitment)?;
        kept.holds.push(reason.to_owned());
        self.put(commitment, &kept)
    }

    /// Ends the holds for this reason; where there is none, that is an error.
    pub fn release(&self, commitment: &Hash, reason: &str) -> Result<()> {
        let mut kept = self.kept(commitment)?;
        if !kept.holds.iter().any(|h| h == reason) {
            return Err(Error::new(format!("the value is under no legal hold for the reason `{reason}`")));
        }
        kept.holds.retain(|h| h != reason);
        self.put(commitment, &kept)
    }

    fn kept(&self, commitment: &Hash) -> Result<Kept> {
        self.value(commitment)?.ok_or_else(|| Error::new("the value was erased, or is kept elsewhere"))
    }

    /// Erases a value: its bytes are overwritten, then removed. Erasing what is not there does nothing.
    pub fn erase(&self, commitment: &Hash) -> Result<()> {
        let path = self.path("values", commitment);
        let Some(bytes) = read(&path)? else { return Ok(()) };
        if let Ok(Kept { holds, .. }) = Kept::parse(&bytes)
            && let Some(reason) = holds.first()
        {
            return Err(Error::new(format!("the value is under a legal hold ({reason}): release it first")));
        }
        wipe(&path, bytes.len()).map_err(|e| at(&path, &e))
    }

    /// Erases every value whose time is over at `now` and that no hold keeps, and returns the commitments.
    pub fn expire(&self, now: u64) -> Result<Vec<Hash>> {
        let folder = self.folder.join("values");
        let mut gone = Vec::new();
        let mut names: Vec<_> =
            fs::read_dir(&folder).map_err(|e| at(&folder, &e))?.flatten().map(|e| e.file_name()).collect();
        names.sort();
        for name in names {
            let hash = encoding::from_hex(&name.to_string_lossy()).ok().and_then(|h| Hash::try_from(h).ok());
            let Some(commitment) = hash else { continue };
            let over = |k: &Kept| k.holds.is_empty() && k.until.is_some_and(|u| u <= now);
            if self.value(&commitment)?.as_ref().is_some_and(over) {
                self.erase(&commitment)?;
                gone.push(commitment);
            }
        }
        Ok(gone)
    }
}

fn at(path: &Path, error: &io::Error) -> Error {
    crate::cell::failed(&path.to_string_lossy(), "cannot be read or written", error)
}

fn read(path: &Path) -> Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(at(path, &e)),
    }
}

/// Writes a file whole or not at all, durably.
fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    let beside = path.with_extension("new");
    let write = || {
        let mut file = File::create(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&beside, path)?;
        sync_parent(path)
    };
    write().map_err(|e| at(path, &e))
}

fn sync_parent(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

fn wipe(path: &Path, length: usize) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).open(path)?;
    file.write_all(&vec![0; length])?;
    file.sync_all()?;
    fs::remove_file(path)?;
    sync_parent(path)
}
