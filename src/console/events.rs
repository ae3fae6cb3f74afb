//! The stream of events → news: what happens, and what happened before.
//!
//! The pane begins with the latest events. The numbers need a quarter of an hour of them: those are read once, page by page, the
//! newest first, so that the figures are soon whole for the shorter spans.

use tokio::sync::mpsc;
use tokio::time::sleep;

use super::feed::{BEAT, FIRST_EVENTS, jittered};
use super::message::{Message, News};
use super::model::Span;
use super::reading::{ONCE, rest};
use crate::domain::{Event, StreamId, UnixMs};
use crate::store::{Store, StoreError};

/// A page has so many entries.
const PAGE: usize = 500;
/// So many pages are read at the most: in a busy city that is less than the longest span, and the console says so.
const MOST_PAGES: usize = 40;

/// Follows the stream: first what happened lately, then what happens, and beside it what happened before.
pub(super) async fn follow_events(store: Store, news: mpsc::Sender<Message>) {
    let mut last: Option<StreamId> = None;
    let mut past: Option<Past> = None;
    while !news.is_closed() {
        let Ok(recent) = store.recent_events(FIRST_EVENTS).await else {
            sleep(jittered(BEAT)).await;
            continue;
        };
        let first = recent.first().map(|event| event.id);
        // A stream that ends before what was heard is another one: Redis has come back without it.
        let is_other = last.is_some_and(|last| recent.last().is_none_or(|newest| newest.id < last));
        if is_other {
            last = None;
        }
        // Whatever came between the two was not heard.
        let missed = is_other || last.zip(first).is_some_and(|(last, first)| last < first);
        if missed {
            past = None;
            let _ = news.send(Message::News(News::Missed)).await;
        }
        let past = past.get_or_insert_with(|| Past::before(first));
        let fresh: Vec<_> = recent.into_iter().filter(|event| last.is_none_or(|last| event.id > last)).collect();
        last = fresh.last().map(|event| event.id).or(last);
        let _ = news.send(Message::News(News::Events(fresh))).await;
        let mut tail = store.follow_events(Some(last.unwrap_or_default()));
        let follow = async {
            while !news.is_closed() {
                match tail.next().await {
                    Ok(events) if events.is_empty() => {}
                    Ok(events) => {
                        last = events.last().map(|event| event.id).or(last);
                        let _ = news.send(Message::News(News::Events(events))).await;
                    }
                    Err(_) => break,
                }
            }
        };
        tokio::join!(past.read(&store, &news), follow);
        sleep(jittered(BEAT)).await;
    }
}

/// The reading of the past, and how far it has come.
struct Past {
    /// All from this event on has been told.
    before: Option<StreamId>,
    /// How far back it goes; none before the first page.
    since: Option<UnixMs>,
    pages_left: usize,
}

impl Past {
    /// All that happened before this event; before now where there is none.
    fn before(event: Option<StreamId>) -> Self {
        Self { before: event, since: None, pages_left: MOST_PAGES }
    }

    /// Reads on to the end, however often Redis is away meanwhile. Between two pages it rests, as all readings do.
    async fn read(&mut self, store: &Store, news: &mpsc::Sender<Message>) {
        let (store, toll) = store.with_toll();
        while self.pages_left > 0 && !news.is_closed() {
            match self.page(&store).await {
                Ok((events, from)) => {
                    let rest = rest(toll.take(), ONCE);
                    let _ = news.send(Message::News(News::Past(events, from))).await;
                    if self.pages_left > 0 {
                        sleep(rest).await;
                    }
                }
                Err(_) => sleep(jittered(BEAT)).await,
            }
        }
    }

    /// The next page, and since when all is told with it.
    async fn page(&mut self, store: &Store) -> Result<(Vec<Event>, UnixMs), StoreError> {
        let since = match self.since {
            Some(since) => since,
            None => store.now().await? - Span::longest(),
        };
        self.since = Some(since);
        let (events, more) = store.events_before(self.before, since, PAGE).await?;
        self.pages_left = if more.is_some() { self.pages_left - 1 } else { 0 };
        self.before = more.or(self.before);
        Ok((events, more.map_or(since, |first| first.at)))
    }
}
