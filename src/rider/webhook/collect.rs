//! Collecting: ends go from the group into the outbox.

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::message;
use crate::domain::{Actor, StreamId};
use crate::rider::membership::Membership;
use crate::store::{Group, Store};

/// Collects until `shutdown`, and gives `news` of what is there to be posted.
pub(super) async fn run(store: Store, consumer: Actor, news: &Notify, shutdown: &CancellationToken) {
    let mut membership = Membership::new(store.clone(), Group::Webhook, consumer, "collecting for the webhook");
    while let Some(batch) = membership.next(shutdown).await {
        let messages: Vec<(StreamId, String)> =
            batch.events.iter().filter_map(|event| Some((event.id, message::body(event)?))).collect();
        let put = store.put_into_outbox(&batch, &messages).await;
        membership.acknowledged(put, shutdown).await;
        if !messages.is_empty() {
            news.notify_one();
        }
    }
    membership.leave().await;
}
