//! What is proved and refuted of real workflows: every refutation replays as a scenario with the same result, few verdicts
//! are open, and chance finds nothing that the exploration has not found.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking, and tells"
)]

mod common;

use check::proofs::refutations;
use check::{Context, Judged};
use common::{Folder, repository};
use countersign::scan::load;
use machine::explore::simulate;
use machine::rehearse::{Directory, judge, rehearse};
use machine::{Assumptions, Bounds, Program, Verdict, prove};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use workflow::Workflow;

/// The definitions of the example company.
fn examples() -> Vec<PathBuf> {
    let (mut open, mut found) = (vec![repository().join("examples/workflows")], Vec::new());
    while let Some(folder) = open.pop() {
        for path in std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()) {
            let name = path.display().to_string();
            if path.is_dir() {
                open.push(path);
            } else if !name.ends_with(".test.yaml") && !name.ends_with(".control.yaml") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The labelled definitions of the corpus, where it is at hand.
fn labelled() -> Vec<PathBuf> {
    let shared = repository().join("../shared");
    let Ok(labels) = std::fs::read_dir(shared.join("labels")) else {
        println!("skipped the corpus: there is none at `../shared`");
        return Vec::new();
    };
    let mut found = BTreeSet::new();
    for file in labels.map(|e| e.unwrap().path()).filter(|p| p.extension().is_some_and(|e| e == "jsonl")) {
        for line in std::fs::read_to_string(file).unwrap().lines().filter(|l| !l.trim().is_empty()) {
            let label: serde_json::Value = serde_json::from_str(line).unwrap();
            found.insert(shared.join("corpus").join(label["path"].as_str().unwrap()));
        }
    }
    found.into_iter().filter(|p| p.is_file()).collect()
}

/// Every workflow that changes access, with those that it sees.
fn each(paths: &[PathBuf], mut visit: impl FnMut(&Path, &[Workflow], &[Judged], &[Context], u32)) {
    for path in paths {
        let told = load(path, &mut |_, workflows, judged, contexts| {
            for (i, judged_one) in (0u32..).zip(judged) {
                if !judged_one.proofs.is_empty() {
                    visit(path, workflows, judged, contexts, i);
                }
            }
            Ok(())
        });
        told.unwrap();
    }
}

#[test]
fn every_refutation_replays_as_a_scenario_that_fails_by_what_it_expects() {
    let paths: Vec<PathBuf> = examples().into_iter().chain(labelled()).collect();
    let (mut count, mut others) = (BTreeMap::<&str, (usize, usize)>::new(), Vec::new());
    each(&paths, |path, workflows, _, contexts, index| {
        let program = Program::new(workflows);
        for (property, scenario) in refutations(workflows, contexts, index) {
            let outcome = rehearse(&program, index, &scenario, &[], &Directory::default());
            let found = judge(&program, &scenario, &outcome);
            let replays = machine::rehearse::replays(&program, &scenario, &outcome);
            let of = count.entry(property).or_default();
            of.0 += 1;
            of.1 += usize::from(replays);
            if !replays {
                others.push(format!("{}: {} {found:?}", path.display(), scenario.name));
            }
        }
    });
    for (property, (all, replayed)) in &count {
        println!("{property:28} {replayed} of {all} refutations replay");
    }
    let all: usize = count.values().map(|(all, _)| all).sum();
    assert!(all > 40, "{count:?}");
    assert!(others.is_empty(), "{} of {all} do not replay:\n{}", others.len(), others.join("\n"));
}

#[test]
fn fewer_than_one_verdict_in_ten_is_open_and_each_says_what_to_declare() {
    let paths: Vec<PathBuf> = examples().into_iter().chain(labelled()).collect();
    let mut table: BTreeMap<String, [usize; 3]> = BTreeMap::new();
    let (mut pairs, mut open, mut which) = (0, 0, Vec::new());
    each(&paths, |path, workflows, judged, _, index| {
        let proofs = &judged[index as usize].proofs;
        let row = table.entry(workflows[index as usize].platform.as_str().to_owned()).or_default();
        for property in machine::properties::PROPERTIES {
            let of: Vec<_> = proofs.iter().filter(|p| p.property == property.id).collect();
            let unknown: Vec<_> = of.iter().filter(|p| p.verdict == "unknown").collect();
            assert!(unknown.iter().all(|p| p.because.contains(':')), "{unknown:?}");
            pairs += usize::from(!of.is_empty());
            open += usize::from(!unknown.is_empty());
            if let Some(first) = unknown.first() {
                which.push(format!("{}: {} {}", path.display(), first.property, first.because));
            }
        }
        for proof in proofs {
            row[["proved", "refuted", "unknown"].iter().position(|v| proof.verdict == *v).unwrap()] += 1;
        }
    });
    println!("{:20} {:>8} {:>8} {:>8}", "platform", "proved", "refuted", "unknown");
    for (platform, [proved, refuted, unknown]) in &table {
        println!("{platform:20} {proved:>8} {refuted:>8} {unknown:>8}");
    }
    println!("{open} of {pairs} pairs of a workflow and a property are open");
    which.iter().for_each(|w| println!("{w}"));
    assert!(open * 10 < pairs, "{open} of {pairs} are open");
}

#[test]
fn a_refutation_that_no_rule_speaks_of_is_told_by_the_report() {
    let paths: Vec<PathBuf> = examples().into_iter().chain(labelled()).collect();
    let (mut all, mut unspoken) = (0, BTreeMap::<String, Vec<String>>::new());
    each(&paths, |path, _, judged, _, index| {
        let judged = &judged[index as usize];
        for proof in judged.proofs.iter().filter(|p| p.verdict == "refuted") {
            all += 1;
            let rules: Vec<&str> = judged
                .findings
                .iter()
                .filter(|f| f.steps.contains(&proof.step))
                .map(|f| f.rule.as_str())
                .collect();
            match proof.is_unspoken() {
                true => unspoken.entry(proof.property.to_string()).or_default().push(format!(
                    "{} {}: {} {rules:?}",
                    path.display(),
                    proof.step,
                    proof.because
                )),
                false => assert!(
                    judged.findings.iter().any(|f| f.rule == proof.rule),
                    "{}: {proof:?} names a rule that finds nothing",
                    path.display()
                ),
            }
            assert!(!proof.fix().is_empty() && !proof.walk.is_empty(), "{proof:?}");
        }
    });
    let count: usize = unspoken.values().map(Vec::len).sum();
    println!("{count} of {all} refutations are spoken of by no rule");
    for (property, of) in &unspoken {
        println!("{property} {}", of.len());
        of.iter().for_each(|o| println!("    {o}"));
    }
    assert!(all > 40, "{all}");
}

/// A question without a deadline is no fault, and every report says that it waits for ever.
#[test]
fn reports_tell_refutations_that_are_no_findings_and_count_them_with_none() {
    let definition = repository().join("examples/workflows/secops/contain_okta_account");
    let (folder, path) = (Folder::empty(), definition.to_str().unwrap());
    let waits = "`Contain the account?` waits for an answer without a deadline";
    let run = |args: &[&str]| folder.run(&[&["check", path, "--no-cache"], args].concat());
    let plain = run(&[]);
    assert_eq!(plain.code, 0, "{}", plain.out);
    assert!(
        plain.out.contains("refuted  run-ends-or-waits-owned") && plain.out.contains(waits),
        "{}",
        plain.out
    );
    assert!(plain.out.contains("Fix: Give the question a deadline"), "{}", plain.out);
    assert!(plain.out.contains("No findings."), "{}", plain.out);
    for hidden in [["--severity", "low"], ["--rule", "unapproved-change"]] {
        assert!(!run(&hidden).out.contains(waits), "{hidden:?}");
    }
    let markdown = run(&["--format", "markdown"]).out;
    assert!(
        markdown.contains("run-ends-or-waits-owned · refuted") && markdown.contains("no findings"),
        "{markdown}"
    );
    let html = run(&["--format", "html"]).out;
    assert!(html.contains("\"refuted\":[{\"rule\":\"run-ends-or-waits-owned\""), "{html}");
    let json = run(&["--format", "json"]).json();
    let workflow = &json["workflows"][0];
    assert_eq!(workflow["findings"].as_array().unwrap().len(), 0);
    let proofs = workflow["proofs"].as_array().unwrap();
    let refuted = proofs.iter().find(|p| p["verdict"] == "refuted").unwrap();
    assert!(refuted["fix"].as_str().unwrap().starts_with("Give the question a deadline"), "{refuted}");
    assert!(proofs.iter().filter(|p| p["verdict"] == "proved").all(|p| p.get("fix").is_none()), "{proofs:?}");
    let explained = folder.run(&["explain", definition.join("definition.yaml").to_str().unwrap()]);
    assert!(explained.out.contains("What else some run breaks"), "{}", explained.out);
    assert!(explained.out.contains("Get user → Contain the account?"), "{}", explained.out);
    let page = folder.run(&["explain", "run-ends-or-waits-owned"]);
    assert!(page.code == 0 && page.out.contains("How to fix it"), "{}{}", page.out, page.err);
}

/// Chance that is the same each time: xorshift.
fn chance(mut seed: u64) -> impl FnMut(usize) -> usize {
    move |among| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        usize::try_from(seed >> 33).unwrap() % among.max(1)
    }
}

#[test]
fn chance_breaks_nothing_that_is_proved_of_the_examples() {
    let slow = std::env::var_os("COUNTERSIGN_SLOW").is_some_and(|v| v == "1");
    let most: usize = if slow { 1_000_000 } else { 4_000 };
    let mut subjects: Vec<(PathBuf, Vec<Workflow>, u32)> = Vec::new();
    each(&examples(), |path, workflows, _, _, index| {
        subjects.push((path.to_owned(), workflows.to_vec(), index))
    });
    let share = most.div_ceil(subjects.len());
    let (mut runs, mut broken) = (0, BTreeSet::new());
    for (path, workflows, index) in &subjects {
        let (program, lean) = (Program::new(workflows), Program::lean(workflows));
        let assume = Assumptions::default();
        let proofs = prove(&lean, *index, &assume, Bounds::default());
        let proved: BTreeSet<_> = proofs
            .iter()
            .filter(|p| matches!(p.verdict, Verdict::Proved { .. }))
            .map(|p| (p.property, p.step))
            .collect();
        let triggers = u32::try_from(workflows[*index as usize].triggers.len()).unwrap();
        let mut pick = chance(0x9E37_79B9_7F4A_7C15 ^ u64::from(*index) ^ runs as u64);
        for run in (0u32..).take(share).filter(|_| triggers > 0) {
            let shown = simulate((&program, &lean), *index, run % triggers, &assume, 400, &mut pick);
            runs += 1;
            for (property, step) in shown.broken.iter().filter(|b| proved.contains(*b)) {
                broken.insert(format!("{}: {property} at {step:?}", path.display()));
            }
        }
    }
    println!("{runs} random runs over {} workflows", subjects.len());
    assert!(runs >= most, "{runs}");
    assert!(broken.is_empty(), "proved, and broken by chance: {broken:#?}");
}

#[test]
fn refutations_are_saved_and_fail_as_scenarios() {
    let folder = Folder::new();
    let run = folder.run(&["check", "leaver.json", "--save-scenarios", "refuted"]);
    assert_eq!(run.code, 1, "{}", run.err);
    assert!(run.err.contains("refutation"), "{}", run.err);
    let tested = folder.run(&["test", "refuted", "--format", "json"]);
    assert_eq!(tested.code, 1, "{}{}", tested.out, tested.err);
    let json = tested.json();
    let scenarios = json["files"][0]["scenarios"].as_array().unwrap();
    assert!(!scenarios.is_empty());
    for scenario in scenarios {
        assert_eq!(scenario["passed"], false, "{scenario}");
        let of = scenario["differences"].as_array().unwrap();
        assert!(of.iter().all(|d| d["of"] != "answers"), "{scenario}");
    }
    let second = folder.run(&["check", "leaver.json", "--save-scenarios", "again"]);
    assert_eq!(second.out, run.out);
    let text =
        |at: &str| std::fs::read_to_string(folder.path().join(at).join("leaver.json.test.yaml")).unwrap();
    assert_eq!(text("refuted"), text("again"), "the same input gives the same bytes");
}
