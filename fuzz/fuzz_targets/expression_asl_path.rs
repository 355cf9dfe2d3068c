//! Expressions in their definition: asl_path.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| countersign_fuzz::expression("asl_path", data));
