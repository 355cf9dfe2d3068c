//! Tasks that do something outside: engines' built-in types, connectors, classes and workers.

use super::activity::language;
use super::build::Builder;
use super::xml::{self, Element};
use crate::values::opened;
use workflow::{Auth, Code, CodeLanguage, Map, Request, Step, StepKind, Text, Value};

/// Whether an element runs something of the engine's or the user's.
pub(super) fn runs(node: Element<'_, '_>) -> bool {
    ["class", "delegateExpression", "expression", "topic", "type"]
        .iter()
        .any(|k| definition(node, k).is_some())
        || xml::extensions(node, "taskDefinition").next().is_some()
        || xml::extensions(node, "connector").next().is_some()
}

/// How often a failed job is tried in all, where the model does not say.
const ATTEMPTS: u32 = 3;

/// How often a job is tried again: Camunda 8's workers, and what Camunda 7 and its kin run as jobs of their own.
pub(super) fn retries(node: Element<'_, '_>) -> u32 {
    if let Some(job) = xml::extensions(node, "taskDefinition").next() {
        let attempts = job.attribute("retries").and_then(|r| r.trim().parse().ok());
        return attempts.unwrap_or(ATTEMPTS).saturating_sub(1);
    }
    let is_job = ["asyncBefore", "asyncAfter", "async"].iter().any(|k| xml::vendor(node, k) == Some("true"));
    if !is_job {
        return 0;
    }
    let cycle = xml::extensions(node, "failedJobRetryTimeCycle").next().map(xml::text);
    cycle.and_then(repeats).unwrap_or(ATTEMPTS - 1)
}

/// `R5/PT10M` is five attempts in all; `PT1M,PT5M` is one more than the waits between them.
fn repeats(cycle: &str) -> Option<u32> {
    match cycle.strip_prefix('R') {
        Some(rest) => rest.split('/').next()?.trim().parse::<u32>().ok().map(|n| n.saturating_sub(1)),
        None => u32::try_from(cycle.split(',').filter(|t| t.trim().starts_with('P')).count())
            .ok()
            .filter(|n| *n > 0),
    }
}

/// A vendor's attribute of an element, or of its event definition.
fn definition<'a>(node: Element<'a, '_>, key: &str) -> Option<&'a str> {
    let inner = node.children().find(|n| xml::name(*n).ends_with("EventDefinition"));
    xml::vendor(node, key).or_else(|| inner.and_then(|i| xml::vendor(i, key)))
}

/// The inputs of a step by their names: mappings, fields, headers. Dotted names are objects.
pub(super) fn inputs(node: Element<'_, '_>, builder: &Builder<'_, '_, '_>) -> Map {
    let line = builder.text.line(node);
    let mut map = Map::default();
    for input in xml::extensions(node, "inputParameter") {
        let Some(name) = input.attribute("name") else { continue };
        map.push(name, parameter(input, builder, 0), builder.text.line(input));
    }
    for field in xml::extensions(node, "field") {
        let Some(name) = field.attribute("name") else { continue };
        let inner = field.children().find(|n| n.is_element()).map(xml::text);
        let text =
            field.attribute("stringValue").or(field.attribute("expression")).or(inner).unwrap_or_default();
        map.push(name, builder.answers.scope.read(text, line), line);
    }
    for input in xml::extensions(node, "input") {
        let (Some(target), Some(source)) = (input.attribute("target"), input.attribute("source")) else {
            continue;
        };
        put(&mut map, target, builder.answers.scope.read(source, builder.text.line(input)), line);
    }
    map
}

/// A parameter of Camunda 7: a text, a list, a map or a script.
fn parameter(node: Element<'_, '_>, builder: &Builder<'_, '_, '_>, depth: usize) -> Value {
    let line = builder.text.line(node);
    let inner = node.children().find(|n| n.is_element()).filter(|_| depth < 20);
    match inner.map(|n| (n, n.tag_name().name())) {
        Some((list, "list")) => {
            let values = list.children().filter(|n| n.is_element());
            Value::List(values.map(|v| builder.answers.scope.read(xml::text(v), line)).collect())
        }
        Some((entries, "map")) => {
            let mut map = Map::default();
            for entry in entries.children().filter(|n| n.tag_name().name() == "entry") {
                map.push(
                    entry.attribute("key").unwrap_or_default(),
                    parameter(entry, builder, depth + 1),
                    line,
                );
            }
            Value::Map(map)
        }
        Some((script, "script")) => {
            let text = xml::text(script);
            let language = workflow::Language::Juel;
            crate::values::computed(language, text, workflow::Term::Unknown(Vec::new()), line)
        }
        _ => builder.answers.scope.read(xml::text(node), line),
    }
}

