//! A frame as an SVG: the pictures of the README are made by the program itself.

use std::fmt::Write;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

/// Width and height of a cell, in pixels of the picture.
const CELL: (f64, f64) = (8.4, 17.0);
/// The paper and the ink where the theme leaves them to the terminal.
const PAPER: &str = "#101418";
const INK: &str = "#d5dade";

/// The buffer as an SVG document.
#[must_use]
pub fn svg(buffer: &Buffer) -> String {
    let (width, height) = (f64::from(buffer.area.width) * CELL.0, f64::from(buffer.area.height) * CELL.1);
    // A theme paints all of the screen or nothing of it.
    let paper = buffer.cell((0, 0)).map_or(PAPER.to_owned(), |cell| hex(cell.bg, PAPER));
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" height=\"{height:.0}\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"6\" fill=\"{paper}\"/>\n\
         <g font-family=\"'DejaVu Sans Mono','Menlo','Consolas',monospace\" font-size=\"14\" xml:space=\"preserve\">\n"
    );
    for y in 0..buffer.area.height {
        row(buffer, y, &paper, &mut out);
    }
    out.push_str("</g>\n</svg>\n");
    out
}

/// One row: a rectangle and a text for each run of cells that look alike.
fn row(buffer: &Buffer, y: u16, paper: &str, out: &mut String) {
    let mut x = 0;
    while x < buffer.area.width {
        let Some(first) = buffer.cell((x, y)) else { return };
        let run: Vec<&Cell> =
            (x..buffer.area.width).map_while(|x| buffer.cell((x, y))).take_while(|cell| alike(cell, first)).collect();
        let text: String = run.iter().map(|cell| cell.symbol()).collect();
        let count = u16::try_from(run.len()).unwrap_or(1).max(1);
        let (left, top, width) = (f64::from(x) * CELL.0, f64::from(y) * CELL.1, f64::from(count) * CELL.0);
        let (ink, under) = colours(first);
        if under != paper {
            let _ = writeln!(
                out,
                "<rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{}\" fill=\"{under}\"/>",
                CELL.1
            );
        }
        if !text.trim().is_empty() {
            let base = top + 13.0;
            let _ = writeln!(
                out,
                "<text x=\"{left:.1}\" y=\"{base:.1}\" textLength=\"{width:.1}\" lengthAdjust=\"spacingAndGlyphs\" fill=\"{ink}\"{}>{}</text>",
                attributes(first.modifier),
                escaped(&text)
            );
        }
        x += count;
    }
}

fn alike(one: &Cell, other: &Cell) -> bool {
    (one.fg, one.bg, one.modifier) == (other.fg, other.bg, other.modifier)
}

/// Ink and paper.
fn colours(cell: &Cell) -> (String, String) {
    let (ink, paper) = (hex(cell.fg, INK), hex(cell.bg, PAPER));
    if cell.modifier.contains(Modifier::REVERSED) { (paper, ink) } else { (ink, paper) }
}

fn attributes(modifier: Modifier) -> String {
    let wanted = [
        (Modifier::BOLD, " font-weight=\"bold\""),
        (Modifier::DIM, " opacity=\"0.6\""),
        (Modifier::UNDERLINED, " text-decoration=\"underline\""),
    ];
    wanted.into_iter().filter(|(is, _)| modifier.contains(*is)).map(|(_, attribute)| attribute).collect()
}

/// A colour: the sixteen as a terminal of our time shows them on a dark background.
fn hex(colour: Color, otherwise: &str) -> String {
    match colour {
        Color::Rgb(r, g, b) => return format!("#{r:02x}{g:02x}{b:02x}"),
        Color::Red | Color::LightRed => "#f47067",
        Color::Green => "#57ab5a",
        Color::LightGreen => "#8ddb8c",
        Color::Yellow | Color::LightYellow => "#e0b341",
        Color::Blue | Color::LightBlue => "#6cb6ff",
        Color::Magenta => "#b083f0",
        Color::LightMagenta => "#dcbdfb",
        Color::Cyan | Color::LightCyan => "#39c5cf",
        Color::DarkGray => "#7d8590",
        _ => otherwise,
    }
    .to_owned()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    use super::*;

    fn drawn(style: Style) -> String {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 12, 2));
        buffer.set_string(0, 1, "a<b", style);
        svg(&buffer)
    }

    #[test]
    fn text_colour_and_markup_come_through() {
        let svg = drawn(Style::new().fg(Color::Green));
        assert!(svg.contains("fill=\"#57ab5a\">a&lt;b</text>"), "{svg}");
        let svg = drawn(Style::new().fg(Color::Rgb(1, 2, 254)).bold().underlined());
        assert!(svg.contains("fill=\"#0102fe\" font-weight=\"bold\" text-decoration=\"underline\">"), "{svg}");
    }

    #[test]
    fn reversed_text_changes_ink_and_paper() {
        let svg = drawn(Style::new().fg(Color::Rgb(1, 2, 3)).bg(Color::Rgb(4, 5, 6)).reversed());
        assert!(svg.contains("height=\"17\" fill=\"#010203\"/>") && svg.contains("fill=\"#040506\">a"), "{svg}");
    }

    #[test]
    fn the_background_of_a_theme_is_the_paper() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 12, 1));
        assert!(svg(&buffer).contains("rx=\"6\" fill=\"#101418\""));
        buffer.set_style(buffer.area, Style::new().bg(Color::Rgb(250, 251, 252)));
        let svg = svg(&buffer);
        assert!(svg.contains("rx=\"6\" fill=\"#fafbfc\"") && svg.matches("<rect").count() == 1, "{svg}");
    }
}
