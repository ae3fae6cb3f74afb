//! A member of a consumer group: what it takes, what it takes over from others, and what was lost before its turn.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use redis::Value;

use super::events::{BATCH, BLOCK, Entry, Reader, Stream};
use super::groups::Group;
use super::losses::Lost;
use super::{Store, StoreError, millis};
use crate::domain::{Actor, Event, StreamId};

/// An event that its taker has not acknowledged for so long is taken over by another.
const TAKE_OVER: Duration = Duration::from_secs(10);
/// How often a member that is not behind looks for what others have left and what was trimmed. In between it only reads, so
/// that an end is told at once.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// What a member of the group has taken and not acknowledged yet.
#[derive(Debug, Default)]
pub struct Batch {
    /// All entries, also those that could not be read as events or are not for this group: they are dealt with, too.
    pub(super) entries: Vec<TakenEntry>,
    /// The events, oldest first.
    pub events: Vec<Event>,
    /// Ends that were trimmed before this group could read them.
    pub lost: Option<Lost>,
}

/// An entry of a stream that a member has taken.
#[derive(Debug)]
pub(super) struct TakenEntry {
    stream: Stream,
    /// Its id in the stream.
    pub(super) id: String,
    /// The event that stands in it.
    pub(super) event: Option<StreamId>,
    /// Whether it is an end that is taken from the stream of ends.
    is_skipped_end: bool,
}

impl Batch {
    /// Whether there is nothing in it to be dealt with.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether an end stands among all events here, and is not here from its own stream yet.
    fn lacks_ends(&self) -> bool {
        self.entries.iter().any(|entry| entry.is_skipped_end)
            && self.entries.iter().all(|entry| entry.stream != Stream::Ends)
    }

    /// Adds entries of a stream. An end that stands among all events is taken from the stream of ends, and only there.
    fn add(&mut self, stream: Stream, entries: Vec<Entry>) {
        for entry in entries {
            let id = entry.0.clone();
            let event = stream.event(entry);
            let is_skipped_end =
                stream != Stream::Ends && event.as_ref().is_some_and(|event| event.kind.end().is_some());
            let event = event.filter(|_| !is_skipped_end);
            self.entries.push(TakenEntry { stream, id, event: event.as_ref().map(|event| event.id), is_skipped_end });
            self.events.extend(event);
        }
        self.events.sort_by_key(|event| event.id);
    }
}

/// How far a member has read a stream.
pub(super) struct Place {
    pub(super) stream: Stream,
    /// The newest entry that this member has seen. A group that was lost begins anew after it, so that nothing is missed.
    pub(super) last: String,
}

/// A member of a group: each event goes to one member, and stays with it until it is acknowledged.
pub struct Member {
    store: Store,
    reader: Reader,
    group: Group,
    consumer: Actor,
    places: Vec<Place>,
    /// When it was last looked for what others have left and what was trimmed; `None` if that is due.
    checked_at: Option<Instant>,
    /// What was found to be trimmed and was not handed out yet, since a later read failed.
    lost: Option<Lost>,
}

impl Member {
    pub(super) fn new(store: Store, reader: Reader, group: Group, consumer: Actor, places: Vec<Place>) -> Self {
        Self { store, reader, group, consumer, places, checked_at: None, lost: None }
    }

    /// The next events for this member: such as another member took and left, then new ones; empty where there are none.
    ///
    /// # Errors
    /// Where Redis cannot be read.
    pub async fn next(&mut self) -> Result<Batch, StoreError> {
        self.next_at_most(BATCH).await
    }

