//! Every single bit of a log and of a proof counts; and the policies that say whom to believe.

#![allow(clippy::unwrap_used, reason = "a test whose input is not there or not sound has failed")]

use ledger::{
    Algorithm, Checkpoint, Error, LogProof, MemoryLog, Note, Policy, ReadTiles, Result, Signer, Tile, audit,
    leaf_hash,
};
use std::collections::{BTreeMap, BTreeSet};

fn signer(name: &str, algorithm: Algorithm, seed: u8) -> Signer {
    Signer::from_seed(name, algorithm, &[seed; 32]).unwrap()
}

fn witness(seed: u8) -> Signer {
    signer(&format!("example.com/w{seed}"), Algorithm::Cosignature, seed)
}

/// A log of so many entries, cosigned by so many witnesses.
fn cosigned_log(entries: u64, witnesses: u8) -> MemoryLog {
    let mut log = MemoryLog::new(signer("example.com/log", Algorithm::Ed25519, 9)).unwrap();
    for i in 0..entries {
        log.append(format!("entry {i}")).unwrap();
    }
    let mut note = log.publish().unwrap().clone();
    for seed in 1..=witnesses {
        note.cosign(&witness(seed), 1_700_000_000 + u64::from(seed)).unwrap();
    }
    let lines: String = note.signatures()[1..].iter().map(ToString::to_string).collect();
    log.add_cosignatures(&lines).unwrap();
    log
}

fn policy(rule: &str) -> Policy {
    let mut text = format!("log {}\n", signer("example.com/log", Algorithm::Ed25519, 9).verifier().to_vkey());
    for seed in 1..=3 {
        text += &format!("witness w{seed} {}\n", witness(seed).verifier().to_vkey());
    }
    Policy::parse((text + rule).as_bytes()).unwrap()
}

const ALL: &str = "group g all w1 w2 w3\nquorum g\n";

/// A log as it was written out, to be tampered with.
struct Stored(BTreeMap<String, Vec<u8>>);

impl ReadTiles for Stored {
    fn read_tile(&self, tile: &Tile) -> Result<Vec<u8>> {
        self.0.get(&tile.path()).cloned().ok_or_else(|| Error::new(format!("`{tile}` is missing")))
    }
}

fn stored(log: &MemoryLog) -> Stored {
    Stored(Tile::all(log.size()).map(|t| (t.path(), log.read_tile(&t).unwrap())).collect())
}

/// Flips bits of every tile and bundle, each `step`-th, and returns how many; each has to be found, with its place.
fn flip_tiles(entries: u64, step: usize) -> usize {
    let log = cosigned_log(entries, 3);
    let head = Checkpoint::parse(log.checkpoint().text()).unwrap();
    let mut stored = stored(&log);
    audit(&stored, &head, |_, _| Ok(())).unwrap();
    let paths: Vec<_> = stored.0.keys().cloned().collect();
    let mut count = 0;
    for path in paths {
        for bit in (0..stored.0[&path].len() * 8).step_by(step) {
            let change = |s: &mut Stored| s.0.get_mut(&path).unwrap()[bit / 8] ^= 1 << (bit % 8);
            change(&mut stored);
            let found = audit(&stored, &head, |_, _| Ok(())).unwrap_err().to_string();
            assert!(found.contains("tile/"), "bit {bit} of {path}: {found}");
            change(&mut stored);
            count += 1;
        }
    }
    count
}

#[test]
fn every_bit_of_a_small_logs_tiles_counts() {
    println!("{} flips found, with their place", flip_tiles(11, 1));
}

#[test]
fn bits_of_a_log_with_two_levels_of_tiles_count() {
    println!("{} flips found, with their place", flip_tiles(300, 509));
}

#[test]
fn every_bit_of_a_cosigned_checkpoint_and_of_a_proof_counts() {
    let log = cosigned_log(11, 1);
    let policy = policy("quorum w1\n");
    let mut file = log.prove(6).unwrap().to_string().into_bytes();
    let check = |file: &[u8]| LogProof::parse(file)?.verify(&leaf_hash(b"entry 6"), &policy).map(|p| p.index);
    assert_eq!(check(&file), Ok(6));
    for bit in 0..file.len() * 8 {
        file[bit / 8] ^= 1 << (bit % 8);
        assert!(check(&file).is_err(), "bit {bit}: {}", String::from_utf8_lossy(&file));
        file[bit / 8] ^= 1 << (bit % 8);
    }
    println!("{} flips of a proof file with its checkpoint found", file.len() * 8);
}

#[test]
fn what_is_missing_swapped_or_cut_is_found() {
    let log = cosigned_log(300, 3);
    let head = Checkpoint::parse(log.checkpoint().text()).unwrap();
    for path in stored(&log).0.keys() {
        let mut other = stored(&log);
        other.0.remove(path);
        assert!(audit(&other, &head, |_, _| Ok(())).is_err(), "{path} removed");
        let mut other = stored(&log);
        other.0.get_mut(path).unwrap().pop();
        assert!(audit(&other, &head, |_, _| Ok(())).is_err(), "{path} cut");
        let mut other = stored(&log);
        other.0.get_mut(path).unwrap().rotate_left(32);
        assert!(audit(&other, &head, |_, _| Ok(())).is_err() || path == "tile/1/000.p/1", "{path} turned");
    }
    let shorter = Checkpoint { size: 299, ..head.clone() };
    assert!(audit(&log, &shorter, |_, _| Ok(())).is_err());
}

