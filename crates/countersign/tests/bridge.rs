//! Governing with a ledger, by the program, in a copy of the examples with real SSH keys: every act is entered by itself,
//! allowed or refused; the log alone gives the state again; bundles of it hold; a person is erased, and secrets of
//! definitions appear nowhere.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot run the program has failed")]

mod common;

use common::chapter::{BEGIN, company, sh};
use common::traces::{files, traces};
use common::{Folder, repository};
use serde_json::Value;
use std::path::{Path, PathBuf};

const LOST: &str = "Lost device: end sessions";
const CONFIGURED: &str =
    "\n[ledger]\nplace = \"../ledger\"\nvalues = \"../values\"\nkey = \"../ledger.key\"\n";

/// The company, with a ledger that its configuration names.
fn recorded(place: &str) -> (Folder, PathBuf) {
    let folder = company();
    let root = folder.path().join("keelhaven");
    let configured = CONFIGURED.replace("../ledger\"", &format!("{place}\""));
    let path = root.join("countersign.toml");
    std::fs::write(&path, std::fs::read_to_string(&path).unwrap() + &configured).unwrap();
    let init = format!(
        "countersign ledger init {place} --name keelhaven.example/ledger --key ../ledger.key --format json"
    );
    let made: Value = serde_json::from_str(&raw(&root, &init, 0)).unwrap();
    std::fs::write(
        folder.path().join("policy"),
        format!("log {}\nquorum none\n", made["vkey"].as_str().unwrap()),
    )
    .unwrap();
    let rotated = "sed -i '/id: Okta - end sessions/,/rotate-every/ s/rotate-every: P90D/&\\n    rotated: 2026-11-02/' credentials.yaml";
    assert_eq!(sh(&root, &format!("{rotated} && git commit -qam 'Record in a ledger'"), 0), "");
    (folder, root)
}

/// What a command prints, with its digests.
fn raw(root: &Path, command: &str, minute: i64) -> String {
    let bin = Path::new(env!("CARGO_BIN_EXE_countersign")).parent().unwrap();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let out = std::process::Command::new("sh")
        .args(["-c", command])
        .current_dir(root)
        .env("PATH", path)
        .env("COUNTERSIGN_NOW", policy::Moment(BEGIN + 60 * minute).to_string())
        .output()
        .unwrap();
    String::from_utf8(out.stdout).unwrap()
}

/// A change from its proposal to its release, with a refusal; every command a minute later.
const CHANGE: [&str; 8] = [
    "countersign propose lost-device --key ../adaeze --reason 'First release'",
    "countersign review lost-device --approve --key ../adaeze | grep -c '^refused'",
    "countersign review lost-device --approve --key ../priya",
    "countersign connector approve okta@1.0.703 --key ../tomasz",
    "countersign exception grant lost-device --covers tests,mutation --until 2026-12-20 --owner bram.devries --compensating 'Two people watch each use' --key ../tomasz",
    "countersign review lost-device --approve --key ../tomasz",
    "countersign release lost-device --key ../adaeze | tail -n 2 | head -n 1",
    "countersign status lost-device | head -n 1 | grep -c released",
];

fn change(root: &Path) {
    let printed: Vec<String> = CHANGE.iter().zip(1..).map(|(c, minute)| sh(root, c, minute)).collect();
    assert_eq!(printed[1], "1", "{printed:#?}");
    assert_eq!(printed[6], format!("Adaeze Obi: release `{LOST}` for production"), "{printed:#?}");
    assert_eq!(printed[7], "1", "{printed:#?}");
}

fn json(root: &Path, command: &str) -> Value {
    let printed = raw(root, &format!("{command} --format json"), 20);
    serde_json::from_str(&printed).unwrap_or_else(|e| panic!("{command}: {e}: {printed}"))
}

