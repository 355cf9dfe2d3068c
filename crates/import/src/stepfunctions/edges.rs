//! States to edges: what comes next, rules, catchers, branches and loops.

use super::outs::{Around, Slot, reader};
use super::states::{Branch, Kind, State, States};
use super::steps::assigned;
use super::{ask, choice};
use crate::dataflow::Data;
use crate::dataflow::Way;
use crate::doc::Node;
use std::collections::HashMap;
use workflow::{
    Assignment, EdgeKind, Expression, Language, Root, Step, StepIx, StepKind, Term, Text, Workflow,
};

/// What edges are made with.
pub(super) struct Edges<'e, 'd> {
    pub(super) w: &'e mut Workflow,
    pub(super) states: &'e States<'d>,
    pub(super) inputs: &'e [Data],
    pub(super) around: Around<'e>,
    /// For each state, the step that its ordinary successor comes after: itself, or where its branches meet.
    pub(super) last: Vec<StepIx>,
    /// What catchers set, by the state and the catcher's number.
    pub(super) caught: HashMap<(usize, usize), Vec<Assignment>>,
}

impl Edges<'_, '_> {
    /// Adds the edges of one state.
    pub(super) fn of(&mut self, ix: usize) {
        let state = &self.states.all[ix];
        match state.kind {
            Kind::Choice => self.rules(ix),
            Kind::Fail => {}
            Kind::Parallel => self.branches(ix),
            Kind::Map => self.body(ix),
            _ => {}
        }
        if let Some(next) = state.next.filter(|_| self.comes_out(ix)) {
            self.w.connect(workflow::Node::Step(self.last[ix]), step_ix(next), EdgeKind::Next);
        }
        self.catchers(ix);
    }

    /// A Parallel state with a branch that only ever fails is never left the ordinary way.
    pub(super) fn comes_out(&self, ix: usize) -> bool {
        let state = &self.states.all[ix];
        state.kind != Kind::Parallel || state.branches.iter().all(|b| !b.ends.is_empty())
    }

    /// The last steps of a machine inside a state.
    fn ends(&self, branch: &Branch) -> Vec<workflow::Node> {
        let ends = branch.ends.iter().filter(|e| self.comes_out(**e));
        ends.map(|e| workflow::Node::Step(self.last[*e])).collect()
    }

    fn rules(&mut self, ix: usize) {
        let state = &self.states.all[ix];
        for (number, (rule, target)) in state.rules.iter().enumerate() {
            let Some(target) = target else { continue };
            let condition = choice::condition(*rule, &reader(state, &self.inputs[ix], &self.around));
            let case = condition.text.clone();
            let kind = EdgeKind::When { case, condition };
            self.way(ix, *rule, *target, kind, &format!("rule {}", number + 1), &[]);
        }
        if let Some(default) = state.default {
            let kind = EdgeKind::Otherwise { case: "default".into() };
            self.way(ix, state.node, default, kind, "default", &[]);
        }
    }

    /// An edge, with a step of its own in between where variables are set on this way only.
    fn way(
        &mut self,
        from: usize,
        node: Node<'_>,
        to: usize,
        kind: EdgeKind,
        label: &str,
        also: &[Assignment],
    ) {
        let state = &self.states.all[from];
        let error = Data::root(Root::Run("error".into()));
        let input = &self.inputs[from];
        let result = if kind == EdgeKind::Error || kind == EdgeKind::Timeout { &error } else { input };
        let mut assigns = assigned(node, state, input, result, &self.around);
        assigns.extend_from_slice(also);
        let mut to = step_ix(to);
        if !assigns.is_empty() {
            let mut set = Step::new(format!("{}/({label})", state.id), state.name, StepKind::Set);
            set.synthetic = true;
            set.passes_input = true;
            set.parent = state.parent.map(step_ix);
            set.assigns = assigns;
            set.span = self.w.steps[from].span.clone();
            let between = self.w.add(set);
            self.w.connect(workflow::Node::Step(between), to, EdgeKind::Next);
            to = between;
        }
        self.w.connect(workflow::Node::Step(step_ix(from)), to, kind);
    }

    fn branches(&mut self, ix: usize) {
        let state = &self.states.all[ix];
        let (fork, all) = (step_ix(ix), self.last[ix]);
        if state.branches.is_empty() {
            return self.w.connect(workflow::Node::Step(fork), all, EdgeKind::Next);
        }
        for (number, branch) in state.branches.iter().enumerate() {
            if let Some(start) = branch.start {
                self.w.connect(workflow::Node::Step(fork), step_ix(start), EdgeKind::Next);
            }
            let mut meet = all;
            if branch.ends.len() > 1 {
                let id = format!("{}/(end of branch {})", state.id, number + 1);
                let mut end = Step::new(id, state.name, StepKind::Join);
                end.synthetic = true;
                end.passes_input = true;
                end.parent = Some(fork);
                end.span = self.w.steps[ix].span.clone();
                meet = self.w.add(end);
                self.w.connect(workflow::Node::Step(meet), all, EdgeKind::Next);
            }
            for end in self.ends(branch) {
                self.w.connect(end, meet, EdgeKind::Next);
            }
        }
    }

