//! A card as a step.

use super::cards::{Card, Input};
use super::request::{self, Results};
use super::value::{Values, reference};
use crate::doc::Node;
use workflow::{
    Callee, CalleeKey, LoopKind, Map, OnError, Outcome, Root, Segment, Step, StepKind, Text, Value,
};

/// A loop bounded higher than this is as good as unbounded.
const LARGEST_BOUND: u64 = 10_000;

/// The step that a card is. `inline`: it stands in a flow written inside a card.
pub(super) fn step(values: &Values<'_, '_>, ix: usize, results: &Results, own: &str, inline: bool) -> Step {
    let card = &values.cards.cards[ix];
    let mut step = Step::new(card.id.clone(), card.title(), kind(card, Some(ix) == values.wrapper, inline));
    step.span = card.span.clone();
    step.connector = card.connector.into();
    step.connector_version = card.version.into();
    step.operation = card.operation.clone();
    step.third_party = is_custom(card.connector);
    step.parameters = values.parameters(ix);
    if let Some(commands) = answers_hook(card, &step.parameters, results) {
        step.kind = StepKind::Action;
        if let Value::Map(map) = &mut step.parameters {
            map.push("commands", commands, 0);
        }
    }
    step.request = request::request(card, &step.parameters, results);
    if step.request.is_some() && card.connector == "httpfunctions" {
        step.connector = "http".into();
    }
    step.output = results.get(&card.id).cloned();
    step.calls = calls(values, ix, own);
    step.waits = !card.is("control.run");
    let policy = card.node.at(&["node", "model", "policy", "error"]);
    let retry = policy.and_then(|p| p.get("retry")).and_then(Node::as_number);
    step.retries = retry.and_then(|r| r.parse().ok()).unwrap_or(0);
    if card.is("list.asyncEach") && values.wrapper != Some(ix) {
        step.on_error = OnError::Continue;
    } else if card.handler.is_some() || on_error_flow(card).is_some() {
        step.on_error = OnError::Route;
    }
    step
}

/// The commands with which a flow answers an inline hook: Okta carries them out.
fn answers_hook(card: &Card<'_>, parameters: &Value, results: &Results) -> Option<Value> {
    card.is("control.returnRaw").then(|| request::commands(parameters, results)).flatten()
}

/// The flow that runs when the card fails, before the run ends as a failure.
pub(super) fn on_error_flow(card: &Card<'_>) -> Option<Text> {
    let policy = card.node.at(&["node", "model", "policy", "error"])?;
    let runs = policy.str("type") == Some("flo");
    policy.get("flo").filter(|_| runs).and_then(Node::scalar).map(Text::from)
}

/// A connector that a customer or partner built carries a hash in its key.
fn is_custom(connector: &str) -> bool {
    connector.rsplit_once('_').is_some_and(|(_, hash)| {
        hash.len() >= 8
            && hash.bytes().all(|b| b.is_ascii_alphanumeric())
            && hash.bytes().any(|b| b.is_ascii_digit())
    })
}

fn kind(card: &Card<'_>, wrapper: bool, inline: bool) -> StepKind {
    let runs_flow = card.inputs.iter().any(takes_flow);
    if card.connector != "kernel" {
        return if runs_flow { each(card) } else { StepKind::Action };
    }
    match card.operation.as_str() {
        "control.if" | "control.branch" | "control.throwIf" => StepKind::Branch,
        "control.join" => StepKind::Join,
        "control.continueIf" => StepKind::Guard,
        "control.tryCatch" => StepKind::Scope,
        "control.return" | "control.returnRaw" if !inline => StepKind::End(Outcome::Success),
        "control.throw" => StepKind::End(Outcome::Failure),
        "control.wait" | "control.until" => StepKind::Wait,
        "control.run" | "control.spawn" => StepKind::Call,
        "utility.exportFlo" => StepKind::Action,
        _ if wrapper => StepKind::Scope,
        _ if runs_flow => each(card),
        _ => StepKind::Set,
    }
}

/// An input that names a flow or holds one.
fn takes_flow(input: &Input<'_>) -> bool {
    input.flow.is_some() || input.value.is_some_and(|v| v.str("type") == Some("flo"))
}

fn each(card: &Card<'_>) -> StepKind {
    let number = |keys: &[&str]| {
        let found = card.inputs.iter().find(|i| keys.contains(&i.key) && i.pin.is_none());
        found
            .and_then(|i| i.value)
            .and_then(|v| v.get("data"))
            .and_then(Node::scalar)
            .and_then(|n| n.parse().ok())
    };
    let parallel = number(&["concurrency"]).is_some_and(|c: u64| c > 1);
    let bound = number(&["count", "Limit"]).filter(|b| (1..=LARGEST_BOUND).contains(b));
    StepKind::Loop(LoopKind::Each { parallel, bound })
}

/// The flows that a card starts. An export card names a flow, too, but only reads it.
fn calls(values: &Values<'_, '_>, ix: usize, own: &str) -> Vec<Callee> {
    let card = &values.cards.cards[ix];
    if card.is("utility.exportFlo") {
        return Vec::new();
    }
    let named = card.inputs.iter().filter(|i| i.flow.is_none() && takes_flow(i));
    let keys = named.filter_map(|input| match (input.pin, input.other_flow()) {
        (Some(_), _) => Some(CalleeKey::Dynamic(values.shown(input).into())),
        (None, Some(id)) if id == own => Some(CalleeKey::Itself),
        (None, Some(id)) => Some(CalleeKey::Id(id.into())),
        (None, None) => None,
    });
    keys.map(|key| Callee { key, input: given(values, ix) }).collect()
}

/// What a called flow is given: the inputs that the card shows for it. Those without a value take the item of
/// the list, or the field of it with their name.
fn given(values: &Values<'_, '_>, ix: usize) -> Value {
    let card = &values.cards.cards[ix];
    let looped = matches!(kind(card, false, false), StepKind::Loop(_));
    let own = ["list", "flo", "concurrency", "count", "Flow", "processing_flow", "memo"];
    let fields = card.input("list").and_then(|l| l.value).and_then(|v| v.get("type"));
    let mut map = Map::default();
    let shown = card.inputs.iter().filter(|i| i.flow.is_none() && !own.contains(&i.key));
    let shown = shown.filter(|i| matches!(i.group, None | Some("Streaming" | "context")));
    for input in shown {
        let line = input.value.map_or(0, Node::line);
        let value = match input.pin {
            None if looped && blank(input) => {
                let field = fields.is_some_and(|f| f.get(input.key).is_some());
                let path = if field { vec![Segment::Key(input.key.into())] } else { Vec::new() };
                let term = reference(Root::Item(card.id.clone()), path);
                super::value::from_term(term, input.key, line)
            }
            _ => values.value(input),
        };
        map.push(input.key, value, line);
    }
    if looped && map.get("Record").is_none() && card.connector != "kernel" {
        let item = reference(Root::Item(card.id.clone()), Vec::new());
        map.push("Record", super::value::from_term(item, "Record", 0), 0);
    }
    Value::Map(map)
}

fn blank(input: &Input<'_>) -> bool {
    let data = input.value.and_then(|v| v.get("data"));
    data.is_none_or(|d| d.is_null() || d.as_str() == Some("") || (d.is_map() || d.is_list()) && d.is_empty())
}
