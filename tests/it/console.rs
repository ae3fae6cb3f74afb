//! The console itself, on a pseudo-terminal and a real Redis.

use crate::common::pty::Pty;
use crate::common::{LAT, LNG, Redis, Restarted, actor, request, until};
use cabstand::console::terminal::Screen;

const ENTER: &str = "\r";
const ESCAPE: &str = "\x1b";
const UP: &str = "\x1b[A";
const RIGHT: &str = "\x1b[C";
const CTRL_X: &str = "\x18";
const F2: &str = "\x1bOQ";
const CTRL_Z: &str = "\x1a";

/// A Redis with three drivers and a console on it.
fn desk(options: &[&str]) -> (Redis, Pty) {
    let mut redis = Redis::start();
    redis.run::<()>("GEOADD drivers -70.70 -33.40 kilo -70.60 -33.48 lima -70.66 -33.45 mike");
    let pty = Pty::console(&redis.server.url(), options);
    pty.wait_for("drivers 3");
    // Names are there once the drivers themselves have been read.
    pty.wait_for("mike");
    (redis, pty)
}

#[test]
fn s_opens_a_search() {
    let (mut redis, mut pty) = desk(&[]);
    pty.press("s");
    pty.wait_for("done: request 1 opened");
    pty.wait_for("requestor_1");
    assert_eq!(redis.state(1).as_deref(), Some("searching"));
}

/// The background as the 256 colours of the terminal have it, and no more than those.
#[test]
fn a_theme_paints_the_background() {
    let (_redis, pty) = desk(&["--theme", "light"]);
    let coloured = pty.coloured();
    assert!(coloured.contains("48;5;231m") && !coloured.contains("48;2;"), "{coloured:?}");
    let (_redis, pty) = desk(&[]);
    assert!(!pty.coloured().contains("48;"), "the terminal's own stays");
}

#[test]
fn m_arrows_and_enter_move_a_driver() {
    let (mut redis, mut pty) = desk(&[]);
    let before: Vec<(f64, f64)> = redis.run("GEOPOS drivers kilo");
    pty.press("]");
    pty.press("m");
    pty.wait_for("Enter drop here");
    for _ in 0..3 {
        pty.press(RIGHT);
    }
    pty.press(ENTER);
    pty.wait_for("done: driver kilo moved");
    let after: Vec<(f64, f64)> = redis.run("GEOPOS drivers kilo");
    assert!(after[0].0 > before[0].0 + 0.0005, "{before:?} {after:?}");
    assert!((after[0].1 - before[0].1).abs() < 0.0001, "{before:?} {after:?}");
}

#[test]
fn c_and_x_end_searches_after_a_yes() {
    let (mut redis, mut pty) = desk(&[]);
    pty.press("s");
    pty.wait_for("Searches 1 waiting");
    pty.press("c");
    pty.wait_for("Cancel request 1 of requestor_1?");
    pty.press("n");
    pty.wait_until("no question", |screen| !screen.contains("Cancel request 1"));
    assert_eq!(redis.run::<String>("GET 1"), "1", "a no is a no");
    pty.press("c");
    pty.wait_for("Cancel request 1 of requestor_1?");
    pty.press("y");
    pty.wait_for("done: request 1 cancelled");
    assert_eq!((redis.run::<String>("GET 1"), redis.state(1).as_deref()), ("0".to_owned(), Some("cancelled")));

    pty.press("s");
    pty.wait_for("requestor_2");
    pty.press("/requestor_2");
    pty.wait_for("1 of 2 searches");
    pty.press(ENTER);
    pty.press("x");
    pty.wait_for("Expire request 2 of requestor_2 now?");
    pty.press(ENTER);
    pty.wait_for("done: request 2 expired");
    assert_eq!((redis.run::<i64>("EXISTS 2"), redis.state(2).as_deref()), (0, Some("expired")));
    let by = redis.field(2, "ended_by").unwrap();
    assert!(by.starts_with("ana@"), "{by}");
}

