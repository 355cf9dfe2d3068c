//! The edges of a workflow: `runAfter` turned round, containers with what leads in and out of them.
//!
//! A container that is no loop has a synthetic exit (`x#exit`) where its ends meet. The failure of an action that
//! nothing deals with belongs to the containers around it: where something runs after such a container's
//! failure, the failures meet in a synthetic step (`x#failed`) that leads there. An action that runs after
//! something was skipped gets an edge from what made it be skipped. A failure inside an `Until` ends only the round:
//! it leads to a synthetic branch (`x#round`), to the next round, or, where that was the last, to the loop's failure.

use super::actions::{Action, Actions, Group, Slot};
use super::context::Context;
use super::runs::{Run, Runs};
use std::collections::HashSet;
use workflow::{
    Edge, EdgeKind, Expression, Function, Join, Language, Node, OnError, Outcome, Step, StepIx, StepKind,
    Term, Workflow,
};

/// So many actions are looked through for why one was skipped, before they share a step.
const MAX_SKIPPED: usize = 64;

/// An edge without its end.
type Source = (Node, EdgeKind);

/// Adds all edges, and the synthetic steps between them.
pub(super) fn connect<'d>(workflow: &mut Workflow, actions: &Actions<'d>, runs: &Runs, cx: &Context<'_, 'd>) {
    let count = actions.all.len();
    let none = || vec![None; count];
    let mut wiring = Wiring {
        workflow,
        actions,
        runs,
        cx,
        exits: none(),
        failed: none(),
        rounds: none(),
        skipped: none(),
        pending: Vec::new(),
    };
    wiring.ends();
    wiring.starts();
    for index in 0..count {
        wiring.after(index);
        wiring.inside(index);
        wiring.failure(index);
        wiring.limit(index);
    }
    wiring.fill_skipped();
}

struct Wiring<'w, 'd> {
    workflow: &'w mut Workflow,
    actions: &'w Actions<'d>,
    runs: &'w Runs,
    cx: &'w Context<'w, 'd>,
    exits: Vec<Option<StepIx>>,
    failed: Vec<Option<StepIx>>,
    rounds: Vec<Option<StepIx>>,
    skipped: Vec<Option<StepIx>>,
    pending: Vec<usize>,
}

