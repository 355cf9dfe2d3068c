//! A node to a step.

use super::function::put;
use super::kinds;
use super::network::Network;
use super::properties::{by_way, computed, map, message, mustache, plain, string};
use super::rules;
use super::scope::At;
use super::told;
use crate::doc::Node;
use workflow::{
    Ask, Auth, Callee, CalleeKey, Code, Expression, Function, Language, Map, OnError, Outcome, Request, Step,
    StepKind, Term, Text, Value,
};

/// What a node has that is not a parameter of what it does.
pub(super) const FRAME: &[&str] = &[
    "id",
    "type",
    "z",
    "g",
    "x",
    "y",
    "w",
    "h",
    "l",
    "d",
    "wires",
    "name",
    "info",
    "icon",
    "color",
    "inputLabels",
    "outputLabels",
];

/// The step that a node makes.
pub(super) fn step(network: &Network<'_>, ix: usize, at: &At<'_>) -> Step {
    let item = &network.items[ix];
    let node = item.node;
    let mut step = Step::new(item.id, network.name(ix), kinds::step_kind(item.kind));
    step.connector = if item.kind == "http request" { "http" } else { item.kind }.into();
    step.third_party = kinds::is_third_party(item.kind);
    step.enabled = !item.disabled;
    step.code = code(item.kind, node, at);
    let is_script = kinds::code(item.kind).is_some();
    let html = ["func", "initialize", "finalize", "format", "template"];
    step.parameters = Value::Map(if is_script { raw(node) } else { map(node, &skipped(&html), at) });
    step.operation = operation(node).into();
    shape(&mut step, network, ix, at);
    step
}

fn skipped<'k>(more: &[&'k str]) -> Vec<&'k str> {
    FRAME.iter().chain(more).copied().collect()
}

/// Parameters of a script: texts as they are, since its own language may use the marks of templates.
fn raw(node: Node<'_>) -> Map {
    let mut map = Map::default();
    for (key, n) in node.entries().filter(|(key, _)| !FRAME.contains(key)) {
        if let Some(text) = n.scalar() {
            map.push(key, Value::text(text), n.line());
        }
    }
    map
}

fn operation(node: Node<'_>) -> &str {
    let said = ["operation", "method", "command", "action"].iter().find_map(|key| node.str(key));
    said.filter(|o| !o.is_empty() && o.len() <= 64 && !o.contains('\n')).unwrap_or("-")
}

fn code(kind: &str, node: Node<'_>, at: &At<'_>) -> Vec<Code> {
    let one = |language, text| Code { language, text, name: Text::default() };
    if let Some((language, keys)) = kinds::code(kind) {
        let texts = keys.iter().filter_map(|key| node.str(key).filter(|t| !t.trim().is_empty()));
        let mut found: Vec<Code> = texts.map(|text| one(language, command(kind, text, node, at))).collect();
        if found.is_empty() && kind == "function" {
            // One without a body hands nothing on.
            found.push(one(language, Value::text("return null;")));
        }
        let given = if kind == "function" { super::function::modules(node) } else { None };
        found.extend(given.map(|text| one(language, Value::text(text))));
        return found;
    }
    let statement = kinds::statement(kind).into_iter().flatten().find_map(|key| node.get(key));
    let text = statement.map(|n| plain(n, at)).filter(|v| !v.is_empty() && !runs_message(node));
    // Without a statement of its own, a node for a database runs what the message says.
    let place = node.str("queryOpt").filter(|_| runs_message(node)).unwrap_or(kinds::said_statement(kind));
    let said = || computed(place, by_way(place, at), node.line());
    match kinds::statement(kind) {
        Some(_) => vec![one(workflow::CodeLanguage::Sql, text.unwrap_or_else(said))],
        None => Vec::new(),
    }
}

/// Whether a node for SQLite or SQL Server is set to run what the message says, whatever text it still has.
fn runs_message(node: Node<'_>) -> bool {
    matches!(node.str("sqlquery"), Some("msg.topic" | "batch")) || node.str("queryOptType") == Some("msg")
}

