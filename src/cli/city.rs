//! What the simulated city is like: options that `demo` and `simulate` share.

use super::failure::Failure;
use crate::simulation::Settings;

/// So many drivers can have a will of their own.
const MOST_DRIVERS: u32 = 100_000;

/// Options of the city.
#[derive(Debug, clap::Args)]
pub(super) struct City {
    /// The same seed makes the same city
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub(super) seed: u64,
    /// How many drivers there are
    #[arg(long, value_name = "COUNT", default_value_t = 150, value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    pub(super) drivers: u32,
    /// How many simulated seconds pass in a second, 0.1 to 100
    #[arg(long, value_name = "FACTOR", default_value = "1", value_parser = speed)]
    speed: f64,
    /// How many riders come in a simulated minute, on average
    #[arg(long, value_name = "COUNT", default_value = "50", value_parser = arrivals)]
    arrivals: f64,
}

impl City {
    pub(super) fn settings(&self) -> Result<Settings, Failure> {
        if self.drivers > MOST_DRIVERS {
            return Err(Failure::Usage(format!(
                "a city has at most {MOST_DRIVERS} drivers; with --rate there can be more"
            )));
        }
        Ok(Settings { seed: self.seed, drivers: self.drivers, speed: self.speed, arrivals: self.arrivals })
    }
}

fn speed(text: &str) -> Result<f64, String> {
    figure(text, 0.1, 100.0)
}

fn arrivals(text: &str) -> Result<f64, String> {
    figure(text, 0.0, 6_000.0)
}

fn figure(text: &str, least: f64, most: f64) -> Result<f64, String> {
    let figure = text.parse::<f64>().ok().filter(|figure| (least..=most).contains(figure));
    figure.ok_or_else(|| format!("a number from {least} to {most}"))
}
