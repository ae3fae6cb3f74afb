//! What was found out about deeds whose answers did not come: that they were done, that they were not, or that nobody knows.

use super::report;
use crate::console::message::{Deed, Effect, Outcome, Settled, Unsettled};
use crate::console::model::{Found, Model, Row, Tone};
use crate::console::wording;
use crate::domain::{Event, EventKind, Metres, RequestId, Search, Standing, State, format_distance};

/// Tells what became of these. How the requests stand of which it is not known any more is asked.
pub(super) fn settle(model: &mut Model, settled: Vec<(Unsettled, Settled)>) -> Vec<Effect> {
    let (mut done, mut not_done, mut lost) = (Vec::new(), Vec::new(), Vec::new());
    let mut ask: Vec<RequestId> = Vec::new();
    for (Unsettled { deed, seal }, became) in settled {
        model.unsettled.retain(|other| other.seal.id != seal.id);
        match became {
            Settled::Done(events) => {
                let outcome = outcome(&deed, &events);
                model.undo.settle(seal.id, &deed, Found::Done(&outcome));
                done.push(report::done(model, &deed, &outcome));
            }
            Settled::NotDone => {
                model.undo.settle(seal.id, &deed, Found::NotDone);
                not_done.push(report::intent(&deed));
            }
            Settled::Lost => {
                model.undo.settle(seal.id, &deed, Found::Nothing);
                ask.extend(deed.request());
                lost.push(report::intent(&deed));
            }
        }
    }
    for (tone, told, after) in [
        (Tone::WasDone, done, ""),
        (Tone::WasNotDone, not_done, "; nothing was changed"),
        (Tone::Unknown, lost, "; it can't be known any more: the events of that time are gone"),
    ] {
        if !told.is_empty() {
            model.say_too(tone, format!("{}{after}", wording::list(told.iter(), 3)));
        }
    }
    model.unsure.extend(&ask);
    if ask.is_empty() { Vec::new() } else { vec![Effect::Ask(ask)] }
}

/// How a deed went, as its events tell.
fn outcome(deed: &Deed, events: &[Event]) -> Outcome {
    let Some(first) = events.first() else { return Outcome::Done };
    let found = || {
        let found = events.iter().find(|event| event.kind == EventKind::Found)?;
        Some(Outcome::Found(found.driver_id.clone()?, found.distance_m?))
    };
    let told = match deed {
        Deed::Open(..) => first.request_id.map(Outcome::Opened),
        Deed::Extend(..) | Deed::Reopen(_) => first.expires_at.map(Outcome::Until),
        Deed::Widen(..) => first.from_radius_m.map(|metres| Outcome::RadiusWas(Metres(metres))),
        Deed::Retry(_) => Some(found().unwrap_or(Outcome::NobodyFound)),
        Deed::Assign(..) => found(),
        Deed::Move(..) => first.from.map(Outcome::StoodAt),
        Deed::Remove(..) => first.place.map(Outcome::StoodAt),
        Deed::Cancel(_) | Deed::Expire(_) | Deed::Place(_) => None,
    };
    told.unwrap_or(Outcome::Done)
}

/// Tells how requests stand of which it will not be known what was done to them.
pub(super) fn tell_standing(model: &mut Model, searches: &[Search]) {
    let read: Vec<&Search> = searches.iter().filter(|search| model.unsure.remove(&search.id)).collect();
    if !read.is_empty() {
        let told: Vec<String> = read.into_iter().map(|search| standing(model, &Row::of(search.clone()))).collect();
        model.say_too(Tone::Plain, format!("read again: {}", wording::list(told.iter(), 4)));
    }
}

/// How a request stands, in words.
fn standing(model: &Model, row: &Row) -> String {
    let (id, request) = (row.search.id, row.search.request());
    match row.standing {
        Standing::Waiting(deadline) => {
            let until = deadline.map(|at| format!(" until {}", wording::time_of_day(at, model.options.timezone)));
            let radius = request.map(|request| format!(", as far as {}", format_distance(request.radius_m)));
            format!("request {id} waits{}{}", until.unwrap_or_default(), radius.unwrap_or_default())
        }
        Standing::Ended(State::Found) => {
            let driver = request.and_then(|request| request.driver_id.as_ref());
            format!("request {id} has driver {}", driver.map_or_else(|| "?".to_owned(), ToString::to_string))
        }
        Standing::Ended(state) => {
            let by = request.and_then(|request| request.ended_by.as_ref()).map(|by| format!(" by {by}"));
            format!("request {id} is {state}{}", by.unwrap_or_default())
        }
    }
}