#[test]
fn an_audit_hands_every_entry_on_in_order() {
    let log = cosigned_log(300, 3);
    let head = Checkpoint::parse(log.checkpoint().text()).unwrap();
    let mut next = 0;
    let audited = audit(&log, &head, |index, entry| {
        assert_eq!((index, entry), (next, format!("entry {next}").as_bytes()));
        next += 1;
        Ok(())
    });
    let audited = audited.unwrap();
    assert_eq!((audited.entries, audited.tiles, next), (300, 5, 300));
}

#[test]
fn a_checkpoint_needs_its_log_and_its_quorum() {
    let log = cosigned_log(5, 3);
    let full = log.checkpoint().to_string();
    let without = |names: &[&str]| {
        let keep = |l: &&str| !names.iter().any(|n| l.starts_with(&format!("— example.com/{n} ")));
        Note::parse(full.split_inclusive('\n').filter(keep).collect::<String>().as_bytes()).unwrap()
    };
    let two = policy("group g 2 w1 w2 w3\nquorum g\n");
    let nested = policy("group a any w1 w2\ngroup g all a w3\nquorum g\n");
    assert_eq!(policy(ALL).accept(&without(&[])).unwrap().witnesses[2].1, 1_700_000_003);
    assert!(two.accept(&without(&["w2"])).is_ok() && two.accept(&without(&["w1", "w2"])).is_err());
    assert!(nested.accept(&without(&["w1"])).is_ok() && nested.accept(&without(&["w3"])).is_err());
    assert!(policy("quorum none").accept(&without(&["w1", "w2", "w3"])).is_ok());
    assert!(policy("quorum none").accept(&without(&["log"])).is_err());
    assert!(policy("quorum w1").accept(&without(&["w2"])).is_ok());
    let present: BTreeSet<&[u8]> = [b"w1".as_slice()].into();
    assert!(!two.is_quorum(&present) && policy("quorum w1").is_quorum(&present));
}

#[test]
fn one_witness_counts_once_and_a_forged_one_spoils_the_note() {
    let log = cosigned_log(5, 3);
    let two = policy("group g 2 w1 w2 w3\nquorum g\n");
    let mut note = Note::new(log.checkpoint().text()).unwrap();
    note.sign(&signer("example.com/log", Algorithm::Ed25519, 9)).unwrap();
    note.cosign(&witness(1), 5).unwrap();
    let mut later = note.clone();
    later.cosign(&witness(1), 9).unwrap();
    note.add_lines(&later.signatures()[1].to_string()).unwrap();
    assert_eq!(note.signatures().len(), 3);
    assert!(two.accept(&note).is_err());
    assert_eq!(policy("quorum w1").accept(&note).unwrap().witnesses[0].1, 9);
    let mut other = Note::new("example.com/log\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n").unwrap();
    other.cosign(&witness(2), 5).unwrap();
    note.add_lines(&other.signatures()[0].to_string()).unwrap();
    assert!(policy("quorum w1").accept(&note).unwrap_err().to_string().contains("example.com/w2"));
}

#[test]
fn policies_that_mean_nothing_are_refused() {
    let log = signer("l", Algorithm::Ed25519, 9).verifier().to_vkey();
    let (a, b) = (witness(1).verifier().to_vkey(), witness(2).verifier().to_vkey());
    let two = format!("witness a {a}\nwitness b {b}\n");
    let good = format!("# known\n \t\nlog {log} https://l\n{two}group g 1 a b\n\tquorum  g \n");
    let read = Policy::parse(good.as_bytes()).unwrap();
    assert_eq!((read.logs().len(), read.witnesses().len()), (1, 2));
    let same_key = signer("other", Algorithm::Cosignature, 1).verifier().to_vkey();
    let bad = [
        format!("log {log}\n"),
        "quorum none\nquorum none\n".to_owned(),
        "quorum g\n".to_owned(),
        format!("log {log}\nlog {log}\nquorum none\n"),
        format!("log {a}\nquorum none\n"),
        format!("witness a {log}\nquorum a\n"),
        format!("witness none {a}\nquorum none\n"),
        format!("witness a {a}\nwitness c {same_key}\nquorum a\n"),
        format!("{two}group a 1 b\nquorum a\n"),
        format!("{two}group g 0 a b\nquorum g\n"),
        format!("{two}group g 3 a b\nquorum g\n"),
        format!("{two}group g 01 a b\nquorum g\n"),
        format!("{two}group g any\nquorum g\n"),
        format!("{two}group g any a a\nquorum g\n"),
        format!("{two}group g any a\ngroup h any a b\nquorum h\n"),
        format!("{two}group g any none\nquorum g\n"),
        format!("group g any a\n{two}quorum g\n"),
        format!("{two}quorum a b\n"),
        "quorum none\r\n".to_owned(),
        "quorum none\nlag x\n".to_owned(),
        format!("log {}\nquorum none\n", log.replace("+A", "+B")),
    ];
    let chain: String = (1..2000).map(|i| format!("group {i} any {}\n", i - 1)).collect();
    assert!(Policy::parse(format!("witness 0 {a}\n{chain}quorum 1999\n").as_bytes()).is_err());
    for text in bad {
        assert!(Policy::parse(text.as_bytes()).is_err(), "{text}");
    }
}
