//! Entries get dense numbers, time never goes back, heads are signed over what was read back and over nothing else.

#![allow(clippy::unwrap_used, reason = "a test whose input is not there or not sound has failed")]

use ledger::{
    Algorithm, Batch, Draft, Entry, Head, Sealed, Sequence, Sequencer, Signer, entry::MAX_SOURCES,
    sequencer::split,
};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn signer(seed: u8) -> Signer {
    Signer::from_seed("example.com/log", Algorithm::Ed25519, &[seed; 32]).unwrap()
}

fn start() -> Sequencer {
    Sequencer::new(signer(9), Head::empty(&signer(9)).unwrap()).unwrap()
}

fn draft(source: &str, body: &Value) -> Draft {
    Draft::new("note/1", source, body).unwrap()
}

fn append(sequencer: &mut Sequencer, drafts: &[Draft], now: u64) -> (Batch, Sealed) {
    let batch = sequencer.prepare(drafts, now).unwrap();
    let sealed = sequencer.seal(&batch, &batch.bytes).unwrap();
    sequencer.follow(sealed.clone());
    (batch, sealed)
}

fn entries(batch: &Batch) -> Vec<Entry> {
    split(&batch.bytes).map(|e| Entry::parse(e.unwrap()).unwrap()).collect()
}

#[test]
fn numbers_are_dense_in_all_and_per_source() {
    let mut sequencer = start();
    let of = |s: &str| draft(s, &json!({}));
    let (first, _) = append(&mut sequencer, &[of("gate"), of("okta"), of("gate")], 100);
    let (second, _) = append(&mut sequencer, &[of("okta"), of("gate")], 90);
    let found: Vec<_> = [entries(&first), entries(&second)].concat();
    let places: Vec<_> =
        found.iter().map(|e| (e.place.seq, e.source.as_str(), e.place.source_seq, e.place.time)).collect();
    assert_eq!(
        places,
        [
            (0, "gate", 0, 100),
            (1, "okta", 0, 100),
            (2, "gate", 1, 100),
            (3, "okta", 1, 100),
            (4, "gate", 2, 100)
        ]
    );
    let mut sequence = Sequence::default();
    found.iter().for_each(|e| sequence.follow(e).unwrap());
    assert_eq!(sequence, sequencer.head().sequence);
}

#[test]
fn a_gap_a_repetition_and_an_older_time_are_named() {
    let mut sequencer = start();
    let of = |s: &str| draft(s, &json!({}));
    let (batch, _) = append(&mut sequencer, &[of("a"), of("b"), of("a")], 100);
    let all = entries(&batch);
    let told = |order: &[usize], change: &dyn Fn(&mut Entry)| {
        let mut sequence = Sequence::default();
        let mut last = Ok(());
        for at in order {
            let mut entry = all[*at].clone();
            change(&mut entry);
            last = last.and_then(|()| sequence.follow(&entry));
        }
        last.unwrap_err().to_string()
    };
    assert_eq!(told(&[0, 2], &|_| ()), "entry 1 says it is entry 2");
    assert_eq!(told(&[0, 0], &|_| ()), "entry 1 says it is entry 0");
    let skipped = told(&[0, 1, 2], &|e| e.place.source_seq += u64::from(e.place.seq == 2));
    assert_eq!(skipped, "entry 2 says it is number 2 of `a`, and number 1 comes next");
    let older = told(&[0, 1], &|e| e.place.time -= e.place.seq);
    assert_eq!(older, "entry 1 is dated 99, before the entry before it (100)");
}

#[test]
fn an_entry_is_canonical_and_has_one_spelling() {
    let body = json!({"z": [1, {"b": null, "a": "ü\u{1}"}], "a": true});
    let commitments = BTreeMap::from([("login".to_owned(), [7; 32])]);
    let drafts = [Draft::with("release.signed/2", "gate", &body, &commitments, &[[1; 32], [2; 32]]).unwrap()];
    let batch = start().prepare(&drafts, 1_764_360_000_000).unwrap();
    let bytes = split(&batch.bytes).next().unwrap().unwrap();
    assert_eq!(ledger::json::canonicalise(bytes).unwrap(), bytes);
    let entry = Entry::parse(bytes).unwrap();
    assert_eq!(
        (entry.kind.as_str(), &entry.body, &entry.commitments),
        ("release.signed/2", &body, &commitments)
    );
    assert_eq!((entry.evidence.as_slice(), entry.place), (&[[1; 32], [2; 32]][..], batch.places[0]));
    let text = std::str::from_utf8(bytes).unwrap();
    let others = [
        text.replace("\"v\":1", "\"v\":2"),
        text.replace("\"seq\":0", "\"seq\":-1"),
        text.replace("\"seq\":0", "\"seq\":\"0\""),
        text.replace("\"evidence\"", "\"evidense\""),
        text.replace("\"v\":1", "\"v\":1,\"w\":1"),
        text.replace("sha256:0101", "sha256:01"),
        text.replace("release.signed/2", "release.signed"),
        text.replace("\"gate\"", "\"The Gate\""),
        text.replace(",\"seq\"", ", \"seq\""),
        text.replace("{\"body\":{\"a\":true,", "{\"body\":{"),
    ];
    for other in &others[..9] {
        assert!(Entry::parse(other.as_bytes()).is_err(), "{other}");
    }
    assert!(Entry::parse(others[9].as_bytes()).is_ok(), "another body is another entry");
}

