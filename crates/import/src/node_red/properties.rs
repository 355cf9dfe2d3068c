//! Values of nodes: constants, properties of the message, variables, JSONata, and Mustache templates.

use super::jsonata;
use super::scope::{At, Msg};
use super::steps::opened;
use crate::doc::{Doc, Node, NodeKind};
use crate::js;
use workflow::{Entry, Expression, Function, Language, Map, Reference, Root, Segment, Term, Text, Value};

/// A value with its type, as nodes keep them apart (`v` and `vt`, `to` and `tot`).
pub(super) fn typed(value: Node<'_>, kind: &str, at: &At<'_>) -> Value {
    let Some(text) = value.scalar() else { return plain(value, at) };
    typed_text(text, kind, value.line(), at)
}

/// A text with its type.
pub(super) fn typed_text(text: &str, kind: &str, line: u32, at: &At<'_>) -> Value {
    match kind {
        "msg" => computed(text, message(text, at), line),
        "flow" | "global" => computed(text, super::scope::kept(kind, path_text(text)), line),
        "env" => computed(text, reference(Root::Environment(text.into())), line),
        "cred" => computed(text, reference(Root::Secret(text.into())), line),
        "num" => Value::Number(text.into()),
        "bool" => Value::Bool(text == "true"),
        "date" => computed(text, Term::Call(Function::Now, Vec::new()), line),
        "jsonata" => match jsonata::parsed(text, at) {
            term @ (Term::Map(_) | Term::List(_)) => opened(term, line),
            term => Value::Expr(Box::new(Expression {
                language: Language::Jsonata,
                text: text.into(),
                term,
                line,
            })),
        },
        "json" => match Doc::json(text) {
            Ok(doc) => constant(doc.root()),
            Err(_) => Value::text(text),
        },
        "prev" => computed(text, Term::Unknown(Vec::new()), line),
        _ => string(text, line, at),
    }
}

/// A variable's name may carry the store that it is kept in: `#:(file)::name`.
fn path_text(text: &str) -> &str {
    text.strip_prefix("#:(").and_then(|t| t.split_once(")::")).map_or(text, |(_, name)| name)
}

fn reference(root: Root) -> Term {
    Term::Ref(Reference { root, path: Vec::new() })
}

/// A term as an expression; constants as data.
pub(super) fn computed(text: &str, term: Term, line: u32) -> Value {
    match term {
        Term::Null => Value::Null,
        Term::Bool(b) => Value::Bool(b),
        Term::Number(n) => Value::Number(n),
        Term::Text(t) => Value::Text(t),
        term => {
            Value::Expr(Box::new(Expression { language: Language::NodeRed, text: text.into(), term, line }))
        }
    }
}

/// A property of the message by its path (`payload.user["a b"][0]`).
pub(super) fn message(path: &str, at: &At<'_>) -> Term {
    let dot = if path.starts_with('[') { "" } else { "." };
    match js::expression(&format!("msg{dot}{path}"), &Msg) {
        Term::Ref(r) => at.message(r.path),
        _ => at.message(vec![Segment::Key(path.into())]),
    }
}

/// A property of the message by its path, told apart by the ways on which the message may have come.
pub(super) fn by_way(path: &str, at: &At<'_>) -> Term {
    let parsed = js::expression(&format!("msg.{path}"), &Msg);
    let ways = if let Term::Ref(r) = parsed { at.ways(&r.path) } else { None };
    ways.unwrap_or_else(|| message(path, at))
}

