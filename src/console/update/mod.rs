//! (model, message) → effects. Pure: no runtime, no Redis, no clock; the time comes with the message.

mod actions;
mod alarms;
mod choose;
#[cfg(test)]
mod clock_tests;
mod commands;
mod drivers;
mod forms;
#[cfg(test)]
mod held_tests;
#[cfg(test)]
mod link_tests;
mod map;
mod mouse;
#[cfg(test)]
mod mouse_tests;
mod news;
#[cfg(test)]
mod operator_tests;
mod palette;
mod proposals;
mod report;
mod searches;
mod settle;
#[cfg(test)]
mod settle_tests;
mod tables;
#[cfg(test)]
mod tests;

use std::time::Duration;

use crossterm::event::{Event, KeyCode, KeyEvent};
use tui_input::backend::crossterm::EventHandler;

use super::action::Action;
use super::message::{Effect, Glance, Link, Message};
use super::model::{Armed, Layer, Model, Tone};
use crate::domain::{Standing, clean};

pub use report::last_words;

/// Takes in what happened at `now` (since the console started), and answers what is to be done about it.
pub fn update(model: &mut Model, now: Duration, message: Message) -> Vec<Effect> {
    model.now = model.now.max(now);
    let mut effects = match message {
        Message::Tick => tick(model),
        Message::StoodStill(span) => {
            model.go_on(span);
            Vec::new()
        }
        Message::Key(_) | Message::Mouse(_) if model.passes_over() => Vec::new(),
        Message::Key(key) => press(model, key),
        Message::Resize(columns, rows) => {
            model.resize((columns, rows));
            Vec::new()
        }
        Message::News(news) => news::arrive(model, news),
        Message::NotKept(reason) => {
            model.say(Tone::Plain, format!("nothing will be remembered after this run: {reason}"));
            Vec::new()
        }
        Message::Mouse(event) => mouse::happen(model, event),
        Message::Done(errand, outcomes) => report::report(model, &errand, outcomes),
        Message::Settled(settled) => settle::settle(model, settled),
    };
    if let Some(text) = model.tell_outage() {
        model.say_too(Tone::Plain, text);
    }
    model.settle();
    model.settle_pins();
    effects.extend(alarms::look(model));
    if let Some(memory) = model.new_memory() {
        // First of all: after an effect that leaves, nothing is carried out any more.
        effects.insert(0, Effect::Remember(memory));
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
    model.age_notice();
    model.end_standstill();
    if model.armed.left(model.now).is_some_and(|left| left.is_zero()) {
        model.armed = Armed::Never;
        model.say(Tone::Plain, "the time is up: this console only looks again");
    }
    let Some(now) = model.redis_now() else { return Vec::new() };
    if matches!(model.link, Link::Away(_)) {
        // Nobody would answer.
        return Vec::new();
    }
    let searches = model.newest_searches_mut();
    let (forgotten, overdue) = (searches.forget_old(now), searches.overdue(now));
    model.compare_held(forgotten);
    if overdue.is_empty() { Vec::new() } else { vec![Effect::Ask(overdue)] }
}

fn press(model: &mut Model, key: KeyEvent) -> Vec<Effect> {
    // Whoever goes on has read what was said.
    model.clear_notice();
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
            model.set_filter(&text);
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
        Some(Layer::Help(_) | Layer::Confirm(_) | Layer::Choose(_) | Layer::Results(_) | Layer::Link) | None => {}
    }
    Vec::new()
}

/// A yes, a no, or a step on, to whatever is on top.
fn answer(model: &mut Model, action: Action) -> Vec<Effect> {
    match (model.layers.pop(), action) {
        (Some(Layer::Confirm(confirm)), Action::Accept) => return actions::send_errand(model, confirm.errand),
        (Some(Layer::Choose(choose)), Action::Accept) => return choose::take(model, &choose),
        (Some(Layer::Form(form)), action) => return forms::answer(model, form, action),
        (Some(Layer::Palette(palette)), action) => return palette::answer(model, palette, action),
        (Some(Layer::Filter(_)), Action::Dismiss) => model.set_filter(""),
        (Some(_), _) => {}
        (None, _) if model.map.carry.is_some() => return drivers::drop_here(model, action == Action::Accept),
        (None, Action::Dismiss) if model.map.measuring.take().is_some() => {}
        (None, _) => tables::show_all(model),
    }
    Vec::new()
}

/// What of Redis the screen shows now.
fn glance(model: &Model) -> Glance {
    let waiting = |row: &&super::model::Row| matches!(row.standing, Standing::Waiting(_));
    let rows = model.searches.in_sight().filter(waiting);
    let with_place = rows.filter_map(|row| Some((row.search.id, row.search.pickup()?, row.search.radius_m()?)));
    let selected = model.searches.selected().map(|row| {
        let place = row.search.pickup().zip(row.search.radius_m());
        (row.search.id, place.filter(|_| row.is_waiting()))
    });
    let near = model.searches.near_sight().filter(waiting).map(|row| row.search.id);
    let view = model.map.fitted.then(|| model.map.projection.view());
    Glance { view, rows: with_place.collect(), near: near.collect(), whole: model.needs_records(), selected }
}
