//! A picture that was stopped goes on as if it had not been.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;

use crate::console::fixtures::{Desk, START, ended, event, foreign, id, sighting, waiting};
use crate::console::message::{Effect, News};
use crate::domain::{Around, EventKind, FleetView, Key, Record, RequestId, Search, State};

/// What a reading says of one of a few requests.
#[derive(Debug, Clone, Copy)]
enum Said {
    Waits(u64),
    Ended(State),
    Foreign(u64),
    KeyGone,
    RecordGone,
}

#[derive(Debug, Clone)]
enum Step {
    Searches(Vec<(u64, Said)>),
    Snapshot(Vec<(u64, Said)>),
    Fleet(u8),
    Events(u8),
    Life(u8),
    Around(u64),
    Missed,
    Wait(u64),
    Pause,
}

fn said() -> impl Strategy<Value = Vec<(u64, Said)>> {
    let said = prop_oneof![
        (1..300_u64).prop_map(Said::Waits),
        prop_oneof![Just(State::Found), Just(State::Cancelled), Just(State::Expired)].prop_map(Said::Ended),
        (1..100_u64).prop_map(Said::Foreign),
        Just(Said::KeyGone),
        Just(Said::RecordGone),
    ];
    prop::collection::vec((1..8_u64, said), 0..4)
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => said().prop_map(Step::Searches),
        1 => said().prop_map(Step::Snapshot),
        1 => any::<u8>().prop_map(Step::Fleet),
        3 => (0..40_u8).prop_map(Step::Events),
        1 => any::<u8>().prop_map(Step::Life),
        1 => any::<u64>().prop_map(Step::Around),
        1 => Just(Step::Missed),
        3 => (1..40_000_u64).prop_map(Step::Wait),
        2 => Just(Step::Pause),
    ]
}

fn search(desk: &Desk, n: u64, said: Said) -> Search {
    let read_at = START + desk.at;
    let search = match said {
        Said::Waits(left) => waiting(n, 10, left),
        Said::Ended(state) => {
            let mut search = ended(n, state, 0);
            if let Record::Whole(request) = &mut search.record {
                request.ended_at = Some(read_at);
            }
            search
        }
        Said::Foreign(left) => foreign(n, left),
        Said::KeyGone => Search { key: Key::Gone, ..waiting(n, 10, 10) },
        Said::RecordGone => Search { key: Key::Gone, ..foreign(n, 10) },
    };
    Search { read_at, ..search }
}

/// Takes a step, but for a pause; `told` numbers the events.
fn take(desk: &mut Desk, step: &Step, told: &mut u64) {
    let read = |desk: &Desk, said: &[(u64, Said)]| said.iter().map(|(n, said)| search(desk, *n, *said)).collect();
    let news = match step {
        Step::Searches(said) => News::Searches(read(desk, said)),
        Step::Snapshot(said) => News::Snapshot(read(desk, said)),
        Step::Fleet(n) => {
            let drivers = vec![sighting("2", -33.4 - f64::from(*n) / 1_000.0, -70.6)];
            News::Fleet(FleetView { drivers, blocks: Vec::new(), total: 1, took: Duration::ZERO })
        }
        Step::Events(count) => {
            let events = (0..*count).map(|_| {
                *told += 1;
                let mut opened = event(9, EventKind::Opened, Some(*told % 7 + 1), None);
                opened.id.seq = *told;
                opened
            });
            News::Events(events.collect())
        }
        Step::Life(at) => News::Life(id(1), vec![event(u64::from(*at % 5), EventKind::Opened, Some(1), None)]),
        Step::Around(free) => News::Around(id(1), Around { free: *free, stale: 0, nearest: Vec::new() }),
        Step::Missed => News::Missed,
        Step::Wait(ms) => {
            desk.wait(Duration::from_millis(*ms));
            return;
        }
        Step::Pause => return,
    };
    desk.news(news);
}

proptest! {
    #[test]
    fn a_pause_leaves_no_trace(steps in prop::collection::vec(step(), 1..60)) {
        let (mut going, mut stopped) = (Desk::in_town(120, 40), Desk::in_town(120, 40));
        let (mut told, mut told_stopped) = (0, 0);
        for step in &steps {
            take(&mut going, step, &mut told);
            take(&mut stopped, step, &mut told_stopped);
            if matches!(step, Step::Pause) {
                stopped.press("p");
            }
            prop_assert_eq!(going.model.alarms.riders(), stopped.model.alarms.riders());
        }
        if stopped.model.held.is_some() {
            stopped.press("p");
        }
        let rows = |desk: &Desk| -> BTreeMap<RequestId, _> {
            let known = |row: &crate::console::model::Row| (row.search.clone(), row.standing, row.ended_at, row.whole, desk.model.searches.is_asked(row.search.id));
            desk.model.searches.all().map(|row| (row.search.id, known(row))).collect()
        };
        prop_assert_eq!(rows(&going), rows(&stopped));
        prop_assert_eq!(going.model.searches.shown(), stopped.model.searches.shown());
        prop_assert_eq!(going.model.waiting(), stopped.model.waiting());
        prop_assert_eq!(&going.model.events, &stopped.model.events);
        prop_assert_eq!(&going.model.map.fleet, &stopped.model.map.fleet);
        prop_assert_eq!(going.model.detail.around(id(1)), stopped.model.detail.around(id(1)));
        prop_assert_eq!(going.model.detail.life(id(1)), stopped.model.detail.life(id(1)));
        let now = START + going.at;
        prop_assert_eq!(going.model.numbers.figures(now), stopped.model.numbers.figures(now));
    }
}

#[test]
fn what_is_held_back_is_bounded_by_what_the_table_holds() {
    let mut desk = Desk::in_town(120, 40);
    desk.press("p");
    for n in 0..2_000 {
        let found = ended(10_000 + n, State::Found, 0);
        let read_at = START + desk.at;
        let mut search = Search { read_at, ..found };
        if let Record::Whole(request) = &mut search.record {
            request.ended_at = Some(read_at);
        }
        desk.news(News::Searches(vec![search]));
        desk.news(News::Events(vec![event(10 + n, EventKind::Found, Some(10_000 + n), None)]));
        desk.wait(Duration::from_secs(1));
    }
    assert!(desk.model.newest_searches().count() < 70, "{}", desk.model.newest_searches().count());
    let (changed, told) = desk.model.held.as_ref().unwrap().counts();
    assert!(changed < 70 && told == 2_000, "{changed} {told}");
}

#[test]
fn whose_time_is_up_is_asked_about_behind_the_picture() {
    let mut desk = Desk::in_town(120, 40);
    desk.press("p");
    let asked = desk.wait(Duration::from_secs(71));
    assert_eq!(asked, [Effect::Ask(vec![id(900)])]);
    assert_eq!(desk.wait(Duration::from_secs(1)), [], "once");
    desk.news(News::Searches(vec![Search { key: Key::Gone, read_at: START + desk.at, ..foreign(900, 0) }]));
    assert!(desk.model.searches.get(id(900)).unwrap().is_waiting(), "it stands in the picture as it did");
    assert_eq!(desk.model.held.as_ref().unwrap().counts(), (1, 0));
}
