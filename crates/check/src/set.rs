//! The workflows of one check, seeing each other: who calls whom, and where a call's input goes.

use crate::graph::{From, Graph, Reach};
use crate::provenance::{Setters, Source};
use rustc_hash::FxHashMap;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use workflow::{CalleeKey, Links, StepIx, Text, TriggerKind, Value, Workflow};

/// A step of one of the workflows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// Index of the workflow in the set.
    pub workflow: u32,
    /// The step.
    pub step: StepIx,
}

/// One call from a step to a workflow.
#[derive(Clone, Copy)]
pub struct Call<'w> {
    /// The step that calls.
    pub from: Place,
    /// The workflow called, where it is in the set.
    pub to: Option<u32>,
    /// The workflow calls itself.
    pub itself: bool,
    /// The trigger of the called workflow that the call names; nothing where it names the whole.
    pub entry: Option<usize>,
    /// What it is given.
    pub input: &'w Value,
}

/// The workflows of one check.
pub struct Set<'w> {
    /// The workflows.
    pub workflows: &'w [Workflow],
    graphs: Vec<Graph<'w>>,
    reached: Vec<Reach>,
    by_trigger: Vec<Vec<Reach>>,
    calls: Vec<Call<'w>>,
    first_call: Vec<usize>,
    calls_of: FxHashMap<Place, Vec<usize>>,
    callers: Vec<Vec<usize>>,
    /// The sources of what steps are asked with, where somebody wanted to know.
    pub(crate) inputs: RefCell<FxHashMap<Place, Rc<Vec<Source>>>>,
    /// Which steps set a variable to what it is at a step.
    pub(crate) setters: RefCell<FxHashMap<(Place, Text), Setters>>,
    /// How many references were followed in each workflow.
    followed: Vec<Cell<usize>>,
    /// Some were not followed to their ends, since there are too many.
    cut: Vec<Cell<bool>>,
}

impl<'w> Set<'w> {
    /// Links workflows.
    #[must_use]
    pub fn new(workflows: &'w [Workflow]) -> Self {
        Set::linked(workflows, &Links::by_name(workflows))
    }

    /// The same, where calls mean what was found.
    #[must_use]
    pub fn linked(workflows: &'w [Workflow], links: &Links<'_>) -> Self {
        let graphs: Vec<Graph<'w>> = workflows.iter().map(Graph::new).collect();
        let reached = graphs.iter().map(Graph::reachable).collect();
        let by_trigger = graphs.iter().map(by_trigger).collect();
        let mut set = Set {
            workflows,
            graphs,
            reached,
            by_trigger,
            calls: Vec::new(),
            first_call: Vec::new(),
            calls_of: FxHashMap::default(),
            callers: vec![Vec::new(); workflows.len()],
            inputs: RefCell::default(),
            setters: RefCell::default(),
            followed: vec![Cell::new(0); workflows.len()],
            cut: vec![Cell::new(false); workflows.len()],
        };
        set.link(links);
        set
    }

    fn link(&mut self, links: &Links<'_>) {
        for (w, workflow) in self.workflows.iter().enumerate() {
            let w = u32::try_from(w).unwrap_or(u32::MAX);
            self.first_call.push(self.calls.len());
            for (i, step) in workflow.steps.iter().enumerate().filter(|(_, s)| s.enabled) {
                let from = Place { workflow: w, step: StepIx(u32::try_from(i).unwrap_or(u32::MAX)) };
                for callee in &step.calls {
                    let to = links.callee(w, &callee.key);
                    let entry = to.and_then(|to| entrance(&self.workflows[to as usize], &callee.key));
                    let call = Call { from, to, itself: to == Some(w), entry, input: &callee.input };
                    self.calls_of.entry(from).or_default().push(self.calls.len());
                    if let Some(to) = to.filter(|to| *to != w) {
                        self.callers[to as usize].push(self.calls.len());
                    }
                    self.calls.push(call);
                }
            }
        }
    }

