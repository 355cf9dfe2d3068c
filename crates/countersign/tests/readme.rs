//! The console blocks of the README and the manual are what the program prints: each `$ countersign …` block is run and compared.
//! `UPDATE=1 cargo test -p countersign --test readme` writes what is printed; read it before it is kept.

#![allow(clippy::unwrap_used, reason = "a test that cannot run the program has failed")]

use std::path::{Path, PathBuf};
use std::process::Command;

/// Longer output is cut there, with a line that says so.
const LINES: usize = 40;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn run(command: &str) -> String {
    let words: Vec<&str> = command.split_whitespace().skip(1).collect();
    let cache = std::env::temp_dir().join(format!("countersign-readme-{}", std::process::id()));
    let out = Command::new(env!("CARGO_BIN_EXE_countersign"))
        .args(words)
        .current_dir(root())
        .env("COUNTERSIGN_CACHE", cache)
        .env("COLUMNS", "100")
        .output()
        .unwrap();
    let text = String::from_utf8(out.stdout).unwrap();
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let mut shown = lines.iter().take(LINES).copied().collect::<Vec<_>>().join("\n");
    if lines.len() > LINES {
        shown.push_str("\n…");
    }
    shown.trim_end().to_owned()
}

#[test]
fn console_blocks_are_real_output() {
    for (document, least) in [("README.md", 3), ("docs/testing.md", 3), ("docs/diff.md", 4)] {
        replay(document, least);
    }
}

fn replay(document: &str, least: usize) {
    let path = root().join(document);
    let text = std::fs::read_to_string(&path).unwrap();
    let mut fresh = String::new();
    let mut rest = text.as_str();
    let mut blocks = 0;
    while let Some(start) = rest.find("```console\n$ ") {
        let body = start + "```console\n".len();
        let end = body + rest[body..].find("\n```").unwrap();
        let command = rest[body..end].lines().next().unwrap().trim_start_matches("$ ");
        fresh.push_str(&rest[..body]);
        fresh.push_str(&format!("$ {command}\n{}", run(command)));
        rest = &rest[end..];
        blocks += 1;
    }
    fresh.push_str(rest);
    assert!(blocks >= least, "{document}");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &fresh).unwrap();
    } else {
        assert!(fresh == text, "{document} shows what the program does not print: UPDATE=1 accepts");
    }
}
