//! Expressions in their definition: n8n.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| countersign_fuzz::expression("n8n", data));
