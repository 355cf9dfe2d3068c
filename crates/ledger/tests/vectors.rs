//! The published vectors of logs: Merkle proofs, a log of Tessera's, exchanges with a witness, worked examples.

#![allow(clippy::unwrap_used, reason = "a test whose input is not there or not sound has failed")]

mod common;

use common::{Folder, bytes, files, json, vectors};
use ledger::{
    Algorithm, Checkpoint, Hash, LogProof, Note, Policy, Signer, VerifierKey, audit, encoding,
    merkle::{self, empty_root, leaf_hash, verify_consistency, verify_inclusion},
    tile::TiledTree,
    witness::{Answer, KnownLog, add_checkpoint},
};
use serde_json::Value;

/// A hash of a vector, which may have any length: where it has not 32 bytes, nothing can be computed from it.
fn hash(value: &Value) -> Option<Hash> {
    bytes(value).try_into().ok()
}

/// A root of a consistency vector. Some are other bytes, to be compared but never computed: their hash stands for them,
/// since the types here have no room for a root that is none.
fn root(value: &Value) -> Hash {
    hash(value).unwrap_or_else(|| leaf_hash(&bytes(value)))
}

fn hashes(value: &Value) -> Option<Vec<Hash>> {
    value.as_array().map_or(Some(Vec::new()), |a| a.iter().map(hash).collect())
}

fn inclusion(v: &Value) -> Option<bool> {
    let (leaf, root, proof) = (hash(&v["leafHash"])?, hash(&v["root"])?, hashes(&v["proof"])?);
    let (index, size) = (v["leafIdx"].as_u64()?, v["treeSize"].as_u64()?);
    Some(verify_inclusion(&leaf, index, size, &proof, &root).is_ok())
}

fn consistency(v: &Value) -> Option<bool> {
    let (old, new, proof) = (root(&v["root1"]), root(&v["root2"]), hashes(&v["proof"])?);
    let sizes = (v["size1"].as_u64()?, v["size2"].as_u64()?);
    Some(verify_consistency((sizes.0, &old), (sizes.1, &new), &proof).is_ok())
}

#[test]
fn merkle_proofs_of_transparency_dev() {
    let Some(folder) = vectors("merkle-rfc6962") else { return };
    let mut wrong = Vec::new();
    let all = files(&folder, ".json");
    for path in &all {
        let v = json(path);
        let holds = if v["leafHash"].is_string() { inclusion(&v) } else { consistency(&v) }.unwrap_or(false);
        if holds == v["wantErr"].as_bool().unwrap() {
            wrong.push(path.display().to_string());
        }
    }
    println!("merkle-rfc6962: {} of {} as expected", all.len() - wrong.len(), all.len());
    assert!(!all.is_empty() && wrong.is_empty(), "{wrong:#?}");
}

/// The key that the folder of Tessera's log names in its note.
fn tessera_key(folder: &std::path::Path) -> VerifierKey {
    let note = std::fs::read_to_string(folder.join("NOTE.txt")).unwrap();
    let vkey = note.lines().find_map(|l| l.strip_prefix("vkey: ")).unwrap();
    VerifierKey::parse(vkey.split(' ').next().unwrap()).unwrap()
}

#[test]
fn the_log_of_tessera() {
    let Some(folder) = vectors("tessera-log") else { return };
    let policy = format!("log {}\nquorum none\n", tessera_key(&folder).to_vkey());
    let policy = Policy::parse(policy.as_bytes()).unwrap();
    let log = Folder(folder.join("testdata/log"));
    let listed = std::fs::read_dir(&log.0).unwrap().flatten().map(|e| e.file_name().into_string().unwrap());
    let numbers: Vec<u64> = listed.filter_map(|n| n.strip_prefix("checkpoint.")?.parse().ok()).collect();
    let (mut heads, mut tiles, mut entries) = (Vec::new(), 0, 0);
    for number in &numbers {
        let note = Note::parse(&std::fs::read(log.0.join(format!("checkpoint.{number}"))).unwrap()).unwrap();
        let accepted = policy.accept(&note).unwrap();
        assert_eq!(
            (accepted.checkpoint.size, note.to_string().len()),
            (*number, std::fs::metadata(log.0.join(format!("checkpoint.{number}"))).unwrap().len() as usize)
        );
        let audited = audit(&log, &accepted.checkpoint, |_, _| Ok(())).unwrap();
        (tiles, entries) = (tiles + audited.tiles, entries.max(audited.entries));
        prove_all(&log, &policy, &note, &accepted.checkpoint);
        heads.push(accepted.checkpoint);
    }
    let on_disk = files(&log.0.join("tile"), "").len() as u64;
    println!(
        "tessera-log: {} checkpoints, {tiles} of {on_disk} tiles and bundles, {entries} entries",
        heads.len()
    );
    assert!(!heads.is_empty());
    assert_eq!(tiles, on_disk);
    consistent_with_each_other(&log, &heads);
}

