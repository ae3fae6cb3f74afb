//! What an operator does with searches and drivers, on made-up news and keys.

use std::time::Duration;

use crate::console::fixtures::{Desk, START, driver, ended, event, foreign, id, options, place, seal, waiting};
use crate::console::message::{Deed, Effect, Errand, Link, Message, Mishap, News, Outcome, Unsettled};
use crate::console::model::{Armed, Layer, Model, Pane, Tone};
use crate::domain::{Around, Candidate, Driver, EventKind, FleetView, Key, Metres, Near, Search, State};

/// A desk with the search 1 selected, and what is known around it.
fn desk() -> Desk {
    let mut desk = Desk::in_town(120, 40);
    desk.press("down");
    assert_eq!(desk.selected(), Some(1));
    let near = |name: &str, distance_m, stale| Near {
        candidate: Candidate { driver: driver(name, -33.4, -70.6), distance_m, geohash: 0 },
        seen: Some(START - Duration::from_secs(20)),
        stale,
    };
    let nearest = vec![near("9", 4_000.0, true), near("17", 6_200.0, false), near("21", 7_400.0, false)];
    desk.news(News::Around(id(1), Around { free: 0, stale: 1, nearest }));
    desk
}

fn errands(effects: &[Effect]) -> Vec<Errand> {
    let errand = |effect: &Effect| match effect {
        Effect::Do(errand, _) => Some(errand.clone()),
        _ => None,
    };
    effects.iter().filter_map(errand).collect()
}

/// The deeds of the one errand that is sent.
fn deeds(effects: &[Effect]) -> Vec<Deed> {
    errands(effects).into_iter().flat_map(|errand| errand.deeds).collect()
}

/// Presses a key and lets what it sends out go well in this way.
fn do_well(desk: &mut Desk, effects: &[Effect], outcome: &Outcome) {
    let errand = errands(effects).pop().expect("an errand");
    let outcomes = errand.deeds.iter().map(|_| Ok(outcome.clone())).collect();
    desk.send(Message::Done(errand, outcomes));
}

#[test]
fn one_search_is_extended_widened_and_retried_without_a_question() {
    for (key, deed) in [
        ("e", Deed::Extend(id(1), 60_000)),
        ("r", Deed::Retry(id(1))),
        ("w", Deed::Widen(id(1), Metres(6_500.0), None)),
    ] {
        assert_eq!(deeds(&desk().press(key)), [deed], "{key}");
    }
}

#[test]
fn what_became_of_it_is_told() {
    let mut desk = desk();
    let effects = desk.press("e");
    do_well(&mut desk, &effects, &Outcome::Until(START + Duration::from_secs(252)));
    assert_eq!(desk.notice(), "request 1 has 60 s more, until 14:07:12");
    let effects = desk.press("r");
    do_well(&mut desk, &effects, &Outcome::NobodyFound);
    assert_eq!(desk.notice(), "request 1 was attempted: no driver yet");
    assert_eq!(desk.model.notice.as_ref().unwrap().tone, Tone::Plain, "nothing to be proud of");
    let effects = desk.press("w");
    do_well(&mut desk, &effects, &Outcome::RadiusWas(Metres(5_000.0)));
    assert_eq!(desk.notice(), "request 1 looks as far as 6.5 km");
}

#[test]
fn a_driver_is_chosen_nearest_first_and_given() {
    let mut desk = desk();
    desk.press("a");
    assert!(matches!(desk.model.layers.last(), Some(Layer::Choose(_))));
    desk.press("down");
    desk.press("down");
    desk.press("down");
    desk.press("up");
    let effects = desk.press("enter");
    assert_eq!(deeds(&effects), [Deed::Assign(id(1), "17".parse().unwrap())]);
    assert!(desk.model.layers.is_empty());
    let refused = Mishap::Refused("driver 17 is not on the map: found for request 2 1 s ago".to_owned());
    desk.send(Message::Done(errands(&effects).remove(0), vec![Err(refused)]));
    assert_eq!(desk.notice(), "driver 17 is not on the map: found for request 2 1 s ago", "who was faster");
}

#[test]
fn a_list_that_is_left_gives_nobody() {
    let mut desk = desk();
    desk.press("a");
    assert_eq!(deeds(&desk.press("esc")), []);
    assert!(desk.model.layers.is_empty());
}

