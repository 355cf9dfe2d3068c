//! Every act, every effect and every outcome, in every format, held against the published schemas where they are at hand.

#![allow(clippy::unwrap_used, reason = "a test whose input is not there or not sound has failed")]

mod cursor;
mod documents;
mod lines;
mod ocsf;
mod set;

use super::{ACTS, EFFECT, EFFECTS, Event, Origin};
use crate::Opened;
use crate::act::{ACT, ActBody, BASIS};
use ledger::commitment::Opening;
use ledger::{Entry, json};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A path in the material that is shared with other projects; says that the test is skipped where it is not there.
fn shared(path: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("COUNTERSIGN_SHARED").map(PathBuf::from);
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let found = folder.unwrap_or(beside).join(path);
    if !found.exists() {
        println!("skipped: no `{}`", found.display());
    }
    found.exists().then_some(found)
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn origin() -> Origin {
    Origin { log: "corp.test/ledger".to_owned(), version: "1.2.3".to_owned() }
}

/// An entry with values beside it; those in `shown` are disclosed.
fn entry(seq: u64, kind: &str, body: &Value, values: &[(&str, &str)], shown: &[&str]) -> (Opened, Vec<u8>) {
    let opening =
        |name: &str, value: &str| Opening { name: name.to_owned(), salt: [7; 32], value: value.into() };
    let committed: BTreeMap<String, String> = values
        .iter()
        .map(|(name, value)| {
            let hash = opening(name, value).commitment().unwrap();
            ((*name).to_owned(), format!("sha256:{}", ledger::encoding::to_hex(&hash)))
        })
        .collect();
    let entry = json!({
        "v": 1, "type": kind, "source": "gate", "seq": seq, "source_seq": seq, "time": 1_795_600_800_123u64 + seq,
        "body": body, "commitments": committed, "evidence": [],
    });
    let bytes = json::to_canonical(&entry).unwrap();
    let entry = Entry::parse(&bytes).unwrap();
    let act = (kind == ACT).then(|| ActBody::of(&entry).unwrap());
    let disclosed = values.iter().filter(|(name, _)| shown.contains(name));
    let openings = disclosed.map(|(name, value)| ((*name).to_owned(), opening(name, value))).collect();
    (Opened { entry, act, openings }, bytes)
}

fn act_body(act: &str, allow: bool, verdict: bool) -> Value {
    json!({
        "act": act, "allow": allow, "closure": "sha256:11", "environment": "production", "mode": "enforce",
        "controls": ["nist-sp800-53-r5 CM-3(2)", "nist-csf-2.0 PR.AA-05", "owasp-nhi-2025 NHI1:2025", "pci-dss-4.0.1 6.2.3.1"],
        "modes": {}, "of": null, "people": null, "policy": null, "rests_on": [], "rules": ["four-eyes"],
        "subject": "workflow/Leaver: \"a|b\" \\ [c]=d", "tier": 3, "until": null, "verdict": verdict,
    })
}

fn effect_body(effect: &str, of: &str, outcome: &str) -> Value {
    let mut body = json!({"effect": effect, "outcome": outcome, "system": "okta", "entitlement": "Finance", "execution": "x-1", "step": "add", "release": 3});
    if !of.is_empty() {
        body["of"] = of.into();
    }
    body
}

/// Who acted, whose access it was, where they are in SCIM, and values that are nobody's to export.
const VALUES: &[(&str, &str)] = &[
    ("by", "ann"),
    ("identity", "kim@corp.test"),
    ("scim", "/Users/2819c223"),
    ("reason", "canary-reason"),
    ("facts", "canary-facts"),
    ("login", "canary-login"),
];

/// All that can be on record: disclosed, withheld, without values.
fn everything() -> Vec<Event> {
    let all = ["by", "identity", "scim", "reason", "facts", "login"];
    let mut out = Vec::new();
    let mut add = |kind: &str, body: &Value| {
        for (values, shown) in [(VALUES, &all[..]), (VALUES, &[]), (&[], &[])] {
            let (opened, bytes) = entry(out.len() as u64, kind, body, values, shown);
            out.push(Event::of(&opened, &bytes));
        }
    };
    for row in
        ACTS.iter().filter(|r| !matches!(r.word, "" | "basis" | "erase" | "expire" | "hold" | "release-hold"))
    {
        for (allow, verdict) in [(true, true), (true, false), (false, false)] {
            add(ACT, &act_body(row.word, allow, verdict));
        }
    }
    for row in EFFECTS {
        let word = if row.row.word.is_empty() { "ticket" } else { row.row.word };
        for of in row.of.iter().chain([&""]) {
            for outcome in ["succeeded", "failed", "unknown"] {
                add(EFFECT, &effect_body(word, of, outcome));
            }
        }
    }
    add(EFFECT, &json!({"effect": "grant", "outcome": "succeeded"}));
    add(EFFECT, &json!({"effect": 7, "secret": "canary-body"}));
    add(BASIS, &json!({"of": "people"}));
    add(BASIS, &json!({"of": "policy", "version": "v"}));
    for act in ["erase", "expire", "hold", "release-hold"] {
        add("custody/1", &json!({"act": act, "values": {"3": ["by"]}}));
    }
    add("run/1", &json!({"execution": "x-1", "status": "succeeded", "release": 3, "secret": "canary-body"}));
    add("own.thing/2", &json!({"secret": "canary-body"}));
    out
}

#[test]
fn every_act_has_a_row_and_every_row_a_use() {
    for (word, ..) in crate::ENGLISH.acts {
        assert_eq!(super::map::act(word).word, *word, "no row for `{word}`");
    }
    assert!(ACTS.iter().all(|r| (1..=5).contains(&r.severity)));
    for (i, row) in EFFECTS.iter().enumerate() {
        let of = row.of.first().copied().unwrap_or_default();
        assert!(std::ptr::eq(super::map::effect(row.row.word, of), &EFFECTS[i]), "row {i} is never reached");
    }
}

#[test]
fn only_three_names_are_ever_shown_and_withheld_ones_never() {
    let origin = origin();
    let key = super::Issuer {
        name: "https://corp.test".into(),
        audience: vec![],
        key: super::Key::ed25519(&[1; 32]),
    };
    for event in everything() {
        let mut all = vec![
            super::ocsf(&event, &origin).to_string(),
            super::cef(&event, &origin),
            super::syslog(&event, &origin, 32473, super::Framing::Lines),
            super::cloudevent(&event, &origin).to_string(),
        ];
        for token in key.tokens(&event).unwrap() {
            let claims = token.split('.').nth(1).unwrap();
            all.push(String::from_utf8(set::decode(claims)).unwrap());
        }
        let disclosed = event.by.as_ref().is_some_and(|by| by.name.is_some());
        for text in &all {
            assert!(!text.contains("canary"), "{text}");
            let named = ["`ann`", "kim@corp.test", "2819c223"].iter().any(|name| text.contains(name));
            assert!(disclosed || !named, "a name that is withheld: {text}");
        }
        if disclosed {
            assert!(all[3].contains("\"by\":\"ann\"") && all[3].contains("kim@corp.test"), "{}", all[3]);
        }
    }
}

#[test]
fn what_was_refused_or_let_through_is_more_severe() {
    let severity = |act: &str, allow, verdict| {
        let (opened, bytes) = entry(0, ACT, &act_body(act, allow, verdict), &[], &[]);
        Event::of(&opened, &bytes).severity()
    };
    assert_eq!(
        [
            severity("release", true, true),
            severity("release", false, false),
            severity("release", true, false)
        ],
        [1, 2, 3]
    );
    assert_eq!(severity("open-break-glass", true, true), 4);
}
