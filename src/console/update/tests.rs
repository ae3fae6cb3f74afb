//! The model on made-up news and keys; time is set, never slept.

use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::console::fixtures::{Desk, START, driver, ended, event, foreign, id, listed, seal, sighting, waiting};
use crate::console::keymap::{Context, Keymap};
use crate::console::layout::inside;
use crate::console::message::{Deed, Effect, Errand, Link, Message, Mishap, News};
use crate::console::model::{Armed, Layer, Tone};
use crate::domain::{EventKind, FleetView, Key, Record, Search, State, UserId, Vitals};

fn done(effects: &[Effect]) -> Option<&Deed> {
    effects.iter().find_map(|effect| match effect {
        Effect::Do(errand, _) => errand.deeds.first(),
        _ => None,
    })
}

fn errand(deed: Deed) -> Errand {
    Errand { deeds: vec![deed], undoing: false }
}

#[test]
fn rows_stand_by_deadline_and_the_ended_below() {
    let desk = Desk::in_town(120, 40);
    assert_eq!(desk.rows(), [900, 1, 2, 3, 4]);
    assert_eq!(desk.model.searches.waiting(), (3, 1));
}

#[test]
fn the_selection_is_an_id_and_keeps_its_line() {
    let mut desk = Desk::in_town(120, 40);
    desk.press("down");
    assert_eq!(desk.selected(), Some(1));
    let line = |desk: &Desk| desk.rows().iter().position(|n| *n == 1);
    let sooner = (10..15).map(|n| waiting(n, 100, n));
    let later = (20..80).map(|n| waiting(n, 100, 200 + n));
    desk.news(News::Searches(sooner.chain(later).collect()));
    assert_eq!(desk.selected(), Some(1), "arrivals do not change what is selected");
    assert_eq!(line(&desk), Some(1), "nor where it stands on the screen");
    desk.news(News::Searches(vec![Search { read_at: START, ..ended(1, State::Found, 0) }]));
    assert_eq!(desk.selected(), Some(1), "nor does its end");
}

#[test]
fn a_selected_row_that_goes_leaves_a_selection() {
    let mut desk = Desk::in_town(120, 40);
    for _ in 0..4 {
        desk.press("down");
    }
    assert_eq!(desk.selected(), Some(4));
    desk.wait(Duration::from_secs(45));
    assert!(!desk.rows().contains(&4));
    assert!(desk.selected().is_some());
}

#[test]
fn an_ended_request_stays_for_a_minute() {
    let mut desk = Desk::in_town(120, 40);
    desk.wait(Duration::from_secs(54));
    assert!(desk.rows().contains(&3), "59 s after its end");
    desk.wait(Duration::from_secs(2));
    assert!(!desk.rows().contains(&3), "61 s after its end");
}

#[test]
fn at_zero_redis_is_asked_once() {
    let mut desk = Desk::in_town(120, 40);
    assert_eq!(desk.wait(Duration::from_secs(70)), [], "not before its time is up");
    let effects = desk.wait(Duration::from_millis(1));
    assert!(effects.contains(&Effect::Ask(vec![id(900)])), "{effects:?}");
    assert_eq!(
        desk.model.searches.get(id(900)).unwrap().state(),
        State::Searching,
        "nothing is claimed before the answer"
    );
    assert!(!desk.wait(Duration::from_millis(10)).iter().any(|e| matches!(e, Effect::Ask(_))), "asked already");

    let gone = Search { key: Key::Gone, read_at: START + desk.at, ..foreign(900, 0) };
    desk.news(News::Searches(vec![gone]));
    assert_eq!(desk.model.searches.get(id(900)).unwrap().state(), State::Expired);
}

#[test]
fn a_deadline_that_was_moved_is_counted_anew() {
    let mut desk = Desk::in_town(120, 40);
    desk.wait(Duration::from_secs(71));
    let later = Search { key: Key::Active(Some(Duration::from_secs(30))), read_at: START + desk.at, ..foreign(900, 0) };
    desk.news(News::Searches(vec![later]));
    assert!(!desk.wait(Duration::from_secs(29)).iter().any(|e| matches!(e, Effect::Ask(_))));
    assert!(desk.wait(Duration::from_millis(1_001)).contains(&Effect::Ask(vec![id(900)])));
}

