//! A request's URL in the parts that the catalogue matches, each part still a value for data flow.

use super::resolve::{Piece, Resolver};
use crate::catalogue::UrlPath;
use workflow::{Expression, Language, Term, Value};

pub(super) const HOLE: char = '\u{1}';
/// Servers refuse longer addresses; of one that is longer nothing is known.
const MAX_URL: usize = 16 << 10;

/// A URL in parts.
#[derive(Debug, Clone, Default)]
pub struct Url {
    /// For matching.
    pub path: UrlPath,
    /// The value of each segment.
    pub segments: Vec<Value>,
    /// The values of the URL's own query.
    pub query: Vec<(String, Value)>,
    /// Nothing of it is known: the whole URL comes from data, or is empty.
    pub unknown: bool,
}

/// Takes a URL (or the path that a connector adds to its host) apart.
#[must_use]
pub fn parse(url: &Value, resolver: &Resolver<'_>) -> Url {
    let unknown = Url { unknown: true, ..Url::default() };
    written(url, resolver).map_or(unknown, |(text, holes)| take_apart(text.trim(), holes))
}

/// The same for what is added to an address that is kept elsewhere: its first slash may be left out, so its first segment
/// is no host.
#[must_use]
pub fn parse_below(url: &Value, resolver: &Resolver<'_>) -> Url {
    let unknown = Url { unknown: true, ..Url::default() };
    written(url, resolver).map_or(unknown, |(text, holes)| {
        let text = text.trim();
        let bare = text.starts_with(|c: char| c.is_alphanumeric()) && !text.contains("://");
        if bare { take_apart(&format!("/{text}"), holes) } else { take_apart(text, holes) }
    })
}

/// A URL's text with a mark for each hole; nothing where it is too long.
fn written(url: &Value, resolver: &Resolver<'_>) -> Option<(String, Vec<Value>)> {
    let mut holes = Vec::new();
    let mut text = String::new();
    for piece in resolver.pieces(url) {
        if text.len() > MAX_URL {
            return None;
        }
        match piece {
            Piece::Text(t) if t.len() > MAX_URL => return None,
            Piece::Text(t) => text.push_str(&placeholders(&t, &mut holes)),
            Piece::Hole(value) => {
                text.push(HOLE);
                holes.push(value);
            }
        }
    }
    Some((text, holes))
}

/// `{tenant}`, `<tenant>`, `:id`, `${x}`, `%X%` and the like stand for something that is filled in later: holes.
fn placeholders(text: &str, holes: &mut Vec<Value>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((at, open, close)) = next_placeholder(rest) {
        let Some(length) = rest[at + open..].find(close) else { break };
        let end = at + open + length + close.len();
        out.push_str(&rest[..at]);
        out.push(HOLE);
        holes.push(Value::text(&rest[at..end]));
        rest = &rest[end..];
    }
    out.push_str(rest);
    out
}

fn next_placeholder(text: &str) -> Option<(usize, usize, &'static str)> {
    let marks = [("${", "}"), ("{{", "}}"), ("{", "}"), ("<", ">"), ("%%", "%%"), ("[", "]")];
    let found = marks.iter().filter_map(|(open, close)| text.find(open).map(|at| (at, open.len(), *close)));
    found.min_by_key(|(at, length, _)| (*at, std::cmp::Reverse(*length)))
}

fn take_apart(text: &str, holes: Vec<Value>) -> Url {
    let mut holes = holes.into_iter();
    let text = text.split('#').next().unwrap_or_default();
    let (target, query) = text.split_once('?').unwrap_or((text, ""));
    let (host, path) = host_and_path(target);
    let mut url = Url { unknown: text.chars().all(|c| c == HOLE), ..Url::default() };
    host.chars().filter(|c| *c == HOLE).for_each(|_| drop(holes.next()));
    url.path.host = host.to_ascii_lowercase();
    for segment in path.split('/').filter(|s| !s.is_empty()) {
        url.segments.push(fill(segment, &mut holes));
        url.path.segments.push(segment.to_owned());
    }
    for (key, value) in
        query.split('&').filter(|q| !q.is_empty()).map(|q| q.split_once('=').unwrap_or((q, "")))
    {
        let value = fill(value, &mut holes);
        url.path.query.push((key.to_owned(), value.as_text().unwrap_or_default().to_owned()));
        url.query.push((key.to_owned(), value));
    }
    url
}

/// `https://host/path`, `host.tld/path`, `HOLE/path` (a base address) or `/path`.
fn host_and_path(target: &str) -> (&str, &str) {
    let rest = target.split_once("://").map(|(_, rest)| rest);
    if rest.is_none() && target.starts_with('/') {
        return ("", target);
    }
    if let Some(path) = target.strip_prefix(HOLE).filter(|p| rest.is_none() && follows_base(p)) {
        return (&target[..HOLE.len_utf8()], path);
    }
    let rest = rest.unwrap_or(target);
    let end = rest.find('/').unwrap_or(rest.len());
    let host = rest[..end].rsplit('@').next().unwrap_or_default();
    (host.split(':').next().unwrap_or_default(), &rest[end..])
}

/// Whether what stands behind a hole is a path, so that the hole is an address up to its last slash.
fn follows_base(text: &str) -> bool {
    let first = text.split('/').next().unwrap_or_default();
    let bare = first.strip_suffix(".json").unwrap_or(first);
    !bare.is_empty() && bare.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
}

/// A segment with its holes as a value.
fn fill(segment: &str, holes: &mut impl Iterator<Item = Value>) -> Value {
    if !segment.contains(HOLE) {
        return Value::text(segment);
    }
    let mut terms = Vec::new();
    let mut shown: Vec<String> = Vec::new();
    let mut source = (Language::Structured, 0);
    let mut texts = segment.split(HOLE).peekable();
    while let Some(constant) = texts.next() {
        if !constant.is_empty() {
            terms.push(Term::Text(constant.into()));
        }
        if texts.peek().is_some() {
            match holes.next() {
                Some(Value::Expr(e)) => {
                    shown.push(e.text.to_string());
                    source = (e.language, e.line);
                    terms.push(e.term);
                }
                Some(Value::Text(t)) => {
                    shown.push(t.to_string());
                    terms.push(Term::Unknown(vec![workflow::Reference::keys(workflow::Root::Unknown(t), "")]))
                }
                _ => terms.push(Term::Unknown(Vec::new())),
            }
        }
    }
    shown.dedup();
    let ((language, line), text) = (source, shown.join(", ").into());
    let term = if terms.len() == 1 { terms.remove(0) } else { Term::Template(terms) };
    Value::Expr(Box::new(Expression { language, text, term, line }))
}

/// What stands at a name, or at a place, among the arguments of a segment that is a call: `addroleassignment(principalid=7,roledefid=9)`.
pub(super) fn argument(segment: &Value, name: &str, resolver: &Resolver<'_>) -> Option<Value> {
    let (mut text, mut holes) = (String::new(), Vec::new());
    for piece in resolver.pieces(segment) {
        match piece {
            Piece::Text(t) => text.push_str(&t),
            Piece::Hole(value) => {
                text.push(HOLE);
                holes.push(value);
            }
        }
    }
    let (called, given) = text.split_once('(')?;
    let mut holes = holes.into_iter().skip(called.matches(HOLE).count());
    let given = given.strip_suffix(')')?.split(',').enumerate();
    let mut filled = given.map(|(at, part)| match part.split_once('=') {
        Some((key, value)) => (key.trim().to_owned(), fill(value.trim(), &mut holes)),
        None => (at.to_string(), fill(part.trim(), &mut holes)),
    });
    filled.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}
