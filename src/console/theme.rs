//! Colours and symbols. No other file names a colour; every meaning that has a colour has a sign or a word too.

use ratatui::style::{Color, Modifier, Style};
use ratatui::symbols::border;

use super::message::Link;
use super::model::Look;
use crate::domain::State;

/// How things look. The sixteen colours of the terminal's own palette are used, so that any terminal and any background will do.
#[derive(Debug, Clone, Copy)]
pub struct Theme {
    colour: bool,
    /// The signs.
    pub signs: &'static Signs,
}

/// Characters that mean something.
#[derive(Debug)]
pub struct Signs {
    /// Whether dots can be drawn finer than a cell (Braille).
    pub braille: bool,
    /// A single driver where dots cannot be drawn.
    pub driver: &'static str,
    /// The selected driver.
    pub driver_selected: &'static str,
    /// A driver in hand.
    pub carried: &'static str,
    /// A waiting search.
    pub pin: &'static str,
    /// The selected search.
    pub pin_selected: &'static str,
    /// The edge of a radius where dots cannot be drawn.
    pub circle: &'static str,
    /// The map's cursor.
    pub cursor: &'static str,
    /// Crowds, from thin to thick.
    pub crowd: [&'static str; 4],
    /// A crossing of the grid.
    pub grid: &'static str,
    /// The selected row.
    pub row: &'static str,
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

const UNICODE: Signs = Signs {
    braille: true,
    driver: "•",
    driver_selected: "●",
    carried: "◎",
    pin: "◆",
    pin_selected: "◉",
    circle: "·",
    cursor: "┼",
    crowd: ["░", "▒", "▓", "█"],
    grid: "·",
    row: "▸",
    bar: ("━", "─"),
    scale: ("├", "─", "┤"),
    ends: ["✓", "⊘", "✗"],
    links: ["●", "◐", "○"],
    between: "·",
    split: "│",
    more: "…",
    border: border::PLAIN,
};

const ASCII: Signs = Signs {
    braille: false,
    driver: "o",
    driver_selected: "O",
    carried: "@",
    pin: "?",
    pin_selected: "!",
    circle: ".",
    cursor: "+",
    crowd: [":", "%", "&", "#"],
    grid: ".",
    row: ">",
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

impl Theme {
    /// The look for a terminal that can or cannot do colours and Unicode.
    #[must_use]
    pub fn new(look: Look) -> Self {
        Self { colour: look.colour, signs: if look.ascii { &ASCII } else { &UNICODE } }
    }

    fn style(self, colour: Color, otherwise: Modifier) -> Style {
        if self.colour { Style::new().fg(colour) } else { Style::new().add_modifier(otherwise) }
    }

    /// Ordinary text.
    #[must_use]
    pub fn text(self) -> Style {
        Style::new()
    }

    /// Text that may be overlooked.
    #[must_use]
    pub fn faint(self) -> Style {
        self.style(Color::DarkGray, Modifier::DIM)
    }

    /// Text that matters.
    #[must_use]
    pub fn strong(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// The name of the program.
    #[must_use]
    pub fn brand(self) -> Style {
        self.style(Color::Yellow, Modifier::empty()).add_modifier(Modifier::BOLD)
    }

    /// The border of a pane, with or without the keys.
    #[must_use]
    pub fn border(self, focused: bool) -> Style {
        if focused { self.style(Color::Yellow, Modifier::BOLD) } else { self.faint() }
    }

    /// A key in a hint.
    #[must_use]
    pub fn key(self) -> Style {
        self.style(Color::Cyan, Modifier::BOLD)
    }

    /// Drivers.
    #[must_use]
    pub fn driver(self) -> Style {
        self.style(Color::Green, Modifier::empty())
    }

    /// The selected driver, and one in hand.
    #[must_use]
    pub fn driver_selected(self) -> Style {
        self.style(Color::LightGreen, Modifier::empty()).add_modifier(Modifier::BOLD)
    }

    /// Waiting searches.
    #[must_use]
    pub fn pin(self) -> Style {
        self.style(Color::Magenta, Modifier::empty())
    }

    /// The selected search.
    #[must_use]
    pub fn pin_selected(self) -> Style {
        self.style(Color::LightMagenta, Modifier::empty()).add_modifier(Modifier::BOLD)
    }

    /// The radius of the selected search.
    #[must_use]
    pub fn circle(self) -> Style {
        self.style(Color::Magenta, Modifier::DIM)
    }

    /// The map's cursor.
    #[must_use]
    pub fn cursor(self) -> Style {
        self.style(Color::Yellow, Modifier::BOLD)
    }

    /// The selected row: reversed as a whole, whatever colours its columns have.
    #[must_use]
    pub fn row_selected(self) -> Style {
        Style::reset().add_modifier(Modifier::REVERSED)
    }

    /// A countdown: the part of its time that is left, 0 to 1.
    #[must_use]
    pub fn countdown(self, left: f64) -> Style {
        match left {
            l if l < 0.15 => self.style(Color::Red, Modifier::BOLD).add_modifier(Modifier::BOLD),
            l if l < 0.4 => self.style(Color::Yellow, Modifier::empty()),
            _ => self.style(Color::Green, Modifier::empty()),
        }
    }

    /// A state, by its sign and its colour.
    #[must_use]
    pub fn state(self, state: State) -> (&'static str, Style) {
        let [found, cancelled, expired] = self.signs.ends;
        match state {
            State::Searching => (" ", self.text()),
            State::Found => (found, self.good()),
            State::Cancelled => (cancelled, self.faint()),
            State::Expired => (expired, self.bad()),
        }
    }

    /// How the link is: sign, word, colour.
    #[must_use]
    pub fn link(self, link: &Link) -> (&'static str, &'static str, Style) {
        let [live, polling, away] = self.signs.links;
        match link {
            Link::Connecting => (polling, "connecting", self.faint()),
            Link::Live => (live, "live", self.good()),
            Link::Polling(_) => (polling, "polling", self.warning()),
            Link::Away(_) => (away, "away", self.bad()),
        }
    }

    /// Something went well.
    #[must_use]
    pub fn good(self) -> Style {
        self.style(Color::Green, Modifier::empty())
    }

    /// Something wants attention.
    #[must_use]
    pub fn warning(self) -> Style {
        self.style(Color::Yellow, Modifier::BOLD)
    }

    /// Something is wrong.
    #[must_use]
    pub fn bad(self) -> Style {
        self.style(Color::Red, Modifier::BOLD)
    }

    /// A line across the screen that cannot be overlooked.
    #[must_use]
    pub fn banner(self) -> Style {
        self.bad().add_modifier(Modifier::REVERSED)
    }
}
