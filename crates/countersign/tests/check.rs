//! `countersign check` from end to end: exit codes, filters, paths, what goes where.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot read its report has failed")]

mod common;

use common::{Folder, leaver};
use std::process::Stdio;

#[test]
fn exit_codes_are_those_of_the_table() {
    let folder = Folder::new();
    assert_eq!(folder.run(&["check"]).code, 1);
    assert_eq!(folder.run(&["check", "digest.json"]).code, 0);
    assert_eq!(folder.run(&["check", "--fail-on", "critical", "--severity", "critical"]).code, 1);
    assert_eq!(folder.run(&["check", "--rule", "notify-nobody"]).code, 0);
    assert_eq!(folder.run(&["check", "--fail-on", "nonsense"]).code, 2);
    folder.write("broken.json", "{\"nodes\": [");
    assert_eq!(folder.run(&["check", "broken.json", "digest.json"]).code, 3);
    assert_eq!(folder.run(&["check"]).code, 1, "findings weigh more than problems");
}

#[test]
fn a_path_that_is_not_there_is_an_error() {
    let folder = Folder::new();
    let run = folder.run(&["check", "nowhere.json"]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("no file or folder `nowhere.json`"), "{}", run.err);
    assert!(run.out.is_empty());
}

#[test]
fn filters_choose_findings_and_workflows() {
    let folder = Folder::new();
    let all = folder.rules(&[]);
    assert!(all.contains(&"unauthenticated-trigger".to_owned()), "{all:?}");
    assert_eq!(folder.rules(&["--rule", "unauthenticated-trigger"]), ["unauthenticated-trigger"]);
    let only = Folder::empty();
    only.write("mover.json", &leaver("").replace("\"delete\"", "\"update\""));
    let (some, every) = (only.rules(&["--severity", "critical"]), only.rules(&[]));
    assert!(!some.is_empty() && some.len() < every.len(), "{some:?} of {every:?}");
    assert!(folder.rules(&["--platform", "sailpoint"]).is_empty());
    assert_eq!(folder.rules(&["--platform", "n8n,sailpoint"]), all);
    let report = folder.run(&["check", "--tier", "2", "--format", "json"]).json();
    assert_eq!(report["workflows"].as_array().unwrap().len(), 1);
    let wrong = folder.run(&["check", "--rule", "no-such-rule"]);
    assert_eq!(wrong.code, 2);
    assert!(wrong.err.contains("no such rule"), "{}", wrong.err);
}

#[test]
fn the_report_for_a_terminal_names_steps_and_shows_lines() {
    let folder = Folder::new();
    let run = folder.run(&["check"]);
    assert!(run.out.starts_with("2 workflows in 3 files: 1 can change access\n"), "{}", run.out);
    assert!(run.out.contains("Notice of leaving → ✗ Delete account"), "{}", run.out);
    assert!(run.out.contains("│ \"name\": \"Delete account\","), "{}", run.out);
    assert!(run.out.contains("Started by a webhook that anyone can call."), "{}", run.out);
    assert!(!run.out.contains('\x1b'), "no colours where there is no terminal");
    assert!(run.err.is_empty(), "{}", run.err);
    assert_eq!(run.out, folder.run(&["check"]).out, "the cache changes nothing");
    assert_eq!(run.out, folder.run(&["check", "--no-cache"]).out);
}

#[test]
fn names_cannot_command_a_terminal() {
    let folder = Folder::new();
    folder.write("leaver.json", &leaver("").replace("\"Leaver\"", "\"Lea\\u001b[2Jver\""));
    let run = folder.run(&["check"]);
    assert!(run.out.contains("Lea\u{fffd}[2Jver") && !run.out.contains('\x1b'), "{}", run.out);
}

#[test]
fn few_workflows_are_shown_in_full_unless_all_are_asked_for() {
    let folder = Folder::empty();
    for i in 0..30 {
        folder.write(&format!("w{i:02}.json"), &leaver("").replace("leaver01", &format!("w{i}")));
    }
    let most = folder.run(&["check"]);
    assert!(most.out.contains("… and 5 more workflows with findings:"), "{}", most.out);
    assert_eq!(most.out.matches("── Leaver ").count(), 25);
    assert_eq!(folder.run(&["check", "--all"]).out.matches("── Leaver ").count(), 30);
}

