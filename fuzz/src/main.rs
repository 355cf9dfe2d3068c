//! All fuzz targets in one binary, so that one build and one link serve them all: `FUZZ_TARGET` names the one to run,
//! the arguments are libFuzzer's. `fuzz/run` starts it.

#![no_main]

mod definition;
mod evaluate;
mod ledger;
mod mutate;
mod narrow;
mod target;
mod wrap;

use libfuzzer_sys::{Corpus, fuzz_mutator, fuzz_target, fuzzer_mutate};

fuzz_target!(init: narrow::register(target::chosen()), |data: &[u8]| -> Corpus {
    target::chosen().run(data);
    if narrow::counted() { Corpus::Keep } else { Corpus::Reject }
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let tree = target::chosen().is_tree().then(|| mutate::tree(data, size, max_size, seed)).flatten();
    tree.unwrap_or_else(|| fuzzer_mutate(data, size, max_size))
});
