//! Raw calls: the API connector's cards and the custom API action of a connector.

use super::cards::Card;
use super::value::{from_term, template, to_term, written};
use crate::doc::Doc;
use std::collections::HashMap;
use workflow::{Auth, Map, Reference, Request, Root, Segment, Term, Text, Value};

/// A chain of shaping cards is followed so far back.
const MAX_CHAIN: usize = 16;

/// Results of shaping cards by step id.
pub(super) type Results = HashMap<Text, Value>;

/// The raw call that a card makes, if it makes one.
pub(super) fn request(card: &Card<'_>, parameters: &Value, results: &Results) -> Option<Request> {
    let operation = card.operation.to_ascii_lowercase();
    let api = card.connector == "httpfunctions";
    let custom = operation == "httprequest" || operation.starts_with("customapi");
    let verbs = ["get", "post", "put", "patch", "delete", "head", "options", "raw"];
    if !(custom || api && verbs.contains(&operation.as_str())) {
        return None;
    }
    let find = |names: &[&str]| find(parameters, names).map(|v| follow(v, results, 0)).unwrap_or_default();
    let method = match find(&["method", "requesttype"]) {
        Value::Text(m) => Value::text(m.to_uppercase()),
        Value::Null if api && operation != "raw" => Value::text(operation.to_uppercase()),
        other => other,
    };
    let headers = find(&["headers"]);
    let stored = card.node.at(&["node", "model", "config"]).is_some_and(|c| c.scalar().is_some());
    let auth = match (stored, names_itself(&headers)) {
        (true, _) => Auth::Stored,
        (false, true) => Auth::Inline,
        (false, false) => Auth::None,
    };
    let url = trimmed(find(&["url", "relativeurl"]));
    Some(Request {
        method,
        url,
        query: find(&["query"]),
        headers,
        body: json(find(&["body"])),
        auth,
        governed: false,
    })
}

/// What an answer to an inline hook of Okta has it do: the commands in the body that a flow gives back.
/// Source: <https://developer.okta.com/use_cases/inline_hooks>
pub(super) fn commands(parameters: &Value, results: &Results) -> Option<Value> {
    let body = json(follow(parameters.get("body"), results, 0));
    let commands = body.get("commands");
    (!commands.is_empty()).then(|| commands.clone())
}

/// The parameter with one of these names, in any group; custom connectors add a suffix (`body_BPYVYK`) and
/// write words apart by `_`.
fn find<'v>(parameters: &'v Value, names: &[&str]) -> Option<&'v Value> {
    let inner = parameters.entries().iter().flat_map(|e| match &e.value {
        Value::Map(map) => map.0.as_slice(),
        _ => std::slice::from_ref(e),
    });
    let mut found = inner.filter(|e| names.contains(&plain_name(&e.key).as_str()));
    found.next().map(|e| &e.value)
}

fn plain_name(key: &str) -> String {
    let bare = match key.rsplit_once('_') {
        Some((name, suffix)) if suffix.len() == 6 && suffix.bytes().all(|b| b.is_ascii_alphanumeric()) => {
            name
        }
        _ => key,
    };
    bare.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

fn names_itself(headers: &Value) -> bool {
    headers.entries().iter().any(|e| e.key.eq_ignore_ascii_case("authorization") && !e.value.is_empty())
}

/// A value with the results of shaping cards put in place of references to them.
pub(super) fn follow(value: &Value, results: &Results, depth: usize) -> Value {
    let Value::Expr(e) = value else { return value.clone() };
    match &e.term {
        Term::Ref(r) => match shaped(r, results) {
            Some(result) if depth < MAX_CHAIN => follow(result, results, depth + 1),
            _ => value.clone(),
        },
        term => {
            let followed = follow_term(term, results, depth);
            let text = if followed == *term { e.text.clone() } else { written(&followed).into() };
            from_term(followed, text, e.line)
        }
    }
}

fn follow_term(term: &Term, results: &Results, depth: usize) -> Term {
    if depth >= MAX_CHAIN {
        return term.clone();
    }
    match term {
        Term::Ref(r) => match shaped(r, results) {
            Some(result) => to_term(&follow(result, results, depth + 1)),
            None => term.clone(),
        },
        Term::Template(parts) => {
            let parts = parts.iter().map(|p| follow_term(p, results, depth + 1));
            template(parts.flat_map(flat).collect())
        }
        Term::Map(entries) => {
            Term::Map(entries.iter().map(|(k, t)| (k.clone(), follow_term(t, results, depth + 1))).collect())
        }
        Term::List(items) => Term::List(items.iter().map(|t| follow_term(t, results, depth + 1)).collect()),
        Term::Call(f @ (workflow::Function::ParseJson | workflow::Function::ToText), arguments) => {
            Term::Call(f.clone(), arguments.iter().map(|t| follow_term(t, results, depth + 1)).collect())
        }
        other => other.clone(),
    }
}

/// A URL without the line ends that the editor keeps at its end.
fn trimmed(url: Value) -> Value {
    match url {
        Value::Text(t) => Value::text(t.trim()),
        Value::Expr(mut e) => {
            if let Term::Template(parts) = &mut e.term
                && let Some(Term::Text(last)) = parts.last_mut()
            {
                *last = last.trim_end().into();
            }
            Value::Expr(e)
        }
        other => other,
    }
}

fn flat(term: Term) -> Vec<Term> {
    match term {
        Term::Template(parts) => parts,
        other => vec![other],
    }
}

fn shaped<'r>(reference: &Reference, results: &'r Results) -> Option<&'r Value> {
    let Root::Step(id) = &reference.root else { return None };
    let mut value = results.get(id)?;
    for segment in &reference.path {
        let Segment::Key(key) = segment else { return None };
        value = value.entries().iter().find(|e| e.key == *key).map(|e| &e.value)?;
    }
    (!matches!(value, Value::Null)).then_some(value)
}

