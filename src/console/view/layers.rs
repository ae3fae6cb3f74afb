//! What lies over the panes: the question and the form. The help stands in a file of its own.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use tui_input::Input;
use unicode_width::UnicodeWidthStr;

use super::{boxed, help, link, lists, palette, text};
use crate::console::action::Action;
use crate::console::keymap::Context;
use crate::console::model::{Confirm, Form, FormKind, Layer, Model};
use crate::console::theme::Theme;

pub(super) fn draw(model: &Model, screen: Rect, buffer: &mut Buffer, theme: Theme) {
    match model.layers.last() {
        Some(Layer::Confirm(confirm)) => question(model, confirm, screen, buffer, theme),
        Some(Layer::Form(form)) => draw_form(model, form, screen, buffer, theme),
        Some(Layer::Help(scrolled)) => help::draw(model, *scrolled, screen, buffer, theme),
        Some(Layer::Choose(choose)) => lists::choose(model, choose, screen, buffer, theme),
        Some(Layer::Results(results)) => lists::results(model, results, screen, buffer, theme),
        Some(Layer::Link) => link::draw(model, screen, buffer, theme),
        Some(Layer::Palette(open)) => palette::draw(model, open, screen, buffer, theme),
        Some(Layer::Filter(_)) | None => {}
    }
}

fn question(model: &Model, confirm: &Confirm, screen: Rect, buffer: &mut Buffer, theme: Theme) {
    let keys = |action| model.options.keymap.either(Context::Confirm, action);
    let answers = format!("{}: yes    {}: no", keys(Action::Accept), keys(Action::Dismiss));
    let room = usize::from(screen.width.saturating_sub(6));
    // It names all that is meant, however much that is.
    let lines = text::wrap(&confirm.question, room);
    let width = lines.iter().map(|line| line.width()).max().unwrap_or(0).max(answers.width()) + 4;
    let height = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(4);
    let area = centred(screen, width, height);
    boxed(area, theme.warning(), buffer, theme);
    let last = area.bottom().saturating_sub(2);
    for (y, words) in (area.y + 1..last).zip(&lines) {
        let line = Rect { x: area.x + 2, y, width: area.width.saturating_sub(4), height: 1 };
        text::put(buffer, line, words, theme.strong(), theme);
    }
    let line = Rect { x: area.x + 2, y: last, width: area.width.saturating_sub(4), height: 1 };
    text::put(buffer, line, &answers, theme.key(), theme);
}

fn draw_form(model: &Model, form: &Form, screen: Rect, buffer: &mut Buffer, theme: Theme) {
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
    let key = |action| model.options.keymap.key_for(Context::Form, action);
    let (does, next, leaves) = (key(Action::Accept), key(Action::NextField), key(Action::Dismiss));
    let keys = format!("{does}: do it   {next}: next field   {leaves}: leave it");
    text::put(buffer, line(height - 2), &keys, theme.faint(), theme);
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

/// A box of this size in the middle of the screen, or as much of it as there is room for.
pub(super) fn centred(screen: Rect, width: usize, height: u16) -> Rect {
    let width = u16::try_from(width).unwrap_or(u16::MAX).min(screen.width.saturating_sub(2));
    let height = height.min(screen.height.saturating_sub(2));
    Rect { x: screen.x + (screen.width - width) / 2, y: screen.y + (screen.height - height) / 2, width, height }
}
