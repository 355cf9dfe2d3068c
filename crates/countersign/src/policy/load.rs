//! Policies and their cases, from files.

use crate::people;
use policy::{CaseFile, Facts, PolicySet, Source};
use serde::Deserialize;
use serde_saphyr::Spanned;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The most folders that are gone down.
const DEEPEST: usize = 16;
/// The ending of files of cases.
const CASES: &str = ".policy-test.yaml";

/// The policies of some places, with the cases beside them.
#[derive(Debug)]
pub struct Loaded {
    /// The core and what was found.
    pub set: PolicySet,
    /// The organisation's files.
    pub files: usize,
    /// Cases: the file, the line, the case.
    pub cases: Vec<(String, u64, policy::Case)>,
    /// Files of cases that cannot be read: the file, the line, why.
    pub problems: Vec<(String, u64, String)>,
}

/// A file of cases, with the line of each.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    schema: String,
    cases: Vec<Spanned<policy::Case>>,
}

/// Loads the policies of folders and files.
///
/// # Errors
/// When a path is not there, or a file of policies cannot be read.
pub fn load(paths: &[PathBuf]) -> io::Result<Loaded> {
    let mut files = Vec::new();
    for path in paths {
        collect(path, &mut files)?;
    }
    files.sort();
    files.dedup();
    let mut sources = Vec::new();
    let (mut cases, mut problems) = (Vec::new(), Vec::new());
    for path in &files {
        let file = path.display().to_string();
        let text =
            std::fs::read_to_string(path).map_err(|e| io::Error::new(e.kind(), format!("`{file}`: {e}")))?;
        if file.ends_with(CASES) {
            match read_cases(&text) {
                Ok(found) => cases.extend(found.into_iter().map(|(line, case)| (file.clone(), line, case))),
                Err((line, message)) => problems.push((file, line, message)),
            }
        } else {
            sources.push(Source { file, text });
        }
    }
    Ok(Loaded { files: sources.len(), set: PolicySet::with(&sources), cases, problems })
}

/// The policies of a governed folder, named by where they lie in it, so that a copy of it has the same version.
///
/// # Errors
/// When a file of policies cannot be read.
pub fn below(root: &Path) -> io::Result<Vec<Source>> {
    let mut files = Vec::new();
    collect(root, &mut files)?;
    files.retain(|path| !path.to_string_lossy().ends_with(CASES));
    let read = |path: &PathBuf| {
        let file = path.strip_prefix(root).unwrap_or(path).display().to_string();
        let text = std::fs::read_to_string(path);
        let text = text.map_err(|e| io::Error::new(e.kind(), format!("`{file}`: {e}")))?;
        Ok(Source { file, text })
    };
    let mut sources: Vec<Source> = files.iter().map(read).collect::<io::Result<_>>()?;
    sources.sort_by(|a, b| a.file.cmp(&b.file));
    Ok(sources)
}

/// The same of names below a folder, as a commit has them: which of them are policies.
pub(crate) fn among<'n>(names: &[&'n str]) -> Vec<&'n str> {
    let inside = names.iter().any(|n| n.starts_with("policies/"));
    let some = || names.iter().any(|n| !n.contains('/') && is_ours(n));
    let hidden = |n: &str| n.split('/').any(|part| part.starts_with('.') || part == "target");
    let ours =
        |n: &&str| n.ends_with(".cedar") && if inside { n.starts_with("policies/") } else { !hidden(n) };
    let mut found: Vec<&str> =
        if inside || some() { names.iter().copied().filter(ours).collect() } else { Vec::new() };
    found.sort_unstable();
    found
}

/// The files of a path, in order: a file itself; below `policies` in a folder that has it; else those below a folder with
/// policies of its own. Any other folder has none.
fn collect(path: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    if path.is_file() {
        files.push(path.to_path_buf());
        return Ok(());
    }
    if !path.is_dir() {
        let told = format!(
            "no file or folder `{}`: give the path of policies, or of a folder with some",
            path.display()
        );
        return Err(io::Error::new(io::ErrorKind::NotFound, told));
    }
    let inside = path.join("policies");
    if inside.is_dir() {
        return descend(&inside, DEEPEST, files);
    }
    let holds_some = std::fs::read_dir(path)?.flatten().any(|e| is_ours(&e.file_name().to_string_lossy()));
    if holds_some { descend(path, DEEPEST, files) } else { Ok(()) }
}

fn is_ours(name: &str) -> bool {
    name.ends_with(".cedar") || name.ends_with(CASES)
}

fn descend(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> io::Result<()> {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder)?.flatten().map(|e| e.path()).collect();
    entries.sort();
    for path in entries {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let is_folder = path.is_dir() && !path.is_symlink();
        if is_folder && depth > 0 && !name.starts_with('.') && name != "target" && name != "node_modules" {
            descend(&path, depth - 1, files)?;
        } else if !is_folder && is_ours(&name) {
            files.push(path);
        }
    }
    Ok(())
}

fn read_cases(text: &str) -> Result<Vec<(u64, policy::Case)>, (u64, String)> {
    let cases: Cases = serde_saphyr::from_str(text).map_err(|e| {
        (e.location().map_or(0, |l| l.line()), e.to_string().lines().next().unwrap_or_default().to_owned())
    })?;
    if cases.schema != CaseFile::SCHEMA {
        return Err((
            1,
            format!("the schema is `{}`, and `{}` is understood", cases.schema, CaseFile::SCHEMA),
        ));
    }
    Ok(cases.cases.into_iter().map(|c| (c.referenced.line(), c.value)).collect())
}

/// Facts from files, each with where it stands: one JSON object, or one for each line.
///
/// # Errors
/// When a file cannot be read or holds something else.
pub fn facts(paths: &[PathBuf], directory: Option<&Path>) -> io::Result<Vec<(String, Facts)>> {
    let people =
        directory.map(|path| people::read(&people::place(path))).transpose()?.map(|(p, _)| Arc::new(p));
    let mut all = Vec::new();
    for path in paths {
        let shown = path.display();
        let text =
            std::fs::read_to_string(path).map_err(|e| io::Error::new(e.kind(), format!("`{shown}`: {e}")))?;
        for (i, facts) in serde_json::Deserializer::from_str(&text).into_iter::<Facts>().enumerate() {
            let mut facts =
                facts.map_err(|e| io::Error::new(io::ErrorKind::InvalidData, format!("{shown}: {e}")))?;
            if let Some(people) = people.as_ref().filter(|_| facts.people.all().is_empty()) {
                facts.people = people.clone();
            }
            all.push((format!("{shown} {}", i + 1), facts));
        }
    }
    Ok(all)
}
