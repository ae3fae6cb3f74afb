//! A shift in minutes: service, worker, webhook, an operator's console and a viewer's run against a real Redis, behind a wire that
//! fails now and then, while a small city moves and operators press keys. Nothing may grow, drift or get lost.
//!
//! A shift of a middling city is twelve hours, with 300 drivers and 40 searches a minute, each of which waits for four minutes at
//! the most, with an attempt every thirty seconds: 28 800 searches. Here a search waits for two seconds at the most, with an
//! attempt every quarter of a second, so time goes 120 times as fast, and 80 searches a second make a shift of six minutes. Reports
//! do not go as fast: of the 2.6 million of such a shift one in five is made. What Redis keeps for an hour after a search's end it
//! keeps here for as much less.
//!
//! In `make test` it runs for some twenty seconds, which are twenty minutes of such a shift, and finds what grows with every search.
//! `make soak`, or `CABSTAND_SOAK=30m cargo test --release --test it -- --ignored --nocapture soak::`, runs for as long as that says (five
//! shifts), and finds what grows with every outage, too.

mod city;
mod gauges;
mod hands;
mod ledger;
mod receiver;

use std::io::Write;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::common::pty::Pty;
use crate::common::service::Service;
use crate::common::wire::Wire;
use crate::common::{Redis, Restarted, until, until_or};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::Signal;
use tempfile::NamedTempFile;

use city::City;
use gauges::Gauges;
use hands::Hands;
use ledger::Ledger;
use receiver::Receiver;

/// How long a search waits and how often it is attempted, for service and consoles alike.
const LIFETIME: [&str; 4] = ["--ttl", "2s", "--interval", "250ms"];
/// The rider of the one search that waits for all of the shift: its countdown is watched.
const LONG_RIDER: &str = "longrider";

/// What is run.
struct Plan {
    span: Duration,
    /// Searches and reports in a second.
    searches: f64,
    reports: usize,
    /// From one outage to the next.
    outage_every: Duration,
    /// So long a record is kept after its search's end.
    records_kept: Duration,
}

#[test]
fn a_shift_leaves_nothing_behind() {
    let plan = Plan {
        span: Duration::from_secs(15),
        searches: 60.0,
        reports: 400,
        outage_every: Duration::from_millis(1_200),
        records_kept: Duration::from_secs(1),
    };
    run(&plan);
}

#[test]
#[ignore = "it runs for half an hour: make soak"]
fn many_shifts_leave_nothing_behind() {
    let span = std::env::var("CABSTAND_SOAK").map_or(Duration::from_mins(30), |text| {
        humantime::parse_duration(&text).unwrap_or_else(|_| panic!("CABSTAND_SOAK={text}?"))
    });
    let plan = Plan {
        span,
        searches: 80.0,
        reports: 1_400,
        outage_every: Duration::from_secs(15),
        records_kept: Duration::from_secs(30),
    };
    run(&plan);
}

/// What fails, in turns.
#[derive(Debug, Clone, Copy)]
enum Fault {
    /// All connections are cut.
    Cut,
    /// Nothing comes through for longer than an answer is waited for, and then all is cut.
    Silence,
    /// Redis is killed and comes back with its data.
    Restart,
    /// Redis throws everybody out who listens.
    Thrown,
    /// Nobody is let in for a while.
    Down,
}

const FAULTS: [Fault; 5] = [Fault::Cut, Fault::Restart, Fault::Thrown, Fault::Down, Fault::Silence];

/// All that runs.
struct Shift {
    redis: Redis,
    wire: Wire,
    restarted: Option<Restarted>,
    service: Service,
    desk: Pty,
    viewer: Pty,
    receiver: Receiver,
}

fn run(plan: &Plan) {
    // The wire holds every connection that there ever was.
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, most, most).unwrap();
    let mut shift = Shift::begin();
    let ledger = Ledger::open(shift.redis.server.url(), plan.records_kept);
    let city = City::start(plan, &shift.service.caller.base, shift.redis.server.url());
    let long = shift.open_the_long_search();
    let (mut hands, mut gauges) = (Hands::default(), Gauges::default());
    let began = Instant::now();
    for fault in FAULTS.into_iter().cycle() {
        shift.wait_until_all_is_well();
        // What piled up has had its time when a sample is taken.
        for _ in 0..2 {
            let next = Instant::now() + plan.outage_every / 2;
            while Instant::now() < next {
                hands.press(&mut shift.desk, &mut shift.viewer);
                sleep(Duration::from_millis(60));
            }
            gauges.read(began.elapsed(), &mut shift.redis, &shift.service, &[&shift.desk, &shift.viewer]);
        }
        if began.elapsed() >= plan.span {
            break;
        }
        shift.suffer(fault);
    }
    let tally = city.stop();
    until_or("every search to end", || ledger.waiting() == vec![long], || format!("open: {:?}", ledger.waiting()));
    gauges.print(plan.span, &tally, &ledger);
    ledger.check();
    // Every end is posted, however often Redis was away.
    until_or(
        "every end to be posted",
        || shift.receiver.told() == ledger.ended(),
        || format!("{} posted of {}", shift.receiver.told(), ledger.ended()),
    );
    shift.check_the_screens(long);
    shift.end();
    gauges.check();
}

