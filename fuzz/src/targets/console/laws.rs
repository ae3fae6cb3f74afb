//! What holds for the console after every message.

use std::cmp::Ordering;
use std::collections::HashSet;

use cabstand::console::message::Effect;
use cabstand::console::model::{Model, Row, SearchColumn};
use cabstand::console::projection::SCALES;
use cabstand::domain::{Bounds, RequestId, State, UnixMs};
use ratatui::buffer::Buffer;

use crate::safe::{assert_safe, is_safe};

/// So many things lie over one another at the most: each is opened from the panes, or from the palette.
const MOST_LAYERS: usize = 3;
/// So many events are kept.
const MOST_EVENTS: usize = 500;

/// The tables, the map and what lies over them fit together.
pub(super) fn hold_model(model: &Model) {
    hold_searches(model);
    hold_drivers(model);
    let map = model.map.projection;
    assert!(Bounds::EARTH.contains(map.centre), "{map:?}");
    assert!((SCALES.0..=SCALES.1).contains(&map.metres_per_column), "{map:?}");
    assert!(Bounds::EARTH.contains(map.cursor()));
    assert!(model.map.carry.as_ref().is_none_or(|carry| Bounds::EARTH.contains(carry.at)));
    assert!(model.layers.len() <= MOST_LAYERS, "{:?}", model.layers);
    assert!(model.events.len() <= MOST_EVENTS && model.events_back <= model.events.len());
    assert!(model.events.iter().is_sorted_by(|a, b| a.id < b.id), "each event once, in the order of the stream");
    if let Some(notice) = &model.notice {
        assert_safe(&notice.text);
    }
    let glance = &model.glance;
    let in_sight: HashSet<RequestId> = model.searches.in_sight().map(|row| row.search.id).collect();
    assert!(glance.rows.iter().all(|(id, ..)| in_sight.contains(id)));
}

fn hold_searches(model: &Model) {
    let table = &model.searches;
    let (above, below) = table.hidden();
    let ids: Vec<RequestId> = table.in_sight().map(|row| row.search.id).collect();
    assert_eq!(above + ids.len() + below, table.shown(), "every row is in sight, above or below");
    assert!(table.shown() <= table.count());
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len(), "a request stands there twice");
    assert!(ids.iter().all(|id| table.is_hit(*id)));
    assert!(table.in_sight().all(|row| table.get(row.search.id) == Some(row)), "a row is out of date");
    match table.selected() {
        Some(row) => assert!(table.shown() == 0 || table.is_hit(row.search.id), "the selected row is not shown"),
        None => assert_eq!(table.shown(), 0, "nothing is selected, though there are rows"),
    }
    let waiting = table.all().filter(|row| row.is_waiting()).count();
    assert_eq!(table.waiting().0, waiting);
    assert!(table.marked().iter().all(|id| table.get(*id).is_some()), "a row is marked that is gone");
    assert_eq!(table.marked().len(), table.marked_count());
}

fn hold_drivers(model: &Model) {
    let (above, below) = model.drivers.hidden();
    let ids: Vec<_> = model.drivers_in_sight().map(|driver| &driver.id).collect();
    assert_eq!(above + ids.len() + below, model.drivers.shown(), "every driver is in sight, above or below");
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len(), "a driver stands there twice");
    assert!(model.drivers.shown() <= model.map.fleet.drivers.len());
}

/// What it wants done: nothing while nobody would hear, or while it only looks.
pub(super) fn hold_effect(effect: &Effect, model: &Model, away: bool) {
    match effect {
        Effect::Do(errand, _) => {
            assert!(!errand.deeds.is_empty());
            assert!(!away, "sent into the void: {errand:?}");
            assert!(model.armed.lets_through(model.now), "a console that only looks: {errand:?}");
        }
        Effect::Ask(ids) => assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len()),
        Effect::Copy(text) => assert_safe(text),
        Effect::Remember(memory) => memory.history.iter().for_each(|line| assert_safe(line)),
        _ => {}
    }
}

/// Nothing reaches the terminal that it would not show.
pub(super) fn hold_screen(buffer: &Buffer) {
    for cell in buffer.content() {
        assert!(is_safe(cell.symbol()), "{:?}", cell.symbol());
    }
}

/// The rows stand in the order that the table says, also those that came one by one; asked when all of them are in sight.
pub(super) fn hold_order(model: &Model) {
    let rows: Vec<&Row> = model.searches.in_sight().collect();
    assert_eq!(rows.len(), model.searches.shown(), "all are in sight");
    let through: HashSet<RequestId> =
        model.searches.all().map(|row| row.search.id).filter(|id| model.searches.is_hit(*id)).collect();
    assert_eq!(rows.len(), through.len(), "whoever is let through is shown");
    let order = model.searches.sorted();
    let is_ordered = rows.is_sorted_by(|a, b| compare(order.by, order.descending, a, b).is_le());
    let told: Vec<String> = rows.iter().map(|row| format!("{} {:?}", row.search.id, row.standing)).collect();
    assert!(is_ordered, "{order:?}: {told:#?}");
}

/// What `SortOrder` says of itself, written once more.
fn compare(by: SearchColumn, descending: bool, a: &Row, b: &Row) -> Ordering {
    let turn = |order: Ordering| if descending { order.reverse() } else { order };
    let ended_last = b.is_waiting().cmp(&a.is_waiting());
    match by {
        SearchColumn::Id => turn(a.search.id.cmp(&b.search.id)),
        SearchColumn::Tries => known_first(descending, tries(a), tries(b)),
        SearchColumn::Opened => {
            ended_last.then_with(|| known_first(descending, a.search.created_at(), b.search.created_at()))
        }
        SearchColumn::Deadline => ended_last
            .then_with(|| known_first(descending, a.deadline(), b.deadline()))
            .then_with(|| known_first(!descending, ended(a), ended(b))),
        SearchColumn::State => turn(rank(a.state()).cmp(&rank(b.state()))),
        SearchColumn::Nearest => ended_last,
        SearchColumn::Rider => Ordering::Equal,
    }
}

fn tries(row: &Row) -> Option<u64> {
    row.search.request().map(|request| request.attempts)
}

fn ended(row: &Row) -> Option<UnixMs> {
    row.ended_at
}

fn rank(state: State) -> u8 {
    match state {
        State::Searching => 0,
        State::Found => 1,
        State::Cancelled => 2,
        State::Expired => 3,
    }
}

fn known_first<T: Ord>(descending: bool, a: Option<T>, b: Option<T>) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) if descending => b.cmp(&a),
        (Some(a), Some(b)) => a.cmp(&b),
        (a, b) => a.is_none().cmp(&b.is_none()),
    }
}
