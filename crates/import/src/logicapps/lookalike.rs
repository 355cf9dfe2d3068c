//! Files that stand beside logic apps and are none.

use crate::doc::Node;

/// What a file is instead of a workflow; nothing for files of other platforms.
pub(super) fn of(root: Node<'_>) -> Option<&'static str> {
    let has = |key: &str| root.get(key).is_some();
    let schema = root.str("$schema").unwrap_or_default().to_ascii_lowercase();
    if schema.contains("deploymentparameters") {
        return Some("parameters of an Azure deployment");
    }
    if has("managedApiConnections") || has("serviceProviderConnections") || has("agentConnections") {
        return Some("the connections of a logic app");
    }
    if has("featuredConnectors") && has("skus") || has("artifacts") && has("connections") && has("images") {
        return Some("the manifest of a logic app template");
    }
    if has("IsEncrypted") && has("Values") {
        return Some("local settings of an Azure application");
    }
    let host = has("version") && ["extensionBundle", "extensions", "logging"].into_iter().any(has);
    if host && !has("document") && !has("do") && !has("nodes") {
        return Some("host settings of an Azure application");
    }
    let parameters = root
        .entries()
        .all(|(_, n)| n.get("type").is_some_and(|t| t.as_str().is_some()) && n.get("value").is_some());
    (parameters && !root.is_empty()).then_some("parameters of a logic app")
}
