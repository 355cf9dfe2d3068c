//! Wires to edges: which output of a node means what, where failures and silence go, loops.

use super::conditions::{self, Outputs};
use super::flow::{Flow, Item, Role, Wire, WireKind};
use super::loops;
use super::value::condition;
use rustc_hash::FxHashMap;
use std::collections::HashMap;
use workflow::{
    EdgeKind, Function, Join, Node, OnError, Reference, Root, Step, StepIx, StepKind, Term, Text, Workflow,
};

/// What the outputs of a step stand for.
pub(super) fn outputs(item: &Item<'_>, step: &Step) -> Outputs {
    let line = step.span.line;
    let parameters = &step.parameters;
    let plain = |count| Outputs { count, failed: Some(0), ..Outputs::default() };
    match item.node_type.short() {
        Some("if") => conditions::of_if(parameters, line),
        Some("filter") => conditions::of_filter(parameters, line),
        Some("switch") => conditions::of_switch(parameters, line),
        Some("splitInBatches") => plain(if item.version.is_some_and(|v| v < 2.0) { 1 } else { 2 }),
        Some("compareDatasets") => unread(&["in A only", "same", "different", "in B only"], line),
        Some("textClassifier") => by_category(parameters.at("categories.categories"), parameters, line),
        Some("sentimentAnalysis") => {
            let said = parameters.at("options.categories").as_text().unwrap_or("Positive, Neutral, Negative");
            unread(&said.split(',').map(str::trim).collect::<Vec<_>>(), line)
        }
        Some("guardrails") if step.operation == "classify" => unread(&["pass", "fail"], line),
        Some("removeDuplicates") if step.operation == "removeItemsSeenInPreviousExecutions" => {
            unread(&["kept", "discarded"], line)
        }
        Some("respondToWebhook") if parameters.at("options.enableResponseOutput").as_bool() == Some(true) => {
            plain(2)
        }
        _ => plain(1),
    }
}

/// Outputs by something that the definition does not show.
fn unread(names: &[&str], line: u32) -> Outputs {
    let case = |(i, name): (usize, &&str)| {
        let output = u32::try_from(i).unwrap_or(u32::MAX);
        (output, Text::from(*name), condition(*name, Term::Unknown(Vec::new()), line))
    };
    let cases: Vec<_> = names.iter().enumerate().map(case).collect();
    Outputs { count: u32::try_from(cases.len()).unwrap_or(u32::MAX), cases, otherwise: None, failed: Some(0) }
}

/// A language model sorts items into categories.
fn by_category(categories: &workflow::Value, parameters: &workflow::Value, line: u32) -> Outputs {
    let named = |c: &workflow::Value| c.get("category").as_text().unwrap_or("?").to_owned();
    let names: Vec<String> = categories.items().iter().map(named).collect();
    let mut outputs = unread(&names.iter().map(String::as_str).collect::<Vec<_>>(), line);
    if parameters.at("options.fallback").as_text() == Some("other") {
        outputs.otherwise = Some((outputs.count, "other".into()));
        outputs.count += 1;
    }
    outputs
}

/// Builds the edges of a workflow.
pub(super) struct Edges<'f, 'w> {
    pub(super) flow: &'f Flow<'f>,
    pub(super) workflow: &'w mut Workflow,
    /// Triggers by their number in the definition; those that are switched off have none.
    pub(super) triggers: Vec<Option<u32>>,
    pub(super) outputs: Vec<Outputs>,
    /// For each loop item the synthetic step through which conditional ways lead back to it.
    pub(super) returns: HashMap<usize, StepIx>,
    pub(super) faults: Vec<(u32, String)>,
}

impl Edges<'_, '_> {
    /// Adds the edges of all wires.
    pub(super) fn connect(&mut self) {
        for wire in self.flow.wires.clone() {
            let (from, to) = (self.flow.items[wire.from].role, self.flow.items[wire.to].role);
            match (from, to, wire.kind) {
                (Role::Trigger(t), Role::Step(to), kind) => self.trigger_edge(t, StepIx(to), kind),
                (Role::Step(from), Role::Step(to), WireKind::Tool) => self.tool(StepIx(from), StepIx(to)),
                (Role::Step(_), Role::Step(_), WireKind::Main) => self.main(wire),
                (_, Role::Trigger(_), WireKind::Main) => {
                    let name = self.flow.items[wire.to].name;
                    let line = self.flow.items[wire.to].node.line();
                    self.faults.push((line, format!("a connection leads into the trigger `{name}`")));
                }
                _ => {}
            }
        }
        self.join();
    }

    /// A node with several connected inputs waits for them, and runs once with what it has when no more can come.
    fn join(&mut self) {
        let mut inputs: FxHashMap<u32, u32> = FxHashMap::default();
        for wire in self.flow.wires.iter().filter(|w| matches!(w.kind, WireKind::Main)) {
            let Role::Step(to) = self.flow.items[wire.to].role else { continue };
            let first = *inputs.entry(to).or_insert(wire.input);
            let step = self.workflow.steps.get_mut(to as usize).filter(|s| s.join == Join::Any);
            if let Some(step) = step.filter(|_| first != wire.input) {
                step.join = Join::Settled;
            }
        }
    }

    fn trigger_edge(&mut self, trigger: u32, to: StepIx, kind: WireKind) {
        let Some(Some(trigger)) = self.triggers.get(trigger as usize) else { return };
        let from = Node::Trigger(*trigger);
        match kind {
            WireKind::Main => self.workflow.connect(from, to, EdgeKind::Next),
            WireKind::Tool => self.workflow.connect(from, to, EdgeKind::Tool),
            WireKind::Part => {}
        }
    }