#[test]
fn marked_searches_are_named_in_one_question_and_answered_one_by_one() {
    let mut desk = desk();
    desk.press(" ");
    desk.press(" ");
    assert_eq!(desk.model.searches.marked(), [id(1), id(2)]);
    assert_eq!(deeds(&desk.press("c")), [], "nothing before the yes");
    let Some(Layer::Confirm(confirm)) = desk.model.layers.last() else { panic!("no question") };
    assert_eq!(confirm.question, "Cancel 2 requests: 1 and 2?");
    let effects = desk.press("y");
    assert_eq!(deeds(&effects), [Deed::Cancel(id(1)), Deed::Cancel(id(2))]);
    assert!(desk.model.searches.marked().is_empty(), "the marks were for this");

    let refused = Mishap::Refused("request 2 has ended already: found".to_owned());
    desk.send(Message::Done(errands(&effects).remove(0), vec![Ok(Outcome::Done), Err(refused)]));
    assert_eq!(desk.notice(), "1 of 2 done");
    let Some(Layer::Results(results)) = desk.model.layers.last() else { panic!("no results") };
    let lines: Vec<_> = results.lines.iter().map(|line| (line.tone, line.text.as_str())).collect();
    assert_eq!(lines, [(Tone::Good, "request 1 cancelled"), (Tone::Bad, "request 2 has ended already: found")]);
    desk.press("esc");
    let effects = desk.press("u");
    assert_eq!(deeds(&effects), [Deed::Reopen(id(1))], "only what was done is undone");
}

#[test]
fn several_that_go_well_are_told_in_one_line() {
    let mut desk = desk();
    desk.press(" ");
    desk.press(" ");
    desk.press("e");
    let effects = desk.press("y");
    do_well(&mut desk, &effects, &Outcome::Done);
    assert_eq!(desk.notice(), "extended: 1 and 2");
    assert!(desk.model.layers.is_empty());
}

#[test]
fn marks_that_the_filter_hides_are_named() {
    let mut desk = desk();
    desk.press(" ");
    desk.press("/");
    desk.type_text("requestor_2");
    desk.press("enter");
    desk.press(" ");
    desk.press("x");
    let Some(Layer::Confirm(confirm)) = desk.model.layers.last() else { panic!("no question") };
    assert_eq!(confirm.question, "Expire now 2 requests: 2 and 1 (1 hidden by the filter)?");
}

#[test]
fn marked_ones_that_have_ended_are_left_out() {
    let mut desk = desk();
    desk.press(" ");
    desk.press(" ");
    desk.news(News::Searches(vec![Search { read_at: START, ..ended(2, State::Found, 0) }]));
    desk.press("r");
    let Some(Layer::Confirm(confirm)) = desk.model.layers.last() else { panic!("no question") };
    assert_eq!(confirm.question, "Attempt now 1 request: 1 (1 more marked, but ended already)?");
    let effects = desk.press("y");
    assert_eq!(deeds(&effects), [Deed::Retry(id(1))]);
    assert!(desk.model.searches.marked().is_empty(), "the marks were for this, of one as of several");
}

#[test]
fn a_list_of_drivers_stands_still_while_they_drive() {
    let mut desk = desk();
    desk.press("a");
    desk.press("down");
    let near = |name: &str, distance_m| Near {
        candidate: Candidate { driver: driver(name, -33.4, -70.6), distance_m, geohash: 0 },
        seen: Some(START),
        stale: false,
    };
    let nearest = vec![near("21", 1_000.0), near("17", 6_000.0)];
    desk.news(News::Around(id(1), Around { free: 1, stale: 0, nearest }));
    assert_eq!(deeds(&desk.press("enter")), [Deed::Assign(id(1), "17".parse().unwrap())], "as it was chosen");
}

#[test]
fn a_list_that_is_open_before_anything_is_known_is_filled() {
    let mut desk = Desk::in_town(120, 40);
    desk.press("down");
    desk.press("a");
    assert_eq!(deeds(&desk.press("enter")), []);
    assert_eq!(desk.notice(), "nobody was chosen");
    desk.press("a");
    let candidate = Candidate { driver: driver("17", -33.4, -70.6), distance_m: 900.0, geohash: 0 };
    let nearest = vec![Near { candidate, seen: None, stale: false }];
    desk.news(News::Around(id(1), Around { free: 1, stale: 0, nearest }));
    assert_eq!(deeds(&desk.press("enter")), [Deed::Assign(id(1), "17".parse().unwrap())]);
}

