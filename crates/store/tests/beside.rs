//! Erasure, retention and legal hold: what is gone is gone, what is held stays, and every proof holds.

#![allow(clippy::unwrap_used, reason = "a test whose input is not there or not sound has failed")]

mod common;

use common::{Temporary, sequencer, signer};
use ledger::{Draft, Hash, Store};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;
use store::{Folder, beside::Beside};

const LOGIN: &str = "ada.lovelace@example.com";

/// All bytes beneath a folder, and whether these are among them, plain, as hex, as base64 or percent-encoded.
fn holds(folder: &Path, needle: &str) -> bool {
    let forms = [
        needle.as_bytes().to_vec(),
        ledger::encoding::to_hex(needle.as_bytes()).into_bytes(),
        ledger::encoding::to_base64(needle.as_bytes()).trim_end_matches('=').as_bytes()[..24].to_vec(),
        needle.replace('@', "%40").into_bytes(),
    ];
    std::fs::read_dir(folder).unwrap().flatten().any(|entry| {
        let path = entry.path();
        if path.is_dir() {
            return holds(&path, needle);
        }
        let bytes = std::fs::read(&path).unwrap();
        forms.iter().any(|form| bytes.windows(form.len()).any(|w| w == form))
    })
}

/// A ledger with one entry that commits to a login.
fn recorded(folder: &Path) -> (Beside, Hash) {
    let beside = Beside::open(folder.join("beside")).unwrap();
    let commitment = beside.commit("login", LOGIN.into(), Some(5_000)).unwrap();
    let store = Folder::open(&folder.join("log")).unwrap();
    let mut sequencer = sequencer(&store).unwrap();
    let named = BTreeMap::from([("login".to_owned(), commitment)]);
    let draft = Draft::with("access.granted/1", "gate", &json!({"system": "okta"}), &named, &[]).unwrap();
    let batch = sequencer.prepare(&[draft], 1).unwrap();
    let back = store.stage(sequencer.head(), &batch).unwrap();
    let sealed = sequencer.seal(&batch, &back).unwrap();
    store.commit(sequencer.head(), &batch, &sealed).unwrap();
    sequencer.follow(sealed);
    store.close().unwrap();
    (beside, commitment)
}

#[test]
fn an_erased_value_leaves_no_trace_and_every_proof_whole() {
    let folder = Temporary::new();
    let (beside, commitment) = recorded(folder.path());
    assert_eq!(beside.value(&commitment).unwrap().unwrap().opening.value, LOGIN);
    assert!(holds(folder.path(), LOGIN), "the scan finds what is there");
    assert!(!holds(&folder.path().join("log"), LOGIN));
    beside.erase(&commitment).unwrap();
    assert_eq!(beside.value(&commitment).unwrap(), None);
    assert!(!holds(folder.path(), LOGIN));
    let store = Folder::open_to_read(&folder.path().join("log")).unwrap();
    assert_eq!(store.fsck(signer().verifier()).unwrap().problems, Vec::<String>::new());
    beside.erase(&commitment).unwrap();
}

#[test]
fn a_hold_stands_before_erasure_and_before_the_end_of_retention() {
    let folder = Temporary::new();
    let (beside, commitment) = recorded(folder.path());
    beside.hold(&commitment, "case 7").unwrap();
    beside.hold(&commitment, "case 8").unwrap();
    assert!(beside.erase(&commitment).unwrap_err().to_string().contains("case 7"));
    let told = beside.release(&commitment, "case 9").unwrap_err().to_string();
    assert!(told.contains("no legal hold for the reason `case 9`"), "{told}");
    beside.release(&commitment, "case 7").unwrap();
    assert_eq!(beside.expire(9_000).unwrap(), Vec::<Hash>::new());
    beside.release(&commitment, "case 8").unwrap();
    assert_eq!(beside.expire(4_999).unwrap(), Vec::<Hash>::new());
    assert_eq!(beside.expire(5_000).unwrap(), [commitment]);
    assert!(!holds(folder.path(), LOGIN));
}

#[test]
fn evidence_and_values_that_were_changed_are_not_given_out() {
    let folder = Temporary::new();
    let beside = Beside::open(folder.path()).unwrap();
    let digest = beside.put_evidence(b"a long definition").unwrap();
    assert_eq!(beside.evidence(&digest).unwrap().unwrap(), b"a long definition");
    assert_eq!(beside.evidence(&[0; 32]).unwrap(), None);
    let path = folder.path().join("evidence").join(ledger::encoding::to_hex(&digest));
    std::fs::write(&path, b"a long definitiom").unwrap();
    assert!(beside.evidence(&digest).is_err());
    let commitment = beside.commit("login", LOGIN.into(), None).unwrap();
    let path = folder.path().join("values").join(ledger::encoding::to_hex(&commitment));
    let changed = std::fs::read_to_string(&path).unwrap().replace("ada", "eve");
    std::fs::write(&path, changed).unwrap();
    assert!(beside.value(&commitment).is_err());
    // The same value twice: nobody can tell that it is the same.
    assert_ne!(
        beside.commit("login", LOGIN.into(), None).unwrap(),
        beside.commit("login", LOGIN.into(), None).unwrap()
    );
}
