//! The data flow of a state exactly as the language defines it, for running it: every field with its expressions over
//! the state's own input. What the graph says of it elsewhere is followed through the machine beforehand, for proofs.

use super::choice;
use super::edges::Caught;
use super::jsonpath;
use super::outs::Around;
use super::scope::{Anchor, Scope};
use super::states::{Kind, State};
use super::value::{Query, Reader};
use crate::dataflow::Data;
use crate::doc::Node;
use workflow::{Map, Root, Segment, Value};

/// Fields of states that hold a path where the state is written in JSONPath.
const PATHS: [&str; 4] = ["InputPath", "OutputPath", "ItemsPath", "Items"];
/// Fields whose values may have expressions in them.
const VALUES: [&str; 16] = [
    "Parameters",
    "Arguments",
    "ItemSelector",
    "ResultSelector",
    "Output",
    "Assign",
    "Error",
    "Cause",
    "Seconds",
    "Timestamp",
    "TimeoutSeconds",
    "HeartbeatSeconds",
    "MaxConcurrency",
    "ToleratedFailureCount",
    "ToleratedFailurePercentage",
    "Credentials",
];

/// The data flow of a state.
pub(super) fn flow(state: &State<'_>, around: &Around<'_>) -> Value {
    let (input, result) = (Data::root(Root::Previous), Data::root(Root::Run("result".into())));
    let scope = Scope {
        input: &input,
        result: Some(&result),
        item: None,
        distributed: false,
        whole_context: true,
        placeholders: around.placeholders,
    };
    let reader = Reader { scope, query: state.query };
    let mut map = fields(state.node, &reader);
    let language = if state.query == Query::Jsonata { "JSONata" } else { "JSONPath" };
    map.push("QueryLanguage", Value::text(language), 0);
    map.push("Type", Value::text(state.node.str("Type").unwrap_or_default()), 0);
    map.push("Name", Value::text(state.name), 0);
    map.push("Scope", Value::Text(state.scope.clone()), 0);
    if state.kind == Kind::Choice {
        let rules = state.rules.iter().map(|(rule, _)| Value::Map(fields(*rule, &reader)));
        map.push("Choices", Value::List(rules.collect()), 0);
        let cases =
            state.rules.iter().map(|(rule, _)| Value::Expr(Box::new(choice::condition(*rule, &reader))));
        map.push("cases", Value::List(cases.collect()), 0);
    }
    if state.kind == Kind::Map {
        map.push("Distributed", Value::Bool(is_distributed(state.node)), 0);
    }
    if let Some(retry) = state.node.get("Retry") {
        map.push("Retry", reader.constant_value(retry), 0);
    }
    if !state.catches.is_empty() {
        map.push("Catch", Value::List(caught(state, &reader)), 0);
    }
    Value::Map(map)
}

fn is_distributed(node: Node<'_>) -> bool {
    node.at(&["ItemProcessor", "ProcessorConfig", "Mode"]).and_then(Node::as_str) == Some("DISTRIBUTED")
}

/// The fields of a state, a rule or a catcher.
fn fields(node: Node<'_>, reader: &Reader<'_>) -> Map {
    let mut map = Map::default();
    for (key, child) in node.entries() {
        let plain = key.strip_suffix("Path").unwrap_or(key);
        let value = match key {
            "Result" | "Resource" => reader.constant_value(child),
            // What reads and writes the items of a Map state is a service's own.
            "ItemReader" | "ResultWriter" | "ItemBatcher" => reader.value(child),
            "ResultPath" => place(child),
            _ if child.is_null() && PATHS.contains(&key) => Value::Null,
            _ if PATHS.contains(&key) || plain != key && VALUES.contains(&plain) => reader.path(child),
            _ if VALUES.contains(&key) => reader.value(child),
            _ => continue,
        };
        map.push(key, value, reader.line(child));
    }
    map
}

/// Where a result is put: the fields and positions of a reference path; null where it is dropped.
fn place(path: Node<'_>) -> Value {
    let Some((Anchor::Input, segments)) = path.as_str().and_then(jsonpath::path) else { return Value::Null };
    let part = |segment: &Segment| match segment {
        Segment::Key(key) => Some(Value::Text(key.clone())),
        Segment::Index(at) => Some(Value::Number(at.to_string().into())),
        _ => None,
    };
    segments.iter().map(part).collect::<Option<Vec<_>>>().map_or(Value::Null, Value::List)
}

/// The catchers, each with the number of its error edge.
fn caught(state: &State<'_>, reader: &Reader<'_>) -> Vec<Value> {
    let mut edges = 0;
    let mut of = |(catcher, target): &(Node<'_>, Option<usize>)| {
        let mut map = fields(*catcher, reader);
        let names = catcher.get("ErrorEquals").map(|n| reader.constant_value(n));
        map.push("ErrorEquals", names.unwrap_or_default(), reader.line(*catcher));
        if Caught::of(*catcher).errors && target.is_some() {
            map.push("edge", Value::Number(edges.to_string().into()), 0);
            edges += 1;
        }
        Value::Map(map)
    };
    state.catches.iter().map(&mut of).collect()
}
