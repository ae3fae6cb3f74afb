//! Faults of the terminal: it does not read, it lies about its size, it answers garbage.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use crate::common::pty::Pty;
use crate::common::wire::Wire;
use crate::common::{Redis, until};
use tempfile::TempDir;

/// A Redis with a driver, and a console that shows it.
fn desk() -> (Redis, Pty) {
    let mut redis = Redis::start();
    redis.run::<()>("GEOADD drivers -70.66 -33.45 mike");
    let pty = Pty::console(&redis.server.url(), &[]);
    pty.wait_for("drivers 1");
    (redis, pty)
}

/// The console's threads sleep on futexes and on epoll; one that waits for the terminal sleeps elsewhere.
fn waits_for_the_terminal(id: u32) -> bool {
    let tasks = fs::read_dir(format!("/proc/{id}/task")).unwrap().map(|task| task.unwrap().path());
    let mut writers = tasks.filter(|task| fs::read_to_string(task.join("comm")).is_ok_and(|name| name == "terminal\n"));
    let place = writers.next().and_then(|task| fs::read_to_string(task.join("wchan")).ok());
    place.is_some_and(|place| ["tty_write", "wait_woken"].iter().any(|name| place.contains(name)))
}

/// A console whose terminal has stopped reading in the middle of its bytes.
fn blocked() -> (Redis, Pty) {
    let (redis, pty) = desk();
    pty.hold(true);
    let id = pty.child.process_id().unwrap();
    let mut wide = false;
    until("the console to wait for the terminal", || {
        wide = !wide;
        pty.claim(if wide { 119 } else { 120 }, 40);
        waits_for_the_terminal(id)
    });
    pty.claim(120, 40);
    (redis, pty)
}

#[test]
fn while_the_terminal_does_not_read_keys_and_news_are_taken_in_and_then_the_newest_is_shown() {
    let (mut redis, mut pty) = blocked();
    // A key is acted upon, and its deed reaches Redis.
    pty.press("s");
    until("the search to be opened", || redis.run("EXISTS 1"));
    redis.run::<()>("GEOADD drivers -70.65 -33.45 november -70.64 -33.45 oscar");
    pty.hold(false);
    pty.wait_for("drivers 3");
    pty.wait_for("requestor_1");
    pty.press("q");
    assert_eq!(pty.exit_code(), 0);
    until("the terminal to be given back", || pty.is_given_back());
}

#[test]
fn a_console_whose_terminal_never_reads_again_ends_when_it_is_told_to() {
    for signal in ["-TERM", "-HUP"] {
        let (_redis, mut pty) = blocked();
        pty.signal(signal);
        assert_eq!(pty.exit_code(), 0, "{signal}");
    }
}

#[test]
fn no_size_is_too_small_or_too_large() {
    let (mut redis, mut pty) = desk();
    for (columns, rows) in [(1, 1), (0, 0), (120, 0), (0, 40), (1000, 1000), (65_535, 65_535), (1, 65_535), (65_535, 1)]
    {
        pty.claim(columns, rows);
        pty.press("jk");
    }
    pty.resize(120, 40);
    redis.run::<()>("GEOADD drivers -70.65 -33.45 november");
    pty.wait_for("drivers 2");
    pty.press("q");
    assert_eq!(pty.exit_code(), 0);
}

#[test]
fn garbage_from_the_terminal_breaks_nothing() {
    let (mut redis, mut pty) = desk();
    // Answers that nobody asked for, a cut sequence, and a paste with a line's end in it.
    for garbage in [
        "\x1b[?62;22c",
        "\x1b[24;80R",
        "\x1b[<9999999999;1;1M",
        "\x1b]11;rgb:0/0/0\x1b\\",
        "\x1b[200~binary\x01\x1b[201~",
    ] {
        pty.press(garbage);
    }
    pty.press("\x1b\x1b");
    redis.run::<()>("GEOADD drivers -70.65 -33.45 november");
    pty.wait_for("drivers 2");
}

