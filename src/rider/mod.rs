//! Telling the rider how the request ended.
//!
//! An end is an entry in the stream of ends, written by the script that ended the request. A group reads it, so each end goes
//! to one of all the services that run, and to another one if that one dies before it has told it.

mod hub;
mod losses;
mod membership;
mod tally;
mod told;
pub mod webhook;
mod wording;

use tokio_util::sync::CancellationToken;

use crate::domain::Actor;
use crate::store::{Group, Store};

pub use hub::{Hub, Listener, News, Prospect};
pub use told::Told;

use membership::Membership;
use wording::log_lines;

/// Tells riders until `shutdown`, as this member of the group.
pub async fn run(store: Store, consumer: Actor, shutdown: CancellationToken) {
    let mut membership = Membership::new(store, Group::Riders, consumer, "telling riders");
    while let Some(batch) = membership.next(usize::MAX, &shutdown).await {
        for line in batch.events.iter().flat_map(log_lines) {
            tracing::info!("{line}");
        }
        // What could not be acknowledged is taken again, and counted then; what another took over is counted there.
        membership.acknowledge(&batch, &shutdown).await.into_iter().for_each(tally::count);
    }
    membership.leave().await;
}
