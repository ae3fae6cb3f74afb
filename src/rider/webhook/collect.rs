//! Collecting: ends go from the group into the outbox, as long as there is room.

use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::message;
use super::room::Room;
use crate::domain::{Actor, StreamId};
use crate::rider::membership::Membership;
use crate::store::{Group, Store};

/// How often a full outbox is looked at for room.
const ROOM_INTERVAL: Duration = Duration::from_secs(1);

/// Collects until `shutdown`, and gives `news` of what is there to be posted. What has no room among `max` messages stays in
/// the stream of ends.
pub(super) async fn run(store: Store, consumer: Actor, max: u64, news: &Notify, shutdown: &CancellationToken) {
    let mut membership = Membership::new(store.clone(), Group::Webhook, consumer, "collecting for the webhook");
    let mut room = Room::new(max);
    while !shutdown.is_cancelled() {
        let fill = store.outbox_fill().await;
        let Some(fill) = membership.acknowledged(fill, shutdown).await else { continue };
        room.update(fill);
        let most = usize::try_from(max.saturating_sub(fill)).unwrap_or(usize::MAX);
        let Some(batch) = membership.next(most, shutdown).await else { break };
        if !batch.is_empty() {
            let messages: Vec<(StreamId, String)> =
                batch.events.iter().filter_map(|event| Some((event.id, message::body(event)?))).collect();
            let put = store.put_into_outbox(&batch, &messages, max).await;
            membership.acknowledged(put, shutdown).await;
            if !messages.is_empty() {
                news.notify_one();
            }
        } else if most == 0 {
            tokio::select! {
                () = sleep(ROOM_INTERVAL) => {}
                () = shutdown.cancelled() => {}
            }
        }
    }
    membership.leave().await;
}
