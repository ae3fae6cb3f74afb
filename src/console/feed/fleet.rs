//! The drivers in sight of the map.

use std::time::Duration;

use tokio::time::Instant;

use super::Feed;
use crate::console::message::News;
use crate::console::reading::Reading;

/// The shortest pause between two readings: more pictures a second than this nobody sees.
const SHORTEST_PAUSE: Duration = Duration::from_millis(40);

/// Reads the drivers in sight whenever they, or what is in sight, have changed.
pub(super) async fn follow(feed: &Feed) {
    let mut reading = Reading::new(SHORTEST_PAUSE);
    loop {
        reading.rest().await;
        tokio::select! {
            () = feed.marks.drivers.notified() => {}
            () = feed.marks.everything.notified() => {}
            () = feed.marks.view.notified() => {}
        }
        let began = Instant::now();
        let view = feed.glance.borrow().view;
        let well = match view {
            Some(view) => feed.bring(feed.store.fleet(view).await.map(News::Fleet)).await,
            None => true,
        };
        reading.done(began, well, &feed.marks.drivers);
    }
}
