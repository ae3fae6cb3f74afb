//! The stream, read as it grows: a long run writes more than it keeps.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use cabstand::domain::{Event, StreamId};
use cabstand::store::Store;
use tokio::task::JoinHandle;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::history::replay::{Counts, History};

pub struct Recorder {
    events: Arc<Mutex<Vec<Event>>>,
    enough: CancellationToken,
    reading: JoinHandle<()>,
}

impl Recorder {
    pub fn start(store: Store) -> Self {
        let (events, enough) = (Arc::default(), CancellationToken::new());
        let reading = tokio::spawn(read(store, Arc::clone(&events), enough.clone()));
        Self { events, enough, reading }
    }

    /// What has happened so far.
    pub fn counts(&self) -> Counts {
        History::of(self.events.lock().unwrap().clone()).counts()
    }

    /// The whole history, up to now.
    pub async fn end(self) -> History {
        self.enough.cancel();
        self.reading.await.unwrap();
        History::of(std::mem::take(&mut *self.events.lock().unwrap()))
    }
}

async fn read(store: Store, events: Arc<Mutex<Vec<Event>>>, enough: CancellationToken) {
    let mut last: Option<StreamId> = None;
    loop {
        let ending = enough.is_cancelled();
        while let batch @ [.., newest] = store.events_after(last).await.unwrap().as_slice() {
            last = Some(newest.id);
            events.lock().unwrap().extend_from_slice(batch);
        }
        if ending {
            return;
        }
        sleep(Duration::from_millis(100)).await;
    }
}
