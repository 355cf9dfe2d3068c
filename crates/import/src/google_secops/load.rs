//! Reads the files of a playbook's folder: trigger and steps beside the definition.

use super::build::{self, Piece};
use crate::doc::{Doc, Lines, Node, decode};
use crate::{Imported, Source, Verdict};
use workflow::Problem;

/// A playbook has so many steps at most.
const MAX_STEPS: usize = 5_000;

/// A file of the folder.
struct Loaded {
    name: String,
    text: String,
}

/// The playbook whose definition is at hand, with its trigger and steps.
pub(super) fn playbook(source: &Source<'_>, definition: Node<'_>) -> Imported {
    let mut problems = Vec::new();
    let loaded = files(source, &mut problems);
    let mut docs: Vec<(&Loaded, Doc<'_>)> = Vec::new();
    for file in &loaded {
        match parse(&file.text) {
            Ok(doc) => docs.push((file, doc)),
            Err((line, message)) => {
                problems.push(Problem { path: beside(source.path, &file.name), line, message })
            }
        }
    }
    let paths: Vec<String> = docs.iter().map(|(file, _)| beside(source.path, &file.name)).collect();
    let pieces: Vec<Piece<'_>> = docs
        .iter()
        .enumerate()
        .map(|(i, (file, doc))| Piece {
            node: doc.root(),
            file: u16::try_from(i + 1).unwrap_or(u16::MAX),
            is_trigger: !file.name.starts_with("steps/"),
        })
        .collect();
    let w = build::workflow(source.path, &paths, definition, &pieces, &mut problems);
    let used = loaded.iter().map(|f| f.name.clone()).collect();
    Imported { verdict: Verdict::Workflows(vec![w]), problems, used }
}

fn files(source: &Source<'_>, problems: &mut Vec<Problem>) -> Vec<Loaded> {
    let steps = source.files.list("steps");
    let of_yaml = |n: &String| n.ends_with(".yaml") || n.ends_with(".yml");
    let steps = steps.into_iter().filter(of_yaml).map(|n| format!("steps/{n}"));
    let mut loaded = Vec::new();
    for name in std::iter::once("trigger.yaml".to_owned()).chain(steps.take(MAX_STEPS)) {
        let Some(bytes) = source.files.read(&name) else { continue };
        match decode(&bytes) {
            Ok((text, _)) => loaded.push(Loaded { name, text: text.into_owned() }),
            Err(fault) => {
                problems.push(Problem { path: beside(source.path, &name), line: 1, message: fault.message })
            }
        }
    }
    if loaded.is_empty() {
        let message =
            "no steps beside this definition: check the whole folder, with `trigger.yaml` and `steps`";
        problems.push(Problem { path: source.path.to_owned(), line: 1, message: message.to_owned() });
    }
    loaded
}

fn parse(text: &str) -> Result<Doc<'_>, (u32, String)> {
    Doc::yaml(text).map_err(|fault| (Lines::default().line(text, fault.at), fault.message))
}

/// The path of a file beside another.
fn beside(path: &str, name: &str) -> String {
    match path.rfind(['/', '\\']) {
        Some(at) => format!("{}{name}", &path[..=at]),
        None => name.to_owned(),
    }
}
