//! The outbox: what is to be posted to the webhook, until it has arrived or is given up.
//!
//! A message does not wait in its group, since the stream is trimmed and a receiver may be away for hours.

use std::collections::HashMap;
use std::sync::LazyLock;
use std::time::Duration;

use super::groups::{Batch, Group};
use super::scripts::{Call, Script};
use super::{Store, StoreError, millis};
use crate::domain::{StreamId, UnixMs};

/// The scripts of the outbox, each with the part before it that they share.
static SCRIPTS: LazyLock<Scripts> = LazyLock::new(|| {
    let script = |name, own| Script::new(name, &[include_str!("../../assets/lua/outbox.lua"), own]);
    Scripts {
        put: script("outbox_put", include_str!("../../assets/lua/outbox_put.lua")),
        take: script("outbox_take", include_str!("../../assets/lua/outbox_take.lua")),
        delivered: script("outbox_delivered", include_str!("../../assets/lua/outbox_delivered.lua")),
        failed: script("outbox_failed", include_str!("../../assets/lua/outbox_failed.lua")),
    }
});

struct Scripts {
    put: Script,
    take: Script,
    delivered: Script,
    failed: Script,
}

/// What `outbox_take.lua` answers of a message: event id, tries, body.
type Row = (String, u64, Vec<u8>);

/// A message that was taken to be posted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// The event that it tells of.
    pub event_id: StreamId,
    /// The how-manieth try this is, from 1.
    pub tries: u64,
    /// What is posted.
    pub body: String,
}

/// What a sender got from the outbox.
#[derive(Debug)]
pub struct Taken {
    /// When it was taken.
    pub now: UnixMs,
    /// The messages, those first that were due first.
    pub messages: Vec<Outgoing>,
    /// How long until the next message is due; none where the outbox is empty.
    pub next_in: Option<Duration>,
}

/// What became of a message whose try failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is tried again.
    Waiting,
    /// It was given up, and is among the dead letters.
    Dead,
    /// Somebody else has delivered it, or has it now.
    Gone,
}

/// How much there is in the outbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutboxCounts {
    /// Messages that wait for a try or are being tried.
    pub waiting: u64,
    /// Dead letters that are kept; the oldest go when there are more than about 10 000.
    pub dead: u64,
}

impl Store {
    /// Puts a batch of the webhook's group into the outbox and acknowledges all of it, in one step. `messages` are the
    /// bodies for those of its events that are posted.
    ///
    /// # Errors
    /// Where the handle is read-only or Redis cannot do it: the batch will be given out again.
    pub async fn put_into_outbox(&self, batch: &Batch, messages: &[(StreamId, String)]) -> Result<(), StoreError> {
        self.switch.check()?;
        let mut call = self.call_outbox(&SCRIPTS.put);
        call.arg(Group::Webhook.name());
        let bodies: HashMap<String, &str> = messages.iter().map(|(id, body)| (id.to_string(), body.as_str())).collect();
        for id in &batch.ids {
            call.arg(id).arg(*bodies.get(id).unwrap_or(&""));
        }
        self.run(&call).await
    }

    /// Takes messages that are due, so many at the most. Until the lease is over nobody else takes them.
    ///
    /// # Errors
    /// Where the handle is read-only or Redis cannot do it.
    pub async fn take_from_outbox(&self, lease: Duration, most: usize) -> Result<Taken, StoreError> {
        self.switch.check()?;
        let mut call = self.call_outbox(&SCRIPTS.take);
        call.arg(millis(lease)).arg(most);
        let (now, next, rows) = taken(self.run(&call).await?)?;
        // The script gives out such ids alone as can be read here: one that could not would be leased for ever.
        let message = |(id, tries, body): Row| {
            Some(Outgoing { event_id: id.parse().ok()?, tries, body: String::from_utf8_lossy(&body).into_owned() })
        };
        Ok(Taken {
            now: UnixMs(now),
            messages: rows.into_iter().filter_map(message).collect(),
            next_in: u64::try_from(next).ok().map(Duration::from_millis),
        })
    }

    /// A message has arrived.
    ///
    /// # Errors
    /// Where the handle is read-only or Redis cannot do it: it is posted again when its lease is over.
    pub async fn delivered(&self, message: &Outgoing) -> Result<(), StoreError> {
        self.switch.check()?;
        let mut call = self.call_outbox(&SCRIPTS.delivered);
        call.arg(message.event_id.to_string());
        self.run(&call).await
    }

    /// A try has failed. The next one is after `wait`, and the last one `give_up_after` after the first; after that, or where
    /// there is to be none, the message goes to the dead letters.
    ///
    /// # Errors
    /// Where the handle is read-only or Redis cannot do it: it is tried again when its lease is over.
    pub async fn not_delivered(
        &self,
        message: &Outgoing,
        wait: Option<Duration>,
        give_up_after: Duration,
        why: &str,
    ) -> Result<Fate, StoreError> {
        self.switch.check()?;
        let mut call = self.call_outbox(&SCRIPTS.failed);
        call.arg(message.event_id.to_string()).arg(message.tries);
        call.arg(wait.map_or_else(String::new, |wait| millis(wait).to_string())).arg(millis(give_up_after)).arg(why);
        match self.run::<String>(&call).await?.as_str() {
            "waiting" => Ok(Fate::Waiting),
            "dead" => Ok(Fate::Dead),
            "gone" => Ok(Fate::Gone),
            other => Err(StoreError::Answer(other.to_owned())),
        }
    }

    /// Counts what is in the outbox, for the figures of the service.
    ///
    /// # Errors
    /// Where Redis cannot be read.
    pub async fn outbox_counts(&self) -> Result<OutboxCounts, StoreError> {
        let mut pipe = redis::pipe();
        pipe.zcard(&self.keys.outbox).cmd("XLEN").arg(&self.keys.dead_letters);
        let (waiting, dead) = self.query_all(&pipe).await?;
        Ok(OutboxCounts { waiting, dead })
    }

    fn call_outbox<'a>(&self, script: &'a Script) -> Call<'a> {
        let mut call = script.call(&[&self.keys.events, &self.keys.outbox, &self.keys.dead_letters]);
        call.arg(&self.keys.messages);
        call
    }
}

/// The answer of `outbox_take.lua`: the time, the pause, and the messages.
fn taken(answer: Vec<redis::Value>) -> Result<(i64, i64, Vec<Row>), StoreError> {
    let odd = |_| StoreError::Answer("the outbox".to_owned());
    let mut values = answer.into_iter();
    let mut number = || redis::from_redis_value(values.next().unwrap_or(redis::Value::Nil)).map_err(odd);
    let (now, next) = (number()?, number()?);
    let rows = values.map(|row| redis::from_redis_value(row).map_err(odd)).collect::<Result<_, _>>()?;
    Ok((now, next, rows))
}
