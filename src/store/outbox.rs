//! The outbox: what is to be posted to the webhook, until it has arrived or is given up.
//!
//! A message does not wait in its group, since the stream is trimmed and a receiver may be away for hours.

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::Duration;

use super::groups::Group;
use super::member::Batch;
use super::scripts::{Call, ERRORS, Script};
use super::{Store, StoreError, millis};
use crate::domain::{StreamId, UnixMs, clean};

/// The scripts of the outbox, each with the part before it that they share.
static SCRIPTS: LazyLock<Scripts> = LazyLock::new(|| {
    let script = |name, own| Script::new(name, &[ERRORS, include_str!("../../assets/lua/outbox.lua"), own]);
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

/// What `outbox_take.lua` answers of a message: event id, tries, and its body or why it was given up.
type Row = (String, u64, Vec<u8>);
/// All that it answers: the time, the pause, whether more may have to be given up, trimmed dead letters, what was given up, and
/// what was taken.
type TakenReply = (i64, i64, bool, u64, Vec<Row>, Vec<Row>);

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

/// A message that was given up because its time was over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenUp {
    /// The event that it tells of.
    pub event_id: StreamId,
    /// How often it was tried; 0 if its turn never came.
    pub tries: u64,
    /// Why the last try failed, or that there was none.
    pub why: String,
}

/// How many messages to take, and which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Take {
    /// At most this many, in the order in which they are due. With 0, messages are only given up.
    Due(usize),
    /// One of those with the fewest tries.
    Probe,
}

/// What a sender got from the outbox.
#[derive(Debug)]
pub struct Taken {
    /// When it was taken.
    pub now: UnixMs,
    /// The messages, those first that were due first.
    pub messages: Vec<Outgoing>,
    /// Messages whose time was over. They are dead letters now.
    pub given_up: Vec<GivenUp>,
    /// Whether there may be more of these: at most 100 are given up at once.
    pub more_to_give_up: bool,
    /// How many older dead letters were trimmed for them.
    pub trimmed: u64,
    /// How long until the next message is due; none where the outbox is empty.
    pub next_in: Option<Duration>,
}

/// What became of a message whose try failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is tried again.
    Waiting,
    /// It was given up, and is among the dead letters.
    Dead {
        /// How many older dead letters were trimmed for it.
        trimmed: u64,
    },
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
    /// How many messages may wait; `None` if no service has put any there yet.
    pub max: Option<u64>,
}

impl OutboxCounts {
    /// Whether no further message has room.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.max.is_some_and(|max| self.waiting >= max)
    }
}

impl Store {
    /// Puts a batch of the webhook's group into the outbox and acknowledges it, in one step. `messages` are the bodies for
    /// those of its events that are posted. What has no room among `max` messages stays pending, and is given out again.
    ///
    /// # Errors
    /// Where the handle is read-only or Redis cannot do it: the batch will be given out again.
    pub async fn put_into_outbox(
        &self,
        batch: &Batch,
        messages: &[(StreamId, String)],
        max: u64,
    ) -> Result<(), StoreError> {
        self.switch.check()?;
        let mut call = self.call_outbox(&SCRIPTS.put);
        call.arg(Group::Webhook.name()).arg(max);
        let bodies: BTreeMap<StreamId, &str> = messages.iter().map(|(id, body)| (*id, body.as_str())).collect();
        for entry in &batch.entries {
            let body = entry.event.and_then(|event| bodies.get(&event)).copied().unwrap_or_default();
            let event = entry.event.map(|event| event.to_string()).unwrap_or_default();
            call.arg(&entry.id).arg(event).arg(body);
        }
        self.run(&call).await
    }

    /// Takes messages that are due. Until the lease is over nobody else takes them. Those that have been in the outbox for
    /// longer than `give_up_after` become dead letters without another try.
    ///
    /// # Errors
    /// Where the handle is read-only or Redis cannot do it.
    pub async fn take_from_outbox(
        &self,
        lease: Duration,
        take: Take,
        give_up_after: Duration,
    ) -> Result<Taken, StoreError> {
        self.switch.check()?;
        let (most, is_probe) = match take {
            Take::Due(most) => (most, 0),
            Take::Probe => (1, 1),
        };
        let mut call = self.call_outbox(&SCRIPTS.take);
        call.arg(millis(lease)).arg(most).arg(millis(give_up_after)).arg(is_probe);
        let (now, next, more, trimmed, dead, rows): TakenReply = self.run(&call).await?;
        // The script gives out such ids alone as can be read here: one that could not would be leased for ever.
        let message = |(id, tries, body): Row| {
            Some(Outgoing { event_id: id.parse().ok()?, tries, body: String::from_utf8_lossy(&body).into_owned() })
        };
        let given_up = |(id, tries, why): Row| Some(GivenUp { event_id: id.parse().ok()?, tries, why: clean(&why) });
        Ok(Taken {
            now: UnixMs(now),
            messages: rows.into_iter().filter_map(message).collect(),
            given_up: dead.into_iter().filter_map(given_up).collect(),
            more_to_give_up: more,
            trimmed,
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

    /// A try has failed. The next one is after `wait`. The message goes to the dead letters once it has been in the outbox for
    /// `give_up_after`, or at once if there is to be no further try.
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
        let (fate, trimmed): (String, u64) = self.run(&call).await?;
        match fate.as_str() {
            "waiting" => Ok(Fate::Waiting),
            "dead" => Ok(Fate::Dead { trimmed }),
            "gone" => Ok(Fate::Gone),
            _ => Err(StoreError::Answer(fate)),
        }
    }

    /// Counts what is in the outbox, for the figures of the service.
    ///
    /// # Errors
    /// Where Redis cannot be read.
    pub async fn outbox_counts(&self) -> Result<OutboxCounts, StoreError> {
        let mut pipe = redis::pipe();
        pipe.zcard(&self.keys.outbox).cmd("XLEN").arg(&self.keys.dead_letters);
        pipe.cmd("HGET").arg(&self.keys.delivery).arg("outbox_max");
        let (waiting, dead, max): (u64, u64, Option<Vec<u8>>) = self.query_all(&pipe).await?;
        let max = max.and_then(|max| String::from_utf8(max).ok()?.parse().ok());
        Ok(OutboxCounts { waiting, dead, max })
    }

    /// How many messages are in the outbox.
    ///
    /// # Errors
    /// If Redis cannot be read.
    pub async fn outbox_fill(&self) -> Result<u64, StoreError> {
        self.query(redis::cmd("ZCARD").arg(&self.keys.outbox)).await
    }

    fn call_outbox<'a>(&self, script: &'a Script) -> Call<'a> {
        let keys = &self.keys;
        let mut call = script.call(&[&keys.ends, &keys.outbox, &keys.dead_letters, &keys.delivery]);
        call.arg(&self.keys.messages);
        call
    }
}
