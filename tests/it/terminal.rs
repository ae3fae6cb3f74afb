//! What the console does with a real terminal: the mouse, the clipboard, any size at any moment, giving it back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crate::common::pty::Pty;
use crate::common::{LAT, LNG, Redis, until};

const ESCAPE: &str = "\x1b";
const TAB: &str = "\t";
const CTRL_Z: &str = "\x1a";
const MOUSE_ON: [&str; 3] = ["\x1b[?1000h", "\x1b[?1002h", "\x1b[?1003h"];

/// A Redis with three drivers and a console on it.
fn desk(options: &[&str]) -> (Redis, Pty) {
    let mut redis = Redis::start();
    redis.run::<()>("GEOADD drivers -70.70 -33.40 kilo -70.60 -33.48 lima -70.66 -33.45 mike");
    let pty = Pty::console(&redis.server.url(), options);
    pty.wait_for("drivers 3");
    // Names are there once the drivers themselves have been read, and the map has been fitted to them by then.
    for driver in ["kilo", "mike"] {
        pty.wait_for(driver);
    }
    (redis, pty)
}

/// The same with two searches, in the order of their numbers.
fn desk_with_searches() -> (Redis, Pty) {
    let (redis, mut pty) = desk(&[]);
    for rider in ["requestor_1", "requestor_2"] {
        pty.press("s");
        pty.wait_for(rider);
    }
    pty.wait_for("2 waiting · by deadline ▲");
    (redis, pty)
}

/// The cell of a driver's sign on the map: its name stands right of it.
fn sign(pty: &Pty, driver: &str) -> (u16, u16) {
    let (column, row) = pty.find(driver);
    (column - 1, row)
}

/// Where the map's cursor is, as its title tells, and the bar of its scale.
fn place_and_scale(screen: &str) -> (String, String) {
    let title = screen.lines().find_map(|line| line.split("Map · ").nth(1)).expect("the map's title");
    let words: Vec<&str> = title.split([' ', '·', '─', '┐']).filter(|part| !part.is_empty()).take(2).collect();
    let bar =
        screen.lines().find_map(|line| line.split_once('├')?.1.split_once('┤').filter(|(bar, _)| bar.contains('m')));
    (words.join(" "), bar.map_or("", |(bar, _)| bar).to_owned())
}

fn longitude(redis: &mut Redis, driver: &str) -> f64 {
    redis.run::<Vec<(f64, f64)>>(&format!("GEOPOS drivers {driver}"))[0].0
}

#[test]
fn a_click_selects_whom_it_hits() {
    let (_redis, mut pty) = desk(&[]);
    pty.wait_for("Nothing is selected");
    for driver in ["kilo", "mike"] {
        pty.click(sign(&pty, driver));
        pty.wait_for(&format!("─ driver {driver} · available"));
    }
}

#[test]
fn a_drag_carries_a_driver_and_letting_go_moves_it() {
    let (mut redis, mut pty) = desk(&[]);
    let before = longitude(&mut redis, "kilo");
    let (column, row) = sign(&pty, "kilo");
    pty.drag((column, row), (column + 6, row + 2));
    pty.wait_for("done: driver kilo moved");
    assert!(longitude(&mut redis, "kilo") > before + 0.005);
    // There it stands, once it has been read anew, and the map has not moved along.
    pty.wait_for_at("kilo", (column + 7, row + 2));
    let mike = sign(&pty, "mike");
    pty.click(mike);
    pty.wait_for("─ driver mike · available");
    pty.click((column + 6, row + 2));
    pty.wait_for("─ driver kilo · available");
    assert_eq!(sign(&pty, "mike"), mike);
}

#[test]
fn a_drag_of_the_map_pans_it_and_the_wheel_zooms_about_the_mouse() {
    let (mut redis, mut pty) = desk(&[]);
    let (place, scale) = place_and_scale(&pty.text());
    let (column, row) = pty.find("mike");
    pty.drag((column + 12, row + 3), (column + 17, row + 1));
    pty.wait_for_at("mike", (column + 5, row - 2));
    let panned = place_and_scale(&pty.text());
    assert!(panned.0 != place && panned.1 == scale, "{place} {scale} {panned:?}");

    let at = (column + 4, row - 2);
    pty.wheel(at, true);
    pty.wait_until("another scale", |screen| place_and_scale(screen).1 != scale);
    pty.wait_for_at("mike", (column + 5, row - 2));
    pty.wheel(at, false);
    pty.wait_until("the scale that it was", |screen| place_and_scale(screen) == panned);
    assert_eq!(redis.run::<i64>("ZCARD drivers"), 3, "nobody was carried anywhere");
}

#[test]
fn a_click_on_a_row_selects_it_and_on_a_head_sorts() {
    let (_redis, mut pty) = desk_with_searches();
    for id in [2, 1] {
        pty.click(pty.find(&format!("{id}    requestor_{id}")));
        pty.wait_for(&format!("─ {id} · requestor_{id} · searching"));
        pty.wait_for(&format!("▸ {id} "));
    }
    let head = pty.find("rider ");
    pty.click(head);
    pty.wait_for("by rider ▲");
    pty.click(head);
    pty.wait_for("by rider ▼");
    let (first, second) = (pty.find("requestor_2"), pty.find("  requestor_1"));
    assert!(first.1 < second.1, "{}", pty.text());
}

