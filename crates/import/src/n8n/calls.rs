//! Calls of other workflows: by id, by name, by a definition written into the node.

use super::types::NodeType;
use super::value::computed;
use crate::js::Names;
use workflow::{Callee, CalleeKey, Map, Reference, Root, Term, Value};

/// A workflow that a node starts.
pub(super) struct Called {
    /// How it is named and what it is given.
    pub(super) callee: Callee,
    /// The node waits for it to end.
    pub(super) waits: bool,
    /// Its definition, where it is written into the node.
    pub(super) inline: Option<String>,
}

/// The workflow that a node starts, if it does; `own` is the id of the workflow that the node is in.
pub(super) fn called(
    node_type: NodeType<'_>,
    own: Option<&str>,
    p: &Value,
    names: &dyn Names,
) -> Option<Called> {
    let short = node_type.short()?;
    if !matches!(short, "executeWorkflow" | "toolWorkflow" | "retrieverWorkflow") {
        return None;
    }
    let source = p.get("source").as_text().unwrap_or("database");
    let waits = p.at("options.waitForSubWorkflow").as_bool() != Some(false);
    let inline = p.get("workflowJson").as_text().filter(|_| source == "parameter").map(str::to_owned);
    let key = match source {
        "database" => by_id(p.get("workflowId"), own),
        "localFile" => dynamic(p.get("workflowPath")),
        "url" => dynamic(p.get("workflowUrl")),
        _ => dynamic(p.get("workflowJson")),
    };
    Some(Called { callee: Callee { key, input: input(p, names) }, waits, inline })
}

fn by_id(id: &Value, own: Option<&str>) -> CalleeKey {
    match id {
        Value::Text(id) if Some(id.as_str()) == own => CalleeKey::Itself,
        Value::Text(id) if !id.is_empty() => CalleeKey::Id(id.clone()),
        Value::Number(id) => CalleeKey::Id(id.clone()),
        Value::Expr(e) if is_own_id(&e.term) => CalleeKey::Itself,
        other => dynamic(other),
    }
}

/// `$workflow.id`.
fn is_own_id(term: &Term) -> bool {
    matches!(term, Term::Ref(r) if r.path.is_empty() && r.root == Root::Run("workflow.id".into()))
}

fn dynamic(value: &Value) -> CalleeKey {
    match value {
        Value::Text(text) => CalleeKey::Dynamic(text.clone()),
        Value::Expr(e) => CalleeKey::Dynamic(e.text.clone()),
        _ => CalleeKey::Dynamic("".into()),
    }
}

/// What the called workflow is given: named inputs; else what comes in, or what the model asks, with fields added.
fn input(p: &Value, names: &dyn Names) -> Value {
    if let Value::Map(map) = p.at("workflowInputs.value")
        && !map.0.is_empty()
    {
        return Value::Map(map.clone());
    }
    let mut added = Map::default();
    for field in p.at("fields.values").items() {
        let Some(name) = field.get("name").as_text() else { continue };
        let kinds = ["stringValue", "numberValue", "booleanValue", "arrayValue", "objectValue"];
        let value = kinds.iter().map(|k| field.get(k)).find(|v| **v != Value::Null);
        added.push(name, value.cloned().unwrap_or_default(), 0);
    }
    if let Some(root) = names.model() {
        let query = Term::Ref(Reference::keys(root, "query"));
        added.push("query", computed("query", query, 0), 0);
        return Value::Map(added);
    }
    let item = Term::Ref(Reference { root: names.previous(), path: Vec::new() });
    if added.0.is_empty() {
        return computed("$json", item, 0);
    }
    let own = added.0.into_iter().map(|e| (e.key, super::value::term(e.value)));
    computed("$json", Term::Map(std::iter::once(("...".into(), item)).chain(own).collect()), 0)
}
