//! How an errand ended, told as it is: one word for one deed, a line for each of several, and what can be undone.

use crate::console::message::{Deed, Effect, Errand, Mishap, Outcome, Unsettled};
use crate::console::model::{Act, Layer, Model, ResultLine, Results, Tone, way_back};
use crate::console::wording::{self, many};
use crate::domain::{RequestId, format_distance, format_more};

/// Says how an errand ended, and remembers what can be undone of it. Where that is not known, it is
/// found out.
pub(super) fn report(model: &mut Model, errand: &Errand, outcomes: Vec<Result<Outcome, Mishap>>) -> Vec<Effect> {
    let all: Vec<(&Deed, Result<Outcome, Mishap>)> = errand.deeds.iter().zip(outcomes).collect();
    remember(model, &all, errand.undoing);
    match all.as_slice() {
        [] => {}
        [(deed, outcome)] => {
            let (tone, text) = line(model, deed, outcome);
            model.say(tone, format!("{text}{}", undone(errand, tone)));
        }
        several => report_several(model, errand, several),
    }
    let unknown = all.into_iter().filter_map(|(deed, outcome)| match outcome {
        Err(Mishap::Unknown(_, seal)) => Some(Unsettled { deed: deed.clone(), seal }),
        _ => None,
    });
    let unknown: Vec<Unsettled> = unknown.collect();
    model.unsettled.extend(unknown.iter().cloned());
    if unknown.is_empty() { Vec::new() } else { vec![Effect::Settle(unknown)] }
}

/// What has to be said of actions when the console ends: of which nobody knows whether they were done, those that are under way
/// still among them. A line each, or nothing.
#[must_use]
pub fn last_words(model: &Model, under_way: usize) -> String {
    let mut lines: Vec<String> = model.unsettled.iter().map(|one| intent(&one.deed)).collect();
    if under_way > 0 {
        lines.push(format!("{} under way", many(under_way as u64, "action")));
    }
    let said = |what| format!("not known whether it was done: {what}; cabstand events tells\n");
    lines.into_iter().map(said).collect::<Vec<_>>().concat()
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
        // Under what lies there already: whoever types into it goes on typing.
        model.layers.insert(0, Layer::Results(Results { summary: summary.clone(), lines, scrolled: 0 }));
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

/// Of what undid something, only that is remembered of which it is not known whether it was done.
fn remember(model: &mut Model, all: &[(&Deed, Result<Outcome, Mishap>)], undoing: bool) {
    let mut act = Act { undoing, ..Act::default() };
    for (deed, outcome) in all {
        match outcome {
            Ok(outcome) if !undoing => act.done.push((intent(deed), way_back(deed, outcome))),
            // What may have been done is the last action, too: nothing before it is undone in its stead.
            Err(Mishap::Unknown(_, seal)) => act.unknown.push((seal.id, intent(deed))),
            Ok(_) | Err(Mishap::Refused(_)) => {}
        }
    }
    model.undo.remember(act);
}

fn line(model: &Model, deed: &Deed, outcome: &Result<Outcome, Mishap>) -> (Tone, String) {
    match outcome {
        Ok(outcome) => (tone(outcome), done(model, deed, outcome)),
        Err(Mishap::Refused(reason)) => (Tone::Bad, reason.clone()),
        Err(Mishap::Unknown(reason, _)) => (Tone::Unknown, format!("{} ({reason})", intent(deed))),
    }
}

/// An attempt that found nobody was made, and is no success.
fn tone(outcome: &Outcome) -> Tone {
    if *outcome == Outcome::NobodyFound { Tone::Plain } else { Tone::Good }
}

pub(super) fn done(model: &Model, deed: &Deed, outcome: &Outcome) -> String {
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
