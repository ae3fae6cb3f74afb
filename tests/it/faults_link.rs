//! The console, as the real binary on a terminal, under every fault of its link to Redis.

use std::time::Duration;

use crate::common::pty::{LIVE, Pty};
use crate::common::wire::Wire;
use crate::common::{LAT, LNG, Redis, Restarted, actor, id, request, until};
use cabstand::store::NewRequest;

/// A Redis with this many who wait, and a wire to it.
fn city(riders: usize, options: &[&str]) -> (Redis, Wire) {
    let redis = Redis::start_with(options);
    for _ in 0..riders {
        open(&redis);
    }
    let wire = Wire::to(&redis);
    (redis, wire)
}

fn open(redis: &Redis) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async { redis.store().await.open(&request(), &actor("http")).await.unwrap() });
}

fn cancel(redis: &Redis, number: u64) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async { redis.store().await.cancel(id(number), &actor("ben@desk")).await.unwrap() });
}

/// The console behind the wire; the script that it acts with is known to Redis, so that no second word has to be sent for it.
fn console_of_canceller(redis: &Redis, wire: &Wire) -> Pty {
    let pty = console(wire, 1);
    open(redis);
    cancel(redis, 2);
    pty.wait_for("cancelled by ben@desk");
    pty
}

/// The console behind the wire, once it hears of changes and shows the searches that wait.
fn console(wire: &Wire, riders: usize) -> Pty {
    let pty = Pty::console(&wire.url(), &[]);
    pty.wait_for(LIVE);
    pty.wait_for(&format!("waiting {riders}"));
    pty
}

/// Waits until Redis' clock has gone on by so much.
fn pass(redis: &mut Redis, span: Duration) {
    let now = |redis: &mut Redis| {
        let (seconds, micros): (u64, u64) = redis.run("TIME");
        Duration::from_secs(seconds) + Duration::from_micros(micros)
    };
    let end = now(redis) + span;
    until("time to pass", || now(redis) >= end);
}

#[test]
fn an_action_that_was_done_without_an_answer_is_found_out() {
    let (mut redis, wire) = city(1, &[]);
    let mut pty = console_of_canceller(&redis, &wire);
    wire.hold_answers();
    pty.press("c");
    pty.press("y");
    pty.wait_for("not known whether it was done: cancelling request 1");
    redis.wait_for_state(1, "cancelled");
    pty.wait_for("? 1 not known");
    pty.press("u");
    pty.wait_for("can't be undone yet");
    wire.cut();
    wire.heal();
    pty.wait_for("it was done: request 1 cancelled");
    pty.press("u");
    pty.wait_for("request 1 waits again");
    assert_eq!(redis.run::<u64>("XLEN cabstand:events"), 5, "opened, cancelled and reopened: nothing was sent twice");
}

#[test]
fn an_action_that_a_black_hole_gives_back_too_late_changes_nothing() {
    let (mut redis, wire) = city(1, &[]);
    let mut pty = console(&wire, 1);
    wire.silence();
    pty.press("c");
    pty.press("y");
    pty.wait_for("not known whether it was done: cancelling request 1");
    pass(&mut redis, Duration::from_secs(5));
    // What was on its way arrives now.
    wire.heal();
    pty.wait_for("it was not done: cancelling request 1; nothing was changed");
    assert_eq!(redis.state(1).as_deref(), Some("searching"));
    assert_eq!(redis.run::<u64>("XLEN cabstand:events"), 1);
    pty.press("c");
    pty.press("y");
    redis.wait_for_state(1, "cancelled");
}

#[test]
fn an_action_of_which_the_events_are_gone_is_never_known() {
    let (mut redis, wire) = city(1, &[]);
    let mut pty = console_of_canceller(&redis, &wire);
    wire.hold_answers();
    pty.press("c");
    pty.press("y");
    pty.wait_for("not known whether it was done: cancelling request 1");
    redis.wait_for_state(1, "cancelled");
    redis.run::<()>("DEL cabstand:events");
    wire.cut();
    wire.heal();
    pty.wait_for("it can't be known any more");
    pty.wait_for("read again: request 1 is cancelled by ");
}

