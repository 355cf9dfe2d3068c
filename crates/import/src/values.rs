//! What several importers share: documents to values, texts with holes to templates, JSON with holes to data, parts of
//! a digest.

use crate::doc::{Doc, Node, NodeKind};
use workflow::{Digest, Expression, Language, Map, Part, Reference, Root, Segment, Term, Text, Value};

/// Stands for a hole while JSON with holes is parsed: characters that no text has.
const OPEN: char = '\u{E000}';
const CLOSE: char = '\u{E001}';

/// A node as a value; every text is given to `read` with its line. The document's own bound on depth bounds the
/// recursion.
pub(crate) fn value(node: Node<'_>, read: &dyn Fn(&str, u32) -> Value) -> Value {
    match node.kind() {
        NodeKind::Null => Value::Null,
        NodeKind::Bool(b) => Value::Bool(b),
        NodeKind::Number => Value::Number(node.as_number().unwrap_or_default().into()),
        NodeKind::Text => read(node.as_str().unwrap_or_default(), node.line()),
        NodeKind::List => Value::List(node.items().map(|n| value(n, read)).collect()),
        NodeKind::Map => {
            let mut map = Map::default();
            node.entries().for_each(|(k, v)| map.push(k, value(v, read), v.line()));
            Value::Map(map)
        }
    }
}

/// Texts and holes joined: neighbouring texts become one, a text alone is a constant, a hole alone is itself.
pub(crate) fn template(parts: Vec<Term>) -> Term {
    let mut joined: Vec<Term> = Vec::with_capacity(parts.len());
    for part in parts {
        match (joined.last_mut(), part) {
            (_, Term::Text(text)) if text.is_empty() => {}
            (Some(Term::Text(before)), Term::Text(text)) => before.push_str(&text),
            (_, part) => joined.push(part),
        }
    }
    match joined.len() {
        0 => Term::Text(Text::default()),
        1 => joined.pop().unwrap_or(Term::Null),
        _ => Term::Template(joined),
    }
}

/// A term as a value: constants as they are, the rest as an expression with its text.
pub(crate) fn computed(language: Language, text: impl Into<Text>, term: Term, line: u32) -> Value {
    match term {
        Term::Null => Value::Null,
        Term::Bool(b) => Value::Bool(b),
        Term::Number(n) => Value::Number(n),
        Term::Text(t) => Value::Text(t),
        term => Value::Expr(Box::new(Expression { language, text: text.into(), term, line })),
    }
}

/// A value as a term.
pub(crate) fn term(value: &Value) -> Term {
    match value {
        Value::Null => Term::Null,
        Value::Bool(b) => Term::Bool(*b),
        Value::Number(n) => Term::Number(n.clone()),
        Value::Text(t) => Term::Text(t.clone()),
        Value::List(items) => Term::List(items.iter().map(term).collect()),
        Value::Map(map) => Term::Map(map.0.iter().map(|e| (e.key.clone(), term(&e.value))).collect()),
        Value::Expr(e) => e.term.clone(),
    }
}

/// A reference as a term.
pub(crate) fn reference(root: Root, path: Vec<Segment>) -> Term {
    Term::Ref(Reference { root, path })
}

/// A dotted path with positions (`result.0.id`, `items[0].id`).
pub(crate) fn dotted(path: &str) -> Vec<Segment> {
    let parts =
        path.split(['.', '[', ']']).map(|p| p.trim().trim_matches(['\'', '"'])).filter(|p| !p.is_empty());
    parts
        .map(|p| match p {
            "*" => Segment::Each,
            p => p.parse::<i64>().map_or_else(|_| Segment::Key(p.into()), Segment::Index),
        })
        .collect()
}

/// A JSON text, or a template that is one, as data; anything else as it is.
pub(crate) fn opened(value: Value) -> Value {
    let (parts, language, line) = match &value {
        Value::Text(text) => (vec![Term::Text(text.clone())], Language::Structured, 0),
        Value::Expr(e) => match &e.term {
            Term::Template(parts) => (parts.clone(), e.language, e.line),
            _ => return value,
        },
        _ => return value,
    };
    with_holes(&parts, language, line).unwrap_or(value)
}

fn with_holes(parts: &[Term], language: Language, line: u32) -> Option<Value> {
    let first = parts.first()?;
    if !matches!(first, Term::Text(t) if t.trim_start().starts_with(['{', '['])) {
        return None;
    }
    let mut text = String::new();
    let mut state = (false, false);
    for (i, part) in parts.iter().enumerate() {
        match part {
            Term::Text(t) => {
                state = t.bytes().fold(state, in_quotes);
                text.push_str(t);
            }
            _ if state.0 => text.push_str(&format!("{OPEN}{i}{CLOSE}")),
            _ => text.push_str(&format!("\"{OPEN}{i}{CLOSE}\"")),
        }
    }
    let doc = Doc::json(&text).ok()?;
    Some(value(doc.root(), &|text, _| filled(text, parts, language, line)))
}

fn in_quotes((quoted, escaped): (bool, bool), byte: u8) -> (bool, bool) {
    match byte {
        _ if escaped => (quoted, false),
        b'\\' => (quoted, true),
        b'"' => (!quoted, false),
        _ => (quoted, false),
    }
}

/// Puts the holes back.
fn filled(text: &str, parts: &[Term], language: Language, line: u32) -> Value {
    if !text.contains(OPEN) {
        return Value::text(text);
    }
    let mut terms = Vec::new();
    let mut shown = String::new();
    for piece in text.split(OPEN) {
        let Some((number, rest)) = piece.split_once(CLOSE) else {
            shown.push_str(piece);
            terms.push(Term::Text(piece.into()));
            continue;
        };
        terms.extend(number.parse::<usize>().ok().and_then(|n| parts.get(n)).cloned());
        shown.push('…');
        shown.push_str(rest);
        terms.push(Term::Text(rest.into()));
    }
    computed(language, shown, template(terms), line)
}

/// A part of a digest.
pub(crate) fn part(name: impl Into<Text>, bytes: &[u8]) -> Part {
    Part { name: name.into(), digest: Digest::of(bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_with_holes_becomes_data() {
        let hole = reference(Root::Trigger, dotted("user.id"));
        let parts = vec![
            Term::Text(r#"{"id": "u-"#.into()),
            hole.clone(),
            Term::Text(r#"", "n": "#.into()),
            hole,
            Term::Text("}".into()),
        ];
        let text = computed(Language::SecOps, "…", Term::Template(parts), 3);
        let Value::Map(map) = opened(text) else { unreachable!("a map") };
        assert!(
            matches!(map.get("id"), Some(Value::Expr(e)) if matches!(&e.term, Term::Template(t) if t.len() == 2))
        );
        assert!(matches!(map.get("n"), Some(Value::Expr(e)) if matches!(&e.term, Term::Ref(_))));
    }

    #[test]
    fn what_is_not_json_stays() {
        assert_eq!(opened(Value::text("[user] left")), Value::text("[user] left"));
        assert_eq!(opened(Value::text("plain")), Value::text("plain"));
    }

    #[test]
    fn paths_have_keys_and_positions() {
        assert_eq!(dotted("a.b[0].*").len(), 4);
        assert_eq!(
            dotted("a['b c'].1"),
            [Segment::Key("a".into()), Segment::Key("b c".into()), Segment::Index(1)]
        );
    }
}