#[test]
fn output_goes_to_a_file() {
    let folder = Folder::new();
    let run = folder.run(&["check", "--format", "json", "--output", "report.out", "leaver.json"]);
    assert_eq!((run.code, run.out.as_str()), (1, ""));
    let text = std::fs::read_to_string(folder.path().join("report.out")).unwrap();
    assert!(text.contains("countersign.report/1"));
    let run = folder.run(&["check", "--output", "no/such/folder/x"]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("`no/such/folder/x` cannot be written"), "{}", run.err);
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error_and_no_success() {
    let folder = Folder::empty();
    for i in 0..200 {
        folder.write(&format!("w{i}.json"), &leaver(""));
    }
    let mut command = folder.command(&["check", "--format", "json"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(141));
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[cfg(unix)]
#[test]
fn a_path_that_is_not_utf8_is_checked() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let folder = Folder::empty();
    let name = OsStr::from_bytes(b"le\xffaver.json");
    if std::fs::write(folder.path().join(name), leaver("")).is_err() {
        eprintln!("skipped: the file system has no such names");
        return;
    }
    for format in ["json", "sarif", "plain", "markdown", "junit"] {
        let run = folder.run(&["check", "--format", format]);
        assert_eq!(run.code, 1, "{format}: {}", run.err);
        assert!(run.out.contains("unauthenticated-trigger"), "{format}");
    }
    let run = folder.command(&["check"]).arg(name).output().unwrap();
    assert_eq!(run.status.code(), Some(1));
}

#[test]
fn unknown_operations_are_listed() {
    let folder = Folder::new();
    let strange = leaver("").replace("n8n-nodes-base.gSuiteAdmin", "n8n-nodes-acme.frobnicator");
    folder.write("strange.json", &strange);
    let run = folder.run(&["check", "--unknown"]);
    assert_eq!(run.code, 0);
    assert!(run.out.contains("frobnicator") && run.out.contains("strange.json:"), "{}", run.out);
    let report = folder.run(&["check", "--unknown", "--format", "json"]).json();
    assert_eq!(report["schema"], "countersign.unknown/1");
    assert_eq!(report["operations"][0]["steps"], 1);
    assert_eq!(folder.run(&["check", "--unknown", "--format", "sarif"]).code, 2);
}

#[test]
fn watching_checks_again() {
    use std::io::{BufRead, BufReader};
    let folder = Folder::new();
    let mut command = folder.command(&["check", "--watch", "digest.json"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    assert!(lines.by_ref().any(|l| l == "No findings."));
    folder.write("digest.json", &leaver(""));
    assert!(lines.by_ref().any(|l| l.contains("unauthenticated-trigger")));
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn rules_and_workflows_are_explained() {
    let folder = Folder::new();
    let rule = folder.run(&["explain", "injection"]);
    assert_eq!(rule.code, 0);
    assert!(rule.out.starts_with("injection"), "{}", rule.out);
    assert_eq!(folder.run(&["explain", "rules"]).out.matches("unapproved-change").count(), 1);
    let run = folder.run(&["explain", "leaver.json"]);
    for told in ["A webhook that anyone can call", "It asks nobody", "`Delete account` can delete accounts"] {
        assert!(run.out.contains(told), "{told}: {}", run.out);
    }
    assert_eq!(run.out, folder.run(&["explain", "leaver.json", "--workflow", "Leaver"]).out);
    let data = folder.run(&["explain", "leaver.json", "--format", "json"]).json();
    let (workflow, sections) = (&data["workflows"][0], &data["workflows"][0]["sections"]);
    assert_eq!((&workflow["name"], &data["schema"]), (&"Leaver".into(), &"countersign.explanation/1".into()));
    let changes = sections.as_array().unwrap().iter().find(|s| s["title"] == "What it changes").unwrap();
    let (line, told) = (&changes["sentences"][0]["line"], changes["sentences"][0]["text"].as_str().unwrap());
    assert!(line.as_u64() > Some(1) && told.starts_with("`Delete account` can delete accounts"), "{changes}");
    let data = folder.run(&["explain", "injection", "--format", "json"]).json();
    assert_eq!(data["rules"][0]["id"], "injection");
    assert!(!data["rules"][0]["evidence-towards"].as_array().unwrap().is_empty());
    let all = folder.run(&["explain", "rules", "--format", "json"]).json();
    assert!(all["rules"].as_array().unwrap().len() > 20);
    let other = folder.run(&["explain", "leaver.json", "--workflow", "Joiner"]);
    assert_eq!(other.code, 2);
    assert!(other.err.contains("it has `Leaver`"), "{}", other.err);
    assert_eq!(folder.run(&["explain", "nothing-of-the-kind"]).code, 2);
    assert_eq!(folder.run(&["explain", "package.json"]).code, 2);
}

/// A Logic App that a template deploys under a name, and that calls another.
fn app(name: &str, calls: Option<&str>) -> String {
    let call = r#""Call": {"type": "Workflow", "inputs": {"host": {"triggerName": "manual", "workflow": {
        "id": "[concat(resourceGroup().id, '/providers/Microsoft.Logic/workflows/CALLEE')]"}}}}"#;
    let action = calls.map_or(String::new(), |callee| call.replace("CALLEE", callee));
    let template = r#"{"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "resources": [{"type": "Microsoft.Logic/workflows", "name": "NAME", "properties": {"definition": {
        "triggers": {"manual": {"type": "Request", "kind": "Http"}}, "actions": {ACTION}}}}]}"#;
    template.replace("NAME", name).replace("ACTION", &action)
}

