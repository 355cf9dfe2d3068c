//! The control-flow graph of one workflow, made for questions: what comes after what, what can be reached when
//! some edges are closed, and by which shortest walk.
//!
//! A step that joins with [`Join::All`] is reached only when every step before it has an open edge to it; this is
//! what makes "every path" hold on platforms where a step waits for several others. All walks are worklists:
//! nothing recurses, everything is linear in edges.

mod walker;

use crate::order::Order;
use rustc_hash::FxHashSet;
use std::cell::{Cell, OnceCell};
use std::collections::HashMap;
use std::sync::OnceLock;
use walker::Walker;
use workflow::{Edge, EdgeKind, LoopKind, Node, Platform, Step, StepIx, StepKind, Text, Walk, Workflow};

/// No edge.
const NONE: u32 = u32::MAX;

/// Adjacency over the steps of a workflow.
pub struct Graph<'w> {
    /// The workflow.
    pub workflow: &'w Workflow,
    by_id: HashMap<&'w str, StepIx>,
    out: Lists,
    into: Lists,
    starts: Vec<u32>,
    order: OnceCell<Option<Order>>,
    /// Some edge is taken when the step before it is skipped.
    skips: bool,
    /// For each step, whether some walk from a trigger comes there, whatever it waits for.
    from_triggers: OnceCell<Vec<bool>>,
    /// For each step, whether its platform lets a condition fail by which it is left.
    strict: OnceCell<Vec<bool>>,
    /// The variables that some step sets.
    variables: OnceCell<FxHashSet<Text>>,
    /// How many stations were told in walks so far.
    told: Cell<usize>,
}

/// Edge indices by step, in one allocation.
struct Lists {
    first: Vec<u32>,
    items: Vec<u32>,
}

/// Which steps a walk reached, and by which edge it reached each first.
#[derive(Clone, PartialEq, Eq)]
pub struct Reach {
    hit: Vec<bool>,
    by: Vec<u32>,
    passed: Vec<bool>,
    order: Vec<StepIx>,
    /// How many edges the walk to each step has.
    depth: Vec<u32>,
    /// The last station of the beginning that is told of a long walk to each step.
    head: Vec<u32>,
}

/// Where a walk begins.
#[derive(Clone, Copy)]
pub enum From {
    /// All triggers.
    Triggers,
    /// One trigger.
    Trigger(u32),
    /// What comes after a step (the step itself only if a loop leads back to it).
    After(StepIx),
}

impl Lists {
    fn new(count: usize, pairs: &[(u32, u32)]) -> Self {
        let mut first = vec![0u32; count + 1];
        for (step, _) in pairs {
            first[*step as usize + 1] += 1;
        }
        for i in 0..count {
            first[i + 1] += first[i];
        }
        let (mut next, mut items) = (first.clone(), vec![0u32; pairs.len()]);
        for (step, edge) in pairs {
            let slot = &mut next[*step as usize];
            items[*slot as usize] = *edge;
            *slot += 1;
        }
        Lists { first, items }
    }

    fn of(&self, step: StepIx) -> &[u32] {
        let i = step.0 as usize;
        match (self.first.get(i), self.first.get(i + 1)) {
            (Some(a), Some(b)) => &self.items[*a as usize..*b as usize],
            _ => &[],
        }
    }
}

impl<'w> Graph<'w> {
    /// The graph of a workflow. Edges that name a step that is not there are left out.
    #[must_use]
    pub fn new(workflow: &'w Workflow) -> Self {
        let count = workflow.steps.len();
        let (mut out, mut into, mut starts) = (Vec::new(), Vec::new(), Vec::new());
        for (i, edge) in workflow.edges.iter().enumerate() {
            let i = u32::try_from(i).unwrap_or(NONE);
            if edge.to.0 as usize >= count {
                continue;
            }
            match edge.from {
                Node::Trigger(_) => starts.push(i),
                Node::Step(from) if (from.0 as usize) < count => out.push((from.0, i)),
                Node::Step(_) => continue,
            }
            into.push((edge.to.0, i));
        }
        let by_id = workflow.steps.iter().enumerate().rev();
        let by_id = by_id.map(|(i, s)| (s.id.as_str(), StepIx(u32::try_from(i).unwrap_or(NONE)))).collect();
        Graph {
            workflow,
            by_id,
            out: Lists::new(count, &out),
            into: Lists::new(count, &into),
            starts,
            order: OnceCell::new(),
            strict: OnceCell::new(),
            skips: workflow.edges.iter().any(|e| e.kind == EdgeKind::Skipped),
            from_triggers: OnceCell::new(),
            variables: OnceCell::new(),
            told: Cell::new(0),
        }
    }

