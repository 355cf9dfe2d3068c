//! Code in steps: known commands and calls read out of it, and code that plainly only shapes data told apart.
//! Nothing is executed and no language is parsed in full: a command that is there in plain sight is evidence, everything
//! else stays unknown.

mod actions;
mod calls;
mod groovy;
mod scan;
mod shaping;
mod shell;
mod statement;

pub use actions::run as run_actions;
pub use calls::Call;
pub use groovy::is_plain as is_plain_groovy;
pub use shaping::only_shapes_data;
pub use shell::{is_plain, is_plain_powershell, only_gets, powershell};
pub use statement::{is_statement, quoted, statements};

use super::resolve::{Piece, Resolver};
use crate::catalogue::{Catalogue, Found, glob};
use std::borrow::Cow;
use std::collections::HashSet;
use workflow::{CodeLanguage, Value};

/// A known command in a code text.
#[derive(Debug)]
pub struct Hit {
    /// Its catalogue entry.
    pub found: Found,
    /// The command with its arguments.
    pub call: Call,
}

/// A request in a code text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebCall {
    /// The method, in upper case.
    pub method: String,
    /// The URL, with placeholders as written.
    pub url: String,
}

/// The text of a piece of code, with `{}` where something is spliced in; and the one thing that is: with several, which
/// stands where is not known.
#[must_use]
pub fn text_and_hole<'v>(code: &'v Value, resolver: &Resolver<'_>) -> (Cow<'v, str>, Option<Value>) {
    if let Value::Text(text) = code {
        return (Cow::Borrowed(text.as_str()), None);
    }
    let (mut text, mut holes) = (String::new(), Vec::new());
    for piece in resolver.pieces(code) {
        match piece {
            Piece::Text(constant) => text.push_str(&constant),
            Piece::Hole(value) => {
                text.push_str("{}");
                holes.push(value);
            }
        }
    }
    let only = if holes.len() == 1 { holes.pop() } else { None };
    (Cow::Owned(text), only)
}

/// Whether a text has more calls or addresses than are read: it may do anything.
#[must_use]
pub fn is_too_much(hits: &[Hit], web: &[WebCall]) -> bool {
    hits.len() >= MAX_HITS || web.len() >= MAX_HITS
}

/// So many commands of a text are judged, each different from the others.
const MAX_HITS: usize = 300;

/// Every known command and call in a text, each once; at most so many as are judged.
#[must_use]
pub fn read(catalogue: &'static Catalogue, language: CodeLanguage, text: &str) -> Vec<Hit> {
    let (mut hits, mut seen) = (Vec::new(), HashSet::new());
    let known = |language, word: &str| !catalogue.commands(language, word).is_empty();
    for (language, call) in calls::all(language, text, &known) {
        if let Some(found) = best(catalogue, language, &call)
            && seen.insert(format!("{} {:?} {:?}", call.line, call.named, call.positional))
        {
            hits.push(Hit { found, call });
        }
    }
    hits.truncate(MAX_HITS);
    hits
}

/// The entry that names a command: the one with the longest pattern.
fn best(catalogue: &'static Catalogue, language: CodeLanguage, call: &Call) -> Option<Found> {
    let (name, line) = (call.name.to_ascii_lowercase(), call.line.to_ascii_lowercase());
    let known = catalogue.commands(language, &call.key).iter();
    let best = known.filter(|(on, _)| fits(language, on, &name, &line)).max_by_key(|(on, _)| on.len());
    best.map(|(_, found)| *found)
}

/// Whether a catalogue pattern names a command; all in lower case.
fn fits(language: CodeLanguage, on: &str, name: &str, line: &str) -> bool {
    match language {
        CodeLanguage::PowerShell => glob(on, name),
        CodeLanguage::Shell | CodeLanguage::Sql if on.contains('*') => glob(&format!("{on}*"), line),
        CodeLanguage::Shell | CodeLanguage::Sql => {
            line.strip_prefix(on).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
        }
        _ => {
            let last = name.strip_suffix(on.trim_start_matches("*."));
            glob(on, name) || last.is_some_and(|before| before.ends_with('.'))
        }
    }
}

/// Every web request that is there in plain sight: an address with the method written near it.
#[must_use]
pub fn web_calls(text: &str) -> Vec<WebCall> {
    let mut found: Vec<WebCall> = Vec::new();
    let mut seen = HashSet::new();
    found.extend(calls::web(text).into_iter().filter(|w| seen.insert((w.method.clone(), w.url.clone()))));
    found.truncate(MAX_HITS);
    found
}
