//! What is shown beside the tables: the nearest driver to each search in sight, and all of the selected one.

use std::time::Duration;

use super::Feed;
use crate::console::message::News;
use crate::console::reading::{BESIDE, Reading};
use crate::domain::Metres;

/// The nearest drivers are read no oftener than this.
const NEAREST_PAUSE: Duration = Duration::from_millis(500);
/// What is shown of the selected search is read no oftener than this.
const DETAIL_PAUSE: Duration = Duration::from_millis(150);
/// So many of the drivers around the selected search are read.
const AROUND: usize = 12;

/// Reads them whenever drivers, or what is in sight or selected, have changed.
pub(super) async fn follow(feed: &Feed) {
    tokio::join!(follow_nearest(feed), follow_around(feed), follow_life(feed));
}

async fn follow_nearest(feed: &Feed) {
    let mut reading = Reading::new(&feed.store, BESIDE, NEAREST_PAUSE);
    loop {
        reading.turn(&feed.marks.nearest).await;
        let well = read_nearest(feed, &reading).await;
        reading.done(well, &feed.marks.nearest);
    }
}

/// Whether it went well.
async fn read_nearest(feed: &Feed, reading: &Reading) -> bool {
    let rows = feed.glance.borrow().rows.clone();
    let Some(radius) = rows.iter().map(|(_, _, radius)| *radius).reduce(f64::max) else { return true };
    let places: Vec<_> = rows.iter().map(|(_, place, _)| *place).collect();
    // Twice the radius: whoever is just outside is worth knowing.
    let read = reading.store.nearest(&places, Metres(radius * 2.0), 1).await;
    let named =
        read.map(|found| rows.iter().map(|(id, _, _)| *id).zip(found.into_iter().map(|near| near.into_iter().next())));
    feed.bring(named.map(|pairs| News::Nearest(pairs.collect()))).await
}

/// Who is around the selected search, while it waits.
async fn follow_around(feed: &Feed) {
    let mut reading = Reading::new(&feed.store, BESIDE, DETAIL_PAUSE);
    loop {
        reading.turn(&feed.marks.around).await;
        let selected = feed.glance.borrow().selected;
        let well = match selected {
            Some((id, Some((place, radius)))) => {
                let read = reading.store.around(place, Metres(radius), AROUND).await;
                feed.bring(read.map(|around| News::Around(id, around))).await
            }
            _ => true,
        };
        reading.done(well, &feed.marks.around);
    }
}

/// What has happened to the selected search so far; what happens from now on comes with the events.
async fn follow_life(feed: &Feed) {
    let mut reading = Reading::new(&feed.store, BESIDE, DETAIL_PAUSE);
    loop {
        reading.turn(&feed.marks.life).await;
        let selected = feed.glance.borrow().selected;
        let well = match selected {
            Some((id, _)) => feed.bring(reading.store.life(id).await.map(|life| News::Life(id, life))).await,
            None => true,
        };
        reading.done(well, &feed.marks.life);
    }
}
