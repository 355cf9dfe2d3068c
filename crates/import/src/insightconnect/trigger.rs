//! What starts a workflow: the API, a chat command, a plugin's event, a product of the platform.

use super::expression::Scope;
use crate::doc::Node;
use crate::values::value;
use workflow::{Node as End, Text, Trigger, TriggerKind, Value, Workflow};

/// Adds the trigger of a trigger step; its kind stands in the export's list of triggers.
pub(super) fn add(id: &str, node: Node<'_>, export: Node<'_>, scope: &Scope<'_>, w: &mut Workflow) -> End {
    let wanted = node.str("triggerId");
    let listed = export.get("triggers").into_iter().flat_map(Node::items);
    let detail = listed.into_iter().find(|t| wanted.is_some() && t.str("id") == wanted);
    let (kind, authenticated, caller_data) = nature(node, detail);
    let input = node.at(&["parameters", "input"]).or_else(|| detail.and_then(|d| d.get("input")));
    let ix = u32::try_from(w.triggers.len()).unwrap_or(u32::MAX);
    w.triggers.push(Trigger {
        id: id.into(),
        name: node.str("name").unwrap_or(id).into(),
        kind,
        authenticated,
        event: event(node),
        filter: None,
        after_approval: false,
        caller_data,
        parameters: input.map_or(Value::Null, |i| value(i, &|t, l| scope.read(t, l))),
        span: node.span(),
    });
    End::Trigger(ix)
}

fn event(node: Node<'_>) -> Text {
    let plugin =
        node.at(&["plugin", "slugName"]).and_then(Node::as_str).or_else(|| node.str("chatOpsAppName"));
    let identifier = node.str("identifier").or_else(|| node.str("chatOpsIdentifier"));
    let parts: Vec<&str> = plugin.into_iter().chain(identifier).collect();
    parts.join(".").into()
}

/// Kind, whether the caller proves who it is, and whether the caller chooses the data.
fn nature(node: Node<'_>, detail: Option<Node<'_>>) -> (TriggerKind, Option<bool>, bool) {
    let written = detail.and_then(|d| d.str("type")).unwrap_or_default();
    let plugin = node.at(&["plugin", "slugName"]).and_then(Node::as_str).unwrap_or_default();
    let chat = node.str("chatOpsAppName").is_some() || written == "trigger_chatops";
    match (written, plugin) {
        _ if chat => (TriggerKind::Chat, Some(true), true),
        (_, "timers" | "timer") => (TriggerKind::Schedule, Some(true), false),
        ("trigger_api", _) => {
            // With webhooks enabled the URL alone is enough; without, an API key of the platform is needed.
            let open = detail.and_then(|d| d.at(&["options", "webhookEnabled"])).and_then(Node::as_bool);
            (TriggerKind::Webhook, Some(open != Some(true)), true)
        }
        (_, "microsoft_teams" | "slack" | "mattermost" | "webex_teams" | "cisco_webex") => {
            (TriggerKind::Chat, Some(true), true)
        }
        (_, "") => (TriggerKind::Event, Some(true), false),
        (_, plugin) if is_mail(plugin, node) => (TriggerKind::Mail, Some(false), true),
        _ => (TriggerKind::Event, Some(true), false),
    }
}

fn is_mail(plugin: &str, node: Node<'_>) -> bool {
    let identifier = node.str("identifier").unwrap_or_default();
    let of_mail = ["mail", "imap", "smtp", "exchange", "outlook", "office365_email"];
    of_mail.iter().any(|m| plugin.contains(m))
        && (identifier.contains("mail") || identifier.contains("message"))
}
