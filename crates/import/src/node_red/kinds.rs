//! Node types: what kind of step each makes, and what it does to the message that passes through it.

use crate::doc::Node;
use workflow::{CodeLanguage, StepKind};

/// Core nodes, and the widespread ones that come with the same installation.
const CORE: &[&str] = &[
    "batch",
    "catch",
    "change",
    "complete",
    "csv",
    "debug",
    "delay",
    "e-mail",
    "e-mail in",
    "e-mail mta",
    "exec",
    "feedparse",
    "file",
    "file in",
    "filter",
    "function",
    "html",
    "http in",
    "http request",
    "http response",
    "inject",
    "join",
    "json",
    "junction",
    "link call",
    "link in",
    "link out",
    "mqtt in",
    "mqtt out",
    "range",
    "rbe",
    "sort",
    "split",
    "status",
    "switch",
    "tcp in",
    "tcp out",
    "tcp request",
    "template",
    "trigger",
    "udp in",
    "udp out",
    "unknown",
    "watch",
    "websocket in",
    "websocket out",
    "xml",
    "yaml",
    "tail",
    "sentiment",
];

/// Core nodes that start messages by themselves.
const SOURCES: &[&str] = &[
    "e-mail in",
    "e-mail mta",
    "feedparse",
    "http in",
    "inject",
    "mqtt in",
    "status",
    "tcp in",
    "tail",
    "udp in",
    "watch",
    "websocket in",
];

/// Not one of Node-RED's own nodes.
pub(super) fn is_third_party(kind: &str) -> bool {
    !CORE.contains(&kind) && !kind.starts_with("subflow:")
}

/// How a node starts messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Starts {
    /// It takes none.
    Only,
    /// It takes some too, by which it is filled, switched or shown, and which end there.
    AndTakes,
    /// It takes some too, and hands them on by the same output.
    AndHandsOn,
}

/// How a node starts messages, if it does. Of nodes that are not known, those start them that nothing leads to, since nodes have
/// inputs only where something may lead to them.
pub(super) fn starts(node: Node<'_>, has_input: bool, has_output: bool) -> Option<Starts> {
    let kind = node.str("type").unwrap_or_default();
    if SOURCES.contains(&kind) || (is_third_party(kind) && !has_input && has_output) {
        return Some(Starts::Only);
    }
    let also = has_output && (is_widget(kind, node) || ALSO.contains(&kind) || kind.starts_with("uibuilder"));
    also.then(|| if hands_on(kind, node) { Starts::AndHandsOn } else { Starts::AndTakes })
}

/// Nodes that start messages at their times or with what they receive, and take others.
const ALSO: &[&str] = &[
    "cronplus",
    "cron-plus",
    "schedex",
    "eztimer",
    "bigtimer",
    "light-scheduler",
    "poll-state",
    "trigger-state",
    "ha-switch",
    "ha-button",
    "ha-number",
    "ha-select",
    "ha-text",
    "aedes broker",
    "mosca in",
    "telegram receiver",
    "telegram command",
    "telegram event",
    "slack-rtm-in",
    "discordMessage",
    "discordInteraction",
    "matrix-receive",
    "opcua-event",
];

/// Widgets of dashboards by which people put something in: what they choose, type or press leaves by the output.
fn is_widget(kind: &str, node: Node<'_>) -> bool {
    let Some(widget) = kind.strip_prefix("ui_").or_else(|| kind.strip_prefix("ui-")) else { return false };
    match widget {
        // A page of its own starts messages where its text sends them.
        "template" => ["format", "template"].iter().any(|key| {
            node.str(key).is_some_and(|text| ["send(", "submit("].iter().any(|s| text.contains(s)))
        }),
        "button" | "button-group" | "form" | "text_input" | "text-input" | "dropdown" | "switch"
        | "slider" | "numeric" | "number-input" | "radio-group" | "date_picker" | "colour_picker"
        | "upload" | "file-input" | "list" | "table" | "time_scheduler" | "time-scheduler"
        | "time-picker" | "multistate_switch" | "level" | "microphone" | "webcam" | "event"
        | "ui_control" | "control" => true,
        _ => false,
    }
}

/// Whether a node that starts messages hands on those that it takes, as its own setting says; forms and buttons do not unless set.
fn hands_on(kind: &str, node: Node<'_>) -> bool {
    let set = ["passthru", "fwdInMessages", "emulateClick"].iter().find_map(|key| node.bool(key));
    let ends = ["form", "button", "control", "builder", "upload", "receive", "receiver", "command", "event"];
    set.unwrap_or_else(|| !ends.iter().any(|end| kind.ends_with(end)))
}

/// A `link out` that hands its messages on to `link in` nodes (one in mode `return` ends a call).
pub(super) fn links_on(node: Node<'_>) -> bool {
    node.str("type") == Some("link out") && node.str("mode") != Some("return")
}

/// What kind of step a node makes.
pub(super) fn step_kind(kind: &str) -> StepKind {
    match kind {
        "switch" => StepKind::Branch,
        "rbe" | "filter" => StepKind::Guard,
        "delay" | "trigger" => StepKind::Wait,
        "link in" | "link out" | "junction" | "catch" | "complete" => StepKind::Join,
        "link call" => StepKind::Call,
        "change" | "template" | "json" | "xml" | "yaml" | "csv" | "html" | "split" | "join" | "sort"
        | "batch" | "range" | "http response" | "base64" | "markdown" => StepKind::Set,
        _ if kind.starts_with("subflow:") => StepKind::Call,
        _ if code(kind).is_some() => StepKind::Code,
        _ => StepKind::Action,
    }
}

