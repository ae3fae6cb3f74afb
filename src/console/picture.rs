//! A frame as an SVG: the pictures of the README are made by the program itself.

use std::fmt::Write;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

/// Width and height of a cell, in pixels of the picture.
const CELL: (f64, f64) = (8.4, 17.0);
/// The paper and the ink of the picture.
const PAPER: &str = "#101418";
const INK: &str = "#d5dade";

/// The buffer as an SVG document.
#[must_use]
pub fn svg(buffer: &Buffer) -> String {
    let (width, height) = (f64::from(buffer.area.width) * CELL.0, f64::from(buffer.area.height) * CELL.1);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" height=\"{height:.0}\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"6\" fill=\"{PAPER}\"/>\n\
         <g font-family=\"'DejaVu Sans Mono','Menlo','Consolas',monospace\" font-size=\"14\" xml:space=\"preserve\">\n"
    );
    for y in 0..buffer.area.height {
        row(buffer, y, &mut out);
    }
    out.push_str("</g>\n</svg>\n");
    out
}

/// One row: a rectangle and a text for each run of cells that look alike.
fn row(buffer: &Buffer, y: u16, out: &mut String) {
    let mut x = 0;
    while x < buffer.area.width {
        let Some(first) = buffer.cell((x, y)) else { return };
        let looks = look(first);
        let run: Vec<&Cell> =
            (x..buffer.area.width).map_while(|x| buffer.cell((x, y))).take_while(|cell| look(cell) == looks).collect();
        let text: String = run.iter().map(|cell| cell.symbol()).collect();
        let count = u16::try_from(run.len()).unwrap_or(1).max(1);
        let (ink, paper, bold, dim) = looks;
        let (left, top, width) = (f64::from(x) * CELL.0, f64::from(y) * CELL.1, f64::from(count) * CELL.0);
        if paper != PAPER {
            let _ = writeln!(
                out,
                "<rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{}\" fill=\"{paper}\"/>",
                CELL.1
            );
        }
        if !text.trim().is_empty() {
            let weight = if bold { " font-weight=\"bold\"" } else { "" };
            let opacity = if dim { " opacity=\"0.6\"" } else { "" };
            let base = top + 13.0;
            let _ = writeln!(
                out,
                "<text x=\"{left:.1}\" y=\"{base:.1}\" textLength=\"{width:.1}\" lengthAdjust=\"spacingAndGlyphs\" fill=\"{ink}\"{weight}{opacity}>{}</text>",
                escaped(&text)
            );
        }
        x += count;
    }
}

/// Ink, paper, bold, dim.
fn look(cell: &Cell) -> (&'static str, &'static str, bool, bool) {
    let (ink, paper) = (hex(cell.fg, INK), hex(cell.bg, PAPER));
    let (ink, paper) = if cell.modifier.contains(Modifier::REVERSED) { (paper, ink) } else { (ink, paper) };
    (ink, paper, cell.modifier.contains(Modifier::BOLD), cell.modifier.contains(Modifier::DIM))
}

fn hex(colour: Color, otherwise: &'static str) -> &'static str {
    match colour {
        Color::Red | Color::LightRed => "#f47067",
        Color::Green => "#57ab5a",
        Color::LightGreen => "#8ddb8c",
        Color::Yellow | Color::LightYellow => "#e0b341",
        Color::Magenta => "#b083f0",
        Color::LightMagenta => "#dcbdfb",
        Color::Cyan | Color::LightCyan => "#39c5cf",
        Color::DarkGray => "#7d8590",
        _ => otherwise,
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    use super::*;

    #[test]
    fn text_colour_and_markup_come_through() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 12, 1));
        buffer.set_string(0, 0, "a<b", Style::new().fg(Color::Green));
        let svg = svg(&buffer);
        assert!(svg.contains("fill=\"#57ab5a\">a&lt;b</text>"), "{svg}");
    }
}
