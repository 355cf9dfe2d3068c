//! A governed folder: one with a `countersign.toml`. Its control records, approved connectors and the credentials that
//! workflows share are known before the first file is checked.

use check::{Context, ControlRecord};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use workflow::{Problem, Text, Workflow};

/// The file that makes a folder a governed one.
pub const CONFIGURATION: &str = "countersign.toml";
const RECORD: &str = ".control.yaml";

/// What is known of the governed folders below the given paths.
#[derive(Debug, Default)]
pub struct Governance {
    folders: Vec<PathBuf>,
    records: BTreeMap<PathBuf, Vec<ControlRecord>>,
    approved: Vec<Text>,
    /// Records and lists that could not be read.
    pub problems: Vec<Problem>,
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
    /// Reads what governs the files found: each a path with the path shown.
    #[must_use]
    pub fn read<'f>(files: impl Iterator<Item = (&'f Path, &'f str)>) -> Self {
        let mut governance = Governance::default();
        for (path, shown) in files {
            let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
            if name == CONFIGURATION {
                governance.folders.extend(path.parent().map(Path::to_path_buf));
            } else if name.ends_with(RECORD) {
                let records = governance.parse::<Records>(path, shown);
                let records = records.map(|r| match r {
                    Records::One(record) => vec![*record],
                    Records::Many(records) => records,
                });
                governance.records.insert(path.to_path_buf(), records.unwrap_or_default());
            } else if name == "connectors.yaml"
                && let Some(list) = governance.parse::<Connectors>(path, shown)
            {
                governance.approved.extend(list.connectors.iter().map(approved));
            }
        }
        governance
    }

    fn parse<T: for<'de> Deserialize<'de>>(&mut self, path: &Path, shown: &str) -> Option<T> {
        let text = std::fs::read_to_string(path).map_err(|e| e.to_string());
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
            "connectors.yaml" => "the list of approved connectors",
            "credentials.yaml" => "the list of credentials",
            "people.yaml" => "the directory of people",
            _ if name.ends_with(RECORD) => "a control record",
            _ if name.ends_with(".test.yaml") => "scenarios of a workflow",
            _ if name.ends_with(".policy-test.yaml") => "cases of policies",
            _ if name.ends_with(".cedar") => "policies",
            _ => return None,
        };
        self.folders.iter().any(|f| file.starts_with(f)).then_some(known)
    }

    /// What is known from around the workflows of a file.
    #[must_use]
    pub fn contexts(&self, file: &Path, workflows: &[Workflow]) -> Vec<Context> {
        let governed = self.folders.iter().any(|f| file.starts_with(f));
        let records = self.beside(file);
        let context = |w: &Workflow| Context {
            governed,
            record: records.iter().find(|r| about(r, w, workflows.len())).map(|r| (*r).clone()),
            approved_connectors: self.approved.clone(),
            shared: self.shared(w, &records),
        };
        workflows.iter().map(context).collect()
    }

    /// The records beside a file: `x.control.yaml` for `x.json`, and for a file that is a folder's definition
    /// (`definition.yaml`) the one beside the folder.
    fn beside(&self, file: &Path) -> Vec<&ControlRecord> {
        let Some(name) = file.file_name().map(|n| n.to_string_lossy().into_owned()) else {
            return Vec::new();
        };
        let stems: Vec<&str> =
            name.match_indices('.').map(|(i, _)| &name[..i]).filter(|s| !s.is_empty()).collect();
        let here = stems.iter().rev().map(|s| file.with_file_name(format!("{s}{RECORD}")));
        let folder = file.parent().map(|f| PathBuf::from(format!("{}{RECORD}", f.display())));
        here.chain(folder).filter_map(|p| self.records.get(&p)).flatten().collect()
    }

    /// Credentials of a workflow that records of other workflows name too.
    fn shared(&self, workflow: &Workflow, own: &[&ControlRecord]) -> Vec<(Text, Vec<String>)> {
        let used = workflow.credentials.iter().flat_map(|c| [&c.id, &c.name]).filter(|c| !c.is_empty());
        let own_names = own.iter().flat_map(|r| &r.credentials);
        let mut shared: Vec<(Text, Vec<String>)> = Vec::new();
        for credential in used.chain(own_names) {
            let elsewhere = self.records.iter().filter(|(_, rs)| rs.iter().any(|r| uses(r, credential, own)));
            let names: Vec<String> = elsewhere.map(|(p, _)| record_name(p)).collect();
            if !names.is_empty() && !shared.iter().any(|(c, _)| c == credential) {
                shared.push((credential.clone(), names));
            }
        }
        shared
    }
}

fn approved(connector: &Connector) -> Text {
    if connector.version.is_empty() {
        connector.name.as_str().into()
    } else {
        Text::from(format!("{}@{}", connector.name, connector.version))
    }
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
