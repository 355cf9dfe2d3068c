//! `countersign test`: the example company's scenarios, and the command on a folder of its own.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use common::{Folder, repository};
use serde_json::Value as Json;

const SUITE: &str = "schema: countersign.test/1
scenarios:
  - name: the account of who leaves is deleted
    input: {body: {user: anna}}
    expect:
      ends: success
      effects:
        - {effect: delete-identity, identity: anna}
";

fn folder(suite: &str) -> Folder {
    let folder = Folder::new();
    folder.write("leaver.test.yaml", suite);
    folder
}

/// The report on the example company, or on some of its workflows.
fn report(path: &str, more: &[&str]) -> Vec<Json> {
    let folder = Folder::empty();
    let path = repository().join("examples/workflows").join(path);
    let mut arguments = vec!["test", "--format", "json", path.to_str().unwrap()];
    arguments.extend(more);
    folder.run(&arguments).json()["files"].as_array().unwrap().clone()
}

fn failing(tested: &Json) -> Vec<&str> {
    let ran = tested["scenarios"].as_array().unwrap().iter();
    ran.filter(|r| r["passed"] != true).map(|r| r["name"].as_str().unwrap()).collect()
}

#[test]
fn the_scenarios_of_the_examples_pass_and_would_notice() {
    let files = report("", &["--mutate"]);
    assert!(files.len() >= 12, "{}", files.len());
    for tested in files {
        let file = &tested["file"];
        assert_eq!(tested["problem"], Json::Null, "{file}");
        assert_eq!(failing(&tested), [""; 0], "{file}");
        let items = tested["coverage"]["items"].as_array().unwrap();
        let of = |i: &&Json| i["part"] == "change" || i["part"] == "branch";
        let (all, covered) =
            (items.iter().filter(of).count(), items.iter().filter(|i| of(i) && i["covered"] == true).count());
        assert!(covered * 10 >= all * 9, "{file} covers {covered} of {all}");
        let killed = usize::try_from(tested["mutants"]["killed"].as_u64().unwrap()).unwrap();
        let survivors = tested["mutants"]["survivors"].as_array().unwrap();
        assert!(killed * 10 >= (killed + survivors.len()) * 9, "{file} notices {killed}, not {survivors:#?}");
    }
}

#[test]
fn faulty_variants_fail_their_edge_cases_with_a_walk() {
    let faulty = [
        ("n8n/helpdesk-reset.json", "a stranger starts it"),
        ("bpmn/pricing-role-express.bpmn", "`Decide on the role` is not answered"),
    ];
    for (path, name) in faulty {
        let files = report(path, &["--edge-cases"]);
        let tested = &files[0];
        assert!(failing(tested).contains(&name), "{path}: {:?}", failing(tested));
        let ran = tested["scenarios"].as_array().unwrap().iter().find(|r| r["name"] == name).unwrap();
        assert!(ran["walk"].as_array().unwrap().iter().any(|s| s["marked"] == true), "{ran}");
    }
}

#[test]
fn passing_and_failing_scenarios_have_their_exit_codes() {
    let folder = folder(SUITE);
    let run = folder.run(&["test"]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert!(run.out.contains("✓ the account of who leaves is deleted"), "{}", run.out);
    folder.write("leaver.test.yaml", &SUITE.replace("identity: anna}", "identity: eve}"));
    let run = folder.run(&["test", "leaver.json"]);
    assert_eq!(run.code, 1);
    assert!(
        run.out.contains("expected delete-identity for eve")
            && run.out.contains("Notice of leaving → ✗ Delete account"),
        "{}",
        run.out
    );
    assert_eq!(folder.run(&["test", "--only", "nothing of this name"]).code, 0);
    assert_eq!(folder.run(&["test", "nowhere"]).code, 2);
}

#[test]
fn what_cannot_be_read_is_told_with_line_and_hint() {
    let folder = folder(&SUITE.replace("effects:", "efects:"));
    let run = folder.run(&["test"]);
    assert_eq!(run.code, 3, "{}{}", run.out, run.err);
    assert!(run.out.contains("line 7") && run.out.contains("did you mean `effects`?"), "{}", run.out);
    folder.write("leaver.test.yaml", &SUITE.replace("scenarios:", "workflow: Joiner\nscenarios:"));
    assert!(folder.run(&["test"]).out.contains("no workflow `Joiner`"));
}

#[test]
fn update_writes_what_came_and_shows_it() {
    let folder = folder(&SUITE.replace("identity: anna}", "identity: eve}"));
    let run = folder.run(&["test", "--update"]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert!(
        run.err.contains("- effects: delete-identity for eve")
            && run.err.contains("+ effects: delete-identity"),
        "{}",
        run.err
    );
    assert_eq!(folder.run(&["test"]).code, 0);
}

#[test]
fn junit_has_a_case_for_each_scenario() {
    let folder = folder(&SUITE.replace("ends: success", "ends: failure"));
    let run = folder.run(&["test", "--format", "junit"]);
    let xml = roxmltree::Document::parse(&run.out).unwrap();
    let suite = xml.descendants().find(|n| n.has_tag_name("testsuite")).unwrap();
    assert_eq!((suite.attribute("tests"), suite.attribute("failures")), (Some("1"), Some("1")));
    assert!(suite.descendants().any(|n| n.has_tag_name("failure")));
}

#[test]
fn edge_cases_that_are_kept_run_as_scenarios() {
    let folder = Folder::new();
    let made = folder.run(&["test", "--edge-cases", "--write", "leaver.json"]);
    assert_eq!(made.code, 1, "anybody can start it: {}", made.out);
    assert!(folder.path().join("leaver.edge.test.yaml").is_file(), "{}", made.err);
    let run = folder.run(&["test", "leaver.json"]);
    let fails = |out: &str| {
        out.lines().filter(|l| l.trim_start().starts_with('✗')).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(fails(&run.out), fails(&made.out));
    assert!(!fails(&run.out).is_empty());
}

#[test]
fn the_score_can_be_a_requirement() {
    let folder = folder(
        &SUITE.replace("    expect:\n", "    expect: {}\n").split("      ends").next().unwrap().to_owned(),
    );
    assert_eq!(folder.run(&["test"]).code, 0);
    let run = folder.run(&["test", "--mutate", "--min-score", "90"]);
    assert_eq!(run.code, 1, "{}{}", run.out, run.err);
    assert!(run.out.contains("this scenario would notice"), "{}", run.out);
}
