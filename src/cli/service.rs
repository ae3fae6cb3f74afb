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
        let name = Actor::new(&format!("worker-{}-{}", host(), std::process::id()));
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
