//! The one-shot commands and listings of the real binary, on a private Redis: effects as `redis-cli` would read them.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use crate::common::command::{cabstand, run, told};
use crate::common::{Redis, until};
use serde_json::Value;

fn json_lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{line}: {e}"))).collect()
}

#[test]
fn a_search_is_opened_and_its_number_printed() {
    let mut redis = Redis::start();
    let told = run(&redis, "search --at -33.44262,-70.63054 --radius 800m --ttl 90s --interval 5s --user rider_1");
    assert_eq!(told, (0, "1\n".to_owned(), String::new()));
    assert_eq!(redis.run::<String>("GET 1"), "1");
    assert!((85_000..=90_000).contains(&redis.run::<i64>("PTTL 1")));
    for (field, value) in [("user_id", "rider_1"), ("radius_m", "800.0"), ("interval_ms", "5000"), ("lat", "-33.44262")]
    {
        assert_eq!(redis.field(1, field).as_deref(), Some(value), "{field}");
    }
    assert_eq!(run(&redis, "search --at=-33.4,-70.6").1, "2\n");
    assert_eq!(redis.field(2, "user_id").as_deref(), Some("requestor_2"));
    assert!((235_000..=240_000).contains(&redis.run::<i64>("PTTL 2")));
}

#[test]
fn several_requests_end_each_by_itself() {
    let mut redis = Redis::start();
    for _ in 0..3 {
        run(&redis, "search --at -33.4,-70.6");
    }
    assert_eq!(run(&redis, "cancel 1 2"), (0, "request 1 cancelled\nrequest 2 cancelled\n".to_owned(), String::new()));
    assert_eq!(redis.run::<String>("GET 1"), "0");

    let (code, out, err) = run(&redis, "expire 1 3 99");
    assert_eq!((code, out.as_str()), (1, "request 3 expired\n"));
    let refusals: Vec<_> = err.lines().collect();
    assert_eq!(refusals.len(), 2, "{err}");
    assert!(refusals[0].starts_with("not expired: request 1 has ended already: cancelled by ana@"), "{err}");
    assert_eq!(refusals[1], "not expired: request 99 is not known");
    assert_eq!(redis.state(3).as_deref(), Some("expired"));
}

#[test]
fn a_foreign_request_is_cancelled_and_expired() {
    let mut redis = Redis::start();
    redis.run::<()>("MSET 7 1 8 1");
    assert_eq!(run(&redis, "cancel 7").0, 0);
    assert_eq!(run(&redis, "expire 8").0, 0);
    assert_eq!(redis.run::<Vec<Option<String>>>("MGET 7 8"), [Some("0".to_owned()), None]);
}

#[test]
fn a_driver_is_moved_and_removed() {
    let mut redis = Redis::start();
    redis.run::<()>("GEOADD drivers -70.6 -33.4 17");
    assert_eq!(run(&redis, "move 17 --to -33.5,-70.7").1, "driver 17 moved to -33.5000, -70.7000\n");
    let places: Vec<(f64, f64)> = redis.run("GEOPOS drivers 17");
    assert!((places[0].0 + 70.7).abs() < 1e-4 && (places[0].1 + 33.5).abs() < 1e-4, "{places:?}");
    assert_eq!(run(&redis, "remove 17").1, "driver 17 removed\n");
    assert_eq!(redis.run::<i64>("ZCARD drivers"), 0);
    for command in ["remove 17", "move 17 --to -33.5,-70.7"] {
        let (code, out, err) = run(&redis, command);
        assert_eq!((code, out.as_str()), (1, ""));
        assert!(err.starts_with("cabstand: driver 17 is not on the map: removed by ana@"), "{err}");
    }
}

#[test]
fn what_cannot_be_meant_is_usage() {
    let mut redis = Redis::start();
    for arguments in [
        "search",
        "search --at -33.4",
        "search --at 91,0",
        "search --at 0,0 --radius 5",
        "search --at 0,0 --ttl 0s",
        "cancel",
        "cancel drivers",
        "cancel 1 007",
        "expire -1",
        "move 17",
        "move 17 --to here",
        "remove",
        "requests --colour",
        "man nothing",
        "completions csh",
        "teleport 17",
    ] {
        let (code, out, err) = run(&redis, arguments);
        assert_eq!((code, out.as_str()), (2, ""), "{arguments}: {err}");
        assert!(!err.is_empty(), "{arguments}");
    }
    assert_eq!(redis.run::<i64>("DBSIZE"), 0, "nothing was written");
}

