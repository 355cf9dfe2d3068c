//! Raw HTTP calls: the HTTP Request node in its four generations, the HTTP tool of language models, GraphQL.

use super::json_template;
use crate::js::Names;
use workflow::{Auth, Expression, Language, Map, Reference, Root, Segment, Term, Text, Value};

/// The request that a node makes.
pub(super) fn request(
    short: &str,
    version: Option<f64>,
    parameters: &Value,
    names: &dyn Names,
) -> workflow::Request {
    match short {
        "graphql" => graphql(parameters, names),
        "toolHttpRequest" => tool(parameters, names),
        _ if version.is_some_and(|v| v < 3.0) => classic(parameters, names),
        _ => modern(parameters, names),
    }
}

fn method(value: &Value, usual: &str) -> Value {
    match value {
        Value::Null => Value::text(usual),
        Value::Text(t) => Value::text(t.to_uppercase()),
        other => other.clone(),
    }
}

/// The request of a node that is not n8n's own and takes a method and an address, as nodes for one interface do.
pub(super) fn of_third_party(p: &Value, names: &dyn Names) -> Option<workflow::Request> {
    let known = ["GET", "POST", "PUT", "PATCH", "DELETE"];
    let method = p.get("method").as_text().map(str::to_uppercase).filter(|m| known.contains(&m.as_str()))?;
    let url = p.get("url");
    let absolute = match url {
        Value::Text(t) => t.contains("://"),
        Value::Expr(e) => e.text.contains("://"),
        _ => false,
    };
    absolute.then(|| workflow::Request {
        method: Value::text(method),
        url: url.clone(),
        auth: Auth::Stored,
        body: json_template::parsed(p.get("body"), names).unwrap_or_default(),
        governed: true,
        ..workflow::Request::default()
    })
}

/// From version 3 on.
fn modern(p: &Value, names: &dyn Names) -> workflow::Request {
    let sends = |flag: &str| p.get(flag).as_bool() == Some(true);
    let part = |flag, specify: &str, pairs: &str, json: &str| {
        if !sends(flag) {
            return Value::Null;
        }
        match p.get(specify).as_text() {
            Some("json") => json_template::parsed(p.get(json), names).unwrap_or_default(),
            _ => pairs_of(p.get(pairs).get("parameters")),
        }
    };
    let headers = part("sendHeaders", "specifyHeaders", "headerParameters", "jsonHeaders");
    let body = if sends("sendBody") { modern_body(p, names) } else { Value::Null };
    workflow::Request {
        method: method(p.get("method"), "GET"),
        url: p.get("url").clone(),
        query: part("sendQuery", "specifyQuery", "queryParameters", "jsonQuery"),
        auth: auth(p, &headers),
        headers,
        body,
        governed: false,
    }
}

fn modern_body(p: &Value, names: &dyn Names) -> Value {
    let content = p.get("contentType").as_text().unwrap_or("json");
    let specify = p.get("specifyBody").as_text().unwrap_or("keypair");
    match (content, specify) {
        ("raw", _) => json_template::parsed(p.get("body"), names).unwrap_or_default(),
        ("binaryData", _) => Value::Null,
        ("json", "json") => json_template::parsed(p.get("jsonBody"), names).unwrap_or_default(),
        (_, "string") => form(p.get("body")),
        _ => pairs_of(p.get("bodyParameters").get("parameters")),
    }
}

/// `a=b&c=d` as an object, where it is constant.
fn form(value: &Value) -> Value {
    let Some(text) = value.as_text().filter(|t| t.contains('=')) else { return value.clone() };
    let mut map = Map::default();
    for (key, value) in text.split('&').filter_map(|pair| pair.split_once('=')) {
        map.push(key, Value::text(value), 0);
    }
    Value::Map(map)
}

/// Versions 1 and 2.
fn classic(p: &Value, names: &dyn Names) -> workflow::Request {
    let json = p.get("jsonParameters").as_bool() == Some(true);
    let part = |name: &str| {
        if json {
            json_template::parsed(p.get(&format!("{name}ParametersJson")), names).unwrap_or_default()
        } else {
            pairs_of(p.get(&format!("{name}ParametersUi")).get("parameter"))
        }
    };
    let headers = part("header");
    workflow::Request {
        method: method(p.get("requestMethod"), "GET"),
        url: p.get("url").clone(),
        query: part("query"),
        auth: auth(p, &headers),
        headers,
        body: part("body"),
        governed: false,
    }
}

