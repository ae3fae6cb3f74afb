//! The stream of events: the newest of them, following it, and taking from it what riders are to be told.

use std::collections::HashMap;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Value};

use super::reply::Fields;
use super::{CONNECT_TIMEOUT, Store, StoreError};
use crate::domain::{Actor, DriverId, Event, EventKind, StreamId};

/// The consumer group of those who tell riders.
const GROUP: &str = "riders";
/// How long one read waits for something new. It is also the beat at which a dead connection is noticed.
const BLOCK: Duration = Duration::from_secs(2);
/// How many events one read takes.
const BATCH: usize = 200;
/// An event that its taker has not acknowledged for so long is taken over by another.
const TAKE_OVER: Duration = Duration::from_secs(10);

/// An entry as Redis gives it: its id, and its names and values in turns; none where it was deleted. Bytes, because foreign
/// writers may put any there, and one that is no text must not hide the rest.
type Entry = (String, Option<Vec<Vec<u8>>>);

impl Store {
    /// The newest events, oldest of them first.
    ///
    /// # Errors
    /// Where Redis cannot be read.
    pub async fn recent_events(&self, count: usize) -> Result<Vec<Event>, StoreError> {
        let mut range = redis::cmd("XREVRANGE");
        let entries: Vec<Entry> =
            self.query(range.arg(&self.keys.events).arg("+").arg("-").arg("COUNT").arg(count)).await?;
        Ok(entries.into_iter().rev().filter_map(event).collect())
    }

    /// All events after that one, oldest first, a batch at a time; from the beginning where there is none.
    ///
    /// # Errors
    /// Where Redis cannot be read.
    pub async fn events_after(&self, last: Option<StreamId>) -> Result<Vec<Event>, StoreError> {
        let start = last.map_or_else(|| "-".to_owned(), |id| format!("({id}"));
        let mut range = redis::cmd("XRANGE");
        let entries: Vec<Entry> =
            self.query(range.arg(&self.keys.events).arg(start).arg("+").arg("COUNT").arg(BATCH)).await?;
        Ok(entries.into_iter().filter_map(event).collect())
    }

    /// Follows the stream from after that event on, or from now on where there is none.
    #[must_use]
    pub fn follow_events(&self, last: Option<StreamId>) -> EventTail {
        EventTail { reader: Reader::new(self), last: last.map_or_else(|| "$".to_owned(), |id| id.to_string()) }
    }

    /// Joins the group that tells riders, under this name. The group begins with what happens after it was first made.
    ///
    /// # Errors
    /// Where the handle is read-only or Redis cannot do it.
    pub async fn join_riders(&self, consumer: &Actor) -> Result<RiderGroup, StoreError> {
        self.access.check()?;
        self.make_group("$").await?;
        let mut reader = Reader::new(self);
        let last = reader.end().await?;
        Ok(RiderGroup { store: self.clone(), reader, consumer: consumer.clone(), last })
    }

    /// Makes the group where there is none, beginning after the event with this id, or after all that is there with `$`.
    async fn make_group(&self, after: &str) -> Result<(), StoreError> {
        let mut create = redis::cmd("XGROUP");
        create.arg("CREATE").arg(&self.keys.events).arg(GROUP).arg(after).arg("MKSTREAM");
        match self.query(&create).await {
            Err(StoreError::Server { reason, .. }) if reason.contains("BUSYGROUP") => Ok(()),
            answer => answer,
        }
    }
}

/// A place in the stream that moves on as it is read. It has a connection of its own, since its reads wait.
pub struct EventTail {
    reader: Reader,
    last: String,
}

impl EventTail {
    /// What happened since the last call; empty where nothing did for two seconds.
    ///
    /// # Errors
    /// Where Redis cannot be read; the next call connects anew.
    pub async fn next(&mut self) -> Result<Vec<Event>, StoreError> {
        let mut read = redis::cmd("XREAD");
        read.arg("COUNT").arg(BATCH).arg("BLOCK").arg(millis(BLOCK));
        read.arg("STREAMS").arg(&self.reader.store.keys.events).arg(&self.last);
        if self.last == "$" {
            // "$" means the end as it is at each call: what came between two calls would be lost.
            self.last = self.reader.end().await?;
            return Ok(Vec::new());
        }
        let entries = self.reader.read(&read).await?;
        if let Some(entry) = entries.last() {
            self.last.clone_from(&entry.0);
        }
        Ok(entries.into_iter().filter_map(event).collect())
    }

    /// Whether the stream no longer reaches as far as this place, because it was deleted. A new one may begin with ids that
    /// were passed already, and they would never be read from here.
    ///
    /// # Errors
    /// Where Redis cannot be read.
    pub async fn is_lost(&mut self) -> Result<bool, StoreError> {
        let place = |id: &str| id.parse::<StreamId>().ok();
        Ok(place(&self.reader.end().await?) < place(&self.last))
    }
}

/// What a member of the group has taken and not acknowledged yet.
#[derive(Debug, Default)]
pub struct RiderBatch {
    /// The ids of all entries, also of those that could not be read as events: they are dealt with, too.
    ids: Vec<String>,
    /// The events, oldest first.
    pub events: Vec<Event>,
}

impl RiderBatch {
    fn new(entries: Vec<Entry>) -> Self {
        let ids = entries.iter().map(|(id, _)| id.clone()).collect();
        Self { ids, events: entries.into_iter().filter_map(event).collect() }
    }
}

/// A member of the group that tells riders: each event goes to one member, and stays with it until it is acknowledged.
pub struct RiderGroup {
    store: Store,
    reader: Reader,
    consumer: Actor,
    /// The newest event that this member has seen. A group that was lost begins anew after it, so that nothing is missed.
    last: String,
}

