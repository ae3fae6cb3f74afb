//! Row 4: from a change in Redis until its bytes are at the terminal, while a thousand drivers move a second.

use std::thread::sleep;
use std::time::{Duration, Instant};

use cabstand::domain::Actor;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::runtime::Runtime;

use crate::common::city::places;
use crate::common::mover::Mover;
use crate::common::pty::Pty;
use crate::common::redis::Redis;
use crate::common::spread::Spread;
use crate::common::waiting::request;
use crate::table::Line;

const FLEET: usize = 5_000;
const RATE: usize = 1_000;
/// How many requests are opened and cancelled, and how often a driver is moved.
const PROBES: (usize, usize) = (75, 150);
/// p50 and p99 at the most, in ms.
const MARK: (f64, f64) = (60.0, 150.0);

pub fn measure(runtime: &Runtime) -> Vec<Line> {
    let mut redis = Redis::start();
    redis.fill(0..FLEET);
    let city = Mover::start(&redis, FLEET, RATE);
    let console = Pty::console(&redis.server.url());
    // The first by its id stands at the head of the table.
    redis.run::<()>("GEOADD drivers -70.84 -33.27 0");
    console.wait_for("-33.2700, -70.8400");
    let mut pause = Pause(StdRng::seed_from_u64(5));

    let began = Instant::now();
    let moved = city.moved();
    let drivers: Spread = (1..=PROBES.1)
        .map(|number| {
            let lng = format!("-70.{:04}", 8_400 - 5 * number);
            pause.take();
            console.look_for(contains(format!("-33.2700, {lng}")));
            let sent = Instant::now();
            // Redis keeps places to within half a metre: with a little more than four digits it cannot be rounded otherwise.
            redis.run::<()>(&format!("GEOADD drivers {lng}02 -33.27002 0"));
            millis(console.seen("the driver's new place") - sent)
        })
        .collect();

    let store = runtime.block_on(redis.store());
    let (actor, mut spots) = (Actor::new("bench"), places(9));
    let requests: Spread = (0..PROBES.0)
        .flat_map(|number| {
            let name = format!("probe{number:03}");
            let mut new = request(spots.next().unwrap(), 1.0);
            new.user_id = Some(name.parse().unwrap());
            pause.take();
            console.look_for(contains(name));
            let sent = Instant::now();
            let id = runtime.block_on(store.open(&new, &actor)).unwrap();
            let opened = millis(console.seen("the new request") - sent);
            pause.take();
            console.look_for(contains(format!("request {id}: cancelled")));
            let sent = Instant::now();
            runtime.block_on(store.cancel(id, &actor)).unwrap();
            [opened, millis(console.seen("its end") - sent)]
        })
        .collect();
    let rate = (city.moved() - moved) as f64 / began.elapsed().as_secs_f64();

    let line = |what: &str, times: &Spread| {
        let (p50, p99) = (times.median(), times.at(0.99));
        let measured = format!("p50 {p50:.0} ms, p99 {p99:.0} ms, longest {:.0} ms of {}", times.most(), times.len());
        Line::new(what, "p50 ≤ 60 ms, p99 ≤ 150 ms", measured, String::new(), p50 <= MARK.0 && p99 <= MARK.1)
    };
    let what = format!("a driver moves → bytes at the terminal, {rate:.0} changes a second");
    vec![line(&what, &drivers), line("… a request is opened or cancelled", &requests)]
}

fn contains(text: String) -> impl Fn(&str) -> bool + Send + 'static {
    move |screen| screen.contains(&text)
}

fn millis(span: Duration) -> f64 {
    span.as_secs_f64() * 1e3
}

/// Rests between probes for any time, so that they do not keep step with the console.
struct Pause(StdRng);

impl Pause {
    fn take(&mut self) {
        sleep(Duration::from_millis(self.0.random_range(5..120)));
    }
}
