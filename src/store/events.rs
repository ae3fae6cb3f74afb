//! The stream of events: the newest of them, and following it.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use redis::AsyncConnectionConfig;
use redis::aio::MultiplexedConnection;

use super::keys::Keys;
use super::reply::Fields;
use super::{CONNECT_TIMEOUT, Store, StoreError, millis};
use crate::domain::{Actor, DriverId, Event, EventKind, RequestId, StreamId, UnixMs};

/// How long one read waits for something new. It is also the beat at which a dead connection is noticed.
pub(super) const BLOCK: Duration = Duration::from_secs(2);
/// How many events one read takes.
pub(super) const BATCH: usize = 200;

/// So many events of one request are read; a note that a foreign hand has made longer is not read to its end.
const LIFE: usize = 64;

/// An entry as Redis gives it: its id, and its names and values in turns; none where it was deleted. Bytes, because foreign
/// writers may put any there, and one that is no text must not hide the rest.
pub(super) type Entry = (String, Option<Vec<Vec<u8>>>);

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

    /// The events of this request that the stream still has, oldest first: the newest 64. A foreign request has no record in
    /// which they could be noted, and so none.
    ///
    /// # Errors
    /// Where Redis cannot be read.
    pub async fn life(&self, id: RequestId) -> Result<Vec<Event>, StoreError> {
        let noted: Vec<u8> = match self.query(redis::cmd("HGET").arg(self.keys.record(id)).arg("life")).await {
            // A key of another type is no record.
            Err(error) if error.is_wrong_type() => Vec::new(),
            noted => noted.map(Option::unwrap_or_default)?,
        };
        let noted = String::from_utf8_lossy(&noted);
        let ids: BTreeSet<StreamId> = noted.split(' ').filter_map(|id| id.parse().ok()).collect();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut ranges = redis::pipe();
        for id in ids.iter().rev().take(LIFE).rev().map(StreamId::to_string) {
            ranges.cmd("XRANGE").arg(&self.keys.events).arg(&id).arg(&id);
        }
        let entries: Vec<Vec<Entry>> = self.query_all(&ranges).await?;
        Ok(entries.into_iter().flatten().filter_map(event).collect())
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

    /// A page of the events since that time that come before `before`, or before the end where there is none: the newest of
    /// them, oldest first. With it the place before which the next page ends; none where this was the last.
    ///
    /// # Errors
    /// Where Redis cannot be read.
    pub async fn events_before(
        &self,
        before: Option<StreamId>,
        since: UnixMs,
        count: usize,
    ) -> Result<(Vec<Event>, Option<StreamId>), StoreError> {
        let end = before.map_or_else(|| "+".to_owned(), |id| format!("({id}"));
        let mut range = redis::cmd("XREVRANGE");
        let entries: Vec<Entry> =
            self.query(range.arg(&self.keys.events).arg(end).arg(since.0.max(0)).arg("COUNT").arg(count)).await?;
        let full = entries.len() == count;
        let first = entries.last().filter(|_| full).and_then(|entry| entry.0.parse().ok());
        Ok((entries.into_iter().rev().filter_map(event).collect(), first))
    }

    /// Follows the stream from after that event on, or from now on where there is none.
    #[must_use]
    pub fn follow_events(&self, last: Option<StreamId>) -> EventTail {
        let last = last.map_or_else(|| "$".to_owned(), |id| id.to_string());
        EventTail { reader: Reader::new(self), stream: Stream::Events, last }
    }

    /// Follows the stream of ends and reopenings from now on. No number of other events can push an end out of it.
    #[must_use]
    pub fn follow_ends(&self) -> EventTail {
        EventTail { reader: Reader::new(self), stream: Stream::Ends, last: "$".to_owned() }
    }
}

/// A stream of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stream {
    /// Everything that happened.
    Events,
    /// Ends of requests and reopenings once more, with a bound of their own.
    Ends,
}

impl Stream {
    /// Its key.
    pub(super) fn key(self, keys: &Keys) -> &str {
        match self {
            Self::Events => &keys.events,
            Self::Ends => &keys.ends,
        }
    }

    /// The event in an entry of this stream; `None` if its id or its type cannot be read.
    pub(super) fn event(self, entry: Entry) -> Option<Event> {
        match self {
            Self::Events => event(entry),
            Self::Ends => end(entry),
        }
    }
}

