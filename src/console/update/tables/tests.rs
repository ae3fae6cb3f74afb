//! Filter, orders and marks by their keys.

use std::time::Duration;

use proptest::prelude::*;

use crate::console::fixtures::{Desk, START, ended, foreign, id, sighting, waiting};
use crate::console::message::{Link, News};
use crate::console::model::{DriverColumn, Layer, Orders, Pane, SearchColumn, SortOrder};
use crate::domain::{Candidate, Driver, FleetView, Search, Sighting, State};

fn drivers(desk: &Desk) -> Vec<String> {
    desk.model.drivers_in_sight().map(|driver| driver.id.to_string()).collect()
}

fn driver(desk: &Desk) -> Option<&str> {
    desk.model.map.selected.as_ref().map(crate::domain::DriverId::as_str)
}

/// A desk whose table of drivers has the keys.
fn among_drivers() -> Desk {
    let mut desk = Desk::in_town(120, 40);
    desk.press("2");
    desk
}

fn by(searches: SearchColumn, descending: bool) -> Orders {
    Orders { searches: SortOrder { by: searches, descending }, ..Orders::default() }
}

fn by_drivers(by: DriverColumn, descending: bool) -> Orders {
    Orders { drivers: SortOrder { by, descending }, ..Orders::default() }
}

fn marked(desk: &Desk) -> Vec<u64> {
    desk.model.searches.marked().into_iter().map(crate::domain::RequestId::number).collect()
}

fn fleet(drivers: Vec<Sighting>) -> News {
    let mut drivers = drivers;
    drivers.sort_by(|a, b| a.id.cmp(&b.id));
    drivers.dedup_by(|a, b| a.id == b.id);
    let total = drivers.len() as u64;
    News::Fleet(FleetView { drivers, total, ..FleetView::default() })
}

#[test]
fn the_first_that_matches_is_selected() {
    let mut desk = Desk::in_town(120, 40);
    desk.press("G");
    assert_eq!(desk.selected(), Some(4));
    desk.press("/");
    desk.type_text("req");
    assert_eq!(desk.selected(), Some(4), "it matches, too");
    desk.type_text(" !4");
    assert_eq!((desk.selected(), desk.rows()[0]), (Some(1), 1));
    desk.press("esc");
    assert_eq!(desk.selected(), Some(4));
}

#[test]
fn drivers_are_in_sight_of_a_map_that_is_not_shown_yet() {
    let mut desk = Desk::in_town(60, 16);
    desk.press("2");
    let view = desk.model.glance.view.expect("the map is fitted");
    let there = |driver: &&Sighting| view.bounds.contains(driver.place);
    assert_eq!(desk.model.map.fleet.drivers.iter().filter(there).count(), 7);
}

#[test]
fn one_filter_holds_for_both_tables() {
    let mut desk = Desk::in_town(120, 40);
    desk.press("/");
    desk.type_text("state:waiting !external");
    assert_eq!(desk.rows(), [1, 2]);
    desk.press("esc");
    desk.press("2");
    desk.press("/");
    desk.type_text("3");
    assert_eq!(drivers(&desk), ["33", "34"]);
    assert_eq!(desk.model.focus, Pane::Drivers);
    assert_eq!(desk.rows(), [3], "and the searches follow");
}

#[test]
fn the_filter_goes_with_time_while_time_counts() {
    let mut desk = Desk::in_town(120, 40);
    desk.press("/");
    desk.type_text("left:<1m");
    assert_eq!(desk.rows(), [] as [u64; 0]);
    desk.wait(Duration::from_secs(10));
    assert_eq!(desk.rows(), [] as [u64; 0], "70 s less 10 s are not less than a minute");
    desk.wait(Duration::from_secs(1));
    assert_eq!(desk.rows(), [900]);
    desk.vitals(7);
    desk.news(News::Link(Link::Away("connection refused".to_owned())));
    desk.wait(Duration::from_secs(200));
    assert_eq!(desk.rows(), [900], "the picture stands still");
}

