//! Telling the rider how the request ended.
//!
//! An end is an entry in the stream, written by the script that ended the request. A group reads it, so each end goes to
//! one of all the services that run, and to another one if that one dies before it has told it.

mod hub;
mod told;
mod wording;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::domain::Actor;
use crate::store::{Outage, RiderGroup, Store, StoreError};

pub use hub::{Hub, Listener, News, Prospect};
pub use told::Told;

use wording::log_lines;

/// Tells riders until `shutdown`, as this member of the group.
pub async fn run(store: Store, consumer: Actor, shutdown: CancellationToken) {
    let mut outage = Outage::new("telling riders");
    let mut group = None;
    while !shutdown.is_cancelled() {
        // A group that was joined is kept through a cut: it knows what it has seen, and misses nothing.
        let told = match &mut group {
            None => tokio::select! {
                joined = store.join_riders(&consumer) => joined.map(|joined| group = Some(joined)),
                () = shutdown.cancelled() => break,
            },
            Some(group) => tell_next(&store, group, &shutdown).await,
        };
        match told {
            Ok(()) => outage.over(),
            Err(error) => tokio::select! {
                () = sleep(outage.failed(&error)) => {}
                () = shutdown.cancelled() => {}
            },
        }
    }
}

async fn tell_next(store: &Store, group: &mut RiderGroup, shutdown: &CancellationToken) -> Result<(), StoreError> {
    // Waiting may be broken off. Between telling and acknowledging nothing is, or the rider would be told twice.
    let batch = tokio::select! {
        batch = group.next() => batch?,
        () = shutdown.cancelled() => return Ok(()),
    };
    // The attempt that brought an end stands in the log before it, as in the article.
    drop(store.between_attempts().await);
    for line in batch.events.iter().filter_map(Told::of_event).flat_map(log_lines) {
        tracing::info!("{line}");
    }
    group.acknowledge(&batch).await
}
