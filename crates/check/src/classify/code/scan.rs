//! Where in a text commands, calls and quoted texts stand: plain scans, so that code without any costs next to nothing.

use super::calls::MAX_ARGUMENTS;
use memchr::{memchr, memchr2, memchr3, memmem};
use std::borrow::Cow;

/// The first token of the shape `Verb-Noun` of each part of a pipeline, and the rest of the part.
pub(super) fn cmdlets(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let bytes = text.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let hyphen = at + memchr(b'-', bytes.get(at..)?)?;
            let Some((start, end)) = cmdlet(bytes, at, hyphen) else {
                at = hyphen + 1;
                continue;
            };
            let stop = memchr3(b'\n', b'|', b';', &bytes[end..]).map_or(bytes.len(), |i| end + i);
            at = stop;
            return Some((&text[start..end], &text[end..stop]));
        }
    })
}

/// The bounds of the cmdlet around a hyphen: a verb of letters, a noun of letters and digits, whole words.
fn cmdlet(bytes: &[u8], from: usize, hyphen: usize) -> Option<(usize, usize)> {
    let word = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_';
    let verb = bytes[from..hyphen].iter().rev().take(13).take_while(|b| b.is_ascii_alphabetic()).count();
    let start = hyphen - verb;
    let bounded = start == 0 || !word(&bytes[start - 1]);
    let noun = bytes[hyphen + 1..].iter().take(62).take_while(|b| b.is_ascii_alphanumeric()).count();
    let end = hyphen + 1 + noun;
    let letter = bytes.get(hyphen + 1).is_some_and(u8::is_ascii_alphabetic);
    let fits = bounded && letter && (2..=12).contains(&verb) && (3..=61).contains(&noun);
    (fits && !bytes.get(end).is_some_and(word)).then_some((start, end))
}

/// A script with its continued lines joined.
pub(super) fn joined(text: &str) -> Cow<'_, str> {
    if text.contains("\\\n") || text.contains("`\n") {
        Cow::Owned(text.replace("\\\n", " ").replace("`\n", " "))
    } else {
        Cow::Borrowed(text)
    }
}

/// The parts of a script: lines, and what `;`, `|` and `&` separate.
pub(super) fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.as_bytes()
        .split(|b| matches!(b, b'\n' | b';' | b'|' | b'&'))
        .map(|part| std::str::from_utf8(part).unwrap_or_default())
}

/// Words of a command line; quoted words stay whole.
pub(super) struct Words<'t>(std::iter::Take<std::str::Chars<'t>>);

impl<'t> Words<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Words(text.chars().take(MAX_ARGUMENTS))
    }
}

impl Iterator for Words<'_> {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        let mut word = String::new();
        let mut quote = None;
        for c in self.0.by_ref() {
            match (quote, c) {
                (Some(q), c) if c == q => quote = None,
                (None, '"' | '\'') => quote = Some(c),
                (None, c) if c.is_whitespace() => {
                    if !word.is_empty() {
                        return Some(word);
                    }
                }
                (_, c) => word.push(c),
            }
        }
        (!word.is_empty()).then_some(word)
    }
}

/// All words of a command line.
pub(super) fn words(text: &str) -> Vec<String> {
    Words::new(text).collect()
}

/// The names that stand before a parenthesis.
pub(super) fn called(text: &str) -> impl Iterator<Item = &str> {
    memchr::memchr_iter(b'(', text.as_bytes()).filter_map(|at| last_name(text[..at].trim_end()))
}

/// The name that a text ends with.
pub(super) fn last_name(text: &str) -> Option<&str> {
    let name = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'$');
    let length = text.bytes().rev().take_while(name).count();
    (length > 0).then(|| &text[text.len() - length..])
}

/// The addresses in a text, each with where it stands: `http://` or `https://`, up to white space or a quote.
pub(super) fn addresses(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let ends = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | ')' | '>' | '\\');
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let start = at + memmem::find(text.as_bytes().get(at..)?, b"http")?;
            at = start + "http".len();
            let rest = &text[at..];
            let Some(host) = rest.strip_prefix('s').unwrap_or(rest).strip_prefix("://") else { continue };
            let length = host.find(ends).unwrap_or(host.len());
            if length > 0 {
                at = text.len() - host.len() + length;
                return Some((start, &text[start..at]));
            }
        }
    })
}

/// The characters before the first space that a quoted text needs, to be taken for a command line or a query.
const LEAST: usize = 8;

/// Texts in quotes that have a space: command lines and queries inside other code.
pub(super) fn embedded(text: &str) -> Vec<&str> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(quote) = memchr3(b'"', b'\'', b'`', &bytes[at..]).map(|i| at + i) {
        let rest = &bytes[quote + 1..];
        let end = match bytes[quote] {
            b'`' => memchr(b'`', rest),
            q => memchr2(q, b'\n', rest).filter(|i| rest[*i] == q),
        };
        let inside = end.map(|end| &text[quote + 1..=quote + end]).filter(|t| has_late_space(t));
        at = inside.map_or(quote + 1, |t| quote + 2 + t.len());
        found.extend(inside);
    }
    found
}

/// A space after the first few characters, but not only after thousands.
fn has_late_space(text: &str) -> bool {
    text.chars().take(MAX_ARGUMENTS + 1).skip(LEAST).any(|c| c == ' ')
}
