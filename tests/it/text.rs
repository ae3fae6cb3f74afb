//! Text from outside, end to end by the real binary: whatever is in Redis or comes by HTTP, nothing of it does anything to a terminal
//! or to a log. What is shown is a visible escape; what is written back has the same bytes.

use std::fs;
use std::io::Write;
use std::os::unix::ffi::OsStringExt;

use crate::common::command::{cabstand, told};
use crate::common::pty::Pty;
use crate::common::receiver::{Answer, Receiver};
use crate::common::service::Service;
use crate::common::{LAT, LNG, Redis, actor, request, until, until_or};
use axum::body::Body;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use cabstand::domain::is_harmful;
use data_encoding::BASE64;
use serde_json::{Value, json};
use tempfile::NamedTempFile;

/// What foreign hands name things.
fn odd_names() -> Vec<Vec<u8>> {
    let texts = [
        "\u{1b}[2J\u{1b}[31mred",
        "\u{1b}]52;c;aGk=\u{7}",
        "\u{9b}31m\u{90}q\u{9d}0;title\u{9c}",
        "\u{202e}evil\u{2066}bidi\u{2069}\u{200f}",
        "zero\u{200b}width\u{200d}\u{feff}\u{ad}\u{2060}",
        "\u{301}alone",
        "\u{34f}\u{180b}\u{fe0f}\u{e0041}\u{e0100}\u{fffe}\u{1d173}",
        "two\r\nlines\tand\u{2028}three\u{85}",
        "出租车",
        "👩\u{200d}👩\u{200d}👧👍🏽",
        "🇨🇱🇨🇱",
        "سلام",
    ];
    let mut names: Vec<Vec<u8>> = texts.iter().map(|text| text.as_bytes().to_vec()).collect();
    names.push(("Z".to_owned() + &"\u{301}".repeat(500)).into_bytes());
    names.extend([b"\xff\xfe\0\x1b[H".to_vec(), vec![b'L'; 10_000], b"\x1b[6n".repeat(2_500)]);
    names
}

/// A Redis full of such: drivers, riders, actors, reasons, kinds of event.
async fn odd_redis() -> Redis {
    let mut redis = Redis::start();
    let store = redis.store().await;
    for (i, name) in odd_names().iter().enumerate() {
        let id = store.open(&request(), &actor("http")).await.unwrap();
        let mut commands = redis::pipe();
        commands.cmd("GEOADD").arg("drivers").arg(format!("-60.{i:03}")).arg(LAT).arg(name);
        commands.cmd("HSET").arg(format!("cabstand:request:{id}")).arg("user_id").arg(&name[..name.len().min(1_000)]);
        commands.cmd("XADD").arg("cabstand:events").arg("*").arg("type").arg(name).arg("request_id").arg(id.number());
        for field in ["user_id", "driver_id", "actor", "reason"] {
            commands.arg(field).arg(name);
        }
        // An end, so that the rider and the log are told of it.
        commands
            .cmd("XADD")
            .arg("cabstand:events")
            .arg("*")
            .arg("type")
            .arg("found")
            .arg("request_id")
            .arg(id.number());
        commands.arg("driver_id").arg(name).arg("user_id").arg(name).arg("actor").arg(name);
        commands.exec(&mut redis.connection).unwrap();
    }
    redis
}

/// Text that does nothing to a terminal but end lines.
fn harmless(what: &str, bytes: &[u8]) -> String {
    let text = String::from_utf8(bytes.to_vec()).unwrap_or_else(|error| panic!("{what} is no UTF-8: {error}"));
    let harmful: Vec<char> = text.chars().filter(|c| *c != '\n' && is_harmful(*c)).collect();
    assert!(harmful.is_empty(), "{what} has {harmful:?}");
    assert!(!text.contains(&"\u{301}".repeat(3)) || what.contains("json"), "{what} has a flood of marks");
    text
}

#[tokio::test]
async fn no_listing_and_no_answer_lets_anything_through() {
    let redis = odd_redis().await;
    let url = redis.server.url();
    for command in ["requests", "drivers", "events", "doctor"] {
        for format in ["text", "json"] {
            let mut run = cabstand();
            run.args(["--redis", &url, command]);
            if format == "json" {
                run.arg("--json");
            }
            let output = run.output().unwrap();
            let what = format!("{command} {format}");
            let text = harmless(&what, &output.stdout);
            harmless(&what, &output.stderr);
            if format == "json" {
                for line in text.lines() {
                    serde_json::from_str::<Value>(line).unwrap_or_else(|error| panic!("{what}: {error}: {line}"));
                }
            }
        }
    }
    // A program gets the exact name.
    let listed = cabstand().args(["--redis", &url, "drivers", "--json"]).output().unwrap().stdout;
    let names: Vec<String> = String::from_utf8(listed)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].as_str().unwrap().to_owned())
        .collect();
    for name in odd_names().into_iter().filter_map(|name| String::from_utf8(name).ok()) {
        assert!(names.contains(&name), "{name:?}");
    }
}

