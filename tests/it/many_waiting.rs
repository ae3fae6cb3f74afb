//! A console on so many who wait that not all of them are read in full.

use crate::common::desk::Desk;
use crate::common::{Redis, until_or};

/// Opens requests 1 to ARGV[1], as `open.lua` would have done. The later one was opened, the sooner its time is up.
const FILL: &str = "
    local time = redis.call('TIME')
    local now, last = time[1] * 1000, tonumber(ARGV[1])
    for id = 1, last do
      local left, opened, lat = 600000 + (last - id) * 1000, now - 100000 + id, -33.3 - id / 100000
      redis.call('SET', id, '1', 'PX', left)
      redis.call('HSET', 'cabstand:request:' .. id, 'user_id', 'rider' .. id, 'lat', lat, 'lng', -70.6, 'radius_m', 5000,
        'created_at', opened, 'expires_at', now + left, 'interval_ms', 30000, 'attempts', 0, 'state', 'searching')
      redis.call('ZADD', 'cabstand:due', now + 500000, id)
      redis.call('GEOADD', 'cabstand:waiting', -70.6, lat, id)
      redis.call('ZADD', 'cabstand:queue', opened, id)
      redis.call('ZADD', 'cabstand:reach', 5000, id)
    end
    redis.call('SET', 'request_id', last)";

/// A Redis on which so many wait, and a console on it.
async fn crowd(waiting: u64) -> (Redis, Desk) {
    let mut redis = Redis::start();
    redis::cmd("EVAL").arg(FILL).arg(0).arg(waiting).exec(&mut redis.connection).unwrap();
    let store = redis.store().await;
    (redis, Desk::new(store, "ana"))
}

/// How often a whole record was read.
fn records_read(redis: &mut Redis) -> u64 {
    let stats: String = redis.run("INFO commandstats");
    let calls = stats.lines().find_map(|line| line.strip_prefix("cmdstat_hmget:calls="));
    calls.map_or(0, |rest| rest.split(',').next().unwrap().parse().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn of_twelve_thousand_all_are_counted_and_those_in_sight_are_read_in_full() {
    let (mut redis, desk) = crowd(12_000).await;
    desk.shows("Searches 12 000 waiting").await;
    desk.hides("of them here").await;
    desk.play("g");
    desk.shows("rider12000").await;
    let riders: Vec<String> = desk
        .text()
        .lines()
        .filter(|line| line.contains("━━━"))
        .filter_map(|line| line.split_once(" rider1"))
        .map(|(_, rest)| rest.split_whitespace().next().unwrap().to_owned())
        .collect();
    let expected = (0..).map(|n| (2_000 - n).to_string());
    assert!(riders.len() > 5 && riders.iter().cloned().eq(expected.take(riders.len())), "{riders:?}\n{}", desk.text());

    desk.play("G");
    desk.shows("rider1 ").await;
    assert!(desk.text().contains("0 below") || !desk.text().contains("below"), "{}", desk.text());

    // Ends far out of sight, by another hand.
    redis.run::<()>("DEL 6000");
    redis.run::<()>("SET 6001 0 EX 60");
    desk.shows("Searches 11 998 waiting").await;

    // An attempt in vain writes into a record. Nobody looks at these.
    let before = records_read(&mut redis);
    for id in 2_000..5_000 {
        redis.run::<()>(&format!("HSET cabstand:request:{id} attempts 1"));
    }
    redis.run::<()>("DEL 7000");
    desk.shows("Searches 11 997 waiting").await;
    let read = records_read(&mut redis) - before;
    assert!(read < 1_500, "{read} records were read");
    desk.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_filter_asks_for_is_read_of_all() {
    let (mut redis, desk) = crowd(5_200).await;
    desk.hides("of them here").await;
    desk.shows("Searches 5 200 waiting").await;
    desk.play("/rider77<Enter>");
    desk.shows("rider77 ").await;
    desk.hides("so far").await;
    let read = records_read(&mut redis);
    assert!(read >= 5_200, "{read}");
    // Whoever comes is judged as well.
    redis.run::<()>("HSET cabstand:request:5000 user_id rider777777");
    desk.shows("rider777777").await;
    let twelve = || ["12 of 5 200 match", "12 match"].iter().any(|told| desk.text().contains(told));
    until_or("eleven and one more to be shown", twelve, || desk.text());
    desk.quit().await;
}
