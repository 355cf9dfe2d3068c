//! Formats of one line each are read back by their own grammars, whatever stands in the values.

use super::super::{Event, Framing, cef, cloudevent, syslog};
use super::{ACT, act_body, entry, everything, origin};
use serde_json::Value;
use std::collections::BTreeMap;

/// What people may have written, and senders of forged lines.
const HOSTILE: &[&str] = &[
    "a\nCEF:0|x|y|z|1|forged|10|",
    "b\r\n<110>1 2026-01-01T00:00:00Z h a - - - forged",
    "pipe | equals = backslash \\ quote \" bracket ] end\\",
    "tab\t nul\0 escape\u{1b}[31m next\u{85} line\u{2028}",
    "ümläut 名前",
    "",
];

/// An event of hostile words wherever words may stand.
fn hostile(word: &str) -> Event {
    let mut body = act_body("release", true, true);
    for field in ["subject", "environment", "closure"] {
        body[field] = format!("workflow/{word}").into();
    }
    body["rules"] = serde_json::json!([word]);
    body["controls"] = serde_json::json!([word]);
    let (opened, bytes) = entry(3, ACT, &body, &[("by", word), ("identity", word)], &["by", "identity"]);
    Event::of(&opened, &bytes)
}

/// A line of CEF: the header's seven parts, then names and values.
fn read_cef(line: &str) -> (Vec<String>, BTreeMap<String, String>) {
    let (mut head, mut part, mut rest) = (Vec::new(), String::new(), line.chars());
    while head.len() < 7 {
        match rest.next().unwrap() {
            '\\' => part.push(rest.next().unwrap()),
            '|' => head.push(std::mem::take(&mut part)),
            c => part.push(c),
        }
    }
    let extension = rest.as_str();
    // A name stands before `=` that no backslash stands before, and after a space.
    let equals: Vec<usize> = extension
        .char_indices()
        .filter(|(i, c)| {
            *c == '=' && extension[..*i].chars().rev().take_while(|c| *c == '\\').count() % 2 == 0
        })
        .map(|(i, _)| i)
        .collect();
    let begins = |i: usize| extension[..i].rfind(' ').map_or(0, |s| s + 1);
    let mut fields = BTreeMap::new();
    for (n, at) in equals.iter().enumerate() {
        let end = equals.get(n + 1).map_or(extension.len(), |next| begins(*next).saturating_sub(1));
        let (mut value, mut text) = (String::new(), extension[at + 1..end].chars());
        while let Some(c) = text.next() {
            match (c, c == '\\') {
                (_, true) => value.push(match text.next().unwrap() {
                    'n' => '\n',
                    'r' => '\r',
                    c => c,
                }),
                (c, _) => value.push(c),
            }
        }
        assert!(fields.insert(extension[begins(*at)..*at].to_owned(), value).is_none(), "twice: {line}");
    }
    (head, fields)
}

/// A message of RFC 5424: its header, its structured data, its text.
fn read_syslog(message: &str) -> (Vec<&str>, BTreeMap<String, BTreeMap<String, String>>, &str) {
    let head: Vec<&str> = message.splitn(7, ' ').collect();
    let (mut data, mut rest) = (BTreeMap::new(), head[6]);
    while let Some(inner) = rest.strip_prefix('[') {
        let mut fields = BTreeMap::new();
        let end = inner.find([' ', ']']).unwrap();
        let id = inner[..end].to_owned();
        rest = &inner[end..];
        while let Some(pair) = rest.strip_prefix(' ') {
            let (name, value) = pair.split_once("=\"").unwrap();
            let (mut text, mut chars) = (String::new(), value.char_indices());
            let end = loop {
                match chars.next().unwrap() {
                    (_, '\\') => text.push(chars.next().unwrap().1),
                    (i, '"') => break i + 1,
                    (_, ']') => panic!("a bracket stands alone: {message}"),
                    (_, c) => text.push(c),
                }
            };
            assert!(name.len() <= 32 && name.bytes().all(|b| b.is_ascii_alphanumeric()), "{name}");
            fields.insert(name.to_owned(), text);
            rest = &value[end..];
        }
        rest = rest.strip_prefix(']').unwrap();
        data.insert(id, fields);
    }
    (head[..6].to_vec(), data, rest.strip_prefix(' ').unwrap())
}

