//! `countersign test`: the example company's scenarios, and the command on a folder of its own.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use common::{Folder, repository};
use serde_json::Value as Json;
use std::collections::BTreeSet;

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

/// The workflows of the example company that are sound, by its README: their files.
const SOUND: [&str; 14] = [
    "okta/leaver.test.yaml",
    "okta/lost-device.test.yaml",
    "sailpoint/joiner-birthright.test.yaml",
    "sailpoint/temporary-source-admin-bounded.test.yaml",
    "step-functions/break-glass.test.yaml",
    "step-functions/key-rotation/template.test.yaml",
    "n8n/helpdesk-reset-asked.test.yaml",
    "logicapps/guest-cleanup-reviewed/workflow.test.yaml",
    "secops/contain_okta_account.test.yaml",
    "splunk-soar/contain_ad_account.test.yaml",
    "insightconnect/phished-account.test.yaml",
    "bpmn/pricing-role-request.test.yaml",
    "serverless-workflow/vendor-offboarding.test.yaml",
    "Workflows/LicenceReclaim-6A0B5C1E-1F7D-EF11-A670-000D3AB7C101.test.yaml",
];

#[test]
fn the_scenarios_of_the_examples_pass_and_would_notice() {
    let files = report("", &["--mutate"]);
    for sound in SOUND {
        assert!(files.iter().any(|t| t["file"].as_str().unwrap().ends_with(sound)), "no `{sound}`");
    }
    let mut all = Noticed::default();
    for tested in &files {
        let file = tested["file"].as_str().unwrap();
        assert_eq!(tested["problem"], Json::Null, "{file}");
        assert_eq!(failing(tested), [""; 0], "{file}");
        let one = Noticed::by(tested);
        if SOUND.iter().any(|s| file.ends_with(s)) {
            one.hold(file);
        }
        all = all.and(&one);
    }
    all.hold("the example company");
}

/// Access-changing ways and mutants: how many there are, how many are covered and noticed.
#[derive(Debug, Default)]
struct Noticed {
    ways: usize,
    covered: usize,
    mutants: usize,
    killed: usize,
}

impl Noticed {
    fn by(tested: &Json) -> Self {
        let items = tested["coverage"]["items"].as_array().unwrap();
        let ways: Vec<&Json> =
            items.iter().filter(|i| i["part"] == "change" || i["part"] == "branch").collect();
        let killed = usize::try_from(tested["mutants"]["killed"].as_u64().unwrap()).unwrap();
        let survivors = tested["mutants"]["survivors"].as_array().unwrap().len();
        let covered = ways.iter().filter(|i| i["covered"] == true).count();
        Noticed { ways: ways.len(), covered, mutants: killed + survivors, killed }
    }

    fn and(&self, more: &Self) -> Self {
        Noticed {
            ways: self.ways + more.ways,
            covered: self.covered + more.covered,
            mutants: self.mutants + more.mutants,
            killed: self.killed + more.killed,
        }
    }

    /// At least nine in ten of each.
    fn hold(&self, file: &str) {
        assert!(self.covered * 10 >= self.ways * 9, "{file}: {self:?}");
        assert!(self.killed * 10 >= self.mutants * 9, "{file}: {self:?}");
    }
}

#[test]
fn every_example_that_can_change_access_has_scenarios() {
    let folder = Folder::empty();
    let path = repository().join("examples/workflows");
    let checked = folder.run(&["check", "--format", "json", "--tier", "2", path.to_str().unwrap()]).json();
    let names = |all: &[Json], key: &str| -> BTreeSet<String> {
        all.iter().map(|w| w[key].as_str().unwrap().to_owned()).collect()
    };
    let changing = names(checked["workflows"].as_array().unwrap(), "name");
    let tested = names(&report("", &[]), "workflow");
    assert!(changing.len() > 30);
    assert_eq!(changing.difference(&tested).collect::<Vec<_>>(), Vec::<&String>::new());
}

