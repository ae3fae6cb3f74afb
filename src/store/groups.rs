//! The consumer groups of the stream: each event goes to one of all the services that run, and to another one if that one
//! dies before it has dealt with it.

use std::collections::BTreeSet;
use std::sync::LazyLock;
use std::time::Duration;

use redis::Value;

use super::events::{BATCH, BLOCK, Entry, Reader, event};
use super::scripts::Script;
use super::{Store, StoreError, millis};
use crate::domain::{Actor, Event, StreamId};

/// An event that its taker has not acknowledged for so long is taken over by another.
const TAKE_OVER: Duration = Duration::from_secs(10);
/// A member that was not heard of for so long is gone; one that lives asks every two seconds. Each start of a service has a name of its
/// own, so a service that is killed and started over and over leaves few names. To strike off one that lives does no harm: Redis
/// makes it anew with the next event that it is given.
const GONE: Duration = Duration::from_mins(5);

/// Strikes members off a group.
static MEMBERS: LazyLock<Script> =
    LazyLock::new(|| Script::new("members", &[include_str!("../../assets/lua/members.lua")]));

/// Those who read the stream together. A group begins with what happens after it was first made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// Those who tell riders.
    Riders,
    /// Those who post ends to the operator's webhook.
    Webhook,
}

impl Group {
    /// The group's name in Redis.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Riders => "riders",
            Self::Webhook => "webhook",
        }
    }
}

impl Store {
    /// Joins a group under this name, and strikes off it those who are gone.
    ///
    /// # Errors
    /// Where the handle is read-only or Redis cannot do it.
    pub async fn join(&self, group: Group, consumer: &Actor) -> Result<Member, StoreError> {
        self.switch.check()?;
        self.make_group(group, "$").await?;
        self.strike_off(group, None).await?;
        let mut reader = Reader::new(self);
        let last = reader.end().await?;
        Ok(Member { store: self.clone(), reader, group, consumer: consumer.clone(), last })
    }

    /// Makes the group where there is none, beginning after the event with this id, or after all that is there with `$`.
    async fn make_group(&self, group: Group, after: &str) -> Result<(), StoreError> {
        let mut create = redis::cmd("XGROUP");
        create.arg("CREATE").arg(&self.keys.events).arg(group.name()).arg(after).arg("MKSTREAM");
        match self.query(&create).await {
            Err(StoreError::Server { reason, .. }) if reason.contains("BUSYGROUP") => Ok(()),
            answer => answer,
        }
    }

    /// Strikes off the group who is gone, and the one who leaves. One who has something pending stays, until others have
    /// taken it over: with the name Redis would drop that, too.
    async fn strike_off(&self, group: Group, leaving: Option<&Actor>) -> Result<(), StoreError> {
        let mut call = MEMBERS.call(&[&self.keys.events]);
        call.arg(group.name()).arg(millis(GONE)).arg(leaving.map_or("", Actor::as_str));
        self.run(&call).await
    }
}

/// What a member of the group has taken and not acknowledged yet.
#[derive(Debug, Default)]
pub struct Batch {
    /// The ids of all entries, also of those that could not be read as events: they are dealt with, too.
    pub(super) ids: Vec<String>,
    /// The events, oldest first.
    pub events: Vec<Event>,
}

impl Batch {
    /// Whether there is nothing in it to be dealt with.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    fn new(entries: Vec<Entry>) -> Self {
        let ids = entries.iter().map(|(id, _)| id.clone()).collect();
        Self { ids, events: entries.into_iter().filter_map(event).collect() }
    }
}

/// A member of a group: each event goes to one member, and stays with it until it is acknowledged.
pub struct Member {
    store: Store,
    reader: Reader,
    group: Group,
    consumer: Actor,
    /// The newest event that this member has seen. A group that was lost begins anew after it, so that nothing is missed.
    last: String,
}

