//! Policies and their cases, from files.

use crate::people;
use crate::walk;
use policy::{CaseFile, Facts, PolicySet, Source};
use serde::Deserialize;
use serde_saphyr::Spanned;
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The most folders that are gone down.
const DEEPEST: usize = 16;
/// The ending of files of cases.
const CASES: &str = ".policy-test.yaml";
/// The folder of policies, where there is one.
const POLICIES: &str = "policies";

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
        let text = walk::text(path);
        let text = text.map_err(|e| io::Error::new(e.kind(), format!("`{file}`: {e}")))?;
        Ok(Source { file, text })
    };
    let mut sources: Vec<Source> = files.iter().map(read).collect::<io::Result<_>>()?;
    sources.sort_by(|a, b| a.file.cmp(&b.file));
    Ok(sources)
}

/// The same of names below a folder, as a commit has them: which of them are policies.
pub(crate) fn among(names: &[&str]) -> Vec<String> {
    let listed = |folder: &str| {
        let below = names.iter().filter_map(|n| n.strip_prefix(folder));
        let entry = |n: &str| n.split_once('/').map_or((n.to_owned(), false), |(f, _)| (f.to_owned(), true));
        Ok(below.map(entry).collect())
    };
    let mut found = picked(&listed).unwrap_or_default();
    found.retain(|name| !name.ends_with(CASES));
    found
}

/// The files of a path, in order: a file itself, or what is picked of a folder.
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
    let listed = |folder: &str| {
        let entry = |e: std::fs::DirEntry| {
            let (name, path) = (e.file_name().to_string_lossy().into_owned(), e.path());
            let followed = folder.is_empty() && name == POLICIES || !path.is_symlink();
            (name, path.is_dir() && followed)
        };
        Ok(std::fs::read_dir(path.join(folder))?.flatten().map(entry).collect())
    };
    files.extend(picked(&listed)?.into_iter().map(|name| path.join(name)));
    Ok(())
}

/// Lists a folder, given with a `/` at its end: names, and whether each is one of a folder to go down.
type Listed<'l> = &'l dyn Fn(&str) -> io::Result<BTreeSet<(String, bool)>>;

/// The files of policies and of cases in a folder, in order: those below `policies` where it has that; else those below a
/// folder with some of its own. Any other folder has none.
fn picked(listed: Listed<'_>) -> io::Result<Vec<String>> {
    let top = listed("")?;
    let mut found = Vec::new();
    if top.contains(&(POLICIES.to_owned(), true)) {
        descend(&format!("{POLICIES}/"), DEEPEST, listed, &mut found)?;
    } else if top.iter().any(|(name, is_folder)| !is_folder && is_ours(name)) {
        descend("", DEEPEST, listed, &mut found)?;
    }
    found.sort_unstable();
    Ok(found)
}

fn is_ours(name: &str) -> bool {
    name.ends_with(".cedar") || name.ends_with(CASES)
}

fn descend(folder: &str, depth: usize, listed: Listed<'_>, found: &mut Vec<String>) -> io::Result<()> {
    for (name, is_folder) in listed(folder)? {
        let goes_down = depth > 0 && !name.starts_with('.') && name != "target" && name != "node_modules";
        if is_folder && goes_down {
            descend(&format!("{folder}{name}/"), depth - 1, listed, found)?;
        } else if !is_folder && is_ours(&name) {
            found.push(format!("{folder}{name}"));
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

#[cfg(test)]
mod tests {
    use super::{among, below};

    #[test]
    fn a_commit_and_a_folder_have_the_same_policies() {
        let root = std::env::temp_dir().join(format!("countersign-policies-{}", std::process::id()));
        let deep = format!("policies/{}deep.cedar", "d/".repeat(17));
        let with = [
            "a.cedar",
            "policies/b.cedar",
            "policies/.git/c.cedar",
            "policies/x/node_modules/d.cedar",
            &deep,
        ];
        let without =
            ["a.cedar", "x/b.cedar", ".x/c.cedar", "x/target/d.cedar", "a.policy-test.yaml", "e.toml"];
        for (names, expected) in [
            (&with[..], &["policies/b.cedar"][..]),
            (&without, &["a.cedar", "x/b.cedar"]),
            (&["x/a.cedar", "y.toml"], &[]),
        ] {
            assert_eq!(among(names), expected);
            for name in names {
                std::fs::create_dir_all(root.join(name).parent().unwrap()).unwrap();
                std::fs::write(root.join(name), "").unwrap();
            }
            let on_disk: Vec<String> = below(&root).unwrap().into_iter().map(|s| s.file).collect();
            assert_eq!(on_disk, expected);
            std::fs::remove_dir_all(&root).unwrap();
        }
    }
}
