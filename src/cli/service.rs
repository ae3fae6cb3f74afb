//! The service as `serve` and `demo` run it: HTTP, a worker, and the telling of riders.

use std::io;

use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::failure::Failure;
use super::host;
use crate::api::{self, Serving, Settings};
use crate::domain::Actor;
use crate::rider::{self, Hub, webhook};
use crate::store::{Group, Store, StoreError};
use crate::worker;

/// What a service is made of.
pub(super) struct Service {
    pub(super) listener: TcpListener,
    pub(super) store: Store,
    pub(super) settings: Settings,
    pub(super) serving: Serving,
    /// Where ends are posted, if anywhere.
    pub(super) webhook: Option<webhook::Settings>,
}

impl Service {
    /// Runs all of it until `shutdown`; if one part fails, the rest end too.
    pub(super) async fn run(self, shutdown: CancellationToken) -> Result<(), Failure> {
        let Self { listener, store, settings, serving, webhook } = self;
        let name = worker_name();
        // The groups have to be there before the first request can end, or that rider would hear nothing.
        store.join(Group::Riders, &name).await?;
        let hub = Hub::new(store.clone());
        let mut tasks = JoinSet::new();
        if let Some(webhook) = webhook {
            store.join(Group::Webhook, &name).await?;
            tracing::info!("The ends of requests are posted to {}", webhook.receiver.origin());
            warn_of_outdated_group(&store).await?;
            tasks.spawn(webhook::run(store.clone(), name.clone(), webhook, shutdown.clone()));
        }
        tasks.spawn(api::run(listener, store.clone(), hub.clone(), settings, serving, shutdown.clone()));
        tasks.spawn(hub.run(shutdown.clone()));
        tasks.spawn(worker::run(store.clone(), name.clone(), shutdown.clone()));
        tasks.spawn(rider::run(store, name, shutdown.clone()));
        let mut outcome = Ok(());
        while let Some(ended) = tasks.join_next().await {
            if let Err(error) = ended {
                outcome = Err(Failure::io("the service failed")(io::Error::from(error)));
            }
            shutdown.cancel();
        }
        outcome
    }
}

/// A name for this start of a service, under which it works and reads the stream. Containers can share a host name and a process
/// id, and what is noted under a name must not be taken for another start's: so a random part is in it.
fn worker_name() -> Actor {
    Actor::new(&format!("worker-{}-{}-{:06x}", host(), std::process::id(), rand::random::<u32>() >> 8))
}

/// An older version posted from the stream of all events. What its group there has not read is not posted by this one.
async fn warn_of_outdated_group(store: &Store) -> Result<(), StoreError> {
    if let Some(waiting) = store.outdated_webhook_group().await? {
        tracing::warn!(
            "webhook: a group of an older version is left at cabstand:events with {waiting} events that this version does not \
             post; `cabstand doctor` says what to do"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_starts_on_one_host_with_one_process_id_have_two_names() {
        let (one, other) = (worker_name(), worker_name());
        assert_ne!(one, other);
        let readable = format!("worker-{}-{}-", host(), std::process::id());
        assert!(one.as_str().starts_with(&readable) && one.as_str().len() == readable.len() + 6, "{one}");
    }
}
