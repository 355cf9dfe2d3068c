//! Nodes that start messages: what fires them, and whether the caller must prove who they are.

use crate::doc::Node;
use workflow::TriggerKind;

/// Kind of a trigger and whether its caller is authenticated.
pub(super) fn entrance(kind: &str, node: Node<'_>) -> (TriggerKind, Option<bool>) {
    let lower = kind.to_ascii_lowercase();
    match lower.as_str() {
        "inject" if repeats(node) => (TriggerKind::Schedule, Some(true)),
        "inject" => (TriggerKind::Manual, Some(true)),
        "cronplus" | "cron-plus" | "schedex" | "eztimer" | "bigtimer" | "light-scheduler" => {
            (TriggerKind::Schedule, Some(true))
        }
        // Node-RED asks nobody who they are on its HTTP paths, unless the installation's settings say so.
        "http in" | "websocket in" => (TriggerKind::Webhook, Some(false)),
        "tcp in" | "udp in" => (TriggerKind::External, Some(false)),
        "e-mail in" | "e-mail mta" | "imap" => (TriggerKind::Mail, Some(false)),
        _ if lower.starts_with("uibuilder") => (TriggerKind::Webhook, Some(false)),
        _ if lower.starts_with("ui_") || lower.starts_with("ui-") => (TriggerKind::Form, Some(false)),
        "mqtt in" | "amqp in" | "amqp-in" | "kafka-consumer" | "kafkajs-consumer" | "rabbitmq-in" => {
            (TriggerKind::Event, Some(true))
        }
        "link in" => (TriggerKind::Subflow, Some(true)),
        "status" | "watch" | "tail" | "file watch" => (TriggerKind::Event, Some(true)),
        _ if lower.starts_with("telegram") || lower.starts_with("whatsapp") => {
            (TriggerKind::Chat, Some(false))
        }
        _ if ["slack", "msteams", "teams", "mattermost", "discord", "matrix"]
            .iter()
            .any(|c| lower.starts_with(c)) =>
        {
            (TriggerKind::Chat, Some(true))
        }
        _ => (TriggerKind::Event, None),
    }
}

/// An inject node that fires by itself: at an interval, by a table of times, or when the flow starts.
fn repeats(node: Node<'_>) -> bool {
    let said = |key| node.get(key).and_then(Node::scalar).is_some_and(|v| !v.is_empty() && v != "0");
    said("repeat") || said("crontab") || node.bool("once") == Some(true)
}

/// What a trigger listens to, for people: a path, a topic.
pub(super) fn event(kind: &str, node: Node<'_>) -> String {
    let place = ["url", "topic", "path"].iter().find_map(|k| node.str(k).filter(|v| !v.is_empty()));
    place.map_or_else(|| kind.to_owned(), |place| format!("{kind}:{place}"))
}

/// Whether the trigger's data is chosen by whoever calls it.
pub(super) fn is_caller_data(kind: TriggerKind) -> bool {
    matches!(
        kind,
        TriggerKind::Webhook
            | TriggerKind::External
            | TriggerKind::Mail
            | TriggerKind::Form
            | TriggerKind::Chat
    )
}
