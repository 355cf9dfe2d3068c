//! What changed about the ways of a run: triggers, and which step comes after which, on what condition.

use super::steps::Matched;
use super::values::{alike, apart};
use super::{Area, Change, Direction, condition, words};
use crate::tell::enumerate;
use std::collections::BTreeMap;
use workflow::{Edge, EdgeKind, Expression, Node, StepIx, StepKind, Trigger, Workflow};

/// A way out of a step: where it leads, past what only joins paths; nothing for the end.
struct Way<'w> {
    condition: Option<&'w Expression>,
    to: Option<usize>,
}

/// The ways out of each node, by how they are taken.
type Ways<'w> = BTreeMap<Node, BTreeMap<String, Vec<Way<'w>>>>;

/// Where a way leads, as both sides can say it.
#[derive(PartialEq, Eq, PartialOrd, Ord, Clone, Copy)]
enum End {
    Here(usize),
    Gone(usize),
    Out,
}

/// What changed about edges and their conditions.
pub(super) fn changes(old: &Workflow, new: &Workflow, matched: &Matched) -> Vec<Change> {
    let (was, is) = (ways(old), ways(new));
    let empty = BTreeMap::new();
    let mut found = Vec::new();
    for (o, n) in matched.both() {
        if new.steps[n].synthetic {
            continue;
        }
        let (from, to) = (Node::Step(super::steps::ix(o)), Node::Step(super::steps::ix(n)));
        let (a, b) = (was.get(&from).unwrap_or(&empty), is.get(&to).unwrap_or(&empty));
        let place = Place { old, new, matched, o, n };
        for label in a.keys().chain(b.keys().filter(|k| !a.contains_key(*k))) {
            let none = Vec::new();
            place.compare(label, a.get(label).unwrap_or(&none), b.get(label).unwrap_or(&none), &mut found);
        }
    }
    found
}

struct Place<'a> {
    old: &'a Workflow,
    new: &'a Workflow,
    matched: &'a Matched,
    o: usize,
    n: usize,
}

impl Place<'_> {
    fn compare(&self, label: &str, a: &[Way<'_>], b: &[Way<'_>], found: &mut Vec<Change>) {
        let was = |w: &Way<'_>| match w.to {
            None => End::Out,
            Some(o) => self.matched.forward[o].map_or(End::Gone(o), End::Here),
        };
        let is = |w: &Way<'_>| w.to.map_or(End::Out, End::Here);
        let (x, y): (Vec<End>, Vec<End>) = (a.iter().map(was).collect(), b.iter().map(is).collect());
        let gone: Vec<End> = x.iter().copied().filter(|e| !y.contains(e)).collect();
        let came: Vec<End> = y.iter().copied().filter(|e| !x.contains(e)).collect();
        let now = |id: &workflow::Text| self.matched.now(id).clone();
        if let Some((c, d)) = a.iter().zip(b).find_map(|(c, d)| Some((c.condition?, d.condition?)))
            && !alike(c, d, &now)
        {
            let (told, direction) = condition::tell(c, d, &now);
            let told = format!("The condition of {} {}{told}.", self.name(), case(label));
            let direction = if direction == Direction::Worse { direction } else { Direction::Open };
            found.push(self.change(Area::Control, "condition", told).going(direction).on("edges.condition"));
        }
        if !gone.is_empty() || !came.is_empty() {
            found.push(self.path(label, &gone, &came));
        }
    }

    fn path(&self, label: &str, gone: &[End], came: &[End]) -> Change {
        let names = |ends: &[End]| enumerate(&ends.iter().map(|e| self.end(*e)).collect::<Vec<_>>());
        let after = match label {
            "error" => format!("When {} fails, the run", self.name()),
            "timeout" => format!("When {} gets no answer in time, the run", self.name()),
            "" => format!("After {}, the run", self.name()),
            label => format!("After {} {}the run", self.name(), case(label)),
        };
        let told = match (gone, came) {
            ([], came) => format!("{after} now goes on with {}.", names(came)),
            (gone, []) => format!("{after} no longer goes on with {}.", names(gone)),
            (gone, came) => format!("{after} now goes on with {} instead of {}.", names(came), names(gone)),
        };
        // Only steps that came or went: that is told of them.
        let follows = gone.iter().all(|e| matches!(e, End::Gone(_)))
            && came.iter().all(|e| matches!(e, End::Here(n) if self.matched.back[*n].is_none()));
        let (area, kind) = match label {
            "error" => (Area::Control, "error-handling"),
            "timeout" => (Area::Control, "timeout-path"),
            _ if follows => (Area::Data, "path"),
            _ => (Area::Control, "path"),
        };
        self.change(area, kind, told).on("edges")
    }

    fn change(&self, area: Area, kind: &'static str, told: String) -> Change {
        let (was, is) = (&self.old.steps[self.o], &self.new.steps[self.n]);
        Change::new(area, kind, &is.id, told).at(was.span.line, is.span.line)
    }

    fn name(&self) -> String {
        words::name(&self.new.steps[self.n])
    }

    fn end(&self, end: End) -> String {
        match end {
            End::Here(n) => words::name(&self.new.steps[n]),
            End::Gone(o) => words::name(&self.old.steps[o]),
            End::Out => "the end".to_owned(),
        }
    }
}