    /// A tool of a model; a step that asks before tools run leads to them only when the answer is yes.
    fn tool(&mut self, from: StepIx, to: StepIx) {
        let asks = self
            .workflow
            .step(from)
            .filter(|s| s.enabled)
            .and_then(|s| Some((s.id.clone(), s.ask.as_ref()?)));
        let kind = match asks {
            Some((id, ask)) => {
                let answer = Reference::keys(Root::Step(id), &ask.answer);
                let yes = Term::Call(Function::Equals, vec![Term::Ref(answer), Term::Bool(true)]);
                EdgeKind::When { case: "approved".into(), condition: condition("approved", yes, 0) }
            }
            None => EdgeKind::Tool,
        };
        self.workflow.connect(Node::Step(from), to, kind);
    }

    fn main(&mut self, wire: Wire) {
        let (Role::Step(from), Role::Step(to)) =
            (self.flow.items[wire.from].role, self.flow.items[wire.to].role)
        else {
            return;
        };
        let (from, to) = (StepIx(from), StepIx(to));
        let Some(step) = self.workflow.step(from) else { return };
        if !step.enabled {
            // A node that is switched off hands its input on by its first output.
            if wire.output == 0 {
                self.step_edge(wire, from, to, EdgeKind::Next);
            }
            return;
        }
        let (on_error, timed) =
            (step.on_error, step.ask.as_ref().is_some_and(|a| a.timeout_seconds.is_some()));
        let outputs = &self.outputs[from.0 as usize];
        let is_error = on_error == OnError::Either && wire.output == outputs.count;
        // A node that throws as a whole hands its input on by its first output, its error output notwithstanding.
        let failed =
            matches!(on_error, OnError::Continue | OnError::Either) && outputs.failed == Some(wire.output);
        let kind = if is_error { EdgeKind::Error } else { self.kind(wire, from) };
        self.step_edge(wire, from, to, kind);
        if failed {
            self.step_edge(wire, from, to, EdgeKind::Error);
        }
        if timed && wire.output == 0 {
            self.step_edge(wire, from, to, EdgeKind::Timeout);
        }
        self.empty_output(wire, from, to);
    }

    /// `alwaysOutputData` sends an empty item by the first output when there is no item for it.
    fn empty_output(&mut self, wire: Wire, from: StepIx, to: StepIx) {
        let node = self.flow.items[wire.from].node;
        if self.is_branch(from) && wire.output == 0 && node.bool("alwaysOutputData") == Some(true) {
            self.step_edge(wire, from, to, EdgeKind::Otherwise { case: "nothing left".into() });
        }
    }

    fn is_branch(&self, step: StepIx) -> bool {
        self.workflow.step(step).is_some_and(|s| matches!(s.kind, StepKind::Branch | StepKind::Guard))
    }

    fn kind(&self, wire: Wire, from: StepIx) -> EdgeKind {
        let item = &self.flow.items[wire.from];
        if loops::is_loop(self.flow, wire.from) {
            let body = wire.output == loops::body_output(item.version) && wire.to != wire.from;
            return if body { EdgeKind::Body } else { EdgeKind::Next };
        }
        let outputs = &self.outputs[from.0 as usize];
        if let Some((case, condition)) = outputs.case(wire.output) {
            return EdgeKind::When { case: case.clone(), condition: condition.clone() };
        }
        match &outputs.otherwise {
            Some((output, case)) if *output == wire.output => EdgeKind::Otherwise { case: case.clone() },
            _ if (wire.output == 0 && !self.is_branch(from)) || wire.output < outputs.count => EdgeKind::Next,
            _ => {
                let unknown = condition("output", Term::Unknown(Vec::new()), 0);
                EdgeKind::When { case: wire.output.to_string().into(), condition: unknown }
            }
        }
    }

    /// Adds an edge between steps; one that leads from a loop's body to the loop is its way back.
    fn step_edge(&mut self, wire: Wire, from: StepIx, to: StepIx, kind: EdgeKind) {
        let is_back = loops::is_loop(self.flow, wire.to) && self.is_inside(wire.from, wire.to);
        match kind {
            EdgeKind::Next if is_back => self.workflow.connect(Node::Step(from), to, EdgeKind::Back),
            kind if is_back => {
                let through = self.way_back(wire.to, to);
                self.workflow.connect(Node::Step(from), through, kind);
            }
            kind => self.workflow.connect(Node::Step(from), to, kind),
        }
    }

    fn is_inside(&self, item: usize, head: usize) -> bool {
        let mut at = self.flow.loops[item];
        for _ in 0..16 {
            match at {
                Some(ix) if ix == head => return true,
                Some(ix) => at = self.flow.loops[ix],
                None => return false,
            }
        }
        false
    }

    /// The synthetic step through which conditional ways lead back to a loop.
    fn way_back(&mut self, head: usize, to: StepIx) -> StepIx {
        if let Some(found) = self.returns.get(&head) {
            return *found;
        }
        let id = format!("{}/next", self.flow.items[head].id);
        let mut step = Step::new(id, "next", StepKind::Join);
        step.synthetic = true;
        step.passes_input = true;
        step.parent = Some(to);
        step.span = self.workflow.step(to).map(|s| s.span.clone()).unwrap_or_default();
        let made = self.workflow.add(step);
        self.workflow.connect(Node::Step(made), to, EdgeKind::Back);
        self.returns.insert(head, made);
        made
    }
}
