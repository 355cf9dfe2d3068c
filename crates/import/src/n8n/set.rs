//! What a Set node makes of an item, in all its versions.

use super::json_template;
use crate::js::Names;
use workflow::{Entry, Map, Value};

/// Of a node with more fields than this, the rest are not shown.
const MOST_FIELDS: usize = 1000;

/// The fields that a Set node gives, and whether the rest of the item stays.
pub(super) fn output(version: Option<f64>, parameters: &Value, names: &dyn Names) -> (Option<Value>, bool) {
    let version = version.unwrap_or(3.4);
    if version < 3.0 {
        let keep_only = parameters.get("keepOnlySet").as_bool() == Some(true);
        return (Some(classic(parameters)), !keep_only);
    }
    let keeps = match (parameters.get("includeOtherFields"), parameters.get("include").as_text()) {
        (Value::Bool(other), _) => *other,
        (_, Some(include)) => include != "none",
        // Up to 3.2 the other fields stayed unless said otherwise.
        _ => version < 3.3,
    };
    if parameters.get("mode").as_text() == Some("raw") {
        let raw = parameters.get("jsonOutput");
        return (json_template::parsed(raw, names), keeps);
    }
    (Some(modern(parameters)), keeps)
}

/// `values: {"string": [{"name": …, "value": …}]}`.
fn classic(parameters: &Value) -> Value {
    let mut map = Map::default();
    for kind in parameters.get("values").entries() {
        for field in kind.value.items().iter().take(MOST_FIELDS) {
            put(&mut map, field, field.get("value").clone(), line(field));
        }
    }
    Value::Map(map)
}

/// `assignments.assignments` from 3.3 on, `fields.values` before.
fn modern(parameters: &Value) -> Value {
    let mut map = Map::default();
    let assignments = parameters.at("assignments.assignments").items();
    assignments.iter().take(MOST_FIELDS).for_each(|a| put(&mut map, a, a.get("value").clone(), line(a)));
    for field in parameters.at("fields.values").items().iter().take(MOST_FIELDS) {
        let kinds = ["stringValue", "numberValue", "booleanValue", "arrayValue", "objectValue"];
        let value = kinds.iter().map(|k| field.get(k)).find(|v| **v != Value::Null);
        put(&mut map, field, value.cloned().unwrap_or_default(), line(field));
    }
    Value::Map(map)
}

/// The line of a field's last entry, which is its value as n8n writes it.
fn line(field: &Value) -> u32 {
    field.entries().iter().map(|e| e.line).max().unwrap_or(0)
}

/// Sets a field; a dot in its name goes into an object.
fn put(map: &mut Map, field: &Value, value: Value, line: u32) {
    let Some(name) = field.get("name").as_text() else { return };
    let mut at = map;
    let mut keys = name.split('.').take(16).peekable();
    while let Some(key) = keys.next() {
        if keys.peek().is_none() {
            at.0.retain(|e| e.key != key);
            return at.push(key, value, line);
        }
        let found = at.0.iter().position(|e| e.key == key && matches!(e.value, Value::Map(_)));
        let ix = found.unwrap_or_else(|| {
            at.0.retain(|e| e.key != key);
            at.0.push(Entry { key: key.into(), value: Value::Map(Map::default()), line });
            at.0.len() - 1
        });
        let Some(Entry { value: Value::Map(inner), .. }) = at.0.get_mut(ix) else { return };
        at = inner;
    }
}
