//! The review of readiness by command line: its formats, what it says of the examples, of exports and of a governed folder
//! that has released something, and its page in the manual.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot run the program has failed")]

mod common;
#[path = "assess/page.rs"]
mod page;

use common::chapter::{company, hold, replay};
use common::{Folder, Run, repository, shared};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

const NOW: &str = "2026-11-28T20:00:00Z";

/// The review of a path, at a fixed moment.
fn assess(folder: &Folder, path: &Path, format: &str) -> Run {
    let mut command = folder.command(&["assess", "--format", format]);
    Run::new(command.arg(path).env("COUNTERSIGN_NOW", NOW).output().unwrap())
}

fn examples() -> std::path::PathBuf {
    repository().join("examples")
}

fn validator(path: &Path) -> jsonschema::Validator {
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

#[track_caller]
fn valid(validator: &jsonschema::Validator, document: &Value) {
    let errors: Vec<String> =
        validator.iter_errors(document).take(5).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert!(errors.is_empty(), "{}", errors.join("\n"));
}

/// What is reviewed by the tests of formats: the examples, a bare export, a folder with nothing in it, and a part of the corpus
/// where it is there.
fn reviewed(folder: &Folder) -> Vec<std::path::PathBuf> {
    folder.write("export/leaver.json", &common::leaver(""));
    folder.write("empty/notes.txt", "nothing");
    folder.write("broken/broken.json", "{\"nodes\": [");
    let own = ["export", "empty", "broken"].map(|p| folder.path().join(p));
    let corpus = shared("corpus/sailpoint").filter(|p| p.exists());
    own.into_iter().chain([examples()]).chain(corpus).collect()
}

#[test]
fn the_json_is_valid_by_its_schema_and_the_same_each_time() {
    let folder = Folder::empty();
    let validator = validator(&repository().join("docs/formats/assess.schema.json"));
    for path in reviewed(&folder) {
        let run = assess(&folder, &path, "json");
        assert_eq!(run.code, 1, "{}: {}", path.display(), run.err);
        valid(&validator, &run.json());
        assert!(run.out == assess(&folder, &path, "json").out, "{}", path.display());
    }
}

#[test]
fn oscal_is_valid_by_the_published_schema() {
    let Some(schema) = shared("vectors/oscal/oscal_assessment-results_schema.json") else { return };
    let folder = Folder::empty();
    let validator = validator(&schema);
    for path in reviewed(&folder) {
        let document = assess(&folder, &path, "oscal").json();
        valid(&validator, &document);
        references_lead_somewhere(&document);
    }
}

/// What a schema does not hold: identifiers are unique, and what is referred to is there.
fn references_lead_somewhere(document: &Value) {
    let result = &document["assessment-results"]["results"][0];
    let ids = |list: &Value| -> Vec<String> {
        list.as_array().into_iter().flatten().map(|o| o["uuid"].as_str().unwrap().to_owned()).collect()
    };
    let (components, observations) =
        (ids(&result["local-definitions"]["components"]), ids(&result["observations"]));
    let mut all: Vec<String> = components.iter().chain(&observations).cloned().collect();
    all.extend(ids(&result["findings"]));
    let count = all.len();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), count, "an identifier stands twice");
    for observation in result["observations"].as_array().into_iter().flatten() {
        for subject in observation["subjects"].as_array().into_iter().flatten() {
            assert!(components.contains(&subject["subject-uuid"].as_str().unwrap().to_owned()));
        }
    }
    for finding in result["findings"].as_array().unwrap() {
        for related in finding["related-observations"].as_array().into_iter().flatten() {
            assert!(observations.contains(&related["observation-uuid"].as_str().unwrap().to_owned()));
        }
    }
}

#[derive(serde::Deserialize)]
struct Expected {
    answers: BTreeMap<String, String>,
    request: BTreeMap<String, Vec<String>>,
}