/// A constant value.
pub(super) fn constant(node: Node<'_>) -> Value {
    match node.kind() {
        NodeKind::Null => Value::Null,
        NodeKind::Bool(b) => Value::Bool(b),
        NodeKind::Number => Value::Number(node.as_number().unwrap_or("0").into()),
        NodeKind::Text => Value::text(node.as_str().unwrap_or_default()),
        NodeKind::List => Value::List(node.items().map(constant).collect()),
        NodeKind::Map => {
            let entry =
                |(key, n): (&str, Node<'_>)| Entry { key: key.into(), value: constant(n), line: n.line() };
            Value::Map(Map(node.entries().map(entry).collect()))
        }
    }
}

/// A value as it stands: texts may be Mustache templates or name the environment.
pub(super) fn plain(node: Node<'_>, at: &At<'_>) -> Value {
    match node.kind() {
        NodeKind::Text => string(node.as_str().unwrap_or_default(), node.line(), at),
        NodeKind::List => Value::List(node.items().map(|n| plain(n, at)).collect()),
        NodeKind::Map => Value::Map(map(node, &[], at)),
        _ => constant(node),
    }
}

/// The properties of a node but for some; a property whose sibling says its type is read by it (`url` and `urlType`).
pub(super) fn map(node: Node<'_>, skip: &[&str], at: &At<'_>) -> Map {
    let types: Vec<(&str, &str)> = node
        .entries()
        .filter_map(|(key, n)| {
            Some((key.strip_suffix("Type").or_else(|| key.strip_suffix("type"))?, n.as_str()?))
        })
        .filter(|(_, kind)| {
            matches!(*kind, "msg" | "flow" | "global" | "env" | "jsonata" | "json" | "num" | "bool" | "cred")
        })
        .take(64)
        .collect();
    let entry = |(key, n): (&str, Node<'_>)| {
        let kind = types.iter().find(|(name, _)| *name == key).map(|(_, kind)| *kind);
        let value = match kind {
            Some(kind) => typed(n, kind, at),
            None => plain(n, at),
        };
        Entry { key: key.into(), value, line: n.line() }
    };
    Map(node.entries().filter(|(key, _)| !skip.contains(key)).map(entry).collect())
}

/// A text: a constant, an environment variable (`${NAME}`), or a Mustache template.
pub(super) fn string(text: &str, line: u32, at: &At<'_>) -> Value {
    let variable = text.strip_prefix("${").and_then(|t| t.strip_suffix('}'));
    if let Some(name) = variable.filter(|n| !n.contains(['{', '}', ' '])) {
        return computed(text, reference(Root::Environment(name.into())), line);
    }
    if !text.contains("{{") {
        return Value::text(text);
    }
    let term = mustache(text, at);
    Value::Expr(Box::new(Expression { language: Language::Mustache, text: text.into(), term, line }))
}

/// A Mustache template as a term; with sections in it, only its references are known.
pub(super) fn mustache(text: &str, at: &At<'_>) -> Term {
    let (mut parts, mut rest, mut sections) = (Vec::new(), text, false);
    while let Some((before, after)) = rest.split_once("{{") {
        let (triple, after) = match after.strip_prefix('{') {
            Some(after) => (true, after),
            None => (false, after),
        };
        let Some((inside, next)) = after.split_once(if triple { "}}}" } else { "}}" }) else { break };
        push(&mut parts, before);
        let name = inside.trim();
        match name.as_bytes().first() {
            Some(b'#' | b'^' | b'/') => sections = true,
            Some(b'!') | None => {}
            _ => parts.push(hole(name.trim_start_matches('&').trim(), triple || name.starts_with('&'), at)),
        }
        rest = next;
    }
    push(&mut parts, rest);
    match parts.len() {
        _ if sections => Term::Unknown(parts.iter().flat_map(Term::references).cloned().collect()),
        1 => parts.swap_remove(0),
        _ => Term::Template(parts),
    }
}

fn push(parts: &mut Vec<Term>, text: &str) {
    if !text.is_empty() {
        parts.push(Term::Text(Text::from(text)));
    }
}

/// What a hole stands for; holes in two brackets are escaped for HTML.
fn hole(name: &str, raw: bool, at: &At<'_>) -> Term {
    let (first, rest) = name.split_once('.').unwrap_or((name, ""));
    let term = match first.split('[').next() {
        Some("flow" | "global") => super::scope::kept(first, rest),
        Some("env") => reference(Root::Environment(rest.into())),
        // Some nodes show templates the message as `msg`.
        Some("msg") if !rest.is_empty() => message(rest, at),
        _ => message(name, at),
    };
    let _ = raw;
    term
}
