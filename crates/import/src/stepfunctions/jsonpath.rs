//! JSONPath as the Amazon States Language uses it, and its intrinsic functions (`States.Format(...)`).

use super::scope::{Anchor, Scope};
use crate::dataflow::below_term;
use workflow::{Expression, Function, Language, Segment, Term, Value};

/// Calls of functions may be nested so deep.
const MAX_DEPTH: usize = 32;
/// Paths have at most so many parts.
const MAX_SEGMENTS: usize = 100;
/// What stands in brackets is at most so long.
const MAX_BRACKET: usize = 2000;

/// The value of a text that must be a path or a call (the value of a key that ends in `.$`).
pub(super) fn value(text: &str, line: u32, scope: &Scope<'_>) -> Value {
    let term = term(text, scope);
    Value::Expr(Box::new(Expression { language: Language::AslJsonPath, text: text.into(), term, line }))
}

/// The meaning of a path or a call.
pub(super) fn term(text: &str, scope: &Scope<'_>) -> Term {
    let mut parser = Parser { text, at: 0, scope };
    match parser.expression(0) {
        Some(term) if parser.rest().trim().is_empty() => term,
        _ => unknown(text, scope),
    }
}

/// The intrinsic functions.
const FUNCTIONS: [&str; 18] = [
    "Array",
    "ArrayContains",
    "ArrayGetItem",
    "ArrayLength",
    "ArrayPartition",
    "ArrayRange",
    "ArrayUnique",
    "Base64Decode",
    "Base64Encode",
    "Format",
    "Hash",
    "JsonMerge",
    "JsonToString",
    "MathAdd",
    "MathRandom",
    "StringSplit",
    "StringToJson",
    "UUID",
];

/// Whether a text is a path or a call of functions that there are.
pub(super) fn is_valid(text: &str, scope: &Scope<'_>) -> bool {
    let mut parser = Parser { text, at: 0, scope };
    let starts = text.starts_with('$') || text.starts_with("States.");
    let known = text.split("States.").skip(1).all(|call| {
        let name = call.split('(').next().unwrap_or_default();
        FUNCTIONS.contains(&name) || !call.contains('(')
    });
    starts && known && parser.expression(0).is_some() && parser.rest().trim().is_empty()
}

/// Where a path starts and what it takes.
pub(super) fn path(text: &str) -> Option<(Anchor, Vec<Segment>)> {
    let text = text.trim();
    let (anchor, segments, len) = read_path(text)?;
    (len == text.len()).then_some((anchor, segments))
}

/// A text that is neither: every path in it is kept.
fn unknown(text: &str, scope: &Scope<'_>) -> Term {
    if let Some(term) = scope.placeholders(text) {
        return term;
    }
    let mut seen = Vec::new();
    for (at, _) in text.match_indices('$').take(100) {
        if let Some((anchor, segments, _)) = read_path(&text[at..]) {
            seen.extend(scope.resolve(&anchor, &segments).references().into_iter().cloned());
        }
    }
    Term::Unknown(seen)
}

struct Parser<'t, 's> {
    text: &'t str,
    at: usize,
    scope: &'t Scope<'s>,
}

impl<'t> Parser<'t, '_> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn blanks(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    fn eat(&mut self, token: &str) -> bool {
        self.blanks();
        let found = self.rest().starts_with(token);
        self.at += if found { token.len() } else { 0 };
        found
    }

    fn expression(&mut self, depth: usize) -> Option<Term> {
        self.blanks();
        let rest = self.rest();
        match rest.as_bytes().first()? {
            _ if depth > MAX_DEPTH => None,
            b'$' if rest.starts_with("${") => None,
            b'$' => {
                let (anchor, segments, len) = read_path(rest)?;
                self.at += len;
                Some(self.scope.resolve(&anchor, &segments))
            }
            b'\'' => self.quoted().map(|t| self.scope.text_term(&t)),
            b'-' | b'0'..=b'9' => self.number(),
            _ => self.word_or_call(depth),
        }
    }

    fn number(&mut self) -> Option<Term> {
        let rest = self.rest();
        let len = rest.find(|c: char| !c.is_ascii_digit() && !"+-.eE".contains(c)).unwrap_or(rest.len());
        self.at += len;
        Some(Term::Number(rest[..len].into()))
    }

    /// A quoted text with `\'` undone; other escapes stand, for `States.Format` to read.
    fn quoted(&mut self) -> Option<String> {
        let mut out = String::new();
        let mut chars = self.rest().char_indices().skip(1);
        while let Some((i, c)) = chars.next() {
            match c {
                '\'' => {
                    self.at += i + 1;
                    return Some(out);
                }
                '\\' => match chars.next()?.1 {
                    c @ ('{' | '}' | '\\') => out.extend(['\\', c]),
                    c => out.push(c),
                },
                c => out.push(c),
            }
        }
        None
    }

    fn word_or_call(&mut self, depth: usize) -> Option<Term> {
        let rest = self.rest();
        let len = rest.find(|c: char| !c.is_alphanumeric() && c != '.' && c != '_').unwrap_or(rest.len());
        let word = &rest[..len];
        self.at += len;
        match word {
            "true" => return Some(Term::Bool(true)),
            "false" => return Some(Term::Bool(false)),
            "null" => return Some(Term::Null),
            _ if !word.starts_with("States.") || !self.eat("(") => return None,
            _ => {}
        }
        let mut args = Vec::new();
        while !self.eat(")") {
            if !args.is_empty() && !self.eat(",") {
                return None;
            }
            args.push(self.expression(depth + 1)?);
        }
        Some(call(word, args, self.scope.whole_context))
    }
}

