//! Activities, gateways and events to steps.

use super::build::{Builder, is_container, repeated};
use super::xml::{self, Element};
use super::{answers, connector, event, script};
use crate::values::{computed, reference};
use workflow::{
    Ask, Assignment, Callee, CalleeKey, Code, CodeLanguage, Join, Language, Map, Outcome, Root, Segment,
    Step, StepKind, Term, Text, Value,
};

/// The connector of the notation's own elements.
pub(super) const OWN: &str = "bpmn";

/// One step.
pub(super) fn step(node: Element<'_, '_>, id: &str, builder: &Builder<'_, '_, '_>) -> Step {
    let name = xml::name(node);
    let shown = node.attribute("name").map(str::trim).filter(|n| !n.is_empty()).unwrap_or(id);
    let mut step = Step::new(id, shown, kind(node, builder));
    step.span = builder.text.span(node);
    step.connector = OWN.into();
    step.operation = name.into();
    step.parameters = Value::Map(connector::inputs(node, builder));
    if step.kind == StepKind::Join && name == "parallelGateway" {
        step.join = Join::All;
    }
    match name {
        "userTask" => user_task(node, &mut step, builder),
        "callActivity" => call(node, &mut step, builder),
        "scriptTask" => script_task(node, &mut step, builder),
        "serviceTask" | "sendTask" | "businessRuleTask" => connector::service(node, &mut step, builder),
        _ if name.ends_with("Event") && connector::runs(node) => connector::service(node, &mut step, builder),
        _ if is_container(name) => step.parameters = repeated(node, builder),
        _ => {}
    }
    step.retries = connector::retries(node);
    step.assigns.extend(assigns(node, id, builder));
    step.code.extend(listeners(node, builder));
    scripted(node, &mut step, builder);
    step
}

/// What scripts take from the process stands under the names that they give it; what they set is set by the step.
fn scripted(node: Element<'_, '_>, step: &mut Step, builder: &Builder<'_, '_, '_>) {
    let line = builder.text.line(node);
    let value = |text: &str, from: &[String]| {
        let mut references: Vec<_> =
            from.iter().map(|v| builder.answers.scope.reference(v, Vec::new())).collect();
        let term = match (references.len(), references.pop()) {
            (1, Some(only)) => Term::Ref(only),
            (_, last) => Term::Unknown(references.into_iter().chain(last).collect()),
        };
        computed(Language::Juel, text, term, line)
    };
    for script in script::of(node).into_iter().map(script::read) {
        if let Value::Map(map) = &mut step.parameters {
            for (name, from) in &script.names {
                if map.get(name).is_none() {
                    map.push(name.as_str(), value(name, from), line);
                }
            }
        }
        for set in script.sets {
            let value = set.constant.map_or_else(|| value(&set.variable, &set.from), Value::text);
            step.assigns.push(Assignment { variable: set.variable.into(), value, adds: false });
        }
    }
}

/// Code of the user's own that runs when the element starts, ends or changes hands.
fn listeners(node: Element<'_, '_>, builder: &Builder<'_, '_, '_>) -> Vec<Code> {
    let all = xml::direct(node, "executionListener").chain(xml::direct(node, "taskListener"));
    all.map(|listener| {
        let own = listener.children().find(|n| n.tag_name().name() == "script");
        let alfresco = script::field(listener).map(|_| "javascript");
        let format = own.and_then(|s| s.attribute("scriptFormat")).or(alfresco).unwrap_or_default();
        let text = script::inline(listener)
            .map_or(Value::Null, |t| builder.answers.scope.read(t, builder.text.line(listener)));
        let called = listener.attribute("expression").and_then(connector::called);
        match (called, &text) {
            (Some(called), Value::Null) => {
                Code { language: CodeLanguage::Groovy, text: Value::text(called), name: "userCode".into() }
            }
            _ => Code { language: language(format), text, name: "userCode".into() },
        }
    })
    .collect()
}

fn kind(node: Element<'_, '_>, builder: &Builder<'_, '_, '_>) -> StepKind {
    match xml::name(node) {
        "exclusiveGateway" | "inclusiveGateway" | "complexGateway" | "eventBasedGateway" => {
            if builder.text.outgoing(node) > 1 { StepKind::Branch } else { StepKind::Join }
        }
        "parallelGateway" if builder.text.incoming(node) > 1 => StepKind::Join,
        "parallelGateway" => StepKind::Fork,
        "callActivity" => StepKind::Call,
        "scriptTask" => StepKind::Code,
        "receiveTask" | "intermediateCatchEvent" => StepKind::Wait,
        "endEvent" => StepKind::End(match event::about(node) {
            "error" | "cancel" => Outcome::Failure,
            _ => Outcome::Success,
        }),
        "startEvent" | "boundaryEvent" | "intermediateThrowEvent" | "task" => StepKind::Set,
        "businessRuleTask" => StepKind::Set,
        name if is_container(name) => StepKind::Scope,
        _ => StepKind::Action,
    }
}

