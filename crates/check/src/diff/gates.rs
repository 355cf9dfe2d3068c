//! What changed about how access changes are gated: who must say yes, and what gets past.

use super::steps::Matched;
use super::{Area, Change, Direction};
use crate::facts::{Facts, Judge, Verdict};
use crate::gate::Gate;
use crate::tell::{answers, enumerate};
use crate::{Judged, gate};
use workflow::{StepIx, Text};

/// One side of the comparison.
pub(super) struct View<'s, 'w> {
    pub judge: &'s Judge<'s, 'w>,
    pub facts: &'s Facts<'s, 'w>,
    pub judged: &'s Judged,
}

impl View<'_, '_> {
    fn gate(&self, step: StepIx) -> Option<Gate> {
        self.judged.gates.iter().find(|(s, _)| *s == step).map(|(_, g)| *g)
    }

    fn verdict(&self, step: StepIx) -> Verdict {
        self.judge.verdict(self.facts.place(step))
    }

    fn reached(&self, step: StepIx) -> bool {
        self.facts.reached.has(step)
    }

    /// The question that stands before a step, by its name.
    fn question(&self, step: StepIx) -> Option<String> {
        self.verdict(step).question.map(|q| self.facts.name(q))
    }

    /// The definite answers with which a step is reached.
    fn accepted(&self, step: StepIx) -> Vec<Text> {
        let Some(asked) = self.verdict(step).question else { return Vec::new() };
        let questions = self.judge.questions(self.facts.index);
        let mut found: Vec<Text> = questions
            .iter()
            .filter(|q| q.step == asked)
            .flat_map(|q| q.accepted(step).cloned().collect::<Vec<_>>())
            .collect();
        found.sort();
        found.dedup();
        found
    }
}

/// What changed about the gates of steps that both sides have.
pub(super) fn changes(old: &View<'_, '_>, new: &View<'_, '_>, matched: &Matched) -> Vec<Change> {
    let mut found = Vec::new();
    for (step, is) in &new.judged.gates {
        let Some(before) = matched.back.get(step.0 as usize).copied().flatten().map(super::steps::ix) else {
            continue;
        };
        let Some(was) = old.gate(before) else { continue };
        match (old.reached(before), new.reached(*step)) {
            (true, false) => {
                found.push(lost(new, *step, "effect-lost", "is no longer reached from any trigger"))
            }
            (false, true) => {
                let change = lost(new, *step, "effect-gained", "is now reached, as it was not before");
                found.push(change.going(Direction::Worse));
            }
            _ => {}
        }
        let told = if was == *is {
            same_gate(old, new, before, *step, was)
        } else {
            gate_change(old, new, before, *step, (was, *is))
        };
        found.extend(told.map(|mut change| {
            (change.before, change.after) = (old.facts.walk(before), shown(new, *step));
            change.at(old.facts.step(before).span.line, new.facts.step(*step).span.line)
        }));
    }
    found
}

fn lost(new: &View<'_, '_>, step: StepIx, kind: &'static str, how: &str) -> Change {
    let id = &new.facts.step(step).id;
    let told = format!("{}, which {}, {how}.", new.facts.name(step), new.facts.deed(step));
    Change::new(Area::Access, kind, id, told).on("edges").at(0, new.facts.step(step).span.line)
}

/// The walk that shows the gate's fault where a finding has one, else the shortest.
fn shown(view: &View<'_, '_>, step: StepIx) -> Vec<workflow::Walk> {
    let id = &view.facts.step(step).id;
    let gates = ["approval-fails-open", "approval-ignored", "unapproved-change"];
    let found = view.judged.findings.iter().find(|f| f.step == *id && gates.contains(&f.rule.as_str()));
    found.map_or_else(|| view.facts.walk(step), |f| f.path.clone())
}

fn badness(gate: Gate) -> u8 {
    match gate {
        Gate::NotApplicable | Gate::Present => 0,
        Gate::Authorised => 1,
        Gate::FailsOpen => 2,
        Gate::AfterChange => 3,
        Gate::Ignored => 4,
        Gate::None => 5,
    }
}

