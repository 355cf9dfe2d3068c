//! Every single bit of a ledger in a folder counts: each flip is found by the check, and named with its place.

#![allow(clippy::unwrap_used, reason = "a test whose input is not there or not sound has failed")]

mod common;

use common::sim::Sim;
use common::{append, lines, sequencer, signer};
use std::sync::Arc;
use store::Folder;

/// A closed ledger of about this many bytes of entries.
fn ledger(entries: usize) -> Sim {
    let disk = Sim::new(1);
    let folder = Folder::open_on(Arc::new(disk.clone())).unwrap();
    let mut sequencer = sequencer(&folder).unwrap();
    let mut at = 0;
    while at < entries {
        append(&folder, &mut sequencer, &lines(at, 500.min(entries - at)), 1).unwrap();
        at += 500;
    }
    folder.close().unwrap();
    disk
}

/// What the check of a copy of this disk finds.
fn problems(disk: &Sim) -> Vec<String> {
    match Folder::open_on_to_read(Arc::new(disk.clone())).and_then(|f| f.fsck(signer().verifier())) {
        Ok(report) => report.problems,
        Err(e) => vec![e.to_string()],
    }
}

fn flip(disk: &Sim, step: usize, from: usize) -> usize {
    assert!(problems(disk).is_empty(), "{:?}", problems(disk));
    let (mut count, mut at) = (0, from);
    for name in disk.names() {
        let good = disk.file(&name);
        while at < good.len() * 8 {
            let mut bad = good.clone();
            bad[at / 8] ^= 1 << (at % 8);
            disk.set(&name, bad);
            let found = problems(disk);
            let place = found.iter().any(|p| p.contains('`') || p.contains("entry"));
            assert!(place, "bit {at} of {name}: {found:?}");
            (count, at) = (count + 1, at + step);
        }
        at -= good.len() * 8;
        disk.set(&name, good);
    }
    count
}

#[test]
fn a_flipped_bit_is_found_with_its_place() {
    let slow = std::env::var_os("COUNTERSIGN_SLOW").is_some();
    // A thousand entries are a ledger of about 1 MiB.
    let (entries, step) = if slow { (1_000, 1) } else { (300, 7_919) };
    let disk = ledger(entries);
    let bits: usize = disk.names().iter().map(|n| disk.file(n).len() * 8).sum();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let count: usize = std::thread::scope(|scope| {
        let part = |t| scope.spawn(move || flip(&ledger(entries), step * threads, 17 % step + t * step));
        let parts: Vec<_> = (0..threads).map(part).collect();
        parts.into_iter().map(|p| p.join().unwrap()).sum()
    });
    println!("{count} of {bits} flips found, each with its place");
    assert_eq!(count, (bits - 17 % step).div_ceil(step));
}
