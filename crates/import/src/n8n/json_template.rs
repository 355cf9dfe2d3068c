//! JSON texts with expressions in them: a request's body, a Set node's output. `{"a": "{{ $json.x }}", "b": {{ $json.y }}}`
//! becomes an object whose entries are expressions.

use super::value::{computed, opened};
use crate::doc::{Doc, Node, NodeKind};
use crate::js::{self, Names};
use workflow::{Entry, Language, Map, Term, Text, Value};

/// Marks the place of a hole while its JSON is parsed; the number of the hole follows, then [`CLOSE`].
const OPEN: char = '\u{E000}';
const CLOSE: char = '\u{E001}';

/// What a parameter that holds JSON means: data where it can be read, else as it is; nothing where it is absent.
pub(super) fn parsed(parameter: &Value, names: &dyn Names) -> Option<Value> {
    match parameter {
        Value::Null => None,
        Value::Text(text) => Some(from_text(text, names).unwrap_or_else(|| parameter.clone())),
        Value::Expr(e) if e.language == Language::N8n => Some(match &e.term {
            Term::Template(_) | Term::Unknown(_) => {
                from_template(&e.text, e.line, names).unwrap_or_else(|| parameter.clone())
            }
            Term::Ref(_) => parameter.clone(),
            term => opened(&e.text, term.clone(), e.line, names),
        }),
        other => Some(other.clone()),
    }
}

fn from_text(text: &str, names: &dyn Names) -> Option<Value> {
    let doc = Doc::json(text).ok()?;
    let root = doc.root();
    (root.is_map() || root.is_list()).then(|| read(root, &Filling { holes: Vec::new(), line: 0, names }))
}

/// A hole: its text and meaning.
struct Hole {
    text: String,
    term: Term,
}

fn from_template(text: &str, line: u32, names: &dyn Names) -> Option<Value> {
    let text = text.strip_prefix('=').unwrap_or(text);
    let (json, holes) = without_holes(text, names)?;
    let doc = Doc::json(&json).ok()?;
    let root = doc.root();
    (root.is_map() || root.is_list()).then(|| read(root, &Filling { holes, line, names }))
}

/// The text with a marked text in place of each hole. Holes outside of quotes become texts.
fn without_holes(text: &str, names: &dyn Names) -> Option<(String, Vec<Hole>)> {
    let (mut json, mut holes) = (String::with_capacity(text.len()), Vec::new());
    let (mut quoted, mut escape) = (false, false);
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if let Some(after) = rest.strip_prefix("{{") {
            let (inside, next) = after.split_once("}}")?;
            let mark = format!("{OPEN}{}{CLOSE}", holes.len());
            json.push_str(&if quoted { mark } else { format!("\"{mark}\"") });
            let text = format!("={{{{{inside}}}}}");
            holes.push(Hole { text, term: js::expression(inside, names) });
            rest = next;
            continue;
        }
        match c {
            _ if escape => escape = false,
            '\\' => escape = quoted,
            '"' => quoted = !quoted,
            _ => {}
        }
        // Line breaks inside of quotes are common in hand-written bodies, and n8n lets holes bring them.
        match c {
            '\n' if quoted => json.push_str("\\n"),
            '\r' if quoted => {}
            '\t' if quoted => json.push_str("\\t"),
            c => json.push(c),
        }
        rest = &rest[c.len_utf8()..];
    }
    Some((json, holes))
}

fn read(node: Node<'_>, filling: &Filling<'_>) -> Value {
    match node.kind() {
        NodeKind::Null => Value::Null,
        NodeKind::Bool(b) => Value::Bool(b),
        NodeKind::Number => Value::Number(node.as_number().unwrap_or("0").into()),
        NodeKind::Text => filling.filled(node.as_str().unwrap_or_default()),
        NodeKind::List => Value::List(node.items().map(|n| read(n, filling)).collect()),
        NodeKind::Map => {
            let entry = |(key, n): (&str, Node<'_>)| {
                let key = if key.contains(OPEN) { "*" } else { key };
                Entry { key: key.into(), value: read(n, filling), line: filling.line }
            };
            Value::Map(Map(node.entries().map(entry).collect()))
        }
    }
}

/// What is put back into the holes of a template.
struct Filling<'n> {
    holes: Vec<Hole>,
    line: u32,
    names: &'n dyn Names,
}

impl Filling<'_> {
    /// A text with its holes put back.
    fn filled(&self, text: &str) -> Value {
        if !text.contains(OPEN) {
            return Value::text(text);
        }
        let (mut parts, mut shown): (Vec<Term>, String) = (Vec::new(), "=".to_owned());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once(OPEN) {
            let (number, next) = after.split_once(CLOSE).unwrap_or((after, ""));
            let hole = number.parse::<usize>().ok().and_then(|i| self.holes.get(i));
            if !before.is_empty() {
                parts.push(Term::Text(Text::from(before)));
                shown.push_str(before);
            }
            if let Some(hole) = hole {
                parts.push(hole.term.clone());
                shown.push_str(hole.text.trim_start_matches('='));
            }
            rest = next;
        }
        if !rest.is_empty() {
            parts.push(Term::Text(rest.into()));
            shown.push_str(rest);
        }
        let whole = parts.len() == 1;
        match parts.pop() {
            Some(term) if whole => opened(&shown, term, self.line, self.names),
            Some(last) => {
                parts.push(last);
                computed(&shown, Term::Template(parts), self.line)
            }
            None => Value::Null,
        }
    }
}
