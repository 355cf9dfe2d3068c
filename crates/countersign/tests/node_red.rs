//! Flows of Node-RED as people draw them, judged by hand: what each step does, and where control is broken. They stand for
//! a corpus of a platform whose users seldom publish such flows.

use serde_json::Value;
use std::error::Error;
use std::path::Path;
use std::process::Command;

/// A judged flow: the file, its steps with effects beyond reading and telling, and its faults.
type Judged = (&'static str, &'static [(&'static str, &'static [&'static str])], &'static [&'static str]);

/// What a person says who reads the flows.
const JUDGED: &[Judged] = &[
    (
        "leaver_by_webhook",
        &[("patch1", &["disable"])],
        &["injection", "raw-http-change", "unapproved-change", "unauthenticated-trigger", "untrusted-target"],
    ),
    ("group_behind_dialog", &[("ask2", &["ask"]), ("add2", &["grant"])], &["raw-http-change"]),
    (
        "dialog_not_read",
        &[("ask3", &["ask"]), ("add3", &["grant"])],
        &["approval-ignored", "raw-http-change"],
    ),
    (
        "suspend_everybody_idle",
        &[("susp4", &["disable"])],
        &["raw-http-change", "unapproved-change", "unbounded-bulk-change"],
    ),
    (
        "remove_unix_account",
        &[("exec5", &["code", "delete-identity"])],
        &["opaque-step", "unapproved-change"],
    ),
    (
        "called_by_link",
        &[("call6", &["call"]), ("inv7", &["grant"])],
        &["raw-http-change", "unapproved-change", "unauthenticated-trigger"],
    ),
    (
        "subflow_revokes",
        &[("del8", &["revoke"]), ("use8", &["call"])],
        &["raw-http-change", "unapproved-change"],
    ),
    (
        "temporary_access",
        &[("del9", &["revoke"]), ("put9", &["grant"])],
        &["raw-http-change", "unapproved-change", "unrevoked-access"],
    ),
    ("cold_room", &[], &[]),
    ("users_to_a_file", &[], &[]),
    (
        "unlock_by_chat",
        &[("req12", &["enable"])],
        &["injection", "raw-http-change", "unapproved-change", "unauthenticated-trigger", "untrusted-target"],
    ),
    (
        "joiner_with_key",
        &[("new13", &["create-identity"])],
        &[
            "raw-http-change",
            "secret-in-definition",
            "unapproved-change",
            "unauthenticated-trigger",
            "untrusted-target",
        ],
    ),
    ("answer_read_by_function", &[("ask21", &["ask"]), ("put21", &["enable"])], &["raw-http-change"]),
    (
        "either_way_by_function",
        &[("req22", &["grant", "revoke"])],
        &["injection", "raw-http-change", "unapproved-change", "unauthenticated-trigger", "untrusted-target"],
    ),
    (
        "caller_over_tabs",
        &[("del24", &["revoke"]), ("lo23", &["call"])],
        &["injection", "raw-http-change", "unapproved-change", "unauthenticated-trigger", "untrusted-target"],
    ),
    ("kick_by_owner", &[("kick25", &["revoke"])], &[]),
    (
        "registered_with_password",
        &[("reg26", &["create-identity", "issue-credential"])],
        &["secret-in-definition", "unapproved-change"],
    ),
    (
        "members_in_a_table",
        &[("new27", &["create-identity", "grant", "issue-credential"]), ("old27", &["delete-identity"])],
        &["injection", "unapproved-change", "unauthenticated-trigger", "untrusted-target"],
    ),
    (
        "accounts_in_a_variable",
        &[
            ("gone28", &["delete-identity"]),
            ("put28", &["create-identity", "issue-credential", "reset-credential"]),
        ],
        &["unapproved-change", "unauthenticated-trigger"],
    ),
    (
        "codes_of_a_lock",
        &[("clear29", &["revoke-credential"]), ("code29", &["issue-credential"])],
        &["unapproved-change"],
    ),
];

/// What people may see either way: a request node hands a failure on in the message, and whoever called is answered with it;
/// who may publish to a broker is not in the file.
const EITHER_WAY: &[&str] = &["unhandled-failure"];

fn report(name: &str) -> Result<Value, Box<dyn Error>> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/node_red/{name}.json"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
    let out = command.args(["check", "--format", "json", "--no-cache"]).arg(file).output()?;
    Ok(serde_json::from_slice(&out.stdout)?)
}

fn texts(value: &Value, key: &str) -> Vec<String> {
    let all = value.as_array().into_iter().flatten();
    all.filter_map(|v| v[key].as_str().map(str::to_owned)).collect()
}

#[test]
fn flows_are_judged_as_a_person_judges_them() {
    let mut wrong = Vec::new();
    for (name, steps, faults) in JUDGED {
        let report = report(name).unwrap();
        let workflows = report["workflows"].as_array().unwrap();
        assert!(!workflows.is_empty(), "{name}: {report}");
        let mut found_steps = Vec::new();
        let mut found_faults = Vec::new();
        for workflow in workflows {
            for step in workflow["steps"].as_array().unwrap() {
                let mut kinds = texts(&step["effects"], "kind");
                kinds.retain(|k| !["read", "notify", "control", "write"].contains(&k.as_str()));
                kinds.sort();
                if !kinds.is_empty() {
                    found_steps.push((step["id"].as_str().unwrap().to_owned(), kinds));
                }
            }
            found_faults.extend(texts(&workflow["findings"], "rule"));
        }
        found_steps.sort();
        found_faults.sort();
        found_faults.dedup();
        found_faults.retain(|f| !EITHER_WAY.contains(&f.as_str()));
        let mut wanted: Vec<_> = steps
            .iter()
            .map(|(id, kinds)| ((*id).to_owned(), kinds.iter().map(|k| (*k).to_owned()).collect::<Vec<_>>()))
            .collect();
        wanted.sort();
        if found_steps != wanted || found_faults != *faults {
            wrong.push(format!("{name}: {found_steps:?} {found_faults:?}, judged {wanted:?} {faults:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
