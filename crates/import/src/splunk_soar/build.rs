//! A workflow from its blocks: trigger, steps, edges, digest.

use super::blocks::{Block, Blocks, Case, Kind, Link};
use super::datapath::Scope;
use super::steps;
use crate::doc::{Node, canonical};
use crate::values::{part, value};
use std::collections::{HashMap, HashSet};
use workflow::{
    Credential, EdgeKind, Join, Map, Node as End, OnError, Outcome, Platform, Problem, Step, StepKind, Text,
    Trigger, TriggerKind, Value, Workflow, merkle,
};

/// Places, colours, and what the editor noted while it was open.
const DRAWN: [&str; 21] = [
    "x",
    "y",
    "z",
    "attrs",
    "ports",
    "position",
    "size",
    "angle",
    "warnings",
    "errors",
    "active",
    "color",
    "line_start",
    "line_end",
    "callback_start",
    "join_start",
    "order",
    "status",
    "warn",
    "outputs",
    "connected_to_start",
];

/// The workflow. Its name is the file's: the platform keeps playbooks by it.
pub(super) fn workflow(
    root: Node<'_>,
    coa: Node<'_>,
    blocks: &Blocks<'_>,
    path: &str,
    problems: &mut Vec<Problem>,
) -> Workflow {
    let file = path.rsplit(['/', '\\']).next().unwrap_or(path);
    let name = root.str("name").unwrap_or_else(|| file.strip_suffix(".json").unwrap_or(file));
    let mut w = Workflow::new(Platform::SplunkSoar, name, path);
    w.description = coa.at(&["data", "description"]).and_then(Node::as_str).unwrap_or_default().to_owned();
    w.enabled = root.bool("active");
    w.span = root.span();
    let global = coa.at(&["data", "globalCustomCode"]).and_then(Node::as_str).unwrap_or_default();
    if !global.trim().is_empty() {
        let mut map = Map::default();
        map.push("globalCustomCode", Value::text(global), coa.line());
        w.parameters = Value::Map(map);
    }
    let scope =
        Scope { blocks: blocks.blocks.iter().map(|b| (b.function.clone(), (b.id, b.parameters))).collect() };
    trigger(root, coa, blocks, &mut w);
    let ends = add_steps(blocks, &scope, &mut w);
    outputs(coa, &scope, &mut w);
    edges(blocks, &ends, &scope, &mut w, problems);
    digest(root, coa, blocks, &mut w);
    w
}

/// A case starts a playbook, another playbook one for data.
fn trigger(root: Node<'_>, coa: Node<'_>, blocks: &Blocks<'_>, w: &mut Workflow) {
    let start = blocks.blocks.iter().find(|b| b.kind == Kind::Start);
    let called = coa.str("playbook_type") == Some("data");
    let labels: Vec<&str> =
        root.get("labels").into_iter().flat_map(Node::items).filter_map(Node::as_str).collect();
    let event =
        if labels.is_empty() { "container".to_owned() } else { format!("container.{}", labels.join(",")) };
    w.triggers.push(Trigger {
        id: start.map_or("start", |s| s.id).into(),
        name: start.map_or("start", |s| s.title).into(),
        kind: if called { TriggerKind::Subflow } else { TriggerKind::Event },
        authenticated: Some(true),
        event: if called { Text::default() } else { event.into() },
        filter: None,
        after_approval: false,
        caller_data: false,
        parameters: coa.get("input_spec").map_or(Value::Null, |i| value(i, &|t, _| Value::text(t))),
        span: start.map_or(coa, |s| s.node).span(),
    });
}

fn add_steps<'d>(blocks: &Blocks<'d>, scope: &Scope<'_>, w: &mut Workflow) -> HashMap<&'d str, End> {
    let mut ends = HashMap::new();
    let mut known: HashMap<String, u32> = HashMap::new();
    for block in &blocks.blocks {
        if block.kind == Kind::Start {
            ends.insert(block.id, End::Trigger(0));
            continue;
        }
        let mut step = steps::step(block, scope);
        if block.kind == Kind::Action {
            for asset in block.assets.iter().filter(|a| !a.is_empty()) {
                let ix = *known.entry((*asset).to_owned()).or_insert_with(|| credential(block, asset, w));
                step.credentials.push(ix);
            }
        }
        ends.insert(block.id, End::Step(w.add(step)));
    }
    ends
}

