//! One walk over a graph: which steps it reaches, and what a step that waits for several still misses.

use super::{Graph, LONG_END, NONE};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::VecDeque;
use workflow::{EdgeKind, Join, Node, StepIx};

/// The state of one walk.
pub(super) struct Walker<'g, 'w> {
    graph: &'g Graph<'w>,
    joins: bool,
    pub(super) hit: Vec<bool>,
    pub(super) by: Vec<u32>,
    skipped: Vec<bool>,
    pub(super) passed: Vec<bool>,
    pub(super) order: Vec<StepIx>,
    pub(super) depth: Vec<u32>,
    pub(super) head: Vec<u32>,
    waits: FxHashMap<StepIx, Waits>,
    /// Loops that go through their body first, and whose body has come to its end.
    returned: FxHashSet<StepIx>,
    pub(super) queue: VecDeque<StepIx>,
}

/// What a step waits for, in order, and which of it is there.
struct Waits {
    before: Vec<Node>,
    arrived: Vec<bool>,
    missing: usize,
}

/// Any trigger stands for all.
fn one_trigger(from: Node) -> Node {
    if let Node::Trigger(_) = from { Node::Trigger(0) } else { from }
}

impl<'g, 'w> Walker<'g, 'w> {
    pub(super) fn new(graph: &'g Graph<'w>, joins: bool) -> Self {
        let n = graph.len();
        let (hit, by, skipped) = (vec![false; n], vec![NONE; n], vec![false; n]);
        let passed = vec![false; graph.workflow.edges.len()];
        Walker {
            graph,
            joins,
            hit,
            by,
            skipped,
            passed,
            order: Vec::new(),
            depth: vec![0; n],
            head: vec![NONE; n],
            waits: FxHashMap::default(),
            returned: FxHashSet::default(),
            queue: VecDeque::new(),
        }
    }

    pub(super) fn leave(&mut self, edge: u32, open: &mut impl FnMut(u32) -> bool) {
        let of = self.graph.edge(edge);
        if of.kind != EdgeKind::Skipped && !(of.kind == EdgeKind::Next && self.has_to_repeat(of.from)) {
            self.take(edge, open);
        }
    }

    /// Whether a node is a loop whose body comes first, and has not come to its end.
    fn has_to_repeat(&self, node: Node) -> bool {
        let Node::Step(at) = node else { return false };
        let body = |e: &u32| self.graph.edge(*e).kind == EdgeKind::Body;
        self.graph.is_body_first(at) && !self.returned.contains(&at) && self.graph.out(at).iter().any(body)
    }

    pub(super) fn take(&mut self, edge: u32, open: &mut impl FnMut(u32) -> bool) {
        let to = self.graph.edge(edge).to;
        if self.passed[edge as usize] || !open(edge) {
            return;
        }
        self.passed[edge as usize] = true;
        let back = self.graph.edge(edge).kind == EdgeKind::Back && self.graph.is_body_first(to);
        let first = back && self.returned.insert(to);
        if self.hit[to.0 as usize] {
            self.queue.extend(first.then_some(to));
            return;
        }
        if self.joins && self.graph.step(to).join == Join::All && !self.arrived(to, edge) {
            return;
        }
        self.hit[to.0 as usize] = true;
        self.by[to.0 as usize] = edge;
        let (before, head) = match self.graph.edge(edge).from {
            Node::Step(from) => (self.depth[from.0 as usize], self.head[from.0 as usize]),
            Node::Trigger(_) => (0, NONE),
        };
        self.depth[to.0 as usize] = before + 1;
        self.head[to.0 as usize] = if before as usize >= LONG_END { head } else { to.0 };
        self.queue.push_back(to);
        self.order.push(to);
    }

    /// Notes an arrival at a step that waits for all before it; true once the last is there.
    fn arrived(&mut self, to: StepIx, edge: u32) -> bool {
        let graph = self.graph;
        let waits = self.waits.entry(to).or_insert_with(|| {
            let before = graph.into(to).iter().map(|e| graph.edge(*e)).filter(|e| e.kind != EdgeKind::Back);
            let mut before: Vec<Node> = before.map(|e| one_trigger(e.from)).collect();
            before.sort_unstable();
            before.dedup();
            Waits { missing: before.len(), arrived: vec![false; before.len()], before }
        });
        let from = waits.before.binary_search(&one_trigger(graph.edge(edge).from)).ok();
        if let Some(arrived) = from.and_then(|i| waits.arrived.get_mut(i)) {
            waits.missing -= usize::from(!std::mem::replace(arrived, true));
        }
        waits.missing == 0
    }

    /// A step that runs may fail, and then the steps that only follow its success are skipped: their own
    /// `skipped` edges are open from here.
    pub(super) fn skip_after(&mut self, step: StepIx, open: &mut impl FnMut(u32) -> bool) {
        let mut work = vec![step];
        while let Some(at) = work.pop() {
            for e in self.graph.out(at) {
                let edge = self.graph.edge(*e);
                let to = edge.to;
                if edge.kind != EdgeKind::Next || self.skipped[to.0 as usize] {
                    continue;
                }
                self.skipped[to.0 as usize] = true;
                for after in self.graph.out(to) {
                    if self.graph.edge(*after).kind == EdgeKind::Skipped {
                        self.take(*after, open);
                    }
                }
                work.push(to);
            }
        }
    }
}
