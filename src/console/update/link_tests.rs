//! The link on made-up news: since when it is as it is, what was missed, what nobody told of, and that no key is lost meanwhile.

use std::time::Duration;

use crate::console::fixtures::{Desk, START, ended, event, foreign, id, waiting};
use crate::console::message::{Effect, Link, News, Refusing};
use crate::console::model::{Layer, Missed};
use crate::domain::{EventKind, Key, Record, Search, State};

fn away(desk: &mut Desk, reason: &str) {
    desk.news(News::Link(Link::Away(reason.to_owned())));
}

/// The same as it was read so many seconds after the start.
fn read_later(search: Search, seconds: u64) -> Search {
    Search { read_at: START + Duration::from_secs(seconds), ..search }
}

#[test]
fn what_was_missed_is_counted_and_told_once() {
    let mut desk = Desk::in_town(120, 40);
    desk.wait(Duration::from_secs(10));
    desk.vitals(7);
    away(&mut desk, "the connection was cut");
    desk.wait(Duration::from_secs(5));
    away(&mut desk, "connection refused");
    desk.wait(Duration::from_secs(7));
    desk.vitals(7);
    desk.news(News::Link(Link::Live));
    assert_eq!(desk.notice(), "", "it is not known yet");
    let snapshot = [read_later(waiting(2, 10, 230), 22), read_later(waiting(8, 3, 200), 22), ended(1, State::Found, 0)];
    desk.news(News::Snapshot(snapshot.to_vec()));
    assert_eq!(desk.notice(), "", "the events are missing still");
    let at = |seconds| event(seconds, EventKind::Found, Some(1), Some("17"));
    desk.news(News::Events(vec![at(9), at(12), at(13), at(21), at(40)]));
    assert_eq!(desk.notice(), "Redis is back after 12 s: 1 request waits no more, 1 was new, 3 events were missed");
    assert_eq!(desk.model.outages.missed, Missed { ended: 1, new: 1, events: 3, more_events: false });
    assert_eq!(desk.model.outages.last, Some((Duration::from_secs(12), "connection refused".to_owned())));
    desk.wait(Duration::from_secs(7));
    desk.news(News::Events(vec![at(41)]));
    assert_eq!(desk.notice(), "", "told once");
    assert_eq!((desk.model.outages.count, desk.model.outages.missed.events), (1, 3));
}

#[test]
fn an_outage_in_which_nothing_happened_says_so_and_a_blink_is_not_worth_a_word() {
    let everybody = || News::Snapshot(vec![waiting(1, 48, 192), waiting(2, 10, 230)]);
    for (span, told) in [(5_000, "Redis is back after 5 s: nothing was missed"), (300, "")] {
        let mut desk = Desk::in_town(120, 40);
        away(&mut desk, "the connection was cut");
        desk.wait(Duration::from_millis(span));
        desk.news(News::Link(Link::Polling("CONFIG is forbidden".to_owned())));
        desk.news(everybody());
        desk.wait(Duration::from_secs(6));
        assert_eq!(desk.notice(), told, "without events it is told all the same, after a while");
        assert_eq!(desk.model.outages.count, 1);
    }
    let mut desk = Desk::in_town(120, 40);
    away(&mut desk, "the connection was cut");
    desk.wait(Duration::from_secs(2));
    desk.news(News::Link(Link::Live));
    desk.news(everybody());
    away(&mut desk, "the connection was cut");
    desk.wait(Duration::from_secs(2));
    desk.news(News::Link(Link::Live));
    desk.news(News::Missed);
    desk.news(everybody());
    desk.news(News::Events(vec![event(1, EventKind::Moved, None, Some("17"))]));
    assert_eq!(desk.notice(), "Redis is back after 4 s: more than 1 event was missed", "one that flaps is one outage");
}

#[test]
fn what_no_notification_told_of_is_counted_while_they_arrive() {
    let unheard = || {
        let new = read_later(waiting(8, 0, 230), 30);
        News::Snapshot(vec![read_later(waiting(2, 10, 230), 30), new, read_later(ended(1, State::Found, 0), 30)])
    };
    let mut desk = Desk::in_town(120, 40);
    desk.wait(Duration::from_secs(30));
    desk.news(unheard());
    assert_eq!(desk.model.outages.drift, 2);
    desk.news(unheard());
    assert_eq!(desk.model.outages.drift, 2, "known by now");
    let mut desk = Desk::in_town(120, 40);
    desk.wait(Duration::from_secs(30));
    let young = |search: Search| Search { read_at: START + Duration::from_secs(1), ..search };
    desk.news(News::Snapshot(vec![young(waiting(8, 0, 230)), young(ended(1, State::Found, 0))]));
    assert_eq!(desk.model.outages.drift, 0, "it may be on its way");
    let mut desk = Desk::in_town(120, 40);
    desk.news(News::Link(Link::Polling("CONFIG is forbidden".to_owned())));
    desk.wait(Duration::from_secs(30));
    desk.news(unheard());
    assert_eq!(desk.model.outages.drift, 0, "nothing else was to be expected");
}

#[test]
fn what_was_not_heard_while_nothing_could_be_is_counted_however_young_it_is() {
    let mut desk = Desk::in_town(120, 40);
    desk.news(News::Deafened);
    desk.news(News::Snapshot(vec![waiting(2, 10, 230), waiting(8, 0, 230), ended(1, State::Found, 0)]));
    assert_eq!((desk.model.outages.cuts, desk.model.outages.drift), (1, 2));
    desk.news(News::Snapshot(vec![waiting(2, 10, 230), waiting(8, 0, 230), waiting(9, 0, 230)]));
    assert_eq!(desk.model.outages.drift, 2, "what is heard now may be on its way");
}