#[test]
fn marked_drivers_are_taken_off_and_brought_back_together() {
    let mut desk = desk();
    desk.press("2");
    desk.press("down");
    desk.press(" ");
    desk.press(" ");
    assert_eq!(deeds(&desk.press("D")), [], "nothing before the yes");
    let Some(Layer::Confirm(confirm)) = desk.model.layers.last() else { panic!("no question") };
    assert_eq!(confirm.question, "Take 2 drivers: 2 and 17 off the map?");
    let effects = desk.press("y");
    let [two, seventeen] = ["2", "17"].map(|name| name.parse().unwrap());
    assert_eq!(deeds(&effects), [Deed::Remove(two, None), Deed::Remove(seventeen, None)]);
    assert!(desk.model.marked_drivers().is_empty());
    do_well(&mut desk, &effects, &Outcome::StoodAt(place(-33.47, -70.70)));
    assert_eq!(desk.notice(), "taken off the map: 2 and 17");
    let effects = desk.press("u");
    let back = |name| Deed::Place(driver(name, -33.47, -70.70));
    assert_eq!(deeds(&effects), [back("2"), back("17")]);
    do_well(&mut desk, &effects, &Outcome::Done);
    assert_eq!(desk.notice(), "set on the map: 2 and 17 (undone)");
}

#[test]
fn what_was_done_to_searches_leaves_the_marks_of_drivers() {
    let mut desk = desk();
    desk.press("2");
    desk.press("down");
    desk.press(" ");
    desk.press("1");
    desk.press("e");
    assert_eq!(desk.model.marked_drivers().len(), 1);
}

#[test]
fn what_happens_on_the_map_shows_it() {
    for keys in [&["]", "m"][..], &["M"], &["down", "enter"], &["B", "b"]] {
        let mut desk = Desk::in_town(60, 16);
        assert_eq!(desk.model.focus, Pane::Searches);
        for key in keys {
            desk.press(key);
        }
        assert_eq!(desk.model.focus, Pane::Map, "{keys:?}");
    }
}

#[test]
fn the_last_action_is_undone_as_a_new_one() {
    let mut desk = desk();
    desk.press("c");
    let effects = desk.press("y");
    do_well(&mut desk, &effects, &Outcome::Done);
    let effects = desk.press("u");
    assert_eq!(errands(&effects), [Errand { deeds: vec![Deed::Reopen(id(1))], undoing: true }]);
    do_well(&mut desk, &effects, &Outcome::Until(START + Duration::from_secs(192)));
    assert_eq!(desk.notice(), "request 1 waits again, until 14:06:12 (undone)");
    assert_eq!(deeds(&desk.press("u")), [], "an undoing is not undone");
    assert!(desk.notice().starts_with("there is nothing to undo"));
}

#[test]
fn a_moved_driver_goes_back_only_from_where_it_was_put() {
    let mut desk = desk();
    desk.press("]");
    desk.press("m");
    desk.press("right");
    let effects = desk.press("enter");
    let sent = deeds(&effects);
    let [Deed::Move(moved, None)] = sent.as_slice() else { panic!("{effects:?}") };
    do_well(&mut desk, &effects, &Outcome::StoodAt(place(-33.47, -70.70)));
    let back = Deed::Move(Driver { place: place(-33.47, -70.70), ..moved.clone() }, Some(moved.place));
    assert_eq!(deeds(&desk.press("u")), [back]);
}

#[test]
fn who_drops_a_driver_that_another_moved_meanwhile_is_told_first() {
    let mut desk = desk();
    desk.press("]");
    desk.press("m");
    desk.press("right");
    desk.news(News::Events(vec![event(30, EventKind::Moved, None, Some("2"))]));
    assert_eq!(deeds(&desk.press("enter")), []);
    let Some(Layer::Confirm(confirm)) = desk.model.layers.last() else { panic!("no question") };
    assert!(confirm.question.starts_with("Meanwhile driver 2: moved"), "{}", confirm.question);
    assert!(confirm.question.contains("by ana@desk"), "{}", confirm.question);
    let effects = desk.press("y");
    assert!(matches!(deeds(&effects).as_slice(), [Deed::Move(_, None)]), "{effects:?}");
}

#[test]
fn what_cannot_be_undone_says_why_and_what_would_be_next() {
    let mut desk = desk();
    let effects = desk.press("e");
    do_well(&mut desk, &effects, &Outcome::Done);
    desk.press("x");
    let effects = desk.press("y");
    do_well(&mut desk, &effects, &Outcome::Done);
    assert_eq!(deeds(&desk.press("u")), []);
    assert!(desk.notice().starts_with("expiring request 1 can't be undone: its time is up"), "{}", desk.notice());
    assert!(desk.notice().ends_with("next would be extending request 1"), "{}", desk.notice());
    assert_eq!(deeds(&desk.press("u")), [Deed::Extend(id(1), -60_000)]);
}