/// A person does it: who, by when, and where the answers stand.
fn user_task(node: Element<'_, '_>, step: &mut Step, builder: &Builder<'_, '_, '_>) {
    let line = builder.text.line(node);
    let assignment = xml::extensions(node, "assignmentDefinition").next();
    let read = |text: &str| builder.answers.scope.read(text, line);
    let named = ["assignee", "candidateUsers", "candidateGroups"].into_iter().filter_map(|key| {
        let given = xml::vendor(node, key).or_else(|| assignment.and_then(|a| a.attribute(key)));
        given.map(|g| (key, read(g)))
    });
    let mut all: Vec<(&str, Value)> = named.collect();
    let owners = ["humanPerformer", "potentialOwner", "performer"].iter().filter_map(|o| xml::child(node, o));
    let expressions = owners
        .flat_map(|o| o.descendants())
        .filter(|n| xml::is(*n, "formalExpression") || xml::is(*n, "resourceRef"));
    all.extend(expressions.map(xml::text).filter(|t| !t.is_empty()).map(|t| ("potentialOwner", read(t))));
    let approver = all.first().map(|(_, v)| v.clone()).unwrap_or_default();
    if let Value::Map(map) = &mut step.parameters {
        all.into_iter().for_each(|(key, value)| map.push(key, value, line));
        let schedule = xml::extensions(node, "taskSchedule").next();
        let due = xml::vendor(node, "dueDate").or_else(|| schedule.and_then(|s| s.attribute("dueDate")));
        if let Some(due) = due {
            map.push("dueDate", read(due), line);
        }
    }
    step.ask = Some(Ask { approver, ..Ask::default() });
}

/// The variables a step sets, as values of its own result.
fn assigns(node: Element<'_, '_>, id: &str, builder: &Builder<'_, '_, '_>) -> Vec<Assignment> {
    let line = builder.text.line(node);
    let result = |name: &str, path: Vec<Segment>| Assignment {
        variable: name.into(),
        value: computed(Language::Juel, name, reference(Root::Step(id.into()), path), line),
        adds: false,
    };
    let mut found: Vec<Assignment> = Vec::new();
    for variable in builder.answers.tasks.get(id).into_iter().flatten() {
        found.push(result(variable, vec![Segment::Key(variable.as_str().into())]));
    }
    let whole = [xml::vendor(node, "resultVariable"), xml::vendor(node, "resultVariableName")];
    let called = xml::direct(node, "calledDecision").chain(xml::direct(node, "script"));
    let called = called.filter_map(|c| c.attribute("resultVariable"));
    found.extend(whole.into_iter().flatten().chain(called).map(|v| result(v, Vec::new())));
    for header in xml::extensions(node, "header").filter(|h| h.attribute("key") == Some("resultVariable")) {
        found.extend(header.attribute("value").map(|v| result(v, Vec::new())));
    }
    for output in xml::extensions(node, "output").chain(xml::extensions(node, "out")) {
        let Some(target) = output.attribute("target") else { continue };
        let source = output.attribute("source").unwrap_or(target).trim_start_matches('=').trim();
        found.push(result(target, crate::values::dotted(source)));
    }
    for output in xml::extensions(node, "outputParameter") {
        let Some(name) = output.attribute("name") else { continue };
        found.push(result(name, vec![Segment::Key(name.into())]));
    }
    found.extend(answers::collected(node).map(|name| result(name, Vec::new())));
    found
}

fn script_task(node: Element<'_, '_>, step: &mut Step, builder: &Builder<'_, '_, '_>) {
    let line = builder.text.line(node);
    if let Some(feel) = xml::direct(node, "script").next() {
        step.kind = StepKind::Set;
        step.operation = "task".into();
        let value = builder.answers.scope.read(feel.attribute("expression").unwrap_or_default(), line);
        step.output = Some(value);
        return;
    }
    let text = xml::child(node, "script").map(xml::text).unwrap_or_default();
    let worker = xml::extensions(node, "taskDefinition").find_map(|t| t.attribute("type"));
    let kept = xml::vendor(node, "resource").or(worker).unwrap_or_default();
    let text = if text.is_empty() { Value::Null } else { Value::text(text) };
    let language = language(node.attribute("scriptFormat").unwrap_or_default());
    step.code.push(Code { language, text, name: kept.into() });
}

pub(super) fn language(format: &str) -> CodeLanguage {
    match format.to_lowercase().trim_start_matches("text/").trim_start_matches("application/") {
        "javascript" | "js" | "ecmascript" => CodeLanguage::JavaScript,
        // Languages that call Java as Groovy does.
        "groovy" | "java" | "beanshell" | "mvel" | "kotlin" | "juel" => CodeLanguage::Groovy,
        "python" | "jython" => CodeLanguage::Python,
        _ => CodeLanguage::Unknown,
    }
}

/// A process that is called: by key, or by an expression.
fn call(node: Element<'_, '_>, step: &mut Step, builder: &Builder<'_, '_, '_>) {
    let line = builder.text.line(node);
    let zeebe = xml::extensions(node, "calledElement").next();
    let named = node.attribute("calledElement").or_else(|| zeebe.and_then(|z| z.attribute("processId")));
    let key = match builder.answers.scope.read(named.unwrap_or_default(), line) {
        Value::Text(t) => CalleeKey::Id(t.rsplit(':').next().unwrap_or(&t).into()),
        Value::Expr(e) => CalleeKey::Dynamic(e.text.clone()),
        _ => CalleeKey::Dynamic(Text::default()),
    };
    let mut input = Map::default();
    for given in xml::extensions(node, "in") {
        let source = given.attribute("source").map(|s| format!("${{{s}}}"));
        let source = source.or_else(|| given.attribute("sourceExpression").map(str::to_owned));
        let (Some(source), Some(target)) = (source, given.attribute("target")) else { continue };
        input.push(target, builder.answers.scope.read(&source, line), line);
    }
    input.0.extend(step.parameters.entries().iter().cloned());
    step.calls.push(Callee { key, input: Value::Map(input) });
}