/// Every entry under this checkpoint, proven from the tiles by way of a proof file.
fn prove_all(log: &Folder, policy: &Policy, note: &Note, head: &Checkpoint) {
    let mut leaves = Vec::new();
    audit(log, head, |_, entry| {
        leaves.push(leaf_hash(entry));
        Ok(())
    })
    .unwrap();
    for (index, leaf) in (0..).zip(&leaves) {
        let hashes = merkle::inclusion_proof(&TiledTree::new(log, head.size), index, head.size).unwrap();
        let file = LogProof { extra: None, index, hashes, checkpoint: note.clone() }.to_string();
        let proof = LogProof::parse(file.as_bytes()).unwrap();
        assert_eq!(proof.verify(leaf, policy).unwrap().index, index);
    }
}

fn consistent_with_each_other(log: &Folder, heads: &[Checkpoint]) {
    for old in heads.iter().filter(|h| h.size > 0) {
        for new in heads.iter().filter(|h| h.size >= old.size) {
            let proof =
                merkle::consistency_proof(&TiledTree::new(log, new.size), old.size, new.size).unwrap();
            verify_consistency((old.size, &old.root), (new.size, &new.root), &proof).unwrap();
        }
    }
}

#[test]
fn exchanges_with_a_witness() {
    let Some(folder) = vectors("tlog-witness") else { return };
    let v = json(&folder.join("exchanges.json"));
    let key = encoding::from_hex(v["log_public_key_hex"].as_str().unwrap()).unwrap();
    let origin = v["log_origin"].as_str().unwrap();
    let log = VerifierKey::new(origin, Algorithm::Ed25519, &key.try_into().unwrap()).unwrap();
    let name = v["witness_name"].as_str().unwrap();
    let signer = Signer::from_seed(name, Algorithm::Cosignature, &[3; 32]).unwrap();
    let (mut latest, mut differ): (Option<Checkpoint>, _) = (None, Vec::new());
    let exchanges = v["exchanges"].as_array().unwrap();
    for (number, exchange) in exchanges.iter().enumerate() {
        let body = exchange["body"].as_str().unwrap();
        let known = |asked: &str| {
            (asked == origin).then(|| KnownLog { keys: std::slice::from_ref(&log), latest: latest.clone() })
        };
        let answer = add_checkpoint(&signer, body.as_bytes(), 1_700_000_000, known);
        assert_said(&answer.body(), &exchange["asserts"], number);
        if u64::from(answer.status()) != exchange["status"].as_u64().unwrap() {
            differ.push((number, exchange["status"].as_u64().unwrap(), answer.status()));
        }
        if let Answer::Cosigned { latest: new, line } = answer {
            let mut note = Note::parse(body.split_once("\n\n").unwrap().1.as_bytes()).unwrap();
            note.add_lines(&line).unwrap();
            assert_eq!(note.verify([signer.verifier(), &log]).unwrap().len(), 2);
            latest = Some(new);
        }
    }
    println!(
        "tlog-witness: {} exchanges, of which other than 1.0.0 (number, vector, ours): {differ:?}",
        exchanges.len()
    );
    // Older witnesses answered 403 for an unknown log; since 1.0.0 it is 404.
    assert_eq!(differ, [(2, 403, 404)]);
    assert_eq!(latest.unwrap().size, v["final_size"].as_u64().unwrap());
}

fn assert_said(body: &str, asserts: &Value, number: usize) {
    for assert in asserts.as_array().unwrap() {
        let assert = assert.as_str().unwrap();
        if let Some(part) = assert.strip_prefix("body contains ") {
            let part: String = serde_json::from_str(part).unwrap();
            assert!(body.contains(&part), "exchange {number}: {body:?} without {part:?}");
        } else {
            let whole: String = serde_json::from_str(assert.strip_prefix("body == ").unwrap()).unwrap();
            assert_eq!(body, whole, "exchange {number}");
        }
    }
}

/// The worked example of C2SP signed-note: a key and what it signed.
#[test]
fn the_worked_example_of_signed_notes() {
    let vkey = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
    let note = "This is an example message.\n\n— example.com/foo \
        Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";
    let key = VerifierKey::parse(vkey).unwrap();
    let read = Note::parse(note.as_bytes()).unwrap();
    assert_eq!((key.to_vkey().as_str(), read.to_string().as_str()), (vkey, note));
    assert_eq!(read.verify([&key]).unwrap().len(), 1);
    let other = note.replace("example message", "example massage");
    assert!(Note::parse(other.as_bytes()).unwrap().verify([&key]).is_err());
}

#[test]
fn the_empty_tree_has_the_hash_of_nothing() {
    let known = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(encoding::to_hex(&empty_root()), known);
}
