//! `cabstand serve`: the HTTP service, a worker, and the telling of riders, until a signal ends them.

use std::io;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::failure::Failure;
use super::{Shared, host, limits, logging, signals};
use crate::api::{self, Settings};
use crate::domain::{Actor, Metres, parse_span};
use crate::rider::Hub;
use crate::store::{Access, Store};
use crate::{rider, worker};

/// Options of `serve`.
#[derive(Debug, clap::Args)]
pub(super) struct Options {
    /// Where to listen; port 0 takes any that is free
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8000")]
    listen: String,
    #[command(flatten)]
    lifetime: Lifetime,
}

/// What a request is opened with.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Lifetime {
    /// From one attempt to the next, like 500ms or 30s
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = parse_span)]
    interval: Duration,
    /// How long a request waits for a driver before it expires
    #[arg(long, value_name = "DURATION", default_value = "4m", value_parser = parse_span)]
    ttl: Duration,
    /// How far away a driver may be, like 800m or 5km
    #[arg(long, value_name = "DISTANCE", default_value = "5km")]
    radius: Metres,
}

impl Lifetime {
    /// The same as the service takes it.
    pub(super) fn settings(&self) -> Settings {
        Settings { ttl: self.ttl, interval: self.interval, radius: self.radius }
    }
}

impl Options {
    pub(super) async fn run(self, shared: &Shared) -> Result<(), Failure> {
        logging::start();
        let store = shared.store(Access::Full).await?;
        let failed = || Failure::io(format!("can't listen at {}", self.listen));
        let listener = TcpListener::bind(&self.listen).await.map_err(failed())?;
        let address = listener.local_addr().map_err(failed())?;
        let shutdown = signals::shutdown()?;
        tracing::info!("Starting HTTP Server. Listening at \"{address}\"");
        tracing::info!("Redis is at {}", store.address());
        serve(listener, store, self.lifetime.settings(), shutdown).await
    }
}

/// Runs the service, a worker and the telling of riders until `shutdown`; if one of them fails, the rest end too.
pub(super) async fn serve(
    listener: TcpListener,
    store: Store,
    settings: Settings,
    shutdown: CancellationToken,
) -> Result<(), Failure> {
    let name = Actor::new(&format!("worker-{}-{}", host(), std::process::id()));
    // The group has to be there before the first request can end, or that rider would hear nothing.
    store.join_riders(&name).await?;
    limits::raise_open_files();
    let hub = Hub::new(store.clone());
    let mut tasks = JoinSet::new();
    tasks.spawn(api::run(listener, store.clone(), hub.clone(), settings, shutdown.clone()));
    tasks.spawn(endless(hub.run(shutdown.clone())));
    tasks.spawn(endless(worker::run(store.clone(), name.clone(), shutdown.clone())));
    tasks.spawn(endless(rider::run(store, name, shutdown.clone())));
    let mut outcome = Ok(());
    while let Some(ended) = tasks.join_next().await {
        if let Err(error) = ended.map_err(io::Error::from).flatten() {
            outcome = Err(Failure::io("the service failed")(error));
        }
        shutdown.cancel();
    }
    outcome
}

async fn endless(task: impl Future<Output = ()>) -> io::Result<()> {
    task.await;
    Ok(())
}
