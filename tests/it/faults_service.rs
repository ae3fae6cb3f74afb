//! A service whose Redis is there but cannot: full, busy, a replica, locked. It stays up, says what is wrong and since when, refuses
//! calls at once, and goes on by itself, with no search expired that had time left, no request ended twice, and every end told.

use std::fs;
use std::thread;

use crate::common::Redis;
use crate::common::command::run;
use crate::common::faults::{Refused, Town};
use crate::common::tls::free_port;
use crate::common::until;

/// A Redis in this state, as this command makes it: the service says so, refuses changes, and is well again after the other one.
async fn takes_no_changes(town: &mut Town, command: &str, words: (&str, &str), mended_by: &str) {
    town.redis.run::<redis::Value>(command);
    town.is_unwell(words.0, words.1).await;
    town.refuses(Refused::Changes).await;
    town.redis.run::<redis::Value>(mended_by);
    town.recovers().await;
    let log = town.service.log();
    assert_eq!(log.matches(words.0).count(), 1, "it is logged once:\n{log}");
    assert_eq!(log.matches("is well again, after ").count(), 1, "and so is its end:\n{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn out_of_memory() {
    let mut town = Town::start(&[]).await;
    let words = ("has no memory left and takes no changes", "raise maxmemory");
    takes_no_changes(&mut town, "CONFIG SET maxmemory 1", words, "CONFIG SET maxmemory 0").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn too_few_replicas() {
    let mut town = Town::start(&[]).await;
    let (few, enough) = ("CONFIG SET min-replicas-to-write 1", "CONFIG SET min-replicas-to-write 0");
    let words = ("has too few replicas and takes no changes", "bring replicas back");
    takes_no_changes(&mut town, few, words, enough).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_cannot_be_written() {
    let mut town = Town::start(&["--dbfilename", "taken", "--stop-writes-on-bgsave-error", "yes"]).await;
    // The snapshot cannot take the place of a directory.
    let taken = town.redis.server.directory().join("taken");
    fs::create_dir(&taken).unwrap();
    redis::cmd("CONFIG").arg("SET").arg("save").arg("86400 1000000").exec(&mut town.redis.connection).unwrap();
    town.redis.run::<String>("BGSAVE");
    town.is_unwell("cannot save to its disk and takes no changes", "see Redis' log").await;
    town.refuses(Refused::Changes).await;
    let (code, out, err) = run(&town.redis, "requests");
    assert!(code == 0 && out.contains("requestor_1"), "what can be read is listed: {out}{err}");
    fs::remove_dir(&taken).unwrap();
    town.redis.run::<String>("BGSAVE");
    town.recovers().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_stays_one_is_read_all_the_same() {
    let mut town = Town::start(&[]).await;
    let nobody = format!("REPLICAOF 127.0.0.1 {}", free_port());
    let words = ("is a replica and takes no changes", "after a failover it goes on by itself");
    takes_no_changes(&mut town, &nobody, words, "REPLICAOF NO ONE").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_without_its_primary() {
    let mut town = Town::start(&[]).await;
    town.redis.run::<()>("CONFIG SET replica-serve-stale-data no");
    town.redis.run::<()>(&format!("REPLICAOF 127.0.0.1 {}", free_port()));
    town.is_unwell("is a replica that has lost its primary", "start its primary").await;
    town.refuses(Refused::All).await;
    town.redis.run::<()>("REPLICAOF NO ONE");
    town.recovers().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_failover_the_new_primary_is_found_though_nothing_was_cut() {
    let ports = [free_port(), free_port()];
    let [mut old, mut new] = ports.map(|port| Redis::start_with(&["--bind", "127.0.0.1", "--port", &port.to_string()]));
    new.run::<()>(&format!("REPLICAOF 127.0.0.1 {}", ports[0]));
    until("the replica to follow", || new.run::<String>("INFO replication").contains("master_link_status:up"));
    old.run::<()>("CONFIG SET repl-diskless-sync-delay 0");
    let mut town = Town::on(old).await;
    let opened = town.redis.run::<String>("GET request_id");
    until("it to have all", || new.try_run::<String>("GET request_id").is_ok_and(|id| id == opened));
    let groups = |new: &mut Redis| new.run::<Vec<redis::Value>>("XINFO GROUPS cabstand:ends").len();
    until("the groups to be there", || groups(&mut new) == 2);

    new.run::<()>("REPLICAOF NO ONE");
    town.redis.run::<()>(&format!("REPLICAOF 127.0.0.1 {}", ports[1]));
    town.is_unwell("is a replica and takes no changes", "after a failover").await;
    town.refuses(Refused::Changes).await;
    // The name leads to the new primary from now on; the old connections stay where they are.
    town.wire.lead_to(&new);
    town.redis = new;
    town.recovers().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_that_does_not_end() {
    let mut town = Town::start(&["--lua-time-limit", "100"]).await;
    let client = redis::Client::open(town.redis.server.url()).unwrap();
    let held = thread::spawn(move || {
        let mut connection = client.get_connection().unwrap();
        redis::cmd("EVAL").arg("while true do end").arg(0).query::<()>(&mut connection)
    });
    town.is_unwell("is held by a script that does not end", "SCRIPT KILL ends the script").await;
    town.refuses(Refused::All).await;
    town.redis.run::<()>("SCRIPT KILL");
    assert!(held.join().unwrap().is_err());
    town.recovers().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_was_set_meanwhile() {
    let mut town = Town::start(&[]).await;
    town.redis.run::<()>("CONFIG SET requirepass hunter2");
    // Who is in stays in; whoever comes anew is asked for it.
    town.wire.cut();
    town.is_unwell("does not let us in", "it wants a user and a password").await;
    town.refuses(Refused::All).await;
    redis::cmd("CONFIG").arg("SET").arg("requirepass").arg("").exec(&mut town.redis.connection).unwrap();
    town.recovers().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_is_alone_with_its_trouble_says_so() {
    let mut town = Town::start(&[]).await;
    town.redis.run::<()>("CONFIG SET requirepass hunter2");
    let waits = |line: &&str| line.contains(" cmd=xreadgroup ");
    let all: String = town.redis.run("CLIENT LIST");
    let of_groups: Vec<&str> = all.lines().filter(waits).filter_map(|line| line.split([' ', '=']).nth(1)).collect();
    assert_eq!(of_groups.len(), 2, "{all}");
    for id in of_groups {
        town.redis.run::<()>(&format!("CLIENT KILL ID {id}"));
    }
    town.service.wait_for_log("telling riders: Redis at", 1);
    town.service.wait_for_log("collecting for the webhook: Redis at", 1);
    town.is_well().await;
    redis::cmd("CONFIG").arg("SET").arg("requirepass").arg("").exec(&mut town.redis.connection).unwrap();
    town.service.wait_for_log("telling riders: it works again", 1);
    town.recovers().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_that_was_taken_away() {
    let mut town = Town::start(&[]).await;
    let words = ("does not permit this user what cabstand needs", "cabstand acl service");
    let (less, all) = ("ACL SETUSER default -xadd -zadd -geoadd", "ACL SETUSER default +@all");
    takes_no_changes(&mut town, less, words, all).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn as_many_connections_as_redis_takes() {
    let mut town = Town::start(&[]).await;
    town.redis.run::<()>("CONFIG SET maxclients 1");
    town.wire.cut();
    town.is_unwell("has as many connections as it takes", "raise maxclients").await;
    town.refuses(Refused::All).await;
    town.redis.run::<()>("CONFIG SET maxclients 1000");
    town.recovers().await;
}
