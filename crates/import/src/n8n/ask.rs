//! Questions to people: messages that wait for an answer, waits for a form or a call, forms in the middle of a run.

use super::defaults::Operation;
use super::types::NodeType;
use workflow::{Ask, Value};

/// Where the nodes that ask have whom they ask; the first that is there counts.
const APPROVERS: &[&str] = &[
    "sendTo",
    "toEmail",
    "toRecipients",
    "user",
    "userId",
    "channelId",
    "chatId",
    "spaceId",
    "recipientPhoneNumber",
    "channel",
    "roomId",
];

/// What a node asks a person, if it does.
pub(super) fn ask(node_type: NodeType<'_>, operation: &Operation, p: &Value) -> Option<Ask> {
    let said = operation.operation.as_deref().unwrap_or_default();
    match (node_type.short(), said) {
        (Some("wait"), "webhook") => {
            Some(Ask { answer: call_part(p).into(), timeout_seconds: limit(p, p), ..Ask::default() })
        }
        (Some("wait"), "form") => Some(Ask { timeout_seconds: limit(p, p), ..Ask::default() }),
        (Some("form"), "page") => Some(Ask { timeout_seconds: limit(p, p), ..Ask::default() }),
        (Some("chat"), "-" | "" | "send") => chat(p),
        (_, "sendAndWait") => Some(message(p)),
        _ => None,
    }
}

/// Where a call that resumes a run has what it says: a link that is followed has it in its address.
fn call_part(p: &Value) -> &'static str {
    match p.get("httpMethod") {
        Value::Null => "query",
        Value::Text(method) if matches!(method.as_str(), "GET" | "HEAD") => "query",
        _ => "body",
    }
}

/// A chat message waits for a reply unless it says that it does not.
fn chat(p: &Value) -> Option<Ask> {
    let waits = p.get("waitUserReply").as_bool() == Some(true);
    waits.then(|| Ask { answer: "chatInput".into(), ..Ask::default() })
}

/// A message with buttons or a form, which holds the run until somebody answers.
fn message(p: &Value) -> Ask {
    let approver = APPROVERS.iter().map(|k| p.get(k)).find(|v| !v.is_empty());
    let options = p.get("options");
    let limits = match options.at("limitWaitTime.values") {
        Value::Null => p.at("limitWaitTime.values"),
        found => found,
    };
    let mut ask = Ask {
        approver: approver.cloned().unwrap_or_default(),
        timeout_seconds: (!limits.is_empty()).then(|| seconds(limits, 45, "minutes")),
        ..Ask::default()
    };
    match p.get("responseType").as_text().unwrap_or("approval") {
        "approval" => {
            ask.answer = "data.approved".into();
            ask.positive = vec!["true".into()];
            ask.negative = vec!["false".into()];
        }
        "freeText" => ask.answer = "data.text".into(),
        _ => ask.answer = "data".into(),
    }
    ask
}

/// The limit of a wait, where it has one.
fn limit(p: &Value, values: &Value) -> Option<u64> {
    match p.get("limitWaitTime") {
        Value::Bool(true) => Some(seconds(values, 1, "hours")),
        found => {
            let values = found.get("values");
            (!values.is_empty()).then(|| seconds(values, 1, "hours"))
        }
    }
}

/// `resumeAmount` and `resumeUnit` in seconds; 0 where the moment is only known at run time.
fn seconds(values: &Value, amount: u64, unit: &str) -> u64 {
    if values.get("limitType").as_text() == Some("atSpecifiedTime") {
        return 0;
    }
    let amount = match values.get("resumeAmount") {
        Value::Number(n) => n.parse().unwrap_or(0),
        Value::Null => amount,
        _ => 0,
    };
    let unit = match values.get("resumeUnit").as_text().unwrap_or(unit) {
        "seconds" => 1,
        "minutes" => 60,
        "hours" => 3600,
        _ => 86_400,
    };
    amount.saturating_mul(unit)
}
