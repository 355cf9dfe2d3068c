//! What of a run's data can still decide something: the rest is dropped from states in proofs, so that states which
//! differ in nothing that matters are one.
//!
//! Everything is told by the conditions that read it. A result, a variable or an assumption lives at a step while a
//! condition that depends on it can still be reached.

use crate::scope::ERROR;
use crate::state::{Frame, FrameKind, State};
use crate::{Place, Program, Val};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use workflow::{
    EdgeKind, Expression, Node, Reference, Root, Segment, StepIx, StepKind, Text, Value, Workflow,
};

/// A set of conditions, by their numbers.
type Bits = Vec<u64>;

/// Larger workflows are not explored.
pub(crate) const MOST_STEPS: usize = 3_000;
/// With more conditions than this, nothing is dropped.
const MOST_CONDITIONS: usize = 1_000;
/// Nor where the values that all conditions read are followed over more places.
const MOST_FOLLOWED: usize = 40_000;

/// What decides something in one workflow.
#[derive(Default)]
pub(crate) struct Slice {
    /// For each step, the conditions that can still come.
    future: Vec<Bits>,
    /// For each condition, by its edge, those that read something it reads.
    shares: FxHashMap<u32, Bits>,
    /// For each step, the conditions that depend on its result.
    pub(crate) readers: FxHashMap<StepIx, Bits>,
    variables: FxHashMap<Text, Bits>,
    /// What is handed from step to step decides something.
    previous: bool,
    /// What a loop is at decides something: its item, or the number of its round.
    items: bool,
}

/// Something whose values decide where a run goes.
struct Decides<'w> {
    /// The edge, where it is a condition.
    edge: Option<u32>,
    at: StepIx,
    reads: Vec<&'w Expression>,
}

/// The conditions of a workflow, the lists and conditions of its loops, and what it hands to the workflows it calls, whose
/// conditions read that.
fn deciding(workflow: &Workflow) -> Vec<Decides<'_>> {
    let conditions = (0u32..).zip(&workflow.edges).filter_map(|(i, e)| match (&e.kind, e.from) {
        (EdgeKind::When { condition, .. }, Node::Step(at)) => {
            Some(Decides { edge: Some(i), at, reads: vec![condition] })
        }
        _ => None,
    });
    let steps = (0u32..).zip(&workflow.steps).filter_map(|(i, step)| {
        let mut reads: Vec<&Expression> = step.calls.iter().flat_map(|c| c.input.expressions()).collect();
        if matches!(step.kind, StepKind::Loop(_)) {
            reads.extend(step.parameters.expressions());
        }
        (!reads.is_empty()).then_some(Decides { edge: None, at: StepIx(i), reads })
    });
    conditions.chain(steps).collect()
}

/// What one condition depends on.
#[derive(Default)]
struct Depends {
    results: FxHashSet<StepIx>,
    variables: BTreeSet<Text>,
    /// What is read in the end: where it starts and its first keys.
    atoms: BTreeSet<Vec<Text>>,
    previous: bool,
    items: bool,
}

impl Slice {
    /// Nothing where there is too much to follow.
    pub(crate) fn new(program: &Program<'_>, index: u32, workflow: &Workflow) -> Option<Self> {
        if workflow.steps.len() > MOST_STEPS {
            return None;
        }
        let decides = deciding(workflow);
        if decides.len() > MOST_CONDITIONS {
            return None;
        }
        let mut follows = Follows { program, index, workflow, set: assigned(workflow), left: MOST_FOLLOWED };
        let depends: Vec<Depends> = decides.iter().map(|d| follows.from(d)).collect::<Option<_>>()?;
        let width = decides.len().div_ceil(64);
        let mut slice =
            Slice { future: future(program, index, workflow, &decides, width), ..Slice::default() };
        for (n, depends) in depends.iter().enumerate() {
            slice.previous |= depends.previous;
            slice.items |= depends.items;
            for step in &depends.results {
                set(slice.readers.entry(*step).or_insert_with(|| vec![0; width]), n);
            }
            for name in &depends.variables {
                set(slice.variables.entry(name.clone()).or_insert_with(|| vec![0; width]), n);
            }
        }
        let shares = shares(&depends, width).into_iter().zip(&decides);
        slice.shares = shares.filter_map(|(shares, d)| Some((d.edge?, shares))).collect();
        Some(slice)
    }

