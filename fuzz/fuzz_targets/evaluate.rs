//! See `lossdef_trials::evaluate`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| lossdef_trials::evaluate(bytes));
