//! What starts a workflow, and how far its data can be trusted.

use super::connector::{Connections, key, last};
use super::context::Context;
use super::request::path_template;
use crate::doc::Node;
use workflow::{Expression, Function, Language, Map, Term, Text, Trigger, TriggerKind, Value};

/// Kind, authentication and whether the caller chose the data.
type Nature = (TriggerKind, Option<bool>, bool);

/// The triggers of a definition.
pub(super) fn triggers<'d>(
    definition: Node<'d>,
    cx: &Context<'_, 'd>,
    connections: &Connections,
) -> Vec<Trigger> {
    let entries = definition.get("triggers").into_iter().flat_map(Node::entries);
    entries.map(|(name, node)| trigger(name, node, cx, connections)).collect()
}

fn trigger<'d>(name: &str, node: Node<'d>, cx: &Context<'_, 'd>, connections: &Connections) -> Trigger {
    let kind = node.str("type").unwrap_or_default().to_ascii_lowercase();
    let (connector, operation) = source(&kind, node, cx, connections);
    let (of, authenticated, caller_data) = nature(&kind, node, &connector, &operation);
    let event = match (connector.as_str(), operation.as_str()) {
        ("", operation) => Text::from(operation),
        (connector, operation) => Text::from(format!("{connector} {operation}")),
    };
    Trigger {
        id: name.into(),
        name: name.replace('_', " ").into(),
        kind: of,
        authenticated,
        event,
        filter: filter(node, cx),
        after_approval: false,
        caller_data,
        parameters: parameters(node, cx),
        span: node.span(),
    }
}

/// The connector and operation that an event comes from.
fn source<'d>(
    kind: &str,
    node: Node<'d>,
    cx: &Context<'_, 'd>,
    connections: &Connections,
) -> (String, String) {
    let Some(inputs) = node.get("inputs") else { return (String::new(), String::new()) };
    let text = |path: &[&str]| inputs.at(path).and_then(Node::as_str).unwrap_or_default();
    if kind == "serviceprovider" {
        let provider = last(text(&["serviceProviderConfiguration", "serviceProviderId"])).to_lowercase();
        return (provider, text(&["serviceProviderConfiguration", "operationId"]).to_owned());
    }
    let name = text(&["host", "connection", "name"]);
    let names = [text(&["host", "connection", "referenceName"]), key(name).unwrap_or_default()];
    let names = names
        .into_iter()
        .chain([text(&["host", "connectionReferenceName"]), text(&["host", "connectionName"])]);
    let api = last(text(&["host", "apiId"])).to_lowercase();
    let connector = match (api.is_empty(), names.into_iter().find(|n| !n.is_empty())) {
        (false, _) => api,
        (true, Some(name)) => connections.resolve(name).api.to_string(),
        (true, None) => String::new(),
    };
    let named = [text(&["host", "operationId"]), text(&["fetch", "pathTemplate", "template"])];
    match named.into_iter().find(|o| !o.is_empty()) {
        Some(operation) => (connector, operation.to_owned()),
        None => (connector, path_template(&cx.member(inputs, "path", None))),
    }
}

fn nature(kind: &str, node: Node<'_>, connector: &str, operation: &str) -> Nature {
    match kind {
        "request" | "manual" => request(node),
        "recurrence" | "slidingwindow" => (TriggerKind::Schedule, Some(true), false),
        "batch" => (TriggerKind::Subflow, Some(true), true),
        "http" => (TriggerKind::Event, None, true),
        "httpwebhook" => (TriggerKind::Webhook, Some(true), true),
        "agent" => (TriggerKind::Chat, Some(true), true),
        _ => event(connector, &operation.to_ascii_lowercase()),
    }
}

/// A request's URL carries a signature that only those have who were given it. Power Automate's own word for the trigger
/// that asks for nothing else is `All`: "open access without any additional authentication support".
/// Source: <https://learn.microsoft.com/en-us/power-automate/oauth-authentication>
fn request(node: Node<'_>) -> Nature {
    match node.str("kind").unwrap_or_default().to_ascii_lowercase().as_str() {
        "button" | "powerapp" | "powerappv2" | "apiconnection" => (TriggerKind::Manual, Some(true), true),
        "skills" | "virtualagent" | "agent" => (TriggerKind::Chat, Some(true), true),
        "geofence" => (TriggerKind::Event, Some(true), false),
        _ => {
            let asked = node.at(&["inputs", "triggerAuthenticationType"]).and_then(Node::as_str);
            let open = asked.is_some_and(|a| a.eq_ignore_ascii_case("all"));
            (TriggerKind::External, Some(!open), true)
        }
    }
}

fn event(connector: &str, operation: &str) -> Nature {
    let connector = connector.strip_prefix("shared_").unwrap_or(connector);
    let mail = operation.contains("mail") || operation.contains("onflagged") || operation.contains("message");
    match connector {
        "office365" | "outlook" | "gmail" | "imap" | "smtp" if mail || connector == "imap" => {
            (TriggerKind::Mail, Some(false), true)
        }
        "microsoftforms" => (TriggerKind::Form, None, true),
        "typeform" | "jotform" | "googleforms" | "cognitoforms" | "surveymonkey" | "formstackforms"
        | "wufoo" => (TriggerKind::Form, Some(false), true),
        "teams" | "slack" | "webex" | "ciscowebexmeetings" => (TriggerKind::Chat, Some(true), true),
        "sharepointonline"
        | "twitter"
        | "rss"
        | "instagram"
        | "planner"
        | "trello"
        | "todo"
        | "onedrive"
        | "onedriveforbusiness"
        | "googledrive"
        | "googlesheet"
        | "ftp"
        | "sftp"
        | "sftpwithssh"
        | "excelonlinebusiness"
        | "yammer"
        | "dropbox"
        | "box"
        | "approvals" => (TriggerKind::Event, Some(true), true),
        "" if operation.is_empty() => (TriggerKind::Event, None, true),
        _ => (TriggerKind::Event, Some(true), false),
    }
}

/// A run starts only when every condition of the trigger holds.
fn filter<'d>(node: Node<'d>, cx: &Context<'_, 'd>) -> Option<Expression> {
    let conditions = node.get("conditions")?;
    let mut found: Vec<Expression> = conditions
        .items()
        .filter_map(|c| c.get("expression"))
        .map(|expression| cx.condition(Some(expression), None))
        .collect();
    if found.len() < 2 {
        return found.pop();
    }
    let text: Vec<&str> = found.iter().map(|e| e.text.as_str()).collect();
    let (text, line) = (Text::from(text.join(" and ")), found[0].line);
    let terms = found.into_iter().map(|e| e.term).collect();
    Some(Expression { language: Language::Wdl, text, term: Term::Call(Function::And, terms), line })
}

fn parameters<'d>(node: Node<'d>, cx: &Context<'_, 'd>) -> Value {
    let mut map = Map::default();
    for (key, value) in node.get("inputs").into_iter().flat_map(Node::entries) {
        if key != "schema" && key != "host" {
            map.push(key, cx.value(value, None), value.line());
        }
    }
    for key in ["recurrence", "splitOn", "runtimeConfiguration", "operationOptions", "correlation"] {
        if let Some(value) = node.get(key) {
            map.push(key, cx.value(value, None), value.line());
        }
    }
    Value::Map(map)
}