#[test]
fn every_act_is_entered_and_the_log_alone_gives_the_state_again() {
    let (folder, root) = recorded("../ledger");
    change(&root);
    let replayed = json(&root, "countersign replay ../ledger --beside ../values");
    assert_eq!(
        (&replayed["different"], &replayed["not_replayed"], &replayed["notes"]),
        (&Value::Array(vec![]), &Value::Array(vec![]), &Value::Array(vec![]))
    );
    // Registered, proposed, refused, approved, connector, exception, approved, released.
    assert_eq!(replayed["same"], 8);
    let now = policy::Moment(BEGIN + 1200);
    let opened = countersign::govern::Repository::open(&root, now).unwrap();
    assert_eq!(replayed["workflows"], serde_json::to_value(&opened.folded.state.workflows).unwrap());
    let again = sh(&root, "countersign record --from .", 20);
    assert_eq!(again, "nothing to enter\n7 statements are on record");
    bundles_hold(&folder, &root);
    explanations(&root);
    // The same statements, entered later and elsewhere, come to the same.
    let later = "countersign ledger init ../later --name keelhaven.example/later --key ../later.key > /dev/null && countersign record ../later --beside ../later-values --key ../later.key --from .";
    assert_eq!(
        sh(&root, later, 21),
        "entries 0 to 8: 7 acts and what they were decided with\n7 statements are on record"
    );
    let there = json(&root, "countersign replay ../later --beside ../later-values");
    assert_eq!((&there["same"], &there["different"]), (&7.into(), &Value::Array(vec![])));
    assert_eq!(there["workflows"], replayed["workflows"]);
    // A statement that is deleted from the folder is missed.
    let statements = files(&root.join(".countersign/statements"));
    std::fs::remove_file(&statements[0]).unwrap();
    assert!(sh(&root, "countersign record --from .", 22).contains("is not in the folder: was it deleted?"));
}

/// What policies and transitions refuse both falls again as it did, and a requirement finds what its policies let pass too.
#[test]
fn what_is_refused_twice_falls_again_and_a_requirement_finds_what_met_it() {
    let (_folder, root) = recorded("../ledger");
    change(&root);
    let edit = |years: u8| {
        format!(
            "sed -i 's/retention: P.*Y/retention: P{years}Y/' workflows/okta/lost-device.control.yaml && git commit -qam Longer"
        )
    };
    sh(&root, &edit(8), 9);
    sh(&root, "countersign propose lost-device --key ../adaeze --reason Longer", 10);
    sh(&root, &edit(9), 11);
    // Nobody approved it, and it is stale.
    assert!(sh(&root, "countersign release lost-device --key ../adaeze", 12).starts_with("refused"));
    let replayed = json(&root, "countersign replay ../ledger --beside ../values");
    assert_eq!((&replayed["same"], &replayed["different"]), (&10.into(), &Value::Array(vec![])));
    let about = "countersign explain control:CC8.1 --ledger ../ledger --beside ../values";
    let told = raw(
        &root,
        &format!("{about} | grep -o '`adaeze.obi` released\\|`adaeze.obi` wanted to release'"),
        13,
    );
    assert_eq!(told, "`adaeze.obi` released\n`adaeze.obi` wanted to release\n");
    // When it was done stands in each entry.
    let told = sh(
        &root,
        "countersign population ../ledger --of releases --format json | grep -o '\"time\":\"[^\"]*' | head -n 1",
        13,
    );
    assert_eq!(told, format!("\"time\":\"{}", policy::Moment(BEGIN + 7 * 60)));
}

/// A rotation by the command is in the population of rotations, is explained, and falls again as it did.
#[test]
fn a_rotation_is_in_its_population_and_is_explained() {
    let (folder, root) = recorded("../ledger");
    let rotated = "countersign credential rotated 'Okta - end sessions' --at 2026-11-24 --key ../tomasz";
    assert!(sh(&root, rotated, 1).contains("signed as"));
    let population = raw(&root, "countersign population ../ledger --of rotations", 2);
    assert!(
        population.starts_with("1 rotation (") && population.contains("attest credential/Okta"),
        "{population}"
    );
    let about = "--beside ../values";
    let told = raw(
        &root,
        &format!("countersign explain 'credential:Okta - end sessions' --ledger ../ledger {about}"),
        3,
    );
    assert!(told.contains("`tomasz.wrona` recorded a rotation of `Okta - end sessions`"), "{told}");
    assert!(told.contains("By this it was rotated at 2026-11-24T00:00:00Z."), "{told}");
    let replayed = json(&root, &format!("countersign replay ../ledger {about}"));
    assert_eq!((&replayed["same"], &replayed["different"]), (&1.into(), &Value::Array(vec![])));
    let bundle = format!("countersign evidence ../ledger {about} --about all --output ../bundle");
    sh(&root, &bundle, 4);
    let told = sh(&root, "countersign verify ../bundle --policy ../policy", 5);
    assert!(told.starts_with("Everything that is in this bundle holds."), "{told}");
    the_second_verifier_agrees(&root, "../bundle");
    drop(folder);
}