#[test]
fn a_picture_that_is_stopped_holds_back_and_counts() {
    let mut desk = desk();
    desk.press("p");
    let before = desk.rows();
    desk.news(News::Searches(vec![Search { read_at: START, ..ended(1, State::Found, 0) }, waiting(7, 0, 240)]));
    desk.news(News::Events(vec![event(9, EventKind::Found, Some(1), Some("17"))]));
    desk.news(News::Fleet(FleetView::default()));
    assert_eq!(desk.wait(Duration::from_secs(50)), [], "nothing vanishes");
    assert_eq!(desk.rows(), before);
    assert_eq!(desk.model.map.fleet.drivers.len(), 7);
    assert_eq!(desk.model.held.as_ref().unwrap().counts(), (2, 1));
    assert_eq!(desk.model.picture_now(), Some(START), "countdowns stand still");
    desk.press("p");
    assert!(desk.model.held.is_none());
    assert_eq!(desk.model.searches.get(id(1)).unwrap().state(), State::Found);
    assert!(desk.model.searches.get(id(7)).is_some());
    assert!(desk.model.map.fleet.drivers.is_empty());
    assert_eq!(desk.model.events.back().unwrap().kind, EventKind::Found);
}

#[test]
fn a_picture_can_be_stopped_before_the_figures_have_come() {
    let mut desk = Desk { model: Model::new(options(), (120, 40)), at: Duration::ZERO, effects: Vec::new() };
    desk.news(News::Link(Link::Live));
    desk.news(News::Snapshot(vec![waiting(1, 48, 192)]));
    desk.press("p");
    assert_eq!(desk.model.picture_now(), Some(START), "the time of the reading");
    assert!(desk.model.held.is_some());
}

#[test]
fn what_is_selected_is_copied() {
    let copied = |desk: &mut Desk| {
        desk.press("y").into_iter().find_map(|effect| match effect {
            Effect::Copy(text) => Some(text),
            _ => None,
        })
    };
    let mut desk = desk();
    assert_eq!(copied(&mut desk).as_deref(), Some("1"));
    desk.press("2");
    desk.press("]");
    assert_eq!(copied(&mut desk).as_deref(), Some("2"), "a driver's id");
    desk.press("3");
    assert_eq!(copied(&mut desk).as_deref(), Some("-33.470000,-70.700000"), "on the map its place");
}

#[test]
fn the_theme_goes_on_to_the_next() {
    let mut desk = desk();
    let before = desk.model.options.look.theme;
    desk.press("t");
    assert_ne!(desk.model.options.look.theme, before);
}

#[test]
fn of_several_the_unknown_and_the_vain_are_told_apart() {
    let mut desk = desk();
    desk.press(" ");
    desk.press(" ");
    desk.press("r");
    let errand = errands(&desk.press("y")).remove(0);
    let vain = || Ok(Outcome::NobodyFound);
    let lost = Err(Mishap::Unknown("no answer in time".to_owned(), seal(1)));
    let effects = desk.send(Message::Done(errand.clone(), vec![vain(), lost]));
    assert_eq!(effects, [Effect::Settle(vec![Unsettled { deed: Deed::Retry(id(2)), seal: seal(1) }])]);
    assert_eq!(desk.notice(), "0 of 2 done, 1 in vain, 1 not known");
    desk.send(Message::Done(errand, vec![vain(), vain()]));
    assert_eq!(desk.notice(), "0 of 2 done, 2 in vain");
    assert_eq!(desk.model.notice.as_ref().unwrap().tone, Tone::Plain);
}

#[test]
fn an_undo_that_cannot_be_sent_can_be_tried_again() {
    let mut desk = desk();
    let effects = desk.press("e");
    do_well(&mut desk, &effects, &Outcome::Done);
    desk.news(News::Link(Link::Away("connection refused".to_owned())));
    assert_eq!(deeds(&desk.press("u")), []);
    assert_eq!(desk.notice(), "nothing was sent: Redis is away (connection refused)");
    desk.news(News::Link(Link::Live));
    assert_eq!(deeds(&desk.press("u")), [Deed::Extend(id(1), -60_000)]);
}

#[test]
fn a_single_mark_is_taken_off_by_its_deed_and_no_mark_by_another() {
    let mut desk = desk();
    desk.press(" ");
    desk.press("e");
    assert_eq!(deeds(&desk.press("y")), [Deed::Extend(id(1), 60_000)]);
    assert!(desk.model.searches.marked().is_empty(), "the mark was for this");
    desk.press(" ");
    desk.press("3");
    desk.press("s");
    assert_eq!(desk.model.searches.marked(), [id(2)], "a search that is opened leaves it");
}

