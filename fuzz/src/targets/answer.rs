//! An answer of Redis', as it comes over the wire: an error, `INFO`, drivers around a place, events.

use std::sync::LazyLock;

use cabstand::store::Address;
use cabstand::store::fuzzing::{self, Read};

use super::event;
use crate::safe::assert_safe;

static ADDRESS: LazyLock<Address> = LazyLock::new(|| "redis://127.0.0.1/0".parse().expect("an address"));

/// Fields of `INFO` that a doctor shows.
const SHOWN: [&str; 4] = ["redis_version", "role", "maxmemory_policy", "master_host"];

/// Reads an answer in Redis' own protocol, whole or cut anywhere.
///
/// # Panics
/// Where a law is broken.
pub fn hold(bytes: &[u8]) {
    for read in fuzzing::answer(&ADDRESS, bytes) {
        match read {
            // A message of several lines has each of them cleaned.
            Read::Error(error) => {
                error.to_string().lines().for_each(assert_safe);
                assert_safe(&error.reason());
            }
            Read::Info(info) => SHOWN.iter().for_each(|field| assert_safe(info.get(field))),
            Read::Near(near) => {
                assert_safe(near.candidate.driver.id.as_str());
                assert!(cabstand::domain::Bounds::EARTH.contains(near.candidate.driver.place));
            }
            Read::Events(events) => events.iter().for_each(event::hold_shown),
        }
    }
}