/// A list of names and values as an object.
fn pairs_of(list: &Value) -> Value {
    let mut map = Map::default();
    for pair in list.items() {
        let key = match pair.get("name") {
            Value::Text(name) => name.clone(),
            Value::Null => continue,
            _ => Text::from("*"),
        };
        let line = pair.entries().iter().map(|e| e.line).max().unwrap_or(0);
        map.push(key, pair.get("value").clone(), line);
    }
    if map.0.is_empty() { Value::Null } else { Value::Map(map) }
}

fn auth(p: &Value, headers: &Value) -> Auth {
    let said = p.get("authentication").as_text().unwrap_or("none");
    let inline = headers.entries().iter().any(|h| {
        let name = h.key.to_ascii_lowercase();
        name == "authorization" || name.contains("api-key") || name.contains("token")
    });
    match said {
        "none" | "" if inline => Auth::Inline,
        "none" | "" => Auth::None,
        _ => Auth::Stored,
    }
}

fn graphql(p: &Value, names: &dyn Names) -> workflow::Request {
    let mut body = Map::default();
    body.push("query", p.get("query").clone(), 0);
    let variables = json_template::parsed(p.get("variables"), names);
    variables.into_iter().for_each(|v| body.push("variables", v, 0));
    let headers = pairs_of(p.at("headerParametersUi.parameter"));
    workflow::Request {
        method: method(p.get("requestMethod"), "POST"),
        url: p.get("endpoint").clone(),
        query: Value::Null,
        auth: auth(p, &headers),
        headers,
        body: Value::Map(body),
        governed: false,
    }
}

/// The HTTP tool of a language model: `{name}` stands for what the model chooses.
fn tool(p: &Value, names: &dyn Names) -> workflow::Request {
    let model = names.model().unwrap_or(Root::Unknown("model".into()));
    let part = |flag: &str, list: &str, json: &str| {
        if p.get(flag).as_bool() != Some(true) {
            return Value::Null;
        }
        match p.get(json) {
            Value::Null => tool_pairs(p.get(list).get("values"), &model),
            text => json_template::parsed(&chosen(text, &model), names).unwrap_or_default(),
        }
    };
    let headers = part("sendHeaders", "parametersHeaders", "jsonHeaders");
    workflow::Request {
        method: method(p.get("method"), "GET"),
        url: chosen(p.get("url"), &model),
        query: part("sendQuery", "parametersQuery", "jsonQuery"),
        auth: auth(p, &headers),
        headers,
        body: part("sendBody", "parametersBody", "jsonBody"),
        governed: false,
    }
}

fn tool_pairs(list: &Value, model: &Root) -> Value {
    let mut map = Map::default();
    for pair in list.items() {
        let Some(name) = pair.get("name").as_text() else { continue };
        let fixed = pair.get("valueProvider").as_text() == Some("fieldValue");
        let value = if fixed { chosen(pair.get("value"), model) } else { by_model(name, model) };
        map.push(name, value, 0);
    }
    Value::Map(map)
}

/// What a model fills in.
fn by_model(name: &str, model: &Root) -> Value {
    let reference = Reference { root: model.clone(), path: vec![Segment::Key(name.into())] };
    let text = format!("{{{name}}}");
    let term = Term::Ref(reference);
    Value::Expr(Box::new(Expression { language: Language::N8n, text: text.into(), term, line: 0 }))
}

/// A text whose `{name}` holes the model fills in.
fn chosen(value: &Value, model: &Root) -> Value {
    let Some(text) = value.as_text() else { return value.clone() };
    let (mut parts, mut rest, mut holes) = (Vec::new(), text, 0);
    while let Some((before, name, after)) = hole(rest) {
        parts.push(Term::Text(before.into()));
        parts.push(Term::Ref(Reference { root: model.clone(), path: vec![Segment::Key(name.into())] }));
        (rest, holes) = (after, holes + 1);
    }
    if holes == 0 {
        return value.clone();
    }
    parts.push(Term::Text(rest.into()));
    parts.retain(|p| !matches!(p, Term::Text(t) if t.is_empty()));
    let term = Term::Template(parts);
    Value::Expr(Box::new(Expression { language: Language::N8n, text: text.into(), term, line: 0 }))
}

/// The first `{name}` of a text, with what stands before and after it.
fn hole(text: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    while let Some(open) = text.get(from..)?.find('{').map(|i| i + from) {
        let inside = &text[open + 1..];
        let end =
            inside.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-')).unwrap_or(inside.len());
        if end > 0 && inside[end..].starts_with('}') {
            return Some((&text[..open], &inside[..end], &inside[end + 1..]));
        }
        from = open + 1;
    }
    None
}
