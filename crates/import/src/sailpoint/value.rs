//! Attributes to values: JSONPath under keys that end in `.$`, templates in texts, everything else as it stands.

use super::jsonpath;
use super::scope::Scope;
use crate::doc::{Doc, Node, NodeKind};
use workflow::{Expression, Language, Map, Term, Value};

/// Attributes of a step are a dozen; larger objects are data, in which nothing stands twice.
const MAX_PAIRED: usize = 256;

/// The value of a node, with its expressions. The document's own bound on depth bounds the recursion.
pub(super) fn value(node: Node<'_>, scope: &Scope<'_>) -> Value {
    match node.kind() {
        NodeKind::Null => Value::Null,
        NodeKind::Bool(b) => Value::Bool(b),
        NodeKind::Number => Value::Number(node.as_number().unwrap_or_default().into()),
        NodeKind::Text => jsonpath::text_value(node.as_str().unwrap_or_default(), node.line(), scope),
        NodeKind::List => Value::List(node.items().map(|n| value(n, scope)).collect()),
        NodeKind::Map => Value::Map(map(node, scope, &[])),
    }
}

/// The entries of an object but those named.
pub(super) fn map(node: Node<'_>, scope: &Scope<'_>, without: &[&str]) -> Map {
    let mut map = Map::default();
    for (key, child) in node.entries().filter(|(k, _)| !without.contains(k)) {
        match (key.strip_suffix(".$"), child.as_str()) {
            (Some(name), Some(path)) => {
                map.push(name, jsonpath::path_value(path, child.line(), scope), child.line())
            }
            (Some(name), None) => map.push(name, value(child, scope), child.line()),
            (None, _) => map.push(key, value(child, scope), child.line()),
        }
    }
    computed_first(&mut map);
    map
}

/// `date.$` and `date` may stand side by side: what is computed counts.
fn computed_first(map: &mut Map) {
    if map.0.len() > MAX_PAIRED {
        return;
    }
    for i in 1..map.0.len() {
        let key = map.0[i].key.clone();
        let computed = matches!(map.0[i].value, Value::Expr(_));
        if let Some(first) = map.0[..i].iter().position(|e| e.key == key).filter(|_| computed) {
            map.0.swap(first, i);
        }
    }
}

/// A body given as text: parsed where it is JSON, else kept.
pub(super) fn body(text: &str, line: u32, scope: &Scope<'_>) -> Value {
    let json = text.trim_start().starts_with(['{', '[']);
    match Doc::json(text) {
        Ok(doc) if json => value(doc.root(), scope),
        _ => jsonpath::text_value(text, line, scope),
    }
}

/// A mail's text, in which `${name}` stands for an entry of the step's `context`.
pub(super) fn mail(text: &Value, context: &Value) -> Value {
    let (written, line, parts) = match text {
        Value::Text(t) => (t.clone(), 0, vec![Term::Text(t.clone())]),
        Value::Expr(e) => match &e.term {
            Term::Template(parts) => (e.text.clone(), e.line, parts.clone()),
            _ => return text.clone(),
        },
        _ => return text.clone(),
    };
    let mut filled = Vec::new();
    parts.into_iter().for_each(|part| match part {
        Term::Text(t) => fill(&t, context, &mut filled),
        other => filled.push(other),
    });
    if filled.iter().all(|t| matches!(t, Term::Text(_))) {
        return text.clone();
    }
    let term = Term::Template(filled);
    Value::Expr(Box::new(Expression { language: Language::SailPointTemplate, text: written, term, line }))
}

fn fill(text: &str, context: &Value, parts: &mut Vec<Term>) {
    let mut rest = text;
    while let Some((at, len, name)) = hole(rest) {
        if at > 0 {
            parts.push(Term::Text(rest[..at].into()));
        }
        parts.push(match context.get(name) {
            Value::Expr(e) => e.term.clone(),
            Value::Text(t) => Term::Text(t.clone()),
            _ => Term::Text(rest[at..at + len].into()),
        });
        rest = &rest[at + len..];
    }
    if !rest.is_empty() {
        parts.push(Term::Text(rest.into()));
    }
}

/// The next `${name}` or `$!{name}`: where, how long, the name.
fn hole(text: &str) -> Option<(usize, usize, &str)> {
    text.match_indices('$').find_map(|(at, _)| {
        let after = &text[at + 1..];
        let quiet = usize::from(after.starts_with('!'));
        let name = after[quiet..].strip_prefix('{')?;
        let end = name.find('}')?;
        Some((at, 1 + quiet + 1 + end + 1, &name[..end]))
    })
}