    fn body(&mut self, ix: usize) {
        let state = &self.states.all[ix];
        for branch in &state.branches {
            if let Some(start) = branch.start {
                self.w.connect(workflow::Node::Step(step_ix(ix)), step_ix(start), EdgeKind::Body);
            }
            for end in self.ends(branch) {
                self.w.connect(end, step_ix(ix), EdgeKind::Back);
            }
        }
    }

    fn catchers(&mut self, ix: usize) {
        let state = &self.states.all[ix];
        let asks = self.w.steps[ix].ask.is_some();
        let mut timed_out = false;
        for (number, (catcher, target)) in state.catches.iter().enumerate() {
            let Some(target) = target else { continue };
            let named = Caught::of(*catcher);
            let sets = self.caught.get(&(ix, number)).cloned().unwrap_or_default();
            let label = format!("catch {}", number + 1);
            if named.errors {
                self.way(ix, *catcher, *target, EdgeKind::Error, &label, &sets);
            }
            let silent = named.timeouts || named.all && asks && ask::gives_up(state);
            if silent && !timed_out {
                timed_out = true;
                let label = format!("{label}, timeout");
                self.way(ix, *catcher, *target, EdgeKind::Timeout, &label, &sets);
            }
        }
    }
}

/// What a catcher catches.
pub(super) struct Caught {
    all: bool,
    timeouts: bool,
    pub(super) errors: bool,
    /// An error that is none of the platform's own: whoever answers chose its name.
    chosen: bool,
}

impl Caught {
    pub(super) fn of(catcher: Node<'_>) -> Self {
        let names = || catcher.get("ErrorEquals").into_iter().flat_map(Node::items).filter_map(Node::as_str);
        let timeout = |n: &str| matches!(n, "States.Timeout" | "States.HeartbeatTimeout");
        Caught {
            all: names().any(|n| n == "States.ALL"),
            timeouts: names().any(timeout),
            errors: names().any(|n| !timeout(n)) || names().next().is_none(),
            chosen: names().any(|n| !n.contains('.')),
        }
    }
}

/// A question may be refused by failing the task with an error of the answerer's own; where a catcher waits for such an
/// error and no condition reads the result, the way the task ends is the answer.
pub(super) fn answered_by_failing(w: &mut Workflow, states: &States<'_>) {
    for ix in 0..states.all.len() {
        if w.steps[ix].ask.is_none() || !refusable(&states.all[ix]) || is_read(w, &w.steps[ix].id) {
            continue;
        }
        if let Some(ask) = &mut w.steps[ix].ask {
            ask.decides = true;
        }
        let from = workflow::Node::Step(step_ix(ix));
        for edge in w.edges.iter_mut().filter(|e| e.from == from && e.kind == EdgeKind::Next) {
            let text = Text::from("SendTaskSuccess");
            let term = Term::Unknown(Vec::new());
            let condition = Expression { language: Language::Structured, text: text.clone(), term, line: 0 };
            edge.kind = EdgeKind::When { case: text, condition };
        }
    }
}

fn refusable(state: &State<'_>) -> bool {
    state.catches.iter().any(|(c, _)| Caught::of(*c).chosen)
}

/// Whether a condition reads a step's result, directly or as one of the values that a variable may have.
fn is_read(w: &Workflow, id: &str) -> bool {
    let conditions = w.edges.iter().filter_map(|e| match &e.kind {
        EdgeKind::When { condition, .. } => Some(condition),
        _ => None,
    });
    let reads = |r: &workflow::Reference| match &r.root {
        Root::Step(step) => step == id,
        Root::Variable(_) => true,
        _ => false,
    };
    conditions.flat_map(Expression::references).any(reads)
}

/// Steps of states stand in the order of the states.
pub(super) fn step_ix(state: usize) -> StepIx {
    StepIx(u32::try_from(state).unwrap_or(u32::MAX))
}

/// All ways on which data moves.
pub(super) fn ways(states: &States<'_>, points: &[Vec<usize>]) -> Vec<Way<Slot>> {
    let way = |from, slot, to| Way { from, slot, to };
    let mut ways: Vec<_> = states.outermost.start.into_iter().map(|s| way(None, Slot::Next, s)).collect();
    for (ix, state) in states.all.iter().enumerate() {
        ways.extend(state.next.map(|n| way(Some(ix), Slot::Next, n)));
        ways.extend(state.default.map(|n| way(Some(ix), Slot::Next, n)));
        let rules = state.rules.iter().enumerate();
        ways.extend(rules.filter_map(|(k, (_, to))| Some(way(Some(ix), Slot::Rule(k), (*to)?))));
        let catches = state.catches.iter().enumerate();
        ways.extend(catches.filter_map(|(k, (_, to))| Some(way(Some(ix), Slot::Catch(k), (*to)?))));
        for (branch, point) in state.branches.iter().zip(&points[ix]) {
            ways.extend(branch.start.map(|s| way(Some(ix), Slot::Inside, s)));
            ways.extend(branch.ends.iter().map(|e| way(Some(*e), Slot::Next, *point)));
        }
    }
    ways
}
