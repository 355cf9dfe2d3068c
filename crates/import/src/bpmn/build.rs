//! A workflow from a process: flow nodes to steps and triggers, sub-processes to any depth.

use super::place::{ById, Placed};
use super::xml::{self, Element};
use super::{activity, answers, digest, edges, event};
use workflow::{
    Assignment, EdgeKind, Expression, Join, Language, LoopKind, Map, Node as End, Platform, Problem, Step,
    StepIx, StepKind, Text, Value, Workflow,
};

/// Sub-processes are followed so deep.
const MAX_NESTING: usize = 40;

/// So many variables are followed past steps that may set them.
const MAX_UNSEEN: usize = 20_000;

/// Elements that a flow can lead to.
pub(super) fn is_flow_node(name: &str) -> bool {
    name.ends_with("Task")
        || name.ends_with("Gateway")
        || matches!(
            name,
            "task"
                | "callActivity"
                | "subProcess"
                | "adHocSubProcess"
                | "transaction"
                | "startEvent"
                | "endEvent"
                | "intermediateCatchEvent"
                | "intermediateThrowEvent"
                | "boundaryEvent"
        )
}

/// Elements with flow nodes of their own.
pub(super) fn is_container(name: &str) -> bool {
    matches!(name, "subProcess" | "adHocSubProcess" | "transaction")
}

/// Whether a process does anything.
pub(super) fn has_steps(process: Element<'_, '_>) -> bool {
    process.children().any(|n| is_flow_node(xml::name(n)))
}

/// Which engine's rules of failure a model follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Engine {
    Camunda8,
    Camunda7,
    Other,
}

impl Engine {
    /// By the namespaces of its attributes; modelers for Camunda 8 declare the older one too.
    fn of(process: Element<'_, '_>) -> Self {
        let declares = |uri: &str| process.namespaces().any(|n| n.uri() == uri);
        match (
            declares("http://camunda.org/schema/zeebe/1.0"),
            declares("http://camunda.org/schema/1.0/bpmn"),
        ) {
            (true, _) => Engine::Camunda8,
            (false, true) => Engine::Camunda7,
            _ => Engine::Other,
        }
    }
}

/// What is being built.
pub(super) struct Builder<'a, 'i, 't> {
    pub(super) w: Workflow,
    pub(super) engine: Engine,
    pub(super) text: &'t xml::Text<'a, 'i>,
    pub(super) answers: answers::Answers,
    pub(super) by_id: ById<'a, 'i>,
    /// Ids in the order of the document.
    pub(super) order: Vec<&'a str>,
}

/// The workflow of a process.
pub(super) fn workflow<'a, 'i>(
    process: Element<'a, 'i>,
    text: &xml::Text<'a, 'i>,
    path: &str,
    problems: &mut Vec<Problem>,
) -> Workflow {
    let id = process.attribute("id").unwrap_or_default();
    let pool = text.pool(id);
    let name = process.attribute("name").or(pool).filter(|n| !n.trim().is_empty()).unwrap_or(id).trim();
    let mut w = Workflow::new(Platform::Bpmn, name, path);
    w.id = (!id.is_empty()).then(|| id.into());
    w.description = xml::child(process, "documentation").map(xml::text).unwrap_or_default().to_owned();
    w.enabled = process.attribute("isExecutable").map(|e| e == "true");
    w.span = text.span(process);
    let answers = answers::of(process, text);
    let engine = Engine::of(process);
    let mut builder = Builder { w, engine, text, answers, by_id: ById::new(), order: Vec::new() };
    builder.nodes(process, None, None, 0);
    event::start_without_event(process, &mut builder);
    lanes(process, &mut builder);
    edges::connect(process, &mut builder, problems);
    unseen(&mut builder);
    digest::add(process, &mut builder.w);
    builder.w
}

impl<'a, 'i> Builder<'a, 'i, '_> {
    /// Adds the flow nodes of a process or sub-process.
    fn nodes(
        &mut self,
        container: Element<'a, 'i>,
        scope: Option<&'a str>,
        parent: Option<StepIx>,
        depth: usize,
    ) {
        for node in container.children().filter(|n| is_flow_node(xml::name(*n))) {
            let Some(id) = node.attribute("id").filter(|i| !i.is_empty()) else { continue };
            let mut placed = self.place(node, id, parent, depth);
            placed.scope = scope;
            self.by_id.insert(id, placed);
            self.order.push(id);
            if is_container(xml::name(node)) && depth < MAX_NESTING {
                self.nodes(node, Some(id), placed.step, depth + 1);
            }
        }
    }

    fn place(
        &mut self,
        node: Element<'a, 'i>,
        id: &'a str,
        parent: Option<StepIx>,
        depth: usize,
    ) -> Placed<'a, 'i> {
        let none = Placed { node, entry: None, exit: End::Trigger(0), step: None, scope: None };
        if xml::name(node) == "startEvent" && depth == 0 {
            return Placed { exit: event::trigger(node, self), ..none };
        }
        let mut step = activity::step(node, id, self);
        step.parent = parent;
        let looped = loop_kind(node, self);
        let container = is_container(xml::name(node));
        if let (Some(kind), true) = (&looped, container) {
            step.kind = StepKind::Loop(kind.clone());
        }
        let span = step.span.clone();
        let ix = self.w.add(step);
        let whole = Placed { entry: Some(ix), exit: End::Step(ix), step: Some(ix), ..none };
        match (looped, container) {
            (Some(kind), false) => {
                let mut around = made(format!("{id}/each"), StepKind::Loop(kind), parent);
                around.span = span;
                around.parameters = repeated(node, self);
                let around = self.w.add(around);
                self.w.steps[ix.0 as usize].parent = Some(around);
                self.w.connect(End::Step(around), ix, EdgeKind::Body);
                self.w.connect(End::Step(ix), around, EdgeKind::Back);
                Placed { entry: Some(around), exit: End::Step(around), ..whole }
            }
            (None, true) => {
                let mut join = made(format!("{id}/end"), StepKind::Join, parent);
                (join.span, join.join) = (span, Join::Any);
                Placed { exit: End::Step(self.w.add(join)), ..whole }
            }
            _ => whole,
        }
    }
}