#[test]
fn the_examples_are_answered_as_was_reasoned() {
    let folder = Folder::empty();
    let text = std::fs::read_to_string(examples().join("readiness.yaml")).unwrap();
    let expected: Expected = serde_saphyr::from_str(&text).unwrap();
    let review = assess(&folder, &examples(), "json").json();
    let questions = review["questions"].as_array().unwrap();
    let answers = questions.iter().map(|q| (text_of(&q["id"]), text_of(&q["answer"])));
    assert_eq!(answers.collect::<BTreeMap<_, _>>(), expected.answers);
    let mut wrong = Vec::new();
    let mut met: Vec<(&str, &str)> = Vec::new();
    for workflow in questions[0]["workflows"].as_array().unwrap() {
        let path = workflow["path"].as_str().unwrap();
        let mark = workflow["marks"].as_array().unwrap().iter().find(|m| m["aspect"] == "request").unwrap();
        let stand = mark["stand"].as_str().unwrap();
        let listed =
            expected.request.get(stand).into_iter().flatten().find(|p| path.contains(&format!("/{p}")));
        match listed {
            Some(listed) => met.push((stand, listed)),
            None => wrong.push(format!("{path}: {stand}: {}", mark["because"])),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let listed =
        || expected.request.iter().flat_map(|(s, all)| all.iter().map(move |p| (s.as_str(), p.as_str())));
    let unmet: Vec<_> = listed().filter(|one| !met.contains(one)).collect();
    assert!(unmet.is_empty(), "{unmet:?}");
}

fn text_of(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn question<'r>(review: &'r Value, id: &str) -> &'r Value {
    review["questions"].as_array().unwrap().iter().find(|q| q["id"] == id).unwrap()
}

#[test]
fn an_answer_drills_down_to_the_walk_that_shows_it() {
    let folder = Folder::empty();
    let review = assess(&folder, &examples().join("workflows/n8n/helpdesk-reset.json"), "json").json();
    let mark = &question(&review, "one-person")["workflows"][0]["marks"][0];
    assert_eq!(
        (mark["stand"].as_str(), mark["rests_on"][0]["rule"].as_str()),
        (Some("fails"), Some("unapproved-change"))
    );
    let walk = mark["rests_on"][0]["walk"].as_array().unwrap();
    let names: Vec<&str> = walk.iter().map(|s| s["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Webhook", "Set temporary password"]);
    assert_eq!(walk[1]["marked"], true);
}

#[test]
fn an_export_alone_says_what_would_have_to_be_given() {
    let folder = Folder::empty();
    folder.write("leaver.json", &common::leaver(""));
    let run = assess(&folder, folder.path(), "plain");
    assert!(run.out.contains("An export: nothing here governs it."), "{}", run.out);
    let review = assess(&folder, folder.path(), "json").json();
    assert_eq!(review["governed"], Value::Null);
    for id in ["versions", "ownership"] {
        let question = question(&review, id);
        assert_eq!(question["answer"], "cannot-be-told", "{id}");
        assert!(!question["give"].as_array().unwrap().is_empty(), "{id}");
    }
}

#[test]
fn wrong_use_is_said_and_ends_with_2() {
    let folder = Folder::empty();
    let run = folder.run(&["assess", "nowhere"]);
    assert!(run.code == 2 && run.err.contains("no file or folder `nowhere`"), "{}", run.err);
    let run = folder.run(&["assess", "--question", "which", "."]);
    assert!(run.code == 2 && run.err.contains("there are one-person, context-aware"), "{}", run.err);
    let only = folder.run(&["assess", "--question", "ownership,credentials", "--format", "json", "."]).json();
    assert_eq!(only["questions"].as_array().unwrap().len(), 2);
}

/// The commands by which three people release a workflow.
const RELEASE: [&str; 7] = [
    "countersign propose lost-device --key ../adaeze",
    "countersign connector approve okta@1.0.703 --key ../tomasz --reason read",
    "countersign attest lost-device --key ../adaeze",
    "countersign exception grant lost-device --covers 'credential:Okta - end sessions' --until 2026-12-20 \
     --owner bram.devries --compensating watched --key ../tomasz",
    "countersign review lost-device --approve --key ../priya",
    "countersign review lost-device --approve --key ../tomasz",
    "countersign release lost-device --key ../adaeze",
];

#[test]
fn a_release_is_what_answers_rest_on_and_an_edit_is_noticed() {
    let folder = company();
    let root = folder.path().join("keelhaven");
    let sh =
        |command: &str, minute: usize| common::chapter::sh(&root, command, i64::try_from(minute).unwrap());
    for (minute, command) in RELEASE.iter().enumerate() {
        let told = sh(command, minute + 1);
        assert!(!told.contains("refused") && !told.contains("error:"), "{command}: {told}");
    }
    let stands = |minute| {
        let text = sh("countersign assess --format json .", minute);
        let review: Value = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}"));
        let mut stands = BTreeMap::new();
        for id in ["one-person", "extensions", "versions", "ownership"] {
            let workflows = question(&review, id)["workflows"].as_array().unwrap();
            let own =
                workflows.iter().find(|w| text_of(&w["path"]).ends_with("okta/lost-device.flopack")).unwrap();
            for mark in own["marks"].as_array().unwrap() {
                stands.insert(format!("{id}/{}", text_of(&mark["aspect"])), text_of(&mark["stand"]));
            }
        }
        (stands, review["governed"]["statements"].as_u64().unwrap())
    };
    let (before, statements) = stands(20);
    assert!(statements >= 7, "{statements}");
    let good = [
        "one-person/author",
        "extensions/approved",
        "extensions/tested",
        "versions/history",
        "versions/review",
        "versions/drift",
        "ownership/record",
        "ownership/owner",
        "ownership/approver",
    ];
    for aspect in good {
        assert_eq!(before.get(aspect).map(String::as_str), Some("holds"), "{aspect}: {before:?}");
    }
    record(&sh);
    // The requester's own authority is all that is checked, whoever released that.
    assert_eq!(before["one-person/request"], "fails");
    sh("sed -i 's/purpose: .*/purpose: Another one./' workflows/okta/lost-device.control.yaml", 21);
    let (after, _) = stands(22);
    assert_eq!((after["versions/review"].as_str(), after["versions/drift"].as_str()), ("holds", "fails"));
    assert_eq!(after["extensions/tested"], "unknown", "the tests ran on another closure");
}