#[test]
fn a_name_that_several_workflows_have_means_the_nearest() {
    let folder = Folder::empty();
    folder.write("here/base/app.json", &app("base", None));
    folder.write("here/caller/app.json", &app("caller", Some("base")));
    folder.write("there/base/app.json", &app("base", None));
    folder.write("elsewhere/app.json", &app("stranger", Some("base")));
    let report = folder.run(&["check", "--format", "json"]).json();
    let calls = |name: &str| {
        let all = report["workflows"].as_array().unwrap();
        let found = all.iter().find(|w| w["name"] == name).unwrap();
        (found["closure"]["calls"].to_string(), found["closure"]["missing"].to_string())
    };
    let (called, missing) = calls("caller");
    assert!(called.contains("here/base/app.json#base") && missing == "[]", "{called} {missing}");
    assert_eq!(calls("stranger"), ("[]".to_owned(), "[\"base\"]".to_owned()));
}

/// A governed folder with a record beside its one workflow.
fn governed() -> Folder {
    let folder = Folder::empty();
    folder.write("countersign.toml", "");
    folder.write("flows/leaver.json", &leaver(""));
    let examples =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/workflows/sailpoint");
    let record = std::fs::read_to_string(examples.join("joiner-birthright.control.yaml")).unwrap();
    let unnamed = record.lines().filter(|l| !l.starts_with("workflow:")).collect::<Vec<_>>().join("\n");
    folder.write("flows/leaver.control.yaml", &unnamed);
    folder
}

#[test]
fn a_file_is_judged_as_in_its_governed_folder() {
    let folder = governed();
    let whole = folder.rules(&[]);
    assert!(!whole.contains(&"missing-record".to_owned()), "{whole:?}");
    let file = "flows/leaver.json";
    assert_eq!(folder.rules(&[file]), whole, "the record beside it is read");
    assert_eq!(folder.rules(&["flows"]), whole, "the folder above governs");
    std::fs::remove_file(folder.path().join("flows/leaver.control.yaml")).unwrap();
    for paths in [&[][..], &[file], &["flows"], &["flows", file]] {
        let rules = folder.rules(paths);
        assert!(rules.contains(&"missing-record".to_owned()), "{paths:?}: {rules:?}");
    }
}

#[test]
fn the_cache_knows_what_governs() {
    let folder = governed();
    let whole = folder.rules(&[]);
    folder.write("flows/leaver.control.yaml", "owner: [");
    let (first, again) = (folder.run(&["check"]), folder.run(&["check"]));
    assert!(first.out.contains("leaver.control.yaml: cannot be understood"), "{}", first.out);
    assert_eq!(first.out, again.out, "what is broken is told each time");
    let file = folder.run(&["check", "flows/leaver.json"]).out;
    assert!(file.contains("\n  flows/leaver.control.yaml: cannot be understood"), "{file}");
    assert_ne!(folder.rules(&[]), whole);
    assert_eq!(folder.rules(&[]), folder.rules(&["--no-cache"]));
}

