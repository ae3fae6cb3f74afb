//! Colours and symbols. No other file names a colour; every meaning that has a colour has a sign or a word too.
//!
//! The theme `terminal`, with which the console starts, keeps to the sixteen colours of the terminal's own palette on its
//! own background: it fits in wherever it runs, and over SSH a colour costs the fewest bytes. The other themes paint the
//! whole screen, background and all, so that what was chosen for contrast stays so: `dark` is dark on a light terminal.
//! Without colours all themes look alike: as `mono`, but for its greys.

mod depth;
mod palette;
mod roles;
mod signs;
#[cfg(test)]
mod tests;

use ratatui::style::{Color, Modifier, Style};

use super::model::{Depth, Look, ThemeName};
use palette::{Ink, Palette, Shade};

pub use roles::{SOON, URGENT};
pub use signs::Signs;

/// How things look.
#[derive(Debug, Clone, Copy)]
pub struct Theme {
    depth: Depth,
    palette: &'static Palette,
    /// The signs.
    pub signs: &'static Signs,
}

/// How long ago a driver reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Age {
    /// Just now.
    Fresh,
    /// A while ago.
    Ageing,
    /// So long ago that it is no longer matched.
    Stale,
    /// Nobody knows.
    Unknown,
}

/// What a sparkline counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Series {
    /// Requests that came.
    Arrivals,
    /// Requests that found a driver.
    Found,
    /// Requests whose time ran out.
    Expired,
}

impl Theme {
    /// The theme as the terminal can show it.
    #[must_use]
    pub fn new(look: Look) -> Self {
        let theme = if look.depth == Depth::None { ThemeName::Mono } else { look.theme };
        let signs = if look.ascii { &signs::ASCII } else { &signs::UNICODE };
        Self { depth: look.depth, palette: Palette::of(theme), signs }
    }

    fn ink(self, ink: Ink) -> Style {
        let colour = depth::shown(ink.rgb, ink.ansi, self.depth);
        let style = Style::new().fg(colour).add_modifier(ink.modifiers(is_exact(colour)));
        match depth::shown(ink.under, Color::Reset, self.depth) {
            under if is_exact(under) => style.bg(under),
            _ => style,
        }
    }

    fn shade(self, shade: Option<Shade>) -> Color {
        shade.map_or(Color::Reset, |shade| depth::shown(shade.rgb, shade.ansi, self.depth))
    }

    /// What lies under everything: it is painted on the whole screen first, and wherever that was cleared.
    #[must_use]
    pub fn screen(self) -> Style {
        self.text().bg(self.shade(self.palette.background))
    }

    /// Ordinary text.
    #[must_use]
    pub fn text(self) -> Style {
        self.ink(self.palette.text)
    }

    /// Text that may be overlooked.
    #[must_use]
    pub fn faint(self) -> Style {
        self.ink(self.palette.faint)
    }

    /// Text that matters.
    #[must_use]
    pub fn strong(self) -> Style {
        self.ink(self.palette.strong)
    }

    /// What a figure beside it means.
    #[must_use]
    pub fn label(self) -> Style {
        self.ink(self.palette.label)
    }

    /// The name of the program.
    #[must_use]
    pub fn brand(self) -> Style {
        self.ink(self.palette.brand)
    }

    /// The border of a pane, with or without the keys.
    #[must_use]
    pub fn border(self, focused: bool) -> Style {
        self.ink(if focused { self.palette.focus } else { self.palette.border })
    }

    /// The name of a pane that is shown, or that could be.
    #[must_use]
    pub fn tab(self, active: bool) -> Style {
        self.ink(if active { self.palette.tab } else { self.palette.faint })
    }

    /// A key in a hint.
    #[must_use]
    pub fn key(self) -> Style {
        self.ink(self.palette.key)
    }

    /// What matches the filter.
    #[must_use]
    pub fn hit(self) -> Style {
        self.ink(self.palette.hit)
    }

    /// A marked row, by its sign and its colour.
    #[must_use]
    pub fn marked(self) -> (&'static str, Style) {
        (self.signs.mark, self.ink(self.palette.marked))
    }

    /// The selected row, set over it when it is done, whatever colours its columns have.
    #[must_use]
    pub fn row_selected(self) -> Style {
        match self.shade(self.palette.selection) {
            under if is_exact(under) => Style::new().bg(under).remove_modifier(Modifier::REVERSED),
            _ => Style::reset().patch(self.screen()).add_modifier(Modifier::REVERSED),
        }
    }

    /// A line across the screen that cannot be overlooked.
    #[must_use]
    pub fn banner(self) -> Style {
        self.bad().add_modifier(Modifier::REVERSED)
    }
}

/// Whether a colour is what it is on every terminal.
fn is_exact(colour: Color) -> bool {
    matches!(colour, Color::Rgb(..) | Color::Indexed(_))
}
