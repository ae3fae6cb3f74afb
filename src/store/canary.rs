//! Canaries: keys that are written for their notifications alone, one of each kind that matters. They prove that changes are heard,
//! whatever the setting says, and that Redis takes writes.

use std::collections::HashSet;
use std::time::Duration;

use redis::{RedisResult, Value};
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::listening::{Line, Listener};
use super::notifications::Canary;
use super::{Ailment, NOTICES, StoreError};

/// A canary that has not come back after so long is dead.
const PATIENCE: Duration = Duration::from_secs(1);
/// They die of themselves after so many ms.
const LIFE_MS: u32 = 5_000;
/// What is heard of them.
const EVENTS: [&str; 4] = ["set", "zadd", "hset", "expire"];

/// What came of a canary.
pub(super) enum Flown {
    /// All of it was heard.
    Back,
    /// Not all of it was heard, in words.
    Missing(String),
    /// Redis takes no writes.
    Refused(Ailment),
    /// It may not be written by this user.
    Kept,
}

impl Listener {
    /// Writes a canary of each kind, and waits until all are heard.
    pub(super) async fn fly_canary(&self, line: &mut Line) -> Result<Flown, StoreError> {
        let key = format!("{}{:016x}:", self.store.keys.canary, rand::random::<u64>());
        let (tell, came) = oneshot::channel();
        *self.inbox.canary() = Some(Canary { key: key.clone(), missing: HashSet::from(EVENTS), came: tell });
        let [string, list, hash] = ["s", "z", "h"].map(|kind| format!("{key}{kind}"));
        let mut canaries = redis::pipe();
        canaries.cmd("SET").arg(string).arg(1).arg("PX").arg(LIFE_MS);
        canaries.cmd("ZADD").arg(&list).arg(1).arg(1).cmd("PEXPIRE").arg(&list).arg(LIFE_MS);
        canaries.cmd("HSET").arg(&hash).arg("a").arg(1).cmd("PEXPIRE").arg(&hash).arg(LIFE_MS);
        let answers = canaries.ignore_errors().query_async(&mut line.connection).await;
        let answers: Vec<RedisResult<Value>> = answers.map_err(|error| self.error(&error))?;
        if let Some(error) = answers.iter().find_map(|answer| answer.as_ref().err()) {
            let error = self.error(error);
            return match error.ailment() {
                _ if error.is_away() => Err(error),
                Some(Ailment::NotPermitted) | None => Ok(Flown::Kept),
                Some(ailment) => Ok(Flown::Refused(ailment)),
            };
        }
        if matches!(timeout(PATIENCE, came).await, Ok(Ok(()))) {
            return Ok(Flown::Back);
        }
        let missing = self.inbox.canary().take().map(|canary| canary.missing).unwrap_or_default();
        Ok(if missing.is_empty() { Flown::Back } else { Flown::Missing(unheard(&missing)) })
    }
}

/// What is not heard, in words.
fn unheard(missing: &HashSet<&str>) -> String {
    if missing.len() == EVENTS.len() {
        return "none arrives, though they can be subscribed to".to_owned();
    }
    // The notice of a deadline is of the same kind as that of a key that is deleted.
    let is_missing = |event: &str| missing.contains(if event == "del" { "expire" } else { event });
    let kinds: Vec<String> = NOTICES
        .iter()
        .filter(|(_, event, _)| is_missing(event))
        .map(|(flag, _, what)| format!("none of {what} arrives ({flag} is missing in notify-keyspace-events)"))
        .collect();
    kinds.join("; ")
}
