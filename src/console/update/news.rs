//! What news from Redis does to the model.

use std::collections::HashSet;

use super::settle;
use crate::console::action::Action;
use crate::console::message::{Effect, Link, News};
use crate::console::model::{Model, Notice, Row, Tone};
use crate::console::wording::{self, many};
use crate::domain::{Bounds, RequestId, Search, Standing, StreamId, UnixMs};

/// Takes news in; what belongs to a picture that is stopped is held back.
pub(super) fn arrive(model: &mut Model, news: News) -> Vec<Effect> {
    let mut effects = Vec::new();
    if let News::Searches(searches) | News::Snapshot(searches) = &news {
        settle::tell_standing(model, searches);
    }
    if matches!(news, News::Snapshot(_) | News::AllTold(..)) && !model.unsure.is_empty() {
        effects.push(Effect::Ask(model.unsure.iter().copied().collect()));
    }
    let told: Vec<RequestId> = match &news {
        News::Searches(searches) | News::Snapshot(searches) if model.held.is_some() => {
            searches.iter().map(|search| search.id).collect()
        }
        _ => Vec::new(),
    };
    effects.extend(take(model, news));
    model.compare_held(told);
    effects
}

/// Stops the picture, or lets it go on with all that was held back.
pub(super) fn pause(model: &mut Model) {
    match (model.held.take(), model.picture_now().filter(|_| model.loaded)) {
        (Some(held), _) => model.release(held),
        (None, Some(now)) => {
            model.hold(now);
            let key = model.key_for(Action::Pause);
            let text = format!("the picture stands still until {key}; what you do meanwhile is done all the same");
            model.say(Tone::Plain, text);
        }
        (None, None) => model.say(Tone::Plain, "there is no picture yet that could be stopped"),
    }
}

fn take(model: &mut Model, news: News) -> Vec<Effect> {
    match news {
        News::Link(link) => return take_link(model, link),
        News::Refusing(refusing) => model.take_refusing(refusing),
        News::Deafened => model.deafen(),
        News::Vitals(at, vitals) => {
            // The answer was on its way for half of the round trip.
            model.set_clock(at.saturating_sub(vitals.latency / 2), vitals.now);
            model.vitals = Some(vitals);
            // Unchanged since the last word of it: a live link tells of every change.
            let all_read = model.loaded && model.unreadable.is_none();
            if all_read && matches!(model.link, Link::Live | Link::Unproven(_) | Link::Polling(_)) {
                model.true_at = Some(at);
            }
            if vitals.misshapen {
                return vec![Effect::AskMisshapen];
            }
            take_misshapen(model, None);
        }
        News::Searches(searches) => {
            take_searches(model, searches);
            return fit_at_first(model);
        }
        News::Snapshot(searches) => {
            model.count_drift(&searches);
            let told: HashSet<RequestId> = searches.iter().map(|search| search.id).collect();
            let waits = |search: &&Search| matches!(search.standing(), Standing::Waiting(_));
            model.compare_waiting(&searches.iter().filter(waits).map(|search| search.id).collect());
            take_searches(model, searches);
            return take_all_told(model, &told, UnixMs(i64::MAX));
        }
        News::AllTold(told, since) => {
            model.compare_waiting(&told);
            return take_all_told(model, &told, since);
        }
        News::Fleet(fleet) => match &mut model.held {
            Some(held) => held.keep_fleet(fleet),
            None => model.take_fleet(fleet),
        },
        // Of a search that is chosen while the picture stands, it is shown how it is now: nothing older is known of it.
        News::Around(id, around) => {
            super::choose::fill(model, id, &around);
            match &mut model.held {
                Some(held) if model.detail.around(id).is_some() => held.keep_around(id, around),
                _ => model.detail.take_around(id, around),
            }
        }
        News::Life(id, life) => match &mut model.held {
            Some(held) if model.detail.life(id).is_some() => held.keep_life(id, life),
            _ => model.take_life(id, life),
        },
        News::Nearest(nearest) => model.newest_searches_mut().take_nearest(nearest),
        News::Events(events) => {
            model.count_missed_events(events.iter().map(|event| event.id.at));
            model.newest_event =
                events.last().map(|event| event.id).or(model.newest_event).or(Some(StreamId::default()));
            if model.held.is_some() {
                model.hold_events(events);
            } else {
                model.add_events(events);
            }
        }
        News::Past(events, from) => model.numbers.add_past(&events, from),
        News::Missed => {
            model.count_more_missed_events();
            model.numbers.forget();
        }
        News::Extent(extent) => {
            model.map.fitting = false;
            match extent {
                Ok(extent) => fit(model, extent),
                Err(reason) => model.say(Tone::Bad, format!("the extent of the fleet can't be read: {reason}")),
            }
        }
        News::Unreadable(reason) => {
            model.unreadable = Some(reason);
            return fit_at_first(model);
        }
        News::Misshapen(said) => {
            take_misshapen(model, said);
            return fit_at_first(model);
        }
    }
    Vec::new()
}

