//! How an errand ended, told as it is: one word for one deed, a line for each of several, and what can be undone.

use std::collections::BTreeSet;

use crate::console::message::{Deed, Effect, Errand, Mishap, Outcome};
use crate::console::model::{Layer, Model, ResultLine, Results, Row, Tone, Undoable, way_back};
use crate::console::wording::{self, many};
use crate::domain::{RequestId, Search, Standing, State, format_distance, format_more};

/// Says how an errand ended, and remembers what can be undone of it. Where that is not known, the requests concerned are read.
pub(super) fn report(model: &mut Model, errand: &Errand, outcomes: Vec<Result<Outcome, Mishap>>) -> Vec<Effect> {
    let all: Vec<(&Deed, Result<Outcome, Mishap>)> = errand.deeds.iter().zip(outcomes).collect();
    if !errand.undoing {
        remember(model, &all);
    }
    match all.as_slice() {
        [] => {}
        [(deed, outcome)] => {
            let (tone, text) = line(model, deed, outcome);
            model.say(tone, format!("{text}{}", undone(errand, tone)));
        }
        several => report_several(model, errand, several),
    }
    let unknown = all.iter().filter(|(_, outcome)| matches!(outcome, Err(Mishap::Unknown(_))));
    let ids: BTreeSet<RequestId> = unknown.filter_map(|(deed, _)| deed.request()).collect();
    model.unsure.extend(&ids);
    if ids.is_empty() { Vec::new() } else { vec![Effect::Ask(ids.into_iter().collect())] }
}

