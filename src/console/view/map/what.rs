//! What can stand in a cell of the map: how it looks, what it is called, and what it gives way to.

use ratatui::style::Style;

use crate::console::theme::{Age, SOON, Theme, URGENT};

/// What stands in a cell of the map. The later one takes the place of the earlier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum What {
    /// The empty paper.
    Nothing,
    /// A crossing of the grid.
    Grid,
    /// The edge of an area of the overlay.
    Area,
    /// A line of the overlay.
    Street,
    /// The name of either.
    Name,
    /// Drivers too close together to tell apart.
    Crowd,
    /// Where a driver came from.
    Trail,
    /// The radius of the selected search.
    Circle,
    /// A distance that is measured.
    Measure,
    /// A line from the selected search to a driver near it.
    Neighbour,
    /// A place to come back to.
    Bookmark,
    /// Drivers, by how long ago they reported.
    Stale,
    Unknown,
    Ageing,
    Fresh,
    /// Labels of the grid, ids, the scale.
    Label,
    /// Searches that wait, by the part of their time that is left.
    Calm,
    Soon,
    Urgent,
    /// The selected search.
    SearchSelected,
    /// The selected driver.
    DriverSelected,
    /// The driver in hand.
    Carried,
}

impl What {
    /// All that a legend tells of, in its order, but for crowds, which have several signs.
    pub(super) const TOLD: [Self; 17] = [
        Self::Fresh,
        Self::Ageing,
        Self::Stale,
        Self::Unknown,
        Self::DriverSelected,
        Self::Carried,
        Self::Calm,
        Self::Soon,
        Self::Urgent,
        Self::SearchSelected,
        Self::Circle,
        Self::Neighbour,
        Self::Trail,
        Self::Measure,
        Self::Bookmark,
        Self::Street,
        Self::Area,
    ];

    /// A driver by its age.
    pub(super) fn driver(age: Age) -> Self {
        match age {
            Age::Fresh => Self::Fresh,
            Age::Ageing => Self::Ageing,
            Age::Stale => Self::Stale,
            Age::Unknown => Self::Unknown,
        }
    }

    /// A search by the part of its time that is left, 0 to 1.
    pub(super) fn search(left: f64) -> Self {
        match left {
            l if l < URGENT => Self::Urgent,
            l if l < SOON => Self::Soon,
            _ => Self::Calm,
        }
    }

    /// The sign, which stands for dots where those cannot be drawn, and the style.
    pub(super) fn look(self, theme: Theme) -> (&'static str, Style) {
        let signs = theme.signs;
        match self {
            Self::Nothing => (" ", theme.text()),
            Self::Grid => (signs.grid, theme.grid()),
            Self::Area => (signs.overlay, theme.overlay_area()),
            Self::Street | Self::Name => (signs.overlay, theme.overlay_line()),
            Self::Crowd => theme.crowd(0),
            Self::Trail => (signs.trail, theme.trail()),
            Self::Circle => (signs.circle, theme.circle()),
            Self::Measure => (signs.measure, theme.measure()),
            Self::Neighbour => (signs.neighbour, theme.neighbour_line()),
            Self::Bookmark => (signs.bookmark, theme.label()),
            Self::Stale => theme.driver_aged(Age::Stale),
            Self::Unknown => theme.driver_aged(Age::Unknown),
            Self::Ageing => theme.driver_aged(Age::Ageing),
            Self::Fresh => theme.driver_aged(Age::Fresh),
            Self::Label => ("", theme.faint()),
            Self::Calm => theme.pin_urgency(1.0),
            Self::Soon => theme.pin_urgency(URGENT),
            Self::Urgent => theme.pin_urgency(0.0),
            Self::SearchSelected => (signs.pin_selected, theme.pin_selected()),
            Self::DriverSelected => (signs.driver_selected, theme.driver_selected()),
            Self::Carried => (signs.carried, theme.driver_selected()),
        }
    }

    /// What it is called in the legend.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Fresh => "driver",
            Self::Ageing => "silent for 30 s",
            Self::Stale => "stale",
            Self::Unknown => "never reported",
            Self::DriverSelected => "selected driver",
            Self::Carried => "driver in hand",
            Self::Calm => "waiting",
            Self::Soon => "waiting, ends soon",
            Self::Urgent => "about to be lost",
            Self::SearchSelected => "selected search",
            Self::Circle => "its radius",
            Self::Neighbour => "to the nearest",
            Self::Trail => "came from",
            Self::Measure => "measured",
            Self::Bookmark => "bookmark",
            Self::Street | Self::Name => "street",
            Self::Area => "area",
            Self::Nothing | Self::Grid | Self::Crowd | Self::Label => "",
        }
    }

    /// As the legend shows it: a dot or a piece of a line, where it is drawn with dots.
    pub(super) fn sample(self, theme: Theme) -> &'static str {
        match self {
            Self::Fresh | Self::Ageing | Self::Unknown if theme.signs.braille => "⠂",
            Self::Area | Self::Neighbour if theme.signs.braille => "⠢",
            Self::Street | Self::Trail | Self::Circle | Self::Measure if theme.signs.braille => "⠒",
            other => other.look(theme).0,
        }
    }

    /// Whether the dots of both can stand side by side in a cell: of one kind, or drivers of whatever age.
    pub(super) fn shares_a_cell_with(self, other: Self) -> bool {
        let driver = |what| (Self::Unknown..=Self::Fresh).contains(&what);
        self == other || driver(self) && driver(other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::fixtures::options;

    #[test]
    fn what_the_legend_tells_has_a_sign_of_its_own_in_ascii() {
        let mut look = options().look;
        look.ascii = true;
        let theme = Theme::new(look);
        let signs: std::collections::BTreeSet<_> = What::TOLD.iter().map(|what| what.sample(theme)).collect();
        // Streets and the edges of areas are one sign.
        assert_eq!(signs.len(), What::TOLD.len() - 1, "{signs:?}");
        assert!(What::TOLD.iter().all(|what| !what.word().is_empty()));
    }

    #[test]
    fn riders_stand_over_drivers_and_those_over_lines() {
        assert!(What::search(1.0) > What::driver(Age::Fresh));
        assert!(What::driver(Age::Stale) > What::Neighbour && What::Neighbour > What::Street);
        assert_eq!([1.0, 0.3, 0.1].map(What::search), [What::Calm, What::Soon, What::Urgent]);
    }
}
