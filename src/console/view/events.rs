//! The pane of events: who did what, the newest at the bottom.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::{pane, text};
use crate::console::model::{Model, Pane};
use crate::console::theme::Theme;
use crate::console::wording;
use crate::domain::EventKind;

pub(super) fn draw(model: &Model, area: Rect, buffer: &mut Buffer, theme: Theme) {
    let title = match model.events_back {
        0 => "Events".to_owned(),
        back => format!("Events {} {back} newer below", theme.signs.between),
    };
    let inside = pane(&title, Pane::Events, model, area, buffer, theme);
    if model.events.is_empty() {
        text::put(
            buffer,
            inside,
            " Nothing has happened yet: what riders, workers and operators do is told here.",
            theme.faint(),
            theme,
        );
        return;
    }
    let newest = model.events.len().saturating_sub(model.events_back);
    let oldest = newest.saturating_sub(usize::from(inside.height));
    for (y, event) in (inside.y..inside.bottom()).zip(model.events.range(oldest..newest)) {
        let line = Rect { y, height: 1, ..inside };
        let (sign, style) = sign(&event.kind, theme);
        let at = wording::time_of_day(event.id.at, model.options.timezone);
        let used = text::put(buffer, line, &format!(" {at} "), theme.faint(), theme);
        let rest = Rect { x: line.x + used, width: line.width - used, ..line };
        text::put(buffer, rest, &format!("{sign} {}", wording::event(event)), style, theme);
    }
}

fn sign(kind: &EventKind, theme: Theme) -> (&'static str, Style) {
    match (kind.end(), kind) {
        (Some(state), _) => theme.state(state),
        (None, EventKind::Attempted) => (theme.signs.between, theme.faint()),
        (None, _) => (theme.signs.between, theme.text()),
    }
}
