//! What a workflow consists of: it and everything it calls, their parts with a digest each, and the files that all of it stands
//! in.

use super::repository::{Repository, Unit};
use crate::scan::Scan;
use crate::scan::model::Body;
use check::ControlRecord;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use workflow::Digest;

/// A workflow with what is known of it in full, and its record.
pub(super) struct Whole<'r> {
    pub(super) unit: &'r Unit,
    pub(super) body: Body,
    pub(super) record: ControlRecord,
}

/// The parts of a closure by name, and the files that they stand in.
pub type Parts = (BTreeMap<String, String>, Vec<String>);

impl Repository {
    /// A workflow with everything it calls.
    pub(super) fn closure<'r>(&'r self, unit: &'r Unit) -> Vec<&'r Unit> {
        let reached = self.head(unit).map(|h| h.closure.reached.as_slice()).unwrap_or_default();
        let called = reached.iter().filter_map(|place| {
            // Units stand in the order of their files, and of their numbers in these.
            let at = self.units.binary_search_by_key(place, |u| (u.file, u.number));
            self.units.get(at.ok()?)
        });
        std::iter::once(unit).chain(called).collect()
    }

    /// The same, with what is known of each in full: the workflow itself first.
    pub(super) fn wholes<'r>(&'r self, unit: &'r Unit) -> io::Result<Vec<Whole<'r>>> {
        let whole = |unit| {
            let body = self.body(unit)?;
            Ok(Whole { unit, record: record(&body), body })
        };
        self.closure(unit).into_iter().map(whole).collect()
    }

    /// The parts of a workflow's closure, and the files they stand in: definitions of it and all it calls with every file that
    /// these were made of, their records, the scenarios that the records name, the connectors in their versions.
    ///
    /// # Errors
    /// When results cannot be read back.
    pub fn parts<'u>(&self, unit: &'u Unit) -> io::Result<&'u Parts> {
        match unit.parts.get() {
            Some(known) => Ok(known),
            None => Ok(self.parts_among(unit, &self.wholes(unit)?)),
        }
    }

    /// The same, where all that it calls is at hand. They are put together once: its files are looked at once.
    pub(super) fn parts_among<'u>(&self, unit: &'u Unit, wholes: &[Whole<'_>]) -> &'u Parts {
        unit.parts.get_or_init(|| parts_of(self, wholes))
    }

    /// The files of scenarios that a workflow's record names.
    ///
    /// # Errors
    /// When results cannot be read back.
    pub fn tests(&self, unit: &Unit) -> io::Result<Vec<PathBuf>> {
        let tests = record(&self.body(unit)?).tests;
        Ok(tests.iter().map(|t| self.root.join(self.test(unit, t))).collect())
    }

    /// Where a file of scenarios stands that a record names.
    fn test(&self, unit: &Unit, named: &str) -> String {
        let places = self.test_places(unit, named);
        let there = places.iter().find(|p| self.root.join(p).is_file()).or(places.last());
        there.map(|p| p.display().to_string()).unwrap_or_default()
    }

    /// Where it may stand: beside the definition, or beside its folder where a record stands there.
    fn test_places(&self, unit: &Unit, named: &str) -> Vec<PathBuf> {
        let folder = Path::new(&unit.path).parent().unwrap_or(Path::new(""));
        let outer = folder.parent().filter(|_| self.root.join(record_of(folder)).is_file());
        [Some(folder), outer].into_iter().flatten().map(|f| f.join(named)).collect()
    }

    /// The files in whose history those stand who had a part in a file of scenarios: wherever it may stand, for it may have
    /// been taken away there, and what a link there leads to.
    fn test_files(&self, unit: &Unit, named: &str) -> Vec<String> {
        let shown = |path: &Path| path.display().to_string();
        let behind = |place: &PathBuf| {
            let real = self.root.join(place).canonicalize().ok()?;
            Some(shown(real.strip_prefix(&self.root).unwrap_or(&real)))
        };
        let places = self.test_places(unit, named);
        places.iter().flat_map(|p| [Some(shown(p)), behind(p)]).flatten().collect()
    }

    /// Where the control record of a workflow may stand: what has its name with that ending, there or beside its folder.
    fn beside(&self, unit: &Unit) -> Vec<String> {
        let path = Path::new(&unit.path);
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let stems = name.match_indices('.').filter_map(|(i, _)| name.get(..i)).filter(|s| !s.is_empty());
        let here = stems.map(|s| record_of(&path.with_file_name(s)));
        let there = here.chain(path.parent().map(record_of)).filter(|p| self.root.join(p).is_file());
        there.map(|p| p.display().to_string()).collect()
    }

    /// The files that a workflow was made of, below the folder.
    fn made_of<'r>(&'r self, unit: &'r Unit) -> impl Iterator<Item = String> + 'r {
        let used = self.file(unit).map(|f| f.used.as_slice()).unwrap_or_default();
        let below = used.iter().filter_map(|path| Path::new(path).strip_prefix(&self.root).ok());
        std::iter::once(unit.path.clone()).chain(below.map(|p| p.display().to_string()))
    }
}