/// The meaning of an intrinsic function.
fn call(name: &str, mut args: Vec<Term>, exact: bool) -> Term {
    let function = match name {
        "States.Format" => return format(args),
        "States.Array" => return Term::List(args),
        "States.ArrayGetItem" => {
            return match &args[..] {
                [list, Term::Number(n)] => match n.parse() {
                    Ok(index) => below_term(list, &[Segment::Index(index)]),
                    Err(_) => Term::Call(Function::Other(name.into()), args),
                },
                [list, _] if !exact => below_term(list, &[Segment::Dynamic]),
                _ => Term::Call(Function::Other(name.into()), args),
            };
        }
        "States.StringToJson" => Function::ParseJson,
        "States.JsonToString" => Function::ToText,
        "States.ArrayContains" => Function::Contains,
        "States.ArrayLength" => Function::Length,
        "States.MathRandom" | "States.UUID" => {
            args.clear();
            Function::Random
        }
        other => Function::Other(other.into()),
    };
    Term::Call(function, args)
}

/// `States.Format('a {} b', $.x)` as a template; `\{` is a literal brace.
fn format(args: Vec<Term>) -> Term {
    let mut args = args.into_iter();
    let pieces = match args.next() {
        Some(Term::Text(text)) => vec![Term::Text(text)],
        Some(Term::Template(pieces)) => pieces,
        other => {
            let all = other.into_iter().chain(args).collect();
            return Term::Call(Function::Other("States.Format".into()), all);
        }
    };
    let mut out = Vec::new();
    for piece in pieces {
        match piece {
            Term::Text(text) => fill(&text, &mut args, &mut out),
            hole => out.push(hole),
        }
    }
    match &out[..] {
        [Term::Text(_)] => out.remove(0),
        _ => Term::Template(out),
    }
}

fn fill(text: &str, args: &mut impl Iterator<Item = Term>, out: &mut Vec<Term>) {
    let mut plain = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => plain.extend(chars.next()),
            '{' if chars.peek() == Some(&'}') => {
                chars.next();
                if !plain.is_empty() {
                    out.push(Term::Text(std::mem::take(&mut plain).into()));
                }
                out.extend(args.next());
            }
            c => plain.push(c),
        }
    }
    if !plain.is_empty() {
        out.push(Term::Text(plain.into()));
    }
}

/// Reads a path from the start of a text: where it starts, what it takes, how long it is.
fn read_path(text: &str) -> Option<(Anchor, Vec<Segment>, usize)> {
    let after = text.strip_prefix('$')?;
    let (anchor, mut at) = if after.starts_with('$') {
        (Anchor::Context, 2)
    } else {
        let len = after.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(after.len());
        let anchor = if len == 0 { Anchor::Input } else { Anchor::Variable(after[..len].into()) };
        (anchor, 1 + len)
    };
    let mut segments = Vec::new();
    loop {
        if segments.len() > MAX_SEGMENTS {
            return None;
        }
        let rest = &text[at..];
        if let Some(after) = rest.strip_prefix("..") {
            segments.push(Segment::Dynamic);
            // What is searched for stands for itself: its name is kept as a field below anything.
            at += if after.starts_with('[') { 2 } else { 1 };
        } else if rest.starts_with(".[") {
            at += 1;
        } else if let Some(name) = rest.strip_prefix('.') {
            let len = name
                .find(|c: char| matches!(c, '.' | '[' | ',' | '(' | ')') || c.is_whitespace())
                .unwrap_or(name.len());
            if len == 0 {
                return None;
            }
            segments.push(if &name[..len] == "*" { Segment::Each } else { Segment::Key(name[..len].into()) });
            at += 1 + len;
        } else if rest.starts_with('[') {
            let len = bracket_end(rest)?;
            segments.push(bracket(&rest[1..len]));
            at += len + 1;
        } else {
            return Some((anchor, segments, at));
        }
    }
}

/// Where the bracket at the start of a text is closed.
fn bracket_end(text: &str) -> Option<usize> {
    let (mut depth, mut quote) = (0usize, None);
    for (i, c) in text.char_indices().take(MAX_BRACKET) {
        match (quote, c) {
            (Some(q), c) if c == q => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '[') => depth += 1,
            (None, ']') => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(i);
                }
            }
            _ => {}
        }
    }
    None
}

fn bracket(inner: &str) -> Segment {
    let inner = inner.trim();
    if inner == "*" {
        return Segment::Each;
    }
    if let Ok(index) = inner.parse() {
        return Segment::Index(index);
    }
    let quoted = ['\'', '"'].into_iter().find_map(|q| inner.strip_prefix(q)?.strip_suffix(q));
    match quoted {
        Some(name) if !name.contains(['\'', '"']) => Segment::Key(name.into()),
        _ if inner.starts_with('?') => Segment::Filter(inner.into()),
        _ => Segment::Dynamic,
    }
}
