//! Code in steps: known commands and calls read out of it, and code that plainly only shapes data told apart.
//! Nothing is executed and no language is parsed in full: a command that is there in plain sight is evidence, everything
//! else stays unknown.

mod actions;
mod calls;
mod comments;
mod groovy;
mod kept;
mod literals;
mod scan;
mod shaping;
mod shell;
mod statement;

pub use actions::{own_reads, run as run_actions};
pub use calls::Call;
pub use comments::without_comments;
pub use groovy::is_plain as is_plain_groovy;
pub use shaping::{brought_in, only_shapes_data};
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
    fitting(catalogue, language, call).max_by_key(|(on, _)| on.len()).map(|(_, found)| *found)
}

/// The patterns that name a command or call, each with its entry.
fn fitting(
    catalogue: &'static Catalogue,
    language: CodeLanguage,
    call: &Call,
) -> impl Iterator<Item = &'static (Box<str>, Found)> + use<> {
    let [name, line, whole] = [&call.name, &call.line, &call.whole].map(|text| text.to_ascii_lowercase());
    let fit = move |on: &str| {
        // A pattern that names an option is about the line with its options.
        let with_options = on.contains(" -") || on.contains("*-");
        fits(language, on, &name, if with_options { &whole } else { &line })
    };
    catalogue.commands(language, &call.key).iter().filter(move |(on, _)| fit(on))
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
pub fn web_calls(language: CodeLanguage, text: &str) -> Vec<WebCall> {
    if !text.contains("http") {
        return Vec::new();
    }
    let text = &*literals::joined(language, text);
    let mut found: Vec<WebCall> = Vec::new();
    let mut seen = HashSet::new();
    found.extend(calls::web(text).into_iter().filter(|w| seen.insert((w.method.clone(), w.url.clone()))));
    found.truncate(MAX_HITS);
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::catalogue;

    fn hit(line: &str) -> Option<Hit> {
        read(catalogue(), CodeLanguage::Shell, line).into_iter().next()
    }

    #[test]
    fn every_pattern_of_a_shell_command_names_the_command_that_it_shows() {
        let entries = catalogue().files().iter().flat_map(|f| f.commands());
        let shell =
            entries.filter(|e| e.language == "shell").flat_map(|e| e.on.iter().map(move |on| (e, on)));
        let never: Vec<&str> = shell
            .filter(|(entry, on)| {
                let mut calls = Vec::new();
                calls::command_lines(&on.replace('*', "x"), &|_, _| true, &mut calls);
                let call = calls.first().map(|(_, call)| call);
                let mut named = call.into_iter().flat_map(|c| fitting(catalogue(), CodeLanguage::Shell, c));
                !named.any(|(_, found)| std::ptr::eq(found.entry, *entry))
            })
            .map(|(_, on)| &**on)
            .collect();
        assert!(never.is_empty(), "no command is ever named by {never:#?}");
    }

    #[test]
    fn an_option_that_a_pattern_names_has_to_be_there() {
        let effects = |line: &str| hit(line).map(|h| h.found.entry.effects.clone());
        assert_eq!(effects("csvde -i -f users.csv"), Some(vec!["change-policy"]));
        assert_eq!(effects("csvde -f users.csv -i"), Some(vec!["change-policy"]));
        assert_eq!(effects("csvde -f users.csv"), None);
        assert_eq!(effects("oc whoami -t"), Some(vec!["read-secret"]));
        assert_ne!(effects("oc whoami"), effects("oc whoami -t"));
        assert_eq!(effects("aws --version"), Some(vec!["read"]));
        assert_ne!(effects("aws nothing do-it --version"), Some(vec!["read"]));
        assert_eq!(effects("vault write -f transit/rotate-root/a"), Some(vec!["rotate-credential"]));
        assert_eq!(effects("/opt/keycloak/bin/kcadm.sh delete users/7"), Some(vec!["delete-identity"]));
    }

    #[test]
    fn who_is_made_on_a_mac_is_the_one_that_the_option_names() {
        for line in ["sysadminctl -adminUser root -addUser ada -password x", "dscl . -create ada"] {
            let Hit { found: Found { entry, .. }, call } = hit(line).unwrap();
            assert!(entry.effects.contains(&"create-identity"), "{line}");
            let name = entry.identity.0.first().unwrap().trim_start_matches("arg.");
            assert_eq!(call.argument(name)[0].as_text(), Some("ada"), "{line}");
        }
    }
}
