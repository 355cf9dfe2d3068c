//! A node to a step.

use super::defaults::{self, Operation};
use super::flow::Item;
use super::types::{self, NodeType};
use super::value::{computed, map};
use super::{ask, calls, code, http, set};
use crate::doc::Node;
use crate::js::Names;
use workflow::{Join, Map, OnError, Reference, Segment, Span, Step, StepKind, Term, Value};

/// A step, and the definition of a workflow that is written into it.
pub(super) struct Made {
    pub(super) step: Step,
    pub(super) inline: Option<String>,
    /// When code hands anything on; nothing where it always does, or is none.
    pub(super) when: Option<Term>,
}

/// The parameters of a node, its operation among them.
pub(super) fn parameters(item: &Item<'_>, names: &dyn Names) -> (Value, Operation) {
    let written = item.node.get("parameters").filter(|p| p.is_map());
    let parameters = Value::Map(written.map(|p| map(p, names)).unwrap_or_default());
    let mut operation = defaults::operation(item.node_type.base, item.version, &parameters);
    if item.node_type.asks && operation.operation.is_none() {
        operation.operation = Some("sendAndWait".into());
    }
    let Value::Map(mut map) = parameters else { return (Value::Null, operation) };
    let mut fill = |key: &str, value: Option<&str>| {
        if let Some(value) = value.filter(|v| *v != "*" && map.get(key).is_none()) {
            map.push(key, Value::text(value), 0);
        }
    };
    fill("resource", operation.resource.as_deref());
    fill(operation.parameter, operation.operation.as_deref());
    fill_waits(item, &operation, &mut map);
    fill_prompt(item, names, &mut map);
    (Value::Map(map), operation)
}

/// Defaults of questions: who may answer, whether a chat message waits for a reply.
fn fill_waits(item: &Item<'_>, operation: &Operation, map: &mut Map) {
    let resumed = matches!(operation.operation.as_deref(), Some("webhook" | "form"));
    match item.node_type.short() {
        Some("wait") if resumed && map.get("incomingAuthentication").is_none() => {
            map.push("incomingAuthentication", Value::text("none"), 0);
        }
        Some("chat") if item.version.is_some_and(|v| v < 1.1) && map.get("waitUserReply").is_none() => {
            map.push("waitUserReply", Value::Bool(true), 0);
        }
        _ => {}
    }
}

/// Without a text of its own, a model is asked what the chat's message says.
fn fill_prompt(item: &Item<'_>, names: &dyn Names, map: &mut Map) {
    let asked =
        matches!(item.node_type.short(), Some("agent" | "openAiAssistant" | "chainLlm" | "chainRetrievalQa"));
    let own = map.get("promptType").is_some_and(|t| t.as_text() != Some("auto"));
    let written = map.get("text").is_some_and(|t| !t.is_empty()) && map.get("promptType").is_none();
    if !asked || own || written {
        return;
    }
    let said = Term::Ref(Reference::keys(names.previous(), "chatInput"));
    map.0.retain(|e| e.key != "text");
    map.push("text", computed("={{ $json.chatInput }}", said, 0), 0);
}

/// The step that a node makes.
pub(super) fn step(
    item: &Item<'_>,
    names: &dyn Names,
    own: Option<&str>,
    span: Span,
    is_model: bool,
) -> Made {
    let (parameters, operation) = parameters(item, names);
    let node_type = item.node_type;
    let mut step = Step::new(item.id.clone(), item.name, kind(node_type, &operation, is_model));
    step.span = span;
    step.connector = connector(node_type).into();
    step.connector_version = item.node.get("typeVersion").and_then(Node::scalar).unwrap_or_default().into();
    step.operation = operation.key();
    step.third_party = node_type.is_third_party();
    step.enabled = !item.disabled;
    step.on_error = on_error(item.node);
    // A command on another host that fails is no error of the node: it hands on the exit code.
    if node_type.short() == Some("ssh")
        && step.on_error == OnError::Fail
        && operation.resource.as_deref() != Some("file")
    {
        step.on_error = OnError::Continue;
    }
    step.retries = retries(item.node);
    step.flow = flow(item.node);
    step.ask = ask::ask(node_type, &operation, &parameters);
    step.code = code::code(node_type, &operation, &parameters);
    if node_type.is_http() {
        let short = node_type.short().unwrap_or_default();
        step.request = Some(http::request(short, item.version, &parameters, names));
    } else if step.third_party {
        step.request = http::of_third_party(&parameters, names);
    }
    let called = calls::called(node_type, own, &parameters, names);
    let inline = called.and_then(|called| {
        step.waits = called.waits;
        step.calls.push(called.callee);
        called.inline
    });
    shape(&mut step, item, &operation, &parameters, names);
    let mut when = None;
    if let Some(made) = code::made(node_type, &parameters, names, step.span.line).filter(|_| step.enabled) {
        (step.output, step.passes_input, when) = (Some(made.output), made.passes_input, made.when);
    }
    step.parameters = parameters;
    Made { step, inline, when }
}

