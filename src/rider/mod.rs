//! Telling the rider how the request ended.

use tokio_util::sync::CancellationToken;

use crate::domain::Actor;
use crate::store::Store;

/// Tells riders until `shutdown`, as this member of the group.
pub async fn run(_store: Store, _consumer: Actor, shutdown: CancellationToken) {
    shutdown.cancelled().await;
}
