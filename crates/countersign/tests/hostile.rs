//! Hostile input through the real program: whatever a file holds, it gets a verdict with a reason, it hides no other
//! file, and nothing outside the given folder is read.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot read its report has failed")]

mod common;

use common::{Folder, leaver};

/// What the report says of one file: `n workflows`, the reason why it holds none, or its problems.
fn verdict(report: &serde_json::Value, file: &str) -> String {
    let of = |list: &str| {
        let all = report.pointer(list).and_then(serde_json::Value::as_array).cloned().unwrap_or_default();
        all.into_iter().filter(|v| v["path"].as_str().is_some_and(|p| p.ends_with(file))).collect::<Vec<_>>()
    };
    let workflows = of("/workflows");
    let text =
        |key: &str, list: &str| of(list).iter().map(|v| v[key].to_string()).collect::<Vec<_>>().join("; ");
    if !workflows.is_empty() {
        return format!("{} workflows {}", workflows.len(), text("message", "/problems")).trim().to_owned();
    }
    format!("{}{}", text("reason", "/files/not_workflows"), text("message", "/problems"))
}

fn report(folder: &Folder) -> serde_json::Value {
    let run = folder.run(&["check", "--format", "json", "--no-cache"]);
    assert!(run.code == 0 || run.code == 1 || run.code == 3, "exit {}: {}", run.code, run.err);
    serde_json::from_str(&run.out).unwrap()
}

fn utf16(text: &str, mark: bool, big: bool) -> Vec<u8> {
    let marked = if mark { format!("\u{FEFF}{text}") } else { text.to_owned() };
    let bytes = |unit: u16| if big { unit.to_be_bytes() } else { unit.to_le_bytes() };
    marked.encode_utf16().flat_map(bytes).collect()
}

/// An entity that unpacks to a billion others.
fn laughs() -> String {
    let mut text = String::from("<?xml version=\"1.0\"?><!DOCTYPE b [<!ENTITY a0 \"ha\">");
    for i in 1..10 {
        text.push_str(&format!("<!ENTITY a{i} \"{}\">", format!("&a{};", i - 1).repeat(10)));
    }
    text + "]><bpmn>&a9;</bpmn>"
}

/// An anchor that unpacks to a billion values.
fn aliases() -> String {
    let mut text = String::from("document: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for i in 1..9 {
        text.push_str(&format!("a{i}: &a{i} [{}]\n", vec![format!("*a{}", i - 1); 9].join(", ")));
    }
    text
}

/// Files by name: their bytes, and what their verdict must say.
fn cases() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let good = leaver("");
    let deep = 1_000_000;
    let twice = good.replacen("\"name\": \"Leaver\"", "\"name\": \"Leaver\", \"name\": \"Leaver\"", 1);
    let mut broken = good.clone().into_bytes();
    broken[40] = 0xFF;
    vec![
        ("deep-list.json", vec![b'['; deep], "nested"),
        ("deep-object.json", "{\"a\":".repeat(deep).into_bytes(), "nested"),
        ("deep-flow.yaml", [b"document: ".to_vec(), vec![b'['; deep]].concat(), ""),
        ("deep.xml", "<a>".repeat(deep).into_bytes(), "XML"),
        ("laughs.bpmn", laughs().into_bytes(), "XML"),
        ("aliases.yaml", aliases().into_bytes(), "aliases"),
        ("twice.json", twice.into_bytes(), "1 workflows \"key `name` stands twice"),
        (
            "huge-number.json",
            good.replacen("\"typeVersion\": 1", &format!("\"typeVersion\": 1{}", "0".repeat(9999)), 1).into(),
            "1 workflows",
        ),
        ("nul.json", b"{\"nodes\": \"\0\"}".to_vec(), "NUL"),
        ("mark.json", [b"\xEF\xBB\xBF".to_vec(), good.clone().into_bytes()].concat(), "1 workflows"),
        ("utf16-le.json", utf16(&good, true, false), "1 workflows"),
        ("utf16-be.json", utf16(&good, true, true), "1 workflows"),
        ("utf16-le-bare.json", utf16(&good, false, false), "1 workflows"),
        ("utf16-be-bare.json", utf16(&good, false, true), "1 workflows"),
        ("not-utf8.json", broken, "UTF-8"),
        ("cut.json", good.as_bytes()[..good.len() / 2].to_vec(), "cut off"),
        ("glued.json", [good.clone(), good.clone()].concat().into_bytes(), "second document"),
        ("empty.json", Vec::new(), "empty"),
        ("blank.json", vec![b' '; 10_000], "empty"),
        ("picture.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec(), "not text"),
        ("cut.zip", b"PK\x03\x04\0\0".to_vec(), "zip"),
        ("good.json", good.into_bytes(), "1 workflows"),
    ]
}