/// Puts a value below a dotted name.
fn put(map: &mut Map, name: &str, value: Value, line: u32) {
    let Some((first, rest)) = name.split_once('.') else { return map.push(name, value, line) };
    let at = map.0.iter().position(|e| e.key == first && matches!(e.value, Value::Map(_)));
    let at = at.unwrap_or_else(|| {
        map.push(first, Value::Map(Map::default()), line);
        map.0.len() - 1
    });
    if let Some(Value::Map(inner)) = map.0.get_mut(at).map(|e| &mut e.value) {
        // A hostile name with thousands of dots is cut short by its own nesting.
        if rest.matches('.').count() < 32 {
            put(inner, rest, value, line)
        } else {
            inner.push(rest, value, line)
        }
    }
}

/// A service, send or business-rule task, or an event that runs something.
pub(super) fn service(node: Element<'_, '_>, step: &mut Step, builder: &Builder<'_, '_, '_>) {
    let job = xml::extensions(node, "taskDefinition").next();
    if let Some(kind) = job.and_then(|j| j.attribute("type")).filter(|t| !t.is_empty()) {
        return worker(node, kind, step, builder);
    }
    let id = xml::extensions(node, "connectorId").next().map(xml::text);
    if let Some(id) = id.filter(|i| !i.is_empty()) {
        return camunda(id, step);
    }
    match definition(node, "type") {
        Some("external") => {
            own(definition(node, "topic").unwrap_or_default(), "worker", CodeLanguage::Unknown, step)
        }
        Some("http") => flowable_http(step),
        Some(kind @ ("mail" | "shell" | "camel" | "mule" | "dmn")) => named(kind, "-", step),
        Some(kind) => own(kind, "type", CodeLanguage::Unknown, step),
        None => class(node, step),
    }
}

/// Code of the user's own, by the name of its class, bean, expression or worker.
fn class(node: Element<'_, '_>, step: &mut Step) {
    for key in ["class", "delegateExpression", "expression"] {
        let Some(name) = definition(node, key) else { continue };
        if key == "expression" {
            return expression(name, step);
        }
        own(name, key, CodeLanguage::Unknown, step);
        if let (Some(given), Some(code)) = (super::script::field(node), step.code.last_mut()) {
            (code.language, code.text) = (CodeLanguage::JavaScript, Value::text(given));
        }
        return;
    }
    let implementation = node.attribute("implementation").filter(|i| !i.starts_with("##"));
    match (xml::name(node), implementation) {
        ("serviceTask", Some(name)) => own(name, "implementation", CodeLanguage::Unknown, step),
        // A model that says only that some service does it: what it does is not known.
        ("serviceTask", None) => step.kind = StepKind::Action,
        _ => {}
    }
}

/// An expression calls beans whose code is kept elsewhere; what it calls stands in it. Without braces it is only a text.
fn expression(text: &str, step: &mut Step) {
    if !text.contains("${") && !text.contains("#{") {
        (step.kind, step.operation) = (StepKind::Set, "task".into());
        step.output = Some(Value::text(text));
        return;
    }
    own(text, "expression", CodeLanguage::Groovy, step);
    if let (Some(inner), Some(code)) = (called(text), step.code.last_mut()) {
        code.text = Value::text(inner);
    }
}

/// What stands in the braces of an expression that is nothing else.
pub(super) fn called(text: &str) -> Option<&str> {
    let inner = text.strip_prefix("${").or(text.strip_prefix("#{"))?.strip_suffix('}')?;
    (!inner.contains('{')).then_some(inner)
}

fn own(name: &str, operation: &str, language: CodeLanguage, step: &mut Step) {
    step.kind = StepKind::Code;
    (step.connector, step.operation) = (name.into(), operation.into());
    step.code.push(Code { language, text: Value::Null, name: name.into() });
}

