//! A governed folder: one with a `countersign.toml`. Its control records, approved connectors and the credentials that
//! workflows share are known before the first file is checked, whichever part of the folder is asked for.

use crate::walk::{Found, Walk, from_here, real, walk};
use check::{Context, ControlRecord};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use workflow::{Digest, Problem, Text, Workflow};

/// The file that makes a folder a governed one.
pub const CONFIGURATION: &str = "countersign.toml";
const CONNECTORS: &str = "connectors.yaml";
const RECORD: &str = ".control.yaml";

/// What is known of the governed folders that the given paths are in or hold. Paths are real ones.
#[derive(Debug, Default)]
pub struct Governance {
    folders: BTreeSet<PathBuf>,
    records: BTreeMap<PathBuf, Vec<ControlRecord>>,
    /// The records that name a credential, in order.
    naming: BTreeMap<Text, Vec<PathBuf>>,
    /// Connectors, by the folder in which they are listed.
    approved: BTreeMap<PathBuf, Vec<Text>>,
    /// Records and lists that could not be read.
    pub problems: Vec<Problem>,
    /// Of every file that was read for this, with its place: another one, and files may be judged otherwise.
    pub digest: Digest,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Records {
    One(Box<ControlRecord>),
    Many(Vec<ControlRecord>),
}

/// `connectors.yaml`: what may be used, see `docs/formats/connectors.md`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Connectors {
    #[allow(dead_code)]
    schema: String,
    connectors: Vec<Connector>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Connector {
    name: String,
    #[serde(default)]
    version: String,
    #[allow(dead_code)]
    #[serde(default)]
    platform: String,
    #[allow(dead_code)]
    #[serde(default)]
    capabilities: Vec<String>,
    #[allow(dead_code)]
    #[serde(default)]
    owner: String,
    #[allow(dead_code)]
    #[serde(default)]
    approved: String,
}

impl Governance {
    /// Reads what governs the given paths: what was found below them, the rest of the governed folder that they are in,
    /// and where there is none, what lies beside a file.
    #[must_use]
    pub fn read(paths: &[PathBuf], walked: &Walk) -> Self {
        let mut files: BTreeMap<PathBuf, String> = BTreeMap::new();
        let governing = |found: &Found| governs(&found.path).then(|| real(&found.path));
        for found in &walked.files {
            files.extend(governing(found).map(|path| (path, found.shown.clone())));
        }
        for path in around(paths).iter().flat_map(|place| walk(place).files).filter_map(|f| governing(&f)) {
            files.entry(path).or_insert_with_key(|path| from_here(path));
        }
        let mut governance = Governance::default();
        let mut digests = Vec::new();
        for (path, shown) in files {
            digests.extend_from_slice(governance.add(path, &shown).to_string().as_bytes());
        }
        governance.digest = Digest::of(&digests);
        governance.misplaced();
        for (path, records) in &governance.records {
            for credential in records.iter().flat_map(|r| &r.credentials) {
                let naming = governance.naming.entry(credential.clone()).or_default();
                if naming.last() != Some(path) {
                    naming.push(path.clone());
                }
            }
        }
        governance
    }

    /// Configurations and lists further down in a governed folder count for nothing: whoever may write there does not govern.
    fn misplaced(&mut self) {
        let configurations = self.folders.iter().map(|f| f.join(CONFIGURATION));
        let lists = self.approved.keys().map(|f| f.join(CONNECTORS));
        let inner = |path: &PathBuf| self.root(path).is_some_and(|root| path.parent() != Some(root));
        let told: Vec<Problem> = configurations
            .chain(lists)
            .filter(inner)
            .map(|path| Problem {
                path: from_here(&path),
                line: 0,
                message:
                    "counts for nothing: only what lies beside the outermost `countersign.toml` governs; \
                          put it there, or take it out"
                        .to_owned(),
            })
            .collect();
        self.problems.extend(told);
    }

    /// The governed folder that a file is in: the outermost.
    fn root(&self, file: &Path) -> Option<&Path> {
        file.ancestors().filter_map(|f| self.folders.get(f)).last().map(PathBuf::as_path)
    }