#[test]
fn a_console_that_can_act_is_not_armed_for_a_time() {
    let mut desk = desk();
    let run = |desk: &mut Desk, line: &str| {
        desk.press(":");
        desk.type_text(line);
        desk.press("enter")
    };
    assert!(!run(&mut desk, "arm 10m").iter().any(|effect| matches!(effect, Effect::Arm(_))));
    assert!(desk.notice().starts_with("this console can act already"), "{}", desk.notice());
    assert_eq!(desk.model.armed, Armed::Always);
    assert!(run(&mut desk, "disarm").contains(&Effect::Arm(None)));
    let span = Duration::from_mins(10);
    assert!(run(&mut desk, "arm 10m").contains(&Effect::Arm(Some(span))));
    assert!(run(&mut desk, "arm 20m").contains(&Effect::Arm(Some(2 * span))), "a time can be set anew");
    desk.press("c");
    desk.at += Duration::from_mins(20);
    assert_eq!(deeds(&desk.press("y")), [], "its time was up before the yes");
    assert_eq!(desk.notice(), "this console only looks since :disarm; :arm 10m lets it act");
}

#[test]
fn a_stopped_picture_holds_up_no_alarm_and_rings_for_none_that_is_over() {
    let mut desk = desk();
    desk.model.options.alarms.bell = true;
    desk.press("p");
    desk.news(News::Searches(vec![Search { key: Key::Cancelled, read_at: START, ..foreign(900, 70) }]));
    let rings = |effects: &[Effect]| effects.contains(&Effect::Ring);
    assert!(!rings(&desk.wait(Duration::from_mins(1))), "900 has ended behind the picture");
    let soon = Search { read_at: START + desk.at, ..waiting(7, 220, 20) };
    assert!(rings(&desk.news(News::Searches(vec![soon]))), "7 waits behind it");
    assert!(desk.model.searches.get(id(7)).is_none());
}

#[test]
fn the_numbers_go_on_behind_a_stopped_picture_however_much_happens() {
    let mut desk = desk();
    desk.press("p");
    let arrivals = |desk: &Desk| desk.model.numbers.figures(START + Duration::from_mins(1)).unwrap().arrivals;
    let before = arrivals(&desk);
    for n in 0..2_000 {
        let mut opened = event(5, EventKind::Opened, Some(1_000 + n), None);
        opened.id.seq = n;
        desk.news(News::Events(vec![opened]));
    }
    assert_eq!(arrivals(&desk), before + 2_000);
    desk.press("p");
    assert_eq!(arrivals(&desk), before + 2_000, "nothing is counted twice");
}

#[test]
fn the_detail_stands_with_the_picture_and_goes_on_without_a_gap() {
    let mut desk = desk();
    desk.news(News::Life(id(1), vec![event(0, EventKind::Opened, Some(1), None)]));
    desk.press("p");
    desk.news(News::Around(id(1), Around { free: 9, stale: 0, nearest: Vec::new() }));
    desk.news(News::Events(vec![event(9, EventKind::Extended, Some(1), None)]));
    let others = (0..600).map(|n| event(10 + n, EventKind::Attempted, Some(2), None)).collect();
    desk.news(News::Events(others));
    let life = |desk: &Desk| desk.model.detail.life(id(1)).unwrap().iter().map(|e| e.kind.clone()).collect::<Vec<_>>();
    assert_eq!(desk.model.detail.around(id(1)).unwrap().free, 0);
    assert!(!life(&desk).contains(&EventKind::Extended));
    desk.press("p");
    assert_eq!(desk.model.detail.around(id(1)).unwrap().free, 9);
    assert_eq!(life(&desk).iter().filter(|kind| **kind == EventKind::Extended).count(), 1, "{:?}", life(&desk));
}

#[test]
fn a_search_that_is_chosen_while_the_picture_stands_keeps_its_detail() {
    let mut desk = desk();
    let around = |free| Around { free, stale: 0, nearest: Vec::new() };
    desk.press("p");
    desk.news(News::Around(id(1), around(1)));
    desk.press("down");
    desk.news(News::Around(id(2), around(2)));
    desk.press("p");
    assert_eq!(desk.model.detail.around(id(2)), Some(&around(2)));
}

#[test]
fn a_life_that_was_read_before_the_last_event_has_it_all_the_same() {
    let mut desk = desk();
    let opened = || vec![event(0, EventKind::Opened, Some(1), None)];
    desk.news(News::Events(vec![event(9, EventKind::Extended, Some(1), None)]));
    for _ in 0..2 {
        desk.news(News::Life(id(1), opened()));
        let seconds: Vec<_> = desk.model.detail.life(id(1)).unwrap().iter().map(|e| e.id.at.since(START)).collect();
        assert_eq!(seconds, [0, 1, 9].map(Duration::from_secs));
    }
}