impl<'d> Wiring<'_, 'd> {
    fn action(&self, index: usize) -> &'_ Action<'d> {
        &self.actions.all[index]
    }

    /// Makes the synthetic ends of all containers.
    fn ends(&mut self) {
        for index in 0..self.actions.all.len() {
            let (container, repeats) = (self.action(index).is_container(), self.action(index).is_loop());
            if container && !repeats {
                self.exits[index] = Some(self.synthetic(index, "exit", StepKind::Join));
            }
            if container && self.runs.failure_handled[index] {
                self.failed[index] = Some(self.synthetic(index, "failed", StepKind::Join));
            }
            if container && self.action(index).is_until() {
                self.rounds[index] = Some(self.synthetic(index, "round", StepKind::Branch));
            }
        }
    }

    fn synthetic(&mut self, index: usize, what: &str, kind: StepKind) -> StepIx {
        let action = self.action(index);
        let mut step = Step::new(format!("{}#{what}", action.id), action.name.replace('_', " "), kind);
        step.synthetic = true;
        step.parent = action.parent.map(ix);
        step.passes_input = true;
        step.span = action.node.span();
        self.workflow.add(step)
    }

    fn starts(&mut self) {
        let first = self.first(&self.actions.top.members);
        for trigger in 0..u32::try_from(self.workflow.triggers.len()).unwrap_or(0) {
            for &start in &first {
                self.workflow.connect(Node::Trigger(trigger), ix(start), EdgeKind::Next);
            }
        }
    }

    fn first(&self, members: &[usize]) -> Vec<usize> {
        members.iter().copied().filter(|&m| self.runs.after[m].is_empty()).collect()
    }

    /// What leads to an action from those it runs after.
    fn after(&mut self, index: usize) {
        let runs = self.runs.after[index].clone();
        let groups: Vec<Vec<Source>> = runs.iter().map(|run| self.sources(*run)).collect();
        self.arrive(index, ix(index), groups);
    }

    /// The edges that may fulfil one entry of `runAfter`.
    fn sources(&mut self, run: Run) -> Vec<Source> {
        let mut sources = Vec::new();
        if run.succeeded {
            sources.extend(self.success(run.before));
        }
        if run.failed || run.timed_out {
            sources.extend(self.failure_of(run.before, run.failed, run.timed_out));
        }
        if run.skipped {
            sources.push((Node::Step(ix(run.before)), EdgeKind::Skipped));
            sources.extend(self.skip_sources(run.before));
        }
        sources
    }

    fn success(&self, index: usize) -> Option<Source> {
        let from = self.exits[index].unwrap_or(ix(index));
        (!self.action(index).is_end()).then_some((Node::Step(from), EdgeKind::Next))
    }

    fn failure_of(&self, index: usize, failed: bool, timed_out: bool) -> Vec<Source> {
        if let (Some(join), true) = (self.failed[index], failed || timed_out) {
            return vec![(Node::Step(join), EdgeKind::Next)];
        }
        let kinds = [(failed, EdgeKind::Error), (timed_out, EdgeKind::Timeout)];
        let here = kinds.into_iter().filter(|(taken, _)| *taken && !self.action(index).is_end());
        here.map(|(_, kind)| (Node::Step(ix(index)), kind)).collect()
    }

    /// The ways in which an action comes to be skipped.
    fn skip_sources(&mut self, index: usize) -> Vec<Source> {
        let mut found = Vec::new();
        let mut seen = HashSet::from([index]);
        let mut work = vec![index];
        while let Some(skipped) = work.pop() {
            for run in self.runs.after[skipped].clone() {
                if !run.succeeded {
                    found.extend(self.success(run.before));
                }
                let waits = waits(&self.action(run.before).kind);
                found.extend(self.failure_of(run.before, !run.failed, !run.timed_out && waits));
                if run.skipped || !seen.insert(run.before) {
                    continue;
                }
                if seen.len() < MAX_SKIPPED {
                    work.push(run.before);
                } else {
                    found.push((Node::Step(self.skip_join(run.before)), EdgeKind::Next));
                }
            }
        }
        found.dedup();
        found
    }

    fn skip_join(&mut self, index: usize) -> StepIx {
        if let Some(known) = self.skipped[index] {
            return known;
        }
        let join = self.synthetic(index, "skipped", StepKind::Join);
        self.skipped[index] = Some(join);
        self.pending.push(index);
        join
    }

    fn fill_skipped(&mut self) {
        while let Some(index) = self.pending.pop() {
            let sources = self.skip_sources(index);
            if let Some(join) = self.skipped[index] {
                self.arrive(index, join, vec![sources]);
            }
        }
    }

    /// Leads sources to a step: one of each group has to arrive.
    fn arrive(&mut self, index: usize, to: StepIx, groups: Vec<Vec<Source>>) {
        let all = groups.len() > 1;
        for (number, sources) in groups.into_iter().enumerate() {
            let mut end = to;
            if all && sources.len() > 1 {
                end = self.synthetic(index, &format!("after{number}"), StepKind::Join);
                self.workflow.connect(Node::Step(end), to, EdgeKind::Next);
            }
            for (from, kind) in sources {
                self.workflow.edges.push(Edge { from, to: end, kind });
            }
        }
        if let (true, Some(step)) = (all, self.workflow.steps.get_mut(to.0 as usize)) {
            step.join = Join::All;
        }
    }

    /// What leads into a container and out of it.
    fn inside(&mut self, index: usize) {
        let (kind, node) = (self.action(index).kind.clone(), self.action(index).node);
        let item = self.action(index).item.map(|i| self.actions.all[i].id.clone());
        let item = item.as_deref();
        for number in 0..self.action(index).groups.len() {
            let case = self.case(index, number, &kind, item);
            let first = self.enter(index, number, case);
            self.leave(index, number);
            self.round(index, first, item);
        }
        let Some(exit) = self.exits[index] else { return };
        let groups = &self.actions.all[index].groups;
        let has = |slot: Slot<'_>| groups.iter().any(|g| g.slot == slot);
        match kind.as_str() {
            "if" => {
                if !has(Slot::Body) {
                    let condition = self.cx.condition(node.get("expression"), item);
                    let edge = EdgeKind::When { case: "true".into(), condition };
                    self.workflow.edges.push(Edge { from: Node::Step(ix(index)), to: exit, kind: edge });
                }
                if !has(Slot::Else) {
                    self.workflow.connect(
                        Node::Step(ix(index)),
                        exit,
                        EdgeKind::Otherwise { case: "false".into() },
                    );
                }
            }
            "switch" if !has(Slot::Default) => {
                self.workflow.connect(
                    Node::Step(ix(index)),
                    exit,
                    EdgeKind::Otherwise { case: "default".into() },
                );
            }
            _ => {}
        }
    }

    /// The edge that leads into a group.
    fn case(&self, index: usize, number: usize, kind: &str, item: Option<&str>) -> EdgeKind {
        let action = self.action(index);
        let group = &action.groups[number];
        match (kind, group.slot) {
            ("if", Slot::Body) => {
                let condition = self.cx.condition(action.node.get("expression"), item);
                EdgeKind::When { case: "true".into(), condition }
            }
            (_, Slot::Else) => EdgeKind::Otherwise { case: "false".into() },
            (_, Slot::Default) => EdgeKind::Otherwise { case: "default".into() },
            (_, Slot::Case(name)) => {
                EdgeKind::When { case: name.into(), condition: self.equals(action, group, item) }
            }
            (_, Slot::Tool(_)) => EdgeKind::Tool,
            ("foreach" | "until", _) => EdgeKind::Body,
            _ => EdgeKind::Next,
        }
    }

    fn equals(&self, action: &Action<'d>, group: &Group<'d>, item: Option<&str>) -> Expression {
        let of = action.node.get("expression");
        let value = group.node.and_then(|n| n.get("case"));
        let text =
            |n: Option<crate::doc::Node<'_>>| n.and_then(|n| n.scalar()).unwrap_or_default().to_owned();
        let term = match (of, value) {
            (Some(of), Some(value)) => {
                Term::Call(Function::Equals, vec![self.cx.operand(of, item), self.cx.operand(value, item)])
            }
            _ => Term::Unknown(Vec::new()),
        };
        let line = value.map_or(0, crate::doc::Node::line);
        let text = format!("{} equals {}", text(of), text(value));
        Expression { language: Language::Wdl, text: text.into(), term, line }
    }

    /// Leads into a group; gives the step that it begins with.
    fn enter(&mut self, index: usize, number: usize, edge: EdgeKind) -> Option<StepIx> {
        let first = self.first(&self.action(index).groups[number].members);
        let to = match first[..] {
            [only] => ix(only),
            [] => self.exits[index]?,
            _ => self.synthetic(index, &format!("start{number}"), StepKind::Fork),
        };
        self.workflow.connect(Node::Step(ix(index)), to, edge);
        if first.len() > 1 {
            for start in first {
                self.workflow.connect(Node::Step(to), ix(start), EdgeKind::Next);
            }
        }
        Some(to)
    }

    /// What becomes of a failed round of an `Until`: another round while its condition does not hold, and the loop's
    /// own failure when that was the last.
    fn round(&mut self, index: usize, first: Option<StepIx>, item: Option<&str>) {
        let (Some(branch), Some(first)) = (self.rounds[index], first) else { return };
        let mut condition = self.cx.condition(self.action(index).node.get("expression"), item);
        condition.term = Term::Call(Function::Not, vec![condition.term]);
        condition.text = format!("not {}", condition.text).into();
        self.workflow.edges.push(Edge {
            from: Node::Step(branch),
            to: first,
            kind: EdgeKind::When { case: "another round".into(), condition },
        });
        let failure = self.failure_target(index, "ended");
        self.workflow.connect(Node::Step(branch), failure, EdgeKind::Otherwise { case: "last round".into() });
    }

    /// Where a loop's own failure goes: to what deals with it, else to the end of the run.
    fn failure_target(&mut self, index: usize, what: &str) -> StepIx {
        match self.failed[index].or_else(|| self.outer(index)) {
            Some(target) => target,
            None => self.synthetic(index, what, StepKind::End(Outcome::Failure)),
        }
    }

    /// An `Until` that reaches its limits is done, unless it is set to fail then.
    fn limit(&mut self, index: usize) {
        let action = self.action(index);
        let option = action.node.str("operationOptions").unwrap_or_default();
        if action.is_until() && option.eq_ignore_ascii_case("FailWhenLimitsReached") {
            let failure = self.failure_target(index, "limit");
            self.workflow.connect(Node::Step(ix(index)), failure, EdgeKind::Timeout);
        }
    }

    /// Leads the ends of a group to the container's exit, or back to the loop.
    fn leave(&mut self, index: usize, number: usize) {
        let group = &self.action(index).groups[number];
        if matches!(group.slot, Slot::Tool(_)) {
            return;
        }
        let ends: Vec<usize> =
            group.members.iter().copied().filter(|&m| self.runs.next[m].is_empty()).collect();
        let groups: Vec<Vec<Source>> =
            ends.iter().map(|&end| self.end_sources(end)).filter(|sources| !sources.is_empty()).collect();
        let repeats = self.action(index).is_loop();
        let several = groups.len() > 1;
        let to = match (repeats, several, self.exits[index]) {
            (true, true, _) | (false, true, Some(_)) => {
                let join = self.synthetic(index, &format!("end{number}"), StepKind::Join);
                let (after, kind) = if repeats {
                    (ix(index), EdgeKind::Back)
                } else {
                    (self.exits[index].unwrap_or(join), EdgeKind::Next)
                };
                self.workflow.connect(Node::Step(join), after, kind);
                join
            }
            (true, false, _) => ix(index),
            (false, false, Some(exit)) => exit,
            (false, _, None) => return,
        };
        if repeats && !several {
            for (from, _) in groups.into_iter().flatten() {
                self.workflow.connect(from, to, EdgeKind::Back);
            }
        } else if several {
            self.arrive(index, to, groups);
        } else {
            self.workflow.edges.extend(groups.into_iter().flatten().map(|(from, kind)| Edge {
                from,
                to,
                kind,
            }));
        }
    }

    /// How the last action of a branch ends well: itself, or what went well before it was skipped.
    fn end_sources(&self, end: usize) -> Vec<Source> {
        let mut found: Vec<Source> = self.success(end).into_iter().collect();
        let mut seen = HashSet::from([end]);
        let mut work = vec![end];
        while let Some(skipped) = work.pop() {
            for run in &self.runs.after[skipped] {
                if !run.succeeded {
                    found.extend(self.success(run.before));
                }
                if !run.skipped && seen.len() < MAX_SKIPPED && seen.insert(run.before) {
                    work.push(run.before);
                }
            }
        }
        found
    }

    /// Where the failure of an action goes that nothing beside it deals with.
    fn failure(&mut self, index: usize) {
        let own = self.failed[index];
        let handled = self.runs.failure_handled[index] && !self.action(index).is_container();
        if self.action(index).is_end() || handled {
            self.route(index, handled);
            return;
        }
        let Some(target) = own.or_else(|| self.outer(index)) else { return };
        self.route(index, true);
        // A scope fails by what is in it, which leads there by itself.
        if self.action(index).kind != "scope" {
            self.workflow.connect(Node::Step(ix(index)), target, EdgeKind::Error);
        }
        let action = self.action(index);
        let timed = action.node.at(&["limit", "timeout"]).is_some() && !action.is_until();
        if timed || waits(&action.kind) {
            self.workflow.connect(Node::Step(ix(index)), target, EdgeKind::Timeout);
        }
    }

    fn outer(&self, index: usize) -> Option<StepIx> {
        let mut at = self.action(index).parent;
        while let Some(parent) = at {
            if let Some(target) = self.rounds[parent].or(self.failed[parent]) {
                return Some(target);
            }
            at = self.action(parent).parent;
        }
        None
    }

    fn route(&mut self, index: usize, routed: bool) {
        if let (true, Some(step)) = (routed, self.workflow.steps.get_mut(index)) {
            step.on_error = OnError::Route;
        }
    }
}

/// Actions that wait for an answer from outside.
fn waits(kind: &str) -> bool {
    kind.contains("webhook")
}

fn ix(index: usize) -> StepIx {
    StepIx(u32::try_from(index).unwrap_or(u32::MAX))
}
