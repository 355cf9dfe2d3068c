//! Rules about documents: the paths they name exist, the words they use are the glossary's.

#![allow(clippy::unwrap_used, reason = "a test that cannot read its repository has failed")]

use tidy::{files, root};

/// Folders and files of the repository that documents name in backticks.
const TOP: &[&str] = &["crates/", "docs/", "examples/", "bench/", "tidy/", "fuzz/", ".ci/", ".github/"];

fn is_path(word: &str) -> bool {
    let plain = !word.contains([' ', '*', '<', '{', '$', '…', '(', '|']);
    plain && TOP.iter().any(|t| word.starts_with(t))
}

fn in_backticks(text: &str) -> Vec<&str> {
    let outside_blocks = text.split("```").step_by(2);
    outside_blocks.flat_map(|part| part.split('`').skip(1).step_by(2)).collect()
}

#[test]
fn every_path_named_in_a_document_exists() {
    for (file, text) in files(".md") {
        for word in in_backticks(&text).into_iter().filter(|w| is_path(w)) {
            let path = word.split(['#', ':']).next().unwrap_or(word);
            assert!(root().join(path).exists(), "{file} names `{word}`, which does not exist");
        }
    }
}

#[test]
fn every_link_between_documents_leads_somewhere() {
    for (file, text) in files(".md") {
        let folder = root().join(&file);
        let folder = folder.parent().unwrap();
        for part in text.split("```").step_by(2).flat_map(|p| p.split("](").skip(1)) {
            let target = part.split(')').next().unwrap_or_default();
            let path = target.split('#').next().unwrap_or_default();
            let local = !target.contains("://") && !path.is_empty() && !target.starts_with("mailto:");
            assert!(!local || folder.join(path).exists(), "{file} links to `{target}`, which does not exist");
        }
    }
}

/// Rows of the glossary's table: term, and words not to use instead of it.
fn glossary() -> Vec<(String, Vec<String>)> {
    let text = std::fs::read_to_string(root().join("docs/glossary.md")).unwrap();
    let rows =
        text.lines().filter(|l| l.starts_with('|') && !l.starts_with("| term") && !l.starts_with("|-"));
    let row = |line: &str| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let not = cells.get(2).map_or(Vec::new(), |c| {
            c.split(',').map(|w| w.trim().to_owned()).filter(|w| !w.is_empty()).collect()
        });
        (cells[0].trim_matches('`').to_owned(), not)
    };
    rows.map(row).collect()
}

#[test]
fn the_glossary_has_every_effect_kind() {
    let text = std::fs::read_to_string(root().join("crates/workflow/src/effect.rs")).unwrap();
    let words: Vec<&str> = text.split("=> \"").skip(1).filter_map(|p| p.split('"').next()).collect();
    assert!(words.len() >= 26);
    let terms: Vec<String> = glossary().into_iter().map(|(t, _)| t).collect();
    for word in words {
        assert!(terms.iter().any(|t| t == word), "effect kind `{word}` is not in docs/glossary.md");
    }
}

#[test]
fn documents_use_the_glossarys_words() {
    let manual = files(".md")
        .into_iter()
        .filter(|(p, _)| p.starts_with("docs/") && p != "docs/glossary.md" || p == "README.md");
    for (file, text) in manual {
        let prose: String = text.split("```").step_by(2).collect::<String>().to_lowercase();
        let words: Vec<&str> = prose.split(|c: char| !c.is_alphanumeric() && c != '-').collect();
        for (term, not) in glossary() {
            for wrong in not {
                assert!(
                    !words.contains(&wrong.as_str()),
                    "{file} says `{wrong}`: the glossary's word is `{term}`"
                );
            }
        }
    }
}

#[test]
fn nothing_names_this_machine() {
    let parts = [
        ["/wo", "rk/"],
        ["/tmp/bash", "_jobs"],
        ["registry.np", "mjs"],
        ["static.cra", "tes"],
        ["files.pythonho", "sted"],
    ];
    let all = [".rs", ".md", ".toml", ".py", ".sh", ".yml", ".yaml", ".html"];
    for (file, text) in all.iter().flat_map(|e| files(e)) {
        for part in &parts {
            let word = part.concat();
            let at = text.find(&word).filter(|i| {
                *i == 0 || !text[..*i].ends_with(|c: char| c.is_alphanumeric() || "._~-".contains(c))
            });
            assert!(at.is_none(), "{file} names `{word}`");
        }
    }
}
