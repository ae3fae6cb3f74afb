//! The worker: takes due requests and attempts them.

use tokio_util::sync::CancellationToken;

use crate::domain::Actor;
use crate::store::Store;

/// Works until `shutdown`.
pub async fn run(_store: Store, _worker: Actor, shutdown: CancellationToken) {
    shutdown.cancelled().await;
}
