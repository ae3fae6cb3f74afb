//! `cabstand serve`: the HTTP service, a worker, and the telling of riders, until a signal ends them.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpListener, lookup_host};
use tokio::time::sleep;

use super::failure::Failure;
use super::logging::LogFormat;
use super::service::Service;
use super::silence::{self, Silence};
use super::{Shared, guard, limits, logging, metrics, signals, webhook};
use crate::api::{Serving, Settings};
use crate::domain::{Metres, parse_span};
use crate::store::Access;

/// So much longer than the grace everything may take to end. The webhook and the listeners have two seconds for their last
/// words, which must fit however short the grace is.
const SLACK: Duration = Duration::from_millis(2_500);

/// Options of `serve`.
#[derive(Debug, clap::Args)]
pub(super) struct Options {
    /// Where to listen; port 0 takes any that is free
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8000", value_parser = parse_listen)]
    listen: String,
    /// How long calls that are under way may take to end after a signal
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = parse_span)]
    grace: Duration,
    /// How the log is written
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    log_format: LogFormat,
    #[command(flatten)]
    lifetime: Lifetime,
    /// A driver who is silent for so long gets no request until it reports again, or off
    #[arg(long, value_name = "DURATION", default_value = "off")]
    stale_after: Silence,
    /// A driver who is silent for so long is taken off the map, or off
    #[arg(long, value_name = "DURATION", default_value = "off")]
    forget_after: Silence,
    #[command(flatten)]
    webhook: webhook::Options,
    #[command(flatten)]
    guard: guard::Options,
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
        logging::start(self.log_format);
        let freshness = silence::freshness(self.stale_after, self.forget_after)?;
        let webhook = self.webhook.settings()?;
        let failed = || Failure::io(format!("can't listen at {}", self.listen));
        // What the name leads to is asked once: it must not lead elsewhere when it is used.
        let addresses: Vec<SocketAddr> = lookup_host(&self.listen).await.map_err(failed())?.collect();
        let (doors, renewal) = self.guard.doors(&self.listen, &addresses)?;
        let store = shared.store(Access::Full).await?.with_freshness(freshness);
        let listener = TcpListener::bind(&*addresses).await.map_err(failed())?;
        let address = listener.local_addr().map_err(failed())?;
        let shutdown = if renewal.is_any() {
            let (shutdown, hangup) = signals::shutdown_but_at_hangup()?;
            tokio::spawn(renewal.at_each(hangup));
            shutdown
        } else {
            signals::shutdown()?
        };
        tracing::info!("Starting HTTP Server. Listening at \"{address}\"");
        tracing::info!("Redis is at {}", store.address());
        let serving = Serving {
            grace: self.grace,
            most_connections: limits::most_connections(),
            doors,
            ..Serving::new(metrics::install()?)
        };
        let service = Service { listener, store, settings: self.lifetime.settings(), serving, webhook };
        let too_late = async {
            shutdown.cancelled().await;
            sleep(self.grace + SLACK).await;
        };
        tokio::select! {
            outcome = service.run(shutdown.clone()) => outcome,
            () = too_late => {
                tracing::warn!(
                    "not all has ended {:?} after the signal: what still waits, for Redis or for a receiver, is left",
                    self.grace + SLACK
                );
                Ok(())
            }
        }
    }
}

/// An address as the system takes it: a name or a number, and a port.
fn parse_listen(text: &str) -> Result<String, String> {
    let port = text.rsplit_once(':').filter(|(host, _)| !host.is_empty()).map(|(_, port)| port.parse::<u16>());
    match port {
        Some(Ok(_)) => Ok(text.to_owned()),
        _ => Err("an address is written like 127.0.0.1:8000, localhost:8000 or [::1]:8000".to_owned()),
    }
}
