//! Words of an expression in JUEL or FEEL.

/// One word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    Name(String),
    Number(String),
    Text(String),
    Sign(&'static str),
}

/// Signs, the longer first.
const SIGNS: [&str; 24] = [
    "==", "!=", "<=", ">=", "&&", "||", "(", ")", "[", "]", "{", "}", ".", ",", "?", ":", "=", "<", ">", "!",
    "+", "-", "*", "/",
];

/// Names of FEEL's functions that have spaces in them.
const SPACED: [&str; 8] = [
    "list contains",
    "starts with",
    "ends with",
    "string length",
    "upper case",
    "lower case",
    "is defined",
    "get or else",
];

/// The words of a text; nothing where one is not known.
pub(super) fn words(text: &str) -> Option<Vec<Token>> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some(c) = rest.chars().next() {
        let (token, len) = match c {
            '"' | '\'' => {
                let end = closing(rest, c)?;
                (Token::Text(unescaped(&rest[1..end])), end + 1)
            }
            c if c.is_ascii_digit() => {
                let len = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
                (Token::Number(rest[..len].trim_end_matches('.').to_owned()), len)
            }
            c if c.is_alphabetic() || c == '_' || c == '$' => {
                let spaced = SPACED
                    .iter()
                    .find(|s| rest.starts_with(**s) && rest[s.len()..].trim_start().starts_with('('));
                let len = spaced.map_or_else(|| name_length(rest), |s| s.len());
                (Token::Name(rest[..len].to_owned()), len)
            }
            _ => {
                let sign = SIGNS.iter().find(|s| rest.starts_with(**s))?;
                (Token::Sign(sign), sign.len())
            }
        };
        found.push(token);
        rest = rest[len..].trim_start();
    }
    Some(found)
}

fn name_length(text: &str) -> usize {
    text.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$')).unwrap_or(text.len())
}

/// Where the text that opens with a quote closes.
fn closing(text: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (i, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return Some(i),
            _ => {}
        }
    }
    None
}

fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => out.extend(chars.next()),
            c => out.push(c),
        }
    }
    out
}
