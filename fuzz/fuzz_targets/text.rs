//! See `lossdef_trials::text`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| lossdef_trials::text(bytes));
