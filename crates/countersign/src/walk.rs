//! Finds the files to check: everything below the given paths, in a fixed order, without following links out of them.

use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;
use workflow::Problem;

/// Folders that hold tools' own files, never workflows.
const SKIPPED: [&str; 3] = [".git", "node_modules", ".countersign"];

/// When a file was last changed, and how large it is: if both are the same, so is the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Stamp {
    /// Nanoseconds since 1970.
    pub modified: u64,
    /// Bytes.
    pub size: u64,
}

/// A file to check.
#[derive(Debug, Clone)]
pub struct Found {
    /// Where it is.
    pub path: PathBuf,
    /// The path as given, with what lies below it, for reports.
    pub shown: String,
    /// The given path it was found under: nothing outside is read.
    pub root: usize,
    /// Its stamp.
    pub stamp: Stamp,
}

/// All files below some paths.
#[derive(Debug, Default)]
pub struct Walk {
    /// The files, sorted by the path shown.
    pub files: Vec<Found>,
    /// Paths that could not be read.
    pub problems: Vec<Problem>,
    /// Links that were not followed.
    pub links: Vec<String>,
    /// Folders that were not looked into.
    pub skipped: Vec<String>,
    /// The given paths, as real folders.
    pub roots: Vec<PathBuf>,
}

/// Lists the files below paths.
#[must_use]
pub fn walk(paths: &[PathBuf]) -> Walk {
    let mut walk = Walk::default();
    for path in paths {
        let root = walk.roots.len();
        match fs::metadata(path) {
            Ok(meta) if meta.is_dir() => {
                walk.roots.push(real(path));
                walk.folder(path, root);
            }
            Ok(meta) => {
                let folder = path.parent().filter(|p| !p.as_os_str().is_empty());
                walk.roots.push(real(folder.unwrap_or(Path::new("."))));
                walk.file(path.clone(), root, &meta);
            }
            Err(e) => walk.problem(path, &format!("cannot be read: {e}")),
        }
    }
    walk.files.sort_by(|a, b| a.shown.cmp(&b.shown));
    walk.files.dedup_by(|a, b| a.shown == b.shown);
    walk
}

/// The real path, with no link in it; of what is not there (or lies in an archive), that of what is, with what follows.
#[must_use]
pub fn real(path: &Path) -> PathBuf {
    let there = path.ancestors().find_map(|a| Some((a, a.canonicalize().ok()?)));
    let resolved = there.and_then(|(a, real)| path.strip_prefix(a).ok().map(|rest| (real, rest)));
    match resolved {
        Some((real, rest)) if rest.as_os_str().is_empty() => real,
        Some((real, rest)) => real.join(rest),
        None => std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf()),
    }
}

/// The text of a file. What is none is not opened: a pipe would keep whoever reads it waiting.
///
/// # Errors
/// When it cannot be read, or is no file.
pub fn text(path: &Path) -> io::Result<String> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no file: put the file itself there"));
    }
    fs::read_to_string(path)
}

impl Walk {
    fn folder(&mut self, folder: &Path, root: usize) {
        let mut open = vec![folder.to_path_buf()];
        while let Some(folder) = open.pop() {
            let entries = match fs::read_dir(&folder) {
                Ok(entries) => entries,
                Err(e) => {
                    self.problem(&folder, &format!("folder cannot be read: {e}"));
                    continue;
                }
            };
            for entry in entries.flatten() {
                let path = entry.path();
                match entry.metadata() {
                    Ok(meta) if meta.is_symlink() => self.links.push(shown(&path)),
                    Ok(meta) if meta.is_dir() => match SKIPPED.iter().any(|s| entry.file_name() == *s) {
                        true => self.skipped.push(shown(&path)),
                        false => open.push(path),
                    },
                    Ok(meta) if meta.is_file() => self.file(path, root, &meta),
                    Ok(_) => self.links.push(shown(&path)),
                    Err(e) => self.problem(&path, &format!("cannot be read: {e}")),
                }
            }
        }
    }

    fn file(&mut self, path: PathBuf, root: usize, meta: &Metadata) {
        let shown = shown(&path);
        self.files.push(Found { path, shown, root, stamp: stamp(meta) });
    }

    fn problem(&mut self, path: &Path, message: &str) {
        self.problems.push(Problem { path: shown(path), line: 0, message: message.to_owned() });
    }
}

/// The stamp of a file.
#[must_use]
pub fn stamp(meta: &Metadata) -> Stamp {
    let modified = meta.modified().ok().and_then(|t| t.duration_since(UNIX_EPOCH).ok());
    let modified = modified.map_or(0, |d| u64::try_from(d.as_nanos()).unwrap_or(u64::MAX));
    Stamp { modified, size: meta.len() }
}

/// A real path for people: relative to where the program runs, if it lies below.
#[must_use]
pub fn from_here(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    shown(path.strip_prefix(&here).unwrap_or(path))
}

/// A path for people, with `/` on every system; where that parts folders anyway, a `\` is a letter of a name.
pub(crate) fn shown(path: &Path) -> String {
    let text = path.to_string_lossy();
    text.strip_prefix("./").unwrap_or(&text).replace(std::path::MAIN_SEPARATOR, "/")
}