    /// The connectors that are approved for a file: by the list of its governed folder; in none, by lists beside or above it.
    fn approved(&self, file: &Path) -> Vec<Text> {
        match self.root(file) {
            Some(root) => self.approved.get(root).cloned().unwrap_or_default(),
            None => file.ancestors().filter_map(|f| self.approved.get(f)).flatten().cloned().collect(),
        }
    }

    /// Takes a file in; the digest of its place and content.
    fn add(&mut self, path: PathBuf, shown: &str) -> Digest {
        let text = std::fs::read_to_string(&path).map_err(|e| e.to_string());
        let content = text.as_deref().unwrap_or_else(|e| e);
        let digest = Digest::of(format!("{}\0{content}", path.display()).as_bytes());
        if path.ends_with(CONFIGURATION) {
            self.folders.extend(path.parent().map(Path::to_path_buf));
        } else if path.ends_with(CONNECTORS) {
            let list = self.parse::<Connectors>(text, shown);
            let approved = list.iter().flat_map(|l| &l.connectors).map(approved).collect();
            self.approved.insert(path.parent().map(Path::to_path_buf).unwrap_or_default(), approved);
        } else {
            let records = self.parse::<Records>(text, shown).map(|r| match r {
                Records::One(record) => vec![*record],
                Records::Many(records) => records,
            });
            self.records.insert(path, records.unwrap_or_default());
        }
        digest
    }

    fn parse<T: for<'de> Deserialize<'de>>(
        &mut self,
        text: Result<String, String>,
        shown: &str,
    ) -> Option<T> {
        match text.and_then(|t| serde_saphyr::from_str(&t).map_err(|e| e.to_string())) {
            Ok(value) => Some(value),
            Err(e) => {
                let message = format!("cannot be understood: {}", e.lines().next().unwrap_or_default());
                self.problems.push(Problem { path: shown.to_owned(), line: 0, message });
                None
            }
        }
    }

    /// What a file that holds no workflow is to a governed folder, where it is something to it.
    #[must_use]
    pub fn part(&self, file: &Path) -> Option<&'static str> {
        let name = file.file_name()?.to_str()?;
        let known = match name {
            CONFIGURATION => "the configuration of a governed folder",
            CONNECTORS => "the list of approved connectors",
            "credentials.yaml" => "the list of credentials",
            "people.yaml" => "the directory of people",
            _ if name.ends_with(RECORD) => "a control record",
            _ if name.ends_with(".test.yaml") => "scenarios of a workflow",
            _ if name.ends_with(".policy-test.yaml") => "cases of policies",
            _ if name.ends_with(".cedar") => "policies",
            _ => return None,
        };
        self.governs(&real(file)).then_some(known)
    }

    fn governs(&self, file: &Path) -> bool {
        file.ancestors().any(|f| self.folders.contains(f))
    }

    /// What is known from around the workflows of a file.
    #[must_use]
    pub fn contexts(&self, file: &Path, workflows: &[Workflow]) -> Vec<Context> {
        if self.folders.is_empty() && self.records.is_empty() && self.approved.is_empty() {
            return vec![Context::default(); workflows.len()];
        }
        let file = real(file);
        let (governed, approved) = (self.governs(&file), self.approved(&file));
        let records = self.beside(&file);
        let record_unread = places(&file).iter().any(|p| self.records.get(p).is_some_and(Vec::is_empty));
        let context = |w: &Workflow| Context {
            governed,
            record: records.iter().find(|r| about(r, w, workflows.len())).map(|r| (*r).clone()),
            record_unread,
            approved_connectors: approved.clone(),
            shared: self.shared(w, &records),
        };
        workflows.iter().map(context).collect()
    }

    /// The records beside a file.
    fn beside(&self, file: &Path) -> Vec<&ControlRecord> {
        places(file).iter().filter_map(|p| self.records.get(p)).flatten().collect()
    }

