//! Which connector a connection belongs to: the template, the definition or the application's connections say it;
//! the connection's own key is the last resort.

use super::arm::Arm;
use crate::doc::Node;
use std::collections::HashMap;
use workflow::Text;

/// What is known of a connection.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Connection {
    /// The connector's name in lower case.
    pub(super) api: Text,
    /// Built by the organisation, not the vendor.
    pub(super) custom: bool,
    /// The connection's own name.
    pub(super) name: Text,
    /// It signs in as a managed identity.
    pub(super) managed: bool,
    /// Each run works with the connection of whoever started it.
    pub(super) callers: bool,
}

/// The connections of a definition by their keys.
#[derive(Debug, Default)]
pub(crate) struct Connections {
    known: HashMap<String, Connection>,
}

impl Connections {
    /// Learns the values of the `$connections` parameter; what is known already stays.
    pub(crate) fn learn<'d>(&mut self, values: Option<Node<'d>>, arm: &Arm<'d>, chain: &[usize]) {
        for (key, node) in values.into_iter().flat_map(Node::entries) {
            let text = |node: Option<Node<'d>>| node.and_then(|n| arm.display(n, chain)).unwrap_or_default();
            let id = text(node.get("id").or_else(|| node.at(&["api", "id"])));
            let name = text(node.get("connectionName").or_else(|| node.get("connectionId")));
            self.add(key, &id, last(&name), managed(node));
        }
    }

    /// Learns the connections resources of a template: the connection's name stands for its key.
    pub(crate) fn learn_resource<'d>(&mut self, resource: Node<'d>, arm: &Arm<'d>, chain: &[usize]) {
        let name = resource.get("name").and_then(|n| arm.display(n, chain)).unwrap_or_default();
        let id = resource.at(&["properties", "api", "id"]).and_then(|n| arm.display(n, chain));
        self.add(&name, &id.unwrap_or_default(), &name, false);
    }

    /// Learns the connection references of a flow: the flow's own, or the caller's ("Embedded or Invoker").
    /// Source: <https://learn.microsoft.com/en-us/connectors/flowmanagement/>
    pub(crate) fn learn_references(&mut self, references: Option<Node<'_>>) {
        for (key, node) in references.into_iter().flat_map(Node::entries) {
            let api = node.str("apiName").or_else(|| node.at(&["api", "name"]).and_then(Node::as_str));
            let id =
                api.or_else(|| node.str("id")).or_else(|| node.at(&["api", "id"]).and_then(Node::as_str));
            let name = node.str("connectionName").or_else(|| node.str("displayName"));
            let logical = node.at(&["connection", "connectionReferenceLogicalName"]).and_then(Node::as_str);
            let name = name.or(logical).unwrap_or(key);
            self.add(key, id.unwrap_or(key), name, false);
            let source = node.str("runtimeSource").or_else(|| node.str("source")).unwrap_or_default();
            if let Some(known) = self.known.get_mut(&key.to_lowercase()).filter(|c| c.name == name) {
                known.callers = source.eq_ignore_ascii_case("invoker");
            }
        }
    }

    /// Learns an application's connections file.
    pub(crate) fn learn_application(&mut self, root: Node<'_>) {
        for (key, node) in root.get("managedApiConnections").into_iter().flat_map(Node::entries) {
            let id = node.at(&["api", "id"]).and_then(Node::as_str).unwrap_or_default();
            self.add(key, id, key, managed(node));
        }
        for (key, node) in root.get("serviceProviderConnections").into_iter().flat_map(Node::entries) {
            let id = node.at(&["serviceProvider", "id"]).and_then(Node::as_str).unwrap_or_default();
            let how = node.str("parameterSetName").unwrap_or_default();
            self.add(
                key,
                id,
                node.str("displayName").unwrap_or(key),
                how.eq_ignore_ascii_case("ManagedServiceIdentity"),
            );
        }
    }

    fn add(&mut self, key: &str, id: &str, name: &str, managed: bool) {
        let api = last(id);
        let open = api.is_empty() || api.contains(['{', '<', '}']);
        let api = if open { stripped(key) } else { api.to_lowercase() };
        let custom = id.to_ascii_lowercase().contains("/customapis/") || is_custom(&api);
        let connection = Connection { api: api.into(), custom, name: name.into(), managed, callers: false };
        self.known.entry(key.to_lowercase()).or_insert(connection);
    }

    /// The connection of a key, guessed from the key where nothing else is known.
    pub(super) fn resolve(&self, key: &str) -> Connection {
        if let Some(known) = self.known.get(&key.to_lowercase()) {
            return known.clone();
        }
        let api = stripped(key);
        let custom = is_custom(&api);
        Connection { api: api.into(), custom, name: key.into(), ..Connection::default() }
    }
}

