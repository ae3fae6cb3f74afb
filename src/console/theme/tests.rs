//! What holds of every theme: enough contrast, colours that stay apart for colour-blind eyes, and no more of them than the
//! terminal can show.

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier, Style};

use super::*;
use crate::console::fixtures::Desk;
use crate::console::view;
use crate::domain::State;

/// What must only be seen, not read: lines, grid, and what lies under the drivers.
const DECORATIVE: [&str; 9] = [
    "border",
    "grid",
    "trail",
    "overlay-line",
    "overlay-area",
    "crowd-thin",
    "crowd-thicker",
    "crowd-thick",
    "crowd-packed",
];

/// What is never drawn in a row of a table.
const ON_THE_MAP: [&str; 4] = ["cursor", "circle", "neighbour", "measure"];

fn painted() -> impl Iterator<Item = ThemeName> {
    ThemeName::ALL.into_iter().filter(|theme| *theme != ThemeName::Terminal)
}

fn themed(theme: ThemeName, depth: Depth) -> Theme {
    Theme::new(Look { ascii: false, depth, theme })
}

/// The colours of a theme's roles, by the names in its file.
fn inks(theme: ThemeName, depth: Depth) -> Vec<(String, Color)> {
    let table: toml::Table = palette::source(theme).parse().unwrap();
    let roles = table.into_iter().filter(|(role, _)| !matches!(role.as_str(), "background" | "selection"));
    roles
        .map(|(role, ink)| {
            let ink: Ink = ink.try_into().unwrap();
            (role, depth::shown(ink.rgb, ink.ansi, depth))
        })
        .collect()
}

/// Linear red, green and blue of an exact colour, 0 to 1.
fn linear(colour: Color) -> [f64; 3] {
    let rgb = depth::rgb(colour).unwrap_or_else(|| panic!("{colour} is not exact"));
    rgb.map(|part| {
        let part = f64::from(part) / 255.0;
        if part <= 0.040_45 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    })
}

/// WCAG 2.2, relative luminance.
fn luminance([r, g, b]: [f64; 3]) -> f64 {
    0.2126 * r + 0.7152 * g + 0.0722 * b
}