    /// The conditions that can still come after a step.
    fn at(&self, step: StepIx) -> &[u64] {
        self.future.get(step.0 as usize).map_or(&[], Vec::as_slice)
    }
}

fn set(bits: &mut Bits, n: usize) {
    if let Some(word) = bits.get_mut(n / 64) {
        *word |= 1 << (n % 64);
    }
}

fn meet(a: &[u64], b: &[u64]) -> bool {
    a.iter().zip(b).any(|(a, b)| a & b != 0)
}

fn add(bits: &mut Bits, more: &[u64]) {
    bits.iter_mut().zip(more).for_each(|(word, new)| *word |= new);
}

/// For each condition, those that read something it reads: of two names of what is read, one is the beginning of the
/// other.
fn shares(depends: &[Depends], width: usize) -> Vec<Bits> {
    let mut readers: BTreeMap<&[Text], Bits> = BTreeMap::new();
    for (n, atom) in depends.iter().enumerate().flat_map(|(n, d)| d.atoms.iter().map(move |a| (n, a))) {
        set(readers.entry(atom.as_slice()).or_insert_with(|| vec![0; width]), n);
    }
    let of = |atom: &[Text]| {
        let mut bits = vec![0; width];
        let from = (Bound::Included(atom), Bound::Unbounded);
        let longer = readers.range::<[Text], _>(from).take_while(|(other, _)| other.starts_with(atom));
        longer.for_each(|(_, more)| add(&mut bits, more));
        let shorter = (0..atom.len()).filter_map(|n| readers.get(&atom[..n]));
        shorter.for_each(|more| add(&mut bits, more));
        bits
    };
    let known: BTreeMap<&[Text], Bits> = readers.keys().map(|atom| (*atom, of(atom))).collect();
    let all = depends.iter().map(|d| {
        let mut bits = vec![0; width];
        d.atoms.iter().filter_map(|a| known.get(a.as_slice())).for_each(|more| add(&mut bits, more));
        bits
    });
    all.collect()
}