#[test]
fn cef_is_read_back_whatever_stands_in_it() {
    for word in HOSTILE {
        let line = cef(&hostile(word), &origin());
        assert_eq!(line.lines().count(), 1, "{line:?}");
        assert!(!line.chars().any(char::is_control), "{line:?}");
        let (head, fields) = read_cef(&line);
        assert_eq!(head, ["CEF:0", "Countersign", "Countersign", "1.2.3", "act/1:release", "Update", "2"]);
        let kept = |text: &str| {
            text.chars()
                .map(|c| if c.is_control() && !matches!(c, '\n' | '\r') { ' ' } else { c })
                .collect::<String>()
        };
        if !word.is_empty() {
            assert_eq!(fields["suser"], kept(word));
            assert_eq!(fields["duser"], kept(word));
        }
        assert_eq!(fields["cs1"], kept(&format!("workflow/{word}")));
        assert_eq!((fields["externalId"].as_str(), fields["cs1Label"].as_str()), ("3", "subject"));
    }
    for event in everything() {
        let (head, fields) = read_cef(&cef(&event, &origin()));
        assert!(head.len() == 7 && head[6].parse::<u8>().unwrap() <= 10, "{head:?}");
        assert_eq!(fields["rt"], event.entry.place.time.to_string());
        for label in fields.keys().filter(|k| k.ends_with("Label")) {
            assert!(fields.contains_key(label.trim_end_matches("Label")), "{fields:?}");
        }
    }
}

#[test]
fn syslog_is_read_back_whatever_stands_in_it() {
    for word in HOSTILE {
        let message = syslog(&hostile(word), &origin(), 32_473, Framing::Lines);
        let line = message.strip_suffix('\n').unwrap();
        assert!(!line.chars().any(char::is_control), "{line:?}");
        let (head, data, text) = read_syslog(line);
        // Facility 13 and severity 6.
        assert_eq!(head, ["<110>1", "2026-11-25T10:00:00.126Z", "corp.test", "countersign", "-", "release"]);
        let own = &data["countersign@32473"];
        let kept: String =
            format!("workflow/{word}").chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        assert_eq!(own["subject"], kept);
        assert_eq!(data["meta"]["sequenceId"], "4");
        assert_eq!(text.starts_with('\u{feff}'), !text.is_ascii(), "{text:?}");
    }
    for event in everything() {
        let message = syslog(&event, &origin(), 1, Framing::Lines);
        let (head, data, _) = read_syslog(message.trim_end());
        assert!(head[5].len() <= 32 && data["countersign@1"]["digest"] == event.digest, "{message}");
    }
}

#[test]
fn octets_are_counted() {
    let all: String = HOSTILE.iter().map(|w| syslog(&hostile(w), &origin(), 7, Framing::Octets)).collect();
    let (mut rest, mut count) = (all.as_str(), 0);
    while !rest.is_empty() {
        let (length, after) = rest.split_once(' ').unwrap();
        let (message, next) = after.split_at(length.parse().unwrap());
        read_syslog(message);
        (rest, count) = (next, count + 1);
    }
    assert_eq!(count, HOSTILE.len());
}

/// The rules of CloudEvents 1.0 for context attributes: which there are, how they are named, of what they are.
#[test]
fn cloudevents_keep_the_rules_of_the_standard() {
    let (mut ids, mut last) = (std::collections::BTreeSet::new(), String::new());
    for event in everything() {
        let told = cloudevent(&event, &origin());
        let fields = told.as_object().unwrap();
        let text = |name: &str| {
            fields[name].as_str().filter(|t| !t.is_empty()).unwrap_or_else(|| panic!("{name}: {told}"))
        };
        assert_eq!(text("specversion"), "1.0");
        assert!(text("source").starts_with("urn:") && !text("source").contains(' '));
        assert!(ids.insert((text("source").to_owned(), text("id").to_owned())), "source and id are unique");
        assert!(text("type").starts_with("countersign.") && text("time").ends_with('Z'));
        assert_eq!(text("datacontenttype"), "application/json");
        assert!(last.as_str() < text("sequence"), "the order of text is that of entries");
        last = text("sequence").to_owned();
        for (name, value) in fields.iter().filter(|(n, _)| *n != "data") {
            assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()), "{name}");
            assert!(value.as_str().is_some_and(|v| !v.is_empty()), "{name}: attributes are texts");
        }
        assert_eq!(told["data"]["digest"], format!("sha256:{}", event.digest));
        assert!(told["data"]["body"] != Value::Null);
    }
}
