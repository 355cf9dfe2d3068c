//! Every single bit of a bundle as one file counts: each flip is found by the verifier, and named with its place.
//!
//! What finds a flip is the first part of the verifier: the file is read, and its parts are held against the manifest. The
//! rest only adds to what that finds, which a sample shows.

#![allow(clippy::unwrap_used, reason = "a test whose input is not there or not sound has failed")]

mod common;

use common::*;
use evidence::{Bundle, MANIFEST, Pins, Problem, Query, verify, verify_files};
use std::ops::Range;

/// A bundle as one file, and where in it each of its files stands, name and all.
struct Packed {
    bytes: Vec<u8>,
    files: Vec<(String, Range<usize>)>,
}

impl Packed {
    fn new() -> Self {
        let mut world = World::new(3);
        world.act("dan", "attest", "credential/okta-token", "", None, |_| {});
        let bundle = world.bundle(Query::All {}, "public");
        assert!(verify_files(&bundle).is_empty());
        let bytes = bundle.pack().unwrap();
        let (mut files, mut at) = (Vec::new(), 1);
        for (name, content) in &bundle.files {
            let length = name.len() + content.len().div_ceil(3) * 4 + 6;
            files.push((name.clone(), at..at + length));
            assert!(bytes[at..].starts_with(format!("\"{name}\":\"").as_bytes()));
            at += length;
        }
        assert_eq!(at, bytes.len());
        Self { bytes, files }
    }

    /// What the first part of the verifier finds, as places with messages.
    fn found(&self) -> Vec<(String, String)> {
        let of = |p: Problem| (p.place, p.message);
        match Bundle::unpack(&self.bytes) {
            Ok(bundle) => verify_files(&bundle).into_iter().map(of).collect(),
            Err(e) => vec![(String::new(), e.to_string())],
        }
    }

    /// Whether the place of a byte is named: the file that it stands in, or the byte itself.
    fn named(&self, byte: usize, found: &[(String, String)]) -> bool {
        let file = self.files.iter().find(|(_, range)| range.contains(&byte)).map(|(name, _)| name.as_str());
        found.iter().any(|(place, message)| {
            Some(place.as_str()) == file
                || file.is_some_and(|f| message.contains(&format!("`{f}`")))
                || place.is_empty()
                    && [" column ", " byte ", "cannot name a file"].iter().any(|w| message.contains(w))
        })
    }

    fn flip(&mut self, bit: usize) {
        self.bytes[bit / 8] ^= 1 << (bit % 8);
    }
}

fn slow() -> bool {
    std::env::var_os("COUNTERSIGN_SLOW").is_some()
}

/// Does something with every flip of a part of the bits, on all cores; returns how many flips there were.
fn flips(step: usize, each: impl Fn(&Packed, usize, &[(String, String)]) + Sync) -> usize {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let part = |thread: usize| {
        let (mut packed, mut count) = (Packed::new(), 0);
        for bit in (thread * step..packed.bytes.len() * 8).step_by(step * threads) {
            packed.flip(bit);
            let found = packed.found();
            assert!(packed.named(bit / 8, &found), "bit {bit}: {found:?}");
            each(&packed, bit, &found);
            packed.flip(bit);
            count += 1;
        }
        count
    };
    std::thread::scope(|scope| {
        let part = &part;
        let parts: Vec<_> = (0..threads).map(|t| scope.spawn(move || part(t))).collect();
        parts.into_iter().map(|p| p.join().unwrap()).sum()
    })
}

#[test]
fn every_bit_of_a_bundle_counts() {
    let packed = Packed::new();
    assert!(packed.found().is_empty() && packed.files.iter().any(|(name, _)| name == MANIFEST));
    let (bits, step) = (packed.bytes.len() * 8, if slow() { 1 } else { 397 });
    let count = flips(step, |_, _, _| ());
    println!(
        "{count} of {bits} flips of a bundle of {} bytes found, each with its place",
        packed.bytes.len()
    );
    assert_eq!(count, bits.div_ceil(step));
}

#[test]
fn the_whole_verifier_tells_of_a_flip_what_its_first_part_tells() {
    let pinned = policy();
    let bits = Packed::new().bytes.len() * 8;
    let step = if slow() { (bits / 20_000) | 1 } else { 1_999 };
    let count = flips(step, |packed, bit, found| {
        let Ok(bundle) = Bundle::unpack(&packed.bytes) else { return };
        let verdict = verify(&bundle, &Pins { policy: &pinned, known: None, not_before: None });
        let told = |(place, message): &(String, String)| {
            verdict.problems.iter().any(|p| p.place == *place && p.message == *message)
        };
        assert!(!verdict.holds && found.iter().all(told), "bit {bit}: {found:?} {:?}", verdict.problems);
    });
    println!("{count} flips told by the whole verifier as by its first part");
    assert_eq!(count, bits.div_ceil(step));
}
