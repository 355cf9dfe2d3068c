//! `countersign diff`: by files, by git, in each format. The laws of digests, and what sentences name, are in
//! `crates/check/tests/diff.rs`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test whose input is not there has failed"
)]

#[path = "common/mod.rs"]
mod common;
#[path = "diff/page.rs"]
mod page;

use common::{Folder, leaver, repository};
use serde_json::Value;
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
    assert!(text.starts_with("## Countersign: 1 workflow does something else now\n"), "{text}");
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
    // Governed from above the files compared: both sides are judged so.
    folder.write("countersign.toml", "");
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
        assert!(!run.out.contains("missing-record"), "{sides:?} {}", run.out);
    }
    assert_eq!(folder.run(&["diff", "HEAD", "."]).code, 0);
    let run = folder.run(&["diff", "HEAD~7", "."]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("neither a path nor a revision"), "{}", run.err);
    let run = folder.run(&["diff", "HEAD:nowhere", "."]);
    assert!(run.code == 2 && run.err.contains("has no file `nowhere`"), "{}", run.err);
}

#[test]
fn a_record_that_allows_more_is_told_though_the_definition_is_the_same() {
    let record = "schema: countersign.control/1\nowner: desk@corp.test\nboundary: {systems: [okta], effects: [revoke]}\n";
    let folder = Folder::empty();
    for (side, text) in [("old", record.to_owned()), ("new", record.replace("[revoke]", "[revoke, grant]"))] {
        folder.write(&format!("{side}/countersign.toml"), "");
        folder.write(&format!("{side}/leaver.json"), &leaver(""));
        folder.write(&format!("{side}/leaver.control.yaml"), &text);
    }
    let run = folder.run(&["diff", "old", "new"]);
    assert_eq!(run.code, 1, "{}", run.err);
    let told = run.out.split_whitespace().collect::<Vec<_>>().join(" ");
    let widened =
        "! Its control record allows more: `boundary.effects` was `revoke`, and is now `revoke`, `grant`.";
    assert!(told.contains(widened) && told.contains("No change in what it does."), "{told}");
    let json = folder.run(&["diff", "old", "new", "--format", "json"]).json();
    assert_eq!(
        (&json["changed"], &json["workflows"][0]["changes"][0]["kind"]),
        (&true.into(), &"record-widened".into())
    );
    folder.write("new/leaver.control.yaml", "owner: [");
    let run = folder.run(&["diff", "old", "new"]);
    let unread = run.out.contains("not known") && run.out.contains("leaver.control.yaml");
    assert!(unread && !run.out.contains("any more"), "{}", run.out);
}

#[test]
fn a_file_that_cannot_be_read_is_neither_gone_nor_unchanged() {
    let folder = Folder::empty();
    let broken = leaver("") + ",";
    for (old, new, side) in [(leaver(""), broken.clone(), "new"), (broken, leaver(""), "old")] {
        folder.write("old/leaver.json", &old);
        folder.write("new/leaver.json", &new);
        let run = folder.run(&["diff", "old", "new"]);
        assert_eq!(run.code, 3, "{}", run.out);
        let told = format!("not known: `leaver.json` of the {side} side could not be read");
        let place = format!("problem: {side}: leaver.json:");
        assert!(run.out.contains(&told) && run.out.contains(&place), "{}", run.out);
        assert!(!run.out.contains("is gone") && !run.out.contains("is new"), "{}", run.out);
        let json = folder.run(&["diff", "old", "new", "--format", "json"]).json();
        assert_eq!(json["unknown"][0]["side"], side);
    }
    folder.write("old/leaver.json", &leaver(""));
    folder.write("new/leaver.json", &leaver(""));
    folder.write("new/other.json", &(leaver("") + ","));
    let run = folder.run(&["diff", "old", "new"]);
    assert!(run.code == 3 && run.out.starts_with("No change in what could be read"), "{}", run.out);
}

/// Pairs of the examples: an approval that went, one that came, other platforms, whole folders.
const PAIRS: [(&str, &str); 5] = [
    ("n8n/helpdesk-reset-asked.json", "n8n/helpdesk-reset.json"),
    ("sailpoint/temporary-source-admin.json", "sailpoint/temporary-source-admin-bounded.json"),
    ("bpmn/pricing-role-request.bpmn", "bpmn/pricing-role-express.bpmn"),
    ("okta/leaver.flopack", "okta/leaver-gdansk.flopack"),
    ("logicapps", "powerautomate"),
];

#[test]
fn the_json_is_valid_by_its_schema_and_every_kind_is_told_in_its_page() {
    let read = |name: &str| std::fs::read_to_string(repository().join("docs/formats").join(name)).unwrap();
    let schema: Value = serde_json::from_str(&read("diff.schema.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let folder = Folder::empty();
    let examples = repository().join("examples/workflows");
    for (old, new) in PAIRS {
        let side = |name: &str| examples.join(name).display().to_string();
        let told = folder.run(&["diff", &side(old), &side(new), "--format", "json"]).json();
        let errors: Vec<String> =
            validator.iter_errors(&told).take(5).map(|e| format!("{}: {e}", e.instance_path())).collect();
        assert!(errors.is_empty(), "{old} {new}: {}", errors.join("\n"));
        assert_eq!(told["changed"], true, "{old} {new}");
    }
    let kinds = schema.pointer("/$defs/change/properties/kind/enum").unwrap().as_array().unwrap();
    let page = read("diff.md");
    let untold: Vec<&Value> =
        kinds.iter().filter(|k| !page.contains(&format!("`{}`", k.as_str().unwrap()))).collect();
    assert!(untold.is_empty(), "docs/formats/diff.md does not tell of {untold:?}");
}

#[test]
fn an_approval_that_is_gone_is_told_with_the_walks_and_the_reach() {
    let folder = Folder::empty();
    let side = |name: &str| repository().join("examples/workflows/n8n").join(name).display().to_string();
    let told =
        folder.run(&["diff", &side("helpdesk-reset-asked.json"), &side("helpdesk-reset.json"), "-f", "json"]);
    let workflow = &told.json()["workflows"][0];
    let first = &workflow["changes"][0];
    assert_eq!((first["area"].as_str(), first["direction"].as_str()), (Some("access"), Some("worse")));
    let has = |list: &Value, rule: &str| list.as_array().unwrap().iter().any(|f| f["rule"] == rule);
    assert!(has(&workflow["findings"]["gained"], "unapproved-change"), "{workflow:#}");
    assert_eq!(workflow["blast"]["after"]["systems"], serde_json::json!(["okta"]));
    assert!(workflow["proofs"]["lost"].is_array() && workflow["proofs"]["gained"].is_array());
}