#[test]
fn the_requests_are_listed_as_they_truly_stand() {
    let mut redis = Redis::start();
    let (code, out, err) = run(&redis, "requests");
    assert_eq!((code, out.as_str()), (0, ""));
    assert!(err.starts_with("no request is waiting"), "{err}");
    for _ in 0..3 {
        run(&redis, "search --at -33.4,-70.6 --user ana");
    }
    run(&redis, "cancel 2");
    // By a foreign hand, while no worker is there to write it into the record.
    redis.run::<()>("DEL 3");
    redis.run::<()>("PEXPIRE 1 50000");
    redis.run::<()>("SET 70 1 EX 100");
    redis.run::<()>("SET 71 something");

    let (code, out, err) = run(&redis, "requests --json");
    assert_eq!((code, err.as_str()), (0, ""));
    let all = json_lines(&out);
    let states: Vec<_> =
        all.iter().map(|r| (r["request_id"].as_u64().unwrap(), r["state"].as_str().unwrap())).collect();
    assert_eq!(states, [(1, "searching"), (2, "cancelled"), (3, "expired"), (70, "searching")]);
    let left = |i: usize| all[i]["left_ms"].as_u64();
    assert!((40_000..=50_000).contains(&left(0).unwrap()), "the key's time, not the record's: {:?}", left(0));
    assert!((90_000..=100_000).contains(&left(3).unwrap()));
    assert_eq!((left(1), left(2)), (None, None));
    assert_eq!((&all[0]["user_id"], &all[0]["radius_m"]), (&Value::from("ana"), &Value::from(5_000.0)));
    assert_eq!((&all[0]["foreign"], &all[3]["foreign"]), (&Value::from(false), &Value::from(true)));

    let (_, text, _) = run(&redis, "requests");
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 5, "{text}");
    assert!(lines[0].starts_with("ID  RIDER  STATE"), "{text}");
    assert!(lines[1].contains("searching  0:") && lines[4].contains("external"), "{text}");
}

#[test]
fn the_drivers_are_listed() {
    let mut redis = Redis::start();
    assert_eq!(run(&redis, "drivers"), (0, String::new(), "no driver is available\n".to_owned()));
    redis.run::<()>("GEOADD drivers -70.6 -33.4 17 -70.7 -33.5 taxi");
    let mut drivers = json_lines(&run(&redis, "drivers --json").1);
    drivers.sort_by_key(|driver| driver["id"].to_string());
    assert_eq!((&drivers[0]["id"], &drivers[1]["id"]), (&Value::from("17"), &Value::from("taxi")));
    assert!((drivers[0]["lat"].as_f64().unwrap() + 33.4).abs() < 1e-4);
    assert_eq!(run(&redis, "drivers").1.lines().count(), 3);
}

