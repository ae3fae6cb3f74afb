//! Putting text into a line: cut with a sign where there is no room, never past its area.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;
use unicode_width::UnicodeWidthStr;

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
    let width = u16::try_from(columns(&cut)).unwrap_or(area.width).min(area.width);
    put(buffer, Rect { x: area.right() - width, width, ..area }, &cut, style, theme);
}

/// How many columns a text takes: each letter with its marks by itself, as the cells of the screen are filled. Of the text as a
/// whole that can be less, where letters would grow into one another.
fn columns(text: &str) -> usize {
    Span::raw(text).styled_graphemes(Style::default()).map(|letter| letter.symbol.width()).sum()
}

/// The text, or as much of it as fits with the sign for more at its end. No letter is parted from its marks.
pub(super) fn fit(text: &str, width: usize, more: &str) -> String {
    if columns(text) <= width {
        return text.to_owned();
    }
    let room = width.saturating_sub(more.width());
    let mut used = 0;
    let whole = Span::raw(text);
    let kept: String = whole
        .styled_graphemes(Style::default())
        .map(|letter| letter.symbol)
        .take_while(|letter| {
            used += letter.width();
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
            Some(line) if columns(line) + 1 + columns(word) <= width => {
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
    use proptest::prelude::*;
    use unicode_width::UnicodeWidthChar;

    use super::*;
    use crate::console::model::{Depth, Look, ThemeName};
    use crate::domain::clean;

    const BEYOND: &str = "|";

    proptest! {
        /// Texts from outside: letters that are wide, have marks, grow into one another, or belong together, and any others.
        #[test]
        fn what_is_written_stays_in_its_columns(
            text in "(\\PC|[لا출é🇨🇱👍🏽👩ក្កक्षि\u{301}\u{200d}\u{fe0f}]){0,30}",
            width in 0_u16..20,
        ) {
            let theme = Theme::new(Look { ascii: false, depth: Depth::Sixteen, theme: ThemeName::Terminal });
            let text = clean(text.as_bytes());
            // However a terminal reckons, letter by letter or character by character, it is the same.
            let apart: usize = text.chars().filter_map(UnicodeWidthChar::width).sum();
            prop_assert_eq!(columns(&text), apart, "{:?}", text);
            let mut buffer = Buffer::empty(Rect::new(0, 0, 40, 1));
            for x in 0..40 {
                buffer[(x, 0)].set_symbol(BEYOND);
            }
            let used = put(&mut buffer, Rect::new(0, 0, width, 1), &text, Style::default(), theme);
            prop_assert!(used <= width, "{text:?} takes {used} of {width}");
            let cut = fit(&text, usize::from(width), theme.signs.more);
            prop_assert_eq!(usize::from(used), columns(&cut));
            prop_assert_eq!(cut == text, columns(&text) <= usize::from(width));
            for x in width..40 {
                prop_assert_eq!(buffer[(x, 0)].symbol(), BEYOND);
            }
        }
    }

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
