//! The names of the keys. The first three are the article's, kept exactly; the rest begin with `cabstand:`.

use std::fmt;
use std::str::FromStr;

use crate::domain::RequestId;

/// A city that has keys of its own in a shared Redis: every key is prefixed with `{NAME}:`, a Redis Cluster hash tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region(String);

/// Why a text is no name of a region.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a region's name has 1 to 64 letters, digits, '-' or '_'")]
pub struct InvalidRegion;

impl FromStr for Region {
    type Err = InvalidRegion;

    fn from_str(name: &str) -> Result<Self, InvalidRegion> {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if (1..=64).contains(&name.len()) && name.chars().all(plain) {
            Ok(Self(name.to_owned()))
        } else {
            Err(InvalidRegion)
        }
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a key of ours is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyKind {
    Drivers,
    Request(RequestId),
    Record(RequestId),
    Other,
}

/// The names of all keys, under the region's prefix.
#[derive(Debug, Clone)]
pub(super) struct Keys {
    pub(super) prefix: String,
    pub(super) drivers: String,
    pub(super) counter: String,
    pub(super) due: String,
    pub(super) waiting: String,
    pub(super) seen: String,
    pub(super) events: String,
    pub(super) workers: String,
    pub(super) queue: String,
    /// Waiting requests by their radius. The classes of radius beside it have names that begin with this one and a colon.
    pub(super) reach: String,
    sweep: String,
    fresh: String,
    pub(super) stale: String,
    /// The highest request id that was given, and by which server.
    pub(super) ids: String,
    /// Hashes of idempotency keys, each with the request that it has opened.
    idempotency: String,
    /// The same keys by when they may be forgotten.
    idempotency_ends: String,
    /// What the names of the lists of open requests begin with, one list for each rider and client.
    pub(super) open: String,
    /// The stream of what must be delivered: ends of requests, and reopenings.
    pub(super) ends: String,
    pub(super) canary: String,
    /// What is to be posted to the webhook, event ids by the time of their next try.
    pub(super) outbox: String,
    /// What the names of the messages in the outbox begin with.
    pub(super) messages: String,
    pub(super) dead_letters: String,
    /// A hash: the bound of the outbox, and counts of what was trimmed before it was delivered.
    pub(super) delivery: String,
    records: String,
}

impl Keys {
    pub(super) fn new(region: Option<&Region>) -> Self {
        let prefix = region.map(|Region(name)| format!("{{{name}}}:")).unwrap_or_default();
        let key = |name: &str| format!("{prefix}{name}");
        Self {
            drivers: key("drivers"),
            counter: key("request_id"),
            due: key("cabstand:due"),
            waiting: key("cabstand:waiting"),
            seen: key("cabstand:seen"),
            events: key("cabstand:events"),
            workers: key("cabstand:workers"),
            queue: key("cabstand:queue"),
            reach: key("cabstand:reach"),
            sweep: key("cabstand:sweep"),
            fresh: key("cabstand:fresh"),
            stale: key("cabstand:stale"),
            ids: key("cabstand:ids"),
            idempotency: key("cabstand:idempotency"),
            idempotency_ends: key("cabstand:idempotency:ends"),
            open: key("cabstand:open:"),
            ends: key("cabstand:ends"),
            canary: key("cabstand:canary:"),
            outbox: key("cabstand:outbox"),
            messages: key("cabstand:outbox:"),
            dead_letters: key("cabstand:webhook:dead"),
            delivery: key("cabstand:delivery"),
            records: key("cabstand:request:"),
            prefix,
        }
    }

    /// In the order in which `assets/lua/lib.lua` names them.
    pub(super) fn of_scripts(&self) -> [&str; 16] {
        [
            &self.drivers,
            &self.counter,
            &self.due,
            &self.waiting,
            &self.seen,
            &self.events,
            &self.workers,
            &self.queue,
            &self.reach,
            &self.sweep,
            &self.fresh,
            &self.stale,
            &self.ids,
            &self.idempotency,
            &self.idempotency_ends,
            &self.ends,
        ]
    }

    /// The classes of radius of the waiting requests, each named after its upper bound in metres, as in `assets/lua/lib.lua`.
    fn reach_classes(&self) -> impl Iterator<Item = String> {
        (6..=25).map(|power| format!("{}:{}", self.reach, 1_u64 << power))
    }

    /// All keys with a name of their own, each with the type that it has, in Redis' words.
    pub(super) fn with_types(&self) -> Vec<(String, &'static str)> {
        let type_of = |key: &str| match key {
            key if key == self.counter => "string",
            key if key == self.events || key == self.ends || key == self.dead_letters => "stream",
            key if key == self.sweep || key == self.delivery || key == self.ids || key == self.idempotency => "hash",
            _ => "zset",
        };
        let all = self.of_scripts().into_iter().chain([self.outbox.as_str(), &self.dead_letters, &self.delivery]);
        let all = all.map(|key| (key.to_owned(), type_of(key)));
        all.chain(self.reach_classes().map(|key| (key, "zset"))).collect()
    }

    /// The patterns of the keys that each request has: the article's and its record. Redis' patterns know no numbers, so the first
    /// one is also that of foreign keys that begin with a digit.
    pub(super) fn of_requests(&self) -> [String; 2] {
        [format!("{}[1-9]*", self.prefix), format!("{}*", self.records)]
    }

    /// All that is subscribed to in the database of this number, as it has to be granted.
    pub(super) fn channels(&self, db: i64) -> Vec<String> {
        let [requests, records] = self.of_requests();
        let heard = [self.drivers.clone(), requests, records, format!("{}*", self.canary), self.workers.clone()];
        heard.into_iter().map(|key| format!("__keyspace@{db}__:{key}")).collect()
    }

    /// The article's key of this request.
    pub(super) fn request(&self, id: RequestId) -> String {
        format!("{}{id}", self.prefix)
    }

    /// The record of this request.
    pub(super) fn record(&self, id: RequestId) -> String {
        format!("{}{id}", self.records)
    }

    /// What the key of this name is about.
    pub(super) fn kind_of(&self, key: &str) -> KeyKind {
        if key == self.drivers {
            KeyKind::Drivers
        } else if let Some(Ok(id)) = key.strip_prefix(&self.records).map(str::parse) {
            KeyKind::Record(id)
        } else if let Some(Ok(id)) = key.strip_prefix(&self.prefix).map(str::parse) {
            KeyKind::Request(id)
        } else {
            KeyKind::Other
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_are_the_contract() {
        let keys = Keys::new(None);
        assert_eq!(
            keys.of_scripts(),
            [
                "drivers",
                "request_id",
                "cabstand:due",
                "cabstand:waiting",
                "cabstand:seen",
                "cabstand:events",
                "cabstand:workers",
                "cabstand:queue",
                "cabstand:reach",
                "cabstand:sweep",
                "cabstand:fresh",
                "cabstand:stale",
                "cabstand:ids",
                "cabstand:idempotency",
                "cabstand:idempotency:ends",
                "cabstand:ends"
            ]
        );
        let id = RequestId::new(7).unwrap();
        assert_eq!(
            (keys.kind_of("7"), keys.kind_of("cabstand:request:7")),
            (KeyKind::Request(id), KeyKind::Record(id))
        );
    }

    #[test]
    fn a_region_prefixes_every_key() {
        let keys = Keys::new(Some(&"stgo".parse().unwrap()));
        assert!(keys.of_scripts().iter().all(|key| key.starts_with("{stgo}:")));
        let id = RequestId::new(7).unwrap();
        assert_eq!(keys.kind_of("{stgo}:7"), KeyKind::Request(id));
        assert_eq!(keys.kind_of("{stgo}:cabstand:request:7"), KeyKind::Record(id));
        assert_eq!(keys.kind_of("7"), KeyKind::Other);
        assert_eq!(keys.kind_of("{stgo}:drivers"), KeyKind::Drivers);
    }

    #[test]
    fn every_radius_has_a_class() {
        let keys = Keys::new(Some(&"stgo".parse().unwrap()));
        let classes: Vec<String> = keys.reach_classes().collect();
        assert_eq!((classes.len(), classes[0].as_str()), (20, "{stgo}:cabstand:reach:64"));
        assert_eq!(classes[19], "{stgo}:cabstand:reach:33554432");
        assert!(classes.iter().all(|class| keys.with_types().contains(&(class.clone(), "zset"))));
    }

    #[test]
    fn a_region_is_a_plain_name() {
        for name in ["", "a b", "a}", "a*", "ñ", &"x".repeat(65)] {
            assert_eq!(name.parse::<Region>(), Err(InvalidRegion), "{name:?}");
        }
    }
}
