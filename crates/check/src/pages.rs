//! The rules' pages as tests: every page has an example with the fault and one without, and its findings are those
//! that are found. `UPDATE=1 cargo test -p check pages` writes what is found into the pages.

use crate::record::{Context, ControlRecord};
use crate::rules::RULES;
use crate::{check, dsl};
use std::path::PathBuf;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/rules")
}

/// What a rule finds in an example, one line each: `step, step: message`.
fn found(rule: &str, example: &str) -> String {
    let workflows = dsl::workflows(example);
    let governed = example.contains("# governed");
    let record = example.lines().find_map(|l| l.strip_prefix("# record ")).map(record);
    let shared = example.lines().filter_map(|l| l.strip_prefix("# shared ")).map(|l| {
        let mut words = l.split_whitespace();
        (words.next().unwrap_or_default().into(), words.map(str::to_owned).collect())
    });
    let context = Context { governed, record, shared: shared.collect(), ..Context::default() };
    let contexts = vec![context; workflows.len()];
    let mut told = String::new();
    for judged in check(&workflows, &contexts) {
        for f in judged.findings.iter().filter(|f| f.rule == rule) {
            told.push_str(&format!("{} {}: {}\n", f.severity.as_str(), f.steps.join(", "), f.message));
        }
    }
    if told.is_empty() { "nothing\n".to_owned() } else { told }
}

fn record(words: &str) -> ControlRecord {
    let mut record = ControlRecord::default();
    for word in words.split_whitespace() {
        match word.split_once('=') {
            Some(("owner", v)) => record.owner = v.into(),
            Some(("security-approver", v)) => record.security_approver = v.into(),
            Some(("tests", v)) => record.tests = vec![v.into()],
            Some(("systems", v)) => record.boundary.systems = vec![v.into()],
            Some(("effects", v)) => record.boundary.effects = v.parse().into_iter().collect(),
            _ => panic!("record word `{word}`"),
        }
    }
    record
}

#[test]
fn examples_are_replayed() {
    let update = std::env::var_os("UPDATE").is_some();
    let mut wrong = Vec::new();
    for rule in RULES {
        let path = folder().join(format!("{}.md", rule.id.replace('-', "_")));
        let page = std::fs::read_to_string(&path).unwrap();
        let mut rest = page.as_str();
        let mut fresh = String::new();
        let mut examples = 0;
        while let Some(start) = rest.find("```workflow\n") {
            let body = start + "```workflow\n".len();
            let end = body + rest[body..].find("```").expect("end of example");
            let expected = rest[end..].find("```findings\n").expect("findings after an example") + end;
            let from = expected + "```findings\n".len();
            let to = from + rest[from..].find("```").expect("end of findings");
            let now = found(rule.id, &rest[body..end]);
            if now != rest[from..to] {
                wrong.push(format!("{}:\n  found {}  told  {}", rule.id, now, &rest[from..to]));
            }
            fresh.push_str(&rest[..from]);
            fresh.push_str(&now);
            rest = &rest[to..];
            examples += 1;
        }
        fresh.push_str(rest);
        assert!(examples >= 2, "{}: a page has an example with the fault and one without", rule.id);
        assert!(fresh.contains("```findings\nnothing\n"), "{}: no example without the fault", rule.id);
        let told = fresh.matches("```findings\n").count() > fresh.matches("```findings\nnothing\n").count();
        assert!(told, "{}: no example with the fault", rule.id);
        if update && fresh != page {
            std::fs::write(&path, fresh).unwrap();
        }
    }
    assert!(update || wrong.is_empty(), "UPDATE=1 accepts:\n{}", wrong.join("\n"));
}

#[test]
fn every_rule_has_its_file_its_page_and_its_line() {
    let mut files: Vec<String> = Vec::new();
    let mut pages: Vec<String> = Vec::new();
    for entry in std::fs::read_dir(folder()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        match name.rsplit_once('.') {
            Some((stem, "rs")) if stem != "mod" => files.push(stem.replace('_', "-")),
            Some((stem, "md")) => pages.push(stem.replace('_', "-")),
            _ => {}
        }
    }
    let mut listed: Vec<String> = RULES.iter().map(|r| r.id.to_owned()).collect();
    for list in [&mut files, &mut pages, &mut listed] {
        list.sort();
    }
    assert_eq!(files, listed);
    assert_eq!(pages, listed);
}

#[test]
fn pages_have_their_parts() {
    for rule in RULES {
        let parts =
            ["## What it means", "## Why it matters", "## Examples", "## How to fix it", "## Frameworks"];
        for part in parts {
            assert!(rule.page.contains(part), "{}: no `{part}`", rule.id);
        }
        assert!(rule.page.starts_with(&format!("# {}\n", rule.id)), "{}: title", rule.id);
    }
}

#[test]
fn a_lookup_that_no_step_reads_is_read_by_the_analyst_on_a_case() {
    let text = "trigger hook webhook auth caller\nstep narrow read okta list in={trigger.user}\nstep wide read okta list\n\
                step off disable okta identity={step.wide.id}\nhook -> narrow -> wide -> off";
    let found = |platform| {
        let mut workflows = dsl::workflows(text);
        workflows[0].platform = platform;
        for step in &mut workflows[0].steps[..2] {
            (step.connector, step.operation) = ("okta".into(), "list".into());
        }
        let judged = check(&workflows, &[Context::default()]);
        judged[0].findings.iter().any(|f| f.rule == "check-fails-open")
    };
    assert!(found(workflow::Platform::OktaWorkflows));
    assert!(!found(workflow::Platform::SplunkSoar));
}