/// A command with what the message adds to it.
fn command(kind: &str, text: &str, node: Node<'_>, at: &At<'_>) -> Value {
    let added = match node.get("addpay") {
        Some(n) if n.as_bool() == Some(true) => Some("payload"),
        Some(n) => n.as_str().filter(|k| !k.is_empty()),
        None => None,
    };
    let Some(added) = added.filter(|_| kind == "exec") else { return Value::text(text) };
    let mut parts = vec![Term::Text(format!("{text} ").into()), message(added, at)];
    let append = node.str("append").filter(|a| !a.is_empty());
    parts.extend(append.map(|a| Term::Text(format!(" {a}").into())));
    computed(text, Term::Template(parts), node.line())
}

fn shape(step: &mut Step, network: &Network<'_>, ix: usize, at: &At<'_>) {
    let item = &network.items[ix];
    let node = item.node;
    let line = node.line();
    step.passes_input =
        matches!(step.kind, StepKind::Branch | StepKind::Guard | StepKind::Wait | StepKind::Join);
    match item.kind {
        "http request" => request_step(step, node, at),
        "link call" => call(step, network, ix, at),
        "link out" => link_out(step, network, ix, at),
        "change" => {
            let changes = rules::changes(node, at);
            (step.output, step.assigns, step.passes_input) = (Some(changes.output), changes.assigns, true);
        }
        "template" => {
            let field = node.str("field").unwrap_or("payload");
            (step.output, step.passes_input) = (Some(one(field, template(node, at))), true);
        }
        "json" => {
            let field = node.str("property").unwrap_or("payload");
            let parsed = Term::Call(Function::ParseJson, vec![message(field, at)]);
            (step.output, step.passes_input) = (Some(one(field, computed(field, parsed, line))), true);
        }
        "xml" | "yaml" | "html" | "csv" | "base64" => {
            let field = node.str("property").filter(|p| !p.is_empty()).unwrap_or("payload");
            (step.output, step.passes_input) = (Some(one(field, parsed(item.kind, field, node, at))), true);
        }
        "function" => function(step, ix, at),
        "split" => {
            let Term::Ref(mut items) = message("payload", at) else { return };
            items.path.push(workflow::Segment::Each);
            let item = computed("payload", Term::Ref(items), line);
            (step.output, step.passes_input) = (Some(one("payload", item)), true);
        }
        // A command that fails gives its outputs and return code as one that succeeds.
        "exec" => (step.operation, step.on_error) = ("-".into(), OnError::Continue),
        "ui_toast" | "ui-notification" => {
            step.ask = asked(node);
            step.operation = if step.ask.is_some() { "dialog" } else { "toast" }.into();
        }
        "reusable" | "component" => reusable(step, network, ix),
        "telegram sender" | "telegram reply" => told::sends(step, network, ix),
        "api-call-service" => told::service(step, node),
        "github-rest-api" => github(step, node, at),
        "2nac-rest-api" => access_commander(step, node, at),
        "aws-sdk-any" => aws_sdk(step, node, at),
        "contract-call" => {
            step.operation = node.str("contractFunction").filter(|f| !f.is_empty()).unwrap_or("-").into();
            told::told(step, item.kind, at, line);
        }
        kind if kind.starts_with("AWS ") => aws(step, kind, at, line),
        kind => {
            told::told(step, kind, at, line);
            if let Some(id) = kind.strip_prefix("subflow:") {
                step.calls.push(Callee { key: CalleeKey::Id(id.into()), input: whole(at, line) });
                step.operation = "-".into();
            }
        }
    }
}

/// A node that runs a flow by the name of its entrance. One in the same tab starts there as a trigger of its own.
fn reusable(step: &mut Step, network: &Network<'_>, ix: usize) {
    let target = network.items[ix].node.str("target").unwrap_or_default().to_lowercase();
    let entrance = (0..network.items.len()).find(|i| {
        matches!(network.items[*i].kind, "reusable-in" | "component_in")
            && network.name(*i).to_lowercase() == target
    });
    match entrance.map(|i| network.items[i].flow) {
        Some(flow) if flow == network.items[ix].flow => step.kind = StepKind::Join,
        flow => {
            step.kind = StepKind::Call;
            let key = flow.map_or_else(|| CalleeKey::Name(target.into()), |flow| CalleeKey::Id(flow.into()));
            step.calls.push(Callee { key, input: Value::Null });
        }
    }
}

