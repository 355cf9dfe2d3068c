//! Results of cards that only shape data, so that values can be followed through them.

use super::condition::{self, compare};
use super::value::{Values, below, dotted, expanded, from_term, reference, template, to_term, written};
use std::collections::HashMap;
use workflow::{Function, Map, Root, Segment, Term, Value};

/// The result of a card, where the definition shows it.
pub(super) fn output(values: &Values<'_, '_>, card: usize) -> Option<Value> {
    let known = &values.cards.cards[card];
    if known.connector != "kernel" {
        return None;
    }
    match known.operation.as_str() {
        "object.expand" => Some(expand(values, card)),
        "object.pick" => Some(pick(values, card)),
        "control.let" => Some(values.parameters(card)),
        "control.join" => Some(join(values, card)),
        "control.tryCatch" | "control.branch" => Some(returned(values, card)),
        op if op.starts_with("control.") && !matches!(op, "control.assignIf" | "control.lookup") => None,
        "utility.exportFlo" => None,
        _ if known.inputs.iter().any(|i| i.flow.is_some() || i.other_flow().is_some()) => None,
        _ => Some(computed(values, card)),
    }
}

fn entry(map: &mut Map, key: &str, term: Term) {
    let text = written(&term);
    map.push(key, from_term(term, text, 0), 0);
}

/// Every output of a function card is the same function of its inputs.
fn computed(values: &Values<'_, '_>, card: usize) -> Value {
    let known = &values.cards.cards[card];
    let term = function(values, card);
    let mut map = Map::default();
    for out in &known.outputs {
        entry(&mut map, out.key, term.clone());
    }
    Value::Map(map)
}

fn argument(values: &Values<'_, '_>, card: usize, key: &str) -> Term {
    let input = values.cards.cards[card].input(key);
    input.map_or(Term::Null, |i| values.term(i))
}

fn arguments(values: &Values<'_, '_>, card: usize) -> Vec<Term> {
    values.cards.cards[card].inputs.iter().filter(|i| i.flow.is_none()).map(|i| values.term(i)).collect()
}

/// The meaning of a function card.
fn function(values: &Values<'_, '_>, card: usize) -> Term {
    let known = &values.cards.cards[card];
    let all = || arguments(values, card);
    let call = |f: Function| Term::Call(f, all());
    let one = |f: Function, key: &str| Term::Call(f, vec![argument(values, card, key)]);
    match known.operation.as_str() {
        "string.compose" | "math.expression" => compose(values, card),
        "string.concat" => template(all()),
        "object.construct" => to_term(&values.parameters(card)),
        "list.construct" => Term::List(all()),
        "object.get" => match known.input("path").and_then(|p| p.text()) {
            Some(path) => below(argument(values, card, "object"), dotted(path)),
            None => below(argument(values, card, "object"), vec![Segment::Dynamic]),
        },
        "list.at" => at(values, card),
        "list.shift" => one(Function::First, "list"),
        "list.pop" => one(Function::Last, "list"),
        "list.pluck" => {
            let path = known.input("key").and_then(|p| p.text()).map(dotted).unwrap_or_default();
            below(argument(values, card, "list"), std::iter::once(Segment::Each).chain(path).collect())
        }
        "list.length" | "string.length" | "object.length" => call(Function::Length),
        "list.includes" => call(Function::Contains),
        "list.findBy" => Term::Call(Function::First, vec![filtered(values, card)]),
        "list.filterBy" => filtered(values, card),
        "json.parse" => call(Function::ParseJson),
        "json.stringify" => call(Function::ToText),
        "string.toLowerCase" => call(Function::Lower),
        "string.toUpperCase" => call(Function::Upper),
        "string.trim" => call(Function::Trim),
        "url.encodeComponent" | "url.encode" => call(Function::UrlEncode),
        "boolean.and" => call(Function::And),
        "boolean.or" => call(Function::Or),
        "boolean.not" => call(Function::Not),
        "boolean.compare" => condition::condition(values, card, None).term,
        "control.assignIf" => {
            let test = condition::condition(values, card, None).term;
            let (yes, no) = (argument(values, card, "valueIfTrue"), argument(values, card, "valueIfFalse"));
            Term::Call(Function::If, vec![test, yes, no])
        }
        "date.now" => Term::Call(Function::Now, Vec::new()),
        "date.add" | "date.subtract" => call(Function::AddTime),
        "string.random" | "math.random" | "crypto.random" => call(Function::Random),
        other => call(Function::Other(other.into())),
    }
}