/// The language of a node that runs code, and the properties that hold it.
pub(super) fn code(kind: &str) -> Option<(CodeLanguage, &'static [&'static str])> {
    let lower = kind.to_ascii_lowercase();
    Some(match lower.as_str() {
        "function" => (CodeLanguage::JavaScript, &["func", "initialize", "finalize"]),
        "exec" | "bigexec" | "daemon" => (CodeLanguage::Shell, &["command"]),
        "powershell" | "powershell-host" => (CodeLanguage::PowerShell, &["func", "command", "script"]),
        _ if lower.contains("python") => (CodeLanguage::Python, &["func", "code", "script"]),
        _ if lower.starts_with("ssh") || lower == "bigssh" => (CodeLanguage::Shell, &["command", "cmd"]),
        _ => return None,
    })
}

/// The property in which nodes for databases have their statement.
pub(super) fn statement(kind: &str) -> Option<&'static [&'static str]> {
    let lower = kind.to_ascii_lowercase();
    let databases = [
        "mysql",
        "mariadb",
        "postgres",
        "mssql",
        "sqlite",
        "oracledb",
        "snowflake",
        "db2",
        "firebird",
        "clickhouse",
        "duckdb",
        "sequelize",
    ];
    (!lower.contains("mongodb") && databases.iter().any(|d| lower.contains(d))).then_some(&[
        "query",
        "sql",
        "sqlQuery",
        "queryString",
    ])
}

/// Where in the message nodes for databases look for a statement when they have none of their own.
pub(super) fn said_statement(kind: &str) -> &'static str {
    match kind {
        "postgres" | "postgrestor" | "MSSQL" | "mssql" | "sequelize" => "payload",
        "postgresql" | "MSSQL-PLUS" | "oracledb" => "query",
        _ => "topic",
    }
}

/// The properties of the message from which nodes for chat servers and directories take what to do, and to whom.
pub(super) fn told_by_message(kind: &str) -> &'static [&'static str] {
    match kind {
        "discordPermissions" | "discordMember" | "discordGuildManager" => {
            &["action", "user", "guild", "role"]
        }
        _ if kind.starts_with("matrix-") => &["userId", "topic", "payload"],
        "slack-web-out" | "slack-web-client" => &["topic", "payload"],
        "mqtt out" | "google" | "uhppoted-put-card" | "uhppoted-delete-card" => &["payload"],
        "grant permission" | "revoke permission" => &["targetid"],
        "wazo create user" | "cognito-create-user" | "contract-call" => &["payload"],
        _ if workflow::keeps_documents(kind) => &["payload", "collection", "query"],
        "2nac-rest-api" => &["body", "query"],
        _ if kind.starts_with("keycloak-") => &["payload"],
        _ => &[],
    }
}

/// Parts of the message in which nodes for any function of an interface look for the function's name; each is a parameter by its
/// last name where it is constant.
pub(super) fn named_by_message(kind: &str) -> &'static [&'static [&'static str]] {
    match kind {
        "mqtt out" => &[&["topic"]],
        "telegram client sender" => &[&["payload", "func"]],
        _ if kind.starts_with("zwave") => {
            &[&["payload", "cmdProperties", "commandClass"], &["payload", "cmdProperties", "method"]]
        }
        _ => &[],
    }
}

/// What a node changes of the message that passes through it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Writes {
    /// Nothing.
    Nothing,
    /// These properties.
    Keys(Vec<String>),
    /// Any.
    Anything,
    /// Any of those that nodes usually set; what a flow calls by names of its own goes through.
    Usual,
}

impl Writes {
    /// Whether the node may have set a property.
    pub(super) fn touches(&self, key: &str) -> bool {
        match self {
            Writes::Nothing => false,
            Writes::Keys(keys) => key.is_empty() || keys.iter().any(|k| k == key),
            // The request and response of an HTTP entrance go through any node that hands on its message.
            Writes::Anything => !matches!(key, "req" | "res"),
            Writes::Usual => USUAL.contains(&key),
        }
    }
}

/// What a node changes of a message, as far as its type says.
pub(super) fn writes(kind: &str, node: Node<'_>) -> Writes {
    let keys = |list: &[&str]| Writes::Keys(list.iter().map(|k| (*k).to_owned()).collect());
    match kind {
        "switch" | "delay" | "link in" | "link out" | "junction" | "rbe" | "filter" | "complete"
        | "debug" | "http response" => Writes::Nothing,
        "catch" => keys(&["error"]),
        "http request" => {
            keys(&["payload", "statusCode", "headers", "responseUrl", "redirectList", "responseCookies"])
        }
        "json" | "xml" | "yaml" | "csv" | "html" => {
            keys(&[first_key(node.str("property").unwrap_or("payload"))])
        }
        "template" => keys(&[first_key(node.str("field").unwrap_or("payload"))]),
        "split" | "join" | "sort" | "batch" => keys(&["payload", "parts", "complete"]),
        "exec" => keys(&["payload", "rc"]),
        "file" | "file in" | "mqtt out" | "e-mail" => keys(&["payload", "error"]),
        kind if is_third_party(kind) && code(kind).is_none() => Writes::Usual,
        _ => Writes::Anything,
    }
}

/// Properties that nodes set by custom, besides what they are asked for.
const USUAL: &[&str] = &[
    "",
    "payload",
    "topic",
    "error",
    "status",
    "statusCode",
    "headers",
    "parts",
    "result",
    "results",
    "response",
    "data",
    "body",
    "event",
    "filename",
    "_msgid",
];

/// The first name of a property's path.
pub(super) fn first_key(path: &str) -> &str {
    path.split(['.', '[']).next().unwrap_or(path)
}
