//! A target against what libFuzzer comes upon, guided by what code that reaches: the one that `CABSTAND_TARGET` names.
#![no_main]

use std::sync::LazyLock;

use cabstand_fuzz::targets::{Hold, named};

static HOLD: LazyLock<Hold> = LazyLock::new(|| {
    let name = std::env::var("CABSTAND_TARGET").unwrap_or_default();
    named(&name).unwrap_or_else(|| panic!("CABSTAND_TARGET names no target: {name:?}"))
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| HOLD(bytes));
