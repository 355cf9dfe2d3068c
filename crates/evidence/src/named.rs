//! Where somebody stands in what is disclosed: by every name that the recorded directories have for them, in any case.

use crate::act::{directory, ground};
use crate::verify::Opened;
use ledger::{Hash, encoding, json, sshsig};
use serde_json::Value;
use std::collections::BTreeSet;
use unicode_normalization::UnicodeNormalization;

/// A name, and all others that the directories on record have for who is called so, in any case.
#[must_use]
pub fn names(name: &str, entries: &[Opened]) -> Vec<String> {
    with_fields(name, entries, &["id", "name", "accounts", "former-accounts", "aliases", "keys"])
}

/// The names of [`names`] that are no keys: the verifiers hold a bundle against these.
pub(crate) fn called(name: &str, entries: &[Opened]) -> Vec<String> {
    with_fields(name, entries, &["id", "name", "accounts", "former-accounts", "aliases"])
}

fn with_fields(name: &str, entries: &[Opened], fields: &[&str]) -> Vec<String> {
    let mut all = BTreeSet::from([name.to_owned()]);
    let asked = folded(name);
    for ground in entries.iter().filter(|o| ground(o) == Some("change-people")) {
        for person in directory(ground) {
            let mut own = Vec::new();
            collect(person, fields, &mut own);
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
            let key = sshsig::public_key(&text).ok();
            if *field == "keys" && key.is_none() && !text.starts_with("ssh-") && !text.starts_with("SHA256:")
            {
                continue; // when a key counts
            }
            out.extend(key.map(|key| sshsig::fingerprint(&key)));
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

/// All texts in a value, names of fields and numbers too; of an envelope, those in what was signed. What is written as in
/// addresses (`%40`) also as it reads.
fn strings(value: &Value) -> Vec<String> {
    let mut out = Vec::new();
    walk(value, &mut out);
    let payload = value["payload"].as_str().and_then(|p| encoding::from_base64(p).ok());
    if let Some(inner) = payload.and_then(|p| json::parse(&p).ok()) {
        walk(&inner, &mut out);
    }
    let read: Vec<String> = out.iter().filter(|t| t.contains('%')).map(|t| from_address(t)).collect();
    out.extend(read);
    out
}

fn walk(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::String(text) => out.push(text.clone()),
        Value::Number(_) => {
            let text = json::to_canonical(value).ok().and_then(|bytes| String::from_utf8(bytes).ok());
            out.extend(text);
        }
        Value::Array(all) => all.iter().for_each(|v| walk(v, out)),
        Value::Object(all) => all.iter().for_each(|(name, v)| {
            out.push(name.clone());
            walk(v, out);
        }),
        _ => {}
    }
}

/// A text with `%` and two hexadecimal digits read as the byte that they stand for.
fn from_address(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digits = after.get(..2).filter(|d| *first == b'%' && d.iter().all(u8::is_ascii_hexdigit));
        let byte = digits.and_then(|d| u8::from_str_radix(std::str::from_utf8(d).ok()?, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = byte.and(after.get(2..)).unwrap_or(after);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A text composed (NFC) and without its case, character by character, so that both verifiers do the same.
fn folded(text: &str) -> String {
    text.nfc().flat_map(char::to_lowercase).collect()
}

/// Whether a character belongs to a word, by its number alone, so that both verifiers do the same: digits, and letters of
/// the scripts that set words apart. Next to all others a name begins and ends: rather one too many is found than one missed.
fn is_of_word(c: char) -> bool {
    matches!(c, '0'..='9' | 'A'..='Z' | 'a'..='z' | '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{2af}'
        | '\u{300}'..='\u{36f}' | '\u{386}' | '\u{388}'..='\u{481}' | '\u{48a}'..='\u{52f}' | '\u{531}'..='\u{556}'
        | '\u{561}'..='\u{587}' | '\u{5d0}'..='\u{5ea}' | '\u{621}'..='\u{64a}' | '\u{660}'..='\u{669}'
        | '\u{671}'..='\u{6d3}' | '\u{1e00}'..='\u{1fbc}')
}

/// Whether a name stands in a text, and not as a part of a longer word; an end of it that is of no word is no part of one.
fn stands_in(name: &str, text: &str) -> bool {
    let mut places =
        text.char_indices().filter(|(at, _)| text.get(*at..).is_some_and(|t| t.starts_with(name)));
    !name.is_empty()
        && places.any(|(at, _)| {
            let before = text.get(..at).and_then(|t| t.chars().next_back());
            let after = text.get(at + name.len()..).and_then(|t| t.chars().next());
            let within =
                |a: Option<char>, b: Option<char>| a.is_some_and(is_of_word) && b.is_some_and(is_of_word);
            !within(before, name.chars().next()) && !within(name.chars().next_back(), after)
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
        assert!(
            stands_in("lea", "（lea）") && stands_in("lea", "lea×bo") && stands_in("田中", "abc田中さん")
        );
        assert!(stands_in("+49151", "tel+49151") && !stands_in("+49151", "+491512"));
        assert!(stand_in(&["Müller".to_owned()], &json!({"by": "MÜLLER (away)"})));
        assert!(stand_in(&["Müller".to_owned()], &json!({"by": "Mu\u{308}ller"})), "taken apart");
    }

    #[test]
    fn what_is_written_otherwise_is_read() {
        let names = ["lea@a.test".to_owned(), "4711".to_owned()];
        for value in [json!("https://x.test/users/lea%40a.test?x=%zz%"), json!({"number": 4711})] {
            assert!(stand_in(&names, &value), "{value}");
        }
        assert!(!stand_in(&names, &json!(["lea%41a.test", 47110, true])));
        assert_eq!(from_address("%C3%A9%4%"), "é%4%");
    }

    proptest::proptest! {
        /// Whatever stands around a name, it is found where it is a word of its own, and only there.
        #[test]
        fn a_name_is_found_next_to_whatever_is_of_no_word(
            name in "[a-zà-öα-ω一-鿿@.+0-9]{2,8}", before in "[ -/:-@一-鿿！-／\u{2000}-\u{206f}]?", after in "[ -/:-@ぁ-ん、-〟]?",
            letter in "[a-zA-Z0-9ß-ö]",
        ) {
            let (named, text) = ([name.clone()], format!("x {before}{name}{after} y"));
            proptest::prop_assert!(stand_in(&named, &json!({"a": [text]})), "{text}");
            let ends = name.chars().next_back().is_some_and(is_of_word);
            proptest::prop_assert_eq!(stand_in(&named, &json!(format!("{name}{letter}"))), !ends);
        }
    }

    #[test]
    fn what_was_signed_is_looked_into() {
        let payload = encoding::to_base64(br#"{"predicate":{"by":"lea"}}"#);
        assert!(strings(&json!({"payload": payload})).contains(&"lea".to_owned()));
    }

    #[test]
    fn keys_of_every_kind_are_names_and_so_are_their_prints() {
        let line = "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBGsX0fLhLEJH+Lzm5WOkQPJ3A32BLeszoPShOUXYmMKWT+NC4v4af5uO5+tKfA+eFivOM1drMV7Oy7ZAaDe/UfU=";
        let mut own = Vec::new();
        collect(&json!({"keys": [{"key": line, "until": "2026-01-01T00:00:00Z"}]}), &["keys"], &mut own);
        assert!(own.len() == 2 && own[0].starts_with("SHA256:") && own[1] == line, "{own:?}");
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
