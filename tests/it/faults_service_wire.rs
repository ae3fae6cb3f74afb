//! A service whose way to Redis fails: cut, silent, half open, slow, flapping, each connection thrown out in turn. It stays up, says
//! what is wrong and since when, answers every call in bounded time, and goes on by itself.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::common::doors::problem;
use crate::common::faults::{Refused, Town, call};
use crate::common::{LAT, LNG, until};
use serde_json::json;

/// How often a wire is cut, or a connection thrown out, in one test.
const CUTS: usize = 20;

#[tokio::test(flavor = "multi_thread")]
async fn a_wire_that_is_down() {
    let mut town = Town::start(&[]).await;
    town.wire.down();
    town.is_unwell("can't be reached", "connection refused").await;
    town.refuses(Refused::All).await;
    town.wire.heal();
    town.recovers().await;
    let log = town.service.log();
    assert_eq!(log.matches("can't be reached").count(), 1, "it is logged once:\n{log}");
    assert_eq!(log.matches("is well again, after ").count(), 1, "and so is its end:\n{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_black_hole() {
    let mut town = Town::start(&[]).await;
    town.wire.silence();
    town.is_unwell("can't be reached", "no answer in time").await;
    town.refuses(Refused::All).await;
    town.wire.heal();
    town.recovers().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_are_half_open_are_replaced_though_nothing_closes_them() {
    let mut town = Town::start(&[]).await;
    town.wire.strand();
    // The calls that find it so are told, and no others.
    let tries = [call(town.service.caller.get("/v2/requests/1")), call(town.service.caller.get("/v2/requests/1"))];
    let [first, second] = futures_util::future::join_all(tries).await.try_into().unwrap();
    assert_eq!((first.status().as_u16(), second.status().as_u16()), (503, 503));
    assert_eq!(call(town.service.caller.get("/v2/requests/1")).await.status(), 200);
    town.recovers().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wire_that_is_slow_is_no_outage() {
    let mut town = Town::start(&[]).await;
    town.wire.slow_down(Duration::from_millis(500));
    let new = town.opens().await;
    // Also to connect takes its time.
    town.wire.cut();
    town.finds(new).await;
    town.is_well().await;
    town.wire.heal();
    town.recovers().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_are_lost_double_nothing() {
    let mut town = Town::start(&[]).await;
    for _ in 0..5 {
        town.wire.hold_answers();
        // Redis does it all the same: whoever asks again opens another one.
        call(town.service.caller.post("/v2/search", json!({"lat": 41, "lng": 41}))).await;
        town.wire.cut();
        town.wire.heal();
        town.opens().await;
    }
    town.recovers().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wire_that_flaps() {
    let mut town = Town::start(&[]).await;
    let mut opened = BTreeSet::new();
    let (mut answers, mut cuts) = (0, 0);
    while opened.len() < CUTS || cuts < CUTS {
        if answers % 2 == 0 {
            town.wire.cut();
            cuts += 1;
        } else if answers % 7 == 0 {
            town.wire.down();
            until("it to be down", || redis::Client::open(town.wire.url()).unwrap().get_connection().is_err());
            town.wire.heal();
        }
        let answer = call(town.service.caller.post("/v2/search", json!({"lat": LAT, "lng": LNG}))).await;
        answers += 1;
        if answer.status() == 200 {
            assert!(opened.insert(answer.json::<serde_json::Value>().await.unwrap()["request_id"].as_u64().unwrap()));
        } else {
            problem(answer, 503).await;
        }
    }
    for id in opened {
        town.finds(id).await;
    }
    town.recovers().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_connection_may_be_thrown_out() {
    let mut town = Town::start(&[]).await;
    let own: u64 = town.redis.run("CLIENT ID");
    for _ in 0..CUTS {
        let all: String = town.redis.run("CLIENT LIST");
        let others = all.lines().filter_map(|line| line.strip_prefix("id=")?.split(' ').next()?.parse::<u64>().ok());
        for other in others.filter(|other| *other != own).collect::<Vec<_>>() {
            // It may be gone already.
            let _ = town.redis.try_run::<u64>(&format!("CLIENT KILL ID {other}"));
            let new = town.opens().await;
            if new % 5 == 0 {
                town.finds(new).await;
            }
        }
    }
    town.recovers().await;
}
