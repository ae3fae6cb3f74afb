//! Clocks that jump, machines that sleep, programs that are stopped: the real programs on a real Redis, each by a clock that the test
//! sets.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::common::clock::Clock;
use crate::common::pty::Pty;
use crate::common::service::{Caller, Service};
use crate::common::wire::Wire;
use crate::common::{Redis, until, until_or};
use nix::sys::signal::Signal;
use tempfile::TempDir;

const HOUR: i64 = 3_600;

/// A console that goes by this clock.
fn console(redis: &str, clock: &Clock, options: &[&str]) -> Pty {
    let arguments = [&["console", "--redis", redis], options].concat();
    let home = Arc::new(TempDir::new().unwrap());
    Pty::start_with(home, env!("CARGO_BIN_EXE_cabstand"), &arguments, &clock.variables())
}

/// Waits until the selected search counts down as its key does, as its own pane tells, to the second.
fn counts_down_as_redis(redis: &mut Redis, pty: &Pty, id: u64) {
    let seconds = |word: &str| {
        let parts: Option<Vec<u64>> = word.split(':').map(|part| part.parse().ok()).collect();
        parts.filter(|parts| parts.len() > 1).map(|parts| parts.iter().fold(0, |all, part| all * 60 + part))
    };
    let shown = |screen: &str| screen.split(" left").find_map(|before| before.split(' ').next_back().and_then(seconds));
    let is_right = || {
        let left: i64 = redis.run(&format!("PTTL {id}"));
        let left = u64::try_from(left).expect("a key with a TTL").div_ceil(1_000);
        shown(&pty.text()).is_some_and(|shown| shown.abs_diff(left) <= 1)
    };
    until_or("the countdown to be Redis' own", is_right, || pty.text());
}

/// The ends of each request, as the stream tells of them.
fn ends(redis: &mut Redis) -> BTreeMap<u64, Vec<String>> {
    let events: Vec<(String, BTreeMap<String, String>)> = redis.run("XRANGE cabstand:events - +");
    let mut ends = BTreeMap::<u64, Vec<String>>::new();
    for (_, fields) in events {
        let kind = fields["type"].clone();
        if ["found", "expired", "cancelled"].contains(&kind.as_str()) {
            ends.entry(fields["request_id"].parse().unwrap()).or_default().push(kind);
        }
    }
    ends
}

fn attempts(redis: &mut Redis, id: u64) -> u64 {
    redis.field(id, "attempts").unwrap().parse().unwrap()
}

/// The search that is opened by a key.
fn opened_by(redis: &mut Redis, pty: &mut Pty) -> u64 {
    let before: u64 = redis.run("GET request_id");
    pty.press("s");
    until("another search", || redis.run::<u64>("GET request_id") > before);
    before + 1
}

/// Waits until it is attempted again, and again.
fn is_attempted_on(redis: &mut Redis, id: u64) {
    let before = attempts(redis, id);
    until("more attempts", || attempts(redis, id) > before + 2);
}

#[test]
fn a_console_is_armed_no_longer_because_its_machine_slept() {
    let Some(clock) = Clock::start() else { return };
    let mut redis = Redis::start();
    let mut pty = console(&redis.server.url(), &clock, &["--read-only"]);
    pty.wait_for("read-only");
    pty.press(":arm 10m\r");
    pty.wait_for("armed 10:00");
    clock.sleep(11 * 60);
    pty.wait_for("the time is up");
    pty.wait_for("read-only");
    pty.press("s");
    pty.wait_for("this console only looks");
    assert!(!redis.run::<bool>("EXISTS request_id"));
}

#[test]
fn a_picture_is_as_old_as_it_is_and_right_again_once_redis_answers() {
    let Some(clock) = Clock::start() else { return };
    let mut redis = Redis::start();
    let wire = Wire::to(&redis);
    let mut pty = console(&wire.url(), &clock, &["--ttl", "3h"]);
    pty.wait_for("live");
    pty.press("s");
    pty.wait_for("requestor_1");
    pty.wait_for("now");
    wire.silence();
    clock.sleep(HOUR);
    pty.wait_for("60 min old");
    // The key went on, and the search with it.
    redis.run::<()>("PEXPIRE 1 5000000");
    wire.cut();
    wire.heal();
    pty.wait_for("live");
    counts_down_as_redis(&mut redis, &pty, 1);
}