#[test]
fn a_link_that_is_down_is_told_with_its_time_and_what_was_missed() {
    let (redis, wire) = city(3, &[]);
    let mut pty = console(&wire, 3);
    wire.down();
    pty.wait_for("Redis is away since ");
    pty.wait_for("nothing can be changed: connection refused");
    pty.wait_for(" old");
    cancel(&redis, 1);
    cancel(&redis, 2);
    open(&redis);
    // Keys are taken meanwhile, and what would change something is refused.
    pty.press("/");
    pty.press("requestor_3");
    pty.wait_for("1 of 3 searches");
    pty.press("\r");
    pty.press("c");
    pty.wait_for("nothing was sent: Redis is away");
    wire.heal();
    pty.wait_for("2 requests wait no more, 1 was new, 3 events were missed");
    pty.wait_for(LIVE);
    pty.press(":");
    pty.press("link\r");
    pty.wait_for("away so far: 1 time");
    pty.wait_for("found by reading: 0 changes");
}

#[test]
fn nobody_is_called_expired_while_nothing_is_known() {
    let (redis, wire) = city(0, &[]);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let store = runtime.block_on(redis.store());
    let short = NewRequest { ttl: Duration::from_secs(5), ..request() };
    runtime.block_on(store.open(&short, &actor("http"))).unwrap();
    let pty = console(&wire, 1);
    wire.down();
    runtime.block_on(store.extend(id(1), 600_000, &actor("ben@desk"))).unwrap();
    // Its time as the console knows it is up.
    pty.wait_for("(7 s), nothing can be changed");
    wire.heal();
    pty.wait_for("1 event was missed");
    pty.wait_for(LIVE);
    pty.wait_for("waiting 1");
    assert!(!pty.was_sent("✗ expired"));
}

#[test]
fn a_black_hole_is_told_and_left() {
    let (redis, wire) = city(1, &[]);
    let mut pty = console(&wire, 1);
    wire.silence();
    pty.wait_for("nothing can be changed: no answer in time");
    pty.press("?");
    pty.wait_for("Keys");
    pty.press("\x1b");
    open(&redis);
    wire.heal();
    pty.wait_for(LIVE);
    pty.wait_for("waiting 2");
}

#[test]
fn connections_that_are_dead_without_a_word_are_made_anew() {
    let (redis, wire) = city(1, &[]);
    let pty = console(&wire, 1);
    wire.strand();
    open(&redis);
    pty.wait_for("waiting 2");
    pty.wait_for(LIVE);
}

#[test]
fn a_link_that_flaps_is_survived() {
    let (redis, wire) = city(1, &[]);
    let mut pty = console(&wire, 1);
    pty.press("/");
    for key in "requestor_1".chars() {
        let before = wire.connections();
        wire.cut();
        pty.press(&key.to_string());
        until("a connection anew", || wire.connections() > before);
    }
    pty.wait_for("filter: requestor_1 ");
    pty.press("\x1b");
    open(&redis);
    pty.wait_for("waiting 2");
    pty.wait_for(LIVE);
    pty.press("q");
    assert_eq!(pty.exit_code(), 0);
}

/// A kind of connection: what it is for, and how it is told in the list of clients.
type Kind<'a> = (&'a str, &'a dyn Fn(&str) -> bool);

#[test]
fn each_connection_can_be_killed() {
    let (mut redis, wire) = city(1, &[]);
    let mut pty = console(&wire, 1);
    let own: u64 = redis.run("CLIENT ID");
    let listens = |client: &str| !client.contains(" sub=0 ");
    let follows = |client: &str| client.contains("cmd=xread");
    let kinds: [Kind; 3] = [
        ("the one that listens", &listens),
        ("the one that follows the events", &follows),
        ("the one for all else", &|client| !listens(client) && !follows(client)),
    ];
    for (waiting, (kind, is_it)) in (2..).zip(kinds) {
        let before = wire.connections();
        until(kind, || {
            let list: String = redis.run("CLIENT LIST");
            let all = list.lines().filter(|client| !client.contains(&format!("id={own} ")) && is_it(client));
            let ids: Vec<&str> = all.filter_map(|client| client.strip_prefix("id=")?.split(' ').next()).collect();
            ids.iter().any(|id| redis.run::<u64>(&format!("CLIENT KILL ID {id}")) == 1)
        });
        until("a connection in its place", || wire.connections() > before);
        open(&redis);
        pty.wait_for(&format!("waiting {waiting}"));
        pty.wait_for(LIVE);
    }
    pty.press("s");
    pty.wait_for("done: request");
}

