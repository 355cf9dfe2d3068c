//! The crash matrix: every operation of the disk under a ledger in a folder fails in every way, and the power goes at every
//! moment; what was acknowledged is there afterwards, what was not is there whole or not at all, and the log has one history.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test whose input is not there or not sound has failed"
)]

mod common;

use common::sim::{Mode, Sim};
use common::{append, assert_continues, lines, sequencer, texts};
use ledger::{Failure, Note, Store};
use std::sync::Arc;
use store::Folder;
use store::disk::Disk;

/// What a run has acknowledged, and the batch it was at when it ended.
#[derive(Default)]
struct Done {
    acknowledged: Vec<String>,
    attempted: Vec<String>,
    notes: Vec<Note>,
}

/// Batches of several sizes, with a start in between, so that bundles, tiles and growth of files are crossed.
fn run(disk: &Sim, done: &mut Done) -> Result<(), Failure> {
    for batches in [&[1, 254, 3][..], &[2, 1]] {
        let folder = Folder::open_on(Arc::new(disk.clone()))?;
        let mut sequencer = sequencer(&folder)?;
        for count in batches {
            done.attempted = lines(done.acknowledged.len(), *count);
            append(&folder, &mut sequencer, &done.attempted, 1_000 + done.acknowledged.len() as u64)?;
            done.acknowledged.append(&mut done.attempted);
            done.notes.push(sequencer.head().note.clone());
            folder.publish(&sequencer.head().note)?;
        }
        folder.close()?;
    }
    Ok(())
}

/// Starts again on what is left, and holds it against what was acknowledged.
fn check(disk: &Sim, done: &Done, what: &str) {
    let folder = Folder::open_on(Arc::new(disk.clone())).unwrap_or_else(|e| panic!("{what}: {e}"));
    let mut sequencer = sequencer(&folder).unwrap_or_else(|e| panic!("{what}: {e:?}"));
    let found = texts(&folder);
    let all = [done.acknowledged.clone(), done.attempted.clone()].concat();
    assert!(found == done.acknowledged || found == all, "{what}: {} entries", found.len());
    done.notes.iter().for_each(|note| assert_continues(&folder, note));
    let notes = [done.notes.clone(), vec![sequencer.head().note.clone()]].concat();
    append(&folder, &mut sequencer, &["after".to_owned()], 0).unwrap_or_else(|e| panic!("{what}: {e:?}"));
    notes.iter().for_each(|note| assert_continues(&folder, note));
    assert_eq!(folder.head().unwrap().unwrap().size(), found.len() as u64 + 1);
    folder.close().unwrap();
    let folder = Folder::open_on(Arc::new(disk.restart())).unwrap();
    let report = folder.fsck(common::signer().verifier()).unwrap();
    assert_eq!((report.problems, report.notes), (vec![], vec![]), "{what}");
}

fn matrix(cuts: u64, mode: Mode) -> usize {
    let clean = Sim::new(1);
    run(&clean, &mut Done::default()).unwrap();
    let operations = clean.operations();
    // All of them with `./test --slow`; else some, others in each mode.
    let (first, step) = if slow() { (1, 1) } else { (1 + mode as usize, 6) };
    for number in (first..=operations).step_by(step) {
        let disk = Sim::new(number as u64);
        disk.fail(number, mode);
        let mut done = Done::default();
        let failed = run(&disk, &mut done);
        assert!(failed.is_err(), "operation {number} failed {mode:?} and nobody noticed");
        if mode != Mode::Power {
            check(&disk.restart(), &done, &format!("operation {number} {mode:?}, restart"));
        }
        for seed in 0..cuts {
            check(
                &disk.after_power_cut(seed),
                &done,
                &format!("operation {number} {mode:?}, power cut {seed}"),
            );
            if mode != Mode::Power {
                // The process starts again first, and then the power goes.
                let restarted = disk.restart();
                let folder = Folder::open_on(Arc::new(restarted.clone())).unwrap();
                let found = folder.head().unwrap().map(|_| texts(&folder)).unwrap_or_default();
                let done = Done { acknowledged: found, attempted: vec![], notes: done.notes.clone() };
                check(
                    &restarted.after_power_cut(seed),
                    &done,
                    &format!("operation {number} {mode:?}, started, cut"),
                );
            }
        }
    }
    println!("{operations} operations, each {step}., {mode:?}, {cuts} power cuts each");
    operations
}

fn slow() -> bool {
    std::env::var_os("COUNTERSIGN_SLOW").is_some()
}

fn cuts() -> u64 {
    if slow() { 100 } else { 1 }
}

#[test]
fn power_goes_at_every_moment() {
    assert!(matrix(cuts() * 3, Mode::Power) > 40);
}

#[test]
fn every_operation_fails_and_does_nothing() {
    matrix(cuts(), Mode::Nothing);
}

#[test]
fn every_operation_fails_and_is_torn() {
    matrix(cuts(), Mode::Torn);
}

#[test]
fn every_operation_fails_and_is_durable_nonetheless() {
    matrix(cuts(), Mode::Persisted);
}

/// Entries without a head are not taken for what a start left unfinished; and a head that was cut short is still read.
#[test]
fn what_is_there_without_a_head_is_not_thrown_away() {
    let disk = Sim::new(5);
    let (mut done, texts_of) =
        (Done::default(), |disk: &Sim| texts(&Folder::open_on(Arc::new(disk.clone())).unwrap()));
    run(&disk, &mut done).unwrap();
    let cut = disk.restart();
    cut.open("head").unwrap().set_len(40_000).unwrap();
    assert_eq!(texts_of(&cut), done.acknowledged);
    let kept = disk.file("entries-000000");
    for published in [true, false] {
        let lost = disk.restart();
        lost.remove("head").unwrap();
        if !published {
            lost.remove("published").unwrap();
        }
        let told = Folder::open_on(Arc::new(lost.clone())).err().unwrap().to_string();
        assert!(told.contains("the head is missing or damaged, and there are entries"), "{told}");
        assert_eq!(lost.file("entries-000000"), kept);
    }
}
