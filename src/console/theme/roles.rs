//! What the roles on the map and of the states look like.

use ratatui::style::Style;

use super::{Age, Series, Theme};
use crate::console::message::Link;
use crate::domain::State;

/// With less than this part of its time left, a search ends soon.
pub const SOON: f64 = 0.4;
/// As above: about to be lost.
pub const URGENT: f64 = 0.15;

impl Theme {
    /// The crossings of the coordinate grid.
    #[must_use]
    pub fn grid(self) -> Style {
        self.ink(self.palette.grid)
    }

    /// The map's cursor.
    #[must_use]
    pub fn cursor(self) -> Style {
        self.ink(self.palette.cursor)
    }

    /// Drivers.
    #[must_use]
    pub fn driver(self) -> Style {
        self.ink(self.palette.driver)
    }

    /// Drivers by their age, fading out: the sign for where dots cannot be drawn, and the colour.
    #[must_use]
    pub fn driver_aged(self, age: Age) -> (&'static str, Style) {
        let ([fresh, ageing, stale, unknown], palette) = (self.signs.driver_ages, self.palette);
        let (sign, ink) = match age {
            Age::Fresh => (fresh, palette.driver),
            Age::Ageing => (ageing, palette.driver_ageing),
            Age::Stale => (stale, palette.driver_stale),
            Age::Unknown => (unknown, palette.driver_unknown),
        };
        (sign, self.ink(ink))
    }

    /// A crowd of drivers by its step from thin to thick, 0 to 3: sign and colour.
    #[must_use]
    pub fn crowd(self, step: usize) -> (&'static str, Style) {
        let ([thin, thicker, thick, packed], palette) = (self.signs.crowd, self.palette);
        let (sign, ink) = match step {
            0 => (thin, palette.crowd_thin),
            1 => (thicker, palette.crowd_thicker),
            2 => (thick, palette.crowd_thick),
            _ => (packed, palette.crowd_packed),
        };
        (sign, self.ink(ink))
    }

    /// The selected driver, and one in hand.
    #[must_use]
    pub fn driver_selected(self) -> Style {
        self.ink(self.palette.driver_selected)
    }

    /// Waiting searches.
    #[must_use]
    pub fn pin(self) -> Style {
        self.ink(self.palette.pin)
    }

    /// Waiting searches by the part of their time that is left, 0 to 1: sign and colour.
    #[must_use]
    pub fn pin_urgency(self, left: f64) -> (&'static str, Style) {
        let ([calm, soon, urgent], palette) = (self.signs.pins, self.palette);
        let (sign, ink) = match left {
            l if l < URGENT => (urgent, palette.urgent),
            l if l < SOON => (soon, palette.soon),
            _ => (calm, palette.pin),
        };
        (sign, self.ink(ink))
    }

    /// The selected search.
    #[must_use]
    pub fn pin_selected(self) -> Style {
        self.ink(self.palette.pin_selected)
    }

    /// The radius of the selected search.
    #[must_use]
    pub fn circle(self) -> Style {
        self.ink(self.palette.circle)
    }

    /// A line from the selected search to a near driver.
    #[must_use]
    pub fn neighbour_line(self) -> Style {
        self.ink(self.palette.neighbour)
    }

    /// Where a driver has been.
    #[must_use]
    pub fn trail(self) -> Style {
        self.ink(self.palette.trail)
    }

    /// A distance that is measured.
    #[must_use]
    pub fn measure(self) -> Style {
        self.ink(self.palette.measure)
    }

    /// Streets and other lines that were laid over the map.
    #[must_use]
    pub fn overlay_line(self) -> Style {
        self.ink(self.palette.overlay_line)
    }

    /// The edges of zones that were laid over the map.
    #[must_use]
    pub fn overlay_area(self) -> Style {
        self.ink(self.palette.overlay_area)
    }

    /// A countdown: the part of its time that is left, 0 to 1.
    #[must_use]
    pub fn countdown(self, left: f64) -> Style {
        match left {
            l if l < URGENT => self.ink(self.palette.urgent),
            l if l < SOON => self.ink(self.palette.soon),
            _ => self.good(),
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
            Link::Unproven(_) => (polling, "unproven", self.faint()),
            Link::Polling(_) => (polling, "polling", self.warning()),
            Link::Away(_) => (away, "away", self.bad()),
        }
    }

    /// Something went well.
    #[must_use]
    pub fn good(self) -> Style {
        self.ink(self.palette.good)
    }

    /// Something wants attention.
    #[must_use]
    pub fn warning(self) -> Style {
        self.ink(self.palette.warning)
    }

    /// Something is wrong.
    #[must_use]
    pub fn bad(self) -> Style {
        self.ink(self.palette.bad)
    }

    /// A rider about to be lost: set over the finished row, and on the pin and in the header.
    #[must_use]
    pub fn alarm(self) -> Style {
        self.ink(self.palette.alarm)
    }

    /// The same once somebody has taken note.
    #[must_use]
    pub fn acknowledged(self) -> Style {
        self.ink(self.palette.acknowledged)
    }

    /// The console may change things for a while: in the header.
    #[must_use]
    pub fn armed(self) -> Style {
        self.ink(self.palette.armed)
    }

    /// The picture is held: in the header.
    #[must_use]
    pub fn held(self) -> Style {
        self.ink(self.palette.held)
    }

    /// A sparkline.
    #[must_use]
    pub fn spark(self, series: Series) -> Style {
        match series {
            Series::Arrivals => self.ink(self.palette.arrivals),
            Series::Found => self.good(),
            Series::Expired => self.bad(),
        }
    }
}