fn case(label: &str) -> String {
    match label {
        "" => String::new(),
        label => format!("for {} ", words::code(label)),
    }
}

fn ways(w: &Workflow) -> Ways<'_> {
    let mut out: BTreeMap<Node, Vec<&Edge>> = BTreeMap::new();
    for edge in w.edges.iter().filter(|e| e.kind != EdgeKind::Back) {
        out.entry(edge.from).or_default().push(edge);
    }
    let mut found = Ways::new();
    for (from, edges) in &out {
        if matches!(from, Node::Step(s) if w.step(*s).is_none_or(|s| s.synthetic)) {
            continue;
        }
        let labels = found.entry(*from).or_default();
        for edge in edges {
            let condition = match &edge.kind {
                EdgeKind::When { condition, .. } => Some(condition),
                _ => None,
            };
            let mut ends = Vec::new();
            follow(w, &out, edge.to, &mut Vec::new(), &mut ends);
            let ways = labels.entry(edge.kind.label().to_owned()).or_default();
            ways.extend(ends.into_iter().map(|to| Way { condition, to }));
        }
    }
    found
}

/// The steps of the definition that an edge leads to.
fn follow(
    w: &Workflow,
    out: &BTreeMap<Node, Vec<&Edge>>,
    at: StepIx,
    seen: &mut Vec<StepIx>,
    ends: &mut Vec<Option<usize>>,
) {
    if seen.contains(&at) || seen.len() > 64 {
        return;
    }
    seen.push(at);
    let Some(step) = w.step(at) else { return };
    let next = out.get(&Node::Step(at)).map_or(&[][..], Vec::as_slice);
    let end = match step {
        s if !s.synthetic => Some(at.0 as usize),
        s if matches!(s.kind, StepKind::End(_)) || next.is_empty() => None,
        _ => {
            next.iter().for_each(|e| follow(w, out, e.to, seen, ends));
            return;
        }
    };
    if !ends.contains(&end) {
        ends.push(end);
    }
}

/// What changed about what starts the workflow.
pub(super) fn starts(old: &Workflow, new: &Workflow, matched: &Matched) -> Vec<Change> {
    let mut found = Vec::new();
    let pairs = triggers(old, new);
    for (n, is) in new.triggers.iter().enumerate() {
        match pairs.iter().find(|(_, b)| *b == n) {
            Some((o, _)) => trigger(&old.triggers[*o], is, matched, &mut found),
            None => {
                let told = format!("{} now starts the workflow too: {}.", words::trigger(is), kind(is));
                let change = Change::new(Area::Access, "trigger-added", &is.id, told).at(0, is.span.line);
                found.push(change.going(Direction::Worse).on("triggers"));
            }
        }
    }
    for (o, was) in old.triggers.iter().enumerate().filter(|(o, _)| !pairs.iter().any(|(a, _)| a == o)) {
        let _ = o;
        let told = format!("{} no longer starts the workflow: {}.", words::trigger(was), kind(was));
        found.push(
            Change::new(Area::Control, "trigger-removed", &was.id, told).at(was.span.line, 0).on("triggers"),
        );
    }
    found.extend(first_steps(old, new, &pairs, matched));
    found
}

/// Triggers of both sides: by id, then by kind and event.
fn triggers(old: &Workflow, new: &Workflow) -> Vec<(usize, usize)> {
    let mut pairs: Vec<(usize, usize)> = Vec::new();
    let by: [fn(&Trigger, &Trigger) -> bool; 3] = [
        |a, b| a.id == b.id && a.kind == b.kind,
        |a, b| (a.kind, &a.event) == (b.kind, &b.event),
        |a, b| a.id == b.id,
    ];
    for same in by {
        for (o, a) in old.triggers.iter().enumerate() {
            let free = |n: &usize| !pairs.iter().any(|(_, b)| b == n);
            let found = new.triggers.iter().enumerate().find(|(n, b)| free(n) && same(a, b)).map(|(n, _)| n);
            if let Some(n) = found.filter(|_| !pairs.iter().any(|(a, _)| *a == o)) {
                pairs.push((o, n));
            }
        }
    }
    pairs
}

