//! See `lossdef_trials::compile`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| lossdef_trials::compile(bytes));
