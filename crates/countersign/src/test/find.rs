//! Which files of scenarios there are, and which definition each is about.

use crate::walk::walk;
use std::path::{Path, PathBuf};

/// How files of scenarios end.
pub const ENDING: &str = ".test.yaml";

/// The files of scenarios at some paths, each with its path as shown: those named, those below folders, those beside
/// workflows.
pub fn suites(paths: &[PathBuf]) -> Vec<(PathBuf, String)> {
    let mut found: Vec<(PathBuf, String)> = Vec::new();
    for path in paths {
        if path.is_file() && !is_suite(path) {
            found.extend(beside(path).into_iter().map(|p| (p.clone(), p.display().to_string())));
            continue;
        }
        let walked = walk(std::slice::from_ref(path));
        found.extend(walked.files.into_iter().filter(|f| is_suite(&f.path)).map(|f| (f.path, f.shown)));
    }
    found.sort();
    found.dedup_by(|a, b| a.0 == b.0);
    found
}

/// The files that may hold workflows at some paths.
pub fn definitions(paths: &[PathBuf]) -> Vec<(PathBuf, String)> {
    let ours = |p: &Path| is_suite(p) || name(p).ends_with(".control.yaml");
    let files = walk(paths).files.into_iter().filter(|f| !ours(&f.path));
    files.map(|f| (f.path, f.shown)).collect()
}

fn is_suite(path: &Path) -> bool {
    name(path).ends_with(ENDING)
}

fn name(path: &Path) -> String {
    path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default()
}

/// The names without endings that a file has: `x.asl`, `x` for `x.asl.json`; of a folder's definition, the folder's.
fn stems(path: &Path) -> Vec<PathBuf> {
    let name = name(path);
    let cuts = name.match_indices('.').map(|(i, _)| &name[..i]).filter(|s| !s.is_empty());
    let own = cuts.map(|s| path.with_file_name(s));
    let folder = path.parent().filter(|f| !f.as_os_str().is_empty()).map(Path::to_path_buf);
    own.chain(folder).collect()
}

/// The file of scenarios beside a definition: `x.test.yaml` for `x.json`; `x.edge.test.yaml` too.
fn beside(definition: &Path) -> Vec<PathBuf> {
    let with = |s: PathBuf| [ENDING, ".edge.test.yaml"].map(|e| PathBuf::from(format!("{}{e}", s.display())));
    stems(definition).into_iter().flat_map(with).filter(|p| p.is_file()).collect()
}

/// The definitions that a file of scenarios may be about, by its name: the files and folders of its stem.
pub fn subjects(suite: &Path) -> Vec<PathBuf> {
    let own = name(suite);
    let stem = own.trim_end_matches(ENDING).trim_end_matches(".edge");
    let folder = suite.parent().unwrap_or(Path::new(""));
    let look = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let mut found: Vec<PathBuf> = std::fs::read_dir(look)
        .into_iter()
        .flatten()
        .flatten()
        .map(|e| folder.join(e.file_name()))
        .filter(|p| p.is_file() && !is_suite(p) && !name(p).ends_with(".control.yaml"))
        .filter(|p| name(p).strip_prefix(stem).is_some_and(|rest| rest.starts_with('.')))
        .collect();
    let inside = folder.join(stem);
    if inside.is_dir() {
        found.push(inside);
    }
    found.sort();
    found
}

/// Where the edge cases of a definition are kept.
pub fn kept(definition: &Path) -> PathBuf {
    let name = name(definition);
    let stem = name.split('.').next().filter(|s| !s.is_empty()).unwrap_or("workflow");
    definition.with_file_name(format!("{stem}.edge.test.yaml"))
}
