//! See `lossdef_trials::injection`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| lossdef_trials::injection(bytes));
