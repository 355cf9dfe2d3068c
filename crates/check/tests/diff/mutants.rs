//! Pairs made by the mutants of the test of workflows, over every definition: the first sentences name what each did.

use super::definitions::{definitions, judged, side, slow};
use super::judge::{Pair, of_value};
use check::diff::{Side, compare};
use machine::Program;
use machine::mutate::{Edit, Mutant, mutants};
use std::collections::BTreeMap;
use workflow::{Digest, Value, Workflow};

/// How many sentences are read.
const FIRST: usize = 3;

/// For each kind of mutant: how many, how many named by the first sentence, and those not named by the first three.
#[derive(Default)]
struct Figures {
    tried: usize,
    at_once: usize,
    missed: Vec<String>,
}

#[test]
fn the_first_sentences_name_what_a_mutant_did() {
    let mut figures: BTreeMap<&'static str, Figures> = BTreeMap::new();
    for definition in definitions() {
        let before = side(definition.workflows());
        for (i, mutant) in chosen(&before) {
            let Some(after) = mutated(&before, i, &mutant) else { continue };
            let figure = figures.entry(mutant.operator).or_default();
            let pair = Pair { old: &before.workflows[i], new: &after.workflows[i], mutant: &mutant };
            let told = compare(&before, &after);
            let own = told.iter().find(|d| d.new == Some(i));
            let sentences: Vec<&str> =
                own.iter().flat_map(|d| d.changes.iter().take(FIRST)).map(|c| c.sentence.as_str()).collect();
            figure.tried += 1;
            figure.at_once += usize::from(sentences.first().is_some_and(|s| pair.is_named_by(s)));
            if !sentences.iter().any(|s| pair.is_named_by(s)) {
                let place = definition.path.display();
                figure.missed.push(format!("{} {place}\n      {}", mutant.does, sentences.join("\n      ")));
            }
        }
    }
    report(&figures);
}

fn report(figures: &BTreeMap<&'static str, Figures>) {
    let (mut tried, mut named) = (0, 0);
    for (operator, f) in figures {
        let told = f.tried - f.missed.len();
        println!("{operator}: {} mutants, named {told} ({} by the first sentence)", f.tried, f.at_once);
        f.missed.iter().take(12).for_each(|m| println!("    {m}"));
        (tried, named) = (tried + f.tried, named + told);
    }
    println!("{named} of {tried} named");
    assert_eq!(figures.len(), 12, "not every kind of mutant was tried: {:?}", figures.keys());
    for (operator, f) in figures {
        assert!(f.missed.len() * 20 <= f.tried, "{operator}: {} of {} not named", f.missed.len(), f.tried);
    }
}

/// Mutants of each workflow of a file: of each kind at most so many.
fn chosen(side: &Side) -> Vec<(usize, Mutant)> {
    let most = if slow() { 4 } else { 2 };
    let program = Program::new(&side.workflows);
    let mut found = Vec::new();
    for i in 0..side.workflows.len() {
        let mut of_kind: BTreeMap<&str, usize> = BTreeMap::new();
        for mutant in mutants(&program, u32::try_from(i).unwrap()) {
            let count = of_kind.entry(mutant.operator).or_default();
            *count += 1;
            if *count <= most {
                found.push((i, mutant));
            }
        }
    }
    found
}

/// A side with one workflow edited; nothing where the edit changes nothing.
fn mutated(side: &Side, i: usize, mutant: &Mutant) -> Option<Side> {
    let mut workflows = side.workflows.clone();
    mutant.edit.apply(&mut workflows[i]);
    if workflows[i] == side.workflows[i] || is_no_change(&side.workflows[i], mutant) {
        return None;
    }
    workflows[i].digest = Digest::of(format!("{:?}", workflows[i].steps).as_bytes());
    Some(judged(workflows))
}

/// Whoever benefits is asked already: only the line where that is written differs.
fn is_no_change(workflow: &Workflow, mutant: &Mutant) -> bool {
    let Edit::Approver(step, whom) = &mutant.edit else { return false };
    let words = |values: &[Value]| values.iter().flat_map(of_value).collect::<Vec<String>>();
    words(whom) == words(&workflow.steps[step.0 as usize].target.recipient)
}
