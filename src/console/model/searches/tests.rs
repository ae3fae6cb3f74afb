//! What is kept up with each change is what a walk through all rows would find.

use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::console::fixtures::{START, ended, foreign, id, listed, place, waiting};
use crate::console::model::filter::{Filter, Moment};
use crate::domain::{Standing, State};

/// What happens to the table.
#[derive(Debug, Clone)]
enum Step {
    /// So much later this is read.
    Read(u64, Vec<(u64, Said)>),
    Nearest(u64, Option<u32>),
    /// So many seconds go by, and whose time is up is asked about.
    Wait(u64),
    Sort(usize, bool),
    Filter(&'static str),
}

#[derive(Debug, Clone, Copy)]
enum Said {
    Waits(u64, u64),
    Listed(u64, u64),
    Foreign(u64),
    Ended(State),
}

fn said() -> impl Strategy<Value = Said> {
    prop_oneof![
        (0..100u64, 1..200u64).prop_map(|(ago, left)| Said::Waits(ago, left)),
        (0..100u64, 1..200u64).prop_map(|(ago, left)| Said::Listed(ago, left)),
        (1..200u64).prop_map(Said::Foreign),
        prop_oneof![Just(State::Found), Just(State::Expired), Just(State::Cancelled)].prop_map(Said::Ended),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let read =
        (0..9_000u64, prop::collection::vec((1..40u64, said()), 1..20)).prop_map(|(ms, all)| Step::Read(ms, all));
    prop_oneof![
        4 => read,
        1 => (1..40u64, prop::option::of(1..9_000u32)).prop_map(|(n, metres)| Step::Nearest(n, metres)),
        1 => (1..50u64).prop_map(Step::Wait),
        1 => (0..7usize, any::<bool>()).prop_map(|(by, descending)| Step::Sort(by, descending)),
        1 => prop_oneof![Just(""), Just("requestor_1"), Just("!2"), Just("state:waiting"), Just("tries:>1")].prop_map(Step::Filter),
    ]
}

fn read(n: u64, said: Said, at: UnixMs) -> Search {
    let search = match said {
        Said::Waits(ago, left) => waiting(n, ago, left),
        Said::Listed(ago, left) => listed(n, ago, left),
        Said::Foreign(left) => foreign(n, left),
        Said::Ended(state) => ended(n, state, 5),
    };
    Search { read_at: at, ..search }
}

/// What a walk through all rows finds: those that are let through in order, who waits, and by when.
fn check(table: &Searches, filter: &Filter, moment: Moment) -> Result<(), TestCaseError> {
    let mut sieve = filter.sieve(moment);
    let mut hits: Vec<&Row> = table.all().filter(|row| sieve.lets_search(row)).collect();
    hits.sort_by(|a, b| table.sorted.compare(a, b));
    let shown: Vec<&Row> = table.shown.rows().iter().map(Arc::as_ref).collect();
    prop_assert_eq!(&shown, &hits);
    let waiting = || table.all().filter(|row| row.is_waiting());
    let foreign = waiting().filter(|row| row.search.record == Record::Foreign).count();
    prop_assert_eq!(table.waiting(), (waiting().count(), foreign));
    prop_assert_eq!(table.unread(), waiting().filter(|row| matches!(row.search.record, Record::Listed(_))).count());
    let deadlines: BTreeSet<_> = waiting().filter_map(|row| Some((row.deadline()?, row.search.id))).collect();
    prop_assert!(table.deadlines().eq(deadlines.iter().copied()));
    let next = deadlines.iter().find(|(_, id)| !table.is_asked(*id)).map(|(at, _)| *at);
    prop_assert_eq!(table.next_deadline(), next);
    for row in table.all() {
        let is_hit = hits.iter().any(|hit| hit.search.id == row.search.id);
        prop_assert_eq!(table.is_hit(row.search.id), is_hit);
        prop_assert_eq!(table.place_of(row.search.id).is_some(), is_hit);
    }
    prop_assert_eq!(table.marked_hidden(), table.marked().iter().filter(|id| !table.is_hit(**id)).count());
    prop_assert_eq!(table.selected().is_some(), !shown.is_empty());
    Ok(())
}

proptest! {
    #[test]
    fn what_is_kept_up_is_what_is_there(steps in prop::collection::vec(step(), 1..40)) {
        let (mut table, mut filter, mut now) = (Searches::default(), Filter::default(), START);
        table.set_height(7);
        for step in steps {
            match step {
                Step::Read(ms, all) => {
                    now = now + Duration::from_millis(ms);
                    table.take(all.into_iter().map(|(n, said)| read(n, said, now)).collect(), now);
                }
                Step::Nearest(n, metres) => {
                    let driver = |metres| Candidate { driver: crate::console::fixtures::driver("9", -33.4, -70.6), distance_m: f64::from(metres), geohash: 0 };
                    table.take_nearest(vec![(id(n), metres.map(driver))]);
                }
                Step::Wait(seconds) => {
                    now = now + Duration::from_secs(seconds);
                    let expected: Vec<_> = table.deadlines().filter(|(at, id)| *at < now && !table.is_asked(*id)).map(|(_, id)| id).collect();
                    prop_assert_eq!(table.overdue(now), expected);
                    let old: BTreeSet<_> = table.all().filter(|row| row.ended_at.is_some_and(|at| now.since(at) >= ENDED_STAYS)).map(|row| row.search.id).collect();
                    prop_assert_eq!(table.forget_old(now).into_iter().collect::<BTreeSet<_>>(), old);
                    table.toggle_mark();
                }
                Step::Sort(by, descending) => {
                    table.sorted = SortOrder { by: SearchColumn::ALL[by], descending };
                    table.unsettled = true;
                }
                Step::Filter(text) => {
                    filter = Filter::parse(text);
                    table.unsettled = true;
                }
            }
            let moment = Moment { now: Some(now), cursor: place(-33.45, -70.63) };
            if table.has_changed() {
                table.settle(&mut filter.sieve(moment), false);
            }
            check(&table, &filter, moment)?;
        }
    }
}

fn settled(searches: Vec<Search>) -> Searches {
    let mut table = Searches::default();
    table.set_height(10);
    table.take(searches, START);
    settle(&mut table);
    table
}

fn settle(table: &mut Searches) {
    let moment = Moment { now: Some(START), cursor: place(-33.45, -70.63) };
    table.settle(&mut Filter::default().sieve(moment), false);
}

#[test]
fn a_row_that_is_read_in_full_stays_where_it_is() {
    let mut table = settled((1..100).map(|n| listed(n, 10, 100 + n)).collect());
    table.move_selection(49);
    let (selected, hidden) = (table.selected, table.hidden());
    table.take(vec![waiting(50, 10, 150), waiting(47, 10, 147)], START);
    settle(&mut table);
    assert_eq!((table.selected, table.hidden()), (selected, hidden));
    let row = table.selected().unwrap();
    assert_eq!((row.search.id, row.rider()), (id(50), "requestor_50"));
    assert_eq!((table.unread(), table.waiting()), (97, (99, 0)));
}

#[test]
fn what_the_record_told_stays_when_the_lists_are_read_again() {
    let mut table = settled(vec![waiting(1, 10, 100), ended(2, State::Cancelled, 5)]);
    let mut later = listed(1, 10, 160);
    if let Record::Listed(listed) = &mut later.record {
        listed.radius_m = 8_000.0;
    }
    // A cancel that was taken back: its record is another one by now.
    table.take(vec![later, listed(2, 10, 90)], START);
    settle(&mut table);
    let row = table.get(id(1)).unwrap();
    assert_eq!((row.rider(), row.search.radius_m()), ("requestor_1", Some(8_000.0)));
    assert_eq!(row.deadline(), Some(START + Duration::from_secs(160)));
    let again = table.get(id(2)).unwrap();
    assert_eq!((again.rider(), again.standing), ("", Standing::Waiting(Some(START + Duration::from_secs(90)))));
}

#[test]
fn two_readings_of_the_lists_are_one_change() {
    let mut table = settled(vec![listed(1, 10, 100)]);
    let before = table.version();
    let later = START + Duration::from_secs(7);
    let again = |left| Search {
        key: crate::domain::Key::Active(Some(Duration::from_millis(left))),
        read_at: later,
        ..listed(1, 10, 100)
    };
    table.take(vec![again(93_008)], later);
    assert_eq!(table.version(), before);
    table.take(vec![again(93_030)], later);
    assert_ne!(table.version(), before);
}
