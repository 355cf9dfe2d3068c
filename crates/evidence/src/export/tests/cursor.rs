//! Gaps are named, and a cursor goes on where it says.

use super::super::{Cursor, Stream};
use ledger::{json, leaf_hash};
use serde_json::json;

fn entry(seq: u64, source: &str, source_seq: u64, time: u64) -> Vec<u8> {
    let entry = json!({"v": 1, "type": "own/1", "source": source, "seq": seq, "source_seq": source_seq, "time": time,
        "body": {}, "commitments": {}, "evidence": []});
    json::to_canonical(&entry).unwrap()
}

fn take(stream: &mut Stream, bytes: &[u8]) -> Result<u64, String> {
    stream.take(bytes, &leaf_hash(bytes)).map(|e| e.place.seq).map_err(|gap| gap.to_string())
}

fn begun() -> Stream {
    let mut stream = Stream::default();
    for bytes in [entry(0, "gate", 0, 5), entry(1, "run", 0, 5), entry(2, "gate", 1, 9)] {
        take(&mut stream, &bytes).unwrap();
    }
    stream
}

#[test]
fn a_gap_is_named_and_moves_nothing() {
    let cases = [
        (entry(5, "gate", 2, 9), "gap at entry 3: entries 3 to 4 are missing"),
        (entry(3, "run", 4, 9), "gap at entry 3: numbers 1 to 3 of `run` are missing"),
        (entry(3, "new", 1, 9), "gap at entry 3: numbers 0 to 0 of `new` are missing"),
        (entry(2, "gate", 1, 9), "gap at entry 3: entry 3 says it is entry 2"),
        (entry(3, "gate", 2, 8), "gap at entry 3: entry 3 is dated 8, before the entry before it (9)"),
        (b"{}".to_vec(), "gap at entry 3: it cannot be read: this is no entry: it has no field `v`"),
    ];
    for (bytes, told) in cases {
        let mut stream = begun();
        assert_eq!(take(&mut stream, &bytes).unwrap_err(), told);
        assert_eq!(stream, begun(), "{told}");
        assert_eq!(take(&mut stream, &entry(3, "gate", 2, 9)), Ok(3), "{told}");
    }
}

#[test]
fn an_entry_that_the_tree_was_not_built_over_is_a_gap() {
    let (mut stream, bytes) = (begun(), entry(3, "gate", 2, 9));
    let gap = stream.take(&bytes, &leaf_hash(b"other")).unwrap_err();
    assert_eq!(gap.at, 3);
    assert_eq!(gap.message, "its bytes are not those that the ledger's tree was built over");
}

#[test]
fn a_cursor_is_read_as_it_is_written_and_goes_on_there() {
    let cursor = begun().cursor([0xab; 32]);
    let text = cursor.to_string();
    assert_eq!(text, format!("3:9:{}:gate=2,run=1", "ab".repeat(32)));
    assert_eq!(Cursor::parse(&text), Some(cursor.clone()));
    let mut stream = Stream::after(&cursor);
    assert_eq!(stream, begun());
    assert_eq!(
        take(&mut stream, &entry(4, "gate", 3, 9)).unwrap_err(),
        "gap at entry 3: entries 3 to 3 are missing"
    );
    let empty = Stream::default().cursor([0; 32]).to_string();
    assert!(Cursor::parse(&empty).is_some_and(|c| Stream::after(&c) == Stream::default()));
}

#[test]
fn what_is_no_cursor_is_none() {
    let good = begun().cursor([0xab; 32]).to_string();
    let bad = [
        String::new(),
        good.replace("3:9", "4:9"),
        good.replace("3:9", "03:9"),
        good.replace("run=1", "run=x"),
        good.replace("ab:", "a:"),
        format!("{good}:"),
        format!("{good},"),
        good.replace("gate=2,run=1", "run=1,gate=2"),
        good.replace("run=1", "run=18446744073709551615"),
        "9".repeat(1 << 16),
    ];
    for text in bad {
        assert_eq!(Cursor::parse(&text), None, "{text}");
    }
}
