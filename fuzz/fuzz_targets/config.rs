#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| samovar_fuzz::config(data));
