//! Parameter values: JSON to [`Value`], with n8n's expressions parsed and resource locators taken as what they locate.

use crate::doc::{Node, NodeKind};
use crate::js::{self, Names};
use workflow::{Entry, Expression, Language, Map, Reference, Root, Segment, Term, Text, Value};

/// The value of a node of the document.
pub(super) fn value(node: Node<'_>, names: &dyn Names) -> Value {
    match node.kind() {
        NodeKind::Null => Value::Null,
        NodeKind::Bool(b) => Value::Bool(b),
        NodeKind::Number => Value::Number(node.as_number().unwrap_or("0").into()),
        NodeKind::Text => text(node.as_str().unwrap_or_default(), node, names),
        NodeKind::List => Value::List(node.items().map(|n| value(n, names)).collect()),
        NodeKind::Map => match located(node) {
            Some(inner) => value(inner, names),
            None => Value::Map(map(node, names)),
        },
    }
}

/// What a resource locator (`{"__rl": true, "mode": "id", "value": …}`) locates.
fn located(node: Node<'_>) -> Option<Node<'_>> {
    let mut children = node.entries();
    let marked = children.next().is_some_and(|(key, _)| key == "__rl") || node.bool("__rl") == Some(true);
    if marked { node.get("value") } else { None }
}

/// The entries of an object.
pub(super) fn map(node: Node<'_>, names: &dyn Names) -> Map {
    let entries =
        node.entries().map(|(key, n)| Entry { key: key.into(), value: value(n, names), line: n.line() });
    Map(entries.collect())
}

fn text(text: &str, node: Node<'_>, names: &dyn Names) -> Value {
    match text.strip_prefix('=') {
        Some(expression) => computed(text, js::template(expression, names), node.line()),
        None => Value::text(text),
    }
}

/// A term as a value: constants as data, anything else as an expression.
pub(super) fn computed(text: &str, term: Term, line: u32) -> Value {
    match term {
        Term::Null => Value::Null,
        Term::Bool(b) => Value::Bool(b),
        Term::Number(n) => Value::Number(n),
        Term::Text(t) => Value::Text(t),
        term => Value::Expr(Box::new(Expression { language: Language::N8n, text: text.into(), term, line })),
    }
}

/// A term as data as far as it goes: object and list literals are opened, the rest as with [`computed`].
pub(super) fn opened(text: &str, term: Term, line: u32, names: &dyn Names) -> Value {
    match term {
        Term::Map(entries) if entries.iter().all(|(key, _)| key != "...") => {
            let entry = |(key, term)| Entry { key, value: opened(text, term, line, names), line };
            Value::Map(Map(entries.into_iter().map(entry).collect()))
        }
        Term::List(items) => Value::List(items.into_iter().map(|t| opened(text, t, line, names)).collect()),
        Term::Call(workflow::Function::ToText, mut args)
            if matches!(args.first(), Some(Term::Map(_) | Term::List(_))) =>
        {
            opened(text, args.swap_remove(0), line, names)
        }
        Term::Ref(reference) => {
            let shown = shown(&reference, names);
            computed(&shown, Term::Ref(reference), line)
        }
        term => computed(text, term, line),
    }
}

/// A reference as an expression that people can read.
fn shown(reference: &Reference, names: &dyn Names) -> String {
    let mut out = match &reference.root {
        Root::Trigger => "$trigger".to_owned(),
        Root::Step(id) | Root::Item(id) => format!("$('{}')", names.title(id).unwrap_or(id)),
        Root::Previous => "$json".to_owned(),
        Root::Variable(name) | Root::Parameter(name) | Root::Unknown(name) => name.to_string(),
        Root::Secret(name) => format!("$secrets.{name}"),
        Root::Environment(name) => format!("$env.{name}"),
        Root::Run(name) => format!("${name}"),
    };
    for segment in &reference.path {
        match segment {
            Segment::Key(key) => out.extend([".", key.as_str()]),
            Segment::Index(i) => out.push_str(&format!("[{i}]")),
            Segment::Filter(_) => out.push_str("[?]"),
            Segment::Each | Segment::Dynamic => out.push_str("[*]"),
        }
    }
    format!("={{{{ {out} }}}}")
}

/// A value as a term of a condition.
pub(super) fn term(value: Value) -> Term {
    match value {
        Value::Null => Term::Null,
        Value::Bool(b) => Term::Bool(b),
        Value::Number(n) => Term::Number(n),
        Value::Text(t) => Term::Text(t),
        Value::List(items) => Term::List(items.into_iter().map(term).collect()),
        Value::Map(map) => Term::Map(map.0.into_iter().map(|e| (e.key, term(e.value))).collect()),
        Value::Expr(e) => e.term,
    }
}

/// A value as a condition of an edge, told as `text`.
pub(super) fn condition(text: impl Into<Text>, term: Term, line: u32) -> Expression {
    Expression { language: Language::Structured, text: text.into(), term, line }
}
