//! Triggers: what starts a workflow, and whether the caller must prove who they are.

use super::types::NodeType;
use workflow::{Text, Trigger, TriggerKind, Value};

/// Kind of a trigger and whether its caller is authenticated.
type Entrance = (TriggerKind, Option<bool>);

/// What kind of trigger a node is.
pub(super) fn entrance(node_type: NodeType<'_>, version: Option<f64>, parameters: &Value) -> Entrance {
    let Some(short) = node_type.short() else { return (TriggerKind::Event, None) };
    match short {
        "webhook" => (TriggerKind::Webhook, authentication(parameters)),
        "formTrigger" if version.is_some_and(|v| v < 2.0) => (TriggerKind::Form, Some(false)),
        "formTrigger" => (TriggerKind::Form, authentication(parameters)),
        "mcpTrigger" => (TriggerKind::External, authentication(parameters)),
        "chatTrigger" => (TriggerKind::Chat, chat(parameters)),
        "manualChatTrigger" => (TriggerKind::Chat, Some(true)),
        "executeWorkflowTrigger" | "workflowTrigger" | "errorTrigger" => (TriggerKind::Subflow, Some(true)),
        "manualTrigger" | "start" | "evaluationTrigger" | "simulateTrigger" => {
            (TriggerKind::Manual, Some(true))
        }
        "scheduleTrigger" | "cron" | "interval" => (TriggerKind::Schedule, Some(true)),
        "emailReadImap" | "gmailTrigger" | "microsoftOutlookTrigger" | "postmarkTrigger" => {
            (TriggerKind::Mail, Some(false))
        }
        "slackTrigger" | "microsoftTeamsTrigger" | "ciscoWebexTrigger" | "microsoftAgent365Trigger" => {
            (TriggerKind::Chat, Some(true))
        }
        "telegramTrigger" | "whatsAppTrigger" => (TriggerKind::Chat, Some(is_restricted(parameters))),
        "jiraTrigger" | "pipedriveTrigger" => (TriggerKind::Event, incoming(short, version, parameters)),
        _ if PUBLIC_FORMS.contains(&short) => (TriggerKind::Form, Some(false)),
        _ if PROVEN_EVENTS.contains(&short) => (TriggerKind::Event, Some(true)),
        _ => (TriggerKind::Event, None),
    }
}

/// `authentication`, absent: none.
fn authentication(parameters: &Value) -> Option<bool> {
    match parameters.get("authentication") {
        Value::Text(t) => Some(t != "none" && !t.is_empty()),
        Value::Null => Some(false),
        _ => None,
    }
}

/// A chat that is not public is used by signed-in editors of the instance only.
fn chat(parameters: &Value) -> Option<bool> {
    match parameters.get("public") {
        Value::Bool(true) => authentication(parameters),
        Value::Bool(false) | Value::Null => Some(true),
        _ => None,
    }
}

/// Anybody in the world may write to a bot, unless it listens to named chats or users only.
fn is_restricted(parameters: &Value) -> bool {
    let fields = parameters.get("additionalFields");
    ["chatIds", "userIds"].iter().any(|key| !fields.get(key).is_empty())
}

fn incoming(short: &str, version: Option<f64>, parameters: &Value) -> Option<bool> {
    match parameters.get("incomingAuthentication") {
        Value::Text(t) if t != "none" && !t.is_empty() => Some(true),
        // From 1.1 on n8n checks Jira's signature.
        _ => (short == "jiraTrigger" && version.is_none_or(|v| v >= 1.1)).then_some(true),
    }
}

/// Forms that anybody on the internet may fill in.
const PUBLIC_FORMS: &[&str] = &[
    "typeformTrigger",
    "jotFormTrigger",
    "formIoTrigger",
    "formstackTrigger",
    "surveyMonkeyTrigger",
    "wufooTrigger",
    "koBoToolboxTrigger",
    "facebookLeadAdsTrigger",
];

/// Events that n8n fetches or receives with a credential, or whose signature it checks.
const PROVEN_EVENTS: &[&str] = &[
    "acuitySchedulingTrigger",
    "airtableTrigger",
    "amqpTrigger",
    "asanaTrigger",
    "awsSnsTrigger",
    "boxTrigger",
    "calTrigger",
    "calendlyTrigger",
    "clockifyTrigger",
    "currentsTrigger",
    "customerIoTrigger",
    "databricksTrigger",
    "facebookTrigger",
    "figmaTrigger",
    "githubTrigger",
    "gitlabTrigger",
    "googleBusinessProfileTrigger",
    "googleCalendarTrigger",
    "googleDriveTrigger",
    "googleSheetsTrigger",
    "helpScoutTrigger",
    "kafkaTrigger",
    "linearTrigger",
    "localFileTrigger",
    "mailerLiteTrigger",
    "mauticTrigger",
    "microsoftOneDriveTrigger",
    "mqttTrigger",
    "n8nTrigger",
    "notionTrigger",
    "onfleetTrigger",
    "postgresTrigger",
    "rabbitmqTrigger",
    "redisTrigger",
    "salesforceTrigger",
    "seaTableTrigger",
    "shopifyTrigger",
    "stripeTrigger",
    "taigaTrigger",
    "togglTrigger",
    "trelloTrigger",
    "twilioTrigger",
    "wiseTrigger",
    "wooCommerceTrigger",
    "zendeskTrigger",
];

/// Whether a trigger's data is chosen by whoever calls it.
pub(super) fn is_caller_data(kind: TriggerKind) -> bool {
    matches!(
        kind,
        TriggerKind::Webhook
            | TriggerKind::Form
            | TriggerKind::Mail
            | TriggerKind::Chat
            | TriggerKind::External
    )
}

/// The names by which requests start a workflow: each method with the path of its production address.
/// Source: <https://docs.n8n.io/integrations/builtin/core-nodes/n8n-nodes-base.webhook/>
pub(super) fn addresses(trigger: &Trigger) -> Vec<Text> {
    let path = trigger.parameters.get("path").as_text().unwrap_or_default().trim_matches('/');
    let fixed = trigger.kind == TriggerKind::Webhook && !path.is_empty() && !path.contains(':');
    let method = trigger.parameters.get("httpMethod");
    let several = method.items().iter().filter_map(Value::as_text);
    let methods: Vec<&str> = method.as_text().into_iter().chain(several).collect();
    let methods = if methods.is_empty() { vec!["GET"] } else { methods };
    let names =
        methods.into_iter().filter(|_| fixed).map(|m| format!("{} /webhook/{path}", m.to_uppercase()));
    names.map(Text::from).collect()
}

/// The event's name: the node's short name, with the events it listens to.
pub(super) fn event(node_type: NodeType<'_>, trigger: &Trigger) -> String {
    let short = node_type.base.rsplit('.').next().unwrap_or_default();
    let said = ["event", "events", "triggerOn", "updates"].iter().map(|key| trigger.parameters.get(key));
    let names: Vec<&str> = said
        .flat_map(|v| v.as_text().into_iter().chain(v.items().iter().filter_map(Value::as_text)))
        .collect();
    if names.is_empty() { short.to_owned() } else { format!("{short}:{}", names.join(",")) }
}
