//! How a command fails: what is said, and with which exit code.

use std::io::{self, Write};
use std::process::ExitCode;

use crate::private_redis::PrivateRedisError;
use crate::store::StoreError;

/// Why a command did not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// The command line or the configuration is wrong.
    #[error("{0}")]
    Usage(String),
    /// Redis said no, or is not there.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The private Redis of the demo did not start.
    #[error(transparent)]
    PrivateRedis(#[from] PrivateRedisError),
    /// The terminal, a socket or a file failed.
    #[error("{what}: {error}")]
    Io {
        /// What was tried.
        what: String,
        /// What the system said.
        error: io::Error,
    },
    /// What went wrong has been said already, line by line.
    #[error("")]
    Said,
}

impl Failure {
    /// An error of the system while this was tried.
    pub(super) fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |error| Self::Io { what, error }
    }

    /// Says what is wrong and what to do, and gives the exit code: 1 refused, 2 usage.
    pub(super) fn report(&self) -> ExitCode {
        match self {
            Self::Said => {}
            Self::Io { error, .. } if error.kind() == io::ErrorKind::BrokenPipe => return ExitCode::SUCCESS,
            Self::Store(error @ StoreError::Away { .. }) if !error.is_about_tls() => {
                tell(&format!("cabstand: {error}\n{NO_REDIS}"));
            }
            Self::Io { error, .. } if error.kind() == io::ErrorKind::AddrInUse => {
                tell(&format!("cabstand: {self}\n{TAKEN}"));
            }
            other => tell(&format!("cabstand: {other}")),
        }
        let usage = matches!(self, Self::Usage(_) | Self::Store(StoreError::Address(_)));
        ExitCode::from(if usage { 2 } else { 1 })
    }
}

/// Says it on standard error. Where that is gone with the terminal nobody hears it, and that is no reason to panic.
fn tell(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// The way on where somebody else listens.
const TAKEN: &str =
    "  Another program listens there. Name another address with --listen; port 0 takes any that is free.";
/// The ways on where there is no Redis.
const NO_REDIS: &str = concat!(
    "  Start one with `redis-server`, or name another with --redis URL.\n",
    "  To see everything on a private Redis, run `cabstand demo`.",
);
