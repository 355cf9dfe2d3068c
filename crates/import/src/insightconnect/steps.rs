//! Steps: actions of plugins, chat messages, decisions, loops, shaping steps.

use super::expression::{Scope, variable};
use crate::doc::Node;
use crate::values::{computed, opened, term, value};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use workflow::{
    Ask, Auth, Callee, CalleeKey, Code, CodeLanguage, Function, Language, LoopKind, Map, OnError, Request,
    Root, Segment, Step, StepKind, Term, Text, Value,
};

/// What is read in a step of the platform's own: presentation and cached schemas are not parameters.
const OWN: &str = "insightconnect";

/// One step.
pub(super) fn step(id: &str, node: Node<'_>, scope: &Scope<'_>) -> Step {
    let written = node.str("type").unwrap_or_default();
    let mut step = Step::new(id, node.str("name").unwrap_or(id), kind(written, node));
    step.span = node.span();
    step.enabled = node.bool("isDisabled") != Some(true);
    if node.bool("continueOnFailure") == Some(true) {
        step.on_error = OnError::Continue;
    }
    names(node, written, &mut step);
    step.parameters = parameters(node, scope);
    step.ask = ask(written, &step.parameters);
    step.output = output(id, written, node, &step.parameters).or_else(|| shaped(&step));
    step.code = code(&step);
    step.request = request(&step);
    step.calls = calls(&step);
    step
}

fn kind(written: &str, node: Node<'_>) -> StepKind {
    match written {
        "automated_decision" | "break" => StepKind::Branch,
        "filter" => StepKind::Guard,
        "join" => StepKind::Join,
        "artifact" | "pattern_match" | "helpers" => StepKind::Set,
        "loop" => {
            let times = node.at(&["parameters", "repeatVariable"]).and_then(Node::scalar);
            let bound = times.and_then(|t| t.trim().parse().ok());
            StepKind::Loop(LoopKind::Each { parallel: false, bound })
        }
        _ => StepKind::Action,
    }
}

fn names(node: Node<'_>, written: &str, step: &mut Step) {
    match node.get("plugin").filter(|p| p.is_map()) {
        Some(plugin) => {
            step.connector = plugin.str("slugName").or_else(|| plugin.str("name")).unwrap_or(OWN).into();
            step.connector_version =
                plugin.get("slugVersion").and_then(Node::scalar).unwrap_or_default().into();
            step.operation = node.str("identifier").unwrap_or(written).into();
            step.third_party = plugin.str("slugVendor").is_some_and(|v| v != "rapid7" && v != "komand");
        }
        None => {
            step.connector = node.str("chatOpsAppName").unwrap_or(OWN).into();
            step.operation = written.into();
        }
    }
}

/// The parameters; the action's inputs stand beside the step's own.
fn parameters(node: Node<'_>, scope: &Scope<'_>) -> Value {
    let read = |text: &str, line: u32| scope.read(text, line);
    let mut map = Map::default();
    for (key, entry) in node.get("parameters").into_iter().flat_map(Node::entries) {
        match (key, value(entry, &read)) {
            ("input", Value::Map(inputs)) => map.0.extend(inputs.0),
            (key, given) => map.push(key, given, entry.line()),
        }
    }
    Value::Map(map)
}

/// A decision of a person: its edges carry the answers.
fn ask(written: &str, parameters: &Value) -> Option<Ask> {
    if !matches!(written, "decision_chatops" | "human_decision") {
        return None;
    }
    let recipient = ["recipient", "recipients", "to", "email", "emails", "assignee"];
    let approver = recipient.iter().map(|r| parameters.get(r)).find(|v| !v.is_empty());
    let number = match parameters.get("timeout") {
        Value::Number(n) | Value::Text(n) => n.trim().parse::<u64>().ok(),
        _ => None,
    };
    // The unit that is displayed does not count: seconds are stored.
    let timeout_seconds = number.filter(|n| *n > 0);
    let told = parameters.at("notifications.userIdsForEmail");
    let approver = approver.unwrap_or(told).clone();
    Some(Ask { approver, timeout_seconds, decides: true, ..Ask::default() })
}

/// What shaping steps give.
fn output(id: &str, written: &str, node: Node<'_>, parameters: &Value) -> Option<Value> {
    let line = node.line();
    let mut map = Map::default();
    match written {
        "artifact" => map.push("content", parameters.get("content").clone(), line),
        "pattern_match" => {
            for part in parameters.get("expressions").items() {
                let Some(name) = part.at("value.ident").as_text() else { continue };
                let found = Term::Call(Function::Other("match".into()), vec![term(parameters.get("input"))]);
                map.push(name, computed(Language::InsightConnect, name, found, line), line);
            }
            let found = vec![term(parameters.get("input")), term(parameters.get("expressionText"))];
            let matched = Term::Call(Function::Matches, found);
            map.push("$matched", computed(Language::InsightConnect, "$matched", matched, line), line);
        }
        "join" => {
            for set in parameters.get("variableSets").items() {
                let Some(name) = set.get("name").as_text() else { continue };
                let joined = variable(joined(id, name));
                map.push(name, computed(Language::InsightConnect, name, joined, line), line);
            }
        }
        "loop" => {
            let outputs = [parameters.get("customOutput"), parameters.get("customOutputs")];
            for made in outputs.into_iter().flat_map(Value::items) {
                let Some(name) = made.get("name").as_text() else { continue };
                let each = vec![term(parameters.get("repeatVariable")), term(made.at("input.value"))];
                let all = Term::Call(Function::Map, each);
                map.push(name, computed(Language::InsightConnect, name, all, line), line);
            }
        }
        _ => return None,
    }
    Some(Value::Map(map))
}