/// A console in a session of its own, which nobody tells that its terminal is gone, behind a shell that writes its exit code down.
fn without_a_hangup(url: &str) -> (Pty, std::path::PathBuf) {
    let home = Arc::new(TempDir::new().unwrap());
    let code = home.path().join("code");
    let program = env!("CARGO_BIN_EXE_cabstand");
    let inner = format!("{program} console --redis {url}; echo $? > {0}.new; mv {0}.new {0}", code.display());
    // A terminal within the terminal, which is gone when whoever made it is killed.
    let pty = Pty::start_at(home, "script", &["-qfc", &format!("setsid --wait sh -c '{inner}'"), "/dev/null"]);
    (pty, code)
}

#[test]
fn a_terminal_that_is_gone_without_a_word_ends_the_console_and_its_memory_is_kept() {
    let redis = Redis::start();
    let (mut pty, code) = without_a_hangup(&redis.server.url());
    pty.wait_for("live");
    pty.press(":theme dark\r");
    pty.wait_for("theme dark");
    let home = Arc::clone(&pty.home);
    pty.signal("-KILL");
    let mut said = String::new();
    until("the console to end", || {
        said = fs::read_to_string(&code).unwrap_or_default();
        !said.is_empty()
    });
    assert_eq!(said.trim(), "1", "an end in order, and no panic");
    let memory = fs::read_to_string(home.path().join("state/cabstand/console.toml")).unwrap();
    assert!(memory.contains("theme dark"), "{memory}");
}

#[test]
fn a_terminal_that_is_gone_while_keys_come_ends_the_console_too() {
    let redis = Redis::start();
    for turn in 0..5 {
        let (mut pty, code) = without_a_hangup(&redis.server.url());
        pty.wait_for("live");
        // The console may be reading just now, or drawing what it has read.
        for _ in 0..turn * 20 {
            pty.press("?\x1b\x1b");
        }
        pty.signal("-KILL");
        until("the console to end", || code.exists());
    }
}

#[test]
fn an_action_that_is_under_way_at_the_end_is_done_before_it_or_called_unknown() {
    for signal in ["-TERM", "-HUP"] {
        let mut redis = Redis::start();
        let wire = Wire::to(&redis);
        let mut pty = Pty::console(&wire.url(), &[]);
        pty.wait_for("live");
        pty.press("s");
        pty.wait_for("done: request 1 opened");
        // On its way for longer than the console needs to end, and then answered.
        wire.slow_down(Duration::from_millis(400));
        pty.press("s?");
        pty.wait_for("Esc: close");
        pty.signal(signal);
        assert_eq!(pty.exit_code(), 0, "{signal}");
        assert_eq!(redis.run::<u64>("GET request_id"), 2, "{signal}: it was done");
        assert!(!pty.was_sent("not known whether"), "{signal}: and nothing is left to be said");

        let wire = Wire::to(&redis);
        let mut pty = Pty::console(&wire.url(), &[]);
        pty.wait_for("live");
        pty.wait_for("Searches 2 waiting");
        wire.hold_answers();
        pty.press("s");
        until("the search to be opened", || redis.run::<u64>("GET request_id") == 3);
        pty.signal(signal);
        assert_eq!(pty.exit_code(), 0, "{signal}");
        until("it to be called unknown", || pty.was_sent("not known whether it was done: a search at"));
        assert!(pty.is_given_back());
    }
}

#[test]
fn a_key_that_comes_together_with_a_new_size_is_read_and_so_is_the_size() {
    let (_redis, mut pty) = desk();
    for turn in 0..60 {
        let (opens, columns) = (turn % 2 == 0, 119 + turn % 2);
        let key = if opens { "?" } else { "\x1b\x1b" };
        // Both at once, in either order.
        if turn % 4 < 2 {
            pty.resize(columns, 40);
            pty.press(key);
        } else {
            pty.press(key);
            pty.resize(columns, 40);
        }
        // The clock stands at the right edge, a blank away from it.
        let fills =
            |screen: &str| screen.lines().next().is_some_and(|head| head.chars().count() + 1 == usize::from(columns));
        pty.wait_until("both to be read", |screen| fills(screen) && screen.contains("Esc: close") == opens);
    }
}
