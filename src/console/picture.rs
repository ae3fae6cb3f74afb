//! A frame as an SVG: the pictures of the README are made by the program itself.

use std::fmt::Write;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

/// Width and height of a cell, in pixels of the picture: so low that the lines of a border meet.
const CELL: (f64, f64) = (8.4, 16.0);
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
         <g font-family=\"'DejaVu Sans Mono','Menlo','Consolas',monospace\" font-size=\"14\" fill=\"{INK}\" xml:space=\"preserve\">\n"
    );
    for y in 0..buffer.area.height {
        row(buffer, y, &paper, &mut out);
    }
    out.push_str("</g>\n</svg>\n");
    out
}

/// One row: a rectangle for each run of cells on the same ground, and a text for each that is written alike.
fn row(buffer: &Buffer, y: u16, paper: &str, out: &mut String) {
    let cells: Vec<&Cell> = (0..buffer.area.width).filter_map(|x| buffer.cell((x, y))).collect();
    let top = f64::from(y) * CELL.1;
    for (left, first, run) in runs(&cells, |one, other| colours(one).1 == colours(other).1) {
        let (under, width) = (colours(first).1, across(run.len()));
        if under != paper {
            let _ = writeln!(
                out,
                "<rect x=\"{left:.1}\" y=\"{top}\" width=\"{width:.1}\" height=\"{}\" fill=\"{under}\"/>",
                CELL.1
            );
        }
    }
    for (left, first, run) in runs(&cells, is_written_with) {
        let written = run.len() - run.iter().rev().take_while(|cell| is_blank(cell)).count();
        if written > 0 {
            let text: String = run.iter().take(written).map(|cell| cell.symbol()).collect();
            let (ink, width, base) = (colours(first).0, across(written), top + 12.5);
            // Signs may come from another font: they are made as wide as letters.
            let length = match (written, first.symbol().is_ascii()) {
                (1, _) => String::new(),
                (_, true) => format!(" textLength=\"{width:.1}\""),
                (_, false) => format!(" textLength=\"{width:.1}\" lengthAdjust=\"spacingAndGlyphs\""),
            };
            let fill = if ink == INK { String::new() } else { format!(" fill=\"{ink}\"") };
            let (look, text) = (attributes(first.modifier), escaped(&text));
            let _ = writeln!(out, "<text x=\"{left:.1}\" y=\"{base}\"{length}{fill}{look}>{text}</text>");
        }
    }
}

/// Runs of cells that belong to the first of them: where each begins, in pixels, its first cell, and all of it.
fn runs<'a>(
    cells: &'a [&'a Cell],
    belongs: impl Fn(&Cell, &Cell) -> bool + 'a,
) -> impl Iterator<Item = (f64, &'a Cell, &'a [&'a Cell])> + 'a {
    let mut rest = cells;
    std::iter::from_fn(move || {
        let (first, others) = rest.split_first()?;
        let (left, length) =
            (across(cells.len() - rest.len()), 1 + others.iter().take_while(|cell| belongs(first, cell)).count());
        let (run, after) = rest.split_at(length);
        rest = after;
        Some((left, *first, run))
    })
}

/// So many columns, in pixels.
fn across(columns: usize) -> f64 {
    u16::try_from(columns).map_or(0.0, f64::from) * CELL.0
}

/// Whether nothing is seen of a cell but its ground.
fn is_blank(cell: &Cell) -> bool {
    cell.symbol().trim().is_empty() && !cell.modifier.contains(Modifier::UNDERLINED)
}

/// Whether a cell stands in the same text as the first one of it. A gap between letters is part of their text, which makes
/// fewer texts; signs stand apart, since they may not be as wide as letters.
fn is_written_with(first: &Cell, other: &Cell) -> bool {
    match (is_blank(first), is_blank(other)) {
        (true, blank) => blank,
        (false, true) => first.symbol().is_ascii(),
        (false, false) => alike(first, other) && first.symbol().is_ascii() == other.symbol().is_ascii(),
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
        assert!(svg.contains("height=\"16\" fill=\"#010203\"/>") && svg.contains("fill=\"#040506\">a"), "{svg}");
    }

    #[test]
    fn a_gap_belongs_to_the_text_before_it_and_no_other_colour_does() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 12, 1));
        buffer.set_string(1, 0, "a", Color::Green);
        buffer.set_string(3, 0, "b", Color::Green);
        buffer.set_string(5, 0, "c", Color::Rgb(1, 2, 3));
        let svg = svg(&buffer);
        assert!(svg.contains("<text x=\"8.4\"") && svg.contains(">a b</text>") && svg.contains(">c</text>"), "{svg}");
        assert_eq!(svg.matches("<text").count(), 2, "{svg}");
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
