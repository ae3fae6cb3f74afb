//! What the terminal can show, and the theme that the operator chose.

use std::fmt;
use std::str::FromStr;

/// How things are to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Only ASCII characters.
    pub ascii: bool,
    /// The colours that there are.
    pub depth: Depth,
    /// The theme.
    pub theme: ThemeName,
}

impl Look {
    /// Goes on to the next theme, and answers which that is.
    pub fn next_theme(&mut self) -> ThemeName {
        self.theme = self.theme.next();
        self.theme
    }
}

/// How many colours the terminal has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// None: text is bold, dim, underlined or reversed.
    None,
    /// The sixteen of its own palette.
    Sixteen,
    /// The 256 that are the same nearly everywhere.
    TwoFiftySix,
    /// All that a screen has.
    TrueColour,
}

/// Terminals that have all colours and tell so by their names, where `COLORTERM` does not come through SSH.
const TRUE_COLOUR: [&str; 6] = ["direct", "kitty", "alacritty", "foot", "wezterm", "ghostty"];

impl Depth {
    /// What the variables `NO_COLOR`, `COLORTERM` and `TERM` say.
    #[must_use]
    pub fn told_by(no_color: Option<&str>, colorterm: Option<&str>, term: Option<&str>) -> Self {
        let term = term.unwrap_or_default();
        if no_color.is_some_and(|value| !value.is_empty()) || term == "dumb" {
            Self::None
        } else if colorterm.is_some_and(|value| matches!(value, "truecolor" | "24bit"))
            || TRUE_COLOUR.iter().any(|name| term.contains(name))
        {
            Self::TrueColour
        } else if term.contains("256color") {
            Self::TwoFiftySix
        } else {
            Self::Sixteen
        }
    }
}

/// The themes that are built in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ThemeName {
    /// The sixteen colours of the terminal's own palette on its own background.
    Terminal,
    /// Light on dark.
    Dark,
    /// Dark on light.
    Light,
    /// As far apart from the background as can be.
    Contrast,
    /// Told apart with the common kinds of colour blindness.
    ColourSafe,
    /// Greys.
    Mono,
}

impl ThemeName {
    /// All, in the order in which they follow one another.
    pub const ALL: [Self; 6] = [Self::Terminal, Self::Dark, Self::Light, Self::Contrast, Self::ColourSafe, Self::Mono];

    /// As it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Terminal => "terminal",
            Self::Dark => "dark",
            Self::Light => "light",
            Self::Contrast => "contrast",
            Self::ColourSafe => "colour-safe",
            Self::Mono => "mono",
        }
    }

    /// The one after this; after the last comes the first.
    #[must_use]
    pub const fn next(self) -> Self {
        match self {
            Self::Terminal => Self::Dark,
            Self::Dark => Self::Light,
            Self::Light => Self::Contrast,
            Self::Contrast => Self::ColourSafe,
            Self::ColourSafe => Self::Mono,
            Self::Mono => Self::Terminal,
        }
    }
}

impl fmt::Display for ThemeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// There is no theme of this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no such theme: it is one of terminal, dark, light, contrast, colour-safe, mono")]
pub struct NoSuchTheme;

impl FromStr for ThemeName {
    type Err = NoSuchTheme;

    fn from_str(name: &str) -> Result<Self, NoSuchTheme> {
        Self::ALL.into_iter().find(|theme| theme.as_str() == name).ok_or(NoSuchTheme)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variables_tell_the_colours() {
        let told = |no_color, colorterm, term| Depth::told_by(no_color, colorterm, Some(term));
        assert_eq!(told(Some("1"), Some("truecolor"), "xterm-256color"), Depth::None);
        assert_eq!(told(None, Some("truecolor"), "dumb"), Depth::None);
        assert_eq!(told(Some(""), Some("24bit"), "xterm"), Depth::TrueColour, "an empty NO_COLOR says nothing");
        assert_eq!(told(None, None, "xterm-kitty"), Depth::TrueColour);
        assert_eq!(told(None, Some(""), "tmux-256color"), Depth::TwoFiftySix);
        assert_eq!(told(None, None, "xterm"), Depth::Sixteen);
        assert_eq!(Depth::told_by(None, None, None), Depth::Sixteen);
    }

    #[test]
    fn the_next_theme_leads_through_all_and_back() {
        let mut look = Look { ascii: false, depth: Depth::Sixteen, theme: ThemeName::ALL[0] };
        for theme in ThemeName::ALL.into_iter().cycle().skip(1).take(ThemeName::ALL.len()) {
            assert_eq!(look.next_theme(), theme);
        }
        assert_eq!(look.theme, ThemeName::ALL[0]);
    }

    #[test]
    fn a_theme_is_called_by_its_name_alone() {
        for theme in ThemeName::ALL {
            assert_eq!(theme.to_string().parse(), Ok(theme));
            assert!(NoSuchTheme.to_string().contains(theme.as_str()), "{theme}");
        }
        assert_eq!("Dark".parse::<ThemeName>(), Err(NoSuchTheme));
    }
}