fn first_steps(old: &Workflow, new: &Workflow, pairs: &[(usize, usize)], matched: &Matched) -> Vec<Change> {
    let (was, is) = (ways(old), ways(new));
    let mut found = Vec::new();
    for (o, n) in pairs {
        let node = |i: usize| Node::Trigger(u32::try_from(i).unwrap_or(u32::MAX));
        let first = |ways: &Ways<'_>, i: usize| -> Vec<Option<usize>> {
            ways.get(&node(i)).into_iter().flat_map(|l| l.values().flatten()).map(|w| w.to).collect()
        };
        let before: Vec<Option<usize>> =
            first(&was, *o).into_iter().map(|to| to.and_then(|o| matched.forward[o])).collect();
        let after = first(&is, *n);
        let came: Vec<String> = after
            .iter()
            .filter(|e| !before.contains(e))
            .flatten()
            .map(|n| words::name(&new.steps[*n]))
            .collect();
        if !came.is_empty() {
            let t = &new.triggers[*n];
            let told = format!("After {}, the run now begins with {}.", words::trigger(t), enumerate(&came));
            found.push(
                Change::new(Area::Control, "path", &t.id, told)
                    .at(old.triggers[*o].span.line, t.span.line)
                    .on("edges"),
            );
        }
    }
    found
}

fn kind(t: &Trigger) -> String {
    let event = if t.event.is_empty() { String::new() } else { format!(" {}", words::code(&t.event)) };
    let open = if t.authenticated == Some(false) { " that anyone can use" } else { "" };
    format!("kind {}{event}{open}", t.kind.as_str())
}

fn trigger(was: &Trigger, is: &Trigger, matched: &Matched, found: &mut Vec<Change>) {
    let name = words::trigger(is);
    let now = |id: &workflow::Text| matched.now(id).clone();
    let mut add = |area, kind, direction, told: String| {
        let change = Change::new(area, kind, &is.id, told).at(was.span.line, is.span.line);
        found.push(change.going(direction).on("triggers"));
    };
    if was.authenticated != is.authenticated {
        let open = is.authenticated == Some(false);
        let (told, direction) = match is.authenticated {
            Some(false) => ("can now be used by anyone", Direction::Worse),
            Some(true) => ("now asks its caller for proof of who they are", Direction::Better),
            None => ("no longer says whether its caller must prove who they are", Direction::Worse),
        };
        let area = if open { Area::Access } else { Area::Control };
        add(area, "trigger-authentication", direction, format!("{name} {told}."));
    }
    if (was.kind, &was.event) != (is.kind, &is.event) {
        let told = format!("{name} was {} and is now {}.", kind(was), kind(is));
        add(Area::Access, "trigger", Direction::Open, told);
    }
    if was.after_approval != is.after_approval {
        let (told, direction) =
            if is.after_approval { ("now", Direction::Better) } else { ("no longer", Direction::Worse) };
        add(
            Area::Control,
            "trigger",
            direction,
            format!("{name} {told} starts after the platform's own approval."),
        );
    }
    match (&was.filter, &is.filter) {
        (Some(a), Some(b)) if !alike(a, b, &now) => {
            let told = condition::tell(a, b, &now).0;
            add(Area::Control, "trigger-filter", Direction::Open, format!("The filter of {name} {told}."));
        }
        (Some(a), None) => {
            let told = format!("{name} no longer has the filter {}.", words::code(&words::expression(a)));
            add(Area::Control, "trigger-filter", Direction::Worse, told);
        }
        (None, Some(b)) => {
            let told = format!("{name} now has the filter {}.", words::code(&words::expression(b)));
            add(Area::Control, "trigger-filter", Direction::Better, told);
        }
        _ => {}
    }
    let differing = apart(&was.parameters, &is.parameters, &now);
    if let Some(d) = differing.first() {
        let (a, b) = (d.old.as_deref().unwrap_or("nothing"), d.new.as_deref().unwrap_or("nothing"));
        let more =
            if differing.len() > 1 { format!(", and {} more", differing.len() - 1) } else { String::new() };
        let told = format!("A setting of {name} changed: `{}` was {a} and is now {b}{more}.", d.path);
        add(Area::Control, "trigger", Direction::Open, told);
    }
    if was.name != is.name {
        let told = format!("{} is now called {name}.", words::trigger(was));
        add(Area::Cosmetic, "name", Direction::Open, told);
    }
}
