//! Buttons of a card that a question shows: a card with a button to refuse whose press no branch reads lets a
//! refusal through with whatever else was filled in.

use crate::gate::means_no;
use crate::graph::Graph;
use workflow::{Reference, Root, StepIx, Term, Text, Value};

/// A button that submits a card.
struct Button {
    title: String,
    /// The fields that only this button's press fills in.
    fields: Vec<String>,
}

/// A button that refuses, where the places that branches read do not show which button was pressed.
#[must_use]
pub fn unread_refusal(graph: &Graph<'_>, asked: StepIx, places: &[&[Text]]) -> Option<Text> {
    let mut buttons = Vec::new();
    for card in cards(graph, asked) {
        collect(&card, &mut buttons);
    }
    let refusal = buttons.iter().find(|b| means_no(&b.title)).filter(|_| buttons.len() > 1)?;
    let shows = |key: &Text| {
        let key = key.to_lowercase();
        let press = ["submitactionid", "actionid", "selectedoption"].contains(&&*key);
        press || buttons.iter().any(|b| b.fields.iter().any(|f| *f == *key))
    };
    let read = places.iter().any(|p| p.iter().any(shows));
    (!read).then(|| refusal.title.as_str().into())
}

/// The card itself: in the step's parameters, or in the result of a shaping step or the variable they refer to.
fn cards(graph: &Graph<'_>, asked: StepIx) -> Vec<serde_json::Value> {
    let step = graph.step(asked);
    let mut values: Vec<&Value> = vec![&step.parameters];
    values.extend(step.request.iter().map(|r| &r.body));
    let direct = values.clone();
    for reference in direct.iter().flat_map(|v| v.expressions()).flat_map(|e| e.references()) {
        values.extend(behind(graph, asked, reference));
    }
    values.into_iter().map(|v| json(v, 30)).collect()
}

fn behind<'w>(graph: &Graph<'w>, at: StepIx, reference: &Reference) -> Vec<&'w Value> {
    match &reference.root {
        Root::Step(id) => graph.find(id).and_then(|s| graph.step(s).output.as_ref()).into_iter().collect(),
        Root::Variable(name) => {
            crate::provenance::definitions(graph, at, name, |_| true).0.into_iter().map(|(_, v)| v).collect()
        }
        _ => Vec::new(),
    }
}

/// A value as JSON; a text that is a JSON document with holes is read with the holes filled by a mark.
fn json(value: &Value, depth: u32) -> serde_json::Value {
    use serde_json::Value as Json;
    if depth == 0 {
        return Json::Null;
    }
    match value {
        Value::Text(t) => document(t),
        Value::List(items) => Json::Array(items.iter().map(|v| json(v, depth - 1)).collect()),
        Value::Map(map) => {
            Json::Object(map.0.iter().map(|e| (e.key.to_string(), json(&e.value, depth - 1))).collect())
        }
        Value::Expr(e) => match &e.term {
            Term::Template(parts) => {
                let filled = parts.iter().map(|p| if let Term::Text(t) = p { t.as_str() } else { "0" });
                document(&filled.collect::<String>())
            }
            _ => Json::Null,
        },
        _ => Json::Null,
    }
}

fn document(text: &str) -> serde_json::Value {
    let text = text.trim();
    let parsed = if text.starts_with(['{', '[']) { serde_json::from_str(text).ok() } else { None };
    parsed.unwrap_or_else(|| serde_json::Value::String(text.to_owned()))
}

fn collect(card: &serde_json::Value, buttons: &mut Vec<Button>) {
    let mut work = vec![card];
    while let Some(value) = work.pop() {
        match value {
            serde_json::Value::Object(map) => {
                if map.get("type").and_then(|t| t.as_str()) == Some("Action.Submit") {
                    let title = map.get("title").and_then(|t| t.as_str()).unwrap_or_default().to_owned();
                    let data = map.get("data").and_then(|d| d.as_object());
                    let fields = data.into_iter().flat_map(|d| d.keys()).map(|k| k.to_lowercase()).collect();
                    buttons.push(Button { title, fields });
                }
                work.extend(map.values());
            }
            serde_json::Value::Array(items) => work.extend(items),
            _ => {}
        }
    }
}
