//! What the system lets a process have.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// So many open files are kept for the service itself: Redis, the webhook's receiver, the log.
const OUR_OWN: u64 = 100;
/// So many connections are let in at the least, however little the system allows.
const FEW: u64 = 10;

/// How many connections may be open. Every rider who listens is one, and an open file: this process is first let have as many
/// as the system allows, and what it needs for itself is left out. Otherwise listeners could keep it from Redis.
pub(super) fn most_connections() -> usize {
    let files = match getrlimit(Resource::RLIMIT_NOFILE) {
        Ok((soft, hard)) if setrlimit(Resource::RLIMIT_NOFILE, hard, hard).is_err() => soft,
        Ok((_, hard)) => hard,
        Err(_) => 0,
    };
    usize::try_from(files.saturating_sub(OUR_OWN).max(FEW)).unwrap_or(usize::MAX)
}