    /// Number of steps.
    #[must_use]
    pub fn len(&self) -> usize {
        self.workflow.steps.len()
    }

    /// Whether there is no step.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The step with an id.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<StepIx> {
        self.by_id.get(id).copied()
    }

    /// The step at an index; one that is not there does nothing.
    #[must_use]
    pub fn step(&self, ix: StepIx) -> &'w Step {
        match self.workflow.step(ix) {
            Some(step) => step,
            None => nothing(),
        }
    }

    /// All step indices.
    pub fn steps(&self) -> impl Iterator<Item = StepIx> + use<> {
        (0..u32::try_from(self.len()).unwrap_or(NONE)).map(StepIx)
    }

    /// An edge by its index.
    #[must_use]
    pub fn edge(&self, edge: u32) -> &'w Edge {
        &self.workflow.edges[edge as usize]
    }

    /// The edges that leave a step, by index, in the order of the definition.
    #[must_use]
    pub fn out(&self, step: StepIx) -> &[u32] {
        self.out.of(step)
    }

    /// The edges that come into a step, by index.
    #[must_use]
    pub fn into(&self, step: StepIx) -> &[u32] {
        self.into.of(step)
    }

    /// The steps directly before a step.
    pub fn before(&self, step: StepIx) -> impl Iterator<Item = StepIx> + '_ {
        self.into(step).iter().filter_map(|e| match self.edge(*e).from {
            Node::Step(s) => Some(s),
            Node::Trigger(_) => None,
        })
    }

    /// Whether some step sets a variable.
    #[must_use]
    pub fn sets(&self, variable: &str) -> bool {
        let assigned = || self.workflow.steps.iter().flat_map(|s| &s.assigns).map(|a| a.variable.clone());
        self.variables.get_or_init(|| assigned().collect()).contains(variable)
    }

    /// Whether edges lead from a trigger to a step, whatever the steps between wait for.
    #[must_use]
    pub fn comes_from_trigger(&self, step: StepIx) -> bool {
        let comes = self.from_triggers.get_or_init(|| {
            let mut comes = vec![false; self.len()];
            let mut work = self.starts.clone();
            while let Some(edge) = work.pop() {
                let to = self.edge(edge).to;
                if !std::mem::replace(&mut comes[to.0 as usize], true) {
                    work.extend(self.out(to));
                }
            }
            comes
        });
        comes.get(step.0 as usize).copied().unwrap_or(false)
    }

    /// Whether there is an edge that is taken when a step fails: its own, or one of a container around it.
    #[must_use]
    pub fn catches(&self, step: StepIx) -> bool {
        !self.error_edges(step).is_empty()
    }

    /// Whether every failure of a step leads on, and not only those that are named.
    #[must_use]
    pub fn catches_all(&self, step: StepIx) -> bool {
        let from = self.error_edges(step).first().map(|e| self.edge(*e).from);
        let whole =
            |s: StepIx| self.workflow.step(s).is_some_and(|s| s.on_error != workflow::OnError::Partly);
        matches!(from, Some(Node::Step(s)) if whole(s))
    }

    /// The edges that are taken when a step fails: its own, else those of the nearest container that has some.
    #[must_use]
    pub fn error_edges(&self, step: StepIx) -> Vec<u32> {
        self.caught_by(step, &EdgeKind::Error)
    }

    /// The edges of a kind that are taken when a step ends badly: its own, else those of the nearest container that has
    /// some.
    #[must_use]
    pub fn caught_by(&self, step: StepIx, kind: &EdgeKind) -> Vec<u32> {
        let mut at = Some(step);
        for _ in 0..=self.len() {
            let Some(here) = at else { break };
            let own = self.out(here).iter().copied().filter(|e| self.edge(*e).kind == *kind);
            let own: Vec<u32> = own.collect();
            if !own.is_empty() {
                return own;
            }
            at = self.workflow.step(here).and_then(|s| s.parent);
        }
        Vec::new()
    }

    /// Whether a loop goes through its body once before it looks whether to end: an `Until` of Logic Apps.
    #[must_use]
    pub fn is_body_first(&self, step: StepIx) -> bool {
        let platform = matches!(self.workflow.platform, Platform::LogicApps | Platform::PowerAutomate);
        platform && matches!(self.step(step).kind, StepKind::Loop(LoopKind::While { .. }))
    }

    /// Whether a step can fail by itself: a place where paths meet does not, nor does setting a constant. A branch does
    /// where its platform lets a condition fail that cannot be computed from what is there.
    #[must_use]
    pub fn may_fail(&self, at: StepIx) -> bool {
        let step = self.step(at);
        match step.kind {
            StepKind::Branch | StepKind::Guard => self.is_strict(at),
            StepKind::Join | StepKind::End(_) => false,
            StepKind::Set => {
                let set = step.assigns.iter().map(|a| &a.value).chain(&step.output);
                set.chain([&step.parameters]).any(|v| !v.expressions().is_empty())
            }
            _ => true,
        }
    }

    fn is_strict(&self, at: StepIx) -> bool {
        let rules = machine::semantics::of(self.workflow.platform);
        let strict = self.strict.get_or_init(|| {
            let mut strict = vec![false; self.len()];
            for edge in &self.workflow.edges {
                if let (EdgeKind::When { condition, .. }, Node::Step(from)) = (&edge.kind, edge.from)
                    && let Some(strict) = strict.get_mut(from.0 as usize)
                {
                    *strict |= !self.step(from).synthetic && rules.conditions_fail(condition);
                }
            }
            strict
        });
        strict.get(at.0 as usize).copied().unwrap_or(false)
    }

    /// Everything that a walk reaches over open edges. Joins wait for all only when the walk begins at triggers.
    pub fn reach(&self, from: From, open: impl FnMut(u32) -> bool) -> Reach {
        self.reach_where(from, |_| true, open)
    }

    /// The same where only some steps fail, so that what follows them is skipped.
    pub fn reach_where(
        &self,
        from: From,
        fails: impl Fn(StepIx) -> bool,
        mut open: impl FnMut(u32) -> bool,
    ) -> Reach {
        let mut walk = Walker::new(self, !matches!(from, From::After(_)));
        match from {
            From::Triggers => self.starts.iter().for_each(|e| walk.take(*e, &mut open)),
            From::Trigger(t) => {
                let of = |e: &&u32| self.edge(**e).from == Node::Trigger(t);
                self.starts.iter().filter(of).for_each(|e| walk.take(*e, &mut open));
            }
            From::After(step) => self.out(step).iter().for_each(|e| walk.take(*e, &mut open)),
        }
        while let Some(step) = walk.queue.pop_front() {
            self.out(step).iter().for_each(|e| walk.leave(*e, &mut open));
            let group = matches!(self.step(step).kind, StepKind::Scope | StepKind::Fork);
            if self.skips && !group && self.may_fail(step) && fails(step) {
                walk.skip_after(step, &mut open);
            }
        }
        Reach {
            hit: walk.hit,
            by: walk.by,
            passed: walk.passed,
            order: walk.order,
            depth: walk.depth,
            head: walk.head,
        }
    }

    /// Everything that some trigger can reach.
    #[must_use]
    pub fn reachable(&self) -> Reach {
        self.reach(From::Triggers, |_| true)
    }

    /// Everything after a step in the same round of every loop: a walk that comes back to a loop leaves it.
    #[must_use]
    pub fn after(&self, step: StepIx) -> Reach {
        let mut closed: Vec<bool> =
            self.workflow.steps.iter().map(|s| matches!(s.kind, StepKind::Loop(_))).collect();
        if let Some(own) = closed.get_mut(step.0 as usize) {
            *own = false;
        }
        loop {
            let next_round = |e: u32| {
                let edge = self.edge(e);
                edge.kind == EdgeKind::Body && matches!(edge.from, Node::Step(s) if closed[s.0 as usize])
            };
            let reach = self.reach(From::After(step), |e| !next_round(e));
            let mut more = false;
            for (i, shut) in closed.iter_mut().enumerate().filter(|(_, shut)| **shut) {
                let at = StepIx(u32::try_from(i).unwrap_or(NONE));
                let forward =
                    self.into(at).iter().any(|e| reach.passed(*e) && self.edge(*e).kind != EdgeKind::Back);
                *shut = !forward;
                more |= forward;
            }
            if !more {
                return reach;
            }
        }
    }

    /// Whether a step may come after another in the same round of every loop.
    #[must_use]
    pub fn leads(&self, from: StepIx, to: StepIx) -> bool {
        self.order().map_or_else(|| self.after(from).has(to), |o| o.leads(from, to))
    }

    /// Every step that may come after a step in the same round of every loop.
    #[must_use]
    pub fn followers(&self, from: StepIx) -> Vec<StepIx> {
        self.order().map_or_else(|| self.after(from).steps().collect(), |o| o.followers(from))
    }

    fn order(&self) -> Option<&Order> {
        self.order.get_or_init(|| Order::new(self.workflow)).as_ref()
    }

    /// The innermost loop a step stands in, by its containers.
    #[must_use]
    pub fn loop_of(&self, step: StepIx) -> Option<StepIx> {
        let mut at = self.step(step).parent;
        for _ in 0..self.len() {
            let outer = at?;
            let container = self.workflow.step(outer)?;
            if matches!(container.kind, StepKind::Loop(_)) {
                return Some(outer);
            }
            at = container.parent;
        }
        None
    }

    /// Every loop a step stands in, the innermost first.
    #[must_use]
    pub fn loops_of(&self, step: StepIx) -> Vec<StepIx> {
        let mut found = Vec::new();
        let mut at = self.loop_of(step);
        while let Some(outer) = at.filter(|l| !found.contains(l)) {
            found.push(outer);
            at = self.loop_of(outer);
        }
        found
    }

    /// Whether a step is an ancestor container of another.
    #[must_use]
    pub fn contains(&self, outer: StepIx, inner: StepIx) -> bool {
        let mut at = self.step(inner).parent;
        for _ in 0..self.len() {
            match at {
                Some(a) if a == outer => return true,
                Some(a) => at = self.workflow.step(a).and_then(|s| s.parent),
                None => return false,
            }
        }
        false
    }

    /// The shortest walk to a step in what was reached, told by the steps that the definition has; one too long to
    /// read is told without its middle, and where much was told already, by its ends alone.
    #[must_use]
    pub fn walk(&self, reach: &Reach, to: StepIx) -> Vec<Walk> {
        let length = reach.depth.get(to.0 as usize).map_or(0, |d| *d as usize);
        let ends = if self.told.get() > TOLD { SHORT_END } else { LONG_END };
        let long = length > 2 * ends;
        let mut edges = if long {
            let last = reach.head.get(to.0 as usize).map_or(to, |h| StepIx(*h));
            self.edges_to(reach, last, LONG_END)
        } else {
            Vec::new()
        };
        edges.truncate(ends);
        edges.extend(self.edges_to(reach, to, if long { ends } else { length }));
        self.told.set(self.told.get() + edges.len());
        let mut walk = Vec::with_capacity(edges.len() + 1);
        for (i, edge) in edges.into_iter().enumerate() {
            let leaves = if long && i + 1 == ends { "…" } else { self.edge(edge).kind.label() };
            match self.edge(edge).from {
                Node::Step(from) if self.step(from).synthetic => {}
                Node::Step(from) => walk.push(self.station(from, leaves, false)),
                Node::Trigger(t) => walk.extend(self.workflow.triggers.get(t as usize).map(|t| Walk {
                    step: t.id.clone(),
                    leaves: Text::default(),
                    line: t.span.line,
                    marked: false,
                })),
            }
        }
        walk.push(self.station(to, "", true));
        walk
    }

    /// The last edges, at most so many, of the walk to a step.
    fn edges_to(&self, reach: &Reach, to: StepIx, most: usize) -> Vec<u32> {
        let (mut edges, mut at) = (Vec::with_capacity(most), to);
        while let Some(edge) = reach.by.get(at.0 as usize).copied().filter(|e| *e != NONE) {
            if edges.len() == most {
                break;
            }
            edges.push(edge);
            match self.edge(edge).from {
                Node::Step(from) => at = from,
                Node::Trigger(_) => break,
            }
        }
        edges.reverse();
        edges
    }

    fn station(&self, step: StepIx, leaves: &str, marked: bool) -> Walk {
        let step = self.step(step);
        Walk { step: step.id.clone(), leaves: leaves.into(), line: step.span.line, marked }
    }
}

