//! Exports by command line: streams that go on and name gaps, names that are shown or not, documents by their schemas.

use super::{act, good, ledger, record, run, text};
use crate::common::{repository, shared};
use serde_json::{Value, json};
use std::path::Path;

const STREAMS: [&str; 5] = ["ocsf", "cef", "syslog", "cloudevents", "set"];
const DOCUMENTS: [&str; 4] = ["oscal-results", "oscal-component", "sarif", "junit"];

/// Exports the ledger of a folder in every format to a folder in it.
pub(super) fn everything(folder: &Path, role: &str, to: &str) {
    std::fs::create_dir_all(folder.join(to)).unwrap();
    for format in STREAMS.into_iter().chain(DOCUMENTS) {
        let signed = if format == "set" { " --key sets.key --issuer https://corp.test" } else { "" };
        let export = format!("export ledger --format {format} --beside beside --role {role}{signed}");
        let output = run(folder, &export, "");
        assert!(output.status.success(), "{export}: {}", text(&output));
        std::fs::write(folder.join(to).join(format), text(&output)).unwrap();
    }
}

fn read(folder: &Path, file: &str) -> String {
    std::fs::read_to_string(folder.join(file)).unwrap()
}

/// The entry that the manual records.
fn of_the_manual() -> String {
    let manual = std::fs::read_to_string(repository().join("docs/exports.md")).unwrap();
    let line = manual.lines().find_map(|l| l.strip_prefix("$ echo '")?.split_once("' | ")).unwrap();
    line.0.to_owned()
}

#[test]
fn a_stream_goes_on_where_it_stopped() {
    let folder = ledger("export-on");
    record(&folder, &[of_the_manual()]);
    let export = "export ledger --format ocsf --cursor cursor --output events";
    good(&folder, &format!("{export} --limit 3"), "");
    assert_eq!(read(&folder, "events").lines().count(), 3);
    good(&folder, export, "");
    good(&folder, export, "");
    let events: Vec<Value> =
        read(&folder, "events").lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let numbers: Vec<u64> = events.iter().map(|e| e["metadata"]["sequence"].as_u64().unwrap()).collect();
    assert_eq!(numbers, [0, 1, 2, 3, 4, 5, 6, 7]);
    // The effect of the manual: somebody was added to a group.
    assert_eq!((&events[7]["class_uid"], &events[7]["activity_id"]), (&json!(3006), &json!(3)));
    let schema = std::fs::read_to_string(repository().join("docs/formats/ledger-entry.schema.json")).unwrap();
    let schema = jsonschema::validator_for(&serde_json::from_str(&schema).unwrap()).unwrap();
    let mut entry: Value = serde_json::from_str(&good(&folder, "ledger show ledger 7", "")).unwrap();
    assert!(schema.is_valid(&entry), "{entry}");
    entry["body"]["outcome"] = "perhaps".into();
    assert!(!schema.is_valid(&entry));
    let refused = run(&folder, "export ledger --format ocsf --since 2026-11-01", "");
    assert_eq!(refused.status.code(), Some(2));
}

#[test]
fn a_gap_is_named() {
    let folder = ledger("export-gap");
    good(&folder, "export ledger --format ocsf --cursor cursor --output events", "");
    // Another ledger has other entries: it is not the one that was exported.
    let other = ledger("export-other");
    std::fs::copy(folder.join("cursor"), other.join("cursor")).unwrap();
    let output = run(&other, "export ledger --format ocsf --cursor cursor", "");
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    assert!(text(&output).contains("are not those that were exported"), "{}", text(&output));
    // One letter of an entry is another.
    let tile = crate::common::traces::files(&folder.join("ledger"))
        .into_iter()
        .find(|f| String::from_utf8_lossy(&std::fs::read(f).unwrap()).contains("\"execution\":\"x-2\""))
        .unwrap();
    let mut bytes = std::fs::read(&tile).unwrap();
    let at = bytes.windows(3).position(|w| w == b"x-2").unwrap();
    bytes[at + 2] = b'7';
    std::fs::write(&tile, bytes).unwrap();
    let output = run(&folder, "export ledger --format ocsf --cursor new --output again", "");
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    assert!(text(&output).contains("gap at entry 5: its bytes are not those"), "{}", text(&output));
    // What stands before the gap was exported, and the next export meets it again.
    assert_eq!(read(&folder, "again").lines().count(), 5);
    assert!(read(&folder, "new").starts_with("5:"));
    assert_eq!(run(&folder, "export ledger --format ocsf --cursor new", "").status.code(), Some(1));
}