    /// Credentials of a workflow that records of other workflows name too.
    fn shared(&self, workflow: &Workflow, own: &[&ControlRecord]) -> Vec<(Text, Vec<String>)> {
        let used = workflow.credentials.iter().flat_map(|c| [&c.id, &c.name]).filter(|c| !c.is_empty());
        let own_names = own.iter().flat_map(|r| &r.credentials);
        let mut shared: Vec<(Text, Vec<String>)> = Vec::new();
        for credential in used.chain(own_names) {
            let naming = self.naming.get(credential).into_iter().flatten();
            let elsewhere = naming.filter(|path| {
                self.records.get(*path).into_iter().flatten().any(|r| uses(r, credential, own))
            });
            let names: Vec<String> = elsewhere.map(|path| record_name(path)).collect();
            if !names.is_empty() && !shared.iter().any(|(c, _)| c == credential) {
                shared.push((credential.clone(), names));
            }
        }
        shared
    }
}

/// Whether a file says something of others.
#[must_use]
pub fn governs(path: &Path) -> bool {
    let name = path.file_name().map(|n| n.to_string_lossy()).unwrap_or_default();
    name == CONFIGURATION || name == CONNECTORS || name.ends_with(RECORD)
}

/// The governed folder that a real path is in: the outermost of its repository, for no folder in one gets out of it by a
/// configuration of its own; outside of any, the nearest.
pub(crate) fn root_above(path: &Path) -> Option<&Path> {
    let holds = |f: &&Path| f.join(CONFIGURATION).is_file();
    let top = path.ancestors().find(|f| f.join(".git").exists());
    let within = top.and_then(|top| path.ancestors().take_while(|f| f.starts_with(top)).filter(holds).last());
    within.or_else(|| path.ancestors().find(holds))
}

/// Where else to look for what governs some paths: the governed folders that they are in without taking them in, or the
/// files beside one that is in none.
fn around(paths: &[PathBuf]) -> BTreeSet<Vec<PathBuf>> {
    let given: Vec<PathBuf> = paths.iter().map(|p| real(p)).collect();
    let place = |path: &PathBuf| match root_above(path) {
        Some(folder) if given.iter().any(|g| folder.starts_with(g)) => None,
        Some(folder) => Some(vec![folder.to_path_buf()]),
        None => path.is_file().then(|| path.parent().map(plain_files)).flatten(),
    };
    given.iter().filter_map(place).collect()
}

/// The files directly in a folder.
fn plain_files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let plain = entries.filter(|e| e.file_type().is_ok_and(|t| t.is_file()));
    let mut files: Vec<PathBuf> = plain.map(|e| e.path()).filter(|p| governs(p)).collect();
    files.sort();
    files
}

fn approved(connector: &Connector) -> Text {
    if connector.version.is_empty() {
        connector.name.as_str().into()
    } else {
        Text::from(format!("{}@{}", connector.name, connector.version))
    }
}

/// Where the record of a file may stand: `x.control.yaml` for `x.json`, and for a file that is a folder's definition
/// (`definition.yaml`) beside the folder.
fn places(file: &Path) -> Vec<PathBuf> {
    let Some(name) = file.file_name().map(|n| n.to_string_lossy().into_owned()) else {
        return Vec::new();
    };
    let stems: Vec<&str> =
        name.match_indices('.').map(|(i, _)| &name[..i]).filter(|s| !s.is_empty()).collect();
    let here = stems.iter().rev().map(|s| file.with_file_name(format!("{s}{RECORD}")));
    let folder = file.parent().map(|f| PathBuf::from(format!("{}{RECORD}", f.display())));
    here.chain(folder).collect()
}

fn uses(record: &ControlRecord, credential: &Text, own: &[&ControlRecord]) -> bool {
    record.credentials.contains(credential) && !own.iter().any(|o| std::ptr::eq(*o, record))
}

fn record_name(path: &Path) -> String {
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    name.trim_end_matches(RECORD).to_owned()
}

/// Whether a record is about a workflow: by name or id, or because it is the only one.
fn about(record: &ControlRecord, workflow: &Workflow, among: usize) -> bool {
    match &record.workflow {
        Some(name) => {
            *name == workflow.name || workflow.id.as_ref() == Some(name) || workflow.aliases.contains(name)
        }
        None => among == 1,
    }
}
