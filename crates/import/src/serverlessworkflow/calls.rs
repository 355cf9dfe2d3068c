//! `call`: HTTP, OpenAPI, gRPC, AsyncAPI and functions kept elsewhere.

use super::scope::Scope;
use crate::doc::Node;
use workflow::{Auth, Map, Request, Step, StepKind, Text, Value};

/// Fills in what a call does.
pub(super) fn fill(step: &mut Step, node: Node<'_>, own: &Scope, root: Node<'_>) {
    let called = node.str("call").unwrap_or_default();
    let with = node.get("with");
    step.parameters = with.map(|w| own.value(w)).unwrap_or_default();
    match (called, with) {
        ("http", Some(with)) => http(step, with, own, root),
        ("http", None) => step.connector = "http".into(),
        ("openapi", _) => {
            step.connector = "openapi".into();
            step.operation = constant(step.parameters.get("operationId"));
            step.third_party = true;
        }
        ("grpc", _) => {
            step.connector = "grpc".into();
            let (service, method) = (step.parameters.at("service.name"), step.parameters.get("method"));
            step.operation = format!("{}/{}", constant(service), constant(method)).into();
            step.third_party = true;
        }
        ("asyncapi", _) => asyncapi(step),
        (name, _) => {
            // A function in a catalogue or at an address: its code is not here.
            let (function, version) = pinned(name);
            (step.connector, step.connector_version) = (function.into(), version.into());
            step.kind = StepKind::Code;
            step.third_party = true;
            step.code.push(workflow::Code {
                language: workflow::CodeLanguage::Unknown,
                text: Value::Null,
                name: name.into(),
            });
        }
    }
}

fn constant(value: &Value) -> Text {
    value.as_text().map(Text::from).unwrap_or_default()
}

/// `name:1.0.0@catalog` and `.../log/1.0.0/function.yaml`: the function and its version.
fn pinned(name: &str) -> (&str, &str) {
    if name.contains("://") {
        let version =
            name.split('/').find(|p| p.starts_with(|c: char| c.is_ascii_digit()) && p.contains('.'));
        return (name, version.unwrap_or_default());
    }
    let own = name.split('@').next().unwrap_or(name);
    own.split_once(':').unwrap_or((own, ""))
}

fn asyncapi(step: &mut Step) {
    step.connector = "asyncapi".into();
    let subscribes = !step.parameters.get("subscription").is_empty();
    let operation = [step.parameters.get("operation"), step.parameters.get("channel")];
    step.operation = operation.into_iter().map(constant).find(|o| !o.is_empty()).unwrap_or_default();
    step.third_party = true;
    if subscribes {
        step.kind = StepKind::Wait;
    }
}

fn http(step: &mut Step, with: Node<'_>, own: &Scope, root: Node<'_>) {
    let endpoint = with.get("endpoint");
    let uri = endpoint.and_then(|e| e.get("uri")).or(endpoint);
    let method = match with.get("method").map(|m| own.value(m)) {
        Some(Value::Text(method)) => Value::text(method.to_ascii_uppercase()),
        other => other.unwrap_or_default(),
    };
    let given = |key: &str| with.get(key).map(|n| own.value(n)).unwrap_or_default();
    let url = uri.map(|u| own.uri(u)).unwrap_or_default();
    step.connector = "http".into();
    step.operation = constant(&method);
    let authentication = endpoint.and_then(|e| e.get("authentication"));
    step.request = Some(Request {
        method,
        url: url.clone(),
        query: given("query"),
        headers: given("headers"),
        body: crate::values::opened(given("body")),
        auth: authentication.map_or(Auth::None, |a| auth(a, root)),
        governed: false,
    });
    if let Value::Map(map) = &mut step.parameters {
        replace(map, "endpoint", url, endpoint);
    }
}

/// The endpoint as it is called; its authentication stays beside it.
fn replace(map: &mut Map, key: &str, value: Value, node: Option<Node<'_>>) {
    for entry in map.0.iter_mut().filter(|e| e.key == key) {
        match (&mut entry.value, node.is_some_and(Node::is_map)) {
            (Value::Map(inner), true) => {
                inner.0.iter_mut().filter(|e| e.key == "uri").for_each(|e| e.value = value.clone());
            }
            (old, _) => *old = value.clone(),
        }
    }
}

/// How a call proves who it is: a secret by its name, a named authentication, or fields in the definition.
fn auth(node: Node<'_>, root: Node<'_>) -> Auth {
    let named = node.str("use").and_then(|name| root.at(&["use", "authentications", name]));
    let policy = named.or_else(|| node.get("use").is_none().then_some(node));
    let Some(policy) = policy else { return Auth::Stored };
    let scheme = policy.children().next();
    let inline = |n: Node<'_>| n.as_str().is_some_and(|t| !t.contains("${"));
    let literal = scheme.is_some_and(|s| {
        ["password", "token"].iter().any(|k| s.get(k).is_some_and(inline))
            || s.at(&["client", "secret"]).is_some_and(inline)
    });
    if literal { Auth::Inline } else { Auth::Stored }
}

/// Names of the secrets and authentications that a call uses.
pub(super) fn credentials(node: Node<'_>) -> Vec<Text> {
    let found =
        node.at(&["with", "endpoint", "authentication"]).or_else(|| node.at(&["with", "authentication"]));
    let Some(policy) = found else { return Vec::new() };
    let named = policy.str("use").or_else(|| policy.as_str());
    let inner = policy.children().next().and_then(|scheme| scheme.str("use"));
    named.or(inner).map(Text::from).into_iter().collect()
}