impl Member {
    /// The next events for this member: such as another member took and left, then new ones; empty where there are none.
    ///
    /// # Errors
    /// Where Redis cannot be read.
    pub async fn next(&mut self) -> Result<Batch, StoreError> {
        let left = self.left_by_others().await?;
        if !left.is_empty() {
            return Ok(Batch::new(left));
        }
        let mut read = redis::cmd("XREADGROUP");
        read.arg("GROUP").arg(self.group.name()).arg(self.consumer.as_str());
        read.arg("COUNT").arg(BATCH).arg("BLOCK").arg(millis(BLOCK));
        read.arg("STREAMS").arg(&self.store.keys.events).arg(">");
        match self.reader.read(&read).await {
            Err(error) if is_no_group(&error) => self.begin_anew().await.map(|()| Batch::default()),
            entries => {
                let entries = entries?;
                if let Some((id, _)) = entries.last() {
                    self.last.clone_from(id);
                }
                Ok(Batch::new(entries))
            }
        }
    }

    /// The group is lost. With the stream it was all of it, and what is there now is new; where the stream is still the one
    /// that was read, it goes on after what this member has seen. A new stream can hold an id that is not above the last one
    /// of the old stream, when both are of one millisecond; but nothing stands before it.
    async fn begin_anew(&mut self) -> Result<(), StoreError> {
        let mut first = redis::cmd("XRANGE");
        first.arg(&self.store.keys.events).arg("-").arg("+").arg("COUNT").arg(1);
        let first: Vec<Entry> = self.store.query(&first).await?;
        let place = |id: &str| id.parse::<StreamId>().ok();
        let is_the_same = first.first().is_some_and(|(id, _)| place(id) < place(&self.last));
        self.store.make_group(self.group, if is_the_same { &self.last } else { "0" }).await
    }

    /// Says that this batch is dealt with. Answers those of its events that were not acknowledged yet: the others were taken
    /// over by another member, which has dealt with them, too.
    ///
    /// # Errors
    /// Where Redis cannot do it: they will be given out again.
    pub async fn acknowledge<'a>(&self, batch: &'a Batch) -> Result<Vec<&'a Event>, StoreError> {
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        let mut acks = redis::pipe();
        for id in &batch.ids {
            acks.cmd("XACK").arg(&self.store.keys.events).arg(self.group.name()).arg(id);
        }
        let acknowledged: Vec<bool> = self.store.query_all(&acks).await?;
        let ids = batch.ids.iter().zip(acknowledged).filter(|(_, is_first)| *is_first);
        let first: BTreeSet<StreamId> = ids.filter_map(|(id, _)| id.parse().ok()).collect();
        Ok(batch.events.iter().filter(|event| first.contains(&event.id)).collect())
    }

    /// Leaves the group, so that its list of members does not grow with every start of a service.
    ///
    /// # Errors
    /// Where Redis cannot do it: then whoever joins five minutes later strikes the name off.
    pub async fn leave(self) -> Result<(), StoreError> {
        self.store.strike_off(self.group, Some(&self.consumer)).await
    }

    async fn left_by_others(&mut self) -> Result<Vec<Entry>, StoreError> {
        let mut claim = redis::cmd("XAUTOCLAIM");
        claim.arg(&self.store.keys.events).arg(self.group.name()).arg(self.consumer.as_str());
        claim.arg(millis(TAKE_OVER)).arg("0").arg("COUNT").arg(BATCH);
        match self.store.query::<Vec<Value>>(&claim).await {
            Err(error) if is_no_group(&error) => self.begin_anew().await.map(|()| Vec::new()),
            reply => claimed(reply?),
        }
    }
}

fn is_no_group(error: &StoreError) -> bool {
    matches!(error, StoreError::Server { reason, .. } if reason.contains("NOGROUP") || reason.contains("UNBLOCKED"))
}

/// The entries in an answer to `XAUTOCLAIM`: a cursor, the entries, and since Redis 7 the ids of those that were deleted.
/// Before that these stand among the entries, as nil.
fn claimed(reply: Vec<Value>) -> Result<Vec<Entry>, StoreError> {
    let odd = |_| StoreError::Answer("XAUTOCLAIM".to_owned());
    let entries = reply.into_iter().nth(1).unwrap_or(Value::Nil);
    let entries: Option<Vec<Option<Entry>>> = redis::from_redis_value(entries).map_err(odd)?;
    Ok(entries.into_iter().flatten().flatten().collect())
}
