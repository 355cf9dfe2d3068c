//! One action to one step: what kind it is, what it calls, what it gives on.

use super::actions::Action;
use super::ask;
use super::connector::{Connections, last};
use super::context::{Context, Place};
use super::request::{handed_on, open_name, path_template, resource_manager, workflow_name};
use super::value::{expression, term_of};
use crate::doc::Node;
use crate::source::Files;
use std::collections::HashMap;
use workflow::{
    Assignment, Auth, Callee, CalleeKey, Code, CodeLanguage, Credential, Expression, Function, Language,
    LoopKind, Map, Outcome, Platform, Reference, Request, Root, Step, StepKind, Term, Text, Value, Workflow,
};

/// Calls are tried again so often where the definition says nothing.
const DEFAULT_RETRIES: u32 = 4;
/// The same in Power Automate, where the owner's licence decides between 2 and 8: the more.
const LICENSED_RETRIES: u32 = 8;
/// Rounds of an `Until` where the definition says nothing, and how long they may take.
const DEFAULT_ROUNDS: u64 = 60;
const DEFAULT_TIME: &str = "PT1H";

/// Turns actions into steps of a workflow.
pub(super) struct Builder<'b, 'd> {
    pub(super) cx: &'b Context<'b, 'd>,
    pub(super) connections: &'b Connections,
    pub(super) files: &'b dyn Files,
    pub(super) workflow: Workflow,
    pub(super) used: Vec<String>,
    credentials: HashMap<Text, u32>,
}

impl<'b, 'd> Builder<'b, 'd> {
    pub(super) fn new(
        cx: &'b Context<'b, 'd>,
        connections: &'b Connections,
        files: &'b dyn Files,
        workflow: Workflow,
    ) -> Self {
        Builder { cx, connections, files, workflow, used: Vec::new(), credentials: HashMap::new() }
    }

    /// The step of an action; `item` is the loop around it.
    pub(super) fn step(&mut self, action: &Action<'d>, item: Option<&str>) -> Step {
        let mut step =
            Step::new(action.id.clone(), action.name.replace('_', " "), kind(action, self.cx.platform));
        step.span = action.node.span();
        step.connector = "builtin".into();
        step.operation = action.kind.as_str().into();
        step.enabled = !is_mocked(action.node);
        if action.groups.is_empty() || action.kind == "agent" {
            let inputs = action.node.get("inputs");
            self.fill(&mut step, action, inputs.unwrap_or(action.node), item);
        } else {
            step.parameters = self.container(action, item);
        }
        step
    }

    /// What a container is controlled by.
    fn container(&self, action: &Action<'d>, item: Option<&str>) -> Value {
        let mut map = Map::default();
        for key in ["foreach", "limit", "operationOptions", "runtimeConfiguration"] {
            if let Some(node) = action.node.get(key) {
                map.push(key, self.cx.value(node, item), node.line());
            }
        }
        if action.kind == "until" {
            map = limited(map, action.node.line());
        }
        if let Some(node) = action.node.get("expression") {
            let condition = self.cx.condition(Some(node), item);
            map.push("expression", Value::Expr(Box::new(condition)), node.line());
        }
        Value::Map(map)
    }

    fn fill(&mut self, step: &mut Step, action: &Action<'d>, inputs: Node<'d>, item: Option<&str>) {
        match action.kind.as_str() {
            "http" | "httpwebhook" | "httpplusswagger" => self.http(step, inputs, item),
            "apiconnection" | "apiconnectionwebhook" | "apiconnectionnotification" => {
                self.api_connection(step, action, inputs, item);
            }
            kind if kind.starts_with("openapiconnection") => self.open_api(step, action, inputs, item),
            "serviceprovider" => self.service_provider(step, inputs, item),
            "workflow" | "sendtobatch" => self.call(step, inputs, item),
            "function" => self.function(step, inputs, item),
            "javascriptcode" | "csharpscriptcode" | "powershellcode" => self.code(step, action, inputs, item),
            _ => self.shape(step, action, inputs, item),
        }
        step.retries = retries(&action.kind, inputs, self.cx.platform);
        self.settings(step, action.node, item);
    }

    /// What stands beside an action's inputs: how long it may take, which of its data is kept out of the run history.
    fn settings(&self, step: &mut Step, node: Node<'d>, item: Option<&str>) {
        let Value::Map(map) = &mut step.parameters else { return };
        for key in ["limit", "operationOptions", "runtimeConfiguration"] {
            if let Some(setting) = node.get(key) {
                map.push(key, self.cx.value(setting, item), setting.line());
            }
        }
    }

