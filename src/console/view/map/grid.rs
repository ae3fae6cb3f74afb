//! The coordinate grid with its labels, and the scale.

use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use super::paper::Paper;
use super::what::What;
use crate::console::view::text;
use crate::domain::{Point, format_distance};

impl Paper<'_> {
    /// A faint sign where the lines of the grid cross.
    pub(super) fn crossings(&mut self) {
        let columns = self.meridians();
        for (_, y) in self.parallels() {
            for (_, x) in &columns {
                let (sign, style) = What::Grid.look(self.theme);
                self.set((*x, y), sign, style, What::Grid);
            }
        }
    }

    /// Latitudes at the left edge, longitudes at the bottom. They stand over drivers, but give way to who is chosen and who waits,
    /// each as a whole: half a number says something else. Where the drivers are `few`, each of them matters more, too.
    pub(super) fn labels(&mut self, few: bool) {
        let (rows, columns) = (self.parallels(), self.meridians());
        let bottom = self.inside.bottom().saturating_sub(1);
        for (label, y) in rows.iter().filter(|(_, y)| *y < bottom) {
            self.grid_label((self.inside.x, *y), label, few);
        }
        for (label, x) in columns {
            let width = u16::try_from(label.width()).unwrap_or(0);
            let from = x.saturating_sub(width / 2);
            if from >= self.inside.x && from + width <= self.inside.right() {
                self.grid_label((from, bottom), &label, few);
            }
        }
    }

    fn grid_label(&mut self, at: (u16, u16), label: &str, few: bool) {
        let width = u16::try_from(label.width()).unwrap_or(u16::MAX);
        let is_free =
            if few { self.is_free_of_people(at, label.width()) } else { self.is_below(What::Label, at, width) };
        if is_free {
            self.write(at, label, self.theme.faint(), What::Label);
        }
    }

    /// Whether nobody stands in so many cells from here on.
    fn is_free_of_people(&self, (x, y): (u16, u16), width: usize) -> bool {
        (x..self.inside.right()).take(width).all(|x| self.there((x, y)) < What::Stale)
    }

    /// Latitudes that are drawn, as text and as a row.
    pub(super) fn parallels(&self) -> Vec<(String, u16)> {
        let bounds = self.projection.view().bounds;
        // At least two of them, however low the map is.
        let rows = (f64::from(self.inside.height) / 3.0).clamp(2.0, 5.0);
        let step = round_step(self.projection.row_deg() * rows);
        let lng = self.projection.centre.lng();
        let at = |lat| self.cell(Point::clamped(lat, lng)).map(|(_, y)| y);
        steps(bounds.south, bounds.north, step).filter_map(|lat| Some((degrees(lat, step), at(lat)?))).collect()
    }

    /// Longitudes that are drawn, as text and as a column.
    pub(super) fn meridians(&self) -> Vec<(String, u16)> {
        let bounds = self.projection.view().bounds;
        let step = round_step(self.projection.column_deg() * 14.0);
        let lat = self.projection.centre.lat();
        let at = |lng| self.cell(Point::clamped(lat, lng)).map(|(x, _)| x);
        steps(bounds.west, bounds.east, step).filter_map(|lng| Some((degrees(lng, step), at(lng)?))).collect()
    }

    /// How long a distance is, at the bottom right, unless somebody waits there; where the drivers are `few`, above those who stand
    /// there.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most a quarter of the width")]
    pub(super) fn scale(&mut self, few: bool) {
        let per_column = self.projection.metres_per_column;
        let most = per_column * (f64::from(self.inside.width) / 4.0).max(14.0);
        let metres = round_step(most / 2.0);
        let columns = (metres / per_column).round() as usize;
        let label = format!(" {} ", format_distance(metres));
        let (left, middle, right) = self.theme.signs.scale;
        let Some(line) = columns.checked_sub(label.width() + 2) else { return };
        let text = format!("{left}{}{label}{}{right}", middle.repeat(line / 2), middle.repeat(line - line / 2));
        let bottom = Rect {
            y: self.inside.bottom().saturating_sub(2),
            height: 1,
            width: self.inside.width.saturating_sub(1),
            ..self.inside
        };
        let from = bottom.right().saturating_sub(u16::try_from(columns).unwrap_or(u16::MAX));
        let above = (self.inside.y..=bottom.y).rev().take(4);
        let free = above.map(|y| Rect { y, ..bottom }).find(|row| self.is_free_of_people((from, row.y), columns));
        let width = u16::try_from(columns).unwrap_or(u16::MAX);
        let bottom = self.is_below(What::Calm, (from, bottom.y), width).then_some(bottom);
        if let Some(row) = free.filter(|_| few).or(bottom) {
            text::put_right(self.buffer, row, &text, self.theme.text(), self.theme);
        }
    }
}

/// The smallest of 1, 2, 5 times a power of ten that is not below this.
fn round_step(least: f64) -> f64 {
    let power = 10_f64.powf(least.max(1e-7).log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|n| n * power).find(|step| *step >= least).unwrap_or(10.0 * power)
}

/// The multiples of a step between two numbers.
fn steps(from: f64, to: f64, step: f64) -> impl Iterator<Item = f64> {
    let first = (from / step).ceil();
    std::iter::successors(Some(first), |n| Some(n + 1.0))
        .map(move |n| n * step)
        .take_while(move |at| *at <= to)
        .take(100)
}

/// Degrees with as many digits as the step needs.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 7")]
fn degrees(at: f64, step: f64) -> String {
    let digits = (-step.log10().floor()).clamp(0.0, 7.0) as usize;
    let text = format!("{at:.digits$}");
    if text.trim_start_matches('-').chars().all(|c| c == '0' || c == '.') {
        text.trim_start_matches('-').to_owned()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_round() {
        for (least, step) in
            [(0.9, 1.0), (1.0, 1.0), (1.1, 2.0), (3.0, 5.0), (6.0, 10.0), (0.013, 0.02), (230.0, 500.0)]
        {
            assert!((round_step(least) - step).abs() < 1e-9, "{least}");
        }
    }

    #[test]
    fn degrees_have_the_digits_they_need() {
        assert_eq!(degrees(-33.44, 0.02), "-33.44");
        assert_eq!(degrees(-0.000_01, 0.1), "0.0");
        assert_eq!(degrees(20.0, 10.0), "20");
    }
}