#[test]
fn one_who_does_not_listen_is_thrown_out_and_comes_back() {
    let (mut redis, wire) = city(1, &[]);
    let pty = console(&wire, 1);
    let mut limit = redis::cmd("CONFIG");
    limit.arg("SET").arg("client-output-buffer-limit").arg("pubsub 256kb 256kb 1");
    limit.exec(&mut redis.connection).unwrap();
    let listening = |redis: &mut Redis| -> Vec<String> {
        let list: String = redis.run("CLIENT LIST TYPE pubsub");
        list.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
    };
    let before = listening(&mut redis);
    assert_eq!(before.len(), 1);
    wire.silence();
    let mut flood = redis::cmd("EVAL");
    flood.arg("for i = 1, 20000 do redis.call('GEOADD', 'drivers', 1, 1 + i / 1000, 'a') end").arg(0);
    until("Redis to throw it out", || {
        flood.exec(&mut redis.connection).unwrap();
        !listening(&mut redis).contains(&before[0])
    });
    open(&redis);
    wire.heal();
    pty.wait_for(LIVE);
    pty.wait_for("waiting 2");
    pty.wait_for("drivers 1");
    until("it to listen again", || listening(&mut redis).len() == 1);
}

#[test]
fn a_redis_that_is_killed_and_comes_back_is_read_anew() {
    for (options, waiting) in [(&["--appendonly", "yes", "--appendfsync", "always"][..], 1), (&[], 0)] {
        let (mut redis, wire) = city(1, options);
        let mut pty = console(&wire, 1);
        redis.kill();
        pty.wait_for("(2 s), nothing can be changed");
        let _restarted = Restarted::in_place_of(&mut redis);
        let mut untold = vec!["Redis is back after "];
        untold.extend((waiting == 0).then_some("1 request is gone from Redis without an end: 1"));
        until("all to be told, one after the other", || {
            let screen = pty.text();
            untold.retain(|words| !screen.contains(words));
            untold.is_empty()
        });
        pty.wait_for(LIVE);
        pty.wait_for(&format!("waiting {waiting}"));
        assert!(!pty.was_sent("✗ expired"), "{}", pty.text());
        pty.press("s");
        pty.wait_for(&format!("waiting {}", waiting + 1));
    }
}

#[test]
fn a_redis_that_takes_no_changes_is_told_and_the_picture_stays_live() {
    let faults = [
        ("CONFIG SET maxmemory 1", "CONFIG SET maxmemory 0", "has no memory left", "raise maxmemory"),
        ("REPLICAOF 127.0.0.1 1", "REPLICAOF NO ONE", "is a replica", "after a failover"),
        ("CONFIG SET min-replicas-to-write 1", "CONFIG SET min-replicas-to-write 0", "has too few replicas", "bring"),
    ];
    let (mut redis, wire) = city(1, &[]);
    let mut pty = console(&wire, 1);
    for (breaks, mends, word, advice) in faults {
        redis.run::<()>(breaks);
        pty.press("e");
        pty.wait_for("not done: ");
        pty.wait_for(&format!("{word} and takes no changes: "));
        pty.press("1");
        pty.wait_for(&format!("Redis {word} and takes no changes since "));
        pty.wait_for(advice);
        pty.wait_for("! no changes");
        // What others do is seen all the same: it comes from the primary, say.
        assert!(!pty.text().contains(" old"), "{}", pty.text());
        redis.run::<()>(mends);
        pty.wait_until("the end of it", |screen| !screen.contains("no changes"));
        pty.press("e");
        pty.wait_for("done: request 1 has 60 s more");
    }
}