    fn http(&mut self, step: &mut Step, inputs: Node<'d>, item: Option<&str>) {
        let subscribe = inputs.get("subscribe").filter(|n| n.is_map());
        let request = self.cx.http(subscribe.unwrap_or(inputs), item);
        step.connector = "http".into();
        step.operation = Text::default();
        if let Value::Expr(url) = &request.url
            && workflow_name(&url.term).is_some()
        {
            step.calls.push(Callee { key: callee(url.term.clone()), input: request.body.clone() });
        }
        step.parameters = self.cx.value(inputs, item);
        step.request = Some(request);
    }

    fn api_connection(&mut self, step: &mut Step, action: &Action<'d>, inputs: Node<'d>, item: Option<&str>) {
        let connection = inputs.at(&["host", "connection"]);
        let key = connection.and_then(|c| {
            let name = c.str("name").map(|n| super::connector::key(n).unwrap_or(last(n)));
            c.str("referenceName").or(name)
        });
        let hook = action.kind == "apiconnectionwebhook";
        let mut request = self.cx.connector_call(inputs, if hook { "POST" } else { "GET" }, item);
        self.connect(step, key.unwrap_or_default(), Some(&mut request));
        let prefixed = step.connector.is_empty() || step.connector.starts_with("shared_");
        if self.cx.platform == Platform::PowerAutomate && !prefixed {
            step.connector = format!("shared_{}", step.connector).into();
        }
        if matches!(step.connector.as_str(), "arm" | "shared_arm") {
            request.url = handed_on(&request.url);
            step.operation = ask::operation_of(&request).into();
            request.url = resource_manager(&request.url);
        } else {
            step.operation = ask::operation_of(&request).into();
        }
        step.ask = ask::ask(&step.connector, &step.operation, &request.body, action.node);
        step.parameters = self.without(inputs, &["host", "authentication"], item);
        let raw = raw_call(&request.body, &request.url, &step.operation);
        step.request = Some(raw.unwrap_or(request));
    }

    /// Notes the connection a step uses.
    fn connect(&mut self, step: &mut Step, key: &str, request: Option<&mut Request>) {
        let connection = self.connections.resolve(key);
        step.connector = connection.api.clone();
        step.third_party = connection.custom;
        if let (true, Some(request)) = (connection.managed, request) {
            request.auth = Auth::Managed;
        }
        if key.is_empty() {
            return;
        }
        let next = u32::try_from(self.workflow.credentials.len()).unwrap_or(u32::MAX);
        let index = *self.credentials.entry(key.into()).or_insert(next);
        if index == next {
            self.workflow.credentials.push(Credential {
                id: key.into(),
                name: connection.name,
                kind: connection.api,
                personal: connection.managed.then_some(false),
                callers: connection.callers,
                line: step.span.line,
            });
        }
        step.credentials.push(index);
    }

    fn open_api(&mut self, step: &mut Step, action: &Action<'d>, inputs: Node<'d>, item: Option<&str>) {
        let host = inputs.get("host");
        let text = |key: &str| host.and_then(|h| h.str(key)).unwrap_or_default();
        let key =
            [text("connectionReferenceName"), text("connectionName")].into_iter().find(|k| !k.is_empty());
        self.connect(step, key.unwrap_or_default(), None);
        let api = last(text("apiId")).to_lowercase();
        if !api.is_empty() {
            step.third_party |= api != step.connector && self.connections.resolve(&api).custom;
            step.connector = api.into();
        }
        step.operation = text("operationId").into();
        step.parameters = self.cx.member(inputs, "parameters", item);
        step.ask = ask::ask(&step.connector, &step.operation, &step.parameters, action.node);
        step.request = raw_call(&step.parameters, &Value::Null, &step.operation);
        step.output = form_answers(step);
    }

    fn service_provider(&mut self, step: &mut Step, inputs: Node<'d>, item: Option<&str>) {
        let host = inputs.get("serviceProviderConfiguration");
        let text = |key: &str| host.and_then(|h| h.str(key)).unwrap_or_default();
        self.connect(step, text("connectionName"), None);
        let provider = last(text("serviceProviderId")).to_lowercase();
        if !provider.is_empty() {
            step.connector = provider.into();
        }
        step.third_party = false;
        step.operation = text("operationId").into();
        step.parameters = self.cx.member(inputs, "parameters", item);
    }

