//! How a definition's text is stored changes nothing: the example company's definitions with other line ends, with a mark,
//! in UTF-16 and with the keys of their objects in another order give the same digests, steps and findings.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot read its report has failed")]

mod common;

use common::{Folder, repository};
use serde_json::Value;
use std::path::Path;

/// A definition, written in another way.
type Rewrite = fn(&str) -> Vec<u8>;

fn same(text: &str) -> Vec<u8> {
    text.as_bytes().to_vec()
}

fn with_line_ends_of_windows(text: &str) -> Vec<u8> {
    text.replace('\n', "\r\n").into_bytes()
}

fn with_mark(text: &str) -> Vec<u8> {
    format!("\u{FEFF}{text}").into_bytes()
}

fn as_utf16(text: &str) -> Vec<u8> {
    format!("\u{FEFF}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// JSON with its keys in the order of the alphabet; what is no JSON stays.
fn with_sorted_keys(text: &str) -> Vec<u8> {
    match serde_json::from_str::<Value>(text) {
        Ok(value) => sorted(value).to_string().into_bytes(),
        Err(_) => same(text),
    }
}

fn sorted(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<(String, Value)> = map.into_iter().map(|(k, v)| (k, sorted(v))).collect();
            entries.sort_by(|(a, _), (b, _)| a.cmp(b));
            Value::Object(entries.into_iter().collect())
        }
        Value::Array(items) => items.into_iter().map(sorted).collect(),
        other => other,
    }
}

/// The examples, with each definition rewritten.
fn examples(rewrite: Rewrite) -> Folder {
    let folder = Folder::empty();
    copy(&repository().join("examples"), folder.path(), rewrite);
    folder
}

fn copy(from: &Path, to: &Path, rewrite: Rewrite) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(|e| e.unwrap()) {
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        let name = entry.file_name().to_string_lossy().into_owned();
        if path.is_dir() {
            copy(&path, &target, rewrite);
        } else if is_definition(&path) && !name.contains(".control.") && !name.contains(".test.") {
            std::fs::write(target, rewrite(&std::fs::read_to_string(&path).unwrap())).unwrap();
        } else {
            std::fs::copy(&path, target).unwrap();
        }
    }
}

fn is_definition(path: &Path) -> bool {
    let kinds = ["json", "yaml", "bpmn", "flopack", "icon"];
    path.components().any(|c| c.as_os_str() == "workflows")
        && path.extension().is_some_and(|e| kinds.iter().any(|k| e == *k))
}

/// What is said of the examples, without lines and ways of proof, and in no order.
fn told(rewrite: Rewrite) -> Vec<Value> {
    let report = examples(rewrite).run(&["check", "--format", "json", "--no-cache"]).json();
    let mut told: Vec<Value> = ["workflows", "problems"]
        .iter()
        .flat_map(|list| report[*list].as_array().unwrap().iter().cloned().map(without_lines))
        .collect();
    told.sort_by_key(Value::to_string);
    told
}

fn without_lines(mut value: Value) -> Value {
    if let Some(map) = value.as_object_mut() {
        map.remove("line");
        // In how many states a proof was found is how it went about it.
        map.remove("because");
        for (key, inner) in map.iter_mut() {
            *inner = without_lines(inner.take());
            if let ("steps" | "findings" | "proofs", Value::Array(list)) = (key.as_str(), inner) {
                list.sort_by_key(Value::to_string);
            }
        }
    } else if let Some(list) = value.as_array_mut() {
        list.iter_mut().for_each(|inner| *inner = without_lines(inner.take()));
    }
    value
}

fn assert_same(rewrite: Rewrite) {
    let (plain, other) = (told(same), told(rewrite));
    assert!(plain.len() > 40, "the examples were read");
    for (plain, other) in plain.iter().zip(&other) {
        assert_eq!(plain, other);
    }
    assert_eq!(plain.len(), other.len());
}

#[test]
fn line_ends_change_nothing() {
    assert_same(with_line_ends_of_windows);
}

#[test]
fn marks_and_encodings_change_nothing() {
    assert_same(with_mark);
    assert_same(as_utf16);
}

#[test]
fn the_order_of_keys_changes_nothing() {
    assert_eq!(with_sorted_keys(r#"{"b": 1, "a": [{"d": 2, "c": 3}]}"#), br#"{"a":[{"c":3,"d":2}],"b":1}"#);
    assert_same(with_sorted_keys);
}