#[test]
fn the_filter_goes_with_the_cursor_where_it_says_near() {
    let mut desk = Desk::in_town(120, 40);
    desk.press("down");
    desk.press("enter");
    desk.press("/");
    desk.type_text("near:1500m");
    assert_eq!(desk.rows(), [1, 2], "the second is 1.1 km away");
    desk.press("enter");
    desk.press("3");
    for _ in 0..4 {
        desk.press("down");
    }
    assert!(!desk.rows().contains(&1), "{:?}", desk.rows());
}

#[test]
fn a_term_that_cannot_be_read_hides_nothing() {
    let mut desk = Desk::in_town(120, 40);
    desk.press("/");
    desk.type_text("left:<x");
    assert_eq!(desk.rows().len(), 5);
    assert_eq!(desk.model.filter().trouble(), Some("left: is written like left:<30s or left:>2m"));
}

#[test]
fn the_filter_holds_on_the_map_when_it_is_asked_to() {
    let mut desk = Desk::in_town(120, 40);
    desk.press("/");
    desk.type_text("17");
    desk.press("enter");
    let on_map = |desk: &Desk| (desk.model.drivers_on_map().count(), desk.model.pins.iter().count());
    assert_eq!(on_map(&desk), (7, 2));
    desk.press("F");
    assert_eq!(on_map(&desk), (1, 0));
    let drivers: Vec<&str> = desk.model.drivers_on_map().map(|driver| driver.id.as_str()).collect();
    assert_eq!(drivers, ["17"]);
    let hits = desk.model.searches.all().filter(|row| desk.model.searches.is_hit(row.search.id));
    assert_eq!(hits.map(|row| row.search.id).collect::<Vec<_>>(), [id(3)]);
    desk.news(fleet(vec![
        sighting("17", -33.42, -70.60),
        sighting("170", -33.43, -70.60),
        sighting("9", -33.4, -70.6),
    ]));
    assert_eq!(on_map(&desk), (2, 0), "whoever comes is judged");
    desk.press("F");
    assert_eq!(on_map(&desk), (3, 2));
}

#[test]
fn searches_are_sorted_by_each_column() {
    let mut desk = Desk::in_town(120, 40);
    let nearest = |n, metres| {
        let driver = Driver { id: "17".parse().unwrap(), place: crate::console::fixtures::place(-33.4, -70.6) };
        (id(n), Some(Candidate { driver, distance_m: metres, geohash: 0 }))
    };
    desk.news(News::Nearest(vec![nearest(1, 900.0), nearest(2, 300.0)]));
    for (column, upwards, downwards) in [
        (SearchColumn::Deadline, [900, 1, 2, 3, 4], [2, 1, 900, 4, 3]),
        (SearchColumn::Id, [1, 2, 3, 4, 900], [900, 4, 3, 2, 1]),
        (SearchColumn::Rider, [900, 1, 2, 3, 4], [4, 3, 2, 1, 900]),
        (SearchColumn::State, [900, 1, 2, 3, 4], [4, 3, 900, 1, 2]),
        // 1 and 4 were attempted twice; the foreign one by nobody knows how many.
        (SearchColumn::Tries, [2, 3, 1, 4, 900], [1, 4, 2, 3, 900]),
        (SearchColumn::Nearest, [2, 1, 900, 3, 4], [1, 2, 900, 3, 4]),
        (SearchColumn::Opened, [1, 2, 900, 4, 3], [2, 1, 900, 3, 4]),
    ] {
        desk.model.set_orders(by(column, false));
        assert_eq!(desk.rows(), upwards, "{column:?}");
        desk.model.set_orders(by(column, true));
        assert_eq!(desk.rows(), downwards, "{column:?} the other way round");
    }
}

#[test]
fn keys_go_through_the_columns_and_turn_the_order() {
    let mut desk = Desk::in_town(120, 40);
    desk.press("o");
    assert_eq!(desk.model.orders(), by(SearchColumn::Id, false));
    desk.press("O");
    assert_eq!(desk.model.orders(), by(SearchColumn::Id, true));
    assert_eq!(desk.rows(), [900, 4, 3, 2, 1]);
    assert_eq!(desk.selected(), Some(900));
    desk.press("2");
    desk.press("o");
    assert_eq!(desk.model.orders().drivers, SortOrder { by: DriverColumn::Age, descending: false });
    assert_eq!(desk.model.orders().searches.by, SearchColumn::Id, "each table has its own");
}

