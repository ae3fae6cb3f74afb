//! Alarms and the numbers: what begins and ends with time and news, and what the keys for them do.

use crate::console::message::{Effect, Link};
use crate::console::model::{Model, Tone};
use crate::console::wording;

/// Looks for alarms: the bell rings where one is new. Before everything has been read, and while Redis is away, nobody knows.
pub(super) fn look(model: &mut Model) -> Option<Effect> {
    if !model.loaded || matches!(model.link, Link::Away(_)) {
        return None;
    }
    let (rules, now, waiting) = (model.options.alarms, model.redis_now()?, model.waiting());
    let new = model.alarms.look(rules, now, model.searches.all(), waiting);
    (new && rules.bell).then_some(Effect::Ring)
}

pub(super) fn acknowledge(model: &mut Model) {
    match model.alarms.acknowledge() {
        0 => model.say(Tone::Plain, "there is no alarm to take note of"),
        alarms => model.say(Tone::Plain, format!("noted: {}; a new one is loud again", wording::many(alarms as u64, "alarm"))),
    }
}

pub(super) fn next_span(model: &mut Model) {
    model.numbers.next_span();
    // Where the strip is shown it says so itself.
    if model.areas().is_none_or(|areas| areas.numbers.is_empty()) {
        let minutes = model.numbers.span().minutes();
        model.say(Tone::Plain, format!("the numbers of the header are those of the last {minutes} min"));
    }
}
