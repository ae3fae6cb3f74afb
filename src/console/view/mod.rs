//! (&model, area) → buffer. Everything here reads; nothing sorts, prunes, asks or waits.

mod bottom;
mod detail;
mod drivers;
mod events;
mod header;
mod help;
mod layers;
mod link;
#[cfg(test)]
mod link_tests;
mod lists;
mod map;
mod numbers;
mod palette;
mod searches;
mod table;
mod tabs;
#[cfg(test)]
mod tests;
mod text;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::{Block, Clear, Widget};

use super::layout::{SMALLEST, areas};

use super::message::Link;
use super::model::{Model, Pane};
use super::theme::Theme;

/// Draws the whole screen.
pub fn draw(model: &Model, frame: &mut Frame) {
    let theme = Theme::new(model.options.look);
    let screen = frame.area();
    frame.buffer_mut().set_style(screen, theme.screen());
    // The terminal may have been resized since the model was told.
    let Some(areas) = areas(screen.width, screen.height, model.focus, model.table) else {
        too_small(screen, frame.buffer_mut(), theme);
        return;
    };
    let buffer = frame.buffer_mut();
    header::draw(model, areas.header, buffer, theme);
    if !areas.numbers.is_empty() {
        numbers::draw(model, areas.numbers, buffer, theme);
    }
    if !areas.map.is_empty() {
        map::draw(model, areas.map, buffer, theme);
    }
    if !areas.searches.is_empty() {
        searches::draw(model, areas.searches, buffer, theme);
    }
    if !areas.detail.is_empty() {
        detail::draw(model, areas.detail, buffer, theme);
    }
    if !areas.tabs.is_empty() {
        tabs::draw(model, areas.tabs, buffer, theme);
    }
    if !areas.drivers.is_empty() {
        drivers::draw(model, areas.drivers, buffer, theme);
    }
    if !areas.events.is_empty() {
        events::draw(model, areas.events, buffer, theme);
    }
    bottom::draw(model, areas.hints, buffer, theme);
    layers::draw(model, screen, buffer, theme);
}

fn too_small(screen: Rect, buffer: &mut Buffer, theme: Theme) {
    let lines = [
        "cabstand needs more room:".to_owned(),
        format!("at least {}x{}, this is {}x{}", SMALLEST.0, SMALLEST.1, screen.width, screen.height),
    ];
    let top = screen.height.saturating_sub(2) / 2;
    for (y, line) in (screen.y + top..screen.bottom()).zip(lines) {
        text::put(buffer, Rect { y, height: 1, ..screen }, &line, theme.text(), theme);
    }
}

/// Draws a pane's border with its title, and answers what is inside.
fn pane(title: &str, which: Pane, model: &Model, area: Rect, buffer: &mut Buffer, theme: Theme) -> Rect {
    let focused = model.focus == which && model.layers.is_empty();
    boxed(area, theme.border(focused), buffer, theme);
    let style = if focused { theme.border(true) } else { theme.text() };
    let head = Rect { x: area.x + 2, width: area.width.saturating_sub(4), height: 1, ..area };
    // While Redis is away every pane says that what it shows is old.
    let old = if matches!(model.link, Link::Away(_)) { format!("{} old ", theme.signs.between) } else { String::new() };
    text::put(buffer, head, &format!(" {title} {old}"), style, theme);
    // Where those who wait are seen, it is seen that they are too many.
    if matches!(which, Pane::Map | Pane::Searches)
        && let Some((text, style)) = header::crowd(model, theme)
    {
        let foot = Rect { y: area.bottom() - 1, ..head };
        text::put(buffer, foot, &format!(" {text} "), style, theme);
    }
    super::layout::inside(area)
}

/// A box over whatever was there, with an empty inside.
fn boxed(area: Rect, border: Style, buffer: &mut Buffer, theme: Theme) {
    Clear.render(area, buffer);
    buffer.set_style(area, theme.screen());
    Block::bordered().border_set(theme.signs.border).border_style(border).render(area, buffer);
}