fn gate_change(
    old: &View<'_, '_>,
    new: &View<'_, '_>,
    before: StepIx,
    step: StepIx,
    (was, is): (Gate, Gate),
) -> Option<Change> {
    let worse = badness(is) > badness(was);
    let kind = match (worse, is == Gate::None, was == Gate::None) {
        (true, true, _) => "gate-lost",
        (true, ..) => "gate-weakened",
        (false, _, true) => "gate-gained",
        (false, ..) => "gate-strengthened",
    };
    let (name, deed) = (new.facts.name(step), new.facts.deed(step));
    let start = capital(&new.facts.start(step));
    let asked = old.question(before);
    let asks = new.question(step);
    let stood = match was {
        Gate::Authorised => "the check of the requester's authority".to_owned(),
        _ => asked
            .as_ref()
            .map_or("anybody's approval".to_owned(), |q| format!("the approval that {q} asked for")),
    };
    let question = asks.unwrap_or_else(|| "the question before it".to_owned());
    let told = if worse {
        let leaks = answers(&new.verdict(step).leaks);
        let leaks = if leaks.is_empty() { "no definite answer".to_owned() } else { leaks };
        match is {
            Gate::FailsOpen => {
                format!("{start} now reaches {name}, which {deed}, after {leaks} to {question} too.")
            }
            Gate::Ignored => {
                format!("{start} now reaches {name}, which {deed}, whatever {question} is answered.")
            }
            Gate::AfterChange => {
                format!("{start} now reaches {name}, which {deed}, before {question} is asked.")
            }
            Gate::Authorised => {
                format!("{name}, which {deed}, now rests on a check of authority instead of {stood}.")
            }
            _ => format!("{start} now reaches {name}, which {deed}, without {stood}."),
        }
    } else {
        match is {
            Gate::Present => format!("{name}, which {deed}, now waits for a positive answer to {question}."),
            Gate::Authorised => format!("{name}, which {deed}, now needs the requester's authority."),
            Gate::FailsOpen => {
                format!("{name}, which {deed}, now has an approval by {question}, which fails open.")
            }
            _ => format!(
                "{name}, which {deed}, is now asked about at {question}, but the answer does not hold it."
            ),
        }
    };
    let direction = if worse { Direction::Worse } else { Direction::Better };
    Some(Change::new(Area::Access, kind, &new.facts.step(step).id, told).going(direction).on("gate"))
}

/// The gate is of the same kind: which answers pass it may still differ.
fn same_gate(
    old: &View<'_, '_>,
    new: &View<'_, '_>,
    before: StepIx,
    step: StepIx,
    gate: Gate,
) -> Option<Change> {
    if !matches!(gate, Gate::Present | Gate::FailsOpen) {
        return None;
    }
    let (name, deed) = (new.facts.name(step), new.facts.deed(step));
    let id = &new.facts.step(step).id;
    let (a, b) = (old.verdict(before), new.verdict(step));
    let more: Vec<_> = b.leaks.iter().filter(|l| !a.leaks.contains(l)).cloned().collect();
    let fewer = a.leaks.iter().any(|l| !b.leaks.contains(l));
    if !more.is_empty() || fewer {
        let (kind, direction, told) = if more.is_empty() {
            (
                "gate-strengthened",
                Direction::Better,
                format!("Less gets past the question before {name}, which {deed}."),
            )
        } else {
            let told = format!("{name}, which {deed}, is now reached after {} too.", answers(&more));
            ("gate-weakened", Direction::Worse, told)
        };
        return Some(Change::new(Area::Access, kind, id, told).going(direction).on("gate.leaks"));
    }
    let (x, y) = (old.accepted(before), new.accepted(step));
    let list = |words: Vec<&Text>| enumerate(&words.iter().map(|w| format!("`{w}`")).collect::<Vec<_>>());
    let came: Vec<&Text> = y.iter().filter(|v| !x.contains(v)).collect();
    let gone: Vec<&Text> = x.iter().filter(|v| !y.contains(v)).collect();
    let (kind, direction) = if came.is_empty() {
        ("gate-strengthened", Direction::Better)
    } else {
        ("gate-weakened", Direction::Worse)
    };
    let told = match (came.is_empty(), gone.is_empty()) {
        (true, true) => return None,
        (false, true) => format!("{name}, which {deed}, is now also reached on the answer {}.", list(came)),
        (true, false) => format!("{name}, which {deed}, is no longer reached on the answer {}.", list(gone)),
        (false, false) => {
            format!(
                "{name}, which {deed}, is now reached on the answer {} instead of {}.",
                list(came),
                list(gone)
            )
        }
    };
    Some(Change::new(Area::Access, kind, id, told).going(direction).on("gate.accepted"))
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
}

/// Whether a gate lets only a person's or an authority's word through.
pub(super) fn holds(gate: gate::Gate) -> bool {
    badness(gate) <= 1
}
