//! What starts a flow: an event card, an endpoint, a button, a schedule, another flow, or somebody by hand.

use super::cards::Card;
use super::value::Values;
use crate::doc::Node;
use workflow::{Text, Trigger, TriggerKind, Value};

/// Connectors whose events are chat messages.
const CHAT: [&str; 6] = ["slack", "slackadmin", "microsoftteams", "msteams", "googlechat", "webexteams"];
/// Connectors whose events are mails.
const MAIL: [&str; 4] = ["gmail", "office365mail", "outlook", "email"];
/// Connectors whose events are filled-in forms.
const FORM: [&str; 4] = ["typeform", "googleforms", "surveymonkey", "jotform"];

/// The trigger of a flow whose first card is `card`.
pub(super) fn trigger(values: &Values<'_, '_>, card: Option<usize>, flow: Node<'_>) -> Trigger {
    let known = card.map(|c| &values.cards.cards[c]);
    let security = flow.str("security_level");
    let (kind, authenticated) = match known {
        Some(c) if c.connector != "kernel" => event(c),
        Some(c) => kernel(c.operation.as_str(), flow, security),
        None => (TriggerKind::Manual, Some(true)),
    };
    let event = known.filter(|c| c.connector != "kernel");
    let event: Text = event.map(|c| format!("{}.{}", c.connector, c.operation).into()).unwrap_or_default();
    let decided = ["okta.accessCertificationDecisionSubmitted", "okta.accessRequestResolved"];
    Trigger {
        id: known.map_or("trigger".into(), |c| c.id.clone()),
        name: known.map_or(Text::default(), |c| c.name.into()),
        kind,
        authenticated,
        after_approval: decided.contains(&event.as_str()),
        event,
        filter: None,
        caller_data: matches!(
            kind,
            TriggerKind::Webhook | TriggerKind::Mail | TriggerKind::Chat | TriggerKind::Form
        ),
        parameters: card.map_or(Value::Null, |c| values.parameters(c)),
        span: known.map_or(flow.span(), |c| c.span.clone()),
    }
}

fn kernel(operation: &str, flow: Node<'_>, security: Option<&str>) -> (TriggerKind, Option<bool>) {
    let scheduled = flow.bool("scheduled") == Some(true)
        || flow
            .get("cron")
            .is_some_and(|c| c.is_map() && !c.is_empty() || c.as_str().is_some_and(|t| !t.is_empty()));
    match operation {
        // Low-level security is public; with the others the caller needs the client token or an OAuth token.
        "http.accept" => match security {
            Some("open" | "public" | "none") => (TriggerKind::Webhook, Some(false)),
            Some(_) => (TriggerKind::Webhook, Some(true)),
            None => (TriggerKind::Webhook, None),
        },
        "http.delegated" | "control.noop" => (TriggerKind::Manual, Some(true)),
        "control.callable" if scheduled => (TriggerKind::Schedule, Some(true)),
        "control.callable" => (TriggerKind::Subflow, Some(true)),
        _ if scheduled => (TriggerKind::Schedule, Some(true)),
        _ => (TriggerKind::Manual, Some(true)),
    }
}

/// Events come through a connection that an administrator made; a mail says nothing about who sent it.
fn event(card: &Card<'_>) -> (TriggerKind, Option<bool>) {
    let one_of = |list: &[&str]| list.contains(&card.connector);
    if one_of(&MAIL) {
        (TriggerKind::Mail, Some(false))
    } else if one_of(&CHAT) {
        (TriggerKind::Chat, Some(true))
    } else if one_of(&FORM) {
        (TriggerKind::Form, None)
    } else {
        (TriggerKind::Event, Some(true))
    }
}
