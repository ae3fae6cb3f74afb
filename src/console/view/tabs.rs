//! The names of the panes, on a screen that shows one at a time.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::text;
use crate::console::model::Model;
use crate::console::theme::Theme;

pub(super) fn draw(model: &Model, area: Rect, buffer: &mut Buffer, theme: Theme) {
    for tab in model.tabs() {
        let column = tab.column.min(area.width);
        let rest = Rect { x: area.x + column, width: area.width - column, ..area };
        text::put(buffer, rest, &tab.label, theme.tab(tab.pane == model.focus), theme);
    }
}
