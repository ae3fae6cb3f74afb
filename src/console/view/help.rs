//! The help: every key that holds now, by what it is for, and what the signs on the screen mean.
//!
//! ```text
//! ┌─ Keys ───────────────────────────────────────────┐
//! │ Searches                                         │
//! │ s             search for a driver at the cursor  │
//! └─ up, down: more   Esc: close ────────── 1–20/68 ─┘
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use super::layers::centred;
use super::{boxed, text};
use crate::console::action::{Action, Direction, Group};
use crate::console::keymap::Context;
use crate::console::model::{HELP_LEGEND, Model};
use crate::console::theme::Theme;

/// A line: a head, keys with what they do, or nothing.
enum Line {
    Head(&'static str),
    Keys(String, &'static str),
    Empty,
}

pub(super) fn draw(model: &Model, scrolled: u16, screen: Rect, buffer: &mut Buffer, theme: Theme) {
    let lines = lines(model, theme);
    let of_keys = |line: &Line| match line {
        Line::Keys(keys, help) => (keys.width(), help.width()),
        Line::Head(_) | Line::Empty => (0, 0),
    };
    let widest = lines.iter().map(|line| of_keys(line).0).max().unwrap_or(0);
    let longest = lines.iter().map(|line| of_keys(line).1).max().unwrap_or(0);
    let area = centred(screen, widest + longest + 6, u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(2));
    boxed(area, theme.border(true), buffer, theme);
    let head = Rect { x: area.x + 2, width: area.width.saturating_sub(4), height: 1, ..area };
    text::put(buffer, head, " Keys ", theme.border(true), theme);
    let rows = usize::from(area.height.saturating_sub(2));
    let offset = usize::from(scrolled).min(lines.len().saturating_sub(rows));
    foot(model, (offset, rows, lines.len()), Rect { y: area.bottom() - 1, ..head }, buffer, theme);
    for (y, told) in (area.y + 1..area.bottom() - 1).zip(lines.iter().skip(offset)) {
        let line = Rect { x: area.x + 2, y, width: area.width.saturating_sub(4), height: 1 };
        match told {
            Line::Empty => {}
            Line::Head(title) => {
                text::put(buffer, line, title, theme.strong(), theme);
            }
            Line::Keys(keys, help) => {
                text::put(buffer, line, keys, theme.key(), theme);
                let column = u16::try_from(widest).unwrap_or(0) + 2;
                let rest =
                    Rect { x: line.x + column.min(line.width), width: line.width.saturating_sub(column), ..line };
                text::put(buffer, rest, help, theme.text(), theme);
            }
        }
    }
}

fn foot(model: &Model, (offset, rows, all): (usize, usize, usize), line: Rect, buffer: &mut Buffer, theme: Theme) {
    let key = |action| model.options.keymap.key_for(Context::Help, action);
    let close = key(Action::Dismiss);
    if rows >= all {
        text::put(buffer, line, &format!(" {close}: close "), theme.faint(), theme);
        return;
    }
    let (up, down) = (key(Action::Move(Direction::Up)), key(Action::Move(Direction::Down)));
    text::put(buffer, line, &format!(" {up}, {down}: more   {close}: close "), theme.faint(), theme);
    let shown = format!(" {} to {} of {all} ", offset + 1, offset + rows);
    text::put_right(buffer, line, &shown, theme.faint(), theme);
}

fn lines(model: &Model, theme: Theme) -> Vec<Line> {
    let mut lines = Vec::new();
    for group in Group::ALL {
        lines.push(Line::Head(group.title()));
        lines.extend(model.options.keymap.help(group).map(|(keys, help)| Line::Keys(keys, help)));
        lines.push(Line::Empty);
    }
    lines.push(Line::Head("Signs"));
    lines.extend(legend(theme).map(|(signs, meaning)| Line::Keys(signs, meaning)));
    lines
}

/// What the signs on the screen mean.
fn legend(theme: Theme) -> [(String, &'static str); HELP_LEGEND] {
    let signs = theme.signs;
    let [thin, .., thick] = signs.crowd;
    [
        (
            format!("{} {}", signs.driver_selected, signs.carried),
            "the selected driver, the driver in hand; others are dots",
        ),
        (signs.driver_ages[2].to_owned(), "a driver who has been silent for long; before that it fades"),
        (format!("{thin} {thick}"), "a few, many drivers too close together to tell apart"),
        (format!("{} {}", signs.pin, signs.pin_selected), "who waits; the selected one, with the radius around"),
        (format!("{} {}", signs.pins[1], signs.pins[2]), "who waits and ends soon; who is about to be lost"),
        (signs.cursor.to_owned(), "the map's cursor"),
        ("left: age:".to_owned(), "in a filter: what speaks of searches alone hides no driver, and the reverse"),
        ("nearest".to_owned(), "how far the nearest driver is; faint: outside the radius"),
        ("(external)".to_owned(), "a request that is a key alone: rider and place unknown"),
    ]
}
