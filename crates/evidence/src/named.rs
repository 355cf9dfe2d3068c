//! Where somebody stands in what is disclosed: by every name that the recorded directories have for them, in any case.

use crate::act::{directory, ground};
use crate::verify::Opened;
use ledger::{Hash, encoding, json, sshsig};
use serde_json::Value;
use std::collections::BTreeSet;

/// A name, and all others that the directories on record have for who is called so, in any case.
#[must_use]
pub fn names(name: &str, entries: &[Opened]) -> Vec<String> {
    let mut all = BTreeSet::from([name.to_owned()]);
    let asked = folded(name);
    for ground in entries.iter().filter(|o| ground(o) == Some("change-people")) {
        for person in directory(ground) {
            let mut own = Vec::new();
            collect(person, &["id", "name", "accounts", "former-accounts", "aliases", "keys"], &mut own);
            if own.iter().any(|n| folded(n) == asked) {
                all.extend(own);
            }
        }
    }
    all.retain(|n| n.len() > 1);
    all.into_iter().collect()
}

/// The values in which somebody stands, by all their names: entry, name, commitment.
#[must_use]
pub fn traces(name: &str, entries: &[Opened]) -> Vec<(u64, String, Hash)> {
    let names = names(name, entries);
    let mut out = Vec::new();
    for opened in entries {
        for (value, opening) in &opened.openings {
            let commitment = opened.entry.commitments.get(value);
            out.extend(
                commitment
                    .filter(|_| stand_in(&names, &opening.value))
                    .map(|hash| (opened.entry.place.seq, value.clone(), *hash)),
            );
        }
    }
    out
}

/// Whether one of these names stands in a value as a word, in any case.
#[must_use]
pub(crate) fn stand_in(names: &[String], value: &Value) -> bool {
    let names: Vec<String> = names.iter().map(|n| folded(n)).collect();
    strings(value).iter().map(|text| folded(text)).any(|text| names.iter().any(|n| stands_in(n, &text)))
}

/// The names among some fields of a person: of keys, also their prints.
fn collect(person: &Value, fields: &[&str], out: &mut Vec<String>) {
    for field in fields {
        for text in texts(&person[*field]) {
            if *field == "keys" && !text.starts_with("ssh-") && !text.starts_with("SHA256:") {
                continue; // when a key counts
            }
            if let Ok(key) = sshsig::public_key(&text) {
                out.push(sshsig::fingerprint(&key));
            }
            out.push(text);
        }
    }
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(all) => all.iter().flat_map(texts).collect(),
        Value::Object(all) => all.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

/// All texts in a value, names of fields too; of an envelope, those in what was signed.
fn strings(value: &Value) -> Vec<String> {
    let mut out = Vec::new();
    walk(value, &mut out);
    let payload = value["payload"].as_str().and_then(|p| encoding::from_base64(p).ok());
    if let Some(inner) = payload.and_then(|p| json::parse(&p).ok()) {
        walk(&inner, &mut out);
    }
    out
}

fn walk(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::String(text) => out.push(text.clone()),
        Value::Array(all) => all.iter().for_each(|v| walk(v, out)),
        Value::Object(all) => all.iter().for_each(|(name, v)| {
            out.push(name.clone());
            walk(v, out);
        }),
        _ => {}
    }
}

/// A text without its case, character by character, so that both verifiers do the same.
fn folded(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
}

/// Whether a name stands in a text, and not as a part of a longer word.
fn stands_in(name: &str, text: &str) -> bool {
    // By numbers of characters alone, so that both verifiers do the same: letters and digits of ASCII, and what comes after
    // its signs, but for punctuation.
    let word = |c: char| c.is_ascii_alphanumeric() || c >= '\u{c0}' && !('\u{2000}'..'\u{3040}').contains(&c);
    let mut places =
        text.char_indices().filter(|(at, _)| text.get(*at..).is_some_and(|t| t.starts_with(name)));
    !name.is_empty()
        && places.any(|(at, _)| {
            let before = text.get(..at).and_then(|t| t.chars().next_back());
            let after = text.get(at + name.len()..).and_then(|t| t.chars().next());
            !before.is_some_and(word) && !after.is_some_and(word)
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_name_is_found_as_a_word() {
        assert!(stands_in("lea", "commit of lea, today") && stands_in("lea@a.test", "<lea@a.test>"));
        assert!(!stands_in("lea", "a release") && !stands_in("lea", "leaver") && !stands_in("lea", "leaü"));
        assert!(stands_in("a.a", "xa.a.a") && stands_in("lea", "„lea“") && !stands_in("", "lea"));
        assert!(stand_in(&["Müller".to_owned()], &json!({"by": "MÜLLER (away)"})));
    }

    #[test]
    fn what_was_signed_is_looked_into() {
        let payload = encoding::to_base64(br#"{"predicate":{"by":"lea"}}"#);
        assert!(strings(&json!({"payload": payload})).contains(&"lea".to_owned()));
    }

    #[test]
    fn all_names_of_a_person_are_theirs() {
        let person = json!({"id": "lea", "accounts": {"okta": "l@x.test", "git": ["lea1", "lea2"]},
            "keys": [{"key": "SHA256:abc", "from": "2026-01-01T00:00:00Z"}]});
        let mut own = Vec::new();
        collect(&person, &["id", "accounts", "keys"], &mut own);
        own.sort();
        assert_eq!(own, ["SHA256:abc", "l@x.test", "lea", "lea1", "lea2"]);
    }
}
