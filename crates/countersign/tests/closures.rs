//! What a workflow consists of, and who had a part in it: every file that it was made of, the workflow that a call means, its
//! tests; and that the gate stops on what it cannot look at.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot make its folder has failed")]

mod common;

use common::{Folder, Run, repository};
use countersign::govern::Repository;
use policy::Moment;
use std::collections::BTreeMap;
use std::io::{Cursor, Write};
use std::process::Command;

const NOW: Moment = Moment(1_795_600_800);

/// A governed folder of git's, with the examples of one platform.
struct Lab(Folder);

impl Lab {
    fn new() -> Lab {
        let lab = Lab(Folder::empty());
        lab.0.write("countersign.toml", "[organisation]\nname = \"Lab\"\n");
        lab.0.write("people.yaml", "schema: countersign.people/1\npeople: []\n");
        lab.0.write(".gitignore", "/.countersign/\n");
        lab.sh("git init -q -b main && git config user.name ada && git config user.email ada@corp.test");
        lab
    }

    fn with(platform: &str) -> Lab {
        let lab = Lab::new();
        let from = repository().join("examples/workflows").join(platform);
        lab.sh(&format!("mkdir -p workflows && cp -r '{}' workflows/", from.display()));
        lab.commit("ada");
        lab
    }

    fn sh(&self, command: &str) {
        let done = Command::new("sh").args(["-c", command]).current_dir(self.0.path()).status().unwrap();
        assert!(done.success(), "{command}");
    }

    fn commit(&self, who: &str) {
        self.sh(&format!(
            "git add -A && git -c user.name={who} -c user.email={who}@corp.test commit -q -m change"
        ));
    }

    /// Somebody replaces some words in a file.
    fn edit(&self, who: &str, file: &str, from: &str, to: &str) {
        let text = std::fs::read_to_string(self.0.path().join(file)).unwrap();
        assert!(text.contains(from), "{text}");
        self.0.write(file, &text.replace(from, to));
        self.commit(who);
    }

    fn open(&self) -> Repository {
        Repository::open(self.0.path(), NOW).unwrap()
    }

    /// The parts of a workflow, and who has one.
    fn world(&self, name: &str) -> (BTreeMap<String, String>, Vec<String>) {
        let repository = self.open();
        let world = repository.world(repository.unit(name).unwrap(), "production").unwrap();
        (world.parts, world.contributors.into_iter().map(|c| c.account).collect())
    }

    /// Which of the gate's rules stop, and on what.
    fn stops(&self) -> Vec<(String, String)> {
        let json = self.0.run(&["gate", "--format", "json"]).json();
        let word = |stop: &serde_json::Value, key: &str| stop[key].as_str().unwrap().to_owned();
        json["stops"].as_array().unwrap().iter().map(|s| (word(s, "rule"), word(s, "path"))).collect()
    }

    fn check(&self) -> Run {
        self.0.run(&["check", ".", "--format", "json"])
    }
}

/// An n8n workflow that asks another, and does what that says.
fn workflow(id: &str, name: &str, calls: Option<&str>, answer: &str) -> String {
    let call = calls.map_or_else(String::new, |id| {
        format!(
            r#",{{"id": "c", "name": "Ask", "type": "n8n-nodes-base.executeWorkflow", "typeVersion": 1,
                "position": [200, 0], "parameters": {{"source": "database", "workflowId": "{id}"}}}}"#
        )
    });
    let trigger = if calls.is_some() { "scheduleTrigger" } else { "executeWorkflowTrigger" };
    format!(
        r#"{{"id": "{id}", "name": "{name}", "nodes": [
            {{"id": "t", "name": "Start", "type": "n8n-nodes-base.{trigger}", "typeVersion": 1, "position": [0, 0],
              "parameters": {{}}}},
            {{"id": "s", "name": "Answer", "type": "n8n-nodes-base.set", "typeVersion": 3, "position": [100, 0],
              "parameters": {{"assignments": {{"assignments": [{{"name": "allowed", "value": "{answer}", "type": "string"}}]}}}}}}
            {call}],
          "connections": {{"Start": {{"main": [[{{"node": "Answer", "type": "main", "index": 0}}]]}},
            "Answer": {{"main": [[{{"node": "Ask", "type": "main", "index": 0}}]]}}}}, "settings": {{}}}}"#
    )
}

fn stop(rule: &str, path: &str) -> (String, String) {
    (rule.to_owned(), path.to_owned())
}

