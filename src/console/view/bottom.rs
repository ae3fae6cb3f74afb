//! The line at the bottom: what is wrong with the link, else a word about the last action, else the keys that hold now.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use super::text;
use crate::console::keymap::{Context, Keymap};
use crate::console::message::Link;
use crate::console::model::{Layer, Model, Tone};
use crate::console::theme::Theme;

pub(super) fn draw(model: &Model, area: Rect, buffer: &mut Buffer, theme: Theme) {
    if let Some(Layer::Filter(input)) = model.layers.last() {
        let used = text::put(buffer, area, " filter: ", theme.key(), theme);
        let rest = Rect { x: area.x + used, width: area.width - used, ..area };
        super::layers::input(input, rest, buffer, theme);
        let shown = format!("{} shown  Enter keeps, Esc shows all ", model.searches.shown());
        text::put_right(buffer, area, &shown, theme.faint(), theme);
        return;
    }
    if let Some(notice) = &model.notice {
        let (word, style) = match notice.tone {
            Tone::Good => ("done: ", theme.good()),
            Tone::Bad => ("not done: ", theme.bad()),
            Tone::Plain => ("", theme.text()),
        };
        text::put(buffer, area, &format!(" {word}{}", notice.text), style, theme);
        return;
    }
    if let Some(trouble) = trouble(&model.link) {
        buffer.set_style(area, theme.banner());
        text::put(buffer, area, &trouble, theme.banner(), theme);
        return;
    }
    hints(model.context(), area, buffer, theme);
}

fn trouble(link: &Link) -> Option<String> {
    match link {
        Link::Connecting | Link::Live => None,
        Link::Polling(reason) => Some(format!(" No notifications, so everything is read once a second: {reason}")),
        Link::Away(reason) => Some(format!(" The picture stands still and nothing can be changed: {reason}")),
    }
}

fn hints(context: Context, area: Rect, buffer: &mut Buffer, theme: Theme) {
    let mut rest = Rect { x: area.x + 1, width: area.width.saturating_sub(1), ..area };
    let all: Vec<_> = Keymap::shared().hints(context).collect();
    // The last ones, help and quit, are what a lost one needs: what does not fit is left out before them.
    let width = |(key, hint): &(String, &str)| u16::try_from(key.width() + hint.width() + 3).unwrap_or(u16::MAX);
    let keep_from = all.len().saturating_sub(2);
    let kept: u16 = all.iter().skip(keep_from).map(width).sum();
    for (i, pair) in all.iter().enumerate() {
        let reserve = if i < keep_from { kept } else { 0 };
        if width(pair) + reserve > rest.width {
            continue;
        }
        let (key, hint) = pair;
        let mut used = text::put(buffer, rest, key, theme.key(), theme);
        let after = Rect { x: rest.x + used, width: rest.width - used, ..rest };
        used += text::put(buffer, after, &format!(" {hint}  "), theme.text(), theme);
        rest = Rect { x: rest.x + used, width: rest.width - used, ..rest };
    }
}
