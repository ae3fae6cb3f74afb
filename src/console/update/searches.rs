//! What an operator does with searches: the selected one, or all that are marked.

use super::actions::send;
use super::report::named_requests;
use crate::console::message::{Deed, Effect, Errand, Link};
use crate::console::model::{Choose, Confirm, Layer, Model, Row, Tone, nearest_outside, wider};
use crate::domain::{DriverId, Metres, Record, RequestId, format_more};

/// So much time more is given by a key alone, in milliseconds.
pub const EXTENDED_BY_MS: i64 = 60_000;

pub(super) fn cancel(model: &mut Model) -> Vec<Effect> {
    end(model, "Cancel", "", Deed::Cancel)
}

pub(super) fn expire(model: &mut Model) -> Vec<Effect> {
    end(model, "Expire", " now", Deed::Expire)
}

/// Ends what is marked, or else what is selected, after a yes.
pub(super) fn end(model: &mut Model, verb: &str, when: &str, deed: fn(RequestId) -> Deed) -> Vec<Effect> {
    if model.searches.marked_count() > 0 {
        return for_targets(model, &format!("{verb}{when}"), |row| deed(row.search.id));
    }
    let Some(row) = waiting(model) else { return Vec::new() };
    ask_first(model, format!("{verb} {}{when}?", named(&row)), vec![deed(row.search.id)])
}

pub(super) fn extend(model: &mut Model, by_ms: i64) -> Vec<Effect> {
    let verb = format!("Give {} to", format_more(by_ms));
    for_targets(model, &verb, |row| Deed::Extend(row.search.id, by_ms))
}

pub(super) fn retry(model: &mut Model) -> Vec<Effect> {
    for_targets(model, "Attempt now", |row| Deed::Retry(row.search.id))
}

/// Widens to that radius; without one, to the nearest driver outside, or to twice the radius where none is known.
pub(super) fn widen(model: &mut Model, to: Option<Metres>) -> Vec<Effect> {
    // Only around the selected one it is known who is near.
    let selected = model.searches.selected().map(|row| row.search.id);
    let around = selected.and_then(|id| Some((id, model.detail.around(id)?.clone())));
    let new = |row: &Row| {
        let around = around.as_ref().filter(|(id, _)| *id == row.search.id).map(|(_, around)| around);
        let radius_m = row.search.radius_m().unwrap_or(0.0);
        let outside = around.and_then(|around| nearest_outside(around, radius_m));
        to.unwrap_or_else(|| wider(radius_m, outside.map(|near| near.candidate.distance_m)))
    };
    // The store says why one without a place can't be widened; any radius will do to ask it.
    let new = |row: &Row| if row.search.pickup().is_some() { new(row) } else { to.unwrap_or(Metres(1.0)) };
    let verb = to.map_or_else(|| "Widen".to_owned(), |radius| format!("Widen to {radius}"));
    for_targets(model, &verb, |row| Deed::Widen(row.search.id, new(row), None))
}

/// Opens the list of the drivers whom the selected search can be given.
pub(super) fn assign(model: &mut Model) {
    let Some(row) = waiting(model) else { return };
    if row.search.pickup().is_none() {
        model.say(Tone::Plain, format!("{} has no place, so nobody is near it", named(&row)));
        return;
    }
    let id = row.search.id;
    let candidates = model.detail.around(id).map(|around| around.nearest.clone());
    model.layers.push(Layer::Choose(Choose { request: id, candidates, chosen: 0 }));
}

/// Gives the search this driver.
pub(super) fn assign_to(model: &mut Model, id: RequestId, driver: DriverId) -> Vec<Effect> {
    send(model, vec![Deed::Assign(id, driver)])
}

/// One question for all that are marked; none for the selected one alone.
fn for_targets(model: &mut Model, verb: &str, deed: impl Fn(&Row) -> Deed) -> Vec<Effect> {
    let Some(targets) = targets(model) else { return Vec::new() };
    let deeds: Vec<Deed> = targets.iter().map(&deed).collect();
    if model.searches.marked_count() == 0 {
        return send(model, deeds);
    }
    let ids: Vec<RequestId> = targets.iter().map(|row| row.search.id).collect();
    ask_first(model, question(model, verb, &ids), deeds)
}

/// Names all that are meant, and says how many of them nobody sees.
fn question(model: &Model, verb: &str, ids: &[RequestId]) -> String {
    let hidden = model.searches.marked_hidden();
    let ended = model.searches.marked_count().saturating_sub(ids.len());
    let notes = [(hidden, "hidden by the filter"), (ended, "more marked, but ended already")];
    let told: Vec<String> =
        notes.iter().filter(|(count, _)| *count > 0).map(|(count, note)| format!("{count} {note}")).collect();
    let told = if told.is_empty() { String::new() } else { format!(" ({})", told.join("; ")) };
    format!("{verb} {}{told}?", named_requests(ids))
}

pub(super) fn ask_first(model: &mut Model, question: String, deeds: Vec<Deed>) -> Vec<Effect> {
    if deeds.is_empty() {
        return Vec::new();
    }
    // What would be refused is refused at once, and not after a yes.
    if model.options.yes || matches!(model.link, Link::Away(_)) {
        return send(model, deeds);
    }
    model.layers.push(Layer::Confirm(Confirm { question, errand: Errand { deeds, undoing: false } }));
    Vec::new()
}

/// A request as a question names it.
pub(super) fn named(row: &Row) -> String {
    match (row.search.request(), &row.search.record) {
        (Some(request), _) => format!("request {} of {}", request.id, request.user_id),
        (None, Record::Listed(_)) => format!("request {}", row.search.id),
        (None, Record::Damaged(_)) => format!("request {} (damaged record)", row.search.id),
        (None, Record::Newer(_)) => format!("request {} (newer record)", row.search.id),
        (None, _) => format!("request {} (external)", row.search.id),
    }
}

/// Those of the marked that wait, or the selected one if it waits; where there is nothing to act on, it says why.
fn targets(model: &mut Model) -> Option<Vec<Row>> {
    let marked = model.searches.marked();
    if marked.is_empty() {
        return waiting(model).map(|row| vec![row]);
    }
    let rows: Vec<Row> =
        marked.iter().filter_map(|id| model.searches.get(*id)).filter(|row| row.is_waiting()).cloned().collect();
    if rows.is_empty() {
        model.say(Tone::Plain, "all that are marked have ended already");
        return None;
    }
    Some(rows)
}

/// The selected search if it waits; otherwise it says why nothing can be done.
pub(super) fn waiting(model: &mut Model) -> Option<Row> {
    let Some(row) = model.searches.selected().cloned() else {
        model.say(Tone::Plain, "no search is selected");
        return None;
    };
    if row.is_waiting() {
        return Some(row);
    }
    let text = format!("request {} has ended already: {}", row.search.id, row.state());
    model.say(Tone::Plain, text);
    None
}