    /// The same, at most this many of each stream. With 0 it only counts what was trimmed.
    ///
    /// # Errors
    /// If Redis cannot be read.
    pub async fn next_at_most(&mut self, most: usize) -> Result<Batch, StoreError> {
        let most = most.min(BATCH);
        let mut batch = Batch::default();
        if most == 0 || self.checked_at.is_none_or(|at| at.elapsed() >= CHECK_INTERVAL) {
            let deleted;
            (batch, deleted) = if most > 0 { self.left_by_others(most).await? } else { Default::default() };
            // Before the group reads on: that hides what was trimmed.
            self.note_lost(self.store.count_trimmed(self.group, deleted, false).await?);
            if !batch.is_empty() || most == 0 {
                batch.lost = self.lost.take();
                return Ok(batch);
            }
            self.checked_at = Some(Instant::now());
        }
        match self.read_new(&mut batch, most).await {
            Err(error) if is_no_group(&error) => self.begin_anew().await?,
            read => read?,
        }
        batch.lost = self.lost.take();
        Ok(batch)
    }

    /// Keeps what was lost until it can be handed out.
    fn note_lost(&mut self, lost: Option<Lost>) {
        self.lost = match (self.lost, lost) {
            (Some(Lost::Count(before)), Some(Lost::Count(more))) => Some(Lost::Count(before + more)),
            (None, lost) | (lost, None) => lost,
            (Some(_), Some(_)) => Some(Lost::Some),
        };
    }

    /// Waits for new entries. A read that waits on several streams is given those of the first that has any, which is that of all
    /// events: an end that stands there is read from its own stream at once, so that it is told without delay.
    async fn read_new(&mut self, batch: &mut Batch, most: usize) -> Result<(), StoreError> {
        let streams: Vec<Stream> = self.places.iter().map(|place| place.stream).collect();
        self.read_streams(batch, &streams, most, true).await?;
        if batch.lacks_ends() {
            self.read_streams(batch, &[Stream::Ends], most, false).await?;
        }
        Ok(())
    }

    async fn read_streams(
        &mut self,
        batch: &mut Batch,
        streams: &[Stream],
        most: usize,
        waits: bool,
    ) -> Result<(), StoreError> {
        let mut read = redis::cmd("XREADGROUP");
        read.arg("GROUP").arg(self.group.name()).arg(self.consumer.as_str()).arg("COUNT").arg(most);
        if waits {
            read.arg("BLOCK").arg(millis(BLOCK));
        }
        let keys: Vec<&str> = streams.iter().map(|stream| stream.key(&self.store.keys)).collect();
        read.arg("STREAMS").arg(&keys).arg(vec![">"; keys.len()]);
        let mut entries = self.reader.read(&read).await?;
        for place in &mut self.places {
            let entries = entries.remove(place.stream.key(&self.store.keys).as_bytes()).unwrap_or_default();
            if let Some((id, _)) = entries.last() {
                place.last.clone_from(id);
            }
            // A member that is behind can lose something before its next read.
            if entries.len() == most {
                self.checked_at = None;
            }
            batch.add(place.stream, entries);
        }
        Ok(())
    }

    /// The group is lost. With the stream it was all of it, and what is there now is new; where the stream is still the one
    /// that was read, it goes on after what this member has seen. A new stream can hold an id that is not above the last one
    /// of the old stream, when both are of one millisecond; but nothing stands before it.
    async fn begin_anew(&mut self) -> Result<(), StoreError> {
        let mut lost = None;
        for Place { stream, last } in &self.places {
            let mut first = redis::cmd("XRANGE");
            first.arg(stream.key(&self.store.keys)).arg("-").arg("+").arg("COUNT").arg(1);
            let first: Vec<Entry> = self.store.query(&first).await?;
            let place = |id: &str| id.parse::<StreamId>().ok();
            let is_the_same = first.first().is_some_and(|(id, _)| place(id) < place(last));
            let is_new = self.store.make_group(*stream, self.group, if is_the_same { last } else { "0" }).await?;
            if *stream == Stream::Ends && is_new {
                lost = self.store.count_trimmed(self.group, 0, !is_the_same).await?;
            }
        }
        self.note_lost(lost);
        Ok(())
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
        for entry in &batch.entries {
            acks.cmd("XACK").arg(entry.stream.key(&self.store.keys)).arg(self.group.name()).arg(&entry.id);
        }
        let acknowledged: Vec<bool> = self.store.query_all(&acks).await?;
        let entries = batch.entries.iter().zip(acknowledged).filter(|(_, is_first)| *is_first);
        let first: BTreeSet<StreamId> = entries.filter_map(|(entry, _)| entry.event).collect();
        Ok(batch.events.iter().filter(|event| first.contains(&event.id)).collect())
    }