/// An asset holds an app's address and credentials.
fn credential(block: &Block<'_>, asset: &str, w: &mut Workflow) -> u32 {
    let (kind, line) = (block.connector.into(), block.node.line());
    w.credentials.push(Credential {
        id: asset.into(),
        name: asset.into(),
        kind,
        personal: None,
        callers: false,
        line,
    });
    u32::try_from(w.credentials.len() - 1).unwrap_or(u32::MAX)
}

/// What the playbook gives back stands in the result of its end.
fn outputs(coa: Node<'_>, scope: &Scope<'_>, w: &mut Workflow) {
    let mut given = Map::default();
    for spec in coa.get("output_spec").into_iter().flat_map(Node::items) {
        let Some(name) = spec.str("name") else { continue };
        let paths = spec.get("datapaths").into_iter().flat_map(Node::items).filter_map(Node::as_str);
        let mut values: Vec<Value> = paths.map(|p| scope.read(p, spec.line())).collect();
        let one = if values.len() == 1 { values.pop().unwrap_or_default() } else { Value::List(values) };
        given.push(name, one, spec.line());
    }
    let mut map = Map::default();
    map.push("playbook_output", Value::Map(given), coa.line());
    let end = w.steps.iter_mut().find(|s| matches!(s.kind, StepKind::End(_)));
    if let Some(end) = end {
        end.output = Some(Value::Map(map));
    }
}

fn edges(
    blocks: &Blocks<'_>,
    ends: &HashMap<&str, End>,
    scope: &Scope<'_>,
    w: &mut Workflow,
    problems: &mut Vec<Problem>,
) {
    let by_id: HashMap<&str, &Block<'_>> = blocks.blocks.iter().map(|b| (b.id, b)).collect();
    let mut taken: HashSet<(&str, usize)> = HashSet::new();
    for link in &blocks.links {
        let (Some(from), Some(End::Step(to)), Some(block)) =
            (ends.get(link.from), ends.get(link.to), by_id.get(link.from))
        else {
            problems.push(missing(link, w));
            continue;
        };
        taken.extend(link.case.map(|c| (link.from, c)));
        let case = link.case.and_then(|c| block.cases.get(c));
        w.connect(*from, *to, case.map_or(EdgeKind::Next, |c| edge(c, scope, block)));
        let End::Step(ix) = *from else { continue };
        if w.step(ix).is_some_and(|s| s.on_error == OnError::Continue) {
            w.connect(*from, *to, EdgeKind::Error);
        }
        if w.step(ix).is_some_and(|s| s.ask.is_some()) {
            w.connect(*from, *to, EdgeKind::Timeout);
        }
    }
    joins(blocks, ends, &by_id, w);
    let decisions = blocks.blocks.iter().filter(|b| b.kind == Kind::Decision);
    for block in decisions {
        if !block.cases.is_empty() && !block.cases.iter().any(|c| c.otherwise) {
            unmatched(block, ends, w);
        }
        for (i, case) in block.cases.iter().enumerate().filter(|(i, _)| !taken.contains(&(block.id, *i))) {
            untaken(block, i, case, ends, scope, w);
        }
    }
}

