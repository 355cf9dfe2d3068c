//! CNCF Serverless Workflow 1.0: workflows in its DSL, as YAML or JSON.

mod calls;
mod digest;
mod flow;
mod jq;
mod points;
mod scope;
mod shape;
mod steps;

#[cfg(test)]
mod tests;

use crate::dataflow::{Data, Followed, follow};
use crate::doc::Node;
use crate::{Imported, Source, Verdict};
use points::{Points, What, When};
use scope::Scope;
use std::collections::HashMap;
use steps::Around;
use workflow::{
    Assignment, Credential, EdgeKind, Map, Platform, Problem, Root, Step, StepIx, StepKind, Text, Trigger,
    TriggerKind, Value, Workflow, merkle,
};

/// Recognises and imports a definition of this platform.
pub fn import(source: &Source<'_>) -> Option<Imported> {
    let root = source.tree()?.root();
    let document = root.get("document").filter(|d| d.is_map())?;
    let dsl = document.get("dsl")?.scalar()?;
    root.get("do")?;
    let mut problems = Vec::new();
    if !dsl.starts_with("1.") {
        let message = format!("version `{dsl}` of the DSL is not known; it is read as 1.0");
        problems.push(Problem { path: source.path.to_owned(), line: document.line(), message });
    }
    let w = define(source.path, root, document, &mut problems);
    Some(Imported { verdict: Verdict::Workflows(vec![w]), problems, used: Vec::new() })
}

fn define(path: &str, root: Node<'_>, document: Node<'_>, problems: &mut Vec<Problem>) -> Workflow {
    let text = |key: &str| document.get(key).and_then(Node::scalar).unwrap_or_default();
    let mut w = Workflow::new(Platform::ServerlessWorkflow, text("name"), path);
    let full = format!("{}/{}", text("namespace"), text("name"));
    w.id = Some(full.as_str().into());
    w.aliases.push(format!("{full}:{}", text("version")).into());
    w.description = text("summary").to_owned();
    w.span = root.span();
    w.triggers = triggers(root);
    let loose = root.at(&["evaluate", "mode"]).and_then(Node::as_str) == Some("loose");
    w.parameters = parameters(root, loose);
    let around = Around { root, loose };
    let points = points::read(root);
    problems.extend(points.problems.iter().map(|p| Problem { path: path.to_owned(), ..p.clone() }));
    problems.extend(shape::faults(root).into_iter().map(|p| Problem { path: path.to_owned(), ..p }));
    let start = input(root, loose);
    let followed = data(&points, &start, &around);
    let steps = add_steps(&mut w, &points, &followed, &around);
    add_edges(&mut w, &points, &followed, &steps, &around);
    sets(&mut w, &points, &steps, followed);
    credentials(&mut w, &points, &steps);
    digest::fill(&mut w, root);
    w.digest = merkle(&w.parts);
    w
}

/// The data that the first task gets.
fn input(root: Node<'_>, loose: bool) -> Data {
    let trigger = Data::root(Root::Trigger);
    match root.at(&["input", "from"]) {
        Some(from) => Scope::on(&trigger, &[], loose).data(from),
        None => trigger,
    }
}

fn data(points: &Points<'_>, start: &Data, around: &Around<'_>) -> Followed {
    let names: Vec<Text> = points.all.iter().map(|p| p.id.clone()).collect();
    let mut ways: Vec<_> = points.ways.iter().map(|w| crate::dataflow::Way { ..*w }).collect();
    ways.extend(points.start.map(|to| crate::dataflow::Way { from: None, slot: points::Slot::Same, to }));
    let out = |at: usize, slot, input: &Data| steps::out(&points.all[at], slot, input, around);
    follow(&ways, &names, start, &out, |_| false)
}

/// Adds the steps; gives the step of each point that has one.
fn add_steps(
    w: &mut Workflow,
    points: &Points<'_>,
    followed: &Followed,
    around: &Around<'_>,
) -> Vec<Option<StepIx>> {
    let mut made = Vec::with_capacity(points.all.len());
    for (ix, point) in points.all.iter().enumerate() {
        let before = points.before.get(&ix).map_or(&followed.inputs[ix], |b| &followed.inputs[*b]);
        let mut step = steps::step(point, &followed.inputs[ix], before, around);
        step.iter_mut().for_each(|step| step.flow = flow::flow(point, around));
        made.push(step.map(|mut step| {
            if let What::Join(_, Some(branches)) = &point.what {
                let results = branches.iter().map(|b| followed.inputs[*b].value());
                step.output = Some(Value::List(results.collect()));
            }
            w.add(step)
        }));
    }
    for (ix, point) in points.all.iter().enumerate() {
        let parent = point.parent.and_then(|p| made[p]);
        if let Some(step) = made[ix].and_then(|s| w.steps.get_mut(s.0 as usize)) {
            step.parent = parent;
        }
    }
    made
}

