//! Every single bit of a ledger in a folder counts: each flip is found by the check, and named with its place.
//!
//! A whole check for each bit of 1 MiB would take hours. The check can go on from what it found sound: it looks again at the
//! part that holds the flip, with all that depends on it. That it then tells what the whole check tells is tested as well.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test whose input is not there or not sound has failed"
)]

mod common;

use common::sim::Sim;
use common::{append, lines, sequencer, signer};
use ledger::sequencer::split;
use ledger::tile::{Kind, Tile, WIDTH};
use ledger::{Result, Store, VerifierKey};
use std::sync::Arc;
use store::Folder;
use store::fsck::{Known, Report};

/// A closed ledger, with a checkpoint published at half of it.
fn ledger(entries: usize) -> Sim {
    let disk = Sim::new(1);
    let folder = Folder::open_on(Arc::new(disk.clone())).unwrap();
    let mut sequencer = sequencer(&folder).unwrap();
    for at in (0..entries).step_by(500) {
        append(&folder, &mut sequencer, &lines(at, 500.min(entries - at)), 1).unwrap();
        if at <= entries / 2 {
            folder.publish(&sequencer.head().note).unwrap();
            folder.publish(&sequencer.head().note).unwrap();
        }
    }
    folder.close().unwrap();
    disk
}

fn open(disk: &Sim) -> Result<Folder> {
    Folder::open_on_to_read(Arc::new(disk.clone()))
}

fn problems(report: Result<Report>) -> Vec<String> {
    report.map_or_else(|e| vec![e.to_string()], |r| r.problems)
}

/// What a check of everything finds.
fn whole(disk: &Sim) -> Vec<String> {
    problems(open(disk).and_then(|f| f.fsck(signer().verifier())))
}

/// A ledger that was found sound.
struct Sound {
    disk: Sim,
    folder: Folder,
    key: VerifierKey,
    known: Known,
    size: u64,
    /// Where each entry begins.
    starts: Vec<usize>,
    /// Its files with their lengths in bits.
    files: Vec<(String, usize)>,
}

impl Sound {
    fn new(entries: usize) -> Self {
        let disk = ledger(entries);
        assert_eq!(whole(&disk), Vec::<String>::new());
        let folder = open(&disk).unwrap();
        let key = signer().verifier().clone();
        let known = folder.fsck_to_know(&key).unwrap();
        let mut starts = vec![0];
        for entry in split(&disk.file("entries-000000")) {
            starts.push(starts.last().unwrap() + 2 + entry.unwrap().len());
        }
        starts.pop();
        assert_eq!(starts.len(), entries);
        let files = disk.names().into_iter().map(|n| (n.clone(), disk.file(&n).len() * 8)).collect();
        Self { disk, folder, key, known, size: entries as u64, starts, files }
    }

    fn bits(&self) -> usize {
        self.files.iter().map(|f| f.1).sum()
    }

    /// The file of a bit, and which of its bits it is.
    fn place(&self, mut bit: usize) -> (&str, usize) {
        for (name, bits) in &self.files {
            if bit < *bits {
                return (name, bit);
            }
            bit -= bits;
        }
        panic!("there is no bit {bit}");
    }

    /// What the check finds when it goes on from what was known to be sound.
    fn again(&self, name: &str, bit: usize) -> Vec<String> {
        let check = |folder: &Folder| folder.fsck_again(&self.key, &self.known, name, bit as u64 / 8);
        // The head is read when a ledger is opened.
        problems(if name == "head" { open(&self.disk).and_then(|f| check(&f)) } else { check(&self.folder) })
    }

    /// What has to be told of a flip: the copy or byte of a cell, the entry, the hash, the offset that holds it.
    fn named(&self, name: &str, bit: usize, told: &str) -> bool {
        let byte = bit / 8;
        let tile = |kind, index| Tile::of(kind, index, self.size).unwrap();
        match name {
            "head" | "published" => {
                let copy = format!("`{name}`: the copy at byte {} is damaged", byte / 32_768 * 32_768);
                told == copy || told == format!("`{name}`: a stray byte at {byte}")
            }
            "offsets" => told.starts_with(&format!("`offsets` at byte {}: ", byte / 8 * 8)),
            "level-0" => told.starts_with(&format!("entry {}, in `tile/entries/", byte / 32)),
            "level-1" => told.starts_with(&format!("hash {} of `{}`", byte / 32, tile(Kind::Level(1), 0))),
            "entries-000000" => {
                let entry = self.starts.partition_point(|s| *s <= byte) as u64 - 1;
                let tile = tile(Kind::Entries, entry / WIDTH);
                let length = byte < self.starts[entry as usize] + 2;
                told.starts_with(&format!("entry {entry}, in `{tile}`"))
                    || length && told.contains(&format!("`{tile}`"))
            }
            other => panic!("`{other}` is no file of a small ledger"),
        }
    }

    /// Flips these bits, one after the other; returns how many.
    fn flip(&self, bits: impl Iterator<Item = usize>, mut each: impl FnMut(&str, usize, &[String])) -> usize {
        let mut count = 0;
        for bit in bits {
            let (name, at) = self.place(bit);
            self.disk.flip(name, at);
            let found = self.again(name, at);
            assert!(found.iter().any(|p| self.named(name, at, p)), "bit {at} of `{name}`: {found:?}");
            each(name, at, &found);
            self.disk.flip(name, at);
            count += 1;
        }
        count
    }
}

fn slow() -> bool {
    std::env::var_os("COUNTERSIGN_SLOW").is_some()
}

/// Runs a part of the work on each core; returns the sum.
fn on_all_cores(work: impl Fn(usize, usize) -> usize + Sync) -> usize {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        let work = &work;
        let parts: Vec<_> = (0..threads).map(|t| scope.spawn(move || work(t, threads))).collect();
        parts.into_iter().map(|p| p.join().unwrap()).sum()
    })
}

/// Entries of which a ledger is made that has more than 1 MiB, all files together.
const OF_ONE_MIB: usize = 5_000;

#[test]
fn a_flipped_bit_is_found_with_its_place() {
    let (entries, step) = if slow() { (OF_ONE_MIB, 1) } else { (600, 997) };
    let bits = Sound::new(entries).bits();
    assert!(!slow() || bits >= 8 << 20, "{bits} bits are less than 1 MiB");
    let count = on_all_cores(|part, parts| {
        let sound = Sound::new(entries);
        sound.flip((part * step..bits).step_by(step * parts), |_, _, _| ())
    });
    println!("{count} of {bits} flips found, each with its place");
    assert_eq!(count, bits.div_ceil(step));
}

#[test]
fn what_goes_on_from_what_is_known_tells_what_the_whole_check_tells() {
    let (entries, count) = if slow() { (OF_ONE_MIB, 20_000) } else { (600, 300) };
    let done = on_all_cores(|part, parts| {
        let sound = Sound::new(entries);
        let bits = sound.bits();
        // Spread over all of it, without a pattern (splitmix64).
        let spread = |number: usize| {
            let z = (number as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            ((z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb) % bits as u64) as usize
        };
        let each = |name: &str, bit: usize, found: &[String]| {
            assert_eq!(whole(&sound.disk), found, "bit {bit} of `{name}`");
        };
        sound.flip((part..count).step_by(parts).map(spread), each)
    });
    println!("{done} flips told alike by the whole check and by the one that goes on");
    assert_eq!(done, count);
}