/// With a ledger that has all statements, changes, exceptions and rework can be handed over; one that is gone is noticed.
fn record(sh: &dyn Fn(&str, usize) -> String) {
    let stands = |minute| {
        let text = sh("countersign assess --format json --question decision-path .", minute);
        let review: Value = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}"));
        let around = review["questions"][0]["around"].as_array().unwrap().clone();
        let stands: BTreeMap<String, String> =
            around.iter().map(|m| (text_of(&m["aspect"]), text_of(&m["stand"]))).collect();
        (stands, review["governed"]["ledger"].clone())
    };
    let all = |stand: &str| {
        let aspects = ["changes", "exceptions", "rework"].map(|a| (a.to_owned(), stand.to_owned()));
        BTreeMap::from(aspects)
    };
    assert_eq!(stands(30), (all("fails"), Value::Null));
    sh("countersign ledger init ../ledger --name keelhaven.example/ledger --key ../ledger.key", 31);
    sh(
        "printf '\\n[ledger]\\nplace = \"../ledger\"\\nvalues = \"../values\"\\nkey = \"../ledger.key\"\\n' >> countersign.toml",
        32,
    );
    let (before, ledger) = stands(33);
    assert_eq!((before, ledger["entered"].as_u64()), (all("fails"), Some(0)), "nothing is on record yet");
    sh("countersign record --from .", 34);
    let (after, ledger) = stands(35);
    assert_eq!((after, ledger["missing"].as_u64(), &ledger["broken"]), (all("holds"), Some(0), &Value::Null));
    let run = |minute| {
        let text = sh("countersign assess --format json --question decision-path .", minute);
        let review: Value = serde_json::from_str(&text).unwrap();
        let workflows = review["questions"][0]["workflows"].as_array().unwrap().clone();
        let because = |path: &str| {
            let own = workflows.iter().find(|w| text_of(&w["path"]).ends_with(path)).unwrap();
            let marks = own["marks"].as_array().unwrap();
            text_of(&marks.iter().find(|m| m["aspect"] == "run").unwrap()["because"])
        };
        (because("okta/lost-device.flopack"), because("okta/partner-portal.flopack"))
    };
    let before = run(36);
    let releases = sh("countersign population ../ledger --of releases", 37);
    let seq: u64 = releases.lines().nth(2).unwrap().split_whitespace().next().unwrap().parse().unwrap();
    let entry = format!("{{\"type\":\"run/1\",\"source\":\"runtime\",\"body\":{{\"release\":{seq}}}}}");
    sh(&format!("echo '{entry}' | countersign record ../ledger --beside ../values --key ../ledger.key"), 38);
    let after = run(39);
    assert_eq!(after.0, "The ledger has entries about its runs: 1.");
    assert!(before.0 != after.0 && before.1 == after.1, "{before:?} {after:?}");
    sh("rm -r ../ledger", 40);
    let (gone, ledger) = stands(41);
    assert!(gone == all("fails") && ledger["broken"].is_string(), "{ledger}");
}

#[test]
fn the_chapter_is_what_happens() {
    let folder = company();
    let root = folder.path().join("keelhaven");
    std::fs::copy(examples().join("workflows/n8n/helpdesk-reset.json"), folder.path().join("export.json"))
        .unwrap();
    let text = std::fs::read_to_string(repository().join("docs/assess.md")).unwrap();
    let (fresh, after) = replay(&text, &root, 1, &[]);
    assert!(after > 3, "the chapter has become short");
    hold("docs/assess.md", &text, &fresh);
}