impl Shift {
    fn begin() -> Self {
        // What was answered is on disk, as far as the kernel is concerned: a server that is killed has forgotten nothing.
        let redis = Redis::start_with(&["--appendonly", "yes", "--appendfsync", "no"]);
        let wire = Wire::to(&redis);
        let receiver = Receiver::start();
        let mut secret = NamedTempFile::new().unwrap();
        writeln!(secret, "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD").unwrap();
        let (url, file) = (receiver.url(), secret.path().to_str().unwrap());
        let webhook = ["--webhook", url.as_str(), "--webhook-secret-file", file, "--webhook-backoff", "50ms"];
        let service = Service::start_at("127.0.0.1:0", &wire.url(), &[LIFETIME.as_slice(), &webhook].concat());
        let desk = Pty::console(&wire.url(), &[LIFETIME.as_slice(), &["--yes"]].concat());
        let viewer = Pty::console(&wire.url(), &["--read-only"]);
        for console in [&desk, &viewer] {
            console.wait_for("live");
        }
        Self { redis, wire, restarted: None, service, desk, viewer, receiver }
    }

    /// One search that outlasts the shift, by a foreign hand on its key.
    fn open_the_long_search(&mut self) -> u64 {
        let id = city::open_one(&self.service.caller.base, LONG_RIDER);
        let extended: u64 = self.redis.run(&format!("PEXPIRE {id} 36000000"));
        assert_eq!(extended, 1, "it still waits");
        id
    }

    fn suffer(&mut self, fault: Fault) {
        // What is waited for has to have room.
        for console in [&self.desk, &self.viewer] {
            console.resize(120, 40);
        }
        match fault {
            Fault::Cut => self.wire.cut(),
            Fault::Silence => {
                self.wire.silence();
                for console in [&self.desk, &self.viewer] {
                    console.wait_for("away");
                }
                self.wire.cut();
                self.wire.heal();
            }
            Fault::Restart => {
                self.redis.kill();
                self.restarted = Some(Restarted::in_place_of(&mut self.redis));
                self.redis.run::<()>("CONFIG SET appendfsync no");
            }
            Fault::Thrown => self.redis.run::<()>("CLIENT KILL TYPE pubsub"),
            Fault::Down => {
                self.wire.down();
                for console in [&self.desk, &self.viewer] {
                    console.wait_for("away");
                }
                self.wire.heal();
            }
        }
    }

    /// Both consoles are live, and so is the service.
    fn wait_until_all_is_well(&mut self) {
        for console in [&self.desk, &self.viewer] {
            console.resize(120, 40);
            console.wait_for("live");
        }
        let up = || city::metric(&self.service.caller.base, "cabstand_redis_up") == Some(1);
        until("the service to be well", up);
    }

    /// What the consoles show is what Redis holds, to the second.
    fn check_the_screens(&mut self, long: u64) {
        let redis = &mut self.redis;
        for console in [&mut self.desk, &mut self.viewer] {
            hands::clear(console);
            console.press(&format!("/{LONG_RIDER}\r"));
            console.press(&format!(":goto {long}\r"));
            let drivers: u64 = redis.run("ZCARD drivers");
            console.wait_for(&format!("drivers {drivers}"));
            console.wait_for("1 waiting");
            let mut seen = (None, 0);
            let agrees = || {
                let left: u64 = redis.run(&format!("PTTL {long}"));
                seen = (hands::countdown(&console.text()), left.div_ceil(1_000));
                seen.0.is_some_and(|shown| shown.abs_diff(seen.1) <= 1)
            };
            until_or("the countdown to be Redis' own", agrees, || console.text());
            let told = || {
                let (seconds, _): (u64, u64) = redis.run("TIME");
                // Zones are whole quarters of an hour apart.
                let apart = hands::clock(&console.text()).map(|shown| shown.abs_diff(seconds % 900));
                apart.is_some_and(|apart| apart <= 1 || apart >= 899)
            };
            until_or("the clock to be Redis' own", told, || console.text());
        }
    }

    fn end(mut self) {
        for console in [&mut self.desk, &mut self.viewer] {
            console.press("q");
            assert_eq!(console.exit_code(), 0);
        }
        self.service.signal(Signal::SIGTERM);
        assert_eq!(self.service.wait(), Some(0), "{}", self.service.log());
        assert!(!self.service.log().contains("panicked"), "{}", self.service.log());
    }
}