#[test]
fn a_key_that_was_rebound_is_told_and_does_it() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("config.toml");
    std::fs::write(&file, "[keys]\ncancel = \"ctrl-x\"\nyes = \"F2\"\n").unwrap();
    let (mut redis, mut pty) = desk(&["--config", file.to_str().unwrap()]);
    pty.press("s");
    pty.wait_for("requestor_1");
    pty.wait_for("Ctrl-x cancel");
    // Its old key does nothing any more: were there a question, `?` would not open the help.
    pty.press("c?");
    pty.wait_for("Ctrl-x        cancel the search");
    pty.press(ESCAPE);
    pty.wait_until("no help", |screen| !screen.contains("cancel the search"));
    pty.press(CTRL_X);
    pty.wait_for("Cancel request 1 of requestor_1?");
    pty.wait_for("F2: yes");
    pty.press(F2);
    pty.wait_for("done: request 1 cancelled");
    assert_eq!(redis.run::<String>("GET 1"), "0");
}

#[test]
fn a_command_is_run_from_the_palette_and_remembered_by_the_next_console() {
    let (mut redis, mut pty) = desk(&[]);
    pty.press(":");
    pty.wait_for("Commands");
    pty.press("search -33.44,-70.63 ana\r");
    pty.wait_for("done: request 1 opened");
    assert_eq!(redis.field(1, "user_id").as_deref(), Some("ana"));
    pty.wait_for("Searches 1 waiting");
    pty.press(":can");
    pty.wait_for("▸cancel [ID…]");
    // Tab names the command, and then the one request that waits.
    pty.press("\t\t");
    pty.wait_for(":cancel 1");
    pty.press(ENTER);
    pty.wait_for("Cancel request 1 of ana?");
    pty.press("y");
    pty.wait_for("done: request 1 cancelled");
    pty.press(":q\r");
    assert_eq!(pty.exit_code(), 0);

    let home = std::sync::Arc::clone(&pty.home);
    let kept = std::fs::read_to_string(home.path().join("state/cabstand/console.toml")).unwrap();
    assert!(kept.contains("search -33.44,-70.63 ana"), "{kept}");
    let arguments = ["console", "--read-only", "--redis", &redis.server.url()];
    let mut pty = Pty::start_at(home, env!("CARGO_BIN_EXE_cabstand"), &arguments);
    pty.wait_for("drivers 3");
    pty.press(":");
    pty.wait_for("what was run before");
    for remembered in [":quit", ":cancel 1", ":search -33.44,-70.63 ana"] {
        pty.press(UP);
        pty.wait_for(remembered);
    }
}

#[test]
fn n_and_d_place_and_remove_a_driver() {
    let (mut redis, mut pty) = desk(&[]);
    pty.press("n");
    pty.wait_for("New driver");
    pty.press(ENTER);
    pty.wait_for("done: driver driver_4 set");
    assert_eq!(redis.run::<i64>("ZCARD drivers"), 4);
    // The header counts them sooner than they are read.
    pty.press("2");
    pty.wait_for("Drivers 4 in sight of 4");
    pty.press("]");
    pty.press("D");
    pty.wait_for("Take driver driver_4 off the map?");
    pty.press("y");
    pty.wait_for("done: driver driver_4 taken off the map");
    assert_eq!(redis.run::<i64>("ZCARD drivers"), 3);
}

