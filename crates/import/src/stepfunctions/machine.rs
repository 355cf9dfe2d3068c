//! One state machine to one workflow.

use super::edges::{Edges, answered_by_failing, step_ix, ways};
use super::outs::{Around, Slot, out};
use super::states::{Kind, States, read};
use super::steps::{self, Made};
use super::template::Placeholders;
use crate::dataflow::Data;
use crate::dataflow::{Followed, Way, follow};
use crate::doc::Node;
use std::collections::HashMap;
use workflow::{
    Assignment, Credential, EdgeKind, Problem, Root, Span, Step, StepKind, Text, Value, Workflow,
};

/// A definition and what is known around it.
pub(super) struct Given<'g, 'd> {
    pub(super) machine: Node<'d>,
    pub(super) placeholders: &'g Placeholders<'g>,
    /// Which of the workflow's files the definition stands in.
    pub(super) file: u16,
    /// Where it stands in that file.
    pub(super) within: Text,
}

impl Given<'_, '_> {
    fn span(&self, node: Node<'_>) -> Span {
        let path = node.path();
        let path = match (self.within.is_empty(), path.is_empty()) {
            (true, _) => path,
            (false, true) => self.within.clone(),
            (false, false) => format!("{}.{path}", self.within).into(),
        };
        Span { file: self.file, line: self.placeholders.line(node), path }
    }
}

/// Fills in the steps and edges of a workflow whose triggers are known.
pub(super) fn define(w: &mut Workflow, given: &Given<'_, '_>, problems: &mut Vec<Problem>) {
    let states = read(given.machine);
    let path = w.files.get(usize::from(given.file)).map(ToString::to_string).unwrap_or_default();
    let around = Around { placeholders: given.placeholders };
    let faults = super::lint::faults(&states, &around);
    problems.extend(states.problems.iter().chain(&faults).map(|p| {
        let line = match given.placeholders.lines {
            super::template::Lines::Own => p.line,
            super::template::Lines::On(line) => line,
            super::template::Lines::After(line) => line.saturating_add(p.line),
        };
        Problem { path: path.clone(), line, message: p.message.clone() }
    }));
    let (points, names) = points(&states);
    let hands = |from: usize, slot, input: &Data| out(&states.all[from], slot, input, &around);
    let start = Data::root(Root::Trigger);
    let ways = ways(&states, &points);
    let followed = follow(&ways, &names, &start, &hands, |slot| matches!(slot, Slot::Catch(_)));
    let mut known = HashMap::new();
    for (ix, state) in states.all.iter().enumerate() {
        let mut made = steps::step(state, &followed.inputs[ix], &around, given.span(state.node));
        made.step.flow = super::flow::flow(state, &around);
        add(w, made, state.parent, &mut known);
    }
    let last = meetings(w, &states, &points, &followed);
    let caught = caught(&ways, &followed);
    let mut edges = Edges { w, states: &states, inputs: &followed.inputs, around, last, caught };
    (0..states.all.len()).for_each(|ix| edges.of(ix));
    let last = edges.last;
    begin(w, &states, &followed);
    varying(w, &states, &last, followed);
    answered_by_failing(w, &states);
    ended_in_time(w, given.machine);
}

/// When the machine's own time is up the run fails, and no catcher sees it: no question waits longer.
fn ended_in_time(w: &mut Workflow, machine: Node<'_>) {
    let seconds = machine.get("TimeoutSeconds").and_then(Node::scalar).and_then(|n| n.parse::<u64>().ok());
    let Some(seconds) = seconds else { return };
    for ask in w.steps.iter_mut().filter_map(|s| s.ask.as_mut()) {
        ask.timeout_seconds = Some(ask.timeout_seconds.map_or(seconds, |own| own.min(seconds)));
    }
}

/// Points of the data flow: the states, then the ends of the machines inside them; and the names of all.
fn points(states: &States<'_>) -> (Vec<Vec<usize>>, Vec<Text>) {
    let mut names: Vec<Text> = states.all.iter().map(|s| s.id.clone()).collect();
    let mut points = Vec::with_capacity(states.all.len());
    for state in &states.all {
        let mut own = Vec::new();
        for number in 1..=state.branches.len() {
            own.push(names.len());
            names.push(format!("the end of branch {number} of {}", state.id).into());
        }
        points.push(own);
    }
    (points, names)
}