    /// Leaves the group, so that its list of members does not grow with every start of a service.
    ///
    /// # Errors
    /// If Redis cannot do it: then whoever joins five minutes later removes the name.
    pub async fn leave(self) -> Result<(), StoreError> {
        for place in &self.places {
            self.store.strike_off(place.stream, self.group, Some(&self.consumer)).await?;
        }
        Ok(())
    }

    /// What others took and left, and how many of the ends among it were deleted meanwhile.
    async fn left_by_others(&mut self, most: usize) -> Result<(Batch, usize), StoreError> {
        let (mut batch, mut deleted) = (Batch::default(), 0);
        for stream in self.places.iter().map(|place| place.stream) {
            let mut claim = redis::cmd("XAUTOCLAIM");
            claim.arg(stream.key(&self.store.keys)).arg(self.group.name()).arg(self.consumer.as_str());
            claim.arg(millis(TAKE_OVER)).arg("0").arg("COUNT").arg(most);
            let reply = match self.store.query::<Vec<Value>>(&claim).await {
                Err(error) if is_no_group(&error) => {
                    self.begin_anew().await?;
                    break;
                }
                reply => claimed(reply?)?,
            };
            batch.add(stream, reply.entries);
            let gone = reply.deleted + if reply.has_nil { self.drop_deleted(stream).await? } else { 0 };
            if stream == Stream::Ends {
                deleted += gone;
            }
        }
        Ok((batch, deleted))
    }

    /// Strikes entries that were deleted off what is pending for this member, as only Redis 7 does by itself. Returns how many.
    async fn drop_deleted(&self, stream: Stream) -> Result<usize, StoreError> {
        let (key, group) = (stream.key(&self.store.keys), self.group.name());
        let mut pending = redis::cmd("XPENDING");
        pending.arg(key).arg(group).arg("-").arg("+").arg(BATCH).arg(self.consumer.as_str());
        let pending: Vec<(String, String, u64, u64)> = self.store.query(&pending).await?;
        let mut deleted = 0;
        for (id, ..) in pending {
            let found: Vec<Entry> = self.store.query(redis::cmd("XRANGE").arg(key).arg(&id).arg(&id)).await?;
            if found.is_empty() {
                deleted += self.store.query::<usize>(redis::cmd("XACK").arg(key).arg(group).arg(&id)).await?;
            }
        }
        Ok(deleted)
    }
}

fn is_no_group(error: &StoreError) -> bool {
    matches!(error, StoreError::Server { reason, .. } if reason.contains("NOGROUP") || reason.contains("UNBLOCKED"))
}

/// What a member has taken over.
struct Claimed {
    entries: Vec<Entry>,
    /// Entries that were deleted before they were acknowledged. Redis has struck them off its list of what is pending.
    deleted: usize,
    /// Whether there are some that Redis has not struck off.
    has_nil: bool,
}

/// An answer to `XAUTOCLAIM`: a cursor, the entries, and since Redis 7 the ids of those that were deleted. Before that these stand
/// among the entries, as nil, and stay pending.
fn claimed(reply: Vec<Value>) -> Result<Claimed, StoreError> {
    let odd = |_| StoreError::Answer("XAUTOCLAIM".to_owned());
    let mut parts = reply.into_iter().skip(1);
    let mut part = || parts.next().unwrap_or(Value::Nil);
    let entries: Option<Vec<Option<Entry>>> = redis::from_redis_value(part()).map_err(odd)?;
    let deleted: Option<Vec<String>> = redis::from_redis_value(part()).map_err(odd)?;
    let entries = entries.unwrap_or_default();
    Ok(Claimed {
        has_nil: entries.iter().any(Option::is_none),
        entries: entries.into_iter().flatten().collect(),
        deleted: deleted.unwrap_or_default().len(),
    })
}
