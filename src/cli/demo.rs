//! `cabstand demo`: service, worker, simulated city and console in one process, on a private Redis that goes with it.

use std::path::PathBuf;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::city::City;
use super::console::Manner;
use super::failure::{Failure, tell};
use super::output::Output;
use super::service::Service;
use super::silence::{self, Silence};
use super::{Shared, metrics, pictures, signals};
use crate::api::{self, Doors, Hosts, Serving};
use crate::console::model;
use crate::console::overlay::Overlay;
use crate::domain::{Metres, parse_span};
use crate::private_redis::PrivateRedis;
use crate::simulation::{self, Phones, Summary};
use crate::store::{Access, Store};

/// How long the service may take to end; then it is left, and goes with the process.
const PATIENCE: Duration = Duration::from_secs(2);

/// The main avenues of Santiago, where the simulated city lies: shown unless another overlay is named.
const STREETS: &str = include_str!("../../assets/santiago.geojson");

/// Options of `demo`.
#[derive(Debug, clap::Args)]
// Its requests live for seconds: with the console's own bound each would be an alarm from its beginning.
#[command(mut_arg("warn_left", |arg| arg.default_value("5s")))]
pub(super) struct Options {
    #[command(flatten)]
    city: City,
    #[command(flatten)]
    manner: Manner,
    /// How long a request lives
    #[arg(long, value_name = "DURATION", default_value = "15s", value_parser = parse_span)]
    ttl: Duration,
    /// From one attempt to the next
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = parse_span)]
    interval: Duration,
    /// How far away a driver may be
    #[arg(long, value_name = "DISTANCE", default_value = "1500m")]
    radius: Metres,
    /// A driver who is silent for so long gets no request until it reports again, or off
    #[arg(long, value_name = "DURATION", default_value = "2m")]
    stale_after: Silence,
    /// A driver who is silent for so long is taken off the map, or off
    #[arg(long, value_name = "DURATION", default_value = "10m")]
    forget_after: Silence,
    /// Without the console: a summary at the end
    #[arg(long)]
    headless: bool,
    /// End after so long, instead of at the operator's wish
    #[arg(long, value_name = "DURATION", value_parser = parse_span)]
    duration: Option<Duration>,
    /// At the end, draw what the console shows into this file, as SVG
    #[arg(long, value_name = "FILE")]
    picture: Option<PathBuf>,
    /// At the end, draw the pictures of the README into this directory, as SVG
    #[arg(long, value_name = "DIRECTORY")]
    pictures: Option<PathBuf>,
}

impl Options {
    pub(super) async fn run(self, shared: &Shared) -> Result<(), Failure> {
        let freshness = silence::freshness(self.stale_after, self.forget_after)?;
        let plan = self.city.settings()?;
        // That the streets can be read is tested.
        let overlay = self.manner.overlay()?.unwrap_or_else(|| Overlay::parse(STREETS).unwrap_or_default());
        // Before there is anything to leave behind.
        let stop = signals::shutdown()?;
        // Declared first, so dropped last: whatever goes wrong below, the server and its directory go away.
        let redis = PrivateRedis::start()?;
        let store = Store::connect(redis.url().parse()?, shared.region.as_ref(), Access::Full).await?;
        let store = store.with_freshness(freshness);
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(no_port())?;
        let url = format!("http://{}", listener.local_addr().map_err(no_port())?);
        if self.headless {
            tell(&format!("service {url}\nredis   {}", redis.url()));
        }
        let phones: Phones = url.parse().map_err(|error| Failure::Usage(format!("{error}")))?;

        // The service ends after the city: else the phones' last calls would fail.
        let ending = CancellationToken::new();
        let doors = Doors { hosts: Some(Hosts::new([])), ..Doors::default() };
        let serving = Serving { grace: PATIENCE, doors, ..Serving::new(metrics::install()?) };
        let settings = self.settings();
        let service = Service { listener, store: store.clone(), settings, serving, webhook: None };
        let service = tokio::spawn(run_until(service, ending.clone(), stop.clone()));
        let city = tokio::spawn(simulation::run(phones, plan, stop.clone()));
        // The city goes on while its pictures are drawn.
        let over = stop.child_token();
        signals::end_after(&over, self.duration);
        until_there(&store, plan.drivers, &over).await;
        let options = self.manner.options(&store, "private Redis".to_owned(), shared, overlay);
        let shown = if self.headless {
            wait(&over).await
        } else {
            // The service and its worker go on where the operator's hands are bound.
            let store = store.clone().with_own_switch();
            super::console::show(store, options.clone(), self.manner.mouse(), self.settings(), over).await
        };
        let drawn = self.draw(store, options, &stop).await;
        stop.cancel();
        let summary = city.await.unwrap_or_default();
        ending.cancel();
        if let Ok(Ok(outcome)) = timeout(PATIENCE, service).await {
            outcome?;
        }
        shown.and(drawn)?;
        if self.headless { print(&summary) } else { Ok(()) }
    }

    /// Draws what is to be drawn at the end.
    async fn draw(&self, store: Store, options: model::Options, stop: &CancellationToken) -> Result<(), Failure> {
        if let Some(directory) = &self.pictures {
            pictures::tour(&store, &options, self.settings(), directory, stop).await?;
        }
        match &self.picture {
            Some(file) => pictures::one(store, options, self.settings(), file).await,
            None => Ok(()),
        }
    }

    fn settings(&self) -> api::Settings {
        api::Settings { ttl: self.ttl, interval: self.interval, radius: self.radius }
    }
}

/// Runs the service. Where it ends by itself, so does the demo.
async fn run_until(service: Service, ending: CancellationToken, stop: CancellationToken) -> Result<(), Failure> {
    let outcome = service.run(ending).await;
    stop.cancel();
    outcome
}

fn no_port() -> impl FnOnce(std::io::Error) -> Failure {
    Failure::io("no port on 127.0.0.1 can be listened on")
}

/// Waits until nearly all drivers have reported for the first time, so that the map begins with the whole city.
async fn until_there(store: &Store, drivers: u32, stop: &CancellationToken) {
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline && !stop.is_cancelled() {
        let there = store.vitals().await.map_or(0, |vitals| vitals.drivers);
        if there * 10 >= u64::from(drivers) * 9 {
            return;
        }
        sleep(Duration::from_millis(20)).await;
    }
}

async fn wait(stop: &CancellationToken) -> Result<(), Failure> {
    stop.cancelled().await;
    Ok(())
}

fn print(summary: &Summary) -> Result<(), Failure> {
    let mut out = Output::new();
    out.line(&summary.to_string())?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_streets_can_be_read_and_lie_in_santiago() {
        let overlay = Overlay::parse(STREETS).unwrap();
        assert!(overlay.lines.len() > 15);
        for line in overlay.lines {
            assert!(!line.name.is_empty());
            let corners = line.bounds.corners();
            let near = |lat: f64, lng: f64| (lat + 33.45).abs() < 0.15 && (lng + 70.65).abs() < 0.15;
            assert!(corners.iter().all(|corner| near(corner.lat(), corner.lng())), "{}", line.name);
        }
    }
}
