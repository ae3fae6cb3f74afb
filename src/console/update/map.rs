//! What the keys of the map as an instrument do: trails, measuring, the legend, bookmarks.

use super::actions::show_map;
use crate::console::action::Action;
use crate::console::model::{Model, Pane, Tone, Trails};
use crate::console::wording;

/// Shows where drivers came from, from now on; or lets go of it.
pub(super) fn trails(model: &mut Model) {
    if model.map.trails.take().is_some() {
        model.say(Tone::Plain, "trails off");
        return;
    }
    let mut trails = Trails::default();
    trails.take(model.map.fleet.drivers.iter().map(|driver| (&driver.id, driver.place)));
    model.map.trails = Some(trails);
    model.say(Tone::Plain, "trails on: from now on drivers draw where they came from");
}

/// Begins to measure at the cursor, or ends it and says what was measured.
pub(super) fn measure(model: &mut Model) {
    let cursor = model.map.projection.cursor();
    match model.map.measuring.take() {
        None => {
            model.map.measuring = Some(cursor);
            // The other end is come to by the keys of the map.
            model.focus_on(Pane::Map);
            let key = model.key_for(Action::Measure);
            model.say(Tone::Plain, format!("measuring from {cursor}: pan to the other end, {key} again ends it"));
        }
        Some(from) => {
            let measured = wording::way(from, cursor);
            model.say(Tone::Plain, format!("{measured} from {from} to {cursor}"));
        }
    }
}

/// Shows the legend, or hides it.
pub(super) fn legend(model: &mut Model) {
    model.map.legend = Some(!model.map.shows_legend());
}

/// Remembers the place under the cursor, by this name or by a number where it is empty.
pub(super) fn set_bookmark(model: &mut Model, name: &str) {
    let place = model.map.projection.cursor();
    let name = model.memory.bookmarks.set(name, place, model.map.projection.metres_per_column);
    let next = model.key_for(Action::NextBookmark);
    model.say(Tone::Good, format!("bookmark {name} set at {place}; {next} goes to the next one"));
}

/// Shows the place that was remembered by this name, as it was looked at. Whether there is one.
pub(super) fn go_to_bookmark(model: &mut Model, name: &str) -> bool {
    let Some(bookmark) = model.memory.bookmarks.find(name) else { return false };
    let (place, scale) = (bookmark.place(), bookmark.metres_per_column);
    if let Some(place) = place {
        show_map(model);
        model.map.look_at(place, scale);
    }
    place.is_some()
}

/// Shows the next place that was remembered, as it was looked at.
pub(super) fn next_bookmark(model: &mut Model) {
    let next = model.memory.bookmarks.go_on().cloned();
    if let Some((bookmark, place)) = next.and_then(|bookmark| bookmark.place().map(|place| (bookmark, place))) {
        show_map(model);
        model.map.look_at(place, bookmark.metres_per_column);
        model.say(Tone::Plain, format!("bookmark {}", bookmark.name));
    } else {
        let key = model.key_for(Action::SetBookmark);
        model.say(Tone::Plain, format!("there is no bookmark yet: {key} sets one at the map's cursor"));
    }
}