/// Plugins that only turn what they are given into another shape: what comes out is what went in.
const SHAPERS: &[&str] = &[
    "html",
    "string",
    "type_converter",
    "markdown",
    "extractit",
    "regex",
    "jq",
    "csv",
    "xml",
    "json_edit",
    "tr",
    "awk",
    "sed",
    "grep",
];

/// What such a plugin gives, under whatever name.
fn shaped(step: &Step) -> Option<Value> {
    if !SHAPERS.contains(&step.connector.as_str()) {
        return None;
    }
    // By name: the order in which an object is written says nothing.
    let mut named: Vec<_> = step.parameters.entries().iter().collect();
    named.sort_by(|a, b| a.key.cmp(&b.key));
    let given: Vec<Term> = named.iter().map(|e| term(&e.value)).collect();
    let made = Term::Call(Function::Other(step.operation.clone()), given);
    Some(computed(Language::InsightConnect, step.operation.clone(), made, step.span.line))
}

/// The variable in which a join keeps a value.
pub(super) fn joined(join: &str, name: &str) -> Text {
    format!("{join}.{name}").into()
}

/// Plugins that run code, with the parameters that hold it.
fn code(step: &Step) -> Vec<Code> {
    let language = match step.connector.as_str() {
        "python_3_script" | "python_2_script" | "python" => CodeLanguage::Python,
        "powershell" => CodeLanguage::PowerShell,
        "ssh" | "shell" | "netmiko" => CodeLanguage::Shell,
        "sql" | "mssql" | "mysql" | "postgresql" | "microsoft_sql" => CodeLanguage::Sql,
        _ => return Vec::new(),
    };
    let keys = ["function", "script", "command", "powershell_script", "query"];
    let text = keys.iter().map(|k| step.parameters.get(k)).find(|v| !v.is_empty());
    let text = text.cloned().unwrap_or_default();
    // Source: <https://github.com/rapid7/insightconnect-plugins/tree/master/plugins/powershell>
    let bytes = step.connector == "powershell" && step.operation == "execute_script";
    let read = text.as_text().filter(|_| bytes).and_then(from_base64).map(Value::text);
    vec![Code { language, text: read.unwrap_or(text), name: Text::default() }]
}

/// The text that bytes written in base64 are, in one line or in several; nothing where they are none.
fn from_base64(written: &str) -> Option<String> {
    let written: String = written.split_whitespace().collect();
    String::from_utf8(STANDARD.decode(written).ok()?).ok()
}

/// The plugin for HTTP requests: the base URL stands in its connection, the route in the step.
fn request(step: &Step) -> Option<Request> {
    if !matches!(step.connector.as_str(), "rest" | "http_requests" | "http") {
        return None;
    }
    let method = step.operation.to_uppercase();
    if !matches!(method.as_str(), "GET" | "POST" | "PUT" | "PATCH" | "DELETE" | "HEAD") {
        return None;
    }
    let given = |keys: &[&str]| {
        keys.iter().map(|k| step.parameters.get(k)).find(|v| !v.is_empty()).cloned().unwrap_or_default()
    };
    let body = given(&["body_object", "body_array", "body_any", "body_non_array", "body"]);
    Some(Request {
        method: Value::text(method),
        url: given(&["route", "url"]),
        query: Value::Null,
        headers: given(&["headers"]),
        body: opened(body),
        auth: Auth::Stored,
        governed: false,
    })
}

/// The platform's own API starts a workflow at `<id>/events/execute`.
fn calls(step: &Step) -> Vec<Callee> {
    let Some(request) = step.request.as_ref().filter(|r| r.method.as_text() == Some("POST")) else {
        return Vec::new();
    };
    let route = match &request.url {
        Value::Text(t) => t.as_str(),
        Value::Expr(e) => e.text.as_str(),
        _ => return Vec::new(),
    };
    let Some(id) = route.trim_end_matches('/').strip_suffix("/events/execute") else { return Vec::new() };
    let id = id.rsplit('/').next().unwrap_or(id);
    let key = if id.contains("{{") { CalleeKey::Dynamic(id.into()) } else { CalleeKey::Id(id.into()) };
    vec![Callee { key, input: request.body.clone() }]
}

/// The result of a decision, as a term.
pub(super) fn answer(id: &str) -> Term {
    crate::values::reference(Root::Step(id.into()), vec![Segment::Key("path".into())])
}
