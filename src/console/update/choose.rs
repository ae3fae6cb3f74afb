//! Choosing a driver for a search by hand, from those that are near it.

use super::searches::assign_to;
use crate::console::message::Effect;
use crate::console::model::{Choose, Layer, Model, Tone};
use crate::domain::{Around, RequestId};

/// Takes the chosen driver. Whether it can still be had, the store knows.
pub(super) fn take(model: &mut Model, choose: &Choose) -> Vec<Effect> {
    if let Some(driver) = choose.driver() {
        return assign_to(model, choose.request, driver.clone());
    }
    model.say(Tone::Plain, "nobody was chosen");
    Vec::new()
}

/// Chooses another one, so many lines below.
pub(super) fn step(model: &mut Model, lines: isize) {
    let Some(Layer::Choose(choose)) = model.layers.last_mut() else { return };
    let count = choose.candidates.as_ref().map_or(0, Vec::len);
    choose.chosen = choose.chosen.saturating_add_signed(lines).min(count.saturating_sub(1));
}

/// Who is near a search is known: a list that waits for it is filled. One that is filled stays as it is.
pub(super) fn fill(model: &mut Model, id: RequestId, around: &Around) {
    if let Some(Layer::Choose(choose)) = model.layers.last_mut()
        && choose.request == id
    {
        choose.candidates.get_or_insert_with(|| around.nearest.clone());
    }
}