#[test]
fn the_events_are_listed_and_followed() {
    let redis = Redis::start();
    assert_eq!(run(&redis, "events"), (0, String::new(), "nothing has happened yet\n".to_owned()));
    run(&redis, "search --at -33.4,-70.6");
    run(&redis, "cancel 1");
    let events = json_lines(&run(&redis, "events --json").1);
    assert_eq!(events.iter().map(|e| e["type"].as_str().unwrap()).collect::<Vec<_>>(), ["opened", "cancelled"]);
    assert!(events[1]["actor"].as_str().unwrap().starts_with("ana@"));
    assert_eq!(json_lines(&run(&redis, "events --json --last 1").1)[0]["type"], "cancelled");
    assert_eq!(run(&redis, "events").1.lines().count(), 3);

    let url = redis.server.url();
    let mut following = cabstand()
        .args(["--redis", &url, "events", "--follow", "--json", "--last", "1"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(following.stdout.take().unwrap()).lines();
    let mut next = || json_lines(&lines.next().unwrap().unwrap())[0]["type"].clone();
    assert_eq!(next(), "cancelled");
    run(&redis, "search --at -33.4,-70.6");
    assert_eq!(next(), "opened");
    // The reader goes away: the next event ends the listing, and that is no error.
    drop(lines);
    run(&redis, "search --at -33.4,-70.6");
    let mut status = None;
    until("the listing to end", || {
        status = following.try_wait().unwrap();
        status.is_some()
    });
    assert!(status.unwrap().success());
}

#[test]
fn a_flag_beats_a_variable_beats_the_file() {
    let redis = Redis::start();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("config.toml");
    let url = redis.server.url();
    std::fs::write(&file, format!("redis = \"{url}\"\nregion = \"file\"\n")).unwrap();
    let opened_in = |variable: Option<&str>, flag: &[&str]| {
        let mut command = cabstand();
        command.arg("--config").arg(&file).args(["search", "--at", "0,0"]).args(flag);
        if let Some(region) = variable {
            command.env("CABSTAND_REGION", region);
        }
        let before = keys(&url);
        assert_eq!(told(command.output().unwrap()).0, 0);
        let new: Vec<_> = keys(&url).into_iter().filter(|key| !before.contains(key)).collect();
        new.into_iter().find(|key| key.ends_with(":request_id")).unwrap()
    };
    assert_eq!(opened_in(None, &[]), "{file}:request_id");
    assert_eq!(opened_in(Some("variable"), &[]), "{variable}:request_id");
    assert_eq!(opened_in(Some("variable"), &["--region", "flag"]), "{flag}:request_id");
}

#[test]
fn keys_that_cannot_be_meant_are_named_and_nothing_is_started() {
    let mut redis = Redis::start();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("config.toml");
    for (keys, told) in [
        ("cancel = \"x\"", "\"x\" would mean both \"cancel\" and \"expire\""),
        ("cancel = [\"F5\", \"ctrl-c\"]", "\"Ctrl-c\" would mean both \"cancel\" and \"interrupt\""),
        ("cancle = \"c\"", "there is no action \"cancle\""),
        ("cancel = \"hyper-c\"", "cancel: \"hyper-c\" is no key"),
        ("cancel = 3", "cancel\" takes a key, or a list of keys"),
    ] {
        std::fs::write(&file, format!("[keys]\n{keys}\n")).unwrap();
        for command in [&["console"][..], &["demo", "--headless"], &["search", "--at", "0,0"]] {
            let (url, mut run) = (redis.server.url(), cabstand());
            run.arg("--config").arg(&file).args(["--redis", &url]).args(command);
            let (code, out, err) = self::told(run.output().unwrap());
            assert_eq!((code, out.as_str()), (2, ""), "{keys}: {err}");
            assert!(err.contains(told) && err.contains(&file.display().to_string()), "{keys}: {err}");
        }
    }
    assert_eq!(redis.run::<i64>("DBSIZE"), 0);
}

#[test]
fn an_overlay_that_cannot_be_drawn_says_why() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("zones.geojson");
    let told = |text: &[u8]| {
        std::fs::write(&file, text).unwrap();
        let out = cabstand().args(["console", "--overlay"]).arg(&file).output().unwrap();
        (out.status.code(), String::from_utf8(out.stderr).unwrap())
    };
    let (code, error) = told(br#"{"type":"LineString","coordinates":[[0,0],[345000,6300000]]}"#);
    assert_eq!(code, Some(2), "{error}");
    assert!(error.contains("zones.geojson: the geometry has a position [345000, 6300000]"), "{error}");
    let (code, error) = told(b"<kml/>");
    assert!(code == Some(2) && error.contains("zones.geojson: it is no GeoJSON"), "{error}");
    // The cut may fall into the middle of a letter.
    let (code, error) = told("ñ".repeat(5 << 20).as_bytes());
    assert!(code == Some(2) && error.contains("larger than 8 MiB"), "{error}");
    std::fs::remove_file(&file).unwrap();
    let out = cabstand().args(["demo", "--overlay"]).arg(&file).output().unwrap();
    assert_eq!(out.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&out.stderr).contains("zones.geojson"));
}

#[test]
fn a_password_in_the_file_is_not_shown_by_the_help() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("config.toml");
    std::fs::write(&file, "redis = \"redis://ana:swordfish@127.0.0.1:1\"\n").unwrap();
    for arguments in [["--help"].as_slice(), &["serve", "--help"], &["man"]] {
        let (code, out, _) = told(cabstand().arg("--config").arg(&file).args(arguments).output().unwrap());
        assert!(code == 0 && !out.is_empty() && !out.contains("swordfish"), "{arguments:?}: {out}");
    }
}

fn keys(url: &str) -> Vec<String> {
    let mut connection = redis::Client::open(url).unwrap().get_connection().unwrap();
    redis::cmd("KEYS").arg("*").query(&mut connection).unwrap()
}

#[test]
fn without_redis_the_ways_on_are_named() {
    let (code, out, err) =
        told(cabstand().args(["--redis", "redis://:secret@127.0.0.1:1", "requests"]).output().unwrap());
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(err.contains("redis-server") && err.contains("cabstand demo"), "{err}");
    assert!(!err.contains("secret"), "{err}");
}

#[test]
fn completions_and_manual_are_printed() {
    for shell in ["bash", "zsh", "fish"] {
        let (code, out, _) = told(cabstand().args(["completions", shell]).output().unwrap());
        assert!(code == 0 && out.contains("cabstand"), "{shell}");
    }
    let (code, page, _) = told(cabstand().arg("man").output().unwrap());
    assert!(code == 0 && page.contains(".TH cabstand"), "{page}");
    let (code, page, _) = told(cabstand().args(["man", "cancel"]).output().unwrap());
    assert!(code == 0 && page.contains("cabstand\\-cancel"), "{page}");
}
