//! The part of JSONata that conditions and assignments are commonly written in, read as the JavaScript that means the
//! same: names are properties of the message, `=` compares, `and` and `or` join, `&` joins texts.

use super::scope::{At, Msg};
use crate::js::{self, Names, Target};
use workflow::{Function, Reference, Root, Segment, Term};

/// The meaning of an expression.
pub(super) fn parsed(text: &str, at: &At<'_>) -> Term {
    let term = translated(text).map(|script| js::expression(&script, &Fields));
    at.placed(match term {
        Some(term) if term.is_understood() => term,
        _ => Term::Unknown(names(text)),
    })
}

/// Every name in a text that may be a property of the message.
fn names(text: &str) -> Vec<Reference> {
    let mut found: Vec<Reference> = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let quote = matches!(c, '"' | '\'').then(|| quoted(rest, c)).flatten();
        let word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '.');
        let len = match quote {
            Some(len) => len,
            None if word(c) => rest.find(|c| !word(c)).unwrap_or(rest.len()),
            None => c.len_utf8(),
        };
        let name = &rest[..len];
        rest = &rest[len..];
        let keyword = ["and", "or", "in", "true", "false", "null", "function"].contains(&name);
        let called = rest.trim_start().starts_with('(');
        if c.is_alphabetic() && quote.is_none() && !keyword && !called && found.len() < 64 {
            let path = name.strip_prefix("msg.").unwrap_or(name);
            let reference = Reference::keys(Root::Previous, path);
            if !found.contains(&reference) {
                found.push(reference);
            }
        }
    }
    found
}

/// The same expression in JavaScript; nothing where it has what JavaScript has not.
fn translated(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len() + 8);
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let mut len = c.len_utf8();
        match c {
            '"' | '\'' => {
                len = quoted(rest, c)?;
                out.push_str(&rest[..len]);
            }
            '`' => {
                len = quoted(rest, c)?;
                out.push_str(&rest[1..len - 1]);
            }
            '!' if rest.starts_with("!=") => {
                len = 2;
                out.push_str("!==");
            }
            '<' | '>' if rest[1..].starts_with('=') => {
                len = 2;
                out.push_str(&rest[..2]);
            }
            '=' => out.push_str("==="),
            '&' => out.push('+'),
            ':' if rest.starts_with(":=") => return None,
            '@' | '#' | '^' | '|' | '~' | ';' => return None,
            c if c.is_alphabetic() || c == '_' || c == '$' => {
                len =
                    rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$')).unwrap_or(rest.len());
                out.push_str(match &rest[..len] {
                    "and" => "&&",
                    "or" => "||",
                    "function" => return None,
                    word => word,
                });
            }
            c => out.push(c),
        }
        rest = &rest[len..];
    }
    Some(out)
}

/// The length of a quoted text at the start of a text.
fn quoted(text: &str, quote: char) -> Option<usize> {
    let mut escape = false;
    for (i, c) in text.char_indices().skip(1) {
        match c {
            _ if escape => escape = false,
            '\\' => escape = true,
            c if c == quote => return Some(i + c.len_utf8()),
            _ => {}
        }
    }
    None
}

/// Names in JSONata: fields of the message, and functions with a dollar sign.
struct Fields;

impl Names for Fields {
    fn node(&self, name: &str) -> Target {
        Msg.node(name)
    }

    fn previous(&self) -> Root {
        Root::Previous
    }

    fn title(&self, _: &str) -> Option<&str> {
        None
    }

    fn model(&self) -> Option<Root> {
        None
    }

    fn variable(&self, name: &str) -> Option<Term> {
        let path = match name {
            "msg" | "$" | "$$" => Vec::new(),
            name if name.starts_with('$') => return None,
            name => vec![Segment::Key(name.into())],
        };
        Some(Term::Ref(Reference { root: Root::Previous, path }))
    }

    fn is_global(&self, name: &str) -> bool {
        name.len() > 1 && name.starts_with('$') && name != "$$"
    }

    fn call(&self, name: &str, args: &[Term]) -> Option<Term> {
        let args = args.to_vec();
        let key = match args.first() {
            Some(Term::Text(key)) => Some(key.clone()),
            _ => None,
        };
        let function = match name {
            "$flowContext" => return Some(variable(Root::Variable(format!("flow.{}", key?).into()))),
            "$globalContext" => return Some(variable(Root::Variable(format!("global.{}", key?).into()))),
            "$env" => return Some(variable(Root::Environment(key?))),
            "$count" | "$length" => Function::Length,
            "$lowercase" => Function::Lower,
            "$uppercase" => Function::Upper,
            "$trim" => Function::Trim,
            "$contains" => Function::Contains,
            "$match" => Function::Matches,
            "$string" => Function::ToText,
            "$number" => Function::ToNumber,
            "$not" => Function::Not,
            "$boolean" => Function::Truthy,
            "$exists" => Function::Present,
            "$now" | "$millis" => Function::Now,
            "$random" => Function::Random,
            "$encodeUrlComponent" | "$encodeUrl" => Function::UrlEncode,
            "$filter" => Function::Filter,
            "$map" => Function::Map,
            other => Function::Other(other.into()),
        };
        Some(Term::Call(function, args))
    }
}

fn variable(root: Root) -> Term {
    Term::Ref(Reference { root, path: Vec::new() })
}
