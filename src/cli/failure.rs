//! How a command fails: what is said, and with which exit code.

use std::io::{self, Write};
use std::process::ExitCode;

use crate::domain::clean;
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
    /// Something that was asked for was not done, as was found out afterwards.
    #[error("{0}")]
    Undone(String),
    /// Nobody knows whether something that was asked for was done; empty where that has been said already.
    #[error("{0}")]
    Unknown(String),
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

    /// Says what is wrong and what to do, and gives the exit code: 1 refused, 2 usage, 3 not known whether it was done.
    pub(super) fn report(&self) -> ExitCode {
        match self {
            Self::Said => {}
            Self::Unknown(said) if said.is_empty() => {}
            Self::Io { error, .. } if error.kind() == io::ErrorKind::BrokenPipe => return ExitCode::SUCCESS,
            Self::Store(error @ StoreError::Away { .. }) if !error.is_about_tls() => {
                tell(&format!("cabstand: {error}\n{NO_REDIS}"));
            }
            Self::Io { error, .. } if error.kind() == io::ErrorKind::AddrInUse => {
                tell(&format!("cabstand: {self}\n{TAKEN}"));
            }
            other => tell(&format!("cabstand: {other}")),
        }
        ExitCode::from(match self {
            Self::Usage(_) | Self::Store(StoreError::Address(_)) => 2,
            Self::Unknown(_) => 3,
            _ => 1,
        })
    }
}

/// A text that may quote what was typed, or what stands in a file, made safe to show. Only a single word is ever cut.
pub(super) fn shown(text: &str) -> String {
    let ends = [' ', '\n'];
    let words = text.split_inclusive(ends).map(|word| {
        let bare = word.trim_end_matches(ends);
        clean(bare.as_bytes()) + word.strip_prefix(bare).unwrap_or_default()
    });
    words.collect()
}

/// Says it on standard error. Where that is gone with the terminal nobody hears it, and that is no reason to panic.
pub(super) fn tell(text: &str) {
    let _ = writeln!(io::stderr(), "{}", shown(text));
}

/// The way on where somebody else listens.
const TAKEN: &str =
    "  Another program listens there. Name another address with --listen; port 0 takes any that is free.";
/// The ways on where there is no Redis.
const NO_REDIS: &str = concat!(
    "  Start one with `redis-server`, or name another with --redis URL.\n",
    "  To see everything on a private Redis, run `cabstand demo`.",
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_quoted_is_shown_safely_and_whole() {
        let said = format!("there is no \u{1b}[2J\n  {}", "or ".repeat(100));
        assert_eq!(shown(&said), said.replace('\u{1b}', "\\u{1b}"));
        assert_eq!(shown("a\u{202e}b  c \n"), "a\\u{202e}b  c \n");
    }
}
