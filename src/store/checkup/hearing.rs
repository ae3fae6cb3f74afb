//! Whether notifications arrive: one canary for each kind that matters, or listening alone where nothing may be written.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use redis::{Msg, PushInfo};
use tokio::time::{Instant, sleep};

use crate::domain::clean;
use crate::store::{Store, StoreError};

/// So long canaries are waited for.
const PATIENCE: Duration = Duration::from_millis(1_500);
/// So long is listened where nothing may be written: workers tell of themselves every two seconds.
const LISTENING: Duration = Duration::from_millis(4_500);
/// At this beat is looked whether all have come.
const BEAT: Duration = Duration::from_millis(10);
/// Canaries die of themselves after so many ms, should we die before.
const CANARY_MS: u32 = 5_000;

/// The flags of the kinds of notifications that are needed, the event that proves each, and what it is for.
pub const NOTICES: [(char, &str, &str); 5] = [
    ('$', "set", "searches that are opened or cancelled by hand"),
    ('z', "zadd", "drivers who move"),
    ('h', "hset", "records that change"),
    ('g', "del", "what is deleted"),
    ('x', "expired", "searches that expire"),
];

/// What came of the canaries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Canary {
    /// They were sent; the flags of those that did not come back.
    Sent(Vec<char>),
    /// Nothing may be written here; whether anything was heard.
    Listened(bool),
}

/// How well this user hears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// Channels that may not be subscribed to.
    pub refused: Vec<String>,
    /// What came of the canaries; none where their channel is refused.
    pub canary: Option<Canary>,
}

impl Store {
    /// Subscribes to all that a console hears, writes a canary of each kind, and tells which of them came back.
    ///
    /// # Errors
    /// Where Redis cannot be reached.
    pub async fn hear(&self) -> Result<Heard, StoreError> {
        let events: Arc<Mutex<HashSet<String>>> = Arc::default();
        let (heard, any) = (Arc::clone(&events), Arc::new(Mutex::new(false)));
        let (prefix, anything) = (format!("__keyspace@{}__:{}", self.address.db(), self.keys.canary), Arc::clone(&any));
        let mut connection = self
            .own_connection(move |push: PushInfo| {
                let Some(message) = Msg::from_push_info(push) else { return };
                *anything.lock().unwrap_or_else(PoisonError::into_inner) = true;
                if message.get_channel_name().starts_with(&prefix) {
                    let event = clean(message.get_payload_bytes());
                    heard.lock().unwrap_or_else(PoisonError::into_inner).insert(event);
                }
            })
            .await?;
        let mut refused = Vec::new();
        for channel in self.keys.channels(self.address.db()) {
            let answer = connection.psubscribe(&channel).await;
            match answer.map_err(|error| StoreError::from_redis(&self.address, &error)) {
                Ok(()) => {}
                Err(error) if error.is_away() => return Err(error),
                Err(_) => refused.push(channel),
            }
        }
        if refused.iter().any(|channel| channel.contains(&self.keys.canary)) {
            return Ok(Heard { refused, canary: None });
        }
        let was_heard = || *any.lock().unwrap_or_else(PoisonError::into_inner);
        let canary = if self.send_canaries().await? {
            let missing = || -> Vec<char> {
                let events = events.lock().unwrap_or_else(PoisonError::into_inner);
                NOTICES.iter().filter(|(_, event, _)| !events.contains(*event)).map(|(flag, ..)| *flag).collect()
            };
            wait_until(PATIENCE, || missing().is_empty()).await;
            Canary::Sent(missing())
        } else {
            wait_until(LISTENING, was_heard).await;
            Canary::Listened(was_heard())
        };
        Ok(Heard { refused, canary: Some(canary) })
    }

    /// Writes and deletes keys of each type; false where nothing may be written here.
    async fn send_canaries(&self) -> Result<bool, StoreError> {
        if self.switch.check().is_err() {
            return Ok(false);
        }
        let key = |kind: &str| format!("{}doctor:{:016x}:{kind}", self.keys.canary, rand::random::<u64>());
        let (list, hash, dies) = (key("list"), key("hash"), key("dies"));
        let mut canaries = redis::pipe();
        canaries.cmd("SET").arg(&dies).arg(1).arg("PX").arg(1);
        canaries.cmd("ZADD").arg(&list).arg(1).arg(1).cmd("PEXPIRE").arg(&list).arg(CANARY_MS).cmd("DEL").arg(&list);
        canaries.cmd("HSET").arg(&hash).arg("a").arg(1).cmd("PEXPIRE").arg(&hash).arg(CANARY_MS).cmd("DEL").arg(&hash);
        match self.query_all::<redis::Value>(&canaries).await {
            Ok(_) => {}
            Err(error) if error.is_away() => return Err(error),
            Err(_) => return Ok(false),
        }
        // A key that is looked at after its time dies there and then, and is told.
        sleep(BEAT).await;
        let _: Option<String> = self.query(redis::cmd("GET").arg(&dies)).await?;
        Ok(true)
    }
}

async fn wait_until(patience: Duration, done: impl Fn() -> bool) {
    let deadline = Instant::now() + patience;
    while !done() && Instant::now() < deadline {
        sleep(BEAT).await;
    }
}
