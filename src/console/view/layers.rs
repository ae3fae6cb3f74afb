//! What lies over the panes: the question, the form, the help.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use tui_input::Input;
use unicode_width::UnicodeWidthStr;

use super::{boxed, text};
use crate::console::keymap::Keymap;
use crate::console::model::{Confirm, Form, FormKind, Layer, Model};
use crate::console::theme::Theme;

pub(super) fn draw(model: &Model, screen: Rect, buffer: &mut Buffer, theme: Theme) {
    match model.layers.last() {
        Some(Layer::Confirm(confirm)) => question(confirm, screen, buffer, theme),
        Some(Layer::Form(form)) => draw_form(form, screen, buffer, theme),
        Some(Layer::Help(scrolled)) => help(*scrolled, screen, buffer, theme),
        Some(Layer::Filter(_)) | None => {}
    }
}

fn question(confirm: &Confirm, screen: Rect, buffer: &mut Buffer, theme: Theme) {
    const ANSWERS: &str = "y or Enter: yes    n or Esc: no";
    let width = confirm.question.width().max(ANSWERS.width()) + 4;
    let area = centred(screen, width, 5);
    boxed(area, theme.warning(), buffer, theme);
    let line = |row: u16| Rect { x: area.x + 2, y: area.y + row, width: area.width.saturating_sub(4), height: 1 };
    text::put(buffer, line(1), &confirm.question, theme.strong(), theme);
    text::put(buffer, line(3), ANSWERS, theme.key(), theme);
}

fn draw_form(form: &Form, screen: Rect, buffer: &mut Buffer, theme: Theme) {
    let title = match form.kind {
        FormKind::Search => " New search ",
        FormKind::Driver => " New driver ",
    };
    let height = u16::try_from(form.fields.len()).unwrap_or(0) + 5;
    let area = centred(screen, 56, height);
    boxed(area, theme.border(true), buffer, theme);
    text::put(
        buffer,
        Rect { x: area.x + 2, width: area.width - 4, height: 1, ..area },
        title,
        theme.border(true),
        theme,
    );
    let line = |row: u16| Rect { x: area.x + 2, y: area.y + row, width: area.width.saturating_sub(4), height: 1 };
    for ((i, field), row) in form.fields.iter().enumerate().zip(1..) {
        let active = i == form.active;
        let label = Rect { width: 10, ..line(row) };
        text::put(buffer, label, field.label, if active { theme.key() } else { theme.text() }, theme);
        let value = Rect { x: label.right(), width: line(row).width - 10, ..label };
        if active {
            input(&field.input, value, buffer, theme);
        } else {
            text::put(buffer, value, field.input.value(), theme.text(), theme);
        }
    }
    if let Some(error) = &form.error {
        text::put(buffer, line(height - 3), error, theme.bad(), theme);
    }
    text::put(buffer, line(height - 2), "Enter: do it   Tab: next field   Esc: leave it", theme.faint(), theme);
}

/// A line that is being typed in, with its cursor.
pub(super) fn input(input: &Input, area: Rect, buffer: &mut Buffer, theme: Theme) {
    let room = usize::from(area.width.saturating_sub(1));
    let scroll = input.visual_scroll(room);
    let from: String = {
        let mut skipped = 0;
        input
            .value()
            .chars()
            .skip_while(|c| {
                skipped += unicode_width::UnicodeWidthChar::width(*c).unwrap_or(0);
                skipped <= scroll
            })
            .collect()
    };
    buffer.set_stringn(area.x, area.y, &from, usize::from(area.width), theme.text());
    let column =
        u16::try_from(input.visual_cursor().saturating_sub(scroll)).unwrap_or(0).min(area.width.saturating_sub(1));
    if let Some(cell) = buffer.cell_mut((area.x + column, area.y)) {
        cell.set_style(theme.text().add_modifier(Modifier::REVERSED));
    }
}

/// What the signs on the screen mean.
fn legend(theme: Theme) -> Vec<(String, &'static str)> {
    let signs = theme.signs;
    let [thin, .., thick] = signs.crowd;
    vec![
        (String::new(), ""),
        (
            format!("{} {}", signs.driver_selected, signs.carried),
            "the selected driver, the driver in hand; others are dots",
        ),
        (signs.driver_ages[2].to_owned(), "a driver who has been silent for long; before that it fades"),
        (format!("{thin} {thick}"), "a few, many drivers too close together to tell apart"),
        (format!("{} {}", signs.pin, signs.pin_selected), "who waits; the selected one, with the radius around"),
        (format!("{} {}", signs.pins[1], signs.pins[2]), "who waits and ends soon; who is about to be lost"),
        (signs.cursor.to_owned(), "the map's cursor"),
        ("nearest".to_owned(), "how far the nearest driver is; faint: outside the radius"),
        ("(foreign)".to_owned(), "a request that is a key alone: rider and place unknown"),
    ]
}

fn help(scrolled: u16, screen: Rect, buffer: &mut Buffer, theme: Theme) {
    let lines: Vec<_> = Keymap::shared().help().chain(legend(theme)).collect();
    let widest = lines.iter().map(|(keys, _)| keys.width()).max().unwrap_or(0);
    let longest = lines.iter().map(|(_, help)| help.width()).max().unwrap_or(0);
    let area = centred(screen, widest + longest + 6, u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(2));
    boxed(area, theme.border(true), buffer, theme);
    let head = Rect { x: area.x + 2, width: area.width.saturating_sub(4), height: 1, ..area };
    text::put(buffer, head, " Keys ", theme.border(true), theme);
    let foot = Rect { y: area.bottom() - 1, ..head };
    let rows = usize::from(area.height.saturating_sub(2));
    let offset = usize::from(scrolled).min(lines.len().saturating_sub(rows));
    let more = offset + rows < lines.len();
    text::put(buffer, foot, if more { " arrows: more   Esc: close " } else { " Esc: close " }, theme.faint(), theme);
    for (y, (keys, help)) in (area.y + 1..area.bottom() - 1).zip(lines.iter().skip(offset)) {
        let line = Rect { x: area.x + 2, y, width: area.width.saturating_sub(4), height: 1 };
        text::put(buffer, line, keys, theme.key(), theme);
        let column = u16::try_from(widest).unwrap_or(0) + 2;
        let rest = Rect { x: line.x + column.min(line.width), width: line.width.saturating_sub(column), ..line };
        text::put(buffer, rest, help, theme.text(), theme);
    }
}

fn centred(screen: Rect, width: usize, height: u16) -> Rect {
    let width = u16::try_from(width).unwrap_or(u16::MAX).min(screen.width.saturating_sub(2));
    let height = height.min(screen.height.saturating_sub(2));
    Rect { x: screen.x + (screen.width - width) / 2, y: screen.y + (screen.height - height) / 2, width, height }
}
