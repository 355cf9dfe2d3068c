//! The baseline: findings that were there before, written by `--write-baseline` and left out by `--baseline`.
//!
//! A finding is known by its fingerprint and its file. A file that was moved is recognised because its old path is gone;
//! a copy of a known workflow is new.

use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::io::{self, Write};
use std::path::Path;

const SCHEMA: &str = "countersign.baseline/1";

/// A known finding.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Entry {
    /// Its fingerprint.
    pub fingerprint: String,
    /// The file it was in.
    pub path: String,
    /// Its rule, for people.
    pub rule: String,
    /// Its workflow, for people.
    pub workflow: String,
    /// Its step, for people.
    pub step: String,
}

#[derive(Serialize, Deserialize)]
struct Document {
    schema: String,
    findings: Vec<Entry>,
}

/// A baseline.
#[derive(Debug, Default)]
pub struct Baseline {
    /// The path of the file, for reports.
    pub path: String,
    known: HashMap<String, Vec<String>>,
    /// The files of this run.
    present: HashSet<String>,
    /// Which file took the place of one that is gone.
    moved: RefCell<HashMap<(String, String), String>>,
}

impl Baseline {
    /// Reads a baseline, to be compared with the files of a run.
    ///
    /// # Errors
    /// When it cannot be read or is none.
    pub fn read(path: &Path, present: impl Iterator<Item = String>) -> io::Result<Self> {
        let shown = path.display().to_string();
        let failed = |why: String| {
            io::Error::other(format!("baseline `{shown}` {why}: write one with `--write-baseline {shown}`"))
        };
        let bytes = std::fs::read(path).map_err(|e| failed(format!("cannot be read ({e})")))?;
        let document: Document =
            serde_json::from_slice(&bytes).map_err(|e| failed(format!("is not a baseline ({e})")))?;
        if document.schema != SCHEMA {
            return Err(failed(format!("has the format `{}`, not `{SCHEMA}`", document.schema)));
        }
        let mut known: HashMap<String, Vec<String>> = HashMap::new();
        for entry in document.findings {
            known.entry(entry.fingerprint).or_default().push(entry.path);
        }
        Ok(Baseline { path: shown, known, present: present.collect(), moved: RefCell::default() })
    }

    /// Whether a finding in a file is known.
    #[must_use]
    pub fn accepts(&self, fingerprint: &str, path: &str) -> bool {
        let Some(paths) = self.known.get(fingerprint) else { return false };
        if paths.iter().any(|p| p == path) {
            return true;
        }
        let mut moved = self.moved.borrow_mut();
        paths.iter().filter(|p| !self.present.contains(*p)).any(|gone| {
            let taken =
                moved.entry((fingerprint.to_owned(), gone.clone())).or_insert_with(|| path.to_owned());
            taken == path
        })
    }
}

/// Writes a baseline.
///
/// # Errors
/// When it cannot be written.
pub fn write(path: &Path, findings: Vec<Entry>) -> io::Result<()> {
    let mut file = std::fs::File::create(path)?;
    serde_json::to_writer_pretty(&mut file, &Document { schema: SCHEMA.to_owned(), findings })?;
    file.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn baseline(known: &[(&str, &str)], present: &[&str]) -> Baseline {
        let mut baseline =
            Baseline { present: present.iter().map(|p| (*p).to_owned()).collect(), ..Baseline::default() };
        for (mark, path) in known {
            baseline.known.entry((*mark).to_owned()).or_default().push((*path).to_owned());
        }
        baseline
    }

    #[test]
    fn a_copy_is_new() {
        let baseline = baseline(&[("a", "x.json")], &["x.json", "copy.json"]);
        assert!(baseline.accepts("a", "x.json"));
        assert!(!baseline.accepts("a", "copy.json"));
        assert!(!baseline.accepts("b", "x.json"));
    }

    #[test]
    fn a_moved_file_is_known_and_a_second_one_is_not() {
        let baseline = baseline(&[("a", "old.json")], &["new.json", "other.json"]);
        assert!(baseline.accepts("a", "new.json"));
        assert!(baseline.accepts("a", "new.json"));
        assert!(!baseline.accepts("a", "other.json"));
    }
}