#[test]
fn without_the_mouse_the_terminal_keeps_its_own() {
    let (_redis, mut pty) = desk(&["--no-mouse"]);
    pty.press("q");
    assert_eq!(pty.exit_code(), 0);
    until("the terminal to be given back", || pty.is_given_back());
    for mode in MOUSE_ON {
        assert!(!pty.was_sent(mode), "{mode:?}");
    }
}

#[test]
fn what_is_copied_is_in_the_clipboard() {
    let (_redis, mut pty) = desk_with_searches();
    pty.click(pty.find("2    requestor_2"));
    pty.press("y");
    pty.wait_for("copied: 2");
    pty.press("3");
    pty.press(":goto -33.4,-70.6\r");
    pty.wait_for("Map · -33.4000, -70.6000");
    pty.press("y");
    pty.wait_for("copied: -33.400000,-70.600000");
    until("both in the clipboard", || pty.copied() == ["Mg==", "LTMzLjQwMDAwMCwtNzAuNjAwMDAw"]);
    assert!(pty.was_sent("\x1b]52;c;Mg=="));
}

/// Changes something in Redis all the time, until told to end.
fn stream_of_changes(redis: &Redis, end: &Arc<AtomicBool>) -> thread::JoinHandle<()> {
    let client = redis::Client::open(redis.server.url()).unwrap();
    let end = Arc::clone(end);
    thread::spawn(move || {
        let mut connection = client.get_connection().unwrap();
        for n in (0..).take_while(|_| !end.load(Ordering::SeqCst)) {
            let lng = LNG + f64::from(n % 50) / 1_000.0;
            let mut pipe = redis::pipe();
            pipe.cmd("GEOADD").arg("drivers").arg(lng).arg(LAT).arg(format!("taxi{}", n % 30)).ignore();
            pipe.cmd("SET").arg(1_000 + n % 40).arg(1).arg("EX").arg(90).ignore();
            pipe.exec(&mut connection).unwrap();
            // A city of a hundred reports a second.
            thread::sleep(Duration::from_millis(10));
        }
    })
}

#[test]
fn a_storm_of_sizes_leaves_the_picture_right() {
    let (redis, mut pty) = desk(&[]);
    let end = Arc::new(AtomicBool::new(false));
    let changes = stream_of_changes(&redis, &end);
    for (columns, rows) in [(300, 100), (60, 16), (59, 15), (1, 1), (80, 24), (200, 60)].into_iter().cycle().take(60) {
        pty.resize(columns, rows);
    }
    pty.wait_for("drivers 33");
    // So quickly that the program sees the last of them alone, which is the size that it had.
    for size in [(200, 60), (20, 5), (1, 1), (200, 60)] {
        pty.resize(size.0, size.1);
    }
    pty.wait_until("all panes", |screen| {
        let panes = ["Numbers · ", "Map · ", "Searches ", "Drivers ", "Events ", "q quit", "(external)", "▸ "];
        panes.iter().all(|pane| screen.contains(pane)) && screen.lines().count() == 60
    });
    pty.press("?");
    pty.wait_for("search by a form");
    pty.press(ESCAPE);
    pty.wait_until("no help", |screen| !screen.contains("search by a form"));
    pty.resize(40, 10);
    pty.wait_for("at least 60x16, this is 40x10");
    pty.resize(120, 40);
    pty.wait_for("drivers 33");
    pty.press("q");
    assert_eq!(pty.exit_code(), 0);
    end.store(true, Ordering::SeqCst);
    changes.join().unwrap();
}

#[test]
fn a_small_screen_shows_one_pane_at_a_time() {
    let (_redis, mut pty) = desk(&[]);
    pty.resize(60, 16);
    pty.wait_for("[1 Searches]  2 Drivers   3 Map   4 Events");
    let panes = [("1", "─ Searches "), ("2", "─ Drivers "), ("3", "─ Map "), ("4", "─ Events ")];
    let shows = |pty: &Pty, key: &str| {
        pty.wait_for(&format!("[{key} "));
        let screen = pty.text();
        for (other, title) in panes {
            assert_eq!(screen.contains(title), key == other, "{title} after {key}\n{screen}");
        }
    };
    for key in ["2", "3", "4", "1"] {
        pty.press(key);
        shows(&pty, key);
    }
    for key in ["2", "3", "4", "1"] {
        pty.press(TAB);
        shows(&pty, key);
    }
    for (key, name) in [("4", "Events"), ("3", "Map"), ("2", "Drivers"), ("1", "Searches")] {
        pty.click(pty.find(&format!("{key} {name}")));
        shows(&pty, key);
    }
}

