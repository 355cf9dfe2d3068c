//! What a template says starts a state machine: SAM's events, EventBridge rules and schedules.

use super::template::{Template, flatten};
use crate::doc::Node;
use workflow::{Text, Trigger, TriggerKind, Value};

/// The triggers of a machine; the call that starts any machine where the template has none.
pub(super) fn triggers(
    logical: &str,
    properties: Node<'_>,
    template: &Template<'_>,
    resource: Node<'_>,
) -> Vec<Trigger> {
    let mut found: Vec<Trigger> = properties
        .get("Events")
        .into_iter()
        .flat_map(Node::entries)
        .map(|(id, event)| sam(id, event, template))
        .collect();
    let mut others: Vec<_> = template.resources().filter(|(_, r)| targets(*r, logical)).collect();
    others.sort_by_key(|(_, r)| r.id());
    found.extend(others.into_iter().map(|(id, r)| rule(id, r)));
    if found.is_empty() {
        found.push(super::started(resource));
    }
    found
}

fn blank(id: &str, node: Node<'_>, kind: TriggerKind) -> Trigger {
    let (id, event): (Text, Text) = (id.into(), node.str("Type").unwrap_or_default().into());
    Trigger {
        name: id.clone(),
        id,
        kind,
        authenticated: Some(true),
        event,
        filter: None,
        after_approval: false,
        caller_data: false,
        parameters: Value::Null,
        span: node.span(),
    }
}

/// An event of a SAM state machine.
fn sam(id: &str, node: Node<'_>, template: &Template<'_>) -> Trigger {
    let properties = node.get("Properties");
    match node.str("Type") {
        Some("Schedule" | "ScheduleV2") => blank(id, node, TriggerKind::Schedule),
        Some(interface @ ("Api" | "HttpApi")) => {
            let mut trigger = blank(id, node, TriggerKind::Webhook);
            trigger.authenticated = authenticated(interface, properties, template);
            trigger.caller_data = true;
            trigger
        }
        _ => {
            let mut trigger = blank(id, node, TriggerKind::Event);
            trigger.event = event_name(properties.and_then(|p| p.get("Pattern"))).unwrap_or(trigger.event);
            trigger
        }
    }
}

/// Whether who calls an interface must prove who they are. What a path says for itself comes first, then the interface that it
/// names, then what goes for all interfaces of its kind; one that none of these closes is open to everybody.
/// Source: <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-statemachine-apistatemachineauth.html>
fn authenticated(kind: &str, properties: Option<Node<'_>>, template: &Template<'_>) -> Option<bool> {
    let auth = properties.and_then(|p| p.get("Auth"));
    if let Some(authorizer) = auth.and_then(|a| a.get("Authorizer")) {
        return authorizer.as_str().map(|a| a != "NONE");
    }
    if auth.is_some_and(|a| a.bool("ApiKeyRequired") == Some(true)) {
        return Some(true);
    }
    let named = properties.and_then(|p| p.get("RestApiId").or_else(|| p.get("ApiId")));
    let own = match named {
        Some(id) => {
            let text = flatten(id, 0)?;
            let logical = text.strip_prefix("${").and_then(|t| t.strip_suffix('}'))?;
            let interface = template.resource(logical)?;
            let sam = interface.str("Type").is_some_and(|t| t.starts_with("AWS::Serverless::"));
            Some(interface.get("Properties")).filter(|_| sam)?
        }
        None => None,
    };
    let places = || own.into_iter().chain(template.globals(kind));
    if places().any(|p| p.at(&["Auth", "DefaultAuthorizer"]).and_then(Node::as_str).is_some()) {
        return Some(true);
    }
    // Keys, policies and private networks close it in ways that are not told apart.
    let closed = |p: Node<'_>| {
        ["Auth", "EndpointConfiguration", "DefinitionBody", "DefinitionUri"]
            .iter()
            .any(|key| p.get(key).is_some())
    };
    let policy = auth.is_some_and(|a| !a.is_empty());
    (!policy && !places().any(closed)).then_some(false)
}

/// An EventBridge rule or schedule that starts the machine.
fn rule(id: &str, node: Node<'_>) -> Trigger {
    let properties = node.get("Properties");
    let scheduled = properties.is_some_and(|p| p.get("ScheduleExpression").is_some());
    let mut trigger = blank(id, node, if scheduled { TriggerKind::Schedule } else { TriggerKind::Event });
    trigger.event = event_name(properties.and_then(|p| p.get("EventPattern"))).unwrap_or(trigger.event);
    trigger
}

/// `aws.guardduty/GuardDuty Finding` of an event pattern.
fn event_name(pattern: Option<Node<'_>>) -> Option<Text> {
    let first = |key: &str| {
        let listed = pattern?.get(key)?;
        listed.as_str().or_else(|| listed.items().find_map(Node::as_str))
    };
    match (first("source"), first("detail-type")) {
        (Some(source), Some(kind)) => Some(format!("{source}/{kind}").into()),
        (source, kind) => source.or(kind).map(Text::from),
    }
}

/// Whether a rule or schedule has the machine as its target.
fn targets(resource: Node<'_>, logical: &str) -> bool {
    let Some(properties) = resource.get("Properties") else { return false };
    let targets: Vec<Node<'_>> = match resource.str("Type") {
        Some("AWS::Events::Rule") => properties.get("Targets").into_iter().flat_map(Node::items).collect(),
        Some("AWS::Scheduler::Schedule") => properties.get("Target").into_iter().collect(),
        _ => return false,
    };
    let names = |text: String| text == format!("${{{logical}}}") || text == format!("${{{logical}.Arn}}");
    targets.iter().filter_map(|t| flatten(t.get("Arn")?, 0)).any(names)
}
