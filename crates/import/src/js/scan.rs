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

/// Where the block that starts a text (at its `{`, after white space) ends, strings and comments left aside.
pub(super) fn block_end(text: &str) -> Option<usize> {
    let (mut depth, mut quote, mut escape) = (0_u32, None, false);
    for (i, b) in text.bytes().enumerate() {
        match (quote, b) {
            _ if escape => escape = false,
            (_, b'\\') => escape = true,
            (Some(q), b) if q == b => quote = None,
            (Some(_), _) => {}
            (None, b'"' | b'\'' | b'`') => quote = Some(b),
            (None, b'{') => depth += 1,
            (None, b'}') => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(i + 1);
                }
            }
            (None, _) => {}
        }
    }
    None
}