#[test]
fn a_redis_that_cannot_save_is_told_and_the_picture_stays_live() {
    let (mut redis, wire) = city(1, &["--enable-protected-configs", "yes", "--save", "3600 1"]);
    let mut pty = console(&wire, 1);
    let gone = redis.server.directory().join("gone");
    std::fs::create_dir(&gone).unwrap();
    redis.run::<()>(&format!("CONFIG SET dir {}", gone.display()));
    std::fs::remove_dir(&gone).unwrap();
    redis.run::<()>("BGSAVE");
    pty.wait_for("! no changes");
    pty.wait_for("Redis cannot save to its disk and takes no changes since ");
    // What listens stays connected: a PING would be refused now.
    let listening = |redis: &mut Redis| {
        let list: String = redis.run("CLIENT LIST TYPE pubsub");
        list.split(' ').next().map(str::to_owned)
    };
    let before = listening(&mut redis);
    pty.press("e");
    pty.wait_for("not done: ");
    redis.run::<()>(&format!("CONFIG SET dir {}", redis.server.directory().display()));
    redis.run::<()>("BGSAVE");
    pty.wait_until("the end of it", |screen| !screen.contains("no changes"));
    assert_eq!(listening(&mut redis), before);
    pty.press("e");
    pty.wait_for("done: request 1 has 60 s more");
}

#[test]
fn a_failover_is_followed() {
    let ((mut old, wire), (mut new, _)) = (city(1, &[]), city(1, &[]));
    let mut pty = console(&wire, 1);
    old.run::<()>("REPLICAOF 127.0.0.1 1");
    pty.wait_for("Redis is a replica and takes no changes since ");
    wire.lead_to(&new);
    wire.cut();
    pty.wait_until("the end of it", |screen| !screen.contains("no changes"));
    open(&new);
    pty.wait_for("waiting 2");
    pty.wait_for(LIVE);
    pty.press("c");
    pty.press("y");
    new.wait_for_state(1, "cancelled");
}

#[test]
fn a_failover_that_cuts_nothing_is_followed_by_all_connections() {
    let ((mut old, wire), (mut new, _)) = (city(1, &[]), city(1, &[]));
    let mut pty = console(&wire, 1);
    // It hears of the new primary as little as we do.
    old.run::<()>("REPLICAOF 127.0.0.1 1");
    pty.wait_for("Redis is a replica and takes no changes since ");
    wire.lead_to(&new);
    pty.press("e");
    until("the console to listen at the new one", || new.run::<u64>("PUBSUB NUMPAT") > 0);
    pty.wait_until("the end of it", |screen| !screen.contains("no changes"));
    pty.wait_for(LIVE);
    open(&new);
    pty.wait_for("waiting 2");
}

#[test]
fn a_replica_that_has_lost_its_primary_and_gives_nothing_out_is_away() {
    let (mut redis, wire) = city(1, &[]);
    let mut pty = console(&wire, 1);
    redis.run::<()>("CONFIG SET replica-serve-stale-data no");
    redis.run::<()>("REPLICAOF 127.0.0.1 1");
    pty.wait_for("it is a replica that has lost its primary");
    pty.wait_for(" old");
    pty.press("e");
    pty.wait_for("nothing was sent: Redis is away");
    redis.run::<()>("REPLICAOF NO ONE");
    pty.wait_for(LIVE);
    pty.press("e");
    pty.wait_for("done: request 1 has 60 s more");
}

#[test]
fn a_script_that_does_not_end_is_named() {
    let (mut redis, wire) = city(1, &[]);
    let mut pty = console(&wire, 1);
    redis.run::<()>("CONFIG SET busy-reply-threshold 50");
    let mut other = redis::Client::open(redis.server.url()).unwrap().get_connection().unwrap();
    let busy = std::thread::spawn(move || {
        let _ = redis::cmd("EVAL").arg("while true do end").arg(0).exec(&mut other);
    });
    pty.wait_for("nothing can be changed: it is held by a script that does not end");
    pty.press("e");
    pty.wait_for("nothing was sent: Redis is away");
    redis.run::<()>("SCRIPT KILL");
    busy.join().unwrap();
    pty.wait_for(LIVE);
    open(&redis);
    pty.wait_for("waiting 2");
}

#[test]
fn a_password_that_redis_wants_all_at_once_is_told() {
    let (mut redis, wire) = city(1, &[]);
    let mut pty = console(&wire, 1);
    let password = |redis: &mut Redis, word: &str| {
        redis::cmd("CONFIG").arg("SET").arg("requirepass").arg(word).exec(&mut redis.connection).unwrap();
    };
    password(&mut redis, "swordfish");
    wire.cut();
    pty.wait_for("nothing can be changed: it does not let us in: it wants a user");
    pty.press("e");
    pty.wait_for("nothing was sent: Redis is away");
    password(&mut redis, "");
    pty.wait_for(LIVE);
    pty.press("e");
    pty.wait_for("done: request 1 has 60 s more");
}

