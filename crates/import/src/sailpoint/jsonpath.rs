//! SailPoint's expressions: JSONPath (Jayway's dialect) in keys ending in `.$`, and `{{$.path}}` in texts.

use super::scope::Scope;
use workflow::{Expression, Function, Language, Segment, Term, Value};

/// A path of at most so many segments is read; a longer one is kept as unknown.
const MAX_SEGMENTS: usize = 64;

/// A value under a key that ends in `.$`.
pub(super) fn path_value(text: &str, line: u32, scope: &Scope<'_>) -> Value {
    if text.trim().is_empty() {
        return Value::text(text);
    }
    let term = path_term(text, scope);
    Value::Expr(Box::new(Expression { language: Language::SailPointJsonPath, text: text.into(), term, line }))
}

/// A text that may hold `{{$.path}}`.
pub(super) fn text_value(text: &str, line: u32, scope: &Scope<'_>) -> Value {
    if text.starts_with("$.secrets.") {
        return path_value(text, line, scope);
    }
    match template(text, scope) {
        Some(term) => {
            let language = Language::SailPointTemplate;
            Value::Expr(Box::new(Expression { language, text: text.into(), term, line }))
        }
        None => Value::text(text),
    }
}

/// The parts of a text with holes; nothing when it has none.
pub(super) fn template(text: &str, scope: &Scope<'_>) -> Option<Term> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(open) = rest.find("{{") {
        let Some(len) = rest[open..].find("}}") else { break };
        let hole = rest[open + 2..open + len].trim();
        if !hole.starts_with('$') {
            parts.push(Term::Text(rest[..open + len + 2].into()));
        } else {
            push_text(&mut parts, &rest[..open]);
            parts.push(path_term(hole, scope));
        }
        rest = &rest[open + len + 2..];
    }
    if parts.iter().all(|p| matches!(p, Term::Text(_))) {
        return None;
    }
    push_text(&mut parts, rest);
    if parts.len() == 1 { parts.pop() } else { Some(Term::Template(parts)) }
}

fn push_text(parts: &mut Vec<Term>, text: &str) {
    if !text.is_empty() {
        parts.push(Term::Text(text.into()));
    }
}

/// The meaning of a JSONPath.
pub(super) fn path_term(text: &str, scope: &Scope<'_>) -> Term {
    let Some(Path { segments, functions }) = parse(text) else {
        return Term::Unknown(scan(text, scope));
    };
    let conditions = holes_in_filters(&segments, scope);
    let mut term = Term::Ref(scope.resolve(segments));
    for condition in conditions {
        term = Term::Call(Function::Filter, vec![term, condition]);
    }
    for name in functions {
        term = Term::Call(function(&name), vec![term]);
    }
    term
}

fn function(name: &str) -> Function {
    match name {
        "length" | "size" => Function::Length,
        "first" => Function::First,
        "last" => Function::Last,
        "concat" => Function::Concat,
        other => Function::Other(other.into()),
    }
}

/// Conditions of filters that have other values spliced into them.
fn holes_in_filters(segments: &[Segment], scope: &Scope<'_>) -> Vec<Term> {
    let filters = segments.iter().filter_map(|s| match s {
        Segment::Filter(text) => template(text, scope),
        _ => None,
    });
    filters.collect()
}

/// The references in a text that is no path: every `$.word` in it.
fn scan(text: &str, scope: &Scope<'_>) -> Vec<workflow::Reference> {
    let starts = text.match_indices("$.").map(|(at, _)| &text[at..]);
    let paths = starts.filter_map(|t| {
        let end = t.find(|c: char| !(c.is_alphanumeric() || "$._".contains(c))).unwrap_or(t.len());
        parse(t[..end].trim_end_matches('.'))
    });
    paths.take(MAX_SEGMENTS).map(|p| scope.resolve(p.segments)).collect()
}

/// A parsed path and the functions at its end.
pub(super) struct Path {
    pub(super) segments: Vec<Segment>,
    functions: Vec<String>,
}

/// Parses a JSONPath from the root.
pub(super) fn parse(text: &str) -> Option<Path> {
    let mut rest = text.trim().strip_prefix('$')?;
    let mut path = Path { segments: Vec::new(), functions: Vec::new() };
    while !rest.is_empty() {
        if path.segments.len() >= MAX_SEGMENTS {
            return None;
        }
        rest = match rest.as_bytes()[0] {
            b'.' => after_dot(&rest[1..], &mut path)?,
            b'[' => bracket(rest, &mut path.segments)?,
            _ => return None,
        };
    }
    Some(path)
}

fn after_dot<'t>(rest: &'t str, path: &mut Path) -> Option<&'t str> {
    if let Some(deep) = rest.strip_prefix('.') {
        path.segments.push(Segment::Dynamic);
        return if deep.starts_with('[') { Some(deep) } else { after_dot(deep, path) };
    }
    if let Some(after) = rest.strip_prefix('*') {
        path.segments.push(Segment::Each);
        return Some(after);
    }
    let end = rest.find(['.', '[', '(']).unwrap_or(rest.len());
    let (name, after) = rest.split_at(end);
    if after.starts_with('(') {
        path.functions.push(name.to_owned());
        return after.find(')').map(|close| &after[close + 1..]);
    }
    match name {
        // The editor sometimes writes the root twice: `$.$.trigger`.
        "$" if path.segments.is_empty() => {}
        "" if after.starts_with('[') => {}
        "" => return None,
        _ => path.segments.push(Segment::Key(name.into())),
    }
    Some(after)
}

fn bracket<'t>(rest: &'t str, segments: &mut Vec<Segment>) -> Option<&'t str> {
    let end = closing(rest)?;
    let inside = rest[1..end].trim();
    let quoted = ['\'', '"'].iter().find_map(|q| inside.strip_prefix(*q)?.strip_suffix(*q));
    segments.push(match (quoted, inside) {
        (Some(key), _) => Segment::Key(key.into()),
        (None, "*") => Segment::Each,
        (None, _) if inside.starts_with('?') => Segment::Filter(condition(inside).into()),
        (None, _) => match inside.parse::<i64>() {
            Ok(index) => Segment::Index(index),
            Err(_) => Segment::Dynamic,
        },
    });
    Some(&rest[end + 1..])
}

/// The text between `?(` and `)`.
fn condition(inside: &str) -> &str {
    let text = inside.trim_start_matches('?').trim();
    text.strip_prefix('(').and_then(|t| t.strip_suffix(')')).unwrap_or(text)
}

/// Where the bracket that opens `rest` closes, past nested ones, quoted texts and regular expressions.
fn closing(rest: &str) -> Option<usize> {
    let mut depth = 0u32;
    let mut quote = None;
    let mut before = b' ';
    let mut escaped = false;
    for (i, b) in rest.bytes().enumerate() {
        match (quote, b) {
            (Some(_), _) if escaped => escaped = false,
            (Some(_), b'\\') => escaped = true,
            (Some(q), _) if b == q => quote = None,
            (Some(_), _) => {}
            (None, b'\'' | b'"') => quote = Some(b),
            (None, b'/') if before == b'~' => quote = Some(b'/'),
            (None, b'[') => depth += 1,
            (None, b']') if depth == 1 => return Some(i),
            (None, b']') => depth = depth.checked_sub(1)?,
            _ => {}
        }
        if b != b' ' {
            before = b;
        }
    }
    None
}
