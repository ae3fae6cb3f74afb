//! The names of the panes, on a screen that shows one at a time.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use super::text;
use crate::console::action::Action;
use crate::console::model::{Model, Pane};
use crate::console::theme::Theme;

/// In the order of their keys.
pub(in crate::console) const TABS: [(Pane, &str); 4] =
    [(Pane::Searches, "Searches"), (Pane::Drivers, "Drivers"), (Pane::Map, "Map"), (Pane::Events, "Events")];

pub(super) fn draw(model: &Model, area: Rect, buffer: &mut Buffer, theme: Theme) {
    for (pane, x, label) in placed(model) {
        let rest = Rect { x: area.x + x, width: area.width.saturating_sub(x), ..area };
        text::put(buffer, rest, &label, theme.tab(pane == model.focus), theme);
    }
}

/// Each tab with where it begins, its key before its name. The one that is shown stands in brackets.
pub(in crate::console) fn placed(model: &Model) -> Vec<(Pane, u16, String)> {
    let mut x = 1;
    TABS.into_iter()
        .map(|(pane, name)| {
            let name = format!("{} {name}", model.key_for(Action::Pane(pane)));
            let label = if pane == model.focus { format!("[{name}]") } else { format!(" {name} ") };
            let at = x;
            x += u16::try_from(label.width()).unwrap_or(0) + 1;
            (pane, at, label)
        })
        .collect()
}
