//! A colour as the terminal can show it.

use ratatui::style::Color;

use crate::console::model::Depth;

/// The steps of each of the three primary colours in the cube of 256.
const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];

/// The colour among those of a terminal: the exact one, its neighbour of the 256, or the one that stands for it among the
/// sixteen.
pub(super) fn shown(rgb: Option<Color>, ansi: Color, depth: Depth) -> Color {
    match (depth, rgb) {
        (Depth::None, _) => Color::Reset,
        (Depth::TrueColour, Some(exact)) => exact,
        (Depth::TwoFiftySix, Some(Color::Rgb(r, g, b))) => Color::Indexed(nearest([r, g, b])),
        _ => ansi,
    }
}

/// The nearest of the 240 colours after the first sixteen, which each terminal sets as it likes.
fn nearest(colour: [u8; 3]) -> u8 {
    let away = |index: &u8| {
        let of_it = fixed(*index);
        colour.iter().zip(of_it).map(|(a, b)| u32::from(a.abs_diff(b)).pow(2)).sum::<u32>()
    };
    (16..=u8::MAX).min_by_key(away).unwrap_or(u8::MAX)
}

/// What the 240 colours are: a cube of 6 by 6 by 6, then 24 greys.
fn fixed(index: u8) -> [u8; 3] {
    match index.saturating_sub(16) {
        n if n < 216 => [n / 36, n / 6 % 6, n % 6].map(|step| STEPS[usize::from(step)]),
        n => [8 + (n - 216) * 10; 3],
    }
}

/// The parts of a colour that is the same on every terminal.
#[cfg(test)]
pub(super) fn rgb(colour: Color) -> Option<[u8; 3]> {
    match colour {
        Color::Rgb(r, g, b) => Some([r, g, b]),
        Color::Indexed(index) => Some(fixed(index)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_of_the_256_is_its_own_neighbour() {
        for index in 16..=u8::MAX {
            assert_eq!(fixed(nearest(fixed(index))), fixed(index), "{index}");
        }
        assert_eq!(fixed(nearest([250, 4, 90])), [255, 0, 95]);
        assert_eq!(fixed(nearest([16, 20, 24])), [18; 3], "a dark that is nearly grey");
    }

    #[test]
    fn a_colour_is_shown_as_well_as_can_be() {
        let (pink, red) = (Color::Rgb(255, 0, 95), Color::Red);
        let all = [Depth::None, Depth::Sixteen, Depth::TwoFiftySix, Depth::TrueColour];
        assert_eq!(all.map(|depth| shown(Some(pink), red, depth)), [Color::Reset, red, Color::Indexed(197), pink]);
        assert_eq!(all.map(|depth| shown(None, red, depth)), [Color::Reset, red, red, red]);
    }
}
