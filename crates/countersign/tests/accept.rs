//! Baselines and ignores from end to end: what they hide, what they do not, and that their use is told.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot read its report has failed")]

mod common;

use common::{Folder, leaver};

const RULE: &str = "unauthenticated-trigger";

fn configured(expires: &str) -> String {
    format!(
        "[[ignore]]\nrule = \"{RULE}\"\nworkflow = \"Leaver\"\nstep = \"Delete account\"\nreason = \"behind the gateway\"\nexpires = {expires}\nowner = \"security\"\n"
    )
}

fn statuses(folder: &Folder) -> Vec<String> {
    let report = folder.run(&["check", "--format", "json"]).json();
    let notes = report["ignores"].as_array().unwrap().iter();
    notes
        .map(|n| {
            format!("{} {} {}", n["status"].as_str().unwrap(), n["findings"], n["rule"].as_str().unwrap())
        })
        .collect()
}

#[test]
fn a_baseline_hides_what_was_there_and_nothing_new() {
    let folder = Folder::new();
    let run = folder.run(&["check", "--write-baseline", "known.json"]);
    assert_eq!(run.code, 0, "{}", run.err);
    let after = folder.run(&["check", "--baseline", "known.json"]);
    assert_eq!(after.code, 0, "{}", after.out);
    // Lines move: nothing is new.
    folder.write("leaver.json", &format!("\n\n\n{}", leaver("moved")));
    assert!(folder.rules(&["--baseline", "known.json"]).is_empty());
    // The file moves: nothing is new.
    std::fs::rename(folder.path().join("leaver.json"), folder.path().join("moved.json")).unwrap();
    assert!(folder.rules(&["--baseline", "known.json"]).is_empty());
    // A copy is new.
    folder.write("leaver.json", &leaver(""));
    assert!(!folder.rules(&["--baseline", "known.json"]).is_empty());
}

#[test]
fn a_baseline_that_is_none_is_an_error() {
    let folder = Folder::new();
    folder.write("other.json", "{\"schema\": \"x\", \"findings\": []}");
    for (path, told) in [
        ("none.json", "cannot be read"),
        ("leaver.json", "is not a baseline"),
        ("other.json", "has the format"),
    ] {
        let run = folder.run(&["check", "--baseline", path]);
        assert_eq!(run.code, 2);
        assert!(run.err.contains(told), "{path}: {}", run.err);
    }
}

#[test]
fn a_configured_ignore_hides_until_its_last_day() {
    let folder = Folder::new();
    let all = folder.rules(&[]);
    folder.write("countersign.toml", &configured("9999-12-31"));
    let rest = folder.rules(&[]);
    assert!(!rest.contains(&RULE.to_owned()), "{rest:?}");
    assert_eq!(statuses(&folder), [format!("used 1 {RULE}")]);
    let report = folder.run(&["check", "--format", "json"]).json();
    let accepted = report["workflows"].as_array().unwrap().iter().find_map(|w| w["accepted"].as_array());
    assert_eq!(accepted.unwrap()[0]["reason"], "behind the gateway");
    assert!(folder.run(&["check"]).out.contains("hides 1 finding until 9999-12-31"));
    folder.write("countersign.toml", &configured("2001-01-01"));
    let expired = folder.rules(&[]);
    assert!(all.iter().all(|rule| expired.contains(rule)), "{expired:?}");
    assert_eq!(statuses(&folder), [format!("expired 1 {RULE}")]);
    assert!(folder.run(&["check"]).out.contains("expired on 2001-01-01: hides nothing any more"));
}

#[test]
fn an_ignore_that_hides_nothing_is_told() {
    let folder = Folder::new();
    folder.write("countersign.toml", &configured("9999-12-31").replace(RULE, "notify-nobody"));
    assert_eq!(statuses(&folder), ["unused 0 notify-nobody"]);
    assert!(folder.run(&["check"]).out.contains("hides nothing: take it out"));
    folder.write("countersign.toml", &configured("9999-12-31").replace("\"Leaver\"", "\"Gone\""));
    assert_eq!(statuses(&folder), [format!("unused 0 {RULE}")]);
    let part = folder.run(&["check", "--format", "json", "digest.json"]).json();
    assert_eq!(part["ignores"], serde_json::json!([]), "the rest was not looked at");
}

