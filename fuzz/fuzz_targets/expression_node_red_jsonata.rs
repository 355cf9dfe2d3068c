//! Expressions in their definition: node_red_jsonata.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| countersign_fuzz::expression("node_red_jsonata", data));