#[test]
fn who_is_gone_with_key_and_record_has_not_expired() {
    let mut desk = Desk::in_town(120, 40);
    let gone = |n| Search { key: Key::Gone, record: Record::Foreign, ..read_later(waiting(n, 10, 230), 5) };
    away(&mut desk, "connection refused");
    desk.wait(Duration::from_secs(5));
    desk.news(News::Link(Link::Live));
    // Redis is back without its data.
    let effects = desk.news(News::Snapshot(Vec::new()));
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Ask(asked) if asked.contains(&id(1)))), "{effects:?}");
    desk.news(News::Searches(vec![gone(1), gone(2)]));
    assert_eq!(desk.model.searches.get(id(1)), None, "it is not called expired");
    assert_eq!(desk.model.searches.waiting().0, 1, "the foreign one has not been asked about yet");
    assert_eq!(desk.notice(), "2 requests are gone from Redis without an end: 1 and 2");
    desk.news(News::Searches(vec![gone(1)]));
    assert_eq!(desk.model.searches.get(id(1)), None);
}

#[test]
fn news_that_a_box_hides_is_read_when_it_is_closed() {
    let mut desk = Desk::in_town(120, 40);
    desk.press("?");
    away(&mut desk, "connection refused");
    desk.wait(Duration::from_secs(5));
    desk.news(News::Link(Link::Live));
    desk.news(News::Snapshot(vec![waiting(1, 48, 192), waiting(2, 10, 230)]));
    for _ in 0..4 {
        desk.wait(Duration::from_secs(6));
    }
    desk.press("esc");
    assert_eq!(desk.notice(), "Redis is back after 5 s: nothing was missed");
}

#[test]
fn no_countdown_comes_to_its_end_while_redis_is_away() {
    let mut desk = Desk::in_town(120, 40);
    desk.wait(Duration::from_secs(1));
    desk.vitals(7);
    away(&mut desk, "connection refused");
    desk.wait(Duration::from_mins(10));
    assert!(desk.effects.iter().all(|effect| !matches!(effect, Effect::Ask(_))), "nobody would answer");
    assert!(desk.model.searches.get(id(1)).unwrap().is_waiting());
    assert!(desk.model.searches.get(id(900)).unwrap().is_waiting());
    desk.vitals(7);
    desk.news(News::Link(Link::Live));
    let effects = desk.news(News::Snapshot(vec![waiting(2, 700, 200)]));
    let Some(Effect::Ask(asked)) = effects.iter().find(|effect| matches!(effect, Effect::Ask(_))) else {
        panic!("{effects:?}")
    };
    assert!(asked.contains(&id(1)) && asked.contains(&id(900)), "who is gone is asked about: {asked:?}");
    desk.news(News::Searches(vec![read_later(ended(1, State::Found, 0), 601), read_later(foreign(900, 50), 601)]));
    assert_eq!(desk.model.searches.get(id(1)).unwrap().state(), State::Found, "and only then it is known");
}

#[test]
fn keys_act_on_what_is_there_while_redis_is_away() {
    let mut desk = Desk::in_town(120, 40);
    let first = desk.selected();
    desk.press("/");
    desk.type_text("re");
    away(&mut desk, "connection refused");
    desk.type_text("q");
    desk.press("enter");
    assert_eq!(desk.rows(), [1, 2, 3, 4], "the filter goes on being typed");
    desk.press("down");
    assert_ne!(desk.selected(), first);
    desk.press("?");
    assert!(matches!(desk.model.layers.last(), Some(Layer::Help(_))));
    desk.press("esc");
    desk.effects.clear();
    for line in ["search", "place x -33,-70", "cancel 1", "retry 1", "extend", "move kilo -33,-70"] {
        desk.press(":");
        desk.type_text(line);
        desk.press("enter");
        assert_eq!(desk.notice(), "nothing was sent: Redis is away (connection refused)", "{line}");
    }
    assert!(!desk.effects.iter().any(|effect| matches!(effect, Effect::Do(..))));
    assert!(desk.model.layers.is_empty());
}

#[test]
fn a_question_that_was_open_when_the_link_went_down_sends_nothing() {
    let mut desk = Desk::in_town(120, 40);
    desk.press("down");
    desk.press("c");
    assert!(matches!(desk.model.layers.last(), Some(Layer::Confirm(_))));
    away(&mut desk, "connection refused");
    let effects = desk.press("y");
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Do(..))), "{effects:?}");
    assert_eq!(desk.notice(), "nothing was sent: Redis is away (connection refused)");
}

#[test]
fn that_redis_takes_no_changes_has_a_beginning_and_an_end() {
    let mut desk = Desk::in_town(120, 40);
    let full = || {
        let (ailment, advice) = ("has no memory left and takes no changes", "raise maxmemory");
        News::Refusing(Some(Refusing { ailment, advice }))
    };
    desk.news(full());
    desk.wait(Duration::from_secs(5));
    desk.news(full());
    assert_eq!(desk.model.outages.refusing.unwrap().1, Duration::ZERO, "since the first time");
    desk.vitals(7);
    assert_eq!(desk.model.age(), Some(Duration::ZERO), "the picture is live");
    desk.news(News::Refusing(None));
    assert_eq!(desk.model.outages.refusing, None);
}

#[test]
fn the_link_can_be_looked_at() {
    let mut desk = Desk::in_town(120, 40);
    desk.press(":");
    desk.type_text("link");
    desk.press("enter");
    assert!(matches!(desk.model.layers.last(), Some(Layer::Link)));
    desk.press("esc");
    assert!(desk.model.layers.is_empty());
}