#[test]
fn foreign_writers_are_seen() {
    let (mut redis, pty) = desk(&[]);
    redis.run::<()>("GEOADD drivers -70.65 -33.44 nova");
    pty.wait_for("drivers 4");
    redis.run::<()>("SET 7 1 EX 90");
    pty.wait_for("(external)");
    redis.run::<()>("SET 7 0 EX 60");
    pty.wait_for("⊘ cancelled");
    // Nobody reads this key: Redis itself would take long to say that it has expired.
    redis.run::<()>("SET 8 1 PX 1500");
    pty.wait_for("✗ expired");
    redis.run::<()>("ZREM drivers mike kilo nova");
    pty.wait_for("drivers 1");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_do_is_told() {
    let (redis, pty) = desk(&[]);
    let store = redis.store().await;
    store.open(&request(), &actor("http")).await.unwrap();
    pty.wait_for("request 1: opened for requestor_1");
    store.cancel(crate::common::id(1), &actor("ben@desk")).await.unwrap();
    pty.wait_for("request 1: cancelled by ben@desk");
    pty.wait_for("by ben@desk after");
}

#[test]
fn a_read_only_console_changes_nothing() {
    let (mut redis, mut pty) = desk(&["--read-only"]);
    pty.press("s");
    pty.wait_for("not done: this console only looks (--read-only)");
    assert_eq!(redis.run::<i64>("EXISTS request_id 1"), 0);
}

#[test]
fn the_link_is_shown_and_comes_back() {
    let (mut redis, pty) = desk(&[]);
    redis.run::<()>("CONFIG SET notify-keyspace-events Kz");
    redis.run::<i64>("CLIENT KILL TYPE pubsub");
    pty.wait_for("live");
    redis.run::<()>("GEOADD drivers -70.65 -33.44 nova");
    pty.wait_for("drivers 4");
    redis.run::<()>("SET 7 1 EX 90");
    pty.wait_for("(external)");
}

#[test]
fn the_bell_rings_once_for_each_rider_about_to_be_lost() {
    let (mut redis, mut pty) = desk(&["--bell", "--warn-left", "1m", "--warn-waiting", "1"]);
    redis.run::<()>("SET 7 1 EX 90");
    pty.wait_for("(external)");
    assert_eq!(pty.bells(), 0);
    redis.run::<()>("SET 7 1 EX 50");
    pty.wait_for("! 1 about to be lost");
    // A few ticks later it has not rung again.
    pty.wait_for(" 0:4");
    assert_eq!(pty.bells(), 1);
    redis.run::<()>("SET 8 1 EX 90");
    pty.wait_for("! waiting 2 > 1");
    assert_eq!(pty.bells(), 2);
    pty.press("A");
    pty.wait_for("2 alarms noted");
    redis.run::<()>("SET 7 0 EX 50");
    pty.wait_until("no alarm", |screen| !screen.contains("about to be lost"));
    assert_eq!(pty.bells(), 2);
}

#[test]
fn without_being_asked_the_bell_is_silent() {
    let (mut redis, pty) = desk(&[]);
    redis.run::<()>("SET 7 1 EX 20");
    pty.wait_for("! 1 about to be lost");
    assert_eq!(pty.bells(), 0);
}

/// Writes so many openings into the stream of events that happened so many minutes ago.
fn opened_before(redis: &mut Redis, minutes: u64, count: u64) {
    let (now, _): (u64, u64) = redis.run("TIME");
    let mut pipe = redis::pipe();
    for n in 0..count {
        let id = format!("{}-{n}", (now - minutes * 60) * 1_000);
        pipe.cmd("XADD").arg("cabstand:events").arg(id).arg("type").arg("opened").ignore();
    }
    pipe.exec(&mut redis.connection).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_numbers_know_what_happened_before_the_start() {
    let mut redis = Redis::start();
    opened_before(&mut redis, 20, 40);
    opened_before(&mut redis, 10, 700);
    opened_before(&mut redis, 3, 800);
    let mut pty = Pty::console(&redis.server.url(), &[]);
    pty.wait_for("arrivals 800");
    pty.press("i");
    pty.wait_for("last 15 min");
    pty.wait_for("arrivals 1 500");
    redis.store().await.open(&request(), &actor("http")).await.unwrap();
    pty.wait_for("arrivals 1 501");
    assert!(!pty.text().contains("since"), "all of it is known:\n{}", pty.text());
}

#[test]
fn the_numbers_count_each_event_once_over_an_outage() {
    // Fewer than are read to begin with join on to what was counted; after more than that all is read anew.
    for (meanwhile, all, and_one) in [(100, "arrivals 900", "arrivals 901"), (700, "arrivals 1 500", "arrivals 1 501")]
    {
        let mut redis = Redis::start_with(&["--appendonly", "yes", "--appendfsync", "always"]);
        opened_before(&mut redis, 3, 800);
        let pty = Pty::console(&redis.server.url(), &[]);
        pty.wait_for("arrivals 800");
        redis.kill();
        pty.wait_for("away");
        let _restarted = Restarted::in_place_of(&mut redis);
        opened_before(&mut redis, 0, meanwhile);
        pty.wait_for(all);
        redis.run::<()>("XADD cabstand:events * type opened");
        pty.wait_for(and_one);
        assert!(!pty.text().contains("since"), "the whole span is known:\n{}", pty.text());
    }
}

#[test]
fn numbers_that_are_not_whole_say_since_when_they_are() {
    let mut redis = Redis::start();
    opened_before(&mut redis, 4, 10_000);
    opened_before(&mut redis, 3, 11_000);
    let pty = Pty::console(&redis.server.url(), &[]);
    let arrivals = |screen: &str| {
        let figure = screen.split("arrivals ").nth(1)?.split("  ").next()?;
        figure.replace(' ', "").parse::<u64>().ok()
    };
    pty.wait_until("half of them", |screen| arrivals(screen) >= Some(10_000));
    pty.wait_for("arrivals 20 300");
    pty.wait_for("last 5 min · since ");
}

#[test]
fn q_gives_the_terminal_back() {
    let (_redis, mut pty) = desk(&[]);
    assert!(pty.has_mouse());
    pty.press("q");
    assert_eq!(pty.exit_code(), 0);
    until("the terminal to be given back", || pty.is_given_back());
}

#[test]
fn signals_give_the_terminal_back() {
    for signal in ["-INT", "-TERM", "-HUP"] {
        let (_redis, mut pty) = desk(&[]);
        assert!(pty.has_mouse());
        pty.signal(signal);
        pty.exit_code();
        until(&format!("the terminal to be given back after {signal}"), || pty.is_given_back());
    }
}

#[test]
fn a_redis_that_goes_away_leaves_the_picture() {
    let (redis, mut pty) = desk(&[]);
    drop(redis);
    pty.wait_for("away");
    pty.wait_for("nothing can be changed");
    pty.wait_for("drivers 3");
    pty.press("s");
    pty.wait_for("nothing was sent: Redis is away");
    pty.press("q");
    assert_eq!(pty.exit_code(), 0);
}

#[test]
fn a_panic_gives_the_terminal_back_and_is_told() {
    let this = std::env::current_exe().unwrap();
    let arguments = ["--ignored", "--exact", "console::panics_with_the_screen_taken", "--nocapture"];
    let mut pty = Pty::start(this.to_str().unwrap(), &arguments);
    pty.exit_code();
    pty.wait_for("the deliberate panic");
    assert!(pty.was_sent("\x1b[?1002h") && pty.is_given_back());
}

#[test]
#[ignore = "run by a_panic_gives_the_terminal_back_and_is_told, on a terminal of its own"]
fn panics_with_the_screen_taken() {
    let _screen = Screen::take(true).unwrap();
    panic!("the deliberate panic");
}

#[test]
fn resizing_is_fine_at_any_moment() {
    let (_redis, mut pty) = desk(&[]);
    for (columns, rows) in [(80, 24), (300, 90)] {
        pty.resize(columns, rows);
        pty.wait_until("the panes", |screen| screen.contains("─ Searches ") && screen.contains("─ Map "));
    }
    pty.resize(61, 17);
    pty.wait_until("one pane", |screen| screen.contains("─ Searches ") && !screen.contains("─ Map "));
    pty.resize(50, 10);
    pty.wait_for("at least 60x16, this is 50x10");
    pty.resize(120, 40);
    pty.wait_for("drivers 3");
    pty.press("?");
    pty.wait_for("search by a form");
    pty.press(ESCAPE);
    pty.wait_until("no help", |screen| !screen.contains("search by a form"));
}

#[test]
fn suspending_gives_the_shell_back_and_fg_the_picture() {
    let mut redis = Redis::start();
    redis.run::<()>(&format!("GEOADD drivers {LNG} {LAT} kilo"));
    let mut pty = Pty::start("bash", &["--norc", "--noprofile", "-i"]);
    pty.press(&format!("{} console --redis {}\r", env!("CARGO_BIN_EXE_cabstand"), redis.server.url()));
    pty.wait_for("drivers 1");
    pty.press(CTRL_Z);
    pty.wait_for("Stopped");
    assert!(pty.is_given_back());
    pty.press("echo shell is $((6 * 7))\r");
    pty.wait_for("shell is 42");
    pty.press("fg\r");
    pty.wait_for("drivers 1");
    pty.press("s");
    pty.wait_for("requestor_1");
    pty.press("q");
    until("the terminal to be given back", || pty.is_given_back());
}
