//! (model, message) → effects. Pure: no runtime, no Redis, no clock; the time comes with the message.

mod actions;
mod commands;
mod forms;
mod news;
mod palette;
#[cfg(test)]
mod tests;

use std::time::Duration;

use crossterm::event::{Event, KeyCode, KeyEvent};
use tui_input::backend::crossterm::EventHandler;

use super::action::Action;
use super::message::{Deed, Effect, Glance, Link, Message, Mishap};
use super::model::{Layer, Model, Tone};
use crate::domain::{RequestId, Standing, clean};

/// Takes in what happened at `now` (since the console started), and answers what is to be done about it.
pub fn update(model: &mut Model, now: Duration, message: Message) -> Vec<Effect> {
    model.now = model.now.max(now);
    let mut effects = match message {
        Message::Tick => tick(model),
        Message::Key(key) => press(model, key),
        Message::Resize(columns, rows) => {
            model.resize((columns, rows));
            Vec::new()
        }
        Message::News(news) => news::take(model, news),
        Message::NotKept(reason) => {
            model.say(Tone::Plain, format!("nothing will be remembered after this run: {reason}"));
            Vec::new()
        }
        Message::Done(deed, outcome) => {
            report(model, &deed, outcome);
            Vec::new()
        }
    };
    if model.memory != model.remembered {
        model.remembered = model.memory.clone();
        // First of all: after an effect that leaves, nothing is carried out any more.
        effects.insert(0, Effect::Remember(model.memory.clone()));
    }
    let glance = glance(model);
    if glance != model.glance {
        model.glance = glance.clone();
        effects.push(Effect::Look(glance));
    }
    effects
}

/// Time went on: ask about those whose time is up, let go of what is old.
fn tick(model: &mut Model) -> Vec<Effect> {
    if model.notice.as_ref().is_some_and(|notice| model.now >= notice.until) {
        model.notice = None;
    }
    let Some(now) = model.redis_now() else { return Vec::new() };
    if matches!(model.link, Link::Away(_)) {
        // The picture stands still.
        return Vec::new();
    }
    model.searches.forget_old(now);
    let overdue = model.searches.overdue(now);
    if overdue.is_empty() { Vec::new() } else { vec![Effect::Ask(overdue)] }
}

fn press(model: &mut Model, key: KeyEvent) -> Vec<Effect> {
    // Whoever goes on has read what was said.
    model.notice = None;
    if let Some(action) = model.options.keymap.action(model.context(), key) {
        return match action {
            Action::Accept | Action::Dismiss | Action::NextField => answer(model, action),
            Action::Move(_) if matches!(model.layers.last(), Some(Layer::Palette(_))) => answer(model, action),
            other => actions::act(model, other),
        };
    }
    // What could not be shown cannot be typed either.
    if let KeyCode::Char(c) = key.code
        && clean(c.to_string().as_bytes()) != c.to_string()
    {
        return Vec::new();
    }
    let event = Event::Key(key);
    match model.layers.last_mut() {
        Some(Layer::Filter(input)) => {
            input.handle_event(&event);
            let text = input.value().to_owned();
            model.searches.set_filter(&text);
        }
        Some(Layer::Form(form)) => {
            form.error = None;
            if let Some(field) = form.fields.get_mut(form.active) {
                field.input.handle_event(&event);
            }
        }
        Some(Layer::Palette(palette)) => {
            if palette.input.handle_event(&event).is_some_and(|change| change.value) {
                let palette = std::mem::take(palette);
                model.layers.pop();
                palette::typed(model, palette);
            }
        }
        Some(Layer::Help(_) | Layer::Confirm(_)) | None => {}
    }
    Vec::new()
}

/// A yes, a no, or a step on, to whatever is on top.
fn answer(model: &mut Model, action: Action) -> Vec<Effect> {
    match (model.layers.pop(), action) {
        (Some(Layer::Confirm(confirm)), Action::Accept) => return actions::send(model, confirm.deed),
        (Some(Layer::Form(form)), action) => return forms::answer(model, form, action),
        (Some(Layer::Palette(palette)), action) => return palette::answer(model, palette, action),
        (Some(Layer::Filter(_)), Action::Dismiss) => model.searches.set_filter(""),
        (Some(_), _) => {}
        (None, _) if model.map.carry.is_some() => return actions::drop_driver(model, action == Action::Accept),
        (None, _) => model.searches.set_filter(""),
    }
    Vec::new()
}

/// Says how an action ended.
fn report(model: &mut Model, deed: &Deed, outcome: Result<Option<RequestId>, Mishap>) {
    match outcome {
        Err(Mishap::Refused(reason)) => model.say(Tone::Bad, reason),
        Err(Mishap::Unknown(reason)) => model.say(Tone::Unknown, format!("{} ({reason})", intent(deed))),
        Ok(opened) => {
            let text = match deed {
                Deed::Open(place, _) => match opened {
                    Some(id) => format!("request {id} opened at {place}"),
                    None => format!("a request was opened at {place}"),
                },
                Deed::Cancel(id) => format!("request {id} cancelled"),
                Deed::Expire(id) => format!("request {id} expired"),
                Deed::Place(driver) => format!("driver {} set at {}", driver.id, driver.place),
                Deed::Move(driver) => format!("driver {} moved to {}", driver.id, driver.place),
                Deed::Remove(id) => format!("driver {id} taken off the map"),
            };
            model.say(Tone::Good, text);
        }
    }
}

/// An action as something that was meant.
fn intent(deed: &Deed) -> String {
    match deed {
        Deed::Open(place, _) => format!("a search at {place}"),
        Deed::Cancel(id) => format!("cancelling request {id}"),
        Deed::Expire(id) => format!("expiring request {id}"),
        Deed::Place(driver) => format!("setting driver {}", driver.id),
        Deed::Move(driver) => format!("moving driver {}", driver.id),
        Deed::Remove(id) => format!("taking driver {id} off the map"),
    }
}

/// What of Redis the screen shows now.
fn glance(model: &Model) -> Glance {
    let waiting = |row: &&super::model::Row| matches!(row.standing, Standing::Waiting(_));
    let rows = model.searches.in_sight().filter(waiting);
    let with_place = rows.filter_map(|row| row.search.request().map(|r| (row.search.id, r.pickup, r.radius_m)));
    Glance { view: model.map.fitted.then(|| model.map.projection.view()), rows: with_place.collect() }
}
