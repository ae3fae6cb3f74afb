//! The service's log: for people, on standard error.

use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

/// Begins the log. `RUST_LOG` says how much is logged; without it, everything from `info` on.
pub(super) fn start() {
    let filter = EnvFilter::builder().with_default_directive(LevelFilter::INFO.into()).from_env_lossy();
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(!plain && io::stderr().is_terminal())
        .with_target(false)
        // A log that cannot be written must not bring the service down.
        .log_internal_errors(false);
    // Somebody else's log that runs already, in a test say, is as good.
    let _ = log.try_init();
}
