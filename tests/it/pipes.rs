//! Readers that go away, and disks that are full: said in words where somebody can still hear it, and nothing panics.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader};
use std::process::{Child, Output, Stdio};
use std::sync::Arc;

use crate::common::command::cabstand;
use crate::common::pty::Pty;
use crate::common::service::Caller;
use crate::common::tls::free_port;
use crate::common::{Redis, until, until_or};
use reqwest::StatusCode;
use tempfile::TempDir;

/// Every command that prints something and ends.
const LISTINGS: [&str; 13] = [
    "requests",
    "requests --json",
    "drivers",
    "drivers --json",
    "events",
    "events --json",
    "doctor",
    "acl viewer",
    "man",
    "completions bash",
    "help",
    "--help",
    "--version",
];

fn filled() -> Redis {
    let mut redis = Redis::start();
    redis.run::<()>("GEOADD drivers -70.6 -33.4 17");
    let searched = cabstand().args(["--redis", &redis.server.url(), "search", "--at", "-10,-10"]).output().unwrap();
    assert!(searched.status.success());
    redis
}

fn run(redis: &Redis, line: &str, out: impl Into<Stdio>, err: impl Into<Stdio>) -> Output {
    let mut command = cabstand();
    command.env("CABSTAND_REDIS", redis.server.url()).args(line.split(' ')).stdout(out).stderr(err);
    command.spawn().unwrap().wait_with_output().unwrap()
}

/// A pipe that nobody reads.
fn unread() -> io::PipeWriter {
    let (_, writer) = io::pipe().unwrap();
    writer
}

fn full() -> File {
    OpenOptions::new().write(true).open("/dev/full").unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let redis = filled();
    for line in LISTINGS {
        let output = run(&redis, line, unread(), Stdio::piped());
        // The doctor has found no worker, and says so by its exit.
        let well = output.status.success() || line == "doctor";
        assert!(well && !said(&output).contains("panicked"), "{line}: {:?} {}", output.status, said(&output));
    }
}

#[test]
fn a_full_disk_is_said_in_words() {
    let redis = filled();
    for line in LISTINGS {
        let output = run(&redis, line, full(), Stdio::piped());
        assert_eq!(output.status.code(), Some(1), "{line}");
        let said = said(&output);
        assert!(said.contains("standard output: No space left on device"), "{line}: {said}");
    }
    for line in ["search --at -33.4,-70.6", "extend 1 --by 5s", "move 17 --to -33.5,-70.7"] {
        let output = run(&redis, line, full(), Stdio::piped());
        assert!(output.status.code() == Some(1) && said(&output).contains("No space left"), "{line}");
    }
}

#[test]
fn nobody_who_hears_of_an_error_is_no_reason_to_panic() {
    let redis = filled();
    let lines = ["cancel 99", "remove nobody", "events --last x", "nothing", "acl viewer", "requests --ended 1ms"];
    for line in lines {
        let heard = run(&redis, line, Stdio::null(), Stdio::piped());
        for unheard in [run(&redis, line, Stdio::null(), full()), run(&redis, line, Stdio::null(), unread())] {
            assert_eq!(unheard.status.code(), heard.status.code(), "{line}: {}", said(&heard));
        }
    }
    let empty = Redis::start();
    for line in ["drivers", "requests", "events"] {
        assert_eq!(run(&empty, line, Stdio::null(), unread()).status.code(), Some(0), "{line}");
    }
}

fn following(redis: &Redis, out: impl Into<Stdio>) -> Child {
    let mut command = cabstand();
    command.args(["--redis", &redis.server.url(), "events", "--follow"]).stdout(out).stderr(Stdio::null());
    command.spawn().unwrap()
}

#[test]
fn a_listing_that_follows_ends_with_its_reader_though_nothing_more_happens() {
    let redis = filled();
    let (reader, writer) = io::pipe().unwrap();
    let mut child = following(&redis, writer);
    let mut line = String::new();
    let mut reader = BufReader::new(reader);
    reader.read_line(&mut line).unwrap();
    assert!(line.starts_with("TIME"), "{line}");
    assert!(child.try_wait().unwrap().is_none(), "it goes on while it is read");
    drop(reader);
    let mut status = None;
    until("the listing to end", || {
        status = child.try_wait().unwrap();
        status.is_some()
    });
    assert!(status.unwrap().success());
}

#[test]
fn a_listing_that_follows_ends_with_its_reader_while_redis_is_away() {
    let mut redis = filled();
    let (reader, writer) = io::pipe().unwrap();
    let mut child = following(&redis, writer);
    let mut reader = BufReader::new(reader);
    reader.read_line(&mut String::new()).unwrap();
    redis.kill();
    drop(reader);
    until("the listing to end", || child.try_wait().unwrap().is_some());
}

#[tokio::test]
async fn a_log_that_cannot_be_written_stops_no_service() {
    let mut redis = Redis::start();
    for err in [Stdio::from(full()), Stdio::from(unread())] {
        let address = format!("127.0.0.1:{}", free_port());
        let mut command = cabstand();
        command.args(["serve", "--listen", &address, "--redis", &redis.server.url()]).stdout(Stdio::null()).stderr(err);
        let mut child = command.spawn().unwrap();
        until("the service to listen", || std::net::TcpStream::connect(&address).is_ok());
        let caller = Caller::new(&address);
        let request = caller.search().await;
        redis.run::<()>(&format!("DEL {request}"));
        redis.wait_for_state(request, "expired");
        assert_eq!(caller.health().await, StatusCode::OK);
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

#[test]
fn what_is_remembered_stays_whole_where_the_disk_is_full() {
    let redis = filled();
    let home = Arc::new(TempDir::new().unwrap());
    let binary = env!("CARGO_BIN_EXE_cabstand");
    let url = redis.server.url();
    let mut console = Pty::start_at(Arc::clone(&home), binary, &["console", "--redis", &url]);
    console.wait_for("drivers 1");
    console.press("t");
    console.press(":theme mono\r");
    console.press("q");
    assert_eq!(console.exit_code(), 0);
    let state = home.path().join("state/cabstand");
    let files = || fs::read_dir(&state).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
    let [file] = &files()[..] else { panic!("{:?}", files()) };
    let kept = fs::read(file).unwrap();
    assert!(!kept.is_empty());

    // From here on no file takes a byte, as on a full disk.
    let script = format!("trap '' XFSZ; ulimit -f 0; exec '{binary}' console --redis '{url}'");
    let mut console = Pty::start_at(Arc::clone(&home), "sh", &["-c", &script]);
    console.wait_for("drivers 1");
    console.press(":theme terminal\r");
    console.wait_for("nothing will be remembered after this run");
    console.press("o");
    console.press("f");
    console.wait_for("drivers 1");
    console.press("q");
    assert_eq!(console.exit_code(), 0);
    until_or("the old file, and no other", || files() == [file.clone()], || format!("{:?}", files()));
    assert_eq!(fs::read(file).unwrap(), kept);
}