#[test]
fn the_gate_stops_on_what_it_cannot_look_at() {
    let lab = Lab::new();
    lab.0.write("reset.json", &format!("{},", workflow("A1", "Reset", None, "no")));
    lab.0.write("notes.txt", "what is no definition need not be one: {");
    lab.0.write("workflows/real.json", &workflow("B1", "Real", None, "no"));
    lab.0.write("workflows/node_modules/hidden.json", &workflow("C1", "Hidden", None, "no"));
    lab.sh(
        "ln -s real.json workflows/same.json && mkdir -p .countersign/x && echo '{}' > .countersign/x/y.json",
    );
    lab.sh("ln -s ../.countersign/x/y.json workflows/behind.json && ln -s gone.json workflows/nothing.json");
    lab.commit("ada");
    let mut stops = lab.stops();
    stops.sort();
    assert_eq!(
        stops,
        [
            stop("file-unread", "reset.json"),
            stop("folder-not-looked-at", "workflows/node_modules"),
            stop("link-not-followed", "workflows/behind.json"),
            stop("link-not-followed", "workflows/nothing.json"),
        ]
    );
}

#[test]
fn whoever_touched_any_file_of_a_workflow_has_a_part_in_it() {
    let lab = Lab::with("secops");
    let step = "workflows/secops/contain_okta_account/steps/suspend_7a8c7.yaml";
    let before = lab.world("Contain Okta account");
    assert_eq!(before.1, ["ada@corp.test"]);
    lab.edit("pia", step, "name:", "# whom\nname:");
    assert_eq!(lab.world("Contain Okta account").1, ["ada@corp.test", "pia@corp.test"]);
    lab.sh(&format!("echo '# more' >> {step}"));
    let repository = lab.open();
    let (_, paths) = repository.parts(repository.unit("Contain Okta account").unwrap()).unwrap();
    assert!(repository.history.is_dirty(paths), "{paths:?}");
    let lab = Lab::with("logicapps");
    lab.0.write("workflows/logicapps/connections.json", "{}");
    lab.commit("pia");
    let repository = lab.open();
    let unit = repository.unit("workflows/logicapps/guest-cleanup-reviewed/workflow.json").unwrap();
    assert_eq!(lab.world(&unit.name).1, ["ada@corp.test", "pia@corp.test"]);
}

#[test]
fn a_closure_is_put_together_once_so_that_what_is_decided_and_what_is_shown_is_the_same() {
    let lab = Lab::with("secops");
    let repository = lab.open();
    let unit = repository.unit("Contain Okta account").unwrap();
    let world = || repository.world(unit, "production").unwrap();
    let (parts, before) = (repository.parts(unit).unwrap(), world());
    assert_eq!(before.parts, parts.0);
    lab.sh("echo '# more' >> workflows/secops/contain_okta_account.test.yaml");
    assert_eq!(world(), before);
    assert_ne!(lab.world("Contain Okta account").0, before.parts);
}

#[test]
fn whoever_touched_an_archive_has_a_part_in_what_is_in_it() {
    let lab = Lab::new();
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("x.json", zip::write::SimpleFileOptions::default()).unwrap();
    zip.write_all(workflow("A1", "Packed", None, "no").as_bytes()).unwrap();
    let bytes = zip.finish().unwrap().into_inner();
    std::fs::create_dir_all(lab.0.path().join("zip")).unwrap();
    std::fs::write(lab.0.path().join("zip/exp.zip"), bytes).unwrap();
    lab.commit("pia");
    assert_eq!(lab.world("Packed").1, ["pia@corp.test"]);
}

#[test]
#[cfg(unix)]
fn a_backslash_is_a_letter_of_a_name() {
    let lab = Lab::with("secops");
    let (parts, _) = lab.world("Contain Okta account");
    lab.sh(r"git mv workflows/secops 'workflows/sec\ops'");
    lab.commit("pia");
    let repository = lab.open();
    let unit = repository.unit("Contain Okta account").unwrap();
    assert_eq!(unit.path, r"workflows/sec\ops/contain_okta_account/definition.yaml");
    assert_eq!(repository.parts(unit).unwrap().0, parts);
}

#[test]
fn a_call_that_may_mean_two_means_neither() {
    let lab = Lab::new();
    lab.0.write("parent.json", &workflow("P", "Parent", Some("SUB"), "no"));
    lab.0.write("sub.json", &workflow("SUB", "Check", None, "no"));
    let (parts, _) = lab.world("Parent");
    assert!(parts.keys().any(|k| k.starts_with("Check/")), "{parts:?}");
    assert!(!lab.open().world(lab.open().unit("Parent").unwrap(), "production").unwrap().subject.opaque);
    lab.0.write("copy.json", &workflow("SUB", "Other", None, "yes"));
    let repository = lab.open();
    let world = repository.world(repository.unit("Parent").unwrap(), "production").unwrap();
    assert!(
        world.subject.opaque && world.parts.keys().all(|k| k.starts_with("Parent/")),
        "{:?}",
        world.parts
    );
    let problems = lab.check().json()["problems"].to_string();
    for part in ["`Parent` calls `SUB` at `", "`Other` in `copy.json`", "`Check` in `sub.json`"] {
        assert!(problems.contains(part), "{problems}");
    }
}