/// The nodes for AWS name a service by their type and one of its API's actions by their operation: the action that the
/// services with a query API are called with.
fn aws(step: &mut Step, kind: &str, at: &At<'_>, line: u32) {
    let host = match kind {
        "AWS IAM" => "iam.amazonaws.com",
        "AWS STS" => "sts.amazonaws.com",
        _ => return,
    };
    step.request = Some(Request {
        method: Value::text("POST"),
        url: Value::text(format!("https://{host}/?Action={}", step.operation)),
        body: computed("payload", message("payload", at), line),
        auth: Auth::Stored,
        governed: true,
        ..Request::default()
    });
}

/// What a node makes of a text in another notation; a table becomes a message for each of its rows.
fn parsed(kind: &str, field: &str, node: Node<'_>, at: &At<'_>) -> Value {
    let term = match message(field, at) {
        Term::Ref(mut rows) if kind == "csv" && node.str("multi") != Some("mult") => {
            rows.path.push(workflow::Segment::Each);
            Term::Ref(rows)
        }
        whole => Term::Call(Function::ParseJson, vec![whole]),
    };
    computed(field, term, node.line())
}

/// The node that calls any method of Amazon's library with the payload.
fn aws_sdk(step: &mut Step, node: Node<'_>, at: &At<'_>) {
    let service = node.str("servicename").unwrap_or_default().to_ascii_lowercase();
    let service = match service.as_str() {
        "stepfunctions" => "sfn",
        "cognitoidentityserviceprovider" => "cognitoidentityprovider",
        own => own,
    };
    step.connector = format!("aws-sdk:{service}").into();
    step.operation = node.str("methodname").unwrap_or("-").into();
    step.parameters = computed("payload", message("payload", at), node.line());
}

/// The node for 2N Access Commander has a path with properties of the message in braces (`visitors/{visitorId}`).
fn access_commander(step: &mut Step, node: Node<'_>, at: &At<'_>) {
    let path = node.str("endpoint").unwrap_or_default();
    step.request = Some(Request {
        method: Value::text(step.operation.as_str()),
        url: computed(path, braced("/", path, "", at), node.line()),
        body: computed("body", message("body", at), node.line()),
        auth: Auth::Stored,
        governed: true,
        ..Request::default()
    });
    told::told(step, "2nac-rest-api", at, node.line());
}

/// A path with properties of the message in its braces.
fn braced(start: &str, path: &str, below: &str, at: &At<'_>) -> Term {
    let mut parts = vec![Term::Text(start.into())];
    let mut rest = path.trim();
    while let Some((before, hole)) = rest.split_once('{') {
        let (name, after) = hole.split_once('}').unwrap_or((hole, ""));
        parts.push(Term::Text(before.into()));
        parts.push(message(&format!("{below}{name}"), at));
        rest = after;
    }
    parts.push(Term::Text(rest.into()));
    Term::Template(parts)
}

/// The node for GitHub has a method and a path in a property (`POST /repos/{owner}/{repo}/labels`); what stands in the path's
/// braces is a field of the payload, as is the rest of what is sent.
fn github(step: &mut Step, node: Node<'_>, at: &At<'_>) {
    let Some((method, path)) = node.str("endpoint").and_then(|e| e.split_once(' ')) else { return };
    step.operation = method.into();
    step.request = Some(Request {
        method: Value::text(method),
        url: computed(path, braced("https://api.github.com", path, "payload.", at), node.line()),
        body: computed("payload", message("payload", at), node.line()),
        auth: Auth::Stored,
        governed: true,
        ..Request::default()
    });
}