#[test]
fn countdowns_follow_redis_clock_and_not_ours() {
    let mut desk = Desk::new(120, 40);
    desk.at = Duration::from_hours(1);
    desk.vitals(0);
    let start = START + Duration::from_hours(1);
    desk.news(News::Searches(vec![Search { read_at: start, ..waiting(1, 0, 240) }]));
    desk.wait(Duration::from_secs(40));
    let deadline = desk.model.searches.get(id(1)).unwrap().deadline().unwrap();
    assert_eq!(deadline.since(desk.model.redis_now().unwrap()), Duration::from_secs(200));
}

#[test]
fn what_a_snapshot_does_not_tell_of_is_asked_about() {
    let mut desk = Desk::in_town(120, 40);
    let effects = desk.news(News::Snapshot(vec![waiting(2, 10, 230)]));
    assert!(effects.contains(&Effect::Ask(vec![id(1), id(900)])), "{effects:?}");
    assert_eq!(desk.model.searches.get(id(1)).unwrap().state(), State::Searching, "and not guessed");
}

#[test]
fn a_destructive_key_asks_first_and_names_what_it_means() {
    for (key, question, deed) in [
        ("c", "Cancel request 1 of requestor_1?", Deed::Cancel(id(1))),
        ("x", "Expire request 1 of requestor_1 now?", Deed::Expire(id(1))),
    ] {
        let mut desk = Desk::in_town(120, 40);
        desk.press("down");
        assert_eq!(done(&desk.press(key)), None, "nothing is done by {key} alone");
        let Some(Layer::Confirm(confirm)) = desk.model.layers.last() else { panic!("no question") };
        assert_eq!(confirm.question, question);
        assert_eq!(done(&desk.press("z")), None, "any other key is no yes");
        let effects = desk.press("y");
        assert_eq!(done(&effects), Some(&deed));
        assert!(desk.model.layers.is_empty());
    }
}

#[test]
fn a_no_is_a_no() {
    for no in ["n", "esc"] {
        let mut desk = Desk::in_town(120, 40);
        desk.press("c");
        assert_eq!(done(&desk.press(no)), None);
        assert!(desk.model.layers.is_empty());
    }
}

#[test]
fn with_yes_nothing_is_asked() {
    let mut desk = Desk::in_town(120, 40);
    desk.model.options.yes = true;
    let effects = desk.press("c");
    assert_eq!(done(&effects), Some(&Deed::Cancel(id(900))));
}

#[test]
fn what_is_meant_is_what_was_asked_whatever_comes_in_between() {
    let mut desk = Desk::in_town(120, 40);
    desk.press("c");
    desk.news(News::Searches(vec![waiting(5, 0, 3)]));
    desk.press("tab");
    let effects = desk.press("y");
    assert_eq!(done(&effects), Some(&Deed::Cancel(id(900))));
}

#[test]
fn an_ended_request_is_not_ended_again() {
    let mut desk = Desk::in_town(120, 40);
    for _ in 0..3 {
        desk.press("down");
    }
    assert_eq!(desk.press("c"), []);
    assert_eq!(desk.notice(), "request 3 has ended already: found");
}

#[test]
fn a_search_opens_at_the_cursor() {
    let mut desk = Desk::in_town(120, 40);
    let cursor = desk.model.map.projection.cursor();
    let effects = desk.press("s");
    assert_eq!(done(&effects), Some(&Deed::Open(cursor, None)));
}

#[test]
fn a_driver_is_carried_and_dropped() {
    let mut desk = Desk::in_town(120, 40);
    desk.press("]");
    desk.press("]");
    assert_eq!(desk.model.map.selected_driver().unwrap().id.as_str(), "17");
    desk.press("m");
    assert_eq!(desk.model.context(), Context::Carry);
    for _ in 0..3 {
        assert_eq!(done(&desk.press("right")), None);
    }
    let effects = desk.press("enter");
    let Some(Deed::Move(moved, None)) = done(&effects) else { panic!("{effects:?}") };
    let columns = (moved.place.lng() + 70.60) / desk.model.map.projection.column_deg();
    assert_eq!(moved.id.as_str(), "17");
    assert!((columns - 3.0).abs() < 1e-6, "{columns}");
    assert!((moved.place.lat() + 33.42).abs() < 1e-9);
}