#[test]
fn a_head_sorts_and_turns() {
    let mut desk = Desk::in_town(120, 40);
    assert!(desk.model.sort_by_head(Pane::Searches, 8));
    assert_eq!(desk.model.orders(), by(SearchColumn::Rider, false));
    assert!(desk.model.sort_by_head(Pane::Searches, 7));
    assert_eq!(desk.model.orders(), by(SearchColumn::Rider, true));
    assert!(!desk.model.sort_by_head(Pane::Searches, 0), "the signs before the rows have no head");
    assert!(!desk.model.sort_by_head(Pane::Map, 8));
    desk.press("2");
    assert!(desk.model.sort_by_head(Pane::Drivers, 12));
    assert_eq!(desk.model.orders().drivers.by, DriverColumn::State);
}

#[test]
fn drivers_are_sorted_by_each_column() {
    let mut desk = among_drivers();
    let ago = |seconds| Some(START - Duration::from_secs(seconds));
    desk.news(fleet(vec![
        Sighting { seen: ago(90), stale: true, ..sighting("2", -33.451, -70.63) },
        Sighting { seen: ago(5), ..sighting("17", -33.47, -70.63) },
        Sighting { seen: None, ..sighting("kilo", -33.455, -70.63) },
    ]));
    desk.press("1");
    desk.press("down");
    desk.press("2");
    for (column, upwards, downwards) in [
        (DriverColumn::Id, ["2", "17", "kilo"], ["kilo", "17", "2"]),
        (DriverColumn::Age, ["17", "2", "kilo"], ["2", "17", "kilo"]),
        // From the pickup of request 1, at -33.45.
        (DriverColumn::Distance, ["2", "kilo", "17"], ["17", "kilo", "2"]),
        (DriverColumn::State, ["17", "2", "kilo"], ["kilo", "2", "17"]),
    ] {
        desk.model.set_orders(by_drivers(column, false));
        assert_eq!(drivers(&desk), upwards, "{column:?}");
        desk.model.set_orders(by_drivers(column, true));
        assert_eq!(drivers(&desk), downwards, "{column:?} the other way round");
    }
}

#[test]
fn distances_begin_at_the_selected_search_and_else_at_the_cursor() {
    let mut desk = among_drivers();
    let by_distance = by_drivers(DriverColumn::Distance, false);
    desk.model.set_orders(by_distance);
    assert_eq!(desk.model.origin(), (desk.model.map.projection.cursor(), None), "900 has no place");
    desk.press("1");
    desk.press("down");
    assert_eq!(desk.model.origin(), (waiting(1, 48, 192).request().unwrap().pickup, Some(id(1))));
    desk.press("2");
    assert_eq!(drivers(&desk)[0], "34", "2.3 km away");
}

#[test]
fn a_step_in_the_table_selects_on_the_map_and_brings_into_sight() {
    let mut desk = among_drivers();
    desk.press("down");
    assert_eq!(driver(&desk), Some("2"));
    desk.press("]");
    assert_eq!(driver(&desk), Some("17"), "there is one selection");
    desk.press("G");
    assert_eq!(driver(&desk), Some("kilo"));
    desk.press("down");
    assert_eq!(driver(&desk), Some("kilo"), "it stops at the end");
    desk.press("g");
    assert_eq!(driver(&desk), Some("2"));
    desk.news(fleet(vec![sighting("2", -33.47, -70.70), sighting("far", -30.0, -70.70)]));
    desk.press("down");
    assert_eq!(driver(&desk), Some("far"));
    let map = &desk.model.map.projection;
    assert!(map.view().bounds.contains(desk.model.map.selected_driver().unwrap().place));
}

#[test]
fn whoever_is_gone_leaves_its_place_to_go_on_from() {
    let mut desk = among_drivers();
    for _ in 0..3 {
        desk.press("down");
    }
    assert_eq!(driver(&desk), Some("21"));
    let others = ["2", "17", "33", "34"].map(|name| sighting(name, -33.42, -70.60));
    desk.news(fleet(others.to_vec()));
    assert_eq!(driver(&desk), Some("21"), "nobody else is selected by itself");
    desk.press("down");
    assert_eq!(driver(&desk), Some("33"));
}

