//! A witness on a failing disk: whatever happens to its state, it never cosigns two histories, nor goes back.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test whose input is not there or not sound has failed"
)]

mod common;

use common::signer;
use common::sim::{Mode, Sim};
use ledger::{
    Algorithm, Checkpoint, MemoryLog, Signer,
    witness::{Answer, Request},
};
use store::witness::Witness;

fn witness(disk: &Sim) -> ledger::Result<Witness> {
    let signer = Signer::from_seed("example.com/w", Algorithm::Cosignature, &[4; 32])?;
    Witness::open(disk, signer, vec![common::signer().verifier().clone()])
}

/// A log of so many entries of this history.
fn log(history: &str, size: u64) -> MemoryLog {
    let mut log = MemoryLog::new(signer()).unwrap();
    for i in 0..size {
        log.append(format!("{history} {i}")).unwrap();
    }
    log.publish().unwrap();
    log
}

fn request(log: &MemoryLog, old_size: u64) -> Vec<u8> {
    let proof = log.prove_consistency(old_size).unwrap();
    Request { old_size, proof, checkpoint: log.checkpoint().clone() }.to_string().into_bytes()
}

/// Has growing checkpoints cosigned, until something fails; returns the sizes cosigned.
fn run(disk: &Sim) -> (Vec<u64>, bool) {
    let mut cosigned = Vec::new();
    let Ok(witness) = witness(disk) else { return (cosigned, true) };
    for (old, size) in [(0, 3), (3, 5), (5, 8), (8, 8)] {
        match witness.add_checkpoint(&request(&log("true", size), old), 1_000) {
            Ok(Answer::Cosigned { latest, .. }) => cosigned.push(latest.size),
            Ok(other) => panic!("{other:?}"),
            Err(_) => {
                // After a failed write nothing more leaves it.
                let again = witness.add_checkpoint(&request(&log("true", size), old), 1_000);
                assert!(again.is_err(), "{again:?}");
                return (cosigned, true);
            }
        }
    }
    (cosigned, false)
}

/// What is left refuses another history of any size up to the last cosigned, and goes on with the true one.
fn check(disk: &Sim, cosigned: &[u64], what: &str) {
    let witness = witness(disk).unwrap_or_else(|e| panic!("{what}: {e}"));
    let last = cosigned.last().copied().unwrap_or(0);
    let known = match witness.add_checkpoint(&request(&log("true", 9), 9), 1_000).unwrap() {
        Answer::Conflict(size) => size,
        other => panic!("{what}: {other:?}"),
    };
    assert!(known >= last, "{what}: cosigned {last}, and knows {known}");
    if known > 0 {
        let fork = log("other", 12);
        let answer = witness.add_checkpoint(&request(&fork, known), 1_000).unwrap();
        assert!(matches!(answer, Answer::NotConsistent(_)), "{what}: {answer:?}");
    }
    let answer = witness.add_checkpoint(&request(&log("true", 9), known), 1_000).unwrap();
    let Answer::Cosigned { latest: Checkpoint { size: 9, .. }, .. } = answer else {
        panic!("{what}: {answer:?}")
    };
}

#[test]
fn whatever_fails_a_witness_has_one_history() {
    let clean = Sim::new(1);
    assert_eq!(run(&clean), (vec![3, 5, 8, 8], false));
    let operations = clean.operations();
    for mode in [Mode::Nothing, Mode::Torn, Mode::Persisted, Mode::Power] {
        for number in 1..=operations {
            let disk = Sim::new(number as u64);
            disk.fail(number, mode);
            let (cosigned, failed) = run(&disk);
            assert!(failed, "operation {number} failed {mode:?} and nobody noticed");
            if mode != Mode::Power {
                check(&disk.restart(), &cosigned, &format!("operation {number} {mode:?}, restart"));
            }
            for seed in 0..5 {
                check(
                    &disk.after_power_cut(seed),
                    &cosigned,
                    &format!("operation {number} {mode:?}, cut {seed}"),
                );
            }
        }
    }
    println!("{operations} operations of a witness, each failed in four ways, five power cuts each");
    assert!(operations >= 10);
}
