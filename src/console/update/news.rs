//! What news from Redis does to the model.

use crate::console::message::{Effect, Link, News};
use crate::console::model::Model;
use crate::domain::{Bounds, RequestId, Search};

pub(super) fn take(model: &mut Model, news: News) -> Vec<Effect> {
    match news {
        News::Link(link) => model.link = link,
        News::Vitals(at, vitals) => {
            // The answer was on its way for half of the round trip.
            model.set_clock(at.saturating_sub(vitals.latency / 2), vitals.now);
            model.vitals = Some(vitals);
            // Unchanged since the last word of it: a live link tells of every change.
            if matches!(model.link, Link::Live | Link::Polling(_)) {
                model.true_at = Some(at);
            }
        }
        News::Searches(searches) => take_searches(model, searches),
        News::Snapshot(searches) => return take_snapshot(model, searches),
        News::Fleet(fleet) => model.map.fleet = fleet,
        News::Nearest(nearest) => model.searches.take_nearest(nearest),
        News::Events(events) => model.add_events(events),
        News::Extent(extent) => fit(model, extent),
    }
    Vec::new()
}

fn take_searches(model: &mut Model, searches: Vec<Search>) {
    let Some(read_at) = searches.iter().map(|search| search.read_at).max() else { return };
    let now = model.redis_now().unwrap_or(read_at).max(read_at);
    model.searches.take(searches, now);
}

/// What waits here and is not in the snapshot may have ended unheard: it is asked about, not guessed.
fn take_snapshot(model: &mut Model, searches: Vec<Search>) -> Vec<Effect> {
    let told: std::collections::HashSet<RequestId> = searches.iter().map(|search| search.id).collect();
    take_searches(model, searches);
    model.searches.ask_again();
    model.loaded = true;
    let waiting = model.searches.all().filter(|row| row.is_waiting() && !told.contains(&row.search.id));
    let mut unheard: Vec<RequestId> = waiting.map(|row| row.search.id).collect();
    unheard.sort_unstable();
    if unheard.is_empty() { Vec::new() } else { vec![Effect::Ask(unheard)] }
}

/// Shows all drivers and all who wait. Where there is nobody at all the map stays as it is.
fn fit(model: &mut Model, extent: Option<Bounds>) {
    let pickups =
        model.searches.all().filter(|row| row.is_waiting()).filter_map(|row| row.search.request()).map(|r| r.pickup);
    let corners = extent.into_iter().flat_map(Bounds::corners);
    if let Some(bounds) = Bounds::around(corners.chain(pickups)) {
        model.map.projection = model.map.projection.fitted(bounds);
    }
    model.map.fitted = true;
}