#[test]
fn space_marks_and_goes_on() {
    let mut desk = Desk::in_town(120, 40);
    desk.press(" ");
    desk.press("down");
    desk.press(" ");
    assert_eq!(marked(&desk), [900, 2]);
    assert_eq!(desk.selected(), Some(3));
    desk.press("up");
    desk.press(" ");
    assert_eq!(marked(&desk), [900], "a second time takes the mark off");
}

#[test]
fn a_range_goes_from_the_last_mark_to_the_selection() {
    let mut desk = Desk::in_town(120, 40);
    desk.press("down");
    desk.press(" ");
    desk.press("down");
    desk.press("v");
    assert_eq!(marked(&desk), [1, 2, 3]);
    desk.press("g");
    desk.press("v");
    assert_eq!(marked(&desk), [900, 1, 2, 3], "and upwards, in the order that is shown");
}

#[test]
fn all_that_the_filter_shows_is_marked_or_nothing() {
    let mut desk = Desk::in_town(120, 40);
    desk.press("/");
    desk.type_text("requestor");
    desk.press("enter");
    desk.press("V");
    assert_eq!(marked(&desk), [1, 2, 3, 4]);
    desk.press("V");
    assert_eq!(marked(&desk), [] as [u64; 0]);
}

#[test]
fn marks_that_the_filter_hides_are_counted() {
    let mut desk = Desk::in_town(120, 40);
    desk.press("V");
    desk.press("/");
    desk.type_text("requestor_2");
    desk.press("enter");
    assert_eq!(marked(&desk), [2, 1, 3, 4, 900], "first what is shown");
    assert_eq!((desk.model.searches.marked_count(), desk.model.searches.marked_hidden()), (5, 4));
    desk.press("esc");
    assert_eq!(desk.model.searches.marked_count(), 0, "Esc drops the marks first");
    assert_eq!(desk.rows(), [2]);
    desk.press("esc");
    assert_eq!(desk.rows().len(), 5, "and then the filter");
}

#[test]
fn marks_of_what_is_let_go_of_go() {
    let mut desk = Desk::in_town(120, 40);
    desk.press("V");
    desk.wait(Duration::from_secs(56));
    assert_eq!(marked(&desk), [900, 1, 2]);
}

#[test]
fn drivers_are_marked_and_stay_so_out_of_sight() {
    let mut desk = among_drivers();
    desk.press(" ");
    assert_eq!(desk.notice(), "no row is selected: choose one with the arrows");
    desk.press("down");
    desk.press(" ");
    desk.press("down");
    desk.press("v");
    let names = |desk: &Desk| desk.model.marked_drivers().iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(names(&desk), ["2", "17", "21"]);
    assert_eq!(marked(&desk), [] as [u64; 0], "the searches have their own");
    desk.news(fleet(vec![sighting("17", -33.42, -70.60), sighting("33", -33.41, -70.66)]));
    assert_eq!(names(&desk), ["17", "2", "21"]);
    assert_eq!(desk.model.marked_drivers_count(), (3, 2));
    desk.press("V");
    assert_eq!(names(&desk), ["17", "33", "2", "21"]);
    desk.press("esc");
    assert!(!desk.model.has_marks());
}

#[test]
fn the_line_of_the_filter_stays_while_it_is_typed() {
    let mut desk = Desk::in_town(120, 40);
    desk.press("/");
    desk.type_text("V o");
    assert!(matches!(desk.model.layers.last(), Some(Layer::Filter(input)) if input.value() == "V o"));
    assert_eq!(desk.model.orders(), Orders::default());
}

/// What Redis may tell of the searches.
fn news() -> impl Strategy<Value = Vec<Search>> {
    let search = (1..60u64, 1..200u64, 5..300u64, 0..10u8).prop_map(|(n, ago, left, kind)| match kind {
        0 => ended(n, State::Found, ago % 50),
        1 => ended(n, State::Expired, ago % 50),
        2 => foreign(n, left),
        _ => waiting(n, ago, left),
    });
    proptest::collection::vec(search, 1..12)
}