    fn call(&mut self, step: &mut Step, inputs: Node<'d>, item: Option<&str>) {
        let host = inputs.get("host");
        let flow = host.and_then(|h| h.str("workflowReferenceName"));
        let id = host.and_then(|h| h.at(&["workflow", "id"]));
        let key = match (flow, id) {
            (Some(flow), _) => CalleeKey::Id(flow.to_lowercase().into()),
            (None, Some(id)) => callee(self.cx.operand(id, item)),
            (None, None) => CalleeKey::Dynamic(Text::default()),
        };
        let body = inputs.get("body").or_else(|| inputs.get("content"));
        let input = body.map_or(Value::Null, |n| self.cx.value(n, item));
        step.calls.push(Callee { key, input });
        step.waits = step.operation != "sendtobatch";
        step.parameters = self.without(inputs, &["host"], item);
    }

    fn function(&mut self, step: &mut Step, inputs: Node<'d>, item: Option<&str>) {
        let id = inputs.at(&["function", "id"]).or_else(|| inputs.at(&["function", "connectionName"]));
        let name = id.map_or(Value::Null, |n| self.cx.value(n, item));
        let name = path_template(&name);
        let code = Code {
            language: CodeLanguage::Unknown,
            text: Value::Null,
            name: name.trim_start_matches('/').into(),
        };
        step.code.push(code);
        step.parameters = self.cx.value(inputs, item);
    }

    fn code(&mut self, step: &mut Step, action: &Action<'d>, inputs: Node<'d>, item: Option<&str>) {
        let language = match action.kind.as_str() {
            "javascriptcode" => CodeLanguage::JavaScript,
            "csharpscriptcode" => CodeLanguage::CSharp,
            _ => CodeLanguage::PowerShell,
        };
        let file = ["CodeFile", "codeFile"].into_iter().find_map(|k| inputs.str(k));
        let text = match (inputs.get("code"), file) {
            (Some(code), _) => self.cx.value(code, item),
            (None, Some(file)) => match self.files.read(file).and_then(|b| String::from_utf8(b).ok()) {
                Some(text) => {
                    self.used.push(file.to_owned());
                    Value::text(text)
                }
                None => Value::Null,
            },
            (None, None) => Value::Null,
        };
        step.code.push(Code { language, text, name: file.unwrap_or_default().into() });
        step.parameters = self.without(inputs, &["code"], item);
    }

    /// Steps that only shape data, wait, end or answer.
    fn shape(&mut self, step: &mut Step, action: &Action<'d>, inputs: Node<'d>, item: Option<&str>) {
        let own = Some(action.id.as_str());
        let get = |key: &str, item| self.cx.member(inputs, key, item);
        let line = action.node.line();
        match action.kind.as_str() {
            "compose" => step.output = Some(self.cx.value(inputs, item)),
            "parsejson" => step.output = Some(get("content", item)),
            "select" => step.output = Some(made(Function::Map, get("from", item), get("select", own), line)),
            "query" => step.output = Some(made(Function::Filter, get("from", item), get("where", own), line)),
            "join" | "table" => {
                let function = Function::Other(action.kind.as_str().into());
                step.output = Some(made(function, get("from", item), get("joinWith", item), line));
            }
            _ => {}
        }
        step.assigns = self.assigns(&action.kind, inputs, item);
        step.parameters = match inputs.is_map() {
            true if matches!(action.kind.as_str(), "query" | "select" | "table") => {
                self.without(inputs, &[], own)
            }
            true => self.without(inputs, &["schema"], item),
            false => {
                let mut map = Map::default();
                map.push("inputs", self.cx.value(inputs, item), inputs.line());
                Value::Map(map)
            }
        };
    }

    fn assigns(&self, kind: &str, inputs: Node<'d>, item: Option<&str>) -> Vec<Assignment> {
        let one = |node: Node<'d>, adds| {
            let variable = node.str("name")?.into();
            Some(Assignment { variable, value: self.cx.member(node, "value", item), adds })
        };
        match kind {
            "initializevariable" => {
                let variables = inputs.get("variables").into_iter().flat_map(Node::items);
                variables.filter_map(|node| one(node, false)).collect()
            }
            "setvariable" => one(inputs, false).into_iter().collect(),
            "appendtoarrayvariable"
            | "appendtostringvariable"
            | "incrementvariable"
            | "decrementvariable" => one(inputs, true).into_iter().collect(),
            _ => Vec::new(),
        }
    }

    fn without(&self, inputs: Node<'d>, left_out: &[&str], item: Option<&str>) -> Value {
        let mut map = Map::default();
        for (key, node) in inputs.entries().filter(|(key, _)| !left_out.contains(key)) {
            map.push(key, self.cx.value(node, item), node.line());
        }
        Value::Map(map)
    }
}