/// A text with `{{{input}}}` holes.
fn compose(values: &Values<'_, '_>, card: usize) -> Term {
    let known = &values.cards.cards[card];
    let Some(text) = known.input("_text_").and_then(|t| t.text()) else {
        return template(arguments(values, card));
    };
    let holes: HashMap<&str, Term> = known.inputs.iter().map(|i| (i.key, values.term(i))).collect();
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(open) = rest.find("{{{") {
        let Some(len) = rest[open..].find("}}}") else { break };
        let name = rest[open + 3..open + len].trim();
        if open > 0 {
            parts.push(Term::Text(rest[..open].into()));
        }
        let unknown = || reference(Root::Unknown(name.into()), Vec::new());
        parts.push(holes.get(name).cloned().unwrap_or_else(unknown));
        rest = &rest[open + len + 3..];
    }
    if !rest.is_empty() {
        parts.push(Term::Text(rest.into()));
    }
    template(parts)
}

fn at(values: &Values<'_, '_>, card: usize) -> Term {
    let index = match argument(values, card, "index") {
        Term::Number(n) => n.parse().map_or(Segment::Dynamic, Segment::Index),
        _ => Segment::Dynamic,
    };
    below(argument(values, card, "list"), vec![index])
}

/// The items of a list whose field compares.
fn filtered(values: &Values<'_, '_>, card: usize) -> Term {
    let known = &values.cards.cards[card];
    let path = known.input("path").and_then(|p| p.text()).map(dotted).unwrap_or_default();
    let operator = known.input("operator").and_then(|o| o.text()).unwrap_or("==");
    let item = reference(Root::Item(known.id.clone()), path);
    let test = compare(operator, item, argument(values, card, "comparison"));
    Term::Call(Function::Filter, vec![argument(values, card, "list"), test])
}

/// `object.expand` lays out fields of an object: a group holds a `key` with the field's path and its `value`.
fn expand(values: &Values<'_, '_>, card: usize) -> Value {
    let known = &values.cards.cards[card];
    let object = argument(values, card, "object");
    let mut map = Map::default();
    for out in known.outputs.iter().filter(|o| o.key == "value") {
        let Some(group) = out.group else { continue };
        let path = expanded(known, out).into_iter().map(|p| Segment::Key(p.into())).collect();
        let mut inner = Map::default();
        entry(&mut inner, "value", below(object.clone(), path));
        map.push(group, Value::Map(inner), 0);
    }
    Value::Map(map)
}

fn pick(values: &Values<'_, '_>, card: usize) -> Value {
    let object = argument(values, card, "object");
    let mut map = Map::default();
    for out in &values.cards.cards[card].outputs {
        entry(&mut map, out.key, below(object.clone(), dotted(out.key)));
    }
    Value::Map(map)
}

/// A join's outputs come from whichever branch ran.
fn join(values: &Values<'_, '_>, card: usize) -> Value {
    let known = &values.cards.cards[card];
    let mut sources: HashMap<&str, Vec<Term>> = HashMap::new();
    for (source, list) in known.node.get("joins").into_iter().flat_map(|j| j.entries()) {
        let Some(&(owner, o)) = values.cards.by_output.get(&(known.flow, source)) else { continue };
        for id in list.items().filter_map(|t| t.str("output")) {
            sources.entry(id).or_default().push(values.source(owner, o, 0));
        }
    }
    let mut map = Map::default();
    for out in &known.outputs {
        entry(&mut map, out.key, any_of(sources.remove(out.id).unwrap_or_default()));
    }
    Value::Map(map)
}

/// What the flows inside a container return.
fn returned(values: &Values<'_, '_>, card: usize) -> Value {
    let known = &values.cards.cards[card];
    let inside = known.inputs.iter().filter_map(|i| i.flow).chain(known.handler);
    let mut found: HashMap<&str, Vec<Term>> = HashMap::new();
    for flow in inside {
        let cards = values.cards.flows[flow].cards.iter().map(|c| &values.cards.cards[*c]);
        for input in cards.filter(|c| c.is("control.return")).flat_map(|c| &c.inputs) {
            found.entry(input.key).or_default().push(values.term(input));
        }
    }
    let mut map = Map::default();
    for out in &known.outputs {
        entry(&mut map, out.key, any_of(found.remove(out.key).unwrap_or_default()));
    }
    Value::Map(map)
}

fn any_of(mut terms: Vec<Term>) -> Term {
    match terms.len() {
        0 => Term::Null,
        1 => terms.pop().unwrap_or(Term::Null),
        _ => Term::Call(Function::Coalesce, terms),
    }
}
