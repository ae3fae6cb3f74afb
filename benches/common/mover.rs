//! A city on the move: drivers who report at a steady rate, each by a `GEOADD` of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle, sleep};
use std::time::{Duration, Instant};

use cabstand::domain::Point;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::city::places;
use super::redis::Redis;

/// From one lot of reports to the next.
const LOT_EVERY: Duration = Duration::from_millis(10);
const LOTS_A_SECOND: usize = 100;
/// How far a driver moves at once, in metres.
const STEP_M: f64 = 40.0;

/// Drivers who move until this is dropped.
pub struct Mover {
    stop: Arc<AtomicBool>,
    moved: Arc<AtomicU64>,
    thread: Option<JoinHandle<()>>,
}

impl Mover {
    /// Moves so many of the first `fleet` drivers of the city a second.
    pub fn start(redis: &Redis, fleet: usize, rate: usize) -> Self {
        let (stop, moved) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (mut connection, stopped, counted) = (redis.connect(), Arc::clone(&stop), Arc::clone(&moved));
        let mut at: Vec<Point> = places(1).take(fleet).collect();
        let mut random = StdRng::seed_from_u64(7);
        let thread = thread::spawn(move || {
            let (began, mut lots) = (Instant::now(), 0_u32);
            while !stopped.load(Ordering::Relaxed) {
                let mut pipe = redis::pipe();
                for _ in 0..rate / LOTS_A_SECOND {
                    let driver = random.random_range(0..fleet);
                    at[driver] = at[driver].destination(random.random_range(0.0..360.0), STEP_M);
                    pipe.cmd("GEOADD")
                        .arg("drivers")
                        .arg(at[driver].lng())
                        .arg(at[driver].lat())
                        .arg(format!("d{driver}"));
                }
                // Whoever has stopped the server wants no more.
                if pipe.exec(&mut connection).is_err() {
                    return;
                }
                counted.fetch_add((rate / LOTS_A_SECOND) as u64, Ordering::Relaxed);
                lots += 1;
                sleep((LOT_EVERY * lots).saturating_sub(began.elapsed()));
            }
        });
        Self { stop, moved, thread: Some(thread) }
    }

    /// How many have moved so far.
    pub fn moved(&self) -> u64 {
        self.moved.load(Ordering::Relaxed)
    }
}

impl Drop for Mover {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