#[test]
fn every_scenario_file_that_a_record_names_exists() {
    let mut named = 0;
    let mut open = vec![repository().join("examples/workflows")];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                open.push(path);
            } else if path.display().to_string().ends_with(".control.yaml") {
                let text = std::fs::read_to_string(&path).unwrap();
                for line in text.lines().filter_map(|l| l.trim_start().strip_prefix("tests: [")) {
                    for name in line.trim_end_matches(']').split(',') {
                        assert!(
                            path.with_file_name(name.trim()).is_file(),
                            "{} names {name}",
                            path.display()
                        );
                        named += 1;
                    }
                }
            }
        }
    }
    assert!(named > 20, "{named}");
}

#[test]
fn faulty_variants_fail_their_edge_cases_with_a_walk() {
    let faulty = [
        ("n8n/helpdesk-reset.json", "a stranger starts it"),
        ("bpmn/pricing-role-express.bpmn", "`Decide on the role` is not answered"),
        (
            "logicapps/contain-risky-user/azuredeploy.json",
            "two rounds of `For each account` run at the same time",
        ),
        ("n8n/access-assistant.json", "`Assistant` is talked into `Add to group`"),
        ("n8n/chat-switch.json", "`Which command?` gets a word that it does not know"),
        ("okta/group-sync.flopack", "`For Each` has 1000 rounds, and no record says how many it may change"),
        ("sailpoint/small-request-preapproval.json", "it is started, and nobody is asked"),
        ("step-functions/vendor-account.asl.json", "`What is asked` gets a word that it does not know"),
    ];
    for (path, name) in faulty {
        let files = report(path, &["--edge-cases"]);
        let tested = &files[0];
        assert!(failing(tested).contains(&name), "{path}: {:?}", failing(tested));
        let ran = tested["scenarios"].as_array().unwrap().iter().find(|r| r["name"] == name).unwrap();
        let walk = ran["walk"].as_array().unwrap();
        assert!(walk.iter().any(|s| s["marked"] == true), "{ran}");
        assert!(walk.len() <= 30, "{} stations", walk.len());
        assert!(ran["differences"].as_array().unwrap().iter().all(|d| d["of"] != "answers"), "{ran}");
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
    assert_eq!(
        folder.run(&["test", "--only", "nothing of this name"]).code,
        2,
        "a name mistyped is no success"
    );
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
    common::junit::hold(&run.out);
    let xml = roxmltree::Document::parse(&run.out).unwrap();
    let suite = xml.descendants().find(|n| n.has_tag_name("testsuite")).unwrap();
    assert_eq!((suite.attribute("tests"), suite.attribute("failures")), (Some("1"), Some("1")));
    assert!(suite.descendants().any(|n| n.has_tag_name("failure")));
}

#[test]
fn junit_of_what_cannot_be_read_and_of_the_example_company_is_valid() {
    let examples = repository().join("examples/workflows/n8n");
    let broken = folder("schema: countersign.test/1\nscenarios: 7\n");
    for path in [examples.as_path(), broken.path()] {
        let run = broken.run(&["test", "--format", "junit", path.to_str().unwrap()]);
        assert!(run.out.contains("<testcase "), "{}", run.out);
        common::junit::hold(&run.out);
    }
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
    let folder =
        folder(SUITE.replace("    expect:\n", "    expect: {}\n").split("      ends").next().unwrap());
    assert_eq!(folder.run(&["test"]).code, 0);
    let run = folder.run(&["test", "--mutate", "--min-score", "90"]);
    assert_eq!(run.code, 1, "{}{}", run.out, run.err);
    assert!(run.out.contains("this scenario would notice"), "{}", run.out);
}

#[test]
fn the_page_knows_what_scenarios_cover() {
    let folder = folder(SUITE);
    assert_eq!(folder.run(&["test", "leaver.json", "--format", "json", "-o", "tested.json"]).code, 0);
    let page = folder.run(&["check", "leaver.json", "--format", "html", "--coverage", "tested.json"]);
    assert_eq!(page.code, 1, "{}", page.err);
    assert!(
        page.out.contains(r#""coverage":[["0b8f0f4e-1c2d-4a61-9a51-7d2f0f5b8a02","",true]]"#),
        "the change is covered"
    );
    let wrong = folder.run(&["check", "leaver.json", "--format", "html", "--coverage", "leaver.json"]);
    assert!(wrong.code == 2 && wrong.err.contains("no report of `countersign test"), "{}", wrong.err);
}