#[test]
fn the_closure_has_the_workflow_that_is_called_whatever_others_are_named() {
    let lab = Lab::new();
    let (other, sub) = (workflow("SUBA", "Check", None, "no"), workflow("SUBB", "Check", None, "no"));
    let parent = workflow("P", "Parent", Some("SUBB"), "no");
    let all = |sub: &str| lab.0.write("all.json", &format!("[{other}, {sub}, {parent}]"));
    all(&sub);
    let (before, _) = lab.world("Parent");
    assert!(before.keys().any(|k| k.starts_with("Check (all.json #2)/")), "{before:?}");
    all(&workflow("SUBB", "Check", None, "yes"));
    assert_ne!(before, lab.world("Parent").0);
    let names: Vec<String> = lab.open().units.iter().map(|u| u.name.clone()).collect();
    assert_eq!(names, ["Check (all.json #1)", "Check (all.json #2)", "Parent"]);
}

#[test]
fn tests_are_found_beside_the_record_and_missing_ones_are_told() {
    let lab = Lab::with("secops");
    let repository = lab.open();
    let unit = repository.unit("Contain Okta account").unwrap();
    let here = lab.0.path().canonicalize().unwrap().join("workflows/secops/contain_okta_account.test.yaml");
    assert_eq!(repository.tests(unit).unwrap(), [here]);
    let test = "Contain Okta account/test/contain_okta_account.test.yaml";
    let (parts, _) = lab.world("Contain Okta account");
    assert!(parts.contains_key(test), "{parts:?}");
    lab.sh("git rm -q workflows/secops/contain_okta_account.test.yaml");
    lab.commit("pia");
    let (fewer, by) = lab.world("Contain Okta account");
    assert!(fewer.contains_key(test) && fewer != parts, "{fewer:?}");
    assert_eq!(by, ["ada@corp.test", "pia@corp.test"]);
    let keys = Folder::empty();
    let key = keys.path().join("key").display().to_string();
    lab.sh(&format!("ssh-keygen -q -t ed25519 -N '' -f '{key}'"));
    let told = lab.0.run(&["attest", "Contain Okta account", "--key", &key]);
    assert!(
        told.code != 0 && told.err.contains("contain_okta_account.test.yaml`, which the control"),
        "{}",
        told.err
    );
}

#[test]
fn only_the_root_of_a_governed_folder_approves_connectors() {
    let lab = Lab::with("n8n");
    let unpinned = || {
        let report = lab.check().json();
        let all =
            report["workflows"].as_array().unwrap().iter().flat_map(|w| w["findings"].as_array().unwrap());
        let mine = all.filter(|f| f["rule"] == "unpinned-connector").count();
        (mine, report["problems"].to_string())
    };
    let (before, problems) = unpinned();
    assert!(before > 0 && !problems.contains("counts for nothing"), "{problems}");
    let name = "n8n-nodes-tachoportal.tachoPortal";
    let list = format!("schema: countersign.connectors/1\nconnectors:\n  - name: {name}\n");
    lab.0.write("workflows/zz/connectors.yaml", &list);
    lab.0.write("workflows/n8n/connectors.yaml", &list);
    lab.0.write("workflows/n8n/countersign.toml", "");
    let (with, problems) = unpinned();
    assert_eq!((before, 3), (with, problems.matches("counts for nothing").count()), "{problems}");
    lab.0.write("connectors.yaml", &list);
    assert_eq!(unpinned().0, before - 1);
}

#[test]
fn a_workflow_crosses_domains_where_it_reads_in_one_and_changes_in_another() {
    let lab = Lab::with("powerautomate");
    let crosses = |domains: &str| {
        let text = format!("[organisation]\nname = \"Lab\"\n[domains]\n{domains}");
        lab.0.write("countersign.toml", &text);
        let repository = lab.open();
        let unit = repository.unit("LicenceReclaim").unwrap();
        repository.world(unit, "production").unwrap().subject.cross_domain
    };
    // It reads in SharePoint whose licence to take in Entra.
    assert!(!crosses(""), "no domains are told apart");
    assert!(crosses("entra = 'workforce'\nsharepoint = 'documents'\n"));
    assert!(crosses("entra = 'workforce'\n"), "nobody says where the other is");
    assert!(!crosses("entra = 'workforce'\nsharepoint = 'workforce'\n"));
}