#[test]
fn a_driver_is_put_back() {
    let mut desk = Desk::in_town(120, 40);
    desk.press("]");
    desk.press("m");
    desk.press("right");
    assert_eq!(done(&desk.press("esc")), None);
    assert_eq!(desk.model.context(), Context::Searches);
    assert!(desk.model.map.carry.is_none());
}

#[test]
fn drivers_are_selected_in_turn_and_go_round() {
    let mut desk = Desk::in_town(120, 40);
    let mut seen = Vec::new();
    for _ in 0..8 {
        desk.press("]");
        seen.push(desk.model.map.selected_driver().unwrap().id.to_string());
    }
    assert_eq!(seen, ["2", "17", "21", "33", "34", "40", "kilo", "2"]);
    desk.press("[");
    assert_eq!(desk.model.map.selected_driver().unwrap().id.as_str(), "kilo");
}

#[test]
fn a_driver_who_is_gone_cannot_be_grabbed() {
    let mut desk = Desk::in_town(120, 40);
    desk.press("]");
    desk.news(News::Fleet(FleetView::default()));
    desk.press("m");
    assert!(desk.model.map.carry.is_none());
    assert!(desk.notice().contains("no driver is selected"));
}

#[test]
fn a_filter_is_live_and_can_be_dropped() {
    let mut desk = Desk::in_town(120, 40);
    desk.press("/");
    desk.type_text("REQUESTOR_2");
    assert_eq!(desk.rows(), [2]);
    assert_eq!(desk.selected(), Some(2), "what is hidden is not selected");
    desk.press("enter");
    let effects = {
        desk.press("c");
        desk.press("y")
    };
    assert_eq!(done(&effects), Some(&Deed::Cancel(id(2))));
    desk.press("esc");
    assert_eq!(desk.rows().len(), 5);
}

#[test]
fn a_filter_finds_states_and_drivers() {
    let mut desk = Desk::in_town(120, 40);
    desk.press("/");
    desk.type_text("found");
    assert_eq!(desk.rows(), [3]);
    desk.press("esc");
    desk.press("/");
    desk.type_text("17");
    assert_eq!(desk.rows(), [3], "the driver who was found");
}

#[test]
fn a_form_says_what_is_wrong_and_opens_what_is_right() {
    let mut desk = Desk::in_town(120, 40);
    desk.press("S");
    for _ in 0..40 {
        desk.send(Message::Key(crossterm::event::KeyEvent::from(crossterm::event::KeyCode::Backspace)));
    }
    desk.type_text("95,0");
    assert_eq!(done(&desk.press("enter")), None);
    let Some(Layer::Form(form)) = desk.model.layers.last() else { panic!("the form is gone") };
    assert_eq!(form.error.as_deref(), Some("a latitude is a number from -85.05112878 to 85.05112878"));
    for _ in 0..4 {
        desk.send(Message::Key(crossterm::event::KeyEvent::from(crossterm::event::KeyCode::Backspace)));
    }
    desk.type_text("-33.4,-70.6");
    desk.press("tab");
    desk.type_text("ana");
    let effects = desk.press("enter");
    let rider: UserId = "ana".parse().unwrap();
    assert_eq!(done(&effects), Some(&Deed::Open(crate::console::fixtures::place(-33.4, -70.6), Some(rider))));
}

#[test]
fn a_new_driver_gets_a_name_that_is_free() {
    let mut desk = Desk::in_town(120, 40);
    desk.press("n");
    let effects = desk.press("enter");
    let Some(Deed::Place(placed)) = done(&effects) else { panic!("{effects:?}") };
    assert_eq!(placed.id.as_str(), "driver_8");
}

#[test]
fn while_redis_is_away_nothing_is_sent() {
    let mut desk = Desk::in_town(120, 40);
    desk.news(News::Link(Link::Away("connection refused".to_owned())));
    assert_eq!(done(&desk.press("s")), None);
    assert!(desk.notice().contains("nothing was sent"), "{}", desk.notice());
    assert_eq!(desk.rows().len(), 5, "the picture stays");
    desk.wait(Duration::from_secs(9));
    assert_eq!(desk.model.age(), Some(Duration::from_secs(9)), "and its age is known");
}