#[test]
fn what_filters_leave_out_is_told() {
    let folder = Folder::new();
    let run = folder.run(&["check", "--tier", "3", "digest.json"]);
    assert!(run.out.contains("1 workflow not shown: `--tier`"), "{}", run.out);
    assert!(!run.out.contains("Give a folder"), "{}", run.out);
    folder.write("broken.json", "{\"nodes\": [");
    let broken = folder.run(&["check", "broken.json"]);
    assert!(!broken.out.contains("Give a folder"), "{}", broken.out);
}

#[test]
fn steps_that_are_switched_off_are_told() {
    let folder = Folder::empty();
    let off = leaver("")
        .replace("\"name\": \"Delete account\",", "\"name\": \"Delete account\", \"disabled\": true,");
    folder.write("off.json", &off);
    let run = folder.run(&["check"]);
    assert!(
        run.out.contains("1 workflow with steps that are switched off and would change access"),
        "{}",
        run.out
    );
    assert!(run.out.contains("`Leaver`: delete-identity"), "{}", run.out);
}

#[test]
fn a_cache_that_cannot_be_written_stops_nothing() {
    let folder = Folder::new();
    let nowhere = folder.path().join("package.json/cache");
    let run = folder.command(&["check"]).env("COUNTERSIGN_CACHE", &nowhere).output().unwrap();
    assert_eq!(run.status.code(), Some(1), "{}", String::from_utf8_lossy(&run.stderr));
    let neither = folder
        .command(&["check"])
        .env("COUNTERSIGN_CACHE", &nowhere)
        .env("TMPDIR", &nowhere)
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&neither.stderr);
    assert_eq!(neither.status.code(), Some(2));
    assert!(told.contains(&nowhere.display().to_string()) && told.contains("`COUNTERSIGN_CACHE`"), "{told}");
}

#[test]
fn a_test_of_nothing_is_no_success() {
    let folder = Folder::new();
    assert_eq!(folder.run(&["test", "leaver.json"]).code, 3);
    assert_eq!(folder.run(&["test", "leaver.json", "--mutate", "--min-score", "100"]).code, 1);
    let none = folder.run(&["test", ".", "--only", "nosuchname"]);
    assert_eq!(none.code, 2);
    assert!(none.err.contains("`nosuchname`"), "{}", none.err);
}

#[test]
fn a_line_is_that_of_the_file_in_which_the_step_stands() {
    let folder = Folder::empty();
    let from = common::repository().join("examples/workflows/secops/contain_service_account");
    let copy = |name: &str| {
        folder.write(&format!("play/{name}"), &std::fs::read_to_string(from.join(name)).unwrap())
    };
    ["definition.yaml", "trigger.yaml"].into_iter().for_each(copy);
    for step in std::fs::read_dir(from.join("steps")).unwrap() {
        copy(&format!("steps/{}", step.unwrap().file_name().to_string_lossy()));
    }
    let shown = folder.run(&["check"]).out;
    assert!(shown.contains("play/steps/disable_88eb8.yaml\n"), "{shown}");
    let json = folder.run(&["check", "--format", "json"]).json();
    let steps = json["workflows"][0]["steps"].as_array().unwrap();
    assert!(steps.iter().all(|s| s["file"].as_str().unwrap().starts_with("play/steps/")), "{steps:?}");
    let sarif = folder.run(&["check", "--format", "sarif"]).json();
    let place =
        &sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
    assert_eq!(place, "play/steps/disable_88eb8.yaml");
}

/// An n8n workflow that runs another.
fn runs(id: &str, other: &str) -> String {
    format!(
        r#"{{"name":"Flow {id}","id":"{id}","nodes":[{{"id":"1","name":"Start","type":"n8n-nodes-base.manualTrigger","typeVersion":1,"position":[0,0],"parameters":{{}}}},{{"id":"2","name":"Run","type":"n8n-nodes-base.executeWorkflow","typeVersion":1.1,"position":[0,0],"parameters":{{"workflowId":"{other}"}}}}],"connections":{{"Start":{{"main":[[{{"node":"Run","type":"main","index":0}}]]}}}}}}"#
    )
}