fn managed(node: Node<'_>) -> bool {
    let places = [&["authentication", "type"][..], &["connectionProperties", "authentication", "type"]];
    let kinds = places.iter().filter_map(|p| node.at(p).and_then(Node::as_str));
    kinds.into_iter().any(|k| k.eq_ignore_ascii_case("ManagedServiceIdentity"))
}

/// The last segment of a resource id.
pub(super) fn last(id: &str) -> &str {
    id.trim_end_matches('/').rsplit('/').next().unwrap_or_default()
}

/// A key without the number that tells a second connection from the first (`azuread_1`, `azuread-2`).
fn stripped(key: &str) -> String {
    let bare = key.trim_end_matches(|c: char| c.is_ascii_digit());
    let cut = bare.len() < key.len() && bare.ends_with(['_', '-']);
    let key = if cut { &bare[..bare.len() - 1] } else { key };
    let end = key.find("_#").unwrap_or(key.len());
    key[..end].to_lowercase()
}

/// Custom connectors of Power Platform carry the environment's and their own id: `shared_name-5f…-5f…`.
fn is_custom(api: &str) -> bool {
    api.rsplit('-').take(2).filter(|part| part.len() >= 10 && part.starts_with("5f")).count() > 0
}

/// The key in `@parameters('$connections')['azuread']['connectionId']`. Of a key that is computed it is what it begins
/// with (`concat('servicebus_', …)`), or empty.
pub(super) fn key(text: &str) -> Option<&str> {
    let after = &text[text.find("$connections")? + "$connections".len()..];
    let member = after.trim_start_matches(['\'', ')', ']', ' ', '?']);
    if let Some(name) = member.strip_prefix('.') {
        let end = name.find(|c: char| !c.is_ascii_alphanumeric() && !"_-".contains(c));
        return Some(&name[..end.unwrap_or(name.len())]);
    }
    let inner = member.strip_prefix('[').unwrap_or_default().trim_start();
    let (inner, computed) =
        inner.strip_prefix("concat(").map_or((inner, false), |rest| (rest.trim_start(), true));
    let literal = if inner.starts_with('\'') { inner.trim_start_matches('\'') } else { "" };
    let literal = literal.split('\'').next().unwrap_or_default();
    Some(if computed { literal.trim_end_matches(['_', '-']) } else { literal })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_suffixes() {
        assert_eq!(key("@parameters('$connections')['azuread_1']['connectionId']"), Some("azuread_1"));
        assert_eq!(key("@parameters('x')"), None);
        let other = |member: &str| {
            key(&format!("@parameters('$connections'){member}['connectionId']")).map(str::to_owned)
        };
        assert_eq!(other("[concat('servicebus_', rand(1,3))]").as_deref(), Some("servicebus"));
        assert_eq!(other("[ 'azuread' ]").as_deref(), Some("azuread"));
        assert_eq!(other("[variables('c')]").as_deref(), Some(""));
        assert_eq!(key("@parameters('$connections').azuread.connectionId"), Some("azuread"));
        assert_eq!(key("@json(triggerBody())['$connections']['teams']['connectionId']"), Some("teams"));
        let connections = Connections::default();
        assert_eq!(connections.resolve("azuread_1").api, "azuread");
        assert_eq!(connections.resolve("Office365-2").api, "office365");
        assert_eq!(connections.resolve("office365").api, "office365");
        assert_eq!(connections.resolve("teams_#workflowname#").api, "teams");
        assert!(connections.resolve("shared_hr-5f0123456789abcdef-5fabcdef0123456789").custom);
        assert!(!connections.resolve("shared_office365").custom);
    }
}
