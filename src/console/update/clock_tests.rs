//! Clocks that jump and a console that stood still, on made-up news and keys.

use std::time::Duration;

use crate::console::fixtures::{Desk, START, ended, foreign, id, waiting};
use crate::console::message::{Effect, Message, News};
use crate::domain::{Key, Search, State, UnixMs, Vitals};

const HOUR: Duration = Duration::from_hours(1);

/// The beat of the feed, with this on Redis' clock.
fn beat(desk: &mut Desk, now: UnixMs) {
    let vitals =
        Vitals { now, latency: Duration::ZERO, drivers: 7, stale: 0, waiting: 3, workers: 1, misshapen: false };
    desk.news(News::Vitals(desk.at, vitals));
}

fn left(desk: &Desk, n: u64) -> Duration {
    let deadline = desk.model.searches.get(id(n)).unwrap().deadline().unwrap();
    deadline.since(desk.model.picture_now().unwrap())
}

#[test]
fn a_clock_that_is_set_is_followed_with_the_next_beat() {
    let mut desk = Desk::in_town(120, 40);
    desk.news(News::Searches(vec![foreign(900, 7_200)]));
    assert_eq!(left(&desk, 900), HOUR * 2);
    beat(&mut desk, START + HOUR);
    assert_eq!(left(&desk, 900), HOUR, "its key ends at a time, not after a span");
    beat(&mut desk, START);
    assert_eq!(left(&desk, 900), HOUR * 2);
}

#[test]
fn what_is_read_after_a_clock_was_set_back_counts() {
    let mut desk = Desk::in_town(120, 40);
    beat(&mut desk, START - HOUR);
    let read_at = START - HOUR + Duration::from_millis(5);
    desk.news(News::Searches(vec![
        Search { read_at, ..ended(1, State::Cancelled, 0) },
        Search { read_at, key: Key::Active(Some(Duration::from_secs(230) + HOUR)), ..waiting(2, 10, 230) },
    ]));
    assert_eq!(desk.model.searches.get(id(1)).unwrap().state(), State::Cancelled);
    assert_eq!(left(&desk, 2), Duration::from_millis(230_005) + HOUR, "as long as Redis itself lets it wait");
    desk.wait(Duration::from_secs(61));
    assert!(!desk.rows().contains(&3), "what had ended before is not kept for an hour");
}

#[test]
fn readings_that_overtake_one_another_are_no_clock_that_was_set_back() {
    let mut desk = Desk::in_town(120, 40);
    let later = START + Duration::from_secs(1);
    desk.news(News::Searches(vec![Search { read_at: later, ..ended(1, State::Found, 0) }]));
    beat(&mut desk, START - Duration::from_millis(500));
    desk.news(News::Searches(vec![waiting(1, 48, 192)]));
    assert_eq!(desk.model.searches.get(id(1)).unwrap().state(), State::Found);
}

#[test]
fn keys_from_while_it_stood_still_are_passed_over_and_counted() {
    let mut desk = Desk::in_town(120, 40);
    desk.press("c");
    assert_eq!(desk.model.layers.len(), 1, "it asks");
    desk.at += HOUR;
    desk.send(Message::StoodStill(HOUR));
    for key in ["y", "s"] {
        assert!(!desk.press(key).iter().any(|effect| matches!(effect, Effect::Do(..))), "{key}");
    }
    assert_eq!(desk.notice(), "", "more may come");
    desk.wait(Duration::from_millis(300));
    assert_eq!(desk.notice(), "what was asked before this console stood still for 1:00:00, and 2 keys from meanwhile");
    assert!(desk.model.layers.is_empty(), "the question was about a picture that is gone");
    desk.press("c");
    assert!(desk.press("y").iter().any(|effect| matches!(effect, Effect::Do(..))), "from then on keys are keys");
}

#[test]
fn nothing_is_said_where_nothing_was_pressed() {
    let mut desk = Desk::in_town(120, 40);
    desk.send(Message::StoodStill(HOUR));
    desk.wait(Duration::from_millis(300));
    assert_eq!(desk.notice(), "");
}
