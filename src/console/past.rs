//! What happened before the console began, for its numbers: read once, page by page, the newest first.

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

use super::feed::{BEAT, SHARE};
use super::message::{Message, News};
use super::model::Span;
use crate::domain::{Event, StreamId, UnixMs};
use crate::store::{Store, StoreError};

/// A page has so many entries.
const PAGE: usize = 500;
/// So many pages are read at the most: in a busy city that is less than the longest span, and the console says so.
const MOST_PAGES: usize = 40;

/// The reading of the past, and how far it has come.
pub(super) struct Past {
    /// All from this event on has been told.
    before: Option<StreamId>,
    /// How far back it goes; none before the first page.
    since: Option<UnixMs>,
    pages_left: usize,
}

impl Past {
    /// All that happened before this event; before now where there is none.
    pub(super) fn before(event: Option<StreamId>) -> Self {
        Self { before: event, since: None, pages_left: MOST_PAGES }
    }

    /// Reads on to the end, however often Redis is away meanwhile. Between two pages it rests, as all readings do.
    pub(super) async fn read(&mut self, store: &Store, news: &mpsc::Sender<Message>) {
        while self.pages_left > 0 && !news.is_closed() {
            let began = Instant::now();
            match self.page(store).await {
                Ok((events, from)) => {
                    let rest = began.elapsed() * (SHARE - 1);
                    let _ = news.send(Message::News(News::Past(events, from))).await;
                    if self.pages_left > 0 {
                        sleep(rest).await;
                    }
                }
                Err(_) => sleep(BEAT).await,
            }
        }
    }

    /// The next page, and since when all is told with it.
    async fn page(&mut self, store: &Store) -> Result<(Vec<Event>, UnixMs), StoreError> {
        let since = match self.since {
            Some(since) => since,
            None => store.vitals().await?.now - Span::longest(),
        };
        self.since = Some(since);
        let (events, more) = store.events_before(self.before, since, PAGE).await?;
        self.pages_left = if more.is_some() { self.pages_left - 1 } else { 0 };
        self.before = more.or(self.before);
        Ok((events, more.map_or(since, |first| first.at)))
    }
}
