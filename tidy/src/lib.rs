//! The repository's own rules, as tests in `tests/`. This library finds and reads the repository's files for them.

use std::path::{Path, PathBuf};

/// The repository's folder.
#[must_use]
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// Every file of the repository with this ending, by path relative to the root, with its text; without what is built.
#[must_use]
pub fn files(ending: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut open = vec![root()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            if path.is_dir()
                && !["target", ".git", "node_modules", "artifacts", "tools", ".peers"]
                    .contains(&name.as_str())
            {
                open.push(path);
            } else if name.ends_with(ending)
                && let Ok(text) = std::fs::read_to_string(&path)
            {
                let relative = path.strip_prefix(root()).unwrap_or(&path);
                found.push((relative.to_string_lossy().replace('\\', "/"), text));
            }
        }
    }
    found.sort();
    found
}

/// The functions of a formatted Rust file: name, first line, number of lines.
#[must_use]
pub fn functions(text: &str) -> Vec<(String, usize, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let indent = line.len() - line.trim_start().len();
        let Some(name) = function_name(line.trim_start()) else { continue };
        let close = format!("{}}}", " ".repeat(indent));
        let one_line = line.ends_with(['}', ';']);
        let end = if one_line {
            Some(start)
        } else {
            lines[start..].iter().position(|l| **l == close).map(|n| start + n)
        };
        if let Some(end) = end {
            found.push((name.to_owned(), start + 1, end - start + 1));
        }
    }
    found
}

/// The name, when a line starts a function.
fn function_name(line: &str) -> Option<&str> {
    let words = ["pub(super) ", "pub(crate) ", "pub ", "const ", "async "];
    let mut rest = line;
    while let Some(word) = words.iter().find(|w| rest.starts_with(**w)) {
        rest = &rest[word.len()..];
    }
    let name = rest.strip_prefix("fn ")?;
    name.find(['(', '<']).map(|end| &name[..end])
}
