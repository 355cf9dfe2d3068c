//! The tokens of JSONata.

use std::borrow::Cow;

/// One token and where it starts.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token<'t> {
    pub(super) at: usize,
    pub(super) kind: Kind<'t>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind<'t> {
    Text(Cow<'t, str>),
    Number(&'t str),
    Name(&'t str),
    /// `$name`; empty for `$`, `$` for `$$`.
    Variable(&'t str),
    Operator(&'t str),
}

/// Longer ones first.
const OPERATORS: [&str; 35] = [
    ":=", "!=", "<=", ">=", "**", "~>", "..", "??", "?:", ".", "[", "]", "{", "}", "(", ")", ",", "@", "#",
    ";", ":", "?", "+", "-", "*", "/", "%", "|", "=", "<", ">", "^", "&", "!", "~",
];

/// All tokens of a text; nothing where it is no JSONata.
pub(super) fn tokens(text: &str) -> Option<Vec<Token<'_>>> {
    let mut found = Vec::new();
    let mut at = 0;
    loop {
        at += text[at..].len() - text[at..].trim_start().len();
        let rest = &text[at..];
        let Some(first) = rest.chars().next() else { return Some(found) };
        if let Some(comment) = rest.strip_prefix("/*") {
            at += 4 + comment.find("*/")?;
            continue;
        }
        let (kind, len) = match first {
            '"' | '\'' => quoted(rest, first)?,
            '`' => {
                let len = rest[1..].find('`')?;
                (Kind::Name(&rest[1..=len]), len + 2)
            }
            '0'..='9' => {
                let len = number(rest);
                (Kind::Number(&rest[..len]), len)
            }
            '$' => {
                let len = if rest[1..].starts_with('$') { 1 } else { word(&rest[1..]) };
                (Kind::Variable(&rest[1..=len]), len + 1)
            }
            c if c.is_alphabetic() || c == '_' => {
                let len = word(rest);
                (Kind::Name(&rest[..len]), len)
            }
            _ => {
                let operator = OPERATORS.iter().find(|o| rest.starts_with(**o))?;
                (Kind::Operator(operator), operator.len())
            }
        };
        found.push(Token { at, kind });
        at += len;
    }
}

fn word(text: &str) -> usize {
    text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len())
}

fn number(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digits = |from: usize| bytes[from..].iter().take_while(|b| b.is_ascii_digit()).count();
    let mut len = digits(0);
    if bytes.get(len) == Some(&b'.') && bytes.get(len + 1).is_some_and(u8::is_ascii_digit) {
        len += 1 + digits(len + 1);
    }
    if matches!(bytes.get(len), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(len + 1), Some(b'+' | b'-')));
        let power = digits((len + 1 + sign).min(bytes.len()));
        len += if power > 0 { 1 + sign + power } else { 0 };
    }
    len
}

fn quoted(text: &str, quote: char) -> Option<(Kind<'_>, usize)> {
    let mut out: Option<String> = None;
    let mut chars = text.char_indices().skip(1);
    while let Some((i, c)) = chars.next() {
        match c {
            c if c == quote => {
                let plain = || Cow::Borrowed(&text[1..i]);
                return Some((Kind::Text(out.map_or_else(plain, Cow::Owned)), i + 1));
            }
            '\\' => {
                let out = out.get_or_insert_with(|| text[1..i].to_owned());
                out.push(match chars.next()?.1 {
                    'n' => '\n',
                    't' => '\t',
                    'r' => '\r',
                    'u' => {
                        let code: String = chars.by_ref().take(4).map(|(_, c)| c).collect();
                        char::from_u32(u32::from_str_radix(&code, 16).ok()?).unwrap_or('\u{FFFD}')
                    }
                    c => c,
                });
            }
            c => {
                if let Some(out) = &mut out {
                    out.push(c);
                }
            }
        }
    }
    None
}
