//! JSONata, the other language of Step Functions: `{% $states.input.user.id %}`.
//!
//! Paths, operators, conditionals, blocks with variables and the common functions get their meaning; definitions of
//! functions, sorting and grouping are kept as unknown with every reference seen in them.

mod functions;
mod parser;
mod token;

use super::scope::Scope;
use parser::Parser;
use workflow::{Expression, Language, Reference, Segment, Term, Value};

/// The expression in a text of the form `{% ... %}`.
pub(super) fn inside(text: &str) -> Option<&str> {
    text.trim().strip_prefix("{%")?.strip_suffix("%}")
}

/// The value of a text: computed where it is an expression.
pub(super) fn value(text: &str, line: u32, scope: &Scope<'_>) -> Option<Value> {
    let term = term(inside(text)?, scope);
    Some(Value::Expr(Box::new(Expression { language: Language::Jsonata, text: text.into(), term, line })))
}

/// The meaning of an expression.
pub(super) fn term(text: &str, scope: &Scope<'_>) -> Term {
    let whole = token::tokens(text).and_then(|tokens| Parser::new(text, &tokens, scope).whole());
    whole.unwrap_or_else(|| Term::Unknown(scan(text, scope)))
}

/// Every path from a variable that is seen in a text.
fn scan(text: &str, scope: &Scope<'_>) -> Vec<Reference> {
    let mut seen = Vec::new();
    for (at, _) in text.match_indices('$').take(200) {
        let end = text[at + 1..].find(|c: char| !c.is_alphanumeric() && c != '_' && c != '.');
        let path = &text[at..end.map_or(text.len(), |e| at + 1 + e)];
        let called = text[at + path.len()..].trim_start().starts_with('(');
        if let Some((anchor, segments)) =
            super::jsonpath::path(path.trim_end_matches('.')).filter(|_| !called)
        {
            let more = scope.resolve(&anchor, &segments);
            seen.extend(more.references().into_iter().cloned());
        }
    }
    seen.dedup();
    seen
}

/// What a step of a path takes.
fn below(term: &Term, segment: Segment) -> Term {
    crate::dataflow::below_term(term, &[segment])
}