/// A place in the stream that moves on as it is read. It has a connection of its own, since its reads wait.
pub struct EventTail {
    reader: Reader,
    stream: Stream,
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
        read.arg("STREAMS").arg(self.stream.key(&self.reader.store.keys)).arg(&self.last);
        if self.last == "$" {
            // "$" means the end as it is at each call: what came between two calls would be lost.
            self.last = self.reader.end(self.stream).await?;
            return Ok(Vec::new());
        }
        let read = self.reader.read(&read).await?;
        let entries: Vec<Entry> = read.into_values().flatten().collect();
        if let Some(entry) = entries.last() {
            self.last.clone_from(&entry.0);
        }
        Ok(entries.into_iter().filter_map(|entry| self.stream.event(entry)).collect())
    }

    /// Whether the stream no longer reaches as far as this place, because it was deleted. A new one may begin with ids that
    /// were passed already, and they would never be read from here.
    ///
    /// # Errors
    /// Where Redis cannot be read.
    pub async fn is_lost(&mut self) -> Result<bool, StoreError> {
        let place = |id: &str| id.parse::<StreamId>().ok();
        Ok(place(&self.reader.end(self.stream).await?) < place(&self.last))
    }
}

/// Reads that wait, on a connection of their own that is made anew after an error.
pub(super) struct Reader {
    store: Store,
    /// With the name of the shared connection at that time: where that was made anew, Redis may be another one by now.
    connection: Option<(u64, MultiplexedConnection)>,
}

impl Reader {
    pub(super) fn new(store: &Store) -> Self {
        Self { store: store.clone(), connection: None }
    }

    /// The new entries of each stream, by its key.
    pub(super) async fn read(&mut self, command: &redis::Cmd) -> Result<HashMap<Vec<u8>, Vec<Entry>>, StoreError> {
        // The answer is nil when nothing came.
        let reply: Option<HashMap<Vec<u8>, Vec<Entry>>> = self.query(command).await?;
        Ok(reply.unwrap_or_default())
    }

    /// The id of the newest entry of a stream, or one before all if it is empty.
    pub(super) async fn end(&mut self, stream: Stream) -> Result<String, StoreError> {
        let mut last = redis::cmd("XREVRANGE");
        last.arg(stream.key(&self.store.keys)).arg("+").arg("-").arg("COUNT").arg(1);
        let newest: Vec<Entry> = self.query(&last).await?;
        Ok(newest.into_iter().next().map_or_else(|| "0-0".to_owned(), |(id, _)| id))
    }

    async fn query<T: redis::FromRedisValue>(&mut self, command: &redis::Cmd) -> Result<T, StoreError> {
        let number = self.store.link.number();
        let mut connection = match self.connection.take() {
            Some((then, connection)) if then == number => connection,
            _ => {
                let config = config();
                let coming = self.store.client.get_multiplexed_async_connection_with_config(&config);
                coming.await.map_err(|error| self.store.counted(&error).before_asking())?
            }
        };
        match command.query_async(&mut connection).await {
            Ok(answer) => {
                self.connection = Some((number, connection));
                Ok(answer)
            }
            Err(error) => Err(self.store.named(self.store.counted(&error)).await),
        }
    }
}

fn config() -> AsyncConnectionConfig {
    AsyncConnectionConfig::new().set_connection_timeout(Some(CONNECT_TIMEOUT)).set_response_timeout(Some(BLOCK * 2))
}

/// The event in an entry of the stream of ends. One that could not have its event's own id there names it.
fn end((id, fields): Entry) -> Option<Event> {
    let fields = Fields::from_list(fields?);
    let event = of_fields(&id, &fields)?;
    Some(Event { id: fields.get("event").unwrap_or(event.id), ..event })
}

/// The event in an entry; none where its id or its type cannot be read.
pub(super) fn event((id, fields): Entry) -> Option<Event> {
    of_fields(&id, &Fields::from_list(fields?))
}

fn of_fields(id: &str, fields: &Fields) -> Option<Event> {
    Some(Event {
        id: id.parse().ok()?,
        kind: EventKind::parse(&fields.text("type")?),
        request_id: fields.get("request_id"),
        user_id: fields.text("user_id"),
        driver_id: fields.bytes("driver_id").map(DriverId::from_redis),
        actor: fields.text("actor").map(|name| Actor::new(&name)),
        place: fields.place("lat", "lng"),
        from: fields.place("from_lat", "from_lng"),
        driver_place: fields.place("driver_lat", "driver_lng"),
        distance_m: fields.metres("distance_m"),
        attempts: fields.get("attempts"),
        opened_at: fields.time("opened_at"),
        waited_ms: fields.get("waited_ms"),
        by_ms: fields.get("by_ms"),
        expires_at: fields.time("expires_at"),
        radius_m: fields.metres("radius_m"),
        from_radius_m: fields.metres("from_radius_m"),
        stale: fields.get("stale"),
        reason: fields.text("reason"),
        deed: fields.get("deed"),
    })
}
