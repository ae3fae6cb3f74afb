//! Each key that the console offers for the selected row does something to it: every kind of row with every hint.

use std::collections::BTreeSet;

use crate::common::desk::Desk;
use crate::common::{LAT, LNG, Redis, actor, driver, id, place, request};
use cabstand::domain::Driver;

/// The keys for a search, each with its hint.
const HINTS: [(char, &str); 6] =
    [('c', "cancel"), ('x', "expire"), ('e', "extend"), ('r', "retry"), ('a', "assign"), ('w', "widen")];

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Waiting,
    Found,
    Cancelled,
    External,
    ExternalWithoutDeadline,
    ExternalCancelled,
    Damaged,
    DamagedState,
    Newer,
}

use Kind::{
    Cancelled, Damaged, DamagedState, External, ExternalCancelled, ExternalWithoutDeadline, Found, Newer, Waiting,
};

/// A console on a Redis with one request of this kind, which is selected, and a driver 7 km away.
async fn console(kind: Kind, read_only: bool) -> (Redis, Desk) {
    let mut redis = Redis::start();
    let store = redis.store().await;
    let ana = actor("ana");
    let far = Driver { id: driver("far"), place: place(LAT, LNG).destination(90.0, 7_000.0) };
    store.place(&far, &ana).await.unwrap();
    match kind {
        External | ExternalCancelled => redis.run::<()>("SET 1 1 EX 200"),
        ExternalWithoutDeadline => redis.run::<()>("SET 1 1"),
        _ => {
            store.open(&request(), &ana).await.unwrap();
        }
    }
    match kind {
        Found => {
            store.assign(id(1), &driver("far"), &ana).await.unwrap();
        }
        Cancelled => store.cancel(id(1), &ana).await.unwrap(),
        Damaged => redis.run::<()>("HSET cabstand:request:1 lat 95"),
        DamagedState => redis.run::<()>("HSET cabstand:request:1 state ?"),
        Newer => redis.run::<()>("HSET cabstand:request:1 state paused"),
        Waiting | External | ExternalWithoutDeadline | ExternalCancelled => {}
    }
    let desk = Desk::with(store, "ben", |all| all.read_only = read_only);
    let (shown, title) = match kind {
        External | ExternalWithoutDeadline | ExternalCancelled => ("(external)", " 1 · (external) · "),
        Damaged | DamagedState => ("(damaged)", " 1 · (damaged) · "),
        Newer => ("(newer)", " 1 · (newer) · "),
        // What ended before the console came is shown once it changes.
        Found | Cancelled => {
            desk.shows("Searches 0 waiting").await;
            redis.run::<()>("HSET cabstand:request:1 note x");
            ("requestor_1", " 1 · requestor_1 · ")
        }
        Waiting => ("requestor_1", " 1 · requestor_1 · "),
    };
    desk.shows(shown).await;
    desk.play("g");
    desk.shows(title).await;
    if kind == ExternalCancelled {
        redis.run::<()>("SET 1 0 EX 60");
        desk.shows("cancelled").await;
    }
    if kind == Waiting {
        desk.shows("nearest outside: far").await;
    }
    (redis, desk)
}

/// The keys that are offered for the selected row, at the bottom and in the pane that tells of it.
fn offered(screen: &str) -> BTreeSet<char> {
    let bottom = screen.lines().last().unwrap();
    let hinted = HINTS.iter().filter(|(key, hint)| bottom.contains(&format!(" {key} {hint}  "))).map(|(key, _)| *key);
    let helping = screen.match_indices('[').filter_map(|(at, _)| {
        let mut inside = screen[at + 1..].chars();
        let key = inside.next()?;
        (inside.next() == Some(' ') && HINTS.iter().any(|hint| hint.0 == key)).then_some(key)
    });
    hinted.chain(helping).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_offered_for_a_row_can_be_done_to_it() {
    for (kind, expected) in [
        (Waiting, "acerwx"),
        (Found, ""),
        (Cancelled, ""),
        (External, "cex"),
        (ExternalWithoutDeadline, "cx"),
        (ExternalCancelled, ""),
        (Damaged, "cex"),
        (DamagedState, "cex"),
        (Newer, ""),
    ] {
        let (_redis, desk) = console(kind, false).await;
        let keys = offered(&desk.text());
        assert_eq!(keys.iter().collect::<String>(), expected, "{kind:?}\n{}", desk.text());
        let centres = desk.text().lines().last().unwrap().contains(" centre  ");
        assert!(!centres || matches!(kind, Waiting | Found | Cancelled), "{kind:?}\n{}", desk.text());
        desk.quit().await;
        for key in keys {
            let (_redis, desk) = console(kind, false).await;
            desk.play(&key.to_string());
            match key {
                'c' | 'x' => {
                    desk.shows("do it").await;
                    desk.play("y");
                }
                'a' => {
                    desk.shows("take this one").await;
                    desk.play("<Enter>");
                }
                _ => {}
            }
            desk.shows(if key == 'r' { "was attempted: no driver yet" } else { "done: " }).await;
            assert!(!desk.text().contains("not done"), "{kind:?} {key}\n{}", desk.text());
            desk.quit().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_an_external_request_one_thing_is_said() {
    let (_redis, desk) = console(External, false).await;
    let text = desk.text();
    assert!(text.contains("why not found? external: the service that made it looks for"), "{text}");
    for other in ["cabstand serve", "no worker is", "foreign", "no record"] {
        assert!(!text.contains(other), "{other}\n{text}");
    }
    desk.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_console_that_changes_nothing_offers_nothing_that_would() {
    for kind in [Waiting, External, Damaged] {
        let (_redis, desk) = console(kind, true).await;
        assert_eq!(offered(&desk.text()), BTreeSet::new(), "{kind:?}\n{}", desk.text());
        desk.quit().await;
    }
}
