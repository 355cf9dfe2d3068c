//! What changed about the ways of a run: triggers, and which step comes after which, on what condition.

use super::steps::Matched;
use super::values::{alike, apart};
use super::{Area, Change, Direction, condition, words};
use crate::tell::enumerate;
use std::collections::BTreeMap;
use workflow::{Edge, EdgeKind, Expression, Node, Step, StepIx, StepKind, Trigger, Workflow};

/// A way out of a step: where it leads, past what only joins paths; nothing for the end.
struct Way<'w> {
    condition: Option<&'w Expression>,
    to: Option<usize>,
}

/// The ways out of a node, by how they are taken.
type Labels<'w> = BTreeMap<String, Vec<Way<'w>>>;
/// Those of each node.
type Ways<'w> = BTreeMap<Node, Labels<'w>>;

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
        if is_silent(&new.steps[n]) {
            continue;
        }
        let (from, to) = (Node::Step(super::steps::ix(o)), Node::Step(super::steps::ix(n)));
        let (a, b) = (was.get(&from).unwrap_or(&empty), is.get(&to).unwrap_or(&empty));
        let place = Place { old, new, matched, o, n };
        let none = Vec::new();
        let relabelled = place.relabelled(a, b);
        for (label, ways) in a {
            let now = relabelled.iter().find(|(was, _)| was == label).map_or(label, |(_, is)| is);
            place.compare(now, ways, b.get(now).unwrap_or(&none), &mut found);
        }
        for (label, ways) in b.iter().filter(|(l, _)| !a.contains_key(*l)) {
            if !relabelled.iter().any(|(_, is)| is == label) {
                place.compare(label, &none, ways, &mut found);
            }
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
    /// Where ways of the old side lead, as both sides can say it.
    fn led(&self, ways: &[Way<'_>]) -> Vec<End> {
        let was = |w: &Way<'_>| match w.to {
            None => End::Out,
            Some(o) => self.matched.forward[o].map_or(End::Gone(o), End::Here),
        };
        ways.iter().map(was).collect()
    }

    /// Cases that are called otherwise now, as where a case is called by its condition: both lead to the same steps.
    fn relabelled(&self, a: &Labels<'_>, b: &Labels<'_>) -> Vec<(String, String)> {
        let cases = |these: &Labels<'_>, those: &Labels<'_>| -> Vec<String> {
            let case = |ways: &[Way<'_>]| ways.iter().all(|w| w.condition.is_some());
            these.iter().filter(|(l, w)| !those.contains_key(*l) && case(w)).map(|(l, _)| l.clone()).collect()
        };
        let mut open = cases(b, a);
        let mut found = Vec::new();
        for label in cases(a, b) {
            let same = |l: &String| leads(&b[l]) == self.led(&a[&label]);
            if let Some(at) = open.iter().position(same) {
                found.push((label, open.remove(at)));
            }
        }
        found
    }

    fn compare(&self, label: &str, a: &[Way<'_>], b: &[Way<'_>], found: &mut Vec<Change>) {
        let (x, y) = (self.led(a), leads(b));
        let gone: Vec<End> = x.iter().copied().filter(|e| !y.contains(e)).collect();
        let came: Vec<End> = y.iter().copied().filter(|e| !x.contains(e)).collect();
        let now = |id: &workflow::Text| self.matched.now(id).clone();
        let mut pairs = a.iter().zip(b).filter_map(|(c, d)| Some((c.condition?, d.condition?)));
        if let Some((c, d)) = pairs.find(|(c, d)| !alike(c, d, &now)) {
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
            label => format!("After {} for {}, the run", self.name(), words::code(label)),
        };
        let told = match (gone, came) {
            ([], came) => format!("{after} now goes on with {}.", names(came)),
            (gone, []) => format!("{after} no longer goes on with {}.", names(gone)),
            (gone, came) => format!("{after} now goes on with {} instead of {}.", names(came), names(gone)),
        };
        let follows = self.follows(gone, came);
        let (area, kind) = match label {
            "error" => (Area::Control, "error-handling"),
            "timeout" => (Area::Control, "timeout-path"),
            _ => (Area::Control, "path"),
        };
        let area = if follows { Area::Data } else { area };
        self.change(area, kind, told).on("edges")
    }

    /// Whether only steps came or went on this way, and it goes on behind them as it did: that is told of them.
    fn follows(&self, gone: &[End], came: &[End]) -> bool {
        let is_new = |e: &End| matches!(e, End::Here(n) if self.matched.back[*n].is_none());
        let behind = |e: &End| came.iter().any(|c| matches!(c, End::Here(n) if self.leads(self.new, *n, e)));
        let before = |e: &End| gone.iter().any(|g| matches!(g, End::Gone(o) if self.leads(self.old, *o, e)));
        let went = gone.iter().all(|e| matches!(e, End::Gone(_)) || behind(e));
        went && came.iter().all(|e| is_new(e) || before(e))
    }

    /// Whether a step that only one side has leads to an end that both can say.
    fn leads(&self, side: &Workflow, step: usize, end: &End) -> bool {
        let ends = next(side, step);
        match end {
            End::Here(n) if std::ptr::eq(side, self.new) => ends.contains(&Some(*n)),
            End::Here(n) => ends.contains(&self.matched.back[*n]) && self.matched.back[*n].is_some(),
            End::Gone(o) => std::ptr::eq(side, self.old) && ends.contains(&Some(*o)),
            End::Out => ends.contains(&None),
        }
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

fn leads(ways: &[Way<'_>]) -> Vec<End> {
    ways.iter().map(|w| w.to.map_or(End::Out, End::Here)).collect()
}

fn case(label: &str) -> String {
    match label {
        "" => String::new(),
        label => format!("for {} ", words::code(label)),
    }
}

/// Whether a step stands only between others: made by the importer, and nobody is asked in it.
pub(super) fn is_silent(step: &Step) -> bool {
    step.synthetic && step.ask.is_none()
}

/// The steps that a step leads to when all goes well, past what only joins paths; nothing for an end.
pub(super) fn next(w: &Workflow, step: usize) -> Vec<Option<usize>> {
    let mut out: BTreeMap<Node, Vec<&Edge>> = BTreeMap::new();
    for edge in
        w.edges.iter().filter(|e| !matches!(e.kind, EdgeKind::Back | EdgeKind::Error | EdgeKind::Timeout))
    {
        out.entry(edge.from).or_default().push(edge);
    }
    let mut ends = Vec::new();
    for edge in out.get(&Node::Step(super::steps::ix(step))).into_iter().flatten() {
        follow(w, &out, edge.to, &mut Vec::new(), &mut ends);
    }
    if ends.is_empty() { vec![None] } else { ends }
}

fn ways(w: &Workflow) -> Ways<'_> {
    let mut out: BTreeMap<Node, Vec<&Edge>> = BTreeMap::new();
    for edge in w.edges.iter().filter(|e| e.kind != EdgeKind::Back) {
        out.entry(edge.from).or_default().push(edge);
    }
    let mut found = Ways::new();
    for (from, edges) in &out {
        if matches!(from, Node::Step(s) if w.step(*s).is_none_or(is_silent)) {
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
        s if !is_silent(s) => Some(at.0 as usize),
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
