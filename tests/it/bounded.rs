//! No script reads all of what can be long: neither what many requests make long, nor what an external writer does.

use crate::common::{LAT, LNG, Redis, actor, id, request};
use cabstand::domain::Record;

/// Opens requests 1 to ARGV[1] as they are after an attempt whose next one is due in an hour, before the clock was set back.
const FILL: &str = "
    local now = redis.call('TIME')[1] * 1000
    for id = 1, tonumber(ARGV[1]) do
      redis.call('SET', id, '1', 'PX', 600000)
      redis.call('HSET', 'cabstand:request:' .. id, 'user_id', 'rider' .. id, 'lat', ARGV[2], 'lng', ARGV[3], 'radius_m', 5000,
        'created_at', now, 'expires_at', now + 600000, 'interval_ms', 300000, 'attempts', 1, 'state', 'searching')
      redis.call('ZADD', 'cabstand:due', now + 3600000 + (id - id % 700), id)
    end
    redis.call('ZADD', 'cabstand:workers', now + 3500000, 'other')";

#[tokio::test]
async fn after_a_clock_that_was_set_back_the_schedule_is_made_anew_in_bounded_scripts() {
    let mut redis = Redis::start();
    let store = redis.store().await;
    redis::cmd("EVAL").arg(FILL).arg(0).arg(6_000).arg(LAT).arg(LNG).exec(&mut redis.connection).unwrap();
    let (mut rounds, mut attempted) = (0, 0);
    let is_due = |redis: &mut Redis| -> u64 {
        let (now, _): (i64, i64) = redis.run("TIME");
        redis.run(&format!("ZCOUNT cabstand:due -inf {}", (now + 1) * 1_000))
    };
    loop {
        let before = is_due(&mut redis);
        let looks = store.attempt_due(&actor("w"), 25).await.unwrap().looks;
        let more = is_due(&mut redis) + looks.len() as u64 - before;
        assert!(more <= 1_000, "{more} were made due in one script");
        attempted += looks.len();
        rounds += 1;
        assert!(rounds < 400, "{attempted} were attempted");
        if looks.is_empty() {
            break;
        }
    }
    // Those attempted while the others were being moved may be attempted once more.
    assert!((6_000..7_000).contains(&attempted), "{attempted} attempts");
    for id in 1..=6_000 {
        assert!(redis.field(id, "attempts").as_deref() >= Some("2"), "request {id}");
    }
}

#[tokio::test]
async fn of_a_record_only_its_own_fields_are_read() {
    let mut redis = Redis::start();
    let store = redis.store().await;
    store.open(&request(), &actor("http")).await.unwrap();
    let before = store.search(id(1)).await.unwrap().unwrap().record;
    let fill = "for n = 1, 100000 do redis.call('HSET', KEYS[1], 'f' .. n, 'x') end";
    redis::cmd("EVAL").arg(fill).arg(1).arg("cabstand:request:1").exec(&mut redis.connection).unwrap();
    redis::cmd("EVAL").arg(fill).arg(1).arg("cabstand:request:2").exec(&mut redis.connection).unwrap();
    redis.run::<()>("CONFIG RESETSTAT");
    assert_eq!(store.search(id(1)).await.unwrap().unwrap().record, before);
    let other = store.search(id(2)).await.unwrap().unwrap().record;
    assert!(matches!(other, Record::Damaged(_)), "{other:?}");
    let stats: String = redis.run("INFO commandstats");
    assert!(!stats.contains("hgetall") && stats.contains("hmget"), "{stats}");
}

#[tokio::test]
async fn of_workers_that_an_external_writer_has_made_up_only_the_newest_are_read() {
    let mut redis = Redis::start();
    let store = redis.store().await;
    store.attempt_due(&actor("w"), 1).await.unwrap();
    let (now, _): (i64, i64) = redis.run("TIME");
    let fill = "for n = 1, 5000 do redis.call('ZADD', KEYS[1], ARGV[1], 'w' .. n) end";
    redis::cmd("EVAL")
        .arg(fill)
        .arg(1)
        .arg("cabstand:workers")
        .arg((now - 1) * 1_000)
        .exec(&mut redis.connection)
        .unwrap();
    assert_eq!(store.vitals().await.unwrap().workers, 1_000);
    let pulses = store.pulses().await.unwrap();
    assert_eq!((pulses.len(), pulses[0].worker.as_str()), (1_000, "w"));
}
