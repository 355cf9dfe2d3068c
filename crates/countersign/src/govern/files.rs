//! Statements as files: one for each, named by its digest, below `.countersign/statements` of the governed folder. Two
//! people's statements are two files, so merges never conflict.

use super::statement;
use govern::{Entry, Event};
use ledger::sshsig::Verifier;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The folder.
const FOLDER: &str = ".countersign/statements";
/// The most statements that are read.
const MOST: usize = 1_000_000;

/// A file that is no statement that counts, and why.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unreadable {
    /// The file, below the governed folder.
    pub path: String,
    /// Why.
    pub message: String,
}

/// Where statements of a governed folder lie.
#[must_use]
pub fn folder(root: &Path) -> PathBuf {
    root.join(FOLDER)
}

/// The file of a statement, from the governed folder on.
#[must_use]
pub fn path(id: &str) -> String {
    place(Path::new(""), id).display().to_string()
}

fn place(root: &Path, id: &str) -> PathBuf {
    let hex = id.strip_prefix("sha256:").unwrap_or(id);
    folder(root).join(hex.get(..2).unwrap_or("00")).join(format!("{hex}.json"))
}

/// Reads and verifies every statement; files that are none come back with the reason. In the order of their names.
///
/// # Errors
/// When the folder cannot be listed.
pub fn read(root: &Path) -> io::Result<(Vec<Entry>, Vec<Unreadable>)> {
    let mut files = Vec::new();
    let top = folder(root);
    if top.is_dir() {
        list(&top, 2, &mut files)?;
    }
    if files.len() > MOST {
        return Err(io::Error::other(format!("there are more than {MOST} statements below `{FOLDER}`")));
    }
    let (next, found, verifier) = (AtomicUsize::new(0), Mutex::new(Vec::new()), Verifier::default());
    let work = || {
        let mut mine = Vec::new();
        while let Some(path) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
            mine.push(one(root, path, &verifier));
        }
        if let Ok(mut found) = found.lock() {
            found.append(&mut mine);
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(files.len().max(1));
    std::thread::scope(|scope| {
        (1..threads).for_each(|_| drop(scope.spawn(work)));
        work();
    });
    let found = found.into_inner().map_err(|_| io::Error::other("a reader failed"))?;
    let (mut entries, mut unreadable) = (Vec::with_capacity(found.len()), Vec::new());
    for result in found {
        match result {
            Ok(entry) => entries.push(entry),
            Err(problem) => unreadable.push(problem),
        }
    }
    entries.sort_by(|a, b| a.id.cmp(&b.id));
    unreadable.sort();
    Ok((entries, unreadable))
}

fn list(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() && depth > 0 {
            list(&entry.path(), depth - 1, files)?;
        } else {
            files.push(entry.path());
        }
    }
    Ok(())
}

fn one(root: &Path, path: &Path, verifier: &Verifier) -> Result<Entry, Unreadable> {
    let shown = path.strip_prefix(root).unwrap_or(path).display().to_string();
    let problem = |message: String| Unreadable { path: shown.clone(), message };
    let meta = path.symlink_metadata().map_err(|e| problem(e.to_string()))?;
    if !meta.is_file() || meta.len() > statement::LARGEST as u64 {
        return Err(problem("it is no file, or too large".to_owned()));
    }
    let bytes = std::fs::read(path).map_err(|e| problem(e.to_string()))?;
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let name = format!("sha256:{stem}");
    if place(root, &name) != path {
        return Err(problem(
            "a statement is named by its digest, and lies in the folder of its first two digits".to_owned(),
        ));
    }
    statement::open_with(verifier, &name, &bytes).map_err(|e| problem(e.to_string()))
}

/// The file of a statement, as it lies there.
///
/// # Errors
/// When it cannot be read.
pub fn bytes(root: &Path, id: &str) -> io::Result<Vec<u8>> {
    std::fs::read(place(root, id))
}

/// Writes a statement, completely or not at all; where it lies.
///
/// # Errors
/// When it cannot be written.
pub fn write(root: &Path, payload: &[u8], key: &str, armoured: &str) -> io::Result<PathBuf> {
    let bytes = statement::envelope(payload, key, armoured).map_err(io::Error::other)?;
    let path = place(root, &statement::id(payload));
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let partial = path.with_extension("partial");
    std::fs::write(&partial, bytes)?;
    std::fs::rename(&partial, &path)?;
    Ok(path)
}

/// An event's payload.
///
/// # Errors
/// When it cannot be written as canonical JSON.
pub fn payload(event: &Event) -> io::Result<Vec<u8>> {
    statement::payload(event).map_err(io::Error::other)
}