#[test]
fn every_hostile_file_gets_its_verdict() {
    let folder = Folder::empty();
    for (name, bytes, _) in cases() {
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    let report = report(&folder);
    for (name, _, says) in cases() {
        let verdict = verdict(&report, name);
        assert!(!verdict.is_empty(), "{name} has no verdict");
        assert!(verdict.contains(says), "{name}: {verdict}");
    }
}

#[test]
fn what_is_too_much_to_weigh_is_told() {
    let folder = Folder::empty();
    let delete = |i: usize| {
        format!(
            r#"{{"id":"d{i}","name":"D{i}","type":"n8n-nodes-base.gSuiteAdmin","typeVersion":1,"position":[0,0],"parameters":{{"resource":"user","operation":"delete","userId":"={{{{ $json.body.user }}}}"}}}}"#
        )
    };
    let many = |n: usize| {
        let nodes: Vec<String> = (0..n).map(delete).collect();
        let to: Vec<String> =
            (0..n).map(|i| format!(r#"{{"node":"D{i}","type":"main","index":0}}"#)).collect();
        format!(
            r#"{{"name":"Many","nodes":[{{"id":"t","name":"T","type":"n8n-nodes-base.webhook","typeVersion":2,"position":[0,0],"parameters":{{"path":"x"}}}},{}],"connections":{{"T":{{"main":[[{}]]}}}}}}"#,
            nodes.join(","),
            to.join(",")
        )
    };
    folder.write("many.json", &many(450));
    folder.write("some.json", &many(300));
    let report = report(&folder);
    let told = verdict(&report, "many.json");
    assert!(told.contains("`untrusted-target`") && told.contains("not known"), "{told}");
    assert_eq!(verdict(&report, "some.json"), "1 workflows");
}

/// A logic app with so many questions, one after the other, and a change at its end.
fn questions(n: usize) -> String {
    let schema = "https://schema.management.azure.com/providers/Microsoft.Logic/schemas/2016-06-01/workflowdefinition.json#";
    let after = |i: usize| {
        if i == 0 { String::new() } else { format!(r#""Q{}": ["Succeeded"]"#, i - 1) }
    };
    let question = |i: usize| {
        format!(
            r#""Q{i}": {{"type": "If", "expression": {{"equals": ["@triggerBody()?['x']", "y"]}}, "actions": {{"C{i}": {{"type": "Compose", "inputs": "x", "runAfter": {{}}}}}}, "else": {{"actions": {{}}}}, "runAfter": {{{}}}}}"#,
            after(i)
        )
    };
    let change = format!(
        r#""Disable": {{"type": "Http", "inputs": {{"method": "PATCH", "uri": "https://graph.microsoft.com/v1.0/users/@{{triggerBody()?['id']}}", "body": {{"accountEnabled": false}}}}, "runAfter": {{{}}}}}"#,
        after(n)
    );
    let actions: Vec<String> = (0..n).map(question).chain([change]).collect();
    format!(
        r#"{{"definition": {{"$schema": "{schema}", "triggers": {{"manual": {{"type": "Request", "inputs": {{}}}}}}, "actions": {{{}}}}}, "kind": "Stateful"}}"#,
        actions.join(",")
    )
}

#[test]
fn questions_are_weighed_up_to_a_bound() {
    let folder = Folder::empty();
    folder.write("many.json", &questions(500));
    folder.write("some.json", &questions(30));
    let report = report(&folder);
    let told = verdict(&report, "many.json");
    assert!(told.contains("`unsafe-default`") && told.contains("not known"), "{told}");
    assert_eq!(verdict(&report, "some.json"), "1 workflows");
}

#[test]
fn one_bad_file_hides_none_of_a_thousand() {
    let folder = Folder::empty();
    (0..1000).for_each(|i| {
        folder.write(&format!("w{i:04}.json"), &leaver("").replace("leaver01", &format!("leaver{i}")))
    });
    folder.write("w0500b.json", "{\"nodes\": [");
    let report = report(&folder);
    assert_eq!(report["workflows"].as_array().unwrap().len(), 1000);
    assert!(verdict(&report, "w0500b.json").contains("cut off"));
}

#[cfg(unix)]
#[test]
fn links_and_special_files_are_named_and_not_followed() {
    use std::os::unix::fs::symlink;
    let outside = Folder::empty();
    outside.write("secret.json", &leaver(""));
    let folder = Folder::empty();
    folder.write("good.json", &leaver(""));
    let at = |name: &str| folder.path().join(name);
    symlink(".", at("loop")).unwrap();
    symlink(outside.path(), at("away")).unwrap();
    symlink(outside.path().join("secret.json"), at("away.json")).unwrap();
    symlink("nowhere", at("dangling.json")).unwrap();
    std::fs::create_dir(at("folder.json")).unwrap();
    let pipe = std::process::Command::new("mkfifo").arg(at("pipe.json")).status();
    let report = report(&folder);
    assert_eq!(report["workflows"].as_array().unwrap().len(), 1);
    for name in ["loop", "away", "away.json", "dangling.json"] {
        assert!(verdict(&report, name).contains("not followed"), "{name}: {}", verdict(&report, name));
    }
    if pipe.is_ok_and(|s| s.success()) {
        assert!(verdict(&report, "pipe.json").contains("not followed"));
    }
}

#[test]
fn a_definition_reads_nothing_outside_the_folder() {
    let outer = Folder::empty();
    outer.write("template.yaml", "x: 1\n");
    let inner = outer.path().join("inner");
    std::fs::create_dir(&inner).unwrap();
    let template = "Resources:\n  M:\n    Type: AWS::Serverless::StateMachine\n    Properties:\n      DefinitionUri: ../machine.asl.json\n";
    std::fs::write(inner.join("template.yaml"), template).unwrap();
    let machine = "{\"StartAt\":\"Secret\",\"States\":{\"Secret\":{\"Type\":\"Pass\",\"End\":true}}}";
    std::fs::write(outer.path().join("machine.asl.json"), machine).unwrap();
    let out = outer.run(&["check", "--format", "json", "--no-cache", "inner"]);
    assert!(out.out.contains("inner/template.yaml") && !out.out.contains("Secret"), "{}", out.out);
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

#[cfg(unix)]
#[test]
fn a_playbook_does_not_reach_out_of_its_folder_by_links() {
    let (outside, folder) = (Folder::empty(), Folder::empty());
    let small = common::repository().join("crates/import/tests/small/google-secops");
    let copy = |name: &str| std::fs::read_to_string(small.join(name)).unwrap();
    outside.write("b.yaml", &copy("steps/b.yaml"));
    folder.write("definition.yaml", &copy("definition.yaml"));
    folder.write("trigger.yaml", &copy("trigger.yaml"));
    std::os::unix::fs::symlink(outside.path(), folder.path().join("steps")).unwrap();
    let run = folder.run(&["check", "--format", "json", "--no-cache"]);
    assert!(!run.out.contains("Okta"), "{}", run.out);
}
