//! `check --save-scenarios`: each property that is refuted, as a scenario that fails as long as it is.

use super::find::definitions;
use crate::report::words::times;
use crate::scan::load;
use check::proofs::refutations;
use machine::rehearse::{SCHEMA, Scenario, Suite};
use std::collections::HashSet;
use std::io;
use std::path::{Component, Path, PathBuf};

/// Writes the refutations of the workflows at some paths into a folder, in a file for each workflow.
///
/// # Errors
/// When the folder cannot be made, or a file cannot be read or written.
pub fn save(paths: &[PathBuf], folder: &Path) -> io::Result<()> {
    let named = |e: io::Error| io::Error::other(format!("`{}` cannot be written: {e}", folder.display()));
    std::fs::create_dir_all(folder).map_err(named)?;
    let (mut files, mut scenarios) = (0, 0);
    for (path, _) in definitions(paths) {
        load(&path, &mut |file, workflows, _, contexts| {
            for (i, workflow) in (0u32..).zip(workflows) {
                let found = refutations(workflows, contexts, i);
                if found.is_empty() {
                    continue;
                }
                let suite = Suite {
                    schema: SCHEMA.into(),
                    file: Some(relative(folder, &path)?),
                    workflow: (workflows.len() > 1)
                        .then(|| workflow.id.clone().unwrap_or_else(|| workflow.name.clone())),
                    scenarios: unlike(found.into_iter().map(|(_, s)| s)),
                    ..Suite::default()
                };
                (files, scenarios) = (files + 1, scenarios + suite.scenarios.len());
                let text = serde_saphyr::to_string(&suite).map_err(io::Error::other)?;
                std::fs::write(folder.join(file_name(file, i)), text).map_err(named)?;
            }
            Ok(())
        })?;
    }
    eprintln!("`{}` holds {} in {}", folder.display(), times(scenarios, "refutation"), times(files, "file"));
    Ok(())
}

/// Scenarios of which each has a name of its own.
fn unlike(scenarios: impl Iterator<Item = Scenario>) -> Vec<Scenario> {
    let mut names = HashSet::new();
    let mut all: Vec<Scenario> = scenarios.collect();
    for scenario in &mut all {
        let (name, mut n) = (scenario.name.clone(), 2);
        while !names.insert(scenario.name.clone()) {
            scenario.name = format!("{name} ({n})");
            n += 1;
        }
    }
    all
}

/// A file's name for the scenarios of a workflow: the definition's path, and the workflow's number after the first.
fn file_name(file: &str, index: u32) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '_' | '.') { c } else { '-' };
    let stem: String = file.trim_start_matches(['.', '/']).chars().map(plain).collect();
    let number = if index == 0 { String::new() } else { format!("-{}", index + 1) };
    format!("{stem}{number}{}", super::find::ENDING)
}

/// The way from a folder to a file.
fn relative(folder: &Path, file: &Path) -> io::Result<String> {
    let (from, to) = (std::fs::canonicalize(folder)?, std::fs::canonicalize(file)?);
    let (from, to): (Vec<Component<'_>>, Vec<Component<'_>>) =
        (from.components().collect(), to.components().collect());
    let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = from.iter().skip(shared).map(|_| Component::ParentDir);
    let way: PathBuf = up.chain(to.iter().skip(shared).copied()).collect();
    Ok(way.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_leads_from_the_folder_to_the_file() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        assert_eq!(relative(&root.join("src/test"), &root.join("Cargo.toml")).unwrap(), "../../Cargo.toml");
    }

    #[test]
    fn workflows_of_one_file_have_files_of_their_own() {
        assert_eq!(file_name("../a b/x.json", 0), "a-b-x.json.test.yaml");
        assert_eq!(file_name("../a b/x.json", 1), "a-b-x.json-2.test.yaml");
    }
}