#[test]
fn drafts_that_no_entry_can_be_made_of_are_refused() {
    let long = json!({ "text": "x".repeat(65_400) });
    let told = Draft::new("note/1", "gate", &long).unwrap_err().to_string();
    assert!(told.contains("content store"), "{told}");
    assert!(Draft::new("note/1", "gate", &json!({ "text": "x".repeat(65_000) })).is_ok());
    for kind in ["note", "note/0", "note/01", "Note/1", "/1", "note/1/2", "note/x", ""] {
        assert!(Draft::new(kind, "gate", &json!({})).is_err(), "{kind}");
    }
    for source in ["", "A", "a b", "1a", "ü", &"a".repeat(65)] {
        assert!(Draft::new("note/1", source, &json!({})).is_err(), "{source}");
    }
    for body in [json!(1), json!([]), json!(null)] {
        assert!(Draft::new("note/1", "gate", &body).is_err(), "{body}");
    }
}

#[test]
fn the_longest_entry_fits_a_bundle() {
    let source = "s".repeat(64);
    let kind = format!("{}/1", "k".repeat(62));
    let room = (0..70_000)
        .rev()
        .find_map(|n| Draft::new(&kind, &source, &json!({ "t": "x".repeat(n) })).ok())
        .unwrap();
    let batch = start().prepare(&[room], (1 << 53) - 2).unwrap();
    assert!(batch.bytes.len() <= usize::from(u16::MAX) + 2 && batch.bytes.len() > 65_000);
    assert_eq!(entries(&batch)[0].place.time, (1 << 53) - 2);
}

#[test]
fn sources_are_bounded() {
    let drafts: Vec<_> = (0..MAX_SOURCES).map(|i| draft(&format!("s{i}"), &json!({}))).collect();
    let mut sequencer = start();
    append(&mut sequencer, &drafts, 1);
    assert!(sequencer.prepare(&[draft("one-more", &json!({}))], 1).is_err());
    let head = Head::parse(&sequencer.head().to_json().unwrap()).unwrap();
    assert_eq!(head, *sequencer.head());
    assert!(sequencer.head().to_json().unwrap().len() < 20_000);
}

/// Each fifth bit of a stored head, changed: it is not read, not believed, or says the same.
#[test]
fn every_bit_of_a_head_counts() {
    let mut sequencer = start();
    append(&mut sequencer, &[draft("a", &json!({})), draft("b", &json!({})), draft("a", &json!({}))], 5);
    let good = sequencer.head().to_json().unwrap();
    let mut believed = 0;
    for bit in (0..good.len() * 8).step_by(5) {
        let mut bad = good.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        if Head::parse(&bad).is_ok_and(|h| h.verify(signer(9).verifier()).is_ok()) {
            believed += 1;
        }
    }
    // Names of sources and the time are not signed with the head: the check of the ledger holds them against the entries.
    assert!(believed < 16, "{believed}");
    let other = Head::empty(&signer(8)).unwrap();
    assert!(Sequencer::new(signer(9), other).is_err());
}

#[test]
fn a_log_that_went_back_or_forked_is_refused() {
    let mut ours = start();
    let mut theirs = start();
    let before = ours.head().clone();
    append(&mut ours, &[draft("a", &json!({"n": 1}))], 5);
    append(&mut theirs, &[draft("a", &json!({"n": 2}))], 5);
    assert!(ours.advance(before).unwrap_err().to_string().contains("went back"));
    assert!(ours.advance(theirs.head().clone()).unwrap_err().to_string().contains("forked"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// However entries are grouped, the log is the same, and its root is that of the plain tree.
    #[test]
    fn grouping_changes_nothing(groups in prop::collection::vec(1_usize..40, 1..12)) {
        let drafts: Vec<_> = (0..groups.iter().sum()).map(|i| draft(["a", "b"][i % 2], &json!({ "i": i }))).collect();
        let (mut grouped, mut at, mut bytes) = (start(), 0, Vec::new());
        for group in &groups {
            let (batch, _) = append(&mut grouped, &drafts[at..at + group], 7);
            prop_assert_eq!(batch.hashes.iter().filter(|h| h.level == 0).count(), *group);
            bytes.extend(batch.bytes);
            at += group;
        }
        let mut whole = start();
        let (batch, _) = append(&mut whole, &drafts, 7);
        prop_assert_eq!(&bytes, &batch.bytes);
        prop_assert_eq!(grouped.head(), whole.head());
        let tree: ledger::Tree = split(&bytes).map(|e| ledger::leaf_hash(e.unwrap())).collect();
        prop_assert_eq!(tree.root().unwrap(), whole.head().root());
    }

    #[test]
    fn readers_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), text in "\\PC{0,200}") {
        for input in [bytes.as_slice(), text.as_bytes()] {
            let _ = (Entry::parse(input), Head::parse(input), ledger::commitment::Opening::parse(input));
            let _ = split(input).count();
        }
    }
}