/// A shell with a console in it.
fn shell_with_console(redis: &Redis) -> Pty {
    let mut pty = Pty::start("bash", &["--norc", "--noprofile", "-i"]);
    pty.press(&format!("{} console --redis {}\r", env!("CARGO_BIN_EXE_cabstand"), redis.server.url()));
    pty.wait_for("drivers 1");
    pty
}

#[test]
fn a_console_that_was_stopped_comes_back_in_any_size_and_with_the_mouse() {
    let mut redis = Redis::start();
    redis.run::<()>(&format!("GEOADD drivers {LNG} {LAT} kilo"));
    let mut pty = shell_with_console(&redis);
    pty.wait_for("kilo");
    assert!(pty.has_mouse());
    for (columns, rows) in [(80, 24), (160, 50)] {
        pty.press(CTRL_Z);
        until("the terminal to be given back", || pty.is_given_back());
        pty.press("echo shell is $((6 * 7))\r");
        pty.wait_for("shell is 42");
        pty.resize(columns, rows);
        pty.press("clear; fg\r");
        pty.wait_for("kilo");
        until("the mouse to be the console's", || pty.has_mouse());
        // What is clicked on is where it is shown now.
        pty.press("1");
        pty.click(sign(&pty, "kilo"));
        pty.wait_for("─ driver kilo · available");
        pty.press("D");
        pty.wait_for("Take driver kilo off the map?");
        pty.press("n");
        pty.wait_until("no question", |screen| !screen.contains("Take driver"));
    }
    pty.press("q");
    until("the terminal to be given back", || pty.is_given_back());
}

#[test]
fn a_picture_that_is_stopped_tells_how_much_is_held_back() {
    let (mut redis, mut pty) = desk(&[]);
    pty.press("p");
    pty.wait_for("0 changes, 0 events held back");
    redis.run::<()>("SET 7 1 EX 90");
    redis.run::<()>("SET 8 1 EX 90");
    redis.run::<()>("GEOADD drivers -70.65 -33.44 nova");
    redis.run::<()>("XADD cabstand:events * type moved driver_id nova lat -33.44 lng -70.65 actor ben@desk");
    pty.wait_for("2 changes, 1 event held back");
    for held in ["(external)", "nova"] {
        assert!(!pty.text().contains(held), "{held}\n{}", pty.text());
    }
    pty.press("p");
    for held in ["(external)", "driver nova: moved to", "─ Searches 2 waiting"] {
        pty.wait_for(held);
    }
    assert!(!pty.text().contains("held back"));
}

#[test]
fn the_theme_is_changed_by_a_key_and_by_its_name() {
    let (_redis, mut pty) = desk(&[]);
    assert!(!pty.coloured().contains("48;5;"), "the terminal's own background");
    pty.press("t");
    pty.wait_for("theme dark");
    let dark = pty.coloured();
    assert!(dark.contains("48;5;"), "{dark:?}");
    assert!(!dark.contains("48;5;231m"), "{dark:?}");
    pty.press(":theme light\r");
    until("the light theme", || pty.coloured().contains("48;5;231m"));
    assert!(!pty.text().contains(":theme"), "the palette is gone");
}

#[test]
fn a_place_and_a_span_are_given_in_the_palette() {
    let (mut redis, mut pty) = desk_with_searches();
    pty.press(":goto -33.4,-70.7\r");
    pty.wait_for("Map · -33.4000, -70.7000");
    let before = redis.run::<i64>("PEXPIRETIME 1");
    pty.press(":extend 90s\r");
    pty.wait_for("done: request 1 ");
    // What is left is read a moment before it is set; on a busy machine that moment is long.
    assert!((redis.run::<i64>("PEXPIRETIME 1") - before - 90_000).abs() <= 1_000);
}

#[test]
fn the_order_and_the_places_outlast_a_run() {
    let (redis, mut pty) = desk_with_searches();
    pty.press("oO");
    pty.wait_until("another order, turned round", |screen| screen.contains("ID▼"));
    let order = |screen: &str| {
        screen.split("2 waiting · by ").nth(1).and_then(|rest| Some(rest.split_once(" ─")?.0.to_owned()))
    };
    let sorted = order(&pty.text()).unwrap();
    assert!(sorted.ends_with('▼'), "{sorted}");
    pty.press(":goto -33.4,-70.7\r");
    pty.wait_for("Map · -33.4000, -70.7000");
    pty.press("+B");
    pty.wait_for("bookmark");
    let there = place_and_scale(&pty.text());
    pty.press("q");
    assert_eq!(pty.exit_code(), 0);

    let arguments = ["console", "--redis", &redis.server.url()];
    let mut pty = Pty::start_at(Arc::clone(&pty.home), env!("CARGO_BIN_EXE_cabstand"), &arguments);
    pty.wait_until("the order that was chosen", |screen| order(screen).as_ref() == Some(&sorted));
    pty.wait_for("mike");
    assert_ne!(place_and_scale(&pty.text()), there);
    pty.press("b");
    pty.wait_until("the place that was remembered", |screen| place_and_scale(screen) == there);
}