#[test]
fn a_refusal_is_told_as_it_is() {
    let mut desk = Desk::in_town(120, 40);
    let refused = Mishap::Refused("request 1 has ended already: cancelled by ben@desk".to_owned());
    desk.send(Message::Done(errand(Deed::Cancel(id(1))), vec![Err(refused)]));
    let notice = desk.model.notice.clone().unwrap();
    assert_eq!((notice.tone, notice.text.as_str()), (Tone::Bad, "request 1 has ended already: cancelled by ben@desk"));
    desk.wait(Duration::from_secs(7));
    assert_eq!(desk.model.notice, None);
}

#[test]
fn events_come_once_and_in_order() {
    let mut desk = Desk::in_town(120, 40);
    let before = desk.model.events.len();
    let again: Vec<_> = desk.model.events.iter().cloned().collect();
    desk.news(News::Events(again));
    assert_eq!(desk.model.events.len(), before);
}

#[test]
fn what_is_in_sight_is_told_to_the_feed_only_when_it_changes() {
    let mut desk = Desk::in_town(120, 40);
    let looks = |effects: &[Effect]| effects.iter().filter(|e| matches!(e, Effect::Look(_))).count();
    assert_eq!(looks(&desk.wait(Duration::from_secs(1))), 0);
    assert_eq!(looks(&desk.press("+")), 1, "a zoom shows another part of the earth");
    let effects = desk.send(Message::Resize(140, 45));
    assert_eq!(looks(&effects), 1);
}

#[test]
fn the_zoom_leaves_the_cursor_on_its_place() {
    let mut desk = Desk::in_town(120, 40);
    let before = desk.model.map.projection.cursor();
    for key in ["+", "+", "+", "-", "-"] {
        desk.press(key);
    }
    assert!(before.distance_m(desk.model.map.projection.cursor()) < 0.01);
}

#[test]
fn enter_centres_on_the_selection() {
    let mut desk = Desk::in_town(120, 40);
    desk.press("down");
    desk.press("enter");
    let pickup = waiting(1, 48, 192).request().unwrap().pickup;
    assert!(pickup.distance_m(desk.model.map.projection.cursor()) < 0.01);
    desk.press("tab");
    desk.press("]");
    desk.press("enter");
    assert!(driver("2", -33.47, -70.70).place.distance_m(desk.model.map.projection.cursor()) < 0.01);
}

#[test]
fn tab_goes_round_the_panes() {
    let mut desk = Desk::in_town(120, 40);
    let mut seen = vec![desk.model.context()];
    for _ in 0..4 {
        desk.press("tab");
        seen.push(desk.model.context());
    }
    assert_eq!(seen, [Context::Searches, Context::Drivers, Context::Map, Context::Events, Context::Searches]);
}

#[test]
fn a_damaged_record_is_shown_as_such() {
    let mut desk = Desk::new(120, 40);
    desk.news(News::Searches(vec![Search { record: Record::Damaged("lat".to_owned()), ..foreign(7, 60) }]));
    assert_eq!(desk.model.searches.get(id(7)).unwrap().rider(), "(damaged)");
}

#[test]
fn an_action_without_an_answer_is_not_called_undone() {
    let mut desk = Desk::in_town(120, 40);
    let unknown = Mishap::Unknown("no answer in time".to_owned(), seal(1));
    desk.send(Message::Done(errand(Deed::Cancel(id(1))), vec![Err(unknown)]));
    let notice = desk.model.notice.clone().unwrap();
    assert_eq!((notice.tone, notice.text.as_str()), (Tone::Unknown, "cancelling request 1 (no answer in time)"));
}

#[test]
fn an_older_reading_does_not_undo_a_newer_one() {
    let mut desk = Desk::in_town(120, 40);
    let later = START + Duration::from_secs(1);
    desk.news(News::Searches(vec![Search { read_at: later, ..ended(1, State::Found, 0) }]));
    desk.news(News::Searches(vec![waiting(1, 48, 192)]));
    assert_eq!(desk.model.searches.get(id(1)).unwrap().state(), State::Found);
}

#[test]
fn what_was_known_of_a_record_that_is_gone_is_kept() {
    let mut desk = Desk::in_town(120, 40);
    let gone = Search { key: Key::Gone, ..foreign(1, 0) };
    desk.news(News::Searches(vec![gone]));
    let row = desk.model.searches.get(id(1)).unwrap();
    assert_eq!((row.rider(), row.state()), ("requestor_1", State::Expired));
}

