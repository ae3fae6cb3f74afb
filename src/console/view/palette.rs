//! The command palette: a line, what is to be said of it, and what it could become.
//!
//! ```text
//! ┌─ Commands ───────────────────────────────────────────────┐
//! │ :can                                                     │
//! │                                                          │
//! │▸cancel [ID…]        cancel the search, or those marked  c│
//! └─ Tab: complete   Enter: run   Esc: leave ───── 1 of 12 ──┘
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use super::layers::input;
use super::{boxed, text};
use crate::console::action::{Action, Direction};
use crate::console::keymap::Context;
use crate::console::model::{Choice, Model, Palette};
use crate::console::theme::Theme;

/// The most columns that it takes.
const WIDTH: u16 = 100;
/// The most choices in sight at once.
const ROWS: u16 = 14;
/// Columns for what can be typed, at the most.
const WORD: usize = 34;

pub(super) fn draw(model: &Model, palette: &Palette, screen: Rect, buffer: &mut Buffer, theme: Theme) {
    let width = screen.width.saturating_sub(4).min(WIDTH);
    let rows = ROWS.min(screen.height.saturating_sub(6));
    // As high with few choices as with many: a line that jumps about is hard to read.
    let area = Rect { x: screen.x + (screen.width - width) / 2, y: screen.y + 1, width, height: rows + 4 };
    boxed(area, theme.border(true), buffer, theme);
    let line = |row: u16| Rect { x: area.x + 2, y: area.y + row, width: area.width.saturating_sub(4), height: 1 };
    text::put(buffer, line(0), " Commands ", theme.border(true), theme);
    let used = text::put(buffer, line(1), ":", theme.key(), theme);
    let typed = Rect { x: line(1).x + used, width: line(1).width.saturating_sub(used), ..line(1) };
    input(&palette.input, typed, buffer, theme);
    say(model, palette, line(2), buffer, theme);
    let widest = palette.choices.iter().map(|choice| word(choice).width()).max().unwrap_or(0).min(WORD);
    let first = palette.chosen.map_or(0, |chosen| (chosen + 1).saturating_sub(usize::from(rows)));
    for (row, (i, choice)) in (3..3 + rows).zip(palette.choices.iter().enumerate().skip(first)) {
        draw_choice(choice, palette.chosen == Some(i), widest, line(row), buffer, theme);
    }
    foot(model, palette, line(rows + 3), buffer, theme);
}

/// What is wrong, or else what the command takes.
fn say(model: &Model, palette: &Palette, line: Rect, buffer: &mut Buffer, theme: Theme) {
    if let Some(error) = &palette.error {
        text::put(buffer, line, error, theme.bad(), theme);
    } else if let Some(told) = &palette.told {
        text::put(buffer, line, told, theme.faint(), theme);
    } else if palette.input.value().is_empty() && !model.memory.history.is_empty() {
        let up = model.options.keymap.key_for(Context::Palette, Action::Move(Direction::Up));
        text::put(buffer, line, &format!("{up}: what was run before"), theme.faint(), theme);
    } else if palette.choices.is_empty() {
        text::put(buffer, line, "no command is called so", theme.faint(), theme);
    }
}

fn draw_choice(choice: &Choice, chosen: bool, widest: usize, line: Rect, buffer: &mut Buffer, theme: Theme) {
    let column = |x: u16, width: u16| Rect {
        x: (line.x + x).min(line.right()),
        width: width.min(line.width.saturating_sub(x)),
        ..line
    };
    let width = u16::try_from(widest).unwrap_or(0);
    let key = u16::try_from(choice.key.width()).unwrap_or(0);
    let used = text::put(buffer, column(0, width), &choice.text, theme.strong(), theme);
    let arguments = column(used + 1, width.saturating_sub(used + 1));
    text::put(buffer, arguments, choice.arguments, theme.faint(), theme);
    text::put(buffer, column(width + 2, line.width.saturating_sub(width + key + 3)), &choice.help, theme.text(), theme);
    text::put_right(buffer, line, &choice.key, theme.key(), theme);
    if chosen {
        let whole = Rect { x: line.x - 1, width: line.width + 2, ..line };
        text::put(buffer, whole, theme.signs.row, theme.strong(), theme);
        buffer.set_style(whole, theme.row_selected());
    }
}

fn word(choice: &Choice) -> String {
    format!("{} {}", choice.text, choice.arguments).trim_end().to_owned()
}

fn foot(model: &Model, palette: &Palette, line: Rect, buffer: &mut Buffer, theme: Theme) {
    let key = |action| model.options.keymap.key_for(Context::Palette, action);
    let (complete, run, leave) = (key(Action::NextField), key(Action::Accept), key(Action::Dismiss));
    let keys = format!(" {complete}: complete   {run}: run   {leave}: leave ");
    text::put(buffer, line, &keys, theme.faint(), theme);
    let count = palette.choices.len();
    let shown = palette.chosen.map_or_else(|| format!(" {count} "), |chosen| format!(" {} of {count} ", chosen + 1));
    text::put_right(buffer, line, &shown, theme.faint(), theme);
}