/// The limits of an `Until`, with the platform's where the definition has none.
fn limited(mut map: Map, line: u32) -> Map {
    let mut limit = Map::default();
    if let Some(at) = map.0.iter().position(|e| e.key == "limit")
        && let Value::Map(own) = map.0.remove(at).value
    {
        limit = own;
    }
    for (key, value) in
        [("count", Value::Number(DEFAULT_ROUNDS.to_string().into())), ("timeout", Value::text(DEFAULT_TIME))]
    {
        if !limit.0.iter().any(|e| e.key == key) {
            limit.push(key, value, line);
        }
    }
    map.push("limit", Value::Map(limit), line);
    map
}

fn kind(action: &Action<'_>, platform: Platform) -> StepKind {
    match action.kind.as_str() {
        "if" | "switch" => StepKind::Branch,
        "foreach" => {
            let parallel = !action.nested && is_parallel(action.node, platform);
            StepKind::Loop(LoopKind::Each { parallel, bound: None })
        }
        "until" => {
            let count =
                action.node.at(&["limit", "count"]).and_then(Node::scalar).and_then(|n| n.parse().ok());
            StepKind::Loop(LoopKind::While { bound: Some(count.unwrap_or(DEFAULT_ROUNDS)) })
        }
        "agent" => StepKind::Agent,
        "workflow" | "sendtobatch" => StepKind::Call,
        "function" | "javascriptcode" | "csharpscriptcode" | "powershellcode" => StepKind::Code,
        "wait" | "delay" | "delayuntil" => StepKind::Wait,
        "terminate" => StepKind::End(match action.node.at(&["inputs", "runStatus"]).and_then(Node::as_str) {
            Some(status) if status.eq_ignore_ascii_case("succeeded") => Outcome::Success,
            Some(status) if status.eq_ignore_ascii_case("cancelled") => Outcome::Cancelled,
            _ => Outcome::Failure,
        }),
        kind if is_shaping(kind) => StepKind::Set,
        _ if !action.groups.is_empty() => StepKind::Scope,
        "scope" => StepKind::Scope,
        _ => StepKind::Action,
    }
}

fn is_shaping(kind: &str) -> bool {
    let exact = [
        "compose",
        "parsejson",
        "select",
        "query",
        "join",
        "table",
        "initializevariable",
        "setvariable",
        "appendtoarrayvariable",
        "appendtostringvariable",
        "incrementvariable",
        "decrementvariable",
        "expression",
        "xslt",
        "liquid",
        "flatfileencoding",
        "flatfiledecoding",
        "chunktext",
        "parsedocument",
        "xmlvalidation",
        "xmlparse",
        "xmlcompose",
        "rosettanetencode",
        "rosettanetdecode",
        "executejavascriptcode",
    ];
    exact.contains(&kind) && kind != "executejavascriptcode"
}

/// Iterations overlap unless told otherwise in Logic Apps, and only when told so in Power Automate.
fn is_parallel(node: Node<'_>, platform: Platform) -> bool {
    let sequential = node.str("operationOptions").is_some_and(|o| o.eq_ignore_ascii_case("sequential"));
    let repetitions = node.at(&["runtimeConfiguration", "concurrency", "repetitions"]).and_then(Node::scalar);
    match repetitions {
        Some(n) => n != "1",
        None => platform == Platform::LogicApps && !sequential,
    }
}

/// Static results stand in for the call: the action does nothing.
fn is_mocked(node: Node<'_>) -> bool {
    let option = node.at(&["runtimeConfiguration", "staticResult", "staticResultOptions"]);
    option.and_then(Node::as_str).is_some_and(|o| o.eq_ignore_ascii_case("enabled"))
}

fn retries(kind: &str, inputs: Node<'_>, platform: Platform) -> u32 {
    let usual = if platform == Platform::PowerAutomate { LICENSED_RETRIES } else { DEFAULT_RETRIES };
    let policy = inputs.get("retryPolicy");
    match policy.and_then(|p| p.str("type")).map(str::to_ascii_lowercase).as_deref() {
        Some("none") => 0,
        Some(_) => {
            let count = policy.and_then(|p| p.get("count")).and_then(Node::scalar);
            count.and_then(|n| n.parse().ok()).unwrap_or(usual)
        }
        None => {
            let calls =
                ["http", "apiconnection", "openapiconnection", "function", "workflow", "serviceprovider"];
            if calls.iter().any(|c| kind.starts_with(c)) { usual } else { 0 }
        }
    }
}

