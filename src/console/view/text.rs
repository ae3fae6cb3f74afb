//! Putting text into a line: cut with a sign where there is no room, never past its area.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::console::theme::Theme;

/// Writes one line from the left of the area, and answers how many columns it took.
pub(super) fn put(buffer: &mut Buffer, area: Rect, text: &str, style: Style, theme: Theme) -> u16 {
    let area = area.intersection(buffer.area);
    if area.is_empty() {
        return 0;
    }
    let cut = fit(text, usize::from(area.width), theme.signs.more);
    let (end, _) = buffer.set_stringn(area.x, area.y, &cut, usize::from(area.width), style);
    end - area.x
}

/// Writes one line that ends at the right of the area.
pub(super) fn put_right(buffer: &mut Buffer, area: Rect, text: &str, style: Style, theme: Theme) {
    let cut = fit(text, usize::from(area.width), theme.signs.more);
    let width = u16::try_from(cut.width()).unwrap_or(area.width).min(area.width);
    put(buffer, Rect { x: area.right() - width, width, ..area }, &cut, style, theme);
}

/// The text, or as much of it as fits with the sign for more at its end.
pub(super) fn fit(text: &str, width: usize, more: &str) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let room = width.saturating_sub(more.width());
    let mut used = 0;
    let kept: String = text
        .chars()
        .take_while(|c| {
            used += c.width().unwrap_or(0);
            used <= room
        })
        .collect();
    if width >= more.width() { kept + more } else { String::new() }
}

/// The text in lines of at most this width, broken at spaces; a word that is wider stands in a line of its own.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.width() + 1 + word.width() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_text_is_broken_at_spaces() {
        assert_eq!(wrap("Cancel 3 requests: 1, 2 and 3?", 12), ["Cancel 3", "requests: 1,", "2 and 3?"]);
        assert_eq!(wrap("short", 40), ["short"]);
    }

    #[test]
    fn what_does_not_fit_is_cut_with_a_sign() {
        assert_eq!(fit("requestor_42", 12, "…"), "requestor_42");
        assert_eq!(fit("requestor_42", 8, "…"), "request…");
        assert_eq!(fit("出租车出租车", 7, "…"), "出租车…");
        assert_eq!(fit("ab", 1, "…"), "…");
        assert_eq!(fit("ab", 0, "…"), "");
    }
}
