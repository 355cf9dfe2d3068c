//! Workflows compiled for running: what leaves and enters each step, who calls whom, whose rules hold.

use crate::rehearse::Leads;
use crate::semantics::{self, Semantics};
use crate::slice::Slice;
use crate::ways::Ways;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use workflow::{CalleeKey, Edge, EdgeKind, Links, Node, Step, StepIx, StepKind, Text, Workflow};

/// A step of one of the workflows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// Index of the workflow in the program.
    pub workflow: u32,
    /// The step.
    pub step: StepIx,
}

/// Containers in containers that are looked through for a time-out.
const MOST_NESTED: usize = 32;

/// Workflows that see each other, with their effects filled in, ready to run. Made once, shared by any number of runs.
pub struct Program<'w> {
    /// The workflows.
    pub workflows: &'w [Workflow],
    graphs: Vec<Graph>,
    links: Links<'w>,
    /// Made for proofs: only what decides something is kept in states, counts of rounds stop at two.
    pub lean: bool,
    ways: Vec<Ways>,
    slices: Vec<Option<Slice>>,
    leads: Leads,
}

/// Adjacency of one workflow.
struct Graph {
    out: Vec<Vec<u32>>,
    into: Vec<Vec<u32>>,
    starts: Vec<u32>,
    by_id: HashMap<Text, StepIx>,
}

impl<'w> Program<'w> {
    /// Compiles workflows for running them as they are.
    #[must_use]
    pub fn new(workflows: &'w [Workflow]) -> Self {
        Program::linked(workflows, Links::by_name(workflows))
    }

    fn linked(workflows: &'w [Workflow], links: Links<'w>) -> Self {
        let graphs = workflows.iter().map(Graph::new).collect();
        Program {
            workflows,
            graphs,
            links,
            lean: false,
            ways: Vec::new(),
            slices: Vec::new(),
            leads: Leads::default(),
        }
    }

    /// Compiles workflows for proofs about them.
    #[must_use]
    pub fn lean(workflows: &'w [Workflow]) -> Self {
        Program::lean_with(workflows, Links::by_name(workflows))
    }

    /// The same, of workflows whose calls mean what was found.
    #[must_use]
    pub fn lean_with(workflows: &'w [Workflow], links: Links<'w>) -> Self {
        let mut program = Program::linked(workflows, links);
        program.lean = true;
        program.ways = (0u32..).zip(workflows).map(|(i, _)| Ways::new(&program, i)).collect();
        program.slices = (0u32..).zip(workflows).map(|(i, w)| Slice::new(&program, i, w)).collect();
        program.leads = Leads::new(&program);
        program
    }

    /// Whether an access change may still come from a step, in a program made for proofs: after it, or where a failure of
    /// a container around it leads.
    pub(crate) fn may_change(&self, at: Place) -> bool {
        let around = |s: &StepIx| self.step(Place { step: *s, ..at }).and_then(|s| s.parent);
        let steps = self.workflow(at.workflow).map_or(0, |w| w.steps.len());
        let mut all = std::iter::successors(Some(at.step), around).take(steps + 1);
        all.any(|step| self.leads.from(Place { step, ..at }))
    }

    /// Whether a way leads from a step back to it that is no loop's, in a program made for proofs.
    pub(crate) fn circles(&self, at: Place) -> bool {
        self.ways.get(at.workflow as usize).is_some_and(|w| w.circles(at.step))
    }

    /// Whether somebody is asked or told by a step, in a program made for proofs.
    pub(crate) fn is_noticed(&self, at: Place) -> bool {
        self.ways.get(at.workflow as usize).is_some_and(|w| w.is_noticed(at.step))
    }

    /// What of a workflow's data decides something, in a program made for proofs; nothing where there is too much of it.
    pub(crate) fn slice(&self, workflow: u32) -> Option<&Slice> {
        self.slices.get(workflow as usize)?.as_ref()
    }

    /// Whether a step's result is kept.
    pub(crate) fn keeps(&self, workflow: u32, step: StepIx) -> bool {
        !self.lean || self.slice(workflow).is_some_and(|s| s.readers.contains_key(&step))
    }

