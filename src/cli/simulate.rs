//! `cabstand simulate`: the simulated city alone, on a service that runs elsewhere.

use std::time::Duration;

use super::city::City;
use super::failure::Failure;
use super::output::Output;
use super::{Shared, signals};
use crate::domain::parse_span;
use crate::simulation::{self, Phones};

/// Options of `simulate`.
#[derive(Debug, clap::Args)]
pub(super) struct Options {
    /// The service's address
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8000")]
    api: Phones,
    #[command(flatten)]
    city: City,
    /// End after so long, instead of at Ctrl-C
    #[arg(long, value_name = "DURATION", value_parser = parse_span)]
    duration: Option<Duration>,
}

impl Options {
    pub(super) async fn run(self, _shared: &Shared) -> Result<(), Failure> {
        let shutdown = signals::shutdown()?;
        if let Err(reason) = self.api.reach().await {
            eprintln!("cabstand: {reason}; trying again until it does");
        }
        signals::end_after(&shutdown, self.duration);
        let summary = simulation::run(self.api, self.city.settings(), shutdown).await;
        let mut out = Output::new();
        out.line(&summary.to_string())?;
        out.flush()
    }
}
