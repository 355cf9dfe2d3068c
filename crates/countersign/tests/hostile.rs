//! Hostile folders through the program: nothing hides anything else, nothing outside is read, nothing hangs.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot make its own folder has failed")]
#![cfg(unix)]

mod common;

use common::{Folder, leaver};
use std::os::unix::fs::symlink;
use std::process::Command;

#[test]
fn one_bad_file_hides_none_of_a_thousand_good_ones() {
    let folder = Folder::empty();
    (0..1000).for_each(|i| folder.write(&format!("{i:04}.json"), &leaver("")));
    folder.write("0500-bad.json", &leaver("")[..400]);
    let run = folder.run(&["check", "--format", "json", "--no-cache"]);
    let report = run.json();
    assert_eq!(report["workflows"].as_array().unwrap().len(), 1000);
    let problems = report["problems"].as_array().unwrap();
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert_eq!(problems[0]["path"], "0500-bad.json");
    assert!(!problems[0]["message"].as_str().unwrap().is_empty());
}

#[test]
fn nothing_outside_the_folder_is_read() {
    let (outside, folder) = (Folder::empty(), Folder::new());
    outside.write("secret.json", &leaver("").replace("Leaver", "Outside"));
    std::fs::create_dir(folder.path().join("deep")).unwrap();
    symlink(outside.path().join("secret.json"), folder.path().join("linked.json")).unwrap();
    symlink(outside.path(), folder.path().join("deep/folder")).unwrap();
    symlink(folder.path(), folder.path().join("deep/loop")).unwrap();
    symlink("nowhere.json", folder.path().join("dangling.json")).unwrap();
    symlink("itself.json", folder.path().join("itself.json")).unwrap();
    let run = folder.run(&["check", "--format", "json", "--no-cache"]);
    assert_eq!(run.json()["workflows"].as_array().unwrap().len(), 2);
    assert!(!run.out.contains("Outside"));
}

#[test]
fn a_playbook_does_not_reach_out_of_its_folder_by_links() {
    let (outside, folder) = (Folder::empty(), Folder::empty());
    let small = common::repository().join("crates/import/tests/small/google-secops");
    let copy = |name: &str| std::fs::read_to_string(small.join(name)).unwrap();
    outside.write("b.yaml", &copy("steps/b.yaml"));
    folder.write("definition.yaml", &copy("definition.yaml"));
    folder.write("trigger.yaml", &copy("trigger.yaml"));
    symlink(outside.path(), folder.path().join("steps")).unwrap();
    let run = folder.run(&["check", "--format", "json", "--no-cache"]);
    assert!(!run.out.contains("Okta"), "{}", run.out);
}

#[test]
fn pipes_and_folders_with_names_of_files_do_not_stop_it() {
    let folder = Folder::new();
    let pipe = folder.path().join("pipe.json");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    std::fs::create_dir(folder.path().join("folder.json")).unwrap();
    std::fs::write(folder.path().join("folder.json/empty.json"), "").unwrap();
    let run = folder.run(&["check", "--format", "json", "--no-cache"]);
    assert_eq!(run.json()["workflows"].as_array().unwrap().len(), 2);
    assert_eq!(run.code, 1);
}

#[test]
fn a_broken_package_is_a_problem_with_a_reason() {
    let folder = Folder::new();
    std::fs::write(folder.path().join("broken.zip"), b"PK\x03\x04 and nothing more").unwrap();
    let run = folder.run(&["check", "--format", "json", "--no-cache"]);
    let report = run.json();
    assert_eq!(report["workflows"].as_array().unwrap().len(), 2);
    assert!(report["problems"][0]["message"].as_str().unwrap().contains("broken zip package"));
}

#[test]
fn other_texts_are_no_broken_definitions() {
    let folder = Folder::empty();
    folder.write("branch.feature", "Feature: Branch\n  As a reader\n  Scenario: one: two\n");
    folder.write("half.yaml", "document:\n  dsl: '1.0.0'\n do: [\n");
    let report = report(&folder);
    assert!(verdict(&report, "branch.feature").contains("not YAML"));
    assert!(verdict(&report, "half.yaml").contains("broken YAML"));
}
