//! The drivers in sight of the map, and what is kept of those who were in sight before.

use std::time::Duration;

use futures_util::FutureExt;

use super::Feed;
use crate::console::message::News;
use crate::console::reading::{FLEET, Reading};
use crate::store::Chart;

/// The shortest pause between two readings: more pictures a second than this nobody sees.
const SHORTEST_PAUSE: Duration = Duration::from_millis(40);

/// Reads the drivers in sight whenever they, or what is in sight, have changed. Of another part of the earth it is told at once
/// what is known, and then what there is.
pub(super) async fn follow(feed: &Feed) {
    let marks = &feed.marks;
    let mut reading = Reading::new(&feed.store, FLEET, SHORTEST_PAUSE);
    let mut chart = Chart::default();
    let mut wanted = false;
    loop {
        tokio::select! {
            biased;
            () = marks.view.notified() => {
                tell_known(feed, &chart).await;
                wanted = true;
            }
            () = marks.everything.notified() => {
                chart.outdate_ages();
                wanted = true;
            }
            () = reading.rest(), if wanted => {
                if marks.drivers.notified().now_or_never().is_some() {
                    chart.outdate();
                }
                wanted = false;
                let well = read(feed, &mut chart, &reading).await;
                reading.done(well, &marks.drivers);
            }
            // While a reading is waited for, it need not be asked how often they changed.
            () = marks.drivers.notified(), if !wanted => {
                chart.outdate();
                wanted = true;
            }
        }
    }
}

async fn tell_known(feed: &Feed, chart: &Chart) {
    let Some(view) = feed.glance.borrow().view else { return };
    let known = chart.picture(view);
    if !known.drivers.is_empty() || !known.blocks.is_empty() {
        feed.tell(News::Fleet(known)).await;
    }
}

/// Whether it went well.
async fn read(feed: &Feed, chart: &mut Chart, reading: &Reading) -> bool {
    let Some(view) = feed.glance.borrow().view else { return true };
    feed.bring(reading.store.refresh(chart, view).await.map(News::Fleet)).await
}