fn add_edges(
    w: &mut Workflow,
    points: &Points<'_>,
    followed: &Followed,
    steps: &[Option<StepIx>],
    around: &Around<'_>,
) {
    let start = points.start.and_then(|s| steps[s]);
    for trigger in 0..u32::try_from(w.triggers.len()).unwrap_or(0) {
        start.into_iter().for_each(|s| w.connect(workflow::Node::Trigger(trigger), s, EdgeKind::Next));
    }
    for link in &points.links {
        let (Some(from), Some(to)) = (steps[link.from], steps[link.to]) else { continue };
        let kind = match link.when {
            When::Next => EdgeKind::Next,
            When::Error => EdgeKind::Error,
            When::Timeout => EdgeKind::Timeout,
            When::Body => EdgeKind::Body,
            When::Back => EdgeKind::Back,
            When::Otherwise(case) => EdgeKind::Otherwise { case: case.into() },
            When::Holds(node, case) => {
                let scope = steps::scope(&points.all[link.from], &followed.inputs[link.from], around);
                EdgeKind::When { case: case.into(), condition: scope.condition(node) }
            }
        };
        w.connect(workflow::Node::Step(from), to, kind);
    }
}

/// Sets the variables that stand for what depends on the way.
fn sets(w: &mut Workflow, points: &Points<'_>, steps: &[Option<StepIx>], followed: Followed) {
    let mut first = Vec::new();
    for (from, variable, value) in followed.sets {
        let assignment = Assignment { variable, value, adds: false };
        match from.and_then(|f| steps[f]) {
            Some(at) => w.steps[at.0 as usize].assigns.push(assignment),
            None => first.push(assignment),
        }
    }
    let Some(start) = points.start.and_then(|s| steps[s]).filter(|_| !first.is_empty()) else { return };
    let mut set = Step::new("(start)", "start", StepKind::Set);
    (set.synthetic, set.passes_input, set.assigns) = (true, true, first);
    let set = w.add(set);
    for edge in w.edges.iter_mut().filter(|e| matches!(e.from, workflow::Node::Trigger(_))) {
        edge.to = set;
    }
    w.connect(workflow::Node::Step(set), start, EdgeKind::Next);
}

fn credentials(w: &mut Workflow, points: &Points<'_>, steps: &[Option<StepIx>]) {
    let mut known: HashMap<Text, u32> = HashMap::new();
    for (point, step) in points.all.iter().zip(steps) {
        let (What::Task(_, node, defined), Some(step)) = (&point.what, step) else { continue };
        for name in calls::credentials(defined.unwrap_or(*node)) {
            let next = u32::try_from(w.credentials.len()).unwrap_or(u32::MAX);
            let ix = *known.entry(name.clone()).or_insert(next);
            if ix == next {
                let (id, line) = (name.clone(), node.line());
                w.credentials.push(Credential {
                    id,
                    name,
                    kind: "secret".into(),
                    personal: None,
                    callers: false,
                    line,
                });
            }
            w.steps[step.0 as usize].credentials.push(ix);
        }
    }
}

/// What starts the workflow: its schedule, or a call of the runtime.
fn triggers(root: Node<'_>) -> Vec<Trigger> {
    let schedule = root.get("schedule");
    let timed = schedule.filter(|s| ["every", "cron", "after"].iter().any(|k| s.get(k).is_some()));
    let events = schedule.and_then(|s| s.get("on"));
    let mut found = Vec::new();
    found.extend(timed.map(|s| trigger("schedule", TriggerKind::Schedule, s)));
    found.extend(events.map(|on| {
        let mut trigger = trigger("event", TriggerKind::Event, on);
        trigger.authenticated = None;
        trigger.event = first_type(on).unwrap_or_default();
        trigger
    }));
    if found.is_empty() {
        let mut start = trigger("start", TriggerKind::External, root);
        (start.authenticated, start.caller_data) = (None, true);
        start.parameters = Value::Null;
        found.push(start);
    }
    found
}

fn trigger(id: &str, kind: TriggerKind, node: Node<'_>) -> Trigger {
    let parameters = if node.parent().is_some() {
        Scope::on(&Data::default(), &[], false).value(node)
    } else {
        Value::Null
    };
    Trigger {
        id: id.into(),
        name: id.into(),
        kind,
        authenticated: Some(true),
        event: Text::default(),
        filter: None,
        after_approval: false,
        caller_data: false,
        parameters,
        span: node.span(),
    }
}

/// The type of the first event that starts the workflow.
fn first_type(on: Node<'_>) -> Option<Text> {
    let of = |event: Node<'_>| event.at(&["with", "type"]).and_then(Node::as_str).map(Text::from);
    let listed = ["all", "any"].iter().filter_map(|k| on.get(k)).flat_map(Node::items);
    on.get("one").and_then(of).or_else(|| listed.filter_map(of).next())
}

/// Settings of the whole workflow.
fn parameters(root: Node<'_>, loose: bool) -> Value {
    let scope = Scope::on(&Data::root(Root::Trigger), &[], false);
    let mut map = Map::default();
    for (key, node) in root.entries().filter(|(k, _)| matches!(*k, "timeout" | "use" | "output")) {
        map.push(key, scope.value(node), node.line());
    }
    let whole = flow::whole(root, loose);
    if !whole.is_empty() {
        map.push("(data flow)", whole, 0);
    }
    if map.0.is_empty() { Value::Null } else { Value::Map(map) }
}
