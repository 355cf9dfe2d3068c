//! Three chapters of the manual, replayed as they are written: three people with SSH keys of their own take a change of
//! the examples through its whole life, an auditor asks what happened, and it is exported. `UPDATE=1 cargo test -p countersign --test
//! first_change` writes what is printed; read it before it is kept. Digests and key prints differ from run to run: both
//! sides show them as `············`.

#![allow(clippy::unwrap_used, reason = "a test that cannot run the program has failed")]

mod common;

use common::chapter::{company, hold, replay, sh};
use common::{junit, repository};
use std::process::Command;

#[test]
fn the_chapters_are_what_happens() {
    let folder = company();
    let root = folder.path().join("keelhaven");
    std::fs::copy(repository().join("crates/evidence/verify.py"), folder.path().join("verify.py")).unwrap();
    let python = Command::new("python3").args(["-c", "import cryptography"]).output();
    let skipped: &[&str] = match python {
        Ok(out) if out.status.success() => &[],
        _ => {
            println!("skipped: there is no python3 with the package `cryptography`");
            &["python3"]
        }
    };
    let mut minute = 1;
    for (chapter, least) in
        [("docs/first-change.md", 15), ("docs/first-audit.md", 15), ("docs/exports.md", 10)]
    {
        if chapter.ends_with("exports.md") && !jq() {
            return;
        }
        let text = std::fs::read_to_string(repository().join(chapter)).unwrap();
        let before = minute;
        let (fresh, after) = replay(&text, &root, minute, skipped);
        assert!(after > before + least, "{chapter} has become short");
        hold(chapter, &text, &fresh);
        minute = after;
    }
    let export = |format: &str| {
        sh(&root, &format!("countersign export ../ledger --beside ../values --format {format}"), minute)
    };
    junit::hold(&export("junit"));
}

/// Whether there is jq, with which the chapter on exports looks at JSON.
fn jq() -> bool {
    let there = Command::new("jq").arg("--version").output().is_ok();
    let ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
    assert!(there || !ci, "jq is not installed: `./test` installs it");
    if !there {
        println!("skipped: jq is not installed; `./test` installs it");
    }
    there
}