/// The verifier in Python says that a bundle holds; where it cannot run, that is said aloud.
fn the_second_verifier_agrees(root: &Path, bundle: &str) {
    if raw(root, "python3 -c 'import cryptography' && echo there", 20) != "there\n" {
        return println!("skipped: there is no python3 with the package `cryptography`");
    }
    let script = repository().join("crates/evidence/verify.py");
    let told = sh(root, &format!("python3 -B '{}' {bundle} --policy ../policy", script.display()), 20);
    assert!(told.starts_with(&format!("{bundle}: everything that is here holds")), "{told}");
}

/// What is entered has the shape that the schema gives to each type and each act.
fn entries_have_their_schema(bundle: &Path) {
    let schema = std::fs::read(repository().join("docs/formats/ledger-entry.schema.json")).unwrap();
    let schema = jsonschema::validator_for(&serde_json::from_slice(&schema).unwrap()).unwrap();
    let lines = std::fs::read_to_string(bundle.join("entries")).unwrap();
    for line in lines.lines() {
        let mut entry: Value = serde_json::from_str(line).unwrap();
        let faults: Vec<String> = schema.iter_errors(&entry).map(|e| e.to_string()).collect();
        assert_eq!(faults, [""; 0], "{line}");
        if entry["body"]["act"] == "approve" && entry["body"]["allow"] == true {
            entry["body"]["of"] = Value::Null;
            assert!(!schema.is_valid(&entry));
        }
    }
    assert!(lines.lines().count() > 8);
}

fn bundles_hold(folder: &Folder, root: &Path) {
    let about = format!(
        "countersign evidence ../ledger --beside ../values --about 'workflow:{LOST}' --output ../bundle"
    );
    sh(root, &about, 20);
    let told = sh(root, "countersign verify ../bundle --policy ../policy", 20);
    assert!(told.starts_with("Everything that is in this bundle holds."), "{told}");
    assert!(told.contains("7 of them with the statement that was signed"), "{told}");
    the_second_verifier_agrees(root, "../bundle");
    entries_have_their_schema(&folder.path().join("bundle"));
    let public = "countersign evidence ../ledger --beside ../values --role public --output ../public";
    sh(root, public, 20);
    assert_eq!(traces(&folder.path().join("public"), "adaeze.obi"), [""; 0]);
    assert!(sh(root, "countersign verify ../public --policy ../policy", 20).starts_with("Everything"));
}

fn explanations(root: &Path) {
    let explain = |about: &str| {
        sh(root, &format!("countersign explain '{about}' --ledger ../ledger --beside ../values"), 20)
    };
    let refused = explain("4");
    for part in [
        "`adaeze.obi` wanted to approve `Lost device: end sessions` in `production`, and was refused.",
        "Nothing was signed",
        "`no-requester-approves` refuses it: Adaeze Obi asks for this",
        "They were shown: workflow `Lost device: end sessions`, tier 2;",
    ] {
        assert!(refused.contains(part), "{part}: {refused}");
    }
    let released = explain("9");
    for part in [
        "`adaeze.obi` released `Lost device: end sessions` in `production`.",
        "has the roles `iam-engineer`, `workflow-author`",
        "It rests on entry 5 (`priya.nair` approved",
        "That is the page whose digest they signed.",
        "It is the first release there, of 10 parts.",
        "Nothing has taken its place since.",
    ] {
        assert!(released.contains(part), "{part}: {released}");
    }
    let joined = explain(&format!("changes:{LOST}"));
    assert!(joined.contains("A part in it had") && joined.contains("no run of it is on record"), "{joined}");
    assert!(explain("approver:tomasz.wrona").contains("`tomasz.wrona` approved"));
    assert!(explain("credential:Okta - end sessions").contains("released"));
}

