//! The properties' pages as tests: every page has an example that keeps the property and one that breaks it, and its
//! verdicts are those that are found. `UPDATE=1 cargo test -p check proof_pages` writes what is found into the pages.

use crate::record::{Boundary, Context, ControlRecord};
use crate::{check, dsl};
use machine::properties::PROPERTIES;
use std::path::PathBuf;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../machine/src/properties")
}

/// What is found about a property in an example, one line for each step: `verdict step: because (walk)`.
fn found(property: &str, example: &str) -> String {
    let workflows = dsl::workflows(example);
    let record = example.lines().find_map(|l| l.strip_prefix("# boundary ")).map(boundary);
    let contexts = vec![Context { record, ..Context::default() }; workflows.len()];
    let mut told = String::new();
    for proof in
        check(&workflows, &contexts).iter().flat_map(|j| &j.proofs).filter(|p| p.property == property)
    {
        let because = if proof.verdict == "proved" { String::new() } else { format!(": {}", proof.because) };
        told.push_str(&format!("{} {}{because}", proof.verdict, proof.step));
        let steps = proof.walk.iter().map(|w| match w.leaves.as_str() {
            "" => w.step.to_string(),
            leaves => format!("{} [{leaves}]", w.step),
        });
        let steps: Vec<String> = steps.collect();
        if !steps.is_empty() {
            told.push_str(&format!(" ({})", steps.join(" → ")));
        }
        told.push('\n');
    }
    if told.is_empty() { "nothing\n".to_owned() } else { told }
}

fn boundary(words: &str) -> ControlRecord {
    let mut boundary = Boundary::default();
    for (key, value) in words.split_whitespace().filter_map(|w| w.split_once('=')) {
        match key {
            "systems" => boundary.systems = vec![value.into()],
            "effects" => boundary.effects = value.parse().into_iter().collect(),
            "identities" => boundary.identities_per_run = value.parse().ok(),
            _ => panic!("boundary word `{key}`"),
        }
    }
    ControlRecord { boundary, ..ControlRecord::default() }
}

#[test]
fn examples_are_replayed() {
    let update = std::env::var_os("UPDATE").is_some();
    let mut wrong = Vec::new();
    for property in PROPERTIES {
        let path = folder().join(format!("{}.md", property.id.replace('-', "_")));
        let page = std::fs::read_to_string(&path).unwrap();
        let (mut rest, mut fresh) = (page.as_str(), String::new());
        while let Some(start) = rest.find("```workflow\n") {
            let body = start + "```workflow\n".len();
            let end = body + rest[body..].find("```").expect("end of example");
            let from = end
                + rest[end..].find("```verdicts\n").expect("verdicts after an example")
                + "```verdicts\n".len();
            let to = from + rest[from..].find("```").expect("end of verdicts");
            let now = found(property.id, &rest[body..end]);
            if now != rest[from..to] {
                wrong.push(format!("{}:\n  found {}  told  {}", property.id, now, &rest[from..to]));
            }
            fresh.push_str(&rest[..from]);
            fresh.push_str(&now);
            rest = &rest[to..];
        }
        fresh.push_str(rest);
        assert!(fresh.contains("\nrefuted "), "{}: no example that breaks it", property.id);
        let keeps = fresh.contains("\nproved ") || fresh.contains("```verdicts\nnothing\n");
        assert!(keeps, "{}: no example that keeps it", property.id);
        if update && fresh != page {
            std::fs::write(&path, fresh).unwrap();
        }
    }
    assert!(update || wrong.is_empty(), "UPDATE=1 accepts:\n{}", wrong.join("\n"));
}

#[test]
fn every_property_has_its_file_its_page_and_its_line() {
    let (mut files, mut pages) = (Vec::new(), Vec::new());
    for entry in std::fs::read_dir(folder()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        match name.rsplit_once('.') {
            Some((stem, "rs")) if stem != "mod" => files.push(stem.replace('_', "-")),
            Some((stem, "md")) => pages.push(stem.replace('_', "-")),
            _ => {}
        }
    }
    let mut listed: Vec<String> = PROPERTIES.iter().map(|p| p.id.to_owned()).collect();
    [&mut files, &mut pages, &mut listed].into_iter().for_each(|list| list.sort());
    assert_eq!(files, listed);
    assert_eq!(pages, listed);
}

#[test]
fn pages_have_their_parts() {
    for property in PROPERTIES {
        for part in ["## What it means", "## Why it matters", "## Examples", "## How to fix it"] {
            assert!(property.page.contains(part), "{}: no `{part}`", property.id);
        }
        assert!(property.page.starts_with(&format!("# {}\n", property.id)), "{}: title", property.id);
    }
}