#[test]
fn a_redis_that_loads_its_data_is_told_until_it_is_done() {
    let (mut redis, wire) = city(1, &[]);
    let mut fill = redis::cmd("EVAL");
    fill.arg("for i = 1, 3000 do redis.call('SET', 'k' .. i, string.rep('x', 100)) end").arg(0);
    fill.exec(&mut redis.connection).unwrap();
    redis.run::<()>("SAVE");
    let mut pty = console(&wire, 1);
    redis.kill();
    pty.wait_for("nothing can be changed");
    let slow = ["--appendonly", "no", "--key-load-delay", "20000", "--loading-process-events-interval-bytes", "1024"];
    let _restarted = Restarted::begun(&redis, &slow);
    until("Redis to let us in", || redis.reconnects());
    pty.wait_for("it is still loading its data from disk");
    pty.press("e");
    pty.wait_for("nothing was sent: Redis is away");
    redis.run::<()>("CONFIG SET key-load-delay 0");
    pty.wait_for("Redis is back after ");
    pty.wait_for(LIVE);
    pty.press("e");
    pty.wait_for("done: request 1 has 60 s more");
}

#[test]
fn a_slow_link_shows_how_slow_and_nothing_is_called_away() {
    let (redis, wire) = city(1, &[]);
    let mut pty = console(&wire, 1);
    wire.slow_down(Duration::from_millis(250));
    pty.wait_until("the way there and back", |screen| {
        let took =
            screen.lines().next().and_then(|line| line.split(" ms").next()?.rsplit(' ').next()?.parse::<f64>().ok());
        took.is_some_and(|ms| ms >= 500.0)
    });
    open(&redis);
    pty.wait_for("waiting 2");
    pty.press("e");
    pty.wait_for("done: request 1 has 60 s more");
    pty.press(":");
    pty.press("link\r");
    pty.wait_for("away so far: 0 times");
}

#[test]
fn who_may_not_write_hears_by_what_others_do_or_says_that_it_is_not_proven() {
    let (mut redis, _wire) = city(1, &["--notify-keyspace-events", "KA"]);
    redis.run::<()>("ACL SETUSER viewer on nopass ~* &* +@all -config");
    let url = format!("{}?user=viewer&pass=x", redis.server.url());
    let pty = Pty::console(&url, &["--read-only"]);
    pty.wait_for("unproven");
    open(&redis);
    pty.wait_for(LIVE);
    pty.wait_for("waiting 2");
    redis.run::<()>("CONFIG SET notify-keyspace-events K$");
    let mut beats = 0;
    until("it to know that it is deaf", || {
        beats += 1;
        redis.run::<()>(&format!("ZADD cabstand:workers {} w", 1_000 + beats));
        pty.text().contains("polling")
    });
    open(&redis);
    pty.wait_for("waiting 3");
    pty.wait_for("Polling once a second since ");
}

#[test]
fn a_kind_of_notification_that_is_missing_is_named() {
    let (mut redis, _wire) = city(1, &["--notify-keyspace-events", "K$gxh"]);
    redis.run::<()>("ACL SETUSER ana on nopass ~* &* +@all -config");
    let mut pty = Pty::console(&format!("{}?user=ana&pass=x", redis.server.url()), &[]);
    pty.wait_for("polling");
    pty.press(":");
    pty.press("link\r");
    pty.wait_for("(z is missing in notify-keyspace-events)");
    pty.press("\x1b");
    redis.run::<()>(&format!("GEOADD drivers {LNG} {LAT} a"));
    pty.wait_for("drivers 1");
}

#[test]
fn a_channel_that_is_not_granted_is_named() {
    let (mut redis, _wire) = city(1, &["--notify-keyspace-events", "KA"]);
    redis.run::<()>("ACL SETUSER ana on nopass ~* resetchannels &__keyspace@0__:drivers &__keyspace@0__:[1-9]* +@all");
    let mut pty = Pty::console(&format!("{}?user=ana&pass=x", redis.server.url()), &[]);
    pty.wait_for("polling");
    pty.press(":");
    pty.press("link\r");
    pty.wait_for("__keyspace@0__:cabstand:workers");
}