/// A version that is nowhere any more is told once, with what cannot be decided for want of it; what is on record needs none.
#[test]
fn a_version_that_is_missing_is_told_once_and_hides_nothing() {
    let (_folder, root) = recorded("../ledger");
    let acts = [
        "propose people --key ../adaeze --reason Begin",
        "review people --approve --key ../priya",
        "review people --approve --key ../tomasz",
        "release people --key ../tomasz",
    ];
    for (act, minute) in acts.iter().zip(1..) {
        sh(&root, &format!("countersign {act}"), minute);
    }
    sh(&root, "sed -i 's/name: Hannah Frei/name: Hannah Frey/' people.yaml && git commit -qam Name", 5);
    let lose = "rm -rf .countersign/versions .git && git init -q -b main && git add -A && git -c user.name=A -c user.email=a@corp.test commit -qm Anew";
    sh(&root, lose, 6);
    assert_eq!(sh(&root, "countersign record --from .", 7), "nothing to enter\n4 statements are on record");
    let later = "countersign ledger init ../later --name keelhaven.example/later --key ../later.key > /dev/null && countersign record ../later --beside ../later-values --key ../later.key --from .";
    let told = sh(&root, later, 8);
    assert_eq!(told.matches("nowhere here: bring back `.countersign/versions/").count(), 1, "{told}");
    assert!(
        told.contains("4 statements are not entered, for they cannot be decided: `people` as it was"),
        "{told}"
    );
    assert!(told.starts_with("nothing to enter\n0 statements are on record"), "{told}");
}

#[test]
fn what_cannot_be_recorded_is_not_done() {
    let (folder, root) = recorded("../ledger");
    std::fs::rename(folder.path().join("ledger.key"), folder.path().join("gone.key")).unwrap();
    let told = sh(&root, CHANGE[0], 1);
    assert!(told.contains("nothing was done, for it cannot be recorded"), "{told}");
    assert!(!root.join(".countersign/statements").exists());
}

/// Other policies are noticed where they change a decision, and a directory that nobody had put in force shows.
#[test]
fn other_policies_would_have_been_different() {
    let (folder, root) = recorded("../ledger");
    change(&root);
    let own = "@id(\"no-exceptions\") @reason(\"nothing is excepted here\") @controls(\"soc2-2017-rev2022 CC8.1\") forbid(principal, action == Action::\"grant-exception\", resource);";
    std::fs::create_dir(folder.path().join("stricter")).unwrap();
    std::fs::write(folder.path().join("stricter/own.cedar"), own).unwrap();
    let told = sh(&root, "countersign replay ../ledger --beside ../values --policy ../stricter", 20);
    assert!(told.contains("7 decisions fall as recorded, 1 differently"), "{told}");
    assert!(
        told.contains("recorded as allowed, and it would be refused: nothing is excepted here"),
        "{told}"
    );
    let basis = sh(&root, "countersign explain 0 --ledger ../ledger --beside ../values", 20);
    assert!(basis.contains("which no act had put in force"), "{basis}");
}

#[test]
fn an_erased_person_leaves_no_trace_and_the_rest_holds() {
    let (folder, root) = recorded("sqlite:../ledger.db");
    change(&root);
    let public = std::fs::read_to_string(folder.path().join("priya.pub")).unwrap();
    let names =
        ["priya.nair", "Priya Nair", "priya.nair@keelhaven.example", public.split(' ').nth(1).unwrap()];
    let there = |value: &str| {
        [traces(&folder.path().join("values"), value), traces(&folder.path().join("ledger.db"), value)]
            .concat()
    };
    assert!(!there(names[0]).is_empty() && !there(names[3]).is_empty());
    let held = "countersign hold sqlite:../ledger.db --beside ../values --key ../ledger.key --about identity:priya.nair --reason 'case 7'";
    assert!(sh(&root, held, 20).contains("held; recorded as entry"));
    let erase = "countersign erase sqlite:../ledger.db --beside ../values --key ../ledger.key --about identity:priya.nair";
    assert!(sh(&root, erase, 21).contains("is under a legal hold: case 7; nothing was erased"));
    assert!(!there(names[0]).is_empty());
    assert!(sh(&root, &format!("{held} --release"), 22).contains("let go; recorded as entry"));
    let erased = sh(&root, erase, 23);
    assert!(erased.contains("erased; recorded as entry"), "{erased}");
    sh(&root, "countersign evidence sqlite:../ledger.db --beside ../values --output ../after", 24);
    for name in names {
        assert_eq!(there(name), [""; 0], "{name}");
        assert_eq!(traces(&folder.path().join("after"), name), [""; 0], "{name}");
    }
    let told = sh(&root, "countersign verify ../after --policy ../policy", 24);
    assert!(told.starts_with("Everything that is in this bundle holds."), "{told}");
    assert!(told.contains("values were erased, as entries of the ledger record"), "{told}");
    the_second_verifier_agrees(&root, "../after");
    let replayed = json(&root, "countersign replay sqlite:../ledger.db --beside ../values");
    assert_eq!(replayed["different"], Value::Array(vec![]), "{replayed}");
    // What the folder still has is not entered a second time.
    let again = sh(&root, "countersign record --from .", 25);
    assert!(again.starts_with("nothing to enter"), "{again}");
}