#[tokio::test]
async fn the_listings_stay_in_their_columns() {
    let redis = odd_redis().await;
    let listed = told(cabstand().args(["--redis", &redis.server.url(), "requests"]).output().unwrap()).1;
    let width = |text: &str| text.chars().filter_map(unicode_width::UnicodeWidthChar::width).sum::<usize>();
    let mut lines = listed.lines();
    let state = width(lines.next().unwrap().split_once("STATE").unwrap().0);
    for line in lines {
        assert_eq!(width(line.split_once("searching").unwrap().0), state, "{line}");
    }
}

#[tokio::test]
async fn the_console_sends_nothing_of_it_to_the_terminal() {
    let redis = odd_redis().await;
    let mut console = Pty::console(&redis.server.url(), &[]);
    console.wait_for("\\u{202e}");
    for pane in ["2", "4", "1"] {
        console.press(pane);
        console.press("gjjjjjjjjjjjjjjjj");
    }
    console.press("2f");
    console.wait_for("16 in sight of 16");
    console.press("/evil\r");
    console.wait_for("1 of 16 match");
    console.press("g");
    console.wait_for("never reported");
    console.press("y");
    until("something in the clipboard", || !console.copied().is_empty());
    let copied = BASE64.decode(console.copied().last().unwrap().as_bytes()).unwrap();
    assert!(harmless("the clipboard", &copied).contains("evil"));
    console.press("q");
    assert_eq!(console.exit_code(), 0);
    let harmful = [
        "\u{1b}]52;c;aGk=\u{7}",
        "\u{1b}[31mred",
        "\u{9b}",
        "\u{90}",
        "\u{9d}",
        "\u{85}",
        "\u{202e}",
        "\u{2066}",
        "\u{200f}",
        "\u{200b}",
        "\u{200d}",
        "\u{feff}",
        "\u{2060}",
        "\u{2028}",
        "\u{34f}",
        "\u{180b}",
        "\u{fe0f}",
        "\u{e0041}",
        "\u{fffe}",
        "\u{1d173}",
        "\u{1b}[6n",
        "\u{301}\u{301}\u{301}",
    ];
    for text in harmful {
        assert!(!console.was_sent(text), "{text:?} was sent to the terminal");
    }
}

#[tokio::test]
async fn logs_problems_and_metrics_are_as_safe() {
    for format in ["human", "json"] {
        let redis = odd_redis().await;
        let receiver = Receiver::start(|_| {
            let said = "\u{1b}[2J\u{202e}no\u{9b}31m\r\n\u{200b}";
            Answer::With((StatusCode::INTERNAL_SERVER_ERROR, Body::from(said)).into_response())
        });
        let mut secret = NamedTempFile::new().unwrap();
        writeln!(secret, "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD").unwrap();
        let (hook, secret) = (receiver.url(), secret.path().to_str().unwrap().to_owned());
        let options = ["--log-format", format, "--webhook", &hook, "--webhook-secret-file", &secret];
        let service = Service::start(&redis, &options);
        let mut connection = redis::Client::open(redis.server.url()).unwrap().get_connection().unwrap();
        for name in odd_names() {
            // Found by its own place, and told in the log.
            redis::cmd("GEOADD").arg("drivers").arg(LNG).arg(LAT).arg(&name).exec(&mut connection).unwrap();
        }
        service.wait_for_log("Driver \\", 1);
        receiver.wait_for(1);
        service.wait_for_log("webhook", 1);
        let calls = [
            ("/tracking", json!({"id": "\u{1b}[2J\u{202e}", "lat": LAT, "lng": LNG})),
            ("/v2/search", json!({"user_id": "\u{9b}31m", "lat": LAT, "lng": LNG})),
            ("/v2/cancel", json!({"request_id": "\u{1b}]0;x\u{7}"})),
            ("/tracking", json!({"id": "a", "lat": "\u{202e}1", "\u{1b}[2J": 2})),
            ("/%1b%5b2J%e2%80%ae", json!({})),
        ];
        for (path, body) in calls {
            let answer = service.caller.post(path, body).await;
            assert!(answer.status().is_client_error(), "{path}");
            harmless("a problem", &answer.bytes().await.unwrap());
        }
        let page = service.caller.get("/metrics").await.bytes().await.unwrap();
        harmless("the metrics", &page);
        let log = service.log();
        harmless("the log", log.as_bytes());
        if format == "json" {
            for line in log.lines() {
                serde_json::from_str::<Value>(line).unwrap_or_else(|error| panic!("{error}: {line}"));
            }
        }
    }
}

