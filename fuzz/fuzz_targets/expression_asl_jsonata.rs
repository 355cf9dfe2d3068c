//! Expressions in their definition: asl_jsonata.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| countersign_fuzz::expression("asl_jsonata", data));
