//! The console behind a wire that fails: what an operator did at that moment is called unknown, and then found out. Redis is a real
//! one, and so is the program on its terminal.

use crate::common::pty::{LIVE, Pty};
use crate::common::wire::Wire;
use crate::common::{Redis, until};

/// A console behind a wire, with one search that it has opened. So Redis knows the script, and no second word has to be sent for it.
fn desk() -> (Redis, Wire, Pty) {
    let mut redis = Redis::start();
    redis.run::<()>("GEOADD drivers -70.66 -33.45 mike");
    let wire = Wire::to(&redis);
    let mut pty = Pty::console(&wire.url(), &["--radius", "100m"]);
    pty.wait_for("drivers 1");
    pty.press("s");
    pty.wait_for("done: request 1 opened");
    pty.wait_for("requestor_1");
    // What was read first can come after what was heard of changes since.
    pty.wait_until("the whole picture", |screen| !screen.contains("no picture yet"));
    (redis, wire, pty)
}

/// How many searches were ever opened.
fn opened(redis: &mut Redis) -> u64 {
    redis.run("GET request_id")
}

#[test]
fn a_search_whose_answer_was_lost_is_found_to_be_open_and_is_not_opened_twice() {
    let (mut redis, wire, mut pty) = desk();
    wire.hold_answers();
    pty.press("s");
    until("the search to be opened", || opened(&mut redis) == 2);
    pty.wait_for("not known whether it was done: a search at");
    // The answer is gone for good.
    wire.cut();
    wire.heal();
    pty.wait_for("it was done: request 2 opened");
    pty.wait_for("Searches 2 waiting");
    assert_eq!(opened(&mut redis), 2);
}

#[test]
fn a_search_that_never_came_to_redis_is_found_not_to_be_open() {
    let (mut redis, wire, mut pty) = desk();
    wire.silence();
    pty.press("s");
    pty.wait_for("not known whether it was done: a search at");
    wire.cut();
    wire.heal();
    pty.wait_for("it was not done: a search at");
    assert_eq!(opened(&mut redis), 1);
}

#[test]
fn a_search_that_comes_late_out_of_a_black_hole_is_not_opened_any_more() {
    let (mut redis, wire, mut pty) = desk();
    wire.silence();
    pty.press("s");
    pty.wait_for("not known whether it was done: a search at");
    // Its time is up after four seconds.
    pty.wait_for("6 s old");
    let calls = calls_of_scripts(&mut redis);
    wire.heal();
    until("it to come to Redis all the same", || calls_of_scripts(&mut redis) > calls);
    pty.wait_for("it was not done: a search at");
    assert_eq!(opened(&mut redis), 1);
}

/// How often a script was called that may write: the console's own readings are of the other kind.
fn calls_of_scripts(redis: &mut Redis) -> u64 {
    let info: String = redis.run("INFO commandstats");
    let line = info.lines().find_map(|line| line.strip_prefix("cmdstat_evalsha:calls=")).unwrap();
    line.split(',').next().unwrap().parse().unwrap()
}

#[test]
fn while_redis_cannot_be_reached_nothing_is_sent_and_the_picture_tells_its_age() {
    let (mut redis, wire, mut pty) = desk();
    wire.down();
    pty.wait_for("away");
    pty.wait_for("s old");
    pty.press("s");
    pty.wait_for("nothing was sent: Redis is away");
    // Keys that change nothing in Redis work on: the table is filtered.
    pty.press("/nobody\r");
    pty.wait_for("/nobody");
    wire.heal();
    pty.wait_for(LIVE);
    pty.press("s");
    // That it is done is said for a while alone, and what is said of the link may take its place.
    pty.wait_for("Searches 2 waiting");
    assert_eq!(opened(&mut redis), 2);
}