/// Who is on the map, by the bytes.
fn on_the_map(redis: &mut Redis) -> Vec<Vec<u8>> {
    redis.run("ZRANGE drivers 0 -1")
}

fn longitude(redis: &mut Redis, driver: &[u8]) -> f64 {
    let places: Vec<Option<(f64, f64)>> =
        redis::cmd("GEOPOS").arg("drivers").arg(driver).query(&mut redis.connection).unwrap();
    places[0].map_or(f64::NAN, |place| place.0)
}

#[test]
fn a_driver_called_by_an_escape_sequence_keeps_its_bytes_under_the_keyboard() {
    keeps_its_bytes(b"\x1b[2Jesc");
}

#[test]
fn a_driver_called_by_invalid_utf8_keeps_its_bytes_under_the_keyboard() {
    keeps_its_bytes(b"\xff\xfe\0bytes");
}

#[test]
fn a_driver_called_by_a_bidirectional_mark_keeps_its_bytes_under_the_keyboard() {
    keeps_its_bytes("\u{202e}bidi".as_bytes());
}

#[test]
fn a_driver_with_a_very_long_name_keeps_its_bytes_under_the_keyboard() {
    keeps_its_bytes(&[b'L'; 10_000]);
}

/// Moves and removes a driver of this name by keys, and takes the removal back.
fn keeps_its_bytes(name: &[u8]) {
    let mut redis = Redis::start();
    let add = redis::cmd("GEOADD").arg("drivers").arg(LNG).arg(LAT).arg(name).to_owned();
    add.exec(&mut redis.connection).unwrap();
    let mut console = Pty::console(&redis.server.url(), &["--yes"]);
    console.wait_for("drivers 1");
    console.press("2");
    console.wait_for("1 in sight of 1");
    let before = longitude(&mut redis, name);
    console.press("g");
    console.wait_for("never reported");
    console.press("m");
    console.press("\x1b[C\x1b[C\r");
    until_or("it to be moved", || longitude(&mut redis, name) > before, || console.text());
    console.wait_for("u undo");
    let moved = longitude(&mut redis, name);
    console.press("D");
    until_or("it to be removed", || on_the_map(&mut redis).is_empty(), || console.text());
    console.wait_for("drivers 0");
    console.press("u");
    until_or("it to be back", || on_the_map(&mut redis) == [name.to_vec()], || console.text());
    assert!((longitude(&mut redis, name) - moved).abs() < 1e-4);
}

#[test]
fn a_driver_is_named_by_what_is_shown_of_it() {
    let mut redis = Redis::start();
    for (name, shown) in [
        (b"\x1b[2Jesc".as_slice(), "\\u{1b}[2Jesc"),
        (b"\xff\xfe\0bytes", "\\xff\\xfe\\u{0}bytes"),
        ("\u{202e}bidi".as_bytes(), "\\u{202e}bidi"),
        // Who is really called so comes first.
        (b"\\xff", "\\xff"),
    ] {
        let add = redis::cmd("GEOADD").arg("drivers").arg(LNG).arg(LAT).arg(name).to_owned();
        add.exec(&mut redis.connection).unwrap();
        let url = redis.server.url();
        let run = |words: &[&str]| told(cabstand().args(["--redis", &url]).args(words).output().unwrap());
        let (code, out, err) = run(&["move", shown, "--to", "-33.5,-70.0"]);
        assert_eq!(code, 0, "{err}");
        assert!(out.starts_with(&format!("driver {shown} moved")), "{out}");
        assert!((longitude(&mut redis, name) + 70.0).abs() < 1e-3, "{shown}");
        let (code, out, err) = run(&["remove", shown]);
        assert_eq!((code, out.as_str()), (0, format!("driver {shown} removed\n").as_str()), "{err}");
        assert_eq!(on_the_map(&mut redis), Vec::<Vec<u8>>::new());
    }
}

#[test]
fn names_of_files_are_shown_as_safely() {
    let directory = tempfile::tempdir().unwrap();
    let name = std::ffi::OsString::from_vec("\u{1b}[2J\u{202e}\u{9b}x".as_bytes().to_vec());
    let file = directory.path().join(name);
    fs::write(&file, "{").unwrap();
    for option in ["--config", "--overlay", "--redis-ca", "--redis-password-file"] {
        let output =
            cabstand().args(["console", "--redis", "unix:/nonexistent"]).arg(option).arg(&file).output().unwrap();
        harmless(option, &output.stdout);
        let said = harmless(option, &output.stderr);
        assert!(!output.status.success() && !said.contains("panicked"), "{option}: {said}");
    }
}
