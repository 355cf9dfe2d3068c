//! The HTTP Request action: method, URL, body, how it proves who it is, and whether it starts a workflow.

use super::scope::Scope;
use super::value;
use crate::doc::Node;
use workflow::{Auth, Callee, CalleeKey, Credential, Request, Term, Text, Value};

/// Where a body may stand, with the content types that select it.
const BODIES: [(&str, &[&str]); 6] = [
    ("jsonRequestBody", &["json", "application/json"]),
    ("jsonPatchRequestBody", &["json-patch+json", "application/json-patch+json"]),
    ("formRequestBody", &["form", "x-www-form-urlencoded", "application/x-www-form-urlencoded"]),
    ("xmlRequestBody", &["xml", "application/xml"]),
    ("textRequestBody", &["text", "plain", "text/plain"]),
    ("rawRequestBody", &["raw"]),
];

/// Attributes that hold a secret.
const SECRETS: [&str; 5] =
    ["oAuthClientSecret", "basicAuthPassword", "authorizationHeader", "apiKey", "customAuthorization"];

/// The call that the attributes of an `sp:http` step describe.
pub(super) fn request(attributes: Option<Node<'_>>, parameters: &Value, scope: &Scope<'_>) -> Request {
    let method = match parameters.get("method") {
        Value::Text(m) => Value::text(m.to_uppercase()),
        other => other.clone(),
    };
    let first = |names: &[&str]| {
        names.iter().map(|n| parameters.get(n)).find(|v| !v.is_empty()).cloned().unwrap_or_default()
    };
    Request {
        method,
        url: parameters.get("url").clone(),
        query: first(&["queryParameters", "queryParams", "urlParameters", "urlParams"]),
        headers: first(&["requestHeaders", "headers"]),
        body: attributes.map(|a| body(a, parameters, scope)).unwrap_or_default(),
        auth: auth(parameters),
        governed: false,
    }
}

fn body(attributes: Node<'_>, parameters: &Value, scope: &Scope<'_>) -> Value {
    let kind = parameters.get("requestContentType").as_text().unwrap_or_default().to_ascii_lowercase();
    let selected = BODIES.iter().find(|(_, kinds)| kinds.contains(&kind.as_str())).map(|(name, _)| *name);
    let names =
        selected.into_iter().chain(BODIES.iter().map(|(name, _)| *name)).chain(["requestBody", "body"]);
    let present = names.into_iter().find(|n| !parameters.get(n).is_empty());
    let Some(name) = present else { return Value::Null };
    match attributes.get(name).and_then(|n| n.as_str().map(|t| (t, n.line()))) {
        Some((text, line)) => value::body(text, line, scope),
        None => parameters.get(name).clone(),
    }
}

fn auth(parameters: &Value) -> Auth {
    let secrets = SECRETS.iter().map(|s| parameters.get(s));
    let kept = !parameters.get("authenticationType").is_empty()
        || !parameters.get("param_authenticationRef").is_empty();
    if secrets.into_iter().any(|s| s.as_text().is_some_and(is_literal)) {
        Auth::Inline
    } else if kept {
        Auth::Stored
    } else {
        Auth::None
    }
}

/// A text that would really be used: not empty and no placeholder.
fn is_literal(text: &str) -> bool {
    !text.trim().is_empty() && !text.trim_start().starts_with(['{', '%', '<', '$', '['])
}

/// The credential that the attributes of a step name.
pub(super) fn credential(parameters: &Value, line: u32) -> Option<Credential> {
    let kind = match parameters.get("authenticationType").as_text().map(str::to_ascii_lowercase) {
        Some(kind) if !kind.is_empty() && kind != "none" => kind,
        _ => parameters.get("param_authenticationRef").as_text().filter(|r| !r.is_empty())?.to_owned(),
    };
    let names = ["oAuthClientId", "basicAuthUserName", "param_authenticationRef"];
    let text = |name: &str| match parameters.get(name) {
        Value::Text(t) if !t.trim().is_empty() => Some(t.clone()),
        Value::Expr(e) => Some(e.text.clone()),
        _ => None,
    };
    let name = names.iter().find_map(|n| text(n)).unwrap_or_default();
    let at = text("oAuthTokenUrl").or_else(|| text("url")).unwrap_or_default();
    let id = Text::from(format!("{kind} {name} {at}").trim());
    Some(Credential { id, name, kind: kind.into(), personal: None, callers: false, line })
}

/// The workflow that a call of the execution API starts.
pub(super) fn callee(request: &Request, own: &[Text]) -> Option<Callee> {
    let key = match &request.url {
        Value::Text(url) => named(url, own)?,
        Value::Expr(e) => templated(&e.term, own)?,
        _ => return None,
    };
    Some(Callee { key, input: request.body.clone() })
}

/// By a constant URL, or by the words that SailPoint's templates put in its place.
fn named(url: &str, own: &[Text]) -> Option<CalleeKey> {
    if let Some(id) = executed(url) {
        return Some(match id {
            "" => CalleeKey::Dynamic(url.into()),
            id if own.iter().any(|o| o == id) => CalleeKey::Itself,
            id if id.starts_with(['{', '<', '%', '$']) => CalleeKey::Dynamic(url.into()),
            id => CalleeKey::Id(id.into()),
        });
    }
    let words = url.trim().strip_prefix(['{', '<'])?.to_ascii_lowercase();
    if !words.contains("external trigger") {
        return None;
    }
    Some(if words.contains("this workflow") { CalleeKey::Itself } else { CalleeKey::Dynamic(url.into()) })
}

fn templated(term: &Term, own: &[Text]) -> Option<CalleeKey> {
    let Term::Template(parts) = term else { return None };
    let (at, id) = parts.iter().enumerate().find_map(|(i, p)| match p {
        Term::Text(t) => executed(t).map(|id| (i, id)),
        _ => None,
    })?;
    match parts.get(at + 1) {
        Some(_) if id.is_empty() => Some(CalleeKey::Dynamic("id from data".into())),
        _ => named(&format!("/workflows/execute/external/{id}"), own),
    }
}

/// What stands after `…/workflows/…/execute/external/`, up to the next `/` or `?`.
pub(super) fn executed(url: &str) -> Option<&str> {
    let (before, after) = url.split_once("/execute/external/")?;
    if !before.contains("/workflows") && !before.is_empty() {
        return None;
    }
    after.split(['/', '?', '#']).next()
}