/// A step of the importer's own.
pub(super) fn made(id: impl Into<Text>, kind: StepKind, parent: Option<StepIx>) -> Step {
    let mut step = Step::new(id, "", kind);
    (step.synthetic, step.parent) = (true, parent);
    step
}

/// How an activity is repeated.
fn loop_kind(node: Element<'_, '_>, builder: &Builder<'_, '_, '_>) -> Option<LoopKind> {
    if xml::child(node, "standardLoopCharacteristics").is_some() {
        let at = xml::child(node, "standardLoopCharacteristics")?;
        let bound = at.attribute("loopMaximum").and_then(|m| m.parse().ok());
        return Some(LoopKind::While { bound });
    }
    let each = xml::child(node, "multiInstanceLoopCharacteristics")?;
    let times = xml::child(each, "loopCardinality").map(xml::text).unwrap_or_default();
    let bound = match builder.answers.scope.read(times, 0) {
        Value::Text(t) => t.trim().parse().ok(),
        _ => None,
    };
    Some(LoopKind::Each { parallel: each.attribute("isSequential") != Some("true"), bound })
}

/// What a loop goes through, as a parameter.
pub(super) fn repeated(node: Element<'_, '_>, builder: &Builder<'_, '_, '_>) -> Value {
    let mut map = Map::default();
    let Some(each) = xml::child(node, "multiInstanceLoopCharacteristics") else { return Value::Null };
    let zeebe = each.descendants().find(|n| n.tag_name().name() == "loopCharacteristics");
    let list = xml::vendor(each, "collection").or_else(|| zeebe.and_then(|z| z.attribute("inputCollection")));
    if let Some(list) = list {
        let line = builder.text.line(each);
        let read = builder.answers.scope.read(list, line);
        let bare = matches!(&read, Value::Text(_));
        let read = if bare { builder.answers.scope.read(&format!("${{{list}}}"), line) } else { read };
        map.push("list", read, line);
    }
    Value::Map(map)
}

/// A variable that nothing visible sets comes from the start, unless a step that may set anything was there before.
fn unseen(builder: &mut Builder<'_, '_, '_>) {
    let scope = &builder.answers.scope;
    let unseen = scope.unseen.take();
    let hidden: Vec<usize> = (0..builder.w.steps.len())
        .filter(|i| scope.hidden.contains(builder.w.steps[*i].id.as_str()))
        .collect();
    if unseen.len().saturating_mul(hidden.len()) > MAX_UNSEEN {
        return;
    }
    let given = scope.started.iter().filter(|s| scope.assigned.contains(*s));
    let given: std::collections::BTreeSet<&String> = unseen.iter().chain(given).collect();
    let mut map = Map::default();
    for name in given {
        let first = vec![workflow::Segment::Key(name.as_str().into())];
        let term = crate::values::reference(workflow::Root::Trigger, first);
        map.push(name.as_str(), crate::values::computed(Language::Juel, name.as_str(), term, 0), 0);
    }
    builder.w.parameters = Value::Map(map);
    for step in hidden {
        let unknown = |name: &String| Assignment {
            variable: name.as_str().into(),
            value: Value::Expr(Box::new(Expression::unknown(Language::Juel, name.as_str(), Vec::new(), 0))),
            adds: false,
        };
        builder.w.steps[step].assigns.extend(unseen.iter().map(unknown));
    }
}

/// Lanes say who does a task where the task itself does not.
fn lanes(process: Element<'_, '_>, builder: &mut Builder<'_, '_, '_>) {
    for lane in process.descendants().filter(|n| xml::is(*n, "lane")) {
        let Some(name) = lane.attribute("name").filter(|n| !n.trim().is_empty()) else { continue };
        for reference in lane.children().filter(|n| xml::is(*n, "flowNodeRef")) {
            let placed = builder.by_id.get(xml::text(reference)).copied();
            let Some(step) = placed.and_then(|p| p.step) else { continue };
            let step = &mut builder.w.steps[step.0 as usize];
            if let Some(ask) = step.ask.as_mut().filter(|a| a.approver.is_empty()) {
                ask.approver = Value::text(name);
            }
        }
    }
}