#[test]
fn a_bare_key_that_had_ended_before_it_was_seen_is_left_alone() {
    let mut desk = Desk::in_town(120, 40);
    desk.news(News::Searches(vec![Search { key: Key::Cancelled, ..foreign(77, 0) }]));
    assert!(!desk.rows().contains(&77));
}

#[test]
fn a_selected_row_that_ends_does_not_drag_the_waiting_out_of_sight() {
    let mut desk = Desk::in_town(120, 40);
    desk.news(News::Searches((10..90).map(|n| waiting(n, 100, 200 + n)).collect()));
    assert_eq!(desk.selected(), Some(900));
    desk.news(News::Searches(vec![Search { key: Key::Cancelled, ..foreign(900, 0) }]));
    assert_eq!(desk.selected(), Some(900), "it stays selected");
    assert_eq!(desk.rows()[0], 1, "and who waits stays in sight");
    desk.press("up");
    assert!(desk.rows().contains(&desk.selected().unwrap()), "a key brings the selection back into sight");
}

#[test]
fn the_picture_stands_still_while_redis_is_away() {
    let mut desk = Desk::in_town(120, 40);
    let before = desk.model.picture_now();
    desk.news(News::Link(Link::Away("connection refused".to_owned())));
    assert_eq!(desk.wait(Duration::from_secs(100)), [], "nothing is asked, nothing is let go of");
    assert_eq!(desk.model.picture_now(), before);
    assert_eq!(desk.rows().len(), 5);
    desk.press("s");
    desk.news(News::Link(Link::Live));
    assert_eq!(desk.notice(), "", "what was said while it was away is said no more");
}

#[test]
fn an_answer_stays_where_changes_are_heard_in_another_way() {
    let mut desk = Desk::in_town(120, 40);
    desk.press("u");
    let answer = desk.notice().to_owned();
    assert!(!answer.is_empty());
    desk.news(News::Link(Link::Polling("a canary is dead".to_owned())));
    assert_eq!(desk.notice(), answer);
    desk.news(News::Link(Link::Away("connection refused".to_owned())));
    assert_eq!(desk.notice(), "", "what is wrong stands there now");
}

#[test]
fn a_picture_that_cannot_be_read_is_not_called_fresh() {
    let mut desk = Desk::in_town(120, 40);
    desk.news(News::Unreadable("NOPERM".to_owned()));
    desk.wait(Duration::from_secs(5));
    desk.vitals(7);
    assert_eq!(desk.model.age(), Some(Duration::from_secs(5)));
    desk.news(News::Snapshot(vec![waiting(1, 48, 192), waiting(2, 10, 230)]));
    desk.vitals(7);
    assert_eq!(desk.model.age(), Some(Duration::ZERO));
}

#[test]
fn a_key_of_another_type_is_named_until_it_is_well() {
    let mut desk = Desk::in_town(120, 40);
    let spoilt = Vitals { misshapen: true, ..desk.model.vitals.unwrap() };
    assert_eq!(desk.news(News::Vitals(desk.at, spoilt)), [Effect::AskMisshapen]);
    desk.news(News::Misshapen(Some("drivers should be a stream".to_owned())));
    // Who waits can be read, and that says nothing of the rest.
    desk.news(News::Snapshot(vec![waiting(1, 48, 192), waiting(2, 10, 230)]));
    desk.news(News::Vitals(desk.at, spoilt));
    assert_eq!(desk.model.unreadable.as_deref(), Some("drivers should be a stream"));
    desk.vitals(7);
    assert_eq!(desk.model.unreadable, None);
    desk.news(News::Unreadable("NOPERM".to_owned()));
    desk.vitals(7);
    assert_eq!(desk.model.unreadable.as_deref(), Some("NOPERM"), "that is another matter");
}

#[test]
fn a_console_that_only_looks_says_so_at_the_key() {
    for key in ["s", "S", "m", "n", "D", "c", "x"] {
        let mut desk = Desk::in_town(120, 40);
        desk.model.options.read_only = true;
        desk.model.armed = Armed::Never;
        desk.press("]");
        assert_eq!(desk.press(key), [], "{key}");
        assert_eq!(desk.notice(), "this console only looks (--read-only); :arm 10m lets it act", "{key}");
        assert!(desk.model.layers.is_empty() && desk.model.map.carry.is_none(), "{key}");
    }
}