/// WCAG 2.2, contrast ratio, 1 to 21.
fn contrast(one: Color, other: Color) -> f64 {
    let (one, other) = (luminance(linear(one)), luminance(linear(other)));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[test]
fn every_role_stands_out_from_the_background() {
    for (theme, depth) in painted().flat_map(|t| [(t, Depth::TrueColour), (t, Depth::TwoFiftySix)]) {
        let under = themed(theme, depth).screen().bg.unwrap();
        for (role, colour) in inks(theme, depth) {
            let least = match theme {
                ThemeName::Contrast => 7.0,
                _ if DECORATIVE.contains(&role.as_str()) => 3.0,
                _ => 4.5,
            };
            let is = contrast(colour, under);
            assert!(is >= least, "{theme} at {depth:?}: {role} has {is:.2} of {least}");
        }
    }
}

#[test]
fn an_alarm_can_be_read() {
    for (theme, depth) in painted().flat_map(|t| [(t, Depth::TrueColour), (t, Depth::TwoFiftySix)]) {
        let (alarm, screen) = (themed(theme, depth).alarm(), themed(theme, depth).screen());
        if alarm.add_modifier.contains(Modifier::REVERSED) {
            // Then its colour is under the text, and the test of all roles holds for it.
            continue;
        }
        let (ink, under) = (alarm.fg.unwrap(), alarm.bg.unwrap());
        assert!(contrast(ink, under) >= 4.5, "{theme} at {depth:?}: {:.2}", contrast(ink, under));
        assert!(contrast(under, screen.bg.unwrap()) >= 1.3, "{theme} at {depth:?}: it is not seen");
    }
}

#[test]
fn a_row_that_is_selected_and_alarming_shows_both() {
    let theme = themed(ThemeName::Dark, Depth::TrueColour);
    let both = theme.text().patch(theme.alarm()).patch(theme.row_selected());
    assert_eq!((both.fg, both.bg), (theme.alarm().fg, theme.row_selected().bg));
}

#[test]
fn the_selected_row_can_be_read() {
    for (theme, depth) in painted().flat_map(|t| [(t, Depth::TrueColour), (t, Depth::TwoFiftySix)]) {
        let selected = themed(theme, depth).row_selected();
        let screen = themed(theme, depth).screen();
        if selected.add_modifier.contains(Modifier::REVERSED) {
            assert!(contrast(selected.fg.unwrap(), selected.bg.unwrap()) >= 7.0, "{theme}");
            continue;
        }
        let under = selected.bg.unwrap();
        assert!(contrast(under, screen.bg.unwrap()) >= 1.15, "{theme} at {depth:?}: the row is not seen");
        let never = |role: &str| DECORATIVE.iter().chain(&ON_THE_MAP).any(|never| *never == role);
        for (role, colour) in inks(theme, depth).into_iter().filter(|(role, _)| !never(role)) {
            let is = contrast(colour, under);
            assert!(is >= 4.5, "{theme} at {depth:?}: {role} has {is:.2} on the selected row");
        }
    }
}

/// How linear red, green and blue come to an eye that lacks the first, second or third kind of cones: Machado, Oliveira and
/// Fernandes 2009, severity 1.
const BLIND: [[[f64; 3]; 3]; 3] = [
    [[0.152_286, 1.052_583, -0.204_868], [0.114_503, 0.786_281, 0.099_216], [-0.003_882, -0.048_116, 1.051_998]],
    [[0.367_322, 0.860_646, -0.227_968], [0.280_085, 0.672_501, 0.047_413], [-0.011_820, 0.042_940, 0.968_881]],
    [[1.255_528, -0.076_749, -0.178_779], [-0.078_411, 0.930_809, 0.147_602], [0.004_733, 0.691_367, 0.303_900]],
];

fn seen(colour: [f64; 3], by: [[f64; 3]; 3]) -> [f64; 3] {
    by.map(|row| row.iter().zip(colour).map(|(part, of)| part * of).sum::<f64>().clamp(0.0, 1.0))
}

/// CIE L*a*b* of linear red, green and blue, under D65.
fn lab(colour: [f64; 3]) -> [f64; 3] {
    let [red, green, blue] = colour;
    let across = [
        (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505,
        luminance(colour),
        (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089,
    ];
    let [first, light, last] =
        across.map(|part: f64| if part > 0.008_856 { part.cbrt() } else { 7.787 * part + 16.0 / 116.0 });
    [116.0 * light - 16.0, 500.0 * (first - light), 200.0 * (light - last)]
}

fn apart(one: [f64; 3], other: [f64; 3]) -> f64 {
    lab(one).iter().zip(lab(other)).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
}

/// Sets of meanings that stand side by side.
fn side_by_side(theme: Theme) -> [Vec<Color>; 5] {
    let colour = |style: Style| style.fg.unwrap();
    [
        [State::Found, State::Expired, State::Cancelled].map(|state| colour(theme.state(state).1)).to_vec(),
        [Age::Fresh, Age::Ageing, Age::Stale].map(|age| colour(theme.driver_aged(age).1)).to_vec(),
        [1.0, 0.3, 0.1].map(|left| colour(theme.pin_urgency(left).1)).to_vec(),
        [theme.driver(), theme.pin(), theme.bad()].map(colour).to_vec(),
        [0, 1, 2, 3].map(|step| colour(theme.crowd(step).1)).to_vec(),
    ]
}

#[test]
fn colour_blind_eyes_tell_the_colours_of_colour_safe_apart() {
    let theme = themed(ThemeName::ColourSafe, Depth::TrueColour);
    for colours in side_by_side(theme) {
        for (i, one) in colours.iter().enumerate() {
            for other in &colours[i + 1..] {
                for eye in BLIND {
                    let is = apart(seen(linear(*one), eye), seen(linear(*other), eye));
                    assert!(is >= 20.0, "{one} and {other} are {is:.1} apart");
                }
            }
        }
    }
}

/// The measure itself: red and green of one lightness are one colour to most colour-blind eyes.
#[test]
fn the_measure_knows_red_from_green() {
    let (red, green) = (linear(Color::Rgb(196, 110, 60)), linear(Color::Rgb(128, 140, 60)));
    assert!(apart(red, green) > 40.0);
    assert!(apart(seen(red, BLIND[1]), seen(green, BLIND[1])) < 20.0);
}

/// A frame with everything on it that there is to see: the town, a selected driver, and a question or a form over it.
fn frames(look: Look) -> Vec<Buffer> {
    let mut desk = Desk::in_town(120, 40);
    desk.model.options.look = look;
    desk.press("]");
    let mut frames = Vec::new();
    for key in ["down", "c", "esc", "S", "esc", "?", "esc", "/"] {
        desk.press(key);
        let mut terminal = Terminal::new(TestBackend::new(120, 40)).unwrap();
        terminal.draw(|frame| view::draw(&desk.model, frame)).unwrap();
        frames.push(terminal.backend().buffer().clone());
    }
    frames
}

fn colours(look: Look) -> Vec<Color> {
    let cells = |frame: &Buffer| frame.content.iter().flat_map(|cell| [cell.fg, cell.bg]).collect::<Vec<_>>();
    frames(look).iter().flat_map(cells).collect()
}

#[test]
fn no_more_colours_than_the_terminal_has() {
    for theme in ThemeName::ALL {
        let colours = |depth| colours(Look { ascii: false, depth, theme });
        assert!(colours(Depth::None).iter().all(|c| *c == Color::Reset), "{theme}");
        let sixteen = colours(Depth::Sixteen);
        assert!(!sixteen.iter().any(|c| matches!(c, Color::Rgb(..) | Color::Indexed(_))), "{theme}");
        assert!(!colours(Depth::TwoFiftySix).iter().any(|c| matches!(c, Color::Rgb(..))), "{theme}");
    }
}

/// Where something was cleared, too: a hole would show the terminal's own background.
#[test]
fn a_theme_paints_the_whole_screen_with_exact_colours() {
    for theme in painted() {
        for colour in colours(Look { ascii: false, depth: Depth::TrueColour, theme }) {
            assert!(matches!(colour, Color::Rgb(..)), "{theme}: {colour}");
        }
    }
}

#[test]
fn the_terminal_theme_leaves_the_background_alone() {
    for frame in frames(Look { ascii: false, depth: Depth::TrueColour, theme: ThemeName::Terminal }) {
        assert!(frame.content.iter().all(|cell| cell.bg == Color::Reset));
    }
}

#[test]
fn ascii_is_ascii_in_every_theme() {
    for theme in ThemeName::ALL {
        for frame in frames(Look { ascii: true, depth: Depth::TrueColour, theme }) {
            let odd = frame.content.iter().find(|cell| !cell.symbol().is_ascii());
            assert_eq!(odd.map(Cell::symbol), None, "{theme}");
        }
    }
}

#[test]
fn what_matters_is_marked_without_colours_too() {
    let theme = themed(ThemeName::Dark, Depth::None);
    let plain = theme.text().add_modifier;
    for style in
        [theme.bad(), theme.alarm(), theme.acknowledged(), theme.faint(), theme.row_selected(), theme.tab(true)]
    {
        assert_ne!(style.add_modifier, plain, "{style:?}");
    }
    assert_ne!(theme.alarm(), theme.acknowledged());
    assert_ne!(theme.alarm().add_modifier, theme.row_selected().add_modifier);
}
