//! Callbacks: a task that hands out a token and waits until somebody answers with it.
//!
//! Amazon documents this as its way to wait for a person's approval. Work that is handed to a container or a job waits
//! for that program, not for a person.

use super::states::State;
use workflow::{Ask, Step, Value};

/// Services that run programs, which report back by themselves.
const PROGRAMS: [&str; 12] = [
    "ecs",
    "batch",
    "glue",
    "codebuild",
    "eks",
    "elasticmapreduce",
    "emr-containers",
    "emr-serverless",
    "sagemaker",
    "databrew",
    "mediaconvert",
    "bedrock-agentcore",
];

/// The question of a task that waits for its token.
pub(super) fn ask(step: &Step, state: &State<'_>) -> Option<Ask> {
    let service = step.connector.strip_prefix("aws-sdk:").unwrap_or(&step.connector);
    if PROGRAMS.contains(&service) {
        return None;
    }
    Some(Ask { approver: approver(&step.parameters), timeout_seconds: timeout(state), ..Ask::default() })
}

/// Who is asked: the fields of the services that reach people, else a field of the message named for the approver.
fn approver(parameters: &Value) -> Value {
    let places = ["TopicArn", "PhoneNumber", "Destination.ToAddresses", "Destination.CcAddresses"];
    let found = places.iter().map(|p| parameters.at(p)).find(|v| !v.is_empty());
    if let Some(found) = found {
        return found.clone();
    }
    let messages = ["Payload", "MessageBody", "Message", "Input", "RequestBody", "Item"];
    let fields = messages.iter().flat_map(|m| parameters.get(m).entries());
    let named = fields.filter(|e| {
        let key = e.key.to_ascii_lowercase();
        key.contains("approver") || key.contains("reviewer")
    });
    named.map(|e| e.value.clone()).find(|v| !v.is_empty()).unwrap_or_default()
}

/// How long it waits, where the definition says so: the shorter of the timeout and the heartbeat.
fn timeout(state: &State<'_>) -> Option<u64> {
    let seconds =
        |key: &str| state.node.get(key).and_then(|n| n.scalar()).and_then(|n| n.parse::<u64>().ok());
    [seconds("TimeoutSeconds"), seconds("HeartbeatSeconds")].into_iter().flatten().min()
}

/// Whether a task gives up at all before the run itself must end.
pub(super) fn gives_up(state: &State<'_>) -> bool {
    let keys = ["TimeoutSeconds", "TimeoutSecondsPath", "HeartbeatSeconds", "HeartbeatSecondsPath"];
    keys.iter().any(|k| state.node.get(k).is_some())
}
