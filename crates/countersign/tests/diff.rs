//! `countersign diff`: by files, by git, in each format; the laws of digests; and mutants of real definitions.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test whose input is not there has failed"
)]

#[path = "common/mod.rs"]
mod common;
#[path = "diff/laws.rs"]
mod laws;
#[path = "diff/mutants.rs"]
mod mutants;

use common::{Folder, leaver};
use std::process::Command;

#[test]
fn cosmetic_edits_are_no_change() {
    let folder = Folder::empty();
    folder.write("old.json", &leaver("a"));
    folder.write("new.json", &leaver("b").replace("[200, 0]", "[900, 40]"));
    let run = folder.run(&["diff", "old.json", "new.json"]);
    assert_eq!((run.code, run.out.as_str()), (0, "No change in what the workflows do.\n"), "{}", run.err);
    let json = folder.run(&["diff", "old.json", "new.json", "--format", "json"]).json();
    assert_eq!(json["changed"], false);
    assert_eq!(json["workflows"].as_array().unwrap().len(), 0);
}

#[test]
fn a_change_of_power_is_told_in_every_format() {
    let folder = Folder::empty();
    folder.write("old.json", &leaver(""));
    folder.write("new.json", &leaver("").replace("$json.body.user", "$json.body.victim"));
    let run = folder.run(&["diff", "old.json", "new.json"]);
    assert_eq!(run.code, 1, "{}", run.err);
    assert!(run.out.contains("Delete account") && run.out.contains("victim"), "{}", run.out);
    let json = folder.run(&["diff", "old.json", "new.json", "--format", "json"]).json();
    let workflow = &json["workflows"][0];
    assert_ne!(workflow["digest"]["old"], workflow["digest"]["new"]);
    let first = &workflow["changes"][0];
    assert_eq!((first["area"].as_str(), first["kind"].as_str()), (Some("access"), Some("effect-widened")));
    let text = folder.run(&["diff", "old.json", "new.json", "--format", "markdown", "-o", "x.md"]);
    assert_eq!((text.code, text.out.as_str()), (1, ""));
    let text = std::fs::read_to_string(folder.path().join("x.md")).unwrap();
    assert!(text.starts_with("## Countersign: 1 workflow does something else\n"), "{text}");
}

#[test]
fn folders_are_compared_by_file() {
    let folder = Folder::empty();
    folder.write("old/leaver.json", &leaver(""));
    folder.write("new/leaver.json", &leaver(""));
    folder.write(
        "new/second.json",
        &leaver("").replace("leaver01", "leaver02").replace("\"Leaver\"", "\"Second\""),
    );
    let run = folder.run(&["diff", "old", "new"]);
    assert_eq!(run.code, 1);
    assert!(run.out.contains("The workflow `Second` is new"), "{}", run.out);
    assert!(!run.out.contains("`Leaver`"), "{}", run.out);
}

#[test]
fn revisions_of_git_are_compared() {
    let folder = Folder::empty();
    let git = |arguments: &[&str]| {
        let who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "commit.gpgsign=false"];
        let run = Command::new("git").args(who).args(arguments).current_dir(folder.path()).output().unwrap();
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    };
    git(&["init", "-q"]);
    folder.write("flows/leaver.json", &leaver(""));
    git(&["add", "."]);
    git(&["commit", "-qm", "one"]);
    folder.write("flows/leaver.json", &leaver("").replace("$json.body.user", "$json.body.victim"));
    git(&["commit", "-qam", "two"]);
    for sides in [
        vec!["diff", "HEAD~1", "HEAD"],
        vec!["diff", "HEAD~1"],
        vec!["diff", "HEAD~1:flows", "flows"],
        vec!["diff", "HEAD~1:flows/leaver.json", "flows/leaver.json"],
    ] {
        let run = folder.run(&sides);
        assert_eq!(run.code, 1, "{sides:?} {}", run.err);
        assert!(run.out.contains("victim"), "{sides:?} {}", run.out);
    }
    assert_eq!(folder.run(&["diff", "HEAD", "."]).code, 0);
    let run = folder.run(&["diff", "HEAD~7", "."]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("neither a path nor a revision"), "{}", run.err);
    let run = folder.run(&["diff", "HEAD:nowhere", "."]);
    assert!(run.code == 2 && run.err.contains("has no file `nowhere`"), "{}", run.err);
}