#[test]
fn the_extent_is_asked_once_at_a_time_and_again_where_it_failed() {
    let mut desk = Desk::new(120, 40);
    let asked = |effects: &[Effect]| effects.contains(&Effect::AskExtent);
    assert!(!asked(&desk.effects), "who waits is not known yet, and belongs on the map as well");
    assert!(asked(&desk.news(News::Snapshot(vec![waiting(1, 48, 192)]))));
    assert!(!asked(&desk.press("f")), "it is under way");
    desk.news(News::Extent(Err("no answer in time".to_owned())));
    assert!(desk.notice().contains("no answer in time"));
    assert!(asked(&desk.press("f")));
}

#[test]
fn where_searches_cannot_be_read_the_map_is_fitted_to_the_drivers() {
    let mut desk = Desk::new(120, 40);
    assert!(desk.news(News::Unreadable("NOPERM".to_owned())).contains(&Effect::AskExtent));
}

#[test]
fn what_cannot_be_done_is_not_asked_about() {
    let mut desk = Desk::in_town(120, 40);
    desk.news(News::Link(Link::Away("connection refused".to_owned())));
    desk.press("c");
    assert!(desk.model.layers.is_empty());
    assert!(desk.notice().contains("nothing was sent"), "{}", desk.notice());
}

#[test]
fn what_cannot_be_shown_cannot_be_typed() {
    let mut desk = Desk::in_town(120, 40);
    desk.press("/");
    desk.type_text("a\u{202e}\u{200b}b");
    assert_eq!(desk.model.filter().text(), "ab");
}

#[test]
fn the_table_is_bounded() {
    const MOST: u64 = crate::console::message::MOST_WAITING as u64;
    let mut desk = Desk::new(120, 40);
    let one = listed(1, 0, 200);
    desk.news(News::Searches((1..=MOST + 50).map(|n| Search { id: id(n), ..one.clone() }).collect()));
    assert_eq!(desk.model.searches.waiting().0 as u64, MOST);
}

#[test]
fn of_many_who_come_one_after_the_other_the_unheard_are_asked_about_at_the_end() {
    let mut desk = Desk::new(120, 40);
    desk.news(News::Searches((1..=4).map(|n| listed(n, 0, 200)).collect()));
    assert!(!desk.model.loaded && desk.model.is_read(), "it is known that there are some");
    assert!(desk.effects.contains(&Effect::AskExtent), "the map waits for no more");
    let opened_meanwhile = Search { read_at: START + Duration::from_secs(1), ..listed(5, 0, 200) };
    desk.news(News::Searches(vec![opened_meanwhile]));
    desk.news(News::Extent(Ok(None)));
    let effects = desk.news(News::AllTold([1, 2, 4].map(id).into(), START));
    assert!(effects.contains(&Effect::Ask(vec![id(3)])), "{effects:?}");
    assert!(effects.contains(&Effect::AskExtent), "it is fitted to all");
    desk.news(News::Extent(Ok(None)));
    assert!(!desk.news(News::AllTold([1, 2, 4].map(id).into(), START)).contains(&Effect::AskExtent), "once");
    assert!(desk.model.loaded);
    assert_eq!(
        desk.model.age(),
        Some(Duration::ZERO),
        "a link that is cut before the next beat leaves a picture with an age"
    );
    assert_eq!(desk.model.searches.get(id(3)).unwrap().state(), State::Searching, "and not guessed");
}

#[test]
fn the_feed_is_told_whom_to_read_in_full() {
    let mut desk = Desk::new(80, 24);
    desk.news(News::Searches((1..=500).map(|n| listed(n, 0, 100 + n)).collect()));
    let height = desk.rows().len() as u64;
    let ids = |numbers: std::ops::RangeInclusive<u64>| numbers.map(id).collect::<Vec<_>>();
    assert_eq!(desk.model.glance.near, ids(1..=2 * height));
    desk.press("G");
    assert_eq!(desk.model.glance.near, ids(501 - 2 * height..=500));
    assert!(!desk.model.glance.whole, "the lists know of deadlines");
    desk.press("/");
    desk.type_text("left:>1m");
    assert!(!desk.model.glance.whole);
    desk.type_text(" requestor_17");
    assert!(desk.model.glance.whole, "but not of riders");
    desk.press("esc");
    assert!(!desk.model.glance.whole);
    desk.press("o");
    desk.press("o");
    assert!(desk.model.glance.whole, "by rider");
}