/// The parts of a closure, and their files.
fn parts_of(repository: &Repository, wholes: &[Whole<'_>]) -> Parts {
    let (mut parts, mut paths) = (BTreeMap::new(), Vec::new());
    let mut connectors: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for Whole { unit, body, record } in wholes {
        let name = &unit.name;
        for part in &body.parts {
            parts.insert(format!("{name}/{}", part.name), part.digest.to_string());
        }
        paths.extend(repository.made_of(unit));
        if !body.record.is_empty() {
            parts.insert(format!("{name}/record"), Digest::of(body.record.as_bytes()).to_string());
            paths.extend(repository.beside(unit));
        }
        for (connector, version) in &body.connectors {
            connectors.entry(connector).or_default().insert(version);
        }
        for test in &record.tests {
            let path = repository.test(unit, test);
            // One that is not there is a part with nothing in it: nobody gets rid of tests by taking them away.
            let file = Some(repository.root.join(&path)).filter(|p| p.is_file());
            let bytes = file.and_then(|p| std::fs::read(p).ok()).unwrap_or_default();
            parts.insert(format!("{name}/test/{test}"), Digest::of(&bytes).to_string());
            paths.extend(repository.test_files(unit, test));
        }
    }
    for (connector, versions) in connectors {
        let versions = versions.into_iter().collect::<Vec<_>>().join("\n");
        parts.insert(format!("connector/{connector}"), Digest::of(versions.as_bytes()).to_string());
    }
    paths.sort();
    paths.dedup();
    (parts, paths)
}

fn record_of(stem: &Path) -> PathBuf {
    PathBuf::from(format!("{}.control.yaml", stem.display()))
}

/// A body's record; an empty one where there is none.
fn record(body: &Body) -> ControlRecord {
    serde_json::from_str(&body.record).unwrap_or_default()
}

/// The workflows of a scan. Each has a name of its own: with its file where others are called the same, and with its number in
/// the file where that does not tell them apart.
pub(super) fn units(scan: &Scan, root: &Path) -> Vec<Unit> {
    let mut units = Vec::new();
    for (file, entry) in scan.files.iter().enumerate() {
        let path = Path::new(&entry.path).strip_prefix(root).unwrap_or(Path::new(&entry.path));
        let path = path.display().to_string();
        for (number, head) in entry.heads.iter().enumerate() {
            let (name, parts) = (head.name.to_string(), OnceLock::new());
            units.push(Unit { name, path: path.clone(), file, number, parts });
        }
    }
    let names: Vec<[String; 3]> = units.iter().map(names).collect();
    let mut claims: BTreeMap<&str, usize> = BTreeMap::new();
    names.iter().flatten().for_each(|name| *claims.entry(name).or_default() += 1);
    for (unit, [own, with_file, with_number]) in units.iter_mut().zip(&names) {
        let alone = [own, with_file].into_iter().find(|n| claims.get(n.as_str()) == Some(&1));
        unit.name.clone_from(alone.unwrap_or(with_number));
    }
    units
}

/// The names that a workflow may be told by, the shortest first.
fn names(unit: &Unit) -> [String; 3] {
    let Unit { name, path, number, .. } = unit;
    [name.clone(), format!("{name} ({path})"), format!("{name} ({path} #{})", number + 1)]
}
