//! A city that drives itself: drivers on their ways, riders who ask for one. To the service it is nothing but phones.
//!
//! [`City`] is the world, pure and repeatable; [`Phones`] are its drivers' and riders' HTTP clients; [`run`] brings the two
//! together and lets the time pass. [`load`] makes calls of one kind, as many as are wanted. Nothing here knows of Redis.

mod city;
mod keys;
pub mod load;
mod phones;
mod rider;
mod streets;
mod summary;
mod taxi;

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

pub use city::{City, Happening, Rider};
pub use keys::{Keys, bearer};
pub use phones::{InvalidApi, Phones};
pub use summary::Summary;

/// How often the city moves on. A tick costs a few microseconds for each hundred drivers.
const TICK: Duration = Duration::from_millis(100);
/// A pause of the whole process, a suspended terminal say, is not made up for beyond this.
const LONGEST_STEP: Duration = Duration::from_secs(2);

/// What the city is like.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// The same seed makes the same city: the same drivers on the same ways, the same riders at the same times.
    pub seed: u64,
    /// How many drivers there are.
    pub drivers: u32,
    /// How many simulated seconds pass in a second.
    pub speed: f64,
    /// How many riders come in a simulated minute, on average.
    pub arrivals: f64,
}

impl Settings {
    /// The speed, within what the arithmetic of durations can bear.
    fn sound_speed(&self) -> f64 {
        if self.speed.is_finite() { self.speed.clamp(0.01, 1_000.0) } else { 1.0 }
    }

    /// Riders in a simulated second, within what a machine can bear.
    fn arrivals_a_second(&self) -> f64 {
        self.arrivals.clamp(0.0, 60_000.0) / 60.0
    }
}

/// Lets the city live until `shutdown`, and tells how its riders fared. A service that is away is tried again and again.
pub async fn run(phones: Phones, settings: Settings, shutdown: CancellationToken) -> Summary {
    let mut city = City::new(&settings);
    let speed = settings.sound_speed();
    let (taken, mut takings) = mpsc::unbounded_channel();
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut last = Instant::now();
    loop {
        tokio::select! {
            () = shutdown.cancelled() => break,
            now = ticks.tick() => {
                let passed = (now - last).min(LONGEST_STEP).mul_f64(speed);
                last = now;
                for happening in city.step(passed) {
                    match happening {
                        Happening::Report { driver, place } => phones.report(driver, place),
                        Happening::Arrival(rider) => phones.ask(rider, speed, taken.clone()),
                    }
                }
            }
            Some((driver, pickup)) = takings.recv() => {
                phones.silence(driver);
                city.take(driver, pickup);
            }
        }
    }
    phones.hang_up().await
}