impl RiderGroup {
    /// The next events for this member: such as another member took and left, then new ones; empty where there are none.
    ///
    /// # Errors
    /// Where Redis cannot be read.
    pub async fn next(&mut self) -> Result<RiderBatch, StoreError> {
        let left = self.left_by_others().await?;
        if !left.is_empty() {
            return Ok(RiderBatch::new(left));
        }
        let mut read = redis::cmd("XREADGROUP");
        read.arg("GROUP")
            .arg(GROUP)
            .arg(self.consumer.as_str())
            .arg("COUNT")
            .arg(BATCH)
            .arg("BLOCK")
            .arg(millis(BLOCK));
        read.arg("STREAMS").arg(&self.store.keys.events).arg(">");
        match self.reader.read(&read).await {
            Err(error) if is_no_group(&error) => self.begin_anew().await.map(|()| RiderBatch::default()),
            entries => {
                let entries = entries?;
                if let Some((id, _)) = entries.last() {
                    self.last.clone_from(id);
                }
                Ok(RiderBatch::new(entries))
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
        self.store.make_group(if is_the_same { &self.last } else { "0" }).await
    }

    /// Says that this batch is dealt with.
    ///
    /// # Errors
    /// Where Redis cannot do it: they will be given out again.
    pub async fn acknowledge(&self, batch: &RiderBatch) -> Result<(), StoreError> {
        if batch.ids.is_empty() {
            return Ok(());
        }
        let mut ack = redis::cmd("XACK");
        ack.arg(&self.store.keys.events).arg(GROUP).arg(&batch.ids);
        self.store.query(&ack).await
    }

    async fn left_by_others(&mut self) -> Result<Vec<Entry>, StoreError> {
        let mut claim = redis::cmd("XAUTOCLAIM");
        claim.arg(&self.store.keys.events).arg(GROUP).arg(self.consumer.as_str());
        claim.arg(millis(TAKE_OVER)).arg("0").arg("COUNT").arg(BATCH);
        match self.store.query::<Vec<Value>>(&claim).await {
            Err(error) if is_no_group(&error) => self.begin_anew().await.map(|()| Vec::new()),
            reply => claimed(reply?),
        }
    }
}

fn is_no_group(error: &StoreError) -> bool {
    matches!(error, StoreError::Server { reason, .. } if reason.contains("NOGROUP"))
}

/// The entries in an answer to `XAUTOCLAIM`: a cursor, the entries, and since Redis 7 the ids of those that were deleted.
/// Before that these stand among the entries, as nil.
fn claimed(reply: Vec<Value>) -> Result<Vec<Entry>, StoreError> {
    let odd = |_| StoreError::Answer("XAUTOCLAIM".to_owned());
    let entries = reply.into_iter().nth(1).unwrap_or(Value::Nil);
    let entries: Option<Vec<Option<Entry>>> = redis::from_redis_value(entries).map_err(odd)?;
    Ok(entries.into_iter().flatten().flatten().collect())
}

/// Reads that wait, on a connection of their own that is made anew after an error.
struct Reader {
    store: Store,
    connection: Option<MultiplexedConnection>,
}

impl Reader {
    fn new(store: &Store) -> Self {
        Self { store: store.clone(), connection: None }
    }

    async fn read(&mut self, command: &redis::Cmd) -> Result<Vec<Entry>, StoreError> {
        // The answer is nil when nothing came.
        let reply: Option<HashMap<Vec<u8>, Vec<Entry>>> = self.query(command).await?;
        Ok(reply.into_iter().flat_map(HashMap::into_values).flatten().collect())
    }

    /// The id of the newest event, or one before all where there is none.
    async fn end(&mut self) -> Result<String, StoreError> {
        let mut last = redis::cmd("XREVRANGE");
        last.arg(&self.store.keys.events).arg("+").arg("-").arg("COUNT").arg(1);
        let newest: Vec<Entry> = self.query(&last).await?;
        Ok(newest.into_iter().next().map_or_else(|| "0-0".to_owned(), |(id, _)| id))
    }

    async fn query<T: redis::FromRedisValue>(&mut self, command: &redis::Cmd) -> Result<T, StoreError> {
        let away = |error| StoreError::from_redis(&self.store.address, &error);
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.store.client.get_multiplexed_async_connection_with_config(&config()).await.map_err(away)?,
        };
        let answer = command.query_async(&mut connection).await.map_err(away)?;
        self.connection = Some(connection);
        Ok(answer)
    }
}

fn config() -> AsyncConnectionConfig {
    AsyncConnectionConfig::new().set_connection_timeout(Some(CONNECT_TIMEOUT)).set_response_timeout(Some(BLOCK * 2))
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

/// The event in an entry; none where its id or its type cannot be read.
fn event((id, fields): Entry) -> Option<Event> {
    let fields = Fields::from_list(fields?);
    Some(Event {
        id: id.parse().ok()?,
        kind: EventKind::parse(&fields.text("type")?),
        request_id: fields.get("request_id"),
        user_id: fields.text("user_id"),
        driver_id: fields.bytes("driver_id").map(DriverId::from_redis),
        actor: fields.text("actor").map(|name| Actor::new(&name)),
        place: fields.place("lat", "lng"),
        from: fields.place("from_lat", "from_lng"),
        distance_m: fields.get("distance_m"),
        attempts: fields.get("attempts"),
        waited_ms: fields.get("waited_ms"),
        reason: fields.text("reason"),
    })
}