#[test]
fn what_a_workflow_leads_to_and_is_not_there_is_named() {
    let folder = Folder::empty();
    folder.write("a.json", &runs("a", "b"));
    folder.write("b.json", &runs("b", "gone"));
    folder.write("c.json", &runs("c", ""));
    let shown = folder.run(&["check"]).out;
    assert!(shown.contains(" tier 0, with what it calls: opaque ──"), "{shown}");
    assert!(shown.contains("`Flow a`: It leads to `gone`, which is not here."), "{shown}");
    assert!(shown.contains("`Run` runs a workflow, and none is chosen, so"), "{shown}");
}

#[test]
fn a_request_to_a_webhook_of_another_workflow_leads_to_what_that_changes() {
    let folder = Folder::empty();
    let node = |id: &str, kind: &str, parameters: &str| {
        format!(
            r#"{{"id":"{id}","name":"{id}","type":"n8n-nodes-base.{kind}","typeVersion":4,"position":[0,0],"parameters":{{{parameters}}}}}"#
        )
    };
    let flow = |name: &str, from: &str, to: &str| {
        format!(
            r#"{{"name":"{name}","id":"{name}","nodes":[{from},{to}],"connections":{{"from":{{"main":[[{{"node":"to","type":"main","index":0}}]]}}}}}}"#
        )
    };
    let post = r#""method":"POST","url":"https://localhost:5678/webhook/give""#;
    folder.write("a.json", &flow("A", &node("from", "manualTrigger", ""), &node("to", "httpRequest", post)));
    let give = r#""method":"PUT","url":"https://corp.okta.com/api/v1/groups/g1/users/u1""#;
    let hook = node("from", "webhook", r#""path":"give","httpMethod":"POST""#);
    folder.write("b.json", &flow("B", &hook, &node("to", "httpRequest", give)));
    let json = folder.run(&["check", "--format", "json"]).json();
    let closure = &json["workflows"][0]["closure"];
    assert_eq!((closure["opaque"].as_bool(), closure["tier"].as_u64()), (Some(false), Some(2)), "{closure}");
    assert_eq!(closure["calls"][0], "b.json#B");
    std::fs::remove_file(folder.path().join("b.json")).unwrap();
    let alone = folder.run(&["check", "--format", "json"]).json();
    assert_eq!(alone["workflows"][0]["closure"]["missing"][0], "POST /webhook/give");
}

#[test]
fn what_needs_a_run_already_is_not_what_starts_a_process() {
    let folder = Folder::empty();
    folder.write(
        "p.bpmn",
        r#"<b:definitions xmlns:b="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="x">
  <b:message id="m" name="Recall"/>
  <b:process id="P" isExecutable="true">
    <b:startEvent id="s"/><b:serviceTask id="t" name="Work"/><b:sequenceFlow id="f" sourceRef="s" targetRef="t"/>
    <b:subProcess id="esp" triggeredByEvent="true">
      <b:startEvent id="es"><b:messageEventDefinition messageRef="m"/></b:startEvent><b:serviceTask id="u"/>
      <b:sequenceFlow id="g" sourceRef="es" targetRef="u"/>
    </b:subProcess>
  </b:process>
</b:definitions>"#,
    );
    let json = folder.run(&["check", "--format", "json"]).json();
    assert_eq!(json["workflows"][0]["trigger"]["kind"], "manual");
}

#[test]
fn a_workflow_that_is_named_at_deployment_is_told_so() {
    let folder = Folder::empty();
    folder.write(
        "m.asl.json",
        r#"{"StartAt":"Go","States":{"Go":{"Type":"Task","Resource":"arn:aws:states:::states:startExecution.sync:2","Parameters":{"StateMachineArn":"${Child}"},"End":true}}}"#,
    );
    let shown = folder.run(&["check"]).out;
    assert!(shown.contains("only known at deployment (`${Child}`)"), "{shown}");
}