/// A step that does nothing.
fn nothing() -> &'static Step {
    static NOTHING: OnceLock<Step> = OnceLock::new();
    NOTHING.get_or_init(|| Step::new("", "", StepKind::Join))
}

/// So many edges are told at each end of a walk that is too long to be told in full.
const LONG_END: usize = 60;
/// The same once [`TOLD`] stations of a workflow's walks were told.
const SHORT_END: usize = 2;
/// A hundred times what all findings of a real workflow need.
const TOLD: usize = 20_000;

impl Reach {
    /// Whether a step was reached.
    #[must_use]
    pub fn has(&self, step: StepIx) -> bool {
        self.hit.get(step.0 as usize).copied().unwrap_or(false)
    }

    /// Whether an edge, by index, was open and its beginning reached.
    #[must_use]
    pub fn passed(&self, edge: u32) -> bool {
        self.passed.get(edge as usize).copied().unwrap_or(false)
    }

    /// Every step reached, the nearest first.
    #[must_use]
    pub fn in_order(&self) -> &[StepIx] {
        &self.order
    }

    /// Every step reached.
    pub fn steps(&self) -> impl Iterator<Item = StepIx> + '_ {
        let hit = self.hit.iter().enumerate().filter(|(_, h)| **h);
        hit.filter_map(|(i, _)| u32::try_from(i).ok()).map(StepIx)
    }

    /// How many steps were reached.
    #[must_use]
    pub fn count(&self) -> usize {
        self.hit.iter().filter(|h| **h).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_walk_is_told_without_its_middle_and_ever_shorter() {
        let steps: String = (0..1000).map(|i| format!("step s{i} read okta\n")).collect();
        let edges: Vec<String> = (0..1000).map(|i| format!("s{i}")).collect();
        let text = format!("trigger t webhook\n{steps}t -> {}", edges.join(" -> "));
        let workflows = crate::dsl::workflows(&text);
        let graph = Graph::new(&workflows[0]);
        let reach = graph.reachable();
        let told = |to: u32| -> Vec<String> {
            let walk = graph.walk(&reach, StepIx(to));
            walk.iter().map(|w| format!("{}{}", w.step, w.leaves)).collect()
        };
        assert_eq!(told(2), ["t", "s0", "s1", "s2"]);
        assert_eq!(told(119).len(), 121);
        let long = told(999);
        assert_eq!((long.len(), long[0].as_str(), long[59].as_str()), (121, "t", "s58…"));
        assert_eq!((long[60].as_str(), long[120].as_str()), ("s939", "s999"));
        (0..=TOLD / 120).for_each(|_| drop(told(999)));
        assert_eq!(told(999), ["t", "s0…", "s997", "s998", "s999"]);
        assert_eq!(told(2), ["t", "s0", "s1", "s2"]);
        assert_eq!(told(30), ["t", "s0…", "s28", "s29", "s30"]);
    }
}
