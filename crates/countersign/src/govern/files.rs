//! Statements as files: one for each, named by its digest, below `.countersign/statements` of the governed folder. Two
//! people's statements are two files, so merges never conflict.

use super::statement;
use govern::{Entry, Event};
use ledger::sshsig::{Claim, Verifier, hold};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read};
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

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
    let (entries, unreadable, ()) = gather(root)?.verified_beside(|_| ());
    Ok((entries, unreadable))
}

/// Statements that were read; that they are signed is still to be verified.
pub struct Gathered {
    entries: Vec<Entry>,
    claims: Vec<Claim>,
    unreadable: Vec<Unreadable>,
}

/// How many files are read, or signatures verified, at a time.
const SOME: usize = 128;

/// How many threads are worth their while for so many things.
fn threads(things: usize) -> usize {
    std::thread::available_parallelism().map_or(1, usize::from).min(things.max(1))
}

/// What comes of each, in order, worked out on all cores.
pub(super) fn each<T: Sync, R: Send>(all: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let part = all.len().div_ceil(threads(all.len())).max(1);
    std::thread::scope(|scope| {
        let parts: Vec<_> =
            all.chunks(part).map(|some| scope.spawn(|| some.iter().map(&work).collect::<Vec<R>>())).collect();
        parts.into_iter().flat_map(|part| part.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
    })
}

/// Reads every statement, on all cores.
///
/// # Errors
/// When the folder cannot be listed.
pub fn gather(root: &Path) -> io::Result<Gathered> {
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
        let mut bytes = Vec::with_capacity(1 << 14);
        while let Some((start, some)) = next_of(&files, &next) {
            let read: Vec<_> = some.iter().map(|file| one(root, file, &verifier, &mut bytes)).collect();
            found.lock().unwrap_or_else(PoisonError::into_inner).push((start, read));
        }
    };
    std::thread::scope(|scope| {
        (1..threads(files.len())).for_each(|_| drop(scope.spawn(work)));
        work();
    });
    let mut found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    // Files come in the order of their names, which is that of the statements.
    found.sort_by_key(|(start, _)| *start);
    let mut all = Gathered {
        entries: Vec::with_capacity(files.len()),
        claims: Vec::with_capacity(files.len()),
        unreadable: Vec::new(),
    };
    for result in found.into_iter().flat_map(|(_, read)| read) {
        match result {
            Ok((entry, claim)) => {
                all.entries.push(entry);
                all.claims.push(claim);
            }
            Err(problem) => all.unreadable.push(problem),
        }
    }
    all.unreadable.sort();
    Ok(all)
}

/// The next few that nobody has taken, and where they begin.
fn next_of<'a, T>(all: &'a [T], next: &AtomicUsize) -> Option<(usize, &'a [T])> {
    let start = next.fetch_add(SOME, Ordering::Relaxed);
    let some = all.get(start..(start + SOME).min(all.len())).filter(|some| !some.is_empty())?;
    Some((start, some))
}

impl Gathered {
    /// Verifies the signatures on all cores while some work is done on the entries. Where one does not hold, the entry
    /// becomes unreadable, and the work is done again without it: what comes back rests on what is signed alone.
    pub fn verified_beside<T>(mut self, work: impl Fn(&[Entry]) -> T) -> (Vec<Entry>, Vec<Unreadable>, T) {
        let (next, bad) = (AtomicUsize::new(0), Mutex::new(BTreeSet::new()));
        let verify = || {
            while let Some((start, some)) = next_of(&self.claims, &next) {
                let failed = hold(some).into_iter().enumerate().filter(|(_, holds)| !holds);
                let failed: Vec<usize> = failed.map(|(i, _)| start + i).collect();
                // Whoever held the lock before did nothing that can fail half-way.
                bad.lock().unwrap_or_else(PoisonError::into_inner).extend(failed);
            }
        };
        let done = std::thread::scope(|scope| {
            (1..threads(self.claims.len())).for_each(|_| drop(scope.spawn(verify)));
            let done = work(&self.entries);
            verify();
            done
        });
        let bad = bad.into_inner().unwrap_or_else(PoisonError::into_inner);
        if bad.is_empty() {
            return (self.entries, self.unreadable, done);
        }
        let (failed, held): (Vec<_>, Vec<_>) =
            self.entries.into_iter().enumerate().partition(|(i, _)| bad.contains(i));
        let message = || statement::FORGED.to_owned();
        self.unreadable
            .extend(failed.into_iter().map(|(_, e)| Unreadable { path: path(&e.id), message: message() }));
        self.unreadable.sort();
        let entries: Vec<Entry> = held.into_iter().map(|(_, entry)| entry).collect();
        let done = work(&entries);
        (entries, self.unreadable, done)
    }
}

/// A file, and whether it is one and nothing else.
type Listed = (PathBuf, bool);

/// The files below a folder, in the order of their names.
fn list(folder: &Path, depth: usize, files: &mut Vec<Listed>) -> io::Result<()> {
    let mut entries = std::fs::read_dir(folder)?
        .map(|entry| entry.and_then(|e| Ok((e.file_name(), e.file_type()?))))
        .collect::<io::Result<Vec<_>>>()?;
    entries.sort_by(|(a, _), (b, _)| a.cmp(b));
    for (name, kind) in entries {
        let path = folder.join(name);
        if kind.is_dir() && depth > 0 {
            list(&path, depth - 1, files)?;
        } else {
            files.push((path, kind.is_file()));
        }
    }
    Ok(())
}

/// One file, read into a buffer that the next one uses again.
fn one(
    root: &Path,
    (path, is_file): &Listed,
    verifier: &Verifier,
    bytes: &mut Vec<u8>,
) -> Result<(Entry, Claim), Unreadable> {
    let problem = |message: String| {
        let shown = path.strip_prefix(root).unwrap_or(path).display().to_string();
        Unreadable { path: shown, message }
    };
    bytes.clear();
    if *is_file {
        let file = File::open(path).map_err(|e| problem(e.to_string()))?;
        let most = statement::LARGEST as u64 + 1;
        file.take(most).read_to_end(bytes).map_err(|e| problem(e.to_string()))?;
    }
    if !is_file || bytes.len() > statement::LARGEST {
        return Err(problem("it is no file, or too large".to_owned()));
    }
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let name = format!("sha256:{stem}");
    if place(root, &name).as_os_str() != path.as_os_str() {
        return Err(problem(
            "a statement is named by its digest, and lies in the folder of its first two digits".to_owned(),
        ));
    }
    statement::read(verifier, &name, bytes).map_err(|e| problem(e.to_string()))
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