/// What a dashboard's dialog asks: its buttons are the answers. A message that only appears asks nothing.
fn asked(node: Node<'_>) -> Option<Ask> {
    let label = |key, default: &str| node.str(key).filter(|t| !t.is_empty()).unwrap_or(default).to_owned();
    let two = node.str("cancel").is_none_or(|t| !t.is_empty());
    let is = |key| node.get(key).and_then(Node::as_bool) == Some(true);
    let (yes, no) = match node.str("type") {
        // Without a second button there is nothing to choose.
        Some("ui_toast") if node.str("position") == Some("dialog") && two => {
            (label("ok", "OK"), label("cancel", "Cancel"))
        }
        Some("ui_toast") if node.str("position") == Some("prompt") => (String::new(), String::new()),
        Some("ui-notification") if is("allowConfirm") => ("confirm_clicked".into(), "dismiss_clicked".into()),
        _ => return None,
    };
    let given = |text: String| (!text.is_empty()).then(|| Text::from(text)).into_iter().collect();
    Some(Ask { answer: "payload".into(), positive: given(yes), negative: given(no), ..Ask::default() })
}

fn one(field: &str, value: Value) -> Value {
    let mut map = Map::default();
    let path: Vec<String> = field.split('.').take(16).map(str::to_owned).collect();
    put(&mut map, &path, value);
    Value::Map(map)
}

/// What a template node makes: a text, or data where it is said to be JSON.
fn template(node: Node<'_>, at: &At<'_>) -> Value {
    let text = node.str("template").unwrap_or_default();
    if node.str("syntax") == Some("plain") {
        return Value::text(text);
    }
    if let Some(value) = json(text, at) {
        return value;
    }
    string(text, node.line(), at)
}

/// A Mustache template of a JSON object, read as one; its holes are values.
fn json(text: &str, at: &At<'_>) -> Option<Value> {
    let trimmed = text.trim_start();
    if !trimmed.starts_with('{') || trimmed.starts_with("{{") {
        return None;
    }
    let doc = crate::doc::Doc::json(text).ok()?;
    doc.root().is_map().then(|| plain(doc.root(), at))
}

/// What comes out of a function; of one that is not understood, whatever it names.
fn function(step: &mut Step, ix: usize, at: &At<'_>) {
    let node = at.scope.network.items[ix].node;
    let line = node.line();
    let Some(effects) = at.scope.functions.get(&ix) else {
        let text = node.str("func").unwrap_or_default();
        let term = at.placed(crate::js::unknown(text, &["msg"], &super::scope::Msg));
        step.output = Some(computed("msg", term, line));
        return;
    };
    let value = |term: &Term| opened(at.placed(term.clone()), line);
    let (output, passes) = effects.output(value);
    (step.output, step.passes_input) = (Some(output), passes);
    step.assigns = effects.assignments(value);
}

/// A term as data as far as it goes.
pub(super) fn opened(term: Term, line: u32) -> Value {
    match term {
        Term::Map(entries) if entries.iter().all(|(key, _)| key != "...") => {
            let entry = |(key, term)| workflow::Entry { key, value: opened(term, line), line };
            Value::Map(Map(entries.into_iter().map(entry).collect()))
        }
        Term::List(items) => Value::List(items.into_iter().map(|t| opened(t, line)).collect()),
        Term::Call(Function::ToText, mut args)
            if matches!(args.first(), Some(Term::Map(_) | Term::List(_))) =>
        {
            opened(args.swap_remove(0), line)
        }
        term => {
            let text = shown(&term);
            computed(&text, term, line)
        }
    }
}

/// What a term refers to, for people.
fn shown(term: &Term) -> String {
    let path = |r: &&workflow::Reference| {
        let keys = r.path.iter().filter_map(|s| match s {
            workflow::Segment::Key(key) => Some(key.as_str()),
            _ => None,
        });
        std::iter::once("msg").chain(keys).collect::<Vec<_>>().join(".")
    };
    term.references().iter().map(path).collect::<Vec<_>>().join(", ")
}

/// The whole message, as a called flow gets it.
fn whole(at: &At<'_>, line: u32) -> Value {
    computed("msg", at.message(Vec::new()), line)
}

