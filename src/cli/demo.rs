//! `cabstand demo`: service, worker, simulated city and console in one process, on a private Redis that goes with it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::city::City;
use super::failure::Failure;
use super::output::Output;
use super::{Shared, host, signals};
use crate::domain::{Actor, Metres, parse_span};
use crate::private_redis::PrivateRedis;
use crate::simulation::{self, Phones, Summary};
use crate::store::{Access, Store};
use crate::{api, rider, worker};

/// How long service and worker may take to end; then they are left, and go with the process.
const PATIENCE: Duration = Duration::from_secs(2);

/// Options of `demo`.
#[derive(Debug, clap::Args)]
pub(super) struct Options {
    #[command(flatten)]
    city: City,
    /// How long a request lives
    #[arg(long, value_name = "DURATION", default_value = "15s", value_parser = parse_span)]
    ttl: Duration,
    /// From one attempt to the next
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = parse_span)]
    interval: Duration,
    /// How far away a driver may be
    #[arg(long, value_name = "DISTANCE", default_value = "1500m")]
    radius: Metres,
    /// Without the console: a summary at the end
    #[arg(long)]
    headless: bool,
    /// End after so long, instead of at the operator's wish
    #[arg(long, value_name = "DURATION", value_parser = parse_span)]
    duration: Option<Duration>,
    /// At the end, draw what the console shows into this file, as SVG
    #[arg(long, value_name = "FILE")]
    picture: Option<PathBuf>,
}

impl Options {
    pub(super) async fn run(self, shared: &Shared) -> Result<(), Failure> {
        // Before there is anything to leave behind.
        let stop = signals::shutdown()?;
        // Declared first, so dropped last: whatever goes wrong below, the server and its directory go away.
        let redis = PrivateRedis::start()?;
        let store = Store::connect(redis.url().parse()?, shared.region.as_ref(), Access::Full).await?;
        let settings = api::Settings { ttl: self.ttl, interval: self.interval, radius: self.radius };
        let service = Service::start(&store, settings, &stop).await?;
        if self.headless {
            eprintln!("service {}\nredis   {}", service.url, redis.url());
        }
        let phones: Phones = service.url.parse().map_err(|error| Failure::Usage(format!("{error}")))?;
        let city = tokio::spawn(simulation::run(phones, self.city.settings(), stop.clone()));

        signals::end_after(&stop, self.duration);
        let shown = if self.headless { wait(&stop).await } else { watch(&store, &stop).await };
        let drawn = self.picture.as_deref().map_or(Ok(()), |file| draw_picture(&store, file));
        stop.cancel();
        let summary = city.await.unwrap_or_default();
        service.end().await?;
        shown.and(drawn)?;
        if self.headless { print(&summary) } else { Ok(()) }
    }
}

/// The parts that a real service has, each on its own tasks.
struct Service {
    url: String,
    tasks: TaskTracker,
    ending: CancellationToken,
    api: tokio::task::JoinHandle<std::io::Result<()>>,
}

impl Service {
    /// Starts service and worker on a free port. Where the service ends by itself, `stop` is cancelled.
    async fn start(store: &Store, settings: api::Settings, stop: &CancellationToken) -> Result<Self, Failure> {
        let listen = Failure::io("no port on 127.0.0.1 can be listened on");
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(listen)?;
        let address = listener.local_addr().map_err(Failure::io("the listening port has no address"))?;
        // Of its own, since the city's phones hang up first: else their last calls would fail.
        let ending = CancellationToken::new();
        let tasks = TaskTracker::new();
        let name = Actor::new(&format!("demo@{}", host()));
        tasks.spawn(worker::run(store.clone(), name.clone(), ending.clone()));
        tasks.spawn(rider::run(store.clone(), name, ending.clone()));
        let (serving, stop) = (api::run(listener, store.clone(), settings, ending.clone()), stop.clone());
        let api = tasks.spawn(async move {
            let outcome = serving.await;
            stop.cancel();
            outcome
        });
        tasks.close();
        Ok(Self { url: format!("http://{address}"), tasks, ending, api })
    }

    /// Ends them. Tells why the service ended where it did so by itself.
    async fn end(self) -> Result<(), Failure> {
        self.ending.cancel();
        if tokio::time::timeout(PATIENCE, self.tasks.wait()).await.is_err() {
            return Ok(());
        }
        match self.api.await {
            Ok(outcome) => outcome.map_err(Failure::io("the service ended")),
            Err(_) => Ok(()),
        }
    }
}

async fn wait(stop: &CancellationToken) -> Result<(), Failure> {
    stop.cancelled().await;
    Ok(())
}

/// Shows the console on the demo's Redis until the operator quits or `stop`.
async fn watch(_store: &Store, _stop: &CancellationToken) -> Result<(), Failure> {
    std::future::ready(Err(Failure::Usage("the demo's console is not built yet: run it with --headless".to_owned())))
        .await
}

/// Draws the console's picture of this moment into a file, as SVG.
fn draw_picture(_store: &Store, _file: &Path) -> Result<(), Failure> {
    Err(Failure::Usage("the console that draws pictures is not built yet".to_owned()))
}

fn print(summary: &Summary) -> Result<(), Failure> {
    let mut out = Output::new();
    out.line(&summary.to_string())?;
    out.flush()
}