/// A public key is the same whoever issues by it; only a new key needs a name.
#[test]
fn a_public_key_needs_no_issuer() {
    let folder = ledger("export-jwks");
    let made =
        good(&folder, "export ledger --format jwks --key sets --issuer https://governance.example.com", "");
    assert_eq!(good(&folder, "export ledger --format jwks --key sets", ""), made);
    assert!(made.contains("\"kty\""), "{made}");
    assert_eq!(run(&folder, "export ledger --format jwks --key none", "").status.code(), Some(2));
}

#[test]
fn names_are_shown_to_those_who_may_see_them() {
    let folder = ledger("export-names");
    record(&folder, &[of_the_manual()]);
    let (approver, identity) = ("lea.torres@corp.test", "kim@corp.test");
    for (role, sees) in [("auditor", [true, true]), ("reviewer", [true, false]), ("public", [false, false])] {
        everything(&folder, role, role);
        for format in ["ocsf", "cef", "syslog", "cloudevents"] {
            let told = read(&folder, &format!("{role}/{format}"));
            assert_eq!([approver, identity].map(|n| told.contains(n)), sees, "{role} {format}");
        }
    }
    let bare = good(&folder, "export ledger --format ocsf", "");
    assert!(!bare.contains(approver) && !bare.contains(identity));
    // One token, of the one effect that happened, for those who may see whose it is and where.
    let tokens =
        |role: &str| read(&folder, &format!("{role}/set")).lines().filter(|l| l.starts_with("eyJ")).count();
    assert_eq!((tokens("auditor"), tokens("public")), (1, 0));
}

/// A release of `workflow/leaver` in which something was found.
fn release(environment: &str, act_word: &str, facts: bool) -> String {
    let mut entry: Value = serde_json::from_str(&act("dan", act_word, Some(0), &[])).unwrap();
    entry["body"]["environment"] = environment.into();
    if facts {
        let found = json!([{"rule": "unapproved-change", "step": "add", "severity": "critical"}]);
        entry["values"]["facts"] = json!({"findings": found});
    }
    entry.to_string()
}

/// The results of SARIF, and what is told about the run.
fn sarif(folder: &Path) -> (usize, String) {
    let told = good(folder, "export ledger --format sarif --beside beside", "");
    let document: Value = serde_json::from_str(&told).unwrap();
    if let Some(schema) = shared("vectors/sarif/sarif-2.1/schema/sarif-schema-2.1.0.json") {
        let schema: Value = serde_json::from_str(&std::fs::read_to_string(schema).unwrap()).unwrap();
        let schema = jsonschema::validator_for(&schema).unwrap();
        assert_eq!(schema.iter_errors(&document).map(|e| e.to_string()).collect::<Vec<_>>(), [""; 0]);
    }
    let run = &document["runs"][0];
    let results = run["results"].as_array().unwrap();
    assert!(results.iter().all(|r| r["ruleId"] == "unapproved-change" && r["level"] == "error"));
    (results.len(), run["invocations"][0]["toolExecutionNotifications"].to_string())
}

#[test]
fn what_is_found_in_what_is_released_is_sarif() {
    let folder = ledger("export-sarif");
    // The ledger has a release whose facts are not kept: that is said, and not taken for clean.
    let (results, notes) = sarif(&folder);
    assert!(results == 0 && notes.contains("is withheld or erased"), "{notes}");
    record(&folder, &[release("production", "release", true), release("staging", "release", true)]);
    assert_eq!(sarif(&folder), (2, "[]".to_owned()));
    // What break-glass put live is no release.
    record(&folder, &[release("production", "use-break-glass", false)]);
    assert_eq!(sarif(&folder).0, 2);
    // What is stopped is so in every environment.
    record(&folder, &[release("production", "kill", false)]);
    assert_eq!(sarif(&folder), (0, "[]".to_owned()));
}

#[test]
fn tests_that_were_attested_to_are_junit() {
    let folder = ledger("export-junit");
    record(&folder, &[release("production", "attest", false)]);
    let told = good(&folder, "export ledger --format junit --beside beside", "");
    crate::common::junit::hold(&told);
    let document = roxmltree::Document::parse(&told).unwrap();
    let count = |name: &str| document.descendants().filter(|n| n.has_tag_name(name)).count();
    // Without its statement nobody can say how they ended.
    assert_eq!((count("testsuite"), count("skipped"), count("failure")), (1, 1, 0), "{told}");
}
