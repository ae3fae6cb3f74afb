//! The setting `notify-keyspace-events`: which notifications the server sends at all.

use std::collections::HashMap;

use redis::aio::MultiplexedConnection;

use super::{Store, StoreError};
use crate::domain::clean;

/// The classes that must be set: keyspace channel, strings, sorted sets, hashes, generic commands, expiry.
const NEEDED_FLAGS: &str = "K$zhgx";

impl Store {
    /// Adds the flags that are missing in `notify-keyspace-events` to those that are set, by the connection that listens: whether
    /// another one is cut is of no matter to it.
    pub(super) async fn switch_on_notifications(
        &self,
        connection: &mut MultiplexedConnection,
    ) -> Result<(), StoreError> {
        const NAME: &str = "notify-keyspace-events";
        let error = |error| StoreError::from_redis(&self.address, &error);
        let (mut get, mut set_to) = (redis::cmd("CONFIG"), redis::cmd("CONFIG"));
        let answer: HashMap<String, String> = get.arg("GET").arg(NAME).query_async(connection).await.map_err(error)?;
        let set = answer.get(NAME).map(String::as_str).unwrap_or_default();
        let Some(wanted) = merged(set) else { return Ok(()) };
        let shown = |flags: &str| clean(flags.as_bytes());
        self.switch.check().map_err(|_| {
            StoreError::Setup(format!(
                "{NAME} is \"{}\"; let somebody who may set it to \"{}\"",
                shown(set),
                shown(&wanted)
            ))
        })?;
        set_to.arg("SET").arg(NAME).arg(wanted).exec_async(connection).await.map_err(error)
    }
}

/// The flags that are set together with those that are needed; none where nothing is missing.
#[must_use]
pub fn merged(set: &str) -> Option<String> {
    // "A" stands for all classes.
    let missing: String =
        NEEDED_FLAGS.chars().filter(|&c| !set.contains(c) && (c == 'K' || !set.contains('A'))).collect();
    (!missing.is_empty()).then(|| format!("{set}{missing}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_merged_and_never_replaced() {
        assert_eq!(merged("").as_deref(), Some("K$zhgx"));
        assert_eq!(merged("Elm").as_deref(), Some("ElmK$zhgx"));
        assert_eq!(merged("AE").as_deref(), Some("AEK"));
        assert_eq!(merged("AKE"), None);
        assert_eq!(merged("xghz$K"), None);
    }
}
