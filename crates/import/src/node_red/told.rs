//! What nodes are told to do by the message, or by several properties of their own.

use super::function;
use super::kinds;
use super::network::Network;
use super::scope::At;
use super::steps::opened;
use crate::doc::Node;
use workflow::{Map, Root, Segment, Step, Term, Value};

/// The types of the messages that the functions and injections directly before a bot give it, as far as they are
/// constant: by its type a message is a text, or promotes somebody.
pub(super) fn sends(step: &mut Step, network: &Network<'_>, ix: usize) {
    let before = network.items.iter().filter(|i| !i.disabled && i.wires.iter().flatten().any(|to| *to == ix));
    let mut types: Vec<String> = before.filter_map(|item| sent_type(item.kind, item.node)).collect();
    types.sort_unstable();
    types.dedup();
    if let (Value::Map(map), false) = (&mut step.parameters, types.is_empty()) {
        map.push("sends", Value::text(format!(" {}", types.join(" "))), network.items[ix].node.line());
    }
}

fn sent_type(kind: &str, node: Node<'_>) -> Option<String> {
    if kind == "inject" {
        let payload = crate::doc::Doc::json(node.str("payload")?).ok()?;
        return payload.root().str("type").map(str::to_owned);
    }
    let effects = function::read(node.str("func").filter(|_| kind == "function")?, 1)?;
    effects.constant(&["payload", "type"]).map(str::to_owned)
}

/// What a node takes from the message to know what to do, and to whom.
pub(super) fn told(step: &mut Step, kind: &str, at: &At<'_>, line: u32) {
    let keys = kinds::told_by_message(kind);
    let Value::Map(map) = &mut step.parameters else { return };
    let mut said = Map::default();
    keys.iter()
        .for_each(|key| said.push(*key, opened(at.message(vec![Segment::Key((*key).into())]), line), line));
    for path in kinds::named_by_message(kind) {
        let Some(name) = path.last().filter(|name| map.get(name).is_none_or(Value::is_empty)) else {
            continue;
        };
        if let Some(constant) = constant(path, at) {
            map.0.retain(|e| e.key != *name);
            map.push(*name, Value::text(constant), line);
        }
    }
    if !keys.is_empty() {
        map.push("msg", Value::Map(said), line);
    }
}

/// A part of the message that an injection or a function sets to a constant.
fn constant(path: &[&str], at: &At<'_>) -> Option<String> {
    let segments = path.iter().map(|key| Segment::Key((*key).into())).collect();
    let reference = match at.message(segments) {
        Term::Text(text) | Term::Number(text) => return Some(text.to_string()),
        Term::Ref(reference) => reference,
        _ => return None,
    };
    let Root::Step(id) = &reference.root else { return None };
    let ix = at.scope.network.ids.get(id.as_str())?;
    at.scope.functions.get(ix)?.constant(path).map(str::to_owned)
}

/// The action of Home Assistant that a node calls: in one property, or as its domain and its service.
pub(super) fn service(step: &mut Step, node: Node<'_>) {
    let said = |keys: &[&str]| keys.iter().find_map(|key| node.str(key).filter(|v| !v.is_empty()));
    step.operation = match (said(&["action"]), said(&["domain", "service_domain"]), said(&["service"])) {
        (Some(action), ..) => action.into(),
        (None, Some(domain), Some(service)) => format!("{domain}.{service}").into(),
        // What is called then stands in the message.
        _ => "-".into(),
    };
}