fn filter() -> impl Strategy<Value = &'static str> {
    prop_oneof![Just(""), Just("requestor"), Just("!1"), Just("state:waiting"), Just("left:>1m")]
}

/// The line on which a row that stands at `position` of `count` is to be, where it stood on `line` of `height`.
fn line_to_be(position: usize, line: usize, count: usize, height: usize) -> usize {
    let most_hidden_above = count.saturating_sub(height).min(position);
    position - position.saturating_sub(line).min(most_hidden_above)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_selected_search_keeps_its_line(
        batches in proptest::collection::vec(news(), 2..8), by_column in 0..7usize, descending: bool, text in filter(), down in 0..25usize,
    ) {
        let mut desk = Desk::new(80, 24);
        desk.model.set_orders(by(SearchColumn::ALL[by_column], descending));
        desk.model.set_filter(text);
        desk.news(News::Searches((1..60).step_by(2).map(|n| waiting(n, n, 100 + n)).collect()));
        for _ in 0..down {
            desk.press("down");
        }
        let line = |desk: &Desk, wanted: u64| desk.rows().iter().position(|n| *n == wanted);
        for batch in batches {
            let Some(selected) = desk.selected() else { break };
            let (before, rows) = (line(&desk, selected).unwrap(), desk.rows());
            desk.news(News::Searches(batch));
            let row = desk.model.searches.get(id(selected)).unwrap();
            if !desk.model.searches.is_hit(row.search.id) {
                // Hidden by the filter; whoever stands there now is selected.
                prop_assert_eq!(desk.selected().is_some(), desk.model.searches.shown() > 0);
                prop_assert!(desk.selected().is_none_or(|now| line(&desk, now) == Some(before.min(desk.rows().len() - 1))));
                continue;
            }
            prop_assert_eq!(desk.selected(), Some(selected));
            if !row.is_waiting() {
                // It may sink away from those who wait, and then they keep their lines.
                break;
            }
            let (above, _) = desk.model.searches.hidden();
            let after = line(&desk, selected).unwrap();
            let count = desk.model.searches.shown();
            prop_assert_eq!(after, line_to_be(above + after, before, count, desk.rows().len().max(rows.len())));
        }
    }

    #[test]
    fn the_selected_driver_keeps_its_line(
        fleets in proptest::collection::vec(proptest::collection::vec((1..80u32, 0..90u64, 0..100u32), 20..60), 2..8),
        by_column in 0..4usize, descending: bool, text in prop_oneof![Just(""), Just("!7"), Just("age:<1m")], down in 1..25usize,
    ) {
        let mut desk = Desk::in_town(80, 24);
        desk.press("2");
        desk.model.set_orders(by_drivers(DriverColumn::ALL[by_column], descending));
        desk.model.set_filter(text);
        let mut selected: Option<(String, usize)> = None;
        for drivers_now in fleets {
            let drivers_now = drivers_now.into_iter().map(|(n, ago, place)| Sighting {
                seen: Some(START - Duration::from_secs(ago)),
                stale: ago > 70,
                ..sighting(&format!("driver_{n}"), -33.45 - f64::from(place) / 1_000.0, -70.65)
            });
            desk.news(fleet(drivers_now.collect()));
            if selected.is_none() {
                for _ in 0..down {
                    desk.press("down");
                }
            } else if let Some((name, before)) = &selected {
                prop_assert_eq!(driver(&desk), Some(name.as_str()));
                let (above, _) = desk.model.drivers.hidden();
                let Some(after) = drivers(&desk).iter().position(|other| other == name) else {
                    // Gone, or hidden by the filter.
                    break;
                };
                let height = crate::console::layout::table_rows(desk.model.areas().unwrap().drivers);
                prop_assert_eq!(after, line_to_be(above + after, *before, desk.model.drivers.shown(), height));
            }
            selected = driver(&desk).and_then(|name| Some((name.to_owned(), drivers(&desk).iter().position(|n| n == name)?)));
        }
    }
}
