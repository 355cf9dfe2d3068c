//! Function nodes that only set properties of the message, one after the other: what they set is known.

use super::scope::Msg;
use crate::js;
use workflow::{Assignment, Map, Reference, Root, Segment, Term, Value};

/// What a function does to the message that passes through it.
#[derive(Debug, Default)]
pub(super) struct Effects {
    /// Properties that it sets, by their path, in order.
    pub(super) set: Vec<(Vec<String>, Term)>,
    /// Variables that it sets.
    pub(super) variables: Vec<(String, Term)>,
}

/// Properties deeper than this are not followed.
const MOST_KEYS: usize = 16;
/// A function longer than this is not read.
const MOST_STATEMENTS: usize = 200;

/// Reads a function that is a straight line of assignments and ends with `return msg`.
pub(super) fn straight(code: &str) -> Option<Effects> {
    let mut effects = Effects::default();
    let mut locals: Vec<(String, Term)> = Vec::new();
    let mut rest = code;
    for _ in 0..MOST_STATEMENTS {
        rest = blank(rest);
        if rest.is_empty() {
            return None;
        }
        if let Some(returned) = keyword(rest, "return") {
            let returned = blank(returned);
            let after = returned.strip_prefix("msg")?;
            return blank(after).is_empty().then_some(effects);
        }
        rest = statement(rest, &mut locals, &mut effects)?;
    }
    None
}

/// Skips white space, comments and semicolons.
fn blank(text: &str) -> &str {
    let mut text = text;
    loop {
        text = text.trim_start_matches(|c: char| c.is_whitespace() || c == ';');
        text = if let Some(rest) = text.strip_prefix("//") {
            rest.split_once('\n').map_or("", |(_, rest)| rest)
        } else if let Some(rest) = text.strip_prefix("/*") {
            rest.split_once("*/").map_or("", |(_, rest)| rest)
        } else {
            return text;
        };
    }
}

fn keyword<'t>(text: &'t str, word: &str) -> Option<&'t str> {
    text.strip_prefix(word).filter(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
}

/// One statement; gives the text after it.
fn statement<'t>(text: &'t str, locals: &mut Vec<(String, Term)>, effects: &mut Effects) -> Option<&'t str> {
    if let Some(rest) = ["var", "let", "const"].iter().find_map(|w| keyword(text, w)) {
        return declaration(rest, locals);
    }
    let (target, len) = js::leading(text, &Msg { locals })?;
    let rest = blank(&text[len..]);
    let Some(value) = rest.strip_prefix('=').filter(|v| !v.starts_with('=')) else {
        call(target, locals, effects)?;
        return Some(&text[len..]);
    };
    let path = message_path(&target)?;
    let (term, len) = js::leading(value, &Msg { locals })?;
    let after = &value[len..];
    ends(after).then(|| {
        effects.set.push((path, effects.seen(term)));
        after
    })
}

fn declaration<'t>(text: &'t str, locals: &mut Vec<(String, Term)>) -> Option<&'t str> {
    let (name, value) = text.split_once('=')?;
    let name = name.trim();
    let plain = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '$');
    let (term, len) = js::leading(value, &Msg { locals }).filter(|_| plain)?;
    let after = &value[len..];
    ends(after).then(|| {
        locals.push((name.to_owned(), term));
        after
    })
}

/// A statement ends at a semicolon, a line's end, or the text's.
fn ends(after: &str) -> bool {
    let line = after.trim_start_matches([' ', '\t']);
    line.is_empty() || line.starts_with([';', '\n', '\r']) || line.starts_with("//")
}

/// A call for its effect: variables are kept, messages to the log and the editor are nothing.
fn call(target: Term, _: &[(String, Term)], effects: &mut Effects) -> Option<()> {
    let Term::Call(workflow::Function::Other(name), mut args) = target else { return None };
    match (name.as_str(), args.first()) {
        ("node.status" | "node.log" | "node.warn" | "console.log", _) => Some(()),
        ("flow.set" | "global.set" | "context.set", Some(Term::Text(key))) if args.len() >= 2 => {
            let key = format!("{}.{key}", name.trim_end_matches(".set"));
            let value = effects.seen(args.swap_remove(1));
            effects.variables.push((key, value));
            Some(())
        }
        _ => None,
    }
}

/// The path of an assignment's target, which must be a property of the message.
fn message_path(target: &Term) -> Option<Vec<String>> {
    let Term::Ref(Reference { root: Root::Previous, path }) = target else { return None };
    let key = |s: &Segment| match s {
        Segment::Key(key) => Some(key.to_string()),
        _ => None,
    };
    let path: Option<Vec<String>> = path.iter().map(key).collect();
    path.filter(|p| !p.is_empty() && p.len() <= MOST_KEYS)
}

impl Effects {
    /// A term in which properties that were set before stand as what they were set to.
    fn seen(&self, term: Term) -> Term {
        match term {
            Term::Ref(r) if r.root == Root::Previous => self.before(r),
            Term::Template(ts) => Term::Template(ts.into_iter().map(|t| self.seen(t)).collect()),
            Term::List(ts) => Term::List(ts.into_iter().map(|t| self.seen(t)).collect()),
            Term::Call(f, ts) => Term::Call(f, ts.into_iter().map(|t| self.seen(t)).collect()),
            Term::Map(es) => Term::Map(es.into_iter().map(|(k, t)| (k, self.seen(t))).collect()),
            other => other,
        }
    }

    fn before(&self, reference: Reference) -> Term {
        let path = message_path(&Term::Ref(reference.clone()));
        let found = path.and_then(|path| self.set.iter().rev().find(|(set, _)| *set == path));
        found.map_or(Term::Ref(reference), |(_, term)| term.clone())
    }

    /// The properties that were set, as an object.
    pub(super) fn output(&self, value: impl Fn(&Term) -> Value) -> Value {
        let mut map = Map::default();
        for (path, term) in &self.set {
            put(&mut map, path, value(term));
        }
        Value::Map(map)
    }

    /// The variables that were set.
    pub(super) fn assignments(&self, value: impl Fn(&Term) -> Value) -> Vec<Assignment> {
        let one = |(variable, term): &(String, Term)| Assignment {
            variable: variable.as_str().into(),
            value: value(term),
            adds: false,
        };
        self.variables.iter().map(one).collect()
    }
}

/// Sets a value at a path of keys.
pub(super) fn put(map: &mut Map, path: &[String], value: Value) {
    let Some((key, rest)) = path.split_first() else { return };
    if rest.is_empty() {
        map.0.retain(|e| e.key != key.as_str());
        return map.push(key.as_str(), value, 0);
    }
    let found = map.0.iter().position(|e| e.key == key.as_str() && matches!(e.value, Value::Map(_)));
    let ix = found.unwrap_or_else(|| {
        map.0.retain(|e| e.key != key.as_str());
        map.push(key.as_str(), Value::Map(Map::default()), 0);
        map.0.len() - 1
    });
    if let Some(workflow::Entry { value: Value::Map(inner), .. }) = map.0.get_mut(ix) {
        put(inner, rest, value);
    }
}