fn add(w: &mut Workflow, made: Made, parent: Option<usize>, known: &mut HashMap<Text, u32>) {
    let mut step = made.step;
    step.parent = parent.map(step_ix);
    for (name, kind) in made.credentials {
        let next = u32::try_from(w.credentials.len()).unwrap_or(u32::MAX);
        let ix = *known.entry(name.clone()).or_insert(next);
        if ix == next {
            let line = step.span.line;
            w.credentials.push(Credential {
                id: name.clone(),
                name,
                kind: kind.into(),
                personal: None,
                callers: false,
                line,
            });
        }
        step.credentials.push(ix);
    }
    w.add(step);
}

/// Adds the steps at which branches meet, and the results of what runs inside; gives the last step of each state.
fn meetings(
    w: &mut Workflow,
    states: &States<'_>,
    points: &[Vec<usize>],
    followed: &Followed,
) -> Vec<workflow::StepIx> {
    let mut last = Vec::with_capacity(states.all.len());
    for (ix, state) in states.all.iter().enumerate() {
        let mut results: Vec<Value> = points[ix].iter().map(|p| followed.inputs[*p].value()).collect();
        let span = w.steps[ix].span.clone();
        last.push(match state.kind {
            Kind::Parallel => {
                let mut join = steps::all_branches(state, results, span);
                join.flow = w.steps[ix].flow.clone();
                join.parent = state.parent.map(step_ix);
                w.add(join)
            }
            Kind::Map => {
                let result = results.pop().filter(|v| *v != unknown());
                w.steps[ix].output = result.map(|v| Value::List(vec![v]));
                step_ix(ix)
            }
            _ => step_ix(ix),
        });
    }
    last
}

fn unknown() -> Value {
    Data::root(Root::Unknown("$".into())).base
}

/// The edge from the trigger; with a step in between where the run's input is one of several ways into a state.
fn begin(w: &mut Workflow, states: &States<'_>, followed: &Followed) {
    let Some(first) = states.outermost.start else { return };
    let sets: Vec<_> = followed.sets.iter().filter(|(from, ..)| from.is_none()).collect();
    let mut to = step_ix(first);
    if !sets.is_empty() {
        let mut set = Step::new("(start)", "start", StepKind::Set);
        set.synthetic = true;
        set.passes_input = true;
        set.span = w.span.clone();
        set.assigns = sets.into_iter().map(|(_, name, value)| assignment(name, value)).collect();
        let between = w.add(set);
        w.connect(workflow::Node::Step(between), to, EdgeKind::Next);
        to = between;
    }
    for trigger in 0..u32::try_from(w.triggers.len()).unwrap_or(0) {
        w.connect(workflow::Node::Trigger(trigger), to, EdgeKind::Next);
    }
}

/// Sets the variables that stand for what depends on the way.
fn varying(w: &mut Workflow, states: &States<'_>, last: &[workflow::StepIx], followed: Followed) {
    for (from, name, value) in followed.sets {
        let Some(from) = from else { continue };
        let state = &states.all[from];
        // What a Parallel state hands on is known where its branches meet; its steps and errors start at itself.
        let own = matches!(state.kind, Kind::Parallel)
            && !mentions_result(&value, &w.steps[last[from].0 as usize].id);
        let at = if own { from } else { last[from].0 as usize };
        if let Some(step) = w.steps.get_mut(at) {
            step.assigns.push(assignment(&name, &value));
        }
    }
}

/// What catchers set since they hand on something else than their state does: by the state and the catcher's number.
fn caught(ways: &[Way<Slot>], followed: &Followed) -> HashMap<(usize, usize), Vec<Assignment>> {
    let mut sets: HashMap<_, Vec<_>> = HashMap::new();
    for (way, name, value) in &followed.apart {
        if let Some(Way { from: Some(from), slot: Slot::Catch(number), .. }) = ways.get(*way) {
            sets.entry((*from, *number)).or_default().push(assignment(name, value));
        }
    }
    sets
}

fn mentions_result(value: &Value, join: &str) -> bool {
    let mut refs = value.expressions().into_iter().flat_map(workflow::Expression::references);
    refs.any(|r| matches!(&r.root, Root::Step(id) if id == join))
}

fn assignment(name: &Text, value: &Value) -> Assignment {
    Assignment { variable: name.clone(), value: value.clone(), adds: false }
}