#[test]
fn what_is_no_longer_to_be_kept_is_erased() {
    let (_folder, root) = recorded("../ledger");
    let path = root.join("countersign.toml");
    std::fs::write(&path, std::fs::read_to_string(&path).unwrap() + "keep-days = 30\n").unwrap();
    sh(&root, CHANGE[0], 1);
    let expire = "countersign expire ../ledger --beside ../values --key ../ledger.key";
    assert_eq!(sh(&root, expire, 2), "no value's time is over");
    let told = sh(&root, expire, 2 + 31 * 24 * 60);
    assert!(told.contains("erased, for their time is over; recorded as entry 4"), "{told}");
    assert!(
        sh(&root, "countersign explain 2 --ledger ../ledger --beside ../values", 3)
            .contains("somebody whose name is withheld or erased")
    );
}

/// Secrets in definitions, in inputs that are refused and in messages of errors: a thousand, and none is anywhere but in the
/// definitions themselves.
#[test]
fn a_thousand_secrets_of_definitions_appear_nowhere() {
    let (folder, root) = recorded("../ledger");
    let canary =
        |i: u32| format!("canary{:08x}{:08x}", i.wrapping_mul(0x9e37_79b9), i.wrapping_mul(0x85eb_ca6b));
    let path = root.join("workflows/n8n/helpdesk-reset.json");
    let text = std::fs::read_to_string(&path).unwrap();
    let mut definition: Value = serde_json::from_str(&text).unwrap();
    let nodes = definition["nodes"].as_array_mut().unwrap();
    for (i, node) in (0u32..).zip(nodes.iter_mut()) {
        let some: Vec<Value> = (0..400)
            .map(|n| serde_json::json!({"name": "Authorization", "value": canary(i * 400 + n)}))
            .collect();
        node["parameters"]["headerParameters"] = serde_json::json!({"parameters": some});
        node["notes"] = canary(9000 + i).into();
    }
    assert!(nodes.len() * 400 >= 1000);
    std::fs::write(&path, serde_json::to_string_pretty(&definition).unwrap()).unwrap();
    sh(&root, "git commit -qam 'Secrets'", 1);
    let mut said = String::new();
    for (minute, command) in (2..).zip([
        "countersign propose helpdesk-reset --key ../adaeze",
        "countersign review helpdesk-reset --approve --key ../priya",
        "countersign release helpdesk-reset --key ../adaeze --why",
        "countersign status helpdesk-reset",
        "countersign gate --why",
        "countersign evidence ../ledger --beside ../values --output ../bundle",
        "countersign explain all --ledger ../ledger --beside ../values",
        "countersign replay ../ledger --beside ../values --format json",
    ]) {
        said += &sh(&root, command, minute);
    }
    assert!(said.contains("helpdesk") || said.contains("Help desk"), "{said}");
    assert!(!said.contains("canary"), "{said}");
    for part in ["ledger", "values", "bundle"] {
        for path in files(&folder.path().join(part)) {
            let bytes = std::fs::read(&path).unwrap();
            assert!(!String::from_utf8_lossy(&bytes).contains("canary"), "{}", path.display());
            assert_eq!(traces(&path, &canary(7)), [""; 0]);
        }
    }
    for path in files(&root.join(".countersign")) {
        assert!(!String::from_utf8_lossy(&std::fs::read(path).unwrap()).contains("canary"));
    }
}
