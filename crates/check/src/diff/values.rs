//! Values compared: where two differ, and both in words. Order of keys, lines and spelling of an expression that means
//! the same do not count.

use super::words;
use workflow::{Expression, Map, Reference, Root, Term, Text, Value};

/// What an old id of a step is now.
pub(super) type Renamed<'r> = &'r dyn Fn(&Text) -> Text;

/// One place where two values differ.
#[derive(Debug, PartialEq)]
pub(super) struct Apart {
    /// The dotted path below the value.
    pub path: String,
    /// The old value; nothing where there was none.
    pub old: Option<String>,
    /// The new value; nothing where there is none.
    pub new: Option<String>,
    /// It was the same in every run and is now chosen in a run.
    pub opened: bool,
}

/// The same value, whatever its lines.
pub(super) fn same(a: &Value, b: &Value) -> bool {
    apart(a, b, &Clone::clone).is_empty()
}

/// Where two values differ, by path; at most fifty places.
pub(super) fn apart(old: &Value, new: &Value, now: Renamed<'_>) -> Vec<Apart> {
    let mut found = Vec::new();
    differ(old, new, "", now, &mut found);
    found
}

fn differ(old: &Value, new: &Value, path: &str, now: Renamed<'_>, found: &mut Vec<Apart>) {
    if found.len() >= 50 {
        return;
    }
    match (old, new) {
        (Value::Map(a), Value::Map(b)) => {
            for (i, entry) in a.0.iter().enumerate() {
                let other = namesake(a, i, b).unwrap_or(&Value::Null);
                differ(&entry.value, other, &below(path, &entry.key), now, found);
            }
            for (_, entry) in b.0.iter().enumerate().filter(|(i, _)| namesake(b, *i, a).is_none()) {
                differ(&Value::Null, &entry.value, &below(path, &entry.key), now, found);
            }
        }
        (Value::List(a), Value::List(b)) => {
            for i in 0..a.len().max(b.len()) {
                let (a, b) = (a.get(i).unwrap_or(&Value::Null), b.get(i).unwrap_or(&Value::Null));
                differ(a, b, &below(path, &i.to_string()), now, found);
            }
        }
        (Value::Expr(a), Value::Expr(b)) if alike(a, b, now) => {}
        (Value::Expr(_), _) | (_, Value::Expr(_)) => found.push(told(path, old, new)),
        _ if old == new => {}
        (Value::Null, Value::Map(m)) if !m.0.is_empty() => {
            m.0.iter().for_each(|e| differ(old, &e.value, &below(path, &e.key), now, found));
        }
        (Value::Map(m), Value::Null) if !m.0.is_empty() => {
            m.0.iter().for_each(|e| differ(&e.value, new, &below(path, &e.key), now, found));
        }
        _ => found.push(told(path, old, new)),
    }
}

/// The entry of the other object with the same key; of a key that stands several times, the one at the same turn.
fn namesake<'v>(own: &Map, i: usize, other: &'v Map) -> Option<&'v Value> {
    let key = &own.0[i].key;
    let turn = own.0[..i].iter().filter(|e| e.key == *key).count();
    other.0.iter().filter(|e| e.key == *key).nth(turn).map(|e| &e.value)
}

fn told(path: &str, old: &Value, new: &Value) -> Apart {
    let tell = |v: &Value| (*v != Value::Null).then(|| words::value(v));
    Apart {
        path: path.to_owned(),
        old: tell(old),
        new: tell(new),
        opened: old.is_constant() && !old.is_empty() && !new.is_constant(),
    }
}

fn below(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// Two expressions that mean the same: by their terms where both are understood, else by their texts.
pub(super) fn alike(a: &Expression, b: &Expression, now: Renamed<'_>) -> bool {
    if a.term.is_understood() && b.term.is_understood() {
        return terms_alike(&a.term, &b.term, now);
    }
    a.language == b.language && a.text.trim() == b.text.trim() || {
        a.language == b.language && !a.term.is_understood() && renamed_text(a, now) == b.text.trim()
    }
}

/// The text of an expression that was not understood, with the names that steps have now.
fn renamed_text(e: &Expression, now: Renamed<'_>) -> String {
    let mut text = e.text.trim().to_owned();
    for r in e.references() {
        if let Root::Step(id) | Root::Item(id) = &r.root {
            let new = now(id);
            if new != *id {
                text = text.replace(id.as_str(), &new);
            }
        }
    }
    text
}

/// Two terms that are the same, with the names that steps have now.
pub(super) fn terms_alike(a: &Term, b: &Term, now: Renamed<'_>) -> bool {
    let all =
        |a: &[Term], b: &[Term]| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| terms_alike(a, b, now));
    match (a, b) {
        (Term::Ref(a), Term::Ref(b)) => references_alike(a, b, now),
        (Term::Template(a), Term::Template(b)) | (Term::List(a), Term::List(b)) => all(a, b),
        (Term::Call(f, a), Term::Call(g, b)) => f == g && all(a, b),
        (Term::Map(a), Term::Map(b)) => {
            a.len() == b.len()
                && a.iter().all(|(k, v)| b.iter().any(|(l, w)| k == l && terms_alike(v, w, now)))
        }
        (Term::Unknown(a), Term::Unknown(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| references_alike(a, b, now))
        }
        _ => a == b,
    }
}

fn references_alike(a: &Reference, b: &Reference, now: Renamed<'_>) -> bool {
    let root = match (&a.root, &b.root) {
        (Root::Step(a), Root::Step(b)) | (Root::Item(a), Root::Item(b)) => now(a) == *b,
        (a, b) => a == b,
    };
    root && a.path == b.path
}
