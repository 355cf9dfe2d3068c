//! Events: what starts a process, and what happens in it.

use super::build::Builder;
use super::xml::{self, Element};
use super::{answers, connector};
use workflow::{Map, Node as End, Text, Trigger, TriggerKind, Value};

/// What kind of event an element is about: `timer`, `message`, `error`; empty for none.
pub(super) fn about<'a>(node: Element<'a, '_>) -> &'a str {
    let definition = node.children().map(xml::name).find(|n| n.ends_with("EventDefinition"));
    definition.map(|n| n.trim_end_matches("EventDefinition")).unwrap_or_default()
}

/// Adds the trigger of a start event.
pub(super) fn trigger(node: Element<'_, '_>, builder: &mut Builder<'_, '_, '_>) -> End {
    let (kind, authenticated, caller_data) = nature(node, builder);
    let id = node.attribute("id").unwrap_or("start");
    let ix = u32::try_from(builder.w.triggers.len()).unwrap_or(u32::MAX);
    builder.w.triggers.push(Trigger {
        id: id.into(),
        name: node.attribute("name").unwrap_or(id).into(),
        kind,
        authenticated,
        event: builder.text.event_name(node).into(),
        filter: None,
        after_approval: false,
        caller_data,
        parameters: parameters(node, builder),
        span: builder.text.span(node),
    });
    End::Trigger(ix)
}

/// A process without a start event starts by hand with whatever nothing leads to.
pub(super) fn start_without_event(process: Element<'_, '_>, builder: &mut Builder<'_, '_, '_>) {
    if !builder.w.triggers.is_empty() {
        return;
    }
    builder.w.triggers.push(Trigger {
        id: "start".into(),
        name: "start".into(),
        kind: TriggerKind::Manual,
        authenticated: None,
        event: Text::default(),
        filter: None,
        after_approval: false,
        caller_data: true,
        parameters: Value::Null,
        span: builder.text.span(process),
    });
}

/// Kind, whether whoever starts it proves who they are, and whether they choose its data.
fn nature(node: Element<'_, '_>, builder: &Builder<'_, '_, '_>) -> (TriggerKind, Option<bool>, bool) {
    let property = |name: &str| {
        let found = xml::extensions(node, "property").find(|p| p.attribute("name") == Some(name));
        found.and_then(|p| p.attribute("value"))
    };
    if let Some(inbound) = property("inbound.type") {
        let open = property("inbound.auth.type").is_none_or(|t| t.eq_ignore_ascii_case("none"));
        let mail = inbound.contains("email");
        return match inbound {
            _ if inbound.contains("webhook") => (TriggerKind::Webhook, Some(!open), true),
            _ if mail => (TriggerKind::Mail, Some(false), true),
            _ => (TriggerKind::Event, None, true),
        };
    }
    let public = property("publicAccess") == Some("true");
    // The engine names the starter only where it has signed somebody in.
    let signed_in = xml::vendor(node, "initiator").is_some() && !public;
    let form = xml::vendor(node, "formKey").is_some()
        || !answers::fields(node, builder.text).is_empty()
        || xml::extensions(node, "formDefinition").next().is_some();
    match about(node) {
        "timer" => (TriggerKind::Schedule, Some(true), false),
        "message" | "signal" => (TriggerKind::Event, None, true),
        "conditional" => (TriggerKind::Event, None, false),
        _ if form => (TriggerKind::Form, Some(!public), true),
        _ => (TriggerKind::Manual, signed_in.then_some(true), true),
    }
}

fn parameters(node: Element<'_, '_>, builder: &Builder<'_, '_, '_>) -> Value {
    let mut map = Map::default();
    let line = builder.text.line(node);
    let fields: Vec<Value> = answers::fields(node, builder.text).into_iter().map(Value::text).collect();
    if !fields.is_empty() {
        map.push("fields", Value::List(fields), line);
    }
    for property in xml::extensions(node, "property") {
        if let (Some(name), Some(value)) = (property.attribute("name"), property.attribute("value")) {
            map.push(name, builder.answers.scope.read(value, line), line);
        }
    }
    map.0.extend(connector::inputs(node, builder).0);
    Value::Map(map)
}