    /// The workflow at an index; nothing where there is none.
    #[must_use]
    pub fn workflow(&self, workflow: u32) -> Option<&'w Workflow> {
        self.workflows.get(workflow as usize)
    }

    /// The step at a place.
    #[must_use]
    pub fn step(&self, at: Place) -> Option<&'w Step> {
        self.workflow(at.workflow)?.step(at.step)
    }

    /// The rules of the platform that a workflow is written for.
    #[must_use]
    pub fn semantics(&self, workflow: u32) -> &'static dyn Semantics {
        match self.workflow(workflow) {
            Some(w) => semantics::of(w.platform),
            None => &semantics::Plain,
        }
    }

    /// An edge of a workflow.
    #[must_use]
    pub fn edge(&self, workflow: u32, edge: u32) -> Option<&'w Edge> {
        self.workflow(workflow)?.edges.get(edge as usize)
    }

    /// The edges that leave a step, by index, in the order of the definition.
    #[must_use]
    pub fn out(&self, at: Place) -> &[u32] {
        self.graph(at.workflow).and_then(|g| g.out.get(at.step.0 as usize)).map_or(&[], Vec::as_slice)
    }

    /// The edges that come into a step, by index.
    #[must_use]
    pub fn into(&self, at: Place) -> &[u32] {
        self.graph(at.workflow).and_then(|g| g.into.get(at.step.0 as usize)).map_or(&[], Vec::as_slice)
    }

    /// The edges that leave a trigger of a workflow.
    pub fn starts(&self, workflow: u32, trigger: u32) -> impl Iterator<Item = u32> + '_ {
        let all = self.graph(workflow).map_or(&[][..], |g| g.starts.as_slice());
        let of = move |e: &u32| self.edge(workflow, *e).is_some_and(|e| e.from == Node::Trigger(trigger));
        all.iter().copied().filter(of)
    }

    /// The step of a workflow with an id.
    #[must_use]
    pub fn find(&self, workflow: u32, id: &str) -> Option<StepIx> {
        self.graph(workflow)?.by_id.get(id).copied()
    }

    /// The workflow that a call from a workflow means, where it is in the program.
    #[must_use]
    pub fn callee(&self, from: u32, key: &CalleeKey) -> Option<u32> {
        self.links.callee(from, key)
    }

    /// The trigger by which calls start a workflow: the one made for calls, else the first.
    #[must_use]
    pub fn call_trigger(&self, workflow: u32) -> u32 {
        let triggers = self.workflow(workflow).map_or(&[][..], |w| w.triggers.as_slice());
        let at = triggers.iter().position(|t| t.kind == workflow::TriggerKind::Subflow).unwrap_or(0);
        u32::try_from(at).unwrap_or(0)
    }

    /// The edges that are taken when a step fails: its own, else those of the nearest container that has some, with
    /// the step they leave.
    #[must_use]
    pub fn handlers(&self, at: Place, kind: &EdgeKind) -> Option<(StepIx, Vec<u32>)> {
        let steps = self.workflow(at.workflow).map_or(0, |w| w.steps.len());
        let mut here = Some(at.step);
        for _ in 0..=steps {
            let step = here?;
            let place = Place { step, ..at };
            let is = |e: &&u32| self.edge(at.workflow, **e).is_some_and(|e| e.kind == *kind);
            let own: Vec<u32> = self.out(place).iter().filter(is).copied().collect();
            if !own.is_empty() {
                return Some((step, own));
            }
            here = self.step(place)?.parent;
        }
        None
    }

    /// Whether a step is another, or stands in it.
    #[must_use]
    pub fn within(&self, workflow: u32, outer: StepIx, inner: StepIx) -> bool {
        let steps = self.workflow(workflow).map_or(0, |w| w.steps.len());
        let mut at = Some(inner);
        for _ in 0..=steps {
            match at {
                Some(a) if a == outer => return true,
                Some(a) => at = self.step(Place { workflow, step: a }).and_then(|s| s.parent),
                None => return false,
            }
        }
        false
    }

    /// Whether a way leads from a step to another.
    #[must_use]
    pub fn reaches(&self, workflow: u32, from: StepIx, to: StepIx) -> bool {
        let (mut work, mut seen) = (vec![from], vec![from]);
        while let Some(step) = work.pop() {
            for edge in self.out(Place { workflow, step }).iter().filter_map(|e| self.edge(workflow, *e)) {
                if edge.to == to {
                    return true;
                }
                if !seen.contains(&edge.to) {
                    seen.push(edge.to);
                    work.push(edge.to);
                }
            }
        }
        false
    }

    /// The innermost loop around a step.
    #[must_use]
    pub fn loop_of(&self, at: Place) -> Option<StepIx> {
        let steps = self.workflow(at.workflow).map_or(0, |w| w.steps.len());
        let mut outer = self.step(at)?.parent;
        for _ in 0..=steps {
            let step = outer?;
            let container = self.step(Place { step, ..at })?;
            if matches!(container.kind, StepKind::Loop(_)) {
                return Some(step);
            }
            outer = container.parent;
        }
        None
    }

    /// Where a time-out edge is taken when a step takes too long: its own, or, where it waits for somebody, that of a
    /// container around it within the same round.
    pub(crate) fn timed(&self, at: Place) -> Option<StepIx> {
        let has = |step: StepIx| {
            let edges = self.out(Place { step, ..at }).iter().filter_map(|e| self.edge(at.workflow, *e));
            edges.into_iter().any(|e| e.kind == EdgeKind::Timeout)
        };
        let step = self.step(at)?;
        if has(at.step) {
            return Some(at.step);
        }
        let waits = step.ask.is_some() || step.kind == StepKind::Wait;
        let around = |of: &StepIx| {
            let outer = self.step(Place { step: *of, ..at })?.parent?;
            let kind = &self.step(Place { step: outer, ..at })?.kind;
            (!matches!(kind, StepKind::Loop(_))).then_some(outer)
        };
        let mut outer = std::iter::successors(around(&at.step).filter(|_| waits), around).take(MOST_NESTED);
        outer.find(|of| has(*of))
    }

    fn graph(&self, workflow: u32) -> Option<&Graph> {
        self.graphs.get(workflow as usize)
    }
}

impl Graph {
    /// Edges that name a step that is not there are left out.
    fn new(workflow: &Workflow) -> Self {
        let count = workflow.steps.len();
        let mut graph = Graph {
            out: vec![Vec::new(); count],
            into: vec![Vec::new(); count],
            starts: Vec::new(),
            by_id: HashMap::with_capacity(count),
        };
        for (i, edge) in (0u32..).zip(&workflow.edges).filter(|(_, e)| (e.to.0 as usize) < count) {
            match edge.from {
                Node::Trigger(_) => graph.starts.push(i),
                Node::Step(from) => match graph.out.get_mut(from.0 as usize) {
                    Some(out) => out.push(i),
                    None => continue,
                },
            }
            graph.into[edge.to.0 as usize].push(i);
        }
        for (i, step) in (0u32..).zip(&workflow.steps) {
            graph.by_id.entry(step.id.clone()).or_insert(StepIx(i));
        }
        graph
    }
}
