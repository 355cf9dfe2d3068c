//! The definitions of the examples, of the importers' small ones and, where it is there, of the corpus, with the files
//! that they are spread over.

use super::tree::Document;
use check::diff::Side;
use import::{Files, NoFiles, Verdict};
use std::path::{Path, PathBuf};
use workflow::{Platform, Workflow};

/// A definition: its own document first, then the pieces of it that lie beside it, by their paths from there.
pub struct Definition {
    pub path: PathBuf,
    pub platform: Platform,
    pub documents: Vec<(String, Document)>,
    /// No key stands twice in an object: then what is written anew is the same.
    pub plain: bool,
    /// The bytes as they are.
    bytes: Vec<u8>,
    /// Where other files lie; nothing for what stands in a package.
    folder: Option<PathBuf>,
}

/// How many files of a platform's corpus are tried without `./test --slow`.
const SOME: usize = 6;

/// All definitions, or some of each platform.
pub fn definitions() -> Vec<Definition> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap();
    let mut paths = files(own.join("examples/workflows"));
    paths.extend(files(own.join("crates/import/tests/small")));
    paths.extend(files(own.join("crates/countersign/tests/node_red")));
    let shared = std::env::var_os("COUNTERSIGN_SHARED").map_or_else(|| own.join("../shared"), PathBuf::from);
    let corpus = shared.join("corpus");
    if !corpus.is_dir() {
        println!("without the corpus: no {}", corpus.display());
    }
    let mut platforms: Vec<PathBuf> =
        std::fs::read_dir(&corpus).into_iter().flatten().flatten().map(|e| e.path()).collect();
    platforms.sort();
    for platform in platforms {
        let all = files(platform);
        let most = if slow() { all.len() } else { SOME };
        let step = all.len().div_ceil(most.max(1)).max(1);
        paths.extend(all.into_iter().step_by(step));
    }
    paths.iter().flat_map(|p| read(p)).collect()
}

/// Whether everything is to be tried.
pub fn slow() -> bool {
    std::env::var_os("COUNTERSIGN_SLOW").is_some()
}

/// The files below a folder that may be definitions, sorted. In the folder of a playbook that is its main file.
fn files(top: PathBuf) -> Vec<PathBuf> {
    const ENDINGS: [&str; 9] = ["json", "yaml", "yml", "bpmn", "icon", "flow", "folder", "flopack", "zip"];
    let (mut folders, mut found) = (vec![top], Vec::new());
    while let Some(folder) = folders.pop() {
        let main = folder.join("definition.yaml");
        if main.exists() {
            found.push(main);
            continue;
        }
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let ending = path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
            let name = path.to_string_lossy();
            let beside = name.ends_with(".test.yaml") || name.ends_with(".control.yaml");
            if path.is_dir() {
                folders.push(path);
            } else if ENDINGS.contains(&ending.as_str()) && !beside {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The definitions of a file: one, or those of a package.
fn read(path: &Path) -> Vec<Definition> {
    let bytes = std::fs::read(path).unwrap();
    if let Some(packed) = import::archive::entries(&bytes) {
        let inner = packed.unwrap_or_default().into_iter();
        return inner.filter_map(|(name, bytes)| one(path.join(name), bytes, None)).collect();
    }
    let small = bytes.len() < 300_000;
    let found = small.then(|| one(path.to_owned(), bytes, path.parent().map(Path::to_owned)));
    found.flatten().into_iter().collect()
}

fn one(path: PathBuf, bytes: Vec<u8>, folder: Option<PathBuf>) -> Option<Definition> {
    let mut documents = vec![(String::new(), Document::read(&bytes)?)];
    if path.ends_with("definition.yaml") {
        documents.extend(pieces(folder.as_deref()?));
    }
    let plain = is_plain(&bytes);
    let mut definition = Definition { path, platform: Platform::N8n, documents, plain, bytes, folder };
    definition.platform = definition.workflows().first()?.platform;
    Some(definition)
}

fn is_plain(bytes: &[u8]) -> bool {
    let Ok((text, _)) = import::doc::decode(bytes) else { return false };
    let json = text.trim_start().starts_with(['{', '[', '/']);
    let parsed = if json { import::doc::Doc::json(&text) } else { import::doc::Doc::yaml(&text) };
    parsed.map_or(true, |doc| doc.duplicate_keys("").is_empty())
}

/// The trigger and the steps of a playbook.
fn pieces(folder: &Path) -> Vec<(String, Document)> {
    let beside = Beside { folder: Some(folder), edited: &[] };
    let steps = beside.list("steps").into_iter().map(|name| format!("steps/{name}"));
    let names = std::iter::once("trigger.yaml".to_owned()).chain(steps);
    names.filter_map(|name| Some((name.clone(), Document::read(&beside.read(&name)?)?))).collect()
}

/// Files beside a definition, some of them edited.
struct Beside<'e> {
    folder: Option<&'e Path>,
    edited: &'e [(String, String)],
}

impl Files for Beside<'_> {
    fn read(&self, relative: &str) -> Option<Vec<u8>> {
        let edited = self.edited.iter().find(|(name, _)| name == relative);
        edited
            .map(|(_, text)| text.clone().into_bytes())
            .or_else(|| std::fs::read(self.folder?.join(relative)).ok())
    }

    fn list(&self, relative: &str) -> Vec<String> {
        let Some(folder) = self.folder else { return NoFiles.list(relative) };
        let entries = std::fs::read_dir(folder.join(relative)).into_iter().flatten().flatten();
        let mut names: Vec<String> = entries.map(|e| e.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

impl Definition {
    /// Its workflows, as it stands.
    pub fn workflows(&self) -> Vec<Workflow> {
        self.import(&self.bytes, &[])
    }

    /// Its workflows when its documents are written as these.
    pub fn edited(&self, documents: &[(String, Document)]) -> Vec<Workflow> {
        let texts: Vec<(String, String)> =
            documents.iter().map(|(name, d)| (name.clone(), d.text())).collect();
        self.import(texts[0].1.as_bytes(), &texts[1..])
    }

    fn import(&self, bytes: &[u8], edited: &[(String, String)]) -> Vec<Workflow> {
        let files = Beside { folder: self.folder.as_deref(), edited };
        match import::import(&self.path.to_string_lossy(), bytes, &files).verdict {
            Verdict::Workflows(workflows) => workflows,
            Verdict::NotWorkflow(_) | Verdict::Unreadable => Vec::new(),
        }
    }
}

/// Workflows of a file, classified and judged.
pub fn side(mut workflows: Vec<Workflow>) -> Side {
    check::classify_all(&mut workflows);
    judged(workflows)
}

/// Classified workflows of a file, judged.
pub fn judged(workflows: Vec<Workflow>) -> Side {
    let judged = check::check(&workflows, &[]);
    let mut side = Side::default();
    side.add("it", &workflows, &judged);
    side
}
