//! jq, the expression language of the Serverless Workflow DSL: `${ .user | select(.role == "admin") }`.
//!
//! Paths, pipes, operators, conditionals, objects and the common functions get their meaning; definitions, folds and
//! updates are kept as unknown with every reference seen in them.

mod functions;
mod parser;

use super::scope::Scope;
use parser::Parser;
use workflow::{Reference, Term};

/// The expression in a text of the form `${ ... }`.
pub(super) fn inside(text: &str) -> Option<&str> {
    let inner = text.trim().strip_prefix("${")?.strip_suffix('}')?;
    (!inner.contains("${")).then_some(inner)
}

/// The meaning of an expression.
pub(super) fn term(text: &str, scope: &Scope) -> Term {
    Parser::new(text, scope).whole().unwrap_or_else(|| Term::Unknown(scan(text, scope)))
}

/// Every path that is seen in a text, outside quotes.
fn scan(text: &str, scope: &Scope) -> Vec<Reference> {
    let mut seen: Vec<Reference> = Vec::new();
    let mut quoted = false;
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        quoted ^= c == '"' && before != '\\';
        let fresh = !before.is_alphanumeric() && !matches!(before, '_' | '.' | ']' | ')' | '"' | '$');
        before = c;
        if quoted || !fresh || !matches!(c, '.' | '$') || seen.len() > 200 {
            continue;
        }
        let end = text[at + 1..].find(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '.'));
        let path = text[at..end.map_or(text.len(), |e| at + 1 + e)].trim_end_matches('.');
        if let Some(term) = Parser::new(if path.is_empty() { "." } else { path }, scope).whole() {
            seen.extend(term.references().into_iter().cloned());
        }
    }
    seen
}