/// A body as an object, where it is JSON text with or without holes.
fn json(body: Value) -> Value {
    match &body {
        Value::Text(text) => parse(text, &[]).unwrap_or(body),
        Value::Expr(e) => match &e.term {
            Term::Template(parts) => with_holes(parts).unwrap_or(body),
            Term::Map(_) | Term::List(_) => as_data(&e.term, e.line),
            Term::Call(workflow::Function::ParseJson | workflow::Function::ToText, arguments) => {
                match arguments.as_slice() {
                    [one] => match json(from_term(one.clone(), e.text.clone(), e.line)) {
                        parsed @ (Value::Map(_) | Value::List(_)) => parsed,
                        _ => body,
                    },
                    _ => body,
                }
            }
            _ => body,
        },
        _ => body,
    }
}

/// A term that is an object or a list, as such.
fn as_data(term: &Term, line: u32) -> Value {
    match term {
        Term::Map(entries) => {
            let mut map = Map::default();
            entries.iter().for_each(|(k, t)| map.push(k.clone(), as_data(t, line), line));
            Value::Map(map)
        }
        Term::List(items) => Value::List(items.iter().map(|t| as_data(t, line)).collect()),
        other => from_term(other.clone(), written(other), line),
    }
}

/// Stands for a hole while JSON with holes is parsed: characters that no text has.
const OPEN: char = '\u{E000}';
const CLOSE: char = '\u{E001}';

fn with_holes(parts: &[Term]) -> Option<Value> {
    let mut text = String::new();
    let mut quoted = false;
    for (i, part) in parts.iter().enumerate() {
        match part {
            Term::Text(t) => {
                quoted = t.bytes().fold((quoted, false), in_quotes).0;
                text.push_str(t);
            }
            _ if quoted => text.push_str(&format!("{OPEN}{i}{CLOSE}")),
            _ => text.push_str(&format!("\"{OPEN}{i}{CLOSE}\"")),
        }
    }
    parse(&text, parts)
}

fn in_quotes((quoted, escaped): (bool, bool), byte: u8) -> (bool, bool) {
    match byte {
        _ if escaped => (quoted, false),
        b'\\' => (quoted, true),
        b'"' => (!quoted, false),
        _ => (quoted, false),
    }
}

fn parse(text: &str, parts: &[Term]) -> Option<Value> {
    let json = text.trim_start().starts_with(['{', '[']);
    let doc = Doc::json(text).ok().filter(|_| json)?;
    Some(fill(super::value::plain(doc.root()), parts))
}

/// Puts the holes back.
fn fill(value: Value, parts: &[Term]) -> Value {
    match value {
        Value::Text(text) if text.contains(OPEN) => {
            let mut terms = Vec::new();
            for piece in text.split(OPEN) {
                let Some((number, rest)) = piece.split_once(CLOSE) else {
                    terms.push(Term::Text(piece.into()));
                    continue;
                };
                terms.extend(number.parse::<usize>().ok().and_then(|n| parts.get(n)).cloned());
                terms.push(Term::Text(rest.into()));
            }
            terms.retain(|t| !matches!(t, Term::Text(x) if x.is_empty()));
            let term =
                if terms.len() == 1 { terms.pop().unwrap_or(Term::Null) } else { Term::Template(terms) };
            let text = written(&term);
            from_term(term, text, 0)
        }
        Value::List(items) => Value::List(items.into_iter().map(|v| fill(v, parts)).collect()),
        Value::Map(mut map) => {
            for entry in &mut map.0 {
                entry.value = fill(std::mem::take(&mut entry.value), parts);
            }
            Value::Map(map)
        }
        other => other,
    }
}
