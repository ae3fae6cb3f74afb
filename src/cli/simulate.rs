//! `cabstand simulate`: the simulated city alone, on a service that runs elsewhere; or with `--rate` calls of one kind, as many
//! as are wanted, to see how it bears them.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::ExposeSecret;
use tokio_util::sync::CancellationToken;

use super::city::City;
use super::failure::{Failure, tell};
use super::output::Output;
use super::{Shared, signals, token_file};
use crate::api::Role;
use crate::domain::parse_span;
use crate::simulation::load::{self, Call, Load, Rate};
use crate::simulation::{self, Keys, Phones, bearer};

/// Options of `simulate`.
#[derive(Debug, clap::Args)]
pub(super) struct Options {
    /// The service's address
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8000")]
    api: Phones,
    /// The file with the tokens that the phones show, as `serve` has it: the first of drivers and of riders, or else an operator's
    #[arg(long, value_name = "FILE")]
    api_token_file: Option<PathBuf>,
    /// The authority that has signed the service's certificate, in PEM, instead of those that this machine trusts
    #[arg(long, value_name = "FILE")]
    api_ca: Option<PathBuf>,
    #[command(flatten)]
    city: City,
    /// End after so long, instead of at Ctrl-C
    #[arg(long, value_name = "DURATION", value_parser = parse_span)]
    duration: Option<Duration>,
    /// Instead of a city, so many calls a second, whatever becomes of those before, and how long each took from when it was
    /// due; or max: as fast as the connections are answered
    #[arg(long, value_name = "RATE", help_heading = LOAD)]
    rate: Option<Rate>,
    /// Which call of the service is made
    #[arg(long, value_name = "CALL", default_value = "tracking", help_heading = LOAD)]
    call: Call,
    /// On how many connections
    #[arg(long, value_name = "COUNT", default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=10_000), help_heading = LOAD)]
    connections: u16,
    /// How many drivers a call of search asks for
    #[arg(long, value_name = "COUNT", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100), help_heading = LOAD)]
    limit: u32,
    /// How many reports a call of tracking holds
    #[arg(long, value_name = "COUNT", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000), help_heading = LOAD)]
    batch: u32,
    /// Print what came of the calls as JSON, times in microseconds
    #[arg(long, help_heading = LOAD)]
    json: bool,
}

/// The head under which the help tells of calls at a rate.
const LOAD: &str = "Load";

impl Options {
    pub(super) async fn run(mut self, _shared: &Shared) -> Result<(), Failure> {
        let keys = self.keys()?;
        let no_tls = |why| Failure::Usage(format!("--api-ca: {why}"));
        self.api = self.api.with_keys(keys).map_err(no_tls)?;
        let shutdown = signals::shutdown()?;
        match self.rate {
            Some(rate) => self.load(rate, shutdown).await,
            None => self.live(shutdown).await,
        }
    }

    /// What the phones show.
    fn keys(&self) -> Result<Keys, Failure> {
        let mut keys = Keys::default();
        if let Some(file) = &self.api_token_file {
            let wrong = |why| Failure::Usage(format!("--api-token-file: {why}"));
            let lines = token_file::lines(file).map_err(wrong)?;
            let of = |role| {
                // The city has many drivers: a token that is bound to one of them is of no use.
                let found = lines.iter().find(|line| line.role == role && line.driver.is_none());
                let found = found.or_else(|| lines.iter().find(|line| line.role == Role::Operator));
                found.and_then(|line| bearer(line.token.expose_secret()).ok())
            };
            (keys.driver, keys.rider) = (of(Role::Driver), of(Role::Rider));
        }
        if let Some(file) = &self.api_ca {
            let wrong = |error| Failure::Usage(format!("--api-ca: {} can't be read: {error}", file.display()));
            keys.authority = Some(fs::read(file).map_err(wrong)?);
        }
        Ok(keys)
    }

    /// Lets the city live.
    async fn live(self, shutdown: CancellationToken) -> Result<(), Failure> {
        let settings = self.city.settings()?;
        if let Err(reason) = self.api.reach().await {
            tell(&format!("cabstand: {reason}; trying again until it does"));
        }
        signals::end_after(&shutdown, self.duration);
        let summary = simulation::run(self.api, settings, shutdown).await;
        let mut out = Output::new();
        out.line(&summary.to_string())?;
        out.flush()
    }

    /// Makes calls at this rate.
    async fn load(self, rate: Rate, shutdown: CancellationToken) -> Result<(), Failure> {
        if self.api.by_tls() && self.api_ca.is_none() {
            return Err(Failure::Usage("--rate with an https:// service needs --api-ca FILE".to_owned()));
        }
        let load = Load {
            rate,
            call: self.call,
            connections: self.connections.into(),
            drivers: self.city.drivers,
            limit: self.limit,
            batch: self.batch,
            seed: self.city.seed,
            duration: self.duration,
        };
        let silent = |error| Failure::io(format!("nothing answers at {}", self.api))(error);
        let report = load::run(&self.api, load, shutdown).await.map_err(silent)?;
        let mut out = Output::new();
        if self.json {
            out.json(&report)?;
        } else {
            out.line(&report.to_string())?;
        }
        out.flush()
    }
}
