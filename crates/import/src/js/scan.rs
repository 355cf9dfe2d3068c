//! References in a text that is not understood as a whole.

use super::Names;
use super::parser::Parser;
use workflow::{Reference, Root};

/// At most so many references are kept of one text.
const MOST: usize = 64;
/// A text in which so many places look like a chain and are none is not looked through to its end.
const MOST_FAILURES: usize = 100;

/// Every reference that is seen in a text of JavaScript, each once.
pub(crate) fn references(text: &str, names: &dyn Names) -> Vec<Reference> {
    let mut found: Vec<Reference> = Vec::new();
    let (mut at, mut failures) = (0, 0);
    while let Some(next) = memchr::memchr(b'$', text.as_bytes().get(at..).unwrap_or_default()) {
        let start = at + next;
        at = start + 1;
        if text[..start].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$') {
            continue;
        }
        let mut parser = Parser::new(text, names);
        parser.at = start;
        // Not a whole expression, only the chain that starts here.
        let Some(value) = parser.postfix() else {
            failures += 1;
            if failures > MOST_FAILURES {
                break;
            }
            continue;
        };
        at = parser.at.max(at);
        let term = value.into_term();
        for reference in term.references() {
            let known = !matches!(reference.root, Root::Unknown(_));
            if known && found.len() < MOST && !found.contains(reference) {
                found.push(reference.clone());
            }
        }
    }
    found
}

/// Letters, digits, `_` and `$`.
const WORD: [bool; 128] = {
    let mut word = [false; 128];
    let mut byte = 0_u8;
    while byte < 128 {
        word[byte as usize] = byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$';
        byte += 1;
    }
    word
};

/// The length of the word that starts a text.
pub(super) fn word_len(text: &str) -> usize {
    let bytes = text.as_bytes();
    let plain = bytes.iter().position(|b| !WORD.get(usize::from(*b)).is_some_and(|word| *word));
    let Some(plain) = plain else { return bytes.len() };
    if bytes[plain].is_ascii() {
        return plain;
    }
    let word = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    text[plain..].find(|c| !word(c)).map_or(text.len(), |len| plain + len)
}

/// Whether one of some words is this one, as most are not.
pub(super) fn is_among(words: &[&str], word: &str) -> bool {
    words.iter().any(|w| w.len() == word.len() && w.bytes().eq(word.bytes()))
}

/// Where the block that starts a text (at its `{`, after white space) ends.
pub(super) fn block_end(text: &str) -> Option<usize> {
    let open = text.len() - text.trim_start().len();
    text[open..].starts_with('{').then_some(())?;
    bracket_end(&text[open..]).map(|end| open + end)
}

/// Where the bracket that starts a text is closed: the position behind.
pub(super) fn bracket_end(text: &str) -> Option<usize> {
    let mut depth = 0_u32;
    walk(text, |byte| {
        match byte {
            b'{' | b'(' | b'[' => depth += 1,
            b'}' | b')' | b']' => depth = depth.saturating_sub(1),
            _ => return false,
        }
        depth == 0
    })
}

/// The position behind the bracket that closes what a text is inside of.
pub(super) fn closing(text: &str) -> Option<usize> {
    let mut depth = 1_u32;
    walk(text, |byte| {
        match byte {
            b'{' | b'(' | b'[' => depth += 1,
            b'}' | b')' | b']' => depth -= 1,
            _ => return false,
        }
        depth == 0
    })
}

/// The length of the token that starts a text: a bracket with all in it, a text, a word, or a sign.
pub(super) fn token_len(text: &str) -> Option<usize> {
    let first = text.chars().next()?;
    match first {
        '{' | '(' | '[' => bracket_end(text),
        '"' | '\'' | '`' => quoted_end(text.as_bytes(), 0),
        c if c.is_alphanumeric() || c == '_' || c == '$' => Some(word_len(text)),
        c => Some(c.len_utf8()),
    }
}

/// Goes over the bytes of code that stand in no text, comment or regular expression, until `stop`; gives the
/// position behind.
fn walk(text: &str, mut stop: impl FnMut(u8) -> bool) -> Option<usize> {
    let bytes = text.as_bytes();
    let (mut at, mut before) = (0, b'(');
    while let Some(byte) = bytes.get(at) {
        let next = bytes.get(at + 1);
        at = match (byte, next) {
            (b'"' | b'\'' | b'`', _) => quoted_end(bytes, at)?,
            (b'/', Some(b'/')) => memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |i| at + i),
            (b'/', Some(b'*')) => memchr::memmem::find(&bytes[at + 2..], b"*/").map(|i| at + i + 4)?,
            (b'/', _) if !ends_value(before) => regex_end(bytes, at).unwrap_or(at + 1),
            (byte, _) if stop(*byte) => return Some(at + 1),
            _ => at + 1,
        };
        if !byte.is_ascii_whitespace() {
            before = bytes.get(at - 1).copied().filter(|b| !b.is_ascii_whitespace()).unwrap_or(*byte);
        }
    }
    None
}

/// Behind such a byte a `/` divides.
fn ends_value(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b')' | b']' | b'_' | b'$' | b'"' | b'\'' | b'`')
}

/// Where a text in quotes ends; in backquotes there may be code.
fn quoted_end(bytes: &[u8], start: usize) -> Option<usize> {
    let quote = *bytes.get(start)?;
    let mut at = start + 1;
    while let Some(byte) = bytes.get(at) {
        match *byte {
            b'\\' => at += 2,
            b if b == quote => return Some(at + 1),
            b'$' if quote == b'`' && bytes.get(at + 1) == Some(&b'{') => {
                at += 1 + nested_end(bytes.get(at + 1..)?)?;
            }
            _ => at += 1,
        }
    }
    None
}

/// A hole of a text in backquotes; texts inside of it are not opened again.
fn nested_end(bytes: &[u8]) -> Option<usize> {
    let (mut depth, mut at) = (0_u32, 0);
    while let Some(byte) = bytes.get(at) {
        match *byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            quote @ (b'"' | b'\'' | b'`') => {
                at += 1 + memchr::memchr(quote, bytes.get(at + 1..)?)?;
            }
            _ => {}
        }
        at += 1;
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

/// Where a regular expression ends, if one starts here.
fn regex_end(bytes: &[u8], start: usize) -> Option<usize> {
    let (mut at, mut class) = (start + 1, false);
    while let Some(byte) = bytes.get(at) {
        match *byte {
            b'\n' => return None,
            b'\\' => at += 1,
            b'[' => class = true,
            b']' => class = false,
            b'/' if !class => return Some(at + 1),
            _ => {}
        }
        at += 1;
    }
    None
}

/// Functions that a text declares: their names, and where they stand.
pub(super) fn functions(text: &str) -> Vec<(&str, usize)> {
    const MOST: usize = 100;
    let word = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    let starts = memchr::memmem::find_iter(text.as_bytes(), b"function ");
    let named = starts.filter_map(|at| {
        let name = text[at + "function ".len()..].trim_start();
        let len = name.find(|c| !word(c))?;
        let fits = len > 0 && name[len..].trim_start().starts_with('(') && !text[..at].ends_with(word);
        fits.then_some((&name[..len], at))
    });
    named.take(MOST).collect()
}

/// Whether one of some words stands in a text.
pub(super) fn has_word(text: &str, words: &[&str]) -> bool {
    let inside = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '$');
    words.iter().any(|word| {
        text.match_indices(word).any(|(at, _)| {
            !inside(text[..at].chars().next_back()) && !inside(text[at + word.len()..].chars().next())
        })
    })
}
