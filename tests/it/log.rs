//! The log of the service: for people and for programs.

use crate::common::Redis;
use crate::common::pty::Pty;
use crate::common::service::Service;
use serde_json::Value;

#[tokio::test]
async fn a_log_for_programs_is_one_object_a_line() {
    let redis = Redis::start();
    let service = Service::start(&redis, &["--log-format", "json"]);
    service.caller.search().await;
    let line = "Search Driver - Request 1 for Lat: -33.442620 and Lng: -70.630540";
    service.wait_for_log(line, 1);
    let log = service.log();
    let entries: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(entries.iter().all(|entry| entry["timestamp"].is_string() && entry["level"].is_string()), "{log}");
    assert!(entries.iter().any(|entry| entry["message"] == line && entry["level"] == "INFO"), "{log}");
    assert!(!log.contains('\u{1b}'), "{log}");
}

#[test]
fn a_log_for_people_has_colours_on_a_terminal() {
    let redis = Redis::start();
    let url = redis.server.url();
    let serve = |more: &[&str]| {
        let mut arguments = vec!["serve", "--listen", "127.0.0.1:0", "--redis", &url];
        arguments.extend(more);
        let pty = Pty::start(env!("CARGO_BIN_EXE_cabstand"), &arguments);
        pty.wait_for("Listening at ");
        pty.coloured()
    };
    let green_level = "\u{1b}[32m INFO";
    assert!(serve(&[]).contains(green_level));
    assert!(!serve(&["--log-format", "json"]).contains(green_level));
}