/// Tells how requests stand of which that was not known.
pub(super) fn settle(model: &mut Model, searches: &[Search]) {
    let read: Vec<&Search> = searches.iter().filter(|search| model.unsure.remove(&search.id)).collect();
    if !read.is_empty() {
        let told: Vec<String> = read.into_iter().map(|search| standing(model, &Row::of(search.clone()))).collect();
        model.say(Tone::Plain, format!("read again: {}", wording::list(told.iter(), 4)));
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

/// What stands after the word of an action that brought back what was before.
fn undone(errand: &Errand, tone: Tone) -> &'static str {
    if errand.undoing && tone == Tone::Good { " (undone)" } else { "" }
}

fn report_several(model: &mut Model, errand: &Errand, several: &[(&Deed, Result<Outcome, Mishap>)]) {
    let lines: Vec<ResultLine> = several
        .iter()
        .map(|(deed, outcome)| {
            let (tone, text) = line(model, deed, outcome);
            ResultLine { tone, text }
        })
        .collect();
    let count = |tone| lines.iter().filter(|line| line.tone == tone).count();
    // An attempt that found nobody was made, and is no failure; but nothing has come of it.
    let (well, vain, unknown) = (count(Tone::Good), count(Tone::Plain), count(Tone::Unknown));
    let mut summary = format!("{well} of {} done", lines.len());
    for (count, what) in [(vain, "in vain"), (unknown, "not known")] {
        if count > 0 {
            summary = format!("{summary}, {count} {what}");
        }
    }
    let tone = match well + vain {
        _ if well == lines.len() => Tone::Good,
        done if done == lines.len() => Tone::Plain,
        _ => Tone::Bad,
    };
    if tone != Tone::Good {
        model.layers.push(Layer::Results(Results { summary: summary.clone(), lines, scrolled: 0 }));
    }
    let text = if tone == Tone::Good { together(several) } else { summary };
    model.say(tone, format!("{text}{}", undone(errand, tone)));
}

/// All went well: said in one line, `requests 41, 42 and 3 more: cancelled`.
fn together(several: &[(&Deed, Result<Outcome, Mishap>)]) -> String {
    let deeds: Vec<&Deed> = several.iter().map(|(deed, _)| *deed).collect();
    let what = match deeds.first() {
        Some(Deed::Cancel(_)) => "cancelled",
        Some(Deed::Expire(_)) => "expired",
        Some(Deed::Extend(..)) => "extended",
        Some(Deed::Retry(_)) => "attempted",
        Some(Deed::Widen(..)) => "widened",
        Some(Deed::Reopen(_)) => "opened again",
        Some(Deed::Remove(..)) => "taken off the map",
        Some(Deed::Place(_)) => "set on the map",
        Some(Deed::Move(..)) => "moved",
        Some(Deed::Open(..)) => "opened",
        Some(Deed::Assign(..)) => "given a driver",
        None => "done",
    };
    format!("{what}: {}", wording::list(deeds.iter().map(|deed| target(deed)), 8))
}

/// What a deed is about, in a list of several.
fn target(deed: &Deed) -> String {
    let request = deed.request().map(|id| id.to_string());
    let driver = || deed.driver().map(ToString::to_string);
    match deed {
        Deed::Open(place, _) => place.to_string(),
        _ => request.or_else(driver).unwrap_or_default(),
    }
}

fn remember(model: &mut Model, all: &[(&Deed, Result<Outcome, Mishap>)]) {
    let well = || all.iter().filter_map(|(deed, outcome)| outcome.as_ref().ok().map(|outcome| (*deed, outcome)));
    let Some((first, _)) = well().next() else {
        // What may have been done is the last action, too: nothing before it is undone in its stead.
        if let Some((deed, _)) = all.iter().find(|(_, outcome)| matches!(outcome, Err(Mishap::Unknown(_)))) {
            model.undo.remember(Undoable { what: intent(deed), back: Err("it is not known whether it was done") });
        }
        return;
    };
    let count = well().count();
    let what = if count == 1 { intent(first) } else { format!("{} and {} more", intent(first), count - 1) };
    let back: Result<Vec<Deed>, &str> = well().map(|(deed, outcome)| way_back(deed, outcome)).collect();
    model.undo.remember(Undoable { what, back });
}

fn line(model: &Model, deed: &Deed, outcome: &Result<Outcome, Mishap>) -> (Tone, String) {
    match outcome {
        Ok(outcome) => (tone(outcome), done(model, deed, outcome)),
        Err(Mishap::Refused(reason)) => (Tone::Bad, reason.clone()),
        Err(Mishap::Unknown(reason)) => (Tone::Unknown, format!("{} ({reason})", intent(deed))),
    }
}

/// An attempt that found nobody was made, and is no success.
fn tone(outcome: &Outcome) -> Tone {
    if *outcome == Outcome::NobodyFound { Tone::Plain } else { Tone::Good }
}

fn done(model: &Model, deed: &Deed, outcome: &Outcome) -> String {
    let until = || match outcome {
        Outcome::Until(at) => format!(", until {}", wording::time_of_day(*at, model.options.timezone)),
        _ => String::new(),
    };
    match (deed, outcome) {
        (Deed::Open(place, _), Outcome::Opened(id)) => format!("request {id} opened at {place}"),
        (Deed::Open(place, _), _) => format!("a request was opened at {place}"),
        (Deed::Cancel(id), _) => format!("request {id} cancelled"),
        (Deed::Expire(id), _) => format!("request {id} expired"),
        (Deed::Extend(id, by_ms), _) => format!("request {id} has {}{}", format_more(*by_ms), until()),
        (Deed::Widen(id, radius, _), _) => format!("request {id} looks as far as {radius}"),
        (Deed::Retry(id) | Deed::Assign(id, _), Outcome::Found(driver, metres)) => {
            format!("request {id} has driver {driver}, {} away", format_distance(*metres))
        }
        (Deed::Retry(id) | Deed::Assign(id, _), _) => format!("request {id} was attempted: no driver yet"),
        (Deed::Reopen(id), _) => format!("request {id} waits again{}", until()),
        (Deed::Place(driver), _) => format!("driver {} set at {}", driver.id, driver.place),
        (Deed::Move(driver, _), _) => format!("driver {} moved to {}", driver.id, driver.place),
        (Deed::Remove(id, _), _) => format!("driver {id} taken off the map"),
    }
}

/// An action as something that was meant.
pub(super) fn intent(deed: &Deed) -> String {
    match deed {
        Deed::Open(place, _) => format!("a search at {place}"),
        Deed::Cancel(id) => format!("cancelling request {id}"),
        Deed::Expire(id) => format!("expiring request {id}"),
        Deed::Extend(id, _) => format!("extending request {id}"),
        Deed::Widen(id, ..) => format!("widening request {id}"),
        Deed::Retry(id) => format!("an attempt for request {id}"),
        Deed::Assign(id, driver) => format!("giving driver {driver} to request {id}"),
        Deed::Reopen(id) => format!("opening request {id} again"),
        Deed::Place(driver) => format!("setting driver {}", driver.id),
        Deed::Move(driver, _) => format!("moving driver {}", driver.id),
        Deed::Remove(id, _) => format!("taking driver {id} off the map"),
    }
}

/// `several deeds` in a question: how many, and which.
pub(super) fn named_requests(ids: &[RequestId]) -> String {
    format!("{}: {}", many(ids.len() as u64, "request"), wording::list(ids.iter(), 12))
}
