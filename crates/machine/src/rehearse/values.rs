//! Values between files and runs, and as texts that people and patterns name them by.

use crate::Val;
use serde_json::Value as Json;
use workflow::Text;

/// A value of a file as a value of a run.
#[must_use]
pub fn val_of(json: &Json) -> Val {
    match json {
        Json::Null => Val::Null,
        Json::Bool(b) => Val::Bool(*b),
        Json::Number(n) => Val::Number(n.as_f64().unwrap_or_default()),
        Json::String(t) => Val::text(t.as_str()),
        Json::Array(items) => Val::list(items.iter().map(val_of).collect()),
        Json::Object(entries) => {
            Val::map(entries.iter().map(|(k, v)| (k.as_str().into(), val_of(v))).collect())
        }
    }
}

/// A value of a run as a value of a file; nothing where a part is not known.
#[must_use]
pub fn json_of(val: &Val) -> Option<Json> {
    Some(match val {
        Val::Null => Json::Null,
        Val::Bool(b) => Json::Bool(*b),
        Val::Number(n) => serde_json::Number::from_f64(*n).map_or(Json::Null, Json::Number),
        Val::Text(t) => Json::String(t.to_string()),
        Val::List(items) => Json::Array(items.iter().map(json_of).collect::<Option<_>>()?),
        Val::Map(entries) => {
            let all = entries.iter().map(|(k, v)| Some((k.to_string(), json_of(v)?)));
            Json::Object(all.collect::<Option<_>>()?)
        }
        Val::Unknown(_) => return None,
    })
}

/// The texts by which a value names people or access: each item of a list, the id of an object, the name of an unknown.
pub(super) fn texts(val: &Val, out: &mut Vec<Text>) {
    match val {
        Val::Null => {}
        Val::Text(t) if t.is_empty() => {}
        Val::Text(t) => out.push(t.clone()),
        Val::List(items) => items.iter().for_each(|v| texts(v, out)),
        Val::Unknown(symbol) => out.push(symbol.0.clone()),
        Val::Map(_) => {
            let named = ["id", "value", "name", "email", "mail"].iter().map(|k| val.get(k));
            match named.into_iter().find(|v| matches!(v, Val::Text(_))) {
                Some(v) => texts(&v, out),
                None => out.push(crate::evaluate::to_json(val).into()),
            }
        }
        other => out.push(crate::evaluate::to_json(other).into()),
    }
}
