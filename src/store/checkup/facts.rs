//! What a server says of itself.

use std::collections::HashMap;
use std::time::{Duration, Instant, SystemTime};

use crate::domain::{UnixMs, clean};
use crate::store::{Store, StoreError};

/// A server as it says it is.
#[derive(Debug, Clone)]
pub struct Facts {
    /// Its version, like `7.0.15`; empty where it does not tell.
    pub version: String,
    /// Whether it is Valkey.
    pub valkey: bool,
    /// What `INFO` tells; none where that is not granted.
    pub info: Option<Info>,
    /// How long an answer took.
    pub latency: Duration,
    /// How far the clock of this machine is ahead of the server's, in ms.
    pub clock_ahead_ms: i64,
}

/// The answer of `INFO`.
#[derive(Debug, Clone, Default)]
pub struct Info(HashMap<String, String>);

impl Info {
    pub(in crate::store) fn parse(text: &str) -> Self {
        let lines = text.lines().map(|line| clean(line.as_bytes()));
        Self(lines.filter_map(|line| line.split_once(':').map(|(a, b)| (a.to_owned(), b.to_owned()))).collect())
    }

    /// A field of it; empty where there is none.
    #[must_use]
    pub fn get(&self, field: &str) -> &str {
        self.0.get(field).map_or("", String::as_str)
    }

    /// A field that is a number.
    #[must_use]
    pub fn number(&self, field: &str) -> Option<u64> {
        self.get(field).parse().ok()
    }
}

/// Whether the server writes to disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Saving {
    /// Each change, within a second.
    Log,
    /// From time to time.
    Snapshots,
    /// Never.
    Off,
    /// It does not tell.
    Untold,
}

impl Store {
    /// What this server says of itself.
    ///
    /// # Errors
    /// Where it cannot be asked.
    pub async fn facts(&self) -> Result<Facts, StoreError> {
        let sent = Instant::now();
        let (seconds, micros): (i64, i64) = self.query(&redis::cmd("TIME")).await?;
        let latency = sent.elapsed();
        let now = UnixMs(seconds * 1_000 + micros / 1_000);
        let here = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let here =
            i64::try_from(here.as_millis()).unwrap_or(i64::MAX) - i64::try_from(latency.as_millis() / 2).unwrap_or(0);
        let hello: HashMap<String, redis::Value> = self.query(&redis::cmd("HELLO")).await?;
        let word = |name| hello.get(name).cloned().and_then(|value| redis::from_redis_value::<String>(value).ok());
        let info = match self.query::<String>(&redis::cmd("INFO")).await {
            Ok(text) => Some(Info::parse(&text)),
            Err(error) if error.is_away() => return Err(error),
            Err(_) => None,
        };
        let told = info.clone().unwrap_or_default();
        let valkey = !told.get("valkey_version").is_empty() || word("server").is_some_and(|name| name == "valkey");
        let version = [told.get("valkey_version"), told.get("redis_version")].into_iter().find(|text| !text.is_empty());
        let version = version.map(str::to_owned).or(word("version")).unwrap_or_default();
        Ok(Facts { version: clean(version.as_bytes()), valkey, info, latency, clock_ahead_ms: here - now.0 })
    }

    /// Whether what is in this Redis outlasts a restart.
    ///
    /// # Errors
    /// Where Redis cannot be asked.
    pub async fn saving(&self, facts: &Facts) -> Result<Saving, StoreError> {
        let Some(info) = &facts.info else { return Ok(Saving::Untold) };
        if info.get("aof_enabled") == "1" {
            return Ok(Saving::Log);
        }
        match self.setting("save").await? {
            Some(points) if points.trim().is_empty() => Ok(Saving::Off),
            Some(_) => Ok(Saving::Snapshots),
            None if info.number("rdb_saves").is_some_and(|saves| saves > 0) => Ok(Saving::Snapshots),
            None => Ok(Saving::Untold),
        }
    }

    /// A setting of the server; none where it does not let itself be asked.
    ///
    /// # Errors
    /// Where Redis cannot be reached.
    pub async fn setting(&self, name: &str) -> Result<Option<String>, StoreError> {
        match self.query::<HashMap<String, String>>(redis::cmd("CONFIG").arg("GET").arg(name)).await {
            Ok(answer) => Ok(answer.get(name).map(|value| clean(value.as_bytes()))),
            Err(error) if error.is_away() => Err(error),
            Err(_) => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn info_is_read_line_by_line() {
        let info = Info::parse("# Memory\r\nmaxmemory:1024\r\nmaxmemory_policy:allkeys-lru\r\nrole:master\r\n");
        assert_eq!(
            (info.get("maxmemory_policy"), info.number("maxmemory"), info.get("none")),
            ("allkeys-lru", Some(1024), "")
        );
    }
}