/// The workflow that an id or a URL of its trigger means.
fn callee(id: Term) -> CalleeKey {
    match (workflow_name(&id), id) {
        (Some(Term::Text(name)), _) | (None, Term::Text(name)) => CalleeKey::Name(name),
        (Some(name), _) => CalleeKey::Dynamic(open_name(&name).into()),
        (None, other) => {
            let shown = path_template(&expression(Language::Wdl, "", other, Place::default()));
            CalleeKey::Dynamic(shown.trim_start_matches('/').into())
        }
    }
}

fn made(function: Function, from: Value, by: Value, line: u32) -> Value {
    let term = Term::Call(function, vec![term_of(from), term_of(by)]);
    expression(Language::Structured, "", term, Place { item: None, line })
}

/// Connector operations that send any request: the call they make, as raw as over HTTP.
fn raw_call(settings: &Value, path: &Value, operation: &str) -> Option<Request> {
    let operation = operation.to_ascii_lowercase();
    let known = ["httprequest", "invokehttp"].iter().any(|o| operation.contains(o));
    if !known {
        return None;
    }
    let find = |names: &[&str]| named(settings, names);
    let uri = find(&["parameters/uri", "request/url", "Uri", "uri", "url", "Url"])?.clone();
    let method =
        find(&["parameters/method", "request/method", "Method", "method"]).cloned().unwrap_or_default();
    let headers = find(&["parameters/headers", "request/headers", "headers"]).cloned().unwrap_or_default();
    let body = find(&["parameters/body", "request/body", "Body", "body"]).cloned().unwrap_or_default();
    Some(Request {
        method: match method {
            Value::Text(text) => Value::text(text.to_uppercase()),
            other => other,
        },
        url: on_site(settings.get("dataset"), path, uri),
        query: Value::Null,
        headers,
        body: super::request::reread(unpacked(body)),
        auth: Auth::Stored,
        governed: false,
    })
}

/// A body that is packed for its way is judged by what is in it.
fn unpacked(body: Value) -> Value {
    let Value::Expr(e) = &body else { return body };
    match &e.term {
        Term::Call(Function::Other(name), inner) if name == "base64" && inner.len() == 1 => {
            crate::values::computed(e.language, e.text.clone(), inner[0].clone(), e.line)
        }
        _ => body,
    }
}

/// A form's trigger gives only the number of the answer; what was typed into the form is what looking that up gives.
/// Source: <https://learn.microsoft.com/en-us/connectors/microsoftforms/#get-response-details>
fn form_answers(step: &Step) -> Option<Value> {
    let gets = step.connector.ends_with("microsoftforms") && step.operation == "GetFormResponseById";
    let asked = step.parameters.get("response_id").as_expression().filter(|_| gets)?;
    let typed = asked.references().iter().all(|r| r.root == Root::Trigger);
    let (text, term) = (asked.text.clone(), Term::Ref(Reference::keys(Root::Trigger, "")));
    typed.then(|| Value::Expr(Box::new(Expression { language: Language::Wdl, text, term, line: asked.line })))
}

/// The first member with one of the names, here or one level down.
fn named<'v>(settings: &'v Value, names: &[&str]) -> Option<&'v Value> {
    let places = [settings, settings.get("parameters"), settings.get("request")];
    let mut found = places.into_iter().flat_map(|place| names.iter().map(move |n| place.get(n)));
    found.find(|v| !v.is_empty())
}

/// A relative URI belongs to the SharePoint site that the operation names.
fn on_site(dataset: &Value, path: &Value, uri: Value) -> Value {
    let relative = !matches!(&uri, Value::Text(t) if t.starts_with("http") || t.starts_with('/'));
    if dataset.is_empty() && path.is_empty() || !relative && dataset.is_empty() {
        return uri;
    }
    let site = match dataset {
        Value::Null => Term::Text("https://sharepoint.com".into()),
        Value::Text(site) => Term::Text(site.trim_end_matches('/').into()),
        other => term_of(other.clone()),
    };
    let (line, text) = match &uri {
        Value::Expr(e) => (e.line, e.text.clone()),
        _ => (0, uri.as_text().unwrap_or_default().into()),
    };
    let mut terms = match site {
        Term::Template(parts) => parts,
        site => vec![site],
    };
    terms.push(Term::Text("/".into()));
    let begins = terms.len();
    match term_of(uri) {
        Term::Template(inner) => terms.extend(inner),
        other => terms.push(other),
    }
    if let Some(Term::Text(first)) = terms.get_mut(begins) {
        *first = first.trim_start_matches('/').into();
    }
    let term = super::term::melt(terms);
    match term {
        Term::Text(text) => Value::Text(text),
        term => expression(Language::Wdl, &text, term, Place { item: None, line }),
    }
}