#[test]
fn what_is_pressed_while_the_console_is_stopped_changes_nothing() {
    let mut redis = Redis::start();
    let service = Service::start(&redis, &["--interval", "500ms"]);
    let mut pty = Pty::console(&redis.server.url(), &["--ttl", "10m", "--radius", "100m"]);
    pty.wait_for("live");
    for number in 1..=2 {
        pty.press("s");
        pty.wait_for(&format!("done: request {number} opened"));
        pty.wait_for(&format!("Searches {number} waiting"));
    }
    pty.press("c");
    pty.wait_for("Cancel request 1");
    pty.signal("-STOP");
    // The answer to the question, and a new search: nobody has seen what the screen would say to them.
    pty.press("ys");
    // A key of a few seconds more than a stop has to last is over.
    redis.run::<()>("SET stopped 1 PX 7000");
    redis.run::<()>("SET 2 0 PX 60000");
    redis.wait_for_state(2, "cancelled");
    until("the stop to have lasted", || !redis.run::<bool>("EXISTS stopped"));
    let counter: u64 = redis.run("GET request_id");
    pty.signal("-CONT");
    pty.wait_for("not done: what was asked before this console stood still for 0:");
    pty.wait_for("and 2 keys from meanwhile");
    pty.wait_for("Searches 1 waiting");
    counts_down_as_redis(&mut redis, &pty, 1);
    assert_eq!((redis.state(1).as_deref(), redis.run::<u64>("GET request_id")), (Some("searching"), counter));
    pty.press("s");
    pty.wait_for("requestor_3");
    assert_eq!(redis.state(1).as_deref(), Some("searching"));
    drop(service);
}

#[test]
fn a_clock_of_redis_that_is_set_is_followed_and_no_search_is_lost_by_it() {
    let Some(clock) = Clock::start() else { return };
    let mut redis = Redis::start();
    let _server = clock.take_over(&mut redis);
    let service = Service::start(&redis, &["--interval", "300ms"]);
    let mut pty = Pty::console(&redis.server.url(), &["--ttl", "3h", "--radius", "100m", "--interval", "300ms"]);
    pty.wait_for("live");
    pty.press("s");
    pty.wait_for("done: request 1 opened");
    counts_down_as_redis(&mut redis, &pty, 1);
    for jump in [HOUR, 0, -HOUR, 0] {
        // One who waits already when the clock is set.
        let before = opened_by(&mut redis, &mut pty);
        pty.wait_for("Searches 2 waiting");
        clock.set_wall(jump);
        counts_down_as_redis(&mut redis, &pty, 1);
        is_attempted_on(&mut redis, 1);
        assert_eq!(redis.state(1).as_deref(), Some("searching"));
        assert!(!ends(&mut redis).contains_key(&1), "after a jump to {jump}");
        // Deeds go by the clock as it is now, and what was read before it was set is overtaken by what comes after.
        let after = opened_by(&mut redis, &mut pty);
        for id in [before, after] {
            redis.run::<()>(&format!("SET {id} 0 PX 60000"));
            redis.wait_for_state(id, "cancelled");
        }
        pty.wait_for("Searches 1 waiting");
    }
    drop(service);
}

#[test]
fn the_clock_of_the_machine_means_nothing_to_a_search() {
    let Some(clock) = Clock::start() else { return };
    let mut redis = Redis::start();
    let options = ["--interval", "300ms", "--ttl", "10m"];
    let url = redis.server.url();
    let service = Service::start_with("127.0.0.1:0", &url, &options, &clock.variables());
    let mut pty = console(&url, &clock, &["--ttl", "10m", "--radius", "100m", "--interval", "300ms"]);
    pty.wait_for("live");
    pty.press("s");
    pty.wait_for("requestor_1");
    for jump in [HOUR, -HOUR, 24 * 365 * HOUR] {
        clock.set_wall(jump);
        counts_down_as_redis(&mut redis, &pty, 1);
        is_attempted_on(&mut redis, 1);
    }
    assert_eq!(ends(&mut redis), BTreeMap::new());
    drop(service);
}

/// A caller whose connections nobody has let wait.
fn afresh(service: &Service) -> Caller {
    Caller::new(service.caller.base.trim_start_matches("http://"))
}

#[tokio::test]
async fn a_service_that_is_stopped_is_stood_in_for_and_goes_on_without_a_second_end() {
    let mut redis = Redis::start();
    let options = ["--interval", "300ms", "--ttl", "2s"];
    let (stopped, other) = (Service::start(&redis, &options), Service::start(&redis, &options));
    until("both to work", || redis.run::<u64>("ZCARD cabstand:workers") == 2);
    for _ in 0..20 {
        stopped.caller.search().await;
    }
    stopped.signal(Signal::SIGSTOP);
    until("the other one to end all of them", || ends(&mut redis).len() == 20);
    // That is longer than it waits for answers, and than it takes to be called dead.
    redis.run::<()>("SET stopped 1 PX 11000");
    for _ in 0..5 {
        other.caller.search().await;
    }
    until("the stop to have lasted", || !redis.run::<bool>("EXISTS stopped"));
    stopped.signal(Signal::SIGCONT);
    let id = afresh(&stopped).search().await;
    until("all to end", || ends(&mut redis).len() == 26);
    other.signal(Signal::SIGSTOP);
    let last = afresh(&stopped).search().await;
    redis.wait_for_state(last, "expired");
    other.signal(Signal::SIGCONT);
    assert_eq!((id, last), (26, 27));
    assert!(ends(&mut redis).values().all(|ends| *ends == ["expired"]), "{:?}", ends(&mut redis));
    let told = || [&stopped, &other].map(|service| service.log().matches("Sorry, we did not find any driver.").count());
    until_or("each to be told once", || told().iter().sum::<usize>() == 27, || format!("{:?}", told()));
}
