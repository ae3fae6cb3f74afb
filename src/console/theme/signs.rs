//! The signs: every meaning has one, so that nothing is told by colour alone.

use ratatui::symbols::border;

/// Characters that mean something.
#[derive(Debug)]
pub struct Signs {
    /// Whether dots can be drawn finer than a cell (Braille).
    pub braille: bool,
    /// A single driver where dots cannot be drawn.
    pub driver: &'static str,
    /// Drivers where dots cannot be drawn: fresh, ageing, stale, and of an age that nobody knows.
    pub driver_ages: [&'static str; 4],
    /// The selected driver.
    pub driver_selected: &'static str,
    /// A driver in hand.
    pub carried: &'static str,
    /// A waiting search.
    pub pin: &'static str,
    /// Waiting searches: those with time, those that end soon, those about to be lost.
    pub pins: [&'static str; 3],
    /// The selected search.
    pub pin_selected: &'static str,
    /// The edge of a radius where dots cannot be drawn.
    pub circle: &'static str,
    /// Where a driver has been, where dots cannot be drawn.
    pub trail: &'static str,
    /// Streets and the edges of zones, where dots cannot be drawn.
    pub overlay: &'static str,
    /// A line to a near driver, where dots cannot be drawn.
    pub neighbour: &'static str,
    /// A distance that is measured, where dots cannot be drawn.
    pub measure: &'static str,
    /// A place to come back to.
    pub bookmark: &'static str,
    /// The map's cursor.
    pub cursor: &'static str,
    /// Crowds, from thin to thick.
    pub crowd: [&'static str; 4],
    /// A crossing of the grid.
    pub grid: &'static str,
    /// The selected row.
    pub row: &'static str,
    /// A marked row.
    pub mark: &'static str,
    /// A rider about to be lost.
    pub alarm: &'static str,
    /// A picture that is held.
    pub held: &'static str,
    /// Sorted upwards, downwards.
    pub sort: [&'static str; 2],
    /// The steps of a sparkline, from low to high.
    pub spark: [&'static str; 8],
    /// A bar: the part that is left, and the part that is gone.
    pub bar: (&'static str, &'static str),
    /// The scale bar: left end, middle, right end.
    pub scale: (&'static str, &'static str, &'static str),
    /// Found, cancelled, expired.
    pub ends: [&'static str; 3],
    /// Live, polling, away.
    pub links: [&'static str; 3],
    /// Between two things in one line.
    pub between: &'static str,
    /// Between two parts of the header.
    pub split: &'static str,
    /// More text than there is room for.
    pub more: &'static str,
    /// The borders of panes.
    pub border: border::Set<'static>,
}

/// For terminals that show Unicode. Each is one column wide, and none is an emoji in disguise.
pub(super) const UNICODE: Signs = Signs {
    braille: true,
    driver: "•",
    driver_ages: ["•", "◦", "◌", "○"],
    driver_selected: "●",
    carried: "◎",
    pin: "◆",
    pins: ["◆", "◈", "▲"],
    pin_selected: "◉",
    circle: "·",
    trail: "·",
    overlay: "·",
    neighbour: "·",
    measure: "·",
    bookmark: "⚑",
    cursor: "┼",
    crowd: ["░", "▒", "▓", "█"],
    grid: "·",
    row: "▸",
    mark: "■",
    alarm: "!",
    held: "‖",
    sort: ["▲", "▼"],
    spark: ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
    bar: ("━", "─"),
    scale: ("├", "─", "┤"),
    ends: ["✓", "⊘", "✗"],
    links: ["●", "◐", "○"],
    between: "·",
    split: "│",
    more: "…",
    border: border::PLAIN,
};

/// For all others.
pub(super) const ASCII: Signs = Signs {
    braille: false,
    driver: "o",
    driver_ages: ["o", "c", "x", "u"],
    driver_selected: "O",
    carried: "@",
    pin: "?",
    pins: ["?", "*", "^"],
    pin_selected: "!",
    circle: ".",
    trail: ",",
    overlay: ";",
    neighbour: "'",
    measure: "=",
    bookmark: "B",
    cursor: "+",
    crowd: [":", "%", "&", "#"],
    grid: ".",
    row: ">",
    mark: "*",
    alarm: "!",
    held: "=",
    sort: ["^", "v"],
    spark: [".", ":", "-", "=", "+", "*", "%", "#"],
    bar: ("=", "-"),
    scale: ("|", "-", "|"),
    ends: ["+", "/", "x"],
    links: ["*", "~", "!"],
    between: "-",
    split: "|",
    more: "~",
    border: border::Set {
        top_left: "+",
        top_right: "+",
        bottom_left: "+",
        bottom_right: "+",
        vertical_left: "|",
        vertical_right: "|",
        horizontal_top: "-",
        horizontal_bottom: "-",
    },
};

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthStr;

    use super::*;

    fn all(signs: &Signs) -> Vec<&'static str> {
        let Signs { driver, driver_selected, carried, pin, pin_selected, circle, trail, overlay, .. } = *signs;
        let Signs { neighbour, measure, bookmark, cursor, grid, row, mark, alarm, held, between, split, more, .. } =
            *signs;
        let (bar, scale, border) = (signs.bar, signs.scale, signs.border);
        let single = [driver, driver_selected, carried, pin, pin_selected, circle, trail, overlay, neighbour, measure];
        let other = [
            bookmark, cursor, grid, row, mark, alarm, held, between, split, more, bar.0, bar.1, scale.0, scale.1,
            scale.2,
        ];
        let corners = [border.top_left, border.top_right, border.bottom_left, border.bottom_right];
        let sides = [border.vertical_left, border.vertical_right, border.horizontal_top, border.horizontal_bottom];
        let several: [&[&str]; 11] = [
            &single,
            &other,
            &corners,
            &sides,
            &signs.driver_ages,
            &signs.pins,
            &signs.crowd,
            &signs.ends,
            &signs.links,
            &signs.sort,
            &signs.spark,
        ];
        several.concat()
    }

    /// A variation selector makes an emoji of what can be one, and that is two columns wide in many a terminal.
    #[test]
    fn every_sign_is_one_column_wide_and_no_emoji() {
        for sign in all(&UNICODE) {
            assert_eq!(sign.width(), 1, "{sign}");
            assert_eq!(format!("{sign}\u{fe0f}").width(), 1, "{sign}");
        }
    }

    #[test]
    fn ascii_is_ascii() {
        for sign in all(&ASCII) {
            assert!(sign.is_ascii() && sign.len() == 1, "{sign}");
        }
    }

    #[test]
    fn what_stands_for_different_things_looks_different() {
        for signs in [&UNICODE, &ASCII] {
            for kinds in [signs.driver_ages.as_slice(), &signs.pins, &signs.ends, &signs.links, &signs.sort] {
                let different: std::collections::BTreeSet<_> = kinds.iter().collect();
                assert_eq!(different.len(), kinds.len(), "{kinds:?}");
            }
        }
    }
}