fn named(connector: &str, operation: &str, step: &mut Step) {
    step.kind = StepKind::Action;
    (step.connector, step.operation) = (connector.into(), operation.into());
    if connector == "shell" {
        let text = step.parameters.get("command").clone();
        step.code.push(Code { language: CodeLanguage::Shell, text, name: Text::default() });
    }
}

/// Camunda 8: a job type. Those of connectors are known, the others are workers of the user's own.
fn worker(node: Element<'_, '_>, kind: &str, step: &mut Step, builder: &Builder<'_, '_, '_>) {
    let connector = kind.starts_with("io.camunda");
    for header in xml::extensions(node, "header") {
        let (Some(key), Some(value)) = (header.attribute("key"), header.attribute("value")) else { continue };
        if let Value::Map(map) = &mut step.parameters {
            map.push(
                key,
                builder.answers.scope.read(value, builder.text.line(header)),
                builder.text.line(header),
            );
        }
    }
    if kind.starts_with("io.camunda:http-json") {
        named(kind, "-", step);
        step.request =
            Some(request(&step.parameters, ["method", "url", "queryParameters", "headers", "body"]));
    } else if connector {
        let keys = [
            "method",
            "operationType",
            "operation",
            "operation.type",
            "data.type",
            "action",
            "type",
            "data.operation",
        ];
        let found = keys.iter().find_map(|k| step.parameters.at(k).as_text().map(ToOwned::to_owned));
        named(kind, found.as_deref().unwrap_or("-"), step);
        if kind.contains("jdbc") {
            let text = step.parameters.at("data.query").clone();
            step.code.push(Code { language: CodeLanguage::Sql, text, name: Text::default() });
        }
    } else {
        own(kind, "worker", language(kind), step);
        // The community's script worker takes its script from a header.
        let script = step.parameters.get("script").clone();
        if let (Some(code), false) = (step.code.last_mut(), script.is_empty()) {
            let format = step.parameters.get("language").as_text().unwrap_or(kind);
            (code.language, code.text) = (language(format), script);
        }
    }
    let pinned = xml::vendor(node, "modelerTemplateVersion");
    step.connector_version = pinned.unwrap_or_default().into();
}

/// Camunda 7's connectors.
fn camunda(id: &str, step: &mut Step) {
    if id.contains("http") || id.contains("soap") {
        named("http", "-", step);
        step.request = Some(request(&step.parameters, ["method", "url", "query", "headers", "payload"]));
    } else if id.starts_with("mail") {
        named("mail", if id.contains("send") { "send" } else { id }, step);
    } else {
        own(id, "connector", CodeLanguage::Unknown, step);
    }
}

fn flowable_http(step: &mut Step) {
    named("http", "-", step);
    let keys = ["requestMethod", "requestUrl", "requestQuery", "requestHeaders", "requestBody"];
    step.request = Some(request(&step.parameters, keys));
}

fn request(parameters: &Value, [method, url, query, headers, body]: [&str; 5]) -> Request {
    let method = match parameters.get(method) {
        Value::Text(m) => Value::text(m.to_uppercase()),
        Value::Null => Value::text("GET"),
        other => other.clone(),
    };
    let headers = opened(parameters.get(headers).clone());
    let inline =
        headers.entries().iter().any(|e| e.key.eq_ignore_ascii_case("authorization") && !e.value.is_empty());
    let auth = parameters.at("authentication.type").as_text();
    let auth = match (auth, inline) {
        (Some("noAuth") | None, false) => Auth::None,
        (_, true) => Auth::Inline,
        _ => Auth::Stored,
    };
    Request {
        method,
        url: parameters.get(url).clone(),
        query: parameters.get(query).clone(),
        headers,
        body: data(opened(parameters.get(body).clone())),
        auth,
        governed: false,
    }
}

/// An object that an expression writes out, as data.
fn data(body: Value) -> Value {
    let Value::Expr(e) = &body else { return body };
    let workflow::Term::Map(entries) = &e.term else { return body };
    let mut map = Map::default();
    for (key, term) in entries {
        let value = crate::values::computed(e.language, key.clone(), term.clone(), e.line);
        map.push(key.clone(), data(value), e.line);
    }
    Value::Map(map)
}
