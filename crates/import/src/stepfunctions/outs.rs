//! What a state hands on: its result, where that goes in its input, and what is taken of both.

use super::jsonpath;
use super::scope::{Anchor, Scope};
use super::states::{Kind, State};
use super::template::Placeholders;
use super::value::{Query, Reader};
use crate::dataflow::Data;
use crate::doc::Node;
use workflow::{Root, Value};

/// By which way a state is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slot {
    /// The ordinary way.
    Next,
    /// By a rule of a Choice state.
    Rule(usize),
    /// Into the machines inside it.
    Inside,
    /// By a catcher.
    Catch(usize),
}

/// What goes for all states.
#[derive(Clone, Copy)]
pub(super) struct Around<'s> {
    pub(super) placeholders: &'s Placeholders<'s>,
}

/// A state's reader on a document.
pub(super) fn reader<'s>(state: &'s State<'_>, input: &'s Data, around: &Around<'s>) -> Reader<'s> {
    let scope = Scope {
        input,
        result: None,
        item: state.item.as_deref(),
        distributed: state.distributed,
        whole_context: false,
        placeholders: around.placeholders,
    };
    Reader { scope, query: state.query }
}

/// What a state hands on by one of its ways.
pub(super) fn out(state: &State<'_>, slot: Slot, input: &Data, around: &Around<'_>) -> Data {
    let own = reader(state, input, around);
    match (slot, state.query) {
        (Slot::Inside, _) => inside(state, input, around),
        (Slot::Catch(ix), query) => match state.catches.get(ix) {
            Some((catcher, _)) => caught(*catcher, query, input, &own),
            None => input.clone(),
        },
        (Slot::Rule(ix), Query::Jsonata) => {
            let output = state.rules.get(ix).and_then(|(r, _)| r.get("Output"));
            output.or_else(|| state.node.get("Output")).map_or_else(|| input.clone(), |o| data(own.value(o)))
        }
        (_, Query::Jsonata) => jsonata_out(state, input, around),
        (_, Query::JsonPath) => {
            let effective = selected(state.node, "InputPath", input, own.scope);
            let whole = match state.kind {
                Kind::Task | Kind::Pass | Kind::Parallel | Kind::Map => {
                    let result = result(state, &effective, around);
                    placed(state.node, input, result)
                }
                _ => effective,
            };
            selected(state.node, "OutputPath", &whole, own.scope)
        }
    }
}

/// The state's input after `InputPath`.
pub(super) fn effective(state: &State<'_>, input: &Data, around: &Around<'_>) -> Data {
    match state.query {
        Query::JsonPath => selected(state.node, "InputPath", input, reader(state, input, around).scope),
        Query::Jsonata => input.clone(),
    }
}

/// The result of a state, after its `ResultSelector`.
pub(super) fn result(state: &State<'_>, effective: &Data, around: &Around<'_>) -> Data {
    let node = state.node;
    let raw = match state.kind {
        Kind::Parallel => Data::root(Root::Step(joined(&state.id))),
        Kind::Pass if state.query == Query::Jsonata => match node.get("Output") {
            Some(_) => Data::root(Root::Step(state.id.clone())),
            None => effective.clone(),
        },
        Kind::Pass if node.get("Result").is_none() && node.get("Parameters").is_none() => effective.clone(),
        Kind::Task | Kind::Map | Kind::Pass => Data::root(Root::Step(state.id.clone())),
        _ => effective.clone(),
    };
    let selector =
        node.get("ResultSelector").filter(|_| state.query == Query::JsonPath && state.kind != Kind::Pass);
    match selector {
        Some(selector) => data(reader(state, &raw, around).value(selector)),
        None => raw,
    }
}

/// The id of the step at which the branches of a Parallel state meet.
pub(super) fn joined(id: &str) -> workflow::Text {
    format!("{id}/(all branches)").into()
}

fn jsonata_out(state: &State<'_>, input: &Data, around: &Around<'_>) -> Data {
    let result = result(state, input, around);
    let Some(output) = state.node.get("Output").filter(|_| state.kind != Kind::Pass) else {
        let own = matches!(state.kind, Kind::Task | Kind::Pass | Kind::Parallel | Kind::Map);
        return if own { result } else { input.clone() };
    };
    let mut reader = reader(state, input, around);
    reader.scope.result = Some(&result);
    data(reader.value(output))
}

/// A value as data: objects that are joined to another keep their fields apart.
fn data(value: Value) -> Data {
    Data::of(crate::dataflow::bounded(match value {
        Value::Expr(e) => match &e.term {
            workflow::Term::Map(_) | workflow::Term::List(_) => crate::dataflow::value_of(e.term.clone()),
            _ => Value::Expr(e),
        },
        value => value,
    }))
}

/// What the machines inside a state start with.
fn inside(state: &State<'_>, input: &Data, around: &Around<'_>) -> Data {
    let effective = effective(state, input, around);
    let own = reader(state, &effective, around);
    let parameters = match state.query {
        Query::JsonPath => state.node.get("ItemSelector").or_else(|| state.node.get("Parameters")),
        Query::Jsonata => state.node.get("ItemSelector").or_else(|| state.node.get("Arguments")),
    };
    match (state.kind, parameters) {
        (Kind::Map, Some(selector)) => {
            let mut own = own;
            own.scope.item = Some(&state.id);
            data(own.value(selector))
        }
        (Kind::Map, None) => Data::root(Root::Item(state.id.clone())),
        (_, Some(parameters)) => data(own.value(parameters)),
        (_, None) => effective,
    }
}

/// What a catcher hands on.
fn caught(catcher: Node<'_>, query: Query, input: &Data, own: &Reader<'_>) -> Data {
    let error = Data::root(Root::Run("error".into()));
    match query {
        Query::Jsonata => match catcher.get("Output") {
            Some(output) => data(own.value(output)),
            None => error,
        },
        Query::JsonPath => placed(catcher, input, error),
    }
}

/// A result put into the input, as `ResultPath` says.
fn placed(node: Node<'_>, input: &Data, result: Data) -> Data {
    match node.get("ResultPath") {
        None => result,
        Some(path) if path.is_null() => input.clone(),
        Some(path) => match path.as_str().and_then(jsonpath::path) {
            Some((Anchor::Input, segments)) => input.clone().with(&segments, result),
            _ => result,
        },
    }
}

/// The part of a document that a path names; nothing of it for `null`.
fn selected(node: Node<'_>, key: &str, data: &Data, scope: Scope<'_>) -> Data {
    match node.get(key) {
        None => data.clone(),
        Some(path) if path.is_null() => Data::of(Value::Map(workflow::Map::default())),
        Some(path) => match path.as_str().and_then(jsonpath::path) {
            Some((Anchor::Input, segments)) => data.part(&segments),
            Some((anchor, segments)) => {
                Data::of(crate::dataflow::value_of(scope.resolve(&anchor, &segments)))
            }
            None => Data::of(Value::Null),
        },
    }
}
