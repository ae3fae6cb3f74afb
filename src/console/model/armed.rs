//! Whether this console lets changes through. The store holds to the same; here it is known for the screen.

use std::time::Duration;

/// Whether changes are let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Armed {
    /// Until somebody disarms it.
    Always,
    /// Until then, by the console's own clock.
    Until(Duration),
    /// It only looks.
    Never,
}

impl Armed {
    /// Whether a change is let through at this moment of the console's clock.
    #[must_use]
    pub fn lets_through(self, now: Duration) -> bool {
        match self {
            Self::Always => true,
            Self::Until(end) => now < end,
            Self::Never => false,
        }
    }

    /// How long it still does; none where no end is set.
    #[must_use]
    pub fn left(self, now: Duration) -> Option<Duration> {
        match self {
            Self::Until(end) => Some(end.saturating_sub(now)),
            Self::Always | Self::Never => None,
        }
    }
}
