//! The palettes that are built in: what each role looks like, read once from `assets/themes`.

use std::sync::OnceLock;

use ratatui::style::{Color, Modifier};
use serde::de::Error;
use serde::{Deserialize, Deserializer};

use crate::console::model::ThemeName;

/// A colour: exact, and the one of the terminal's sixteen that stands for it.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Shade {
    /// None: the one of the sixteen at any depth.
    #[serde(default, deserialize_with = "some_colour")]
    pub(super) rgb: Option<Color>,
    /// None: the terminal's own.
    #[serde(default, deserialize_with = "colour")]
    pub(super) ansi: Color,
}

/// How a role is written.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Ink {
    #[serde(deserialize_with = "some_colour")]
    pub(super) rgb: Option<Color>,
    #[serde(deserialize_with = "colour")]
    pub(super) ansi: Color,
    /// A background of its own, where colours are exact: then it need not be reversed.
    #[serde(deserialize_with = "some_colour")]
    pub(super) under: Option<Color>,
    #[serde(deserialize_with = "modifiers")]
    style: Modifier,
}

impl Ink {
    /// What is done to the text besides its colour. An exact colour is not dimmed: it would no longer be what was chosen.
    pub(super) fn modifiers(self, exact: bool) -> Modifier {
        match (exact, self.under) {
            (false, _) => self.style,
            (true, None) => self.style - Modifier::DIM,
            (true, Some(_)) => self.style - Modifier::DIM - Modifier::REVERSED,
        }
    }
}

/// All roles of one theme. What each of them is for stands at the methods of `Theme`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Palette {
    /// Painted under everything; none: the terminal's own background stays.
    pub(super) background: Option<Shade>,
    /// Painted under the selected row where colours are exact; none: the row is reversed.
    pub(super) selection: Option<Shade>,
    pub(super) text: Ink,
    pub(super) faint: Ink,
    pub(super) strong: Ink,
    pub(super) label: Ink,
    pub(super) brand: Ink,
    pub(super) key: Ink,
    pub(super) tab: Ink,
    pub(super) focus: Ink,
    pub(super) border: Ink,
    pub(super) grid: Ink,
    pub(super) cursor: Ink,
    pub(super) good: Ink,
    pub(super) warning: Ink,
    pub(super) bad: Ink,
    pub(super) soon: Ink,
    pub(super) urgent: Ink,
    pub(super) alarm: Ink,
    pub(super) acknowledged: Ink,
    pub(super) armed: Ink,
    pub(super) held: Ink,
    pub(super) marked: Ink,
    pub(super) hit: Ink,
    pub(super) driver: Ink,
    pub(super) driver_ageing: Ink,
    pub(super) driver_stale: Ink,
    pub(super) driver_unknown: Ink,
    pub(super) driver_selected: Ink,
    pub(super) crowd_thin: Ink,
    pub(super) crowd_thicker: Ink,
    pub(super) crowd_thick: Ink,
    pub(super) crowd_packed: Ink,
    pub(super) pin: Ink,
    pub(super) pin_selected: Ink,
    pub(super) circle: Ink,
    pub(super) neighbour: Ink,
    pub(super) trail: Ink,
    pub(super) measure: Ink,
    pub(super) overlay_line: Ink,
    pub(super) overlay_area: Ink,
    pub(super) arrivals: Ink,
}

impl Palette {
    /// The palette of a theme.
    pub(super) fn of(theme: ThemeName) -> &'static Self {
        static PALETTES: [OnceLock<Palette>; ThemeName::ALL.len()] = [const { OnceLock::new() }; ThemeName::ALL.len()];
        // That all can be read is tested; should one not be, text without colours is better than no console.
        PALETTES[theme as usize].get_or_init(|| toml::from_str(source(theme)).unwrap_or_default())
    }
}

/// What the file of a theme says.
pub(super) const fn source(theme: ThemeName) -> &'static str {
    match theme {
        ThemeName::Terminal => include_str!("../../../assets/themes/terminal.toml"),
        ThemeName::Dark => include_str!("../../../assets/themes/dark.toml"),
        ThemeName::Light => include_str!("../../../assets/themes/light.toml"),
        ThemeName::Contrast => include_str!("../../../assets/themes/contrast.toml"),
        ThemeName::ColourSafe => include_str!("../../../assets/themes/colour-safe.toml"),
        ThemeName::Mono => include_str!("../../../assets/themes/mono.toml"),
    }
}

fn colour<'de, D: Deserializer<'de>>(from: D) -> Result<Color, D::Error> {
    String::deserialize(from)?.parse().map_err(D::Error::custom)
}

fn some_colour<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Color>, D::Error> {
    colour(from).map(Some)
}

fn modifiers<'de, D: Deserializer<'de>>(from: D) -> Result<Modifier, D::Error> {
    #[derive(Deserialize)]
    #[serde(rename_all = "kebab-case")]
    enum Name {
        Bold,
        Dim,
        Underlined,
        Reversed,
    }
    let modifier = |name| match name {
        Name::Bold => Modifier::BOLD,
        Name::Dim => Modifier::DIM,
        Name::Underlined => Modifier::UNDERLINED,
        Name::Reversed => Modifier::REVERSED,
    };
    Ok(Vec::deserialize(from)?.into_iter().map(modifier).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_theme_can_be_read() {
        for theme in ThemeName::ALL {
            let read: Palette = toml::from_str(source(theme)).unwrap_or_else(|e| panic!("{theme}: {e}"));
            assert_eq!(format!("{read:?}"), format!("{:?}", Palette::of(theme)), "{theme}");
        }
    }

    #[test]
    fn every_colour_stands_where_it_belongs() {
        for theme in ThemeName::ALL {
            let table: toml::Table = source(theme).parse().unwrap();
            for (role, ink) in &table {
                let colour = |name: &str| ink.get(name).and_then(|value| value.as_str()?.parse::<Color>().ok());
                let exact = colour("rgb").map(|c| matches!(c, Color::Rgb(..)));
                assert_eq!(exact, (theme != ThemeName::Terminal).then_some(true), "{theme} {role}");
                let named = !matches!(colour("ansi"), Some(Color::Rgb(..) | Color::Indexed(_)));
                assert!(named, "{theme} {role}");
            }
        }
    }
}
