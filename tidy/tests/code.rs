//! Rules about code: layers, purity, lists that match their folders, sizes, headers.

#![allow(clippy::unwrap_used, reason = "a test that cannot read its repository has failed")]

use std::collections::BTreeSet;
use tidy::{files, functions, root};

/// Which of our crates each crate may use; the order is that of the layers.
const LAYERS: &[(&str, &[&str])] = &[
    ("workflow", &[]),
    ("import", &["workflow"]),
    ("machine", &["workflow"]),
    ("check", &["workflow", "machine"]),
    ("policy", &["workflow"]),
    ("govern", &["workflow", "policy"]),
    ("connect", &["workflow", "machine"]),
    ("ledger", &[]),
    ("evidence", &["ledger"]),
    ("store", &["ledger"]),
    (
        "countersign",
        &[
            "workflow", "import", "machine", "check", "policy", "govern", "connect", "ledger", "evidence",
            "store",
        ],
    ),
];

/// Crates that touch no world: no clock, randomness, files, environment, network, terminal.
const PURE: &[&str] = &["workflow", "import", "machine", "check", "policy", "govern", "ledger", "evidence"];

const WORLD: &[&str] = &[
    "std::fs",
    "std::net",
    "std::env::",
    "std::process",
    "SystemTime",
    "Instant::now",
    "println!",
    "eprintln!",
    "print!(",
    "std::thread::sleep",
    "std::io::stdin",
    "std::io::stdout",
];

/// The library part of a crate: without tests (modules that are compiled for tests only), examples and build scripts.
fn sources(name: &str) -> Vec<(String, String)> {
    let of = format!("crates/{name}/src/");
    let all: Vec<_> = files(".rs").into_iter().filter(|(path, _)| path.starts_with(&of)).collect();
    let tests: BTreeSet<String> = all.iter().flat_map(|(path, text)| test_modules(path, text)).collect();
    all.into_iter().filter(|(path, _)| !tests.contains(path)).collect()
}

/// The files of `#[cfg(test)] mod x;` in a file.
fn test_modules(path: &str, text: &str) -> Vec<String> {
    let folder = path.rsplit_once('/').map_or("", |(f, _)| f);
    let names =
        text.split("#[cfg(test)]\nmod ").skip(1).filter_map(|rest| rest.split_once(';').map(|(n, _)| n));
    names.map(|n| format!("{folder}/{n}.rs")).collect()
}

#[test]
fn crates_use_only_the_layers_beneath() {
    for (name, allowed) in LAYERS {
        let Ok(manifest) = std::fs::read_to_string(root().join(format!("crates/{name}/Cargo.toml"))) else {
            continue;
        };
        let dependencies = manifest.split("[dependencies]").nth(1).unwrap_or_default();
        let dependencies = dependencies.split("\n[").next().unwrap_or_default();
        for (other, _) in LAYERS {
            let uses = dependencies.lines().any(|l| l.split(['.', ' ', '=']).next() == Some(other));
            assert!(
                !uses || allowed.contains(other),
                "crate `{name}` uses `{other}`: the layer table does not allow it"
            );
        }
    }
}

#[test]
fn every_crate_has_a_layer() {
    for entry in std::fs::read_dir(root().join("crates")).unwrap().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        assert!(LAYERS.iter().any(|(l, _)| *l == name), "crate `{name}` is not in the layer table");
    }
}

#[test]
fn pure_crates_touch_no_world() {
    for (path, text) in PURE
        .iter()
        .flat_map(|c| sources(c))
        .filter(|(p, _)| !p.ends_with("tests.rs") && !p.contains("/tests/"))
    {
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for (i, line) in code.lines().enumerate().filter(|(_, l)| !l.trim_start().starts_with("//")) {
            for word in WORLD {
                assert!(!line.contains(word), "{path}:{}: `{word}` in a pure crate", i + 1);
            }
        }
    }
}

fn folder(path: &str) -> BTreeSet<String> {
    let entries = std::fs::read_dir(root().join(path)).unwrap().flatten();
    entries.map(|e| e.file_name().to_string_lossy().into_owned()).collect()
}

#[test]
fn every_platform_folder_is_in_the_list_and_has_its_page() {
    let list = std::fs::read_to_string(root().join("crates/import/src/lib.rs")).unwrap();
    let shared = ["dataflow", "doc", "js", "wdl"];
    for name in
        folder("crates/import/src").iter().filter(|n| !n.contains('.') && !shared.contains(&n.as_str()))
    {
        assert!(list.contains(&format!("{name}::import)")), "platform folder `{name}` is not in `IMPORTERS`");
        assert!(
            root().join(format!("crates/import/src/{name}/README.md")).is_file(),
            "platform `{name}` has no README.md"
        );
    }
}

#[test]
fn every_rule_has_its_code_its_page_and_its_line() {
    let rules = "crates/check/src/rules";
    if !root().join(rules).is_dir() {
        return;
    }
    let names = folder(rules);
    let list = std::fs::read_to_string(root().join(rules).join("mod.rs")).unwrap();
    let pages: BTreeSet<String> =
        names.iter().filter_map(|n| n.strip_suffix(".md")).map(str::to_owned).collect();
    assert!(pages.len() > 20);
    for page in &pages {
        assert!(
            names.contains(&format!("{}.rs", page.replace('-', "_"))),
            "rule `{page}` has a page but no code"
        );
        assert!(list.contains(&page.replace('-', "_")), "rule `{page}` is not in the list");
    }
}

#[test]
fn files_are_short_and_say_what_they_are() {
    for (path, text) in files(".rs") {
        assert!(text.lines().count() <= 600, "{path} has more than 600 lines");
        assert!(text.starts_with("//!"), "{path} does not open with what it is");
    }
}

#[test]
fn functions_are_short() {
    let mut lengths = Vec::new();
    for (path, text) in files(".rs") {
        for (name, line, length) in functions(&text) {
            assert!(length <= 70, "{path}:{line}: `{name}` has {length} lines");
            lengths.push(length);
        }
    }
    lengths.sort_unstable();
    let median = lengths[lengths.len() / 2];
    assert!(median <= 12, "the median function has {median} lines");
}

#[test]
fn functions_are_measured() {
    let text = "fn a() {\n    x\n}\n\npub fn b() {}\n";
    assert_eq!(functions(text), [("a".to_owned(), 1, 3), ("b".to_owned(), 5, 1)]);
}