#[test]
fn a_filter_that_is_dropped_gives_the_selection_back() {
    let mut desk = Desk::in_town(120, 40);
    desk.press("down");
    desk.press("/");
    desk.type_text("zzz");
    assert_eq!(desk.selected(), None, "nothing that is hidden is selected");
    desk.press("esc");
    assert_eq!(desk.selected(), Some(1));
    desk.press("/");
    desk.type_text("requestor");
    desk.press("enter");
    desk.press("down");
    desk.press("esc");
    assert_eq!(desk.selected(), Some(2), "unless another was chosen meanwhile");
}

#[test]
fn events_are_not_scrolled_past_the_oldest() {
    let mut desk = Desk::in_town(120, 40);
    desk.press("4");
    desk.press("up");
    let height = usize::from(inside(desk.model.areas().unwrap().events).height);
    assert_eq!(desk.model.events_back, 5 - height, "the oldest is in sight, and no more");
    desk.news(News::Events((10..60).map(|at| event(at, EventKind::Opened, Some(at), None)).collect()));
    for _ in 0..90 {
        desk.press("up");
    }
    assert_eq!(desk.model.events_back, 55 - height, "the pane stays full");
}

#[test]
fn a_measure_ends_with_its_key_or_esc() {
    let mut desk = Desk::in_town(120, 40);
    desk.press("3");
    desk.press("M");
    let from = desk.model.map.measuring.unwrap();
    assert_eq!(from, desk.model.map.projection.cursor());
    desk.press("l");
    assert_eq!(desk.model.map.measuring, Some(from), "it begins where it began");
    desk.press("M");
    assert_eq!(desk.model.map.measuring, None);
    assert!(desk.notice().contains("bearing 090 (E)"), "{}", desk.notice());
    desk.press("M");
    desk.press("esc");
    assert_eq!(desk.model.map.measuring, None);
    assert_eq!(desk.notice(), "");
}

#[test]
fn a_bookmark_brings_back_place_and_scale() {
    let mut desk = Desk::in_town(120, 40);
    desk.press("b");
    assert!(desk.notice().starts_with("there is no bookmark yet"), "{}", desk.notice());
    desk.press("B");
    assert!(desk.notice().starts_with("bookmark 1 set at"), "{}", desk.notice());
    let there = desk.model.map.projection;
    desk.press("3");
    for key in ["+", "+", "l", "j"] {
        desk.press(key);
    }
    assert!(!desk.press("b").is_empty(), "what is in sight now is read");
    assert_eq!(desk.notice(), "bookmark 1");
    let here = desk.model.map.projection;
    assert!(here.cursor().distance_m(there.cursor()) < 1.0);
    assert!((here.metres_per_column - there.metres_per_column).abs() < 1e-9);
}

#[test]
fn trails_are_kept_only_while_they_are_shown() {
    let mut desk = Desk::in_town(120, 40);
    let fleet = |lng| FleetView { drivers: vec![sighting("17", -33.44, lng)], ..FleetView::default() };
    let places = |desk: &Desk| desk.model.map.trails.as_ref().map(|trails| trails.paths().map(Iterator::count).sum());
    desk.news(News::Fleet(fleet(-70.64)));
    assert_eq!(places(&desk), None::<usize>);
    desk.press("T");
    assert_eq!(places(&desk), Some(1), "where they are is where a trail begins");
    desk.news(News::Fleet(fleet(-70.63)));
    assert_eq!(places(&desk), Some(2));
    desk.news(News::Fleet(FleetView::default()));
    assert_eq!(places(&desk), Some(0), "out of sight");
    desk.press("T");
    assert_eq!(places(&desk), None);
}

#[test]
fn what_is_said_names_the_keys_as_they_are_bound() {
    let mut desk = Desk::in_town(120, 40);
    let table = [("measure", "F7"), ("bookmark", "F8"), ("next-bookmark", "F9")];
    let table = table.map(|(name, key)| (name.to_owned(), vec![key.to_owned()])).into();
    desk.model.options.keymap = Arc::new(Keymap::rebound(&table).unwrap());
    for (key, told) in [(9, "F8 sets one"), (8, "F9 goes to the next one"), (7, "F7 again ends it")] {
        desk.send(Message::Key(KeyEvent::new(KeyCode::F(key), KeyModifiers::NONE)));
        assert!(desk.notice().contains(told), "{}", desk.notice());
    }
}