/// A call of a `link in` node: what stands behind it is a workflow of its own.
fn call(step: &mut Step, network: &Network<'_>, ix: usize, at: &At<'_>) {
    let node = network.items[ix].node;
    let input = whole(at, node.line());
    step.operation = "-".into();
    let keys: Vec<CalleeKey> = if node.str("linkType") == Some("dynamic") {
        vec![CalleeKey::Dynamic("msg.target".into())]
    } else {
        let ids = node.get("links").into_iter().flat_map(Node::items).filter_map(Node::as_str);
        ids.map(|id| CalleeKey::Id(id.into())).collect()
    };
    step.calls = keys.into_iter().map(|key| Callee { key, input: input.clone() }).collect();
}

/// A link to another tab starts what stands there, at the node that it leads to; a link in mode `return` ends a call.
fn link_out(step: &mut Step, network: &Network<'_>, ix: usize, at: &At<'_>) {
    let item = &network.items[ix];
    if !kinds::links_on(item.node) {
        step.kind = StepKind::End(Outcome::Path);
        return;
    }
    let elsewhere = network.listed(ix, "links").into_iter().filter(|to| network.items[*to].flow != item.flow);
    let mut entrances: Vec<&str> = elsewhere.map(|to| network.items[to].id).collect();
    entrances.sort_unstable();
    entrances.dedup();
    if !entrances.is_empty() {
        (step.kind, step.waits) = (StepKind::Call, false);
        let input = whole(at, item.node.line());
        let callee = |id: &str| Callee { key: CalleeKey::Id(id.into()), input: input.clone() };
        step.calls = entrances.into_iter().map(callee).collect();
    }
}

/// An HTTP request: what the node leaves open is taken from the message.
fn request_step(step: &mut Step, node: Node<'_>, at: &At<'_>) {
    let from_message = |property: &str| computed(property, by_way(property, at), node.line());
    let method = match node.str("method").unwrap_or("GET") {
        "use" => from_message("method"),
        method => Value::text(method.to_uppercase()),
    };
    let url = match node.str("url").filter(|u| !u.trim().is_empty()) {
        Some(url) if url.contains("{{") => Value::Expr(Box::new(Expression {
            language: Language::Mustache,
            text: url.into(),
            term: mustache(url, at),
            line: node.line(),
        })),
        Some(url) => Value::text(url),
        None => from_message("url"),
    };
    let headers = headers(node, at);
    let sends = !matches!(method.as_text(), Some("GET"));
    let as_query =
        matches!(node.str("paytoqs"), Some("query" | "true")) || node.bool("paytoqs") == Some(true);
    step.operation = method.as_text().unwrap_or("*").into();
    step.on_error = if node.bool("senderr") == Some(true) { OnError::Fail } else { OnError::Continue };
    step.request = Some(Request {
        method,
        url,
        query: if as_query { from_message("payload") } else { Value::Null },
        auth: auth(node, &headers),
        headers,
        body: if sends && !as_query { from_message("payload") } else { Value::Null },
        governed: false,
    });
}

fn headers(node: Node<'_>, at: &At<'_>) -> Value {
    let mut map = Map::default();
    for header in node.get("headers").into_iter().flat_map(Node::items) {
        let of = |kind: &str, value: &str| match header.str(kind) {
            Some("other" | "") | None => header.str(value).unwrap_or_default().to_owned(),
            Some("msg") => "*".to_owned(),
            Some(fixed) => fixed.to_owned(),
        };
        let value = match header.str("valueType") {
            Some("msg") => {
                let path = header.str("valueValue").unwrap_or_default();
                computed(path, message(path, at), header.line())
            }
            _ => string(&of("valueType", "valueValue"), header.line(), at),
        };
        map.push(of("keyType", "keyValue"), value, header.line());
    }
    if map.0.is_empty() { Value::Null } else { Value::Map(map) }
}

fn auth(node: Node<'_>, headers: &Value) -> Auth {
    let inline = headers.entries().iter().any(|h| h.key.eq_ignore_ascii_case("authorization"));
    match node.str("authType") {
        Some(kind) if !kind.is_empty() => Auth::Stored,
        _ if inline => Auth::Inline,
        _ => Auth::None,
    }
}