/// The conditions that can still come, for each step.
fn future(
    program: &Program<'_>,
    index: u32,
    workflow: &Workflow,
    decides: &[Decides<'_>],
    width: usize,
) -> Vec<Bits> {
    let count = workflow.steps.len();
    let mut future = vec![vec![0u64; width]; count];
    for (n, decides) in decides.iter().enumerate() {
        if let Some(bits) = future.get_mut(decides.at.0 as usize) {
            set(bits, n);
        }
    }
    // What fails in a container may go on where the container's error edges lead.
    let mut inside = vec![Vec::new(); count];
    for (i, parent) in (0u32..).zip(&workflow.steps).filter_map(|(i, s)| Some((i, s.parent?))) {
        inside.get_mut(parent.0 as usize).into_iter().for_each(|within| within.push(i));
    }
    let mut work: Vec<u32> = (0u32..).take(count).collect();
    while let Some(at) = work.pop() {
        let own = future[at as usize].clone();
        let place = Place { workflow: index, step: StepIx(at) };
        let before = program.into(place).iter().filter_map(|e| match program.edge(index, *e)?.from {
            Node::Step(from) => Some(from),
            Node::Trigger(_) => None,
        });
        for from in before.map(|s| s.0).chain(inside[at as usize].iter().copied()) {
            let Some(bits) = future.get_mut(from as usize) else { continue };
            let mut more = false;
            for (word, new) in bits.iter_mut().zip(&own) {
                more |= *word | new != *word;
                *word |= new;
            }
            if more {
                work.push(from);
            }
        }
    }
    future
}

/// The values that each variable gets, and where.
type Assigned<'w> = FxHashMap<&'w str, Vec<(StepIx, &'w Value)>>;

fn assigned(workflow: &Workflow) -> Assigned<'_> {
    let mut set = Assigned::default();
    for (i, step) in (0u32..).zip(&workflow.steps) {
        for assign in &step.assigns {
            set.entry(assign.variable.as_str()).or_default().push((StepIx(i), &assign.value));
        }
    }
    set
}

/// What is still to be followed: where it is read, and what.
type Work = Vec<(StepIx, Reference)>;

/// Follows what conditions read to where it comes from.
struct Follows<'p, 'w> {
    program: &'p Program<'w>,
    index: u32,
    workflow: &'p Workflow,
    set: Assigned<'p>,
    /// Over so many places more.
    left: usize,
}

impl Follows<'_, '_> {
    /// What a condition depends on; nothing where that is too much.
    fn from(&mut self, decides: &Decides<'_>) -> Option<Depends> {
        let mut depends = Depends::default();
        let references = decides.reads.iter().flat_map(|e| e.references());
        let mut work: Work = references.map(|r| (decides.at, r.clone())).collect();
        let mut seen = FxHashSet::default();
        while let Some((at, r)) = work.pop() {
            self.left = self.left.checked_sub(1)?;
            if seen.insert((at, r.clone())) {
                self.follow(at, &r, &mut depends, &mut work);
            }
        }
        Some(depends)
    }

    fn follow(&self, at: StepIx, r: &Reference, depends: &mut Depends, work: &mut Work) {
        match &r.root {
            Root::Step(id) => match self.program.find(self.index, id) {
                Some(step) => depends.result(self.workflow, step, r, work),
                None => depends.atom(r),
            },
            Root::Previous => {
                depends.previous = true;
                let into = self.program.into(Place { workflow: self.index, step: at }).iter();
                for edge in into.filter_map(|e| self.program.edge(self.index, *e)) {
                    match edge.from {
                        Node::Step(from) => depends.result(self.workflow, from, r, work),
                        Node::Trigger(_) => {
                            depends.atom(&Reference { root: Root::Trigger, path: r.path.clone() })
                        }
                    }
                }
            }
            Root::Variable(name) => {
                depends.variables.insert(name.clone());
                depends.atom(r);
                let own = self.set.get(name.as_str()).into_iter().flatten();
                own.for_each(|(step, value)| push(value, *step, work));
            }
            Root::Item(_) => {
                depends.items = true;
                depends.atom(r);
            }
            Root::Run(name) => {
                depends.items |= name.ends_with(" index");
                // The failure that was caught last is kept as a variable.
                if name == "error" {
                    depends.variables.insert(ERROR);
                }
                depends.atom(r);
            }
            _ => depends.atom(r),
        }
    }
}

impl Depends {
    fn result(&mut self, w: &Workflow, of: StepIx, r: &Reference, work: &mut Work) {
        let Some(step) = w.step(of) else { return };
        self.results.insert(of);
        let quiet = matches!(
            step.kind,
            StepKind::Branch
                | StepKind::Guard
                | StepKind::Join
                | StepKind::Scope
                | StepKind::Fork
                | StepKind::Wait
        );
        if let Some(output) = &step.output {
            push(output, of, work);
        }
        if step.passes_input || quiet || !step.enabled {
            work.push((of, Reference { root: Root::Previous, path: r.path.clone() }));
        } else if step.output.is_none() || step.kind == StepKind::Code {
            // What code gives is an answer of the world, whatever is known of where it comes from.
            self.atom(&Reference { root: Root::Step(step.id.clone()), path: r.path.clone() });
        }
    }

    fn atom(&mut self, r: &Reference) {
        let mut atom = vec![Text::from(format!("{:?}", r.root))];
        let keys = r.path.iter().map_while(|s| if let Segment::Key(k) = s { Some(k.clone()) } else { None });
        atom.extend(keys.take(4));
        self.atoms.insert(atom);
    }
}

fn push(value: &Value, at: StepIx, work: &mut Vec<(StepIx, Reference)>) {
    let inner = value.expressions().into_iter().flat_map(Expression::references);
    work.extend(inner.map(|r| (at, r.clone())));
}

/// Drops from a state what nothing that can still come reads.
pub(crate) fn prune(program: &Program<'_>, state: &mut State) {
    let tokens: Vec<(u32, StepIx)> = state.tokens.iter().map(|t| (t.frame, t.at)).collect();
    let mut futures: BTreeMap<u32, Bits> = BTreeMap::new();
    for (frame, at) in &tokens {
        let Some(workflow) = state.frame(*frame).map(|f| f.workflow) else { continue };
        let Some(slice) = program.slice(workflow) else { continue };
        let frames: Vec<u32> = state.chain(*frame).collect();
        for frame in frames {
            let bits = futures.entry(frame).or_default();
            let own = slice.at(*at);
            bits.resize(own.len().max(bits.len()), 0);
            bits.iter_mut().zip(own).for_each(|(a, b)| *a |= b);
        }
        prune_input(program, state, *frame, *at);
    }
    let facts: Vec<Text> = state.facts.of.keys().cloned().collect();
    for name in facts {
        let Some((workflow, edge)) = state.facts.of.get(&name).copied() else { continue };
        let shares = program.slice(workflow).and_then(|s| s.shares.get(&edge));
        let here = |f: u32| state.frame(f).is_some_and(|f| f.workflow == workflow);
        let lives = shares.is_some_and(|s| futures.iter().any(|(f, bits)| here(*f) && meet(s, bits)));
        if !lives {
            state.facts.of.remove(&name);
            state.facts.holds.remove(&name);
            state.facts.values.remove(&name);
        }
    }
    for number in (0u32..).take(state.frames.len()) {
        prune_frame(program, state, number, futures.get(&number).map_or(&[], Vec::as_slice));
    }
}

fn prune_frame(program: &Program<'_>, state: &mut State, number: u32, future: &[u64]) {
    let Some(frame) = state.frame(number) else { return };
    let Some(slice) = program.slice(frame.workflow) else { return };
    let lives = |bits: Option<&Bits>| bits.is_some_and(|b| meet(b, future));
    let dead = frame.results.keys().any(|s| !lives(slice.readers.get(s)))
        || frame.variables.keys().any(|v| !lives(slice.variables.get(v)))
        || handed_on(frame, slice);
    if !dead {
        return;
    }
    if let Some(frame) = state.frame_mut(number) {
        frame.results.retain(|s, _| lives(slice.readers.get(s)));
        frame.variables.retain(|v, _| lives(slice.variables.get(v)));
        if handed_on(frame, slice) {
            forget_handed_on(frame, slice);
        }
    }
}

/// Whether a frame holds something that was handed on, and that nothing reads.
fn handed_on(frame: &Frame, slice: &Slice) -> bool {
    let round = match &frame.kind {
        FrameKind::Round { index, item, .. } => {
            frame.last != Val::Null || !slice.items && !slice.previous && (*index != 0 || *item != Val::Null)
        }
        FrameKind::Run { .. } => false,
    };
    let arrived = || frame.joins.values().flatten().any(|(_, val)| *val != Val::Null);
    let given = || frame.attempts.values().any(|(_, val)| *val != Val::Null);
    round || !slice.previous && (arrived() || given())
}

fn forget_handed_on(frame: &mut Frame, slice: &Slice) {
    if let FrameKind::Round { index, item, .. } = &mut frame.kind {
        frame.last = Val::Null;
        if !slice.items && !slice.previous {
            (*index, *item) = (0, Val::Null);
        }
    }
    if !slice.previous {
        frame.joins.values_mut().flatten().for_each(|(_, val)| *val = Val::Null);
        frame.attempts.values_mut().for_each(|(_, val)| *val = Val::Null);
    }
}

/// What was handed on counts only where something reads it.
fn prune_input(program: &Program<'_>, state: &mut State, frame: u32, at: StepIx) {
    let Some(workflow) = state.frame(frame).map(|f| f.workflow) else { return };
    let called = matches!(state.frame(frame).map(|f| &f.kind), Some(FrameKind::Run { caller: Some(_), .. }));
    if called || program.slice(workflow).is_none_or(|s| s.previous) {
        return;
    }
    for token in state.tokens.iter_mut().filter(|t| t.frame == frame && t.at == at) {
        token.input = crate::Val::Null;
    }
}
