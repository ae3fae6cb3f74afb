//! Choosing a driver for a search by hand, from those that are near it.

use super::searches::assign_to;
use crate::console::message::Effect;
use crate::console::model::{Choose, Layer, Model, Tone};

/// Takes the chosen driver.
pub(super) fn take(model: &mut Model, choose: Choose) -> Vec<Effect> {
    let near = model.detail.around(choose.request).and_then(|around| around.nearest.get(choose.chosen));
    if let Some(driver) = near.map(|near| near.candidate.driver.id.clone()) {
        return assign_to(model, choose.request, driver);
    }
    model.say(Tone::Plain, "nobody was chosen");
    Vec::new()
}

/// Chooses another one, so many lines below.
pub(super) fn step(model: &mut Model, lines: isize) {
    let Some(Layer::Choose(choose)) = model.layers.last() else { return };
    let count = model.detail.around(choose.request).map_or(0, |around| around.nearest.len());
    let chosen = choose.chosen.saturating_add_signed(lines).min(count.saturating_sub(1));
    let next = Choose { chosen, ..*choose };
    model.layers.pop();
    model.layers.push(Layer::Choose(next));
}