fn kind(node_type: NodeType<'_>, operation: &Operation, is_model: bool) -> StepKind {
    match node_type.kind() {
        StepKind::Action if is_model && !node_type.asks => StepKind::Agent,
        StepKind::Code if operation.resource.as_deref() == Some("file") => StepKind::Action,
        kind => kind,
    }
}

fn connector(node_type: NodeType<'_>) -> &str {
    if node_type.is_http() { "http" } else { node_type.base }
}

fn on_error(node: Node<'_>) -> OnError {
    match node.str("onError") {
        Some("continueErrorOutput") => OnError::Either,
        Some("continueRegularOutput") => OnError::Continue,
        Some(_) => OnError::Fail,
        None if node.bool("continueOnFail") == Some(true) => OnError::Continue,
        None => OnError::Fail,
    }
}

/// How the node takes and gives items, where it says so itself.
fn flow(node: Node<'_>) -> Value {
    let mut map = Map::default();
    for key in ["executeOnce", "alwaysOutputData"] {
        if let Some(line) = node.get(key).filter(|_| node.bool(key) == Some(true)).map(Node::line) {
            map.push(key, Value::Bool(true), line);
        }
    }
    if map.0.is_empty() { Value::Null } else { Value::Map(map) }
}

/// `retryOnFail` tries three times in all unless `maxTries` says otherwise, which the engine brings into two to five.
fn retries(node: Node<'_>) -> u32 {
    if node.bool("retryOnFail") != Some(true) {
        return 0;
    }
    let tries = node.get("maxTries").and_then(Node::as_number).and_then(|n| n.parse::<u32>().ok());
    tries.unwrap_or(3).clamp(2, 5) - 1
}

/// What comes out of a step that only shapes data.
fn shape(step: &mut Step, item: &Item<'_>, operation: &Operation, p: &Value, names: &dyn Names) {
    let Some(short) = item.node_type.short() else {
        step.passes_input = !step.enabled;
        return;
    };
    step.passes_input = !step.enabled || (types::passes_input(short) && step.ask.is_none());
    let line = step.span.line;
    match short {
        "set" => (step.output, step.passes_input) = set::output(item.version, p, names),
        "splitOut" => step.output = split_out(p, names, line),
        "aggregate" => step.output = Some(aggregate(p, names, line)),
        "merge" if operation.operation.as_deref() == Some("chooseBranch") => step.join = Join::All,
        _ => {}
    }
    if !step.enabled {
        (step.output, step.passes_input) = (None, true);
    }
}

/// Each item is an entry of a list in what comes in.
fn split_out(p: &Value, names: &dyn Names, line: u32) -> Option<Value> {
    let field = p.get("fieldToSplitOut").as_text().filter(|f| !f.contains(','))?;
    let mut list = Reference::keys(names.previous(), field.trim());
    list.path.push(Segment::Each);
    Some(computed(&format!("{field}[*]"), Term::Ref(list), line))
}

/// One item with lists of what the items had.
fn aggregate(p: &Value, names: &dyn Names, line: u32) -> Value {
    let mut out = Map::default();
    let mut put = |name: &str, path: Vec<Segment>| {
        let reference = Reference { root: names.previous(), path };
        out.push(name, computed("items", Term::Ref(reference), line), line);
    };
    if p.get("aggregate").as_text() == Some("aggregateAllItemData") {
        put(p.get("destinationFieldName").as_text().unwrap_or("data"), vec![Segment::Each]);
        return Value::Map(out);
    }
    for field in p.at("fieldsToAggregate.fieldToAggregate").items() {
        let Some(name) = field.get("fieldToAggregate").as_text() else { continue };
        let renamed = field.get("renameField").as_bool() == Some(true);
        let shown = field.get("outputFieldName").as_text().filter(|_| renamed);
        let keys = Reference::keys(names.previous(), name).path;
        let last = name.rsplit('.').next().unwrap_or(name);
        put(shown.unwrap_or(last), std::iter::once(Segment::Each).chain(keys).collect());
    }
    Value::Map(out)
}