#[test]
fn a_configured_ignore_needs_its_parts() {
    let folder = Folder::new();
    for gone in ["reason = \"behind the gateway\"\n", "expires = 9999-12-31\n", "workflow = \"Leaver\"\n"] {
        folder.write("countersign.toml", &configured("9999-12-31").replace(gone, ""));
        let run = folder.run(&["check"]);
        assert_eq!(run.code, 2, "{gone}");
        assert!(
            run.err.contains("countersign.toml:1: an ignore of `unauthenticated-trigger` needs"),
            "{}",
            run.err
        );
    }
    folder.write("countersign.toml", "[check\n");
    assert_eq!(folder.run(&["check"]).code, 2);
}

#[test]
fn ignores_by_path_cover_what_lies_below() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path().join("sub")).unwrap();
    folder.write("sub/copy.json", &leaver(""));
    let text = configured("9999-12-31").replace("workflow = \"Leaver\"", "path = \"sub\"");
    folder.write("countersign.toml", &text);
    let count = |rules: Vec<String>| rules.iter().filter(|r| *r == RULE).count();
    assert_eq!(count(folder.rules(&["."])), 1);
    assert_eq!(count(folder.rules(&["sub"])), 0, "the configuration above is found");
    assert_eq!(count(folder.rules(&["sub/copy.json"])), 0);
    assert_eq!(count(folder.rules(&["leaver.json"])), 1);
}

#[test]
fn an_ignore_in_a_note_hides_on_its_step() {
    let folder = Folder::new();
    let note = |rule: &str, expires: &str| {
        leaver(&format!("countersign-ignore: {rule} reason=\"behind the gateway\" expires={expires}"))
    };
    folder.write("leaver.json", &note(RULE, "9999-12-31"));
    assert!(!folder.rules(&[]).contains(&RULE.to_owned()));
    assert_eq!(statuses(&folder), [format!("used 1 {RULE}")]);
    folder.write("leaver.json", &note(RULE, "2001-01-01"));
    assert!(folder.rules(&[]).contains(&RULE.to_owned()));
    assert_eq!(statuses(&folder), [format!("expired 1 {RULE}")]);
    folder.write("leaver.json", &note("notify-nobody", "9999-12-31"));
    assert_eq!(statuses(&folder), ["unused 0 notify-nobody"]);
}

#[test]
fn an_ignore_in_a_note_needs_a_reason_and_an_expiry() {
    let folder = Folder::new();
    for (words, told) in [
        ("unauthenticated-trigger expires=9999-12-31", "needs a reason"),
        ("unauthenticated-trigger reason=\"x\"", "needs an expiry"),
        ("nonsense reason=\"x\" expires=9999-12-31", "names no rule"),
    ] {
        folder.write("leaver.json", &leaver(&format!("countersign-ignore: {words}")));
        assert!(folder.rules(&[]).contains(&RULE.to_owned()), "{words}");
        let report = folder.run(&["check", "--format", "json"]).json();
        let problem = report["problems"][0]["message"].as_str().unwrap_or_default().to_owned();
        assert!(problem.contains(told), "{words}: {problem}");
    }
}

#[test]
fn defaults_come_from_the_configuration() {
    let folder = Folder::new();
    folder.write("countersign.toml", "[check]\nfail-on = \"critical\"\nseverity = \"critical\"\n");
    let all = folder.rules(&["--severity", "info"]);
    assert!(folder.rules(&[]).len() < all.len());
    assert_eq!(folder.run(&["check", "--rule", "ambiguous-target,raw-http-change"]).code, 0);
}

#[test]
fn two_ignores_in_one_note_are_both_told() {
    let ignore = |rule| format!("countersign-ignore: {rule} reason=\"r\" expires=2999-01-31");
    let note = format!(r"{}\n{}", ignore(RULE), ignore("untrusted-target"));
    let folder = Folder::empty();
    folder.write("leaver.json", &leaver(&note));
    assert_eq!(statuses(&folder), [format!("used 1 {RULE}"), "used 1 untrusted-target".to_owned()]);
}
