//! That the wire which the tests of faults lay between a program and its Redis fails as it says it does.

use std::time::{Duration, Instant};

use crate::common::wire::Wire;
use crate::common::{Redis, until};
use redis::{Connection, RedisResult};

/// So long a test waits for an answer that must not come.
const SILENCE: Duration = Duration::from_millis(200);

fn connect(wire: &Wire) -> RedisResult<Connection> {
    redis::Client::open(wire.url())?.get_connection()
}

fn ping(connection: &mut Connection) -> RedisResult<String> {
    redis::cmd("PING").query(connection)
}

#[test]
fn what_is_cut_fails_and_what_comes_after_works() {
    let redis = Redis::start();
    let wire = Wire::to(&redis);
    let mut before = connect(&wire).unwrap();
    ping(&mut before).unwrap();
    wire.cut();
    assert!(ping(&mut before).unwrap_err().is_connection_dropped());
    ping(&mut connect(&wire).unwrap()).unwrap();
    wire.down();
    until("connections to be refused", || connect(&wire).is_err_and(|error| error.is_connection_refusal()));
    wire.heal();
    ping(&mut connect(&wire).unwrap()).unwrap();
}

#[test]
fn a_black_hole_answers_nothing_and_closes_nothing() {
    let redis = Redis::start();
    let wire = Wire::to(&redis);
    let mut connection = connect(&wire).unwrap();
    connection.set_read_timeout(Some(SILENCE)).unwrap();
    wire.strand();
    assert!(is_timeout(ping(&mut connection)), "the old one hangs");
    ping(&mut connect(&wire).unwrap()).unwrap();
    let mut connection = connect(&wire).unwrap();
    connection.set_read_timeout(Some(SILENCE)).unwrap();
    wire.silence();
    assert!(is_timeout(ping(&mut connection)), "and now everyone");
    wire.heal();
    ping(&mut connect(&wire).unwrap()).unwrap();
}

#[test]
fn answers_that_are_held_back_do_not_undo_what_was_done() {
    let mut redis = Redis::start();
    let wire = Wire::to(&redis);
    let mut connection = connect(&wire).unwrap();
    connection.set_read_timeout(Some(SILENCE)).unwrap();
    wire.hold_answers();
    assert!(is_timeout(redis::cmd("SET").arg("done").arg(1).query::<()>(&mut connection)));
    until("it to be done", || redis.run("EXISTS done"));
}

#[test]
fn a_slow_wire_takes_its_time_both_ways() {
    let redis = Redis::start();
    let wire = Wire::to(&redis);
    let mut connection = connect(&wire).unwrap();
    wire.slow_down(Duration::from_millis(50));
    let sent = Instant::now();
    ping(&mut connection).unwrap();
    assert!(sent.elapsed() >= Duration::from_millis(100));
}

#[test]
fn after_a_failover_new_connections_lead_elsewhere() {
    let (redis, mut other) = (Redis::start(), Redis::start());
    let wire = Wire::to(&redis);
    other.run::<()>("SET here other");
    wire.lead_to(&other);
    let here: String = redis::cmd("GET").arg("here").query(&mut connect(&wire).unwrap()).unwrap();
    assert_eq!(here, "other");
}

fn is_timeout<T>(answer: RedisResult<T>) -> bool {
    answer.is_err_and(|error| error.is_timeout())
}