/// What is said of a key that is of another type than it should be holds until it is well again.
fn take_misshapen(model: &mut Model, said: Option<String>) {
    if said.is_some() || (model.misshapen.is_some() && model.unreadable == model.misshapen) {
        model.unreadable.clone_from(&said);
    }
    model.misshapen = said;
}

/// What was said while the link was different is said no more, but for the moment before there was any.
fn take_link(model: &mut Model, link: Link) -> Vec<Effect> {
    let was_there = model.link != Link::Connecting;
    let is_away = |link: &Link| matches!(link, Link::Away(_));
    let goes_or_comes = is_away(&link) != is_away(&model.link);
    model.take_link(link);
    // That Redis is gone, or back, must be seen at once; the answer to a key is not wiped away for less.
    let is_answer = |notice: &Notice| !notice.is_news && notice.tone != Tone::Unknown;
    if was_there && goes_or_comes && model.notice.as_ref().is_some_and(is_answer) {
        model.clear_notice();
    }
    fit_at_first(model)
}

/// A map that has not been fitted yet is, once Redis is there and it is known who waits, or that this can't be read.
fn fit_at_first(model: &mut Model) -> Vec<Effect> {
    let is_there = !matches!(model.link, Link::Away(_) | Link::Connecting);
    let is_known = model.is_read() || model.unreadable.is_some();
    if model.map.fitted || !is_there || !is_known { Vec::new() } else { ask_extent(model) }
}

/// Asks for the extent of the fleet, unless that has been asked already.
pub(super) fn ask_extent(model: &mut Model) -> Vec<Effect> {
    if std::mem::replace(&mut model.map.fitting, true) { Vec::new() } else { vec![Effect::AskExtent] }
}

fn take_searches(model: &mut Model, searches: Vec<Search>) {
    let Some(read_at) = searches.iter().map(|search| search.read_at).max() else { return };
    if model.redis_now().is_none() {
        // The figures bring the clock; until they come, the time of a reading must do.
        model.set_clock(model.now, read_at);
    }
    let now = model.redis_now().unwrap_or(read_at).max(read_at);
    let waited = model.outages.those_known_before(&searches);
    let lost = model.newest_searches_mut().forget_lost(&searches, &waited);
    model.newest_searches_mut().take(searches, now);
    if !lost.is_empty() {
        let (count, are) = (many(lost.len() as u64, "request"), if lost.len() == 1 { "is" } else { "are" });
        let told = format!("{count} {are} gone from Redis without an end: {}", wording::list(lost.iter(), 3));
        model.say_too(Tone::Plain, told);
    }
}

/// All that waits has been read since that time, and it was these. Whoever waits here and was not among them may have ended
/// unheard: that is asked about, not guessed.
fn take_all_told(model: &mut Model, told: &HashSet<RequestId>, since: UnixMs) -> Vec<Effect> {
    model.newest_searches_mut().ask_again();
    model.loaded = true;
    model.unreadable.clone_from(&model.misshapen);
    // The first picture is known to be true now; from then on the figures tell, at their beat.
    model.true_at.get_or_insert(model.now);
    let is_older = |row: &&Row| row.is_waiting() && row.search.read_at <= since;
    let waiting = model.newest_searches().all().filter(is_older).filter(|row| !told.contains(&row.search.id));
    let unheard: Vec<RequestId> = waiting.map(|row| row.search.id).collect();
    let mut effects = fit_at_first(model);
    // Nobody has moved it since it was fitted to the first who came.
    if model.map.provisional.take() == Some(model.map.projection) {
        effects.extend(ask_extent(model));
    }
    if !unheard.is_empty() {
        effects.push(Effect::Ask(unheard));
    }
    effects
}

/// Shows all drivers and all who wait. Where there is nobody at all the map stays as it is.
fn fit(model: &mut Model, extent: Option<Bounds>) {
    let pickups = model.searches.all().filter(|row| row.is_waiting()).filter_map(|row| row.search.pickup());
    let corners = extent.into_iter().flat_map(Bounds::corners);
    if let Some(bounds) = Bounds::around(corners.chain(pickups)) {
        model.map.projection = model.map.projection.fitted(bounds);
    }
    model.map.fitted = true;
    model.map.provisional = (!model.loaded).then_some(model.map.projection);
}
