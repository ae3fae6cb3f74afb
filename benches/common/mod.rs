//! What the benches share: a private Redis and its accounts, cities of any size, and programs on this machine.
#![allow(dead_code, reason = "each bench uses a part of this")]
#![expect(clippy::cast_precision_loss, reason = "figures for a reader, far below 2^52")]

pub mod account;
pub mod city;
pub mod monitor;
pub mod mover;
pub mod process;
pub mod pty;
pub mod redis;
pub mod screen;
pub mod service;
pub mod spread;
pub mod waiting;

use std::thread::sleep;
use std::time::{Duration, Instant};

/// So long a fact is waited for at the most.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Waits for a fact and looks at it once a millisecond, so that the time until then can be told.
///
/// # Panics
/// Where it does not come: what is measured on such ground would say nothing.
pub fn until(what: &str, mut check: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !check() {
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        sleep(Duration::from_millis(1));
    }
}