    /// The graph of a workflow.
    #[must_use]
    pub fn graph(&self, workflow: u32) -> &Graph<'w> {
        &self.graphs[workflow as usize]
    }

    /// What the triggers of a workflow reach.
    #[must_use]
    pub fn reached(&self, workflow: u32) -> &Reach {
        &self.reached[workflow as usize]
    }

    /// The triggers that reach a step, by index.
    pub fn triggers(&self, at: Place) -> impl Iterator<Item = usize> + '_ {
        let several = &self.by_trigger[at.workflow as usize];
        let count = self.workflows[at.workflow as usize].triggers.len();
        let reached = self.reached(at.workflow);
        (0..count).filter(move |t| several.get(*t).map_or(reached.has(at.step), |r| r.has(at.step)))
    }

    /// What one trigger of a workflow reaches.
    #[must_use]
    pub fn reached_by(&self, workflow: u32, trigger: usize) -> &Reach {
        self.by_trigger[workflow as usize].get(trigger).unwrap_or_else(|| self.reached(workflow))
    }

    /// The calls that a step makes.
    pub fn calls(&self, from: Place) -> impl Iterator<Item = &Call<'w>> {
        self.calls_of.get(&from).into_iter().flatten().map(|i| &self.calls[*i])
    }

    /// All calls that a workflow makes.
    pub fn calls_from(&self, workflow: u32) -> impl Iterator<Item = &Call<'w>> {
        let first = |w: usize| self.first_call.get(w).copied().unwrap_or(self.calls.len());
        self.calls[first(workflow as usize)..first(workflow as usize + 1)].iter()
    }

    /// The calls by which other workflows start this one.
    pub fn callers(&self, workflow: u32) -> impl Iterator<Item = &Call<'w>> {
        self.callers[workflow as usize].iter().map(|i| &self.calls[*i])
    }

    /// The calls by which other workflows come to a step: those where a trigger for calls reaches it. A trigger
    /// that the world can use as well is none of these.
    pub fn callers_to(&self, at: Place) -> Vec<Call<'w>> {
        let triggers = &self.workflows[at.workflow as usize].triggers;
        let called = |t: usize| triggers[t].kind == TriggerKind::Subflow;
        if !self.triggers(at).any(called) {
            return Vec::new();
        }
        let comes = |c: &&Call<'w>| c.entry.is_none_or(|t| self.reached_by(at.workflow, t).has(at.step));
        self.callers(at.workflow).filter(comes).copied().collect()
    }

    /// Whether what a call starts, and what that starts in turn, comes to a step.
    #[must_use]
    pub fn comes_to(&self, call: &Call<'w>, at: Place) -> bool {
        let mut open: Vec<(u32, Option<usize>)> = call.to.map(|to| (to, call.entry)).into_iter().collect();
        let mut next = 0;
        while let Some((workflow, entry)) = open.get(next).copied() {
            next += 1;
            let triggers = &self.workflows[workflow as usize].triggers;
            let apart = triggers.iter().any(|t| t.kind == TriggerKind::Subflow);
            let here = |step: StepIx| match entry {
                Some(t) => self.reached_by(workflow, t).has(step),
                None if apart => {
                    let mut reaching = self.triggers(Place { workflow, step });
                    reaching.any(|t| triggers[t].kind == TriggerKind::Subflow)
                }
                None => self.reached(workflow).has(step),
            };
            if workflow == at.workflow && here(at.step) {
                return true;
            }
            for further in self.calls_from(workflow).filter(|c| here(c.from.step)) {
                let new = further.to.map(|to| (to, further.entry)).filter(|n| !open.contains(n));
                open.extend(new);
            }
        }
        false
    }

    /// How many references were followed in a workflow so far.
    pub(crate) fn followed(&self, workflow: u32) -> usize {
        self.followed.get(workflow as usize).map_or(0, Cell::get)
    }

    /// Counts references that were followed, and notes whether some were not.
    pub(crate) fn follow(&self, workflow: u32, more: usize, cut: bool) {
        let w = workflow as usize;
        self.followed.get(w).into_iter().for_each(|f| f.set(f.get().saturating_add(more)));
        self.cut.get(w).into_iter().for_each(|c| c.set(c.get() || cut));
    }

    /// Whether values of a workflow were not followed to their ends, since there is too much of it.
    #[must_use]
    pub fn is_cut(&self, workflow: u32) -> bool {
        self.cut.get(workflow as usize).is_some_and(Cell::get)
    }

    /// Every workflow that a workflow starts, and those that these start, itself first.
    #[must_use]
    pub fn closure(&self, workflow: u32) -> Vec<u32> {
        let mut found = vec![workflow];
        let mut next = 0;
        while let Some(w) = found.get(next).copied() {
            next += 1;
            for to in self.calls_from(w).filter_map(|c| c.to) {
                if !found.contains(&to) {
                    found.push(to);
                }
            }
        }
        found
    }
}

/// The trigger for calls that a key names by its own id.
fn entrance(workflow: &Workflow, key: &CalleeKey) -> Option<usize> {
    let (CalleeKey::Id(key) | CalleeKey::Name(key)) = key else { return None };
    let own = workflow.id.as_ref() == Some(key);
    let is = |t: &workflow::Trigger| t.kind == TriggerKind::Subflow && t.id == *key;
    workflow.triggers.iter().position(is).filter(|_| !own)
}

/// What each trigger reaches, only where there are several.
fn by_trigger(graph: &Graph<'_>) -> Vec<Reach> {
    let count = u32::try_from(graph.workflow.triggers.len()).unwrap_or(0);
    if !(2..=64).contains(&count) {
        return Vec::new();
    }
    (0..count).map(|t| graph.reach(From::Trigger(t), |_| true)).collect()
}