/// A block behind several others waits until all of them are done, well or badly, unless the editor marked some as not
/// required (those on ways that may not be taken). What a decision leads to does not wait for it.
fn joins(
    blocks: &Blocks<'_>,
    ends: &HashMap<&str, End>,
    by_id: &HashMap<&str, &Block<'_>>,
    w: &mut Workflow,
) {
    let mut before: HashMap<&str, HashSet<&str>> = HashMap::new();
    for link in &blocks.links {
        before.entry(link.to).or_default().insert(link.from);
    }
    for (id, from) in before.iter().filter(|(_, from)| from.len() > 1) {
        let (Some(End::Step(to)), Some(block)) = (ends.get(id), by_id.get(id)) else { continue };
        let optional = block.data.at(&["advanced", "notRequiredJoins"]).is_some_and(|n| !n.is_empty());
        let ends_itself = |id: &&str| {
            by_id.get(id).is_some_and(|b| {
                !matches!(b.kind, Kind::Start | Kind::Decision | Kind::Filter | Kind::Unknown)
            })
        };
        if block.required
            && !optional
            && block.kind != Kind::End
            && from.iter().all(ends_itself)
            && let Some(step) = w.steps.get_mut(to.0 as usize)
        {
            step.join = Join::All;
        }
    }
}

/// When no condition of a decision holds and it has no `else`, the run fails (in version 4 it just ends).
fn unmatched(block: &Block<'_>, ends: &HashMap<&str, End>, w: &mut Workflow) {
    let Some(from) = ends.get(block.id) else { return };
    let outcome = if block.required { Outcome::Failure } else { Outcome::Path };
    let mut end = Step::new(format!("{}/else/end", block.id), "", StepKind::End(outcome));
    (end.synthetic, end.span) = (true, block.node.span());
    let end = w.add(end);
    w.connect(*from, end, EdgeKind::Otherwise { case: "none".into() });
}

fn missing(link: &Link<'_>, w: &Workflow) -> Problem {
    let path = w.files.first().map(ToString::to_string).unwrap_or_default();
    let message = format!(
        "an edge leads from `{}` to `{}`, which are not both blocks here; export it again",
        link.from, link.to
    );
    Problem { path, line: link.line, message }
}

fn edge(case: &Case, scope: &Scope<'_>, block: &Block<'_>) -> EdgeKind {
    let name = if case.name.is_empty() { "condition" } else { case.name.as_str() };
    if case.otherwise {
        return EdgeKind::Otherwise { case: name.into() };
    }
    EdgeKind::When { case: name.into(), condition: scope.condition(case, block.node.line()) }
}

/// A case without an edge ends there; without it the other ways would seem to be all.
fn untaken(
    block: &Block<'_>,
    i: usize,
    case: &Case,
    ends: &HashMap<&str, End>,
    scope: &Scope<'_>,
    w: &mut Workflow,
) {
    let Some(from) = ends.get(block.id) else { return };
    let mut end = Step::new(format!("{}/{i}/end", block.id), "", StepKind::End(Outcome::Path));
    (end.synthetic, end.span) = (true, block.node.span());
    let end = w.add(end);
    w.connect(*from, end, edge(case, scope, block));
}

fn digest(root: Node<'_>, coa: Node<'_>, blocks: &Blocks<'_>, w: &mut Workflow) {
    for block in &blocks.blocks {
        let own = |n: Node<'_>| n.parent().is_some_and(|p| p.is(block.node));
        let drawn = |n: Node<'_>| n.key().is_some_and(|k| DRAWN.contains(&k)) && own(n);
        let prefix = if block.kind == Kind::Start { "trigger" } else { "step" };
        w.parts.push(part(format!("{prefix}/{}", block.id), &canonical(block.node, &drawn)));
    }
    let mut links: Vec<String> =
        blocks.links.iter().map(|l| format!("{:?}", (l.from, l.to, l.case))).collect();
    links.sort();
    w.parts.push(part("edges", links.join("\n").as_bytes()));
    let data = coa.get("data").map(Node::id);
    let inside = ["nodes", "edges", "joint", "hash", "clean"];
    let settings = canonical(root, &|n| {
        let of = n.parent();
        let top = of.is_some_and(|p| p.is(root));
        let graph = of.map(Node::id) == data && n.key().is_some_and(|k| inside.contains(&k));
        graph || top && matches!(n.key(), Some("create_time" | "blockly_xml"))
    });
    w.parts.push(part("settings", &settings));
    w.digest = merkle(&w.parts);
}
